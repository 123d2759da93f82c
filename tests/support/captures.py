"""Captures of the local webs, made once a test session and only when a test asks for them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from archiver.archive import Archive
from archiver.config import load
from archiver.demo.server import DemoServer
from archiver.demo.site import REPOST_URL
from archiver.snapshot import Snapshot
from tests.sites.kinds import kinds_sites
from tests.sites.server import LocalWeb

#: the name of each capture: the demo page over http, pages of `tests.sites.kinds` over https
NAMES = ("demo", "h2 /", "h2 /headers", "h2 /redirects", "h2 /post", "h2 /live", "http/1.1 /headers")


class Captures:
    """Snapshots by the names in `NAMES`. The webs they were made of are shut down by then."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[str, Snapshot] = {}

    def location(self, name: str) -> Path:
        """The archive that has this one capture."""
        return self._folder / f"{NAMES.index(name)}"

    def __getitem__(self, name: str) -> Snapshot:
        if name not in self._made:
            self._made[name] = self._capture(name)
        return self._made[name]

    def _capture(self, name: str) -> Snapshot:
        settings: dict[str, Any] = {"archive": str(self.location(name)), "capture.timeout_s": 60.0}
        if name == "demo":
            with DemoServer() as server:
                return _capture(REPOST_URL, settings | {"capture.resolve": server.resolve})
        protocol, _, path = name.partition(" ")
        settings |= {"capture.settle_s": 4.0, "capture.timeout_s": 25.0}
        offered: Sequence[str] = ("h2", "http/1.1") if protocol == "h2" else (protocol,)
        with LocalWeb(kinds_sites(), protocols=offered) as web:
            settings |= {"capture.resolve": web.resolve, "capture.trust_ca": str(web.ca_path)}
            snapshot = _capture(f"https://kinds.test{path}", settings)
            assert protocol in {served.protocol for served in web.log}
            return snapshot


def _capture(url: str, settings: dict[str, Any]) -> Snapshot:
    captured = Archive(load(settings).settings).capture(url, lambda _: None)
    assert captured.recording.outcome == "complete", captured.recording.warnings
    return captured.snapshot

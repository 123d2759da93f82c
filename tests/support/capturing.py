"""Captures of the local web, made the way the command line makes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from archiver.archive import Archive, Captured
from archiver.capture.capture import OnProgress
from archiver.config import load
from tests.sites.server import LocalWeb


def capture(
    web: LocalWeb, url: str, archive: Path, on_progress: OnProgress = lambda _: None, **settings: Any
) -> Captured:
    """Capture a page of the local web; `settings` are those of the `[capture]` section."""
    flags = {
        "archive": str(archive),
        "capture.resolve": tuple(web.resolve),
        "capture.trust_ca": web.ca_path,
        **{f"capture.{name}": value for name, value in settings.items()},
    }
    return Archive(load(flags).settings).capture(url, on_progress)

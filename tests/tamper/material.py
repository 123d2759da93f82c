"""A sealed archive with everything in it that a capture can have, made without a browser, and exports of it."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from archiver import clock, exporting, proving
from archiver.archive import Archive
from archiver.config import CaptureSettings
from archiver.errors import UnreachableError
from archiver.model import Recording, Rendition, Result
from archiver.seal.keys import Signer
from archiver.seal.statement import About
from archiver.snapshot import Snapshot
from archiver.storage import layout
from tests.unit.recordings import body, exchange, recording, unanswered

PAGE = b"<!doctype html><title>A page</title><p>What was said on that day."
PICTURE = random.Random(7).randbytes(100_000)  # more than is hashed at once
FRAMES = b'{"direction":"sent","text":"hello"}\n{"direction":"received","text":"who is there"}\n'
MOVED = b"HTTP/1.1 301 Moved Permanently\r\nLocation: https://a.test/\r\n\r\n"
SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
POST = b"POST /say HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\n"
#: the captures of the archive, in log order; `failed` left no snapshot
NAMES = ("first", "second", "failed", "last")
SNAPSHOTS = ("first", "second", "last")
ABOUT = About(case="Case 7", operator="A. Person", reason="a complaint", tags=("news",))
_UNREACHABLE = "http://nowhere.test/"


def rich(url: str) -> Recording:
    """A page over TLS behind a redirect, with every way in which an exchange ends, frames, and all renditions."""
    secure = url.replace("http://", "https://")
    began = clock.now()

    def usual(number: int, path: str = "", **changes: Any) -> Any:
        return exchange(
            number,
            url=f"{secure}{path}",
            started_at=began + timedelta(milliseconds=number),
            ended_at=began + timedelta(milliseconds=number + 5),
            **changes,
        )

    def none(number: int, path: str, **changes: Any) -> Any:
        whole = unanswered(number, url=f"{secure}{path}", **changes)
        return replace(whole, started_at=began + timedelta(milliseconds=number), ended_at=None)

    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    main = usual(1, response_head=head, response_body=body(PAGE, head), redirect_of=0)
    exchanges = (
        replace(
            usual(0, response_head=MOVED, response_body=body(b"", MOVED), status=301, connection=1),
            url=url,
            media_type="",
        ),
        main,
        usual(2, "say", method="POST", request_head=POST, request_body=body(b"hello", POST)),
        usual(3, "missing", status=404, response_head=b"HTTP/1.1 404 Not Found\r\n\r\n"),
        usual(4, "picture.png", media_type="image/png", response_body=body(PICTURE, head), response_head=head),
        usual(5, "cut", result=Result.TRUNCATED, reason="disconnect: the connection was closed early"),
        none(6, "gone", reason="ERR_CONNECTION_RESET"),
        none(7, "inside", result=Result.REFUSED, request_head=b"", request_body=None, reason="a private address"),
        replace(
            usual(8, "live", response_head=SWITCHED, response_body=body(b"", SWITCHED), status=101),
            url=f"{secure.replace('https:', 'wss:')}live",
            frames=body(FRAMES),
            media_type="",
        ),
        none(10, "", result=Result.CACHED, request_head=b"", request_body=None, cached_from=1),
    )
    renditions = (
        Rendition("screenshot", f"urn:view:{secure}", "image/png", body(b"\x89PNG the first view")),
        Rendition("full_screenshot", f"urn:fullPage:{secure}", "image/png", body(b"\x89PNG the whole page")),
        Rendition("pdf", f"urn:pdf:{secure}", "application/pdf", body(b"%PDF-1.7 as it prints")),
        Rendition("dom", f"urn:dom:{secure}", "application/json", body(b'{"frames":[{"html":"<p>What was said"}]}')),
        Rendition("text", f"urn:text:{secure}", "text/plain; charset=utf-8", body(b"What was said on that day.")),
    )
    return recording(
        *exchanges,
        url=url,
        final_url=f"{secure}#part",
        main=main,
        renditions=renditions,
        started_at=began,
        ended_at=clock.now() + timedelta(milliseconds=20),
    )


@dataclass(frozen=True)
class Made:
    """The archive in `folder`, its captures by `NAMES`, and what an honest holder of it has beside it."""

    folder: Path  # with `archive`, `trust`, `checkpoint` and the exported files in it
    ids: dict[str, str]
    recordings: dict[str, Recording]
    signer: Signer

    @property
    def archive(self) -> Path:
        return self.folder / "archive"

    @property
    def trust(self) -> Path:
        """The archive's key, on another way than the archive."""
        return self.folder / "trust"

    @property
    def checkpoint(self) -> Path:
        """The newest checkpoint, as somebody keeps it who saw the log."""
        return self.folder / "checkpoint"

    def exported(self, name: str) -> Path:
        """`last.bundle.wacz`, `last.wacz`, `last.warc.gz`, `last.tlog-proof`."""
        return self.folder / name

    def states(self) -> Iterator[Path]:
        """The archive as it was after each capture."""
        return iter(sorted(self.folder.glob("state-*")))


def make(folder: Path, patch: pytest.MonkeyPatch) -> Made:
    """Build everything, in a home of its own that is left behind."""

    for name in [name for name in os.environ if name.startswith("ARCHIVER_")]:
        patch.delenv(name)
    for name in ("CONFIG", "STATE", "CACHE"):
        patch.setenv(f"XDG_{name}_HOME", str(folder / "operator" / name.lower()))
    recordings: dict[str, Recording] = {}

    def record(url: str, settings: CaptureSettings, directory: Path, on_progress: object) -> Recording:
        if url == _UNREACHABLE:
            raise UnreachableError(f"{url}: ERR_NAME_NOT_RESOLVED; nothing was stored")
        recordings[url] = rich(url)
        return recordings[url]

    patch.setattr("archiver.capture.capture.record", record)
    ids = {}
    place = folder / "archive"
    with Archive(str(place)) as archive:
        for number, name in enumerate(NAMES):
            if name == "failed":
                with pytest.raises(UnreachableError):
                    archive.capture(_UNREACHABLE)
            else:
                archive.capture(url_of(name), about=ABOUT)
            shutil.copytree(place, folder / f"state-{number}")
        for name, capture in zip(reversed(NAMES), archive.snapshots(), strict=True):
            ids[name] = capture.id
        signer = archive.signer()
        assert signer is not None
        _export(folder, archive, archive.find(ids["last"]))
    (folder / "trust").write_text(f"{signer.key.text}\n")
    shutil.copy(place / layout.CHECKPOINT, folder / "checkpoint")
    return Made(folder, ids, {name: recordings[url_of(name)] for name in SNAPSHOTS}, signer)


def url_of(name: str) -> str:
    """What the capture of that name was asked for."""
    return f"http://{name}.test/"


def _export(folder: Path, archive: Archive, snapshot: Snapshot) -> None:
    (folder / "last.bundle.wacz").write_bytes(b"".join(exporting.evidence(archive, snapshot, None)))
    (folder / "last.wacz").write_bytes(b"".join(snapshot.part("wacz")))
    (folder / "last.warc.gz").write_bytes(b"".join(snapshot.part("warc")))
    capture, _ = archive.locate(snapshot.id)
    (folder / "last.tlog-proof").write_bytes(proving.prove(archive, capture).render())

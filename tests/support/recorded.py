"""A capture without a browser: what takes the place of `archiver.capture.capture.record` in tests of archives."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

from archiver import clock
from archiver.config import CaptureSettings
from archiver.model import Body, Recording, Rendition
from tests.unit.recordings import body, exchange, recording

SCREENSHOT = b"\x89PNG made up"
DOM = b'{"frames":[{"url":"https://a.test/","html":"<p>hello</p>"}]}'


def record(url: str, settings: CaptureSettings, directory: Path, on_progress: object) -> Recording:
    """A page of that URL, seen now."""
    return page(url)


def page(url: str, **changes: Any) -> Recording:
    """A recording of a page with its renditions, seen now unless told otherwise."""
    began = changes.pop("started_at", None) or clock.now()
    main = exchange(0, url=url, started_at=began, ended_at=began)
    renditions = (
        Rendition("screenshot", f"urn:view:{url}", "image/png", body(SCREENSHOT)),
        Rendition("dom", f"urn:dom:{url}", "application/json", body(DOM)),
        Rendition("text", f"urn:text:{url}", "text/plain; charset=utf-8", body(b"hello")),
    )
    usual: dict[str, Any] = {
        "url": url,
        "final_url": url,
        "started_at": began,
        "ended_at": began + timedelta(milliseconds=5),
        "renditions": renditions,
        "main": main,
    }
    return recording(main, **(usual | changes))


def body_in_file(path: Path, head: bytes) -> Body:
    """A body that lies in a file, which follows a header block."""
    plain, whole = hashlib.sha256(), hashlib.sha256(head)
    with path.open("rb") as stream:
        while data := stream.read(1 << 20):
            plain.update(data)
            whole.update(data)
    return Body(path.stat().st_size, plain.hexdigest(), whole.hexdigest(), path=path)

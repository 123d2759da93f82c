"""A made-up page that is captured again and again, each time as the test has it, without a browser."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import orjson
import pytest
from PIL import Image, ImageDraw

from archiver.archive import Archive
from archiver.model import Outcome, Rendition
from tests.support import recorded
from tests.unit.provenance import pages
from tests.unit.provenance.texts import sentences
from tests.unit.recordings import body, exchange

URL = "https://a.test/story"
STORY = tuple(sentences(1))
BEGAN = datetime(2026, 11, 25, 7, 0, 0, tzinfo=UTC)


def story(found: Sequence[str] = STORY, **parts: Any) -> str:
    """An article of these sentences, three a paragraph."""
    return pages.html(paragraphs=[" ".join(found[at : at + 3]) for at in range(0, len(found), 3)], **parts)


def png(size: tuple[int, int] = (300, 400), *areas: tuple[int, int, int, int], colour: str = "black") -> bytes:
    """A white picture with areas painted, each given by its left, top, right and bottom (not included)."""
    picture = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(picture)
    for left, top, right, bottom in areas:
        pen.rectangle((left, top, right - 1, bottom - 1), fill=colour)
    out = BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def visit(
    archive: Archive,
    html: str | None = None,
    *,
    url: str = URL,
    text: str | None = None,
    view: bytes | None = None,
    tiles: Sequence[bytes] = (),
    others: Sequence[str] = (),
    outcome: Outcome = Outcome.COMPLETE,
    **changes: Any,
) -> str:
    """Capture a page with this DOM, those of frames in it, visible text and pictures; the id."""
    found = []
    if html is not None:
        within = [{"url": f"{url}?{number}", "html": other} for number, other in enumerate(others)]
        dom = orjson.dumps({"frames": [{"url": url, "html": html}, *within]})
        found.append(Rendition("dom", f"urn:dom:{url}", "application/json", body(dom)))
    if text is not None:
        found.append(Rendition("text", f"urn:text:{url}", "text/plain; charset=utf-8", body(text.encode())))
    if view is not None:
        found.append(Rendition("screenshot", f"urn:view:{url}", "image/png", body(view)))
    for number, tile in enumerate(tiles):
        urn = f"urn:fullPage:{url}" + (f"#tile={number}" if number else "")
        found.append(Rendition("full_screenshot", urn, "image/png", body(tile)))
    seen = recorded.page(url, renditions=tuple(found), outcome=outcome, **changes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("archiver.capture.capture.record", lambda *_: seen)
        return archive.capture(url).snapshot.id


def answered(status: int, content: bytes = b"<p>hello") -> Any:
    """The main exchange of a page that answers so."""
    head = f"HTTP/1.1 {status} OK\r\nContent-Type: text/html\r\n\r\n".encode()
    return exchange(0, url=URL, status=status, response_head=head, response_body=body(content, head))

"""A made-up page with things around its article, captured without a browser."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
import pytest

from archiver.archive import Archive
from archiver.model import Rendition
from archiver.regions.model import Box, Crop, FrameState, Inventory, Kind, Link, Region
from tests.support import recorded
from tests.support.changing import URL
from tests.unit.recordings import body

WHOLE = (FrameState((), URL, 100, ""),)
CUT = (*WHOLE, FrameState(("//*[@id='slot']/iframe[1]",), "https://ads.test/", 9, "time"))


def region(kind: Kind, text: str = "", **more: Any) -> Region:
    usual: dict[str, Any] = {
        "kind": kind,
        "frame": (),
        "frame_url": URL,
        "xpath": f"/html[1]/body[1]/{kind}[1]",
        "box": Box(10, 20, 30, 40),
        "hidden": "",
        "heading": "",
        "text": text,
        "links": (Link("https://shop.test/", "Buy"),) if kind == "ad" else (),
        "pictures": (),
        "frames": (),
        "filled": bool(text),
        "rules": ("label",),
        "confidence": 0.75,
    }
    return Region(**(usual | more))


def on_tile(number: int = 0, x: int = 10, y: int = 20, width: int = 30, height: int = 40, url: str = URL) -> Crop:
    return Crop(f"urn:fullPage:{url}" + (f"#tile={number}" if number else ""), x, y, width, height)


def visit(
    archive: Archive,
    regions: Sequence[Region] | bytes | None,
    *,
    url: str = URL,
    frames: tuple[FrameState, ...] = WHOLE,
    tiles: Sequence[bytes] = (),
    **changes: Any,
) -> str:
    """Capture a page with this inventory, or with these bytes as one, or with none; the id."""
    found = []
    if regions is not None:
        made = Inventory(() if isinstance(regions, bytes) else tuple(regions), frames)
        data = regions if isinstance(regions, bytes) else orjson.dumps(made.to_document())
        facts = {"counts": made.counts, "partial": made.partial, "filter_lists": []}
        found.append(Rendition("regions", f"urn:regions:{url}", "application/json", body(data), facts))
    for number, tile in enumerate(tiles):
        urn = f"urn:fullPage:{url}" + (f"#tile={number}" if number else "")
        found.append(Rendition("full_screenshot", urn, "image/png", body(tile)))
    seen = recorded.page(url, renditions=tuple(found), **changes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("archiver.capture.capture.record", lambda *_: seen)
        return archive.capture(url).snapshot.id

"""The region inventory of a frozen page, taken in all its frames, in worlds that the page cannot reach.

A page may have any number of frames and elements, and may have been made to keep us busy. So each frame has its limits,
the whole has a budget of time, and what was not looked at is named.
"""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import orjson
from playwright.async_api import CDPSession
from playwright.async_api import Error as PlaywrightError

from archiver.capture.frames import Frame, clean, evaluate, world_of
from archiver.capture.spool import body_of
from archiver.model import Exchange, Rendition
from archiver.regions.belonging import Brought, Tile, with_crops, with_exchanges
from archiver.regions.lists import Asked, Filters
from archiver.regions.merge import FrameReport, merge
from archiver.regions.model import Inventory
from archiver.regions.program import Limits, inventory, names, owner_path
from archiver.regions.report import read_names, read_report

BUDGET_S = 12.0
MAX_REGIONS_BYTES = 8 << 20
_LIMITS = Limits()
_FRAME_S = 5.0
_LEAST_S = 1.0
_MAX_UNREAD = 2_000  # frames beyond the limit that are named
_NAMES_S = 1.0
_NO_RULES = "element rules"  # what the program itself says where it has no time for all of them
_AT_ONCE = 8
_MAX_URL = 8_192  # of a page's address in the record's name: a statement must bear it
_MAX_URLS = 2_000  # that are kept of what one frame asked for


@dataclass(frozen=True)
class Taken:
    """What each frame reports, parents before children, and the addresses that each asked for, by the frame's name."""

    reports: tuple[FrameReport, ...]
    asked: dict[str, tuple[str, ...]]


async def take(frames: Sequence[Frame], filters: Filters, budget_s: float = BUDGET_S) -> Taken:
    """Look at the frames of the captured page, one after the other as far as time and limits go."""
    await asyncio.to_thread(filters.prepare)
    of_page = [frame for frame in frames if frame.page == 0]
    looked_at = of_page[: _LIMITS.max_frames]
    by_id = {frame.id: frame for frame in of_page}
    until = time.monotonic() + budget_s
    lane = asyncio.Semaphore(_AT_ONCE)

    async def report(frame: Frame) -> FrameReport:
        async with lane:
            left_s = until - time.monotonic()
            if left_s <= 0:
                return _unread(frame, "", "no time was left")
            return await _report(frame, by_id.get(frame.parent_id or ""), filters, min(left_s, _FRAME_S))

    found = await asyncio.gather(*(report(frame) for frame in looked_at))
    more = [_unread(frame, "", f"more than {_LIMITS.max_frames} frames") for frame in of_page[len(looked_at) :]]
    asked = await _asked(looked_at, max(until - time.monotonic(), _LEAST_S))
    return Taken((*found, *more[:_MAX_UNREAD]), asked)


async def _report(frame: Frame, above: Frame | None, filters: Filters, timeout_s: float) -> FrameReport:
    owner = ""
    try:
        if above is not None:
            owner = await asyncio.wait_for(_owner(frame, above), timeout_s)
        selectors, lack = await _selectors(frame, filters, min(timeout_s, _NAMES_S))
        report = read_report(await evaluate(frame, inventory(_LIMITS, selectors), timeout_s))
    except PlaywrightError as error:
        return _unread(frame, owner, error.message.strip().partition("\n")[0][:200])
    except TimeoutError:
        return _unread(frame, owner, "no answer in time")
    except (KeyError, TypeError, ValueError) as error:
        return _unread(frame, owner, str(error)[:200])
    report = replace(report, partial=report.partial or lack)
    return FrameReport(frame.id, frame.parent_id, frame.url[:_MAX_URL], owner, report)


async def _selectors(frame: Frame, filters: Filters, timeout_s: float) -> tuple[tuple[str, ...], str]:
    """The element rules of filter lists that may match in a frame, and why there might be more.

    Without lists, and in a frame without an address of its own, nothing is asked of the page.
    """
    if not filters.has_elements(frame.url):
        return (), ""
    try:
        found = read_names(await evaluate(frame, names(), timeout_s))
    except (PlaywrightError, TimeoutError, ValueError):
        return (), _NO_RULES
    return filters.selectors(frame.url, found), _NO_RULES if found.cut else ""


def _unread(frame: Frame, owner: str, why: str) -> FrameReport:
    return FrameReport(frame.id, frame.parent_id, frame.url[:_MAX_URL], owner, None, why)


async def _owner(frame: Frame, above: Frame) -> str:
    """The path of a frame's element in the document above."""
    session = above.session
    await session.send("DOM.enable")
    owner = await session.send("DOM.getFrameOwner", {"frameId": frame.id})
    node: dict[str, Any] = await session.send(
        "DOM.resolveNode",
        {"backendNodeId": owner["backendNodeId"], "executionContextId": await world_of(above)},
    )
    answer = await session.send(
        "Runtime.callFunctionOn",
        {"objectId": node["object"]["objectId"], "functionDeclaration": owner_path(), "returnByValue": True},
    )
    return str(clean(answer["result"].get("value", "")))


async def _asked(frames: Sequence[Frame], timeout_s: float) -> dict[str, tuple[str, ...]]:
    """The addresses of what each frame has loaded, by the browser's own list of its resources."""
    sessions: dict[int, CDPSession] = {id(frame.session): frame.session for frame in frames}

    async def tree_of(session: CDPSession) -> dict[str, Any] | None:
        try:
            return await asyncio.wait_for(session.send("Page.getResourceTree"), min(timeout_s, _FRAME_S))
        except (PlaywrightError, TimeoutError):
            return None  # its frames are in the inventory all the same

    found: dict[str, tuple[str, ...]] = {}
    for tree in filter(None, await asyncio.gather(*map(tree_of, sessions.values()))):
        for node in _walk(tree["frameTree"]):
            urls = [node["frame"].get("url", ""), *(each.get("url", "") for each in node.get("resources", ()))]
            found.setdefault(str(node["frame"]["id"]), tuple(clean(urls[:_MAX_URLS])))
    return found


def rendition(
    taken: Taken,
    url: str,
    exchanges: Iterable[Exchange],
    pictures: Iterable[Rendition],
    pixel_ratio: float,
    directory: Path,
    filters: Filters,
) -> tuple[Rendition, Inventory]:
    """`urn:regions:`, and what is in it: the regions with their exchanges and their places in the screenshots."""
    made = list(exchanges)
    brought = [Brought(each.number, each.url, each.redirect_of) for each in made]
    kinds = {each.url: each.request_type for each in made}
    below = {frame.id for frame in taken.reports if frame.parent_id is not None}
    asked = {
        frame: [Asked(url_, kinds.get(url_, "")) for url_ in urls]
        for frame, urls in taken.asked.items()
        if frame in below
    }
    found = with_exchanges(merge(taken.reports, filters.network(url, asked)), taken.asked, brought)
    found = _bounded(with_crops(found, _tiles(pictures, pixel_ratio)))
    data = orjson.dumps(found.to_document(), option=orjson.OPT_INDENT_2)
    facts = {
        "counts": found.counts,
        "partial": found.partial,
        "filter_lists": [each.said() for each in filters.lists],
    }
    urn = f"urn:regions:{url[:_MAX_URL]}"
    return Rendition("regions", urn, "application/json", body_of(data, directory), facts), found


def _bounded(found: Inventory) -> Inventory:
    """An inventory that those who read it can bear: the first regions, and the page's own frame says that it is cut."""
    size = 0
    for kept, region in enumerate(found.regions):
        size += len(orjson.dumps(asdict(region)))
        if size > MAX_REGIONS_BYTES:
            page = replace(found.frames[0], partial=found.frames[0].partial or f"more than {MAX_REGIONS_BYTES} bytes")
            return Inventory(found.regions[:kept], (page, *found.frames[1:]))
    return found


def _tiles(pictures: Iterable[Rendition], pixel_ratio: float) -> Iterator[Tile]:
    for each in pictures:
        if each.role == "full_screenshot":
            width, height = _png_size(each)
            yield Tile(each.urn, float(each.facts.get("top_px", 0)), width, height, pixel_ratio)


def _png_size(picture: Rendition) -> tuple[int, int]:
    """Width and height in its first chunk (PNG section 11.2.2). The browser made it a moment ago."""
    body = picture.body
    head = body.data[:24]
    if body.path is not None:
        with body.path.open("rb") as stream:
            head = stream.read(24)
    width, height = struct.unpack(">II", head[16:24])
    return int(width), int(height)


def _walk(tree: dict[str, Any]) -> Iterator[dict[str, Any]]:
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(node.get("childFrames", ())))

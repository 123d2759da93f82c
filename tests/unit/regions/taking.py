"""Takes the inventory of made-up pages in a real browser, as a capture does: in an isolated world of each frame."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from playwright.async_api import Browser, Page, Route, async_playwright
from playwright.async_api import Error as PlaywrightError

from archiver.capture import regions
from archiver.capture.browser import find_browser
from archiver.capture.frames import Frame, Frames, evaluate
from archiver.capture.renditions import read_frames
from archiver.regions.lists import Filters
from archiver.regions.merge import FrameReport, merge
from archiver.regions.model import Inventory
from archiver.regions.program import Limits, inventory, owner_path
from archiver.regions.report import read_report

Read = TypeVar("Read")

PAGE = "https://gazette.test/harbour/night-boats/"

# What is found is judged, not how soon on a machine with much else to do.
_PATIENT, _PATIENT_S = Limits(max_ms=30_000), 60


Served = Callable[[str], tuple[str | bytes, str] | None]  # body and content type of a URL


def take(pages: Mapping[str, str] | str, limits: Limits | None = None) -> Inventory:
    """The inventory of `PAGE`. `pages` is its HTML, or HTML by URL; whatever else is asked for does not come."""
    return take_at(PAGE, _html({PAGE: pages} if isinstance(pages, str) else pages), limits)


def _html(pages: Mapping[str, str]) -> Served:
    return lambda url: (pages[url], "text/html; charset=utf-8") if url in pages else None


def take_at(url: str, served: Served, limits: Limits | None = None) -> Inventory:
    """The inventory of the page at a URL, of a web that `served` answers for."""
    return asyncio.run(_take(url, served, limits))


def take_by_lists(pages: Mapping[str, str] | str, filters: Filters, budget_s: float = regions.BUDGET_S) -> Inventory:
    """The inventory of `PAGE` as a capture takes it, with filter lists."""

    async def taken(page: Page) -> Inventory:
        frames = Frames(page.context)
        await frames.attach(page)
        found = await regions.take(await frames.list(), filters, budget_s)
        return merge(found.reports)

    return asyncio.run(_with_page(PAGE, _html({PAGE: pages} if isinstance(pages, str) else pages), taken))


def take_each(pages: Sequence[str]) -> list[Inventory]:
    """The inventories of several pages, each opened as `PAGE` in one browser."""

    async def each(browser: Browser) -> list[Inventory]:
        found = []
        for html in pages:
            page = await _open(browser, PAGE, _html({PAGE: html}))
            found.append(merge(await reports(page, None)))
            await page.context.close()
        return found

    return asyncio.run(_with_browser(each))


def stored(url: str, served: Served) -> tuple[Inventory, list[str]]:
    """The inventory of a page, and the HTML of each of its frames as a capture stores it."""
    return asyncio.run(_with_page(url, served, _stored))


async def _stored(page: Page) -> tuple[Inventory, list[str]]:
    inventory = merge(await reports(page, None))
    frames = Frames(page.context)
    await frames.attach(page)
    return inventory, [frame["html"] for frame in await read_frames(await frames.list())]


async def _take(url: str, served: Served, limits: Limits | None) -> Inventory:
    async def merged(page: Page) -> Inventory:
        return merge(await reports(page, limits))

    return await _with_page(url, served, merged)


async def _with_page(url: str, served: Served, read: Callable[[Page], Awaitable[Read]]) -> Read:
    async def opened(browser: Browser) -> Read:
        return await read(await _open(browser, url, served))

    return await _with_browser(opened)


async def _with_browser(use: Callable[[Browser], Awaitable[Read]]) -> Read:
    async with async_playwright() as playwright:
        found = find_browser(None, playwright.chromium.executable_path)
        browser = await playwright.chromium.launch(
            executable_path=found.path, args=["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND"]
        )
        try:
            return await use(browser)
        finally:
            await browser.close()


async def _open(browser: Browser, url: str, served: Served) -> Page:
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    page = await context.new_page()

    async def answer(route: Route) -> None:
        answered = served(route.request.url)
        if answered is None:
            await route.abort()
        else:
            await route.fulfill(body=answered[0], content_type=answered[1])

    await context.route("**/*", answer)
    await page.goto(url)
    return page


async def reports(page: Page, limits: Limits | None) -> list[FrameReport]:
    """What each frame reports, parents before children."""
    frames = Frames(page.context)
    await frames.attach(page)
    listed = await frames.list()
    by_id = {frame.id: frame for frame in listed}
    return [await _report(frame, by_id.get(frame.parent_id or ""), limits) for frame in listed]


async def _report(frame: Frame, above: Frame | None, limits: Limits | None) -> FrameReport:
    owner = await _owner(frame, above) if above else ""
    try:
        report = read_report(await evaluate(frame, inventory(limits or _PATIENT), _PATIENT_S))
    except (PlaywrightError, TimeoutError, ValueError) as error:
        return FrameReport(frame.id, frame.parent_id, frame.url, owner, None, str(error))
    return FrameReport(frame.id, frame.parent_id, frame.url, owner, report)


async def _owner(frame: Frame, above: Frame) -> str:
    """The path of a frame's element in the document above."""
    await above.session.send("DOM.enable")
    owner = await above.session.send("DOM.getFrameOwner", {"frameId": frame.id})
    world = await above.session.send("Page.createIsolatedWorld", {"frameId": above.id, "worldName": "archiver"})
    node: dict[str, Any] = await above.session.send(
        "DOM.resolveNode",
        {"backendNodeId": owner["backendNodeId"], "executionContextId": world["executionContextId"]},
    )
    answer = await above.session.send(
        "Runtime.callFunctionOn",
        {"objectId": node["object"]["objectId"], "functionDeclaration": owner_path(), "returnByValue": True},
    )
    return str(answer["result"].get("value", ""))

"""Takes the inventory of made-up pages in a real browser, as a capture does: in an isolated world of each frame."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
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


Served = Callable[[str], tuple[str | bytes, str] | None]  # body and content type of a URL


class _Kept:
    """A browser that several inventories are taken in; a dead one is replaced."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._left = contextlib.AsyncExitStack()
        self._browser: Browser | None = None

    def run(self, use: Callable[[Browser], Awaitable[Read]]) -> Read:
        async def used() -> Read:
            if self._browser is None or not self._browser.is_connected():
                self._browser = await self._left.enter_async_context(_browser())
            return await use(self._browser)

        return asyncio.run_coroutine_threadsafe(used(), self._loop).result()

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._left.aclose(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


_kept: list[_Kept] = []


@contextlib.contextmanager
def one_browser() -> Iterator[None]:
    """While inside, all inventories are taken in one browser; otherwise each has its own."""
    _kept.append(_Kept())
    try:
        yield
    finally:
        _kept.pop().close()


def take(pages: Mapping[str, str] | str, limits: Limits | None = None) -> Inventory:
    """The inventory of `PAGE`. `pages` is its HTML, or HTML by URL; whatever else is asked for does not come."""
    return take_at(PAGE, _html({PAGE: pages} if isinstance(pages, str) else pages), limits)


def _html(pages: Mapping[str, str]) -> Served:
    return lambda url: (pages[url], "text/html; charset=utf-8") if url in pages else None


def take_at(url: str, served: Served, limits: Limits | None = None) -> Inventory:
    """The inventory of the page at a URL, of a web that `served` answers for."""

    async def merged(page: Page) -> Inventory:
        return merge(await reports(page, limits))

    return _with_page(url, served, merged)


def take_by_lists(pages: Mapping[str, str] | str, filters: Filters, budget_s: float = regions.BUDGET_S) -> Inventory:
    """The inventory of `PAGE` as a capture takes it, with filter lists."""

    async def taken(page: Page) -> Inventory:
        frames = Frames(page.context)
        await frames.attach(page)
        found = await regions.take(await frames.list(), filters, budget_s)
        return merge(found.reports)

    return _with_page(PAGE, _html({PAGE: pages} if isinstance(pages, str) else pages), taken)


def take_each(pages: Sequence[str]) -> list[Inventory]:
    """The inventories of several pages, opened as `PAGE` one after the other in one tab."""
    shown = [""]

    async def each(page: Page) -> list[Inventory]:
        found = []
        for shown[0] in pages:
            await page.goto(PAGE)
            found.append(merge(await reports(page, None)))
        return found

    return _with_page(PAGE, lambda url: (shown[0], "text/html; charset=utf-8") if url == PAGE else None, each)


def stored(url: str, served: Served) -> tuple[Inventory, list[str]]:
    """The inventory of a page, and the HTML of each of its frames as a capture stores it."""
    return _with_page(url, served, _stored)


async def _stored(page: Page) -> tuple[Inventory, list[str]]:
    inventory = merge(await reports(page, None))
    frames = Frames(page.context)
    await frames.attach(page)
    return inventory, [frame["html"] for frame in await read_frames(await frames.list())]


def _with_page(url: str, served: Served, read: Callable[[Page], Awaitable[Read]]) -> Read:
    async def opened(browser: Browser) -> Read:
        page = await _open(browser, url, served)
        try:
            return await read(page)
        finally:
            await page.context.close()

    async def alone() -> Read:
        async with _browser() as browser:
            return await opened(browser)

    return _kept[-1].run(opened) if _kept else asyncio.run(alone())


@contextlib.asynccontextmanager
async def _browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        found = find_browser(None, playwright.chromium.executable_path)
        browser = await playwright.chromium.launch(
            executable_path=found.path, args=["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND"]
        )
        try:
            yield browser
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
        report = read_report(await evaluate(frame, inventory(limits), 20))
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

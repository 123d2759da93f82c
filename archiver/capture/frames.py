"""The frames of a visit's pages, and scripts of ours run in them where the page cannot reach.

What we evaluate runs in an isolated world of its own in each frame: it sees the page's DOM, but none of the page's
JavaScript, so a page that replaces `querySelectorAll` or `Math` deceives itself only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from playwright.async_api import BrowserContext, CDPSession, Page
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Frame as PlaywrightFrame

_WORLD = "archiver"
_ANSWER_S = 10.0


@dataclass(frozen=True)
class Frame:
    """One frame as the browser knows it; `page` is the number of its page, the first being the captured one."""

    page: int
    id: str
    parent_id: str | None
    url: str
    name: str
    session: CDPSession


class Frames:
    """DevTools sessions to every page of a context, opened as soon as a page is there: a page that keeps its renderer

    busy for ever can still be stopped through a session that was there before, but no new one can be opened to it.
    """

    def __init__(self, context: BrowserContext) -> None:
        self._context = context
        self._pages: list[tuple[Page, CDPSession]] = []
        self._parts: dict[PlaywrightFrame, CDPSession] = {}

    async def attach(self, page: Page) -> CDPSession:
        """Open the session to a page. Raises Playwright's error when the page is gone."""
        session = await self._context.new_cdp_session(page)
        self._pages.append((page, session))
        return session

    async def sessions(self) -> list[tuple[int, CDPSession]]:
        """One session for every part of every living page that has a process of its own, and its page's number."""
        found = []
        for number, (page, session) in enumerate(self._pages):
            if page.is_closed():
                continue
            found.append((number, session))
            parts = await asyncio.gather(*(self._part(frame) for frame in page.frames[1:]))
            found += [(number, part) for part in parts if part is not None]
        return found

    async def _part(self, frame: PlaywrightFrame) -> CDPSession | None:
        if frame not in self._parts:
            try:
                self._parts[frame] = await asyncio.wait_for(self._context.new_cdp_session(frame), _ANSWER_S)
            except (PlaywrightError, TimeoutError):
                return None  # a frame in its parent's process has no session of its own and is reached through that
        return self._parts[frame]

    async def document(self) -> str:
        """The browser's name for the document that stands in the captured page: another one after each navigation."""
        _, session = self._pages[0]
        tree = await asyncio.wait_for(session.send("Page.getFrameTree"), _ANSWER_S)
        return str(tree["frameTree"]["frame"]["loaderId"])

    async def list(self) -> list[Frame]:
        """Every frame, parents before children, the captured page's first."""
        found: dict[str, Frame] = {}
        for number, session in await self.sessions():
            try:
                tree = await asyncio.wait_for(session.send("Page.getFrameTree"), _ANSWER_S)
            except (PlaywrightError, TimeoutError):
                continue  # the frame went away meanwhile
            for facts in map(clean, _walk(tree["frameTree"])):
                frame = Frame(
                    page=number,
                    id=facts["id"],
                    parent_id=facts.get("parentId"),
                    url=facts["url"] + facts.get("urlFragment", ""),
                    name=facts.get("name", ""),
                    session=session,
                )
                found.setdefault(frame.id, frame)
        return list(found.values())


async def evaluate(frame: Frame, function: str, timeout_s: float = _ANSWER_S) -> Any:
    """Call a JavaScript function in the frame's isolated world and return its result as plain values.

    Raises `TimeoutError`, or Playwright's error when the function throws or the frame is gone.
    """
    return await asyncio.wait_for(_evaluate(frame, function), timeout_s)


async def world_of(frame: Frame) -> int:
    """Our isolated world in a frame: made when it is first asked for."""
    world = await frame.session.send("Page.createIsolatedWorld", {"frameId": frame.id, "worldName": _WORLD})
    return int(world["executionContextId"])


async def _evaluate(frame: Frame, function: str) -> Any:
    answer = await frame.session.send(
        "Runtime.evaluate",
        {
            "expression": f"({function})()",
            "contextId": await world_of(frame),
            "returnByValue": True,
            "awaitPromise": True,
        },
    )
    if "exceptionDetails" in answer:
        details = answer["exceptionDetails"]
        raise PlaywrightError(str(details.get("exception", {}).get("description") or details.get("text")))
    return clean(answer["result"].get("value"))


def clean(value: Any) -> Any:
    """The value with what is no character made `?`: a lone surrogate is legal in a page's strings, but not in UTF-8."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, list):
        return [clean(item) for item in value]
    if isinstance(value, dict):
        return {clean(key): clean(item) for key, item in value.items()}
    return value


def _walk(tree: dict[str, Any]) -> Iterator[dict[str, Any]]:
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node["frame"]
        waiting.extend(reversed(node.get("childFrames", ())))

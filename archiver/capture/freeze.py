"""Stopping a page's scripts, so that DOM, text, pictures and PDF all show the same moment."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from playwright.async_api import BrowserContext, CDPSession, Frame, Page
from playwright.async_api import Error as PlaywrightError

_FRAME_TIMEOUT_S = 5.0

# With scripts off, Chromium would show the markup inside <noscript> as text. An adopted sheet is in no DOM.
_HIDE_NOSCRIPT = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync('noscript { display: none !important }');
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}"""


async def freeze(context: BrowserContext, pages: Sequence[Page]) -> tuple[list[CDPSession], list[str]]:
    """Stop timers, animation callbacks and events of every frame; what is evaluated from outside still runs.

    Returns the sessions that keep it so for as long as they are attached, and the URLs of frames that did not answer.
    """
    sessions: list[CDPSession] = []
    silent: list[str] = []
    for page in pages:
        for frame in page.frames:
            try:
                await asyncio.wait_for(frame.evaluate(_HIDE_NOSCRIPT), _FRAME_TIMEOUT_S)
            except (PlaywrightError, TimeoutError):
                silent.append(frame.url)
        targets: list[Page | Frame] = [page, *page.frames[1:]]
        for target in targets:
            try:
                session = await context.new_cdp_session(target)
            except PlaywrightError:
                continue  # a frame in its parent's process has no session of its own and stops with it
            sessions.append(session)
            await session.send("Emulation.setScriptExecutionDisabled", {"value": True})
    return sessions, silent

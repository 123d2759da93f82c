"""Stopping a page's scripts, so that DOM, text, pictures and PDF all show the same moment."""

from __future__ import annotations

import asyncio

from playwright.async_api import CDPSession
from playwright.async_api import Error as PlaywrightError

from archiver.capture.frames import Frames, evaluate

_ANSWER_S = 5.0
_AGAIN_S = 0.2

# With scripts off, Chromium would show the markup inside <noscript> as text. An adopted sheet is in no DOM.
_HIDE_NOSCRIPT = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync('noscript { display: none !important }');
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}"""


async def freeze(frames: Frames) -> tuple[list[CDPSession], list[str]]:
    """Stop timers, animation callbacks, events, refreshes and running scripts of every frame.

    What is evaluated from outside still runs. Returns the sessions that keep it so for as long as they are attached,
    and the URLs of frames that did not answer.
    """
    sessions = [session for _, session in await frames.sessions()]
    await asyncio.gather(*(_stop(session) for session in sessions))
    # A page that reloads itself at once may have been between two documents, and the second begins anew.
    await asyncio.sleep(_AGAIN_S)
    await asyncio.gather(*(_stop(session) for session in sessions))
    silent: list[str] = []
    for frame in await frames.list():
        try:
            await evaluate(frame, _HIDE_NOSCRIPT, _ANSWER_S)
        except (PlaywrightError, TimeoutError):
            silent.append(frame.url)
    return sessions, silent


async def _stop(session: CDPSession) -> None:
    orders = (
        session.send("Emulation.setScriptExecutionDisabled", {"value": True}),
        session.send("Runtime.terminateExecution"),  # a script that never ends would keep everything below waiting
        session.send("Page.stopLoading"),  # a refresh that is due would replace the page under our eyes
    )
    try:
        await asyncio.wait_for(asyncio.gather(*orders, return_exceptions=True), _ANSWER_S)
    except TimeoutError:
        pass  # its frames will not answer either, and are named then

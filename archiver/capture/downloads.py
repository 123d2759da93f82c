"""Downloads: what the browser saves instead of showing it.

What counts is the exchange, which the network log gives; the files themselves are removed as soon as they are whole.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from playwright.async_api import BrowserContext, CDPSession, Download
from playwright.async_api import Error as PlaywrightError

_MAX_DOWNLOADS = 20
_BEGIN_TIMEOUT_S = 10.0


class Downloads:
    """Lets the first downloads of all pages of a context run and cancels further ones, which `cancelled` counts."""

    def __init__(self, context: BrowserContext) -> None:
        self._tasks: list[asyncio.Task[str | None]] = []
        self._begun = asyncio.Event()
        self.cancelled = 0
        context.on("page", lambda page: page.on("download", self._begin))

    def _begin(self, download: Download) -> None:
        is_further = len(self._tasks) >= _MAX_DOWNLOADS
        self.cancelled += is_further
        self._tasks.append(asyncio.create_task(_run(download, cancel=is_further)))
        self._begun.set()

    async def first(self) -> str | None:
        """Wait for the end of the first download; returns why it failed, if it did."""
        await asyncio.wait_for(self._begun.wait(), _BEGIN_TIMEOUT_S)
        return await self._tasks[0]


async def _run(download: Download, *, cancel: bool) -> str | None:
    try:
        if cancel:
            await download.cancel()
        failure = await download.failure()
        await download.delete()
    except PlaywrightError as error:  # the browser went away
        return error.message.splitlines()[0]
    return failure


def is_download(error: PlaywrightError) -> bool:
    """Whether a page could not be opened because the browser downloads it."""
    return "Download is starting" in error.message


@contextlib.asynccontextmanager
async def saving_media(session: CDPSession, on_document: Callable[[str], None]) -> AsyncIterator[None]:
    """While this lasts, a main document of the session's page that is a PDF, video or sound is downloaded, not shown.

    `on_document` is told the browser's name for each document whose answer has begun (DevTools' loader id).

    Chromium's player breaks the answer off and asks again, its PDF reader may ask for parts. Only the browser is told
    so, after the answer has come in: what is on the wire, and is recorded, stays as it is.
    """
    frame = (await session.send("Page.getFrameTree"))["frameTree"]["frame"]["id"]

    async def let_pass(event: dict[str, Any]) -> None:
        answer: dict[str, Any] = {"requestId": event["requestId"]}
        fields = event.get("responseHeaders", [])
        is_main = event.get("frameId") == frame
        if is_main:
            on_document(event.get("networkId", ""))
        if is_main and event.get("responseStatusCode") == 200 and _is_media(fields):
            kept = [field for field in fields if field["name"].lower() != "content-disposition"]
            fields = [*kept, {"name": "Content-Disposition", "value": "attachment"}]
            answer |= {"responseCode": 200, "responseHeaders": fields}
        with contextlib.suppress(PlaywrightError):  # the page went on elsewhere meanwhile
            await session.send("Fetch.continueResponse", answer)

    session.on("Fetch.requestPaused", let_pass)
    documents = {"resourceType": "Document", "requestStage": "Response"}
    await session.send("Fetch.enable", {"patterns": [documents]})
    try:
        yield
    finally:
        with contextlib.suppress(PlaywrightError):
            await session.send("Fetch.disable")


def _is_media(fields: list[dict[str, str]]) -> bool:
    kinds = [
        field["value"].partition(";")[0].strip().lower() for field in fields if field["name"].lower() == "content-type"
    ]
    return bool(kinds) and (kinds[-1] == "application/pdf" or kinds[-1].startswith(("video/", "audio/")))

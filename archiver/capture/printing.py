"""A document of ours printed as a PDF, by a browser that has no network.

What it prints is ours, but the words in it are those of pages that may be hostile. So nothing is left to the escaping
alone: no script runs, no name is looked up, no request but the document itself is answered, and the browser is shut in
as for a capture.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from playwright.async_api import BrowserContext, Playwright, Route
from playwright.async_api import Error as PlaywrightError

from archiver.capture import browser as browsers
from archiver.capture import processes
from archiver.capture.isolation import isolated
from archiver.capture.workplace import working_directory
from archiver.config import CaptureSettings
from archiver.errors import BrowserError

_TIMEOUT_S = 120.0
_ARGUMENTS = [
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND",  # addresses are hosts here, too
    "--disable-quic",
    "--disable-domain-reliability",
    "--disable-client-side-phishing-detection",
    "--dns-prefetch-disable",
]
# The document has an address, so that it can be served with this policy; RFC 6761 keeps the name from existing.
_URL = "https://document.invalid/"
_POLICY = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def to_pdf(html: bytes, settings: CaptureSettings) -> bytes:
    """A complete HTML document in UTF-8 as a tagged PDF on A4, with an outline of its headings.

    Page margins, headers and footers are those of its `@page` rules. Nothing but `data:` is loaded. The bytes differ
    from one printing to the next. Raises `BrowserError`, `ConfigurationError`, and `StorageError` as a capture does.
    """
    with working_directory() as directory:
        return asyncio.run(_printed(html, settings, directory))


async def _printed(html: bytes, settings: CaptureSettings, directory: Path) -> bytes:
    processes.adopt_orphans()
    (directory / "home").mkdir(mode=0o700)
    try:
        async with asyncio.timeout(_TIMEOUT_S), browsers.driver(directory) as playwright:
            return await _print(playwright, html, settings, directory)
    except TimeoutError:
        raise BrowserError(f"the document could not be printed in {_TIMEOUT_S:.0f} s") from None
    except PlaywrightError as error:
        raise BrowserError(f"the document could not be printed: {browsers.first_line(error)}") from None


async def _print(playwright: Playwright, html: bytes, settings: CaptureSettings, directory: Path) -> bytes:
    found = browsers.find_browser(settings.browser, playwright.chromium.executable_path)
    with isolated(found.path, directory) as wanted:
        async with browsers.started(
            playwright, found, wanted, _ARGUMENTS, directory=directory, memory_bytes=settings.memory_bytes
        ) as (browser, _):
            context = await browser.new_context(
                java_script_enabled=False,
                offline=True,
                accept_downloads=False,
                service_workers="block",
                color_scheme="light",
                locale="en-US",
                timezone_id="UTC",
            )
            await _serve(context, html)
            page = await context.new_page()
            await page.goto(_URL, wait_until="load", timeout=0)  # the time of the whole is bounded
            return await page.pdf(format="A4", print_background=True, tagged=True, outline=True)


async def _serve(context: BrowserContext, html: bytes) -> None:
    """Answer the one request for the document, and no other."""

    async def answer(route: Route) -> None:
        request = route.request
        if request.url != _URL or not request.is_navigation_request():
            await route.abort("blockedbyclient")
            return
        headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": _POLICY}
        await route.fulfill(status=200, headers=headers, body=html)

    await context.route("**/*", answer)

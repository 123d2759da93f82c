"""The ordered steps of one visit: open, load, settle, behaviours, settle, freeze.

Each step has its own time budget. A step that fails is noted and the later ones still run.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, CDPSession, Dialog, Page, Response
from playwright.async_api import Error as PlaywrightError

from archiver.capture import renditions
from archiver.capture.downloads import Downloads, is_download, saving_media
from archiver.capture.freeze import freeze
from archiver.capture.settle import Settler
from archiver.config import CaptureSettings
from archiver.model import CaptureWarning, Rendition, Step

_BUDGETS_S = {
    "open": 30.0,
    "load": 30.0,
    "behaviours": 30.0,
    "freeze": 15.0,
    "frames": 20.0,
    "pictures": 60.0,
    "pdf": 30.0,
}
_AT_THE_END = frozenset({"download", "freeze", "frames", "pictures", "pdf"})
_RENDITIONS_S = 30.0  # of the whole capture's time, kept for what is made of the frozen page
_LEAST_S = 0.5
_SCROLL_STEP_S = 0.08

# Scrolls to the end and back, stopping when a page keeps growing.
_SCROLL = """async (pause) => {
  const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const end = Date.now() + 12000;
  for (let y = 0; Date.now() < end; y += innerHeight * 0.8) {
    scrollTo({ top: y, behavior: 'instant' });
    await wait(pause);
    if (y > document.documentElement.scrollHeight) break;
  }
  scrollTo({ top: 0, behavior: 'instant' });
}"""

# Asks for every candidate a page offers other screens, and the heads of its media, without touching its DOM.
_CANDIDATES = """() => {
  const wanted = new Set(), media = new Set(), roots = [document];
  const absolute = (url) => { try { return new URL(url, document.baseURI).href; } catch { return null; } };
  for (let root; (root = roots.pop());) {
    for (const element of root.querySelectorAll('*')) {
      if (element.shadowRoot) roots.push(element.shadowRoot);
      const set = element.getAttribute('srcset') || element.getAttribute('imagesrcset');
      if (set) for (const match of set.matchAll(/(?:^|,)\\s*([^\\s,]\\S*[^\\s,])(?:\\s+[\\d.]+[wx])?\\s*(?=,|$)/g))
        wanted.add(absolute(match[1]));
      if (element.poster) wanted.add(absolute(element.poster));
      if (element instanceof HTMLMediaElement && element.preload === 'none')
        media.add(absolute(element.currentSrc || element.src));
    }
  }
  let asked = 0;
  for (const url of wanted) if (url && /^https?:/.test(url) && asked++ < 500) new Image().src = url;
  for (const url of media) if (url && /^https?:/.test(url) && asked++ < 500) {
    const element = document.createElement('video'); element.preload = 'metadata'; element.src = url;
  }
  return asked;
}"""


@dataclass
class Visit:
    """What one visit brought: filled step by step, so that what came before a failure is there."""

    page: Page | None = None
    response: Response | None = None
    downloaded: bool = False
    final_url: str | None = None
    title: str = ""
    open_error: str | None = None
    user_agent: str = ""
    steps: list[Step] = field(default_factory=list)
    warnings: list[CaptureWarning] = field(default_factory=list)
    frames: list[dict[str, Any]] = field(default_factory=list)
    renditions: list[Rendition] = field(default_factory=list)
    dialogs: list[dict[str, Any]] = field(default_factory=list)

    @property
    def failed_steps(self) -> list[Step]:
        return [step for step in self.steps if step.error]


class Visitor:
    """Runs the steps on one browser context; `on_step(name)` is told of each as it begins."""

    def __init__(
        self,
        context: BrowserContext,
        settler: Settler,
        directory: Path,
        settings: CaptureSettings,
        pixel_ratio: float,
        on_step: Callable[[str], None],
    ) -> None:
        self._context = context
        self._settler = settler
        self._directory = directory
        self._settings = settings
        self._pixel_ratio = pixel_ratio
        self._downloads = Downloads(context)
        self._freeze_at = time.monotonic() + max(settings.timeout_s * 0.6, settings.timeout_s - _RENDITIONS_S)
        self._on_step = on_step
        self._frozen: list[CDPSession] = []
        self.visit = Visit()

    async def run(self, url: str) -> None:
        """All steps, in order. What they bring is in `visit`, also when this is cancelled half-way."""
        visit = self.visit
        self._context.on("dialog", self._dismiss)
        visit.page = page = await self._context.new_page()
        await self._step("open", self._open(page, url))
        if visit.open_error is not None or self._is_unwanted(visit.response):
            return
        if visit.downloaded:
            await self._step("download", self._download())
            await self._settle("settle at last")  # until the log has all of it
            return
        await self._step("load", page.wait_for_load_state("load", timeout=0))
        await self._settle("settle")
        await self._step("behaviours", self._behave(page))
        await self._settle("settle again")
        await self._step("freeze", self._freeze())
        await self._step("frames", self._read_frames(page))
        # The address without its fragment names the renditions, as other tools expect.
        subject = (visit.final_url or url).partition("#")[0]
        await self._step("pictures", self._picture(page, subject))
        await self._step("pdf", self._print(page, subject))
        await self._settle("settle at last")  # what printing asked for
        if self._downloads.cancelled:
            self._warn("downloads_limited", f"{self._downloads.cancelled} further downloads of the page were cancelled")

    async def _step(self, name: str, work: Awaitable[object]) -> None:
        self._on_step(name)
        began = time.monotonic()
        error = None
        budget_s = self._budget_s(name, _BUDGETS_S.get(name, self._settings.timeout_s))
        try:
            await asyncio.wait_for(work, budget_s)
        except TimeoutError:
            error = f"took longer than {budget_s:.0f} s"
        except PlaywrightError as problem:
            error = problem.message.strip().splitlines()[0]
        if error and name == "open":
            self.visit.open_error = error
        self.visit.steps.append(Step(name, round(time.monotonic() - began, 3), error))

    def _budget_s(self, name: str, usual_s: float) -> float:
        """Seconds for a step: before the page is frozen, never so many that none would be left for renditions."""
        if name in _AT_THE_END:
            return usual_s
        return min(usual_s, max(self._freeze_at - time.monotonic(), _LEAST_S))

    async def _open(self, page: Page, url: str) -> None:
        async with saving_media(self._context, page):
            try:
                self.visit.response = await page.goto(url, wait_until="commit", timeout=0)
            except PlaywrightError as error:
                if not is_download(error):
                    raise
                self.visit.downloaded = True
        self.visit.user_agent = await page.evaluate("() => navigator.userAgent")

    def _is_unwanted(self, response: Response | None) -> bool:
        return self._settings.fail_on_http_error and response is not None and response.status >= 400

    async def _download(self) -> None:
        failure = await self._downloads.first()
        if failure:
            raise PlaywrightError(failure)
        self._warn("downloaded", "the browser saves this and does not show it: there are no pictures and no text of it")

    async def _settle(self, name: str) -> None:
        self._on_step(name)
        began = time.monotonic()
        budget_s = self._budget_s(name, self._settings.settle_s)
        waiting = await self._settler.settle(budget_s)
        error = None
        if waiting:
            error = f"not quiet within {budget_s:.0f} s: {len(waiting)} still loading, first {waiting[0].url[:200]}"
        self.visit.steps.append(Step(name, round(time.monotonic() - began, 3), error))

    async def _behave(self, page: Page) -> None:
        await page.evaluate(_SCROLL, _SCROLL_STEP_S * 1000)
        for frame in page.frames:
            try:
                await asyncio.wait_for(frame.evaluate(_CANDIDATES), 5)
            except (PlaywrightError, TimeoutError) as error:
                reason = str(error).splitlines()[0] if str(error) else "no answer"
                self._warn(
                    "frame_silent",
                    f"picture candidates of the frame {frame.url[:200]} not asked for: {reason}",
                )
        # Print style sheets load their pictures only when the page is laid out for print.
        await page.emulate_media(media="print")
        await asyncio.sleep(0.3)
        await page.emulate_media(media="null")  # back to what the page had

    async def _freeze(self) -> None:
        self._frozen, silent = await freeze(self._context, self._context.pages)
        for url in silent:
            self._warn("frame_not_frozen", f"the frame {url[:200]} did not answer and may have gone on changing")

    async def _read_frames(self, page: Page) -> None:
        visit = self.visit
        visit.title = await page.title()
        visit.final_url = page.url
        visit.frames = await renditions.read_frames([page, *(p for p in self._context.pages if p is not page)])
        for frame in visit.frames:
            if "error" in frame:
                self._warn("frame_unread", f"the frame {frame['url'][:200]} could not be read: {frame['error']}")
        subject = page.url.partition("#")[0]
        visit.renditions += renditions.frame_renditions(subject, visit.frames, self._directory)

    async def _picture(self, page: Page, subject: str) -> None:
        await page.bring_to_front()
        self.visit.renditions.append(await renditions.viewport_screenshot(page, subject, self._directory))
        self.visit.renditions += await renditions.full_screenshots(page, subject, self._directory, self._pixel_ratio)

    async def _print(self, page: Page, subject: str) -> None:
        self.visit.renditions.append(await renditions.pdf(page, subject, self._directory))

    async def _dismiss(self, dialog: Dialog) -> None:
        self.visit.dialogs.append({"type": dialog.type, "message": dialog.message[:1000]})
        try:
            await dialog.dismiss()
        except PlaywrightError:
            pass  # the page went away with its dialog

    def _warn(self, code: str, message: str) -> None:
        self.visit.warnings.append(CaptureWarning(code, message))

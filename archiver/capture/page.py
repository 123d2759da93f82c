"""The ordered steps of one visit: open, load, settle, behaviours, settle, freeze.

Each step has its own time budget. A step that fails is noted and the later ones still run.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, CDPSession, Dialog, Page, Response
from playwright.async_api import Error as PlaywrightError

from archiver.capture import regions, renditions
from archiver.capture.downloads import Downloads, is_download, saving_media
from archiver.capture.exchanges import OpenExchange
from archiver.capture.frames import Frame, Frames, clean, evaluate
from archiver.capture.freeze import freeze
from archiver.capture.settle import Settler
from archiver.clock import Steady
from archiver.config import CaptureSettings
from archiver.model import CaptureWarning, Rendition, Step
from archiver.regions.lists import Filters

_BUDGETS_S = {
    "open": 30.0,
    "load": 30.0,
    "behaviours": 30.0,
    "freeze": 15.0,
    "frames": 20.0,
    "regions": 20.0,
    "pictures": 60.0,
    "pdf": 30.0,
}
_AT_THE_END = frozenset({"download", "freeze", "frames", "regions", "pictures", "pdf"})
_RENDITIONS_S = 30.0  # of the whole capture's time, kept for what is made of the frozen page
_LEAST_S = 0.5
_SAY_SO_S = 1.0
CUT_SHORT = "cut short: no more is kept"  # a step, because of a limit that has a warning of its own
_SCROLL_S = 20.0
_CANDIDATES_S = 5.0
_MAX_DIALOGS = 100
_MAX_POPUPS = 10

# Scrolls to the end and back, stopping when a page keeps growing.
_SCROLL = """async () => {
  const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const end = Date.now() + 12000;
  for (let y = 0; Date.now() < end; y += innerHeight * 0.8) {
    scrollTo({ top: y, behavior: 'instant' });
    await wait(80);
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
    frozen_ms: int | None = None  # from when on what is still loading is stopped by us
    gone: str | None = None  # why the page was there no more before all steps were done
    opened_document: str = ""  # the browser's name for the document that was opened
    frozen_document: str = ""  # and for the one that was frozen
    steps: list[Step] = field(default_factory=list)
    warnings: list[CaptureWarning] = field(default_factory=list)
    frames: list[dict[str, Any]] = field(default_factory=list)
    renditions: list[Rendition] = field(default_factory=list)
    dialogs: list[dict[str, Any]] = field(default_factory=list)
    regions: regions.Taken | None = None

    @property
    def navigated_away(self) -> bool:
        """Whether another document than the one that was opened was frozen."""
        return bool(self.frozen_document) and self.frozen_document != self.opened_document

    @property
    def failed_steps(self) -> list[Step]:
        return [step for step in self.steps if step.error]


class _PageGoneError(Exception):
    """The page crashed, closed itself, or its browser died: no step can bring anything any more."""


class Visitor:
    """Runs the steps on one browser context; `on_step(name)` is told of each as it begins."""

    def __init__(
        self,
        context: BrowserContext,
        settler: Settler,
        directory: Path,
        settings: CaptureSettings,
        pixel_ratio: float,
        clock: Steady,
        filters: Filters,
        on_step: Callable[[str], None],
    ) -> None:
        self._context = context
        self._filters = filters
        self._clock = clock
        self._settler = settler
        self._directory = directory
        self._settings = settings
        self._pixel_ratio = pixel_ratio
        self._downloads = Downloads(context)
        self._freeze_at = time.monotonic() + max(settings.timeout_s * 0.6, settings.timeout_s - _RENDITIONS_S)
        self._on_step = on_step
        self._frames = Frames(context)
        self._frozen: list[CDPSession] = []
        self._step_name = "open"
        self._over = False
        self._popups = 0
        self._dialogs = 0
        self._gone = asyncio.Event()
        self._disconnected = asyncio.Event()
        self._hurried = asyncio.Event()
        self.visit = Visit()

    async def run(self, url: str) -> None:
        """All steps, in order. What they bring is in `visit`, also when this is cancelled half-way."""
        try:
            await self._run(url)
        except _PageGoneError:
            # A dying browser closes its pages first, and is said to be disconnected only then.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._disconnected.wait(), _SAY_SO_S)
        finally:
            self._over = True
            self._count_excess()

    def hurry(self) -> None:
        """Go on to the renditions with what has come: nothing more will be kept."""
        self._freeze_at = min(self._freeze_at, time.monotonic())
        self._hurried.set()

    async def _run(self, url: str) -> None:
        visit = self.visit
        page, session = await self._open_page()
        async with saving_media(session, self._note_document):
            await self._step("open", self._open(page, url))
        unseen = visit.open_error is not None and not _shows_something(page)
        if unseen or self._is_unwanted(visit.response):
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
        await self._step("regions", self._take_regions())
        # The address without its fragment names the renditions, as other tools expect.
        subject = (visit.final_url or url).partition("#")[0]
        await self._step("pictures", self._picture(page, subject))
        await self._step("pdf", self._print(page, subject))
        await self._settle("settle at last")  # what printing asked for
        if self._downloads.cancelled:
            self._warn("downloads_limited", f"{self._downloads.cancelled} further downloads of the page were cancelled")

    async def _open_page(self) -> tuple[Page, CDPSession]:
        self._context.on("dialog", self._dismiss)
        page = self.visit.page = await self._context.new_page()
        self._context.on("page", self._take_popup)
        page.on("crash", lambda _: self._leave("page_crashed", "the page's process crashed"))
        page.on("close", lambda _: self._leave("page_closed", "the page was closed"))
        browser = self._context.browser
        assert browser is not None
        browser.on("disconnected", lambda _: self._leave("browser_died", "the browser died"))
        return page, await self._frames.attach(page)

    def _leave(self, code: str, what: str) -> None:
        if self._over:
            return  # we are closing it ourselves
        if code == "browser_died":
            self._disconnected.set()
            self.visit.warnings = [w for w in self.visit.warnings if w.code not in ("page_closed", "page_crashed")]
        elif self._gone.is_set():
            return
        self.visit.gone = what
        self._warn(code, f"{what} during the step '{self._step_name}'; what had come until then is stored")
        self._gone.set()

    async def _take_popup(self, page: Page) -> None:
        """Popups are pages of the same capture, up to a number that no honest page needs."""
        self._popups += 1
        try:
            if self._popups > _MAX_POPUPS:
                await page.close()
            else:
                await self._frames.attach(page)
        except PlaywrightError:
            pass  # it closed itself

    def _count_excess(self) -> None:
        if self._popups > _MAX_POPUPS:
            self._warn("popups_limited", f"{self._popups} windows were opened; {_MAX_POPUPS} were let stand")
        if self._dialogs > _MAX_DIALOGS:
            self._warn("dialogs_limited", f"{self._dialogs} dialogs were shown; the first {_MAX_DIALOGS} are listed")

    async def _step(self, name: str, work: Coroutine[Any, Any, object]) -> None:
        self._begin(name)
        began = time.monotonic()
        budget_s = self._budget_s(name, _BUDGETS_S.get(name, self._settings.timeout_s))
        error = await self._within(work, budget_s, may_hurry=name not in _AT_THE_END)
        if error and name == "open":
            self.visit.open_error = error
        self._end(name, began, error)

    def _end(self, name: str, began: float, error: str | None) -> None:
        self.visit.steps.append(Step(name, round(time.monotonic() - began, 3), error))
        if self._gone.is_set():
            raise _PageGoneError

    def _begin(self, name: str) -> None:
        self._step_name = name
        self._on_step(name)

    async def _within(self, work: Coroutine[Any, Any, object], budget_s: float, *, may_hurry: bool) -> str | None:
        """Do the work until it is done, its time is up, or waiting is futile; why it failed, if it did."""
        task = asyncio.create_task(work)
        events = [self._gone, self._hurried] if may_hurry else [self._gone]
        others = [asyncio.create_task(event.wait()) for event in events]
        try:
            await asyncio.wait((task, *others), timeout=budget_s, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                await task
                return None
            if self.visit.gone:
                return self.visit.gone
            return (
                "cut short: no more is kept" if any(o.done() for o in others) else f"took longer than {budget_s:.0f} s"
            )
        except PlaywrightError as problem:
            return self.visit.gone or problem.message.strip().splitlines()[0]
        except TimeoutError:
            return "a frame gave no answer in time"
        finally:
            for one in (task, *others):
                one.cancel()
            # What is to be undone may be asked of a page that answers nothing any more.
            await asyncio.wait((task, *others), timeout=_SAY_SO_S)

    def _budget_s(self, name: str, usual_s: float) -> float:
        """Seconds for a step: before the page is frozen, never so many that none would be left for renditions."""
        if name in _AT_THE_END:
            return usual_s
        return min(usual_s, max(self._freeze_at - time.monotonic(), _LEAST_S))

    async def _open(self, page: Page, url: str) -> None:
        try:
            self.visit.response = await page.goto(url, wait_until="commit", timeout=0)
        except PlaywrightError as error:
            if not is_download(error):
                raise
            self.visit.downloaded = True

    def _note_document(self, document: str) -> None:
        self.visit.opened_document = self.visit.opened_document or document

    def _is_unwanted(self, response: Response | None) -> bool:
        return response is not None and is_unwanted(
            self._settings, response.status, comes_back=bool(response.headers.get("retry-after"))
        )

    async def _download(self) -> None:
        failure = await self._downloads.first()
        if failure:
            raise PlaywrightError(failure)
        self._warn("downloaded", "the browser saves this and does not show it: there are no pictures and no text of it")

    async def _settle(self, name: str) -> None:
        self._begin(name)
        began = time.monotonic()
        budget_s = self._budget_s(name, self._settings.settle_s)
        waiting: Sequence[OpenExchange] = ()

        async def settle() -> None:
            nonlocal waiting
            waiting = await self._settler.settle(budget_s)

        error = await self._within(settle(), budget_s + _SAY_SO_S, may_hurry=True)
        if waiting:
            error = f"not quiet within {budget_s:.0f} s: {len(waiting)} still loading, first {waiting[0].url[:200]}"
        self._end(name, began, error)

    async def _behave(self, page: Page) -> None:
        await evaluate(await self._top(), _SCROLL, _SCROLL_S)
        frames = await self._frames.list()
        await asyncio.gather(*(self._ask_candidates(frame) for frame in frames))
        # Print style sheets load their pictures only when the page is laid out for print.
        await page.emulate_media(media="print")
        await asyncio.sleep(0.3)
        await page.emulate_media(media="null")  # back to what the page had

    async def _ask_candidates(self, frame: Frame) -> None:
        try:
            await evaluate(frame, _CANDIDATES, _CANDIDATES_S)
        except (PlaywrightError, TimeoutError) as error:
            reason = str(error).splitlines()[0] if str(error) else "no answer"
            self._warn("frame_silent", f"picture candidates of the frame {frame.url[:200]} not asked for: {reason}")

    async def _freeze(self) -> None:
        self.visit.frozen_ms = self._clock.now_ms()
        self._frozen, silent = await freeze(self._frames)
        for url in silent:
            self._warn("frame_not_frozen", f"the frame {url[:200]} did not answer and may have gone on changing")

    async def _top(self) -> Frame:
        """The captured page's main frame. Raises `TimeoutError` when it gives no answer."""
        frames = await self._frames.list()
        if not frames:
            raise TimeoutError
        return frames[0]

    async def _read_frames(self, page: Page) -> None:
        visit = self.visit
        visit.frozen_document = await self._frames.document()
        visit.final_url = clean(page.url)
        visit.frames = await renditions.read_frames(await self._frames.list())
        visit.title = visit.frames[0].get("title", "") if visit.frames else ""
        for frame in visit.frames:
            if "error" in frame:
                self._warn("frame_unread", f"the frame {frame['url'][:200]} could not be read: {frame['error']}")
        subject = visit.final_url.partition("#")[0]
        visit.renditions += renditions.frame_renditions(subject, visit.frames, self._directory)

    async def _take_regions(self) -> None:
        self.visit.regions = await regions.take(await self._frames.list(), self._filters)

    async def _picture(self, page: Page, subject: str) -> None:
        top = await self._top()
        await page.bring_to_front()
        self.visit.renditions.append(await renditions.viewport_screenshot(page, top, subject, self._directory))
        tiles = renditions.full_screenshots(page, top, subject, self._directory, self._pixel_ratio)
        async with contextlib.aclosing(tiles):
            async for tile in tiles:
                self.visit.renditions.append(tile)

    async def _print(self, page: Page, subject: str) -> None:
        self.visit.renditions.append(await renditions.pdf(page, subject, self._directory))

    async def _dismiss(self, dialog: Dialog) -> None:
        self._dialogs += 1
        if self._dialogs <= _MAX_DIALOGS:
            self.visit.dialogs.append({"type": dialog.type, "message": clean(dialog.message[:1000])})
        try:
            await dialog.dismiss()
        except PlaywrightError:
            pass  # the page went away with its dialog

    def _warn(self, code: str, message: str) -> None:
        self.visit.warnings.append(CaptureWarning(code, message))


def _shows_something(page: Page) -> bool:
    """Whether a document stands in the page though opening it did not end well, as when it went on elsewhere."""
    return page.url.startswith(("http://", "https://"))


def is_unwanted(settings: CaptureSettings, status: int, *, comes_back: bool) -> bool:
    """Whether nothing is to be stored of a page with that status; `comes_back` is whether it has a Retry-After."""
    if settings.fail_on_rate_limit and (status == 429 or (status == 503 and comes_back)):
        return True
    return settings.fail_on_http_error and status >= 400

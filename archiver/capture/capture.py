"""One capture: a relay, a recorder and a browser around one visit, and the Recording that comes of it."""

from __future__ import annotations

import asyncio
import hashlib
import re
import resource
import secrets
import ssl
import sys
import time
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Playwright, async_playwright
from playwright.async_api import Error as PlaywrightError

from archiver import clock, interrupts
from archiver.capture import browser as browsers
from archiver.capture import processes, regions
from archiver.capture.browser import first_line
from archiver.capture.exchanges import OpenExchange
from archiver.capture.http1 import field_values
from archiver.capture.isolation import Isolation, isolated
from archiver.capture.memory import MemoryCap
from archiver.capture.netlog import NetLog
from archiver.capture.page import CUT_SHORT, Visit, Visitor, is_unwanted
from archiver.capture.profile import name_of, profile_of
from archiver.capture.recorder import Recorder
from archiver.capture.relay import Relay, parse_override
from archiver.capture.settle import Settler
from archiver.capture.spool import Room
from archiver.capture.storage_state import give_state, load_storage_state
from archiver.capture.upstream import check_proxy
from archiver.clock import Steady
from archiver.config import CaptureSettings
from archiver.errors import ArchiverError, BrowserError, HttpStatusError, RefusedError, UnreachableError
from archiver.model import (
    BrowserFacts,
    CaptureWarning,
    Certificate,
    Connection,
    Exchange,
    Outcome,
    Recording,
    Result,
)
from archiver.moments import parse_retry_after
from archiver.regions import lists
from archiver.urls import parse_capturable

# No replay tool decodes zstd, so it is not offered; the offer is in the statement.
ACCEPT_ENCODING = "gzip, deflate, br"
_READY_TIMEOUT_S = 20.0
_TICK_S = 0.2
_SWITCH_S = 0.0005
_FILES, _LEAST_FILES = 1024, 256
_SAY_SO_S = 2.0  # how long the driver has to tell that its browser died, and how
_BROWSER_DIED = "the browser died"
_CLOCK_TOLERANCE_S = 1.0
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True)
class Progress:
    """Where a capture stands."""

    step: str
    exchanges: int
    size_bytes: int
    elapsed_s: float


OnProgress = Callable[[Progress], None]


def record(url: str, settings: CaptureSettings, directory: Path, on_progress: OnProgress) -> Recording:
    """Visit a URL and record everything the browser received; bodies lie in `directory` afterwards.

    Raises `UsageError` for a URL, rule, profile or storage state that cannot be used, `BrowserError` when there is no
    fit browser, `RefusedError` and `UnreachableError` when the main document was refused by the guard, gave no answer,
    or, where that is asked for, an HTTP error; `ArchiverError` when this process may open too few files for a browser.
    """
    parse_capturable(url)
    check(settings)
    _have_file_descriptors()
    overrides = [parse_override(rule) for rule in settings.resolve]
    relay = Relay(overrides, allow_private=settings.allow_private, proxy=settings.proxy)
    return _run(_Capture(url, settings, directory, relay, on_progress).run)


def _have_file_descriptors() -> None:
    """Take as many as we may have, up to what a page with many connections needs."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < _FILES:
        soft = min(_FILES, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft < _LEAST_FILES:
        raise ArchiverError(f"this process may open {soft} files only, and a browser needs more: use 'ulimit -n 1024'")


def _run(work: Callable[[], Coroutine[Any, Any, Recording]]) -> Recording:
    """Run to the end. An interrupt cancels the work, once, and is raised when all of it has been cleaned up."""
    stops: list[Callable[[], object]] = []
    stopped = False

    def stop() -> None:
        nonlocal stopped
        stopped = True
        for cancel in stops:
            cancel()

    async def cancellable() -> Recording:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        stops.append(lambda: loop.call_soon_threadsafe(task.cancel))
        if stopped:
            raise asyncio.CancelledError
        try:
            return await work()
        finally:
            stops.clear()

    usual_s = sys.getswitchinterval()
    # The thread that reads the log has much to do, and would let the relay wait 5 ms for each of its turns.
    sys.setswitchinterval(_SWITCH_S)
    try:
        with interrupts.handed_to(stop):
            return asyncio.run(cancellable())
    finally:
        sys.setswitchinterval(usual_s)


def check(settings: CaptureSettings) -> None:
    """Read what the settings name, before anything is captured. Raises `UsageError` as `record` does."""
    for rule in settings.resolve:
        parse_override(rule)
    check_proxy(settings.proxy, allow_private=settings.allow_private)
    profile_of(settings)
    if settings.storage_state is not None:
        load_storage_state(settings.storage_state)
    lists.load(settings.filter_lists)


def locate_browser(settings: CaptureSettings) -> browsers.FoundBrowser:
    """The browser that a capture would use. Raises as `record` does."""

    async def ask() -> browsers.FoundBrowser:
        async with async_playwright() as playwright:
            return browsers.find_browser(settings.browser, playwright.chromium.executable_path)

    return asyncio.run(ask())


class _Capture:
    def __init__(
        self, url: str, settings: CaptureSettings, directory: Path, relay: Relay, on_progress: OnProgress
    ) -> None:
        self._url = url
        self._settings = settings
        self._directory = directory
        self._relay = relay
        self._profile = profile_of(settings)
        self._state = load_storage_state(settings.storage_state) if settings.storage_state else None
        self._filters = lists.load(settings.filter_lists)
        self._on_progress = on_progress
        self._clock = Steady()
        self._room = Room(settings.max_body_bytes, settings.max_total_bytes)
        self._recorder = Recorder(directory, self._room)
        self._netlog_path = directory / f"netlog-{secrets.token_hex(4)}"
        self._netlog = NetLog(
            self._netlog_path,
            self._recorder.handlers,
            self._recorder.wants_bytes,
            self._recorder.required,
            self._recorder.lose,
        )
        self._memory = MemoryCap(directory, settings.memory_bytes)
        self._visitor: Visitor | None = None
        self._died = ""  # why the visit ended, where no page could say it
        self._died_in = ""  # the step at which that was
        self._step = "start"
        self._closing_ms = sys.maxsize
        self._began = time.monotonic()

    async def run(self) -> Recording:
        started_at = self._clock.now()
        asyncio.get_running_loop().set_exception_handler(_note_unawaited)
        processes.adopt_orphans()
        home = self._directory / "home"
        home.mkdir(mode=0o700)
        if self._settings.trust_ca is not None:
            browsers.trust_authority(self._settings.trust_ca, home)
        self._netlog.start()
        watchers = [asyncio.create_task(self._tick()), asyncio.create_task(self._memory.watch())]
        try:
            async with self._relay, browsers.driver(self._directory) as playwright:
                found = browsers.find_browser(self._settings.browser, playwright.chromium.executable_path)
                with isolated(found.path, self._directory) as wanted:
                    isolation, timed_out = await self._browse(playwright, found, wanted)
        finally:
            for watcher in watchers:
                watcher.cancel()
            await asyncio.to_thread(self._netlog.finish)
        # When the disk is full there is no room for a WARC of what had come either.
        if self._netlog.error is not None:
            raise self._netlog.error
        return self._gather(found, isolation, started_at, timed_out)

    async def _tick(self) -> None:
        while True:
            self._report()
            if self._visitor is not None:
                if self._is_futile():
                    self._visitor.hurry()
                if self._visitor.visit.frozen_ms is not None:
                    # A socket or event stream that floods the browser would leave no time for pictures.
                    self._relay.cut(self._recorder.streaming_ports())
            await asyncio.sleep(_TICK_S)

    def _is_futile(self) -> bool:
        """Whether nothing more of the page would be kept."""
        main_is_cut = any(e.limit for e in tuple(self._recorder.exchanges) if e.request_type == "main frame")
        return self._room.spent or self._netlog.restarted or main_is_cut

    def _report(self) -> None:
        exchanges = [e for e in tuple(self._recorder.exchanges) if not self._recorder.is_own(e)]
        size = sum(e.response_spool.size_bytes for e in exchanges if e.response_spool)
        elapsed = time.monotonic() - self._began
        self._on_progress(Progress(self._step, len(exchanges), size, elapsed))

    def _begin_step(self, name: str) -> None:
        self._step = name
        self._report()

    async def _browse(
        self, playwright: Playwright, found: browsers.FoundBrowser, wanted: Isolation
    ) -> tuple[Isolation, bool]:
        """Visit the page; the isolation there really was, and whether the time ran out."""
        timed_out = False
        async with browsers.launched(
            playwright,
            found,
            wanted,
            directory=self._directory,
            netlog=self._netlog_path,
            relay_port=self._relay.port,
            memory_bytes=self._settings.memory_bytes,
            profile=self._profile,
            check_certificates=not self._settings.accept_bad_certificates,
        ) as (browser, isolation):
            if not await asyncio.to_thread(self._netlog.ready.wait, _READY_TIMEOUT_S):
                raise BrowserError(f"{found.path} writes no network log; use another browser, see 'archiver doctor'")
            if self._netlog.error is not None:
                raise self._netlog.error
            try:
                async with asyncio.timeout(self._settings.timeout_s):
                    await self._visit(browser, found)
            except TimeoutError:
                timed_out = True
            except PlaywrightError as error:
                gone = "has been closed" in error.message or not processes.is_browser_alive(self._directory)
                self._died = _BROWSER_DIED if gone else first_line(error)
            if not self._died and await self._is_gone():
                self._died = _BROWSER_DIED
            self._died_in = self._step
            self._closing_ms = self._clock.now_ms()
            self._begin_step("close")
        return isolation, timed_out

    async def _visit(self, browser: Browser, found: browsers.FoundBrowser) -> None:
        """All steps of the visit; given up when the browser is gone unsaid, or nothing is kept."""
        steps = asyncio.create_task(self._take_steps(browser, found))
        gone = asyncio.create_task(self._until_gone())
        try:
            await asyncio.wait((steps, gone), return_when=asyncio.FIRST_COMPLETED)
            if steps.done():
                await steps
            elif self._netlog.error is None:
                self._died = _BROWSER_DIED
        finally:
            for task in (steps, gone):
                task.cancel()
            await asyncio.gather(steps, gone, return_exceptions=True)

    async def _is_gone(self) -> bool:
        """Whether the browser died; where a step ran into something closed, it may be about to."""
        errors = [step.error or "" for step in self._visitor.visit.steps] if self._visitor else []
        for _ in range(10 if any("has been closed" in error for error in errors) else 1):
            if not processes.is_browser_alive(self._directory):
                return True
            await asyncio.sleep(_TICK_S / 2)
        return False

    async def _take_steps(self, browser: Browser, found: browsers.FoundBrowser) -> None:
        self._visitor = await self._new_visitor(browser, found)
        await self._visitor.run(self._url)

    async def _until_gone(self) -> None:
        while self._netlog.error is None:  # nothing more would be kept
            await asyncio.sleep(_TICK_S)
            if not processes.is_browser_alive(self._directory):
                await asyncio.sleep(_SAY_SO_S)
                return

    async def _new_visitor(self, browser: Browser, found: browsers.FoundBrowser) -> Visitor:
        context = await browser.new_context(
            **self._profile.context_options(found.major),
            extra_http_headers={"Accept-Encoding": ACCEPT_ENCODING},
            ignore_https_errors=False,
        )
        if self._state is not None:
            await give_state(context, self._state)
        settler = Settler(self._recorder, await browser.new_context(), self._clock)
        ratio = self._profile.device_pixel_ratio
        return Visitor(
            context, settler, self._directory, self._settings, ratio, self._clock, self._filters, self._begin_step
        )

    # what came of it

    def _gather(
        self, found: browsers.FoundBrowser, isolation: Isolation, started_at: datetime, timed_out: bool
    ) -> Recording:
        visit = self._visitor.visit if self._visitor else Visit()
        connections, certificates, by_socket = self._connections()
        answered: dict[str, int] = {}  # URL -> the last exchange so far that brought an answer from the network
        own: list[Exchange] = []
        asked: list[Exchange] = []
        for opened in self._recorder.exchanges:
            finished = self._finish(opened, visit, by_socket, answered.get(opened.url))
            (own if self._recorder.is_own(opened) else asked).append(finished)
            if opened.response_head:
                answered[opened.url] = opened.number
        exchanges = tuple(asked)
        main = _main_exchange(exchanges)
        self._check_reached(visit, main, exchanges)
        self._add_regions(visit, exchanges)
        warnings = self._warnings(visit, main, connections, isolation, timed_out)
        return Recording(
            url=self._url,
            final_url=visit.final_url or (main.url if main else None),
            page_id=str(uuid.uuid4()),
            title=visit.title,
            started_at=started_at,
            ended_at=self._clock.now(),
            outcome=Outcome.PARTIAL if any(w.makes_partial for w in warnings) else Outcome.COMPLETE,
            warnings=tuple(warnings),
            steps=tuple(visit.steps),
            exchanges=exchanges,
            own_traffic=tuple(own),
            connections=connections,
            certificates=certificates,
            renditions=tuple(visit.renditions),
            browser=self._facts(found, isolation),
            main=main,
            resolution_altered=bool(self._settings.resolve),
            frames=tuple({k: v for k, v in f.items() if k not in ("html", "text")} for f in visit.frames),
            dialogs=tuple(visit.dialogs),
        )

    def _add_regions(self, visit: Visit, exchanges: tuple[Exchange, ...]) -> None:
        """The inventory of regions among the renditions: which exchanges there are is known only now."""
        if visit.regions is None:
            return
        subject = (visit.final_url or self._url).partition("#")[0]
        ratio = self._profile.device_pixel_ratio
        made, found = regions.rendition(
            visit.regions, subject, exchanges, visit.renditions, ratio, self._directory, self._filters
        )
        visit.renditions.append(made)
        cut = [frame for frame in found.frames if frame.partial]
        if cut:
            text = f"the inventory of regions lacks something of {len(cut)} frames, first {cut[0].url[:200]}"
            visit.warnings.append(CaptureWarning("regions_partial", f"{text}: {cut[0].partial}"))

    def _warnings(
        self,
        visit: Visit,
        main: Exchange | None,
        connections: tuple[Connection, ...],
        isolation: Isolation,
        timed_out: bool,
    ) -> list[CaptureWarning]:
        """Everything a reader of the snapshot must know, the page's own troubles first."""
        found = [(w.code, w.message) for w in visit.warnings]
        failed = [step for step in visit.failed_steps if step.error != CUT_SHORT]
        found += [("step_failed", f"{step.name}: {step.error}") for step in failed]
        if self._memory.ended:
            limit = f"the browser held more than {self._settings.memory_bytes} bytes of memory"
            found.append(("memory_limit", f"{limit}; {self._memory.ended} of its processes were ended"))
        if self._netlog.unreadable:
            text = f"{self._netlog.unreadable} events of the network log were not understood, first "
            found.append(("log_unreadable", text + self._netlog.examples[0]))
        if self._netlog.restarted:
            text = "the browser's network process died; what the page was sent after that is not recorded"
            found.append(("network_died", text))
        if self._died and not visit.gone:
            text = f"{self._died} during the step '{self._died_in}'; what had come until then is stored"
            found.append(("browser_died", text))
        if timed_out:
            found.append(("timeout", f"ended after {self._settings.timeout_s:g} s; what had come is stored"))
        cut = [e.limit for e in self._recorder.exchanges if e.limit]
        if cut:
            found.append(("size_limit", f"{len(cut)} bodies were cut: {cut[0]}"))
        if main and main.result is not Result.RECORDED and not cut:
            found.append(("main_cut", f"the main document is not whole: {main.reason or main.result}"))
        if main and main.status and main.status >= 400:
            found.append(("http_error", f"the page answered with status {main.status}"))
        if visit.navigated_away and main:
            text = (
                f"the page went on by itself from {main.url[:200]} to another document, of {visit.final_url or '':.200}"
            )
            found.append(("navigated_away", text))
        if self._state is not None:
            text = "made with a saved session: the WARC holds its cookies, whoever has it may be able to use them"
            found.append(("credentialed", text))
        connection = next((c for c in connections if main and c.number == main.connection), None)
        if connection and connection.certificate_verified is False:
            text = f"the page's certificate is not valid ({connection.certificate_error}): anyone may have answered"
            found.append(("bad_certificate", text))
        if isolation.lacking:
            found.append(("no_sandbox", isolation.lacking))
        changed_s = self._clock.changed_s()
        if abs(changed_s) > _CLOCK_TOLERANCE_S:
            text = f"this machine's clock was set by {changed_s:+.0f} s during the capture; times go on from its start"
            found.append(("clock_changed", text))
        lost = sorted(e.url for e in self._recorder.exchanges if e.unreconciled)
        if lost:
            text = f"{len(lost)} answers the browser logged were not found, first {lost[0][:200]}"
            found.append(("not_reconciled", text))
        return [CaptureWarning(code, message) for code, message in found]

    def _facts(self, found: browsers.FoundBrowser, isolation: Isolation) -> BrowserFacts:
        return BrowserFacts(
            product=found.product,
            version=found.version,
            path=str(found.path),
            sha256=browsers.executable_sha256(found.path),
            user_agent=self._profile.agent(found.major),
            command_line=self._netlog.command_line,
            sandboxed=isolation.sandboxed,
            own_user=isolation.uid is not None,
            profile=name_of(self._settings.profile),
            viewport=self._profile.viewport,
            device_pixel_ratio=self._profile.device_pixel_ratio,
            is_mobile=self._profile.is_mobile,
            has_touch=self._profile.has_touch,
            locale=self._profile.locale,
            timezone=self._profile.timezone,
            accept_encoding=ACCEPT_ENCODING,
        )

    def _check_wanted(self, status: int, head: bytes) -> None:
        """Raises `HttpStatusError` for a status of which nothing is to be stored."""
        values = field_values(head, b"retry-after")
        if not is_unwanted(self._settings, status, comes_back=bool(values)):
            return
        after_s = parse_retry_after(values[0].decode("latin-1"), clock.now()) if values else None
        wait = "" if after_s is None else f", and asks to come back after {after_s:.0f} s"
        raise HttpStatusError(
            f"{self._url}: the page answered with status {status}{wait}; nothing was stored", status, after_s
        )

    def _check_reached(self, visit: Visit, main: Exchange | None, exchanges: tuple[Exchange, ...]) -> None:
        """A main document without an answer, or with one that is not wanted, is a failed capture: say why."""
        if main is not None and main.response_head:
            self._check_wanted(main.status or 0, main.response_head)
            if not (main.status in _REDIRECTS and visit.open_error):
                return
        refused = next((x for x in exchanges if x.result is Result.REFUSED and x.request_type == "main frame"), None)
        if refused is not None:
            raise RefusedError(
                f"{refused.url}: {refused.reason}; the guard keeps captures to public addresses, "
                "--allow-private lifts it for addresses of your own"
            )
        died = visit.gone or self._died or (self._netlog.restarted and "its network process died")
        if died:
            raise BrowserError(f"{self._url}: {died} before the page had answered; nothing was stored, try again")
        reason = self._relay.failure(*parse_host(main.url if main else self._url))
        named = re.search(r"ERR_\w+", visit.open_error or "")
        reason = (
            reason or (named and named.group()) or (main.reason if main else None) or visit.open_error or "no answer"
        )
        hint = ""
        if reason.startswith("ERR_CERT_"):
            hint = " (the certificate is not valid; --accept-bad-certificates captures the page all the same)"
        raise UnreachableError(f"{self._url}: {reason}; nothing was stored{hint}")

    def _finish(
        self, exchange: OpenExchange, visit: Visit, by_socket: dict[int, int], filled_by: int | None
    ) -> Exchange:
        # What ended while the browser was being closed was ended by us, not by the page or the site; so was what was
        # given up once the page was frozen.
        given_up = exchange.cancelled or exchange.net_error
        ours_from_ms = visit.frozen_ms if given_up and visit.frozen_ms else self._closing_ms
        exchange.closed = exchange.ended_ms is None or exchange.ended_ms >= ours_from_ms
        name = self._netlog.net_errors.get(exchange.net_error) if exchange.net_error else None
        parts = parse_host(exchange.url)
        refusal = None
        if not exchange.on_wire and not exchange.from_cache:
            refusal = self._relay.refusal(*parts)
        finished = exchange.finish(name, refusal, filled_by)
        connection = by_socket.get(exchange.socket) if exchange.socket is not None else None
        return replace(finished, connection=connection)

    def _connections(self) -> tuple[tuple[Connection, ...], tuple[Certificate, ...], dict[int, int]]:
        """The relay's connections with what the browser negotiated over them, and socket -> connection number."""
        by_socket: dict[int, int] = {}
        table: dict[str, Certificate] = {}
        merged = []
        for connection in self._relay.connections:
            found = self._recorder.take_socket(connection.client_port)
            if found is None:
                merged.append(connection)
                continue
            number, socket = found
            by_socket[number] = connection.number
            chain = []
            for pem in socket.pem_chain:
                digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()
                table.setdefault(digest, Certificate(pem, digest))
                chain.append(digest)
            tls = socket.tls
            error = self._recorder.verdict(connection.host, socket.pem_chain)
            merged.append(
                replace(
                    connection,
                    alpn=tls.alpn if tls else None,
                    tls_version=tls.version if tls else None,
                    tls_cipher=tls.cipher if tls else None,
                    certificates=tuple(chain),
                    certificate_verified=None if error is None else error == 0,
                    certificate_error=self._netlog.net_errors.get(error) if error else None,
                )
            )
        return tuple(merged), tuple(table.values()), by_socket


def _note_unawaited(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Keep the driver's futures quiet: when it dies, whoever waits for something is told, and so would stderr be."""
    error = context.get("exception")
    if not isinstance(error, PlaywrightError | asyncio.CancelledError) and "Connection closed" not in str(error):
        loop.default_exception_handler(context)


def parse_host(url: str) -> tuple[str, int]:
    """Host and port a URL is reached at, as the relay is asked for them."""
    scheme, _, rest = url.partition("://")
    authority = rest.partition("/")[0].partition("?")[0].rpartition("@")[2]
    default = 443 if scheme in ("https", "wss") else 80
    if authority.startswith("["):
        host, _, port = authority[1:].partition("]")
        port = port.lstrip(":")
    else:
        host, _, port = authority.partition(":")
    return host.lower().rstrip("."), int(port) if re.fullmatch("[0-9]{1,5}", port) else default


def _main_exchange(exchanges: tuple[Exchange, ...]) -> Exchange | None:
    """The exchange of the main document: the last hop of the first navigation, the last try of each hop."""
    chain: list[Exchange] = []
    for exchange in exchanges:
        if (not chain and exchange.request_type == "main frame") or (
            chain and chain[-1].number in (exchange.redirect_of, exchange.retry_of)
        ):
            chain.append(exchange)
    return chain[-1] if chain else None

"""The process that captures for a worker: one page at a time, and it ends itself when its worker falls silent.

So neither a worker that was killed, nor one that only stands still, leaves a browser behind that goes on visiting
while another worker makes the same visit again.
"""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import select
import signal
import threading
import time
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

from archiver import changes, tracing
from archiver.archive import Archive
from archiver.capture import workplace
from archiver.config import Settings
from archiver.errors import (
    AlteredError,
    ArchiverError,
    BrowserError,
    HttpStatusError,
    RefusedError,
    SigningError,
    StorageError,
    UnreachableError,
    UsageError,
)
from archiver.interrupts import stop_as_interrupted
from archiver.jobs.job import Ended, Options
from archiver.jobs.politeness import retry_s
from archiver.model import Outcome
from archiver.seal.statement import About, Job

_PR_SET_PDEATHSIG = 1
_STORE_AGAIN_S = 15.0
_END_S = 30.0
_STORING_S = 600.0
_TRACED = 10  # as many captures may belong to one
_OVERLOADED = frozenset({429, 500, 502, 503, 504})
#: how many captures a process makes before another takes its place: what little leaks in one goes with it
CAPTURES = 100


@dataclass(frozen=True)
class Task:
    """What a runner is asked to capture. With `last` no other attempt will follow: whatever the page says is stored."""

    url: str
    options: Options
    job: Job
    last: bool


@dataclass(frozen=True)
class _Beat:
    """The worker lives, and has its lease."""


def limit_s(settings: Settings, task: Task) -> float:
    """How long a capture may take before its process counts as stuck: its own time, and a slow store's."""
    own_s = task.options.timeout_s or settings.capture.timeout_s
    return (own_s + _STORING_S) * (_TRACED if task.options.trace or settings.capture.trace else 1)


def capture(settings: Settings, task: Task) -> Ended:
    """Capture for a job. Never raises but for interrupts."""
    options = task.options
    chosen = options.applied(settings.capture).model_copy(update={"fail_on_rate_limit": not task.last})
    about = About(options.tag, options.case, options.operator, options.reason, task.job)
    logged = False

    def on_progress(_: object) -> None:
        nonlocal logged
        logged = True  # the log has the intent, and will have a failure

    try:
        with Archive(settings.model_copy(update={"capture": chosen})) as archive:
            captured = archive.capture(task.url, on_progress, about)
            id_ = captured.snapshot.id
            change = _change(archive, id_)
            note = _trace(archive, id_) if chosen.trace else None
    except ArchiverError as error:
        return replace(_failed(error, settings.jobs.retry_s, task.job.attempt), logged=logged)
    except Exception as error:  # noqa: BLE001  # a fault of ours with one page must not cost the others
        said = f"{task.url}: {_said(error)}"
        return Ended(error=said, again_s=retry_s(settings.jobs.retry_s, task.job.attempt), logged=logged)
    main = captured.recording.main
    status = main.status if main is not None else None
    outcome = str(captured.recording.outcome)
    return Ended(
        snapshot=id_,
        outcome=outcome,
        change=change,
        note=note,
        strain=status in _OVERLOADED or (captured.recording.outcome is not Outcome.COMPLETE and status is None),
        logged=True,
    )


def _change(archive: Archive, id_: str) -> dict[str, Any]:
    """What changed since the capture before. Pages decide what is done here; the snapshot is stored, whatever comes."""
    try:
        return changes.document(changes.since_previous(archive, id_))
    except Exception as error:  # noqa: BLE001  # as above; and two hostile pages are no reason to capture again
        return {"kind": "unknown", "error": _said(error)}


def _trace(archive: Archive, id_: str) -> str | None:
    """Trace a snapshot; why that was not possible, if so. It can be traced again."""
    try:
        tracing.trace(archive, id_, capture_missing=True)
    except Exception as error:  # noqa: BLE001  # the snapshot is stored, whatever comes of it
        return f"it could not be traced: {_said(error)}"
    return None


def _said(error: Exception) -> str:
    return str(error) if isinstance(error, ArchiverError) else f"{type(error).__name__}: {error}"


def _failed(error: ArchiverError, base_s: float, attempt: int) -> Ended:
    """What an error says of the page, of its host, and of trying again."""
    said, again_s = str(error), retry_s(base_s, attempt)
    if isinstance(error, HttpStatusError):
        return Ended(error=said, again_s=again_s, pause_s=error.retry_after_s or 0.0, strain=not error.retry_after_s)
    if isinstance(error, RefusedError | UsageError | AlteredError):
        return Ended(error=said)  # it would be so the next time
    if isinstance(error, UnreachableError):
        return Ended(error=said, again_s=again_s, strain=True)
    if isinstance(error, BrowserError):
        return Ended(error=said, again_s=again_s)
    if isinstance(error, StorageError | SigningError):
        return Ended(error=said, again_s=_STORE_AGAIN_S, counts=False)
    return Ended(error=said, again_s=again_s)


class Runner:
    """A capturing process, from its worker's side. Made by a thread that lives as long as the worker does."""

    def __init__(self, settings: Settings, silence_s: float) -> None:
        context = multiprocessing.get_context("spawn")
        self._here, there = context.Pipe()
        self._process: SpawnProcess = context.Process(
            target=_work, args=(os.getpid(), settings, there, silence_s), name="archiver-runner"
        )
        before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
        try:
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        there.close()
        self._sending = threading.Lock()
        self.captures = 0

    @property
    def is_alive(self) -> bool:
        return self._process.is_alive()

    def beat(self) -> None:
        """Tell it that its worker lives."""
        self._send(_Beat())

    @property
    def has_ended_in_order(self) -> bool:
        """Whether it has ended because it was told to, or did not hear of its worker: no fault of the page's."""
        self._process.join(_END_S)
        return self._process.exitcode == 0

    def ask(self, task: Task) -> None:
        self.captures += 1
        self._send(task)

    def answer(self, timeout_s: float) -> Ended | None:
        """What came of the task, None when it is not done yet. Raises `EOFError` when the process has ended."""
        try:
            if not self._here.poll(timeout_s):
                return None
            ended: Ended = self._here.recv()
        except OSError:
            raise EOFError from None
        return ended

    def tell_to_stop(self) -> None:
        self._process.terminate()

    def stop(self) -> Ended | None:
        """End the process, with what it is capturing, if it does; its browser goes with it.

        What came of the task, should it have been done at that very moment.
        """
        self._process.terminate()
        self._process.join(_END_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join(_END_S)
            workplace.clear_abandoned()
        ended = None
        with contextlib.suppress(EOFError, OSError):
            ended = self.answer(0)
        with self._sending:
            self._here.close()
        return ended

    def _send(self, message: object) -> None:
        with self._sending, contextlib.suppress(OSError):  # that it has ended shows when it is to answer
            # One that stands still reads nothing, and must not have its worker wait.
            if not self._here.closed and select.select([], [self._here], [], 0)[1]:
                self._here.send(message)


def _work(parent: int, settings: Settings, connection: Connection, silence_s: float) -> None:
    stop_as_interrupted()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all of a terminal; the worker says who is to stop
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        return  # it was killed before that was set
    tasks: list[Task] = []
    arrived = threading.Condition()
    over = threading.Event()
    with contextlib.suppress(KeyboardInterrupt, OSError):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM, signal.SIGHUP))
        listening = (connection, tasks, arrived, silence_s, over)
        threading.Thread(target=_listen_and_end, args=listening, daemon=True).start()
        _load()
        while True:
            with arrived:
                while not tasks:
                    if over.is_set():
                        return
                    arrived.wait(1.0)
                task = tasks.pop()
            connection.send(capture(settings, task))


def _load() -> None:
    """Import what captures need and takes long to import, while nothing else is to be done."""
    from archiver import texts  # noqa: F401, PLC0415
    from archiver.capture import capture  # noqa: F401, PLC0415


def _listen_and_end(
    connection: Connection, tasks: list[Task], arrived: threading.Condition, silence_s: float, over: threading.Event
) -> None:
    """Listen, and when that is over end this process: in order, or, where that comes to no end, at once.

    An interrupt may be lost: one that comes while a module is imported can be raised where nobody hears of it.
    """
    _listen(connection, tasks, arrived, silence_s)
    over.set()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_END_S)
    os._exit(1)


def _listen(connection: Connection, tasks: list[Task], arrived: threading.Condition, silence_s: float) -> None:
    """Take tasks and beats, until neither comes for so long, or the worker is gone.

    The clock goes on while the machine sleeps, unlike the one that waiting is measured by. A word that comes too late
    changes nothing: worker and captures may have stood still together, and the job is another's by now.
    """
    heard = time.clock_gettime(time.CLOCK_BOOTTIME)
    with contextlib.suppress(EOFError, OSError):
        while time.clock_gettime(time.CLOCK_BOOTTIME) - heard < silence_s:
            if not connection.poll(0.5):
                continue
            message = connection.recv()
            now = time.clock_gettime(time.CLOCK_BOOTTIME)
            if now - heard >= silence_s:
                break
            heard = now
            if isinstance(message, Task):
                with arrived:
                    tasks.append(message)
                    arrived.notify()

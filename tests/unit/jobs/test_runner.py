"""The capturing process without a capture: what errors mean for a job, and when it ends for want of its worker."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

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
from archiver.jobs import runner
from archiver.jobs.job import Ended, Options
from archiver.jobs.runner import Runner, Task, limit_s
from archiver.seal.statement import Job
from tests.support import recorded

_TASK = Task("http://a.test/", Options(), Job("j", 1, None), last=False)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (HttpStatusError("busy", 429, 9.0), {"again_s": 60.0, "pause_s": 9.0, "strain": False}),
        (HttpStatusError("busy", 429, None), {"again_s": 60.0, "pause_s": 0.0, "strain": True}),
        (UnreachableError("gone"), {"again_s": 60.0, "strain": True}),
        (BrowserError("died"), {"again_s": 60.0, "strain": False}),
        (RefusedError("private"), {"again_s": None}),
        (UsageError("no URL"), {"again_s": None}),
        (AlteredError("forged"), {"again_s": None}),
        (StorageError("away"), {"again_s": 15.0, "counts": False}),
        (SigningError("no key"), {"again_s": 15.0, "counts": False}),
        (ArchiverError("something"), {"again_s": 60.0, "counts": True}),
    ],
)
def test_what_an_error_means_for_the_job_and_its_host(
    error: ArchiverError, expected: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("archiver.archive.Archive.capture", fail)
    ended = runner.capture(Settings(), _TASK)
    assert ended.error == str(error)
    assert {name: getattr(ended, name) for name in expected} == expected


def test_a_fault_of_ours_costs_one_job_an_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("archiver.archive.Archive.capture", fail)
    ended = runner.capture(Settings(), _TASK)
    assert ended.error == "http://a.test/: ZeroDivisionError: oops"
    assert ended.again_s == 60.0


def test_a_comparison_or_a_trace_that_fails_costs_no_capture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("archiver.capture.capture.record", recorded.record)
    monkeypatch.setattr("archiver.changes.since_previous", fail)
    monkeypatch.setattr("archiver.tracing.trace", fail)
    task = Task(_TASK.url, Options(trace=True), _TASK.job, last=False)
    ended = runner.capture(Settings(archive=str(tmp_path / "a")), task)
    assert ended.error is None
    assert ended.snapshot is not None
    assert ended.change == {"kind": "unknown", "error": "ZeroDivisionError: oops"}
    assert ended.note == "it could not be traced: ZeroDivisionError: oops"


def test_a_capture_may_take_its_own_time_and_a_slow_store_s() -> None:
    longer = Task(_TASK.url, Options(timeout_s=300.0), _TASK.job, last=False)
    assert limit_s(Settings(), longer) - limit_s(Settings(), _TASK) == 300.0 - 90.0
    assert limit_s(Settings(), Task(_TASK.url, Options(trace=True), _TASK.job, last=False)) > 3600


class Clock:
    """Stands still until it is moved, as a machine that sleeps does not; each look costs a moment."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self, _: int) -> float:
        self.now += 0.001
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(time, "clock_gettime", made)
    return made


@pytest.mark.parametrize("late", [False, True])
def test_a_word_that_comes_too_late_does_not_count(clock: Clock, late: bool) -> None:
    here, there = multiprocessing.Pipe()
    tasks: list[Task] = []
    here.send(_TASK)
    if not late:
        listening = threading.Thread(
            target=runner._listen, args=(there, tasks, threading.Condition(), 5.0), daemon=True
        )
        listening.start()
        for _ in range(200):
            if tasks:
                break
            time.sleep(0.01)
        assert tasks == [_TASK]
        here.close()  # the worker is gone
        listening.join(5)
        assert not listening.is_alive()
    else:
        received = there.recv

        def recv() -> object:
            clock.now += 6.0  # worker and runner stood still together, and the word was there when they came to
            return received()

        class Late:
            poll = staticmethod(there.poll)

        Late.recv = staticmethod(recv)  # type: ignore[attr-defined]
        here.close()
        runner._listen(Late(), tasks, threading.Condition(), 5.0)  # type: ignore[arg-type]
        assert tasks == []
    there.close()


def test_a_process_whose_interrupt_is_lost_ends_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = multiprocessing.Pipe()
    here.close()
    over, did = threading.Event(), list[object]()
    monkeypatch.setattr(os, "kill", lambda _, number: did.append((over.is_set(), number)))
    monkeypatch.setattr(time, "sleep", did.append)
    monkeypatch.setattr(os, "_exit", did.append)
    runner._listen_and_end(there, [], threading.Condition(), 5.0, over)
    there.close()
    assert did == [(True, signal.SIGTERM), 30.0, 1]


def test_a_runner_ends_in_order_when_it_hears_nothing_of_its_worker() -> None:
    made = Runner(Settings(), silence_s=1.0)
    with pytest.raises(EOFError):
        made.answer(60)
    assert made.has_ended_in_order
    assert not made.is_alive
    assert made.stop() is None


def test_a_runner_that_stands_still_keeps_nobody_waiting() -> None:
    made = Runner(Settings(), silence_s=60.0)
    pid = made._process.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        for _ in range(3000):
            made.beat()
        assert time.monotonic() - began < 20
    finally:
        os.kill(pid, signal.SIGKILL)
        assert made.stop() is None
    with pytest.raises(EOFError):
        made.answer(0)
    assert not made.has_ended_in_order


def test_what_was_done_when_it_was_told_to_stop_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Runner(Settings(archive="/proc/none"), silence_s=60.0)
    made.ask(_TASK)  # it cannot be stored there, which it finds at once
    for _ in range(600):
        if made._here.poll(0.1):
            break
    ended = made.stop()
    assert isinstance(ended, Ended)
    assert "/proc/none" in (ended.error or "")

"""Captures of one command: one after the other in this process, or several at a time in processes of their own."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any

from archiver import changes, clock, interrupts, tracing
from archiver.archive import Archive
from archiver.capture import workplace
from archiver.capture.capture import OnProgress
from archiver.changes import Change
from archiver.cli import render
from archiver.cli.exit_codes import ExitCode, code_of
from archiver.cli.text import printable, unexpected
from archiver.config import Settings
from archiver.errors import ArchiverError
from archiver.index.queries import Capture
from archiver.interrupts import stop_as_interrupted
from archiver.provenance import render as chains
from archiver.seal.statement import About

_PR_SET_PDEATHSIG = 1
_END_S = 30.0


@dataclass(frozen=True)
class Done:
    """What came of one URL: its exit code, the text for people, the object for programs."""

    code: ExitCode
    text: str
    json: dict[str, Any]


def capture_one(settings: Settings, url: str, archive_option: str, on_progress: OnProgress) -> Done:
    """Capture a URL; an error is a result, too."""
    given = settings.capture
    about = About(given.tag, given.case, given.operator, given.reason)
    try:
        with Archive(settings) as archive:
            recent = _recent(archive, url, given.if_older_than_s)
            if recent is not None:
                return _skipped(url, recent)
            captured = archive.capture(url, on_progress, about)
            change, unknown = _change(archive, captured.snapshot.id)
            told = None if change is None else changes.sentence(change)
            text = render.summary(captured, archive_option, told, unknown)
            document = render.snapshot_object(captured) | {
                "change": None if change is None else changes.document(change),
                "change_error": unknown,
            }
            if given.trace:
                trail, chain = _traced(archive, captured.snapshot.id)
                text, document = f"{text}\n{trail}", {**document, "chain": chain}
    except ArchiverError as error:
        return failed(url, str(error), code_of(error))
    except Exception as error:  # noqa: BLE001  # a fault of ours with one page must not cost the others
        return failed(url, f"{url}: {unexpected(error)}", ExitCode.ERROR)
    code = ExitCode.DONE if captured.recording.outcome == "complete" else ExitCode.PARTIAL
    return Done(code, text, document)


def _change(archive: Archive, id_: str) -> tuple[Change | None, str | None]:
    """What changed since the capture before, or why that is not known: no capture is lost for it."""
    try:
        return changes.since_previous(archive, id_), None
    except ArchiverError as error:
        return None, str(error)
    except Exception as error:  # noqa: BLE001  # two pages decide what is done here; the snapshot is stored already
        return None, unexpected(error)


def _traced(archive: Archive, id_: str) -> tuple[str, dict[str, Any] | None]:
    """The chain of a snapshot, for people and for programs. That it could not be traced costs no capture."""
    try:
        done = tracing.trace(archive, id_, capture_missing=True)
    except ArchiverError as error:
        return f"  warning    it could not be traced: {printable(str(error))}", None
    notes = "".join(f"  note       {printable(note)}\n" for note in done.notes)
    return notes + chains.tree(done.chain, printable).rstrip("\n"), chains.chain_document(done.chain)


def _recent(archive: Archive, url: str, older_than_s: float | None) -> Capture | None:
    """The newest complete capture of this URL, if it is not older than that."""
    if older_than_s is None or archive.describe() is None:
        return None
    newest = archive.newest(url)
    if newest is None or (clock.now() - newest.captured_at).total_seconds() > older_than_s:
        return None
    return newest


def _skipped(url: str, recent: Capture) -> Done:
    moment = f"{recent.captured_at:%Y-%m-%d %H:%M:%S} UTC"
    document = {"type": "skipped", "url": url, "id": recent.id, "captured_at": clock.rfc3339(recent.captured_at)}
    return Done(ExitCode.DONE, f"Skipped   {printable(url)}\n  captured   {moment} already: {recent.id}", document)


def failed(url: str, error: str, code: ExitCode) -> Done:
    """The result of a capture of which nothing was stored."""
    return Done(
        code,
        printable(error),
        {"type": "failure", "url": url, "error": error, "exit_code": int(code)},
    )


def capture_many(
    settings: Settings, urls: Sequence[str], archive_option: str, on_count: Callable[[int, int], None]
) -> Iterator[Done]:
    """Capture URLs, `capture.concurrency` at a time, each in a process of its own; results as they come.

    `on_count(done, under_way)` is told of every change. When the caller leaves early, what runs is ended.
    """
    context = multiprocessing.get_context("spawn")
    waiting = list(reversed(urls))
    running: dict[SpawnProcess, tuple[str, Connection]] = {}
    done = 0
    try:
        while waiting or running:
            while waiting and len(running) < settings.capture.concurrency:
                url = waiting.pop()
                receiver, sender = context.Pipe(duplex=False)
                process = context.Process(target=_work, args=(os.getpid(), settings, url, archive_option, sender))
                _start(process)
                sender.close()
                running[process] = (url, receiver)
            on_count(done, len(running))
            ready = wait([receiver for _, receiver in running.values()])
            for process, (url, receiver) in tuple(running.items()):
                if receiver in ready:
                    del running[process]
                    done += 1
                    yield _result(process, url, receiver)
    finally:
        with interrupts.held_off():
            for process in running:
                process.terminate()
            for process in running:
                process.join(_END_S)


def _start(process: SpawnProcess) -> None:
    """Start a process that Ctrl-C does not reach: it is for this one alone to say who is to stop."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _result(process: SpawnProcess, url: str, receiver: Connection) -> Done:
    try:
        result: Done = receiver.recv()
    except EOFError:
        process.join(_END_S)
        workplace.clear_abandoned()
        text = (
            f"{url}: the process of this capture ended early (exit {process.exitcode}); nothing was stored, try again"
        )
        return failed(url, text, ExitCode.ERROR)
    process.join(_END_S)
    return result


def _work(parent: int, settings: Settings, url: str, archive_option: str, sender: Connection) -> None:
    stop_as_interrupted()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        return  # it was killed before that was set
    try:
        sender.send(capture_one(settings, url, archive_option, lambda _: None))
    except KeyboardInterrupt:
        pass  # the parent says so, once

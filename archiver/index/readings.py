"""Reading the log: its slots in order, each with the facts of its statement, or why there are none."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any

from archiver.errors import NotFoundError, StorageError
from archiver.index import facts
from archiver.index.facts import Facts, MalformedError, Withdrawal
from archiver.storage import layout, log
from archiver.storage.base import ObjectStore

_STRETCH = 64  # slots one thread reads at a time
BATCH = 1024  # entries of one transaction
#: readers at a time: reading is waiting, most of all for a store across a network
THREADS = 8
# A store that gives a slot and its note sooner is a disk. Threads would only wait for each other's turn in Python:
# measured with a folder, 8 of them read 1,500 captures a second, and none 2,500.
QUICK_S = 0.002


class Trouble(StrEnum):
    """Why an entry of the log says less than it should."""

    JUNK = "junk_slot"
    MISSING = "missing_note"
    DAMAGED = "damaged_note"
    UNREADABLE = "unreadable_note"  # the store has it and does not give it; tried again later
    MALFORMED = "malformed_statement"


@dataclass(frozen=True, slots=True)
class Reading:
    """A slot as it was read: its entry, if it holds one, and the facts of its statement, or why there are none.

    Of types that are neither of a capture nor a withdrawal only the note is looked at: nothing of it is indexed.
    """

    index: int
    entry: log.Entry | None
    facts: Facts | Withdrawal | None = None
    trouble: Trouble | None = None
    detail: str = ""


OnRead = Callable[[Reading], None]


def batches(slots: Iterator[Reading]) -> Iterator[list[Reading]]:
    """What one transaction each takes."""
    while batch := list(islice(slots, BATCH)):
        yield batch


def readings(
    store: ObjectStore, start: int, stop: int | None = None, threads: int = THREADS, per_slot: OnRead | None = None
) -> Iterator[Reading]:
    """The slots from `start` on, in order, up to the first that is free or to `stop`.

    `per_slot` is called with each of them, in any order, in the threads that read. Raises `StorageError`.
    """
    at, slow = start, 0
    while slow < 2:  # one may have been an accident; also the usual case: nothing new, or little
        began_s = time.monotonic()
        stretch = _stretch(store, at, stop, per_slot)
        slow = slow + 1 if time.monotonic() - began_s > QUICK_S * _STRETCH else 0
        yield from stretch
        if len(stretch) < _STRETCH:
            return
        at += _STRETCH
    yield from _prefetched(store, at, stop, threads, per_slot)


def _prefetched(
    store: ObjectStore, at: int, stop: int | None, threads: int, per_slot: OnRead | None
) -> Iterator[Reading]:
    pool = ThreadPoolExecutor(threads, thread_name_prefix="follow")
    try:
        waiting: deque[Future[list[Reading]]] = deque()
        while True:
            while len(waiting) < 2 * threads:
                waiting.append(pool.submit(_stretch, store, at, stop, per_slot))
                at += _STRETCH
            stretch = waiting.popleft().result()
            yield from stretch
            if len(stretch) < _STRETCH:
                return  # what later stretches hold came in meanwhile, or lies behind a hole
    finally:
        pool.shutdown(cancel_futures=True)


def _stretch(store: ObjectStore, start: int, stop: int | None, per_slot: OnRead | None) -> list[Reading]:
    count = _STRETCH if stop is None else max(0, min(_STRETCH, stop - start))
    found = []
    for slot in islice(log.entries(store, start), count):
        reading = _junk(slot) if isinstance(slot, log.Junk) else read(store, slot)
        if per_slot:
            per_slot(reading)
        found.append(reading)
    return found


def _junk(slot: log.Junk) -> Reading:
    return Reading(slot.index, None, None, Trouble.JUNK, slot.reason)


def read(store: ObjectStore, entry: log.Entry) -> Reading:
    """An entry with the facts of its statement. Raises `StorageError` when the store cannot be reached."""
    if entry.type not in log.TYPES:
        return Reading(entry.index, entry)
    try:
        statement = log.statement(store, entry)
    except NotFoundError:
        return Reading(entry.index, entry, None, Trouble.MISSING, "there is no such note")
    except StorageError as error:
        trouble = _why(store, entry)
        return Reading(entry.index, entry, None, trouble, facts.plain(str(error))[:500])
    try:
        return Reading(entry.index, entry, _facts(entry.type, statement))
    except MalformedError as error:
        return Reading(entry.index, entry, None, Trouble.MALFORMED, str(error))


def _facts(type_: str, statement: dict[str, Any]) -> Facts | Withdrawal | None:
    """Raises `MalformedError`."""
    if type_ in log.CAPTURE_TYPES:
        return facts.read(statement)
    return facts.read_withdrawal(statement) if type_ == log.WITHDRAWN else None


def _why(store: ObjectStore, entry: log.Entry) -> Trouble:
    """Whether a note that could not be had is damaged, or the store did not give it.

    Raises `StorageError` when the store gives nothing at all: that says nothing of the note, and must not be noted.
    """
    try:
        for _ in store.get(layout.note(entry.commitment), 0, log.MAX_NOTE_BYTES + 1):  # as `log.statement` read it
            pass
    except NotFoundError:
        return Trouble.MISSING
    except StorageError:
        store.stat(layout.slot(entry.index))
        return Trouble.UNREADABLE
    return Trouble.DAMAGED

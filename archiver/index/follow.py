"""Following the log: the index goes on from the entry it last saw.

1. Slots and their notes are read in short stretches, some at a time, outside of any transaction.
2. Stretches are put into the index in order, many entries in one transaction, together with the slot to go on with.
3. That transaction holds the head of the index. What another process has put in meanwhile is left out; if the head
   stands before what was read (the index was made anew), it is read again from there.

So any number of processes may follow at once, and one that dies leaves nothing half done.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from archiver.errors import NotFoundError, StorageError
from archiver.index import facts, schema
from archiver.index.database import Database, read_head
from archiver.index.facts import Facts, MalformedError, Withdrawal
from archiver.index.rows import put
from archiver.storage import layout, log
from archiver.storage.base import ObjectStore

OnProgress = Callable[[int], None]

_STRETCH = 64  # slots one thread reads at a time
BATCH = 1024  # entries of one transaction
_RETRIED = 100  # notes that could not be read, tried again each time
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


def catch_up(
    database: Database, store: ObjectStore, on_progress: OnProgress | None = None, threads: int = THREADS
) -> int:
    """Bring the index to the end of the log; the slot it goes on with next time.

    Raises `StorageError` when store or index fail; what was put in before that stays.
    """
    _retry(database, store)
    while True:
        with database.reading() as connection:
            start = read_head(connection).next_index
        reached, seen = start, start
        for batch in batches(readings(store, start, threads=threads)):
            seen = batch[-1].index + 1
            reached = _advance(database, batch)
            if on_progress:
                on_progress(reached)
            if reached < seen:
                break
        if reached >= seen:
            return reached


def _advance(database: Database, batch: list[Reading]) -> int:
    with database.writing() as connection:
        return advance(connection, batch)


def advance(connection: Connection, batch: list[Reading]) -> int:
    """Put a batch in, in a transaction that holds the head; where the head then stands."""
    next_index = read_head(connection).next_index
    fresh = [reading for reading in batch if reading.index >= next_index]
    if not fresh or fresh[0].index != next_index:
        return next_index
    put(connection, fresh)
    connection.execute(sa.update(schema.head).values(next_index=fresh[-1].index + 1))
    return fresh[-1].index + 1


def _retry(database: Database, store: ObjectStore) -> None:
    """Try the notes again that the store would not give; most likely there are none."""
    wanted = (
        sa.select(schema.problems)
        .where(schema.problems.c.kind == Trouble.UNREADABLE.value)
        .order_by(schema.problems.c.log_index)
        .limit(_RETRIED)
    )
    with database.reading() as connection:
        entries = [log.Entry(r.log_index, r.type, r.id, r.commitment) for r in connection.execute(wanted)]
    found = [reading for entry in entries if (reading := read(store, entry)).trouble is not Trouble.UNREADABLE]
    if not found:
        return
    with database.writing() as connection:
        indexes = [reading.index for reading in found]
        gone = sa.delete(schema.problems).where(
            schema.problems.c.log_index.in_(indexes), schema.problems.c.kind == Trouble.UNREADABLE.value
        )
        # Only those that nobody else has settled meanwhile, and that an index made anew still has.
        mine = set(connection.scalars(gone.returning(schema.problems.c.log_index)))
        put(connection, [reading for reading in found if reading.index in mine])


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

"""Following the log: the index goes on from the entry it last saw.

1. Slots and their notes are read in short stretches, some at a time, outside of any transaction.
2. Stretches are put into the index in order, many entries in one transaction, together with the slot to go on with.
3. That transaction holds the head of the index. What another process has put in meanwhile is left out; if the head
   stands before what was read (the index was made anew), it is read again from there.

So any number of processes may follow at once, and one that dies leaves nothing half done.
"""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from archiver.index import schema
from archiver.index.database import Database, read_head
from archiver.index.readings import THREADS, Reading, Trouble, batches, read, readings
from archiver.index.rows import put
from archiver.storage import log
from archiver.storage.base import ObjectStore

OnProgress = Callable[[int], None]

_RETRIED = 100  # notes that could not be read, tried again each time


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

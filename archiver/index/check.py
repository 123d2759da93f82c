"""`archiver index check`: the index, the log and the store, compared with each other.

1. The slots are listed: holes, and objects that are no slots.
2. The log is read as for a new index, into a database thrown away afterwards: junk, notes that are missing, damaged or
   not to be understood, and, for each snapshot, whether its artifacts are there in the size its statement gives.
3. The objects below `snapshots/` are listed: those that no entry names.
4. The index is compared with the new one, capture by capture.
5. Intents whose deadline has passed without a result.

Sizes are compared, not contents: hashing everything is what `archiver verify --all` does.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

import sqlalchemy as sa

from archiver.errors import NotFoundError, StorageError
from archiver.index import follow, queries, schema
from archiver.index.database import Database, connect_scratch, create_file, read_head
from archiver.index.follow import OnProgress, Reading, Trouble
from archiver.index.queries import Capture
from archiver.index.rows import chunks
from archiver.storage import layout
from archiver.storage.base import ObjectStore


class Kind(StrEnum):
    """What is wrong."""

    HOLE = "hole"
    FOREIGN_OBJECT = "foreign_object"
    JUNK_SLOT = Trouble.JUNK.value
    MISSING_NOTE = Trouble.MISSING.value
    DAMAGED_NOTE = Trouble.DAMAGED.value
    UNREADABLE_NOTE = Trouble.UNREADABLE.value
    MALFORMED_STATEMENT = Trouble.MALFORMED.value
    MISSING_ARTIFACT = "missing_artifact"
    WRONG_SIZE = "wrong_size"
    ORPHAN = "orphan"
    UNFINISHED = "unfinished"
    INDEX_DIFFERS = "index_differs"


@dataclass(frozen=True)
class Problem:
    """Something that is not as it should be: the object's place or the capture's id, and one sentence."""

    kind: Kind
    name: str
    detail: str


def check(
    database: Database, store: ObjectStore, now: datetime, on_progress: OnProgress | None = None
) -> Iterator[Problem]:
    """Everything that is wrong, as it is found; nothing is altered. `follow.catch_up` comes first.

    Raises `StorageError` when the store or the index cannot be read at all.
    """
    with database.reading() as connection:
        head = read_head(connection)
    yield from _slots(store)
    with tempfile.TemporaryDirectory(prefix="archiver-check-") as folder:
        path = Path(folder) / "index.sqlite"
        create_file(path, head.archive)
        fresh = connect_scratch(path)
        try:
            yield from _log(fresh, store, on_progress)
            yield from _orphans(fresh, store)
            yield from _differences(database, fresh, head.next_index)
            yield from _unfinished(fresh, now)
        finally:
            fresh.close()


def _slots(store: ObjectStore) -> Iterator[Problem]:
    expected = 0
    for key in store.list(layout.SLOTS):
        index = layout.slot_index(key)
        if index is None:
            yield Problem(Kind.FOREIGN_OBJECT, store.where(key), "it lies among the entries of the log and is none")
            continue
        if index > expected:
            many = f"entries {expected} to {index - 1} are" if index - expected > 1 else f"entry {expected} is"
            yield Problem(
                Kind.HOLE, store.where(layout.slot(expected)), f"{many} missing; the index ends before a hole"
            )
        expected = index + 1


def _log(fresh: Database, store: ObjectStore, on_progress: OnProgress | None) -> Iterator[Problem]:
    found: dict[int, list[Problem]] = {}  # by slot, until its turn comes

    def stat(reading: Reading) -> None:
        if wrong := list(_artifacts(store, reading)):
            found[reading.index] = wrong

    for batch in follow.batches(follow.readings(store, 0, per_slot=stat)):
        with fresh.writing() as connection:
            reached = follow.advance(connection, batch)
        yield from _problems_of(fresh, store, batch, found)
        if on_progress:
            on_progress(reached)


def _problems_of(
    fresh: Database, store: ObjectStore, batch: list[Reading], found: dict[int, list[Problem]]
) -> Iterator[Problem]:
    for reading in batch:
        if reading.trouble:
            of_note = reading.entry and reading.trouble is not Trouble.JUNK
            key = layout.note(reading.entry.commitment) if reading.entry and of_note else layout.slot(reading.index)
            detail = f"entry {reading.index} of the log: {reading.detail}"
            yield Problem(Kind(reading.trouble.value), store.where(key), detail)
        wrong = found.pop(reading.index, [])
        if wrong and reading.entry and _counts(fresh, reading):
            yield from wrong


def _counts(fresh: Database, reading: Reading) -> bool:
    """Whether an entry is its capture's result; a duplicate's artifacts are nobody's loss."""
    assert reading.entry is not None
    capture = queries.by_id(fresh, reading.entry.id)
    return capture is not None and capture.result is not None and capture.result.index == reading.index


def _artifacts(store: ObjectStore, reading: Reading) -> Iterator[Problem]:
    if reading.facts is None or reading.entry is None:
        return
    for artifact in reading.facts.artifacts:
        if not artifact.key.startswith(layout.prefix(reading.entry.id)):
            detail = f"{reading.entry.id} lists {artifact.key[:200]!r}, which is none of its own objects"
            yield Problem(Kind.FOREIGN_OBJECT, reading.entry.id, detail)
            continue
        try:
            size = store.stat(artifact.key).size_bytes
        except NotFoundError:
            yield Problem(Kind.MISSING_ARTIFACT, store.where(artifact.key), f"{reading.entry.id} lists it")
        except StorageError as error:
            store.stat(layout.slot(reading.index))  # raises when it is the store that cannot be reached
            yield Problem(Kind.MISSING_ARTIFACT, store.where(artifact.key), f"it cannot be read: {error}")
        else:
            if size != artifact.size_bytes:
                detail = f"it has {size} bytes, and {reading.entry.id} lists it with {artifact.size_bytes}"
                yield Problem(Kind.WRONG_SIZE, store.where(artifact.key), detail)


def _orphans(fresh: Database, store: ObjectStore) -> Iterator[Problem]:
    """Objects of snapshots that no entry names, one problem for all objects of one name."""
    waiting: dict[str, tuple[str, int]] = {}  # by name: the first object, how many there are
    for key in store.list(layout.SNAPSHOTS):
        name = key.removeprefix(layout.SNAPSHOTS).partition("/")[0]
        first, count = waiting.get(name, (key, 0))
        waiting[name] = (first, count + 1)
        if len(waiting) > follow.BATCH:
            done = {other: waiting.pop(other) for other in list(waiting) if other != name}
            yield from _unnamed(fresh, store, done)
    yield from _unnamed(fresh, store, waiting)


def _unnamed(fresh: Database, store: ObjectStore, names: dict[str, tuple[str, int]]) -> Iterator[Problem]:
    known: set[str] = set()
    with fresh.reading() as connection:
        for chunk in chunks(list(names)):
            known.update(connection.scalars(sa.select(schema.captures.c.id).where(schema.captures.c.id.in_(chunk))))
    for name, (first, count) in names.items():
        if name not in known:
            others = f", nor {count - 1} more beside it" if count > 1 else ""
            yield Problem(Kind.ORPHAN, store.where(first), f"no entry of the log names it{others}")


def _differences(database: Database, fresh: Database, end: int) -> Iterator[Problem]:
    """Captures of which the index says something else than the log; `end` is how far it has followed."""
    ours, theirs = queries.every(database), queries.every(fresh)
    mine, other = next(ours, None), next(theirs, None)
    while mine or other:
        if mine and (other is None or mine.id < other.id):
            if not _is_later(mine, end):
                yield _differs(database, mine.id, "the index has it, and the log does not")
            mine = next(ours, None)
        elif other and (mine is None or other.id < mine.id):
            if not _is_later(other, end):
                yield _differs(database, other.id, "the log has it, and the index does not")
            other = next(theirs, None)
        else:
            assert mine
            assert other
            if mine != other and not _is_later(mine, end) and not _is_later(other, end):
                yield _differs(database, mine.id, "the index says something else of it than the log")
            mine, other = next(ours, None), next(theirs, None)


def _is_later(capture: Capture, end: int) -> bool:
    """Whether entries came in after the comparison began: nothing can be said of it then."""
    entries = (capture.intent, capture.result, *capture.duplicates)
    return any(entry is not None and entry.index >= end for entry in entries)


def _differs(database: Database, id_: str, what: str) -> Problem:
    return Problem(Kind.INDEX_DIFFERS, id_, f"{what}; `archiver index rebuild` makes {database.shown} again")


def _unfinished(fresh: Database, now: datetime) -> Iterator[Problem]:
    for capture in queries.unfinished(fresh, now):
        until = f"{capture.deadline:%Y-%m-%d %H:%M:%SZ}" if capture.deadline else "an unknown moment"
        yield Problem(Kind.UNFINISHED, capture.id, f"its capture was to end by {until}, and left no result")

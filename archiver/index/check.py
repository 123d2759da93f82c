"""`archiver index check`: the index, the log and the store, compared with each other.

1. The slots are listed: holes, and objects that are no slots.
2. The log is read as for a new index, into a database thrown away afterwards: junk, notes that are missing, damaged or
   not to be understood, and, for each snapshot, whether its artifacts are there in the size its statement gives.
   What a withdrawn capture lacks is no problem, and it may be withdrawn by any later entry: so this is told when all of
   the log has been read.
3. Notes and artifacts of withdrawn captures that are still there.
4. The objects below `snapshots/` are listed: those that no entry names.
5. The index is compared with the new one, capture by capture.
6. Intents whose deadline has passed without a result.

Sizes are compared, not contents: hashing everything is what `archiver verify --all` does.
"""

from __future__ import annotations

import contextlib
import heapq
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import zip_longest
from operator import itemgetter
from pathlib import Path

import sqlalchemy as sa

from archiver import clock
from archiver.errors import NotFoundError, StorageError
from archiver.index import follow, queries, schema, sketches
from archiver.index.database import Database, connect_scratch, create_file, read_head
from archiver.index.facts import Facts
from archiver.index.follow import OnProgress
from archiver.index.queries import Capture, Filter, LogTrouble
from archiver.index.readings import BATCH, Reading, Trouble, batches, readings
from archiver.index.remains import remains
from archiver.index.rows import chunks
from archiver.index.schema import State
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
    NOT_DELETED = "not_deleted"
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
    """Everything that is wrong, step by step; nothing is altered. `follow.catch_up` comes first.

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
            yield from _not_deleted(fresh, store)
            yield from _orphans(fresh, store)
            yield from _differences(database, fresh, head.next_index)
            yield from _other_differences(database, fresh, head.next_index)
            yield from _sketch_differences(database, fresh, head.next_index)
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
    found: dict[int, tuple[str, list[Problem]]] = {}  # by slot: the capture, and what is wrong with its artifacts

    def stat(reading: Reading) -> None:
        if reading.entry and (wrong := list(_artifacts(store, reading))):
            found[reading.index] = (reading.entry.id, wrong)

    for batch in batches(readings(store, 0, per_slot=stat)):
        with fresh.writing() as connection:
            reached = follow.advance(connection, batch)
        if on_progress:
            on_progress(reached)
    of_notes = ((trouble.index, [_of_slot(store, trouble)]) for trouble in queries.troubles(fresh))
    of_artifacts = ((slot, wrong) for slot, (id_, wrong) in sorted(found.items()) if _counts(fresh, id_, slot))
    for _, wrong in heapq.merge(of_notes, of_artifacts, key=itemgetter(0)):
        yield from wrong


def _of_slot(store: ObjectStore, trouble: LogTrouble) -> Problem:
    key = layout.slot(trouble.index) if trouble.commitment is None else layout.note(trouble.commitment)
    return Problem(Kind(trouble.kind), store.where(key), f"entry {trouble.index} of the log: {trouble.detail}")


def _counts(fresh: Database, id_: str, slot: int) -> bool:
    """Whether an entry is its capture's result; a duplicate's artifacts are nobody's loss, nor a withdrawn one's."""
    capture = queries.by_id(fresh, id_)
    if capture is None or capture.withdrawal is not None:
        return False
    return capture.result is not None and capture.result.index == slot


def _artifacts(store: ObjectStore, reading: Reading) -> Iterator[Problem]:
    if not isinstance(reading.facts, Facts) or reading.entry is None:
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


def _not_deleted(fresh: Database, store: ObjectStore) -> Iterator[Problem]:
    for capture in queries.listing(fresh, Filter(states=frozenset({State.WITHDRAWN}))):
        derivations = [entry.commitment for entry in queries.statements_of(fresh, "derivation", capture.id)]
        for key in remains(store, capture, derivations):
            detail = f"{capture.id} was withdrawn; `archiver withdraw {capture.id}` once more deletes it"
            yield Problem(Kind.NOT_DELETED, store.where(key), f"{detail}{_kept(store, key)}")


def _kept(store: ObjectStore, key: str) -> str:
    """In words, if Object Lock keeps an object: until when."""
    with contextlib.suppress(StorageError, NotFoundError):
        stat = store.stat(key)
        if stat.legal_hold:
            return ", once its legal hold is lifted"
        if stat.kept_until is not None and stat.kept_until > clock.now():
            return f", after {clock.rfc3339(stat.kept_until)}"
    return ""


def _orphans(fresh: Database, store: ObjectStore) -> Iterator[Problem]:
    """Objects of snapshots that no entry names, one problem for all objects of one name."""
    waiting: dict[str, tuple[str, int]] = {}  # by name: the first object, how many there are
    for key in store.list(layout.SNAPSHOTS):
        name = key.removeprefix(layout.SNAPSHOTS).partition("/")[0]
        first, count = waiting.get(name, (key, 0))
        waiting[name] = (first, count + 1)
        if len(waiting) > BATCH:
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


def _other_differences(database: Database, fresh: Database, end: int) -> Iterator[Problem]:
    """As `_differences`, of the entries that are of no capture's making."""
    ours, theirs = queries.every_statement(database), queries.every_statement(fresh)
    for mine, other in zip_longest(ours, (entry for entry in theirs if entry.index < end)):
        if mine != other:
            said = mine or other
            assert said
            yield _differs(database, said.id, f"the index says something else than the log of entries like {said.type}")
            return  # those that follow are moved against each other


def _sketch_differences(database: Database, fresh: Database, end: int) -> Iterator[Problem]:
    """As `_differences`, of the sketches of texts."""
    for mine, other in zip_longest(sketches.every(database), sketches.every(fresh)):
        if mine != other:
            said = mine or other
            assert said
            capture = queries.by_id(fresh, said[0])
            if capture is None or not _is_later(capture, end):
                yield _differs(database, said[0], "the index has another sketch of its text than the log")
            return  # those that follow are moved against each other


def _is_later(capture: Capture, end: int) -> bool:
    """Whether entries came in after the comparison began: nothing can be said of it then."""
    withdrawn = None if capture.withdrawal is None else capture.withdrawal.entry
    entries = (capture.intent, capture.result, withdrawn, *capture.duplicates)
    return any(entry is not None and entry.index >= end for entry in entries)


def _differs(database: Database, id_: str, what: str) -> Problem:
    return Problem(Kind.INDEX_DIFFERS, id_, f"{what}; `archiver index rebuild` makes {database.shown} again")


def _unfinished(fresh: Database, now: datetime) -> Iterator[Problem]:
    for capture in queries.unfinished(fresh, now):
        until = f"{capture.deadline:%Y-%m-%d %H:%M:%SZ}" if capture.deadline else "an unknown moment"
        yield Problem(Kind.UNFINISHED, capture.id, f"its capture was to end by {until}, and left no result")

"""What a log says of schedules and of the captures made for them, as far as it is signed.

Only what a key signed that counted at its place can explain a gap, so whoever may write to the store and has no key
cannot. That each statement is whole is for its own checks: here it is read for what it was planned for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from itertools import islice
from typing import Any, TypeVar

import orjson

from archiver.errors import NotFoundError, StorageError
from archiver.moments import parse_rfc3339
from archiver.schedules import history
from archiver.schedules.history import Event, Timeline
from archiver.seal import note as notes
from archiver.seal.note import NoteError
from archiver.seal.statement import Planned, planned_of
from archiver.storage import layout
from archiver.storage.log import CAPTURE_TYPES, WITHDRAWN, Entry
from archiver.verify.ledger import Ledger, note_of
from archiver.verify.problems import Collected, shown

_THREADS = 8
_AT_ONCE = 1024  # captures that are being read; of a long log not all wait in memory
_MAX_MESSAGE_CHARACTERS = 300
Wanted = TypeVar("Wanted")
Found = TypeVar("Found")


class End(Enum):
    """What came of a capture."""

    NONE = auto()  # there is no result
    SNAPSHOT = auto()
    FAILURE = auto()
    UNREADABLE = auto()  # a result that nobody can read, or that no key signed
    WITHDRAWN = auto()


@dataclass(frozen=True, slots=True)
class Attempt:
    """A capture that was made for a schedule. `index` and `result` are its entries of the log.

    `message` says of a failure what it was, of a withdrawal why, of an unreadable result what is wrong. Of a withdrawn
    one neither page nor times are known, and `left` is whether its result was a snapshot. `wrong` is a contradiction.
    """

    id: str
    index: int
    planned: Planned
    end: End
    url: str | None = None
    began: datetime | None = None
    deadline: datetime | None = None
    result: int | None = None
    message: str = ""
    left: bool = False
    wrong: str | None = None


@dataclass
class Said:
    """All that a log says of schedules, and what of it could not be used.

    `unreadable` and `void` are of statements about schedules or captures; `timelines_known` is false where one of a
    schedule is among the former, so that what seems to contradict the others may only lack it.
    """

    timelines: dict[str, Timeline] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)
    unreadable: Collected[str] = field(default_factory=Collected)
    void: Collected[str] = field(default_factory=Collected)
    timelines_known: bool = True
    unsigned: bool = False  # the archive was made before there were keys


@dataclass(frozen=True, slots=True)
class _Read:
    """A statement, and the names of the keys that signed it; or why there is none."""

    document: dict[str, Any] | None
    by: frozenset[str] = frozenset()
    why: str = ""
    forged: bool = False


def read(ledger: Ledger) -> Said:
    """What a log says, which must have been read with all its entries.

    The notes of captures are only read where one about a schedule has any effect. Notes that the store does not give
    are unreadable, which is told; nothing is raised for them.
    """
    said = Said(unsigned=not ledger.keyring.all())
    entries = [each for found in ledger.entries.values() for each in found if each.type == "schedule"]
    if not entries:
        return said
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="notes") as pool:
        said.timelines = history.timelines(_events(ledger, said, sorted(entries, key=lambda each: each.index), pool))
        if said.timelines:
            # What is withdrawn stays with those of its capture, under the same id.
            ids = (id_ for id_, found in ledger.entries.items() if any(each.type in CAPTURE_TYPES for each in found))
            for attempt, told in _in_parallel(pool, lambda id_: _attempt(ledger, id_, said.unsigned), ids):
                for problem in told:
                    said.unreadable.add(problem)
                if attempt is not None:
                    said.attempts.append(attempt)
    return said


def _in_parallel(
    pool: ThreadPoolExecutor, work: Callable[[Wanted], Found], wanted: Iterable[Wanted]
) -> Iterator[Found]:
    rest = iter(wanted)
    while some := list(islice(rest, _AT_ONCE)):
        yield from pool.map(work, some)


def _events(ledger: Ledger, said: Said, entries: Sequence[Entry], pool: ThreadPoolExecutor) -> Iterator[Event]:
    first: dict[str, Entry] = {}
    for entry, found in zip(entries, _in_parallel(pool, lambda each: _read(ledger, each), entries), strict=True):
        where = f"entry {entry.index}"
        if found.document is None:
            if found.forged:
                said.void.add(f"{where} has no effect on a schedule: {found.why}")
            else:
                said.unreadable.add(f"{where}, about a schedule: {found.why}")
                said.timelines_known = False
            continue
        # Another archive's schedules are none of this one's, be its keys valid here for what was copied from it.
        if not said.unsigned and ledger.origin not in found.by:
            said.void.add(f"{where} has no effect on a schedule: no key of this log signed it")
            continue
        known = first.setdefault(entry.id, entry)
        if known is not entry and known.commitment == entry.commitment:
            said.void.add(f"{where} has no effect on a schedule: it is entry {known.index} once more")
            continue
        try:
            yield history.parse(entry.index, found.document)
        except ValueError as error:
            said.unreadable.add(f"{where}, about a schedule, cannot be understood: {error}")
            said.timelines_known = False


def _attempt(ledger: Ledger, id_: str, ring_is_empty: bool) -> tuple[Attempt | None, list[str]]:
    """A capture as far as it was made for a schedule, and which of its notes cannot be read."""
    found = ledger.entries[id_]
    intent = next((each for each in found if each.type == "intent"), None)
    result = next((each for each in found if each.type in ("snapshot", "failure")), None)
    for entry in found:
        if entry.type == WITHDRAWN:
            said = _read(ledger, entry)
            if said.document is not None:
                here = ring_is_empty or ledger.origin in said.by
                return _withdrawn(id_, said.document, entry, intent, result) if here else None, []
    told = list[str]()
    begun = _captured(ledger, intent, told)
    ended = _captured(ledger, result, told)
    planned = next((each.planned for each in (begun, ended) if each is not None and each.planned is not None), None)
    first = intent or result
    if planned is None or first is None:
        return None, told
    legible = [each for each in (begun, ended) if each is not None]
    if not ring_is_empty and not any(ledger.origin in each.by for each in legible if each.planned is not None):
        return None, told  # copied from another archive, and for a schedule of that one
    wrong = None
    if len({(each.planned, each.url) for each in legible}) > 1:
        wrong = "its intent was for another page or time than its result"
    end, message = End.NONE, ""
    if result is not None and ended is None:
        end, message = End.UNREADABLE, f"its result, entry {result.index}, cannot be read"
    elif result is not None and ended is not None:
        end = End.SNAPSHOT if result.type == "snapshot" else End.FAILURE
        message = ended.message
    attempt = Attempt(
        id_,
        first.index,
        planned,
        end,
        legible[0].url,
        legible[0].began,
        begun.deadline if begun is not None else None,
        None if result is None else result.index,
        message,
        wrong=wrong,
    )
    return attempt, told


@dataclass(frozen=True, slots=True)
class _Captured:
    """What an intent or a result says that matters here."""

    planned: Planned | None
    url: str | None
    began: datetime | None
    deadline: datetime | None
    message: str
    by: frozenset[str]


def _captured(ledger: Ledger, entry: Entry | None, told: list[str]) -> _Captured | None:
    if entry is None:
        return None
    found = _read(ledger, entry)
    document = found.document
    if document is None:
        told.append(f"entry {entry.index}, the {entry.type} of {entry.id}: {found.why}")
        return None
    try:
        planned = planned_of(document)
        began, deadline = (_moment(document, name) for name in ("started_at", "deadline"))
    except ValueError as error:
        told.append(f"entry {entry.index}, the {entry.type} of {entry.id}, cannot be understood: {error}")
        return None
    url, failed = document.get("requested_url"), document.get("error")
    message = failed.get("message") if isinstance(failed, dict) else None
    return _Captured(
        planned,
        url if isinstance(url, str) else None,
        began,
        deadline,
        message[:_MAX_MESSAGE_CHARACTERS] if isinstance(message, str) else "",
        found.by,
    )


def _moment(document: dict[str, Any], name: str) -> datetime | None:
    value = document.get(name)
    return None if value is None else parse_rfc3339(str(value))


def _withdrawn(
    id_: str, document: dict[str, Any], entry: Entry, intent: Entry | None, result: Entry | None
) -> Attempt | None:
    """None where it was for no schedule, or nothing was announced that could be withdrawn."""
    try:
        planned = planned_of(document)
    except ValueError:
        return None
    if planned is None or intent is None:
        return None
    message = f"entry {entry.index}, {document.get('withdrawn_at')}: {document.get('reason')}"
    left = result is not None and result.type == "snapshot"
    return Attempt(
        id_,
        intent.index,
        planned,
        End.WITHDRAWN,
        result=None if result is None else result.index,
        message=message[:_MAX_MESSAGE_CHARACTERS],
        left=left,
    )


def _read(ledger: Ledger, entry: Entry) -> _Read:
    try:
        text = note_of(ledger.store.get(layout.note(entry.commitment)), entry)
    except (NotFoundError, StorageError) as error:
        return _Read(None, why=str(error))
    try:
        document = orjson.loads(text.partition(b"\n")[0])
    except orjson.JSONDecodeError:
        document = None
    if not isinstance(document, dict) or (document.get("id"), document.get("type")) != (entry.id, entry.type):
        return _Read(None, why=f"it is {shown(document)}, and not the statement of this entry", forged=True)
    ring = ledger.keyring
    if not ring.all():
        return _Read(document)
    # A capture that is for no schedule is none of this report's, and its signature is looked at with its own checks.
    if entry.type in CAPTURE_TYPES and not _names_schedule(document):
        return _Read(document, frozenset({ledger.origin}))
    try:
        by = notes.parse(text).verified_by(ring.valid_at(entry.index))
    except NoteError as error:
        return _Read(None, why=f"it is not signed as it should be: {error}", forged=True)
    if not by:
        return _Read(None, why="no key signed it that counts there", forged=True)
    return _Read(document, frozenset(key.name for key in by))


def _names_schedule(document: dict[str, Any]) -> bool:
    job = document.get("job")
    return isinstance(job, dict) and "schedule" in job

"""Questions to an index. Each answers from what the index has seen; `follow.catch_up` comes first.

Which page: the URL as it was requested, character by character. URLs that only share its SURT (another scheme, `www`,
case, order of the query) are look-alikes. They are named, and never given in place of what was asked for.

Which moment: the smallest distance in milliseconds, of two that are equally far the earlier one. Of captures of one
moment, the one with the smaller id is the earlier.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from archiver import moments
from archiver.index.database import Database, read_head
from archiver.index.facts import plain
from archiver.index.facts import tag as stored_tag
from archiver.index.regions import Sought, carrying
from archiver.index.schema import (
    STORED,
    State,
    captures,
    duplicates,
    hash_of,
    host_key,
    problems,
    statements,
    tags,
    unknown_types,
)
from archiver.storage.log import WITHDRAWN, Entry
from archiver.urls import surt

COMPLETE = frozenset({State.COMPLETE})
_PAGE = 500  # rows read at a time
_MAX_LOOK_ALIKES = 20
_AFTER_PREFIX = "~"  # sorts behind every character of an id
_BY_ID = sa.select(captures).where(captures.c.id == sa.bindparam("id"))


@dataclass(frozen=True)
class LogRef:
    """An entry of the log: its slot, its type, and the hash its note lies under."""

    index: int
    type: str
    commitment: str


@dataclass(frozen=True)
class Withdrawal:
    """That a capture was withdrawn. All but the entry is None while its statement cannot be read."""

    entry: LogRef
    at: datetime | None
    reason: str | None
    operator: str | None


@dataclass(frozen=True)
class Capture:
    """What the index holds of one capture. `url` is None while no statement of it can be read.

    `intent` and `result` are the entries that count; `duplicates` are later ones for the same id, which do not. One
    that was withdrawn has these and its `withdrawal`, and nothing of what they say; the time of its id stands for the
    moment of the capture.
    """

    id: str
    state: State
    intent: LogRef | None
    result: LogRef | None
    url: str | None
    final_url: str | None
    captured_at: datetime
    deadline: datetime | None
    http_status: int | None
    title: str | None
    tags: tuple[str, ...]
    case: str | None
    warc_bytes: int | None
    duplicates: tuple[LogRef, ...] = ()
    withdrawal: Withdrawal | None = None

    @property
    def said(self) -> LogRef:
        """The entry that says what became of it: its withdrawal, else its result, else its intent."""
        said = self.withdrawal.entry if self.withdrawal else self.result or self.intent
        assert said is not None, "a row is made of an entry"
        return said

    def is_unfinished(self, now: datetime) -> bool:
        """Whether its deadline has passed without a result."""
        return self.state is State.PENDING and (self.deadline is None or self.deadline < now)


@dataclass(frozen=True)
class Matches:
    """The captures whose ids begin alike: how many, and the first of them by id."""

    total: int
    first: tuple[Capture, ...]


@dataclass(frozen=True)
class Answer:
    """The answer for a URL.

    `capture` is of exactly that URL. Where there is none, `left_out` counts the captures of that URL whose state was
    not asked for, and `look_alikes` has, of each URL that only looks alike, the capture that would have answered.
    """

    url: str
    capture: Capture | None
    left_out: tuple[tuple[State, int], ...] = ()
    look_alikes: tuple[Capture, ...] = ()


@dataclass(frozen=True)
class Filter:
    """Which captures to list: those that are all of this. `since` and `until` belong to it.

    `after` is a capture that a list was broken off at: only those come that follow it there, which are older.
    """

    url: str | None = None
    domain: str | None = None  # a host and every host below it
    since: datetime | None = None
    until: datetime | None = None
    tags: tuple[str, ...] = ()
    states: frozenset[State] = frozenset(State)
    limit: int | None = None
    region: Sought | None = None
    after: Capture | None = None


@dataclass(frozen=True)
class UnknownType:
    """A type of entry that a later version of the program has written."""

    type: str
    first_index: int
    entries: int


@dataclass(frozen=True)
class LogTrouble:
    """A slot of the log that says less than it should; `kind` is one of `readings.Trouble`."""

    index: int
    kind: str
    id: str | None
    commitment: str | None
    detail: str


def by_id(database: Database, id_: str) -> Capture | None:
    """The capture with this id."""
    with database.reading() as connection:
        found = _captures(connection, _BY_ID, {"id": plain(id_)})
    return found[0] if found else None


def by_prefix(database: Database, prefix: str, limit: int = 20) -> Matches:
    """The captures whose ids begin so; `limit` of them are given, all are counted."""
    begin = plain(prefix)
    alike = sa.and_(captures.c.id >= begin, captures.c.id < begin + _AFTER_PREFIX)
    with database.reading() as connection:
        found = _captures(connection, sa.select(captures).where(alike).order_by(captures.c.id).limit(limit))
        total = len(found)
        if total == limit:
            total = connection.scalar(sa.select(sa.func.count()).select_from(captures).where(alike)) or 0
    return Matches(total, tuple(found))


def latest(database: Database, states: Collection[State] = STORED) -> Capture | None:
    """The newest capture; without further wish, of those that left a snapshot."""
    wanted = _newest_first(sa.select(captures).where(_in(states))).limit(1)
    with database.reading() as connection:
        found = _captures(connection, wanted)
    return found[0] if found else None


def nearest(database: Database, url: str, moment: datetime, states: Collection[State] = COMPLETE) -> Answer:
    """The capture of a URL nearest to a moment; without further wish, of the complete ones."""
    return _answer(database, url, states, _nearest_query(frozenset(states)), {"at": moments.to_ms(moment)})


def newest_of(database: Database, url: str, states: Collection[State] = COMPLETE) -> Answer:
    """The newest capture of a URL; without further wish, of the complete ones."""
    return _answer(database, url, states, _newest_query(frozenset(states)), {})


def previous_of(database: Database, capture: Capture) -> Capture | None:
    """The newest complete capture of the URL of this one, of those that were made before it."""
    if capture.url is None:
        return None
    more: dict[str, int | str] = {"at": moments.to_ms(capture.captured_at), "id": capture.id}
    with database.reading() as connection:
        found = _captures(connection, _previous_query(), _values(capture.url, more))
    return found[0] if found else None


def listing(database: Database, wanted: Filter) -> Iterator[Capture]:
    """The captures that pass a filter, newest first, read as they are taken; close the iterator to end early."""
    query = _newest_first(sa.select(captures).where(*_conditions(wanted)))
    if wanted.limit is not None:
        query = query.limit(wanted.limit)
    yield from _stream(database, query)


def count(database: Database, wanted: Filter) -> int:
    """How many captures pass a filter, whatever its limit."""
    with database.reading() as connection:
        counted = sa.select(sa.func.count()).select_from(captures).where(*_conditions(wanted))
        return connection.scalar(counted) or 0


def every(database: Database) -> Iterator[Capture]:
    """All captures by id."""
    yield from _stream(database, sa.select(captures).order_by(captures.c.id))


def unfinished(database: Database, now: datetime) -> Iterator[Capture]:
    """The intents whose deadline has passed without a result, oldest first.

    One whose statement cannot be read has no deadline that is known, and counts as passed.
    """
    passed = captures.c.deadline_ms.is_(None) | (captures.c.deadline_ms < moments.to_ms(now))
    query = (
        sa.select(captures)
        .where(captures.c.state == State.PENDING.value, passed)
        .order_by(captures.c.captured_at_ms, captures.c.id)
    )
    yield from _stream(database, query)


def next_index(database: Database) -> int:
    """How far the index has followed: the slot it goes on with, one more than the last it has seen."""
    with database.reading() as connection:
        return read_head(connection).next_index


def unknown(database: Database) -> tuple[UnknownType, ...]:
    """The types of entries this version passes over."""
    with database.reading() as connection:
        rows = connection.execute(sa.select(unknown_types).order_by(unknown_types.c.first_index))
        return tuple(UnknownType(row.type, row.first_index, row.entries) for row in rows)


def troubles(database: Database, id_: str | None = None) -> Iterator[LogTrouble]:
    """The slots that say less than they should, all or those of one capture, in log order."""
    query = sa.select(problems).order_by(problems.c.log_index)
    if id_ is not None:
        query = query.where(problems.c.id == plain(id_))
    with database.streaming() as connection, _paged(connection, query) as rows:
        for row in rows:
            yield LogTrouble(row.log_index, row.kind, row.id, row.commitment, row.detail)


def statements_of(database: Database, type_: str, id_: str | None = None) -> list[Entry]:
    """The entries of a type that is of no capture's making, all or those of one id, in log order.

    These are `withdrawn`, `key`, `schedule`, `derivation` and `custody`; `log.statement` reads what they commit to.
    """
    query = sa.select(statements).where(statements.c.type == type_).order_by(statements.c.log_index)
    if id_ is not None:
        query = query.where(statements.c.id == plain(id_))
    with database.reading() as connection:
        return [_entry(row) for row in connection.execute(query)]


def every_statement(database: Database) -> Iterator[Entry]:
    """All entries that are of no capture's making, in log order."""
    query = sa.select(statements).order_by(statements.c.log_index)
    with database.streaming() as connection, _paged(connection, query) as rows:
        for row in rows:
            yield _entry(row)


def results_from(database: Database, first: int) -> list[Entry]:
    """The entries from `first` on that say what came of something: all but intents, in log order."""
    of_captures = sa.select(
        captures.c.result_index.label("log_index"),
        captures.c.result_type.label("type"),
        captures.c.id,
        captures.c.result_commitment.label("commitment"),
    ).where(captures.c.result_index >= first)
    others = sa.select(statements).where(statements.c.log_index >= first)
    with database.reading() as connection:
        found = [_entry(row) for row in connection.execute(of_captures)]
        found += [_entry(row) for row in connection.execute(others)]
    return sorted(found, key=lambda entry: entry.index)


def _entry(row: Any) -> Entry:
    return Entry(row.log_index, row.type, row.id, row.commitment)


# Queries are built once: building one takes longer than the database does to answer it.


@functools.cache
def _nearest_query(states: frozenset[State]) -> sa.Select[Any]:
    """Of each state the last capture up to the moment and the first after it, each one step in the index; the best."""
    at = sa.bindparam("at", type_=sa.BigInteger)
    sides = []
    for ids in _of_each(states):
        before = ids.where(captures.c.captured_at_ms <= at)
        sides.append(before.order_by(captures.c.captured_at_ms.desc(), captures.c.id))
        after = ids.where(captures.c.captured_at_ms > at)
        sides.append(after.order_by(captures.c.captured_at_ms, captures.c.id))
    found = _united(sides)
    distance = sa.func.abs(found.c.captured_at_ms - at)
    best = sa.select(found.c.id).order_by(distance, found.c.captured_at_ms, found.c.id).limit(1)
    return sa.select(captures).where(captures.c.id == best.scalar_subquery())


@functools.cache
def _newest_query(states: frozenset[State]) -> sa.Select[Any]:
    found = _united([_newest_first(ids) for ids in _of_each(states)])
    best = sa.select(found.c.id).order_by(found.c.captured_at_ms.desc(), found.c.id.desc()).limit(1)
    return sa.select(captures).where(captures.c.id == best.scalar_subquery())


@functools.cache
def _previous_query() -> sa.Select[Any]:
    at = sa.bindparam("at", type_=sa.BigInteger)
    (complete,) = _of_each(COMPLETE)
    # The first condition is the range in the index; of captures of one moment the one with the smaller id is earlier.
    before = complete.where(
        captures.c.captured_at_ms <= at, (captures.c.captured_at_ms < at) | (captures.c.id < sa.bindparam("id"))
    )
    best = _newest_first(before).subquery()
    return sa.select(captures).where(captures.c.id == sa.select(best.c.id).scalar_subquery())


def _of_each(states: frozenset[State]) -> Iterator[sa.Select[Any]]:
    same = sa.and_(captures.c.url_hash == sa.bindparam("url_hash"), captures.c.url == sa.bindparam("url"))
    for state in sorted(states):
        yield sa.select(captures.c.id, captures.c.captured_at_ms).where(same, captures.c.state == state.value).limit(1)


def _united(sides: Sequence[sa.Select[Any]]) -> sa.Subquery:
    """All of them in one; who asks for no state gets nothing."""
    none = sa.select(captures.c.id, captures.c.captured_at_ms).where(sa.false())
    return sa.union_all(*(sa.select(side.subquery()) for side in sides or [none])).subquery()


def _answer(
    database: Database, url: str, states: Collection[State], query: sa.Select[Any], more: Mapping[str, int]
) -> Answer:
    text = plain(url)
    with database.reading() as connection:
        found = _captures(connection, query, _values(text, more))
        if found:
            return Answer(url, found[0])
        counts = sa.select(captures.c.state, sa.func.count()).where(_of_url(text)).group_by(captures.c.state)
        left_out = sorted((State(state), count) for state, count in connection.execute(counts))
        alike = []
        for other in _look_alikes(connection, text, states):
            alike += _captures(connection, query, _values(other, more))
    return Answer(url, None, tuple(left_out), tuple(alike))


def _values(url: str, more: Mapping[str, int | str]) -> dict[str, str | int]:
    return {"url": url, "url_hash": hash_of(url), **more}


def _look_alikes(connection: Connection, url: str, states: Collection[State]) -> list[str]:
    key = plain(surt(url))
    query = (
        sa.select(captures.c.url)
        .where(captures.c.surt_hash == hash_of(key), captures.c.surt == key, captures.c.url != url, _in(states))
        .distinct()
        .limit(_MAX_LOOK_ALIKES)
    )
    return sorted(other for other in connection.scalars(query) if other is not None)


def _of_url(url: str) -> sa.ColumnElement[bool]:
    return sa.and_(captures.c.url_hash == hash_of(url), captures.c.url == url)


def _in(states: Collection[State]) -> sa.ColumnElement[bool]:
    return captures.c.state.in_(sorted(state.value for state in states))


def _newest_first(query: sa.Select[Any]) -> sa.Select[Any]:
    return query.order_by(captures.c.captured_at_ms.desc(), captures.c.id.desc())


def _conditions(wanted: Filter) -> Iterator[sa.ColumnElement[bool]]:
    if wanted.url is not None:
        yield _of_url(plain(wanted.url))
    if wanted.domain is not None:
        begin = host_key(plain(wanted.domain))
        # What is below a host goes on after its last comma; "-" is the character that follows "," in order.
        yield sa.and_(captures.c.host >= begin, captures.c.host < begin[:-1] + "-")
    if wanted.since is not None:
        yield captures.c.captured_at_ms >= moments.to_ms(wanted.since)
    if wanted.until is not None:
        yield captures.c.captured_at_ms <= moments.to_ms(wanted.until)
    for each in wanted.tags:
        yield captures.c.id.in_(sa.select(tags.c.id).where(tags.c.tag == stored_tag(each)))
    if set(wanted.states) != set(State):
        yield _in(wanted.states)
    if wanted.region is not None:
        yield captures.c.id.in_(carrying(wanted.region))
    if wanted.after is not None:
        at = moments.to_ms(wanted.after.captured_at)
        earlier = (captures.c.captured_at_ms < at) | (captures.c.id < wanted.after.id)
        yield (captures.c.captured_at_ms <= at) & earlier


def _stream(database: Database, query: sa.Select[Any]) -> Iterator[Capture]:
    # The result is closed before its connection: PostgreSQL's cursor for it lives on the server.
    with database.streaming() as connection, _paged(connection, query) as rows:
        for page in rows.partitions():
            yield from _complete(connection, page)


def _paged(connection: Connection, query: sa.Select[Any]) -> sa.CursorResult[Any]:
    return connection.execution_options(yield_per=_PAGE).execute(query)


def _captures(connection: Connection, query: sa.Select[Any], values: Mapping[str, Any] | None = None) -> list[Capture]:
    return list(_complete(connection, connection.execute(query, values or {}).all()))


#: tags (with -1 as their slot) and duplicates of some captures
_BESIDES = sa.union_all(
    sa.select(tags.c.id, sa.literal(-1, sa.BigInteger).label("log_index"), tags.c.tag.label("text"), sa.null()).where(
        tags.c.id.in_(sa.bindparam("ids", expanding=True))
    ),
    sa.select(duplicates.c.id, duplicates.c.log_index, duplicates.c.type, duplicates.c.commitment).where(
        duplicates.c.id.in_(sa.bindparam("ids", expanding=True))
    ),
)


def _complete(connection: Connection, rows: Any) -> Iterator[Capture]:
    """Rows with what other tables hold of them."""
    if not rows:
        return
    labels: dict[str, list[str]] = {}
    later: dict[str, list[LogRef]] = {}
    for id_, index, text, commitment in connection.execute(_BESIDES, {"ids": [row.id for row in rows]}):
        if index < 0:
            labels.setdefault(id_, []).append(text)
        else:
            later.setdefault(id_, []).append(LogRef(index, text, commitment))
    for row in rows:
        others = sorted(later.get(row.id, ()), key=lambda entry: entry.index)
        yield _capture(row, tuple(sorted(labels.get(row.id, ()))), tuple(others))


def _capture(row: Row[Any], labels: tuple[str, ...], later: tuple[LogRef, ...]) -> Capture:
    return Capture(
        id=row.id,
        state=State(row.state),
        intent=None if row.intent_index is None else LogRef(row.intent_index, "intent", row.intent_commitment),
        result=None if row.result_index is None else LogRef(row.result_index, row.result_type, row.result_commitment),
        url=row.url,
        final_url=row.final_url,
        captured_at=moments.from_ms(row.captured_at_ms),
        deadline=None if row.deadline_ms is None else moments.from_ms(row.deadline_ms),
        http_status=row.http_status,
        title=row.title,
        tags=labels,
        case=row.case_name,
        warc_bytes=row.warc_bytes,
        duplicates=later,
        withdrawal=None if row.withdrawn_index is None else _withdrawal(row),
    )


def _withdrawal(row: Row[Any]) -> Withdrawal:
    at = None if row.withdrawn_at_ms is None else moments.from_ms(row.withdrawn_at_ms)
    entry = LogRef(row.withdrawn_index, WITHDRAWN, row.withdrawn_commitment)
    return Withdrawal(entry, at, row.withdrawn_reason, row.withdrawn_operator)

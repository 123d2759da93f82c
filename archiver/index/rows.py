"""From entries to rows: one row a capture.

A row says what the first result in log order says. What that does not say, or where there is none, the first intent
says. So a row is the same whatever the steps in which the index followed the log.

A withdrawal, wherever it stands, takes away what all of them say: notes of a withdrawn capture may be there or not, and
the row must be the same. That they are missing is no trouble then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from archiver import moments
from archiver.errors import UsageError
from archiver.index import regions, schema, sketches
from archiver.index.facts import Facts, Withdrawal, plain
from archiver.index.readings import Reading
from archiver.index.schema import State
from archiver.model import Sketch
from archiver.storage import log
from archiver.urls import surt

INTENT = "intent"
_COLUMNS = tuple(column.name for column in schema.captures.c)
T = TypeVar("T")
_IN = 500  # values of one IN: SQLite takes 999 in old versions


@dataclass
class _Draft:
    """A row while a batch is put in."""

    values: dict[str, Any]
    is_new: bool
    tags: tuple[str, ...] = ()
    tags_before: tuple[str, ...] = ()
    duplicates: list[log.Entry] = field(default_factory=list)
    sketch: Sketch | None = None  # one that this batch brought

    @property
    def has_result(self) -> bool:
        """Whether a result says something; one that is lost does not."""
        return self.values["state"] not in (State.PENDING, State.LOST)

    @property
    def is_withdrawn(self) -> bool:
        return self.values["withdrawn_index"] is not None


def put(connection: Connection, batch: Sequence[Reading]) -> None:
    """Put entries into the index. Each slot is put in once, in order, or again after its note could be read."""
    of_captures = [(r, r.entry) for r in batch if r.entry and r.entry.type in (*log.CAPTURE_TYPES, log.WITHDRAWN)]
    drafts = _load(connection, sorted({entry.id for _, entry in of_captures}))
    for reading, entry in of_captures:
        draft = drafts.get(entry.id) or _new(entry.id)
        drafts[entry.id] = draft
        _add(draft, entry, reading.facts)
    _write(connection, list(drafts.values()))
    _note_statements(connection, batch)
    _note_troubles(connection, batch, {id_ for id_, draft in drafts.items() if draft.is_withdrawn})
    _note_unknown(connection, batch)


def _new(id_: str) -> _Draft:
    values: dict[str, Any] = dict.fromkeys(_COLUMNS)
    values |= {"id": id_, "state": State.PENDING.value, "captured_at_ms": _moment_of(id_)}
    return _Draft(values, is_new=True)


def _moment_of(id_: str) -> int:
    """Where a capture has its place while no statement says when it was: the time its id was given."""
    try:
        return moments.to_ms(moments.parse_time(id_[:8] + id_[9:15], moments.from_ms(0)).first)
    except UsageError:
        return 0


def _add(draft: _Draft, entry: log.Entry, facts: Facts | Withdrawal | None) -> None:
    if entry.type == log.WITHDRAWN:
        _add_withdrawal(draft, entry, facts if isinstance(facts, Withdrawal) else None)
        return
    said = None if draft.is_withdrawn or isinstance(facts, Withdrawal) else facts
    if entry.type == INTENT:
        _add_intent(draft, entry, said)
    else:
        _add_result(draft, entry, said)


def _add_intent(draft: _Draft, entry: log.Entry, facts: Facts | None) -> None:
    values = draft.values
    if values["intent_index"] not in (None, entry.index):
        draft.duplicates.append(entry)
        return
    values |= {"intent_index": entry.index, "intent_commitment": entry.commitment}
    if facts is None:
        return
    values["deadline_ms"] = facts.deadline_ms
    values["case_name"] = values["case_name"] if values["case_name"] is not None else facts.case_name
    draft.tags = draft.tags or facts.tags
    if not draft.has_result:
        _say(draft, facts)


def _add_result(draft: _Draft, entry: log.Entry, facts: Facts | None) -> None:
    values = draft.values
    if values["result_index"] not in (None, entry.index):
        draft.duplicates.append(entry)
        return
    values |= {"result_index": entry.index, "result_type": entry.type, "result_commitment": entry.commitment}
    if facts is None:
        values["state"] = State.WITHDRAWN.value if draft.is_withdrawn else State.LOST.value
        return
    values |= {
        "state": facts.state.value,
        "final_url": facts.final_url,
        "http_status": facts.http_status,
        "title": facts.title,
        "warc_bytes": facts.warc_bytes,
        "case_name": facts.case_name if facts.case_name is not None else values["case_name"],
    }
    draft.tags = facts.tags or draft.tags
    draft.sketch = facts.sketch
    _say(draft, facts)


def _add_withdrawal(draft: _Draft, entry: log.Entry, said: Withdrawal | None) -> None:
    """The first one that says something counts; before there is any, the first."""
    values = draft.values
    before, is_silent = values["withdrawn_index"], values["withdrawn_at_ms"] is None
    if before not in (None, entry.index) and not (said and (is_silent or entry.index < before)):
        return
    kept = ("id", "intent_index", "intent_commitment", "result_index", "result_type", "result_commitment")
    values |= dict.fromkeys(set(_COLUMNS) - set(kept))
    values |= {
        "state": State.WITHDRAWN.value,
        "captured_at_ms": _moment_of(values["id"]),
        "withdrawn_index": entry.index,
        "withdrawn_commitment": entry.commitment,
    }
    draft.tags = ()
    draft.sketch = None
    if said is not None:
        values |= {
            "withdrawn_at_ms": said.at_ms,
            "withdrawn_reason": said.reason,
            "withdrawn_operator": said.operator,
        }


def _say(draft: _Draft, facts: Facts) -> None:
    key = plain(surt(facts.url))
    draft.values |= {
        "url": facts.url,
        "url_hash": schema.hash_of(facts.url),
        "surt": key,
        "surt_hash": schema.hash_of(key),
        "host": schema.host_of(facts.url),
        "captured_at_ms": facts.captured_at_ms,
    }


def chunks(values: Sequence[T]) -> Iterator[list[T]]:
    """As many as one statement takes."""
    rest = iter(values)
    while chunk := list(islice(rest, _IN)):
        yield chunk


def tags_of(connection: Connection, ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The tags of captures, sorted; those without any are left out."""
    found: dict[str, list[str]] = {}
    for chunk in chunks(ids):
        wanted = sa.select(schema.tags.c.id, schema.tags.c.tag).where(schema.tags.c.id.in_(chunk))
        for id_, tag in connection.execute(wanted):
            found.setdefault(id_, []).append(tag)
    return {id_: tuple(sorted(tags)) for id_, tags in found.items()}


def _load(connection: Connection, ids: list[str]) -> dict[str, _Draft]:
    drafts = {}
    for chunk in chunks(ids):
        wanted = sa.select(schema.captures).where(schema.captures.c.id.in_(chunk))
        for row in connection.execute(wanted):
            drafts[row.id] = _Draft(dict(row._mapping), is_new=False)
    for id_, tags in tags_of(connection, list(drafts)).items():
        drafts[id_].tags = drafts[id_].tags_before = tags
    return drafts


def _write(connection: Connection, drafts: list[_Draft]) -> None:
    captures = schema.captures
    new = [draft.values for draft in drafts if draft.is_new]
    old = [{f"b_{name}": value for name, value in draft.values.items()} for draft in drafts if not draft.is_new]
    _execute(connection, sa.insert(captures), new)
    setters: dict[str, Any] = {name: sa.bindparam(f"b_{name}") for name in _COLUMNS if name != "id"}
    _execute(connection, sa.update(captures).where(captures.c.id == sa.bindparam("b_id")).values(setters), old)
    changed = [draft for draft in drafts if draft.tags != draft.tags_before]
    stale = [{"b_id": draft.values["id"]} for draft in changed if draft.tags_before]
    _execute(connection, sa.delete(schema.tags).where(schema.tags.c.id == sa.bindparam("b_id")), stale)
    pairs = [{"id": draft.values["id"], "tag": tag} for draft in changed for tag in draft.tags]
    _execute(connection, sa.insert(schema.tags), pairs)
    gone = [draft.values["id"] for draft in drafts if draft.is_withdrawn and not draft.is_new]
    sketches.forget(connection, gone)
    regions.forget(connection, gone)
    brought = [(draft.values["id"], draft.values["url_hash"], draft.sketch) for draft in drafts if draft.sketch]
    sketches.put(connection, brought)
    _insert_new(connection, schema.duplicates, [entry for draft in drafts for entry in draft.duplicates])


def _note_statements(connection: Connection, batch: Iterable[Reading]) -> None:
    others = set(log.TYPES) - set(log.CAPTURE_TYPES)
    _insert_new(connection, schema.statements, [r.entry for r in batch if r.entry and r.entry.type in others])


def _insert_new(connection: Connection, table: sa.Table, entries: list[log.Entry]) -> None:
    """Insert entries but those that are there: their notes were read once more."""
    there: set[int] = set()
    for chunk in chunks([entry.index for entry in entries]):
        there.update(connection.scalars(sa.select(table.c.log_index).where(table.c.log_index.in_(chunk))))
    rows = [
        {"log_index": entry.index, "id": entry.id, "type": entry.type, "commitment": entry.commitment}
        for entry in entries
        if entry.index not in there
    ]
    _execute(connection, sa.insert(table), rows)


def _note_troubles(connection: Connection, batch: Sequence[Reading], withdrawn: set[str]) -> None:
    """What is wrong with the notes of a withdrawn capture is nothing wrong; known before, it is taken away again."""
    now = sorted({reading.entry.id for reading in batch if reading.entry and reading.entry.type == log.WITHDRAWN})
    problems = schema.problems
    for chunk in chunks(now):
        settled = problems.c.id.in_(chunk) & problems.c.type.in_(log.PAGE_TYPES)
        connection.execute(sa.delete(problems).where(settled))
    rows = [
        {
            "log_index": reading.index,
            "kind": reading.trouble.value,
            "id": reading.entry.id if reading.entry else None,
            "type": reading.entry.type if reading.entry else None,
            "commitment": reading.entry.commitment if reading.entry else None,
            "detail": reading.detail,
        }
        for reading in batch
        if reading.trouble and not _is_of(withdrawn, reading.entry)
    ]
    _execute(connection, sa.insert(problems), rows)


def _is_of(captures: set[str], entry: log.Entry | None) -> bool:
    """Whether the note of an entry names the page of one of these captures."""
    return entry is not None and entry.type in log.PAGE_TYPES and entry.id in captures


def _note_unknown(connection: Connection, batch: Iterable[Reading]) -> None:
    """Types of later versions: only that there are such entries. A version that knows them makes the index again."""
    first: dict[str, int] = {}
    counts: Counter[str] = Counter()
    for reading in batch:
        if reading.entry and reading.entry.type not in log.TYPES:
            name = plain(reading.entry.type)
            first.setdefault(name, reading.index)
            counts[name] += 1
    table = schema.unknown_types
    for name, count in counts.items():
        more = sa.update(table).where(table.c.type == name).values(entries=table.c.entries + count)
        if connection.execute(more).rowcount == 0:
            connection.execute(sa.insert(table).values(type=name, first_index=first[name], entries=count))


def _execute(connection: Connection, statement: sa.Executable, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(statement, rows)

"""A withdrawn capture's row has what a new index could know, in whatever order the log and the deletions came."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from archiver.index import follow, queries
from archiver.index.database import Database
from archiver.index.opening import rebuild_index
from archiver.index.queries import Capture, Filter
from archiver.index.readings import Trouble
from archiver.index.remains import notes_of
from archiver.index.schema import State
from archiver.storage import layout
from archiver.storage.log import Entry, entries
from tests.support.logs import Log, at, failure, intent, snapshot, withdrawn

_URL = "https://example.com/"


def row(index: Database, log: Log, id_: str) -> Capture:
    follow.catch_up(index, log.store)
    capture = queries.by_id(index, id_)
    assert capture is not None
    return capture


def troubles(index: Database) -> list[tuple[int, str]]:
    return [(trouble.index, trouble.kind) for trouble in queries.troubles(index)]


def test_its_row_keeps_its_entries_and_who_withdrew_it_when_and_why(index: Database, log: Log) -> None:
    id_ = log.capture(tags=["a"], case="C-1")
    before = row(index, log, id_)
    entry = log.add(withdrawn(id_, at(60), "an error", operator="O. Perator"))
    capture = row(index, log, id_)
    assert (capture.state, capture.intent, capture.result) == (State.WITHDRAWN, before.intent, before.result)
    assert capture.withdrawal is not None
    said = capture.withdrawal
    assert (said.at, said.reason, said.operator) == (at(60), "an error", "O. Perator")
    assert (said.entry.index, said.entry.commitment) == (entry.index, entry.commitment)
    assert capture.said == said.entry
    assert (capture.url, capture.final_url, capture.title, capture.tags, capture.case) == (None, None, None, (), None)
    assert (capture.deadline, capture.http_status, capture.warc_bytes) == (None, None, None)
    assert capture.captured_at == at(0), "the time of its id"


@pytest.mark.parametrize("when", ["before it follows", "after it has followed"])
def test_a_rebuilt_index_says_the_same_when_the_notes_are_gone(
    when: str, index: Database, log: Log, location: str
) -> None:
    id_, other = log.capture(began=at(5), tags=["a"]), log.capture()
    if when == "after it has followed":
        follow.catch_up(index, log.store)
    log.add(withdrawn(id_))
    followed = row(index, log, id_)
    for key in notes_of(followed):
        log.store.delete(key)
    rebuild_index(location, log.store)
    assert row(index, log, id_) == followed
    assert row(index, log, other).state is State.COMPLETE


def test_troubles_with_its_notes_are_forgotten_when_the_withdrawal_comes(index: Database, log: Log) -> None:
    id_, other = log.capture(), log.capture()
    for key in list(log.store.list(layout.NOTES)):
        log.store.delete(key)
    follow.catch_up(index, log.store)
    log.add(withdrawn(id_))
    assert row(index, log, id_).state is State.WITHDRAWN
    assert troubles(index) == [(2, Trouble.MISSING), (3, Trouble.MISSING)]
    assert row(index, log, other).state is State.LOST


@pytest.mark.parametrize("make", [intent, snapshot, failure])
def test_an_entry_that_comes_after_the_withdrawal_adds_nothing_but_itself(
    make: Callable[..., dict[str, object]], index: Database, log: Log
) -> None:
    id_ = log.new_id()
    log.add(withdrawn(id_))
    alone = row(index, log, id_)
    assert (alone.state, alone.intent, alone.result) == (State.WITHDRAWN, None, None)
    readable, missing = log.add(make(id_, tags=["a"])), log.add(make(id_))
    log.store.delete(layout.note(missing.commitment))
    capture = row(index, log, id_)
    said = capture.intent or capture.result
    assert said is not None
    assert (said.index, [entry.index for entry in capture.duplicates]) == (readable.index, [missing.index])
    assert (capture.state, capture.url, capture.tags) == (State.WITHDRAWN, None, ())
    assert troubles(index) == []


def test_a_note_of_it_that_could_not_be_read_is_not_tried_again(index: Database, log: Log) -> None:
    id_ = log.capture()
    entry = log_entry(log, 1)
    log.memory.unreadable.add(layout.note(entry.commitment))
    follow.catch_up(index, log.store)
    assert troubles(index) == [(1, Trouble.UNREADABLE)]
    log.add(withdrawn(id_))
    follow.catch_up(index, log.store)
    log.memory.unreadable.clear()
    assert row(index, log, id_).url is None
    assert troubles(index) == []


def log_entry(log: Log, index: int) -> Entry:
    found = list(entries(log.store))[index]
    assert isinstance(found, Entry)
    return found


def test_the_first_withdrawal_counts(index: Database, log: Log) -> None:
    id_ = log.capture()
    first = log.add(withdrawn(id_, reason="the first"))
    log.add(withdrawn(id_, reason="the second"))
    capture = row(index, log, id_)
    assert capture.withdrawal is not None
    assert (capture.withdrawal.entry.index, capture.withdrawal.reason) == (first.index, "the first")
    assert capture.duplicates == ()
    assert [entry.index for entry in queries.statements_of(index, "withdrawn", id_)] == [2, 3]


def test_a_withdrawal_that_cannot_be_read_counts_until_one_that_can(index: Database, log: Log) -> None:
    id_ = log.capture()
    silent = log.add(withdrawn(id_))
    log.memory.unreadable.add(layout.note(silent.commitment))
    capture = row(index, log, id_)
    assert capture.withdrawal is not None
    assert (capture.state, capture.withdrawal.at) == (State.WITHDRAWN, None)
    assert troubles(index) == [(silent.index, Trouble.UNREADABLE)]
    spoken = log.add(withdrawn(id_, reason="the second"))
    capture = row(index, log, id_)
    assert capture.withdrawal is not None
    assert (capture.withdrawal.entry.index, capture.withdrawal.reason) == (spoken.index, "the second")
    log.memory.unreadable.clear()
    capture = row(index, log, id_)
    assert capture.withdrawal is not None
    assert (capture.withdrawal.entry.index, capture.withdrawal.reason) == (silent.index, "a court order")
    assert troubles(index) == []


@pytest.mark.parametrize("field", ["reason", "withdrawn_at", "operator", "format"])
def test_a_malformed_withdrawal_withdraws_all_the_same_and_is_named(field: str, index: Database, log: Log) -> None:
    id_ = log.capture()
    entry = log.add(withdrawn(id_) | {field: 7})
    capture = row(index, log, id_)
    assert capture.withdrawal is not None
    assert (capture.state, capture.withdrawal.reason) == (State.WITHDRAWN, None)
    assert troubles(index) == [(entry.index, Trouble.MALFORMED)]


def test_it_is_listed_and_never_given_for_its_url(index: Database, log: Log) -> None:
    older = log.capture(began=at(1))
    newer = log.capture(began=at(2))
    log.add(withdrawn(newer))
    follow.catch_up(index, log.store)
    for answer in (queries.newest_of(index, _URL), queries.nearest(index, _URL, at(9), frozenset(State))):
        assert answer.capture is not None
        assert answer.capture.id == older
    latest = queries.latest(index)
    assert latest is not None
    assert latest.id == older
    assert [c.id for c in queries.listing(index, Filter(states=frozenset({State.WITHDRAWN})))] == [newer]
    assert [c.id for c in queries.listing(index, Filter(url=_URL))] == [older]
    assert {c.id for c in queries.listing(index, Filter())} == {older, newer}


def test_one_that_was_never_finished_is_no_longer_unfinished(index: Database, log: Log) -> None:
    id_ = log.new_id()
    log.add(intent(id_))
    log.add(withdrawn(id_))
    follow.catch_up(index, log.store)
    assert list(queries.unfinished(index, at(99999))) == []


# other types


def test_entries_of_no_capture_are_found_by_type_and_id_and_make_no_row(index: Database, log: Log) -> None:
    capture = log.capture()
    ids = [log.new_id() for _ in range(3)]
    made = [log.add({"type": type_, "id": id_}) for type_, id_ in zip(("key", "custody", "key"), ids, strict=True)]
    log.add(withdrawn(capture))
    assert follow.catch_up(index, log.store) == 6
    assert queries.statements_of(index, "key") == [made[0], made[2]]
    assert queries.statements_of(index, "key", ids[2]) == [made[2]]
    assert queries.statements_of(index, "custody") == [made[1]]
    assert queries.statements_of(index, "intent") == queries.statements_of(index, "schedule") == []
    assert [found.id for found in queries.every(index)] == [capture]
    assert queries.unknown(index) == ()


def test_a_missing_note_of_another_type_is_a_trouble_that_no_withdrawal_settles(index: Database, log: Log) -> None:
    id_ = log.capture()
    entry = log.add({"type": "custody", "id": id_})
    log.store.delete(layout.note(entry.commitment))
    follow.catch_up(index, log.store)
    log.add(withdrawn(id_))
    follow.catch_up(index, log.store)
    assert troubles(index) == [(entry.index, Trouble.MISSING)]


@pytest.mark.parametrize("which", ["duplicate", "key"])
def test_a_note_that_is_read_later_is_put_in_once(which: str, index: Database, log: Log) -> None:
    id_ = log.capture()
    entry = log.add(snapshot(id_) if which == "duplicate" else {"type": "key", "id": log.new_id()})
    log.memory.unreadable.add(layout.note(entry.commitment))
    follow.catch_up(index, log.store)
    log.memory.unreadable.clear()
    capture = row(index, log, id_)
    assert troubles(index) == []
    assert [each.index for each in capture.duplicates] == ([entry.index] if which == "duplicate" else [])
    assert queries.statements_of(index, "key") == ([entry] if which == "key" else [])

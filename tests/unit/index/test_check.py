"""`check` finds everything that is wrong, at once."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from archiver.errors import StorageError
from archiver.index import follow, queries, schema
from archiver.index.check import Kind, Problem, check
from archiver.index.database import Database
from archiver.index.remains import remains
from archiver.storage import layout
from archiver.storage.base import Stat
from archiver.storage.log import Entry, entries
from tests.support.logs import Log, at, capture_id, failure, intent, snapshot, withdrawn

NOW = at(60)


def problems(index: Database, log: Log) -> list[Problem]:
    follow.catch_up(index, log.store)
    return list(check(index, log.store, NOW))


def found(index: Database, log: Log) -> list[tuple[Kind, str]]:
    return [(problem.kind, problem.name) for problem in problems(index, log)]


def test_a_whole_archive_has_no_problems(index: Database, log: Log) -> None:
    for second in range(100):
        log.capture(began=at(second), tags=["a"])
    log.add(failure(log.new_id()))
    log.add(intent(log.new_id()))
    log.add({"type": "later", "id": capture_id(1)})
    assert problems(index, log) == []


def test_everything_is_found_at_once(index: Database, log: Log) -> None:
    junk = log.add_junk(b"junk")
    missing, damaged = (log.add(snapshot(log.new_id())) for _ in range(2))
    malformed = log.add(snapshot(log.new_id(), outcome="splendid"))
    log.store.delete(layout.note(missing.commitment))
    log.store.replace(layout.note(damaged.commitment), b"damaged")
    gone, cut = log.capture(), log.capture()
    log.store.delete(layout.warc(gone))
    log.store.replace(layout.warc(cut), b"WA")
    foreign = log.capture(artifacts=[{"role": "warc", "key": layout.warc(gone), "bytes": 4}])
    unfinished = log.new_id()
    log.add(intent(unfinished, began=at(-999)))
    orphan = capture_id(999)
    log.store.put_new(layout.warc(orphan), b"WARC")
    log.store.put_new(layout.cdxj(orphan), b"CDXJ")
    log.store.put_new("log/slot/readme", b"")
    log.store.put_new("snapshots/readme", b"")
    where = log.store.where
    assert found(index, log) == [
        (Kind.FOREIGN_OBJECT, where("log/slot/readme")),
        (Kind.JUNK_SLOT, where(layout.slot(junk))),
        (Kind.MISSING_NOTE, where(layout.note(missing.commitment))),
        (Kind.DAMAGED_NOTE, where(layout.note(damaged.commitment))),
        (Kind.MALFORMED_STATEMENT, where(layout.note(malformed.commitment))),
        (Kind.MISSING_ARTIFACT, where(layout.warc(gone))),
        (Kind.WRONG_SIZE, where(layout.warc(cut))),
        (Kind.FOREIGN_OBJECT, foreign),
        (Kind.ORPHAN, where(layout.cdxj(orphan))),
        (Kind.ORPHAN, where("snapshots/readme")),
        (Kind.UNFINISHED, unfinished),
    ]


@pytest.mark.parametrize(
    ("taken", "words"),
    [([0], "entry 0 is missing"), ([3], "entry 3 is missing"), ([4, 5], "entries 4 to 5 are missing")],
)
def test_a_hole_is_found_by_listing(index: Database, log: Log, taken: list[int], words: str) -> None:
    for _ in range(5):
        log.capture()
    for each in taken:
        log.store.delete(layout.slot(each))
    hole = next(problem for problem in problems(index, log) if problem.kind is Kind.HOLE)
    assert hole.name == log.store.where(layout.slot(taken[0]))
    assert words in hole.detail


def test_several_holes_are_all_found(index: Database, log: Log) -> None:
    for _ in range(5):
        log.capture()
    for each in (2, 6):
        log.store.delete(layout.slot(each))
    holes = [name for kind, name in found(index, log) if kind is Kind.HOLE]
    assert holes == [log.store.where(layout.slot(each)) for each in (2, 6)]


def test_the_artifacts_of_a_duplicate_are_nobodys_loss(index: Database, log: Log) -> None:
    id_ = log.capture()
    log.add(snapshot(id_, artifacts=[{"role": "warc", "key": layout.warc(id_), "bytes": 99}]))
    assert found(index, log) == []


def test_an_artifact_the_store_does_not_give_is_a_problem_and_no_end(index: Database, log: Log) -> None:
    first, second = log.capture(), log.capture()
    log.memory.unreadable.add(layout.warc(first))
    log.store.delete(layout.warc(second))
    assert [kind for kind, _ in found(index, log)] == [Kind.MISSING_ARTIFACT, Kind.MISSING_ARTIFACT]


def test_a_key_that_leads_out_of_the_archive_is_not_followed(index: Database, log: Log) -> None:
    id_ = log.capture(artifacts=[{"role": "warc", "key": "../../etc/passwd", "bytes": 4}])
    assert found(index, log) == [(Kind.FOREIGN_OBJECT, id_)]


def test_an_index_that_says_something_else_than_the_log_is_found(index: Database, log: Log) -> None:
    ids = [log.capture() for _ in range(3)]
    follow.catch_up(index, log.store)
    table = schema.captures
    with index.writing() as connection:
        connection.execute(sa.delete(table).where(table.c.id == ids[0]))
        connection.execute(sa.update(table).where(table.c.id == ids[1]).values(title="another"))
        connection.execute(
            sa.insert(table).values(id=capture_id(50), state="complete", captured_at_ms=0, result_index=1)
        )
    differing = problems(index, log)
    assert [(problem.kind, problem.name) for problem in differing] == [
        (Kind.INDEX_DIFFERS, ids[0]),
        (Kind.INDEX_DIFFERS, ids[1]),
        (Kind.INDEX_DIFFERS, capture_id(50)),
    ]
    assert all("index rebuild" in problem.detail for problem in differing)


def test_what_came_in_after_the_index_last_followed_is_no_difference(index: Database, log: Log) -> None:
    first = log.new_id()
    log.add(intent(first))
    follow.catch_up(index, log.store)
    log.store.put_new(layout.warc(first), b"WARC")
    log.add(snapshot(first))
    log.capture()
    assert list(check(index, log.store, NOW)) == []


def test_what_a_withdrawn_capture_lacks_is_no_problem_whenever_it_was_withdrawn(index: Database, log: Log) -> None:
    early, late = log.capture(), log.capture()
    log.add(withdrawn(early))
    follow.catch_up(index, log.store)
    log.add(withdrawn(late))
    for id_ in (early, late):
        take_away(index, log, id_)
    assert found(index, log) == []


def take_away(index: Database, log: Log, id_: str) -> None:
    """Delete what is left of a withdrawn capture."""
    follow.catch_up(index, log.store)
    capture = queries.by_id(index, id_)
    assert capture is not None
    for key in list(remains(log.store, capture)):
        log.store.delete(key)


def test_what_is_still_there_of_a_withdrawn_capture_is_found(index: Database, log: Log) -> None:
    id_ = log.capture()
    again = log.add(snapshot(id_))
    first, second = (slot for slot in entries(log.store) if isinstance(slot, Entry) and slot.index < 2)
    log.add(withdrawn(id_))
    log.store.delete(layout.note(second.commitment))
    keys = [layout.note(first.commitment), layout.note(again.commitment), layout.warc(id_)]
    assert found(index, log) == [(Kind.NOT_DELETED, log.store.where(key)) for key in keys]
    assert f"`archiver withdraw {id_}` once more" in problems(index, log)[0].detail


def test_what_a_lock_still_keeps_of_a_withdrawn_capture_is_told_with_its_date(
    index: Database, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, kept = log.capture(), log.capture()
    for id_ in (held, kept):
        log.add(withdrawn(id_))
        take_away(index, log, id_)
        log.store.put_new(layout.warc(id_), b"WARC")
    stats = {layout.warc(held): Stat(4, None, at(9), True), layout.warc(kept): Stat(4, None, at(9), False)}
    stat = log.memory.stat
    monkeypatch.setattr(log.memory, "stat", lambda key: stats.get(key) or stat(key))
    monkeypatch.setattr("archiver.clock.now", lambda: at(0))
    endings = {problem.name: problem.detail.rpartition("deletes it")[2] for problem in problems(index, log)}
    assert endings == {
        log.store.where(layout.warc(held)): ", once its legal hold is lifted",
        log.store.where(layout.warc(kept)): ", after 2026-11-23T08:00:09.000000Z",
    }


def test_a_withdrawal_whose_note_is_missing_is_found(index: Database, log: Log) -> None:
    id_ = log.capture()
    entry = log.add(withdrawn(id_))
    take_away(index, log, id_)
    log.store.delete(layout.note(entry.commitment))
    assert (Kind.MISSING_NOTE, log.store.where(layout.note(entry.commitment))) in found(index, log)


def test_an_index_that_lacks_an_entry_of_another_type_is_found(index: Database, log: Log) -> None:
    log.add({"type": "key", "id": log.new_id()})
    entry = log.add({"type": "key", "id": log.new_id()})
    follow.catch_up(index, log.store)
    with index.writing() as connection:
        connection.execute(sa.delete(schema.statements).where(schema.statements.c.log_index == entry.index))
    assert found(index, log) == [(Kind.INDEX_DIFFERS, entry.id)]


def test_a_store_that_cannot_be_reached_ends_the_check(index: Database, log: Log) -> None:
    log.capture()
    follow.catch_up(index, log.store)
    log.memory.is_down = True
    with pytest.raises(StorageError):
        list(check(index, log.store, NOW))


def test_many_orphans_are_all_found(index: Database, log: Log) -> None:
    for number in range(1500):
        log.store.put_new(layout.warc(capture_id(number + 9000)), b"")
    assert len(problems(index, log)) == 1500

"""The index follows the log: each capture becomes a row, whatever else the log holds."""

from __future__ import annotations

import multiprocessing
import random
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
import sqlalchemy as sa

from archiver.errors import StorageError
from archiver.index import follow, queries, schema
from archiver.index.database import Database
from archiver.index.opening import open_index
from archiver.index.queries import Filter
from archiver.index.readings import Trouble, readings
from archiver.index.schema import State
from archiver.storage import layout
from archiver.storage.log import Entry, entries
from tests.support.logs import Log, at, capture_id, catch_up_elsewhere, failure, intent, snapshot
from tests.support.memory_store import MemoryStore
from tests.unit.index.conftest import Opener


def ids(database: Database) -> list[str]:
    return [capture.id for capture in queries.every(database)]


def kinds(database: Database) -> list[tuple[int, str]]:
    return [(trouble.index, trouble.kind) for trouble in queries.troubles(database)]


# A long log takes longer to write than to follow: each is written once, and tests put what it is into their own.


@cache
def captured(count: int, *tags: str) -> dict[str, bytes]:
    """The objects of a log of so many captures."""
    log = Log()
    for number in range(count):
        log.capture(began=at(number), tags=list(tags))
    return log.memory.objects


@cache
def mixed() -> dict[str, bytes]:
    """The objects of a log of 1500 captures, 150 results that come late, and 15 entries of an unknown type."""
    log = Log()
    for number in range(1500):
        id_ = log.capture(began=at(number), tags=[f"t{number % 7}"])
        if number % 10 == 0:
            log.add(snapshot(id_))
        if number % 100 == 0:
            log.add({"type": "later", "id": id_})
    return log.memory.objects


@pytest.fixture(params=[999.0, -1.0], ids=["read in turn", "read ahead"])
def any_reading(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a store that answers at once, and of one across a network."""
    monkeypatch.setattr("archiver.index.readings.QUICK_S", request.param)


def test_an_empty_log_is_an_empty_index(index: Database, log: Log) -> None:
    assert follow.catch_up(index, log.store) == 0
    assert ids(index) == []


def test_a_capture_is_one_row_with_what_its_statements_say(index: Database, log: Log) -> None:
    id_ = log.new_id()
    first = log.add(intent(id_, "https://www.example.com/a", at(1.2345), tags=["b", "a"], case="C-1"))
    last = log.add(
        snapshot(
            id_, "https://www.example.com/a", at(1.2345), intent=0, final_url="https://example.com/b",
            title="Title \0", outcome="partial", tags=["a", "b"], case="C-1",
            main_document={"status": 404}, artifacts=[{"role": "warc", "key": layout.warc(id_), "bytes": 1 << 40}],
        )
    )  # fmt: skip
    assert follow.catch_up(index, log.store) == 2
    capture = queries.by_id(index, id_)
    assert capture is not None
    assert capture.state is State.PARTIAL
    assert (capture.url, capture.final_url) == ("https://www.example.com/a", "https://example.com/b")
    assert capture.captured_at == at(1.234), "whole milliseconds"
    assert capture.deadline == at(1.234) + timedelta(minutes=5)
    assert (capture.http_status, capture.title, capture.warc_bytes) == (404, "Title \ufffd", 1 << 40)
    assert (capture.tags, capture.case) == (("a", "b"), "C-1")
    assert capture.intent is not None
    assert capture.result is not None
    assert (capture.intent.index, capture.intent.commitment) == (0, first.commitment)
    assert (capture.result.index, capture.result.type, capture.result.commitment) == (1, "snapshot", last.commitment)
    assert capture.duplicates == ()


def test_a_failure_keeps_what_its_intent_said(index: Database, log: Log) -> None:
    id_ = log.new_id()
    log.add(intent(id_, tags=["a"], case="C-1"))
    follow.catch_up(index, log.store)
    log.add(failure(id_))
    follow.catch_up(index, log.store)
    capture = queries.by_id(index, id_)
    assert capture is not None
    assert (capture.state, capture.tags, capture.case) == (State.FAILED, ("a",), "C-1")


def test_what_a_result_says_takes_the_place_of_what_its_intent_said(index: Database, log: Log) -> None:
    id_ = log.new_id()
    log.add(intent(id_, tags=["a", "b"], case="C-1"))
    follow.catch_up(index, log.store)
    log.add(snapshot(id_, tags=["b", "c"], case="C-2"))
    follow.catch_up(index, log.store)
    capture = queries.by_id(index, id_)
    assert capture is not None
    assert (capture.tags, capture.case) == (("b", "c"), "C-2")


def test_an_intent_that_comes_late_does_not_take_the_place_of_what_its_result_said(index: Database, log: Log) -> None:
    id_ = log.new_id()
    log.add(snapshot(id_, "https://example.com/result", at(5), tags=["b"], case="C-2"))
    log.add(intent(id_, "https://example.com/intent", at(1), tags=["a"], case="C-1"))
    follow.catch_up(index, log.store)
    capture = queries.by_id(index, id_)
    assert capture is not None
    assert (capture.url, capture.captured_at) == ("https://example.com/result", at(5))
    assert (capture.tags, capture.case) == (("b",), "C-2")


def test_the_first_result_counts_and_later_ones_are_duplicates(index: Database, log: Log) -> None:
    id_ = log.new_id()
    log.add(intent(id_))
    log.add(failure(id_))
    second = log.add(snapshot(id_, tags=["late"]))
    follow.catch_up(index, log.store)
    third = log.add(snapshot(id_))
    again = log.add(intent(id_))
    follow.catch_up(index, log.store)
    capture = queries.by_id(index, id_)
    assert capture is not None
    assert capture.state is State.FAILED
    assert capture.tags == ()
    assert [(d.index, d.type) for d in capture.duplicates] == [
        (second.index, "snapshot"), (third.index, "snapshot"), (again.index, "intent"),
    ]  # fmt: skip


def test_an_intent_alone_is_pending_until_its_deadline_has_passed(index: Database, log: Log) -> None:
    id_ = log.new_id()
    log.add(intent(id_))
    log.capture()
    follow.catch_up(index, log.store)
    assert list(queries.unfinished(index, at(300))) == []
    (capture,) = queries.unfinished(index, at(300.001))
    assert (capture.id, capture.state) == (id_, State.PENDING)
    assert not capture.is_unfinished(at(300))
    assert capture.is_unfinished(at(300.001))


def test_junk_unknown_types_and_bad_notes_leave_the_rest_working(index: Database, log: Log) -> None:
    junk = [b"", b"{", b"[]", b"x" * 2000, b'{"commitment":"00","id":"x","type":"snapshot"}']
    for data in junk:
        log.add_junk(data)
    good = log.capture()
    lost, damaged, malformed = log.new_id(), log.new_id(), log.new_id()
    bad = [log.add(snapshot(each)) for each in (lost, damaged)]
    log.store.delete(layout.note(bad[0].commitment))
    log.store.replace(layout.note(bad[1].commitment), b"00\n{}\n")
    log.add(snapshot(malformed, outcome="splendid"))
    log.add({"type": "with\0drawal", "id": good})
    log.add({"type": "with\0drawal", "id": good})
    assert follow.catch_up(index, log.store) == 12
    assert kinds(index) == [
        *((slot, Trouble.JUNK) for slot in range(5)),
        (7, Trouble.MISSING), (8, Trouble.DAMAGED), (9, Trouble.MALFORMED),
    ]  # fmt: skip
    assert [(each.type, each.first_index, each.entries) for each in queries.unknown(index)] == [
        ("with\ufffddrawal", 10, 2)
    ]
    states = {capture.id: capture.state for capture in queries.listing(index, Filter())}
    assert states == {good: State.COMPLETE, lost: State.LOST, damaged: State.LOST, malformed: State.LOST}
    assert [trouble.detail for trouble in queries.troubles(index, malformed)] == ["its outcome is not known"]


def test_a_capture_whose_statements_are_gone_is_still_found_by_its_id(index: Database, log: Log) -> None:
    id_ = log.capture()
    for key in list(log.store.list(layout.NOTES)):
        log.store.delete(key)
    follow.catch_up(index, log.store)
    capture = queries.by_id(index, id_)
    assert capture is not None
    assert (capture.state, capture.url, capture.captured_at) == (State.LOST, None, at(0))


def test_a_lost_result_leaves_what_the_intent_said(index: Database, log: Log) -> None:
    id_ = log.new_id()
    log.add(intent(id_, tags=["a"]))
    entry = log.add(snapshot(id_))
    log.store.delete(layout.note(entry.commitment))
    follow.catch_up(index, log.store)
    capture = queries.by_id(index, id_)
    assert capture is not None
    assert (capture.state, capture.url, capture.tags) == (State.LOST, "https://example.com/", ("a",))


def test_a_note_the_store_does_not_give_is_tried_again(index: Database, log: Log) -> None:
    id_ = log.capture(tags=["a"])
    other = log.capture()
    log.memory.unreadable.add(layout.note(_entry(log, 1).commitment))
    follow.catch_up(index, log.store)
    assert _state(index, id_) is State.LOST
    assert _state(index, other) is State.COMPLETE
    assert kinds(index) == [(1, Trouble.UNREADABLE)]
    log.memory.unreadable.clear()
    follow.catch_up(index, log.store)
    assert _state(index, id_) is State.COMPLETE
    assert kinds(index) == []


def test_a_store_that_cannot_be_reached_is_an_error_and_nothing_is_noted(index: Database, log: Log) -> None:
    log.capture()
    log.memory.is_down = True
    with pytest.raises(StorageError, match="gave an error"):
        follow.catch_up(index, log.store)
    log.memory.is_down = False
    assert queries.next_index(index) == 0
    assert follow.catch_up(index, log.store) == 2
    assert kinds(index) == []


def test_a_store_that_is_away_for_a_moment_says_nothing_of_the_note(index: Database, log: Log) -> None:
    log.capture()

    class Flickering(MemoryStore):
        def get(self, key: str, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
            self.is_down = key.startswith(layout.NOTES)  # and back for the next slot
            return super().get(key, offset, length)

    with pytest.raises(StorageError, match="gave an error"):
        follow.catch_up(index, Flickering(log.memory.objects))
    assert queries.next_index(index) == 0
    assert kinds(index) == []


@pytest.mark.usefixtures("any_reading")
def test_what_was_put_in_before_the_store_failed_stays(index: Database, log: Log) -> None:
    log.memory.objects.update(captured(700))
    log.memory.unreadable.add(layout.slot(1390))
    with pytest.raises(StorageError):
        follow.catch_up(index, log.store)
    assert queries.next_index(index) == 1024
    log.memory.unreadable.clear()
    assert follow.catch_up(index, log.store) == 1400
    assert len(ids(index)) == 700


@pytest.mark.usefixtures("any_reading")
def test_reading_ends_where_it_is_told(log: Log) -> None:
    log.memory.objects.update(captured(400))
    for stop in (0, 1, 64, 700):
        assert [reading.index for reading in readings(log.store, 0, stop)] == list(range(stop))
    assert [reading.index for reading in readings(log.store, 100)] == list(range(100, 800))


@pytest.mark.usefixtures("any_reading")
def test_the_index_ends_before_a_hole(index: Database, log: Log) -> None:
    log.memory.objects.update(captured(400))
    log.store.delete(layout.slot(200))
    assert follow.catch_up(index, log.store) == 200


@pytest.mark.usefixtures("any_reading")
def test_progress_is_told(index: Database, log: Log) -> None:
    log.memory.objects.update(captured(600))
    told: list[int] = []
    follow.catch_up(index, log.store, told.append)
    assert told == [1024, 1200]


@pytest.mark.usefixtures("any_reading")
def test_several_at_once_neither_duplicate_nor_lose(location: str, opened: Opener, log: Log) -> None:
    log.memory.objects.update(mixed())
    databases = [opened(location, log.store) for _ in range(4)]
    together = threading.Barrier(4)
    errors: list[BaseException] = []

    def run(database: Database) -> None:
        try:
            together.wait()
            follow.catch_up(database, log.store, threads=2)
        except BaseException as error:
            errors.append(error)
            raise

    threads = [threading.Thread(target=run, args=(database,)) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    captures = list(queries.every(databases[0]))
    assert len(captures) == 1500
    assert sum(len(capture.duplicates) for capture in captures) == 150
    assert [each.entries for each in queries.unknown(databases[0])] == [15]
    assert all(len(capture.tags) == 1 for capture in captures)


def test_a_process_that_is_killed_while_following_leaves_nothing_half_done(
    location: str, index: Database, log: Log
) -> None:
    log.memory.objects.update(captured(1100, "a"))
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=catch_up_elsewhere, args=(location, log.memory.objects)) for _ in range(3)]
    for process in processes:
        process.start()
    while queries.next_index(index) == 0 and processes[0].is_alive():
        time.sleep(0.005)
    processes[0].kill()
    for process in processes:
        process.join()
        process.close()
    assert follow.catch_up(index, log.store) == 2200
    captures = list(queries.every(index))
    assert len(captures) == 1100
    assert all(capture.state is State.COMPLETE and capture.tags == ("a",) for capture in captures)
    assert all(capture.duplicates == () for capture in captures)


def test_a_reading_that_is_behind_the_head_is_left_out(index: Database, log: Log) -> None:
    for _ in range(3):
        log.capture()
    slots = list(readings(log.store, 0))
    with index.writing() as connection:
        assert follow.advance(connection, slots[:4]) == 4
    with index.writing() as connection:
        assert follow.advance(connection, slots[:2]) == 4, "all of it is known"
    with index.writing() as connection:
        assert follow.advance(connection, slots[2:]) == 6, "some of it is known"


def test_a_reading_that_begins_beyond_the_head_is_not_put_in(index: Database, log: Log) -> None:
    for _ in range(3):
        log.capture()
    slots = list(readings(log.store, 2))
    with index.writing() as connection:
        assert follow.advance(connection, slots) == 0
    assert ids(index) == []
    assert follow.catch_up(index, log.store) == 6


def test_an_index_made_anew_meanwhile_is_followed_from_where_it_stands(index: Database, log: Log) -> None:
    log.memory.objects.update(captured(700))
    told: list[int] = []

    def make_anew(reached: int) -> None:
        told.append(reached)
        if len(told) == 1:
            with index.writing() as connection:
                connection.execute(sa.delete(schema.captures))
                connection.execute(sa.update(schema.head).values(next_index=0))

    assert follow.catch_up(index, log.store, make_anew) == 1400
    assert told == [1024, 0, 1024, 1400]
    assert len(ids(index)) == 700


def test_very_long_urls_and_tags_are_taken(index: Database, log: Log) -> None:
    url = "https://example.com/" + random.Random(1).randbytes(4000).hex()
    tag = random.Random(2).randbytes(4500).hex()  # nothing that could be compressed
    id_ = log.capture(url, tags=[tag, "y" * 400])
    follow.catch_up(index, log.store)
    answer = queries.newest_of(index, url)
    assert answer.capture is not None
    assert answer.capture.id == id_
    (found,) = queries.listing(index, Filter(tags=(tag,)))
    assert found.id == id_


def test_an_index_in_a_folder_that_is_not_there_yet_is_made_for_its_owner_alone(tmp_path: Path, log: Log) -> None:
    path = tmp_path / "a" / "b" / "index.sqlite"
    open_index(path, log.store).close()
    assert path.stat().st_mode & 0o777 == 0o600
    assert sorted(each.name for each in path.parent.iterdir()) == ["index.sqlite", "index.sqlite.lock"]


def _entry(log: Log, index: int) -> Entry:
    entry = next(entries(log.store, index))
    assert isinstance(entry, Entry)
    return entry


def _state(index: Database, id_: str) -> State:
    capture = queries.by_id(index, id_)
    assert capture is not None
    return capture.state


def test_the_ids_of_the_tests_are_ids() -> None:
    assert layout.is_id(capture_id(5))
    assert capture_id(5) < capture_id(40)

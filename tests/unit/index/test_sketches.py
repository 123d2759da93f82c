"""Texts are found by their sketches, whatever the order the log had them in, and however many are alike."""

from __future__ import annotations

import random
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver import clock
from archiver.errors import StorageError
from archiver.index import facts, follow, schema, sketches
from archiver.index.check import Kind, check
from archiver.index.database import Database
from archiver.index.opening import open_index, rebuild_index
from archiver.index.schema import hash_of
from archiver.index.sketches import MAX_POSTINGS
from archiver.model import Sketch
from archiver.provenance.sketch import MAX_HASHES, SCALE, of_hashes, to_json
from archiver.storage import layout
from tests.support.logs import Log, at, capture_id, intent, snapshot, withdrawn

_CHANCE = random.Random(5)
_LIMIT = (1 << 64) // SCALE


def some(count: int) -> list[int]:
    return [_CHANCE.randrange(_LIMIT) for _ in range(count)]


def sketch(*hashes: int) -> Sketch:
    return of_hashes(400, hashes)


def captured(log: Log, url: str, hashes: list[int], seconds: float = 0) -> str:
    return log.capture(url, at(seconds), text_sketch=to_json(sketch(*hashes)))


def found(index: Database, log: Log, hashes: list[int], without_url: str | None = None) -> list[tuple[str, int]]:
    follow.catch_up(index, log.store)
    asked = sketches.alike(index, sketch(*hashes), None if without_url is None else hash_of(without_url))
    return [(each.id, each.shared) for each in asked]


def hashes_of(index: Database) -> set[tuple[int, int]]:
    with index.reading() as connection:
        return {(row.hash, row.url_hash) for row in connection.execute(sa.select(schema.shingles))}


def test_the_texts_that_share_most_come_first(index: Database, log: Log) -> None:
    ours = some(30)
    half = captured(log, "https://a.test/", ours[:15] + some(15))
    whole = captured(log, "https://b.test/", ours + some(60))
    captured(log, "https://c.test/", some(30))
    assert found(index, log, ours) == [(whole, 30), (half, 15)]


def test_one_shared_hash_is_an_accident_where_others_have_more(index: Database, log: Log) -> None:
    ours = some(30)
    one = captured(log, "https://a.test/", ours[:1])
    assert found(index, log, ours) == [(one, 1)]
    many = captured(log, "https://b.test/", ours[:9])
    assert found(index, log, ours) == [(many, 9)]


def test_a_url_can_be_left_out(index: Database, log: Log) -> None:
    ours = some(30)
    captured(log, "https://a.test/", ours)
    other = captured(log, "https://b.test/", ours)
    assert found(index, log, ours, "https://a.test/") == [(other, 30)]


def test_of_a_url_the_capture_that_shares_most_is_told_and_of_equals_the_newest(index: Database, log: Log) -> None:
    ours = some(30)
    captured(log, "https://a.test/", ours, 0)
    whole = captured(log, "https://a.test/", ours, 10)
    captured(log, "https://a.test/", ours[:20], 20)
    assert found(index, log, ours) == [(whole, 30)]


def test_a_long_text_is_found_by_a_short_one_though_it_keeps_fewer(index: Database, log: Log) -> None:
    ours = some(40)
    long = of_hashes(30_000, ours + some(3 * MAX_HASHES))
    assert long.scale > SCALE
    id_ = log.capture("https://a.test/", text_sketch=to_json(long))
    follow.catch_up(index, log.store)
    (only,) = sketches.alike(index, sketch(*ours))
    assert only.id == id_
    assert only.containment == 1.0


@pytest.mark.parametrize("state", ["pending", "withdrawn"])
def test_what_has_no_snapshot_is_not_found(state: str, index: Database, log: Log) -> None:
    ours = some(30)
    if state == "pending":
        log.add(intent(log.new_id(), text_sketch=to_json(sketch(*ours))))
    else:
        log.add(withdrawn(captured(log, "https://a.test/", ours)))
    assert found(index, log, ours) == []


@pytest.mark.parametrize("when", ["before it follows", "after it has followed"])
def test_of_a_withdrawn_capture_no_hash_stays_but_those_of_others(when: str, index: Database, log: Log) -> None:
    ours, theirs = some(30), some(30)
    gone = captured(log, "https://a.test/", ours)
    stays = captured(log, "https://a.test/", ours[:10] + theirs)
    if when == "after it has followed":
        follow.catch_up(index, log.store)
    log.add(withdrawn(gone))
    assert found(index, log, ours) == [(stays, 10)]
    assert {each for each, _ in hashes_of(index)} == {*ours[:10], *theirs}
    with index.reading() as connection:
        assert list(connection.scalars(sa.select(schema.sketches.c.id))) == [stays]


def test_a_hash_that_very_many_have_tells_nothing_and_is_not_read_to_its_end(index: Database, log: Log) -> None:
    common, ours = some(20), some(20)
    follow.catch_up(index, log.store)
    rows = [{"hash": each, "url_hash": url} for each in common for url in range(3 * MAX_POSTINGS)]
    with index.writing() as connection:
        connection.execute(sa.insert(schema.shingles), rows)
    other = captured(log, "https://a.test/", ours[:5] + common)
    assert found(index, log, ours + common) == [(other, 25)]
    with index.reading() as connection:
        values = {f"hash_{at}": -1 for at in range(64)} | {"hash_0": common[0]}
        assert len(connection.execute(sketches._postings(), values).all()) == MAX_POSTINGS + 1


def test_a_story_that_everybody_printed_is_found_although_all_its_hashes_are_common(index: Database, log: Log) -> None:
    ours = some(20)
    other = captured(log, "https://a.test/", ours)
    follow.catch_up(index, log.store)
    # Of those that are read, the first by hash of their URL, it is one.
    first = hash_of("https://a.test/")
    rows = [{"hash": each, "url_hash": first + 1 + n} for each in ours for n in range(2 * MAX_POSTINGS)]
    with index.writing() as connection:
        connection.execute(sa.insert(schema.shingles), rows)
    assert found(index, log, ours) in ([(other, 20)], [])
    with index.reading() as connection:
        counts = sketches._count(connection, ours)
    assert max(counts.all.values()) == 20
    assert not counts.telling


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        [],
        {"method": "another/1", "words": 1, "scale": 12, "hashes": []},
        {"words": -1},
        {"words": True},
        {"words": 1 << 40},
        {"scale": 0},
        {"scale": 1},
        {"hashes": "0" * 16},
        {"hashes": ["0" * 15]},
        {"hashes": ["G" * 16]},
        {"hashes": [5]},
        {"hashes": ["f" * 16]},
        {"hashes": [f"{n:016x}" for n in range(5000)]},
    ],
)
def test_a_sketch_that_is_none_loses_no_capture(wrong: Any, index: Database, log: Log) -> None:
    said = to_json(sketch(1)) | wrong if isinstance(wrong, dict) and "method" not in wrong else wrong
    assert facts.read_sketch(said) is None
    id_ = log.capture(text_sketch=said)
    follow.catch_up(index, log.store)
    assert sketches.of_capture(index, id_) is None


def test_a_rebuilt_index_has_the_same_sketches_and_check_sees_when_one_differs(
    index: Database, log: Log, location: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = captured(log, "https://a.test/", [*some(20), 0, _LIMIT - 1])
    captured(log, "https://b.test/", some(20))
    captured(log, "https://b.test/", some(20))
    log.capture("https://c.test/", text_sketch=to_json(Sketch(9, 2, ((1 << 63) - 1,))))
    follow.catch_up(index, log.store)
    before, hashes_before = list(sketches.every(index)), hashes_of(index)
    assert len(hashes_before) == 63
    monkeypatch.setattr(sketches, "_STRETCH", 7)
    rebuild_index(location, log.store)
    assert list(sketches.every(index)) == before
    assert hashes_of(index) == hashes_before
    assert Kind.INDEX_DIFFERS not in {problem.kind for problem in check(index, log.store, clock.now())}
    with index.writing() as connection:
        connection.execute(sa.update(schema.sketches).where(schema.sketches.c.id == id_).values(words=7))
    (problem,) = [each for each in check(index, log.store, clock.now()) if each.kind is Kind.INDEX_DIFFERS]
    assert (problem.name, "sketch" in problem.detail) == (id_, True)


def test_a_note_that_is_read_later_brings_its_sketch(index: Database, log: Log) -> None:
    ours = some(20)
    id_ = log.new_id()
    entry = log.add(snapshot(id_, text_sketch=to_json(sketch(*ours))))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log.memory, "get", _failing(log, layout.note(entry.commitment)))
        assert found(index, log, ours) == []
    assert found(index, log, ours) == [(id_, 20)]


def _failing(log: Log, key: str) -> Any:
    get = log.memory.get

    def instead(asked: str, *more: Any) -> Any:
        if asked == key:
            raise StorageError("not now")
        return get(asked, *more)

    return instead


_steps = st.lists(
    st.tuples(
        st.sampled_from(["captured", "captured", "captured", "withdrawn"]),
        st.integers(0, 5),  # which capture
        st.sampled_from(["https://a.test/", "https://b.test/"]),
        st.frozensets(st.integers(0, 6), max_size=4),
    ),
    max_size=12,
)


@given(_steps, st.lists(st.integers(1, 4), max_size=6))
@settings(max_examples=50, deadline=None)
def test_after_any_log_the_index_has_the_hashes_of_what_was_not_withdrawn(
    steps: list[tuple[str, int, str, frozenset[int]]], pauses: list[int]
) -> None:
    log = Log()
    stands: dict[int, tuple[str, frozenset[int]]] = {}
    gone: set[int] = set()
    due = iter(pauses)
    left = next(due, 99)
    with TemporaryDirectory() as folder:
        index = open_index(Path(folder) / "index.sqlite", log.store)
        for kind, number, url, hashes in steps:
            id_ = capture_id(number)
            if kind == "withdrawn":
                log.add(withdrawn(id_))
                gone.add(number)
            else:
                log.add(snapshot(id_, url, text_sketch=to_json(sketch(*hashes))))
                stands.setdefault(number, (url, hashes))
            left -= 1
            if not left:
                follow.catch_up(index, log.store)
                left = next(due, 99)
        follow.catch_up(index, log.store)
        kept = {number: said for number, said in stands.items() if number not in gone}
        assert hashes_of(index) == {(each, hash_of(url)) for url, hashes in kept.values() for each in hashes}
        assert [(id_, set(each.hashes)) for id_, _, each in sketches.every(index)] == [
            (capture_id(number), set(kept[number][1])) for number in sorted(kept)
        ]
        index.close()


def test_what_many_pages_bear_does_not_hide_a_copy(index: Database, log: Log) -> None:
    disclaimer, ours = some(6), some(20)
    follow.catch_up(index, log.store)
    rows = [{"hash": each, "url_hash": url} for each in disclaimer for url in range(2 * MAX_POSTINGS)]
    with index.writing() as connection:
        connection.execute(sa.insert(schema.shingles), rows)
    bearing = [captured(log, f"https://a.test/{number}", [*disclaimer, *some(5)]) for number in range(3)]
    copy = captured(log, "https://b.test/", [*ours[:3], *some(30)])
    answers = found(index, log, ours + disclaimer)
    assert answers[0] == (copy, 3)
    assert set(answers[1:]) <= {(id_, 6) for id_ in bearing}

"""Questions to the index, and what answers them."""

from __future__ import annotations

import pytest

from archiver.index import follow, queries
from archiver.index.database import Database
from archiver.index.queries import Filter
from archiver.index.schema import State, host_key
from tests.support.logs import Log, at, failure, intent, snapshot

URL = "https://example.com/page"


def listed(index: Database, wanted: Filter) -> list[str]:
    return [capture.id for capture in queries.listing(index, wanted)]


def test_an_id_is_found_and_another_is_not(index: Database, log: Log) -> None:
    id_ = log.capture()
    follow.catch_up(index, log.store)
    capture = queries.by_id(index, id_)
    assert capture is not None
    assert capture.id == id_
    assert queries.by_id(index, id_[:-1]) is None


def test_a_prefix_finds_all_that_begin_so(index: Database, log: Log) -> None:
    ids = [log.capture() for _ in range(33)]
    follow.catch_up(index, log.store)
    one = queries.by_prefix(index, ids[-1][:-1])
    assert (one.total, [capture.id for capture in one.first]) == (1, [ids[32]])
    many = queries.by_prefix(index, "2026", limit=5)
    assert (many.total, [capture.id for capture in many.first]) == (33, ids[:5])
    assert queries.by_prefix(index, "2025") == queries.Matches(0, ())


@pytest.mark.parametrize("odd", ["%", "_", "2026%", "", "\0", "\udc80", "'"])
def test_odd_texts_are_only_texts(index: Database, log: Log, odd: str) -> None:
    log.capture()
    follow.catch_up(index, log.store)
    assert queries.by_id(index, odd) is None
    assert queries.by_prefix(index, odd).total == (1 if odd == "" else 0)
    assert queries.nearest(index, odd, at(0)).capture is None
    assert listed(index, Filter(tags=(odd,))) == []
    assert listed(index, Filter(domain=odd)) == []


def test_the_latest_is_the_newest_that_has_a_snapshot(index: Database, log: Log) -> None:
    assert queries.latest(index) is None
    log.capture(began=at(5))
    newest = log.capture(began=at(7), outcome="partial")
    log.capture(began=at(6))
    bad = log.new_id()
    log.add(failure(bad, began=at(8)))
    follow.catch_up(index, log.store)
    found = queries.latest(index)
    assert found is not None
    assert found.id == newest
    found = queries.latest(index, [State.FAILED])
    assert found is not None
    assert found.id == bad


def test_the_nearest_is_the_one_with_the_smallest_distance_and_the_earlier_on_a_tie(index: Database, log: Log) -> None:
    ids = {second: log.capture(URL, at(second)) for second in (10, 20, 40)}
    follow.catch_up(index, log.store)
    expected = {0: 10, 10: 10, 14.999: 10, 15: 10, 15.001: 20, 20: 20, 30: 20, 30.001: 40, 99: 40}
    for moment, second in expected.items():
        answer = queries.nearest(index, URL, at(moment))
        assert answer.capture is not None
        assert answer.capture.id == ids[second], moment


def test_of_captures_of_one_moment_the_smaller_id_is_the_earlier(index: Database, log: Log) -> None:
    first, second = log.capture(URL, at(5)), log.capture(URL, at(5))
    follow.catch_up(index, log.store)
    for moment in (0, 5, 9):
        answer = queries.nearest(index, URL, at(moment))
        assert answer.capture is not None
        assert answer.capture.id == first
    newest = queries.newest_of(index, URL)
    assert newest.capture is not None
    assert newest.capture.id == second


def test_the_previous_one_is_the_newest_complete_one_of_the_same_url_before(index: Database, log: Log) -> None:
    first = log.capture(URL, at(5))
    partial = log.capture(URL, at(7), outcome="partial")
    same_moment = log.capture(URL, at(7))
    last = log.capture(URL, at(7))
    log.capture(f"{URL}#", at(8))
    lost = log.new_id()
    log.add({"type": "intent", "id": lost, "format": "no"})
    follow.catch_up(index, log.store)
    found = {}
    for id_ in (first, partial, same_moment, last, lost):
        capture = queries.by_id(index, id_)
        assert capture is not None
        previous = queries.previous_of(index, capture)
        found[id_] = previous and previous.id
    assert first < partial < same_moment < last
    assert found == {first: None, partial: first, same_moment: first, last: same_moment, lost: None}


def test_failed_partial_and_pending_ones_answer_only_when_asked(index: Database, log: Log) -> None:
    partial = log.capture(URL, at(1), outcome="partial")
    failed, pending = log.new_id(), log.new_id()
    log.add(failure(failed, URL, at(2)))
    log.add(intent(pending, URL, at(3)))
    follow.catch_up(index, log.store)
    answer = queries.nearest(index, URL, at(2))
    assert answer.capture is None
    assert answer.left_out == ((State.FAILED, 1), (State.PARTIAL, 1), (State.PENDING, 1))
    for state, id_ in ((State.PARTIAL, partial), (State.FAILED, failed), (State.PENDING, pending)):
        for answer in (queries.nearest(index, URL, at(2), [state]), queries.newest_of(index, URL, [state])):
            assert answer.capture is not None
            assert answer.capture.id == id_
    answer = queries.nearest(index, URL, at(3), frozenset(State))
    assert answer.capture is not None
    assert answer.capture.id == pending
    assert queries.nearest(index, URL, at(3), ()).capture is None


LOOK_ALIKES = [
    "http://example.com/page",
    "https://www.example.com/page",
    "https://example.com/Page",
    "https://example.com/page/",
    "https://example.com/page#part",
]


def test_an_exact_match_wins_though_look_alikes_are_nearer(index: Database, log: Log) -> None:
    exact = log.capture(URL, at(0))
    for other in LOOK_ALIKES:
        log.capture(other, at(100))
    follow.catch_up(index, log.store)
    answer = queries.nearest(index, URL, at(100))
    assert answer.capture is not None
    assert (answer.capture.id, answer.look_alikes) == (exact, ())


def test_look_alikes_are_named_as_such_and_never_given_for_the_page(index: Database, log: Log) -> None:
    for other in LOOK_ALIKES:
        log.capture(other, at(0))
        log.capture(other, at(10))
    log.capture("https://example.com/other", at(10))
    log.capture("http://example.com/page?", at(10), outcome="partial")
    follow.catch_up(index, log.store)
    for answer, moment in ((queries.nearest(index, URL, at(1)), 0), (queries.newest_of(index, URL), 10)):
        assert answer.capture is None
        assert answer.left_out == ()
        assert [capture.url for capture in answer.look_alikes] == sorted(LOOK_ALIKES)
        assert {capture.captured_at for capture in answer.look_alikes} == {at(moment)}


def test_many_look_alikes_of_other_states_do_not_hide_one_that_answers(index: Database, log: Log) -> None:
    for number in range(40):
        log.capture(f"https://example.com/page#{number:02}", outcome="partial")
    log.capture("https://example.com/page#last")
    follow.catch_up(index, log.store)
    answer = queries.nearest(index, URL, at(0))
    assert [capture.url for capture in answer.look_alikes] == ["https://example.com/page#last"]


def test_a_url_that_was_never_captured_has_no_answer(index: Database, log: Log) -> None:
    log.capture()
    follow.catch_up(index, log.store)
    assert queries.nearest(index, URL, at(0)) == queries.Answer(URL, None)


def test_a_listing_is_newest_first_and_filtered(index: Database, log: Log) -> None:
    a = log.capture("https://example.com/", at(0), tags=["x", "y"])
    b = log.capture("https://news.example.com/", at(10), tags=["x"], outcome="partial")
    c = log.capture("https://example.com.evil.test/", at(20), tags=["y"])
    d = log.capture("https://notexample.com/", at(20))
    follow.catch_up(index, log.store)
    assert listed(index, Filter()) == [d, c, b, a]
    assert listed(index, Filter(limit=2)) == [d, c]
    assert listed(index, Filter(limit=0)) == []
    assert listed(index, Filter(url="https://example.com/")) == [a]
    assert listed(index, Filter(domain="example.com")) == [b, a]
    assert listed(index, Filter(domain="News.Example.COM.")) == [b]
    assert listed(index, Filter(domain="com")) == [d, b, a]
    assert listed(index, Filter(since=at(10))) == [d, c, b]
    assert listed(index, Filter(until=at(10))) == [b, a]
    assert listed(index, Filter(tags=("x",))) == [b, a]
    assert listed(index, Filter(tags=("x", "y"))) == [a]
    assert listed(index, Filter(states=frozenset({State.PARTIAL}))) == [b]
    assert listed(index, Filter(states=frozenset())) == []
    assert listed(index, Filter(domain="example.com", since=at(5), tags=("x",), limit=9)) == [b]


def test_a_listing_is_read_as_it_is_taken(index: Database, log: Log) -> None:
    for second in range(1300):
        log.capture(began=at(second), tags=["x"])
    follow.catch_up(index, log.store)
    captures = queries.listing(index, Filter())
    assert next(captures).captured_at == at(1299)
    log.capture(began=at(5000))
    assert follow.catch_up(index, log.store) == 2602, "who lists keeps nobody from following"
    assert sum(1 for _ in captures) == 1299
    captures = queries.listing(index, Filter())
    next(captures)
    captures.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("host", "key"),
    [
        ("Example.com", "com,example,"),
        ("www.example.com.", "com,example,www,"),
        ("bücher.example", "example,xn--bcher-kva,"),
        ("192.0.2.1", "192.0.2.1,"),
        ("2001:DB8::1", "2001:db8::1,"),
        ("[2001:db8::1]", "2001:db8::1,"),
        ("under_score.example", "example,under_score,"),
        ("localhost", "localhost,"),
        ("x" * 300, "x" * 255),
    ],
)
def test_a_host_is_turned_round(host: str, key: str) -> None:
    assert host_key(host) == key


def test_a_snapshot_is_found_before_its_intent_and_the_other_way_round(index: Database, log: Log) -> None:
    id_ = log.new_id()
    log.add(snapshot(id_, URL))
    follow.catch_up(index, log.store)
    log.add(intent(id_, URL, tags=["late"]))
    follow.catch_up(index, log.store)
    answer = queries.newest_of(index, URL)
    assert answer.capture is not None
    assert (answer.capture.tags, answer.capture.state) == (("late",), State.COMPLETE)

"""The gap report: each time that a schedule was due has one row, and every absence is explained or told."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TypeGuard

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver import clock, verifying
from archiver.errors import NotFoundError, StorageError
from archiver.schedules.definition import define
from archiver.schedules.history import Action, Event, Missed, Timeline, timelines
from archiver.seal import statement as statements
from archiver.seal.statement import Planned
from archiver.storage import layout, log
from archiver.storage.local import LocalStore
from archiver.verify import gaps
from archiver.verify.attempts import Attempt, End, Said
from archiver.verify.schedules import Row, State, rows
from archiver.verify.verdict import Verdict, worst
from archiver.verifying import Wanted
from archiver.withdrawing import withdraw
from tests.support.scheduled import OTHER, URL, World, hours


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    made = World(monkeypatch)
    with made.archive:
        yield made


# one log with everything in it


def full(world: World) -> dict[str, str]:
    """A log in which everything happens once; the ids of captures by what came of them."""
    ids = {}
    world.at(0).add("front")
    ids["in time"] = world.at(0.01).capture(1, 0)
    ids["late"] = world.at(2.5).capture(2, 1)
    ids["failing"] = world.at(2.6).capture(3, 2, fails="https://a.test/news: ERR_TIMED_OUT")
    ids["then"] = world.at(2.7).capture(3, 2, attempt=2)
    ids["failed"] = world.at(3.1).capture(4, 3, fails="https://a.test/news: ERR_TIMED_OUT")
    ids["failed again"] = world.at(3.2).capture(4, 3, attempt=2, fails="https://a.test/news: HTTP 503")
    world.at(12.4).missed(5, 8, "no worker ran")
    ids["withdrawn"] = world.at(12.5).capture(13, 12)
    world.at(12.6)
    withdraw(world.archive, ids["withdrawn"], "a court order", "O. Perator")
    world.at(13.5).say("pause")
    ids["of the last before"] = world.at(13.6).capture(14, 13)
    world.at(20.5).say("resume")
    ids["after"] = world.at(21.1).capture(15, 21)
    ids["twice"] = world.at(21.2).capture(15, 21)
    world.at(21.5).say("change", definition={"every": "2h", "urls": (URL, OTHER)})
    ids["both a"] = world.at(23.6).capture(16, 23.5)
    ids["both b"] = world.at(23.7).capture(16, 23.5, OTHER)
    ids["broken off"] = world.at(25.6).begin(17, 25.5)
    world.at(27).say("remove")
    world.at(30)
    return ids


def seen(found: list[Row]) -> list[tuple[int, datetime | None, str | None, str]]:
    return [(row.seq, row.due, row.url, str(row.state)) for row in found]


def test_every_time_has_its_row(world: World) -> None:
    ids = full(world)
    found = world.rows()
    assert seen(found) == [
        (1, hours(0), URL, "captured"),
        (2, hours(1), URL, "late"),
        (3, hours(2), URL, "captured"),
        (4, hours(3), URL, "failed"),
        *((n, hours(n - 1), URL, "missed") for n in range(5, 9)),
        *((n, hours(n - 1), URL, "unexplained") for n in range(9, 13)),
        (13, hours(12), URL, "withdrawn"),
        (14, hours(13), URL, "captured"),
        (15, hours(21), URL, "captured"),
        (16, hours(23.5), URL, "captured"),
        (16, hours(23.5), OTHER, "captured"),
        (17, hours(25.5), URL, "unfinished"),
        (17, hours(25.5), OTHER, "unexplained"),
    ]
    by_seq = {row.seq: row for row in found if row.url == URL}
    assert by_seq[3].captures == (ids["failing"], ids["then"])
    assert by_seq[4].captures == (ids["failed"], ids["failed again"])
    assert by_seq[4].reason == "https://a.test/news: HTTP 503"
    assert by_seq[13].captures == (ids["withdrawn"],)
    assert "a court order" in by_seq[13].reason
    assert (by_seq[15].captures, by_seq[15].duplicates) == ((ids["after"],), (ids["twice"],))


def test_the_check_names_each_that_is_not_there_as_it_should_be(world: World) -> None:
    ids = full(world)
    check = world.check()
    assert check.verdict is Verdict.UNDETERMINED
    assert check.detail == (
        "1 schedule: 6 captured, 1 late, 1 failed, 4 missed, 1 withdrawn, 1 unfinished, 5 unexplained"
    )
    day, url = "2026-03-01T", f", {URL}: "
    assert check.problems == (
        f"front 9 to 12, due {day}08:00:00Z to {day}11:00:00Z{url}unexplained: nothing says why there is no capture",
        f"front 17, due 2026-03-02T01:30:00Z{url}unfinished ({ids['broken off']}): it was begun and has no result",
        f"front 17, due 2026-03-02T01:30:00Z, {OTHER}: unexplained: nothing says why there is no capture",
        f"front 2, due {day}01:00:00Z{url}late ({ids['late']}): it was captured at {day}02:30:00.000000Z",
        f"front 4, due {day}03:00:00Z{url}failed ({ids['failed']}, {ids['failed again']}): {URL}: HTTP 503",
        f"front 5 to 8, due {day}04:00:00Z to {day}07:00:00Z{url}missed: no worker ran",
        f"front 13, due {day}12:00:00Z{url}withdrawn ({ids['withdrawn']}): "
        f"entry 16, {day}12:36:00.000000Z: a court order",
        f"front 15, due {day}21:00:00Z{url}captured; captured again, which does not count: {ids['twice']}",
    )


def test_what_is_explained_passes_and_is_named(world: World) -> None:
    world.add("front")
    world.at(0.1).capture(1, 0)
    world.at(1003.5).missed(2, 1003, "the machine was off")
    world.at(1003.6).capture(1004, 1003)
    check = world.check()
    assert (check.verdict, check.detail) == (Verdict.PASS, "1 schedule: 2 captured, 1002 missed")
    assert check.problems == (
        f"front 2 to 1003, due 2026-03-01T01:00:00Z to 2026-04-11T18:00:00Z, {URL}: missed: the machine was off",
    )


def test_a_log_without_schedules_is_passed_over(world: World) -> None:
    world.archive.capture(URL)
    assert (world.check().verdict, world.check().detail) == (Verdict.SKIPPED, "the log has no schedule")


def test_the_statements_and_captures_of_it_all_verify(world: World) -> None:
    full(world)
    found = verifying.verify_all(world.archive, Wanted())
    assert worst(check.verdict for check in found.log if check.name != "schedules") is Verdict.PASS
    assert Counter(report.verdict for report in found.reports) == {Verdict.PASS: 18, Verdict.WITHDRAWN: 1}


# each state


def test_the_newest_time_waits_until_the_next_one_comes(world: World) -> None:
    world.add("front")
    assert world.at(0.9).states() == [(1, "waiting")]
    assert world.check().verdict is Verdict.PASS
    assert world.at(1).states() == [(1, "unexplained"), (2, "waiting")]


def test_what_may_begin_later_waits_longer_and_is_late_later(world: World) -> None:
    world.add("front", jitter="30m")
    assert world.at(1.4).states() == [(1, "waiting"), (2, "waiting")]
    world.capture(1, 0)
    world.at(2.5).capture(2, 1)
    assert world.states() == [(1, "captured"), (2, "late"), (3, "waiting")]


def test_the_last_time_before_the_end_is_not_waited_for_without_end(world: World) -> None:
    world.add("front", stop_after=hours(1))
    assert world.at(1.9).states() == [(1, "unexplained"), (2, "waiting")]
    assert world.at(2).states() == [(1, "unexplained"), (2, "unexplained")]


def test_a_capture_runs_until_its_deadline_and_is_unfinished_after_it(world: World) -> None:
    world.add("front")
    world.at(0.1).begin(1, 0)
    assert world.at(0.2).states() == [(1, "running")]
    assert world.check().verdict is Verdict.PASS
    assert world.at(0.3).states() == [(1, "unfinished")]
    assert world.check().verdict is Verdict.UNDETERMINED


def test_what_was_broken_off_and_tried_again_is_what_came_of_it_then(world: World) -> None:
    world.add("front")
    world.at(0.1).begin(1, 0)
    world.at(0.5).capture(1, 0, attempt=2, fails="gone")
    assert world.states() == [(1, "failed")]
    world.capture(1, 0, attempt=3)
    assert world.states() == [(1, "captured")]


def test_what_was_broken_off_can_be_explained_later(world: World) -> None:
    world.add("front")
    id_ = world.at(0.1).begin(1, 0)
    world.at(0.9).missed(1, 1, "the machine died")
    (row,) = world.rows()
    assert (row.state, row.reason, row.captures) == (State.MISSED, "the machine died", (id_,))
    assert world.check().verdict is Verdict.PASS


def test_nobody_can_explain_what_is_not_due_yet(world: World) -> None:
    world.add("front")
    world.at(0.5).missed(1, 1000, "we will be on holiday")
    world.at(3.5)
    assert world.states()[:4] == [(1, "missed"), (2, "unexplained"), (3, "unexplained"), (4, "waiting")]
    check = world.check()
    assert check.verdict is Verdict.UNDETERMINED
    assert check.problems[1] == (
        "front 5 to 1000: outside: it is stated as missed and was never due with that number; it counts for nothing"
    )


def test_a_reason_of_one_page_is_not_that_of_another(world: World) -> None:
    world.add("front", urls=(URL, OTHER))
    world.at(1.5).missed(1, 1, "the site was down", url=OTHER)
    assert [(row.url, str(row.state)) for row in world.rows()][:2] == [(URL, "unexplained"), (OTHER, "missed")]


def test_the_reason_that_was_stated_first_counts(world: World) -> None:
    world.add("front")
    world.at(3.5).missed(2, 3, "the first")
    world.at(3.6).missed(1, 3, "the second")
    assert [row.reason for row in world.rows()][:3] == ["the second", "the first", "the first"]


@pytest.mark.parametrize("first", [None, URL])
def test_a_reason_of_a_page_and_one_of_all_are_in_the_order_of_the_log(first: str | None, world: World) -> None:
    world.add("front")
    world.at(1.5).missed(1, 1, "the first", url=first)
    world.missed(1, 1, "the second", url=URL if first is None else None)
    assert world.rows()[0].reason == "the first"


def test_all_pages_of_a_number_are_told_in_one_line(world: World) -> None:
    world.add("front", urls=(URL, OTHER))
    world.at(3.5).missed(1, 3, "no worker ran")
    assert world.check().problems == (
        "front 1 to 3, due 2026-03-01T00:00:00Z to 2026-03-01T02:00:00Z, each of its 2 pages: missed: no worker ran",
    )


def test_a_capture_before_it_was_due_is_a_doubt(world: World) -> None:
    world.add("front")
    world.at(0.9).capture(2, 1)
    check = world.at(1.1).check()
    assert check.verdict is Verdict.UNDETERMINED
    assert "before it was due: a clock was set back" in check.problems[1]


# withdrawals


def test_what_was_withdrawn_says_what_it_was_for_and_nothing_of_its_page(world: World) -> None:
    world.add("front")
    id_ = world.at(0.1).capture(1, 0)
    withdraw(world.archive, id_, "a court order")
    said = world.archive.statement(world.archive.locate(id_)[0])
    assert said["schedule"] == {
        "id": world.ids["front"],
        "name": "front",
        "seq": 1,
        "due": clock.rfc3339(hours(0)),
    }
    assert URL not in str(said)
    assert world.states() == [(1, "withdrawn")]


def test_the_withdrawal_of_what_was_for_no_schedule_says_none(world: World) -> None:
    id_ = world.archive.capture(URL).snapshot.id
    withdraw(world.archive, id_, "a court order")
    assert "schedule" not in world.archive.statement(world.archive.locate(id_)[0])


def test_a_withdrawn_snapshot_explains_the_failures_before_it(world: World) -> None:
    world.add("front")
    failed = world.at(0.1).capture(1, 0, fails="gone")
    id_ = world.at(0.2).capture(1, 0, attempt=2)
    withdraw(world.archive, id_, "a court order")
    (row,) = world.rows()
    assert (row.state, row.captures) == (State.WITHDRAWN, (failed, id_))


def test_a_withdrawn_failure_does_not_hide_the_snapshot_after_it(world: World) -> None:
    world.add("front")
    failed = world.at(0.1).capture(1, 0, fails="gone")
    world.at(0.2).capture(1, 0, attempt=2)
    withdraw(world.archive, failed, "a court order")
    assert world.states() == [(1, "captured")]


def test_a_withdrawn_failure_does_not_explain_another_failure(world: World) -> None:
    world.add("front")
    first = world.at(0.1).capture(1, 0, fails="gone")
    world.at(0.2).capture(1, 0, attempt=2, fails="still gone")
    withdraw(world.archive, first, "a court order")
    (row,) = world.rows()
    assert (row.state, row.reason) == (State.FAILED, "still gone")


def test_one_that_was_withdrawn_does_not_explain_two_pages(world: World) -> None:
    world.add("front", urls=(URL, OTHER))
    first = world.at(0.1).capture(1, 0)
    withdraw(world.archive, first, "a court order")
    world.at(1.5)
    assert world.states()[:2] == [(1, "unexplained")] * 2
    assert world.check().problems[0] == (
        "front 1, due 2026-03-01T00:00:00Z, each of its 2 pages: unexplained: "
        f"2 pages have no capture, and not all of these were withdrawn: {first}"
    )
    second = world.capture(1, 0, OTHER)
    assert [str(row.state) for row in world.rows()][:2] == ["withdrawn", "late"]
    withdraw(world.archive, second, "a court order")
    assert [str(row.state) for row in world.rows()][:2] == ["withdrawn"] * 2


def test_what_was_withdrawn_is_not_the_page_that_was_missed(world: World) -> None:
    world.add("front", urls=(URL, OTHER))
    id_ = world.at(0.1).capture(1, 0)
    withdraw(world.archive, id_, "a court order")
    world.at(0.9).missed(1, 1, "the site was down", url=OTHER)
    assert [(row.url, str(row.state)) for row in world.rows()] == [(URL, "withdrawn"), (OTHER, "missed")]


def test_what_was_never_begun_cannot_be_withdrawn(world: World) -> None:
    world.add("front")
    about = world.at(1).about(1, 0)
    assert about.job is not None
    id_ = layout.new_id(world.now)
    world.archive.enter(statements.withdrawn(id_, None, world.now, "a court order", None, about.job.planned))
    assert world.states() == [(1, "unexplained"), (2, "waiting")]


# contradictions


@pytest.mark.parametrize(
    ("seq", "due", "url", "why"),
    [
        (2, 0, URL, "that number was due at 2026-03-01T01:00:00.000000Z"),
        (1, 0.25, URL, "that number was due at 2026-03-01T00:00:00.000000Z"),
        (40, 39, URL, "it was never due with that number"),
        (0, 0, URL, "it was never due with that number"),
        (1, 0, OTHER, "it was not for that page"),
    ],
)
def test_a_capture_of_what_was_not_due_contradicts_the_schedule(
    seq: int, due: float, url: str, why: str, world: World
) -> None:
    world.add("front")
    world.at(1.2).capture(seq, due, url)
    (row,) = [row for row in world.rows() if row.state is State.OUTSIDE]
    assert (row.seq, row.due, row.url, row.reason) == (seq, hours(due), url, why)
    assert world.check().verdict is Verdict.FAIL
    assert len(world.rows()) == 3  # and both times that there were


def test_a_capture_of_an_unknown_schedule_contradicts_the_log(world: World) -> None:
    world.add("front")
    world.at(0.2).capture(1, 0, schedule=layout.new_id(world.now))
    check = world.check()
    assert check.verdict is Verdict.FAIL
    assert "the log has no such schedule" in check.problems[0]


def test_a_capture_that_calls_the_schedule_otherwise_contradicts_it(world: World) -> None:
    world.add("front")
    world.at(0.2).capture(1, 0, name="back", schedule=world.ids["front"])
    assert world.check().verdict is Verdict.FAIL


def test_a_result_for_another_time_than_its_intent_counts_for_neither(world: World) -> None:
    world.add("front")
    id_ = world.at(0.1).begin(1, 0)
    index = world.archive.log_length() - 1
    said = statements.failure(id_, index, URL, world.now, world.now, "UnreachableError", "gone", world.about(2, 1))
    world.at(1.1).archive.enter(said)
    assert world.states() == [(1, "unexplained"), (2, "waiting"), (1, "outside")]
    assert world.check().verdict is Verdict.FAIL


def test_what_was_due_by_what_counted_a_moment_before_is_a_doubt(world: World) -> None:
    world.add("front")
    world.at(0.1).capture(1, 0)
    world.at(0.99).say("pause")
    id_ = world.at(1.01).capture(2, 1)
    check = world.check()
    assert check.verdict is Verdict.UNDETERMINED
    assert check.problems == (
        f"front 2, due 2026-03-01T01:00:00Z, {URL}: outside ({id_}): it was not due then any more; "
        "it would have been, had it not been changed, paused or removed just before, or is so only now",
    )


def test_so_is_what_was_due_by_what_a_change_took_the_place_of_just_before(world: World) -> None:
    world.add("front")
    world.at(0.1).capture(1, 0)
    world.at(0.99).say("change", definition={"every": "1h"})
    world.at(1.01).capture(2, 1)
    world.at(2).capture(2, 1.99)
    assert world.states() == [(1, "captured"), (2, "captured"), (2, "outside")]
    assert world.check().verdict is Verdict.UNDETERMINED


@pytest.mark.parametrize(("due", "verdict"), [(7, Verdict.UNDETERMINED), (12, Verdict.FAIL)])
def test_other_rules_of_a_time_zone_are_a_doubt(due: float, verdict: Verdict, world: World) -> None:
    world.add("front", cron="0 7 * * *", tz="Europe/Berlin")
    world.at(12.5).capture(1, due)
    check = world.check()
    assert check.verdict is verdict
    assert "that number was due at 2026-03-01T06:00:00.000000Z" in "".join(check.problems)


def test_two_that_pause_it_at_once_are_a_doubt_and_two_that_add_it_a_contradiction(world: World) -> None:
    world.add("front")
    world.at(0.1).capture(1, 0)
    world.at(0.2).say("pause")
    world.say("pause")
    assert world.check().verdict is Verdict.UNDETERMINED
    again = define("front", {"urls": (OTHER,), "every": "1m"}, hours(0)).document()
    id_ = world.ids["front"]
    world.archive.enter(statements.schedule(id_, "add", id_, "front", world.now, definition=again))
    check = world.check()
    assert check.verdict is Verdict.FAIL
    assert check.problems[0] == "entry 5, about the schedule front: it adds a schedule that is there already"


# feeds

_FEED = "https://a.test/feed"


def article(number: int) -> str:
    return f"https://a.test/{number}"


def test_of_a_feed_only_holes_show(world: World) -> None:
    world.add("news", feed=_FEED)
    for number in (1, 2, 5, 9):
        world.at(number / 10).capture(number, number / 10, article(number), name="news")
    world.at(1).missed(6, 7, "the article was gone", "news")
    found = [(row.seq, row.last_seq, row.url, str(row.state), row.reason) for row in world.rows()]
    unknown = "nothing says what became of it"
    assert found == [
        (1, None, article(1), "captured", ""),
        (2, None, article(2), "captured", ""),
        (3, 4, None, "unexplained", unknown),
        (5, None, article(5), "captured", ""),
        (6, 7, None, "missed", "the article was gone"),
        (8, 8, None, "unexplained", unknown),
        (9, None, article(9), "captured", ""),
    ]
    check = world.check()
    assert (check.verdict, check.detail) == (Verdict.UNDETERMINED, "1 schedule: 4 captured, 2 missed, 3 unexplained")
    assert check.problems == (
        f"news 3 to 4: unexplained: {unknown}",
        f"news 8: unexplained: {unknown}",
        "news 6 to 7: missed: the article was gone",
    )


def test_articles_that_fail_or_are_withdrawn_are_no_holes(world: World) -> None:
    world.add("news", feed=_FEED)
    world.at(0.1).capture(1, 0, article(1), fails="gone", name="news")
    id_ = world.at(0.2).capture(2, 0, article(2), name="news")
    withdraw(world.archive, id_, "a court order")
    world.at(0.3).capture(3, 0, article(3), name="news")
    assert world.states() == [(1, "failed"), (2, "withdrawn"), (3, "captured")]
    assert world.check().verdict is Verdict.PASS


def test_numbers_after_the_last_article_are_those_that_were_stated_since(world: World) -> None:
    world.add("news", feed=_FEED)
    world.at(0.1).missed(1, 100, "we will be on holiday", "news")
    world.at(0.2).capture(1, 0.2, article(1), name="news")
    assert world.states() == [(1, "captured")]
    world.at(0.3).missed(4, 4, "the article was gone", "news")
    assert world.states() == [(1, "captured"), (2, "unexplained"), (4, "missed")]


def test_a_number_of_two_articles_is_a_doubt(world: World) -> None:
    world.add("news", feed=_FEED)
    for number in (1, 2):
        world.at(0.1).capture(1, 0, article(number), name="news")
    check = world.check()
    assert check.verdict is Verdict.UNDETERMINED
    assert all("the same number was given to another page" in problem for problem in check.problems)


# several, and none


def test_the_rows_of_one_schedule_can_be_asked_for_by_its_name(world: World) -> None:
    world.add("front")
    world.at(0.1).add("other", start=0.1)
    world.at(0.2).capture(1, 0)
    assert world.states("front") == [(1, "captured")]
    assert world.states("other") == [(1, "waiting")]
    assert len(world.rows()) == 2
    with pytest.raises(NotFoundError, match="there is no schedule 'third'"):
        world.rows("third")


def test_a_name_that_was_free_again_has_the_rows_of_both(world: World) -> None:
    world.add("front")
    world.at(0.5).say("remove")
    world.at(5).add("front", start=5)
    assert world.at(5.5).states("front") == [(1, "unexplained"), (1, "waiting")]


# what cannot be read, or bears no signature


@pytest.mark.parametrize(
    ("broken", "said", "states"),
    [(0, "entry 0, about a schedule", []), (2, "entry 2, the snapshot of", [(1, "unexplained")])],
)
def test_a_store_that_fails_makes_what_it_keeps_unreadable(
    broken: int, said: str, states: list[tuple[int, str]], world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.add("front")
    world.at(0.1).capture(1, 0)
    keys = {entry.index: layout.note(entry.commitment) for entry in log.entries(world.archive.store) if is_entry(entry)}
    get = LocalStore.get

    def failing(store: LocalStore, key: str, *piece: int) -> Iterator[bytes]:
        if key == keys[broken]:
            raise StorageError("the disk is failing")
        return get(store, key, *piece)

    monkeypatch.setattr(LocalStore, "get", failing)
    check = world.check()
    assert check.verdict is Verdict.UNDETERMINED
    assert said in check.problems[0]
    assert check.problems[0].endswith("the disk is failing")
    assert world.states() == states


def is_entry(entry: log.Entry | log.Junk) -> TypeGuard[log.Entry]:
    return isinstance(entry, log.Entry)


def test_what_was_made_before_there_were_keys_never_passes() -> None:
    due = attempt(1, hours(0))
    check = gaps.check(Said({"id": timeline()}, [due], unsigned=True), hours(0.5))
    assert check.verdict is Verdict.UNDETERMINED
    assert check.problems == ("the archive was made before archives had keys: nothing of this is signed",)


# lines


def test_a_line_is_of_one_schedule_and_of_numbers_in_a_row() -> None:
    def row(schedule: str, seq: int, state: State = State.UNEXPLAINED, url: str = URL) -> Row:
        return Row(schedule, schedule, seq, hours(seq), url, state)

    found = [
        row("a", 1),
        row("b", 1, State.CAPTURED, OTHER),
        row("b", 2),
        row("b", 3),
        row("b", 4, State.CAPTURED),
        row("b", 5),
    ]
    told = [(each.first.schedule, each.first.seq, each.last.seq) for each in gaps.stretches(found)]
    assert told == [("a", 1, 1), ("b", 1, 1), ("b", 2, 3), ("b", 4, 4), ("b", 5, 5)]


# hostile logs


def timeline(every: str = "1h", start: datetime | None = None, *more: Event, **given: object) -> Timeline:
    definition = define("front", {"urls": (URL,), "every": every, **given}, start or hours(0))
    return timelines([Event(0, "id", Action.ADD, "front", hours(0), definition), *more])["id"]


def attempt(seq: int, due: datetime, **changes: object) -> Attempt:
    usual: dict[str, object] = {"url": URL, "began": due, "deadline": due, "result": 2 * seq + 1}
    return Attempt(f"c{seq}", 2 * seq, Planned("id", "front", seq, due), End.SNAPSHOT, **{**usual, **changes})  # type: ignore[arg-type]


def test_a_schedule_of_every_second_since_1970_comes_to_an_end() -> None:
    endless = timeline("1s", datetime(1970, 1, 1, tzinfo=hours(0).tzinfo))
    found = list(rows({"id": endless}, [], hours(0), 5000))
    assert len(found) == 5001
    assert found[-1].state is State.UNEXPLAINED
    assert found[-1].reason == "it was due more often than is looked at (5000 times, each of its pages counted)"


def test_many_endless_schedules_come_to_an_end_together() -> None:
    endless = timeline("1s", datetime(1970, 1, 1, tzinfo=hours(0).tzinfo))
    count = sum(1 for _ in rows({str(n): endless for n in range(100)}, [], hours(0), 1000))
    assert count == 10 * 1000 + 100


def test_many_pages_count_each() -> None:
    pages = tuple(f"https://a.test/{n}" for n in range(100))
    assert sum(1 for _ in rows({"id": timeline("1s", urls=pages)}, [], hours(10), 1000)) == 1001


def test_huge_numbers_of_a_feed_are_holes_of_one_row() -> None:
    feed = timeline(urls=(), feed=_FEED)
    feed.missed.extend([Missed(5, 2**53 - 1, "all of them", made_at=hours(9)), Missed(1, 1, "no", made_at=hours(9))])
    far = 2**53 - 2
    found = list(rows({"id": feed}, [attempt(far, hours(1))], hours(10)))
    assert [(row.seq, row.last_seq, str(row.state)) for row in found] == [
        (1, 1, "missed"),
        (2, 4, "unexplained"),
        (5, far - 1, "missed"),
        (far, None, "captured"),
        (far + 1, far + 1, "missed"),
    ]


@pytest.mark.timeout(20)
def test_many_statements_of_what_was_missed_take_little_time() -> None:
    slow = timeline("1s")
    slow.missed.extend(Missed(1, 2**53 - 1, f"reason {n}", f"https://a.test/{n}", hours(9)) for n in range(5000))
    slow.missed.extend(Missed(n, 2 * n, "again", None, hours(9)) for n in range(1, 5000))
    began = time.monotonic()
    assert sum(row.state is State.MISSED for row in rows({"id": slow}, [], hours(2))) == 7201
    assert time.monotonic() - began < 10


def test_a_statement_of_the_last_day_there_is_ends_nothing() -> None:
    last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=hours(0).tzinfo)
    cron = define("front", {"urls": (URL,), "cron": "0 7 * * *", "tz": "Asia/Tokyo"}, hours(0))
    odd = timeline("1h", None, Event(1, "id", Action.CHANGE, "front", last, cron))
    assert [str(row.state) for row in rows({"id": odd}, [], last)][-1] in ("unexplained", "waiting")


def test_a_check_shows_the_first_of_many_and_counts_the_others() -> None:
    many = timeline("1h")
    found = [
        Attempt(f"c{n}", 2 * n, Planned("id", "front", n + 1, hours(n)), End.FAILURE, URL, hours(n), result=2 * n + 1)
        for n in range(3000)
    ]
    check = gaps.check(Said({"id": many}, found), hours(2999.5))
    assert check.verdict is Verdict.PASS
    assert len(check.problems) == 100
    assert check.problems[-1] == "and 2901 more"


def test_doubts_leave_room_for_what_is_only_told() -> None:
    many = timeline("1h")
    found = [
        Attempt(f"c{n}", 2 * n, Planned("id", "front", n + 1, hours(n)), End.FAILURE, URL, hours(n), result=2 * n + 1)
        for n in range(0, 3000, 2)
    ]
    check = gaps.check(Said({"id": many}, found), hours(2999.5))
    assert check.verdict is Verdict.UNDETERMINED
    assert Counter(line.split(": ")[-2].split(" (")[0] for line in check.problems if ", due " in line) == {
        "unexplained": 32,
        "failed": 66,
    }


# whatever happens


@settings(max_examples=200)
@given(data=st.data())
def test_every_time_has_one_row_and_what_is_captured_is_never_called_missing(data: st.DataObject) -> None:
    urls = data.draw(st.lists(st.sampled_from([f"https://a.test/{n}" for n in range(4)]), min_size=1, unique=True))
    events = _events(data, urls)
    found = timelines(events)
    assert not found["id"].problems
    now = hours(data.draw(st.floats(0, 100)))
    times = [(due, url) for due in found["id"].due(now) for url in due.urls]
    captured = data.draw(st.sets(st.integers(0, max(len(times) - 1, 0)), max_size=len(times))) if times else set()
    attempts = []
    for n in sorted(captured):
        due, url = times[n]
        ends = data.draw(st.lists(st.sampled_from([End.FAILURE, End.SNAPSHOT, End.NONE]), min_size=1, max_size=3))
        for number, end in enumerate(ends):
            index = 10 * n + 2 * number
            planned = Planned("id", "front", due.seq, due.at)
            result = None if end is End.NONE else index + 1
            attempts.append(
                Attempt(f"{n}-{number}", index, planned, end, url, due.at + timedelta(minutes=number), due.at, result)
            )
    ranges = st.tuples(st.integers(1, 60), st.integers(0, 30))
    for first, more in data.draw(st.lists(ranges, max_size=3)):
        found["id"].missed.append(Missed(first, first + more, "why", data.draw(st.sampled_from([None, *urls])), now))
    all_rows = [row for row in rows(found, attempts, now) if row.state is not State.OUTSIDE]
    assert [(row.seq, row.due, row.url) for row in all_rows] == [(due.seq, due.at, url) for due, url in times]
    has_snapshot = {(a.planned.seq, a.url) for a in attempts if a.end is End.SNAPSHOT}
    for row in all_rows:
        assert (row.state in (State.CAPTURED, State.LATE)) is ((row.seq, row.url) in has_snapshot)
    told = sum(stretch_length(stretch) for stretch in gaps.stretches(iter(all_rows)))
    assert told == len(all_rows)


def stretch_length(stretch: gaps.Stretch) -> int:
    return (stretch.last.seq - stretch.first.seq + 1) * stretch.pages


def _events(data: st.DataObject, urls: list[str]) -> list[Event]:
    """Statements as an honest operator makes them."""
    every = st.sampled_from(["1h", "2h", "7h", "90m"])

    def defined(at: float) -> object:
        return define("front", {"urls": tuple(urls), "every": data.draw(every)}, hours(at))

    events = [Event(0, "id", Action.ADD, "front", hours(0), defined(0))]  # type: ignore[arg-type]
    at, paused = 0.0, False
    for number in range(1, data.draw(st.integers(0, 5)) + 1):
        at += data.draw(st.floats(0.01, 20))
        action = data.draw(st.sampled_from([Action.RESUME if paused else Action.PAUSE, Action.CHANGE, Action.REMOVE]))
        definition = defined(at) if action is Action.CHANGE else None
        events.append(Event(number, "id", action, "front", hours(at), definition))  # type: ignore[arg-type]
        if action is Action.REMOVE:
            break
        paused = action is Action.PAUSE if action is not Action.CHANGE else paused
    return events

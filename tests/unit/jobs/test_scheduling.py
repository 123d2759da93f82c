"""Schedules: what people do to them stands in the log first, and the queue follows it, whatever breaks in between."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from archiver.errors import NotFoundError, SigningError, StorageError, UsageError
from archiver.jobs.database import Database
from archiver.jobs.queue import STATEMENT
from archiver.jobs.schema import jobs, outbox, schedules
from archiver.moments import from_ms, to_ms
from archiver.schedules.definition import Definition, define
from archiver.seal import statement
from archiver.storage import layout
from tests.support import queues
from tests.support.queues import START, Clock
from tests.support.scheduling import Log, Office

URL, OTHER, FEED = "https://a.test/news", "https://b.test/other", "https://a.test/feed.xml"
Bases = Callable[[str], Database]


def hours(count: float) -> datetime:
    return START + timedelta(hours=count)


class Place:
    """One archive, its queue and its clock."""

    def __init__(self, base: Database, watch: Clock, log: Log | None = None) -> None:
        self.base, self.clock = base, watch
        self.office = Office(base, log)
        self.log, self.do = self.office.log, self.office.scheduling

    def at(self, count: float) -> Place:
        self.clock.now = hours(count)
        return self

    def defined(self, **given: Any) -> Definition:
        given = {"every": "1h", **given}
        if "cron" in given:
            del given["every"]
        return define("front", given if "feed" in given else {"urls": (URL,), **given}, self.clock.now)

    def add(self, name: str = "front", **given: Any) -> str:
        return self.do.add(name, self.defined(**given))

    def tick(self) -> None:
        while self.office.planner.tick():
            pass

    def row(self, name: str = "front") -> Any:
        with self.base.transaction() as connection:
            return connection.execute(sa.select(schedules).where(schedules.c.name == name)).one_or_none()

    def numbers(self, name: str = "front") -> list[int]:
        with self.base.transaction() as connection:
            return sorted(set(connection.scalars(sa.select(jobs.c.seq).where(jobs.c.name == name))))

    def told(self) -> list[dict[str, Any]]:
        with self.base.transaction() as connection:
            found = connection.execute(sa.select(outbox).where(outbox.c.kind == STATEMENT).order_by(outbox.c.number))
            return [orjson.loads(row.body) for row in found]

    def say(self, action: str, id_: str, at: float, name: str = "front", **more: Any) -> None:
        """A statement by somebody else."""
        made = layout.new_id(hours(at))
        self.log.enter(statement.schedule(id_ if action == "add" else made, action, id_, name, hours(at), **more))

    def agree(self, id_: str, until: float) -> None:
        """What is planned up to then has the numbers that the log gives it."""
        self.at(until).do.follow()
        self.tick()
        due = [each.seq for each in self.log.timeline(id_).due(self.clock.now)]
        covered = self.numbers()
        for each in self.told():
            said = each["missed"]
            covered += [n for n in range(said["first_seq"], said["last_seq"] + 1) if "url" not in said]
        assert sorted(covered) == due


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, standing: Bases, watch: Clock) -> Place:
    return Place(standing(request.param), watch)


def test_each_action_is_stated_and_followed(place: Place) -> None:
    id_ = place.add(tag=("a",))
    assert (place.row().id, place.row().paused, from_ms(place.row().next_ms)) == (id_, False, START)
    place.at(0.5).tick()
    place.do.pause("front", "somebody")
    assert (place.row().paused, place.row().next_ms) == (True, None)
    place.at(3.5).do.resume("front")
    assert (place.row().paused, from_ms(place.row().next_ms)) == (False, hours(4))
    place.at(3.7).do.change("front", place.defined(every="2h"))
    assert from_ms(place.row().next_ms) == hours(5.7)
    place.at(3.8).do.remove("front")
    assert place.row() is None
    said = [each for each in place.log.statements if each is not None]
    assert [each["action"] for each in said] == ["add", "pause", "resume", "change", "remove"]
    assert said[1]["operator"] == "somebody"
    assert place.log.timeline(id_).problems == []
    place.agree(id_, 10)


def test_a_schedule_has_a_name_of_its_own_and_only_known_ones_are_altered(place: Place) -> None:
    place.add()
    with pytest.raises(UsageError, match="there is a schedule 'front' already"):
        place.add()
    for action in (place.do.pause, place.do.resume, place.do.remove, place.do.trigger):
        with pytest.raises(NotFoundError, match="there is no schedule 'back'"):
            action("back")
    with pytest.raises(UsageError, match="is not paused"):
        place.do.resume("front")
    place.do.pause("front")
    with pytest.raises(UsageError, match="is paused already"):
        place.do.pause("front")
    place.do.remove("front")
    place.add()


def test_a_schedule_of_pages_does_not_turn_into_one_of_a_feed(place: Place) -> None:
    place.add()
    place.do.add("feed", place.defined(feed=FEED))
    with pytest.raises(UsageError, match="cannot turn from pages to a feed"):
        place.do.change("front", place.defined(feed=FEED))
    with pytest.raises(UsageError, match="cannot turn from pages to a feed"):
        place.do.change("feed", place.defined())


def test_what_waits_for_a_schedule_goes_with_it_and_the_log_is_told(place: Place) -> None:
    place.add(urls=(URL, OTHER))
    place.tick()
    place.at(0.1).do.remove("front")
    with place.base.transaction() as connection:
        assert set(connection.scalars(sa.select(jobs.c.state))) == {"cancelled"}
    assert {each["missed"]["url"] for each in place.told()} == {URL, OTHER}
    assert {each["missed"]["reason"] for each in place.told()} == {"its schedule was removed before its turn came"}


# what breaks in between


@pytest.mark.parametrize("action", ["pause", "change", "remove"])
@pytest.mark.parametrize("breaks", ["before", "after"])
def test_when_the_log_fails_the_schedule_is_as_the_log_has_it(place: Place, action: str, breaks: str) -> None:
    id_ = place.add(missed="all")
    place.at(2.5)
    place.log.breaks = breaks
    arguments = [place.defined(every="30m", missed="all")] if action == "change" else []
    with pytest.raises(StorageError):
        getattr(place.do, action)("front", *arguments)
    if breaks == "before":
        assert from_ms(place.row().next_ms) == hours(3)
        assert not place.row().paused
    elif action == "remove":
        assert place.row() is None
    else:
        assert place.row().paused is (action == "pause")
    place.agree(id_, 6)


@pytest.mark.parametrize("action", ["pause", "change", "remove"])
def test_who_dies_before_the_statement_holds_a_schedule_for_minutes_and_no_more(
    place: Place, action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(BaseException):
        pass

    def killed(*_: object, **__: object) -> None:
        raise KilledError

    id_ = place.add(missed="all")
    place.at(2.5)
    with monkeypatch.context() as patch:
        patch.setattr(place.do, "_state", killed)
        patch.setattr(place.do, "_let_go", lambda *_: None)
        with pytest.raises(KilledError):
            getattr(place.do, action)("front", *([place.defined()] if action == "change" else []))
    place.at(2.6).tick()
    assert place.numbers() == [1, 2, 3]
    place.at(3.1).tick()
    assert place.numbers() == [1, 2, 3, 4]
    place.agree(id_, 5)


@pytest.mark.parametrize("action", ["pause", "change", "remove"])
def test_who_dies_after_the_statement_leaves_it_to_others_to_follow(
    place: Place, action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = place.add(missed="all")
    place.at(2.5)
    with monkeypatch.context() as patch:
        follow = place.do.follow
        calls = iter([follow, follow] if action == "change" else [follow])
        patch.setattr(place.do, "follow", lambda: [call() for call in islice(calls, 1)])
        getattr(place.do, action)("front", *([place.defined(every="30m")] if action == "change" else []))
    assert place.row() is not None
    again = Place(place.base, place.clock, place.log)
    again.agree(id_, 6)
    if action != "change":
        assert place.numbers() == [1, 2, 3]


def test_who_dies_between_adding_and_following_has_added_it(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.do.follow()
    with monkeypatch.context() as patch:
        patch.setattr(place.do, "follow", lambda: None)
        patch.setattr(place.do, "_row_named", lambda _: None)
        id_ = place.add(missed="all")
    assert place.row() is None
    Place(place.base, place.clock, place.log).agree(id_, 2)
    assert place.numbers() == [1, 2, 3]


@pytest.mark.parametrize("action", ["pause", "change", "remove", "add"])
def test_without_a_key_nothing_changes(place: Place, action: str) -> None:
    id_ = place.add()
    place.at(0.5).tick()
    before, said = place.row(), list(place.log.statements)
    place.log.has_key = False
    arguments = {"change": ("front", place.defined(every="2h")), "add": ("other", place.defined())}
    with pytest.raises(SigningError):
        getattr(place.do, action)(*arguments.get(action, ("front",)))
    assert place.row() == before
    assert place.row("other") is None
    assert place.log.statements == said
    place.log.has_key = True
    place.agree(id_, 3)


def test_while_the_store_is_away_nothing_of_the_log_is_passed_over(place: Place) -> None:
    place.do.follow()
    id_ = layout.new_id(START)
    place.say("add", id_, 0, definition=place.defined().document())
    place.log.away = True
    with pytest.raises(StorageError, match="away"):
        place.do.follow()
    place.log.away = False
    place.do.follow()
    assert place.row().id == id_


def test_a_store_that_fails_between_two_reads_costs_no_statement(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.do.follow()
    place.say("add", layout.new_id(START), 0, definition=place.defined().document())
    read, calls = place.log.signed_statement, iter([True, False])

    def once(entry: Any, ring: object) -> dict[str, Any]:
        if next(calls, False):
            raise StorageError("a read failed")
        return read(entry, ring)

    monkeypatch.setattr(place.log, "signed_statement", once)
    place.do.follow()
    assert place.row() is not None


# what others state


def test_a_statement_that_nobody_signed_is_passed_over(place: Place) -> None:
    id_ = place.add()
    place.at(0.5)
    place.log.forged.add(len(place.log.statements) + 1)
    place.say("remove", id_, 0.5)
    place.log.forged.add(len(place.log.statements) + 1)
    place.say("add", layout.new_id(START), 0.5, name="forged", definition=place.defined().document())
    place.do.follow()
    assert place.row() is not None
    assert place.row("forged") is None
    place.agree(id_, 3)


@pytest.mark.parametrize(
    "statements",
    [
        [("pause", 1.5), ("resume", 1.2)],  # made before what comes before it
        [("pause", 1.5), ("pause", 1.7), ("resume", 2.1)],
        [("resume", 1.5)],
        [("pause", 1.5), ("change", 1.2)],
        [("change", 1.5), ("change", 1.2)],
        [("pause", 1.5), ("change", 1.6), ("resume", 2.2)],
        [("remove", 1.5), ("resume", 1.7)],
        [("pause", 1.5), ("remove", 1.6)],
    ],
)
def test_statements_that_contradict_others_have_no_effect_here_either(
    place: Place, statements: list[tuple[str, float]]
) -> None:
    id_ = place.add(missed="all")
    place.at(1.1).tick()
    every = iter(("10m", "20m"))
    for action, at in statements:
        more: dict[str, Any] = {}
        if action == "change":
            more = {"definition": place.at(at).defined(every=next(every), missed="all").document()}
        place.say(action, id_, at, **more)
    place.agree(id_, 5)


def test_a_statement_with_another_name_or_of_an_id_that_is_taken_has_no_effect(place: Place) -> None:
    id_ = place.add()
    place.say("pause", id_, 0.5, name="back")
    place.say("add", id_, 0.6, name="back", definition=place.defined().document())
    place.agree(id_, 3)
    assert place.row("back") is None
    place.do.remove("front")
    place.say("add", id_, 3.5, definition=place.defined().document())
    place.do.follow()
    assert place.row() is None


def test_of_two_machines_that_add_the_same_name_the_first_counts_and_the_other_is_told(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Place(place.base, place.clock, place.log)
    first = list[str]()

    def meanwhile() -> None:
        monkeypatch.undo()
        monkeypatch.setattr(type(place.base), "now_ms", lambda *_: to_ms(place.clock.now))
        first.append(place.add())

    real = other.do._state

    def state(*arguments: Any, **said: Any) -> None:
        if not first:
            meanwhile()
        real(*arguments, **said)

    monkeypatch.setattr(other.do, "_state", state)
    definition = place.defined()
    with pytest.raises(UsageError, match="somebody else has just added a schedule 'front'"):
        other.do.add("front", definition)
    assert place.row().id == first[0]
    loser = next(s["schedule"] for s in place.log.statements if s is not None and s["schedule"] != first[0])
    timeline = place.log.timeline(loser)
    assert timeline.removed
    assert all(timeline.why_missed(due.seq, URL) for due in timeline.due(hours(9)))


# a queue that was lost


@pytest.mark.parametrize("schedules_there", [1, 2])
@pytest.mark.parametrize("policy", ["all", "latest"])
def test_a_lost_queue_comes_back_from_the_log_and_nothing_of_the_past_is_captured_again(
    place: Place, policy: str, schedules_there: int
) -> None:
    ids = [place.add(f"s{n}", missed=policy) for n in range(schedules_there)]
    place.at(5.5).tick()
    place.do.pause("s0")
    place.at(7.5).do.resume("s0")
    place.at(9.5).tick()
    queues.clear(place.base)
    again = Place(place.base, place.clock, place.log)
    again.do.follow()
    again.tick()
    assert again.numbers("s0") == []
    assert [each["missed"]["last_seq"] for each in again.told()] == [8, 10][:schedules_there]
    again.at(10.1).tick()
    assert again.numbers("s0") == [9]
    assert again.row("s0").id == ids[0]
    assert [due.seq for due in again.log.timeline(ids[0]).due(hours(10.1))][-1] == 9


def test_a_lost_queue_with_but_one_statement_in_the_log_does_not_begin_from_the_start(place: Place) -> None:
    id_ = place.add(missed="all")
    place.at(5.5).tick()
    queues.clear(place.base)
    place.do.follow()
    place.tick()
    assert place.numbers() == []
    place.agree(id_, 6.5)
    assert place.numbers() == [7]


def test_what_a_schedule_was_due_while_it_was_paused_does_not_come_back_with_a_lost_queue(place: Place) -> None:
    id_ = place.at(1).add(cron="30 * * * *", missed="all")
    place.at(1.1).do.pause("front")
    place.at(4.1).do.resume("front")
    queues.clear(place.base)
    place.at(4.2).do.follow()
    place.tick()
    assert place.numbers() == []
    place.agree(id_, 5.6)
    assert place.numbers() == [1, 2]


def test_a_paused_and_a_removed_schedule_come_back_as_they_were(place: Place) -> None:
    place.add("paused")
    place.add("gone")
    place.at(2.5).do.pause("paused")
    place.do.remove("gone")
    queues.clear(place.base)
    place.at(3).do.follow()
    assert place.row("gone") is None
    assert (place.row("paused").paused, place.row("paused").next_ms, place.row("paused").next_seq) == (True, None, 4)
    place.at(5.5).do.resume("paused")
    place.tick()
    assert place.numbers("paused") == []
    place.at(6).tick()
    assert place.numbers("paused") == [4]


def test_a_queue_that_is_lost_when_the_clock_is_behind_goes_on_with_the_right_numbers(place: Place) -> None:
    id_ = place.add(missed="all")
    place.at(4.5).do.pause("front")
    place.at(6.5).do.resume("front")
    queues.clear(place.base)
    place.at(2).do.follow()
    place.at(8.2).tick()
    expected = [(due.seq, due.at) for due in place.log.timeline(id_).due(hours(8.2))]
    with place.base.transaction() as connection:
        made = connection.execute(sa.select(jobs.c.seq, jobs.c.due_ms).order_by(jobs.c.seq)).all()
    assert [(seq, from_ms(due)) for seq, due in made] == expected[-2:]


# a configuration file, triggers and gaps


def test_a_configuration_file_adds_and_changes_what_differs_and_nothing_else(place: Place) -> None:
    given = {"front": {"urls": [URL], "every": "1h"}, "back": {"urls": [OTHER], "cron": "@daily"}}
    assert list(place.do.take_over(given)) == ["the schedule front was added", "the schedule back was added"]
    place.at(5)
    assert list(place.do.take_over(given)) == []
    given["front"] = {"urls": [URL], "every": "2h"}
    assert list(place.do.take_over(given)) == ["the schedule front was changed"]
    assert list(place.do.take_over(given)) == []
    taken = place.do.take_over({"other": given["front"], "Bad Name": given["front"]})
    assert next(taken) == "the schedule other was added"
    with pytest.raises(UsageError, match="'Bad Name' cannot name a schedule"):
        next(taken)


def test_a_schedule_is_captured_once_more_when_somebody_wants_it_and_its_numbers_go_on(place: Place) -> None:
    id_ = place.add(urls=(OTHER, URL))
    place.tick()
    place.at(0.5)
    assert len(place.do.trigger("front")) == 2
    assert place.do.trigger("front") == []  # they wait already
    with place.base.transaction() as connection:
        assert connection.scalar(sa.select(sa.func.count()).where(jobs.c.schedule.is_(None))) == 2
    assert place.numbers() == [1]
    place.agree(id_, 1.5)


@pytest.mark.parametrize("paused", [False, True])
def test_a_feed_is_read_now_when_somebody_wants_it(place: Place, paused: bool) -> None:
    place.add(feed=FEED)
    place.tick()
    with place.base.transaction() as connection:
        connection.execute(jobs.update().values(state="done"))
    place.at(0.5)
    if paused:
        place.do.pause("front")
    before = place.row()
    (made,) = place.do.trigger("front")
    assert place.do.trigger("front") == [made]
    assert (place.office.queue.find(made).kind, place.office.queue.find(made).url) == ("feed", FEED)
    assert place.row() == before


def test_gaps_are_filled_on_demand_and_what_fills_them_is_not_overtaken(place: Place) -> None:
    id_ = place.add(urls=(URL, OTHER))
    place.at(5.5).tick()
    assert place.numbers() == [6]
    assert place.do.backfill("front", hours(2), hours(4)) == (6, 0)
    assert place.do.backfill("front", hours(2), hours(99)) == (0, 8)
    assert place.numbers() == [3, 4, 5, 6]
    with place.base.transaction() as connection:
        moments = connection.execute(sa.select(jobs.c.seq, jobs.c.due_ms).distinct().order_by(jobs.c.seq)).all()
    assert [(seq, from_ms(due)) for seq, due in moments] == [(n, hours(n - 1)) for n in (3, 4, 5, 6)]
    place.at(6).tick()
    with place.base.transaction() as connection:
        waiting = sorted(set(connection.scalars(sa.select(jobs.c.seq).where(jobs.c.state == "queued"))))
    assert waiting == [3, 4, 5, 7]
    assert [each.seq for each in place.log.timeline(id_).due(hours(6))] == list(range(1, 8))


def test_gaps_are_filled_by_the_definition_that_counted_then(place: Place) -> None:
    place.add(tag=("old",))
    place.at(2.5).do.change("front", place.defined(tag=("new",), urls=(OTHER,)))
    place.at(3).do.backfill("front", START, hours(3))
    found = {(job.url, job.options.tag) for job in place.office.queue.listing()}
    assert found == {(URL, ("old",))}


def test_more_gaps_than_anybody_can_mean_are_not_filled(place: Place) -> None:
    place.add(every="1s")
    place.at(3)
    with pytest.raises(UsageError, match="more than 10000 captures"):
        place.do.backfill("front", START, hours(3))
    assert place.numbers() == []
    place.do.add("feed", place.defined(feed=FEED))
    with pytest.raises(UsageError, match="watches a feed"):
        place.do.backfill("feed", START, hours(3))


def test_each_schedule_is_listed_with_the_job_of_its_newest_time(place: Place) -> None:
    place.add("b", missed="all")
    place.add("a")
    place.do.add("c", place.defined(feed=FEED))
    place.at(2.5)
    assert [each.last for each in place.do.listing()] == [None, None, None]
    place.tick()
    listed = list(place.do.listing())
    assert [each.name for each in listed] == ["a", "b", "c"]
    assert [None if each.last is None or each.last.due is None else each.last.due.seq for each in listed] == [3, 3, 0]
    assert [each.state for each in listed] == ["active"] * 3

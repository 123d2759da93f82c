"""The planner: each time that a schedule was due becomes a job, or is stated as missed, with the number it has in the
log's own account; whatever is done to schedules and clocks meanwhile.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from archiver.errors import UsageError
from archiver.jobs import planner as planning
from archiver.jobs.database import Database
from archiver.jobs.queue import STATEMENT
from archiver.jobs.schema import jobs, outbox, schedules
from archiver.moments import from_ms, to_ms
from archiver.schedules.definition import Missed, define
from archiver.schedules.due import due_times, next_due, not_before
from tests.support.queues import Clock
from tests.support.scheduling import Office

URL = "https://a.test/news"
OTHER = "https://b.test/other"
START = datetime(2026, 3, 1, tzinfo=UTC)
Bases = Callable[[str], Database]


class Story:
    """One schedule, what is done to it, and the account of it that has to come out."""

    def __init__(self, base: Database, watch: Clock, start: datetime, **given: Any) -> None:
        self.clock, self.base = watch, base
        watch.now = self.latest = start
        self.office = Office(base)
        self.id = self.office.scheduling.add("front", self.defined(**given))

    def defined(self, **given: Any) -> Any:
        return define("front", {"urls": (URL,), **given}, self.clock.now)

    def at(self, moment: datetime) -> None:
        self.clock.now = moment
        self.latest = max(self.latest, moment)

    def on(self, seconds: float) -> None:
        self.at(self.clock.now + timedelta(seconds=seconds))

    def tick(self) -> int:
        return self.office.planner.tick()

    def act(self, action: str, **given: Any) -> None:
        do = getattr(self.office.scheduling, action)
        with contextlib.suppress(UsageError):
            do("front", *([self.defined(**given)] if action == "change" else []))

    def rows(self, table: sa.Table) -> list[Any]:
        with self.base.transaction() as connection:
            return list(connection.execute(sa.select(table).order_by(*table.primary_key.columns)))

    def row(self) -> Any:
        (row,) = self.rows(schedules)
        return row

    def jobs(self) -> dict[int, dict[str, datetime]]:
        """The jobs by number and page, each with its time."""
        found = defaultdict[int, dict[str, datetime]](dict)
        for row in self.rows(jobs):
            assert row.url not in found[row.seq]
            found[row.seq][row.url] = from_ms(row.due_ms)
        return dict(found)

    def missed(self) -> list[tuple[int, int]]:
        bodies = [orjson.loads(row.body)["missed"] for row in self.rows(outbox) if row.kind == STATEMENT]
        return [(each["first_seq"], each["last_seq"]) for each in bodies if "url" not in each]

    def settle(self) -> None:
        """Let all that was due become jobs."""
        self.at(self.latest + timedelta(seconds=1))
        while self.tick():
            pass

    def check(self) -> None:
        """Every time has its number: as a job for each of its pages, or among what was missed, and not twice."""
        self.settle()
        made, missed = self.jobs(), self.missed()
        expected = list(self.office.log.timeline(self.id).due(self.latest))
        numbers = [seq for first, last in missed for seq in range(first, last + 1)] + list(made)
        assert sorted(numbers) == [due.seq for due in expected]
        for due in expected:
            if due.seq in made:
                assert made[due.seq] == dict.fromkeys(due.urls, due.at)
            else:
                assert due.definition.missed is Missed.LATEST
        for row in self.rows(schedules):
            assert row.next_seq == len(expected) + 1


@pytest.fixture(params=["sqlite", "postgresql"])
def bases(request: pytest.FixtureRequest, standing: Bases) -> Callable[[], Database]:
    return lambda: standing(request.param)


_ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"])
_CRONS = st.sampled_from(
    ["0 * * * *", "30 2 * * *", "*/20 1-3 * * *", "0 0,2,3 * * 0", "15 1 * * *", "*/30 * * * *", "5,59 2 * * *"]
)
_WHEN = st.one_of(
    st.fixed_dictionaries({"every": st.sampled_from(["7m", "1h", "90m", "13h", "1d"])}),
    st.fixed_dictionaries({"cron": _CRONS, "tz": _ZONES}),
)
_DEFINED = st.tuples(
    _WHEN,
    st.fixed_dictionaries({"missed": st.sampled_from(["all", "latest"])}),
    st.sampled_from([{"urls": (URL,)}, {"urls": (OTHER, URL)}]),
).map(lambda parts: {name: value for part in parts for name, value in part.items()})
# Around the days on which clocks change in Europe and America, and some day in between.
_STARTS = st.tuples(
    st.sampled_from(
        [
            datetime(2026, 3, 8, tzinfo=UTC),
            datetime(2026, 3, 28, 12, tzinfo=UTC),
            datetime(2026, 10, 24, 12, tzinfo=UTC),
            datetime(2026, 11, 1, tzinfo=UTC),
            datetime(2026, 6, 1, tzinfo=UTC),
        ]
    ),
    st.integers(0, 10**9),
).map(lambda parts: parts[0] + timedelta(microseconds=parts[1]))
_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["tick"] * 4 + ["pause", "resume", "change", "remove", "back"]),
        st.integers(0, 15 * 3600 * 1000).map(lambda ms: ms / 1000),
        _DEFINED,
    ),
    max_size=12,
)


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(start=_STARTS, first=_DEFINED, steps=_STEPS)
def test_numbers_and_times_are_those_of_the_log_whatever_is_done_on_sqlite(
    standing: Bases, watch: Clock, start: datetime, first: dict[str, Any], steps: list[tuple[str, float, Any]]
) -> None:
    _play(standing("sqlite"), watch, start, first, steps)


@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(start=_STARTS, first=_DEFINED, steps=_STEPS)
def test_numbers_and_times_are_those_of_the_log_whatever_is_done_on_postgresql(
    standing: Bases, watch: Clock, start: datetime, first: dict[str, Any], steps: list[tuple[str, float, Any]]
) -> None:
    _play(standing("postgresql"), watch, start, first, steps)


def _play(base: Database, watch: Clock, start: datetime, first: dict[str, Any], steps: list[Any]) -> None:
    story = Story(base, watch, start, **first)
    for action, seconds, defined in steps:
        story.on(-seconds if action == "back" else seconds)
        if action in ("tick", "back"):
            story.tick()
        elif story.rows(schedules):
            story.act(action, **(defined if action == "change" else {}))
    story.check()


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(start=_STARTS, when=_WHEN, ticks=st.lists(st.integers(1, 20 * 3600), min_size=1, max_size=6))
@pytest.mark.parametrize("policy", ["all", "latest"])
def test_what_is_due_becomes_jobs_whenever_a_planner_looks(
    standing: Bases, watch: Clock, policy: str, start: datetime, when: dict[str, Any], ticks: list[int]
) -> None:
    story = Story(standing("sqlite"), watch, start, **when, missed=policy)
    definition = story.defined(**when)
    expected, high = list[datetime](), start - timedelta(days=1)
    for seconds in ticks:
        story.on(seconds)
        while story.tick():
            pass
        due = list(due_times(definition, high, story.clock.now)) if story.clock.now > high else []
        due = [moment for moment in due if moment >= definition.start]
        expected += due if policy == "all" else due[-1:]
        high = story.clock.now
    assert sorted(at for made in story.jobs().values() for at in made.values()) == expected
    if policy == "all":
        assert story.missed() == []
    story.check()


@pytest.mark.parametrize("limit", [1, 3, 5, 6, 7, 100])
def test_of_what_was_missed_the_newest_is_captured_however_much_is_looked_at_once(
    monkeypatch: pytest.MonkeyPatch, standing: Bases, watch: Clock, limit: int
) -> None:
    monkeypatch.setattr(planning, "_LATEST_AT_ONCE", limit)
    story = Story(standing("sqlite"), watch, START, every="1h")
    story.on(5.5 * 3600)
    while story.tick():
        pass
    assert story.jobs() == {6: {URL: START + timedelta(hours=5)}}
    story.check()


@pytest.mark.parametrize("limit", [1, 3, 6, 100])
def test_all_that_was_missed_is_captured_however_much_is_done_at_once(
    monkeypatch: pytest.MonkeyPatch, standing: Bases, watch: Clock, limit: int
) -> None:
    monkeypatch.setattr(planning, "_ALL_AT_ONCE", limit)
    story = Story(standing("sqlite"), watch, START, every="1h", missed="all")
    story.on(5.5 * 3600)
    while story.tick():
        pass
    assert sorted(story.jobs()) == [1, 2, 3, 4, 5, 6]
    story.check()


def test_a_pause_is_no_time_to_make_up_for(bases: Callable[[], Database], watch: Clock) -> None:
    story = Story(bases(), watch, START, every="1h", missed="all")
    story.tick()
    story.act("pause")
    story.on(48 * 3600 + 60)
    assert story.tick() == 0
    story.act("resume")
    assert story.tick() == 0
    story.on(3600)
    assert story.tick() == 1
    assert story.jobs() == {1: {URL: START}, 2: {URL: START + timedelta(hours=49)}}
    story.check()


def test_what_was_due_before_a_pause_is_captured_though_nobody_had_looked(
    bases: Callable[[], Database], watch: Clock
) -> None:
    story = Story(bases(), watch, START, every="1h", missed="all")
    story.on(2.5 * 3600)
    story.act("pause")
    assert sorted(story.jobs()) == [1, 2, 3]
    story.check()


def test_the_newest_takes_the_place_of_what_still_waits(bases: Callable[[], Database], watch: Clock) -> None:
    story = Story(bases(), watch, START, every="1h", urls=(URL, OTHER))
    for _ in range(3):
        story.tick()
        story.on(3600)
    states = {(row.seq, row.url): (row.state, row.error) for row in story.rows(jobs)}
    overtaken = ("cancelled", "the next one was due before its turn came")
    assert states == {
        **{(seq, url): overtaken for seq in (1, 2) for url in (URL, OTHER)},
        **{(3, url): ("queued", None) for url in (URL, OTHER)},
    }
    told = [orjson.loads(row.body)["missed"] for row in story.rows(outbox) if row.kind == STATEMENT]
    assert sorted((each["first_seq"], each["last_seq"], each["url"]) for each in told) == [
        (1, 1, URL),
        (1, 1, OTHER),
        (2, 2, URL),
        (2, 2, OTHER),
    ]
    story.check()


def test_what_runs_is_not_overtaken(bases: Callable[[], Database], watch: Clock) -> None:
    story = Story(bases(), watch, START, every="1h")
    story.tick()
    with story.base.transaction() as connection:
        connection.execute(jobs.update().values(state="running"))
    story.on(3600)
    story.tick()
    assert [row.state for row in story.rows(jobs)] == ["running", "queued"]


def test_where_all_are_wanted_nothing_is_overtaken(bases: Callable[[], Database], watch: Clock) -> None:
    story = Story(bases(), watch, START, every="1h", missed="all")
    story.tick()
    story.on(3600)
    story.tick()
    assert [row.state for row in story.rows(jobs)] == ["queued", "queued"]


def test_captures_begin_later_by_their_share_of_the_jitter(bases: Callable[[], Database], watch: Clock) -> None:
    story = Story(bases(), watch, START, every="1h", jitter="10m", urls=(URL, OTHER), missed="all")
    story.on(3600)
    story.tick()
    definition = story.defined(every="1h", jitter="10m")
    for row in story.rows(jobs):
        due = from_ms(row.due_ms)
        assert row.not_before_ms == max(to_ms(not_before(definition, row.id, due)), to_ms(watch.now))
        assert due <= from_ms(row.not_before_ms) < watch.now + timedelta(minutes=10)
    assert len({row.not_before_ms for row in story.rows(jobs)}) > 2


def test_nothing_is_due_after_the_end_of_a_schedule(bases: Callable[[], Database], watch: Clock) -> None:
    story = Story(bases(), watch, START, every="1h", stop_after=START + timedelta(hours=2), missed="all")
    story.on(100 * 3600)
    story.tick()
    assert sorted(story.jobs()) == [1, 2, 3]
    assert story.row().next_ms is None
    assert [each.state for each in story.office.scheduling.listing()] == ["ended"]
    story.check()


def test_a_schedule_far_behind_is_caught_up_in_steps_between_which_others_have_their_turn(
    standing: Bases, watch: Clock
) -> None:
    story = Story(standing("sqlite"), watch, START, every="1s")
    story.on(30 * 86400)
    ticks, moments = 0, []
    with story.base.transaction() as connection:
        row = connection.execute(sa.select(schedules)).one()
    while row.next_ms is not None and row.next_ms <= to_ms(watch.now):
        with story.base.transaction() as connection:
            story.office.planner.plan(connection, row, watch.now)
            row = connection.execute(sa.select(schedules)).one()
        ticks += 1
        moments.append(row.high_ms)
        if ticks == 5:
            break
    assert moments == sorted(moments)
    assert moments[-1] == to_ms(START) + 1000 * (5 * 10_000 - 1)
    assert story.missed() == [(1 + n * 10_000, (n + 1) * 10_000) for n in range(5)]


def test_many_schedules_have_their_turn_in_the_order_in_which_they_were_due(
    bases: Callable[[], Database], watch: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = bases()
    watch.now = START
    office = Office(base)
    for n in range(5):
        office.scheduling.add(f"s{n}", define(f"s{n}", {"urls": (f"https://h{n}.test/",), "every": "1h"}, watch.now))
        watch.on(1)
    monkeypatch.setattr(planning, "_AT_ONCE", 2)
    assert [office.planner.tick() for _ in range(4)] == [2, 2, 1, 0]
    with base.transaction() as connection:
        named = list(connection.scalars(sa.select(jobs.c.name).order_by(jobs.c.queued_ms, jobs.c.name)))
    assert named == [f"s{n}" for n in range(5)]


def test_a_schedule_that_this_machine_cannot_read_keeps_no_other_from_its_turn(
    bases: Callable[[], Database], watch: Clock
) -> None:
    base = bases()
    watch.now = START
    office = Office(base)
    for name in ("broken", "fine"):
        office.scheduling.add(name, define(name, {"urls": (URL,), "every": "1h"}, watch.now))
    with base.transaction() as connection:
        row = connection.execute(sa.select(schedules).where(schedules.c.name == "broken")).one()
        document = {**orjson.loads(row.definition), "newer": True}
        connection.execute(
            schedules.update().where(schedules.c.name == "broken").values(definition=orjson.dumps(document).decode())
        )
    assert office.planner.tick() == 1
    with base.transaction() as connection:
        assert list(connection.scalars(sa.select(jobs.c.name))) == ["fine"]
        assert connection.scalar(sa.select(schedules.c.next_seq).where(schedules.c.name == "broken")) == 1


# feeds

FEED = "https://a.test/feed.xml"


def test_a_feed_is_read_when_it_is_due_and_not_while_it_waits_to_be_read(
    bases: Callable[[], Database], watch: Clock
) -> None:
    story = Story(bases(), watch, START, every="1h", urls=(), feed=FEED)
    for _ in range(3):
        story.tick()
        story.on(3600)
    (job,) = story.rows(jobs)
    assert (job.kind, job.url, job.seq) == ("feed", FEED, 0)
    with story.base.transaction() as connection:
        connection.execute(jobs.update().values(state="done"))
    story.on(48 * 3600)
    story.tick()
    assert len(story.rows(jobs)) == 2
    assert story.row().next_seq == 1
    assert story.missed() == []


@example(START, {"cron": "30 2 * * *", "tz": "Europe/Berlin"}, [90_000])
@settings(max_examples=60)
@given(start=_STARTS, when=_WHEN, cuts=st.lists(st.integers(0, 40 * 3600), max_size=8))
def test_the_next_time_after_any_moment_is_one_of_those_from_the_beginning(
    start: datetime, when: dict[str, Any], cuts: list[int]
) -> None:
    definition = define("front", {"urls": (URL,), **when}, start)
    whole = list(due_times(definition, start, start + timedelta(hours=60)))
    for seconds in cuts:
        cut = start + timedelta(seconds=seconds)
        later = [moment for moment in whole if moment > cut]
        if later:
            assert next_due(definition, cut) == later[0]

"""When schedules are due: intervals, cron expressions, and the two days on which clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import UsageError
from archiver.schedules.definition import MAX_URLS, Definition, define, from_document
from archiver.schedules.due import due_times, next_due, not_before

_START = datetime(2026, 3, 1, 12, 30, 15, tzinfo=UTC)
_URL = "https://example.org/news"


def made(start: datetime = _START, **given: Any) -> Definition:
    return define("front", {"urls": (_URL,), **given}, start)


def first(definition: Definition, count: int, after: datetime) -> list[str]:
    return [f"{each:%d %H:%M:%S}" for each in islice(due_times(definition, after), count)]


def test_an_interval_is_due_at_its_start_and_from_there_on() -> None:
    every = made(every="6h")
    assert first(every, 3, _START - timedelta(days=9)) == ["01 12:30:15", "01 18:30:15", "02 00:30:15"]
    assert next_due(every, _START) == _START + timedelta(hours=6)


def test_what_was_long_ago_is_not_counted_through() -> None:
    every = made(datetime(1970, 1, 1, tzinfo=UTC), every="1s")
    assert next_due(every, _START) == _START + timedelta(seconds=1)


def test_a_cron_expression_is_due_by_the_clocks_of_its_zone() -> None:
    cron = made(cron="0 7 * * *", tz="Europe/Berlin")
    assert first(cron, 2, _START) == ["02 06:00:00", "03 06:00:00"]


def test_a_time_that_clocks_skip_comes_right_after_the_gap() -> None:
    cron = made(cron="30 2 * * *", tz="Europe/Berlin")
    assert first(cron, 3, datetime(2026, 3, 28, 12, tzinfo=UTC)) == ["29 01:00:00", "30 00:30:00", "31 00:30:00"]


def test_a_time_that_clocks_show_twice_is_due_once() -> None:
    cron = made(cron="30 2 * * *", tz="Europe/Berlin")
    assert first(cron, 3, datetime(2026, 10, 24, 12, tzinfo=UTC)) == ["25 00:30:00", "26 01:30:00", "27 01:30:00"]


@pytest.mark.parametrize("day", [datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)])
def test_every_half_hour_goes_on_evenly_when_clocks_change(day: datetime) -> None:
    cron = made(cron="*/30 * * * *", tz="Europe/Berlin")
    found = list(due_times(cron, day - timedelta(seconds=1), day + timedelta(hours=6)))
    assert found == [day + timedelta(minutes=30 * n) for n in range(13)]


@pytest.mark.parametrize("day", [30, 31])
def test_the_last_day_there_is_ends_a_cron_expression(day: int) -> None:
    cron = made(cron="0 7 * * *", tz="Asia/Tokyo")
    late = datetime(9999, 12, day, 23, 59, tzinfo=UTC)
    assert list(due_times(cron, late)) == []


def test_nothing_is_due_after_the_end() -> None:
    every = made(every="1h", stop_after=_START + timedelta(hours=2))
    assert len(list(due_times(every, _START - timedelta(days=1)))) == 3
    assert next_due(every, _START + timedelta(hours=2)) is None


@given(
    seconds=st.integers(1, 100_000),
    offset=st.integers(0, 10_000_000),
    cut=st.integers(0, 500_000),
    length=st.integers(0, 400_000),
)
def test_a_stretch_has_the_times_of_its_two_halves(seconds: int, offset: int, cut: int, length: int) -> None:
    every = made(every=f"{seconds}s")
    begin = _START + timedelta(seconds=offset)
    end = begin + timedelta(seconds=min(length, 200 * seconds))
    middle = min(begin + timedelta(seconds=cut), end)
    whole = list(due_times(every, begin, end))
    assert whole == list(due_times(every, begin, middle)) + list(due_times(every, middle, end))


@given(
    minute=st.integers(0, 59),
    hour=st.integers(0, 23),
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]),
    day=st.integers(0, 720),
)
def test_a_daily_time_is_due_once_on_each_day_of_its_zone(minute: int, hour: int, zone: str, day: int) -> None:
    cron = made(cron=f"{minute} {hour} * * *", tz=zone)
    begin = datetime(2026, 3, 2, tzinfo=ZoneInfo(zone)) + timedelta(days=day)
    found = islice(due_times(cron, begin - timedelta(microseconds=1)), 5)
    assert len({each.astimezone(ZoneInfo(zone)).date() for each in found}) == 5


@given(st.integers(0, 86_400), st.text(max_size=20))
def test_jitter_delays_by_less_than_it_says_and_always_the_same(jitter: int, key: str) -> None:
    every = made(every="1d", jitter=f"{jitter}s")
    begins = not_before(every, key, _START)
    assert _START <= begins <= _START + timedelta(seconds=jitter)
    assert begins == not_before(every, key, _START)


def test_what_a_statement_has_is_read_back_as_it_was() -> None:
    definition = made(
        cron="@daily",
        tz="Europe/Berlin",
        missed="all",
        jitter="5m",
        stop_after=_START,
        trace=True,
        profile="mobile",
        tag=("a", "b"),
        priority=3,
    )
    assert from_document(definition.document()) == definition
    assert definition.cron == "0 0 * * *"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"every": "0s"}, "every_s: Input should be greater than or equal to 1"),
        ({"every": "1 month"}, "months and years differ"),
        ({"every": "-5m"}, "is no duration"),
        ({"every": "500d"}, "less than or equal to"),
        ({}, "either an interval (every) or a cron expression"),
        ({"every": "1h", "cron": "0 7 * * *"}, "either an interval (every) or a cron expression"),
        ({"cron": "0 7 * *"}, "it has five fields"),
        ({"cron": "0 0 7 * * *"}, "it has five fields"),
        ({"cron": "61 * * * *"}, "bad minute"),
        ({"cron": "0 0 31 2 *"}, "bad day-of-month"),
        ({"cron": "0 7 * * *", "tz": "Mars/Olympus"}, "there is no time zone 'Mars/Olympus'"),
        ({"every": "1h", "tz": "Europe/Berlin"}, "is for a cron expression"),
        ({"every": "1h", "urls": ()}, "either URLs or a feed"),
        ({"every": "1h", "feed": _URL}, "either URLs or a feed"),
        ({"every": "1h", "urls": (_URL, _URL)}, "given twice"),
        ({"every": "1h", "urls": ("ftp://example.org/",)}, "ftp"),
        ({"every": "1h", "urls": tuple(f"{_URL}/{n}" for n in range(MAX_URLS + 1))}, "make several of it"),
        ({"every": "1h", "missed": "some"}, "missed"),
        ({"every": "1h", "jitter": "2d"}, "jitter_s"),
        ({"every": "1h", "start": datetime(1, 1, 1, tzinfo=UTC)}, "there is no such key"),
        ({"every": "1h", "colour": "red"}, "there is no such key"),
    ],
)
def test_what_is_no_schedule_is_refused_in_words(given: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as raised:
        define("front", {"urls": (_URL,), **given}, _START)
    assert said in str(raised.value)
    assert str(raised.value).startswith("schedule front: ") or said in ("months and years differ", "is no duration")


@pytest.mark.parametrize("name", ["", "-a", "A", "a b", "a/b", "a" * 65, "ä", "a\n"])
def test_a_name_that_cannot_stand_in_a_command_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="cannot name a schedule"):
        define(name, {"urls": (_URL,), "every": "1h"}, _START)

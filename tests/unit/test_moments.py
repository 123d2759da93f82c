"""Times and durations as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver import clock, moments
from archiver.errors import UsageError
from archiver.moments import Time, parse_duration, parse_rfc3339, parse_time

NOW = datetime(2026, 11, 23, 8, 14, 7, 123456, tzinfo=UTC)


def moment(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-02-01T10:30:00Z", moment(2024, 2, 1, 10, 30)),
        ("2024-02-01t10:30:00z", moment(2024, 2, 1, 10, 30)),
        ("2024-02-01 10:30:00+02:00", moment(2024, 2, 1, 8, 30)),
        ("2024-02-01T10:30:00.5-00:00", moment(2024, 2, 1, 10, 30, 0, 500000)),
        ("2024-02-01T10:30:00.123456789Z", moment(2024, 2, 1, 10, 30, 0, 123456)),
        ("2016-12-31T23:59:60Z", moment(2016, 12, 31, 23, 59, 59, 999999)),
        ("20240201103000", moment(2024, 2, 1, 10, 30)),
        ("now", NOW),
        ("2 days ago", NOW - timedelta(days=2)),
        ("6h ago", NOW - timedelta(hours=6)),
        ("1 Week Ago", NOW - timedelta(weeks=1)),
        (" 90 seconds ago ", NOW - timedelta(seconds=90)),
    ],
)
def test_a_moment_is_read(text: str, expected: datetime) -> None:
    assert parse_time(text, NOW) == Time(expected, expected)
    assert parse_time(text, NOW).middle == expected


@pytest.mark.parametrize(("text", "day"), [("2024-02-29", 29), ("today", 23), ("yesterday", 22)])
def test_a_day_is_all_of_it_and_its_middle_is_noon(text: str, day: int) -> None:
    time = parse_time(text, NOW)
    assert time.first.day == time.last.day == day
    assert time.first.time().isoformat() == "00:00:00"
    assert time.last.time().isoformat() == "23:59:59.999999"
    assert time.middle.time().isoformat() == "12:00:00"


def test_the_first_and_the_last_day_there_are_have_a_noon() -> None:
    assert parse_time("0001-01-01", NOW).middle == moment(1, 1, 1, 12)
    assert parse_time("9999-12-31", NOW).middle == moment(9999, 12, 31, 12)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("01/02/2024", "more than one way; write the date as YEAR-MONTH-DAY"),
        ("1.2.2024", "more than one way"),
        ("24-02-01", "more than one way"),
        ("2024/02/01", "write the date as YEAR-MONTH-DAY"),
        ("01-02-24", "more than one way"),
        ("2024-02-01T10:30:00", "no time zone; add Z"),
        ("2024-02-01 10:30", "no time zone; add Z"),
        ("2024-02-30", "does not exist"),
        ("2024-02-01T25:00:00Z", "does not exist"),
        ("2024-02-01T10:00:00+25:00", "does not exist"),
        ("20240230000000", "does not exist"),
        ("0000-01-01", "does not exist"),
        ("0001-01-01T00:00:00+23:00", "does not exist"),
        ("2024", "write 2024-02-01"),
        ("2024-02", "write 2024-02-01"),
        ("20240201", "write 2024-02-01"),
        ("2 months ago", "months and years differ in length"),
        ("2 fortnights ago", "there is no unit 'fortnights'"),
        ("9999999 weeks ago", "before the year 1"),
        ("9" * 5000 + " days ago", "before the year 1"),
        ("-2 days ago", "is no time"),
        ("tomorrow", "is no time"),
        ("", "is no time"),
        ("\u0662\u0660\u0662\u0664-02-01", "is no time"),
    ],
)
def test_what_is_no_time_or_more_than_one_is_refused_with_advice(text: str, advice: str) -> None:
    with pytest.raises(UsageError, match=advice):
        parse_time(text, NOW)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", timedelta(seconds=90)),
        ("15m", timedelta(minutes=15)),
        ("6h", timedelta(hours=6)),
        ("7d", timedelta(days=7)),
        ("2w", timedelta(weeks=2)),
        ("6 Hours", timedelta(hours=6)),
        ("0s", timedelta(0)),
    ],
)
def test_a_duration_is_read(text: str, expected: timedelta) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    "text", ["", "6", "h", "-6h", "1.5h", "6h30m", "3mo", "1y", "6x", "9" * 5000 + "d", "9" * 14 + "w"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_duration(text)


ZONES = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=st.just(UTC))  # noqa: DTZ001


@given(MOMENTS, ZONES)
def test_what_is_written_in_any_zone_is_read_back(value: datetime, zone: timezone) -> None:
    assert parse_time(value.astimezone(zone).isoformat(), NOW) == Time(value, value)
    assert parse_rfc3339(clock.rfc3339(value).zfill(27)) == value


@given(MOMENTS)
def test_milliseconds_are_cut_off_downwards(value: datetime) -> None:
    back = moments.from_ms(moments.to_ms(value))
    assert timedelta(0) <= value - back < timedelta(milliseconds=1)


@given(MOMENTS)
def test_fourteen_digits_and_dates_are_read_back(value: datetime) -> None:
    whole = value.replace(microsecond=0)
    assert parse_time(f"{whole:%Y%m%d%H%M%S}".zfill(14), NOW).first == whole
    day = parse_time(value.date().isoformat(), NOW)
    assert day.first <= value <= day.last
    assert abs(day.middle - value) <= timedelta(hours=12)


@given(st.text(max_size=40) | st.from_regex(r"[0-9:./TZ+ -]{0,25}( ago)?", fullmatch=True))
def test_any_text_is_a_time_or_refused(text: str) -> None:
    try:
        time = parse_time(text, NOW)
    except UsageError:
        return
    assert time.first <= time.middle <= time.last


@given(st.integers(0, 10**6), st.sampled_from("smhdw"))
def test_durations_are_their_count_of_units(count: int, unit: str) -> None:
    assert parse_duration(f"{count}{unit}") == count * parse_duration(f"1{unit}")

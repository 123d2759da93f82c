"""The order of dates: by worth, and in time only where no zone could turn it round."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.provenance.dates import DateFound, Kind, Method, Order, Precision, best, order


def found(
    said: str,
    *,
    kind: Kind = Kind.PUBLISHED,
    method: Method = Method.JSON_LD,
    precision: Precision = Precision.SECOND,
    zone: str | None = "Z",
    offset_min: int | None = 0,
) -> DateFound:
    return DateFound(kind, method, datetime.fromisoformat(said), precision, zone, offset_min, said)


def day(said: str, **other: object) -> DateFound:
    return found(said, precision=Precision.DAY, zone=None, offset_min=None, **other)  # type: ignore[arg-type]


def test_moments_with_zones_are_ordered_in_utc() -> None:
    evening = found("2025-05-01T23:30:00", zone="-04:00", offset_min=-240)
    morning = found("2025-05-02T03:00:00")
    assert order(morning, evening) is Order.BEFORE
    assert order(evening, morning) is Order.AFTER
    assert evening.moment == datetime(2025, 5, 2, 3, 30, tzinfo=UTC)


def test_the_same_moment_is_neither_before_nor_after() -> None:
    assert order(found("2025-05-01T10:00:00"), found("2025-05-01T10:00:00")) is Order.UNKNOWN
    assert order(found("2025-05-01T10:00:00"), found("2025-05-01T10:00:00.999999")) is Order.UNKNOWN


def test_days_without_a_zone_have_an_order_from_three_days_on() -> None:
    assert order(day("2025-05-01"), day("2025-05-02")) is Order.UNKNOWN
    assert order(day("2025-05-01"), day("2025-05-03")) is Order.UNKNOWN
    assert order(day("2025-05-01"), day("2025-05-04")) is Order.BEFORE


def test_a_day_without_a_zone_reaches_fourteen_hours_beyond_itself() -> None:
    assert order(day("2025-05-01"), found("2025-05-02T13:59:59")) is Order.UNKNOWN
    assert order(day("2025-05-01"), found("2025-05-02T14:00:00")) is Order.BEFORE
    assert order(found("2025-04-30T09:59:59"), day("2025-05-01")) is Order.BEFORE
    assert order(found("2025-04-30T10:00:00"), day("2025-05-01")) is Order.UNKNOWN


def test_a_date_of_change_says_only_that_the_article_was_there_by_then() -> None:
    changed = found("2025-05-10T10:00:00", kind=Kind.MODIFIED)
    assert order(changed, found("2025-05-05T10:00:00")) is Order.UNKNOWN
    assert order(changed, found("2025-05-11T10:00:00")) is Order.BEFORE


def test_a_first_capture_says_only_that_the_article_was_there_by_then() -> None:
    captured = found("2025-05-10T10:00:00", method=Method.FIRST_CAPTURE)
    assert order(captured, found("2025-05-05T10:00:00")) is Order.UNKNOWN
    assert order(captured, found("2025-05-11T10:00:00")) is Order.BEFORE


def test_a_date_of_creation_says_only_that_the_article_was_not_there_before() -> None:
    begun = found("2025-05-01T10:00:00", kind=Kind.CREATED)
    assert order(begun, found("2025-05-05T10:00:00")) is Order.UNKNOWN
    assert order(begun, found("2025-04-05T10:00:00")) is Order.AFTER


def test_a_month_is_all_of_it() -> None:
    may = found("2025-05-01T00:00:00", precision=Precision.MONTH, zone=None, offset_min=None)
    assert order(may, found("2025-05-31T10:00:00")) is Order.UNKNOWN
    assert order(may, found("2025-06-02T10:00:00")) is Order.BEFORE
    assert order(found("2025-12-01T00:00:00", precision=Precision.MONTH), found("2026-01-01T00:00:00")) is Order.BEFORE


@pytest.mark.parametrize("precision", list(Precision))
@pytest.mark.parametrize("said", ["0001-01-01T00:00:00", "9999-12-31T23:59:59"])
def test_dates_at_the_ends_of_the_calendar_have_an_interval(said: str, precision: Precision) -> None:
    for offset in (None, 840, -840):
        date = found(said, precision=precision, zone=None, offset_min=offset)
        assert date.first <= date.last


def test_dates_are_ordered_by_the_worth_of_their_methods() -> None:
    dates = [day("2025-05-01", method=method) for method in reversed(Method)]
    assert [date.method for date in best(dates).ordered] == list(Method)


def test_dates_of_publication_come_before_those_of_change() -> None:
    changed, published = found("2025-05-03T10:00:00", kind=Kind.MODIFIED), day("2025-05-01", method=Method.URL)
    chosen = best([changed, published])
    assert (chosen.published, chosen.modified) == (published, changed)
    assert not chosen.conflicts


def test_of_one_method_the_more_precise_date_leads() -> None:
    exact = found("2025-05-01T10:00:00")
    assert best([day("2025-05-01"), exact]).published == exact


def test_dates_that_cannot_be_true_together_stay_visible() -> None:
    said, earlier = found("2025-05-01T10:00:00"), day("2025-04-20", method=Method.URL)
    near = day("2025-05-02", method=Method.VISIBLE)
    assert best([near, earlier, said]).conflicts == (earlier,)
    captured = found("2025-04-01T10:00:00", method=Method.FIRST_CAPTURE)
    assert best([said, captured]).conflicts == (captured,)


def test_without_a_date_there_is_no_best() -> None:
    assert best([]).published is None


def test_a_time_with_a_zone_in_it_is_refused() -> None:
    with pytest.raises(ValueError, match="no zone"):
        DateFound(Kind.PUBLISHED, Method.URL, datetime.now(UTC), Precision.DAY, None, None, "")
    with pytest.raises(ValueError, match="minutes off UTC"):
        found("2025-05-01T10:00:00", offset_min=3000)


@given(
    st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001
    st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001
    st.integers(-14 * 60, 14 * 60),
    st.integers(-14 * 60, 14 * 60),
    st.sampled_from([Precision.SECOND, Precision.MINUTE, Precision.DAY]),
)
def test_no_zones_turn_an_order_round(a: datetime, b: datetime, zone_a: int, zone_b: int, precision: Precision) -> None:
    unzoned = [DateFound(Kind.PUBLISHED, Method.META, said, precision, None, None, "") for said in (a, b)]
    true_a, true_b = a - timedelta(minutes=zone_a), b - timedelta(minutes=zone_b)
    told = order(*unzoned)
    assert told is not Order.BEFORE or true_a < true_b
    assert told is not Order.AFTER or true_a > true_b

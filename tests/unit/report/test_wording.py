"""Moments, lengths and sizes in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from archiver.report import wording


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (datetime(2026, 11, 26, 11, 40, 33, tzinfo=UTC), "26 November 2026, 11:40:33 UTC"),
        (datetime(2026, 1, 2, 3, 4, 5, 250000, tzinfo=UTC), "2 January 2026, 03:04:05.25 UTC"),
        (datetime(2026, 5, 1, 1, 0, tzinfo=timezone(timedelta(hours=2))), "30 April 2026, 23:00:00 UTC"),
    ],
)
def test_moments(value: datetime, told: str) -> None:
    assert wording.moment(value) == told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "0 s"),
        (0.001, "1 ms"),
        (1, "1 s"),
        (6.9, "6.9 s"),
        (131, "2 min 11 s"),
        (3600, "1 h"),
        (90_000, "1 day 1 h"),
        (1_000 * 86_400, "1,000 days"),
    ],
)
def test_lengths(seconds: float, told: str) -> None:
    assert wording.length(timedelta(seconds=seconds)) == told


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (999_960, "1.0 MB"),
        (1_566_453, "1.6 MB"),
        (2_500_000_000_000, "2,500.0 GB"),
    ],
)
def test_sizes(count: int, told: str) -> None:
    assert wording.size(count) == told

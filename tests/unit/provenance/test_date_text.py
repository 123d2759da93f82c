"""Dates in machines' and people's writing: what is read, and what is not because it could mean two days."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.provenance.date_text import find_visible, read_machine
from archiver.provenance.dates import Precision


@pytest.mark.parametrize(
    ("text", "said", "precision", "zone", "offset_min"),
    [
        ("2025-05-01T10:00:00Z", "2025-05-01T10:00", Precision.SECOND, "Z", 0),
        ("2025-05-01T10:00:00.123-0400", "2025-05-01T10:00", Precision.SECOND, "-0400", -240),
        ("2025-05-01T10:00:00+05:30", "2025-05-01T10:00", Precision.SECOND, "+05:30", 330),
        ("2025-05-01 10:00", "2025-05-01T10:00", Precision.MINUTE, None, None),
        ("2025-05-01T10:00:00", "2025-05-01T10:00", Precision.SECOND, None, None),
        ("20250501", "2025-05-01", Precision.DAY, None, None),
        ("2025-05", "2025-05-01", Precision.MONTH, None, None),
        ("Thu, 01 May 2025 10:00:00 GMT", "2025-05-01T10:00", Precision.SECOND, "GMT", 0),
        ("1 May 2025 10:00 +0200", "2025-05-01T10:00", Precision.MINUTE, "+0200", 120),
        ("2025-06-30T23:59:60Z", "2025-06-30T23:59:59", Precision.SECOND, "Z", 0),
    ],
)
def test_a_machines_date_is_read(
    text: str, said: str, precision: Precision, zone: str | None, offset_min: int | None
) -> None:
    written = read_machine(text)
    assert written is not None
    assert (written.said, written.precision) == (datetime.fromisoformat(said), precision)
    assert (written.zone, written.offset_min) == (zone, offset_min)


@pytest.mark.parametrize("zone", ["EST", "BST", "-00:00", "+23:00", "XYZ"])
def test_a_zone_that_means_several_or_none_is_told_without_an_offset(zone: str) -> None:
    written = read_machine(f"2025-05-01 10:00:00 {zone}")
    assert written is not None
    assert (written.zone, written.offset_min) == (zone, None)


def test_midnight_to_the_second_is_read_as_the_day() -> None:
    written = read_machine("2025-05-01T00:00:00+02:00")
    assert written is not None
    assert (written.precision, written.zone, written.offset_min) == (Precision.DAY, "+02:00", None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "202505",
        "2025-13-01",
        "2025-02-30",
        "0001-01-01",
        "9999-12-31",
        "1",
        "01 Foo 2025 10:00",
        "x" * 500,
        "2025-05-01 and more",
    ],
)
def test_what_is_no_date_is_not_read(text: str) -> None:
    assert read_machine(text) is None


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "May 6, 2025"),
        ("en", "6 May 2025"),
        ("en", "6th of May, 2025"),
        ("en", "2025/05/06"),
        ("de", "6. Mai 2025"),
        ("de", "06.05.2025"),
        ("fr", "6 mai 2025"),
        ("fr", "06/05/2025"),
        ("es", "6 de mayo de 2025"),
        ("pt", "6 de maio de 2025"),
        ("it", "6 maggio 2025"),
        ("ca", "6 de maig de 2025"),
        ("ro", "6 mai 2025"),
        ("nl", "6 mei 2025"),
        ("sv", "6 maj 2025"),
        ("da", "6. maj 2025"),
        ("no", "6. mai 2025"),
        ("fi", "6. toukokuuta 2025"),
        ("hu", "2025. május 6."),
        ("pl", "6 maja 2025"),
        ("cs", "6. května 2025"),
        ("sk", "6. mája 2025"),
        ("ru", "6 мая 2025 г."),
        ("uk", "6 травня 2025"),
        ("bg", "6 май 2025"),
        ("sr", "6. мај 2025."),
        ("el", "6 Μαΐου 2025"),
        ("tr", "6 Mayıs 2025"),
        ("ar", "6 مايو 2025"),
        ("ar", "6 أيار 2025"),
        ("ar", "٦ مايو ٢٠٢٥"),
        ("fa", "6 مه 2025"),
        ("he", "6 במאי 2025"),
        ("zh", "2025年5月6日"),
        ("ja", "2025年5月6日"),
        ("ko", "2025년 5월 6일"),
        ("id", "6 Mei 2025"),
        ("vi", "6 tháng 5, 2025"),
        ("hi", "6 मई 2025"),
        ("hi", "May 6, 2025"),
    ],
)
def test_a_date_is_read_in_its_language(language: str, text: str) -> None:
    (written,) = find_visible(f"A, {text} | B", language)
    assert (written.said, written.precision) == (datetime.fromisoformat("2025-05-06"), Precision.DAY)


@pytest.mark.parametrize(
    ("language", "text", "clock", "zone", "offset_min"),
    [
        ("en", "May 6, 2025 at 2:30 p.m. EDT", "14:30", "EDT", -240),
        ("en", "May 6, 2025 2:30 PM", "14:30", None, None),
        ("en", "2025-05-06 2:30 PM", "14:30", None, None),
        ("en", "May 6, 2025 12:05 am ET", "00:05", "ET", None),
        ("en", "2025-05-06T14:30 UTC", "14:30", "UTC", 0),
        ("de", "6. Mai 2025, 14:30 Uhr", "14:30", None, None),
        ("fr", "6 mai 2025 à 14h30", "14:30", None, None),
        ("fi", "6.5.2025 klo 14.30", "14:30", None, None),
        ("ru", "6 мая 2025 г., 14:30", "14:30", None, None),
        ("sv", "2025-05-06 14:30 CEST", "14:30", "CEST", 120),
        ("zh", "2025年5月6日 14:30", "14:30", None, None),
    ],
)
def test_the_time_after_a_date_is_read(
    language: str, text: str, clock: str, zone: str | None, offset_min: int | None
) -> None:
    (written,) = find_visible(text, language)
    assert written.said == datetime.fromisoformat(f"2025-05-06T{clock}")
    assert (written.precision, written.zone, written.offset_min) == (Precision.MINUTE, zone, offset_min)


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "03/04/2025"), ("en", "31 June 2025"), ("de", "1.2.3.2025"), ("fr", "6 mai 25"), ("xx", "6 mai 2025")],
)
def test_what_means_two_days_or_none_is_not_read(language: str, text: str) -> None:
    assert not list(find_visible(text, language))


def test_a_time_that_does_not_exist_leaves_the_day() -> None:
    (written,) = find_visible("May 6, 2025, 27:30", "en")
    assert written.precision is Precision.DAY


@given(st.text(max_size=300), st.sampled_from(["en", "de", "zh", "ar", "xx", ""]))
def test_any_text_is_read_without_an_error(text: str, language: str) -> None:
    for written in find_visible(text, language):
        assert 0 <= written.start < written.end <= len(text)
    read_machine(text)

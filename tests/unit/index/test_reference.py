"""REF: an id, the beginning of one, a URL, a URL at a time, or the latest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import UsageError
from archiver.index.reference import Kind, Reference, parse
from archiver.moments import Time, parse_time
from archiver.storage import layout

NOW = datetime(2026, 11, 23, 8, 14, 7, tzinfo=UTC)
ID = "20261123t081407z-aaaabbbbcccc2222"


@pytest.mark.parametrize("text", ["latest", "Latest", " latest "])
def test_the_latest(text: str) -> None:
    assert parse(text, NOW) == Reference(Kind.LATEST, "")


def test_an_id() -> None:
    assert parse(ID, NOW) == parse(ID.upper(), NOW) == Reference(Kind.ID, ID)


@pytest.mark.parametrize("length", range(1, len(ID)))
def test_the_beginning_of_an_id(length: int) -> None:
    assert parse(ID[:length], NOW) == Reference(Kind.PREFIX, ID[:length])


@pytest.mark.parametrize(
    ("text", "url", "time"),
    [
        ("https://a.test/", "https://a.test/", None),
        ("https://a.test/@2024-02-01", "https://a.test/", "2024-02-01"),
        ("https://a.test/x@20240201103000", "https://a.test/x", "20240201103000"),
        ("https://a.test/x@2 days ago", "https://a.test/x", "2 days ago"),
        ("https://a.test/x@2024-02-01T10:30:00+02:00", "https://a.test/x", "2024-02-01T10:30:00+02:00"),
        ("https://medium.test/@user/post", "https://medium.test/@user/post", None),
        ("https://medium.test/@user", "https://medium.test/@user", None),
        ("https://medium.test/@user@yesterday", "https://medium.test/@user", "yesterday"),
        ("https://medium.test/@2024-02-01@now", "https://medium.test/@2024-02-01", "now"),
        ("https://cdn.test/react@18.2.0", "https://cdn.test/react@18.2.0", None),
        ("https://cdn.test/react@18.2.0/umd.js", "https://cdn.test/react@18.2.0/umd.js", None),
        ("https://maps.test/@48.85,2.35,15z", "https://maps.test/@48.85,2.35,15z", None),
        ("https://maps.test/@48.85,2.35,15z@6h ago", "https://maps.test/@48.85,2.35,15z", "6h ago"),
        ("https://a.test/?mail=me@example.com", "https://a.test/?mail=me@example.com", None),
    ],
)
def test_a_url_with_and_without_a_time(text: str, url: str, time: str | None) -> None:
    assert parse(text, NOW) == Reference(Kind.URL, url, parse_time(time, NOW) if time else None)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("https://a.test/@01/02/2024", r"more than one way.*put @now after it"),
        ("https://a.test/@1.2.2024", "more than one way"),
        ("https://a.test/@2024-02", "write 2024-02-01"),
        ("https://a.test/@2024-02-30", "does not exist"),
        ("https://a.test/@2024-02-01T10:30:00", "add Z"),
        ("https://u:hunter2@a.test/", "carries a user name or password"),
        ("https://u:hunter2@a.test/@now", "carries a user name or password"),
        ("ftp://a.test/", "not an http or https URL"),
        ("a.test/page", "did you mean https://a.test/page"),
        ("", "neither an id"),
        ("hello", "neither an id"),
        (ID + "2", "neither an id"),
        ("2026-11-23", "neither an id"),
    ],
)
def test_what_is_no_ref_is_refused_with_advice(text: str, advice: str) -> None:
    with pytest.raises(UsageError, match=advice) as caught:
        parse(text, NOW)
    assert "hunter2" not in str(caught.value)


@given(st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)), st.integers(0, 3))  # noqa: DTZ001
def test_any_time_after_any_url_is_split_off(moment: datetime, ats: int) -> None:
    url = "https://a.test/" + "@x/" * ats
    assert parse(f"{url}@{moment.isoformat()}", NOW) == Reference(Kind.URL, url, Time(moment, moment))


@given(st.text(max_size=50).map(lambda text: f"https://a.test/{text}") | st.text(max_size=50))
def test_any_text_is_a_ref_or_refused(text: str) -> None:
    try:
        reference = parse(text, NOW)
    except UsageError:
        return
    assert (reference.time is None) or reference.kind is Kind.URL


@given(st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)), st.integers(1, 33))  # noqa: DTZ001
def test_every_beginning_of_every_id_is_one(moment: datetime, length: int) -> None:
    id_ = layout.new_id(moment + timedelta(0))
    assert parse(id_[:length], NOW).kind is (Kind.ID if length == 33 else Kind.PREFIX)

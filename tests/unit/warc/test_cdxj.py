"""Index lines: sorted, three columns, every field."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.warc.cdxj import Entry, lines

_MOMENT = datetime(2026, 11, 23, 8, 14, 7, 123999, tzinfo=UTC)


def entry(**changes: Any) -> Entry:
    usual: dict[str, Any] = {
        "url": "https://www.a.test/P?b=2&a=1",
        "moment": _MOMENT,
        "media_type": "text/html",
        "status": 200,
        "sha256": "ab" * 32,
        "offset": 120,
        "length": 34,
        "record_type": "response",
        "method": "GET",
    }
    return Entry(**(usual | changes))


def parsed(data: bytes) -> list[tuple[str, str, dict[str, str]]]:
    found = []
    for line in data.splitlines():
        key, time, values = line.decode().split(" ", 2)
        found.append((key, time, json.loads(values)))
    return found


def test_a_line_has_key_time_and_every_field() -> None:
    assert parsed(lines([entry()], "capture.warc.gz")) == [
        (
            "test,a)/p?a=1&b=2",
            "20261123081407123",
            {
                "url": "https://www.a.test/P?b=2&a=1",
                "mime": "text/html",
                "status": "200",
                "digest": "sha256:" + "ab" * 32,
                "length": "34",
                "offset": "120",
                "filename": "capture.warc.gz",
                "type": "response",
            },
        )
    ]


@pytest.mark.parametrize(
    ("changes", "name", "value"),
    [
        ({"media_type": ""}, "mime", "unk"),
        ({"status": None}, "status", None),
        ({"method": "POST"}, "method", "POST"),
        ({"method": None}, "method", None),
        ({"record_type": "resource"}, "type", "resource"),
    ],
)
def test_what_is_unusual_is_said_and_what_is_not_there_is_left_out(
    changes: dict[str, Any], name: str, value: str | None
) -> None:
    ((_, _, values),) = parsed(lines([entry(**changes)], "x"))
    assert values.get(name) == value


@given(
    chosen=st.lists(
        st.tuples(
            st.sampled_from(
                ["https://b.test/", "https://a.test/", "http://a.test/x?b=1&a=2", "urn:text:https://a.test/"]
            ),
            st.integers(min_value=0, max_value=10**10),
            st.integers(min_value=0, max_value=10**9),
        ),
        max_size=20,
    )
)
def test_lines_are_sorted_and_none_is_lost(chosen: list[tuple[str, int, int]]) -> None:
    entries = [entry(url=url, moment=_MOMENT + timedelta(milliseconds=ms), offset=at) for url, ms, at in chosen]
    data = lines(entries, "x")
    split = data.splitlines(keepends=True)
    assert split == sorted(split)
    assert all(line.endswith(b"\n") for line in split)
    assert sorted((values["url"], int(values["offset"])) for _, _, values in parsed(data)) == sorted(
        (url, at) for url, _, at in chosen
    )


def test_no_entries_give_no_lines() -> None:
    assert lines([], "x") == b""

"""Index lines: sorted, three columns, every field."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import StorageError
from archiver.warc.cdxj import Entry, lines, parse

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


# --- read back


@given(
    entries=st.lists(
        st.builds(
            Entry,
            url=st.sampled_from(
                ["https://b.test/?q=%20", "wss://a.test/", "urn:text:https://a.test/", "http://ü.test/"]
            ),
            moment=st.integers(0, 10**9).map(lambda ms: _MOMENT.replace(microsecond=0) + timedelta(milliseconds=ms)),
            media_type=st.sampled_from(["", "text/html", 'a"b']),
            status=st.none() | st.integers(1, 999),
            sha256=st.just("0f" * 32),
            offset=st.integers(0, 10**15 - 1),
            length=st.integers(0, 10**15 - 1),
            record_type=st.sampled_from(["response", "resource", "metadata"]),
            method=st.none() | st.sampled_from(["POST", "HEAD"]),
        ),
        max_size=8,
    )
)
def test_what_was_written_is_read_back(entries: list[Entry]) -> None:
    data = lines(entries, "x")
    found = parse(data, "index")
    assert sorted(map(repr, found)) == sorted(map(repr, entries))
    assert lines(found, "x") == data


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"offset":"120"', b'"offset":"-1"'),
        (b'"offset":"120"', b'"offset":120'),
        (b'"offset":"120"', b'"offset":"1e9"'),
        (b'"offset":"120"', b'"offset":"' + b"9" * 16 + b'"'),
        (b'"length":"34"', b'"length":"' + b"9" * 5000 + b'"'),
        (b'"length":"34"', b'"length":""'),
        (b'"length":"34",', b""),
        (b'"url":"https', b'"url":["https'),
        (b'"url"', b'"URL"'),
        (b'"mime":"text/html"', b'"mime":null'),
        (b'"status":"200"', b'"status":"2OO"'),
        (b"sha256:", b"sha1:"),
        (b"20261123", b"20261323"),
        (b"20261123", b""),
        (b" 2026", b"2026"),
        (b"{", b"[{"),
        (b"{", b"\xff{"),
    ],
)
def test_a_line_that_is_not_ours_is_damage(old: bytes, new: bytes) -> None:
    good = lines([entry()], "x")
    assert good.count(old) == 1
    with pytest.raises(StorageError, match=r"^s3://b/capture\.cdxj is damaged: line 2 is no index line"):
        parse(good + good.replace(old, new), "s3://b/capture.cdxj")


@pytest.mark.parametrize("values", [b"[]", b"null", b'"text"', b"[" * 100_000])
def test_a_line_without_an_object_is_damage(values: bytes) -> None:
    with pytest.raises(StorageError, match="line 1 is no index line"):
        parse(b"test,a)/ 20261123081407123 " + values + b"\n", "index")


@pytest.mark.parametrize(
    ("url", "method", "key"),
    [
        ("https://a.test/p", "POST", b"test,a)/p?__wb_method=post "),
        ("https://a.test/p?z=1", "PUT", b"test,a)/p?__wb_method=put&z=1 "),
        ("https://a.test/p?z=1", "GET", b"test,a)/p?z=1 "),
        ("https://a.test/p?z=1", None, b"test,a)/p?z=1 "),
    ],
)
def test_the_key_can_name_the_method(url: str, method: str | None, key: bytes) -> None:
    made = entry(url=url, method=method)
    assert lines([made], "x", by_method=True).startswith(key)
    assert b"__wb" not in lines([made], "x")

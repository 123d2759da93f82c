"""Indexes of strangers: no line that is not of a record, no record without its line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from archiver.storage import layout
from archiver.verify.contents import check_index
from archiver.warc import cdxj, wacz
from tests.support.memory_store import MemoryStore
from tests.support.zips import opened
from tests.unit.verify.made import ID, made

_MADE = made()
_READING = _MADE.reading()


def packaged() -> bytes:
    store = MemoryStore({layout.warc(ID): _MADE.warc})
    with opened(wacz.load(store, _MADE.statement, _MADE.index), store) as found:
        return found.read("indexes/index.cdxj")


def test_an_index_of_ours_has_no_problem() -> None:
    assert check_index(_MADE.index, _READING) == []
    assert check_index(packaged(), _READING, packaged=True) == []


def test_the_index_of_a_wacz_is_another_one() -> None:
    assert check_index(_MADE.index, _READING, packaged=True)
    assert check_index(packaged(), _READING)


def _lines(change: Callable[[list[bytes]], list[bytes]]) -> bytes:
    return b"".join(change(_MADE.index.splitlines(keepends=True)))


@pytest.mark.parametrize("place", range(len(_READING.records)))
def test_each_line_is_missed_and_named_twice(place: int) -> None:
    lines = _MADE.index.splitlines(keepends=True)
    if place >= len(lines):
        return
    (problem,) = check_index(b"".join([*lines[:place], *lines[place + 1 :]]), _READING)
    assert problem.endswith("is missing from the index.")
    (problem,) = check_index(b"".join([*lines[:place], lines[place], *lines[place:]]), _READING)
    assert problem.startswith(f"Line {place + 2} of the index names record ")
    assert problem.endswith("again.")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b'"length":"', b'"length":"1', "has the length"),
        (b'"offset":"', b'"offset":"1', "where no record to be indexed begins"),
        (b'"type":"response"', b'"type":"resource"', "has the type 'resource', expected 'response'"),
        (b'"url":"https://a.test/', b'"url":"https://b.test/', "has the url 'https://b.test/"),
        (b'"digest":"sha256:', b'"digest":"sha256:0', "is no index line"),
        (b'"status":"200"', b'"status":"404"', "has the status 404, expected 200"),
        (b'"status":"200",', b"", "has the status None, expected 200"),
        (b'"mime":"text/html"', b'"mime":"text/plain"', "has the mime 'text/plain'"),
        (b'"mime":"image/png"', b'"mime":"text/plain"', "has the mime 'text/plain'"),
        (b'"method":"POST"', b'"method":"PUT"', "has the method 'PUT', expected 'POST'"),
        (b'"type":"metadata"', b'"type":"metadata","method":"PUT"', "has the method 'PUT', expected None"),
        (b" 2026", b" 2025", "has the time"),
        (b"capture.warc.gz", b"other.warc.gz", "not sorted, or its keys or names"),
        (b"test,a)/", b"test,b)/", "not sorted, or its keys or names"),
        (b"\n", b"\r\n", "is no index line"),
        (b"\n", b"\n\n", "is no index line"),
        (b"{", b"", "is no index line"),
    ],
)
def test_a_line_that_differs_is_named(old: bytes, new: bytes, message: str) -> None:
    assert old in _MADE.index
    problems = check_index(_MADE.index.replace(old, new, 1), _READING)
    assert any(message in problem for problem in problems), problems


def test_lines_are_sorted_and_end() -> None:
    assert check_index(_lines(lambda lines: lines[::-1]), _READING) == [
        "The index is not sorted, or its keys or names of files are not what its lines give."
    ]
    assert "The index does not end with a line end." in check_index(_MADE.index[:-1], _READING)
    assert len(check_index(b"", _READING)) == len(_MADE.index.splitlines())


def test_all_that_is_wrong_is_said() -> None:
    data = _MADE.index.replace(b'"status":"200"', b'"status":"201"').replace(b'"type":"metadata"', b'"type":"meta"')
    assert len(check_index(data, _READING)) == data.count(b'"201"') + 2


@given(st.integers(0, len(_MADE.index) - 1), st.integers(1, 255))
@hypothesis_settings(max_examples=300)
def test_no_byte_can_be_changed_unseen(at: int, bits: int) -> None:
    data = bytearray(_MADE.index)
    data[at] ^= bits
    assert check_index(bytes(data), _READING)


@given(
    st.binary(max_size=200)
    | st.text(max_size=50).map(
        lambda url: cdxj.lines(
            [cdxj.Entry(url, datetime(1, 1, 1, tzinfo=UTC), "x", 5, "00" * 32, 1, 1, "response", url)], "x"
        )
    )
)
def test_garbage_never_raises(data: bytes) -> None:
    assert check_index(data, _READING)

"""Our index says what cdxj-indexer says of the same file."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from archiver.snapshot import Snapshot
from tests.support.captures import NAMES, Captures
from tests.support.oracles import Line, cdxj_lines, run
from tests.support.snapshots import warc_of

pytestmark = [pytest.mark.browser, pytest.mark.oracle]


def _ours(snapshot: Snapshot) -> list[Line]:
    return cdxj_lines(warc_of(snapshot).with_name("capture.cdxj").read_text(encoding="utf-8"))


def _theirs(snapshot: Snapshot, *options: str) -> dict[str, Line]:
    """By offset. Without --post-append the keys of all methods are those of a GET."""
    return _told(warc_of(snapshot), *options)


@cache
def _told(warc: Path, *options: str) -> dict[str, Line]:
    """Once for all tests: the program takes longer to start than all that they do."""
    result = run("cdxj-indexer", *options, warc)
    assert result.returncode == 0, result.stderr[-1500:]
    return {line.values["offset"]: line for line in cdxj_lines(result.stdout)}


def _is_http(line: Line) -> bool:
    url: str = line.values["url"]
    return line.values["type"] == "response" and url.startswith(("http:", "https:"))


@pytest.mark.parametrize("name", NAMES)
def test_same_places_and_times(captures: Captures, name: str) -> None:
    snapshot = captures[name]
    ours = [line for line in _ours(snapshot) if line.values["type"] == "response"]
    theirs = _theirs(snapshot)
    assert len(ours) > 10
    assert [line.values["url"] for line in ours if line.values["offset"] not in theirs] == []
    differences = []
    for line in ours:
        other = theirs[line.values["offset"]]
        # Of a WebSocket's handshake cdxj-indexer does not look inside.
        names = ("url", "length", "filename", *(("digest", "status") if _is_http(line) else ()))
        told = [line.time[:14], *(line.values[name] for name in names)]
        expected = [other.time, *(other.values[name] for name in names)]
        if told != expected:
            differences.append((told, expected))
    assert differences == []


@pytest.mark.parametrize("name", NAMES)
def test_every_response_they_see_is_in_ours(captures: Captures, name: str) -> None:
    snapshot = captures[name]
    places = {line.values["offset"]: line for line in _ours(snapshot)}
    theirs = _theirs(snapshot, "--records", "response")
    assert [line.values["url"] for offset, line in theirs.items() if offset not in places] == []


@pytest.mark.parametrize("name", NAMES)
def test_same_keys(captures: Captures, name: str) -> None:
    snapshot = captures[name]
    theirs = _theirs(snapshot)
    keys = {
        line.values["url"]: (line.key, theirs[line.values["offset"]].key) for line in _ours(snapshot) if _is_http(line)
    }
    assert len(keys) > 5
    assert {url: pair for url, pair in keys.items() if pair[0] != pair[1]} == {}


@pytest.mark.parametrize("name", NAMES)
def test_the_index_is_sorted(captures: Captures, name: str) -> None:
    lines = warc_of(captures[name]).with_name("capture.cdxj").read_bytes().splitlines()
    assert lines == sorted(lines)
    times = [line.split(b" ", 2)[1] for line in lines]
    assert [time for time in times if len(time) != 17 or not time.isdigit()] == []

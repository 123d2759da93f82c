"""The recorder under logs that are damaged, hostile or cut: what is lost is said, and nothing else is lost."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.capture import netlog
from archiver.capture.browser import FoundBrowser
from archiver.capture.capture import _Capture
from archiver.capture.netlog import NetLog
from archiver.capture.page import Visit
from archiver.capture.recorder import Recorder
from archiver.capture.relay import Relay
from archiver.clock import now
from archiver.config import CaptureSettings
from archiver.errors import UnreachableError
from archiver.model import Body, Exchange, Outcome, Recording, Result
from archiver.warc import writer
from tests.support import netlogs
from tests.unit.support import pieces

# Reading a log


@dataclass(frozen=True)
class Bytes:
    """What of an exchange came over the wire, and how it ended."""

    request: bytes
    response: bytes
    interim: tuple[bytes, ...]
    trailers: bytes
    frames: bytes
    result: Result
    reason: str


def content(body: Body | None) -> bytes:
    if body is None:
        return b""
    return body.path.read_bytes() if body.path else body.data


def bytes_of(x: Exchange) -> Bytes:
    return Bytes(
        x.request_head + content(x.request_body),
        x.response_head + content(x.response_body),
        x.interim,
        x.trailers,
        content(x.frames),
        x.result,
        x.reason,
    )


@dataclass
class Read:
    """A log that was read to its end, and what came of it."""

    log: NetLog
    exchanges: list[Exchange]
    bytes: list[Bytes]

    def by_beginning(self) -> dict[tuple[str, object], Bytes]:
        return {(x.url, x.started_at): found for x, found in zip(self.exchanges, self.bytes, strict=True)}


@contextmanager
def opened(log: NetLog) -> Iterator[None]:
    """Ends the log's thread, which has nothing to do here, without waiting for more to come."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(netlog, "_POLL_MS", 0)
        try:
            yield
        finally:
            log.start()
            log.finish()


def read(data: bytes, at: Sequence[int] = ()) -> Read:
    with TemporaryDirectory() as name:
        folder = Path(name)
        recorder = Recorder(folder)
        log = NetLog(folder / "log", recorder.handlers, recorder.wants_bytes, recorder.required, recorder.lose)
        with opened(log):
            for piece in pieces(data, at):
                log.feed(piece)
        exchanges = []
        for exchange in recorder.exchanges:
            exchange.closed = exchange.ended_ms is None
            error = log.net_errors.get(exchange.net_error) if exchange.net_error else None
            exchanges.append(exchange.finish(error, None, None))
        return Read(log, exchanges, [bytes_of(x) for x in exchanges])


# A log of a real browser, whole and damaged


@cache
def real_lines() -> tuple[bytes, ...]:
    """The lines of the log, the constants in the first two."""
    return tuple(netlogs.stored().split(b"\n"))


@cache
def real() -> Read:
    return read(b"\n".join(real_lines()))


def test_the_real_log_is_read_to_its_end_with_every_kind_of_exchange() -> None:
    found = real()
    assert found.log.examples == []
    assert {x.protocol for x in found.exchanges} == {"http/1.1", "h2", None}
    assert {x.result for x in found.exchanges} == {Result.RECORDED, Result.TRUNCATED, Result.FAILED, Result.CACHED}
    assert not [x.url for x in found.exchanges if "unreadable" in x.reason]
    assert any(b.interim for b in found.bytes)
    assert any(b.trailers for b in found.bytes)
    assert any(b.frames for b in found.bytes)
    assert len(found.by_beginning()) == len(found.exchanges) == 30


_numbers = re.compile(rb'"id":(\d+)')


@cache
def families() -> dict[int, int]:
    """Each source of the log, and the one that stands for all it hangs together with."""
    leader: dict[int, int] = {}

    def find(number: int) -> int:
        while leader.setdefault(number, number) != number:
            number = leader[number]
        return number

    for line in real_lines():
        numbers = [int(number) for number in _numbers.findall(line)]
        for one in numbers:
            leader[find(one)] = find(numbers[0])
    return {number: find(number) for number in list(leader)}


def touched(*lines: bytes) -> set[int]:
    """The families that these lines speak of."""
    numbers = [int(number) for line in lines for number in _numbers.findall(line)]
    return {families()[number] for number in numbers if number in families()}


@cache
def family_of_exchanges() -> dict[tuple[str, object], int]:
    """Exchanges by their beginning, and the family each belongs to."""
    begun = defaultdict(list)
    for line in real_lines():
        if b'"request_type"' in line:
            event = json.loads(line.rstrip(b","))
            begun[event["params"]["url"]].append((int(event["time"]), event["source"]["id"]))
    found = {}
    for (url, moment), _ in real().by_beginning().items():
        source = begun[url].pop(0)[1]
        found[url, moment] = families()[source]
    return found


def test_the_families_of_the_real_log_are_several() -> None:
    sizes = defaultdict(int)
    for family in family_of_exchanges().values():
        sizes[family] += 1
    assert len(sizes) >= 8, sizes
    assert max(sizes.values()) < len(family_of_exchanges()) / 2, sizes


def check(lines: Sequence[bytes], changed: set[int], at: Sequence[int] = ()) -> Read:
    """Read a damaged log: every exchange has one result, and those of other families are as they were."""
    found = read(b"\n".join(lines), at)
    assert found.log.error is None
    assert [x.number for x in found.exchanges] == list(range(len(found.exchanges)))
    assert all(x.result in Result for x in found.exchanges)
    assert all(x.reason for x in found.exchanges if x.result in (Result.TRUNCATED, Result.FAILED))
    after = found.by_beginning()
    for key, before in real().by_beginning().items():
        if family_of_exchanges()[key] not in changed:
            assert after.get(key) == before, key
    return found


_line = st.integers(min_value=2, max_value=len(real_lines()) - 5)  # an event


@settings(max_examples=120)
@given(number=_line)
def test_a_line_left_out_costs_nothing_else(number: int) -> None:
    lines = list(real_lines())
    check([*lines[:number], *lines[number + 1 :]], touched(lines[number]))


@settings(max_examples=60)
@given(number=_line, place=_line)
def test_a_line_that_comes_twice_costs_nothing_else(number: int, place: int) -> None:
    lines = list(real_lines())
    check([*lines[:place], lines[number], *lines[place:]], touched(lines[number]))


@settings(max_examples=60)
@given(one=_line, other=_line)
def test_two_lines_that_change_places_cost_nothing_else(one: int, other: int) -> None:
    lines = list(real_lines())
    lines[one], lines[other] = lines[other], lines[one]
    check(lines, touched(lines[one], lines[other]))


@settings(max_examples=100)
@given(number=_line, keep=st.integers(min_value=0), fro=st.booleans())
def test_a_line_that_is_cut_costs_nothing_else_and_is_counted(number: int, keep: int, fro: bool) -> None:
    lines = list(real_lines())
    line = lines[number].removesuffix(b",")
    keep = keep % len(line)
    lines[number] = line[keep:] if fro else line[:keep]
    found = check(lines, touched(line, lines[number]))
    intact = not keep and fro
    # Events in which nothing is wanted of a socket's bytes are not looked at.
    assert intact or not lines[number] or found.log.unreadable >= 1


@settings(max_examples=150)
@given(
    number=_line,
    flips=st.lists(
        st.tuples(st.integers(min_value=0), st.integers(min_value=0, max_value=255)), min_size=1, max_size=3
    ),
)
def test_wrong_bytes_in_a_line_cost_nothing_else(number: int, flips: list[tuple[int, int]]) -> None:
    lines = list(real_lines())
    damaged = bytearray(lines[number])
    for place, byte in flips:
        # Half of them at the end, where type and source are.
        damaged[-1 - place // 2 % 90 if place % 2 else place // 2 % len(damaged)] = byte
    check(
        [*lines[:number], *bytes(damaged).split(b"\n"), *lines[number + 1 :]],
        touched(lines[number], *bytes(damaged).split(b"\n")),
    )


_KEYS = [
    *("bytes", "byte_count", "url", "method", "headers", "stream_id", "source_dependency", "net_error", "id"),
    *("local_address", "certificates", "version", "cipher_suite", "next_proto", "initiator", "time", "phase"),
]
_ODD_VALUES: list[object] = [
    *(None, True, -1, 1.5, 10**30, "", "x", "\0", "é\U0001f600", [], [None], {}),
    *({"id": "x"}, {"id": 10**25}, {"id": {"id": 1}}, "9" * 5000),
    *("http://a.test:99999999999/", "http://a.test:²/", "http://[/", "http://\n/", "====", "QQ=="),
]


@settings(max_examples=100)
@given(
    number=_line,
    key=st.sampled_from(_KEYS),
    value=st.sampled_from(_ODD_VALUES),
)
def test_values_of_the_wrong_kind_cost_nothing_else(number: int, key: str, value: object) -> None:
    # The nearest line from there on that has the key
    lines = list(real_lines())
    mark = f'"{key}":'.encode()
    number = next((at for at in [*range(number, len(lines) - 4), *range(2, number)] if mark in lines[at]), number)
    before = lines[number]

    def change(part: Any) -> Any:
        if isinstance(part, dict):
            return {name: value if name == key else change(inner) for name, inner in part.items()}
        return part

    lines[number] = json.dumps(change(json.loads(before.rstrip(b","))), separators=(",", ":")).encode() + b","
    check(lines, touched(before, lines[number]))


@settings(max_examples=60)
@given(data=st.data())
def test_any_damage_leaves_every_exchange_with_one_result(data: st.DataObject) -> None:
    lines = list(real_lines())
    for _ in range(data.draw(st.integers(1, 40))):
        number = data.draw(_line) % len(lines)
        match data.draw(st.integers(0, 4)):
            case 0:
                del lines[max(2, number)]
            case 1:
                lines.insert(max(2, number), lines[data.draw(_line) % len(lines)])
            case 2:
                lines[max(2, number)] = data.draw(st.binary(max_size=60))
            case 3:
                lines[max(2, number)] = lines[number][: data.draw(st.integers(0, 200))]
            case 4:
                numbers = {int(n) for n in _numbers.findall(lines[number])} or {1}
                other = data.draw(st.sampled_from(sorted(families())))
                lines[max(2, number)] = lines[number].replace(b'"id":%d' % min(numbers), b'"id":%d' % other)
    check(lines, set(families().values()), data.draw(st.lists(st.integers(0, 1 << 20), max_size=4)))


def test_a_log_that_ends_anywhere_counts_up_to_there() -> None:
    whole = b"\n".join(real_lines())
    begin = len(real_lines()[0]) + len(real_lines()[1]) + 2
    before = real().by_beginning()
    for end in range(begin, len(whole), 1009):
        found = read(whole[:end])
        assert found.log.examples == []
        for key, part in found.by_beginning().items():
            assert before[key].request.startswith(part.request)
            assert before[key].response.startswith(part.response)
            assert before[key].frames.startswith(part.frames)
            if part.result is Result.RECORDED:  # a WebSocket's frames are recorded for as long as there are any
                assert replace(part, frames=b"") == replace(before[key], frames=b"")


# The whole of it: what a capture makes of such a log


def gathered(data: bytes, folder: Path) -> tuple[Recording, bytes]:
    """The recording that a capture makes of a log, and its WARC."""
    (folder / "browser").write_bytes(b"")
    relay = Relay([], allow_private=False)
    capture = _Capture(netlogs.URL, CaptureSettings(), folder, relay, lambda _: None)
    with opened(capture._netlog):
        capture._netlog.feed(data)
    browser = FoundBrowser(folder / "browser", "Chromium 156.0", "a test")
    recording = capture._gather(Visit(), browser, now(), timed_out=False)
    writer.write(recording, folder / "capture.warc.gz")
    return recording, (folder / "capture.warc.gz").read_bytes()


def test_a_whole_log_gives_no_warning_about_it(tmp_path: Path) -> None:
    recording, _ = gathered(b"\n".join(real_lines()), tmp_path)
    assert "log_unreadable" not in [warning.code for warning in recording.warnings]
    assert recording.outcome is Outcome.COMPLETE


def test_events_that_cannot_be_read_are_a_warning_and_make_it_partial(tmp_path: Path) -> None:
    lines = list(real_lines())
    number = next(at for at, line in enumerate(lines) if b"/slow" in line and b"request_type" in line)
    lines[number] = lines[number].replace(b'"url":"http', b'"url":["http').replace(b'"}', b'"]}')
    recording, _ = gathered(b"\n".join([*lines[:number], b"junk", *lines[number:]]), tmp_path)
    (warning,) = [warning for warning in recording.warnings if warning.code == "log_unreadable"]
    assert warning.message == (
        "2 events of the network log were not understood, first an event of unknown type: its beginning is missing"
    )
    assert recording.outcome is Outcome.PARTIAL
    assert recording.main is not None
    assert recording.main.result is Result.RECORDED


@settings(max_examples=40)
@given(
    damage=st.lists(st.tuples(_line, st.integers(min_value=0), st.integers(min_value=0, max_value=255)), max_size=25)
)
def test_any_damage_can_be_gathered_and_written(damage: list[tuple[int, int, int]]) -> None:
    lines = [bytearray(line) for line in real_lines()]
    for number, place, byte in damage:
        line = lines[number]
        line[-1 - place // 2 % 90 if place % 2 else place // 2 % len(line)] = byte
    with TemporaryDirectory() as folder:
        try:
            recording, warc = gathered(b"\n".join(lines), Path(folder))
        except UnreachableError:
            return  # the main document itself was hit
        assert len(recording.exchanges) + len(recording.own_traffic) >= 1
        assert warc.count(b"\x1f\x8b\x08") >= 1

"""The recorder under logs that are damaged, hostile or cut: what is lost is said, and nothing else is lost."""

from __future__ import annotations

import base64
import json
import re
import tracemalloc
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hpack import Encoder
from hypothesis import example, given, settings
from hypothesis import strategies as st

from archiver.capture import netlog
from archiver.capture.browser import FoundBrowser
from archiver.capture.capture import _Capture
from archiver.capture.http2 import PREFACE
from archiver.capture.isolation import Isolation
from archiver.capture.netlog import END, Event, NetLog
from archiver.capture.recorder import Recorder
from archiver.capture.relay import Relay
from archiver.capture.spool import Room
from archiver.clock import now
from archiver.config import CaptureSettings
from archiver.errors import UnreachableError
from archiver.model import Body, Exchange, Outcome, Recording, Result
from archiver.warc import writer
from tests.support import netlogs
from tests.unit.support import pieces, seconds

_ROOM = Room(1 << 40, 1 << 40)

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
    recorder: Recorder
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
        recorder = Recorder(folder, _ROOM)
        log = NetLog(folder / "log", recorder.handlers, recorder.wants_bytes, recorder.required, recorder.lose)
        with opened(log):
            for piece in pieces(data, at):
                log.feed(piece)
        exchanges = []
        for exchange in recorder.exchanges:
            exchange.closed = exchange.ended_ms is None
            error = log.net_errors.get(exchange.net_error) if exchange.net_error else None
            exchanges.append(exchange.finish(error, None, None))
        return Read(log, recorder, exchanges, [bytes_of(x) for x in exchanges])


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
    sizes: defaultdict[int, int] = defaultdict(int)
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
@example(number=157, keep=23_994, fro=False)  # behind the source, whose type is not the event's
@example(number=291, keep=332_461, fro=True)  # it then begins as the end of the events does
def test_a_line_that_is_cut_costs_nothing_else_and_is_counted(number: int, keep: int, fro: bool) -> None:
    lines = list(real_lines())
    line = lines[number].removesuffix(b",")
    keep = keep % len(line)
    lines[number] = line[keep:] if fro else line[:keep]
    found = check(lines, touched(line, lines[number]))
    intact = not keep and fro
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
    cuts = data.draw(st.lists(st.integers(0, 1 << 20), max_size=4))
    tracemalloc.start()
    try:
        check(lines, set(families().values()), cuts)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 << 20


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
    recording = capture._gather(browser, Isolation(None, sandboxed=True), now(), timed_out=False)
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


# Hostile servers and holes in the log: events made by hand


_EVENTS = {name: number for number, name in enumerate(Recorder(Path(), _ROOM).handlers)}
_PHASES = {"PHASE_NONE": 0, "PHASE_BEGIN": 1, "PHASE_END": 2}
_SESSION, _SOCKET = 900, 500


class Story:
    """A network log as Chromium would write it of what the methods tell, in that order."""

    def __init__(self) -> None:
        constants = {
            "logEventTypes": _EVENTS,
            "logEventPhase": _PHASES,
            "netError": {"ERR_FAILED": -2},
            "timeTickOffset": 0,
        }
        self.lines = [b'{"constants":' + json.dumps(constants).encode() + b",", b'"events": [']

    def event(self, name: str, source: int, phase: str = "PHASE_NONE", **params: object) -> None:
        event = {
            "params": params,
            "phase": _PHASES[phase],
            "source": {"id": source, "start_time": "1", "type": 1},
            "time": str(1000 + len(self.lines)),
            "type": _EVENTS[name],
        }
        self.lines.append(json.dumps(event, separators=(",", ":")).encode() + b",")

    def garbled(self, name: str, source: int) -> None:
        """An event of which only the end can be read."""
        end = f'"source":{{"id":{source},"start_time":"1","type":1}},"time":"5","type":{_EVENTS[name]}}},'
        self.lines.append(b'{"params":{oops},' + end.encode())

    def asks(self, request: int, path: str, scheme: str = "http") -> None:
        url = f"{scheme}://a.test{path}"
        self.event("URL_REQUEST_START_JOB", request, "PHASE_BEGIN", url=url, method="GET", initiator="http://a.test")

    def over_http1(self, request: int, socket: int = _SOCKET) -> None:
        """The request is given to a socket."""
        job = request + 1000
        self.event("HTTP_STREAM_REQUEST_BOUND_TO_JOB", request, source_dependency={"id": job})
        self.event("SOCKET_POOL_BOUND_TO_SOCKET", job, source_dependency={"id": socket})
        self.event("HTTP_TRANSACTION_SEND_REQUEST_HEADERS", request)

    def begins_http2(self, socket: int = _SOCKET, session: int = _SESSION) -> None:
        self.event("HTTP2_SESSION_INITIALIZED", session, source_dependency={"id": socket})

    def over_http2(self, request: int, stream: int, session: int = _SESSION) -> None:
        self.event("HTTP2_SESSION_SEND_HEADERS", session, source_dependency={"id": request}, stream_id=stream)

    def carries(self, direction: str, data: bytes, socket: int = _SOCKET, *, tls: bool = False) -> None:
        name = ("SSL_" if tls else "") + "SOCKET_BYTES_" + direction
        self.event(name, socket, byte_count=len(data), bytes=base64.b64encode(data).decode())

    def ends(self, request: int) -> None:
        self.event("REQUEST_ALIVE", request, "PHASE_END")

    def simple(self, request: int, path: str, answer: bytes) -> None:
        """A whole exchange over HTTP/1.1."""
        self.asks(request, path)
        self.over_http1(request)
        self.carries("SENT", get(path))
        self.carries("RECEIVED", answer)
        self.ends(request)

    @property
    def text(self) -> bytes:
        return b"\n".join([*self.lines, b""])

    def read(self) -> Read:
        return read(self.text)


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: a.test\r\n\r\n".encode()


_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


def test_an_exchange_made_by_hand_is_recorded() -> None:
    story = Story()
    story.simple(1, "/1", _OK)
    found = story.read()
    assert found.log.examples == []
    assert found.bytes == [Bytes(get("/1"), _OK, (), b"", b"", Result.RECORDED, "")]


def test_a_hole_in_an_answer_costs_that_exchange_and_says_so() -> None:
    story = Story()
    story.simple(1, "/1", _OK)
    story.asks(2, "/2")
    story.over_http1(2)
    story.carries("SENT", get("/2"))
    story.carries("RECEIVED", b"HTTP/1.1 200 OK\r\n\r\nbegin ")
    story.garbled("SOCKET_BYTES_RECEIVED", _SOCKET)
    story.carries("RECEIVED", b"end")
    story.ends(2)
    story.simple(3, "/3", _OK)
    found = story.read()
    assert [b.result for b in found.bytes] == [Result.RECORDED, Result.TRUNCATED, Result.RECORDED]
    assert found.bytes[1].response == b"HTTP/1.1 200 OK\r\n\r\nbegin ", "what lies beyond a hole is not the answer"
    assert found.bytes[1].reason == "unspecified: unreadable: an event SOCKET_BYTES_RECEIVED of the network log"
    assert found.log.unreadable == 1


@pytest.mark.parametrize(
    "bad", [{"bytes": "aGVs*bG8="}, {"bytes": "aGVsbG8"}, {"bytes": "aGVsbG8=", "byte_count": 6}, {"bytes": 7}]
)
def test_bytes_that_are_not_what_they_say_are_a_hole(bad: dict[str, object]) -> None:
    story = Story()
    story.asks(1, "/1")
    story.over_http1(1)
    story.carries("SENT", get("/1"))
    story.carries("RECEIVED", b"HTTP/1.1 200 OK\r\n\r\n")
    story.event("SOCKET_BYTES_RECEIVED", _SOCKET, "PHASE_NONE", **bad)
    story.ends(1)
    found = story.read()
    assert found.bytes[0].result is Result.TRUNCATED
    assert found.log.unreadable == 1


@pytest.mark.parametrize("over_http2", [False, True])
def test_an_event_of_unknown_type_may_have_been_bytes(over_http2: bool) -> None:
    story = Talk() if over_http2 else Story()
    if isinstance(story, Talk):
        story.begins(1, 1)
        story.answers(1)
    else:
        story.asks(1, "/1")
        story.over_http1(1)
        story.carries("SENT", get("/1"))
        story.carries("RECEIVED", b"HTTP/1.1 200 OK\r\n\r\n")
    story.lines.append(b'{"params":{"bytes":"QUFB"},"phase":0,"source":{"id":%d,"start_time":"1","type":1}' % _SOCKET)
    if isinstance(story, Talk):
        story.body(1, b"more", last=True)
    else:
        story.carries("RECEIVED", b"more")
    story.ends(1)
    found = story.read()
    assert found.log.unreadable == 1
    assert found.bytes[0].result is Result.TRUNCATED
    assert found.bytes[0].reason == "unspecified: unreadable: an event of unknown type of the network log"
    assert not found.bytes[0].response.endswith(b"more")


def test_a_hole_after_an_exchange_is_whole_costs_it_nothing() -> None:
    story = Story()
    story.simple(1, "/1", _OK)
    story.garbled("SOCKET_BYTES_RECEIVED", _SOCKET)
    story.garbled("REQUEST_ALIVE", 1)
    found = story.read()
    assert [b.result for b in found.bytes] == [Result.RECORDED]
    assert found.log.unreadable == 2


def test_a_request_that_nobody_announced_is_not_the_body_of_the_one_before() -> None:
    story = Story()
    story.simple(1, "/1", _OK)
    story.carries("SENT", get("/lost"))
    story.carries("RECEIVED", _OK)
    story.simple(2, "/2", _OK)
    found = story.read()
    assert [b.request for b in found.bytes] == [get("/1"), get("/2")]
    assert [b.result for b in found.bytes] == [Result.RECORDED, Result.RECORDED]
    assert found.log.examples == ["SOCKET_BYTES_SENT: bytes were sent that are of no known request"]


@pytest.mark.parametrize("framing", [b"Content-Length: 10", b"Transfer-Encoding: chunked"])
def test_a_request_body_is_kept_whole_however_it_was_cut(framing: bytes) -> None:
    head = b"POST /1 HTTP/1.1\r\n" + framing + b"\r\n\r\n"
    for cut in (len(head) - 3, len(head), len(head) + 4):
        story = Story()
        story.asks(1, "/1")
        story.over_http1(1)
        for part in ((head + b"a" * 10)[:cut], (head + b"a" * 10)[cut:]):
            story.carries("SENT", part)
        story.carries("RECEIVED", _OK)
        found = story.read()
        assert found.bytes[0].request == head + b"a" * 10
        assert found.log.examples == []


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("SSL_CERTIFICATES_RECEIVED", {"certificates": ["no certificate"]}),
        ("SSL_CERTIFICATES_RECEIVED", {"certificates": "no list"}),
        ("SSL_CONNECT", {"version": 13}),
        ("SSL_CONNECT", {"version": "TLS 1.3", "cipher_suite": "4865"}),
        ("SSL_CONNECT", {"version": "TLS 1.3", "next_proto": ["h2"]}),
        ("TCP_CONNECT", {"local_address": "127.0.0.1"}),
        ("TCP_CONNECT", {"local_address": "127.0.0.1:\u00b2"}),
    ],
)
def test_what_is_told_of_a_connection_in_another_shape_is_counted(name: str, params: dict[str, object]) -> None:
    story = Story()
    story.simple(1, "/1", _OK)
    story.event(name, _SOCKET, "PHASE_END", **params)
    found = story.read()
    assert found.log.unreadable == 1
    assert found.bytes[0].result is Result.RECORDED


def test_what_hangs_on_an_event_that_cannot_be_read_says_so() -> None:
    story = Story()
    story.asks(1, "/1")
    story.garbled("SOCKET_POOL_BOUND_TO_SOCKET", 1001)
    story.event("HTTP_STREAM_REQUEST_BOUND_TO_JOB", 1, source_dependency={"id": 1001})
    story.event("HTTP_TRANSACTION_SEND_REQUEST_HEADERS", 1)
    story.carries("SENT", get("/1"))
    story.carries("RECEIVED", _OK)
    story.ends(1)
    story.asks(2, "/2")
    story.over_http2(2, 1)
    story.asks(3, "/3")
    story.garbled("URL_REQUEST_START_JOB", 3)  # a redirect, to where is not known
    story.over_http1(3)
    story.carries("SENT", get("/3b"))
    story.carries("RECEIVED", _OK)
    found = story.read()
    assert [b.result for b in found.bytes] == [Result.FAILED, Result.FAILED, Result.TRUNCATED]
    assert all("unreadable" in b.reason for b in found.bytes)
    assert found.log.unreadable == 4


def test_a_header_of_the_server_does_not_make_a_body_a_dechunked_one() -> None:
    story = Story()
    story.simple(1, "/1", b"HTTP/1.1 200 OK\r\nx-orig-transfer-encoding: chunked\r\nContent-Length: 5\r\n\r\nhello")
    story.simple(2, "/2", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
    assert [x.response_chunked for x in story.read().exchanges] == [False, True]


_UNREADABLE = {
    "a header block without end": b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200_000,
    "no HTTP": b"\0" * 1_100_000,
    "conflicting lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "an absurd chunk size": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\nhello" % (1 << 70),
    "a chunk extension without end": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;" + b"x" * 70_000,
    "trailers without end": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"A: b\r\n" * 60_000,
    "interim answers without end": b"HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n" * 30_000 + _OK,
    "no status line": b"ICY 200 OK\r\n\r\nhello",
}


@pytest.mark.parametrize("name", _UNREADABLE)
def test_an_answer_that_cannot_be_read_says_so_and_costs_no_other(name: str) -> None:
    story = Story()
    story.simple(1, "/1", _OK)
    story.simple(2, "/2", _UNREADABLE[name])
    story.simple(3, "/3", _OK)
    found = story.read()
    assert [b.result for b in found.bytes[::2]] == [Result.RECORDED, Result.RECORDED]
    hit = found.bytes[1]
    assert hit.result is (Result.TRUNCATED if hit.response else Result.FAILED)
    assert re.match("(unspecified: )?unreadable: .", hit.reason), hit.reason
    assert len(hit.trailers) + sum(map(len, hit.interim)) < 1 << 19
    assert found.log.unreadable == 0, "the log itself is in order"
    if name == "interim answers without end":
        assert hit.response == _OK, "the answer after them is worth having"


# HTTP/2


class Talk(Story):
    """One HTTP/2 connection; heads are encoded for both directions."""

    def __init__(self) -> None:
        super().__init__()
        self._encoders = {"SENT": Encoder(), "RECEIVED": Encoder()}
        self.begins_http2()
        self.wire("SENT", PREFACE)

    def wire(self, direction: str, data: bytes) -> None:
        self.carries(direction, data, tls=True)

    def head(self, direction: str, stream: int, fields: dict[str, str], *, last: bool = False) -> None:
        block = self._encoders[direction].encode(list(fields.items()), huffman=False)
        self.wire(direction, frame(1, block, flags=5 if last else 4, stream=stream))

    def begins(self, request: int, stream: int) -> None:
        self.asks(request, f"/{request}", "https")
        self.over_http2(request, stream)
        self.head("SENT", stream, {":method": "GET", ":path": f"/{request}", ":authority": "a.test"}, last=True)

    def answers(self, stream: int, status: str = "200", *, last: bool = False) -> None:
        self.head("RECEIVED", stream, {":status": status, "x-a": "b"}, last=last)

    def body(self, stream: int, data: bytes, *, last: bool = False) -> None:
        self.wire("RECEIVED", frame(0, data, flags=int(last), stream=stream))


def frame(kind: int, payload: bytes, *, flags: int = 0, stream: int = 1) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


_H2_OK = b"HTTP/1.1 200 OK\r\nx-a: b\r\n\r\n"


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda talk: talk.garbled("SSL_SOCKET_BYTES_RECEIVED", _SOCKET), id="a hole"),
        pytest.param(lambda talk: talk.wire("RECEIVED", frame(0, b"x", stream=0)), id="a broken protocol"),
    ],
)
def test_what_breaks_a_connection_costs_the_exchanges_that_were_not_through(damage: Callable[[Talk], None]) -> None:
    talk = Talk()
    for request in (1, 2):
        talk.begins(request, request * 2 - 1)
        talk.answers(request * 2 - 1)
    talk.body(1, b"whole", last=True)
    talk.body(3, b"half")
    damage(talk)
    talk.body(3, b"other half", last=True)
    talk.begins(3, 5)
    talk.answers(5, last=True)
    talk.simple(4, "/4", _OK)
    # Another connection is none of its business.
    talk.asks(5, "/5")
    talk.over_http1(5, 501)
    talk.carries("SENT", get("/5"), 501)
    talk.carries("RECEIVED", _OK, 501)
    found = talk.read()
    results = {x.url[-1]: (b.result, b.response) for x, b in zip(found.exchanges, found.bytes, strict=True)}
    assert results["1"] == (Result.RECORDED, _H2_OK + b"whole")
    assert results["2"] == (Result.TRUNCATED, _H2_OK + b"half")
    assert results["3"] == (Result.FAILED, b"")
    assert results["5"] == (Result.RECORDED, _OK)
    assert all("unreadable" in b.reason for b in found.bytes[1:3])


def test_requests_that_cannot_be_read_cost_their_exchanges_only() -> None:
    talk = Talk()
    talk.begins(1, 1)
    talk.garbled("SSL_SOCKET_BYTES_SENT", _SOCKET)
    talk.begins(2, 3)
    talk.answers(1, last=True)
    talk.answers(3, last=True)
    found = talk.read()
    assert [b.result for b in found.bytes] == [Result.RECORDED, Result.TRUNCATED]
    assert found.bytes[1].response == _H2_OK
    assert found.bytes[1].request == b""


def says(**fields: str) -> Callable[[Talk], None]:
    """A header block on stream 1; `status` is the pseudo-field."""
    named = {":status" if name == "status" else name: value for name, value in fields.items()}
    return lambda talk: talk.head("RECEIVED", 1, named)


def sends(data: bytes) -> Callable[[Talk], None]:
    return lambda talk: talk.body(1, data)


def test_an_answer_whose_request_is_nowhere_says_so() -> None:
    talk = Talk()
    talk.asks(1, "/1", "https")
    talk.over_http2(1, 1)
    talk.answers(1, last=True)
    talk.asks(2, "/2")
    talk.over_http1(2, 501)
    talk.carries("RECEIVED", _OK, 501)
    talk.ends(2)
    found = talk.read()
    assert [b.result for b in found.bytes] == [Result.TRUNCATED, Result.TRUNCATED]
    assert {b.reason for b in found.bytes} == {"unspecified: unreadable: the request it answers was not found"}
    assert [b.response for b in found.bytes] == [_H2_OK, _OK]


_ANSWER = says(**{"status": "200", "x-a": "b"})
_MISCONDUCT: dict[str, tuple[list[Callable[[Talk], None]], bytes]] = {
    "a second answer": ([_ANSWER, sends(b"one"), _ANSWER, sends(b"two")], b"onetwo"),
    "a body without head": ([sends(b"lost")], b""),
    "an answer without status": ([says(x="y")], b""),
    "two blocks of trailers": ([_ANSWER, says(x="y"), says(z="y")], b""),
    "a field with a line end": ([_ANSWER, says(x="a\r\n\r\nb")], b""),
    "interim answers without end": ([*[says(status="103", x="y" * 9000)] * 99, _ANSWER], b""),
}


@pytest.mark.parametrize("name", _MISCONDUCT)
def test_misconduct_on_a_stream_costs_that_exchange_and_is_said(name: str) -> None:
    acts, body = _MISCONDUCT[name]
    talk = Talk()
    talk.begins(1, 1)
    talk.begins(2, 3)
    for act in acts:
        act(talk)
    talk.body(1, b"", last=True)
    talk.answers(3)
    talk.body(3, b"good", last=True)
    found = talk.read()
    hit, other = found.bytes
    assert other == Bytes(other.request, _H2_OK + b"good", (), b"", b"", Result.RECORDED, "")
    assert hit.result is (Result.TRUNCATED if hit.response else Result.FAILED)
    assert "unreadable" in hit.reason
    assert hit.response in (b"", _H2_OK + body)
    assert sum(map(len, hit.interim)) < 1 << 19


def test_what_comes_after_the_end_of_a_stream_is_not_of_the_answer() -> None:
    talk = Talk()
    talk.begins(1, 1)
    talk.answers(1)
    talk.body(1, b"whole", last=True)
    talk.body(1, b"more")
    talk.answers(1, "500")
    found = talk.read()
    assert found.bytes[0].response == _H2_OK + b"whole"
    assert found.bytes[0].result is Result.RECORDED


def test_an_event_that_comes_twice_does_not_take_a_stream_from_its_exchange() -> None:
    talk = Talk()
    talk.begins(1, 1)
    talk.over_http2(1, 1)
    talk.begins_http2()
    talk.answers(1, last=True)
    found = talk.read()
    assert [b.result for b in found.bytes] == [Result.RECORDED]
    assert found.log.unreadable == 1


# Memory and time


def test_memory_does_not_grow_with_what_a_hostile_server_sends() -> None:
    story = Story()
    story.simple(1, "/1", _OK)
    interim, trailer = b"HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n", b"A: " + b"b" * 60 + b"\r\n"
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    floods = [
        (b"", interim),
        (b"", b"\0" * 64),
        (b"HTTP/1.1 200 OK\r\n", trailer),
        (chunked, b"1;" + b"x" * 500),
        (chunked + b"0\r\n", trailer),
    ]
    size = 0
    for number, (start, flood) in enumerate(floods, 2):
        story.asks(number, f"/{number}")
        story.over_http1(number, _SOCKET + number)
        story.carries("SENT", get(f"/{number}"), _SOCKET + number)
        story.carries("RECEIVED", start, _SOCKET + number)
        more = flood * ((1 << 16) // len(flood))
        for _ in range(80):
            story.carries("RECEIVED", more, _SOCKET + number)
            size += len(more)
    data = story.text
    assert size > 25_000_000
    tracemalloc.start()
    try:
        found = read(data, range(0, len(data), 1 << 16)[1:])
        peak = tracemalloc.get_traced_memory()[1] - len(data)  # cut into pieces, which is a copy of it
    finally:
        tracemalloc.stop()
    assert found.log.examples == []
    assert peak < 8 << 20


@pytest.mark.parametrize("name", ["events that cannot be read", "sockets", "redirects", "broken connections"])
def test_time_grows_no_faster_than_the_log(name: str) -> None:
    def make(count: int) -> bytes:
        story: Story = Talk() if name == "broken connections" else Story()
        for number in range(1, count + 1):
            if name == "events that cannot be read":
                story.garbled("SOCKET_BYTES_RECEIVED", number)
            elif name == "sockets":
                story.event("TCP_CONNECT", number, "PHASE_END", local_address="127.0.0.1:5000")
            elif name == "redirects":
                story.asks(1, f"/{number}")
            else:
                story.asks(number, "/", "https")
                story.over_http2(number, number)
                story.garbled("SSL_SOCKET_BYTES_RECEIVED", _SOCKET)
        return story.text

    data, more = make(1000), make(8000)
    small, large = seconds(lambda: read(data)), seconds(lambda: read(more))
    assert large < 24 * small + 0.1, (small, large)  # 8 times as much; quadratic would be 64 times


def test_sockets_are_taken_in_the_order_they_connected_and_once() -> None:
    recorder = Recorder(Path(), _ROOM)
    connected = recorder.handlers["TCP_CONNECT"]
    for source, port in ((7, 5000), (3, 5000), (9, 6000)):
        connected(Event("TCP_CONNECT", source, END, 5, {"local_address": f"[::1]:{port}"}))
    assert recorder.take_socket(1) is None
    taken = [recorder.take_socket(5000) for _ in range(3)]
    assert [found and found[0] for found in taken] == [7, 3, None]


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    ],
)
def test_the_ports_of_endless_answers_are_told_while_they_last(head: bytes) -> None:
    story = Story()
    story.event("TCP_CONNECT", 20, "PHASE_END", local_address="127.0.0.1:4001")
    story.event("TCP_CONNECT", 21, "PHASE_END", local_address="[::1]:4002")
    for request, socket, answer in ((1, 20, _OK), (2, 21, head)):
        story.asks(request, f"/{request}")
        story.over_http1(request, socket)
        story.carries("SENT", get(f"/{request}"), socket)
        story.carries("RECEIVED", answer, socket)
    assert story.read().recorder.streaming_ports() == {4002}
    story.ends(2)
    assert story.read().recorder.streaming_ports() == set()

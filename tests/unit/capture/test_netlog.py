"""The network log's reader, fed through a real FIFO as Chromium feeds it."""

from __future__ import annotations

import errno
import json
import os
import threading
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.capture import netlog
from archiver.capture.netlog import BEGIN, END, Event, NetLog, UnreadableEventError
from archiver.errors import BrowserError, StorageError
from tests.unit.support import cuts, pieces, seconds

_TYPES = {"URL_REQUEST_START_JOB": 2, "SOCKET_BYTES_SENT": 31, "SSL_SOCKET_BYTES_RECEIVED": 32, "CANCELLED": 0}
_UNWANTED = 99
_CONSTANTS = {
    "clientInfo": {"command_line": "chromium --headless", "version": "156.0.1.2"},
    "logEventPhase": {"PHASE_BEGIN": 1, "PHASE_END": 2, "PHASE_NONE": 0},
    "logEventTypes": _TYPES | {"OTHER": _UNWANTED},
    "netError": {"ERR_CONNECTION_RESET": -101},
    "timeTickOffset": "1700000000000",
}
_HEAD = b'{"constants":' + json.dumps(_CONSTANTS).encode() + b',\n"events": [\n'
_POLLED = b'"polledData": {"socketPool":[{"type":"x"}]\n,"params":{"type":2}}\n}\n'


def line(kind: int, source: int = 12, *, params: str | None = None, phase: int = 1, time: int = 5) -> bytes:
    """One event as Chromium writes it: keys in alphabetical order, times as text."""
    begin = f'"params":{params},' if params is not None else ""
    place = f'"source":{{"id":{source},"start_time":"1","type":1}}'
    return f'{{{begin}"phase":{phase},{place},"time":"{time}","type":{kind}}}'.encode()


def log(*lines: bytes) -> bytes:
    return _HEAD + b",\n".join(lines) + b"],\n" + _POLLED


@dataclass
class Reading:
    """A log being read: write to it, and see what came of it once the block is left."""

    log: NetLog
    path: Path
    events: list[Event] = field(default_factory=list)
    asked: list[tuple[str, int]] = field(default_factory=list)
    lost: list[tuple[str, int]] = field(default_factory=list)

    def write(self, *data: bytes) -> None:
        """Returns when all is written; fails when nobody takes it."""

        def run() -> None:
            with self.path.open("wb", buffering=0) as stream:
                for piece in data:
                    view = memoryview(piece)
                    while view:
                        view = view[stream.write(view) :]

        writer = threading.Thread(target=run, daemon=True)
        writer.start()
        writer.join(timeout=20)
        assert not writer.is_alive(), "the FIFO is not read any more: a browser would hang"


@contextmanager
def reading(
    *,
    names: Sequence[str] = tuple(_TYPES),
    required: frozenset[str] = frozenset(),
    handler: Callable[[Event], None] | None = None,
    wants: Callable[[str, int], bool] = lambda name, source: True,
) -> Iterator[Reading]:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(netlog, "_POLL_MS", 5)  # only how soon finish() sees that nothing more comes
        path = Path(folder) / "log"

        def ask(name: str, source: int) -> bool:
            opened.asked.append((name, source))
            return wants(name, source)

        def take(event: Event) -> None:
            opened.events.append(event)
            if handler is not None:
                handler(event)

        def lose(name: str, source: int) -> None:
            opened.lost.append((name, source))

        opened = Reading(NetLog(path, dict.fromkeys(names, take), ask, required, lose), path)
        opened.log.start()
        try:
            yield opened
        finally:
            opened.log.finish()
        assert opened.log.unreadable == len(opened.lost)
        assert len(opened.log.examples) == min(3, len(opened.lost))


def test_events_reach_their_handlers_with_wall_clock_time_and_named_phase() -> None:
    with reading() as opened:
        opened.write(log(line(2, 7, params='{"url":"https://a.test/"}', time=25), line(0, 8, phase=2, time=30)))
    assert opened.log.error is None
    assert opened.log.examples == []
    assert opened.events == [
        Event("URL_REQUEST_START_JOB", 7, BEGIN, 1700000000025, {"url": "https://a.test/"}),
        Event("CANCELLED", 8, END, 1700000000030, {}),
    ]


def test_the_constants_are_there_once_it_is_ready() -> None:
    with reading() as opened:
        assert not opened.log.ready.is_set()
        opened.write(_HEAD)
        assert opened.log.ready.wait(20)
        assert opened.log.net_errors == {-101: "ERR_CONNECTION_RESET"}
        assert opened.log.command_line == "chromium --headless"
    assert opened.log.error is None
    assert opened.log.examples == []


def test_constants_may_span_lines() -> None:
    head = b'{"constants":' + json.dumps(_CONSTANTS, indent=1).encode() + b',\n"events": [\n'
    with reading() as opened:
        opened.write(head + line(2) + b",\n")
    assert opened.log.error is None
    assert opened.log.examples == []
    assert [event.name for event in opened.events] == ["URL_REQUEST_START_JOB"]


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(b"],\n" + _POLLED, id="without a comma after the last event"),
        pytest.param(b",\n],\n" + _POLLED, id="with one"),
        pytest.param(b"\n]}\n", id="without polled data"),
    ],
)
def test_what_follows_the_events_is_passed_over(end: bytes) -> None:
    with reading() as opened:
        opened.write(_HEAD + line(2, 1) + b",\n" + line(2, 2) + end)
    assert opened.log.error is None
    assert opened.log.examples == []
    assert [event.source for event in opened.events] == [1, 2]


def test_a_log_cut_in_mid_line_counts_up_to_there() -> None:
    with reading() as opened:
        opened.write(_HEAD + line(2, 1) + b",\n" + line(2, 2) + b",\n" + line(2, 3)[:-20])
    assert opened.log.error is None
    assert opened.log.examples == []
    assert [event.source for event in opened.events] == [1, 2]


@pytest.mark.parametrize("keep", [0, 5, len(_HEAD) - 15])
def test_a_log_cut_in_its_constants_is_no_error_and_never_ready(keep: int) -> None:
    with reading() as opened:
        opened.write(_HEAD[:keep])
    assert opened.log.error is None
    assert opened.log.examples == []
    assert not opened.log.ready.is_set()


_json = st.recursive(
    st.one_of(
        st.integers(-99, 99), st.text(max_size=20), st.sampled_from(['"type":2},', '"source":{"id":5,', "}", "\n"])
    ),
    lambda inner: st.dictionaries(st.sampled_from(["type", "source", "id", "params", "a"]), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=40)
@given(
    wanted=st.lists(
        st.tuples(
            st.sampled_from([*_TYPES.values(), _UNWANTED]),
            st.integers(1, 9999),
            st.fixed_dictionaries({}, optional={"type": _json, "source": _json, "z": _json}),
        ),
        max_size=8,
    ),
    at=cuts,
)
def test_any_params_and_any_cuts_give_the_same_events(
    wanted: list[tuple[int, int, dict[str, Any]]], at: list[int]
) -> None:
    data = log(
        *(line(kind, source, params=json.dumps(params, separators=(",", ":"))) for kind, source, params in wanted)
    )
    with reading() as opened:
        opened.write(*pieces(data, at))
    assert opened.log.error is None
    assert opened.log.examples == []
    names = {number: name for name, number in _TYPES.items()}
    assert [(e.name, e.source, e.params) for e in opened.events] == [
        (names[kind], source, params) for kind, source, params in wanted if kind in names
    ]


def test_missing_required_events_are_named_in_the_error() -> None:
    with reading(required=frozenset({"CANCELLED", "NOT_THERE", "NOR_THIS"})) as opened:
        opened.write(log(line(2)))
        assert opened.log.ready.wait(20), "whoever waits for the log must learn of its error"
    assert isinstance(opened.log.error, BrowserError)
    assert "156.0.1.2" in str(opened.log.error)
    assert "NOR_THIS, NOT_THERE" in str(opened.log.error)
    assert "CANCELLED" not in str(opened.log.error)
    assert opened.events == []


def head(**changes: object) -> bytes:
    """The beginning of a log whose constants differ from the usual; None leaves one out."""
    constants = {name: value for name, value in (_CONSTANTS | changes).items() if value is not None}
    return b'{"constants":' + json.dumps(constants).encode() + b',\n"events": [\n'


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(b'{"constants": oops,\n"events": [\n', id="no JSON"),
        pytest.param(b'[1],\n"events": [\n', id="no object"),
        pytest.param(b'{"constants":7,\n"events": [\n', id="constants that are a number"),
        pytest.param(b'"events": [\n', id="nothing"),
        pytest.param(b"[" * 5000 + b'\n"events": [\n', id="deep JSON"),
        pytest.param(head(logEventTypes=None), id="no types"),
        pytest.param(head(logEventTypes=[1]), id="types that are a list"),
        pytest.param(head(logEventTypes={"CANCELLED": [1]}), id="a type that is a list"),
        pytest.param(head(logEventPhase=None), id="no phases"),
        pytest.param(head(timeTickOffset="soon"), id="a time that is none"),
        pytest.param(head(timeTickOffset="9" * 5000), id="a time of thousands of digits"),
        pytest.param(head(netError=7), id="errors that are a number"),
        pytest.param(head(clientInfo="Chromium"), id="a client that is a text"),
        pytest.param(b"x" * 100 + b"\n" * 2 + b"y" * (17 << 20) + b"\n", id="a line without end"),
        pytest.param((b"x" * (1 << 20) + b"\n") * 17, id="lines without end"),
    ],
)
def test_constants_that_cannot_be_used_are_an_error_that_says_what_to_do(start: bytes) -> None:
    with reading() as opened:
        opened.write(start + line(2) + b",\n")
        assert opened.log.ready.wait(20), "whoever waits for the log must learn of its error"
    assert isinstance(opened.log.error, BrowserError)
    assert "ARCHIVER_CAPTURE__BROWSER" in str(opened.log.error)
    assert opened.events == []
    assert len(opened.log._head) == 0


def test_a_handlers_exception_costs_that_event_only_and_says_where_it_was() -> None:
    def fail(event: Event) -> None:
        if event.source == 2:
            raise KeyError("a secret of the page")

    with reading(handler=fail) as opened:
        opened.write(log(line(2, 1), line(2, 2), line(2, 3)))
    assert opened.log.error is None
    assert [event.source for event in opened.events] == [1, 2, 3]
    assert opened.lost == [("URL_REQUEST_START_JOB", 2)]
    (example,) = opened.log.examples
    assert example.startswith("URL_REQUEST_START_JOB: KeyError in fail, test_netlog.py line ")
    assert "secret" not in example


def test_a_body_that_cannot_be_written_down_ends_the_reading_and_says_why() -> None:
    def fail(event: Event) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "a path")

    with reading(handler=fail) as opened:
        opened.write(log(line(2, 1), line(2, 2)))
    assert isinstance(opened.log.error, StorageError)
    assert "No space left on device; set TMPDIR" in str(opened.log.error)
    assert [event.source for event in opened.events] == [1]


_GOOD = line(2, 1)
_BAD = {
    "a wanted line that is no JSON": (line(2, params="{oops"), ("URL_REQUEST_START_JOB", 12)),
    "deep JSON": (line(2, params='{"a":' * 3000 + "1" + "}" * 3000), ("URL_REQUEST_START_JOB", 12)),
    "params that are a list": (line(2, params="[]"), ("URL_REQUEST_START_JOB", 12)),
    "invalid UTF-8": (line(2).replace(b'"1"', b'"\xff"'), ("URL_REQUEST_START_JOB", 12)),
    "NUL": (line(2).replace(b'"1"', b'"\0"'), ("URL_REQUEST_START_JOB", 12)),
    "a time that is no number": (line(2).replace(b'"time":"5"', b'"time":"x"'), ("URL_REQUEST_START_JOB", 12)),
    "a time beyond all years": (line(2, time=10**18), ("URL_REQUEST_START_JOB", 12)),
    "a time before all years": (line(2, time=-(10**18)), ("URL_REQUEST_START_JOB", 12)),
    "a time of thousands of digits": (
        line(2).replace(b'"time":"5"', b'"time":"' + b"5" * 5000 + b'"'),
        ("URL_REQUEST_START_JOB", 12),
    ),
    "no time": (line(2).replace(b'"time":"5",', b""), ("", 12)),
    "a line cut behind its source": (line(2).partition(b',"time"')[0], ("", 12)),
    "a phase that is a list": (line(2).replace(b'"phase":1', b'"phase":[]'), ("URL_REQUEST_START_JOB", 12)),
    "a source that is true": (line(2).replace(b'"id":12', b'"id":true'), ("URL_REQUEST_START_JOB", -1)),
    "a source that is a list": (line(2).replace(b'"id":12', b'"id":[1]'), ("URL_REQUEST_START_JOB", -1)),
    "a source of thousands of digits": (
        line(2).replace(b'"id":12', b'"id":' + b"1" * 5000),
        ("URL_REQUEST_START_JOB", -1),
    ),
    "no source": (line(2).replace(b'"source"', b'"sauce"'), ("URL_REQUEST_START_JOB", -1)),
    "no source of bytes": (line(31).replace(b'"source"', b'"sauce"'), ("SOCKET_BYTES_SENT", -1)),
    "no type": (line(2).replace(b'"type"', b'"tipe"'), ("", 12)),
    "a type that is a text": (line(2).replace(b'"type":2}', b'"type":"2"}'), ("", 12)),
    "a line without its beginning": (line(2)[5:], ("", 12)),
    "a line without its end": (line(2)[:-10], ("", 12)),
    "a line of which the end of a list is left": (b"]}" + line(2)[1:], ("", 12)),
    "a line that is no event": (b"junk", ("", -1)),
    "a line of 17 MB": (line(2, params='{"a":"' + "a" * (17 << 20) + '"}'), ("URL_REQUEST_START_JOB", 12)),
    "bytes of 17 MB": (line(31, params='{"bytes":"' + "a" * (17 << 20) + '"}'), ("SOCKET_BYTES_SENT", 12)),
}


@pytest.mark.parametrize("name", _BAD)
def test_an_event_that_cannot_be_read_is_counted_and_costs_no_other(name: str) -> None:
    bad, lost = _BAD[name]
    with reading() as opened:
        opened.write(log(_GOOD, bad, _GOOD))
    assert opened.log.error is None
    assert [event.source for event in opened.events] == [1, 1]
    assert opened.lost == [lost]
    assert opened.asked == ([("SOCKET_BYTES_SENT", 12)] if name == "bytes of 17 MB" else [])
    (example,) = opened.log.examples
    assert example.startswith(f"{lost[0] or 'an event of unknown type'}: ")
    assert len(example) < 200


def test_a_line_without_end_takes_little_memory_and_none_when_nobody_wants_it() -> None:
    with reading() as opened:
        opened.write(_HEAD)
        assert opened.log.ready.wait(20)
        tracemalloc.start()
        try:
            piece = b"a" * (1 << 20)
            opened.write(*[piece] * 100, line(_UNWANTED) + b",\n", line(2, 5) + b",\n")
        finally:
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
    assert peak < 48 << 20
    assert opened.lost == []
    assert [event.source for event in opened.events] == [5]


def test_only_the_first_examples_are_kept() -> None:
    with reading() as opened:
        opened.write(log(*[line(2, number, params="[]") for number in range(1, 9)]))
    assert opened.log.unreadable == 8
    assert len(opened.log.examples) == 3


@pytest.mark.parametrize("shape", [(1, 1 << 21), (1 << 14, 100)])
def test_time_grows_no_faster_than_the_log(shape: tuple[int, int]) -> None:
    lines, length = shape

    def read(times: int) -> None:
        with TemporaryDirectory() as folder:
            reader = NetLog(Path(folder) / "log", {}, lambda name, source: True, frozenset(), lambda name, source: None)
            reader.feed(_HEAD)
            data = (line(_UNWANTED, params='{"a":"' + "a" * length * times + '"}') + b",\n") * lines
            if lines > 1:
                data = (line(_UNWANTED, params='{"a":"' + "a" * length + '"}') + b",\n") * (lines * times)
            for at in range(0, len(data), 4096):
                reader.feed(data[at : at + 4096])
            reader.start()
            reader.finish()

    small, large = seconds(lambda: read(1)), seconds(lambda: read(7))
    assert large < 21 * small + 0.1, (small, large)  # 7 times as much; quadratic would be 49 times


def test_the_fifo_is_drained_after_an_error() -> None:
    with reading() as opened:
        opened.write(b'{"constants": oops,\n"events": [\n')
        assert opened.log.ready.wait(20)
        opened.write(line(2, 2) + b",\n", *[b"x" * (1 << 20) + b"\n"] * 8)
    assert opened.events == []


@pytest.mark.parametrize(
    ("key", "value", "ask"),
    [
        ("a", 7, lambda event: event.text("a")),
        ("a", None, lambda event: event.text("a", "")),
        ("b", 7, lambda event: event.text("a")),
        ("a", "7", lambda event: event.number("a")),
        ("a", 7.0, lambda event: event.number("a", 0)),
        ("a", True, lambda event: event.number("a", 0)),
        ("b", 7, lambda event: event.number("a")),
        ("a", "7", lambda event: event.texts("a", ())),
        ("a", ["b", 7], lambda event: event.texts("a")),
        ("a", {"b": "c"}, lambda event: event.texts("a")),
        ("source_dependency", 7, lambda event: event.dependency),
        ("source_dependency", {"id": "7"}, lambda event: event.dependency),
        ("source_dependency", {}, lambda event: event.dependency),
        ("b", 7, lambda event: event.dependency),
    ],
)
def test_a_part_of_the_wrong_type_is_said_by_its_name(key: str, value: object, ask: Callable[[Event], object]) -> None:
    with pytest.raises(UnreadableEventError, match=r"^(a|source_dependency) is no "):
        ask(Event("CANCELLED", 1, BEGIN, 5, {key: value}))


def test_lines_nobody_wants_are_never_parsed() -> None:
    with reading(names=["CANCELLED"]) as opened:
        opened.write(log(line(_UNWANTED, params="{oops"), line(2, params="\\"), line(31, params="}"), line(0, 4)))
    assert opened.log.error is None
    assert opened.log.examples == []
    assert [event.source for event in opened.events] == [4]


def test_socket_bytes_are_parsed_only_where_they_are_wanted() -> None:
    with reading(wants=lambda name, source: source == 5) as opened:
        opened.write(
            log(
                line(31, 4, params="{oops"),
                line(31, 5, params='{"bytes":"AA=="}'),
                line(32, 6, params="{oops"),
                line(2, 7),
            )
        )
    assert opened.log.error is None
    assert opened.log.examples == []
    assert opened.asked == [("SOCKET_BYTES_SENT", 4), ("SOCKET_BYTES_SENT", 5), ("SSL_SOCKET_BYTES_RECEIVED", 6)]
    assert [(event.source, event.params) for event in opened.events] == [(5, {"bytes": "AA=="}), (7, {})]


def test_what_looks_like_a_source_within_params_is_none() -> None:
    with reading() as opened:
        opened.write(log(line(31, 5, params='{"source":{"id":4,"type":31},"type":2}')))
    assert opened.log.error is None
    assert opened.log.examples == []
    assert opened.asked == [("SOCKET_BYTES_SENT", 5)]


def test_the_fifo_is_for_its_owner_only() -> None:
    with reading() as opened:
        assert opened.path.is_fifo()
        assert opened.path.stat().st_mode & 0o777 == 0o600


def test_what_was_written_right_before_the_end_is_read() -> None:
    class LastMoment(threading.Event):
        """The browser writes and ends between two steps of the reader: no real one can be made to."""

        def is_set(self) -> bool:
            if not super().is_set():
                with opened.path.open("wb", buffering=0) as stream:
                    stream.write(log(line(2, 7)))
                self.set()
            return True

    events: list[Event] = []
    with TemporaryDirectory() as folder:
        path = Path(folder) / "log"
        taken = dict.fromkeys(_TYPES, events.append)
        opened = Reading(NetLog(path, taken, lambda name, source: True, frozenset(), lambda name, source: None), path)
        opened.log._stop = LastMoment()
        opened.log.start()
        assert opened.log._stop.wait(20)
        opened.log.finish()
    assert [event.source for event in events] == [7]


def test_it_ends_though_no_browser_ever_wrote() -> None:
    with reading() as opened:
        pass
    assert opened.log.error is None
    assert opened.log.examples == []
    assert opened.events == []

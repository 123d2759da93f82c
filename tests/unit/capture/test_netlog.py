"""The network log's reader, fed through a real FIFO as Chromium feeds it."""

from __future__ import annotations

import json
import threading
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
from archiver.capture.netlog import BEGIN, END, Event, NetLog
from archiver.errors import BrowserError
from tests.unit.support import cuts, pieces

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

        opened = Reading(NetLog(path, dict.fromkeys(names, take), ask, required), path)
        opened.log.start()
        try:
            yield opened
        finally:
            opened.log.finish()


def test_events_reach_their_handlers_with_wall_clock_time_and_named_phase() -> None:
    with reading() as opened:
        opened.write(log(line(2, 7, params='{"url":"https://a.test/"}', time=25), line(0, 8, phase=2, time=30)))
    assert opened.log.error is None
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


def test_constants_may_span_lines() -> None:
    head = b'{"constants":' + json.dumps(_CONSTANTS, indent=1).encode() + b',\n"events": [\n'
    with reading() as opened:
        opened.write(head + line(2) + b",\n")
    assert opened.log.error is None
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
    assert [event.source for event in opened.events] == [1, 2]


def test_a_log_cut_in_mid_line_counts_up_to_there() -> None:
    with reading() as opened:
        opened.write(_HEAD + line(2, 1) + b",\n" + line(2, 2) + b",\n" + line(2, 3)[:-20])
    assert opened.log.error is None
    assert [event.source for event in opened.events] == [1, 2]


@pytest.mark.parametrize("keep", [0, 5, len(_HEAD) - 15])
def test_a_log_cut_in_its_constants_is_no_error_and_never_ready(keep: int) -> None:
    with reading() as opened:
        opened.write(_HEAD[:keep])
    assert opened.log.error is None
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


def test_constants_that_are_no_json_are_an_error() -> None:
    with reading() as opened:
        opened.write(b'{"constants": oops,\n"events": [\n' + line(2) + b",\n")
        assert opened.log.ready.wait(20)
    assert opened.log.error is not None


def test_a_handlers_exception_is_kept_and_the_fifo_is_drained_all_the_same() -> None:
    problem = RuntimeError("first")

    called = threading.Event()

    def fail(event: Event) -> None:
        called.set()
        raise problem

    with reading(handler=fail) as opened:
        opened.write(_HEAD + line(2, 1) + b",\n")
        assert called.wait(20)
        opened.write(line(2, 2) + b",\n", *[b"x" * (1 << 20) + b"\n"] * 8)
    assert opened.log.error is problem
    assert [event.source for event in opened.events] == [1]


def test_lines_nobody_wants_are_never_parsed() -> None:
    with reading(names=["CANCELLED"]) as opened:
        opened.write(log(line(_UNWANTED, params="{oops"), line(2, params="\\"), line(31, params="}"), line(0, 4)))
    assert opened.log.error is None
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
    assert opened.asked == [("SOCKET_BYTES_SENT", 4), ("SOCKET_BYTES_SENT", 5), ("SSL_SOCKET_BYTES_RECEIVED", 6)]
    assert [(event.source, event.params) for event in opened.events] == [(5, {"bytes": "AA=="}), (7, {})]


def test_what_looks_like_a_source_within_params_is_none() -> None:
    with reading() as opened:
        opened.write(log(line(31, 5, params='{"source":{"id":4,"type":31},"type":2}')))
    assert opened.log.error is None
    assert opened.asked == [("SOCKET_BYTES_SENT", 5)]


def test_a_wanted_line_that_is_no_json_is_an_error() -> None:
    with reading() as opened:
        opened.write(log(line(2, params="{oops")))
    assert opened.log.error is not None


def test_the_fifo_is_for_its_owner_only() -> None:
    with reading() as opened:
        assert opened.path.is_fifo()
        assert opened.path.stat().st_mode & 0o777 == 0o600


def test_it_ends_though_no_browser_ever_wrote() -> None:
    with reading() as opened:
        pass
    assert opened.log.error is None
    assert opened.events == []

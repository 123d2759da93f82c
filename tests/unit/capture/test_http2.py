"""The frame reader says of a connection's bytes what the h2 library says of them."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    DataReceived,
    Event,
    InformationalResponseReceived,
    RequestReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.capture.http2 import (
    PREFACE,
    Fields,
    FrameReader,
    field_lines,
    request_head,
    response_head,
    status_of,
)
from tests.unit.support import cuts, pieces

Said = tuple[str, int, object]


class Notes:
    """Writes down what a frame reader says."""

    def __init__(self) -> None:
        self.said: list[Said] = []

    def on_fields(self, stream: int, fields: Fields) -> None:
        self.said.append(("fields", stream, fields))

    def on_data(self, stream: int, data: bytes) -> None:
        self.said.append(("data", stream, data))

    def on_end(self, stream: int) -> None:
        self.said.append(("end", stream, None))

    def on_reset(self, stream: int) -> None:
        self.said.append(("reset", stream, None))


def said_by_h2(events: Sequence[Event]) -> Iterator[Said]:
    for event in events:
        if isinstance(event, RequestReceived | ResponseReceived | InformationalResponseReceived | TrailersReceived):
            assert event.headers is not None
            assert event.stream_id is not None
            yield "fields", event.stream_id, [(bytes(name), bytes(value)) for name, value in event.headers]
        elif isinstance(event, DataReceived) and event.data:
            assert event.stream_id is not None
            yield "data", event.stream_id, event.data
        elif isinstance(event, StreamEnded):
            assert event.stream_id is not None
            yield "end", event.stream_id, None
        elif isinstance(event, StreamReset):
            assert event.stream_id is not None
            yield "reset", event.stream_id, None


class Conversation:
    """An h2 client and an h2 server talking; both directions' bytes, and what the peer of each understood."""

    def __init__(self, frame_bytes: int) -> None:
        plain = {"header_encoding": None, "validate_outbound_headers": False, "normalize_outbound_headers": False}
        plain |= {"validate_inbound_headers": False, "normalize_inbound_headers": False}
        self.client = H2Connection(H2Configuration(client_side=True, **plain))  # type: ignore[arg-type]  # one dict for both
        self.server = H2Connection(H2Configuration(client_side=False, **plain))  # type: ignore[arg-type]  # as above
        self.sent, self.received = b"", b""
        self.said_sent: list[Said] = []
        self.said_received: list[Said] = []
        self.client.initiate_connection()
        self.server.initiate_connection()
        self.carry()
        # Smaller frames than allowed make CONTINUATION frames out of ordinary fields.
        self.client.max_outbound_frame_size = self.server.max_outbound_frame_size = frame_bytes

    def carry(self) -> None:
        """Take everything that waits to the other side, until nothing waits."""
        while True:
            up, down = self.client.data_to_send(), self.server.data_to_send()
            if not (up or down):
                return
            self.sent += up
            self.received += down
            heard_up, heard_down = self.server.receive_data(up), self.client.receive_data(down)
            self.said_sent += said_by_h2(heard_up)
            self.said_received += said_by_h2(heard_down)
            for side, events in ((self.server, heard_up), (self.client, heard_down)):
                for event in events:
                    if isinstance(event, DataReceived) and event.flow_controlled_length:
                        side.increment_flow_control_window(event.flow_controlled_length)


@dataclass
class Script:
    """What happens on one stream. A part of a body is data with its padding."""

    request: Fields
    request_parts: list[tuple[bytes, int | None]]
    request_trailers: Fields
    interim: list[Fields]
    response: Fields
    response_parts: list[tuple[bytes, int | None]]
    response_trailers: Fields
    reset: tuple[str, int] | None  # by whom, after how many steps
    stream: int = field(default=0)

    def steps(self, talk: Conversation) -> list[Callable[[], None]]:
        def begin() -> None:
            self.stream = talk.client.get_next_available_stream_id()
            talk.client.send_headers(self.stream, [(b":method", b"GET"), *self.request])

        steps: list[Callable[[], None]] = [begin]
        steps += self._body(talk.client, self.request_parts, self.request_trailers)
        steps += [lambda fields=fields: talk.server.send_headers(self.stream, fields) for fields in self.interim]  # type: ignore[misc]  # mypy cannot type a default argument here
        steps.append(lambda: talk.server.send_headers(self.stream, [(b":status", b"200"), *self.response]))
        steps += self._body(talk.server, self.response_parts, self.response_trailers)
        if self.reset is not None:
            side = talk.client if self.reset[0] == "client" else talk.server
            # Once both sides have ended it there is nothing left to reset.
            del steps[min(self.reset[1] + 1, len(steps) - 1) :]
            steps.append(lambda: side.reset_stream(self.stream, 8))
        return steps

    def _body(
        self, side: H2Connection, parts: list[tuple[bytes, int | None]], trailers: Fields
    ) -> list[Callable[[], None]]:
        steps: list[Callable[[], None]] = [
            lambda data=data, padding=padding: side.send_data(self.stream, data, pad_length=padding)  # type: ignore[misc]  # as above
            for data, padding in parts
        ]
        if trailers:
            steps.append(lambda: side.send_headers(self.stream, trailers, end_stream=True))
        else:
            steps.append(lambda: side.end_stream(self.stream))
        return steps


def held(scripts: Sequence[Script], turns: Sequence[int], frame_bytes: int = 16_384) -> Conversation:
    """The conversation of these scripts, interleaved: each turn says which of the unfinished streams goes on."""
    talk = Conversation(frame_bytes)
    waiting = [script.steps(talk) for script in scripts]
    turn = 0
    while waiting := [steps for steps in waiting if steps]:
        chosen = waiting[turns[turn % len(turns)] % len(waiting) if turns else 0]
        turn += 1
        chosen.pop(0)()
        talk.carry()
    return talk


def read(data: Sequence[bytes], *, sent: bool) -> tuple[FrameReader, list[Said]]:
    notes = Notes()
    reader = FrameReader(notes, sent=sent)
    for piece in data:
        reader.feed(piece)
    return reader, notes.said


_name = st.sampled_from([b"set-cookie", b"cookie", b"x-a", b"x-b", b"via", b"content-type", b"authorization"])
_value = st.one_of(
    st.binary(max_size=30),
    st.from_regex(rb"[ -~]{0,40}", fullmatch=True),
    st.builds(lambda seed, size: bytes((seed * i) % 256 for i in range(size)), st.integers(1, 99), st.integers(0, 900)),
)
_fields = st.lists(st.tuples(_name, _value), max_size=3)
_part = st.tuples(st.binary(max_size=200), st.one_of(st.none(), st.integers(min_value=0, max_value=255)))
_script = st.builds(
    Script,
    request=_fields,
    request_parts=st.lists(_part, max_size=3),
    request_trailers=st.lists(st.tuples(_name, st.binary(max_size=9)), max_size=2),
    interim=st.lists(st.just([(b":status", b"103"), (b"link", b"</style.css>")]), max_size=2),
    response=_fields,
    response_parts=st.lists(_part, max_size=3),
    response_trailers=st.lists(st.tuples(_name, st.binary(max_size=9)), max_size=2),
    reset=st.one_of(
        st.none(), st.none(), st.tuples(st.sampled_from(["client", "server"]), st.integers(min_value=0, max_value=9))
    ),
)


@settings(max_examples=60)
@given(
    scripts=st.lists(_script, min_size=1, max_size=4),
    turns=st.lists(st.integers(min_value=0, max_value=3), max_size=20),
    frame_bytes=st.sampled_from([16_384, 500]),
    at=cuts,
)
def test_it_understands_any_conversation_as_h2_does(
    scripts: list[Script], turns: list[int], frame_bytes: int, at: list[int]
) -> None:
    talk = held(scripts, turns, frame_bytes)
    for data, expected, sent in ((talk.sent, talk.said_sent, True), (talk.received, talk.said_received, False)):
        reader, said = read(pieces(data, at), sent=sent)
        assert said == expected
        assert not reader.broken


def script(**changes: object) -> Script:
    usual: dict[str, object] = {
        "request": [(b":path", b"/")],
        "request_parts": [],
        "request_trailers": [],
        "interim": [],
        "response": [],
        "response_parts": [(b"hello", None)],
        "response_trailers": [],
        "reset": None,
    }
    return Script(**(usual | changes))  # type: ignore[arg-type]  # the names are those of Script


def test_repeated_fields_keep_their_places_and_are_not_merged() -> None:
    response = [
        (b"set-cookie", b"a=1"),
        (b"x-a", b"1"),
        (b"set-cookie", b"b=2"),
        (b"x-a", b"2"),
        (b"set-cookie", b"a=1"),
    ]
    _, said = read([held([script(response=response)], []).received], sent=False)
    assert said[0] == ("fields", 1, [(b":status", b"200"), *response])


def test_a_field_list_over_several_frames_comes_as_one() -> None:
    request = [(b":path", b"/"), *((b"x-a", bytes([200 + number]) * 500) for number in range(3))]
    talk = held([script(request=request)], [], frame_bytes=500)
    assert b"\x00\x01\xf4\x09\x00\x00\x00\x00\x01" in talk.sent, "no CONTINUATION frame of 500 bytes was sent"
    _, said = read([bytes([byte]) for byte in talk.sent], sent=True)
    assert said == [("fields", 1, [(b":method", b"GET"), *request]), ("end", 1, None)]


def test_interim_responses_and_trailers_are_field_lists_of_their_own() -> None:
    interim = [(b":status", b"103"), (b"link", b"</a>")]
    talk = held([script(interim=[interim], response_trailers=[(b"x-b", b"end")])], [])
    _, said = read([talk.received], sent=False)
    assert said == [
        ("fields", 1, interim),
        ("fields", 1, [(b":status", b"200")]),
        ("data", 1, b"hello"),
        ("fields", 1, [(b"x-b", b"end")]),
        ("end", 1, None),
    ]


def test_padding_is_no_data() -> None:
    _, said = read([held([script(response_parts=[(b"hello", 255), (b"", 9)])], []).received], sent=False)
    assert [what for kind, _, what in said if kind == "data"] == [b"hello"]


def test_a_reset_is_said_and_is_no_end() -> None:
    _, said = read([held([script(reset=("server", 3))], []).received], sent=False)
    assert said[-1] == ("reset", 1, None)
    assert ("end", 1, None) not in said


# Broken connections


def frame(kind: int, payload: bytes, *, flags: int = 0, stream: int = 1) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + struct.pack(">I", stream) + payload


_DATA, _HEADERS, _RST_STREAM, _SETTINGS = 0, 1, 3, 4
_GOOD = frame(_HEADERS, b"\x88", flags=4)


def test_the_good_frame_of_these_tests_is_good() -> None:
    assert read([_GOOD], sent=False)[1] == [("fields", 1, [(b":status", b"200")])]


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(frame(_DATA, b"hello", stream=0), id="DATA on stream 0"),
        pytest.param(frame(_SETTINGS, b"", stream=1), id="SETTINGS on a stream"),
        pytest.param(frame(_DATA, b"\x09hello", flags=8), id="more padding than frame"),
        pytest.param(frame(_DATA, b"", flags=8), id="padding without its length"),
        pytest.param(frame(_RST_STREAM, b"\x00\x00\x01"), id="RST_STREAM of three bytes"),
        pytest.param(frame(_HEADERS, b"\x80", flags=4), id="index 0"),
        pytest.param(frame(_HEADERS, b"\xff\x7f", flags=4), id="index outside the table"),
        pytest.param(frame(_HEADERS, b"\xff\xff\xff\xff\xff", flags=4), id="an endless integer"),
        pytest.param(frame(_HEADERS, b"\x40\x0aabc", flags=4), id="a string longer than the block"),
        pytest.param(frame(_HEADERS, b"\x40\x81\xff\x01a", flags=4), id="wrong Huffman code"),
        pytest.param(frame(_HEADERS, b"\x3f\xe1\xff\x07\x88", flags=4), id="a table larger than offered"),
    ],
)
def test_what_breaks_the_protocol_breaks_the_reader_for_good(bad: bytes) -> None:
    notes = Notes()
    reader = FrameReader(notes, sent=False)
    reader.feed(_GOOD + bad)
    assert reader.broken
    reader.feed(frame(_DATA, b"more") + _GOOD)
    assert len(notes.said) == 1


def test_unknown_frames_are_passed_over() -> None:
    reader, said = read([frame(0x77, b"grease", stream=0) + frame(0x0B, b"x") + _GOOD], sent=False)
    assert not reader.broken
    assert len(said) == 1


@given(data=st.binary(max_size=300), at=cuts, sent=st.booleans())
def test_no_bytes_raise_an_exception(data: bytes, at: list[int], sent: bool) -> None:
    read(pieces(PREFACE + data if sent else data, at), sent=sent)


_LONG_TALK = held(
    [
        script(request_parts=[(b"body", 3)], response=[(b"set-cookie", b"a"), (b"x-a", b"\xff" * 400)]),
        script(interim=[[(b":status", b"103")]], response_trailers=[(b"x-b", b"end")]),
    ],
    [0, 1],
    frame_bytes=500,
)


@given(
    changes=st.lists(
        st.tuples(st.integers(min_value=0), st.integers(min_value=0, max_value=255)), min_size=1, max_size=4
    )
)
def test_a_damaged_conversation_raises_no_exception(changes: list[tuple[int, int]]) -> None:
    damaged = bytearray(_LONG_TALK.received)
    for place, byte in changes:
        # Half of the places are near the beginning, where most of the structure is.
        damaged[place % (len(damaged) if place % 2 else 200)] = byte
    read([bytes(damaged)], sent=False)


# Header blocks


def test_a_request_is_written_with_its_request_line_and_host() -> None:
    fields = [
        (b":method", b"POST"),
        (b":authority", b"news.test:8443"),
        (b":scheme", b"https"),
        (b":path", b"/a?b=c"),
        (b"cookie", b"a=1"),
        (b"accept", b"*/*"),
        (b"cookie", b"b=2"),
    ]
    assert request_head(fields) == (
        b"POST /a?b=c HTTP/1.1\r\nHost: news.test:8443\r\ncookie: a=1\r\naccept: */*\r\ncookie: b=2\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("status", "line"),
    [
        (b"200", b"HTTP/1.1 200 OK"),
        (b"404", b"HTTP/1.1 404 Not Found"),
        (b"299", b"HTTP/1.1 299 "),
        (b"999", b"HTTP/1.1 999 "),
        (b"x", b"HTTP/1.1 000 "),
    ],
)
def test_a_response_is_written_with_its_status_line(status: bytes, line: bytes) -> None:
    head = response_head([(b":status", status), (b"set-cookie", b"a"), (b"x", b""), (b"set-cookie", b"\xff")])
    assert head == line + b"\r\nset-cookie: a\r\nx: \r\nset-cookie: \xff\r\n\r\n"


def test_a_response_without_fields_ends_in_its_blank_line() -> None:
    assert response_head([(b":status", b"204")]) == b"HTTP/1.1 204 No Content\r\n\r\n"


def test_trailers_have_no_status_and_are_written_as_lines() -> None:
    assert status_of([(b"x-b", b"1")]) == 0
    assert field_lines([(b":status", b"200"), (b"x-b", b"1"), (b"x-b", b"2")]) == b"x-b: 1\r\nx-b: 2\r\n"


def test_a_status_of_thousands_of_digits_is_no_status_and_no_error() -> None:
    # An exception here would end the reading of the network log, and with it the whole capture.
    assert not 100 <= status_of([(b":status", b"9" * 5000)]) <= 999

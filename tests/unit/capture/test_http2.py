"""The frame reader says of a connection's bytes what the h2 library says of them."""

from __future__ import annotations

import struct
import tracemalloc
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
from h2.settings import SettingCodes, Settings
from hpack.hpack import encode_integer
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
from tests.unit.support import cuts, pieces, seconds

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

    def on_fault(self, stream: int, fault: str) -> None:
        self.said.append(("fault", stream, fault))


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

    def __init__(self, frame_bytes: int, table_bytes: int) -> None:
        plain = {"header_encoding": None, "validate_outbound_headers": False, "normalize_outbound_headers": False}
        plain |= {"validate_inbound_headers": False, "normalize_inbound_headers": False}
        self.client = H2Connection(H2Configuration(client_side=True, **plain))  # type: ignore[arg-type]  # one dict for both
        self.server = H2Connection(H2Configuration(client_side=False, **plain))  # type: ignore[arg-type]  # as above
        self.sent, self.received = b"", b""
        self.said_sent: list[Said] = []
        self.said_received: list[Said] = []
        # What the server says it will remember of the client's fields, which the client then makes use of
        offer = {SettingCodes.HEADER_TABLE_SIZE: table_bytes}
        self.server.local_settings = Settings(client=False, initial_values=offer)
        self.server.decoder.max_allowed_table_size = max(table_bytes, 4096)  # which is what both begin with
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


def held(
    scripts: Sequence[Script], turns: Sequence[int], frame_bytes: int = 16_384, table_bytes: int = 4096
) -> Conversation:
    """The conversation of these scripts, interleaved: each turn says which of the unfinished streams goes on."""
    talk = Conversation(frame_bytes, table_bytes)
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
# What cannot be a header line has tests of its own.
_octets = bytes(set(range(256)) - set(b"\r\n\0"))
_value = st.one_of(
    st.binary(max_size=30).map(lambda value: value.translate(None, b"\r\n\0")),
    st.from_regex(rb"[ -~]{0,40}", fullmatch=True),
    st.builds(
        lambda seed, size: bytes(_octets[(seed * i) % len(_octets)] for i in range(size)),
        st.integers(1, 99),
        st.integers(0, 900),
    ),
)
_fields = st.lists(st.tuples(_name, _value), max_size=3)
_part = st.tuples(st.binary(max_size=200), st.one_of(st.none(), st.integers(min_value=0, max_value=255)))
_script = st.builds(
    Script,
    request=_fields,
    request_parts=st.lists(_part, max_size=3),
    request_trailers=st.lists(st.tuples(_name, _value), max_size=2),
    interim=st.lists(st.just([(b":status", b"103"), (b"link", b"</style.css>")]), max_size=2),
    response=_fields,
    response_parts=st.lists(_part, max_size=3),
    response_trailers=st.lists(st.tuples(_name, _value), max_size=2),
    reset=st.one_of(
        st.none(), st.none(), st.tuples(st.sampled_from(["client", "server"]), st.integers(min_value=0, max_value=9))
    ),
)


@settings(max_examples=60)
@given(
    scripts=st.lists(_script, min_size=1, max_size=4),
    turns=st.lists(st.integers(min_value=0, max_value=3), max_size=20),
    frame_bytes=st.sampled_from([16_384, 500]),
    table_bytes=st.sampled_from([4096, 0, 100, 1 << 20, (1 << 32) - 1]),
    at=cuts,
)
def test_it_understands_any_conversation_as_h2_does(
    scripts: list[Script], turns: list[int], frame_bytes: int, table_bytes: int, at: list[int]
) -> None:
    talk = held(scripts, turns, frame_bytes, table_bytes)
    for data, expected, sent in ((talk.sent, talk.said_sent, True), (talk.received, talk.said_received, False)):
        reader, said = read(pieces(data, at), sent=sent)
        assert said == expected
        assert reader.fault == ""


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


@pytest.mark.parametrize("table_bytes", [1 << 17, 1 << 20, (1 << 32) - 1])
def test_a_server_may_offer_to_remember_more_of_the_requests_than_chromium_does_of_answers(table_bytes: int) -> None:
    # Chromium uses it, and a reader that refused would lose every request on the connection.
    requests = [[(b":path", b"/"), (b"x-a", b"a" * 16_000 + bytes([number]))] for number in (1, 2, 3, 4, 5, 1)]
    talk = held([script(request=request) for request in requests], [], table_bytes=table_bytes)
    reader, said = read([talk.sent], sent=True)
    assert reader.fault == ""
    assert [what for kind, _, what in said if kind == "fields"] == [[(b":method", b"GET"), *r] for r in requests]


# Broken connections


def frame(kind: int, payload: bytes, *, flags: int = 0, stream: int = 1) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + struct.pack(">I", stream) + payload


_DATA, _HEADERS, _RST_STREAM, _SETTINGS, _PUSH_PROMISE, _PING, _WINDOW_UPDATE, _CONTINUATION = 0, 1, 3, 4, 5, 6, 8, 9
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
        pytest.param(frame(_HEADERS, b"\x88", flags=4, stream=0), id="HEADERS on stream 0"),
        pytest.param(frame(_RST_STREAM, b"\0\0\0\x01", stream=0), id="RST_STREAM on stream 0"),
        pytest.param(frame(_SETTINGS, b"\0" * 5, stream=0), id="half a setting"),
        pytest.param(frame(_HEADERS, b"\x03\x88\0", flags=4 | 8), id="more padding than fields"),
        pytest.param(frame(_HEADERS, b"\0" * 4, flags=4 | 32), id="a priority of four bytes"),
        pytest.param(frame(_HEADERS, b"\x01" + b"\0" * 5, flags=4 | 8 | 32), id="padding instead of a priority"),
        pytest.param(frame(_CONTINUATION, b"\x88", flags=4), id="CONTINUATION of nothing"),
        pytest.param(frame(_HEADERS, b"\x88") + frame(_DATA, b"x"), id="DATA amid a header block"),
        pytest.param(frame(_HEADERS, b"\x88") + frame(0x77, b"x"), id="an unknown frame amid a header block"),
        pytest.param(frame(_HEADERS, b"\x88") + _GOOD, id="a header block amid another"),
        pytest.param(
            frame(_HEADERS, b"\x88") + frame(_CONTINUATION, b"\x88", flags=4, stream=3), id="another's CONTINUATION"
        ),
        pytest.param(frame(_PUSH_PROMISE, b"\0\0\0\x02\x88", flags=4), id="a push"),
        pytest.param(frame(_DATA, b"x" * 16_385), id="a frame larger than allowed"),
        pytest.param(b"\xff\xff\xff", id="the largest frame of all"),
        pytest.param(frame(_HEADERS, b"\x88\x20", flags=4), id="a change of the table size after a field"),
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
    reader.feed(b"\0" * 9)
    assert reader.fault
    assert len(reader._buffer) == 0
    reader.feed(frame(_DATA, b"more") + _GOOD)
    assert len(notes.said) == 1


def test_a_client_that_does_not_begin_as_one_is_not_understood() -> None:
    reader, said = read(pieces(PREFACE.lower() + _GOOD, [3, 20]), sent=True)
    assert "preface" in reader.fault
    assert said == []


@pytest.mark.parametrize(
    "strange",
    [
        pytest.param(frame(_WINDOW_UPDATE, b"\0" * 4), id="a window update of nothing"),
        pytest.param(frame(_PING, b"x", stream=5), id="a PING of one byte"),
        pytest.param(frame(2, b""), id="PRIORITY without one"),
        pytest.param(frame(0x0A, b"\xff"), id="ALTSVC cut short"),
        pytest.param(frame(7, b"", stream=0), id="GOAWAY without a reason"),
        pytest.param(frame(_DATA, b"\x05" + b"\0" * 5, flags=8), id="nothing but padding"),
        pytest.param(frame(_HEADERS, b"") + frame(_CONTINUATION, b"", flags=4), id="a header block of nothing"),
    ],
)
def test_what_may_cost_a_stream_at_most_does_not_break_the_connection(strange: bytes) -> None:
    reader, said = read([strange + _GOOD], sent=False)
    assert reader.fault == ""
    assert said[-1] == ("fields", 1, [(b":status", b"200")])


_LITERAL = b"\x40"  # with a new name, to be remembered


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"x", b"a\r\nSet-Cookie: b"),
        (b"x", b"a\n\nb"),
        (b"x", b"\0"),
        (b"x: y\r\nz", b""),
        (b"x y", b""),
        (b"", b"a"),
        (b"a:b", b""),
        (b"\xe9", b""),
    ],
)
def test_fields_that_cannot_be_header_lines_are_a_fault_of_their_stream_only(name: bytes, value: bytes) -> None:
    field = _LITERAL + bytes([len(name)]) + name + bytes([len(value)]) + value
    reader, said = read(
        [frame(_HEADERS, b"\x88" + field, flags=5) + frame(_HEADERS, b"\x88\xbe", flags=4, stream=3) + _GOOD],
        sent=False,
    )
    assert reader.fault == ""
    assert [(kind, stream) for kind, stream, _ in said] == [("fault", 1), ("end", 1), ("fault", 3), ("fields", 1)]


def in_frames(block: bytes, stream: int = 1) -> bytes:
    """A header block in as many frames as it needs."""
    parts = [block[at : at + 16_384] for at in range(0, len(block), 16_384)]
    kinds = [_HEADERS] + [_CONTINUATION] * (len(parts) - 1)
    flags = [0] * (len(parts) - 1) + [4]
    return b"".join(
        frame(kind, part, flags=flag, stream=stream) for kind, part, flag in zip(kinds, parts, flags, strict=True)
    )


def string(data: bytes) -> bytes:
    """A string literal of HPACK, without Huffman coding."""
    return bytes(encode_integer(len(data), 7)) + data


def test_a_field_list_that_grows_without_measure_costs_its_stream_and_no_memory() -> None:
    # 60 kB are remembered, and named again and again by one byte each: 6 GB.
    bomb = b"\x3f\xe1\xff\x03" + _LITERAL + string(b"x-bomb") + string(b"b" * 60_000) + b"\xbe" * 100_000
    tracemalloc.start()
    try:
        reader, said = read([in_frames(bomb), in_frames(b"\x88\xbe", stream=3)], sent=False)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert reader.fault == ""
    assert [(kind, stream) for kind, stream, _ in said] == [("fault", 1), ("fields", 3)]
    assert said[1][2] == [(b":status", b"200"), (b"x-bomb", b"b" * 60_000)]
    assert peak < 4 << 20


@pytest.mark.parametrize("size", [16_384, 1, 0])
def test_a_header_block_without_end_breaks_the_connection_and_is_not_kept(size: int) -> None:
    reader, _ = read([frame(_HEADERS, b"\x88")], sent=False)
    more = frame(_CONTINUATION, b"\x40" * size)
    for _ in range((1 << 20) // (size or 1 << 10) if size != 1 else 600_000):
        reader.feed(more)
    assert bool(reader.fault) is (size > 0)
    assert len(reader._buffer) + len(reader._block or b"") < 1 << 20


_FLOODS: dict[str, Callable[[int], bytes]] = {
    "small frames": lambda count: frame(_DATA, b"x") * count,
    "empty CONTINUATION frames": lambda count: frame(_HEADERS, b"\x88") + frame(_CONTINUATION, b"") * count,
    "fields of three bytes before a long one": lambda count: in_frames(
        b"\x00\x01a\x00" * count + b"\x00" + string(b"x") + string(b"y" * 300_000)
    ),
    "changes of the table size": lambda count: in_frames(b"\x20" * count),
}


@pytest.mark.parametrize("name", _FLOODS)
def test_time_grows_no_faster_than_what_comes(name: str) -> None:
    data, more = _FLOODS[name](3_000), _FLOODS[name](24_000)
    small, large = seconds(lambda: read([data], sent=False)), seconds(lambda: read([more], sent=False))
    assert large < 24 * small + 0.05, (small, large)  # 8 times as much; quadratic would be 64 times


def test_a_large_header_block_takes_no_longer_than_its_fields() -> None:
    # hpack alone copies what follows each field: 32,000 times half a megabyte here.
    block = b"\x00\x01a\x00" * 20_000 + b"\x00" + string(b"x") + string(b"y" * 400_000)
    alone = seconds(lambda: read([in_frames(b"\x00\x01a\x00" * 20_000)], sent=False))
    assert seconds(lambda: read([in_frames(block)], sent=False)) < 2 * alone + 0.05


def test_unknown_frames_are_passed_over() -> None:
    reader, said = read([frame(0x77, b"grease", stream=0) + frame(0x0B, b"x") + _GOOD], sent=False)
    assert reader.fault == ""
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

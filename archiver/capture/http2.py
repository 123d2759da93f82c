"""HTTP/2 (RFC 9113) out of the bytes of a connection, and field lists as HTTP/1.1 header blocks.

The network log's own header events merge repeated fields, so the header blocks are decoded here, from the wire.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Protocol

from hpack import Decoder
from hpack.exceptions import HPACKError
from hyperframe.exceptions import HyperframeError
from hyperframe.frame import ContinuationFrame, DataFrame, Frame, HeadersFrame, RstStreamFrame

Fields = list[tuple[bytes, bytes]]

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"  # section 3.4
_FRAME_HEADER_BYTES = 9  # section 4.1
_MAX_FIELD_LIST_BYTES = 1 << 20  # Chromium accepts 256 KiB
_FIELD_TABLE_BYTES = 1 << 16  # the table size Chromium offers (SETTINGS_HEADER_TABLE_SIZE)


class StreamEvents(Protocol):
    """What one direction of a connection says about its streams, in the order of the wire."""

    def on_fields(self, stream: int, fields: Fields) -> None: ...
    def on_data(self, stream: int, data: bytes) -> None: ...
    def on_end(self, stream: int) -> None: ...
    def on_reset(self, stream: int) -> None: ...


class FrameReader:
    """Reads one direction of a connection. `sent`: the client's, which begins with the connection preface.

    A direction that breaks the protocol is `broken`: nothing more is read from it.
    """

    def __init__(self, events: StreamEvents, *, sent: bool) -> None:
        self._events = events
        self._buffer = bytearray()
        self._preface_left = len(PREFACE) if sent else 0
        self._decoder = Decoder(max_header_list_size=_MAX_FIELD_LIST_BYTES)
        self._decoder.max_allowed_table_size = _FIELD_TABLE_BYTES
        self._block = bytearray()  # a header block still waiting for its CONTINUATION frames
        self._block_ends_stream = False
        self.broken = False

    def feed(self, data: bytes) -> None:
        skip = min(self._preface_left, len(data))
        self._preface_left -= skip
        self._buffer += data[skip:]
        try:
            while not self.broken and self._take_frame():
                pass
        except (HPACKError, HyperframeError):
            self.broken = True

    def _take_frame(self) -> bool:
        if len(self._buffer) < _FRAME_HEADER_BYTES:
            return False
        end = _FRAME_HEADER_BYTES + int.from_bytes(self._buffer[:3], "big")
        if len(self._buffer) < end:
            return False
        frame, _ = Frame.parse_frame_header(memoryview(bytes(self._buffer[:_FRAME_HEADER_BYTES])))
        frame.parse_body(memoryview(bytes(self._buffer[_FRAME_HEADER_BYTES:end])))
        del self._buffer[:end]
        self._take(frame)
        return True

    def _take(self, frame: Frame) -> None:
        if isinstance(frame, DataFrame):
            if frame.data:
                self._events.on_data(frame.stream_id, bytes(frame.data))
            if "END_STREAM" in frame.flags:
                self._events.on_end(frame.stream_id)
        elif isinstance(frame, HeadersFrame | ContinuationFrame):
            self._block += frame.data
            if isinstance(frame, HeadersFrame):
                self._block_ends_stream = "END_STREAM" in frame.flags
            if "END_HEADERS" in frame.flags:
                fields = self._decoder.decode(bytes(self._block), raw=True)
                self._block.clear()
                self._events.on_fields(frame.stream_id, [(bytes(n), bytes(v)) for n, v in fields])
                if self._block_ends_stream:
                    self._events.on_end(frame.stream_id)
        elif isinstance(frame, RstStreamFrame):
            self._events.on_reset(frame.stream_id)


def request_head(fields: Fields) -> bytes:
    """A request's fields as an HTTP/1.1 header block: pseudo-fields as request line and Host, order kept."""
    pseudo = {name: value for name, value in fields if name.startswith(b":")}
    lines = [pseudo.get(b":method", b"GET") + b" " + pseudo.get(b":path", b"/") + b" HTTP/1.1"]
    if b":authority" in pseudo:
        lines.append(b"Host: " + pseudo[b":authority"])
    return _block(lines, fields)


def response_head(fields: Fields) -> bytes:
    """A response's fields as an HTTP/1.1 header block; the reason phrase, which HTTP/2 lacks, is the usual one."""
    status = status_of(fields)
    phrase = HTTPStatus(status).phrase if status in list(HTTPStatus) else ""
    return _block([f"HTTP/1.1 {status:03d} {phrase}".encode()], fields)


def status_of(fields: Fields) -> int:
    """The `:status` of a field list, 0 where there is none (as in trailers)."""
    value = next((value for name, value in fields if name == b":status"), b"")
    return int(value) if value.isdigit() and len(value) == 3 else 0


def field_lines(fields: Fields) -> bytes:
    """Fields as header lines, pseudo-fields left out."""
    return b"".join(name + b": " + value + b"\r\n" for name, value in fields if not name.startswith(b":"))


def _block(lines: list[bytes], fields: Fields) -> bytes:
    return b"\r\n".join([*lines, b""]) + field_lines(fields) + b"\r\n"

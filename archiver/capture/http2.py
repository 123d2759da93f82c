"""HTTP/2 (RFC 9113) out of the bytes of a connection, and field lists as HTTP/1.1 header blocks.

The network log's own header events merge repeated fields, so the header blocks are decoded here, from the wire.
"""

from __future__ import annotations

import re
import struct
from http import HTTPStatus
from typing import Protocol

from hpack import Decoder
from hpack.exceptions import HPACKError
from hpack.hpack import decode_integer

Fields = list[tuple[bytes, bytes]]

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"  # section 3.4
# Frame types and flags, sections 6.1 to 6.10
_DATA, _HEADERS, _RST_STREAM, _SETTINGS, _PUSH_PROMISE, _CONTINUATION = 0, 1, 3, 4, 5, 9
_END_STREAM, _END_HEADERS, _PADDED, _PRIORITY = 1, 4, 8, 32
_FRAME_HEADER = struct.Struct(">HBBBL")  # length (24 bits in two parts), type, flags, stream
_MAX_FRAME_BYTES = 1 << 14  # Chromium sends no larger ones, and ends a connection that brings one (measured)
_MAX_BLOCK_BYTES = 1 << 19
_MAX_FIELD_LIST_BYTES = 1 << 20  # Chromium accepts 256 KiB
_FIELD_OVERHEAD_BYTES = 32  # what a field counts beyond its text, as in RFC 9113 section 6.5.2
_OFFERED_TABLE_BYTES = 1 << 16  # what Chromium offers servers (SETTINGS_HEADER_TABLE_SIZE)
_ANY_TABLE_BYTES = 1 << 32  # Chromium uses as much as the server offers it
# Section 8.2.1, as far as anything else could not be written as a header line
_NAME = re.compile(rb":?[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NOT_IN_VALUES = re.compile(rb"[\r\n\0]")


class StreamEvents(Protocol):
    """What one direction of a connection says about its streams, in the order of the wire."""

    def on_fields(self, stream: int, fields: Fields) -> None: ...
    def on_data(self, stream: int, data: bytes) -> None: ...
    def on_end(self, stream: int) -> None: ...
    def on_reset(self, stream: int) -> None: ...

    def on_fault(self, stream: int, fault: str) -> None:
        """A header block came that cannot be used; the connection goes on."""


class _ConnectionError(Exception):
    """The peer broke the protocol in a way that ends the connection; the text says how."""


class FrameReader:
    """Reads one direction of a connection. `sent`: the client's, which begins with the connection preface.

    A direction that breaks the protocol has a `fault`: nothing more is read from it.
    """

    def __init__(self, events: StreamEvents, *, sent: bool) -> None:
        self._events = events
        self._buffer = bytearray()
        self._preface = PREFACE if sent else b""  # what is still to come of it
        self._decoder = Decoder(max_header_list_size=_MAX_FIELD_LIST_BYTES)
        self._decoder.max_allowed_table_size = _ANY_TABLE_BYTES if sent else _OFFERED_TABLE_BYTES
        self._block: bytearray | None = None  # a header block still waiting for its CONTINUATION frames
        self._block_stream = 0
        self._block_ends_stream = False
        self.fault = ""

    def feed(self, data: bytes) -> None:
        if self.fault:
            return
        self._buffer += data
        begin = min(len(self._preface), len(self._buffer))
        try:
            if self._buffer[:begin] != self._preface[:begin]:
                raise _ConnectionError("no connection preface")
            self._preface = self._preface[begin:]
            read = self._take_frames(begin)
        except _ConnectionError as error:
            self.break_off(str(error))
        except HPACKError as error:
            self.break_off(f"a header block that cannot be decoded ({type(error).__name__})")
        else:
            del self._buffer[:read]

    def break_off(self, fault: str) -> None:
        """Read nothing more: this direction cannot be understood any longer."""
        self.fault = self.fault or fault
        self._buffer.clear()
        self._block = None

    def _take_frames(self, position: int) -> int:
        """Take the whole frames from this place of the buffer on; returns where the first unfinished one begins."""
        with memoryview(self._buffer) as view:
            while position + _FRAME_HEADER.size <= len(view):
                high, low, kind, flags, stream = _FRAME_HEADER.unpack_from(view, position)
                length = (high << 8) + low
                if length > _MAX_FRAME_BYTES:
                    raise _ConnectionError(f"a frame of {length} bytes")
                begin = position + _FRAME_HEADER.size
                if begin + length > len(view):
                    break
                position = begin + length
                self._take(kind, flags, stream & 0x7FFFFFFF, bytes(view[begin:position]))
        return position

    def _take(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if (self._block is None) == (kind == _CONTINUATION) or (
            self._block is not None and stream != self._block_stream
        ):
            raise _ConnectionError("a header block that is not in one piece")
        if kind in (_DATA, _HEADERS, _RST_STREAM) and not stream:
            raise _ConnectionError("a frame on stream 0 that belongs on another")
        # Of the other types nothing is needed, and what is wrong with them ends no connection for certain.
        if kind == _DATA:
            data = _unpadded(flags, payload, 0)
            if data:
                self._events.on_data(stream, data)
            if flags & _END_STREAM:
                self._events.on_end(stream)
        elif kind == _HEADERS:
            self._block = bytearray()
            self._block_stream, self._block_ends_stream = stream, bool(flags & _END_STREAM)
            self._add_to_block(flags, _unpadded(flags, payload, 5 if flags & _PRIORITY else 0))
        elif kind == _CONTINUATION:
            self._add_to_block(flags, payload)
        elif kind == _RST_STREAM:
            if len(payload) != 4:
                raise _ConnectionError("RST_STREAM of a wrong length")
            self._events.on_reset(stream)
        elif kind == _SETTINGS:
            if stream or len(payload) % 6:
                raise _ConnectionError("SETTINGS of a wrong length or on a stream")
        elif kind == _PUSH_PROMISE:
            raise _ConnectionError("a push, which Chromium forbids")

    def _add_to_block(self, flags: int, data: bytes) -> None:
        assert self._block is not None
        self._block += data
        if len(self._block) > _MAX_BLOCK_BYTES:
            raise _ConnectionError(f"a header block of more than {_MAX_BLOCK_BYTES} bytes")
        if not flags & _END_HEADERS:
            return
        block, self._block = bytes(self._block), None
        fields = self._decode(block)
        if fields is None:
            self._events.on_fault(self._block_stream, f"fields of more than {_MAX_FIELD_LIST_BYTES} bytes")
        elif any(not _NAME.fullmatch(name) or _NOT_IN_VALUES.search(value) for name, value in fields):
            self._events.on_fault(self._block_stream, "a field that cannot be a header line")
        else:
            self._events.on_fields(self._block_stream, fields)
        if self._block_ends_stream:
            self._events.on_end(self._block_stream)

    def _decode(self, block: bytes) -> Fields | None:
        """The fields of a header block, or None when they are too large; the decoder's tables are right all the same.

        Field by field: given a whole block, hpack copies the rest of it for each field, and gives up a connection
        whose block is too large.
        """
        fields: Fields = []
        size = position = 0
        with memoryview(block) as view:
            while position < len(block):
                end = _end_of_field(view, position)
                if size and block[position] & 0xE0 == 0x20:
                    raise _ConnectionError("a change of the table size amid fields")
                for name, value in self._decoder.decode(block[position:end], raw=True):
                    size += len(name) + len(value) + _FIELD_OVERHEAD_BYTES
                    if size <= _MAX_FIELD_LIST_BYTES:
                        fields.append((bytes(name), bytes(value)))
                position = end
        return fields if size <= _MAX_FIELD_LIST_BYTES else None


def _unpadded(flags: int, payload: bytes, skip: int) -> bytes:
    """The payload without padding and without so many bytes before it (sections 6.1 and 6.2)."""
    end = len(payload)
    if flags & _PADDED:
        if not payload:
            raise _ConnectionError("padding without its length")
        end -= payload[0]
        skip += 1
    if end < skip:
        raise _ConnectionError("a frame shorter than what it says it holds")
    return payload[skip:end]


def _end_of_field(view: memoryview, position: int) -> int:
    """Where the field representation that begins here ends (RFC 7541 section 6); beyond the block if it is cut."""
    first = view[position]
    if first & 0x80:
        return position + decode_integer(view[position:], 7)[1]
    if first & 0xE0 == 0x20:
        return position + decode_integer(view[position:], 5)[1]
    index, used = decode_integer(view[position:], 6 if first & 0x40 else 4)
    position += used
    for _ in range(1 if index else 2):  # the value, or name and value
        length, used = decode_integer(view[position:], 7)
        position += used + length
    return position


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

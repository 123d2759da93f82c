"""HTTP/1.1 messages out of the bytes of a socket (RFC 9112), keeping header blocks exactly as they came."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum, auto

_HEAD_END = re.compile(rb"\n\r?\n")
_MAX_HEAD_BYTES = 1 << 20  # Chromium itself gives up at 256 KiB
_MAX_LINE_BYTES = 1 << 16
_MAX_LENGTH_DIGITS = 19  # a 64-bit number; Chromium takes no longer one


class Framing(Enum):
    """How the end of a response body is known (RFC 9112 section 6.3)."""

    NONE = auto()
    LENGTH = auto()
    CHUNKED = auto()
    CLOSE = auto()
    UPGRADED = auto()  # 101: what follows is no longer HTTP


def split_head(data: bytes | bytearray) -> int | None:
    """Where the header block ends, its final blank line included; None when it is not there yet."""
    match = _HEAD_END.search(data)
    return match.end() if match else None


def status_of(head: bytes) -> int | None:
    """The status code of a response header block, or None when its first line holds none."""
    match = re.match(rb"HTTP/\d+(?:\.\d+)? +(\d{3})", head)
    return int(match.group(1)) if match else None


def field_values(head: bytes, name: bytes) -> list[bytes]:
    """The values of every field of that name, in order, folded lines joined, blanks at the ends removed."""
    unfolded = re.sub(rb"\r?\n[ \t]+", b" ", head)
    values = []
    for line in unfolded.split(b"\n")[1:]:
        key, colon, value = line.partition(b":")
        if colon and key.strip().lower() == name:
            values.append(value.strip())
    return values


def framing_of(head: bytes, method: str) -> tuple[Framing, int]:
    """How the body after this response header block ends, and its length where that is given."""
    status = status_of(head) or 0
    if status == 101:
        return Framing.UPGRADED, 0
    if method == "HEAD" or status in (204, 304):
        return Framing.NONE, 0
    codings = b",".join(field_values(head, b"transfer-encoding")).lower()
    # HTTP/1.0 knows no transfer codings (RFC 9112 section 6.1), and Chromium reads none there.
    if codings.split(b",")[-1].strip() == b"chunked" and not head.startswith(b"HTTP/1.0"):
        return Framing.CHUNKED, 0
    # A list of the same number over and over counts as that number (RFC 9112 section 6.3).
    for value in b",".join(field_values(head, b"content-length")).replace(b" ", b"").split(b","):
        if value.isdigit() and len(value) < _MAX_LENGTH_DIGITS:
            length = int(value)
            return (Framing.LENGTH, length) if length else (Framing.NONE, 0)
    return Framing.CLOSE, 0


class Dechunker:
    """Takes the chunked transfer coding away (RFC 9112 section 7.1), piece by piece; `trailers` holds what follows."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._left = 0  # bytes of the current chunk still to come
        self._state = "size"  # size | data | data-end | trailers
        self.trailers = bytearray()
        self.finished = False
        self.broken = False

    def feed(self, data: bytes) -> bytes:
        """The body bytes in `data`. After `finished` or `broken` nothing more comes out."""
        out = bytearray()
        position = 0
        while position < len(data) and not (self.finished or self.broken):
            if self._state == "data":
                piece = data[position : position + self._left]
                out += piece
                position += len(piece)
                self._left -= len(piece)
                if not self._left:
                    self._state = "data-end"
                continue
            end = data.find(b"\n", position)
            stop = len(data) if end < 0 else end + 1
            self._line += data[position:stop]
            position = stop
            if len(self._line) > _MAX_LINE_BYTES:
                self.broken = True
            elif end >= 0:
                self._take_line(bytes(self._line))
                self._line.clear()
        return bytes(out)

    def _take_line(self, line: bytes) -> None:
        text = line.rstrip(b"\r\n")
        if self._state == "data-end":
            self.broken = bool(text)
            self._state = "size"
        elif self._state == "trailers":
            if text:
                self.trailers += line
            else:
                self.finished = True
        else:
            size = text.partition(b";")[0].strip()
            if not re.fullmatch(rb"[0-9A-Fa-f]{1,15}", size):
                self.broken = True
                return
            self._left = int(size, 16)
            self._state = "data" if self._left else "trailers"


class ResponseParser:
    """One HTTP/1.1 response out of received bytes.

    `on_head(head, framing)` is called once with the final header block, `on_body(data)` with body bytes after it.
    """

    def __init__(
        self, method: str, on_head: Callable[[bytes, Framing], None], on_body: Callable[[bytes], None]
    ) -> None:
        self._method = method
        self._on_head = on_head
        self._on_body = on_body
        self._buffer = bytearray()
        self._framing: Framing | None = None
        self._left = 0
        self._dechunker = Dechunker()
        self.interim: list[bytes] = []

    @property
    def trailers(self) -> bytes:
        return bytes(self._dechunker.trailers)

    @property
    def complete(self) -> bool | None:
        """Whether the whole body came; None when only the end of the connection can tell."""
        if self._framing in (None, Framing.LENGTH):
            return self._framing is not None and self._left == 0
        if self._framing is Framing.CHUNKED:
            return self._dechunker.finished
        return None if self._framing is Framing.CLOSE else True

    def feed(self, data: bytes) -> None:
        if self._framing is None:
            self._buffer += data
            self._take_heads()
        else:
            self._take_body(data)

    def _take_heads(self) -> None:
        while self._framing is None:
            end = split_head(self._buffer)
            if end is None:
                if len(self._buffer) > _MAX_HEAD_BYTES:
                    self._buffer.clear()
                return
            head, rest = bytes(self._buffer[:end]), bytes(self._buffer[end:])
            status = status_of(head) or 0
            if 100 <= status < 200 and status != 101:
                self.interim.append(head)
                self._buffer = bytearray(rest)
                continue
            self._framing, self._left = framing_of(head, self._method)
            self._buffer.clear()
            self._on_head(head, self._framing)
            if rest:
                self._take_body(rest)

    def _take_body(self, data: bytes) -> None:
        if self._framing is Framing.LENGTH:
            data = data[: self._left]
            self._left -= len(data)
        elif self._framing is Framing.CHUNKED:
            data = self._dechunker.feed(data)
        elif self._framing is Framing.NONE:
            return
        if data:
            self._on_body(data)


def mark_dechunked(head: bytes) -> bytes:
    """The header block with `Transfer-Encoding` renamed `x-orig-transfer-encoding`, all else untouched.

    The body is stored without its chunk framing; the Webrecorder tools know this name for the header that said so.
    """
    return re.sub(rb"(?mi)^Transfer-Encoding(?=[ \t]*:)", b"x-orig-transfer-encoding", head)

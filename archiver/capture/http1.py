"""HTTP/1.1 messages out of the bytes of a socket (RFC 9112), keeping header blocks exactly as they came.

Whatever the bytes are, nothing here raises, keeps more than the limits below, or reads a byte more than a few times.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum, auto

_HEAD_END = re.compile(rb"\n\r?\n")
_MAX_HEAD_BYTES = 1 << 20  # Chromium itself gives up at 256 KiB
_MAX_LINE_BYTES = 1 << 16
_MAX_TRAILERS_BYTES = 1 << 18
_MAX_LENGTH = (1 << 63) - 1  # Chromium takes no longer one
_BLANKS = b" \t"
_CHUNK_SIZE = re.compile(rb"0*[0-9A-Fa-f]{1,15}")


class Framing(Enum):
    """How the end of a response body is known (RFC 9112 section 6.3)."""

    NONE = auto()
    LENGTH = auto()
    CHUNKED = auto()
    CLOSE = auto()
    UPGRADED = auto()  # 101: what follows is no longer HTTP


class HeadReader:
    """Collects bytes until a header block is whole; `overlong` once one does not end within the limit."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0  # no block ends before this place
        self.overlong = False

    def feed(self, data: bytes) -> None:
        if not self.overlong:
            self._buffer += data

    def take(self) -> bytes | None:
        """The next header block, its final blank line included; None when it is not there yet or `overlong`."""
        match = _HEAD_END.search(self._buffer, self._searched)
        end = match.end() if match else len(self._buffer)
        if end > _MAX_HEAD_BYTES:
            self.overlong = True
            self._buffer.clear()
            match = None
        if match is None:
            self._searched = max(0, len(self._buffer) - 2)
            return None
        head = bytes(self._buffer[:end])
        del self._buffer[:end]
        self._searched = 0
        return head

    def rest(self) -> bytes:
        """What has come after the last header block, or of an unfinished one."""
        return bytes(self._buffer)


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
        # Blanks only: what is stored must be found under the same name by those who read it.
        if colon and key.rstrip(_BLANKS).lower() == name:
            values.append(value.removesuffix(b"\r").strip(_BLANKS))
    return values


def content_lengths(head: bytes) -> set[bytes]:
    """The different values of Content-Length, as written; more than one is a conflict."""
    listed = b",".join(field_values(head, b"content-length")).split(b",")
    return {value.strip(_BLANKS) for value in listed} - {b""}


def length_of(head: bytes) -> int | None:
    """The one length that Content-Length gives; None without one, or when it is no number or a conflict."""
    values = content_lengths(head)
    digits = values.pop() if len(values) == 1 else b""
    if not digits.isdigit():
        return None
    digits = digits.lstrip(b"0") or b"0"
    # Python itself refuses to read numbers of thousands of digits.
    length = int(digits) if len(digits) <= len(str(_MAX_LENGTH)) else _MAX_LENGTH + 1
    return length if length <= _MAX_LENGTH else None


def framing_of(head: bytes, method: str) -> tuple[Framing, int]:
    """How the body after this response header block ends, and its length where that is given."""
    status = status_of(head) or 0
    if status == 101:
        return Framing.UPGRADED, 0
    if method == "HEAD" or status in (204, 304):
        return Framing.NONE, 0
    listed = b",".join(field_values(head, b"transfer-encoding")).lower().split(b",")
    codings = [coding for coding in (value.strip(_BLANKS) for value in listed) if coding not in (b"", b"identity")]
    # HTTP/1.0 knows no transfer codings (RFC 9112 section 6.1), and Chromium reads none there.
    if codings and re.match(rb"HTTP/(1\.[1-9]|[2-9]\.\d)", head):
        return (Framing.CHUNKED if codings[-1] == b"chunked" else Framing.CLOSE), 0
    length = length_of(head)
    if length is None:
        return Framing.CLOSE, 0
    return (Framing.LENGTH, length) if length else (Framing.NONE, 0)


class Dechunker:
    """Takes the chunked transfer coding away (RFC 9112 section 7.1), piece by piece; `trailers` holds what follows.

    `fault` says what could not be read: with `broken` nothing more comes out, without it trailers were left out.
    """

    def __init__(self) -> None:
        self._line = bytearray()
        self._left = 0  # bytes of the current chunk still to come
        self._state = "size"  # size | data | data-end | trailers
        self.trailers = bytearray()
        self.finished = False
        self.broken = False
        self.fault = ""

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
                self._break(f"a line of more than {_MAX_LINE_BYTES} bytes between chunks")
            elif end >= 0:
                line = bytes(self._line)
                self._line.clear()
                self._take_line(line)
        return bytes(out)

    def _break(self, fault: str) -> None:
        self.broken = True
        self.fault = self.fault or fault
        self._line.clear()

    def _take_line(self, line: bytes) -> None:
        text = line.rstrip(b"\r\n")
        if self._state == "data-end":
            if text:
                self._break("a chunk longer than its size")
            self._state = "size"
        elif self._state == "trailers":
            if not text:
                self.finished = True
            elif len(self.trailers) + len(line) <= _MAX_TRAILERS_BYTES and not self.fault:
                self.trailers += line
            else:
                self.fault = f"trailers beyond {_MAX_TRAILERS_BYTES} bytes, left out"
        else:
            size = text.partition(b";")[0].strip(_BLANKS)
            if not _CHUNK_SIZE.fullmatch(size):
                self._break("a chunk size that is no number")
                return
            self._left = int(size, 16)
            self._state = "data" if self._left else "trailers"


class ResponseParser:
    """One HTTP/1.1 response out of received bytes.

    `on_interim(head)` is called with each header block of status 1xx, then `on_head(head, framing)` once with the
    final one, then `on_body(data)` with body bytes. `fault` says what could not be read, and is empty otherwise.
    """

    def __init__(
        self,
        method: str,
        on_interim: Callable[[bytes], None],
        on_head: Callable[[bytes, Framing], None],
        on_body: Callable[[bytes], None],
    ) -> None:
        self._method = method
        self._on_interim = on_interim
        self._on_head = on_head
        self._on_body = on_body
        self._heads = HeadReader()
        self._framing: Framing | None = None
        self._left = 0
        self._dechunker = Dechunker()
        self._fault = ""

    @property
    def fault(self) -> str:
        return self._fault or self._dechunker.fault

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
            self._heads.feed(data)
            self._take_heads()
        else:
            self._take_body(data)

    def _take_heads(self) -> None:
        while (head := self._heads.take()) is not None:
            status = status_of(head)
            if status is not None and 100 <= status < 200 and status != 101:
                self._on_interim(head)
                continue
            self._framing, self._left = framing_of(head, self._method)
            if status is None:
                self._fault = "an answer without a status line"
            elif self._framing is Framing.CLOSE and len(content_lengths(head)) > 1:
                self._fault = "conflicting values of Content-Length"
            rest = self._heads.rest()
            self._heads = HeadReader()
            self._on_head(head, self._framing)
            if rest:
                self._take_body(rest)
            return
        if self._heads.overlong:
            self._fault = f"a header block of more than {_MAX_HEAD_BYTES} bytes"

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

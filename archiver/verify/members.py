"""The gzip members of a file (RFC 1952 section 2.2), one after the other, inflated in small pieces.

The standard library's zlib does the inflating: it is let go of the interpreter's lock, so that hashing runs beside it,
and takes a limit for what comes out of each call, so that no input can make it fill the memory.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable

_WINDOW_BYTES = 1 << 16  # zlib copies what it leaves of a window, so that of many small members it must be small
_CHUNK_BYTES = 1 << 18
_GZIP = 31  # zlib's wbits for a gzip header and trailer
_MAGIC = b"\x1f\x8b"
_FLAGS_AT = 3  # section 2.3


class DamagedError(Exception):
    """The member at `Members.offset` cannot be inflated, so nothing behind it can be found; the message says why."""


class NoMemberError(DamagedError):
    """What should be the next member does not begin as one."""


class Members:
    """Call `begin` for the next member, and then `read` until it gives nothing."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._piece = memoryview(b"")
        self._at = 0  # in the piece
        self._before = 0  # bytes of the file before the piece
        self._unzip = zlib.decompressobj(wbits=_GZIP)
        self._head = b""
        self.offset = 0

    @property
    def position(self) -> int:
        """How many bytes of the file have been used up."""
        return self._before + self._at

    @property
    def flags(self) -> int:
        """FLG of the member: what there is in its header beside the fixed fields. Ask when some of it has been read."""
        return self._head[_FLAGS_AT]

    def begin(self) -> bool:
        """Whether there is another member, or something in its place; it begins at `offset`."""
        self._unzip = zlib.decompressobj(wbits=_GZIP)
        self._head = b""
        self.offset = self.position
        return self._more()

    def read(self) -> bytes:
        """Some of the member's content, at most 256 KiB; empty at its end, when its CRC-32 and size have been checked.

        Raises `DamagedError`.
        """
        while not self._unzip.eof:
            packed = self._unzip.unconsumed_tail or self._window()
            if not _MAGIC.startswith(self._head[: len(_MAGIC)]):
                raise NoMemberError("it does not begin as a gzip member")
            if not packed:
                raise DamagedError("the file ends before the member does")
            try:
                data = self._unzip.decompress(packed, _CHUNK_BYTES)
            except zlib.error as error:
                raise DamagedError(str(error)) from None
            self._at -= len(self._unzip.unused_data)  # empty before the member's end
            if data:
                return data
        return b""

    def drain(self) -> None:
        """Take what is left of the file without looking at it."""
        while self._more():
            self._at = len(self._piece)

    def _more(self) -> bool:
        while self._at == len(self._piece):
            piece = next(self._pieces, None)
            if piece is None:
                return False
            self._before += len(self._piece)
            self._piece, self._at = memoryview(piece), 0
        return True

    def _window(self) -> memoryview | bytes:
        if not self._more():
            return b""
        window = self._piece[self._at : self._at + _WINDOW_BYTES]
        self._at += len(window)
        if len(self._head) <= _FLAGS_AT:
            self._head += window[: _FLAGS_AT + 1 - len(self._head)]
        return window

"""Decompression that ends at a limit, whatever the data would become."""

from __future__ import annotations

import zlib
from typing import Literal

_GZIP, _ZLIB, _RAW = 31, 15, -15  # as zlib takes them for `wbits`
GZIP_MAGIC = b"\x1f\x8b"
_MAX_MEMBERS = 100  # each is found by copying all that follows it


class TooLargeError(Exception):
    """The data would become larger than the limit."""


def inflate(data: bytes, coding: Literal["gzip", "deflate"], limit: int) -> tuple[bytes, bool]:
    """What `data` becomes, and whether it was whole: of what ends early there is what came.

    `deflate` is zlib's format, or what some servers take for it: the raw one. What follows the last member of gzip is
    passed over. Raises `TooLargeError`, and `ValueError` for what was not compressed so.
    """
    if not data:
        return b"", True
    if coding == "gzip":
        return _members(data, limit)
    try:
        done, whole, _ = _stream(data, _ZLIB, limit)
    except ValueError:
        done, whole, _ = _stream(data, _RAW, limit)
    return done, whole


def _members(data: bytes, limit: int) -> tuple[bytes, bool]:
    """RFC 1952 section 2.2: a gzip file is one member after the other."""
    pieces: list[bytes] = []
    whole = True
    while not pieces or (whole and data.startswith(GZIP_MAGIC)):
        piece, whole, data = _stream(data, _GZIP, limit)
        pieces.append(piece)
        limit -= len(piece)
        if len(pieces) > _MAX_MEMBERS:
            raise TooLargeError
    return b"".join(pieces), whole


def _stream(data: bytes, wbits: int, limit: int) -> tuple[bytes, bool, bytes]:
    """One compressed stream, whether it was whole, and what follows it."""
    stream = zlib.decompressobj(wbits)
    try:
        done = stream.decompress(data, limit + 1)
    except zlib.error as error:
        raise ValueError(str(error)) from None
    if len(done) > limit:
        raise TooLargeError
    return done, stream.eof, stream.unused_data

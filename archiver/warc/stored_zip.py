"""A ZIP whose members are stored as they are, planned as segments: nothing is copied, and any range of it can be read.

Section numbers are those of PKWARE's APPNOTE 6.3.10. Python's `zipfile` reads what this writes, but writes a member
only by taking all of its bytes, to learn a CRC and a size that are known here beforehand.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from archiver.errors import StorageError
from archiver.storage.base import Readable

_MAX_32 = 0xFFFFFFFF  # also says "see the ZIP64 field", 4.4.8, 4.4.9, 4.4.16
_MAX_16 = 0xFFFF
_PLAIN, _ZIP64 = 10, 45  # versions needed to extract, 4.4.3.2
_UNIX = 3 << 8  # made by, 4.4.2: the permissions below are UNIX ones
_PERMISSIONS = 0o100644 << 16  # a plain file, 4.4.15
_STORED = 0  # 4.4.5
_ZIP64_FIELD = 0x0001  # 4.5.3


@dataclass(frozen=True)
class StoredObject:
    """The first `size_bytes` of an object of a store, with their CRC-32."""

    key: str
    size_bytes: int
    crc32: int


@dataclass(frozen=True)
class Member:
    """A file of the ZIP. `path` is ASCII with `/` between folders."""

    path: str
    source: bytes | StoredObject

    @property
    def size_bytes(self) -> int:
        return _size(self.source)

    @property
    def crc32(self) -> int:
        return zlib.crc32(self.source) if isinstance(self.source, bytes) else self.source.crc32


@dataclass(frozen=True)
class StoredZip:
    """The bytes of a ZIP, one segment after the other, and the files that they are made of."""

    segments: tuple[bytes | StoredObject, ...]
    members: tuple[Member, ...] = ()

    @cached_property
    def size_bytes(self) -> int:
        return sum(_size(segment) for segment in self.segments)

    def read(self, store: Readable, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The bytes from `offset` on, in pieces, `length` of them at most and fewer where the ZIP ends.

        Of an object exactly the bytes that are in this range are asked for, when their turn comes. Raises as
        `Readable.get`, and `StorageError` when the object is shorter than it should be, or, after its last piece,
        when the whole of it was asked for and has another CRC-32.
        """
        if offset < 0 or (length is not None and length < 0):
            raise ValueError(f"no range: {length} bytes from {offset}")
        return self._read(store, offset, self.size_bytes if length is None else offset + length)

    def _read(self, store: Readable, offset: int, end: int) -> Iterator[bytes]:
        begin = 0
        for segment in self.segments:
            size = _size(segment)
            first, last = max(offset - begin, 0), min(end - begin, size)
            if first < last:
                if isinstance(segment, bytes):
                    yield segment[first:last]
                else:
                    yield from _range(store, segment, first, last - first)
            begin += size


def plan(members: Sequence[Member], moment: datetime) -> StoredZip:
    """The ZIP of these files in this order, all dated `moment`. The same arguments give the same bytes.

    ZIP64 (4.3.14, 4.3.15, 4.5.3) is used where a size or an offset needs it, and nowhere else. `moment` must lie in
    the years 1980 to 2107 (4.4.6).
    """
    segments: list[bytes | StoredObject] = []
    directory: list[bytes] = []
    offset = 0
    for member in members:
        local = _local_header(member, moment)
        directory.append(_directory_header(member, moment, offset))
        segments += [local, member.source]
        offset += len(local) + member.size_bytes
    headers = b"".join(directory)
    segments += [headers, _end(len(members), len(headers), offset)]
    return StoredZip(tuple(segments), tuple(members))


def _size(segment: bytes | StoredObject) -> int:
    return len(segment) if isinstance(segment, bytes) else segment.size_bytes


def _range(store: Readable, segment: StoredObject, offset: int, length: int) -> Iterator[bytes]:
    missing, crc32 = length, 0
    for piece in store.get(segment.key, offset, length):
        missing -= len(piece)
        crc32 = zlib.crc32(piece, crc32)
        yield piece
    if missing:
        raise StorageError(f"{store.where(segment.key)} is damaged: it ends {missing} bytes early")
    if length == segment.size_bytes and crc32 != segment.crc32:
        raise StorageError(f"{store.where(segment.key)} is damaged: its CRC-32 is not the one that was committed to")


def _local_header(member: Member, moment: datetime) -> bytes:
    """4.3.7. With ZIP64 both sizes are in the field, 4.5.3."""
    size = member.size_bytes
    extra = _zip64_field(size, size)
    name = member.path.encode("ascii")
    fixed = struct.pack(
        "<4s5H3L2H", b"PK\3\4", *_common(member, moment, extra), _capped(size), _capped(size), len(name), len(extra)
    )
    return fixed + name + extra


def _directory_header(member: Member, moment: datetime, offset: int) -> bytes:
    """4.3.12."""
    size = member.size_bytes
    extra = _zip64_field(size, size, offset)
    name = member.path.encode("ascii")
    fixed = struct.pack(
        "<4s6H3L5H2L",
        b"PK\1\2",
        _UNIX | _ZIP64,
        *_common(member, moment, extra),
        _capped(size),
        _capped(size),
        len(name),
        len(extra),
        0,  # no comment
        0,  # the first disk
        0,  # internal attributes: not said to be text
        _PERMISSIONS,
        _capped(offset),
    )
    return fixed + name + extra


def _common(member: Member, moment: datetime, extra: bytes) -> tuple[int, int, int, int, int, int]:
    """Version, flags, method, time, date (in 2 s steps, 4.4.6) and CRC-32, which both headers have."""
    time = moment.hour << 11 | moment.minute << 5 | moment.second // 2
    date = moment.year - 1980 << 9 | moment.month << 5 | moment.day
    return _ZIP64 if extra else _PLAIN, 0, _STORED, time, date, member.crc32


def _end(count: int, size: int, offset: int) -> bytes:
    """The end of the directory, 4.3.16; with ZIP64 after a record (4.3.14) and a locator (4.3.15) of its own."""
    end = struct.pack(
        "<4s4H2LH", b"PK\5\6", 0, 0, min(count, _MAX_16), min(count, _MAX_16), _capped(size), _capped(offset), 0
    )
    if count < _MAX_16 and size < _MAX_32 and offset < _MAX_32:
        return end
    record = struct.pack(
        "<4sQ2H2L4Q", b"PK\6\6", 44, _UNIX | _ZIP64, _ZIP64, 0, 0, count, count, size, offset
    )  # 44: what follows the size itself
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, offset + size, 1)
    return record + locator + end


def _zip64_field(*values: int) -> bytes:
    """Those of the sizes and the offset that are too large for their own place, 4.5.3; empty when none is."""
    large = [value for value in values if value >= _MAX_32]
    return struct.pack(f"<2H{len(large)}Q", _ZIP64_FIELD, 8 * len(large), *large) if large else b""


def _capped(value: int) -> int:
    return min(value, _MAX_32)

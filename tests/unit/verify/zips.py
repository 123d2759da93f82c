"""ZIPs taken apart and put together by hand, so that anything can be wrong with them."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

_MAX_32 = 0xFFFFFFFF


@dataclass(frozen=True)
class File:
    """One member as its two headers describe it; what is None in `local_*` is as in the directory."""

    name: bytes
    data: bytes = b""
    flags: int = 0
    method: int = 0
    crc32: int | None = None
    size: int | None = None
    packed: int | None = None
    extra: bytes = b""
    comment: bytes = b""
    disk: int = 0
    made_by: int = 3 << 8 | 45
    attributes: int = 0o100644 << 16
    offset: int | None = None
    local_name: bytes | None = None
    local_crc32: int | None = None
    local_size: int | None = None
    local_extra: bytes | None = None
    local_method: int | None = None
    local_signature: bytes = b"PK\3\4"
    before: bytes = b""


@dataclass(frozen=True)
class End:
    """The end record; what is None is as it should be."""

    signature: bytes = b"PK\5\6"
    disk: int = 0
    first_disk: int = 0
    here: int | None = None
    count: int | None = None
    size: int | None = None
    offset: int | None = None
    comment: bytes = b""
    comment_length: int | None = None


def _or(value: int | None, usual: int) -> int:
    return usual if value is None else value


def local(file: File) -> bytes:
    name = file.name if file.local_name is None else file.local_name
    extra = file.extra if file.local_extra is None else file.local_extra
    crc32 = _or(file.local_crc32, _or(file.crc32, zlib.crc32(file.data)))
    size = _or(file.local_size, _or(file.size, len(file.data)))
    packed = _or(file.local_size, _or(file.packed, _or(file.size, len(file.data))))
    fixed = struct.pack(
        "<4s5H3L2H",
        file.local_signature,
        10,
        file.flags,
        _or(file.local_method, file.method),
        0,
        33,
        crc32,
        packed,
        size,
        len(name),
        len(extra),
    )
    return fixed + name + extra


def header(file: File, offset: int) -> bytes:
    size = _or(file.size, len(file.data))
    fixed = struct.pack(
        "<4s6H3L5H2L",
        b"PK\1\2",
        file.made_by,
        10,
        file.flags,
        file.method,
        0,
        33,
        _or(file.crc32, zlib.crc32(file.data)),
        _or(file.packed, size),
        size,
        len(file.name),
        len(file.extra),
        len(file.comment),
        file.disk,
        0,
        file.attributes,
        _or(file.offset, offset),
    )
    return fixed + file.name + file.extra + file.comment


def zipped(
    files: Sequence[File], end: End | None = None, *, first: bytes = b"", between: bytes = b"", before_end: bytes = b""
) -> bytes:
    """`first` comes before all members, `between` before the directory, `before_end` before the end record."""
    end = end or End()
    body, directory = bytearray(first), bytearray()
    for file in files:
        body += file.before
        directory += header(file, len(body))
        body += local(file) + file.data
    body += between
    fixed = struct.pack(
        "<4s4H2LH",
        end.signature,
        end.disk,
        end.first_disk,
        _or(end.here, min(_or(end.count, len(files)), 0xFFFF)),
        _or(end.count, min(len(files), 0xFFFF)),
        _or(end.size, len(directory)),
        _or(end.offset, len(body)),
        _or(end.comment_length, len(end.comment)),
    )
    return bytes(body) + bytes(directory) + before_end + fixed + end.comment


def zip64_end(files: Sequence[File], **changes: int) -> bytes:
    """A ZIP whose end record leaves the offset of the directory to one of ZIP64."""
    plain = zipped(files)
    count, size, offset = struct.unpack("<H2L", plain[-12:-2])
    values = {
        "length": 44,
        "disk": 0,
        "count": count,
        "here": count,
        "size": size,
        "offset": offset,
        "place": len(plain) - 22,
        "disks": 1,
        "small_size": size,
    } | changes
    record = struct.pack(
        "<4sQ2H2L4Q",
        b"PK\6\6",
        values["length"],
        3 << 8 | 45,
        45,
        values["disk"],
        0,
        values["here"],
        values["count"],
        values["size"],
        values["offset"],
    )
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, values["place"], values["disks"])
    return zipped(files, End(offset=_MAX_32, size=values["small_size"]), before_end=record + locator)


def changed(file: File, **changes: object) -> File:
    return replace(file, **changes)  # type: ignore[arg-type]  # of what kind each is, the tests know

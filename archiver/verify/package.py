"""A ZIP from a stranger, read in place: nothing is unpacked, and all that is not as the archiver writes it is said.

Section numbers are those of PKWARE's APPNOTE 6.3.10. The headers are taken apart here, with `struct`: Python's
`zipfile` is made to open what it can. It looks for an end record before a comment, takes bytes before the first
member, believes the directory where local headers say otherwise, and takes two files of one name, members that lie
over each other and any extra field. Two readers can so find different files in one ZIP, which is what must not be.
"""

from __future__ import annotations

import io
import stat
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO

from archiver.errors import StorageError
from archiver.verify.paths import Paths
from archiver.verify.problems import Collected, Problem, shown

MAX_ENTRIES = 10_000
MAX_DIRECTORY_BYTES = 16 << 20
_PIECE_BYTES = 1 << 18
_MAX_32 = 0xFFFFFFFF  # also says "see the ZIP64 field", 4.4.8, 4.4.9, 4.4.16
_MAX_16 = 0xFFFF
_ENCRYPTED, _DESCRIPTOR, _UTF8 = 1 << 0, 1 << 3, 1 << 11  # flags, 4.4.4
_STORED = 0  # 4.4.5
_ZIP64 = 45  # version needed to extract, 4.4.3.2: readers refuse what needs more than they know
_ZIP64_FIELD = 0x0001  # 4.5.3
_DOS_FOLDER = 0x10  # 4.4.15

_LOCAL = struct.Struct("<4s5H3L2H")  # 4.3.7
_HEADER = struct.Struct("<4s6H3L5H2L")  # 4.3.12
_END = struct.Struct("<4s4H2LH")  # 4.3.16
_END_64 = struct.Struct("<4sQ2H2L4Q")  # 4.3.14
_LOCATOR = struct.Struct("<4sLQL")  # 4.3.15


class PackageKind(StrEnum):
    """What can be wrong with a ZIP."""

    END = "end"
    ZIP64 = "zip64"
    LIMIT = "limit"
    DIRECTORY = "directory"
    COMMENT = "comment"
    DISKS = "disks"
    ENCRYPTED = "encrypted"
    FLAGS = "flags"
    METHOD = "method"
    EXTRA = "extra"
    MODE = "mode"
    NAME = "name"
    NAME_REPEATED = "name_repeated"
    LOCAL_HEADER = "local_header"
    GAP = "gap"
    OVERLAP = "overlap"
    SIZE = "size"
    MORE = "more"


class PackageError(StorageError):
    """A member that was asked for is not there, cannot be read, is too large, or has another CRC-32 than it says."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file of the ZIP: where its header and its bytes begin, and how many they are."""

    name: str
    offset: int
    begin: int
    size_bytes: int
    crc32: int


class Package:
    """The files of a ZIP that can be read without doubt which bytes are theirs, and all that is wrong with it.

    No two members share a byte, so reading all of them is reading the file once. What is in a member, another ZIP for
    one, is never opened.
    """

    def __init__(self, file: BinaryIO, members: dict[str, Member], problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        self._file = file
        self._members = members

    def names(self) -> tuple[str, ...]:
        """Of the files that can be read, in the order of the directory."""
        return tuple(self._members)

    def size_bytes(self, name: str) -> int:
        """Raises `PackageError`."""
        return self._member(name).size_bytes

    def read(self, name: str, limit_bytes: int) -> bytes:
        """The whole of a file. Raises `PackageError`, also when it has more than `limit_bytes`, before it is read."""
        size = self._member(name).size_bytes
        if size > limit_bytes:
            raise PackageError(f"{shown(name)} has {size} bytes, expected {limit_bytes} at most")
        return b"".join(self.pieces(name))

    def pieces(self, name: str) -> Iterator[bytes]:
        """The bytes of a file; after the last, `PackageError` is raised when they have not the CRC-32 they should."""
        member = self._member(name)
        crc32 = 0
        for at in range(member.begin, member.begin + member.size_bytes, _PIECE_BYTES):
            piece = _read(self._file, at, min(_PIECE_BYTES, member.begin + member.size_bytes - at))
            crc32 = zlib.crc32(piece, crc32)
            yield piece
        if crc32 != member.crc32:
            raise PackageError(f"{shown(name)} has the CRC-32 {crc32:08x}, expected {member.crc32:08x}")

    def range(self, name: str, offset: int, length: int) -> Iterator[bytes]:
        """Some of the bytes of a file, fewer where it ends; no CRC-32 is compared. Raises `PackageError`."""
        member = self._member(name)
        end = member.begin + min(member.size_bytes, offset + length)
        for at in range(member.begin + offset, end, _PIECE_BYTES):
            yield _read(self._file, at, min(_PIECE_BYTES, end - at))

    def _member(self, name: str) -> Member:
        member = self._members.get(name)
        if member is None:
            raise PackageError(f"there is no {shown(name)} that can be read")
        return member


def open_package(file: BinaryIO) -> Package:
    """Read the directory and every local header of a ZIP in a file that can seek.

    What is wrong is in `problems` of what is returned; only what `file` itself raises is raised. A ZIP without
    problems has, for every reader, the same files with the same bytes, except that no CRC-32 has been checked yet.
    """
    opening = _Opening(file)
    members = opening.run()
    problems = opening.problems.kept
    if opening.problems.left_off:
        problems.append(Problem(PackageKind.MORE, f"There are {opening.problems.left_off} more problems."))
    return Package(file, members, tuple(problems))


def _read(file: BinaryIO, offset: int, length: int) -> bytes:
    """Less only where the file ends."""
    file.seek(offset)
    return file.read(length)


@dataclass(frozen=True, slots=True)
class _End:
    """What the end of the ZIP says of the directory."""

    count: int
    size_bytes: int
    offset: int


@dataclass(frozen=True, slots=True)
class _Entry:
    """One header of the directory. `common` is what the local header has to repeat beside name, CRC-32 and sizes.

    The version that is needed is none of it: a header needs ZIP64 for its own fields.
    """

    name: bytes
    common: tuple[int, ...]
    flags: int
    crc32: int
    size_bytes: int
    offset: int


class _Opening:
    def __init__(self, file: BinaryIO) -> None:
        self.problems: Collected[Problem] = Collected()
        self._file = file
        self._size_bytes = file.seek(0, io.SEEK_END)
        self._unreadable: set[int] = set()  # places in the directory

    def run(self) -> dict[str, Member]:
        """The members that can be read."""
        end = self._end()
        if end is None:
            return {}
        entries = self._directory(end)
        paths = Paths()
        members: list[Member | None] = []
        for place, entry in enumerate(entries):
            name = self._name(place, entry)
            for kind, text in paths.check(name):
                self._report(PackageKind(kind), f"entry {place}, {shown(name)}, {text}")
                self._unreadable.add(place)
            members.append(self._member(place, name, entry, end))
        self._check_places(members, end)
        readable: dict[str, Member] = {}
        for place, member in enumerate(members):
            if member is not None and place not in self._unreadable:
                readable.setdefault(member.name, member)
        return readable

    def _report(self, kind: PackageKind, text: str) -> None:
        self.problems.add(Problem(kind, f"{text[0].upper()}{text[1:]}."))

    # the end

    def _end(self) -> _End | None:
        at = self._size_bytes - _END.size
        data = _read(self._file, at, _END.size) if at >= 0 else b""
        if data[:4] != b"PK\5\6":
            self._report(PackageKind.END, "the file does not end with the end record of a ZIP that has no comment")
            return None
        _, disk, first_disk, here, count, size, offset, comment = _END.unpack(data)
        if comment:
            self._report(PackageKind.COMMENT, f"the end record says that a comment of {comment} bytes follows")
        end = _End(count, size, offset)
        directory_end = at
        if count == _MAX_16 or _MAX_32 in (size, offset):
            larger = self._end_64(at, end)
            if larger is None:
                return None
            end, directory_end = larger, at - _LOCATOR.size - _END_64.size
        if disk or first_disk or here != count:
            self._report(PackageKind.DISKS, "the end record says that the ZIP has several disks")
        if end.offset + end.size_bytes != directory_end:
            text = f"the directory is said to end at byte {end.offset + end.size_bytes}, expected {directory_end}"
            self._report(PackageKind.DIRECTORY, text)
            return None
        if end.count > MAX_ENTRIES or end.size_bytes > MAX_DIRECTORY_BYTES:
            text = f"the directory has {end.count} entries in {end.size_bytes} bytes"
            self._report(PackageKind.LIMIT, f"{text}, expected {MAX_ENTRIES} in {MAX_DIRECTORY_BYTES} at most")
            return None
        return end

    def _end_64(self, at: int, small: _End) -> _End | None:
        """4.3.14 and 4.3.15, directly before the end record, and only where a value is too large for that."""
        begin = at - _LOCATOR.size - _END_64.size
        data = _read(self._file, begin, _LOCATOR.size + _END_64.size) if begin >= 0 else b""
        if data[:4] != b"PK\6\6" or data[_END_64.size :][:4] != b"PK\6\7":
            text = "the end record refers to one of ZIP64, expected that and its locator directly before it"
            self._report(PackageKind.ZIP64, text)
            return None
        _, length, _, _, disk, first_disk, here, count, size, offset = _END_64.unpack(data[: _END_64.size])
        _, locator_disk, place, disks = _LOCATOR.unpack(data[_END_64.size :])
        if (length, place, disk, first_disk, locator_disk, disks, here) != (44, begin, 0, 0, 0, 1, count):
            self._report(PackageKind.ZIP64, "the end record of ZIP64 or its locator is malformed")
        capped = _End(min(count, _MAX_16), min(size, _MAX_32), min(offset, _MAX_32))
        if capped != small:
            self._report(PackageKind.ZIP64, "the end records of ZIP and ZIP64 differ in the directory they name")
        return _End(count, size, offset)

    # the directory

    def _directory(self, end: _End) -> list[_Entry]:
        data = _read(self._file, end.offset, end.size_bytes)
        entries: list[_Entry] = []
        at = 0
        while at < len(data) and len(entries) <= end.count:
            entry, length = self._entry(len(entries), data, at)
            if entry is None:
                break
            entries.append(entry)
            at += length
        if len(entries) != end.count or at != end.size_bytes:
            text = f"the directory has {len(entries)} entries in {at} bytes that can be read"
            self._report(PackageKind.DIRECTORY, f"{text}, expected {end.count} in {end.size_bytes}")
        return entries[: end.count]

    def _entry(self, place: int, data: bytes, at: int) -> tuple[_Entry | None, int]:
        if data[at : at + 4] != b"PK\1\2" or len(data) - at < _HEADER.size:
            return None, 0
        fields = _HEADER.unpack_from(data, at)
        _, made_by, *common, crc32, packed, size, name_length, extra_length, comment_length = fields[:13]
        disk, _, attributes, offset = fields[13:]
        length = _HEADER.size + name_length + extra_length + comment_length
        if len(data) - at < length:
            return None, 0
        name_end = at + _HEADER.size + name_length
        name, extra = data[at + _HEADER.size : name_end], data[name_end : name_end + extra_length]
        where = f"entry {place}, {shown(name)},"
        if comment_length:
            self._report(PackageKind.COMMENT, f"{where} has a comment, expected none")
        large = _zip64_values([size, packed, offset], extra)
        if large is None:
            self._report(PackageKind.EXTRA, f"{where} has extra fields, expected none but that of ZIP64 where needed")
            self._unreadable.add(place)
        else:
            size, packed, offset = large
        if disk:
            self._report(PackageKind.DISKS, f"{where} is said to be on disk {disk}")
        self._check_version(where, common[0])
        self._check_kind(place, where, made_by, common[1], common[2], attributes)
        if packed != size:
            self._report(PackageKind.SIZE, f"{where} has {packed} bytes that stand for {size}, expected as many")
            self._unreadable.add(place)
        return _Entry(name, tuple(common[1:]), common[1], crc32, size, offset), length

    def _check_version(self, where: str, version: int) -> None:
        if version > _ZIP64:
            self._report(PackageKind.METHOD, f"{where} needs the version {version} of ZIP, expected {_ZIP64} at most")

    def _check_kind(self, place: int, where: str, made_by: int, flags: int, method: int, attributes: int) -> None:
        if flags & _ENCRYPTED:
            self._report(PackageKind.ENCRYPTED, f"{where} is encrypted")
            self._unreadable.add(place)
        if flags & ~(_ENCRYPTED | _UTF8):
            what = ", a data descriptor for one" if flags & _DESCRIPTOR else ""
            self._report(PackageKind.FLAGS, f"{where} has the flags {flags:#06x}{what}, expected none but UTF-8")
        if method != _STORED:
            self._report(PackageKind.METHOD, f"{where} is packed by method {method}, expected stored")
            self._unreadable.add(place)
        mode = attributes >> 16
        if (
            stat.S_IFMT(mode) not in (0, stat.S_IFREG)
            or mode & 0o7000
            or attributes & _DOS_FOLDER
            or made_by >> 8 not in (0, 3)
        ):
            self._report(PackageKind.MODE, f"{where} has the mode {mode:#o}, expected a plain file's")
            self._unreadable.add(place)

    def _name(self, place: int, entry: _Entry) -> str:
        try:
            return entry.name.decode("utf-8" if entry.flags & _UTF8 else "ascii")
        except UnicodeDecodeError:
            self._report(
                PackageKind.NAME, f"entry {place}, {shown(entry.name)}, has a name that is not in its encoding"
            )
            self._unreadable.add(place)
            return entry.name.decode("ascii", "replace")

    # the members

    def _member(self, place: int, name: str, entry: _Entry, end: _End) -> Member | None:
        """The member of an entry whose local header says the same, 4.3.7."""
        where = f"entry {place}, {shown(name)},"
        if entry.offset + _LOCAL.size > end.offset:
            self._report(PackageKind.LOCAL_HEADER, f"{where} has no local header at byte {entry.offset}")
            return None
        data = _read(self._file, entry.offset, _LOCAL.size + len(entry.name) + 4 + 16)
        signature, *common, crc32, packed, size, name_length, extra_length = _LOCAL.unpack_from(data)
        local_name = data[_LOCAL.size :][:name_length]
        large = _zip64_values([size, packed], data[_LOCAL.size + name_length :][:extra_length])
        begin = entry.offset + _LOCAL.size + name_length + extra_length
        self._check_version(where, common[0])
        if (
            (signature, tuple(common[1:]), crc32, local_name) != (b"PK\3\4", entry.common, entry.crc32, entry.name)
            or extra_length > 4 + 16
            or large != [entry.size_bytes, entry.size_bytes]
        ):
            text = f"{where} has another local header at byte {entry.offset} than the directory gives it"
            self._report(PackageKind.LOCAL_HEADER, text)
            self._unreadable.add(place)
            if (signature, local_name) != (b"PK\3\4", entry.name):
                return None
        return Member(name, entry.offset, begin, entry.size_bytes, entry.crc32)

    def _check_places(self, members: list[Member | None], end: _End) -> None:
        """One member behind the other, from the first byte of the file to the directory."""
        placed = sorted(((m.offset, place, m) for place, m in enumerate(members) if m is not None), key=lambda p: p[:2])
        at, last = 0, -1
        for offset, place, member in placed:
            where = f"entry {place}, {shown(member.name)},"
            if offset > at:
                self._report(
                    PackageKind.GAP, f"{where} begins at byte {offset}, expected {at}: what lies between is no file's"
                )
            if offset < at:
                self._report(PackageKind.OVERLAP, f"{where} begins at byte {offset}, within what is before it")
                self._unreadable |= {place, last}
            member_end = member.begin + member.size_bytes
            if member_end > at:
                at, last = member_end, place
        if at > end.offset:
            self._report(PackageKind.OVERLAP, f"entry {last} ends at byte {at}, within or behind the directory")
            self._unreadable.add(last)
        elif at < end.offset:
            self._report(
                PackageKind.GAP,
                f"the directory begins at byte {end.offset}, expected {at}: what lies between is no file's",
            )


def _zip64_values(values: list[int], extra: bytes) -> list[int] | None:
    """The values with those that are too large for their place taken from the field (4.5.3).

    None when the extra fields are anything but that one, with as many values as are wanted and each of them so large.
    """
    wanted = [place for place, value in enumerate(values) if value == _MAX_32]
    if not wanted:
        return None if extra else values
    if len(extra) != 4 + 8 * len(wanted) or struct.unpack_from("<2H", extra) != (_ZIP64_FIELD, len(extra) - 4):
        return None
    found = list(values)
    for place, value in zip(wanted, struct.unpack_from(f"<{len(wanted)}Q", extra, 4), strict=True):
        if value < _MAX_32:
            return None
        found[place] = value
    return found

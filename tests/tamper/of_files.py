"""Mutations of an exported WARC, which bears no signature: what fits together anew cannot be told from a capture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from tests.tamper import records
from tests.tamper.mutations import Group
from tests.tamper.package import bomb


@dataclass
class Data:
    """The bytes of a file."""

    data: bytes

    def change(self, change: Callable[[bytes], bytes]) -> None:
        self.data = change(self.data)


WARCS: Group[Data] = Group()
fails = WARCS.fails


def _in(kind: str, change: records.Change, file: Data) -> None:
    file.data = records.changed(file.data, kind, change)


for _kind in records.KINDS:
    for _part, _change in {
        "the header": records.header_byte,
        "the block": records.block_byte,
        "the magic": records.magic_byte,
        "the packed block": records.packed_byte,
        "the CRC": records.crc_byte,
    }.items():
        if (_kind, _part) == ("the warcinfo", "the magic"):
            continue  # that is no WARC, and verified as nothing
        WARCS.add(f"a byte in {_part} of {_kind} is changed", partial(_in, _kind, _change), "all: warc")


@fails("all: warc")
def the_file_is_cut(file: Data) -> None:
    file.change(lambda data: data[:-100])


@fails("all: warc")
def the_last_record_is_missing(file: Data) -> None:
    file.change(lambda data: b"".join(records.members(data)[:-1]))


@fails("all: warc")
def a_request_has_lost_its_response(file: Data) -> None:
    def without(data: bytes) -> bytes:
        parts = records.members(data)
        del parts[records.place(data, "a response")]
        return b"".join(parts)

    file.change(without)


@fails("all: warc")
def bytes_follow_the_file(file: Data) -> None:
    file.change(lambda data: data + b"hidden")


@fails("all: warc")
def zeros_follow_the_file(file: Data) -> None:
    file.change(lambda data: data + bytes(512))


@fails("all: warc")
def a_record_is_there_twice(file: Data) -> None:
    file.change(lambda data: data + records.members(data)[3])


@fails("all: warc")
def two_records_are_in_one_member(file: Data) -> None:
    def together(data: bytes) -> bytes:
        one, two, *rest = records.members(data)
        return b"".join([records.packed(records.unpacked(one) + records.unpacked(two)), *rest])

    file.change(together)


@fails("all: warc")
def a_header_says_something_twice(file: Data) -> None:
    _in("the text", records.header_line(rb"(WARC-Date: [^\r]*\r\n)", rb"\1\1"), file)


@fails("all: warc")
def a_member_has_a_name_in_its_gzip_header(file: Data) -> None:
    _in("the text", lambda member: member[:3] + b"\x08" + member[4:10] + b"hidden\0" + member[10:], file)


@fails("all: warc")
def it_is_a_bomb(file: Data) -> None:
    file.change(lambda data: data + bomb(128 << 20))


@fails("all: warc")
def it_is_fifty_thousand_empty_members(file: Data) -> None:
    file.change(lambda data: data + records.packed(b"") * 50_000)


@fails("all: warc")
def it_is_two_bytes(file: Data) -> None:
    file.change(lambda _: b"\x1f\x8b")

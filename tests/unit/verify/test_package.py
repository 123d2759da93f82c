"""ZIPs of strangers: two readers must find the same files in what passes, and all that is odd is named."""

from __future__ import annotations

import io
import stat
import struct
import time
import tracemalloc
import zipfile
import zlib
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from archiver.verify.package import MAX_DIRECTORY_BYTES, MAX_ENTRIES, Package, PackageError, open_package
from archiver.warc.stored_zip import Member, StoredObject, plan
from tests.support.memory_store import MemoryStore, ZeroStore
from tests.unit.verify.zips import End, File, changed, zip64_end, zipped

_MOMENT = datetime(2026, 11, 23, 8, 14, 7, tzinfo=UTC)
_A, _B = File(b"a.json", b"{}"), File(b"archive/data.warc.gz", bytes(range(256)) * 9)
_GOOD = zipped([_A, _B])
_MAX_32 = 0xFFFFFFFF


def opened(data: bytes) -> Package:
    return open_package(io.BytesIO(data))


def kinds(data: bytes) -> list[str]:
    return [str(problem.kind) for problem in opened(data).problems]


# --- what is good


def test_a_zip_of_ours_has_no_problem() -> None:
    members = [
        Member("a.json", b"{}"),
        Member("empty", b""),
        Member("archive/w", StoredObject("w", 9, zlib.crc32(b"w" * 9))),
    ]
    package = opened(b"".join(plan(members, _MOMENT).read(MemoryStore({"w": b"w" * 9}))))
    assert package.problems == ()
    assert package.names() == ("a.json", "empty", "archive/w")
    assert (package.read("a.json", 2), package.read("empty", 0)) == (b"{}", b"")
    assert package.size_bytes("archive/w") == 9


@given(
    st.dictionaries(st.text("abcdefgh", min_size=1, max_size=4).map(lambda t: f"d{t}/{t}"), st.binary(max_size=40)),
)
def test_what_zipfile_stores_is_read_alike(files: dict[str, bytes]) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, data in files.items():
            made.writestr(name, data)
    package = open_package(buffer)
    assert package.problems == ()
    assert {name: package.read(name, 40) for name in package.names()} == files


def test_a_zip_without_files_is_one() -> None:
    assert kinds(zipped([])) == []


def test_names_may_be_utf8_when_they_say_so() -> None:
    name = "evidence/größe.txt"
    assert opened(zipped([File(name.encode(), flags=1 << 11)])).names() == (name,)
    assert kinds(zipped([File(name.encode())])) == ["name"]
    assert kinds(zipped([File(b"\xff", flags=1 << 11)])) == ["name"]


def test_zip64_of_ours_has_no_problem() -> None:
    size = (1 << 32) + 5
    planned = plan([Member("w", StoredObject("w", size, 0)), Member("z", b"z")], _MOMENT)

    class Sparse(io.RawIOBase):
        """The planned ZIP, of which only what is asked for is made."""

        at = 0

        def seek(self, offset: int, whence: int = 0) -> int:
            self.at = offset + (planned.size_bytes if whence == io.SEEK_END else 0)
            return self.at

        def read(self, size: int = -1) -> bytes:
            return b"".join(planned.read(ZeroStore({"w": (1 << 32) + 5}), self.at, size))

    file: Any = Sparse()
    package = open_package(file)
    assert package.problems == ()
    assert (package.size_bytes("w"), package.read("z", 1)) == (size, b"z")


# --- what is wrong with the file


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"", "end"),
        (b"PK\5\6", "end"),
        (_GOOD[:-1], "end"),
        (_GOOD + b"\0", "end"),
        (_GOOD + b"trailing data", "end"),
        (zipped([_A], End(comment=b"a comment")), "end"),
        (zipped([_A], End(comment=b"PK\5\6" + bytes(18))), "directory"),
        (zipped([_A], End(comment_length=3)), "comment"),
        (zipped([_A], End(disk=1)), "disks"),
        (zipped([_A], End(first_disk=1)), "disks"),
        (zipped([_A, _B], End(here=1)), "disks"),
        (zipped([_A], End(size=5)), "directory"),
        (zipped([_A], End(offset=5)), "directory"),
        (zipped([_A], End(count=2)), "directory"),
        (zipped([_A, _B], End(count=1)), "directory"),
        (zipped([_A], before_end=b"a signature"), "directory"),
        (zipped([_A], first=b"#!/bin/sh"), "gap"),
        (zipped([_A, changed(_B, before=b"hidden")]), "gap"),
        (zipped([_A, _B], between=b"hidden"), "gap"),
        (b"MZ" + _GOOD, "directory"),
        (zipped([_A], End(count=0xFFFF)), "zip64"),
        (zipped([_A], End(offset=_MAX_32)), "zip64"),
        (zip64_end([_A, _B], small_size=1), "zip64"),
        (zip64_end([_A, _B]), "zip64"),  # which it has no need of
        (zip64_end([_A, _B], offset=1 << 33), "directory"),
        (zip64_end([_A, _B], count=MAX_ENTRIES + 1, here=MAX_ENTRIES + 1), "limit"),
    ],
)
def test_a_file_that_can_be_read_in_two_ways_is_named(data: bytes, found: str) -> None:
    assert found in kinds(data)


@pytest.mark.parametrize("changes", [{"place": 3}, {"length": 45}, {"disks": 2}, {"disk": 1}, {"here": 1}])
def test_an_end_record_of_zip64_that_is_malformed_is_named(changes: dict[str, int]) -> None:
    texts = [problem.text for problem in opened(zip64_end([_A, _B], **changes)).problems]
    assert "The end record of ZIP64 or its locator is malformed." in texts


@pytest.mark.parametrize("name", ["a.json", "archive/data.warc.gz"])
def test_what_lies_around_members_does_not_hide_them(name: str) -> None:
    assert name in opened(zipped([_A, _B], first=b"#!", between=b"x")).names()


# --- what is wrong with a member


def _extra(identifier: int, data: bytes) -> bytes:
    return struct.pack("<2H", identifier, len(data)) + data


@pytest.mark.parametrize(
    ("changes", "found", "readable"),
    [
        ({"flags": 1}, "encrypted", False),
        ({"flags": 8}, "flags", True),
        ({"flags": 1 << 13}, "flags", True),
        ({"method": 8}, "method", False),
        ({"comment": b"c"}, "comment", True),
        ({"disk": 1}, "disks", True),
        ({"packed": 3}, "size", False),
        ({"extra": _extra(0x7075, b"\1\0\0\0\0other")}, "extra", False),
        ({"extra": b"x"}, "extra", False),
        ({"extra": _extra(1, bytes(8))}, "extra", False),
        ({"size": _MAX_32, "extra": _extra(1, struct.pack("<2Q", 2, 2))}, "extra", False),
        ({"size": _MAX_32, "extra": _extra(1, struct.pack("<2Q", 1 << 40, 1 << 40))}, "overlap", False),
        ({"size": _MAX_32}, "extra", False),
        ({"attributes": (stat.S_IFLNK | 0o777) << 16}, "mode", False),
        ({"attributes": (stat.S_IFDIR | 0o755) << 16}, "mode", False),
        ({"attributes": (stat.S_IFIFO | 0o644) << 16}, "mode", False),
        ({"attributes": (stat.S_IFCHR | 0o644) << 16}, "mode", False),
        ({"attributes": (stat.S_IFREG | stat.S_ISUID | 0o755) << 16}, "mode", False),
        ({"attributes": 0x10}, "mode", False),
        ({"made_by": 19 << 8}, "mode", False),
        ({"local_name": b"b.json"}, "local_header", False),
        ({"local_name": b"a.jsonx"}, "local_header", False),
        ({"local_crc32": 1}, "local_header", False),
        ({"local_size": 1}, "local_header", False),
        ({"local_method": 8}, "local_header", False),
        ({"local_extra": _extra(0x7075, b"\1")}, "local_header", False),
        ({"local_extra": _extra(0x7075, bytes(100))}, "local_header", False),
        ({"local_signature": b"PK\3\5"}, "local_header", False),
        ({"offset": 1}, "local_header", False),
        ({"offset": 1 << 30}, "local_header", False),
        ({"offset": _MAX_32, "extra": _extra(1, struct.pack("<Q", 1 << 40))}, "local_header", False),
    ],
)
def test_a_member_that_can_be_read_in_two_ways_is_named(changes: dict[str, Any], found: str, readable: bool) -> None:
    package = opened(zipped([changed(_A, **changes), _B]))
    assert found in [problem.kind for problem in package.problems]
    assert ("a.json" in package.names()) == readable


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/etc/passwd",
        "../up",
        "a/../../up",
        "..",
        "a/..",
        "./a",
        "a//b",
        "folder/",
        "a\\b",
        "..\\up",
        "C:/windows",
        "c:x",
        "a\nb",
        "a\0b",
        "a\x1b[31mb",
        "\u202egnp.exe",
        "a\u2028b",
        "a\u200bb",
        "a.",
        "a ",
        "a./b",
        "n" * 256,
        "/".join("a" * 17),
    ],
)
def test_names_that_lead_elsewhere_or_show_as_others_are_named(name: str) -> None:
    package = opened(zipped([File(name.encode(), b"x", flags=1 << 11), _B]))
    assert {problem.kind for problem in package.problems} == {"name"}
    assert package.names() == ("archive/data.warc.gz",)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a", "a"),
        ("a", "A"),
        ("ﬁle", "file"),
        ("é", "e\u0301"),
        ("straße", "STRASSE"),
        ("d/a", "D/a"),
        ("d", "d/a"),
        ("d/a", "D"),
        ("d/e/a", "d/E"),
    ],
)
def test_names_that_may_mean_one_file_are_named(one: str, other: str) -> None:
    package = opened(zipped([File(name.encode(), b"x", flags=1 << 11) for name in (one, other)]))
    assert [problem.kind for problem in package.problems] == ["name_repeated"]
    assert len(package.names()) == 1


def test_members_that_lie_over_each_other_are_not_read() -> None:
    """Else a file of a megabyte could hold ten thousand of it."""
    inner = File(b"in", b"x" * 10)
    outer = File(b"out", zipped([inner])[: 30 + 2 + 10])
    package = opened(zipped([outer, changed(inner, offset=30 + 3), _B]))
    assert "overlap" in [problem.kind for problem in package.problems]
    assert package.names() == ("archive/data.warc.gz",)
    same = opened(zipped([_A, changed(_A, name=b"b.json", local_name=b"a.json", offset=0)]))
    assert "local_header" in [problem.kind for problem in same.problems]
    twice = opened(zipped([File(b"e"), changed(File(b"e"), offset=0)]))
    assert {"overlap", "name_repeated"} <= {str(problem.kind) for problem in twice.problems}


def test_a_member_may_not_reach_into_the_directory() -> None:
    package = opened(zipped([_A, changed(_B, size=3000)]))
    assert "overlap" in [problem.kind for problem in package.problems]
    assert package.names() == ("a.json",)


def test_a_zip_in_it_is_bytes_like_any_other() -> None:
    package = opened(zipped([File(b"a.zip", zipped([File(b"../up", b"x")])), _B]))
    assert package.problems == ()
    assert package.names() == ("a.zip", "archive/data.warc.gz")


def test_all_that_is_wrong_is_said() -> None:
    data = zipped(
        [
            changed(_A, method=8, comment=b"c"),
            File(b"/root", attributes=(stat.S_IFLNK | 0o777) << 16),
            changed(_B, before=b"hidden"),
        ],
        first=b"#!",
    )
    assert sorted(kinds(data)) == ["comment", "gap", "gap", "method", "mode", "name"]


# --- reading


def test_a_file_with_another_crc_is_not_given_whole() -> None:
    package = opened(zipped([changed(_A, crc32=1), _B]))
    assert package.problems == ()
    with pytest.raises(PackageError, match="has the CRC-32"):
        package.read("a.json", 100)
    taken: list[bytes] = []
    with pytest.raises(PackageError, match="has the CRC-32"):
        taken.extend(package.pieces("a.json"))
    assert taken == [b"{}"]


def test_what_is_not_there_or_too_large_is_refused() -> None:
    package = opened(_GOOD)
    with pytest.raises(PackageError, match="there is no 'b' that can be read"):
        package.read("b", 1)
    with pytest.raises(PackageError, match="has 2 bytes, expected 1 at most"):
        package.read("a.json", 1)
    with pytest.raises(PackageError, match="there is no 'b'"):
        next(package.pieces("b"))


def test_a_large_file_comes_in_pieces() -> None:
    data = bytes(1_000_000)
    package = opened(zipped([File(b"large", data)]))
    found = list(package.pieces("large"))
    assert b"".join(found) == data
    assert max(map(len, found)) <= 1 << 18


# --- size and chance


def test_fifty_thousand_entries_are_refused_early() -> None:
    data = zipped([File(b"%d" % number) for number in range(50_000)])
    began = time.process_time()
    package = opened(data)
    assert time.process_time() - began < 0.1
    assert [problem.kind for problem in package.problems] == ["limit"]
    assert package.names() == ()


def test_the_directory_has_a_limit_of_its_own() -> None:
    data = zipped([File(b"%d" % n, comment=b"c" * 65_000) for n in range(MAX_DIRECTORY_BYTES // 65_000 + 1)])
    assert kinds(data) == ["limit"]


def test_as_many_entries_as_may_be_are_read_quickly_and_in_little_memory() -> None:
    files = [File(b"/".join([b"%05d" % number] + [b"f" * 10] * 15)) for number in range(MAX_ENTRIES)]
    data = zipped(files)
    tracemalloc.start()
    package = opened(data)
    assert tracemalloc.get_traced_memory()[1] < 80 << 20
    tracemalloc.stop()
    assert package.problems == ()
    assert len(package.names()) == MAX_ENTRIES


def test_of_very_many_problems_the_first_are_listed() -> None:
    package = opened(zipped([File(b"/%d" % number) for number in range(5000)]))
    assert len(package.problems) == 1001
    assert package.problems[-1].text == "There are 4000 more problems."


@given(st.integers(0, len(_GOOD) - 1), st.integers(1, 255))
@hypothesis_settings(max_examples=400)
def test_what_passes_holds_the_same_files_whatever_byte_was_changed(at: int, bits: int) -> None:
    data = bytearray(_GOOD)
    data[at] ^= bits
    package = opened(bytes(data))
    if package.problems:
        return
    try:
        found = {name: package.read(name, 1 << 16) for name in package.names()}
    except PackageError:
        return
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as other:
        assert {name: other.read(name) for name in other.namelist()} == found
    assert set(found.values()) == {_A.data, _B.data}


@given(st.binary(max_size=200), st.binary(max_size=60))
def test_garbage_never_raises(data: bytes, other: bytes) -> None:
    assert kinds(data) == ["end"] or data[-22:-18] == b"PK\5\6"
    opened(data + _GOOD[len(other) :])
    opened(_GOOD[: len(data)] + data + _GOOD[-22:])

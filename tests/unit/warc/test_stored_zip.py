"""ZIPs planned as segments: what `zipfile` says of them, which bytes a range asks for, and ZIP64."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import NotFoundError, StorageError
from archiver.warc.stored_zip import Member, StoredObject, StoredZip, plan
from tests.support.memory_store import MemoryStore, ZeroStore
from tests.support.zips import opened

_MOMENT = datetime(2026, 11, 23, 8, 14, 7, 999999, tzinfo=UTC)
_OBJECT = bytes(range(256)) * 40
_4_GIB = 1 << 32


def stored(data: bytes = _OBJECT) -> StoredObject:
    return StoredObject("warc", len(data), zlib.crc32(data))


def members() -> list[Member]:
    return [Member("a.json", b"{}"), Member("archive/empty", b""), Member("archive/w", stored()), Member("z", b"last")]


def all_of(planned: StoredZip, store: MemoryStore) -> bytes:
    return b"".join(planned.read(store))


def test_zipfile_finds_every_file_whole_and_stored() -> None:
    data = all_of(plan(members(), _MOMENT), MemoryStore({"warc": _OBJECT}))
    with zipfile.ZipFile(io.BytesIO(data)) as found:
        assert found.testzip() is None
        assert {name: found.read(name) for name in found.namelist()} == {
            "a.json": b"{}",
            "archive/empty": b"",
            "archive/w": _OBJECT,
            "z": b"last",
        }
        assert {info.compress_type for info in found.infolist()} == {zipfile.ZIP_STORED}
        assert {info.date_time for info in found.infolist()} == {(2026, 11, 23, 8, 14, 6)}
        assert {info.external_attr >> 16 for info in found.infolist()} == {0o100644}
        assert {info.extra for info in found.infolist()} == {b""}


def test_the_headers_are_those_zipfile_itself_writes() -> None:
    """But for the versions: zipfile says 2.0 of everything, and to extract it 1.0 is enough (APPNOTE 4.4.3.2)."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as file:
        for member in members():
            info = zipfile.ZipInfo(member.path, (2026, 11, 23, 8, 14, 6))
            info.create_version, info.extract_version = 45, 10
            info.external_attr = 0o100644 << 16
            file.writestr(info, member.source if isinstance(member.source, bytes) else _OBJECT)
    assert all_of(plan(members(), _MOMENT), MemoryStore({"warc": _OBJECT})) == written.getvalue()


def test_the_size_is_known_without_the_store() -> None:
    planned = plan(members(), _MOMENT)
    assert planned.size_bytes == len(all_of(planned, MemoryStore({"warc": _OBJECT})))


@given(
    offset=st.integers(0, len(_OBJECT) + 2000),
    length=st.none() | st.integers(0, len(_OBJECT) + 2000),
    piece=st.integers(1, 5000),
)
def test_any_range_is_that_slice_of_the_whole(offset: int, length: int | None, piece: int) -> None:
    store = MemoryStore({"warc": _OBJECT}, piece)
    planned = plan(members(), _MOMENT)
    whole = all_of(planned, store)
    expected = whole[offset:] if length is None else whole[offset : offset + length]
    assert b"".join(planned.read(store, offset, length)) == expected


def place_of_object(planned: StoredZip) -> int:
    return all_of(planned, MemoryStore({"warc": _OBJECT})).index(_OBJECT)


@given(first=st.integers(0, len(_OBJECT) - 1), length=st.integers(1, 5000))
def test_a_range_within_an_object_asks_for_exactly_that_range(first: int, length: int) -> None:
    length = min(length, len(_OBJECT) - first)
    planned = plan(members(), _MOMENT)
    begin = place_of_object(planned)
    store = MemoryStore({"warc": _OBJECT})
    assert b"".join(planned.read(store, begin + first, length)) == _OBJECT[first : first + length]
    assert store.asked == [("warc", first, length)]
    assert store.given_bytes == length


def test_a_range_over_an_objects_edges_asks_for_no_more_of_it() -> None:
    planned = plan(members(), _MOMENT)
    begin = place_of_object(planned)
    store = MemoryStore({"warc": _OBJECT})
    list(planned.read(store, begin - 10, 15))
    list(planned.read(store, begin + len(_OBJECT) - 5, 15))
    assert store.asked == [("warc", 0, 5), ("warc", len(_OBJECT) - 5, 5)]


def test_headers_and_other_files_ask_the_store_for_nothing() -> None:
    planned = plan(members(), _MOMENT)
    begin = place_of_object(planned)
    store = MemoryStore({"warc": _OBJECT})
    list(planned.read(store, 0, begin))
    list(planned.read(store, begin + len(_OBJECT)))
    list(planned.read(store, planned.size_bytes))
    assert store.asked == []


@pytest.mark.parametrize(("offset", "length"), [(-1, None), (0, -1)])
def test_a_range_before_the_beginning_is_refused(offset: int, length: int | None) -> None:
    with pytest.raises(ValueError, match="no range"):
        plan(members(), _MOMENT).read(MemoryStore({"warc": _OBJECT}), offset, length)


def test_an_object_that_is_too_short_is_said_to_be() -> None:
    with pytest.raises(StorageError, match=r"^memory:warc is damaged: it ends 3 bytes early$"):
        all_of(plan(members(), _MOMENT), MemoryStore({"warc": _OBJECT[:-3]}))


def test_an_object_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFoundError, match="warc"):
        all_of(plan(members(), _MOMENT), MemoryStore())


@pytest.mark.parametrize("broken", [_OBJECT[:-1] + b"?", _OBJECT[1:] + b"?"])
def test_another_object_is_noticed_while_it_is_read(broken: bytes) -> None:
    with pytest.raises(StorageError, match="its CRC-32 is not the one that was committed to"):
        all_of(plan(members(), _MOMENT), MemoryStore({"warc": broken}))


# --- ZIP64


def large(*sizes: int) -> Sequence[Member]:
    return [Member(f"large/{n}", StoredObject(f"o{n}", size, 0)) for n, size in enumerate(sizes)]


def zeros(*sizes: int) -> ZeroStore:
    return ZeroStore({f"o{n}": size for n, size in enumerate(sizes)})


@pytest.mark.parametrize(
    "sizes",
    [
        (_4_GIB - 2,),
        (_4_GIB - 1,),
        (_4_GIB,),
        (_4_GIB + 12345,),
        (50_000, 3 * _4_GIB, 70_000),
        (_4_GIB // 2, _4_GIB // 2, _4_GIB // 2),
        (_4_GIB - 200,),
        (1 << 45, 1 << 45),
    ],
)
def test_sizes_and_offsets_beyond_4_gib_are_read_back(sizes: tuple[int, ...]) -> None:
    planned = plan([*large(*sizes), Member("small", b"the end")], _MOMENT)
    store = zeros(*sizes)
    with opened(planned, store) as found:
        assert [info.file_size for info in found.infolist()] == [*sizes, 7]
        assert found.read("small") == b"the end"
        for number in range(len(sizes)):
            # zipfile compares the local header with the directory before it hands out a byte.
            with found.open(f"large/{number}") as member:
                assert member.read(5) == bytes(5)
    assert store.given_bytes < 1 << 20


@pytest.mark.parametrize(("size", "is_zip64"), [(_4_GIB - 2, False), (_4_GIB - 1, True)])
def test_the_zip64_field_comes_only_where_it_is_needed(size: int, is_zip64: bool) -> None:
    with opened(plan(large(size), _MOMENT), zeros(size)) as found:
        (info,) = found.infolist()
    assert (info.extra != b"", info.extract_version) == (is_zip64, 45 if is_zip64 else 10)


@pytest.mark.parametrize(("count", "is_zip64"), [(0xFFFE, False), (0xFFFF, True)])
def test_so_many_files_are_counted(count: int, is_zip64: bool) -> None:
    planned = plan([Member(f"{n}", b"") for n in range(count)], _MOMENT)
    assert (b"PK\6\6" in all_of(planned, MemoryStore())) == is_zip64
    with opened(planned, MemoryStore()) as found:
        assert len(found.namelist()) == count

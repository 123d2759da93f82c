"""Single records of a WARC in a store: read by their own range, held against their digest, whatever they say."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import NotFoundError, StorageError
from archiver.warc import cdxj, reader, writer
from archiver.warc.cdxj import Entry
from tests.support.memory_store import MemoryStore, ZeroStore
from tests.unit.recordings import RESPONSE_HEAD, exchange, recording

_URL = "urn:text:https://a.test/"
_BEFORE = gzip.compress(b"another record")
_WHERE = rf"^memory:warc is damaged: the record at byte {len(_BEFORE)} "


def record(block: bytes, **changes: str) -> bytes:
    fields = {
        "WARC-Type": "resource",
        "WARC-Target-URI": _URL,
        "Content-Length": str(len(block)),
        "WARC-Block-Digest": f"sha256:{hashlib.sha256(block).hexdigest()}",
    } | {name.replace("_", "-"): value for name, value in changes.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value)
    return f"WARC/1.1\r\n{lines}\r\n".encode() + block + b"\r\n\r\n"


def stored(member: bytes, piece_bytes: int = 1 << 16) -> tuple[MemoryStore, Entry]:
    """The member between two others, and what an honest index says of it."""
    store = MemoryStore({"warc": _BEFORE + member + gzip.compress(b"the next one")}, piece_bytes)
    moment = datetime(2026, 11, 23, tzinfo=UTC)
    return store, Entry(_URL, moment, "text/plain", None, "ab" * 32, len(_BEFORE), len(member), "resource")


def read(member: bytes, limit_bytes: int | None = None) -> bytes:
    store, entry = stored(member)
    return b"".join(reader.content(store, "warc", entry, limit_bytes))


@given(
    block=st.binary(max_size=300).map(lambda data: data * 700),
    piece=st.integers(1, 1 << 17),
    level=st.sampled_from([0, 1, 9]),
)
def test_a_record_is_read_by_its_own_range(block: bytes, piece: int, level: int) -> None:
    store, entry = stored(gzip.compress(record(block), level), max(piece, len(block) // 50))
    assert b"".join(reader.content(store, "warc", entry)) == block
    assert store.asked == [("warc", entry.offset, entry.length)]
    assert store.given_bytes == entry.length


def test_every_record_the_index_names_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "capture.warc.gz"
    index = cdxj.lines(writer.write(recording(exchange(0), exchange(1, method="POST")), path), "capture.warc.gz")
    store = MemoryStore({"warc": path.read_bytes()})
    entries = cdxj.parse(index, "index")
    contents = {entry.url: b"".join(reader.content(store, "warc", entry)) for entry in entries}
    assert len(contents) == len(entries) == 6
    assert contents["urn:text:https://a.test/0"] == b"hello"
    assert contents["https://a.test/1"] == RESPONSE_HEAD + b"<p>hello"
    assert store.given_bytes == sum(entry.length for entry in entries) < len(store.objects["warc"])


def test_no_more_is_read_than_is_taken() -> None:
    noise = b"".join(hashlib.sha256(b"%d" % n).digest() for n in range(100_000))
    store, entry = stored(gzip.compress(record(noise), 1), 1000)
    assert noise.startswith(next(reader.content(store, "warc", entry)))
    assert store.given_bytes < entry.length / 10


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"Content_Length": ""}, "does not say how long it is"),
        ({"Content_Length": "-1"}, "does not say how long it is"),
        ({"Content_Length": "٣"}, "does not say how long it is"),
        ({"Content_Length": "9" * 16}, "does not say how long it is"),
        ({"Content_Length": "4"}, "is not as long as it says"),
        ({"Content_Length": "0"}, "is not as long as it says"),
        ({"Content_Length": "6"}, "is not as long as it says"),
        ({"Content_Length": "9" * 15}, "is not as long as it says"),
        ({"WARC_Target_URI": "urn:text:https://b.test/"}, "is not the resource of urn:text:https://a.test/ that"),
        ({"WARC_Target_URI": ""}, "is not the resource of"),
        ({"WARC_Type": "request"}, "is not the resource of"),
        ({"WARC_Block_Digest": ""}, "does not match its WARC-Block-Digest"),
        ({"WARC_Block_Digest": "sha256:" + "0" * 64}, "does not match its WARC-Block-Digest"),
        ({"WARC_Block_Digest": "sha1:" + hashlib.sha1(b"hello", usedforsecurity=False).hexdigest()}, "does not match"),
    ],
)
def test_a_record_that_lies_is_damaged(fields: dict[str, str], message: str) -> None:
    with pytest.raises(StorageError, match=_WHERE + message):
        read(gzip.compress(record(b"hello", **fields)))


def test_a_changed_byte_is_seen_in_the_end() -> None:
    store, entry = stored(gzip.compress(record(b"hello").replace(b"hello", b"hallo")))
    pieces = reader.content(store, "warc", entry)
    assert next(pieces) == b"hallo"
    with pytest.raises(StorageError, match=_WHERE + "does not match its WARC-Block-Digest"):
        next(pieces)


@pytest.mark.parametrize(
    ("member", "message"),
    [
        (b"", "is cut off"),
        (b"no gzip at all", "cannot be unpacked"),
        (gzip.compress(b"", mtime=0), "has no header"),
        (gzip.compress(b"WARC/1.1\r\n", mtime=0), "has no header"),
        (gzip.compress(record(b"hello"))[:-1], "is cut off"),
        (gzip.compress(record(b"hello"))[:-8] + bytes(8), "cannot be unpacked"),
        (gzip.compress(record(b"hello")) + b"x", "ends before the range"),
        (gzip.compress(record(b"hello")) * 2, "ends before the range"),
        (gzip.compress(record(b"hello")[:-1]), "is not as long as it says"),
        (gzip.compress(record(b"hello")[:-4]), "is not as long as it says"),
        (gzip.compress(record(b"hello") + b"x"), "is not as long as it says"),
        (gzip.compress(record(b"hello")[:-4] + b"more"), "is not as long as it says"),
    ],
)
def test_a_broken_member_is_damaged(member: bytes, message: str) -> None:
    with pytest.raises(StorageError, match=_WHERE + message):
        read(member)


@pytest.mark.parametrize("piece", [1, 7, 1 << 16])
def test_a_range_of_two_members_is_damaged_however_it_arrives(piece: int) -> None:
    store, entry = stored(gzip.compress(record(b"hello")) + gzip.compress(b"x"), piece)
    with pytest.raises(StorageError, match="ends before the range"):
        b"".join(reader.content(store, "warc", entry))


@pytest.mark.parametrize(("offset", "length"), [(10**15 - 1, 10), (10**15 - 1, 10**15 - 1), (0, 0), (10, 0)])
def test_a_range_where_nothing_is_is_damaged(offset: int, length: int) -> None:
    store, entry = stored(gzip.compress(record(b"hello")))
    with pytest.raises(StorageError, match=f"byte {offset} is cut off"):
        reader.content(store, "warc", replace(entry, offset=offset, length=length))


def test_an_endless_range_is_read_no_further_than_the_record() -> None:
    member = gzip.compress(record(b"hello"))
    store, entry = stored(member + bytes(10_000_000), 1000)
    with pytest.raises(StorageError, match="ends before the range"):
        b"".join(reader.content(store, "warc", replace(entry, length=10**15 - 1)))
    assert store.given_bytes < 5000


def bomb(start: bytes, zeros: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    packed = [packer.compress(start)]
    packed += [packer.compress(bytes(1 << 20)) for _ in range(zeros >> 20)]
    return b"".join([*packed, packer.flush()])


def test_a_record_that_unpacks_without_end_is_left_when_it_is_longer_than_it_says() -> None:
    store, entry = stored(bomb(record(b"hello"), 64 << 20), 100)
    pieces = reader.content(store, "warc", entry)
    with pytest.raises(StorageError, match=_WHERE + "is not as long as it says"):
        assert sum(map(len, pieces)) == 5
    assert store.given_bytes < 1000


def test_however_well_a_record_is_packed_its_pieces_are_small() -> None:
    member = gzip.compress(record(bytes(8 << 20)))
    store, entry = stored(member)
    sizes = [len(piece) for piece in reader.content(store, "warc", entry)]
    assert len(member) < 1 << 16
    assert (sum(sizes), max(sizes)) == (8 << 20, 1 << 16)


def test_a_header_without_end_is_left() -> None:
    store, entry = stored(bomb(b"WARC/1.1\r\nX: ", 64 << 20), 100)
    with pytest.raises(StorageError, match=_WHERE + "has a header without an end"):
        reader.content(store, "warc", entry)
    assert store.given_bytes < entry.length / 4


def test_the_caller_may_set_a_limit() -> None:
    member = gzip.compress(record(b"hello"))
    assert read(member, limit_bytes=5) == b"hello"
    with pytest.raises(StorageError, match=_WHERE + "has 5 bytes, more than the 4 it may have"):
        read(member, limit_bytes=4)


def test_without_an_object_there_is_nothing_to_find() -> None:
    _, entry = stored(b"")
    with pytest.raises(NotFoundError, match="warc"):
        reader.content(MemoryStore(), "warc", entry)


def test_zeros_are_no_record() -> None:
    _, entry = stored(b"")
    with pytest.raises(StorageError, match="cannot be unpacked"):
        reader.content(ZeroStore({"warc": 1 << 40}), "warc", replace(entry, length=1 << 40))

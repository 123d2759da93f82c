"""A WARC of a stranger's: what is good passes, and everything else is named, whatever it is and however large."""

from __future__ import annotations

import gzip
import hashlib
import io
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator

import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from archiver.verify.problems import MOST
from archiver.verify.warc import Limits, WarcReading, read_warc
from tests.unit.support import cuts, pieces
from tests.unit.verify.made import edited, made, packed, records, signed

_LARGE = 300_000
_RESPONSE, _REQUEST = 2, 3
_END = b"\r\n\r\n"


def kinds(reading: WarcReading) -> list[str]:
    return [str(problem.kind) for problem in reading.problems]


def read(data: bytes, limits: Limits | None = None) -> WarcReading:
    return read_warc([data], limits)


def swapped(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def change(record: bytes) -> bytes:
        assert old in record
        return record.replace(old, new, 1)

    return change


def inflated(data: bytes) -> bytes | None:
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error):
        return None


# --- what is good


@given(cuts)
@hypothesis_settings(max_examples=30)
def test_a_warc_of_ours_has_no_problem_however_it_comes(at: list[int]) -> None:
    data = made(_LARGE).warc
    reading = read_warc(pieces(data, at))
    assert not reading.problems
    assert reading.complete
    assert (reading.sha256, reading.size_bytes, reading.crc32) == (
        hashlib.sha256(data).hexdigest(),
        len(data),
        zlib.crc32(data),
    )
    assert reading == read_warc([data])


def test_records_are_found_where_they_are() -> None:
    data = made(_LARGE).warc
    reading = read(data)
    assert [r.number for r in reading.records] == list(range(1, len(reading.records) + 1))
    for record, plain in zip(reading.records, records(data), strict=True):
        assert gzip.decompress(data[record.offset : record.offset + record.length]) == plain
        block = plain.partition(_END)[2].removesuffix(_END)
        assert (record.size_bytes, record.block_sha256) == (len(block), hashlib.sha256(block).hexdigest())
        is_message = record.type in ("request", "response")
        payload = block.partition(_END)[2] if is_message else block
        assert (record.payload_bytes, record.payload_sha256) == (len(payload), hashlib.sha256(payload).hexdigest())
    assert max(record.payload_bytes for record in reading.records) > _LARGE - 32


def test_a_record_says_what_its_header_says() -> None:
    response, request = read(made().warc).records[3:5]
    assert (response.type, response.url, response.date) == (
        "response",
        "https://a.test/1",
        "2026-11-23T08:14:07.124456Z",
    )
    assert (response.status, response.method, response.truncated) == (200, None, "")
    assert (response.address, response.protocols) == ("203.0.113.7", ("http/1.1", "tls/1.3"))
    assert response.cipher == "TLS_AES_128_GCM_SHA256"
    assert (request.concurrent_to, request.method, request.status) == (response.id, "GET", None)
    assert response.listed_payload_sha256 == response.payload_sha256


def test_the_documents_are_read() -> None:
    reading = read(made().warc)
    assert reading.manifest is not None
    assert reading.page_information is not None
    assert reading.certificates is not None
    assert reading.manifest["format"] == "archiver-exchanges/1"
    assert reading.page_information["title"] == "A page"
    assert len(reading.certificates["certificates"]) == 1


def test_a_head_ends_where_capture_says_it_does() -> None:
    """A server that ends its lines with LF alone: what came is what is stored."""
    data = edited(made().warc, _RESPONSE, lambda r: signed(r.replace(b"Moved\r\nhost: a.test\r\n\r\n", b"M\nx: y\n\n")))
    assert not read(data).problems


@given(cuts)
def test_progress_is_told(at: list[int]) -> None:
    told: list[int] = []
    data = made().warc
    read_warc(pieces(data, at), on_bytes=told.append)
    assert sum(told) == len(data)


# --- what is wrong in a record


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (b"WARC/1.1\r\n", b"WARC/1.0\r\n", ["version"]),
        (b"WARC/1.1\r\n", b"", ["version"]),
        (b"WARC-Type: response\r\n", b"", ["field_missing"]),
        (b"WARC-Type: response", b"WARC-Type: revisit", ["record_type"]),
        (b"WARC-Type: response", b"WARC-Type: Response", ["record_type"]),
        (b"WARC-Record-ID: <urn:uuid:", b"WARC-Record-ID: <urn:uuid:x", ["field_malformed"]),
        (b"WARC-Record-ID: <", b"WARC-Record-ID: ", ["field_malformed"]),
        (b"WARC-Record-ID", b"X-Record-ID", ["field_missing"]),
        (b"WARC-Date", b"X-Date", ["field_missing"]),
        (b"WARC-Date: 2026-11-23T", b"WARC-Date: 2026-11-23 ", ["field_malformed"]),
        (b"WARC-Date: 2026-11", b"WARC-Date: 2026-13", ["field_malformed"]),
        (b"Content-Length: ", b"Content-Length: +", ["field_malformed"]),
        (b"Content-Length: ", b"Content-Length: 0", ["field_malformed"]),
        (b"Content-Length", b"X-Length", ["field_missing"]),
        (b"Content-Length: 36", b"Content-Length: 37", ["record_end", "block_digest", "payload_digest"]),
        (b"Content-Length: 36", b"Content-Length: 35", ["record_end", "block_digest"]),
        (b"Content-Length: 36", b"Content-Length: 9999", ["block_short"]),
        (b"Content-Type: application/http; msgtype=response", b"Content-Type: text/html", ["field_malformed"]),
        (b"Content-Type: ", b"X-Type: ", ["field_missing"]),
        (b"WARC-Target-URI", b"X-URI", ["field_missing"]),
        (b"WARC-Block-Digest: sha256:", b"WARC-Block-Digest: sha1:", ["field_malformed"]),
        (b"WARC-Block-Digest", b"X-Digest", ["field_missing"]),
        (b"WARC-Payload-Digest: sha256:", b"WARC-Payload-Digest: sha256:A", ["field_malformed"]),
        (b"WARC-Payload-Digest", b"X-Digest", ["field_missing"]),
        (b"WARC-Warcinfo-ID: <", b"WARC-Warcinfo-ID: <<", ["warcinfo"]),
        (b"WARC-Warcinfo-ID", b"X-Warcinfo-ID", ["warcinfo"]),
        (b"WARC-Page-ID: ", b"WARC-Page-ID:", ["header_syntax"]),
        (b"WARC-Page-ID: ", b"WARC-Page-ID : ", ["header_syntax"]),
        (b"WARC-Page-ID: ", b"WARC-Page-ID: \n ", ["header_syntax"]),
        (b"WARC-Page-ID: ", b"WARC-Page-ID: a\r\n folded: ", ["header_syntax"]),
        (b"WARC-Page-ID: ", b"WARC-Page-ID: \0", ["header_syntax"]),
        (b"WARC-Page-ID: ", b"WARC-Page-ID: \xff", ["header_syntax"]),
        (b"WARC-Page-ID: ", b"no colon\r\nWARC-Page-ID: ", ["header_syntax"]),
        (b"WARC-Page-ID: ", b"Content-Length: 36\r\nWARC-Page-ID: ", ["field_repeated"]),
        (b"WARC-Page-ID: ", b"warc-type: response\r\nWARC-Page-ID: ", ["field_repeated"]),
        (b"HTTP/1.1 301", b"HTTP/1.1 302", ["block_digest"]),
        (b"Moved\r\nhost: a.test\r\n\r\n\r\n\r\n", b"Moved\r\nhost: a.test\r\n\r\n\r\n\r\n.", ["record_end"]),
        (b"Moved\r\nhost: a.test\r\n\r\n\r\n\r\n", b"Moved\r\nhost: a.test\r\n\r\n\r\n", ["record_end"]),
        (b"Moved\r\nhost: a.test\r\n\r\n\r\n\r\n", b"Moved\r\nhost: a.test\r\n\r\n\n\n\n\n", ["record_end"]),
        (b"Moved\r\nhost: a.test\r\n\r\n\r\n\r\n", b"Moved\r\nhost: a.test\r\n\r\n", ["record_end"]),
    ],
)
def test_a_record_that_is_not_as_ours_is_named(old: bytes, new: bytes, found: list[str]) -> None:
    data = edited(made().warc, _RESPONSE, swapped(old, new))
    reading = read(data)
    assert set(found) <= set(kinds(reading))
    named = [p.text for p in reading.problems if p.kind in found]
    assert all(text.startswith("Record 2 at byte ") and text.endswith(".") for text in named)
    assert reading.complete
    assert reading.sha256 == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(
    ("number", "change", "found"),
    [
        (1, lambda r: signed(r.replace(b"WARC-Type: warcinfo", b"WARC-Type: resource")), "warcinfo"),
        (_RESPONSE, lambda r: signed(r.replace(b"WARC-Type: response", b"WARC-Type: warcinfo")), "warcinfo"),
        (4, lambda r: signed(r.replace(_END + b"<p>hello", _END + b"<p>hullo")), "payload_digest"),
        (_RESPONSE, lambda r: signed(r.replace(b"\r\nhost: a.test\r\n\r\n", b"")), "http_head"),
        (_REQUEST, swapped(b"Concurrent-To: <urn:uuid:", b"Concurrent-To: <urn:uuid:0"), "concurrent"),
        (_REQUEST, swapped(b"Target-URI: https", b"Target-URI: http"), "concurrent"),
        (_REQUEST, swapped(b"WARC-Date: 2026", b"WARC-Date: 2025"), "concurrent"),
        (-1, lambda r: signed(r.replace(b'"page"', b'"page": 1, "page"')), "document"),
        (-1, lambda r: signed(r.replace(b'"port": 443', b'"port": 443.00')), "document"),
        (-1, lambda r: signed(r.replace(b'"port": 443', b'"port": 9' + b"9" * 40)), "document"),
        (-1, lambda r: signed(r.replace(b'"page"', b"page")), "document"),
        (-1, lambda r: signed(r.replace(b'"page"', b'"\\ud800"')), "document"),
        (-1, lambda r: signed(r.partition(_END)[0] + _END + b"[]" + _END), "document"),
        (-1, lambda r: signed(r.partition(_END)[0] + _END + b"[" * 100_000 + _END), "document"),
        (-1, swapped(b"urn:exchanges:", b"urn:exchange:"), "manifest"),
        (-3, swapped(b"urn:pageinfo:", b"urn:pageinf:"), "page_information"),
    ],
)
def test_what_contradicts_itself_is_named(number: int, change: Callable[[bytes], bytes], found: str) -> None:
    assert found in kinds(read(edited(made(64).warc, number, change)))


def _moved(plain: list[bytes]) -> list[bytes]:
    return [*plain[:-2], plain[-1], plain[-2]]


@pytest.mark.parametrize(
    ("arrange", "found"),
    [
        (lambda plain: plain[1:], "warcinfo"),
        (lambda plain: [plain[0], *plain], "record_id_repeated"),
        (lambda plain: [*plain[:3], plain[1], *plain[3:]], "record_id_repeated"),
        (lambda plain: [*plain[:3], plain[2], *plain[3:]], "concurrent"),
        (lambda plain: [plain[0], plain[2], plain[1], *plain[3:]], "concurrent"),
        (_moved, "manifest"),
        (lambda plain: [*plain, plain[-1]], "manifest"),
        (lambda plain: plain[:-1], "manifest"),
        (lambda plain: [*plain[:-1], plain[-2], plain[-1]], "certificates"),
        (lambda plain: [*plain[:-1], plain[-3], plain[-1]], "page_information"),
        (lambda plain: [*plain[:-3], *plain[-2:]], "page_information"),
        (lambda plain: [plain[0], plain[1] + plain[2], *plain[3:]], "record_end"),
        (lambda plain: [plain[0], plain[1][:100], plain[1][100:], *plain[2:]], "no_header"),
        (lambda plain: [plain[0], b"", *plain[1:]], "no_header"),
        (lambda plain: [*plain, b"x"], "no_header"),
    ],
)
def test_records_that_are_not_in_their_places_are_named(
    arrange: Callable[[list[bytes]], list[bytes]], found: str
) -> None:
    reading = read(packed(arrange(records(made().warc))))
    assert found in kinds(reading)
    assert reading.complete


def test_everything_that_is_wrong_is_named_at_once() -> None:
    data = edited(made().warc, 2, swapped(b"HTTP/1.1 301", b"HTTP/1.1 302"))
    data = edited(data, 4, swapped(b"WARC-Date: 2026", b"WARC-Date: 20261"))
    data = edited(data, 5, swapped(b"\r\nWARC-Page-ID", b"\r\nWARC-Page-ID: x\r\nWARC-Page-ID"))
    reading = read(data[:-3])
    assert kinds(reading) == [
        "block_digest",
        "field_malformed",
        "field_repeated",
        "concurrent",
        "member_damaged",
        "manifest",
    ]


def test_of_a_million_problems_the_first_are_listed_and_the_others_counted() -> None:
    info, *others = records(made().warc)
    reading = read(packed([info] + [b"nothing"] * 3000 + others))
    assert len(reading.problems) == MOST + 1
    assert reading.problems[-1].text == f"There are {3000 - MOST} more problems."


# --- what is wrong with the file


def _borders(data: bytes) -> list[int]:
    return [record.offset for record in read(data).records]


@pytest.mark.parametrize("after", [0, 1, 2, 3, 4, 9, 10, 11, -1, -4, -5, -8, -9])
def test_a_file_that_is_cut_off_is_incomplete_wherever_it_ends(after: int) -> None:
    data = made().warc
    for border in _borders(data)[1:]:
        cut = data[: border + after]
        reading = read(cut)
        assert reading.complete == (after == 0)
        assert "manifest" in kinds(reading)
        assert ("member_damaged" in kinds(reading)) == (after != 0)
        assert reading.sha256 == hashlib.sha256(cut).hexdigest()


@given(st.integers(0, len(made().warc) - 1), st.integers(1, 255))
@example(3, 8)
@example(4, 8)
@hypothesis_settings(max_examples=300)
def test_no_byte_can_be_changed_without_a_problem_where_it_means_something(at: int, bits: int) -> None:
    good = made().warc
    data = bytearray(good)
    data[at] ^= bits
    reading = read(bytes(data))
    assert reading.sha256 != hashlib.sha256(good).hexdigest()
    assert reading.problems or inflated(bytes(data)) == inflated(good)


@given(st.binary(max_size=400) | st.binary(max_size=400).map(lambda data: made().warc[:900] + data))
def test_garbage_is_refused_and_never_raises(data: bytes) -> None:
    assert read(data).problems


@given(st.binary(max_size=300), st.sampled_from([b"", b"WARC/1.1\r\n", b"WARC/1.1\r\nContent-Length: 1\r\n\r\n"]))
def test_garbage_in_a_member_is_refused_and_never_raises(data: bytes, begin: bytes) -> None:
    reading = read(gzip.compress(begin + data))
    assert reading.problems
    assert reading.complete


@pytest.mark.parametrize("trailing", [b"x", b"\0", b"\0" * 512, b"\x1f\x8d", b"PK\3\4", b"trailing"])
def test_nothing_may_follow_the_last_member(trailing: bytes) -> None:
    reading = read(made().warc + trailing)
    assert "trailing_data" in kinds(reading)
    assert not reading.complete


def test_an_empty_file_and_a_plain_one_are_no_warc() -> None:
    assert kinds(read(b""))[0] == "empty"
    assert kinds(read(b"".join(records(made().warc)))) == ["member_damaged", "manifest", "page_information"]


def test_after_a_damaged_member_the_rest_is_hashed_but_not_read() -> None:
    data = bytearray(made().warc)
    third = _borders(made().warc)[2]
    data[third + 30] ^= 255
    reading = read(bytes(data))
    assert not reading.complete
    assert len(reading.records) == 2
    assert any("nothing behind it could be read" in problem.text for problem in reading.problems)
    assert reading.sha256 == hashlib.sha256(data).hexdigest()


def test_names_and_comments_in_gzip_headers_are_refused() -> None:
    info, *others = records(made().warc)
    buffer = io.BytesIO()
    with gzip.GzipFile("hidden.txt", "wb", fileobj=buffer, mtime=0) as file:
        file.write(info)
    assert kinds(read(buffer.getvalue() + packed(others))) == ["member_flags"]


# --- limits


def _bomb(size: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    header = b"WARC/1.1\r\nContent-Length: %d\r\n\r\n" % size
    zeros = bytes(1 << 20)
    return (
        packer.compress(header) + b"".join(packer.compress(zeros) for _ in range(size // len(zeros))) + packer.flush()
    )


@pytest.mark.parametrize("head", [b"", b"WARC/1.1\r\n\r\n"])
def test_a_bomb_ends_early_and_does_not_fill_the_memory(head: bytes) -> None:
    bomb = (gzip.compress(head) if head else b"") + _bomb(400 << 20)
    tracemalloc.start()
    began = time.process_time()
    reading = read(bomb, Limits(inflated_bytes=4 << 20))
    assert time.process_time() - began < 5
    assert tracemalloc.get_traced_memory()[1] < 30 << 20
    tracemalloc.stop()
    assert "limit" in kinds(reading)
    assert not reading.complete
    assert reading.sha256 == hashlib.sha256(bomb).hexdigest()


def test_what_is_hard_to_inflate_may_be_large() -> None:
    assert read(made(_LARGE).warc, Limits(inflated_bytes=1)).complete


@pytest.mark.parametrize(
    "limits",
    [
        Limits(records=5),
        Limits(header_bytes=300),
        Limits(headers_bytes=3000),
        Limits(document_bytes=1000),
        Limits(document_values=50),
        Limits(inflated_bytes=1, inflated_ratio=1),
    ],
)
def test_what_is_beyond_a_limit_is_a_problem(limits: Limits) -> None:
    reading = read(made().warc, limits)
    assert "limit" in kinds(reading)
    assert reading.sha256 == hashlib.sha256(made().warc).hexdigest()


def test_a_header_and_an_http_head_without_an_end_are_not_kept() -> None:
    info, *others = records(made().warc)
    endless = b"WARC/1.1\r\n" + b"x" * 3_000_000
    assert "limit" in kinds(read(packed([info, endless, *others]), Limits(header_bytes=1 << 16)))
    response = signed(others[0].partition(_END)[0] + _END + b"HTTP/1.1 200 OK\r\nx: " + b"y" * 3_000_000 + _END)
    found = kinds(read(packed([info, response, *others[1:]]), Limits(header_bytes=1 << 16)))
    assert {"limit", "http_head"} <= set(found)


def test_a_header_of_very_many_lines_is_not_taken_apart() -> None:
    info, response, *others = records(made().warc)
    many = response.replace(b"WARC-Page-ID", b"".join(b"x%d: \r\n" % n for n in range(200_000)) + b"WARC-Page-ID")
    tracemalloc.start()
    reading = read(packed([info, many, *others]))
    assert tracemalloc.get_traced_memory()[1] < 20 << 20
    tracemalloc.stop()
    assert "header_syntax" in kinds(reading)


def test_time_grows_with_the_number_of_small_members_and_not_with_its_square() -> None:
    member = gzip.compress(b"")

    def seconds(count: int) -> float:
        began = time.process_time()
        read(member * count)
        return time.process_time() - began

    seconds(1000)
    assert seconds(40_000) < 12 * max(seconds(10_000), 0.05)


# --- what is raised


def _failing(data: bytes) -> Iterator[bytes]:
    yield data
    raise OSError("the disk is gone")


@pytest.mark.parametrize("size", [100, 100_000])
def test_what_the_source_raises_is_raised_and_no_thread_is_left(size: int) -> None:
    before = threading.active_count()
    with pytest.raises(OSError, match="the disk is gone"):
        read_warc(_failing(made(_LARGE).warc[:size]))
    assert threading.active_count() == before


def test_what_progress_raises_is_raised() -> None:
    def stop(size: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_warc([made().warc], on_bytes=stop)

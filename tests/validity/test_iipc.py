"""Our WARC files keep the IIPC's rules, and the checker that says so sees each rule broken."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.support.captures import NAMES, Captures
from tests.support.iipc import check, members
from tests.support.oracles import REPOSITORY
from tests.support.snapshots import warc_of

_VECTORS = REPOSITORY.parent / "shared" / "vectors" / "warc"


@pytest.mark.browser
@pytest.mark.parametrize("name", NAMES)
def test_ours_breaks_no_rule(captures: Captures, name: str) -> None:
    raw = warc_of(captures[name]).read_bytes()
    assert check(raw) == []
    heads = [data.partition(b"\r\n\r\n")[0] for _, data, _ in members(raw)]
    assert len(heads) > 20
    kinds = [re.search(rb"\r\nWARC-Type: (\w+)", head)[1] for head in heads]  # type: ignore[index]
    assert set(kinds) == {b"warcinfo", b"request", b"response", b"resource", b"metadata"}
    assert kinds.count(b"warcinfo") == 1
    # Optional in the standard, promised by us.
    assert [head for head in heads if b"\r\nWARC-Block-Digest: sha256:" not in head] == []
    assert [head for head in heads[1:] if b"\r\nWARC-Warcinfo-ID: " not in head] == []


@pytest.mark.browser
def test_a_flipped_byte_of_ours_is_caught(captures: Captures) -> None:
    found = []
    for _, data, _ in members(warc_of(captures["demo"]).read_bytes()):
        end = data.index(b"\r\n\r\n") + 4
        if len(data) > end + 4:  # an empty block has nothing to flip
            broken = bytearray(data)
            broken[-5] ^= 1  # the last byte of the block
            found.append(check(gzip.compress(bytes(broken))))
    assert all(any("digest does not match" in problem for problem in problems) for problems in found)
    assert len(found) > 50


# --- A small file that has every type of record, and what is done to it

_IDS = [f"<urn:uuid:00000000-0000-4000-8000-{number:012}>" for number in range(10)]
_DATE = "2026-11-23T08:14:07.123456Z"
_URL = "https://www.example.test/a?b=%20"
_REQUEST = b"GET /a?b=%20 HTTP/1.1\r\nHost: www.example.test\r\n\r\n"
_RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
_INFO = b"software: tests\r\nformat: WARC File Format 1.1\r\n"
_PROFILE = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"

Parts = list[tuple[list[str], bytes]]  # of each record: its header lines and its block


def _sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _record(number: int, kind: str, block: bytes, *fields: str) -> tuple[list[str], bytes]:
    lines = [
        "WARC/1.1",
        f"WARC-Type: {kind}",
        f"WARC-Record-ID: {_IDS[number]}",
        f"WARC-Date: {_DATE}",
        f"Content-Length: {len(block)}",
        f"WARC-Block-Digest: {_sha256(block)}",
        *fields,
    ]
    if number:
        lines.append(f"WARC-Warcinfo-ID: {_IDS[0]}")
    return lines, block


def _good() -> Parts:
    uri = f"WARC-Target-URI: {_URL}"
    connection = (
        "WARC-IP-Address: 127.0.0.1",
        "WARC-Protocol: h2",
        "WARC-Protocol: tls/1.3",
        "WARC-Cipher-Suite: TLS_AES_128_GCM_SHA256",
    )
    return [
        _record(0, "warcinfo", _INFO, "Content-Type: application/warc-fields", "WARC-Filename: a.warc.gz"),
        _record(
            1,
            "response",
            _RESPONSE,
            uri,
            *connection,
            "Content-Type: application/http; msgtype=response",
            f"WARC-Payload-Digest: {_sha256(b'hello')}",
            "WARC-Truncated: length",
        ),
        _record(
            2,
            "request",
            _REQUEST,
            uri,
            *connection,
            "Content-Type: application/http;msgtype=request",
            f"WARC-Payload-Digest: {_sha256(b'')}",
            f"WARC-Concurrent-To: {_IDS[1]}",
            f"WARC-Concurrent-To: {_IDS[4]}",
        ),
        _record(
            3, "resource", b"text", "WARC-Target-URI: urn:text:https://www.example.test/", "Content-Type: text/plain"
        ),
        _record(4, "metadata", b"{}", uri, "Content-Type: application/json", f"WARC-Refers-To: {_IDS[1]}"),
        _record(
            5,
            "revisit",
            b"HTTP/1.1 200 OK\r\n\r\n",
            uri,
            "Content-Type: application/http; msgtype=response",
            f"WARC-Profile: {_PROFILE}",
            f"WARC-Payload-Digest: {_sha256(b'hello')}",
            f"WARC-Refers-To: {_IDS[1]}",
            f"WARC-Refers-To-Target-URI: {_URL}",
            "WARC-Refers-To-Date: 2026-11-23T08:14:07Z",
        ),
        _record(6, "conversion", b"x", uri, "Content-Type: text/plain", f"WARC-Refers-To: {_IDS[1]}"),
        _record(7, "resource", b"first ", uri, "Content-Type: text/plain", "WARC-Segment-Number: 1"),
        _record(
            8,
            "continuation",
            b"second",
            uri,
            "WARC-Segment-Number: 2",
            f"WARC-Segment-Origin-ID: {_IDS[7]}",
            "WARC-Segment-Total-Length: 12",
        ),
    ]


def _plain(lines: Sequence[str], block: bytes) -> bytes:
    # Where a test wants bytes that are no UTF-8, it writes them as surrogates.
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape") + block + b"\r\n\r\n"


def _pack(parts: Parts) -> bytes:
    return b"".join(gzip.compress(_plain(*part), mtime=0) for part in parts)


INFO, RESPONSE, REQUEST, RESOURCE, METADATA, REVISIT, CONVERSION, SEGMENT, CONTINUATION = range(9)
Change = Callable[[Parts], None]


def _edit(number: int, old: str, new: str) -> Change:
    """In the header of one record; `old` must be there."""

    def change(parts: Parts) -> None:
        lines, block = parts[number]
        assert any(old in line for line in lines)
        parts[number] = ([line.replace(old, new) for line in lines], block)

    return change


def _add(number: int, line: str) -> Change:
    return lambda parts: parts[number][0].append(line)


def _drop(number: int, name: str) -> Change:
    def change(parts: Parts) -> None:
        lines, block = parts[number]
        kept = [line for line in lines if not line.startswith(f"{name}:")]
        assert len(kept) < len(lines)
        parts[number] = (kept, block)

    return change


def _block(number: int, block: bytes) -> Change:
    """Another block, with its length and digests put right."""

    def change(parts: Parts) -> None:
        lines, old = parts[number]
        body = block.partition(b"\r\n\r\n")[2]
        fresh = {
            "Content-Length": str(len(block)),
            "WARC-Block-Digest": _sha256(block),
            "WARC-Payload-Digest": _sha256(body),
        }
        names = [line.partition(":")[0] for line in lines]
        parts[number] = (
            [f"{n}: {fresh[n]}" if n in fresh else line for n, line in zip(names, lines, strict=True)],
            block,
        )
        assert old != block

    return change


_OTHER = "<urn:uuid:99999999-0000-4000-8000-000000000000>"
_DIGEST = _sha256(b"")
_UNTOUCHED_PROBLEM = "sha256:" + "0" * 64

# Of each: what is done, and what the checker must say of it.
_TAMPERED: dict[str, tuple[Change, str]] = {
    "version 1.0": (_edit(RESPONSE, "WARC/1.1", "WARC/1.0"), "the version line is"),
    "no version": (_edit(RESPONSE, "WARC/1.1", "ARC/1.1"), "the version line is"),
    "a line without a colon": (_add(RESPONSE, "WARC-Strange"), "not a named field"),
    "a blank in a field name": (_add(RESPONSE, "WARC Strange: x"), "not a named field"),
    "a control character": (_add(RESPONSE, "WARC-Strange: a\x07b"), "a control character"),
    "a lone LF": (_add(RESPONSE, "WARC-Strange: a\nWARC-Other: b"), "a control character"),
    "not UTF-8": (_add(RESPONSE, "WARC-Strange: \udcff"), "the fields are not UTF-8"),
    "no id": (_drop(RESOURCE, "WARC-Record-ID"), "warc-record-id is missing"),
    "no date": (_drop(RESOURCE, "WARC-Date"), "warc-date is missing"),
    "no type": (_drop(RESOURCE, "WARC-Type"), "warc-type is missing"),
    "no length": (_drop(RESOURCE, "Content-Length"), "content-length is missing"),
    "two ids": (_add(RESOURCE, f"WARC-Record-ID: {_OTHER}"), "warc-record-id stands there 2 times"),
    "two dates": (_add(RESOURCE, f"WARC-Date: {_DATE}"), "warc-date stands there 2 times"),
    "two types": (_add(RESOURCE, "WARC-Type: resource"), "warc-type stands there 2 times"),
    "two lengths": (_add(RESOURCE, "Content-Length: 4"), "content-length stands there 2 times"),
    "two URIs": (_add(RESOURCE, f"warc-target-uri: {_URL}"), "warc-target-uri stands there 2 times"),
    "two addresses": (_add(RESPONSE, "WARC-IP-Address: 127.0.0.1"), "warc-ip-address stands there 2 times"),
    "two of an extension": (
        _add(RESPONSE, "WARC-Cipher-Suite: TLS_AES_128_GCM_SHA256"),
        "warc-cipher-suite stands there 2 times",
    ),
    "an unknown type": (_edit(RESOURCE, "WARC-Type: resource", "WARC-Type: page"), "WARC-Type 'page'"),
    "an id that is no UUID": (_edit(RESOURCE, _IDS[3], "<urn:uuid:3>"), "the value of warc-record-id"),
    "an id without brackets": (_edit(RESOURCE, _IDS[3], _IDS[3][1:-1]), "the value of warc-record-id"),
    "an id used twice": (_edit(RESOURCE, _IDS[3], _IDS[4]), "was used before"),
    "a date without Z": (_edit(RESOURCE, _DATE, _DATE[:-1]), "the value of warc-date"),
    "a date with an offset": (_edit(RESOURCE, _DATE, "2026-11-23T08:14:07+00:00"), "the value of warc-date"),
    "a date with a blank": (_edit(RESOURCE, _DATE, "2026-11-23 08:14:07Z"), "the value of warc-date"),
    "the 31st of November": (_edit(RESOURCE, _DATE, "2026-11-31T08:14:07Z"), "the value of warc-date"),
    "another date than the response's": (
        _edit(REQUEST, _DATE, "2026-11-23T08:14:08Z"),
        "warc-date is not that of the concurrent record",
    ),
    "a URI in brackets": (_edit(RESPONSE, _URL, f"<{_URL}>"), "the value of warc-target-uri"),
    "a URI with a blank": (_edit(RESPONSE, _URL, _URL + " x"), "the value of warc-target-uri"),
    "a URI with a tab": (_edit(RESPONSE, _URL, _URL + "\tx"), "the value of warc-target-uri"),
    "a URI beyond ASCII": (_edit(RESPONSE, _URL, _URL + "ä"), "the value of warc-target-uri"),
    "a relative URI": (_edit(RESPONSE, _URL, "/a?b"), "the value of warc-target-uri"),
    "no URI on a response": (_drop(RESPONSE, "WARC-Target-URI"), "a response record needs warc-target-uri"),
    "no URI on a request": (_drop(REQUEST, "WARC-Target-URI"), "a request record needs warc-target-uri"),
    "no URI on a resource": (_drop(RESOURCE, "WARC-Target-URI"), "a resource record needs warc-target-uri"),
    "no URI on a revisit": (_drop(REVISIT, "WARC-Target-URI"), "a revisit record needs warc-target-uri"),
    "no URI on a conversion": (
        _drop(CONVERSION, "WARC-Target-URI"),
        "a conversion record needs warc-target-uri",
    ),
    "no URI on a continuation": (
        _drop(CONTINUATION, "WARC-Target-URI"),
        "a continuation record needs warc-target-uri",
    ),
    "a URI on warcinfo": (_add(INFO, f"WARC-Target-URI: {_URL}"), "warc-target-uri may not stand on a warcinfo"),
    "concurrent warcinfo": (
        _add(INFO, f"WARC-Concurrent-To: {_IDS[1]}"),
        "warc-concurrent-to may not stand on a warcinfo",
    ),
    "concurrent conversion": (
        _add(CONVERSION, f"WARC-Concurrent-To: {_IDS[1]}"),
        "warc-concurrent-to may not stand on a conversion",
    ),
    "concurrent continuation": (
        _add(CONTINUATION, f"WARC-Concurrent-To: {_IDS[1]}"),
        "warc-concurrent-to may not stand on a continuation",
    ),
    "concurrent to nothing": (
        _add(RESOURCE, f"WARC-Concurrent-To: {_OTHER}"),
        f"warc-concurrent-to {_OTHER} is no record",
    ),
    "an address on warcinfo": (
        _add(INFO, "WARC-IP-Address: ::1"),
        "warc-ip-address may not stand on a warcinfo",
    ),
    "an address on a conversion": (
        _add(CONVERSION, "WARC-IP-Address: ::1"),
        "warc-ip-address may not stand on a conversion",
    ),
    "an address on a continuation": (
        _add(CONTINUATION, "WARC-IP-Address: ::1"),
        "warc-ip-address may not stand on a continuation",
    ),
    "an address with a port": (_edit(RESPONSE, "127.0.0.1", "127.0.0.1:80"), "the value of warc-ip-address"),
    "an address in brackets": (_edit(RESPONSE, "127.0.0.1", "[::1]"), "the value of warc-ip-address"),
    "a payload digest on warcinfo": (
        _add(INFO, f"WARC-Payload-Digest: {_sha256(_INFO)}"),
        "warc-payload-digest may not stand on a warcinfo",
    ),
    "a payload digest on metadata": (
        _add(METADATA, f"WARC-Payload-Digest: {_sha256(b'{}')}"),
        "warc-payload-digest may not stand on a metadata",
    ),
    "a payload type on metadata": (
        _add(METADATA, "WARC-Identified-Payload-Type: text/plain"),
        "warc-identified-payload-type may not stand on a metadata",
    ),
    "a filename on a response": (
        _add(RESPONSE, "WARC-Filename: a.warc.gz"),
        "warc-filename may not stand on a response",
    ),
    "an empty filename": (_edit(INFO, "WARC-Filename: a.warc.gz", "WARC-Filename:"), "the value of warc-filename"),
    "a profile on a response": (
        _add(RESPONSE, f"WARC-Profile: {_PROFILE}"),
        "warc-profile may not stand on a response",
    ),
    "a revisit without a profile": (_drop(REVISIT, "WARC-Profile"), "a revisit record needs warc-profile"),
    "a profile that is no URI": (_edit(REVISIT, _PROFILE, "same"), "the value of warc-profile"),
    "a warcinfo id on warcinfo": (
        _add(INFO, f"WARC-Warcinfo-ID: {_IDS[0]}"),
        "warc-warcinfo-id may not stand on a warcinfo",
    ),
    "the id of no warcinfo": (
        _edit(RESOURCE, f"WARC-Warcinfo-ID: {_IDS[0]}", f"WARC-Warcinfo-ID: {_OTHER}"),
        f"warc-warcinfo-id {_OTHER} is no warcinfo",
    ),
    "the id of a response for a warcinfo's": (
        _edit(RESOURCE, f"WARC-Warcinfo-ID: {_IDS[0]}", f"WARC-Warcinfo-ID: {_IDS[1]}"),
        f"warc-warcinfo-id {_IDS[1]} is no warcinfo",
    ),
    "truncated for no known reason": (
        _edit(RESPONSE, "WARC-Truncated: length", "WARC-Truncated: tired"),
        "the value of warc-truncated",
    ),
    "a response that refers": (
        _add(RESPONSE, f"WARC-Refers-To: {_IDS[2]}"),
        "warc-refers-to may not stand on a response",
    ),
    "a resource that refers": (
        _add(RESOURCE, f"WARC-Refers-To: {_IDS[1]}"),
        "warc-refers-to may not stand on a resource",
    ),
    "a reference without brackets": (
        _edit(METADATA, f"WARC-Refers-To: {_IDS[1]}", "WARC-Refers-To: a"),
        "the value of warc-refers-to",
    ),
    "metadata that refers to a URI": (
        _add(METADATA, f"WARC-Refers-To-Target-URI: {_URL}"),
        "warc-refers-to-target-uri may not stand on a metadata",
    ),
    "metadata that refers to a date": (
        _add(METADATA, f"WARC-Refers-To-Date: {_DATE}"),
        "warc-refers-to-date may not stand on a metadata",
    ),
    "a reference to no date": (
        _edit(REVISIT, "WARC-Refers-To-Date: 2026-11-23T08:14:07Z", "WARC-Refers-To-Date: then"),
        "the value of warc-refers-to-date",
    ),
    "a continuation without a number": (
        _drop(CONTINUATION, "WARC-Segment-Number"),
        "a continuation record needs warc-segment-number",
    ),
    "a continuation without an origin": (
        _drop(CONTINUATION, "WARC-Segment-Origin-ID"),
        "a continuation record needs warc-segment-origin-id",
    ),
    "a segment number that is none": (
        _edit(SEGMENT, "WARC-Segment-Number: 1", "WARC-Segment-Number: one"),
        "the value of warc-segment-number",
    ),
    "an origin on a response": (
        _add(RESPONSE, f"WARC-Segment-Origin-ID: {_IDS[7]}"),
        "warc-segment-origin-id may not stand on a response",
    ),
    "a total on a response": (
        _add(RESPONSE, "WARC-Segment-Total-Length: 12"),
        "warc-segment-total-length may not stand on a response",
    ),
    "a protocol on warcinfo": (_add(INFO, "WARC-Protocol: h2"), "warc-protocol may not stand on a warcinfo"),
    "an unknown protocol": (
        _edit(RESPONSE, "WARC-Protocol: h2", "WARC-Protocol: HTTP/2"),
        "the value of warc-protocol",
    ),
    "a cipher suite on warcinfo": (
        _add(INFO, "WARC-Cipher-Suite: TLS_AES_128_GCM_SHA256"),
        "warc-cipher-suite may not stand on a warcinfo",
    ),
    "an empty cipher suite": (
        _edit(RESPONSE, "WARC-Cipher-Suite: TLS_AES_128_GCM_SHA256", "WARC-Cipher-Suite: "),
        "the value of warc-cipher-suite",
    ),
    "OpenSSL's name of a cipher suite": (
        _edit(RESPONSE, "TLS_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256"),
        "the value of warc-cipher-suite",
    ),
    "no content type": (_drop(RESOURCE, "Content-Type"), "content-type is missing"),
    "a content type that is none": (_edit(RESOURCE, "text/plain", "text"), "the value of content-type"),
    "a request as a response": (
        _edit(RESPONSE, "msgtype=response", "msgtype=request"),
        "the content-type of an HTTP response",
    ),
    "a response as a request": (
        _edit(REQUEST, "msgtype=request", "msgtype=response"),
        "the content-type of an HTTP request",
    ),
    "the page's content type": (
        _edit(RESPONSE, "application/http; msgtype=response", "text/html"),
        "the content-type of an HTTP response",
    ),
    "warcinfo as text": (_edit(INFO, "application/warc-fields", "text/plain"), "the content-type of warcinfo"),
    "no status line": (_block(RESPONSE, b"Content-Length: 5\r\n\r\nhello"), "not the first line of an HTTP response"),
    "no request line": (_block(REQUEST, b"Host: a\r\n\r\n"), "not the first line of an HTTP request"),
    "an HTTP header without an end": (
        _block(RESPONSE, b"HTTP/1.1 200 OK\r\nA: b\r\n"),
        "the header of the HTTP response has no end",
    ),
    "warcinfo without an end": (_block(INFO, b"software: tests"), "do not end with CRLF"),
    "warcinfo of prose": (_block(INFO, b"software: tests\r\nmade by hand\r\n"), "warcinfo: not a named field"),
    "warcinfo without software": (_block(INFO, b"format: x\r\n"), "warcinfo does not name the software"),
    "a length too long": (_edit(RESPONSE, "Content-Length: 43", "Content-Length: 44"), "is not followed by CRLF CRLF"),
    "a length too short": (_edit(RESPONSE, "Content-Length: 43", "Content-Length: 42"), "is not followed by CRLF CRLF"),
    "a length far too long": (_edit(RESPONSE, "Content-Length: 43", "Content-Length: 430"), "the block has"),
    "a length that is no number": (
        _edit(RESPONSE, "Content-Length: 43", "Content-Length: many"),
        "Content-Length is not a number",
    ),
    "a wrong block digest": (
        _edit(RESPONSE, _sha256(_RESPONSE), _UNTOUCHED_PROBLEM),
        "warc-block-digest does not match",
    ),
    "a wrong payload digest": (
        _edit(RESPONSE, _sha256(b"hello"), _UNTOUCHED_PROBLEM),
        "warc-payload-digest does not match",
    ),
    "the block's digest as the payload's": (
        _edit(RESPONSE, _sha256(b"hello"), _sha256(_RESPONSE)),
        "warc-payload-digest does not match",
    ),
    "a digest in upper case": (
        _edit(RESPONSE, _sha256(b"hello"), "sha256:" + _sha256(b"hello")[7:].upper()),
        "warc-payload-digest is not a digest",
    ),
    "a digest without a label": (
        _edit(RESPONSE, _sha256(b"hello"), _sha256(b"hello")[7:]),
        "warc-payload-digest is not a digest",
    ),
    "a digest in Base32": (
        _edit(RESPONSE, _sha256(b"hello"), "sha256:FTZE3OS7WCRQ4JXIHMVMLOPCTYNRMHS4D6TUEXTTAQZWFE4LTASA===="),
        "warc-payload-digest is not a digest",
    ),
    "another first record": (lambda parts: parts.append(parts.pop(0)), "the first record is a response"),
}


def test_a_good_file_has_no_problems() -> None:
    assert check(_pack(_good())) == []


@pytest.mark.parametrize("name", _TAMPERED)
def test_each_rule_is_seen_broken(name: str) -> None:
    change, expected = _TAMPERED[name]
    parts = _good()
    change(parts)
    problems = check(_pack(parts))
    assert any(expected in problem for problem in problems), problems
    # One fault is not reported as a dozen: what is said is about what was done.
    assert len(problems) <= 4, problems


def _members_of(parts: Parts) -> list[bytes]:
    return [_plain(*part) for part in parts]


def _two_in_one() -> bytes:
    first, second, *others = _members_of(_good())
    return gzip.compress(first + second) + b"".join(map(gzip.compress, others))


def _one_in_two() -> bytes:
    first, *others = _members_of(_good())
    return b"".join(map(gzip.compress, [first[:100], first[100:], *others]))


def _tail(extra: bytes) -> bytes:
    *others, last = _members_of(_good())
    return b"".join(map(gzip.compress, [*others, last + extra]))


def _wrong_crc() -> bytes:
    packed = bytearray(gzip.compress(_members_of(_good())[0]))
    packed[-8] ^= 1
    return bytes(packed)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(b"", "the file is empty", id="an empty file"),
        pytest.param(b"".join(_members_of(_good())), "not a gzip member", id="not compressed"),
        pytest.param(gzip.compress(b"".join(_members_of(_good()))), "more than one record", id="one gzip member"),
        pytest.param(_two_in_one(), "more than one record", id="two records in a member"),
        pytest.param(_one_in_two(), "the header has no end", id="a record in two members"),
        pytest.param(_pack(_good())[:-1], "the gzip member is cut off", id="cut off by a byte"),
        pytest.param(_pack(_good())[:-200], "the gzip member is cut off", id="cut off"),
        pytest.param(_pack(_good()) + b"x", "the gzip member is cut off", id="a byte after the last member"),
        pytest.param(_pack(_good()) + bytes(512), "not a gzip member", id="zeros after the last member"),
        pytest.param(_pack(_good()) + gzip.compress(b""), "the gzip member is empty", id="an empty member"),
        pytest.param(_wrong_crc(), "not a gzip member", id="a wrong checksum"),
        pytest.param(_tail(b"\r\n"), "after the record there is", id="a CRLF too many"),
        pytest.param(_tail(b"x"), "after the record there is", id="a byte too many"),
    ],
)
def test_broken_files_are_seen(raw: bytes, expected: str) -> None:
    problems = check(raw)
    assert any(expected in problem for problem in problems), problems


def test_a_missing_end_of_record_is_seen() -> None:
    *others, last = _members_of(_good())
    problems = check(b"".join(map(gzip.compress, [*others, last[:-2]])))
    assert any("is not followed by CRLF CRLF" in problem for problem in problems), problems


def _vectors() -> list[Path]:
    return sorted(_VECTORS.iterdir()) if _VECTORS.is_dir() else []


@pytest.mark.skipif(not _vectors(), reason=f"no sample files in {_VECTORS}")
def test_other_peoples_files_can_be_checked() -> None:
    found = {path.name: check(path.read_bytes()) for path in _vectors()}
    # All of them are older than WARC/1.1 or broken: each has at least a problem.
    assert [name for name, problems in found.items() if not problems] == []
    # The sound ones have no other.
    for name in ("wio_example.warc.gz", "wio_example-resource.warc.gz"):
        assert [x for x in found[name] if "the version line is b'WARC/1.0'" not in x] == []
    for name, expected in (
        ("wio_example-bad.warc.gz.bad", "more than one record"),
        ("wio_example-bad-non-chunked.warc.gz", "more than one record"),
        ("wio_example-space-in-target-uri.warc.gz", "the value of warc-target-uri"),
        ("wio_example-wget-bad-target-uri.warc.gz", "the value of warc-target-uri"),
        ("wio_example-wrong-chunks.warc.gz", "the block has"),
    ):
        assert any(expected in problem for problem in found[name]), name

"""A checker of the rules of WARC/1.1 (IIPC, ISO 28500:2017), written from the standard, on the bytes of a .warc.gz.

Numbers in parentheses are sections of the standard. Beyond it: one gzip member a record (annex A and D recommend it),
ids are `urn:uuid`, SHA-256 digests are lower-case hexadecimal, and the IIPC's extension fields are known.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import AddressValueError, IPv4Address, IPv6Address

TYPES = ("warcinfo", "response", "resource", "request", "metadata", "revisit", "conversion", "continuation")
_MANDATORY = ("warc-record-id", "content-length", "warc-date", "warc-type")
_REPEATABLE = ("warc-concurrent-to", "warc-protocol")
_CAPTURED = ("response", "resource", "request", "metadata", "revisit")
_WITH_URI = ("response", "resource", "request", "revisit", "conversion", "continuation")

# The record types a field may stand on; a field that is not here may stand on all.
_ONLY_ON: dict[str, tuple[str, ...]] = {
    "warc-target-uri": (*_WITH_URI, "metadata"),
    "warc-concurrent-to": _CAPTURED,
    "warc-ip-address": _CAPTURED,
    "warc-protocol": _CAPTURED,
    "warc-cipher-suite": _CAPTURED,
    # A revisit's digest is of data that is elsewhere (5.9, 6.7).
    "warc-payload-digest": ("response", "resource", "request", "revisit", "conversion", "continuation"),
    "warc-identified-payload-type": (
        "response",
        "resource",
        "request",
        "revisit",
        "conversion",
        "continuation",
    ),
    "warc-refers-to": ("metadata", "revisit", "conversion"),
    "warc-refers-to-target-uri": ("revisit",),
    "warc-refers-to-date": ("revisit",),
    "warc-filename": ("warcinfo",),
    "warc-profile": ("revisit",),
    "warc-warcinfo-id": tuple(kind for kind in TYPES if kind != "warcinfo"),
    "warc-segment-origin-id": ("continuation",),
    "warc-segment-total-length": ("continuation",),
}
# The record types a field must stand on.
_REQUIRED_ON: dict[str, tuple[str, ...]] = {
    "warc-target-uri": _WITH_URI,
    "warc-profile": ("revisit",),
    "warc-segment-number": ("continuation",),
    "warc-segment-origin-id": ("continuation",),
}

_TRUNCATED = ("length", "time", "disconnect", "unspecified")
_PROTOCOLS = frozenset(
    (
        *("dns", "ftp", "gemini", "gopher", "http/0.9", "http/1.0", "http/1.1", "h2", "h2c", "h3"),
        *("quic/1", "quic/2", "spdy/1", "spdy/2", "spdy/3", "ssl/2", "ssl/3"),
        *("tls/1.0", "tls/1.1", "tls/1.2", "tls/1.3"),
    )
)

_TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_FIELD = re.compile(rf"({_TOKEN}):[ \t]*(.*?)[ \t]*", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_ID = re.compile(r"<urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}>", re.IGNORECASE)
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[!-;=?-~]+")  # visible ASCII without < and >
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(\.\d{1,9})?Z")
_MEDIA_TYPE = re.compile(rf'{_TOKEN}/{_TOKEN}(?:[ \t]*;[ \t]*{_TOKEN}=(?:{_TOKEN}|"[^"]*"))*')
_CIPHER = re.compile(r"TLS_[A-Z0-9_]+")
_HTTP_URI = re.compile(r"(?:https?|wss?):", re.IGNORECASE)
_STATUS_LINE = re.compile(rb"HTTP/\d(?:\.\d)? \d{3}(?: [^\r\n]*)?\r?\n")
_REQUEST_LINE = re.compile(rb"[!-~]+ [!-~]+ HTTP/\d(?:\.\d)?\r?\n")
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")  # a lone LF ends a line, too (RFC 9112, 2.2)


@dataclass(frozen=True)
class Record:
    """One record, parsed no further than needed. `fields` have lower-case names."""

    offset: int
    fields: tuple[tuple[str, str], ...]
    block: bytes

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.fields if key == name]

    def get(self, name: str) -> str:
        return next(iter(self.all(name)), "")

    @property
    def kind(self) -> str:
        return self.get("warc-type")


class _Malformed(Exception):
    """The record cannot be read any further."""


def check(raw: bytes) -> list[str]:
    """What breaks a rule in a WARC: one line each, with the byte at which the gzip member begins. Empty is good."""
    problems: list[str] = []
    records: list[Record] = []
    for offset, data, fault in members(raw):
        if fault:
            problems.append(f"at {offset}: {fault}")
        if not data:
            continue
        try:
            record, faults = _parse(offset, data)
        except _Malformed as error:
            problems.append(f"at {offset}: {error}")
            continue
        problems += [f"at {offset}: {found}" for found in faults]
        problems += [f"at {offset}: {found}" for rule in _RULES for found in rule(record)]
        records.append(record)
    return problems + list(_check_file(records))


def members(raw: bytes) -> Iterator[tuple[int, bytes, str]]:
    """Each gzip member: where it begins, what it holds, and what is wrong with it or an empty string."""
    if not raw:
        yield 0, b"", "the file is empty"
    offset = 0
    while offset < len(raw):
        inflater = zlib.decompressobj(wbits=31)
        try:
            data = inflater.decompress(raw[offset:])
        except zlib.error as error:
            yield offset, b"", f"not a gzip member: {error}"
            return
        if not inflater.eof:
            yield offset, data, "the gzip member is cut off"
            return
        yield offset, data, "" if data else "the gzip member is empty"
        offset = len(raw) - len(inflater.unused_data)


def _parse(offset: int, data: bytes) -> tuple[Record, list[str]]:
    """The record that a member holds, and what is wrong with its form."""
    faults: list[str] = []
    head, separator, rest = data.partition(b"\r\n\r\n")
    version, _, lines = head.partition(b"\r\n")
    if version != b"WARC/1.1":
        faults.append(f"the version line is {version[:40]!r}")
        if not version.startswith(b"WARC/"):
            raise _Malformed(faults[0])
    if not separator:
        raise _Malformed("the header has no end")
    fields, bad_lines = _fields(lines)
    faults += bad_lines
    lengths = [value for key, value in fields if key == "content-length"]
    length = int(lengths[0]) if lengths and re.fullmatch(r"[0-9]{1,18}", lengths[0]) else None
    if length is None:
        faults.append(f"Content-Length is not a number: {lengths}")
        return Record(offset, tuple(fields), rest.removesuffix(b"\r\n\r\n")), faults
    block, tail = rest[:length], rest[length:]
    if len(block) < length:
        faults.append(f"Content-Length is {length}, the block has {len(block)} bytes")
    elif not tail.startswith(b"\r\n\r\n"):
        faults.append(f"Content-Length is {length}, but the block is not followed by CRLF CRLF: {tail[:20]!r}")
    elif tail[4:].startswith(b"WARC/"):
        faults.append("the gzip member holds more than one record")
    elif tail != b"\r\n\r\n":
        faults.append(f"after the record there is {tail[4:24]!r}")
    return Record(offset, tuple(fields), block), faults


def _fields(lines: bytes) -> tuple[list[tuple[str, str]], list[str]]:
    """Named fields (4), folded lines joined, and what is wrong with them."""
    try:
        text = lines.decode("utf-8")
    except UnicodeDecodeError:
        return _fields(lines.decode("latin-1").encode("ascii", "replace"))[0], ["the fields are not UTF-8"]
    fields, faults = [], []
    for line in re.sub(r"\r\n[ \t]+", " ", text).split("\r\n"):
        match = _FIELD.fullmatch(line)
        if match is None:
            faults.append(f"not a named field: {line[:80]!r}")
            continue
        if _CONTROL.search(match[2]):
            faults.append(f"a control character in {match[1]}: {match[2][:80]!r}")
        fields.append((match[1].lower(), match[2]))
    return fields, faults


def _counts(record: Record) -> Iterator[str]:
    counts = Counter(key for key, _ in record.fields)
    for name in _MANDATORY:
        if not counts[name]:
            yield f"{name} is missing"
    for name, count in counts.items():
        if count > 1 and name not in _REPEATABLE:
            yield f"{name} stands there {count} times"


def _places(record: Record) -> Iterator[str]:
    """Which field may and must stand on which type of record (5, 6)."""
    if record.kind not in TYPES:
        yield f"WARC-Type {record.kind!r} is not known"
        return
    present = {key for key, _ in record.fields}
    for name in sorted(present):
        if name in _ONLY_ON and record.kind not in _ONLY_ON[name]:
            yield f"{name} may not stand on a {record.kind} record"
    for name, kinds in _REQUIRED_ON.items():
        if record.kind in kinds and name not in present:
            yield f"a {record.kind} record needs {name}"


def _values(record: Record) -> Iterator[str]:
    for name, value in record.fields:
        is_valid = _VALUE_RULES.get(name)
        if is_valid is not None and not is_valid(value):
            yield f"the value of {name} is not valid: {value[:120]!r}"


def _is_date(value: str) -> bool:
    match = _DATE.fullmatch(value)
    try:
        return match is not None and bool(datetime.fromisoformat(match[1]))
    except ValueError:
        return False


def _is_address(value: str) -> bool:
    for kind in (IPv4Address, IPv6Address):
        try:
            kind(value)
        except AddressValueError:
            continue
        return True
    return False


_VALUE_RULES: dict[str, Callable[[str], object]] = {
    "warc-record-id": _ID.fullmatch,
    "warc-warcinfo-id": _ID.fullmatch,
    "warc-concurrent-to": _ID.fullmatch,
    "warc-refers-to": re.compile(r"<[A-Za-z][A-Za-z0-9+.\-]*:[!-;=?-~]+>").fullmatch,
    "warc-segment-origin-id": _ID.fullmatch,
    "warc-date": _is_date,
    "warc-refers-to-date": _is_date,
    "warc-target-uri": _URI.fullmatch,
    "warc-refers-to-target-uri": _URI.fullmatch,
    "warc-profile": _URI.fullmatch,
    "warc-ip-address": _is_address,
    "warc-truncated": _TRUNCATED.__contains__,
    "warc-protocol": _PROTOCOLS.__contains__,
    "warc-cipher-suite": _CIPHER.fullmatch,
    "warc-segment-number": re.compile(r"[1-9][0-9]*").fullmatch,
    "warc-segment-total-length": re.compile(r"[0-9]+").fullmatch,
    "warc-filename": re.compile(r".+").fullmatch,
    "content-type": _MEDIA_TYPE.fullmatch,
    "warc-identified-payload-type": _MEDIA_TYPE.fullmatch,
}


def _content_type(record: Record) -> Iterator[str]:
    """The type of the block (5.6), and whether the block looks like it."""
    media_type = re.sub(r"[ \t\"]", "", record.get("content-type")).lower()
    if record.block and not media_type and record.kind != "continuation":
        yield "content-type is missing"
    if record.kind in ("request", "response") and _HTTP_URI.match(record.get("warc-target-uri")):
        if media_type != f"application/http;msgtype={record.kind}":
            yield f"the content-type of an HTTP {record.kind} is {record.get('content-type')!r}"
        first = _REQUEST_LINE if record.kind == "request" else _STATUS_LINE
        if not first.match(record.block):
            yield f"not the first line of an HTTP {record.kind}: {record.block[:60]!r}"
        elif _END_OF_HEAD.search(record.block) is None:
            yield f"the header of the HTTP {record.kind} has no end"
    if record.kind == "warcinfo":
        if media_type != "application/warc-fields":
            yield f"the content-type of warcinfo is {record.get('content-type')!r}"
        if not record.block.endswith(b"\r\n"):
            yield "the fields of warcinfo do not end with CRLF"
        found, faults = _fields(record.block.removesuffix(b"\r\n").removesuffix(b"\r\n"))
        yield from (f"warcinfo: {fault}" for fault in faults)
        if "software" not in dict(found):
            yield "warcinfo does not name the software"


def payload(record: Record) -> bytes | None:
    """The payload (5.9), None where the record alone does not tell."""
    if record.kind in ("revisit", "continuation") or record.all("warc-segment-number"):
        return None
    if record.get("content-type").lower().startswith("application/http"):
        end = _END_OF_HEAD.search(record.block)
        return record.block[end.end() :] if end else b""
    return record.block


def _digests(record: Record) -> Iterator[str]:
    for name, data in (("warc-block-digest", record.block), ("warc-payload-digest", payload(record))):
        for value in record.all(name):
            algorithm, _, text = value.partition(":")
            given = _digest_bytes(algorithm, text)
            if given is None:
                yield f"{name} is not a digest: {value[:120]!r}"
            elif data is not None and given != hashlib.new(algorithm, data, usedforsecurity=False).digest():
                yield f"{name} does not match: {value}"


def _digest_bytes(algorithm: str, text: str) -> bytes | None:
    """SHA-256 only as 64 lower-case hexadecimal digits; SHA-1 and MD5 of older files as hexadecimal or Base32."""
    if algorithm == "sha256":
        return bytes.fromhex(text) if re.fullmatch(r"[0-9a-f]{64}", text) else None
    size = {"sha1": 20, "md5": 16}.get(algorithm)
    try:
        if size and re.fullmatch(rf"[0-9A-Fa-f]{{{2 * size}}}", text):
            return bytes.fromhex(text)
        digest = base64.b32decode(text.upper() + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError):
        return None
    return digest if len(digest) == size else None


_RULES: Sequence[Callable[[Record], Iterator[str]]] = (_counts, _places, _values, _content_type, _digests)


def _check_file(records: Sequence[Record]) -> Iterator[str]:
    """What concerns more than one record."""
    if records and records[0].kind != "warcinfo":
        yield f"the first record is a {records[0].kind}, not a warcinfo"
    by_id: dict[str, Record] = {}
    for record in records:
        name = record.get("warc-record-id")
        if name in by_id:
            yield f"at {record.offset}: the id {name} was used before"
        by_id.setdefault(name, record)
    for record in records:
        for reference in record.all("warc-warcinfo-id"):
            if reference not in by_id or by_id[reference].kind != "warcinfo":
                yield f"at {record.offset}: warc-warcinfo-id {reference} is no warcinfo of this file"
        for reference in record.all("warc-concurrent-to"):
            if reference not in by_id:
                yield f"at {record.offset}: warc-concurrent-to {reference} is no record of this file"
            elif by_id[reference].get("warc-date") != record.get("warc-date"):
                yield f"at {record.offset}: warc-date is not that of the concurrent record {reference}"

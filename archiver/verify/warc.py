"""A whole WARC read once, as it comes, and held against what the archiver writes: records, digests, their order.

Nothing is believed and nothing is kept but what the records say of themselves and three short documents, within
`Limits`. WARC/1.1: section 4 is the record, 5 its fields, annex D gzip. RFC 1952: gzip.
"""

from __future__ import annotations

import hashlib
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson

from archiver.verify.block import Block
from archiver.verify.header import Header, HeaderKind
from archiver.verify.lanes import Lane
from archiver.verify.members import DamagedError, Members, NoMemberError
from archiver.verify.problems import Collected, Problem, shown

_HEADER_END = b"\r\n\r\n"
_RECORD_END = b"\r\n\r\n"
_DRAFTS = 64  # so that the lanes seldom run empty
_DOCUMENTS = {"urn:exchanges:": "metadata", "urn:pageinfo:": "resource", "urn:tls:": "metadata"}


class Kind(StrEnum):
    """What can be wrong with a WARC, beside what `HeaderKind` names."""

    EMPTY = "empty"
    MEMBER_DAMAGED = "member_damaged"
    TRAILING_DATA = "trailing_data"
    MEMBER_FLAGS = "member_flags"
    NO_HEADER = "no_header"
    BLOCK_SHORT = "block_short"
    RECORD_END = "record_end"
    BLOCK_DIGEST = "block_digest"
    PAYLOAD_DIGEST = "payload_digest"
    HTTP_HEAD = "http_head"
    RECORD_ID_REPEATED = "record_id_repeated"
    WARCINFO = "warcinfo"
    CONCURRENT = "concurrent"
    DOCUMENT = "document"
    MANIFEST = "manifest"
    PAGE_INFORMATION = "page_information"
    CERTIFICATES = "certificates"
    LIMIT = "limit"
    MORE = "more"


@dataclass(frozen=True)
class Limits:
    """How much a WARC may ask of whoever reads it. What is above is a problem, and ends the reading of records.

    A capture with the usual settings keeps 8 GB of bodies at most, so it may inflate to all of that however small it
    is; a larger one up to `inflated_ratio` times its size so far. DEFLATE itself reaches 1032.
    """

    header_bytes: int = 8 << 20  # of a record, or of the HTTP message in it: a URL of Chromium's is 2 MB at most
    headers_bytes: int = 128 << 20  # of all records: what they say is kept
    records: int = 1_000_000
    document_bytes: int = 64 << 20
    document_values: int = 4_000_000  # a byte of JSON can become a hundred of memory
    inflated_bytes: int = 16 << 30
    inflated_ratio: int = 100


@dataclass(frozen=True, slots=True)
class Record:
    """One record as it was found. What its header does not say is empty or None; digests are as computed.

    `payload_*` is the HTTP body where the block is an HTTP message, otherwise the block.
    """

    number: int
    offset: int
    length: int
    type: str
    id: str
    url: str
    date: str
    media_type: str
    size_bytes: int
    block_sha256: str
    payload_bytes: int
    payload_sha256: str
    listed_block_sha256: str | None
    listed_payload_sha256: str | None
    status: int | None
    method: str | None
    concurrent_to: str
    truncated: str
    address: str
    protocols: tuple[str, ...]
    cipher: str


@dataclass(frozen=True)
class WarcReading:
    """What was found in a WARC, and all that is wrong with it. `records` is all that could be read, in order.

    `complete` says whether the reading came to the end of the file; otherwise `problems` says where it stopped.
    The documents are those of the first record of their kind, None when there is none that can be read.
    """

    sha256: str
    size_bytes: int
    crc32: int
    records: tuple[Record, ...]
    problems: tuple[Problem, ...]
    complete: bool
    manifest: dict[str, Any] | None
    page_information: dict[str, Any] | None
    certificates: dict[str, Any] | None


def read_warc(
    pieces: Iterable[bytes], limits: Limits | None = None, on_bytes: Callable[[int], None] | None = None
) -> WarcReading:
    """Read a WARC from its first byte to its last, and report everything that is not as the archiver writes it.

    `on_bytes` is called with the size of each piece when its turn comes. Memory does not grow with the file, but for
    what its records say of themselves. Raises only what `pieces` and `on_bytes` raise.
    """
    with ExitStack() as stack:
        lanes = [stack.enter_context(Lane()) for _ in range(3)]
        file = _File(pieces, lanes[0], on_bytes)
        reader = _Reader(Members(file.pieces()), limits or Limits(), (lanes[1], lanes[2]))
        reader.run()
        lanes[0].wait()
        return reader.result(file)


class _File:
    """The file as a whole, while its pieces pass."""

    def __init__(self, pieces: Iterable[bytes], lane: Lane, on_bytes: Callable[[int], None] | None) -> None:
        self.size_bytes = 0
        self.crc32 = 0
        self._pieces = pieces
        self._lane = lane
        self._on_bytes = on_bytes
        self._hashed = hashlib.sha256()

    @property
    def sha256(self) -> str:
        return self._hashed.hexdigest()

    def pieces(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.size_bytes += len(piece)
            self._lane.give(self._look_at, piece)
            if self._on_bytes is not None:
                self._on_bytes(len(piece))
            yield piece

    def _look_at(self, piece: bytes | memoryview) -> None:
        self._hashed.update(piece)
        self.crc32 = zlib.crc32(piece, self.crc32)


class _LimitError(Exception):
    """More than `Limits` allows; the message says what of."""


@dataclass(slots=True)
class _Draft:
    """A record whose digests may still be at work."""

    number: int
    offset: int
    length: int
    header: Header
    block: Block
    size_bytes: int


class _Reader:
    def __init__(self, members: Members, limits: Limits, lanes: tuple[Lane, Lane]) -> None:
        self._members = members
        self._limits = limits
        self._lanes = lanes
        self._problems: Collected[tuple[int, Problem]] = Collected()
        self._drafts: list[_Draft] = []
        self._records: list[Record] = []
        self._documents: dict[str, dict[str, Any] | None] = {}
        self._number = 0  # of the record at hand, from 1
        self._inflated_bytes = 0
        self._headers_bytes = 0
        self._complete = False
        self._info_id = ""  # of the first record
        self._protocols: dict[tuple[str, ...], tuple[str, ...]] = {}

    def run(self) -> None:
        try:
            while self._members.begin():
                self._number += 1
                if self._number > self._limits.records:
                    raise _LimitError(f"there are more than {self._limits.records} records")
                self._record()
            self._complete = True
        except NoMemberError:
            kind = Kind.TRAILING_DATA if self._number > 1 else Kind.MEMBER_DAMAGED
            self._report(kind, "is no gzip member; nothing from there on could be read")
        except DamagedError as error:
            self._report(Kind.MEMBER_DAMAGED, f"cannot be inflated ({error}); nothing behind it could be read")
        except _LimitError as error:
            self._report(Kind.LIMIT, f"is beyond what is read: {error}; nothing from there on was read")
        self._members.drain()

    def result(self, file: _File) -> WarcReading:
        """When the file's lane is done."""
        self._finish_drafts()
        records = tuple(self._records)
        self._check_order(records)
        problems = [problem for _, problem in sorted(self._problems.kept, key=lambda found: found[0])]
        if self._problems.left_off:
            problems.append(Problem(Kind.MORE, f"There are {self._problems.left_off} more problems."))
        return WarcReading(
            file.sha256,
            file.size_bytes,
            file.crc32,
            records,
            tuple(problems),
            self._complete,
            *(self._documents.get(prefix) for prefix in ("urn:exchanges:", "urn:pageinfo:", "urn:tls:")),
        )

    # one record

    def _report(self, kind: StrEnum, text: str) -> None:
        """Of the record at hand."""
        self._add(kind, self._number, self._members.offset, text)

    def _add(self, kind: StrEnum, number: int, offset: int, text: str) -> None:
        self._problems.add((number, Problem(kind, f"Record {number} at byte {offset} {text}.")))

    def _report_header(self, kind: HeaderKind, text: str) -> None:
        self._report(kind, f"is malformed: {text}")

    def _read(self) -> bytes:
        data = self._members.read()
        self._inflated_bytes += len(data)
        # Of what has come so far: the size of the whole is not known, and a stream might lie about it.
        allowed = max(self._limits.inflated_bytes, self._limits.inflated_ratio * self._members.position)
        if self._inflated_bytes > allowed:
            raise _LimitError(f"the file inflates to more than {allowed} bytes in its first {self._members.position}")
        return data

    def _record(self) -> None:
        header, rest = self._header()
        if header is None or header.length is None:
            while self._read():
                pass
            return
        if self._number == 1:
            self._info_id = header.get("warc-record-id")
        prefix = _document_prefix(header)
        wanted = prefix is not None and prefix not in self._documents
        block = Block(
            header.length,
            header.is_exchange,
            self._limits.document_bytes + 1 if wanted else 0,
            self._limits.header_bytes,
            self._lanes,
        )
        self._block(block, header.length, rest)
        if self._members.flags:
            self._report(Kind.MEMBER_FLAGS, f"has gzip flags {self._members.flags:#04x}, expected none")
        length = self._members.position - self._members.offset
        if prefix is not None and wanted:
            self._documents[prefix] = self._document(prefix, block.kept)
            block.kept = bytearray()
        self._drafts.append(_Draft(self._number, self._members.offset, length, header, block, header.length))
        if len(self._drafts) == _DRAFTS:
            self._finish_drafts()

    def _header(self) -> tuple[Header | None, bytes]:
        """The header, if there is one, and what came with it of the block."""
        found = bytearray()
        while data := self._read():
            searched = max(0, len(found) - len(_HEADER_END))
            found += data
            end = found.find(_HEADER_END, searched)
            if (end if end >= 0 else len(found)) > self._limits.header_bytes:
                self._report(Kind.LIMIT, f"has a header of more than {self._limits.header_bytes} bytes")
                return None, b""
            if end >= 0:
                self._headers_bytes += end
                if self._headers_bytes > self._limits.headers_bytes:
                    raise _LimitError(f"the headers have more than {self._limits.headers_bytes} bytes together")
                return Header(bytes(found[:end]), self._report_header), bytes(found[end + len(_HEADER_END) :])
        self._report(Kind.NO_HEADER, "has no header that ends with an empty line")
        return None, b""

    def _block(self, block: Block, size_bytes: int, rest: bytes) -> None:
        """Read to the end of the member: the block that begins with `rest`, then two line ends and nothing more."""
        left, tail, beyond_bytes = size_bytes, b"", 0
        data: bytes = rest
        while True:
            mine = min(left, len(data))
            if mine:
                block.feed(data if mine == len(data) else memoryview(data)[:mine])
            left -= mine
            beyond_bytes += len(data) - mine
            tail += data[mine : mine + len(_RECORD_END) + 1 - len(tail)]
            data = self._read()
            if not data:
                break
        if left:
            self._report(Kind.BLOCK_SHORT, f"has a block of {size_bytes - left} bytes, expected {size_bytes}")
        elif tail != _RECORD_END:
            self._report(
                Kind.RECORD_END,
                f"has {shown(tail)} after its block of {size_bytes} bytes ({beyond_bytes} bytes in all), "
                "expected two line ends and nothing more",
            )
        if block.head_cut:
            self._report(Kind.LIMIT, f"has an HTTP head of more than {self._limits.header_bytes} bytes")

    def _document(self, prefix: str, data: bytearray) -> dict[str, Any] | None:
        name = f"holds the document {prefix}, which"
        if len(data) > self._limits.document_bytes:
            self._report(Kind.LIMIT, f"{name} has more than {self._limits.document_bytes} bytes")
            return None
        if sum(data.count(mark) for mark in (b",", b"[", b"{")) > self._limits.document_values:
            self._report(Kind.LIMIT, f"{name} has more than {self._limits.document_values} values")
            return None
        try:
            document = orjson.loads(data)
            # Of a repeated name, or a number that is not kept exactly, other readers may make something else.
            plain = orjson.dumps(document, option=orjson.OPT_INDENT_2) == data
        except (orjson.JSONDecodeError, orjson.JSONEncodeError) as error:
            self._report(Kind.DOCUMENT, f"{name} is no JSON: {error}")
            return None
        if not isinstance(document, dict):
            self._report(Kind.DOCUMENT, f"{name} is {shown(document)}, expected an object")
            return None
        if not plain:
            self._report(Kind.DOCUMENT, f"{name} is not the JSON that its values are written as")
        return document

    # all records

    def _finish_drafts(self) -> None:
        for lane in self._lanes:
            lane.wait()
        self._records += [self._finished(draft) for draft in self._drafts]
        self._drafts.clear()

    def _finished(self, draft: _Draft) -> Record:
        header, block = draft.header, draft.block
        whole, payload = block.digests()
        listed_whole, listed_payload = header.digest("warc-block-digest"), header.digest("warc-payload-digest")
        if listed_whole not in (None, whole):
            text = f"has a block with SHA-256 {whole}, expected {listed_whole}"
            self._add(Kind.BLOCK_DIGEST, draft.number, draft.offset, text)
        if listed_payload not in (None, payload):
            text = f"has a payload with SHA-256 {payload}, expected {listed_payload}"
            self._add(Kind.PAYLOAD_DIGEST, draft.number, draft.offset, text)
        if header.type == "response" and not block.head_ended:
            self._add(Kind.HTTP_HEAD, draft.number, draft.offset, "is a response without an HTTP head that ends")
        if header.type != "warcinfo" and header.get("warc-warcinfo-id") != self._info_id:
            text = f"names the warcinfo {shown(header.get('warc-warcinfo-id'))}, expected {shown(self._info_id)}"
            self._add(Kind.WARCINFO, draft.number, draft.offset, text)
        shared = sys.intern  # of what most records say alike, one copy is kept
        return Record(
            number=draft.number,
            offset=draft.offset,
            length=draft.length,
            type=shared(header.type),
            id=shared(header.get("warc-record-id")),
            url=shared(header.get("warc-target-uri")),
            date=shared(header.get("warc-date")),
            media_type=shared(header.get("content-type")),
            size_bytes=draft.size_bytes,
            block_sha256=whole,
            payload_bytes=block.payload_bytes,
            payload_sha256=payload,
            listed_block_sha256=whole if listed_whole == whole else listed_whole,
            listed_payload_sha256=payload if listed_payload == payload else listed_payload,
            status=block.status if header.type == "response" else None,
            method=shared(block.method) if header.type == "request" and block.method else None,
            concurrent_to=shared(header.get("warc-concurrent-to")),
            truncated=shared(header.get("warc-truncated")),
            address=shared(header.get("warc-ip-address")),
            protocols=self._protocols.setdefault(header.protocols, header.protocols),
            cipher=shared(header.get("warc-cipher-suite")),
        )

    def _check_order(self, records: tuple[Record, ...]) -> None:
        if not self._number:
            self._problems.add((0, Problem(Kind.EMPTY, "The file is empty, expected records.")))
        by_id: dict[str, Record] = {}
        answered: set[str] = set()
        for record in records:
            if (record.type == "warcinfo") != (record.number == 1):
                text = f"is a {shown(record.type)}, expected a warcinfo as the first record and nowhere else"
                self._add(Kind.WARCINFO, record.number, record.offset, text)
            if record.id and by_id.setdefault(record.id, record) is not record:
                text = f"has the id of record {by_id[record.id].number}, {shown(record.id)}"
                self._add(Kind.RECORD_ID_REPEATED, record.number, record.offset, text)
            if record.concurrent_to:
                self._check_concurrent(record, by_id.get(record.concurrent_to), answered)
        self._check_documents(records)

    def _check_concurrent(self, record: Record, named: Record | None, answered: set[str]) -> None:
        """A request follows the response it names, which is to the same URL and of the same time."""
        if (
            named is None
            or (record.type, named.type) != ("request", "response")
            or (record.url, record.date) != (named.url, named.date)
            or named.id in answered
        ):
            text = f"names {shown(record.concurrent_to)}, expected an earlier response to it that no other names"
            self._add(Kind.CONCURRENT, record.number, record.offset, text)
        answered.add(record.concurrent_to)

    def _check_documents(self, records: tuple[Record, ...]) -> None:
        """One manifest, as the last record, one page information, and the certificates once at most."""
        found = {prefix: [r for r in records if is_document(r, prefix)] for prefix in _DOCUMENTS}
        last = self._number
        for prefix, kind, least in (
            ("urn:exchanges:", Kind.MANIFEST, 1),
            ("urn:pageinfo:", Kind.PAGE_INFORMATION, 1),
            ("urn:tls:", Kind.CERTIFICATES, 0),
        ):
            if len(found[prefix]) < least:
                text = f"The file has no {_DOCUMENTS[prefix]} record {prefix}, expected one."
                self._problems.add((last + 1, Problem(kind, text)))
            for record in found[prefix][1:]:
                self._add(kind, record.number, record.offset, f"is another {prefix}, expected one at most")
        for record in found["urn:exchanges:"]:
            if record.number != last:
                text = f"is the exchange manifest, expected as the last record, {last}"
                self._add(Kind.MANIFEST, record.number, record.offset, text)


def is_document(record: Record, prefix: str) -> bool:
    """Whether a record is the capture's own of this kind: `urn:exchanges:`, `urn:pageinfo:` or `urn:tls:`."""
    return record.type == _DOCUMENTS[prefix] and record.url.startswith(prefix)


def _document_prefix(header: Header) -> str | None:
    url = header.get("warc-target-uri")
    return next((p for p, kind in _DOCUMENTS.items() if header.type == kind and url.startswith(p)), None)

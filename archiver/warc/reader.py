"""Reading single records of a WARC that lies in a store, each by its own range, checked against its digest.

Nothing is believed: an index may point anywhere, and a record may say of itself what it likes. Of WARC/1.1 section 4 is
the record, 5.8 WARC-Block-Digest, annex D gzip.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterator

from archiver.errors import StorageError
from archiver.storage.base import Readable
from archiver.warc.cdxj import Entry

_CHUNK_BYTES = 1 << 16
_GZIP = 31  # zlib's wbits for a gzip header and trailer
_MAX_HEADER_BYTES = 8 << 20  # a URL of Chromium's is 2 MB at most
_DIGITS = re.compile(rb"[0-9]{1,15}")
_END = b"\r\n\r\n"


def content(store: Readable, key: str, entry: Entry, limit_bytes: int | None = None) -> Iterator[bytes]:
    """The block of the record an index entry names, in pieces; of a response that is its HTTP message.

    Only the bytes of the record's gzip member are asked for, and no more than a piece of them is held. Raises
    `StorageError`, which names object and offset: before the first piece when the record is not the one the entry
    names, or larger than `limit_bytes`; after the last when the block is not what its WARC-Block-Digest says.
    """
    where = f"{store.where(key)} is damaged: the record at byte {entry.offset}"
    data = _inflated(store.get(key, entry.offset, entry.length), where)
    header, rest = _header(data, where)
    fields = _fields(header)
    named = (entry.record_type.encode(), entry.url.encode())
    if (fields.get(b"warc-type"), fields.get(b"warc-target-uri")) != named:
        raise StorageError(f"{where} is not the {entry.record_type} of {entry.url[:200]} that the index says it is")
    size = _size(fields, where)
    if limit_bytes is not None and size > limit_bytes:
        raise StorageError(f"{where} has {size} bytes, more than the {limit_bytes} it may have")
    return _block(data, rest, size, fields.get(b"warc-block-digest"), where)


def _block(data: Iterator[bytes], rest: bytes, size: int, digest: bytes | None, where: str) -> Iterator[bytes]:
    """The `size` bytes that begin with `rest` and go on in `data`, and nothing after them but two line ends."""
    hashed = hashlib.sha256()
    left, tail = size, b""
    while True:
        piece, beyond = rest[:left], rest[left:]
        left -= len(piece)
        tail += beyond
        if len(tail) > len(_END):  # before more is read: it may have no end
            raise StorageError(f"{where} is not as long as it says")
        if piece:
            hashed.update(piece)
            yield piece
        following = next(data, None)
        if following is None:
            break
        rest = following
    if left or tail != _END:
        raise StorageError(f"{where} is not as long as it says")
    if digest != b"sha256:" + hashed.hexdigest().encode():
        raise StorageError(f"{where} does not match its WARC-Block-Digest")


def _header(data: Iterator[bytes], where: str) -> tuple[bytes, bytes]:
    """The header block of a record (section 4), and what came with it of the block."""
    found = bytearray()
    searched = 0
    for piece in data:
        found += piece
        end = found.find(_END, searched)
        if end >= 0:
            return bytes(found[:end]), bytes(found[end + len(_END) :])
        if len(found) > _MAX_HEADER_BYTES:
            raise StorageError(f"{where} has a header without an end")
        searched = max(0, len(found) - len(_END))
    raise StorageError(f"{where} has no header")


def _fields(header: bytes) -> dict[bytes, bytes]:
    """The named fields by their names in lower case; of a field that is repeated the first."""
    fields: dict[bytes, bytes] = {}
    for line in header.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        fields.setdefault(name.strip().lower(), value.strip())
    return fields


def _size(fields: dict[bytes, bytes], where: str) -> int:
    length = fields.get(b"content-length", b"")
    if not _DIGITS.fullmatch(length):
        raise StorageError(f"{where} does not say how long it is")
    return int(length)


def _inflated(pieces: Iterator[bytes], where: str) -> Iterator[bytes]:
    """The content of the one gzip member in `pieces`, never more than `_CHUNK_BYTES` of it at a time."""
    unzip = zlib.decompressobj(wbits=_GZIP)
    try:
        for piece in pieces:
            packed = piece
            while True:
                data = unzip.decompress(packed, _CHUNK_BYTES)
                if data:
                    yield data
                if unzip.unused_data:
                    raise StorageError(f"{where} ends before the range of the index does")
                packed = unzip.unconsumed_tail
                if not packed and len(data) < _CHUNK_BYTES:
                    break
            if unzip.eof:
                break
    except zlib.error as error:
        raise StorageError(f"{where} cannot be unpacked: {error}") from None
    if not unzip.eof:
        raise StorageError(f"{where} is cut off")
    if any(pieces):
        raise StorageError(f"{where} ends before the range of the index does")

"""A WARC taken apart and put together again by a forger, who needs no more than gzip and SHA-256."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Callable

#: every kind of record that a capture writes, by what its header has in it
KINDS = {
    "the warcinfo": rb"WARC-Type: warcinfo\r\n",
    "a response": rb"WARC-Type: response\r\n[^\0]*?/picture\.png\r\n",
    "the response of the main document": rb"WARC-Type: response\r\n(?:[^\r]*\r\n){2}WARC-Target-URI: https://[a-z]+\.test/\r",
    "a redirect": rb"WARC-Type: response\r\n(?:[^\r]*\r\n){2}WARC-Target-URI: http://[a-z]+\.test/\r",
    "a cut response": rb"WARC-Truncated: disconnect\r\n",
    "a request": rb"WARC-Type: request\r\n[^\0]*?/missing\r\n",
    "a request with a body": rb"WARC-Type: request\r\n[^\0]*?/say\r\n",
    "a request without an answer": rb"WARC-Type: request\r\n[^\0]*?/gone\r\n",
    "frames of a WebSocket": rb"WARC-Target-URI: urn:websocket:",
    "the screenshot": rb"WARC-Target-URI: urn:view:",
    "the full screenshot": rb"WARC-Target-URI: urn:fullPage:",
    "the PDF": rb"WARC-Target-URI: urn:pdf:",
    "the DOM": rb"WARC-Target-URI: urn:dom:",
    "the text": rb"WARC-Target-URI: urn:text:",
    "the page information": rb"WARC-Target-URI: urn:pageinfo:",
    "the certificates": rb"WARC-Target-URI: urn:tls:",
    "the exchange manifest": rb"WARC-Target-URI: urn:exchanges:",
}
_END = b"\r\n\r\n"
Change = Callable[[bytes], bytes]


def members(data: bytes) -> list[bytes]:
    """The gzip members, which are the records."""
    found = []
    while data:
        unzip = zlib.decompressobj(wbits=31)
        unzip.decompress(data)
        assert unzip.eof
        found.append(data[: len(data) - len(unzip.unused_data)])
        data = unzip.unused_data
    return found


def unpacked(member: bytes) -> bytes:
    return zlib.decompress(member, wbits=31)


def packed(record: bytes) -> bytes:
    """As one member, with the CRC-32 that is right for it."""
    zipper = zlib.compressobj(wbits=31)
    return zipper.compress(record) + zipper.flush()


def place(data: bytes, kind: str) -> int:
    """Which of the members is the record of that kind."""
    form = re.compile(KINDS[kind])
    for number, member in enumerate(members(data)):
        if form.search(unpacked(member).partition(_END)[0] + b"\r\n"):
            return number
    raise LookupError(kind)


def changed(data: bytes, kind: str, change: Change) -> bytes:
    """The WARC with the member of one record changed."""
    parts, at = members(data), place(data, kind)
    parts[at] = change(parts[at])
    return b"".join(parts)


def flipped(data: bytes, at: int) -> bytes:
    """One bit of one byte changed."""
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def header_byte(member: bytes) -> bytes:
    """A digit of the block's digest, which every header has."""
    record = unpacked(member)
    return packed(flipped(record, record.index(b"WARC-Block-Digest: sha256:") + 30))


def block_byte(member: bytes) -> bytes:
    record = unpacked(member)
    return packed(flipped(record, len(record) - len(_END) - 2))


def block_and_digests(member: bytes) -> bytes:
    """A byte of the block, and the digests of block and payload made to fit."""
    head, _, rest = unpacked(member).partition(_END)
    block = flipped(rest[: -len(_END)], len(rest) - len(_END) - 2)
    payload = block.partition(_END)[2] if b"application/http" in head else block
    for name, data in ((b"Block", block), (b"Payload", payload)):
        digest = hashlib.sha256(data).hexdigest().encode()
        head = re.sub(rb"(WARC-%s-Digest: sha256:)[0-9a-f]{64}" % name, rb"\g<1>" + digest, head)
    return packed(head + _END + block + _END)


def packed_byte(member: bytes) -> bytes:
    """Within what is compressed, where it matters: some bits of a compressed block say nothing."""
    for place in range(len(member) // 2, len(member) - 8):
        made = flipped(member, place)
        try:
            if unpacked(made) != unpacked(member):
                return made
        except (zlib.error, EOFError, OSError):
            return made
    raise AssertionError("no byte of the block matters")


def magic_byte(member: bytes) -> bytes:
    return flipped(member, 0)


def time_byte(member: bytes) -> bytes:
    """MTIME of gzip's header (RFC 1952 section 2.3), which no reader looks at."""
    return flipped(member, 4)


def crc_byte(member: bytes) -> bytes:
    return flipped(member, len(member) - 8)


def header_line(old: bytes, new: bytes) -> Change:
    """One line of the header for another, by a pattern; packed again."""

    def change(member: bytes) -> bytes:
        head, end, rest = unpacked(member).partition(_END)
        made = re.sub(old, new, head, count=1)
        assert made != head
        return packed(made + end + rest)

    return change

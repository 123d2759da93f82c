"""The block of a WARC record while it comes: its digests, and where it is an HTTP message, its head."""

from __future__ import annotations

import hashlib
import re

from archiver.verify.lanes import Lane

_SMALL_BYTES = 1 << 16  # a block up to this is hashed at once: to give it away costs more
# As capture reads heads: servers end lines with LF alone, too, and what came is what is stored.
_HEAD_END = re.compile(rb"\n\r?\n")
_STATUS = re.compile(rb"HTTP/\d+(?:\.\d+)? +(\d{3})")
_METHOD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100} ")  # RFC 9110 section 9.1


class Block:
    """`feed` it all pieces of the block, then ask. `digests` only when the lanes are done.

    The payload of an HTTP message is what comes after its head; of all other blocks, the block itself. A message whose
    head has no end (a request that was cut off) has an empty payload. `head_cut` says that none was found within
    `max_head_bytes`: the payload is then empty, too.
    """

    def __init__(
        self, size_bytes: int, is_message: bool, kept_bytes: int, max_head_bytes: int, lanes: tuple[Lane, Lane]
    ) -> None:
        self.kept = bytearray()  # of a block that is to be read as a whole, the first `kept_bytes`
        self.head_cut = False
        self.payload_bytes = 0
        self._kept_bytes = kept_bytes
        self._is_message = is_message
        self._max_head_bytes = max_head_bytes
        self._lanes = lanes if size_bytes > _SMALL_BYTES else None
        self._whole = hashlib.sha256()
        self._payload = hashlib.sha256() if is_message else None
        self._head: bytearray | None = bytearray() if is_message else None
        self._first = b""

    def feed(self, data: bytes | memoryview) -> None:
        if len(self.kept) < self._kept_bytes:
            self.kept += data[: self._kept_bytes - len(self.kept)]
        self._hash(0, data)
        if not self._is_message:
            self.payload_bytes += len(data)
        elif self._head is None:
            self._add_payload(data)
        elif not self.head_cut:
            self._add_head(self._head, data)

    @property
    def status(self) -> int | None:
        """Of a response."""
        match = _STATUS.match(self._start)
        return int(match[1]) if match else None

    @property
    def method(self) -> str | None:
        """Of a request."""
        match = _METHOD.match(self._start)
        return match[0].decode("ascii").rstrip(" ") if match else None

    @property
    def head_ended(self) -> bool:
        return self._head is None

    def digests(self) -> tuple[str, str]:
        """SHA-256 of block and payload in hexadecimal."""
        whole = self._whole.hexdigest()
        return whole, whole if self._payload is None else self._payload.hexdigest()

    @property
    def _start(self) -> bytes:
        return self._first if self._head is None else bytes(self._head[:200])

    def _add_head(self, head: bytearray, data: bytes | memoryview) -> None:
        searched = max(0, len(head) - 2)
        head += data
        end = _HEAD_END.search(head, searched)
        length = end.end() if end else len(head)
        if length > self._max_head_bytes:
            self.head_cut = True
            del head[200:]
        elif end:
            self._first = bytes(head[:200])
            body = data[len(data) - (len(head) - length) :]
            self._head = None
            self._add_payload(body)

    def _add_payload(self, data: bytes | memoryview) -> None:
        self.payload_bytes += len(data)
        self._hash(1, data)

    def _hash(self, lane: int, data: bytes | memoryview) -> None:
        digest = self._payload if lane else self._whole
        assert digest is not None
        if self._lanes is None:
            digest.update(data)
        elif data:
            self._lanes[lane].give(digest.update, data)

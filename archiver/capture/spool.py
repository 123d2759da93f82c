"""Bodies while they arrive: in memory while small, in the working directory from then on, hashed as they come."""

from __future__ import annotations

import hashlib
import itertools
from pathlib import Path
from typing import BinaryIO

from archiver.model import Body

_MEMORY_BYTES = 256 * 1024
_names = itertools.count()


class Spool:
    """Append-only bytes. `head` is what goes before them in a WARC block; it only enters the block digest."""

    def __init__(self, directory: Path, head: bytes = b"") -> None:
        self._directory = directory
        self._buffer = bytearray()
        self._file: BinaryIO | None = None
        self._path: Path | None = None
        self._digest = hashlib.sha256()
        self._block_digest = hashlib.sha256(head)
        self.size_bytes = 0

    def write(self, data: bytes) -> None:
        self._digest.update(data)
        self._block_digest.update(data)
        self.size_bytes += len(data)
        if self._file is None:
            self._buffer += data
            if len(self._buffer) <= _MEMORY_BYTES:
                return
            self._path = self._directory / f"body-{next(_names)}"
            self._file = self._path.open("xb")
            data = bytes(self._buffer)
            self._buffer.clear()
        self._file.write(data)

    def close(self) -> Body:
        """Everything written so far; nothing may be written afterwards."""
        if self._file is not None:
            self._file.close()
        return Body(
            size_bytes=self.size_bytes,
            sha256=self._digest.hexdigest(),
            block_sha256=self._block_digest.hexdigest(),
            data=bytes(self._buffer),
            path=self._path,
        )


def body_of(data: bytes, directory: Path) -> Body:
    """A body that is already whole."""
    spool = Spool(directory)
    spool.write(data)
    return spool.close()

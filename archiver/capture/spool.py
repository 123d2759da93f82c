"""Bodies while they arrive: in memory while small, in the working directory from then on, hashed as they come."""

from __future__ import annotations

import hashlib
import itertools
from pathlib import Path
from typing import BinaryIO

from archiver.model import Body

_MEMORY_BYTES = 256 * 1024  # of one body
_ALL_MEMORY_BYTES = 64 * 1024 * 1024  # of all bodies of a capture
_names = itertools.count()


class Room:
    """How much a capture may keep: of one body, and in all. One object is shared by all spools of a capture."""

    def __init__(self, max_body_bytes: int, max_total_bytes: int) -> None:
        self.max_body_bytes = max_body_bytes
        self.max_total_bytes = max_total_bytes
        self.kept_bytes = 0
        self.memory_bytes = 0

    @property
    def spent(self) -> bool:
        """Whether nothing more can be kept."""
        return self.kept_bytes >= self.max_total_bytes


class Spool:
    """Append-only bytes. `head` is what goes before them in a WARC block; it only enters the block digest.

    What exceeds the room is let go, and `limit` then says which limit it was.
    """

    def __init__(self, directory: Path, head: bytes = b"", room: Room | None = None) -> None:
        self._directory = directory
        self._room = room
        self._buffer = bytearray()
        self._file: BinaryIO | None = None
        self._path: Path | None = None
        self._digest = hashlib.sha256()
        self._block_digest = hashlib.sha256(head)
        self.size_bytes = 0
        self.limit = ""

    def write(self, data: bytes) -> None:
        data = self._fitting(data)
        self._digest.update(data)
        self._block_digest.update(data)
        self.size_bytes += len(data)
        if self._file is not None:
            self._file.write(data)
            return
        self._buffer += data
        if self._room is not None:
            self._room.memory_bytes += len(data)
        if len(self._buffer) > _MEMORY_BYTES or (self._room and self._room.memory_bytes > _ALL_MEMORY_BYTES):
            self._move_to_disk()

    def _move_to_disk(self) -> None:
        if self._room is not None:
            self._room.memory_bytes -= len(self._buffer)
        self._path = self._directory / f"body-{next(_names)}"
        self._file = self._path.open("xb")
        self._file.write(self._buffer)
        self._buffer.clear()

    def _fitting(self, data: bytes) -> bytes:
        room = self._room
        if room is None or not data:
            return data
        of_body = room.max_body_bytes - self.size_bytes
        of_all = room.max_total_bytes - room.kept_bytes
        if len(data) > min(of_body, of_all):
            passed = (
                f"more than {room.max_body_bytes} bytes of one body"
                if of_body <= of_all
                else f"more than {room.max_total_bytes} bytes in all"
            )
            self.limit = self.limit or passed
            data = data[: max(min(of_body, of_all), 0)]
        room.kept_bytes += len(data)
        return data

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

"""A store in memory: it keeps account of what it is asked for, and fails where it is told to."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from archiver.errors import ExistsError, NotFoundError, StorageError
from archiver.storage.base import Stat


class MemoryStore:
    """Objects are handed out in pieces of `piece_bytes`. `asked` has each range that was asked for.

    `objects` may be altered behind its back; the keys in `unreadable` give an error, and all do when `is_down`.
    """

    location = "memory:"

    def __init__(self, objects: dict[str, bytes] | None = None, piece_bytes: int = 1 << 16) -> None:
        self.objects = {} if objects is None else objects
        self.unreadable: set[str] = set()
        self.is_down = False
        self.asked: list[tuple[str, int, int | None]] = []
        self.given_bytes = 0
        self._piece_bytes = piece_bytes

    def where(self, key: str) -> str:
        return f"memory:{key}"

    def put_new(self, key: str, source: bytes | Path) -> Stat:
        data = source if isinstance(source, bytes) else source.read_bytes()
        if self.objects.setdefault(key, data) is not data:  # one step, whichever thread comes first
            raise ExistsError(f"{self.where(key)} exists already")
        return Stat(len(data))

    def get(self, key: str, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        self.asked.append((key, offset, length))
        return self._pieces(key, offset, length, self.stat(key).size_bytes)

    def _pieces(self, key: str, offset: int, length: int | None, end: int) -> Iterator[bytes]:
        end = end if length is None else min(end, offset + length)
        for begin in range(offset, end, self._piece_bytes):
            piece = self._bytes(key, begin, min(begin + self._piece_bytes, end))
            self.given_bytes += len(piece)
            yield piece

    def _bytes(self, key: str, begin: int, end: int) -> bytes:
        return self.objects[key][begin:end]

    def stat(self, key: str) -> Stat:
        if self.is_down or key in self.unreadable:
            raise StorageError(f"{self.where(key)} could not be read: the store gave an error")
        if key not in self.objects:
            raise NotFoundError(f"there is no {self.where(key)}")
        return Stat(len(self.objects[key]))

    def list(self, prefix: str, after: str = "") -> Iterator[str]:
        return (key for key in sorted(self.objects) if key.startswith(prefix) and key > after)

    def replace(self, key: str, data: bytes) -> None:
        self.objects[key] = data

    def delete(self, key: str) -> None:
        self.objects.pop(key, None)

    def group(self, snapshot: str, is_whole: Callable[[], bool]) -> AbstractContextManager[None]:
        return contextlib.nullcontext()

    def sweep(self, is_whole: Callable[[str], bool]) -> None:
        pass


class ZeroStore(MemoryStore):
    """Objects of zeros, as large as they are said to be; nothing of them is held."""

    def __init__(self, sizes: Mapping[str, int]) -> None:
        super().__init__()
        self._sizes = sizes

    def stat(self, key: str) -> Stat:
        return Stat(self._sizes[key])

    def _bytes(self, key: str, begin: int, end: int) -> bytes:
        return bytes(end - begin)

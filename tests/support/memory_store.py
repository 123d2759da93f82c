"""A store in memory, for tests of what reads stores."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from archiver.errors import ExistsError, NotFoundError, StorageError
from archiver.storage.base import Stat


class MemoryStore:
    """`objects` may be altered behind its back; the keys in `unreadable` give an error, and all do when `is_down`."""

    location = "memory"

    def __init__(self, objects: dict[str, bytes] | None = None) -> None:
        self.objects = {} if objects is None else objects
        self.unreadable: set[str] = set()
        self.is_down = False

    def where(self, key: str) -> str:
        return f"memory:{key}"

    def put_new(self, key: str, source: bytes | Path) -> Stat:
        data = source if isinstance(source, bytes) else source.read_bytes()
        if self.objects.setdefault(key, data) is not data:
            raise ExistsError(f"{self.where(key)} exists already")
        return Stat(len(data))

    def get(self, key: str, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        self._refuse(key)
        if key not in self.objects:
            raise NotFoundError(f"there is no {self.where(key)}")
        return iter([self.objects[key][offset : None if length is None else offset + length]])

    def stat(self, key: str) -> Stat:
        self._refuse(key)
        if key not in self.objects:
            raise NotFoundError(f"there is no {self.where(key)}")
        return Stat(len(self.objects[key]))

    def list(self, prefix: str, after: str = "") -> Iterator[str]:
        return iter(sorted(key for key in self.objects if key.startswith(prefix) and key > after))

    def replace(self, key: str, data: bytes) -> None:
        self.objects[key] = data

    def delete(self, key: str) -> None:
        self.objects.pop(key, None)

    def group(self, snapshot: str, is_whole: Callable[[], bool]) -> AbstractContextManager[None]:
        return contextlib.nullcontext()

    def sweep(self, is_whole: Callable[[str], bool]) -> None:
        pass

    def _refuse(self, key: str) -> None:
        if self.is_down or key in self.unreadable:
            raise StorageError(f"{self.where(key)} could not be read: the store gave an error")

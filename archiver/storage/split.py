"""An archive in two stores: the evidence, which may be locked, and all else, which needs conditional creation."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from archiver.storage import layout
from archiver.storage.base import ObjectStore, Stat


class SplitStore:
    """What lies below `snapshots/` is in `evidence`, the rest in `log`. It promises what these two promise."""

    def __init__(self, log: ObjectStore, evidence: ObjectStore) -> None:
        self.log = log
        self.evidence = evidence

    def _of(self, key: str) -> ObjectStore:
        return self.evidence if key.startswith(layout.SNAPSHOTS) else self.log

    @property
    def location(self) -> str:
        return self.log.location

    def where(self, key: str) -> str:
        return self._of(key).where(key)

    def put_new(self, key: str, source: bytes | Path) -> Stat:
        return self._of(key).put_new(key, source)

    def get(self, key: str, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        return self._of(key).get(key, offset, length)

    def stat(self, key: str) -> Stat:
        return self._of(key).stat(key)

    def list(self, prefix: str, after: str = "") -> Iterator[str]:
        """As `ObjectStore.list`. What lies in a store where it does not belong is not listed."""
        if prefix.startswith(layout.SNAPSHOTS):
            return self.evidence.list(prefix, after)
        rest = (key for key in self.log.list(prefix, after) if not key.startswith(layout.SNAPSHOTS))
        if not layout.SNAPSHOTS.startswith(prefix):
            return rest
        return heapq.merge(rest, self.evidence.list(layout.SNAPSHOTS, after))

    def replace(self, key: str, data: bytes) -> None:
        self._of(key).replace(key, data)

    def delete(self, key: str) -> None:
        self._of(key).delete(key)

    def group(self, snapshot: str, is_whole: Callable[[], bool]) -> AbstractContextManager[None]:
        return self.evidence.group(snapshot, is_whole)

    def sweep(self, is_whole: Callable[[str], bool]) -> None:
        self.log.sweep(is_whole)
        self.evidence.sweep(is_whole)

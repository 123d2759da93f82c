"""What every store promises: the contract that `tests/contract` holds each implementation to.

An object is bytes under a key. It appears whole or not at all, and what was created stays as it is: nothing but
`replace` ever changes one, and nothing but `delete` takes one away.

Keys are relative, made by `layout`, of the characters `[a-z0-9._/-]`; no part of one is empty or begins with a dot. Any
other key raises `StorageError` before the store is asked, and is never listed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

from archiver.errors import StorageError

_KEY = re.compile(r"[a-z0-9_-][a-z0-9._-]*(/[a-z0-9_-][a-z0-9._-]*)*")


@dataclass(frozen=True)
class Stat:
    """What a store says of an object without reading it. `version` is the store's own name for these very bytes.

    `kept_until` and `legal_hold` are what Object Lock has on it: the date before which it cannot be deleted, which may
    have passed, and whether it cannot be while the hold is not lifted. Only `ObjectStore.stat` gives them.
    """

    size_bytes: int
    version: str | None = None
    kept_until: datetime | None = None
    legal_hold: bool = False


@dataclass(frozen=True)
class Retention:
    """How S3 Object Lock keeps each new object: for `days` days (0: not by date), under a legal hold, or both.

    GOVERNANCE can be lifted by whoever has the right to; COMPLIANCE by nobody, not even when a court orders it.
    """

    days: int = 0
    mode: Literal["GOVERNANCE", "COMPLIANCE"] = "GOVERNANCE"
    legal_hold: bool = False


class Readable(Protocol):
    """Where objects are read from, as `ObjectStore` says it."""

    def where(self, key: str) -> str: ...

    def get(self, key: str, offset: int = 0, length: int | None = None) -> Iterator[bytes]: ...


class ObjectStore(Protocol):
    """Where an archive lives.

    Every method raises `StorageError` when the store cannot be reached, refuses, or holds something else than it
    should; the message names the object and the cause. What may go through when tried again has been tried again.
    """

    @property
    def location(self) -> str:
        """The store as `--archive` names it: a directory or `s3://bucket/prefix`."""
        ...

    def where(self, key: str) -> str:
        """An object's place in words a user can follow: a path or an `s3://` URL."""
        ...

    def put_new(self, key: str, source: bytes | Path) -> Stat:
        """Create an object that was not there; when this returns it is there for good, and whole.

        Of any number of writers that create the same key at once, one succeeds. Raises `ExistsError` for the others,
        and when the key was there before. A creation of which no answer came is settled by reading the object back:
        it counts as ours when it holds the very bytes of `source`.

        Of objects so large that S3 takes them in parts (16 MiB) two writers may succeed where the store completes
        uploads carelessly, as SeaweedFS does; a key of one is to have one writer, as those of a snapshot have.
        """
        ...

    def get(self, key: str, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The bytes of an object from `offset` on, in pieces, `length` of them at most and fewer where it ends.

        Nothing is asked before the first piece is. Raises `NotFoundError` then, and `StorageError` when fewer bytes
        come than there are.
        """
        ...

    def stat(self, key: str) -> Stat:
        """Size and version of an object, and how Object Lock keeps it. Raises `NotFoundError`."""
        ...

    def list(self, prefix: str, after: str = "") -> Iterator[str]:
        """The keys that begin with `prefix` and are greater than `after`, ascending; those of whole objects only."""
        ...

    def replace(self, key: str, data: bytes) -> None:
        """Create an object or put another in its place. Whoever reads meanwhile gets one of the two, whole."""
        ...

    def delete(self, key: str) -> None:
        """Take an object away; that there is none is no error. Raises `RetainedError` where Object Lock forbids it."""
        ...

    def group(self, snapshot: str, is_whole: Callable[[], bool]) -> AbstractContextManager[None]:
        """The artifacts of one snapshot are put in here, one after the other.

        When `is_whole()` is not true in the end, what lies below the snapshot's prefix is taken away again.
        """
        ...

    def sweep(self, is_whole: Callable[[str], bool]) -> None:
        """Take away what killed writers left of snapshots that are not whole; what is being written stays.

        A store that cannot tell a dead writer from a slow one takes nothing away.
        """
        ...


def check_key(key: str) -> str:
    """The key itself. Raises `StorageError` for what is none."""
    if not _KEY.fullmatch(key):
        raise StorageError(f"{key!r} is no key of an archive")
    return key


def is_key(text: str) -> bool:
    return _KEY.fullmatch(text) is not None


def read(store: ObjectStore, key: str, limit_bytes: int) -> bytes:
    """A whole object that should be small. Raises as `get`, and `StorageError` when it is larger than `limit_bytes`."""
    data = b"".join(store.get(key, 0, limit_bytes + 1))
    if len(data) > limit_bytes:
        raise StorageError(f"{store.where(key)} is damaged: it is larger than the {limit_bytes} bytes it may have")
    return data

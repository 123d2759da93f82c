"""What a store really does, found out by trying: documentation and version numbers have been wrong.

The result is kept in `archive.json`, so that whoever reads an archive knows what its store promised when it was made.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archiver.errors import ExistsError, StorageError
from archiver.storage import layout
from archiver.storage.base import ObjectStore
from archiver.storage.local import LocalStore

if TYPE_CHECKING:
    from archiver.storage.s3 import S3Store


@dataclass(frozen=True)
class Abilities:
    """What a store was seen to do.

    create_only     of writers at once one creates an object, and nobody replaces it that way
    versions        an object that is replaced or deleted stays as an older version
    object_lock     a version under a legal hold cannot be deleted
    checks_sha256   an object that is not what its SHA-256 says is refused
    checks_md5      an object that is not what its MD5 says is refused
    ranges          a part of an object can be read
    """

    create_only: bool
    versions: bool
    object_lock: bool
    checks_sha256: bool
    checks_md5: bool
    ranges: bool


def probe(store: ObjectStore, *, for_log: bool = True, writers: int = 16) -> Abilities:
    """Try a store that can be written, with so many writers at once; a `SplitStore` but one of its two.

    What is put there for it lies below `probe/` and is deleted again; where the store keeps it for a time by its own
    rule, it stays. With `for_log`, raises `StorageError` when objects are not create-only or cannot be read in parts.
    """
    folder = f"{layout.PROBES}{secrets.token_hex(8)}/"
    try:
        found = _try_all(store, folder, writers)
    finally:
        for key in list(store.list(folder)):
            with contextlib.suppress(StorageError):
                store.delete(key)
    if for_log and not found.create_only:
        more = (
            "; give a bucket without versioning for it, and the versioned one with --evidence (Ceph ignores "
            "If-None-Match where there are versions)"
            if found.versions
            else "; use another store for it"
        )
        raise StorageError(
            f"{store.location} cannot hold a log: it lets a second writer replace what the first one created{more}"
        )
    if for_log and not found.ranges:
        raise StorageError(f"{store.location} cannot hold an archive: it does not give parts of objects")
    return found


def _try_all(store: ObjectStore, folder: str, writers: int) -> Abilities:
    create_only = _is_create_only(store, f"{folder}race", writers)
    ranges = _gives_ranges(store, f"{folder}ranges")
    if isinstance(store, LocalStore):
        return Abilities(create_only, False, False, False, False, ranges)
    from archiver.storage.s3 import S3Store  # noqa: PLC0415 — see archiver.storage.location

    assert isinstance(store, S3Store), "a split store is two"
    return Abilities(
        create_only=create_only,
        versions=_keeps_versions(store, f"{folder}versions"),
        object_lock=_locks(store, f"{folder}lock"),
        checks_sha256=_refuses(store, f"{folder}sha256", ChecksumSHA256=hashlib.sha256(b"other").digest()),
        checks_md5=_refuses(store, f"{folder}md5", ContentMD5=hashlib.md5(b"other", usedforsecurity=False).digest()),
        ranges=ranges,
    )


def _is_create_only(store: ObjectStore, key: str, writers: int) -> bool:
    """Race for a key; then create it once more, calmly."""
    begin = threading.Barrier(writers)

    def put(number: int) -> bool:
        begin.wait()
        return _creates(store, key, f"racer {number}".encode())

    with ThreadPoolExecutor(writers) as racers:
        winners = sum(racers.map(put, range(writers)))
    return winners == 1 and not _creates(store, key, b"late")


def _creates(store: ObjectStore, key: str, data: bytes) -> bool:
    try:
        store.put_new(key, data)
    except ExistsError:
        return False
    return True


def _gives_ranges(store: ObjectStore, key: str) -> bool:
    store.put_new(key, b"0123456789")
    try:
        return b"".join(store.get(key, 3, 4)) == b"3456"
    except StorageError:
        return False


def _keeps_versions(store: S3Store, key: str) -> bool:
    store.replace(key, b"one")
    first = store.stat(key).version
    store.replace(key, b"two")
    second = store.stat(key).version
    return first is not None and second is not None and first != second


def _locks(store: S3Store, key: str) -> bool:
    """Put a version under a legal hold, try to delete it, and lift the hold: a date could not be lifted so easily."""
    name: dict[str, Any] = {"Bucket": store.bucket, "Key": store.name(key)}
    answer = store.tried(lambda: store.client.put_object(**name, **_body(b"held"), ObjectLockLegalHoldStatus="ON"))
    if answer is None or answer.get("VersionId") in (None, "null"):
        return False
    version = answer["VersionId"]
    deleted = store.tried(lambda: store.client.delete_object(**name, VersionId=version))
    store.tried(lambda: store.client.put_object_legal_hold(**name, VersionId=version, LegalHold={"Status": "OFF"}))
    return deleted is None


def _refuses(store: S3Store, key: str, **wrong: bytes) -> bool:
    """Whether the store refuses an object that is not what its digest says."""
    digest = {field: base64.b64encode(value).decode() for field, value in wrong.items()}
    body = _body(b"data") | digest
    return store.tried(lambda: store.client.put_object(Bucket=store.bucket, Key=store.name(key), **body)) is None


def _body(data: bytes) -> dict[str, Any]:
    md5 = hashlib.md5(data, usedforsecurity=False).digest()
    return {"Body": data, "ContentMD5": base64.b64encode(md5).decode()}

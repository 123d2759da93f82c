"""The store that a location names."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from archiver.errors import StorageError
from archiver.storage.base import ObjectStore, Retention, is_key
from archiver.storage.local import LocalStore
from archiver.storage.split import SplitStore

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def open_store(location: str, evidence: str | None = None, retention: Retention | None = None) -> ObjectStore:
    """The store at a location: a directory, a `file://` URL or `s3://bucket/prefix`.

    With `evidence`, another location, what lies below `snapshots/` is there. `retention` is for new objects of where
    the snapshots are, which must be S3 with Object Lock. Nothing is read or made yet, no server is asked. Raises
    `StorageError`.
    """
    if evidence is None:
        return _open(location, retention)
    return SplitStore(log=_open(location, None), evidence=_open(evidence, retention))


def _open(location: str, retention: Retention | None) -> ObjectStore:
    if location.startswith("s3://"):
        return _open_s3(location, retention)
    if retention is not None:
        raise StorageError(f"{shown(location)}: only S3 keeps objects for a time; give an s3:// location for evidence")
    if location.startswith("file://"):
        parts = urlsplit(location)
        if parts.netloc not in ("", "localhost"):
            raise StorageError(f"{shown(location)}: a file URL of another machine; write file:///path")
        return LocalStore(Path(unquote(parts.path)))
    if location.startswith(("http://", "https://")):
        raise StorageError(
            f"{shown(location)}: write s3://bucket/prefix, and the server's address into AWS_ENDPOINT_URL_S3"
        )
    if _SCHEME.match(location):
        raise StorageError(f"{shown(location)}: an archive is in a directory or in s3://bucket/prefix")
    return LocalStore(Path(location))


def _open_s3(location: str, retention: Retention | None) -> ObjectStore:
    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    if "@" in bucket:
        raise StorageError(
            f"{shown(location)}: credentials do not belong there; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    prefix = prefix.rstrip("/")
    if not _BUCKET.fullmatch(bucket):
        raise StorageError(f"{shown(location)}: {bucket!r} cannot be the name of a bucket; write s3://bucket/prefix")
    if prefix and not is_key(prefix.lower()):
        raise StorageError(f"{shown(location)}: a prefix has letters, digits, `.`, `_`, `-` and single slashes only")
    # boto3 takes a while to import; who keeps archives in directories does not pay for it.
    from archiver.storage.s3 import S3Store  # noqa: PLC0415 — see above

    return S3Store(bucket, prefix, retention=retention)


def absolute(location: str) -> str:
    """A location, written so that it means the same from every folder. Raises as `open_store`."""
    store = open_store(location)
    return str(store.root.resolve()) if isinstance(store, LocalStore) else store.location


def shown(location: str) -> str:
    """A location as messages show it: without what may be a password."""
    scheme, separator, rest = location.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}***@{host.rpartition('@')[2]}{slash}{path}" if "@" in host else location

"""A planned ZIP as a file, so that Python's `zipfile` can read it."""

from __future__ import annotations

import io
import zipfile

from archiver.storage.base import ObjectStore
from archiver.warc.stored_zip import StoredZip


class _Planned(io.RawIOBase):
    def __init__(self, planned: StoredZip, store: ObjectStore) -> None:
        self._planned = planned
        self._store = store
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._planned.size_bytes}[whence]
        return self._at

    def read(self, size: int = -1) -> bytes:
        data = b"".join(self._planned.read(self._store, self._at, None if size < 0 else size))
        self._at += len(data)
        return data


def opened(planned: StoredZip, store: ObjectStore) -> zipfile.ZipFile:
    return zipfile.ZipFile(_Planned(planned, store))

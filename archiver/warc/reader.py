"""Reading single records of a WARC."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from archiver.errors import StorageError

_CHUNK_BYTES = 1 << 16


def content(path: Path, offset: int) -> Iterator[bytes]:
    """The content of the record whose member begins at `offset`. Raises `StorageError`."""
    try:
        with path.open("rb") as stream:
            stream.seek(offset)
            record = next(iter(ArchiveIterator(stream)), None)
            if record is None:
                raise StorageError(f"{path} has no record at byte {offset}")
            while data := record.content_stream().read(_CHUNK_BYTES):
                yield data
    except (ArchiveLoadFailed, zlib.error, EOFError) as error:
        raise StorageError(f"{path} is damaged at byte {offset}: {error}") from None
    except OSError as error:
        raise StorageError(f"{path} could not be read: {error.strerror}") from None

"""A stored snapshot, and what can be taken out of it: held against its digests, by ranges of the WARC."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from archiver.errors import NotFoundError, StorageError
from archiver.storage import layout
from archiver.storage.base import ObjectStore, read
from archiver.warc import cdxj, reader, wacz

_MAX_INDEX_BYTES = 1 << 30

#: what `get` can take out of a snapshot that is a record of its WARC: the beginning of its name, the usual file ending
RECORDS = {
    "screenshot": ("urn:view:", "png"),
    "full-screenshot": ("urn:fullPage:", "png"),
    "pdf": ("urn:pdf:", "pdf"),
    "text": ("urn:text:", "txt"),
    "dom": ("urn:dom:", "json"),
    "exchanges": ("urn:exchanges:", "json"),
    "regions": ("urn:regions:", "json"),
}
#: everything that `get` can take out of a snapshot
PARTS = ("warc", "wacz", "html", *RECORDS)


@dataclass(frozen=True)
class Snapshot:
    """A stored snapshot: its statement, its place in the log, and the store that has it.

    `distance_s` is how far it is from the moment that was asked for, where one was.
    """

    id: str
    statement: dict[str, Any]
    log_index: int
    store: ObjectStore
    distance_s: float | None = None

    @property
    def where(self) -> str:
        """The WARC's path or `s3://` URL."""
        return self.store.where(layout.warc(self.id))

    @property
    def warc_artifact(self) -> dict[str, Any]:
        return self.artifact("warc")

    def artifact(self, role: str) -> dict[str, Any]:
        """What the statement says of the first artifact of a role. Raises `StorageError` when it lists none."""
        for found in self.artifacts(role):
            return found
        raise StorageError(f"the statement of {self.id} is damaged: it lists no {role}")

    def artifacts(self, role: str) -> list[dict[str, Any]]:
        """What the statement says of the artifacts with this role."""
        return [found for found in self.statement["artifacts"] if found["role"] == role]

    def part(self, name: str) -> Iterator[bytes]:
        """One of `PARTS`, in pieces, by its own range of the WARC.

        What comes is what the statement commits to: the WARC and its index by their SHA-256, a record by the one that
        the index has of it. Raises `NotFoundError`, and `StorageError`, which may come after the last piece.
        """
        if name == "warc":
            return _checked(self.store.get(layout.warc(self.id)), self.warc_artifact["sha256"], self.where)
        index = self.index()
        if name == "wacz":
            return wacz.load(self.store, self.statement, index).read(self.store)
        prefix, _ = RECORDS["dom" if name == "html" else name]
        for entry in self._entries(index):
            if entry.url.startswith(prefix) and "#tile=" not in entry.url:
                pieces = self._record(entry)
                return self._html(pieces) if name == "html" else pieces
        raise NotFoundError(f"{self.id} has no {name}: see the warnings of its capture")

    def tiles(self) -> Iterator[Iterator[bytes]]:
        """The full-page screenshot, as one PNG or as tiles from the top down, each in pieces. Raises as `part`."""
        records = {entry.url: entry for entry in self._entries(self.index()) if entry.record_type == "resource"}
        for listed in self.artifacts("full_screenshot"):
            entry = records.get(listed["key"])
            if entry is None:
                raise StorageError(f"{self.id} is damaged: its index lacks a tile of the full-page screenshot")
            yield self._record(entry)

    def exchanged(self) -> list[str]:
        """The addresses of which there is a response. Raises `NotFoundError`, `StorageError`."""
        return [entry.url for entry in self._entries(self.index()) if entry.record_type == "response"]

    def index(self) -> bytes:
        """The CDXJ, which is what the statement says. Raises `NotFoundError`, `StorageError`."""
        listed, key = self.artifact("cdxj"), layout.cdxj(self.id)
        data = read(self.store, key, min(listed["bytes"], _MAX_INDEX_BYTES))
        return b"".join(_checked(iter([data]), listed["sha256"], self.store.where(key)))

    def _entries(self, index: bytes) -> list[cdxj.Entry]:
        return cdxj.parse(index, self.store.where(layout.cdxj(self.id)))

    def _record(self, entry: cdxj.Entry) -> Iterator[bytes]:
        """The content of a record of the WARC, held against the digest that the index has of it."""
        record = f"the record at byte {entry.offset} of {self.where}"
        return _checked(reader.content(self.store, layout.warc(self.id), entry), entry.sha256, record)

    def _html(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """The DOM of the page's main frame as HTML."""
        try:
            html = orjson.loads(b"".join(pieces))["frames"][0]["html"]
        except (orjson.JSONDecodeError, LookupError, TypeError):
            html = None
        if not isinstance(html, str):
            raise NotFoundError(f"{self.id} has no html: the DOM of its main frame was not read")
        yield html.encode()


def _checked(pieces: Iterator[bytes], sha256: str, where: str) -> Iterator[bytes]:
    """The pieces; raises `StorageError` after the last when together they are not what was committed to."""
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
        yield piece
    if digest.hexdigest() != sha256:
        raise StorageError(f"{where} is damaged: its SHA-256 is not the one that was committed to")

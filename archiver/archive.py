"""An archive: capture into it, find snapshots in it, take things out of it. Composition only."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from archiver import clock
from archiver.capture.capture import OnProgress, Progress, record
from archiver.capture.workplace import working_directory
from archiver.config import Settings
from archiver.errors import NotFoundError, StorageError, UsageError
from archiver.model import Recording
from archiver.seal import statement as statements
from archiver.storage import layout
from archiver.storage.local import LocalStore, open_location
from archiver.warc import cdxj, reader, writer

_FORMAT = "archiver/1"

#: what `get` can take out of a snapshot besides the WARC: the name of its record and the usual file ending
PARTS = {
    "screenshot": ("urn:view:", "png"),
    "full-screenshot": ("urn:fullPage:", "png"),
    "pdf": ("urn:pdf:", "pdf"),
    "text": ("urn:text:", "txt"),
    "dom": ("urn:dom:", "json"),
    "exchanges": ("urn:exchanges:", "json"),
}


@dataclass(frozen=True)
class Snapshot:
    """A stored snapshot: its id, its statement, where its WARC lies."""

    id: str
    statement: dict[str, Any]
    warc: Path

    @property
    def warc_artifact(self) -> dict[str, Any]:
        return next(a for a in self.statement["artifacts"] if a["role"] == "warc")


@dataclass(frozen=True)
class Captured:
    """A snapshot just made, with the recording it was made of."""

    snapshot: Snapshot
    recording: Recording
    not_recorded: int


class Archive:
    """The archive at the location the settings name. Nothing is created before the first capture."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._store: LocalStore = open_location(settings.archive)

    def capture(self, url: str, on_progress: OnProgress) -> Captured:
        """Visit a URL and store what came of it.

        Raises as `archiver.capture.capture.record` does, and `StorageError`; then nothing is listed in the archive.
        """
        self._prepare()
        with working_directory() as directory:
            recording = record(url, self._settings.capture, directory, on_progress)
            snapshot = layout.new_id(recording.started_at)
            elapsed = (clock.now() - recording.started_at).total_seconds()
            size = sum(x.response_body.size_bytes for x in recording.exchanges if x.response_body)
            on_progress(Progress("store", len(recording.exchanges), size, elapsed))
            # The statement comes last: without it there is no snapshot, and what was written of one is removed.
            with self._store.group(snapshot):
                artifacts = self._store_artifacts(snapshot, recording, directory)
                statement = statements.build(snapshot, recording, artifacts, self._settings.capture)
                self._store.put_new(layout.statement(snapshot), statements.canonical(statement))
        return Captured(self._snapshot(snapshot), recording, statements.not_recorded(recording))

    def find(self, reference: str) -> Snapshot:
        """The snapshot with this id or unique prefix of one, or the `latest`. Raises `NotFoundError`, `UsageError`."""
        known = [name for name in self._store.snapshots() if layout.is_id(name)]
        known = [name for name in known if self._store.exists(layout.statement(name))]
        matches = known[-1:] if reference == "latest" else [name for name in known if name.startswith(reference)]
        if not matches:
            raise NotFoundError(f"no snapshot {reference!r} in {self._store.root}; capture one, or give --archive")
        if len(matches) > 1:
            raise UsageError(f"{reference!r} begins {len(matches)} ids; the first are {', '.join(matches[:3])}")
        return self._snapshot(matches[0])

    def part(self, snapshot: Snapshot, name: str) -> Iterator[bytes]:
        """A rendition or manifest of a snapshot, in pieces; `name` is one of `PARTS`. Raises `NotFoundError`."""
        prefix, _ = PARTS[name]
        index = layout.cdxj(snapshot.id)
        for entry in cdxj.parse(b"".join(self._store.get(index)), self._store.where(index)):
            if entry.url.startswith(prefix) and "#tile=" not in entry.url:
                return reader.content(self._store, layout.warc(snapshot.id), entry)
        raise NotFoundError(f"{snapshot.id} has no {name}: see the warnings of its capture")

    def _snapshot(self, snapshot: str) -> Snapshot:
        key = layout.statement(snapshot)
        statement = _read_json(self._store.get(key), str(self._store.path(key)))
        if not isinstance(statement.get("artifacts"), list):
            raise StorageError(f"{self._store.path(key)} is damaged: it lists no artifacts")
        return Snapshot(snapshot, statement, self._store.path(layout.warc(snapshot)))

    def _prepare(self) -> None:
        """Make the archive if there is none; refuse a directory that is something else."""
        if self._store.exists(layout.ARCHIVE):
            place = str(self._store.path(layout.ARCHIVE))
            found = _read_json(self._store.get(layout.ARCHIVE), place).get("format")
            if found != _FORMAT:
                raise StorageError(
                    f"{self._store.root} is an archive of format {found!r}; this version reads {_FORMAT}"
                )
            self._store.clear_unfinished()
            return
        if self._store.root.exists() and not self._store.root.is_dir():
            raise StorageError(f"{self._store.root} is a file; give another --archive")
        if self._store.has_foreign_files():
            raise StorageError(f"{self._store.root} holds other files and no archive.json; give an empty --archive")
        self._store.make_root()
        self._store.clear_unfinished()
        document = {"format": _FORMAT, "created_at": clock.rfc3339(clock.now())}
        try:
            self._store.put_new(layout.ARCHIVE, orjson.dumps(document) + b"\n")
        except StorageError:
            if not self._store.exists(layout.ARCHIVE):  # else another capture has just made it
                raise

    def _store_artifacts(self, snapshot: str, recording: Recording, directory: Path) -> list[statements.Artifact]:
        warc = directory / "capture.warc.gz"
        index = directory / "capture.cdxj"
        try:
            entries = writer.write(recording, warc)
            index.write_bytes(cdxj.lines(entries, "capture.warc.gz"))
        except OSError as error:
            raise StorageError(
                f"{error.filename or warc} could not be written: {error.strerror or error}; set TMPDIR to a folder "
                "with room for what a page sends"
            ) from None
        artifacts = []
        for role, path, key, media_type in (
            ("warc", warc, layout.warc(snapshot), "application/warc"),
            ("cdxj", index, layout.cdxj(snapshot), "text/x-cdxj"),
        ):
            sha256, crc32 = _digests(path)
            artifacts.append(statements.Artifact(role, key, media_type, path.stat().st_size, sha256, crc32))
            self._store.put_new(key, path)
        for rendition in recording.renditions:
            body = rendition.body
            artifacts.append(
                statements.Artifact(rendition.role, rendition.urn, rendition.media_type, body.size_bytes, body.sha256)
            )
        return artifacts


def _read_json(data: bytes, name: str) -> dict[str, Any]:
    """A JSON object. Raises `StorageError`."""
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise StorageError(f"{name} is damaged: {error}") from None
    if not isinstance(document, dict):
        raise StorageError(f"{name} is damaged: it holds no JSON object")
    return document


def _digests(path: Path) -> tuple[str, int]:
    digest, crc32 = hashlib.sha256(), 0
    with path.open("rb") as stream:
        while data := stream.read(1 << 20):
            digest.update(data)
            crc32 = zlib.crc32(data, crc32)
    return digest.hexdigest(), crc32

"""Copying archives: a whole one, or the captures of one URL, into another store, verified as it goes.

What is copied last is what refers to the rest, so a copy that was broken off goes on where it was.
"""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from archiver import keychanges
from archiver.archive import Archive
from archiver.errors import AlteredError, ExistsError, NotFoundError, SigningError, StorageError, UsageError
from archiver.index.queries import Filter
from archiver.index.schema import State
from archiver.seal import note as notes
from archiver.seal import stamps
from archiver.seal.note import NoteError, VerifierKey
from archiver.seal.statement import About
from archiver.seal.timestamp_read import MAX_RESPONSE_BYTES
from archiver.storage import layout, log
from archiver.storage.base import ObjectStore, read
from archiver.urls import parse_capturable
from archiver.verify.timestamps import log_of

_MAX_SLOT_BYTES = 1 << 16
_MAX_SIZE = 1 << 53  # of a log
_MAX_PUBLISHED_BYTES = 1 << 25  # an entry bundle can have 256 entries of 64 KiB

#: told of each entry: how many are done, how many bytes were copied
OnProgress = Callable[[int, int], None]


@dataclass
class Copied:
    """What a copy did. `problems` has one line for each object that could not be copied, or not as it should be."""

    entries: int = 0
    objects: int = 0
    size_bytes: int = 0
    problems: tuple[str, ...] = ()


def copy(source: Archive, target: Archive, on_progress: OnProgress, url: str | None = None) -> Copied:
    """Copy a whole archive, or the captures of one URL; the target is made if there is none.

    A whole copy is the same archive, entry by entry; into an archive that is another one only captures of a URL can be
    copied, which enter its log anew. Every artifact is held against the SHA-256 in its statement. An object that is
    damaged or missing is a problem, and the rest is copied all the same; a later copy tries again what the target has
    not got. Of a capture that was withdrawn the entries are copied and nothing else; with a URL, nothing at all. Raises
    `StorageError` when a store fails, or the target's log has gone its own way.
    """
    if url is not None:
        parse_capturable(url)
    if source.is_same_place(target):
        raise UsageError(f"{target.location} is the archive that is to be copied; name another place")
    described, there = source.describe(), target.describe()
    if described is None:
        raise NotFoundError(f"there is no archive in {source.location}; nothing was copied")
    if url is not None and next(source.snapshots(Filter(url=url, limit=1)), None) is None:
        raise NotFoundError(f"{source.location} has no capture of exactly {url}; nothing was copied")
    if there is None:
        there = target.found(copy_of=described if url is None else None)
    if url is None and there.id != described.id:
        raise StorageError(
            f"{target.location} is another archive; copy a whole one into an empty place, or name a --url"
        )
    if url is not None and there.id == described.id:
        raise StorageError(
            f"{target.location} is a copy of all of {source.location}; copy the whole archive, without a --url"
        )
    work = _Copy(source.store, target.store, on_progress, _withdrawn(source))
    if url is None:
        work.whole()
    else:
        work.some(source, target, url)
        work.roots()
        work.sign(target)
    work.done.problems = tuple(work.problems)
    return work.done


class _Copy:
    def __init__(
        self, source: ObjectStore, target: ObjectStore, on_progress: OnProgress, withdrawn: frozenset[str]
    ) -> None:
        self._source = source
        self._target = target
        self._on_progress = on_progress
        self._withdrawn = withdrawn
        self._logs: tuple[str, str] | None = None  # the one copied from and the one copied into, where they differ
        self.done = Copied()
        self.problems: list[str] = []

    def whole(self) -> None:
        """Entry by entry, from the first slot that the target has not."""
        start = self._common_length()
        self._again(start)
        for index in range(start, 1 << 62):
            try:
                body = read(self._source, layout.slot(index), _MAX_SLOT_BYTES)
            except NotFoundError:
                break
            for entry in log.entries(self._source, index):
                if isinstance(entry, log.Entry):
                    self._carry(entry)
                break
            self._put(layout.slot(index), body)
            self._count()
        end = start + self.done.entries
        later = next(_slots(self._source, after=layout.slot(end - 1) if end else ""), None)
        if later is not None:
            self.problems.append(
                f"the log of {self._source.location} has a hole before {later}; the rest was not copied"
            )

        self._published()

    def _published(self) -> None:
        """Tiles, checkpoints and time stamps, which are the same for a copy; the newest checkpoint last."""
        for prefix in (layout.TILES, layout.CHECKPOINTS, layout.SIGNATURES, layout.TIMESTAMPS):
            for key in _lacking(self._source, self._target, prefix):
                with contextlib.suppress(NotFoundError):  # a partial tile goes when it is full
                    self._put(key, read(self._source, key, _MAX_PUBLISHED_BYTES))
        with contextlib.suppress(NotFoundError):
            newest = read(self._source, layout.CHECKPOINT, _MAX_PUBLISHED_BYTES)
            self._target.replace(layout.CHECKPOINT, newest)

    def roots(self) -> None:
        """The root certificates that the time stamps of copied notes lead to."""
        for key in self._source.list(layout.TIMESTAMP_ROOTS):
            self._put(key, read(self._source, key, _MAX_PUBLISHED_BYTES))

    def sign(self, target: Archive) -> None:
        """Have the entries that were added signed, where the key of the target is at hand."""
        try:
            target.publish()
        except (AlteredError, SigningError) as error:
            self.problems.append(f"what was copied is in no signed checkpoint yet: {error}")

    def _again(self, end: int) -> None:
        """Carry what entries before `end` refer to and the target lacks: it could not be read the last time."""
        notes = set(_lacking(self._source, self._target, layout.NOTES))
        ids = {key.split("/")[1] for key in _lacking(self._source, self._target, layout.SNAPSHOTS)}
        if not notes and not ids:
            return
        for entry in islice(log.entries(self._source), end):
            if isinstance(entry, log.Entry) and (entry.id in ids or layout.note(entry.commitment) in notes):
                self._carry(entry)

    def some(self, source: Archive, target: Archive, url: str) -> None:
        """The captures of a URL that the target has not, oldest first."""
        there = {capture.id: capture for capture in target.snapshots(Filter(url=url))}
        withdrawn = _withdrawn(target)
        captures = list(source.snapshots(Filter(url=url)))
        vouching = _Vouching(source, target, self.problems)
        self._logs = _origin(source), _origin(target)
        after = target.log_length() - 1
        for capture in reversed(captures):
            if capture.id in withdrawn:
                continue
            known = there.get(capture.id)
            for said, has in (
                (capture.intent, known and known.intent),
                (capture.result, known and known.result),
            ):
                if said is None or has is not None:
                    continue
                entry = log.Entry(said.index, said.type, capture.id, said.commitment)
                vouching.before(entry)
                if self._carry(entry):
                    after = log.enter(self._target, entry.type, entry.id, entry.commitment, after).index
                    self._count()
        vouching.end()

    def _common_length(self) -> int:
        """How many slots the target has; that the last one is the same stands for those before it."""
        last = None
        for last in _slots(self._target):  # noqa: B007  # the last one is wanted
            pass
        if last is None:
            return 0
        theirs = read(self._target, last, _MAX_SLOT_BYTES)
        try:
            ours = read(self._source, last, _MAX_SLOT_BYTES)
        except NotFoundError:
            raise StorageError(
                f"{self._target.where(last)} is an entry that {self._source.location} has not: something was captured "
                "into the copy, or the archive it is of was cut; nothing was copied"
            ) from None
        if ours != theirs:
            raise StorageError(
                f"{self._target.where(last)} is another entry than {self._source.where(last)}; nothing was copied"
            )
        index = layout.slot_index(last)
        assert index is not None
        return index + 1

    def _carry(self, entry: log.Entry) -> bool:
        """Copy what an entry refers to: artifacts, then the note; whether there is one.

        Of captures that were withdrawn nothing is copied, be it that something is still there.
        """
        if entry.type in log.PAGE_TYPES and entry.id in self._withdrawn:
            return False
        try:
            statement = log.statement(self._source, entry)
            note = read(self._source, layout.note(entry.commitment), log.MAX_NOTE_BYTES)
        except (StorageError, NotFoundError) as error:
            self.problems.append(str(error))
            return False
        if entry.type == "snapshot":
            digests = dict(_digests(statement))
            listed = set(self._source.list(layout.prefix(entry.id)))
            for key in sorted(listed | set(digests)):
                self._carry_object(key, digests.get(key))
        self._put(layout.note(entry.commitment), note)
        for key in self._source.list(layout.note_timestamps(entry.commitment)):
            data = self._read(key, _MAX_PUBLISHED_BYTES)
            if data is not None:
                self._put(key, data)
        if self._logs is not None:
            self._carry_named(statement, note.partition(b"\n")[2], *self._logs)
        return True

    def _carry_named(self, statement: dict[str, Any], note: bytes, own: str, theirs: str) -> None:
        """Copy the time stamps that a statement names, over a checkpoint of its first archive's log."""
        origin = log_of(note, own)
        try:
            said = statement["sealed_after"]
            size, named = said["checkpoint"]["size"], {each["sha256"] for each in said["stamps"]}
        except (KeyError, TypeError):
            return  # it names none, or is no statement that can be understood
        if origin is None or origin == theirs or not isinstance(size, int) or not 0 <= size < _MAX_SIZE:
            return
        is_own = origin == own
        there = stamps.of_checkpoint(self._source, size) if is_own else stamps.of_other(self._source, origin, size)
        for stored in there:
            data = self._read(stored.key, MAX_RESPONSE_BYTES)
            if data is not None and hashlib.sha256(data).hexdigest() in named:
                self._put(layout.other_timestamps(origin, size) + stored.file, data)

    def _carry_object(self, key: str, sha256: str | None) -> None:
        """Copy an object by way of a file, held against its digest where there is one."""
        with tempfile.TemporaryDirectory(prefix="archiver-copy-") as folder:
            path, digest = Path(folder) / "object", hashlib.sha256()
            try:
                with path.open("wb") as stream:
                    for piece in self._source.get(key):
                        digest.update(piece)
                        stream.write(piece)
            except (StorageError, NotFoundError) as error:
                self.problems.append(str(error))
                return
            except OSError as error:
                raise StorageError(
                    f"{path} could not be written: {error.strerror or error}; set TMPDIR to a folder with room"
                ) from None
            if sha256 is not None and digest.hexdigest() != sha256:
                self.problems.append(f"{self._source.where(key)} is damaged: its SHA-256 is not that of its statement")
                return
            self._put(key, path, digest.hexdigest())

    def _read(self, key: str, limit_bytes: int) -> bytes | None:
        """An object of the source; None where it cannot be read, which is a problem."""
        try:
            return read(self._source, key, limit_bytes)
        except (StorageError, NotFoundError) as error:
            self.problems.append(str(error))
            return None

    def _put(self, key: str, content: bytes | Path, sha256: str | None = None) -> None:
        try:
            self.done.size_bytes += self._target.put_new(key, content).size_bytes
            self.done.objects += 1
        except ExistsError:
            wanted = sha256 or hashlib.sha256(content if isinstance(content, bytes) else b"").hexdigest()
            found = hashlib.sha256()
            for piece in self._target.get(key):
                found.update(piece)
            if found.hexdigest() != wanted:
                self.problems.append(f"{self._target.where(key)} is there already and is not the same")

    def _count(self) -> None:
        self.done.entries += 1
        self._on_progress(self.done.entries, self.done.size_bytes)


class _Vouching:
    """Sees to it that what is copied into another archive is signed by keys that count there, too."""

    def __init__(self, source: Archive, target: Archive, problems: list[str]) -> None:
        self._source = source
        self._target = target
        self._problems = problems
        self._ring = source.keyring()
        self._done: set[VerifierKey] = set()
        described = target.describe()
        self._is_wanted = bool(self._ring.own()) and described is not None and described.key is not None
        of = source.describe()
        self._about = About(reason=f"captures of {of.origin} are copied" if of else None)

    def before(self, entry: log.Entry) -> None:
        """Add the keys that signed an entry, if they count in the archive it is of. Raises `SigningError`."""
        if not self._is_wanted:
            return
        try:
            data = log.note(self._source.store, entry)
        except (StorageError, NotFoundError):
            return  # told when it is to be carried
        try:
            signers = notes.parse(data).verified_by(self._ring.valid_at(entry.index))
        except NoteError:
            signers = ()
        if not signers:
            self._problems.append(
                f"entry {entry.index} of {self._source.location} is signed by no key that counts there"
            )
        keychanges.vouch(self._target, [key for key in signers if key not in self._done], self._about)
        self._done.update(signers)

    def end(self) -> None:
        """Retire those that are no longer valid in the archive they are of: what they sign from now on is not its."""
        if not self._is_wanted:
            return
        over = [status.key for status in self._ring.all() if status.counts and not status.is_valid]
        try:
            keychanges.unvouch(self._target, over, self._about)
        except SigningError as error:
            self._problems.append(str(error))


def _origin(archive: Archive) -> str:
    described = archive.describe()
    return described.origin or "" if described else ""


def _withdrawn(archive: Archive) -> frozenset[str]:
    """The ids of the captures that were withdrawn."""
    return frozenset(capture.id for capture in archive.snapshots(Filter(states=frozenset({State.WITHDRAWN}))))


def _slots(store: ObjectStore, after: str = "") -> Iterator[str]:
    """The keys of the log's entries, and of nothing else that may lie among them."""
    return (key for key in store.list(layout.SLOTS, after) if layout.slot_index(key) is not None)


def _lacking(source: ObjectStore, target: ObjectStore, prefix: str) -> Iterator[str]:
    """The keys that one store has and the other has not."""
    theirs = target.list(prefix)
    there = next(theirs, None)
    for key in source.list(prefix):
        while there is not None and there < key:
            there = next(theirs, None)
        if key != there:
            yield key


def _digests(statement: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Key and SHA-256 of each artifact that is an object of its own."""
    prefix, listed = layout.prefix(statement["id"]), statement.get("artifacts")
    for artifact in listed if isinstance(listed, list) else ():
        if isinstance(artifact, dict) and str(artifact.get("key")).startswith(prefix):
            yield str(artifact["key"]), str(artifact.get("sha256"))

"""An archive: capture into it, find snapshots in it, take things out of it. Composition only."""

from __future__ import annotations

import contextlib
import hashlib
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import platformdirs

from archiver import clock, founding, interrupts, signing, stamping
from archiver.config import Settings, load
from archiver.errors import ArchiverError, NotFoundError, SigningError, StorageError, UsageError
from archiver.index import facts, follow, queries, reference, sketches
from archiver.index.check import Problem
from archiver.index.check import check as check_index
from archiver.index.database import Database, UnwritableError
from archiver.index.opening import identity, open_index, rebuild_index
from archiver.index.queries import Capture, Filter, Withdrawal
from archiver.index.schema import hash_of
from archiver.index.sketches import Alike
from archiver.model import Recording, Sketch
from archiver.seal import keys, note, publish, published, seen
from archiver.seal import statement as statements
from archiver.seal.interval import Interval, interval
from archiver.seal.keyring import Keyring
from archiver.seal.keys import Signer
from archiver.seal.publish import Published
from archiver.seal.statement import About
from archiver.signing import Holder
from archiver.snapshot import Snapshot
from archiver.stamping import Stamped, StampedCheckpoint, Stamper
from archiver.storage import descriptor, layout, log
from archiver.storage.base import ObjectStore, Retention
from archiver.storage.descriptor import Descriptor
from archiver.storage.local import LocalStore
from archiver.storage.location import absolute, open_store
from archiver.urls import parse_capturable
from archiver.warc import cdxj, writer

if TYPE_CHECKING:
    from archiver.capture.capture import OnProgress, Progress

#: what a result may take beyond the capture's own time, before its intent counts as unfinished: a slow store
_STORING = timedelta(minutes=10)
_STAMP_AGAIN = timedelta(minutes=5)
_MAX_INDEX_BYTES = 1 << 30
_MAX_DOM_BYTES = 1 << 30


@dataclass(frozen=True)
class Captured:
    """A snapshot just made, with the recording it was made of.

    `index_error` says why the index could not be brought up to date, if so: whoever asks next tries again.
    `checkpoint` is the size of the log that was then signed; `checkpoint_error` says why none was, if it was to be.
    `sealed` is the interval that time stamps attest, None where no authority is configured, and `unstamped` says of
    authorities why they have not.
    """

    snapshot: Snapshot
    recording: Recording
    not_recorded: int
    index_error: str | None = None
    checkpoint: int | None = None
    checkpoint_error: str | None = None
    sealed: Interval | None = None
    unstamped: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Opened:
    store: ObjectStore
    database: Database


def _ignore(_: Progress) -> None:
    pass


class Archive:
    """The archive at a location, or where settings say. Nothing is made before `found` or the first capture.

    A location is a directory, a `file://` URL or `s3://bucket/prefix`. Use it as a context manager or `close` it: it
    holds a connection to its index. Of several processes each opens its own.
    """

    def __init__(self, place: Settings | str | Path = "./archive") -> None:
        self._settings = place if isinstance(place, Settings) else load({"archive": str(place)}).settings
        self._opened: _Opened | None = None
        self._made: ObjectStore | None = None
        self._whole: ObjectStore | None = None
        self.unsigned: str | None = None
        self._sign: log.Sign | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the index."""
        if self._opened is not None:
            self._opened.database.close()
            self._opened = None

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self._settings

    @property
    def location(self) -> str:
        return self.place.location

    @property
    def place(self) -> ObjectStore:
        """The store as `--archive` names it, whatever it holds. It is kept: to make a client of S3 takes long."""
        if self._made is None:
            self._made = open_store(self._settings.archive)
        return self._made

    @property
    def absolute_location(self) -> str:
        """The location, written so that it means the same from every folder."""
        return absolute(self._settings.archive)

    def is_same_place(self, other: Archive) -> bool:
        return self.absolute_location == other.absolute_location

    # making and opening

    def found(
        self, evidence: str | None = None, retention_days: int = 0, copy_of: Descriptor | None = None
    ) -> Descriptor:
        """Make the archive. `evidence` is another store for the snapshots, which keeps them for `retention_days`.

        `copy_of` is the archive that is to be copied into it. Raises `StorageError` when there is one already, or the
        store cannot hold one, and `SigningError` when its key cannot be saved.
        """
        store = self.place
        if descriptor.load(store) is not None:
            raise StorageError(f"{store.location} is an archive already; it was left as it is")
        founding.found(store, self._settings, evidence, retention_days, copy_of)
        made = descriptor.load(store)
        assert made is not None
        return made

    def describe(self) -> Descriptor | None:
        """What `archive.json` says; None where there is no archive."""
        return descriptor.load(self.place)

    def ensure(self) -> None:
        """Make the archive where there is none."""
        if descriptor.load(self.place) is None:
            founding.found(self.place, self._settings)

    def keyring(self) -> Keyring:
        """The archive's keys, by `archive.json` and the log; none where it was made before there were keys."""
        opened = self._up_to_date()
        described = self._described()
        return signing.ring_of(described, opened.store, queries.statements_of(opened.database, "key"))

    def holder(self) -> Holder:
        """Where this machine's keys of the archive are looked for. Raises `SigningError` where it has none."""
        return Holder.of(self._described(), self.location, self._settings)

    def signer(self) -> Signer | None:
        """A key that is valid now, which must be here to write to the archive; None where the archive has no keys.

        Raises `SigningError` when none is here, and says why what is here is none, and `NotFoundError` where there is
        no archive.
        """
        described = self._described()
        if described.key is None:
            if path := next(iter(keys.paths_of(described.id)), None):
                raise SigningError(
                    f"{self.location} names no key, but {path} is its key: its archive.json was exchanged; "
                    "nothing was written"
                )
            return None
        ring = self.keyring()
        return self.holder().signer(ring, ring.current())

    def _described(self) -> Descriptor:
        described = descriptor.load(self.place)
        if described is None:
            raise NotFoundError(f"there is no archive in {self.location}; capture something, or give --archive")
        return described

    def _open(self) -> _Opened:
        """Raises `NotFoundError` where there is no archive."""
        if self._opened is None:
            store = self._plain_store()
            self._opened = _Opened(store, self._open_index(store))
        return self._opened

    def _plain_store(self) -> ObjectStore:
        """The store of the archive, the one for its evidence included. Raises `NotFoundError`."""
        if self._whole is None:
            self._whole = self._open_whole()
        return self._whole

    def _open_whole(self) -> ObjectStore:
        store = self.place
        described = self._described()
        if described.evidence is None:
            return store
        days = described.retention_days
        try:
            return open_store(self._settings.archive, described.evidence, Retention(days) if days else None)
        except StorageError as error:
            where = store.where(layout.ARCHIVE)
            raise StorageError(f"{where} names a store of the snapshots that cannot be opened: {error}") from None

    def _open_index(self, store: ObjectStore) -> Database:
        """The index, at the first of its places that can be written, brought up to date as far as it is behind."""
        *others, last = self._index_places(store)
        for place in others:
            try:
                return _open_up_to_date(place, store)
            except UnwritableError:
                pass  # an archive that cannot be written, or whose disk is full, can still be read
        return _open_up_to_date(last, store)

    def _index_places(self, store: ObjectStore) -> list[str | Path]:
        if self._settings.database_url is not None:
            return [self._settings.database_url.get_secret_value()]
        # By what the archive is, too: in another folder, or on another server, the same location is another archive.
        place, beside = self.place, list[str | Path]()
        location = place.location
        if isinstance(place, LocalStore):
            location = str(place.root.absolute())
            beside.append(place.root / "index.sqlite")
        name = hashlib.sha256(f"{identity(store)} {location}".encode()).hexdigest()[:32]
        return [*beside, platformdirs.user_cache_path("archiver", appauthor=False) / f"index-{name}.sqlite"]

    def _up_to_date(self) -> _Opened:
        if self._opened is None:
            return self._open()
        follow.catch_up(self._opened.database, self._opened.store)
        return self._opened

    @property
    def store(self) -> ObjectStore:
        """The store of the archive; its index is not opened. Raises `NotFoundError` where there is none."""
        return self._plain_store() if self._opened is None else self._opened.store

    @property
    def opening(self) -> Callable[[], ObjectStore]:
        """Makes the store again, in another process, too. Raises `NotFoundError` where there is no archive."""
        described = descriptor.load(self.place)
        if described is None:
            raise NotFoundError(f"there is no archive in {self.location}; capture something, or give --archive")
        return partial(_open_whole, self._settings.archive, described.evidence)

    # capturing

    def capture(self, url: str, on_progress: OnProgress = _ignore, about: About | None = None) -> Captured:
        """Visit a URL and store what came of it. What was to be captured is in the log before, what came of it after.

        Raises as `archiver.capture.capture.record` does, and `StorageError`; then the log has the failure.
        """
        # Driver and text extractor take long to import, and whoever only reads an archive should not wait for them.
        from archiver import texts  # noqa: PLC0415
        from archiver.capture.capture import Progress, check, record  # noqa: PLC0415
        from archiver.capture.workplace import working_directory  # noqa: PLC0415

        parse_capturable(url)
        check(self._settings.capture)
        said = about or About()
        stamping.configured(self._settings)
        opened = self._ready()
        stamper = self.stamper()
        signer = self.signer()
        self._sign = None if signer is None else lambda text: signer.sign(text).line
        began = clock.now()
        snapshot = layout.new_id(began)
        deadline = began + timedelta(seconds=self._settings.capture.timeout_s) + _STORING
        intended = self._append(statements.intent(snapshot, url, began, deadline, said))
        known = None
        try:
            if stamper is not None:
                known = self._newest_stamped(stamper)
            with working_directory() as directory:
                recording = record(url, self._settings.capture, directory, on_progress)
                elapsed = (clock.now() - recording.started_at).total_seconds()
                size = sum(x.response_body.size_bytes for x in recording.exchanges if x.response_body)
                on_progress(Progress("store", len(recording.exchanges), size, elapsed))
                recording, sketch = texts.sketched(recording)
                sealed_after = None if known is None else known.said()
                stored, entry = self._store(snapshot, intended, recording, directory, said, sketch, sealed_after)
        except BaseException as error:
            with interrupts.held_off():
                kind, message = type(error).__name__, str(error) if isinstance(error, ArchiverError) else ""
                failed = statements.failure(
                    snapshot, intended.index, url, began, clock.now(), kind, message or kind, said
                )
                # Where the log cannot be written either, the intent without a result says so after its deadline.
                with contextlib.suppress(StorageError):
                    if not self._has_snapshot(snapshot, intended.index):
                        self._append(failed)
                with contextlib.suppress(ArchiverError):  # whoever signs next signs this, too
                    self.publish()
            raise
        index_error = None
        try:
            follow.catch_up(opened.database, opened.store)
        except StorageError as error:
            index_error = str(error)
        checkpoint = checkpoint_error = None
        try:
            done = self.publish()
            checkpoint = done.signed.checkpoint.size if done else None
        except ArchiverError as error:
            checkpoint_error = str(error)
        lost = statements.not_recorded(recording)
        captured = Captured(stored, recording, lost, index_error, checkpoint, checkpoint_error)
        if stamper is None:
            return captured
        stamped = self._stamp(stamper, entry)
        found = interval([] if known is None else known.after, stamped.before)
        return replace(captured, sealed=found, unstamped=stamped.failures)

    def stamper(self) -> Stamper | None:
        """Asks the authorities of the settings for time stamps; None where there are none, or nothing is signed.

        Raises `ConfigurationError`, and `NotFoundError` where there is no archive.
        """
        asked = stamping.configured(self._settings)
        return Stamper(self.store, self._settings, asked) if asked and self._described().key is not None else None

    def _newest_stamped(self, stamper: Stamper) -> StampedCheckpoint | None:
        """The newest stamped checkpoint, the log as it is now stamped first if that is due; what cannot be had is not.

        Every such checkpoint ends a stretch of the log: what comes after is sealed after it.
        """
        with contextlib.suppress(ArchiverError):  # the visit matters more, and what is wrong is told when it is signed
            known = self.newest_stamped(stamper)
            if not self.is_stamp_due(known):
                return known
            with contextlib.suppress(ArchiverError):
                new = self.stamp_checkpoint(stamper)
                if new is not None and (new.stamped.is_full or known is None or not known.stamped.is_full):
                    return new
            return known
        return None

    def newest_stamped(self, stamper: Stamper) -> StampedCheckpoint | None:
        """The newest checkpoint of the log that is time-stamped. Raises as `Stamper.newest`."""
        return stamper.newest(self._described().origin or "")

    def is_stamp_due(self, known: StampedCheckpoint | None) -> bool:
        """Whether the log is to be time-stamped again, when `known` is what was stamped last."""
        if known is None:
            return True
        every = timedelta(seconds=self._settings.seal.checkpoint_every_s)
        # One that is away need not be waited for by each capture.
        return clock.now() - known.time >= (every if known.stamped.is_full else min(every, _STAMP_AGAIN))

    def stamp_checkpoint(self, stamper: Stamper) -> StampedCheckpoint | None:
        """Sign the log as far as it reaches, and have that time-stamped; None where nobody stamped it.

        Raises as `publish`.
        """
        done = self.publish()
        if done is None:
            return None
        stamped = stamper.checkpoint(done.signed.checkpoint, patient=False)
        return StampedCheckpoint(done.signed.checkpoint, stamped) if stamped.held else None

    def _stamp(self, stamper: Stamper, entry: log.Entry) -> Stamped:
        """Have the note of an entry time-stamped. That this cannot be done is one more reason why it was not."""
        try:
            return stamper.note(entry.commitment, log.note(self.store, entry), patient=False)
        except ArchiverError as error:
            return Stamped(failures={"the store": str(error)})

    def _ready(self) -> _Opened:
        """An archive to write to: made if there is none, and rid of what killed captures left."""
        self.ensure()
        opened = self._up_to_date()
        opened.store.sweep(self._may_be_whole)
        return opened

    def _may_be_whole(self, snapshot: str) -> bool:
        """Whether the log has a snapshot whose writer is dead, or cannot say because it has a hole.

        The log is followed to its end first: the writer may have written its entry just before it was killed.
        """
        opened = self._up_to_date()
        found = queries.by_id(opened.database, snapshot)
        if found is not None and found.result is not None and found.result.type == "snapshot":
            return True
        end = queries.next_index(opened.database)
        later = opened.store.list(layout.SLOTS, after=layout.slot(end - 1) if end else "")
        return next(later, None) is not None

    def _append(self, statement: dict[str, Any]) -> log.Entry:
        opened = self._open()
        after = queries.next_index(opened.database) - 1
        return log.append(opened.store, statement, after, self._sign)

    def _has_snapshot(self, snapshot: str, after: int) -> bool:
        """Whether the log has it. Asked of the log itself: of what has just been written, it alone is sure."""
        entries = log.entries(self._open().store, after + 1)
        return any(isinstance(e, log.Entry) and (e.id, e.type) == (snapshot, "snapshot") for e in entries)

    def _store(
        self,
        snapshot: str,
        intended: log.Entry,
        recording: Recording,
        directory: Path,
        said: About,
        sketch: dict[str, Any] | None,
        sealed_after: dict[str, Any] | None,
    ) -> tuple[Snapshot, log.Entry]:
        """Artifacts, then the statement, then its entry: a crash leaves nothing that refers to what is not there."""
        store = self._open().store

        def is_whole() -> bool:
            try:
                return self._has_snapshot(snapshot, intended.index)
            except StorageError:
                return True  # not known: what the log may refer to is not taken away

        with store.group(snapshot, is_whole):
            artifacts = self._store_artifacts(snapshot, recording, directory)
            statement = statements.build(
                snapshot, intended.index, recording, artifacts, self._settings.capture, said, sketch, sealed_after
            )
            entry = self._append(statement)
        return Snapshot(snapshot, statement, entry.index, store), entry

    def _store_artifacts(self, snapshot: str, recording: Recording, directory: Path) -> list[statements.Artifact]:
        store = self._open().store
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
            store.put_new(key, path)
        for rendition in recording.renditions:
            body = rendition.body
            artifacts.append(
                statements.Artifact(rendition.role, rendition.urn, rendition.media_type, body.size_bytes, body.sha256)
            )
        return artifacts

    # finding

    def snapshots(self, wanted: Filter | None = None) -> Iterator[Capture]:
        """The captures that pass a filter, newest first: stored, failed and unfinished ones."""
        yield from queries.listing(self._up_to_date().database, wanted or Filter())

    def newest(self, url: str) -> Capture | None:
        """The newest complete capture of exactly this URL."""
        return queries.newest_of(self._up_to_date().database, url).capture

    def previous(self, capture: Capture) -> Capture | None:
        """The newest complete capture of exactly the URL of this one that was made before it."""
        return queries.previous_of(self._up_to_date().database, capture)

    def locate(self, ref: str) -> tuple[Capture, float | None]:
        """The capture that a REF names, and how many seconds it is from the moment asked for, where one was.

        REF is an id or the beginning of one, a URL, `URL@TIME`, or `latest`. A URL finds complete captures only: one
        that is partial is named by its id. Raises `NotFoundError`, which names look-alikes of a URL, and `UsageError`
        for what is no REF or begins several ids.
        """
        named = reference.parse(ref, clock.now())
        database = self._up_to_date().database
        place = self.location
        if named.kind is reference.Kind.LATEST:
            newest = queries.latest(database)
            if newest is None:
                raise NotFoundError(f"the archive {place} has no snapshot yet; capture one, or give --archive")
            return newest, None
        if named.kind in (reference.Kind.ID, reference.Kind.PREFIX):
            matches = queries.by_prefix(database, named.text)
            if not matches.total:
                raise NotFoundError(f"no snapshot {ref!r} in {place}; capture one, or give --archive")
            if matches.total > 1:
                first = ", ".join(found.id for found in matches.first[:3])
                raise UsageError(f"{ref!r} begins {matches.total} ids; the first are {first}")
            return matches.first[0], None
        if named.time is None:
            answer = queries.newest_of(database, named.text)
        else:
            answer = queries.nearest(database, named.text, named.time.middle)
        if answer.capture is None:
            raise NotFoundError(_why_none(answer, place))
        found = answer.capture
        if named.time is None:
            return found, None
        return found, abs((found.captured_at - named.time.middle).total_seconds())

    def find(self, ref: str) -> Snapshot:
        """The snapshot that a REF names, as `locate` finds it.

        Raises also when its capture left none, or it was withdrawn.
        """
        return self.snapshot_of(*self.locate(ref))

    def snapshot_of(self, capture: Capture, distance_s: float | None = None) -> Snapshot:
        """The snapshot of a capture. Raises `NotFoundError` when it left none, or was withdrawn, and `StorageError`."""
        if capture.withdrawal is not None:
            raise NotFoundError(_why_withdrawn(capture.id, capture.withdrawal))
        result = capture.result
        if result is None:
            raise NotFoundError(f"{capture.id} has no snapshot: its capture is under way, or was never finished")
        statement = self.statement(capture)
        if result.type != "snapshot":
            said = statement.get("error")
            message = said.get("message") if isinstance(said, dict) else None
            raise NotFoundError(f"{capture.id} has no snapshot, its capture failed: {message or result.type}")
        store = self._open().store
        try:
            facts.read(statement)
            _check_artifacts(statement)
        except facts.MalformedError as error:
            raise StorageError(f"{store.where(layout.note(result.commitment))} is damaged: {error}") from None
        return Snapshot(capture.id, statement, result.index, store, distance_s)

    def statement(self, capture: Capture) -> dict[str, Any]:
        """What the log's note says of a capture: its withdrawal, else its result, else its intent."""
        said = capture.said
        return log.statement(self._open().store, log.Entry(said.index, said.type, capture.id, said.commitment))

    # finding by text

    def sketch_of(self, id_: str) -> Sketch | None:
        """The sketch of a capture's text; None where its statement has none."""
        return sketches.of_capture(self._up_to_date().database, id_)

    def alike(self, sketch: Sketch, without_url: str | None = None) -> list[Alike]:
        """The captures whose sketches share most with this one, best first; those of one URL can be left out."""
        left_out = None if without_url is None else hash_of(facts.plain(without_url))
        return sketches.alike(self._up_to_date().database, sketch, left_out)

    def database(self) -> Database:
        """The index, brought up to date, for questions of its own."""
        return self._up_to_date().database

    # log and index

    def publish(self, *, whole: bool = False) -> Published | None:
        """Sign the log as far as it reaches, and publish tiles and checkpoint; None where the archive has no key.

        With `whole`, tiles that were lost are made again. Raises `AlteredError` when the log does not go on from what
        was signed or seen on this machine, `SigningError`, and `StorageError`.
        """
        signer = self.signer()
        if signer is None:
            return None
        store, origin, ring = self.store, signer.name, self.keyring()
        with interrupts.held_off():
            return publish.publish(
                store,
                signer,
                _keys_for(ring),
                seen.load(origin),
                lambda signed: seen.save(origin, signed.note),
                whole,
                ring.own(),
            )

    def newest_checkpoint(self) -> published.Signed | None:
        """The largest published checkpoint that a key of the archive signed. Raises `AlteredError`, `StorageError`."""
        described = self._described()
        if described.origin is None:
            return None
        ring = self.keyring()
        return published.newest(self.store, described.origin, _keys_for(ring), ring.own())

    def enter(self, statement: dict[str, Any], signer: Signer | None = None) -> log.Entry:
        """Sign a statement that is of no capture's making, and put it into the log. Raises as `signer`.

        Where the log could not be signed after it, `unsigned` says why.
        """
        by = signer or self.signer()
        opened = self._up_to_date()
        after = queries.next_index(opened.database) - 1
        entry = log.append(opened.store, statement, after, None if by is None else lambda text: by.sign(text).line)
        try:
            self.publish()
            self.unsigned = None
        except ArchiverError as error:  # whoever signs next signs this, too
            self.unsigned = str(error)
        return entry

    def entries_of(self, type_: str, id_: str | None = None) -> list[log.Entry]:
        """The entries of a type that is of no capture's making, such as `key`, in log order; those of an id, or all."""
        found = queries.statements_of(self._up_to_date().database, type_, id_)
        return [log.Entry(each.index, each.type, each.id, each.commitment) for each in found]

    def signed_statement(self, entry: log.Entry, ring: Keyring) -> dict[str, Any]:
        """The statement of an entry, if a key of the ring that counted there has signed it.

        Raises as `log.statement`, and `StorageError` where none has. With an empty ring nothing need be signed.
        """
        statement = log.statement(self.store, entry)
        try:
            by = ring.all() and note.parse(log.note(self.store, entry)).verified_by(ring.valid_at(entry.index))
        except note.NoteError as error:
            raise StorageError(f"entry {entry.index} of the log is not signed: {error}") from None
        if ring.all() and not by:
            raise StorageError(f"entry {entry.index} of the log is signed by no key of the archive")
        return statement

    def derivations(self, snapshot: str) -> list[dict[str, Any]]:
        """What the log states of where a snapshot comes from, in its order; what cannot be read is left out."""
        found = []
        for entry in self.entries_of("derivation", snapshot):
            with contextlib.suppress(NotFoundError, StorageError):  # `archiver verify` says what is wrong with it
                found.append(log.statement(self.store, entry))
        return found

    def results_from(self, first: int) -> list[log.Entry]:
        """The entries from `first` on that say what came of something: all but intents, in log order."""
        found = queries.results_from(self._up_to_date().database, first)
        return [log.Entry(each.index, each.type, each.id, each.commitment) for each in found]

    def log_length(self) -> int:
        """How many entries the log has, up to a hole if it has one."""
        return queries.next_index(self._up_to_date().database)

    def rebuild_index(self, on_progress: Callable[[int], None] | None = None) -> int:
        """Make the index again from the store; how many entries of the log went in. Raises `StorageError`."""
        store = self._plain_store()
        return rebuild_index(self._index_places(store)[0], store, on_progress)

    def check_index(self) -> Iterator[Problem]:
        """What is wrong with log, index and store, as it is found; nothing is altered."""
        opened = self._up_to_date()
        yield from check_index(opened.database, opened.store, clock.now())


def _keys_for(ring: Keyring) -> published.KeysFor:
    return lambda size: ring.valid_at(max(size - 1, 0))


def _open_whole(location: str, evidence: str | None) -> ObjectStore:
    return open_store(location) if evidence is None else open_store(location, evidence)


def _open_up_to_date(place: str | Path, store: ObjectStore) -> Database:
    database = open_index(place, store)
    try:
        follow.catch_up(database, store)
    except BaseException:
        database.close()
        raise
    return database


def _check_artifacts(statement: dict[str, Any]) -> None:
    """Raises `MalformedError` when an artifact has no role or no SHA-256: all else `facts` has looked at."""
    for artifact in statement["artifacts"]:
        if not isinstance(artifact.get("role"), str) or not isinstance(artifact.get("sha256"), str):
            raise facts.MalformedError("an artifact has no role or no SHA-256")


def _why_none(answer: queries.Answer, place: str) -> str:
    others = ", ".join(f"{count} {state}" for state, count in answer.left_out)
    if others:
        left = f"only captures that are not: {others}; `archiver snapshots URL` lists them, an id names one"
        return f"no complete snapshot of {answer.url} in {place}, {left}"
    if answer.look_alikes:
        alike = ", ".join(found.url or "" for found in answer.look_alikes[:3])
        return f"no snapshot of exactly {answer.url} in {place}; there are some of {alike}"
    return f"no snapshot of {answer.url} in {place}; capture it, or give --archive"


def _why_withdrawn(id_: str, withdrawal: Withdrawal) -> str:
    by = f" by {withdrawal.operator}" if withdrawal.operator else ""
    if withdrawal.at is None:
        return f"{id_} was withdrawn; the statement that says why cannot be read"
    return f"{id_} was withdrawn at {clock.rfc3339(withdrawal.at)}{by}: {withdrawal.reason}"


def _digests(path: Path) -> tuple[str, int]:
    digest, crc32 = hashlib.sha256(), 0
    with path.open("rb") as stream:
        while data := stream.read(1 << 20):
            digest.update(data)
            crc32 = zlib.crc32(data, crc32)
    return digest.hexdigest(), crc32

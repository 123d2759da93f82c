"""Verifying archives and what was taken out of them: what to trust, what to read, and with which store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from archiver import clock, stamping
from archiver.archive import Archive
from archiver.config import Settings
from archiver.errors import AlteredError, NotFoundError, StorageError, UsageError
from archiver.seal import seen
from archiver.seal.authority import Authority
from archiver.seal.note import NoteError, VerifierKey
from archiver.signing import Holder
from archiver.storage import layout
from archiver.storage.descriptor import Descriptor
from archiver.verify import attempts, bundle, capture, everything, schedules, stamped
from archiver.verify.capture import Report
from archiver.verify.everything import OnDone
from archiver.verify.ledger import Ledger, OnEntries, read_ledger
from archiver.verify.schedules import Row
from archiver.verify.snapshot import OnBytes
from archiver.verify.stamped import Stamped
from archiver.verify.timestamps import Pin
from archiver.verify.trust import Known, Trust, read_checkpoint, read_keys
from archiver.verify.verdict import Check, Verdict

Keys = tuple[VerifierKey, ...]
_GZIP, _ZIP = b"\x1f\x8b", b"PK"
_PIECE_BYTES = 1 << 20


@dataclass(frozen=True)
class Wanted:
    """How to verify. `trust` is a file of verifier keys, `checkpoints` files with checkpoints known from elsewhere.

    `authorities` are names of time-stamp authorities, each with a PEM file of the roots it is trusted by; without any
    those of the settings are. With `online` the store is asked for what cannot be read out of it, which is Object Lock.
    """

    trust: Path | None = None
    checkpoints: Sequence[Path] = ()
    authorities: Sequence[tuple[str, Path]] = ()
    online: bool = True


def verify(
    archive: Archive,
    ref: str,
    wanted: Wanted,
    on_entries: OnEntries | None = None,
    on_bytes: OnBytes | None = None,
) -> Report:
    """Verify the capture that a REF names; nothing is written but the index.

    Raises as `Archive.locate`, and `AlteredError` where there is none such in a log that is known to have had more.
    """
    try:
        id_ = archive.locate(ref)[0].id
        ledger = open_ledger(archive, wanted, {id_}, on_entries)
    except NotFoundError as error:
        # The index ends where a slot is missing. What is published may go on.
        id_, ledger = ref, open_ledger(archive, wanted, {ref}, on_entries)
        if ref not in ledger.entries:
            if ledger.consistency.verdict is not Verdict.FAIL:
                raise
            raise AlteredError(f"{error}; its log was altered: {ledger.consistency.problems[0]}") from None
    todo = capture.task(ledger, id_)
    if isinstance(todo, Report):
        return todo
    of_time = partial(stamped.check, archive.store.get, Stamped.of(ledger, clock.now()))
    kept = archive.store if _can_lock(archive, wanted) else None
    return capture.run(todo, archive.store.get, of_time, kept, on_bytes)


def verify_file(path: Path, wanted: Wanted, settings: Settings, on_bytes: OnBytes | None = None) -> Report:
    """Verify an exported file by itself: an evidence bundle, a WACZ, or a WARC.

    Raises `UsageError` when it cannot be read, or is none of them.
    """
    try:
        with path.open("rb") as stream:
            begin = stream.read(4)
            stream.seek(0)
            if begin[:2] == _GZIP:
                return bundle.verify_warc(path.name, iter(partial(stream.read, _PIECE_BYTES), b""), on_bytes)
            if begin[:2] == _ZIP:
                trust = _trust_of_file(stream, wanted, settings)
                return bundle.verify_bundle(path.name, stream, trust, on_bytes)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from None
    raise UsageError(
        f"{path} is neither a WACZ nor a compressed WARC; export one with `archiver get REF --as evidence`"
    )


def _trust_of_file(stream: BinaryIO, wanted: Wanted, settings: Settings) -> Trust:
    """Keys from a file, or those that this machine has of the log a bundle says to be of."""
    pins = _pins(wanted, settings)
    origin = bundle.origin_of(stream)
    stream.seek(0)
    known = _known(origin, wanted) if origin else ()
    if wanted.trust is not None:
        return Trust(read_keys(wanted.trust), known, authorities=pins)
    if origin is None:
        return Trust(authorities=pins)
    holder = Holder(origin.removeprefix("archiver/"), origin, "", *_secrets(settings))
    declared = bundle.declared_keys(stream)
    stream.seek(0)
    keys, later = _of_this_machine(holder, declared)
    return Trust(keys, known, later, pins)


def _pins(wanted: Wanted, settings: Settings) -> tuple[Pin, ...]:
    """The time-stamp authorities that are believed. Raises `UsageError` for roots that cannot be used."""
    if not wanted.authorities:
        return pins_of(stamping.configured(settings))
    found = []
    for name, path in wanted.authorities:
        try:
            pem = path.read_bytes()
            roots = x509.load_pem_x509_certificates(pem)
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error.strerror or error}") from None
        except ValueError:
            raise UsageError(f"{path} should have root certificates in PEM, and has none") from None
        found.append(Pin(name, tuple(root.public_bytes(Encoding.DER) for root in roots)))
    return tuple(found)


def pins_of(authorities: Sequence[Authority]) -> tuple[Pin, ...]:
    """The authorities with their roots, as a verifier takes them."""
    return tuple(Pin(each.name, tuple(root.public_bytes(Encoding.DER) for root in each.roots)) for each in authorities)


def _secrets(settings: Settings) -> tuple[str | None, str | None]:
    given, passphrase = settings.signing_key, settings.signing_key_passphrase
    return (
        None if given is None else given.get_secret_value(),
        None if passphrase is None else passphrase.get_secret_value(),
    )


@dataclass(frozen=True)
class Everything:
    """A whole archive that is being verified: the checks of its log, and the reports as they come."""

    log: list[Check]
    total: int
    deep: int
    reports: Iterator[Report]


def verify_all(
    archive: Archive,
    wanted: Wanted,
    fraction: float | None = None,
    on_entries: OnEntries | None = None,
    on_done: OnDone | None = None,
) -> Everything:
    """Verify the log, every statement, and the contents of all snapshots, or of a random `fraction` of them.

    Raises `NotFoundError` where there is no archive, and `StorageError` when the store cannot be read at all.
    """
    ledger = open_ledger(archive, wanted, None, on_entries)
    deep = everything.chosen(ledger, fraction)
    total = sum(any(entry.type == "snapshot" for entry in found) for found in ledger.entries.values())
    online, now = _can_lock(archive, wanted), clock.now()
    reports = everything.verify_all(ledger, archive.opening, deep, online, now, on_done)
    return Everything(everything.check_log(ledger, now), total, len(deep), reports)


def schedule_rows(archive: Archive, wanted: Wanted, name: str | None = None) -> Iterator[Row]:
    """What became of each time that a schedule was due, of all or of those called `name`, as they were added.

    Only what is signed explains anything; what else there is about schedules `verify_all` tells. Raises `NotFoundError`
    where there is no archive or no schedule of that name, and `StorageError` when the store cannot be read at all.
    """
    said = attempts.read(open_ledger(archive, wanted, None))
    mine = {id_: each for id_, each in said.timelines.items() if name in (None, each.name)}
    if name is not None and not mine:
        raise NotFoundError(f"there is no schedule {name!r}; `archiver schedule list` shows what there is")
    found = said.attempts if name is None else [each for each in said.attempts if each.planned.schedule in mine]
    return schedules.rows(mine, found, clock.now())


def open_ledger(
    archive: Archive,
    wanted: Wanted,
    ids: set[str] | None,
    on_entries: OnEntries | None = None,
    known: tuple[Known, ...] | None = None,
) -> Ledger:
    """The log of an archive, with the entries of the captures `ids`, or all of them for None.

    `known` takes the place of the checkpoints that `wanted` names and this machine remembers. Raises `NotFoundError`,
    `StorageError`, and `UsageError` for files that cannot be used.
    """
    described = archive.describe()
    if described is None:
        raise NotFoundError(f"there is no archive in {archive.location}; give --archive")
    declared = None
    if described.key is not None:
        try:
            declared = VerifierKey.parse(described.key)
        except NoteError as error:
            raise StorageError(f"{archive.store.where(layout.ARCHIVE)} is damaged: its key: {error}") from None
    origin = described.origin or f"archiver/{described.id}"
    keys, later = _keys(archive, wanted, described, declared)
    trust = Trust(keys, _known(origin, wanted) if known is None else known, later, _pins(wanted, archive.settings))
    return read_ledger(archive.store, origin, declared, trust, ids, on_entries)


def _keys(archive: Archive, wanted: Wanted, described: Descriptor, declared: VerifierKey | None) -> tuple[Keys, bool]:
    """Keys from a file, or those of this machine, and whether they are only of this machine's own."""
    if wanted.trust is not None:
        return read_keys(wanted.trust), False
    if described.origin is None or declared is None:
        return (), False
    return _of_this_machine(archive.holder(), (declared,))


def _of_this_machine(holder: Holder, declared: Keys) -> tuple[Keys, bool]:
    """The keys that this machine can vouch for, since it has their private parts, and whether they are later ones.

    The first key of an archive has a file of its own name: where that is another than what is declared, what is
    declared was exchanged. A key that was added later says something of the first one only by what it signed.
    """
    here = holder.verifiers()
    first = tuple(key for key in declared if key in here) or tuple(key for key in here if key == holder.first())
    return (first, False) if first else (here, bool(here))


def _known(origin: str, wanted: Wanted) -> tuple[Known, ...]:
    """Checkpoints from files, and the one that this machine remembers."""
    known = [read_checkpoint(path) for path in wanted.checkpoints]
    remembered = seen.load(origin)
    if remembered is not None:
        known.append(Known(remembered, "this machine"))
    return tuple(known)


def _can_lock(archive: Archive, wanted: Wanted) -> bool:
    """Whether the store can be asked for Object Lock, and there should be some."""
    described = archive.describe()
    return wanted.online and described is not None and described.retention_days > 0

"""What still lacks time stamps in an archive, and having them; and the interval that they attest of a capture."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from archiver import clock, stamping
from archiver.archive import Archive
from archiver.config import Settings
from archiver.errors import ArchiverError, ConfigurationError, NotFoundError, StorageError
from archiver.index.queries import Capture, LogRef
from archiver.seal import stamps
from archiver.seal.checkpoint import Checkpoint
from archiver.seal.interval import WANTED
from archiver.seal.note import NoteError
from archiver.stamping import StampedCheckpoint, Stamper
from archiver.storage import layout, log
from archiver.storage.base import read
from archiver.storage.log import Entry
from archiver.verify import stamped
from archiver.verify.stamped import Stamped
from archiver.verify.timestamps import Pin, Times, log_of
from archiver.verifying import pins_of

#: told of how many notes are done, of how many
OnDone = Callable[[int, int], None]

_MAX_TEXT_BYTES = 4096
_COMPLETE = "complete"  # all entries before this one have their time stamps


@dataclass(frozen=True)
class Waiting:
    """The entries whose notes lack time stamps, in log order; `newest` is the newest stamped checkpoint.

    Entries before the first stamped checkpoint are not waited for: it says of them all that they were there.
    """

    entries: tuple[Entry, ...]
    newest: StampedCheckpoint | None
    origin: str
    looked_to: int

    @property
    def since(self) -> int | None:
        """The first entry that waits."""
        return self.entries[0].index if self.entries else None


@dataclass(frozen=True)
class Retried:
    """What a retry had done, and what still `waits`. `failures` says of authorities why they did not.

    `checkpoint` is what it stamped of the log, `newest` what was stamped last.
    """

    stamped: int
    renewed: int
    checkpoint: StampedCheckpoint | None
    newest: StampedCheckpoint | None
    waits: int
    failures: Mapping[str, str] = field(default_factory=dict)


def waiting(archive: Archive, stamper: Stamper) -> Waiting:
    """What lacks time stamps, by what is listed in the store. Raises `StorageError`, `NotFoundError`."""
    described = archive.describe()
    if described is None or described.origin is None:
        raise NotFoundError(f"there is no archive in {archive.location} that is signed; give --archive")
    origin = described.origin
    length = archive.log_length()
    newest = archive.newest_stamped(stamper)
    first = next((size for size, _ in stamps.of_checkpoints(archive.store)), None)
    if first is None:
        return Waiting((), newest, origin, length)
    complete = stamping.remembered(origin, _COMPLETE)
    entries = archive.results_from(max(first, complete if complete <= length else 0))
    names = stamping.names_of(archive.store, {entry.commitment for entry in entries})
    found = []
    for entry in entries:
        if len(names(entry.commitment)) < WANTED:
            with contextlib.suppress(NotFoundError):  # what was withdrawn has no note any more
                archive.store.stat(layout.note(entry.commitment))
                found.append(entry)
    stamping.remember(origin, _COMPLETE, found[0].index if found else length)
    return Waiting(tuple(found), newest, origin, length)


def retry(archive: Archive, stamper: Stamper, settings: Settings, on_done: OnDone | None = None) -> Retried:
    """Have what lacks time stamps stamped: the log, if that is due, then notes, then what expires soon.

    An authority that does not answer once is not asked again. Raises as `waiting`.
    """
    failures: dict[str, str] = {}
    there = waiting(archive, stamper)
    newest, checkpoint = there.newest, None
    grown = newest is None or newest.checkpoint.size < there.looked_to
    if (grown and archive.is_stamp_due(newest)) or (newest is not None and not newest.stamped.is_full):
        try:
            checkpoint = archive.stamp_checkpoint(stamper)
        except ArchiverError as error:
            failures["the log"] = str(error)
    done, left = 0, list(there.entries)
    for count, entry in enumerate(there.entries, 1):
        if not stamper.answering:
            break
        try:
            found = stamper.note(entry.commitment, log.note(archive.store, entry), patient=False)
        except (NotFoundError, StorageError) as error:
            failures["the store"] = str(error)
            continue
        if found.is_full:
            done += 1
            left.remove(entry)
        if on_done:
            on_done(count, len(there.entries))
    if not left:
        stamping.remember(there.origin, _COMPLETE, there.looked_to)
    renewed, why_not = _renew(archive, stamper, settings)
    failures |= {} if why_not is None else {"the store": why_not}
    return Retried(done, renewed, checkpoint, checkpoint or newest, len(left), failures | stamper.silent)


def _renew(archive: Archive, stamper: Stamper, settings: Settings) -> tuple[int, str | None]:
    """Have what expires soon stamped anew; how many notes and checkpoints were, and why one could not be."""
    within = timedelta(seconds=settings.seal.renew_before_s)
    wanted = min(WANTED, len(stamper.authorities))
    done, why_not = 0, None
    for each in stamping.expiring(archive.store, clock.now(), within, wanted):
        if not stamper.answering:
            break
        try:
            renewed = stamper.renew(each.folder)
        except (NotFoundError, StorageError) as error:
            why_not = str(error)  # what is wrong with one must not keep the others from being renewed
            continue
        done += renewed is not None and len(renewed.names) >= wanted
    return done, why_not


def times_of(archive: Archive, result: LogRef, statement: Mapping[str, Any]) -> Times:
    """What time stamps say of a capture's result, and in which interval it was sealed.

    For showing: that the log is what was stamped, `verify` tells. Raises `StorageError`, `NotFoundError`.
    """
    described, store = archive.describe(), archive.store
    keys: dict[int, tuple[str, ...]] = {}
    roots: dict[int, bytes] = {}
    for size, listed in stamps.of_checkpoints(store, result.index):
        with contextlib.suppress(NotFoundError, StorageError, NoteError, UnicodeDecodeError):
            roots[size] = Checkpoint.parse(read(store, layout.checkpoint(size), _MAX_TEXT_BYTES).decode()).root
            keys[size] = tuple(each.key for each in listed)
        if len({each.authority for each in listed}) >= WANTED:
            break
    origin = described.origin if described and described.origin else ""
    note = log.note(store, log.Entry(result.index, result.type, statement["id"], result.commitment))
    others: dict[str, tuple[str, ...]] = {}
    said = statement.get("sealed_after")
    if said:
        size, of = said["checkpoint"]["size"], log_of(note, origin) or origin
        if of == origin:
            keys[size] = tuple(each.key for each in stamps.of_checkpoint(store, size))
        else:
            others[layout.other_timestamps(of, size)] = tuple(each.key for each in stamps.of_other(store, of, size))
    known = Stamped(origin, _pins(archive.settings), clock.now(), keys, roots, others)
    listed_keys = store.list(layout.note_timestamps(result.commitment))
    return stamped.check(store.get, known, result.index, note, listed_keys, statement)


def _pins(settings: Settings) -> tuple[Pin, ...]:
    """What is shown need not wait for roots that can be used: without them it is said to be unverified."""
    try:
        return pins_of(stamping.configured(settings))
    except ConfigurationError:
        return ()


def sealed(archive: Archive, capture: Capture, statement: Mapping[str, Any]) -> Times | None:
    """`times_of` the result of a capture; None where it has none, or its statement is none that can be understood."""
    if capture.result is None or capture.withdrawal is not None:
        return None
    try:
        return times_of(archive, capture.result, statement)
    except (NotFoundError, StorageError, KeyError, TypeError, ValueError):
        return None

"""Who may sign for an archive: the keyring of its log, and the keys of this machine that are in it."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from archiver.config import Settings
from archiver.errors import NotFoundError, SigningError, StorageError
from archiver.seal import keyring, keys
from archiver.seal.keyring import KeyEvent, Keyring, Kind, Problem
from archiver.seal.keys import Signer
from archiver.seal.note import NoteError, VerifierKey
from archiver.storage import layout, log
from archiver.storage.base import ObjectStore
from archiver.storage.descriptor import Descriptor


@dataclass(frozen=True)
class PrivatePart:
    """A private key that is here. `key` is None where it cannot be opened, `short` then what its file's name says."""

    place: str
    key: VerifierKey | None
    short: str | None


@dataclass(frozen=True)
class Holder:
    """Where the private keys of an archive are looked for: first the key that was `given`, else files."""

    archive: str
    origin: str
    location: str
    given: str | None = field(default=None, repr=False)
    passphrase: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, described: Descriptor, location: str, settings: Settings) -> Holder:
        """Raises `SigningError` for an archive without a key."""
        if described.origin is None:
            raise SigningError(f"{location} has no key: it was made before archives had keys, and stays unsigned")
        given, passphrase = settings.signing_key, settings.signing_key_passphrase
        return cls(
            described.id,
            described.origin,
            location,
            None if given is None else given.get_secret_value(),
            None if passphrase is None else passphrase.get_secret_value(),
        )

    def signer(self, ring: Keyring, wanted: Collection[VerifierKey]) -> Signer:
        """The first of the keys `wanted` that is on this machine.

        Raises `SigningError`, which says of each key that is here why it is none of them.
        """
        if self.given is not None:
            found = keys.given(self.given, self.origin, self.passphrase)
            if found.key in wanted:
                return found
            raise SigningError(f"ARCHIVER_SIGNING_KEY {self._why(found.key, ring)}; {self._advice(ring)}")
        paths = keys.paths_of(self.archive)
        if not paths:
            raise SigningError(
                f"no key of {self.location} is on this machine; put it where it was backed up from, "
                f"{keys.path_of(self.archive)}, or into the environment variable ARCHIVER_SIGNING_KEY, or make one for "
                "this machine: `archiver key new`"
            )
        here, refused = self._load(paths, ring, wanted)
        for key in wanted:
            if key in here:
                return here[key]
        raise SigningError(f"{'; '.join(refused)}; {self._advice(ring)}")

    def _load(
        self, paths: Iterable[Path], ring: Keyring, wanted: Collection[VerifierKey]
    ) -> tuple[dict[VerifierKey, Signer], list[str]]:
        """The keys in files, and of each that is not wanted or cannot be used, why."""
        here: dict[VerifierKey, Signer] = {}
        refused = []
        named = [status.key for status in ring.all() if status.key.name == self.origin]
        for path in paths:
            short = keys.short_of(path)
            if short is not None and all(short != key.short for key in wanted):
                known = next((key for key in named if key.short == short), None)
                refused.append(f"the key {path} {self._why(known, ring)}")
                continue
            try:
                found = keys.load(path, self.origin, self.passphrase)
            except SigningError as error:
                refused.append(str(error))
                continue
            if found.key in wanted:
                here[found.key] = found
            else:
                refused.append(f"the key {path} {self._why(found.key, ring)}")
        return here, refused

    def verifiers(self) -> tuple[VerifierKey, ...]:
        """The public parts of this machine's keys, but for those that cannot be used, as for want of a passphrase."""
        found = []
        with contextlib.suppress(SigningError):
            if self.given is not None:
                found.append(keys.given(self.given, self.origin, self.passphrase).key)
        for path in keys.paths_of(self.archive):
            with contextlib.suppress(SigningError):
                found.append(keys.load(path, self.origin, self.passphrase).key)
        return tuple(found)

    def first(self) -> VerifierKey | None:
        """The public part of the key that was made here with the archive; None where it is not here, or of no use."""
        path = keys.path_of(self.archive)
        if path not in keys.paths_of(self.archive):
            return None
        with contextlib.suppress(SigningError):
            return keys.load(path, self.origin, self.passphrase).key
        return None

    def _why(self, key: VerifierKey | None, ring: Keyring) -> str:
        if key is not None and key in ring.own():
            return ring.why_not(key) or "is valid, but another one is needed"
        return f"is not that of {self.location}" + ("" if key is None else f": {key.text} {ring.why_not(key)}")

    def _advice(self, ring: Keyring) -> str:
        if any(key.name == self.origin for key in ring.current()):
            return (
                "give a valid key, or have one added: `archiver key new` here, `archiver key add` where a valid one is"
            )
        return f"no key of {self.location} is valid any more, so nothing can be added to it; make a new archive"

    def private_parts(self) -> list[PrivatePart]:
        """The private keys of the archive that are here."""
        found = []
        for path in keys.paths_of(self.archive):
            try:
                key = keys.load(path, self.origin, self.passphrase).key
            except SigningError:
                key = None
            found.append(PrivatePart(str(path), key, keys.short_of(path) if key is None else key.short))
        if self.given is not None:
            key = keys.given(self.given, self.origin, self.passphrase).key
            found.append(PrivatePart("ARCHIVER_SIGNING_KEY", key, key.short))
        return found


def ring_of(described: Descriptor, store: ObjectStore, entries: Iterable[log.Entry]) -> Keyring:
    """The keyring of an archive by the `entries` of its key statements. Raises `StorageError`."""
    events = (_event(store, entry) for entry in entries)
    return Keyring(_roots(described, store), events, origin=described.origin)


def _roots(described: Descriptor, store: ObjectStore) -> list[VerifierKey]:
    if described.key is None:
        return []
    try:
        root = VerifierKey.parse(described.key)
    except NoteError as error:
        raise StorageError(f"{store.where(layout.ARCHIVE)} is damaged: its key: {error}") from None
    if root.name != described.origin:
        raise StorageError(f"{store.where(layout.ARCHIVE)} is damaged: its key is not one of {described.origin}")
    return [root]


def _event(store: ObjectStore, entry: log.Entry) -> KeyEvent | Problem:
    try:
        found = keyring.parse(entry.index, log.note(store, entry))
    except NotFoundError:
        return Problem(entry.index, Kind.UNREADABLE, "there is no such note")
    except StorageError as error:
        # A store that gives nothing at all says nothing of the note: this raises then.
        store.stat(layout.slot(entry.index))
        return Problem(entry.index, Kind.UNREADABLE, str(error))
    if isinstance(found, KeyEvent) and found.id != entry.id:
        return Problem(entry.index, Kind.UNREADABLE, "its statement is not the one of its entry")
    return found

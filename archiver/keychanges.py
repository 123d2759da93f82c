"""Changing the keys of an archive: making one, adding, rotating and retiring them, and saying that one is compromised.

Each change is a `key` statement in the log. Before it is entered, the keyring is asked what it would do there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import rfc8785

from archiver import clock
from archiver.archive import Archive
from archiver.errors import SigningError, UsageError
from archiver.index.queries import Filter
from archiver.index.schema import State
from archiver.seal import keyring, keys, note
from archiver.seal import statement as statements
from archiver.seal.keyring import Action, KeyEvent, Keyring
from archiver.seal.keys import Signer
from archiver.seal.note import NoteError, VerifierKey
from archiver.seal.statement import About
from archiver.signing import Holder
from archiver.storage import layout, log


@dataclass(frozen=True)
class Rotated:
    """What a rotation did: the key that is used from now on, where it lies, and the one that was retired."""

    new: VerifierKey
    path: Path
    retired: VerifierKey


@dataclass(frozen=True)
class Accused:
    """The entry that says so, and the entries whose statements about keys have no effect any more because of it."""

    entry: log.Entry
    void: tuple[int, ...]


def new(archive: Archive) -> tuple[VerifierKey, Path]:
    """Make a key for this machine, which signs nothing before it is added. Raises `SigningError`."""
    holder = archive.holder()
    made = keys.make(holder.origin)
    path = keys.path_of(holder.archive, made.key)
    keys.save(made, path, holder.passphrase)
    return made.key, path


def add(archive: Archive, text: str, about: About) -> log.Entry | None:
    """Add the key with this verifier key; None when it is valid already. Raises `UsageError`, `SigningError`."""
    try:
        key = VerifierKey.parse(text)
    except NoteError as error:
        raise UsageError(f"{error}; `archiver key new` prints one") from None
    origin = archive.holder().origin
    if key.name != origin:
        raise UsageError(
            f"{_called(key)} is a key of another archive, this one's are called {origin}; `copy --url` adds the keys "
            "of what it copies"
        )
    ring = archive.keyring()
    if key in ring.current():
        return None
    return _state(archive, ring, _signer(archive, ring), Action.ADD, key, about)


def vouch(archive: Archive, wanted: Iterable[VerifierKey], about: About) -> None:
    """Add the keys of another archive that are not valid here. Raises `SigningError`."""
    for key in wanted:
        ring = archive.keyring()
        if key not in ring.current():
            _state(archive, ring, _signer(archive, ring), Action.ADD, key, about)


def unvouch(archive: Archive, over: Iterable[VerifierKey], about: About) -> None:
    """Retire those of these keys of another archive that are valid here. Raises `SigningError`."""
    origin = archive.holder().origin
    for key in over:
        ring = archive.keyring()
        if key.name != origin and key in ring.current():
            _state(archive, ring, _signer(archive, ring), Action.RETIRE, key, about)


def rotate(archive: Archive, about: About, *, anyway: bool = False) -> Rotated:
    """Replace the key that this machine uses by a new one.

    The new key is on disk before anything is said of it. A rotation that was broken off is finished by the next one.
    Raises `SigningError`, and `UsageError` while a capture is under way that was begun with the key, unless `anyway`.
    """
    holder, ring = archive.holder(), archive.keyring()
    found = _unfinished(holder, ring)
    if found is None:
        used = _signer(archive, ring).key  # without one no file is made
        _refuse_under_way(archive, used, anyway=anyway)
        made = keys.make(holder.origin)
        path = keys.path_of(holder.archive, made.key, is_next=True)
        keys.save(made, path, holder.passphrase)
    else:
        path, made = found
    if made.key not in ring.current():
        _state(archive, ring, _signer(archive, ring), Action.ADD, made.key, about)
        ring = archive.keyring()
        if made.key not in ring.current():
            raise SigningError(f"the new key {_called(made.key)} {ring.why_not(made.key)}; rotate once more")
    used = ring.adders(made.key)[0]
    if used in ring.current():
        _refuse_under_way(archive, used, anyway=anyway)
        _state(archive, ring, _signer(archive, ring, [used]), Action.RETIRE, used, about)
    final = keys.path_of(holder.archive, made.key)
    keys.rename(path, final)
    return Rotated(made.key, final, used)


def _unfinished(holder: Holder, ring: Keyring) -> tuple[Path, Signer] | None:
    """The new key of a rotation that was broken off."""
    for path in keys.paths_of(holder.archive):
        if keys.is_next(path):
            found = keys.load(path, holder.origin, holder.passphrase)
            if found.key not in ring.own() or found.key in ring.current():
                return path, found
            # Meanwhile somebody retired it, or said that it is compromised: it is no longer what comes next.
            keys.rename(path, keys.path_of(holder.archive, found.key))
    return None


def _refuse_under_way(archive: Archive, key: VerifierKey, *, anyway: bool) -> None:
    """What a capture was begun with signs its result, too, which would not count any more. Raises `UsageError`."""
    now, found = clock.now(), []
    for capture in archive.snapshots(Filter(states=frozenset({State.PENDING}))):
        if capture.intent is not None and not capture.is_unfinished(now):
            entry = log.Entry(capture.intent.index, capture.intent.type, capture.id, capture.intent.commitment)
            if note.parse(log.note(archive.store, entry)).verified_by([key]):
                found.append(capture.id)
    if found and not anyway:
        raise UsageError(
            f"{_called(key)} is to sign what comes of {found[0]}, which is under way; wait for its end, or say --yes, "
            "and that signature will not count"
        )


def retire(archive: Archive, text: str, about: About, *, anyway: bool = False) -> log.Entry:
    """Retire the key with this verifier key or short id: what it signs from now on does not count.

    Raises `SigningError` and `UsageError`. Only with `anyway` it is done where no key would be left, or while a capture
    is under way that was begun with the key.
    """
    ring = archive.keyring()
    key = named(ring, text)
    if key not in ring.current():
        raise UsageError(f"{_called(key)} {ring.why_not(key)}")
    _refuse_under_way(archive, key, anyway=anyway)
    return _state(archive, ring, _signer(archive, ring), Action.RETIRE, key, about, anyway=anyway)


def accuse(archive: Archive, text: str, from_index: int, about: About, *, anyway: bool = False) -> Accused:
    """Say that the key with this verifier key or short id is compromised: nothing it signed from that entry on counts.

    Any key that ever was the archive's own may say so. Raises as `retire`.
    """
    ring = archive.keyring()
    key, length = named(ring, text), archive.log_length()
    if from_index > length:
        raise UsageError(f"there is no entry {from_index}: the log has {length} entries, and the next is {length}")
    others = [other for other in ring.current() if other != key]
    signer = _signer(archive, ring, [*others, *ring.current(), *ring.own()])
    entry = _state(archive, ring, signer, Action.COMPROMISED, key, about, from_index=from_index, anyway=anyway)
    before = {problem.index for problem in ring.problems}
    after = (problem.index for problem in archive.keyring().problems)
    return Accused(entry, tuple(index for index in after if index not in before))


def first_since(archive: Archive, moment: datetime) -> int:
    """The first entry whose id was given at this moment or later; where there is none, the one that comes next."""
    second = f"{moment:%Y%m%dt%H%M%Sz}"  # as ids begin with it
    for entry in log.entries(archive.store):
        if isinstance(entry, log.Entry) and entry.id >= second:
            return entry.index
    return archive.log_length()


def named(ring: Keyring, text: str) -> VerifierKey:
    """The key that a verifier key or a short id names. Raises `UsageError`."""
    known = [status.key for status in ring.all()]
    found = [key for key in known if text in (key.text, key.short)]
    if len(found) > 1:
        raise UsageError(f"{text!r} is the short id of {len(found)} keys; write all of one: `archiver key show`")
    if not found:
        raise UsageError(f"{text!r} is no key of this archive; `archiver key show` lists them")
    return found[0]


def change_passphrase(archive: Archive, new_passphrase: str | None) -> tuple[list[Path], list[str]]:
    """Give the files of this archive's keys another passphrase, or none.

    Gives those that were changed, and of each that could not be opened with the old one why. Raises `SigningError`
    when there is none to be changed.
    """
    holder = archive.holder()
    paths = keys.paths_of(holder.archive)
    if not paths:
        raise SigningError(f"no file on this machine holds a key of {archive.location}")
    changed, refused = [], []
    for path in paths:
        try:
            found = keys.load(path, holder.origin, holder.passphrase)
        except SigningError as error:
            refused.append(str(error))
            continue
        keys.replace(found, path, new_passphrase)
        changed.append(path)
    if not changed:
        raise SigningError(refused[0])
    return changed, refused


def _signer(archive: Archive, ring: Keyring, wanted: Iterable[VerifierKey] | None = None) -> Signer:
    return archive.holder().signer(ring, ring.current() if wanted is None else list(wanted))


def _state(
    archive: Archive,
    ring: Keyring,
    signer: Signer,
    action: Action,
    key: VerifierKey,
    about: About,
    *,
    from_index: int | None = None,
    anyway: bool = False,
) -> log.Entry:
    """Enter a statement, if it would have an effect. Raises `UsageError`."""
    now = clock.now()
    statement = statements.key(
        layout.new_id(now), action, key, now, from_index=from_index, reason=about.reason, operator=about.operator
    )
    index, text = archive.log_length(), rfc8785.dumps(statement).decode() + "\n"
    event = keyring.parse(index, note.render(text, [signer.sign(text)]))
    assert isinstance(event, KeyEvent)
    after = ring.with_event(event)
    for problem in after.problems:
        if problem.index == index:
            raise UsageError(f"it would have no effect: {problem.reason}")
    if _can_sign(archive, ring) and not _can_sign(archive, after) and not anyway:
        raise UsageError(
            f"{archive.location} would have no valid key left: nothing could be added to it any more, not even another "
            "key; add one first, or say --yes"
        )
    return archive.enter(statement, signer)


def _can_sign(archive: Archive, ring: Keyring) -> bool:
    origin = archive.holder().origin
    return any(key.name == origin for key in ring.current())


def _called(key: VerifierKey) -> str:
    return f"{key.name}+{key.short}"

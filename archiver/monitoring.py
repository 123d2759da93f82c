"""Watching a log from outside: the last checkpoint that was seen is kept, and the log must go on from it.

Whoever has the key of an archive can drop entries and sign the rest again, or show a log of its own to each reader.
Only somebody who remembers finds out; this does nothing else. It signs nothing, and writes nothing but its state.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from archiver.archive import Archive
from archiver.errors import StorageError
from archiver.seal import seen
from archiver.storage import layout
from archiver.verify.trust import Known, read_checkpoint
from archiver.verify.verdict import Verdict
from archiver.verifying import Wanted, open_ledger


@dataclass(frozen=True)
class Look:
    """What one look at a log found. `alarms` is empty when it goes on from what was seen before.

    `size` is how many entries are signed, `before` how many there were at the last look, None at the first; `doubts`
    are what could not be determined.
    """

    origin: str
    size: int
    before: int | None
    alarms: tuple[str, ...]
    doubts: tuple[str, ...]


def state_of(archive: Archive) -> Path:
    """Where the last checkpoint of the archive at this location is kept, if not told otherwise."""
    name = hashlib.sha256(archive.absolute_location.encode()).hexdigest()[:32]
    return platformdirs.user_state_path("archiver", appauthor=False) / "monitor" / name


def look(archive: Archive, state: Path, wanted: Wanted) -> Look:
    """Look at the log once, and remember its checkpoint in `state` unless there is an alarm.

    Raises `NotFoundError` where there is no archive, `StorageError` when the store or the state cannot be read or
    written, and `UsageError` when the state is damaged: it is never begun anew by itself.
    """
    before = read_checkpoint(state) if state.exists() else None
    known = () if before is None else (Known(before.checkpoint, f"this monitor ({state})", before.signed),)
    ledger = open_ledger(archive, wanted, set(), known=known)
    checks = (ledger.checkpoint, ledger.tree, ledger.consistency)
    alarms = [
        f"{check.name}: {problem}" for check in checks if check.verdict is Verdict.FAIL for problem in check.problems
    ]
    if before is not None and before.checkpoint.origin != ledger.origin:
        alarms.insert(0, f"it is another log: {before.checkpoint.origin!r} was here, and now {ledger.origin!r} is")
    alarms += _missing(ledger.covered, archive)
    alarms += [f"bundles: {each}" for each in ledger.lost if ledger.covered]
    doubts = [
        problem
        for check in (ledger.checkpoint, ledger.tree)
        if check.verdict is Verdict.UNDETERMINED
        for problem in check.problems
    ]
    if not alarms and ledger.signed is not None:
        _save(state, ledger.signed.signed.bytes())
    size = None if before is None else before.checkpoint.size
    return Look(ledger.origin, ledger.covered, size, tuple(alarms), tuple(doubts))


def _missing(size: int, archive: Archive) -> list[str]:
    """What is signed must be in its slots."""
    there = {layout.slot_index(key) for key in archive.store.list(layout.SLOTS)}
    missing = [index for index in range(size) if index not in there]
    if not missing:
        return []
    if len(missing) == 1:
        return [f"slots: the log has a hole: entry {missing[0]}, which was signed, is missing"]
    first = ", ".join(map(str, missing[:10]))
    return [f"slots: the log has a hole: {len(missing)} entries that were signed are missing, the first are {first}"]


def _save(path: Path, signed: bytes) -> None:
    try:
        seen.put(path, signed)
    except OSError as error:
        raise StorageError(f"the state {path} could not be written: {error.strerror or error}") from None

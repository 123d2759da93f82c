"""Custody: that the evidence of a capture was handed out, said in the log where that is asked for.

1. Before the export, which takes long: the reason, the key, and that the log can be written.
2. The bundle is hashed as it goes out.
3. When all of it has gone out, the statement goes into the log.

The statement does not name the page, so that it stays when the capture is withdrawn: to whom it was given matters then,
too.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from archiver import clock, interrupts
from archiver.archive import Archive
from archiver.errors import ExistsError, StorageError
from archiver.seal import statement as statements
from archiver.snapshot import Snapshot
from archiver.storage import layout, log
from archiver.storage.base import ObjectStore, read
from archiver.verify.snapshot import Subject, check_statement
from archiver.verify.verdict import Verdict
from archiver.withdrawing import check_reason


class Handing:
    """Evidence that is handed out: its bundle goes through `hashed`, and then `enter` states it."""

    def __init__(self, archive: Archive, snapshot: Snapshot, reason: str, operator: str | None = None) -> None:
        """`reason` says to whom and why; it stays in the log's notes for good, and so does `operator`.

        Raises `UsageError` for a reason that is empty or names the page, `SigningError` where there is no key, and
        `StorageError` where the log cannot be written.
        """
        capture, _ = archive.locate(snapshot.id)
        check_reason(reason, capture, "to whom the evidence is handed out, and why")
        archive.signer()
        _check_writable(archive.store, snapshot.log_index)
        self._archive, self._snapshot = archive, snapshot
        self._reason, self._operator = reason, operator
        self._digest, self._size_bytes = hashlib.sha256(), 0

    def hashed(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """The pieces of the bundle as they are."""
        for piece in pieces:
            self._digest.update(piece)
            self._size_bytes += len(piece)
            yield piece

    def enter(self) -> log.Entry:
        """State that the bundle was handed out, as far as it went through `hashed`. Raises as `Archive.enter`."""
        statement = statements.custody(
            self._snapshot.id,
            self._snapshot.log_index,
            clock.now(),
            self._digest.hexdigest(),
            self._size_bytes,
            self._reason,
            self._operator,
        )
        with interrupts.held_off():  # the bundle is out, and a moment suffices to say so
            return self._archive.enter(statement)


def _check_writable(store: ObjectStore, index: int) -> None:
    """Create an entry of the log once more. It is there, so nothing comes of it; who may not write is told that."""
    key = layout.slot(index)
    entry = read(store, key, log.MAX_LEAF_BYTES)
    try:
        with contextlib.suppress(ExistsError):
            store.put_new(key, entry)
    except StorageError as error:
        raise StorageError(f"no custody entry can be made, and nothing was exported: {error}") from None


@dataclass(frozen=True)
class Stated:
    """A custody entry of the log: what it says, or the first `problem` for which it does not count."""

    index: int
    statement: dict[str, Any] | None
    problem: str | None


def stated(archive: Archive, snapshot: str) -> list[Stated]:
    """What the log says of the evidence of a capture being handed out, in its order.

    An entry that only repeats one before it is left out: it takes no key to make it.
    """
    entries = archive.entries_of("custody", snapshot)
    if not entries:
        return []
    ring, found, seen = archive.keyring(), [], set[str]()
    for entry in entries:
        if entry.commitment in seen:
            continue
        seen.add(entry.commitment)
        # Vouched or not makes a doubt; here only what is wrong matters.
        checks, statement = check_statement(Subject(entry, "", ring, vouched=True), archive.store.get)
        problem = next((check.problems[0] for check in checks if check.verdict is Verdict.FAIL), None)
        found.append(Stated(entry.index, statement if problem is None else None, problem))
    return found

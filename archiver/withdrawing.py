"""Withdrawing a capture: its content is taken away, and the log goes on saying that there was one.

1. A `withdrawn` statement goes into the log. From then on nothing gives the capture out any more.
2. Its notes are deleted, which name its page, then what lies below its prefix. The slots of the log stay.

Killed at any point, or refused by the store, the same withdrawal once more finishes what is left, without a second
statement.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from archiver import clock
from archiver.archive import Archive
from archiver.errors import NotFoundError, RetainedError, StorageError, UsageError
from archiver.index import reference
from archiver.index.queries import Capture, Withdrawal
from archiver.index.reference import Kind
from archiver.index.remains import remains
from archiver.seal import statement as statements
from archiver.seal.statement import Planned
from archiver.storage import layout, log
from archiver.storage.base import ObjectStore


@dataclass(frozen=True)
class Left:
    """An object that could not be deleted: its place, why, and what Object Lock has on it if that is why."""

    where: str
    why: str
    until: datetime | None = None
    legal_hold: bool = False


@dataclass(frozen=True)
class Withdrawn:
    """What a withdrawal did. `is_new` is false where the log had the statement already; then that one stands."""

    id: str
    withdrawal: Withdrawal
    is_new: bool
    deleted: int
    left: tuple[Left, ...]


def find(archive: Archive, ref: str) -> Capture:
    """The capture that is to be withdrawn, by its id or the beginning of it.

    A URL or `latest` names another capture tomorrow than today, and what is deleted is gone: they raise `UsageError`,
    as does a capture that is under way, whose result is still to come. Raises `NotFoundError`.
    """
    now = clock.now()
    if reference.parse(ref, now).kind not in (Kind.ID, Kind.PREFIX):
        raise UsageError(
            f"{ref!r} is no id; what is to be withdrawn is named by its id: `archiver snapshots` lists them"
        )
    capture, _ = archive.locate(ref)
    if capture.result is None and capture.deadline is not None and not capture.is_unfinished(now):
        raise UsageError(
            f"{capture.id} is under way until {clock.rfc3339(capture.deadline)} at the latest; withdraw it after that"
        )
    return capture


def withdraw(archive: Archive, ref: str, reason: str, operator: str | None = None) -> Withdrawn:
    """Withdraw a capture, whatever its outcome; or finish a withdrawal that was broken off.

    `reason` and `operator` stay in the log's notes for good. Raises as `find`, `UsageError` for a reason that is empty
    or names the page, `SigningError`, and `StorageError` when the statement could not be written: then nothing was
    deleted. What could not be deleted is in the answer.
    """
    capture = find(archive, ref)
    is_new = capture.withdrawal is None or capture.withdrawal.at is None
    if is_new:
        check_reason(reason, capture, "why it is withdrawn")
        result = None if capture.result is None else capture.result.index
        planned = _planned(archive.store, capture)
        archive.enter(statements.withdrawn(capture.id, result, clock.now(), reason, operator, planned))
        capture, _ = archive.locate(capture.id)  # with the entries that came in meanwhile
    assert capture.withdrawal is not None
    derivations = [entry.commitment for entry in archive.entries_of("derivation", capture.id)]
    deleted, left = _delete(archive.store, capture, derivations)
    return Withdrawn(capture.id, capture.withdrawal, is_new, deleted, tuple(left))


def check_reason(reason: str, capture: Capture, wanted: str) -> None:
    """Raises `UsageError` for a reason that is empty, which then asks for what is `wanted`, or that names the page."""
    if not reason.strip():
        raise UsageError(f"the reason is empty; say {wanted}")
    if any(url and url in reason for url in (capture.url, capture.final_url)):
        raise UsageError(
            "the reason names the page, and would stay when all else of it is gone; say it without the URL"
        )


def _planned(store: ObjectStore, capture: Capture) -> Planned | None:
    """Which time of a schedule it was for, by its intent or else its result, as far as these can be read."""
    for said in (capture.intent, capture.result):
        if said is None:
            continue
        try:
            document = log.statement(store, log.Entry(said.index, said.type, capture.id, said.commitment))
            planned = statements.planned_of(document)
        except (NotFoundError, StorageError, ValueError):
            continue  # what is damaged can be withdrawn, too
        if planned is not None:
            return planned
    return None


def _delete(store: ObjectStore, capture: Capture, derivations: list[str]) -> tuple[int, list[Left]]:
    there = list(remains(store, capture, derivations))
    # A store with versions lists nothing that has a delete marker on top, and may still have it below.
    hidden = [key for key in (layout.warc(capture.id), layout.cdxj(capture.id)) if key not in there]
    deleted, left = 0, []
    for key in [*there, *hidden]:
        try:
            store.delete(key)
        except RetainedError as error:
            left.append(Left(store.where(key), str(error), error.until, error.legal_hold))
        except StorageError as error:
            left.append(Left(store.where(key), str(error)))
        else:
            deleted += key in there
    return deleted, left

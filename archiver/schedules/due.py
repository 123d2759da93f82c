"""When a schedule is due: pure, so that a planner and a verifier years later come to the same times."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from archiver.schedules.definition import Definition, cron_of

INSTANT = timedelta(microseconds=1)


def due_times(definition: Definition, after: datetime, until: datetime | None = None) -> Iterator[datetime]:
    """The moments in UTC after `after` (and not before the schedule's start) up to `until`, which may itself be one.

    An interval is due at its start and from there on, whatever clocks do; without `until` there may be no end.
    """
    after = max(after, definition.start - INSTANT)
    ends = [moment for moment in (until, definition.stop_after) if moment is not None]
    last = min(ends, default=None)
    for moment in _every(definition, after) if definition.every_s is not None else _cron(definition, after):
        if last is not None and moment > last:
            return
        yield moment


def next_due(definition: Definition, after: datetime) -> datetime | None:
    """The first moment after `after`; None when there is none any more."""
    return next(due_times(definition, after), None)


def not_before(definition: Definition, key: str, due: datetime) -> datetime:
    """When a capture that is due may begin: later by its share of the jitter, which is the same for the same `key`."""
    if not definition.jitter_s:
        return due
    share = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") / 2**64
    return due + timedelta(seconds=definition.jitter_s * share)


def _every(definition: Definition, after: datetime) -> Iterator[datetime]:
    assert definition.every_s is not None
    step = timedelta(seconds=definition.every_s)
    count = max((after - definition.start) // step + 1, 0)
    while True:
        try:
            yield definition.start + count * step
        except OverflowError:
            return
        count += 1


def _cron(definition: Definition, after: datetime) -> Iterator[datetime]:
    # The library counts in whole minutes and goes on from a moment of its own zone.
    try:
        for moment in cron_of(definition, after):
            yield moment.astimezone(UTC)
    except OverflowError:  # a statement may be of the last day of the year 9999
        return

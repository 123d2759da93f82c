"""A job as callers see it, and how its capture is to be made."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import orjson

from archiver import clock
from archiver.config import CaptureSettings
from archiver.jobs.schema import JobState


@dataclass(frozen=True)
class Options:
    """What a job says of its capture. All else is as the worker's own settings say.

    Nothing in it can lift the guard or run a program: whoever may write to the queue may not do that on the workers.
    """

    trace: bool = False
    profile: str | None = None
    timeout_s: float | None = None
    fail_on_http_error: bool = False
    tag: tuple[str, ...] = ()
    case: str | None = None
    operator: str | None = None
    reason: str | None = None

    def applied(self, settings: CaptureSettings) -> CaptureSettings:
        """The worker's settings with what the job says."""
        given = {name: value for name, value in asdict(self).items() if value not in (None, False, ())}
        return settings.model_copy(update=given)

    def text(self) -> str:
        return orjson.dumps({name: value for name, value in asdict(self).items() if value}).decode()

    @staticmethod
    def parse(text: str) -> Options:
        """The inverse of `text`; what a newer program may have added is passed over."""
        known = {name: value for name, value in orjson.loads(text).items() if name in Options.__dataclass_fields__}
        return Options(**{**known, "tag": tuple(known.get("tag", ()))})


@dataclass(frozen=True)
class Due:
    """Which time of which schedule a job is for."""

    schedule: str  # its id
    name: str
    seq: int
    at: datetime


@dataclass(frozen=True)
class Job:
    """A job and what has become of it so far. `error` is that of its last attempt."""

    id: str
    kind: str  # capture | feed
    url: str
    host: str
    state: JobState
    priority: int
    attempts: int
    due: Due | None
    options: Options
    queued_at: datetime
    not_before: datetime
    started_at: datetime | None
    ended_at: datetime | None
    worker: str | None
    cancel: bool
    snapshot: str | None
    outcome: str | None
    error: str | None
    change: dict[str, Any] | None

    def document(self) -> dict[str, Any]:
        """The object that `jobs --json` prints, and that messages carry."""
        due = self.due
        return {
            "type": "job",
            "id": self.id,
            "kind": self.kind,
            "url": self.url,
            "state": str(self.state),
            "schedule": None if due is None else due.name,
            "seq": None if due is None else due.seq,
            "due": None if due is None else clock.rfc3339(due.at),
            "priority": self.priority,
            "attempts": self.attempts,
            "queued_at": clock.rfc3339(self.queued_at),
            "not_before": clock.rfc3339(self.not_before),
            "started_at": None if self.started_at is None else clock.rfc3339(self.started_at),
            "ended_at": None if self.ended_at is None else clock.rfc3339(self.ended_at),
            "worker": self.worker,
            "snapshot": self.snapshot,
            "outcome": self.outcome,
            "error": self.error,
            "change": self.change,
        }


@dataclass(frozen=True)
class Ended:
    """How an attempt at a job ended: well, or with an error.

    `again_s` is in how many seconds another attempt makes sense; None when none does. With `counts` it is one of the
    attempts a job has: an archive that cannot be reached says nothing about the page. `pause_s` is how long the host
    asks to be left alone; `strain` whether it shows signs of being overloaded, or gone.
    `logged` is whether the log has a statement of the attempt. `note` is what else whoever runs the worker should know.
    """

    snapshot: str | None = None
    outcome: str | None = None
    error: str | None = None
    again_s: float | None = None
    counts: bool = True
    pause_s: float = 0.0
    strain: bool = False
    logged: bool = False
    change: dict[str, Any] | None = None
    note: str | None = None

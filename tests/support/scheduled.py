"""Archives with schedules, made in a world whose clock the test sets; captures are made without a browser."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from archiver import clock, verifying
from archiver.archive import Archive
from archiver.config import CaptureSettings
from archiver.errors import UnreachableError
from archiver.model import Recording
from archiver.schedules.definition import define
from archiver.seal import statement as statements
from archiver.seal.statement import About, Job, Planned
from archiver.storage import layout, log
from archiver.storage.log import Entry
from archiver.verify.schedules import Row
from archiver.verify.verdict import Check
from archiver.verifying import Wanted
from tests.support import recorded

START = datetime(2026, 3, 1, tzinfo=UTC)
URL = "https://a.test/news"
OTHER = "https://a.test/other"


def hours(count: float) -> datetime:
    return START + timedelta(hours=count)


class World:
    """An archive, in ./archive, and a clock that says what `now` was set to, in hours from the start."""

    def __init__(self, patch: pytest.MonkeyPatch, place: str = "archive", now: datetime = START) -> None:
        self.now = now
        self._fails: str | None = None
        self._patch = patch
        patch.setattr(clock, "now", lambda: self.now)
        patch.setattr("archiver.capture.capture.record", self._record)
        self.archive = Archive(place)
        self.archive.found()
        self.ids: dict[str, str] = {}

    def in_another(self, place: str) -> World:
        """Another archive, at the same moment; its clock is the one that counts from here on."""
        return World(self._patch, place, self.now)

    def _record(self, url: str, settings: CaptureSettings, directory: Path, on_progress: object) -> Recording:
        if self._fails is not None:
            raise UnreachableError(self._fails)
        return recorded.page(url)

    def at(self, count: float) -> World:
        self.now = hours(count)
        return self

    # statements about schedules

    def add(self, name: str = "front", start: float = 0, **given: Any) -> str:
        id_ = layout.new_id(self.now)
        given = {"every": "1h", **given}
        if "cron" in given:
            del given["every"]
        if "feed" not in given:
            given = {"urls": (URL,), **given}
        definition = define(name, given, hours(start)).document()
        self.archive.enter(statements.schedule(id_, "add", id_, name, self.now, definition=definition))
        self.ids[name] = id_
        return id_

    def say(self, action: str, name: str = "front", **more: Any) -> Entry:
        if "definition" in more:
            more["definition"] = define(name, {"urls": (URL,), **more["definition"]}, self.now).document()
        return self.archive.enter(
            statements.schedule(layout.new_id(self.now), action, self.ids[name], name, self.now, **more)
        )

    def missed(self, first: int, last: int, reason: str, name: str = "front", url: str | None = None) -> Entry:
        document = {"first_seq": first, "last_seq": last, "reason": reason}
        return self.say("missed", name, missed=document if url is None else {**document, "url": url})

    # captures

    def about(self, seq: int, due: float, name: str = "front", attempt: int = 1, **other: Any) -> About:
        planned = Planned(other.get("schedule", self.ids.get(name, "")), name, seq, hours(due))
        return About(job=Job(f"job-{seq}", attempt, planned))

    def capture(self, seq: int, due: float, url: str = URL, fails: str | None = None, **more: Any) -> str:
        """Capture now what was due then; the id."""
        self._fails = fails
        about = self.about(seq, due, **more)
        if fails is None:
            return self.archive.capture(url, about=about).snapshot.id
        with pytest.raises(UnreachableError):
            self.archive.capture(url, about=about)
        return self.newest()

    def begin(self, seq: int, due: float, url: str = URL, **more: Any) -> str:
        """An intent whose capture was killed."""
        id_ = layout.new_id(self.now)
        deadline = self.now + timedelta(minutes=11)
        self.archive.enter(statements.intent(id_, url, self.now, deadline, self.about(seq, due, **more)))
        return id_

    def newest(self) -> str:
        *_, entry = log.entries(self.archive.store)
        assert isinstance(entry, Entry)
        return entry.id

    # what it says of itself

    def check(self) -> Check:
        """The check "schedules", by somebody who remembers the log."""
        (found,) = [each for each in verifying.verify_all(self.archive, Wanted()).log if each.name == "schedules"]
        return found

    def rows(self, name: str | None = None) -> list[Row]:
        return list(verifying.schedule_rows(self.archive, Wanted(), name))

    def states(self, name: str | None = None) -> list[tuple[int, str]]:
        return [(row.seq, str(row.state)) for row in self.rows(name)]

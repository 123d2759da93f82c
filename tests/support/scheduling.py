"""Schedules over a log in memory, so that very many can be played through."""

from __future__ import annotations

from typing import Any, cast

from archiver.archive import Archive
from archiver.config import JobsSettings
from archiver.errors import SigningError, StorageError
from archiver.jobs.database import Database
from archiver.jobs.planner import Planner
from archiver.jobs.politeness import Politeness
from archiver.jobs.queue import Queue
from archiver.jobs.scheduling import Scheduling
from archiver.schedules.history import Timeline, parse, timelines
from archiver.storage.log import Entry


class Log:
    """What `Scheduling` asks of an archive. `breaks` has the next statement fail, before or after it is in the log."""

    location = "memory"

    def __init__(self) -> None:
        self.statements: list[dict[str, Any] | None] = []
        self.breaks: str | None = None
        self.has_key = True
        self.forged = set[int]()
        self.away = False

    def describe(self) -> object:
        if self.away:
            raise StorageError("the store is away")
        return self

    def ensure(self) -> None:
        pass

    def keyring(self) -> object:
        return self

    def signer(self) -> None:
        if not self.has_key:
            raise SigningError("no key")

    def enter(self, statement: dict[str, Any]) -> None:
        self.signer()
        breaks, self.breaks = self.breaks, None
        if breaks == "before":
            raise StorageError("the log could not be written")
        self.statements += [None, statement]  # others write to the log, too
        if breaks == "after":
            raise StorageError("whether it was written is not known")

    def entries_of(self, type_: str, id_: str | None = None) -> list[Entry]:
        return [
            Entry(index, type_, each["id"], "")
            for index, each in enumerate(self.statements)
            if each is not None and id_ in (None, each["id"])
        ]

    def signed_statement(self, entry: Entry, _: object) -> dict[str, Any]:
        if self.away:
            raise StorageError("the store is away")
        if entry.index in self.forged:
            raise StorageError("it is signed by no key")
        found = self.statements[entry.index]
        assert found is not None
        return found

    def timeline(self, id_: str) -> Timeline:
        """What somebody who verifies reads."""
        events = (
            parse(index, each)
            for index, each in enumerate(self.statements)
            if each is not None and index not in self.forged
        )
        return timelines(events)[id_]


class Office:
    """The schedules of an archive in memory, on one database. Its jobs stay where they are."""

    def __init__(self, base: Database, log: Log | None = None) -> None:
        self.log = log or Log()
        self.database = base
        self.queue = Queue(base, None, Politeness(JobsSettings()), 3, 30_000)
        self.planner = Planner(base, self.queue)
        self.scheduling = Scheduling(cast("Archive", self.log), base, self.queue, self.planner)

"""Statements and logs for tests of what reads them."""

from __future__ import annotations

import contextlib
import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from archiver import clock
from archiver.index import follow
from archiver.index.opening import open_index
from archiver.storage import layout, log
from archiver.storage.base import ObjectStore
from tests.support.memory_store import MemoryStore

START = datetime(2026, 11, 23, 8, 0, 0, tzinfo=UTC)
ALLOWED = timedelta(minutes=5)
_FORMAT = "archiver-statement/1"


def capture_id(number: int) -> str:
    """The same id for the same number, ascending with it."""
    letters = []
    for _ in range(16):
        number, digit = divmod(number, 32)
        letters.append("234567abcdefghijklmnopqrstuvwxyz"[digit])
    return f"20261123t080000z-{''.join(reversed(letters))}"


def at(seconds: float) -> datetime:
    """A moment, counted from the start of the tests' world."""
    return START + timedelta(seconds=seconds)


def intent(id_: str, url: str = "https://example.com/", began: datetime = START, **more: Any) -> dict[str, Any]:
    return {
        "type": "intent",
        "format": _FORMAT,
        "id": id_,
        "requested_url": url,
        "started_at": clock.rfc3339(began),
        "deadline": clock.rfc3339(began + ALLOWED),
        "tags": [],
        **more,
    }


def snapshot(id_: str, url: str = "https://example.com/", began: datetime = START, **more: Any) -> dict[str, Any]:
    return {
        "type": "snapshot",
        "format": _FORMAT,
        "id": id_,
        "requested_url": url,
        "final_url": url,
        "title": "A title",
        "outcome": "complete",
        "started_at": clock.rfc3339(began),
        "ended_at": clock.rfc3339(began + timedelta(seconds=9)),
        "main_document": {"url": url, "status": 200},
        "artifacts": [
            {"role": "warc", "key": layout.warc(id_), "bytes": 4, "sha256": "00"},
            {"role": "text", "key": f"urn:text:{url}", "bytes": 7, "sha256": "00"},
        ],
        "tags": [],
        **more,
    }


def failure(id_: str, url: str = "https://example.com/", began: datetime = START, **more: Any) -> dict[str, Any]:
    return {
        "type": "failure",
        "format": _FORMAT,
        "id": id_,
        "requested_url": url,
        "started_at": clock.rfc3339(began),
        "ended_at": clock.rfc3339(began + timedelta(seconds=9)),
        "error": {"code": 7, "kind": "UnreachableError", "message": "no answer"},
        **more,
    }


def withdrawn(id_: str, at: datetime = START, reason: str = "a court order", **more: Any) -> dict[str, Any]:
    return {
        "type": "withdrawn",
        "format": _FORMAT,
        "id": id_,
        "result": 1,
        "withdrawn_at": clock.rfc3339(at),
        "reason": reason,
        **more,
    }


class Log:
    """A log in a store, written to."""

    def __init__(self, store: ObjectStore | None = None, name: str = "one") -> None:
        self.memory = MemoryStore()
        self.store: ObjectStore = store or self.memory
        self._end = -1
        self._numbers = itertools.count()
        self.store.put_new(layout.ARCHIVE, b'{"format":"archiver/1","name":"%s"}\n' % name.encode())

    def add(self, statement: dict[str, Any]) -> log.Entry:
        entry = log.append(self.store, statement, self._end)
        self._end = entry.index
        return entry

    def add_junk(self, data: bytes) -> int:
        self._end += 1
        self.store.put_new(layout.slot(self._end), data)
        return self._end

    def new_id(self) -> str:
        return capture_id(next(self._numbers))

    def capture(self, url: str = "https://example.com/", began: datetime = START, **more: Any) -> str:
        """An intent and its snapshot, with the WARC; its id."""
        id_ = self.new_id()
        tags = {"tags": more["tags"]} if "tags" in more else {}
        first = self.add(intent(id_, url, began, **tags))
        self.store.put_new(layout.warc(id_), b"WARC")
        self.add(snapshot(id_, url, began, intent=first.index, **more))
        return id_


def catch_up_elsewhere(location: str, objects: dict[str, bytes]) -> None:
    """Follow a log from another process, which this is the beginning of."""
    store = MemoryStore(objects)
    with contextlib.closing(open_index(location, store)) as database:
        follow.catch_up(database, store)

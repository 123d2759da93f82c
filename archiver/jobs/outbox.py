"""What is to be said outside of the database: statements for the log, messages for whoever wants to know.

Each lies in the database since it became certain, and until it was said. So a worker that dies costs none; it may make
one come twice.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa

from archiver import clock
from archiver.config import Settings
from archiver.errors import ArchiverError
from archiver.jobs import messages
from archiver.jobs.database import Database
from archiver.jobs.metrics import Metrics
from archiver.jobs.queue import EVENT, STATEMENT
from archiver.jobs.scheduling import Scheduling
from archiver.jobs.schema import outbox
from archiver.jobs.troubles import Troubles

_POLL_S = 1.0
_CLAIM_MS = 180_000  # for so long nobody else says it: longer than webhook and command may take together
_AGAIN_S = 15.0
_MAX_AGAIN_S = 3600.0
_ATTEMPTS = 20  # at a message: some twelve hours; a statement is never given up
_LAST_S = 10.0  # what a worker that ends has for what is left; others say the rest
_UNREADABLE = "the outbox cannot be read"
_SECRETS = ("ARCHIVER_", "AWS_", "PGPASS")
_POSTED = "posted"  # in the body of an event: the webhook has it, only the command does not

logger = logging.getLogger("archiver.jobs")


@dataclass(frozen=True)
class _Item:
    number: int
    kind: str
    body: dict[str, Any]
    attempts: int


class Outbox:
    """Says what is to be said, for a worker."""

    def __init__(self, settings: Settings, database: Database, scheduling: Scheduling, metrics: Metrics) -> None:
        given = settings.jobs
        self._archive = settings.archive
        self._webhook = None if given.webhook is None else given.webhook.get_secret_value()
        self._secret = None if given.webhook_secret is None else given.webhook_secret.get_secret_value()
        self._command = given.command
        self._database = database
        self._scheduling = scheduling
        self._metrics = metrics
        self._troubles = Troubles()

    def run(self, over: threading.Event) -> None:
        """Go on until it is over, and for a moment then. Never raises."""
        while not over.wait(_POLL_S):
            self._round(over.is_set)
        until = time.monotonic() + _LAST_S
        self._round(lambda: time.monotonic() > until)

    def _round(self, enough: Callable[[], bool]) -> None:
        try:
            while not enough() and self.once():
                pass
        except Exception as error:  # noqa: BLE001  # the edge of a thread
            self._troubles.came(_UNREADABLE, error)
        else:
            self._troubles.went(_UNREADABLE)

    def once(self) -> bool:
        """Say what is next, if something is due; whether there was. Statements go before messages."""
        item = self._claim()
        if item is None:
            return False
        try:
            self._say(item)
        except ArchiverError as error:
            self._failed(item, str(error))
        except Exception as error:  # noqa: BLE001  # a fault of ours with one must not hold up the others
            self._failed(item, f"{type(error).__name__}: {error}")
        else:
            self._forget(item)
        return True

    def _claim(self) -> _Item | None:
        with self._database.transaction() as connection:
            now = self._database.now_ms(connection)
            order = (outbox.c.kind != STATEMENT, outbox.c.number)
            wanted = sa.select(outbox).where(outbox.c.next_ms <= now).order_by(*order).limit(1)
            row = connection.execute(self._database.locked(wanted, skip=True)).one_or_none()
            if row is None:
                return None
            connection.execute(
                outbox.update()
                .where(outbox.c.number == row.number)
                .values(next_ms=now + _CLAIM_MS, attempts=row.attempts + 1)
            )
        return _Item(row.number, row.kind, orjson.loads(row.body), row.attempts + 1)

    def _say(self, item: _Item) -> None:
        if item.kind == STATEMENT:
            self._scheduling.missed(item.body["schedule"], item.body["name"], item.body["missed"])
        elif item.kind == EVENT:
            self._send(item)

    def _send(self, item: _Item) -> None:
        if self._webhook is None and not self._command:
            return
        job, event = item.body.get("job", {}), item.body.get("event")
        said = {
            # The same however often it is sent, and another for each end that a job comes to.
            "id": hashlib.sha256(f"{job.get('id')} {event} {job.get('ended_at')}".encode()).hexdigest()[:32],
            "event": event,
            "at": clock.rfc3339(clock.now()),
            "archive": self._archive,
            "attempt": item.attempts,
            "job": job,
        }
        body = orjson.dumps(said)
        if self._webhook is not None and _POSTED not in item.body:
            messages.post(self._webhook, body, self._secret)
            item.body[_POSTED] = True
        if self._command:
            kept = {name: value for name, value in os.environ.items() if not name.startswith(_SECRETS)}
            messages.run(self._command, body, {**kept, "ARCHIVER_EVENT": str(event)})
        self._metrics.message("delivered")

    def _failed(self, item: _Item, reason: str) -> None:
        if item.kind == EVENT and item.attempts >= _ATTEMPTS:
            self._metrics.message("given_up")
            logger.error("a message was given up", extra={"error": reason, "said": item.body})
            self._forget(item)
            return
        if item.kind == EVENT:
            self._metrics.message("failed")
        wait_s = min(_AGAIN_S * 2.0 ** min(item.attempts - 1, 20), _MAX_AGAIN_S)
        said = "a message could not be delivered" if item.kind == EVENT else "a statement could not be made"
        logger.warning(said, extra={"error": reason, "again_s": wait_s})
        with self._database.transaction() as connection:
            later = self._database.now_ms(connection) + int(wait_s * 1000)
            connection.execute(
                outbox.update()
                .where(outbox.c.number == item.number)
                .values(next_ms=later, body=orjson.dumps(item.body).decode())
            )

    def _forget(self, item: _Item) -> None:
        with self._database.transaction() as connection:
            connection.execute(outbox.delete().where(outbox.c.number == item.number))

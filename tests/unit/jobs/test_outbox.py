"""What is to be said outside of the database: said once it is certain, each by itself, again when it failed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import orjson
import pytest
import sqlalchemy as sa

from archiver.config import JobsSettings, Settings
from archiver.errors import StorageError
from archiver.jobs import messages
from archiver.jobs.database import Database, connect, ensure
from archiver.jobs.metrics import Metrics
from archiver.jobs.outbox import Outbox
from archiver.jobs.scheduling import Scheduling
from archiver.jobs.schema import outbox as table


class Log:
    """Takes statements as a log does, or cannot."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.fails: Exception | None = None

    def missed(self, _: str, name: str, said: dict[str, Any]) -> None:
        if self.fails is not None:
            raise self.fails
        self.said.append(f"{name} {said['first_seq']}")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = connect(tmp_path / "jobs.sqlite")
    ensure(made, "a")
    yield made
    made.close()


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The events that the webhook was told; "bad" ones it answers with a fault of ours."""
    told: list[str] = []

    def post(_: str, body: bytes, __: str | None) -> None:
        event = orjson.loads(body)["event"]
        if event == "bad":
            raise ValueError("no such thing")
        if event == "refused":
            raise messages.MessageError("the webhook says no")
        told.append(event)

    monkeypatch.setattr(messages, "post", post)
    return told


def outbox_of(database: Database, log: Log) -> Outbox:
    settings = Settings(jobs=JobsSettings.model_validate({"webhook": "http://127.0.0.1:1/"}))
    return Outbox(settings, database, cast(Scheduling, log), Metrics("w"))


def put(database: Database, kind: str, **body: Any) -> None:
    with database.transaction() as connection:
        now = database.now_ms(connection)
        connection.execute(table.insert().values(kind=kind, body=orjson.dumps(body).decode(), attempts=0, next_ms=now))


def put_missed(database: Database, seq: int) -> None:
    put(database, "statement", schedule="s", name="front", missed={"first_seq": seq})


def waiting(database: Database) -> list[tuple[str, int]]:
    """What still lies there, and how often it was tried."""
    with database.transaction() as connection:
        rows = connection.execute(sa.select(table).order_by(table.c.number)).all()
    return [(row.kind, row.attempts) for row in rows]


def test_statements_go_before_events_and_all_is_said_once(database: Database, log: Log, sent: list[str]) -> None:
    for event in ("captured", "failed"):
        put(database, "event", event=event)
    put_missed(database, 1)
    put_missed(database, 2)
    box = outbox_of(database, log)
    box.once()
    assert (log.said, sent) == (["front 1"], [])
    while box.once():
        pass
    assert (log.said, sent) == (["front 1", "front 2"], ["captured", "failed"])
    assert waiting(database) == []


def test_what_cannot_be_said_waits_and_holds_nothing_else_up(database: Database, log: Log, sent: list[str]) -> None:
    for event in ("bad", "refused", "captured"):
        put(database, "event", event=event)
    put_missed(database, 1)
    log.fails = StorageError("the store is away")
    over = threading.Event()
    over.set()
    outbox_of(database, log).run(over)
    assert sent == ["captured"]
    assert waiting(database) == [("event", 1), ("event", 1), ("statement", 1)]
    with database.transaction() as connection:
        soonest = connection.scalar(sa.select(sa.func.min(table.c.next_ms))) or 0
        assert soonest >= database.now_ms(connection) + 10_000


def test_a_message_is_given_up_at_last_and_a_statement_never(database: Database, log: Log, sent: list[str]) -> None:
    put(database, "event", event="refused")
    put_missed(database, 1)
    log.fails = StorageError("the store is away")
    box = outbox_of(database, log)
    for _ in range(25):
        with database.transaction() as connection:
            connection.execute(table.update().values(next_ms=0))
        while box.once():
            pass
    assert waiting(database) == [("statement", 25)]
    assert sent == []


def test_what_one_worker_says_no_other_says_meanwhile(
    database: Database, log: Log, sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    put(database, "event", event="captured")
    box = outbox_of(database, log)
    seen = []

    def post(*_: object) -> None:
        seen.append(box.once())  # another worker, while the webhook takes its time

    monkeypatch.setattr(messages, "post", post)
    assert box.once()
    assert seen == [False]
    assert waiting(database) == []
    assert sent == []


def test_a_database_that_is_away_ends_nothing(database: Database, log: Log, tmp_path: Path) -> None:
    box = outbox_of(database, log)
    database.close()
    (tmp_path / "jobs.sqlite").unlink()
    over = threading.Event()
    over.set()
    box.run(over)

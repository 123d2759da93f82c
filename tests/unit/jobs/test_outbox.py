"""Statements that cannot be made yet: a store that is away for days loses none."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any, cast

import orjson
import sqlalchemy as sa

from archiver.config import Settings
from archiver.errors import StorageError
from archiver.jobs.database import connect, ensure
from archiver.jobs.metrics import Metrics
from archiver.jobs.outbox import Outbox
from archiver.jobs.scheduling import Scheduling
from archiver.jobs.schema import outbox as table


class Log:
    """Takes statements as a log does, or cannot."""

    def __init__(self) -> None:
        self.said: list[int] = []
        self.is_away = True

    def missed(self, _: str, __: str, said: dict[str, Any]) -> None:
        if self.is_away:
            raise StorageError("the store is away")
        self.said.append(said["first_seq"])


def test_a_statement_is_never_given_up(tmp_path: Path) -> None:
    database, log = connect(tmp_path / "jobs.sqlite"), Log()
    with contextlib.closing(database):
        ensure(database, "a")
        body = orjson.dumps({"schedule": "s", "name": "front", "missed": {"first_seq": 1}}).decode()
        with database.transaction() as connection:
            connection.execute(table.insert().values(kind="statement", body=body, attempts=0, next_ms=0))
        box = Outbox(Settings(), database, cast(Scheduling, log), Metrics("w"))
        for _ in range(50):
            with database.transaction() as connection:
                connection.execute(table.update().values(next_ms=0))
            assert box.once()
            assert not box.once(), "it waits a while after each attempt"
        log.is_away = False
        with database.transaction() as connection:
            connection.execute(table.update().values(next_ms=0))
        assert box.once()
        with database.transaction() as connection:
            assert connection.scalar(sa.select(sa.func.count()).select_from(table)) == 0
    assert log.said == [1]

"""Each test of the index runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from archiver.index.database import Database
from archiver.index.opening import open_index
from archiver.storage.base import ObjectStore
from tests.support import postgres
from tests.support.logs import Log
from tests.support.postgres import Postgres


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    """One PostgreSQL server for all tests, started when the first asks for it."""
    with postgres.running() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where a new index can be made."""
    if request.param == "sqlite":
        yield str(tmp_path / "index.sqlite")
        return
    server: Postgres = request.getfixturevalue("server")
    with server.database() as url:
        yield url


class Opener:
    """Opens indexes, and closes them after the test."""

    def __init__(self) -> None:
        self.stack = ExitStack()

    def __call__(self, location: str | Path, store: ObjectStore) -> Database:
        database = open_index(location, store)
        self.stack.callback(database.close)
        return database


@pytest.fixture
def opened(location: str) -> Iterator[Opener]:
    opener = Opener()
    with opener.stack:
        yield opener


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def index(location: str, opened: Opener, log: Log) -> Database:
    """The index of the test's log."""
    return opened(location, log.store)

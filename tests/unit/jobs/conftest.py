"""Tests of the queue run on SQLite and on PostgreSQL, wherever it is the database that matters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from archiver.jobs.database import Database
from tests.support import postgres, queues
from tests.support.postgres import Postgres
from tests.support.queues import Clock, Desk


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    """One PostgreSQL server for all tests, started when the first asks for it."""
    with postgres.running() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where a new queue can be made."""
    if request.param == "sqlite":
        yield str(tmp_path / "jobs.sqlite")
        return
    server: Postgres = request.getfixturevalue("server")
    with server.database() as url:
        yield url


@pytest.fixture
def base(location: str) -> Iterator[Database]:
    """A new queue's database."""
    with queues.made(location) as base:
        yield base


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def desk(base: Database, watch: Clock) -> Desk:
    return Desk(base, watch)


@pytest.fixture(scope="session")
def standing(server: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Database]]:
    """One database of each kind for tests that need very many: whoever takes it finds it empty."""
    with ExitStack() as stack:
        made: dict[str, Database] = {}

        def get(kind: str) -> Database:
            if kind not in made:
                sqlite = str(tmp_path_factory.mktemp("queue") / "jobs.sqlite")
                place = sqlite if kind == "sqlite" else stack.enter_context(server.database())
                made[kind] = stack.enter_context(queues.made(place))
            queues.clear(made[kind])
            return made[kind]

        yield get


@pytest.fixture(params=["sqlite", "postgresql"])
def any_desk(request: pytest.FixtureRequest, standing: Callable[[str], Database], watch: Clock) -> Callable[..., Desk]:
    """Makes a queue in an empty database, as often as it is asked, with settings of its own."""

    def make(**settings: Any) -> Desk:
        base = standing(request.param)
        watch.now = queues.START
        return Desk(base, watch, **settings)

    return make

"""A queue on SQLite and on PostgreSQL, whose jobs this process takes up itself, and a local web with a feed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import Connection

from archiver import clock
from archiver.archive import Archive
from archiver.config import Settings
from archiver.jobs.job import Ended, Job
from archiver.jobs.opening import Opened, opened
from archiver.jobs.schema import JobState, hosts, jobs, lanes
from archiver.jobs.watching import Watcher
from archiver.schedules.definition import define
from tests.sites.model import Request, Response
from tests.sites.server import LocalWeb
from tests.support import postgres
from tests.support.postgres import Postgres

FEED = "http://news.test/feed"
WORKER = "worker-1"


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    """One PostgreSQL server for all tests, started when the first asks for it."""
    with postgres.running() as running:
        yield running


#: for what a database has a part in
on_both = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """Where index and queue lie: in SQLite files, unless a test says otherwise."""
    if getattr(request, "param", "sqlite") == "sqlite":
        yield None
        return
    server: Postgres = request.getfixturevalue("server")
    with server.database() as url:
        yield url


def rss(*paths: str) -> bytes:
    """A feed of articles, the newest first."""
    items = "".join(f"<item><link>http://news.test/{path}</link></item>" for path in paths)
    return f"<rss version='2.0'><channel>{items}</channel></rss>".encode()


@dataclass
class Site:
    """A web whose feed is as the test has it. `asked` has the target and header of each request."""

    answer: Callable[[Request], Response] = lambda _: Response(404, b"Not Found")
    web: LocalWeb = field(init=False)

    def __post_init__(self) -> None:
        self.web = LocalWeb(self._handle, protocols=("http/1.1",))

    async def _handle(self, request: Request) -> Response:
        return self.answer(request)

    def shows(self, body: bytes, *fields: tuple[bytes, bytes], status: int = 200) -> None:
        self.answer = lambda _: Response(status, fields=list(fields), body=body)

    def has(self, *paths: str) -> None:
        self.shows(rss(*paths))

    def heads(self) -> list[bytes]:
        return [served.request_head for served in self.web.log]


@pytest.fixture
def site() -> Iterator[Site]:
    found = Site()
    with found.web:
        yield found
        assert found.web.errors == []


class Hands:
    """What is handed over lies here, in order, until the test takes it up."""

    def __init__(self) -> None:
        self.given: list[tuple[str, str]] = []

    def hand_over(self, connection: Connection, workflow: str, job: str, priority: int, delay_s: float) -> None:
        self.given.append((workflow, job))


class Desk:
    """A queue, and a worker that does one thing when it is told to."""

    def __init__(self, settings: Settings, found: Opened, hands: Hands) -> None:
        self.settings, self.found, self.hands = settings, found, hands
        self.watcher = Watcher(settings, found.database, found.queue)

    def watch(self, feed: str = FEED, name: str = "news", **given: Any) -> None:
        self.found.scheduling.add(name, define(name, {"feed": feed, "every": "1h", **given}, clock.now()))

    def queued(self, name: str = "news") -> str:
        """Have the feed read; the workflow of its job."""
        (id_,) = self.found.scheduling.trigger(name)
        (workflow,) = (workflow for workflow, job in self.hands.given if job == id_)
        return workflow

    def read(self, name: str = "news", **more: Any) -> Ended:
        """Read the feed now, as a worker does."""
        workflow = self.queued(name)
        begun = self.found.queue.begin(workflow, WORKER)
        assert begun is not None
        ended = self.watcher.read(begun.job, begun.attempt)
        assert self.found.queue.end(workflow, WORKER, ended) is not None
        if ended.error is not None:
            self.found.queue.cancel(begun.job.id) if self.job(begun.job.id).state is JobState.RETRYING else None
        self.rested()
        return ended

    def rested(self) -> None:
        """As if so much time had passed that every host may be visited again, and nothing was captured meanwhile."""
        with self.found.database.transaction() as connection:
            connection.execute(hosts.update().values(until_ms=0))
            connection.execute(lanes.update().values(next_ms=0, workflow=None))
            connection.execute(jobs.update().values(workflow=None))

    def job(self, id_: str) -> Job:
        return self.found.queue.find(id_)

    def articles(self, name: str = "news") -> list[tuple[int, str]]:
        """The number and path of each article that was queued, in the order of the numbers."""
        jobs = [job for job in self.found.queue.listing(schedule=name) if job.kind == "capture"]
        told = [(job.due.seq, job.url.removeprefix("http://news.test/")) for job in jobs if job.due is not None]
        assert len(told) == len(jobs)
        return sorted(told)

    def says(self, name: str = "news") -> dict[str, Any]:
        """What the schedule says of its feed."""
        (listed,) = (each for each in self.found.scheduling.listing() if each.name == name)
        assert listed.feed is not None
        return listed.feed


Open = Callable[..., Desk]


@pytest.fixture
def open_desk(site: Site, database_url: str | None, tmp_path: Path) -> Iterator[Open]:
    """Opens desks at one queue; each has connections of its own."""
    with ExitStack() as stack:

        def build(hosts: Sequence[str] = (), **capture: Any) -> Desk:
            settings = Settings.model_validate(
                {
                    "archive": str(tmp_path / "archive"),
                    "database_url": database_url,
                    "capture": {"resolve": tuple(site.web.resolve), "trust_ca": site.web.ca_path, **capture},
                    "jobs": {"delay_s": 0, "host": tuple(hosts)},
                }
            )
            hands = Hands()
            archive = stack.enter_context(Archive(settings))
            return Desk(settings, stack.enter_context(opened(archive, settings, hands)), hands)

        yield build


@pytest.fixture
def desk(open_desk: Open) -> Desk:
    made = open_desk()
    made.watch()
    return made

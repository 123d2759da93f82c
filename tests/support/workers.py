"""Real worker processes on a local web, the jobs they are given, and what server, queue and log tell of them after."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from archiver.archive import Archive
from archiver.config import load
from archiver.jobs.job import Job, Options
from archiver.jobs.opening import new_id, opened
from archiver.jobs.queue import New
from archiver.jobs.schema import ENDED, lanes
from archiver.storage import log
from tests.sites.model import Request, Response, Served
from tests.sites.server import LocalWeb
from tests.support.residue import Place, descendants_of

_HTML = [(b"Content-Type", b"text/html; charset=utf-8")]
_PAGE = b"""<!doctype html><title>news</title><link rel=stylesheet href=style.css><h1>Heading</h1>
<p>A small page of some words, of which there are enough to be a text.</p><img src=picture.svg%s>"""
_SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="80" height="40"><circle cx="20" cy="20" r="15"/></svg>'
_NOBODY = ("down.test:80=127.0.0.1:9",)  # a host that is not there
_SLOW = re.compile(r"/(slow|once)(\d+)(?:\.[^/]*)?/")
_JOB = re.compile(r"^/[^/]+/")


class News:
    """Every host: small pages `/NAME/`; on `/slow8/` and `/slow8.NAME/` a picture, and so the visit, takes 8 seconds.

    On `/once8/` it does so the first time it is asked for. `answer` may answer in their place.
    """

    def __init__(self) -> None:
        self.answer: Callable[[Request], Response | None] = lambda _: None
        self._came = set[tuple[str, str]]()

    async def __call__(self, request: Request) -> Response:
        own = self.answer(request)
        if own is not None:
            return own
        if request.path.endswith("/"):
            return Response(fields=_HTML, body=_PAGE % (b"?late" if _SLOW.match(request.path) else b""))
        if request.query == "late" and (slow := _SLOW.match(request.path)):
            picture = request.host, request.path
            if slow[1] == "slow" or picture not in self._came:
                self._came.add(picture)
                await asyncio.sleep(int(slow[2]))
        if request.path.endswith(".css"):
            return Response(fields=[(b"Content-Type", b"text/css")], body=b"h1 { color: navy }")
        return Response(fields=[(b"Content-Type", b"image/svg+xml")], body=_SVG)


class Running:
    """A worker's process, the first of a group of its own."""

    def __init__(self, command: Sequence[str], environment: dict[str, str], cwd: Path, said: Path) -> None:
        self._said = said
        with said.open("wb") as stream:
            self.process = subprocess.Popen(
                command,
                env=environment,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
            )
        self.pid = self.process.pid

    @property
    def text(self) -> str:
        return self._said.read_text("utf-8", "replace")

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What it told, each line an object."""
        found = []
        for line in self.text.splitlines():
            with contextlib.suppress(json.JSONDecodeError):
                found.append(json.loads(line))
        return found

    def messages(self, *wanted: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line.get("message") in wanted]

    def runners(self) -> list[int]:
        """Its capturing processes."""
        return [pid for pid in descendants_of(self.pid) if b"multiprocessing.spawn" in _command(pid)]

    def browsers(self) -> list[int]:
        """The browsers' first processes."""
        commands = {pid: _command(pid) for pid in descendants_of(self.pid)}
        return [pid for pid, line in commands.items() if b"--user-data-dir=" in line and b"--type=" not in line]

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def signal_group(self, number: int) -> None:
        """As a terminal does."""
        os.killpg(self.pid, number)

    def end(self, timeout_s: float = 60.0) -> int:
        """Wait for its end; its exit code."""
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the worker still runs after {timeout_s} s:\n{self.text}") from None

    def stop(self, timeout_s: float = 60.0) -> int:
        self.signal(signal.SIGTERM)
        return self.end(timeout_s)


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@dataclass(frozen=True)
class Visit:
    """The requests of one page that came to one host."""

    host: str
    page: str
    began_s: float
    ended_s: float


def visits(served: Iterable[Served]) -> list[Visit]:
    """The visits in a server's log, by their pages `/NAME/`, in order; one that was not over has no end.

    Each begins with a request for its page, also where a page is visited again.
    """
    found = defaultdict[tuple[str, str], list[list[Served]]](list)
    for one in served:
        page = _JOB.match(one.target)
        if page is not None and one.host.endswith(".test"):  # not what Chromium asks its makers
            of_page = found[one.host, page[0]]
            if one.target == page[0] or not of_page:
                of_page.append([])
            of_page[-1].append(one)
    made = [
        Visit(host, page, min(one.began_s for one in visit), max(one.ended_s or float("inf") for one in visit))
        for (host, page), of_page in found.items()
        for visit in of_page
    ]
    return sorted(made, key=lambda visit: visit.began_s)


def impolite(made: Iterable[Visit], delay_s: float) -> list[str]:
    """Where a host was visited twice at once, or again before its delay had passed."""
    last = dict[str, Visit]()
    wrong = []
    for visit in made:
        before = last.get(visit.host)
        if before is not None and visit.began_s < before.ended_s + delay_s:
            gap = visit.began_s - before.ended_s
            wrong.append(f"{visit.host}: {visit.page} came {gap:.2f} s after {before.page}")
        last[visit.host] = visit if before is None or visit.ended_s > before.ended_s else before
    return wrong


class Crew:
    """An archive with a queue, and workers for it; in `place`, which has the web.

    `environment` is for all workers: `JOBS__LEASE_S="4"` stands for ARCHIVER_JOBS__LEASE_S.
    """

    def __init__(
        self, place: Place, database_url: str | None = None, archive: str | None = None, **environment: str
    ) -> None:
        self.place = place
        self.location = archive or str(place.archive)
        self.environment = {
            "ARCHIVER_CAPTURE__RESOLVE": ",".join([*_NOBODY, *place.web.resolve]),
            "ARCHIVER_CAPTURE__SETTLE_S": "4",
            **{f"ARCHIVER_{name}" if name[0] in "CJ" else name: value for name, value in environment.items()},
        }
        if database_url is not None:
            self.environment["ARCHIVER_DATABASE_URL"] = database_url
        self.settings = load({"archive": self.location, "database_url": database_url}).settings
        self._stack = contextlib.ExitStack()
        self.workers: list[Running] = []

    def __enter__(self) -> Crew:
        self.archive = self._stack.enter_context(Archive(self.settings))
        self.opened = self._stack.enter_context(opened(self.archive, self.settings))
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self.workers:
            if worker.process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    worker.signal_group(signal.SIGKILL)
                worker.process.wait()
        self._stack.close()

    # doing

    def queue(self, *urls: str, priority: int = 0, options: Options | None = None) -> list[str]:
        """Queue captures; the ids of the jobs."""
        ids = []
        with self.opened.database.transaction() as connection:
            for url in urls:
                ids.append(new_id())
                new = New(url, options or Options(), priority=priority)
                assert self.opened.queue.submit(connection, new, ids[-1])
        return ids

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "archiver", "--archive", self.location, *arguments]

    def start(self, *arguments: str, command: Sequence[str] = (), **environment: str) -> Running:
        """Start a worker."""
        line = [*(command or self.command("--json")), "worker", *arguments]
        more = {f"ARCHIVER_{name}": value for name, value in environment.items()}
        said = self.place.root / f"worker-{len(self.workers)}.log"
        started = Running(line, self.place.environment(**{**self.environment, **more}), self.place.root, said)
        self.workers.append(started)
        return started

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another command of the program to its end."""
        environment = self.place.environment(**self.environment)
        return subprocess.run(
            self.command(*arguments),
            env=environment,
            cwd=self.place.root,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )

    def stand_still(self, pids: Sequence[int]) -> None:
        """Stop these processes, at a moment when none of them keeps others from the database.

        What is stopped in mid-transaction holds a SQLite file, as long as it is, from all others.
        """
        path = self.opened.database.path
        while True:
            for pid in pids:
                os.kill(pid, signal.SIGSTOP)
            if path is None:
                return
            with contextlib.suppress(sqlite3.OperationalError), contextlib.closing(sqlite3.connect(path)) as probe:
                probe.execute("PRAGMA busy_timeout=200")
                probe.execute("BEGIN IMMEDIATE")
                return
            for pid in reversed(pids):
                os.kill(pid, signal.SIGCONT)

    # looking

    def jobs(self) -> dict[str, Job]:
        return {job.id: job for job in self.opened.queue.listing()}

    def wait(self, reached: Callable[[], object], timeout_s: float, poll_s: float = 0.1) -> float:
        """Wait until something is so; how long that took."""
        began = time.monotonic()
        while not reached():
            waited_s = time.monotonic() - began
            assert waited_s < timeout_s, f"not so after {waited_s:.0f} s\n{self.story()}"
            time.sleep(poll_s)
        return time.monotonic() - began

    def wait_ended(self, ids: Iterable[str], timeout_s: float, poll_s: float = 0.2) -> float:
        """Wait until these jobs have ended; how long that took."""
        wanted = set(ids)
        return self.wait(
            lambda: all(job.state in ENDED for id_, job in self.jobs().items() if id_ in wanted), timeout_s, poll_s
        )

    def wait_ready(self, *workers: Running, timeout_s: float = 30.0) -> None:
        self.wait(lambda: all(worker.messages("ready") for worker in workers), timeout_s)

    def wait_visited(self, target: str, times: int = 1, timeout_s: float = 40.0) -> None:
        """Wait until the web was asked for something so often."""
        self.wait(lambda: sum(served.target == target for served in self.place.web.log) >= times, timeout_s, 0.02)

    def story(self) -> str:
        with contextlib.suppress(Exception):
            told = "\n".join(
                f"{job.id} {job.url} {job.state} {job.attempts} {job.error}" for job in self.jobs().values()
            )
            return "\n".join([told, *(worker.text[-4000:] for worker in self.workers)])
        return "\n".join(worker.text[-4000:] for worker in self.workers)

    def statements(self, kind: str) -> list[dict[str, Any]]:
        """The statements of one type, in log order."""
        store = self.archive.store
        entries = (entry for entry in log.entries(store) if isinstance(entry, log.Entry) and entry.type == kind)
        return [log.statement(store, entry) for entry in entries]

    def wrong_results(self, ids: Iterable[str]) -> list[str]:
        """What is wrong with these jobs: each is to be done, with a snapshot of the log that names it."""
        made = defaultdict[str, list[str]](list)
        for statement in self.statements("snapshot"):
            made[statement["job"]["id"]].append(statement["id"])
        known = self.jobs()
        wrong = []
        for id_ in ids:
            job = known[id_]
            if job.state != "done" or job.snapshot not in made[id_]:
                wrong.append(f"{job.url} is {job.state} with {job.snapshot} of {made[id_]}: {job.error}")
        with self.opened.database.transaction() as connection:
            held = connection.execute(sa.select(lanes.c.host).where(lanes.c.workflow.is_not(None))).all()
        return wrong + [f"the lane of {row.host} is held" for row in held]

    def duplicates(self) -> int:
        """How many results were made beside those that count."""
        named = [statement["job"]["id"] for statement in self.statements("snapshot")]
        return len(named) - len(set(named))

    def left(self) -> list[str]:
        """What is left of workers that have ended."""
        return [text for text in self.place.left() if "worker-" not in text]


@contextlib.contextmanager
def crew(
    database_url: str | None = None, archive: str | None = None, **environment: str
) -> Iterator[tuple[Crew, News]]:
    """A crew on a web of its own, with news."""
    news = News()
    with LocalWeb(news) as web, Place(web) as place, Crew(place, database_url, archive, **environment) as made:
        yield made, news

"""Queue and workers from the command line, and how they treat hosts: judged from the server's log."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Iterator

import pytest

from tests.sites.model import Request, Response
from tests.support import postgres
from tests.support.workers import Crew, News, crew, impolite, visits

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

_HTML = [(b"Content-Type", b"text/html")]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[str | None]:
    if request.param == "sqlite":
        yield None
        return
    with postgres.running() as server, server.database() as url:
        yield url


@pytest.mark.slow
def test_hosts_are_visited_one_at_a_time_and_none_waits_for_a_busy_one(database: str | None) -> None:
    delay_s = 3.0
    with crew(database, JOBS__DELAY_S=str(delay_s)) as (team, _):
        busy = [f"http://busy.test/b{number}/" for number in range(5)]
        others = [f"http://other{number % 3}.test/o{number}/" for number in range(4)]
        ids = team.queue(*busy, *others)
        workers = [team.start("--once"), team.start("--once")]
        team.wait_ended(ids, 240)
        assert [worker.end() for worker in workers] == [0, 0]
        assert team.wrong_results(ids) == []
        made = visits(team.place.web.log)
        left = team.left()
    assert len(made) == len(ids), "each page was visited once"
    assert impolite(made, delay_s) == []
    first_busy = [number for number, visit in enumerate(made) if visit.host == "busy.test"]
    first = {visit.host: number for number, visit in reversed(list(enumerate(made)))}
    assert max(first.values()) < first_busy[4], "the others came to their turn though all of the busy one's came first"
    assert left == []


@pytest.fixture
def team() -> Iterator[tuple[Crew, News]]:
    with crew(JOBS__LEASE_S="4", JOBS__DELAY_S="0.2", JOBS__RETRY_S="1") as made:
        yield made


def test_what_was_queued_is_captured_by_a_worker_and_shown(team: tuple[Crew, News]) -> None:
    run = team[0].run
    queued = run("--json", "capture", "--queue", "--case", "C 7", "--tag", "t", "http://a.test/one/")
    assert queued.returncode == 0, queued.stderr
    id_ = json.loads(queued.stdout)["id"]
    added = run("schedule", "add", "--name", "front", "--every", "1h", "http://b.test/two/")
    assert added.returncode == 0, added.stderr

    worker = team[0].start("--once")
    assert worker.end(120) == 0, worker.text

    listed = {job["id"]: job for job in map(json.loads, run("--json", "jobs").stdout.splitlines())}
    assert {job["state"] for job in listed.values()} == {"done"}
    shown = run("show", listed[id_]["snapshot"])
    assert shown.returncode == 0
    assert "http://a.test/one/" in shown.stdout
    by_job = {statement["job"]["id"]: statement for statement in team[0].statements("snapshot")}
    assert by_job[id_]["case"] == "C 7"
    assert by_job[id_]["job"] == {"id": id_, "attempt": 1}
    (other,) = by_job.keys() - {id_}
    for kind in ("intent", "snapshot"):
        (told,) = (one["job"] for one in team[0].statements(kind) if one["job"]["id"] == other)
        assert told["attempt"] == 1
        assert (told["schedule"]["name"], told["schedule"]["seq"]) == ("front", 1), told
    report = run("--json", "schedule", "report", "front")
    assert report.returncode == 0, report.stdout
    assert [json.loads(line)["state"] for line in report.stdout.splitlines()] == ["captured"]
    assert team[0].left() == []


def test_a_running_job_that_is_cancelled_ends_within_seconds_and_can_be_retried(team: tuple[Crew, News]) -> None:
    (id_, waiting) = team[0].queue("http://a.test/slow30/", "http://a.test/waits/")
    worker = team[0].start()
    team[0].wait_visited("/slow30/picture.svg?late")
    assert worker.browsers()
    # Its host is busy: once the other has ended it would begin.
    assert team[0].run("jobs", "cancel", waiting).stdout == f"{waiting} is cancelled\n"
    began = time.monotonic()
    done = team[0].run("jobs", "cancel", id_)
    assert done.returncode == 0, done.stderr
    assert "its worker was told to end it" in done.stdout
    team[0].wait(lambda: not worker.browsers(), 10)
    team[0].wait_ended([id_], 10)
    assert time.monotonic() - began < 15
    assert {job.state for job in team[0].jobs().values()} == {"cancelled"}

    assert team[0].run("jobs", "retry", waiting).returncode == 0
    team[0].wait_ended([waiting], 60)
    assert team[0].wrong_results([waiting]) == []
    assert worker.stop() == 0
    assert team[0].left() == []


def test_a_second_worker_of_a_name_is_refused(team: tuple[Crew, News]) -> None:
    first = team[0].start("--name", "w1")
    team[0].wait_ready(first)
    second = team[0].start("--name", "w1")
    assert second.end() == 2
    assert "is at work already; give each a name of its own" in second.text
    assert first.stop() == 0
    third = team[0].start("--name", "w1", "--once")
    assert third.end() == 0, "a name is free again when its worker has ended"


def test_once_does_not_wait_for_a_host_that_is_left_alone(team: tuple[Crew, News]) -> None:
    gone = team[0].queue("http://down.test/one/", "http://down.test/two/", "http://down.test/three/")
    ids = team[0].queue("http://a.test/one/")
    worker = team[0].start("--once", JOBS__RETRY_S="600")
    assert worker.end(100) == 0
    assert team[0].jobs()[ids[0]].state == "done"
    states = sorted(str(team[0].jobs()[id_].state) for id_ in gone)
    assert states == ["queued", "queued", "retrying"], "they wait for another time"


def _answers(request: Request) -> Response | None:
    """Hosts that ask to come back later: the first time, or for ever."""
    asked = _ASKED.setdefault(request.host, []) if request.path.endswith("/") else []
    asked.append(time.monotonic())
    after = [(b"Retry-After", b"4")]
    match request.host, len(asked):
        case "limited.test", 1:
            return Response(429, b"", [*_HTML, *after], b"slowly")
        case "always.test", _:
            return Response(429, b"", [*_HTML, (b"Retry-After", b"1")], b"never")
        case "ailing.test", 1:
            return Response(503, b"", _HTML, b"broken")
    return None


_ASKED: dict[str, list[float]] = {}


@pytest.mark.slow
def test_hosts_that_ask_for_it_or_ail_are_left_alone_and_captured_then(team: tuple[Crew, News]) -> None:
    crew_, news = team
    _ASKED.clear()
    news.answer = _answers
    first = crew_.queue("http://limited.test/l/", "http://ailing.test/s/", priority=1)
    then = crew_.queue(
        "http://limited.test/m/", "http://always.test/a/", "http://ailing.test/t/", "http://down.test/d/"
    )
    ids = first + then
    worker = crew_.start(JOBS__ATTEMPTS="2", JOBS__CONCURRENCY="2")
    crew_.wait_ended(ids, 150)
    jobs = crew_.jobs()
    limited, ailing, beside, always, after_it, down = (jobs[id_] for id_ in ids)
    attempts = {statement["requested_url"]: statement for statement in crew_.statements("snapshot")}

    assert (limited.state, limited.attempts, beside.state) == ("done", 2, "done")
    assert attempts[limited.url]["main_document"]["status"] == 200, "the page that asked to wait was not stored"
    assert _ASKED["limited.test"][1] - _ASKED["limited.test"][0] >= 4, "nor was the host asked for anything else"

    assert (always.state, always.attempts) == ("done", 2), "at the last attempt what comes is stored"
    assert attempts[always.url]["main_document"]["status"] == 429

    assert (ailing.state, ailing.attempts, after_it.state) == ("done", 1, "done")
    assert attempts[ailing.url]["main_document"]["status"] == 503, "without a time it is what the page says"
    assert _ASKED["ailing.test"][1] - _ASKED["ailing.test"][0] >= 10, "and its host is left alone for a while"

    assert (down.state, down.attempts, down.snapshot) == ("failed", 2, None)
    assert "down.test" in (down.error or "")
    failures = [one for one in crew_.statements("failure") if one["requested_url"] == down.url]
    gap_s = _seconds(failures[1]["started_at"]) - _seconds(failures[0]["ended_at"])
    assert gap_s >= 9.5, "the second attempt waited for the host to come back"
    assert worker.stop() == 0


def _seconds(moment: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(moment).timestamp()


def test_jobs_that_an_older_program_queued_are_run_by_a_newer_one(team: tuple[Crew, News]) -> None:
    older, newer = (
        [
            sys.executable,
            "-c",
            f"import archiver.version as v; v.__version__ = {version!r}\nfrom archiver.cli.main import main\nmain()",
            "--archive",
            team[0].location,
            "--json",
        ]
        for version in ("0.0.1", "99.0.0")
    )
    ids = team[0].queue("http://a.test/slow30/", "http://b.test/one/")
    first = team[0].start(command=older)
    team[0].wait_visited("/slow30/")
    first.signal(signal.SIGKILL)  # it has handed both over to the engine, and runs one
    first.end()
    team[0].place.web.settle(10)
    second = team[0].start(command=newer)
    team[0].wait_ended([ids[1]], 60)
    team[0].wait(lambda: team[0].jobs()[ids[0]].attempts == 2, 30)
    with team[0].opened.database.transaction() as connection:
        known = connection.exec_driver_sql("SELECT software FROM workers").scalars().all()
    assert "archiver/99.0.0" in known
    assert team[0].run("jobs", "cancel", ids[0]).returncode == 0
    assert second.stop() == 0
    assert team[0].left() == []

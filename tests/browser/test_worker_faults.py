"""Workers, what they run and what they need, killed and stopped in mid-capture: each job has one result that counts."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import postgres, seaweed
from tests.support.faulty_s3 import FaultyS3
from tests.support.postgres import Postgres
from tests.support.processes import wait_until_gone
from tests.support.residue import descendants_of
from tests.support.workers import Crew, crew

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

_LEASE_S = 4.0
_MANNERS = {"JOBS__LEASE_S": str(_LEASE_S), "JOBS__DELAY_S": "0.2", "JOBS__RETRY_S": "1"}
_BOUND_S = 90.0  # for a capture or two on a machine that has other things to do


@pytest.fixture
def team() -> Iterator[Crew]:
    with crew(**_MANNERS) as (made, _):
        yield made


@contextlib.contextmanager
def in_mid_capture(team: Crew, name: str, begun: Callable[[], object] = lambda: None) -> Iterator[list[str]]:
    """A job for a page, which the worker is loading when this is entered; when it is left, the job has one result.

    `begun` is called as soon as the worker has the job.
    """
    ids = team.queue(f"http://{name}.test/{name}/")
    team.wait(lambda: team.jobs()[ids[0]].state == "running", 30)
    begun()
    team.wait_visited(f"/{name}/picture.svg?late")
    yield ids
    team.wait_ended(ids, _BOUND_S)
    assert team.wrong_results(ids) == []


def test_what_a_killed_worker_captured_is_captured_by_another(team: Crew) -> None:
    first = team.start()
    team.wait_ready(first)
    with in_mid_capture(team, "once8", begun=team.start) as ids:
        other = team.workers[-1]
        team.wait_ready(other)
        below = [pid for pid in descendants_of(first.pid) if pid != first.pid]
        first.signal(signal.SIGKILL)
        assert wait_until_gone(below, 10) == [], "its runner and browser do not outlive it"
    assert team.jobs()[ids[0]].attempts == 2
    assert team.duplicates() == 0
    assert other.stop() == 0
    assert team.left() == []


@pytest.mark.parametrize("whole", [False, True], ids=["worker", "worker and runner"])
def test_what_a_worker_did_that_stood_still_for_a_while_counts_once(team: Crew, whole: bool) -> None:
    first = team.start()
    team.wait_ready(first)
    with in_mid_capture(team, "once3", begun=team.start) as ids:
        stopped = [first.pid, *(first.runners() if whole else [])]
        team.stand_still(stopped)
        other = team.workers[-1]
        team.wait_ready(other)
        team.wait(lambda: team.jobs()[ids[0]].attempts == 2, 30)
        for pid in reversed(stopped):
            os.kill(pid, signal.SIGCONT)
    # By then the attempt that stood still is over, one way or the other.
    team.wait(lambda: first.messages("its job was taken over meanwhile"), 10)
    assert team.duplicates() == 0, "the attempt that stood still was ended, as was its visit"
    # It goes on working when it has come to.
    other.stop()
    more = team.queue("http://more.test/more/")
    team.wait_ended(more, _BOUND_S)
    assert team.wrong_results(more) == []
    assert first.stop() == 0
    assert team.left() == []


def test_a_capture_whose_process_or_browser_is_killed_is_made_again_or_kept(team: Crew) -> None:
    worker = team.start()
    team.wait_ready(worker)
    with in_mid_capture(team, "once4") as ids:
        browsers = worker.browsers()
        for pid in worker.runners():
            os.kill(pid, signal.SIGKILL)
        assert wait_until_gone(browsers, 10) == []
        team.wait(lambda: team.jobs()[ids[0]].error is not None, 15)
        assert "ended early" in (team.jobs()[ids[0]].error or "")
    assert team.jobs()[ids[0]].attempts == 2
    with in_mid_capture(team, "once5"):
        for pid in worker.browsers():
            os.kill(pid, signal.SIGKILL)
    assert worker.stop() == 0
    assert team.left() == []


def test_a_worker_that_is_told_to_stop_ends_its_capture_or_gives_it_back(team: Crew) -> None:
    patient = team.start(JOBS__GRACE_S="60")
    team.wait_ready(patient)
    with in_mid_capture(team, "once2"):
        patient.signal_group(signal.SIGINT)  # as Ctrl-C does, to all that the terminal knows of
        assert patient.end() == 0
    assert team.duplicates() == 0

    hasty = team.start(JOBS__GRACE_S="0.5")
    team.wait_ready(hasty)
    with in_mid_capture(team, "once20") as ids:
        began = time.monotonic()
        assert hasty.stop() == 0
        assert time.monotonic() - began < 15
        job = team.jobs()[ids[0]]
        assert (job.state, job.attempts) == ("retrying", 0), "it is no fault of the page"
        assert team.left() == []
        other = team.start()
    assert other.stop() == 0
    assert team.left() == []


# the database


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres.running() as running:
        yield running


@pytest.fixture
def on_postgres(server: Postgres) -> Iterator[Crew]:
    with server.database() as url, crew(url, **_MANNERS) as (made, _):
        yield made


def _used_s(pid: int) -> float:
    """Processor time so far."""
    fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_what_stands_still_in_mid_transaction_does_not_hold_others_up_for_ever(on_postgres: Crew) -> None:
    with on_postgres.opened.database.transaction() as connection:
        assert connection.exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar() == "30s"


@pytest.mark.parametrize("away_s", [1.0, 12.0], ids=["shorter than a lease", "longer than a lease"])
def test_workers_wait_quietly_for_a_database_that_is_away(on_postgres: Crew, server: Postgres, away_s: float) -> None:
    team = on_postgres
    worker = team.start()
    team.wait_ready(worker)
    with in_mid_capture(team, "once4"):
        server.stop()
        used_s, lines = _used_s(worker.pid), len(worker.text.splitlines())
        time.sleep(away_s)
        used_s, lines = _used_s(worker.pid) - used_s, len(worker.text.splitlines()) - lines
        server.go_on()
        assert worker.process.poll() is None, worker.text
    assert used_s < 0.5 * away_s + 0.5, "it does not ask again and again"
    assert lines < 12, worker.text
    more = team.queue("http://more.test/more/")
    team.wait_ended(more, _BOUND_S)
    assert team.wrong_results(more) == []
    assert worker.stop() == 0
    assert team.left() == []


def test_a_worker_can_be_stopped_while_its_database_is_away(on_postgres: Crew, server: Postgres) -> None:
    team = on_postgres
    worker = team.start(JOBS__GRACE_S="1")
    team.wait_ready(worker)
    with in_mid_capture(team, "once8"):
        server.stop()
        try:
            code = worker.stop(90)
        finally:
            server.go_on()
        assert code in (0, 8), worker.text
        other = team.start()
    assert other.stop() == 0
    assert team.left() == []


# the store


def test_captures_wait_for_a_store_that_is_away(tmp_path: Path) -> None:
    with seaweed.running(tmp_path) as real, FaultyS3(real.endpoint) as proxy, pytest.MonkeyPatch.context() as patch:
        client = real.client()
        client.create_bucket(Bucket="queue")
        client.close()
        environment = {**real.environment, "AWS_ENDPOINT_URL_S3": proxy.endpoint}
        for name, value in environment.items():
            patch.setenv(name, value)
        with crew(archive="s3://queue/archive", **_MANNERS) as (team, _):
            worker = team.start()
            team.wait_ready(worker, timeout_s=60)
            with in_mid_capture(team, "once1") as ids:
                for method in ("GET", "HEAD", "PUT", "POST", "DELETE"):
                    proxy.add("reset before", method, times=-1)
                team.wait(lambda: team.jobs()[ids[0]].error is not None, 60)
                assert team.jobs()[ids[0]].attempts == 0, "it says nothing of the page"
                time.sleep(_LEASE_S)
                proxy.clear()
            assert worker.stop() == 0
            assert team.left() == []

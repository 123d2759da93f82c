"""A capture that is killed leaves nothing behind, whatever is killed and whenever; one that is told to stop says so."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.sites.server import LocalWeb
from tests.support.residue import HEAVY_URL, KILLS, URL, Place, Run, site

pytestmark = pytest.mark.browser

_INTERRUPTED = "archiver: interrupted; nothing of the unfinished capture was stored"


@pytest.fixture(scope="module")
def web() -> Iterator[LocalWeb]:
    with LocalWeb(site) as served:
        yield served


@pytest.fixture
def place(web: LocalWeb) -> Iterator[Place]:
    with Place(web) as made:
        yield made


def at_step(name: str) -> Callable[[Place, Run], bool]:
    return lambda _, run: run.step == name


def starting(place: Place, _: Run) -> bool:
    return any((folder / "lock").exists() for folder in place.working_directories())


def writing_the_warc(place: Place, _: Run) -> bool:
    return any(_size(folder / "capture.warc.gz") for folder in place.working_directories())


def storing_the_warc(place: Place, _: Run) -> bool:
    return any(_size(path) for path in place.archive.glob(".unfinished/object-*"))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


PHASES: dict[str, Callable[[Place, Run], bool]] = {
    "start": starting,
    "open": at_step("open"),
    "settle": at_step("settle"),
    "pictures": at_step("pictures"),
    "close": at_step("close"),
    "writing the WARC": writing_the_warc,
    "storing the WARC": storing_the_warc,
}


def url_for(phase: str) -> str:
    return HEAVY_URL if "WARC" in phase else URL


@pytest.mark.parametrize(
    ("kill", "phase"),
    [
        ("program, SIGKILL", "start"),
        ("program, SIGKILL", "open"),
        ("program, SIGKILL", "settle"),
        ("renderers", "settle"),
        ("driver", "settle"),
        ("browser's leader", "pictures"),
        ("program, SIGKILL", "writing the WARC"),
        ("program, SIGKILL", "storing the WARC"),
    ],
)
def test_after_a_kill_and_one_further_run_nothing_is_left(place: Place, kill: str, phase: str) -> None:
    run = place.start(url_for(phase))
    assert run.wait_until(lambda: PHASES[phase](place, run) and place.targets(kill, run)), run.lines
    place.kill(kill, run)
    code = run.end()
    assert code in KILLS[kill], run.lines
    assert len(run.lines) == (1 if code == 10 else 0), run.lines
    place.further_run()
    assert place.left() == []
    assert len(place.snapshots()) == (1 if code == 3 else 0)
    assert place.damaged() == []


def test_what_the_browser_itself_puts_into_its_temporary_folder_lies_in_the_working_directory(place: Place) -> None:
    run = place.start()
    assert run.wait_until(lambda: any(place.temporary.glob("archiver-capture-*/home/tmp/*/SingletonSocket"))), (
        "Chromium's socket lies elsewhere; whoever kills the browser leaves it there"
    )
    run.tell(signal.SIGTERM)
    assert run.end() == 130


@pytest.mark.parametrize(
    ("number", "phase"),
    [
        (signal.SIGINT, "start"),
        (signal.SIGTERM, "open"),
        (signal.SIGHUP, "settle"),
        (signal.SIGINT, "pictures"),
        (signal.SIGTERM, "close"),
        (signal.SIGTERM, "storing the WARC"),
    ],
)
def test_a_signal_ends_a_capture_with_one_line_and_nothing_left(
    place: Place, number: signal.Signals, phase: str
) -> None:
    run = place.start(url_for(phase))
    assert run.wait_until(lambda: PHASES[phase](place, run)), run.lines
    run.tell(number)
    assert (run.end(), run.lines) == (130, [_INTERRUPTED]), run.told
    assert place.left() == []
    assert place.snapshots() == []


def test_ctrl_c_reaches_the_driver_too_and_changes_nothing(place: Place) -> None:
    run = place.start()
    assert run.wait_until(lambda: run.step == "settle")
    os.killpg(run.process.pid, signal.SIGINT)
    assert (run.end(), run.lines) == (130, [_INTERRUPTED]), run.told
    assert place.left() == []


@pytest.mark.parametrize("gap_s", [0.02, 0.3])
def test_further_signals_during_the_clean_up_do_not_cut_it_short(place: Place, gap_s: float) -> None:
    run = place.start()
    assert run.wait_until(lambda: run.step == "settle")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGINT, signal.SIGINT):
        run.tell(number)
        time.sleep(gap_s)
    assert (run.end(), run.lines) == (130, [_INTERRUPTED]), run.told
    assert place.left() == []


def test_under_nohup_a_lost_terminal_does_not_end_a_capture(place: Place) -> None:
    run = place.start(nohup=True)
    assert run.wait_until(lambda: run.step == "settle"), run.lines
    run.tell(signal.SIGHUP)
    assert run.end() == 0
    assert len(place.snapshots()) == 1
    assert place.left() == []


def workers(place: Place, run: Run) -> dict[int, str]:
    """The processes that capture one URL each."""
    found = subprocess.run(["pgrep", "-P", str(run.process.pid)], capture_output=True, text=True, check=False)
    ours = place.processes()
    return {int(pid): ours[int(pid)] for pid in found.stdout.split() if "spawn_main" in ours.get(int(pid), "")}


def test_a_signal_ends_all_captures_of_a_command(place: Place) -> None:
    run = place.start(*(f"{URL}?{number}" for number in range(5)), options=["--concurrency", "3"])
    assert run.wait_until(lambda: place.browsers() == 3)
    run.tell(signal.SIGTERM)
    assert (run.end(), run.lines) == (130, [_INTERRUPTED]), run.told
    assert place.left() == []


def test_a_killed_worker_costs_its_own_url_alone(place: Place) -> None:
    run = place.start(*(f"{URL}?{number}" for number in range(3)), options=["--concurrency", "2"])
    assert run.wait_until(lambda: place.browsers() == 2)
    os.kill(next(iter(workers(place, run))), signal.SIGKILL)
    assert run.end() == 1
    (line,) = run.lines
    assert "ended early (exit -9); nothing was stored" in line
    assert len(place.snapshots()) == 2
    assert place.left() == []
    assert place.damaged() == []

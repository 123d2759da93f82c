"""A capture's working directory goes with it; what killed captures left goes with the next one, and nothing else."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import archiver
from archiver.capture import processes, workplace
from archiver.errors import StorageError

_REPOSITORY = Path(archiver.__file__).parents[1]
_OWNER = """
import sys
from archiver.capture.workplace import working_directory

with working_directory() as path:
    print(path, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files that no other program uses."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


@contextlib.contextmanager
def owner() -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Another process that has a working directory."""
    command, environment = [sys.executable, "-c", _OWNER], os.environ | {"PYTHONPATH": str(_REPOSITORY)}
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process, Path(process.stdout.readline().strip())
        finally:
            process.kill()


@contextlib.contextmanager
def sleeper(*words: str, session: bool = False) -> Iterator[subprocess.Popen[bytes]]:
    """A process with these words in its command line."""
    command = [sys.executable, "-c", "import time; time.sleep(60)", *words]
    with subprocess.Popen(command, start_new_session=session) as process:
        while Path(f"/proc/{process.pid}/cmdline").read_bytes().count(b"\0") != len(command):
            time.sleep(0.001)
        try:
            yield process
        finally:
            process.kill()


def start_time(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]


def pid_file(directory: Path, pid: int, started: str, boot: str = "") -> None:
    boot = boot or Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    (directory / processes.PID_FILE).write_text(f"{pid} {started} {boot}\n")


def abandoned(temporary: Path) -> Path:
    path = temporary / "archiver-capture-left"
    path.mkdir()
    (path / "lock").touch()
    return path


def test_the_directory_is_gone_afterwards_with_all_that_is_in_it(temporary: Path) -> None:
    with workplace.working_directory() as path:
        (path / "deep" / "er").mkdir(parents=True)
        (path / "deep" / "file").write_bytes(b"data")
        assert path.stat().st_mode & 0o777 == 0o711
    assert list(temporary.iterdir()) == []


def test_a_living_owners_directory_is_left_alone() -> None:
    with owner() as (process, path):
        assert workplace.clear_abandoned() == 0
        assert path.is_dir()
        process.communicate("")
        assert not path.exists()


def test_a_killed_owners_directory_is_removed_by_the_next(temporary: Path) -> None:
    with owner() as (process, path):
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert path.is_dir()
    with workplace.working_directory() as mine:
        assert list(temporary.iterdir()) == [mine]


def test_two_who_clear_away_at_once_do_so_once(temporary: Path) -> None:
    for number in range(50):
        (temporary / f"archiver-capture-{number}" / "home").mkdir(parents=True)
    code = "from archiver.capture.workplace import clear_abandoned as c; print(sum(c() for _ in range(20)))"
    environment = os.environ | {"PYTHONPATH": str(_REPOSITORY)}
    both = [
        subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    counts = [int(process.communicate()[0]) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum(counts) >= 50
    assert list(temporary.iterdir()) == []


def test_one_who_clears_away_does_not_disturb_those_who_begin() -> None:
    code = (
        "from archiver.capture.workplace import working_directory\n"
        "for _ in range(40):\n"
        "    with working_directory() as path:\n"
        "        (path / 'file').write_bytes(b'data')\n"
        "        assert (path / 'lock').exists()\n"
    )
    environment = os.environ | {"PYTHONPATH": str(_REPOSITORY)}
    both = [subprocess.Popen([sys.executable, "-c", code], env=environment) for _ in range(3)]
    assert [process.wait() for process in both] == [0, 0, 0]


@pytest.mark.parametrize("moment", ["made", "opened"])
def test_a_directory_that_was_swept_before_it_was_locked_is_replaced(
    temporary: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    make, lock = tempfile.mkdtemp, fcntl.flock
    swept: list[Path] = []

    def sweep() -> None:
        (path,) = temporary.iterdir()
        swept.append(path)
        shutil.rmtree(path)

    def swept_when_made(**options: str) -> str:
        path = make(**options)
        if not swept:
            sweep()
        return path

    def swept_when_opened(handle: int, operation: int) -> None:
        if not swept:
            sweep()
        lock(handle, operation)

    if moment == "made":
        monkeypatch.setattr(tempfile, "mkdtemp", swept_when_made)
    else:
        monkeypatch.setattr(fcntl, "flock", swept_when_opened)
    with workplace.working_directory() as path:
        assert swept
        assert path.is_dir()
        assert path not in swept
    assert list(temporary.iterdir()) == []


def test_links_files_and_strangers_directories_stay(temporary: Path) -> None:
    outside = temporary / "outside"
    outside.mkdir()
    (outside / "precious").touch()
    (temporary / "archiver-capture-link").symlink_to(outside)
    (temporary / "archiver-capture-file").touch()
    assert workplace.clear_abandoned() == 0
    assert (outside / "precious").exists()
    assert (temporary / "archiver-capture-file").exists()


def test_a_full_or_missing_folder_for_temporary_files_is_a_storage_error(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(temporary / "missing"))
    with (
        pytest.raises(StorageError, match=r"no working directory could be made in .*missing: .*; set TMPDIR"),
        workplace.working_directory(),
    ):
        pass


def test_interrupts_wait_until_all_is_removed(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    remove = workplace._remove

    def disturbed(path: Path) -> None:
        signal.raise_signal(signal.SIGINT)
        remove(path)

    monkeypatch.setattr(workplace, "_remove", disturbed)
    with pytest.raises(KeyboardInterrupt), workplace.working_directory():
        pass
    assert list(temporary.iterdir()) == []


# whose processes are ended


def test_the_browser_of_a_killed_capture_is_ended(temporary: Path) -> None:
    with sleeper(session=True) as browser:
        pid_file(abandoned(temporary), browser.pid, start_time(browser.pid))
        assert workplace.clear_abandoned() == 1
        assert not is_alive(browser.pid)


def test_a_process_that_was_given_the_browsers_number_is_not_ended(temporary: Path) -> None:
    with sleeper(session=True) as other:
        pid_file(abandoned(temporary), other.pid, str(int(start_time(other.pid)) - 1))
        assert workplace.clear_abandoned() == 1
        assert other.poll() is None


def test_after_a_restart_of_the_machine_a_number_says_nothing(temporary: Path) -> None:
    with sleeper(session=True) as other:
        pid_file(abandoned(temporary), other.pid, start_time(other.pid), boot="another-boot")
        assert workplace.clear_abandoned() == 1
        assert other.poll() is None


@pytest.mark.parametrize(("word", "ends"), [("--type=renderer", True), ("--verbose", False)])
def test_of_a_session_without_its_leader_only_browser_processes_are_ended(
    temporary: Path, word: str, ends: bool
) -> None:
    """A daemon, too, lives in a session whose leader has gone, and its number may be the one our browser had."""
    code = (
        "import subprocess, sys\n"
        "command = [sys.executable, '-c', 'import time; time.sleep(60)', sys.argv[1]]\n"
        "child = subprocess.Popen(command, stdout=subprocess.DEVNULL)\n"
        "print(child.pid, open('/proc/self/stat').read().rpartition(')')[2].split()[19])\n"
    )
    command = [sys.executable, "-c", code, word]
    with subprocess.Popen(command, start_new_session=True, stdout=subprocess.PIPE, text=True) as leader:
        child, started = (int(text) for text in leader.communicate()[0].split())
    try:
        time.sleep(0.2)  # the child's own command line is there
        pid_file(abandoned(temporary), leader.pid, str(started))
        assert workplace.clear_abandoned() == 1
        assert is_alive(child) is not ends
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@pytest.mark.parametrize(
    ("word", "ends"),
    [
        ("--database={}/home/crashes", True),
        ("{}/launch.json", True),
        ("{}/lock", False),
        ("output={}/lock", False),
        ("--database={}-other/home", False),
    ],
)
def test_outside_its_session_only_what_the_browser_itself_starts_is_ended(
    temporary: Path, word: str, ends: bool
) -> None:
    """Somebody who looks at a file of the directory is no part of the browser."""
    path = abandoned(temporary)
    with sleeper(word.format(path)) as process:
        assert workplace.clear_abandoned() == 1
        if ends:
            assert process.wait(5) == -signal.SIGKILL
        else:
            assert process.poll() is None


def test_children_that_others_wait_for_keep_their_exit_status(temporary: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "raise SystemExit(7)"], start_new_session=True) as child:
        while is_alive(child.pid):
            time.sleep(0.01)
        abandoned(temporary)
        workplace.clear_abandoned()
        assert child.wait() == 7

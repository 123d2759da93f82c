"""Full disks, missing folders, closed streams: one clear line, the right exit code, nothing left, nothing lost."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import resource
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from archiver import clock
from archiver.archive import Archive
from archiver.capture.capture import Progress
from archiver.config import load
from archiver.model import Outcome
from tests.sites.model import Request, Response
from tests.sites.server import LocalWeb
from tests.support.residue import HEAVY_URL, URL, Place, Run, site

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def web() -> Iterator[LocalWeb]:
    with LocalWeb(site) as served:
        yield served


@pytest.fixture
def place(web: LocalWeb) -> Iterator[Place]:
    with Place(web) as made:
        yield made


@dataclass(frozen=True)
class Ended:
    code: int
    stdout: str
    lines: list[str]  # of stderr


def run(place: Place, command: Sequence[str] | None = None, **options: Any) -> Ended:
    """One run of the program to its end, stderr no terminal."""
    settings: dict[str, Any] = {"env": place.environment(), "cwd": place.root, "stdout": subprocess.PIPE} | options
    with subprocess.Popen(
        command or place.command(), stderr=subprocess.PIPE, text=True, start_new_session=True, **settings
    ) as process:
        stdout, stderr = process.communicate(timeout=100)
    return Ended(process.returncode, stdout or "", stderr.splitlines())


def in_a_shell(place: Place, script: str, command: Sequence[str] | None = None) -> list[str]:
    return ["sh", "-c", script, "sh", *(command or place.command())]


@contextlib.contextmanager
def mounted(path: Path, *options: str) -> Iterator[Path]:
    """A file system of its own on a folder; skips the test where that is not allowed."""
    path.mkdir(mode=0o711, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", ",".join(("mode=711", *options)), "tmpfs", str(path)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small file system is not allowed here (it takes root and CAP_SYS_ADMIN)")
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", path], check=True)


def fill(folder: Path, leave_bytes: int = 0) -> None:
    """Leave only so much room in the file system of a folder."""
    with (folder / "filler").open("wb", buffering=0) as stream, contextlib.suppress(OSError):
        while True:
            stream.write(bytes(4096))
    if leave_bytes:
        with (folder / "filler").open("r+b") as stream:
            stream.truncate(stream.seek(0, os.SEEK_END) - leave_bytes)


def left(place: Place) -> list[str]:
    return [text for text in place.left() if not text.endswith("filler")]


def assert_one_line(ended: Ended, code: int, *parts: str) -> None:
    assert ended.code == code, ended.lines
    assert len(ended.lines) == 1, ended.lines
    assert ended.lines[0].startswith("archiver: ")
    for part in parts:
        assert part in ended.lines[0]


# disks


def test_without_room_for_temporary_files_nothing_begins(place: Place) -> None:
    with mounted(place.temporary, "size=64k"):
        fill(place.temporary)
        assert_one_line(run(place), 8, "No space left on device", "set TMPDIR")
        assert left(place) == []


def test_a_disk_that_fills_while_bodies_come_is_named(place: Place) -> None:
    with mounted(place.temporary, "size=14m"):
        ended = run(place, place.command(HEAVY_URL))
        assert_one_line(ended, 8, str(place.temporary), "No space left on device", "set TMPDIR")
        assert left(place) == []
    assert place.snapshots() == []


def test_a_disk_that_fills_while_the_warc_is_written_is_named(place: Place) -> None:
    with mounted(place.temporary, "size=120m"):
        command = place.command(HEAVY_URL)
        live = Run(command, place.environment(), place.root)
        place.runs.append(live)
        assert live.wait_until(lambda: any((d / "capture.warc.gz").exists() for d in place.working_directories()))
        fill(place.temporary)
        code = live.end()
        assert_one_line(Ended(code, "", live.lines), 8, "capture.warc.gz", "No space left on device")
        assert left(place) == []
    assert place.snapshots() == []


def test_an_archive_without_room_for_its_first_file_is_named(place: Place) -> None:
    with mounted(place.archive, "nr_inodes=2"):
        assert_one_line(run(place), 8, "archive.json", "No space left on device")


def test_an_archive_without_room_for_the_warc_keeps_what_it_has(place: Place) -> None:
    with mounted(place.archive, "size=2m"):
        assert run(place).code == 0
        fill(place.archive, 60_000)
        assert_one_line(run(place), 8, "capture.warc.gz", "No space left on device")
        assert left(place) == []
        assert len(place.snapshots()) == 1
        assert place.damaged() == []


def test_a_read_only_archive_is_named_and_stays_readable(place: Place) -> None:
    with mounted(place.archive, "size=2m"):
        assert run(place).code == 0
        subprocess.run(["mount", "-o", "remount,ro", place.archive], check=True)
        assert_one_line(run(place), 8, str(place.archive), "Read-only file system")
        assert left(place) == []
        assert place.damaged() == []


def test_a_read_only_folder_for_temporary_files_is_named(place: Place) -> None:
    with mounted(place.temporary, "ro"):
        assert_one_line(run(place), 8, str(place.temporary), "Read-only file system", "set TMPDIR")


def test_a_missing_folder_for_temporary_files_is_named(place: Place) -> None:
    environment = place.environment(TMPDIR=str(place.root / "missing"))
    assert_one_line(run(place, env=environment), 8, str(place.root / "missing"), "No such file", "set TMPDIR")


def test_a_folder_that_executes_nothing_is_named(place: Place) -> None:
    with mounted(place.temporary, "noexec"):
        assert_one_line(run(place), 8, str(place.temporary), "noexec", "set TMPDIR")
        assert left(place) == []


def test_a_folder_that_only_root_may_enter_costs_the_sandbox_and_says_so(place: Place) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root's browser runs as a user of its own")
    place.temporary.chmod(0o700)
    ended = run(place, [*place.command()[:3], "--json", *place.command()[3:]])
    assert ended.code == 0, ended.lines
    (warning,) = json.loads(ended.stdout)["warnings"]
    assert warning["code"] == "no_sandbox"
    assert f"other users may not enter {place.temporary}; set TMPDIR" in warning["message"]


# what a process is given


@pytest.mark.parametrize("limit", [64, 128, 256])
def test_with_few_file_descriptors_a_capture_works_or_says_what_is_short(place: Place, limit: int) -> None:
    ended = run(place, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))
    assert left(place) == []
    if limit == 256:
        assert (ended.code, ended.lines) == (0, [])
    else:
        assert_one_line(ended, 1, f"{limit} files", "ulimit -n 1024")


def test_without_a_single_font_pages_are_captured(place: Place) -> None:
    (place.root / "fonts.conf").write_text("<fontconfig></fontconfig>")
    ended = run(place, env=place.environment(FONTCONFIG_FILE=str(place.root / "fonts.conf")))
    assert (ended.code, ended.lines) == (0, [])
    assert left(place) == []


@pytest.mark.parametrize("how", ["umount -l /dev/shm; rmdir /dev/shm", "mount -t tmpfs -o ro tmpfs /dev/shm"])
def test_without_shared_memory_pages_are_captured(place: Place, how: str) -> None:
    if subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode:
        pytest.skip("a mount namespace is not allowed here (it takes root and CAP_SYS_ADMIN)")
    if how.startswith("umount"):
        how = "mount -t tmpfs tmpfs /dev && mknod -m 666 /dev/null c 1 3 && mknod -m 666 /dev/urandom c 1 9"
    ended = run(place, ["unshare", "-m", *in_a_shell(place, f'{how} && exec "$@"')])
    assert (ended.code, ended.lines) == (0, [])
    assert left(place) == []


def test_without_a_home_pages_are_captured(place: Place) -> None:
    environment = place.environment()
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        environment.pop(name, None)
    ended = run(place, env=environment)
    assert (ended.code, ended.lines) == (0, [])


async def hungry(request: Request) -> Response:
    script = b"const all = []; setInterval(() => all.push(new Uint8Array(40e6).fill(1)), 30)"
    body = b"<!doctype html><title>hungry</title><h1>Text</h1><script>%s</script>" % script
    return Response(200, b"OK", [(b"Content-Type", b"text/html")], body)


def test_a_page_that_takes_all_memory_is_ended_and_stored_as_it_came() -> None:
    with LocalWeb(hungry) as web, Place(web) as place:
        command = [*place.command()[:3], "--json", *place.command()[3:]]
        environment = place.environment(ARCHIVER_CAPTURE__MEMORY_BYTES="500000000")
        ended = run(place, command, env=environment)
        assert (ended.code, ended.lines) == (3, [])
        assert "memory_limit" in [warning["code"] for warning in json.loads(ended.stdout)["warnings"]]
        assert left(place) == []
        assert place.damaged() == []


# where the archive and the program are


def test_blanks_and_other_scripts_in_the_archives_path_do_no_harm(place: Place) -> None:
    archive = str(place.root / "mes archives" / "архив 檔案 é")
    assert run(place, place.command(archive=archive)).code == 0
    get = [sys.executable, "-m", "archiver", "--archive", archive, "get", "latest", "--as", "text"]
    ended = run(place, get)
    assert ended.code == 0
    assert "Heading" in ended.stdout
    assert left(place) == []


@pytest.mark.parametrize(("archive", "code"), [("./archive", 8), ("", 0)])
def test_in_a_folder_that_was_deleted_only_a_relative_archive_fails(place: Place, archive: str, code: int) -> None:
    (place.root / "current").mkdir()
    command = place.command(archive=archive or None)
    ended = run(place, in_a_shell(place, 'cd current && rmdir ../current && exec "$@"', command))
    if code:
        assert_one_line(ended, code, "archive", "No such file or directory")
    else:
        assert (ended.code, ended.lines) == (0, [])
        assert len(place.snapshots()) == 1
    assert left(place) == []


# streams


def test_with_standard_output_closed_nothing_is_captured(place: Place) -> None:
    ended = run(place, in_a_shell(place, 'exec "$@" >&-'))
    assert_one_line(ended, 2, "standard output is closed")
    assert not place.archive.exists()


@pytest.mark.parametrize("json_option", [[], ["--json"]])
def test_a_result_that_cannot_be_written_is_no_success_but_the_snapshot_is_there(
    place: Place, json_option: list[str]
) -> None:
    command = [*place.command()[:3], *json_option, *place.command()[3:]]
    with Path("/dev/full").open("wb") as full:
        ended = run(place, command, stdout=full)
    assert_one_line(ended, 8, "standard output could not be written: No space left on device")
    assert len(place.snapshots()) == 1
    assert left(place) == []
    assert place.damaged() == []


def test_with_standard_error_closed_a_capture_works(place: Place) -> None:
    ended = run(place, in_a_shell(place, 'exec "$@" 2>&-'))
    assert ended.code == 0
    assert "SHA-256" in ended.stdout


def controlled() -> None:
    """Make stderr the controlling terminal, as it is of what is started in a window."""
    fcntl.ioctl(2, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.mark.parametrize("nohup", [False, True])
def test_a_terminal_that_goes_away_ends_a_capture_unless_nohup(place: Place, nohup: bool) -> None:
    master, slave = os.openpty()
    preparation: Callable[[], None] = controlled
    if nohup:

        def preparation() -> None:
            controlled()
            signal.signal(signal.SIGHUP, signal.SIG_IGN)

    process = subprocess.Popen(
        place.command(),
        env=place.environment(),
        cwd=place.root,
        stdin=subprocess.DEVNULL,
        stdout=slave if not nohup else subprocess.DEVNULL,
        stderr=slave,
        preexec_fn=preparation,  # noqa: PLW1509  # it only makes two system calls
        start_new_session=True,
    )
    os.close(slave)
    text = b""
    deadline = time.monotonic() + 60
    while b"settle" not in text and time.monotonic() < deadline:
        text += os.read(master, 4096)
    os.close(master)
    assert process.wait(60) == (0 if nohup else 130)
    assert len(place.snapshots()) == (1 if nohup else 0)
    assert left(place) == []


# time


@pytest.mark.parametrize("step_s", [-3600, 3600])
def test_a_clock_that_is_set_during_a_capture_is_said_and_does_no_harm(
    place: Place, monkeypatch: pytest.MonkeyPatch, step_s: int
) -> None:
    """The real clock is not ours to set: what this program reads of it is shifted instead."""
    real_ns, real_now = time.time_ns, clock.now
    offset_s = 0

    def progress(now: Progress) -> None:
        nonlocal offset_s
        if now.step == "settle":
            offset_s = step_s

    monkeypatch.setattr(time, "time_ns", lambda: real_ns() + offset_s * 10**9)
    monkeypatch.setattr(clock, "now", lambda: real_now() + timedelta(seconds=offset_s))
    monkeypatch.setenv("TMPDIR", str(place.temporary))
    flags = {"archive": str(place.archive), "capture.resolve": tuple(place.web.resolve)}
    began = time.monotonic()
    captured = Archive(load(flags).settings).capture(URL, progress)
    recording = captured.recording
    assert offset_s == step_s
    assert recording.outcome is Outcome.COMPLETE, recording.warnings
    assert [warning.code for warning in recording.warnings] == ["clock_changed"]
    assert f"{step_s:+d} s" in recording.warnings[0].message
    assert timedelta() <= recording.ended_at - recording.started_at <= timedelta(seconds=time.monotonic() - began)
    assert all(recording.started_at <= x.started_at <= recording.ended_at for x in recording.exchanges)
    assert left(place) == []

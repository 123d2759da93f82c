"""What the browser, should it be taken over, can and cannot reach."""

from __future__ import annotations

import contextlib
import gzip
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright._impl import transport

from archiver.archive import Archive
from archiver.capture import processes
from archiver.capture.capture import Progress
from archiver.capture.isolation import Isolation, driver_environment, give, isolated, write_launcher
from archiver.config import load
from archiver.demo.server import DemoServer
from archiver.demo.site import REPOST_URL
from tests.support.snapshots import warc_of

pytestmark = pytest.mark.browser
_CANARY = "canary-7f3c1d-secret"
# What Playwright starts its driver with.
_given_to_the_driver = vars(transport)["get_driver_env"]
_AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


def _descendants() -> list[Path]:
    """The /proc folders of all processes below this one: Playwright's driver, and the browser below that."""
    parents = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    found = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return [Path(f"/proc/{pid}") for pid in found - {os.getpid()}]


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A key file and an archive as we make them, and a secret in our environment."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", _CANARY)
    # Every folder above is open to all, so that only what we do keeps others out.
    modes = {folder: folder.stat().st_mode for folder in (tmp_path, *tmp_path.parents)}
    closed = {folder: mode for folder, mode in modes.items() if not mode & 0o001}
    for folder, mode in closed.items():
        folder.chmod(mode | 0o011)
    key = tmp_path / "key"
    key.write_text(_CANARY)
    key.chmod(0o600)
    yield tmp_path
    for folder, mode in closed.items():
        folder.chmod(mode)


@_AS_ROOT
def test_a_process_with_the_browsers_rights_reads_no_key_no_archive_and_no_environment(secrets: Path) -> None:
    with DemoServer() as server:
        archive = secrets / "archive"
        flags = {"archive": str(archive), "capture.resolve": server.resolve}
        captured = Archive(load(flags).settings).capture(REPOST_URL, lambda _: None)
    warc = warc_of(captured.snapshot)
    directory = secrets / "work"
    home = directory / "home"
    home.mkdir(parents=True)
    directory.chmod(0o711)
    (directory / "body-1").write_bytes(b"x" * 10)
    (directory / "body-1").chmod(0o600)
    stand_in = secrets / "stand-in"
    environ = Path(f"/proc/{os.getpid()}/environ")
    targets = [secrets / "key", warc, archive / "archive.json", directory / "body-1", environ]
    reads = "\n".join(f"cat '{path}' >/dev/null 2>&1 && echo 'READ {path}'" for path in (*targets, Path("/etc/passwd")))
    stand_in.write_text(f"#!/bin/sh\nexec >\"$HOME/report\"\nid -u\n{reads}\nls '{archive}' && echo LISTED\nenv\n")
    stand_in.chmod(0o755)
    with isolated(Path("/bin/true")) as isolation:
        assert isolation.uid is not None
        give(home, isolation)
        launcher = write_launcher(directory, stand_in, home, isolation, 1 << 30)
        subprocess.run([launcher], check=True, timeout=20)
    report = (home / "report").read_text()
    assert report.startswith(f"{isolation.uid}\n")
    # It does read what everybody may: the stand-in works.
    assert [line for line in report.splitlines() if line.startswith(("READ", "LISTED"))] == ["READ /etc/passwd"]
    assert _CANARY not in report
    assert all(path.read_bytes() for path in targets)  # which are there


def test_secrets_of_our_environment_reach_no_process_of_the_browser_and_nothing_stored(secrets: Path) -> None:
    seen: dict[str, list[str]] = {"environments": [], "limits": [], "status": []}

    def look(progress: Progress) -> None:
        if progress.step != "settle" or seen["environments"]:
            return
        for entry in _descendants():
            with contextlib.suppress(OSError):  # it ended meanwhile
                seen["environments"].append((entry / "environ").read_bytes().decode(errors="replace"))
                if b"--type=renderer" in (entry / "cmdline").read_bytes():
                    seen["limits"].append((entry / "limits").read_text())
                    seen["status"].append((entry / "status").read_text())

    with DemoServer() as server:
        flags = {"archive": str(secrets / "archive"), "capture.resolve": server.resolve}
        captured = Archive(load(flags).settings).capture(REPOST_URL, look)
    assert len(seen["environments"]) > 5
    assert [text for text in seen["environments"] if _CANARY in text] == []
    stored = [path for path in (secrets / "archive").rglob("*") if path.is_file()]
    for path in stored:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        assert _CANARY.encode() not in content, path
    # The renderers run in Chromium's sandbox, not as root, and write no core.
    assert captured.recording.browser.sandboxed
    assert seen["status"]
    filtered = 0
    for status in seen["status"]:
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        assert fields["Uid"].split()[0] != "0"
        filtered += fields["Seccomp"] == "2"
    assert filtered >= 1  # one that is just being made has its filter not yet
    assert all("Max core file size        0 " in limits for limits in seen["limits"])


@_AS_ROOT
def test_two_captures_at_once_have_browsers_of_different_users() -> None:
    with isolated(Path("/bin/true")) as first, isolated(Path("/bin/true")) as second:
        assert first.uid is not None
        assert second.uid is not None
        assert first.uid != second.uid
    with isolated(Path("/bin/true")) as third:
        assert third.uid in (first.uid, second.uid)  # given back


@_AS_ROOT
@pytest.mark.parametrize("closed", ["home", "home/work"])
def test_a_working_directory_that_other_users_may_not_enter_has_a_browser_as_root_and_says_so(
    closed: str,
) -> None:
    with tempfile.TemporaryDirectory() as place:
        directory = Path(place) / "home" / "work"
        directory.mkdir(parents=True)
        for folder in (Path(place), directory.parent, directory):
            folder.chmod(0o711)
        with isolated(Path("/bin/true"), directory) as isolation:
            assert isolation.uid is not None
        (Path(place) / closed).chmod(0o700)
        with isolated(Path("/bin/true"), directory) as isolation:
            assert isolation.uid is None
            assert f"other users may not enter {Path(place) / closed};" in isolation.lacking


@_AS_ROOT
def test_a_browser_that_other_users_may_not_execute_runs_as_root_and_says_so(tmp_path: Path) -> None:
    browser = tmp_path / "private" / "chromium"
    browser.parent.mkdir(mode=0o700)
    browser.write_text("#!/bin/sh\necho Chromium\n")
    browser.chmod(0o755)
    with isolated(browser) as isolation:
        assert isolation.uid is None
        assert not isolation.sandboxed
        assert "other users may not execute" in isolation.lacking


def test_the_driver_gets_a_short_environment_and_nobody_else_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", _CANARY)
    before = dict(os.environ)
    with contextlib.suppress(RuntimeError), driver_environment(tmp_path), ThreadPoolExecutor(1) as other:
        given = _given_to_the_driver()
        assert _CANARY not in given.values()
        assert given["TMPDIR"] == str(tmp_path)
        assert given["PW_LANG_NAME"] == "python"
        assert dict(os.environ) == before
        assert other.submit(_given_to_the_driver).result()["AWS_SECRET_ACCESS_KEY"] == _CANARY
        raise RuntimeError
    assert _given_to_the_driver()["AWS_SECRET_ACCESS_KEY"] == _CANARY


def test_captures_in_threads_of_one_process_do_not_disturb_each_other(tmp_path: Path) -> None:
    with DemoServer() as server, ThreadPoolExecutor(2) as pool:
        settings = load({"archive": str(tmp_path / "archive"), "capture.resolve": server.resolve}).settings
        urls = [f"{REPOST_URL}?{number}" for number in range(2)]
        captured = list(pool.map(lambda url: Archive(settings).capture(url, lambda _: None), urls))
    assert [c.recording.outcome for c in captured] == ["complete", "complete"]


def test_every_process_started_for_a_working_directory_is_ended(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    script = tmp_path / "browser"
    # A child that stays in the session, and one that leaves it but has an option that names a folder of ours.
    stray = f"setsid {sys.executable} -c 'import time; time.sleep(1000)' --database={tmp_path}/x"
    script.write_text(f"#!/bin/sh\nsleep 1000 &\n{stray} &\nexec sleep 1000\n")
    script.chmod(0o755)
    launcher = write_launcher(tmp_path, script, home, Isolation(None, sandboxed=False), 1 << 30)
    started = subprocess.Popen([launcher], start_new_session=True)
    deadline = time.monotonic() + 10
    while len(processes.browser_processes(tmp_path)) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    # The leader, its sleep, and the one that left the session.
    assert len(processes.browser_processes(tmp_path)) == 3
    assert processes.end_browser(tmp_path) == 0
    started.wait(5)
    assert processes.browser_processes(tmp_path) == []

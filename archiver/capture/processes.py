"""The browser's processes: which they are, how much memory they hold, and how all of them are ended.

Playwright starts the browser as the leader of a session of its own, and Chromium's helpers stay in it. Only its crash
handler leaves it; its command line names its database below the capture's working directory.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_PR_SET_CHILD_SUBREAPER = 36
_POLL_S = 0.02
_DEAD = ("Z", "X")
PID_FILE = "browser.pid"


@dataclass(frozen=True)
class Process:
    """One process: `state` is the letter of proc(5), `start_time` in clock ticks since boot."""

    pid: int
    state: str
    session: int
    start_time: int


def adopt_orphans() -> None:
    """Have processes whose parent dies become children of this one, so that they can be reaped here."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def session_processes(directory: Path) -> list[Process]:
    """The living processes of the session that the browser of this working directory leads."""
    leader = _leader(directory)
    if leader is None:
        return []
    living = [p for p in _all() if p.session == leader.pid and p.state not in _DEAD]
    if _read(leader.pid) is not None:
        return living
    # With its leader gone, the number may be that of somebody else's session by now: only Chromium's helpers are ours.
    return [p for p in living if p.start_time >= leader.start_time and b"\0--type=" in _command_line(p.pid)]


def is_browser_alive(directory: Path) -> bool:
    """Whether the leader of the browser of this working directory still runs."""
    leader = _leader(directory)
    now = None if leader is None else _read(leader.pid)
    return now is not None and now.state not in _DEAD


def browser_processes(directory: Path) -> list[Process]:
    """All living processes of the browser of this working directory, those that left its session included."""
    strays = [p for p in _all() if p.state not in _DEAD and _works_in(p, directory)]
    return [*{p.pid: p for p in (*session_processes(directory), *strays)}.values()]


def held_bytes(process: Process) -> int:
    """Memory that ends with this process: its resident pages less those shared with others."""
    try:
        fields = (_PROC / str(process.pid) / "statm").read_text().split()
    except OSError:
        return 0
    return (int(fields[1]) - int(fields[2])) * _PAGE_BYTES


def is_renderer(process: Process) -> bool:
    return b"--type=renderer" in _command_line(process.pid)


def end(process: Process) -> None:
    """Kill one process."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGKILL)


def end_browser(directory: Path, patience_s: float = 10.0) -> int:
    """Kill and reap every process of the browser of this working directory; returns how many are left (none)."""
    deadline = time.monotonic() + patience_s
    leader = _leader(directory)
    while True:
        left = browser_processes(directory)
        for process in left:
            end(process)
        _reap(leader)
        if not left or time.monotonic() > deadline:
            return len(left)
        time.sleep(_POLL_S)


def _reap(leader: Process | None) -> None:
    """Collect adopted children that have ended: the browser's, and what left its session. Others wait for theirs."""
    for process in _all():
        if process.state != "Z" or process.session == os.getsid(0):
            continue
        if process.pid != process.session or (leader is not None and process.pid == leader.pid):
            with contextlib.suppress(ChildProcessError):
                os.waitpid(process.pid, os.WNOHANG)


def _leader(directory: Path) -> Process | None:
    """The browser's first process as it was started, unless its number has been given to another since."""
    try:
        pid, start_time, boot = (directory / PID_FILE).read_text().split()
        leader = Process(int(pid), "", int(pid), int(start_time))
        if boot != _BOOT_ID.read_text().strip():
            return None  # the machine was started anew, and numbers and times with it
    except (OSError, ValueError):
        return None
    now = _read(leader.pid)
    # A number is not given anew while a session bears it: another start time means that nothing of ours is left.
    return None if now is not None and now.start_time != leader.start_time else leader


def _works_in(process: Process, directory: Path) -> bool:
    """Whether its command line is one of the browser's: the launcher's, or with an option that names a folder here."""
    for word in _command_line(process.pid).split(b"\0"):
        if word in (os.fsencode(directory / "launch"), os.fsencode(directory / "launch.json")):
            return True
        if word.startswith(b"--") and os.fsencode(f"={directory}/") in word:
            return True
    return False


def _all() -> Iterator[Process]:
    for entry in os.listdir(_PROC):
        if entry.isdigit():
            process = _read(int(entry))
            if process is not None:
                yield process


def _read(pid: int) -> Process | None:
    try:
        text = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return Process(pid, fields[0], int(fields[3]), int(fields[19]))


def _command_line(pid: int) -> bytes:
    try:
        return (_PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return b""

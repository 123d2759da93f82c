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
    return [] if leader is None else [p for p in _all() if p.session == leader and p.state not in _DEAD]


def is_browser_alive(directory: Path) -> bool:
    """Whether the leader of the browser of this working directory still runs."""
    leader = _leader(directory)
    now = None if leader is None else _read(leader)
    return now is not None and now.state not in _DEAD


def browser_processes(directory: Path) -> list[Process]:
    """All living processes of the browser of this working directory, those that left its session included."""
    marker = os.fsencode(f"{directory}/")
    strays = [p for p in _all() if p.pid != os.getpid() and p.state not in _DEAD and marker in _command_line(p.pid)]
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
    while True:
        left = browser_processes(directory)
        for process in left:
            end(process)
        _reap()
        if not left or time.monotonic() > deadline:
            return len(left)
        time.sleep(_POLL_S)


def _reap() -> None:
    """Collect children that have ended and that nobody waits for: those adopted, which lead no event loop's list."""
    for process in _all():
        if process.state == "Z" and process.session != os.getsid(0):
            with contextlib.suppress(ChildProcessError):
                os.waitpid(process.pid, os.WNOHANG)


def _leader(directory: Path) -> int | None:
    """The session of the browser, unless its number has been given to another process since."""
    try:
        pid, start_time = (int(text) for text in (directory / PID_FILE).read_text().split())
    except (OSError, ValueError):
        return None
    now = _read(pid)
    # A number is not given anew while a session bears it: another start time means that nothing of ours is left.
    return None if now is not None and now.start_time != start_time else pid


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

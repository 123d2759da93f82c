"""The processes below this one: which they are, what memory they hold, and ending one of them."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_SAMPLE_S = 0.1
# What the command line of each part of a browser has. The browser itself is what was told to write the network log.
PARTS = {
    "renderer": b"--type=renderer",
    "gpu": b"--type=gpu-process",
    "network": b"network.mojom.NetworkService",
    "browser": b"--log-net-log=",
}


def _read(pid: int, name: str) -> bytes:
    try:
        return (Path("/proc") / str(pid) / name).read_bytes()
    except OSError:
        return b""


def _parents() -> dict[int, int]:
    """The parent of every living process."""
    found = {}
    for entry in os.listdir("/proc"):
        # After the name in parentheses, which may hold anything: state, parent.
        fields = _read(int(entry), "stat").rpartition(b")")[2].split() if entry.isdigit() else []
        if fields and fields[0] not in (b"Z", b"X"):
            found[int(entry)] = int(fields[1])
    return found


def descendants() -> list[int]:
    """Every living process that this one started, at any remove."""
    parents = _parents()

    def line(pid: int) -> Iterator[int]:
        while pid in parents:
            pid = parents[pid]
            yield pid

    return [pid for pid in parents if os.getpid() in line(pid)]


def is_alive(pid: int) -> bool:
    return pid in _parents()


def find(part: str) -> list[int]:
    """The processes of one of the `PARTS` of the browser that this process runs."""
    lines = ((pid, _read(pid, "cmdline")) for pid in descendants())
    return [pid for pid, line in lines if PARTS[part] in line and (part != "browser" or b"--type=" not in line)]


def kill(part: str) -> list[int]:
    """Kill that part of the browser that this process runs; whom it hit."""
    hit = find(part)
    for pid in hit:
        os.kill(pid, signal.SIGKILL)
    return hit


class MemoryWatch:
    """Samples memory while inside: by how much this process grew at most, the peak of all browser processes together,
    and who these were.
    """

    def __init__(self) -> None:
        self.python_growth_bytes = 0
        self.browser_bytes = 0
        self.browser_pids: set[int] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="memory watch", daemon=True)

    def __enter__(self) -> Self:
        self._before_bytes = _own_bytes(os.getpid())
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(_SAMPLE_S):
            growth = _own_bytes(os.getpid()) - self._before_bytes
            self.python_growth_bytes = max(self.python_growth_bytes, growth)
            # The driver is a descendant, too, but no part of the browser.
            browser = [pid for pid in descendants() if b"chrom" in _read(pid, "cmdline").partition(b"\0")[0]]
            self.browser_pids.update(browser)
            self.browser_bytes = max(self.browser_bytes, sum(_own_bytes(pid) for pid in browser))


def _own_bytes(pid: int) -> int:
    """Resident memory that is not shared with other processes."""
    fields = _read(pid, "statm").split()
    return (int(fields[1]) - int(fields[2])) * _PAGE_BYTES if fields else 0


def wait_until_gone(pids: Iterable[int], seconds: float) -> list[int]:
    """Those that are still alive after so long."""
    deadline = time.monotonic() + seconds
    while (left := [pid for pid in pids if is_alive(pid)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left

"""Processes that use an archive without a browser, and are killed at a chosen step if that is wanted.

`python -m tests.support.children` reads tasks from its standard input and forks a process for each, so that what takes
long to import, or to do for the first time, is done once. Each process is one of its own, with its own connections to
store and index.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from archiver.archive import Archive
from archiver.capture import capture as capturing
from archiver.copying import copy as copy_archive
from archiver.storage import s3
from archiver.storage.local import LocalStore
from archiver.storage.s3 import S3Store
from archiver.withdrawing import withdraw as withdraw_capture
from tests.support import recorded

_ROOT = Path(__file__).parents[2]
_WRITES = ("put_new", "replace", "delete")


@dataclass(frozen=True)
class Kill:
    """At which step a process kills itself: the `number`-th (from 1) of its kind, before it is done or after.

    Kinds are "write" (what changes the store), "read" (what is asked of it), and "sql" (what is asked of the index).
    """

    kind: str
    number: int
    when: str = "before"


# what a process can do


def capture(location: str, url: str, count: int = 1) -> None:
    """Capture a made-up page so many times."""
    capturing.record = recorded.record
    with Archive(location) as archive:
        for _ in range(count):
            archive.capture(url)


def copy(source: str, target: str, url: str | None = None) -> None:
    with Archive(source) as one, Archive(target) as other:
        done = copy_archive(one, other, lambda *_: None, url)
    assert not done.problems, done.problems


def follow(location: str) -> None:
    """Bring the index up to date."""
    with Archive(location) as archive:
        for _ in archive.snapshots():
            pass


def rebuild(location: str) -> None:
    """Make the index again."""
    with Archive(location) as archive:
        archive.rebuild_index()


def found(location: str) -> None:
    """Make the archive."""
    with Archive(location) as archive:
        archive.found()


def withdraw(location: str, id_: str) -> None:
    """Withdraw a capture; everything of it must go."""
    with Archive(location) as archive:
        done = withdraw_capture(archive, id_, "made to be killed")
    assert not done.left, done.left


_TASKS: dict[str, Callable[..., None]] = {
    task.__name__: task for task in (capture, copy, follow, rebuild, found, withdraw)
}


# being killed


class _Killer:
    def __init__(self, kill: Kill) -> None:
        self._kill = kill
        self._numbers = itertools.count(1)
        self._last = 0

    def arm(self) -> None:
        if self._kill.kind == "sql":
            event.listen(sa.Engine, "before_cursor_execute", lambda *_: self._begin())
            event.listen(sa.Engine, "after_cursor_execute", lambda *_: self._end(self._last))
            event.listen(sa.Engine, "commit", lambda *_: self._end(self._begin()))
            return
        for store in (LocalStore, S3Store):
            for name in _WRITES if self._kill.kind == "write" else ("get", "stat"):
                setattr(store, name, self._around(getattr(store, name)))

    def _around(self, method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def around(*arguments: Any, **more: Any) -> Any:
            number = self._begin()
            try:
                return method(*arguments, **more)
            finally:
                self._end(number)

        return around

    def _begin(self) -> int:
        self._last = number = next(self._numbers)  # one thread's, of several
        self._die_at(number, "before")
        return number

    def _end(self, number: int) -> None:
        self._die_at(number, "after")

    def _die_at(self, number: int, when: str) -> None:
        if (number, when) == (self._kill.number, self._kill.when):
            os.kill(os.getpid(), signal.SIGKILL)


# the nursery


class Nursery:
    """Has processes made; `environment` is for all of them."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.children"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=_ROOT,
            env=os.environ | environment,
        )

    def close(self) -> None:
        with self._process:
            assert self._process.stdin is not None
            self._process.stdin.close()

    def run(self, task: str, *arguments: str, kill: Kill | None = None, **environment: str) -> bool:
        """Run a task in a process of its own to its end; false when it was killed where it was to be.

        Raises `AssertionError` when it failed; why is on standard error.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        line = json.dumps([task, arguments, kill and [kill.kind, kill.number, kill.when], environment])
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()
        code = int(self._process.stdout.readline())
        assert code == 0 or (kill and code == -signal.SIGKILL), f"{task} ended with {code}"
        return code == 0


@contextlib.contextmanager
def nursery(environment: dict[str, str]) -> Iterator[Nursery]:
    made = Nursery(environment)
    try:
        yield made
    finally:
        made.close()


def _child(task: str, arguments: list[str], kill: list[Any] | None, environment: dict[str, str]) -> int:
    try:
        os.environ.update(environment)
        tempfile.tempdir = None  # it is asked for again
        if kill is not None:
            _Killer(Kill(*kill)).arm()
        _TASKS[task](*arguments)
    except BaseException:  # noqa: BLE001 — nobody above could say it
        traceback.print_exc()
        return 1
    return 0


def _serve() -> None:
    if "AWS_ENDPOINT_URL_S3" in os.environ:
        # Making a client takes longer than most of what a child does. It has no connection yet that could be shared.
        client = s3.make_client("s3://tests", s3.Limits())
        s3.make_client = lambda *_: client
    with tempfile.TemporaryDirectory() as folder:
        # What a capture imports, reads and compiles first of all takes longer than all else that a child does.
        capture(f"{folder}/archive", "https://a.test/")
    assert threading.active_count() == 1, "no child would have the others"
    for line in sys.stdin:
        task, arguments, kill, environment = json.loads(line)
        child = os.fork()
        if child == 0:
            os._exit(_child(task, arguments, kill, environment))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        sys.stdout.write(f"{code}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve()

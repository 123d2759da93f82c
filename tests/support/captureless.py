"""Captures without a browser: everything but the visit is real. As a program, a writer that may be killed.

    python -m tests.support.captureless LOCATION COUNT [KILL_AT]

makes COUNT captures. With KILL_AT it kills itself at one of its changes of the store: 2n before the n-th, 2n + 1 when
that has been made. The exit code is 0 when it came to its end.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from archiver import clock
from archiver.archive import Archive, Captured
from archiver.capture.capture import OnProgress
from archiver.config import CaptureSettings
from archiver.model import Recording
from archiver.storage.local import LocalStore
from archiver.storage.s3 import S3Store
from tests.unit.recordings import exchange, recording

URL = "https://a.test/0"
_CHANGES = ("put_new", "replace", "delete")


def _record(url: str, settings: CaptureSettings, directory: Path, on_progress: OnProgress) -> Recording:
    now = clock.now()
    return recording(exchange(0, url=url, started_at=now), url=url, final_url=url, started_at=now, ended_at=now)


@contextmanager
def without_browser() -> Iterator[None]:
    """While inside, a capture records a page made up by hand."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("archiver.capture.capture.record", _record)
        yield


def capture(location: str | Path, url: str = URL) -> Captured:
    """One such capture into an archive."""
    with without_browser(), Archive(location) as archive:
        return archive.capture(url)


def kill_at(moment: int) -> None:
    moments = itertools.count()

    def pass_by() -> None:
        if next(moments) == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    def watched(change: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any) -> Any:
            pass_by()
            result = change(*arguments)
            pass_by()
            return result

        return run

    for store in (LocalStore, S3Store):
        for name in _CHANGES:
            setattr(store, name, watched(getattr(store, name)))


def main() -> None:
    location, count, *rest = sys.argv[1:]
    if rest:
        kill_at(int(rest[0]))
    with without_browser(), Archive(location) as archive:
        for number in range(int(count)):
            archive.capture(f"{URL}?{os.getpid()}-{number}")


if __name__ == "__main__":
    main()

"""Hashing beside inflating: both leave the interpreter's lock for pieces as large as these, so cores share the work."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

_WAITING = 8  # pieces a lane may be behind: enough to even out, few enough to forget in the sum of memory

#: what takes a piece: the `update` of a hash, for one
Work = Callable[[bytes | memoryview], object]


class Lane:
    """Work done piece by piece, in the order it was given, in a thread of its own; whoever gives too much has to wait.

    An error in the work is raised to whoever gives it more, or waits. Use it as a context manager: the thread has
    ended when that is left, whatever was raised.
    """

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="hash")
        self._pending: deque[Future[object]] = deque()

    def __enter__(self) -> Lane:
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.shutdown(cancel_futures=True)

    def give(self, work: Work, piece: bytes | memoryview) -> None:
        """Have `work(piece)` done; `piece` must stay as it is."""
        self._pending.append(self._executor.submit(work, piece))
        if len(self._pending) > _WAITING:
            self._pending.popleft().result()

    def wait(self) -> None:
        """Return when all that was given is done."""
        while self._pending:
            self._pending.popleft().result()

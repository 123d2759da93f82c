"""What takes the place of a pool of processes where the work is too small for one."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any


class Executor:
    """Does each piece of work at once, as `ProcessPoolExecutor` would do it later."""

    def __init__(
        self, _workers: int, _context: object, initializer: Callable[..., None], initargs: tuple[Any, ...]
    ) -> None:
        initializer(*initargs)

    def submit(self, work: Callable[..., Any], *arguments: object) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(work(*arguments))
        except Exception as error:  # noqa: BLE001  # as a pool hands it over
            done.set_exception(error)
        return done

    def shutdown(self, **_: object) -> None:
        pass

"""Holding off interrupts while what must not be left half done is done."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def held_off() -> Iterator[None]:
    """While inside, SIGINT, SIGTERM and SIGHUP only wait; the last of them comes when this is left.

    For clean-ups that end in a bounded time: whoever presses Ctrl-C twice must not be left with half of one. Does
    nothing outside the main thread, where no signal is ever handled.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        came.append(number)

    before = {number: signal.getsignal(number) for number in _SIGNALS}
    try:
        for number, handler in before.items():
            if callable(handler):  # what is ignored stays so, and what ends the process at once may
                signal.signal(number, note)
        yield
    finally:
        for number, handler in before.items():
            if callable(handler):
                signal.signal(number, handler)
        if came:
            signal.raise_signal(came[-1])

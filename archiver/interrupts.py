"""Being told to stop: SIGINT, SIGTERM and SIGHUP, as an interrupt, or while work is under way that has to end in order.

Only the main thread handles signals; in others nothing here does anything. A signal that is ignored, as under nohup,
stays ignored. One that arrives where Python drops exceptions, as in a callback of an import or of its garbage
collection, comes once more.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_AGAIN_S = 0.02


@contextlib.contextmanager
def held_off() -> Iterator[None]:
    """While inside, interrupts wait; the last of them comes when this is left.

    For clean-ups that end in a bounded time: whoever presses Ctrl-C twice must not be left with half of one.
    """
    with handed_to(lambda: None):
        yield


@contextlib.contextmanager
def handed_to(stop: Callable[[], None]) -> Iterator[None]:
    """While inside, interrupts only call `stop`, once; the last of them comes when this is left, whatever happened."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def note(number: int, _: object) -> None:
        came.append(number)
        if len(came) == 1:
            stop()

    before = {number: signal.getsignal(number) for number in SIGNALS}
    handled = {number: handler for number, handler in before.items() if callable(handler)}
    try:
        for number in handled:
            signal.signal(number, note)
        yield
    finally:
        for number, handler in handled.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[-1])


def stop_as_interrupted() -> None:
    """Have each of them raise `KeyboardInterrupt`, once, as Ctrl-C does.

    Cleaning up takes some seconds at most, and being told again to stop must not leave half of it undone.
    """
    handled = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    usual = sys.unraisablehook

    def listen() -> None:
        for number in handled:
            signal.signal(number, _interrupt)

    def come_again(dropped: sys.UnraisableHookArgs) -> None:
        if dropped.exc_type is not KeyboardInterrupt or not handled:
            usual(dropped)
            return
        listen()
        # Raised from here it would be dropped, too.
        signal.signal(signal.SIGALRM, lambda _, __: signal.raise_signal(handled[0]))
        signal.setitimer(signal.ITIMER_REAL, _AGAIN_S)

    sys.unraisablehook = come_again
    listen()


def ignore_from_now_on() -> None:
    """For the last moments of a command, when all is done and its exit code is known."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _interrupt(_: int, __: FrameType | None) -> None:
    ignore_from_now_on()
    raise KeyboardInterrupt

"""Being told to stop: SIGTERM and a lost terminal end a command the way Ctrl-C does, with everything cleaned up."""

from __future__ import annotations

import signal
from types import FrameType

from archiver.interrupts import SIGNALS


def stop_as_interrupted() -> None:
    """Have SIGINT, SIGTERM and SIGHUP raise `KeyboardInterrupt`, once; those that are ignored, as under nohup, stay so.

    Cleaning up takes some seconds at most, and being told again to stop must not leave half of it undone.
    """
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)


def ignore_from_now_on() -> None:
    """For the last moments of a command, when all is done and its exit code is known."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _interrupt(_: int, __: FrameType | None) -> None:
    ignore_from_now_on()
    raise KeyboardInterrupt

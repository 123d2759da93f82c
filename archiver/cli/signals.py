"""Being told to stop: SIGTERM and a lost terminal end a command the way Ctrl-C does, with everything cleaned up."""

from __future__ import annotations

import signal
from types import FrameType


def stop_as_interrupted() -> None:
    """Treat SIGTERM, and SIGHUP unless it is ignored as under nohup, as an interrupt."""
    signal.signal(signal.SIGTERM, _interrupt)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, _interrupt)


def _interrupt(_: int, __: FrameType | None) -> None:
    # A command started in a shell's background ignores SIGINT; being told to end, it must not.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.raise_signal(signal.SIGINT)

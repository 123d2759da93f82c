"""Interrupts wait while something ends in order, and come afterwards."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading

import pytest

from archiver import interrupts


@pytest.fixture(autouse=True)
def interrupted_as_usual() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def test_an_interrupt_comes_when_the_clean_up_is_done() -> None:
    done = []

    def clean_up() -> None:
        with interrupts.held_off():
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            done.append("all of it")

    with pytest.raises(KeyboardInterrupt):
        clean_up()
    assert done == ["all of it"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_of_several_interrupts_only_the_first_is_handed_on() -> None:
    stops: list[str] = []

    def work() -> None:
        with interrupts.handed_to(lambda: stops.append("stop")):
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        work()
    assert stops == ["stop"]


def test_a_signal_that_is_ignored_stays_so() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with interrupts.held_off():
        signal.raise_signal(signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_an_error_is_not_hidden_where_no_interrupt_came() -> None:
    with pytest.raises(ValueError, match="what went wrong"), interrupts.held_off():
        raise ValueError("what went wrong")


def test_in_another_thread_nothing_is_changed() -> None:
    seen: list[object] = []

    def work() -> None:
        with interrupts.held_off():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler]


_DROPPED = """
import signal, time
from archiver.interrupts import stop_as_interrupted
class Dropping:
    def __del__(self):
        signal.raise_signal(signal.{name})
stop_as_interrupted()
try:
    Dropping()
    time.sleep(20)
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_an_interrupt_that_comes_where_exceptions_are_dropped_comes_again(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _DROPPED.format(name=name)], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.stdout, done.stderr, done.returncode) == ("interrupted\n", "", 0)

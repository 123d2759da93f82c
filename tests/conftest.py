"""Fixtures that more than one folder of tests needs."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator

import pytest

from archiver import interrupts
from archiver.snapshot import Snapshot
from tests.support.captures import Captures
from tests.support.stamping import Around, Makers


def pytest_configure(config: pytest.Config) -> None:
    """Archives that tests make put their keys and checkpoints into a folder of this run, not into those of its user."""
    folder = tempfile.mkdtemp(prefix="archiver-tests-")
    os.environ["XDG_CONFIG_HOME"] = os.environ["XDG_STATE_HOME"] = folder
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser test that fails runs once more: decision 0043."""
    for item in items:
        if item.get_closest_marker("browser") is not None:
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """Signals do what they usually do, whatever came before: shells have background jobs ignore an interrupt.

    What the command line sets for its process, it sets here only until the test ends.
    """
    hook = sys.unraisablehook
    before = {number: signal.getsignal(number) for number in interrupts.SIGNALS}
    for number in interrupts.SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    sys.unraisablehook = hook
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(scope="session")
def captures(tmp_path_factory: pytest.TempPathFactory) -> Captures:
    """Captures by name, each made when it is first asked for."""
    return Captures(tmp_path_factory.mktemp("captures"))


@pytest.fixture(scope="session")
def demo(captures: Captures) -> Snapshot:
    """The demo page, captured over http; its server is gone."""
    return captures["demo"]


@pytest.fixture(scope="session")
def makers(tmp_path_factory: pytest.TempPathFactory) -> Makers:
    """Time-stamp authorities by name and kind, each made when it is first asked for."""
    return Makers(tmp_path_factory.mktemp("authorities"))


@pytest.fixture
def around(makers: Makers) -> Iterator[Around]:
    """The authorities `one`, `two` and `three`, at work."""
    with Around(makers) as made:
        yield made

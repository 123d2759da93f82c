"""Fixtures that more than one folder of tests needs."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator

import pytest

from archiver.snapshot import Snapshot
from tests.support.captures import Captures
from tests.support.stamping import Around, Makers

_SHARED = {"captures", "demo"}  # what several files use, and takes long to make


def pytest_configure(config: pytest.Config) -> None:
    """Archives that tests make put their keys and checkpoints into a folder of this run, not into those of its user."""
    folder = tempfile.mkdtemp(prefix="archiver-tests-")
    os.environ["XDG_CONFIG_HOME"] = os.environ["XDG_STATE_HOME"] = folder
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in a hook of the same name
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share what takes long to make go to one process: those of a file, of a server, of the captures."""
    for item in items:
        if _SHARED & set(getattr(item, "fixturenames", ())):
            group = "captures"
        else:
            group = "contract" if item.path.parent.name == "contract" else item.path.name
        item.add_marker(pytest.mark.xdist_group(group))
        if item.get_closest_marker("browser") is not None:
            item.add_marker(pytest.mark.flaky(reruns=1))  # decision 0043


@pytest.fixture(autouse=True)
def _interrupts() -> Iterator[None]:
    """An interrupt is one, though whoever started the tests may have had it ignored, as shells do in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


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

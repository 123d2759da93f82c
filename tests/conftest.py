"""Fixtures that more than one folder of tests needs."""

from __future__ import annotations

import pytest

from archiver.archive import Snapshot
from tests.support.captures import Captures


@pytest.fixture(scope="session")
def captures(tmp_path_factory: pytest.TempPathFactory) -> Captures:
    """Captures by name, each made when it is first asked for."""
    return Captures(tmp_path_factory.mktemp("captures"))


@pytest.fixture(scope="session")
def demo(captures: Captures) -> Snapshot:
    """The demo page, captured over http; its server is gone."""
    return captures["demo"]

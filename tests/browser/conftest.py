"""What tests with a real browser share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.regions import taking


@pytest.fixture(scope="module")
def one_browser() -> Iterator[None]:
    """All inventories of a file's tests are taken in one browser."""
    with taking.one_browser():
        yield

"""The public names of the package are these and no others."""

from __future__ import annotations

import archiver


def test_the_public_names_are_pinned() -> None:
    assert archiver.__all__ == ["Archive", "Captured", "Snapshot", "__version__"]


def test_every_public_name_is_there() -> None:
    assert all(getattr(archiver, name) for name in archiver.__all__)

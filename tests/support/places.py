"""Folders of their own for what archives put beside themselves, for scripts that no test session runs."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator


@contextlib.contextmanager
def own_folders() -> Iterator[None]:
    """While inside, keys and checkpoints go to a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="archiver-bench-") as folder:
        os.environ["XDG_CONFIG_HOME"] = os.environ["XDG_STATE_HOME"] = folder
        yield

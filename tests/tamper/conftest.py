"""Each test runs in an empty folder, in a home of its own: a machine that has no key and remembers no log."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.tamper import inline
from tests.tamper.material import Made, make
from tests.unit.cli.conftest import Run, archiver

__all__ = ["Run", "archiver"]  # the latter is a fixture


@pytest.fixture(autouse=True)
def elsewhere(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in list(os.environ):
        if name.startswith("ARCHIVER_"):
            monkeypatch.delenv(name)
    folder = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.setenv("HOME", str(folder))
    for name in ("CONFIG", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(folder / name.lower()))
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pool of processes takes longer to start than these archives to verify."""
    monkeypatch.setattr("archiver.verify.everything.ProcessPoolExecutor", inline.Executor)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A sealed archive and what was exported of it. Not to be altered: copy it."""
    with pytest.MonkeyPatch.context() as patch:  # which ends here: other tests of the session capture for real
        return make(tmp_path_factory.mktemp("made"), patch)

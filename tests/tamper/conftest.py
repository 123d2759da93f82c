"""Each test runs in an empty folder, in a home of its own: a machine that has no key and remembers no log."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from archiver.cli.main import main
from tests.tamper import inline
from tests.tamper.material import Made, make

Run = Callable[..., tuple[int, str, str]]


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


@pytest.fixture
def archiver(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process; gives exit code, standard output, standard error."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["archiver", *arguments])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        sys.stdout.flush()
        out, err = capfd.readouterr()
        assert isinstance(ended.value.code, int)
        return int(ended.value.code), out, err

    return run

"""Several machines capture into one archive in S3 at once: nothing is lost, and all of them see the same."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from archiver.archive import Archive
from archiver.index.queries import Capture
from archiver.storage import log
from archiver.storage.location import open_store
from tests.contract.conftest import Places

_WRITERS, _EACH = 4, 50
_ROOT = Path(__file__).parents[2]
_PROGRAM = "import sys; from tests.support import children; children.capture(*sys.argv[1:3], count=int(sys.argv[3]))"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_four_writers_at_once_lose_nothing_and_all_indexes_agree(
    places_of: Callable[[str], Places], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = places_of("s3").new()
    machines = [tmp_path / f"machine-{number}" for number in range(_WRITERS)]
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, location, f"https://a.test/{machine.name}", str(_EACH)],
            cwd=_ROOT,
            env=os.environ | {"XDG_CACHE_HOME": str(machine)},
        )
        for machine in machines
    ]
    assert [writer.wait() for writer in writers] == [0] * _WRITERS

    entries = list(log.entries(open_store(location)))
    assert [entry.index for entry in entries] == list(range(2 * _WRITERS * _EACH))
    said = Counter((entry.type, entry.id) for entry in entries if isinstance(entry, log.Entry))
    assert set(said.values()) == {1}
    intents, snapshots = ({id_ for type_, id_ in said if type_ == wanted} for wanted in ("intent", "snapshot"))
    assert intents == snapshots
    assert len(snapshots) == _WRITERS * _EACH
    order = [entry.type for entry in entries if isinstance(entry, log.Entry)]
    assert order != ["intent", "snapshot"] * (_WRITERS * _EACH), "they took turns, so nothing was tried"

    seen = [listed(location, machine, monkeypatch) for machine in (*machines, tmp_path / "a-new-machine")]
    assert all(captures == seen[0] for captures in seen)
    counts = Counter(capture.url for capture in seen[0] if capture.state == "complete")
    assert counts == {f"https://a.test/{machine.name}": _EACH for machine in machines}
    with Archive(location) as archive:
        assert list(archive.check_index()) == []


def listed(location: str, machine: Path, monkeypatch: pytest.MonkeyPatch) -> list[Capture]:
    """What the index of a machine holds once it has followed the log."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(machine))
    with Archive(location) as archive:
        return list(archive.snapshots())

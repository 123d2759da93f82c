"""Writers of one archive: many at once, and such as are killed at any change they make."""

from __future__ import annotations

import hashlib
import itertools
import os
import secrets
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from archiver.archive import Archive
from archiver.index.check import Kind
from archiver.index.schema import State
from archiver.storage import descriptor, layout, log
from archiver.storage.descriptor import Descriptor
from archiver.storage.location import open_store
from tests.contract.conftest import PLAIN
from tests.support import captureless, seaweed

_WRITERS, _EACH = 4, 50


def _writer(location: str, count: int, *more: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "tests.support.captureless", location, str(count), *more])


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the indexes of archives in object storage are."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(params=["local", "s3"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where there is no archive yet."""
    if request.param == "local":
        return str(tmp_path / "archive")
    request.getfixturevalue("s3")
    return f"s3://{PLAIN}/writers/{secrets.token_hex(6)}"


@pytest.mark.timeout(240)
def test_four_processes_append_fifty_captures_each_and_none_is_lost(
    s3: seaweed.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = f"s3://{PLAIN}/writers/{secrets.token_hex(6)}"
    with Archive(place) as archive:
        archive.found()
    writers = [_writer(place, _EACH) for _ in range(_WRITERS)]
    assert [writer.wait(200) for writer in writers] == [0] * _WRITERS
    seen = []
    for reader in ("one", "another"):
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / reader))
        with Archive(place) as archive:
            entries = list(log.entries(archive.store))
            assert len(entries) == 2 * _WRITERS * _EACH
            assert all(isinstance(entry, log.Entry) for entry in entries)
            keys = list(archive.store.list(layout.SLOTS))
            assert keys == [layout.slot(number) for number in range(len(entries))]
            seen.append(list(archive.snapshots()))
            assert list(archive.check_index()) == []
    assert seen[0] == seen[1]
    assert {capture.state for capture in seen[0]} == {State.COMPLETE}
    assert len({capture.url for capture in seen[0]}) == _WRITERS * _EACH


@pytest.mark.timeout(240)
def test_a_writer_killed_at_any_change_leaves_its_capture_whole_or_unfinished(location: str) -> None:
    """The archive is made first where its making is tried out, which changes the store often and is tested there."""
    is_local = "://" not in location
    ends = []
    for moment in itertools.count():
        place = f"{location}-{moment}"
        if not is_local:
            assert descriptor.found(open_store(place), Descriptor("0" * 32, "2026-01-01T00:00:00Z"))
        code = _writer(place, 1, str(moment)).wait(60)
        assert code in (0, -signal.SIGKILL)
        with Archive(place) as archive:
            ends.append(_state(archive))
        after = captureless.capture(place)
        with Archive(place) as archive:
            assert archive.find("latest").id == after.snapshot.id
            problems = list(archive.check_index())
            assert {problem.kind for problem in problems} <= {Kind.ORPHAN, Kind.UNFINISHED}
            if is_local:  # a store that can tell a dead writer from a slow one
                assert problems == []
                known = {capture.id for capture in archive.snapshots() if capture.state is State.COMPLETE}
                assert set(os.listdir(Path(place) / "snapshots")) == known
                assert os.listdir(Path(place) / ".unfinished") == []
        if code == 0:
            break
    # Nothing yet; intended; stored. Each of the changes was tried on both sides.
    order = ["none", "pending", "complete"]
    assert ends == sorted(ends, key=order.index)
    assert set(ends) == set(order)
    assert len(ends) == 1 + 2 * (7 if is_local else 6)


def _state(archive: Archive) -> str:
    """How the one capture of an archive stands; one that is stored is whole."""
    if archive.describe() is None:
        return "none"
    captures = list(archive.snapshots())
    assert {problem.kind for problem in archive.check_index()} <= {Kind.ORPHAN}
    if not captures:
        return "none"
    (capture,) = captures
    if capture.state is State.COMPLETE:
        snapshot = archive.find(capture.id)
        digest = hashlib.sha256(b"".join(archive.part(snapshot, "warc"))).hexdigest()
        assert digest == snapshot.warc_artifact["sha256"]
    return str(capture.state)

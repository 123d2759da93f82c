"""Copies of archives from store to store: the same, verified, and resumed where they were broken off."""

from __future__ import annotations

import itertools
import os
import secrets
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from archiver.archive import Archive
from archiver.copying import Copied, copy
from archiver.errors import StorageError
from archiver.index.check import Kind
from archiver.storage import layout, log
from tests.contract.conftest import PLAIN
from tests.support import captureless, seaweed

_OTHER = "https://a.test/other"
_KILLED = """
import sys
from tests.support import captureless
from archiver.archive import Archive
from archiver.copying import copy
captureless.kill_at(int(sys.argv[3]))
copy(Archive(sys.argv[1]), Archive(sys.argv[2]), lambda *_: None)
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """An archive with two captures of one URL and one of another."""
    place = tmp_path / "source"
    for url in (captureless.URL, _OTHER, captureless.URL):
        captureless.capture(place, url)
    return place


def _copied(source: str | Path, target: str | Path, url: str | None = None) -> Copied:
    with Archive(source) as one, Archive(target) as other:
        return copy(one, other, lambda *_: None, url)


def _objects(place: str | Path) -> dict[str, bytes]:
    with Archive(place) as archive:
        store = archive.store
        folders = (layout.SLOTS, layout.NOTES, layout.SNAPSHOTS)
        return {key: b"".join(store.get(key)) for folder in folders for key in store.list(folder)}


def test_an_archive_goes_to_s3_and_back_and_is_the_same(s3: seaweed.Server, source: Path, tmp_path: Path) -> None:
    there = f"s3://{PLAIN}/copies/{secrets.token_hex(6)}"
    done = _copied(source, there)
    assert (done.entries, done.problems) == (6, ())
    assert done.objects == len(_objects(source))
    assert _copied(there, tmp_path / "back").problems == ()
    assert _objects(source) == _objects(there) == _objects(tmp_path / "back")
    for place in (source, there, tmp_path / "back"):
        with Archive(place) as archive:
            assert list(archive.check_index()) == []
            assert len(list(archive.snapshots())) == 3
    again = _copied(source, there)
    assert (again.entries, again.objects) == (0, 0)


def test_a_copy_that_is_killed_at_any_change_goes_on_where_it_was(source: Path, tmp_path: Path) -> None:
    wanted = _objects(source)
    for moment in itertools.count(0, 3):
        target = tmp_path / f"target-{moment}"
        command = [sys.executable, "-c", _KILLED, str(source), str(target), str(moment)]
        code = subprocess.run(command, check=False, timeout=60).returncode
        assert code in (0, -signal.SIGKILL)
        assert _copied(source, target).problems == ()
        assert _objects(target) == wanted
        if code == 0:
            break
    assert moment > 2 * len(wanted)


def test_the_captures_of_one_url_go_into_another_archive(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    captureless.capture(target, "https://elsewhere.test/")
    assert _copied(source, target, captureless.URL).entries == 4
    assert _copied(source, target, captureless.URL).entries == 0
    with Archive(target) as archive:
        assert [capture.url for capture in archive.snapshots()].count(captureless.URL) == 2
        assert archive.find(captureless.URL).statement["requested_url"] == captureless.URL
        assert list(archive.check_index()) == []


def test_a_whole_archive_does_not_go_into_another(source: Path, tmp_path: Path) -> None:
    captureless.capture(tmp_path / "target", _OTHER)
    before = _objects(tmp_path / "target")
    with pytest.raises(StorageError, match="is another archive"):
        _copied(source, tmp_path / "target")
    assert _objects(tmp_path / "target") == before


def test_what_is_damaged_is_named_and_the_rest_is_copied(source: Path, tmp_path: Path) -> None:
    with Archive(source) as archive:
        newest, middle, oldest = archive.snapshots()
        entries = [entry for entry in log.entries(archive.store) if isinstance(entry, log.Entry)]
    warc = source / layout.warc(newest.id)
    warc.write_bytes(warc.read_bytes()[:-1] + b"!")
    (source / layout.cdxj(middle.id)).unlink()
    (lost,) = [entry for entry in entries if (entry.id, entry.type) == (oldest.id, "snapshot")]
    (source / layout.note(lost.commitment)).unlink()
    done = _copied(source, tmp_path / "target")
    assert done.entries == 6
    assert sorted(done.problems) == sorted(done.problems, key=str)
    text = "\n".join(done.problems)
    assert len(done.problems) == 3
    assert f"{warc} is damaged" in text
    assert layout.cdxj(middle.id) in text
    assert layout.note(lost.commitment) in text
    with Archive(tmp_path / "target") as archive:
        kinds = {problem.kind for problem in archive.check_index()}
    assert kinds >= {Kind.MISSING_ARTIFACT, Kind.MISSING_NOTE}


def test_a_log_that_went_another_way_is_refused(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    _copied(source, target)
    captureless.capture(target, _OTHER)
    captureless.capture(source, _OTHER)
    with pytest.raises(StorageError, match="is another entry than"):
        _copied(source, target)


def test_a_hole_in_the_log_is_told(source: Path, tmp_path: Path) -> None:
    os.unlink(source / layout.slot(2))
    done = _copied(source, tmp_path / "target")
    assert done.entries == 2
    assert len(done.problems) == 1
    assert "has a hole before log/slot/000000000003" in done.problems[0]

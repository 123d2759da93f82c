"""A process that uses an archive is killed after each single step of its store: nothing is ever half there."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from archiver import clock
from archiver.archive import Archive
from archiver.config import CaptureSettings
from archiver.index.check import Kind
from archiver.index.schema import State
from archiver.model import Recording
from archiver.storage.location import open_store
from archiver.withdrawing import withdraw
from tests.contract.archives import assert_is_whole, assert_nothing_is_half, unknown_to_the_log, wrong
from tests.contract.conftest import Places
from tests.support import recorded
from tests.support.children import Kill

pytestmark = pytest.mark.timeout(600)  # hundreds of processes, which take their time where much else runs

_URL, _NEXT = "https://a.test/killed", "https://a.test/next"
_ENOUGH = 500  # steps nothing here has


def kills(kind: str, *whens: str, step: int = 1) -> Iterator[Kill]:
    for number in range(1, _ENOUGH, step):
        for when in whens or ("before",):  # "after" one step is "before" the next, but for what a process does itself
            yield Kill(kind, number, when)
    raise AssertionError("it never came to its end")


def test_a_capture_killed_at_any_write_is_whole_or_pending_and_the_next_one_works(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen_at = []
    for kill in kills("write", "before", "after"):
        location = places.new()
        survived = places.run("capture", location, _URL, kill=kill)
        with Archive(location) as archive:
            seen = assert_nothing_is_half(archive, _URL)
            seen_at.append((len(seen.whole), len(seen.pending)))
            assert len(list(later(archive, monkeypatch))) == len(seen.pending)
            capture_next(archive, places, monkeypatch)
            assert assert_nothing_is_half(archive, _URL) == seen
        if survived:
            break
    # Two writes of the intent, two artifacts, two of the statement, and what is published: bundle, tile, checkpoint,
    # its signature, and the newest one. Each is killed before and after.
    assert [at for at, _ in itertools.groupby(seen_at)] == [(0, 0), (0, 1), (1, 0)]
    assert len(seen_at) == 2 * 11 + 1


def later(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The captures that `index check` calls unfinished an hour later."""
    with monkeypatch.context() as patch:
        hence = clock.now() + timedelta(hours=1)
        patch.setattr("archiver.clock.now", lambda: hence)
        for problem in archive.check_index():
            if problem.kind is not Kind.ORPHAN:
                assert problem.kind is Kind.UNFINISHED
                yield problem.name


def capture_next(archive: Archive, places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    """Capture another page. Of a directory all that was half written is gone when its browser would be started."""
    begun: list[str] = []

    def record(url: str, settings: CaptureSettings, directory: Path, on_progress: object) -> Recording:
        begun.append(url)
        if places.kind == "local":
            assert unknown_to_the_log(archive) == set()
            assert_no_residue(archive)
        return recorded.page(url)

    with monkeypatch.context() as patch:
        patch.setattr("archiver.capture.capture.record", record)
        captured = archive.capture(_NEXT)
    assert begun == [_NEXT]
    assert captured.index_error is None
    assert_is_whole(archive, captured.snapshot.id)


def assert_no_residue(archive: Archive) -> None:
    root = Path(archive.location)
    assert list((root / ".unfinished").iterdir()) == []
    assert not [path for path in (root / "snapshots").glob("*") if not any(path.iterdir())]


def test_an_archive_whose_making_is_killed_is_made_by_the_next_try(places: Places) -> None:
    for kill in kills("write", step=6):  # most are those of a race for one object, sixteen times the same
        location = places.free()
        survived = places.run("found", location, kill=kill)
        with Archive(location) as archive:
            if archive.describe() is None:
                archive.found()
            assert_is_whole(archive, archive.capture(_URL).snapshot.id)
            assert wrong(archive) == []
        if survived:
            return


def test_a_withdrawal_killed_at_any_write_is_finished_by_the_same_once_more(places: Places) -> None:
    statements = []
    for kill in kills("write"):
        location = places.new()
        with Archive(location) as archive:
            id_, other = archive.capture(_URL).snapshot.id, archive.capture(_NEXT).snapshot.id
        survived = places.run("withdraw", location, id_, kill=kill)
        with Archive(location) as archive:
            is_said = archive.locate(id_)[0].state is State.WITHDRAWN
            assert {problem.kind for problem in archive.check_index()} <= ({Kind.NOT_DELETED} if is_said else set())
            if not is_said:
                assert_is_whole(archive, id_)
            done = withdraw(archive, id_, "once more")
            assert (done.is_new, done.left) == (not is_said, ())
            assert list(archive.check_index()) == []
            assert archive.log_length() == 5
            assert_is_whole(archive, other)
        statements.append(is_said)
        if survived:
            break
    # Before each of the statement's two writes, of five that publish it, of the four deletions, and not at all.
    assert statements == [False] * 2 + [True] * 10


@pytest.mark.parametrize(
    ("where", "kind", "task"),
    # The index is a file here and there: for what is asked of it the store makes no difference.
    [
        ("local", "read", "follow"),
        ("local", "read", "rebuild"),
        ("local", "sql", "follow"),
        ("local", "sql", "rebuild"),
        ("s3", "read", "follow"),
    ],
)
def test_a_follower_killed_at_any_step_leaves_an_index_that_others_go_on_with(
    where: str, kind: str, task: str, places_of: Callable[[str], Places]
) -> None:
    places = places_of(where)
    location = places.new()
    places.run("capture", location, _URL)
    with Archive(location) as archive:
        archive.capture(_NEXT)
    for kill in kills(kind, step=2 if kind == "sql" else 1):  # many statements are those of one transaction
        if task == "follow":
            forget_index(location, places)
        survived = places.run(task, location, kill=kill)
        with Archive(location) as archive:
            assert {capture.url for capture in archive.snapshots()} == {_URL, _NEXT}
            assert list(archive.check_index()) == []
        if survived:
            return


def forget_index(location: str, places: Places) -> None:
    folder = Path(location) if places.kind == "local" else Path(places.environment["XDG_CACHE_HOME"]) / "archiver"
    for path in folder.glob("index*"):
        path.unlink()


def test_after_a_kill_the_store_has_no_more_than_before_and_the_log_no_hole(places_of: Callable[[str], Places]) -> None:
    places = places_of("local")
    location = places.new()
    for kill in itertools.islice(kills("write", "before", "after"), 12):
        assert not places.run("capture", location, _URL, kill=kill)
    with Archive(location) as archive:
        seen = assert_nothing_is_half(archive, _URL)
        assert len(seen.whole) == 1
        capture_ids = {*seen.whole, *seen.pending}
    store = open_store(location)
    assert [key.rpartition("/")[2] for key in store.list("log/slot/")] == [f"{n:012d}" for n in range(10)]
    assert {key.split("/")[1] for key in store.list("snapshots/")} <= capture_ids

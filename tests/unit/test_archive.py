"""An archive in a directory: captures are found by name and time, and what is damaged is named and costs no other."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from archiver import clock
from archiver.archive import Archive
from archiver.errors import NotFoundError, StorageError, UnreachableError, UsageError
from archiver.index.check import Kind
from archiver.index.queries import Filter
from archiver.index.schema import State
from archiver.seal.statement import About
from archiver.storage import layout, log
from archiver.storage.local import LocalStore
from tests.support import captureless
from tests.support.snapshots import statements_in

_URL = captureless.URL
_NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "archive"


def _failing(place: Path, error: BaseException) -> None:
    def record(*_: object) -> Any:
        raise error

    with pytest.MonkeyPatch.context() as patch, Archive(place) as archive:
        patch.setattr("archiver.capture.capture.record", record)
        with pytest.raises(type(error)):
            archive.capture(_URL)


def _at(place: Path, moment: datetime, monkeypatch: pytest.MonkeyPatch, url: str = _URL) -> str:
    """The id of a capture made then."""
    with monkeypatch.context() as patch:
        patch.setattr(clock, "now", lambda: moment)
        return captureless.capture(place, url).snapshot.id


# Finding


def test_an_intent_comes_before_and_a_result_after(place: Path) -> None:
    captured = captureless.capture(place)
    intents, results = statements_in(place, "intent"), statements_in(place)
    assert list(intents) == list(results) == [captured.snapshot.id]
    assert results[captured.snapshot.id]["intent"] == 0
    assert captured.snapshot.log_index == 1
    assert intents[captured.snapshot.id]["requested_url"] == _URL
    assert intents[captured.snapshot.id]["deadline"] > intents[captured.snapshot.id]["started_at"]


def test_what_the_operator_says_is_in_both_statements_and_is_searched_by(place: Path) -> None:
    about = About(("one", "two"), "case 7", "me", "because")
    with captureless.without_browser(), Archive(place) as archive:
        archive.capture(_URL, about=about)
        archive.capture(_URL)
        found = list(archive.snapshots(Filter(tags=("two", "one"))))
    for kind in ("intent", "snapshot"):
        said = statements_in(place, kind)[found[0].id]
        assert (said["tags"], said["case"]) == (["one", "two"], "case 7")
        assert (said["operator"], said["reason"]) == ("me", "because")
    assert len(found) == 1


def test_the_nearest_of_a_url_is_found_with_its_distance(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    days = [_at(place, _NOON + timedelta(days=day), monkeypatch) for day in (0, 10, 30)]
    _at(place, _NOON + timedelta(days=14), monkeypatch, "https://a.test/other")
    with Archive(place) as archive:
        for time, wanted, distance in (
            ("2026-01-01", days[0], 59),
            ("2026-03-06", days[0], 5),  # as far from both: the earlier
            ("2026-03-15T12:00:00Z", days[1], 4),
            ("20260322120000", days[2], 9),
            ("2027-03-31", days[2], 365),
        ):
            snapshot = archive.find(f"{_URL}@{time}")
            assert snapshot.id == wanted, time
            assert snapshot.distance_s == timedelta(days=distance).total_seconds()
        assert archive.find(_URL).id == archive.find("latest").id == days[2]
        assert archive.find(days[1][:12]).id == archive.find(days[1]).id == days[1]


def test_a_look_alike_is_named_and_never_given(place: Path) -> None:
    captureless.capture(place, "https://a.test/x")
    with Archive(place) as archive:
        with pytest.raises(NotFoundError, match=r"there are some of https://a\.test/x"):
            archive.find("https://www.a.test/X")
        with pytest.raises(NotFoundError, match=r"no snapshot of https://b.test/ in .*; capture it"):
            archive.find("https://b.test/@2 days ago")
        with pytest.raises(UsageError, match="more than one way"):
            archive.find("https://a.test/x@01/02/2026")


@pytest.mark.parametrize(
    ("error", "kind"), [(UnreachableError("a.test: nobody answers"), "UnreachableError"), (KeyboardInterrupt(), None)]
)
def test_a_capture_that_fails_is_in_the_log_with_its_reason(
    place: Path, error: BaseException, kind: str | None
) -> None:
    _failing(place, error)
    (failure,) = statements_in(place, "failure").values()
    assert failure["error"]["kind"] == (kind or "KeyboardInterrupt")
    assert failure["error"]["message"] == (str(error) or "KeyboardInterrupt")
    with Archive(place) as archive:
        (capture,) = archive.snapshots()
        assert capture.state is State.FAILED
        with pytest.raises(NotFoundError, match="its capture failed"):
            archive.find(capture.id)
        with pytest.raises(NotFoundError, match="only captures that left none"):
            archive.find(_URL)
        assert list(archive.check_index()) == []
    assert not (place / "snapshots").exists() or list((place / "snapshots").iterdir()) == []


# Archives from elsewhere


@pytest.fixture
def two(place: Path) -> tuple[str, str]:
    """An archive with two snapshots."""
    return captureless.capture(place).snapshot.id, captureless.capture(place).snapshot.id


def _note_of(place: Path, id_: str) -> Path:
    (entry,) = [
        e for e in log.entries(LocalStore(place)) if isinstance(e, log.Entry) and (e.id, e.type) == (id_, "snapshot")
    ]
    return place / layout.note(entry.commitment)


def _other_still_works(place: Path, id_: str) -> None:
    with Archive(place) as archive:
        assert len(b"".join(archive.part(archive.find(id_), "warc"))) > 1000


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def _link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/passwd")


def _fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _sparse(path: Path) -> None:
    os.truncate(path, 1 << 30)


@pytest.mark.parametrize(
    "damage",
    [
        _sparse,
        lambda path: path.write_bytes(b"{"),
        lambda path: path.write_bytes(path.read_bytes().replace(b"complete", b"perfect!")),
        lambda path: path.unlink(),
    ],
    ids=["1 GB", "broken", "altered", "gone"],
)
def test_a_damaged_note_is_named_and_costs_its_snapshot_only(
    place: Path, two: tuple[str, str], damage: Callable[[Path], object]
) -> None:
    note = _note_of(place, two[0])
    damage(note)
    with Archive(place) as archive:
        archive.rebuild_index()
        with pytest.raises((StorageError, NotFoundError), match=note.name):
            archive.find(two[0])
        kinds = {problem.kind for problem in archive.check_index() if note.name in problem.name}
    assert kinds <= {Kind.DAMAGED_NOTE, Kind.MISSING_NOTE}
    assert kinds
    _other_still_works(place, two[1])


@pytest.mark.parametrize(
    ("key", "part", "damage"),
    [
        (layout.warc, "text", lambda path: path.write_bytes(b"x" * 100)),
        (layout.warc, "warc", lambda path: path.unlink()),
        (layout.warc, "warc", _flip),
        (layout.cdxj, "wacz", lambda path: path.write_bytes(b"not an index\n")),
        (layout.cdxj, "screenshot", _sparse),
        (layout.cdxj, "pdf", _link),
        (layout.warc, "warc", _fifo),
    ],
)
def test_a_damaged_artifact_is_named_and_costs_its_snapshot_only(
    place: Path, two: tuple[str, str], key: Callable[[str], str], part: str, damage: Callable[[Path], object]
) -> None:
    damage(place / key(two[0]))
    with Archive(place) as archive, pytest.raises((StorageError, NotFoundError), match=two[0]):
        b"".join(archive.part(archive.find(two[0]), part))
    _other_still_works(place, two[1])


def test_a_log_with_a_hole_takes_nothing_more_and_says_which(place: Path, two: tuple[str, str]) -> None:
    (place / layout.slot(2)).unlink()
    (place / "index.sqlite").unlink()
    with pytest.raises(StorageError, match=r"the log has a hole: .*000000000002 is missing"):
        captureless.capture(place)
    with Archive(place) as archive:
        assert Kind.HOLE in {problem.kind for problem in archive.check_index()}
    _other_still_works(place, two[0])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "damaged"),
        (b"[1]", "damaged"),
        (b'{"format":"archiver/9"}', "of format 'archiver/9'"),
        (b'{"format":"archiver/1","id":"x","created_at":"now"}', "its id is not"),
        (b"x" * 100_000, "larger than"),
    ],
)
def test_an_archive_that_does_not_say_what_it_is_is_refused(place: Path, data: bytes, reason: str) -> None:
    place.mkdir()
    (place / "archive.json").write_bytes(data)
    for act in (lambda a: a.find("latest"), lambda a: a.capture(_URL), lambda a: list(a.check_index())):
        with captureless.without_browser(), Archive(place) as archive, pytest.raises(StorageError, match=reason):
            act(archive)
    assert [path.name for path in place.iterdir()] == ["archive.json"]


def test_junk_in_the_log_has_its_place_and_the_rest_goes_on(place: Path, two: tuple[str, str]) -> None:
    (place / layout.slot(4)).write_bytes(b'{"commitment":7}')
    third = captureless.capture(place)
    assert third.snapshot.log_index == 6
    with Archive(place) as archive:
        assert [problem.kind for problem in archive.check_index()] == [Kind.JUNK_SLOT]
        assert len(list(archive.snapshots())) == 3


@pytest.mark.parametrize(
    "artifacts", [None, 7, [], ["x"], [{"role": "warc"}], [{"role": 1, "bytes": (1 << 53) - 1, "sha256": "x"}]]
)
def test_a_statement_of_another_shape_is_no_crash(place: Path, two: tuple[str, str], artifacts: object) -> None:
    statement = json.loads(_note_of(place, two[0]).read_bytes().partition(b"\n")[2])
    third = "20260301t120000z-aaaaaaaaaaaaaaaa"
    log.append(LocalStore(place), statement | {"id": third, "artifacts": artifacts}, after=3)
    with Archive(place) as archive:
        list(archive.check_index())
        for part in ("warc", "text", "wacz"):
            with pytest.raises((StorageError, NotFoundError)):
                b"".join(archive.part(archive.find(third), part))
    _other_still_works(place, two[1])

"""An archive in a directory: finding, failing, and what is said of an archive that somebody has tampered with."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from archiver.archive import Archive
from archiver.cli.capturing import capture_one
from archiver.config import CaptureSettings, Settings
from archiver.errors import NotFoundError, StorageError, UnreachableError, UsageError
from archiver.index.check import Kind
from archiver.index.database import Database, UnwritableError
from archiver.index.opening import open_index
from archiver.index.queries import Filter
from archiver.model import CaptureWarning, Outcome, Recording
from archiver.seal.statement import About
from archiver.snapshot import PARTS, Snapshot
from archiver.storage import layout, log
from archiver.storage.base import ObjectStore
from archiver.storage.local import LocalStore
from tests.support import recorded
from tests.support.logs import failure, intent, snapshot

_URL = "https://a.test/page"
_ROOT = Path(__file__).parents[2]
Replace = Callable[[Callable[..., Recording]], None]


@pytest.fixture
def seen_as(monkeypatch: pytest.MonkeyPatch) -> Replace:
    """Says what takes the place of the browser; a made-up page does until then."""

    def replace(record: Callable[..., Recording]) -> None:
        monkeypatch.setattr("archiver.capture.capture.record", record)

    replace(recorded.record)
    return replace


@pytest.fixture
def archive(seen_as: Replace) -> Iterator[Archive]:
    with Archive("archive") as opened:
        yield opened


@pytest.fixture
def folder(archive: Archive) -> Path:
    """The directory of the archive."""
    return Path(archive.location).absolute()


def capture(archive: Archive, url: str = _URL, at: str | None = None, **changes: Any) -> str:
    """Capture a made-up page, seen at a moment; the id."""
    with pytest.MonkeyPatch.context() as patch:
        if at is not None:
            changes["started_at"] = datetime.fromisoformat(at).replace(tzinfo=UTC)
        patch.setattr("archiver.capture.capture.record", lambda url, *_: recorded.page(url, **changes))
        return archive.capture(url).snapshot.id


def taken(archive: Archive, ref: str, name: str = "text") -> bytes:
    return b"".join(archive.find(ref).part(name))


# finding


def test_a_capture_is_found_by_its_id_its_beginning_its_url_and_as_the_latest(archive: Archive) -> None:
    first, second = capture(archive), capture(archive, "https://a.test/other")
    for ref, found in ((first, first), (first[:-3], first), (first.upper(), first), (_URL, first), ("latest", second)):
        assert archive.find(ref).id == found
        assert archive.find(ref).distance_s is None


def test_the_beginning_of_several_ids_names_none(archive: Archive) -> None:
    both = sorted((capture(archive), capture(archive)))
    with pytest.raises(UsageError, match=f"begins 2 ids; the first are {both[0]}, {both[1]}"):
        archive.find("2")


@pytest.mark.parametrize("ref", ["nonsense", "", "a.test", "https://a.test/@2026-13-01"])
def test_what_is_no_reference_is_refused(ref: str, archive: Archive) -> None:
    capture(archive)
    with pytest.raises(UsageError):
        archive.find(ref)


def test_of_a_url_the_newest_is_found_whatever_the_order_they_were_stored_in(archive: Archive) -> None:
    newest = capture(archive, at="2026-03-01T12:00:00")
    capture(archive, at="2026-01-01T12:00:00")
    assert archive.find(_URL).id == newest
    found = archive.newest(_URL)
    assert found is not None
    assert found.id == newest


@pytest.mark.parametrize(
    ("time", "nearest", "distance_s"),
    [
        ("2026-01-01T12:00:00Z", 0, 0),
        ("2026-01-02T11:59:59Z", 0, 86399),
        ("2026-01-02T12:00:00Z", 0, 86400),  # as near to both: the earlier one
        ("2026-01-02T12:00:01Z", 1, 86399),
        ("20260103120000", 1, 0),
        ("2026-01-03", 1, 0),  # the noon of a day
        ("2020-01-01T12:00:00Z", 0, 2192 * 86400),
        ("2030-01-01T12:00:00Z", 1, 1459 * 86400),
    ],
)
def test_the_nearest_to_a_moment_is_found_with_its_distance(
    time: str, nearest: int, distance_s: float, archive: Archive
) -> None:
    ids = [capture(archive, at="2026-01-01T12:00:00"), capture(archive, at="2026-01-03T12:00:00")]
    capture(archive, "https://a.test/other", at=f"{time[:4]}-01-02T12:00:00")
    found = archive.find(f"{_URL}@{time}")
    assert (found.id, found.distance_s) == (ids[nearest], distance_s)


def test_a_failed_capture_is_never_the_nearest(archive: Archive) -> None:
    stored = capture(archive, at="2026-01-01T12:00:00")
    fail(archive, UnreachableError("no answer"))
    assert archive.find(f"{_URL}@now").id == stored


@pytest.mark.parametrize("alike", ["http://a.test/page", "https://www.a.test/page", "https://a.test/PAGE"])
def test_a_page_that_only_looks_alike_is_named_and_not_given(alike: str, archive: Archive) -> None:
    capture(archive)
    for ref in (alike, f"{alike}@now"):
        with pytest.raises(NotFoundError, match=f"no snapshot of exactly {re.escape(alike)}.*there are some of {_URL}"):
            archive.find(ref)
    assert archive.newest(alike) is None


def test_a_url_that_only_failed_says_so(archive: Archive) -> None:
    fail(archive, UnreachableError("no answer"))
    with pytest.raises(
        NotFoundError, match=f"no complete snapshot of {_URL} in archive, only captures that are not: 1 failed"
    ):
        archive.find(_URL)


def test_an_empty_archive_and_none_at_all_have_no_latest(archive: Archive) -> None:
    with pytest.raises(NotFoundError, match="there is no archive in archive"):
        archive.find("latest")
    assert not Path("archive").exists()
    archive.found()
    with pytest.raises(NotFoundError, match="has no snapshot yet"):
        archive.find("latest")


def test_captures_are_listed_newest_first_and_by_what_is_asked_for(archive: Archive) -> None:
    first = capture(archive, at="2026-01-01T12:00:00")
    second = capture(archive, "https://b.a.test/", at="2026-01-02T12:00:00")
    third = capture(archive, "https://other.test/", at="2026-01-03T12:00:00")
    assert [found.id for found in archive.snapshots()] == [third, second, first]
    assert [found.id for found in archive.snapshots(Filter(domain="a.test"))] == [second, first]
    assert [found.id for found in archive.snapshots(Filter(url=_URL))] == [first]
    since = datetime(2026, 1, 2, tzinfo=UTC)
    assert [found.id for found in archive.snapshots(Filter(since=since, limit=1))] == [third]


# what is said of a capture


def test_what_the_operator_says_is_in_intent_and_statement_and_is_found(archive: Archive) -> None:
    said = About(("court", "urgent"), "case 7", "O. Perator", "a claim")
    made = archive.capture(_URL, about=said).snapshot.id
    (found,) = archive.snapshots(Filter(tags=("urgent",)))
    assert (found.id, found.tags, found.case) == (made, ("court", "urgent"), "case 7")
    assert list(archive.snapshots(Filter(tags=("absent",)))) == []
    for statement in statements(archive):
        assert statement["tags"] == ["court", "urgent"]
        assert [statement[name] for name in ("case", "operator", "reason")] == ["case 7", "O. Perator", "a claim"]


def statements(archive: Archive) -> list[dict[str, Any]]:
    """All statements of the log, in its order."""
    store = archive.store
    return [log.statement(store, entry) for entry in log.entries(store) if isinstance(entry, log.Entry)]


def test_what_is_to_be_captured_is_in_the_log_before_the_visit(archive: Archive, seen_as: Replace) -> None:
    seen: list[dict[str, Any]] = []

    def record(url: str, settings: CaptureSettings, directory: Path, on_progress: object) -> Recording:
        with Archive("archive") as other:
            seen.extend(statements(other))
            (pending,) = other.snapshots()
            assert pending.state == "pending"
            with pytest.raises(NotFoundError, match="has no snapshot: its capture is under way"):
                other.find(pending.id)
        return recorded.page(url)

    seen_as(record)
    made = archive.capture(_URL).snapshot
    (said,) = seen
    assert (said["type"], said["id"], said["requested_url"]) == ("intent", made.id, _URL)
    assert said["started_at"] < said["deadline"]
    assert (made.statement["intent"], made.log_index) == (0, 1)


def test_a_partial_capture_is_found_by_its_id_and_not_by_its_url(archive: Archive) -> None:
    partial = capture(archive, outcome=Outcome.PARTIAL, warnings=(CaptureWarning("timeout", "it took long"),))
    assert archive.find(partial).id == archive.find("latest").id == partial
    for ref in (_URL, f"{_URL}@2026-01-01"):
        with pytest.raises(NotFoundError, match=r"no complete snapshot of .*: 1 partial"):
            archive.find(ref)
    assert archive.newest(_URL) is None


# what fails


def fail(archive: Archive, error: BaseException, url: str = _URL) -> None:
    def record(*_: object) -> Recording:
        raise error

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("archiver.capture.capture.record", record)
        with pytest.raises(type(error)):
            archive.capture(url)


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (UnreachableError("a.test gave no answer"), "UnreachableError", "a.test gave no answer"),
        (StorageError("no room"), "StorageError", "no room"),
        (KeyboardInterrupt(), "KeyboardInterrupt", "KeyboardInterrupt"),
        (ZeroDivisionError("/home/someone/secret"), "ZeroDivisionError", "ZeroDivisionError"),
    ],
)
def test_a_capture_that_fails_is_in_the_log_with_kind_and_message(
    error: BaseException, kind: str, message: str, archive: Archive
) -> None:
    fail(archive, error)
    intended, failed = statements(archive)
    assert (failed["type"], failed["id"], failed["intent"]) == ("failure", intended["id"], 0)
    assert failed["error"] == {"kind": kind, "message": message}
    (found,) = archive.snapshots()
    assert (found.id, found.url, found.state) == (intended["id"], _URL, "failed")
    with pytest.raises(NotFoundError, match=f"its capture failed: {message}"):
        archive.find(found.id)
    assert archive.statement(found)["error"]["kind"] == kind
    assert taken(archive, capture(archive)) == b"hello"


def test_what_cannot_be_captured_leaves_no_trace(archive: Archive) -> None:
    with pytest.raises(UsageError):
        archive.capture("ftp://a.test/")
    assert not Path("archive").exists()


@pytest.mark.parametrize("where", ["warc", "cdxj", "statement"])
def test_a_store_that_fails_while_a_snapshot_is_stored_leaves_a_failure_and_no_artifact(
    where: str, archive: Archive, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, real = capture(archive), LocalStore.put_new
    asked = {"notes": 0}

    def put_new(self: LocalStore, key: str, source: bytes | Path) -> object:
        asked["notes"] += key.startswith(layout.NOTES)
        if (where == "statement" and asked["notes"] == 2) or where in key:
            asked["notes"] += 1
            raise StorageError(f"{key} could not be written: made to fail")
        return real(self, key, source)

    with monkeypatch.context() as patch:
        patch.setattr(LocalStore, "put_new", put_new)
        with pytest.raises(StorageError, match="made to fail"):
            archive.capture(_URL)
    (failed,) = archive.snapshots(Filter(limit=1))
    assert failed.state == "failed"
    assert [path.name for path in (folder / "snapshots").iterdir()] == [before]
    assert list(archive.check_index()) == []


def test_a_capture_whose_index_fails_is_stored_and_says_so(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    capture(archive)
    index = pytest.MonkeyPatch()

    def record(url: str, *_: object) -> Recording:
        index.setattr("archiver.index.follow.catch_up", failing)
        return recorded.page(url)

    def failing(*_: object) -> int:
        raise StorageError("the index: its disk is full")

    with monkeypatch.context() as patch:
        patch.setattr("archiver.capture.capture.record", record)
        captured = archive.capture(_URL)
    index.undo()
    assert captured.index_error == "the index: its disk is full"
    with Archive("archive") as other:
        assert other.find("latest").id == captured.snapshot.id


def test_a_writer_that_is_killed_just_after_its_entry_loses_nothing_to_the_next(
    archive: Archive, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next one has read the log, and the entry comes before it clears away what the killed one left."""
    whole = capture(archive)
    entry, note = (folder / layout.slot(1)).read_bytes(), folder / layout.slot(1)
    note.unlink()
    (folder / ".unfinished" / f"group-{whole}").touch()
    archive.rebuild_index()
    sweep = LocalStore.sweep

    def late(self: LocalStore, is_whole: Callable[[str], bool]) -> None:
        note.write_bytes(entry)
        sweep(self, is_whole)

    monkeypatch.setattr(LocalStore, "sweep", late)
    archive.capture("https://a.test/next")
    assert taken(archive, whole) == b"hello"
    assert list((folder / ".unfinished").iterdir()) == []


# --if-older-than


def test_a_recent_complete_capture_is_not_made_again(archive: Archive) -> None:
    def outcome(older_than_s: float) -> str:
        settings = Settings(archive="archive", capture=CaptureSettings(if_older_than_s=older_than_s))
        done = capture_one(settings, _URL, "", lambda _: None)
        assert done.code == 0
        return str(done.json["type"])

    assert outcome(3600) == "snapshot", "there was none"
    assert outcome(3600) == "skipped"
    assert outcome(1e-6) == "snapshot"
    assert len(list(archive.snapshots())) == 2


def test_neither_a_failed_nor_a_partial_nor_an_old_capture_counts_as_recent(archive: Archive) -> None:
    settings = Settings(archive="archive", capture=CaptureSettings(if_older_than_s=3600))
    fail(archive, UnreachableError("no answer"))
    capture(archive, outcome=Outcome.PARTIAL)
    capture(archive, at=f"{datetime.now(UTC) - timedelta(hours=2):%Y-%m-%dT%H:%M:%S}")
    capture(archive, "https://www.a.test/page")
    assert capture_one(settings, _URL, "", lambda _: None).json["type"] == "snapshot"


# an archive that somebody has tampered with


_KEPT = ("XDG_CONFIG_HOME", "XDG_STATE_HOME")  # what says where an operator's keys and checkpoints are


def three_captured(archive: Archive) -> list[Snapshot]:
    """Three snapshots, made now."""
    return [archive.find(capture(archive, f"https://a.test/{name}")) for name in ("one", "two", "three")]


@dataclass(frozen=True)
class Made:
    """In `folder`: an archive of three snapshots, and what its operator keeps."""

    folder: Path
    ids: list[str]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        for name in _KEPT:
            patch.setenv(name, str(folder / name))
        with Archive(folder / "archive") as archive:
            return Made(folder, [snapshot.id for snapshot in three_captured(archive)])


@pytest.fixture
def three(archive: Archive, made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Snapshot]:
    """Three snapshots; tests damage what is of the second. Of this test alone, though made once for all."""
    shutil.copytree(made.folder / "archive", "archive")
    for name in _KEPT:
        shutil.copytree(made.folder / name, tmp_path / name)
        monkeypatch.setenv(name, str(tmp_path / name))
    return [archive.find(id_) for id_ in made.ids]


def assert_others_work(archive: Archive, three: list[Snapshot]) -> None:
    """The other snapshots are found and give what they have, and one more can be made."""
    for other in (three[0], three[2]):
        assert taken(archive, other.id) == taken(archive, str(other.statement["requested_url"])) == b"hello"
        assert archive.locate(other.id)[0].state == "complete"
    assert len(list(archive.snapshots())) >= 3
    assert taken(archive, capture(archive)) == b"hello"


def test_a_log_with_a_hole_is_not_written_to_and_is_read_up_to_it(
    archive: Archive, folder: Path, three: list[Snapshot]
) -> None:
    hole = folder / layout.slot(2)
    hole.unlink()
    archive.rebuild_index()
    with pytest.raises(StorageError, match=f"the log has a hole: {re.escape(layout_path(folder, 2))} is missing"):
        archive.capture(_URL)
    assert [found.id for found in archive.snapshots()] == [three[0].id]
    assert taken(archive, three[0].id) == b"hello"
    with pytest.raises(NotFoundError, match=three[1].id):
        archive.find(three[1].id)
    assert Kind.HOLE in {problem.kind for problem in archive.check_index()}
    assert len(list((folder / "log/slot").iterdir())) == 5


def layout_path(folder: Path, index: int) -> str:
    """A slot as messages name it: the archive was given as a relative path."""
    return str(Path(folder.name) / layout.slot(index))


def test_what_lies_behind_a_hole_is_not_taken_for_a_killed_writers(
    archive: Archive, folder: Path, three: list[Snapshot]
) -> None:
    (folder / layout.slot(2)).unlink()
    (folder / ".unfinished" / f"group-{three[2].id}").touch()
    archive.rebuild_index()
    with pytest.raises(StorageError, match="hole"):
        archive.capture(_URL)
    assert (folder / layout.warc(three[2].id)).is_file()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "archive.json is damaged"),
        ("{", "archive.json is damaged"),
        ("[]", "archive.json is damaged"),
        ('{"format":"archiver/1"}', "archive.json is damaged: its id"),
        ('{"format":"archiver/1","id":7,"created_at":""}', "archive.json is damaged: its id"),
        ('{"format":"archiver/2","id":"' + "0" * 32 + '"}', "is an archive of format 'archiver/2'"),
        (" " * (1 << 17), "archive.json is damaged: it is larger"),
        *(
            (json.dumps({"format": "archiver/1", "id": "0" * 32, "created_at": "", **more}), told)
            for more, told in (
                ({"evidence": 7}, "archive.json is damaged"),
                ({"evidence": "http://a.test/"}, "archive.json names a store of the snapshots that cannot be opened"),
                ({"evidence": "file://other/x"}, "archive.json names a store of the snapshots that cannot be opened"),
                ({"evidence": "/x", "retention_days": 1}, "archive.json names a store of the snapshots"),
                ({"retention_days": -1}, "archive.json is damaged"),
            )
        ),
    ],
)
def test_a_wrong_archive_file_is_told_by_name(
    text: str, told: str, archive: Archive, folder: Path, three: list[Snapshot]
) -> None:
    (folder / layout.ARCHIVE).write_text(text)
    for act in (lambda each: each.find("latest"), lambda each: each.capture(_URL), lambda each: list(each.snapshots())):
        with Archive("archive") as other, pytest.raises(StorageError, match=told):
            act(other)
    assert len(list((folder / "snapshots").iterdir())) == 3


def test_snapshots_that_lie_elsewhere_are_missed_by_name(archive: Archive, folder: Path, three: list[Snapshot]) -> None:
    document = json.loads((folder / layout.ARCHIVE).read_text())
    (folder / layout.ARCHIVE).write_text(json.dumps(document | {"evidence": str(folder.parent / "nowhere")}))
    archive.close()
    (folder / "index.sqlite").unlink()
    with Archive("archive") as other:
        found = other.find(three[0].id)
        with pytest.raises(NotFoundError, match="nowhere has no snapshots/"):
            b"".join(found.part("text"))
        kinds = {problem.kind for problem in other.check_index()}
    assert kinds == {Kind.MISSING_ARTIFACT}
    assert not (folder.parent / "nowhere").exists()


def note_of(folder: Path, index: int) -> Path:
    """The note of an entry of the log."""
    entry = json.loads((folder / layout.slot(index)).read_text())
    return folder / layout.note(entry["commitment"])


def huge(path: Path, size_bytes: int = 1 << 30) -> None:
    """A file that is said to be large and takes no room."""
    with path.open("r+b") as stream:
        stream.truncate(size_bytes)


@pytest.mark.parametrize(
    ("damage", "error", "kind"),
    [
        (huge, StorageError, Kind.DAMAGED_NOTE),
        (lambda path: path.write_bytes(path.read_bytes().replace(b"two", b"tow")), StorageError, Kind.DAMAGED_NOTE),
        (lambda path: path.write_bytes(b"{"), StorageError, Kind.DAMAGED_NOTE),
        (lambda path: path.write_bytes(b""), StorageError, Kind.DAMAGED_NOTE),
        (lambda path: path.write_bytes(b"\xff" * 99), StorageError, Kind.DAMAGED_NOTE),
        (lambda path: path.unlink(), NotFoundError, Kind.MISSING_NOTE),
    ],
    ids=["1 GB", "another text", "no JSON", "empty", "no text", "missing"],
)
def test_a_note_that_is_not_what_was_committed_to_is_told_by_name(
    damage: Callable[[Path], object],
    error: type[Exception],
    kind: Kind,
    archive: Archive,
    folder: Path,
    three: list[Snapshot],
) -> None:
    note = note_of(folder, 3)
    damage(note)
    archive.rebuild_index()
    with pytest.raises(error, match=note.name):
        archive.find(three[1].id)
    with pytest.raises(NotFoundError, match="only captures that are not: 1 lost"):
        archive.find("https://a.test/two")
    assert archive.locate(three[1].id)[0].state == "lost"
    assert [(problem.kind, Path(problem.name).name) for problem in archive.check_index()] == [(kind, note.name)]
    assert_others_work(archive, three)
    assert (folder / layout.warc(three[1].id)).is_file(), "what is damaged is not taken away"


def committed(archive: Archive, note: bytes) -> log.Entry:
    """An entry for a note of somebody who can write a log, but not what belongs into it."""
    salt = b"\x07" * 32
    commitment = hashlib.sha256(salt + note).hexdigest()
    archive.store.put_new(layout.note(commitment), salt.hex().encode() + b"\n" + note)
    id_ = "20260101t000000z-" + "h" * 16
    return log.enter(archive.store, "snapshot", id_, commitment, archive.log_length() - 1)


@pytest.mark.parametrize(
    "note", [b"{", b"[]", b"null", b'{"id":"other","type":"snapshot"}', b'{"id":"' + b"[" * 5000, b"1e999", b"\0\xff"]
)
def test_a_committed_note_that_is_no_statement_is_told_by_name(
    note: bytes, archive: Archive, three: list[Snapshot]
) -> None:
    entry = committed(archive, note)
    with pytest.raises(StorageError, match=f"{entry.commitment} is damaged"):
        archive.find(entry.id)
    assert {problem.kind for problem in archive.check_index()} == {Kind.DAMAGED_NOTE}
    assert_others_work(archive, three)


_ID = "20260101t000000z-" + "h" * 16
_WARC = {"role": "warc", "key": layout.warc(_ID), "bytes": 4, "sha256": "00", "crc32": 0}


@pytest.mark.parametrize(
    "wrong",
    [
        {"artifacts": 7},
        {"artifacts": None},
        {"artifacts": {"role": "warc"}},
        {"artifacts": [7]},
        {"artifacts": [None]},
        {"artifacts": [{"key": "x", "bytes": 1}]},
        {"artifacts": [_WARC | {"role": None}]},
        {"artifacts": [_WARC | {"role": ["warc"]}]},
        {"artifacts": [_WARC | {"sha256": 7}]},
        {"artifacts": [_WARC | {"bytes": -1}]},
        {"artifacts": [_WARC | {"bytes": 1e300}]},
        {"artifacts": [_WARC | {"bytes": True}]},
        {"artifacts": [_WARC | {"key": 7}]},
        {"format": "archiver-statement/2"},
        {"requested_url": None},
        {"started_at": "yesterday"},
        {"started_at": 7},
        {"tags": "urgent"},
        {"tags": [7]},
        {"outcome": "splendid"},
        {"main_document": []},
        {"main_document": {"status": 1e300}},
    ],
    ids=str,
)
def test_a_statement_of_the_wrong_kinds_is_told_by_name(
    wrong: dict[str, Any], archive: Archive, three: list[Snapshot]
) -> None:
    entry = append(archive, snapshot(_ID) | wrong)
    with pytest.raises(StorageError, match=f"{entry.commitment} is damaged: "):
        archive.find(_ID)
    assert_others_work(archive, three)
    assert {problem.name for problem in archive.check_index()} & {
        f"archive/{layout.note(entry.commitment)}",
        f"archive/{layout.warc(_ID)}",
        _ID,
    }


def append(archive: Archive, statement: dict[str, Any]) -> log.Entry:
    """Put a statement into the log as JSON that need not be canonical."""
    line = json.dumps(statement).encode() + b"\n"
    salt = b"\x07" * 32
    commitment = hashlib.sha256(salt + line).hexdigest()
    archive.store.put_new(layout.note(commitment), salt.hex().encode() + b"\n" + line)
    return log.enter(archive.store, statement["type"], statement["id"], commitment, archive.log_length() - 1)


@pytest.mark.parametrize(
    "artifacts",
    [
        [],
        [_WARC | {"key": "snapshots/../../etc/passwd"}],
        [_WARC | {"key": layout.ARCHIVE}],
        [_WARC | {"bytes": 1 << 62}],
        [_WARC | {"sha256": ""}],
        [{"role": "cdxj", "key": layout.cdxj(_ID), "bytes": 1 << 62, "sha256": ""}],
        [_WARC, _WARC],
    ],
    ids=str,
)
def test_a_statement_that_lists_what_is_not_there_gives_nothing_out(
    artifacts: list[dict[str, Any]], archive: Archive, three: list[Snapshot]
) -> None:
    append(archive, snapshot(_ID, artifacts=artifacts))
    found = archive.find(_ID)
    for name in PARTS:
        with pytest.raises((StorageError, NotFoundError), match=_ID):
            b"".join(found.part(name))
    assert_others_work(archive, three)


@pytest.mark.parametrize("said", [None, 7, {}, {"message": 7}, {"message": None}, []], ids=str)
def test_a_failure_that_says_nothing_of_its_error_is_a_failure_all_the_same(said: object, archive: Archive) -> None:
    capture(archive)
    append(archive, failure(_ID) | {"error": said})
    with pytest.raises(NotFoundError, match=f"{_ID} has no snapshot, its capture failed"):
        archive.find(_ID)


def test_a_deadline_beyond_the_calendar_is_no_deadline(archive: Archive, three: list[Snapshot]) -> None:
    append(archive, intent(_ID) | {"deadline": "9999-12-31T23:59:59-23:00"})
    (problem, late) = archive.check_index()
    assert (problem.kind, late.kind) == (Kind.MALFORMED_STATEMENT, Kind.UNFINISHED)
    assert_others_work(archive, three)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda path: path.write_bytes(b"nonsense\n"), "capture.cdxj is damaged"),
        (lambda path: path.write_bytes(path.read_bytes().replace(b"screenshot", b"")[:-1]), "capture.cdxj is damaged"),
        (lambda path: path.write_bytes(path.read_bytes().replace(b"view", b"text")), "capture.cdxj is damaged"),
        (lambda path: huge(path, 1 << 40), "capture.cdxj is damaged: it is larger"),
        (lambda path: path.write_bytes(b""), "capture.cdxj is damaged"),
        (lambda path: path.unlink(), "has no snapshots/.*/capture.cdxj"),
    ],
    ids=["nonsense", "cut", "another order", "1 TB", "empty", "missing"],
)
def test_an_index_that_is_not_the_statements_is_told_by_name(
    damage: Callable[[Path], object], told: str, archive: Archive, folder: Path, three: list[Snapshot]
) -> None:
    damage(folder / layout.cdxj(three[1].id))
    for name in set(PARTS) - {"warc"}:
        with pytest.raises((StorageError, NotFoundError), match=told):
            b"".join(three[1].part(name))
    assert b"".join(three[1].part("warc")), "the WARC needs no index"
    assert_others_work(archive, three)


def test_no_bit_of_a_warc_can_be_turned_without_being_told_by_name(
    archive: Archive, folder: Path, three: list[Snapshot]
) -> None:
    path = folder / layout.warc(three[1].id)
    good = path.read_bytes()
    told = 0
    for place in range(0, len(good), 97):
        path.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
        with pytest.raises(StorageError, match=r"capture\.warc\.gz is damaged"):
            b"".join(three[1].part("warc"))
        error = error_of(three[1])
        told += error is not None
        assert error is None or "capture.warc.gz is damaged" in str(error)
    assert told, "no place was in the record"
    assert_others_work(archive, three)


def error_of(snapshot: Snapshot) -> StorageError | None:
    """Why the text of a snapshot cannot be had; None when it can, and is what it was."""
    try:
        text = b"".join(snapshot.part("text"))
    except StorageError as error:
        return error
    assert text == b"hello"
    return None


def test_a_warc_put_in_the_place_of_another_is_told_by_name(
    archive: Archive, folder: Path, three: list[Snapshot]
) -> None:
    (folder / layout.warc(three[1].id)).write_bytes((folder / layout.warc(three[0].id)).read_bytes())
    for name in ("warc", "screenshot", "exchanges", "wacz"):
        with pytest.raises(StorageError, match=f"{three[1].id}/capture.warc.gz is damaged"):
            b"".join(three[1].part(name))
    assert_others_work(archive, three)


@pytest.mark.parametrize("what", ["the WARC", "its folder", "its note"])
def test_a_symbolic_link_is_not_followed_and_is_told_by_name(
    what: str, archive: Archive, folder: Path, three: list[Snapshot]
) -> None:
    paths = {"the WARC": folder / layout.warc(three[1].id), "its folder": folder / layout.prefix(three[1].id)}
    path = paths.get(what, note_of(folder, 3))
    path.rename(folder.parent / "moved")
    path.symlink_to(folder.parent / "moved")
    with pytest.raises(StorageError, match=f"{path.name}.* is a symbolic link"):
        b"".join(archive.find(three[1].id).part("warc"))
    assert_others_work(archive, three)


@pytest.mark.parametrize("key", [layout.ARCHIVE, layout.slot(3)])
def test_a_symbolic_link_in_place_of_what_all_depends_on_is_told_by_name(
    key: str, archive: Archive, folder: Path, three: list[Snapshot]
) -> None:
    (folder / key).rename(folder.parent / "moved")
    (folder / key).symlink_to(folder.parent / "moved")
    archive.close()
    (folder / "index.sqlite").unlink()
    with Archive("archive") as other, pytest.raises(StorageError, match=f"{key}.* is a symbolic link"):
        list(other.snapshots())


def test_an_index_that_was_taken_away_does_not_come_back_from_what_it_left(archive: Archive, folder: Path) -> None:
    three_captured(archive)
    wal = folder / "index.sqlite-wal"
    kept = wal.read_bytes()
    assert kept, "the last entries are in the write-ahead log alone"
    archive.close()
    wal.write_bytes(kept)  # as a killed process leaves it
    (folder / "index.sqlite").unlink()
    (folder / layout.slot(5)).unlink()
    with Archive("archive") as other:
        assert [found.state for found in other.snapshots()] == ["pending", "complete", "complete"]
        assert list(other.check_index()) == []


# who may only read


def run_read_only(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program where the archive cannot be written, whoever asks."""
    command = [sys.executable, "-m", "archiver", "--archive", str(folder), *arguments]
    if os.geteuid() == 0:
        script = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
        command = ["unshare", "-m", "sh", "-c", script, str(folder), *command]
    environment = os.environ | {"PYTHONPATH": str(_ROOT), "XDG_CACHE_HOME": str(folder.parent / "cache")}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environment)


def test_an_archive_that_cannot_be_written_can_be_read(archive: Archive, folder: Path, three: list[Snapshot]) -> None:
    archive.close()
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    folder.chmod(0o555)
    try:
        listed = run_read_only(folder, "snapshots")
        shown = run_read_only(folder, "show", three[1].id)
        got = run_read_only(folder, "get", "https://a.test/two", "--as", "text")
        checked = run_read_only(folder, "index", "check")
        captured = run_read_only(folder, "capture", _URL)
    finally:
        folder.chmod(0o700)
    assert [done.stderr for done in (listed, shown, got)] == ["", "", ""]
    assert [line.split()[0] for line in listed.stdout.splitlines()] == [found.id for found in reversed(three)]
    assert shown.stdout.startswith(f"{three[1].id}  complete  entry 3 of the log\n")
    assert got.stdout == "hello"
    assert (checked.returncode, checked.stdout) == (0, "log, index and store agree\n")
    assert captured.returncode == 8
    assert captured.stderr.startswith("archiver: ")
    assert captured.stderr.count("\n") == 1
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    assert len(list((folder.parent / "cache/archiver").glob("index-*.sqlite"))) == 1


def test_archives_of_one_relative_name_that_cannot_be_written_have_an_index_each(
    seen_as: Replace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = []
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        with Archive("archive") as archive:
            made.append(capture(archive))

    def refusing(place: str | Path, store: ObjectStore) -> Database:
        if Path(place).name == "index.sqlite":
            raise UnwritableError("read-only")
        return open_index(place, store)

    with monkeypatch.context() as patch:
        patch.setattr("archiver.archive.open_index", refusing)
        for name, id_ in zip(("here", "there"), made, strict=True):
            monkeypatch.chdir(tmp_path / name)
            with Archive("archive") as archive:
                assert [found.id for found in archive.snapshots()] == [id_]
    assert len(list((tmp_path / "cache/archiver").glob("*.sqlite"))) == 2


def test_the_place_of_the_snapshots_is_kept_whole_for_whoever_stands_elsewhere(
    seen_as: Replace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Archive("archive") as archive:
        archive.found(evidence="evidence")
        id_ = capture(archive)
        place = Path("archive").absolute()
        assert archive.find(id_).where == str(Path("evidence").absolute() / layout.warc(id_))
    monkeypatch.chdir(tmp_path)
    with Archive(place) as archive:
        assert taken(archive, id_) == b"hello"

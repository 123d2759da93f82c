"""A withdrawn capture is gone, and the log says that there was one, and why it went."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from archiver import clock
from archiver.archive import Archive
from archiver.copying import copy
from archiver.errors import NotFoundError, RetainedError, SigningError, StorageError, UnreachableError, UsageError
from archiver.index import queries
from archiver.index.check import Kind
from archiver.index.queries import Capture, Filter
from archiver.index.schema import State
from archiver.model import Recording
from archiver.seal import keys, note
from archiver.seal import statement as statements
from archiver.seal.note import VerifierKey
from archiver.seal.statement import About
from archiver.storage import layout, log
from archiver.storage.local import LocalStore
from archiver.withdrawing import Left, withdraw
from tests.support import recorded
from tests.support.logs import snapshot

_URL, _OTHER = "https://a.test/page", "https://a.test/other"


@pytest.fixture
def archive(monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    monkeypatch.setattr("archiver.capture.capture.record", recorded.record)
    with Archive("archive") as opened:
        yield opened


def captured(archive: Archive, url: str = _URL) -> str:
    return archive.capture(url, about=About(("secret tag",), "secret case")).snapshot.id


def one(archive: Archive, id_: str) -> Capture:
    return archive.locate(id_)[0]


def files(archive: Archive, text: str) -> list[str]:
    """The files of the archive that hold a text, uncompressed as they are."""
    root = Path(archive.location)
    return [str(path.relative_to(root)) for path in root.rglob("*") if path.is_file() and text in path.read_text("l1")]


def test_notes_and_artifacts_go_and_the_slots_stay(archive: Archive) -> None:
    id_, other = captured(archive), captured(archive, _OTHER)
    done = withdraw(archive, id_, "a court order", "O. Perator")
    assert (done.id, done.is_new, done.deleted, done.left) == (id_, True, 4, ())
    assert [entry.index for entry in log.entries(archive.store)] == [0, 1, 2, 3, 4]
    assert len(list(archive.store.list(layout.NOTES))) == 3
    assert {key.split("/")[1] for key in archive.store.list(layout.SNAPSHOTS)} == {other}
    assert list(archive.check_index()) == []
    assert archive.find(other).id == other


def test_nothing_of_the_page_is_left_in_the_archive_or_its_index(archive: Archive) -> None:
    id_ = captured(archive)
    assert files(archive, _URL)
    withdraw(archive, id_, "a court order")
    archive.close()
    for text in (_URL, "a.test", "secret"):
        assert files(archive, text) == []
    with sqlite3.connect("archive/index.sqlite") as index:
        assert index.execute("SELECT count(*) FROM captures").fetchone() == (1,)


def test_the_statement_says_what_was_withdrawn_when_why_and_by_whom_and_is_signed(archive: Archive) -> None:
    id_ = captured(archive)
    began = clock.now()
    withdraw(archive, id_, "a court order", "O. Perator")
    statement = archive.statement(one(archive, id_))
    assert clock.rfc3339(began) <= statement.pop("withdrawn_at") <= clock.rfc3339(clock.now())
    assert statement.pop("software").startswith("archiver/")
    assert statement == {
        "type": "withdrawn",
        "format": "archiver-statement/1",
        "id": id_,
        "result": 1,
        "reason": "a court order",
        "operator": "O. Perator",
    }
    described = archive.describe()
    assert described is not None
    assert described.key is not None
    key = VerifierKey.parse(described.key)
    (entry,) = queries.statements_of(archive._up_to_date().database, "withdrawn")
    signed = b"".join(archive.store.get(layout.note(entry.commitment))).partition(b"\n")[2]
    assert note.parse(signed).verified_by([key]) == (key,)


def test_it_is_not_given_out_any_more_and_is_said_to_be_withdrawn(archive: Archive) -> None:
    older, newer = captured(archive), captured(archive)
    withdraw(archive, newer, "a court order", "O. Perator")
    for ref in (_URL, "latest", f"{_URL}@now"):
        assert archive.find(ref).id == older
    newest = archive.newest(_URL)
    assert newest is not None
    assert newest.id == older
    with pytest.raises(NotFoundError, match=rf"^{newer} was withdrawn at 20.*Z by O\. Perator: a court order$"):
        archive.find(newer)
    withdraw(archive, older, "an error")
    for ref in (_URL, "latest"):
        with pytest.raises(NotFoundError):
            archive.find(ref)
    assert archive.newest(_URL) is None


def test_another_process_that_had_the_archive_open_does_not_give_it_out_either(archive: Archive) -> None:
    id_ = captured(archive)
    with Archive("archive") as other:
        assert other.find(id_).id == id_
        withdraw(archive, id_, "a court order")
        with pytest.raises(NotFoundError, match="was withdrawn"):
            other.find(id_)


def test_withdrawn_twice_says_so_and_adds_no_second_statement(archive: Archive) -> None:
    id_ = captured(archive)
    first = withdraw(archive, id_, "the first reason")
    again = withdraw(archive, id_, "the second reason", "somebody")
    assert (again.is_new, again.deleted, again.left) == (False, 0, ())
    assert again.withdrawal == first.withdrawal
    assert archive.log_length() == 3


def test_a_withdrawal_that_is_finished_later_needs_no_key(archive: Archive) -> None:
    id_ = captured(archive)
    withdraw(archive, id_, "a court order")
    archive.store.put_new(layout.warc(id_), b"from a backup")
    described = archive.describe()
    assert described is not None
    keys.path_of(described.id).unlink()
    assert [problem.kind for problem in archive.check_index()] == [Kind.NOT_DELETED]
    assert withdraw(archive, id_, "a court order").deleted == 1
    assert list(archive.check_index()) == []


def test_without_the_key_nothing_is_withdrawn(archive: Archive) -> None:
    id_ = captured(archive)
    described = archive.describe()
    assert described is not None
    keys.path_of(described.id).unlink()
    with pytest.raises(SigningError, match="on this machine"):
        withdraw(archive, id_, "a court order")
    assert archive.find(id_).id == id_
    assert list(archive.check_index()) == []


def test_when_the_statement_cannot_be_written_nothing_is_deleted(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = captured(archive)
    with monkeypatch.context() as patch:
        patch.setattr(LocalStore, "put_new", fail_to("written"))
        with pytest.raises(StorageError, match="made to fail"):
            withdraw(archive, id_, "a court order")
    assert archive.find(id_).id == id_
    assert list(archive.check_index()) == []


def fail_to(verb: str, error: type[StorageError] = StorageError) -> Callable[..., None]:
    def fail(self: object, key: str, *_: object) -> None:
        raise error(f"{key} could not be {verb}: made to fail")

    return fail


def test_a_withdrawal_without_a_readable_statement_gets_one(archive: Archive) -> None:
    id_ = captured(archive)
    withdraw(archive, id_, "lost")
    withdrawal = one(archive, id_).withdrawal
    assert withdrawal is not None
    archive.store.delete(layout.note(withdrawal.entry.commitment))
    archive.rebuild_index()
    with pytest.raises(NotFoundError, match="the statement that says why cannot be read"):
        archive.find(id_)
    done = withdraw(archive, id_, "said again")
    assert (done.is_new, done.withdrawal.reason, done.withdrawal.entry.index) == (True, "said again", 3)
    assert archive.statement(one(archive, id_))["reason"] == "said again"


# what can be withdrawn, and how it is named


def test_a_failed_capture_can_be_withdrawn(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("archiver.capture.capture.record", raising(UnreachableError(f"{_URL} gave no answer")))
        with pytest.raises(UnreachableError):
            archive.capture(_URL)
    (failed,) = archive.snapshots()
    assert withdraw(archive, failed.id, "a slip").deleted == 2
    assert list(archive.check_index()) == []
    archive.close()
    assert files(archive, _URL) == []


def raising(error: Exception) -> Callable[..., Recording]:
    def record(*_: object) -> Recording:
        raise error

    return record


def begun(archive: Archive) -> str:
    """A capture whose writer was killed when it had stored its WARC; the id."""
    captured(archive, _OTHER)
    began = clock.now()
    id_ = layout.new_id(began)
    archive.enter(statements.intent(id_, _URL, began, began + timedelta(minutes=10), About()))
    archive.store.put_new(layout.warc(id_), b"WARC")
    return id_


def test_an_unfinished_capture_can_be_withdrawn_once_it_cannot_be_under_way(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = begun(archive)
    with pytest.raises(UsageError, match=rf"{id_} is under way until 20.*Z at the latest"):
        withdraw(archive, id_, "a slip")
    hence = clock.now() + timedelta(hours=1)
    monkeypatch.setattr("archiver.clock.now", lambda: hence)
    assert withdraw(archive, id_, "a slip").deleted == 2, "its intent, and the orphan"
    assert archive.statement(one(archive, id_))["result"] is None
    assert list(archive.check_index()) == []


def test_notes_of_duplicates_go_as_well(archive: Archive) -> None:
    id_ = captured(archive)
    result = one(archive, id_).result
    assert result is not None
    statement = log.statement(archive.store, log.Entry(result.index, result.type, id_, result.commitment))
    archive.enter(statement)
    assert withdraw(archive, id_, "a slip").deleted == 5
    archive.close()
    assert files(archive, _URL) == []


def test_a_result_that_comes_after_all_is_deleted_by_the_same_once_more(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a writer that was so slow that its capture counted as unfinished."""
    id_ = begun(archive)
    hence = clock.now() + timedelta(hours=1)
    monkeypatch.setattr("archiver.clock.now", lambda: hence)
    withdraw(archive, id_, "a slip")
    archive.store.put_new(layout.cdxj(id_), b"late")
    archive.enter(snapshot(id_, _URL))
    with pytest.raises(NotFoundError, match="was withdrawn"):
        archive.find(id_)
    assert [problem.kind for problem in archive.check_index()] == [Kind.NOT_DELETED] * 2
    done = withdraw(archive, id_, "a slip")
    assert (done.is_new, done.deleted) == (False, 2)
    assert list(archive.check_index()) == []


def test_two_that_withdraw_it_at_once_both_succeed(archive: Archive) -> None:
    id_ = captured(archive)
    begin = threading.Barrier(2)

    def run(reason: str) -> str | None:
        with Archive("archive") as mine:
            mine.locate(id_)
            begin.wait()
            return withdraw(mine, id_, reason).withdrawal.reason

    with ThreadPoolExecutor(2) as pool:
        said = set(pool.map(run, ("one", "two")))
    withdrawal = one(archive, id_).withdrawal
    assert withdrawal is not None
    assert said == {withdrawal.reason}
    assert archive.log_length() in (3, 4)
    assert list(archive.check_index()) == []


@pytest.mark.parametrize("ref", ["latest", _URL, f"{_URL}@now"])
def test_what_may_name_another_capture_tomorrow_is_refused(ref: str, archive: Archive) -> None:
    id_ = captured(archive)
    with pytest.raises(UsageError, match="is no id"):
        withdraw(archive, ref, "a slip")
    assert archive.find(id_).id == id_


def test_the_beginning_of_an_id_will_do_where_it_begins_only_one(archive: Archive) -> None:
    one_, other = captured(archive), captured(archive)
    with pytest.raises(UsageError, match="begins 2 ids"):
        withdraw(archive, "2", "a slip")
    assert withdraw(archive, one_[:24], "a slip").id == one_
    assert archive.find(other).id == other
    with pytest.raises(NotFoundError):
        withdraw(archive, "19990101", "a slip")


@pytest.mark.parametrize(("reason", "why"), [("", "is empty"), (" \n", "is empty"), (f"see {_URL}", "names the page")])
def test_a_reason_must_say_something_and_not_name_the_page(reason: str, why: str, archive: Archive) -> None:
    id_ = captured(archive)
    with pytest.raises(UsageError, match=f"the reason {why}"):
        withdraw(archive, id_, reason)
    assert archive.log_length() == 2


# what cannot be deleted


def test_what_is_kept_is_told_and_the_rest_is_deleted(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    id_ = captured(archive)
    until, delete = clock.now() + timedelta(days=3), LocalStore.delete

    def keep(self: LocalStore, key: str) -> None:
        if key == layout.warc(id_):
            raise RetainedError(f"{key} is kept", until)
        if key == layout.cdxj(id_):
            raise StorageError(f"{key} could not be deleted: made to fail")
        delete(self, key)

    with monkeypatch.context() as patch:
        patch.setattr(LocalStore, "delete", keep)
        done = withdraw(archive, id_, "a slip")
    where = archive.store.where
    assert done.deleted == 2
    assert done.left == (
        Left(where(layout.cdxj(id_)), f"{layout.cdxj(id_)} could not be deleted: made to fail"),
        Left(where(layout.warc(id_)), f"{layout.warc(id_)} is kept", until),
    )
    assert [problem.kind for problem in archive.check_index()] == [Kind.NOT_DELETED] * 2
    with pytest.raises(NotFoundError, match="was withdrawn"):
        archive.find(id_)
    again = withdraw(archive, id_, "a slip")
    assert (again.is_new, again.deleted, again.left) == (False, 2, ())
    assert list(archive.check_index()) == []


# copies


def copied(source: Archive, target: str, url: str | None = None) -> tuple[str, ...]:
    with Archive(target) as other:
        return copy(source, other, lambda *_: None, url).problems


def test_a_copy_has_the_slots_and_the_withdrawal_and_nothing_else_of_it(archive: Archive) -> None:
    id_, other = captured(archive), captured(archive, _OTHER)
    withdraw(archive, id_, "a slip")
    assert copied(archive, "copy") == ()
    with Archive("copy") as copy_:
        assert list(copy_.check_index()) == []
        assert list(copy_.snapshots()) == list(archive.snapshots())
        assert copy_.find(other).id == other
    assert copied(archive, "copy") == ()


def test_what_is_still_there_of_it_is_not_copied(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    id_ = captured(archive)
    with monkeypatch.context() as patch:
        patch.setattr(LocalStore, "delete", fail_to("deleted", RetainedError))
        assert len(withdraw(archive, id_, "a slip").left) == 4
    for _ in range(2):
        assert copied(archive, "copy") == ()
        with Archive("copy") as copy_:
            assert list(copy_.check_index()) == []


def test_a_copy_made_before_learns_of_it_and_deletes_when_told_to(archive: Archive) -> None:
    id_ = captured(archive)
    copied(archive, "copy")
    withdraw(archive, id_, "a slip")
    assert copied(archive, "copy") == ()
    with Archive("copy") as copy_:
        assert {problem.kind for problem in copy_.check_index()} == {Kind.NOT_DELETED}
        done = withdraw(copy_, id_, "a slip")
        assert (done.is_new, done.deleted, done.left) == (False, 4, ())
        assert list(copy_.check_index()) == []


def test_a_copy_of_a_url_leaves_out_what_was_withdrawn_on_either_side(archive: Archive) -> None:
    kept, gone = captured(archive), captured(archive)
    assert copied(archive, "other", _URL) == ()
    withdraw(archive, gone, "a slip")
    assert copied(archive, "third", _URL) == ()
    with Archive("other") as other, Archive("third") as third:
        assert [capture.id for capture in third.snapshots()] == [kept]
        withdraw(other, kept, "another slip")
        length = other.log_length()
    assert copied(archive, "other", _URL) == ()
    with Archive("other") as other:
        assert other.log_length() == length
        states = {capture.id: capture.state for capture in other.snapshots()}
        assert states == {kept: State.WITHDRAWN, gone: State.COMPLETE}
        assert next(iter(other.snapshots(Filter(url=_URL)))).id == gone
        assert list(other.check_index()) == []

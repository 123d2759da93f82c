"""That evidence was handed out is in the log, says what was handed out, and outlives the capture."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from archiver import clock, custody, exporting, verifying
from archiver.archive import Archive
from archiver.copying import copy
from archiver.custody import Handing
from archiver.errors import SigningError, StorageError, UsageError
from archiver.seal import keys
from archiver.seal import statement as statements
from archiver.storage import layout, log
from archiver.storage.local import LocalStore
from archiver.verify.capture import Report
from archiver.verify.verdict import Verdict
from archiver.verifying import Wanted
from archiver.withdrawing import withdraw
from tests.support import recorded

_URL, _OTHER = "https://a.test/page", "https://a.test/other"
_WHY = "the court in X, file 7"


@pytest.fixture
def archive(monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    monkeypatch.setattr("archiver.capture.capture.record", recorded.record)
    with Archive("archive") as opened:
        yield opened


def captured(archive: Archive, url: str = _URL) -> str:
    return archive.capture(url).snapshot.id


def handed_out(archive: Archive, id_: str, reason: str = _WHY, operator: str | None = "O. Perator") -> bytes:
    """The bundle that was handed out."""
    snapshot = archive.find(id_)
    handing = Handing(archive, snapshot, reason, operator)
    bundle = b"".join(handing.hashed(exporting.evidence(archive, snapshot)))
    handing.enter()
    return bundle


def verified(archive: Archive, id_: str) -> Report:
    return verifying.verify(archive, id_, Wanted())


def verdict_of(report: Report, name: str = "custody") -> Verdict | None:
    return next((check.verdict for check in report.checks if check.name == name), None)


def test_the_statement_says_which_bundle_was_handed_out_when_why_and_by_whom(archive: Archive) -> None:
    captured(archive, _OTHER)
    id_ = captured(archive)
    began = clock.now()
    bundle = handed_out(archive, id_)
    (stated,) = custody.stated(archive, id_)
    assert stated.statement is not None
    said = dict(stated.statement)
    assert clock.rfc3339(began) <= said.pop("handed_out_at") <= clock.rfc3339(clock.now())
    assert said.pop("software").startswith("archiver/")
    assert (stated.index, stated.problem, said) == (
        4,
        None,
        {
            "type": "custody",
            "format": "archiver-statement/1",
            "id": id_,
            "result": 3,
            "sha256": hashlib.sha256(bundle).hexdigest(),
            "bytes": len(bundle),
            "reason": _WHY,
            "operator": "O. Perator",
        },
    )


def test_each_is_signed_and_committed_to_and_looked_at_when_its_capture_is_verified(archive: Archive) -> None:
    other, id_ = captured(archive, _OTHER), captured(archive)
    handed_out(archive, id_)
    handed_out(archive, id_, "the other side", None)
    report = verified(archive, id_)
    assert report.verdict is Verdict.PASS
    check = report.checks[-1]
    assert (check.name, check.number, check.verdict) == ("custody", 20, Verdict.PASS)
    assert check.detail.startswith("entries 4 and 5: ")
    assert verdict_of(verified(archive, other)) is None
    assert [problem.detail for problem in archive.check_index()] == []


def test_many_of_them_are_counted_and_not_named(archive: Archive) -> None:
    id_ = captured(archive)
    for number in range(21):
        archive.enter(statements.custody(id_, 1, clock.now(), "ab" * 32, number, _WHY, None))
    check = verified(archive, id_).checks[-1]
    assert (check.name, check.verdict, check.detail[:12]) == ("custody", Verdict.PASS, "21 entries: ")
    assert [each.index for each in custody.stated(archive, id_)] == list(range(2, 23))


def test_what_is_handed_out_is_the_same_with_and_without_it(archive: Archive) -> None:
    id_ = captured(archive)
    plain = b"".join(exporting.evidence(archive, archive.find(id_)))
    assert handed_out(archive, id_) == plain


def test_it_does_not_name_the_page_and_stays_when_the_capture_is_withdrawn(archive: Archive) -> None:
    id_ = captured(archive)
    handed_out(archive, id_)
    before = custody.stated(archive, id_)
    assert withdraw(archive, id_, "an order").deleted == 4
    archive.close()
    root = Path(archive.location)
    assert [path for path in root.rglob("*") if path.is_file() and b"a.test" in path.read_bytes()] == []
    assert custody.stated(archive, id_) == before
    report = verified(archive, id_)
    assert report.verdict is Verdict.WITHDRAWN
    assert verdict_of(report) is Verdict.PASS
    assert list(archive.check_index()) == []


def test_it_goes_along_with_a_copy_of_the_archive_also_when_the_capture_is_withdrawn(archive: Archive) -> None:
    ids = captured(archive), captured(archive, _OTHER)
    for id_ in ids:
        handed_out(archive, id_)
    withdraw(archive, ids[0], "an order")
    with Archive("target") as target:
        done = copy(archive, target, lambda *_: None)
        assert done.problems == ()
        for id_ in ids:
            assert custody.stated(target, id_) == custody.stated(archive, id_)
            assert verdict_of(verified(target, id_)) is Verdict.PASS


def test_a_copy_of_one_url_has_none_as_its_log_has_other_slots(archive: Archive) -> None:
    id_ = captured(archive)
    handed_out(archive, id_)
    with Archive("target") as target:
        target.found()
        copy(archive, target, lambda *_: None, _URL)
        assert custody.stated(target, id_) == []
        assert verdict_of(verified(target, id_), "signature") is Verdict.PASS


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("", r"^the reason is empty; say to whom the evidence is handed out, and why$"),
        (" \n", r"^the reason is empty"),
        (f"the court, for {_URL}", r"^the reason names the page"),
    ],
)
def test_a_reason_that_is_empty_or_names_the_page_is_refused(reason: str, told: str, archive: Archive) -> None:
    id_ = captured(archive)
    with pytest.raises(UsageError, match=told):
        Handing(archive, archive.find(id_), reason)
    assert archive.log_length() == 2


def test_without_the_key_it_is_refused_before_the_export(archive: Archive) -> None:
    id_ = captured(archive)
    described = archive.describe()
    assert described is not None
    keys.path_of(described.id).unlink()
    with pytest.raises(SigningError, match="no key of archive is on this machine"):
        Handing(archive, archive.find(id_), _WHY)


def test_where_the_log_cannot_be_written_it_is_refused_before_the_export_and_nothing_is_written_otherwise(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = archive.find(captured(archive))
    before = {path: path.stat().st_mtime_ns for path in Path("archive").rglob("*") if path.is_file()}
    Handing(archive, snapshot, _WHY)
    assert {path: path.stat().st_mtime_ns for path in Path("archive").rglob("*") if path.is_file()} == before

    def refuse(self: LocalStore, key: str, source: object) -> None:
        raise StorageError(f"{key} could not be written: Permission denied")

    monkeypatch.setattr(LocalStore, "put_new", refuse)
    with pytest.raises(StorageError, match=r"^no custody entry can be made, and nothing was exported: .* denied$"):
        Handing(archive, snapshot, _WHY)


def test_an_entry_that_nobody_with_a_key_signed_does_not_count_and_says_why(archive: Archive) -> None:
    id_ = captured(archive)
    handed_out(archive, id_)
    said = statements.custody(id_, 1, clock.now(), "ab" * 32, 7, "a forger", None)
    other = keys.make("archiver/" + "0" * 32)
    log.append(archive.store, said, 2, lambda text: other.sign(text).line)
    right, wrong = custody.stated(archive, id_)
    assert (right.index, right.problem, wrong.index, wrong.statement) == (2, None, 3, None)
    assert "no key of the archive signed it" in str(wrong.problem)
    assert verdict_of(verified(archive, id_)) is Verdict.FAIL


def test_an_entry_whose_note_is_gone_does_not_count_and_says_why(archive: Archive) -> None:
    id_ = captured(archive)
    handed_out(archive, id_)
    (entry,) = archive.entries_of("custody", id_)
    archive.store.delete(layout.note(entry.commitment))
    (stated,) = custody.stated(archive, id_)
    assert stated.statement is None
    assert f"has no {layout.note(entry.commitment)}" in str(stated.problem)

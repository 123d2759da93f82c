"""Withdrawing from a bucket, from one whose Object Lock forbids it, and with an index in PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from archiver.archive import Archive
from archiver.copying import copy
from archiver.errors import NotFoundError
from archiver.index.check import Kind
from archiver.index.schema import State
from archiver.storage import layout
from archiver.withdrawing import withdraw
from tests.contract.archives import assert_is_whole, contents
from tests.contract.conftest import LOCKED, Places
from tests.support import postgres
from tests.support.postgres import Postgres

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_URL, _OTHER = "https://a.test/page", "https://a.test/other"
GetPlaces = Callable[[str], Places]


def test_notes_and_artifacts_go_and_a_new_index_says_the_same(places: Places) -> None:
    location = places.new()
    with Archive(location) as archive:
        id_, other = (archive.capture(url).snapshot.id for url in (_URL, _OTHER))
        done = withdraw(archive, id_, "a court order")
        assert (done.deleted, done.left) == (4, ())
        assert not [key for key in contents(archive.store) if id_ in key]
        assert list(archive.check_index()) == []
        rows = list(archive.snapshots())
        assert archive.rebuild_index() == 5
        assert list(archive.snapshots()) == rows
        assert_is_whole(archive, other)


@pytest.fixture
def locked(places_of: GetPlaces) -> Iterator[Archive]:
    """An archive whose snapshots are kept for a day in a bucket with Object Lock."""
    location = places_of("s3").free()
    with Archive(location) as archive:
        archive.found(f"s3://{LOCKED}/{location.rpartition('/')[2]}", retention_days=1)
        yield archive


def let_expire(client: S3Client, archive: Archive, id_: str) -> None:
    """Have the retention of a snapshot's objects end soon, as whoever may, and wait until it has."""
    prefix = archive.store.where(layout.prefix(id_)).removeprefix(f"s3://{LOCKED}/")
    until = datetime.now(UTC) + timedelta(seconds=2)
    for version in client.list_object_versions(Bucket=LOCKED, Prefix=prefix)["Versions"]:
        client.put_object_retention(
            Bucket=LOCKED,
            Key=version["Key"],
            VersionId=version["VersionId"],
            Retention={"Mode": "GOVERNANCE", "RetainUntilDate": until},
            BypassGovernanceRetention=True,
        )
    while datetime.now(UTC) <= until:
        time.sleep(0.05)


def test_what_object_lock_keeps_is_told_with_its_date_and_goes_when_it_may(locked: Archive, client: S3Client) -> None:
    id_ = locked.capture(_URL).snapshot.id
    notes = len(list(locked.store.list(layout.NOTES)))
    done = withdraw(locked, id_, "a court order")
    assert (done.is_new, done.deleted) == (True, 2)
    assert [left.where for left in done.left] == [
        locked.store.where(key) for key in (layout.cdxj(id_), layout.warc(id_))
    ]
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    for left in done.left:
        assert left.until is not None
        assert tomorrow - timedelta(minutes=5) < left.until <= tomorrow
        assert not left.legal_hold
        assert "keeps it until" in left.why
        assert left.where in left.why
    assert len(list(locked.store.list(layout.NOTES))) == notes - 2 + 1
    with pytest.raises(NotFoundError, match="was withdrawn"):
        locked.find(id_)
    problems = list(locked.check_index())
    assert [problem.kind for problem in problems] == [Kind.NOT_DELETED] * 2
    assert all(f"deletes it, after {done.left[0].until:%Y-%m-%d}T" in problem.detail for problem in problems)
    let_expire(client, locked, id_)
    again = withdraw(locked, id_, "a court order")
    assert (again.is_new, again.deleted, again.left) == (False, 2, ())
    assert list(locked.check_index()) == []


def test_what_lies_below_a_delete_marker_goes_as_well(locked: Archive, client: S3Client) -> None:
    id_ = locked.capture(_URL).snapshot.id
    name = locked.store.where(layout.warc(id_)).removeprefix(f"s3://{LOCKED}/")
    client.delete_object(Bucket=LOCKED, Key=name)
    done = withdraw(locked, id_, "a court order")
    assert locked.store.where(layout.warc(id_)) in [left.where for left in done.left]
    let_expire(client, locked, id_)
    assert withdraw(locked, id_, "a court order").left == ()
    assert "Versions" not in client.list_object_versions(Bucket=LOCKED, Prefix=name)


def test_what_object_lock_keeps_is_not_copied(locked: Archive, tmp_path: Path) -> None:
    gone, kept = (locked.capture(url).snapshot.id for url in (_URL, _OTHER))
    withdraw(locked, gone, "a court order")
    with Archive(tmp_path / "copy") as target:
        assert copy(locked, target, lambda *_: None).problems == ()
        assert list(target.check_index()) == []
        assert {capture.id: capture.state for capture in target.snapshots()} == {
            gone: State.WITHDRAWN,
            kept: State.COMPLETE,
        }
        assert_is_whole(target, kept)


@pytest.fixture(scope="session")
def databases() -> Iterator[Postgres]:
    with postgres.running() as running:
        yield running


def test_machines_that_share_an_index_in_postgresql_see_the_withdrawal(
    databases: Postgres, places_of: GetPlaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = places_of("local").new()
    with databases.database() as url:
        monkeypatch.setenv("ARCHIVER_DATABASE_URL", url)
        with Archive(location) as one, Archive(location) as other:
            id_ = one.capture(_URL).snapshot.id
            assert other.find(id_).id == id_
            assert withdraw(one, id_, "a court order", "O. Perator").left == ()
            with pytest.raises(NotFoundError, match=r"was withdrawn at .* by O\. Perator: a court order"):
                other.find(id_)
            assert list(other.check_index()) == []
            rows = list(other.snapshots())
            one.rebuild_index()
            assert list(other.snapshots()) == rows

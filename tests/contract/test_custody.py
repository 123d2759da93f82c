"""Handing evidence out of a folder and of a bucket, and of a bucket that one may only read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest

from archiver import custody, exporting, verifying
from archiver.archive import Archive
from archiver.custody import Handing
from archiver.errors import StorageError
from archiver.storage.s3 import make_client
from archiver.verify.verdict import Verdict
from archiver.verifying import Wanted
from tests.contract.archives import contents, wrong
from tests.contract.conftest import LIMITS, Places
from tests.support import seaweed

_URL = "https://a.test/page"


def test_the_entry_is_made_when_the_bundle_is_out_and_nothing_is_written_before(places: Places) -> None:
    with Archive(places.new()) as archive:
        snapshot = archive.capture(_URL).snapshot
        before = contents(archive.store)
        handing = Handing(archive, snapshot, "the court")
        bundle = b"".join(handing.hashed(exporting.evidence(archive, snapshot)))
        assert contents(archive.store) == before
        assert handing.enter().index == 2
        (stated,) = custody.stated(archive, snapshot.id)
        assert stated.statement is not None
        assert stated.statement["sha256"] == hashlib.sha256(bundle).hexdigest()
        assert verifying.verify(archive, snapshot.id, Wanted()).verdict is Verdict.PASS
        assert wrong(archive) == []


def test_whoever_may_only_read_a_bucket_can_export_and_is_refused_to_state_custody(
    places_of: Callable[[str], Places], server: seaweed.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = places_of("s3").new()
    with Archive(location) as archive:
        id_ = archive.capture(_URL).snapshot.id
        before = contents(archive.store)
    assert server.reader is not None
    with monkeypatch.context() as reading:
        for name, value in server.reader.environment.items():
            reading.setenv(name, value)
        client = make_client(location, LIMITS)
        reading.setattr("archiver.storage.s3.make_client", lambda *_: client)
        with Archive(location) as archive:
            snapshot = archive.find(id_)
            assert b"".join(exporting.evidence(archive, snapshot))
            with pytest.raises(StorageError, match=r"^no custody entry can be made, .*: access denied"):
                Handing(archive, snapshot, "the court")
        client.close()
    with Archive(location) as archive:
        assert contents(archive.store) == before

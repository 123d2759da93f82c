"""What is found out about a store: the real server as it is, and servers that promise less."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from archiver.errors import StorageError
from archiver.storage.local import LocalStore
from archiver.storage.probe import Abilities, probe
from archiver.storage.s3 import S3Store
from tests.contract.conftest import LOCKED, PLAIN, VERSIONED, BucketStore

_ALL = Abilities(create_only=True, versions=True, object_lock=True, checks_sha256=True, checks_md5=True, ranges=True)


@pytest.mark.parametrize(
    ("bucket", "expected"),
    [
        (PLAIN, dataclasses.replace(_ALL, versions=False, object_lock=False)),
        (LOCKED, _ALL),
    ],
)
def test_the_real_server_does_what_it_does(bucket_store: BucketStore, bucket: str, expected: Abilities) -> None:
    store = bucket_store(bucket)
    # SeaweedFS lets writers to a versioned bucket wait for each other in steps of a second.
    assert probe(store, writers=8) == expected
    found = store.client.list_object_versions(Bucket=bucket, Prefix=store.name(""))
    assert [item["Key"] for item in [*found.get("Versions", []), *found.get("DeleteMarkers", [])]] == []


def test_a_directory_does_what_it_does(tmp_path: Path) -> None:
    assert probe(LocalStore(tmp_path)) == Abilities(
        create_only=True, versions=False, object_lock=False, checks_sha256=False, checks_md5=False, ranges=True
    )
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.fixture
def forgetful(bucket_store: BucketStore, request: pytest.FixtureRequest) -> Any:
    """A store whose server ignores fields of requests, and takes what it would have refused."""

    def make(bucket: str, *ignored: str) -> S3Store:
        store = bucket_store(bucket)

        def ignore(params: dict[str, Any], **_: Any) -> None:
            for name in ignored:
                params["headers"].pop(name, None)

        store.client.meta.events.register("before-call.s3", ignore, unique_id="forgetful")
        request.addfinalizer(lambda: store.client.meta.events.unregister("before-call.s3", unique_id="forgetful"))
        return store

    return make


@pytest.mark.parametrize("bucket", [PLAIN, VERSIONED])
def test_a_store_that_ignores_the_condition_cannot_hold_a_log(forgetful: Any, bucket: str) -> None:
    store = forgetful(bucket, "If-None-Match")
    with pytest.raises(StorageError) as caught:
        probe(store)
    assert str(caught.value).startswith(f"{store.location} cannot hold a log: it lets a second writer replace")
    assert ("give a bucket without versioning" in str(caught.value)) == (bucket == VERSIONED)
    assert "\n" not in str(caught.value)
    assert list(store.list("")) == []


def test_a_store_that_ignores_the_condition_can_hold_evidence(forgetful: Any) -> None:
    found = probe(forgetful(VERSIONED, "If-None-Match"), for_log=False)
    assert not found.create_only
    assert found.versions


def test_a_store_that_ignores_digests_is_noticed(forgetful: Any) -> None:
    found = probe(forgetful(PLAIN, "Content-MD5", "x-amz-checksum-sha256"))
    assert (found.checks_md5, found.checks_sha256) == (False, False)


def test_a_store_that_ignores_ranges_cannot_hold_an_archive(forgetful: Any) -> None:
    with pytest.raises(StorageError, match="cannot hold an archive: it does not give parts of objects"):
        probe(forgetful(PLAIN, "Range"))


def test_a_bucket_that_is_not_there_is_no_ability(bucket_store: BucketStore) -> None:
    with pytest.raises(StorageError, match="there is no such bucket"):
        probe(bucket_store("nowhere"))

"""Stores to hold to the contract: a directory, and buckets of a real S3 server that is started once."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from archiver.storage.base import ObjectStore, Retention
from archiver.storage.local import LocalStore
from archiver.storage.retry import Policy
from archiver.storage.s3 import Limits, S3Store, make_client
from archiver.storage.split import SplitStore
from tests.support import seaweed

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BucketStore = Callable[..., S3Store]
PLAIN, VERSIONED, LOCKED = "plain", "versioned", "locked"
LIMITS = Limits(part_bytes=5 << 20, connect_timeout_s=2, read_timeout_s=20)
POLICY = Policy(attempts=4, first_pause_s=0.01)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[seaweed.Server]:
    with seaweed.running(tmp_path_factory.mktemp("seaweed")) as running:
        client = running.client()
        client.create_bucket(Bucket=PLAIN)
        client.create_bucket(Bucket=VERSIONED)
        client.put_bucket_versioning(Bucket=VERSIONED, VersioningConfiguration={"Status": "Enabled"})
        client.create_bucket(Bucket=LOCKED, ObjectLockEnabledForBucket=True)
        client.close()
        yield running


@pytest.fixture
def s3(server: seaweed.Server, monkeypatch: pytest.MonkeyPatch) -> seaweed.Server:
    """The server, with the environment that leads to it."""
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    return server


@pytest.fixture(scope="session")
def client(server: seaweed.Server) -> Iterator[S3Client]:
    """One client for all: making one takes longer than most tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment.items():
            patch.setenv(name, value)
        made = make_client("s3://tests", LIMITS)
    yield made
    made.close()


@pytest.fixture
def bucket_store(s3: seaweed.Server, client: S3Client) -> BucketStore:
    """Makes stores in a bucket, each at a prefix of its own."""

    def make(bucket: str, retention: Retention | None = None) -> S3Store:
        prefix = f"tests/{secrets.token_hex(6)}"
        return S3Store(bucket, prefix, retention=retention, limits=LIMITS, policy=POLICY, client=client)

    return make


@pytest.fixture(params=["local", PLAIN, VERSIONED, "split"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    """Every kind of store, empty."""
    if request.param == "local":
        return LocalStore(tmp_path / "archive")
    bucket_store: BucketStore = request.getfixturevalue("bucket_store")
    if request.param == "split":
        return SplitStore(bucket_store(PLAIN), bucket_store(LOCKED))
    return bucket_store(request.param)

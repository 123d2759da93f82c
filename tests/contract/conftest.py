"""Stores to hold to the contract: a directory, and buckets of a real S3 server that is started once."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from archiver.storage.base import ObjectStore, Retention
from archiver.storage.local import LocalStore
from archiver.storage.retry import Policy
from archiver.storage.s3 import Limits, S3Store
from archiver.storage.split import SplitStore
from tests.support import seaweed

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


def bucket_store(bucket: str, retention: Retention | None = None) -> S3Store:
    """A store at a prefix of its own."""
    return S3Store(bucket, f"tests/{secrets.token_hex(6)}", retention=retention, limits=LIMITS, policy=POLICY)


@pytest.fixture(params=["local", PLAIN, VERSIONED, LOCKED, "split"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    """Every kind of store, empty."""
    if request.param == "local":
        return LocalStore(tmp_path / "archive")
    request.getfixturevalue("s3")
    if request.param == "split":
        return SplitStore(bucket_store(PLAIN), bucket_store(LOCKED))
    return bucket_store(request.param)

"""Stores to hold to the contract: a directory, and buckets of a real S3 server that is started once."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from archiver.seal import keys
from archiver.storage import descriptor
from archiver.storage.base import ObjectStore, Retention
from archiver.storage.descriptor import Descriptor
from archiver.storage.local import LocalStore
from archiver.storage.location import open_store
from archiver.storage.retry import Policy
from archiver.storage.s3 import Limits, S3Store, make_client
from archiver.storage.split import SplitStore
from tests.support import recorded, seaweed
from tests.support.children import Kill, Nursery, nursery

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BucketStore = Callable[..., S3Store]
Nurseries = Callable[[str], Nursery]
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


# whole archives


@dataclass
class Places:
    """Where archives of one kind of store can be made, and processes that use them."""

    kind: str
    folder: Path
    nursery: Nursery
    environment: dict[str, str]

    def run(self, task: str, *arguments: str, kill: Kill | None = None) -> bool:
        """As `Nursery.run`, in this test's surroundings."""
        return self.nursery.run(task, *arguments, kill=kill, **self.environment)

    def new(self) -> str:
        """The location of a new archive, which is there and empty, as `archiver init` would leave it."""
        location = self.free()
        id_ = secrets.token_hex(16)
        signer = keys.make(f"archiver/{id_}")
        keys.save(signer, keys.path_of(id_))
        # What a store can do is not tried out here.
        made = Descriptor(id_, "2026-01-01T00:00:00Z", origin=signer.name, key=signer.key.text)
        assert descriptor.found(open_store(location), made)
        return location

    def free(self) -> str:
        """A location without an archive."""
        name = secrets.token_hex(6)
        return str(self.folder / name) if self.kind == "local" else f"s3://{PLAIN}/{name}"


@pytest.fixture(scope="session")
def nurseries(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nurseries]:
    """One nursery for each kind of store, made when it is first asked for."""
    with contextlib.ExitStack() as stack:
        made: dict[str, Nursery] = {}

        def get(kind: str) -> Nursery:
            if kind not in made:
                environment = {} if kind == "local" else request.getfixturevalue("server").environment
                made[kind] = stack.enter_context(nursery(environment))
            return made[kind]

        yield get


@pytest.fixture
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A cache and a folder for temporary files of the test's own, for this process; the same for others to have."""
    chosen = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "TMPDIR": str(tmp_path / "tmp")}
    (tmp_path / "tmp").mkdir()
    for name, value in chosen.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("tempfile.tempdir", None)
    return chosen


@pytest.fixture
def places_of(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    nurseries: Nurseries,
    surroundings: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[str], Places]:
    """Places by kind of store, "local" or "s3". Captures of this process see a made-up page."""
    monkeypatch.setattr("archiver.capture.capture.record", recorded.record)

    def get(kind: str) -> Places:
        if kind == "s3":
            request.getfixturevalue("s3")
            client = request.getfixturevalue("client")
            monkeypatch.setattr("archiver.storage.s3.make_client", lambda *_: client)
        return Places(kind, tmp_path, nurseries(kind), surroundings)

    return get


@pytest.fixture(params=["local", "s3"])
def places(request: pytest.FixtureRequest, places_of: Callable[[str], Places]) -> Places:
    return places_of(request.param)

"""An S3 store on a bad way: nothing lost, nothing twice, nothing damaged unseen, and errors that say what and why."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from archiver.errors import ExistsError, NotFoundError, StorageError
from archiver.storage import layout, log
from archiver.storage.retry import Policy
from archiver.storage.s3 import Limits, S3Store, make_client
from tests.contract.conftest import PLAIN, VERSIONED
from tests.support import seaweed
from tests.support.faulty_s3 import FaultyS3

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_ID = "20260102t030405z-aaaaaaaaaaaaaaaa"
_WARC = layout.warc(_ID)
_LIMITS = Limits(part_bytes=5 << 20, connect_timeout_s=2, read_timeout_s=1)
_POLICY = Policy(attempts=3, first_pause_s=0.001)
# What may or may not have been done, and nobody says.
_UNSURE = ("silence after", "reset after", "500 after")
_PASSING = (*_UNSURE, "silence before", "reset before", "500 before", "503 before")


@pytest.fixture(scope="module")
def proxy(server: seaweed.Server) -> Iterator[FaultyS3]:
    with FaultyS3(server.endpoint) as running:
        yield running


@pytest.fixture(scope="module")
def proxy_client(server: seaweed.Server, proxy: FaultyS3) -> Iterator[S3Client]:
    """A client whose requests go through the proxy: one for all tests, making one takes a while."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment.items():
            patch.setenv(name, value)
        patch.setenv("AWS_ENDPOINT_URL_S3", proxy.endpoint)
        made = make_client("s3://tests", _LIMITS)
    yield made
    made.close()


@pytest.fixture
def faulty(proxy: FaultyS3) -> Iterator[FaultyS3]:
    yield proxy
    proxy.clear()


@pytest.fixture
def bucket(request: pytest.FixtureRequest) -> str:
    return str(getattr(request, "param", PLAIN))


@pytest.fixture
def prefix() -> str:
    return f"tests/{secrets.token_hex(6)}"


@pytest.fixture
def store(faulty: FaultyS3, proxy_client: S3Client, bucket: str, prefix: str) -> S3Store:
    """A store behind the proxy."""
    return S3Store(bucket, prefix, limits=_LIMITS, policy=_POLICY, client=proxy_client)


@pytest.fixture
def direct(client: S3Client, bucket: str, prefix: str) -> S3Store:
    """The same store without the proxy."""
    return S3Store(bucket, prefix, client=client)


def versions(store: S3Store, key: str) -> int:
    found = store.client.list_object_versions(Bucket=store.bucket, Prefix=store.name(key))
    return len([item for item in found.get("Versions", []) if item["Key"] == store.name(key)])


def content(store: S3Store, key: str) -> bytes:
    return b"".join(store.get(key))


@pytest.fixture
def big(tmp_path: Path) -> Path:
    """A file of two parts."""
    path = tmp_path / "source"
    path.write_bytes(secrets.token_bytes(1 << 20) * 6)
    return path


# creating


@pytest.mark.parametrize("bucket", [PLAIN, VERSIONED], indirect=True)
@pytest.mark.parametrize("fault", [*_PASSING, "409 before", "corrupt request"])
def test_a_creation_that_fails_once_is_done_once(store: S3Store, direct: S3Store, faulty: FaultyS3, fault: str) -> None:
    rule = faulty.add(fault, "PUT", "slot")
    stat = store.put_new("log/slot/000000000000", b"mine")
    assert rule.times == 0
    assert content(direct, "log/slot/000000000000") == b"mine"
    assert versions(direct, "log/slot/000000000000") == 1
    assert direct.stat("log/slot/000000000000") == stat


@pytest.mark.parametrize(
    ("bucket", "fault"), [*((PLAIN, fault) for fault in _UNSURE), (VERSIONED, "500 after")], indirect=["bucket"]
)
def test_a_creation_done_though_no_answer_ever_came_counts_as_ours(
    store: S3Store, direct: S3Store, faulty: FaultyS3, fault: str
) -> None:
    faulty.add(fault, "PUT", "slot", times=_POLICY.attempts)
    assert store.put_new("log/slot/000000000000", b"mine") == direct.stat("log/slot/000000000000")
    assert versions(direct, "log/slot/000000000000") == 1


@pytest.mark.parametrize("fault", ["500 before", "silence before"])
def test_a_creation_without_an_answer_is_not_ours_when_another_was_quicker(
    store: S3Store, direct: S3Store, faulty: FaultyS3, fault: str
) -> None:
    direct.put_new("log/slot/000000000000", b"theirs")
    faulty.add(fault, "PUT", "slot")
    with pytest.raises(ExistsError, match="exists already, with another content") as caught:
        store.put_new("log/slot/000000000000", b"mine")
    assert store.where("log/slot/000000000000") in str(caught.value)
    assert content(direct, "log/slot/000000000000") == b"theirs"
    assert versions(direct, "log/slot/000000000000") == 1


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("silence before", "127.0.0.1:PORT did not answer in time"),
        ("reset before", "the connection to 127.0.0.1:PORT broke"),
        ("500 before", "the store answered 500 InternalError"),
        ("503 before", "the store is overloaded"),
        ("409 before", "the store answered 409 ConditionalRequestConflict"),
        ("corrupt request", "what arrives is not what was sent"),
    ],
)
def test_a_creation_that_never_succeeds_names_key_and_cause_in_one_line(
    store: S3Store, direct: S3Store, faulty: FaultyS3, fault: str, cause: str
) -> None:
    faulty.add(fault, "PUT", "slot", times=-1)
    with pytest.raises(StorageError) as caught:
        store.put_new("log/slot/000000000000", b"mine")
    port = faulty.endpoint.rpartition(":")[2]
    where = store.where("log/slot/000000000000")
    assert str(caught.value) == f"{where} could not be written: {cause.replace('PORT', port)}"
    assert caught.value.__suppress_context__
    assert versions(direct, "log/slot/000000000000") == 0
    assert len([target for method, target in faulty.asked if method == "PUT"]) == _POLICY.attempts


@pytest.mark.parametrize("fault", _UNSURE)
def test_a_log_on_a_bad_way_has_every_entry_once(store: S3Store, direct: S3Store, faulty: FaultyS3, fault: str) -> None:
    for number in (0, 1):
        faulty.add(fault, "PUT", "slot", skips=number)
    ids = [f"20260102t0304{number:02d}z-aaaaaaaaaaaaaaaa" for number in range(3)]
    indexes = [log.append(store, {"id": snapshot, "type": "intent"}, -1).index for snapshot in ids]
    assert indexes == [0, 1, 2]
    assert [entry.id for entry in log.entries(direct) if isinstance(entry, log.Entry)] == ids


# creating in parts


@pytest.mark.parametrize(
    ("fault", "method", "contains"),
    [
        *((fault, "POST", "uploadId") for fault in (*_PASSING, "409 before")),
        *((fault, "PUT", "partNumber=2") for fault in ("reset before", "500 after", "corrupt request")),
        ("503 before", "POST", "uploads"),
    ],
)
def test_a_creation_in_parts_that_fails_once_is_done_once(
    store: S3Store, direct: S3Store, faulty: FaultyS3, big: Path, fault: str, method: str, contains: str
) -> None:
    rule = faulty.add(fault, method, contains)
    store.put_new(_WARC, big)
    assert rule.times == 0
    assert content(direct, _WARC) == big.read_bytes()
    assert versions(direct, _WARC) == 1
    assert uploads(direct) == []


def uploads(store: S3Store) -> list[str]:
    found = store.client.list_multipart_uploads(Bucket=store.bucket, Prefix=store.name(""))
    return [item["Key"] for item in found.get("Uploads", [])]


@pytest.mark.parametrize(
    ("fault", "method", "contains"),
    [("500 before", "POST", "uploadId"), ("409 before", "POST", "uploadId"), ("reset before", "PUT", "partNumber=2")],
)
def test_a_creation_in_parts_that_never_succeeds_leaves_nothing(
    store: S3Store, direct: S3Store, faulty: FaultyS3, big: Path, fault: str, method: str, contains: str
) -> None:
    faulty.add(fault, method, contains, times=-1)
    with pytest.raises(StorageError, match=r"capture\.warc\.gz could not be written: "):
        store.put_new(_WARC, big)
    with pytest.raises(NotFoundError):
        direct.stat(_WARC)
    assert uploads(direct) == []


# reading back


def test_evidence_that_the_store_damaged_is_found_when_it_is_read_back(store: S3Store, faulty: FaultyS3) -> None:
    faulty.add("corrupt answer", "GET", "capture", times=-1)
    with pytest.raises(StorageError, match="does not hold what was written to it") as caught:
        store.put_new(_WARC, b"x" * 1000)
    assert store.where(_WARC) in str(caught.value)


def test_one_bad_reading_back_is_tried_again(store: S3Store, faulty: FaultyS3) -> None:
    rule = faulty.add("corrupt answer", "GET", "capture")
    store.put_new(_WARC, b"x" * 1000)
    assert rule.times == 0


def test_damaged_evidence_is_taken_away_with_its_group(store: S3Store, direct: S3Store, faulty: FaultyS3) -> None:
    faulty.add("corrupt answer", "GET", "capture.warc", times=-1)

    def write() -> None:
        with store.group(_ID, lambda: False):
            store.put_new(layout.cdxj(_ID), b"cdxj")
            store.put_new(_WARC, b"x" * 1000)

    with pytest.raises(StorageError, match="does not hold"):
        write()
    assert list(direct.list("")) == []
    assert versions(direct, _WARC) == 0


# reading


@pytest.mark.parametrize(
    "fault", ["cut body", "reset in body", *(fault for fault in _PASSING if fault.endswith("before"))]
)
def test_a_reading_that_breaks_goes_on_where_it_was(
    store: S3Store, direct: S3Store, faulty: FaultyS3, fault: str
) -> None:
    data = secrets.token_bytes(3 << 20)
    direct.put_new("log/big", data)
    faulty.add(fault, "GET", "big", times=1)
    assert hashlib.sha256(content(store, "log/big")).digest() == hashlib.sha256(data).digest()
    assert b"".join(store.get("log/big", 1000, 2_000_000)) == data[1000:2_001_000]


@pytest.mark.parametrize(
    ("fault", "cause"), [("cut body", "the connection to .* broke"), ("reset in body", "the connection to .* broke")]
)
def test_a_reading_that_breaks_too_often_is_an_error(
    store: S3Store, direct: S3Store, faulty: FaultyS3, fault: str, cause: str
) -> None:
    direct.put_new("log/big", bytes(3 << 20))
    faulty.add(fault, "GET", "big", times=-1)
    with pytest.raises(StorageError, match=f"log/big could not be read: {cause}"):
        content(store, "log/big")
    assert len([target for method, target in faulty.asked if method == "GET"]) == _POLICY.attempts


def test_a_damaged_answer_is_found_when_the_whole_object_is_read(
    store: S3Store, direct: S3Store, faulty: FaultyS3
) -> None:
    direct.put_new("notes/a", b"x" * 1000)
    faulty.add("corrupt answer", "GET", "notes/a")
    with pytest.raises(StorageError, match="notes/a is damaged: its bytes are not those that were stored"):
        content(store, "notes/a")
    assert content(store, "notes/a") == b"x" * 1000


@pytest.mark.parametrize("size_bytes", [3 << 20, 2 << 20])
def test_a_reading_that_goes_on_never_mixes_two_objects(
    store: S3Store, direct: S3Store, faulty: FaultyS3, size_bytes: int
) -> None:
    direct.replace("log/checkpoint", b"a" * (3 << 20))
    faulty.add("cut body", "GET", "checkpoint")
    pieces = store.get("log/checkpoint")
    assert set(next(pieces)) == set(b"a")
    direct.replace("log/checkpoint", b"b" * size_bytes)
    with pytest.raises(StorageError, match="log/checkpoint changed while it was being read"):
        b"".join(pieces)


def test_a_reading_whose_object_is_deleted_is_no_longer_a_matter_of_not_found(
    store: S3Store, direct: S3Store, faulty: FaultyS3
) -> None:
    direct.put_new("notes/a", b"a" * (3 << 20))
    faulty.add("cut body", "GET", "notes/a")
    pieces = store.get("notes/a")
    next(pieces)
    direct.delete("notes/a")
    with pytest.raises(StorageError, match="notes/a was deleted while it was being read"):
        b"".join(pieces)


@pytest.mark.parametrize("bucket", [VERSIONED], indirect=True)
def test_a_reading_of_a_version_goes_on_though_there_is_a_newer_one(
    store: S3Store, direct: S3Store, faulty: FaultyS3
) -> None:
    direct.replace("log/checkpoint", b"a" * (3 << 20))
    faulty.add("cut body", "GET", "checkpoint")
    pieces = store.get("log/checkpoint")
    first = next(pieces)
    direct.replace("log/checkpoint", b"b" * (3 << 20))
    assert set(first + b"".join(pieces)) == set(b"a")


def test_a_store_without_ranges_is_named(store: S3Store, direct: S3Store, faulty: FaultyS3) -> None:
    direct.put_new("log/key", b"0123456789")
    faulty.add("no range", "GET", "key")
    with pytest.raises(StorageError, match="log/key could not be read: the store does not give ranges"):
        b"".join(store.get("log/key", 3, 4))


def test_an_answer_that_is_not_s3_is_named(store: S3Store, faulty: FaultyS3) -> None:
    faulty.add("not S3", "GET", times=-1)
    with pytest.raises(
        StorageError, match="could not be listed: the store answered 500 without an S3 error code; check AWS_"
    ):
        list(store.list(""))


@pytest.mark.parametrize("fault", ["500 before", "reset before", "reset after", "cut body"])
def test_lists_sizes_replacements_and_deletions_are_tried_again(
    store: S3Store, direct: S3Store, faulty: FaultyS3, fault: str
) -> None:
    for method in ("GET", "PUT", "DELETE", *(["HEAD"] if fault != "cut body" else [])):
        faulty.add(fault, method)
    store.replace("log/checkpoint", b"one")
    assert list(store.list("log/")) == ["log/checkpoint"]
    assert store.stat("log/checkpoint").size_bytes == 3
    store.delete("log/checkpoint")
    assert list(direct.list("")) == []

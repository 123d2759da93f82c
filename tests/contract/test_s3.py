"""What only S3 has: credentials, buckets, versions, Object Lock, uploads in parts."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore import exceptions

from archiver.errors import ArchiverError, ExistsError, NotFoundError, RetainedError, StorageError
from archiver.storage import layout, s3_errors
from archiver.storage.base import Retention
from archiver.storage.retry import Policy
from archiver.storage.s3 import Limits, S3Store
from archiver.storage.split import SplitStore
from tests.contract.conftest import LIMITS, LOCKED, PLAIN, VERSIONED, BucketStore
from tests.support import seaweed

_ID = "20260102t030405z-aaaaaaaaaaaaaaaa"
_WARC = layout.warc(_ID)
_ROOT = Path(__file__).parents[2]


def content(store: S3Store, key: str) -> bytes:
    return b"".join(store.get(key))


def everything(store: S3Store) -> list[str]:
    """Names of all versions and delete markers."""
    found = store.client.list_object_versions(Bucket=store.bucket, Prefix=store.name(""))
    return [item["Key"] for item in [*found.get("Versions", []), *found.get("DeleteMarkers", [])]]


def every_act(store: S3Store) -> list[Callable[[], object]]:
    return [
        lambda: content(store, "log/key"),
        lambda: store.stat("log/key"),
        lambda: list(store.list("log/")),
        lambda: store.put_new("log/key", b""),
        lambda: store.replace("log/key", b""),
        lambda: store.delete("log/key"),
    ]


# credentials and buckets


def refused(store: S3Store, *secrets: str) -> set[str]:
    """The causes that every act of a store gives."""
    causes = set()
    for act in every_act(store):
        with pytest.raises(StorageError) as caught:
            act()
        text = str(caught.value)
        assert text.startswith(store.location)
        assert "\n" not in text
        assert not [secret for secret in secrets if secret in text]
        assert caught.value.__suppress_context__, "no trace of botocore"
        causes.add(text.partition(": ")[2])
    return causes


def test_a_wrong_secret_is_named_but_not_shown(s3: seaweed.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrongsecret")
    causes = refused(S3Store(PLAIN), "wrongsecret", s3.access_key, s3.secret_key)
    assert causes == {s3_errors._CAUSES["SignatureDoesNotMatch"], s3_errors._CAUSES["403"]}


def test_an_unknown_access_key_is_named_but_not_shown(s3: seaweed.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    causes = refused(S3Store(PLAIN), "nobody", s3.secret_key)
    assert causes == {s3_errors._CAUSES["InvalidAccessKeyId"], s3_errors._CAUSES["403"]}


@pytest.mark.parametrize(
    ("missing", "cause"),
    [
        (["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"], "there are no credentials; set AWS_ACCESS_KEY_ID and "),
        (["AWS_SECRET_ACCESS_KEY"], "the credentials are not complete; set AWS_ACCESS_KEY_ID and "),
    ],
)
def test_missing_credentials_say_what_to_set(
    s3: seaweed.Server, monkeypatch: pytest.MonkeyPatch, missing: list[str], cause: str
) -> None:
    for name in missing:
        monkeypatch.delenv(name)
    with pytest.raises(StorageError, match=cause):
        S3Store(PLAIN, policy=Policy(attempts=1)).stat("log/key")


def test_a_bucket_that_is_not_there_is_named(bucket_store: BucketStore) -> None:
    assert refused(bucket_store("nowhere")) == {"there is no such bucket; make it, or correct the location"}


def test_a_server_that_is_not_there_is_named_without_its_password(
    s3: seaweed.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and never listens
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://{place}")
        store = S3Store(PLAIN, limits=LIMITS, policy=Policy(attempts=2, first_pause_s=0.001))
        assert refused(store) == {f"there is no connection to {place}; check AWS_ENDPOINT_URL_S3 and the network"}


def client_error(status: int, code: str) -> exceptions.ClientError:
    answer: Any = {"Error": {"Code": code, "Message": "HIDDEN"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return exceptions.ClientError(answer, "GetObject")


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (client_error(403, "RequestTimeTooSkewed"), "set the clock"),
        (client_error(403, "AccessDenied"), "access denied; these credentials need s3:GetObject"),
        (client_error(400, "ExpiredToken"), "the session token has expired"),
        (client_error(301, "PermanentRedirect"), "another region; set AWS_DEFAULT_REGION"),
        (client_error(418, "Teapot"), "the store answered 418 Teapot"),
        (client_error(418, "\x1b[31m HIDDEN"), "the store answered 418 without an S3 error code"),
        (exceptions.SSLError(endpoint_url="https://u:HIDDEN@a.test", error=OSError()), "of a.test is not trusted"),
        (exceptions.NoCredentialsError(), "there are no credentials"),
        (exceptions.UnknownKeyError(value="HIDDEN", param="a", choices="b"), "boto3 gave up with UnknownKeyError"),
    ],
)
def test_causes_say_what_to_do_and_show_nothing_of_the_stores_own_words(
    error: exceptions.BotoCoreError | exceptions.ClientError, cause: str
) -> None:
    text = s3_errors.cause(error, "https://u:HIDDEN@a.test")
    assert cause in text
    assert "HIDDEN" not in text
    assert text.isprintable()


@pytest.mark.parametrize(
    ("error", "passing", "may_have_happened"),
    [
        (client_error(500, "InternalError"), True, True),
        (client_error(503, "SlowDown"), True, True),
        (client_error(429, "TooManyRequests"), True, True),
        (client_error(409, "ConditionalRequestConflict"), True, False),
        (client_error(400, "BadDigest"), True, False),
        (client_error(501, "NotImplemented"), False, False),
        (client_error(412, "PreconditionFailed"), False, False),
        (client_error(403, "AccessDenied"), False, False),
        (exceptions.ReadTimeoutError(endpoint_url="a"), True, True),
        (exceptions.ConnectionClosedError(endpoint_url="a"), True, True),
        (exceptions.EndpointConnectionError(endpoint_url="a"), True, True),
        (exceptions.SSLError(endpoint_url="a", error=OSError()), False, False),
        (exceptions.NoCredentialsError(), False, False),
    ],
)
def test_failures_pass_or_do_not(
    error: exceptions.BotoCoreError | exceptions.ClientError, passing: bool, may_have_happened: bool
) -> None:
    assert s3_errors.is_passing(error) == passing
    assert s3_errors.may_have_happened(error) == may_have_happened


def test_pauses_double_up_to_the_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    policy = Policy(attempts=9, first_pause_s=0.5, longest_pause_s=4)
    for attempt in range(policy.attempts):
        policy.pause(attempt)
    longest = [0, 0.5, 1, 2, 4, 4, 4, 4, 4]
    assert [policy.longest_s(attempt) for attempt in range(policy.attempts)] == longest
    assert all(limit / 2 <= pause <= limit for pause, limit in zip(slept, longest, strict=True))


# requests


def test_bodies_are_sent_with_their_digests_and_without_asking(bucket_store: BucketStore) -> None:
    store = bucket_store(PLAIN)
    sent: list[dict[str, str]] = []

    def note(request: Any, **_: Any) -> None:
        sent.append({name.lower(): value for name, value in request.headers.items()})

    store.client.meta.events.register("before-send.s3.PutObject", note, unique_id="note")
    store.put_new("log/key", b"data")
    store.client.meta.events.unregister("before-send.s3.PutObject", unique_id="note")
    assert {"content-md5", "x-amz-checksum-sha256", "x-amz-meta-sha256", "if-none-match"} <= set(sent[0])
    assert not {"expect", "x-amz-checksum-crc32", "x-amz-trailer"} & set(sent[0])


def test_a_key_that_another_prefix_begins_with_is_not_listed(bucket_store: BucketStore) -> None:
    store = bucket_store(PLAIN)
    neighbour = S3Store(PLAIN, f"{store.name('')[:-1]}2", limits=LIMITS, client=store.client)
    neighbour.put_new("log/key", b"")
    assert list(store.list("")) == []


def test_a_store_that_lists_out_of_order_is_named(bucket_store: BucketStore) -> None:
    """SeaweedFS sorts by folder. When this fails it no longer does, and the check is for other stores only."""
    store = bucket_store(PLAIN)
    for key in ("a-b", "a/b"):
        store.put_new(key, b"")
    with pytest.raises(StorageError, match="could not be listed: the store does not sort its keys"):
        list(store.list(""))


# versions


def test_a_version_is_the_one_that_was_put(bucket_store: BucketStore) -> None:
    store = bucket_store(VERSIONED)
    put = store.put_new(_WARC, b"mine")
    assert put.version is not None
    found = store.client.get_object(Bucket=VERSIONED, Key=store.name(_WARC), VersionId=put.version)
    assert found["Body"].read() == b"mine"
    assert bucket_store(PLAIN).put_new(_WARC, b"mine").version is None


def test_deleting_takes_every_version_and_marker(bucket_store: BucketStore) -> None:
    store = bucket_store(VERSIONED)
    for _ in range(3):
        store.replace("notes/a", b"data")
    store.client.delete_object(Bucket=VERSIONED, Key=store.name("notes/a"))
    store.replace("notes/ab", b"other")
    store.delete("notes/a")
    assert everything(store) == [store.name("notes/ab")]


# Object Lock


@pytest.mark.parametrize("size_bytes", [4, 6 << 20], ids=["at once", "in parts"])
def test_what_retention_keeps_cannot_be_deleted_and_says_until_when(
    bucket_store: BucketStore, tmp_path: Path, size_bytes: int
) -> None:
    store = bucket_store(LOCKED, Retention(days=30))
    (tmp_path / "source").write_bytes(bytes(size_bytes))
    store.put_new(_WARC, tmp_path / "source")
    day = (datetime.now(UTC) + timedelta(days=30)).strftime("%Y-%m-%d")
    with pytest.raises(RetainedError, match=rf"Object Lock \(governance mode\) keeps it until {day}T") as caught:
        store.delete(_WARC)
    assert caught.value.until is not None
    assert (f"{caught.value.until:%Y-%m-%d}", caught.value.legal_hold) == (day, False)
    assert str(caught.value).startswith(f"{store.where(_WARC)} could not be deleted: ")
    assert len(content(store, _WARC)) == size_bytes


def test_what_a_legal_hold_keeps_cannot_be_deleted_before_it_is_lifted(bucket_store: BucketStore) -> None:
    store = bucket_store(LOCKED, Retention(legal_hold=True))
    stat = store.put_new(_WARC, b"held")
    with pytest.raises(RetainedError, match="could not be deleted: a legal hold keeps it") as caught:
        store.delete(_WARC)
    assert (caught.value.until, caught.value.legal_hold) == (None, True)
    assert stat.version is not None
    store.client.put_object_legal_hold(
        Bucket=LOCKED, Key=store.name(_WARC), VersionId=stat.version, LegalHold={"Status": "OFF"}
    )
    store.delete(_WARC)
    assert everything(store) == []


@pytest.mark.parametrize(
    "retention", [Retention(days=30), Retention(legal_hold=True), Retention(2, legal_hold=True), None]
)
def test_what_keeps_an_object_is_said_of_it(bucket_store: BucketStore, retention: Retention | None) -> None:
    evidence = bucket_store(LOCKED, retention)
    store = SplitStore(bucket_store(PLAIN), evidence)
    store.put_new(_WARC, b"warc")
    store.put_new("notes/a", b"note")
    stat, wanted = store.stat(_WARC), retention or Retention()
    assert stat.legal_hold is wanted.legal_hold
    if wanted.days:
        assert stat.kept_until is not None
        away = stat.kept_until - datetime.now(UTC)
        assert timedelta(days=wanted.days, minutes=-5) < away <= timedelta(days=wanted.days)
    else:
        assert stat.kept_until is None
    other = store.stat("notes/a")
    assert (other.kept_until, other.legal_hold) == (None, False)


def test_of_an_object_with_kept_versions_the_others_are_deleted_and_the_last_date_is_told(
    bucket_store: BucketStore,
) -> None:
    store = bucket_store(LOCKED)
    versions = []
    for days in (3, 0, 9, 0):
        store.replace(_WARC, b"warc")
        versions.append(store.stat(_WARC).version)
        if days:
            until = datetime.now(UTC) + timedelta(days=days)
            store.client.put_object_retention(
                Bucket=LOCKED,
                Key=store.name(_WARC),
                VersionId=str(versions[-1]),
                Retention={"Mode": "GOVERNANCE", "RetainUntilDate": until},
            )
    store.client.delete_object(Bucket=LOCKED, Key=store.name(_WARC))
    assert len(everything(store)) == 5
    with pytest.raises(RetainedError) as caught:
        store.delete(_WARC)
    assert caught.value.until is not None
    assert caught.value.until - datetime.now(UTC) > timedelta(days=8)
    assert everything(store) == [store.name(_WARC)] * 2


def test_a_group_whose_objects_are_kept_says_so_beside_its_own_error(bucket_store: BucketStore) -> None:
    store = bucket_store(LOCKED, Retention(days=1))

    def write() -> None:
        with store.group(_ID, lambda: False):
            store.put_new(_WARC, b"warc")
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken") as caught:
        write()
    assert "keeps it until" in caught.value.__notes__[0]
    assert content(store, _WARC) == b"warc"


def test_retention_on_a_bucket_without_object_lock_is_named(bucket_store: BucketStore) -> None:
    with pytest.raises(StorageError, match=r"the store refuses the retention; is Object Lock on for this bucket\?"):
        bucket_store(PLAIN, Retention(days=1)).put_new(_WARC, b"warc")


# uploads in parts


def test_a_big_object_that_exists_is_not_sent(bucket_store: BucketStore, tmp_path: Path) -> None:
    store = bucket_store(PLAIN)
    store.put_new("log/key", b"first")
    (tmp_path / "source").write_bytes(bytes(6 << 20))
    store.client.meta.events.register("before-call.s3.UploadPart", _refuse, unique_id="refuse")
    with pytest.raises(ExistsError):
        store.put_new("log/key", tmp_path / "source")
    store.client.meta.events.unregister("before-call.s3.UploadPart", unique_id="refuse")


def _refuse(**_: object) -> None:
    raise AssertionError("a part was sent")


def test_an_object_created_while_the_parts_were_sent_stays(
    bucket_store: BucketStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = bucket_store(PLAIN)
    (tmp_path / "source").write_bytes(bytes(6 << 20))
    complete = store._complete

    def too_late(*arguments: Any) -> Any:
        store.put_new(_WARC, b"first")
        return complete(*arguments)

    monkeypatch.setattr(store, "_complete", too_late)
    with pytest.raises(ExistsError):
        store.put_new(_WARC, tmp_path / "source")
    assert content(store, _WARC) == b"first"


def test_a_source_that_changes_while_it_is_sent_leaves_nothing(
    bucket_store: BucketStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = bucket_store(PLAIN)
    source = tmp_path / "source"
    source.write_bytes(bytes(6 << 20))
    part = store._part

    def change(key: str, upload: str, number: int, data: bytes) -> dict[str, Any]:
        with source.open("r+b") as stream:
            stream.seek(-1, os.SEEK_END)
            stream.write(b"x")
        return part(key, upload, number, data)

    monkeypatch.setattr(store, "_part", change)
    with pytest.raises(StorageError, match="changed while it was read"):
        store.put_new(_WARC, source)
    with pytest.raises(NotFoundError):
        store.stat(_WARC)


_STANDING = """
import sys
from pathlib import Path
from archiver.storage.s3 import Limits, S3Store

def stand(*_, **__):
    print("there", flush=True)
    sys.stdin.read()

store = S3Store(sys.argv[1], sys.argv[2], limits=Limits(part_bytes=5 << 20))
store._complete = stand
store.put_new(sys.argv[3], Path(sys.argv[4]))
"""


def test_a_writer_killed_before_the_last_step_leaves_no_object(bucket_store: BucketStore, tmp_path: Path) -> None:
    store = bucket_store(PLAIN)
    (tmp_path / "source").write_bytes(bytes(6 << 20))
    command = [sys.executable, "-c", _STANDING, PLAIN, store.name("")[:-1], _WARC, str(tmp_path / "source")]
    environment = os.environ | {"PYTHONPATH": str(_ROOT)}
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"there\n"
        process.send_signal(signal.SIGKILL)
    assert list(store.list("")) == []
    with pytest.raises(NotFoundError):
        store.stat(_WARC)
    store.put_new(_WARC, b"the next one")


def test_errors_are_of_one_tree() -> None:
    assert issubclass(ExistsError, StorageError)
    assert issubclass(StorageError, ArchiverError)
    assert Limits().part_bytes >= 5 << 20

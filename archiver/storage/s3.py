"""An archive in an S3 bucket: objects are created on condition that there is none yet, and read back when they matter.

Every request that may be repeated is, by one `Policy`; botocore itself repeats none. A creation is the exception that
needs thought: of one without an answer nobody knows whether it was carried out. It is sent again, and when the store
then says that the object is there, the object is read back: it was ours when it holds our bytes.

Each object carries the SHA-256 of its bytes as metadata, and whoever reads it from the beginning to the end gets
`StorageError` after the last piece when the bytes are others: a store's own checksums do not cover multipart objects,
and some stores ignore them.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, IncompleteReadError

from archiver import clock, interrupts
from archiver.errors import ExistsError, NotFoundError, RetainedError, StorageError
from archiver.storage import layout, s3_errors
from archiver.storage.base import Retention, Stat, check_key, is_key
from archiver.storage.retry import Policy
from archiver.storage.s3_errors import FAILURES, Failure

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef

_PIECE_BYTES = 1 << 20
_MOST_PARTS = 10_000  # S3 API: parts of one upload
_SHA256 = "sha256"  # the name of the metadata
_CONTENT_RANGE = re.compile(r"bytes ([0-9]+)-([0-9]+)/([0-9]+)")

T = TypeVar("T")


@dataclass(frozen=True)
class Limits:
    """Sizes and times of requests. Objects larger than one part are sent in parts."""

    part_bytes: int = 16 << 20  # S3 takes 5 MiB at least
    connect_timeout_s: float = 10
    read_timeout_s: float = 60
    connections: int = 32


@dataclass(frozen=True)
class _Content:
    """Bytes to be stored: in memory, or in a file when there are many."""

    data: bytes | None
    path: Path | None
    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class _Reading:
    """What the first answer said of the object being read; later ones must say the same."""

    etag: str
    version: str | None
    end: int
    sha256: str | None  # only when the whole object is being read


def make_client(location: str, limits: Limits) -> S3Client:
    """A client as `S3Store` needs it, with boto3's own configuration. Raises `StorageError` naming the location."""
    config = Config(
        connect_timeout=limits.connect_timeout_s,
        read_timeout=limits.read_timeout_s,
        max_pool_connections=limits.connections,
        retries={"total_max_attempts": 1, "mode": "standard"},
        # We send and check SHA-256 ourselves; many stores do not know the CRCs that boto3 adds.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    try:
        client: S3Client = boto3.session.Session().client("s3", config=config)
    except (BotoCoreError, ValueError) as error:
        raise StorageError(f"{location}: {s3_errors.cause_of_settings(error)}") from None
    client.meta.events.register_last("before-call.s3", _ask_no_permission)
    return client


def _ask_no_permission(params: dict[str, Any], **_: Any) -> None:
    """Send bodies at once, without `Expect: 100-continue`: docs/decisions/0016-s3-requests.md says why."""
    params["headers"].pop("Expect", None)


class S3Store:
    """Keys are those of the bucket below `prefix`. Threads may share it, and stores a `client` of `make_client`.

    Raises `StorageError` when boto3's own configuration cannot be used. No request is made yet.
    """

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        *,
        retention: Retention | None = None,
        sends_sha256: bool = True,
        limits: Limits = Limits(),
        policy: Policy = Policy(),  # noqa: B008 — frozen
        client: S3Client | None = None,
    ) -> None:
        self.bucket = bucket
        self.location = f"s3://{bucket}/{prefix}".rstrip("/")
        self._below = f"{prefix}/" if prefix else ""
        self._retention = retention
        self._sends_sha256 = sends_sha256
        self._limits = limits
        self._policy = policy
        self._bucket_is_there = False
        self.client: S3Client = make_client(self.location, limits) if client is None else client

    def where(self, key: str) -> str:
        return f"{self.location}/{key}"

    def name(self, key: str) -> str:
        """The key as the bucket has it."""
        return self._below + key

    # creating

    def put_new(self, key: str, source: bytes | Path) -> Stat:
        """As `ObjectStore.put_new`. What lies below `snapshots/` has been read back and hashed when this returns."""
        check_key(key)
        content = self._content(key, source)
        if content.data is not None:
            data = content.data
            stat = self._create(key, content, lambda: self._put(key, data, content.sha256, new=True))
        else:
            stat = self._create_in_parts(key, content)
        if key.startswith(layout.SNAPSHOTS):
            self._read_back(key, stat, content)
        return stat

    def _content(self, key: str, source: bytes | Path) -> _Content:
        if isinstance(source, bytes):
            return _Content(source, None, len(source), hashlib.sha256(source).hexdigest())
        try:
            with source.open("rb") as stream:
                data = stream.read(self._limits.part_bytes + 1)
                if len(data) <= self._limits.part_bytes:
                    return _Content(data, None, len(data), hashlib.sha256(data).hexdigest())
                digest, size_bytes = hashlib.sha256(), 0
                while data:
                    digest.update(data)
                    size_bytes += len(data)
                    data = stream.read(_PIECE_BYTES)
                return _Content(None, source, size_bytes, digest.hexdigest())
        except OSError as error:
            raise self._unreadable(source, key, error) from None

    def _put(self, key: str, data: bytes, sha256: str, *, new: bool) -> Stat:
        """One request. Raises `FAILURES`."""
        more: dict[str, Any] = {"IfNoneMatch": "*", **self._lock()} if new else {}
        answer = self.client.put_object(
            Bucket=self.bucket,
            Key=self.name(key),
            Body=data,
            ContentType="application/octet-stream",
            Metadata={_SHA256: sha256},
            **self._checks(data),
            **more,
        )
        return Stat(len(data), _version(answer.get("VersionId")))

    def _create(self, key: str, content: _Content, attempt: Callable[[], Stat]) -> Stat:
        """Create until there is an answer that says what happened; `attempt` may be made again and again.

        Raises `ExistsError`, `StorageError`.
        """
        is_open = False  # whether an earlier attempt may have been carried out
        for number in range(self._policy.attempts):
            self._policy.pause(number)
            try:
                return attempt()
            except FAILURES as error:
                last: Failure = error
                is_open = is_open or s3_errors.may_have_happened(error)
                if s3_errors.is_refused(error) and not is_open:
                    raise ExistsError(f"{self.where(key)} exists already; it was left as it is") from None
                if not s3_errors.is_passing(error):
                    break
        if is_open:
            ours = self._settled(key, content)
            if ours is not None:
                return ours
        if s3_errors.is_refused(last):
            raise ExistsError(f"{self.where(key)} exists already; it was left as it is") from None
        raise self._failed("written", key, last) from None

    def _settled(self, key: str, content: _Content) -> Stat | None:
        """Ours, when the object that is there holds our bytes; None when there is none. Raises `ExistsError`."""
        try:
            stat = self.stat(key)
            if (stat.size_bytes, self._hash(key, stat.version)) == (content.size_bytes, content.sha256):
                return stat
        except NotFoundError:
            return None
        raise ExistsError(f"{self.where(key)} exists already, with another content; it was left as it is")

    def _read_back(self, key: str, stat: Stat, content: _Content) -> None:
        """Raises `StorageError` when the store has not kept what it was sent. One bad reading may be bad luck."""
        for _ in range(2):
            if self._hash(key, stat.version) == content.sha256:
                return
        raise StorageError(f"{self.where(key)} does not hold what was written to it: damaged, or another writer's")

    def _hash(self, key: str, version: str | None) -> str:
        digest = hashlib.sha256()
        for piece in self._pieces(key, 0, None, version, check=False):
            digest.update(piece)
        return digest.hexdigest()

    def _checks(self, data: bytes) -> dict[str, Any]:
        md5 = hashlib.md5(data, usedforsecurity=False).digest()
        checks = {"ContentMD5": base64.b64encode(md5).decode()}
        if self._sends_sha256:
            checks["ChecksumSHA256"] = base64.b64encode(hashlib.sha256(data).digest()).decode()
        return checks

    def _lock(self) -> dict[str, Any]:
        if self._retention is None:
            return {}
        lock: dict[str, Any] = {}
        if self._retention.days:
            lock["ObjectLockMode"] = self._retention.mode
            lock["ObjectLockRetainUntilDate"] = clock.now() + timedelta(days=self._retention.days)
        if self._retention.legal_hold:
            lock["ObjectLockLegalHoldStatus"] = "ON"
        return lock

    # creating in parts

    def _create_in_parts(self, key: str, content: _Content) -> Stat:
        if self._is_there(key):  # the store would say so only after everything was sent
            raise ExistsError(f"{self.where(key)} exists already; it was left as it is")
        for number in range(self._policy.attempts):
            self._policy.pause(number)
            try:
                return self._upload(key, content)
            except _StartAgainError as error:
                last = error
        raise self._failed("written", key, last.failure) from None

    def _upload(self, key: str, content: _Content) -> Stat:
        more: dict[str, Any] = {"ChecksumAlgorithm": "SHA256"} if self._sends_sha256 else {}
        started = self._ask(
            "written",
            key,
            lambda: self.client.create_multipart_upload(
                Bucket=self.bucket,
                Key=self.name(key),
                ContentType="application/octet-stream",
                Metadata={_SHA256: content.sha256},
                **self._lock(),
                **more,
            ),
        )
        upload = started["UploadId"]
        try:
            parts = list(self._parts(key, upload, content))
            return self._create(key, content, lambda: self._complete(key, upload, parts, content.size_bytes))
        except BaseException:
            with interrupts.held_off(), contextlib.suppress(StorageError):
                self._abort(key, upload)
            raise

    def _parts(self, key: str, upload: str, content: _Content) -> Iterator[dict[str, Any]]:
        """Send them one after the other; what the completion wants to know of each."""
        assert content.path is not None
        part_bytes = max(self._limits.part_bytes, -(-content.size_bytes // _MOST_PARTS))
        digest = hashlib.sha256()
        try:
            with content.path.open("rb") as stream:
                for number, data in enumerate(iter(lambda: stream.read(part_bytes), b""), 1):
                    digest.update(data)
                    yield self._part(key, upload, number, data)
        except OSError as error:
            raise self._unreadable(content.path, key, error) from None
        if digest.hexdigest() != content.sha256:
            raise StorageError(f"{self.where(key)} could not be written: {content.path} changed while it was read")

    def _part(self, key: str, upload: str, number: int, data: bytes) -> dict[str, Any]:
        checks = self._checks(data)
        answer = self._ask(
            "written",
            key,
            lambda: self.client.upload_part(
                Bucket=self.bucket, Key=self.name(key), UploadId=upload, PartNumber=number, Body=data, **checks
            ),
        )
        part = {"PartNumber": number, "ETag": answer["ETag"]}
        return part | ({"ChecksumSHA256": checks["ChecksumSHA256"]} if self._sends_sha256 else {})

    def _complete(self, key: str, upload: str, parts: Sequence[dict[str, Any]], size_bytes: int) -> Stat:
        try:
            answer = self.client.complete_multipart_upload(
                Bucket=self.bucket,
                Key=self.name(key),
                UploadId=upload,
                IfNoneMatch="*",
                MultipartUpload={"Parts": parts},  # type: ignore[typeddict-item] # made by `_part`
            )
        except FAILURES as error:
            if s3_errors.is_conflict(error):  # S3 API: such an upload is to be made again from its beginning
                raise _StartAgainError(error) from None
            raise
        return Stat(size_bytes, _version(answer.get("VersionId")))

    def _abort(self, key: str, upload: str) -> None:
        with contextlib.suppress(NotFoundError):
            self._ask(
                "written",
                key,
                lambda: self.client.abort_multipart_upload(Bucket=self.bucket, Key=self.name(key), UploadId=upload),
            )

    # reading

    def get(self, key: str, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """As `ObjectStore.get`. A reading that breaks goes on where it was, of the very same object."""
        check_key(key)
        if length is not None and length <= 0:
            self.stat(key)
            return
        yield from self._pieces(key, offset, length, None, check=True)

    def _pieces(
        self, key: str, offset: int, length: int | None, version: str | None, *, check: bool
    ) -> Iterator[bytes]:
        position = offset
        reading: _Reading | None = None
        digest = hashlib.sha256()
        failures = 0
        while reading is None or position < reading.end:
            try:
                with self._answer(key, position, length, version, reading) as (reading, body):
                    while data := body.read(min(_PIECE_BYTES, reading.end - position)):
                        position += len(data)
                        digest.update(data)
                        yield data
                    if position < reading.end:
                        raise IncompleteReadError(actual_bytes=position, expected_bytes=reading.end)
            except FAILURES as error:
                if s3_errors.status_of(error) == 416 and reading is None:
                    return  # it ends before the range begins
                if reading is not None and s3_errors.is_missing(error):
                    raise StorageError(f"{self.where(key)} was deleted while it was being read") from None
                failures += 1
                if not s3_errors.is_passing(error) or failures == self._policy.attempts:
                    raise self._failed("read", key, error) from None
                self._policy.pause(failures)
        if check and reading.sha256 is not None and digest.hexdigest() != reading.sha256:
            raise StorageError(f"{self.where(key)} is damaged: its bytes are not those that were stored")

    @contextlib.contextmanager
    def _answer(
        self, key: str, position: int, length: int | None, version: str | None, reading: _Reading | None
    ) -> Iterator[tuple[_Reading, Any]]:
        """One request for the bytes from `position` on. Raises `FAILURES`, `StorageError`."""
        more: dict[str, Any] = {}
        if reading is not None:
            # Without quotes, since Ceph takes it only so and AWS both ways.
            more["IfMatch"] = reading.etag.strip('"')
            more["Range"] = f"bytes={position}-{reading.end - 1}"
            version = version or reading.version
        elif position or length is not None:
            more["Range"] = f"bytes={position}-{'' if length is None else position + length - 1}"
        if version is not None:
            more["VersionId"] = version
        answer = self.client.get_object(Bucket=self.bucket, Key=self.name(key), **more)
        with contextlib.closing(answer["Body"]) as body:
            self._bucket_is_there = True
            now = self._reading(key, answer, position if "Range" in more else None)
            if reading is not None and (now.etag, now.end) != (reading.etag, reading.end):
                raise StorageError(f"{self.where(key)} changed while it was being read")
            yield reading or now, body

    def _reading(self, key: str, answer: GetObjectOutputTypeDef, position: int | None) -> _Reading:
        start, end, total = 0, answer["ContentLength"], answer["ContentLength"]
        if position is not None:
            found = _CONTENT_RANGE.fullmatch(answer.get("ContentRange", ""))
            if found is None or int(found[1]) != position:
                raise StorageError(f"{self.where(key)} could not be read: the store does not give ranges of objects")
            start, end, total = int(found[1]), int(found[2]) + 1, int(found[3])
        is_whole = (start, end) == (0, total)
        sha256 = answer["Metadata"].get(_SHA256) if is_whole else None
        return _Reading(answer["ETag"], _version(answer.get("VersionId")), end, sha256)

    def stat(self, key: str) -> Stat:
        """As `ObjectStore.stat`."""
        check_key(key)
        try:
            answer = self._ask("read", key, lambda: self.client.head_object(Bucket=self.bucket, Key=self.name(key)))
        except NotFoundError:
            self._check_bucket(key)
            raise
        self._bucket_is_there = True
        until, is_held = _lock_of(answer)
        return Stat(answer["ContentLength"], _version(answer.get("VersionId")), until, is_held)

    def _check_bucket(self, key: str) -> None:
        """An answer to HEAD says "not found" of objects and buckets alike. Raises `StorageError` for a bucket."""
        if self._bucket_is_there:
            return
        try:
            self._ask("read", key, lambda: self.client.list_objects_v2(Bucket=self.bucket, MaxKeys=1))
        except NotFoundError:
            pass
        self._bucket_is_there = True

    def _is_there(self, key: str) -> bool:
        try:
            self.stat(key)
        except NotFoundError:
            return False
        return True

    def list(self, prefix: str, after: str = "") -> Iterator[str]:
        """As `ObjectStore.list`, a page of 1000 at a time.

        Raises `StorageError` when the store lists out of order: SeaweedFS sorts by folder, so that `a/b` comes before
        `a-b` there. Our layout has no keys of which that is true.
        """
        check_key(f"{prefix}x")
        more: dict[str, Any] = {"StartAfter": self.name(after)} if after else {}
        last = after
        while True:
            page = self._ask(
                "listed",
                prefix,
                lambda: self.client.list_objects_v2(Bucket=self.bucket, Prefix=self.name(prefix), **more),  # noqa: B023
            )
            self._bucket_is_there = True
            for item in page.get("Contents", []):
                key = item["Key"].removeprefix(self._below)
                if not is_key(key):
                    continue
                if key <= last:
                    raise StorageError(f"{self.where(prefix)} could not be listed: the store does not sort its keys")
                last = key
                yield key
            if not page.get("IsTruncated"):
                return
            more = {"ContinuationToken": page["NextContinuationToken"]}

    # changing and deleting

    def replace(self, key: str, data: bytes) -> None:
        """As `ObjectStore.replace`. On a versioned bucket the one before stays as an older version."""
        check_key(key)
        sha256 = hashlib.sha256(data).hexdigest()
        self._ask("written", key, lambda: self._put(key, data, sha256, new=False))

    def delete(self, key: str) -> None:
        """As `ObjectStore.delete`: every version of it, for a mere delete marker would leave the content there.

        Of a version that is kept the others are deleted all the same.
        """
        check_key(key)
        self._delete_versions(key, lambda name: name == self.name(key))

    def _delete_versions(self, prefix: str, is_meant: Callable[[str], bool]) -> None:
        kept: list[RetainedError] = []
        for name, version in list(self._versions(prefix)):
            if is_meant(name):
                try:
                    self._delete_version(name.removeprefix(self._below), version)
                except RetainedError as error:
                    kept.append(error)
        if kept:
            raise max(kept, key=_how_long)

    def _versions(self, prefix: str) -> Iterator[tuple[str, str]]:
        """Names in the bucket and versions, delete markers included."""
        more: dict[str, Any] = {}
        while True:
            page = self._ask(
                "deleted",
                prefix,
                lambda: self.client.list_object_versions(Bucket=self.bucket, Prefix=self.name(prefix), **more),  # noqa: B023
            )
            for item in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                yield item["Key"], item["VersionId"]
            if not page.get("IsTruncated"):
                return
            more = {"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page["NextVersionIdMarker"]}

    def _delete_version(self, key: str, version: str) -> None:
        try:
            self._ask(
                "deleted",
                key,
                lambda: self.client.delete_object(Bucket=self.bucket, Key=self.name(key), VersionId=version),
            )
        except NotFoundError:
            return
        except StorageError:
            kept = self._kept(key, version)
            if kept is None:
                raise
            raise kept from None

    def _kept(self, key: str, version: str) -> RetainedError | None:
        """What Object Lock says of a version that could not be deleted; None when it says nothing."""
        try:
            found = self.client.head_object(Bucket=self.bucket, Key=self.name(key), VersionId=version)
        except FAILURES:
            return None
        until, is_held = _lock_of(found)
        failed = f"{self.where(key)} could not be deleted"
        if is_held:
            return RetainedError(f"{failed}: a legal hold keeps it until the hold is lifted", until, legal_hold=True)
        if until is None or until <= clock.now():
            return None
        mode = found.get("ObjectLockMode", "").lower()
        return RetainedError(f"{failed}: Object Lock ({mode} mode) keeps it until {clock.rfc3339(until)}", until)

    @contextlib.contextmanager
    def group(self, snapshot: str, is_whole: Callable[[], bool]) -> Iterator[None]:
        """As `ObjectStore.group`. What retention keeps stays, an orphan. A killed writer leaves orphans, too."""
        try:
            yield
        except BaseException as error:
            with interrupts.held_off():
                try:
                    self._remove_unless(is_whole, snapshot)
                except StorageError as doubt:
                    error.add_note(str(doubt))
            raise
        with interrupts.held_off():
            self._remove_unless(is_whole, snapshot)

    def _remove_unless(self, is_whole: Callable[[], bool], snapshot: str) -> None:
        if layout.is_id(snapshot) and not is_whole():
            self._delete_versions(layout.prefix(snapshot), lambda _: True)

    def sweep(self, is_whole: Callable[[str], bool]) -> None:
        """Takes nothing away: nothing here tells a dead writer from a slow one."""

    # asking

    def _ask(self, verb: str, key: str, action: Callable[[], T]) -> T:
        """Make a request that may be repeated. Raises `NotFoundError`, `StorageError`."""
        for number in range(self._policy.attempts):
            self._policy.pause(number)
            try:
                return action()
            except FAILURES as error:
                last: Failure = error
                if not s3_errors.is_passing(error):
                    break
        raise self._failed(verb, key, last) from None

    def tried(self, action: Callable[[], T]) -> T | None:
        """The answer to a request, None when the store refuses it: for whoever wants to know what a store does.

        Raises `StorageError` when it cannot be reached, does not know the credentials, or is not well.
        """
        for number in range(self._policy.attempts):
            self._policy.pause(number)
            try:
                return action()
            except FAILURES as error:
                last: Failure = error
                if s3_errors.is_answer(error):
                    return None
                if not s3_errors.is_passing(error):
                    break
        raise self._failed("written", layout.PROBES, last) from None

    def _failed(self, verb: str, key: str, error: Failure) -> StorageError | NotFoundError:
        if s3_errors.is_missing(error) and verb != "written":
            return NotFoundError(f"the archive {self.location} has no {key}")
        if s3_errors.is_refused(error) and verb == "read":
            return StorageError(f"{self.where(key)} changed while it was being read")
        cause = s3_errors.cause(error, self.client.meta.endpoint_url)
        if self._retention is not None and s3_errors.code_of(error) == "InvalidRequest":
            cause = "the store refuses the retention; is Object Lock on for this bucket?"
        return StorageError(f"{self.where(key)} could not be {verb}: {cause}")

    def _unreadable(self, source: Path, key: str, error: OSError) -> StorageError:
        return StorageError(
            f"{self.where(key)} could not be written: {source} could not be read: {error.strerror or error}"
        )


class _StartAgainError(Exception):
    """An upload in parts that has to be made again from its beginning."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure))
        self.failure = failure


def _version(text: str | None) -> str | None:
    """A version id; None where the bucket has no versions ("null" is what S3 calls those of before)."""
    return None if text in (None, "", "null") else text


def _lock_of(answer: Mapping[str, Any]) -> tuple[datetime | None, bool]:
    """What an answer to HEAD says of Object Lock: the date, and whether there is a legal hold.

    The stubs think that every field is always there.
    """
    return answer.get("ObjectLockRetainUntilDate"), answer.get("ObjectLockLegalHoldStatus") == "ON"


def _how_long(error: RetainedError) -> tuple[bool, datetime]:
    return error.legal_hold, error.until or datetime.min.replace(tzinfo=UTC)

"""Which store a location names, and what is refused."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from archiver.errors import StorageError
from archiver.storage.base import Retention
from archiver.storage.local import LocalStore
from archiver.storage.location import open_store
from archiver.storage.s3 import S3Store
from archiver.storage.split import SplitStore


@pytest.mark.parametrize(
    ("location", "root"),
    [
        ("./archive", "archive"),
        ("/a/b", "/a/b"),
        ("file:///a/b%20c", "/a/b c"),
        ("file://localhost/a", "/a"),
        ("with:colon", "with:colon"),
    ],
)
def test_a_directory_or_a_file_url_is_a_local_archive(location: str, root: str) -> None:
    store = open_store(location)
    assert isinstance(store, LocalStore)
    assert store.root == Path(root)


@pytest.mark.parametrize(
    ("location", "where"),
    [
        ("s3://bucket", "s3://bucket/archive.json"),
        ("s3://bucket/", "s3://bucket/archive.json"),
        ("s3://bucket/a/B_c", "s3://bucket/a/B_c/archive.json"),
        ("s3://bucket/a/", "s3://bucket/a/archive.json"),
    ],
)
def test_an_s3_location_is_a_bucket_and_a_prefix(location: str, where: str) -> None:
    store = open_store(location)
    assert isinstance(store, S3Store)
    assert store.where("archive.json") == where
    assert store.location == where.removesuffix("/archive.json")


@pytest.mark.parametrize(
    "location",
    [
        "https://a.test/",
        "file://other/a",
        "gs://bucket/a",
        "s3://",
        "s3:///a",
        "s3://b/a",
        "s3://bucket/a//b",
        "s3://bucket/../b",
        "s3://bucket/a?b",
        "s3://buck et/a",
        "s3://bucket:9000/a",
    ],
)
def test_other_locations_are_refused_by_name_in_one_line(location: str) -> None:
    with pytest.raises(StorageError) as caught:
        open_store(location)
    assert str(caught.value).startswith(f"{location}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("location", ["s3://KEY:SECRET@bucket/a", "https://KEY:SECRET@a.test/b", "gs://KEY:SECRET@b/"])
def test_credentials_in_a_location_are_refused_and_not_shown(location: str) -> None:
    with pytest.raises(StorageError) as caught:
        open_store(location)
    assert "KEY" not in str(caught.value).replace("AWS_ACCESS_KEY_ID", "").replace("AWS_SECRET_ACCESS_KEY", "")
    assert "SECRET@" not in str(caught.value)


def test_evidence_may_be_elsewhere(tmp_path: Path) -> None:
    store = open_store(str(tmp_path), "s3://bucket/evidence", Retention(days=1))
    assert isinstance(store, SplitStore)
    assert store.location == str(tmp_path)
    assert store.where("snapshots/a") == "s3://bucket/evidence/snapshots/a"
    assert store.where("log/a") == str(tmp_path / "log/a")


@pytest.mark.parametrize("evidence", [None, "elsewhere"])
def test_a_directory_cannot_keep_objects_for_a_time(tmp_path: Path, evidence: str | None) -> None:
    with pytest.raises(StorageError, match="only S3 keeps objects for a time"):
        open_store(str(tmp_path), evidence, Retention(days=1))


@pytest.mark.parametrize(
    ("name", "value"),
    [("AWS_ENDPOINT_URL_S3", "http://KEY:SECRET@[bad"), ("AWS_ENDPOINT_URL_S3", "SECRET"), ("AWS_PROFILE", "missing")],
)
def test_settings_that_boto3_cannot_use_are_one_line_without_their_values(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(StorageError, match=f"s3://bucket/a: boto3 cannot use its settings .*{name}") as caught:
        open_store("s3://bucket/a")
    assert "SECRET" not in str(caught.value)


_USE = """
import sys
from archiver.cli.main import cli
from archiver.storage.location import open_store
store = open_store(sys.argv[1])
store.put_new("key", b"data")
assert list(store.get("key")) == [b"data"]
print(sorted(name for name in sys.modules if name.split(".")[0] in ("boto3", "botocore", "urllib3")))
"""


def test_a_local_archive_does_not_pay_for_boto3(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run(
        [sys.executable, "-c", _USE, str(tmp_path / "archive")],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"

"""Objects in a directory appear whole or not at all, and are never overwritten."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from archiver.errors import ArchiverError, NotFoundError, StorageError
from archiver.storage.local import LocalStore, open_location


def files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir())


def test_an_object_comes_back_as_it_was_put(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "deep" / "archive")
    store.put_new("a/b/c.bin", b"\x00\xff")
    assert store.get("a/b/c.bin") == b"\x00\xff"
    assert store.exists("a/b/c.bin")
    assert not store.exists("a/b")
    assert files(store.root) == ["a/b/c.bin"]


def test_a_file_is_copied_and_stays(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"x" * (3 << 20))
    store = LocalStore(tmp_path / "archive")
    store.put_new("copy", source)
    source.write_bytes(b"changed")
    assert store.get("copy") == b"x" * (3 << 20)


def test_an_existing_object_is_never_overwritten(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.put_new("key", b"first")
    with pytest.raises(StorageError, match="exists already; it was left as it is"):
        store.put_new("key", b"second")
    assert store.get("key") == b"first"
    assert files(tmp_path) == ["key"]


def test_an_object_that_cannot_be_read_whole_leaves_nothing(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "archive")
    with pytest.raises(StorageError):
        store.put_new("a/key", tmp_path / "missing")
    with pytest.raises(StorageError):
        store.put_new("a/key", tmp_path)
    assert files(store.root) == []


def test_a_full_disk_leaves_nothing_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="key could not be written: No space left on device"):
        LocalStore(tmp_path).put_new("key", b"data")
    assert files(tmp_path) == []


def test_of_many_at_once_exactly_one_succeeds(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    begin = threading.Barrier(8)
    won: list[int] = []
    lost: list[ArchiverError] = []

    def put(number: int) -> None:
        begin.wait()
        try:
            store.put_new("key", bytes([number]) * 1000)
            won.append(number)
        except StorageError as error:
            lost.append(error)

    threads = [threading.Thread(target=put, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert len(lost) == 7
    assert store.get("key") == bytes(won) * 1000
    assert files(tmp_path) == ["key"]


@pytest.mark.parametrize("key", ["a/key", "a/b/c/key"])
def test_a_file_where_a_directory_should_be_is_a_storage_error(key: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"in the way")
    store = LocalStore(tmp_path)
    with pytest.raises(StorageError) as caught:
        store.put_new(key, b"data")
    assert "exists already" not in str(caught.value), f"{key} does not exist"
    assert files(tmp_path) == ["a"]
    assert not store.exists(key)


def test_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="has no key"):
        LocalStore(tmp_path).get("key")


def test_what_cannot_be_read_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(StorageError, match="could not be read"):
        LocalStore(tmp_path).get("folder")


def test_snapshots_are_listed_oldest_first_and_files_are_none(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    assert store.snapshots() == []
    for name in ("20260102", "20260101", "20260103"):
        store.put_new(f"snapshots/{name}/x", b"")
    (tmp_path / "snapshots" / "20260100").write_bytes(b"")
    assert store.snapshots() == ["20260101", "20260102", "20260103"]


def test_an_archive_that_is_a_file_cannot_be_listed(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match="could not be read"):
        LocalStore(tmp_path / "file").snapshots()


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
def test_a_location_is_a_directory_or_a_file_url(location: str, root: str) -> None:
    assert open_location(location).root == Path(root)


@pytest.mark.parametrize("location", ["s3://bucket/prefix", "https://a.test/", "file://other/a"])
def test_other_locations_are_refused_by_name(location: str) -> None:
    with pytest.raises(StorageError) as caught:
        open_location(location)
    assert str(caught.value).startswith(location)

"""Objects in a directory appear whole or not at all, and are never overwritten."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from archiver.errors import ArchiverError, NotFoundError, StorageError
from archiver.storage import layout, local
from archiver.storage.base import Stat, read
from archiver.storage.local import LocalStore


def content(store: LocalStore, key: str) -> bytes:
    return read(store, key, 1 << 30)


def has_statement(root: Path) -> Callable[[str], bool]:
    """Whether a snapshot is whole, for these tests: its last object is there."""
    return lambda snapshot: (root / statement(snapshot)).exists()


def statement(snapshot: str) -> str:
    return f"{layout.prefix(snapshot)}statement.json"


def files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir())


def test_an_object_comes_back_as_it_was_put(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "deep" / "archive")
    store.put_new("a/b/c.bin", b"\x00\xff")
    assert content(store, "a/b/c.bin") == b"\x00\xff"
    assert store.stat("a/b/c.bin") == Stat(2)
    assert files(store.root) == ["a/b/c.bin"]


def test_a_file_is_copied_and_stays(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"x" * (3 << 20))
    store = LocalStore(tmp_path / "archive")
    store.put_new("copy", source)
    source.write_bytes(b"changed")
    assert content(store, "copy") == b"x" * (3 << 20)


def test_an_existing_object_is_never_overwritten(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.put_new("key", b"first")
    with pytest.raises(StorageError, match="exists already; it was left as it is"):
        store.put_new("key", b"second")
    assert content(store, "key") == b"first"
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
    assert content(store, "key") == bytes(won) * 1000
    assert files(tmp_path) == ["key"]


@pytest.mark.parametrize("key", ["a/key", "a/b/c/key"])
def test_a_file_where_a_directory_should_be_is_a_storage_error(key: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"in the way")
    store = LocalStore(tmp_path)
    with pytest.raises(StorageError) as caught:
        store.put_new(key, b"data")
    assert "exists already" not in str(caught.value), f"{key} does not exist"
    assert files(tmp_path) == ["a"]
    with pytest.raises(NotFoundError):
        store.stat(key)


def test_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="has no key"):
        content(LocalStore(tmp_path), "key")


def test_what_cannot_be_read_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(StorageError, match="could not be read"):
        content(LocalStore(tmp_path), "folder")


def test_an_archive_that_is_a_file_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    store = LocalStore(tmp_path / "file")
    for act in (lambda: list(store.list("")), lambda: content(store, "a/b"), lambda: store.put_new("a", b"")):
        with pytest.raises(StorageError, match="file is no folder; give another --archive"):
            act()


def test_a_new_archive_is_for_its_owner_alone(tmp_path: Path) -> None:
    LocalStore(tmp_path / "archive").put_new("key", b"")
    assert (tmp_path / "archive").stat().st_mode & 0o777 == 0o700


def test_a_link_made_although_the_answer_says_otherwise_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = os.link

    def link_twice(*names: Any, **folders: Any) -> None:
        link(*names, **folders)
        link(*names, **folders)

    monkeypatch.setattr(os, "link", link_twice)
    LocalStore(tmp_path).put_new("key", b"data")
    assert content(LocalStore(tmp_path), "key") == b"data"


def test_a_file_system_without_hard_links_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: str, **__: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(StorageError, match="Operation not permitted; the file system must know hard links"):
        LocalStore(tmp_path).put_new("key", b"data")


def test_an_object_cut_while_it_is_read_is_a_storage_error(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.put_new("key", bytes(3 << 20))
    pieces = store.get("key")
    next(pieces)
    os.truncate(tmp_path / "key", 1 << 20)
    with pytest.raises(StorageError, match="key ended 2097152 bytes early"):
        next(pieces)


def test_an_object_that_is_replaced_while_it_is_read_is_read_as_it_was(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.replace("key", b"a" * (3 << 20))
    pieces = store.get("key")
    first = next(pieces)
    store.replace("key", b"b" * (3 << 20))
    assert set(first + b"".join(pieces)) == set(b"a")
    assert files(tmp_path) == ["key"]


# archives that come from elsewhere

_ODD: dict[str, Callable[[Path, Path], None]] = {
    "link": lambda path, outside: path.symlink_to(outside / "precious"),
    "link within": lambda path, _: path.symlink_to("other"),
    "dangling": lambda path, _: path.symlink_to("nowhere"),
    "fifo": lambda path, _: os.mkfifo(path),
    "socket": lambda path, _: _bind(path),
}


def _bind(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(path))


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "precious").write_bytes(b"precious")
    return folder


@pytest.mark.timeout(10)
@pytest.mark.parametrize("kind", _ODD)
def test_what_is_no_plain_file_is_one_clear_error(tmp_path: Path, outside: Path, kind: str) -> None:
    root = tmp_path / "archive"
    store = LocalStore(root)
    store.put_new("log/other", b"")
    _ODD[kind](root / "log" / "key", outside)
    for act in (
        lambda: content(store, "log/key"),
        lambda: store.stat("log/key"),
        lambda: store.put_new("log/key", b"mine"),
        lambda: list(store.list("log/")),
    ):
        with pytest.raises(StorageError, match=r"archive/log/key ") as caught:
            act()
        assert type(caught.value) is StorageError
        assert "\n" not in str(caught.value)
    assert (outside / "precious").read_bytes() == b"precious"
    assert list(store.list("log/o")) == ["log/other"], "what was not asked for does not matter"


@pytest.mark.parametrize("inner", [False, True])
def test_folders_that_are_links_are_not_entered(tmp_path: Path, outside: Path, inner: bool) -> None:
    root = tmp_path / "archive"
    store = LocalStore(root)
    store.put_new("log/other", b"")
    link = root / "log" / "link" if inner else root / "link"
    link.symlink_to(outside)
    key = f"{link.relative_to(root)}/precious"
    for act in (
        lambda: content(store, key),
        lambda: store.stat(key),
        lambda: store.put_new(f"{key}2", b"mine"),
        lambda: store.replace(key, b"mine"),
        lambda: store.delete(key),
        lambda: list(store.list(f"{link.relative_to(root)}/")),
    ):
        with pytest.raises(StorageError, match="link is a symbolic link, which is not followed") as caught:
            act()
        assert type(caught.value) is StorageError
    assert files(outside) == ["precious"]
    assert (outside / "precious").read_bytes() == b"precious"


def test_nothing_is_written_through_a_link_in_place_of_unfinished(tmp_path: Path, outside: Path) -> None:
    root = tmp_path / "archive"
    root.mkdir()
    (root / ".unfinished").symlink_to(outside)
    store = LocalStore(root)
    with pytest.raises(StorageError, match="unfinished is a symbolic link, which is not followed"):
        store.put_new("key", b"data")
    store.sweep(lambda _: False)
    assert files(outside) == ["precious"]


def test_a_folder_in_place_of_an_object_is_a_storage_error(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.put_new("a/key", b"data")
    for act in (
        lambda: content(store, "a"),
        lambda: store.stat("a"),
        lambda: store.put_new("a", b""),
        lambda: store.replace("a", b""),
        lambda: store.delete("a"),
    ):
        with pytest.raises(StorageError) as caught:
            act()
        assert type(caught.value) is StorageError
        assert str(tmp_path / "a") in str(caught.value)
    assert files(tmp_path) == ["a/key"]


def test_files_under_names_that_are_no_keys_are_not_listed(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.put_new("a/key", b"data")
    for name in ("README", ".DS_Store", "a/Thumbs.db", "a/.nfs0001", "a/\udcff", "a/b c"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "a" / ".hidden").mkdir()
    assert list(store.list("")) == ["a/key"]


def test_a_big_flat_folder_is_listed_in_order_and_read_from_its_end_quickly(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.put_new(layout.slot(0), b"")
    for index in range(1, 20_000):
        os.link(tmp_path / layout.slot(0), tmp_path / layout.slot(index))
    assert list(store.list(layout.SLOTS)) == [layout.slot(index) for index in range(20_000)]
    assert list(store.list(layout.SLOTS, after=layout.slot(19_997))) == [layout.slot(19_998), layout.slot(19_999)]


# killed writers

_ID = "20260102t030405z-aaaaaaaaaaaaaaaa"
_OTHER_ID = "20260102t030406z-bbbbbbbbbbbbbbbb"
_WARC, _STATEMENT = layout.warc(_ID), statement(_ID)

_WRITER = (
    f"STATEMENT = {_STATEMENT!r}"
    + """
import sys
from pathlib import Path
from archiver.storage import local

def stand(*_):
    print("there", flush=True)
    sys.stdin.read()

store = local.LocalStore(Path(sys.argv[1]))
whole = lambda *_: (store.root / STATEMENT).exists()
"""
)
_IN_AN_OBJECT = "local._copy = stand\nstore.put_new('a/key', b'data')\n"
_IN_A_GROUP = f"""
with store.group({_ID!r}, whole):
    store.put_new({_WARC!r}, b'warc')
    stand()
"""
_IN_THE_STATEMENT = f"""
with store.group({_ID!r}, whole):
    store.put_new({_WARC!r}, b'warc')
    local._copy = stand
    store.put_new({_STATEMENT!r}, b'statement')
"""
_AFTER_THE_STATEMENT = f"""
with store.group({_ID!r}, whole):
    store.put_new({_WARC!r}, b'warc')
    store.put_new({_STATEMENT!r}, b'statement')
    stand()
"""


@contextlib.contextmanager
def writer(root: Path, work: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that stands still in the middle of writing."""
    command = [sys.executable, "-c", _WRITER + work, str(root)]
    environment = os.environ | {"PYTHONPATH": str(Path(local.__file__).parents[2])}
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
        try:
            yield process
        finally:
            process.kill()


def killed(root: Path, work: str) -> None:
    with writer(root, work) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()


@pytest.mark.parametrize("work", [_IN_AN_OBJECT, _IN_A_GROUP, _IN_THE_STATEMENT])
def test_what_a_killed_writer_left_the_next_one_clears_away(tmp_path: Path, work: str) -> None:
    killed(tmp_path, work)
    assert files(tmp_path), "the writer was killed too early"
    store = LocalStore(tmp_path)
    store.put_new("earlier", b"whole")
    store.sweep(has_statement(store.root))
    assert files(tmp_path) == ["earlier"]


def test_a_snapshot_whose_statement_was_written_is_kept_though_its_writer_was_killed(tmp_path: Path) -> None:
    killed(tmp_path, _AFTER_THE_STATEMENT)
    LocalStore(tmp_path).sweep(has_statement(tmp_path))
    assert files(tmp_path) == sorted([_WARC, _STATEMENT])


@pytest.mark.parametrize("work", [_IN_AN_OBJECT, _IN_THE_STATEMENT])
def test_a_living_writers_files_are_left_alone(tmp_path: Path, work: str) -> None:
    with writer(tmp_path, work) as process:
        before = files(tmp_path)
        LocalStore(tmp_path).sweep(has_statement(tmp_path))
        assert files(tmp_path) == before
        process.communicate("")
        assert process.returncode == 0, "it ended as if nothing had been"
    assert not [name for name in files(tmp_path) if name.startswith(".unfinished")]


@pytest.mark.parametrize("name", ["..", "../..", ".", "", _OTHER_ID, f"{_ID}.", "archive.json"])
def test_the_name_of_an_unfinished_file_leads_to_nothing_but_a_half_written_snapshot(tmp_path: Path, name: str) -> None:
    store = LocalStore(tmp_path / "outer" / "archive")
    store.put_new("archive.json", b"{}")
    store.put_new(statement(_OTHER_ID), b"statement")
    (tmp_path / "outer" / "other").write_bytes(b"other")
    before = files(tmp_path)
    unfinished = store.root / ".unfinished" / f"group-{name.replace('/', '%2F')}"
    # What older versions wrote into such a file, and anything else, is not read.
    unfinished.write_bytes(f"{name}\nno-such-key\n".encode())
    store.sweep(has_statement(store.root))
    assert files(tmp_path) == before


@pytest.mark.parametrize("link", ["snapshots", f"snapshots/{_ID}"])
def test_links_out_of_the_archive_are_not_followed(tmp_path: Path, link: str) -> None:
    outside = tmp_path / "outside"
    (outside / _ID).mkdir(parents=True)
    (outside / _ID / "precious").write_bytes(b"precious")
    (outside / "precious").write_bytes(b"precious")
    root = tmp_path / "archive"
    (root / ".unfinished").mkdir(parents=True)
    (root / link).parent.mkdir(exist_ok=True)
    (root / link).symlink_to(outside)
    (root / ".unfinished" / f"group-{_ID}").write_bytes(b"")
    (root / ".unfinished" / "object-1").symlink_to(outside / "precious")
    os.mkfifo(root / ".unfinished" / "object-2")
    LocalStore(root).sweep(lambda _: False)
    assert files(outside) == [f"{_ID}/precious", "precious"]


_SWEEPER = "for _ in range(400): store.sweep(whole)\n"
_MAKER = """
import secrets
for number in range(150):
    store.put_new(f"{sys.argv[2]}/{number}", bytes(1000))
"""


def test_sweepers_and_writers_at_once_disturb_nobody(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    environment = os.environ | {"PYTHONPATH": str(Path(local.__file__).parents[2])}
    works = [(_SWEEPER, "s1"), (_SWEEPER, "s2"), (_MAKER, "m1"), (_MAKER, "m2")]
    started = [
        subprocess.Popen([sys.executable, "-c", _WRITER + work, tmp_path, name], env=environment)
        for work, name in works
    ]
    assert [process.wait() for process in started] == [0, 0, 0, 0]
    store.sweep(has_statement(store.root))
    assert len(files(tmp_path)) == 300
    assert {len((tmp_path / name).read_bytes()) for name in files(tmp_path)} == {1000}


def test_two_sweepers_remove_the_same_left_overs_without_an_error(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    (tmp_path / ".unfinished").mkdir()
    for number in range(300):
        (tmp_path / ".unfinished" / f"object-{number}").write_bytes(b"half")
    with ThreadPoolExecutor(4) as sweepers:
        for done in [sweepers.submit(store.sweep, lambda _: False) for _ in range(4)]:
            done.result()
    assert files(tmp_path) == []


def test_what_cannot_be_looked_at_is_a_storage_error(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / ("x" * 300))
    with pytest.raises(StorageError, match="could not be read: File name too long"):
        store.stat("archive.json")
    with pytest.raises(StorageError, match="could not be read: File name too long"):
        store.has_foreign_files()
    store.sweep(has_statement(store.root))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 pages; tests that want it are skipped where none may be mounted."""
    path = tmp_path / "disk"
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(path)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small file system is not allowed here (it takes root and CAP_SYS_ADMIN)")
    yield path
    subprocess.run(["umount", path], check=True)


@pytest.mark.parametrize("free_pages", range(6))
def test_a_snapshot_is_whole_or_absent_however_little_room_there_is(small_disk: Path, free_pages: int) -> None:
    """The WARC takes three pages, index and statement one each."""
    store = LocalStore(small_disk)
    store.put_new(statement(_OTHER_ID), b"earlier")
    with (small_disk / "filler").open("wb") as stream:
        stream.write(bytes((15 - free_pages) * os.sysconf("SC_PAGE_SIZE")))
    before = files(small_disk)

    def write() -> None:
        with store.group(_ID, lambda: has_statement(store.root)(_ID)):
            store.put_new(_WARC, bytes(12_000))
            store.put_new(layout.cdxj(_ID), bytes(1000))
            store.put_new(_STATEMENT, bytes(1000))

    if free_pages == 5:
        write()
        assert files(small_disk) == sorted([*before, _WARC, layout.cdxj(_ID), _STATEMENT])
        return
    with pytest.raises(StorageError, match="could not be written: No space left on device"):
        write()
    assert files(small_disk) == before
    assert content(store, statement(_OTHER_ID)) == b"earlier"


def test_a_file_that_a_sweeper_is_about_to_remove_is_waited_for(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    (tmp_path / ".unfinished").mkdir()
    (tmp_path / ".unfinished" / f"group-{_ID}").touch()
    sweeper = threading.Timer(0.1, store.sweep, [has_statement(tmp_path)])
    sweeper.start()
    with store.group(_ID, lambda: has_statement(store.root)(_ID)):
        store.put_new(_STATEMENT, b"statement")
    sweeper.join()
    assert files(tmp_path) == [_STATEMENT]


def test_a_sweeper_that_comes_before_the_lock_costs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = LocalStore(tmp_path)
    open_file = os.open
    swept: list[int] = []

    def swept_open(path: str | Path, flags: int, *mode: int, dir_fd: int | None = None) -> int:
        handle = open_file(path, flags, *mode, dir_fd=dir_fd)
        if flags & os.O_EXCL and not swept:
            swept.append(handle)
            store.sweep(has_statement(store.root))
            assert files(tmp_path) == []
        return handle

    monkeypatch.setattr(os, "open", swept_open)
    store.put_new("key", b"data")
    assert swept
    assert files(tmp_path) == ["key"]

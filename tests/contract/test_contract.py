"""What `archiver.storage.base` promises, asked of every store."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.errors import ExistsError, NotFoundError, StorageError
from archiver.storage import layout, log
from archiver.storage.base import ObjectStore, read
from archiver.storage.s3 import S3Store
from archiver.storage.split import SplitStore
from tests.contract.conftest import PLAIN, VERSIONED

_ID = "20260102t030405z-aaaaaaaaaaaaaaaa"
_OTHER_ID = "20260102t030406z-bbbbbbbbbbbbbbbb"
_ROOT = Path(__file__).parents[2]
_WRITERS = 32
_counter = itertools.count()


def content(store: ObjectStore, key: str, offset: int = 0, length: int | None = None) -> bytes:
    return b"".join(store.get(key, offset, length))


def is_there(store: ObjectStore, key: str) -> bool:
    try:
        store.stat(key)
    except NotFoundError:
        return False
    return True


# creating and reading


@pytest.mark.parametrize("key", ["archive.json", "log/slot/000000000000", layout.warc(_ID)])
@pytest.mark.parametrize("data", [b"", b"\x00\xff", b"x" * (2 << 20)], ids=["empty", "small", "2 MiB"])
def test_an_object_comes_back_as_it_was_put(store: ObjectStore, key: str, data: bytes) -> None:
    put = store.put_new(key, data)
    assert put.size_bytes == len(data)
    assert store.stat(key) == put
    assert content(store, key) == data
    assert list(store.list("")) == [key]


def test_a_file_is_copied_and_stays(store: ObjectStore, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(os.urandom(11 << 20))  # three parts where there are parts
    data = source.read_bytes()
    assert store.put_new(layout.warc(_ID), source).size_bytes == len(data)
    source.write_bytes(b"changed")
    assert content(store, layout.warc(_ID)) == data
    assert content(store, layout.warc(_ID), (5 << 20) - 2, 4) == data[(5 << 20) - 2 : (5 << 20) + 2]


def test_an_existing_object_is_never_overwritten(store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(bytes(6 << 20))
    for key in ("log/key", "snapshots/key"):
        first = store.put_new(key, b"first")
        for other in (b"second", b"first", tmp_path / "big"):
            with pytest.raises(ExistsError, match="exists already; it was left as it is") as caught:
                store.put_new(key, other)
            assert store.where(key) in str(caught.value)
        assert content(store, key) == b"first"
        assert store.stat(key) == first


def test_what_is_not_there_is_not_found(store: ObjectStore) -> None:
    store.put_new("log/other", b"")
    for act in (
        lambda: content(store, "log/key"),
        lambda: content(store, "log/key", 3),
        lambda: content(store, "log/key", 0, 0),
        lambda: content(store, "log/other/below"),
        lambda: store.stat("log/key"),
        lambda: store.stat("log"),
    ):
        with contextlib.suppress(IsADirectoryError), pytest.raises((NotFoundError, StorageError)):
            act()
    with pytest.raises(NotFoundError, match="has no log/key") as caught:
        content(store, "log/key")
    assert store.location in str(caught.value)


def test_nothing_is_asked_before_the_first_piece(store: ObjectStore) -> None:
    pieces = store.get("log/key")
    keys = store.list("log/")
    store.put_new("log/key", b"data")
    assert b"".join(pieces) == b"data"
    assert list(keys) == ["log/key"]


def test_a_source_that_cannot_be_read_leaves_nothing(store: ObjectStore, tmp_path: Path) -> None:
    for source in (tmp_path / "missing", tmp_path):
        with pytest.raises(StorageError) as caught:
            store.put_new("log/key", source)
        assert store.where("log/key") in str(caught.value)
    assert list(store.list("")) == []


@pytest.mark.parametrize(
    ("offset", "length", "expected"),
    [
        (0, None, b"0123456789"),
        (0, 10, b"0123456789"),
        (0, 11, b"0123456789"),
        (0, 1, b"0"),
        (3, 4, b"3456"),
        (9, 1, b"9"),
        (9, 100, b"9"),
        (7, None, b"789"),
        (10, None, b""),
        (10, 1, b""),
        (1000, 1, b""),
        (5, 0, b""),
    ],
)
def test_a_range_is_what_lies_in_it(store: ObjectStore, offset: int, length: int | None, expected: bytes) -> None:
    store.put_new("log/key", b"0123456789")
    assert content(store, "log/key", offset, length) == expected


def test_a_range_of_nothing_is_nothing(store: ObjectStore) -> None:
    store.put_new("log/key", b"")
    assert content(store, "log/key", 0, 5) == b""
    assert content(store, "log/key", 1) == b""


def test_an_object_that_is_too_large_is_not_read_whole(store: ObjectStore) -> None:
    store.put_new("log/key", b"0123456789")
    assert read(store, "log/key", 10) == b"0123456789"
    with pytest.raises(StorageError, match="log/key is damaged: it is larger than the 9 bytes"):
        read(store, "log/key", 9)


_NO_KEYS = ("", "/", "/a", "a/", "a//b", "..", "a/../b", "./a", "a/.", ".unfinished/a", "a/.b", "A", "a b", "ä", "a\n")


def test_what_is_no_key_is_refused_before_the_store_is_asked(store: ObjectStore) -> None:
    acts: list[Callable[[str], object]] = [
        lambda key: store.put_new(key, b""),
        lambda key: content(store, key),
        store.stat,
        lambda key: store.replace(key, b""),
        store.delete,
    ]
    for act, key in itertools.product(acts, _NO_KEYS):
        with pytest.raises(StorageError, match="is no key of an archive"):
            act(key)
    assert list(store.list("")) == []


# many at once


def race(store: ObjectStore, key: str, sources: list[bytes | Path]) -> list[int]:
    """Put all of them at once; the numbers of those that succeeded. Anything but `ExistsError` is raised."""
    begin = threading.Barrier(len(sources))

    def put(number: int) -> bool:
        begin.wait()
        try:
            store.put_new(key, sources[number])
        except ExistsError:
            return False
        return True

    with ThreadPoolExecutor(len(sources)) as writers:
        return [number for number, won in enumerate(writers.map(put, range(len(sources)))) if won]


@pytest.mark.parametrize("store", ["local", PLAIN, VERSIONED], indirect=True)
def test_of_32_writers_at_once_exactly_one_succeeds_in_each_round(store: ObjectStore) -> None:
    # SeaweedFS lets writers to a versioned bucket wait for each other in steps of a second; no log lives there.
    is_slow = isinstance(store, S3Store) and store.bucket == VERSIONED
    for turn in range(1 if is_slow else 10):
        sources: list[bytes | Path] = [f"{turn} {number}".encode() * 100 for number in range(_WRITERS)]
        winners = race(store, layout.slot(turn), sources)
        assert len(winners) == 1
        assert content(store, layout.slot(turn)) == sources[winners[0]]


def race_of_big(store: ObjectStore, folder: Path) -> set[int]:
    sources: list[bytes | Path] = []
    for number in range(4):
        path = folder / f"source{number}"
        path.write_bytes(bytes([number]) * (6 << 20))
        sources.append(path)
    return set(race(store, layout.warc(_ID), sources))


@pytest.mark.parametrize("store", ["local"], indirect=True)
def test_of_writers_of_big_files_at_once_exactly_one_succeeds(store: ObjectStore, tmp_path: Path) -> None:
    winners = race_of_big(store, tmp_path)
    assert len(winners) == 1
    assert set(content(store, layout.warc(_ID))) == winners


@pytest.mark.parametrize("store", [PLAIN, VERSIONED], indirect=True)
def test_of_writers_of_big_s3_objects_at_once_one_is_there_whole(store: ObjectStore, tmp_path: Path) -> None:
    """SeaweedFS 4.48 lets two completions of uploads through at once; the one that was overwritten may notice."""
    with contextlib.suppress(StorageError):
        assert race_of_big(store, tmp_path)
    assert len(set(content(store, layout.warc(_ID)))) == 1


@pytest.mark.parametrize("store", ["local", PLAIN], indirect=True)
def test_a_log_written_by_many_has_every_entry_once(store: ObjectStore) -> None:
    ids = [f"20260102t0304{number:02d}z-aaaaaaaaaaaaaaaa" for number in range(16)]

    def append(snapshot: str) -> int:
        return log.append(store, {"id": snapshot, "type": "intent"}, -1).index

    with ThreadPoolExecutor(8) as writers:
        indexes = list(writers.map(append, ids))
    assert sorted(indexes) == list(range(16))
    assert sorted(entry.id for entry in log.entries(store) if isinstance(entry, log.Entry)) == ids


# lists

_ALL = [
    "archive.json",
    *(layout.slot(index) for index in range(12)),
    *(layout.note(f"{number:064x}") for number in range(3)),
    layout.cdxj(_ID),
    layout.warc(_ID),
    layout.cdxj(_OTHER_ID),
]


@pytest.fixture
def filled(store: ObjectStore) -> ObjectStore:
    for key in reversed(_ALL):
        store.put_new(key, b"")
    return store


_PREFIXES = (
    *("", "s", "log/", "log/slot/", "log/slot/00000000000", "log/slot/000000000001", "log/slot/000000000001/"),
    *("snapshots/", f"snapshots/{_ID}/", "archive.json", "nothing/"),
)
_AFTERS = ("", "archive.json", "log/slot/000000000010", "log/slot/5", "notes/", layout.warc(_ID), "zzz")


def test_a_list_has_the_keys_with_the_prefix_after_the_given_one_in_order(filled: ObjectStore) -> None:
    for prefix, after in itertools.product(_PREFIXES, _AFTERS):
        expected = sorted(key for key in _ALL if key.startswith(prefix) and key > after)
        assert list(filled.list(prefix, after)) == expected, (prefix, after)


@pytest.mark.parametrize("store", ["local", PLAIN], indirect=True)
def test_a_list_of_more_than_a_page_is_whole(store: ObjectStore) -> None:
    keys = [layout.slot(index) for index in range(1100)]
    with ThreadPoolExecutor(16) as writers:
        list(writers.map(lambda key: store.put_new(key, b""), keys))
    assert list(store.list(layout.SLOTS)) == keys
    assert list(store.list(layout.SLOTS, after=keys[40])) == keys[41:]
    assert next(store.list(layout.SLOTS, after=keys[1098])) == keys[1099]


_PART = st.text("abcxyz0189_", min_size=1, max_size=6)
# Beside a folder, names with `-` or `.` sort otherwise on SeaweedFS; see `S3Store.list` and `test_s3`.
_KEYS = st.sets(st.lists(_PART, min_size=1, max_size=3).map("/".join), min_size=1, max_size=5)


def _without_folders(keys: set[str]) -> list[str]:
    """Those that no other one is a folder of."""
    return sorted(key for key in keys if not any(other.startswith(f"{key}/") for other in keys))


@given(_KEYS, st.binary(max_size=40), st.integers(0, 50), st.integers(0, 50))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_keys_are_stored_listed_and_read(
    store: ObjectStore, keys: set[str], data: bytes, offset: int, length: int
) -> None:
    folder = f"k{next(_counter)}/"
    names = [folder + key for key in _without_folders(keys)]
    for name in names:
        store.put_new(name, data + name.encode())
    assert list(store.list(folder)) == names
    assert list(store.list(folder, after=names[0])) == names[1:]
    whole = data + names[-1].encode()
    assert content(store, names[-1], offset, length) == whole[offset : offset + length]


_ODD_PART = st.from_regex(r"[a-z0-9_-][a-z0-9._-]{0,20}", fullmatch=True)


@given(st.lists(_ODD_PART, min_size=1, max_size=4).map("/".join))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_single_key_comes_back(store: ObjectStore, key: str) -> None:
    name = f"k{next(_counter)}/{key}"
    store.put_new(name, name.encode())
    assert content(store, name) == name.encode()
    assert list(store.list(name)) == [name]


# replacing and deleting


def test_an_object_is_replaced_as_a_whole(store: ObjectStore) -> None:
    store.replace("log/checkpoint", b"one")
    assert content(store, "log/checkpoint") == b"one"
    store.replace("log/checkpoint", b"another")
    assert content(store, "log/checkpoint") == b"another"
    assert list(store.list("")) == ["log/checkpoint"]


def test_whoever_reads_while_it_is_replaced_gets_one_of_the_two(store: ObjectStore) -> None:
    store.replace("log/checkpoint", bytes(1000))
    stop = threading.Event()

    def write() -> None:
        for number in itertools.cycle(range(3)):
            if stop.is_set():
                return
            store.replace("log/checkpoint", bytes([number]) * 1000)

    with ThreadPoolExecutor(1) as writer:
        done = writer.submit(write)
        try:
            for _ in range(50):
                found = content(store, "log/checkpoint")
                assert len(found) == 1000
                assert len(set(found)) == 1
        finally:
            stop.set()
        done.result()


def test_what_is_deleted_is_gone_and_can_be_deleted_again(store: ObjectStore) -> None:
    for key in ("notes/a", layout.warc(_ID)):
        store.put_new(key, b"data")
        store.put_new(f"{key}2", b"other")
        store.delete(key)
        store.delete(key)
        assert not is_there(store, key)
        assert content(store, f"{key}2") == b"other", "a key that begins the same is another one"
    store.delete("notes/never")
    store.delete("nowhere/never")


def test_what_was_deleted_can_be_created_again(store: ObjectStore) -> None:
    store.put_new("notes/a", b"one")
    store.delete("notes/a")
    store.put_new("notes/a", b"two")
    assert content(store, "notes/a") == b"two"


# groups


def test_a_group_that_is_whole_stays(store: ObjectStore) -> None:
    with store.group(_ID, lambda: True):
        store.put_new(layout.warc(_ID), b"warc")
    assert list(store.list("")) == [layout.warc(_ID)]


@pytest.mark.parametrize("failure", [None, ValueError("broken"), KeyboardInterrupt()])
def test_a_group_that_is_not_whole_in_the_end_leaves_nothing(store: ObjectStore, failure: BaseException | None) -> None:
    store.put_new(layout.warc(_OTHER_ID), b"other")
    with contextlib.suppress(ValueError, KeyboardInterrupt), store.group(_ID, lambda: False):
        store.put_new(layout.warc(_ID), b"warc")
        store.put_new(layout.cdxj(_ID), b"cdxj")
        if failure is not None:
            raise failure
    assert list(store.list("")) == [layout.warc(_OTHER_ID)]


def test_a_group_of_which_nobody_can_tell_stays_and_the_first_error_counts(store: ObjectStore) -> None:
    def no_answer() -> bool:
        raise StorageError("the log could not be read")

    def fail() -> None:
        with store.group(_ID, no_answer):
            store.put_new(layout.warc(_ID), b"warc")
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken") as caught:
        fail()
    assert caught.value.__notes__ == ["the log could not be read"]
    assert list(store.list("")) == [layout.warc(_ID)]


def test_sweeping_leaves_what_is_whole_and_what_is_being_written(store: ObjectStore) -> None:
    store.put_new(layout.warc(_OTHER_ID), b"whole")
    with store.group(_ID, lambda: True):
        store.put_new(layout.warc(_ID), b"warc")
        store.sweep(lambda snapshot: snapshot == _OTHER_ID)
    assert list(store.list("")) == [layout.warc(_ID), layout.warc(_OTHER_ID)]


# killed writers

_WRITER = """
import itertools, os, sys
from archiver.storage.location import open_store
store = open_store(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)
for number in itertools.count():
    store.put_new(f"{sys.stdin.readline().strip()}{number}", os.urandom(1) * (1 << 20))
    print(number, flush=True)
"""


@pytest.mark.parametrize("store", ["local", PLAIN], indirect=True)
@pytest.mark.parametrize("folder", ["log/", "snapshots/"])
def test_whatever_a_killed_writer_leaves_is_whole(store: ObjectStore, folder: str) -> None:
    locations = [store.log.location, store.evidence.location] if isinstance(store, SplitStore) else [store.location]
    environment = os.environ | {"PYTHONPATH": str(_ROOT)}
    written = 0
    for turn in range(2):
        with subprocess.Popen(
            [sys.executable, "-c", _WRITER, *locations],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(f"{folder}{turn}\n" * 2)
            process.stdin.flush()
            assert process.stdout.readline() == "0\n"
            # It is in the middle of the second one, or has not begun, or has just done it.
            process.send_signal(signal.SIGKILL)
            process.wait()
        written += 1
    store.sweep(lambda _: True)
    keys = list(store.list(folder))
    assert written <= len(keys) <= 2 * written
    for key in keys:
        found = content(store, key)
        assert (len(found), len(set(found))) == (1 << 20, 1)


# memory

_BIG = """
import hashlib, re, sys
from pathlib import Path
from archiver.storage.location import open_store
store = open_store(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)

def peak_kib():  # ru_maxrss would begin with what the parent had
    return int(re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1])

store.put_new("snapshots/small", b"")
assert list(store.get("snapshots/small")) == []
before = peak_kib()
store.put_new("snapshots/big", Path(sys.stdin.readline().strip()))
digest = hashlib.sha256()
for piece in store.get("snapshots/big"):
    digest.update(piece)
print(digest.hexdigest(), peak_kib() - before)
"""


@pytest.mark.parametrize("store", ["local", PLAIN], indirect=True)
def test_a_big_object_is_never_in_memory_as_a_whole(store: ObjectStore, tmp_path: Path) -> None:
    source, expected = tmp_path / "source", hashlib.sha256()
    with source.open("wb") as stream:
        for _ in range(64):
            data = os.urandom(1 << 20)
            expected.update(data)
            stream.write(data)
    locations = [store.log.location, store.evidence.location] if isinstance(store, SplitStore) else [store.location]
    done = subprocess.run(
        [sys.executable, "-c", _BIG, *locations],
        env=os.environ | {"PYTHONPATH": str(_ROOT)},
        input=str(source),
        capture_output=True,
        text=True,
        check=True,
    )
    digest, grown_kib = done.stdout.split()
    assert digest == expected.hexdigest()
    assert int(grown_kib) < 45 << 10, "two parts of 16 MiB at most, and what goes with them"

#!/usr/bin/env python3
"""What it costs to append an entry to the log and to sign it, by the length of the log, in a folder and in SeaweedFS.

    .venv/bin/python scripts/bench/log.py [--sizes 1000,20000] [--rounds 20] [--folder DIR]

The logs have real slots, published once as a whole; that of a million has only what signing looks at: the right edge of
its tree, made up, and its last entries. Then four processes append and sign at once. Prints a table: medians of
milliseconds, and how many requests one append and one signing make.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from archiver.seal import keys, publish, published
from archiver.seal.checkpoint import Checkpoint
from archiver.seal.keys import Signer
from archiver.seal.merkle import HASH_BYTES, Edge, leaf_hash
from archiver.seal.tiles import WIDTH, Tile, TileTree, entries_path, pack_bundle
from archiver.storage import layout, log
from archiver.storage.base import ObjectStore
from archiver.storage.location import open_store
from tests.support import logs, seaweed

_MILLION = 1_000_000
_WRITERS, _EACH = 4, 25


class Counting:
    """A store that counts what it is asked for."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self.count = 0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        if name not in ("get", "put_new", "list", "stat", "replace", "delete"):
            return found

        def counted(*arguments: Any, **named: Any) -> Any:
            self.count += 1
            return found(*arguments, **named)

        return counted


def entry(index: int) -> bytes:
    commitment = hashlib.sha256(b"%d" % index).hexdigest()
    return b'{"commitment":"%s","id":"%s","type":"intent"}' % (commitment.encode(), logs.capture_id(index).encode())


def fill(store: ObjectStore, size: int) -> None:
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda index: store.put_new(layout.slot(index), entry(index)), range(size)))


def make_up(store: ObjectStore, signer: Signer, size: int) -> None:
    """A log of `size` entries, as far as signing looks at it."""
    tiles: dict[Tile, bytes] = {}
    last = [entry(index) for index in range(size - size % WIDTH, size)]
    level, count = 0, size
    while count:
        n, width = divmod(count, WIDTH)
        if width:
            made = b"".join(hashlib.sha256(b"%d %d" % (level, at)).digest() for at in range(width))
            tiles[Tile(level, n, width)] = b"".join(map(leaf_hash, last)) if level == 0 else made
        level, count = level + 1, n
    edge: Edge = TileTree(size, lambda tile: tiles[tile]).edge()
    for tile, data in tiles.items():
        store.put_new(layout.published(tile.path), data)
    store.put_new(layout.published(entries_path(size // WIDTH, len(last))), pack_bundle(last))
    store.put_new(layout.slot(size - 1), last[-1])
    text = Checkpoint(signer.name, size, edge.root()).text
    signature = signer.sign(text)
    store.put_new(layout.checkpoint(size), text.encode())
    store.put_new(layout.signature(size, signature.key_id), signature.line.encode())
    store.replace(layout.CHECKPOINT, text.encode() + b"\n" + signature.line.encode())
    assert all(len(data) % HASH_BYTES == 0 for data in tiles.values())


def measure(store: ObjectStore, signer: Signer, size: int, rounds: int) -> tuple[float, float, float, float]:
    """Milliseconds and requests of an append, and of a signing after the two entries of a capture."""
    counting: Any = Counting(store)
    appending, signing = list[float](), list[float]()
    asked = [0, 0]
    for at in range(rounds):
        for n in range(2):
            before, began = counting.count, time.perf_counter()
            statement = logs.intent(logs.capture_id(_MILLION * 3 + size + 2 * at + n))
            log.append(counting, statement, size + 2 * at + n - 1, lambda text: signer.sign(text).line)
            appending.append(time.perf_counter() - began)
            asked[0] += counting.count - before
        before, began = counting.count, time.perf_counter()
        publish.publish(counting, signer, lambda _: (signer.key,))
        signing.append(time.perf_counter() - began)
        asked[1] += counting.count - before
    return (
        statistics.median(appending) * 1000,
        asked[0] / len(appending),
        statistics.median(signing) * 1000,
        asked[1] / len(signing),
    )


def _write(location: str, private: Signer, number: int, sender: Any) -> None:
    store = open_store(location)
    for at in range(_EACH):
        log.append(store, logs.intent(logs.capture_id(number * 1000 + at)), -1, lambda text: private.sign(text).line)
        while True:
            try:
                publish.publish(store, private, lambda _: (private.key,))
                break
            except Exception as error:  # told to the parent
                sender.put(repr(error))
                raise
    sender.put(None)


def at_once(location: str) -> tuple[float, str]:
    """Four processes, each appending and signing; milliseconds an entry, and whether the tree is the right one."""
    signer = keys.make("archiver/bench")
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    began = time.perf_counter()
    processes = [context.Process(target=_write, args=(location, signer, n, queue)) for n in range(_WRITERS)]
    for process in processes:
        process.start()
    errors = [error for error in (queue.get(timeout=600) for _ in processes) if error]
    for process in processes:
        process.join()
    elapsed = time.perf_counter() - began
    store = open_store(location)
    leaves = list(log.leaves(store, 0))
    signed = published.newest(store, "archiver/bench", lambda _: (signer.key,))
    edge = Edge()
    for leaf in leaves:
        edge.append(leaf_hash(leaf))
    right = (
        not errors
        and signed is not None
        and signed.checkpoint == Checkpoint("archiver/bench", len(leaves), edge.root())
    )
    return elapsed * 1000 / (
        _WRITERS * _EACH
    ), f"{len(leaves)} entries, {'the right root' if right else f'WRONG {errors}'}"


def places(folder: Path) -> Iterator[tuple[str, Callable[[str], str]]]:
    yield "folder", lambda name: str(folder / name)
    with seaweed.running(folder / "seaweed") as server:
        os.environ.update(server.environment)
        client = server.client()

        def make(name: str) -> str:
            client.create_bucket(Bucket=f"bench-{name}")
            return f"s3://bench-{name}"

        yield "SeaweedFS", make


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000,20000")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--folder", type=Path, help="where to put the logs; a temporary folder by default")
    given = parser.parse_args()
    head = (
        f"{'store':<10} {'entries':>9}  {'append ms':>9} {'requests':>8}  {'sign ms':>9} {'requests':>8}  first signing"
    )
    say(head)
    with tempfile.TemporaryDirectory(prefix="archiver-bench-", dir=given.folder) as folder:
        for name, place in places(Path(folder)):
            for size in map(int, given.sizes.split(",")):
                signer = keys.make("archiver/bench")
                store = open_store(place(f"log{size}"))
                fill(store, size)
                began = time.perf_counter()
                publish.publish(store, signer, lambda _, key=signer.key: (key,))
                first = time.perf_counter() - began
                append, asked, sign, wanted = measure(store, signer, size, given.rounds)
                say(f"{name:<10} {size:>9}  {append:9.2f} {asked:8.1f}  {sign:9.2f} {wanted:8.1f}  {first:.1f} s")
            store, signer = open_store(place("million")), keys.make("archiver/bench")
            make_up(store, signer, _MILLION)
            append, asked, sign, wanted = measure(store, signer, _MILLION, given.rounds)
            say(f"{name:<10} {_MILLION:>9}  {append:9.2f} {asked:8.1f}  {sign:9.2f} {wanted:8.1f}  made up")
            each, said = at_once(place("four"))
            say(f"{name:<10} four writers at once: {each:.1f} ms an entry, appended and signed; {said}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

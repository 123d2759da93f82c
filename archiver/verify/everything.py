"""A whole archive verified: the log as such, then every capture and every other statement, on all cores."""

from __future__ import annotations

import multiprocessing
import os
import random
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from datetime import datetime
from functools import partial

from archiver.errors import NotFoundError, StorageError
from archiver.seal import published
from archiver.seal.keyring import Kind
from archiver.seal.merkle import leaf_hash, node_hash
from archiver.seal.tiles import HEIGHT, WIDTH, tiles_of
from archiver.storage import layout, log
from archiver.storage.base import ObjectStore
from archiver.verify import attempts, capture, gaps, stamped
from archiver.verify.capture import Report, Task
from archiver.verify.ledger import Ledger
from archiver.verify.stamped import Stamped
from archiver.verify.verdict import Check, judged, skipped

#: makes the store again in another process
Opening = Callable[[], ObjectStore]
#: told of how many captures are done, of how many
OnDone = Callable[[int, int], None]

_AHEAD = 4  # tasks a process may have waiting


def check_log(ledger: Ledger, now: datetime) -> list[Check]:
    """What is wrong with the log as a whole. `ledger` must have been read with all its entries.

    What was due at `now` by its schedules has to be captured, or explained.
    """
    checks = [ledger.checkpoint, ledger.tree, ledger.consistency, _slots(ledger), _published(ledger)]
    checks.append(stamped.check_log(Stamped.of(ledger, now), ledger.store.get))
    junk = [f"slot {each.index} holds no entry: {each.reason}" for each in ledger.junk]
    checks.append(judged("entries", f"{ledger.size} of them", (), junk))
    problems = ledger.keyring.problems
    unreadable = [f"entry {each.index}: {each.reason}" for each in problems if each.kind is Kind.UNREADABLE]
    void = [f"entry {each.index} has no effect: {each.reason}" for each in problems if each.kind is Kind.VOID]
    count = len(ledger.keyring.current())
    checks.append(
        judged(
            "keys",
            f"{count} {'key counts' if count == 1 else 'keys count'} now",
            [*_declared(ledger), *unreadable],
            void,
        )
    )
    checks.append(gaps.check(attempts.read(ledger), now))
    return checks


def _declared(ledger: Ledger) -> list[str]:
    """The key in `archive.json` decides nothing where keys are known from elsewhere. It must be one of them."""
    known = [status.key for status in ledger.keyring.all()]
    if not ledger.vouched or ledger.declared in known:
        return []
    named = "no key" if ledger.declared is None else f"the key {ledger.declared.text}"
    return [f"{ledger.store.where(layout.ARCHIVE)} names {named}, and none of those that are trusted: it was altered"]


def _slots(ledger: Ledger) -> Check:
    """Every slot must be there and hold what the tree was made of."""
    store, problems, expected = ledger.store, [], 0
    for key in store.list(layout.SLOTS):
        index = layout.slot_index(key)
        if index is None:
            problems.append(f"{store.where(key)} lies among the entries of the log and is none")
            continue
        if index > expected:
            many = f"entries {expected} to {index - 1} are" if index - expected > 1 else f"entry {expected} is"
            problems.append(f"the log has a hole: {many} missing")
        expected = index + 1
    if expected < ledger.size:
        problems.append(f"entries {expected} to {ledger.size - 1} are published, and their slots are missing")
    for index, leaf in enumerate(log.leaves(store, 0)):
        if index < ledger.size and leaf != ledger.leaf(index):
            problems.append(f"{store.where(layout.slot(index))} is not the entry that is published")
    return judged("slots", f"{expected} slots", problems)


def _published(ledger: Ledger) -> Check:
    """Tiles that others read must say what the entries say."""
    size = ledger.covered
    if not size:
        return skipped("tiles", "nothing is signed that tiles could be held against")
    problems, doubts = list(ledger.lost), []
    hashes = [leaf_hash(ledger.leaf(index)) for index in range(size)]
    level = 0
    for tile in tiles_of(size):
        while level < tile.level:
            hashes = [_root(hashes[at : at + WIDTH]) for at in range(0, len(hashes) // WIDTH * WIDTH, WIDTH)]
            level += 1
        expected = b"".join(hashes[tile.n * WIDTH : tile.n * WIDTH + tile.width])
        where = ledger.store.where(layout.published(tile.path))
        try:
            if published.read_tile(ledger.store, tile) != expected:
                problems.append(f"{where} is not what the entries make it")
        except NotFoundError:
            doubts.append(f"{where} is missing; the next signing makes it again")
        except StorageError as error:
            problems.append(str(error))
    return judged("tiles", f"tiles and bundles of {size} entries", problems, doubts)


def _root(hashes: list[bytes]) -> bytes:
    for _ in range(HEIGHT):
        hashes = [node_hash(left, right) for left, right in zip(hashes[::2], hashes[1::2], strict=True)]
    return hashes[0]


def chosen(ledger: Ledger, fraction: float | None) -> set[str]:
    """The captures whose contents are to be read: all, or a random part of those that left a snapshot, one at least."""
    ids = [id_ for id_, found in ledger.entries.items() if any(entry.type == "snapshot" for entry in found)]
    if fraction is None:
        return set(ids)
    return set(random.SystemRandom().sample(ids, min(len(ids), max(1, round(len(ids) * fraction)))))


def verify_all(
    ledger: Ledger, opening: Opening, deep: set[str], online: bool, now: datetime, on_done: OnDone | None = None
) -> Iterator[Report]:
    """Every capture and statement in log order; the contents of those in `deep` are read, on all cores.

    `now` is the verifier's clock. Raises `StorageError` when one of the processes that read them ends early.
    """
    ids = sorted(ledger.entries, key=lambda id_: ledger.entries[id_][0].index)
    known = Stamped.of(ledger, now)
    workers = min(len(os.sched_getaffinity(0)), len(deep))
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(max(workers, 1), context, _initialise, (opening, known)) if workers else None
    waiting: list[Report | Future[Report]] = []
    done = 0
    try:
        for id_ in ids:
            todo = capture.task(ledger, id_, alone=False)
            if isinstance(todo, Report):
                waiting.append(todo)
            elif pool is not None and id_ in deep:
                waiting.append(pool.submit(_work, todo, online))
            else:
                waiting.append(_run(todo, ledger.store, known, online, deep=False))
            while len(waiting) > _AHEAD * workers:
                yield _result(waiting.pop(0))
                done += 1
                if on_done:
                    on_done(done, len(ids))
        for each in waiting:
            yield _result(each)
            done += 1
            if on_done:
                on_done(done, len(ids))
    finally:
        if pool is not None:
            pool.shutdown(cancel_futures=True)


def _result(each: Report | Future[Report]) -> Report:
    if isinstance(each, Report):
        return each
    try:
        return each.result()
    except BrokenProcessPool:
        raise StorageError(
            "a process that verified snapshots ended early, as for want of memory; nothing is known of those that are "
            "not told yet: verify again, or a part with --sample"
        ) from None


_store: ObjectStore  # of a worker process
_known: Stamped


def _initialise(opening: Opening, known: Stamped) -> None:
    global _store, _known  # a process has one, and its client takes long to make
    _store, _known = opening(), known


def _work(todo: Task, online: bool) -> Report:
    return _run(todo, _store, _known, online, deep=True)


def _run(todo: Task, store: ObjectStore, known: Stamped, online: bool, *, deep: bool) -> Report:
    return capture.run(todo, store.get, partial(stamped.check, store.get, known), store if online else None, deep=deep)

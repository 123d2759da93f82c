"""Sketches of texts in the index: put in, taken away, and looked up.

Texts are alike that share hashes. By hash the index has URLs, not captures, so that a page captured every hour does not
fill the answers. A hash that very many URLs have (a disclaimer, a menu) tells nothing, and of none more than some
hundreds are read: so no question takes long, however large the index.
"""

from __future__ import annotations

import functools
import struct
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from archiver.index.database import DEFERRED, Database
from archiver.index.schema import STORED, captures, shingles, sketches
from archiver.model import Sketch

#: a hash of more URLs than this tells nothing
MAX_POSTINGS = 500
_ASKED = 64  # hashes of one question
_URLS = 50  # at most so many are looked at
_TELLING = 30  # of them for what few others share
_CAPTURES = 20  # of a URL, the newest
_NO_HASH = -1
_PAGE = 500  # rows read at a time
_PUT = 10_000  # rows put in at a time
_STRETCH = 500_000  # hashes held at a time: some 60 MB
_USUAL_LIMIT = (1 << 64) // 12  # few sketches have hashes beyond it


@dataclass(frozen=True)
class Alike:
    """A capture whose text shares hashes with the one asked for: how many, and which share of the smaller sketch.

    `telling` is how many of them are not in very many others, too.
    """

    id: str
    shared: int
    telling: int
    containment: float


def put(connection: Connection, found: Sequence[tuple[str, int, Sketch]]) -> None:
    """Put in sketches, each with the id of its capture and the hash of its URL."""
    if not found:
        return
    rows = [
        {
            "id": id_,
            "url_hash": url_hash,
            "words": sketch.words,
            "scale": sketch.scale,
            "hashes": _packed(sketch.hashes),
        }
        for id_, url_hash, sketch in found
    ]
    connection.execute(sa.insert(sketches), rows)
    if not connection.get_execution_options().keys() & DEFERRED.keys():
        _put_hashes(connection, ((each, url_hash) for _, url_hash, sketch in found for each in sketch.hashes))


def _put_hashes(connection: Connection, pairs: Iterable[tuple[int, int]]) -> None:
    """Put in hashes with those of their URLs, in the order of the tree they go into: neighbours lie on one page."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    each_once = insert(shingles).on_conflict_do_nothing()
    rest = iter(sorted(set(pairs)))
    while rows := [{"hash": each, "url_hash": url_hash} for each, url_hash in islice(rest, _PUT)]:
        connection.execute(each_once, rows)


def complete(database: Database) -> None:
    """Put in the hashes of all sketches of an index that was filled with `DEFERRED`.

    One by one they would each go to another page of a large tree, and each batch write most of it again. So they go in
    by their order, in as many stretches as memory asks for, for each of which all sketches are read.
    """
    with database.reading() as connection:
        count = (connection.scalar(sa.select(sa.func.sum(sa.func.length(sketches.c.hashes)))) or 0) // 8
    stretches = 1 + count // _STRETCH
    bounds = [number * (_USUAL_LIMIT // stretches) for number in range(stretches)] + [1 << 63]
    for begin, end in pairwise(bounds):
        pairs = [
            (each, url_hash)
            for _, url_hash, sketch in every(database)
            for each in sketch.hashes[bisect_left(sketch.hashes, begin) : bisect_left(sketch.hashes, end)]
        ]
        with database.writing() as connection:
            _put_hashes(connection, pairs)


def forget(connection: Connection, ids: Iterable[str]) -> None:
    """Take away the sketches of captures whose rows no longer have a URL; hashes that others of theirs have stay."""
    for id_ in ids:
        gone = connection.execute(sa.select(sketches).where(sketches.c.id == id_)).one_or_none()
        if gone is None:
            continue
        connection.execute(sa.delete(sketches).where(sketches.c.id == id_))
        others = sa.select(sketches.c.hashes).join_from(captures, sketches, captures.c.id == sketches.c.id)
        others = others.where(captures.c.url_hash == gone.url_hash)
        kept = {each for row in connection.execute(others) for each in _unpacked(row.hashes)}
        for chunk in _chunks([each for each in _unpacked(gone.hashes) if each not in kept]):
            here = shingles.c.hash.in_(chunk) & (shingles.c.url_hash == gone.url_hash)
            connection.execute(sa.delete(shingles).where(here))


def of_capture(database: Database, id_: str) -> Sketch | None:
    """The sketch of a capture; None where its statement has none."""
    with database.reading() as connection:
        row = connection.execute(sa.select(sketches).where(sketches.c.id == id_)).one_or_none()
    return None if row is None else Sketch(row.words, row.scale, _unpacked(row.hashes))


def every(database: Database) -> Iterator[tuple[str, int, Sketch]]:
    """All sketches by the ids of their captures, with the hashes of their URLs."""
    query = sa.select(sketches).order_by(sketches.c.id)
    # The result is closed before its connection: PostgreSQL's cursor for it lives on the server.
    with database.streaming() as connection, connection.execution_options(yield_per=_PAGE).execute(query) as rows:
        for row in rows:
            yield row.id, row.url_hash, Sketch(row.words, row.scale, _unpacked(row.hashes))


def alike(database: Database, sketch: Sketch, without_url: int | None = None) -> list[Alike]:
    """The captures whose texts share most with a sketch, best first, one a URL and some tens at most.

    Of a URL it is the capture that shares most, the newest of equals, among the last ones of it. `without_url` is the
    hash of a URL that is left out.
    """
    with database.reading() as connection:
        counts = _count(connection, sketch.hashes)
        found = _of_urls(connection, counts.best(without_url), sketch, counts.common)
    return sorted(found, key=lambda each: (-each.telling, -each.shared, -each.containment, each.id))


@dataclass(frozen=True)
class _Counts:
    """How many of some hashes each URL has: of those that tell something, and of all; and which are too common."""

    telling: Counter[int]
    all: Counter[int]
    common: frozenset[int]

    def best(self, without_url: int | None) -> list[int]:
        """The URLs to look at.

        A story that hundreds printed has common hashes only, while a disclaimer is common, too, and must not hide what
        tells more: so there is room for both.
        """
        found = dict.fromkeys(_most(self.telling, _TELLING, without_url))
        room = _URLS - len(found) if self.common else 0
        return list(found | dict.fromkeys(_most(self.all, room, without_url)))


def _most(counts: Counter[int], count: int, without_url: int | None) -> list[int]:
    """The URLs that have most; one hash alone is an accident where others have more."""
    most = [each for each in counts.most_common(count + 1) if each[0] != without_url][:count]
    least = 2 if most and most[0][1] > 1 else 1
    return [url_hash for url_hash, shared in most if shared >= least]


def _count(connection: Connection, hashes: Sequence[int]) -> _Counts:
    telling: Counter[int] = Counter()
    common: Counter[int] = Counter()
    common_hashes: set[int] = set()
    for chunk in _chunks(hashes):
        values = {f"hash_{at}": _NO_HASH for at in range(_ASKED)} | {f"hash_{at}": h for at, h in enumerate(chunk)}
        urls: dict[int, list[int]] = {}
        for each, url_hash in connection.execute(_postings(), values):
            urls.setdefault(each, []).append(url_hash)
        for each, found in urls.items():
            if len(found) > MAX_POSTINGS:
                common_hashes.add(each)
                common.update(found)  # read in one order, so that all of them name the same URLs
            else:
                telling.update(found)
    return _Counts(telling, telling + common, frozenset(common_hashes))


@functools.cache
def _postings() -> sa.CompoundSelect[Any]:
    """The URLs of `_ASKED` hashes, of each one more than counts at most: as many steps into the tree, and no more."""
    sides = [
        sa.select(shingles.c.hash, shingles.c.url_hash)
        .where(shingles.c.hash == sa.bindparam(f"hash_{at}", type_=sa.BigInteger))
        .order_by(shingles.c.url_hash)
        .limit(MAX_POSTINGS + 1)
        .subquery()
        for at in range(_ASKED)
    ]
    return sa.union_all(*(sa.select(side) for side in sides))


@functools.cache
def _newest() -> sa.Select[Any]:
    """The sketches of the newest `_CAPTURES` captures of each of some URLs, newest first."""
    order = captures.c.captured_at_ms.desc()
    place = sa.func.row_number().over(partition_by=captures.c.url_hash, order_by=order)
    states = sorted(state.value for state in STORED)
    same = captures.c.url_hash.in_(sa.bindparam("urls", expanding=True)) & captures.c.state.in_(states)
    placed = sa.select(captures.c.id, captures.c.captured_at_ms, place.label("place")).where(same).subquery()
    newest = sa.select(sketches).join_from(placed, sketches, placed.c.id == sketches.c.id)
    return newest.where(placed.c.place <= _CAPTURES).order_by(placed.c.captured_at_ms.desc())


def _of_urls(connection: Connection, urls: Sequence[int], sketch: Sketch, common: frozenset[int]) -> Iterable[Alike]:
    """Of each URL the capture that shares most."""
    best: dict[int, Alike] = {}
    for row in connection.execute(_newest(), {"urls": urls}):
        ours, theirs = _comparable(sketch, Sketch(row.words, row.scale, _unpacked(row.hashes)))
        both = ours & theirs
        before = best.get(row.url_hash)
        if both and (before is None or len(both) > before.shared):
            containment = len(both) / min(len(ours), len(theirs))
            best[row.url_hash] = Alike(row.id, len(both), len(both - common), containment)
    return best.values()


def _comparable(one: Sketch, other: Sketch) -> tuple[set[int], set[int]]:
    """The hashes of both below the lower of their thresholds: above it, one of them has none to have."""
    limit = (1 << 64) // max(one.scale, other.scale)
    return {each for each in one.hashes if each < limit}, {each for each in other.hashes if each < limit}


def _chunks(hashes: Sequence[int]) -> Iterator[Sequence[int]]:
    return (hashes[at : at + _ASKED] for at in range(0, len(hashes), _ASKED))


def _packed(hashes: Sequence[int]) -> bytes:
    return struct.pack(f">{len(hashes)}Q", *hashes)


def _unpacked(packed: bytes) -> tuple[int, ...]:
    return struct.unpack(f">{len(packed) // 8}Q", packed)

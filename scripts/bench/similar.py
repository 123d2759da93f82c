#!/usr/bin/env python3
"""What finding articles by their text costs as the index grows, and what it finds.

    .venv/bin/python scripts/bench/similar.py [--articles 10000 30000 100000 300000] [--asked 200]
                                              [--database sqlite postgresql]

The articles are made up: words as frequent as Zipf's law has them, some sentences of the outlet's own on each page, and
one that thousands of pages bear. Among them are planted copies of which 0.7 are in the original, half of them standing
in a page three times as long. Asked for: 50 ms in the median (SQLite), and 0.95 of the copies found.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import sqlalchemy as sa

from archiver.index import facts, follow, schema, sketches
from archiver.index.database import DEFERRED, Database, connect, create
from archiver.index.readings import BATCH, Reading
from archiver.model import Sketch
from archiver.provenance import sketch
from archiver.provenance.article import Article
from archiver.provenance.match import compare
from archiver.provenance.words import Word
from archiver.storage.log import Entry
from tests.support import postgres
from tests.support.logs import capture_id, snapshot

_VOCABULARY = 60_000
_HOSTS = 400
_OUTLET_SENTENCES = 3
_PLANTED_EVERY = 500  # one article in so many is a copy of the one before it
_CONTAINED = 0.7
_CANDIDATES = 10  # a copy counts as found among so many: they are then compared word by word

_FOLLOWED = 2048
_HEAD = "median ms | p95 ms | median CPU ms | copies found | in a longer page"

Words = list[str]


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class World:
    """Makes articles; the same ones each time."""

    def __init__(self) -> None:
        chance = random.Random(7)  # noqa: S311  # which words, nothing secret
        self._words = [f"w{number}" for number in range(_VOCABULARY)]
        self._weights = list(itertools.accumulate(1 / (rank + 2.7) for rank in range(_VOCABULARY)))
        self._outlets = [[self._draw(chance, 18) for _ in range(_OUTLET_SENTENCES)] for _ in range(_HOSTS)]
        self._everywhere = self._draw(chance, 60)

    def _draw(self, chance: random.Random, count: int) -> Words:
        return chance.choices(self._words, cum_weights=self._weights, k=count)

    def article(self, number: int) -> Words:
        """Of 100 to some thousand words, with what its outlet adds."""
        chance = random.Random(number)  # noqa: S311
        own = self._draw(chance, int(min(max(chance.lognormvariate(6.1, 0.6), 100), 5000)))
        if is_copy(number):
            own = self._copied(chance, self.article(number - 1), own, is_longer=bool(number // _PLANTED_EVERY % 2))
        outlet = self._outlets[number % _HOSTS]
        added = chance.choice(outlet) if chance.random() < 0.5 else []
        return [*own, *added, *(self._everywhere if number % 10 == 0 else [])]

    def _copied(self, chance: random.Random, original: Words, other: Words, *, is_longer: bool) -> Words:
        """A text that has `_CONTAINED` of the original, cut in three places and edited in some."""
        copy: Words = list(original)
        for _ in range(3):
            length = max(1, round(len(original) * (1 - _CONTAINED) / 3 * 0.85))
            at = chance.randrange(max(1, len(copy) - length))
            del copy[at : at + length]
        for _ in range(max(1, len(original) // 130)):
            copy[chance.randrange(len(copy))] = "edited"
        if not is_longer:
            return copy
        around = list(itertools.islice(itertools.cycle(other), 2 * len(copy)))
        return [*around[: len(copy)], *copy, *around[len(copy) :]]

    def sketch(self, number: int) -> Sketch:
        return sketch.of_article(article_of(self.article(number)))


class _Made(Article):
    """An article whose words are known."""


def article_of(found: Words) -> Article:
    made = _Made("", ())
    made.__dict__["words"] = tuple(Word(word, 0, 0) for word in found)
    return made


def is_copy(number: int) -> bool:
    return number > 0 and number % _PLANTED_EVERY == 0


def url_of(number: int) -> str:
    return f"https://news{number % _HOSTS}.example.com/{2000 + number % 25}/section/{number}/a-headline-of-usual-length"


def readings(world: World, first: int, last: int) -> list[Reading]:
    found = []
    for number in range(first, last):
        id_ = capture_id(number)
        said = snapshot(id_, url_of(number), text_sketch=sketch.to_json(world.sketch(number)))
        found.append(Reading(number, Entry(number, "snapshot", id_, "00" * 32), facts.read(said)))
    return found


def load(database: Database, world: World, first: int, last: int) -> float:
    """Put articles in as they are when an index is made again; the CPU seconds it took, without reading."""
    growing = Database(database.engine.execution_options(**DEFERRED), database.shown, database.path)
    elapsed = follow_log(growing, world, first, last)
    began = time.process_time()
    sketches.complete(growing)
    elapsed += time.process_time() - began
    if database.path is None:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text("ANALYZE archiver_index.shingles"))
    return elapsed


def follow_log(database: Database, world: World, first: int, last: int) -> float:
    """Put articles in as they are when an index follows a log; the CPU seconds it took, without reading."""
    elapsed = 0.0
    for at in range(first, last, BATCH):
        batch = readings(world, at, min(at + BATCH, last))
        began = time.process_time()
        with database.writing() as connection:
            follow.advance(connection, batch)
        elapsed += time.process_time() - began
    return elapsed


def size_of(database: Database) -> tuple[int, int]:
    """Bytes of all the index, and of what there is of sketches."""
    if database.path is not None:
        with database.reading() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            ours = connection.exec_driver_sql(
                "SELECT sum(pgsize) FROM dbstat WHERE name IN ('shingles', 'sketches')"
            ).scalar()
        return database.path.stat().st_size, int(ours or 0)
    with database.reading() as connection:
        sizes = [
            int(connection.scalar(sa.text(f"SELECT pg_total_relation_size('archiver_index.{name}')")) or 0)
            for name in ("captures", "shingles", "sketches")
        ]
    return sum(sizes), sum(sizes[1:])


def found_at(database: Database, asked: Sketch, asking: int) -> tuple[float, float, list[str]]:
    """Milliseconds, of them of this process, and the ids of the candidates that are compared."""
    began, busy = time.perf_counter(), time.process_time()
    found = sketches.alike(database, asked, schema.hash_of(url_of(asking)))
    elapsed_ms, busy_ms = (1000 * (time.perf_counter() - began), 1000 * (time.process_time() - busy))
    return elapsed_ms, busy_ms, [each.id for each in found[:_CANDIDATES]]


def ask(database: Database, world: World, size: int, asked: int) -> str:
    chance = random.Random(3)  # noqa: S311
    some = [chance.randrange(size) for _ in range(asked)]
    times = [found_at(database, world.sketch(number), number) for number in some]
    copies = list(range(_PLANTED_EVERY, size, _PLANTED_EVERY))
    copies = chance.sample(copies, min(len(copies), asked))
    hits: dict[bool, list[bool]] = {False: [], True: []}
    for number in copies:
        # Each way: from the copy to the original, and from the original to the copy.
        for one, other in ((number, number - 1), (number - 1, number)):
            found = found_at(database, world.sketch(one), one)[2]
            hits[bool(number // _PLANTED_EVERY % 2)].append(capture_id(other) in found)
    elapsed, busy = [each[0] for each in times], [each[1] for each in times]
    figures = (statistics.median(elapsed), statistics.quantiles(elapsed, n=20)[18], statistics.median(busy))
    shares = [f"{statistics.mean(each):.3f}" if each else "" for each in (hits[False], hits[True])]
    return " | ".join([*(f"{each:.1f}" for each in figures), *shares])


def planted(world: World) -> float:
    """Which share of an original's shingles its copy has, in the mean of some."""
    shares = []
    for number in range(_PLANTED_EVERY, 50 * _PLANTED_EVERY, _PLANTED_EVERY):
        match = compare(article_of(world.article(number - 1)), article_of(world.article(number)), aligned=False)
        shares.append(match.first.contained)
    return statistics.mean(shares)


@contextlib.contextmanager
def location_of(kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield str(folder / "index.sqlite")
        return
    with postgres.running() as server, server.database() as url:
        yield url


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, nargs="+", default=[10_000, 30_000, 100_000, 300_000])
    parser.add_argument("--asked", type=int, default=200)
    parser.add_argument("--database", nargs="+", choices=["sqlite", "postgresql"], default=["sqlite"])
    wanted = parser.parse_args()
    world = World()
    for kind in wanted.database:
        with tempfile.TemporaryDirectory(prefix="archiver-bench-") as name, location_of(kind, Path(name)) as location:
            say(f"\n{kind}\n\n| articles | made again, a CPU second | followed, a CPU second | {_HEAD} |")
            say("|---|---|---|---|---|---|---|---|")
            database = connect(location)
            create(database, "bench")
            there = 0
            for size in wanted.articles:
                again = (size - there) / load(database, world, there, size)
                there = size + _FOLLOWED
                followed = _FOLLOWED / follow_log(database, world, size, there)
                say(f"| {size:,} | {again:,.0f} | {followed:,.0f} | {ask(database, world, size, wanted.asked)} |")
            say(f"\ncontained of the planted originals: {planted(world):.2f} in the mean")
            total, ours = size_of(database)
            say(f"{total / there:,.0f} bytes an article, of them {ours / there:,.0f} for its sketch")
            database.close()


if __name__ == "__main__":
    main()

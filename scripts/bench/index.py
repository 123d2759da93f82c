#!/usr/bin/env python3
"""What the index costs as it grows: questions, following the log, making it again, and memory.

    .venv/bin/python scripts/bench/index.py [--rows 10000 100000 1000000] [--urls 20000] [--captures 20000]
                                            [--asked 2000] [--database sqlite postgresql]

Rows for the first table are put in directly; then entries go in as they do when following a log. The second table
reads a real archive in a folder, two entries a capture, from nothing and as `archiver index rebuild` does.
Asked for: at most 1 ms (SQLite) and 3 ms (PostgreSQL) in the median for the capture nearest to a moment among a
million, and 2,000 captures a second when the index is made again.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import rfc8785
import sqlalchemy as sa

from archiver import moments
from archiver.index import facts, follow, queries, schema
from archiver.index.database import Database, connect, create, read_head
from archiver.index.opening import open_index, rebuild_index
from archiver.index.queries import Filter
from archiver.index.readings import BATCH, Reading
from archiver.storage import layout
from archiver.storage.local import LocalStore
from archiver.storage.log import Entry
from archiver.urls import surt
from tests.support import postgres
from tests.support.logs import START, capture_id, intent, snapshot

_STATES = ["complete"] * 18 + ["partial", "failed"]
_APART = timedelta(seconds=67)
_PUT_IN = 4096  # captures that are put in as from a log, at each size


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def url_of(number: int) -> str:
    return f"https://news{number % 997}.example.com/{2000 + number % 25}/section/{number}/a-headline-of-usual-length"


def row_of(number: int, urls: int) -> dict[str, Any]:
    url = url_of(number % urls)
    key = surt(url)
    commitment = hashlib.sha256(b"%d" % number).hexdigest()
    return {
        "id": capture_id(number),
        "state": _STATES[number % len(_STATES)],
        "intent_index": 2 * number,
        "intent_commitment": commitment,
        "result_index": 2 * number + 1,
        "result_type": "snapshot",
        "result_commitment": commitment,
        "url": url,
        "url_hash": schema.hash_of(url),
        "final_url": url,
        "surt": key,
        "surt_hash": schema.hash_of(key),
        "host": schema.host_of(url),
        "captured_at_ms": moments.to_ms(START + number * _APART),
        "deadline_ms": moments.to_ms(START + number * _APART) + 300_000,
        "http_status": 200,
        "title": f"A headline of usual length that says what happened, number {number}",
        "case_name": None,
        "warc_bytes": 5_000_000 + number,
    }


def load(database: Database, first: int, last: int, urls: int) -> None:
    """Rows `first` to `last`, without a log."""
    names = [column.name for column in schema.captures.c]
    with database.engine.begin() as connection:
        if database.path is None:
            raw: Any = connection.connection.dbapi_connection
            command = f"COPY archiver_index.captures ({', '.join(names)}) FROM STDIN"
            with raw.cursor() as cursor, cursor.copy(command) as copy:
                for number in range(first, last):
                    copy.write_row(tuple(row_of(number, urls).values()))
        else:
            for at in range(first, last, 5000):
                batch = [row_of(number, urls) for number in range(at, min(at + 5000, last))]
                connection.execute(schema.captures.insert(), batch)
        connection.execute(sa.update(schema.head).values(next_index=2 * last))
    if database.path is None:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text("VACUUM ANALYZE archiver_index.captures"))


def median_ms(asked: int, ask: Callable[[random.Random], object]) -> tuple[float, float]:
    """Median and 99th percentile."""
    chance = random.Random(7)  # noqa: S311  # which questions, nothing secret
    times = []
    for _ in range(asked):
        began = time.perf_counter()
        ask(chance)
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times), statistics.quantiles(times, n=100)[98]


class Peak:
    """The most memory this process had inside, in MB."""

    def __enter__(self) -> Peak:
        Path("/proc/self/clear_refs").write_text("5")
        return self

    def __exit__(self, *_: object) -> None:
        status = Path("/proc/self/status").read_text()
        self.mb = int(status.split("VmHWM:")[1].split()[0]) / 1024


def put_in(database: Database, first: int, urls: int) -> float:
    """Captures a second that go in as from a log, reading of the log left out."""
    batches = []
    for at in range(first, first + _PUT_IN, BATCH // 2):
        batch = []
        for number in range(at, at + BATCH // 2):
            id_, url, began = capture_id(number), url_of(number % urls), START + number * _APART
            for slot, statement in ((2 * number, intent(id_, url, began)), (2 * number + 1, snapshot(id_, url, began))):
                entry = Entry(slot, statement["type"], id_, "00" * 32)
                batch.append(Reading(slot, entry, facts.read(statement)))
        batches.append(batch)
    began_s = time.perf_counter()
    for batch in batches:
        with database.writing() as connection:
            assert follow.advance(connection, batch) == batch[-1].index + 1
    return _PUT_IN / (time.perf_counter() - began_s)


def questions(database: Database, sizes: list[int], urls: int, asked: int) -> None:
    say("| rows | nearest ms (p99) | newest ms | look-alikes ms | by id ms | domain ms | put in, a second | MB |")
    say("|---|---|---|---|---|---|---|---|")
    there = 0
    for size in sizes:
        load(database, there, size, urls)
        span = size * _APART

        def nearest(chance: random.Random, span: timedelta = span, size: int = size) -> None:
            url = url_of(chance.randrange(min(urls, size)))
            answer = queries.nearest(database, url, START + chance.random() * span)
            assert answer.capture is None or answer.capture.url == url

        def domain(chance: random.Random) -> None:
            host = f"news{chance.randrange(997)}.example.com"
            list(queries.listing(database, Filter(domain=host, limit=50)))

        with Peak() as peak:
            middle, high = median_ms(asked, nearest)
            others = [
                median_ms(asked, lambda chance: queries.newest_of(database, url_of(chance.randrange(urls)))),
                median_ms(asked, lambda c: queries.nearest(database, url_of(c.randrange(urls)).upper(), START)),
                median_ms(asked, lambda chance, size=size: queries.by_id(database, capture_id(chance.randrange(size)))),
                median_ms(min(asked, 100), domain),
            ]
            rate = put_in(database, size, urls)
        cells = " | ".join(f"{each:.2f}" for each, _ in others)
        say(f"| {size:,} | {middle:.2f} ({high:.2f}) | {cells} | {rate:,.0f} | {peak.mb:.0f} |")
        there = size + _PUT_IN


def make_archive(root: Path, captures: int) -> None:
    """An archive as captures leave it, notes of usual size; written without syncing each file."""
    for folder in ("log/slot", "notes"):
        (root / folder).mkdir(parents=True)
    (root / layout.ARCHIVE).write_bytes(b'{"format":"archiver/1"}\n')
    chance = random.Random(7)  # noqa: S311  # which questions, nothing secret
    padding = {
        "conditions": {"browser_command_line": "--switch=value " * 120, "user_agent": "Mozilla/5.0 " * 10},
        "warnings": [{"code": "http_error", "message": "a sentence that says what to know " * 3}],
    }
    parts = ["dom", "text", "screenshot", "full_screenshot", "pdf", "exchanges"]
    for number in range(captures):
        id_, url, began = capture_id(number), url_of(number), START + number * _APART
        artifacts = [{"role": "warc", "key": layout.warc(id_), "bytes": 5_000_000, "sha256": "00" * 32}]
        artifacts += [{"role": p, "key": f"urn:{p}:{url}", "bytes": 9, "sha256": "00" * 32} for p in parts]
        for slot, statement in (
            (2 * number, intent(id_, url, began, tags=["daily", "press"])),
            (2 * number + 1, snapshot(id_, url, began, tags=["daily", "press"], artifacts=artifacts, **padding)),
        ):
            salt, line = chance.randbytes(32), rfc8785.dumps(statement) + b"\n"
            commitment = hashlib.sha256(salt + line).hexdigest()
            (root / layout.note(commitment)).write_bytes(salt.hex().encode() + b"\n" + line)
            entry = rfc8785.dumps({"commitment": commitment, "id": id_, "type": statement["type"]})
            (root / layout.slot(slot)).write_bytes(entry)


def following(location: str, store: LocalStore, captures: int) -> None:
    with contextlib.closing(open_index(location, store)) as database:
        with Peak() as peak:
            elapsed, busy = timed(lambda: follow.catch_up(database, store))
        say(f"| catch up | {captures:,} | {elapsed:.1f} | {busy:.1f} | {captures / elapsed:,.0f} | {peak.mb:.0f} |")
        times = [timed(lambda: follow.catch_up(database, store))[0] for _ in range(200)]
    say(f"| catch up with nothing new | 0 | {statistics.median(times):.4f} | | | |")
    with Peak() as peak:
        elapsed, busy = timed(lambda: rebuild_index(location, store))
    say(f"| rebuild | {captures:,} | {elapsed:.1f} | {busy:.1f} | {captures / elapsed:,.0f} | {peak.mb:.0f} |")


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds, and seconds of processor time of this process."""
    began, busy = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began, time.process_time() - busy


@contextlib.contextmanager
def location_of(kind: str, folder: Path) -> Iterator[Callable[[str], str]]:
    """Where to make an index of a name."""
    if kind == "sqlite":
        yield lambda name: str(folder / f"{name}.sqlite")
        return
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(postgres.running())
        yield lambda name: stack.enter_context(server.database())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--urls", type=int, default=20_000)
    parser.add_argument("--captures", type=int, default=20_000, help="of the archive that is read; 0 for none")
    parser.add_argument("--asked", type=int, default=2000)
    parser.add_argument("--database", nargs="+", choices=["sqlite", "postgresql"], default=["sqlite", "postgresql"])
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="archiver-bench-") as name:
        folder = Path(name)
        if wanted.captures:
            make_archive(folder / "archive", wanted.captures)
        for kind in wanted.database:
            with location_of(kind, folder) as location:
                say(f"\n{kind}\n")
                if wanted.rows:
                    database = connect(location("questions"))
                    create(database, "bench")
                    with database.reading() as connection:
                        assert read_head(connection).next_index == 0
                    questions(database, wanted.rows, wanted.urls, wanted.asked)
                    database.close()
                if wanted.captures:
                    say("\n| what | captures | s | of them CPU | captures a second | MB |\n|---|---|---|---|---|---|")
                    following(location("following"), LocalStore(folder / "archive"), wanted.captures)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""What very many schedules cost: a round of planning, listing them, memory, and adding them through the log.

    .venv/bin/python scripts/bench/schedules.py [--schedules 10000] [--stated 200] [--database sqlite postgresql]

Rows are put in directly, each of a host of its own, hourly. Then a round is measured when none is due, when a hundred
are, and when all are: a worker makes one every second, so the first should take milliseconds. The last figures are of
schedules that are added as people add them: a signed statement in a log on disk each, which the queue then follows.
"""

from __future__ import annotations

import argparse
import contextlib
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import orjson
import sqlalchemy as sa
from pydantic import SecretStr

from archiver import clock
from archiver.archive import Archive
from archiver.config import Settings
from archiver.jobs import opening
from archiver.jobs.engine import Engine
from archiver.jobs.opening import Opened
from archiver.jobs.schema import schedules
from archiver.moments import to_ms
from archiver.schedules.definition import Definition, define
from archiver.storage import layout
from tests.support import postgres

_START = datetime(2026, 3, 1, tzinfo=UTC)
_FEW = 100


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def defined(number: int, start: datetime) -> Definition:
    return define(f"s{number}", {"urls": (f"https://host{number}.example/news",), "every": "1h"}, start)


def fill(found: Opened, count: int) -> None:
    """Rows as they are when all are planned up to the start."""
    rows = [
        {
            "id": layout.new_id(_START),
            "name": f"s{number}",
            "definition": orjson.dumps(defined(number, _START).document()).decode(),
            "paused": False,
            "changed_at": clock.rfc3339(_START),
            "high_ms": to_ms(_START),
            "next_ms": to_ms(_START + timedelta(hours=1)),
            "next_seq": 2,
        }
        for number in range(count)
    ]
    with found.database.transaction() as connection:
        for at in range(0, count, 1000):
            connection.execute(schedules.insert(), rows[at : at + 1000])


def timed(what: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = what()
    return time.perf_counter() - began, result


def row(said: str, value: str) -> None:
    say(f"  {said:<58}{value:>18}")


def measure(found: Opened, count: int) -> None:
    planner = found.planner
    none = [timed(lambda: planner.tick(_START + timedelta(minutes=30)))[0] for _ in range(50)]
    row("a round when none is due, median", f"{statistics.median(none) * 1000:.2f} ms")
    with found.database.transaction() as connection:
        few = sa.select(schedules.c.id).order_by(schedules.c.name).limit(_FEW).scalar_subquery()
        earlier = to_ms(_START + timedelta(minutes=20))
        connection.execute(schedules.update().where(schedules.c.id.in_(few)).values(next_ms=earlier))
        names = connection.execute(sa.select(schedules).where(schedules.c.next_ms == earlier)).all()
        for each in names:
            document = {**orjson.loads(each.definition), "every_s": 1200}
            connection.execute(
                schedules.update().where(schedules.c.id == each.id).values(definition=orjson.dumps(document).decode())
            )
    took, done = timed(lambda: planner.tick(_START + timedelta(minutes=30)))
    row(f"a round when {done} are due", f"{took * 1000:.0f} ms")

    def all_due() -> int:
        total = 0
        while done := planner.tick(_START + timedelta(hours=1, minutes=1)):
            total += done
        return total

    took, done = timed(all_due)
    row(f"rounds until all are planned ({done} due)", f"{took:.1f} s")
    row("  so many a second", f"{done / took:.0f}")
    took, listed = timed(lambda: len(list(found.scheduling.listing())))
    row(f"schedule list, {listed} with their newest jobs", f"{took:.2f} s")
    took, _ = timed(found.queue.pump_ready)
    row(f"handing over what waits, {count} hosts", f"{took * 1000:.0f} ms")
    took, _ = timed(found.queue.counts)
    row("counting jobs by state", f"{took * 1000:.1f} ms")
    row("memory, at most", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


def state(archive: Archive, found: Opened, count: int) -> None:
    took, _ = timed(lambda: [found.scheduling.add(f"t{n}", defined(n, clock.now())) for n in range(count)])
    row(f"adding {count} schedules through the log, each", f"{took / count * 1000:.0f} ms")


@contextlib.contextmanager
def opened(kind: str) -> Iterator[tuple[Archive, Opened]]:
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        settings = Settings(archive=str(folder / "archive"))
        if kind == "postgresql":
            server = stack.enter_context(postgres.running())
            url = stack.enter_context(server.database())
            settings = settings.model_copy(update={"database_url": SecretStr(url)})
        archive = stack.enter_context(Archive(settings))
        made = stack.enter_context(opening.opened(archive, settings))
        engine = Engine(made.database)
        yield archive, opening.assemble(archive, settings, made.database, engine)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--schedules", type=int, default=10_000)
    parser.add_argument("--stated", type=int, default=200)
    parser.add_argument("--database", nargs="+", choices=["sqlite", "postgresql"], default=["sqlite", "postgresql"])
    arguments = parser.parse_args()
    for kind in arguments.database:
        with opened(kind) as (archive, found):
            say(f"{kind}, {arguments.schedules} schedules")
            found.scheduling.follow()
            fill(found, arguments.schedules)
            measure(found, arguments.schedules)
            state(archive, found, arguments.stated)
    return 0


if __name__ == "__main__":
    sys.exit(main())

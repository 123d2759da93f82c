#!/usr/bin/env python3
"""A week of schedules in minutes: pages that change, fail, move, rate-limit and vanish, and workers that die.

    .venv/bin/python scripts/bench/week.py [--hour 3.0] [--database postgresql://…]

An hour takes `--hour` seconds. Two workers with real browsers; one is killed on the third day and comes back half a day
later, both are stopped for a night. In the end the log must account for every time that was due: the table says how.
Exits with 1 when a time is unexplained, doubly captured, or lacks, or when a site was visited in another way than its
manners allow.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.sites.model import Request, Response
from tests.sites.server import LocalWeb

_HTML = (b"Content-Type", b"text/html; charset=utf-8")
_DAYS = 7
_SCHEDULES = {"changing": 6, "steady": 12, "failing": 12, "moving": 12, "limited": 8, "vanishing": 12}  # hours
_LEASE_HOURS = 2


class Web:
    """The sites of the week. `hour` is how far it has come."""

    def __init__(self, hour_s: float) -> None:
        self.hour_s = hour_s
        self.began = time.monotonic()

    @property
    def day(self) -> float:
        return (time.monotonic() - self.began) / self.hour_s / 24

    async def __call__(self, request: Request) -> Response:
        day, site = self.day, request.host.partition(".")[0]
        text = "The river has risen again, and the town has put up its boards along the quay."
        if site == "changing":
            text = f"{text} It is hour {int(day * 24)} of the week."
        elif site == "failing" and 1 <= day < 3:
            return Response(abort="empty")
        elif site == "moving" and day >= 3 and request.path == "/":
            return Response(301, b"Moved", [(b"Location", b"/new-place")])
        elif site == "limited" and 3 <= day < 4:
            after = str(max(int(2 * self.hour_s), 1)).encode()
            return Response(429, b"Too Many", [_HTML, (b"Retry-After", after)], b"<title>Slow down</title>")
        elif site == "vanishing" and day >= 4:
            return Response(404, b"Gone", [_HTML], b"<!doctype html><title>Not found</title><h1>Not here any more</h1>")
        elif site == "feed" and request.path == "/feed":
            items = "".join(
                f"<item><title>Story {n}</title><link>http://feed.test/story/{n}</link></item>"
                for n in range(int(day * 2), -1, -1)
            )
            xml = f'<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>{items}</channel></rss>'
            return Response(fields=[(b"Content-Type", b"application/rss+xml")], body=xml.encode())
        page = f"<!doctype html><title>{site} {request.path}</title><h1>{site}</h1><p>{text}</p>"
        return Response(fields=[_HTML], body=page.encode())


class Week:
    def __init__(self, folder: Path, hour_s: float, port: int, database: str | None) -> None:
        self._archive, self._hour_s = folder / "archive", hour_s
        self._workers: dict[str, subprocess.Popen[bytes]] = {}
        self._log = (folder / "workers.log").open("wb")
        self._environment = {
            **os.environ,
            "XDG_STATE_HOME": str(folder / "state"),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "ARCHIVER_CAPTURE__RESOLVE": f"*.test:80=127.0.0.1:{port}",
            "ARCHIVER_CAPTURE__SETTLE_S": "3",
            "ARCHIVER_CAPTURE__TIMEOUT_S": "30",
            "ARCHIVER_JOBS__LEASE_S": str(max(_LEASE_HOURS * hour_s, 4)),
            "ARCHIVER_JOBS__RETRY_S": str(hour_s),
            "ARCHIVER_JOBS__DELAY_S": "1",
            **({"ARCHIVER_DATABASE_URL": database} if database else {}),
        }

    def command(self, *arguments: str) -> str:
        line = [sys.executable, "-m", "archiver", "--archive", str(self._archive), *arguments]
        done = subprocess.run(line, env=self._environment, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode not in (0, 5):
            raise SystemExit(f"{' '.join(arguments)}: exit {done.returncode}\n{done.stderr}")
        return done.stdout

    def schedule(self, name: str, hours: float, *more: str) -> None:
        every = f"{max(round(hours * self._hour_s), 1)}s"
        self.command("schedule", "add", "--name", name, "--every", every, "--stop-after", self.length, *more)

    @property
    def length(self) -> str:
        return f"{int(_DAYS * 24 * self._hour_s)}s"

    def start(self, name: str) -> None:
        line = [sys.executable, "-m", "archiver", "--archive", str(self._archive), "worker", "--name", name]
        self._workers[name] = subprocess.Popen(line, env=self._environment, stderr=self._log)  # noqa: S603

    def end(self, name: str, how: signal.Signals) -> None:
        worker = self._workers.pop(name)
        worker.send_signal(how)
        worker.wait()

    def rows(self) -> list[dict[str, Any]]:
        """What the report says, and the same of the log as a whole."""
        return [json.loads(line) for line in self.command("--json", "schedule", "report").splitlines()]

    def close(self) -> None:
        for name in list(self._workers):
            self.end(name, signal.SIGTERM)
        self._log.close()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _live(week: Week, web: Web) -> None:
    """The week: its schedules, and what befalls the workers."""
    week.start("one")
    week.start("two")
    for name, hours in {
        "changing": 6,
        "steady": 12,
        "failing": 12,
        "moving": 12,
        "limited": 8,
        "vanishing": 12,
    }.items():
        week.schedule(name, hours, f"http://{name}.test/")
    week.schedule("all", 24, "http://changing.test/daily", "--missed", "all")
    week.schedule("watch", 12, "--feed", "http://feed.test/feed")
    for day, what, name in (
        (2.0, signal.SIGKILL, "one"),
        (2.5, None, "one"),
        (5.0, signal.SIGTERM, "one"),
        (5.0, signal.SIGTERM, "two"),
        (5.5, None, "one"),
        (5.5, None, "two"),
    ):
        while web.day < day:
            time.sleep(0.2)
        if what is None:
            week.start(name)
        else:
            week.end(name, what)
        _say(f"day {web.day:.2f}  {name} {'starts' if what is None else what.name}")
    while web.day < _DAYS + 0.5:
        time.sleep(0.5)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--hour", type=float, default=3.0, metavar="SECONDS", help="what an hour takes (default: 3)")
    parser.add_argument("--database", metavar="URL", help="the queue's PostgreSQL (default: SQLite)")
    given = parser.parse_args()
    web = Web(given.hour)
    with tempfile.TemporaryDirectory(prefix="week-") as folder, LocalWeb(web) as served:
        week = Week(Path(folder), given.hour, served.http_port, given.database)
        try:
            web.began = time.monotonic()
            _live(week, web)
            for name in ("one", "two"):
                week.end(name, signal.SIGTERM)
            rows = week.rows()
            verified = week.command("verify", "--all")
        finally:
            week.close()
        log = (Path(folder) / "workers.log").read_text()
    return _told(rows, verified, log)


def _told(rows: list[dict[str, Any]], verified: str, log: str) -> int:
    states = defaultdict[str, Counter[str]](Counter)
    reasons = Counter[str]()
    for row in rows:
        count = (row["last_seq"] or row["seq"]) - row["seq"] + 1
        states[row["name"]][row["state"]] += count
        if row["reason"]:
            reasons[f"{row['state']}: {row['reason'][:90]}"] += count
    columns = sorted({state for counts in states.values() for state in counts})
    _say(f"\n{'schedule':<12}{'due':>6}" + "".join(f"{state:>12}" for state in columns))
    for name, counts in states.items():
        _say(f"{name:<12}{counts.total():>6}" + "".join(f"{counts[state] or '':>12}" for state in columns))
    for reason, count in reasons.most_common():
        _say(f"{count:>5}  {reason}")
    _say(next((line for line in verified.splitlines() if " schedules " in line), "no check of schedules"))
    bad = sum(counts[state] for counts in states.values() for state in ("unexplained", "unfinished", "outside"))
    lacking = [name for name, hours in _SCHEDULES.items() if states[name].total() < _DAYS * 24 / hours]
    doubled = sum(len(row["duplicates"]) for row in rows)
    _say(f"{bad} without an explanation, {doubled} captured twice, too few times of {lacking or 'none'}")
    if bad or lacking:
        _say(log[-4000:])
    return 1 if bad or lacking else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""What workers achieve: captures of a small page by workers, and the same page by bare Playwright, in one run.

    .venv/bin/python scripts/bench/captures.py [100] [--rounds 3]

Each kind makes that many captures, in rounds that take turns; the medians of the rounds are shown. "A core" is what one
processor makes when it does nothing else: 60 s by the processor time of one capture, all processes counted. Memory is
the most that all of them held for themselves at once. Starting and ending workers counts for processor time, not for
time: rounds of less than some 20 captures say little of it. Bare Playwright makes a context and a page each time and
waits for the load event: alone, with the two screenshots and the PDF that captures have, and so in a browser of its
own.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import statistics
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from playwright.async_api import Browser, async_playwright

from archiver.capture.capture import locate_browser
from archiver.config import CaptureSettings
from tests.sites.server import LocalWeb
from tests.support.places import own_folders
from tests.support.residue import Place, descendants_of
from tests.support.workers import Crew, News, visits

_BARE = {
    "bare: load": (False, False),
    "bare: load, pictures, PDF": (True, False),
    "bare: the same, own browser": (True, True),
}
_HOSTS = 20
_LONGEST_S = 3600.0


@dataclass(frozen=True)
class Round:
    """One kind of capturing, some captures of it."""

    a_minute: float
    cpu_s: float  # of one capture
    memory_mb: float
    wrong: tuple[str, ...] = ()


class Memory:
    """The most that some processes and all below them held for themselves at once."""

    def __init__(self, roots: Callable[[], Iterable[int]]) -> None:
        self._roots = roots
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.peak_mb = 0.0

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.5):
            all_ = {below for pid in self._roots() for below in (pid, *descendants_of(pid))}
            self.peak_mb = max(self.peak_mb, sum(map(_held_mb, all_)))


def _held_mb(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/statm").read_text().split()
    except OSError:
        return 0.0
    return (int(fields[1]) - int(fields[2])) * os.sysconf("SC_PAGE_SIZE") / 1e6


def _spent_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def by_workers(count: int, workers: int, concurrency: int) -> Round:
    """Captures of pages of many hosts, which no manners hold up; starting and ending the workers is not counted in."""
    with LocalWeb(News()) as web, Place(web) as place, Crew(place, JOBS__DELAY_S="0") as team:
        spent_s = _spent_s()
        started = [team.start("--concurrency", str(concurrency)) for _ in range(workers)]
        team.wait_ready(*started, timeout_s=120)
        with Memory(lambda: [worker.pid for worker in started]) as memory:
            began = time.monotonic()
            ids = team.queue(*(f"http://h{number % _HOSTS}.test/c{number}/" for number in range(count)))
            team.wait_ended(ids, _LONGEST_S, poll_s=0.5)
            took_s = time.monotonic() - began
        for worker in started:
            worker.stop()
        wrong = team.wrong_results(ids)
        if len(visits(web.log)) != count:
            wrong.append(f"{count} jobs brought {len(visits(web.log))} visits")
    return Round(60 * count / took_s, (_spent_s() - spent_s) / count, memory.peak_mb, tuple(wrong))


def by_playwright(count: int, kind: str) -> Round:
    with LocalWeb(News()) as web:
        spent_s = _spent_s()
        command = [sys.executable, __file__, str(count), "--bare", kind, "--port", str(web.http_port)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603  # this very program
        with Memory(lambda: [process.pid]) as memory:
            told, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"{kind} ended with {process.returncode}")
    return Round(60 * count / float(told), (_spent_s() - spent_s) / count, memory.peak_mb)


async def bare(count: int, port: int, *, pictures: bool, own: bool) -> float:
    """Load that many pages; how long that took."""
    found = await asyncio.to_thread(locate_browser, CaptureSettings())
    async with async_playwright() as playwright:

        async def launch() -> Browser:
            rules = [f"--host-resolver-rules=MAP *:80 127.0.0.1:{port},MAP * ~NOTFOUND"]
            return await playwright.chromium.launch(
                executable_path=found.path, chromium_sandbox=os.geteuid() != 0, args=rules
            )

        browser = await launch()
        began = time.monotonic()
        for number in range(count):
            if own and number:
                await browser.close()
                browser = await launch()
            context = await browser.new_context(viewport={"width": 1366, "height": 768})
            page = await context.new_page()
            await page.goto(f"http://h{number % _HOSTS}.test/c{number}/", wait_until="load")
            if pictures:
                await page.screenshot()
                await page.screenshot(full_page=True)
                await page.pdf(print_background=True)
            await context.close()
        took_s = time.monotonic() - began
        await browser.close()
    return took_s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", type=int, nargs="?", default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--bare", help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.bare:
        pictures, own = _BARE[given.bare]
        sys.stdout.write(f"{asyncio.run(bare(given.count, given.port, pictures=pictures, own=own))}\n")
        return
    kinds: dict[str, Callable[[int], Round]] = {
        "a worker": lambda count: by_workers(count, 1, 1),
        "a worker, 2 at a time": lambda count: by_workers(count, 1, 2),
        "two workers": lambda count: by_workers(count, 2, 1),
        **{kind: lambda count, kind=kind: by_playwright(count, kind) for kind in _BARE},  # type: ignore[misc]
    }
    made = defaultdict[str, list[Round]](list)
    with own_folders():
        for number in range(given.rounds):
            for kind, capture in kinds.items():
                each = capture(max(given.count // given.rounds, 1))
                made[kind].append(each)
                sys.stderr.write(f"{number + 1}: {kind}: {each.a_minute:.1f} a minute, {each.cpu_s:.2f} CPU s each\n")
    sys.stdout.write(f"{'':<28} {'a minute':>8} {'a minute and core':>17} {'CPU s each':>10} {'peak MB':>8}\n")
    for kind, rounds in made.items():
        cpu_s = statistics.median(each.cpu_s for each in rounds)
        sys.stdout.write(
            f"{kind:<28} {statistics.median(each.a_minute for each in rounds):>8.1f} {60 / cpu_s:>17.1f} "
            f"{cpu_s:>10.2f} {max(each.memory_mb for each in rounds):>8.0f}\n"
        )
    wrong = [text for rounds in made.values() for each in rounds for text in each.wrong]
    for text in wrong:
        sys.stdout.write(f"WRONG {text}\n")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""What recording costs: the same page loaded by the bare browser and by `archiver`, paired in one run; and memory.

    .venv/bin/python scripts/bench/overhead.py [--rounds 10] [--body-mb 300] [--captures 8]

Load is open to the load event on loopback, each kind in turn. Memory is the peak resident size of Python, and the most
that all processes below it held for themselves at once, while a page fetches one large body.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import os
import re
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from playwright.async_api import async_playwright

from archiver.archive import Archive
from archiver.capture.capture import Progress, locate_browser
from archiver.capture.relay import Override, Relay
from archiver.config import CaptureSettings, load
from archiver.demo.server import DemoServer
from archiver.demo.site import REPOST_URL
from tests.sites.kinds import kinds_sites
from tests.sites.server import LocalWeb
from tests.support.capturing import capture

_URL = "http://kinds.test/"
_CHILD = "--child"
_KINDS: dict[str, dict[str, bool]] = {
    "bare browser": {},
    "with the relay": {"relayed": True},
    "with the network log": {"logged": True},
    "with both": {"relayed": True, "logged": True},
}


def bare(web: LocalWeb, executable: Path, folder: Path, *, relayed: bool = False, logged: bool = False) -> float:
    """Seconds from opening the page to its load event, in a browser of its own with none or some of what we add."""

    async def load() -> float:
        relay = Relay([Override("*", 80, "127.0.0.1", web.http_port)])
        rules = [f"--host-resolver-rules=MAP *:80 127.0.0.1:{web.http_port},MAP * ~NOTFOUND"]
        async with relay, async_playwright() as playwright:
            if relayed:
                rules = [f"--proxy-server=socks5://127.0.0.1:{relay.port}", "--proxy-bypass-list=<-loopback>"]
            if logged:
                rules += [f"--log-net-log={folder / secrets.token_hex(4)}", "--net-log-capture-mode=Everything"]
            browser = await playwright.chromium.launch(
                executable_path=executable, chromium_sandbox=os.geteuid() != 0, args=rules
            )
            page = await browser.new_page(viewport={"width": 1366, "height": 768})
            began = time.monotonic()
            await page.goto(_URL, wait_until="load")
            elapsed = time.monotonic() - began
            await browser.close()
            return elapsed

    return asyncio.run(load())


def recorded(web: LocalWeb, folder: Path) -> tuple[float, float]:
    """Seconds to the load event inside a capture, and of the whole capture."""
    began = time.monotonic()
    captured = capture(web, _URL, folder / "archive")
    steps = {step.name: step.elapsed_s for step in captured.recording.steps}
    return steps["open"] + steps["load"], time.monotonic() - began


def memory(size_mb: int) -> tuple[float, float, float]:
    """Peak resident MB of a process that captures one large body, of its browser, and the seconds it took."""
    command = [sys.executable, __file__, _CHILD, str(size_mb)]
    began = time.monotonic()
    with LocalWeb(kinds_sites()) as web, tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"BENCH_RESOLVE": ",".join(web.resolve), "BENCH_ARCHIVE": folder}
        done = subprocess.run(  # noqa: S603  # this very program
            [*command, str(web.ca_path)], env=environment, capture_output=True, text=True, check=True
        )
    python_mb, browser_mb = done.stdout.split()[-2:]
    return float(python_mb), float(browser_mb), time.monotonic() - began


def child(size_mb: int, ca_path: Path) -> None:
    flags = {
        "archive": os.environ["BENCH_ARCHIVE"] + "/archive",
        "capture.resolve": tuple(os.environ["BENCH_RESOLVE"].split(",")),
        "capture.trust_ca": ca_path,
        "capture.settle_s": 90.0,
        "capture.timeout_s": 240.0,
    }
    peak_bytes = 0

    def look(_: object) -> None:
        nonlocal peak_bytes
        held = (int(f[1]) - int(f[2]) for f in (p.read_text().split() for p in descendants("statm")))
        peak_bytes = max(peak_bytes, sum(held) * os.sysconf("SC_PAGE_SIZE"))

    Archive(load(flags).settings).capture(f"https://kinds.test/big?size={size_mb << 20}", look)
    status = Path("/proc/self/status").read_text()
    (peak_kb,) = re.findall(r"VmHWM:\s+(\d+) kB", status)
    sys.stdout.write(f"{int(peak_kb) / 1024:.0f} {peak_bytes / 1e6:.0f}\n")


def descendants(file: str) -> list[Path]:
    """That file of /proc for every process below this one."""
    parents = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    found = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return [Path(f"/proc/{pid}/{file}") for pid in found - {os.getpid()}]


def cpu_s() -> float:
    """Seconds of processor time of this process and of all below it that live."""
    ticks = 0
    for path in (Path("/proc/self/stat"), *descendants("stat")):
        with contextlib.suppress(OSError):
            ticks += sum(int(field) for field in path.read_text().rpartition(")")[2].split()[11:13])
    return ticks / os.sysconf("SC_CLK_TCK")


def steps() -> list[tuple[str, float, float]]:
    """Of one capture of the demo page: each step, its seconds, its processor seconds."""
    seen: list[tuple[str, float, float]] = []

    def look(progress: Progress) -> None:
        if not seen or seen[-1][0] != progress.step:
            seen.append((progress.step, time.monotonic(), cpu_s()))

    with DemoServer() as server, tempfile.TemporaryDirectory() as folder:
        settings = load({"archive": f"{folder}/archive", "capture.resolve": server.resolve}).settings
        Archive(settings).capture(REPOST_URL, look)
    seen.append(("", time.monotonic(), cpu_s()))
    return [(name, b - a, max(d - c, 0.0)) for (name, a, c), (_, b, d) in itertools.pairwise(seen)]


def a_minute(concurrency: int, count: int) -> float:
    """Captures of the demo page a minute, so many at a time."""
    with DemoServer() as server, tempfile.TemporaryDirectory() as folder:
        rules = [part for rule in server.resolve for part in ("--resolve", rule)]
        command = [sys.executable, "-m", "archiver", "--quiet", "--archive", f"{folder}/archive", "capture", *rules]
        urls = [f"{REPOST_URL}?{number}" for number in range(count)]
        began = time.monotonic()
        subprocess.run([*command, "--concurrency", str(concurrency), *urls], check=True)  # noqa: S603  # ourselves
    return count * 60 / (time.monotonic() - began)


def help_s() -> float:
    """Seconds of `archiver --help`, the median of nine."""
    taken = []
    for _ in range(9):
        began = time.monotonic()
        subprocess.run([sys.executable, "-m", "archiver", "--help"], check=True, capture_output=True)  # ourselves
        taken.append(time.monotonic() - began)
    return statistics.median(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--body-mb", type=int, default=300)
    parser.add_argument("--captures", type=int, default=8)
    arguments = parser.parse_args()
    executable = locate_browser(CaptureSettings()).path
    times: dict[str, list[float]] = {}
    with LocalWeb(kinds_sites(), protocols=("http/1.1",)) as web, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for _ in range(arguments.rounds):
            for kind, options in _KINDS.items():
                times.setdefault(kind, []).append(bare(web, executable, folder, **options))
            load_s, whole_s = recorded(web, folder)
            times.setdefault("in a capture", []).append(load_s)
            times.setdefault("the whole capture", []).append(whole_s)
    say("To the load event, and its ratio to the bare browser (medians of pairs)")
    for kind, taken in times.items():
        ratio = statistics.median(ours / theirs for ours, theirs in zip(taken, times["bare browser"], strict=True))
        say(f"  {kind:<26} {statistics.median(taken):6.2f} s  {ratio:5.2f}")
    say("Demo page, step by step        wall     CPU")
    rows = steps()
    for step, wall_s, step_cpu_s in rows:
        say(f"  {step:<26} {wall_s:6.2f} s {step_cpu_s:6.2f} s")
    say(f"  {'all':<26} {sum(row[1] for row in rows):6.2f} s {sum(row[2] for row in rows):6.2f} s")
    say("Captures of the demo page a minute")
    for concurrency in (1, 2, 4):
        say(f"  --concurrency {concurrency:<12} {a_minute(concurrency, arguments.captures):6.1f}")
    python_mb, browser_mb, took_s = memory(arguments.body_mb)
    memory_mb = f"peak {python_mb:.0f} MB in Python, {browser_mb:.0f} MB below it"
    say(f"A body of {arguments.body_mb} MB: {memory_mb}; {took_s:.0f} s")
    say(f"archiver --help: {help_s():.2f} s")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    if sys.argv[1:2] == [_CHILD]:
        child(int(sys.argv[2]), Path(sys.argv[3]))
    else:
        main()

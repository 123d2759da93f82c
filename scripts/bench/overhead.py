#!/usr/bin/env python3
"""What recording costs: the same page loaded by the bare browser and by `archiver`, paired in one run; and memory.

    .venv/bin/python scripts/bench/overhead.py [--rounds 5] [--body-mb 300]

Load is open to the load event on loopback. Memory is the peak resident size of the Python process alone while a page
fetches one large body.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from playwright.async_api import async_playwright

from archiver.capture.capture import locate_browser
from archiver.config import CaptureSettings
from tests.sites.kinds import kinds_sites
from tests.sites.server import LocalWeb
from tests.support.capturing import capture

_URL = "http://kinds.test/"
_CHILD = "--child"


def bare(web: LocalWeb, executable: Path) -> float:
    """Seconds from opening the page to its load event, without anything of ours."""

    async def load() -> float:
        async with async_playwright() as playwright:
            rules = f"--host-resolver-rules=MAP *:80 127.0.0.1:{web.http_port},MAP * ~NOTFOUND"
            browser = await playwright.chromium.launch(
                executable_path=executable, chromium_sandbox=os.geteuid() != 0, args=[rules]
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


def memory(size_mb: int) -> tuple[float, float]:
    """Peak resident MB of a process that captures one large body, and the seconds it took."""
    command = [sys.executable, __file__, _CHILD, str(size_mb)]
    began = time.monotonic()
    with LocalWeb(kinds_sites()) as web, tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"BENCH_RESOLVE": ",".join(web.resolve), "BENCH_ARCHIVE": folder}
        done = subprocess.run(  # noqa: S603  # this very program
            [*command, str(web.ca_path)], env=environment, capture_output=True, text=True, check=True
        )
    return float(done.stdout.split()[-1]), time.monotonic() - began


def child(size_mb: int, ca_path: Path) -> None:
    from archiver.archive import Archive  # noqa: PLC0415  # only the child's memory is measured
    from archiver.config import load  # noqa: PLC0415

    flags = {
        "archive": os.environ["BENCH_ARCHIVE"] + "/archive",
        "capture.resolve": tuple(os.environ["BENCH_RESOLVE"].split(",")),
        "capture.trust_ca": ca_path,
        "capture.settle_s": 90.0,
        "capture.timeout_s": 240.0,
    }
    Archive(load(flags).settings).capture(f"https://kinds.test/big?size={size_mb << 20}", lambda _: None)
    status = Path("/proc/self/status").read_text()
    (peak_kb,) = re.findall(r"VmHWM:\s+(\d+) kB", status)
    sys.stdout.write(f"{int(peak_kb) / 1024:.0f}\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--body-mb", type=int, default=300)
    arguments = parser.parse_args()
    executable = locate_browser(CaptureSettings()).path
    loads, captures, bares = [], [], []
    with LocalWeb(kinds_sites(), protocols=("http/1.1",)) as web, tempfile.TemporaryDirectory() as folder:
        for _ in range(arguments.rounds):
            bares.append(bare(web, executable))
            load_s, whole_s = recorded(web, Path(folder))
            loads.append(load_s)
            captures.append(whole_s)
    peak_mb, took_s = memory(arguments.body_mb)
    ratio = statistics.median(ours / theirs for ours, theirs in zip(loads, bares, strict=True))
    for name, value in (
        ("bare browser, to load", f"{statistics.median(bares):.2f} s (median of {len(bares)})"),
        ("recorded, to load", f"{statistics.median(loads):.2f} s"),
        ("ratio (median of pairs)", f"{ratio:.2f}"),
        ("whole capture", f"{statistics.median(captures):.2f} s"),
        (f"peak memory, {arguments.body_mb} MB body", f"{peak_mb:.0f} MB in Python; {took_s:.0f} s"),
    ):
        sys.stdout.write(f"{name:<28} {value}\n")


if __name__ == "__main__":
    if sys.argv[1:2] == [_CHILD]:
        child(int(sys.argv[2]), Path(sys.argv[3]))
    else:
        main()

#!/usr/bin/env python3
"""How long `archiver verify --all` takes for an archive of many snapshots, on one core and on all.

    .venv/bin/python scripts/bench/verify_all.py [--snapshots 1000] [--kb 200] [--rounds 3]

The snapshots are made without a browser, each with a body of its own. One core and all cores take turns; beside them
stands `sha256sum` of the same WARCs. Prints a table of medians.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from archiver.archive import Archive
from tests.support import recorded
from tests.unit.recordings import RESPONSE_HEAD, body, exchange

_PROGRAM = Path(sys.executable).with_name("archiver")


def make(folder: Path, snapshots: int, kb: int) -> None:
    chance = random.Random(1)  # noqa: S311  # content that cannot be compressed

    def record(url: str, *_: object) -> object:
        main = exchange(0, url=url, response_body=body(chance.randbytes(kb * 1000), RESPONSE_HEAD))
        return recorded.page(url, main=main, exchanges=(main,))

    with mock.patch("archiver.capture.capture.record", record), Archive(folder) as archive:
        for number in range(snapshots):
            archive.capture(f"https://a.test/{number}")


def timed(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  # our own
    return time.perf_counter() - began


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--snapshots", type=int, default=1000)
    parser.add_argument("--kb", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="archiver-bench-") as folder:
        os.environ.update({f"XDG_{name}_HOME": f"{folder}/{name}" for name in ("CONFIG", "STATE", "CACHE")})
        archive = Path(folder) / "archive"
        make(archive, given.snapshots, given.kb)
        files = [str(path) for path in archive.rglob("*.warc.gz")]
        verify = [str(_PROGRAM), "--quiet", "--archive", str(archive), "verify", "--all"]
        ways = {"one core": ["taskset", "-c", "0", *verify], "all cores": verify, "sha256sum": ["sha256sum", *files]}
        times: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(given.rounds):
            for name, command in ways.items():
                times[name].append(timed(command))
        size = sum(Path(path).stat().st_size for path in files)
    sys.stdout.write(f"{given.snapshots} snapshots, {size / 1e6:.0f} MB of WARCs, {os.cpu_count()} cores\n")
    for name, found in times.items():
        middle = statistics.median(found)
        sys.stdout.write(f"{name:<10} {middle:7.2f} s  {size / 1e6 / middle:7.1f} MB/s\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

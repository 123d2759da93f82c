#!/usr/bin/env python3
"""How fast a WARC is verified, against inflating and hashing it with the shell's tools; and memory, at two sizes.

    .venv/bin/python scripts/bench/verify.py [--mb 1000] [--small-mb 100] [--rounds 5]

The WARC is made by the archiver's writer: of its bodies 40 % by size are incompressible, the others text, and sizes
are as pages have them, with some large ones. Ours and the shell's take turns in one run; every figure is the whole
time of a process, with the file in the page cache. Asked for: at least 60 % of the shell's speed, that is of
`gunzip -c FILE | sha256sum` and `sha256sum FILE` one after the other; and the same memory for either size.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from archiver.model import Body, Exchange
from archiver.verify.warc import read_warc
from archiver.warc import writer
from tests.unit.recordings import RESPONSE_HEAD, body, exchange, recording

_CHILD = "--child"
_PIECE_BYTES = 1 << 18
_NOISE_PART = 0.4
_INFLATED_PER_BYTE = 1.7  # of the mixture, about


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def bodies(chance: random.Random) -> Iterator[Body]:
    """Bodies without end, of which some come again and again; their sizes are log-normal, 25 kB in the middle."""
    words = [bytes(chance.choices(b"etaoinshrdlucmfwyp", k=chance.randint(2, 11))) for _ in range(4000)]
    paragraphs = [b"<p>" + b" ".join(chance.choices(words, k=80)) + b"</p>\n" for _ in range(8000)]

    def made(size: int, is_noise: bool) -> Body:
        data = chance.randbytes(size) if is_noise else b"".join(chance.choices(paragraphs, k=size // 500 + 1))
        return body(data, RESPONSE_HEAD)

    pool = []
    for _ in range(400):
        size = min(int(chance.lognormvariate(10.1, 1.3)), 8_000_000)
        pool += [made(size, False), made(int(size * _NOISE_PART / (1 - _NOISE_PART)), True)]
    while True:
        chance.shuffle(pool)
        yield from pool


def make(path: Path, size: int) -> None:
    """A WARC of about `size` bytes."""
    exchanges: list[Exchange] = []
    wanted = int(size * _INFLATED_PER_BYTE)
    for number, each in enumerate(bodies(random.Random(7))):  # noqa: S311  # what bodies hold, nothing secret
        exchanges.append(exchange(number, response_body=each))
        wanted -= each.size_bytes
        if wanted <= 0:
            break
    writer.write(recording(*exchanges), path)


def verify(path: Path) -> None:
    """What the child does."""
    with path.open("rb") as stream:
        reading = read_warc(iter(lambda: stream.read(_PIECE_BYTES), b""))
    kinds = {problem.kind for problem in reading.problems}
    if kinds or not reading.complete:
        raise SystemExit(f"the WARC is not as it should be: {reading.problems[:3]}")


def ours(path: Path) -> tuple[float, float]:
    """Seconds, and peak RSS in MB."""
    began = time.monotonic()
    with subprocess.Popen([sys.executable, __file__, _CHILD, str(path)]) as child:  # noqa: S603  # this script
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(child.returncode)
    return time.monotonic() - began, usage.ru_maxrss / 1024


def shell(path: Path) -> float:
    began = time.monotonic()
    for line in ('gunzip -c "$1" | sha256sum', 'sha256sum "$1"'):
        subprocess.run(["bash", "-o", "pipefail", "-c", line, "-", path], check=True, stdout=subprocess.DEVNULL)  # noqa: S603, S607  # the commands that are compared with
    return time.monotonic() - began


def main() -> None:
    if _CHILD in sys.argv:
        verify(Path(sys.argv[-1]))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mb", type=int, default=1000)
    parser.add_argument("--small-mb", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="archiver-bench-") as folder:
        say("| MB | ours s | shell s | speed of shell's | ours MB/s | peak RSS MB |\n|---|---|---|---|---|---|")
        for mb in (wanted.small_mb, wanted.mb):
            path = Path(folder) / f"{mb}.warc.gz"
            make(path, mb * 1_000_000)
            data_mb = path.stat().st_size / 1e6
            hashlib.file_digest(path.open("rb"), "sha256")  # into the page cache
            runs = [(*ours(path), shell(path)) for _ in range(wanted.rounds)]
            mine, peak, theirs = (statistics.median(column) for column in zip(*runs, strict=True))
            spread = f"{min(r[0] for r in runs):.1f}-{max(r[0] for r in runs):.1f}"
            spread_shell = f"{min(r[2] for r in runs):.1f}-{max(r[2] for r in runs):.1f}"
            say(
                f"| {data_mb:.0f} | {mine:.2f} ({spread}) | {theirs:.2f} ({spread_shell}) | {theirs / mine:.0%} "
                f"| {data_mb / mine:.0f} | {peak:.0f} |"
            )


if __name__ == "__main__":
    main()

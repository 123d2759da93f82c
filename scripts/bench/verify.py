#!/usr/bin/env python3
"""How fast a WARC is verified, against inflating and hashing it with the shell's tools; and memory, at two sizes.

    .venv/bin/python scripts/bench/verify.py [--mb 1000] [--rounds 5]

The WARCs are made by the archiver's writer: a tenth of the size, the size, and the size in many small exchanges. Of
their bodies 40 % by size are incompressible, the others text. Ours and the shell's take turns in one run; every figure
is the whole time of a process, with the file in the page cache. Asked for: at least 60 % of the shell's speed, that is
of `gunzip -c FILE | sha256sum` and `sha256sum FILE` one after the other; and memory that does not grow with the size
of a WARC. It does grow with the number of records, as what they say of themselves is kept.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from archiver.model import Body
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


def bodies(chance: random.Random, mean_bytes: int) -> Iterator[Body]:
    """Bodies without end, of which some come again and again; their sizes are log-normal."""
    words = [bytes(chance.choices(b"etaoinshrdlucmfwyp", k=chance.randint(2, 11))) for _ in range(4000)]
    paragraphs = [b"<p>" + b" ".join(chance.choices(words, k=80)) + b"</p>\n" for _ in range(8000)]

    def made(size: int, is_noise: bool) -> Body:
        data = chance.randbytes(size) if is_noise else b"".join(chance.choices(paragraphs, k=size // 500 + 1))
        return body(data, RESPONSE_HEAD)

    sizes = [chance.lognormvariate(0, 1.5) for _ in range(200)]
    scale = mean_bytes * len(sizes) / sum(sizes)
    pool = []
    for each in sizes:
        size = int(each * scale)
        pool += [made(int(2 * size * (1 - _NOISE_PART)), False), made(int(2 * size * _NOISE_PART), True)]
    while True:
        chance.shuffle(pool)
        yield from pool


def make(path: Path, size: int, exchanges: int) -> None:
    """A WARC of about `size` bytes."""
    mean_bytes = int(size * _INFLATED_PER_BYTE / exchanges)
    chance = random.Random(7)  # noqa: S311  # what bodies hold, nothing secret
    some = islice(bodies(chance, mean_bytes), exchanges)
    whole = [exchange(number, response_body=each) for number, each in enumerate(some)]
    writer.write(recording(*whole), path)


def verify(path: Path) -> None:
    """What the child does."""
    with path.open("rb") as stream:
        reading = read_warc(iter(lambda: stream.read(_PIECE_BYTES), b""))
    kinds = {problem.kind for problem in reading.problems}
    if kinds or not reading.complete:
        raise SystemExit(f"the WARC is not as it should be: {reading.problems[:3]}")
    say(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])


def ours(path: Path) -> tuple[float, float]:
    """Seconds, and peak RSS in MB: as the child sees it, since `wait4` counts in what the parent had at the fork."""
    began = time.monotonic()
    command = [sys.executable, __file__, _CHILD, str(path)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)  # noqa: S603  # this script
    return time.monotonic() - began, int(done.stdout) / 1024


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
    parser.add_argument("--rounds", type=int, default=5)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="archiver-bench-") as folder:
        say("| MB | exchanges | ours s | shell s | speed of shell's | ours MB/s | peak RSS MB |")
        say("|---|---|---|---|---|---|---|")
        for mb, exchanges in ((wanted.mb / 10, 2000), (wanted.mb, 2000), (wanted.mb, 20_000)):
            path = Path(folder) / "warc"
            make(path, int(mb * 1_000_000), exchanges)
            data_mb = path.stat().st_size / 1e6
            with path.open("rb") as stream:
                hashlib.file_digest(stream, "sha256")  # into the page cache
            runs = [(*ours(path), shell(path)) for _ in range(wanted.rounds)]
            path.unlink()
            mine, peak, theirs = (statistics.median(column) for column in zip(*runs, strict=True))
            say(
                f"| {data_mb:.0f} | {exchanges} | {mine:.2f} ({_spread(r[0] for r in runs)}) "
                f"| {theirs:.2f} ({_spread(r[2] for r in runs)}) "
                f"| {theirs / mine:.0%} | {data_mb / mine:.0f} | {peak:.0f} |"
            )


def _spread(times: Iterable[float]) -> str:
    found = sorted(times)
    return f"{found[0]:.1f} to {found[-1]:.1f}"


if __name__ == "__main__":
    main()

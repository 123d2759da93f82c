#!/usr/bin/env python3
"""Capture every page of a corpus of real pages, served on loopback under their own host names, and say how it went.

    .venv/bin/python scripts/bench/corpus.py ../shared/corpus/reposts [--jobs 2] [--limit N]

Everything but the pages themselves answers 404. Prints a line a page and a table; exits 1 when fewer than 95 % are
complete or one failed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from archiver.errors import ArchiverError
from tests.sites.corpus import corpus_handler, corpus_urls
from tests.sites.server import LocalWeb
from tests.support.capturing import capture

_WANTED_SHARE = 0.95


@dataclass(frozen=True)
class Result:
    """One page: how it ended, how long it took, how many exchanges, and what was the matter."""

    url: str
    outcome: str
    elapsed_s: float
    exchanges: int
    reasons: tuple[str, ...]


def capture_one(web: LocalWeb, url: str, archive: Path) -> Result:
    began = time.monotonic()
    try:
        captured = capture(web, url, archive)
    except ArchiverError as error:
        return Result(url, "failed", time.monotonic() - began, 0, (str(error),))
    recording = captured.recording
    reasons = tuple(w.message for w in recording.warnings if w.code != "no_sandbox")
    return Result(url, str(recording.outcome), time.monotonic() - began, len(recording.exchanges), reasons)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--limit", type=int)
    arguments = parser.parse_args()
    urls = corpus_urls(arguments.corpus)[: arguments.limit]
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalWeb(corpus_handler(arguments.corpus)) as web,
        ThreadPoolExecutor(arguments.jobs) as pool,
    ):
        results = []
        for result in pool.map(lambda url: capture_one(web, url, Path(folder) / "archive"), urls):
            results.append(result)
            reasons = "; ".join(result.reasons)[:300]
            line = f"{result.outcome:<9}{result.elapsed_s:6.1f} s {result.exchanges:4} {result.url[:90]}  {reasons}"
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
    return report(results)


def report(results: list[Result]) -> int:
    counts = Counter(result.outcome for result in results)
    share = counts["complete"] / len(results)
    times = sorted(result.elapsed_s for result in results)
    sys.stdout.write(
        f"\n{len(results)} pages: {dict(counts)}, {share:.1%} complete; "
        f"seconds a page: median {statistics.median(times):.1f}, longest {times[-1]:.1f}; "
        f"{sum(result.exchanges for result in results)} exchanges\n"
    )
    return 0 if share >= _WANTED_SHARE and not counts["failed"] else 1


if __name__ == "__main__":
    sys.exit(main())

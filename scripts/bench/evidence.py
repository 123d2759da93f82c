#!/usr/bin/env python3
"""Exporting the evidence bundle of a large snapshot from S3, and verifying it, against the bare steps.

    .venv/bin/python scripts/bench/evidence.py [--mb 200] [--rounds 3]

The store is SeaweedFS on this machine, the snapshot one random body of that size, time-stamped by two authorities of
the tests' own. An export is a process of `archiver get --as evidence`, with and without the printed report; beside it
boto3 fetches the WARC alone. The bytes that come from the store are counted at a proxy, in a round of its own. The
bundle is verified by `archiver verify`, by `verify.sh` in the unpacked bundle, and beside these what any verifier has
to do at least: `gunzip -c WARC | sha256sum` and `sha256sum WARC`.
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
import zipfile
from collections.abc import Callable
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from archiver.archive import Archive
from archiver.config import load
from archiver.model import Recording
from archiver.storage import layout
from archiver.storage.s3 import Limits, make_client
from tests.support import recorded, seaweed
from tests.support.authority import Authority, Server
from tests.support.faulty_s3 import FaultyS3
from tests.unit.recordings import RESPONSE_HEAD, exchange

_URL = "https://a.test/film"
_ARCHIVER = Path(sys.executable).with_name("archiver")
_WARC = "archive/data.warc.gz"


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def run(*command: str | Path, folder: Path | None = None, code: int = 0) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)  # noqa: S603  # ours
    if done.returncode != code:
        raise SystemExit(f"{command[0]} ended with {done.returncode}: {done.stdout.decode()}{done.stderr.decode()}")


def median(rounds: int, work: Callable[[], None]) -> float:
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def capture(folder: Path, location: str, size: int) -> Path:
    """Store a time-stamped snapshot; the configuration that names its authorities."""
    film = folder / "film"
    chance = random.Random(8)  # noqa: S311  # what a body holds, nothing secret
    with film.open("xb") as stream:
        for _ in range(size >> 20):
            stream.write(chance.randbytes(1 << 20))
    long = exchange(1, response_body=recorded.body_in_file(film, RESPONSE_HEAD))

    def record(*_: object) -> Recording:
        main = exchange(0, url=_URL)
        return recorded.page(_URL, exchanges=(main, long), main=main)

    authorities = [Authority(folder / name, name) for name in ("one", "two")]
    with Server(authorities[0]) as one, Server(authorities[1]) as two:
        lines = []
        for authority, server in zip(authorities, (one, two), strict=True):
            roots = folder / f"{authority.name}.pem"
            roots.write_bytes(authority.root_pem)
            lines.append(f'[authorities.{authority.name}]\nurl = "{server.url}"\nroots = "{roots}"\n')
        configuration = folder / "archiver.toml"
        configuration.write_text("".join(lines))
        settings = load({"archive": location}, configuration).settings
        with mock.patch("archiver.capture.capture.record", record), Archive(settings) as archive:
            archive.capture(_URL)
    return configuration


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mb", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, seaweed.running(Path(name) / "s3") as server:
        folder = Path(name)
        os.environ.update(server.environment)
        os.environ |= {f"XDG_{kind}_HOME": str(folder / kind.lower()) for kind in ("CONFIG", "STATE", "CACHE")}
        bucket = "bench"
        server.client().create_bucket(Bucket=bucket)
        location = f"s3://{bucket}/archive"
        configuration = capture(folder, location, given.mb << 20)
        measure(folder, server, location, configuration, given.rounds)


def measure(folder: Path, server: seaweed.Server, location: str, configuration: Path, rounds: int) -> None:
    get: list[str | Path] = [
        _ARCHIVER,
        "--config",
        configuration,
        "--archive",
        location,
        "get",
        _URL,
        "--as",
        "evidence",
    ]
    bundle = folder / "bundle.wacz"

    def export(*more: str) -> None:
        bundle.unlink(missing_ok=True)
        run(*get, *more, "-o", bundle)

    with Archive(location) as archive:
        key = layout.warc(archive.find(_URL).id)
    plain = folder / "plain"
    client = make_client(location, Limits())

    def fetch() -> None:
        client.download_file(location.split("/")[2], f"archive/{key}", str(plain))

    export()
    export_s, without_s, fetch_s = (
        median(rounds, export),
        median(rounds, lambda: export("--no-pdf")),
        median(rounds, fetch),
    )
    warc_bytes = plain.stat().st_size
    with FaultyS3(server.endpoint) as proxy, mock.patch.dict(os.environ, {"AWS_ENDPOINT_URL_S3": proxy.endpoint}):
        export("--no-pdf")
        asked, sent = len(proxy.asked), proxy.sent_bytes
    small = bundle.stat().st_size - warc_bytes
    unpacked = folder / "unpacked"
    with zipfile.ZipFile(bundle) as archive_file:
        archive_file.extractall(unpacked)
    verify_s = median(rounds, lambda: run(_ARCHIVER, "--config", configuration, "verify", bundle))
    script_s = median(rounds, lambda: run("sh", "evidence/verify.sh", folder=unpacked))
    shell = f"gunzip -c {_WARC} | sha256sum && sha256sum {_WARC}"
    shell_s = median(rounds, lambda: run("sh", "-c", shell, folder=unpacked))
    say(
        f"WARC of {warc_bytes / 1e6:.0f} MB; the bundle has {small / 1e3:.0f} kB besides; medians of {rounds}, load "
        f"{os.getloadavg()[0]:.1f}"
    )
    say(f"{'export from S3':<44}{export_s:>8.2f} s")
    say(f"{'the same without the printed report':<44}{without_s:>8.2f} s")
    say(f"{'boto3 fetches the WARC alone':<44}{fetch_s:>8.2f} s")
    say(
        f"{'from the store, without the printed report':<44}{sent / 1e6:>8.1f} MB in {asked} requests, "
        f"{(sent - warc_bytes) / 1e3:.0f} kB more than the WARC"
    )
    say(f"{'archiver verify':<44}{verify_s:>8.2f} s")
    say(f"{'verify.sh':<44}{script_s:>8.2f} s")
    say(f"{'gunzip | sha256sum, sha256sum':<44}{shell_s:>8.2f} s, verify has {shell_s / verify_s:.0%} of its speed")


if __name__ == "__main__":
    main()

"""Other people's programs, from `.venv-oracles`, run as subprocesses on what we wrote."""

from __future__ import annotations

import base64
import gzip
import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from tests.support.iipc import members

REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAMS = REPOSITORY / ".venv-oracles" / "bin"
_WARCAT_HEADER_BYTES = 4096  # warcat.util.find_file_pattern looks no further
_LABELLED_HEX = re.compile(rb"sha256:([0-9a-f]{64})(?=\r\n|$)")


def run(program: str, *arguments: str | Path, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A program of the oracles' environment, to its end. Without one the test is skipped."""
    path = PROGRAMS / program
    if not path.exists():
        if os.environ.get("CI"):
            pytest.fail(f"no {path}: scripts/test should have made it")
        pytest.skip(f"no {path}: scripts/test makes it")
    environment = os.environ | {"PYTHONWARNINGS": "ignore", "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        [path, *arguments], capture_output=True, text=True, timeout=90, env=environment, cwd=folder, check=False
    )


def for_warcat(raw: bytes) -> tuple[bytes, int]:
    """The same records as warcat 2.2.5 can read them, and how many there are.

    It takes every digest for Base64 or Base32, so ours are spelt in Base32; and it gives up on a record header of more
    than 4096 bytes, so such records are left out. Nothing else is changed.
    """
    written, count = [], 0
    for _, data, fault in members(raw):
        assert not fault
        head, separator, rest = data.partition(b"\r\n\r\n")
        if len(head) + len(separator) > _WARCAT_HEADER_BYTES:
            continue
        head = _LABELLED_HEX.sub(lambda m: b"sha256:" + base64.b32encode(bytes.fromhex(m[1].decode())), head)
        written.append(gzip.compress(head + separator + rest, mtime=0))
        count += 1
    return b"".join(written), count


@dataclass(frozen=True)
class Line:
    """A line of a CDXJ index."""

    key: str
    time: str
    values: dict[str, Any]


def cdxj_lines(text: str) -> list[Line]:
    """The lines of a CDXJ index, without its `!meta` line."""
    lines = (line.split(" ", 2) for line in text.splitlines() if not line.startswith("!"))
    return [Line(key, time_, json.loads(values)) for key, time_, values in lines]


@contextmanager
def wayback(folder: Path, warc: Path) -> Iterator[int]:
    """A pywb server with this WARC as the collection `coll`; its port."""
    for arguments in (("init", "coll"), ("add", "coll", str(warc))):
        result = run("wb-manager", *arguments, folder=folder)
        assert result.returncode == 0, result.stderr
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    command = [str(PROGRAMS / "wayback"), "--bind", "127.0.0.1", "--port", str(port)]
    with (folder / "wayback.log").open("wb") as log:
        # A session of its own: gevent's server is ended with all that it started.
        server = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, start_new_session=True)
    try:
        _wait_until_up(port, server, folder)
        yield port
    finally:
        os.killpg(server.pid, signal.SIGKILL)  # asked to end, it takes ten seconds, and has nothing to lose
        server.wait()


def _wait_until_up(port: int, server: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            if fetch(port, "/coll/")[0] == 200:
                return
        except OSError:
            pass
        if server.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"pywb did not start: {(folder / 'wayback.log').read_text()}")
        time.sleep(0.1)


def fetch(port: int, target: str) -> tuple[int, bytes]:
    """Status and body, as they come: no redirect is followed, nothing is decoded."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", target)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()

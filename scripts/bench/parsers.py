#!/usr/bin/env python3
"""How fast the network log and the HTTP in it are read, against plain JSON parsing of the same lines, and that time
grows in proportion to what is read.

    .venv/bin/python scripts/bench/parsers.py [--mb 4] [--doublings 3] [--rounds 3]

A table of MB/s by size, the best of some rounds each, in processor time. The last column is how much longer a MB takes
at the largest size than at the smallest: near 1 for what is linear.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import orjson
from hpack import Encoder

from archiver.capture.http1 import Framing, ResponseParser
from archiver.capture.http2 import Fields, FrameReader
from archiver.capture.netlog import NetLog
from archiver.capture.recorder import Recorder
from archiver.capture.spool import Room
from tests.support import netlogs

_PIECE = 1 << 20  # what the reader takes from the FIFO at once
_SOCKET_PIECE = 1 << 14  # what Chromium reads from a socket at once
_IDS = re.compile(rb'("id":)(\d+)')


def log_of(size: int) -> bytes:
    """The tests' log of a real browser again and again, each time with other numbers for its sources."""
    constants, begin, *lines = netlogs.stored().split(b"\n")
    events = b"\n".join(line for line in lines if line.startswith(b'{"p')).rstrip(b",") + b",\n"
    parts = [constants, b"\n", begin, b"\n"]
    for copy in range(size // len(events) + 1):
        shift = copy * 1_000_000
        parts.append(_IDS.sub(lambda match, by=shift: match[1] + b"%d" % (int(match[2]) + by), events))
    return b"".join(parts)


def parse_json(data: bytes) -> None:
    for line in data.split(b"\n")[2:-1]:
        orjson.loads(line[:-1])


def _feed(log: NetLog, data: bytes) -> None:
    for at in range(0, len(data), _PIECE):
        log.feed(data[at : at + _PIECE])
    if log.error or log.unreadable:
        raise SystemExit(f"the log was not read: {log.error or log.examples}")
    log.start()
    log.finish()


def read_events(data: bytes) -> None:
    """Lines to events, with nobody to take them."""
    with tempfile.TemporaryDirectory() as folder:
        wanted = dict.fromkeys(Recorder(Path(folder), Room(1 << 40, 1 << 40)).handlers, lambda _: None)
        _feed(NetLog(Path(folder) / "log", wanted, lambda *_: True, frozenset(), lambda *_: None), data)


def record(data: bytes) -> None:
    """Lines to exchanges."""
    with tempfile.TemporaryDirectory() as folder:
        recorder = Recorder(Path(folder), Room(1 << 40, 1 << 40))
        log = NetLog(Path(folder) / "log", recorder.handlers, recorder.wants_bytes, recorder.required, recorder.lose)
        _feed(log, data)


def http1_of(size: int, *, chunk: int) -> bytes:
    if not chunk:
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size
    part = b"%x\r\n" % chunk + b"x" * chunk + b"\r\n"
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + part * (size // len(part)) + b"0\r\n\r\n"


def heads_of(size: int) -> bytes:
    head = b"HTTP/1.1 103 Early Hints\r\n" + b"Link: </style.css>; rel=preload; as=style\r\n" * 10 + b"\r\n"
    return head * (size // len(head))


def read_http1(data: bytes) -> None:
    def ignore(head: bytes, framing: Framing = Framing.NONE) -> None:
        pass

    parser = ResponseParser("GET", ignore, ignore, ignore)
    for at in range(0, len(data), _SOCKET_PIECE):
        parser.feed(data[at : at + _SOCKET_PIECE])


class _Nobody:
    def on_fields(self, stream: int, fields: Fields) -> None: ...
    def on_data(self, stream: int, data: bytes) -> None: ...
    def on_end(self, stream: int) -> None: ...
    def on_reset(self, stream: int) -> None: ...
    def on_fault(self, stream: int, fault: str) -> None: ...


def _frame(kind: int, flags: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags, 0, 0, 0, 1]) + payload


def data_frames_of(size: int) -> bytes:
    return _frame(0, 0, b"x" * 8192) * (size // 8201)


def header_blocks_of(size: int) -> bytes:
    """Every block has fields seen before, one that is new, and one that is never remembered."""
    encoder = Encoder()
    made, parts = 0, []
    while made < size:
        usual = [(":status", "200"), ("content-type", "text/html"), ("server", "a"), ("cache-control", "no-store")]
        block = encoder.encode([*usual, ("etag", f'"{made:032x}"'), ("set-cookie", f"a={made:064x}")])
        parts.append(_frame(1, 4, block))
        made += len(parts[-1])
    return b"".join(parts)


def read_http2(data: bytes) -> None:
    reader = FrameReader(_Nobody(), sent=False)
    for at in range(0, len(data), _SOCKET_PIECE):
        reader.feed(data[at : at + _SOCKET_PIECE])
    if reader.fault:
        raise SystemExit(f"the frames were not read: {reader.fault}")


# What is measured: how to make so many bytes of it, and how to read them
_CASES: dict[str, tuple[Callable[[int], bytes], Callable[[bytes], None]]] = {
    "log: orjson.loads alone": (log_of, parse_json),
    "log: lines to events": (log_of, read_events),
    "log: lines to exchanges": (log_of, record),
    "HTTP/1.1: body with length": (lambda size: http1_of(size, chunk=0), read_http1),
    "HTTP/1.1: chunks of 4 kB": (lambda size: http1_of(size, chunk=4096), read_http1),
    "HTTP/1.1: chunks of 16 bytes": (lambda size: http1_of(size, chunk=16), read_http1),
    "HTTP/1.1: header blocks": (heads_of, read_http1),
    "HTTP/2: DATA frames of 8 kB": (data_frames_of, read_http2),
    "HTTP/2: header blocks": (header_blocks_of, read_http2),
}


def seconds(work: Callable[[], None], rounds: int) -> float:
    times = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mb", type=float, default=4, help="the smallest size")
    parser.add_argument("--doublings", type=int, default=3, help="how often it is doubled")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    sizes = [int(arguments.mb * 1_000_000) << power for power in range(arguments.doublings + 1)]
    columns = "".join(f"{size / 1e6:>9g} MB" for size in sizes)
    sys.stdout.write(f"{'MB/s':<30}{columns}{'slower':>9}\n")
    for name, (make, read) in _CASES.items():
        speeds = []
        for size in sizes:
            data = make(size)
            speeds.append(len(data) / 1e6 / seconds(partial(read, data), arguments.rounds))
        figures = "".join(f"{speed:>12.1f}" for speed in speeds)
        sys.stdout.write(f"{name:<30}{figures}{speeds[0] / speeds[-1]:>9.2f}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

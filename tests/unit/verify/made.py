"""A small snapshot, everything in it true; and ways to make it untrue."""

from __future__ import annotations

import gzip
import hashlib
import re
import tempfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from archiver.config import CaptureSettings
from archiver.model import Body, Exchange, Rendition, Result
from archiver.seal import statement as statements
from archiver.storage import layout
from archiver.verify.warc import WarcReading, read_warc
from archiver.warc import cdxj, writer
from tests.unit.recordings import (
    BEGAN,
    CERTIFICATE,
    CONNECTION,
    PLAIN_CONNECTION,
    RESPONSE_HEAD,
    body,
    exchange,
    recording,
    unanswered,
)

ID = "20261123t081407z-aaaaaaaaaaaaaaaa"


@dataclass(frozen=True)
class Made:
    """WARC, index and statement of one capture."""

    warc: bytes
    index: bytes
    statement: dict[str, Any]

    def reading(self) -> WarcReading:
        return read_warc([self.warc])


def _head(start: str) -> bytes:
    return f"{start}\r\nhost: a.test\r\n\r\n".encode()


def _exchanges(large_bytes: int) -> list[Exchange]:
    redirect, switched, post = _head("HTTP/1.1 301 Moved"), _head("HTTP/1.1 101 Switching"), _head("POST / HTTP/1.1")
    return [
        exchange(0, status=301, response_head=redirect, response_body=body(b"", redirect)),
        exchange(1, redirect_of=0),
        exchange(2, method="POST", request_head=post, request_body=body(b"a=1", post), media_type="text/plain"),
        unanswered(3),
        exchange(4, url="wss://a.test/4", status=101, response_head=switched, frames=body(b'{"direction":"sent"}\n')),
        exchange(5, result=Result.TRUNCATED, reason="disconnect: ERR_FAILED", protocol="h2"),
        exchange(6, response_body=body(noise(large_bytes), RESPONSE_HEAD)),
        exchange(7, result=Result.CACHED, request_head=b"", response_head=b"", response_body=None, status=None),
        exchange(8, connection=1, url="http://a.test/8"),
    ]


def noise(size: int) -> bytes:
    return b"".join(hashlib.sha256(b"%d" % n).digest() for n in range(size // 32))


@cache
def made(large_bytes: int = 0) -> Made:
    """Nine exchanges of all kinds: redirect, main document, POST, unanswered, WebSocket, cut, large, cached, plain."""
    exchanges = _exchanges(large_bytes)
    whole = recording(
        *exchanges,
        url="https://a.test/0",
        final_url="https://a.test/1#part",
        main=exchanges[1],
        connections=(
            replace(CONNECTION, certificates=(CERTIFICATE.sha256,), certificate_verified=True),
            PLAIN_CONNECTION,
        ),
        renditions=(
            Rendition("text", "urn:text:https://a.test/1", "text/plain; charset=utf-8", body(b"hello")),
            Rendition("screenshot", "urn:view:https://a.test/1", "image/png", body(b"\x89PNG")),
        ),
        ended_at=BEGAN + timedelta(seconds=2),
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "warc"
        index = cdxj.lines(writer.write(whole, path), "capture.warc.gz")
        warc = path.read_bytes()
    artifacts = [
        _artifact("warc", layout.warc(ID), "application/warc", warc),
        _artifact("cdxj", layout.cdxj(ID), "text/x-cdxj", index),
    ]
    for each in whole.renditions:
        found: Body = each.body
        artifacts.append(statements.Artifact(each.role, each.urn, each.media_type, found.size_bytes, found.sha256))
    return Made(warc, index, statements.build(ID, 3, whole, artifacts, CaptureSettings(), statements.About(("t",))))


def _artifact(role: str, key: str, media_type: str, data: bytes) -> statements.Artifact:
    return statements.Artifact(role, key, media_type, len(data), hashlib.sha256(data).hexdigest(), zlib.crc32(data))


def records(warc: bytes) -> list[bytes]:
    """Each record without its gzip."""
    found = []
    while warc:
        unzip = zlib.decompressobj(wbits=31)
        found.append(unzip.decompress(warc))
        warc = unzip.unused_data
    return found


def packed(plain: Sequence[bytes]) -> bytes:
    """Each record as a gzip member."""
    return b"".join(gzip.compress(record, mtime=0) for record in plain)


def edited(warc: bytes, number: int, change: Callable[[bytes], bytes]) -> bytes:
    """The WARC with one of its records changed; `number` counts from 1, and from -1 backwards."""
    plain = records(warc)
    at = number - 1 if number > 0 else number
    plain[at] = change(plain[at])
    return packed(plain)


def signed(record: bytes) -> bytes:
    """The record with the length and digest that its block has."""
    header, _, rest = record.partition(b"\r\n\r\n")
    block = rest.removesuffix(b"\r\n\r\n")
    header = re.sub(rb"(?<=Content-Length: )\d+", b"%d" % len(block), header)
    digest = hashlib.sha256(block).hexdigest().encode()
    header = re.sub(rb"(?<=WARC-Block-Digest: sha256:)\w+", digest, header)
    return header + b"\r\n\r\n" + block + b"\r\n\r\n"

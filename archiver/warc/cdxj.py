"""CDXJ: one line a record, so that it is found by URL without reading the WARC."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import orjson

from archiver.urls import surt


@dataclass(frozen=True)
class Entry:
    """One record that can be looked up. `offset` and `length` are bytes of the compressed member."""

    url: str
    moment: datetime
    media_type: str
    status: int | None
    sha256: str
    offset: int
    length: int
    record_type: str
    method: str | None = None


def lines(entries: Iterable[Entry], filename: str) -> bytes:
    """The sorted index: SURT, 17-digit time (milliseconds), JSON with the exact URL, digest, offset and length."""
    return b"".join(sorted(_line(entry, filename) for entry in entries))


def _line(entry: Entry, filename: str) -> bytes:
    time = f"{entry.moment:%Y%m%d%H%M%S}{entry.moment.microsecond // 1000:03d}"
    values = {
        "url": entry.url,
        "mime": entry.media_type or "unk",
        "status": str(entry.status) if entry.status else None,
        "digest": f"sha256:{entry.sha256}",
        "length": str(entry.length),
        "offset": str(entry.offset),
        "filename": filename,
        "type": entry.record_type,
        "method": entry.method if entry.method != "GET" else None,
    }
    kept = {key: value for key, value in values.items() if value is not None}
    return f"{surt(entry.url)} {time} ".encode() + orjson.dumps(kept) + b"\n"

"""CDXJ: one line a record, so that it is found by URL without reading the WARC."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from archiver.errors import StorageError
from archiver.urls import surt

_PLACE = re.compile(r"[0-9]{1,15}")  # a petabyte: no WARC is longer, and no system call takes all that int() would
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_TIME = re.compile(r"[0-9]{17}")
_STATUS = re.compile(r"[0-9]{1,9}")


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


def lines(entries: Iterable[Entry], filename: str, by_method: bool = False) -> bytes:
    """The sorted index: SURT, 17-digit time (milliseconds), JSON with the exact URL, digest, offset and length.

    With `by_method` the key of an answer to another method than GET says so as Webrecorder's tools write it,
    `__wb_method=POST`, so that who looks for a page does not find it.
    """
    return b"".join(sorted(_line(entry, filename, by_method) for entry in entries))


def parse(data: bytes, where: str) -> list[Entry]:
    """What `lines` was given, in the order of the index, with times in milliseconds and no method instead of GET.

    Raises `StorageError` for a line that `lines` does not write; `where` names the object in its message.
    """
    found = []
    for number, line in enumerate(data.splitlines(), 1):
        try:
            _, time, values = line.split(b" ", 2)
            found.append(_entry(time.decode("ascii"), orjson.loads(values)))
        except (ValueError, KeyError, TypeError) as error:
            raise StorageError(f"{where} is damaged: line {number} is no index line ({error})") from None
    return found


def _line(entry: Entry, filename: str, by_method: bool) -> bytes:
    time = f"{entry.moment:%Y%m%d%H%M%S}{entry.moment.microsecond // 1000:03d}"
    method = entry.method if entry.method != "GET" else None
    values = {
        "url": entry.url,
        "mime": entry.media_type or "unk",
        "status": str(entry.status) if entry.status else None,
        "digest": f"sha256:{entry.sha256}",
        "length": str(entry.length),
        "offset": str(entry.offset),
        "filename": filename,
        "type": entry.record_type,
        "method": method,
    }
    kept = {key: value for key, value in values.items() if value is not None}
    key = surt(_with_method(entry.url, method)) if by_method and method else surt(entry.url)
    return f"{key} {time} ".encode() + orjson.dumps(kept) + b"\n"


def _with_method(url: str, method: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}__wb_method={method}"


def _entry(time: str, values: Any) -> Entry:
    """Raises `KeyError`, `TypeError` or `ValueError` for values that are missing or not of their kind."""
    if not isinstance(values, dict):
        raise TypeError("no JSON object")
    status, media_type = values.get("status"), values["mime"]
    return Entry(
        url=_text(values["url"]),
        moment=datetime.strptime(f"{_matched(_TIME, time)[0]}000", "%Y%m%d%H%M%S%f").replace(tzinfo=UTC),
        media_type="" if media_type == "unk" else _text(media_type),
        status=None if status is None else int(_matched(_STATUS, status)[0]),
        sha256=_matched(_DIGEST, values["digest"])[1],
        offset=int(_matched(_PLACE, values["offset"])[0]),
        length=int(_matched(_PLACE, values["length"])[0]),
        record_type=_text(values["type"]),
        method=None if values.get("method") is None else _text(values["method"]),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.40} is no text")
    return value


def _matched(form: re.Pattern[str], value: object) -> re.Match[str]:
    match = form.fullmatch(_text(value))
    if match is None:
        raise ValueError(f"{value!r:.40} is not {form.pattern}")
    return match

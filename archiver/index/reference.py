"""REF: how a person names a snapshot. An id, the beginning of one, a URL, a URL at a time, or the latest."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from archiver.errors import UsageError
from archiver.moments import Time, parse_time
from archiver.storage import layout
from archiver.urls import parse_capturable

_SHAPE = "00000000t000000z-aaaaaaaaaaaaaaaa"
#: what follows an `@` and was clearly meant as a date; versions such as `react@18.2.0` are parts of real URLs
_MEANT_AS_TIME = re.compile(
    r"[0-9]{4}[-/.][0-9]{1,2}([-/.][0-9]{1,2}([Tt ][0-9:.]+)?)?"
    r"|[0-9]{1,2}/[0-9]{1,2}/([0-9]{2}|[0-9]{4})"
    r"|[0-9]{1,2}[-.][0-9]{1,2}[-.][0-9]{4}"
)


class Kind(StrEnum):
    """What sort of name a REF is."""

    ID = "id"
    PREFIX = "prefix"
    URL = "url"
    LATEST = "latest"


@dataclass(frozen=True)
class Reference:
    """A REF, taken apart. `text` is the id, the beginning of one, or the URL; `time` only ever goes with a URL."""

    kind: Kind
    text: str
    time: Time | None = None


def parse(text: str, now: datetime) -> Reference:
    """Take a REF apart. Raises `UsageError`.

    A URL may hold `@` itself. What follows the last one is a time where it can be read as one; a URL that ends so by
    itself is named with `@now` after it. What was meant as a time but is none is refused.
    """
    wanted = text.strip()
    if wanted.lower() == "latest":
        return Reference(Kind.LATEST, "")
    if "://" in wanted:
        return _url(wanted, now)
    name = wanted.lower()
    if layout.is_id(name):
        return Reference(Kind.ID, name)
    if name and len(name) < len(_SHAPE) and layout.is_id(name + _SHAPE[len(name) :]):
        return Reference(Kind.PREFIX, name)
    hint = f"; did you mean https://{wanted}?" if re.match(r"[^@\s/]+\.[^@\s]+$", wanted) else ""
    raise UsageError(f"{text!r} is neither an id, the beginning of one, a URL, nor 'latest'{hint}")


def _url(text: str, now: datetime) -> Reference:
    url, at, tail = text.rpartition("@")
    if at and "://" in url:
        try:
            time = parse_time(tail, now)
        except UsageError as error:
            if _MEANT_AS_TIME.fullmatch(tail):
                raise UsageError(f"{error} (to name a URL that ends so, put @now after it)") from None
        else:
            parse_capturable(url)
            return Reference(Kind.URL, url, time)
    parse_capturable(text)
    return Reference(Kind.URL, text)

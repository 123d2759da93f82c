"""Moments as feeds write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from archiver.moments import parse_rfc3339

_MAX_CHARACTERS = 100
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MINUTE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2})(Z|[+-][0-9]{2}:[0-9]{2})")
_SHORT_ZONE = re.compile(r"([+-][0-9]{2})([0-9]{2})\Z")


def read_date(text: str) -> datetime | None:
    """A moment in UTC: RFC 3339, W3C's profile of ISO 8601 from days on, RFC 5322. None for what names no zone."""
    text = text.strip()
    if not text or len(text) > _MAX_CHARACTERS or not text.isascii():
        return None
    try:
        return _read(text)
    # The parsers of email.utils fail in all these ways.
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _read(text: str) -> datetime | None:
    if _DAY.fullmatch(text):
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    if _DAY.match(text):
        text = _SHORT_ZONE.sub(r"\1:\2", text)
        minute = _MINUTE.fullmatch(text)
        return parse_rfc3339(f"{minute[1]}:00{minute[2]}" if minute else text)
    moment = parsedate_to_datetime(text)
    if moment.tzinfo is None:
        # RFC 5322 section 3.3: -0000 is UTC, whose place is not told. Everything else without a zone is a guess.
        return moment.replace(tzinfo=UTC) if text.endswith("-0000") else None
    return moment.astimezone(UTC)

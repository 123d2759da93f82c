"""Times and durations as people write them. Nothing here reads a clock: what is relative is told what "now" is.

What can be read in two ways is refused in words; a wrong moment would be the wrong evidence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from archiver.errors import UsageError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_MICROSECOND = timedelta(microseconds=1)
_DAY = timedelta(days=1)

# RFC 3339 section 5.6; its note allows a space for the `T`, and both letters in lower case.
_RFC3339 = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}):([0-9]{2})(?:\.([0-9]+))?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FOURTEEN = re.compile(r"[0-9]{14}")
_WITHOUT_ZONE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?")
_AGO = re.compile(r"([0-9]+) ?([a-z]+) ago")
_DURATION = re.compile(r"([0-9]+) ?([a-z]+)")
_UNITS = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), timedelta(seconds=1)),
    **dict.fromkeys(("m", "min", "minute", "minutes"), timedelta(minutes=1)),
    **dict.fromkeys(("h", "hour", "hours"), timedelta(hours=1)),
    **dict.fromkeys(("d", "day", "days"), timedelta(days=1)),
    **dict.fromkeys(("w", "week", "weeks"), timedelta(weeks=1)),
}
_CALENDAR_UNITS = frozenset({"mo", "month", "months", "y", "year", "years"})
_WRITE = "write 2024-02-01, 2024-02-01T10:30:00Z, 20240201103000 (UTC) or '2 days ago'"


@dataclass(frozen=True)
class Time:
    """What was meant by a TIME: one moment, or all of a day. All in UTC; `last` belongs to it."""

    first: datetime
    last: datetime

    @property
    def middle(self) -> datetime:
        """The moment to be near to: of a day its noon, so that nothing of that day is further off than 12 hours."""
        length = self.last - self.first
        return self.first + (length + _MICROSECOND) / 2 if length else self.first


def to_ms(moment: datetime) -> int:
    """Whole milliseconds since 1970 in UTC, what is over cut off downwards."""
    return (moment - _EPOCH) // _MILLISECOND


def from_ms(milliseconds: int) -> datetime:
    """The inverse of `to_ms`. Raises `OverflowError` outside the years 1 to 9999."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def parse_rfc3339(text: str) -> datetime:
    """A moment as RFC 3339 writes it, in UTC; digits beyond microseconds are cut off.

    A leap second is the last microsecond of its minute. Raises `ValueError`.
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError("not a time of RFC 3339")
    date, minute, second, fraction, zone = match.groups()
    if second == "60":
        second, fraction = "59", "999999"
    micro = (fraction or "")[:6].ljust(6, "0")
    moment = datetime.fromisoformat(f"{date}T{minute}:{second}.{micro}{zone.upper().replace('Z', '+00:00')}")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("outside the years 1 to 9999") from None


def parse_time(text: str, now: datetime) -> Time:
    """A TIME as the commands take it.

    RFC 3339 (with its zone), a date (all of that day in UTC), 14 digits (UTC, as web archives write them), `now`,
    `today`, `yesterday`, or a count and a unit up to weeks with `ago`. Raises `UsageError`, which says what to write.
    """
    wanted = text.strip()
    try:
        if _RFC3339.fullmatch(wanted):
            return _at(parse_rfc3339(wanted))
        if _FOURTEEN.fullmatch(wanted):
            return _at(datetime.strptime(wanted, "%Y%m%d%H%M%S").replace(tzinfo=UTC))
        if _DATE.fullmatch(wanted):
            return _day(datetime.fromisoformat(wanted).replace(tzinfo=UTC))
    except ValueError:
        raise UsageError(f"{text!r} is a date or time that does not exist; {_WRITE}") from None
    return _in_words(text, wanted.lower(), now.astimezone(UTC))


def _in_words(text: str, wanted: str, now: datetime) -> Time:
    if wanted == "now":
        return _at(now)
    try:
        if wanted in ("today", "yesterday"):
            day = now.replace(hour=0, minute=0, second=0, microsecond=0)
            return _day(day if wanted == "today" else day - _DAY)
        ago = _AGO.fullmatch(wanted)
        if ago:
            return _at(now - _length(text, ago[1], ago[2]))
    except OverflowError:
        raise UsageError(f"{text!r} is before the year 1; {_WRITE}") from None
    if _WITHOUT_ZONE.fullmatch(wanted):
        raise UsageError(f"{text!r} names no time zone; add Z for UTC, or an offset such as +02:00")
    if re.fullmatch(r"[0-9]{1,4}[/. -][0-9]{1,2}[/. -][0-9]{1,4}", wanted):
        raise UsageError(f"{text!r} can be read in more than one way; write the date as YEAR-MONTH-DAY: 2024-02-01")
    raise UsageError(f"{text!r} is no time; {_WRITE}")


_MAX_RETRY_AFTER_S = 1e9  # however many digits are sent


def parse_retry_after(value: str, now: datetime) -> float | None:
    """The seconds that a Retry-After field asks to wait (RFC 9110 section 10.2.3), 0 for a moment that has passed.

    None for what is neither a number of seconds nor an HTTP date.
    """
    text = value.strip()
    if re.fullmatch(r"[0-9]+", text):
        return min(float(text), _MAX_RETRY_AFTER_S)
    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:  # "-0000": in UTC, but from nowhere in particular
            moment = moment.replace(tzinfo=UTC)
        return max((moment - now).total_seconds(), 0.0)
    except (ValueError, TypeError, IndexError, OverflowError):  # the parser is not strict about what it raises
        return None


def parse_duration(text: str) -> timedelta:
    """A count and a unit, `90s`, `15m`, `6h`, `7d`, `2w`. Raises `UsageError`, which says what to write."""
    match = _DURATION.fullmatch(text.strip().lower())
    if match is None:
        raise UsageError(f"{text!r} is no duration; write a whole number and a unit: 90s, 15m, 6h, 7d or 2w")
    try:
        return _length(text, match[1], match[2])
    except OverflowError:
        raise UsageError(f"{text!r} is longer than can be counted") from None


def _length(text: str, count: str, unit: str) -> timedelta:
    if unit in _CALENDAR_UNITS:
        raise UsageError(f"{text!r}: months and years differ in length; say it in days, as 90d or '90 days ago'")
    if unit not in _UNITS:
        raise UsageError(f"{text!r}: there is no unit {unit!r}; take s, m, h, d or w")
    if len(count) > 18:
        raise OverflowError
    return int(count) * _UNITS[unit]


def _at(moment: datetime) -> Time:
    return Time(moment, moment)


def _day(first: datetime) -> Time:
    # Not first + one day - one microsecond: after the last day of year 9999 there is none.
    return Time(first, first + (_DAY - _MICROSECOND))

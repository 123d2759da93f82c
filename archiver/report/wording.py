"""Moments, lengths of time and sizes in English, whatever the machine's language and time zone are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

# strftime asks the locale.
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def moment(value: datetime) -> str:
    """`26 November 2026, 11:40:33 UTC`, with fractions where there are any."""
    at = value.astimezone(UTC)
    fraction = f".{at.microsecond:06d}".rstrip("0") if at.microsecond else ""
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}, {at.hour:02d}:{at.minute:02d}:{at.second:02d}{fraction} UTC"


def length(value: timedelta) -> str:
    """`2 min 11 s`, `3 days 2 h`: its two largest parts, fractions of a second where it is short."""
    seconds = value.total_seconds()
    if 0 < seconds < 1:
        return f"{value.microseconds / 1000:g} ms"
    if seconds < 60:
        return f"{seconds:.1f} s".replace(".0 ", " ")
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "day" if days == 1 else "days"), (hours, "h"), (minutes, "min"), (rest, "s")]
    return " ".join([f"{count:,} {unit}" for count, unit in parts if count][:2])


def size(count: int) -> str:
    """`1.6 MB`, as the commands say it."""
    value = float(count)
    if count < 1000:
        return counted(count, "byte")
    for unit in ("kB", "MB"):
        value /= 1000
        if round(value, 1) < 1000:
            return f"{value:.1f} {unit}"
    return f"{value / 1000:,.1f} GB"


def counted(count: int, one: str, many: str | None = None) -> str:
    """`1 exchange`, `37 exchanges`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"

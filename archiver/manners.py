"""Rules for how a host is visited, as settings give them."""

from __future__ import annotations

from dataclasses import dataclass

from archiver.errors import UsageError
from archiver.moments import parse_duration

_MAX_DELAY_S = 86_400
_MAX_LANES = 64


@dataclass(frozen=True)
class Manners:
    """So many visits of a host at a time, and seconds from the end of one to the beginning of the next in its lane."""

    lanes: int
    delay_s: float


def parse_rule(rule: str) -> tuple[str, Manners]:
    """`HOST=DELAY` or `HOST=DELAY/VISITS`, where HOST may be `*.domain`. Raises `UsageError`."""
    name, equals, value = rule.partition("=")
    delay, slash, lanes = value.partition("/")
    name = _host(name.strip())
    if not equals or not name or "/" in name or "*" in name.removeprefix("*.") or not name.removeprefix("*."):
        raise UsageError(
            f"{rule!r} is no rule for a host; write example.org=10s, or *.example.org=2s/3 for 3 at a time"
        )
    if slash and not (_is_number(lanes.strip()) and 1 <= int(lanes) <= _MAX_LANES):
        raise UsageError(f"{rule!r}: the number of visits at a time is from 1 to {_MAX_LANES}")
    try:
        delay_s = 0.0 if delay.strip() == "0" else parse_duration(delay).total_seconds()
    except UsageError as error:
        raise UsageError(f"{rule!r}: {error}") from None
    if delay_s > _MAX_DELAY_S:
        raise UsageError(f"{rule!r}: a delay is at most a day")
    return name, Manners(int(lanes) if slash else 1, delay_s)


def _host(name: str) -> str:
    """A host as URLs have it: in lower case, without a dot or a port at its end, brackets around IPv6 or not."""
    name = name.lower().rstrip(".")
    return name[1:-1] if name.startswith("[") and name.endswith("]") else name


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= len(str(_MAX_LANES))

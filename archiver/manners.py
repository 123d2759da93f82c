"""Rules for how a host is visited, as settings give them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from archiver.errors import UsageError
from archiver.moments import parse_duration

_MAX_DELAY_S = 86_400
_MAX_LANES = 64
_HOST = re.compile(r"[^\s/:*?#@\[\]]+|[0-9a-f:.]*:[0-9a-f:.]*")  # a name, or an address, without a port


@dataclass(frozen=True)
class Manners:
    """So many visits of a host at a time, and seconds from the end of one to the beginning of the next in its lane."""

    lanes: int
    delay_s: float


def parse_rule(rule: str) -> tuple[str, Manners]:
    """`HOST=DELAY` or `HOST=DELAY/VISITS`, where HOST may be `*.domain`. Raises `UsageError`."""
    name, equals, value = rule.partition("=")
    delay, slash, lanes = (part.strip() for part in value.partition("/"))
    below = "*." if name.strip().startswith("*.") else ""
    name = plain_host(name.strip().removeprefix("*.").removeprefix("[").removesuffix("]"))
    if not equals or not _HOST.fullmatch(name):
        raise UsageError(
            f"{rule!r} is no rule for a host; write example.org=10s, or *.example.org=2s/3 for 3 at a time"
        )
    if slash and not (re.fullmatch("[0-9]{1,2}", lanes) and 1 <= int(lanes) <= _MAX_LANES):
        raise UsageError(f"{rule!r}: the number of visits at a time is from 1 to {_MAX_LANES}")
    try:
        delay_s = 0.0 if delay == "0" else parse_duration(delay).total_seconds()
    except UsageError as error:
        raise UsageError(f"{rule!r}: {error}") from None
    if delay_s > _MAX_DELAY_S:
        raise UsageError(f"{rule!r}: a host rests for a day at most between two visits")
    return below + name, Manners(int(lanes) if slash else 1, delay_s)


def plain_host(name: str) -> str:
    """A name as the DNS has it, so that one that is written in two ways is one host."""
    name = name.rstrip(".").lower()
    try:
        return name if name.isascii() else name.encode("idna").decode()
    except UnicodeError:
        return name

"""How a host is treated: how many visits at a time, how far apart, and how long it is left alone when it ails."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from archiver.config import JobsSettings
from archiver.errors import UsageError
from archiver.moments import parse_duration

_MAX_BACKOFF_S = 3600.0
_MAX_PAUSE_S = 86400.0  # whoever asks for more is asked again once a day
_BACKOFF_BASE_S = 10.0
_MAX_DELAY_S = 86400.0


@dataclass(frozen=True)
class Manners:
    """So many visits of a host at a time, and seconds from the end of one to the beginning of the next in its lane."""

    lanes: int
    delay_s: float


class Politeness:
    """The manners of each host, from the settings."""

    def __init__(self, settings: JobsSettings) -> None:
        self._usual = Manners(settings.host_concurrency, settings.delay_s)
        self._exact: dict[str, Manners] = {}
        self._below: dict[str, Manners] = {}
        for rule in settings.host:
            name, manners = parse_rule(rule)
            if name.startswith("*."):
                self._below[name[1:]] = manners
            else:
                self._exact[name] = manners

    def of(self, host: str) -> Manners:
        """The rule for this host, else the one for the nearest domain above it, else the usual."""
        if host in self._exact:
            return self._exact[host]
        suffix = f".{host}"
        while suffix:
            if suffix in self._below:
                return self._below[suffix]
            at = suffix.find(".", 1)
            suffix = suffix[at:] if at > 0 else ""
        return self._usual


def parse_rule(rule: str) -> tuple[str, Manners]:
    """`HOST=DELAY` or `HOST=DELAY/VISITS`, where HOST may be `*.domain`. Raises `UsageError`."""
    name, equals, value = rule.partition("=")
    delay, slash, lanes = (part.strip() for part in value.partition("/"))
    below = "*." if name.strip().startswith("*.") else ""
    name = _plain(name.strip().removeprefix("*.").removeprefix("[").removesuffix("]"))
    if not equals or not _is_host(name):
        raise UsageError(
            f"{rule!r} is no rule for a host; write example.org=10s, or *.example.org=2s/3 for 3 at a time"
        )
    if slash and not (re.fullmatch("[0-9]{1,2}", lanes) and 1 <= int(lanes) <= 64):
        raise UsageError(f"{rule!r}: the number of visits at a time is from 1 to 64")
    delay_s = 0.0 if delay == "0" else parse_duration(delay).total_seconds()
    if delay_s > _MAX_DELAY_S:
        raise UsageError(f"{rule!r}: a host rests for a day at most between two visits")
    return below + name, Manners(int(lanes) if slash else 1, delay_s)


def _is_host(name: str) -> bool:
    """Whether it can be the name of a host, or its address, without a port."""
    return bool(re.fullmatch(r"[^\s/:*?#@\[\]]+|[0-9a-f:.]*:[0-9a-f:.]*", name))


def _plain(name: str) -> str:
    """A name as the DNS has it, so that one that is written in two ways is one host."""
    name = name.rstrip(".").lower()
    try:
        return name if name.isascii() else name.encode("idna").decode()
    except UnicodeError:
        return name


def host_of(url: str) -> str:
    """The host that a URL is asked of: its name without port, in lower case. Never empty.

    Servers of one name share a machine more often than not, whatever their ports.
    """
    try:
        host = _plain(urlsplit(url).hostname or "")
    except ValueError:  # as for half of an IPv6 address
        host = ""
    if not host:
        raise UsageError(f"{url!r} has no host; write a URL such as https://example.org/")
    return host


def backoff_s(failures: int) -> float:
    """How long a host is left alone after so many failures in a row."""
    return 0.0 if failures < 1 else min(_BACKOFF_BASE_S * 2.0 ** min(failures - 1, 20), _MAX_BACKOFF_S)


def pause_s(asked_s: float) -> float:
    """How long a host is left alone that asks for it."""
    return min(max(asked_s, 0.0), _MAX_PAUSE_S)


def retry_s(base_s: float, attempts: int) -> float:
    """In how many seconds a job is tried again after so many attempts."""
    return min(base_s * 4.0 ** min(max(attempts - 1, 0), 20), _MAX_PAUSE_S)

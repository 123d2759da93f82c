"""How a host is treated: how many visits at a time, how far apart, and how long it is left alone when it ails."""

from __future__ import annotations

from urllib.parse import urlsplit

from archiver.config import JobsSettings
from archiver.errors import UsageError
from archiver.manners import Manners, parse_rule, plain_host

_MAX_BACKOFF_S = 3600.0
_MAX_PAUSE_S = 86400.0  # whoever asks for more is asked again once a day
_BACKOFF_BASE_S = 10.0


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


def host_of(url: str) -> str:
    """The host that a URL is asked of: its name without port, in lower case. Never empty.

    Servers of one name share a machine more often than not, whatever their ports.
    """
    try:
        host = plain_host(urlsplit(url).hostname or "")
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

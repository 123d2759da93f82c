"""Fetches feeds over http and https: behind the guard, in bounded time and size, without cookies."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http.client import HTTPMessage
from urllib.parse import urldefrag, urljoin

import dns.asyncresolver

from archiver import clock
from archiver.capture.tunnel import Tunnel
from archiver.config import CaptureSettings
from archiver.errors import HttpStatusError, UnreachableError, UsageError
from archiver.feeds.exchange import Answer, Deadline, ask, tls_context
from archiver.feeds.model import MAX_URL_CHARACTERS
from archiver.moments import parse_retry_after
from archiver.urls import parse_capturable
from archiver.version import __version__

USER_AGENT = f"archiver/{__version__}"
MAX_REDIRECTS = 5
MAX_RETRY_AFTER_S = 86_400.0

_ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5"
)
_REDIRECTS = (301, 302, 303, 307, 308)
_BUSY = (429, 503)
_VALUE = re.compile(r"[\x21-\x7e\x80-\xff](?:[\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?")
_MAX_VALUE_CHARACTERS = 1000


@dataclass(frozen=True)
class Fetched:
    """What a server answered. `body` is decompressed, and None unless the status is 2xx.

    `etag` and `last_modified` are to be given the next time; with status 304 they are those given where the server
    does not repeat them. `retry_after_s` is what a server asks for with status 429 or 503, a day at most.
    """

    status: int
    final_url: str
    body: bytes | None
    content_type: str | None
    etag: str | None
    last_modified: str | None
    retry_after_s: float | None


def fetch(
    url: str,
    settings: CaptureSettings,
    *,
    etag: str | None = None,
    last_modified: str | None = None,
    timeout_s: float = 30.0,
    user_agent: str = USER_AGENT,
    resolver: dns.asyncresolver.Resolver | None = None,
) -> Fetched:
    """Fetch a feed, all of it within `timeout_s`, redirects included.

    The guard judges each address that is connected to. Status 304, 429 and 503 come back without a body; names are
    looked up with `resolver`, or with the machine's name servers. Raises `UsageError` for a URL, header or proxy that
    cannot be used, `RefusedError` when the guard refuses, `FeedError` for a body that is too large or damaged,
    `HttpStatusError` for every other status, and `UnreachableError` for everything else that is no answer.
    """
    parse_capturable(url)
    fields = {"User-Agent": user_agent, "Accept": _ACCEPT, "Accept-Encoding": "gzip, deflate"}
    fields |= {"If-None-Match": etag} if etag else {}
    fields |= {"If-Modified-Since": last_modified} if last_modified else {}
    for name, value in fields.items():
        if not _VALUE.fullmatch(value):
            raise UsageError(f"{name}: {value[:40]!r} cannot be sent in a header")
    context = tls_context(settings)
    deadline = Deadline(timeout_s)
    url = urldefrag(url).url
    with Tunnel(settings, resolver) as tunnel:
        for _ in range(MAX_REDIRECTS + 1):
            answer = ask(tunnel, context, url, fields, deadline)
            if answer.status not in _REDIRECTS or "Location" not in answer.fields:
                return _fetched(url, answer, etag, last_modified)
            url = _next(url, answer.fields["Location"])
    raise UnreachableError(f"{url}: it was redirected more than {MAX_REDIRECTS} times, last to here")


def _next(url: str, location: str) -> str:
    """Where a redirect leads. Raises `UnreachableError`."""
    # Header fields come as Latin-1; what is beyond ASCII in one is UTF-8 nearly always.
    location = location.encode("latin-1", "replace").decode("utf-8", "replace").strip()
    try:
        target = urldefrag(urljoin(url, location)).url
        parse_capturable(target)
        if len(target) > MAX_URL_CHARACTERS:
            raise UsageError(f"a URL of {len(target)} characters")
    except UsageError as error:
        raise UnreachableError(f"{url}: it redirects to what cannot be fetched: {str(error)[:300]}") from None
    except ValueError:
        raise UnreachableError(f"{url}: it redirects to what is no URL") from None
    return target


def _fetched(url: str, answer: Answer, etag: str | None, last_modified: str | None) -> Fetched:
    status, fields = answer.status, answer.fields
    is_unchanged = status == 304 and bool(etag or last_modified)
    if answer.body is None and not is_unchanged and status not in _BUSY:
        raise HttpStatusError(f"{url}: the server answered with status {status}", status)
    return Fetched(
        status,
        url,
        answer.body,
        _value(fields, "Content-Type"),
        _value(fields, "ETag") or (etag if is_unchanged else None),
        _value(fields, "Last-Modified") or (last_modified if is_unchanged else None),
        _retry_after_s(_value(fields, "Retry-After")) if status in _BUSY else None,
    )


def _value(fields: HTTPMessage, name: str) -> str | None:
    """A field that can be kept and sent back as it is; None where it is missing or too odd for that."""
    value = (fields.get(name) or "").strip()
    return value if len(value) <= _MAX_VALUE_CHARACTERS and _VALUE.fullmatch(value) else None


def _retry_after_s(value: str | None) -> float | None:
    """The seconds that are asked for, never above a day."""
    seconds = parse_retry_after(value, clock.now()) if value else None
    return None if seconds is None else min(seconds, MAX_RETRY_AFTER_S)

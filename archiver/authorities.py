"""Asks time-stamp authorities over http and https: behind the guard, in bounded time and size, without cookies.

RFC 3161 section 3.4. What comes back is not looked at here: `archiver.seal.timestamp_check` does that.
"""

from __future__ import annotations

import dns.asyncresolver

from archiver.capture.tunnel import Tunnel
from archiver.config import CaptureSettings
from archiver.errors import ArchiverError, UnreachableError
from archiver.feeds import exchange
from archiver.feeds.exchange import Deadline, Wanted, tls_context
from archiver.seal.authority import Authority
from archiver.seal.timestamp import Request
from archiver.seal.timestamp_read import MAX_RESPONSE_BYTES
from archiver.version import __version__

TIMEOUT_S = 30.0
_FIELDS = {
    "User-Agent": f"archiver/{__version__}",
    "Content-Type": "application/timestamp-query",
    "Accept": "application/timestamp-reply",
    "Accept-Encoding": "identity",
}


def ask(
    authority: Authority,
    request: Request,
    settings: CaptureSettings,
    timeout_s: float = TIMEOUT_S,
    *,
    resolver: dns.asyncresolver.Resolver | None = None,
) -> bytes:
    """The authority's response, all of it within `timeout_s`, of at most `MAX_RESPONSE_BYTES`; no redirect is followed.

    Names are looked up with `resolver`, or with the machine's name servers. Raises `RefusedError` when the guard
    refuses, `UnreachableError` for everything else that is no answer, and `UsageError` for settings that cannot be
    used. Each message is one line and calls the authority by its name: there may be a key in its URL.
    """
    context = tls_context(settings)
    deadline = Deadline(timeout_s)
    shown = f"time-stamp authority {authority.name}"
    wanted = Wanted(shown, "requests for time stamps", MAX_RESPONSE_BYTES, _too_large)
    with Tunnel(settings, resolver) as tunnel:
        answer = exchange.ask(tunnel, context, authority.url, _FIELDS, deadline, body=request.data, wanted=wanted)
    if 300 <= answer.status < 400:
        raise UnreachableError(
            f"{shown}: it redirects (status {answer.status}), which is not followed; correct its URL"
        )
    if answer.status != 200 or answer.body is None:
        raise UnreachableError(f"{shown}: the server answered with status {answer.status}")
    if not answer.body:
        raise UnreachableError(f"{shown}: the answer is empty")
    return answer.body


def _too_large(shown: str) -> ArchiverError:
    return UnreachableError(f"{shown}: the answer has more than {MAX_RESPONSE_BYTES} bytes, so it is no time stamp")

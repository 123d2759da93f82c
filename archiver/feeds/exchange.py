"""One request, for a feed or of a time-stamp authority, and its answer: over a tunnel, within a deadline and a size."""

from __future__ import annotations

import contextlib
import http.client
import io
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import SplitResult, quote

from archiver.capture.tunnel import NoConnectionError, RefusedByGuardError, Tunnel
from archiver.config import CaptureSettings
from archiver.errors import ArchiverError, ConfigurationError, FeedError, RefusedError, UnreachableError
from archiver.feeds.inflate import TooLargeError, inflate
from archiver.feeds.model import MAX_FEED_BYTES
from archiver.feeds.parse import too_large
from archiver.urls import parse_capturable

_CHUNK_BYTES = 1 << 16
_PORTS = {"http": 80, "https": 443}
_CODINGS: Mapping[str, Literal["gzip", "deflate"]] = {"gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate"}
# What may stand in a target as it is: RFC 3986 section 2, and `%`, because what is escaped stays so.
_UNESCAPED = "!#$%&'()*+,/:;=?@[]~"


class Deadline:
    """A moment by which all has to be done."""

    def __init__(self, timeout_s: float) -> None:
        self.timeout_s = timeout_s
        self._ends = time.monotonic() + timeout_s

    def left_s(self) -> float:
        """Seconds until then. Raises `TimeoutError` when it has passed."""
        left_s = self._ends - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        return left_s


@dataclass(frozen=True)
class Answer:
    """A final answer's status and header, and its body, decompressed, where it has status 2xx."""

    status: int
    fields: http.client.HTTPMessage
    body: bytes | None


@dataclass(frozen=True)
class Wanted:
    """What is asked for, in bounds and in words: `shown` is what messages call it, a URL or what must do for one."""

    shown: str
    what: str = "feeds"
    max_bytes: int = MAX_FEED_BYTES
    too_large: Callable[[str], ArchiverError] = too_large


def tls_context(settings: CaptureSettings) -> ssl.SSLContext:
    """TLS as the settings want it. Raises `ConfigurationError` for an authority that cannot be read."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    if settings.trust_ca is not None:
        if not settings.trust_ca.is_file():
            raise ConfigurationError(f"capture.trust_ca: there is no file {settings.trust_ca}")
        try:
            context.load_verify_locations(settings.trust_ca)
        except (OSError, ValueError) as error:
            raise ConfigurationError(f"capture.trust_ca: {settings.trust_ca} is no PEM certificate: {error}") from None
    if settings.accept_bad_certificates:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def ask(
    tunnel: Tunnel,
    context: ssl.SSLContext,
    url: str,
    fields: Mapping[str, str],
    deadline: Deadline,
    *,
    body: bytes | None = None,
    wanted: Wanted | None = None,
) -> Answer:
    """Send a GET, or a POST where there is a `body`, and read the answer.

    Raises `RefusedError`, `UnreachableError` and `FeedError`, and of `wanted` what is raised of a large answer.
    """
    parts = parse_capturable(url)
    wanted = wanted or Wanted(url)
    if body is not None:
        fields = {**fields, "Content-Length": str(len(body))}
    with _told(wanted, deadline), contextlib.closing(_connected(tunnel, context, parts, wanted, deadline)) as raw:
        connection = http.client.HTTPConnection("unused")  # it is connected already, and told its Host below
        connection.sock = _Line(raw, deadline)  # all that it uses of a socket
        connection.putrequest(
            "GET" if body is None else "POST", _target(parts), skip_host=True, skip_accept_encoding=True
        )
        for name, value in {"Host": _authority(parts), **fields, "Connection": "close"}.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        with contextlib.closing(response):
            is_wanted = 200 <= response.status < 300
            received = _decoded(_body(response, wanted), response.headers, wanted) if is_wanted else None
            return Answer(response.status, response.headers, received)


@contextlib.contextmanager
def _told(wanted: Wanted, deadline: Deadline) -> Iterator[None]:
    """Everything that can go wrong on the way as one of our errors."""
    url = wanted.shown
    try:
        yield
    except RefusedByGuardError as error:
        raise RefusedError(
            f"{url}: {error}; the guard keeps {wanted.what} to public addresses, --allow-private lifts it for "
            "addresses of your own"
        ) from None
    except NoConnectionError as error:
        raise UnreachableError(f"{url}: {error}") from None
    except TimeoutError:
        raise UnreachableError(f"{url}: the answer was not complete within {deadline.timeout_s:g} s") from None
    except ssl.SSLCertVerificationError as error:
        raise UnreachableError(
            f"{url}: its certificate is not valid: {error.verify_message}; --accept-bad-certificates reads it all "
            "the same"
        ) from None
    except ssl.SSLError as error:
        raise UnreachableError(f"{url}: TLS failed: {(error.reason or 'no reason given').lower()}") from None
    except http.client.RemoteDisconnected:
        raise UnreachableError(f"{url}: the server closed the connection without an answer") from None
    except http.client.IncompleteRead:
        raise UnreachableError(f"{url}: the connection ended before the whole answer had come") from None
    except http.client.HTTPException as error:
        raise UnreachableError(f"{url}: the answer is not HTTP ({type(error).__name__})") from None
    except OSError as error:
        raise UnreachableError(f"{url}: the connection broke: {error.strerror or 'no reason given'}") from None


class _Line:
    """A connection as `http.client` uses one. No single read or write outlasts the deadline, nor do all together."""

    def __init__(self, connection: socket.socket, deadline: Deadline) -> None:
        self._connection, self._deadline = connection, deadline

    def sendall(self, data: bytes) -> None:
        self._connection.settimeout(self._deadline.left_s())
        self._connection.sendall(data)

    def makefile(self, *_: Any) -> io.BufferedReader:
        return io.BufferedReader(_Reading(self._connection, self._deadline), _CHUNK_BYTES)

    def close(self) -> None:
        """Nothing yet: `http.client` closes before it reads the body."""


class _Reading(io.RawIOBase):
    def __init__(self, connection: socket.socket, deadline: Deadline) -> None:
        self._connection, self._deadline = connection, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._connection.settimeout(self._deadline.left_s())
        return self._connection.recv_into(buffer)


def _connected(
    tunnel: Tunnel, context: ssl.SSLContext, parts: SplitResult, wanted: Wanted, deadline: Deadline
) -> socket.socket:
    """A connection to the server; with TLS for https."""
    host = _host(parts)
    connection = tunnel.connect(host, parts.port or _PORTS[parts.scheme], deadline.left_s())
    try:
        if parts.scheme == "https":
            connection.settimeout(deadline.left_s())
            try:
                connection = context.wrap_socket(connection, server_hostname=host.rstrip("."))
            except ssl.SSLError:  # some are ValueErrors, too
                raise
            except ValueError:  # a name that ssl does not take, such as one that begins with a dot
                raise UnreachableError(f"{wanted.shown}: its host is no name that a certificate could have") from None
    except BaseException:
        connection.close()
        raise
    return connection


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        raise NoConnectionError("its name is no host name") from None


def _authority(parts: SplitResult) -> str:
    host = _host(parts)
    shown = f"[{host}]" if ":" in host else host
    return shown if parts.port in (None, _PORTS[parts.scheme]) else f"{shown}:{parts.port}"


def _target(parts: SplitResult) -> str:
    path = quote(parts.path or "/", safe=_UNESCAPED)
    return f"{path}?{quote(parts.query, safe=_UNESCAPED)}" if parts.query else path


def _body(response: http.client.HTTPResponse, wanted: Wanted) -> bytes:
    """The body as it came, up to the limit."""
    if response.length is not None and response.length > wanted.max_bytes:
        raise wanted.too_large(wanted.shown)
    pieces, size = [], 0
    while piece := response.read1(_CHUNK_BYTES):
        pieces.append(piece)
        size += len(piece)
        if size > wanted.max_bytes:
            raise wanted.too_large(wanted.shown)
    if response.length:
        raise http.client.IncompleteRead(b"")
    return b"".join(pieces)


def _decoded(body: bytes, fields: http.client.HTTPMessage, wanted: Wanted) -> bytes:
    """The body without its content coding: RFC 9110 section 8.4."""
    url = wanted.shown
    codings = re.split(r"[\s,]+", ",".join(fields.get_all("Content-Encoding", [])).strip().lower())
    codings = [coding for coding in codings if coding not in ("", "identity")]
    if not codings:
        return body
    if len(codings) > 1 or codings[0] not in _CODINGS:
        raise FeedError(f"{url}: is compressed in a way that was not asked for: {', '.join(codings)[:40]!r}")
    try:
        data, whole = inflate(body, _CODINGS[codings[0]], wanted.max_bytes)
    except TooLargeError:
        raise wanted.too_large(url) from None
    except ValueError:
        raise FeedError(f"{url}: is damaged: it is said to be compressed with {codings[0]}, and is not") from None
    if not whole:
        raise UnreachableError(f"{url}: the connection ended before the whole answer had come")
    return data

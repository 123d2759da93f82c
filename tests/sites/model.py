"""What the local web speaks of: requests, responses, and the log of what was really sent."""

from __future__ import annotations

import hashlib
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qs

Fields = list[tuple[bytes, bytes]]


def first(fields: Fields, name: bytes) -> bytes | None:
    """The value of the first field called `name`, whatever its case."""
    wanted = name.lower()
    return next((value for key, value in fields if key.lower() == wanted), None)


@dataclass(frozen=True)
class Request:
    """A request whose body has been read to its end."""

    scheme: str
    host: str  # lower case, without a port
    method: str
    target: str  # path and query, as received
    fields: Fields
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    def argument(self, name: str, otherwise: str = "") -> str:
        """The first value of the query's argument `name`."""
        return parse_qs(self.query, keep_blank_values=True).get(name, [otherwise])[0]

    def field(self, name: bytes) -> bytes | None:
        return first(self.fields, name)


@dataclass
class Response:
    """What to send; by default a well-formed answer that keeps the connection alive."""

    status: int = 200
    reason: bytes = b"OK"
    fields: Fields = field(default_factory=list)
    body: bytes | AsyncIterator[bytes] = b""
    # HTTP/1.1 only: the exact header block to send; the connection closes afterwards.
    raw_head: bytes | None = None
    # HTTP/1.1 only. An iterator as body is chunked too, unless a length (or None) is given.
    chunked: bool = False
    # None: no Content-Length, so that HTTP/1.1 ends the body by closing. A number may be a lie.
    content_length: int | Literal["auto"] | None = "auto"
    # reset: RST before any byte; empty: close before any byte; close: close after `body` without
    # ending the message. On HTTP/2 each of them is a RST_STREAM, which spares the other streams.
    abort: Literal["reset", "empty", "close"] | None = None
    interim: list[tuple[int, bytes, Fields]] = field(default_factory=list)  # 1xx answers sent first
    chunk_extension: bytes = b""  # with its semicolon; after every chunk's size
    trailers: Fields = field(default_factory=list)


@dataclass
class Upgrade:
    """Accept a WebSocket (HTTP/1.1 only) that echoes each message."""

    protocol: bytes | None = None  # Sec-WebSocket-Protocol to answer with
    greeting: list[str | bytes] = field(default_factory=list)  # sent by the server at once
    close_after: int | None = None  # close from the server's side after so many echoes


Handler = Callable[[Request], Awaitable["Response | Upgrade"]]


class Meter:
    """Size and SHA-256 of bytes that are not kept."""

    def __init__(self) -> None:
        self.size = 0
        self._hash = hashlib.sha256()

    def feed(self, data: bytes) -> None:
        self._hash.update(data)
        self.size += len(data)

    @property
    def sha256(self) -> str:
        return self._hash.copy().hexdigest()


@dataclass(frozen=True)
class Peer:
    """One connection, as the log tells of it."""

    scheme: str
    client_port: int
    server_port: int
    tls_version: str | None = None
    tls_cipher: str | None = None
    alpn: str | None = None
    certificate_sha256: str | None = None  # of the leaf's DER


@dataclass
class Served:
    """One request and what was answered; updated until `finished` or the connection's end."""

    number: int
    peer: Peer
    host: str
    method: str
    target: str
    protocol: str  # "http/1.1" or "h2"
    request_head: bytes  # HTTP/1.1: the exact block up to CRLFCRLF; empty on h2
    request_fields: Fields  # h2: in order, pseudo fields too
    stream: int | None = None  # h2 only
    request_trailers: Fields = field(default_factory=list)
    interim_heads: list[bytes] = field(default_factory=list)  # HTTP/1.1, exact
    interim_fields: list[Fields] = field(default_factory=list)  # h2: with :status
    response_head: bytes | None = None  # HTTP/1.1: the exact block as sent
    response_fields: Fields = field(default_factory=list)  # h2: in order, with :status
    response_trailers: Fields = field(default_factory=list)
    response_status: int | None = None
    answered: bool = False  # any byte of a response was sent
    finished: bool = False  # the whole response was sent
    over: bool = False  # nothing more will be sent, finished or not: the entry changes no more
    began_s: float = field(default_factory=time.monotonic)  # when its head was complete
    ended_s: float | None = None  # when it was over
    messages: list[tuple[Literal["in", "out"], int, bytes]] = field(default_factory=list)  # WebSocket
    request_body: Meter = field(default_factory=Meter)
    response_body: Meter = field(default_factory=Meter)  # without chunked framing
    response_wire: Meter = field(default_factory=Meter)  # with it, and with trailers

    def end(self) -> None:
        """Nothing more will be sent."""
        self.over = True
        self.ended_s = self.ended_s or time.monotonic()

    @property
    def scheme(self) -> str:
        return self.peer.scheme

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}{self.target}"

    @property
    def request_body_sha256(self) -> str:
        return self.request_body.sha256

    @property
    def request_body_size(self) -> int:
        return self.request_body.size

    @property
    def response_body_sha256(self) -> str:
        return self.response_body.sha256

    @property
    def response_body_size(self) -> int:
        return self.response_body.size

    @property
    def client_port(self) -> int:
        return self.peer.client_port

    @property
    def server_port(self) -> int:
        return self.peer.server_port

    @property
    def tls_version(self) -> str | None:
        return self.peer.tls_version

    @property
    def tls_cipher(self) -> str | None:
        return self.peer.tls_cipher

    @property
    def alpn(self) -> str | None:
        return self.peer.alpn

    @property
    def certificate_sha256(self) -> str | None:
        return self.peer.certificate_sha256


class Ledger:
    """The log: an entry for each request, in the order in which their heads were complete."""

    def __init__(self) -> None:
        self.log: list[Served] = []
        self._numbers = itertools.count(1)

    def open(self, peer: Peer, protocol: str, request: tuple[str, str, str], head: bytes, fields: Fields) -> Served:
        """Begin the entry of a request given as (host, method, target)."""
        host, method, target = request
        number = next(self._numbers)
        served = Served(number, peer, host, method, target, protocol, head, fields)
        self.log.append(served)
        return served


def host_name(authority: bytes) -> str:
    """The host of an authority, lower case and without its port."""
    text = authority.decode("latin-1").lower()
    return text if text.endswith("]") else text.rsplit(":", 1)[0] if ":" in text else text


async def pieces(body: bytes | AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The body as an iterator that never yields an empty piece."""
    if isinstance(body, bytes):
        if body:
            yield body
        return
    async for piece in body:
        if piece:
            yield piece

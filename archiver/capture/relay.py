"""The egress relay: a SOCKS5 server (RFC 1928) on loopback through which all of the browser's traffic goes.

It resolves each name once a capture and pins the answers, refuses addresses the guard forbids, connects, directly or
through an upstream proxy, and copies bytes. TLS and HTTP/2 stay end to end between browser and site. Each request for a
connection leaves a `Connection`.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import resource
import socket
import struct
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import dns.asyncresolver

from archiver import clock
from archiver.capture import upstream
from archiver.capture.guard import canonical, is_forbidden, literal
from archiver.capture.names import Answer, Names
from archiver.capture.upstream import NotConnectedError, ProxyError, Streams, check_proxy
from archiver.errors import UsageError
from archiver.model import Connection
from archiver.urls import Proxy

_HANDSHAKE_TIMEOUT_S = 10.0
_CONNECT_TIMEOUT_S = 10.0  # for one address
_CONNECT_ALL_TIMEOUT_S = 30.0  # for all addresses of a name
_PROXY_TIMEOUT_S = 20.0  # a proxy connects to the site before it answers
_PARTING_S = 30.0  # for a site to end its side after the browser has ended its own
_CLOSE_TIMEOUT_S = 5.0
_NO_DESCRIPTOR_S = 0.05
_CHUNK_BYTES = 1 << 18

# So many that no honest page notices, so few that no page can use up our file descriptors.
_MAX_CONNECTIONS = 512

# Reply codes of RFC 1928 section 6.
_OK, _FAILURE, _NOT_ALLOWED, _HOST_UNREACHABLE, _REFUSED, _COMMAND = 0, 1, 2, 4, 5, 7


def _most_connections() -> int:
    """How many connections may be open at once: each takes two descriptors, three while its name is looked up."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MAX_CONNECTIONS if soft == resource.RLIM_INFINITY else max(1, min(_MAX_CONNECTIONS, soft // 4))


@dataclass(frozen=True)
class Override:
    """One --resolve rule: connections to host (and port, if given) go to address (and to_port, if given)."""

    host: str  # a name, `*`, or `*.suffix`
    port: int | None
    address: str
    to_port: int | None

    def matches(self, host: str, port: int) -> bool:
        if self.port is not None and self.port != port:
            return False
        if self.host in ("*", host):
            return True
        return self.host.startswith("*.") and host.endswith(self.host[1:])


def parse_override(rule: str) -> Override:
    """Read `HOST[:PORT]=ADDRESS[:PORT]`; IPv6 addresses stand in brackets. Raises `UsageError`."""
    left, equals, right = rule.partition("=")
    try:
        if not (left and equals and right):
            raise ValueError("expected HOST[:PORT]=ADDRESS[:PORT]")
        host, port = _split_port(left)
        if not host:
            raise ValueError("the host is missing")
        address, to_port = _split_port(right)
        ipaddress.ip_address(address)
    except ValueError as error:
        raise UsageError(f"--resolve {rule!r}: {error}") from None
    return Override(host.lower().rstrip("."), port, address, to_port)


def _split_port(text: str) -> tuple[str, int | None]:
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise ValueError("a bracketed address is written [ADDRESS] or [ADDRESS]:PORT")
        port = rest[1:]
    elif text.count(":") > 1:
        return text, None
    else:
        host, _, port = text.partition(":")
    if port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError(f"{port!r} is not a port")
    return host, int(port) if port else None


class Relay:
    """All connections of one capture. Use as an async context manager; `port` is where the browser connects.

    Names are looked up with `resolver`, or with the machine's name servers. Raises `UsageError` for a proxy that the
    guard could not watch over.
    """

    def __init__(
        self,
        overrides: Sequence[Override] = (),
        *,
        allow_private: bool = False,
        proxy: Proxy | None = None,
        resolver: dns.asyncresolver.Resolver | None = None,
    ) -> None:
        check_proxy(proxy, allow_private=allow_private)
        self._overrides = tuple(overrides)
        self._allow_private = allow_private
        self._proxy = proxy
        self._names = Names(resolver)
        self._connections: list[Connection] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._clients: dict[int, asyncio.StreamWriter] = {}  # by the browser's port
        self._most = _most_connections()
        self._listener: socket.socket
        self._listening: asyncio.Task[None]
        self.port = 0

    @property
    def connections(self) -> tuple[Connection, ...]:
        """Every connection the browser asked for, in order of asking."""
        return tuple(self._connections)

    def refusal(self, host: str, port: int) -> str | None:
        """Why the guard refused a connection to this host and port, if it did."""
        for connection in self._to(host, port):
            if connection.outcome == "refused":
                return f"refused by the guard: {connection.reason}"
        return None

    def failure(self, host: str, port: int) -> str | None:
        """Why no connection to this host and port came about, if none did."""
        same = self._to(host, port)
        return same[-1].reason if same and all(c.outcome != "connected" for c in same) else None

    def cut(self, client_ports: Collection[int]) -> None:
        """Break off the connections that the browser made from these ports."""
        for port in client_ports:
            if port in self._clients:
                self._clients[port].transport.abort()

    def _to(self, host: str, port: int) -> list[Connection]:
        host = canonical(host)
        return [c for c in self._connections if (c.host, c.port) == (host, port)]

    async def __aenter__(self) -> Relay:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=_MAX_CONNECTIONS)
        self._listener.setblocking(False)
        self.port = self._listener.getsockname()[1]
        self._listening = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *_: object) -> None:
        ending = [self._listening, *self._tasks]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        self._listener.close()
        await self._names.close()

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                client, (_, port) = await loop.sock_accept(self._listener)
            except OSError:  # no descriptor is free; asyncio's own server would print a trace of it
                await asyncio.sleep(_NO_DESCRIPTOR_S)
                continue
            if len(self._tasks) >= 2 * self._most:  # not even told why: that takes a descriptor, too
                client.close()
                continue
            task = asyncio.create_task(self._accept(client, port))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _accept(self, client: socket.socket, port: int) -> None:
        reader, writer = await asyncio.open_connection(sock=client, limit=_CHUNK_BYTES)
        self._clients[port] = writer
        try:
            # The browser may leave at any moment.
            with contextlib.suppress(asyncio.IncompleteReadError, OSError):
                await self._serve(reader, writer, port)
            await _close(writer)
        except asyncio.CancelledError:
            writer.transport.abort()  # the end of the capture
        finally:
            self._clients.pop(port, None)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, client_port: int) -> None:
        is_full = len(self._tasks) > self._most
        async with asyncio.timeout(_HANDSHAKE_TIMEOUT_S):
            target = await _handshake(reader, writer)
        if target is None:
            return
        host, port = target
        number = len(self._connections)
        self._connections.append(Connection(number, host, port, clock.now(), "pending", client_port=client_port))
        if is_full:
            self._update(number, outcome="unreachable", reason=f"{self._most} connections are open already")
            connected: Streams | int = _FAILURE
        else:
            connected = await self._connect(number, host, port)
        if isinstance(connected, int):
            _reply(writer, connected)
            await writer.drain()
            return
        up_reader, up_writer = connected
        try:
            _reply(writer, _OK)
            await _copy((reader, writer), (up_reader, up_writer))
            await _close(up_writer)
        finally:
            up_writer.transport.abort()
            self._update(number, closed_at=clock.now())

    def _update(self, number: int, **changes: object) -> None:
        self._connections[number] = replace(self._connections[number], **changes)  # type: ignore[arg-type]  # field names are checked by replace()

    async def _connect(self, number: int, host: str, port: int) -> Streams | int:
        answer = await self._resolve(host, port)
        self._update(number, answers=answer.addresses, resolver=answer.resolver)
        if answer.resolver == "proxy":
            return await self._try(number, [host], port)
        if not answer.addresses:
            self._update(number, outcome="unresolved", reason=answer.error)
            return _HOST_UNREACHABLE
        explicit = answer.resolver == "override"  # the user named this very address
        allowed = [a for a, _ in answer.addresses if explicit or self._allow_private or not is_forbidden(a)]
        if not allowed:
            shown = ", ".join(a for a, _ in answer.addresses)
            self._update(number, outcome="refused", reason=f"{shown} is not a public address")
            return _NOT_ALLOWED
        return await self._try(number, allowed, answer.to_port or port)

    async def _try(self, number: int, targets: list[str], port: int) -> Streams | int:
        """Connect to the first target that can be connected to."""
        reason = ""
        ends = time.monotonic() + _CONNECT_ALL_TIMEOUT_S
        for target in targets:
            left_s = ends - time.monotonic()
            if left_s <= 0:
                break
            try:
                streams = await self._open(target, port, left_s)
            except ProxyError as error:
                reason = str(error)
                break
            except (OSError, NotConnectedError) as error:
                reason = f"{target}: {_words(error)}"
                continue
            address = literal(target)  # none where the proxy looks the name up
            self._update(
                number, outcome="connected", address=address, remote_port=port, connected_at=clock.now(), reason=""
            )
            return streams
        self._update(number, outcome="unreachable", reason=reason)
        return _REFUSED

    async def _open(self, target: str, port: int, left_s: float) -> Streams:
        if self._proxy is not None:
            timeout_s = min(_PROXY_TIMEOUT_S, left_s)
            return await upstream.connect(self._proxy, target, port, timeout_s=timeout_s, limit=_CHUNK_BYTES)
        async with asyncio.timeout(min(_CONNECT_TIMEOUT_S, left_s)):
            return await asyncio.open_connection(target, port, limit=_CHUNK_BYTES)

    async def _resolve(self, host: str, port: int) -> Answer:
        for rule in self._overrides:
            if rule.matches(host, port):
                return Answer(((rule.address, None),), "override", to_port=rule.to_port)
        address = literal(host)
        if address is not None:
            return Answer(((address, None),), "literal")
        if host == "localhost" or host.endswith(".localhost"):  # RFC 6761 section 6.3
            return Answer((("127.0.0.1", None), ("::1", None)), "literal")
        if self._proxy is not None and self._proxy.resolves_names:
            return Answer((), "proxy")
        return await self._names.addresses(host)


def _words(error: Exception) -> str:
    """An error of a connection in one short phrase."""
    if isinstance(error, TimeoutError) and error.errno is None:
        return "no answer in time"
    if isinstance(error, OSError) and error.errno is not None:
        return os.strerror(error.errno)
    return str(error)


async def _handshake(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, int] | None:
    """Read the SOCKS5 greeting and request (RFC 1928 sections 3 and 4); None when it is not a CONNECT."""
    version, methods = await reader.readexactly(2)
    await reader.readexactly(methods)
    if version != 5:
        return None
    writer.write(b"\x05\x00")
    _, command, _, kind = await reader.readexactly(4)
    if kind == 1:
        host = socket.inet_ntop(socket.AF_INET, await reader.readexactly(4))
    elif kind == 4:
        host = socket.inet_ntop(socket.AF_INET6, await reader.readexactly(16))
    else:
        length = (await reader.readexactly(1))[0]
        host = canonical((await reader.readexactly(length)).decode("ascii", "replace"))
    (port,) = struct.unpack(">H", await reader.readexactly(2))
    if command != 1:
        _reply(writer, _COMMAND)
        await writer.drain()
        return None
    return host, port


def _reply(writer: asyncio.StreamWriter, code: int) -> None:
    writer.write(bytes((5, code, 0, 1)) + bytes(6))


async def _close(writer: asyncio.StreamWriter) -> None:
    """Close when all is sent, or soon: a peer that does not read keeps no descriptor."""
    writer.close()
    try:
        async with asyncio.timeout(_CLOSE_TIMEOUT_S):
            await writer.wait_closed()
    except OSError:
        writer.transport.abort()


async def _copy(client: Streams, site: Streams) -> None:
    """Copy both ways until both have ended, or the site goes on too long after the client has ended."""
    receiving = asyncio.ensure_future(_pump(site[0], client[1]))
    try:
        await _pump(client[0], site[1])
        await asyncio.wait([receiving], timeout=_PARTING_S)
    finally:
        receiving.cancel()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy until the end; pass an orderly end on as one, and a reset as a reset."""
    try:
        while chunk := await reader.read(_CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except OSError:
        raw = writer.get_extra_info("socket")
        if raw is not None and raw.fileno() >= 0:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

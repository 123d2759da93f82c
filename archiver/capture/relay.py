"""The egress relay: a SOCKS5 server (RFC 1928) on loopback through which all of the browser's traffic goes.

It resolves each name once a capture and pins the answers, refuses addresses the guard forbids, connects, and copies
bytes. TLS and HTTP/2 stay end to end between browser and site. Each request for a connection leaves a `Connection`.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace

import dns.asyncresolver
import dns.exception
import dns.rdatatype

from archiver import clock
from archiver.errors import UsageError
from archiver.model import Connection

_CONNECT_TIMEOUT_S = 10.0
_DNS_TIMEOUT_S = 10.0
_CHUNK_BYTES = 1 << 18
# Special-purpose ranges (IANA registries, RFC 6890) that Python 3.11 still calls global.
_SPECIAL = tuple(
    ipaddress.ip_network(text)
    for text in ("192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48", "100:0:0:1::/64", "3fff::/20", "5f00::/16")
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052 section 2.1

# Reply codes of RFC 1928 section 6.
_OK, _NOT_ALLOWED, _HOST_UNREACHABLE, _REFUSED, _COMMAND = 0, 2, 4, 5, 7


def is_forbidden(address: str) -> bool:
    """Whether the guard keeps the browser from an address: all that is not globally routable unicast.

    Addresses that carry an IPv4 address (mapped, 6to4, Teredo, NAT64) are judged by that one as well.
    """
    ip = ipaddress.ip_address(address)
    inner: list[ipaddress.IPv4Address | ipaddress.IPv6Address] = [ip]
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            inner = [ip.ipv4_mapped]
        elif ip.sixtofour:
            inner.append(ip.sixtofour)
        elif ip.teredo:
            inner.append(ip.teredo[1])
        elif ip in _NAT64:
            inner = [ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)]
    return any(
        not one.is_global
        or one.is_multicast
        or getattr(one, "is_site_local", False)
        or one.is_reserved
        or any(one in network for network in _SPECIAL)
        for one in inner
    )


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


@dataclass(frozen=True)
class _Answer:
    addresses: tuple[tuple[str, int | None], ...]
    resolver: str
    error: str = ""
    to_port: int | None = None


class Relay:
    """All connections of one capture. Use as an async context manager; `port` is where the browser connects."""

    def __init__(self, overrides: Sequence[Override] = (), *, allow_private: bool = False) -> None:
        self._overrides = tuple(overrides)
        self._allow_private = allow_private
        self._pins: dict[str, asyncio.Future[_Answer]] = {}
        self._connections: list[Connection] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    @property
    def connections(self) -> tuple[Connection, ...]:
        """Every connection the browser asked for, in order of asking."""
        return tuple(self._connections)

    def refusal(self, host: str, port: int) -> str | None:
        """Why the guard refused a connection to this host and port, if it did."""
        for connection in self._connections:
            if connection.outcome == "refused" and (connection.host, connection.port) == (host, port):
                return f"refused by the guard: {connection.reason}"
        return None

    def failure(self, host: str, port: int) -> str | None:
        """Why no connection to this host and port came about, if none did."""
        same = [c for c in self._connections if (c.host, c.port) == (host, port)]
        return same[-1].reason if same and all(c.outcome != "connected" for c in same) else None

    async def __aenter__(self) -> Relay:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=_CHUNK_BYTES)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        # The browser may leave at any moment, and the capture's end cancels what is still open.
        with contextlib.suppress(asyncio.IncompleteReadError, OSError, asyncio.CancelledError):
            await self._serve(reader, writer)
        writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        target = await _handshake(reader, writer)
        if target is None:
            return
        host, port = target
        number = len(self._connections)
        client_port = writer.get_extra_info("peername")[1]
        self._connections.append(Connection(number, host, port, clock.now(), "pending", client_port=client_port))
        upstream = await self._connect(number, host, port)
        if isinstance(upstream, int):
            _reply(writer, upstream)
            await writer.drain()
            return
        _reply(writer, _OK)
        up_reader, up_writer = upstream
        try:
            await asyncio.gather(_pump(reader, up_writer), _pump(up_reader, writer))
        finally:
            self._update(number, closed_at=clock.now())
            up_writer.close()

    def _update(self, number: int, **changes: object) -> None:
        self._connections[number] = replace(self._connections[number], **changes)  # type: ignore[arg-type]  # field names are checked by replace()

    async def _connect(
        self, number: int, host: str, port: int
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | int:
        answer = await self._resolve(host, port)
        self._update(number, answers=answer.addresses, resolver=answer.resolver)
        if not answer.addresses:
            self._update(number, outcome="unresolved", reason=answer.error)
            return _HOST_UNREACHABLE
        explicit = answer.resolver == "override"  # the user named this very address
        allowed = [a for a, _ in answer.addresses if explicit or self._allow_private or not is_forbidden(a)]
        if not allowed:
            shown = ", ".join(a for a, _ in answer.addresses)
            self._update(number, outcome="refused", reason=f"{shown} is not a public address")
            return _NOT_ALLOWED
        reason = ""
        for address in allowed:
            try:
                streams = await asyncio.wait_for(
                    asyncio.open_connection(address, answer.to_port or port, limit=_CHUNK_BYTES),
                    _CONNECT_TIMEOUT_S,
                )
            except (OSError, TimeoutError) as error:
                reason = f"{address}: {str(error) or 'no answer in time'}"
                continue
            self._update(
                number,
                outcome="connected",
                address=address,
                remote_port=answer.to_port or port,
                connected_at=clock.now(),
            )
            return streams
        self._update(number, outcome="unreachable", reason=reason)
        return _REFUSED

    async def _resolve(self, host: str, port: int) -> _Answer:
        for rule in self._overrides:
            if rule.matches(host, port):
                return _Answer(((rule.address, None),), "override", to_port=rule.to_port)
        with contextlib.suppress(ValueError):
            return _Answer(((str(ipaddress.ip_address(host)), None),), "literal")
        if host == "localhost" or host.endswith(".localhost"):  # RFC 6761 section 6.3
            return _Answer((("127.0.0.1", None), ("::1", None)), "literal")
        # One look-up a name and capture: an answer that changes later cannot lead past the guard.
        if host not in self._pins:
            self._pins[host] = asyncio.ensure_future(_look_up(host))
        return await asyncio.shield(self._pins[host])


async def _look_up(host: str) -> _Answer:
    try:
        resolver = dns.asyncresolver.Resolver()
    except dns.exception.DNSException as error:
        return _Answer((), "", f"no name server is configured: {error}")
    resolver.lifetime = _DNS_TIMEOUT_S
    found: list[tuple[str, int | None]] = []
    server, problem = "", "the name has no address"
    kinds = (dns.rdatatype.A, dns.rdatatype.AAAA)
    results = await asyncio.gather(*(resolver.resolve(host, kind) for kind in kinds), return_exceptions=True)
    for result in results:
        if isinstance(result, dns.exception.DNSException):
            problem = str(result) or type(result).__name__
        elif isinstance(result, BaseException):
            problem = f"{type(result).__name__}: {result}"
        else:
            server = server or str(result.nameserver)
            found.extend((str(row.address), result.rrset.ttl if result.rrset else None) for row in result)
    return _Answer(tuple(found), server, "" if found else problem)


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
        host = (await reader.readexactly(length)).decode("ascii", "replace").lower().rstrip(".")
    (port,) = struct.unpack(">H", await reader.readexactly(2))
    if command != 1:
        _reply(writer, _COMMAND)
        await writer.drain()
        return None
    return host, port


def _reply(writer: asyncio.StreamWriter, code: int) -> None:
    writer.write(bytes((5, code, 0, 1)) + bytes(6))


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

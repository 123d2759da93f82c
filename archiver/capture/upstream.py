"""Connections through an upstream proxy: SOCKS5 (RFC 1928, 1929) or HTTP CONNECT (RFC 9110 section 9.3.6).

A client of our own, because not one byte after the proxy's answer may be lost: it is the site's.
"""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import os
import socket
import struct

from archiver.errors import UsageError
from archiver.urls import Proxy

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]

_NO_PASSWORD, _PASSWORD, _NO_METHOD = 0, 2, 0xFF
_SOCKS_REPLIES = {
    1: "general failure",
    2: "its rules do not allow it",
    3: "network unreachable",
    4: "host unreachable",
    5: "connection refused",
    6: "time to live expired",
    7: "it does not serve CONNECT",
    8: "it does not serve this kind of address",
}


class ProxyError(Exception):
    """The proxy itself failed: no other address would fare better."""


class NotConnectedError(Exception):
    """The proxy works but did not connect to this address."""


def check_proxy(proxy: Proxy | None, *, allow_private: bool) -> None:
    """Raises `UsageError` for a proxy that would look names up where the guard cannot see the answers."""
    if proxy is not None and proxy.resolves_names and not allow_private:
        raise UsageError(
            "capture.proxy: with socks5h:// the proxy looks names up and the guard cannot check their addresses; "
            "use socks5://, or lift the guard with --allow-private"
        )


async def connect(proxy: Proxy, host: str, port: int, *, timeout_s: float, limit: int) -> Streams:
    """Ask the proxy for a connection to an address (or name, if it resolves names), and give its streams.

    Raises `ProxyError` and `NotConnectedError`; no message names the proxy or its password.
    """
    try:
        async with asyncio.timeout(timeout_s):
            reader, writer = await _reach(proxy, limit)
            try:
                ask = _ask_http if proxy.scheme == "http" else _ask_socks
                await ask(proxy, reader, writer, host, port)
            except BaseException:
                writer.transport.abort()
                raise
    except TimeoutError:
        raise ProxyError("the upstream proxy did not answer in time") from None
    except (asyncio.IncompleteReadError, OSError):
        raise ProxyError("the upstream proxy closed the connection without an answer") from None
    return reader, writer


async def _reach(proxy: Proxy, limit: int) -> Streams:
    try:
        return await asyncio.open_connection(proxy.host, proxy.port, limit=limit)
    except TimeoutError:
        raise
    except socket.gaierror as error:
        raise ProxyError(f"the upstream proxy cannot be reached: {error.strerror}") from None
    except UnicodeError:
        raise ProxyError("the upstream proxy cannot be reached: its name is no host name") from None
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else "no address of it answers"
        raise ProxyError(f"the upstream proxy cannot be reached: {reason}") from None


async def _ask_socks(
    proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, port: int
) -> None:
    methods = bytes([_NO_PASSWORD, _PASSWORD] if proxy.has_credentials else [_NO_PASSWORD])
    writer.write(bytes([5, len(methods)]) + methods)
    version, method = await reader.readexactly(2)
    if version != 5 or method not in (*methods, _PASSWORD, _NO_METHOD):
        raise ProxyError("the upstream proxy does not speak SOCKS5")
    if method not in methods:
        raise ProxyError("the upstream proxy asks for a user name and password that were not given")
    if method == _PASSWORD:
        name, password = proxy.username.encode(), proxy.password.encode()
        writer.write(bytes([1, len(name)]) + name + bytes([len(password)]) + password)
        _, status = await reader.readexactly(2)
        if status:
            raise ProxyError("the upstream proxy does not accept the user name and password")
    writer.write(b"\x05\x01\x00" + _socks_address(host) + struct.pack(">H", port))
    version, code, _, kind = await reader.readexactly(4)
    if version != 5 or kind not in (1, 3, 4):
        raise ProxyError("the upstream proxy does not speak SOCKS5")
    if code:
        reason = _SOCKS_REPLIES.get(code, f"reply {code}")
        raise NotConnectedError(f"the upstream proxy did not connect: {reason}")
    # Where the proxy connected from: told, and of no use.
    length = (await reader.readexactly(1))[0] if kind == 3 else {1: 4, 4: 16}[kind]
    await reader.readexactly(length + 2)


def _socks_address(host: str) -> bytes:
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        name = host.encode("ascii", "replace")
        return bytes([3, len(name)]) + name
    return bytes([1 if ip.version == 4 else 4]) + ip.packed


async def _ask_http(
    proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, port: int
) -> None:
    authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {authority} HTTP/1.1", f"Host: {authority}"]
    if proxy.has_credentials:
        token = base64.b64encode(f"{proxy.username}:{proxy.password}".encode()).decode()
        lines.append(f"Proxy-Authorization: Basic {token}")
    writer.write("\r\n".join([*lines, "", ""]).encode())
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError:
        head = b""
    version, _, rest = head.partition(b"\r\n")[0].partition(b" ")
    status = rest[:3]
    if not version.startswith(b"HTTP/1.") or not (len(status) == 3 and status.isdigit()):
        raise ProxyError("the upstream proxy does not speak HTTP/1.1")
    if status == b"407":
        what = "does not accept the user name and password" if proxy.has_credentials else "asks for a password"
        raise ProxyError(f"the upstream proxy {what} (status 407)")
    if not status.startswith(b"2"):
        raise NotConnectedError(f"the upstream proxy did not connect: status {status.decode()}")

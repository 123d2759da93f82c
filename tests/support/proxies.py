"""Real proxies on loopback, SOCKS5 and HTTP CONNECT, that note what they were asked for."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ipaddress
import struct
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Self

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True)
class Asked:
    """One connection that a proxy was asked for; `kind` is how: v4, v6 or name."""

    kind: str
    host: str
    port: int
    user: str | None = None


class _Denied(Exception):
    """The client may not, or is none; what to say to it."""


class LocalProxy:
    """A proxy in a thread of its own. With a password it serves nobody without it. `names` says where names lead."""

    scheme: str

    def __init__(self, credentials: tuple[str, str] | None = None, names: dict[str, str] | None = None) -> None:
        self._credentials = credentials
        self._names = names or {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy")
        self._serving: set[object] = set()
        self.asked: list[Asked] = []
        self.port = 0

    def url(self, user_info: str = "") -> str:
        return f"{self.scheme}://{user_info}127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        self._server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # asyncio holds neither a task nor the reader it waits for: once the client is gone, both could be collected.
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        site: asyncio.StreamWriter | None = None
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError, _Denied):
            asked = await self._ask(reader, writer)
            self.asked.append(asked)
            try:
                to_site, site = await asyncio.open_connection(self._names.get(asked.host, asked.host), asked.port)
            except OSError:
                self._refuse(writer)
            else:
                await self._accept(writer, await _first(to_site))
                await asyncio.gather(_pump(reader, site), _pump(to_site, writer))
        for one in (writer, site):
            if one is not None:
                one.close()
                with contextlib.suppress(OSError):
                    await one.wait_closed()

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Asked:
        raise NotImplementedError

    def _refuse(self, writer: asyncio.StreamWriter) -> None:
        raise NotImplementedError

    async def _accept(self, writer: asyncio.StreamWriter, first: bytes) -> None:
        raise NotImplementedError


class SocksProxy(LocalProxy):
    """RFC 1928 and 1929."""

    scheme = "socks5"

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Asked:
        _, count = await reader.readexactly(2)
        methods = await reader.readexactly(count)
        wanted = 2 if self._credentials else 0
        if wanted not in methods:
            writer.write(b"\x05\xff")
            raise _Denied
        writer.write(bytes([5, wanted]))
        user = await self._authenticate(reader, writer) if self._credentials else None
        _, _, _, kind = await reader.readexactly(4)
        if kind == 3:
            name, host = "name", (await reader.readexactly((await reader.readexactly(1))[0])).decode()
        else:
            name = "v4" if kind == 1 else "v6"
            host = str(ipaddress.ip_address(await reader.readexactly(4 if kind == 1 else 16)))
        (port,) = struct.unpack(">H", await reader.readexactly(2))
        return Asked(name, host, port, user)

    async def _authenticate(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        await reader.readexactly(1)
        user = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
        password = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
        if (user, password) != self._credentials:
            writer.write(b"\x01\x01")
            raise _Denied
        writer.write(b"\x01\x00")
        return user

    def _refuse(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x05\x05\x00\x01" + bytes(6))

    async def _accept(self, writer: asyncio.StreamWriter, first: bytes) -> None:
        writer.write(b"\x05\x00\x00\x03\x05proxy\x00\x50" + first)


class HttpProxy(LocalProxy):
    """RFC 9110 section 9.3.6. Its answer comes in two pieces, as it does from real ones."""

    scheme = "http"

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Asked:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        start, *lines = head.splitlines()
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
        method, authority, version = start.split(" ")
        assert (method, version, fields["host"]) == ("CONNECT", "HTTP/1.1", authority)
        user = None
        if self._credentials:
            token = base64.b64encode(":".join(self._credentials).encode()).decode()
            if fields.get("proxy-authorization") != f"Basic {token}":
                writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                raise _Denied
            user = self._credentials[0]
        host, _, port = authority.rpartition(":")
        kind = "v6" if host.startswith("[") else "v4" if host.replace(".", "").isdigit() else "name"
        return Asked(kind, host.strip("[]"), int(port), user)

    def _refuse(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 4\r\n\r\nno.\n")

    async def _accept(self, writer: asyncio.StreamWriter, first: bytes) -> None:
        writer.write(b"HTTP/1.1 200 Connec")
        await writer.drain()
        await asyncio.sleep(0.02)
        writer.write(b"tion established\r\nVia: 1.1 test\r\n\r\n" + first)


async def _first(reader: asyncio.StreamReader) -> bytes:
    """What a site says before it is asked: to be sent in one piece with the proxy's answer."""
    try:
        return await asyncio.wait_for(reader.read(1 << 16), 0.02)
    except TimeoutError:
        return b""


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
        writer.write_eof()

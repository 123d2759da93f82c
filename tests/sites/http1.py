"""HTTP/1.1 written by hand on asyncio streams, so that every byte sent is known and meant."""

from __future__ import annotations

import asyncio
import socket
import struct

from tests.sites.model import (
    Fields,
    Handler,
    Ledger,
    Peer,
    Request,
    Response,
    Served,
    Upgrade,
    first,
    host_name,
    pieces,
)
from tests.sites.websocket import WebSocket


def join_fields(fields: Fields) -> bytes:
    return b"".join(name + b": " + value + b"\r\n" for name, value in fields)


def split_fields(block: bytes) -> Fields:
    """The fields of a header block after its first line, as well as a lenient reader can."""
    found: Fields = []
    for line in block.split(b"\r\n")[1:]:
        name, colon, value = line.partition(b":")
        if colon:
            found.append((name, value.strip(b" \t")))
    return found


class Http1Connection:
    """One connection: exchanges one after the other until somebody closes."""

    def __init__(
        self,
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        peer: Peer,
        ledger: Ledger,
        handler: Handler,
    ) -> None:
        self._reader, self._writer = streams
        self._peer, self._ledger, self._handler = peer, ledger, handler

    async def serve(self) -> None:
        while await self._exchange():
            pass

    async def _exchange(self) -> bool:
        """One request and its answer; whether another may follow."""
        head = await self._reader.readuntil(b"\r\n\r\n")
        words = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        if len(words) != 3:
            self._writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return False
        method, target, version = words
        fields = split_fields(head)
        host = host_name(first(fields, b"host") or b"")
        served = self._ledger.open(self._peer, "http/1.1", (host, method, target), head, fields)
        try:
            return await self._answer(served, version)
        finally:
            served.end()

    async def _answer(self, served: Served, version: str) -> bool:
        body = await self._read_body(served)
        fields = served.request_fields
        request = Request(served.scheme, served.host, served.method, served.target, fields, body)
        answer = await self._handler(request)
        if isinstance(answer, Upgrade):
            await WebSocket(self._reader, self._writer, served).serve(request, answer)
            return False
        last = version == "HTTP/1.0" or b"close" in (request.field(b"connection") or b"").lower()
        return await Reply(self._writer, served, answer).send(last)

    async def _read_body(self, served: Served) -> bytes:
        fields = served.request_fields
        if (first(fields, b"expect") or b"").lower() == b"100-continue":
            self._writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if (first(fields, b"transfer-encoding") or b"").lower() == b"chunked":
            body = await self._read_chunked(served)
        else:
            body = await self._reader.readexactly(int(first(fields, b"content-length") or 0))
        served.request_body.feed(body)
        return body

    async def _read_chunked(self, served: Served) -> bytes:
        body = b""
        while size := int((await self._reader.readuntil(b"\r\n")).partition(b";")[0], 16):
            body += await self._reader.readexactly(size)
            await self._reader.readexactly(2)
        while (line := await self._reader.readuntil(b"\r\n")) != b"\r\n":
            served.request_trailers += split_fields(b"\r\n" + line)
        return body


class Reply:
    """Sends one response and writes it into the log."""

    def __init__(self, writer: asyncio.StreamWriter, served: Served, response: Response) -> None:
        self._writer, self._served, self._response = writer, served, response
        # What a client would take for the next answer's beginning must not be sent.
        self._bodyless = served.method == "HEAD" or response.status in (204, 304)
        streamed = not isinstance(response.body, bytes) and response.content_length == "auto"
        self._chunked = response.chunked or (streamed and response.raw_head is None)

    async def send(self, last: bool) -> bool:
        """Send everything; whether the connection may be used again (never if it was the `last`)."""
        response = self._response
        if response.abort in ("reset", "empty"):
            self._drop(response.abort == "reset")
            return False
        delimited = response.content_length is None and not self._chunked and not self._bodyless
        last = last or delimited or response.raw_head is not None
        await self._send_heads(last)
        if not self._bodyless:
            await self._send_body()
        if response.abort == "close":
            return False
        self._served.finished = True
        return not last

    async def _send_heads(self, last: bool) -> None:
        response, served = self._response, self._served
        for status, reason, fields in response.interim:
            interim = b"HTTP/1.1 %d %s\r\n" % (status, reason) + join_fields(fields) + b"\r\n"
            served.interim_heads.append(interim)
            self._writer.write(interim)
        head = self._generate(last) if response.raw_head is None else response.raw_head
        served.response_head, served.response_fields = head, split_fields(head)
        served.response_status, served.answered = response.status, True
        self._writer.write(head)
        await self._writer.drain()

    def _generate(self, last: bool) -> bytes:
        response = self._response
        fields = list(response.fields)
        if self._chunked:
            fields.append((b"Transfer-Encoding", b"chunked"))
        elif isinstance(response.content_length, int):
            fields.append((b"Content-Length", b"%d" % response.content_length))
        elif response.content_length == "auto" and response.status not in (204, 304):
            assert isinstance(response.body, bytes)
            fields.append((b"Content-Length", b"%d" % len(response.body)))
        if last:
            fields.append((b"Connection", b"close"))
        return b"HTTP/1.1 %d %s\r\n" % (response.status, response.reason) + join_fields(fields) + b"\r\n"

    async def _send_body(self) -> None:
        response, served = self._response, self._served
        async for piece in pieces(response.body):
            served.response_body.feed(piece)
            size = b"%x%s\r\n" % (len(piece), response.chunk_extension)
            await self._write(size + piece + b"\r\n" if self._chunked else piece)
        if self._chunked and response.abort is None:
            served.response_trailers = list(response.trailers)
            await self._write(b"0\r\n" + join_fields(response.trailers) + b"\r\n")

    async def _write(self, data: bytes) -> None:
        self._served.response_wire.feed(data)
        self._writer.write(data)
        await self._writer.drain()
        # While the socket takes everything, drain() does not let the loop run, and without that
        # nobody would notice that the client is gone.
        await asyncio.sleep(0)

    def _drop(self, reset: bool) -> None:
        if reset:
            connection = self._writer.get_extra_info("socket")
            # Lingering for no time makes the kernel answer with RST instead of FIN.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._writer.transport.abort()
        else:
            self._writer.close()

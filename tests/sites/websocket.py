"""A WebSocket on an HTTP/1.1 connection that echoes messages; its frames are written by hand."""

from __future__ import annotations

import asyncio
import base64
import hashlib

from tests.sites.model import Request, Served, Upgrade

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def accept_value(key: bytes) -> bytes:
    """What Sec-WebSocket-Accept must say to a Sec-WebSocket-Key."""
    return base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())


def frame(opcode: int, payload: bytes) -> bytes:
    """One unmasked final frame, as servers send them."""
    size = len(payload)
    if size < 126:
        length = bytes([size])
    elif size < 1 << 16:
        length = b"\x7e" + size.to_bytes(2, "big")
    else:
        length = b"\x7f" + size.to_bytes(8, "big")
    return bytes([0x80 | opcode]) + length + payload


async def _read_frame(reader: asyncio.StreamReader) -> tuple[bool, int, bytes]:
    """One frame of a client: whether it is final, its opcode, its unmasked payload."""
    start, size = await reader.readexactly(2)
    masked, size = bool(size & 0x80), size & 0x7F
    if size >= 126:
        size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8), "big")
    mask = await reader.readexactly(4) if masked else bytes(4)
    payload = await reader.readexactly(size)
    whole = (mask * (size // 4 + 1))[:size]
    clear = (int.from_bytes(payload, "big") ^ int.from_bytes(whole, "big")).to_bytes(size, "big")
    return bool(start & 0x80), start & 0x0F, clear


async def _read_message(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """One whole message or control frame. Control frames inside a message are left out."""
    final, kind, payload = await _read_frame(reader)
    while not final:
        final, opcode, more = await _read_frame(reader)
        if opcode >= CLOSE:
            final = False
        else:
            payload += more
    return kind, payload


class WebSocket:
    """The server's side of one WebSocket; every message is logged in both directions."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, served: Served) -> None:
        self._reader, self._writer, self._served = reader, writer, served

    async def serve(self, request: Request, upgrade: Upgrade) -> None:
        await self._handshake(request, upgrade)
        for message in upgrade.greeting:
            text = isinstance(message, str)
            payload = message.encode() if isinstance(message, str) else message
            await self._send(TEXT if text else BINARY, payload)
        echoes = 0
        while upgrade.close_after is None or echoes < upgrade.close_after:
            kind, payload = await _read_message(self._reader)
            self._served.messages.append(("in", kind, payload))
            if kind == CLOSE:
                break
            if kind == PING:
                await self._send(PONG, payload)
            elif kind in (TEXT, BINARY):
                await self._send(kind, payload)
                echoes += 1
        await self._send(CLOSE, (1000).to_bytes(2, "big"))
        self._served.finished = True

    async def _handshake(self, request: Request, upgrade: Upgrade) -> None:
        accept = accept_value(request.field(b"sec-websocket-key") or b"")
        fields = [(b"Upgrade", b"websocket"), (b"Connection", b"Upgrade"), (b"Sec-WebSocket-Accept", accept)]
        if upgrade.protocol is not None:
            fields.append((b"Sec-WebSocket-Protocol", upgrade.protocol))
        head = b"HTTP/1.1 101 Switching Protocols\r\n"
        head += b"".join(name + b": " + value + b"\r\n" for name, value in fields) + b"\r\n"
        served = self._served
        served.response_head, served.response_fields = head, fields
        served.response_status, served.answered = 101, True
        self._writer.write(head)
        await self._writer.drain()

    async def _send(self, kind: int, payload: bytes) -> None:
        self._served.messages.append(("out", kind, payload))
        self._writer.write(frame(kind, payload))
        await self._writer.drain()

"""Bodies made by arithmetic: pictures, sound, and endless or very large streams."""

from __future__ import annotations

import asyncio
import itertools
import math
import random
import struct
import zlib
from collections.abc import AsyncIterator

_BLOCK = random.Random(20).randbytes(1 << 18)


def png(red: int, green: int, blue: int, size: int = 16) -> bytes:
    """A square of one colour as a PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return len(data).to_bytes(4, "big") + kind + data + check.to_bytes(4, "big")

    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    rows = (b"\0" + bytes((red, green, blue)) * size) * size
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    )


def wav(seconds: int, rate: int = 22050) -> bytes:
    """A soft 441 Hz tone as 16-bit mono PCM."""
    period = rate // 441
    wave = [int(4000 * math.sin(2 * math.pi * step / period)) for step in range(period)]
    data = struct.pack(f"<{period}h", *wave) * (rate * seconds // period)
    form = struct.pack("<HHIIHH", 1, 1, rate, rate * 2, 2, 16)
    inner = b"WAVE" + b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data))
    return b"RIFF" + struct.pack("<I", len(inner) + len(data)) + inner + data


async def big(size: int) -> AsyncIterator[bytes]:
    """`size` bytes that do not compress and do not repeat, always the same ones."""
    for number in itertools.count():
        piece = number.to_bytes(8, "big") + _BLOCK[8:]
        yield piece[:size]
        size -= len(piece)
        if size <= 0:
            return


async def drip(pieces: list[bytes], seconds: float) -> AsyncIterator[bytes]:
    """The pieces with a pause after each."""
    for piece in pieces:
        yield piece
        await asyncio.sleep(seconds)


async def endless(piece: bytes, seconds: float) -> AsyncIterator[bytes]:
    """The piece again and again, until the client has enough."""
    while True:
        yield piece
        await asyncio.sleep(seconds)

"""Exchanges of the kinds site that differ on the wire: framing, broken ends, odd heads, streams."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator

from tests.sites.made import big, drip, endless
from tests.sites.model import Fields, Handler, Request, Response, Upgrade

_PLAIN: Fields = [(b"Content-Type", b"text/plain"), (b"Access-Control-Allow-Origin", b"*")]

# What each odd head has between its status line and its Content-Length line.
ODD_HEADS: dict[str, bytes] = {
    "no-blank": b"Content-Type:text/plain\r\nX-Tight:tight\r\n",
    "trailing-blanks": b"Content-Type: text/plain  \t\r\nX-Loose:   loose   \r\n",
    "folded": b"Content-Type: text/plain\r\nX-Folded: first half\r\n  second half\r\n\tthird half\r\n",
    "no-colon": b"Content-Type: text/plain\r\nthis line has none\r\nX-After: fine\r\n",
    "latin-1": b"Content-Type: text/plain\r\nX-Place: Malm\xf6\r\n",
    "utf-8": "Content-Type: text/plain\r\nX-Place: Łódź 東京\r\n".encode(),
    "mixed-case": b'cOnTeNt-TyPe: text/plain\r\nx-LOUD: Yes\r\nETAG: "Odd"\r\n',
    "cookies": b"Content-Type: text/plain\r\nSet-Cookie: one=1; Path=/\r\nset-cookie: two=2; Path=/\r\n",
    "repeated": b"Content-Type: text/plain\r\nX-Many: a\r\nX-Other: between\r\nX-Many: b\r\nX-many: a\r\n",
    "empty-value": b"Content-Type: text/plain\r\nX-Empty:\r\nX-Blank:  \r\n",
    "very-long": b"Content-Type: text/plain\r\nX-Long: " + b"long " * 6000 + b"\r\n",
    "bare-lf": b"Content-Type: text/plain\nX-Bare: lf\n",
    "many": b"Content-Type: text/plain\r\n"
    + b"".join(b"X-Field-%d: %d\r\n" % (number, number) for number in range(120)),
}
_STATUS_LINES = {
    "no-reason": b"HTTP/1.1 200\r\n",
    "odd-reason": b"HTTP/1.1 200 Aye  aye, s\xefr\r\n",
    "old-version": b"HTTP/1.0 200 OK\r\n",
}
ODD_NAMES = (*ODD_HEADS, *_STATUS_LINES)


async def odd(request: Request) -> Response:
    """An answer with the odd head asked for; on HTTP/2 its fields, as far as that can have them."""
    name = request.argument("head")
    lines = ODD_HEADS.get(name, b"Content-Type: text/plain\r\n")
    body = f"Below an odd head: {name}\n".encode()
    start = _STATUS_LINES.get(name, b"HTTP/1.1 200 OK\r\n")
    head = start + lines + b"Content-Length: %d\r\n\r\n" % len(body)
    return Response(fields=_as_fields(lines), body=body, raw_head=head)


def _as_fields(lines: bytes) -> Fields:
    fields: Fields = []
    for line in lines.replace(b"\n ", b" ").replace(b"\n\t", b" ").split(b"\n"):
        name, colon, value = line.replace(b"\r", b"").partition(b":")
        if colon:
            fields.append((name, value.strip()))
    return fields


async def chunked(_: Request) -> Response:
    """Chunks of several sizes with extensions, and trailers."""
    pieces = [b"first ", b"second " * 500, b"x", b"last.\n"]
    answer = Response(fields=[*_PLAIN, (b"Trailer", b"X-Check, X-Late")], body=drip(pieces, 0.02))
    answer.chunk_extension = b';kind="odd one";n=1'
    answer.trailers = [(b"X-Check", b"checked"), (b"X-Late", b"")]
    return answer


async def short(_: Request) -> Response:
    """A Content-Length that promises more than comes before the connection closes."""
    return Response(fields=_PLAIN, body=b"Only this much.\n", content_length=1000, abort="close")


async def cut_chunks(_: Request) -> Response:
    """A chunked body whose last chunk never comes."""
    return Response(fields=_PLAIN, body=drip([b"one ", b"two "], 0.02), abort="close")


async def unmeasured(_: Request) -> Response:
    """A body that ends where the connection ends."""
    return Response(fields=_PLAIN, body=b"No length, no chunks.\n" * 50, content_length=None)


async def reset(_: Request) -> Response:
    return Response(abort="reset")


async def nothing(_: Request) -> Response:
    return Response(abort="empty")


async def hinted(request: Request) -> Response:
    """103 Early Hints, and then the page that they were about."""
    hint: Fields = [(b"Link", b"</picture?hinted>; rel=preload; as=image")]
    body = b"<!doctype html><title>Hinted</title><img src='/picture?hinted'>"
    kind: Fields = [(b"Content-Type", b"text/html; charset=utf-8"), *hint]
    return Response(fields=kind, body=body, interim=[(103, b"Early Hints", hint)])


async def events(request: Request) -> Response:
    """Server-sent events: three, or without end."""
    kind: Fields = [(b"Content-Type", b"text/event-stream"), (b"Cache-Control", b"no-store")]
    if request.argument("endless"):
        return Response(fields=kind, body=_ticks())
    lines = [b"id: %d\nevent: kind\ndata: event %d\n\n" % (number, number) for number in (1, 2, 3)]
    return Response(fields=kind, body=drip(lines, 0.1))


async def _ticks() -> AsyncIterator[bytes]:
    numbers = itertools.count(1)
    async for _ in endless(b"", 0.1):
        yield b"data: tick %d\n\n" % next(numbers)


async def socket(request: Request) -> Response | Upgrade:
    """A WebSocket that echoes; a plain request is told to upgrade."""
    if (request.field(b"upgrade") or b"").lower() != b"websocket":
        return Response(426, b"Upgrade Required", [(b"Upgrade", b"websocket")], b"WebSockets only.\n")
    if request.argument("refuse"):
        return Response(403, b"Forbidden", _PLAIN, b"Not here.\n")
    offered = (request.field(b"sec-websocket-protocol") or b"").split(b",")[0].strip()
    close_after = int(request.argument("close-after", "0")) or None
    return Upgrade(offered or None, ["Welcome.", b"\0\1\2\3"], close_after)


async def forever(request: Request) -> Response:
    """A body that never ends, as text or as a picture."""
    kind = b"image/png" if request.argument("picture") else b"text/plain"
    return Response(fields=[(b"Content-Type", kind)], body=endless(b"and on " * 100, 0.05))


async def silent(_: Request) -> Response:
    """A head at once, and then hardly anything for a minute."""
    return Response(fields=_PLAIN, body=drip([b"wait "] * 30, 2))


async def big_file(request: Request) -> Response:
    """As many bytes as wished, streamed."""
    size = int(request.argument("size", "314572800"))
    kind: Fields = [(b"Content-Type", b"application/octet-stream"), (b"Cache-Control", b"no-store")]
    return Response(fields=kind, body=big(size), content_length=size)


WIRES: dict[str, Handler] = {
    "/odd": odd,
    "/chunked": chunked,
    "/short": short,
    "/cut-chunks": cut_chunks,
    "/unmeasured": unmeasured,
    "/reset": reset,
    "/nothing": nothing,
    "/hinted": hinted,
    "/events": events,
    "/socket": socket,
    "/forever": forever,
    "/silent": silent,
    "/big.bin": big_file,
}

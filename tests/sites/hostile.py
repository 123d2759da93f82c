"""A site that harms whoever visits it: bodies without end, bombs, redirects to where nobody should go, odd names."""

from __future__ import annotations

import asyncio
import itertools
import zlib
from collections.abc import AsyncIterator, Callable
from functools import cache
from urllib.parse import unquote

import brotli  # type: ignore[import-untyped, unused-ignore]

from tests.sites.exchanges import HTML, TEXT, typed
from tests.sites.hostile_pages import FILES, LIES, PAGES, TRUE, liar, liars_side_by_side
from tests.sites.made import endless
from tests.sites.model import Fields, Handler, Request, Response, Upgrade

BOMB_BYTES = 10 << 30
_UNIT = b"A whole line of a bomb. " * 699_050  # just under 16 MiB
_HANG_S = 600.0
# Field values that a reader of lines may take for more than one line, and that HTTP lets pass.
_ODD_VALUES: Fields = [
    (b"X-Tab", b"a\tWARC-Type: fake"),
    (b"X-Control", b"a\x0b\x0c\x1b[31m\x7f"),
    (b"X-Folded", b"a\r\n WARC-Type: fake"),
    (b"X-Bare-LF", b"a\nWARC-Type: fake"),
    (b"X-Bidi", "\u202egnp.exe\u2028WARC-Type: fake".encode()),
    (b"X-Long", b"long " * 20_000),
]


@cache
def _bomb_parts(coding: str) -> tuple[bytes, bytes]:
    """The compressed beginning, and a piece that may follow any number of times; each holds `_UNIT` once."""
    if coding == "br":
        packer = brotli.Compressor(quality=5)
        first, piece, next_piece = (packer.process(_UNIT) + packer.flush() for _ in range(3))
        assert piece == next_piece, "a piece must not depend on how many came before"
        return first, piece
    # Raw deflate blocks behind the ten bytes of a gzip header; after a full flush nothing refers back.
    deflater = zlib.compressobj(9, wbits=-15)
    piece = deflater.compress(_UNIT) + deflater.flush(zlib.Z_FULL_FLUSH)
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + piece, piece


async def _bomb_body(coding: str) -> AsyncIterator[bytes]:
    first, piece = _bomb_parts(coding)
    yield first
    for _ in range(BOMB_BYTES // len(_UNIT)):
        yield piece


def bomb_starts_with(coding: str, data: bytes) -> bool:
    """Whether these are the first bytes of the bomb, or all of them."""
    first, piece = _bomb_parts(coding)
    if not data.startswith(first[: len(data)]):
        return False
    rest = data[len(first) :]
    count, more = divmod(len(rest), len(piece))
    return count <= BOMB_BYTES // len(_UNIT) and rest == piece * count + piece[:more]


async def _bomb(request: Request) -> Response:
    coding = request.argument("as", "gzip")
    kind = request.argument("type", "text/html").encode()
    return Response(fields=[(b"Content-Type", kind), (b"Content-Encoding", coding.encode())], body=_bomb_body(coding))


async def _endless(request: Request) -> Response:
    """A document without end, slow or as fast as the wire takes it."""
    line = f"<p>{TRUE} And on.</p>\n".encode()
    body = endless(line, 0.1) if request.argument("slow") else endless(line * 100, 0)
    return Response(fields=[(b"Content-Type", HTML)], body=body)


async def _redirect(request: Request) -> Response:
    """To whatever the query says, percent-escapes taken away."""
    return typed(TEXT, b"Over there.\n", (b"Location", unquote(request.query).encode()), status=302)


async def _refresh_to(request: Request) -> Response:
    target = unquote(request.query).replace('"', "&quot;")
    return typed(HTML, f'<!doctype html><meta http-equiv=refresh content="0;url={target}"><p>soon</p>'.encode())


async def _status(request: Request) -> Response:
    code = int(request.query)
    body = b"" if code == 204 else b"<!doctype html><title>status</title><p>Status, and a page all the same.</p>"
    return Response(code, b"As Wished", [(b"Content-Type", HTML)], body)


async def _nothing(_: Request) -> Response:
    return Response(abort="empty")


async def _text(request: Request) -> Response:
    return typed(TEXT, b"Plain words.\n")


async def _import(request: Request) -> Response:
    """A style sheet that imports the next, for ever, and itself."""
    number = int(request.query or "0")
    return typed(b"text/css", b"@import '/import.css?%d'; @import '/import.css?%d';" % (number, number + 1))


async def _socket(_: Request) -> Upgrade:
    return Upgrade(greeting=["x" * 1000] * 100)


async def _events(_: Request) -> Response:
    return Response(fields=[(b"Content-Type", b"text/event-stream")], body=_ticks())


async def _ticks() -> AsyncIterator[bytes]:
    for number in itertools.count():
        yield b"data: %d\n\n" % number * 50
        await asyncio.sleep(0.001)


async def _download(request: Request) -> Response:
    more = (b"Content-Disposition", b'attachment; filename="' + request.query.encode() + b'.bin"')
    return typed(b"application/octet-stream", b"a file\n" * 100, more)


async def _odd_fields(_: Request) -> Response:
    return typed(TEXT + b'; x="\x1b[2J"', b"Odd fields.\n", *_ODD_VALUES)


async def _odd_disposition(_: Request) -> Response:
    name = "..\\..\\/etc/\u202egnp.exe\x1b[2J".encode() + b"n" * 5000
    return typed(b"text/plain", b"Odd name.\n", (b"Content-Disposition", b'attachment; filename="' + name + b'"'))


async def _liar(request: Request) -> Response:
    names, throws = list(LIES), "throws" in request.query
    number = request.argument("throws") or request.argument("lies")
    return typed(HTML, liar([names[int(number)]] if number else names, throws=throws).encode())


_HANDLERS: dict[str, Handler] = {
    "/bomb": _bomb,
    "/endless": _endless,
    "/redirect": _redirect,
    "/refresh-to": _refresh_to,
    "/status": _status,
    "/nothing": _nothing,
    "/text": _text,
    "/import.css": _import,
    "/socket": _socket,
    "/events": _events,
    "/download": _download,
    "/odd-fields": _odd_fields,
    "/odd-disposition": _odd_disposition,
    "/liar": _liar,
}


class HostileSite:
    """The handler for every host. `on_trigger` is called when /trigger is asked for, which then never answers."""

    def __init__(self) -> None:
        self.on_trigger: Callable[[], object] = lambda: None

    async def __call__(self, request: Request) -> Response | Upgrade:
        path = request.path
        if path == "/trigger":
            self.on_trigger()
            await asyncio.sleep(_HANG_S)
        if path == "/loop":
            return typed(TEXT, b"Round and round.\n", (b"Location", request.target.encode()), status=302)
        if path == "/liars":
            return typed(HTML, liars_side_by_side().encode())
        if path in FILES:
            kind, text = FILES[path]
            return typed(kind, text.encode())
        if path in PAGES:
            return typed(HTML, PAGES[path].encode())
        handler = _HANDLERS.get(path)
        return await handler(request) if handler else typed(TEXT, b"Nothing here.\n", status=404)

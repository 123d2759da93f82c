"""Exchanges of the kinds site that HTTP's everyday semantics bring: statuses, caches, CORS, bodies."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import re
import zlib

import brotli  # type: ignore[import-untyped, unused-ignore]
import zstandard

from tests.sites.made import drip, png, wav
from tests.sites.model import Fields, Handler, Request, Response

TEXT, HTML, PNG = b"text/plain; charset=utf-8", b"text/html; charset=utf-8", b"image/png"
_CORS = (b"Access-Control-Allow-Origin", b"*")
_REASONS = {201: b"Created", 301: b"Moved Permanently", 302: b"Found", 303: b"See Other", 404: b"Not Found"}
_SOUND = wav(40)
_LETTER = ("Dear reader, this line was squeezed before it travelled. " * 40).encode()
_ENTITY_TAG = b'"kinds-1"'


def typed(kind: bytes, body: bytes, *more: tuple[bytes, bytes], status: int = 200) -> Response:
    """A whole answer of a media type."""
    return Response(status, _REASONS.get(status, b"OK"), [(b"Content-Type", kind), *more], body)


async def status(request: Request) -> Response:
    """The status asked for, with a body where one may be."""
    code = int(request.argument("code", "200"))
    body = b"" if code in (204, 205, 304) else b"Status %d, and a body all the same.\n" % code
    more: Fields = [(b"WWW-Authenticate", b'Basic realm="kinds"')] if code == 401 else []
    return Response(code, b"Status As Wished", [(b"Content-Type", TEXT), _CORS, *more], body)


async def redirect(request: Request) -> Response:
    """A redirect of any status to any place, with a body of its own."""
    code = int(request.argument("status", "302"))
    place = request.argument("to", "/text?after=redirect").encode()
    body = b"<p>Moved, by %d. Nobody reads this.</p>\n" % code
    return typed(HTML, body, (b"Location", place), _CORS, status=code)


async def chain(request: Request) -> Response:
    """Redirects that count down to a text, going from host to host."""
    left = int(request.argument("n", "3"))
    if left == 0:
        return typed(TEXT, b"The chain's end.\n", _CORS)
    host = "other.test" if left % 2 else "kinds.test"
    place = f"//{host}/chain?n={left - 1}".encode()
    return typed(TEXT, b"%d to go\n" % left, (b"Location", place), _CORS, status=302)


async def loop(request: Request) -> Response:
    return typed(TEXT, b"round and round\n", (b"Location", request.target.encode()), status=302)


async def nowhere(_: Request) -> Response:
    """A redirect that does not say where to."""
    return typed(TEXT, b"A 302 without Location.\n", status=302)


async def refresh(_: Request) -> Response:
    """A page that its header field replaces."""
    return typed(HTML, b"<p>One moment.</p>", (b"Refresh", b"0; url=/text?after=refresh"))


async def text(request: Request) -> Response:
    return typed(TEXT, b"Plain words for " + request.target.encode("latin-1") + b"\n", _CORS)


async def closed_text(_: Request) -> Response:
    """A text that no other origin may read."""
    return typed(TEXT, b"For this origin only.\n")


async def not_an_image(_: Request) -> Response:
    """HTML which an <img> of another origin asks for: opaque response blocking keeps it away."""
    return typed(HTML, b"<!doctype html><p>This is no picture.</p>", (b"X-Content-Type-Options", b"nosniff"))


async def picture(request: Request) -> Response:
    """A square whose colour depends on the target, so that no two pictures are alike."""
    red, green, blue = hashlib.sha256(request.target.encode("latin-1")).digest()[:3]
    return typed(PNG, png(red, green, blue), _CORS)


async def fresh(_: Request) -> Response:
    """A text that the browser need not ask for again for an hour."""
    return typed(TEXT, b"Good for an hour.\n", (b"Cache-Control", b"max-age=3600"), _CORS)


async def tagged(request: Request) -> Response:
    """A text with an entity tag: 304 to those who have it."""
    more = ((b"ETag", _ENTITY_TAG), (b"Cache-Control", b"no-cache"))
    if request.field(b"if-none-match") == _ENTITY_TAG:
        return Response(304, b"Not Modified", list(more))
    return typed(TEXT, b"The text behind the tag.\n", *more)


async def cross(request: Request) -> Response:
    """CORS with preflight; `no` in the query refuses it."""
    origin = request.field(b"origin") or b"*"
    if request.argument("no"):
        return typed(TEXT, b"No.\n", status=403)
    allowed = [
        (b"Access-Control-Allow-Origin", origin),
        (b"Access-Control-Allow-Credentials", b"true"),
        (b"Vary", b"Origin"),
    ]
    if request.method == "OPTIONS":
        allowed.append((b"Access-Control-Allow-Methods", b"PUT, DELETE"))
        allowed.append((b"Access-Control-Allow-Headers", b"X-Kind, Content-Type"))
        return Response(204, b"No Content", allowed)
    return typed(TEXT, b"%s was fine.\n" % request.method.encode(), *allowed)


async def echo(request: Request) -> Response:
    """What was sent, told by its size and hash."""
    kind = (request.field(b"content-type") or b"").decode("latin-1")
    told = {"method": request.method, "type": kind, "size": len(request.body)}
    told["sha256"] = hashlib.sha256(request.body).hexdigest()
    return typed(b"application/json", json.dumps(told).encode(), _CORS)


async def quiet(_: Request) -> Response:
    """Takes beacons and reports."""
    return Response(204, b"No Content", [_CORS])


async def encoded(request: Request) -> Response:
    """The same letter in the content coding asked for, in one piece or in chunks."""
    name = request.argument("as", "gzip")
    raw = zlib.compressobj(9, zlib.DEFLATED, -15)
    bodies: dict[str, tuple[str, bytes]] = {
        "gzip": ("gzip", gzip.compress(_LETTER, mtime=0)),
        "deflate": ("deflate", zlib.compress(_LETTER)),
        "raw-deflate": ("deflate", raw.compress(_LETTER) + raw.flush()),
        "br": ("br", brotli.compress(_LETTER)),
        "zstd": ("zstd", zstandard.compress(_LETTER)),
        "twice": ("gzip, gzip", gzip.compress(gzip.compress(_LETTER, mtime=0), mtime=0)),
        "truncated": ("gzip", gzip.compress(_LETTER, mtime=0)[:60]),
        "broken": ("gzip", gzip.compress(_LETTER, mtime=0)[:20] + b"\xff" * 60),
        "unknown": ("x-kinds", _LETTER),
        "identity": ("identity", _LETTER),
    }
    coding, body = bodies[name]
    answer = typed(TEXT, body, (b"Content-Encoding", coding.encode()), _CORS)
    if request.argument("chunked"):
        answer.body = drip([body[start : start + 50] for start in range(0, len(body), 50)], 0.01)
    return answer


async def sound(request: Request) -> Response:
    """A WAV that can be had in ranges."""
    kind: Fields = [(b"Content-Type", b"audio/wav"), (b"Accept-Ranges", b"bytes"), _CORS]
    kind.append((b"ETag", b'"sound"'))
    match = re.fullmatch(rb"bytes=(\d*)-(\d*)", request.field(b"range") or b"")
    total = len(_SOUND)
    if match is None:
        return Response(200, b"OK", kind, _SOUND)
    start, end = match.groups()
    low = int(start) if start else total - int(end)
    high = min(int(end) if start and end else total - 1, total - 1)
    if low > high:
        return Response(416, b"Range Not Satisfiable", [*kind, (b"Content-Range", b"bytes */%d" % total)])
    kind.append((b"Content-Range", b"bytes %d-%d/%d" % (low, high, total)))
    return Response(206, b"Partial Content", kind, _SOUND[low : high + 1])


async def slow(request: Request) -> Response:
    """An answer that takes its time."""
    await asyncio.sleep(int(request.argument("ms", "1500")) / 1000)
    return typed(TEXT, b"Here at last.\n", _CORS)


async def download(_: Request) -> Response:
    """A file to save, not to show."""
    more = (b"Content-Disposition", b'attachment; filename="kinds.csv"')
    return typed(b"text/csv", b"kind,number\nsaved,1\n", more)


async def reporting(_: Request) -> Response:
    """A page which breaks its own content security policy, which is then reported."""
    policy = b"default-src 'self'; report-uri /quiet?csp"
    body = b"<!doctype html><title>Policy</title><img src='//third.test/picture?against-policy'>"
    return typed(HTML, body, (b"Content-Security-Policy", policy))


async def charset(request: Request) -> Response:
    """Pages in old encodings: told by the header, by <meta>, or by a byte order mark."""
    name = request.argument("name")
    words = {"windows-1251": "Привет, старая сеть", "shift_jis": "古い頁です", "utf-16": "Größe zählt nicht"}
    meta = f"<meta charset={name}>" if name == "shift_jis" else ""
    page = f"<!doctype html>{meta}<title>{words[name]}</title><p>{words[name]}</p>"
    kind = "text/html; charset=windows-1251" if name == "windows-1251" else "text/html"
    return typed(kind.encode(), page.encode(name))


EXCHANGES: dict[str, Handler] = {
    "/status": status,
    "/redirect": redirect,
    "/chain": chain,
    "/loop": loop,
    "/nowhere": nowhere,
    "/refresh": refresh,
    "/text": text,
    "/closed-text": closed_text,
    "/not-an-image": not_an_image,
    "/picture": picture,
    "/fresh": fresh,
    "/tagged": tagged,
    "/cross": cross,
    "/echo": echo,
    "/quiet": quiet,
    "/encoded": encoded,
    "/sound.wav": sound,
    "/slow": slow,
    "/download": download,
    "/reporting": reporting,
    "/charset-page": charset,
}

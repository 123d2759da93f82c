"""A site with every kind of exchange that a browser can have, on a few invented hosts."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from tests.sites.exchanges import EXCHANGES
from tests.sites.model import Fields, Handler, Request, Response, Upgrade
from tests.sites.wires import WIRES

HOME = "kinds.test"
HOSTS: tuple[str, ...] = (HOME, "other.test", "third.test", "cdn.test")

# Each of them sets window.done when everything it started has settled; window.results tells how.
QUICK_PAGES: tuple[str, ...] = (
    "/",
    "/redirects",
    "/headers",
    "/encodings",
    "/post",
    "/media",
    "/charset",
    "/frames",
    "/popup",
    "/live",
    "/workers",
    "/failures",
    "/sw",
    "/endless",
)
PAGES: tuple[str, ...] = (*QUICK_PAGES, "/big")

_WEB = Path(__file__).parent / "web"
_TYPES = {
    ".html": b"text/html; charset=utf-8",
    ".css": b"text/css",
    ".js": b"text/javascript; charset=utf-8",
    ".svg": b"image/svg+xml",
    ".woff2": b"font/woff2",
}


@cache
def _stored(name: str) -> Response | None:
    """The file of that name as an answer, if there is one."""
    path = _WEB / name
    if "/" in name or not path.is_file():
        return None
    fields: Fields = [(b"Content-Type", _TYPES[path.suffix])]
    # Fonts and modules that are used across hosts need this.
    fields.append((b"Access-Control-Allow-Origin", b"*"))
    return Response(fields=fields, body=path.read_bytes())


async def kinds_handler(request: Request) -> Response | Upgrade:
    """Every path on every host: a dynamic exchange, a page, or a file."""
    handler = EXCHANGES.get(request.path) or WIRES.get(request.path)
    if handler is not None:
        return await handler(request)
    name = request.path.removeprefix("/") or "index"
    stored = _stored(name + ".html") if request.path in PAGES else _stored(name)
    if stored is not None:
        return stored
    body = b"There is nothing at " + request.target.encode("latin-1") + b"\n"
    return Response(404, b"Not Found", [(b"Content-Type", b"text/plain")], body)


def kinds_sites() -> dict[str, Handler]:
    """All hosts of the site, as LocalWeb wants them."""
    return dict.fromkeys(HOSTS, kinds_handler)

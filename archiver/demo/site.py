"""Answer requests for the made-up hosts of the demo site, from files bundled with the package."""

from __future__ import annotations

import hashlib
import html
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from types import MappingProxyType
from urllib.parse import quote, unquote, urlsplit

_OUTLET = "www.freeharbor-post.test"
_BARE_OUTLET = "freeharbor-post.test"
_CDN = "cdn.freeharbor-post.test"
_METRICS = "metrics.counter.test"

REPOST_PATH = "/politics/harbor-ministers-agree-talks/"
REPOST_URL = f"http://{_OUTLET}{REPOST_PATH}"
ORIGIN_URL = "http://www.eastgate-wire.test/2026/11/harbor-ministers-agree-to-talks"
SOCIAL_URL = "http://social.chirpline.test/ilse-varrow/posts/48213377"

HOSTS: tuple[str, ...] = (
    _OUTLET,
    _BARE_OUTLET,
    _CDN,
    "www.eastgate-wire.test",
    "ads.adnetwork.test",
    "creative.bidder.test",
    "social.chirpline.test",
    _METRICS,
)

AD_TEXTS: tuple[str, ...] = (
    "AD-STATIC: Brightwater Kettles keep calm to the last cup",
    "AD-SCRIPT: Copperline lamps, so you can read the fine print",
    "AD-IFRAME: Marlow & Pike boots have crossed wetter streets than yours",
    "AD-NESTED: Ovenlight Bakery, open before the gulls are",
    "AD-LAZY: Tallis umbrellas, carried nine years without complaint",
    "AD-WRITE: Finchley Ropes hold what you cannot",
    "AD-SRCDOC: Larkmoor Bank pays for the coffee while you wait",
)


@dataclass(frozen=True)
class LinkBlock:
    """Name a block of links on the repost page: its heading, some of its link texts, how it is filled."""

    heading: str
    links: tuple[str, ...]
    by_xhr: bool = False


LINK_BLOCKS: tuple[LinkBlock, ...] = (
    LinkBlock(
        "TRENDING NOW",
        ("Ropewalk Reopens After Forty Quiet Years", "Council Counts Gulls, Loses Count, Starts Again"),
    ),
    LinkBlock(
        "TRENDING NOW",
        ("Night Ferry Captain Returns Lost Accordion", "Village Clock Agrees With Noon at Last"),
    ),
    LinkBlock(
        "LATEST NEWS",
        ("Salt Prices Slip for a Third Week", "Cedar Line Adds Two Morning Trains"),
        by_xhr=True,
    ),
    LinkBlock(
        "EDITOR PICKS",
        ("The Keeper Who Still Winds the Lamp", "What the Tide Tables Left Out"),
        by_xhr=True,
    ),
    LinkBlock("POPULAR CATEGORY", ("Politics", "Shipping", "Farm & Field")),
)

DISCLAIMER = (
    "NOTHING PRINTED HERE IS NAUTICAL, MEDICAL, LEGAL OR FINANCIAL ADVICE, AND NO READER SHOULD SET A COURSE BY IT."
)
COPYRIGHTS: tuple[str, ...] = (
    "Copyright 2026. Nothing on these pages may be copied, reprinted or passed on, whole or in pieces, "
    "unless the owner of the rights has agreed to it beforehand.",
    "Copyright 2026 Freeharbor-Post.test",
)

_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "html": "text/html; charset=utf-8",
        "css": "text/css; charset=utf-8",
        "js": "text/javascript; charset=utf-8",
        "json": "application/json; charset=utf-8",
        "svg": "image/svg+xml; charset=utf-8",
        "txt": "text/plain; charset=utf-8",
        "jpg": "image/jpeg",
        "png": "image/png",
        "gif": "image/gif",
        "woff": "font/woff",
    }
)
_COOKIES = (
    ("Set-Cookie", "fhp_visit=7c41e09b; Path=/; HttpOnly; SameSite=Lax"),
    ("Set-Cookie", "fhp_region=harborside; Path=/; Max-Age=604800; SameSite=Lax"),
)
_ANY_ORIGIN = ("Access-Control-Allow-Origin", "*")


@dataclass(frozen=True)
class DemoResponse:
    """Hold one response: its status, its header fields in order, and its body."""

    status: int
    fields: tuple[tuple[str, str], ...]
    body: bytes


def respond(method: str, host: str, target: str) -> DemoResponse:
    """Answer one request, without side effects; to HEAD as to GET, and the server leaves the body off."""
    name = host.partition(":")[0].rstrip(".").lower()
    path = unquote(urlsplit(f"http://{_OUTLET}{target}").path) if target.startswith("/") else ""
    if name == _METRICS and method == "POST":
        return _beacon(path)
    if method not in ("GET", "HEAD"):
        return _plain(405, "Method Not Allowed", ("Allow", "GET, HEAD"))
    if name == _BARE_OUTLET:
        return _plain(301, "Moved Permanently", ("Location", f"//{_OUTLET}{_ascii(target)}"))
    return _page(name, path) or _plain(404, "Not Found")


def _page(host: str, path: str) -> DemoResponse | None:
    """Find the file or the generated story for a path, None if there is neither."""
    name = _file_name(host, path)
    body = _read(host, name)
    if body is None and host == _OUTLET:
        name, body = "story.html", _story(path)
    if body is None:
        return None
    kind = name.rpartition(".")[2]
    fields = [("Content-Type", _TYPES[kind]), ("Cache-Control", _cache_control(host, kind))]
    fields.append(("ETag", f'"{hashlib.sha256(body).hexdigest()[:20]}"'))
    if host == _CDN:
        fields.append(_ANY_ORIGIN)
    if host == _OUTLET and path == REPOST_PATH:
        fields.extend(_COOKIES)
    if host == _METRICS:
        fields.append(("Set-Cookie", "mc_id=52d6a1; Path=/; Max-Age=86400"))
    return _with_length(200, fields, body)


def _file_name(host: str, path: str) -> str:
    """Map a URL path to the name of the file below the host's directory."""
    name = path.lstrip("/")
    if not name or name.endswith("/"):
        return f"{name}index.html"
    return name if name.rpartition(".")[2] in _TYPES else f"{name}.html"


def _cache_control(host: str, kind: str) -> str:
    """Choose the caching rule: none for counters and data, short for pages, long for assets."""
    if host == _METRICS:
        return "no-store"
    return {"json": "no-cache", "html": "max-age=60"}.get(kind, "public, max-age=86400")


def _beacon(path: str) -> DemoResponse:
    """Accept a measurement as a counter does: with no content."""
    if path != "/beacon":
        return _plain(404, "Not Found")
    return DemoResponse(204, (("Cache-Control", "no-store"), _ANY_ORIGIN), b"")


def _plain(status: int, text: str, *fields: tuple[str, str]) -> DemoResponse:
    """Build a short plain-text answer."""
    return _with_length(status, [("Content-Type", _TYPES["txt"]), *fields], f"{status} {text}\n".encode())


def _with_length(status: int, fields: list[tuple[str, str]], body: bytes) -> DemoResponse:
    """Build a response whose fields state the length of its body."""
    return DemoResponse(status, (*fields, ("Content-Length", str(len(body)))), body)


def _ascii(target: str) -> str:
    """Quote whatever may not stand in a header field, leaving a proper target as it is."""
    return quote(target, safe="/?#[]@!$&'()*+,;=:%~-._")


def _story(path: str) -> bytes | None:
    """Render the short story at a path of the outlet, None if the outlet has no such story."""
    story = _stories().get(path)
    if story is None:
        return None
    title, thumb = story
    template = (_files() / "story.html").read_text(encoding="utf-8")
    section = path.split("/")[1].replace("-", " ").title()
    for key, value in (("title", title), ("thumb", thumb), ("section", section)):
        template = template.replace(f"@@{key}@@", html.escape(value))
    return template.encode("utf-8")


@cache
def _stories() -> Mapping[str, tuple[str, str]]:
    """Load the titles and pictures of the stories that the repost page links to, by path."""
    rows = json.loads((_files() / "stories.json").read_text(encoding="utf-8"))
    return MappingProxyType({row["path"]: (row["title"], row["thumb"]) for row in rows})


def _files() -> Traversable:
    """Name the directory of bundled files."""
    return resources.files("archiver.demo") / "files"


def _read(host: str, name: str) -> bytes | None:
    """Read a bundled file of a host, None if the host or the file does not exist."""
    parts = name.split("/")
    if host not in HOSTS or any(part in ("", ".", "..") or "\\" in part or "\0" in part for part in parts):
        return None
    node = _files() / host
    for part in parts:
        node = node / part
    try:
        return node.read_bytes() if node.is_file() else None
    except OSError:  # a name longer than the file system allows
        return None

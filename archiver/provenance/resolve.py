"""Finding an article of which only the outlet is named: where to look, and which of the links there it may be.

Nothing is fetched here. A link is only a candidate: whether it is the article, its text or its exact title must show.
"""

from __future__ import annotations

import contextlib
import html as entities
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, pairwise
from urllib.parse import quote, quote_plus, urljoin, urlsplit

from rapidfuzz import fuzz

from archiver.provenance.outlets import site_of
from archiver.provenance.page import Page

#: how alike two titles are, in per cent, for one to be the other's candidate, and to be the same
ALIKE, SAME = 60.0, 92.0
_MAX_ITEMS = 5_000
_MAX_HTML_CHARS = 8 << 20
_MAX_ITEM_CHARS = 20_000
_MAX_TITLE_CHARS = 500
_MAX_TITLE_SOURCE_CHARS = 2_000
_MAX_HOST_CHARS = 253  # RFC 1035 section 2.3.4
_PATH_MARKS = "/%:@!$&'()*+,;=~"
_ITEM = re.compile(r"<(item|entry|url)[\s>]", re.IGNORECASE)
_TITLE = re.compile(r"<(?:news:)?title(?:\s[^<>]{0,200})?>", re.IGNORECASE)
_TITLE_END = re.compile(r"</(?:news:)?title>", re.IGNORECASE)
_LINK = re.compile(r"<(?:link|loc)>\s{0,50}([^<\s]{1,2000})\s{0,50}</(?:link|loc)>", re.IGNORECASE)
_HREF = re.compile(r"<link\b([^<>]{0,1000})>", re.IGNORECASE)
_ADDRESS = re.compile(r"href\s{0,5}=\s{0,5}[\"']([^\"']{1,2000})[\"']", re.IGNORECASE)
_DATE = re.compile(
    r"<(?:pubDate|published|updated|(?:news:)?publication_date|lastmod|dc:date)>\s{0,50}([^<]{1,100})<", re.IGNORECASE
)
_GUESSED = ("/feed/", "/rss.xml", "/feed.xml", "/news-sitemap.xml", "/sitemap-news.xml", "/sitemap.xml")
_SEARCHES = ("/?s={}", "/search?q={}")
_SLUG = re.compile(r"[^/]{12,}|[0-9]{4,}")
_SEARCH_WORDS = 8


@dataclass(frozen=True)
class Item:
    """An article as a feed, a sitemap or a list of links names it; empty where it does not say."""

    url: str
    title: str = ""
    published: str = ""


@dataclass(frozen=True)
class Ranked:
    """An item that may be the article looked for, and how alike its title is, in per cent."""

    item: Item
    alike: float


def links_to(page: Page, site: str) -> Iterator[Item]:
    """The links of a page to what may be articles of a site, in their order."""
    for link in page.links:
        if site_of(link.url) == site and is_article(link.url):
            yield Item(link.url, link.text[:_MAX_TITLE_CHARS])


def is_article(url: str) -> bool:
    """Whether an address may be an article's: it is no home page and no section, as far as its path tells."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    path = parts.path.rstrip("/")
    last = path.rpartition("/")[2]
    return parts.scheme in ("http", "https") and bool(_SLUG.search(last) or _SLUG.search(parts.query))


def is_below_home(url: str) -> bool:
    """Whether an address is more than that of a site."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(parts.path.strip("/") or parts.query)


def page_key(url: str) -> str:
    """What is the same for all ways in which one page's address is written.

    Scheme, `www.`, default port, fragment, a slash at the end, the order of the query and how other letters are encoded
    make no difference; the case of a path does. For comparing only: it is no address.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return url
    if parts.scheme not in ("http", "https"):
        return url
    host = (parts.hostname or "").rstrip(".").removeprefix("www.")[:_MAX_HOST_CHARS]
    with contextlib.suppress(UnicodeError):
        host = host if host.isascii() else host.encode("idna").decode()
    path, query = (quote(part, _PATH_MARKS + "?", errors="replace") for part in (parts.path, parts.query))
    sorted_query = "&".join(sorted(query.split("&")))
    return f"{host}:{'' if port in (80, 443, None) else port}{path.rstrip('/')}?{sorted_query}"


def feed_items(text: str) -> Iterator[Item]:
    """The items of an RSS or Atom feed, or the addresses of a sitemap, in what a browser shows of it. Never raises."""
    text = text[:_MAX_HTML_CHARS]
    starts = [match.start() for match in islice(_ITEM.finditer(text), _MAX_ITEMS)]
    for start, end in pairwise([*starts, len(text)]):
        part = text[start : min(end, start + _MAX_ITEM_CHARS)]
        link = _LINK.search(part)
        address = link[1] if link else _atom_link(part)
        if not address:
            continue
        date = _DATE.search(part)
        yield Item(entities.unescape(address).strip(), _title(part), date[1].strip() if date else "")


def _title(part: str) -> str:
    """What stands between the first tags of a title; each is looked for once, whatever the feed holds."""
    begin = _TITLE.search(part)
    end = _TITLE_END.search(part, begin.end(), begin.end() + _MAX_TITLE_SOURCE_CHARS) if begin else None
    return _words(part[begin.end() : end.start()]) if begin and end else ""


def _atom_link(part: str) -> str:
    for match in _HREF.finditer(part):
        if "rel=" not in match[1] or "alternate" in match[1]:
            address = _ADDRESS.search(match[1])
            if address:
                return address[1]
    return ""


def _words(text: str) -> str:
    plain = text.replace("<![CDATA[", "").replace("]]>", "")
    return " ".join(re.sub(r"<[^<>]{0,300}>", " ", entities.unescape(plain)).split())[:_MAX_TITLE_CHARS]


def ranked(items: Iterable[Item], title: str) -> list[Ranked]:
    """The items whose titles, or the words of whose addresses, are like a title, best first; one an address."""
    found: dict[str, Ranked] = {}
    for item in items:
        alike = max(_alike(item.title, title), _alike(_slug(item.url), title))
        if alike >= ALIKE and (item.url not in found or found[item.url].alike < alike):
            found[item.url] = Ranked(item, alike)
    return sorted(found.values(), key=lambda one: (-one.alike, one.item.url))


def _alike(one: str, other: str) -> float:
    if not one or not other:
        return 0.0
    return float(fuzz.token_sort_ratio(one.casefold(), other.casefold()))


def _slug(url: str) -> str:
    try:
        last = urlsplit(url).path.rstrip("/").rpartition("/")[2]
    except ValueError:
        return ""
    return re.sub(r"\.[a-z]{2,5}$|[-_]+|[0-9]{5,}", " ", last)


def places(home: str, front: Page | None, title: str) -> Iterator[str]:
    """Where an outlet may list its articles, the likeliest first: declared feeds, usual ones, its search."""
    declared = [
        tag.value
        for tag in (front.tags if front else ())
        if tag.kind == "link" and "alternate" in tag.name.split() and _is_feed(tag.value)
    ]
    words = quote_plus(" ".join(title.split()[:_SEARCH_WORDS]), errors="replace")
    seen: set[str] = set()
    searches = [pattern.format(words) for pattern in _SEARCHES]
    for address in (*declared[:2], *_GUESSED[:1], *searches[:1], *_GUESSED[1:], *searches[1:]):
        try:
            absolute = urljoin(home, address)
        except ValueError:
            continue
        if site_of(absolute) == site_of(home) and absolute not in seen:
            seen.add(absolute)
            yield absolute


def _is_feed(address: str) -> bool:
    return bool(re.search(r"feed|rss|atom|\.xml", address, re.IGNORECASE))

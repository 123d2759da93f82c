"""Reads feeds: RSS, Atom, RDF, sitemaps and their indexes, JSON Feed. Whatever the bytes are, it ends soon.

Nothing is fetched, no file is opened, no entity of a document's own is known. A feed that is damaged is read as far as
it goes, and its `problems` say so.
"""

from __future__ import annotations

from archiver.errors import FeedError
from archiver.feeds import web_page
from archiver.feeds.collecting import Collector
from archiver.feeds.decoding import decode
from archiver.feeds.inflate import GZIP_MAGIC, TooLargeError, inflate
from archiver.feeds.json_feed import read_json_feed
from archiver.feeds.model import MAX_ENTRIES, MAX_FEED_BYTES, Entry, Feed
from archiver.feeds.prolog import read_prolog

__all__ = ["MAX_ENTRIES", "MAX_FEED_BYTES", "Entry", "Feed", "parse"]

_HTML_ROOTS = ("html", "head", "body")
_SHOWN_CHARACTERS = 40


def parse(data: bytes, content_type: str | None, base_url: str) -> Feed:
    """Read a feed that was fetched from `base_url`, compressed with gzip or not. Raises `FeedError`."""
    data, problems = _unpacked(data, base_url)
    text, wrong = decode(data, content_type)
    problems += [wrong] if wrong else []
    text = text.lstrip()
    if not text:
        raise FeedError(f"{base_url}: is empty; a feed was expected")
    collector = Collector()
    if text.startswith(("{", "[")):
        if reason := read_json_feed(text, base_url, collector):
            raise FeedError(f"{base_url}: {reason}")
        return collector.feed("json feed", problems)
    return _markup(text, content_type, base_url, collector, problems)


def _unpacked(data: bytes, url: str) -> tuple[bytes, list[str]]:
    problems = []
    if data.startswith(GZIP_MAGIC):
        try:
            data, whole = inflate(data, "gzip", MAX_FEED_BYTES)
        except TooLargeError:
            raise too_large(url) from None
        except ValueError:
            raise FeedError(f"{url}: is damaged: it begins like a gzip file and is none") from None
        if not whole:
            problems.append("its gzip file ends early; what came was read")
    if len(data) > MAX_FEED_BYTES:
        raise too_large(url)
    return data, problems


def too_large(url: str) -> FeedError:
    """The error for a feed above the limit."""
    return FeedError(f"{url}: is larger than {MAX_FEED_BYTES // 1_000_000} MB; give a smaller feed of this site")


def _markup(text: str, content_type: str | None, url: str, collector: Collector, problems: list[str]) -> Feed:
    # lxml takes 40 ms to import, and whoever only fetches, or reads JSON, does without.
    from archiver.feeds.markup import KINDS, TooDeepError, read_markup  # noqa: PLC0415

    prolog = read_prolog(text)
    kind = KINDS.get(prolog.root)
    if kind is None:
        is_html = (content_type or "").lower().startswith(("text/html", "application/xhtml"))
        if prolog.document_type == "html" or prolog.root.lower() in _HTML_ROOTS or is_html:
            raise FeedError(f"{url}: {web_page.what_it_is(text, url)}")
        if prolog.root:
            shown = _shown(prolog.root)
            raise FeedError(f"{url}: is XML, but neither a feed nor a sitemap: its root is {shown}")
        raise FeedError(f"{url}: is not XML: it begins with {_shown(text)}; a feed was expected")
    if prolog.declares:
        raise FeedError(
            f"{url}: declares entities or the like in its document type, and is not read: they can be made to grow "
            "without end"
        )
    try:
        wrong = read_markup(text[prolog.end :], kind, url, collector)
    except TooDeepError:
        raise FeedError(f"{url}: its elements stand too deep within each other; no feed is like that") from None
    return collector.feed(kind, [*problems, *([wrong] if wrong else [])])


def _shown(text: str) -> str:
    return repr(text[:_SHOWN_CHARACTERS])

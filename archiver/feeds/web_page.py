"""A web page where a feed was expected: which feeds it offers, and whether it asks for a password."""

from __future__ import annotations

import re
from html import unescape

from archiver.feeds.collecting import absolute

_MAX_CHARACTERS = 500_000  # of the page; its head is at the beginning
_MAX_TAG_CHARACTERS = 4000
_MAX_NAMED = 3
_TAG = re.compile(rf"<(link|input)\b([^<>]{{0,{_MAX_TAG_CHARACTERS}}})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""(?<![a-z-])([a-z-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_FEEDS = ("application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json")


def what_it_is(text: str, url: str) -> str:
    """The page in words, with what to do: the feeds that it names, as absolute URLs."""
    offered: dict[str, None] = {}
    asks = False
    for tag in _TAG.finditer(text[:_MAX_CHARACTERS]):
        attributes = {
            found[1].lower(): unescape(found[2] or found[3] or found[4] or "").strip()
            for found in _ATTRIBUTE.finditer(tag[2])
        }
        if tag[1].lower() == "input":
            asks |= attributes.get("type", "").lower() == "password"
        elif "alternate" in attributes.get("rel", "").lower().split() and (
            attributes.get("type", "").partition(";")[0].strip().lower() in _FEEDS
        ):
            feed = absolute(url, attributes.get("href", ""))
            if feed and len(offered) < _MAX_NAMED:
                offered[feed] = None
    named = " or ".join(offered)
    if asks:
        also = f"; the feed it names is {named}" if named else ""
        return f"is a login page, not a feed{also}; give a feed that can be read without logging in"
    if named:
        return f"is a web page, not a feed; the feed it names is {named}"
    return "is a web page, not a feed, and names none; give the address of a feed or sitemap"

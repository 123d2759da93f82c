"""Gathers what a feed names: capturable URLs, each once, in order, up to the limit."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urljoin

from archiver.errors import UsageError
from archiver.feeds.dates import read_date
from archiver.feeds.model import MAX_ENTRIES, MAX_TITLE_CHARACTERS, MAX_URL_CHARACTERS, Entry, Feed, Kind
from archiver.urls import parse_capturable

#: of a text that is read for a URL: one more than a URL may have, and blanks around it
MAX_TEXT_CHARACTERS = MAX_URL_CHARACTERS + 1000

# Escaped in a feed they come through; tabs and the ends of lines are blanks.
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufffe\uffff]+")
_WHOLE = re.compile(r"https?://", re.IGNORECASE)


class Collector:
    """The entries of one feed while it is read."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._count = 0
        self._without_url = 0

    @property
    def is_full(self) -> bool:
        """Whether further entries are only counted."""
        return self._count >= MAX_ENTRIES

    def take(self, addresses: Iterable[tuple[str, str]], title: str = "", dates: Iterable[str] = ()) -> None:
        """Take an entry by the first of its (base, address) that can be captured; dates likewise.

        What comes after the first `MAX_ENTRIES` is not looked at, so that no feed costs more than they do.
        """
        is_full = self.is_full
        self._count += 1
        if is_full:
            return
        url = next((url for base, address in addresses if (url := absolute(base, address))), None)
        if url is None:
            self._without_url += 1
        elif url not in self._entries:
            published = next((moment for text in dates if (moment := read_date(text))), None)
            plain = " ".join(_CONTROL.sub("", title).split())
            self._entries[url] = Entry(url, plain[:MAX_TITLE_CHARACTERS].rstrip(), published)

    def feed(self, kind: Kind, problems: Iterable[str]) -> Feed:
        """All that was taken."""
        told = list(problems)
        left_out = max(0, self._count - MAX_ENTRIES)
        if self._without_url:
            told.append(f"{self._without_url} of its entries have no URL that can be captured")
        if left_out:
            told.append(f"only its first {MAX_ENTRIES} entries were read, {left_out} were left out")
        entries = tuple(self._entries.values())
        if kind == "sitemap index":
            return Feed(kind, (), entries, left_out, tuple(told))
        return Feed(kind, entries, (), left_out, tuple(told))


def absolute(base: str, address: str) -> str | None:
    """The URL an address in a feed leads to, without its fragment; None when it cannot be captured."""
    # As browsers read an address: https://url.spec.whatwg.org/#concept-basic-url-parser, steps 1 to 3.
    address = re.sub(r"[\t\r\n]", "", address.strip()).replace(" ", "%20")
    if not address or address.startswith("#") or len(address) > MAX_URL_CHARACTERS:
        return None
    try:
        # What is whole stays as it is: urljoin would take an empty query away, and dots.
        url = (address if _WHOLE.match(address) else urljoin(base, address)).partition("#")[0]
        parse_capturable(url)
    except (UsageError, ValueError):
        return None
    return url if len(url) <= MAX_URL_CHARACTERS else None


def nearer(base: str, address: str) -> str:
    """The base that `xml:base` makes of the one around it; that one where it is no address."""
    try:
        joined = urljoin(base, address.strip())
    except ValueError:
        return base
    return joined if len(joined) <= MAX_URL_CHARACTERS else base

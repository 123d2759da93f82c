"""What a feed says, and how much of it is read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Kind = Literal["rss", "atom", "rdf", "sitemap", "sitemap index", "json feed"]

MAX_FEED_BYTES = 16_000_000  # once decompressed
MAX_ENTRIES = 10_000  # of one feed; likewise the sitemaps that an index names
MAX_URL_CHARACTERS = 8192  # as a line of a list of URLs may have, and a statement keeps
MAX_TITLE_CHARACTERS = 1000


@dataclass(frozen=True)
class Entry:
    """An article as a feed names it; `title` is empty and `published` None where the feed does not say.

    `published` is in UTC. Where a feed knows only when an article was changed, it is that. Of a day without a time it
    is the first moment.
    """

    url: str
    title: str
    published: datetime | None


@dataclass(frozen=True)
class Feed:
    """A feed that was read: its entries in its own order, each URL once.

    `more` are the sitemaps that a sitemap index names, with when each was changed. `left_out` counts what stands after
    the first `MAX_ENTRIES`, unread. `problems` tell what was wrong with the feed, in words.
    """

    kind: Kind
    entries: tuple[Entry, ...]
    more: tuple[Entry, ...] = ()
    left_out: int = 0
    problems: tuple[str, ...] = ()

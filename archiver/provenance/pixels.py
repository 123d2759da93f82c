"""Pixels that count republications: they lead to the origin, and are there because its text was copied with them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from archiver.provenance.claim import Claim, Relation
from archiver.provenance.context import Context
from archiver.provenance.outlets import site_of

_PIXELS = (
    re.compile(r"^https?://counter\.[^/]{3,80}/content/(?P<id>\d{1,12})/count"),
    re.compile(r"[?&]republication-pixel=true\b.{0,200}?[?&](?:amp;)?post=(?P<id>\d{1,12})"),
    re.compile(r"[?&]republication-pixel=true\b"),
    re.compile(r"^https?://pixel\.[^/]{3,80}/(?:pixel|count|republish)?"),
    re.compile(r"republi(?:cation|sh)[-_/]{0,2}(?:pixel|tracker|tracking|counter)", re.IGNORECASE),
)
# Many hosts of this form count visits: only those of outlets that publish under a licence count republications.
_BY_HOST = frozenset(("pixel.propublica.org",))


def pixel_claims(context: Context) -> Iterator[Claim]:
    """A claim for each republication pixel among the page's pictures and its recorded exchanges."""
    tags = [(tag.value, tag.frame, tag.xpath) for tag in context.page.tags if tag.kind == "image"]
    seen: set[str] = set()
    for address, frame, xpath in [*tags, *((url, 0, "") for url in context.page.exchanges)]:
        url = address.replace("&amp;", "&")
        if url in seen or not _is_pixel(url):
            continue
        seen.add(url)
        yield context.in_head("pixel", Relation.REPUBLICATION, url, frame, xpath, site_of(url), 0.95)


def _is_pixel(url: str) -> bool:
    for pattern in _PIXELS:
        if pattern.search(url):
            return not pattern.pattern.startswith("^https?://pixel") or (urlsplit(url).hostname or "") in _BY_HOST
    return False

"""Bylines with an outlet: "(Jane Doe, Example.com)", "By Jane Doe, Example Times"; and who posted the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from archiver.provenance.agencies import agency
from archiver.provenance.blocks import Block
from archiver.provenance.claim import Claim, Direction, Relation
from archiver.provenance.context import Context
from archiver.provenance.naming import PERSON, is_name, looks_like_outlet
from archiver.provenance.outlets import plain, site_of

_BRACKET = re.compile(r"^\W{0,2}[(\[](?P<inside>[^()\[\]]{4,90})[)\]]")
_BY = re.compile(
    r"^[\W_]{0,3}(?P<by>posted by|published by|by|written by|von|par|por|di|door|autor:?|автор:?|av|af|"
    r"publicado por|posté par|veröffentlicht von)\s{1,3}"
    r"(?P<names>\S.{1,90}?)\s{0,3}(?:$|\||•|\s[-–—]\s|\d)",
    re.IGNORECASE,
)
_POSTED = re.compile(r"^(?:posted|published|publicado|posté|veröffentlicht)", re.IGNORECASE)
_MAX_BYLINE_CHARS = 140


def bylines(context: Context) -> Iterator[Claim]:
    """Claims of bylines that name an outlet which is no agency, and those that name who posted the page."""
    texts = [block for block in context.page.blocks if context.page.zone(block) in ("head", "lead")]
    elsewhere = _named_elsewhere(context)
    seen_main = False
    for block in texts:
        if not seen_main:
            claim = _in_brackets(context, block, elsewhere)
            if claim:
                yield claim
        seen_main = seen_main or (block.main and len(block.text) >= 200)
        yield from _by(context, block, elsewhere)


def _named_elsewhere(context: Context) -> frozenset[str]:
    """Names that links of the text give to other sites: an outlet that a byline names is often linked as well."""
    return frozenset(
        plain(link.text)
        for link in context.page.links
        if link.region in ("body", "quote") and 2 < len(link.text) <= 50 and site_of(link.url) != context.page.site
    )


def _in_brackets(context: Context, block: Block, elsewhere: frozenset[str]) -> Claim | None:
    match = _BRACKET.match(block.text)
    if not match:
        return None
    author, comma, outlet = match["inside"].rpartition(",")
    author, outlet = author.strip(), outlet.strip()
    if not comma or not PERSON.match(author) or not outlet[:1].isupper():
        return None
    if agency(outlet):
        return replace(
            context.in_text("byline", Relation.WIRE, block, match.span(), outlet, 0.85, author=author), outlet=outlet
        )
    claim = context.in_text("byline", Relation.REPUBLICATION, block, match.span(), outlet, 0.85, author=author)
    links = [link for link in block.links if link.start < match.end()]
    if links:
        claim = context.in_text(
            "byline", Relation.REPUBLICATION, block, match.span(), outlet, 0.85, author=author, target=links[-1].url
        )
    if looks_like_outlet(outlet) or plain(outlet) in elsewhere or links:
        return claim
    return claim.trapped("the words in brackets are not known to name an outlet: they may be a place")


def _by(context: Context, block: Block, elsewhere: frozenset[str]) -> Iterator[Claim]:
    if len(block.text) > _MAX_BYLINE_CHARS:
        return
    match = _BY.match(block.text)
    names = match["names"] if match else block.text if "author" in block.marks else ""
    if not names or len(names) > 90 or re.search(r"[\d{}]", names) or not is_name(names):
        return
    span = match.span() if match else (0, len(block.text))
    author, comma, outlet = (part.strip() for part in names.rpartition(","))
    outlet = re.sub(r"^(?:of|for|at|from|für|pour|de|via) ", "", outlet).strip(" .,")
    if comma and author and len(outlet) > 2 and outlet[:1].isupper() and not agency(outlet):
        claim = context.in_text("byline", Relation.REPUBLICATION, block, span, outlet, 0.7, author=author)
        if plain(outlet) in elsewhere or looks_like_outlet(outlet):
            yield claim
            return
        if "," not in author and not PERSON.match(outlet):
            # An office or a place as often as an outlet: it supports what else names the same, and makes no source.
            yield replace(claim, confidence=0.3)
    # A byline that names one person or desk only says who wrote or posted it here.
    poster = match is not None and bool(_POSTED.match(match["by"]))
    yield replace(
        context.in_text(
            "poster" if poster else "author",
            Relation.REPUBLICATION,
            block,
            span,
            "",
            0.5,
            author=names.strip(" .,")[:80],
            direction=Direction.OWN,
        ),
        trap=None,
        outlet="",
    )

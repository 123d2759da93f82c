"""A claim: what a page says about its own source, with the passage that says it and its place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum


class Relation(StrEnum):
    """How a page is said to come from its source."""

    REPUBLICATION = "republication"
    WIRE = "wire"
    TRANSLATION = "translation"
    PARTIAL = "partial"
    ADAPTATION = "adaptation"
    QUOTES = "quotes"
    VIA = "via"
    ILLUSTRATES = "illustrates"
    CITES = "cites"


class Direction(StrEnum):
    """Which way the derivation goes."""

    FROM = "from"  # this page comes from there
    TO = "to"  # that page comes from here
    OWN = "own"  # the page claims to be its own


class Target(StrEnum):
    """What a claim's link leads to."""

    ARTICLE = "article"
    HOME = "home"
    NONE = "none"


@dataclass(frozen=True)
class Place:
    """Where a passage stands: `start` and `end` are offsets in `Page.text`, both 0 for what is not visible text."""

    frame: int
    xpath: str
    start: int = 0
    end: int = 0
    region: str = ""


@dataclass(frozen=True)
class Claim:
    """What one signal of a page says. A claim with a `trap` was recognised as not being about this page's source."""

    kind: str
    relation: Relation
    direction: Direction
    outlet: str
    author: str
    target_url: str
    target_kind: Target
    passage: str
    place: Place
    language: str
    confidence: float
    trap: str | None = None
    same_group: bool = False
    site: str = ""  # the outlet's registrable domain, where the page names or links it

    def trapped(self, reason: str) -> Claim:
        """The same claim, recognised as a trap; the first reason stays."""
        return self if self.trap else replace(self, trap=reason)


def unique(claims: Iterable[Claim]) -> list[Claim]:
    """The claims without those that say the same of the same place."""
    seen: dict[tuple[str, str, str, str, int, int], Claim] = {}
    for claim in claims:
        where = claim.place
        seen.setdefault((claim.kind, claim.outlet, claim.target_url, where.xpath, where.start, where.end), claim)
    return list(seen.values())

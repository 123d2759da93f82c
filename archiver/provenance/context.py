"""What every signal needs to make its claims: the page, whose page it is, and the traps of place and self-reference."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from archiver.provenance.blocks import Block, Link
from archiver.provenance.claim import Claim, Direction, Place, Relation, Target
from archiver.provenance.json_ld import names
from archiver.provenance.limits import MAX_PASSAGE_CHARS
from archiver.provenance.outlets import Identity, domain_named, host_of, identity, is_article_url, is_platform, site_of
from archiver.provenance.page import Page

REGION_TRAPS = {
    "textarea": "in a text area that tells others how to republish",
    "dialog": "in a dialog, which is about what others may do",
    "hidden": "hidden: no reader sees it",
    "footer": "in the site's footer, which is on every page",
    "header": "in the site's header, which is on every page",
    "nav": "in a menu",
    "aside": "in a side bar, which is about other stories",
    "related": "in a list of other stories",
    "comments": "in a reader's comment",
    "embed": "within an embedded post",
}
_SENTENCE_END = re.compile(r"(?<=[.!?。！？।])[\"”’»)\]]{0,2}\s+(?=[\"“„«(\[]?[^\Wa-zа-я_])|(?<=[。！？])")
_INITIAL = re.compile(
    r"(?:\b[A-Z]|\b\d{1,2}|\b(?:Mr|Mrs|Dr|St|No|vol|Nr|bzw|ca|Jan|Feb|Aug|Sept?|Oct|Nov|Dec|Inc|Ltd))\.$"
)


@dataclass(frozen=True)
class Context:
    """A page together with the identity of its own outlet."""

    page: Page
    own: Identity

    def in_text(
        self,
        kind: str,
        relation: Relation,
        block: Block,
        span: tuple[int, int],
        outlet: str,
        confidence: float,
        *,
        author: str = "",
        target: str = "",
        language: str = "",
        direction: Direction = Direction.FROM,
    ) -> Claim:
        """A claim from the characters `span` of a block, with the traps that its place and its outlet make."""
        start, end = span
        place = Place(block.frame, block.xpath, block.start + start, block.start + end, block.region)
        claim = self._claim(
            kind, relation, outlet, confidence, author, target, block.text[start:end], place, language, direction
        )
        if relation not in (Relation.ILLUSTRATES, Relation.QUOTES) and block.region in REGION_TRAPS:
            claim = claim.trapped(REGION_TRAPS[block.region])
        return claim

    def in_head(
        self,
        kind: str,
        relation: Relation,
        passage: str,
        frame: int,
        xpath: str,
        outlet: str,
        confidence: float,
        *,
        author: str = "",
        target: str = "",
    ) -> Claim:
        """A claim from a tag or from data that no reader sees."""
        place = Place(frame, xpath, region="head")
        return self._claim(kind, relation, outlet, confidence, author, target, passage, place, "", Direction.FROM)

    def _claim(
        self,
        kind: str,
        relation: Relation,
        outlet: str,
        confidence: float,
        author: str,
        target: str,
        passage: str,
        place: Place,
        language: str,
        direction: Direction,
    ) -> Claim:
        named = domain_named(outlet)
        target = target if target.startswith(("http://", "https://")) else ""
        site = site_of(target) if target else named
        if named and is_platform(site) and not is_platform(named):
            site = named
        target_kind = Target.NONE if not target else Target.ARTICLE if is_article_url(target) else Target.HOME
        claim = Claim(
            kind=kind,
            relation=relation,
            direction=direction,
            outlet=outlet or host_of(target).removeprefix("www.") or site,
            author=author,
            target_url=target,
            target_kind=target_kind,
            passage=passage[:MAX_PASSAGE_CHARS],
            place=place,
            language=language or self.page.language[:2].lower(),
            confidence=round(confidence, 2),
            same_group=self.own.same_group(outlet, site),
            site=site,
        )
        if relation in (Relation.ILLUSTRATES, Relation.QUOTES):
            return claim
        if direction is Direction.TO:
            return claim.trapped("direction reversed: the other page comes from this one")
        if self.own.is_self(outlet, site) or (not outlet and site == self.own.site):
            return claim.trapped("the page's own outlet")
        return claim


def context(page: Page) -> Context:
    """The context of a page: its own names from metadata, its group from its menus and footers."""
    found = [
        tag.value
        for tag in page.metas("og:site_name", "application-name", "apple-mobile-web-app-title", "al:ios:app_name")
    ]
    for node in page.json_ld:
        if node.types & {"WebSite", "NewsMediaOrganization"}:
            found += [name for name, _ in names([node.fields])]
    menus = [link for link in page.links if link.region in ("nav", "footer", "header")]
    sites = [site_of(link.url) for link in menus if not is_article_url(link.url)]
    footer = " ".join(block.text for block in page.blocks if block.region == "footer")
    return Context(page, identity(page.site, [name for name in found if len(name) <= 60], sites, footer))


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each sentence; one longer than a passage comes in windows that overlap by half."""
    begin = 0
    for match in _SENTENCE_END.finditer(text):
        # "1. Juni" is no end, nor is an initial.
        if match.end() == match.start() or not _INITIAL.search(text[max(begin, match.start() - 8) : match.start()]):
            yield from _windows(begin, match.start() if match.start() > begin else match.end())
            begin = match.end()
    if begin < len(text):
        yield from _windows(begin, len(text))


def _windows(begin: int, end: int) -> Iterator[tuple[int, int]]:
    while end - begin > MAX_PASSAGE_CHARS:
        yield begin, begin + MAX_PASSAGE_CHARS
        begin += MAX_PASSAGE_CHARS // 2
    if end > begin:
        yield begin, end


def links_within(block: Block, start: int, end: int) -> list[Link]:
    """The links that touch a span of a block."""
    return [link for link in block.links if link.start < end and link.end > start]

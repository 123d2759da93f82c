"""Sentences that say where this item comes from: "This article originally appeared at X"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from enum import Enum

from archiver.provenance.agencies import agencies_in_list
from archiver.provenance.blocks import Block, Link
from archiver.provenance.claim import Claim, Direction, Relation
from archiver.provenance.context import Context, links_within, sentences
from archiver.provenance.languages import LANGUAGES, Language, Rule
from archiver.provenance.languages.labels import COPYRIGHT
from archiver.provenance.naming import is_called_outlet, looks_like_outlet, outlet_named, person_named
from archiver.provenance.outlets import is_article_url, is_platform, site_of

_MAX_SENTENCES = 20_000
# An attribution about everything on a site, not about this item.
_GENERAL = re.compile(
    r"\b(?:items|articles|stories|posts|contents?|materials|texts|pages|some|all|any|other editions|may (?:be|"
    r"have been)|alle|einige|inhalte|"
    r"tous|toutes|todos|todas|tutti|wszystkie|все|усі) (?:[\w-]{1,20} ){0,6}(?:that )?(?:were |was |are |is |"
    r"may |have )?",
    re.IGNORECASE,
)
_PLURAL_ITEM = re.compile(r"\b(?:items|articles|stories|posts|contents|materials|pages|features)\b", re.IGNORECASE)
_FEED_FOOTER = re.compile(
    r"^(?:the (?:post|article|story) |l.article |el (?:artículo|post) |la entrada |o post |der beitrag |il post "
    r"|l.articolo |artykuł |příspěvek |сообщение |запись )"
    r"(?P<title>.{2,300}?) (?:appeared first on|first appeared on|est apparu en premier sur|apareció primero en|"
    r"se publicó primero en|se publica primero en|"
    r"apareceu primeiro em|erschien zuerst auf|proviene da|sembra essere il primo su|pojawił się poprzednio|"
    r"nejdříve vyšel na|"
    r"впервые появил[аио]сь на|появились сначала на) (?P<outlet>.{2,80}?)\.?$",
    re.IGNORECASE,
)
_LABEL = re.compile(r"^.{0,600}(?:[|:—–•([（【]|\s-\s)", re.DOTALL)  # "Editor's note: "
_AUXILIARY = re.compile(
    r"(?:was|is|has been|and|ist|wurde|wird|est|a été|et|es|fue|ha sido|foi|é|è stato|is|werd|został|jest|byl|je|"
    r"był[ao]?|été|veröffentlichung|übernahme|abdruck|publication|publicación|published|veröffentlicht|publiée?|publicad[oa]|pubblicat[oa]|gepubliceerd|опубликовано)",
    re.IGNORECASE,
)
_BY = re.compile(r"(?:by|von|par|por|di|door|av|af) [^,]{2,60},?(?: and| und| et| y)?$", re.IGNORECASE)
_LONGEST_SUBJECT = 90
_PLATFORM_NAMES = frozenset(
    "facebook twitter x instagram telegram tiktok youtube linkedin reddit threads bluesky weibo vk truth".split()
)
_CREATIVE_COMMONS = "creativecommons.org"
_GENERIC_LINK = re.compile(
    r"^(?:here|original|the original|source|link|this|article|hier|ici|aquí|aqui|qui|тут|здесь|原文|来源|read more|"
    r"lire|click here|see|website)\b",
    re.IGNORECASE,
)


def attributions(context: Context) -> Iterator[Claim]:
    """A claim for each sentence of the page that attributes an item, in the page's order."""
    left = _MAX_SENTENCES
    for block in context.page.blocks:
        if block.region == "caption":
            continue
        for start, end in sentences(block.text):
            left -= 1
            if left < 0:
                return
            yield from _claims(context, block, start, end)


def _claims(context: Context, block: Block, start: int, end: int) -> Iterator[Claim]:
    sentence = block.text[start:end]
    footer = _feed_footer(context, block, start, sentence)
    if footer:
        yield footer
        return
    found = best_match(sentence, context.page.language)
    if found is None:
        return
    language, rule, match = found
    named = "outlet" in rule.pattern.groupindex and match["outlet"]
    begin = match.start("outlet") if named else match.end()
    rest = sentence[begin : match.end("outlet")] if named else sentence[begin:]
    links = links_within(block, start + match.start(), end)
    link = _link(links, context)
    name, length = ("", 0) if rule.by_link else outlet_named(rest, language.ends)
    if link and not rule.by_link:
        name, length = _name_of_link(link, block, start + begin, name, length)
    general = bool(_PLURAL_ITEM.search(sentence[: match.start()]))
    if not name and link is None and not general:
        return
    agencies = agencies_in_list(name)
    elsewhere = link is not None and site_of(link.url) != context.page.site
    called = is_called_outlet(sentence[match.start() : begin + max(0, length - len(name))])
    if rule.known and not (looks_like_outlet(name) or agencies or elsewhere or called):
        return
    relation = rule.relation
    if agencies:
        name = agencies[0].name
        relation = Relation.WIRE if relation is Relation.REPUBLICATION else relation
    confidence = rule.confidence if link or not rule.by_link else 0.3
    claim = context.in_text(
        "material" if rule.material else "attribution",
        relation,
        block,
        (start, end),
        name,
        confidence,
        author=person_named(sentence[: match.start()]) or person_named(sentence[begin + length :]),
        target=link.url if link else "",
        language=language.code,
        direction=rule.direction,
    )
    yield _judged(claim, context, block, sentence, match, language, rule)


def best_match(sentence: str, page_language: str) -> tuple[Language, Rule, re.Match[str]] | None:
    """The rule that says most of a sentence; a reversed one first, then one that says more than
    republication, then by confidence, the page's language, English."""
    lower = sentence.lower()
    found: list[tuple[tuple[bool, bool, float, bool, bool], Language, Rule, re.Match[str]]] = []
    for language in LANGUAGES.values():
        for rule in language.rules:
            if not any(hint in lower for hint in rule.hints):
                continue
            match = rule.pattern.search(sentence)
            if match:
                here = page_language[:2].lower() == language.code
                special = rule.relation not in (Relation.REPUBLICATION, Relation.CITES)
                order = (rule.direction is Direction.TO, special, rule.confidence, here, language.code == "en")
                found.append((order, language, rule, match))
    if not found:
        return None
    return max(found, key=lambda item: item[0])[1:]


def _judged(
    claim: Claim, context: Context, block: Block, sentence: str, match: re.Match[str], language: Language, rule: Rule
) -> Claim:
    """The claim with what its subject and its place tell: a trap, or less confidence."""
    before = sentence[: match.start()]
    about_this = rule.any_subject or bool(language.this_item.search(sentence[: match.end()]))
    if _PLURAL_ITEM.search(before) or (_GENERAL.search(before) and not about_this):
        return claim.trapped("about the site's articles in general, not about this one")
    if not about_this and _subject(before, language) is Subject.OTHER:
        return claim.trapped("about something else than this article")
    if not claim.target_url and claim.outlet.casefold() in _PLATFORM_NAMES:
        return claim.trapped("names a platform, where anybody posts")
    zone = context.page.zone(block)
    if zone == "outside" and not claim.trap:
        return _weaker(claim, 0.7 if about_this else 0.4)
    if zone == "body" and not about_this:
        return _weaker(claim, 0.5)
    return claim


class Subject(Enum):
    """What a phrase is said about."""

    NONE = "none"  # the phrase stands alone, as in "Originally published at X"
    ITEM = "item"
    OTHER = "other"


def _subject(before: str, language: Language) -> Subject:
    """The subject of a phrase, from the words before it in its sentence."""
    words = _LABEL.sub("", before).strip(" \t*>\"'“”„«»])")
    if not words or _AUXILIARY.fullmatch(words) or COPYRIGHT.search(words) or _BY.match(words):
        return Subject.NONE
    return Subject.ITEM if len(words) <= _LONGEST_SUBJECT and language.item.search(words) else Subject.OTHER


def _weaker(claim: Claim, factor: float) -> Claim:
    return replace(claim, confidence=round(claim.confidence * factor, 2))


def _link(links: list[Link], context: Context) -> Link | None:
    """The link of an attribution: an article elsewhere, else a site elsewhere, else whatever is linked."""
    usable = [
        link
        for link in links
        if link.url.startswith("http") and _CREATIVE_COMMONS not in link.url and "license" not in link.rel
    ]
    foreign = [link for link in usable if site_of(link.url) != context.page.site]
    for group in (foreign, usable):
        articles = [link for link in group if is_article_url(link.url) and not is_platform(site_of(link.url))]
        for link in articles + group:
            return link
    return None


def _name_of_link(link: Link, block: Block, begin: int, name: str, length: int) -> tuple[str, int]:
    """The outlet's name as the link has it, where its words are the name and not "here" or a headline."""
    near = begin - 3 <= link.start <= begin + 25
    if near and not _GENERIC_LINK.match(link.text) and 1 < len(link.text) <= 50 and len(link.text.split()) <= 6:
        return link.text.strip(" .,:;\"'“”"), max(length, link.end - begin)
    return name, length


def _feed_footer(context: Context, block: Block, start: int, sentence: str) -> Claim | None:
    text = block.text[start : start + 450]
    match = _FEED_FOOTER.match(text)
    if not match or len(sentence) < 10:
        return None
    links = [link for link in block.links if link.url.startswith("http")]
    articles = [link for link in links if is_article_url(link.url)]
    target = (articles or links)[0].url if links else ""
    return context.in_text(
        "feed-footer",
        Relation.REPUBLICATION,
        block,
        (start, start + match.end()),
        match["outlet"].strip(),
        0.8,
        target=target,
    )

"""Labels such as "Source:", "Quelle:", "Via", "PM": the weakest signal, for most of them credit data or a picture."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from archiver.provenance.agencies import agencies_in_list
from archiver.provenance.blocks import Block
from archiver.provenance.claim import Claim, Relation
from archiver.provenance.context import Context, links_within
from archiver.provenance.languages.labels import LABEL, LABEL_LANGUAGES, ONLY_LABEL, ORGANISATION, PICTURE, RELEASE, VIA
from archiver.provenance.naming import outlet_named, spelled_out
from archiver.provenance.outlets import is_article_url, is_platform, site_of
from archiver.provenance.wire import agency_claim

_ENDS = re.compile(
    r",? (?:\d{1,2}\.|vom |von |am |on |from |erschienen|\d{4}|presseabteilung|redaktion)|\s[-–—]\s|\s\d", re.IGNORECASE
)
_RELEASE_LINE = re.compile(
    r"^\W{0,2}(?:PM|PI|ots|OTS|Pressemitteilung|Press release|Communiqué)(?:\s?[:/]\s?|\s)(?P<rest>[A-ZÄÖÜ].{1,60})$"
)
# In the press of these languages the label is how a repost names its source.
_STRONG = frozenset(("ru", "uk", "bg", "sr", "ar", "fa", "tr", "el", "hi", "vi", "id", "ro", "hu", "pl", "cs"))
_SERVICE = re.compile(
    r"agentur|agency|agencia|agence|agenzia|newswire|nachrichtendienst|pressedienst|news service|wire", re.IGNORECASE
)
_LONGEST = 220


def source_labels(context: Context) -> Iterator[Claim]:
    """A claim for each label with a name after it; most say `via` or `cites` and want the text compared."""
    for block in context.page.blocks:
        if block.region == "caption":
            continue
        zone = context.page.zone(block)
        release = _RELEASE_LINE.match(block.text) if len(block.text) <= 70 and zone == "tail" else None
        if release:
            name = spelled_out(re.sub(r"/\w{1,4}$", "", release["rest"]).strip(), context.page.text)
            yield context.in_text(
                "release", Relation.REPUBLICATION, block, (0, len(block.text)), name, 0.6, language="de"
            )
            continue
        if block.links and len(block.text) <= 30 and zone != "outside" and ONLY_LABEL.match(block.text):
            url = block.links[0].url
            yield context.in_text("source-label", Relation.VIA, block, (0, len(block.text)), "", 0.35, target=url)
            continue
        label = LABEL.match(block.text) if len(block.text) <= _LONGEST else _last_sentence(block)
        if label:
            claim = _labelled(context, block, label, zone)
            if claim:
                yield claim
            continue
        via = VIA.search(block.text[-120:]) if zone != "outside" else None
        if via:
            offset = len(block.text) - len(block.text[-120:])
            claim = _via(context, block, offset + via.start("rest"), offset + via.end("rest"))
            if claim:
                yield claim


def _last_sentence(block: Block) -> re.Match[str] | None:
    """A label in the last words of a long paragraph."""
    cut = max(block.text.rfind(". ", -_LONGEST), block.text.rfind("? ", -_LONGEST), block.text.rfind(") ", -_LONGEST))
    return LABEL.match(block.text[cut + 2 :]) if cut > 0 else None


def _labelled(context: Context, block: Block, label: re.Match[str], zone: str) -> Claim | None:
    offset = block.text.find(label.string) if label.string != block.text else 0
    start = offset + label.start("rest")
    rest = label["rest"]
    language = LABEL_LANGUAGES.get(label["label"].lower(), "")
    span = (offset, len(block.text))
    links = [link for link in links_within(block, start, len(block.text)) if link.url.startswith("http")]
    target = next((link.url for link in links if site_of(link.url) != context.page.site), links[0].url if links else "")
    released = RELEASE.search(rest)
    said = RELEASE.sub(" ", rest) if released else rest
    name, _ = outlet_named(re.sub(r"^[\s,:/|()©-]{1,6}", "", said), _ENDS)
    found = agencies_in_list(name) or agencies_in_list(rest.strip(" .()©"))
    near = zone in ("head", "lead", "tail")
    if found:
        claim = agency_claim(context, "source-label", Relation.WIRE, block, span, found[0], 0.8 if near else 0.35)
    elif not name and not target:
        return None
    else:
        relation, confidence = _weight(language, zone, name, target, bool(released), rest)
        claim = context.in_text(
            "source-label", relation, block, span, name, confidence, target=target, language=language
        )
    if zone == "outside":
        return claim.trapped("far from this text")
    if zone == "body" and not context.page.blocks[min(block.number + 1, len(context.page.blocks) - 1)].main:
        return replace(claim, confidence=min(claim.confidence, 0.3))
    return claim


def _weight(language: str, zone: str, name: str, target: str, released: bool, rest: str) -> tuple[Relation, float]:
    """What a label with this name says, and how surely."""
    article = is_article_url(target) if target else False
    if released:
        return Relation.REPUBLICATION, 0.75
    if PICTURE.search(rest[:60]):
        return Relation.CITES, 0.2
    if _SERVICE.search(name) and zone in ("head", "lead", "tail"):
        return Relation.WIRE, 0.7
    if language in _STRONG and zone in ("head", "lead", "tail"):
        return Relation.REPUBLICATION, 0.6
    if ORGANISATION.search(rest[:80]) and zone == "tail" and not article:
        return Relation.REPUBLICATION, 0.55
    return Relation.VIA, 0.35 if article else 0.25


def _via(context: Context, block: Block, start: int, end: int) -> Claim | None:
    links = [link for link in links_within(block, start, end) if not is_platform(site_of(link.url))]
    name, _ = outlet_named(block.text[start:end], _ENDS)
    if not name or (PICTURE.search(block.text[start - 30 if start > 30 else 0 : end]) and not links):
        return None
    return context.in_text(
        "source-label",
        Relation.VIA,
        block,
        (start, end),
        name,
        0.3,
        target=links[0].url if links else "",
        language="en",
    )

"""What names a news agency: dateline, byline, last line, wire id, copyright line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from archiver.provenance.agencies import ALIASES, Agency, agencies_in_list, agency, is_agency_site
from archiver.provenance.blocks import Block
from archiver.provenance.claim import Claim, Direction, Relation
from archiver.provenance.context import Context
from archiver.provenance.languages.labels import COPYRIGHT, PICTURE_LABEL, RESERVED
from archiver.provenance.naming import looks_like_outlet, outlet_named

_NEVER = re.compile(r"(?!)")
_DATELINES = (
    # LOS ANGELES (AP) — ; Bruselas, 7 oct (EFE).- ; Frankfurt/Main (dpa)
    re.compile(
        r"^\W{0,3}(?P<place>[^\W\d_][^()（）\n]{1,69}?)\s?[(（](?P<name>[^()（）]{2,45})[)）]\s{0,2}(?P<dash>[-–—:]|"
        r"\.-|\. -|,)?"
    ),
    # (ANSA) - ROMA, 07 OTT -
    re.compile(r"^\W{0,2}[(（\[【](?P<name>[^()（）\[\]]{2,45})[)）\]】]\.?\s{0,2}(?P<dash>[-–—:]|\.-)?"),
    # place, day, and the name between slashes
    re.compile(r"^(?P<place>[^/\n]{2,60}?)\s?/(?P<name>[^/\n]{2,40})/(?P<dash>[.,\s-])?"),
    # SYDNEY — AAP,
    re.compile(r"^(?P<place>[^.—–\n]{2,60}?)\s[—–-]{1,2}\s(?P<name>[^.,—–(\n]{2,40})(?P<dash>[.,])"),
)
_EAST = re.compile(r"^\W{0,3}(?:据)?(?P<name>[\w]{2,8}?)[^。\n]{0,30}?(?:电|電)(?:[\s（(，]|$)")
_EAST_BRACKET = re.compile(r"^[（(\[［【](?P<inside>[^)）\]］】\n]{2,45})[)）\]］】]")
_END_BRACKET = re.compile(r"[(\[（](?P<name>[^()\[\]（）]{2,60})[)\]）]\W{0,3}$")
_END_SLASH = re.compile(r"/(?P<name>[^/\s]{2,20})/\W{0,2}$")
_END_DASH = re.compile(r"(?:^|\s)(?:[-–—]{1,2}|[―~])\s?(?P<name>[^-–—―~\n]{2,45})$")
_WIRE_ID = re.compile(
    r"(?:(?P<copy>©\s?[\w-]{2,20}),?\s?)?\b(?P<name>[a-z]{2,5}):(?P<id>\d{6}-\d{2,3}-\d{4,7}(?:/\d{1,3})?)\b"
)
_BY = re.compile(
    r"^[\W_]{0,4}(?:(?:by|written by|von|text von|text:|par|por|di|da|door|przez|autor(?:in|a|zy)?|author|"
    r"auteur|автор|автори|av|af|kirjoittaja|yazan|"
    r"بقلم|الكاتب|stand|news|foto und text)\s?[:：]?\s{1,3})?(?P<names>\S.{1,90})$",
    re.IGNORECASE,
)
_WITH = re.compile(r"(?:with|mit|avec|con|com|met|med|z|s|с|з) ", re.IGNORECASE)  # a helper, which sentences tell
_REPRINTED = re.compile(
    r"\b(?:reprinted|republished|reproduced|used|published|abdruck|reproducido|reproduit)\b.{0,30}\bperm", re.IGNORECASE
)
_YEARS = re.compile(r"^[\s,.©-]{0,5}(?:\d{4}(?:\s?[-–/]\s?\d{2,4})?)?[\s,.©:-]{0,5}(?:by |the )?", re.IGNORECASE)
_MARKET = re.compile(
    r"\b(?:market data|stock quotes?|quotes? (?:are|is) delayed|delayed|indices|börsen|kursdaten|cotations|fund "
    r"data|index data)\b",
    re.IGNORECASE,
)
_PLACE_WORDS = re.compile(r"\b(?:said|says|told|is|was|are|were|has|have|sagte|ist|wird|dijo|est|a dit)\b")
_SHORT = 120
_NEAR = 3  # blocks after the main text in which what stands there is surely about it


def wire_claims(context: Context) -> Iterator[Claim]:
    """A claim for each place where the page names an agency as the one its text comes from."""
    for block in context.page.blocks:
        zone = context.page.zone(block)
        if block.region == "caption" or PICTURE_LABEL.match(block.text[:80]):
            continue
        yield from _wire_id(context, block)
        dateline = _dateline(context, block, zone)
        if dateline:
            yield dateline
        tail = _tail(context, block, zone) if zone in ("tail", "outside", "body") else None
        if tail:
            yield tail
        elif zone in ("head", "lead", "tail") or block.marks & {"author", "source"}:
            byline = _byline(context, block, zone)
            if byline:
                yield byline
                continue
        yield from _copyright(context, block, zone)


def agency_claim(
    context: Context,
    kind: str,
    relation: Relation,
    block: Block,
    span: tuple[int, int],
    found: Agency,
    confidence: float,
) -> Claim:
    """A claim that an agency is the source; on its own site it is none."""
    claim = replace(
        context.in_text(kind, relation, block, span, found.name, confidence), site=found.sites[0] if found.sites else ""
    )
    if is_agency_site(context.page.site) == found or context.page.site in found.sites:
        return claim.trapped("the agency's own site")
    return claim


def _dateline(context: Context, block: Block, zone: str) -> Claim | None:
    text = block.text[:200]
    for pattern in _DATELINES:
        match = pattern.match(text)
        place = (match.groupdict().get("place") or "") if match else ""
        if not match or (match.end() == len(block.text) and not place):
            continue
        if len(place.split()) > 9 or _PLACE_WORDS.search(place):
            continue
        found = agencies_in_list(match["name"])
        if found:
            claim = agency_claim(context, "dateline", Relation.WIRE, block, match.span(), found[0], 0.9)
        elif zone == "lead" and match["dash"] in ("-", "–", "—") and place and _is_short_name(match["name"], place):
            # Stations put their own call letters there.
            confidence = 0.6 if looks_like_outlet(match["name"]) else 0.45
            claim = context.in_text("dateline", Relation.WIRE, block, match.span(), match["name"].strip(), confidence)
        else:
            continue
        return _in_zone(claim, zone)
    return _eastern(context, block, zone)


def _is_short_name(name: str, place: str) -> bool:
    """Whether the word in a dateline's brackets is an outlet, the place being in capitals: "WASHINGTON (XYZ) —"."""
    return place.upper() == place and (
        looks_like_outlet(name) or (name.isupper() and name.isalpha() and 2 < len(name) < 7)
    )


def _eastern(context: Context, block: Block, zone: str) -> Claim | None:
    """Datelines of Chinese, Japanese and Korean agencies, which have no blanks between place, day and name."""
    text = block.text[:120]
    bracket = _EAST_BRACKET.match(text)
    if bracket:
        parts = re.split(r"[=＝\s、,，・]", bracket["inside"])
        found = agency(parts[-1]) or agency(parts[0])
        if found:
            return _in_zone(agency_claim(context, "dateline", Relation.WIRE, block, bracket.span(), found, 0.9), zone)
    match = _EAST.match(text)
    if match:
        name = next(
            (alias for alias in ALIASES if text.lstrip("　 （(据").startswith(alias) and not alias.isascii()), ""
        )
        found = agency(name) if name else None
        if found:
            return _in_zone(agency_claim(context, "dateline", Relation.WIRE, block, match.span(), found, 0.9), zone)
    return None


def _in_zone(claim: Claim, zone: str) -> Claim:
    if zone == "lead":
        return claim
    if zone == "head":
        return replace(claim, confidence=0.6)
    return claim.trapped("a dateline elsewhere than at the beginning of the text")


def _byline(context: Context, block: Block, zone: str) -> Claim | None:
    """A line that is nothing but an author, the author being an agency: "Por Agencia EFE", "By X, AP"."""
    if len(block.text) > _SHORT or COPYRIGHT.search(block.text):
        return None
    match = _BY.match(block.text)
    if not match:
        return None
    names = re.sub(r"^[(\[]|[)\]]$", "", match["names"].strip(" .—–-|•"))
    whole = agencies_in_list(names) if agency(re.split(r"[,/;&|]", names)[0]) or agency(names) else []
    # "By Jane Doe, Reuters"; "von Max Muster, dpa"; "Jane Doe | AP"; "By Associated Press | Oct. 7, 2020"
    parts = [part.strip() for part in re.split(r"\s?[,|•·–—(/]\s?|\s-\s|\d", names)[:6]]
    if whole and len(names) < 3 and match.start("names") == 0 and "author" not in block.marks:
        return None  # two letters are a button for larger type as often as an agency
    found = whole[0] if whole else next((one for one in map(agency, parts) if one), None)
    if not found:
        return None
    said = match.start("names") > 0 or "author" in block.marks
    claim = agency_claim(
        context, "byline", Relation.WIRE, block, match.span(), found, 0.85 if whole and said else 0.8 if said else 0.7
    )
    if not whole and parts and not agency(parts[0]):
        claim = replace(claim, author=parts[0][:80], confidence=claim.confidence - 0.1)
    if zone == "outside" and not said:
        return claim.trapped("far from this text")
    # A word in a list of topics is no byline.
    return replace(claim, confidence=0.4) if not said and context.page.beyond(block) > _NEAR else claim


_LOWER = re.compile(r"[a-z]{2,5}(?:/[a-z]{2,5}){0,3}")


def _tail(context: Context, block: Block, zone: str) -> Claim | None:
    """The agency in the last words: "(dpa)", "— The Associated Press", "/ritzau/"."""
    text = block.text[-200:]
    offset = len(block.text) - len(text)
    for pattern in (_END_BRACKET, _END_SLASH, _END_DASH):
        match = pattern.search(text)
        if not match:
            continue
        found = agencies_in_list(match["name"])
        if not found and pattern is _END_BRACKET and _LOWER.fullmatch(match["name"]):
            found = agencies_in_list(match["name"].upper())  # "(ats/nxp)": in these brackets nobody writes capitals
        if not found or _WITH.match(match["name"]):
            continue
        initials = re.search(r"[/,;+]\s?(?P<letters>[a-zäöü]{2,4})$", match["name"])
        edited = initials and not agency(initials["letters"]) and not agency(match["name"])
        relation = Relation.PARTIAL if edited else Relation.WIRE
        span = (offset + match.start(), offset + match.end())
        claim = agency_claim(context, "agency-tail", relation, block, span, found[0], 0.85)
        if zone == "tail" and (context.page.beyond(block) <= _NEAR or len(text) <= 60):
            return claim
        if zone in ("body", "tail"):
            return replace(claim, confidence=0.3)
        return claim.trapped("at the end of another text")
    return None


def _wire_id(context: Context, block: Block) -> Iterator[Claim]:
    for match in list(_WIRE_ID.finditer(block.text))[:3]:
        found = agency(match["name"])
        if found:
            yield agency_claim(context, "wire-id", Relation.WIRE, block, match.span(), found, 0.95)


def _copyright(context: Context, block: Block, zone: str) -> Iterator[Claim]:
    """Copyright lines: an agency's, which is then the source; the page's own, which may contradict an attribution."""
    if len(block.text) > 2_000:
        return
    for match in list(COPYRIGHT.finditer(block.text))[:3]:
        rest = block.text[match.end() : match.end() + 120]
        years = _YEARS.match(rest)
        begin = match.end() + (years.end() if years else 0)
        name, length = outlet_named(block.text[begin : begin + 100], _NEVER)
        span = (match.start(), min(len(block.text), max(begin + length, match.end())))
        found = agency(name) or agency(name.split(" All ")[0].split(" Alle ")[0].strip())
        if found is None:
            holder = re.sub(r"\s?\d{4}.{0,20}$", "", name)
            found = agency(holder)
        if found:
            claim = agency_claim(
                context, "copyright-line", Relation.WIRE, block, span, found, 0.8 if zone == "tail" else 0.3
            )
            if not re.search(r"\d{4}", block.text[match.start() : match.end() + 120]):
                claim = replace(claim, confidence=min(claim.confidence, 0.45))  # as often a picture's
            before = block.text[max(0, match.start() - 80) : match.start()]
            if _MARKET.search(block.text[:600]):
                claim = claim.trapped("about market data, not about this text")
            elif re.search(r"\b(?:articles|stories|photos|images|content|items|material)\b", before, re.IGNORECASE):
                claim = claim.trapped("about the site's articles in general, not about this one")
            elif zone == "outside":
                claim = claim.trapped("a copyright line far from the text")
            yield claim
        elif name and _REPRINTED.search(block.text[span[1] : span[1] + 120]) and not context.own.is_self(name, ""):
            yield context.in_text("copyright-line", Relation.REPUBLICATION, block, span, name, 0.6)
        elif not name or context.own.is_self(name, "") or RESERVED.search(block.text[:600]):
            yield context.in_text(
                "copyright-notice",
                Relation.REPUBLICATION,
                block,
                (match.start(), min(len(block.text), match.start() + 300)),
                name or context.page.site,
                0.5,
                direction=Direction.OWN,
            )

"""Which source a page states, from all that it says: claims that name the same outlet support each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from archiver.provenance.agencies import agency
from archiver.provenance.claim import Claim, Direction, Relation, Target
from archiver.provenance.outlets import domain_named, label_of, plain

_MIN_CONFIDENCE = 0.5
# An outlet that carried the agency's text stands nearer to this page than the agency, however often that is named.
_MAX_WIRE_RANK = 0.68
_POINTING = (Relation.VIA, Relation.CITES)
_OF_THE_TEXT = (
    Relation.REPUBLICATION,
    Relation.WIRE,
    Relation.TRANSLATION,
    Relation.PARTIAL,
    Relation.ADAPTATION,
)
# Metadata is filled by machines; where a sentence says something else, the sentence was written for this item.
_WRITTEN = 0.05


@dataclass(frozen=True)
class Source:
    """The source that a page states: outlet, author, address, relation, and the claims that say so."""

    outlet: str
    site: str
    author: str
    claimed_url: str
    relation: Relation
    confidence: float
    same_group: bool
    claims: tuple[Claim, ...]
    agency: str = ""  # the wire agency that the text is also said to come from


@dataclass(frozen=True)
class Judgement:
    """The stated source or the reason why there is none; who posted the page; what speaks against the source."""

    source: Source | None
    reason: str
    first_poster: str = ""
    points_to: tuple[Claim, ...] = ()
    conflicts: tuple[Claim, ...] = ()  # claims that name another source
    contradictions: tuple[Claim, ...] = ()  # the page's own copyright notices


def judge(claims: Sequence[Claim]) -> Judgement:
    """Weigh the claims of one page. Claims with a trap support nothing; `via` and `cites` alone make no source."""
    live = [claim for claim in claims if claim.trap is None and claim.direction is Direction.FROM]
    stating = [claim for claim in live if claim.relation in _OF_THE_TEXT]
    pointing = tuple(claim for claim in live if claim.relation in _POINTING)
    own = tuple(claim for claim in claims if claim.kind == "copyright-notice")
    poster = _poster(claims)
    groups = _groups(stating)
    weighed = sorted(((_weight(group), group) for group in groups), key=lambda item: _rank(*item), reverse=True)
    weighed = [item for item in weighed if item[0] >= _MIN_CONFIDENCE] or weighed[:1]
    if not weighed or weighed[0][0] < _MIN_CONFIDENCE:
        return Judgement(None, _why_none(claims, pointing, weighed), poster, pointing, tuple(stating))
    confidence, best = weighed[0]
    others = tuple(claim for claim in stating if claim not in best)
    agencies = [
        claim.outlet for claim in others if claim.relation is Relation.WIRE and claim.confidence >= _MIN_CONFIDENCE
    ]
    first = _leading(best)
    source = Source(
        outlet=_name(best),
        site=next((claim.site for claim in _ordered(best) if claim.site), ""),
        author=next((claim.author for claim in _ordered(best) if claim.author), ""),
        claimed_url=_address(best),
        relation=first.relation,
        confidence=round(min(confidence, 0.99), 2),
        same_group=any(claim.same_group for claim in best),
        claims=tuple(best),
        agency=agencies[0] if agencies and first.relation is not Relation.WIRE else "",
    )
    return Judgement(source, "", poster, pointing, others, own)


def _why_none(claims: Sequence[Claim], pointing: Sequence[Claim], weighed: Sequence[tuple[float, list[Claim]]]) -> str:
    if weighed:
        return f"what names {_name(weighed[0][1])} is too weak"
    if pointing:
        return f"the page only points to {pointing[0].outlet}; whether its text is from there, the text must show"
    traps = [claim.trap for claim in claims if claim.trap]
    return f"only traps: {traps[0]}" if traps else "the page names no source"


def _poster(claims: Iterable[Claim]) -> str:
    named = [claim for claim in claims if claim.kind in ("poster", "author") and claim.direction is Direction.OWN]
    named.sort(key=lambda claim: claim.kind != "poster")
    return named[0].author if named else ""


def _keys(claim: Claim) -> set[str]:
    keys = {plain(claim.outlet)} if claim.outlet else set()
    if claim.site:
        keys |= {claim.site, plain(label_of(claim.site))}
    named = domain_named(claim.outlet)
    if named:
        keys.add(named)
    found = agency(claim.outlet)
    if found:
        keys.add(plain(found.name))
    return {key for key in keys if len(key) > 1}


def _groups(claims: Sequence[Claim]) -> list[list[Claim]]:
    """The claims by the outlet that they name: by site, by domain or by name."""
    groups: list[tuple[set[str], list[Claim]]] = []
    for claim in claims:
        keys = _keys(claim)
        joined = [group for group in groups if group[0] & keys]
        for group in joined:
            groups.remove(group)
        merged = (keys.union(*(group[0] for group in joined)), [one for group in joined for one in group[1]] + [claim])
        groups.append(merged)
    return [group for _, group in groups]


def _weight(group: Sequence[Claim]) -> float:
    """1 less the chance that every kind of signal errs, the best of each kind counting."""
    best: dict[str, float] = {}
    for claim in group:
        best[claim.kind] = max(best.get(claim.kind, 0.0), claim.confidence)
    doubt = 1.0
    for confidence in best.values():
        doubt *= 1 - confidence
    return 1 - doubt + 1e-9


def _rank(weight: float, group: Sequence[Claim]) -> float:
    """The weight; more for what was written for this item or has an article's address, less for what is further off."""
    if any(claim.kind == "attribution" for claim in group):
        weight += _WRITTEN
    if any(claim.target_kind is Target.ARTICLE for claim in group):
        weight += 0.1
    if all(claim.relation is Relation.WIRE for claim in group):
        weight = min(weight, _MAX_WIRE_RANK)
    if all(claim.kind == "material" for claim in group):
        weight -= 0.2
    return weight


def _ordered(group: Sequence[Claim]) -> list[Claim]:
    return sorted(group, key=lambda claim: claim.confidence, reverse=True)


def _leading(group: Sequence[Claim]) -> Claim:
    """The claim whose relation is the group's: a more special one than republication wins where it is as sure."""
    return max(group, key=lambda claim: (round(claim.confidence, 1), claim.relation is not Relation.REPUBLICATION))


def _name(group: Sequence[Claim]) -> str:
    """The outlet's name as most surely said, a name in words rather than a domain."""
    ordered = _ordered(group)
    worded = [claim.outlet for claim in ordered if claim.outlet and not domain_named(claim.outlet)]
    return worded[0] if worded else ordered[0].outlet


def _address(group: Sequence[Claim]) -> str:
    """The article's address as said: a sentence's link first, then the head's; never a home page."""
    found = [claim for claim in _ordered(group) if claim.target_kind is Target.ARTICLE]
    return found[0].target_url if found else ""

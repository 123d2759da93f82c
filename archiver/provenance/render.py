"""A chain for people, as a tree or a diagram (Mermaid), and for programs, as JSON.

What a page wrote is made safe to print by the function that the caller gives; in a diagram it is encoded besides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from archiver.provenance.claim import Relation
from archiver.provenance.dates import DateFound, Kind, Method
from archiver.provenance.documents import (
    MAX_NAME_CHARS,
    candidate_document,
    claim_document,
    clean,
    date_document,
    node_document,
    plain,
)
from archiver.provenance.graph import Chain, DirectionBy, Edge, End, EndKind, Node, NodeKind, Status, is_evidence

Printable = Callable[[str], str]

_MAX_HOPS = 50  # a deeper tree is wider than any screen
_MAX_CLAIMS = 5  # of an edge
_MAX_PASSAGES = 3  # of a kind of change
_MAX_CANDIDATES = 10
_MAX_CHARS = 300  # of a passage
_MAX_LABEL_CHARS = 80

_RELATIONS = {
    Relation.REPUBLICATION: "republished from",
    Relation.WIRE: "from a report of",
    Relation.TRANSLATION: "translated from",
    Relation.PARTIAL: "in part from",
    Relation.ADAPTATION: "adapted from",
    Relation.QUOTES: "quotes",
    Relation.VIA: "found via",
    Relation.ILLUSTRATES: "illustrated by",
    Relation.CITES: "cites",
}
_DIRECTIONS = {
    DirectionBy.CLAIMS: "what the pages say",
    DirectionBy.WIRE_ID: "the number of the agency's report",
    DirectionBy.CITES: "which names the other",
    DirectionBy.DATES: "the dates",
    DirectionBy.LEFTOVERS: "what was left over of the source in the copy",
    DirectionBy.UNKNOWN: "nothing: it could be the other way round",
}
_METHODS = {
    Method.JSON_LD: "by its JSON-LD",
    Method.META: "by a meta tag",
    Method.TIME_ELEMENT: "by the time element at its headline",
    Method.FEED: "by a feed",
    Method.SITEMAP: "by a sitemap",
    Method.VISIBLE: "by what readers see",
    Method.URL: "by its address",
    Method.LAST_MODIFIED: "by the header field Last-Modified",
    Method.FIRST_CAPTURE: "by its first capture",
}
_ENDS = {
    EndKind.ORIGIN: "this is the origin",
    EndKind.ORIGIN_NOT_CAPTURED: "this is the origin, which was not captured",
    EndKind.WIRE_AGENCY: "a wire agency, which is an origin without an address",
    EndKind.UNRESOLVED: "the article could not be found",
    EndKind.AMBIGUOUS: "several articles could be meant",
    EndKind.CYCLE: "the pages name each other",
    EndKind.DEPTH: "no more hops were asked for",
}
_WITHOUT_TITLE = {
    NodeKind.ARTICLE: "an article",
    NodeKind.OUTLET: "an article not located",
    NodeKind.AGENCY: "a report not located",
    NodeKind.POST: "a post",
    NodeKind.PICTURE: "a picture",
}


def tree(chain: Chain, printable: Printable) -> str:
    """The chain as indented text: every article with who posted and wrote it and when, every hop with its evidence.

    An article that comes up again is only named the second time, so a cycle ends.
    """
    lines: list[str] = []
    seen: set[str] = set()
    waiting: list[tuple[str, Edge | None, str, str, int]] = [(chain.start, None, "", "", 0)]
    while waiting:
        id_, edge, first, rest, hops = waiting.pop()
        node, again = chain.node(id_), id_ in seen
        seen.add(id_)
        edges = () if again else chain.edges_from(id_)
        shown = edges if hops < _MAX_HOPS else ()
        told = [("" if edge is None else f"{_RELATIONS[edge.relation]}: ") + _title(node, printable)]
        told += ["is told above"] if again else _about(node, printable)
        told += [] if edge is None else _evidence(edge, printable)
        for end in () if again else chain.ends_at(id_):
            told += _end(end, printable)
        if len(edges) > len(shown):
            told.append(f"what it comes from is more than {_MAX_HOPS} hops away and not shown")
        lines.append(first + told[0])
        lines += [rest + ("│  " if shown else "   ") + line for line in told[1:]]
        for number, child in reversed(list(enumerate(shown))):
            last = number == len(shown) - 1
            waiting.append(
                (child.earlier, child, rest + ("└─ " if last else "├─ "), rest + ("   " if last else "│  "), hops + 1)
            )
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _title(node: Node, printable: Printable) -> str:
    return printable(node.title[:_MAX_CHARS]) or _WITHOUT_TITLE[node.kind]


def _about(node: Node, printable: Printable) -> list[str]:
    lines = []
    if node.url:
        lines.append(printable(node.url[:_MAX_CHARS]))
    outlet = f"{node.outlet} ({node.site})" if node.outlet and node.site else node.outlet or node.site
    who = [
        f"{word} {printable(name[:_MAX_CHARS])}"
        for word, name in (("in", outlet), ("posted by", node.poster), ("written by", node.author))
        if name
    ]
    if who:
        lines.append(", ".join(who))
    if node.published is not None or node.snapshot:
        lines.append(_when(node.published, printable))
    if node.snapshot:
        lines.append(f"captured as {printable(node.snapshot)}")
    return lines


def _when(date: DateFound | None, printable: Printable) -> str:
    if date is None:
        return "first published at an unknown time"
    said = f"{printable(str(date))}, {_METHODS[date.method]}"
    if date.kind is Kind.MODIFIED or date.method is Method.FIRST_CAPTURE:
        return f"first published no later than {said}"
    return f"first published no earlier than {said}" if date.kind is Kind.CREATED else f"first published {said}"


def _end(end: End, printable: Printable) -> Iterator[str]:
    reason = f": {printable(end.reason[:_MAX_CHARS])}" if end.reason else ""
    yield f"the trail ends here ({_ENDS[end.kind]}){reason}"
    for candidate in end.candidates[:_MAX_CANDIDATES]:
        parts = (candidate.title, candidate.outlet, candidate.url, candidate.reason)
        yield "candidate: " + ", ".join(printable(part[:_MAX_CHARS]) for part in parts if part)
    if len(end.candidates) > _MAX_CANDIDATES:
        yield f"and {len(end.candidates) - _MAX_CANDIDATES} more candidates"


def _evidence(edge: Edge, printable: Printable) -> Iterator[str]:
    group = ", same publishing group" if edge.same_group else ""
    yield f"{_status(edge)}{group}"
    evidence = [claim for claim in edge.claims if is_evidence(claim)]
    for claim in evidence[:_MAX_CLAIMS]:
        yield f"said in “{printable(claim.passage[:_MAX_CHARS])}” ({printable(claim.kind)})"
    if len(evidence) > _MAX_CLAIMS:
        yield f"and in {len(evidence) - _MAX_CLAIMS} more places"
    if len(edge.claims) > len(evidence):
        yield f"traps, which count for nothing: {len(edge.claims) - len(evidence)}"
    if edge.match is not None:
        yield from _compared(edge.match, printable)
    if edge.relation not in (Relation.ILLUSTRATES, Relation.QUOTES):
        yield f"which was first: told by {_DIRECTIONS[edge.direction_by]}"


def _status(edge: Edge) -> str:
    if edge.status is Status.CLAIMED:
        return "claimed; " + ("not compared" if edge.match is None else "comparing the texts does not show it")
    return {
        Status.VERIFIED: "verified by comparing the texts",
        Status.CONTRADICTED: "contradicted by what was found",
        Status.UNKNOWN: "unknown",
    }[edge.status]


def _compared(match: Mapping[str, object], printable: Printable) -> Iterator[str]:
    """What a comparison showed, as far as it has the parts that `match` makes; others are passed over."""
    earlier, later = (_share(match.get(side)) for side in ("first", "second"))
    if earlier and later:
        yield f"{earlier} of the earlier text is in the later, {later} of the later in the earlier"
    given = match.get("passages")
    passages = [one for one in given if isinstance(one, Mapping)] if isinstance(given, Sequence) else []
    for change in ("added", "removed", "changed"):
        found = [passage for passage in passages if passage.get("change") == change]
        if found:
            yield f"{change}: {len(found)} {'passage' if len(found) == 1 else 'passages'}"
        for passage in found[:_MAX_PASSAGES]:
            texts = [_text(passage.get(side)) for side in ("first", "second")]
            yield "   " + " became ".join(f"“{printable(text[:_MAX_CHARS])}”" for text in texts if text)


def _share(side: object) -> str:
    value = side.get("contained_per_mille") if isinstance(side, Mapping) else None
    return f"{value // 10} %" if isinstance(value, int) else ""


def _text(side: object) -> str:
    value = side.get("text") if isinstance(side, Mapping) else None
    return value if isinstance(value, str) else ""


def chain_document(chain: Chain) -> dict[str, Any]:
    """The chain as JSON values, `archiver-chain/1`.

    `start` is a node's id. `nodes`: `documents.node_document` and `published`, a date or None. `edges`: `later` and
    `earlier` (ids), `relation`, `status`, `same_group`, `direction_by`, `claims`, `match` and `dates` of both. `ends`:
    `node`, `kind`, `reason`, `candidates`. Everything a page wrote is as it wrote it, lone surrogates and length
    excepted.
    """
    return {
        "format": "archiver-chain/1",
        "start": chain.start,
        "nodes": [{**node_document(node), "published": _date_or_none(node.published)} for node in chain.nodes],
        "edges": [
            {
                "later": edge.later,
                "earlier": edge.earlier,
                "relation": str(edge.relation),
                "status": str(edge.status),
                "same_group": edge.same_group,
                "direction_by": str(edge.direction_by),
                "claims": [claim_document(claim) for claim in edge.claims],
                "match": None if edge.match is None else plain(edge.match),
                "dates": {"later": _date_or_none(edge.later_date), "earlier": _date_or_none(edge.earlier_date)},
            }
            for edge in chain.edges
        ],
        "ends": [
            {
                "node": end.node,
                "kind": str(end.kind),
                "reason": clean(end.reason, MAX_NAME_CHARS),
                "candidates": [candidate_document(candidate) for candidate in end.candidates],
            }
            for end in chain.ends
        ],
    }


def _date_or_none(date: DateFound | None) -> dict[str, Any] | None:
    return None if date is None else date_document(date)


_SHAPES = {
    NodeKind.ARTICLE: ('["', '"]'),
    NodeKind.OUTLET: ('(["', '"])'),
    NodeKind.AGENCY: ('(["', '"])'),
    NodeKind.POST: ('("', '")'),
    NodeKind.PICTURE: ('[/"', '"/]'),
}
_ARROWS = {
    Status.VERIFIED: "==>",
    Status.CLAIMED: "-.->",
    Status.CONTRADICTED: "--x",
    Status.UNKNOWN: "---",
}


def mermaid(chain: Chain, printable: Printable) -> str:
    """The chain as a Mermaid flowchart: verified edges thick, claimed ones dotted, contradicted ones crossed."""
    names = {node.id: f"n{number}" for number, node in enumerate(chain.nodes)}
    lines = ["flowchart TD"]
    for node in chain.nodes:
        before, after = _SHAPES[node.kind]
        label = [_title(node, printable)[:_MAX_LABEL_CHARS], printable((node.outlet or node.site)[:_MAX_LABEL_CHARS])]
        label += [str(end.kind) for end in chain.ends_at(node.id)]
        lines.append(f"    {names[node.id]}{before}{'<br/>'.join(_encoded(part) for part in label if part)}{after}")
    for edge in chain.edges:
        said = f"{_RELATIONS[edge.relation]}, {edge.status}"
        lines.append(f'    {names[edge.later]} {_ARROWS[edge.status]}|"{said}"| {names[edge.earlier]}')
    return "\n".join(lines) + "\n"


def _encoded(text: str) -> str:
    """A text for a label: all of ASCII that is no letter, digit, blank, comma or full stop as Mermaid's `#code;`."""
    return "".join(
        character if not character.isascii() or character.isalnum() or character in " ,." else f"#{ord(character)};"
        for character in text
    )

"""The graph of reposts: articles, what they come from by which evidence, and where each trail ends.

What may be said is enforced by these types:

1. No edge without evidence: a claim that is no trap, or a comparison of the texts. Dates alone never make one.
2. What is claimed and what the text shows are told apart by the edge's status, and never merged.
3. Signals that conflict are edges side by side.
4. Pictures and quoted posts are edges of their own, never the source of the text.

The order of everything follows from what is in it, so that the same findings make the same chain.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property

from archiver.provenance.claim import Claim, Direction, Relation
from archiver.provenance.dates import DateFound, Order, order

MAX_ID_CHARS = 2_000
_SHA256 = re.compile(r"[0-9a-f]{64}")

#: relations by which an article's text comes from its source
OF_THE_TEXT = frozenset(
    {Relation.REPUBLICATION, Relation.WIRE, Relation.TRANSLATION, Relation.PARTIAL, Relation.ADAPTATION}
)
#: relations that only lead on; without a comparison of the texts they say nothing of the text
POINTING = frozenset({Relation.VIA, Relation.CITES})


class NodeKind(StrEnum):
    """What a node stands for."""

    ARTICLE = "article"
    OUTLET = "outlet"  # an article of it, which is not known by address
    AGENCY = "agency"  # a report of it, which is not known by address
    POST = "post"  # on a social platform
    PICTURE = "picture"


class Status(StrEnum):
    """What is known of an edge."""

    CLAIMED = "claimed"  # a page says so; its text does not show it, or was not compared
    VERIFIED = "verified"  # the text shows it
    CONTRADICTED = "contradicted"  # the text, or a page's own word, speaks against it
    UNKNOWN = "unknown"


class DirectionBy(StrEnum):
    """What told which of the two comes from the other, the surest first."""

    CLAIMS = "claims"
    WIRE_ID = "wire-id"
    CITES = "cites"
    DATES = "dates"
    LEFTOVERS = "leftovers"
    UNKNOWN = "unknown"


class EndKind(StrEnum):
    """Why a trail goes no further."""

    ORIGIN = "origin"
    ORIGIN_NOT_CAPTURED = "origin-not-captured"
    WIRE_AGENCY = "wire-agency"
    UNRESOLVED = "unresolved"
    AMBIGUOUS = "ambiguous"
    CYCLE = "cycle"
    DEPTH = "depth"


@dataclass(frozen=True)
class Node:
    """An article, or what stands for one. What is not known is empty or None.

    `id` is unique in its chain, of at most `MAX_ID_CHARS`, without lone surrogates: no cleaning may make two the same.
    """

    id: str
    kind: NodeKind
    snapshot: str | None = None
    url: str = ""
    outlet: str = ""
    site: str = ""
    title: str = ""
    author: str = ""
    poster: str = ""
    published: DateFound | None = None
    text_sha256: str | None = None

    def __post_init__(self) -> None:
        if not 0 < len(self.id) <= MAX_ID_CHARS:
            raise ValueError(f"a node needs an id of at most {MAX_ID_CHARS} characters")
        self.id.encode("utf-8")
        if self.text_sha256 is not None and not _SHA256.fullmatch(self.text_sha256):
            raise ValueError("the SHA-256 of a text is 64 hexadecimal digits in lower case")


@dataclass(frozen=True)
class Edge:
    """That `later` comes from `earlier` (ids of nodes), and the evidence for it.

    `match` is what comparing their texts showed, as plain JSON values; its `first` is the earlier article, its `second`
    the later. The claims are put in order: the surest first, those that are no evidence last.
    """

    later: str
    earlier: str
    relation: Relation
    status: Status
    same_group: bool
    claims: tuple[Claim, ...]
    match: Mapping[str, object] | None
    direction_by: DirectionBy
    later_date: DateFound | None = None
    earlier_date: DateFound | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "claims", tuple(sorted(self.claims, key=_strength)))
        if self.later == self.earlier:
            raise ValueError("nothing comes from itself")
        evidence = [claim for claim in self.claims if is_evidence(claim)]
        if not evidence and self.match is None:
            raise ValueError("an edge needs a claim that is no trap, or a comparison of the texts; dates are neither")
        if self.status is Status.CLAIMED and not evidence:
            raise ValueError("an edge that is claimed needs a claim")
        if self.status is Status.VERIFIED and self.match is None:
            raise ValueError("an edge is verified by a comparison of the texts only")
        self._check_relation(evidence)
        self._check_direction(evidence)

    def _check_relation(self, evidence: list[Claim]) -> None:
        for relation in (Relation.ILLUSTRATES, Relation.QUOTES):
            if any((claim.relation is relation) != (self.relation is relation) for claim in evidence):
                raise ValueError(f"claims of another relation cannot be evidence for an edge that {self.relation}")
        pointing = all(claim.relation in POINTING for claim in evidence)
        if self.relation in OF_THE_TEXT and self.match is None and pointing:
            raise ValueError("claims that only point to a source make no source without a comparison of the texts")

    def _check_direction(self, evidence: list[Claim]) -> None:
        if self.direction_by is DirectionBy.CLAIMS and not evidence:
            raise ValueError("the direction cannot be told by claims that are not there")
        if self.direction_by is not DirectionBy.DATES:
            return
        if self.later_date is None or self.earlier_date is None:
            raise ValueError("the direction cannot be told by dates that are not there")
        if order(self.earlier_date, self.later_date) is not Order.BEFORE:
            raise ValueError("the dates do not tell which was first")


def is_evidence(claim: Claim) -> bool:
    """Whether a claim supports an edge: it is no trap, and not a page's word that it is its own."""
    return claim.trap is None and claim.direction is not Direction.OWN


def _strength(claim: Claim) -> tuple[object, ...]:
    where = claim.place
    return (
        not is_evidence(claim),
        -claim.confidence,
        claim.kind,
        claim.outlet,
        claim.target_url,
        where.frame,
        where.start,
        where.end,
        where.xpath,
        repr(claim),
    )


@dataclass(frozen=True)
class Candidate:
    """What could be the source and was not taken, and why."""

    url: str = ""
    outlet: str = ""
    title: str = ""
    reason: str = ""


@dataclass(frozen=True)
class End:
    """That the trail ends at a node, and why. Candidates are in the order in which they were weighed."""

    node: str
    kind: EndKind
    reason: str
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True)
class Chain:
    """All that was found from one article back. Raises `ValueError` where the parts do not fit together."""

    start: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...] = ()
    ends: tuple[End, ...] = ()
    _by_id: dict[str, Node] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_id = {node.id: node for node in self.nodes}
        if len(by_id) != len(self.nodes):
            raise ValueError("two nodes have one id")
        named = {self.start, *(end.node for end in self.ends)}
        for edge in self.edges:
            named |= {edge.later, edge.earlier}
        unknown = sorted(named - by_id.keys())
        if unknown:
            raise ValueError(f"there is no node {unknown[0]!r}")
        on_edges = {self.start, *(edge.later for edge in self.edges), *(edge.earlier for edge in self.edges)}
        apart = sorted(by_id.keys() - on_edges)
        if apart:
            raise ValueError(f"no edge leads to or from the node {apart[0]!r}")
        for edge in self.edges:
            _check_kinds(edge, by_id[edge.later], by_id[edge.earlier])
        object.__setattr__(self, "_by_id", by_id)
        object.__setattr__(self, "nodes", tuple(by_id[key] for key in sorted(by_id)))
        object.__setattr__(self, "edges", tuple(sorted(self.edges, key=_edge_order)))
        object.__setattr__(self, "ends", tuple(sorted(self.ends, key=lambda end: (end.node, end.kind, repr(end)))))
        if any(one == two for one, two in zip(self.edges, self.edges[1:], strict=False)):
            raise ValueError("two edges say the same")

    def node(self, id_: str) -> Node:
        """The node of an id. Raises `KeyError`."""
        return self._by_id[id_]

    def edges_from(self, later: str) -> tuple[Edge, ...]:
        """The edges to all that a node comes from, those of its text first."""
        return self._from.get(later, ())

    def ends_at(self, id_: str) -> tuple[End, ...]:
        """The ends of the trail at a node."""
        return tuple(end for end in self.ends if end.node == id_)

    @cached_property
    def _from(self) -> dict[str, tuple[Edge, ...]]:
        found: dict[str, list[Edge]] = {}
        for edge in self.edges:
            found.setdefault(edge.later, []).append(edge)
        return {later: tuple(sorted(edges, key=_reading_order)) for later, edges in found.items()}


_STATUS_ORDER = (Status.VERIFIED, Status.CLAIMED, Status.UNKNOWN, Status.CONTRADICTED)


def _reading_order(edge: Edge) -> tuple[int, int]:
    kind = 0 if edge.relation in OF_THE_TEXT else 1 if edge.relation in POINTING else 2
    return kind, _STATUS_ORDER.index(edge.status)


def _edge_order(edge: Edge) -> tuple[str, ...]:
    match = json.dumps(edge.match, sort_keys=True, default=repr)
    return edge.later, edge.earlier, edge.relation, edge.status, repr(replace(edge, match={})), match


def _check_kinds(edge: Edge, later: Node, earlier: Node) -> None:
    if later.kind in (NodeKind.OUTLET, NodeKind.AGENCY):
        raise ValueError(f"what an article of an {later.kind} comes from cannot be said before it is known")
    if (earlier.kind is NodeKind.PICTURE) != (edge.relation is Relation.ILLUSTRATES):
        raise ValueError("a picture illustrates, and only a picture; it is no article's source")
    if earlier.kind is NodeKind.POST and edge.relation not in (*POINTING, Relation.QUOTES):
        raise ValueError("a post is quoted or pointed to; it is no article's source")

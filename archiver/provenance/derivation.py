"""An edge as the statement `derivation` that is sealed in the log, and read back from there.

A statement is bounded whatever the pages held: parts that had to be shortened are named in `cut`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from archiver import clock
from archiver.moments import parse_rfc3339
from archiver.provenance.claim import Relation
from archiver.provenance.documents import (
    MAX_NAME_CHARS,
    Fields,
    candidate_document,
    claim_document,
    clean,
    date_document,
    leaves,
    node_document,
    plain,
    read_candidate,
    read_claim,
    read_date,
    read_node,
    size_bytes,
)
from archiver.provenance.graph import Chain, DirectionBy, Edge, End, EndKind, Node, Status
from archiver.version import __version__

_FORMAT = "archiver-statement/1"
MAX_STATEMENT_BYTES = 256 * 1024
MAX_CLAIMS = 50
MAX_CANDIDATES = 50
# Of the whole, so that the rest (object, dates, end) has room at its largest.
_CLAIMS_BYTES = 64 * 1024
_MATCH_BYTES = 56 * 1024
_CANDIDATES_BYTES = 24 * 1024


@dataclass(frozen=True)
class Derivation:
    """That the snapshot `edge.later` comes from `object`, as it is stated.

    `edge.earlier` is the object's id, and the object's date of publication that of the edge. `cut` names the parts that
    are not whole: `claims`, `match`, `candidates`.
    """

    id: str
    edge: Edge
    object: Node
    end: End | None
    made_at: datetime
    software: str
    subject_text_sha256: str | None = None
    cut: tuple[str, ...] = ()


def derivation_of(chain: Chain, edge: Edge, id_: str, made: datetime) -> Derivation:
    """What is stated of an edge of a chain. Raises `ValueError` where the later article is no snapshot."""
    later, earlier = chain.node(edge.later), chain.node(edge.earlier)
    if later.snapshot is None:
        raise ValueError("only of a snapshot can be stated what it comes from")
    ends = chain.ends_at(earlier.id)
    return Derivation(
        id=id_,
        edge=replace(edge, later=later.snapshot),
        object=replace(earlier, published=edge.earlier_date),
        end=ends[0] if ends else None,
        made_at=made,
        software=f"archiver/{__version__}",
        subject_text_sha256=later.text_sha256,
    )


def to_statement(derivation: Derivation) -> dict[str, Any]:
    """The statement, at most `MAX_STATEMENT_BYTES` in canonical JSON."""
    edge, end = derivation.edge, derivation.end
    cut = set(derivation.cut)
    all_claims = [claim_document(claim) for claim in edge.claims]
    claims = _first(all_claims[:MAX_CLAIMS], _CLAIMS_BYTES)
    match = None if edge.match is None else _fitted(plain(edge.match), _MATCH_BYTES)
    all_candidates = [candidate_document(candidate) for candidate in end.candidates] if end else []
    candidates = _first(all_candidates[:MAX_CANDIDATES], _CANDIDATES_BYTES)
    cut |= {"claims"} if len(claims) < len(all_claims) else set()
    cut |= {"match"} if leaves(match) < leaves(edge.match) else set()
    cut |= {"candidates"} if len(candidates) < len(all_candidates) else set()
    sha256 = derivation.subject_text_sha256
    return {
        "type": "derivation",
        "format": _FORMAT,
        "id": clean(derivation.id, MAX_NAME_CHARS),
        "subject": clean(edge.later, MAX_NAME_CHARS),
        **({} if sha256 is None else {"subject_text_sha256": sha256}),
        "object": node_document(derivation.object),
        "relation": str(edge.relation),
        "status": str(edge.status),
        "same_group": edge.same_group,
        "direction_by": str(edge.direction_by),
        "claims": claims,
        "match": match,
        "dates": {
            "subject": None if edge.later_date is None else date_document(edge.later_date),
            "object": None if edge.earlier_date is None else date_document(edge.earlier_date),
        },
        **({} if end is None else {"end": {"kind": str(end.kind), "reason": clean(end.reason, MAX_NAME_CHARS)}}),
        "candidates": candidates,
        "cut": sorted(cut),
        "made_at": clock.rfc3339(derivation.made_at),
        "software": clean(derivation.software, MAX_NAME_CHARS),
    }


def from_statement(document: object) -> Derivation:
    """The inverse of `to_statement`. Raises `ValueError` for what is no such statement, or breaks a rule of `graph`."""
    fields = Fields(document, "derivation")
    if (fields.given("type"), fields.given("format")) != ("derivation", _FORMAT):
        raise ValueError("derivation: not a statement of this type and format")
    dates = Fields(fields.given("dates"), "dates")
    later_date, earlier_date = (
        None if dates.given(name) is None else read_date(dates.given(name)) for name in ("subject", "object")
    )
    object_ = read_node(fields.given("object"), earlier_date)
    match = fields.given("match")
    if match is not None and not isinstance(match, Mapping):
        raise ValueError("derivation: 'match' is not an object")
    edge = Edge(
        later=fields.text("subject"),
        earlier=object_.id,
        relation=fields.choice("relation", Relation),
        status=fields.choice("status", Status),
        same_group=fields.flag("same_group"),
        claims=tuple(read_claim(claim) for claim in fields.listed("claims")),
        match=match,
        direction_by=fields.choice("direction_by", DirectionBy),
        later_date=later_date,
        earlier_date=earlier_date,
    )
    return Derivation(
        id=fields.text("id"),
        edge=edge,
        object=object_,
        end=_read_end(fields, object_.id),
        made_at=parse_rfc3339(fields.text("made_at")),
        software=fields.text("software"),
        subject_text_sha256=fields.text_or_none("subject_text_sha256"),
        cut=tuple(part for part in ("candidates", "claims", "match") if part in fields.listed("cut")),
    )


def _read_end(fields: Fields, node: str) -> End | None:
    given = fields.given("end")
    if given is None:
        return None
    end = Fields(given, "end")
    candidates = tuple(read_candidate(candidate) for candidate in fields.listed("candidates"))
    return End(node, end.choice("kind", EndKind), end.text("reason"), candidates)


def _first(items: list[dict[str, Any]], room_bytes: int) -> list[dict[str, Any]]:
    """The first items that have room together. The first has room always: each is bounded."""
    kept: list[dict[str, Any]] = []
    for item in items:
        room_bytes -= size_bytes(item)
        if room_bytes < 0:
            break
        kept.append(item)
    return kept


def _fitted(value: Any, room_bytes: int) -> Any:
    """A JSON value that has room: lists lose what is at their end, objects what is largest."""
    if size_bytes(value) <= room_bytes:
        return value
    if isinstance(value, list):
        kept: list[Any] = []
        for item in value:
            room_bytes -= size_bytes(item) + 2
            if room_bytes < 2:
                break
            kept.append(item)
        return kept
    if isinstance(value, dict):
        fitted: dict[str, Any] = {}
        for key in sorted(value, key=lambda key: (size_bytes(value[key]), key)):
            room_bytes -= size_bytes(key) + 4
            item = _fitted(value[key], room_bytes)
            if room_bytes < size_bytes(item):
                break
            room_bytes -= size_bytes(item)
            fitted[key] = item
        return fitted
    return value

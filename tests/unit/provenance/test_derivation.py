"""The statement of a derivation: what goes in comes back, whatever a page held, and it is never too large."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from archiver.provenance.claim import Claim, Place, Relation
from archiver.provenance.dates import DateFound
from archiver.provenance.derivation import (
    MAX_STATEMENT_BYTES,
    Derivation,
    derivation_of,
    from_statement,
    to_statement,
)
from archiver.provenance.documents import claim_document, plain
from archiver.provenance.graph import Candidate, Chain, DirectionBy, Edge, End, EndKind, Node, NodeKind, Status
from tests.unit.provenance.chains import (
    MATCH,
    ORIGINAL,
    chain,
    claim,
    claims,
    dates,
    edge,
    hostile_chain,
    matches,
    texts,
)

_MADE = datetime(2025, 11, 2, 9, 30, tzinfo=UTC)


def derivations(found: Chain) -> list[Derivation]:
    return [
        derivation_of(found, one, f"d{number}", _MADE)
        for number, one in enumerate(found.edges)
        if found.node(one.later).snapshot
    ]


def test_a_derivation_says_all_that_is_known_of_an_edge() -> None:
    found = chain()
    (first,) = (one for one in found.edges_from("repost") if one.earlier == "original")
    document = to_statement(derivation_of(found, first, "20251102t093000z-cccccccccccccccc", _MADE))
    assert document["type"] == "derivation"
    assert document["format"] == "archiver-statement/1"
    assert document["subject"] == "20251101t101500z-aaaaaaaaaaaaaaaa"
    assert document["object"]["snapshot"] == ORIGINAL.snapshot
    assert (document["relation"], document["status"]) == ("republication", "verified")
    assert document["claims"][0]["confidence_per_cent"] == 90
    assert document["claims"][0]["place"]["xpath"] == "/html/body/p[7]"
    assert document["match"] == MATCH
    assert document["dates"]["object"]["moment"] == "2025-05-01T10:00:00Z"
    assert document["made_at"] == "2025-11-02T09:30:00.000000Z"
    assert document["cut"] == []
    assert "end" not in document


def test_the_end_of_the_trail_and_its_candidates_are_stated() -> None:
    found = chain()
    (last,) = (one for one in found.edges if one.earlier == "outlet:gull")
    document = to_statement(derivation_of(found, last, "d", _MADE))
    assert document["end"] == {"kind": "unresolved", "reason": "nothing in The Gull has this text"}
    assert document["candidates"][0]["url"] == "https://gull.test/ferry"


def test_what_goes_in_comes_back() -> None:
    for derivation in derivations(chain()):
        document = json.loads(rfc8785.dumps(to_statement(derivation)))
        assert from_statement(document) == derivation


def test_only_of_a_snapshot_is_stated_what_it_comes_from() -> None:
    found = Chain("a", (Node("a", NodeKind.ARTICLE), ORIGINAL), (edge("a", "original"),))
    with pytest.raises(ValueError, match="only of a snapshot"):
        derivation_of(found, found.edges[0], "d", _MADE)


def test_a_hostile_page_makes_a_statement_that_comes_back_the_same() -> None:
    for derivation in derivations(hostile_chain()):
        canonical = rfc8785.dumps(to_statement(derivation))
        assert rfc8785.dumps(to_statement(from_statement(json.loads(canonical)))) == canonical


@given(
    st.lists(claims, max_size=4),
    st.none() | matches,
    st.none() | dates,
    st.none() | dates,
    texts,
    st.sampled_from(EndKind),
)
def test_whatever_a_page_holds_comes_back(
    found: list[Claim],
    match: dict[str, Any] | None,
    later_date: DateFound | None,
    earlier_date: DateFound | None,
    text: str,
    kind: EndKind,
) -> None:
    sure = claim(passage=text)
    one = Edge(
        "snap",
        "earlier",
        Relation.REPUBLICATION,
        Status.CLAIMED,
        True,
        (sure, *found),
        match,
        DirectionBy.CLAIMS,
        later_date,
        earlier_date,
    )
    node = Node("earlier", NodeKind.ARTICLE, None, text, text, text, text, text, text, earlier_date)
    end = End("earlier", kind, text, (Candidate(text, "", text, ""),))
    derivation = Derivation("d", one, node, end, _MADE, "archiver/1")
    canonical = rfc8785.dumps(to_statement(derivation))
    again = from_statement(json.loads(canonical))
    assert rfc8785.dumps(to_statement(again)) == canonical
    assert len(again.edge.claims) == len(one.claims)
    assert [one.confidence for one in again.edge.claims] == [one.confidence for one in one.claims]


@pytest.mark.parametrize("character", ["a", "\x01", "𝕏", "\ud800", '"'])
def test_a_statement_has_a_size_at_most_and_says_what_was_cut(character: str) -> None:
    long = character * 30_000
    said = claim(outlet=long, passage=long, kind=long, url=long)
    said = replace(said, author=long, language=long, site=long, place=Place(0, long, 0, 1, long))
    when = chain().node("repost").published
    assert when is not None
    when = replace(when, passage=long, zone=long, place=Place(0, long, 0, 1, long))
    passages = [{"change": "added", "first": {"text": long}} for _ in range(3000)]
    one = edge(
        "snap",
        "earlier",
        claims=tuple(replace(said, confidence=number / 100) for number in range(60)),
        match={"passages": passages, "shared_shingles": 1, long: long},
        later_date=when,
        earlier_date=when,
    )
    node = Node("earlier", NodeKind.ARTICLE, long, long, long, long, long, long, long, when, "a" * 64)
    node = replace(node, id="\x01" * 2000)
    end = End(node.id, EndKind.AMBIGUOUS, long, (Candidate(long, long, long, long),) * 300)
    derivation = Derivation(long, replace(one, earlier=node.id), node, end, _MADE, long)
    document = to_statement(derivation)
    assert len(rfc8785.dumps(document)) <= MAX_STATEMENT_BYTES
    assert document["cut"] == ["candidates", "claims", "match"]
    assert document["match"]["shared_shingles"] == 1
    assert document["match"]["passages"]
    assert max(len(found["passage"]) for found in document["claims"]) == 2000
    assert document["claims"][0]["confidence_per_cent"] == 59
    assert from_statement(document).cut == ("candidates", "claims", "match")


def test_fractions_become_per_mille_and_say_so() -> None:
    assert plain({"containment": 0.8709, "list": [0.5, 1], "nan": float("nan"), "inf": float("inf")}) == {
        "containment_per_mille": 870,
        "list": ["0.5", 1],
        "nan_per_mille": None,
        "inf_per_mille": 10**15,
    }


def test_a_share_just_below_a_threshold_does_not_appear_to_reach_it() -> None:
    assert plain({"containment": 0.69999}) == {"containment_per_mille": 699}


def _without(document: dict[str, Any], *path: str) -> dict[str, Any]:
    changed = copy.deepcopy(document)
    inner: Any = changed
    for key in path[:-1]:
        inner = inner[int(key)] if isinstance(inner, list) else inner[key]
    del inner[path[-1]]
    return changed


@pytest.mark.parametrize(
    "path",
    [
        ("type",),
        ("format",),
        ("id",),
        ("subject",),
        ("object",),
        ("object", "id"),
        ("object", "kind"),
        ("relation",),
        ("status",),
        ("same_group",),
        ("direction_by",),
        ("dates",),
        ("dates", "object", "said"),
        ("dates", "object", "method"),
        ("claims", "0", "place"),
        ("claims", "0", "confidence_per_cent"),
        ("made_at",),
        ("software",),
    ],
)
def test_a_statement_with_a_part_missing_is_refused(path: tuple[str, ...]) -> None:
    (full,) = (one for one in derivations(chain()) if one.edge.earlier == "original")
    document = to_statement(full)
    with pytest.raises(ValueError, match=r"."):
        from_statement(_without(document, *path))


@pytest.mark.parametrize(
    "changes",
    [
        {"relation": "copied"},
        {"relation": ["republication"]},
        {"status": 1},
        {"same_group": 1},
        {"claims": {}},
        {"claims": [1]},
        {"claims": [{**claim_document(claim()), "confidence_per_cent": True}]},
        {"claims": [{**claim_document(claim()), "confidence_per_cent": 101}]},
        {"claims": []},  # the direction is said to be told by them
        {"match": []},
        {"match": None},  # nothing is verified without
        {"made_at": "yesterday"},
        {"object": "somewhere"},
        {"end": 1},
        {"dates": {"object": {"said": "soon"}}},
    ],
)
def test_a_statement_that_breaks_a_rule_is_refused(changes: dict[str, Any]) -> None:
    (full,) = (one for one in derivations(chain()) if one.edge.earlier == "original")
    with pytest.raises(ValueError, match=r"."):
        from_statement(to_statement(full) | changes)


@given(st.recursive(st.none() | st.integers() | texts, lambda x: st.lists(x) | st.dictionaries(texts, x), max_leaves=8))
def test_any_other_document_is_refused(document: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_statement(document)

"""What a chain may say: no edge without evidence, claimed and verified apart, pictures and posts no sources."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise

import pytest

from archiver.provenance.claim import Direction, Relation
from archiver.provenance.graph import Chain, DirectionBy, End, EndKind, Node, NodeKind, Status
from tests.unit.provenance.chains import AGENCY, MATCH, ORIGINAL, PICTURE, POST, REPOST, chain, claim, date, edge

_DATES = {"later_date": date("2025-05-02T10:00:00"), "earlier_date": date("2025-05-01T10:00:00")}


def test_dates_alone_make_no_edge() -> None:
    with pytest.raises(ValueError, match="dates are neither"):
        edge(status=Status.UNKNOWN, claims=(), direction_by=DirectionBy.DATES, **_DATES)  # type: ignore[arg-type]


def test_a_trap_alone_makes_no_edge() -> None:
    with pytest.raises(ValueError, match="needs a claim that is no trap"):
        edge(status=Status.CLAIMED, claims=(claim(trap="in a menu"),))


def test_a_pages_word_that_it_is_its_own_makes_no_edge() -> None:
    with pytest.raises(ValueError, match="needs a claim that is no trap"):
        edge(status=Status.CLAIMED, claims=(claim(direction=Direction.OWN),))


def test_a_comparison_without_a_claim_makes_an_edge_that_is_not_claimed() -> None:
    assert edge(claims=(), direction_by=DirectionBy.UNKNOWN).status is Status.VERIFIED
    with pytest.raises(ValueError, match="claimed needs a claim"):
        edge(status=Status.CLAIMED, claims=(), match=MATCH, direction_by=DirectionBy.UNKNOWN)


def test_nothing_is_verified_by_a_claim() -> None:
    with pytest.raises(ValueError, match="verified by a comparison"):
        replace(edge(), match=None)


def test_claims_that_only_point_make_no_source_without_the_text() -> None:
    pointing = (claim(Relation.VIA),)
    with pytest.raises(ValueError, match="only point"):
        edge(status=Status.CLAIMED, claims=pointing)
    assert edge(claims=pointing).relation is Relation.REPUBLICATION


@pytest.mark.parametrize("relation", [Relation.ILLUSTRATES, Relation.QUOTES])
def test_a_picture_credit_or_a_quoted_post_is_no_evidence_for_the_text(relation: Relation) -> None:
    with pytest.raises(ValueError, match="another relation"):
        edge(claims=(claim(relation),))
    with pytest.raises(ValueError, match="another relation"):
        edge(relation=relation, claims=(claim(),))


def test_the_direction_is_told_by_dates_only_where_they_have_an_order() -> None:
    assert edge(direction_by=DirectionBy.DATES, **_DATES).direction_by is DirectionBy.DATES  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="not there"):
        edge(direction_by=DirectionBy.DATES)
    same = date("2025-05-01T10:00:00", zoned=False)
    with pytest.raises(ValueError, match="which was first"):
        edge(direction_by=DirectionBy.DATES, later_date=same, earlier_date=date("2025-05-01T08:00:00"))
    with pytest.raises(ValueError, match="claims that are not there"):
        edge(claims=(), direction_by=DirectionBy.CLAIMS)


def test_nothing_comes_from_itself() -> None:
    with pytest.raises(ValueError, match="itself"):
        edge("repost", "repost")


def test_the_claims_of_an_edge_are_in_the_order_of_their_strength() -> None:
    weak, strong, trap = claim(confidence=0.5), claim(confidence=0.9), claim(trap="in a menu", confidence=1.0)
    assert edge(claims=(trap, weak, strong)).claims == (strong, weak, trap)


@pytest.mark.parametrize(
    ("node", "relation"),
    [
        (PICTURE, Relation.REPUBLICATION),
        (ORIGINAL, Relation.ILLUSTRATES),
        (POST, Relation.REPUBLICATION),
        (POST, Relation.TRANSLATION),
    ],
)
def test_a_picture_or_a_post_is_no_articles_source(node: Node, relation: Relation) -> None:
    with pytest.raises(ValueError, match="no article's source"):
        Chain("repost", (REPOST, node), (edge("repost", node.id, relation),))


def test_of_an_agency_nothing_is_derived_further() -> None:
    with pytest.raises(ValueError, match="before it is known"):
        Chain(AGENCY.id, (AGENCY, ORIGINAL), (edge(AGENCY.id, "original"),))


def test_claimed_and_verified_edges_stay_side_by_side() -> None:
    both = (edge(), edge(status=Status.CLAIMED))
    found = Chain("repost", (REPOST, ORIGINAL), both).edges_from("repost")
    assert [one.status for one in found] == [Status.VERIFIED, Status.CLAIMED]


def test_signals_in_conflict_are_edges_side_by_side() -> None:
    names = [one.earlier for one in chain().edges_from("repost")]
    assert names == ["original", "outlet:gull", "picture:1", "post:1"]


def test_two_edges_that_say_the_same_are_refused() -> None:
    with pytest.raises(ValueError, match="say the same"):
        Chain("repost", (REPOST, ORIGINAL), (edge(), edge()))


def test_ids_are_unique_and_known() -> None:
    with pytest.raises(ValueError, match="one id"):
        Chain("repost", (REPOST, REPOST))
    with pytest.raises(ValueError, match="no node 'original'"):
        Chain("repost", (REPOST,), (edge(),))
    with pytest.raises(ValueError, match="no node 'nobody'"):
        Chain("repost", (REPOST,), ends=(End("nobody", EndKind.ORIGIN, ""),))
    with pytest.raises(ValueError, match="no edge leads"):
        Chain("repost", (REPOST, ORIGINAL))
    with pytest.raises(ValueError, match="needs an id"):
        Node("", NodeKind.ARTICLE)
    with pytest.raises(ValueError, match="needs an id"):
        Node("x" * 2001, NodeKind.ARTICLE)
    with pytest.raises(ValueError, match="surrogates"):
        Node("\ud800", NodeKind.ARTICLE)
    with pytest.raises(ValueError, match="64 hexadecimal"):
        Node("x", NodeKind.ARTICLE, text_sha256="A" * 64)


def test_the_same_findings_make_the_same_chain_in_whatever_order() -> None:
    one = chain()
    shuffle = random.Random(7)
    for _ in range(5):
        nodes, edges, ends = list(one.nodes), list(one.edges), list(one.ends)
        shuffle.shuffle(nodes)
        shuffle.shuffle(edges)
        shuffle.shuffle(ends)
        again = Chain(one.start, tuple(nodes), tuple(edges), tuple(ends))
        assert again == one
        assert [node.id for node in again.nodes] == sorted(node.id for node in one.nodes)
        assert all(two.later <= three.later for two, three in pairwise(again.edges))


def test_an_agency_without_an_address_is_an_end() -> None:
    (end,) = chain().ends_at(AGENCY.id)
    assert end.kind is EndKind.WIRE_AGENCY
    assert chain().node(AGENCY.id).url == ""


def test_pages_that_name_each_other_make_a_cycle() -> None:
    found = Chain("repost", (REPOST, ORIGINAL), (edge(), edge("original", "repost")))
    assert len(found.edges) == 2

"""A chain as a tree, as JSON and as a diagram: everything told in words, nothing of a page can break out."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from itertools import pairwise

import pytest
import rfc8785
from hypothesis import given

from archiver.cli.text import printable
from archiver.provenance.claim import Relation
from archiver.provenance.dates import Kind, Method, Precision
from archiver.provenance.graph import Candidate, Chain, DirectionBy, End, EndKind, Node, NodeKind, Status
from archiver.provenance.render import chain_document, mermaid, tree
from tests.unit.provenance.chains import (
    HOSTILE,
    MATCH,
    ORIGINAL,
    REPOST,
    chain,
    claim,
    date,
    edge,
    hostile_chain,
    texts,
)


def alone(node: Node) -> str:
    return tree(Chain(node.id, (node,)), printable)


def test_the_tree_tells_every_hop_and_where_the_trail_ends() -> None:
    assert tree(chain(), printable) == (
        """\
Ferry line reopens
│  https://harbour-daily.test/ferry
│  in Harbour Daily (harbour-daily.test), posted by Webdesk, written by Ada Quill
│  first published 2025-05-02 10:00:00 Z, by its JSON-LD
│  captured as 20251101t101500z-aaaaaaaaaaaaaaaa
├─ republished from: Ferry line reopens at last
│  │  https://lanternweekly.test/2025/ferry
│  │  in Lantern Weekly (lanternweekly.test), written by Ada Quill
│  │  first published 2025-05-01 10:00:00 Z, by its JSON-LD
│  │  captured as 20251101t102000z-bbbbbbbbbbbbbbbb
│  │  verified by comparing the texts
│  │  said in “This article was first published by Lantern Weekly.” (attribution)
│  │  87 % of the earlier text is in the later, 74 % of the later in the earlier
│  │  added: 1 passage
│  │     “It also rained.”
│  │  removed: 1 passage
│  │     “The mayor knew for a year.”
│  │  which was first: told by what the pages say
│  └─ from a report of: a report not located
│        in Bay Wire
│        claimed; not compared
│        said in “This article was first published by Lantern Weekly.” (attribution)
│        which was first: told by what the pages say
│        the trail ends here (a wire agency, which is an origin without an address): the original names an agency, """
        """without an address
├─ republished from: an article not located
│     in The Gull (gull.test)
│     contradicted by what was found
│     said in “This article was first published by Lantern Weekly.” (attribution)
│     which was first: told by what the pages say
│     the trail ends here (the article could not be found): nothing in The Gull has this text
│     candidate: Ferry news, The Gull, https://gull.test/ferry, another text
├─ illustrated by: a picture
│     https://pictures.test/1.jpg
│     in Quay Pictures
│     claimed; not compared
│     said in “This article was first published by Lantern Weekly.” (attribution)
└─ quotes: a post
      https://posts.test/@mayor/1
      written by @mayor
      claimed; not compared
      said in “This article was first published by Lantern Weekly.” (attribution)
"""
    )


def test_a_cycle_is_told_once() -> None:
    found = Chain("repost", (REPOST, ORIGINAL), (edge(), edge("original", "repost", status=Status.CLAIMED)))
    told = tree(found, printable)
    assert told.count("https://harbour-daily.test/ferry") == 1
    assert "republished from: Ferry line reopens\n" in told
    assert told.count("is told above") == 1


def test_a_chain_too_long_for_a_screen_ends_in_words() -> None:
    nodes = tuple(Node(f"n{number:03}", NodeKind.ARTICLE) for number in range(200))
    edges = tuple(edge(one.id, two.id) for one, two in pairwise(nodes))
    told = tree(Chain("n000", nodes, edges), printable)
    assert told.count("republished from") == 50
    assert "more than 50 hops away and not shown" in told


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"method": Method.VISIBLE, "zone": None, "offset_min": None},
            "first published 2025-05-02 10:00:00 (no zone said)",
        ),
        ({"precision": Precision.DAY}, "first published 2025-05-02, by"),
        ({"precision": Precision.MONTH, "method": Method.URL}, "first published 2025-05, by its address"),
        ({"method": Method.FIRST_CAPTURE}, "first published no later than 2025-05-02 10:00:00 Z, by its first capture"),
        ({"kind": Kind.MODIFIED}, "first published no later than"),
        ({"kind": Kind.CREATED}, "first published no earlier than"),
    ],
)
def test_a_date_is_told_with_its_method_and_what_it_does_not_say(changes: dict[str, object], said: str) -> None:
    when = replace(date("2025-05-02T10:00:00"), **changes)  # type: ignore[arg-type]
    assert said in alone(replace(REPOST, published=when))


def test_a_claim_that_the_texts_do_not_show_stays_claimed() -> None:
    found = Chain("repost", (REPOST, ORIGINAL), (edge(status=Status.CLAIMED, match=MATCH),))
    assert "claimed; comparing the texts does not show it" in tree(found, printable)


def test_traps_are_counted_and_not_quoted() -> None:
    trap = claim(passage="Republish our articles.", trap="in a dialog")
    told = tree(Chain("repost", (REPOST, ORIGINAL), (edge(claims=(claim(), trap)),)), printable)
    assert "Republish our articles." not in told
    assert "traps, which count for nothing: 1" in told


def test_more_claims_and_candidates_than_a_reader_wants_are_counted() -> None:
    claims = tuple(claim(passage=f"Sentence {number}.") for number in range(8))
    candidates = tuple(Candidate(title=f"Title {number}") for number in range(12))
    end = End("original", EndKind.AMBIGUOUS, "", candidates)
    told = tree(Chain("repost", (REPOST, ORIGINAL), (edge(claims=claims),), (end,)), printable)
    assert "and in 3 more places" in told
    assert "and 2 more candidates" in told


def test_a_passage_that_was_changed_is_told_with_what_it_became() -> None:
    changed = {"change": "changed", "first": {"text": "It failed."}, "second": {"text": "It ended."}}
    told = tree(Chain("repost", (REPOST, ORIGINAL), (edge(match={"passages": [changed]}),)), printable)
    assert "“It failed.” became “It ended.”" in told


@pytest.mark.parametrize(
    "match", [{}, {"passages": 3}, {"passages": [1, {"change": "added"}]}, {"first": 1, "second": {}}]
)
def test_a_comparison_of_another_shape_is_passed_over(match: dict[str, object]) -> None:
    assert "verified" in tree(Chain("repost", (REPOST, ORIGINAL), (edge(match={**match, "x": 1}),)), printable)


def test_every_relation_end_and_way_to_tell_the_direction_has_words() -> None:
    for relation in Relation:
        earlier = replace(ORIGINAL, kind=NodeKind.PICTURE) if relation is Relation.ILLUSTRATES else ORIGINAL
        for way, kind in zip(DirectionBy, EndKind, strict=False):
            dated = edge(
                relation=relation,
                direction_by=way,
                later_date=REPOST.published,
                earlier_date=ORIGINAL.published,
            )
            told = tree(Chain("repost", (REPOST, earlier), (dated,), (End("original", kind, ""),)), printable)
            assert "the trail ends here (" in told


def test_json_has_everything_and_is_canonical() -> None:
    document = json.loads(rfc8785.dumps(chain_document(chain())))
    assert document["format"] == "archiver-chain/1"
    assert document["start"] == "repost"
    assert {node["id"] for node in document["nodes"]} == {node.id for node in chain().nodes}
    assert [one["status"] for one in document["edges"]] == [str(one.status) for one in chain().edges]
    assert [one["kind"] for one in document["ends"]] == ["wire-agency", "unresolved"]
    assert set(document["edges"][0]) == {
        "claims",
        "dates",
        "direction_by",
        "earlier",
        "later",
        "match",
        "relation",
        "same_group",
        "status",
    }


def test_the_diagram_has_every_node_and_edge() -> None:
    told = mermaid(chain(), printable).splitlines()
    assert told[0] == "flowchart TD"
    assert '    n5["Ferry line reopens<br/>Harbour Daily"]' in told
    assert '    n5 ==>|"republished from, verified"| n1' in told
    assert '    n5 --x|"republished from, contradicted"| n2' in told
    assert '    n1 -.->|"from a report of, claimed"| n0' in told
    assert len(told) == 1 + len(chain().nodes) + len(chain().edges)


_DIAGRAM_LINE = re.compile(
    r'    n\d+(?:\["|\(\["|\("|\[/")(?:[^\x00-\x7f]|[A-Za-z0-9 ,.]|#\d+;|<br/>)*(?:"\]|"\]\)|"\)|"/\])'
    r'|    n\d+ (?:==>|-\.->|--x|---)\|"[a-z ,]+"\| n\d+'
)


@given(texts)
def test_nothing_of_a_page_breaks_out_of_a_diagram(text: str) -> None:
    for found in (hostile_chain(text), hostile_chain(HOSTILE)):
        first, *lines = mermaid(found, printable).split("\n")[:-1]
        assert first == "flowchart TD"
        assert all(_DIAGRAM_LINE.fullmatch(line) for line in lines)


@given(texts)
def test_nothing_of_a_page_adds_a_line_to_the_tree_or_a_control_to_the_terminal(text: str) -> None:
    told = tree(hostile_chain(text), printable)
    assert told.count("\n") == tree(hostile_chain("x"), printable).count("\n") if text else told
    assert printable(told.replace("\n", "")) == told.replace("\n", "")
    rfc8785.dumps(chain_document(hostile_chain(text)))

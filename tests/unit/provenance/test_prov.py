"""A chain as W3C PROV: read back by the library's own readers, nothing claimed that is not, whatever a page held."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from prov.model import (
    ProvActivity,
    ProvAgent,
    ProvAttribution,
    ProvDerivation,
    ProvDocument,
    ProvEntity,
    ProvInfluence,
)

from archiver.provenance.claim import Relation
from archiver.provenance.graph import Chain, Node, NodeKind, Status
from archiver.provenance.prov import prov_json, prov_n, to_prov
from tests.unit.provenance.chains import HOSTILE, ORIGINAL, REPOST, chain, claim, edge, hostile_chain, texts


@pytest.mark.parametrize("found", [chain(), hostile_chain(), Chain("repost", (REPOST,))])
def test_the_librarys_own_readers_read_the_same_document(found: Chain) -> None:
    written = to_prov(found)
    assert ProvDocument.deserialize(content=prov_json(found), format="json") == written
    assert ProvDocument.deserialize(content=prov_n(found), format="provn", profile="strict") == written


@given(texts)
def test_any_text_of_a_page_is_read_back_the_same(text: str) -> None:
    found = hostile_chain(text)
    written = to_prov(found)
    assert ProvDocument.deserialize(content=prov_json(found), format="json") == written
    assert ProvDocument.deserialize(content=prov_n(found), format="provn", profile="strict") == written


def test_nothing_of_a_page_becomes_part_of_a_name() -> None:
    names = [record.identifier for record in to_prov(hostile_chain(HOSTILE)).get_records() if record.identifier]
    assert names
    assert all(name.localpart.replace("-", "").isalnum() and name.localpart.isascii() for name in names)


def _derivations(found: Chain) -> list[tuple[str, str]]:
    """The relation and the status of each derivation, with what PROV makes of it."""
    told = []
    for record in to_prov(found).get_records(ProvDerivation):
        types = [str(kind) for kind in record.get_asserted_types()]
        (relation,) = record.get_attribute("archiver:relation")
        told.append((str(relation), types[0] if types else ""))
    return sorted(told)


def test_relations_are_those_of_prov() -> None:
    relations = (Relation.REPUBLICATION, Relation.TRANSLATION, Relation.PARTIAL, Relation.ADAPTATION, Relation.WIRE)
    edges = tuple(edge(relation=relation, claims=(claim(relation),)) for relation in relations)
    quote = edge(relation=Relation.QUOTES)
    assert _derivations(Chain("repost", (REPOST, ORIGINAL), (*edges, quote))) == [
        ("adaptation", "prov:Revision"),
        ("partial", ""),
        ("quotes", "prov:Quotation"),
        ("republication", ""),
        ("translation", ""),
        ("wire", "prov:PrimarySource"),
    ]


def test_a_picture_and_a_mere_pointer_influence_only() -> None:
    document = to_prov(chain())
    assert len(list(document.get_records(ProvInfluence))) == 1
    pointer = Chain("repost", (REPOST, ORIGINAL), (edge(relation=Relation.VIA, status=Status.CLAIMED),))
    assert not _derivations(pointer)
    assert len(list(to_prov(pointer).get_records(ProvInfluence))) == 1


@pytest.mark.parametrize("status", [Status.CONTRADICTED, Status.UNKNOWN])
def test_what_is_contradicted_or_unknown_is_a_finding_and_no_derivation(status: Status) -> None:
    found = Chain("repost", (REPOST, ORIGINAL), (edge(status=status),))
    assert not _derivations(found)
    findings = [
        entity
        for entity in to_prov(found).get_records(ProvEntity)
        if "archiver:Finding" in map(str, entity.get_asserted_types())
    ]
    assert [str(next(iter(entity.get_attribute("archiver:status")))) for entity in findings] == [status]


def test_parallel_edges_stay_apart() -> None:
    edges = (edge(), edge(status=Status.CLAIMED), edge(status=Status.CLAIMED, claims=(claim(passage="Other words."),)))
    found = Chain("repost", (REPOST, ORIGINAL), edges)
    records = list(to_prov(found).get_records(ProvDerivation))
    assert len({record.identifier for record in records}) == 3


def test_outlets_and_authors_are_agents_and_captures_activities() -> None:
    document = to_prov(chain())
    labels = {str(agent.label) for agent in document.get_records(ProvAgent)}
    assert {"Harbour Daily", "Lantern Weekly", "Bay Wire", "Ada Quill", "Webdesk"} <= labels
    roles = {str(next(iter(found.get_attribute("archiver:role")))) for found in document.get_records(ProvAttribution)}
    assert roles == {"author", "poster", "publisher"}
    assert len(list(document.get_records(ProvActivity))) == 2


def test_one_author_of_two_articles_is_one_agent() -> None:
    agents = [agent for agent in to_prov(chain()).get_records(ProvAgent) if str(agent.label) == "Ada Quill"]
    assert len(agents) == 1


def test_a_moment_of_publication_is_told_only_where_it_is_known() -> None:
    unzoned = Node("repost", NodeKind.ARTICLE, published=None)
    assert "wasGeneratedBy" not in prov_n(Chain("repost", (unzoned,)))
    assert "2025-05-02T10:00:00" in prov_n(Chain("repost", (REPOST,)))


def test_the_same_chain_gives_the_same_bytes() -> None:
    one = chain()
    again = Chain(one.start, tuple(reversed(one.nodes)), tuple(reversed(one.edges)), tuple(reversed(one.ends)))
    assert prov_json(one) == prov_json(again)
    assert prov_n(one) == prov_n(again)
    parsed: dict[str, Any] = json.loads(prov_json(one))
    assert parsed["prefix"]["archiver"] == "urn:provenance-archiver:terms:"

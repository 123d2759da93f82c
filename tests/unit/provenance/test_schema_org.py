"""A chain as JSON-LD of schema.org: `isBasedOn` for what is stated, every address an IRI, no script ended."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given

from archiver.provenance.claim import Relation
from archiver.provenance.graph import Chain, Status
from archiver.provenance.schema_org import iri, json_ld, json_ld_text
from tests.unit.provenance.chains import HOSTILE, ORIGINAL, REPOST, chain, claim, edge, hostile_chain, texts

# RFC 3987 without the parts of it that only exclude private use.
_IRI = re.compile(
    r"https?://[^\s<>\"{}|\\^`\[\]/?#%]+(?:\[[0-9a-f:]+\])?[^\s<>\"{}|\\^`\[\]#]*(?:#[^\s<>\"{}|\\^`\[\]#]*)?"
)


def items(found: Chain) -> dict[str, dict[str, Any]]:
    """The items by headline, name or, where both are missing, publisher."""
    return {
        item.get("headline") or item.get("name") or item.get("publisher", {}).get("name", ""): item
        for item in json_ld(found)["@graph"]
    }


def test_an_article_is_based_on_its_source() -> None:
    found = items(chain())
    repost, original = found["Ferry line reopens"], found["Ferry line reopens at last"]
    assert repost["isBasedOn"] == [{"@id": original["@id"]}]
    assert repost["author"] == {"@type": "Person", "name": "Ada Quill"}
    assert repost["publisher"] == {
        "@type": "Organization",
        "name": "Harbour Daily",
        "sameAs": "https://harbour-daily.test/",
    }
    assert repost["datePublished"] == "2025-05-02T10:00:00Z"
    assert repost["sameAs"] == "https://harbour-daily.test/ferry"
    assert original["isBasedOn"] == [{"@id": found["Bay Wire"]["@id"]}]


def test_pictures_and_posts_are_no_sources() -> None:
    found = items(chain())
    repost = found["Ferry line reopens"]
    assert [one["@id"] for one in repost["image"]] == [found["Quay Pictures"]["@id"]]
    assert len(repost["citation"]) == 1
    assert len(repost["isBasedOn"]) == 1


def test_the_status_of_every_edge_is_told() -> None:
    statuses = [one["archiver:status"] for one in items(chain())["Ferry line reopens"]["archiver:derivations"]]
    assert statuses == ["verified", "contradicted", "claimed", "claimed"]


@pytest.mark.parametrize("relation", [Relation.REPUBLICATION, Relation.CITES])
def test_what_is_contradicted_is_no_source(relation: Relation) -> None:
    found = Chain("repost", (REPOST, ORIGINAL), (edge(relation=relation, status=Status.CONTRADICTED),))
    repost = items(found)["Ferry line reopens"]
    assert "isBasedOn" not in repost
    assert "citation" not in repost


def test_claims_of_one_source_name_it_once() -> None:
    edges = (edge(), edge(status=Status.CLAIMED, claims=(claim(passage="Other words."),)))
    assert len(items(Chain("repost", (REPOST, ORIGINAL), edges))["Ferry line reopens"]["isBasedOn"]) == 1


def test_nothing_in_the_text_ends_a_script_element() -> None:
    text = json_ld_text(hostile_chain(HOSTILE))
    assert not set("<>&") & set(text)
    assert json.loads(text) == json_ld(hostile_chain(HOSTILE))


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://x.test/a?b=c#d", "https://x.test/a?b=c#d"),
        (" https://x.test/a b\n", "https://x.test/a%20b"),
        ('https://x.test/"><script>', "https://x.test/%22%3E%3Cscript%3E"),
        ("https://x.test/100%", "https://x.test/100%25"),
        ("https://x.test/ü%C3", "https://x.test/ü%C3"),
        ("https://x.test/a[1]#b#c", "https://x.test/a%5B1%5D#b%23c"),
        ("http://[2001:db8::1]:8080/a", "http://[2001:db8::1]:8080/a"),
        ("https://x.test/\ud800\u202e", "https://x.test/%3F%E2%80%AE"),
        ("javascript:alert(1)", None),
        ("//x.test/a", None),
        ("https://", None),
        ("https:///a", None),
        ("https://x y.test/", None),
        ("https://x.test:port/", None),
        ("https://[x/", None),
        ("", None),
    ],
)
def test_an_address_becomes_an_iri_or_nothing(address: str, expected: str | None) -> None:
    assert iri(address) == expected


def _addresses(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in ("url", "sameAs", "@id") and isinstance(inner, str):
                yield inner
            yield from _addresses(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _addresses(inner)


@given(texts)
def test_every_address_is_an_iri_whatever_a_page_held(text: str) -> None:
    document = json_ld(hostile_chain(text))
    for address in _addresses(document["@graph"]):
        assert address.startswith("urn:provenance-archiver:item:") or _IRI.fullmatch(address), address
    json.dumps(document, ensure_ascii=False).encode("utf-8")

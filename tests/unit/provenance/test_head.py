"""What the head of a page says: canonical, syndication tags, metadata, JSON-LD, and tags pasted into the body."""

from __future__ import annotations

import json

import pytest

from archiver.provenance.claim import Relation, Target
from tests.unit.provenance.pages import URL, claims, html, judged, only

_ELSEWHERE = "https://lanternweekly.test/2025/10/ferry-line-reopens-at-last"


def ld(**fields: object) -> str:
    node = {"@context": "https://schema.org", "@type": "NewsArticle", **fields}
    return f'<script type="application/ld+json">{json.dumps(node)}</script>'


@pytest.mark.parametrize(
    ("tag", "kind"),
    [
        (f"<link rel='canonical' href='{_ELSEWHERE}'>", "canonical"),
        (f"<meta property='og:url' content='{_ELSEWHERE}'>", "og-url"),
        (f"<meta name='syndication-source' content='{_ELSEWHERE}'>", "syndication-source"),
        (f"<link rel='syndication-source' href='{_ELSEWHERE}'>", "syndication-source"),
        (f"<meta name='original-source' content='{_ELSEWHERE}'>", "original-source"),
        (f"<meta http-equiv='refresh' content='5; url={_ELSEWHERE}'>", "meta-refresh"),
    ],
)
def test_a_tag_that_leads_to_another_site_claims_that_address(tag: str, kind: str) -> None:
    claim = only(claims(html(head=tag)), kind)
    assert (claim.target_url, claim.target_kind, claim.site) == (_ELSEWHERE, Target.ARTICLE, "lanternweekly.test")
    source = judged(html(head=tag)).source
    assert source is not None
    assert source.claimed_url == _ELSEWHERE


def test_a_canonical_of_the_page_itself_claims_nothing() -> None:
    assert not claims(html(head=f"<link rel='canonical' href='{URL}'><meta property='og:url' content='{URL}'>"))


def test_a_canonical_against_the_pages_own_og_url_is_less_sure() -> None:
    both = html(head=f"<link rel='canonical' href='{_ELSEWHERE}'><meta property='og:url' content='{URL}'>")
    alone = html(head=f"<link rel='canonical' href='{_ELSEWHERE}'>")
    assert only(claims(both), "canonical").confidence < only(claims(alone), "canonical").confidence


def test_head_tags_pasted_into_the_body_are_told_apart() -> None:
    assert only(claims(html(f"<link rel='canonical' href='{_ELSEWHERE}'>")), "pasted-head").site == "lanternweekly.test"


def test_is_based_on_is_a_claim() -> None:
    assert only(claims(html(head=ld(isBasedOn=_ELSEWHERE))), "json-ld isBasedOn").target_url == _ELSEWHERE


def test_translation_of_work_is_a_translation() -> None:
    claim = only(claims(html(head=ld(translationOfWork={"@id": _ELSEWHERE}))), "json-ld translationOfWork")
    assert claim.relation is Relation.TRANSLATION


@pytest.mark.parametrize("key", ["author", "creator", "publisher", "provider", "sourceOrganization", "copyrightHolder"])
def test_an_agency_in_json_ld_is_the_wire_source(key: str) -> None:
    claim = only(
        claims(html(head=ld(**{key: {"@type": "Organization", "name": "Agence France-Presse"}}))), f"json-ld {key}"
    )
    assert (claim.outlet, claim.relation) == ("AFP", Relation.WIRE)


def test_a_source_organization_that_is_another_outlet_is_a_claim() -> None:
    document = html(head=ld(sourceOrganization={"name": "Lantern Weekly"}, publisher={"name": "Harbour Daily"}))
    assert only(claims(document), "json-ld sourceOrganization").outlet == "Lantern Weekly"


def test_credit_text_is_the_pictures() -> None:
    assert (
        only(claims(html(head=ld(creditText="Ada Quill / Lantern Pictures"))), "picture-credit").relation
        is Relation.ILLUSTRATES
    )


@pytest.mark.parametrize("name", ["author", "article:author", "dc.creator", "source", "copyright"])
def test_an_agency_in_a_meta_tag_is_the_wire_source(name: str) -> None:
    source = judged(html(head=f"<meta name='{name}' content='EFE'>")).source
    assert source is not None
    assert (source.outlet, source.relation) == ("EFE", Relation.WIRE)


def test_an_author_tag_with_a_domain_after_the_name_is_a_claim() -> None:
    claim = only(claims(html(head="<meta name='author' content='Ada Quill, Lanternweekly.com'>")), "meta-author")
    assert (claim.author, claim.outlet) == ("Ada Quill", "Lanternweekly.com")


def test_another_outlet_in_the_source_tag_is_a_claim() -> None:
    assert (
        only(claims(html(head="<meta name='source' content='海港周刊'>", language="zh")), "meta-source").outlet
        == "海港周刊"
    )


def test_json_ld_of_another_article_is_not_read_as_this_ones() -> None:
    other = ld(url="https://harbour-daily.example/news/other-story-entirely", author={"name": "AFP"})
    own = ld(url=URL, author={"name": "Ada Quill"})
    assert not [claim for claim in claims(html(head=other + own)) if claim.relation is Relation.WIRE]

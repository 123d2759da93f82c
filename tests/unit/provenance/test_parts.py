"""Bylines with an outlet, pixels, labels, picture credits and quoted posts."""

from __future__ import annotations

import pytest

from archiver.provenance.claim import Relation
from tests.unit.provenance.pages import claims, html, judged, only


@pytest.mark.parametrize(
    ("lead", "author", "outlet"),
    [
        ("(Ada Quill, Lanternweekly.com) ", "Ada Quill", "Lanternweekly.com"),
        ("(Ada Quill, Salt Times) ", "Ada Quill", "Salt Times"),
    ],
)
def test_a_byline_in_brackets_names_author_and_outlet(lead: str, author: str, outlet: str) -> None:
    claim = only(claims(html(lead=lead)), "byline")
    assert (claim.author, claim.outlet, claim.trap) == (author, outlet, None)


def test_a_name_in_brackets_is_an_outlet_where_the_page_links_it() -> None:
    document = html(lead="(Ada Quill, Lantern) ", tail="<p>More at <a href='https://lantern.test/'>Lantern</a>.</p>")
    assert only(claims(document), "byline").trap is None


def test_a_byline_with_an_outlet_after_the_name_is_a_claim() -> None:
    claim = only(claims(html(before="<p class='byline'>By Ada Quill, Salt Times</p>")), "byline")
    assert (claim.author, claim.outlet) == ("Ada Quill", "Salt Times")


def test_a_word_after_the_name_that_may_be_an_office_makes_no_source_alone() -> None:
    claim = only(claims(html(before="<p class='byline'>By Ada Quill, Lantern</p>")), "byline")
    assert (claim.outlet, claim.confidence) == ("Lantern", 0.3)
    assert judged(html(before="<p class='byline'>By Ada Quill, Lantern</p>")).source is None


def test_a_list_of_authors_names_no_outlet() -> None:
    assert judged(html(before="<p class='byline'>By Ada Quill, Ben Oar, Cleo Rudder</p>")).source is None


def test_who_posted_the_page_is_not_its_author() -> None:
    judgement = judged(html(before="<p>Posted by Harbour Daily Editor</p>", lead="(Ada Quill, Lanternweekly.com) "))
    assert judgement.first_poster == "Harbour Daily Editor"
    assert judgement.source is not None
    assert judgement.source.author == "Ada Quill"


PIXELS = [
    (
        "https://counter.theconversation.com/content/123456/count.gif?distributor=republish-lightbox-basic",
        "theconversation.com",
    ),
    ("https://lanternweekly.test/?republication-pixel=true&post=4711&ga4=G-1", "lanternweekly.test"),
    ("https://pixel.propublica.org/pixel.js", "propublica.org"),
]


@pytest.mark.parametrize(("address", "site"), PIXELS)
def test_a_republication_pixel_names_the_origin(address: str, site: str) -> None:
    claim = only(claims(html(f"<img src='{address}' width='1'>")), "pixel")
    assert (claim.site, claim.trap, claim.passage) == (site, None, address)


@pytest.mark.parametrize(("address", "site"), PIXELS)
def test_a_republication_pixel_among_the_exchanges_names_the_origin(address: str, site: str) -> None:
    assert only(claims(html(), exchanges=[address]), "pixel").site == site


def test_the_origins_own_page_carries_its_pixel_too() -> None:
    address = "https://lanternweekly.test/?republication-pixel=true&post=4711"
    found = claims(html(f"<img src='{address}'>"), "https://www.lanternweekly.test/2025/10/ferry-line-reopens")
    assert only(found, "pixel").trap == "the page's own outlet"


@pytest.mark.parametrize(
    ("language", "label", "relation"),
    [
        ("en", "Source: Lantern Weekly", Relation.VIA),
        ("de", "Quelle: Pressemitteilung Hafenmuseum Salzhafen", Relation.REPUBLICATION),
        ("de", "Quelle: Universität Salzhafen", Relation.REPUBLICATION),
        ("de", "Quelle: dpa", Relation.WIRE),
        ("pl", "Źródło: PAP", Relation.WIRE),
        ("cs", "Zdroj: ČTK", Relation.WIRE),
        ("ru", "Источник: Портовый вестник", Relation.REPUBLICATION),
        ("ar", "المصدر: الميناء اليوم", Relation.REPUBLICATION),
        ("nl", "Bron: ANP", Relation.WIRE),
        ("es", "Fuente: Cortesía del puerto, datos de 2024", Relation.CITES),
        ("fr", "Source : AFP", Relation.WIRE),
    ],
)
def test_a_label_at_the_end_says_more_in_some_languages_than_in_others(
    language: str, label: str, relation: Relation
) -> None:
    found = [c for c in claims(html(f"<p>{label}</p>", language=language)) if c.kind in ("source-label", "attribution")]
    assert relation in [claim.relation for claim in found], found


@pytest.mark.parametrize("line", ["PM SHU/aq", "Pressemitteilung Salt Harbour Union", "PM: Salt Harbour Union"])
def test_a_press_release_names_who_released_it_spelled_out_where_the_page_does(line: str) -> None:
    claim = only(claims(html(f"<p>The stage is safe, says the Salt Harbour Union (SHU).</p><p>{line}</p>")), "release")
    assert (claim.outlet, claim.relation) == ("Salt Harbour Union", Relation.REPUBLICATION)


def test_a_page_that_only_points_has_no_source_but_says_where() -> None:
    link = "https://lanternweekly.test/2025/10/ferry-line-reopens-at-last"
    judgement = judged(html(f"<p>Via: <a href='{link}'>Lantern Weekly</a></p>"))
    assert judgement.source is None
    assert [claim.target_url for claim in judgement.points_to] == [link]
    assert "only points to Lantern Weekly" in judgement.reason


@pytest.mark.parametrize("label", ["Source", "Source link", "Quelle", "Источник", "来源"])
def test_a_label_that_is_nothing_but_a_link_points(label: str) -> None:
    link = "https://lanternweekly.test/2025/10/ferry-line-reopens-at-last"
    judgement = judged(html(f"<p><a href='{link}'>{label}</a></p>"))
    assert judgement.source is None
    assert [claim.target_url for claim in judgement.points_to] == [link]


def test_a_credit_chain_is_one_claim_about_the_picture() -> None:
    caption = "Passengers board the ferry on Friday. (Ada Quill, Salt Pictures, Harbour Pool Photo via AP)"
    document = html(before=f"<figure><img src='x.jpg'><figcaption>{caption}</figcaption></figure>")
    claim = only(claims(document), "picture-credit")
    assert (claim.relation, claim.author, claim.outlet) == (Relation.ILLUSTRATES, "Ada Quill", "AP")
    assert claim.passage == "Ada Quill, Salt Pictures, Harbour Pool Photo via AP"
    assert judged(document).source is None


def test_a_credit_chain_in_a_plain_paragraph_is_the_pictures_as_well() -> None:
    document = html(before="<p>Passengers board the ferry. (Ada Quill, Salt Pictures, Harbour Pool Photo via AP)</p>")
    assert only(claims(document), "picture-credit").outlet == "AP"
    assert judged(document).source is None


@pytest.mark.parametrize(
    "credit", ["Photo: Ada Quill/dpa", "Foto: dpa", "Image credit: Reuters", "Bildquelle: AFP", "Фото: ТАСС"]
)
def test_a_labelled_credit_makes_no_agency_the_source(credit: str) -> None:
    document = html(before=f"<p>{credit}</p>")
    assert only(claims(document), "picture-credit").relation is Relation.ILLUSTRATES
    assert judged(document).source is None


def test_quoted_posts_are_claims_of_their_own() -> None:
    tail = (
        "<p>“We shall meet at the quay,” the mayor wrote in a post on Truth Social.</p>"
        "<blockquote class='twitter-tweet'><p>The ferry is back.</p><a "
        "href='https://twitter.com/quill/status/1'>Oct 7</a></blockquote>"
    )
    found = [claim for claim in claims(html(tail)) if claim.kind == "quoted-post"]
    assert [(claim.outlet, claim.relation) for claim in found] == [
        ("Truth Social", Relation.QUOTES),
        ("twitter.com", Relation.QUOTES),
    ]
    assert judged(html(tail)).source is None

"""A page of the anatomy the project was conceived from, made up: poster, byline, sentence, a notice against them."""

from __future__ import annotations

import pytest

from archiver.provenance.claim import Claim, Direction, Relation, Target
from archiver.provenance.judge import Judgement, judge
from tests.unit.provenance import pages
from tests.unit.provenance.pages import PARAGRAPHS, claims

_URL = "https://bellfront.test/2025/10/minister-calls-her-rival-and-agrees-to-meet/"
_LINKS = "".join(f"<li><a href='/2025/{number}/'>Some other story number {number}</a></li>" for number in range(5))
_PAGE = f"""<!DOCTYPE html><html lang="en"><head><title>Minister Calls Her Rival</title>
<meta property="og:site_name" content="Bellfront"><meta property="og:url" content="{_URL}">
<link rel="canonical" href="{_URL}"></head>
<body><header><a href="/">Bellfront</a></header><article><h1>Minister Calls Her Rival and Agrees to Meet</h1>
<p>Posted by Bellfront Editor</p>
<p><em>Minister Vera Holt applauds in Port Salt, Jan. 24, 2025. (Ilja Ruder, Comet, Palace Pool Photo via AP)</em></p>
<p>(Tom Reede, <a href="https://plainpeace.test/">Plainpeace.test</a>) {PARAGRAPHS[0]}</p>
<p>Holt said in a post on Truth Social that officials will hold talks before the two meet in person at the quay.</p>
<p>“At the end of the call we agreed that our advisers will meet next week, at a place to be found,” Holt wrote.</p>
{"".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS[1:])}
<p><em>This article originally appeared at <a href="https://plainpeace.test">Plainpeace.test</a>.</em></p></article>
<p>Copyright 2025. No part of this site may be reproduced in whole or in part without the permission of the owner.</p>
<div>Click Here To Comment</div><div>- Advertisement -</div>
<div class="related"><h4>TRENDING NOW</h4><ul>{_LINKS}</ul></div>
<div class="related"><h4>LATEST NEWS</h4><ul>{_LINKS}</ul></div>
<footer><p>THE INFORMATION PRESENTED HERE IS FOR GENERAL PURPOSES ONLY.</p>
<p>Copyright 2025 Bellfront.test</p></footer></body></html>"""


@pytest.fixture(scope="module")
def found() -> tuple[Claim, ...]:
    return claims(_PAGE, _URL)


@pytest.fixture(scope="module")
def judgement(found: tuple[Claim, ...]) -> Judgement:
    return judge(found)


def test_poster_author_and_outlet_are_told_apart(judgement: Judgement) -> None:
    assert judgement.source is not None
    assert judgement.first_poster == "Bellfront Editor"
    assert (judgement.source.author, judgement.source.outlet) == ("Tom Reede", "Plainpeace.test")
    assert judgement.source.relation is Relation.REPUBLICATION


def test_byline_and_sentence_both_support_the_source(judgement: Judgement) -> None:
    assert judgement.source is not None
    assert {claim.kind for claim in judgement.source.claims} == {"byline", "attribution"}


def test_the_link_to_the_home_page_is_not_the_article(judgement: Judgement) -> None:
    assert judgement.source is not None
    assert {claim.target_kind for claim in judgement.source.claims} == {Target.HOME}
    assert (judgement.source.site, judgement.source.claimed_url) == ("plainpeace.test", "")


def test_the_pictures_chain_of_four_is_the_pictures_only(found: tuple[Claim, ...], judgement: Judgement) -> None:
    [credit] = [claim for claim in found if claim.kind == "picture-credit"]
    assert credit.passage == "Ilja Ruder, Comet, Palace Pool Photo via AP"
    assert (credit.author, credit.outlet, credit.relation) == ("Ilja Ruder", "AP", Relation.ILLUSTRATES)
    assert judgement.source is not None
    assert judgement.source.agency == ""


def test_the_quoted_post_is_an_edge_of_its_own(found: tuple[Claim, ...]) -> None:
    posts = [claim for claim in found if claim.kind == "quoted-post"]
    assert [(claim.outlet, claim.relation) for claim in posts] == [("Truth Social", Relation.QUOTES)]


def test_the_pages_own_notice_is_noted_against_the_source(judgement: Judgement) -> None:
    notices = judgement.contradictions
    assert notices
    assert notices[0].direction is Direction.OWN
    assert "No part of this site may be reproduced" in notices[0].passage


@pytest.mark.parametrize("unseen", ["\u00ad", "\u200b", "\u200c", "\u2060", "\u202a", "\ufeff", "e\u0301"])
def test_a_paragraph_with_what_the_extractor_takes_away_belongs_to_the_main_text(unseen: str) -> None:
    paragraphs = [text.replace(" the ", f" t{unseen}he ") for text in PARAGRAPHS]
    found = pages.page(pages.html(paragraphs=paragraphs))
    assert len(found.main) == len(PARAGRAPHS)
    assert all(unseen in block.text for block in found.main)

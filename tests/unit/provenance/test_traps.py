"""What looks like a source and is none: recognised, given with its reason, and never made the page's source."""

from __future__ import annotations

import pytest

from tests.unit.provenance.pages import claims, html, judged

_OWN = "https://harbour-daily.example"
_SENTENCE = (
    "This article originally appeared at <a "
    "href='https://lanternweekly.test/2025/a-long-ferry-story'>Lantern Weekly</a>."
)

TRAPS = {
    "the direction is reversed": (html("<p>This article was reprinted on Lantern Weekly.</p>"), "direction reversed"),
    "the story also ran elsewhere": (html("<p>This story also ran on Lantern Weekly.</p>"), "direction reversed"),
    "the outlet is the page's own, by name": (
        html("<p>Originally published on Harbour Daily.</p>"),
        "the page's own outlet",
    ),
    "the outlet is the page's own, by link": (
        html(f"<p>Original article on <a href='{_OWN}/news/2025/10/the-ferry-line'>our site</a>.</p>"),
        "the page's own outlet",
    ),
    "the footer is on every page": (
        html(after="<footer><p>Stories on this site were originally published by Lantern Weekly.</p></footer>"),
        "footer",
    ),
    "the sentence is about all articles": (
        html("<p>Some articles were originally published on other editions of Lantern Weekly.</p>"),
        "articles in general",
    ),
    "a text area tells others how to republish": (
        html(after=f"<textarea>&lt;h1&gt;Ferry&lt;/h1&gt; {_SENTENCE.replace('<', '&lt;')}</textarea>"),
        "text area",
    ),
    "a dialog tells others how to republish": (html(after=f"<dialog open><p>{_SENTENCE}</p></dialog>"), "dialog"),
    "a modal tells others how to republish": (html(after=f"<div class='modal'><p>{_SENTENCE}</p></div>"), "dialog"),
    "a side bar is about another story": (html(after=f"<aside><p>{_SENTENCE}</p></aside>"), "side bar"),
    "a list of other stories": (html(after=f"<div class='related'><p>{_SENTENCE}</p></div>"), "list of other stories"),
    "a reader's comment": (html(after=f"<div id='comments'><p>{_SENTENCE}</p></div>"), "comment"),
    "nobody sees it": (html(f"<p style='display: none'>{_SENTENCE}</p>"), "hidden"),
    "another subject": (
        html(
            "<p>The findings about the old timber were first published in Lantern Review by a group of researchers.</p>"
        ),
        "something else",
    ),
    "isBasedOn is the page itself": (
        html(
            head=f'<script type="application/ld+json">{{"@type": "NewsArticle", "isBasedOn": '
            f'"{_OWN}/news/x-y-z"}}</script>'
        ),
        "the page's own outlet",
    ),
    "syndication-source is the page itself": (
        html(head=f"<meta name='syndication-source' content='{_OWN}/news/2025/10/ferry-line'>"),
        "the page's own outlet",
    ),
    "original-source is the site's home page": (
        html(head=f"<meta name='original-source' content='{_OWN}'>"),
        "own outlet",
    ),
    "original-source is a number": (html(head="<meta name='original-source' content='1'>"), "no address"),
    "canonical is a staging host": (
        html(head="<link rel='canonical' href='https://staging.harbourcms.test/news/2025/10/ferry'>"),
        "not meant to see",
    ),
    "canonical is an address of numbers": (
        html(head="<link rel='canonical' href='http://192.0.2.7/news/ferry-line-x'>"),
        "not meant",
    ),
    "canonical is the same page at the hosting company": (
        html(
            head="<link rel='canonical' "
            "href='https://harbourdaily.wordpress.com/news/2025/10/ferry-line-reopens-after-long-repair'>"
            f"<meta property='og:url' content='{_OWN}/news/2025/10/ferry-line-reopens-after-long-repair'>"
        ),
        "hosting",
    ),
    "canonical is a home page": (html(head="<link rel='canonical' href='https://lanternweekly.test/'>"), "home page"),
    "a copyright line about market data": (
        html("<p>Market data provided by others, quotes are delayed. © Thomson Reuters 2025.</p>"),
        "market data",
    ),
    "a copyright line about all articles": (
        html("<p>Associated Press articles: Copyright © 2025 The Associated Press.</p>"),
        "articles in general",
    ),
    "a dateline in a teaser": (
        html(after="<aside><p>PORT SALT (AP) — A storm has closed the other harbour for at least a week.</p></aside>"),
        "side bar",
    ),
    "a dateline further down": (
        html(
            "<p>PORT SALT (AP) — A storm has closed the other harbour for at least a week, officials said on "
            "Sunday.</p>"
        ),
        "elsewhere than at the beginning",
    ),
    "a place in brackets": (html(lead="(Ada Quill, Port Salt) "), "may be a place"),
}


@pytest.mark.parametrize("name", TRAPS)
def test_a_trap_is_told_with_its_reason_and_makes_no_source(name: str) -> None:
    document, reason = TRAPS[name]
    found = claims(document)
    assert [claim for claim in found if claim.trap and reason in claim.trap], found
    assert judged(document).source is None


def test_an_agencys_own_page_is_no_repost() -> None:
    document = html(lead="PORT SALT (AP) — ")
    judgement = judged(document, "https://apnews.com/article/ferry-line-reopens-after-repair")
    assert judgement.source is None
    assert judgement.reason == "only traps: the page's own outlet"


def test_an_agencys_second_site_is_its_own_as_well() -> None:
    found = claims(
        html(lead="PORT SALT (Reuters) - "), "https://thomsonreuters.com/article/ferry-line-reopens-after-repair"
    )
    assert {claim.trap for claim in found} == {"the agency's own site"}


def test_a_page_that_says_nothing_has_no_source_and_a_reason() -> None:
    assert (judged(html()).source, judged(html()).reason) == (None, "the page names no source")


WEAK = {
    "og:url against a canonical of its own": html(
        head=f"<link rel='canonical' href='{_OWN}/news/2025/10/ferry-line-reopens-after-long-repair'>"
        "<meta property='og:url' content='https://old-harbour.test/news/2025/10/ferry-line'>"
    ),
    "a source tag that may name a program": html(head="<meta name='source' content='Pageworks'>"),
    "a provider that may be a company": html(
        head='<script type="application/ld+json">{"@type": "NewsArticle", "provider": {"name": "Salt Ltd"}}</script>'
    ),
    "call letters in a dateline": html(lead="PORT SALT (KXYZ) — "),
    "an agency in a list of topics": html(after="<ul>" + "<li>Ferries</li>" * 6 + "<li>Reuters</li></ul>"),
    "a copyright sign without a year": html("<p>© Reuters</p>"),
}


@pytest.mark.parametrize("name", WEAK)
def test_what_is_too_weak_alone_is_told_and_makes_no_source(name: str) -> None:
    judgement = judged(WEAK[name])
    assert judgement.source is None
    assert judgement.conflicts
    assert "is too weak" in judgement.reason


def test_weak_claims_that_name_the_same_make_a_source_together() -> None:
    document = html(head="<meta name='source' content='Lantern'>", before="<p class='byline'>By Ada Quill, Lantern</p>")
    source = judged(document).source
    assert source is not None
    assert (source.outlet, source.author) == ("Lantern", "Ada Quill")


def test_a_canonical_under_another_domain_of_the_outlet_is_the_same_page() -> None:
    path = "/news/2025/10/ferry-line-reopens-after-long-repair"
    document = html(head=f"<link rel='canonical' href='https://www.harbour-daily.test{path}'>")
    [claim] = claims(document)
    assert claim.trap == "the same page under another domain of the outlet"

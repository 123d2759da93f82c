"""Pages made to break a reader: each is read to the end or to a limit that is told, and in bounded time."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.provenance.claims import find_claims
from archiver.provenance.judge import judge
from archiver.provenance.languages import LANGUAGES
from archiver.provenance.limits import MAX_CLAIMS, MAX_PASSAGE_CHARS
from archiver.provenance.page import read_page
from tests.unit.provenance.pages import URL, html, page

_SECONDS = 20.0  # most take a tenth of it; a regular expression that runs away takes for ever


def _ld(text: str) -> str:
    return f'<script type="application/ld+json">{text}</script>'


def _deep(depth: int) -> str:
    return "<div>" * depth + "<p>In the depth.</p>" + "</div>" * depth


_SENTENCE = "<p>This article originally appeared at Lantern Weekly.</p>"
HOSTILE: dict[str, tuple[Callable[[], str], str]] = {
    "ten thousand attributions": (lambda: html(_SENTENCE * 10_000), "blocks beyond the limits"),
    "ten thousand attributions in one paragraph": (
        lambda: html(f"<p>{'This article first appeared in Salt. ' * 10_000}</p>"),
        "more than",
    ),
    "JSON-LD nested without end": (lambda: html(head=_ld('{"a":' * 50_000 + "1" + "}" * 50_000)), "nested too deeply"),
    "JSON-LD deeper than is read": (lambda: html(head=_ld('{"a":' * 60 + "1" + "}" * 60)), "more than is read"),
    "JSON-LD with many objects": (
        lambda: html(head=_ld(json.dumps([{"@type": "Article"}] * 50_000))),
        "more than is read",
    ),
    "JSON-LD that is none": (lambda: html(head=_ld("{'a': nothing}")), "is not JSON"),
    "JSON-LD of megabytes": (lambda: html(head=_ld('"' + "x" * 5_000_000 + '"')), "characters was not read"),
    "a number too long to be one": (lambda: html(head=_ld('{"a": ' + "9" * 10_000 + "}")), "is not JSON"),
    "megabytes of metadata": (lambda: html(head="<meta name='author' content='AFP'>" * 60_000), "tags beyond"),
    "elements nested without end": (lambda: html(_deep(20_000)), "too deeply for the parser"),
    "elements nested beyond the limit": (lambda: html(_deep(900)), "nested beyond the limit"),
    "a hundred thousand elements": (lambda: html("<i>a</i>" * 200_000), "beyond the limits"),
    "more characters than are read": (lambda: html("<p>" + "salt " * 1_800_000 + "</p>"), "characters were read"),
    "nothing at all": (lambda: "<html></html>", ""),
    "no markup": (lambda: "not a page", ""),
    "lone surrogates and control characters": (lambda: html("<p>\ud800 \x00\x01 \ufffe</p>"), ""),
    "the wrong charset": (lambda: html(head="<meta charset='utf-16'>") + "é", ""),
    "addresses that are none": (lambda: html("<p>Originally published at <a href='http://[x/'>Salt</a>.</p>"), ""),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_page_is_read_in_bounded_time_and_what_is_cut_is_told(name: str) -> None:
    make, problem = HOSTILE[name]
    document = make()
    began = time.monotonic()
    found = find_claims(page(document))
    judge(found.claims)
    assert time.monotonic() - began < _SECONDS
    if problem:
        assert [told for told in found.problems if problem in told], found.problems


def test_what_a_signal_claims_is_bounded() -> None:
    found = find_claims(page(html(_SENTENCE * 3_000)))
    assert len([claim for claim in found.claims if claim.kind == "attribution"]) == MAX_CLAIMS


def test_a_passage_is_bounded() -> None:
    found = find_claims(page(html(f"<p>This article originally appeared at Lantern {'and ' * 4_000}</p>")))
    assert max(len(claim.passage) for claim in found.claims) <= MAX_PASSAGE_CHARS


_WORDS = [
    "this article",
    "originally ",
    "first ",
    "published ",
    "on ",
    "with permission ",
    "of a ",
    "version of an article ",
    "(",
    ")",
    "a" * 30,
    " ",
    "Ä ",
    "« ",
    "mit ",
    "erschienen ",
    "ist am 1. Mai ",
    "in ",
    "的",
    "来源",
    "zuerst ",
    "republished ",
    "\u00a0",
    "– ",
    ", ",
    ". ",
    "opprinnelig ",
    "впервые ",
    "в ",
]


@pytest.mark.parametrize("code", LANGUAGES)
def test_no_phrase_backtracks_without_end(code: str) -> None:
    texts = [(word * 600)[:MAX_PASSAGE_CHARS] for word in _WORDS]
    for step in (1, 4, 9):
        texts += [(one + other) * 40 for one, other in zip(_WORDS, _WORDS[step:] + _WORDS[:step], strict=True)]
    language = LANGUAGES[code]
    patterns = [rule.pattern for rule in language.rules] + [language.this_item, language.item, language.ends]
    for pattern in patterns:
        began = time.monotonic()
        for text in texts:
            pattern.search(text[:MAX_PASSAGE_CHARS])
        assert time.monotonic() - began < 5.0, pattern.pattern


@pytest.mark.parametrize(
    "filler",
    ["(", "((a, ", "By A ", "© ", "a, ", "A B", "/a", "Source: ", "via ", "— ", "dpa:123456-", "1" * 9 + " ", "([{"],
)
def test_no_other_pattern_backtracks_without_end(filler: str) -> None:
    text = (filler * 20_000)[:20_000]
    began = time.monotonic()
    find_claims(page(html(f"<p>{text}</p>", before=f"<p>{text[:300]}</p><p class='author'>{text[:120]}</p>")))
    assert time.monotonic() - began < _SECONDS


_PIECES = st.sampled_from(
    [
        "<p>",
        "</p>",
        "<div class='related'>",
        "</div>",
        "<a href='http://x.test/a-b-c'>",
        "</a>",
        "<textarea>",
        "<dialog>",
        "<blockquote>",
        "This article originally appeared at ",
        "Salt",
        "PORT SALT (AP) — ",
        "(dpa)",
        "Source: ",
        "By Ada Quill, Salt Times",
        "© 2025 ",
        "来源：",
        "<meta ",
        "<link rel=canonical href=http://y.test/a-b-c>",
        "<script type='application/ld+json'>",
        '{"isBasedOn": ',
        "</script>",
        "<base href='http://['>",
        "<img src='http://z.test/?republication-pixel=true&post=1'>",
        "<table><tr>",
        "<svg>",
        "<template>",
        "<!--",
        "-->",
        "<![CDATA[",
        "&#0;",
        "\x00",
        "\ud800",
    ]
)


@settings(max_examples=150)
@given(st.lists(st.one_of(_PIECES, st.text(max_size=20)), max_size=40), st.text(max_size=30))
def test_no_page_makes_it_raise(pieces: list[str], url: str) -> None:
    frames: list[dict[str, Any]] = [
        {"html": "".join(pieces), "url": url},
        {"error": "gone"},
        {"html": "<p>x</p>", "url": "about:srcdoc", "page": 0},
    ]
    read = read_page(frames, url, [url])
    found = find_claims(read)
    judge(found.claims)
    for claim in found.claims:
        assert 0 <= claim.confidence <= 1
        if claim.place.end:
            assert read.text[claim.place.start : claim.place.end][:MAX_PASSAGE_CHARS] == claim.passage


def test_frames_of_other_sites_say_nothing_for_the_page() -> None:
    advertisement = {
        "html": html("<p>This article originally appeared at Lantern Weekly.</p>"),
        "url": "https://ads.test/",
    }
    assert not find_claims(read_page([{"html": html(), "url": URL}, advertisement], URL)).claims


def test_a_frame_of_the_pages_own_site_is_read_as_part_of_it() -> None:
    frame = {
        "html": "<p>This article originally appeared at Lantern Weekly.</p>",
        "url": "https://harbour-daily.example/frame",
    }
    [claim] = find_claims(read_page([{"html": html(), "url": URL}, frame], URL)).claims
    assert (claim.outlet, claim.place.frame) == ("Lantern Weekly", 1)

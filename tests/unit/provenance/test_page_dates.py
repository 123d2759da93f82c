"""The dates of a page: from its data, its tags, its headline's surroundings, its address, and what is round it."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.provenance.dates import DateFound, Kind, Method, Precision, best
from archiver.provenance.page_dates import Given, find_dates
from tests.unit.provenance.pages import html, page

_URL = "https://harbour-daily.test/news/ferry-line-reopens"


def ld(**fields: object) -> str:
    return f'<script type="application/ld+json">{json.dumps({"@type": "NewsArticle", **fields})}</script>'


def dates(document: str, url: str = _URL, given: Given | None = None) -> tuple[DateFound, ...]:
    return find_dates(page(document, url), given).dates


def only(found: tuple[DateFound, ...], method: Method) -> DateFound:
    of_method = [date for date in found if date.method is method]
    assert len(of_method) == 1, found
    return of_method[0]


def test_json_ld_says_when_it_was_published_changed_and_begun() -> None:
    found = dates(
        html(head=ld(datePublished="2025-05-01T10:00:00Z", dateModified="2025-05-02", dateCreated="2025-04-30"))
    )
    assert [(date.kind, date.said.day) for date in found] == [
        (Kind.PUBLISHED, 1),
        (Kind.MODIFIED, 2),
        (Kind.CREATED, 30),
    ]
    assert found[0].passage == "datePublished: 2025-05-01T10:00:00Z"
    assert found[0].place is not None
    assert found[0].place.xpath.endswith("script")


def test_json_ld_of_another_story_on_the_page_is_not_read() -> None:
    other = ld(url="https://harbour-daily.test/news/other", datePublished="2024-01-01")
    own = ld(url=_URL, datePublished="2025-05-01")
    assert only(dates(html(head=other + own)), Method.JSON_LD).said.year == 2025


@pytest.mark.parametrize(
    ("tag", "kind"),
    [
        ("<meta property='article:published_time' content='2025-05-01T10:00:00+02:00'>", Kind.PUBLISHED),
        ("<meta name='parsely-pub-date' content='2025-05-01T10:00:00+02:00'>", Kind.PUBLISHED),
        ("<meta name='sailthru.date' content='2025-05-01T10:00:00+02:00'>", Kind.PUBLISHED),
        ("<meta name='DC.date.issued' content='2025-05-01T10:00:00+02:00'>", Kind.PUBLISHED),
        ("<meta name='date' content='2025-05-01T10:00:00+02:00'>", Kind.PUBLISHED),
        ("<meta itemprop='datePublished' content='2025-05-01T10:00:00+02:00'>", Kind.PUBLISHED),
        ("<meta property='article:modified_time' content='2025-05-01T10:00:00+02:00'>", Kind.MODIFIED),
        ("<meta property='og:updated_time' content='2025-05-01T10:00:00+02:00'>", Kind.MODIFIED),
    ],
)
def test_a_meta_tag_says_a_date_with_its_zone(tag: str, kind: Kind) -> None:
    date = only(dates(html(head=tag)), Method.META)
    assert (date.kind, date.zone, date.moment) == (kind, "+02:00", datetime(2025, 5, 1, 8, tzinfo=UTC))


def test_a_tag_pasted_into_the_body_is_the_originals() -> None:
    assert not dates(html("<meta property='article:published_time' content='2025-05-01'>"))


def test_a_time_element_by_the_headline_is_read_with_its_line() -> None:
    found = dates(html(before="<p>By A. Writer <time datetime='2025-05-01T10:00:00Z'>yesterday</time></p>"))
    date = only(found, Method.TIME_ELEMENT)
    assert (date.kind, date.passage) == (Kind.PUBLISHED, "By A. Writer yesterday")
    assert date.place is not None
    assert date.place.xpath.endswith("time")


@pytest.mark.parametrize(
    "line",
    [
        "<p>Updated <time datetime='2025-05-01T10:00:00Z'>today</time></p>",
        "<p><time itemprop='dateModified' datetime='2025-05-01T10:00:00Z'>today</time></p>",
        "<p><time class='entry-date updated' datetime='2025-05-01T10:00:00Z'>today</time></p>",
    ],
)
def test_a_time_element_may_say_when_it_was_changed(line: str) -> None:
    assert only(dates(html(before=line)), Method.TIME_ELEMENT).kind is Kind.MODIFIED


def test_a_time_element_of_another_story_is_not_read() -> None:
    aside = "<aside><p>Other story <time datetime='2024-01-01'>January</time></p></aside>"
    assert not dates(html(before=aside, after=aside))


def test_visible_dates_are_told_with_their_place_in_the_text() -> None:
    document = html(before="<p>Erschienen am 1. Mai 2025, zuletzt aktualisiert am 2. Mai 2025</p>", language="de")
    found = [date for date in dates(document) if date.method is Method.VISIBLE]
    assert [(date.kind, date.said.day) for date in found] == [(Kind.PUBLISHED, 1), (Kind.MODIFIED, 2)]
    text = page(document).text
    for date in found:
        assert date.place is not None
        assert text[date.place.start : date.place.end] == date.passage
    assert found[1].passage == "aktualisiert am 2. Mai 2025"


def test_a_date_in_the_story_itself_is_not_its_own() -> None:
    sentence = "On May 1, 2024 the stage was closed, the port authority said in a long statement to its passengers. "
    assert not dates(html(lead=sentence * 4))


@pytest.mark.parametrize(
    ("path", "said", "precision"),
    [
        ("/2025/05/01/ferry", "2025-05-01", Precision.DAY),
        ("/news/2025-5-1/ferry", "2025-05-01", Precision.DAY),
        ("/news/20250501/ferry", "2025-05-01", Precision.DAY),
        ("/2025/05/ferry", "2025-05-01", Precision.MONTH),
    ],
)
def test_an_address_says_a_day_or_a_month(path: str, said: str, precision: Precision) -> None:
    date = only(dates(html(), f"https://harbour-daily.test{path}"), Method.URL)
    assert (date.said, date.precision, date.place) == (datetime.fromisoformat(said), precision, None)


@pytest.mark.parametrize(
    "path", ["/news/ferry", "/id/12345678/ferry", "/2025/13/01/ferry", "/9999/ferry", "//[x/2025/"]
)
def test_an_address_without_a_day_says_none(path: str) -> None:
    assert not dates(html(), f"https://harbour-daily.test{path}")


def test_what_is_round_the_page_is_told_by_its_method() -> None:
    given = Given(
        feed_published="Thu, 01 May 2025 10:00:00 GMT",
        sitemap_published="2025-05-01T12:00:00+02:00",
        sitemap_modified="2025-05-03",
        last_modified="Sat, 03 May 2025 10:00:00 GMT",
        first_capture=datetime(2025, 5, 4, tzinfo=UTC),
    )
    found = dates(html(), given=given)
    assert [(date.method, date.kind) for date in found] == [
        (Method.FEED, Kind.PUBLISHED),
        (Method.SITEMAP, Kind.PUBLISHED),
        (Method.SITEMAP, Kind.MODIFIED),
        (Method.LAST_MODIFIED, Kind.MODIFIED),
        (Method.FIRST_CAPTURE, Kind.PUBLISHED),
    ]
    assert not best(found).conflicts


def test_a_date_later_than_the_capture_is_told_as_a_problem() -> None:
    document = html(head=ld(datePublished="2035-05-01T10:00:00Z", dateModified="2025-05-01"))
    found = find_dates(page(document, _URL), Given(captured=datetime(2025, 6, 1, tzinfo=UTC)))
    assert [date.kind for date in found.dates] == [Kind.MODIFIED]
    assert found.problems == ("json-ld: published 2035-05-01 10:00:00 Z, which is later than the capture",)


def test_more_dates_than_the_limit_are_told_as_a_problem() -> None:
    tags = "".join(f"<meta name='date' content='2025-05-01T10:{number:02}:00Z'>" for number in range(60))
    found = find_dates(page(html(head=tags), _URL))
    assert len(found.dates) == 40
    assert found.problems == ("more than 40 dates by meta; the further ones were not read",)


def test_a_page_of_nothing_but_dates_is_read_in_a_second() -> None:
    lines = "<p>1 1 1 May May 2025 2025 2025-05- 1.1. 6 de mayo de</p>" * 3000 + "<p>" + "1" * 290 + "</p>"
    nested = "<div>" * 2000 + "<time datetime='2025-05-01'>x</time>" * 400
    read = page(f"<html lang=es><body>{lines}{nested}", _URL)
    began = time.perf_counter()
    find_dates(read)
    assert time.perf_counter() - began < 3


@given(st.text(max_size=200), st.text(max_size=40))
def test_any_value_is_read_without_an_error(value: str, address: str) -> None:
    escaped = value.replace("&", "&amp;").replace("'", "&#39;").replace("<", "&lt;")
    document = (
        f"<html><head><meta name='date' content='{escaped}'>{ld(datePublished=value, url=[value, {}, 3])}</head>"
        f"<body><h1>T</h1><p>{escaped} <time datetime='{escaped}'>{escaped}</time></p></body></html>"
    )
    find_dates(
        page(document, f"https://harbour-daily.test/{address}"), Given(feed_published=value, last_modified=value)
    )

"""Pages that are made to lead a trace astray: into a crash, away, round in circles, on and on, or to a wrong result."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

import pytest

from archiver.archive import Archive
from archiver.cli.text import printable
from archiver.model import Recording
from archiver.provenance import resolve
from archiver.provenance.claim import Relation
from archiver.provenance.graph import EndKind, NodeKind, Status
from archiver.provenance.prov import prov_json
from archiver.provenance.render import mermaid, tree
from archiver.provenance.resolve import Item, feed_items, page_key
from archiver.provenance.schema_org import json_ld_text
from archiver.tracing import Limits, derivations, trace
from archiver.withdrawing import withdraw
from tests.support.paper_web import PaperWeb
from tests.unit.test_tracing import article, ends, hops, said, traced

_HOME = "https://tidewater-review.example/"
_ORIGIN = f"{_HOME}2026/03/canal-lock-closes-for-good"
_REPOST = "https://harbour-daily.example/world/canal-lock-closes-for-good-after-storm"
_SECOND = "https://inland-mirror.example/news/8812/canal-lock-closes-for-good"
_THIRD = "https://evening-copy.example/a/canal-lock-closes-for-good-now"
_TITLE = "Canal lock closes for good after the storm"
_QUICK = Limits(pause_s=0)
_OTHER_STORY = (
    "Nobody in the valley remembers a summer in which the cherries were ripe as early as this year, and the pickers "
    "who come from the plain each June had to be called two weeks before they had meant to set out.",
    "The cooperative bought a second cooling house from a bankrupt dairy and has rented lorries by the day, since "
    "what is not sold on the fourth morning goes to the distillery for a tenth of the price.",
    "Older farmers shake their heads at the young trees on wire, which bear twice as much but live only half as long, "
    "and need water from the river at the very time when the river has the least to give.",
    "On Sunday the parish blesses the orchards with a procession, a brass band and far too much cake, as it has done "
    "every year since the great hail, of which a stone in the church porch still tells.",
)
_FLOOD_S = 20.0


class _Web(PaperWeb):
    """A web in which some addresses answer with what has no DOM."""

    without_dom: tuple[str, ...] = ()

    def record(self, url: str, *given: Any) -> Recording:
        made = super().record(url, *given)
        if url not in self.without_dom:
            return made
        return replace(made, renditions=tuple(each for each in made.renditions if each.role != "dom"))


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> _Web:
    made = _Web()
    monkeypatch.setattr("archiver.capture.capture.record", made.record)
    return made


@pytest.fixture
def archive() -> Iterator[Archive]:
    with Archive("archive") as opened:
        yield opened


@contextmanager
def soon() -> Iterator[None]:
    """Within the time that a flood may take, of this process alone."""
    began = time.process_time()
    yield
    assert time.process_time() - began < _FLOOD_S


def json_ld(**fields: object) -> str:
    data = {"@context": "https://schema.org", "@type": "NewsArticle", **fields}
    return f"<script type='application/ld+json'>{json.dumps(data)}</script>"


def damaged(id_: str, name: str) -> None:
    """Something else in the place of a file of a stored snapshot."""
    for path in Path("archive").rglob(name):
        if id_ in str(path):
            path.chmod(0o600)
            path.write_bytes(b"no more what it was")


# addresses


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert('2026-03-canal-lock-closes-for-good')",
        "data:text/html,<p>2026-03-canal-lock-closes-for-good",
        "file:///2026/03/canal-lock-closes-for-good",
        "ftp://tidewater-review.example/2026/03/canal-lock-closes-for-good",
        "http:///2026/03/canal-lock-closes-for-good",
        "https://[tidewater-review.example/2026/03/canal-lock-closes",
        "https://[::1/2026/03/canal-lock-closes-for-good",
        "https://tidewater-review.example:99999/2026/03/canal-lock-closes",
        "https://tidewater-review.example:0/2026/03/canal-lock-closes",
        "https://keeper:sesame@tidewater-review.example/2026/03/canal-lock-closes",
        "https://tidewater-review.example/2026/03/canal-lock closes for good",
        "https://tide\u2100water.example/2026/03/canal-lock-closes-for-good",
        "https://tidewater-review.example/2026/03/" + "canal-lock-" * 500,
        "http://",
        "https://..../2026/03/canal-lock-closes-for-good",
        "https:tidewater-review.example/2026/03/canal-lock-closes-for-good",
    ],
)
@pytest.mark.parametrize("where", ["sentence", "head", "canonical", "data"])
def test_an_address_that_cannot_be_captured_is_not_visited_and_ends_the_trail(
    address: str, where: str, archive: Archive, web: _Web
) -> None:
    head = tail = ""
    if where == "sentence":
        tail = said(escape(address, quote=True))
    elif where == "head":
        head = f"<meta name='original-source' content='{escape(address, quote=True)}'>"
        head += f"<meta name='syndication-source' content='{escape(address, quote=True)}'>"
    elif where == "canonical":
        head = f"<link rel='canonical' href='{escape(address, quote=True)}'>"
    else:
        head = json_ld(isBasedOn=address, author={"@type": "Organization", "name": "Reuters", "url": address})
    web.add(_REPOST, article(head=head, tail=tail))
    done = traced(archive, _REPOST)
    wanted = [url for url in web.visited if not url.startswith((_REPOST, _HOME))]
    assert wanted == []
    assert not any("sesame" in note for note in done.notes)
    assert not any(edge.status is Status.VERIFIED for edge in done.chain.edges)
    assert len(list(derivations(archive, archive.find(_REPOST).id))) == done.stated
    for told in (tree(done.chain, printable), mermaid(done.chain, printable), json_ld_text(done.chain)):
        assert told.encode()
    assert prov_json(done.chain).encode()


@pytest.mark.parametrize(
    "address",
    [
        "https://[2001:db8::7]/2026/03/canal-lock-closes-for-good",
        "https://tidewater-review.example:8443/2026/03/canal-lock-closes",
        "https://gezeiten-blätter.example/2026/03/schleuse-schließt-für-immer",
        _ORIGIN + "#the-second-paragraph",
    ],
)
def test_an_address_that_is_only_unusual_is_visited_without_its_fragment(
    address: str, archive: Archive, web: _Web
) -> None:
    web.add(address.partition("#")[0], article())
    web.add(_REPOST, article(tail=said(address)))
    assert [hop[3] for hop in hops(traced(archive, _REPOST).chain)] == ["verified"]


def test_an_address_with_half_a_surrogate_pair_is_stated_without_it(archive: Archive, web: _Web) -> None:
    web.add(_REPOST, article(head=json_ld(isBasedOn=f"{_ORIGIN}-\ud800", author="\udfff")))
    done = traced(archive, _REPOST)
    assert all(node.id.encode() for node in done.chain.nodes)
    assert trace(archive, _REPOST, _QUICK, capture_missing=True).stated == 0


def test_the_port_the_case_and_the_user_name_give_a_host_no_further_budget(archive: Archive, web: _Web) -> None:
    links = "".join(
        f"<p><a href='https://{user}tidewater-review.example{port}/2026/03/canal-lock-closes-for-good-{n}00'>{_TITLE}"
        f"</a></p>"
        for n, (user, port) in enumerate(
            [("", ""), ("", ":444"), ("", ":445"), ("a@", ""), ("", ".:446"), ("", ":447")]
        )
    )
    web.add(_REPOST, article(tail=said(_HOME)))
    web.add(_HOME, f"<html><body>{links}</body></html>")
    traced(archive, _REPOST, Limits(per_host=2, pause_s=0))
    assert len(web.visited) == 3
    assert not any("@" in url for url in web.visited)


def test_visits_that_fail_count_for_the_budget_of_all(archive: Archive, web: _Web) -> None:
    links = "".join(
        f"<p><a href='https://n{n}.tidewater-review.example/2026/03/canal-lock-closes-for-good-{n}00'>{_TITLE}</a></p>"
        for n in range(100)
    )
    web.add(_REPOST, article(tail=said(_HOME)))
    web.add(_HOME, f"<html><body>{links}</body></html>")
    traced(archive, _REPOST, Limits(per_host=100, visits=4, pause_s=0))
    assert len(web.visited) == 5  # with the page itself


# the page itself as its source


@pytest.mark.parametrize(
    "variant",
    [
        "http://harbour-daily.example/world/lock-closes-after-storm?a=1&b=2",
        "https://www.harbour-daily.example/world/lock-closes-after-storm?a=1&b=2",
        "https://harbour-daily.example/world/lock-closes-after-storm/?a=1&b=2",
        "https://harbour-daily.example/world/lock-closes-after-storm?b=2&a=1",
        "https://HARBOUR-DAILY.example:443/world/lock-closes-after-storm?a=1&b=2#top",
    ],
)
@pytest.mark.parametrize("outlet", ["Harbour Daily", "Harbour Daily UK", "Tidewater Review"])
def test_a_page_that_names_itself_by_another_spelling_comes_from_nowhere(
    variant: str, outlet: str, archive: Archive, web: _Web
) -> None:
    page = "https://harbour-daily.example/world/lock-closes-after-storm?a=1&b=2"
    site = "<meta property='og:site_name' content='Harbour Daily'>"
    web.add(page, article(head=site, tail=said(escape(variant), outlet)))
    done = traced(archive, page)
    assert web.visited == [page]
    assert hops(done.chain) == []
    assert ends(done.chain) == [(page, EndKind.ORIGIN)]


def test_another_site_that_redirects_to_the_page_is_no_source_of_it(archive: Archive, web: _Web) -> None:
    web.add(_REPOST, article(tail=said(_ORIGIN)))
    web.add(_ORIGIN, article(tail=said(_ORIGIN)), final_url=_REPOST)
    done = traced(archive, _REPOST)
    assert hops(done.chain) == []
    assert ends(done.chain) == [(_REPOST, EndKind.ORIGIN)]


def test_a_capture_that_was_led_on_to_the_page_that_names_its_address_is_not_its_own_source(
    archive: Archive, web: _Web
) -> None:
    web.add(_ORIGIN, article(tail=said(_ORIGIN)), final_url=_REPOST)
    done = traced(archive, _ORIGIN)
    assert hops(done.chain) == []
    assert [kind for _, kind in ends(done.chain)] == [EndKind.ORIGIN]


# rounds


def test_three_pages_that_name_each_other_are_one_cycle(archive: Archive, web: _Web) -> None:
    web.add(_REPOST, article(tail=said(_SECOND, "Inland Mirror")))
    web.add(_SECOND, article(tail=said(_THIRD, "Evening Copy")))
    web.add(_THIRD, article(tail=said(_REPOST.replace("https://", "http://www.") + "/", "Harbour Daily")))
    done = traced(archive, _REPOST, Limits(depth=20, pause_s=0))
    assert web.visited == [_REPOST, _SECOND, _THIRD]
    assert {(hop[0], hop[1]) for hop in hops(done.chain)} == {(_REPOST, _SECOND), (_SECOND, _THIRD), (_THIRD, _REPOST)}
    assert ends(done.chain) == [(_REPOST, EndKind.CYCLE)]


def test_two_addresses_of_one_article_are_one_source(archive: Archive, web: _Web) -> None:
    short = "https://tide-short.example/a/84123555"
    web.add(_ORIGIN, article())
    web.add(short, article(), final_url=_ORIGIN)
    both = said(short, "Tide Short") + f"<p>Originally published by <a href='{_ORIGIN}'>Tidewater Review</a>.</p>"
    web.add(_REPOST, article(tail=both))
    done = traced(archive, _REPOST)
    assert {hop[1:] for hop in hops(done.chain)} == {(_ORIGIN, "republication", "verified")}
    assert ends(done.chain) == [(_ORIGIN, EndKind.ORIGIN)]


def test_copies_that_name_nobody_are_not_followed_further_than_asked_for(archive: Archive, web: _Web) -> None:
    urls = [f"https://outlet-{chr(97 + n)}.example/2026/03/canal-lock-closes-for-good" for n in range(5)]
    for n, url in enumerate(urls):
        web.add(url, article(published=f"2026-03-0{n + 1}T18:00:00Z"))
        archive.capture(url)
    done = trace(archive, urls[-1], Limits(depth=1, pause_s=0))
    assert {hop[0] for hop in hops(done.chain)} == {urls[-1]}
    assert EndKind.DEPTH in {kind for _, kind in ends(done.chain)}


def test_of_copies_without_a_direction_none_is_called_the_origin(archive: Archive, web: _Web) -> None:
    web.add(_ORIGIN, article())
    web.add(_REPOST, article())
    archive.capture(_ORIGIN)
    assert ends(traced(archive, _REPOST, missing=False).chain) == [(_ORIGIN, EndKind.AMBIGUOUS)]


# sources that cannot be read


def test_a_source_that_has_no_dom_ends_the_trail_and_is_told(archive: Archive, web: _Web) -> None:
    report = "https://tidewater-review.example/files/2026/canal-lock-report.pdf"
    web.add(report, "")
    web.without_dom = (report,)
    web.add(_REPOST, article(tail=said(report)))
    done = traced(archive, _REPOST)
    assert hops(done.chain) == [(_REPOST, report, "republication", "claimed")]
    assert ends(done.chain) == [(report, EndKind.UNRESOLVED)]
    assert "cannot be read" in done.chain.ends[0].reason
    assert done.chain.node(done.chain.edges[0].earlier).snapshot == archive.find(report).id
    assert web.visited.count(report) == 1
    assert trace(archive, _REPOST, _QUICK, capture_missing=True).stated == 0


@pytest.mark.parametrize("name", ["capture.warc.gz", "capture.cdxj"])
def test_a_source_whose_snapshot_is_damaged_ends_the_trail(name: str, archive: Archive, web: _Web) -> None:
    web.add(_ORIGIN, article())
    web.add(_REPOST, article(tail=said(_ORIGIN)))
    damaged(archive.capture(_ORIGIN).snapshot.id, name)
    done = traced(archive, _REPOST)
    assert hops(done.chain) == [(_REPOST, _ORIGIN, "republication", "claimed")]
    assert ends(done.chain) == [(_ORIGIN, EndKind.UNRESOLVED)]
    assert done.notes


def test_a_source_whose_statement_cannot_be_read_ends_the_trail(archive: Archive, web: _Web) -> None:
    web.add(_ORIGIN, article())
    web.add(_REPOST, article(tail=said(_ORIGIN)))
    captured = archive.capture(_ORIGIN).snapshot
    result = archive.locate(captured.id)[0].result
    assert result is not None
    archive.capture(_REPOST)
    for path in Path("archive").rglob(result.commitment):
        path.chmod(0o600)
        path.write_bytes(b"{")
    done = trace(archive, _REPOST, _QUICK, capture_missing=True)
    assert [hop[3] for hop in hops(done.chain)] == ["claimed"]
    assert web.visited.count(_ORIGIN) == 1


def test_a_withdrawn_source_is_not_read(archive: Archive, web: _Web) -> None:
    web.add(_ORIGIN, article())
    web.add(_REPOST, article(tail=said(_ORIGIN)))
    withdraw(archive, archive.capture(_ORIGIN).snapshot.id, "a court order")
    done = traced(archive, _REPOST, missing=False)
    assert hops(done.chain) == [(_REPOST, _ORIGIN, "republication", "claimed")]
    assert ends(done.chain) == [(_ORIGIN, EndKind.ORIGIN_NOT_CAPTURED)]


# who is named


def test_an_agency_as_author_is_the_end_and_no_address_is_made_up(archive: Archive, web: _Web) -> None:
    head = json_ld(author={"@type": "Organization", "name": "Agence France-Presse"}, publisher="Reuters")
    web.add(_REPOST, article(head=head + "<meta name='author' content='Reuters'>"))
    done = traced(archive, _REPOST)
    assert web.visited == [_REPOST]
    assert {node.kind for node in done.chain.nodes if node.snapshot is None} <= {NodeKind.AGENCY}


def test_a_picture_that_is_credited_twice_is_one_edge(archive: Archive, web: _Web) -> None:
    figure = "<figure><img src='/lock.jpg'><figcaption>The lock. (Ada Lind, Reuters, Pool via AP)</figcaption></figure>"
    web.add(_REPOST, article(tail=figure * 2))
    done = traced(archive, _REPOST)
    assert [edge.relation for edge in done.chain.edges] == [Relation.ILLUSTRATES]
    assert trace(archive, _REPOST, _QUICK).stated == 0


@pytest.mark.parametrize(("credits", "told"), [(20, False), (25, True)])
def test_more_pictures_than_are_told_are_a_note(credits: int, told: bool, archive: Archive, web: _Web) -> None:
    figures = "".join(
        f"<figure><img src='/{n}.jpg'><figcaption>Lock. (Ada {chr(65 + n)}ind, Picture House {chr(65 + n)})"
        f"</figcaption></figure>"
        for n in range(credits)
    )
    web.add(_REPOST, article(tail=figures))
    done = traced(archive, _REPOST)
    assert len(done.chain.edges) == 20
    assert any("picture credits" in note for note in done.notes) is told


def test_a_guessed_article_with_the_same_title_and_another_text_does_not_speak_against_the_claim(
    archive: Archive, web: _Web
) -> None:
    web.add(_REPOST, article(tail=said(_HOME), published="2026-03-03T18:00:00Z"))
    web.add(_HOME, f"<html><body><p><a href='{_ORIGIN}'>{_TITLE}</a></p></body></html>")
    web.add(_ORIGIN, article(_OTHER_STORY, published="2026-03-03T12:00:00Z"))
    done = traced(archive, _REPOST)
    assert [hop[3] for hop in hops(done.chain)] == ["claimed"]
    assert [candidate.url for candidate in done.chain.ends[0].candidates] == [_ORIGIN]


# floods


def test_a_title_of_a_megabyte_costs_little(archive: Archive, web: _Web) -> None:
    title = "Canal lock closes " * 60_000
    head = f"<meta property='og:title' content='{title}'><title>{title}</title>"
    web.add(_REPOST, article(head=head, tail=said(_HOME)))
    web.add(_HOME, f"<html><body><p><a href='{_ORIGIN}'>{title[:90_000]}</a></p></body></html>")
    web.add(_ORIGIN, article(head=head))
    with soon():
        done = traced(archive, _REPOST)
    assert max(len(node.title) for node in done.chain.nodes) <= 500
    assert max(len(url) for url in web.visited) < 2_000
    assert [hop[3] for hop in hops(done.chain)] == ["verified"]


def test_ten_thousand_links_to_the_outlet_are_three_visits(archive: Archive, web: _Web) -> None:
    links = "".join(f"<a href='{_ORIGIN}-{n}00'>{_TITLE} {n}</a> " for n in range(10_000))
    web.add(_REPOST, article(tail=said(_HOME) + f"<div>{links}</div>"))
    archive.capture(_REPOST)
    with soon():
        trace(archive, _REPOST, _QUICK, capture_missing=True)
    assert len([url for url in web.visited if url.startswith(_ORIGIN)]) == 3
    assert len(web.visited) <= 1 + _QUICK.per_host


def test_a_feed_of_a_hundred_thousand_items_is_read_up_to_its_limit(archive: Archive, web: _Web) -> None:
    item = f"<item><title>{_TITLE}</title><link>{_ORIGIN}-%d00</link></item>"
    feed = "<rss>" + "".join(item % n for n in range(100_000)) + "</rss>"
    web.add(_REPOST, article(tail=said(_HOME)))
    web.add(f"{_HOME}feed/", f"<html><body><pre>{escape(feed)}</pre></body></html>")
    with soon():
        traced(archive, _REPOST, Limits(per_host=5, pause_s=0))
    assert len(web.visited) == 6


@pytest.mark.parametrize(
    "piece",
    [
        "<title>",
        "<title ",
        "<link ",
        "<link>",
        "<loc>x",
        "<item>",
        "<pubDate>",
        "<item><title>a",
        "href='",
        "<news:title",
    ],
)
def test_what_only_begins_like_a_feed_costs_little(piece: str) -> None:
    text = ("<item><loc>x</loc>" + piece * (19_000 // len(piece))) * 450
    with soon():
        assert sum(1 for _ in feed_items(text)) <= 5_000


def test_a_sitemap_of_sitemaps_is_not_followed(archive: Archive, web: _Web) -> None:
    index = "<sitemapindex><sitemap><loc>https://tidewater-review.example/sitemap.xml</loc></sitemap></sitemapindex>"
    web.add(_REPOST, article(tail=said(_HOME)))
    web.add(f"{_HOME}sitemap.xml", index)
    traced(archive, _REPOST, Limits(per_host=50, pause_s=0))
    assert web.visited.count(f"{_HOME}sitemap.xml") == 1
    assert len(web.visited) == len(set(web.visited))


def test_of_a_feed_only_what_is_on_the_outlets_site_is_visited(archive: Archive, web: _Web) -> None:
    places = [
        f"javascript:location='{_ORIGIN}'",
        "https://elsewhere.example/2026/03/canal-lock-closes-for-good",
        "https://tidewater-review.example.elsewhere.example/2026/03/canal-lock-closes-for-good",
        "https://tidewater-review.example@elsewhere.example/2026/03/canal-lock-closes-for-good",
        "//elsewhere.example/2026/03/canal-lock-closes-for-good",
        "ftp://tidewater-review.example/2026/03/canal-lock-closes-for-good",
        "https://[tidewater-review.example/2026/03/canal-lock",
    ]
    feed = "".join(f"<item><title>{_TITLE}</title><link>{place}</link></item>" for place in places)
    web.add(_REPOST, article(tail=said(_HOME)))
    web.add(f"{_HOME}feed/", f"<html><body><pre>{escape(feed)}</pre></body></html>")
    traced(archive, _REPOST, Limits(per_host=50, pause_s=0))
    assert [url for url in web.visited if not url.startswith((_HOME, _REPOST))] == []


def test_a_home_page_that_leads_to_another_site_makes_that_site_no_source(archive: Archive, web: _Web) -> None:
    copy = "https://elsewhere.example/2026/03/canal-lock-closes-for-good"
    web.add(_REPOST, article(tail=said(_HOME)))
    front = "<html><head><link rel='alternate' type='application/rss+xml' href='https://elsewhere.example/feed'></head>"
    web.add(_HOME, f"{front}<body><a href='{copy}'>{_TITLE}</a></body></html>", final_url="https://elsewhere.example/")
    web.add(copy, article())
    done = traced(archive, _REPOST, Limits(per_host=50, pause_s=0))
    assert copy not in web.visited
    assert [hop[3] for hop in hops(done.chain)] == ["claimed"]


def test_a_link_on_the_outlets_site_that_leads_to_another_site_is_only_a_candidate(archive: Archive, web: _Web) -> None:
    web.add(_REPOST, article(tail=said(_HOME)))
    web.add(_HOME, f"<html><body><a href='{_ORIGIN}'>{_TITLE}</a></body></html>")
    web.add(_ORIGIN, article(), final_url="https://elsewhere.example/2026/03/canal-lock-closes-for-good")
    done = traced(archive, _REPOST)
    assert [hop[3] for hop in hops(done.chain)] == ["claimed"]
    assert "leads to another site" in done.chain.ends[0].candidates[0].reason


def test_what_a_hostile_page_makes_trace_say_is_stated_once_only(archive: Archive, web: _Web) -> None:
    sentence = said(_ORIGIN) + "".join(
        f"<p>Originally published by <a href='{_ORIGIN}?{n}'>Tidewater Review</a>, {'very ' * 100}long ago.</p>"
        for n in range(200)
    )
    web.add(_ORIGIN, article())
    web.add(_REPOST, article(tail=sentence))
    with soon():
        assert traced(archive, _REPOST).stated == 1
        assert trace(archive, _REPOST, _QUICK, capture_missing=True).stated == 0


# parts


def test_items_are_ranked_whatever_they_hold() -> None:
    items = [Item("https://[", _TITLE), Item("javascript:x", "\ud800" * 500), Item("", ""), Item("x" * 100_000, "")]
    assert [one.item.url for one in resolve.ranked(items, _TITLE)] == ["https://["]


def test_places_are_of_the_home_pages_site_whatever_the_title() -> None:
    found = list(resolve.places(_HOME, None, "\ud800 \x00 &?=/../" * 200))
    assert found
    assert all(place.startswith(_HOME) for place in found)
    assert list(resolve.places("https://[", None, "x")) == []


def test_ways_to_write_an_address_have_one_key_and_other_addresses_another() -> None:
    same = [
        "https://bücher.example/straße?b=2&a=1",
        "http://www.xn--bcher-kva.example:80/stra%C3%9Fe/?a=1&b=2#x",
        "https://BÜCHER.example./straße?b=2&a=1",
    ]
    assert len({page_key(url) for url in same}) == 1
    others = [_ORIGIN, _ORIGIN.upper(), f"{_ORIGIN}?a", _ORIGIN.replace(".example", ".example:81"), "", "javascript:x"]
    assert len({page_key(url) for url in [*others, *same]}) == len(others) + 1
    for odd in ("https://[", "http://a:99999999/", "\ud800", "https://\ud800.example/\ud800", "https://" + "ü" * 9_000):
        assert isinstance(page_key(odd), str)

"""Chains of reposts, traced through captures of a made-up web."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from html import escape

import pytest

from archiver.archive import Archive
from archiver.provenance.claim import Relation
from archiver.provenance.graph import Chain, DirectionBy, EndKind, NodeKind, Status
from archiver.tracing import Limits, Traced, derivations, trace
from tests.support.paper_web import PaperWeb

_ORIGIN = "https://tidewater-review.example/2026/03/canal-lock-closes-for-good"
_REPOST = "https://harbour-daily.example/world/canal-lock-closes-for-good-after-storm"
_SECOND = "https://inland-mirror.example/news/8812/canal-lock-closes-for-good"
_THIRD = "https://evening-copy.example/a/canal-lock-closes-for-good-now"
_TITLE = "Canal lock closes for good after the storm"
_QUICK = Limits(pause_s=0)
_STORY = (
    "The old lock on the northern canal will not open again, the water board decided on Tuesday evening, because the "
    "gates that the storm broke in January cannot be made any more by anybody in the country.",
    "Skippers who live from the narrow boats heard of it from the radio, and several of them drove to the keeper's "
    "house the same night to ask whether it was true that their way to the sea is gone.",
    "The lock keeper, whose family has held the post for four generations, told them that the board had written to him "
    "only a day earlier and that the letter did not even give a reason for the haste.",
    "A shipyard further down had offered to weld new gates out of used steel plates, but engineers of the board say "
    "that such gates would be too heavy for the masonry, which was built for oak.",
    "Two villages between the locks now look at a canal without boats, and the owner of the inn there counts on losing "
    "a third of his guests next summer if nothing else is found for them to come for.",
    "The board promises a path for walkers and bicycles along the old towpath, with benches and a small museum in the "
    "engine house, but has put no money for any of it into next year's plan so far.",
)
_OTHER = (
    "Beekeepers in the hills report the best spring for many years, with hives so full that some of them had to borrow "
    "frames from their neighbours before the lime trees had even begun to flower.",
    "The mild winter left more colonies alive than usual, and the late frost which ruined the apricots did no harm to "
    "the bees, since most of them stayed inside until the sun had warmed the meadows again.",
    "An adviser of the farmers' union warns that prices will fall when so much honey is brought to the market at once, "
    "and asks people to buy from stalls at the roadside rather than from large shops.",
    "Schools have begun to visit the larger apiaries with whole classes, each child in a white suit that is far too "
    "large, and the keepers say that there has not been a single sting so far this year.",
)


def article(
    paragraphs: Sequence[str] = _STORY,
    *,
    tail: str = "",
    head: str = "",
    byline: str = "",
    title: str = _TITLE,
    published: str = "",
    language: str = "en",
) -> str:
    text = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    date = f"<meta property='article:published_time' content='{published}'>" if published else ""
    return (
        f"<!DOCTYPE html><html lang='{language}'><head><title>{title}</title>{date}{head}</head><body>"
        "<header><a href='/'>Front page</a></header>"
        f"<main><article><h1>{title}</h1>{byline}{text}{tail}</article></main>"
        "<footer><p>Imprint</p></footer></body></html>"
    )


def said(url: str, outlet: str = "Tidewater Review") -> str:
    """The sentence that attributes an article, with its link."""
    return f"<p><em>This article originally appeared at <a href='{url}'>{outlet}</a>.</em></p>"


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> PaperWeb:
    made = PaperWeb()
    monkeypatch.setattr("archiver.capture.capture.record", made.record)
    return made


@pytest.fixture
def archive() -> Iterator[Archive]:
    with Archive("archive") as opened:
        yield opened


def traced(archive: Archive, url: str, limits: Limits = _QUICK, *, missing: bool = True) -> Traced:
    if archive.describe() is None or archive.newest(url) is None:
        archive.capture(url)
    return trace(archive, url, limits, capture_missing=missing)


def hops(chain: Chain) -> list[tuple[str, str, str, str]]:
    """Each edge of the text: from where, to where, relation, status."""
    return [
        (
            chain.node(e.later).url or chain.node(e.later).outlet,
            _place(chain, e.earlier),
            str(e.relation),
            str(e.status),
        )
        for e in chain.edges
        if e.relation not in (Relation.QUOTES, Relation.ILLUSTRATES)
    ]


def _place(chain: Chain, id_: str) -> str:
    return chain.node(id_).url or chain.node(id_).outlet


def ends(chain: Chain) -> list[tuple[str, EndKind]]:
    return [(_place(chain, end.node), end.kind) for end in chain.ends]


def test_a_repost_with_a_link_is_verified_by_its_text(archive: Archive, web: PaperWeb) -> None:
    web.add(_ORIGIN, article(published="2026-03-03T18:00:00Z"))
    web.add(_REPOST, article(tail=said(_ORIGIN), published="2026-03-05T09:00:00Z"))
    done = traced(archive, _REPOST)
    assert hops(done.chain) == [(_REPOST, _ORIGIN, "republication", "verified")]
    assert ends(done.chain) == [(_ORIGIN, EndKind.ORIGIN)]
    assert (done.captured, done.stated) == (1, 1)
    assert done.chain.edges[0].direction_by is DirectionBy.CLAIMS


def test_nothing_is_visited_unless_it_is_asked_for(archive: Archive, web: PaperWeb) -> None:
    web.add(_REPOST, article(tail=said(_ORIGIN)))
    done = traced(archive, _REPOST, missing=False)
    assert web.visited == [_REPOST]
    assert hops(done.chain) == [(_REPOST, _ORIGIN, "republication", "claimed")]
    ((_, end),) = ends(done.chain)
    assert end is EndKind.ORIGIN_NOT_CAPTURED
    assert "--capture-missing" in done.chain.ends[0].reason


@pytest.mark.parametrize("count", [2, 4])
def test_a_chain_is_followed_hop_by_hop(count: int, archive: Archive, web: PaperWeb) -> None:
    urls = [f"https://outlet-{chr(97 + n)}.example/2026/03/canal-lock-closes-for-good" for n in range(count + 1)]
    web.add(urls[0], article())
    for earlier, later in itertools.pairwise(urls):
        web.add(later, article(tail=said(earlier, f"Outlet {earlier[15].upper()}")))
    done = traced(archive, urls[-1])
    assert [hop[3] for hop in hops(done.chain)] == ["verified"] * count
    assert ends(done.chain) == [(urls[0], EndKind.ORIGIN)]
    assert done.stated == count


def test_a_trail_ends_where_no_more_hops_are_wanted(archive: Archive, web: PaperWeb) -> None:
    web.add(_ORIGIN, article())
    web.add(_SECOND, article(tail=said(_ORIGIN)))
    web.add(_THIRD, article(tail=said(_SECOND, "Inland Mirror")))
    done = traced(archive, _THIRD, Limits(depth=1, pause_s=0))
    assert ends(done.chain) == [(_SECOND, EndKind.DEPTH)]
    longer = trace(archive, _THIRD, _QUICK, capture_missing=True)
    assert ends(longer.chain) == [(_ORIGIN, EndKind.ORIGIN)]
    assert longer.stated == 2  # the first hop is said again without its end


@pytest.mark.parametrize("missing", [True, False])
def test_a_short_address_behind_the_name_of_the_outlet_is_read_as_what_it_may_be(
    archive: Archive, web: PaperWeb, missing: bool
) -> None:
    # By its address it could be a section.
    short = "https://tidewater-review.example/news/pilots"
    web.add(_REPOST, article(tail=said(short)))
    web.add(short, article(published="2026-03-02T09:00:00Z"))
    if not missing:
        archive.capture(short)
    done = traced(archive, _REPOST, missing=missing)
    assert hops(done.chain) == [(_REPOST, short, "republication", "verified")]
    assert sorted(web.visited) == [_REPOST, short]


@pytest.mark.parametrize("where", ["front", "feed", "sitemap", "search"])
def test_the_article_is_found_where_only_the_home_page_is_linked(where: str, archive: Archive, web: PaperWeb) -> None:
    home = "https://tidewater-review.example/"
    web.add(_ORIGIN, article())
    web.add(_REPOST, article(tail=said(home)))
    link = f"<p><a href='{_ORIGIN}'>{_TITLE}</a></p>"
    other = "<p><a href='/2026/03/bees-in-the-hills-are-well'>Bees in the hills are well</a></p>"
    web.add(home, f"<html><body><h1>Tidewater Review</h1>{other}{link if where == 'front' else ''}</body></html>")
    item = f"<item><title>{_TITLE}</title><link>{_ORIGIN}</link><pubDate>Tue, 03 Mar 2026 18:00:00 GMT</pubDate></item>"
    if where == "feed":
        feed = escape(f"<rss><channel><title>Tidewater</title>{item}</channel></rss>")
        web.add(f"{home}feed/", f"<html><body><pre>{feed}</pre></body></html>")  # as Chromium shows it
    if where == "sitemap":
        web.add(f"{home}sitemap.xml", f"<urlset><url><loc>{_ORIGIN}</loc></url></urlset>")
    if where == "search":
        words = "+".join(_TITLE.split()[:8])
        web.add(f"{home}?s={words}", f"<html><body><h1>Search</h1>{link}</body></html>")
    done = traced(archive, _REPOST, Limits(per_host=12, pause_s=0))
    assert hops(done.chain) == [(_REPOST, _ORIGIN, "republication", "verified")]
    assert ends(done.chain) == [(_ORIGIN, EndKind.ORIGIN)]


def test_an_article_that_is_not_found_leaves_the_outlet_and_what_was_tried(archive: Archive, web: PaperWeb) -> None:
    home = "https://tidewater-review.example/"
    wrong = "https://tidewater-review.example/2026/02/canal-lock-closes-for-now-after-storm"
    web.add(_REPOST, article(tail=said(home)))
    title = "Canal lock closes for now after the storm"
    web.add(home, f"<html><body><h1>News</h1><p><a href='{wrong}'>{title}</a></p></body></html>")
    web.add(wrong, article(_OTHER, title=title, published="2025-01-01T00:00:00Z"))
    done = traced(archive, _REPOST)
    (hop,) = hops(done.chain)
    assert hop[1:] == ("Tidewater Review", "republication", "claimed")
    (end,) = done.chain.ends
    assert end.kind is EndKind.UNRESOLVED
    assert [candidate.url for candidate in end.candidates] == [wrong]
    assert "its text is another" in end.candidates[0].reason


def test_the_budget_of_visits_of_a_host_is_kept(archive: Archive, web: PaperWeb) -> None:
    home = "https://tidewater-review.example/"
    links = "".join(f"<p><a href='/2026/03/canal-lock-closes-for-good-{n}00'>{_TITLE}</a></p>" for n in range(500))
    web.add(_REPOST, article(tail=said(home)))
    web.add(home, f"<html><body>{links}</body></html>")
    done = traced(archive, _REPOST, Limits(per_host=3, pause_s=0))
    assert len([url for url in web.visited if url.startswith(home)]) == 3
    assert any("the budget of visits was used up" in note for note in done.notes)
    assert done.chain.ends[0].kind is EndKind.UNRESOLVED


def test_a_page_that_lies_about_its_source_is_contradicted(archive: Archive, web: PaperWeb) -> None:
    web.add(_ORIGIN, article(_OTHER, title="Bees are well"))
    web.add(_REPOST, article(tail=said(_ORIGIN)))
    done = traced(archive, _REPOST)
    assert hops(done.chain) == [(_REPOST, _ORIGIN, "republication", "contradicted")]
    assert ends(done.chain) == [(_ORIGIN, EndKind.UNRESOLVED)]


def test_an_original_that_was_edited_later_is_verified_with_what_changed(archive: Archive, web: PaperWeb) -> None:
    edited = (*_STORY[:2], _STORY[2].replace("four generations", "five generations"), *_STORY[3:])
    web.add(_ORIGIN, article(edited))
    web.add(_REPOST, article(tail=said(_ORIGIN)))
    done = traced(archive, _REPOST)
    (edge,) = done.chain.edges
    assert edge.status is Status.VERIFIED
    assert edge.match is not None
    assert "five generations" in str(edge.match["passages"])


def test_an_original_that_is_gone_leaves_the_claim(archive: Archive, web: PaperWeb) -> None:
    web.add(_ORIGIN, article(("Not found.",), title="404"), status=404)
    web.add(_REPOST, article(tail=said(_ORIGIN)))
    done = traced(archive, _REPOST)
    assert hops(done.chain) == [(_REPOST, _ORIGIN, "republication", "claimed")]
    assert ends(done.chain) == [(_ORIGIN, EndKind.ORIGIN_NOT_CAPTURED)]
    assert "404" in done.chain.ends[0].reason


def test_an_address_that_redirects_is_followed(archive: Archive, web: PaperWeb) -> None:
    short = "https://tidewater-review.example/short-address/12345"
    web.add(short, article(), final_url=_ORIGIN)
    web.add(_REPOST, article(tail=said(short)))
    assert hops(traced(archive, _REPOST).chain) == [(_REPOST, _ORIGIN, "republication", "verified")]


def test_a_source_in_another_language_is_not_contradicted(archive: Archive, web: PaperWeb) -> None:
    web.add(_ORIGIN, article(_OTHER, language="fi"))
    web.add(_REPOST, article(tail=said(_ORIGIN)))
    ((*_, status),) = hops(traced(archive, _REPOST).chain)
    assert status == "claimed"


def test_pages_that_name_each_other_are_a_cycle(archive: Archive, web: PaperWeb) -> None:
    web.add(_ORIGIN, article(tail=said(_REPOST, "Harbour Daily")))
    web.add(_REPOST, article(tail=said(_ORIGIN)))
    done = traced(archive, _REPOST)
    assert sorted(hops(done.chain)) == sorted(
        [(_REPOST, _ORIGIN, "republication", "verified"), (_ORIGIN, _REPOST, "republication", "verified")]
    )
    assert [kind for _, kind in ends(done.chain)] == [EndKind.CYCLE]


def test_a_source_that_is_younger_than_its_repost_is_the_copy(archive: Archive, web: PaperWeb) -> None:
    web.add(_ORIGIN, article(published="2026-03-20T12:00:00Z"))
    web.add(_REPOST, article(tail=said(_ORIGIN), published="2026-03-01T12:00:00Z"))
    done = traced(archive, _REPOST)
    assert sorted(hops(done.chain)) == sorted(
        [(_REPOST, _ORIGIN, "republication", "contradicted"), (_ORIGIN, _REPOST, "republication", "verified")]
    )
    assert [edge.direction_by for edge in done.chain.edges if edge.status is Status.VERIFIED] == [DirectionBy.DATES]


def test_two_claims_that_conflict_are_edges_side_by_side(archive: Archive, web: PaperWeb) -> None:
    web.add(_ORIGIN, article())
    web.add(_SECOND, article(_OTHER))
    both = said(_ORIGIN) + f"<p>Originally published by <a href='{_SECOND}'>Inland Mirror</a>.</p>"
    web.add(_REPOST, article(tail=both))
    found = hops(traced(archive, _REPOST).chain)
    assert {(hop[1], hop[3]) for hop in found} == {(_ORIGIN, "verified"), (_SECOND, "contradicted")}


def test_an_agency_without_an_address_is_an_end(archive: Archive, web: PaperWeb) -> None:
    first = f"LOWER LOCK (Reuters) - {_STORY[0]}"
    web.add(_REPOST, article((first, *_STORY[1:]), byline="<p class='byline'>By Reuters</p>"))
    done = traced(archive, _REPOST)
    assert ends(done.chain) == [("Reuters", EndKind.WIRE_AGENCY)]
    assert [node.kind for node in done.chain.nodes if node.snapshot is None] == [NodeKind.AGENCY]


def test_a_copy_that_names_nobody_is_found_by_its_text_and_ordered_by_dates(archive: Archive, web: PaperWeb) -> None:
    web.add(_ORIGIN, article(published="2026-03-03T18:00:00Z"))
    web.add(_REPOST, article(published="2026-03-09T09:00:00Z"))
    archive.capture(_ORIGIN)
    done = traced(archive, _REPOST)
    assert hops(done.chain) == [(_REPOST, _ORIGIN, "republication", "verified")]
    assert done.chain.edges[0].direction_by is DirectionBy.DATES
    assert hops(trace(archive, _ORIGIN, _QUICK).chain) == []


def test_copies_without_dates_have_no_direction(archive: Archive, web: PaperWeb) -> None:
    web.add(_ORIGIN, article())
    web.add(_REPOST, article())
    archive.capture(_ORIGIN)
    done = traced(archive, _REPOST)
    assert [edge.direction_by for edge in done.chain.edges] == [DirectionBy.UNKNOWN]
    assert (_ORIGIN, EndKind.AMBIGUOUS) in ends(done.chain)


def test_what_was_stated_is_stated_once_and_read_back(archive: Archive, web: PaperWeb) -> None:
    web.add(_ORIGIN, article())
    web.add(_REPOST, article(tail=said(_ORIGIN)))
    first = traced(archive, _REPOST)
    assert (first.stated, trace(archive, _REPOST, _QUICK).stated) == (1, 0)
    snapshot = archive.find(_REPOST).id
    (stated,) = derivations(archive, snapshot)
    assert stated.edge.status is Status.VERIFIED
    assert stated.object.url == _ORIGIN


def test_a_page_that_is_its_own_source_is_the_origin(archive: Archive, web: PaperWeb) -> None:
    web.add(_ORIGIN, article(head=f"<link rel='canonical' href='{_ORIGIN}'>"))
    done = traced(archive, _ORIGIN)
    assert hops(done.chain) == []
    assert ends(done.chain) == [(_ORIGIN, EndKind.ORIGIN)]


def test_of_two_copies_without_dates_the_one_that_links_to_the_other_is_the_later(
    archive: Archive, web: PaperWeb
) -> None:
    web.add(_ORIGIN, article())
    web.add(_REPOST, article(tail=f"<p>There is <a href='{_ORIGIN}'>more about the lock</a> elsewhere.</p>"))
    archive.capture(_ORIGIN)
    (edge,) = traced(archive, _REPOST, missing=False).chain.edges
    assert (edge.direction_by, edge.status) == (DirectionBy.CITES, Status.VERIFIED)
    assert trace(archive, _ORIGIN, _QUICK).chain.edges == ()


def test_of_two_copies_the_one_that_has_links_into_the_others_site_left_is_the_later(
    archive: Archive, web: PaperWeb
) -> None:
    left = "<p>The <a href='https://tidewater-review.example/topics/canals-and-rivers'>canals</a> of the north.</p>"
    web.add(_ORIGIN, article())
    web.add(_REPOST, article((*_STORY[:3], *_STORY[3:]), tail=left))
    archive.capture(_ORIGIN)
    (edge,) = traced(archive, _REPOST, missing=False).chain.edges
    assert edge.direction_by is DirectionBy.LEFTOVERS


def test_what_cannot_be_visited_is_told_with_the_reason(archive: Archive, web: PaperWeb) -> None:
    web.add(_REPOST, article(tail=said("https://no-such-host.example/2026/03/an-article-nobody-has")))
    done = traced(archive, _REPOST)
    assert [kind for _, kind in ends(done.chain)] == [EndKind.ORIGIN_NOT_CAPTURED]
    assert "there is no such host in this web" in done.chain.ends[0].reason

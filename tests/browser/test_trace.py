"""Reposts on the local web, traced with the real browser: each visit is a capture, sealed like any other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from archiver.archive import Archive
from archiver.config import load
from archiver.provenance.graph import EndKind
from archiver.tracing import Limits, Traced, trace
from archiver.verify.verdict import Verdict, worst
from archiver.verifying import Wanted, verify_all
from tests.sites.model import Request, Response
from tests.sites.server import LocalWeb
from tests.unit.test_tracing import _OTHER, _TITLE, article, ends, hops, said

_HTML = [(b"Content-Type", b"text/html; charset=utf-8")]
_HOME = "https://tidewater-review.example/"
_ORIGIN = f"{_HOME}2026/03/canal-lock-closes-for-good"
_MIDDLE = "https://inland-mirror.example/news/8812/canal-lock-closes-for-good"
_REPOST = "https://harbour-daily.example/world/canal-lock-closes-for-good-after-storm"
_MOVED = "https://harbour-daily.example/2026/03/08/moved-canal-lock-story"
_GONE = "https://harbour-daily.example/2026/03/09/canal-lock-of-a-page-that-is-gone"
_LIAR = "https://harbour-daily.example/2026/03/10/canal-lock-of-a-page-that-lies"
_FEED = (
    "<?xml version='1.0'?><rss version='2.0'><channel><title>Tidewater Review</title>"
    f"<item><title>{_TITLE}</title><link>{_ORIGIN}</link><pubDate>Tue, 03 Mar 2026 18:00:00 GMT</pubDate></item>"
    "</channel></rss>"
)
_PAGES = {
    _ORIGIN: article(published="2026-03-03T18:00:00Z"),
    _MIDDLE: article(tail=said(_HOME), published="2026-03-04T18:00:00Z"),
    _REPOST: article(tail=said(_MIDDLE, "Inland Mirror"), published="2026-03-05T09:00:00Z"),
    _MOVED: article(tail=said("https://tidewater-review.example/old/address-of-the-canal-story")),
    _GONE: article(tail=said("https://tidewater-review.example/2026/03/a-page-that-is-gone")),
    _LIAR: article(tail=said("https://tidewater-review.example/2026/03/bees-in-the-hills-are-well")),
    "https://tidewater-review.example/2026/03/bees-in-the-hills-are-well": article(_OTHER, title="Bees are well"),
    _HOME: "<!DOCTYPE html><html><head><link rel='alternate' type='application/rss+xml' href='/feed/'></head>"
    "<body><h1>Tidewater Review</h1><p>News of the coast</p></body></html>",
}


async def _answer(request: Request) -> Response:
    url = f"https://{request.host}{request.target}"
    if url == f"{_HOME}feed/":
        return Response(fields=[(b"Content-Type", b"application/rss+xml")], body=_FEED.encode())
    if urlsplit(url).path == "/old/address-of-the-canal-story":
        return Response(301, b"Moved Permanently", [(b"Location", _ORIGIN.encode()), *_HTML], b"moved")
    page = _PAGES.get(url)
    if page is None:
        return Response(404, b"Not Found", _HTML, b"<html><body><h1>Not found</h1></body></html>")
    return Response(fields=_HTML, body=page.encode())


@pytest.fixture(scope="module")
def web() -> Iterator[LocalWeb]:
    with LocalWeb(_answer, protocols=("http/1.1",)) as running:
        yield running


def traced(web: LocalWeb, archive: Path, url: str) -> Traced:
    flags = {"archive": str(archive), "capture.resolve": tuple(web.resolve), "capture.trust_ca": web.ca_path}
    with Archive(load(flags).settings) as opened:
        opened.capture(url)
        done = trace(opened, url, Limits(per_host=12, pause_s=0.2), capture_missing=True)
        found = verify_all(opened, Wanted())
        assert worst(check.verdict for check in found.log) is Verdict.PASS
        assert {report.verdict for report in found.reports} == {Verdict.PASS}
    return done


def test_two_hops_one_of_them_through_a_feed_are_verified(web: LocalWeb, tmp_path: Path) -> None:
    done = traced(web, tmp_path / "archive", _REPOST)
    assert set(hops(done.chain)) == {
        (_REPOST, _MIDDLE, "republication", "verified"),
        (_MIDDLE, _ORIGIN, "republication", "verified"),
    }
    assert ends(done.chain) == [(_ORIGIN, EndKind.ORIGIN)]


def test_a_source_that_moved_is_found_where_it_is_now(web: LocalWeb, tmp_path: Path) -> None:
    assert hops(traced(web, tmp_path / "archive", _MOVED).chain) == [(_MOVED, _ORIGIN, "republication", "verified")]


def test_a_source_that_is_gone_is_told_with_its_status(web: LocalWeb, tmp_path: Path) -> None:
    done = traced(web, tmp_path / "archive", _GONE)
    (end,) = done.chain.ends
    assert (end.kind, "404" in end.reason) == (EndKind.ORIGIN_NOT_CAPTURED, True)


def test_a_page_that_lies_about_its_source_is_contradicted(web: LocalWeb, tmp_path: Path) -> None:
    ((*_, status),) = hops(traced(web, tmp_path / "archive", _LIAR).chain)
    assert status == "contradicted"

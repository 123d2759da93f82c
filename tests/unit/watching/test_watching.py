"""Watching a feed: every article that is new in it becomes one job, whatever its server does."""

from __future__ import annotations

import gzip
import threading
import zlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from archiver import clock
from archiver.errors import NotFoundError
from archiver.jobs import watching
from archiver.jobs.database import QueueError
from archiver.jobs.queue import Queue
from archiver.jobs.schema import JobState
from archiver.schedules.definition import define
from tests.sites.model import Request, Response
from tests.unit.watching.conftest import FEED, WORKER, Desk, Open, Site, on_both, rss

_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"


def urlset(*paths: str) -> bytes:
    entries = "".join(f"<url><loc>http://news.test/{path}</loc></url>" for path in paths)
    return f"<urlset xmlns='{_SITEMAP}'>{entries}</urlset>".encode()


def index(*names: str) -> bytes:
    entries = "".join(f"<sitemap><loc>http://news.test/{name}</loc></sitemap>" for name in names)
    return f"<sitemapindex xmlns='{_SITEMAP}'>{entries}</sitemapindex>".encode()


# what is new


@on_both
def test_a_feed_that_grows_gives_each_article_once_the_oldest_first(site: Site, desk: Desk) -> None:
    site.has("b", "a")
    desk.read()
    site.has("d", "c", "b")
    desk.read()
    desk.read()
    assert desk.articles() == [(1, "a"), (2, "b"), (3, "c"), (4, "d")]


@on_both
def test_an_article_that_comes_back_moves_or_is_repeated_is_not_captured_again(site: Site, desk: Desk) -> None:
    site.has("b", "a")
    desk.read()
    for paths in ((), ("a",), ("a", "b", "a", "b"), ("b#top", "a#1"), ("c", "a")):
        site.has(*paths)
        desk.read()
    assert desk.articles() == [(1, "a"), (2, "b"), (3, "c")]


def test_articles_are_numbered_by_their_dates_where_all_have_one(site: Site, desk: Desk) -> None:
    items = "".join(
        f"<item><link>http://news.test/{path}</link><pubDate>{day} Mar 2026 10:00:00 GMT</pubDate></item>"
        for path, day in (("first", "01"), ("third", "03"), ("second", "02"))
    )
    site.shows(f"<rss version='2.0'><channel>{items}</channel></rss>".encode())
    desk.read()
    assert desk.articles() == [(1, "first"), (2, "second"), (3, "third")]


def test_articles_take_over_what_the_schedule_says_and_when_it_was_due(site: Site, open_desk: Open) -> None:
    desk = open_desk()
    desk.watch(tag=("x", "y"), case="C-1", priority=7, profile="mobile", trace=True)
    site.has("a")
    desk.read()
    reading, *_ = [job for job in desk.found.queue.listing() if job.kind == "feed"]
    (job,) = [job for job in desk.found.queue.listing() if job.kind == "capture"]
    assert (job.options.tag, job.options.case, job.options.profile, job.options.trace) == (
        ("x", "y"),
        "C-1",
        "mobile",
        True,
    )
    assert job.priority == 7
    assert job.due is not None
    assert reading.due is not None
    assert (job.due.at, job.due.name, job.state) == (reading.due.at, "news", JobState.QUEUED)


@on_both
def test_what_is_over_waits_for_the_next_reading_and_is_not_forgotten_though_nothing_changed(
    site: Site, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "MAX_NEW", 2)

    def answer(request: Request) -> Response:
        if request.field(b"If-None-Match") == b'"1"':
            return Response(304, b"Not Modified")
        return Response(fields=[(b"ETag", b'"1"')], body=rss("e", "d", "c", "b", "a"))

    site.answer = answer
    seen = []
    for _ in range(4):
        desk.read()
        seen.append((len(desk.articles()), desk.says()["notes"]))
    assert seen == [
        (2, ["3 more articles are new and wait for the next reading"]),
        (4, ["1 more articles are new and wait for the next reading"]),
        (5, []),
        (5, []),
    ]
    assert desk.articles() == [(1, "a"), (2, "b"), (3, "c"), (4, "d"), (5, "e")]
    assert [b"If-None-Match" in head for head in site.heads()] == [False, False, False, True]


def test_a_thousand_articles_are_queued_at_once_and_the_rest_later(site: Site, desk: Desk) -> None:
    site.has(*(f"{number}" for number in range(1500, 0, -1)))
    desk.read()
    assert desk.articles() == [(number, f"{number}") for number in range(1, 1001)]
    desk.read()
    assert desk.articles() == [(number, f"{number}") for number in range(1, 1501)]


# conditional requests


def test_what_the_server_said_is_sent_back_and_not_modified_changes_nothing(site: Site, desk: Desk) -> None:
    fields = [(b"ETag", b'W/"7"'), (b"Last-Modified", b"Sun, 01 Mar 2026 10:00:00 GMT")]
    site.shows(rss("a"), *fields)
    desk.read()
    site.shows(b"", status=304)
    assert desk.read().error is None
    assert desk.says()["error"] is None
    assert desk.says()["new"] == 0
    desk.read()
    for head in site.heads()[1:]:
        assert b'If-None-Match: W/"7"\r\nIf-Modified-Since: Sun, 01 Mar 2026 10:00:00 GMT' in head
    assert desk.articles() == [(1, "a")]


def test_a_feed_that_was_cut_off_is_asked_for_in_full_the_next_time(site: Site, desk: Desk) -> None:
    site.shows(rss("b", "a")[:-50], (b"ETag", b'"1"'))
    desk.read()
    assert desk.says()["notes"]
    site.shows(rss("b", "a"), (b"ETag", b'"1"'))
    desk.read()
    assert [path for _, path in desk.articles()] == ["b", "a"]
    assert b"If-None-Match" not in site.heads()[1]


def test_what_one_feed_said_is_not_told_to_another(site: Site, desk: Desk) -> None:
    site.shows(rss("a"), (b"Last-Modified", b"Sun, 01 Mar 2026 10:00:00 GMT"))
    desk.read()
    old = desk.queued()
    desk.found.scheduling.change("news", define("news", {"feed": f"{FEED}/2", "every": "1h"}, clock.now()))
    begun = desk.found.queue.begin(old, WORKER)
    assert begun is not None
    ended = desk.watcher.read(begun.job, 1)
    assert ended.error == "its schedule watches something else by now"
    desk.found.queue.end(old, WORKER, ended)
    desk.rested()
    desk.read()
    assert b"GET /feed/2 " in site.heads()[1]
    assert b"If-Modified-Since" not in site.heads()[1]


def test_a_reading_that_failed_keeps_what_was_known(site: Site, desk: Desk) -> None:
    site.shows(rss("a"), (b"ETag", b'"1"'))
    desk.read()
    site.shows(b"", status=500)
    assert desk.read().error == f"{FEED}: the server answered with status 500"
    says = desk.says()
    assert (says["error"], says["etag"], "failed_at" in says) == (
        f"{FEED}: the server answered with status 500",
        '"1"',
        True,
    )
    site.shows(rss("b"), (b"ETag", b'"2"'))
    desk.read()
    assert b'If-None-Match: "1"' in site.heads()[-1]
    assert "failed_at" not in desk.says()
    assert desk.articles() == [(1, "a"), (2, "b")]


# what cannot be read


async def _endless() -> AsyncIterator[bytes]:
    yield b"<rss><channel>"
    while True:
        yield b"<item><link>http://news.test/a</link></item>" * 2000


def _bomb() -> bytes:
    piece = zlib.compressobj(9, wbits=31)
    return b"".join([*(piece.compress(bytes(1 << 20)) for _ in range(100)), piece.flush()])


@pytest.mark.parametrize(
    ("answer", "reason", "strain"),
    [
        (Response(404, b"Not Found"), "the server answered with status 404", False),
        (Response(500, b"Oh"), "the server answered with status 500", True),
        (Response(body=b"<!DOCTYPE html><title>x</title>"), "is a web page", False),
        (Response(body=b"\x89PNG\r\n\x1a\n\x00\xff" * 100), "is not XML", False),
        (Response(body=b""), "is empty", False),
        (Response(body=b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><rss/>"), "declares entities", False),
        (Response(body=_bomb()), "is larger than 16 MB", False),
        (Response(abort="reset"), "the connection", True),
    ],
    ids=["404", "500", "HTML", "garbage", "empty", "entities", "gzip bomb", "reset"],
)
def test_what_is_no_feed_is_told_and_tried_again_and_nothing_is_lost(
    site: Site, desk: Desk, answer: Response, reason: str, strain: bool
) -> None:
    site.has("a")
    desk.read()
    site.answer = lambda _: answer
    ended = desk.read()
    assert ended.error is not None
    assert ended.error.startswith(f"{FEED}: ")
    assert reason in ended.error
    assert (ended.again_s, ended.strain) == (60, strain)
    assert desk.says()["error"] == ended.error
    site.has("b", "a")
    desk.read()
    assert desk.articles() == [(1, "a"), (2, "b")]


def test_a_feed_without_end_is_ended(site: Site, desk: Desk) -> None:
    site.answer = lambda _: Response(body=_endless())
    assert "is larger than 16 MB" in str(desk.read().error)


def test_a_million_entries_are_read_as_far_as_the_limit_goes(
    site: Site, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "MAX_NEW", 5)
    many = b"".join(b"<url><loc>http://news.test/%d</loc></url>" % number for number in range(1_000_000))
    site.shows(gzip.compress(b"<urlset xmlns='" + _SITEMAP.encode() + b"'>" + many, 1)[:6_000_000])
    ended = desk.read()
    assert ended.error is not None
    assert "larger than 16 MB" in ended.error
    site.shows(b"<urlset xmlns='" + _SITEMAP.encode() + b"'>" + many[:14_000_000])
    assert desk.read().error is None
    assert len(desk.articles()) == 5
    assert desk.says()["entries"] == 10_000
    assert any("only its first 10000 entries were read" in note for note in desk.says()["notes"])


def test_who_is_busy_is_left_alone_for_as_long_as_they_say(site: Site, desk: Desk) -> None:
    site.shows(b"", (b"Retry-After", b"120"), status=429)
    ended = desk.read()
    assert (ended.pause_s, ended.strain) == (120, False)
    site.shows(b"", status=503)
    ended = desk.read()
    assert (ended.pause_s, ended.strain, ended.again_s) == (0, True, 60)
    assert "status 503" in desk.says()["error"]


def test_an_address_of_the_inner_network_is_refused_once_and_for_all(open_desk: Open) -> None:
    desk = open_desk()
    desk.watch("http://10.0.0.1:8080/feed")
    ended = desk.read()
    assert "not a public address" in str(ended.error)
    assert ended.again_s is None


@pytest.mark.parametrize(
    "url",
    ["http://./x", "http://../x", "http://[::1/", "http://a.test:99999/", "http://news.test/\x00", "http://\ud800/"],
)
@on_both
def test_an_address_that_is_none_costs_the_other_articles_nothing(site: Site, desk: Desk, url: str) -> None:
    items = "".join(f"<item><link>{each}</link></item>" for each in ("http://news.test/b", url, "http://news.test/a"))
    site.shows(f"<rss version='2.0'><channel>{items}</channel></rss>".encode("utf-8", "surrogatepass"))
    assert desk.read().error is None
    assert {"a", "b"} <= {path for _, path in desk.articles()}
    assert [number for number, _ in desk.articles()] == list(range(1, len(desk.articles()) + 1))


def test_a_fault_of_ours_is_told_and_costs_no_other_feed(
    site: Site, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RecursionError("too deep")

    monkeypatch.setattr(watching, "parse", fail)
    site.has("a")
    assert desk.read().error == f"{FEED}: RecursionError: too deep"
    assert desk.says()["error"] == f"{FEED}: RecursionError: too deep"


def test_a_database_that_is_away_says_nothing_of_the_feed(
    site: Site, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise QueueError("away")

    site.has("a")
    with monkeypatch.context() as patch:
        patch.setattr(desk.watcher, "_put_in", away)
        ended = desk.read()
    assert (ended.error, ended.again_s, ended.counts) == ("away", 15, False)
    desk.read()
    assert desk.articles() == [(1, "a")]


# sitemaps


def test_the_sitemaps_of_an_index_are_read_and_asked_for_in_full_each_time(site: Site, desk: Desk) -> None:
    bodies = {"/feed": index("s1", "s2"), "/s1": urlset("a"), "/s2": gzip.compress(urlset("b"))}
    site.answer = lambda request: Response(fields=[(b"ETag", b'"1"')], body=bodies[request.path])
    desk.read()
    bodies["/s2"] = urlset("c", "b")
    desk.read()
    assert sorted(path for _, path in desk.articles()) == ["a", "b", "c"]
    assert [number for number, _ in desk.articles()] == [1, 2, 3]
    assert not any(b"If-None-Match" in head for head in site.heads())


def test_a_sitemap_that_cannot_be_read_costs_the_others_nothing_and_is_read_the_next_time(
    site: Site, desk: Desk
) -> None:
    bodies = {"/feed": index("s1", "s2", "s3"), "/s1": urlset("a"), "/s2": b"<html>", "/s3": urlset("c")}
    site.answer = lambda request: Response(body=bodies[request.path])
    assert desk.read().error is None
    assert sorted(path for _, path in desk.articles()) == ["a", "c"]
    (note,) = desk.says()["notes"]
    assert note.startswith("not read: http://news.test/s2: is a web page")
    bodies["/s2"] = urlset("b")
    desk.read()
    assert sorted(path for _, path in desk.articles()) == ["a", "b", "c"]
    assert desk.says()["notes"] == []


def test_an_index_of_which_nothing_can_be_read_has_failed(site: Site, desk: Desk) -> None:
    site.answer = lambda request: (
        Response(body=index("s1", "s2")) if request.path == "/feed" else Response(404, b"Not Found")
    )
    assert desk.read().error == "http://news.test/s1: the server answered with status 404"


def test_a_server_that_is_busy_among_its_sitemaps_is_left_alone_and_what_came_counts(site: Site, desk: Desk) -> None:
    def answer(request: Request) -> Response:
        if request.path == "/s2":
            return Response(429, b"Slow", [(b"Retry-After", b"33")])
        return Response(body=index("s1", "s2", "s3") if request.path == "/feed" else urlset(request.path[1:]))

    site.answer = answer
    ended = desk.read()
    assert (ended.error, ended.pause_s) == (None, 33)
    assert [path for _, path in desk.articles()] == ["s1"]
    assert [served.target for served in site.web.log] == ["/feed", "/s1", "/s2"]


def test_of_many_sitemaps_the_newest_are_read(site: Site, desk: Desk) -> None:
    def dated(number: int) -> str:
        month, day = divmod(number, 28)
        changed = f"<lastmod>2026-{month + 1:02}-{day + 1:02}</lastmod>"
        return f"<sitemap><loc>http://news.test/s{number}</loc>{changed}</sitemap>"

    first = "".join(map(dated, range(40, -1, -1)))
    bodies = {"/feed": f"<sitemapindex xmlns='{_SITEMAP}'>{first}</sitemapindex>".encode()}
    site.answer = lambda request: Response(body=bodies.get(request.path, urlset(f"of{request.path}")))
    desk.read()
    assert sorted(path for _, path in desk.articles()) == [f"of/s{number}" for number in range(31, 41)]
    assert desk.says()["notes"] == ["of 41 sitemaps 10 were read"]


def test_without_dates_the_sitemaps_at_both_ends_are_read(site: Site, desk: Desk) -> None:
    names = [f"s{number:02}" for number in range(30)]
    site.answer = lambda request: Response(body=index(*names) if request.path == "/feed" else urlset(request.path[1:]))
    desk.read()
    assert sorted(path for _, path in desk.articles()) == names[:5] + names[-5:]


def test_a_news_sitemap_is_a_feed(site: Site, desk: Desk) -> None:
    news = "http://www.google.com/schemas/sitemap-news/0.9"
    entries = "".join(
        f"<url><loc>http://news.test/{path}</loc><n:news><n:publication_date>2026-03-0{day}</n:publication_date>"
        f"<n:title>T</n:title></n:news></url>"
        for path, day in (("b", 2), ("c", 3), ("a", 1))
    )
    site.shows(f"<urlset xmlns='{_SITEMAP}' xmlns:n='{news}'>{entries}</urlset>".encode())
    desk.read()
    assert desk.articles() == [(1, "a"), (2, "b"), (3, "c")]


def test_sitemaps_of_one_index_are_asked_for_with_the_pause_of_their_host(
    site: Site, open_desk: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = open_desk(hosts=("news.test=7s",))
    desk.watch()
    waited: list[float | None] = []

    class Never(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            waited.append(timeout)
            return False

    desk.watcher = watching.Watcher(desk.settings, desk.found.database, desk.found.queue, Never())
    site.answer = lambda request: Response(body=index("s1", "s2") if request.path == "/feed" else urlset("a"))
    desk.read()
    assert waited == [7, 7]


def test_a_worker_that_is_told_to_stop_begins_no_further_sitemap(site: Site, desk: Desk) -> None:
    over = threading.Event()
    over.set()
    desk.watcher = watching.Watcher(desk.settings, desk.found.database, desk.found.queue, over)
    site.answer = lambda request: Response(body=index("s1", "s2") if request.path == "/feed" else urlset("a"))
    assert desk.read().error is None
    assert [served.target for served in site.web.log] == ["/feed"]
    assert "wait for the next reading" in desk.says()["notes"][0]


# several workers, and other things that go on meanwhile


@on_both
def test_two_workers_that_read_a_feed_at_a_time_queue_each_article_once(
    site: Site, open_desk: Open, desk: Desk
) -> None:
    site.has(*(f"{number}" for number in range(40, 0, -1)))
    begun = desk.found.queue.begin(desk.queued(), WORKER)
    assert begun is not None
    others = [open_desk() for _ in range(2)]
    ended: list[str | None] = []
    threads = [
        threading.Thread(target=lambda each=each: ended.append(each.watcher.read(begun.job, 1).error))
        for each in others
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ended == [None, None]
    assert desk.articles() == [(number, f"{number}") for number in range(1, 41)]


@on_both
def test_a_worker_that_dies_before_its_articles_are_queued_leaves_them_to_the_next(
    site: Site, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.shows(rss("b", "a"), (b"ETag", b'"1"'))
    workflow = desk.queued()
    begun = desk.found.queue.begin(workflow, WORKER)
    assert begun is not None
    submit = Queue.submit

    def die(*arguments: Any, **more: Any) -> None:
        if len(died) == 1:
            raise SystemExit
        died.append(submit(*arguments, **more))

    died: list[bool] = []
    with monkeypatch.context() as patch:
        patch.setattr(Queue, "submit", die)
        with pytest.raises(SystemExit):
            desk.watcher.read(begun.job, 1)
    assert died == [True]
    assert desk.articles() == []
    assert desk.found.queue.begin(workflow, "worker-2") is None  # that visit was one: the lane rests first
    desk.rested()
    desk.found.queue.pump_ready()
    again = desk.found.queue.begin(desk.hands.given[-1][0], "worker-2")
    assert again is not None
    assert again.attempt == 2
    assert desk.watcher.read(again.job, again.attempt).error is None
    assert desk.articles() == [(1, "a"), (2, "b")]
    assert b"If-None-Match" not in site.heads()[1]


@on_both
def test_a_schedule_that_is_removed_while_its_feed_is_read_gets_nothing(site: Site, desk: Desk) -> None:
    begun = desk.found.queue.begin(desk.queued(), WORKER)
    assert begun is not None

    def answer(_: Request) -> Response:
        desk.found.scheduling.remove("news")
        return Response(body=rss("a"))

    site.answer = answer
    assert desk.watcher.read(begun.job, 1).error is None
    assert desk.articles() == []
    assert desk.watcher.read(begun.job, 2).error == "its schedule was removed"


@on_both
def test_a_schedule_that_is_changed_while_its_feed_is_read_takes_nothing_of_the_old_one(site: Site, desk: Desk) -> None:
    begun = desk.found.queue.begin(desk.queued(), WORKER)
    assert begun is not None

    def answer(_: Request) -> Response:
        other = define("news", {"feed": f"{FEED}/2", "every": "1h"}, clock.now())
        desk.found.scheduling.change("news", other)
        return Response(body=rss("a"))

    site.answer = answer
    assert desk.watcher.read(begun.job, 1).error is None
    assert desk.articles() == []


# politeness, and who asks


@on_both
def test_a_reading_holds_the_lane_of_its_host_and_waits_for_it(site: Site, desk: Desk) -> None:
    site.has("b", "a")
    desk.read()
    desk.found.queue.pump_ready()
    assert [job for _, job in desk.hands.given if ".feed." not in job]
    (reading,) = desk.found.scheduling.trigger("news")
    assert reading not in [job for _, job in desk.hands.given]  # an article is captured just now
    desk.rested()
    desk.found.queue.pump_ready()
    assert desk.hands.given[-1][1] == reading  # before the articles that wait


def test_the_name_that_settings_give_is_sent_but_not_one_with_the_version_of_a_browser(
    site: Site, open_desk: Open
) -> None:
    desk = open_desk(user_agent="Witness/1 (+https://x.test)")
    desk.watch()
    site.has("a")
    desk.read()
    other = open_desk(user_agent="Mozilla/5.0 Chrome/{major}.0.0.0")
    other.read()
    heads = site.heads()
    assert b"User-Agent: Witness/1 (+https://x.test)\r\n" in heads[0]
    assert b"User-Agent: archiver/" in heads[1]


def test_a_feed_can_be_read_at_once_also_where_its_schedule_is_paused(site: Site, desk: Desk) -> None:
    site.has("a")
    desk.found.scheduling.pause("news")
    desk.read()
    assert desk.articles() == [(1, "a")]
    with pytest.raises(NotFoundError, match="there is no schedule 'other'"):
        desk.found.scheduling.trigger("other")


def test_a_feed_that_waits_already_is_not_read_twice(site: Site, desk: Desk) -> None:
    assert desk.found.scheduling.trigger("news") == desk.found.scheduling.trigger("news")
    desk.found.planner.tick()
    assert len([job for job in desk.found.queue.listing() if job.kind == "feed"]) == 1

"""Feeds of every kind are read for what they name; what is no feed is told apart in one line."""

from __future__ import annotations

import gzip
import json
import time
import tracemalloc
import zlib
from datetime import UTC, datetime
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import FeedError
from archiver.feeds.collecting import absolute
from archiver.feeds.dates import read_date
from archiver.feeds.model import MAX_TITLE_CHARACTERS, MAX_URL_CHARACTERS
from archiver.feeds.parse import MAX_ENTRIES, MAX_FEED_BYTES, Entry, Feed, parse
from archiver.urls import parse_capturable
from tests.sites.server import LocalWeb, Request, Response
from tests.unit.feeds.samples import ATOM, BASE, FIRST, INDEX, JSON, RDF, RSS, RSS_091, SECOND, SITEMAP


def read(text: str | bytes, content_type: str | None = None) -> Feed:
    return parse(text if isinstance(text, bytes) else text.encode(), content_type, BASE)


def rss(items: str) -> str:
    return f"<rss version='2.0'><channel>{items}</channel></rss>"


def urls(text: str) -> list[str]:
    return [entry.url for entry in read(text).entries]


def refusal(data: str | bytes, content_type: str | None = None) -> str:
    with pytest.raises(FeedError) as caught:
        read(data, content_type)
    message = str(caught.value)
    assert message.startswith(f"{BASE}: ")
    assert "\n" not in message
    assert len(message) < 700
    return message.removeprefix(f"{BASE}: ")


# what feeds say


@pytest.mark.parametrize(
    ("text", "kind"), [(RSS, "rss"), (RDF, "rdf"), (ATOM, "atom"), (SITEMAP, "sitemap"), (JSON, "json feed")]
)
def test_each_kind_is_read_for_addresses_titles_and_dates(text: str, kind: str) -> None:
    feed = read(text)
    titles = (FIRST.title, SECOND.title if kind != "sitemap" else "")
    assert feed.kind == kind
    assert feed.entries == tuple(
        Entry(entry.url, title, entry.published) for entry, title in zip((FIRST, SECOND), titles, strict=True)
    )
    assert (feed.more, feed.left_out, feed.problems) == ((), 0, ())


def test_a_document_type_without_declarations_is_passed_over() -> None:
    assert read(RSS_091) == Feed("rss", (Entry(FIRST.url, FIRST.title, None),))


def test_the_sitemaps_of_an_index_are_no_entries() -> None:
    feed = read(INDEX)
    assert (feed.kind, feed.entries) == ("sitemap index", ())
    assert [each.url for each in feed.more] == ["https://news.test/s/1.xml.gz", "https://news.test/s/2.xml"]


def test_a_sitemap_that_is_a_gzip_file_is_read() -> None:
    assert read(gzip.compress(SITEMAP.encode())) == read(SITEMAP)
    halves = SITEMAP[:300].encode(), SITEMAP[300:].encode()
    assert read(b"".join(map(gzip.compress, halves))) == read(SITEMAP)


def test_the_end_of_a_gzip_file_that_is_cut_off_is_missed() -> None:
    many = rss("".join(f"<item><link>https://news.test/{zlib.crc32(b'%d' % n)}</link></item>" for n in range(2000)))
    feed = read(gzip.compress(many.encode())[:-2000])
    assert 100 < len(feed.entries) < 2000
    assert feed.problems[0] == "its gzip file ends early; what came was read"


def test_the_same_address_is_taken_once_and_the_order_stays() -> None:
    items = "".join(f"<item><link>https://news.test/{name}</link></item>" for name in ("b", "a", "b#x", "c", "a"))
    assert urls(rss(items)) == ["https://news.test/b", "https://news.test/a", "https://news.test/c"]
    twice = "<item><link>/a</link><title>First</title></item><item><link>/a</link><title>Second</title></item>"
    assert [entry.title for entry in read(rss(twice)).entries] == ["First"]


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("other", "https://news.test/feeds/other"),
        ("//cdn.test/x", "https://cdn.test/x"),
        ("?p=1", "https://news.test/feeds/all?p=1"),
        ("https://news.test/a b\n/c", "https://news.test/a%20b/c"),
        ("https://news.test/ä#x", "https://news.test/ä"),
        ("javascript:alert(1)", None),
        ("file:///etc/passwd", None),
        ("ftp://news.test/", None),
        ("tag:news.test,2024:1", None),
        ("https://user:secret@news.test/", None),
        ("https://[::1/", None),
        ("https:///x", None),
        ("HTTPS://News.test/a/../b?#", "HTTPS://News.test/a/../b?"),
        ("https://news.test:99999/", None),
        ("#top", None),
        ("", None),
        ("https://news.test/" + "x" * MAX_URL_CHARACTERS, None),
    ],
)
def test_an_address_is_resolved_or_cannot_be_captured(address: str, url: str | None) -> None:
    assert absolute(BASE, address) == url


def test_entries_without_an_address_are_counted() -> None:
    feed = read(rss("<item><link>mailto:a@b.test</link></item><item/><item><link>/a</link></item>"))
    assert [entry.url for entry in feed.entries] == ["https://news.test/a"]
    assert feed.problems == ("2 of its entries have no URL that can be captured",)


def test_a_link_that_cannot_be_captured_gives_way_to_the_next() -> None:
    item = "<item><link>feed:x</link><a:link xmlns:a='http://www.w3.org/2005/Atom' href='/a'/><guid>/g</guid></item>"
    assert urls(rss(item)) == ["https://news.test/a"]


def test_a_guid_that_is_no_permalink_is_no_address() -> None:
    assert urls(rss("<item><guid isPermaLink='False'>/g</guid></item>")) == []
    assert urls(rss("<item><guid>/g</guid></item>")) == ["https://news.test/g"]


def test_the_base_of_an_element_ends_with_it() -> None:
    items = "<item xml:base='https://x.test/y/'><link>1</link></item><item><link>2</link></item>"
    assert urls(rss(items)) == ["https://x.test/y/1", "https://news.test/feeds/2"]
    assert urls(rss("<item><link xml:base='http://[bad'>1</link></item>")) == ["https://news.test/feeds/1"]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Wed, 01 May 2024 12:30:00 +0200", "2024-05-01T10:30:00+00:00"),
        ("1 May 2024 10:30 EST", "2024-05-01T15:30:00+00:00"),
        ("Wed, 01 May 2024 12:30:00 -0000", "2024-05-01T12:30:00+00:00"),
        ("2024-05-01T12:30:00.5+02:00", "2024-05-01T10:30:00.500000+00:00"),
        ("2024-05-01T12:30Z", "2024-05-01T12:30:00+00:00"),
        ("2024-05-01T12:30:00+0200", "2024-05-01T10:30:00+00:00"),
        ("2024-05-01", "2024-05-01T00:00:00+00:00"),
        ("Wed, 01 May 2024 12:30:00", None),
        ("Wed, 01 May 2024 12:30:00 CEST", None),
        ("2024-05-01T12:30:00", None),
        ("2024-05", None),
        ("yesterday", None),
        ("31 Feb 2024 10:00 GMT", None),
        ("0001-01-01T00:00:00+23:00", None),
        ("1 May 99999999999999999999 10:00 GMT", None),
        ("1 May 2024 10:00 +9999999999999", None),
        ("", None),
    ],
)
def test_a_date_is_read_or_unknown(text: str, moment: str | None) -> None:
    assert read_date(text) == (datetime.fromisoformat(moment) if moment else None)


# what is wrong with feeds


def test_a_feed_that_breaks_off_is_read_to_there() -> None:
    feed = read(RSS[: RSS.index("<item><title><![CDATA")])
    assert feed.entries == (FIRST,)
    assert feed.problems[0].startswith("its XML is damaged (line ")


def test_an_ampersand_that_was_not_escaped_does_no_harm() -> None:
    feed = read(rss("<item><link>https://news.test/?a=1&b=2</link><title>A & B</title></item>"))
    assert len(feed.entries) == 1
    assert feed.problems[0].startswith("its XML is damaged (line 1: ")


def test_a_prefix_that_was_never_declared_does_no_harm() -> None:
    feed = read(rss("<item><title>Yes</title><media:title>No</media:title><link>/a</link></item>"))
    assert feed.entries == (Entry("https://news.test/a", "Yes", None),)
    assert feed.problems == ()


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
@pytest.mark.parametrize("text", [rss("<item><link>/ä</link><title>Fähre</title></item>"), JSON])
def test_feeds_in_every_unicode_encoding_are_read(text: str, codec: str) -> None:
    assert read(text.encode(codec)) == read(text)


@pytest.mark.parametrize(
    ("codec", "content_type", "declared", "problem"),
    [
        ("cp1252", "text/xml", "windows-1252", None),
        ("iso8859-1", "text/xml", "ISO-8859-1", None),
        ("cp1251", "application/xml; charset=windows-1251", "utf-8", None),
        ("utf-8", "text/xml; charset=iso-8859-1", "iso-8859-1", None),  # both are wrong
        ("utf-8", "text/xml; charset=utf-16", "utf-16", None),
        (
            "cp1252",
            "text/xml; charset=utf-8",
            "utf-8",
            "its bytes are not utf-8, as it should be; read as Windows-1252",
        ),
        ("cp1252", None, "rot13", "its bytes are not rot13, as it should be; read as Windows-1252"),
        ("iso2022_jp", None, "iso-2022-jp", None),
        ("shift_jis", None, "Shift_JIS", None),
    ],
)
def test_charsets_are_found_out_whatever_is_declared(
    codec: str, content_type: str | None, declared: str, problem: str | None
) -> None:
    title = {"cp1251": "Паром", "iso2022_jp": "渡し船", "shift_jis": "渡し船"}.get(codec, "Fähre übers Wasser")
    text = f'<?xml version="1.0" encoding="{declared}"?>' + rss(f"<item><link>/a</link><title>{title}</title></item>")
    feed = read(text.encode(codec), content_type)
    assert feed.entries == (Entry("https://news.test/a", title, None),)
    assert feed.problems == ((problem,) if problem else ())


def test_characters_that_xml_forbids_are_passed_over() -> None:
    assert (
        read(rss("<item><link>/a</link><title>A\x00\x1b&#27;B\uffff&#xFFFF;</title></item>")).entries[0].title == "AB"
    )


@pytest.mark.parametrize(
    "reference", ["&#xD800;", "&#x00dFfF;", "&#55296;", "&#57343;", "&#56000;", "&#xD800", "&#x110000;"]
)
def test_half_a_character_does_not_end_a_feed(reference: str) -> None:
    feed = read(rss(f"<item><link>/a</link><title>A{reference}</title></item><item><link>/b{reference}</link></item>"))
    assert feed.entries[0].url == "https://news.test/a"
    assert len(feed.entries) == 2


# what is no feed


@pytest.mark.parametrize("data", [b"", b" \r\n\t", b"\xef\xbb\xbf", gzip.compress(b"", mtime=0)])
def test_nothing_is_told(data: bytes) -> None:
    assert refusal(data) == "is empty; a feed was expected"


def test_a_web_page_is_told_with_the_feeds_that_it_names() -> None:
    page = """<!doctype html><html><head>
    <link rel="stylesheet" href="/x.css"><link rel=alternate hreflang=de href=/de>
    <LINK href='/feeds/a?x=1&amp;y=2' type="application/rss+xml" rel="alternate home">
    <link rel="alternate" type="application/atom+xml" href="https://news.test/atom"></head><body><form>
    <input type="search"></form>"""
    named = "https://news.test/feeds/a?x=1&y=2 or https://news.test/atom"
    assert refusal(page) == f"is a web page, not a feed; the feed it names is {named}"


@pytest.mark.parametrize(
    ("page", "content_type"),
    [
        ("<html><p>Hello", None),
        ("<!-- x -->\n<!DOCTYPE HTML PUBLIC 'x'>\n<title>x", None),
        ('<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>', "application/xhtml+xml"),
        ("<div>Hello</div>", "text/html; charset=utf-8"),
        ("Not found", "text/html"),
    ],
)
def test_a_web_page_that_names_no_feed_is_told(page: str, content_type: str | None) -> None:
    assert refusal(page, content_type).startswith("is a web page, not a feed, and names none; give the address")


def test_a_login_page_is_told() -> None:
    page = "<html><head>{}</head><form><input name=p type=password></form></html>"
    assert refusal(page.format("")).startswith("is a login page, not a feed; give a feed that can be read without")
    link = "<link rel=alternate type=application/rss+xml href=/f>"
    assert "; the feed it names is https://news.test/f;" in refusal(page.format(link))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"Warning: no database\n<rss/>", "is not XML: it begins with 'Warning: no database"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "is not XML: it begins with"),
        (b"<>", "is not XML: it begins with '<>'"),
        (b"<opml><outline/></opml>", "is XML, but neither a feed nor a sitemap: its root is 'opml'"),
        (b"{]", "is no valid JSON ("),
        (b'{"items": []}', "is JSON, but no JSON Feed"),
        (b"[1]", "is JSON, but no JSON Feed"),
        (b'{"version": "https://jsonfeed.org/version/1", "items": {}}', "is a JSON Feed without a list of items"),
        (b'{"a":' * 100_000, "is no valid JSON ("),
        (b'{"items":[' + b"{}," * 300_000 + b"[]," * 300_000, "is JSON of more than 500,000 lists and objects"),
        (b"\x1f\x8b and more", "is damaged: it begins like a gzip file and is none"),
    ],
)
def test_what_is_something_else_is_told(data: bytes, reason: str) -> None:
    assert refusal(data).startswith(reason)


# hostile feeds

_LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
_LAUGHS = f'<!DOCTYPE rss [<!ENTITY l0 "ha">{_LAUGHS}]>'


@pytest.mark.parametrize(
    "document_type",
    [
        _LAUGHS,
        _LAUGHS.replace("[", "[<!-- <rss> ]> -->", 1),
        _LAUGHS.replace("[", "[<?x ]> <rss> ?>", 1),
        _LAUGHS.replace("[", "SYSTEM ']>' [<!ENTITY q \"]><rss>\">", 1),
        "<!-- -->" * 500 + _LAUGHS,
        "<!DOCTYPE x><?y?>" + _LAUGHS,
    ],
)
@pytest.mark.parametrize("codec", ["utf-8", "utf-16"])
def test_a_billion_laughs_are_refused(document_type: str, codec: str) -> None:
    before = time.process_time()
    bomb = document_type + rss("<item><link>/a?&l9;</link><title>&l9;</title></item>")
    assert refusal(bomb.encode(codec)).startswith("declares entities")
    assert time.process_time() - before < 2


@pytest.mark.parametrize("place", ["<title>{}</title>", "<link x='{}'>/a</link>"])
def test_no_entity_is_known_though_the_document_type_were_not_seen(place: str) -> None:
    inside = '<!DOCTYPE rss [<!ENTITY e "boo">]>'
    for text in (rss(f"{inside}<item>{place}<link>/a</link></item>"), f"<rss>{inside}<item>{place}</item></rss>"):
        feed = read(text.format("&e;"))
        assert "boo" not in repr(feed)
        assert feed.problems


def test_no_file_is_read_and_nothing_is_fetched(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("it came out")

    async def serve(_: Request) -> Response:
        return Response(body=b"<!ENTITY b 'it came out'>")

    with LocalWeb(serve) as web:
        place = f"http://127.0.0.1:{web.http_port}/x"
        for system in (secret.as_uri(), place):
            for declared in (f"[<!ENTITY b SYSTEM '{system}'>]", f"[<!ENTITY % p SYSTEM '{system}'> %p;]"):
                bomb = f"<!DOCTYPE rss {declared}>" + rss("<item><link>/a</link><title>&b;</title></item>")
                assert refusal(bomb).startswith("declares entities")
            plain = f"<!DOCTYPE rss SYSTEM '{system}'>" + rss("<item><link>/a</link><title>&b;</title></item>")
            included = f"<i:include xmlns:i='http://www.w3.org/2001/XInclude' href='{system}' parse='text'/>"
            sheet = f"<?xml-stylesheet type='text/xsl' href='{system}'?>"
            for text in (plain, sheet + rss(f"<item><link>/a</link><title>{included}</title></item>")):
                assert "came out" not in repr(read(text))
        assert web.log == []


def test_of_a_million_entries_the_first_are_read_and_the_others_counted() -> None:
    before = time.process_time()
    feed = read(rss("<item/>" * 10 + "<item><link>/a</link></item>" + "<item/>" * 999_989))
    assert len(feed.entries) == 1
    assert feed.left_out == 1_000_000 - MAX_ENTRIES
    assert feed.problems[-1] == "only its first 10000 entries were read, 990000 were left out"
    assert time.process_time() - before < 30


@pytest.mark.parametrize("kind", ["rss", "json", "index"])
def test_what_is_above_the_limit_is_left_out_and_said(kind: str) -> None:
    numbers = range(MAX_ENTRIES + 3)
    text = {
        "rss": rss("".join(f"<item><link>/{n}</link></item>" for n in numbers)),
        "json": json.dumps(
            {"version": "https://jsonfeed.org/version/1.1", "items": [{"url": f"/{n}"} for n in numbers]}
        ),
        "index": f"<sitemapindex>{''.join(f'<sitemap><loc>/{n}</loc></sitemap>' for n in numbers)}</sitemapindex>",
    }[kind]
    feed = read(text)
    found = tuple(entry.url for entry in feed.more or feed.entries)
    assert (len(found), found[-1], feed.left_out) == (MAX_ENTRIES, f"https://news.test/{MAX_ENTRIES - 1}", 3)
    assert feed.problems == ("only its first 10000 entries were read, 3 were left out",)


def test_a_base_as_long_as_can_be_does_not_grow_with_each_entry() -> None:
    before = time.process_time()
    long = "https://news.test/" + "x" * (MAX_URL_CHARACTERS - 100) + "/"
    feed = read(f"<rss xml:base='{long}'>" + "".join(f"<item><link>{n}</link></item>" for n in range(300_000)))
    assert len(feed.entries) == MAX_ENTRIES
    assert time.process_time() - before < 20


def test_elements_without_end_within_each_other_are_refused() -> None:
    assert refusal(rss("<a>" * 1_000_000)).startswith("its elements stand too deep within each other")
    assert urls(rss("<a>" * 100 + "<item><link>/a</link></item>")) == ["https://news.test/a"]


def test_what_is_too_large_is_refused() -> None:
    assert refusal(b"<rss>" + b" " * MAX_FEED_BYTES).startswith("is larger than 16 MB")
    read(b"<rss>" + b" " * (MAX_FEED_BYTES - 5))


def test_a_gzip_bomb_is_refused_before_it_grows() -> None:
    piece = zlib.compressobj(9, wbits=31)
    bomb = b"".join([*(piece.compress(bytes(1 << 20)) for _ in range(500)), piece.flush()])
    before = time.process_time()
    tracemalloc.start()
    assert refusal(bomb).startswith("is larger than 16 MB")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * MAX_FEED_BYTES
    assert refusal(gzip.compress(b"") * 100_000).startswith("is larger than 16 MB")
    assert refusal(gzip.compress(gzip.compress(RSS.encode()))).startswith("is not XML")
    assert time.process_time() - before < 5


@pytest.mark.parametrize(
    "text",
    [
        "<!--" * 1_000_000,
        "<!DOCTYPE x [" + "<!--" * 1_000_000,
        "<!DOCTYPE x [" + "<?" * 1_000_000,
        "<!DOCTYPE x " + "'\"" * 1_000_000,
        "<!DOCTYPE x [" + "]" * 1_000_000,
        "<?" * 1_000_000,
        "<!-- -->" * 1_000_000,
        "<html>" + "<link " * 1_000_000,
        "<html><link " + "a" * 1_000_000,
        "<html>" + ("<link " + "a" * 3900 + ">") * 200,
        "<html>" + ("<link " + "a='" * 1300 + ">") * 200,
        "<html>" + ("<link " + "a=" + " " * 3800 + ">") * 200,
        " " * 10_000_000,
        "<?xml " + " " * 1_000_000,
        "<" + "a" * 1_000_000,
    ],
    ids=range(15),
)
def test_what_is_no_feed_is_told_soon(text: str) -> None:
    before = time.process_time()
    refusal(text)
    assert time.process_time() - before < 5


def test_a_title_and_an_address_without_end_are_cut_or_refused() -> None:
    feed = read(rss(f"<item><title>{'x ' * 1_000_000}</title><link>/a</link></item>"))
    assert len(feed.entries[0].title) <= MAX_TITLE_CHARACTERS
    assert urls(rss(f"<item><link>/{'x' * 2_000_000}</link></item>")) == []
    assert urls(rss(f"<item>{'<link>x:</link>' * 100_000}<guid>/g</guid></item>")) == []


# for any bytes

_PIECES = st.sampled_from(
    [
        *(b"<rss>", b"<channel>", b"<item>", b"</item>", b"<link>", b"</link>", b"<title>", b"</title>", b"<feed>"),
        *(
            b"<entry>",
            b"<urlset>",
            b"<url>",
            b"<loc>",
            b"</loc>",
            b"<!DOCTYPE rss [",
            b"<!ENTITY a 'b'>",
            b"]>",
            b"&a;",
        ),
        *(
            b"<![CDATA[",
            b"]]>",
            b"<!--",
            b"-->",
            b"<?xml encoding='utf-16'?>",
            b"<?",
            b"?>",
            b"&#0;",
            b"https://a.test/",
        ),
        *(b"<link href='", b"'/>", b"{", b"}", b'"version":"jsonfeed.org/version/",', b'"items":[', b"]", b"\xff\xfe"),
        *(b"\x1f\x8b\x08\x00", b"\xef\xbb\xbf", b"\0", b"<html>", b"xml:base='http://[", b"xmlns='x'", b"<rdf:RDF>"),
    ]
)
_ANY = st.one_of(
    st.binary(max_size=400), st.lists(st.one_of(_PIECES, st.binary(max_size=8)), max_size=40).map(b"".join)
)


@given(_ANY, st.one_of(st.none(), st.text(max_size=40), st.sampled_from(["text/html", "a/b; charset=utf-7"])))
def test_any_bytes_are_a_feed_within_limits_or_a_feed_error(data: bytes, content_type: str | None) -> None:
    for each in (data, b"<rss>" + data, b"<feed><entry>" + data, gzip.compress(data)):
        try:
            feed = parse(each, content_type, BASE)
        except FeedError:
            continue
        assert len({entry.url for entry in feed.entries}) == len(feed.entries) <= MAX_ENTRIES
        for entry in feed.entries:
            assert "#" not in entry.url
            assert len(entry.url) <= MAX_URL_CHARACTERS
            assert len(entry.title) <= MAX_TITLE_CHARACTERS
            parse_capturable(entry.url)


@given(st.text(max_size=120))
def test_any_text_is_a_date_in_utc_or_none(text: str) -> None:
    moment = read_date(text)
    assert moment is None or moment.tzinfo is UTC


_NO_SURROGATES = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff\ufeff")
_TITLES = st.text(_NO_SURROGATES, max_size=30).map(lambda text: " ".join(text.split()))
_URLS = st.text(st.sampled_from("abcXYZ0189-._~/&=?%äж"), max_size=30).map(lambda path: f"https://news.test/{path}")
_MOMENTS = st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
_ARTICLES = st.lists(st.builds(Entry, _URLS, _TITLES, _MOMENTS), max_size=8, unique_by=lambda entry: entry.url)


def _as_rss(entry: Entry) -> str:
    assert entry.published is not None
    date = entry.published.strftime("%d %b %Y %H:%M:%S +0000")
    return f"<item><title>{escape(entry.title)}</title><link>{escape(entry.url)}</link><pubDate>{date}</pubDate></item>"


def _as_atom(entry: Entry) -> str:
    assert entry.published is not None
    return (
        f"<entry><title>{escape(entry.title)}</title><link href={quoteattr(entry.url)}/>"
        f"<published>{entry.published.isoformat()}</published></entry>"
    )


def _as_sitemap(entry: Entry) -> str:
    assert entry.published is not None
    return (
        f"<url><loc>{escape(entry.url)}</loc><news:news><news:title>{escape(entry.title)}</news:title>"
        f"<news:publication_date>{entry.published.isoformat()}</news:publication_date></news:news></url>"
    )


@given(_ARTICLES, st.sampled_from(["utf-8", "utf-16", "utf-32"]), st.booleans())
def test_what_is_written_as_a_feed_is_read_back(articles: list[Entry], codec: str, compressed: bool) -> None:
    news = "xmlns:news='http://www.google.com/schemas/sitemap-news/0.9'"
    items = [
        {"url": entry.url, "title": entry.title, "date_published": entry.published.isoformat()}
        for entry in articles
        if entry.published
    ]
    for text in (
        rss("".join(map(_as_rss, articles))),
        f"<feed xmlns='http://www.w3.org/2005/Atom'>{''.join(map(_as_atom, articles))}</feed>",
        f"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9' {news}>"
        f"{''.join(map(_as_sitemap, articles))}</urlset>",
        json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}),
    ):
        data = text.encode(codec)
        feed = read(gzip.compress(data) if compressed else data)
        assert feed.entries == tuple(articles)
        assert feed.problems == ()

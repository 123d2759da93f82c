"""Made-up feeds of each kind, with the same two articles."""

from __future__ import annotations

from datetime import UTC, datetime

from archiver.feeds.parse import Entry

BASE = "https://news.test/feeds/all"
FIRST = Entry("https://news.test/a/ferry", "Ferry & fog", datetime(2024, 5, 1, 10, 30, tzinfo=UTC))
SECOND = Entry("https://news.test/a/mill?x=1&y=2", "The mill", datetime(2024, 4, 30, 22, 0, tzinfo=UTC))

RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/">
 <channel><title>News</title><link>https://news.test/</link>
  <atom:link rel="self" href="https://news.test/feeds/all"/>
  <image><title>Logo</title><link>https://news.test/logo</link></image>
  <item>
   <title>Ferry &amp; fog</title><media:title>No title of ours</media:title>
   <link> https://news.test/a/ferry#top </link><guid isPermaLink="false">1</guid>
   <pubDate>Wed, 01 May 2024 12:30:00 +0200</pubDate>
  </item>
  <item><title><![CDATA[The  mill]]></title><guid>/a/mill?x=1&amp;y=2</guid>
   <pubDate>Tue, 30 Apr 2024 22:00:00 GMT</pubDate></item>
 </channel></rss>"""

RSS_091 = """<?xml version="1.0"?>
<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.test/rss-0.91.dtd">
<rss version="0.91"><channel><title>News</title>
<item><title>Ferry &amp; fog</title><link>https://news.test/a/ferry</link></item></channel></rss>"""

RDF = """<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/">
 <channel rdf:about="https://news.test/"><title>News</title><link>https://news.test/</link></channel>
 <item rdf:about="https://news.test/about/ferry"><title>Ferry &amp; fog</title>
  <link>https://news.test/a/ferry</link><dc:date>2024-05-01T12:30+02:00</dc:date></item>
 <item rdf:about="https://news.test/a/mill?x=1&amp;y=2"><title>The mill</title><dc:date>2024-04-30T22:00:00Z</dc:date>
 </item></rdf:RDF>"""

ATOM = """<?xml version="1.0"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://news.test/"><title>News</title>
 <link rel="self" href="feeds/all"/><link href="/"/>
 <entry xml:base="a/"><title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">Ferry <b>&amp;</b> fog</div></title>
  <link rel="replies" href="comments"/><link rel="alternate" type="application/json" href="ferry.json"/>
  <link rel="alternate" type="text/html" href="ferry#top"/>
  <updated>2024-06-01T00:00:00Z</updated><published>2024-05-01T10:30:00Z</published>
  <source><title>Other</title><link href="https://other.test/"/></source></entry>
 <entry><title>The mill</title><link href="a/mill?x=1&amp;y=2"/><updated>2024-05-01T00:00:00+02:00</updated></entry>
</feed>"""

SITEMAP = """<?xml version="1.0"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:n="http://www.google.com/schemas/sitemap-news/0.9"
 xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
 <url><loc>https://news.test/a/ferry</loc><lastmod>2024-06-01</lastmod>
  <image:image><image:loc>https://news.test/i.png</image:loc><image:title>Picture</image:title></image:image>
  <n:news><n:publication><n:name>News</n:name></n:publication><n:publication_date>2024-05-01T10:30Z</n:publication_date>
   <n:title>Ferry &amp; fog</n:title></n:news></url>
 <url><loc>https://news.test/a/mill?x=1&amp;y=2</loc><lastmod>2024-04-30T22:00:00+0000</lastmod></url>
</urlset>"""

INDEX = """<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
 <sitemap><loc>https://news.test/s/1.xml.gz</loc><lastmod>2024-05-01</lastmod></sitemap>
 <sitemap><loc>https://news.test/s/2.xml</loc></sitemap></sitemapindex>"""

JSON = """{"version": "https://jsonfeed.org/version/1.1", "title": "News", "items": [
 {"id": "1", "url": "https://news.test/a/ferry#top", "title": "Ferry & fog",
  "date_published": "2024-05-01T12:30:00+02:00"},
 {"id": 2, "external_url": "/a/mill?x=1&y=2", "title": "The mill", "date_modified": "2024-04-30T22:00:00Z"}]}"""

"""The dates that a page tells of itself, and those that its surroundings tell: feed, sitemap, header, first capture.

A page may say anything: each kind of place gives a bounded number of dates, and what is later than the capture itself
is told in `problems` instead. Tags in the body that an original's outlet had pasted there are not this page's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from archiver.provenance.blocks import Block
from archiver.provenance.claim import Place
from archiver.provenance.date_text import Written, find_visible, read_machine
from archiver.provenance.dates import DateFound, Kind, Method, Precision
from archiver.provenance.json_ld import Node, addresses, strings
from archiver.provenance.limits import MAX_DEPTH, MAX_PASSAGE_CHARS, MAX_VALUE_CHARS
from archiver.provenance.page import Page

_MAX_DATES = 40  # of one kind of place
_MAX_TIME_ELEMENTS = 400
_MAX_LINE_CHARS = 300  # a longer block is prose, and its dates are the story's
_MIN_VISIBLE_YEAR = 1990

_JSON_LD = {"datePublished": Kind.PUBLISHED, "dateModified": Kind.MODIFIED, "dateCreated": Kind.CREATED}
_PUBLISHED = (
    "article:published_time og:article:published_time article:published og:published_time published_time datepublished "
    "date dc.date dc.date.issued dcterms.date dcterms.issued pubdate publishdate publish-date publish_date "
    "publication_date publication-date originalpublicationdate displaydate parsely-pub-date sailthru.date "
    "cxenseparse:publishtime cxenseparse:recs:publishtime citation_publication_date shareaholic:article_published_time "
    "bt:pubdate vr:published_time rnews:datepublished dcsext.articlefirstpublished"
).split()
_MODIFIED = (
    "article:modified_time og:article:modified_time article:modified og:updated_time modified_time datemodified "
    "last-modified lastmod dc.date.modified dcterms.modified revised updated_time bt:moddate rnews:datemodified"
).split()
_CREATED = "datecreated dc.date.created dcterms.created".split()
_METAS = {
    **dict.fromkeys(_PUBLISHED, Kind.PUBLISHED),
    **dict.fromkeys(_MODIFIED, Kind.MODIFIED),
    **dict.fromkeys(_CREATED, Kind.CREATED),
}
# Microdata stand in the body by design.
_MICRODATA = ("datepublished", "datemodified", "datecreated")
_UPDATED = re.compile(
    r"(?:updated|modified|revised|edited|aktualisiert|geändert|bearbeitet|mis(?:e)? à jour|modifié|actualizad[oa]|"
    r"modificad[oa]|atualizad[oa]|aggiornat[oa]|bijgewerkt|gewijzigd|aktualizacja|zaktualizowano|aktualizováno|"
    r"aktualizované|обновлено|изменено|оновлено|обновена|ажурирано|uppdaterad|opdateret|oppdatert|päivitetty|frissítve|"
    r"actualizat|actualitzat|ενημέρωση|ενημερώθηκε|güncelle(?:me|ndi)|تحديث|به‌روزرسانی|עודכן|"
    r"更新|수정|업데이트|diperbarui|cập nhật|अपडेट)",
    re.IGNORECASE,
)
_BEFORE_DATE = 40  # characters in which a word for the change may stand
_URL_DAY = re.compile(r"/(\d{4})[/-](\d{1,2})[/-](\d{1,2})(?=[/_.-]|$)|/(\d{4})(\d{2})(\d{2})(?=[/_.-]|$)", re.ASCII)
_URL_MONTH = re.compile(r"/((?:19|20)\d{2})[/-](\d{2})(?=/|$)", re.ASCII)


@dataclass(frozen=True)
class Given:
    """Dates from round the page, as they were written there; empty where there is none."""

    feed_published: str = ""
    feed_updated: str = ""
    sitemap_published: str = ""  # a news sitemap's
    sitemap_modified: str = ""
    last_modified: str = ""  # the response's header field
    first_capture: datetime | None = None
    captured: datetime | None = None  # when this page was; an article is no younger


@dataclass(frozen=True)
class Dates:
    """The dates found, in no order of worth (`dates.best`), and what was not taken."""

    dates: tuple[DateFound, ...]
    problems: tuple[str, ...]


def find_dates(page: Page, given: Given | None = None) -> Dates:
    """All dates of a page's article. Never raises on what a page holds."""
    given = given or Given()
    found: list[DateFound] = []
    problems: list[str] = []
    for place in (_json_ld(page), _metas(page), _time_elements(page), _visible(page), _url(page), _given(given)):
        dates = list(islice(place, _MAX_DATES + 1))
        if len(dates) > _MAX_DATES:
            problems.append(f"more than {_MAX_DATES} dates by {dates[0].method}; the further ones were not read")
        found += dates[:_MAX_DATES]
    kept: dict[tuple[object, ...], DateFound] = {}
    for date in found:
        if given.captured is not None and date.first > given.captured:
            problems.append(f"{date.method}: {date.kind} {date}, which is later than the capture")
            continue
        kept.setdefault((date.kind, date.method, date.said, date.precision, date.zone), date)
    return Dates(tuple(kept.values()), tuple(problems))


def _date(kind: Kind, method: Method, written: Written, passage: str, place: Place | None) -> DateFound:
    passage = passage[:MAX_PASSAGE_CHARS]
    return DateFound(kind, method, written.said, written.precision, written.zone, written.offset_min, passage, place)


def _json_ld(page: Page) -> Iterator[DateFound]:
    for node in _own_nodes(page):
        for key, kind in _JSON_LD.items():
            for value in strings(node.fields.get(key)):
                written = read_machine(value)
                if written:
                    place = Place(node.frame, node.xpath, region="head")
                    yield _date(kind, Method.JSON_LD, written, f"{key}: {value}", place)


def _own_nodes(page: Page) -> list[Node]:
    """The articles with dates that have this page's address, else the first: others are of other stories."""
    dated = [
        node
        for node in page.json_ld
        if node.frame == 0 and node.is_article and any(strings(node.fields.get(key)) for key in _JSON_LD)
    ]
    path = _path(page.url)
    keys = ("mainEntityOfPage", "url", "@id")
    here = [
        node
        for node in dated
        if path and any(_path(address) == path for key in keys for address in addresses(node.fields.get(key)))
    ]
    return here or dated[:1]


def _path(url: str) -> str:
    try:
        return urlsplit(url).path.rstrip("/")
    except ValueError:
        return ""


def _metas(page: Page) -> Iterator[DateFound]:
    for tag in page.metas(*_METAS):
        written = read_machine(tag.value)
        if written and tag.frame == 0 and (not tag.in_body or tag.name in _MICRODATA):
            place = Place(tag.frame, tag.xpath, region="head")
            yield _date(_METAS[tag.name], Method.META, written, f"{tag.name}: {tag.value}", place)


def _lines(page: Page) -> list[Block]:
    """The short blocks round the headline, in which the date of an article stands."""
    lines = [block for block in page.blocks if block.frame == 0 and len(block.text) <= _MAX_LINE_CHARS]
    if page.first_main >= 0:
        return [block for block in lines if page.zone(block) in ("head", "lead")]
    return [block for block in lines if block.region == "body"]


def _time_elements(page: Page) -> Iterator[DateFound]:
    lines = set(_lines(page))
    blocks = {block.node: block for block in reversed(page.blocks) if block.frame == 0}
    if not lines:
        return
    root = page.blocks[0].node.getroottree().getroot()
    for element in islice(root.iter("time"), _MAX_TIME_ELEMENTS):
        written = read_machine(element.get("datetime") or "")
        around = next((one for one in islice(element.iterancestors(), MAX_DEPTH) if one in blocks), None)
        if not written or around is None or blocks[around] not in lines:
            continue
        block = blocks[around]
        kind = Kind.MODIFIED if _UPDATED.search(_before(element, block)) else Kind.PUBLISHED
        xpath = str(element.getroottree().getpath(element))
        place = Place(block.frame, xpath, block.start, block.start + len(block.text), block.region)
        yield _date(kind, Method.TIME_ELEMENT, written, block.text, place)


def _before(element: Any, block: Block) -> str:
    """What says which date a time element has: its class and microdata, and the words before it."""
    own = " ".join("".join(islice(element.itertext(), 20)).split())
    start = block.text.find(own) if own else -1
    words = block.text[max(0, start - _BEFORE_DATE) : start] if start > 0 else ""
    return f"{element.get('class') or ''} {element.get('itemprop') or ''} {words} {own}"[:MAX_VALUE_CHARS]


def _visible(page: Page) -> Iterator[DateFound]:
    language = page.language[:2].lower()
    for block in _lines(page):
        previous = 0
        for written in find_visible(block.text, language):
            if written.said.year < _MIN_VISIBLE_YEAR:
                continue
            before = block.text[max(previous, written.start - _BEFORE_DATE) : written.start]
            previous = written.end
            changed = _UPDATED.search(before)
            start = written.start - len(before) + changed.start() if changed else written.start
            place = Place(block.frame, block.xpath, block.start + start, block.start + written.end, block.region)
            kind = Kind.MODIFIED if changed else Kind.PUBLISHED
            yield _date(kind, Method.VISIBLE, written, block.text[start : written.end], place)


def _url(page: Page) -> Iterator[DateFound]:
    path = _path(page.url)
    for match in islice(_URL_DAY.finditer(path), _MAX_DATES):
        year, month, day = (part for part in match.groups() if part is not None)
        written = read_machine(f"{year}-{month:0>2}-{day:0>2}")
        if written and written.said.year >= _MIN_VISIBLE_YEAR:
            yield _date(Kind.PUBLISHED, Method.URL, written, match[0], None)
            return
    match_month = _URL_MONTH.search(path)
    written = read_machine(f"{match_month[1]}-{match_month[2]}") if match_month else None
    if match_month and written:
        yield _date(Kind.PUBLISHED, Method.URL, written, match_month[0], None)


def _given(given: Given) -> Iterator[DateFound]:
    for method, kind, value in (
        (Method.FEED, Kind.PUBLISHED, given.feed_published),
        (Method.FEED, Kind.MODIFIED, given.feed_updated),
        (Method.SITEMAP, Kind.PUBLISHED, given.sitemap_published),
        (Method.SITEMAP, Kind.MODIFIED, given.sitemap_modified),
        (Method.LAST_MODIFIED, Kind.MODIFIED, given.last_modified),
    ):
        written = read_machine(value)
        if written:
            yield _date(kind, method, written, value.strip(), None)
    if given.first_capture is not None:
        said = given.first_capture.astimezone(UTC).replace(tzinfo=None)
        written = Written(said, Precision.SECOND, "Z", 0)
        yield _date(Kind.PUBLISHED, Method.FIRST_CAPTURE, written, "", None)

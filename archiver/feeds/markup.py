"""RSS, Atom, RDF and sitemaps: read in one pass that keeps no tree."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree

from archiver.feeds.collecting import MAX_TEXT_CHARACTERS, Collector, nearer
from archiver.feeds.model import MAX_TITLE_CHARACTERS, Kind

#: the local name of a root, and what it begins
KINDS: Mapping[str, Kind] = {
    "rss": "rss",
    "RDF": "rdf",
    "feed": "atom",
    "urlset": "sitemap",
    "sitemapindex": "sitemap index",
}
_ENTRIES = {"rss": "item", "rdf": "item", "atom": "entry", "sitemap": "url", "sitemap index": "sitemap"}

_BASE = "{http://www.w3.org/XML/1998/namespace}base"
_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_ATOM_LINK = "{http://www.w3.org/2005/Atom}link"
_DC_DATE = "{http://purl.org/dc/elements/1.1/}date"
_MAX_DEPTH = 200  # libxml2 itself ends at 256
_MAX_LINKS = 20  # of one entry
# Escaped halves of characters: libxml2 passes them on, and lxml fails there.
_SURROGATE = re.compile(
    r"&#(?:x0*[dD][89a-fA-F][0-9a-fA-F]{2}|0*(?:5529[6-9]|55[3-9][0-9]{2}|56[0-9]{3}|57[0-2][0-9]{2}|573[0-3][0-9]|"
    r"5734[0-3]));"
)
_PAGES = ("", "text/html", "application/xhtml+xml")


class TooDeepError(Exception):
    """Elements stand within each other without end."""


@dataclass
class _Open:
    """An entry whose end has not come yet. Links are (base, address), the likeliest first once sorted by rank."""

    namespace: str  # with its braces, or empty
    depth: int
    links: list[tuple[int, str, str]] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)


class _Reader:
    """A target of lxml's: told of every tag and text, in order."""

    def __init__(self, kind: Kind, base: str, collector: Collector) -> None:
        self._kind, self._tag = kind, _ENTRIES[kind]
        self._collector = collector
        self._bases = [base]
        self._entry: _Open | None = None
        self._in_news = 0  # the depth of a sitemap's <news:news>
        self._field, self._field_depth = "", 0
        self._text: list[str] = []
        self._room = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        depth = len(self._bases)
        if depth > _MAX_DEPTH:
            raise TooDeepError
        base = self._bases[-1]
        self._bases.append(nearer(base, attributes[_BASE]) if _BASE in attributes else base)
        entry = self._entry
        if entry is None:
            if _local(tag) == self._tag and depth > 1:
                self._open(tag, depth, attributes)
        elif not self._field and not self._collector.is_full:
            self._child(entry, tag, depth, attributes)

    def _open(self, tag: str, depth: int, attributes: Mapping[str, str]) -> None:
        self._entry = _Open(tag[: tag.rfind("}") + 1], depth)
        if _ABOUT in attributes:
            self._link(self._entry, 3, attributes[_ABOUT])

    def _child(self, entry: _Open, tag: str, depth: int, attributes: Mapping[str, str]) -> None:
        name = tag[len(entry.namespace) :] if tag.startswith(entry.namespace) else tag
        if depth == entry.depth + 1:
            if self._kind == "atom":
                self._child_of_atom(entry, name, depth, attributes)
            elif self._kind in ("rss", "rdf"):
                self._child_of_rss(entry, name, tag, depth, attributes)
            elif name in ("loc", "lastmod"):
                self._read(name, depth)
            elif _local(tag) == "news":
                self._in_news = depth
        elif self._in_news and depth == self._in_news + 1 and _local(tag) in ("title", "publication_date"):
            self._read(_local(tag), depth)

    def _child_of_rss(self, entry: _Open, name: str, tag: str, depth: int, attributes: Mapping[str, str]) -> None:
        if tag == _ATOM_LINK or (name == "link" and attributes.get("href")):
            if attributes.get("rel", "alternate") == "alternate":
                self._link(entry, 1, attributes.get("href", ""))
        elif name in ("title", "link", "pubDate") or (name == "guid" and _is_permalink(attributes)):
            self._read(name, depth)
        elif tag == _DC_DATE:
            self._read("date", depth)

    def _child_of_atom(self, entry: _Open, name: str, depth: int, attributes: Mapping[str, str]) -> None:
        if name == "link":
            if attributes.get("rel", "alternate") == "alternate":
                is_page = attributes.get("type", "").partition(";")[0].strip().lower() in _PAGES
                self._link(entry, 0 if is_page else 1, attributes.get("href", ""))
        elif name in ("title", "published", "updated", "issued", "modified"):  # the last two are Atom 0.3's
            self._read(name, depth)

    def _link(self, entry: _Open, rank: int, address: str) -> None:
        if len(entry.links) < _MAX_LINKS:
            entry.links.append((rank, self._bases[-1], address[:MAX_TEXT_CHARACTERS]))

    def _read(self, name: str, depth: int) -> None:
        """Keep the text from here to the end of this element."""
        self._field, self._field_depth = name, depth
        self._room = 4 * MAX_TITLE_CHARACTERS if name == "title" else MAX_TEXT_CHARACTERS

    def data(self, text: str) -> None:
        if self._field and self._room > 0:
            self._text.append(text[: self._room])
            self._room -= len(text)

    def end(self, _: str) -> None:
        depth = len(self._bases) - 1
        entry = self._entry
        if entry is not None:
            if self._field and depth == self._field_depth:
                self._keep(entry)
            if depth == self._in_news:
                self._in_news = 0
            if depth == entry.depth:
                self._finish(entry)
        self._bases.pop()

    def _keep(self, entry: _Open) -> None:
        text = "".join(self._text)
        if self._field in ("link", "guid", "loc"):
            self._link(entry, 2 if self._field == "guid" else 0, text)
        elif text.strip():
            entry.texts.setdefault(self._field, text)
        self._field, self._text = "", []

    def _finish(self, entry: _Open) -> None:
        self._entry, self._field, self._text, self._in_news = None, "", [], 0
        if self._collector.is_full:
            self._collector.take(())
            return
        links = [(base, address) for _, base, address in sorted(entry.links, key=lambda link: link[0])]
        names = ("published", "pubDate", "date", "publication_date", "issued", "updated", "modified", "lastmod")
        dates = [entry.texts[name] for name in names if name in entry.texts]
        self._collector.take(links, entry.texts.get("title", ""), dates)

    def close(self) -> None:
        """The end of the document; an entry whose end did not come is none."""


def read_markup(text: str, kind: Kind, base: str, collector: Collector) -> str | None:
    """Read a document from its root on; what is wrong with its XML, in words. Raises `TooDeepError`.

    The document type has to be cut off before: lxml resolves a document's own entities for such a reader, whatever
    `resolve_entities` says. (To say False would be of no use, and breaks `&amp;` in attributes.)
    """
    parser = etree.XMLParser(
        target=_Reader(kind, base, collector),
        encoding="utf-8",  # whatever the document says: it has been decoded
        recover=True,
        resolve_entities="internal",
        no_network=True,
        load_dtd=False,
        huge_tree=False,
    )
    try:
        etree.fromstring(_SURROGATE.sub("", text).encode(), parser)
    except (etree.XMLSyntaxError, UnicodeDecodeError):
        pass  # what is wrong stands in the log, too
    wrong = next((entry for entry in parser.error_log if entry.level >= etree.ErrorLevels.FATAL), None)
    if wrong is None:
        return None
    return f"its XML is damaged (line {wrong.line}: {wrong.message[:200].strip()}); what could be read was read"


def _is_permalink(attributes: Mapping[str, str]) -> bool:
    return attributes.get("isPermaLink", "true").strip().lower() != "false"


def _local(tag: str) -> str:
    """A tag without its namespace, or without a prefix that was never declared."""
    return tag.rpartition("}")[2].rpartition(":")[2]

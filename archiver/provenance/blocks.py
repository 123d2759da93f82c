"""One document as text blocks in reading order, with its links, its head metadata, and the part each block lies in."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urljoin

from lxml import etree

from archiver.provenance import limits

_BLOCK_TAGS = frozenset(
    "address article aside blockquote body br caption center dd details dialog div dl dt fieldset figcaption "
    "figure footer "
    "form h1 h2 h3 h4 h5 h6 header hr html iframe li main nav ol option p pre section summary table tbody td template "
    "textarea tfoot th thead tr ul video audio".split()
)
_UNSEEN_TAGS = frozenset("script style noscript head title svg math object embed canvas select".split())
_TAG_REGIONS = {
    "nav": "nav",
    "footer": "footer",
    "header": "header",
    "aside": "aside",
    "dialog": "dialog",
    "textarea": "textarea",
    "figcaption": "caption",
    "blockquote": "quote",
}
_ROLE_REGIONS = {
    "navigation": "nav",
    "contentinfo": "footer",
    "banner": "header",
    "complementary": "aside",
    "dialog": "dialog",
    "alertdialog": "dialog",
    "menu": "nav",
}
# Words of class names and ids, in several languages of web developers, and what they say of a part.
_WORD_REGIONS = {
    **dict.fromkeys(("tweet", "instagram", "bluesky", "mastodon", "truthsocial", "tiktok", "twitter-tweet"), "embed"),
    **dict.fromkeys(("modal", "popup", "lightbox", "overlay", "republish", "republishing"), "dialog"),
    **dict.fromkeys(("caption", "credit", "photocredit", "legende", "bildunterschrift"), "caption"),
    **dict.fromkeys(("comments", "disqus", "commentlist", "respond", "kommentare"), "comments"),
    **dict.fromkeys(
        ("related", "trending", "recommended", "recirc", "popular", "teaser", "teasers", "mostread"), "related"
    ),
    **dict.fromkeys(("sidebar", "widget", "rightrail", "rail"), "aside"),
    **dict.fromkeys(("footer", "colophon", "siteinfo"), "footer"),
    **dict.fromkeys(("nav", "navbar", "navigation", "menu", "breadcrumb", "breadcrumbs"), "nav"),
}
_MARK_WORDS = {
    **dict.fromkeys(("byline", "author", "authors", "autor", "auteur", "vcard", "contributor", "reporter"), "author"),
    **dict.fromkeys(
        ("source", "quelle", "fuente", "fonte", "attribution", "syndication", "provider", "agency"), "source"
    ),
    **dict.fromkeys(("dateline", "location"), "dateline"),
    **dict.fromkeys(("copyright", "legal"), "copyright"),
}
_WORD = re.compile(r"[A-Z]?[a-z]{2,30}|[A-Z]{2,30}")
_NOT_ITSELF = re.compile(r"\b(?:has|with|no|is|hide|show|without)[-_]|[-_](?:open|closed|enabled|disabled)\b")
_HIDDEN = re.compile(r"display\s{0,3}:\s{0,3}none|visibility\s{0,3}:\s{0,3}hidden", re.IGNORECASE)
_FIRM = ("textarea", "dialog", "embed", "hidden", "caption", "comments")
_MAX_PARTS = 12
_SPACES = (" ", "\t", "\n", "\r", "\f", "\xa0")


@dataclass(frozen=True)
class Link:
    """A link in the text: where it leads, its words, and where they stand in its block."""

    url: str
    text: str
    start: int
    end: int
    region: str
    rel: str = ""


@dataclass(frozen=True)
class Tag:
    """A `<meta>` or `<link>`: `name` in lower case, `value` as it stands, absolute where it is a link's."""

    kind: str  # meta | link | refresh | image
    name: str
    value: str
    frame: int
    xpath: str
    in_body: bool


@dataclass(frozen=True)
class Block:
    """A piece of visible text between two breaks of the layout, white space collapsed."""

    number: int
    frame: int
    text: str
    start: int
    tag: str
    region: str  # body | quote | header | footer | nav | aside | related | caption | comments | dialog | textarea | …
    marks: frozenset[str]  # author | source | dateline | copyright, as the page's own class names say
    links: tuple[Link, ...]
    main: bool = False
    # Every part that the block lies in, from the outermost: its kind, and the element that is it.
    parts: tuple[tuple[str, Any], ...] = field(default=(), repr=False, compare=False)
    node: Any = field(default=None, repr=False, compare=False)

    @property
    def xpath(self) -> str:
        return str(self.node.getroottree().getpath(self.node)) if self.node is not None else ""

    def at(self, number: int, start: int) -> Block:
        return replace(self, number=number, start=start)

    def as_main(self) -> Block:
        return replace(self, main=True)

    def without(self, elements: frozenset[Any]) -> Block:
        """The block as if these elements were no part of their own kind."""
        region = effective_region(tuple(part for part in self.parts if part[1] not in elements))
        return self if region == self.region else replace(self, region=region)


def effective_region(parts: tuple[tuple[str, Any], ...]) -> str:
    """What kind of part a block lies in, all told: the innermost firm one, else the outermost."""
    firm = [kind for kind, _ in parts if kind in _FIRM]
    if firm:
        return firm[0]
    others = [kind for kind, _ in parts if kind not in ("quote", "header")]
    return others[0] if others else parts[-1][0] if parts else "body"


@dataclass
class Document:
    """What was read of one frame."""

    language: str = ""
    title: str = ""
    blocks: list[Block] = field(default_factory=list)
    tags: list[Tag] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    scripts: list[tuple[int, str, str]] = field(default_factory=list)


def absolute(base: str, address: str) -> str:
    """An address made absolute and cut to a length; empty where it is none."""
    try:
        return urljoin(base, address.strip()[: limits.MAX_VALUE_CHARS])
    except ValueError:
        return ""


def read_document(tree: Any, frame: int, url: str, blocks_before: int, problems: list[str]) -> Document:
    """Walk one document. Iterative, so that its depth costs nothing; ends at the limits."""
    reader = _Reader(frame, url, limits.MAX_BLOCKS - blocks_before)
    reader.document.language = str(tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang") or "")[
        :20
    ]
    walk = etree.iterwalk(tree, events=("start", "end"))
    for count, (event, element) in enumerate(walk):
        if count > 2 * limits.MAX_ELEMENTS or reader.full:
            problems.append(f"frame {frame}: elements, text or blocks beyond the limits were not read")
            break
        if event == "start":
            if reader.enter(element):
                walk.skip_subtree()
        else:
            reader.leave(element)
    reader.flush()
    problems += [f"frame {frame}: {problem}" for problem in reader.problems]
    return reader.document


class _Reader:
    def __init__(self, frame: int, url: str, blocks: int) -> None:
        self.document = Document()
        self.problems: dict[str, None] = {}
        self._frame, self._base, self._room = frame, url, blocks
        self._chars = 0
        # parts, marks, whether within an article, whether within the body, the nearest block's element
        self._stack: list[tuple[tuple[tuple[str, Any], ...], frozenset[str], bool, bool, Any]] = [
            ((), frozenset(), False, False, None)
        ]
        self._pieces: list[str] = []
        self._length = 0
        self._space = False
        self._spans: list[tuple[int, int, str, str]] = []
        self._open: tuple[int, str, str] | None = None
        self._marks: set[str] = set()

    @property
    def full(self) -> bool:
        return len(self.document.blocks) >= self._room or self._chars > limits.MAX_TEXT_CHARS

    def enter(self, element: Any) -> bool:
        """Begin an element; true when what is in it is not text of the page."""
        tag = element.tag if isinstance(element.tag, str) else ""
        parts, marks, in_article, in_body, block = self._stack[-1]
        if tag in ("meta", "link", "base", "img", "iframe"):
            self._read_tag(element, tag, in_body)
        elif tag == "script":
            self._read_script(element)
        elif tag == "title" and not self.document.title:
            self.document.title = " ".join((element.text or "").split())[: limits.MAX_VALUE_CHARS]
        if tag == "noscript":
            for image in list(element.iter("img"))[:20]:
                self._read_tag(image, "img", in_body)
        if tag in _BLOCK_TAGS:
            self.flush()
            block = element
        if len(self._stack) > limits.MAX_DEPTH:
            self.problems["elements are nested beyond the limit; what is in them was read without their kind"] = None
        elif tag not in ("html", "body"):
            kind, marks = _part(element, tag, marks, in_article)
            if kind and len(parts) < _MAX_PARTS:
                parts = (*parts, (kind, element))
        self._marks |= marks
        in_article = in_article or tag in ("article", "main") or element.get("itemprop") == "articleBody"
        self._stack.append((parts, marks, in_article, in_body or tag == "body", block))
        if tag == "a" and element.get("href"):
            self._open = (
                self._length + self._space,
                absolute(self._base, element.get("href")),
                element.get("rel") or "",
            )
        if tag in _UNSEEN_TAGS and tag != "head":
            return True
        if tag != "head":
            self._add(element.text)
        return False

    def leave(self, element: Any) -> None:
        tag = element.tag if isinstance(element.tag, str) else ""
        if tag == "a":
            self._close_link()
        if tag in _BLOCK_TAGS:
            self.flush()
        self._stack.pop()
        self._add(element.tail)

    def _close_link(self, *, keep: bool = False) -> None:
        if self._open is None:
            return
        start, url, rel = self._open
        if self._length > start and len(self.document.links) < limits.MAX_LINKS:
            self._spans.append((start, self._length, url, rel))
        self._open = (0, url, rel) if keep else None

    def _add(self, text: str | None) -> None:
        if not text or not self._stack[-1][3]:
            return
        words = text.split()
        if not words:
            self._space = self._space or self._length > 0
            return
        piece = " ".join(words)
        if self._length and (self._space or text[0] in _SPACES or text[0].isspace()):
            piece = " " + piece
        if self._length + len(piece) > limits.MAX_BLOCK_CHARS:
            self.flush()
            for start in range(0, len(piece), limits.MAX_BLOCK_CHARS):
                self._pieces, self._length = [piece[start : start + limits.MAX_BLOCK_CHARS]], limits.MAX_BLOCK_CHARS
                self.flush()
            return
        self._pieces.append(piece)
        self._length += len(piece)
        self._space = text[-1].isspace()

    def flush(self) -> None:
        """End the block that is being read."""
        self._close_link(keep=True)
        text = "".join(self._pieces)
        parts, marks, _, _, node = self._stack[-1]
        region = effective_region(parts)
        if text.strip() and not self.full:
            # A piece that began a block has no blank before it, so that the offsets of links are those of the text.
            links = tuple(
                Link(url, text[start:end].strip(), start, end, region, rel) for start, end, url, rel in self._spans
            )
            tag = node.tag if node is not None and isinstance(node.tag, str) else ""
            found = Block(0, self._frame, text, 0, tag, region, marks | self._marks, links, parts=parts, node=node)
            self.document.blocks.append(found)
            self.document.links += links
            self._chars += len(text)
        self._pieces, self._length, self._space, self._spans, self._marks = [], 0, False, [], set()

    def _read_script(self, element: Any) -> None:
        if "ld+json" in (element.get("type") or "").lower():
            self.document.scripts.append((self._frame, self._path(element), element.text or ""))

    def _read_tag(self, element: Any, tag: str, in_body: bool) -> None:
        if tag == "base":
            self._base = absolute(self._base, element.get("href") or "") or self._base
            return
        if len(self.document.tags) >= limits.MAX_METAS:
            self.problems[f"tags beyond {limits.MAX_METAS} were not read"] = None
            return
        kind, name, value = tag, "", ""
        if tag == "meta":
            name = element.get("name") or element.get("property") or element.get("itemprop") or ""
            value = element.get("content") or ""
            if (element.get("http-equiv") or "").lower() == "refresh":
                kind, name = "refresh", "refresh"
                value = absolute(self._base, re.sub(r"^[^=]{0,40}=\s{0,9}", "", value).strip("'\" "))
        elif tag == "link":
            name, value = element.get("rel") or "", absolute(self._base, element.get("href") or "")
            if name.lower() in ("stylesheet", "preload", "prefetch", "icon", "dns-prefetch", "preconnect"):
                return
        else:
            kind, name = "image", tag
            value = absolute(self._base, element.get("src") or element.get("data-src") or "")
            if "pixel" not in value and "/count" not in value:
                return
        if name and value.strip():
            value = " ".join(value.split())[: limits.MAX_VALUE_CHARS]
            self.document.tags.append(
                Tag(kind, name.strip().lower()[:100], value, self._frame, self._path(element), in_body)
            )

    @staticmethod
    def _path(element: Any) -> str:
        return str(element.getroottree().getpath(element))


def _part(element: Any, tag: str, marks: frozenset[str], in_article: bool) -> tuple[str, frozenset[str]]:
    """The kind of part that an element begins, empty where it begins none, and its marks added to its parent's."""
    attributes = element.attrib
    if not attributes and tag not in _TAG_REGIONS:
        return "", marks
    named = f"{attributes.get('class', '')} {attributes.get('id', '')}"[:300]
    words = {word.lower() for word in _WORD.findall(named)} if not _NOT_ITSELF.search(named) else set()
    marked = " ".join((attributes.get("itemprop", ""), attributes.get("rel", "")))[:100]
    own = {_MARK_WORDS[word] for word in words | set(marked.lower().split()) if word in _MARK_WORDS}
    if own:
        marks = marks | own
    if "hidden" in attributes or _HIDDEN.search(attributes.get("style", "")[:300]):
        return "hidden", marks
    if attributes.get("aria-modal") == "true":
        return "dialog", marks
    if tag == "blockquote" and words & {"tweet", "twitter", "instagram", "bluesky", "tiktok", "mastodon"}:
        return "embed", marks
    found = _TAG_REGIONS.get(tag) or _ROLE_REGIONS.get(attributes.get("role", ""))
    if found in ("header", "footer") and in_article:
        found = None  # an article has its own
    if not found and tag not in ("article", "main", "p"):
        found = next((_WORD_REGIONS[word] for word in sorted(words) if word in _WORD_REGIONS), None)
    return found or "", marks

"""A stored page as the claims are read from it: text blocks in reading order, head metadata, links, JSON-LD.

What is given is what a snapshot holds: the DOM of each frame as `urn:dom:` has it, the page's final URL and, where
known, the URLs of its exchanges. Nothing is fetched, no script is run. A page may hold anything; what is cut is told in
`problems`.
"""

from __future__ import annotations

import bisect
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from lxml import etree
from lxml.html import HTMLParser

from archiver import marks
from archiver.provenance import limits
from archiver.provenance.blocks import Block, Link, Tag, read_document
from archiver.provenance.json_ld import Node, read_json_ld
from archiver.provenance.main_text import main_text
from archiver.provenance.outlets import site_of

_NO_CHARACTER = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
# A paragraph that ends in a credit is a picture's caption, whatever element it stands in.
_CAPTION_END = re.compile(
    r"[(\[](?=[^()\[\]]{0,150}\b(?:photos?|foto|picture|getty|reuters|via|pool|image)\b)[^()\[\]]{3,160}(?:,|/|"
    r"\bvia\b)[^()\[\]]{2,60}[)\]]\W{0,2}$",
    re.IGNORECASE,
)
_NEVER_MAIN = ("textarea", "hidden", "caption", "comments")
_LEAD_CHARS = 400  # where a dateline stands
_BEFORE_MAIN = 30  # blocks between a headline and the text in which bylines stand
_MAX_GAP = 15  # blocks within the text that are none of it: captions, an advertisement, a box
_MAX_TEASER_CHARS = 400
_AFTER_MAIN = 15  # blocks after the text in which an attribution may still be about it


@dataclass(frozen=True)
class Page:
    """A stored page. `text` is the text of all blocks, one a line; every place of a claim is an offset in it."""

    url: str
    language: str
    title: str
    blocks: tuple[Block, ...]
    tags: tuple[Tag, ...]
    links: tuple[Link, ...]
    json_ld: tuple[Node, ...]
    exchanges: tuple[str, ...]
    problems: tuple[str, ...]
    first_main: int  # number of the first block of the main text, and of the last; -1 where there is none
    last_main: int

    @cached_property
    def text(self) -> str:
        return "\n".join(block.text for block in self.blocks)

    @property
    def site(self) -> str:
        return site_of(self.url)

    def metas(self, *names: str) -> list[Tag]:
        """The `<meta>` tags with one of these names (`name`, `property` or `itemprop`), in the page's order."""
        return [tag for tag in self.tags if tag.kind == "meta" and tag.name in names and tag.value]

    def rels(self, *names: str) -> list[Tag]:
        """The `<link>` tags with one of these relations, with absolute addresses."""
        return [tag for tag in self.tags if tag.kind == "link" and set(tag.name.split()) & set(names) and tag.value]

    def zone(self, block: Block) -> str:
        """Where a block stands: `head` (headline to the text's beginning), `lead`, `body`, `tail`, `outside`.

        `lead` and `tail` lie at the beginning and the end of the main text; the latter reaches some blocks beyond it.
        """
        if block.region not in ("body", "quote"):
            return "outside"
        if self.first_main < 0:
            return "body"
        if block.number < self.first_main:
            return "head" if self.first_main - block.number <= _BEFORE_MAIN else "outside"
        if block.number > self.last_main:
            return "tail" if self.beyond(block) <= _AFTER_MAIN else "outside"
        if block.start - self.blocks[self.first_main].start < _LEAD_CHARS:
            return "lead"
        return "tail" if self._after(block) < 3 else "body"

    def beyond(self, block: Block) -> int:
        """How many blocks of the body lie between the main text and a later block: menus and lists do not count."""
        before = bisect.bisect_right(self._body_numbers, self.last_main)
        return max(0, bisect.bisect_left(self._body_numbers, block.number) - before)

    @cached_property
    def _body_numbers(self) -> list[int]:
        return [block.number for block in self.blocks if block.region in ("body", "quote")]

    def _after(self, block: Block) -> int:
        """How many blocks of the main text follow a block."""
        return len(self.main) - bisect.bisect_right(self._main_numbers, block.number)

    @cached_property
    def main(self) -> tuple[Block, ...]:
        return tuple(block for block in self.blocks if block.main)

    @cached_property
    def _main_numbers(self) -> list[int]:
        return [block.number for block in self.main]


def read_page(
    frames: Sequence[Mapping[str, Any]], url: str, exchanges: Sequence[str] = (), *, with_main_text: bool = True
) -> Page:
    """Read a page from its stored frames (`html`, `url`, `page`; the first is the document itself). Never raises.

    Frames of other sites are not read: what an advertisement says is not what the page says.
    """
    problems: list[str] = []
    blocks: list[Block] = []
    tags: list[Tag] = []
    links: list[Link] = []
    scripts: list[tuple[int, str, str]] = []
    language = title = ""
    trees: list[Any] = []
    if len(frames) > limits.MAX_FRAMES:
        problems.append(f"only the first {limits.MAX_FRAMES} of {len(frames)} frames were read")
    for index, frame in enumerate(frames[: limits.MAX_FRAMES]):
        html, address = frame.get("html"), str(frame.get("url") or "")
        if not isinstance(html, str) or not html.strip():
            continue
        foreign = index > 0 and site_of(address) != site_of(url) and not address.startswith("about:")
        if foreign or frame.get("page"):
            continue
        tree = _parse(html, index, problems)
        if tree is None:
            continue
        document = read_document(tree, index, address if address.startswith("http") else url, len(blocks), problems)
        trees.append(tree)
        blocks += document.blocks
        tags += document.tags
        links += document.links
        scripts += document.scripts
        language, title = language or document.language, title or document.title
    nodes, wrong = read_json_ld(scripts)
    problems += wrong
    texts: frozenset[str] | None = None
    if with_main_text and trees:
        texts = main_text(trees[0], problems)
    blocks, first, last = _with_main(_placed(blocks), texts)
    return Page(
        url=url,
        language=language,
        title=title,
        blocks=tuple(blocks),
        tags=tuple(tags),
        links=tuple(links),
        json_ld=nodes,
        exchanges=tuple(str(address)[: limits.MAX_VALUE_CHARS] for address in exchanges),
        problems=tuple(dict.fromkeys(problems)),
        first_main=first,
        last_main=last,
    )


def _parse(html: str, index: int, problems: list[str]) -> Any:
    if len(html) > limits.MAX_HTML_CHARS:
        problems.append(f"frame {index}: only the first {limits.MAX_HTML_CHARS} characters were read")
        html = html[: limits.MAX_HTML_CHARS]
    data = _NO_CHARACTER.sub(" ", html).encode("utf-8", "replace")
    # Given as UTF-8, whatever the page's own <meta charset> said: the browser has decoded it.
    parser = HTMLParser(encoding="utf-8", huge_tree=True, remove_pis=True, remove_comments=True)
    try:
        tree = etree.fromstring(data, parser)
    except (etree.LxmlError, ValueError) as error:
        problems.append(f"frame {index} cannot be parsed: {str(error)[:200]}")
        return None
    if tree is None:
        problems.append(f"frame {index} holds no element")
    # libxml2 gives up beyond 2,048 levels and returns what came before.
    if any(entry.level == etree.ErrorLevels.FATAL for entry in parser.error_log):
        problems.append(f"frame {index} is nested too deeply for the parser; what follows that place was not read")
    return tree


def _placed(blocks: list[Block]) -> list[Block]:
    start, placed = 0, []
    for number, block in enumerate(blocks):
        placed.append(block.at(number, start))
        start += len(block.text) + 1
    return placed


def _with_main(blocks: list[Block], texts: frozenset[str] | None) -> tuple[list[Block], int, int]:
    """Mark the blocks of the main text; without one from the extractor, paragraphs of the body are it."""
    if texts:
        joined = "\n".join(texts)
        marked = [block.as_main() if _is_main(block, texts, joined) else block for block in blocks]
    else:
        marked = [block.as_main() if _is_paragraph(block) else block for block in blocks]
    # A short line equal to one of the text (a date, a name) far from it is a teaser: the span is set by long blocks.
    long = [block for block in marked if block.main and len(block.text) >= 60]
    if not long:
        return [replace(block, main=False) for block in marked], -1, -1
    run = _trimmed(_densest(long))
    wrappers = _wrappers(run)
    marked = [block.without(wrappers) for block in marked]
    proper = [marked[block.number] for block in run if marked[block.number].region in ("body", "quote")]
    first, last = (proper or run)[0].number, (proper or run)[-1].number
    return [replace(block, main=block.main and first <= block.number <= last) for block in marked], first, last


def _is_paragraph(block: Block) -> bool:
    return block.region not in _NEVER_MAIN and len(block.text) >= 120 and not _CAPTION_END.search(block.text[-200:])


def _densest(long: list[Block]) -> list[Block]:
    """The run of blocks with the most text: what the extractor takes from teasers far from it is no main text."""
    runs: list[list[Block]] = [[long[0]]]
    for block in long[1:]:
        if block.number - runs[-1][-1].number > _MAX_GAP:
            runs.append([])
        runs[-1].append(block)
    return max(runs, key=lambda run: sum(len(block.text) for block in run))


def _trimmed(run: list[Block]) -> list[Block]:
    """The run without single blocks that stand off at its ends: a standfirst, a caption, the teasers of other stories.

    Where that would take most of it, the text is only cut up by something else, and nothing is taken.
    """
    first, last = 0, len(run) - 1
    while last - first > 1 and _stands_off(run[last], run[last - 1]):
        last -= 1
    while last - first > 1 and _stands_off(run[first], run[first + 1]):
        first += 1
    kept = run[first : last + 1]
    return kept if 2 * sum(len(block.text) for block in kept) > sum(len(block.text) for block in run) else run


def _stands_off(block: Block, neighbour: Block) -> bool:
    return abs(block.number - neighbour.number) > 1 and len(block.text) < _MAX_TEASER_CHARS


def _wrappers(run: list[Block]) -> frozenset[Any]:
    """Elements round most of the main text: whatever their name says, they are no side bar and no menu."""
    chars: dict[Any, int] = {}
    for block in run:
        for kind, element in block.parts:
            if kind not in ("textarea", "quote", "embed", "caption"):
                chars[element] = chars.get(element, 0) + len(block.text)
    total = sum(len(block.text) for block in run)
    return frozenset(element for element, size in chars.items() if size * 2 > total)


def _as_extracted(text: str) -> str:
    """A text as the extractor gives it: in NFC, without soft hyphens and whatever else nobody sees."""
    if not text.isascii():
        text = "".join(
            each for each in unicodedata.normalize("NFC", marks.bounded(text)) if each.isprintable() or each.isspace()
        )
    return " ".join(text.split())


def _is_main(block: Block, texts: frozenset[str], joined: str) -> bool:
    if block.region in _NEVER_MAIN or (block.region == "nav" and len(block.text) < 60):
        return False
    if _CAPTION_END.search(block.text[-200:]):
        return False
    text = _as_extracted(block.text)
    return text in texts or (len(text) >= 40 and text in joined)

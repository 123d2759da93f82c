"""JSON-LD of a page as a flat list of nodes, however large, deep or broken what stands there is.

schema.org only: `@context` is not looked up, and no reference is followed out of the page.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from archiver.provenance.limits import (
    MAX_JSON_LD_CHARS,
    MAX_JSON_LD_DEPTH,
    MAX_JSON_LD_NODES,
    MAX_VALUE_CHARS,
)

# Types that can be the page's own item. A node without one of them speaks of something else: a picture, a menu.
ARTICLE_TYPES = frozenset(
    "Article NewsArticle ReportageNewsArticle AnalysisNewsArticle OpinionNewsArticle BackgroundNewsArticle BlogPosting "
    "SocialMediaPosting TechArticle ScholarlyArticle Report LiveBlogPosting CreativeWork WebPage".split()
)
_WRAPPER = re.compile(r"^\s*(?://\s*)?(?:<!\[CDATA\[|<!--)|(?://\s*)?(?:\]\]>|-->)\s*$")


@dataclass(frozen=True)
class Node:
    """One object of the page's JSON-LD: its types, its fields, and the script it stands in (frame, XPath)."""

    types: frozenset[str]
    fields: dict[str, Any]
    frame: int
    xpath: str

    @property
    def is_article(self) -> bool:
        return bool(self.types & ARTICLE_TYPES)


def read_json_ld(scripts: Sequence[tuple[int, str, str]]) -> tuple[tuple[Node, ...], tuple[str, ...]]:
    """The nodes of all scripts, given as (frame, XPath, text), and what was wrong or too much."""
    nodes: list[Node] = []
    problems: list[str] = []
    room = MAX_JSON_LD_CHARS
    for frame, xpath, text in scripts:
        room -= len(text)
        if room < 0:
            problems.append(f"JSON-LD beyond {MAX_JSON_LD_CHARS} characters was not read")
            break
        try:
            # Not strict: line breaks within strings are common.
            value = json.loads(_WRAPPER.sub("", text), strict=False)
        except RecursionError:
            problems.append(f"JSON-LD at {xpath} is nested too deeply")
            continue
        except ValueError:
            if text.strip():
                problems.append(f"JSON-LD at {xpath} is not JSON")
            continue
        for fields, too_deep in _objects(value):
            if too_deep or len(nodes) >= MAX_JSON_LD_NODES:
                problems.append(f"JSON-LD at {xpath} holds more than is read: depth or number of its objects")
                break
            nodes.append(Node(frozenset(strings(fields.get("@type"))), fields, frame, xpath))
    return tuple(nodes), tuple(problems)


def _objects(value: Any) -> Iterator[tuple[dict[str, Any], bool]]:
    waiting: list[tuple[Any, int]] = [(value, 0)]
    while waiting:
        item, depth = waiting.pop()
        if isinstance(item, dict):
            yield item, depth > MAX_JSON_LD_DEPTH
            waiting.extend((child, depth + 1) for child in reversed(list(item.values())))
        elif isinstance(item, list):
            waiting.extend((child, depth + 1) for child in reversed(item))


def strings(value: Any) -> list[str]:
    """The strings in a value that may be one, a list of them, or neither."""
    items = value if isinstance(value, list) else [value]
    return [item[:MAX_VALUE_CHARS] for item in items[:50] if isinstance(item, str) and item.strip()]


def names(value: Any) -> list[tuple[str, str | None]]:
    """(name, address) of the persons or organisations in a value: strings, objects, or lists of both."""
    items = value if isinstance(value, list) else [value]
    found: list[tuple[str, str | None]] = []
    for item in items[:50]:
        if isinstance(item, str) and item.strip():
            found.append((item.strip()[:MAX_VALUE_CHARS], None))
        elif isinstance(item, dict):
            addresses = strings(item.get("url")) or strings(item.get("sameAs")) or strings(item.get("@id"))
            found += [(name.strip(), addresses[0] if addresses else None) for name in strings(item.get("name"))]
    return found


def addresses(value: Any) -> list[str]:
    """The addresses in a value: strings, or objects with `@id` or `url`."""
    items = value if isinstance(value, list) else [value]
    found: list[str] = []
    for item in items[:50]:
        if isinstance(item, dict):
            found += (strings(item.get("url")) or strings(item.get("@id")) or strings(item.get("mainEntityOfPage")))[:1]
        else:
            found += strings(item)
    return found

"""The main text of a page by trafilatura, within limits: it has none of its own for time."""

from __future__ import annotations

import copy
import logging
from typing import Any

import trafilatura
from lxml import etree

from archiver.provenance.limits import MAX_MAIN_TEXT_CHARS, MAX_MAIN_TEXT_ELEMENTS

logging.getLogger("trafilatura").setLevel(
    logging.CRITICAL
)  # it warns of every page without a text; we tell it ourselves


def main_text(tree: Any, problems: list[str]) -> frozenset[str] | None:
    """The lines of a parsed page's main text, white space collapsed; `None` where none was found or it was too large.

    Comments of readers are left out, tables kept.
    """
    size = 0
    for count, element in enumerate(tree.iter()):
        size += len(element.text or "") + len(element.tail or "")
        if count >= MAX_MAIN_TEXT_ELEMENTS or size > MAX_MAIN_TEXT_CHARS:
            problems.append("the page is too large for its main text to be told from the rest")
            return None
    try:
        found = trafilatura.extract(copy.deepcopy(tree), include_comments=False, include_tables=True, deduplicate=False)
    except (RecursionError, ValueError, etree.LxmlError, TypeError, AttributeError, KeyError, IndexError) as error:
        # The page decides which of the extractor's many paths is taken.
        problems.append(f"the main text was not found: {type(error).__name__}")
        return None
    if not found:
        return None
    lines = (" ".join(line.strip(" |-#>*").split()) for line in found.splitlines())
    return frozenset(line for line in lines if line)

"""What stands before the root of an XML document: passed over, so that no parser of XML sees a document type."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SKIPPED = re.compile(r"\s+|<!--.*?-->|<\?.*?\?>", re.DOTALL)
_DOCTYPE = re.compile(r"<!DOCTYPE\b", re.IGNORECASE)
_PIECE = re.compile(r"""[^"'<>\[\]]+|"[^"]*"|'[^']*'|<!--.*?(?:-->|\Z)|<\?.*?(?:\?>|\Z)|.""", re.DOTALL)
_ROOT = re.compile(r"<([A-Za-z_][^\s<>/]{0,100})")
_MAX_CHARACTERS = 200_000  # a prolog has a few hundred
_MAX_PIECES = 10_000


@dataclass(frozen=True)
class Prolog:
    """`root` is the local name of the root, empty where there is none; its tag begins at `end`."""

    root: str
    end: int
    document_type: str  # the first name of it, in lower case; empty where there is none
    declares: bool  # whether the document type declares anything of its own: entities, say


def read_prolog(text: str) -> Prolog:
    """Find the root. Never raises; a document that begins with anything else has none."""
    head = text[:_MAX_CHARACTERS]
    end, document_type, declares = 0, "", False
    for _ in range(_MAX_PIECES):
        if skipped := _SKIPPED.match(head, end):
            end = skipped.end()
        elif found := _DOCTYPE.match(head, end):
            start = found.end()
            end, has_subset = _end_of_doctype(head, start)
            declares |= has_subset
            document_type = (head[start:end].split(None, 1) or [""])[0].strip(">[").lower()[:100]
        else:
            break
    root = _ROOT.match(head, end)
    return Prolog(root[1].rpartition(":")[2] if root else "", end, document_type, declares)


def _end_of_doctype(head: str, start: int) -> tuple[int, bool]:
    """Where a document type ends, and whether it has an internal subset (XML 1.0 section 2.8)."""
    inside = has_subset = False
    for piece in _PIECE.finditer(head, start):
        match piece[0]:
            case "[":
                inside = has_subset = True
            case "]":
                inside = False
            case ">" if not inside:
                return piece.end(), has_subset
    return len(head), has_subset

r"""The words of words.toml as expressions that JavaScript runs quickly.

Python's `re` knows no `\p{L}`: the expressions of what people read are for JavaScript alone.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

_LETTER = r"[\p{L}\p{N}\p{M}]"
_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")

#: which concepts, when they come together, make a text a notice, and how sure they are
NOTICES = (
    ("affiliate", "buying", 0.75),
    ("affiliate", "earning", 0.75),
    # of a commission, articles tell as well
    ("commission", "buying", 0.4),
    ("commission", "earning", 0.75),
    ("opinion", "not_ours", 0.75),
    ("opinion", "no_duty", 0.75),
    ("advice", "no_duty", 0.75),
    ("advice", "name", 0.75),
    ("reuse", "permission", 0.75),
    ("name", "no_duty", 0.75),
    ("name", "opinion", 0.75),
    ("name", "affiliate", 0.75),
    ("name", "commission", 0.75),
    ("name", "agree", 0.75),
    ("agree", "no_duty", 0.75),
    ("name", "not_ours", 0.75),
    ("opinion", "policing", 0.55),
)

#: of these, two different wordings are enough
ENOUGH_ALONE = ("advice", "agree")


@cache
def vocabulary() -> dict[str, dict[str, str]]:
    """The tables of words.toml."""
    return tomllib.loads((files("archiver.regions") / "words.toml").read_text("utf-8"))


def listed(words: str) -> list[str]:
    """The words of a list, each once."""
    return list(dict.fromkeys(word.strip() for line in words.splitlines() for word in line.split("|") if word.strip()))


def spoken(words: str) -> str:
    """A JavaScript expression (flags `iu`) that finds any of the words of a language where they stand alone."""
    plain: list[str] = []
    stems: list[str] = []
    unspaced: list[str] = []
    signed: list[str] = []
    for word in listed(words):
        bare = word.rstrip("*")
        if _UNSPACED.search(word):
            unspaced.append(bare)
        elif not word[0].isalnum():
            signed.append(bare)
        else:
            (stems if word.endswith("*") else plain).append(bare)
    forms = [
        (plain, f"(?<!{_LETTER})", f"(?!{_LETTER})"),
        (stems, f"(?<!{_LETTER})", ""),
        (signed, "", f"(?!{_LETTER})"),
        (unspaced, "", ""),
    ]
    return "|".join(before + _tree(found) + after for found, before, after in forms if found)


def marked(words: str) -> str:
    """A JavaScript expression that finds any of the words among those of an identifier, which blanks keep apart."""
    return f"(?<= ){_tree(listed(words))}(?= )"


def hosts(names: str) -> str:
    """A JavaScript expression that finds the URLs of hosts, or of paths on hosts, that end so."""
    return rf"^(?:https?:)?//(?:[^/?#]*\.)?{_tree(listed(names))}(?:[:/?#]|$)"


def _tree(words: list[str]) -> str:
    """An expression for any of the words that reads each common beginning once: a hundred times as quick as a list."""
    tree: dict[str, Any] = {}
    for word in words:
        node = tree
        for letter in word:
            node = node.setdefault(letter, {})
        node[""] = {}
    return _branches(tree)


def _branches(tree: dict[str, Any]) -> str:
    ways = [_escaped(letter) + _branches(below) for letter, below in tree.items() if letter]
    if not ways:
        return ""
    if len(ways) == 1 and "" not in tree:
        return ways[0]
    return f"(?:{'|'.join(ways)})" + ("?" if "" in tree else "")


def _escaped(letter: str) -> str:
    return "\\" + letter if letter in "\\^$.*+?()[]{}|/" else letter

"""The JavaScript that takes a frame's inventory, with its words and limits: to be called in an isolated world."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files

from archiver.regions import words

# The sizes that IAB names, and those that regional markets sell besides (CSS pixels)
_AD_SIZES = """
88x31 | 120x20 | 120x60 | 120x90 | 120x240 | 120x600 | 125x125 | 160x600 | 168x28 | 180x150 | 200x200 | 200x600 | 216x36
234x60 | 240x400 | 250x250 | 300x50 | 300x60 | 300x75 | 300x100 | 300x250 | 300x300 | 300x600 | 300x1050 | 320x50
320x100 | 320x320 | 320x480 | 336x280 | 468x60 | 580x400 | 600x90 | 640x100 | 728x90 | 750x100 | 750x200 | 750x300
800x250 | 930x180 | 950x90 | 970x66 | 970x90 | 970x250 | 980x120 | 980x240 | 990x90 | 1000x90 | 1000x100 | 1000x250
1200x90 | 1200x250 | 1200x300
"""
#: in the order in which they stand in the program
_PARTS = ("paths", "words", "walk", "elements", "ads", "lists", "notices", "others", "report")
# How wide a headline is at least, in letters; a Chinese character counts as two. What menus name is shorter.
_LONG_LINK = 20


@dataclass(frozen=True)
class Limits:
    """How much of one frame is looked at; what is cut short is marked partial."""

    max_elements: int = 40_000
    max_text: int = 1_500_000
    max_notices: int = 400_000  # characters held against the words of notices
    max_regions: int = 300
    max_frames: int = 500
    max_ms: int = 3_000  # an ordinary page takes some 50; this is for machines with much else to do
    max_rule_ms: int = 200  # of these for the element rules of filter lists
    max_ruled: int = 1_000  # elements that such rules match


@dataclass(frozen=True)
class NameLimits:
    """How many of a frame's classes and ids are held against the rules of filter lists."""

    max_elements: int = 40_000
    max_attribute: int = 4_000
    max_names: int = 5_000  # of each
    max_length: int = 100
    max_ms: int = 100


def inventory(limits: Limits | None = None, selectors: Sequence[str] = ()) -> str:
    """A JavaScript function without arguments that returns the report of the frame it is called in.

    `selectors` are the element rules of filter lists that may match there.
    """
    rules = f", {json.dumps(selectors)}" if selectors else ""
    return f"() => ({_finding()})({_options(limits or Limits())}{rules})"


def names(limits: NameLimits | None = None) -> str:
    """A JavaScript function without arguments that returns the classes and ids of the frame it is called in."""
    source = _read("names.js")
    return f"() => ({source[source.index('(options) =>') :]})({json.dumps(_by_camel(limits or NameLimits()))})"


def owner_path() -> str:
    """A JavaScript function to be called on a frame's owner element, `this`; it returns the path that reports use."""
    return f"function () {{ 'use strict';\n{_read('inventory/paths.js')}\nreturn pathOf(this); }}"


@cache
def _finding() -> str:
    """One function made of parts, each of which goes on from those before it: they share the page's elements."""
    parts = "\n".join(_read(f"inventory/{part}.js") for part in _PARTS)
    return f"(options, selectors) => {{ 'use strict';\n{parts}\nreturn answer; }}"


@cache
def _read(name: str) -> str:
    return (files("archiver.regions") / name).read_text("utf-8").rstrip()


@cache
def _options(limits: Limits) -> str:
    return json.dumps(_by_camel(limits) | _words(), ensure_ascii=False)


def _by_camel(limits: Limits | NameLimits) -> dict[str, object]:
    return {_camel(name): value for name, value in asdict(limits).items()}


@cache
def _words() -> dict[str, object]:
    given = words.vocabulary()
    return {
        "spoken": {name: words.spoken(listed) for name, listed in given["spoken"].items()},
        "marked": {name: words.marked(listed) for name, listed in given["markup"].items()},
        "concepts": {name: words.spoken(listed) for name, listed in given["concepts"].items()},
        "notices": words.NOTICES,
        "alone": words.ENOUGH_ALONE,
        "labels": words.listed(given["labels"]["ad"]),
        "weakLabels": words.listed(given["labels"]["weak"]),
        "adHosts": words.hosts(given["hosts"]["ad"]),
        "socialHosts": words.hosts(given["hosts"]["social"]),
        "sizes": words.listed(_AD_SIZES),
        "longLink": _LONG_LINK,
    }


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)

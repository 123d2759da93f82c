"""What the program reports of one frame, read without belief: a page's process may have been taken over."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, cast

from archiver.regions.model import KINDS, Box, Kind, Link, Picture

_MAX_TEXT = 20_000
_MAX_ITEMS = 500
_MAX_NAMES = 5_000
_MAX_NAME = 100
_FAR = 1e9


@dataclass(frozen=True)
class Found:
    """A region as its frame sees it: the box is in its viewport, and `start` to `end` is its place in its document."""

    kind: Kind
    xpath: str
    start: int
    end: int
    box: Box
    hidden: str
    heading: str
    text: str
    links: tuple[Link, ...]
    pictures: tuple[Picture, ...]
    filled: bool
    rules: tuple[str, ...]
    score: float


@dataclass(frozen=True)
class Owner:
    """An element that holds a frame, and what speaks for its being an ad."""

    xpath: str
    start: int
    box: Box
    hidden: str
    sized: bool  # whether it has a size that ads are sold in
    score: float
    rules: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """One frame."""

    regions: tuple[Found, ...]
    owners: tuple[Owner, ...]
    partial: str
    elements: int
    scroll: tuple[float, float]
    text: str
    links: tuple[Link, ...]
    pictures: int


@dataclass(frozen=True)
class Names:
    """The distinct classes and ids of one frame; `cut` says that there were more."""

    classes: tuple[str, ...]
    ids: tuple[str, ...]
    cut: bool


def read_names(value: object) -> Names:
    """The names in what the frame's script returned. Raises `ValueError` where it is not of that form."""
    try:
        classes, ids, cut = cast("list[Any]", value)
        return Names(_names(classes), _names(ids), cut is True)
    except (TypeError, ValueError) as problem:
        raise ValueError(f"no names: {problem!r}") from None


def _names(rows: object) -> tuple[str, ...]:
    if not isinstance(rows, list):
        raise TypeError("no list")
    return tuple(_text(name, _MAX_NAME) for name in rows[:_MAX_NAMES])


def read_report(value: object) -> Report:
    """The report in what the frame's script returned. Raises `ValueError` where it is not of that form."""
    try:
        row = cast("dict[str, Any]", value)
        return Report(
            regions=tuple(_found(one) for one in _some(row["regions"])),
            owners=tuple(_owner(one) for one in _some(row["frames"])),
            partial=_text(row["partial"], 300),
            elements=int(_number(row["elements"])),
            scroll=(_number(row["scroll"][0]), _number(row["scroll"][1])),
            text=_text(row["text"]),
            links=_links(row["links"]),
            pictures=int(_number(row["pictures"])),
        )
    except (KeyError, IndexError, TypeError, AttributeError) as problem:
        raise ValueError(f"no report of regions: {problem!r}") from None


def _found(row: dict[str, Any]) -> Found:
    if row["kind"] not in KINDS:
        raise ValueError("no report of regions: a kind that there is not")
    return Found(
        kind=row["kind"],
        xpath=_text(row["path"]),
        start=int(_number(row["start"])),
        end=int(_number(row["end"])),
        box=_box(row["box"]),
        hidden=_text(row["hidden"], 100),
        heading=_text(row["heading"], 200),
        text=_text(row["text"]),
        links=_links(row["links"]),
        pictures=tuple(
            Picture(_text(url), int(_number(size[0])), int(_number(size[1])), _text(alt, 300))
            for url, size, alt in _some(row["pictures"])
        ),
        filled=row["filled"] is True,
        rules=_rules(row["rules"]),
        score=_number(row["score"]),
    )


def _owner(row: dict[str, Any]) -> Owner:
    return Owner(
        xpath=_text(row["path"]),
        start=int(_number(row["start"])),
        box=_box(row["box"]),
        hidden=_text(row["hidden"], 100),
        sized=row["sized"] is True,
        score=_number(row["score"]),
        rules=_rules(row["rules"]),
    )


def _links(rows: object) -> tuple[Link, ...]:
    return tuple(Link(_text(url), _text(text, 300)) for url, text in _some(rows))


def _rules(rows: object) -> tuple[str, ...]:
    return tuple(_text(rule, 100) for rule in _some(rows))


def _box(row: list[Any]) -> Box:
    x, y, width, height = (round(_number(number), 2) for number in row)
    return Box(x, y, max(0.0, width), max(0.0, height))


def _some(rows: object) -> list[Any]:
    if not isinstance(rows, list):
        raise TypeError("no list")
    return rows[:_MAX_ITEMS]


def _text(value: object, most: int = _MAX_TEXT) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value[:most]


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError("no number")
    return max(-_FAR, min(_FAR, float(value)))

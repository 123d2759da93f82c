"""Elements of HTML, built so that nothing gets into a document unescaped."""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from archiver import clock
from archiver.report import wording

_VOID = frozenset({"br", "col", "meta", "wbr"})


@dataclass(frozen=True)
class Markup:
    """A piece of HTML that is complete in itself."""

    html: str


#: what an element may have in it: text is escaped, markup is taken as it is
Content = Markup | str


def el(tag: str, *children: Content, **attributes: str | None) -> Markup:
    """An element. Attributes are named as in Python (`class_`, `aria_label`); those that are None are left out."""
    start = tag + "".join(
        f' {name.rstrip("_").replace("_", "-")}="{html.escape(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
    if tag in _VOID:
        return Markup(f"<{start}>")
    return Markup(f"<{start}>{join(children).html}</{tag}>")


def join(parts: Iterable[Content], between: Content = "") -> Markup:
    """The parts in a row."""
    return Markup(_html(between).join(_html(part) for part in parts))


def _html(part: Content) -> str:
    return part.html if isinstance(part, Markup) else html.escape(part, quote=False)


def paragraph(*children: Content, class_: str | None = None) -> Markup:
    return el("p", *children, class_=class_)


def moment(value: datetime) -> Markup:
    """A moment, which may be broken between its date and its time."""
    date, _, time = wording.moment(value).partition(", ")
    return el("time", el("span", f"{date},"), " ", el("span", time), datetime=clock.rfc3339(value))


def listed(items: Iterable[Content], class_: str | None = None) -> Markup:
    return el("ul", *(el("li", item) for item in items), class_=class_)


def pairs(rows: Iterable[tuple[str, Content]]) -> Markup:
    """A table of names and what they stand for."""
    lines = [el("tr", el("th", name, scope="row"), el("td", value)) for name, value in rows]
    return el("table", el("tbody", *lines), class_="pairs")


def table(class_: str, columns: tuple[str, ...], rows: Iterable[tuple[Content, ...]]) -> Markup:
    """A table with a header. Each cell bears the name of its column, for narrow screens."""
    head = el("tr", *(el("th", name, scope="col") for name in columns))
    body = [
        el("tr", *(el("td", cell, data_label=name) for name, cell in zip(columns, row, strict=True))) for row in rows
    ]
    return el("table", el("thead", head), el("tbody", *body), class_=f"rows {class_}")

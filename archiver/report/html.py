"""The report on a snapshot as one HTML file: no script, nothing loaded, the same bytes for the same facts."""

from __future__ import annotations

import functools
from importlib.resources import files

from archiver.report import checking, origins, picture, reading, sealing, surroundings, times, visit
from archiver.report.facts import Facts
from archiver.report.foreign import address, exact, words
from archiver.report.markup import Content, Markup, el, join, pairs, paragraph

#: nothing is loaded but what is in the file, whatever got past the escaping
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"

_SECTIONS = (
    ("page", "The page", visit.page),
    ("when", "When", times.when),
    ("picture", "What it looked like", picture.picture),
    ("surroundings", "What stood around the article", surroundings.surroundings),
    ("recorded", "What was recorded, and what was not", visit.recorded),
    ("origins", "Where the page comes from", origins.origins),
    ("connections", "Connections", visit.connections),
    ("conditions", "Browser and conditions", visit.conditions),
    ("seal", "Seal and log", sealing.seal),
    ("files", "Files", checking.files),
    ("check", "How to check this", checking.check),
    ("limits", "What this does not show", checking.limits),
)


def render(facts: Facts) -> bytes:
    """The report, in UTF-8. Never raises for what a page, an authority or an operator wrote."""
    sections = [("about", "What this is", _about(facts))]
    sections += [(id_, title, section(facts)) for id_, title, section in _SECTIONS]
    body = el(
        "body",
        el("header", *_head(facts)),
        el(
            "nav",
            el("ol", *(el("li", el("a", title, href=f"#{id_}")) for id_, title, _ in sections)),
            aria_label="Contents",
        ),
        el("main", *(_section(number, *each) for number, each in enumerate(sections, 1))),
    )
    return f"<!DOCTYPE html>\n{el('html', _metadata(facts), body, lang='en').html}\n".encode()


def _section(number: int, id_: str, title: str, content: Markup) -> Markup:
    heading = el("h2", el("span", f"{number}", class_="number"), f" {title}", id=f"{id_}-title")
    return el("section", heading, content, id=id_, aria_labelledby=f"{id_}-title")


def _metadata(facts: Facts) -> Markup:
    return el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=POLICY),
        el("meta", name="referrer", content="no-referrer"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("title", f"Evidence report on {_plain(reading.text(facts.statement, 'id'))}"),
        el("style", Markup(_style())),
        el("style", Markup(_running_foot(facts))),
    )


@functools.cache
def _style() -> str:
    return (files(__package__) / "style.css").read_text("utf-8")


def _plain(id_: str) -> str:
    """A snapshot's id where no elements can be; what cannot stand in one is left out."""
    return "".join(letter for letter in id_[:64] if letter.isascii() and (letter.isalnum() or letter == "-"))


def _running_foot(facts: Facts) -> str:
    id_ = _plain(reading.text(facts.statement, "id"))
    return f'@page{{@bottom-left{{content:"Evidence report on snapshot {id_}"}}}}'


def _head(facts: Facts) -> tuple[Markup, ...]:
    said = facts.statement
    title = reading.text(said, "title")
    rows: list[tuple[str, Content]] = [
        ("Address", address(reading.text(said, "final_url") or reading.text(said, "requested_url"))),
        ("Captured", times.visited(facts)),
        ("Sealed", times.sealed(facts.interval)),
        ("Snapshot", exact(reading.text(said, "id"), 200)),
    ]
    return (
        paragraph("Evidence report", class_="kind"),
        el("h1", words(title, 200) if title else "A page without a title"),
        pairs(rows),
    )


def _about(_: Facts) -> Markup:
    return join(
        [
            paragraph(
                "This report is about one visit of a web page by a browser that a program, archiver, controlled and "
                "watched. What the browser received was kept byte for byte and named by its digests in a signed "
                "statement, which was entered in a log that can only grow, so that a later alteration does not go "
                "unseen. This supports that the page was published at this address in this form; what it does not show "
                "is told ",
                el("a", "at the end", href="#limits"),
                ".",
                class_="lead",
            ),
            paragraph(
                "Words of the page, of authorities and of operators stand here as they wrote them. Characters in them "
                "that are invisible, or that change the direction of writing, are shown by their numbers, like ",
                el("span", "U+202E", class_="mark"),
                ".",
            ),
        ]
    )

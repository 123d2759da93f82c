"""The section on what stood around the article: advertisements, link blocks, disclaimers, with their pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import islice

from archiver.regions.model import KINDS
from archiver.report import reading, wording
from archiver.report.facts import Facts
from archiver.report.foreign import address, words
from archiver.report.markup import Content, Markup, el, join, paragraph, table
from archiver.report.picture import png_size
from archiver.report.reading import Json

_MAX_OF_KIND = 60
_MAX_LINKS = 8
_MAX_WORDS = 600
_MAX_PICTURE_PX = 20_000
_NAMES = {
    "ad": ("Advertisements", "A place that an advertisement has or had, as far as can be told."),
    "trending": ("Most read, popular, trending", "What the site said was read most, or was popular."),
    "related": ("More to read", "What the site put forward of its own, unpaid as far as can be told."),
    "disclaimer": ("Disclaimers and disclosures", "What the site said of its own words and of what it is paid for."),
    "copyright": ("Copyright", "Who the site said has the rights, and its terms of use."),
    "newsletter": ("Newsletters", ""),
    "comments": ("Comments", ""),
    "social": ("Social networks", ""),
    "paywall": ("Payment", ""),
    "cookie": ("Consent to cookies", ""),
}


def surroundings(facts: Facts) -> Markup:
    """What the inventory of regions says, kind by kind."""
    regions = reading.objects(facts.regions or {}, "regions")
    if facts.regions is None:
        return paragraph("No inventory was taken of what stood around the article: no kind of it is told apart here.")
    told: list[Content] = [
        paragraph(
            "The program looked, in the page itself and in all its frames, for what stands around an article. It tells "
            "kinds apart by their words, their place and what they loaded, and can be wrong: it may have overlooked "
            "something, and taken something for what it is not. The list is signed as it was made."
        )
    ]
    cut = [each for each in reading.objects(facts.regions, "frames") if reading.text(each, "partial")]
    if cut:
        many = wording.counted(len(cut), "frame")
        why = words(reading.text(cut[0], "partial"), 200)
        told.append(paragraph(f"It is not whole: {many} could not be looked at to the end (", why, ")."))
    if not regions:
        told.append(paragraph("It found nothing of the kinds that it knows."))
    for kind in KINDS:
        of_kind = [each for each in regions if reading.text(each, "kind") == kind]
        if of_kind:
            told += _kind(facts, kind, of_kind)
    return join(told)


def _kind(facts: Facts, kind: str, regions: list[Json]) -> Iterator[Content]:
    name, meaning = _NAMES[kind]
    yield el("h3", f"{name}: {len(regions)}")
    if meaning:
        yield paragraph(meaning)
    rows = [(_said(each), _picture(facts, each)) for each in islice(regions, _MAX_OF_KIND)]
    yield table("regions", ("What it said", "How it looked"), rows)
    if len(regions) > _MAX_OF_KIND:
        yield paragraph(f"{len(regions) - _MAX_OF_KIND:,} more are in the record.")


def _said(region: Json) -> Content:
    text, heading = reading.text(region, "text"), reading.text(region, "heading")
    lines: list[Content] = []
    if heading and not text.startswith(heading):
        lines.append(el("p", el("strong", words(heading, 200))))
    if text:
        lines.append(paragraph(words(text, _MAX_WORDS)))
    elif not heading:
        lines.append(paragraph("(no words)"))
    if reading.text(region, "kind") == "ad" and reading.flag(region, "filled") is False:
        lines.append(paragraph("The place was empty."))
    links = [reading.text(each, "url") for each in reading.objects(region, "links")]
    if links and reading.text(region, "kind") == "ad":
        shown = list(dict.fromkeys(links))[:_MAX_LINKS]
        lines.append(paragraph("It led to ", join([address(url, 200) for url in shown], ", "), "."))
    lines.append(paragraph(_facts(region, len(links)), class_="caption"))
    return join(lines)


def _facts(region: Json, links: int) -> str:
    exchanges = region.get("exchanges")
    count = len(exchanges) if isinstance(exchanges, list) else 0
    frame = region.get("frame")
    depth = len(frame) if isinstance(frame, list) else 0
    box = reading.part(region, "box")
    width, height = (_length(box.get(side)) for side in ("width", "height"))
    parts = [f"{width} × {height} px" if width and height else "without size"]
    if reading.text(region, "hidden"):
        parts.append("not to be seen")
    if depth:
        parts.append("in a frame of the page" if depth == 1 else f"{depth} frames deep")
    if links:
        parts.append(wording.counted(links, "link"))
    parts.append(f"brought by {wording.counted(count, 'exchange')}" if count else "brought with the page")
    return ", ".join(parts)


def _length(value: object) -> int:
    """A length in pixels; 0 for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _MAX_PICTURE_PX * 10:
        return 0
    return round(value)


def _picture(facts: Facts, region: Json) -> Content:
    """Its part of the screenshot that the report has, where it is of that one."""
    crop = reading.part(region, "crop")
    x, y, width, height = (reading.whole(crop, name) for name in ("x", "y", "width", "height"))
    if x is None or y is None or not width or not height or facts.screenshot is None:
        return "(not in the picture)"
    size = png_size(facts.screenshot)
    digest = hashlib.sha256(facts.screenshot).hexdigest()
    named = {
        reading.text(each, "key")
        for each in reading.objects(facts.statement, "artifacts")
        if reading.text(each, "sha256") == digest
    }
    inside = size is not None and 0 <= x < size[0] and 0 <= y < size[1]
    if reading.text(crop, "record") not in named or not inside or max(width, height) > _MAX_PICTURE_PX:
        return "(not in the picture)"
    view = f"{x} {y} {width} {height}"
    label = "What the region looked like"
    whole = el("use", href="#screenshot")
    return el("svg", whole, viewBox=view, width=f"{width}", role="img", aria_label=label, class_="crop")

"""The section with the screenshot: as one picture on a screen, and in parts that fill a page each on paper."""

from __future__ import annotations

import base64
import hashlib
import struct
from collections.abc import Iterator

from archiver.report import reading, wording
from archiver.report.facts import Facts
from archiver.report.markup import Markup, el, join, paragraph

_PNG = b"\x89PNG\r\n\x1a\n"
_MAX_SIDE = 2**24
#: height of a part in widths of the picture: what a page of A4 or Letter has room for, the first one under a heading
_FIRST, _PART = 1.1, 1.26
#: how much of a part the next one repeats, so that no line of text is cut in both
_OVERLAP = 0.03
_MAX_PARTS = 30


def picture(facts: Facts) -> Markup:
    size = None if facts.screenshot is None else png_size(facts.screenshot)
    if facts.screenshot is None or size is None:
        return paragraph("No picture of the page is at hand here. The warnings of the visit say why, if it had one.")
    width, height = size
    source = f"data:image/png;base64,{base64.b64encode(facts.screenshot).decode()}"
    image = el("image", id="screenshot", href=source, width=f"{width}", height=f"{height}")
    label = "Screenshot of the page as the browser showed it"
    told = [paragraph(f"{width:,} × {height:,} pixels. ", _named(facts, facts.screenshot), class_="caption")]
    parts = list(_parts(width, height))
    if len(parts) == 1:
        return join([*told, el("figure", _view(width, 0, height, label, image), class_="picture")])
    shown = parts[-1][0] + parts[-1][1]
    lacking = "" if shown >= height else f" The last {wording.counted(height - shown, 'row')} of pixels are left out."
    told.append(paragraph(f"On paper it is in parts that overlap a little.{lacking}", class_="caption paper"))
    figures = [
        el(
            "figure",
            _view(width, top, tall, f"{label}, part {number} of {len(parts)}", el("use", href="#screenshot")),
            el("figcaption", f"Part {number} of {len(parts)}"),
            class_="picture part",
        )
        for number, (top, tall) in enumerate(parts, 1)
    ]
    return join([*told, el("figure", _view(width, 0, height, label, image), class_="picture whole"), *figures])


def _named(facts: Facts, data: bytes) -> str:
    """What the statement says the picture is: it is known by its digest."""
    digest = hashlib.sha256(data).hexdigest()
    listed = reading.objects(facts.statement, "artifacts")
    roles = [reading.text(each, "role") for each in listed]
    role = next((reading.text(each, "role") for each in listed if reading.text(each, "sha256") == digest), "")
    if role == "screenshot":
        more = " A picture of the whole page is in the record." if "full_screenshot" in roles else ""
        return f"What a reader saw first, as the browser showed it. The signed statement names it by its digest.{more}"
    if role == "full_screenshot":
        tiles = roles.count(role)
        whole = "The whole page" if tiles == 1 else f"One of {tiles} pictures that together show the whole page"
        return f"{whole}, as the browser showed it. The signed statement names it by its digest."
    return "The signed statement does not name this picture."


def png_size(data: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG in pixels (ISO/IEC 15948 section 11.2.2); None for what is none."""
    if not data.startswith(_PNG) or len(data) < 24 or data[12:16] != b"IHDR":
        return None
    width, height = struct.unpack(">II", data[16:24])
    return (width, height) if 0 < width < _MAX_SIDE and 0 < height < _MAX_SIDE else None


def _parts(width: int, height: int) -> Iterator[tuple[int, int]]:
    """Top and height of each part, in pixels."""
    top, overlap = 0, int(width * _OVERLAP)
    for number in range(_MAX_PARTS):
        tall = max(round(width * (_PART if number else _FIRST)), 1)
        yield top, min(tall, height - top)
        if top + tall >= height:
            return
        top += tall - overlap


def _view(width: int, top: int, height: int, label: str, content: Markup) -> Markup:
    # Of the one picture in the file, since a second copy would double its size.
    return el("svg", content, viewBox=f"0 {top} {width} {height}", role="img", aria_label=label)

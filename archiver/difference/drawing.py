"""A picture of what differs: a page before, after, and after in grey with all that differs in red, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

from PIL import Image, ImageChops, ImageDraw, ImageFont

from archiver.difference.picture import Box, Compared

_CELL_PX = 16  # what differs within so many pixels of each other gets one box
_GAP_PX = 16
_HEAD_PX = 44
_MAX_BOXES = 2000
_RED = (214, 0, 28)
_SEAM = (90, 90, 90)


def draw(compared: Compared, captions: tuple[str, str, str]) -> bytes:
    """The PNG. `captions` stand above the three pictures; of each, what does not fit is left out."""
    width, height = compared.differing.size
    sheet = Image.new("RGB", (3 * width + 2 * _GAP_PX, height + _HEAD_PX), _SEAM)
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(16)
    pictures = (compared.before, compared.after, _marked(compared))
    for number, (picture, caption) in enumerate(zip(pictures, captions, strict=True)):
        left = number * (width + _GAP_PX)
        sheet.paste("white", (left, 0, left + width, _HEAD_PX - 4))
        pen.text((left + 8, 10), _fitting(caption, font, width - 16), "black", font)
        sheet.paste(picture, (left, _HEAD_PX))
    out = BytesIO()
    sheet.save(out, "PNG")
    return out.getvalue()


def _fitting(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width_px: int) -> str:
    # The font has Latin letters only, and a line break would be drawn as one.
    shown = "".join(character if " " <= character <= "~" else "?" for character in text)[:500]
    while shown and font.getlength(shown) > width_px:
        shown = shown[:-1]
    return shown


def _marked(compared: Compared) -> Image.Image:
    differing = compared.differing
    after = Image.new("L", differing.size, 255)
    after.paste(compared.after.convert("L"))
    # Light enough for red to stand out, and to be read all the same.
    faded = after.point([140 + value * 115 // 255 for value in range(256)])
    marked = Image.merge("RGB", (faded, faded, faded))
    red = ImageChops.multiply(marked, Image.new("RGB", differing.size, (255, 70, 70)))
    marked.paste(red, mask=differing)
    pen = ImageDraw.Draw(marked)
    for left, top, right, bottom in boxes(differing):
        pen.rectangle((left, top, right - 1, bottom - 1), outline=_RED, width=2)
    return marked


def boxes(differing: Image.Image) -> list[Box]:
    """A box round each area that differs, from the top down; areas of the same neighbourhood have one."""
    # The mean over a cell rounds up to 1 where a single pixel of it differs.
    cells = differing.reduce(_CELL_PX)
    columns = cells.width
    marked = {at for at, value in enumerate(cells.tobytes()) if value}
    found: list[Box] = []
    while marked and len(found) < _MAX_BOXES:
        left, top, right, bottom = _spread(marked, columns)
        box = (
            left * _CELL_PX,
            top * _CELL_PX,
            min((right + 1) * _CELL_PX, differing.width),
            min((bottom + 1) * _CELL_PX, differing.height),
        )
        found.append(box)
    return sorted(found, key=lambda box: (box[1], box[0]))


def _spread(marked: set[int], columns: int) -> Box:
    """Take cells that touch each other out of `marked`; the first and last column and row of them."""
    waiting = [marked.pop()]
    left = right = waiting[0] % columns
    top = bottom = waiting[0] // columns
    while waiting:
        at = waiting.pop()
        row, column = divmod(at, columns)
        left, right, top, bottom = min(left, column), max(right, column), min(top, row), max(bottom, row)
        for near in _neighbours(at, columns):
            if near in marked:
                marked.discard(near)
                waiting.append(near)
    return left, top, right, bottom


def _neighbours(at: int, columns: int) -> Iterator[int]:
    column = at % columns
    for side in (-1, 0, 1):
        if 0 <= column + side < columns:
            yield from (at + side - columns, at + side, at + side + columns)

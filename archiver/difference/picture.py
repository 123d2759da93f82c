"""Two pictures of a page compared pixel by pixel: how much of them differs, and where. Memory is bounded.

A picture is one PNG or several, its tiles from the top down. What differs by at most `THRESHOLD` in each colour counts
as the same: that much the same page differs when it is painted twice. Nothing is shifted: a banner that moves a page
down makes all below it differ. Pictures of more than `COMPARED_PIXELS` are first reduced by a whole factor, both alike.
"""

from __future__ import annotations

import math
import struct
import warnings
import zlib
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from typing import Literal

from PIL import Image, ImageChops

Shown = Literal["full_page", "viewport"]
Size = tuple[int, int]
Box = tuple[int, int, int, int]

THRESHOLD = 24  # of 255
COMPARED_PIXELS = 16_000_000
MAX_TILE_PIXELS = 40_000_000  # 160 MB while it is unpacked
MAX_PIXELS = 200_000_000  # of all tiles of a picture
MAX_TILES = 64

_HEAD = struct.Struct(">8s4x4sII")  # signature, length and type of the first chunk, width, height: PNG, 5.2 and 11.2.1
_SIGNATURE = b"\x89PNG\r\n\x1a\n"

# Pillow's reader of PNG lets errors of its parts through. A second size in a PNG may be larger than the first.
_BROKEN = (
    *(OSError, SyntaxError, ValueError, EOFError, LookupError, OverflowError, struct.error, zlib.error),
    *(Image.DecompressionBombError, Image.DecompressionBombWarning),
)


class PictureError(ValueError):
    """A picture is no PNG, a broken one, or larger than what is compared; the message names it."""


@dataclass(frozen=True)
class Picture:
    """A picture as the PNGs that it consists of, and what to call it."""

    name: str
    tiles: tuple[bytes, ...]

    @cached_property
    def sizes(self) -> list[Size]:
        """Width and height of each tile by its head; nothing is unpacked. Raises `PictureError`."""
        return [self._size_of(tile) for tile in self.tiles]

    @cached_property
    def size(self) -> Size:
        """The size of the whole. Raises `PictureError` where it is more than is compared."""
        if len(self.tiles) > MAX_TILES:
            raise PictureError(f"{self.name} has {len(self.tiles)} tiles, more than {MAX_TILES}")
        for width, height in self.sizes:
            if width * height > MAX_TILE_PIXELS:
                raise PictureError(f"{self.name} has {width:,} × {height:,} pixels, more than {MAX_TILE_PIXELS:,}")
        if (total := sum(map(_area, self.sizes))) > MAX_PIXELS:
            raise PictureError(f"{self.name} has {total:,} pixels, more than {MAX_PIXELS:,}")
        return max(width for width, _ in self.sizes), sum(height for _, height in self.sizes)

    def unpacked(self, factor: int) -> Image.Image:
        """The whole, reduced by a factor; one tile is unpacked at a time. Raises `PictureError`."""
        width, height = self.size
        whole = Image.new("RGB", (math.ceil(width / factor), math.ceil(height / factor)), "white")
        top = 0
        for tile, (_, tile_height) in zip(self.tiles, self.sizes, strict=True):
            whole.paste(self._reduced(tile, factor), (0, top // factor))
            top += tile_height
        return whole

    def _size_of(self, data: bytes) -> Size:
        try:
            signature, kind, width, height = _HEAD.unpack_from(data)
        except struct.error:
            raise PictureError(f"{self.name} is no PNG") from None
        if (signature, kind) != (_SIGNATURE, b"IHDR") or not width or not height:
            raise PictureError(f"{self.name} is no PNG")
        return width, height

    def _reduced(self, data: bytes, factor: int) -> Image.Image:
        try:
            plain = _plain(data, self._size_of(data))
        except _BROKEN as error:
            raise PictureError(f"{self.name} is a broken PNG: {str(error)[:200]}") from None
        return plain.reduce(factor) if factor > 1 else plain


def _plain(data: bytes, size: Size) -> Image.Image:
    """A PNG of that size, unpacked. Raises one of `_BROKEN`."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with Image.open(BytesIO(data), formats=["PNG"]) as picture:
            if picture.size != size:
                raise OSError("it has two sizes")
            return picture.convert("RGB")


@dataclass(frozen=True)
class PictureChange:
    """The share of the area of both pictures that differs, and the box round all of it, in pixels of the pictures.

    What only one of the pictures has, being higher or wider, counts as different.
    """

    shown: Shown
    share: float
    before: Size
    after: Size
    box: Box | None
    reduced_by: int = 1

    @property
    def same(self) -> bool:
        return self.box is None


@dataclass(frozen=True)
class Compared:
    """Two pictures as they were compared, and which of their pixels differ (255, else 0)."""

    before: Image.Image
    after: Image.Image
    differing: Image.Image
    change: PictureChange


def compare_pictures(before: Picture, after: Picture, shown: Shown) -> Compared:
    """Compare two pictures. Raises `PictureError`."""
    largest = max(_area(before.size), _area(after.size))
    factor = max(1, math.ceil(math.sqrt(largest / COMPARED_PIXELS)))
    one, two = before.unpacked(factor), after.unpacked(factor)
    differing = _differing(one, two)
    area = _area(one.size) + _area(two.size) - _area(_overlap(one.size, two.size))
    box = differing.getbbox()
    whole = (max(before.size[0], after.size[0]), max(before.size[1], after.size[1]))
    change = PictureChange(
        shown,
        differing.histogram()[255] / area,
        before.size,
        after.size,
        None if box is None else _enlarged(box, factor, whole),
        factor,
    )
    return Compared(one, two, differing, change)


def _differing(one: Image.Image, two: Image.Image) -> Image.Image:
    """Which pixels of two pictures, laid on each other at their upper left corners, differ: 255, the others 0."""
    width, height = _overlap(one.size, two.size)
    differing = Image.new("L", (max(one.width, two.width), max(one.height, two.height)), 0)
    for picture in (one, two):
        differing.paste(255, (0, 0, picture.width, picture.height))
    box = (0, 0, width, height)
    red, green, blue = ImageChops.difference(one.crop(box), two.crop(box)).split()
    most = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    differing.paste(most.point([255 if value > THRESHOLD else 0 for value in range(256)]), box)
    return differing


def _overlap(one: Size, two: Size) -> Size:
    return min(one[0], two[0]), min(one[1], two[1])


def _area(size: Size) -> int:
    return size[0] * size[1]


def _enlarged(box: Box, factor: int, whole: Size) -> Box:
    left, top, right, bottom = (each * factor for each in box)
    return left, top, min(right, whole[0]), min(bottom, whole[1])

"""Pictures compared pixel by pixel, the areas that differ boxed, and hostile ones refused before they are unpacked."""

from __future__ import annotations

import contextlib
import struct
import tracemalloc
import zlib
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from archiver.difference import picture
from archiver.difference.drawing import boxes, draw
from archiver.difference.picture import Picture, PictureChange, PictureError, compare_pictures
from tests.support.changing import png


def change(before: bytes | tuple[bytes, ...], after: bytes | tuple[bytes, ...]) -> PictureChange:
    one, two = (each if isinstance(each, tuple) else (each,) for each in (before, after))
    return compare_pictures(Picture("the one", one), Picture("the other", two), "full_page").change


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def claiming(width: int, height: int, data: bytes = b"") -> bytes:
    """A PNG that says of itself how large it is."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def test_the_share_and_the_box_are_those_of_the_area_that_changed() -> None:
    found = change(png((200, 100)), png((200, 100), (20, 30, 60, 55)))
    assert found == PictureChange("full_page", 40 * 25 / 20_000, (200, 100), (200, 100), (20, 30, 60, 55), 1)
    assert not found.same


def test_the_same_picture_is_the_same_however_it_is_packed() -> None:
    plain = png((64, 64), (3, 3, 9, 9))
    out = BytesIO()
    Image.open(BytesIO(plain)).convert("RGBA").save(out, "PNG", compress_level=0)
    assert out.getvalue() != plain
    found = change(plain, out.getvalue())
    assert (found.same, found.share, found.box) == (True, 0.0, None)


@pytest.mark.parametrize(("grey", "same"), [(255 - picture.THRESHOLD, True), (254 - picture.THRESHOLD, False)])
def test_a_difference_counts_beyond_a_threshold(grey: int, same: bool) -> None:
    for colour in (f"rgb({grey},255,255)", f"rgb(255,{grey},255)", f"rgb(255,255,{grey})"):
        assert change(png((50, 50)), png((50, 50), (1, 1, 9, 9), colour=colour)).same is same


def test_what_only_one_of_the_pictures_has_differs() -> None:
    longer = change(png((100, 100)), png((100, 150)))
    assert (longer.share, longer.box) == (50 / 150, (0, 100, 100, 150))
    assert change(png((100, 150)), png((100, 100))).box == (0, 100, 100, 150)
    crossed = change(png((100, 200)), png((200, 100)))
    assert crossed.share == 20_000 / 30_000, "the corner that neither has is no part of the area"


def test_tiles_are_laid_below_each_other_whatever_their_heights() -> None:
    whole = png((100, 90), (10, 25, 50, 70))
    tiles = tuple(png((100, 30), area) for area in ((10, 25, 50, 30), (10, 0, 50, 30), (10, 0, 50, 10)))
    assert change(whole, tiles).same
    assert change(tiles, tiles[:2]).box == (0, 60, 100, 90)


def test_large_pictures_are_reduced_alike_and_the_box_is_in_pixels_of_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "COMPARED_PIXELS", 10_000)
    found = change(png((400, 400)), png((400, 401), (40, 80, 120, 160)))
    assert found.reduced_by == 5
    assert (found.before, found.after) == ((400, 400), (400, 401))
    assert found.box == (0, 80, 400, 401)
    assert found.share == pytest.approx(80 * 80 / 160_000, abs=0.03)
    tiles = png((400, 203)), png((400, 198))
    assert change(tiles, tiles).same


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is no PNG"),
        (b"\x89PNG made up", "is no PNG"),
        (b"GIF89a" + bytes(50), "is no PNG"),
        (claiming(0, 5), "is no PNG"),
        (claiming(16_384, 16_384), "16,384 × 16,384 pixels, more than 40,000,000"),
        (claiming(2**31 - 1, 2**31 - 1), "more than 40,000,000"),
        (png()[:200], "is a broken PNG"),
        (claiming(50, 50, b"short"), "is a broken PNG"),
        (png().replace(b"IDAT", b"IDAX"), "is a broken PNG"),
        (png()[:33] + chunk(b"iCCP", b"x" * 99) + chunk(b"IDAT", b"no zlib") + png()[-12:], "is a broken PNG"),
        *((png()[:33] + claiming(side, side, bytes(200))[8:], "is a broken PNG") for side in (8, 9_600, 16_384)),
    ],
)
def test_what_is_no_good_picture_is_refused_by_name(data: bytes, said: str) -> None:
    for pair in ((png(), data), (data, png())):
        with pytest.raises(PictureError, match=f"the o.*{said}"):
            change(*pair)


def test_a_picture_of_too_many_pixels_or_tiles_is_refused() -> None:
    with pytest.raises(PictureError, match="the other has 234,000,000 pixels, more than 200,000,000"):
        change(png(), (claiming(6000, 6500),) * 6)
    with pytest.raises(PictureError, match="the other has 65 tiles, more than 64"):
        change(png(), (claiming(1, 1),) * 65)


def test_a_picture_of_one_wide_and_one_high_tile_takes_no_more_memory_than_another() -> None:
    tracemalloc.start()
    found = change((png((20_000, 1)), png((1, 20_000))), (png((20_000, 1)),))
    assert found.reduced_by > 1
    assert tracemalloc.get_traced_memory()[1] < 200 << 20
    tracemalloc.stop()


@given(st.binary(max_size=300), st.integers(0, 400))
def test_a_picture_with_any_bytes_in_it_is_compared_or_refused(data: bytes, at: int) -> None:
    whole = png((30, 30), (3, 3, 20, 20))
    broken = whole[:at] + data + whole[at + len(data) :]
    with contextlib.suppress(PictureError):
        assert change(whole, broken).before == (30, 30)


def test_each_area_that_differs_has_a_box_of_its_own() -> None:
    areas = [(20, 30, 60, 55), (300, 301, 301, 302), (500, 20, 640, 21)]
    compared = compare_pictures(Picture("a", (png((640, 480)),)), Picture("b", (png((640, 480), *areas),)), "viewport")
    found = boxes(compared.differing)
    assert len(found) == 3
    for left, top, right, bottom in areas:
        assert any(a <= left and b <= top and c >= right and d >= bottom for a, b, c, d in found)
    assert all((right - left) * (bottom - top) < 10_000 for left, top, right, bottom in found)


def test_an_area_at_the_right_edge_and_one_at_the_left_are_two() -> None:
    differing = Image.new("L", (160, 160), 0)
    differing.paste(255, (150, 20, 160, 30))
    differing.paste(255, (0, 36, 10, 46))
    assert boxes(differing) == [(144, 16, 160, 32), (0, 32, 16, 48)]


def test_of_a_page_that_differs_everywhere_the_boxes_are_bounded() -> None:
    dots = Image.new("L", (4000, 3000), 0)
    for left in range(0, 4000, 40):
        for top in range(0, 3000, 40):
            dots.putpixel((left, top), 255)
    assert len(boxes(dots)) == 2000


def test_the_drawing_shows_both_and_marks_what_differs_in_red() -> None:
    before, after = png((300, 200)), png((300, 260), (100, 100, 140, 120), colour="blue")
    compared = compare_pictures(Picture("a", (before,)), Picture("b", (after,)), "full_page")
    sheet = Image.open(BytesIO(draw(compared, ("before", "after \u202e\n" * 500, "red")))).convert("RGB")
    head = sheet.height - 260
    assert sheet.width == 3 * 300 + 2 * 16
    assert sheet.getpixel((120, head + 110)) == (255, 255, 255)
    assert sheet.getpixel((316 + 120, head + 110)) == (0, 0, 255)
    red, green, blue = sheet.getpixel((632 + 120, head + 110))  # type: ignore[misc]
    assert red > 2 * green == 2 * blue
    assert sheet.getpixel((632 + 50, head + 50)) == (255, 255, 255), "what is the same is grey, or white"

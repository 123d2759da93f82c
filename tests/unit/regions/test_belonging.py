"""Which exchanges brought a region, and where it is in the screenshot."""

from __future__ import annotations

import pytest

from archiver.regions.belonging import Brought, Tile, with_crops, with_exchanges
from archiver.regions.model import Box, Crop, Inventory, Picture, Region

BOX = Box(10, 20, 300, 250)


def region(box: Box = BOX, hidden: str = "", frames: tuple[str, ...] = ("F",)) -> Region:
    pictures = (Picture("https://a.test/boots.png#part", 300, 250, ""),)
    return Region(
        "ad", (), "https://a.test/", "/html[1]/div[1]", box, hidden, "", "Boots", (), pictures, frames, True, (), 1.0
    )


def exchanges(one: Region, brought: list[Brought], **asked: tuple[str, ...]) -> tuple[int, ...]:
    return with_exchanges(Inventory((one,)), asked, brought).regions[0].exchanges


def test_the_exchanges_of_its_frames_and_pictures_are_its_own() -> None:
    brought = [
        Brought(0, "https://a.test/", None),
        Brought(1, "https://ads.test/frame", None),
        Brought(2, "https://ads.test/pixel", None),
        Brought(3, "https://a.test/boots.png", None),
        Brought(4, "https://a.test/other.png", None),
    ]
    asked = ("https://ads.test/frame", "https://ads.test/pixel#x")
    assert exchanges(region(), brought, F=asked, G=("https://a.test/other.png",)) == (1, 2, 3)


def test_what_was_redirected_to_them_is_theirs_too() -> None:
    brought = [
        Brought(5, "https://exchange.test/bid", None),
        Brought(6, "https://exchange.test/win", 5),
        Brought(7, "https://ads.test/frame", 6),
    ]
    assert exchanges(region(), brought, F=("https://ads.test/frame",)) == (5, 6, 7)


def test_a_redirect_that_leads_to_itself_comes_to_an_end() -> None:
    assert exchanges(region(), [Brought(1, "https://ads.test/", 1)], F=("https://ads.test/",)) == (1,)


@pytest.mark.parametrize(
    ("box", "crop"),
    [
        (Box(10, 20, 300, 250), Crop("urn:one", 20, 40, 600, 500)),
        (Box(10, 480, 300, 250), Crop("urn:one", 20, 960, 600, 40)),
        (Box(10, 520, 300, 250), Crop("urn:two", 20, 40, 600, 500)),
        (Box(-50, -20, 100, 40), Crop("urn:one", 0, 0, 100, 40)),
        (Box(790, 20, 300, 250), Crop("urn:one", 1580, 40, 20, 500)),
        (Box(10, 1200, 300, 250), None),
        (Box(900, 20, 300, 250), None),
        (Box(10, 20, 0, 250), None),
    ],
    ids=["whole", "cut", "in the second", "above and left", "cut at the right", "below", "beside", "no width"],
)
def test_its_place_is_in_the_tile_that_its_upper_edge_is_in(box: Box, crop: Crop | None) -> None:
    tiles = [Tile("urn:one", 0, 1600, 1000, 2.0), Tile("urn:two", 500, 1600, 1000, 2.0)]
    assert with_crops(Inventory((region(box),)), tiles).regions[0].crop == crop


def test_what_cannot_be_seen_has_no_place() -> None:
    tiles = [Tile("urn:one", 0, 1600, 1000, 1.0)]
    assert with_crops(Inventory((region(hidden="no size"),)), tiles).regions[0].crop is None

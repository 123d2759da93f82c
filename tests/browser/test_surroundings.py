"""Every region of a capture is in what else is stored of it: text, DOM, screenshot, exchanges."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from PIL import Image

from archiver.demo import site
from archiver.regions.model import Inventory, Region, from_document
from archiver.snapshot import Snapshot
from tests.support.captures import Captures

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def snapshot(captures: Captures) -> Snapshot:
    return captures["demo"]


def part(snapshot: Snapshot, name: str) -> bytes:
    return b"".join(snapshot.part(name))


@pytest.fixture(scope="module")
def inventory(snapshot: Snapshot) -> Inventory:
    return from_document(json.loads(part(snapshot, "regions")))


@pytest.fixture(scope="module")
def manifest(snapshot: Snapshot) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(part(snapshot, "exchanges"))
    return found


def squeezed(text: str) -> str:
    return "".join(text.split()).casefold()


def test_the_statement_counts_what_is_there(inventory: Inventory, snapshot: Snapshot) -> None:
    counts = {"ad": 7, "trending": 3, "related": 2, "disclaimer": 1, "copyright": 2, "comments": 1}
    assert inventory.counts == counts
    assert snapshot.statement["regions"] == counts
    assert not inventory.partial
    assert len(snapshot.artifacts("regions")) == 1


@pytest.mark.parametrize("text", site.AD_TEXTS)
def test_each_ad_is_a_region_with_its_words(inventory: Inventory, text: str) -> None:
    assert [squeezed(text) in squeezed(each.text) for each in inventory.regions if each.kind == "ad"].count(True) == 1


def test_the_words_of_each_region_are_in_the_text(snapshot: Snapshot, inventory: Inventory) -> None:
    text = squeezed(part(snapshot, "text").decode())
    for each in inventory.regions:
        for line in each.text.splitlines():
            assert squeezed(line) in text, each


def test_each_region_that_can_be_seen_is_in_the_screenshot(snapshot: Snapshot, inventory: Inventory) -> None:
    with Image.open(io.BytesIO(part(snapshot, "full-screenshot"))) as picture:
        for each in inventory.regions:
            assert each.visible
            assert each.crop is not None
            box = (each.crop.x, each.crop.y, each.crop.x + each.crop.width, each.crop.y + each.crop.height)
            assert box[2] <= picture.width
            assert box[3] <= picture.height
            colours = picture.crop(box).convert("RGB").getcolors(1 << 24)
            assert colours is not None
            assert len(colours) > 5, f"nothing but a surface at {box}"


def ads(inventory: Inventory, word: str) -> Region:
    (found,) = (each for each in inventory.regions if each.kind == "ad" and word in each.text)
    return found


@pytest.mark.parametrize(
    ("word", "path"), [("AD-IFRAME", "boots"), ("AD-NESTED", "loaf"), ("AD-LAZY", "umbrella"), ("AD-STATIC", "kettle")]
)
def test_the_exchanges_of_an_ad_are_its_own(
    inventory: Inventory, manifest: dict[str, Any], word: str, path: str
) -> None:
    urls = {each["number"]: each["url"] for each in manifest["exchanges"]}
    mine = [urls[number] for number in ads(inventory, word).exchanges]
    assert mine
    assert all("://www." not in url for url in mine), "the article's own are not the ad's"
    assert any(path in url for url in mine), mine

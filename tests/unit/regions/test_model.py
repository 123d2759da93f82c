"""An inventory is stored as a document and read back the same; what is none is refused."""

from __future__ import annotations

import copy
import hashlib
import json
from typing import Any

import pytest

from archiver.regions.model import Box, FrameState, Inventory, Link, Picture, Region, from_document

_REGION = Region(
    kind="ad",
    frame=("//*[@id='a']/iframe[1]",),
    frame_url="https://boots.test/",
    xpath="/html[1]/body[1]/div[1]",
    box=Box(1.5, 2, 300, 250),
    hidden="",
    heading="",
    text="Warm boots",
    links=(Link("https://boots.test/buy", "Buy"),),
    pictures=(Picture("https://boots.test/b.png", 300, 100, "Boots"),),
    frames=("F1", "F2"),
    filled=True,
    rules=("slot name", "markup"),
    confidence=1.0,
)
INVENTORY = Inventory((_REGION,), (FrameState((), "https://gazette.test/", 512, ""),))


def _document() -> dict[str, Any]:
    document = json.loads(json.dumps(INVENTORY.to_document()))
    assert isinstance(document, dict)
    return document


def test_an_inventory_survives_being_stored() -> None:
    assert from_document(_document()) == INVENTORY


def test_the_document_has_the_hash_of_each_text() -> None:
    assert _document()["regions"][0]["text_sha256"] == hashlib.sha256(b"Warm boots").hexdigest()


def test_an_inventory_with_a_frame_that_was_cut_short_is_partial() -> None:
    assert not INVENTORY.partial
    assert Inventory((), (FrameState((), "u", 1, "time"),)).partial


def _without_regions(document: dict[str, Any]) -> object:
    del document["regions"]
    return document


def _other_version(document: dict[str, Any]) -> object:
    return document | {"version": 99}


def _other_text(document: dict[str, Any]) -> object:
    document["regions"][0]["text"] = "Cold boots"
    return document


def _other_kind(document: dict[str, Any]) -> object:
    document["regions"][0]["kind"] = "rumour"
    return document


def _no_box(document: dict[str, Any]) -> object:
    document["regions"][0]["box"] = None
    return document


def _no_list(_: dict[str, Any]) -> object:
    return [1]


@pytest.mark.parametrize("spoil", [_without_regions, _other_version, _other_text, _other_kind, _no_box, _no_list])
def test_what_is_no_inventory_is_refused(spoil: Any) -> None:
    with pytest.raises(ValueError, match=r"inventory|version|kind|hash|no "):
        from_document(spoil(copy.deepcopy(_document())))

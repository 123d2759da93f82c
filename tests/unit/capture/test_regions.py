"""What a capture makes of the reports of frames, bounded whatever a page holds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from archiver.capture import regions
from archiver.regions.lists import Filters
from archiver.regions.merge import FrameReport
from archiver.regions.model import Box, Inventory, from_document
from archiver.regions.report import Found, Report


def found(number: int, text: str) -> Found:
    return Found(
        "ad",
        f"/html[1]/div[{number + 1}]",
        number,
        number + 1,
        Box(0, number, 10, 10),
        "",
        "",
        text,
        (),
        (),
        True,
        (),
        1.0,
    )


def made(count: int, text: str, tmp_path: Path) -> tuple[Inventory, dict[str, object]]:
    report = Report(tuple(found(number, text) for number in range(count)), (), "", count, (0.0, 0.0), "", (), 0)
    taken = regions.Taken((FrameReport("F", None, "https://a.test/", "", report),), {})
    rendition, inventory = regions.rendition(taken, "https://a.test/", (), (), 1.0, tmp_path, Filters([]))
    body = rendition.body
    data = body.data or (body.path.read_bytes() if body.path else b"")
    assert from_document(json.loads(data)) == inventory
    return inventory, rendition.facts


def test_what_fits_is_kept_whole(tmp_path: Path) -> None:
    inventory, facts = made(300, "Boots for all weathers", tmp_path)
    assert (facts["counts"], inventory.partial) == ({"ad": 300}, False)


def test_an_inventory_that_is_too_large_is_cut_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regions, "MAX_REGIONS_BYTES", 100_000)
    inventory, facts = made(300, "x" * 2_000, tmp_path)
    assert 30 < len(inventory.regions) < 50
    assert inventory.partial
    assert inventory.frames[0].partial == "more than 100000 bytes"
    assert facts["partial"] is True

"""What a frame's process says is read only where it has the form of a report."""

from __future__ import annotations

from typing import Any

import pytest

from archiver.regions.report import read_report


def row(**other: Any) -> dict[str, Any]:
    """A region as the program gives it."""
    return {
        "kind": "ad", "path": "/html[1]", "start": 3, "end": 5, "box": [1, 2, 300, 250], "hidden": "", "heading": "",
        "text": "Boots", "links": [["https://boots.test/", "Boots"]],
        "pictures": [["https://boots.test/b.png", [3, 4], ""]],
        "filled": True, "rules": ["markup"], "score": 0.8,
    } | other  # fmt: skip


def owner(**other: Any) -> dict[str, Any]:
    """An element with a frame in it as the program gives it."""
    return {
        "path": "/html[1]/iframe[1]", "start": 4, "box": [1, 2, 300, 250], "hidden": "", "sized": True, "score": 0,
        "rules": [],
    } | other  # fmt: skip


def report(*regions: dict[str, Any], **other: Any) -> dict[str, Any]:
    """A report as the program gives it."""
    return {
        "regions": list(regions), "frames": [], "partial": "", "elements": 9, "chars": 5, "scroll": [0, 0], "text": "",
        "pictures": 0, "links": [], "ms": 1,
    } | other  # fmt: skip


def test_a_report_is_read() -> None:
    read = read_report(report(row(), frames=[owner()]))
    assert read.regions[0].links[0].url == "https://boots.test/"
    assert read.owners[0].sized


def test_more_than_there_can_be_is_cut_off() -> None:
    read = read_report(report(*[row(text="x" * 90_000)] * 900))
    assert len(read.regions) <= 500
    assert len(read.regions[0].text) <= 20_000


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        "report",
        {"regions": []},
        report(row(kind="rumour")),
        report(row(box=[1, 2, 3])),
        report(row(box=[1, 2, 3, float("nan")])),
        report(row(box=[1, 2, 3, True])),
        report(row(text=7)),
        report(row(links=[["https://boots.test/"]])),
        report(row(rules="markup")),
        report(scroll=[]),
        report(frames=[{"path": ""}]),
    ],
)
def test_what_is_no_report_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"no report|values to unpack"):
        read_report(value)

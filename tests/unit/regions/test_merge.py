"""The reports of all frames become one inventory: an ad is one region, however many frames it is made of."""

from __future__ import annotations

from typing import Any

import pytest

from archiver.regions.merge import FrameReport, merge
from archiver.regions.report import read_report
from tests.unit.regions.test_report import owner, report, row

_TOP = "https://gazette.test/story"


def _frame(name: str, above: str | None, url: str, path: str, value: dict[str, Any] | None) -> FrameReport:
    return FrameReport(name, above, url, path, None if value is None else read_report(value))


def _top(*regions: dict[str, Any], frames: list[dict[str, Any]] | None = None, **other: Any) -> FrameReport:
    return _frame("T", None, _TOP, "", report(*regions, frames=frames or [], **other))


def test_boxes_are_where_the_page_has_them() -> None:
    inner = row(kind="comments", box=[5, 6, 10, 10])
    top = _top(frames=[owner(path="/f", box=[100, -50, 300, 250], sized=False)], scroll=[0, 900])
    inventory = merge([top, _frame("A", "T", "https://talk.test/", "/f", report(inner))])
    assert (inventory.regions[0].box.x, inventory.regions[0].box.y) == (105, 856)
    assert inventory.regions[0].frame == ("/f",)


def test_an_ads_frames_are_part_of_it() -> None:
    slot = row(start=3, end=6, text="Advertisement", filled=False, links=[], pictures=[])
    top = _top(slot, frames=[owner(path="/f", start=4)])
    safe = _frame(
        "A", "T", "https://safe.test/", "/f", report(row(text="inner"), frames=[owner(path="/g")], elements=4)
    )
    deep = _frame(
        "B", "A", "https://boots.test/", "/g", report(text="Warm boots", links=[["https://boots.test/", "Buy"]])
    )
    inventory = merge([top, safe, deep])
    (ad,) = inventory.regions
    assert ad.text == "Advertisement\nWarm boots"
    assert ad.frames == ("A", "B")
    assert ad.filled
    assert [link.text for link in ad.links] == ["Buy"]
    assert ad.frame == ()


def test_a_slot_whose_frame_is_empty_is_unfilled() -> None:
    top = _top(row(text="", filled=False, links=[], pictures=[]), frames=[owner(path="/f", start=4)])
    inventory = merge([top, _frame("A", "T", "about:blank", "/f", report())])
    assert [region.filled for region in inventory.regions] == [False]


def test_of_a_frame_that_nobody_could_read_it_is_not_said_that_it_is_empty() -> None:
    top = _top(row(text="", filled=False, links=[], pictures=[]), frames=[owner(path="/f", start=4)])
    inventory = merge([top, FrameReport("A", "T", "https://boots.test/", "/f", None, "no answer")])
    assert inventory.regions[0].filled
    assert inventory.frames[1].partial == "no answer"


def test_a_frame_with_an_ad_host_anywhere_below_it_is_an_ad() -> None:
    top = _top(frames=[owner(path="/f", sized=False)])
    middle = _frame("A", "T", "about:blank", "/f", report(frames=[owner(path="/g", sized=False)]))
    deep = _frame("B", "A", "https://ad.doubleclick.net/x", "/g", report(text="Warm boots"))
    (ad,) = merge([top, middle, deep]).regions
    assert (ad.kind, ad.xpath, ad.rules) == ("ad", "/f", ("ad host",))
    assert ad.text == "Warm boots"


def test_a_frame_of_another_site_is_an_ad_only_where_it_has_the_size_of_one() -> None:
    def kinds(url: str, *, sized: bool) -> list[str]:
        top = _top(frames=[owner(path="/f", sized=sized)])
        return [region.kind for region in merge([top, _frame("A", "T", url, "/f", report())]).regions]

    assert kinds("https://boots.test/", sized=True) == ["ad"]
    assert kinds("https://boots.test/", sized=False) == []
    assert kinds("https://static.gazette.test/", sized=True) == []


def test_a_filter_lists_word_makes_a_frame_an_ad() -> None:
    top = _top(frames=[owner(path="/f", sized=False)])
    frames = [top, _frame("A", "T", "https://quiet.test/", "/f", report())]
    assert merge(frames).regions == ()
    assert merge(frames, {"A": ["||quiet.test^"]}).regions[0].rules == ("||quiet.test^",)


@pytest.mark.parametrize(
    ("seen", "kinds"),
    [
        ({"hidden": "not rendered"}, []),
        ({"box": [0, 0, 1, 1]}, []),
        ({"box": [0, 0, 300, 0]}, []),
        ({"hidden": "not rendered", "sized": True}, ["ad"]),
        ({"box": [0, 0, 320, 40]}, ["ad"]),
        ({"hidden": "not rendered", "score": 0.4, "rules": ["ad address"]}, ["ad"]),
    ],
)
def test_a_frame_that_nobody_sees_is_no_ad_by_a_filter_lists_word_alone(seen: dict[str, Any], kinds: list[str]) -> None:
    top = _top(frames=[owner(**{"path": "/f", "sized": False} | seen)])
    frames = [top, _frame("A", "T", "https://quiet.test/", "/f", report())]
    assert [region.kind for region in merge(frames, {"A": ["||quiet.test^"]}).regions] == kinds


def test_regions_of_one_kind_do_not_nest_across_frames() -> None:
    talk = row(kind="comments", start=3, end=6)
    top = _top(talk, frames=[owner(path="/f", start=4, sized=False)])
    below = _frame("A", "T", "https://talk.test/", "/f", report(row(kind="comments"), row(kind="social", start=8)))
    assert [region.kind for region in merge([top, below]).regions] == ["comments", "social"]


def test_what_is_in_a_hidden_frame_is_hidden() -> None:
    top = _top(frames=[owner(path="/f", hidden="not rendered", sized=False)])
    below = _frame("A", "T", "https://talk.test/", "/f", report(row(kind="comments")))
    assert merge([top, below]).regions[0].hidden == "in a hidden frame"


def test_a_frame_whose_element_is_gone_keeps_its_regions() -> None:
    below = _frame("A", "T", "https://talk.test/", "", report(row(kind="comments")))
    assert [region.kind for region in merge([_top(), below]).regions] == ["comments"]


def test_a_frame_whose_page_could_not_be_read_is_listed() -> None:
    inventory = merge([FrameReport("T", None, _TOP, "", None, "no answer")])
    assert inventory.partial
    assert inventory.regions == ()

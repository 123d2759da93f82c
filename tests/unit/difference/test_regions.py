"""Two inventories are held against each other: what came, what went, what changed, and nothing else."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.difference.regions import InventoryChange, KindChange, RegionChange, compare_inventories, document
from archiver.regions.model import Box, FrameState, Inventory, Kind, Link, Picture, Region

NOTICE = (
    "This article is for information only and is no financial advice. Past performance does not guarantee future "
    "results. Talk to an adviser before you invest."
)


def region(kind: Kind, text: str = "", at: int = 1, **more: Any) -> Region:
    """A region in the `at`-th block of a page."""
    usual: dict[str, Any] = {
        "kind": kind,
        "frame": (),
        "frame_url": "https://gazette.test/",
        "xpath": f"/html[1]/body[1]/div[{at}]",
        "box": Box(20, 400.0 * at, 300, 250),
        "hidden": "",
        "heading": "",
        "text": text,
        "links": (),
        "pictures": (),
        "frames": (),
        "filled": bool(text or more.get("pictures")),
        "rules": (),
        "confidence": 1.0,
    }
    return Region(**(usual | more))


def advert(name: str, at: int = 1, *, salt: str = "1", **more: Any) -> Region:
    """An advertisement whose addresses have random numbers."""
    link = f"https://ads.test/click?ord={salt}&adurl=https://{name}.test/buy?gclid={salt}"
    picture = f"https://ads.test/{name}.png?cb={salt}"
    return region(
        "ad",
        more.pop("text", f"Advertisement\nThe best {name} of the whole town https://{name}.test/?c={salt}"),
        at,
        **{
            "links": (Link(link, name),),
            "pictures": (Picture(picture, 300, 250, ""), Picture(f"https://t.test/{salt}.gif", 1, 1, "")),
        }
        | more,
    )


def listed(*items: str, at: int = 1, kind: Kind = "trending", **more: Any) -> Region:
    links = tuple(Link(f"https://gazette.test/{item.replace(' ', '-')}?at={at}", item) for item in items)
    return region(kind, "\n".join(("Trending now", *items)), at, heading="Trending now", links=links, **more)


def compared(before: list[Region], after: list[Region]) -> dict[str, KindChange]:
    change = compare_inventories(Inventory(tuple(before)), Inventory(tuple(after)))
    assert orjson.loads(orjson.dumps(document(change)))["same"] == change.same
    return {each.kind: each for each in change.kinds}


def only(before: list[Region], after: list[Region]) -> RegionChange:
    """The only thing that changed."""
    changes = compared(before, after).values()
    assert [(each.went, each.came) for each in changes] == [((), ())] * len(changes)
    (change,) = [change for each in changes for change in each.changed]
    return change


def marked(change: RegionChange) -> list[str]:
    """The words that are marked as different."""
    lines = [line for hunk in change.hunks for line in hunk.lines]
    return [line.sign + line.text[start:end] for line in lines for start, end in line.marked]


def test_a_disclaimer_reworded_a_slot_sold_and_an_item_replaced_are_just_that() -> None:
    before = [
        listed("Ferry stops", "Rain ahead", "Mayor resigns", at=1),
        advert("boots", at=2),
        advert("tea", at=3),
        region("disclaimer", NOTICE, at=4),
        region("copyright", "© 2026 The Gazette", at=5),
    ]
    after = [
        listed("Ferry stops", "Bridge opens", "Mayor resigns", at=1),
        advert("hats", at=2, salt="2"),
        advert("tea", at=3, salt="2"),
        region("disclaimer", NOTICE.replace("no financial advice", "not legal advice"), at=4),
        region("copyright", "© 2026 The Gazette", at=5),
    ]
    found = compared(before, after)
    assert [(each.kind, each.went, each.came, each.unchanged) for each in found.values()] == [
        ("ad", (), (), 1),
        ("trending", (), (), 0),
        ("disclaimer", (), (), 0),
        ("copyright", (), (), 1),
    ]
    (ad,), (trending,), (disclaimer,) = (found[kind].changed for kind in ("ad", "trending", "disclaimer"))
    assert (ad.what, ad.before, ad.after) == ("replaced", 2, 2)
    assert (trending.what, trending.items_gone, trending.items_new) == ("items", ("Rain ahead",), ("Bridge opens",))
    assert (disclaimer.what, disclaimer.added, disclaimer.removed) == ("reworded", 2, 2)
    assert marked(disclaimer) == ["-no financial", "+not legal"]


def test_the_same_inventory_twice_is_the_same() -> None:
    same = [listed("a", "b"), advert("boots", 2), region("ad", at=3), region("disclaimer", NOTICE, 4)]
    found = compared(same, same)
    assert all(each.same for each in found.values())
    assert sum(each.unchanged for each in found.values()) == 4


def test_no_inventory_has_anything_to_compare() -> None:
    assert compare_inventories(Inventory(()), Inventory(())) == InventoryChange((), (False, False))


def test_random_numbers_in_addresses_do_not_count() -> None:
    assert compared([advert("boots", salt="123")], [advert("boots", salt="987")])["ad"].same


@pytest.mark.parametrize(
    "address", ["https://ads.test/click?n={}", "https://ads.test/click;n={}", "https://b.test/#{}"]
)
def test_what_of_an_address_does_not_count(address: str) -> None:
    before, after = (region("ad", "Boots", links=(Link(address.format(salt), ""),)) for salt in ("1", "2"))
    assert compared([before], [after])["ad"].same
    other = region("ad", "Boots", links=(Link("https://ads.test/other", ""),))
    assert not compared([before], [other])["ad"].same


def test_an_advertisement_that_moved_to_another_slot_is_the_same() -> None:
    before, after = [advert("boots", 1), advert("tea", 2)], [advert("tea", 1), advert("boots", 2)]
    assert compared(before, after)["ad"].unchanged == 2


def test_where_the_click_of_an_advertisement_leads_counts_though_it_is_in_the_query() -> None:
    before, after = (advert(name, text="Advertisement", pictures=()) for name in ("boots", "hats"))
    assert only([before], [after]).what == "replaced"


def test_a_random_part_of_the_path_does_not_make_another_advertisement() -> None:
    text, picture = "Warm boots for every winter", (Picture("https://ads.test/1.png", 300, 250, ""),)
    before, after = (
        advert("boots", text=text, pictures=picture, links=(Link(f"https://ads.test/click/{salt}/go", ""),))
        for salt in ("aB3", "xY9")
    )
    assert compared([before], [after])["ad"].same


def test_a_picture_alone_says_that_a_slot_was_sold() -> None:
    def shown(name: str) -> Region:
        picture = Picture(f"https://ads.test/{name}.png", 300, 250, "")
        return region("ad", "", links=(Link("https://ads.test/click?1", ""),), pictures=(picture,))

    assert only([shown("1")], [shown("2")]).what == "replaced"


@pytest.mark.parametrize("label", ["", "Advertisement"])
def test_slots_with_a_label_only_are_told_by_their_place(label: str) -> None:
    before = [region("ad", label, at) for at in (1, 2, 3)]
    found = compared(before, [before[0], before[2]])["ad"]
    assert (found.went, found.came, found.changed, found.unchanged) == ((2,), (), (), 2)


def test_advertisements_with_a_label_only_are_known_again_in_another_slot_by_their_pictures() -> None:
    one, other = (advert(name, text="Advertisement") for name in ("boots", "tea"))
    far: dict[str, Any] = {"xpath": "/html[1]/body[1]/main[1]", "box": Box(700, 4000, 728, 90)}
    assert compared([one, replace(other, **far)], [other, replace(one, **far)])["ad"].unchanged == 2


def test_a_label_alone_is_no_reason_to_take_one_slot_for_another() -> None:
    one = region("ad", "Advertisement", 1, pictures=(Picture("https://ads.test/1.png", 300, 250, ""),))
    other = region("ad", "Advertisement", 9, box=Box(700, 4000, 728, 90))
    found = compared([one], [replace(other, filled=True)])["ad"]
    assert (found.went, found.came) == ((1,), (1,))


def test_a_slot_that_went_and_one_that_came_elsewhere_are_two() -> None:
    elsewhere = advert("hats", 9, box=Box(900, 5000, 728, 90))
    found = compared([advert("boots", 1)], [elsewhere])["ad"]
    assert (found.went, found.came, found.changed) == ((1,), (1,), ())


def test_a_slot_is_known_by_its_box_where_its_element_has_another_name() -> None:
    one = advert("boots", xpath="//*[@id='abcdef']", box=Box(20, 400, 300, 250))
    other = advert("hats", xpath="//*[@id='uvwxyz']", box=Box(20, 410, 300, 250))
    assert only([one], [other]).what == "replaced"


def test_a_slot_is_known_by_its_element_where_only_a_number_in_its_name_is_new() -> None:
    one = advert("boots", xpath="//*[@id='slot-16123456']", box=Box(0, 0, 0, 0))
    other = advert("hats", xpath="//*[@id='slot-98765432']", box=Box(0, 0, 0, 0))
    assert only([one], [other]).what == "replaced"


@pytest.mark.parametrize(("before", "after", "what"), [("boots", "", "emptied"), ("", "boots", "filled")])
def test_a_slot_that_is_empty_now_or_no_longer_is_said_to_be(before: str, after: str, what: str) -> None:
    old, new = (advert(name) if name else region("ad", "Advertisement", filled=False) for name in (before, after))
    assert only([old], [new]).what == what


def test_an_advertisement_with_most_of_its_words_is_reworded() -> None:
    one = advert("boots", text="Warm boots for every winter, now from 99 euros")
    other = advert("boots", text="Warm boots for every winter, now from 79 euros")
    assert marked(change := only([one], [other])) == ["-99", "+79"]
    assert change.what == "reworded"


def test_a_block_that_a_banner_moved_down_is_the_same_and_the_banner_came() -> None:
    before = [listed("a", "b", at=1), region("disclaimer", NOTICE, 2), advert("boots", 3)]
    moved = [replace(each, xpath=f"/html[1]/body[1]/div[{n}]") for n, each in enumerate(before, 2)]
    found = compared(before, [advert("hats", 1), *moved])
    assert [(each.went, each.came, each.changed) for each in found.values()] == [
        ((), (1,), ()),
        ((), (), ()),
        ((), (), ()),
    ]


def test_a_notice_that_moved_and_was_reworded_is_one_though_another_stands_in_its_old_place() -> None:
    reworded = NOTICE.replace("adviser", "lawyer")
    other = "We may earn a commission when you buy through links on this page."
    found = compared(
        [region("disclaimer", NOTICE, 1)], [region("disclaimer", other, 1), region("disclaimer", reworded, 2)]
    )["disclaimer"]
    assert (found.went, found.came) == ((), (1,))
    assert [(each.what, each.before, each.after) for each in found.changed] == [("reworded", 1, 2)]


def test_a_notice_with_other_words_in_the_same_place_is_replaced() -> None:
    other = "Sponsored links may earn us money whenever somebody buys something."
    assert only([region("disclaimer", NOTICE)], [region("disclaimer", other)]).what == "replaced"


def test_a_list_with_all_its_items_new_is_the_same_list_by_its_heading_and_column() -> None:
    old = ("Ferry stops at last", "Rain is ahead this week", "Mayor resigns after vote")
    new = ("Bridge opens to cars", "Sun comes out again", "Council picks another name")
    change = only([listed(*old, at=1)], [listed(*new, at=5)])
    assert (change.what, change.items_gone, change.items_new) == ("items", old, new)


def test_a_block_with_all_its_words_new_is_known_by_its_heading_and_where_it_leads() -> None:
    def letter(text: str, at: int) -> Region:
        box = Box(at * 100.0, at * 400.0, at * 100.0, 50)
        return region("newsletter", text, at, heading="Letter", links=(Link("https://a.test/l", ""),), box=box)

    assert only([letter("Once a week in your inbox", 1)], [letter("Daily news for busy people", 5)]).what == "replaced"


def test_of_two_notices_with_the_same_words_the_one_in_its_place_belongs_to_it() -> None:
    def notice(at: int, url: str) -> Region:
        return region("disclaimer", NOTICE, at, links=(Link(url, "Terms"),))

    found = compared([notice(1, "https://a.test/1"), notice(2, "https://a.test/2")], [notice(2, "https://a.test/3")])
    assert found["disclaimer"].went == (1,)
    assert [(each.what, each.before) for each in found["disclaimer"].changed] == [("relinked", 2)]


def test_of_very_many_that_moved_those_with_the_same_words_belong_together() -> None:
    def many(salt: str, first: int) -> list[Region]:
        numbers = range(150)
        links = [(Link(f"https://a.test/{salt}/{n}", ""),) for n in numbers]
        return [region("disclaimer", f"{NOTICE} {n}", first + n, links=links[n]) for n in numbers]

    found = compared(many("old", 1), many("new", 500)[::-1])["disclaimer"]
    assert (found.went, found.came) == ((), ())
    assert {(each.what, each.before + each.after) for each in found.changed} == {("relinked", 151)}


def test_what_changes_with_every_hour_in_a_list_does_not_count() -> None:
    def with_numbers(readers: int, age: str) -> Region:
        links = (
            Link("https://gazette.test/ferry?from=list", ""),
            Link("https://gazette.test/ferry", f"Ferry stops, {readers} readers"),
            Link("https://gazette.test/ferry#comments", f"{readers}"),
            Link("https://gazette.test/#top", "Menu"),
        )
        text = f"Popular\nFerry stops, {readers} readers\n{age}\n{readers}"
        return region("trending", text, heading="Popular", links=links)

    assert compared([with_numbers(7, "an hour ago")], [with_numbers(19, "2 days ago")])["trending"].same


def test_an_item_with_other_words_is_told_as_the_same_item() -> None:
    one = listed("a", "Ferry stops")
    other = replace(one, links=(one.links[0], replace(one.links[1], text="Ferry sinks")))
    change = only([one], [other])
    assert (change.what, change.items_gone, change.items_new) == ("items", (), ())
    assert change.items_reworded == (("Ferry stops", "Ferry sinks"),)


def test_links_that_lead_nowhere_else_are_items_by_their_texts() -> None:
    def tabs(*names: str) -> Region:
        links = tuple(Link("https://gazette.test/#", name) for name in names)
        return region("trending", "\n".join(names), links=links)

    change = only([tabs("Sport", "Politics")], [tabs("Sport", "Weather")])
    assert (change.items_gone, change.items_new) == (("Politics",), ("Weather",))


def test_a_list_under_another_heading_is_reworded() -> None:
    one = listed("Ferry stops", "Rain ahead")
    assert only([one], [replace(one, heading="Popular", text=one.text.replace("Trending", "Popular"))]).what == (
        "reworded"
    )


def test_items_in_another_order_are_said_to_be() -> None:
    assert only([listed("a", "b", "c")], [listed("b", "a", "c")]).what == "reordered"


def test_items_that_lead_elsewhere_are_said_to() -> None:
    one = listed("a", "b")
    other = replace(one, text=f"{one.text} 5 min", links=(Link("https://other.test/a", "a"), one.links[1]))
    assert only([one], [other]).what == "relinked"


@pytest.mark.parametrize(("hidden", "what"), [("display: none", "hidden"), ("", "shown")])
def test_what_cannot_be_seen_any_more_or_now_can_is_said(hidden: str, what: str) -> None:
    one = region("disclaimer", NOTICE, hidden="" if hidden else "display: none")
    assert only([one], [replace(one, hidden=hidden)]).what == what


def test_regions_of_two_kinds_are_never_one() -> None:
    found = compared([listed("a", "b")], [listed("a", "b", kind="related")])
    assert [(each.kind, each.went, each.came) for each in found.values()] == [
        ("trending", (1,), ()),
        ("related", (), (1,)),
    ]


def test_numbers_are_those_of_all_the_inventory() -> None:
    before = [region("disclaimer", NOTICE, 1), advert("boots", 2), advert("tea", 3)]
    assert compared(before, before[:2])["ad"].went == (3,)


def test_that_an_inventory_is_partial_is_told_of_each() -> None:
    cut = Inventory((), (FrameState((), "u", 1, "time"),))
    assert compare_inventories(Inventory(()), cut).partial == (False, True)


_WORDS = st.sampled_from(
    ["", "Ad", "Warm boots for every winter", "Ferry stops", "Rain ahead", NOTICE, "\ud800", "é" * 50]
)
_ADDRESSES = st.sampled_from(
    ["", "https://a.test/1?x=2", "https://[", "javascript:void(0)", "https://b.test/?u=https://c.test/"]
)
_REGIONS = st.lists(
    st.builds(
        region,
        st.sampled_from(["ad", "trending", "related", "disclaimer"]),
        _WORDS,
        st.integers(1, 4),
        heading=_WORDS,
        hidden=st.sampled_from(["", "display: none"]),
        links=st.lists(st.builds(Link, _ADDRESSES, _WORDS), max_size=3).map(tuple),
        pictures=st.lists(st.builds(Picture, _ADDRESSES, st.just(9), st.just(9), _WORDS), max_size=2).map(tuple),
        box=st.builds(Box, *[st.floats(0, 900)] * 4),
        filled=st.booleans(),
    ),
    max_size=6,
)


@given(_REGIONS, _REGIONS)
def test_every_region_is_accounted_for_once_and_the_same_ones_are_the_same(
    before: list[Region], after: list[Region]
) -> None:
    for kind in ("ad", "trending", "related", "disclaimer"):
        found = {
            each.kind: each for each in compare_inventories(Inventory(tuple(before)), Inventory(tuple(after))).kinds
        }
        old, new = ({n for n, each in enumerate(side, 1) if each.kind == kind} for side in (before, after))
        if kind not in found:
            assert not old | new
            continue
        one = found[kind]
        went, came = (
            {*one.went, *(each.before for each in one.changed)},
            {*one.came, *(each.after for each in one.changed)},
        )
        assert len(went) == len(one.went) + len(one.changed)
        assert (len(old - went), len(new - came)) == (one.unchanged, one.unchanged)
        assert went <= old
        assert came <= new
    assert compare_inventories(Inventory(tuple(before)), Inventory(tuple(before))).same


def test_hundreds_of_regions_take_seconds_at_most() -> None:
    before = [advert(f"shop{n}", n, text=f"number {n} " + f"words{n} " * 200) for n in range(400)]
    after = [advert(f"other{n}", n, text=f"other {n} " + f"terms{n} " * 200) for n in range(400)]
    began = time.process_time()
    assert len(compared(before, after)["ad"].changed) == 400
    assert time.process_time() - began < 10

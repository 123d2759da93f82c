"""The element rules of filter lists that may match in a frame: which are asked for there, and which are left out."""

from __future__ import annotations

import pytest

from archiver.regions.lists import FilterList, Filters
from archiver.regions.report import Names, read_names

PAGE = "https://gazette.test/harbour/"


def filters(*rules: str) -> Filters:
    return Filters([FilterList("A list", "1", "0" * 64, "\n".join(("[Adblock Plus 2.0]", "! Title: A list", *rules)))])


def named(*classes: str, ids: tuple[str, ...] = ()) -> Names:
    return Names(classes, ids, cut=False)


def selectors(*rules: str, page: str = PAGE, names: Names | None = None) -> set[str]:
    return set(filters(*rules).selectors(page, names or named("plank", "quay", ids=("mole",))))


def test_rules_for_all_pages_are_chosen_by_the_names_that_are_there() -> None:
    rules = ("##.plank", "##.rope", "###mole", "###pier", "##.quay > div")
    assert selectors(*rules) == {".plank", "#mole", ".quay > div"}


def test_rules_about_other_attributes_are_chosen_always() -> None:
    assert selectors("##[data-berth]", '##a[href^="https://paid.test/"]', names=named()) == {
        "[data-berth]",
        'a[href^="https://paid.test/"]',
    }


def test_a_sites_own_rules_are_chosen_there_only() -> None:
    rules = ("gazette.test##.tide", "other.test##.ebb")
    assert selectors(*rules) == {".tide"}
    assert selectors(*rules, page="https://other.test/") == {".ebb"}


def test_an_exception_takes_a_rule_away_on_its_site_only() -> None:
    rules = ("##.plank", "##[data-berth]", "gazette.test#@#.plank", "gazette.test#@#[data-berth]")
    assert selectors(*rules) == set()
    assert selectors(*rules, page="https://other.test/") == {".plank", "[data-berth]"}


def test_where_general_rules_are_off_only_the_sites_own_are_chosen() -> None:
    rules = ("##.plank", "##[data-berth]", "gazette.test##.tide", "@@||gazette.test^$generichide")
    assert selectors(*rules) == {".tide"}
    assert selectors(*rules, page="https://other.test/") == {".plank", "[data-berth]"}


@pytest.mark.parametrize("rule", [".plank:has-text(Buy)", ".plank:-abp-has(a)", ".plank:upward(2)", ".plank:remove()"])
def test_rules_that_are_programs_are_left_out(rule: str) -> None:
    assert selectors(f"##{rule}", f"gazette.test##{rule}", f"gazette.test#?#{rule}") == set()


def test_a_rule_that_would_swallow_those_after_it_is_left_out() -> None:
    rules = [
        'gazette.test##[a="b',
        "gazette.test##:not(.a",
        "gazette.test##.a)",
        "gazette.test##.b\\",
        "gazette.test##.c/*",
    ]
    assert selectors(*rules, 'gazette.test##[a="]"]', "gazette.test##:not([b='('])") == {'[a="]"]', ":not([b='('])"}


def test_junk_among_the_rules_does_no_harm() -> None:
    junk = ("##", "#@#", "##\x00", "gazette.test##^script", "#$#x", "!#if", "@@", "$$$", "|||^^", "##" + "x" * 100_000)
    assert ".plank" in selectors(*junk, "##.plank")


def test_long_rules_and_those_beyond_the_limit_are_left_out() -> None:
    rules = [f"gazette.test##.n{number}" for number in range(5_000)]
    assert len(selectors(*rules)) == 2_000
    assert selectors("gazette.test##." + "n" * 300) == set()


@pytest.mark.parametrize("page", ["about:blank", "about:srcdoc", "data:text/html,x", "blob:https://gazette.test/x", ""])
def test_a_frame_without_an_address_of_its_own_has_none(page: str) -> None:
    assert selectors("##.plank", page=page) == set()


@pytest.mark.parametrize("page", ["https://", "https://[", "http:///", "https://\0/", "https://" + "a." * 10_000])
def test_an_address_that_is_none_does_no_harm(page: str) -> None:
    assert selectors("##.plank", page=page) <= {".plank"}


def test_without_lists_there_is_nothing_to_ask() -> None:
    assert not Filters([]).has_elements(PAGE)
    assert Filters([]).selectors(PAGE, named("plank")) == ()


def test_the_same_names_bring_the_same_rules_in_the_same_order() -> None:
    rules = [f"gazette.test##.n{number}" for number in range(50)]
    assert filters(*rules).selectors(PAGE, named()) == filters(*rules).selectors(PAGE, named())
    assert filters(*rules, "##.plank").selectors(PAGE, named("plank"))[0] == ".plank"


@pytest.mark.parametrize(
    "value", [None, 1, "ab", [], [[], []], [[1], [], False], ["ab", [], False], [[], None, False], {}]
)
def test_names_that_are_none_are_refused(value: object) -> None:
    with pytest.raises(ValueError, match="no names"):
        read_names(value)


def test_names_are_bounded_whatever_comes_back() -> None:
    names = read_names([["x" * 1_000] * 100_000, ["y"] * 100_000, "yes"])
    assert (len(names.classes), len(names.ids), len(names.classes[0])) == (5_000, 5_000, 100)
    assert names.cut is False

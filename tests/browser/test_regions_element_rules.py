"""Element rules of filter lists, as a capture asks them of a page in a real browser."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from archiver import surroundings
from archiver.capture.frames import Frame, evaluate
from archiver.regions import program
from archiver.regions.lists import Filters
from archiver.regions.model import Inventory
from tests.sites.model import Request, Response
from tests.sites.server import LocalWeb
from tests.support.capturing import capture
from tests.unit.regions import pages
from tests.unit.regions.taking import PAGE, take_by_lists
from tests.unit.regions.test_lists import filters

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("one_browser")]

_TEXT = "<p>Night boats come back to the harbour, and the lamp on the mole is lit again. Tickets are on board.</p>" * 6
_BERTHS = f"""<!doctype html><title>Night boats</title><body><main><h1>Night boats</h1>
<div class="berth" id="first"></div>{_TEXT}
<div class="berth" id="second"><a href="/boots"><img src="/boots.png"></a></div>
<div id="mole"><a href="/loaf">Warm loaves, two for one</a></div></main><aside data-berth="3"></aside>"""
_RULES = ("##.berth", "###mole", "gazette.test##[data-berth]", '##a[href^="https://paid.test/"]')


def found(inventory: Inventory) -> list[tuple[str, tuple[str, ...]]]:
    return [(region.xpath, region.rules) for region in inventory.regions if region.kind == "ad"]


def test_slots_that_only_element_rules_know_are_ads() -> None:
    assert found(take_by_lists(_BERTHS, Filters([]))) == []
    inventory = take_by_lists(_BERTHS, filters(*_RULES))
    assert found(inventory) == [
        ('//*[@id="first"]', ("filter ##.berth",)),
        ('//*[@id="second"]', ("filter ##.berth",)),
        ('//*[@id="mole"]', ("filter ###mole",)),
        ("/html[1]/body[1]/aside[1]", ("filter ##[data-berth]",)),
    ]
    assert not inventory.partial


def test_a_capture_with_a_list_has_what_its_element_rules_find(tmp_path: Path) -> None:
    async def answer(request: Request) -> Response:
        return Response(200, b"", [(b"content-type", b"text/html; charset=utf-8")], _BERTHS.encode())

    listed = tmp_path / "list.txt"
    listed.write_text("! Title: Berths\n##.berth\ngazette.test#@#.quay\n")
    with LocalWeb(answer) as web:
        snapshot = capture(web, PAGE, tmp_path / "archive", filter_lists=(listed,)).snapshot
    inventory = surroundings.inventory(snapshot)
    assert [rules for _, rules in found(inventory)] == [("filter ##.berth",)] * 2
    assert not inventory.partial


def test_what_an_exception_names_is_no_ad() -> None:
    inventory = take_by_lists(_BERTHS, filters(*_RULES, "gazette.test#@#.berth", "gazette.test#@#[data-berth]"))
    assert [rules for _, rules in found(inventory)] == [("filter ###mole",)]


def test_an_element_that_holds_the_article_or_its_title_is_no_ad() -> None:
    rules = ("gazette.test##body", "gazette.test##main", "gazette.test##h1", "gazette.test##p")
    page = _BERTHS.replace("<main>", "<main class=hull>").replace(_TEXT, f"<div class=hull>{_TEXT * 3}</div>")
    page = page.replace("<h1>Night boats</h1>", "<div class=hull><h1>Night boats</h1></div>")
    assert found(take_by_lists(page, filters(*rules[:3], "##.hull"))) == []


def test_teasers_of_the_site_are_no_ad_because_a_rule_names_them() -> None:
    teasers = "".join(f"<li><a href='/{n}'>What the ferryman found below pier {n}</a></li>" for n in range(3))
    page = (
        f"<h1>Night boats</h1>{_TEXT}<ul class=quay>{teasers}</ul><p class=plank>{'Boots for all weathers. ' * 8}</p>"
    )
    assert found(take_by_lists(page, filters("##.quay", "##.plank"))) == []


def test_a_wall_of_paid_links_is_an_ad_where_a_rule_names_it() -> None:
    paid = "".join(
        f"<li><a href='https://n{n}.test/'>What the ferryman found below the old pier number {n}, and where</a></li>"
        for n in range(50)
    )
    page = f"<title>Boats</title><h1>Night boats</h1><div id=mole>{paid}</div><article>{_TEXT}</article>"
    assert found(take_by_lists(page, Filters([]))) == []
    assert [path for path, _ in found(take_by_lists(page, filters("###mole")))] == ['//*[@id="mole"]']
    words = page.replace("</a>", f"</a>{'and more of the same that nobody pays for, ' * 3}")
    assert found(take_by_lists(words, filters("###mole"))) == []


def test_a_slot_that_begins_with_the_mark_of_ad_choices_is_an_ad_where_a_rule_names_it() -> None:
    mark = "<a href='/choices'>AdChoices</a>"
    page = f"<h1>Night boats</h1><div id=mole>{mark}<div><iframe></iframe></div></div><div class=quay>{mark}</div>"
    assert [path for path, _ in found(take_by_lists(page, filters("###mole", "##.quay")))] == ['//*[@id="mole"]']


def test_rules_that_the_browser_does_not_know_leave_the_others_alone() -> None:
    junk = (
        "gazette.test##:nonsense(",
        "gazette.test##:nonsense",
        "gazette.test##..",
        'gazette.test##[a="',
        "gazette.test##^a",
    )
    assert [rules for _, rules in found(take_by_lists(_BERTHS, filters(*junk, *_RULES)))][:1] == [("filter ##.berth",)]


def test_a_long_rule_is_named_by_its_beginning() -> None:
    rule = 'gazette.test##[data-berth]:not([title="' + "x" * 200 + '"])'
    ((_, (name,)),) = found(take_by_lists(_BERTHS, filters(rule)))
    assert (name[:30], len(name)) == ("filter ##[data-berth]:not([tit", 100)


def test_frames_of_other_sites_have_their_own_rules() -> None:
    frame = "https://reef.test/"
    page = f"<h1>Night boats</h1><iframe src='{frame}' width=800 height=700></iframe>"
    inventory = take_by_lists(
        {PAGE: page, frame: "<div class=tide>Boots</div><div class=ebb>No ad</div>"},
        filters("reef.test##.tide", "gazette.test##.ebb"),
    )
    assert [(region.frame_url, region.text) for region in inventory.regions] == [(frame, "Boots")]


def test_without_lists_the_page_is_asked_no_more_than_before(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    async def counting(frame: Frame, function: str, timeout_s: float) -> Any:
        asked.append(function)
        return await evaluate(frame, function, timeout_s)

    monkeypatch.setattr("archiver.capture.regions.evaluate", counting)
    take_by_lists(_BERTHS, Filters([]))
    assert asked == [program.inventory()]
    asked.clear()
    take_by_lists({PAGE: "<iframe></iframe>"}, filters("##.berth"))
    assert len(asked) == 3  # names and inventory of the page; a frame without an address has no rules


@pytest.mark.parametrize(
    "script",
    [
        "Element.prototype.matches = Element.prototype.getAttribute = () => { seen() }",
        "Document.prototype.createTreeWalker = TreeWalker.prototype.nextNode = () => { seen() }",
        "window.Set = window.Map = NodeFilter.__proto__.constructor = performance.now = () => { seen() }",
        "new MutationObserver(seen).observe(document, { subtree: true, childList: true, attributes: true })",
        "for (const name of ['id', 'className', 'classList', 'attributes']) "
        "Object.defineProperty(Element.prototype, name, { get() { seen() } })",
    ],
)
def test_a_page_neither_sees_that_it_is_asked_nor_changes_the_answer(script: str) -> None:
    page = f"<script>function seen() {{ setTimeout(() => document.title = 'seen') }}</script>{_BERTHS}"
    fields = "<form name=createTreeWalker><input name=matches><input name=nextNode><input name=getAttribute></form>"
    inventory = take_by_lists(f"{page}{fields}<script>{script}</script>", filters(*_RULES))
    assert len(found(inventory)) == 4


_MANY = "let s = ''; for (let i = 0; i < 100000; i++) s += "


@pytest.mark.parametrize(
    "script",
    [
        f"{_MANY}`<i class=c${{i}}></i>`; document.body.innerHTML = s",
        f"{_MANY}` c${{i}}`; document.body.className = s",
        f"{_MANY}`<i class=berth id=d${{i}}></i>`; document.body.innerHTML = s",
        "document.body.className = 'x'.repeat(5e6); document.body.id = 'y'.repeat(5e6)",
        "let n = document.body; for (let i = 0; i < 1500; i++) "
        "{ const d = document.createElement('b'); d.className = 'berth quay'; n.append(d); n = d }",
    ],
)
def test_a_page_made_to_be_too_much_for_the_rules_is_cut_short(script: str) -> None:
    rules = [f"##.quay .berth{'.quay ' * 20} .c{number}" for number in range(30)]
    many = [f"gazette.test##.berth .berth .quay .n{number}" for number in range(1_500)]
    began = time.monotonic()
    inventory = take_by_lists(f"<body><script>{script}</script>", filters(*_RULES, *rules, *many))
    assert time.monotonic() - began < 20
    assert all(frame.partial != "no answer in time" for frame in inventory.frames)
    assert len(inventory.regions) <= 300


@pytest.mark.parametrize("limits", [program.Limits(max_rule_ms=-1), program.Limits(max_ruled=1)])
def test_rules_are_asked_as_far_as_their_limits_go(limits: program.Limits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archiver.capture.regions._LIMITS", limits)
    inventory = take_by_lists(_BERTHS, filters(*_RULES))
    assert len(found(inventory)) < 2
    assert [frame.partial for frame in inventory.frames] == ["element rules"]


def test_of_a_very_long_class_attribute_the_beginning_is_read() -> None:
    names = " ".join(f"c{number}" for number in range(4_000))
    page = f"<h1>Night boats</h1><aside class='{names}'></aside>"
    assert found(take_by_lists(page, filters("##.c3000"))) == []
    assert len(found(take_by_lists(page, filters("##.c300")))) == 1


@pytest.mark.parametrize(("last", "partial"), [("quay", ""), ("pier", "element rules")])
def test_so_many_classes_are_read_and_as_many_ids(last: str, partial: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the last element has one class more, that is said."""
    few = program.names(program.NameLimits(max_names=3))
    monkeypatch.setattr("archiver.capture.regions.names", lambda: few)
    page = f"""<h1 id="lamp">Night boats</h1><aside class="berth" id="mole"></aside>
    <p class="mast">{_TEXT}</p><aside class="quay" id="boot"></aside><p class="{last}">{_TEXT}</p>"""
    inventory = take_by_lists(page, filters("##.berth", "###boot"))
    assert len(found(inventory)) == 2
    assert [frame.partial for frame in inventory.frames] == [partial]


def test_that_rules_were_not_all_asked_is_said() -> None:
    script = f"{_MANY}`<i class=c${{i}}></i>`; document.body.innerHTML = s.slice(0, 300000)"
    inventory = take_by_lists(f"<body><script>{script}</script>", filters("##.berth"))
    assert [frame.partial for frame in inventory.frames] == ["element rules"]


def test_five_thousand_elements_are_asked_within_the_time() -> None:
    inventory = take_by_lists(
        pages.heavy(5_000), filters(*_RULES, *(f'##a[href^="https://n{n}.test/"]' for n in range(500)))
    )
    assert not inventory.partial
    assert inventory.frames[0].elements > 4_500

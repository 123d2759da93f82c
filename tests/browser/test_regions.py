"""The regions of made-up pages, found in a real browser: each of them, and nothing else."""

from __future__ import annotations

import time
from collections import Counter
from urllib.parse import urlsplit

import lxml.html
import pytest

from archiver.demo import site
from archiver.regions.model import Inventory, from_document
from archiver.regions.program import Limits
from tests.unit.regions import pages
from tests.unit.regions.taking import PAGE, stored, take, take_at

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("one_browser")]


def _kinds(inventory: Inventory) -> Counter[str]:
    return Counter(region.kind for region in inventory.regions)


def _flat(text: str) -> str:
    return " ".join(text.split())


def _bare(text: str) -> str:
    return "".join(text.split())


def test_a_reposts_surroundings_are_found_and_nothing_else() -> None:
    inventory = take(pages.REPOST)
    assert _kinds(inventory) == pages.REPOST_COUNTS
    headings = [region.heading for region in inventory.regions if region.kind in ("trending", "related")]
    assert headings == ["TRENDING NOW", "TRENDING NOW", "LATEST NEWS", "EDITOR PICKS", "POPULAR CATEGORY"]
    notices = [region for region in inventory.regions if region.kind == "copyright"]
    assert notices[0].text == pages.REUSE_BAN
    assert all(region.visible and region.box.width > 0 for region in inventory.regions)
    assert from_document(inventory.to_document()) == inventory


def test_an_article_about_advertising_has_no_ad() -> None:
    assert _kinds(take(pages.INDUSTRY)) == {}


def test_slots_are_ads_filled_or_not_and_other_frames_are_none() -> None:
    inventory = take(
        {
            PAGE: pages.SLOTS,
            "https://loaf.test/creative.html": pages.CREATIVE,
            "https://film.test/player.html": pages.PLAYER,
            "https://count.test/": pages.COUNTER,
        }
    )
    empty, picture, framed = inventory.regions
    assert [region.kind for region in inventory.regions] == ["ad", "ad", "ad"]
    assert (empty.filled, picture.filled, framed.filled) == (False, True, True)
    assert picture.pictures[0].url == "https://boots.test/boots.png"
    assert framed.xpath == '//*[@id="sold"]'
    assert (framed.box.width, framed.box.height) == (300, 250)
    assert framed.text == "Warm loaves, two for one\nseen"
    assert len(framed.frames) == 2
    assert framed.links[0].url == "https://loaf.test/buy"


def _demo(url: str) -> tuple[bytes, str] | None:
    parts = urlsplit(url)
    answer = site.respond("GET", parts.hostname or "", parts.path or "/")
    return (answer.body, dict(answer.fields)["Content-Type"]) if answer.status == 200 else None


def test_every_region_of_the_demo_page_is_found() -> None:
    inventory = take_at(site.REPOST_URL, _demo)
    ads = [region for region in inventory.regions if region.kind == "ad"]
    # The lazy one is below the view, and nobody has scrolled here.
    wanted = [text for text in site.AD_TEXTS if not text.startswith("AD-LAZY")]
    texts = [_flat(region.text) for region in ads]
    assert [text for text in wanted if sum(text in found for found in texts) != 1] == []
    assert len(ads) == len(site.AD_TEXTS)
    assert [region.filled for region in ads].count(False) == 1
    blocks = [region for region in inventory.regions if region.kind in ("trending", "related")]
    assert Counter(region.heading for region in blocks) == Counter(block.heading for block in site.LINK_BLOCKS)
    (notice,) = [region for region in inventory.regions if region.kind == "disclaimer"]
    assert site.DISCLAIMER in _flat(notice.text)
    assert notice.xpath.endswith("/text()[3]"), "it stands in the footer without an element of its own"
    assert _kinds(inventory)["copyright"] == len(site.COPYRIGHTS)


def test_every_region_is_found_again_in_the_stored_dom_by_its_path() -> None:
    inventory, stored_frames = stored(site.REPOST_URL, _demo)
    by_frame = {
        state.frame: lxml.html.document_fromstring(html)
        for state, html in zip(inventory.frames, stored_frames, strict=True)
        if html
    }
    for region in inventory.regions:
        (node,) = by_frame[region.frame].xpath(region.xpath)
        texts = [node if isinstance(node, str) else node.text_content()]
        # An ad's text is that of its frames, too.
        texts += [document.text_content() for document in by_frame.values() if region.frames]
        for line in region.text.splitlines():
            assert any(_bare(line) in _bare(text) for text in texts), region.xpath


def test_a_shadow_roots_regions_have_a_path_through_its_template() -> None:
    inventory = take(
        "<p>Text</p><div id=host><template shadowrootmode=open><div><div class='ad-slot'></div></div></template></div>"
    )
    assert [region.xpath for region in inventory.regions] == ['//*[@id="host"]/template[1]/div[1]/div[1]']


@pytest.mark.parametrize(
    "script",
    [
        "Element.prototype.getAttribute = () => { throw 1 }; Array.prototype.push = () => { throw 1 }",
        "Object.defineProperty(Node.prototype, 'firstChild', { get() { throw 1 } })",
        "performance.now = () => { throw 1 }; JSON.stringify = RegExp = Map = Set = null",
        "document.querySelectorAll = document.evaluate = () => []; Object.freeze(document)",
    ],
)
def test_a_page_that_replaces_what_we_call_is_read_all_the_same(script: str) -> None:
    inventory = take(f"<script>{script}</script><div id=div-gpt-ad-1></div>")
    assert _kinds(inventory) == {"ad": 1}


def test_names_of_form_fields_and_pictures_stand_in_for_nothing() -> None:
    fields = "".join(
        f"<input name={name}><img name={name}>"
        for name in ("parentNode", "firstChild", "nextSibling", "getAttribute", "localName", "nodeType", "id", "body")
    )
    inventory = take(f"<form id=documentElement><div class=ad-slot></div>{fields}</form><img name=documentElement>")
    assert _kinds(inventory) == {"ad": 1}


@pytest.mark.parametrize(
    ("script", "partial"),
    [
        ("document.body.innerHTML = '<div class=ad-slot></div>'.repeat(100000)", "elements"),
        ("document.body.append('Related, and more. '.repeat(300_000))", "text"),
        ("document.body.innerHTML = '<p>Disclaimer: these opinions are not ours.</p>'.repeat(20000)", "text"),
        (
            "let n = document.body; for (let i = 0; i < 1500; i++) "
            "{ const d = document.createElement('div'); d.className = 'ad related'; n.append(d); n = d }",
            "",
        ),
        (
            "let s = ''; for (let i = 0; i < 30000; i++) s += `<i class=\"${'Zy'.repeat(190)}${i}\"></i>`; "
            "document.body.innerHTML = s",
            "time",
        ),
    ],
)
def test_a_page_made_to_be_too_much_is_cut_short_and_said_to_be(script: str, partial: str) -> None:
    inventory = take(f"<body><script>{script}</script>", Limits(max_ms=20 if partial == "time" else 8_000))
    assert [frame.partial for frame in inventory.frames] == [partial]


def test_a_page_of_many_frames_is_read() -> None:
    began = time.monotonic()
    inventory = take(
        "<body><script>for (let i = 0; i < 60; i++) document.body.append(document.createElement('iframe'))</script>"
    )
    assert len(inventory.frames) == 61
    assert not inventory.partial
    assert time.monotonic() - began < 30


def test_five_thousand_elements_are_within_the_time() -> None:
    inventory = take(pages.heavy(5_000), Limits(max_ms=1_000))
    assert not inventory.partial
    assert inventory.frames[0].elements > 4_500
    assert _kinds(inventory)["ad"] == _kinds(inventory)["related"] > 70

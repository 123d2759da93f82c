"""Two captures of a page that changed around its article: what differs is told, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from archiver import surroundings
from archiver.difference.regions import compare_inventories
from archiver.regions.model import Inventory
from tests.sites.model import Request, Response
from tests.sites.server import LocalWeb
from tests.support.capturing import capture

pytestmark = pytest.mark.browser

_URL = "https://gazette.test/harbour/night-boats/"
_HTML = (b"content-type", b"text/html; charset=utf-8")
_PAGE = """<!doctype html><html lang="en"><title>Night boats</title><body>
<article><h1>Night boats come back to the harbour</h1>
<p>After two winters without them the night boats are to sail again, the port said on Monday. Tickets are sold on board,
as they were before, and the first boat leaves when the lamp on the mole is lit.</p>
<div class="ad-slot" id="slot-1"><span>Advertisement</span><iframe src="https://{seller}.test/slot" width="300"
height="250"></iframe></div>
<p>Skippers had asked for the lamp to be mended first. It now burns all night, and whoever walks along the quay can see
it from the fish market, a keeper said.</p></article>
<section class="popular"><h2>Most read</h2><ul>
<li><a href="/a">The baker who sells bread by the yard</a></li>
<li><a href="/{item}">{headline}</a></li>
<li><a href="/c">A bridge that nobody wants to cross twice</a></li></ul></section>
<footer><p class="legal">{disclaimer}</p><p>&copy; 2026 The Harbour Gazette. All rights reserved.</p></footer></body>"""
_THEN = {
    "seller": "kettles",
    "item": "b",
    "headline": "What the ferryman found below the pier",
    "disclaimer": "This site does not give legal, financial or medical advice. What stands here is for information "
    "only and is no offer to buy or sell anything.",
}
_NOW = {
    "seller": "umbrellas",
    "item": "d",
    "headline": "Why the gulls have left the old warehouse",
    "disclaimer": "This site does not give legal, financial or medical advice. What stands here is for information "
    "only; we are paid by some of the firms that are named.",
}


def web(said: dict[str, str]) -> LocalWeb:
    async def answer(request: Request) -> Response:
        if request.host == "gazette.test" and request.target.startswith("/harbour"):
            return Response(200, b"", [_HTML], _PAGE.format(**said).encode())
        if request.target == "/slot":
            seller = request.host.partition(".")[0]
            link = f'<a href="https://{seller}.test/buy">Buy {seller} of the very best</a>'
            return Response(200, b"", [_HTML], f"<!doctype html><body>{link}".encode())
        return Response(404, b"", [_HTML], b"none")

    return LocalWeb(answer)


@pytest.fixture(scope="module")
def inventories(tmp_path_factory: pytest.TempPathFactory) -> list[Inventory]:
    archive: Path = tmp_path_factory.mktemp("over-time") / "archive"
    found = []
    for said in (_THEN, _THEN, _NOW):
        with web(said) as served:
            snapshot = capture(served, _URL, archive).snapshot
        found.append(surroundings.inventory(snapshot))
    return found


def test_each_kind_is_found(inventories: list[Inventory]) -> None:
    assert [each.counts for each in inventories] == [{"ad": 1, "trending": 1, "disclaimer": 1, "copyright": 1}] * 3


def test_a_page_that_did_not_change_has_no_difference(inventories: list[Inventory]) -> None:
    assert compare_inventories(*inventories[:2]).same


def test_what_was_reworded_sold_and_replaced_is_told_and_nothing_else(inventories: list[Inventory]) -> None:
    change = compare_inventories(*inventories[1:])
    assert [(each.went, each.came) for each in change.kinds] == [((), ())] * 4
    changed = {each.kind: each.changed for each in change.kinds}
    assert [len(changed[kind]) for kind in ("ad", "trending", "disclaimer", "copyright")] == [1, 1, 1, 0]
    (item,) = changed["trending"]
    assert (item.items_gone, item.items_new) == ((_THEN["headline"],), (_NOW["headline"],))
    (wording,) = changed["disclaimer"]
    assert wording.added > 0
    assert wording.removed > 0

"""`archiver regions`, `archiver regions diff`, `archiver find --region`, and the line of `archiver show`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from archiver.archive import Archive
from archiver.cli.find import excerpt
from archiver.regions.model import Link, Picture
from archiver.storage import layout
from tests.support.changing import BEGAN, URL, png
from tests.support.surrounded import CUT, on_tile, region, visit
from tests.unit.cli.conftest import Run

BOOTS = region(
    "ad",
    "Advertisement\n\x1b[31mWarm  boots " + "and more " * 40,
    frame=("//*[@id='slot']/iframe[1]",),
    frame_url="https://ads.test/frame",
    heading="Advertisement",
    pictures=(Picture("https://ads.test/1.png", 300, 250, "Boots"),),
    exchanges=(4, 5, 9),
    rules=("slot name", "ad host"),
    crop=on_tile(),
)
EMPTY = region("ad", hidden="display: none", links=(), filled=False, rules=(), xpath="/html[1]/body[1]/div[7]")
NOTICE = region("disclaimer", "No financial advice. Ask somebody.")
ITEMS = ("Ferry stops", "Rain ahead", "Mayor resigns")


def trending(*items: str) -> Any:
    links = tuple(Link(f"{URL}/{item}", item) for item in items)
    return region("trending", "\n".join(("Trending", *items)), heading="Trending", links=links)


@pytest.fixture
def archive() -> Iterator[Archive]:
    with Archive("archive") as opened:
        yield opened


def objects(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


# regions


def test_the_regions_are_listed_with_all_that_is_told_of_them(archiver: Run, archive: Archive) -> None:
    id_ = visit(archive, [BOOTS, EMPTY, NOTICE])
    code, out, err = archiver("regions", "latest")
    assert (code, err) == (0, "")
    shown = "?[31mWarm boots " + "and more " * 40
    assert out.splitlines() == [
        f"{id_}  {URL}",
        "  2 ad, 1 disclaimer",
        "",
        "  1  ad  30 × 40 px at 10, 20, visible",
        "     in a frame: https://ads.test/frame",
        "     Advertisement",
        f"     {shown[:160]} …",
        "     1 link, 1 picture, 3 exchanges",
        "     by slot name, ad host; confidence 0.75",
        "",
        "  2  ad, empty  30 × 40 px at 10, 20, not to be seen: display: none",
        "     no link, picture or exchange of its own",
        "     by no rule; confidence 0.75",
        "",
        "  3  disclaimer  30 × 40 px at 10, 20, visible",
        "     No financial advice. Ask somebody.",
        "     no link, picture or exchange of its own",
        "     by label; confidence 0.75",
    ]


def test_kinds_can_be_chosen_and_keep_their_numbers(archiver: Run, archive: Archive) -> None:
    visit(archive, [BOOTS, NOTICE, trending(*ITEMS)])
    out = archiver("regions", "--kind", "disclaimer, trending", "latest")[1]
    assert archiver("regions", "--kind", "disclaimer", "--kind", "trending", "latest")[1] == out
    numbered = [line[:15].strip() for line in out.splitlines() if line.startswith("  ") and line[2].isdigit()]
    assert numbered == ["1 ad, 1 trend", "2  disclaimer", "3  trending"]
    assert out.splitlines()[1] == "  1 ad, 1 trending, 1 disclaimer"
    code, _, err = archiver("regions", "latest", "--kind", "ad,adverts")
    assert (code, "there is no kind 'adverts'; there are ad, trending, " in err) == (2, True)


def test_the_list_is_the_command_that_needs_no_name(archiver: Run, archive: Archive) -> None:
    visit(archive, [NOTICE])
    assert archiver("regions", "show", "latest") == archiver("regions", "latest") == archiver("regions", URL)
    code, out, _ = archiver("regions", "--help")
    assert code == 0
    assert "diff" in out


def test_in_json_the_inventory_comes_first_and_then_each_region(archiver: Run, archive: Archive) -> None:
    id_ = visit(archive, [BOOTS, NOTICE], frames=CUT)
    first, ad, notice = objects(archiver("--json", "regions", "latest")[1])
    assert (first["type"], first["snapshot"], first["url"], first["partial"]) == ("inventory", id_, URL, True)
    assert first["counts"] == {"ad": 1, "disclaimer": 1}
    assert first["frames"][1]["partial"] == "time"
    assert (ad["type"], ad["number"], ad["kind"], ad["exchanges"]) == ("region", 1, "ad", [4, 5, 9])
    assert ad["crop"]["record"] == f"urn:fullPage:{URL}"
    assert (notice["text"], len(notice["text_sha256"])) == ("No financial advice. Ask somebody.", 64)


def test_that_there_is_none_and_that_there_may_be_more_is_said(archiver: Run, archive: Archive) -> None:
    visit(archive, [], frames=CUT)
    assert archiver("regions", "latest")[1].splitlines()[1:] == [
        "  no region of any kind was found",
        "  there may be more: 1 frame could not be looked at to the end (time)",
    ]


@pytest.mark.parametrize("command", [("regions",), ("regions", "diff")])
def test_a_snapshot_without_an_inventory_says_so(archiver: Run, archive: Archive, command: tuple[str, ...]) -> None:
    id_ = visit(archive, None, started_at=BEGAN)
    visit(archive, [NOTICE])
    code, out, err = archiver(*command, id_, *((id_,) if "diff" in command else ()))
    assert (code, out) == (6, "")
    assert "has no inventory of regions" in err


def test_pictures_are_written_and_what_has_none_is_counted(archiver: Run, archive: Archive) -> None:
    visit(archive, [NOTICE, BOOTS], tiles=[png((100, 100))])
    code, _, err = archiver("regions", "latest", "--pictures", "cuts")
    assert (code, err) == (0, "1 picture written to cuts; 1 cannot be seen on the screenshot\n")
    assert [path.name for path in Path("cuts").iterdir()] == ["02-ad.png"]
    code, _, err = archiver("regions", "latest", "--pictures", "cuts")
    assert code == 8
    assert "cuts/02-ad.png exists already" in err


# regions diff


def test_a_diff_says_what_came_went_and_changed_and_no_more(archiver: Run, archive: Archive) -> None:
    sold = region("ad", "Soft hats at Hatters", links=(Link("https://hats.test/", "Hats"),))
    bought = region("ad", "Warm boots at Booters", links=(Link("https://boots.test/", "Boots"),))
    reworded = region("disclaimer", "No legal advice. Ask somebody.")
    gone = region("newsletter", "Subscribe to our letter")
    rights = region("copyright", "© The Gazette")
    old = visit(archive, [bought, trending(*ITEMS), NOTICE, gone, rights], started_at=BEGAN)
    new = visit(
        archive, [sold, trending("Ferry stops", "Bridge opens", "Mayor resigns"), reworded, rights],
        started_at=BEGAN + timedelta(1),
    )  # fmt: skip
    code, out, err = archiver("regions", "diff", "latest")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        f"before  {old}  2026-11-25T07:00:00.000000Z",
        f"after   {new}  2026-11-26T07:00:00.000000Z",
        "",
        "ad: 1 changed",
        "  1: something else is in its place: 30 × 40 px",
        "    - Warm boots at Booters https://boots.test/",
        "    + Soft hats at Hatters https://hats.test/",
        "",
        "trending: 1 changed",
        "  2: other items: Trending",
        "    - Rain ahead",
        "    + Bridge opens",
        "",
        "disclaimer: 1 changed",
        "  3: reworded, +1 \u22121 words: 30 × 40 px",
        "    - No financial advice.",
        "    + No legal advice.",
        "",
        "copyright: 1 the same",
        "",
        "newsletter: 1 went",
        "  went 4: Subscribe to our letter",
    ]
    assert archiver("regions", "diff", old, new)[1] == out
    assert "ad:" not in archiver("regions", "diff", old, new, "--kind", "copyright")[1]


def test_a_diff_in_json_is_the_comparison(archiver: Run, archive: Archive) -> None:
    old = visit(archive, [NOTICE], started_at=BEGAN, frames=CUT)
    new = visit(archive, [], started_at=BEGAN + timedelta(1))
    code, out, _ = archiver("--json", "regions", "diff", old, new)
    assert code == 0
    assert json.loads(out) == {
        "type": "region_change",
        "before": old,
        "after": new,
        "same": False,
        "partial": [True, False],
        "kinds": [{"kind": "disclaimer", "went": [1], "came": [], "changed": [], "unchanged": 0}],
    }
    assert "the inventory before is partial" in archiver("regions", "diff", old, new)[1]


def test_a_diff_takes_two_snapshots_or_one_with_one_before_it(archiver: Run, archive: Archive) -> None:
    visit(archive, [NOTICE])
    code, _, err = archiver("regions", "diff", "latest", "latest", "latest")
    assert (code, "name one or two" in err) == (2, True)
    code, _, err = archiver("regions", "diff", "latest")
    assert (code, "is the first complete capture" in err) == (6, True)
    assert "disclaimer: 1 the same" in archiver("regions", "diff", "latest", "latest")[1]


# find --region


def test_captures_that_carried_a_text_are_listed_with_what_they_carried(archiver: Run, archive: Archive) -> None:
    first = visit(archive, [NOTICE, BOOTS], started_at=BEGAN)
    second = visit(archive, [BOOTS], url="https://b.test/", started_at=BEGAN + timedelta(1))
    code, out, err = archiver("find", "--region", "WARM boots")
    assert (code, err) == (0, "")
    told = "Advertisement ?[31mWarm boots and more and more"
    lines = out.splitlines()
    assert lines[0] == f"{second}  2026-11-26 07:00:00  https://b.test/"
    assert lines[1].startswith(f"    1  ad: {told}")
    assert lines[2] == f"{first}  2026-11-25 07:00:00  {URL}"
    assert lines[3].startswith(f"    2  ad: {told}")
    assert archiver("find", "--region", "boots", "--kind", "disclaimer") == (
        0,
        "",
        "no capture in archive has a region with that text\n",
    )


def test_in_json_each_capture_is_an_object(archiver: Run, archive: Archive) -> None:
    id_ = visit(archive, [NOTICE], started_at=BEGAN)
    (found,) = objects(archiver("--json", "find", "--region", "advice")[1])
    assert (found["type"], found["id"], found["url"]) == ("carried", id_, URL)
    assert found["captured_at"] == "2026-11-25T07:00:00.000000Z"
    assert found["regions"] == [{"number": 1, "kind": "disclaimer", "text": NOTICE.text}]


def test_what_does_not_fit_and_what_was_not_searched_is_said(archiver: Run, archive: Archive) -> None:
    ids = [visit(archive, [NOTICE], started_at=BEGAN + timedelta(n)) for n in range(3)]
    bad = visit(archive, [NOTICE], started_at=BEGAN)
    warc = Path(archive.location) / layout.warc(bad)
    warc.chmod(0o600)
    warc.write_bytes(b"damaged")
    _, out, err = archiver("find", "--region", "advice", "--limit", "2")
    assert [line[: len(bad)] for line in out.splitlines()[::2]] == ids[:0:-1]
    assert f"note: {bad} was not searched, and will be tried again: " in err
    assert f"note: 1 more, older, carried it: add --after {ids[1]} for the next ones\n" in err
    _, out, err = archiver("find", "--region", "advice", "--limit", "2", "--after", ids[1])
    assert out.startswith(ids[0])
    assert "more" not in err


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((), "say what to find"),
        (("--similar-to", "latest", "--region", "x"), "say what to find"),
        (("--similar-to", "latest", "--kind", "ad"), "are for --region"),
        (("--similar-to", "latest", "--after", "2026"), "are for --region"),
        (("--region", " "), "no character"),
        (("--region", "x", "--limit", "101"), "101"),
    ],
)
def test_what_cannot_be_asked_is_said(archiver: Run, archive: Archive, arguments: tuple[str, ...], why: str) -> None:
    visit(archive, [NOTICE])
    code, out, err = archiver("find", *arguments)
    assert (code, out) == (2, "")
    assert why in err


def test_an_excerpt_is_what_stands_round_the_words() -> None:
    text = f"{'a' * 300}\nNo  financial ADVICE {'b' * 300}"
    assert excerpt(text, "financial\tadvice") == f"… {'a' * 56} No financial ADVICE {'b' * 59} …"
    assert excerpt("Straße", "STRASSE") == "Straße"


# show


def test_show_counts_them_by_kind(archiver: Run, archive: Archive) -> None:
    visit(archive, [NOTICE, BOOTS, EMPTY])
    assert "regions: 2 ad, 1 disclaimer\n" in archiver("show", "latest")[1]
    visit(archive, [], frames=CUT)
    assert "regions: none; some of the page was not looked at\n" in archiver("show", "latest")[1]
    visit(archive, None)
    assert "regions:" not in archiver("show", "latest")[1]

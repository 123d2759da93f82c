"""What changed between two captures of a page, whatever the page is and whatever of it cannot be read."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from archiver import changes
from archiver.archive import Archive
from archiver.changes import Change, compare, document, previous, sentence, since_previous
from archiver.errors import NotFoundError
from archiver.model import Outcome
from archiver.provenance import limits
from archiver.storage import layout
from archiver.withdrawing import withdraw
from tests.support.changing import BEGAN, STORY, URL, answered, png, story, visit
from tests.unit.provenance.texts import sentence as made_up
from tests.unit.recordings import recording

LATER = BEGAN + timedelta(days=1)
VIEW = png((100, 100))


@pytest.fixture
def archive() -> Iterator[Archive]:
    with Archive("archive") as opened:
        yield opened


def after(archive: Archive, id_: str) -> Change:
    change = since_previous(archive, id_)
    assert json.loads(json.dumps(document(change)))["kind"] == change.kind
    return change


# which capture is compared with which


def test_the_first_capture_of_a_url_is_said_to_be_it(archive: Archive) -> None:
    visit(archive, story(), url="https://a.test/other", started_at=BEGAN)
    change = after(archive, visit(archive, story(), title="A story", started_at=LATER))
    assert (change.kind, change.before, change.since_s, change.text) == ("first", None, None, None)
    assert (change.status, change.title, change.final_url) == ((None, 200), (None, "A story"), (None, URL))
    assert sentence(change) == "first capture of this URL"


def test_the_previous_one_is_the_newest_complete_one_of_the_same_url_before(archive: Archive) -> None:
    def at(hours: int) -> datetime:
        return BEGAN + timedelta(hours=hours)

    first = visit(archive, story(), started_at=at(0))
    late = visit(archive, story(), started_at=at(9))
    second = visit(archive, story(), started_at=at(1))
    visit(archive, story(), started_at=at(2), outcome=Outcome.PARTIAL)
    gone = visit(archive, story(), started_at=at(3))
    visit(archive, story(), url=f"{URL}#part", started_at=at(4))
    partial = visit(archive, story(), started_at=at(5), outcome=Outcome.PARTIAL)
    withdraw(archive, gone, "an order")
    found = {id_: previous(archive, id_) for id_ in (first, second, partial, late)}
    assert {id_: one and one.id for id_, one in found.items()} == {
        first: None, second: first, partial: second, late: second,
    }  # fmt: skip


def test_of_two_captures_of_one_moment_the_smaller_id_is_the_previous_one(archive: Archive) -> None:
    ids = sorted(visit(archive, story(), started_at=BEGAN) for _ in range(3))
    found = [previous(archive, id_) for id_ in ids]
    assert [one and one.id for one in found] == [None, ids[0], ids[1]]


def test_of_an_unknown_and_of_a_withdrawn_capture_nothing_is_said(archive: Archive) -> None:
    gone = visit(archive, story(), started_at=BEGAN)
    withdraw(archive, gone, "an order")
    for ref in (gone, "20261125t070000z-aaaaaaaaaaaaaaaa"):
        with pytest.raises(NotFoundError, match=r"was withdrawn|no snapshot"):
            since_previous(archive, ref)


# what is compared


def test_a_page_with_the_same_article_is_unchanged_whatever_stands_round_it(archive: Archive) -> None:
    visit(archive, story(), text="story\nads", view=VIEW, started_at=BEGAN)
    html = story(after="<aside><p>Another advertisement</p></aside>")
    change = after(archive, visit(archive, html, text="story\nother ads", view=VIEW, started_at=LATER))
    assert change.kind == "unchanged"
    assert change.text is not None
    assert (change.text.compared, change.text.same, change.text.exact) == ("article", True, True)
    assert change.text.after == change.text.before > sum(len(each.split()) for each in STORY)
    assert sentence(change) == "unchanged since 2026-11-25 07:00 UTC: same article, other text of the page differs"
    assert change.since_s == 86400


def test_words_of_the_article_that_changed_are_counted(archive: Archive) -> None:
    visit(archive, story(), view=VIEW, started_at=BEGAN)
    added = made_up(77, 20)
    change = after(archive, visit(archive, story([*STORY[1:], added]), view=VIEW, started_at=LATER))
    assert change.kind == "changed"
    assert change.text is not None
    assert (change.text.added, change.text.removed) == (20, len(STORY[0].split()))
    assert sentence(change) == f"changed since 2026-11-25 07:00 UTC: text +20 \u2212{len(STORY[0].split())} words"


def test_many_frames_and_odd_ones_do_not_hide_the_article(archive: Archive) -> None:
    ads = [*("<p>An advertisement</p>",) * 60, "<script type='application/ld+json'>{</script>", "<b>" * 3000]
    html = story(head="<script type='application/ld+json'>{</script>" + "<meta name=x content=y>" * 1200)
    visit(archive, html, text="1", others=ads, started_at=BEGAN)
    change = after(archive, visit(archive, html, text="2", others=ads[::-1], started_at=LATER))
    assert change.text is not None
    assert (change.kind, change.text.compared) == ("unchanged", "article")
    assert [each.split(":")[0] for each in change.not_compared] == ["picture of the full page", "picture"]


@pytest.mark.parametrize("part", ["lead", "before", "tail"])
def test_a_headline_and_a_quotation_belong_to_the_text(archive: Archive, part: str) -> None:
    quoted = f"<blockquote><p>“{made_up(5, 40)}”</p></blockquote>"
    old = {"lead": story(), "before": story(), "tail": story(tail=quoted + f"<p>{made_up(6, 30)}</p>")}[part]
    new = {
        "lead": story(lead="Not "),
        "before": story().replace("<h1>Ferry line", "<h1>No ferry line"),
        "tail": old.replace(made_up(5, 40).split()[20], "never", 1),
    }[part]
    assert old != new
    visit(archive, old, started_at=BEGAN)
    change = after(archive, visit(archive, new, started_at=LATER))
    assert change.kind == "changed"
    assert change.text is not None
    assert change.text.compared == "article"
    assert 1 <= change.text.added <= 3


def test_a_page_without_an_article_is_compared_by_all_its_text(archive: Archive) -> None:
    html = "<body><p>Not found</p></body>"
    visit(archive, html, text="Not found\nat 7", view=VIEW, started_at=BEGAN)
    change = after(archive, visit(archive, html, text="Not found\nat 8", view=VIEW, started_at=LATER))
    assert change.text is not None
    assert (change.text.compared, change.text.added, change.text.removed) == ("page", 1, 1)
    assert sentence(change).endswith("text of the whole page +1 \u22121 words")
    assert [each.split(":")[0] for each in change.not_compared if "picture" not in each] == ["article", "article"]


def test_status_title_and_address_each_make_it_changed(archive: Archive) -> None:
    usual: dict[str, Any] = {"text": "the same", "view": VIEW}
    visit(archive, story(), started_at=BEGAN, **usual)
    status = after(archive, visit(archive, story(), started_at=BEGAN + timedelta(1), main=answered(404), **usual))
    visit(archive, story(), started_at=BEGAN + timedelta(2), **usual)
    title = after(archive, visit(archive, story(), started_at=BEGAN + timedelta(3), title="\x1b[2J", **usual))
    url = after(
        archive,
        visit(archive, story(), started_at=BEGAN + timedelta(4), title="\x1b[2J", final_url=f"{URL}?x", **usual),
    )
    told = [sentence(change).split(": ")[1] for change in (status, title, url)]
    assert told == ["status 200 → 404", "title", "final URL"]
    assert {change.kind for change in (status, title, url)} == {"changed"}
    assert (status.status, title.title) == ((200, 404), ("A page", "\x1b[2J"))


def test_a_picture_alone_makes_no_change_and_is_said(archive: Archive) -> None:
    visit(archive, story(), text="same", tiles=[png((100, 100))], started_at=BEGAN)
    banner = png((100, 100), (0, 0, 60, 7))
    change = after(archive, visit(archive, story(), text="same", tiles=[banner], started_at=LATER))
    assert change.kind == "unchanged"
    assert sentence(change) == "unchanged since 2026-11-25 07:00 UTC: same article, picture 4.2 % different"
    assert change.picture is not None
    assert (change.picture.shown, change.picture.box) == ("full_page", (0, 0, 60, 7))


def test_where_one_has_no_full_page_the_viewport_is_compared(archive: Archive) -> None:
    visit(archive, story(), tiles=[png()], view=VIEW, started_at=BEGAN)
    second = visit(archive, story(), view=png((100, 100), (0, 0, 10, 10)), started_at=LATER)
    change = after(archive, second)
    assert change.picture is not None
    assert (change.picture.shown, change.picture.share) == ("viewport", 0.01)
    assert change.not_compared == (
        f"picture of the full page: {second} has no full-screenshot: see the warnings of its capture",
    )


def test_all_tiles_of_a_high_page_are_compared(archive: Archive) -> None:
    url = f"{URL}#tile=1"  # a page may be called so
    tile = png((100, 80))
    visit(archive, story(), url=url, tiles=[tile] * 12, started_at=BEGAN)
    other = [*[tile] * 11, png((100, 80), (10, 20, 30, 40))]
    change = after(archive, visit(archive, story(), url=url, tiles=other, started_at=LATER))
    assert change.picture is not None
    assert (change.picture.after, change.picture.box) == ((100, 960), (10, 11 * 80 + 20, 30, 11 * 80 + 40))


def test_pictures_of_two_devices_are_not_compared(archive: Archive) -> None:
    browser = recording().browser
    visit(archive, story(), view=VIEW, started_at=BEGAN)
    phone = replace(browser, viewport=(412, 915))
    change = after(archive, visit(archive, story(), view=VIEW, browser=phone, started_at=LATER))
    assert change.picture is None
    assert change.not_compared == (
        "picture: the page was seen by two devices, 1366 × 768 px at 1.0 and 412 × 915 px at 1.0",
    )
    assert sentence(change).endswith("same article, picture not compared")


def test_where_all_visible_text_is_the_same_so_is_the_text(archive: Archive) -> None:
    visit(archive, story(), text="\n".join(STORY), started_at=BEGAN)
    hidden = story(STORY[:12])
    change = after(archive, visit(archive, hidden, text="\n".join(STORY), started_at=LATER))
    assert change.kind == "unchanged"
    assert change.text is not None
    assert change.text.compared == "page"
    assert "article: all visible text is the same" in change.not_compared


@pytest.mark.parametrize(("content", "kind"), [(b"%PDF-1.7 one", "unchanged"), (b"%PDF-1.7 two", "changed")])
def test_a_document_without_text_is_compared_byte_for_byte(archive: Archive, content: bytes, kind: str) -> None:
    visit(archive, main=answered(200, b"%PDF-1.7 one"), started_at=BEGAN)
    change = after(archive, visit(archive, main=answered(200, content), started_at=LATER))
    assert (change.kind, change.document_same, change.text) == (kind, kind == "unchanged", None)
    assert sentence(change).split(": ")[1].startswith({"unchanged": "same document", "changed": "main doc"}[kind])
    assert [each.split(":")[0] for each in change.not_compared] == [
        "article", "article", "text", "picture of the full page", "picture",
    ]  # fmt: skip


# what cannot be read


def test_whether_a_page_changed_is_unknown_where_one_text_is_missing(archive: Archive) -> None:
    visit(archive, story(), text="some", started_at=BEGAN)
    change = after(archive, visit(archive, started_at=LATER))
    assert (change.kind, change.text) == ("unknown", None)
    assert sentence(change) == (
        "not known whether it changed since 2026-11-25 07:00 UTC: text not compared, picture not compared"
    )


def test_a_damaged_warc_is_named_and_raises_nothing(archive: Archive) -> None:
    first = visit(archive, story(), text="text", view=VIEW, started_at=BEGAN)
    second = visit(archive, story(), text="other", view=VIEW, title="Another", started_at=LATER)
    warc = Path(archive.location) / layout.warc(first)
    warc.chmod(0o600)
    warc.write_bytes(b"damaged")
    change = after(archive, second)
    assert (change.kind, change.text, change.picture, change.page_text_same) == ("changed", None, None, False)
    assert sentence(change).endswith("text of the whole page, title, picture not compared")
    assert all("damaged" in each or "has no full" in each for each in change.not_compared)


@pytest.mark.parametrize("view", [b"\x89PNG made up", png()[:100]])
def test_a_broken_picture_is_named(archive: Archive, view: bytes) -> None:
    visit(archive, story(), view=VIEW, started_at=BEGAN)
    second = visit(archive, story(), view=view, started_at=LATER)
    change = after(archive, second)
    assert (change.kind, change.picture) == ("unchanged", None)
    assert f"picture: the screenshot of {second} is " in change.not_compared[-1]


def test_pictures_of_too_many_bytes_are_not_read(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "MAX_PICTURE_BYTES", 2 * len(VIEW))
    visit(archive, story(), view=VIEW, tiles=[VIEW] * 3, started_at=BEGAN)
    change = after(archive, visit(archive, story(), view=VIEW, tiles=[VIEW] * 3, started_at=LATER))
    assert change.picture is not None
    assert change.picture.shown == "viewport"
    assert "bytes" in change.not_compared[0]


@pytest.mark.parametrize("end", ["", " and more"])
def test_of_a_text_of_50_megabytes_only_that_it_differs_is_said(archive: Archive, end: str) -> None:
    html = story(tail=f"<p>{'word ' * (limits.MAX_TEXT_CHARS // 4)}</p>")
    visit(archive, html, text="word " * 10_000_000, started_at=BEGAN)
    later = visit(archive, html, text="word " * 10_000_000 + end, started_at=LATER)
    began = time.process_time()
    change = after(archive, later)
    assert time.process_time() - began < 30
    assert (change.kind, change.text) == ("changed" if end else "unchanged", None)
    assert any("has more than 4,000,000 bytes" in each for each in change.not_compared)
    assert ("text of the whole page" if end else "same text") in sentence(change)


def test_where_the_one_text_is_too_long_the_articles_as_far_as_read_are_compared(archive: Archive) -> None:
    html = story(tail=f"<p>{'word ' * (limits.MAX_TEXT_CHARS // 4)}</p>")
    visit(archive, html, text="word " * 1_000_000, started_at=BEGAN)
    change = after(archive, visit(archive, html.replace(STORY[0], "No."), text="x" * 5_000_000, started_at=LATER))
    assert change.text is not None
    assert change.text.compared == "article"
    assert change.text.removed >= len(STORY[0].split())
    assert any("not read" in each for each in change.not_compared)


def test_two_snapshots_named_are_compared_in_the_order_given(archive: Archive) -> None:
    first = archive.find(visit(archive, story(), started_at=BEGAN))
    second = archive.find(visit(archive, story(STORY[2:]), url="https://b.test/", started_at=LATER))
    there, back = compare(first, second), compare(second, first)
    assert there.text is not None
    assert back.text is not None
    assert (there.text.added, there.text.removed) == (back.text.removed, back.text.added)
    assert back.since_s == -86400
    assert compare(first, first).kind == "unchanged"


@pytest.mark.parametrize("odd", [None, 7, "text", [], {}, {"viewport": 7, "status": None, "sha256": [1]}])
def test_a_statement_that_somebody_else_made_up_is_compared_as_far_as_it_goes(archive: Archive, odd: Any) -> None:
    first = archive.find(visit(archive, story(), view=VIEW, started_at=BEGAN))
    later = "2026-11-26T08:00:00+01:00"
    statement = {**first.statement, "conditions": odd, "title": odd, "main_document": odd, "started_at": later}
    change = compare(first, replace(first, statement=statement))
    assert change.kind == "changed"
    assert change.since_s == 86400
    assert document(change)["after_at"] == "2026-11-26T07:00:00.000000Z"
    assert sentence(change).startswith("changed since 2026-11-25 07:00 UTC: ")


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0.0, "0.0 %"), (0.0000001, "under 0.1 %"), (0.042, "4.2 %"), (0.99996, "99.9 %"), (1.0, "100 %")],
)
def test_a_share_is_neither_nothing_nor_all_unless_it_is(share: float, shown: str) -> None:
    assert changes.percent(share) == shown


def test_a_paragraph_that_the_extractor_passes_over_is_compared_all_the_same(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archiver.provenance.page._is_main", lambda block, *_: STORY[16] not in block.text)
    visit(archive, story(), started_at=BEGAN)
    edited = [*STORY[:15], STORY[15].replace(" ", " never ", 1), *STORY[16:]]
    change = after(archive, visit(archive, story(edited), started_at=LATER))
    assert f"{STORY[15]} {STORY[16]}" in story(), "they are of one paragraph"
    assert change.text is not None
    assert (change.text.compared, change.text.added, change.text.removed) == ("article", 1, 0)

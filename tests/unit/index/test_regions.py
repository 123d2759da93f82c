"""What regions say is searched as people type it, and nothing of a withdrawn capture stays."""

from __future__ import annotations

from itertools import islice

import pytest
import sqlalchemy as sa

from archiver.index import follow, queries, regions, schema
from archiver.index.database import Database
from archiver.index.opening import rebuild_index
from archiver.index.queries import Capture, Filter
from archiver.index.regions import MAX_SOUGHT_CHARACTERS, RegionText, Sought, fold
from tests.support.logs import Log, at, intent, withdrawn
from tests.unit.support import seconds


def listed(index: Database, text: str, *kinds: str) -> list[str]:
    sought = Sought(fold(text), kinds)
    return [found.id for found in queries.listing(index, Filter(region=sought))]


def with_regions(index: Database, log: Log, *texts: str, kind: str = "ad", seconds: float = 0) -> str:
    id_ = log.capture("https://a.test/", at(seconds))
    follow.catch_up(index, log.store)
    regions.put(index, {id_: [RegionText(number, kind, text) for number, text in enumerate(texts, 1)]})
    return id_


def rows_of(index: Database, table: sa.Table) -> int:
    with index.reading() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def test_a_text_is_found_in_whichever_captures_carried_it_newest_first(index: Database, log: Log) -> None:
    first = with_regions(index, log, "Warm boots", "Soft hats", seconds=0)
    with_regions(index, log, "Soft hats", seconds=10)
    last = with_regions(index, log, "Warm boots", seconds=20)
    assert listed(index, "boots") == [last, first]
    assert rows_of(index, schema.region_texts) == 2, "a text is there once"


@pytest.mark.parametrize(
    "asked", ["WARM  boots", "warm\nBOOTS", " rm bo ", "\uff37arm bo\u00adots", "100 % straße_", "100 % STRASSE_ \\"]
)
def test_case_white_space_and_forms_of_letters_do_not_count(asked: str, index: Database, log: Log) -> None:
    one = with_regions(index, log, "Warm\n Boots, 100 % STRASSE_ \\ of")
    with_regions(index, log, "warmboots 1000 strasse\u0000")
    assert listed(index, asked) == [one]


@pytest.mark.parametrize("asked", ["%", "_", "\\", "/", "'"])
def test_no_character_stands_for_others(asked: str, index: Database, log: Log) -> None:
    with_regions(index, log, "Warm boots")
    one = with_regions(index, log, f"Warm {asked} boots")
    assert listed(index, asked) == [one]


def test_a_long_text_is_found_by_all_of_it(index: Database, log: Log) -> None:
    text = "%\U0001f4a9" * (MAX_SOUGHT_CHARACTERS // 2)
    one = with_regions(index, log, f"before {text} after")
    assert listed(index, text) == [one]


def test_a_letter_with_very_many_marks_is_folded_in_no_time() -> None:
    assert seconds(lambda: fold("a" + "\u0301\u0316" * 50_000)) < 1
    assert fold("E\u0301") == fold("\u00e9")


def test_kinds_can_be_asked_for(index: Database, log: Log) -> None:
    ad = with_regions(index, log, "Not advice", kind="ad")
    notice = with_regions(index, log, "Not advice", kind="disclaimer", seconds=1)
    assert listed(index, "advice", "ad") == [ad]
    assert listed(index, "advice", "ad", "disclaimer") == [notice, ad]


def test_the_regions_themselves_are_given_by_number(index: Database, log: Log) -> None:
    id_ = with_regions(index, log, "Warm boots", "Hats", "warm BOOTS")
    with_regions(index, log, "Warm boots")
    found = regions.matching(index, [id_], Sought(fold("warm boots")))
    assert found == {id_: [RegionText(1, "ad", "Warm boots"), RegionText(3, "ad", "warm BOOTS")]}


def test_a_list_is_counted_and_goes_on_where_it_was_broken_off(index: Database, log: Log) -> None:
    ids = [with_regions(index, log, "Boots", seconds=number // 2) for number in range(7)]
    wanted = Sought("boots")
    assert queries.count(index, Filter(region=wanted, limit=2)) == 7
    last: Capture | None = None
    found: list[str] = []
    while page := list(islice(queries.listing(index, Filter(region=wanted, after=last)), 2)):
        found += [each.id for each in page]
        last = page[-1]
    assert found == ids[::-1]


def test_what_is_unread_has_a_snapshot_and_was_not_put_in(index: Database, log: Log) -> None:
    read, empty, fresh = (log.capture() for _ in range(3))
    log.add(intent(log.new_id()))
    log.add(withdrawn(log.capture()))
    follow.catch_up(index, log.store)
    assert regions.unread(index) == [read, empty, fresh]
    regions.put(index, {read: [RegionText(1, "ad", "Boots")], empty: []})
    assert regions.unread(index) == [fresh]


def test_who_puts_in_the_same_again_changes_nothing(index: Database, log: Log) -> None:
    id_ = with_regions(index, log, "Boots")
    regions.put(index, {id_: [RegionText(1, "ad", "Hats"), RegionText(2, "ad", "Gloves")]})
    assert (listed(index, "boots"), listed(index, "hats")) == ([id_], [])


def test_a_capture_withdrawn_meanwhile_is_not_put_in(index: Database, log: Log) -> None:
    id_ = log.capture()
    log.add(withdrawn(id_))
    follow.catch_up(index, log.store)
    regions.put(index, {id_: [RegionText(1, "ad", "Boots")]})
    assert rows_of(index, schema.regions) == rows_of(index, schema.region_reads) == 0


def test_of_a_withdrawn_capture_nothing_stays_but_texts_that_others_carry(index: Database, log: Log) -> None:
    gone = with_regions(index, log, "Boots", "Hats")
    stays = with_regions(index, log, "Boots")
    log.add(withdrawn(gone))
    follow.catch_up(index, log.store)
    assert (listed(index, "boots"), listed(index, "hats")) == ([stays], [])
    tables = (schema.regions, schema.region_texts, schema.region_reads)
    assert [rows_of(index, table) for table in tables] == [1, 1, 1]


def test_an_index_made_again_has_none_and_can_be_filled_again(index: Database, log: Log, location: str) -> None:
    id_ = with_regions(index, log, "Boots")
    rebuild_index(location, log.store)
    assert listed(index, "boots") == []
    assert regions.unread(index) == [id_]
    regions.put(index, {id_: [RegionText(1, "ad", "Boots")]})
    assert listed(index, "boots") == [id_]

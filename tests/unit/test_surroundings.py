"""Inventories are read as they are stored, cut out as pictures, and searched; what cannot be is said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from archiver import surroundings
from archiver.archive import Archive
from archiver.errors import NotFoundError, StorageError, UsageError
from archiver.regions.model import Inventory, Picture, Region
from archiver.storage import layout
from archiver.surroundings import Found
from archiver.withdrawing import withdraw
from tests.support.changing import BEGAN, png
from tests.support.surrounded import WHOLE, on_tile, region, visit

BOOTS = region("ad", "Warm boots", crop=on_tile())
NOTICE = region("disclaimer", "No financial advice.")


@pytest.fixture
def archive() -> Iterator[Archive]:
    with Archive("archive") as opened:
        yield opened


def ids(found: Found) -> list[str]:
    return [each.capture.id for each in found.carried]


def damage(archive: Archive, id_: str) -> None:
    warc = Path(archive.location) / layout.warc(id_)
    warc.chmod(0o600)
    warc.write_bytes(b"damaged")


# reading


def test_an_inventory_is_what_the_capture_stored(archive: Archive) -> None:
    id_ = visit(archive, [BOOTS, NOTICE])
    assert surroundings.inventory(archive.find(id_)) == Inventory((BOOTS, NOTICE), WHOLE)


def test_it_can_be_taken_out_as_a_part(archive: Archive) -> None:
    snapshot = archive.find(visit(archive, [NOTICE]))
    assert b"No financial advice." in b"".join(snapshot.part("regions"))


def test_a_snapshot_without_one_says_so(archive: Archive) -> None:
    snapshot = archive.find(visit(archive, None))
    with pytest.raises(NotFoundError, match="has no inventory of regions"):
        surroundings.inventory(snapshot)


@pytest.mark.parametrize("data", [b"no JSON", b"[]", b'{"version":99,"frames":[],"regions":[]}'])
def test_one_that_cannot_be_read_says_so(archive: Archive, data: bytes) -> None:
    snapshot = archive.find(visit(archive, data))
    with pytest.raises(StorageError, match=r"the inventory of regions of .* cannot be read"):
        surroundings.inventory(snapshot)


# pictures


def cut(archive: Archive, *regions: Region, tiles: tuple[bytes, ...]) -> dict[str, Image.Image]:
    snapshot = archive.find(visit(archive, regions, tiles=tiles))
    wanted = list(enumerate(surroundings.inventory(snapshot).regions, 1))
    return {each.name: Image.open(BytesIO(each.png)) for each in surroundings.pictures(snapshot, wanted)}


def test_a_region_is_cut_out_of_its_tile(archive: Archive) -> None:
    second = png((100, 100), (10, 20, 40, 60), colour="red")
    lower = region("ad", "Hats", crop=on_tile(1))
    found = cut(archive, BOOTS, NOTICE, lower, tiles=(png((100, 100)), second))
    assert sorted(found) == ["01-ad.png", "03-ad.png"]
    assert [found[name].getcolors() for name in sorted(found)] == [
        [(1200, (255, 255, 255))],
        [(1200, (255, 0, 0))],
    ]
    assert found["03-ad.png"].size == (30, 40)


def test_what_lies_beyond_the_picture_is_left_out(archive: Archive) -> None:
    regions = (region("ad", crop=on_tile(x=90, y=-5)), region("ad", crop=on_tile(x=100)))
    found = cut(archive, *regions, tiles=(png((100, 100)),))
    assert {name: picture.size for name, picture in found.items()} == {"01-ad.png": (10, 35)}


def test_a_picture_that_the_snapshot_has_not_is_damage(archive: Archive) -> None:
    with pytest.raises(StorageError, match="they name pictures that it has not"):
        cut(archive, BOOTS, tiles=())
    with pytest.raises(StorageError, match="is no PNG"):
        cut(archive, BOOTS, tiles=(b"no picture",))


def test_pictures_are_written_into_a_new_folder_and_never_over_others(archive: Archive, tmp_path: Path) -> None:
    snapshot = archive.find(visit(archive, [BOOTS], tiles=[png((100, 100))]))
    folder = tmp_path / "deep" / "er"
    wanted = [(1, BOOTS)]
    assert surroundings.write_pictures(surroundings.pictures(snapshot, wanted), folder) == [folder / "01-ad.png"]
    (folder / "01-ad.png").write_bytes(b"mine")
    with pytest.raises(StorageError, match=r"01-ad.png exists already; name another folder"):
        surroundings.write_pictures(surroundings.pictures(snapshot, wanted), folder)
    assert (folder / "01-ad.png").read_bytes() == b"mine"


# searching


def test_the_captures_that_carried_a_text_are_found_newest_first(archive: Archive) -> None:
    first = visit(archive, [BOOTS, NOTICE], started_at=BEGAN)
    visit(archive, [NOTICE], started_at=BEGAN + timedelta(1))
    last = visit(archive, [NOTICE, BOOTS], url="https://b.test/", started_at=BEGAN + timedelta(2))
    found = surroundings.find(archive, "WARM  boots")
    assert ids(found) == [last, first]
    assert [[(each.number, each.kind) for each in one.regions] for one in found.carried] == [[(2, "ad")], [(1, "ad")]]
    assert (found.more, found.unread) == (0, ())
    assert ids(surroundings.find(archive, "warm boots", ["disclaimer"])) == []


def test_a_heading_and_what_a_picture_says_in_its_place_are_searched(archive: Archive) -> None:
    shown = region("ad", "", heading="Sponsored", pictures=(Picture("https://a.test/1.png", 300, 250, "Soft hats"),))
    id_ = visit(archive, [shown])
    assert ids(surroundings.find(archive, "sponsored soft HATS")) == [id_]


def test_each_inventory_is_read_once_and_later_ones_when_asked_again(archive: Archive) -> None:
    first = visit(archive, [BOOTS], started_at=BEGAN)
    visit(archive, None, started_at=BEGAN)
    done: list[tuple[int, int]] = []
    assert ids(surroundings.find(archive, "boots", on_progress=lambda *at: done.append(at))) == [first]
    assert done == [(2, 2)]
    damage(archive, first)
    second = visit(archive, [BOOTS])
    assert ids(surroundings.find(archive, "boots", on_progress=lambda *at: done.append(at))) == [second, first]
    assert done[1:] == [(1, 1)]


def test_an_index_made_again_is_filled_again(archive: Archive) -> None:
    id_ = visit(archive, [BOOTS])
    surroundings.find(archive, "boots")
    archive.rebuild_index()
    assert ids(surroundings.find(archive, "boots")) == [id_]


def test_a_withdrawn_capture_is_not_found_any_more(archive: Archive) -> None:
    gone, stays = visit(archive, [BOOTS]), visit(archive, [BOOTS])
    surroundings.find(archive, "boots")
    withdraw(archive, gone, "an order")
    assert ids(surroundings.find(archive, "boots")) == [stays]


@pytest.mark.parametrize("how", ["damaged", "malformed"])
def test_what_cannot_be_read_is_named_each_time_and_does_not_stop_the_search(archive: Archive, how: str) -> None:
    bad = visit(archive, [BOOTS] if how == "damaged" else b"no inventory")
    if how == "damaged":
        damage(archive, bad)
    good = visit(archive, [BOOTS])
    for _ in range(2):
        found = surroundings.find(archive, "boots")
        assert ids(found) == [good]
        assert [each.id for each in found.unread] == [bad]


def test_a_store_that_cannot_be_reached_is_an_error_and_not_a_snapshot_that_cannot_be_read(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit(archive, [BOOTS])

    def fail(*_: object) -> None:
        raise StorageError("no route to the store")

    monkeypatch.setattr("archiver.storage.local.LocalStore.stat", fail)
    monkeypatch.setattr(archive, "snapshot_of", fail)
    with pytest.raises(StorageError, match="no route"):
        surroundings.find(archive, "boots")


def test_a_long_list_says_how_many_follow_and_goes_on(archive: Archive) -> None:
    made = [visit(archive, [BOOTS], started_at=BEGAN + timedelta(number)) for number in range(5)]
    first = surroundings.find(archive, "boots", limit=2)
    assert (ids(first), first.more) == (made[:2:-1], 3)
    second = surroundings.find(archive, "boots", limit=2, after=ids(first)[-1])
    last = surroundings.find(archive, "boots", limit=2, after=ids(second)[-1])
    assert ids(first) + ids(second) + ids(last) == made[::-1]
    assert (second.more, last.more) == (1, 0)


@pytest.mark.parametrize(("text", "why"), [(" \u200b\n", "no character"), ("x" * 7000, "more than 6,000")])
def test_a_text_that_is_none_or_too_long_is_refused(archive: Archive, text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        surroundings.find(archive, text)

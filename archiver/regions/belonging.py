"""What belongs to the regions of an inventory: the exchanges that brought them, and their place in the screenshot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from archiver.regions.model import Crop, Inventory, Region

_MAX_EXCHANGES = 500


@dataclass(frozen=True)
class Brought:
    """An exchange: its number, its address, and the exchange that was redirected to it."""

    number: int
    url: str
    redirect_of: int | None


@dataclass(frozen=True)
class Tile:
    """A full-page screenshot, or the part of one that begins `top` CSS pixels below the page's upper edge.

    Its size is in pixels of the picture, of which `ratio` make one of the page.
    """

    record: str
    top: float
    width: int
    height: int
    ratio: float


def with_exchanges(inventory: Inventory, asked: Mapping[str, Sequence[str]], brought: Sequence[Brought]) -> Inventory:
    """Give each region the numbers of its exchanges, ascending.

    They are those of its frames, by the addresses that each frame `asked` for, with all that led to them by redirects;
    and those of its pictures. An address that was asked for twice brings both exchanges, as nobody can tell them apart.
    """
    by_url: dict[str, list[Brought]] = defaultdict(list)
    by_number = {each.number: each for each in brought}
    for each in brought:
        by_url[_plain(each.url)].append(each)

    def numbers(region: Region) -> tuple[int, ...]:
        urls = [url for frame in region.frames for url in asked.get(frame, ())]
        urls += [picture.url for picture in region.pictures]
        found: set[int] = set()
        for each in (each for url in dict.fromkeys(map(_plain, urls)) for each in by_url.get(url, ())):
            current: Brought | None = each
            while current is not None and current.number not in found:
                found.add(current.number)
                current = None if current.redirect_of is None else by_number.get(current.redirect_of)
        return tuple(sorted(found)[:_MAX_EXCHANGES])

    return replace(inventory, regions=tuple(replace(each, exchanges=numbers(each)) for each in inventory.regions))


def with_crops(inventory: Inventory, tiles: Iterable[Tile]) -> Inventory:
    """Give each region that can be seen its place in the screenshot: in the tile that its upper edge is in."""
    there = list(tiles)
    return replace(inventory, regions=tuple(replace(each, crop=_crop(each, there)) for each in inventory.regions))


def _crop(region: Region, tiles: Sequence[Tile]) -> Crop | None:
    if region.hidden:
        return None
    for tile in tiles:
        left, top = region.box.x * tile.ratio, (region.box.y - tile.top) * tile.ratio
        right, bottom = left + region.box.width * tile.ratio, top + region.box.height * tile.ratio
        if not 0 <= max(top, 0) < tile.height or bottom <= 0:
            continue
        x, y = max(round(left), 0), max(round(top), 0)
        width, height = min(round(right), tile.width) - x, min(round(bottom), tile.height) - y
        if width > 0 and height > 0:
            return Crop(tile.record, x, y, width, height)
    return None


def _plain(url: str) -> str:
    """What goes over the wire: without its fragment."""
    return url.partition("#")[0]

"""What stood around the articles of an archive: inventories as they are stored, their pictures, and the search in them.

Inventories lie in WARCs. `find` reads those that the index does not have yet, once each, and then asks the index.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path

import orjson
from PIL import Image

from archiver.archive import Archive
from archiver.difference.picture import Picture, PictureError
from archiver.errors import ArchiverError, NotFoundError, StorageError, UsageError
from archiver.index import queries, regions
from archiver.index.queries import Capture, Filter
from archiver.index.regions import MAX_SOUGHT_CHARACTERS, RegionText, Sought, fold
from archiver.regions.model import Inventory, Kind, Region, from_document
from archiver.snapshot import Snapshot
from archiver.storage import layout

OnProgress = Callable[[int, int], None]

_MAX_INVENTORY_BYTES = 64 << 20
_MAX_TILE_BYTES = 96 << 20
_MAX_SEARCHED_CHARACTERS = 100_000
_STRETCH = 64  # snapshots read for one transaction
_THREADS = 8  # reading is waiting, most of all for a store across a network


@dataclass(frozen=True)
class Carried:
    """A capture, and those of its regions that have what was looked for."""

    capture: Capture
    regions: tuple[RegionText, ...]


@dataclass(frozen=True)
class Unread:
    """A snapshot whose inventory could not be read, and why."""

    id: str
    why: str


@dataclass(frozen=True)
class Found:
    """A page of answers, newest first. `more` captures follow it; what `unread` names was not searched."""

    carried: tuple[Carried, ...]
    more: int
    unread: tuple[Unread, ...]


def inventory(snapshot: Snapshot) -> Inventory:
    """The regions of a snapshot. Raises `NotFoundError` where no inventory was taken, and `StorageError`."""
    if not snapshot.artifacts("regions"):
        raise NotFoundError(
            f"{snapshot.id} has no inventory of regions: it is no page, was captured before archiver took them, or "
            "its warnings say why; a new capture of it will have one"
        )
    name = f"the inventory of regions of {snapshot.id}"
    data = _read(snapshot.part("regions"), _MAX_INVENTORY_BYTES, name)
    try:
        return from_document(orjson.loads(data))
    except ValueError as error:
        raise StorageError(f"{name} cannot be read: {error}") from None


def _read(pieces: Iterator[bytes], limit: int, name: str) -> bytes:
    data = bytearray()
    for piece in pieces:
        data += piece
        if len(data) > limit:
            raise StorageError(f"{name} has more than {limit:,} bytes")
    return bytes(data)


# pictures


@dataclass(frozen=True)
class Cut:
    """The picture of a region as a PNG, cut out of the screenshot."""

    number: int
    region: Region
    png: bytes

    @property
    def name(self) -> str:
        return file_name(self.number, self.region.kind)


def file_name(number: int, kind: str) -> str:
    """What the picture of a region is called as a file."""
    return f"{number:02}-{kind}.png"


def pictures(snapshot: Snapshot, wanted: Sequence[tuple[int, Region]]) -> Iterator[Cut]:
    """The pictures of some regions, each with its number, by the tile of the screenshot that they are on.

    Those that are on none have none. One tile is unpacked at a time. Raises `StorageError`.
    """
    by_record: dict[str, list[tuple[int, Region]]] = {}
    for number, region in wanted:
        if region.crop is not None:
            by_record.setdefault(region.crop.record, []).append((number, region))
    for listed, pieces in zip(snapshot.artifacts("full_screenshot"), snapshot.tiles(), strict=True):
        on_it = by_record.pop(listed["key"], [])
        if on_it:
            tile = _unpacked(pieces, f"the full-page screenshot of {snapshot.id}")
            for number, region in on_it:
                if (png := _cut(tile, region)) is not None:
                    yield Cut(number, region, png)
    if by_record:
        missing = ", ".join(by_record)[:300]
        raise StorageError(f"the regions of {snapshot.id} are damaged: they name pictures that it has not: {missing}")


def _unpacked(pieces: Iterator[bytes], name: str) -> Image.Image:
    try:
        return Picture(name, (_read(pieces, _MAX_TILE_BYTES, name),)).unpacked(1)
    except PictureError as error:
        raise StorageError(str(error)) from None


def _cut(tile: Image.Image, region: Region) -> bytes | None:
    """The region's part of a tile; None where nothing of it is there."""
    crop = region.crop
    assert crop is not None
    left, top = max(crop.x, 0), max(crop.y, 0)
    right, bottom = min(crop.x + crop.width, tile.width), min(crop.y + crop.height, tile.height)
    if left >= right or top >= bottom:
        return None
    out = BytesIO()
    tile.crop((left, top, right, bottom)).save(out, "PNG")
    return out.getvalue()


def write_pictures(cuts: Iterator[Cut], folder: Path) -> list[Path]:
    """Write pictures as files into a folder, which is made if there is none; nothing is overwritten.

    Raises `StorageError`; what was written before stays.
    """
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for cut in cuts:
            path = folder / cut.name
            with path.open("xb") as stream:
                try:
                    stream.write(cut.png)
                except BaseException:
                    path.unlink()
                    raise
            written.append(path)
    except FileExistsError as error:
        raise StorageError(f"{error.filename} exists already; name another folder") from None
    except OSError as error:
        raise StorageError(f"{error.filename or folder} could not be written: {error.strerror}") from None
    return written


# searching


def find(
    archive: Archive,
    text: str,
    kinds: Sequence[Kind] = (),
    limit: int = 100,
    after: str | None = None,
    on_progress: OnProgress | None = None,
) -> Found:
    """The captures with a region that has this text, the newest `limit` of them, or those after that id in the list.

    Case, white space and forms of letters (NFKC) do not count. Raises `UsageError` for a text without any character
    or of very many, `NotFoundError` for an unknown id, and `StorageError`.
    """
    folded = fold(text)
    if not folded:
        raise UsageError("the text to look for has no character; write some of what the region said")
    if len(folded) > MAX_SOUGHT_CHARACTERS:
        raise UsageError(f"the text to look for has more than {MAX_SOUGHT_CHARACTERS:,} characters; shorten it")
    begin = None if after is None else archive.locate(after)[0]
    unread = take_in(archive, on_progress)
    database, sought = archive.database(), Sought(folded, tuple(kinds))
    wanted = Filter(region=sought, after=begin, limit=limit)
    page = list(queries.listing(database, wanted))
    more = queries.count(database, wanted) - len(page) if len(page) == limit else 0
    matching = regions.matching(database, [capture.id for capture in page], sought)
    carried = tuple(Carried(capture, tuple(matching.get(capture.id, ()))) for capture in page)
    return Found(carried, max(more, 0), tuple(unread))


def take_in(archive: Archive, on_progress: OnProgress | None = None) -> list[Unread]:
    """Put the regions of snapshots into the index that are not there yet; those that could not be read.

    These are tried again each time. `on_progress` is told how many snapshots of how many are done. Raises
    `StorageError` when store or index fail; what was put in before that stays.
    """
    database = archive.database()
    waiting = regions.unread(database)
    problems: list[Unread] = []
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="regions") as pool:
        for at in range(0, len(waiting), _STRETCH):
            stretch = waiting[at : at + _STRETCH]
            captures = [found for id_ in stretch if (found := queries.by_id(database, id_)) is not None]
            texts: dict[str, list[RegionText]] = {}
            for capture, read in zip(captures, pool.map(partial(_texts, archive), captures), strict=True):
                if isinstance(read, Unread):
                    problems.append(read)
                else:
                    texts[capture.id] = read
            regions.put(database, texts)
            if on_progress is not None:
                on_progress(at + len(stretch), len(waiting))
    return problems


def _texts(archive: Archive, capture: Capture) -> list[RegionText] | Unread:
    """What the regions of a capture say; nothing where it has no inventory."""
    try:
        snapshot = archive.snapshot_of(capture)
        if not snapshot.artifacts("regions"):
            return []
        found = inventory(snapshot).regions
    except (NotFoundError, StorageError) as error:
        archive.store.stat(layout.ARCHIVE)  # raises when it is the store that cannot be reached
        return Unread(capture.id, _line(error))
    return [RegionText(number, region.kind, searched(region)) for number, region in enumerate(found, 1)]


def searched(region: Region) -> str:
    """All that a region says: its heading, its text, and what its pictures say in place of themselves."""
    parts = [region.text]
    for part in (region.heading, *(picture.alt for picture in region.pictures)):
        if part and not any(part in other for other in parts):
            parts.append(part)
    return "\n".join(filter(None, parts))[:_MAX_SEARCHED_CHARACTERS]


def _line(error: ArchiverError) -> str:
    return " ".join(str(error).split())[:500]

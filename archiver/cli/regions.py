"""`archiver regions`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from archiver import changes, surroundings
from archiver.archive import Archive
from archiver.cli import render
from archiver.cli.options import Globals, kinds_option
from archiver.cli.text import printable
from archiver.difference.regions import InventoryChange, KindChange, RegionChange, compare_inventories, document
from archiver.errors import UsageError
from archiver.regions.model import Inventory, Kind, Region
from archiver.snapshot import Snapshot

_MAX_CHARACTERS = 160
_MAX_RULES = 8
_MAX_ITEMS = 20
_WORDS = {
    "replaced": "something else is in its place",
    "reworded": "reworded",
    "items": "other items",
    "reordered": "the same items in another order",
    "relinked": "the same words, other links or pictures",
    "filled": "was empty, is filled",
    "emptied": "was filled, is empty",
    "shown": "could not be seen, now can",
    "hidden": "could be seen, now cannot",
}


class _Regions(click.Group):
    """Its first command is meant where none is named: a REF is none."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, *ctx.help_option_names):
            args = ["show", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Regions)
def regions() -> None:
    """Show what stood around the article of a snapshot, or what of it differs: ads, popular items, disclaimers.

    `archiver regions REF` is short for `archiver regions show REF`.
    """


@regions.command()
@click.argument("reference", metavar="REF")
@kinds_option("Only")
@click.option(
    "--pictures", type=click.Path(path_type=Path), metavar="DIR", help="Write a PNG of each into this folder."
)
@click.pass_obj
def show(globals_: Globals, reference: str, kinds: tuple[Kind, ...], pictures: Path | None) -> None:
    """List the regions of a snapshot: kind, place, words, what they hold, and why they were taken for it.

    REF is an id or the beginning of one, a URL (the newest), URL@TIME (the nearest), or `latest`. With --pictures what
    can be seen of each is cut out of the screenshot, as 01-ad.png and so on; no file is overwritten.
    """
    with Archive(globals_.load().settings) as archive:
        snapshot = archive.find(reference)
        inventory = surroundings.inventory(snapshot)
        wanted = [each for each in enumerate(inventory.regions, 1) if not kinds or each[1].kind in kinds]
        if globals_.json:
            render.print_json(_inventory_object(snapshot, inventory))
            for number, region in wanted:
                render.print_json(_region_object(number, region))
        else:
            for line in _lines(snapshot, inventory, wanted):
                click.echo(printable(line))
        if pictures is not None:
            written = surroundings.write_pictures(surroundings.pictures(snapshot, wanted), pictures)
            if not globals_.quiet:
                without = len(wanted) - len(written)
                rest = f"; {without} cannot be seen on the screenshot" if without else ""
                click.echo(f"{_count(len(written), 'picture')} written to {printable(str(pictures))}{rest}", err=True)


@regions.command()
@click.argument("references", metavar="REF [REF]", nargs=-1, required=True)
@kinds_option("Only")
@click.pass_obj
def diff(globals_: Globals, references: tuple[str, ...], kinds: tuple[Kind, ...]) -> None:
    """Show which regions came, went and changed between two snapshots, or since the complete one of its URL before.

    The first REF is the older one. The exit code is 0 whether they differ or not: `"same"` in --json says which.
    """
    if len(references) > 2:
        raise UsageError(f"{len(references)} snapshots were named; name one or two")
    with Archive(globals_.load().settings) as archive:
        before, after = changes.pair(archive, references)
        both = [surroundings.inventory(each) for each in (before, after)]
    change = compare_inventories(*both)
    if kinds:
        of_them = tuple(each for each in change.kinds if each.kind in kinds)
        change = InventoryChange(of_them, change.partial)
    if globals_.json:
        told = {"type": "region_change", "before": before.id, "after": after.id}
        render.print_json(told | document(change))
        return
    for line in _told(before, after, both[0], both[1], change):
        click.echo(printable(line))


# a list of them


def _inventory_object(snapshot: Snapshot, inventory: Inventory) -> dict[str, Any]:
    return {
        "type": "inventory",
        "snapshot": snapshot.id,
        "url": snapshot.statement["requested_url"],
        "partial": inventory.partial,
        "counts": inventory.counts,
        "frames": [asdict(frame) for frame in inventory.frames],
    }


def _region_object(number: int, region: Region) -> dict[str, Any]:
    return {"type": "region", "number": number, **asdict(region), "text_sha256": region.text_sha256}


def _lines(snapshot: Snapshot, inventory: Inventory, wanted: Sequence[tuple[int, Region]]) -> Iterator[str]:
    yield f"{snapshot.id}  {str(snapshot.statement['requested_url'])[:300]}"
    yield f"  {counted(inventory.counts) or 'no region of any kind was found'}"
    cut = [frame for frame in inventory.frames if frame.partial]
    if cut:
        frames = _count(len(cut), "frame")
        yield f"  there may be more: {frames} could not be looked at to the end ({_short(cut[0].partial)})"
    for number, region in wanted:
        yield ""
        yield from _region_lines(number, region)


def counted(counts: dict[str, int]) -> str:
    """How many there are of each kind, in words."""
    return ", ".join(f"{count} {kind}" for kind, count in counts.items())


def _region_lines(number: int, region: Region) -> Iterator[str]:
    box = region.box
    empty = ", empty" if region.kind == "ad" and not region.filled else ""
    seen = f"not to be seen: {_short(region.hidden)}" if region.hidden else "visible"
    place = f"{box.width:.0f} × {box.height:.0f} px at {box.x:.0f}, {box.y:.0f}"
    yield f"{number:>3}  {region.kind}{empty}  {place}, {seen}"
    if region.frame:
        depth = "in a frame" if len(region.frame) == 1 else f"{len(region.frame)} frames deep"
        yield f"     {depth}: {_short(region.frame_url)}"
    if region.heading:
        yield f"     {_short(region.heading)}"
    text = region.text.removeprefix(region.heading)
    if text.strip():
        yield f"     {_short(text)}"
    holds = [
        _count(len(found), name)
        for found, name in ((region.links, "link"), (region.pictures, "picture"), (region.exchanges, "exchange"))
        if found
    ]
    yield f"     {', '.join(holds) or 'no link, picture or exchange of its own'}"
    rules = ", ".join(region.rules[:_MAX_RULES]) + (", …" if len(region.rules) > _MAX_RULES else "")
    yield f"     by {_short(rules) or 'no rule'}; confidence {region.confidence:.2f}"


def _short(text: str) -> str:
    line = " ".join(text[: 4 * _MAX_CHARACTERS].split())
    return line if len(line) <= _MAX_CHARACTERS else f"{line[:_MAX_CHARACTERS]} …"


def _count(count: int, name: str) -> str:
    return f"{count} {name}" if count == 1 else f"{count} {name}s"


# what differs


def _told(before: Snapshot, after: Snapshot, old: Inventory, new: Inventory, change: InventoryChange) -> Iterator[str]:
    yield f"before  {before.id}  {before.statement['started_at']}"
    yield f"after   {after.id}  {after.statement['started_at']}"
    for name, partial in zip(("before", "after"), change.partial, strict=True):
        if partial:
            yield f"the inventory {name} is partial: what it lacks may have been there"
    if not change.kinds:
        yield "neither has a region of any kind"
    for each in change.kinds:
        yield ""
        yield f"{each.kind}: {_summary(each)}"
        yield from (f"  went {number}: {_name(old.regions[number - 1])}" for number in each.went)
        yield from (f"  came {number}: {_name(new.regions[number - 1])}" for number in each.came)
        for one in each.changed:
            yield from _changed(one, old.regions[one.before - 1], new.regions[one.after - 1])


def _summary(change: KindChange) -> str:
    parts = [
        f"{count} {word}"
        for count, word in (
            (len(change.came), "came"),
            (len(change.went), "went"),
            (len(change.changed), "changed"),
            (change.unchanged, "the same"),
        )
        if count
    ]
    return ", ".join(parts)


def _changed(change: RegionChange, old: Region, new: Region) -> Iterator[str]:
    number = f"{change.before}" if change.before == change.after else f"{change.before} → {change.after}"
    words = f", +{change.added} \u2212{change.removed} words" if change.what == "reworded" else ""
    yield f"  {number}: {_WORDS[change.what]}{words}: {_heading(new)}"
    if change.what == "items":
        yield from (f"    - {_short(item)}" for item in _some(change.items_gone))
        yield from (f"    + {_short(item)}" for item in _some(change.items_new))
        yield from (f"    ~ {_short(pair)}" for pair in _some([f"{a} → {b}" for a, b in change.items_reworded]))
    elif change.what == "reworded":
        yield from (f"    {line.sign} {line.text}" for hunk in change.hunks for line in hunk.lines if line.sign != " ")
    elif change.what in ("replaced", "relinked", "filled", "emptied"):
        yield f"    - {_name(old)}"
        yield f"    + {_name(new)}"


def _some(items: Sequence[str]) -> Iterator[str]:
    yield from items[:_MAX_ITEMS]
    if len(items) > _MAX_ITEMS:
        yield f"… and {len(items) - _MAX_ITEMS} more"


def _heading(region: Region) -> str:
    return _short(region.heading) or f"{region.box.width:.0f} × {region.box.height:.0f} px"


def _name(region: Region) -> str:
    """What a region is recognised by: its words, else where it leads or what it shows."""
    links = [link.url for link in region.links]
    pictures = [picture.alt or picture.url for picture in region.pictures]
    words = region.text.strip() or region.heading.strip()
    parts = [words] if words else []
    parts += links[:1] if region.kind == "ad" or not words else []
    return _short("  ".join(parts or pictures[:1])) or "(empty)"

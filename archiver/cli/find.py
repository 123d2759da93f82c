"""`archiver find`."""

from __future__ import annotations

import re
import shutil
import sys
from dataclasses import asdict
from typing import Any

import click

from archiver import clock, surroundings
from archiver.archive import Archive
from archiver.cli import render
from archiver.cli.options import Globals, kinds_option
from archiver.cli.render import LiveLine
from archiver.cli.snapshots import fitting
from archiver.cli.text import printable
from archiver.errors import UsageError
from archiver.regions.model import Kind
from archiver.similar import Similar, objects, similar
from archiver.surroundings import Carried

_MAX_URL_CHARACTERS = 300
_MIN_URL_CHARACTERS = 20
_AROUND = 60  # characters of a region before and after what was looked for
_SIMILAR = 10
_REGIONS = 100
_UNREAD = 10  # named one by one


@click.command()
@click.option("--similar-to", "reference", metavar="REF", help="Whose text is like that of this snapshot.")
@click.option("--region", "text", metavar="TEXT", help="With a region that has this text.")
@kinds_option("With --region: only")
@click.option("--after", metavar="ID", help="With --region: go on after this capture, the last of a list.")
@click.option(
    "--limit",
    type=click.IntRange(1, 100),
    metavar="N",
    help=f"The best N, {_SIMILAR} when not given; with --region the newest N, {_REGIONS} when not given.",
)
@click.pass_obj
def find(
    globals_: Globals,
    reference: str | None,
    text: str | None,
    kinds: tuple[Kind, ...],
    after: str | None,
    limit: int | None,
) -> None:
    """Find captures by their text: copies of an article, or an ad, a disclaimer or another region beside one.

    With --similar-to, captures of other URLs. Of each: how much of the text asked for stands in it, how much of its own
    in the text asked for, and its words.

    With --region, captures with an advertisement, a disclaimer, a list of popular items or another region that has this
    text, newest first. Case, white space and forms of letters do not count. The first time the inventories of all
    snapshots are read, which takes a while.
    """
    if (reference is None) == (text is None):
        raise UsageError("say what to find: --similar-to REF or --region TEXT")
    if text is None and (kinds or after):
        raise UsageError("--kind and --after are for --region")
    with Archive(globals_.load().settings) as archive:
        if text is not None:
            _find_region(globals_, archive, text, kinds, after, limit or _REGIONS)
        elif reference is not None:
            _find_similar(globals_, archive, reference, limit or _SIMILAR)


def _find_similar(globals_: Globals, archive: Archive, reference: str, limit: int) -> None:
    snapshot = archive.find(reference)
    found = similar(archive, snapshot, limit, aligned=globals_.json)
    if globals_.json:
        for each in objects(found):
            render.print_json({"type": "similar", "to": snapshot.id, **each})
        return
    columns = _columns()
    for one in found:
        click.echo(_row(one, columns))
    if not found and not globals_.quiet:
        click.echo(f"nothing in {archive.location} has a text like that of {snapshot.id}", err=True)


def _find_region(
    globals_: Globals, archive: Archive, text: str, kinds: tuple[Kind, ...], after: str | None, limit: int
) -> None:
    line = LiveLine(sys.stderr, enabled=globals_.progress)

    def on_progress(done: int, total: int) -> None:
        line.say(f"regions of {done} of {total} snapshots read")

    try:
        found = surroundings.find(archive, text, kinds, limit, after, on_progress)
    finally:
        line.clear()
    columns = _columns()
    for one in found.carried:
        if globals_.json:
            render.print_json(_carried_object(one))
        else:
            click.echo(_carried_row(one, columns))
            for region in one.regions:
                click.echo(printable(f"  {region.number:>3}  {region.kind}: {excerpt(region.text, text)}"))
    for each in found.unread[:_UNREAD]:
        render.note(f"{each.id} was not searched, and will be tried again: {each.why}")
    if len(found.unread) > _UNREAD:
        render.note(f"{len(found.unread) - _UNREAD} more snapshots were not searched, and will be tried again")
    if found.more:
        last = found.carried[-1].capture.id
        render.note(f"{found.more} more, older, carried it: add --after {last} for the next ones")
    if not found.carried and not globals_.quiet:
        click.echo(f"no capture in {archive.location} has a region with that text", err=True)


def _carried_object(one: Carried) -> dict[str, Any]:
    capture = one.capture
    return {
        "type": "carried",
        "id": capture.id,
        "url": capture.url,
        "final_url": capture.final_url,
        "captured_at": clock.rfc3339(capture.captured_at),
        "title": capture.title,
        "regions": [asdict(region) for region in one.regions],
    }


def _carried_row(one: Carried, columns: int | None) -> str:
    capture = one.capture
    start = f"{capture.id}  {capture.captured_at:%Y-%m-%d %H:%M:%S}  "
    url = (capture.url or "")[:_MAX_URL_CHARACTERS]
    if columns is not None:
        url = fitting(url, max(columns - len(start), _MIN_URL_CHARACTERS))
    return printable(start + url)


def excerpt(text: str, sought: str) -> str:
    """The stretch of a text round what was looked for; its beginning where that is written in another way there."""
    line = " ".join(text.split())
    words = r"\s+".join(map(re.escape, sought.split()))
    match = re.search(words, line, re.IGNORECASE)
    begin = 0 if match is None else max(match.start() - _AROUND, 0)
    end = begin + 3 * _AROUND if match is None else match.end() + _AROUND
    return f"{'… ' if begin else ''}{line[begin:end]}{' …' if end < len(line) else ''}"


def _columns() -> int | None:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _row(one: Similar, columns: int | None) -> str:
    """A capture in one line; where that is for a terminal, with what fits of its URL."""
    match, capture = one.match, one.capture
    if match is None:
        said = f"not compared: {one.problem}"
    else:
        shares = f"{match.first.contained:>4.0%} in it, {match.second.contained:>4.0%} of it"
        said = f"{match.verdict:<9}  {shares}  {match.second.words:>6} words"
    start = f"{capture.id}  {capture.captured_at:%Y-%m-%d %H:%M:%S}  {said}  "
    url = (capture.url or "")[:_MAX_URL_CHARACTERS]
    if columns is not None:
        url = fitting(url, max(columns - len(start), _MIN_URL_CHARACTERS))
    return printable(start + url)

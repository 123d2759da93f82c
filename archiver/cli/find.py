"""`archiver find`."""

from __future__ import annotations

import shutil
import sys

import click

from archiver.archive import Archive
from archiver.cli import render
from archiver.cli.options import Globals
from archiver.cli.snapshots import fitting
from archiver.cli.text import printable
from archiver.similar import Similar, objects, similar

_MAX_URL_CHARACTERS = 300
_MIN_URL_CHARACTERS = 20


@click.command()
@click.option("--similar-to", "reference", required=True, metavar="REF", help="To the text of this snapshot.")
@click.option("--limit", type=click.IntRange(1, 100), default=10, show_default=True, help="The best N.", metavar="N")
@click.pass_obj
def find(globals_: Globals, reference: str, limit: int) -> None:
    """Find captures of other URLs by their text: copies of an article, whole or in part, credited or not.

    Of each: how much of the text asked for stands in it, how much of its own in the text asked for, and its words.
    """
    with Archive(globals_.load().settings) as archive:
        snapshot = archive.find(reference)
        found = similar(archive, snapshot, limit, aligned=globals_.json)
    if globals_.json:
        for each in objects(found):
            render.print_json({"type": "similar", "to": snapshot.id, **each})
        return
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for one in found:
        click.echo(_row(one, columns))
    if not found and not globals_.quiet:
        click.echo(f"nothing in {archive.location} has a text like that of {snapshot.id}", err=True)


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

"""`archiver copy`."""

from __future__ import annotations

import sys

import click

from archiver.archive import Archive
from archiver.cli import render
from archiver.cli.exit_codes import ExitCode
from archiver.cli.options import Globals
from archiver.cli.text import complain, printable
from archiver.copying import copy as copy_archive


@click.command()
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.option("--url", metavar="URL", help="Only the captures of exactly this URL, into any archive.")
@click.pass_obj
def copy(globals_: Globals, source: str, target: str, url: str | None) -> None:
    """Copy an archive to another store, verified as it goes; broken off, it goes on where it was."""
    line = render.LiveLine(sys.stderr, enabled=globals_.progress)
    places = (globals_.load({"archive": place}).settings for place in (source, target))
    with Archive(next(places)) as one, Archive(next(places)) as other:
        done = copy_archive(one, other, lambda count, size: line.say(f"{count} entries, {render.size(size)}"), url)
    line.clear()
    for problem in done.problems:
        complain(printable(problem))
    if globals_.json:
        render.print_json(
            {
                "type": "copy",
                "entries": done.entries,
                "objects": done.objects,
                "bytes": done.size_bytes,
                "problems": list(done.problems),
            }
        )
    elif not globals_.quiet:
        click.echo(f"{done.entries} entries, {done.objects} objects, {render.size(done.size_bytes)} copied to {target}")
    sys.exit(ExitCode.STORAGE if done.problems else ExitCode.DONE)

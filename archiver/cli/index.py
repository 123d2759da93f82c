"""`archiver index`."""

from __future__ import annotations

import sys

import click

from archiver.archive import Archive
from archiver.cli import render
from archiver.cli.exit_codes import ExitCode
from archiver.cli.options import Globals
from archiver.cli.text import printable
from archiver.index.check import Kind

#: what a killed or slow writer leaves: told, but nothing is wrong with what the log says
_NOTES = (Kind.ORPHAN, Kind.UNFINISHED)


@click.group()
def index() -> None:
    """Make the index again from the store, or hold log, index and store against each other."""


@index.command()
@click.pass_obj
def rebuild(globals_: Globals) -> None:
    """Make the index again from the store. The old one serves until the new one is whole."""
    with Archive(globals_.load().settings) as archive:
        line = render.LiveLine(sys.stderr, enabled=globals_.progress)
        entries = archive.rebuild_index(lambda done: line.say(f"{done} entries"))
        line.clear()
    if globals_.json:
        render.print_json({"type": "index", "entries": entries})
    elif not globals_.quiet:
        click.echo(f"the index was made again from {entries} entries of the log")


@index.command()
@click.pass_obj
def check(globals_: Globals) -> None:
    """Look for holes in the log, damaged or missing notes and artifacts, orphans, and an index that differs."""
    count = serious = 0
    with Archive(globals_.load().settings) as archive:
        for problem in archive.check_index():
            count += 1
            serious += problem.kind not in _NOTES
            if globals_.json:
                render.print_json(
                    {"type": "problem", "kind": str(problem.kind), "object": problem.name, "detail": problem.detail}
                )
            else:
                click.echo(f"{problem.kind}: {printable(problem.name)}: {printable(problem.detail)}")
    if not globals_.json and not globals_.quiet:
        click.echo(f"{count} found" if count else "log, index and store agree", err=bool(count))
    sys.exit(ExitCode.STORAGE if serious else ExitCode.DONE)

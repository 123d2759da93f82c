"""`archiver init`."""

from __future__ import annotations

import click

from archiver.archive import Archive
from archiver.cli import render
from archiver.cli.options import Globals
from archiver.errors import UsageError


@click.command()
@click.argument("location", required=False)
@click.option(
    "--evidence", metavar="LOCATION", help="Keep the snapshots there, apart from the log: a bucket with Object Lock."
)
@click.option(
    "--retention-days",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Have that bucket keep each object for so many days (governance mode).",
)
@click.pass_obj
def init(globals_: Globals, location: str | None, evidence: str | None, retention_days: int) -> None:
    """Make an archive, and try out what its store really does. LOCATION is what --archive would name."""
    if retention_days and evidence is None:
        raise UsageError("--retention-days is for the store that --evidence names")
    flags = {} if location is None else {"archive": location}
    with Archive(globals_.load(flags).settings) as archive:
        made = archive.found(evidence, retention_days)
        if globals_.json:
            render.print_json(
                {
                    "type": "archive",
                    "location": archive.location,
                    "id": made.id,
                    "created_at": made.created_at,
                    "origin": made.origin,
                    "key": made.key,
                    "evidence": made.evidence,
                    "retention_days": made.retention_days,
                    "abilities": made.abilities,
                }
            )
        elif not globals_.quiet:
            click.echo(f"made the archive {archive.location}")
            for line in render.key(made):
                click.echo(f"  {line}")
            for line in render.abilities(made):
                click.echo(f"  {line}")

"""`archiver trace`."""

from __future__ import annotations

import sys

import click

from archiver.archive import Archive
from archiver.cli import render
from archiver.cli.options import Duration, Globals
from archiver.cli.text import printable
from archiver.provenance import prov, schema_org
from archiver.provenance import render as chains
from archiver.tracing import Limits
from archiver.tracing import trace as trace_snapshot

_FORMATS = ("tree", "json", "mermaid", "prov", "json-ld")


@click.command()
@click.argument("reference", metavar="REF")
@click.option("--depth", type=click.IntRange(1, 20), default=5, show_default=True, help="Follow so many hops.")
@click.option("--capture-missing", is_flag=True, help="Capture the pages on the way that are not in the archive.")
@click.option(
    "--per-host",
    type=click.IntRange(1, 100),
    default=6,
    show_default=True,
    help="With --capture-missing: visits of one host at most.",
)
@click.option(
    "--pause", type=Duration(), default=1.0, metavar="TIME", help="Between two visits of one host. Default: 1s"
)
@click.option(
    "--format", "form", type=click.Choice(_FORMATS), default="tree", show_default=True, help="How to print it."
)
@click.pass_obj
def trace(
    globals_: Globals, reference: str, depth: int, capture_missing: bool, per_host: int, pause: float, form: str
) -> None:
    """Trace a snapshot back to its original source: what it says of it, and what comparing the texts shows.

    REF is an id or the beginning of one, a URL, URL@TIME, or `latest`. Each hop that is found is stated in the log.
    """
    line = render.LiveLine(sys.stderr, enabled=globals_.progress)
    with Archive(globals_.load().settings) as archive:
        done = trace_snapshot(
            archive,
            reference,
            Limits(depth=depth, per_host=per_host, pause_s=pause),
            capture_missing=capture_missing,
            on_step=lambda text: line.say(printable(text)),
        )
        line.clear()
        render.note_unsigned(archive)
    for note in done.notes:
        if not globals_.quiet:
            render.note(note)
    if globals_.json or form == "json":
        render.print_json(
            {"type": "trace", "stated": done.stated, "captured": done.captured, **chains.chain_document(done.chain)}
        )
    elif form == "mermaid":
        click.echo(chains.mermaid(done.chain, printable), nl=False)
    elif form == "prov":
        click.echo(prov.prov_json(done.chain))
    elif form == "json-ld":
        click.echo(schema_org.json_ld_text(done.chain))
    else:
        click.echo(chains.tree(done.chain, printable), nl=False)

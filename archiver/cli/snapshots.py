"""`archiver show` and `archiver get`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click
import orjson

from archiver.archive import PARTS, Archive, Snapshot
from archiver.cli import render
from archiver.cli.options import Globals
from archiver.cli.text import printable
from archiver.errors import StorageError

_CHUNK_BYTES = 1 << 20


@click.command()
@click.argument("reference", metavar="REF")
@click.pass_obj
def show(globals_: Globals, reference: str) -> None:
    """Show what a snapshot's statement says. REF is an id, the beginning of one, or `latest`."""
    statement = Archive(globals_.load().settings).find(reference).statement
    if globals_.json:
        render.print_json(statement)
        return
    text = orjson.dumps(statement, option=orjson.OPT_INDENT_2).decode()
    click.echo("\n".join(printable(line) for line in text.splitlines()))


@click.command()
@click.argument("reference", metavar="REF")
@click.option("--as", "part", type=click.Choice(["warc", *PARTS]), required=True, help="What to take out.")
@click.option("-o", "--output", metavar="FILE|-", help="Where to; standard output when not given or -.")
@click.pass_obj
def get(globals_: Globals, reference: str, part: str, output: str | None) -> None:
    """Take a part out of a snapshot. REF is an id, the beginning of one, or `latest`."""
    archive = Archive(globals_.load().settings)
    snapshot = archive.find(reference)
    pieces = _warc(snapshot) if part == "warc" else archive.part(snapshot, part)
    tiles = sum(a["role"] == "full_screenshot" for a in snapshot.statement["artifacts"])
    if part == "full-screenshot" and tiles > 1:
        click.echo(f"the page is higher than one picture: this is tile 1 of {tiles}; the WARC has the others", err=True)
    if output in (None, "-"):
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
        return
    assert output is not None
    _write_new(Path(output), pieces)
    if not globals_.quiet:
        click.echo(f"{part} of {snapshot.id} written to {output}", err=True)


def _warc(snapshot: Snapshot) -> Iterator[bytes]:
    try:
        with snapshot.warc.open("rb") as stream:
            while data := stream.read(_CHUNK_BYTES):
                yield data
    except OSError as error:
        raise StorageError(f"{snapshot.warc} could not be read: {error.strerror}") from None


def _write_new(path: Path, pieces: Iterator[bytes]) -> None:
    """All of it or nothing; an existing file stays as it is."""
    try:
        with path.open("xb") as stream:
            try:
                stream.writelines(pieces)
            except BaseException:
                path.unlink()
                raise
    except FileExistsError:
        raise StorageError(f"{path} exists already; give another name with -o") from None
    except OSError as error:
        raise StorageError(f"{path} could not be written: {error.strerror}") from None

"""`archiver log`."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from archiver import monitoring
from archiver.archive import Archive
from archiver.cli import render
from archiver.cli.options import Duration, Globals
from archiver.cli.text import complain, printable
from archiver.errors import AlteredError, NotFoundError, StorageError
from archiver.monitoring import Look
from archiver.proving import prove as prove_entry
from archiver.verifying import Wanted


@click.group()
def log() -> None:
    """Sign the log, prove that a capture is in it, or watch a log that others write."""


@log.command()
@click.pass_obj
def checkpoint(globals_: Globals) -> None:
    """Sign the log as far as it reaches, as every capture does, and make lost tiles again."""
    with Archive(globals_.load().settings) as archive:
        done = archive.publish(whole=True)
        if done is None:
            raise NotFoundError(f"{archive.location} was made before archives had keys: nothing can sign its log")
        found = done.signed
        if globals_.json:
            render.print_json(
                {
                    "type": "checkpoint",
                    "origin": found.checkpoint.origin,
                    "size": found.checkpoint.size,
                    "root": found.checkpoint.root.hex(),
                    "added": done.added,
                    "note": found.note.decode(),
                }
            )
        elif not globals_.quiet:
            click.echo(found.note.decode(), nl=False)


@log.command()
@click.argument("reference", metavar="REF")
@click.option("-o", "--output", metavar="FILE|-", help="Where to; standard output when not given or -.")
@click.pass_obj
def prove(globals_: Globals, reference: str, output: str | None) -> None:
    """Write the proof that a capture's result is in the signed log, as C2SP's tlog-proof writes it."""
    with Archive(globals_.load().settings) as archive:
        capture, _ = archive.locate(reference)
        proof = prove_entry(archive, capture).render()
    if output in (None, "-"):
        sys.stdout.buffer.write(proof)
        sys.stdout.buffer.flush()
        return
    assert output is not None
    render.write_new(Path(output), iter([proof]))
    if not globals_.quiet:
        click.echo(f"proof of {capture.id} written to {output}", err=True)


@log.command()
@click.option("--every", type=Duration(), metavar="TIME", help="Go on looking, with this time in between: 10m, 6h.")
@click.option("--state", type=click.Path(path_type=Path), metavar="FILE", help="Keep the last checkpoint there.")
@click.option("--trust", type=click.Path(path_type=Path), metavar="FILE", help="Believe these keys only, one a line.")
@click.pass_obj
def monitor(globals_: Globals, every: float | None, state: Path | None, trust: Path | None) -> None:
    """Watch a log from outside: it must go on from the checkpoint seen last, or there is an alarm.

    Let it run on a machine that the archive's operator has no say over. Its state is a checkpoint, and proves what was
    seen: keep it. After an alarm it stays what it was.
    """
    with Archive(globals_.load().settings) as archive:
        place = state or monitoring.state_of(archive)
        while True:
            try:
                found = monitoring.look(archive, place, Wanted(trust))
            except StorageError as error:
                if every is None:
                    raise
                complain(printable(str(error)))  # an outage is no alarm; the next look tells
            else:
                _tell(globals_, found, place)
                if found.alarms:
                    raise AlteredError(f"{archive.location} is not the log that was seen before; keep {place}")
            if every is None:
                return
            time.sleep(every)


def _tell(globals_: Globals, found: Look, state: Path) -> None:
    if globals_.json:
        render.print_json(
            {
                "type": "look",
                "origin": found.origin,
                "size": found.size,
                "before": found.before,
                "alarms": list(found.alarms),
                "doubts": list(found.doubts),
            }
        )
        return
    for alarm in found.alarms:
        click.echo(printable(f"ALARM  {alarm}"))
    if globals_.quiet:
        return
    for doubt in found.doubts:
        click.echo(printable(f"not known  {doubt}"))
    if not found.alarms:
        seen = f"{found.size - (found.before or 0)} more than before"
        if found.before is None:
            seen = f"seen for the first time; remembered in {state}" if found.size else "nothing to remember yet"
        click.echo(f"{found.size} entries of {printable(found.origin)}, {seen}")

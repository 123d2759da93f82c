"""`archiver seal`: the time stamps of an archive."""

from __future__ import annotations

import sys

import click

from archiver import clock, sealing
from archiver.archive import Archive
from archiver.cli import render
from archiver.cli.exit_codes import ExitCode
from archiver.cli.options import Globals
from archiver.cli.text import printable
from archiver.errors import SigningError, UsageError
from archiver.sealing import Retried, Waiting
from archiver.stamping import Stamper


@click.group()
def seal() -> None:
    """Have what was captured time-stamped by independent authorities, and show what still waits for it."""


@seal.command()
@click.pass_obj
def retry(globals_: Globals) -> None:
    """Ask again for time stamps that could not be had, and renew those that expire soon.

    Workers do so by themselves. Exit code 7 when something still waits in the end.
    """
    line = render.LiveLine(sys.stderr, enabled=globals_.progress)
    settings = globals_.load().settings
    with Archive(settings) as archive:
        found = sealing.retry(
            archive, _stamper(archive), settings, lambda done, total: line.say(f"{done} of {total} notes")
        )
    line.clear()
    if globals_.json:
        render.print_json(
            {
                "type": "retry",
                "stamped": found.stamped,
                "renewed": found.renewed,
                "checkpoint": None if found.checkpoint is None else found.checkpoint.checkpoint.size,
                "waits": found.waits,
                "failures": dict(found.failures),
            }
        )
    elif not globals_.quiet:
        click.echo("\n".join(_retried(found)))
    sys.exit(ExitCode.UNREACHABLE if found.waits or found.failures else ExitCode.DONE)


def _retried(found: Retried) -> list[str]:
    lines = []
    if found.checkpoint is not None:
        names = " and ".join(found.checkpoint.stamped.names)
        lines.append(f"the log of {found.checkpoint.checkpoint.size} entries was time-stamped by {names}")
    lines.append(f"{_notes(found.stamped)} completed, {found.waits} still waiting; {found.renewed} renewed")
    return [*lines, *(printable(f"  {failure}") for failure in found.failures.values())]


@seal.command()
@click.pass_obj
def status(globals_: Globals) -> None:
    """Say whom time stamps are asked of, what waits for them, and when the log was stamped last. Nobody is asked."""
    settings = globals_.load().settings
    with Archive(settings) as archive:
        stamper = _stamper(archive)
        found = sealing.waiting(archive, stamper)
    if globals_.json:
        render.print_json({"type": "seal", **render.authorities_object(stamper.authorities), **_waiting(found)})
    elif not globals_.quiet:
        click.echo("\n".join([*render.authorities(stamper.authorities), *waiting_lines(found)]))


def _stamper(archive: Archive) -> Stamper:
    stamper = archive.stamper()
    if stamper is None and archive.settings.authorities:
        raise SigningError(
            f"{archive.location} was made before archives had keys: nothing in it is signed, so nothing is time-stamped"
        )
    if stamper is None:
        raise UsageError(
            "no time-stamp authority is configured; name two as [authorities.NAME] in a configuration file, each with "
            "its url and its roots"
        )
    return stamper


def _waiting(found: Waiting) -> dict[str, object]:
    newest = found.newest
    return {
        "waits": len(found.entries),
        "since": found.since,
        "stamped": None
        if newest is None
        else {
            "size": newest.checkpoint.size,
            "time": clock.rfc3339(newest.time),
            "authorities": list(newest.stamped.names),
        },
    }


def waiting_lines(found: Waiting) -> list[str]:
    """What waits for time stamps, for people."""
    newest = found.newest
    if newest is None:
        lines = ["the log was not time-stamped yet"]
    else:
        names = " and ".join(newest.stamped.names)
        lines = [
            f"the log was time-stamped last at {newest.checkpoint.size} entries, {newest.time:%Y-%m-%d %H:%M:%S} UTC"
        ]
        lines[0] += f", by {names}" + ("" if newest.stamped.is_full else " alone")
    if found.entries:
        waits = "waits" if len(found.entries) == 1 else "wait"
        lines.append(
            f"{_notes(len(found.entries))} {waits} for time stamps, since entry {found.since}; "
            "`archiver seal retry` asks again"
        )
    else:
        lines.append("nothing waits for time stamps")
    return lines


def _notes(count: int) -> str:
    return "1 note" if count == 1 else f"{count} notes"

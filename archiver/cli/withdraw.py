"""`archiver withdraw`."""

from __future__ import annotations

import sys

import click

from archiver import clock, withdrawing
from archiver.archive import Archive
from archiver.cli import render
from archiver.cli.exit_codes import ExitCode
from archiver.cli.options import Globals
from archiver.cli.text import complain, printable
from archiver.errors import UsageError
from archiver.index.queries import Capture
from archiver.withdrawing import Left, Withdrawn


@click.command(
    help="Take the content of a capture away for good; the log keeps that there was one, and why it went. "
    "REF is an id or the beginning of one."
)
@click.argument("reference", metavar="REF")
@click.option(
    "--reason", required=True, metavar="TEXT", help="Why. It stays: name neither the page nor a person in it."
)
@click.option("--operator", metavar="TEXT", help="Who withdraws it. It stays as well.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def withdraw(globals_: Globals, reference: str, reason: str, operator: str | None, yes: bool) -> None:
    with Archive(globals_.load().settings) as archive:
        capture = withdrawing.find(archive, reference)
        if not yes and capture.withdrawal is None:
            _ask(capture)
        done = withdrawing.withdraw(archive, capture.id, reason, operator)
        render.note_unsigned(archive)
    for left in done.left:
        complain(printable(left.why))
    if globals_.json:
        render.print_json(_object(done))
    elif not globals_.quiet:
        for line in _lines(done):
            click.echo(printable(line))
    if done.left:
        complain(_again(done.left))
    sys.exit(ExitCode.STORAGE if done.left else ExitCode.DONE)


def _ask(capture: Capture) -> None:
    """Raises `UsageError` where nobody can be asked, and when the answer is no."""
    if not sys.stdin.isatty():
        raise UsageError("a withdrawal cannot be undone, and nobody is there to be asked; give --yes")
    page = printable(capture.url or "(its page is not known)")
    click.echo(f"{capture.id}  {capture.captured_at:%Y-%m-%d %H:%M:%S}  {capture.state}  {page}", err=True)
    if not click.confirm("Delete its content for good?", err=True):
        raise UsageError(f"{capture.id} was left as it is")


def _lines(done: Withdrawn) -> list[str]:
    objects = f"{done.deleted} {'object' if done.deleted == 1 else 'objects'} deleted"
    if not done.is_new:
        return [f"{done.id} was {render.withdrawal(done.withdrawal)}", f"{objects} now"]
    return [f"{done.id} withdrawn, {objects}; entry {done.withdrawal.entry.index} of the log says so"]


def _again(left: tuple[Left, ...]) -> str:
    count = f"{len(left)} {'object is' if len(left) == 1 else 'objects are'} still there"
    dates = [each.until for each in left if each.until is not None]
    if any(each.legal_hold for each in left):
        return f"{count}; when the legal hold is lifted, withdraw it once more"
    if dates:
        return f"{count}; withdraw it once more after {clock.rfc3339(max(dates))}"
    return f"{count}; withdraw it once more"


def _object(done: Withdrawn) -> dict[str, object]:
    said = done.withdrawal
    return {
        "type": "withdrawn",
        "id": done.id,
        "new": done.is_new,
        "log_index": said.entry.index,
        "withdrawn_at": None if said.at is None else clock.rfc3339(said.at),
        "reason": said.reason,
        "operator": said.operator,
        "deleted": done.deleted,
        "left": [
            {
                "object": left.where,
                "detail": left.why,
                "kept_until": None if left.until is None else clock.rfc3339(left.until),
                "legal_hold": left.legal_hold,
            }
            for left in done.left
        ],
    }

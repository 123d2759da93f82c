"""`archiver key`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import click
from pydantic import SecretStr

from archiver import clock, keychanges
from archiver.archive import Archive
from archiver.cli import render
from archiver.cli.exit_codes import ExitCode
from archiver.cli.options import Globals
from archiver.cli.text import complain, printable
from archiver.config import Settings
from archiver.errors import SigningError, UsageError
from archiver.moments import parse_time
from archiver.seal import keys
from archiver.seal.keyring import Keyring, Kind, Status
from archiver.seal.note import VerifierKey
from archiver.seal.statement import About

_NEW_PASSPHRASE = "ARCHIVER_SIGNING_KEY_NEW_PASSPHRASE"  # noqa: S105  # the name of a variable

_reason = click.option("--reason", metavar="R", help="Why; put into the statement.")
_yes = click.option(
    "--yes", is_flag=True, help="Do it even if no valid key is left, or a capture that needs it is under way."
)


@click.group()
def key() -> None:
    """Show, make, add, rotate and retire the keys that sign for an archive, or say that one is compromised."""


@key.command()
@click.pass_obj
def show(globals_: Globals) -> None:
    """Print every key of the archive, a verifier key a line; lines that begin with # say what became of it.

    A key whose signatures count nowhere is in such a line only: so the output serves as a list of keys to trust.
    """
    with Archive(globals_.load().settings) as archive:
        ring, holder = archive.keyring(), archive.holder()
        own = {status.key.short for status in ring.all() if status.key.name == holder.origin}
        parts = holder.private_parts()
        places = {part.short: part.place for part in parts if part.short is not None}
        for status in ring.all():
            is_own = status.key.name == holder.origin
            place = places.get(status.key.short) if is_own else None
            if globals_.json:
                render.print_json(_object(status, place))
            else:
                for line in _lines(status, ring, is_own=is_own):
                    click.echo(printable(line))
                if place is not None:  # not to standard output, which is for others to have
                    _note(globals_, f"the private part of {status.key.short} is {place}")
        for part in parts:
            if part.key is None:
                _note(globals_, f"{part.place} has another passphrase, or is no key")
            elif part.key.short not in own and globals_.json:
                render.print_json(_new_object(part.key, part.place))
            elif part.key.short not in own:
                click.echo(f"# not added yet: {part.key.text}")
                _note(globals_, f"the private part of {part.key.short} is {part.place}")
        for problem in ring.problems:
            complain(f"entry {problem.index} of the log, about a key, is {problem.kind}: {printable(problem.reason)}")
    sys.exit(ExitCode.STORAGE if any(p.kind is Kind.UNREADABLE for p in ring.problems) else ExitCode.DONE)


def _lines(status: Status, ring: Keyring, *, is_own: bool) -> Iterator[str]:
    if not is_own:
        yield "# of another archive, whose captures were copied"
    since = "made with the archive" if status.added is None else f"added by entry {status.added}"
    if not status.counts:
        yield f"# does not count anywhere, {ring.why_not(status.key)}: {status.key.text}"
        return
    yield f"# valid, {since}" if status.is_valid else f"# {since}, {ring.why_not(status.key)}"
    yield status.key.text


def _new_object(made: VerifierKey, place: str) -> dict[str, object]:
    return {"type": "key", "key": made.text, "short_id": made.short, "status": "new", "private": place}


def _object(status: Status, place: str | None) -> dict[str, object]:
    if not status.counts:
        word = "void"
    elif status.compromised_by is not None:
        word = "compromised"
    else:
        word = "valid" if status.is_valid else "retired"
    return {
        "type": "key",
        "key": status.key.text,
        "short_id": status.key.short,
        "status": word,
        "added": status.added,
        "retired": status.retired,
        "compromised_from": status.compromised_from,
        "compromised_by": status.compromised_by,
        "private": place,
    }


@key.command()
@click.pass_obj
def new(globals_: Globals) -> None:
    """Make a key for this machine, and print what is to be added with `key add` where a valid key is."""
    with Archive(globals_.load().settings) as archive:
        made, path = keychanges.new(archive)
    if globals_.json:
        render.print_json(_new_object(made, str(path)))
        return
    click.echo(made.text)
    _note(
        globals_, f"its private part is {path}: back it up. It signs nothing before it is added: `archiver key add KEY`"
    )


@key.command()
@click.argument("verifier_key")
@_reason
@click.pass_obj
def add(globals_: Globals, verifier_key: str, reason: str | None) -> None:
    """Add a key that `key new` made: what it signs from the next entry on counts."""
    settings = globals_.load().settings
    with Archive(settings) as archive:
        entry = keychanges.add(archive, verifier_key, _about(settings, reason))
        render.note_unsigned(archive)
    if globals_.json:
        render.print_json({"type": "key", "key": verifier_key, "entry": None if entry is None else entry.index})
    elif not globals_.quiet:
        click.echo("that key is valid already" if entry is None else f"added by entry {entry.index}")


@key.command()
@_reason
@_yes
@click.pass_obj
def rotate(globals_: Globals, reason: str | None, yes: bool) -> None:
    """Replace the key that this machine uses by a new one, and retire it. Broken off, it is finished the next time."""
    settings = globals_.load().settings
    with Archive(settings) as archive:
        done = keychanges.rotate(archive, _about(settings, reason), anyway=yes)
        render.note_unsigned(archive)
    if globals_.json:
        render.print_json(
            {"type": "rotation", "key": done.new.text, "private": str(done.path), "retired": done.retired.text}
        )
    elif not globals_.quiet:
        click.echo(f"signed from now on with the key {done.new.text}")
        click.echo(f"  its private part is {done.path}: back it up")
        click.echo(f"  retired: {done.retired.text}")
    if settings.signing_key is not None:
        _note(globals_, "ARCHIVER_SIGNING_KEY holds the retired key; unset it, or set it to the new one")


@key.command()
@click.argument("named", metavar="VERIFIER_KEY|SHORT_ID")
@_reason
@_yes
@click.pass_obj
def retire(globals_: Globals, named: str, reason: str | None, yes: bool) -> None:
    """Retire a key: what it signs after this does not count, what it signed before does."""
    settings = globals_.load().settings
    with Archive(settings) as archive:
        entry = keychanges.retire(archive, named, _about(settings, reason), anyway=yes)
        render.note_unsigned(archive)
    if globals_.json:
        render.print_json({"type": "key", "key": named, "entry": entry.index})
    elif not globals_.quiet:
        click.echo(f"retired by entry {entry.index}")


@key.command()
@click.argument("named", metavar="VERIFIER_KEY|SHORT_ID")
@click.option(
    "--from", "from_index", type=click.IntRange(min=0), metavar="INDEX", help="From this entry of the log on."
)
@click.option("--since", metavar="TIME", help="From the first entry on that was begun at this time or later.")
@_reason
@_yes
@click.pass_obj
def compromised(
    globals_: Globals, named: str, from_index: int | None, since: str | None, reason: str | None, yes: bool
) -> None:
    """Say that somebody else has a key: nothing it signed from an entry on counts, whatever was signed since."""
    if (from_index is None) == (since is None):
        raise UsageError("say from when on: either --from INDEX or --since TIME")
    settings = globals_.load().settings
    with Archive(settings) as archive:
        if from_index is None:
            assert since is not None
            from_index = keychanges.first_since(archive, parse_time(since, clock.now()).first)
        done = keychanges.accuse(archive, named, from_index, _about(settings, reason), anyway=yes)
        render.note_unsigned(archive)
    if globals_.json:
        said = {"entry": done.entry.index, "compromised_from": from_index, "void": list(done.void)}
        render.print_json({"type": "key", "key": named, **said})
    elif not globals_.quiet:
        click.echo(f"compromised from entry {from_index} on, by entry {done.entry.index}")
        if done.void:
            click.echo(f"statements about keys without effect now: entries {', '.join(map(str, done.void))}")


@key.command()
@click.option("--none", "take_away", is_flag=True, help="Take the passphrase away.")
@click.pass_obj
def passphrase(globals_: Globals, take_away: bool) -> None:
    """Set, change or take away the passphrase of the archive's keys on this machine.

    The old one is ARCHIVER_SIGNING_KEY_PASSPHRASE, the new one ARCHIVER_SIGNING_KEY_NEW_PASSPHRASE; what is not set
    there is asked for.
    """
    settings = globals_.load().settings
    with Archive(_with_passphrase(settings)) as archive:
        wanted = None if take_away else os.environ.get(_NEW_PASSPHRASE) or _ask("The new passphrase", confirm=True)
        changed, refused = keychanges.change_passphrase(archive, wanted)
    for why in refused:
        _note(globals_, why)
    for path in changed:
        if globals_.json:
            render.print_json({"type": "passphrase", "private": str(path), "encrypted": wanted is not None})
        elif not globals_.quiet:
            click.echo(f"{path} has {'no passphrase now' if wanted is None else 'the new passphrase'}")


def _with_passphrase(settings: Settings) -> Settings:
    """The settings with the old passphrase, asked for if a file needs one and none was given."""
    if settings.signing_key_passphrase is not None:
        return settings
    with Archive(settings) as archive:
        paths = keys.paths_of(archive.holder().archive)
    if not any(map(keys.has_passphrase, paths)):
        return settings
    return settings.model_copy(update={"signing_key_passphrase": SecretStr(_ask("The passphrase", confirm=False))})


def _ask(what: str, *, confirm: bool) -> str:
    if not sys.stdin.isatty():
        name = _NEW_PASSPHRASE if confirm else "ARCHIVER_SIGNING_KEY_PASSPHRASE"
        raise SigningError(f"there is no terminal to ask for a passphrase; give it in the environment variable {name}")
    answer: str = click.prompt(what, hide_input=True, confirmation_prompt=confirm, err=True)
    return answer


def _note(globals_: Globals, text: str) -> None:
    if not globals_.quiet:
        render.note(text)


def _about(settings: Settings, reason: str | None) -> About:
    return About(operator=settings.capture.operator, reason=reason)

"""`archiver doctor`: which browser and settings are in force, and from where."""

from __future__ import annotations

import shutil
import sys

import click

from archiver import config, sealing, stamping
from archiver.archive import Archive
from archiver.capture import browser as browsers
from archiver.capture.capture import locate_browser
from archiver.capture.isolation import Isolation, isolated
from archiver.cli import render
from archiver.cli.exit_codes import ExitCode, code_of
from archiver.cli.options import Globals
from archiver.cli.seal import waiting_lines
from archiver.cli.text import printable
from archiver.errors import ArchiverError
from archiver.seal.authority import Authority
from archiver.version import __version__

_NO_AUTHORITIES = "no time stamps: no authority is configured, so nobody else says when something was captured"


@click.command()
@click.option("--browser-path", is_flag=True, help="Print only the browser's path; exit 10 when there is none.")
@click.pass_obj
def doctor(globals_: Globals, browser_path: bool) -> None:
    """Say which browser and settings are in force, and where each comes from."""
    loaded = globals_.load()
    if browser_path:
        click.echo(locate_browser(loaded.settings.capture).path)
        return
    problem = None
    found = isolation = None
    try:
        found = locate_browser(loaded.settings.capture)
        with isolated(found.path) as isolation:
            pass
    except ArchiverError as error:
        problem = error
    made = place = waiting = None
    authorities: tuple[Authority, ...] = ()
    try:
        authorities = stamping.configured(loaded.settings)
        with Archive(loaded.settings) as archive:
            place, made = archive.location, archive.describe()
            stamper = None if made is None else archive.stamper()
            if stamper is not None:
                waiting = sealing.waiting(archive, stamper)
    except ArchiverError as error:
        problem = problem or error
    rows = [
        (name, config.value_of(loaded.settings, name), loaded.origins.get(name, "default")) for name in config.names()
    ]
    planned = {f"schedules.{name}": loaded.origins[f"schedules.{name}"] for name in loaded.settings.schedules}
    if globals_.json:
        render.print_json(
            {
                "type": "doctor",
                "version": __version__,
                "browser": {"path": str(found.path), "product": found.product, "origin": found.origin}
                if found
                else None,
                "sandbox": isolation.sandboxed if isolation else None,
                "own_user": isolation.uid is not None if isolation else None,
                "archive": place,
                "abilities": made.abilities if made else None,
                "certutil": shutil.which("certutil"),
                "settings": {name: {"value": _plain(value), "origin": origin} for name, value, origin in rows},
                "schedules": planned,
                **render.authorities_object(authorities),
                "timestamps_waiting": None if waiting is None else len(waiting.entries),
                "problem": str(problem) if problem else None,
            }
        )
    else:
        _print(found, isolation, rows)
        for name, origin in planned.items():
            click.echo(printable(f"  {name}  ({origin})"))
        if place:
            click.echo(f"\narchive    {place}" + ("" if made else " (there is none yet)"))
        for line in render.abilities(made) if made else ():
            click.echo(f"  {line}")
        said = render.authorities(authorities) or [_NO_AUTHORITIES]
        if len(authorities) == 1:
            said.append("one authority alone: name another as [authorities.NAME], so that nobody has to believe one")
        for line in [*said, *(waiting_lines(waiting) if waiting else ())]:
            click.echo(printable(f"  {line}"))
        if problem:
            click.echo(f"\nproblem    {problem}")
    sys.exit(code_of(problem) if problem else ExitCode.DONE)


def _print(
    found: browsers.FoundBrowser | None, isolation: Isolation | None, rows: list[tuple[str, object, str]]
) -> None:
    click.echo(f"archiver   {__version__}")
    if found:
        click.echo(f"browser    {found.product}\n           {found.path} ({found.origin})")
    else:
        click.echo("browser    none")
    if isolation:
        user = ", as a user of its own" if isolation.uid is not None else ""
        click.echo("sandbox    " + (f"on{user}" if isolation.sandboxed else f"off: {isolation.lacking}"))
    click.echo("certutil   " + (shutil.which("certutil") or "not installed; only --trust-ca needs it"))
    click.echo("\nsettings")
    width = max(len(name) for name, _, _ in rows)
    for name, value, origin in rows:
        shown = "-" if value in (None, ()) else _plain(value)
        click.echo(printable(f"  {name:<{width}}  {shown}  ({origin})"))


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    return list(value) if isinstance(value, tuple) else str(value)

"""`archiver schedule`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import click

from archiver import clock, verifying
from archiver.archive import Archive
from archiver.cli import render
from archiver.cli.exit_codes import ExitCode
from archiver.cli.options import Globals
from archiver.cli.text import printable
from archiver.errors import NotFoundError, UsageError
from archiver.jobs.opening import Opened, opened
from archiver.jobs.scheduling import Listed
from archiver.moments import parse_duration, parse_time
from archiver.schedules.definition import Missed, define
from archiver.verify.schedules import Row, State
from archiver.verifying import Wanted

_FINE = (State.CAPTURED, State.WAITING, State.RUNNING)


@click.group()
def schedule() -> None:
    """Capture pages, or what is new in a feed, at set times; list, pause, resume and remove schedules.

    Schedules are carried out by `archiver worker`. Each is stated in the log, so that a missing capture shows.
    """


def _defining(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say what a schedule is."""
    for option in reversed(
        (
            click.option("--feed", metavar="URL", help="Watch this feed or sitemap: new articles are captured once."),
            click.option("--every", metavar="6h", help="How often: 90s, 15m, 6h, 7d. The first time is now."),
            click.option("--cron", metavar="EXPR", help="When, as cron writes it: '0 7 * * *' is every day at 7."),
            click.option("--tz", metavar="ZONE", help="The time zone of --cron, as Europe/Berlin. Default: UTC"),
            click.option(
                "--missed",
                type=click.Choice([missed.value for missed in Missed]),
                help="What no worker ran for: capture only the latest, or all of them late. Default: latest",
            ),
            click.option("--jitter", metavar="5m", help="Begin up to so much later, so that not all begins at once."),
            click.option("--stop-after", metavar="30d|TIME", help="Nothing is due after it."),
            click.option(
                "--trace/--no-trace", default=None, help="Trace each capture to its source afterwards, or do not."
            ),
            click.option("--profile", metavar="NAME|FILE", help="desktop, mobile, or a file on the worker's machine."),
            click.option(
                "--priority", type=int, metavar="N", help="Higher ones go first, from -100 to 100. Default: 0"
            ),
            click.option("--tag", multiple=True, metavar="T", help="A word to find the captures by; repeatable."),
            click.option("--case", metavar="C", help="The case they are for; put into the statements."),
            click.option("--operator", metavar="O", help="Who captures; put into the statements."),
            click.option("--reason", metavar="R", help="Why; put into the statements."),
        )
    ):
        command = option(command)
    return command


@schedule.command()
@click.argument("urls", nargs=-1, metavar="[URL]...")
@click.option("--name", metavar="NAME", help="What it is called. Default: made of the first URL's host")
@_defining
@click.pass_obj
def add(globals_: Globals, /, urls: tuple[str, ...], name: str | None, stop_after: str | None, **given: Any) -> None:
    """Add a schedule for pages, or with --feed for the articles of a feed."""
    now = clock.now()
    feed = given["feed"]
    if not urls and feed is None:
        raise click.UsageError("no URL was given; name one or more, or a feed with --feed")
    chosen = name or _made_of(feed or urls[0])
    end = None if stop_after is None else _end(stop_after, now)
    definition = define(chosen, {**given, "urls": urls, "stop_after": end}, now)
    with _opened(globals_) as found:
        id_ = found.scheduling.add(chosen, definition, given["operator"])
        listed = _listed(found, chosen)
    if globals_.json:
        render.print_json({**_object(listed), "id": id_})
    elif not globals_.quiet:
        click.echo(f"Scheduled  {chosen}\n  next due   {_due(listed)}")
        render.note(f"carried out by: {render.program()}{globals_.archive_option} worker")


@schedule.command()
@click.argument("name", metavar="NAME")
@click.argument("urls", nargs=-1, metavar="[URL]...")
@_defining
@click.pass_obj
def change(globals_: Globals, /, name: str, urls: tuple[str, ...], stop_after: str | None, **given: Any) -> None:
    """Have a schedule be another from now on: what is given counts, all else stays. URLs replace those before.

    An interval counts anew from now. The log keeps what the schedule was until then.
    """
    now = clock.now()
    with _opened(globals_, must_exist=True) as found:
        old = found.scheduling.definition(name).model_dump(exclude={"start"}, exclude_defaults=True)
        said = {key: value for key, value in given.items() if value is not None and value != ()}
        for seconds, duration in (("every_s", "every"), ("jitter_s", "jitter")):
            if seconds in old:
                old[duration] = f"{old.pop(seconds)}s"
        replaced = ("cron", "tz") if "every" in said else ("every",) if "cron" in said else ()
        old = {key: value for key, value in old.items() if key not in replaced}
        if urls:
            said["urls"] = urls
        if stop_after is not None:
            said["stop_after"] = _end(stop_after, now)
        if not said:
            raise click.UsageError("nothing was given that could change")
        found.scheduling.change(name, define(name, {**old, **said}, now), given["operator"])
        listed = _listed(found, name)
    if globals_.json:
        render.print_json(_object(listed))
    elif not globals_.quiet:
        click.echo(f"Changed    {name}\n  next due   {_due(listed)}")


def _listed(found: Opened, name: str) -> Listed:
    return next(each for each in found.scheduling.listing() if each.name == name)


def _due(listed: Listed) -> str:
    return "never" if listed.next_at is None else f"{listed.next_at:%Y-%m-%d %H:%M:%S}Z"


def _made_of(url: str) -> str:
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    return re.sub(r"[^a-z0-9._-]", "-", host.lower()).strip("-.")[:64] or "schedule"


def _end(text: str, now: datetime) -> datetime:
    try:
        return now + parse_duration(text)
    except UsageError:
        return parse_time(text, now).last
    except OverflowError:
        raise UsageError(f"--stop-after {text} is beyond the year 9999") from None


@schedule.command(name="list")
@click.pass_obj
def list_(globals_: Globals) -> None:
    """List the schedules: when each is due next, and how its last capture ended."""
    with _opened(globals_, must_exist=True) as found:
        listed = list(found.scheduling.listing())
    for each in listed:
        if globals_.json:
            render.print_json(_object(each))
        else:
            click.echo("\n".join(_lines(each)))
    if not listed and not globals_.json and not globals_.quiet:
        click.echo("no schedules; `archiver schedule add URL --every 6h` makes one", err=True)


def _lines(each: Listed) -> list[str]:
    definition = each.definition
    when = f"every {_duration(definition.every_s)}" if definition.every_s else f"{definition.cron} {definition.tz}"
    due = "" if each.next_at is None else f"  next {each.next_at:%Y-%m-%d %H:%M:%S}Z"
    what = definition.urls[0] if definition.urls else f"feed {definition.feed}"
    more = f" and {len(definition.urls) - 1} more" if len(definition.urls) > 1 else ""
    lines = [printable(f"{each.name}  {each.state}  {when}{due}"), printable(f"    {what}{more}")]
    if each.feed is not None:
        said = f"{each.feed.get('new', 0)} new at {each.feed.get('read_at')}"
        if each.feed.get("error"):
            said = f"{each.feed['error']} (at {each.feed.get('failed_at')})"
        lines.append(printable(f"    feed: {said}"))
        lines += [printable(f"    note: {note}") for note in each.feed.get("notes") or ()]
    if each.last is not None:
        told = each.last.error or each.last.snapshot or ""
        lines.append(printable(f"    newest job: {each.last.state}  {told}".rstrip()))
    return lines


def _duration(seconds: int) -> str:
    for unit, length in (("w", 604800), ("d", 86400), ("h", 3600), ("m", 60)):
        if seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


def _object(each: Listed) -> dict[str, Any]:
    return {
        "type": "schedule",
        "id": each.id,
        "name": each.name,
        "state": each.state,
        "next_due": None if each.next_at is None else clock.rfc3339(each.next_at),
        "definition": each.definition.document(),
        "feed": each.feed,
        "last_job": None if each.last is None else each.last.document(),
    }


@schedule.command()
@click.argument("name", metavar="NAME")
@click.option("--operator", metavar="O", help="Who does it; put into the statement.")
@click.pass_obj
def pause(globals_: Globals, name: str, operator: str | None) -> None:
    """Have nothing be due until it is resumed; what waits already is captured."""
    with _opened(globals_, must_exist=True) as found:
        found.scheduling.pause(name, operator)
    _say(globals_, name, "paused")


@schedule.command()
@click.argument("name", metavar="NAME")
@click.option("--operator", metavar="O", help="Who does it; put into the statement.")
@click.pass_obj
def resume(globals_: Globals, name: str, operator: str | None) -> None:
    """Go on with the next time it is due; nothing of the time between is made up for."""
    with _opened(globals_, must_exist=True) as found:
        found.scheduling.resume(name, operator)
    _say(globals_, name, "resumed")


@schedule.command()
@click.argument("name", metavar="NAME")
@click.option("--operator", metavar="O", help="Who does it; put into the statement.")
@click.pass_obj
def remove(globals_: Globals, name: str, operator: str | None) -> None:
    """End a schedule. Its captures stay, and the log says that there was one."""
    with _opened(globals_, must_exist=True) as found:
        found.scheduling.remove(name, operator)
    _say(globals_, name, "removed")


@schedule.command()
@click.argument("name", metavar="NAME")
@click.pass_obj
def trigger(globals_: Globals, name: str) -> None:
    """Capture its pages once more now, beside what is due; of a feed, read it now."""
    with _opened(globals_, must_exist=True) as found:
        made = found.scheduling.trigger(name)
    if globals_.json:
        render.print_json({"type": "triggered", "name": name, "jobs": made})
    elif not globals_.quiet:
        click.echo("\n".join(made) or f"nothing was queued: what {name} captures waits already")


@schedule.command()
@click.argument("name", metavar="NAME")
@click.option("--since", metavar="TIME", required=True, help="From when on: 2026-02-01, or '2 days ago'.")
@click.option("--until", metavar="TIME", default="now", show_default=True, help="Up to when.")
@click.pass_obj
def backfill(globals_: Globals, name: str, since: str, until: str) -> None:
    """Capture now what was due in that time and has no job: late, as the log will say."""
    now = clock.now()
    with _opened(globals_, must_exist=True) as found:
        made, there = found.scheduling.backfill(name, parse_time(since, now).first, parse_time(until, now).last)
    if globals_.json:
        render.print_json({"type": "backfilled", "name": name, "queued": made, "there": there})
    elif not globals_.quiet:
        click.echo(f"{made} queued; {there} had a job already")


@schedule.command()
@click.argument("name", metavar="[NAME]", required=False)
@click.pass_obj
def report(globals_: Globals, name: str | None) -> None:
    """Account for every time that schedules were due, as the log has it; what has no capture, with its reason.

    The signatures are verified as by `archiver verify --all`. Exit 5 when something is missing that nothing explains.
    """
    settings = globals_.load().settings
    counts: dict[State, int] = {}
    with Archive(settings) as archive:
        if archive.describe() is None:
            raise NotFoundError(f"there is no archive in {archive.location}; capture something, or give --archive")
        for row in verifying.schedule_rows(archive, Wanted(), name):
            counts[row.state] = counts.get(row.state, 0) + 1
            if globals_.json:
                render.print_json(_row_object(row))
            elif not globals_.quiet:
                click.echo(printable(_row_line(row)))
    if not globals_.json and not globals_.quiet:
        told = ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
        click.echo(told or "nothing was due", err=True)
    unexplained = counts.get(State.UNEXPLAINED, 0) + counts.get(State.UNFINISHED, 0)
    click.get_current_context().exit(ExitCode.UNDETERMINED if unexplained else ExitCode.DONE)


def _row_line(row: Row) -> str:
    due = "-" if row.due is None else f"{row.due:%Y-%m-%d %H:%M:%S}Z"
    last = row.captures[-1] if row.captures else ""
    return "  ".join(
        part
        for part in (row.name, _numbers(row), due, f"{row.state:<11}", row.url or "", last, row.reason, row.doubt)
        if part
    )


def _numbers(row: Row) -> str:
    return str(row.seq) if row.last_seq is None else f"{row.seq} to {row.last_seq}"


def _row_object(row: Row) -> dict[str, Any]:
    return {
        "type": "due",
        "schedule": row.schedule,
        "name": row.name,
        "seq": row.seq,
        "last_seq": row.last_seq,
        "due": None if row.due is None else clock.rfc3339(row.due),
        "url": row.url,
        "state": str(row.state),
        "reason": row.reason,
        "doubt": row.doubt,
        "captures": list(row.captures),
        "duplicates": list(row.duplicates),
    }


def _say(globals_: Globals, name: str, what: str) -> None:
    if globals_.json:
        render.print_json({"type": "schedule", "name": name, "did": what})
    elif not globals_.quiet:
        click.echo(f"{name} is {what}")


@contextmanager
def _opened(globals_: Globals, *, must_exist: bool = False) -> Iterator[Opened]:
    """The queue of the archive. Whoever only looks, or changes what is not there, makes no archive."""
    settings = globals_.load().settings
    with Archive(settings) as archive:
        if must_exist and archive.describe() is None:
            raise NotFoundError(f"there is no archive in {archive.location}; capture something, or give --archive")
        with opened(archive, settings) as found:
            yield found

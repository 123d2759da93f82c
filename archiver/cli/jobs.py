"""`archiver jobs`."""

from __future__ import annotations

import shutil
import sys

import click

from archiver.archive import Archive
from archiver.cli import render
from archiver.cli.options import Globals
from archiver.cli.snapshots import fitting
from archiver.cli.text import printable
from archiver.errors import NotFoundError
from archiver.jobs.job import Job
from archiver.jobs.opening import opened
from archiver.jobs.schema import JobState

_MIN_URL_CHARACTERS = 20


@click.group(invoke_without_command=True)
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice([state.value for state in JobState]),
    help="In this state; repeatable, then in any of them.",
)
@click.option("--schedule", metavar="NAME", help="For this schedule.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, metavar="N", help="The newest N.")
@click.pass_context
def jobs(context: click.Context, states: tuple[str, ...], schedule: str | None, limit: int) -> None:
    """List the captures that wait, run and have ended, newest first; cancel or retry one."""
    if context.invoked_subcommand is not None:
        return
    globals_: Globals = context.obj
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    with Archive(globals_.load().settings) as archive:
        _must_exist(archive)
        with opened(archive, globals_.load().settings) as found:
            listed = list(found.queue.listing([JobState(state) for state in states], schedule, limit))
            counts = found.queue.counts()
            if not listed and schedule is not None and not found.scheduling.is_known(schedule):
                raise NotFoundError(f"there is no schedule {schedule!r}; `archiver schedule list` shows what there is")
    for job in listed:
        if globals_.json:
            render.print_json(job.document())
        else:
            click.echo("\n".join(_lines(job, columns)))
    if not globals_.json and not globals_.quiet:
        told = ", ".join(f"{counts[state]} {state}" for state in JobState if counts.get(state))
        click.echo(told or "no jobs; `archiver capture --queue URL` and schedules make some", err=True)


def _lines(job: Job, columns: int | None) -> list[str]:
    due = "" if job.due is None or job.kind == "feed" else f"  {job.due.name} {job.due.seq}"
    start = f"{job.id}  {job.queued_at:%Y-%m-%d %H:%M:%S}  {job.state:<9}  {job.attempts}  "
    room = 300 if columns is None else max(columns - len(start) - len(due), _MIN_URL_CHARACTERS)
    lines = [printable(f"{start}{fitting(job.url, room)}{due}")]
    if job.snapshot is not None:
        changed = "" if job.change is None else f"  {job.change['kind']}"
        lines.append(f"    {job.snapshot}  {job.outcome}{changed}")
    if job.error is not None:
        lines.append(printable(f"    {job.error}"))
    if job.state is JobState.RETRYING:
        lines.append(f"    again at {job.not_before:%Y-%m-%d %H:%M:%S}Z")
    return lines


@jobs.command()
@click.argument("job", metavar="JOB")
@click.pass_obj
def cancel(globals_: Globals, job: str) -> None:
    """Take a job that waits out of the queue, or end one that runs. JOB is its id or the beginning of one."""
    settings = globals_.load().settings
    with Archive(settings) as archive:
        _must_exist(archive)
        with opened(archive, settings) as found:
            id_ = found.queue.find(job).id
            state = found.queue.cancel(id_)
    if globals_.json:
        render.print_json({"type": "job", "id": id_, "state": "cancelled" if state is JobState.CANCELLED else "ending"})
    elif not globals_.quiet:
        click.echo(
            f"{id_} is cancelled" if state is JobState.CANCELLED else f"{id_} runs; its worker was told to end it"
        )


@jobs.command()
@click.argument("job", metavar="JOB")
@click.pass_obj
def retry(globals_: Globals, job: str) -> None:
    """Queue a job that failed or was cancelled once more. JOB is its id or the beginning of one."""
    settings = globals_.load().settings
    with Archive(settings) as archive:
        _must_exist(archive)
        with opened(archive, settings) as found:
            id_ = found.queue.find(job).id
            found.queue.retry(id_)
    if globals_.json:
        render.print_json({"type": "job", "id": id_, "state": "queued"})
    elif not globals_.quiet:
        click.echo(f"{id_} is queued again")


def _must_exist(archive: Archive) -> None:
    """Whoever only looks makes no archive."""
    if archive.describe() is None:
        raise NotFoundError(f"there is no archive in {archive.location}; capture something, or give --archive")

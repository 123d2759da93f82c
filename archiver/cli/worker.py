"""`archiver worker`."""

from __future__ import annotations

import logging
import os
import signal
import sys
from datetime import UTC, datetime
from types import FrameType
from typing import ClassVar

import click
import orjson

from archiver import clock
from archiver.cli import render
from archiver.cli.exit_codes import ExitCode
from archiver.cli.options import Globals
from archiver.cli.text import printable
from archiver.config import Loaded
from archiver.errors import ConfigurationError, UsageError
from archiver.interrupts import SIGNALS
from archiver.jobs.worker import Worker
from archiver.schedules.definition import define


class _Lines(logging.Formatter):
    """A record as a line, or as a JSON object with what was told beside the message."""

    _usual: ClassVar = frozenset((*logging.makeLogRecord({}).__dict__, "message", "asctime"))

    def __init__(self, *, as_json: bool) -> None:
        super().__init__()
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        told = {name: value for name, value in record.__dict__.items() if name not in self._usual and value is not None}
        moment = datetime.fromtimestamp(record.created, UTC)
        message = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            told["error"] = f"{type(error).__name__}: {error}"
        if self._as_json:
            level = record.levelname.lower()
            return orjson.dumps(
                {"at": moment.isoformat(), "level": level, "message": message, **told}, default=str
            ).decode()
        more = "".join(f"  {name}={value}" for name, value in told.items())
        return printable(f"{moment:%Y-%m-%d %H:%M:%S}Z  {message:<9}{more}")


@click.command()
@click.option("--concurrency", type=int, metavar="N", help="Make so many captures at a time. Default: 1")
@click.option("--name", metavar="NAME", help="What it is called; no other may be called so. Default: made up")
@click.option("--metrics", metavar="ADDRESS:PORT", help="Tell Prometheus its figures there, at /metrics.")
@click.option("--once", is_flag=True, help="Stop when nothing is left to be done now.")
@click.pass_obj
def worker(globals_: Globals, concurrency: int | None, name: str | None, metrics: str | None, once: bool) -> None:
    """Make the captures that are queued and due, until told to stop. Start as many as you like.

    SIGTERM or Ctrl-C: it takes up nothing more, waits for what it captures (`jobs.grace_s`), gives the rest back, and
    ends.
    """
    loaded = globals_.load({"jobs.concurrency": concurrency, "jobs.metrics": metrics})
    settings = loaded.settings
    _check_schedules(loaded)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines(as_json=globals_.json))
    logger = logging.getLogger("archiver.jobs")
    logger.addHandler(handler)
    logger.setLevel(logging.WARNING if globals_.quiet else logging.INFO)
    logger.propagate = False
    working = Worker(settings, name)

    def stop(_: int, __: FrameType | None) -> None:
        working.stop()

    for number in SIGNALS:
        signal.signal(number, stop)
    try:
        working.run(once=once)
    finally:
        logger.removeHandler(handler)
    if not globals_.quiet and not globals_.json:
        render.note("the worker has stopped")
    if working.is_stuck:
        sys.stderr.flush()
        os._exit(ExitCode.DONE)  # all of ours has ended; what waits for the database would wait for ever


def _check_schedules(loaded: Loaded) -> None:
    """Raises `ConfigurationError` for a schedule of a file that is none, before any of them is taken over."""
    for name, values in loaded.settings.schedules.items():
        try:
            define(name, values, clock.now())
        except UsageError as error:
            raise ConfigurationError(f"{error} (from {loaded.origins[f'schedules.{name}']})") from None

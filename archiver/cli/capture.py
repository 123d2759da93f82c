"""`archiver capture` and `archiver demo`."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Generator, Mapping
from pathlib import Path

import click

from archiver.capture.relay import parse_override
from archiver.cli import render
from archiver.cli.capturing import Done, capture_many, capture_one
from archiver.cli.exit_codes import ExitCode, worst
from archiver.cli.options import Globals
from archiver.config import Settings
from archiver.demo.server import DemoServer
from archiver.demo.site import REPOST_URL
from archiver.urls import parse_capturable

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


class Duration(click.ParamType[float]):
    """`90`, `90s`, `1.5m`: seconds as a float."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        text = str(value)
        digits = text.rstrip("smh")
        try:
            seconds = float(digits) * _SECONDS[text[len(digits) :] or "s"]
        except (ValueError, KeyError):
            self.fail(f"{text!r} is not a duration; write 90s or 2m", param, ctx)
        if not 0 < seconds < float("inf"):
            self.fail(f"{text!r} is not a positive duration", param, ctx)
        return seconds


@click.command()
@click.argument("urls", nargs=-1, required=True, metavar="URL...")
@click.option("--concurrency", type=int, metavar="N", help="Capture so many URLs at a time. Default: 1")
@click.option("--timeout", type=Duration(), metavar="90s", help="End the capture after this long; what came is stored.")
@click.option(
    "--resolve",
    multiple=True,
    metavar="HOST[:PORT]=ADDRESS[:PORT]",
    help="Connect there instead of asking DNS; * and *.suffix allowed, repeatable. The statement says so.",
)
@click.option("--allow-private", is_flag=True, default=None, help="Lift the guard for private and loopback addresses.")
@click.option(
    "--trust-ca",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Trust this certificate authority (PEM), too. The statement says so.",
)
@click.pass_obj
def capture(
    globals_: Globals,
    urls: tuple[str, ...],
    concurrency: int | None,
    timeout: float | None,
    resolve: tuple[str, ...],
    allow_private: bool | None,
    trust_ca: Path | None,
) -> None:
    """Archive each URL: visit it in a real browser and store everything received, byte for byte."""
    flags = {
        "capture.concurrency": concurrency,
        "capture.timeout_s": timeout,
        "capture.resolve": resolve,
        "capture.allow_private": allow_private,
        "capture.trust_ca": trust_ca,
    }
    sys.exit(run(globals_, urls, flags))


@click.command()
@click.pass_obj
def demo(globals_: Globals) -> None:
    """Archive a made-up news page that comes with archiver, served on this machine: no internet needed."""
    with DemoServer() as server:
        if not globals_.quiet and not globals_.json:
            click.echo(f"Archiving the demo page {REPOST_URL}", err=True)
            click.echo("(a made-up repost with ads, link blocks and a disclaimer, served on this machine)", err=True)
        code = run(globals_, (REPOST_URL,), {"capture.resolve": server.resolve})
    if code == ExitCode.DONE and not globals_.quiet and not globals_.json:
        click.echo(f"\nYour turn: {render.program()} capture https://…", err=True)
    sys.exit(code)


def run(globals_: Globals, urls: tuple[str, ...], flags: Mapping[str, object]) -> ExitCode:
    """Capture each URL and print what came of it; the worst exit code."""
    settings = globals_.load(flags).settings
    for url in urls:
        parse_capturable(url)  # nothing is captured when one of them cannot be
    for rule in settings.capture.resolve:
        parse_override(rule)
    codes = []
    line = render.LiveLine(sys.stderr, enabled=globals_.progress)
    with contextlib.ExitStack() as stack:
        stack.callback(line.clear)  # an interrupt is said on a line of its own
        captures = stack.enter_context(contextlib.closing(_captures(globals_, settings, urls, line)))
        for done in captures:
            line.clear()
            codes.append(done.code)
            if globals_.json:
                render.print_json(done.json)
            if done.code not in (ExitCode.DONE, ExitCode.PARTIAL):
                render.complain(done.text)
            elif not globals_.json and not globals_.quiet:
                click.echo(done.text)
    return worst(codes)


def _captures(
    globals_: Globals, settings: Settings, urls: tuple[str, ...], line: render.LiveLine
) -> Generator[Done, None, None]:
    if len(urls) > 1 and settings.capture.concurrency > 1:
        yield from capture_many(
            settings,
            urls,
            globals_.archive_option,
            lambda done, under_way: line.count(done, len(urls), under_way),
        )
        return
    for url in urls:
        yield capture_one(settings, url, globals_.archive_option, line.show)

"""`archiver capture` and `archiver demo`."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path

import click

from archiver.archive import Archive
from archiver.capture.capture import check
from archiver.capture.storage_state import readable_by_others
from archiver.cli import render, url_list
from archiver.cli.capturing import Done, capture_many, capture_one
from archiver.cli.exit_codes import ExitCode, worst
from archiver.cli.options import Duration, Globals
from archiver.cli.text import complain, printable
from archiver.config import Settings, value_of
from archiver.demo.server import DemoServer
from archiver.demo.site import REPOST_URL
from archiver.errors import UsageError
from archiver.jobs.job import Options
from archiver.jobs.opening import new_id, opened
from archiver.jobs.queue import New

#: the settings that a job in the queue can have of its own
_OF_JOBS = frozenset(
    f"capture.{name}"
    for name in ("trace", "profile", "timeout_s", "fail_on_http_error", "tag", "case", "operator", "reason")
)


@click.command()
@click.argument("urls", nargs=-1, metavar="[URL]...")
@click.option("--from-file", metavar="FILE|-", help="Read further URLs from it, one a line; # begins a comment line.")
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
@click.option(
    "--proxy",
    metavar="URL",
    help="Connect through this proxy: socks5://HOST:PORT or http://HOST:PORT. The statement says so.",
)
@click.option(
    "--accept-bad-certificates",
    is_flag=True,
    default=None,
    help="Capture pages whose certificates are not valid, too. The statement says so.",
)
@click.option(
    "--profile", metavar="NAME|FILE", help="The device to be: desktop, mobile, or a TOML file. Default: desktop"
)
@click.option(
    "--user-agent",
    metavar="TEXT",
    help="What the browser calls itself instead of what its profile says; {major} is its version.",
)
@click.option(
    "--storage-state",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Start with these cookies and localStorage, as Playwright saves them. The WARC then holds that session.",
)
@click.option(
    "--fail-on-http-error",
    is_flag=True,
    default=None,
    help="Store nothing of a page that answers with status 400 or above: exit 7.",
)
@click.option(
    "--fail-on-rate-limit",
    is_flag=True,
    default=None,
    help="Store nothing of a page that answers with status 429, or 503 and Retry-After: exit 7.",
)
@click.option(
    "--if-older-than",
    type=Duration(),
    metavar="6h",
    help="Skip a URL that has a complete capture not older than this.",
)
@click.option(
    "--trace",
    is_flag=True,
    default=None,
    help="Then trace the page to its source; pages on the way are captured, too.",
)
@click.option("--queue", is_flag=True, help="Leave it to `archiver worker`: queue the captures and return.")
@click.option("--priority", type=click.IntRange(-100, 100), metavar="N", help="With --queue: higher ones go first.")
@click.option("--tag", multiple=True, metavar="T", help="A word to find the capture by; repeatable.")
@click.option("--case", metavar="C", help="The case it is for; put into the statement.")
@click.option("--operator", metavar="O", help="Who captures; put into the statement.")
@click.option("--reason", metavar="R", help="Why; put into the statement.")
@click.pass_obj
def capture(
    globals_: Globals,
    urls: tuple[str, ...],
    concurrency: int | None,
    from_file: str | None,
    timeout: float | None,
    resolve: tuple[str, ...],
    allow_private: bool | None,
    trust_ca: Path | None,
    proxy: str | None,
    accept_bad_certificates: bool | None,
    profile: str | None,
    user_agent: str | None,
    storage_state: Path | None,
    fail_on_http_error: bool | None,
    fail_on_rate_limit: bool | None,
    if_older_than: float | None,
    trace: bool | None,
    queue: bool,
    priority: int | None,
    tag: tuple[str, ...],
    case: str | None,
    operator: str | None,
    reason: str | None,
) -> None:
    """Archive each URL: visit it in a real browser and store everything received, byte for byte."""
    flags = {
        "capture.concurrency": concurrency,
        "capture.timeout_s": timeout,
        "capture.resolve": resolve,
        "capture.allow_private": allow_private,
        "capture.trust_ca": trust_ca,
        "capture.proxy": proxy,
        "capture.accept_bad_certificates": accept_bad_certificates,
        "capture.profile": profile,
        "capture.user_agent": user_agent,
        "capture.storage_state": storage_state,
        "capture.fail_on_http_error": fail_on_http_error,
        "capture.fail_on_rate_limit": fail_on_rate_limit,
        "capture.if_older_than_s": if_older_than,
        "capture.trace": trace,
        "capture.tag": tag,
        "capture.case": case,
        "capture.operator": operator,
        "capture.reason": reason,
    }
    if not urls and from_file is None:
        raise click.UsageError("no URL was given; name one or more, or a file of them with --from-file")
    once, again = url_list.gather(urls, from_file)
    if again and not globals_.quiet:
        render.note(f"{len(again)} given more than once, captured once each; the first is {again[0]}")
    if queue:
        queue_all(globals_, once, flags, priority or 0)
        return
    if priority is not None:
        raise UsageError("--priority is for --queue")
    sys.exit(run(globals_, once, flags))


def queue_all(globals_: Globals, urls: Sequence[str], flags: Mapping[str, object], priority: int) -> None:
    """Queue the capture of each of these capturable URLs, and say under which id."""
    of_workers = sorted(name for name, value in flags.items() if value not in (None, ()) and name not in _OF_JOBS)
    if of_workers:
        named = ", ".join(f"--{name.partition('.')[2].removesuffix('_s').replace('_', '-')}" for name in of_workers)
        raise UsageError(f"{named} cannot go with --queue: it is a matter of the worker's own settings")
    settings = globals_.load(flags).settings
    given = {name: value_of(settings, name) for name in _OF_JOBS if flags.get(name) not in (None, ())}
    options = Options(**{name.partition(".")[2]: value for name, value in given.items()})
    with Archive(settings) as archive, opened(archive, settings) as found:
        for url in urls:
            id_ = new_id()
            with found.database.transaction() as connection:
                is_new = found.queue.submit(connection, New(url, options, priority=priority), id_)
            if globals_.json:
                render.print_json(
                    {"type": "queued" if is_new else "waiting", "url": url, "id": id_ if is_new else None}
                )
            elif not globals_.quiet:
                click.echo(printable(f"{id_}  {url}" if is_new else f"waits already  {url}"))
    if not globals_.quiet and not globals_.json:
        render.note(f"captured by: {render.program()}{globals_.archive_option} worker")


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


def run(globals_: Globals, urls: Sequence[str], flags: Mapping[str, object]) -> ExitCode:
    """Capture each of these capturable URLs and print what came of it; the worst exit code."""
    settings = globals_.load(flags).settings
    check(settings.capture)  # nothing is captured when something that was given cannot be used
    state = settings.capture.storage_state
    if state is not None and readable_by_others(state) and not globals_.quiet:
        render.note(f"{state} holds a session and others can read it; chmod 600 keeps it to you")
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
                complain(done.text)
            elif not globals_.json and not globals_.quiet:
                click.echo(done.text)
    return worst(codes)


def _captures(
    globals_: Globals, settings: Settings, urls: Sequence[str], line: render.LiveLine
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

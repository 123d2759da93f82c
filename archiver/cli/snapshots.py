"""`archiver snapshots`, `archiver show` and `archiver get`."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import click
import orjson

from archiver import clock, custody, sealing
from archiver.archive import Archive
from archiver.cli import render
from archiver.cli.exit_codes import code_of
from archiver.cli.options import Globals
from archiver.cli.text import complain, printable
from archiver.config import CaptureSettings
from archiver.custody import Handing
from archiver.errors import ArchiverError, BrowserError, NotFoundError, StorageError, UsageError
from archiver.exporting import evidence
from archiver.index.queries import Capture, Filter, Withdrawal
from archiver.index.schema import State
from archiver.moments import parse_time
from archiver.snapshot import PARTS, Snapshot
from archiver.urls import parse_capturable
from archiver.verify.timestamps import Times
from archiver.verify.verdict import Verdict

_REF = "REF is an id or the beginning of one, a URL (the newest), URL@TIME (the nearest), or `latest`."

_SHORT_ID_CHARACTERS = 20  # its time, to the second, and three of the random ones: enough to name it
_MAX_URL_CHARACTERS = 300
_MIN_URL_CHARACTERS = 20


@click.command()
@click.argument("page", metavar="[URL|DOMAIN]", required=False)
@click.option("--since", metavar="TIME", help="Not before it: 2026-02-01, RFC 3339, 14 digits, or '2 days ago'.")
@click.option("--until", metavar="TIME", help="Not after it; of a date, its whole day counts.")
@click.option("--tag", "tags", multiple=True, metavar="T", help="With this tag; repeatable, then with all of them.")
@click.option(
    "--outcome",
    "outcomes",
    multiple=True,
    type=click.Choice([state.value for state in State]),
    help="Ended so; repeatable, then any of them. Unfinished ones are pending.",
)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="The newest N.")
@click.option("--sealed", is_flag=True, help="Also say in which interval each was sealed; reads its time stamps.")
@click.pass_obj
def snapshots(
    globals_: Globals,
    page: str | None,
    since: str | None,
    until: str | None,
    tags: tuple[str, ...],
    outcomes: tuple[str, ...],
    limit: int | None,
    sealed: bool,
) -> None:
    """List captures, newest first: of a URL, of a domain and all below it, or all."""
    now = clock.now()
    url = domain = None
    if page is not None and "://" in page:
        parse_capturable(page)
        url = page
    elif page is not None:
        if "/" in page or "." not in page.strip("."):
            raise UsageError(f"{page!r} is neither a URL nor a domain; write https://example.com/ or example.com")
        domain = page
    wanted = Filter(
        url=url,
        domain=domain,
        since=None if since is None else parse_time(since, now).first,
        until=None if until is None else parse_time(until, now).last,
        tags=tags,
        states=frozenset(State(outcome) for outcome in outcomes) or frozenset(State),
        limit=limit,
    )
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    count = 0
    with Archive(globals_.load().settings) as archive:
        for capture in archive.snapshots(wanted):
            count += 1
            times = _times(archive, capture) if sealed else None
            if globals_.json:
                render.print_json(_object(capture) | _sealed(times))
            else:
                click.echo(_row(capture, columns))
                for line in () if times is None else render.times(times):
                    click.echo(printable(f"  {line}"))
        if not count and not globals_.json and not globals_.quiet:
            click.echo(f"nothing of that in {archive.location}", err=True)


def _times(archive: Archive, capture: Capture) -> Times | None:
    try:
        return sealing.sealed(archive, capture, archive.statement(capture))
    except (NotFoundError, StorageError):
        return None  # its row says that it is lost


def _sealed(times: Times | None) -> dict[str, Any]:
    return {} if times is None else {"sealed": render.sealed_object(times.interval) | {"vouched": times.is_vouched}}


def _state(capture: Capture) -> str:
    return "unfinished" if capture.is_unfinished(clock.now()) else str(capture.state)


def _row(capture: Capture, columns: int | None) -> str:
    """A capture in one line; where that is for a terminal, with the beginning of its id and what fits of the URL."""
    status = capture.http_status or "-"
    url = (capture.url or _why_none(capture))[:_MAX_URL_CHARACTERS]
    tags = "".join(f"  #{tag}" for tag in capture.tags)
    id_ = capture.id if columns is None else capture.id[:_SHORT_ID_CHARACTERS]
    start = f"{id_}  {capture.captured_at:%Y-%m-%d %H:%M:%S}  {_state(capture):<10}  {status:>3}  "
    if columns is not None:
        url = fitting(url, max(columns - len(start) - len(tags), _MIN_URL_CHARACTERS))
    return printable(f"{start}{url}{tags}")


def _why_none(capture: Capture) -> str:
    """What stands in place of a URL."""
    if capture.withdrawal is None or capture.withdrawal.reason is None:
        return "(its statement cannot be read)"
    return f"({capture.withdrawal.reason})"


def fitting(text: str, characters: int) -> str:
    """Its beginning and its end, so much that it fits: these are where URLs of one site differ."""
    if len(text) <= characters:
        return text
    end = (characters - 1) // 2
    return f"{text[: characters - 1 - end]}…{text[-end:]}"


def _object(capture: Capture) -> dict[str, Any]:
    """The object `snapshots --json` prints for each capture."""
    return {
        "type": "capture",
        "id": capture.id,
        "url": capture.url,
        "final_url": capture.final_url,
        "captured_at": clock.rfc3339(capture.captured_at),
        "outcome": _state(capture),
        "http_status": capture.http_status,
        "title": capture.title,
        "tags": list(capture.tags),
        "case": capture.case,
        "warc_bytes": capture.warc_bytes,
        "log_index": capture.said.index,
        "duplicates": [entry.index for entry in capture.duplicates],
        "withdrawn": None if capture.withdrawal is None else _withdrawn(capture.withdrawal),
    }


def _withdrawn(withdrawal: Withdrawal) -> dict[str, Any]:
    return {
        "withdrawn_at": None if withdrawal.at is None else clock.rfc3339(withdrawal.at),
        "reason": withdrawal.reason,
        "operator": withdrawal.operator,
    }


@click.command(help=f"Show what the statement of a capture says. {_REF}")
@click.argument("reference", metavar="REF")
@click.pass_obj
def show(globals_: Globals, reference: str) -> None:
    with Archive(globals_.load().settings) as archive:
        capture, distance_s = archive.locate(reference)
        statement = archive.statement(capture)
        derivations = archive.derivations(capture.id)
        handed_out = custody.stated(archive, capture.id)
        times = sealing.sealed(archive, capture, statement)
    if globals_.json:
        more: dict[str, Any] = {} if distance_s is None else {"distance_s": distance_s}
        more |= _sealed(times)
        more |= {"derivations": derivations} if derivations else {}
        more |= {"custody": [render.custody_object(each) for each in handed_out]} if handed_out else {}
        render.print_json(statement | more)
        return
    lines = [f"{capture.id}  {_state(capture)}  entry {capture.said.index} of the log"]
    if capture.withdrawal is not None:
        lines.append(printable(render.withdrawal(capture.withdrawal)))
    if distance_s is not None:
        lines.append(f"{render.distance(distance_s)} from the moment asked for")
    if times is not None and times.timestamps.verdict is not Verdict.SKIPPED:
        lines += [printable(line) for line in render.times(times)]
    lines += [printable(render.derivation(each)) for each in derivations]
    lines += [printable(render.custody(each)) for each in handed_out]
    lines += [printable(f"regions: {said}") for said in render.regions(statement)]
    text = orjson.dumps(statement, option=orjson.OPT_INDENT_2).decode()
    click.echo("\n".join([*lines, *(printable(line) for line in text.splitlines())]))


@click.command(help=f"Take a part out of a snapshot. {_REF}")
@click.argument("reference", metavar="REF")
@click.option("--as", "part", type=click.Choice((*PARTS, "evidence")), required=True, help="What to take out.")
@click.option("-o", "--output", metavar="FILE|-", help="Where to; standard output when not given or -.")
@click.option("--no-pdf", is_flag=True, help="Leave the report out as PDF, which needs a browser to print it.")
@click.option(
    "--custody",
    "reason",
    metavar="REASON",
    help="State in the log that the evidence was handed out: to whom and why. It stays: do not name the page. "
    "Needs the key.",
)
@click.option("--operator", metavar="TEXT", help="With --custody: who hands it out. It stays as well.")
@click.pass_obj
def get(
    globals_: Globals,
    reference: str,
    part: str,
    output: str | None,
    no_pdf: bool,
    reason: str | None,
    operator: str | None,
) -> None:
    settings = globals_.load().settings
    if no_pdf and part != "evidence":
        raise UsageError("--no-pdf is for --as evidence")
    if reason is not None and part != "evidence":
        raise UsageError("--custody is for --as evidence")
    if operator is not None and reason is None:
        raise UsageError("--operator is for --custody")
    with Archive(settings) as archive:
        snapshot = archive.find(reference)
        handing = None if reason is None else Handing(archive, snapshot, reason, operator)
        if part == "evidence":
            pieces = evidence(archive, snapshot, to_pdf=None if no_pdf else partial(_to_pdf, settings.capture))
        else:
            pieces = snapshot.part(part)
        tiles = len(snapshot.artifacts("full_screenshot"))
        if part == "full-screenshot" and tiles > 1:
            click.echo(
                f"the page is higher than one picture: this is tile 1 of {tiles}; the WARC has the others", err=True
            )
        _write(globals_, snapshot, part, pieces if handing is None else handing.hashed(pieces), output)
        if handing is not None:
            _state_custody(globals_, archive, handing, output)


def _write(globals_: Globals, snapshot: Snapshot, part: str, pieces: Iterator[bytes], output: str | None) -> None:
    if output in (None, "-"):
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
        return
    assert output is not None
    render.write_new(Path(output), pieces)
    if not globals_.quiet:
        away = "" if snapshot.distance_s is None else f", {render.distance(snapshot.distance_s)} from then,"
        click.echo(f"{part} of {snapshot.id}{away} written to {output}", err=True)
        if part == "evidence":
            keys = f"{render.program()}{globals_.archive_option} key show"
            click.echo(f"whoever is to verify it needs the archive's keys, on another way: {keys}", err=True)


def _state_custody(globals_: Globals, archive: Archive, handing: Handing, output: str | None) -> None:
    """Exits with the code of the error where the bundle is written and the log does not say so."""
    try:
        entry = handing.enter()
    except ArchiverError as error:
        what = "what went to standard output" if output in (None, "-") else output
        complain(
            printable(
                f"{what} is complete, and the log has no custody entry of it: {error}; to try again, delete it and "
                "give the same command once more"
            )
        )
        sys.exit(code_of(error))
    if not globals_.quiet:
        click.echo(f"entry {entry.index} of the log says that it was handed out", err=True)
    render.note_unsigned(archive)


def _to_pdf(settings: CaptureSettings, html: bytes) -> bytes:
    from archiver.capture.printing import to_pdf  # the browser's driver takes long to import

    try:
        return to_pdf(html, settings)
    except BrowserError as error:
        raise BrowserError(f"{error}; --no-pdf leaves the printed report out") from None

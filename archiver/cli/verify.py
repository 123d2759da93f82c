"""`archiver verify`."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import click

from archiver import verifying
from archiver.archive import Archive
from archiver.cli import render
from archiver.cli.exit_codes import ExitCode
from archiver.cli.options import Authority, Globals
from archiver.cli.text import printable
from archiver.errors import UsageError
from archiver.verify.capture import Report
from archiver.verify.verdict import Check, Verdict, worst
from archiver.verifying import Everything, Wanted

_CODES = {
    Verdict.PASS: ExitCode.DONE,
    Verdict.FAIL: ExitCode.ALTERED,
    Verdict.WITHDRAWN: ExitCode.ALTERED,
    Verdict.UNDETERMINED: ExitCode.UNDETERMINED,
    Verdict.SKIPPED: ExitCode.UNDETERMINED,
}
_MOST_DOUBTS = 20


class _Fraction(click.ParamType[float]):
    name = "percentage"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            percent = float(str(value).removesuffix("%"))
        except ValueError:
            percent = -1.0
        if not 0 < percent <= 100:
            self.fail(f"{value!r} is no percentage above 0, such as 5%", param, ctx)
        return percent / 100


@click.command()
@click.argument("what", metavar="[REF|FILE]", required=False)
@click.option("--all", "everything", is_flag=True, help="The log, every statement and every snapshot of the archive.")
@click.option("--sample", type=_Fraction(), metavar="5%", help="With --all: read the contents of a random part only.")
@click.option("--offline", is_flag=True, help="Do not ask the store for Object Lock.")
@click.option(
    "--trust",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Believe these keys only, one a line. Default: the key on this machine.",
)
@click.option(
    "--checkpoint",
    "checkpoints",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE",
    help="A checkpoint, proof or bundle of this log from elsewhere, which it must go on from; repeatable.",
)
@click.option(
    "--authority",
    "authorities",
    type=Authority(),
    multiple=True,
    metavar="NAME=FILE",
    help="Believe time stamps that lead to the roots in FILE (PEM), and no others; repeatable. Default: the settings'.",
)
@click.pass_obj
def verify(
    globals_: Globals,
    what: str | None,
    everything: bool,
    sample: float | None,
    offline: bool,
    trust: Path | None,
    checkpoints: tuple[Path, ...],
    authorities: tuple[tuple[str, Path], ...],
) -> None:
    """Check a snapshot, an exported file, or a whole archive: was anything altered, dropped, or moved?

    REF is an id or the beginning of one, a URL, URL@TIME, or `latest`. Nothing is altered, and the network is not used
    but for the archive's own store.
    """
    if everything == (what is not None):
        raise UsageError("give either a REF or FILE, or --all")
    if sample is not None and not everything:
        raise UsageError("--sample is for --all")
    wanted = Wanted(trust, checkpoints, authorities, online=not offline)
    line = render.LiveLine(sys.stderr, enabled=globals_.progress)
    settings = globals_.load().settings
    with Archive(settings) as archive:
        if what is None:
            found = verifying.verify_all(
                archive,
                wanted,
                sample,
                lambda count: line.say(f"{count} entries of the log"),
                lambda done, total: line.say(f"{done} of {total} captures"),
            )
            sys.exit(_show_all(globals_, found, line))
        done = 0

        def on_bytes(count: int) -> None:
            nonlocal done
            done += count
            line.say(f"{render.size(done)} of the WARC")

        if _is_file(what):
            report = verifying.verify_file(Path(what), wanted, settings, on_bytes)
        else:
            report = verifying.verify(archive, what, wanted, lambda count: line.say(f"{count} entries"), on_bytes)
    line.clear()
    if globals_.json:
        render.print_json(_object(report))
    elif not globals_.quiet:
        click.echo("\n".join(_lines(report)))
    sys.exit(_CODES[report.verdict])


def _is_file(what: str) -> bool:
    """Whether a file is meant: no REF has a slash without a scheme before it, or ends as our files do."""
    if Path(what).is_file():
        return True
    if Path(what).is_dir():
        raise UsageError(
            f"{what} is a folder; an archive there is verified by `archiver --archive {what} verify --all`"
        )
    if "://" not in what and ("/" in what or what.endswith((".gz", ".wacz", ".warc", ".zip"))):
        raise UsageError(f"there is no file {what}")
    return False


def _show_all(globals_: Globals, found: Everything, line: render.LiveLine) -> ExitCode:
    """Print what is wrong as it comes, and in the end how much was right."""
    line.clear()
    if globals_.json:
        render.print_json({"type": "log", "verdict": str(_together(found.log)), "checks": _checks(found.log)})
    elif not globals_.quiet:
        click.echo("\n".join(["the log", *_check_lines(found.log)]))
    verdicts, doubts = Counter[Verdict](), Counter[str]()
    for report in found.reports:
        verdicts[report.verdict] += 1
        if globals_.json:
            line.clear()
            render.print_json(_object(report))
        elif report.verdict is Verdict.FAIL and not globals_.quiet:
            line.clear()
            click.echo("\n".join(_lines(report)))
        for check in report.checks:
            if check.verdict is Verdict.UNDETERMINED:
                doubts.update(f"{check.name}: {problem}" for problem in check.problems)
    line.clear()
    # That something was withdrawn is nothing wrong with the archive.
    overall = worst([_together(found.log), *(v if v is not Verdict.WITHDRAWN else Verdict.PASS for v in verdicts)])
    if globals_.json:
        render.print_json(
            {
                "type": "summary",
                "verdict": str(overall),
                "reports": {str(verdict): count for verdict, count in sorted(verdicts.items())},
                "snapshots": found.total,
                "read": found.deep,
            }
        )
    elif not globals_.quiet:
        for text, count in doubts.most_common(_MOST_DOUBTS):
            click.echo(f"UNDETERMINED, {'once' if count == 1 else f'{count} times'}  {printable(text)}")
        if len(doubts) > _MOST_DOUBTS:
            click.echo(f"and {len(doubts) - _MOST_DOUBTS} other doubts; --json has them all")
        counted = ", ".join(f"{count} {verdict}" for verdict, count in sorted(verdicts.items())) or "no captures"
        part = (
            "" if found.deep == found.total else f"; the contents of {found.deep} of {found.total} snapshots were read"
        )
        click.echo(f"{overall}  {counted}{part}")
    return _CODES[overall]


def _together(checks: list[Check]) -> Verdict:
    return worst(check.verdict for check in checks)


def _lines(report: Report) -> list[str]:
    head = f"{report.id}  {report.kind}"
    if report.url:
        head += f"  {report.url}"
    return [printable(head), *_check_lines(report.checks), str(report.verdict)]


def _check_lines(checks: list[Check] | tuple[Check, ...]) -> list[str]:
    lines = []
    for check in checks:
        number = f"{check.number:>3}" if check.number else "   "
        lines.append(printable(f"{number}  {check.name:<12} {check.verdict:<12}  {check.detail}"))
        lines += [printable(f"{'':>20}{problem}") for problem in check.problems]
    return lines


def _checks(checks: list[Check] | tuple[Check, ...]) -> list[dict[str, Any]]:
    return [
        {
            "number": check.number or None,
            "name": check.name,
            "verdict": str(check.verdict),
            "detail": check.detail,
            "problems": list(check.problems),
        }
        for check in checks
    ]


def _object(report: Report) -> dict[str, Any]:
    return {
        "type": "verification",
        "id": report.id,
        "kind": report.kind,
        "url": report.url,
        "verdict": str(report.verdict),
        "sealed": None if report.sealed is None else render.sealed_object(report.sealed),
        "checks": _checks(report.checks),
    }

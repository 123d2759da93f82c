"""The verifier as tests see it: which checks fail of what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from archiver import verifying
from archiver.archive import Archive
from archiver.config import Settings
from archiver.verify.capture import Report
from archiver.verify.verdict import Check, Verdict, worst
from archiver.verifying import Wanted
from tests.tamper.material import Made

#: by "log", or the name of a capture, what was checked of it
Checked = Mapping[str, tuple[Check, ...]]


def wanted(made: Made, *, alone: bool = False) -> Wanted:
    """What somebody knows who has the key and the newest checkpoint, or `alone` the key."""
    return Wanted(made.trust, () if alone else (made.checkpoint,))


def everything(made: Made, folder: Path, wanted: Wanted) -> Checked:
    """The whole archive. A statement that is of none of its captures is under its type."""
    names = {id_: name for name, id_ in made.ids.items()}
    with Archive(str(folder)) as archive:
        found = verifying.verify_all(archive, wanted)
        return {
            "log": tuple(found.log),
            **{names.get(report.id, report.kind): report.checks for report in found.reports},
        }


def one(folder: Path, ref: str, wanted: Wanted) -> Report:
    with Archive(str(folder)) as archive:
        return verifying.verify(archive, ref, wanted)


def exported(path: Path, wanted: Wanted) -> Report:
    return verifying.verify_file(path, wanted, Settings())


def failing(checks: Iterable[Check]) -> frozenset[str]:
    return frozenset(check.name for check in checks if check.verdict is Verdict.FAIL)


def wrong(checks: Iterable[Check]) -> frozenset[str]:
    """The checks that fail, and with a question mark those that have a doubt."""
    marks = {Verdict.FAIL: "", Verdict.UNDETERMINED: "?"}
    return frozenset(f"{check.name}{marks[check.verdict]}" for check in checks if check.verdict in marks)


def all_wrong(checked: Checked) -> dict[str, frozenset[str]]:
    return {name: wrong(checks) for name, checks in checked.items() if wrong(checks)}


def all_failing(checked: Checked) -> dict[str, frozenset[str]]:
    return {name: failing(checks) for name, checks in checked.items() if failing(checks)}


def verdict(checked: Checked) -> Verdict:
    return worst(check.verdict for checks in checked.values() for check in checks)


def words(checks: Iterable[Check]) -> str:
    """All that is wrong or not known, for a reader."""
    return "\n".join(f"{check.name}: {problem}" for check in checks for problem in check.problems)

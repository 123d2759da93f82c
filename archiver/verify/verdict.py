"""What a verification says: numbered checks, each with its verdict and what was looked at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """The answer of one check, or of all of them together."""

    PASS = "PASS"  # noqa: S105  # no password
    FAIL = "FAIL"
    UNDETERMINED = "UNDETERMINED"  # nothing contradicts, but what is at hand does not suffice
    SKIPPED = "SKIPPED"  # it was not asked for, or there is nothing of the kind
    WITHDRAWN = "WITHDRAWN"  # the operator has taken it away, and the log says so


#: the checks of a snapshot, in the order in which they are numbered from 1
CHECKS = (
    "package",
    "entry",
    "note",
    "statement",
    "signature",
    "artifacts",
    "warc",
    "index",
    "counts",
    "intent",
    "checkpoint",
    "inclusion",
    "consistency",
    "retention",
    "withdrawal",
    "derivations",
    "timestamps",
    "interval",
    "report",
    "custody",
)
#: from best to worst
_ORDER = (Verdict.SKIPPED, Verdict.PASS, Verdict.UNDETERMINED, Verdict.WITHDRAWN, Verdict.FAIL)
#: problems of one check that are shown; a hostile archive may have any number
MAX_PROBLEMS = 100


@dataclass(frozen=True)
class Check:
    """One check: `detail` says in a line what was looked at, `problems` each thing that is wrong or not known."""

    name: str
    verdict: Verdict
    detail: str
    problems: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        """Its place among the checks of a snapshot; 0 for one of a whole log."""
        return CHECKS.index(self.name) + 1 if self.name in CHECKS else 0


def judged(name: str, detail: str, problems: Iterable[str], doubts: Iterable[str] = ()) -> Check:
    """FAIL where there is a problem, UNDETERMINED where there is only a doubt, PASS where there is neither."""
    wrong, unsure = list(problems), list(doubts)
    verdict = Verdict.FAIL if wrong else Verdict.UNDETERMINED if unsure else Verdict.PASS
    told = wrong + unsure
    if len(told) > MAX_PROBLEMS:
        told = [*told[:MAX_PROBLEMS], f"and {len(told) - MAX_PROBLEMS} more"]
    return Check(name, verdict, detail, tuple(told))


def told(name: str, detail: str, notes: Iterable[str]) -> Check:
    """PASS with things that a reader should know and that are not against it."""
    return Check(name, Verdict.PASS, detail, judged(name, detail, notes).problems)


def skipped(name: str, why: str) -> Check:
    return Check(name, Verdict.SKIPPED, why)


def entries_named(indexes: Iterable[int]) -> str:
    """`entry 3`, `entries 2 and 3`."""
    numbers = [str(index) for index in sorted(indexes)]
    if len(numbers) < 2:
        return f"entry {''.join(numbers)}"
    return f"entries {', '.join(numbers[:-1])} and {numbers[-1]}"


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict of several together; nothing at all is UNDETERMINED, never PASS."""
    found = max(verdicts, key=_ORDER.index, default=Verdict.SKIPPED)
    return Verdict.UNDETERMINED if found is Verdict.SKIPPED else found

"""The section on when: since when and until when it was sealed, by whose word, and what the operator's clock said."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from archiver.report import reading, wording
from archiver.report.facts import Facts
from archiver.report.foreign import words
from archiver.report.markup import Content, Markup, el, join, listed, moment, paragraph, table
from archiver.seal.interval import WANTED, Interval

_MAX_NAMES = 10
_CLOCK = "the clock of the capturing machine"


def when(facts: Facts) -> Markup:
    found = facts.interval
    began, ended = _visit(facts)
    rows: list[tuple[Content, ...]] = [
        ("Sealed after", _attested(found.after), _who(found.after_by)),
        ("The visit began", _stated(began), _CLOCK),
        ("The visit ended", _stated(ended), _CLOCK),
        ("Sealed before", _attested(found.before), _who(found.before_by)),
    ]
    parts: list[Content] = [
        paragraph("Captured ", visited(facts), ". Sealed ", sealed(found), ".", class_="lead"),
        table("times", ("What", "When", "Who says so"), rows),
        *_doubts(found, began, ended),
        paragraph(
            "The interval is when the record was ",
            el("em", "sealed"),
            ". That the visit lies in it is the operator’s claim: somebody could seal today what was recorded long "
            "ago.",
        ),
    ]
    if found.after is not None:
        parts.append(
            paragraph(
                "How the first moment is known: the signed statement names an earlier state of the log that had time "
                "stamps of authorities already, so it was made after them."
            )
        )
    if found.before is not None:
        parts.append(
            paragraph(
                "How the second moment is known: authorities gave time stamps to the signed statement, or to a later "
                "state of the log that it is in, so it existed before them. What it names cannot have been altered "
                "since then without this showing, not even by the operator."
            )
        )
    if found.is_full and found.is_possible:
        parts.append(
            paragraph(
                "At each end two independent authorities agree, so the interval holds as long as one of the two is "
                "honest and its clock is right."
            )
        )
    return join(parts)


def visited(facts: Facts) -> Markup:
    """When the visit was, by the operator's word: what follows "captured"."""
    began, ended = _visit(facts)
    if began is None:
        return join(["at a time that is not stated"])
    took = "" if ended is None or ended < began else f"; it took {wording.length(ended - began)}"
    return join([_stated(began), f", by {_CLOCK}{took}"])


def sealed(found: Interval) -> Markup:
    """When it was sealed, by whose word: what follows "sealed"."""
    ends = [
        join([f"{word} ", moment(end), " (by ", _who(names), ")"])
        for word, end, names in (("after", found.after, found.after_by), ("before", found.before, found.before_by))
        if end is not None
    ]
    if not ends:
        return join(
            ["at a time that no independent authority attests: it rests on the operator’s clock and word alone"]
        )
    if found.after is not None and found.before is not None and found.is_possible:
        return join([*ends[:1], " and ", *ends[1:], f", within {wording.length(found.before - found.after)}"])
    return join(ends, " and ")


def _visit(facts: Facts) -> tuple[datetime | None, datetime | None]:
    return reading.moment(facts.statement, "started_at"), reading.moment(facts.statement, "ended_at")


def _attested(value: datetime | None) -> Content:
    return "not attested" if value is None else moment(value)


def _stated(value: datetime | None) -> Content:
    # Its fractions are in the statement, and would look as if somebody vouched for them.
    return "not stated" if value is None else moment(value.replace(microsecond=0))


def _who(names: tuple[str, ...]) -> Content:
    if not names:
        return "nobody"
    told = join([words(name, 100) for name in names[:_MAX_NAMES]], " and ")
    return told if len(names) >= WANTED else join([told, " alone"])


def _doubts(found: Interval, began: datetime | None, ended: datetime | None) -> Iterable[Markup]:
    doubts: list[Content] = []
    if not found.is_possible:
        doubts.append(
            "The two ends contradict each other: what was sealed after the first moment cannot have existed before the "
            "second. At least one authority is wrong."
        )
    if found.after is None:
        doubts.append("No independent authority attests since when it can have been sealed.")
    if found.before is None:
        doubts.append("No independent authority attests until when it was sealed.")
    for names, end in ((found.after_by, "first"), (found.before_by, "second")):
        if len(names) == 1:
            doubts.append(
                join(
                    [
                        f"The {end} moment is attested by one authority only (",
                        words(names[0], 100),
                        "), where there should be two. It holds only if that one is honest and its clock is right.",
                    ]
                )
            )
    if began is not None and found.after is not None and began < found.after:
        doubts.append("By the clock of the capturing machine, the visit began before the interval.")
    if ended is not None and found.before is not None and ended > found.before:
        doubts.append("By the clock of the capturing machine, the visit ended after the interval.")
    if doubts:
        yield listed(doubts, "caution")

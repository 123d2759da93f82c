"""The gap report as a check of the whole log: every time that was due is captured, or its absence is explained.

- Late, failed, missed and withdrawn are explained, and named all the same: that there is no capture is nothing wrong
  with the archive, and its reader has to know. Of times without a capture of their own that follow each other and have
  one reason the report has one line.
- Unexplained and unfinished are doubts: a worker that died without a word leaves the same as somebody who took a
  capture away. So is what cannot be read, what no key signed, and what honest machines come by with a wrong clock or
  by acting at once.
- A capture of a number, time or page that the schedule did not have contradicts the schedule, and so does a statement
  that adds it twice or gives it another name: both are signed, and one of the two is wrong. Where a statement about
  schedules cannot be read it may be that one that is lacking, and it is a doubt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from archiver.schedules.history import NO_EFFECT
from archiver.verify.attempts import Said
from archiver.verify.problems import Collected
from archiver.verify.schedules import Row, State, rows
from archiver.verify.verdict import MAX_PROBLEMS, Check, judged, skipped, told

_NAME = "schedules"
#: nothing to name: it is there, or still to come
_SILENT = (State.CAPTURED, State.RUNNING, State.WAITING)
_DOUBTFUL = (State.UNEXPLAINED, State.UNFINISHED)
#: what several of in a row are one line of
_JOINED = (State.MISSED, State.UNEXPLAINED)
_IDS = 3  # of a line


def check(said: Said, now: datetime) -> Check:
    """The check "schedules". `now` is the moment up to which something should have come of what was due."""
    if not said.timelines and not said.unreadable and not said.void:
        return skipped(_NAME, "the log has no schedule")
    problems, doubts, notes = _Lines(), _Lines(), _Lines()
    counts = Counter[State]()
    contradictions = problems if said.timelines_known else doubts
    for timeline in said.timelines.values():
        for index, problem in timeline.problems:
            line = f"entry {index}, about the schedule {timeline.name or timeline.id}: {problem}"
            (doubts if problem in NO_EFFECT else contradictions).add(line)
    for found in (said.unreadable, said.void):
        doubts.take(found)
    if said.unsigned:
        doubts.add("the archive was made before archives had keys: nothing of this is signed")
    for stretch in stretches(_counted(rows(said.timelines, said.attempts, now), counts)):
        row = stretch.first
        if row.doubt or row.state in _DOUBTFUL:
            doubts.add(stretch.line())
        elif row.state is State.OUTSIDE:
            contradictions.add(stretch.line())
        elif row.state not in _SILENT or row.duplicates:
            notes.add(stretch.line())
    detail = _detail(len(said.timelines), counts)
    if problems or doubts:
        share = MAX_PROBLEMS // 3  # so that those of more weight do not hide the others
        wrong, unsure = problems.told(share), doubts.told(share)
        return judged(_NAME, detail, wrong, [*unsure, *notes.told(MAX_PROBLEMS - len(wrong) - len(unsure))])
    return told(_NAME, detail, notes.told(MAX_PROBLEMS))


class _Lines(Collected[str]):
    """Lines of one weight."""

    def take(self, others: Collected[str]) -> None:
        for each in others.kept:
            self.add(each)
        self.left_off += others.left_off

    def told(self, most: int) -> list[str]:
        """At most so many, of which the last one counts those that are left out."""
        if len(self.kept) + self.left_off <= most:
            return self.kept
        return [*self.kept[: most - 1], f"and {len(self.kept) - most + 1 + self.left_off} more"]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Rows that one line tells of: the first and the last of them, and of how many pages each."""

    first: Row
    last: Row
    pages: int

    def line(self) -> str:
        """What it is about, its state, and why."""
        begin, end = self.first.seq, self.last.last_seq or self.last.seq
        text = f"{self.first.name} {begin}" if begin == end else f"{self.first.name} {begin} to {end}"
        if self.first.due is not None and self.last.due is not None:
            text += f", due {self.first.due:%Y-%m-%dT%H:%M:%SZ}"
            if self.last.due != self.first.due:
                text += f" to {self.last.due:%Y-%m-%dT%H:%M:%SZ}"
        if self.pages > 1:
            text += f", each of its {self.pages} pages"
        elif self.first.url is not None:
            text += f", {self.first.url}"
        text += f": {self.first.state}"
        if self.first.captures and self.first.state not in _SILENT:
            text += f" ({_ids(self.first.captures)})"
        if self.first.reason:
            text += f": {self.first.reason}"
        if self.first.doubt:
            text += f"; {self.first.doubt}"
        if self.first.duplicates:
            text += f"; captured again, which does not count: {_ids(self.first.duplicates)}"
        return text


def stretches(found: Iterable[Row]) -> Iterator[Stretch]:
    """Rows put together where they follow each other with nothing but their numbers between them.

    What becomes of all pages of a number is one, and so are those of numbers in a row, each page for itself. They come
    in the order of their ends.
    """
    going = dict[str | None, Stretch]()
    before: str | None = None
    for (schedule, seq), of_number in groupby(found, key=lambda row: (row.schedule, row.seq)):
        if schedule != before:
            yield from going.values()
            going.clear()
        before = schedule
        for each in _as_one(list(of_number)):
            page = None if each.pages > 1 else each.first.url
            open_ = going.pop(page, None)
            if open_ is not None and _goes_on(open_, each):
                going[page] = replace(open_, last=each.last)
                continue
            if open_ is not None:
                yield open_
            if each.first.state in _JOINED:
                going[page] = each
            else:
                yield each
        # What did not go on at this number has ended.
        for page in [page for page, open_ in going.items() if (open_.last.last_seq or open_.last.seq) < seq]:
            yield going.pop(page)
    yield from going.values()


def _as_one(of_number: list[Row]) -> Iterator[Stretch]:
    first = of_number[0]
    alike = all((row.state, row.reason, row.due) == (first.state, first.reason, first.due) for row in of_number)
    if len(of_number) > 1 and alike and first.state in _JOINED and not any(row.captures for row in of_number):
        yield Stretch(first, first, len(of_number))
        return
    for row in of_number:
        yield Stretch(row, row, 1)


def _goes_on(open_: Stretch, each: Stretch) -> bool:
    """Whether the next number, which has no other numbers between, has the same to say."""
    a, b = open_.last, each.first
    same = (a.state, a.reason, a.doubt, open_.pages) == (b.state, b.reason, b.doubt, each.pages)
    return same and not a.captures and not b.captures


def _counted(found: Iterable[Row], counts: Counter[State]) -> Iterator[Row]:
    for row in found:
        counts[row.state] += (row.last_seq or row.seq) - row.seq + 1
        yield row


def _detail(schedules: int, counts: Counter[State]) -> str:
    named = ", ".join(f"{counts[state]} {state}" for state in State if counts[state])
    return f"{schedules} {'schedule' if schedules == 1 else 'schedules'}: {named or 'nothing was due yet'}"


def _ids(ids: tuple[str, ...]) -> str:
    more = f" and {len(ids) - _IDS} more" if len(ids) > _IDS else ""
    return f"{', '.join(ids[:_IDS])}{more}"

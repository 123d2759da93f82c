"""The gap report: each time that a schedule was due, and what became of it.

1. The statements about a schedule say when it was due, for which pages, with which number (`schedules.history`).
2. Captures that were made for it name schedule, number and time. Of each number and page the first snapshot in log
   order counts; what comes after it is a duplicate.
3. What is left has to be explained: by a failure, by a `missed` statement that was made when it was due already, or by
   a withdrawal. Else it is unexplained.
4. What names a number, time or page that the schedule did not have contradicts it.

Of a feed nothing is due at times that can be computed. Its articles are numbered, so only holes in the numbers show.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from archiver import clock
from archiver.schedules.due import next_due
from archiver.schedules.history import Due, Missed, Timeline
from archiver.verify.attempts import Attempt, End
from archiver.verify.shape import MAX_TEXT_CHARACTERS

MAX_PAGES = 1_000_000  # times of a schedule that are gone through, each of its pages counted; a hostile one has any
_RULES = timedelta(hours=3)  # by which another version of a time zone's rules moves a time, at most
_MAX_ALL = 10  # of all schedules together, so many times that


class State(StrEnum):
    """What became of a page at a time that it was due."""

    CAPTURED = "captured"
    LATE = "late"  # captured when it was due for the next time already
    FAILED = "failed"
    MISSED = "missed"
    WITHDRAWN = "withdrawn"
    RUNNING = "running"
    UNFINISHED = "unfinished"
    WAITING = "waiting"  # it has become due, and is not yet for the next time
    UNEXPLAINED = "unexplained"
    OUTSIDE = "outside"  # no page of the schedule was due so


@dataclass(frozen=True, slots=True)
class Row:
    """One page at one time it was due. `last_seq` is the last number of a hole, whose times nobody knows.

    `captures` are ids in log order, that of what counts last; `duplicates` those of later results. `url` is None where
    it is not known which page it was. `doubt` says what makes the state uncertain, if something does.
    """

    schedule: str
    name: str
    seq: int
    due: datetime | None
    url: str | None
    state: State
    reason: str = ""
    captures: tuple[str, ...] = ()
    duplicates: tuple[str, ...] = ()
    last_seq: int | None = None
    doubt: str = ""


def rows(
    timelines: Mapping[str, Timeline], captures: Iterable[Attempt], now: datetime, limit: int = MAX_PAGES
) -> Iterator[Row]:
    """What became of each time up to `now`, schedule by schedule in the order in which they were added.

    No schedule yields more than `limit` rows of times that were due, and then one that says so.
    """
    by_schedule = defaultdict[str, list[Attempt]](list)
    for attempt in captures:
        by_schedule[attempt.planned.schedule].append(attempt)
    left = _MAX_ALL * limit
    for timeline in timelines.values():
        walk = _Walk(timeline, by_schedule.pop(timeline.id, []), now, min(limit, left))
        yield from walk.rows()
        left -= walk.walked
    for attempts in by_schedule.values():
        for attempt in attempts:
            yield _outside(attempt, "the log has no such schedule")


class _Walk:
    """One schedule, gone through in the order of its times."""

    def __init__(self, timeline: Timeline, attempts: list[Attempt], now: datetime, limit: int) -> None:
        self._timeline, self._now, self._limit = timeline, now, limit
        self._misses = _Misses(timeline.missed)
        self._by_seq = defaultdict[int, list[Attempt]](list)
        self._strange: list[Row] = []
        #: what would have been next, had the schedule not been changed or paused before: by its number
        self._instead = defaultdict[int, list[Due]](list)
        self.walked = 0
        for attempt in attempts:
            planned = attempt.planned
            if attempt.wrong is not None:
                self._strange.append(_outside(attempt, attempt.wrong))
            elif planned.name != timeline.name:
                self._strange.append(_outside(attempt, f"the schedule is called {timeline.name!r}"))
            else:
                self._by_seq[planned.seq].append(attempt)

    def rows(self) -> Iterator[Row]:
        last: Due | None = None
        for due in self._timeline.due(self._now):
            if last is not None and last.next_at != due.at:
                self._instead[last.seq + 1].append(last)
            last = due
            if self.walked + len(due.urls) > self._limit:
                yield self._cut(due)
                yield from self._strange
                return
            self.walked += len(due.urls)
            yield from self._due(due, self._by_seq.pop(due.seq, []))
        if last is not None:
            self._instead[last.seq + 1].append(last)
        if self._timeline.has_feed:
            yield from _Feed(self._timeline, self._by_seq, self._misses, self._now, last.seq if last else 0).rows()
        else:
            for attempts in self._by_seq.values():
                self._strange += [self._contradiction(each, None) for each in attempts]
            yield from self._missed_early(last.seq if last else 0)
        yield from self._strange

    def _due(self, due: Due, attempts: list[Attempt]) -> Iterator[Row]:
        pages: dict[str | None, list[Attempt]] = {_cut(url): [] for url in due.urls}
        gone = list[Attempt]()
        for attempt in attempts:
            if attempt.planned.due != due.at or (attempt.end is not End.WITHDRAWN and attempt.url not in pages):
                self._strange.append(self._contradiction(attempt, due))
            elif attempt.end is End.WITHDRAWN:
                gone.append(attempt)
            else:
                pages[attempt.url].append(attempt)
        following = due.next_at
        if following is None:  # its end is near, and what it would have been without shows what is late
            following = next_due(due.definition.model_copy(update={"stop_after": None}), due.at)
        limit = None if following is None else following + timedelta(seconds=due.definition.jitter_s)
        judged = []
        for url in due.urls:
            why = self._misses.why(due.seq, url, due.at)
            row = Row(self._timeline.id, self._timeline.name, due.seq, due.at, url, State.UNEXPLAINED)
            judged.append(_judge(row, pages[_cut(url)], why, self._now, limit))
        yield from _with_withdrawals(judged, gone)

    def _contradiction(self, attempt: Attempt, due: Due | None) -> Row:
        planned = attempt.planned
        for before in self._instead.get(planned.seq, []):
            if before.next_at == planned.due and attempt.url in (None, *map(_cut, before.urls)):
                return _outside(
                    attempt,
                    "it was not due then any more",
                    "it would have been, had it not been changed, paused or removed just before, or is so only now",
                )
        if due is None:
            return _outside(attempt, "it was never due with that number")
        if planned.due != due.at:
            zone = due.definition.tz
            is_near = zone != "UTC" and abs(planned.due - due.at) <= _RULES
            doubt = f"the rules of {zone} may be others where it was planned than here" if is_near else ""
            return _outside(attempt, f"that number was due at {_said(due.at)}", doubt)
        return _outside(attempt, "it was not for that page")

    def _cut(self, due: Due) -> Row:
        why = f"it was due more often than is looked at ({self._limit} times, each of its pages counted)"
        return Row(self._timeline.id, self._timeline.name, due.seq, due.at, None, State.UNEXPLAINED, why)

    def _missed_early(self, last: int) -> Iterator[Row]:
        """Statements that explain numbers which are not there yet, as if somebody knew."""
        for missed in self._timeline.missed:
            if missed.last > last:
                yield Row(
                    self._timeline.id,
                    self._timeline.name,
                    max(missed.first, last + 1),
                    None,
                    missed.url,
                    State.OUTSIDE,
                    "it is stated as missed and was never due with that number",
                    last_seq=missed.last,
                    doubt="it counts for nothing",
                )


class _Feed:
    """The numbers of a feed's articles after `last`, which is the last that was due by time."""

    def __init__(
        self, timeline: Timeline, by_seq: Mapping[int, list[Attempt]], misses: _Misses, now: datetime, last: int
    ) -> None:
        self._timeline, self._by_seq, self._misses, self._now, self._last = timeline, by_seq, misses, now, last
        self._cuts = sorted({cut for missed in timeline.missed for cut in (missed.first, missed.last + 1)})

    def rows(self) -> Iterator[Row]:
        at, since = self._last + 1, datetime.min.replace(tzinfo=self._now.tzinfo)
        for seq in sorted(self._by_seq):
            if seq > at:
                yield from self._hole(at, seq - 1, since)
            yield from self._article(seq, self._by_seq[seq])
            at = max(at, seq + 1)
            since = max(since, *(each.planned.due for each in self._by_seq[seq]))
        # That there were articles after the last one only statements can say, which were made after it.
        later = (missed.last for missed in self._timeline.missed if not _is_before(missed.made_at, since))
        top = max(later, default=0)
        if top >= at:
            yield from self._hole(at, top, since)

    def _article(self, seq: int, attempts: list[Attempt]) -> Iterator[Row]:
        pages = defaultdict[str | None, list[Attempt]](list)
        gone = [each for each in attempts if each.end is End.WITHDRAWN]
        for attempt in attempts:
            if attempt.end is not End.WITHDRAWN:
                pages[attempt.url].append(attempt)
        judged = []
        for url, mine in pages.items():
            due = min(each.planned.due for each in mine)
            row = Row(self._timeline.id, self._timeline.name, seq, due, url, State.UNEXPLAINED)
            row = _judge(row, mine, self._misses.why(seq, url, due), self._now, None)
            judged.append(row if len(pages) == 1 else replace(row, doubt="the same number was given to another page"))
        if not judged:
            due = min(each.planned.due for each in gone)
            judged = [Row(self._timeline.id, self._timeline.name, seq, due, None, State.UNEXPLAINED)]
        yield from _with_withdrawals(judged, gone)

    def _hole(self, first: int, last: int, since: datetime) -> Iterator[Row]:
        """Numbers that no capture has, split where another statement explains them."""
        inner = self._cuts[bisect_right(self._cuts, first) : bisect_right(self._cuts, last)]
        starts = [first, *inner]
        for begin, after in zip(starts, [*starts[1:], last + 1], strict=True):
            why = self._misses.why(begin, None, since)
            state = State.UNEXPLAINED if why is None else State.MISSED
            reason = "nothing says what became of it" if why is None else why.reason
            yield Row(self._timeline.id, self._timeline.name, begin, None, None, state, reason, last_seq=after - 1)


class _Misses:
    """Why numbers were missed. They must be asked for in ascending order, and so must their times."""

    def __init__(self, stated: list[Missed]) -> None:
        self._coming = sorted(enumerate(stated), key=lambda each: each[1].first, reverse=True)
        #: those that have begun, by page, the first in log order on top
        self._begun: dict[str | None, list[tuple[int, Missed]]] = defaultdict(list)

    def why(self, seq: int, url: str | None, at: datetime) -> Missed | None:
        """The first statement that explains it; one that was made before `at` could not know."""
        while self._coming and self._coming[-1][1].first <= seq:
            order, missed = self._coming.pop()
            heapq.heappush(self._begun[missed.url], (order, missed))
        best: tuple[int, Missed] | None = None
        for page in {None, url}:
            waiting = self._begun.get(page, [])
            while waiting and (waiting[0][1].last < seq or _is_before(waiting[0][1].made_at, at)):
                heapq.heappop(waiting)
            if waiting and (best is None or waiting[0][0] < best[0]):
                best = waiting[0]
        return None if best is None else best[1]


def _is_before(moment: datetime | None, at: datetime) -> bool:
    return moment is not None and moment < at


def _judge(row: Row, attempts: list[Attempt], missed: Missed | None, now: datetime, limit: datetime | None) -> Row:
    """What became of it by its captures. `limit` is the moment from which on a capture is late."""
    found = sorted(attempts, key=lambda each: each.index)
    ids = tuple(each.id for each in found)
    first = min((each for each in found if each.end is End.SNAPSHOT), key=_place, default=None)
    if first is not None:
        return _counted(row, first, found, limit)
    if any(each.end is End.NONE and each.deadline is not None and each.deadline >= now for each in found):
        return replace(row, state=State.RUNNING, captures=ids)
    last = found[-1] if found else None
    if last is not None and last.end is End.FAILURE:
        return replace(row, state=State.FAILED, reason=last.message or "it does not say why", captures=ids)
    if missed is not None:  # also of what was begun and broken off
        return replace(row, state=State.MISSED, reason=missed.reason, captures=ids)
    if last is not None and last.end is End.NONE:
        return replace(row, state=State.UNFINISHED, reason="it was begun and has no result", captures=ids)
    if last is not None:
        return replace(row, reason=last.message, captures=ids)
    if limit is not None and now < limit:
        return replace(row, state=State.WAITING)
    return replace(row, reason="nothing says why there is no capture")


def _counted(row: Row, first: Attempt, found: list[Attempt], limit: datetime | None) -> Row:
    later = tuple(each.id for each in found if each is not first and _place(each) > _place(first))
    before = tuple(each.id for each in found if each is not first and each.id not in later)
    state, reason, doubt = State.CAPTURED, "", ""
    if first.began is not None and limit is not None and first.began >= limit:
        state, reason = State.LATE, f"it was captured at {_said(first.began)}"
    if first.began is not None and row.due is not None and first.began < row.due:
        doubt = f"it was captured at {_said(first.began)}, before it was due: a clock was set back"
    return replace(row, state=state, reason=reason, captures=(*before, first.id), duplicates=later, doubt=doubt)


def _place(attempt: Attempt) -> int:
    return -1 if attempt.result is None else attempt.result


def _with_withdrawals(judged: list[Row], gone: list[Attempt]) -> Iterator[Row]:
    """The rows of one number, those that were withdrawn among them.

    Of what was withdrawn the page is not known. So it explains the pages that have nothing else only where it must be
    of all of them: snapshots are of one page each, and of failures any number may be of the same one.
    """
    if gone:
        gone = sorted(gone, key=lambda each: each.index)
        snapshots = sum(each.left for each in gone)
        why: dict[str, Any] = {"reason": "; ".join(each.message for each in gone), "state": State.WITHDRAWN}
        ids = tuple(each.id for each in gone)
        bare = [n for n, row in enumerate(judged) if not row.captures and row.state is not State.MISSED]
        tried = [n for n, row in enumerate(judged) if row.state in (State.FAILED, State.UNFINISHED)]
        if bare and max(snapshots, 1) < len(bare):
            told = f"{len(bare)} pages have no capture, and not all of these were withdrawn: {', '.join(ids)}"
            for n in bare:
                judged[n] = replace(judged[n], reason=told)
        elif bare:
            for n in bare:
                judged[n] = replace(judged[n], captures=ids, **why)
        elif snapshots >= len(tried):
            for n in tried:
                judged[n] = replace(judged[n], captures=(*judged[n].captures, *ids), **why)
    yield from judged


def _outside(attempt: Attempt, reason: str, doubt: str = "") -> Row:
    planned = attempt.planned
    return Row(
        planned.schedule,
        planned.name,
        planned.seq,
        planned.due,
        attempt.url,
        State.OUTSIDE,
        reason,
        (attempt.id,),
        doubt=doubt,
    )


def _cut(url: str) -> str:
    """As the statements of captures have it."""
    return url[:MAX_TEXT_CHARACTERS]


def _said(moment: datetime) -> str:
    return clock.rfc3339(moment)

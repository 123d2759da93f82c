"""What the log says of schedules, and from it each time that one was due, with its number.

Statements of one schedule name its id, which is that of its first one. They begin with `add`; a `change` counts from
its moment on, between `pause` and `resume` nothing is due, after `remove` nothing any more. `missed` says of numbers
why there is no capture.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from archiver.moments import parse_rfc3339
from archiver.schedules.definition import Definition, from_document
from archiver.schedules.due import INSTANT, due_times

_MAX_SEQ = 2**53
_EARLIER = "it was made before the one that comes before it"
_PAUSED = "it pauses a schedule that is paused already"
_RUNNING = "it resumes a schedule that is not paused"
_REMOVED = "it is about a schedule that was removed before"
#: problems that honest operators come by, of whom two act at once or one has a wrong clock: the statement does nothing
NO_EFFECT = frozenset({_EARLIER, _PAUSED, _RUNNING, _REMOVED})


class Action(StrEnum):
    """What a `schedule` statement says."""

    ADD = "add"
    CHANGE = "change"
    PAUSE = "pause"
    RESUME = "resume"
    REMOVE = "remove"
    MISSED = "missed"


@dataclass(frozen=True)
class Missed:
    """Why the numbers `first` to `last` have no capture: of one page, or of all where `url` is None."""

    first: int
    last: int
    reason: str
    url: str | None = None
    made_at: datetime | None = field(default=None, compare=False)

    def covers(self, seq: int, url: str) -> bool:
        return self.first <= seq <= self.last and self.url in (None, url)


@dataclass(frozen=True)
class Event:
    """One `schedule` statement, entry `index` of the log. `schedule` is the id of the schedule."""

    index: int
    schedule: str
    action: Action
    name: str
    made_at: datetime
    definition: Definition | None = None
    missed: Missed | None = None


@dataclass(frozen=True)
class Due:
    """A time that a schedule was due, numbered from 1 on, and the definition by which it was."""

    seq: int
    at: datetime
    next_at: datetime | None
    urls: tuple[str, ...]
    definition: Definition = field(compare=False, repr=False)


@dataclass(frozen=True)
class _Stretch:
    """After which moment, and up to and with which, a definition counted."""

    after: datetime
    until: datetime | None
    definition: Definition


@dataclass
class Timeline:
    """All that the log says of one schedule. `problems` are statements that contradict those before them."""

    id: str
    name: str = ""
    definition: Definition | None = None
    paused: bool = False
    removed: bool = False
    changed_at: datetime | None = None
    missed: list[Missed] = field(default_factory=list)
    problems: list[tuple[int, str]] = field(default_factory=list)
    _stretches: list[_Stretch] = field(default_factory=list)

    @property
    def has_feed(self) -> bool:
        """Whether it was ever one of a feed, so that numbers may be of articles."""
        return any(stretch.definition.feed is not None for stretch in self._stretches)

    @property
    def active(self) -> bool:
        return self.definition is not None and not self.paused and not self.removed

    @property
    def counts_after(self) -> datetime:
        """The moment after which what was last said of when it is due counts."""
        last = self._stretches[-1]
        return last.until or last.after

    def due(self, until: datetime) -> Iterator[Due]:
        """Each time it was due up to a moment; nothing for a feed, whose articles are numbered as they come."""
        seq = 0
        for stretch in self._stretches:
            if stretch.definition.feed is not None:
                continue
            last = until if stretch.until is None else min(stretch.until, until)
            if stretch.after >= last:
                continue
            waiting: datetime | None = None
            for moment in due_times(stretch.definition, stretch.after):
                if waiting is not None:
                    seq += 1
                    yield Due(seq, waiting, moment, stretch.definition.urls, stretch.definition)
                    waiting = None
                if moment > last:
                    break
                waiting = moment
            if waiting is not None:
                seq += 1
                yield Due(seq, waiting, None, stretch.definition.urls, stretch.definition)

    def why_missed(self, seq: int, url: str) -> str | None:
        """The stated reason, if there is one."""
        return next((each.reason for each in self.missed if each.covers(seq, url)), None)

    def take(self, event: Event) -> None:
        """Go on with the next statement, in log order."""
        wrong = self._why_not(event)
        if wrong is not None:
            self.problems.append((event.index, wrong))
            return
        if event.missed is not None:
            self.missed.append(event.missed)
            return
        moment = event.made_at
        if event.action is Action.ADD:
            assert event.definition is not None
            self.name, self.definition = event.name, event.definition
            self._begin(event.definition.start - INSTANT, event.definition)
        elif event.action is Action.CHANGE:
            assert event.definition is not None
            self.definition = event.definition
            if not self.paused:
                self._end(moment)
                self._begin(moment, event.definition)
        elif event.action is Action.PAUSE:
            self._end(moment)
            self.paused = True
        elif event.action is Action.RESUME:
            assert self.definition is not None
            self.paused = False
            self._begin(moment, self.definition)
        elif event.action is Action.REMOVE:
            if not self.paused:
                self._end(moment)
            self.removed = True
        self.changed_at = moment

    def _begin(self, after: datetime, definition: Definition) -> None:
        self._stretches.append(_Stretch(after, None, definition))

    def _end(self, moment: datetime) -> None:
        last = self._stretches[-1]
        self._stretches[-1] = _Stretch(last.after, moment, last.definition)

    def _why_not(self, event: Event) -> str | None:
        if event.action is Action.ADD:
            return None if self.definition is None else "it adds a schedule that is there already"
        if self.definition is None:
            return "it is about a schedule that was not added before"
        if event.name != self.name:
            return f"it calls the schedule {event.name!r}, which was added as {self.name!r}"
        if event.action is Action.MISSED:
            return None  # also of times before it was paused or removed
        if self.removed:
            return _REMOVED
        if self.changed_at is not None and event.made_at < self.changed_at:
            return _EARLIER
        if event.action is Action.PAUSE and self.paused:
            return _PAUSED
        if event.action is Action.RESUME and not self.paused:
            return _RUNNING
        return None


def parse(index: int, statement: Mapping[str, Any]) -> Event:
    """What a `schedule` statement says. Raises `ValueError` when it is none that can be understood."""
    action = statement.get("action")
    name, schedule = statement.get("name"), statement.get("schedule")
    if action not in list(Action) or not isinstance(name, str) or not isinstance(schedule, str):
        raise ValueError("its action, its name or the id of its schedule is none")
    if action == Action.ADD and statement.get("id") != schedule:
        raise ValueError("it adds a schedule of another id than its own")
    made_at = parse_rfc3339(str(statement.get("made_at")))
    definition = missed = None
    if action in (Action.ADD, Action.CHANGE):
        definition = from_document(statement.get("definition"))
    elif action == Action.MISSED:
        missed = _missed(statement.get("missed"), made_at)
    return Event(index, schedule, Action(action), name, made_at, definition, missed)


def _missed(document: object, made_at: datetime) -> Missed:
    if not isinstance(document, dict):
        raise ValueError("it does not say what was missed")
    first, last = document.get("first_seq"), document.get("last_seq")
    reason, url = document.get("reason"), document.get("url")
    if type(first) is not int or type(last) is not int or not 1 <= first <= last < _MAX_SEQ:
        raise ValueError("the numbers of what was missed are none")
    if not isinstance(reason, str) or not (url is None or isinstance(url, str)):
        raise ValueError("its reason or URL is no text")
    return Missed(first, last, reason, url, made_at)


def timelines(events: Iterable[Event]) -> dict[str, Timeline]:
    """The schedules by their ids, from statements in log order."""
    found: dict[str, Timeline] = {}
    for event in events:
        found.setdefault(event.schedule, Timeline(event.schedule)).take(event)
    return found

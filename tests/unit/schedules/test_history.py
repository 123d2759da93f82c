"""What statements of schedules mean together: when each was due, and what contradicts the others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from archiver.schedules.definition import define
from archiver.schedules.history import Action, Timeline, parse, timelines
from archiver.seal import statement
from archiver.storage import layout

_START = datetime(2026, 3, 1, tzinfo=UTC)
_URL = "https://example.org/news"
_ID = layout.new_id(_START)


def hours(count: float) -> datetime:
    return _START + timedelta(hours=count)


def said(action: str, at: datetime, name: str = "front", **more: Any) -> dict[str, Any]:
    id_ = _ID if action == "add" else layout.new_id(at)
    if "definition" in more:
        more["definition"] = define(name, {"urls": (_URL,), **more["definition"]}, at).document()
    return statement.schedule(id_, action, _ID, name, at, **more)


def told(*statements: dict[str, Any]) -> Timeline:
    return timelines(parse(n, each) for n, each in enumerate(statements))[_ID]


def due(timeline: Timeline, until: float) -> list[tuple[int, float]]:
    return [(each.seq, (each.at - _START) / timedelta(hours=1)) for each in timeline.due(hours(until))]


_ADD = said("add", _START, definition={"every": "6h"})


def test_each_time_has_its_number_and_its_pages() -> None:
    timeline = told(_ADD)
    assert due(timeline, 18) == [(1, 0), (2, 6), (3, 12), (4, 18)]
    assert {each.urls for each in timeline.due(hours(18))} == {(_URL,)}
    assert [each.next_at for each in timeline.due(hours(6))] == [hours(6), hours(12)]


def test_nothing_is_due_while_it_is_paused_and_numbers_go_on_after() -> None:
    timeline = told(_ADD, said("pause", hours(7)), said("resume", hours(20)))
    assert due(timeline, 30) == [(1, 0), (2, 6), (3, 24), (4, 30)]


def test_a_change_counts_from_its_moment_on() -> None:
    timeline = told(_ADD, said("change", hours(7), definition={"every": "1h"}))
    assert due(timeline, 9) == [(1, 0), (2, 6), (3, 8), (4, 9)]


def test_a_change_of_a_paused_schedule_counts_when_it_is_resumed() -> None:
    timeline = told(
        _ADD,
        said("pause", hours(7)),
        said("change", hours(8), definition={"every": "1h"}),
        said("resume", hours(10)),
    )
    assert due(timeline, 12) == [(1, 0), (2, 6), (3, 11), (4, 12)]


def test_a_removed_schedule_is_due_no_more() -> None:
    timeline = told(_ADD, said("remove", hours(6)))
    assert due(timeline, 100) == [(1, 0), (2, 6)]
    assert not timeline.active


def test_what_was_missed_is_known_by_its_numbers_and_pages() -> None:
    missed = {"first_seq": 2, "last_seq": 3, "reason": "no worker ran"}
    timeline = told(_ADD, said("missed", hours(19), missed=missed))
    assert [timeline.why_missed(seq, _URL) for seq in (1, 2, 3, 4)] == [None, "no worker ran", "no worker ran", None]
    timeline = told(_ADD, said("missed", hours(19), missed={**missed, "url": _URL}))
    assert timeline.why_missed(2, _URL)
    assert timeline.why_missed(2, "https://example.org/other") is None


@pytest.mark.parametrize(
    ("statements", "problem"),
    [
        ([_ADD, _ADD], "there already"),
        ([said("pause", hours(1))], "not added before"),
        ([_ADD, said("pause", hours(1), name="back")], "calls the schedule 'back'"),
        ([_ADD, said("remove", hours(1)), said("pause", hours(2))], "removed before"),
        ([_ADD, said("pause", hours(2)), said("resume", hours(1))], "made before the one"),
        ([_ADD, said("pause", hours(1)), said("pause", hours(2))], "paused already"),
        ([_ADD, said("resume", hours(1))], "not paused"),
    ],
)
def test_a_statement_that_contradicts_those_before_it_is_told_and_has_no_effect(
    statements: list[dict[str, Any]], problem: str
) -> None:
    timeline = told(*statements)
    ((index, said_of_it),) = timeline.problems
    assert index == len(statements) - 1
    assert problem in said_of_it


@pytest.mark.parametrize(
    "alteration",
    [
        {"action": "explode"},
        {"name": 7},
        {"schedule": None},
        {"made_at": "yesterday"},
        {"definition": {}},
        {"definition": None},
        {"definition": {"start": "2026-03-01T00:00:00Z", "urls": [_URL], "every_s": 0}},
        {"schedule": layout.new_id(_START)},
        {"action": "missed"},
        {"action": "missed", "missed": {"first_seq": 2, "last_seq": 1, "reason": "x"}},
        {"action": "missed", "missed": {"first_seq": True, "last_seq": 1, "reason": "x"}},
        {"action": "missed", "missed": {"first_seq": 1, "last_seq": 2**60, "reason": "x"}},
        {"action": "missed", "missed": {"first_seq": 1, "last_seq": 2, "reason": 1}},
    ],
)
def test_a_statement_that_cannot_be_understood_is_refused(alteration: dict[str, Any]) -> None:
    assert parse(0, _ADD).action is Action.ADD
    with pytest.raises(ValueError, match=r"."):
        parse(0, {**_ADD, **alteration})

"""Statements of strangers: one way to write them, everything said that must be, and nothing that cannot be."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from archiver.seal import statement as statements
from archiver.verify.contents import check_artifact, check_statement
from tests.unit.verify.made import ID, made

_NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
_ABOUT = statements.About(("a",), "case", "operator", "reason")


def intent() -> dict[str, Any]:
    return statements.intent(ID, "https://a.test/", _NOW, _NOW + timedelta(minutes=1), _ABOUT)


def failure() -> dict[str, Any]:
    return statements.failure(ID, 4, "https://a.test/", _NOW, _NOW, "UnreachableError", "no answer", _ABOUT)


def snapshot() -> dict[str, Any]:
    return copy.deepcopy(made().statement)


def custody() -> dict[str, Any]:
    return statements.custody(ID, 5, _NOW, "ab" * 32, 1_000_000, "the court in X", "O. Perator")


def check(document: Any) -> list[str]:
    return check_statement(document, rfc8785.dumps(document))


@pytest.mark.parametrize("make", [intent, failure, snapshot, custody])
def test_a_statement_of_ours_has_no_problem(make: Callable[[], dict[str, Any]]) -> None:
    assert check(make()) == []


@pytest.mark.parametrize("make", [intent, failure, snapshot, custody])
def test_later_versions_may_say_more(make: Callable[[], dict[str, Any]]) -> None:
    assert check(make() | {"zone": {"a": [1, None]}}) == []


@pytest.mark.parametrize("make", [intent, failure, snapshot, custody])
def test_every_field_is_wanted_and_of_its_kind(make: Callable[[], dict[str, Any]]) -> None:
    whole = make()
    for name, value in whole.items():
        without = check({key: each for key, each in whole.items() if key != name})
        if name in ("format", "type"):
            assert any(f"has the {name} None" in problem for problem in without)
        elif name not in ("case", "operator") and (name != "reason" or whole["type"] == "custody"):
            assert any(f"has no {name}" in problem for problem in without)
        wrong = [1] if isinstance(value, dict) else {"a": 1}
        assert any(f" {name} " in problem for problem in check(whole | {name: wrong})), name


def test_all_that_is_wrong_is_said() -> None:
    wrong = snapshot() | {"title": None, "outcome": "fine", "redirects": -1, "started_at": "yesterday"}
    assert len(check(wrong)) == 4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s["main_document"].pop("address"), "main document of the snapshot has no address"),
        (lambda s: s["main_document"].update(status=1000), "has the status 1000"),
        (lambda s: s["main_document"].update(sha256="AB" * 32), "has the sha256"),
        (lambda s: s["exchanges"].update(total=10), "counts 9 exchanges by their results, expected its total, 10"),
        (lambda s: s["exchanges"].pop("total"), "has no total"),
        (lambda s: s["exchanges"].update(lost=0), "counts 0 exchanges as 'lost'"),
        (lambda s: s["exchanges"].update(cached=True), "counts True exchanges as 'cached'"),
        (lambda s: s["artifacts"][0].pop("crc32"), "artifact 0 of the snapshot has no crc32"),
        (lambda s: s["artifacts"][0].update(crc32=None), "the warc of the snapshot has no crc32"),
        (lambda s: s["artifacts"][0].update(crc32=1 << 32), "has the crc32 4294967296"),
        (lambda s: s["artifacts"][0].update(key="snapshots/x"), "has the key 'snapshots/x'"),
        (lambda s: s["artifacts"][0].update(bytes=-1), "has the bytes -1"),
        (lambda s: s["artifacts"][2].update(key="../x"), "expected the URN of a record"),
        (lambda s: s["artifacts"].pop(0), "lists 0 artifacts as warc"),
        (lambda s: s["artifacts"].append(s["artifacts"][1]), "lists 2 artifacts as cdxj"),
        (lambda s: s["artifacts"].append("x"), "has the artifacts a list"),
        (lambda s: s["warnings"].append({"code": "x"}), "a warning of the snapshot has no message"),
        (lambda s: s["conditions"].update(viewport=[1.0]), "has the number 1.0"),
        (lambda s: s["conditions"].update(sandboxed=0), "has the sandboxed 0"),
        (lambda s: s.update(ended_at="2020-01-01T00:00:00.000000Z"), "before it began"),
        (lambda s: s.update(title="t" * 8193), "has the title"),
        (lambda s: s.update(format="archiver-statement/2"), "has the format 'archiver-statement/2'"),
        (lambda s: s.update(type=7), "has the type 7"),
        (lambda s: s.update(case=3), "has the case 3"),
    ],
)
def test_a_snapshot_that_cannot_be_is_named(change: Callable[[dict[str, Any]], Any], message: str) -> None:
    document = snapshot()
    change(document)
    problems = check(document)
    assert any(message.lower() in problem.lower() for problem in problems), problems


def test_a_failure_says_its_error() -> None:
    assert check(failure() | {"error": {"kind": "E"}}) == ["The error of the failure has no message."]


def test_an_intent_does_not_end_before_it_begins() -> None:
    (problem,) = check(intent() | {"deadline": "2020-01-01T00:00:00.000000Z"})
    assert "before it began" in problem


@pytest.mark.parametrize(
    "line",
    [
        rfc8785.dumps(intent()) + b"\n",
        b" " + rfc8785.dumps(intent()),
        orjson.dumps(intent()),
        rfc8785.dumps(intent()).replace(b'"case":', b'"case":"other","case":'),
        rfc8785.dumps(intent()).replace(b"https", b"\\u0068ttps"),
        rfc8785.dumps(intent())[:-1],
    ],
)
def test_there_is_one_way_to_write_it(line: bytes) -> None:
    document = intent() if not line.endswith(b"Z") else None
    assert any("is not canonical (RFC 8785)" in problem for problem in check_statement(document, line))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (1.0, "has the number 1.0"),
        (float("nan"), "has the number nan"),
        (1 << 60, "no canonical form"),
        ("\ud800", "no canonical form"),
        (b"x", "which JSON has not"),
    ],
)
def test_what_readers_may_take_differently_is_refused(value: object, message: str) -> None:
    assert any(message in problem for problem in check_statement(intent() | {"tags": [value]}, b"{}"))


def test_deep_and_large_ones_are_refused_early() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    assert check_statement(intent() | {"more": deep}, b"") == ["The statement is nested deeper than 16."]
    (problem,) = check_statement(intent(), b"x" * (1 << 20))
    assert "has 1048576 bytes" in problem
    while deep:  # taken apart by hand: Python itself would use as many stack frames
        deep = deep.pop()


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(sorted(made().statement)), _JSON, st.binary(max_size=20))
def test_nothing_in_a_field_raises(name: str, value: object, line: bytes) -> None:
    assert check_statement(snapshot() | {name: value}, line)


@given(st.sampled_from(sorted(custody())), _JSON, st.binary(max_size=20))
def test_nothing_in_a_field_of_a_custody_statement_raises_or_is_long(name: str, value: object, line: bytes) -> None:
    assert all(len(problem) < 300 for problem in check_statement(custody() | {name: value}, line))


@given(_JSON)
def test_nothing_as_a_statement_raises(document: object) -> None:
    assert check_statement(document, b"")


def test_an_artifact_is_held_against_its_list() -> None:
    listed = made().statement["artifacts"][0]
    sha256, size, crc32 = listed["sha256"], listed["bytes"], listed["crc32"]
    assert check_artifact(listed, sha256, size, crc32) == []
    assert check_artifact(listed, sha256, size, None) == []
    assert check_artifact(listed | {"crc32": None}, sha256, size, 1) == []
    assert len(check_artifact(listed, "00" * 32, size + 1, crc32 ^ 1)) == 3
    assert len(check_artifact({"bytes": True}, "00" * 32, 1, 1)) == 2


_SKETCH = {"method": "archiver-shingles/1", "words": 400, "scale": 12, "hashes": ["0123456789abcdef"]}


def test_a_text_sketch_may_be_missing_and_what_is_there_has_its_form() -> None:
    whole = {name: value for name, value in snapshot().items() if name != "text_sketch"}
    assert check(whole) == []
    assert check(whole | {"text_sketch": _SKETCH}) == []
    for name, wrong in (("method", 1), ("words", -1), ("scale", "12"), ("hashes", ["0123456789ABCDEF"])):
        found = check(whole | {"text_sketch": _SKETCH | {name: wrong}})
        assert any(f"text sketch of the snapshot has the {name}" in problem for problem in found)


def test_a_withdrawal_may_say_which_time_of_a_schedule_it_was_for_and_then_wholly() -> None:
    planned = statements.Planned(ID, "front", 3, _NOW)
    document = statements.withdrawn(ID, 1, _NOW, "a court order", None, planned)
    assert check(document) == []
    for name in ("id", "name", "seq", "due"):
        part = {key: value for key, value in document["schedule"].items() if key != name}
        assert check(document | {"schedule": part}) == [f"The schedule of the withdrawn has no {name}."]
    assert check(document | {"schedule": "front"})
    assert statements.planned_of(document) == planned


@pytest.mark.parametrize(
    "said", ["front", {}, {"id": ID, "name": "front", "seq": True, "due": "2026-11-23T08:00:00Z"},
             {"id": ID, "name": "front", "seq": 1, "due": "today"}],
)  # fmt: skip
def test_a_schedule_that_cannot_be_understood_is_refused(said: object) -> None:
    for statement in ({"type": "withdrawn", "schedule": said}, {"type": "intent", "job": {"schedule": said}}):
        with pytest.raises(ValueError, match=r"schedule|RFC 3339"):
            statements.planned_of(statement)
    assert statements.planned_of({"type": "intent", "job": said}) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("result", -1),
        ("result", None),
        ("result", True),
        ("result", 1 << 53),
        ("handed_out_at", "2026-11-23T09:00:00.000000+01:00"),
        ("handed_out_at", "today"),
        ("sha256", "AB" * 32),
        ("sha256", "ab" * 31),
        ("bytes", -1),
        ("bytes", "1000"),
        ("reason", None),
        ("reason", "r" * 8193),
        ("operator", None),
        ("operator", "o" * 8193),
    ],
)
def test_a_custody_statement_that_cannot_be_is_named_in_a_few_words(name: str, value: object) -> None:
    problems = check_statement(custody() | {name: value}, b"")
    (problem,) = [each for each in problems if f"the custody has the {name} " in each.lower()]
    assert len(problem) < 300


def test_a_custody_statement_need_not_name_an_operator() -> None:
    document = statements.custody(ID, 5, _NOW, "ab" * 32, 1, "the court in X", None)
    assert "operator" not in document
    assert check(document) == []


def test_of_a_type_of_a_later_version_only_the_form_is_known() -> None:
    assert check(custody() | {"type": "opinion"}) == []
    (problem,) = check({"type": "opinion", "format": "archiver-statement/1", "id": ID})
    assert problem == "The statement has no software."

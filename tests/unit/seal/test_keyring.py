"""Which keys count where: told as stories of operators and thieves, and then at random."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from archiver.seal import keyring, note
from archiver.seal import statement as statements
from archiver.seal.keyring import Action, KeyEvent, Keyring, Kind, Problem
from archiver.seal.keys import Signer, make
from archiver.seal.note import VerifierKey
from archiver.storage import layout

_ORIGIN = "archiver/0123"
_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
_ID = "20260101t000000z-aaaaaaaaaaaaaaaa"
#: making keys takes longer than all else here
_FIRST, _SECOND, _THIRD, _THIEFS = (make(_ORIGIN) for _ in range(4))
_OTHER = make("archiver/4567")


def said(index: int, action: str, about: Signer, by: Signer, from_index: int | None = None) -> KeyEvent:
    id_ = layout.new_id(_MOMENT)
    statement = statements.key(id_, Action(action), about.key, _MOMENT, from_index=from_index)
    text = rfc8785.dumps(statement).decode() + "\n"
    found = keyring.parse(index, note.render(text, [by.sign(text)]))
    assert isinstance(found, KeyEvent)
    return found


def again(index: int, event: KeyEvent) -> KeyEvent:
    return dataclasses.replace(event, index=index)


def add(index: int, about: Signer, by: Signer) -> KeyEvent:
    return said(index, "add", about, by)


def retire(index: int, about: Signer, by: Signer) -> KeyEvent:
    return said(index, "retire", about, by)


def accuse(index: int, about: Signer, by: Signer, from_index: int) -> KeyEvent:
    return said(index, "compromised", about, by, from_index)


def ring(*events: KeyEvent | Problem) -> Keyring:
    return Keyring([_FIRST.key], events)


def valid(keys: Keyring, index: int) -> set[VerifierKey]:
    return set(keys.valid_at(index))


def reasons(keys: Keyring) -> dict[int, str]:
    return {problem.index: problem.reason for problem in keys.problems}


# what each statement does


def test_a_root_counts_from_the_first_entry_on() -> None:
    keys = ring()
    assert keys.valid_at(0) == keys.valid_at(10**9) == keys.current() == (_FIRST.key,)
    assert keys.why_not(_FIRST.key, 0) == ""
    assert keys.problems == ()


def test_an_added_key_counts_from_the_entry_after_it() -> None:
    keys = ring(add(7, _SECOND, _FIRST))
    assert keys.valid_at(7) == (_FIRST.key,)
    assert keys.valid_at(8) == keys.current() == (_FIRST.key, _SECOND.key)
    assert keys.why_not(_SECOND.key, 7) == "was added later, by entry 7"


def test_a_retired_key_counts_up_to_the_entry_that_retires_it() -> None:
    keys = ring(add(3, _SECOND, _FIRST), retire(7, _FIRST, _SECOND))
    assert valid(keys, 7) == {_FIRST.key, _SECOND.key}
    assert keys.valid_at(8) == keys.current() == (_SECOND.key,)
    assert keys.why_not(_FIRST.key, 8) == "was retired by entry 7"


def test_a_retired_key_can_be_added_again() -> None:
    keys = ring(add(1, _SECOND, _FIRST), retire(3, _SECOND, _FIRST), add(5, _SECOND, _FIRST))
    assert [_SECOND.key in keys.valid_at(index) for index in range(1, 8)] == [
        False,
        True,
        True,
        *[False] * 2,
        True,
        True,
    ]
    assert keys.why_not(_SECOND.key, 5) == "was retired by entry 3"
    assert keys.problems == ()


def test_a_compromised_key_does_not_count_from_the_entry_named_on_whenever_it_was_said() -> None:
    keys = ring(add(3, _SECOND, _FIRST), accuse(70, _FIRST, _SECOND, 40))
    assert valid(keys, 39) == {_FIRST.key, _SECOND.key}
    assert keys.valid_at(40) == keys.current() == (_SECOND.key,)
    assert keys.why_not(_FIRST.key, 40) == "is said to be compromised from entry 40 on, by entry 70"


def test_the_lowest_entry_that_anybody_names_counts() -> None:
    keys = ring(add(3, _SECOND, _FIRST), accuse(70, _FIRST, _SECOND, 40), accuse(71, _FIRST, _SECOND, 50))
    assert keys.valid_at(40) == (_SECOND.key,)
    keys = ring(add(3, _SECOND, _FIRST), accuse(70, _FIRST, _SECOND, 40), accuse(71, _FIRST, _SECOND, 30))
    assert keys.why_not(_FIRST.key, 30) == "is said to be compromised from entry 30 on, by entry 71"


def test_a_key_that_is_added_twice_is_there_once() -> None:
    keys = ring(add(3, _SECOND, _FIRST), add(4, _SECOND, _FIRST))
    assert keys.current() == (_FIRST.key, _SECOND.key)
    assert keys.problems == ()


def test_a_key_that_nobody_added_never_counts() -> None:
    assert ring().why_not(_SECOND.key, 5) == "was never added"


def test_the_order_in_which_statements_are_given_does_not_matter() -> None:
    events = [add(1, _SECOND, _FIRST), add(2, _THIRD, _SECOND), retire(3, _SECOND, _FIRST)]
    assert ring(*reversed(events)).all() == ring(*events).all()


def test_every_key_is_shown_with_what_was_said_of_it() -> None:
    keys = ring(
        add(1, _SECOND, _FIRST), add(2, _THIEFS, _THIRD), retire(4, _FIRST, _SECOND), accuse(5, _SECOND, _FIRST, 3)
    )
    first, second, thiefs = keys.all()
    assert (first.counts, first.is_valid, first.added, first.retired) == (True, False, None, 4)
    assert (second.counts, second.is_valid, second.added) == (True, False, 1)
    assert (second.compromised_from, second.compromised_by) == (3, 5)
    assert (thiefs.counts, thiefs.is_valid, thiefs.added) == (False, False, None)


# stories


def test_rotation() -> None:
    keys = ring(add(10, _SECOND, _FIRST), retire(11, _FIRST, _FIRST))
    assert keys.valid_at(10) == (_FIRST.key,)
    assert valid(keys, 11) == {_FIRST.key, _SECOND.key}
    assert keys.current() == (_SECOND.key,)
    assert keys.problems == ()


def test_two_writers_with_keys_of_their_own() -> None:
    keys = ring(add(10, _SECOND, _FIRST), add(20, _THIRD, _SECOND), retire(30, _SECOND, _FIRST))
    assert keys.current() == (_FIRST.key, _THIRD.key)
    assert valid(keys, 25) == {_FIRST.key, _SECOND.key, _THIRD.key}


def test_a_stolen_key_with_a_second_one_registered_before() -> None:
    keys = ring(
        add(1, _SECOND, _FIRST),
        add(50, _THIEFS, _FIRST),
        add(51, _THIRD, _THIEFS),
        accuse(70, _FIRST, _SECOND, 40),
    )
    assert valid(keys, 39) == {_FIRST.key, _SECOND.key}
    assert keys.valid_at(60) == keys.current() == (_SECOND.key,)
    assert f"archiver/0123+{_FIRST.key.short}, which signed it, is said to be compromised" in reasons(keys)[50]
    assert f"{_THIEFS.key.short}, which signed it, was added by entry 50 only" in reasons(keys)[51]


def test_what_a_thief_retired_is_there_again_when_a_third_key_speaks() -> None:
    keys = ring(
        add(1, _SECOND, _FIRST), add(2, _THIRD, _FIRST), retire(50, _SECOND, _FIRST), accuse(60, _FIRST, _THIRD, 40)
    )
    assert keys.current() == (_SECOND.key, _THIRD.key)
    assert set(reasons(keys)) == {50}


def test_a_thief_who_accuses_first_makes_the_archive_unusable_and_nothing_false_counts() -> None:
    keys = ring(add(1, _SECOND, _FIRST), accuse(50, _SECOND, _FIRST, 2), accuse(60, _FIRST, _SECOND, 40))
    assert keys.valid_at(39) == (_FIRST.key,)
    assert keys.valid_at(40) == keys.current() == ()


def test_a_thief_who_retires_every_other_key_is_stopped_by_one_of_them_all_the_same() -> None:
    keys = ring(
        add(1, _SECOND, _FIRST),
        add(50, _THIEFS, _FIRST),
        retire(51, _SECOND, _FIRST),
        retire(52, _FIRST, _FIRST),
        accuse(60, _FIRST, _SECOND, 50),
    )
    assert valid(keys, 50) == {_SECOND.key}
    assert keys.current() == ()
    assert set(reasons(keys)) == {50}


def test_the_thief_of_a_retired_key_does_not_bring_it_back() -> None:
    keys = ring(add(1, _SECOND, _FIRST), retire(20, _SECOND, _FIRST), accuse(60, _FIRST, _SECOND, 2))
    assert keys.current() == ()
    assert _SECOND.key not in keys.valid_at(21)


def test_nor_when_the_key_that_retired_it_was_added_by_the_one_it_accuses() -> None:
    keys = ring(
        add(1, _SECOND, _FIRST), add(10, _THIRD, _FIRST), retire(20, _SECOND, _THIRD), accuse(60, _FIRST, _SECOND, 2)
    )
    assert _SECOND.key not in keys.valid_at(21)
    assert keys.current() == ()


def test_what_a_retired_key_adds_or_retires_later_does_not_count() -> None:
    keys = ring(
        add(1, _SECOND, _FIRST), retire(2, _SECOND, _FIRST), add(3, _THIEFS, _SECOND), retire(4, _FIRST, _SECOND)
    )
    assert keys.current() == (_FIRST.key,)
    assert reasons(keys) == dict.fromkeys(
        (3, 4), f"archiver/0123+{_SECOND.key.short}, which signed it, was retired by entry 2"
    )


def test_a_key_can_say_of_itself_that_it_is_compromised() -> None:
    keys = ring(accuse(9, _FIRST, _FIRST, 5))
    assert keys.valid_at(4) == (_FIRST.key,)
    assert keys.valid_at(5) == keys.current() == ()


def test_keys_that_a_thiefs_key_added_do_not_count_and_accuse_all_the_same() -> None:
    keys = ring(
        add(1, _SECOND, _FIRST),
        add(50, _THIEFS, _FIRST),
        accuse(60, _FIRST, _SECOND, 40),
        accuse(61, _SECOND, _THIEFS, 45),
    )
    assert valid(keys, 44) == {_SECOND.key}
    assert keys.current() == ()
    assert set(reasons(keys)) == {50}


def test_a_key_of_another_archive_vouches_for_statements_and_changes_nothing() -> None:
    keys = ring(
        add(1, _OTHER, _FIRST), add(2, _SECOND, _OTHER), retire(3, _FIRST, _OTHER), accuse(4, _FIRST, _OTHER, 0)
    )
    assert keys.current() == (_FIRST.key, _OTHER.key)
    assert keys.own() == (_FIRST.key,)
    assert set(reasons(keys)) == {2, 3, 4}
    assert "is a key of another archive" in reasons(keys)[2]


def test_a_statement_that_is_entered_once_more_does_not_bring_a_retired_key_back() -> None:
    added = add(1, _SECOND, _FIRST)
    keys = ring(added, retire(2, _SECOND, _FIRST), again(3, added))
    assert keys.current() == (_FIRST.key,)
    assert reasons(keys) == {3: "it is the statement of entry 1 once more"}


def test_nor_does_one_begin_to_count_that_did_not_count_when_it_was_said() -> None:
    early = add(1, _THIRD, _SECOND)
    keys = ring(early, add(2, _SECOND, _FIRST), again(3, early))
    assert keys.current() == (_FIRST.key, _SECOND.key)
    assert set(reasons(keys)) == {1, 3}


def test_nor_does_it_where_somebody_trusts_it_for_its_own_sake() -> None:
    trusted, event = [_FIRST.key, _OTHER.key], retire(3, _FIRST, _OTHER)
    keys = Keyring(trusted, [event], origin=_ORIGIN)
    assert keys.current() == tuple(trusted)
    assert set(reasons(keys)) == {3}
    assert keys.with_event(retire(4, _FIRST, _OTHER)).current() == tuple(trusted)


# what is told


def test_a_statement_that_no_known_key_signed_is_told_and_does_nothing() -> None:
    keys = ring(
        add(1, _THIEFS, _THIEFS), retire(2, _FIRST, _THIRD), accuse(3, _FIRST, _THIRD, 0), accuse(4, _FIRST, _THIEFS, 0)
    )
    assert keys.current() == (_FIRST.key,)
    assert [problem.kind for problem in keys.problems] == [Kind.VOID] * 4
    assert reasons(keys)[2] == "none of the keys that the log names signed it"
    assert reasons(keys)[4].endswith("was added by entry 1 only, which does not count")


def test_a_signature_that_only_claims_to_be_by_a_key_does_nothing() -> None:
    event = add(1, _SECOND, _FIRST)
    (line,) = event.note.signatures
    forged = note.Note(event.note.text, (note.Signature(line.name, line.key_id, bytes(64)),))
    keys = ring(dataclasses.replace(event, note=forged))
    assert keys.current() == (_FIRST.key,)
    assert set(reasons(keys)) == {1}


def test_a_false_signature_beside_a_good_one_does_no_harm() -> None:
    event = add(1, _SECOND, _FIRST)
    false = note.Signature(_FIRST.name, _THIRD.key.key_id, bytes(64))
    both = note.Note(event.note.text, (false, *event.note.signatures))
    assert ring(add(0, _THIRD, _FIRST), dataclasses.replace(event, note=both)).problems == ()


def test_a_second_key_of_the_same_name_and_id_is_not_added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(VerifierKey, "key_id", property(lambda key: b"same"))
    keys = ring(add(1, _SECOND, _FIRST))
    assert keys.current() == (_FIRST.key,)
    assert reasons(keys)[1].startswith("there is another key archiver/0123+")


def test_to_retire_what_is_not_there_is_told() -> None:
    assert reasons(ring(retire(1, _SECOND, _FIRST)))[1].endswith("which was not there to be retired")


def test_what_cannot_be_read_is_told() -> None:
    missing = Problem(5, Kind.UNREADABLE, "there is no such note")
    keys = ring(missing, retire(4, _SECOND, _FIRST))
    assert [(problem.index, problem.kind) for problem in keys.problems] == [(4, Kind.VOID), (5, Kind.UNREADABLE)]
    assert missing in keys.with_event(add(6, _SECOND, _FIRST)).problems


def test_a_statement_more_can_be_tried_out() -> None:
    keys = ring(add(1, _SECOND, _FIRST))
    assert keys.with_event(retire(2, _FIRST, _FIRST)).current() == (_SECOND.key,)
    assert keys.current() == (_FIRST.key, _SECOND.key)


# reading


def statement(**changes: Any) -> dict[str, Any]:
    made = statements.key(_ID, Action.ADD, _SECOND.key, _MOMENT, reason="why", operator="who")
    return {name: value for name, value in (made | changes).items() if value is not ...}


def signed(text: str) -> bytes:
    return note.render(text, [_FIRST.sign(text)])


def test_a_statement_is_read() -> None:
    made = statement(action="compromised", from_index=3)
    found = keyring.parse(8, signed(rfc8785.dumps(made).decode() + "\n"))
    assert isinstance(found, KeyEvent)
    assert (found.index, found.action, found.key, found.from_index) == (8, Action.COMPROMISED, _SECOND.key, 3)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"type": "intent"}, "no key statement"),
        ({"format": "archiver-statement/2"}, "no key statement"),
        ({"action": "steal"}, "action is not known"),
        ({"action": ["add"]}, "action is not known"),
        ({"action": ...}, "action is not known"),
        ({"key": 5}, "key or id is no text"),
        ({"id": ...}, "key or id is no text"),
        ({"key": "archiver/0123+00000000+AQ=="}, "32"),
        ({"from_index": 5}, "is no compromise"),
        ({"action": "compromised"}, "from_index is no number"),
        ({"action": "compromised", "from_index": -1}, "from_index is no number"),
        ({"action": "compromised", "from_index": True}, "from_index is no number"),
        ({"action": "compromised", "from_index": "5"}, "from_index is no number"),
    ],
)
def test_a_malformed_statement_is_a_problem(changes: dict[str, Any], reason: str) -> None:
    found = keyring.parse(8, signed(rfc8785.dumps(statement(**changes)).decode() + "\n"))
    assert isinstance(found, Problem)
    assert (found.index, found.kind) == (8, Kind.UNREADABLE)
    assert reason in found.reason


@pytest.mark.parametrize("text", ["{}", "[]", "[" * 100_000, "null", "NaN", '{"a":1,"a":1}', "x", "1" * 5000])
def test_other_than_canonical_json_is_a_problem(text: str) -> None:
    assert isinstance(keyring.parse(8, signed(text + "\n")), Problem)


def test_a_statement_written_otherwise_than_canonically_is_a_problem() -> None:
    found = keyring.parse(8, signed(json.dumps(statement()) + "\n"))
    assert isinstance(found, Problem)
    assert "canonical" in found.reason


@given(st.binary())
def test_any_bytes_are_a_problem_and_no_error(data: bytes) -> None:
    assert isinstance(keyring.parse(8, data), Problem)


# at random

_ALL = (_FIRST, _SECOND, _THIRD, _THIEFS, _OTHER)
_actions = st.tuples(
    st.sampled_from(("add", "retire", "compromised")), st.sampled_from(_ALL), st.sampled_from(_ALL), st.integers(0, 15)
)


def history(acts: list[tuple[str, Signer, Signer, int]], start: int = 0) -> list[KeyEvent]:
    return [
        said(start + at, action, about, by, from_index if action == "compromised" else None)
        for at, (action, about, by, from_index) in enumerate(acts)
    ]


@given(st.lists(_actions, max_size=12), st.lists(_actions, max_size=8))
def test_once_every_stolen_key_is_accused_by_another_nothing_signed_by_a_thief_counts(
    before: list[tuple[str, Signer, Signer, int]], stolen_acts: list[tuple[str, Signer, Signer, int]]
) -> None:
    # The first key is stolen at entry 10; the second was added before. What the thief has: the first, and a new one.
    honest = [act for act in before[:8] if _THIEFS not in act[1:3] and act[0] != "compromised"]
    thiefs = [(a, about, by, n) for a, about, by, n in stolen_acts if by in (_FIRST, _THIEFS)]
    events = [add(0, _SECOND, _FIRST), *history(honest, 1), *history(thiefs, 10)]
    events.append(accuse(30, _FIRST, _SECOND, 10))
    keys = ring(*events)
    for index in range(10, 40):
        assert not {_FIRST.key, _THIEFS.key} & valid(keys, index)


@given(st.lists(_actions, max_size=14))
def test_whatever_is_said_the_same_keys_count_and_every_reason_is_given(
    acts: list[tuple[str, Signer, Signer, int]],
) -> None:
    events = history(acts)
    keys, again = ring(*events), ring(*reversed(events))
    for index in range(20):
        assert keys.valid_at(index) == again.valid_at(index)
        for signer in _ALL:
            assert (signer.key in keys.valid_at(index)) == (keys.why_not(signer.key, index) == "")
    for status in keys.all():
        counted = [index for index in range(40) if status.key in keys.valid_at(index)]
        assert status.is_valid == (status.key in keys.current())
        assert status.counts or not counted


@given(st.lists(_actions, max_size=14))
def test_nothing_said_later_makes_a_stranger_count(acts: list[tuple[str, Signer, Signer, int]]) -> None:
    strangers = [act for act in acts if act[2] in (_THIRD, _THIEFS, _OTHER)]
    keys = ring(*history(strangers))
    assert keys.current() == (_FIRST.key,)
    assert len(keys.problems) == len(strangers)

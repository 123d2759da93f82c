"""Who may write to an archive and has not its key can neither explain a gap nor make one that nobody sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from archiver import verifying
from archiver.archive import Archive
from archiver.copying import copy
from archiver.seal import keys
from archiver.seal import statement as statements
from archiver.seal.keys import Signer
from archiver.storage import layout, log
from archiver.storage.log import Entry
from archiver.verify.verdict import Check, Verdict
from archiver.verifying import Wanted
from tests.support.scheduled import URL, World, hours


@dataclass
class Tampered:
    """An archive whose schedule was due four times: captured, missed, failed, and captured by somebody who died.

    Then it was paused and resumed, was due twice more, and nothing came of the first of these.
    """

    world: World
    captured: str
    unfinished: str

    def entries(self, type_: str | None = None) -> list[Entry]:
        return [
            each
            for each in log.entries(self.world.archive.store)
            if isinstance(each, Entry) and type_ in (None, each.type)
        ]

    def drop_note(self, entry: Entry) -> None:
        (Path("archive") / layout.note(entry.commitment)).unlink()

    def append(self, statement: dict[str, Any], signer: Signer | None = None) -> None:
        sign = None if signer is None else lambda text: signer.sign(text).line
        log.append(self.world.archive.store, statement, len(self.entries()) - 1, sign)
        self.world.archive.publish()  # as whoever captures next does, who does not vouch for it

    def enter_again(self, entry: Entry, type_: str | None = None, id_: str | None = None) -> None:
        """An entry once more, or its note under another name."""
        store = self.world.archive.store
        log.enter(store, type_ or entry.type, id_ or entry.id, entry.commitment, len(self.entries()) - 1)
        self.world.archive.publish()

    def check(self) -> Check:
        found = verifying.verify_all(self.world.archive, Wanted())
        (check,) = [each for each in found.log if each.name == "schedules"]
        return check

    def reports(self) -> Verdict:
        """The worst of what is said of captures and statements."""
        verdicts = [report.verdict for report in verifying.verify_all(self.world.archive, Wanted()).reports]
        return Verdict.FAIL if Verdict.FAIL in verdicts else Verdict.PASS

    def states(self) -> list[str]:
        return [str(row.state) for row in self.world.rows()]


_STATES = ["captured", "missed", "failed", "unfinished", "unexplained", "waiting"]


@pytest.fixture
def tampered(monkeypatch: pytest.MonkeyPatch) -> Iterator[Tampered]:
    world = World(monkeypatch)
    with world.archive:
        world.add("front")
        captured = world.at(0.1).capture(1, 0)
        world.at(2.1).missed(2, 2, "no worker ran")
        world.at(2.2).capture(3, 2, fails="gone")
        unfinished = world.at(3.1).begin(4, 3)
        world.at(3.4).say("pause")
        world.at(9.5).say("resume")
        world.at(11.6)
        yield Tampered(world, captured, unfinished)


def test_nothing_contradicts_before_it_is_tampered_with(tampered: Tampered) -> None:
    assert tampered.states() == _STATES
    assert tampered.check().verdict is Verdict.UNDETERMINED
    assert tampered.reports() is Verdict.PASS


def missed(t: Tampered) -> dict[str, Any]:
    document = {"first_seq": 4, "last_seq": 5, "reason": "the machine was off"}
    return statements.schedule(
        layout.new_id(hours(11)), "missed", t.world.ids["front"], "front", hours(11), missed=document
    )


def removal(t: Tampered) -> dict[str, Any]:
    return statements.schedule(layout.new_id(hours(11)), "remove", t.world.ids["front"], "front", hours(9.6))


def running(t: Tampered) -> dict[str, Any]:
    about = t.world.about(5, 10.5)
    return statements.intent(layout.new_id(hours(11)), URL, hours(11), hours(20), about)


def failure(t: Tampered) -> dict[str, Any]:
    index = next(each.index for each in t.entries("intent") if each.id == t.unfinished)
    about = t.world.about(4, 3)
    return statements.failure(t.unfinished, index, URL, hours(3.1), hours(3.2), "UnreachableError", "gone", about)


def withdrawal(t: Tampered) -> dict[str, Any]:
    about = t.world.about(4, 3)
    assert about.job is not None
    return statements.withdrawn(t.unfinished, None, hours(11), "a court order", None, about.job.planned)


FORGED: list[Callable[[Tampered], dict[str, Any]]] = [missed, removal, running, failure, withdrawal]


@pytest.mark.parametrize("forged", FORGED, ids=lambda each: each.__name__)
@pytest.mark.parametrize("signed", ["by nobody", "by another key"])
def test_a_statement_that_no_key_of_the_archive_signed_explains_nothing(
    signed: str, forged: Callable[[Tampered], dict[str, Any]], tampered: Tampered
) -> None:
    name = verifying.open_ledger(tampered.world.archive, Wanted(), set()).origin
    tampered.append(forged(tampered), None if signed == "by nobody" else keys.make(name))
    found = tampered.states()
    # Of a result that cannot be believed nothing is known.
    assert found == ["unexplained" if n == 3 and forged is failure else state for n, state in enumerate(_STATES)]
    assert tampered.check().verdict is Verdict.UNDETERMINED
    if forged is not withdrawal:  # which the verification of captures passes over, as it does nothing
        assert tampered.reports() is Verdict.FAIL
        assert any("sign" in problem for problem in tampered.check().problems)


@pytest.mark.parametrize("forged", FORGED, ids=lambda each: each.__name__)
def test_the_same_statement_counts_when_the_key_signed_it(
    forged: Callable[[Tampered], dict[str, Any]], tampered: Tampered
) -> None:
    tampered.append(forged(tampered), tampered.world.archive.signer())
    assert tampered.states() != _STATES


@pytest.mark.parametrize("name", ["missed", "pause", "resume", "add"])
def test_a_statement_about_a_schedule_that_is_entered_again_does_nothing(name: str, tampered: Tampered) -> None:
    index = ["add", "missed", "pause", "resume"].index(name)
    entry = tampered.entries("schedule")[index]
    tampered.enter_again(entry)
    assert tampered.states() == _STATES
    assert any(f"it is entry {entry.index} once more" in problem for problem in tampered.check().problems)


@pytest.mark.parametrize("type_", ["intent", "snapshot"])
def test_an_old_captures_statement_that_is_entered_again_captures_nothing(type_: str, tampered: Tampered) -> None:
    entry = next(each for each in tampered.entries(type_) if each.id == tampered.captured)
    tampered.enter_again(entry)
    assert tampered.states() == _STATES
    tampered.enter_again(entry, id_=layout.new_id(hours(11)))
    assert tampered.states() == _STATES
    assert tampered.check().verdict is Verdict.UNDETERMINED
    assert tampered.reports() is Verdict.FAIL


def test_an_old_snapshot_is_not_the_result_of_another_capture(tampered: Tampered) -> None:
    (entry,) = tampered.entries("snapshot")
    tampered.enter_again(entry, id_=tampered.unfinished)
    assert "captured" not in tampered.states()[1:]
    assert tampered.reports() is Verdict.FAIL


@pytest.mark.parametrize("type_", ["snapshot", "failure", "withdrawn"])
def test_an_intent_that_is_entered_as_a_result_is_none(type_: str, tampered: Tampered) -> None:
    (entry,) = [each for each in tampered.entries("intent") if each.id == tampered.unfinished]
    tampered.enter_again(entry, type_)
    assert tampered.states()[3] == ("unfinished" if type_ == "withdrawn" else "unexplained")
    assert tampered.check().verdict is Verdict.UNDETERMINED


def test_the_intent_of_what_is_unfinished_cannot_be_dropped_unseen(tampered: Tampered) -> None:
    (entry,) = [each for each in tampered.entries("intent") if each.id == tampered.unfinished]
    tampered.drop_note(entry)
    assert tampered.states() == [*_STATES[:3], "unexplained", *_STATES[4:]]
    check = tampered.check()
    assert check.verdict is Verdict.UNDETERMINED
    assert any(f"entry {entry.index}, the intent of {entry.id}" in problem for problem in check.problems)
    assert tampered.reports() is Verdict.FAIL


def test_without_its_intent_a_result_says_itself_what_it_was_for(tampered: Tampered) -> None:
    (entry,) = [each for each in tampered.entries("intent") if each.id == tampered.captured]
    tampered.drop_note(entry)
    assert tampered.states() == _STATES
    assert any(f"entry {entry.index}, the intent of {entry.id}" in problem for problem in tampered.check().problems)


def test_a_snapshot_whose_note_is_dropped_is_not_captured_any_more(tampered: Tampered) -> None:
    (entry,) = tampered.entries("snapshot")
    tampered.drop_note(entry)
    assert tampered.states() == ["unexplained", *_STATES[1:]]
    assert any(f"its result, entry {entry.index}, cannot be read" in line for line in tampered.check().problems)


@pytest.mark.parametrize("index", range(4))
def test_a_statement_about_a_schedule_cannot_be_dropped_unseen(index: int, tampered: Tampered) -> None:
    entry = tampered.entries("schedule")[index]
    tampered.drop_note(entry)
    check = tampered.check()
    # What contradicts may only lack that statement, so nothing is said to be wrong but the statement itself.
    assert check.verdict is Verdict.UNDETERMINED
    assert any(f"entry {entry.index}, about a schedule" in problem for problem in check.problems)
    assert tampered.reports() is Verdict.FAIL


# copies


def test_a_whole_copy_says_the_same(tampered: Tampered) -> None:
    with Archive("copy") as target:
        copy(tampered.world.archive, target, lambda *_: None)
        assert [str(row.state) for row in verifying.schedule_rows(target, Wanted())] == _STATES


def test_captures_of_another_archive_are_for_none_of_the_schedules_here(tampered: Tampered) -> None:
    source, other = tampered.world.archive, tampered.world.in_another("other")
    other.add("front")
    copy(source, other.archive, lambda *_: None, URL)
    assert [(row.seq, str(row.state)) for row in other.rows()] == [
        *((seq, "unexplained") for seq in range(1, 12)),
        (12, "waiting"),
    ]
    check = other.check()
    assert (check.verdict, len(check.problems)) == (Verdict.UNDETERMINED, 1)


def test_the_key_of_another_archive_says_nothing_of_schedules(tampered: Tampered) -> None:
    source, other = tampered.world.archive, tampered.world.in_another("other")
    other.add("front")
    copy(source, other.archive, lambda *_: None, URL)
    signer = source.signer()
    assert signer is not None
    before = other.rows()
    forged = Tampered(other, "", "")
    forged.append(removal(forged), signer)
    assert other.rows() == before
    assert any("no key of this log signed it" in problem for problem in other.check().problems)

"""An operator who has the key and lies: found by whoever saw the log before, and by nobody else."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from archiver import monitoring
from archiver.archive import Archive
from archiver.model import Recording
from archiver.monitoring import Look
from archiver.seal import seen
from archiver.storage import layout
from archiver.verify.verdict import Verdict
from archiver.verifying import Wanted
from tests.tamper import verifier
from tests.tamper.conftest import Run
from tests.tamper.forge import Forge
from tests.tamper.material import Made
from tests.unit.recordings import body

_ROLLED_BACK = "it was rolled back"
_FORKED = "the log was forked, or altered and signed again; keep that checkpoint, it proves it"


def a_snapshot_is_dropped(forge: Forge) -> None:
    shutil.rmtree(forge.warc("second").parent)
    forge.rewrite([0, 1, 4, 5, 6, 7], forge.made.signer)


def a_failure_is_dropped(forge: Forge) -> None:
    forge.rewrite([0, 1, 2, 3, 6, 7], forge.made.signer)


def the_last_capture_is_dropped(forge: Forge) -> None:
    shutil.rmtree(forge.warc("last").parent)
    forge.rewrite(range(6), forge.made.signer)


def two_captures_change_their_order(forge: Forge) -> None:
    forge.rewrite([2, 3, 0, 1, 4, 5, 6, 7], forge.made.signer)


def the_page_is_another(forge: Forge) -> None:
    """Every statement is signed again, and everything fits."""

    def lying(recording: Recording) -> Recording:
        main = recording.main
        assert main is not None
        other = replace(main, response_body=body(b"<p>What nobody said.", main.response_head))
        exchanges = tuple(other if each is main else each for each in recording.exchanges)
        return replace(recording, exchanges=exchanges, main=other)

    forge.recapture("first", lying, forge.made.signer)
    forge.rewrite(range(8), forge.made.signer)


def everything_is_re_dated(forge: Forge) -> None:
    def earlier(recording: Recording) -> Recording:
        exchanges = tuple(
            replace(each, started_at=each.started_at.replace(year=2025), ended_at=None) for each in recording.exchanges
        )
        began, ended = (each.replace(year=2025) for each in (recording.started_at, recording.ended_at))
        return replace(recording, exchanges=exchanges, main=exchanges[1], started_at=began, ended_at=ended)

    for name in ("first", "second", "last"):
        forge.recapture(name, earlier, forge.made.signer)

    def change(statement: dict[str, Any]) -> None:
        for name in ("started_at", "ended_at", "deadline"):
            if name in statement:
                statement[name] = "2025" + statement[name][4:]

    forge.rewrite(range(8), forge.made.signer, change)


#: what the operator does, and how many of the first entries stay what they were
LIES: dict[Callable[[Forge], None], int] = {
    a_snapshot_is_dropped: 2,
    a_failure_is_dropped: 4,
    the_last_capture_is_dropped: 6,
    two_captures_change_their_order: 0,
    the_page_is_another: 0,
    everything_is_re_dated: 0,
}
every_lie = pytest.mark.parametrize("lie", LIES, ids=lambda each: each.__name__.replace("_", " "))


@pytest.fixture
def forge(made: Made, tmp_path: Path) -> Forge:
    return Forge(made, tmp_path / "archive")


def seen_by(made: Made, forge: Forge, *known: Path) -> verifier.Checked:
    return verifier.everything(made, forge.folder, Wanted(made.trust, known))


def remembering(made: Made, path: Path) -> None:
    """This machine signed, or saw, that checkpoint."""
    seen.save(made.signer.name, path.read_bytes())


def look(made: Made, forge: Forge, state: Path) -> Look:
    with Archive(str(forge.folder)) as archive:
        return monitoring.look(archive, state, Wanted(made.trust))


# what different people can tell


@every_lie
def test_a_lone_verifier_finds_nothing_and_says_that_it_is_not_known_when(
    lie: Callable[[Forge], None], made: Made, forge: Forge
) -> None:
    lie(forge)
    checked = seen_by(made, forge)
    assert verifier.all_failing(checked) == {}
    assert verifier.verdict(checked) is Verdict.UNDETERMINED
    unsure = {check.name for checks in checked.values() for check in checks if check.verdict is Verdict.UNDETERMINED}
    assert unsure == {"consistency"}
    assert "nobody here has seen this log before" in verifier.words(checked["log"])


@every_lie
def test_the_machine_that_remembers_fails_it_when(lie: Callable[[Forge], None], made: Made, forge: Forge) -> None:
    remembering(made, made.checkpoint)
    lie(forge)
    checked = seen_by(made, forge)
    assert verifier.all_failing(checked) == {"log": {"consistency"}}
    words = verifier.words(checked["log"])
    assert "this machine knows" in words
    assert (_ROLLED_BACK if forge.length() < 8 else _FORKED) in words


@every_lie
@pytest.mark.parametrize("kept", ["checkpoint", "last.tlog-proof", "last.bundle.wacz"])
def test_who_kept_the_newest_checkpoint_fails_it_when(
    lie: Callable[[Forge], None], kept: str, made: Made, forge: Forge
) -> None:
    lie(forge)
    checked = seen_by(made, forge, made.exported(kept))
    assert verifier.all_failing(checked) == {"log": {"consistency"}}
    assert f"{made.exported(kept)} knows" in verifier.words(checked["log"])


@every_lie
def test_who_kept_an_older_checkpoint_fails_what_was_done_to_the_entries_before_it_when(
    lie: Callable[[Forge], None], made: Made, forge: Forge
) -> None:
    lie(forge)
    for number, size in enumerate((2, 4, 6, 8)):
        checked = seen_by(made, forge, forge.older(number) / layout.CHECKPOINT)
        expected = {} if size <= LIES[lie] else {"log": {"consistency"}}
        assert verifier.all_failing(checked) == expected


@every_lie
def test_an_exported_bundle_does_not_match_the_archive_any_more_when(
    lie: Callable[[Forge], None], made: Made, forge: Forge, archiver: Run
) -> None:
    """The bundle itself stays what it was: its holder can show both."""
    lie(forge)
    bundle, trust = str(made.exported("last.bundle.wacz")), str(made.trust)
    assert archiver("verify", bundle, "--trust", trust)[0] == 5
    code, out, _ = archiver("--archive", str(forge.folder), "verify", "--all", "--trust", trust, "--checkpoint", bundle)
    assert code == 4
    assert "consistency  FAIL" in out


@every_lie
def test_a_monitor_gives_an_alarm_exits_with_4_and_keeps_what_it_saw_when(
    lie: Callable[[Forge], None], made: Made, forge: Forge, archiver: Run, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    command = ("--archive", str(forge.folder), "log", "monitor", "--state", str(state), "--trust", str(made.trust))
    code, out, _ = archiver(*command)
    assert code == 0
    assert out.startswith(f"8 entries of {made.signer.name}, seen for the first time")
    assert state.read_bytes() == made.checkpoint.read_bytes()
    lie(forge)
    for _ in range(2):
        code, out, err = archiver(*command)
        assert code == 4
        assert out.startswith(f"ALARM  consistency: this monitor ({state}) knows ")
        assert f"is not the log that was seen before; keep {state}" in err
        assert state.read_bytes() == made.checkpoint.read_bytes()


# a result whose intent was taken away, and a hole


def test_a_result_whose_intent_was_dropped_fails_even_alone(made: Made, forge: Forge) -> None:
    forge.rewrite([0, 1, 3, 4, 5, 6, 7], made.signer)
    checked = seen_by(made, forge)
    assert verifier.all_failing(checked) == {"second": {"intent"}}
    assert "the log has no intent of it" in verifier.words(checked["second"])


def test_a_result_that_names_another_capture_s_intent_fails_even_alone(made: Made, forge: Forge) -> None:
    def change(statement: dict[str, Any]) -> None:
        if statement["type"] == "snapshot" and statement["intent"] == 2:
            statement["intent"] = 0

    forge.rewrite(range(8), made.signer, change)
    assert verifier.all_failing(seen_by(made, forge)) == {"second": {"intent"}}


def test_an_unfinished_capture_shows_as_its_intent(made: Made, forge: Forge) -> None:
    forge.rewrite([0, 1, 2, 4, 5, 6, 7], made.signer)
    with Archive(str(forge.folder)) as archive:
        listed = {each.id: each.result for each in archive.snapshots()}
    assert listed[made.ids["second"]] is None
    assert verifier.all_failing(seen_by(made, forge)) == {}


def test_a_hole_is_found_by_everybody(made: Made, forge: Forge, tmp_path: Path) -> None:
    state = tmp_path / "state"
    look(made, forge, state)
    forge.slot(2).unlink()
    checked = seen_by(made, forge)
    assert verifier.all_failing(checked) == {"log": {"slots"}, "second": {"entry"}}
    found = look(made, forge, state)
    assert found.alarms == ("slots: the log has a hole: entry 2, which was signed, is missing",)


# forks, and going back and forth


def forked(made: Made, folder: Path) -> Forge:
    """The log as another reader is shown it: the same up to 6 entries, then other ones, signed as well."""
    forge = Forge(made, folder)
    forge.cut(6)
    for index in (6, 7, 8):
        shutil.copy(forge.slot(index - 6), forge.slot(index))
    forge.publish(made.signer)
    return forge


def test_two_readers_of_a_fork_find_it_when_they_compare_what_they_saw(
    made: Made, forge: Forge, tmp_path: Path
) -> None:
    other = forked(made, tmp_path / "other")
    states = tmp_path / "one", tmp_path / "two"
    assert look(made, forge, states[0]).alarms == look(made, other, states[1]).alarms == ()
    assert verifier.all_failing(seen_by(made, forge)) == verifier.all_failing(seen_by(made, other)) == {}
    # Each goes on seeing its own, and finds nothing.
    assert look(made, forge, states[0]).alarms == look(made, other, states[1]).alarms == ()
    for here, elsewhere in ((other, states[0]), (forge, states[1])):
        checked = seen_by(made, here, elsewhere)
        assert verifier.all_failing(checked)["log"] == {"consistency"}
        shutil.copy(elsewhere, tmp_path / "exchanged")
        found = look(made, here, tmp_path / "exchanged")
        assert found.alarms[0].startswith("consistency: ")
        assert (tmp_path / "exchanged").read_bytes() == elsewhere.read_bytes()


def test_a_monitor_finds_when_it_is_shown_the_other_side_of_a_fork(made: Made, forge: Forge, tmp_path: Path) -> None:
    state = tmp_path / "state"
    look(made, forge, state)
    shutil.rmtree(forge.folder)
    forked(made, forge.folder)
    (alarm,) = look(made, forge, state).alarms
    assert _FORKED in alarm


def test_a_roll_back_is_an_alarm_and_none_any_more_when_it_is_put_back(
    made: Made, forge: Forge, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    look(made, forge, state)
    forge.put_back(1, "log", "notes", "snapshots")
    assert any(_ROLLED_BACK in alarm for alarm in look(made, forge, state).alarms)
    forge.put_back(3, "log", "notes", "snapshots")
    found = look(made, forge, state)
    assert (found.alarms, found.size, found.before) == ((), 8, 8)


def test_a_roll_back_in_two_steps_is_found_at_the_first(made: Made, forge: Forge, tmp_path: Path) -> None:
    """First an older checkpoint is shown, with all entries still there; later other entries come after it."""
    state = tmp_path / "state"
    look(made, forge, state)
    forge.put_back(1, layout.CHECKPOINT, layout.CHECKPOINTS, layout.SIGNATURES)
    (alarm,) = look(made, forge, state).alarms
    assert "has the checkpoint of 8 entries, and the archive shows one of 4 at most: it was taken away" in alarm
    assert state.read_bytes() == made.checkpoint.read_bytes()
    forge.rewrite([0, 1, 2, 3, 6, 7], made.signer)
    assert look(made, forge, state).alarms


def test_a_monitor_goes_on_with_a_log_that_grew(made: Made, forge: Forge, tmp_path: Path) -> None:
    state = tmp_path / "state"
    for number, size in enumerate((2, 4, 6, 8)):
        forge.put_back(number, "log", "notes", "snapshots")
        found = look(made, forge, state)
        assert (found.alarms, found.size, found.before) == ((), size, size - 2 if number else None)
        assert state.read_bytes() == forge.path(layout.CHECKPOINT).read_bytes()


def test_a_monitor_whose_state_is_junk_does_not_begin_anew(
    made: Made, forge: Forge, tmp_path: Path, archiver: Run
) -> None:
    state = tmp_path / "state"
    state.write_text("junk")
    code, _, err = archiver(
        "--archive", str(forge.folder), "log", "monitor", "--state", str(state), "--trust", str(made.trust)
    )
    assert code == 2
    assert "is neither a checkpoint nor a proof nor a bundle" in err
    assert state.read_text() == "junk"


def test_the_log_of_another_archive_is_an_alarm(made: Made, forge: Forge, tmp_path: Path) -> None:
    state = tmp_path / "state"
    look(made, forge, state)
    with Archive(str(tmp_path / "another")) as another:
        another.found()
        found = monitoring.look(another, state, Wanted())
    assert found.alarms[0].startswith("it is another log: ")
    assert state.read_bytes() == made.checkpoint.read_bytes()

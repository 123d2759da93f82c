"""Whoever may write to an archive, or to what was exported of it, but has not its key: every alteration is found."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from archiver import monitoring, verifying
from archiver.archive import Archive
from archiver.errors import AlteredError
from archiver.storage import layout
from archiver.verify.verdict import Verdict
from archiver.verifying import Wanted
from tests.tamper import verifier
from tests.tamper.forge import Forge
from tests.tamper.material import NAMES, Made
from tests.tamper.mutations import Mutation
from tests.tamper.of_archives import ARCHIVES

_SECONDS = 20  # of any verification, whatever was done


def contents(folder: Path) -> dict[str, bytes]:
    """All files of an archive but its index, which is no object of it."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name[:12] != "index.sqlite"
    }


# an archive


def test_the_archive_as_it_was_made_passes_whole(made: Made) -> None:
    checked = verifier.everything(made, made.archive, verifier.wanted(made))
    assert set(checked) == {"log", *NAMES}
    assert verifier.verdict(checked) is Verdict.PASS
    for name in NAMES:
        assert verifier.one(made.archive, made.ids[name], verifier.wanted(made)).verdict is Verdict.PASS


@pytest.mark.timeout(_SECONDS)
@pytest.mark.parametrize("mutation", ARCHIVES.all, ids=lambda each: each.name)
def test_an_archive_fails_when(mutation: Mutation[Forge], made: Made, tmp_path: Path) -> None:
    forge = Forge(made, tmp_path / "archive")
    mutation.apply(forge)
    assert contents(forge.folder) != contents(made.archive)
    checked = verifier.everything(made, forge.folder, verifier.wanted(made))
    assert without(verifier.all_failing(checked), mutation.may) == mutation.failing


@pytest.mark.timeout(_SECONDS)
@pytest.mark.parametrize("mutation", [each for each in ARCHIVES.all if not each.may], ids=lambda each: each.name)
def test_without_a_memory_the_same_is_found_but_a_rollback_and_that_is_not_known_when(
    mutation: Mutation[Forge], made: Made, tmp_path: Path
) -> None:
    forge = Forge(made, tmp_path / "archive")
    mutation.apply(forge)
    checked = verifier.everything(made, forge.folder, verifier.wanted(made, alone=True))
    assert verifier.all_failing(checked) == mutation.alone
    assert verifier.verdict(checked) is (Verdict.FAIL if mutation.alone else Verdict.UNDETERMINED)


def without(found: dict[str, frozenset[str]], may: frozenset[str]) -> dict[str, frozenset[str]]:
    return {name: checks if name == "log" else checks - may for name, checks in found.items()}


def test_an_older_checkpoint_beside_the_newer_ones_is_what_a_writer_that_died_leaves(
    made: Made, tmp_path: Path
) -> None:
    forge = Forge(made, tmp_path / "archive")
    forge.put_back(1, layout.CHECKPOINT)
    assert verifier.verdict(verifier.everything(made, forge.folder, verifier.wanted(made))) is Verdict.PASS


_OF_THE_LOG = frozenset({"slots", "tiles", "entries", "keys"})  # looked at when all is verified
_IN_THE_LOG = [each for each in ARCHIVES.all if "log" in each.failing]


@pytest.mark.timeout(_SECONDS)
@pytest.mark.parametrize("mutation", _IN_THE_LOG, ids=lambda each: each.name)
def test_a_single_capture_fails_where_it_is_concerned_and_passes_where_not_when(
    mutation: Mutation[Forge], made: Made, tmp_path: Path
) -> None:
    forge = Forge(made, tmp_path / "archive")
    mutation.apply(forge)
    wanted = verifier.wanted(made)
    with Archive(str(forge.folder)) as archive:
        there = verifying.open_ledger(archive, wanted, None).entries.keys()
    for name in ("failed", *sorted(mutation.failing.keys() & {"first", "second"})):
        if made.ids[name] in there:
            of_log = mutation.failing["log"] - _OF_THE_LOG
            found = verifier.failing(verifier.one(forge.folder, made.ids[name], wanted).checks)
            assert found == of_log | mutation.failing.get(name, frozenset())
        else:
            with pytest.raises(AlteredError, match=r"its log was altered: .* knows (a log|other entries)"):
                verifier.one(forge.folder, made.ids[name], wanted)


@pytest.mark.parametrize("mutation", _IN_THE_LOG, ids=lambda each: each.name)
def test_a_monitor_gives_an_alarm_and_keeps_its_state_where_the_log_is_not_what_it_was_when(
    mutation: Mutation[Forge], made: Made, tmp_path: Path
) -> None:
    forge = Forge(made, tmp_path / "archive")
    mutation.apply(forge)
    state = tmp_path / "state"
    shutil.copy(made.checkpoint, state)
    with Archive(str(forge.folder)) as archive:
        look = monitoring.look(archive, state, Wanted(made.trust))
    if {"checkpoint", "inclusion", "consistency"} & mutation.failing.get("log", frozenset()):
        assert look.alarms
    assert state.read_bytes() == made.checkpoint.read_bytes()

"""What no forger did: clocks that jump, junk and strangers' entries in a log, an empty log. The rest verifies."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import rfc8785

from archiver.archive import Archive
from archiver.seal import keys, note
from archiver.storage import layout
from archiver.verify.verdict import Verdict
from tests.tamper import verifier
from tests.tamper.conftest import Run
from tests.tamper.forge import Forge
from tests.tamper.material import NAMES, Made
from tests.tamper.verifier import Checked


@pytest.fixture
def forge(made: Made, tmp_path: Path) -> Forge:
    return Forge(made, tmp_path / "archive")


def checked(forge: Forge) -> Checked:
    return verifier.everything(forge.made, forge.folder, verifier.wanted(forge.made, alone=True))


def unsure(found: Checked) -> dict[str, set[str]]:
    """What is not known, but for consistency, of which somebody without a memory never knows."""
    names = {
        name: {check.name for check in checks if check.verdict is Verdict.UNDETERMINED} - {"consistency"}
        for name, checks in found.items()
    }
    return {name: checks for name, checks in names.items() if checks}


def changing(type_: str, id_: str, **values: str) -> Callable[[dict[str, Any]], None]:
    def change(statement: dict[str, Any]) -> None:
        if (statement["type"], statement["id"]) == (type_, id_):
            statement |= values

    return change


# clocks


def test_a_capture_that_began_before_its_intent_is_not_known_to_be_right(forge: Forge) -> None:
    later = {"started_at": "2030-01-01T00:00:00.000000Z", "deadline": "2030-01-01T00:05:00.000000Z"}
    forge.rewrite(range(8), forge.made.signer, changing("intent", forge.made.ids["first"], **later))
    found = checked(forge)
    assert verifier.all_failing(found) == {}
    assert unsure(found) == {"first": {"intent"}}
    assert "before its intent at 2030-01-01T00:00:00.000000Z: a clock was set back" in verifier.words(found["first"])


def test_a_capture_that_ended_after_its_deadline_is_not_known_to_be_right(forge: Forge) -> None:
    earlier = {"started_at": "2020-01-01T00:00:00.000000Z", "deadline": "2020-01-01T00:05:00.000000Z"}
    forge.rewrite(range(8), forge.made.signer, changing("intent", forge.made.ids["failed"], **earlier))
    found = checked(forge)
    assert verifier.all_failing(found) == {}
    assert unsure(found) == {"failed": {"intent"}}
    assert "it was very slow, or a clock was set" in verifier.words(found["failed"])


def test_a_statement_that_ends_before_it_begins_fails(forge: Forge) -> None:
    changed = changing("failure", forge.made.ids["failed"], ended_at="2020-01-01T00:00:00.000000Z")
    forge.rewrite(range(8), forge.made.signer, changed)
    found = checked(forge)
    assert verifier.all_failing(found) == {"failed": {"statement"}}
    assert "before it began" in verifier.words(found["failed"])


# slots that somebody filled, and that were signed with the others


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"junk",
        bytes(range(256)),
        b"x" * (10 << 20),
        b"[" * 60_000,
        b"null",
        b'{"commitment":"' + b"0" * 64 + b'","id":"another","type":"snapshot"}',
    ],
    ids=["empty", "junk", "no text", "ten megabytes", "nested", "null", "no id"],
)
def test_a_slot_without_an_entry_is_told_and_the_rest_passes(data: bytes, forge: Forge) -> None:
    forge.slot(8).write_bytes(data)
    shutil.copy(forge.slot(7), forge.slot(9))
    forge.publish(forge.made.signer)
    found = checked(forge)
    assert set(found) == {"log", *NAMES}
    assert verifier.all_failing(found) == {}
    assert unsure(found) == {"log": {"entries"}}
    assert "slot 8 holds no entry: " in verifier.words(found["log"])


def test_entries_of_another_archive_fail_and_the_rest_passes(forge: Forge) -> None:
    other = keys.make("archiver/" + "0" * 32)
    id_ = "20261126t000000z-aaaaaaaaaaaaaaaa"
    for index in (8, 9):
        said = forge.statement(index - 8) | {"id": id_}
        text = rfc8785.dumps(said).decode() + "\n"
        shutil.copy(forge.slot(index - 8), forge.slot(index))
        forge.put_note(index, note.render(text, [other.sign(text)]), id=id_)
    forge.publish(forge.made.signer)
    found = checked(forge)
    assert set(verifier.all_failing(found)) == {"snapshot"}
    assert "no key of the archive signed it; it names archiver/" in verifier.words(found["snapshot"])


def test_an_entry_whose_note_is_missing_fails_and_the_rest_passes(forge: Forge) -> None:
    entry = forge.entry(1) | {"commitment": "0" * 64, "id": "20261126t000000z-aaaaaaaaaaaaaaaa"}
    forge.slot(8).write_bytes(rfc8785.dumps(entry))
    forge.publish(forge.made.signer)
    found = checked(forge)
    assert verifier.all_failing(found) == {"snapshot": {"note", "intent"}}


def test_a_statement_of_a_later_version_fails_nothing(forge: Forge) -> None:
    """Whoever has the key may say more than this version knows."""
    said: dict[str, Any] = {"type": "opinion", "format": "archiver-statement/1", "software": "archiver/9",
                            "id": "20261126t000000z-aaaaaaaaaaaaaaaa", "agreed": True}  # fmt: skip
    text = rfc8785.dumps(said).decode() + "\n"
    shutil.copy(forge.slot(1), forge.slot(8))
    forge.put_note(8, note.render(text, [forge.made.signer.sign(text)]), type="opinion", id=said["id"])
    forge.publish(forge.made.signer)
    found = checked(forge)
    assert verifier.all_failing(found) == {}
    assert unsure(found) == {"opinion": {"statement"}}


def test_a_second_result_of_a_capture_does_not_count_and_is_told(forge: Forge) -> None:
    shutil.copy(forge.slot(7), forge.slot(8))
    forge.publish(forge.made.signer)
    found = checked(forge)
    assert verifier.all_failing(found) == {}
    entry = next(check for check in found["last"] if check.name == "entry")
    assert entry.detail == "entry 7 is its snapshot; later ones do not count: 8"


# nothing at all


def test_an_archive_without_captures_has_nothing_to_pass(tmp_path: Path, archiver: Run) -> None:
    with Archive("new") as archive:
        archive.found()
    code, out, err = archiver("--archive", "new", "verify", "--all")
    assert (code, err) == (5, "")
    assert "no checkpoint is published" in out
    assert out.splitlines()[-1].startswith("UNDETERMINED  no captures")


def test_a_log_without_anything_published_is_not_known(made: Made, forge: Forge, archiver: Run) -> None:
    for key in (layout.TILES, layout.CHECKPOINTS, layout.SIGNATURES):
        shutil.rmtree(forge.path(key))
    forge.path(layout.CHECKPOINT).unlink()
    found = checked(forge)
    assert verifier.all_failing(found) == {}
    assert unsure(found) == {"log": {"checkpoint"}, **{name: {"inclusion"} for name in NAMES}}
    code, out, _ = archiver("--archive", str(forge.folder), "--json", "verify", "--all", "--trust", str(made.trust))
    assert code == 5
    assert json.loads(out.splitlines()[-1])["reports"] == {"UNDETERMINED": 4}

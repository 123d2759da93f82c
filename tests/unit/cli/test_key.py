"""`archiver key`: what people and programs read, and that no secret is among it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import click
import pytest

from archiver.archive import Archive
from archiver.seal import keys
from archiver.seal.note import VerifierKey
from archiver.storage import layout, log
from tests.support import recorded
from tests.unit.cli.conftest import Run

_URL = "https://a.test/page"
_OLD, _NEW = "s3cr3t of before", "s3cr3t of later"


@pytest.fixture(autouse=True)
def made(archiver: Run, monkeypatch: pytest.MonkeyPatch) -> VerifierKey:
    """An archive, by its key."""
    monkeypatch.setattr("archiver.capture.capture.record", recorded.record)
    code, out, _ = archiver("--json", "init")
    assert code == 0
    return VerifierKey.parse(json.loads(out)["key"])


def file_of(key: VerifierKey, first: VerifierKey | None = None) -> Path:
    return keys.path_of(key.name.removeprefix("archiver/"), None if key == first else key)


def new(archiver: Run) -> VerifierKey:
    code, out, _ = archiver("-q", "key", "new")
    assert code == 0
    return VerifierKey.parse(out.strip())


def trusted(out: str) -> list[str]:
    return [line for line in out.splitlines() if not line.startswith("#")]


def capture() -> None:
    with Archive("archive") as archive:
        archive.capture(_URL)


def test_show_prints_a_list_of_keys_to_trust(archiver: Run, made: VerifierKey) -> None:
    second = new(archiver)
    archiver("key", "add", second.text)
    code, out, err = archiver("key", "show")
    assert code == 0
    assert out.splitlines() == ["# valid, made with the archive", made.text, "# valid, added by entry 0", second.text]
    for key in (made, second):
        assert f"archiver: note: the private part of {key.short} is {file_of(key, made)}\n" in err


def test_show_says_what_became_of_each_key(archiver: Run, made: VerifierKey) -> None:
    second, third = new(archiver), new(archiver)
    archiver("key", "add", second.text)
    capture()
    archiver("key", "add", third.text)
    file_of(third).unlink()
    code, out, _ = archiver("key", "compromised", made.short, "--from", "1")
    assert (code, out.splitlines()) == (
        0,
        ["compromised from entry 1 on, by entry 4", "statements about keys without effect now: entries 3"],
    )
    assert archiver("key", "retire", second.short, "--yes")[:2] == (0, "retired by entry 5\n")
    code, out, err = archiver("key", "show")
    assert code == 0
    assert trusted(out) == [made.text, second.text]
    assert "# made with the archive, is said to be compromised from entry 1 on, by entry 4" in out.splitlines()
    assert "# added by entry 0, was retired by entry 5" in out.splitlines()
    assert f"# does not count anywhere, was added by entry 3 only, which does not count: {third.text}" in out
    assert "archiver: entry 3 of the log, about a key, is void: " in err
    _, out, _ = archiver("--json", "key", "show")
    said = [json.loads(line) for line in out.splitlines()]
    assert [each["status"] for each in said] == ["compromised", "retired", "void"]
    assert (said[0]["compromised_from"], said[0]["compromised_by"], said[1]["retired"]) == (1, 4, 5)
    assert said[0]["private"] == str(file_of(made, made))


def test_show_names_keys_that_are_not_added_and_files_it_cannot_open(
    archiver: Run, made: VerifierKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARCHIVER_SIGNING_KEY_NEW_PASSPHRASE", _NEW)
    assert archiver("key", "passphrase")[0] == 0
    second = new(archiver)
    code, out, err = archiver("key", "show")
    assert (code, trusted(out)) == (0, [made.text])
    assert out.splitlines()[-1:] == [f"# not added yet: {second.text}"]
    assert f"archiver: note: the private part of {second.short} is {file_of(second)}\n" in err
    said = [json.loads(line) for line in archiver("--json", "-q", "key", "show")[1].splitlines()]
    assert [(each["key"], each["status"]) for each in said] == [(made.text, "valid"), (second.text, "new")]
    assert f"archiver: note: {file_of(made, made)} has another passphrase, or is no key\n" in err


def test_show_fails_when_a_statement_about_a_key_cannot_be_read(archiver: Run) -> None:
    archiver("key", "add", new(archiver).text)
    with Archive("archive") as archive:
        (entry,) = log.entries(archive.store)
        assert isinstance(entry, log.Entry)
        (Path("archive") / layout.note(entry.commitment)).unlink()
    code, _, err = archiver("key", "show")
    assert code == 8
    assert "archiver: entry 0 of the log, about a key, is unreadable: there is no such note\n" in err


def test_show_without_any_key_here_names_no_place(archiver: Run, made: VerifierKey) -> None:
    file_of(made, made).unlink()
    assert archiver("key", "show")[1].splitlines() == ["# valid, made with the archive", made.text]


def test_a_copied_captures_key_is_shown_as_another_archives(archiver: Run, made: VerifierKey) -> None:
    capture()
    archiver("init", "other")
    assert archiver("copy", "archive", "other", "--url", _URL)[0] == 0
    _, out, _ = archiver("--archive", "other", "key", "show")
    *_, note, status, key = out.splitlines()
    assert (note, key) == ("# of another archive, whose captures were copied", made.text)
    assert status == "# valid, added by entry 0"


def test_new_prints_what_is_to_be_added_and_says_where_it_lies(archiver: Run) -> None:
    code, out, err = archiver("key", "new")
    key = VerifierKey.parse(out.strip())
    assert code == 0
    assert err.startswith(f"archiver: note: its private part is {file_of(key)}: back it up")
    _, out, _ = archiver("--json", "key", "new")
    assert Path(json.loads(out)["private"]).exists()


def test_adding_twice_says_that_it_is_valid_already(archiver: Run) -> None:
    key = new(archiver)
    assert archiver("key", "add", key.text, "--reason", "laptop") == (0, "added by entry 0\n", "")
    assert archiver("key", "add", key.text) == (0, "that key is valid already\n", "")
    assert json.loads(archiver("--json", "key", "add", key.text)[1])["entry"] is None


def test_rotate_names_the_new_key_and_the_retired_one(archiver: Run, made: VerifierKey) -> None:
    code, out, err = archiver("key", "rotate", "--reason", "yearly")
    first, second, third = out.splitlines()
    assert (code, err) == (0, "")
    key = VerifierKey.parse(first.removeprefix("signed from now on with the key "))
    assert str(file_of(key)) in second
    assert third.endswith(made.text)
    said = json.loads(archiver("--json", "key", "rotate")[1])
    assert said["retired"] == key.text


def test_rotate_says_that_the_environment_holds_the_old_key(
    archiver: Run, made: VerifierKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = file_of(made, made)
    monkeypatch.setenv("ARCHIVER_SIGNING_KEY", path.read_text())
    path.unlink()
    assert f"the private part of {made.short} is ARCHIVER_SIGNING_KEY" in archiver("key", "show")[2]
    code, _, err = archiver("key", "rotate")
    assert code == 0
    assert "ARCHIVER_SIGNING_KEY holds the retired key" in err
    assert archiver("capture", _URL)[0] == 9


@pytest.mark.parametrize("arguments", [["retire"], ["compromised", "--from", "0"], ["compromised", "--since", "now"]])
def test_the_last_key_is_not_given_up_by_accident(arguments: list[str], archiver: Run, made: VerifierKey) -> None:
    code, out, err = archiver("key", arguments[0], made.short, *arguments[1:])
    assert (code, out) == (2, "")
    assert "would have no valid key left" in err
    assert archiver("key", arguments[0], made.short, *arguments[1:], "--yes")[0] == 0
    code, _, err = archiver("key", "new")
    assert code == 0
    assert archiver("key", "rotate")[0] == 9


@pytest.mark.parametrize(
    "arguments",
    [
        ["retire", "00000000"],
        ["retire", "nonsense"],
        ["add", "nonsense"],
        ["compromised", "00000000"],
        ["compromised", "00000000", "--from", "0", "--since", "now"],
        ["compromised", "00000000", "--from", "-1"],
        ["compromised", "00000000", "--since", "5 years ago"],
        ["nonsense"],
    ],
)
def test_what_cannot_be_is_wrong_usage(arguments: list[str], archiver: Run) -> None:
    code, out, err = archiver("key", *arguments)
    assert (code, out) == (2, "")
    assert re.fullmatch(r"archiver: [^\n]+\n", err)


def test_compromised_since_a_time_names_the_entry(archiver: Run, made: VerifierKey) -> None:
    archiver("key", "add", new(archiver).text)
    capture()
    code, out, _ = archiver("--json", "key", "compromised", made.short, "--since", "2 days ago")
    assert code == 2  # the second key would not count either: the first one added it
    with Archive("archive") as archive:
        assert archive.log_length() == 3
    code, out, _ = archiver("--json", "key", "compromised", made.short, "--since", "2099-01-01")
    assert (code, json.loads(out)["compromised_from"]) == (0, 3)


def test_without_an_archive_there_are_no_keys(archiver: Run) -> None:
    for command in (["show"], ["new"], ["rotate"], ["passphrase", "--none"]):
        assert archiver("--archive", "nowhere", "key", *command)[0] == 6


# passphrases


def test_a_passphrase_is_set_changed_and_taken_away(
    archiver: Run, made: VerifierKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = file_of(made, made)
    said = []
    monkeypatch.setenv("ARCHIVER_SIGNING_KEY_NEW_PASSPHRASE", _OLD)
    said.append(archiver("key", "passphrase"))
    assert keys.load(path, made.name, _OLD).key == made
    monkeypatch.setenv("ARCHIVER_SIGNING_KEY_PASSPHRASE", _OLD)
    monkeypatch.setenv("ARCHIVER_SIGNING_KEY_NEW_PASSPHRASE", _NEW)
    said.append(archiver("key", "passphrase"))
    assert keys.load(path, made.name, _NEW).key == made
    monkeypatch.setenv("ARCHIVER_SIGNING_KEY_PASSPHRASE", _NEW)
    said.append(archiver("--json", "key", "passphrase", "--none"))
    assert keys.load(path, made.name).key == made
    assert [code for code, _, _ in said] == [0, 0, 0]
    assert said[0][1] == f"{path} has the new passphrase\n"
    assert json.loads(said[2][1]) == {"type": "passphrase", "private": str(path), "encrypted": False}
    assert "s3cr3t" not in str(said)


def test_a_wrong_passphrase_changes_nothing(archiver: Run, made: VerifierKey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVER_SIGNING_KEY_NEW_PASSPHRASE", _OLD)
    archiver("key", "passphrase")
    before = file_of(made, made).read_bytes()
    monkeypatch.setenv("ARCHIVER_SIGNING_KEY_PASSPHRASE", _NEW)
    code, out, err = archiver("key", "passphrase", "--none")
    assert (code, out) == (9, "")
    assert "or the passphrase is wrong" in err
    assert "s3cr3t" not in err
    assert file_of(made, made).read_bytes() == before


def test_without_a_terminal_nothing_is_asked_for(
    archiver: Run, made: VerifierKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)
    code, _, err = archiver("key", "passphrase")
    assert code == 9
    assert "ARCHIVER_SIGNING_KEY_NEW_PASSPHRASE" in err
    monkeypatch.setenv("ARCHIVER_SIGNING_KEY_NEW_PASSPHRASE", _OLD)
    archiver("key", "passphrase")
    code, _, err = archiver("key", "passphrase", "--none")
    assert code == 9
    assert err.rstrip().endswith("ARCHIVER_SIGNING_KEY_PASSPHRASE")


def test_on_a_terminal_passphrases_are_asked_for_and_not_shown(
    archiver: Run, made: VerifierKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def prompt(text: str, **options: object) -> str:
        assert options["hide_input"]
        asked.append((text, options["confirmation_prompt"]))
        return _OLD

    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr(click, "prompt", prompt)
    assert archiver("key", "passphrase")[0] == 0
    assert archiver("key", "passphrase", "--none")[0] == 0
    assert asked == [("The new passphrase", True), ("The passphrase", False)]
    assert keys.load(file_of(made, made), made.name).key == made

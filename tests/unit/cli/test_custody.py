"""`archiver get --as evidence --custody`, and what `show` and `verify` say of it."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from archiver import custody
from archiver.archive import Archive
from archiver.cli import render
from archiver.errors import StorageError
from archiver.seal import keys
from archiver.storage import layout
from archiver.storage.local import LocalStore
from tests.support import recorded
from tests.unit.cli.conftest import Run

_URL = "https://a.test/page"
_GET = ("get", "latest", "--as", "evidence", "--no-pdf")


@pytest.fixture
def id_(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Of a capture in the archive in the current folder."""
    monkeypatch.setattr("archiver.capture.capture.record", recorded.record)
    with Archive("archive") as archive:
        yield archive.capture(_URL).snapshot.id


@pytest.fixture
def no_export(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever exports all the same fails the test."""

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("the bundle is being made")

    monkeypatch.setattr("archiver.cli.snapshots.evidence", refused)


def refusing(monkeypatch: pytest.MonkeyPatch, beginning: str) -> None:
    """From now on the store takes nothing whose key begins so."""
    put_new = LocalStore.put_new

    def put(self: LocalStore, key: str, source: bytes | Path) -> Any:
        if key.startswith(beginning):
            raise StorageError(f"{key} could not be written: Read-only file system")
        return put_new(self, key, source)

    monkeypatch.setattr(LocalStore, "put_new", put)


def length() -> int:
    with Archive("archive") as archive:
        return archive.log_length()


def test_the_entry_is_made_after_the_file_and_has_its_hash(archiver: Run, id_: str) -> None:
    code, out, err = archiver(*_GET, "-o", "b.wacz", "--custody", "the court", "--operator", "O. Perator")
    assert (code, out) == (0, "")
    assert err.splitlines()[-1] == "entry 2 of the log says that it was handed out"
    code, out, _ = archiver("--json", "show", id_)
    (said,) = json.loads(out)["custody"]
    assert code == 0
    assert said["sha256"] == hashlib.sha256(Path("b.wacz").read_bytes()).hexdigest()
    assert (said["log_index"], said["type"], said["id"], said["result"]) == (2, "custody", id_, 1)
    assert (said["bytes"], said["reason"], said["operator"]) == (
        Path("b.wacz").stat().st_size,
        "the court",
        "O. Perator",
    )
    code, out, _ = archiver("verify", id_)
    assert code == 0
    assert [line.split()[:3] for line in out.splitlines() if " custody " in line] == [["20", "custody", "PASS"]]
    assert archiver("verify", "--all")[0] == 0


def test_show_says_when_to_whom_and_by_whom_and_names_the_bundle(archiver: Run, id_: str) -> None:
    archiver(*_GET, "-o", "b.wacz", "--custody", "the \u202ecourt", "--operator", "O. Perator")
    archiver(*_GET, "-o", "c.wacz", "--custody", "the other side")
    first, second = archiver("show", id_)[1].splitlines()[1:3]
    digest = hashlib.sha256(Path("b.wacz").read_bytes()).hexdigest()[:16]
    assert first.startswith("handed out 20")
    assert f" UTC by O. Perator: the ?court (SHA-256 {digest}…, " in first
    assert first.endswith("; entry 2)")
    assert " UTC: the other side (" in second
    archiver("withdraw", id_, "--reason", "an order", "--yes")
    assert archiver("show", id_)[1].splitlines()[2:4] == [first, second]


def test_show_says_of_an_entry_that_does_not_count_why(archiver: Run, id_: str) -> None:
    archiver(*_GET, "-o", "b.wacz", "--custody", "the court")
    with Archive("archive") as archive:
        (entry,) = archive.entries_of("custody", id_)
        archive.store.delete(layout.note(entry.commitment))
    code, out, _ = archiver("show", id_)
    assert code == 0
    assert "entry 2, which is to say that the evidence was handed out, does not count: " in out
    (said,) = json.loads(archiver("--json", "show", id_)[1])["custody"]
    assert set(said) == {"log_index", "problem"}
    code, out, _ = archiver("verify", id_)
    assert code == 4
    assert any(line.split()[1:3] == ["custody", "FAIL"] for line in out.splitlines())


@pytest.mark.parametrize("output", [[], ["-o", "-"]])
def test_what_goes_to_standard_output_is_hashed_as_it_goes(output: list[str], id_: str) -> None:
    command = [sys.executable, "-m", "archiver", *_GET, *output, "--custody", "the court"]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"entry 2 of the log says that it was handed out\n")
    with Archive("archive") as archive:
        (stated,) = custody.stated(archive, id_)
    assert stated.statement is not None
    assert stated.statement["sha256"] == hashlib.sha256(done.stdout).hexdigest()


def test_what_a_pipe_did_not_take_whole_was_not_handed_out(id_: str) -> None:
    command = [sys.executable, "-m", "archiver", *_GET, "--custody", "the court"]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, check=False, timeout=60)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")
    assert length() == 2


def test_without_it_nothing_is_entered_and_neither_key_nor_right_to_write_is_needed(
    archiver: Run, id_: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert archiver(*_GET, "-o", "before.wacz")[0] == 0
    assert archiver(*_GET, "-o", "with.wacz", "--custody", "the court")[0] == 0
    assert Path("with.wacz").read_bytes() == Path("before.wacz").read_bytes()
    entries = length()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(Path("elsewhere").absolute()))
    refusing(monkeypatch, "")
    assert archiver(*_GET, "-o", "after.wacz")[0] == 0
    assert length() == entries


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--as", "text", "--custody", "the court"), "--custody is for --as evidence"),
        (("--as", "wacz", "--custody", "the court"), "--custody is for --as evidence"),
        (("--as", "evidence", "--operator", "O. Perator"), "--operator is for --custody"),
        (("--as", "text", "--operator", "O. Perator"), "--operator is for --custody"),
        (
            ("--as", "evidence", "--custody", " "),
            "the reason is empty; say to whom the evidence is handed out, and why",
        ),
        (("--as", "evidence", "--custody", f"for {_URL}"), "the reason names the page"),
    ],
)
@pytest.mark.usefixtures("no_export", "id_")
def test_wrong_usage_is_exit_code_2_and_exports_nothing(arguments: tuple[str, ...], told: str, archiver: Run) -> None:
    code, out, err = archiver("get", "latest", "-o", "b.wacz", *arguments)
    assert (code, out) == (2, "")
    assert err.startswith(f"archiver: {told}")
    assert not Path("b.wacz").exists()
    assert length() == 2


@pytest.mark.usefixtures("no_export", "id_")
def test_without_the_key_it_is_one_line_and_exit_code_9_before_anything_is_exported(
    archiver: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(Path("elsewhere").absolute()))
    code, out, err = archiver(*_GET, "-o", "b.wacz", "--custody", "the court")
    assert (code, out, err.count("\n")) == (9, "", 1)
    assert err.startswith("archiver: no key of archive is on this machine; ")
    assert not Path("b.wacz").exists()


@pytest.mark.usefixtures("no_export", "id_")
def test_where_the_log_cannot_be_written_it_is_one_line_and_exit_code_8_before_anything_is_exported(
    archiver: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing(monkeypatch, "")
    code, out, err = archiver(*_GET, "-o", "b.wacz", "--custody", "the court")
    assert (code, out) == (8, "")
    assert err == (
        f"archiver: no custody entry can be made, and nothing was exported: {layout.slot(1)} could not be written: "
        "Read-only file system\n"
    )
    assert not Path("b.wacz").exists()


@pytest.mark.usefixtures("id_")
def test_where_the_entry_fails_after_the_export_the_file_stays_and_it_is_told_how_to_try_again(
    archiver: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as full:
        refusing(full, layout.NOTES)
        code, out, err = archiver("-q", *_GET, "-o", "b.wacz", "--custody", "the court")
    assert (code, out) == (8, "")
    assert err.startswith("archiver: b.wacz is complete, and the log has no custody entry of it: notes/")
    assert err.endswith(
        " could not be written: Read-only file system; to try again, delete it and give the same command once more\n"
    )
    assert Path("b.wacz").stat().st_size > 0
    assert length() == 2
    Path("b.wacz").unlink()
    assert archiver("-q", *_GET, "-o", "b.wacz", "--custody", "the court") == (0, "", "")
    assert length() == 3


@pytest.mark.usefixtures("id_")
def test_where_the_key_goes_during_the_export_it_is_exit_code_9(archiver: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    write_new = render.write_new

    def write(path: Path, pieces: Iterator[bytes]) -> None:
        write_new(path, pieces)
        with Archive("archive") as archive:
            described = archive.describe()
        assert described is not None
        keys.path_of(described.id).unlink()

    monkeypatch.setattr(render, "write_new", write)
    code, _, err = archiver("-q", *_GET, "-o", "b.wacz", "--custody", "the court")
    assert code == 9
    assert err.startswith("archiver: b.wacz is complete, and the log has no custody entry of it: no key of archive")


@pytest.mark.usefixtures("id_")
def test_where_the_file_is_not_written_nothing_is_entered(archiver: Run) -> None:
    Path("b.wacz").write_bytes(b"mine")
    code, _, err = archiver(*_GET, "-o", "b.wacz", "--custody", "the court")
    assert code == 8
    assert "b.wacz exists already" in err
    assert (Path("b.wacz").read_bytes(), length()) == (b"mine", 2)


@pytest.mark.usefixtures("id_")
def test_an_entry_that_could_not_be_signed_into_a_checkpoint_is_made_and_told(
    archiver: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing(monkeypatch, layout.TILES)
    code, _, err = archiver(*_GET, "-o", "b.wacz", "--custody", "the court")
    assert code == 0
    assert "it is in the log, but the log was not signed: " in err
    assert length() == 3

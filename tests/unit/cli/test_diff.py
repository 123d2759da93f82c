"""`archiver diff`, and the line of `archiver capture` that says what changed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from archiver.archive import Archive
from archiver.cli import capturing
from archiver.cli.capturing import Done
from archiver.config import load
from archiver.errors import StorageError
from tests.support import recorded
from tests.support.changing import BEGAN, STORY, URL, png, story, visit
from tests.unit.cli.conftest import Run

WORD = STORY[4].split()[3]
EDITED = STORY[4].replace(f" {WORD} ", " \u202enever\u200d ", 1)
OLD, NEW = story(), story([*STORY[:4], EDITED, *STORY[5:-1]])
HEADLINE_WORDS = 6


@pytest.fixture
def archive() -> Iterator[Archive]:
    with Archive("archive") as opened:
        yield opened


@pytest.fixture
def ids(archive: Archive) -> tuple[str, str]:
    first = visit(archive, OLD, text="a", tiles=[png((100, 100))], started_at=BEGAN)
    area = png((100, 110), (10, 20, 30, 40))
    later = BEGAN + timedelta(hours=26)
    second = visit(archive, NEW, text="b", tiles=[area], title="\x1b]0;owned\x07", started_at=later)
    return first, second


def on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archiver.cli.diff.sys.stdout.isatty", lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)


def test_it_says_what_changed_in_lines(archiver: Run, ids: tuple[str, str]) -> None:
    code, out, err = archiver("diff", *ids)
    assert (code, err) == (0, "")
    first, *rest = out.splitlines()
    gone = len(STORY[-1].split()) + 1
    assert first == (f"changed since 2026-11-25 07:00 UTC: text +1 \u2212{gone} words, title, picture 12.7 % different")
    words = sum(len(each.split()) for each in STORY) + HEADLINE_WORDS
    assert rest[:5] == [
        f"  before       {ids[0]}  2026-11-25 07:00:00 UTC",
        f"  after        {ids[1]}  2026-11-26 09:00:00 UTC, 1 day 2 h later",
        "  status       200",
        f"  final URL    {URL}",
        "  title        A page → ?]0;owned?",
    ]
    assert rest[6:] == [
        f"  text         +1 \u2212{gone} words, {words - gone + 1} words, of the article",
        "  all text     differs",
        "  picture      12.7 % different, full page, 100 × 100 px → 100 × 110 px, between 0, 20 and 100, 110",
    ]


def test_one_snapshot_is_compared_with_the_one_before(archiver: Run, ids: tuple[str, str]) -> None:
    assert archiver("diff", URL)[1] == archiver("diff", *ids)[1]
    code, out, err = archiver("diff", ids[0])
    assert (code, out) == (6, "")
    assert "is the first complete capture of its URL" in err


def test_the_exit_code_is_0_whether_they_differ_or_not(archiver: Run, ids: tuple[str, str]) -> None:
    code, out, _ = archiver("diff", ids[0], ids[0])
    assert code == 0
    assert out.startswith("unchanged since 2026-11-25 07:00 UTC\n")
    assert "  text         the same, " in out
    assert "  picture      the same, full page, 100 × 100 px\n" in out
    code, out, err = archiver("diff", "--text", ids[0], ids[0])
    assert (code, out, err) == (0, "", "the text of the article is the same\n")


def test_what_was_not_compared_is_said(archiver: Run, archive: Archive) -> None:
    visit(archive, OLD, started_at=BEGAN)
    visit(archive, OLD, started_at=BEGAN + timedelta(1))
    out = archiver("diff", "latest")[1]
    assert out.count("  not compared picture") == 2


def test_json_is_the_change(archiver: Run, ids: tuple[str, str]) -> None:
    code, out, _ = archiver("--json", "diff", *ids)
    said = json.loads(out)
    assert code == 0
    assert (said["type"], said["kind"], said["before"], said["after"]) == ("change", "changed", *ids)
    assert set(said) == {
        "type", "kind", "before", "after", "before_at", "after_at", "since_s", "status", "final_url", "title",
        "document_bytes", "document_same", "text", "page_text_same", "picture", "not_compared",
    }  # fmt: skip
    assert said["picture"]["box"] == [0, 20, 100, 110]
    code, out, _ = archiver("--json", "diff", "--text", *ids)
    assert json.loads(out)["hunks"][0]["head"].startswith("@@ -")


@pytest.mark.skipif(shutil.which("patch") is None, reason="needs the program patch")
def test_the_text_is_a_unified_diff_that_patch_applies(archiver: Run, ids: tuple[str, str], tmp_path: Path) -> None:
    code, out, err = archiver("diff", "--text", *ids)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[:2] == [f"--- {ids[0]}\t2026-11-25T07:00:00.000000Z", f"+++ {ids[1]}\t2026-11-26T09:00:00.000000Z"]
    assert f"-{STORY[4]}" in lines
    assert "\x1b" not in out
    assert any(line.startswith("+") and " ?never? " in line for line in lines)
    old = tmp_path / "old.txt"
    given = [line[1:] for line in lines[2:] if line[0] in " -"]
    old.write_text("\n".join(given) + "\n")
    (tmp_path / "diff").write_text(out)
    command = ["patch", "--fuzz=0", "-o", "-", str(old), str(tmp_path / "diff")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [line[1:] for line in lines[2:] if line[0] in " +"]


def test_on_a_terminal_the_words_that_differ_are_marked(
    archiver: Run, ids: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    on_a_terminal(monkeypatch)
    out = archiver("diff", "--text", *ids)[1]
    assert f"\x1b[31m\x1b[7m{WORD}\x1b[0m" in out
    assert "\x1b[32m\x1b[7m?never?\x1b[0m" in out, "what turns the line round is not passed on"
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in archiver("diff", "--text", *ids)[1]


def test_a_text_is_written_to_a_file_that_is_not_there_yet(archiver: Run, ids: tuple[str, str]) -> None:
    shown = archiver("diff", "--text", *ids)[1]
    code, out, err = archiver("diff", "--text", "-o", "text.diff", *ids)
    assert (code, out, err) == (0, "", "what differs was written to text.diff\n")
    assert Path("text.diff").read_text("utf-8") == shown
    code, _, err = archiver("diff", "--text", "-o", "text.diff", *ids)
    assert code == 8
    assert "exists already" in err


def test_the_picture_is_written_to_a_file_or_a_pipe(archiver: Run, ids: tuple[str, str]) -> None:
    code, out, _ = archiver("diff", "--visual", "-o", "seen.png", *ids)
    assert (code, out) == (0, "")
    sheet = Image.open(BytesIO(Path("seen.png").read_bytes()))
    assert sheet.size == (3 * 100 + 2 * 16, 110 + 44)
    code, out, _ = archiver("--json", "diff", "--visual", "-o", "again.png", *ids)
    assert json.loads(out)["kind"] == "changed"
    root = str(Path(capturing.__file__).parents[2])
    command = [sys.executable, "-m", "archiver", "diff", "--visual", *ids]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60, env={**os.environ, "PYTHONPATH": root})
    assert done.stdout == Path("seen.png").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--visual", "latest"), "--visual -o FILE.png"),
        (("--visual", "-o", "-", "latest"), "--visual -o FILE.png"),
        (("--visual", "--text", "latest"), "give one of them"),
        (("-o", "x", "latest"), "-o is for --text or --visual"),
        (("a", "b", "c"), "3 snapshots were named"),
        ((), "Missing argument"),
    ],
)
def test_wrong_usage_says_what_is_right(
    archiver: Run, arguments: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_a_terminal(monkeypatch)
    code, out, err = archiver("diff", *arguments)
    assert (code, out) == (2, "")
    assert said in err


def test_what_cannot_be_compared_at_all_is_not_found(archiver: Run, archive: Archive) -> None:
    visit(archive, started_at=BEGAN)
    visit(archive, started_at=BEGAN + timedelta(1))
    for option in (("--text",), ("--visual", "-o", "x.png")):
        code, out, err = archiver("diff", *option, "latest")
        assert (code, out) == (6, "")
        assert "cannot be compared: " in err
    assert not Path("x.png").exists()


# captures


def captured(monkeypatch: pytest.MonkeyPatch) -> Done:
    monkeypatch.setattr("archiver.capture.capture.record", recorded.record)
    return capturing.capture_one(load({"archive": "archive"}).settings, URL, "", lambda _: None)


def test_a_capture_says_what_changed_since_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    done = captured(monkeypatch)
    assert "\n  change     first capture of this URL\n" in done.text
    assert (done.json["change"]["kind"], done.json["change_error"]) == ("first", None)
    again = captured(monkeypatch)
    assert "\n  change     unchanged since 20" in again.text
    assert (again.json["change"]["kind"], again.json["change"]["before"]) == ("unchanged", done.json["id"])


@pytest.mark.parametrize(
    ("error", "said"), [(StorageError("the store is away"), "the store is away"), (RecursionError("deep"), "deep")]
)
def test_what_goes_wrong_in_comparing_costs_no_capture(
    monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("archiver.changes.since_previous", fail)
    done = captured(monkeypatch)
    assert (done.code, done.json["type"], done.json["change"]) == (0, "snapshot", None)
    assert said in done.json["change_error"]
    (line,) = [line for line in done.text.splitlines() if "not compared with the one before" in line]
    assert line.startswith("  warning    the snapshot is stored, but ")
    assert said in line

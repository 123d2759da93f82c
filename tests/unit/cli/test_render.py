"""What people read: safe for a terminal, sizes in words."""

from __future__ import annotations

import io
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.archive import Captured
from archiver.capture.capture import Progress
from archiver.cli.render import LiveLine, size, snapshot_object, summary
from archiver.cli.text import printable
from archiver.model import CaptureWarning, Outcome, Result
from archiver.snapshot import Snapshot
from archiver.storage.local import LocalStore
from tests.unit.recordings import exchange, recording, unanswered


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain – “text” ä 漢 🙂", "plain – “text” ä 漢 🙂"),
        ("\x1b[31mred\x07", "?[31mred?"),
        ("a\r\nb\tc", "a??b?c"),
        ("\u202egpj.exe\u2066", "?gpj.exe?"),
        ("zero\u200bwidth\ufeff", "zero?width?"),
        ("\x9b2J\x85", "?2J?"),
        ("line\u2028para\u2029", "line?para?"),
        ("lone\ud800", "lone?"),
    ],
)
def test_nothing_invisible_reaches_the_terminal(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(text=st.text(st.characters()))
def test_any_text_becomes_as_many_visible_characters(text: str) -> None:
    shown = printable(text)
    assert len(shown) == len(text)
    assert not {"Cc", "Cf", "Cs", "Zl", "Zp"} & {unicodedata.category(character) for character in shown}
    assert printable(shown) == shown
    shown.encode()


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (1449, "1.4 kB"),
        (999_900, "999.9 kB"),
        (1_000_000, "1.0 MB"),
        (1_400_000, "1.4 MB"),
        (300_000_000, "300.0 MB"),
        (1_000_000_000, "1.0 GB"),
        (12_345_000_000_000, "12345.0 GB"),
    ],
)
def test_a_size_is_shown_in_its_unit(count: int, shown: str) -> None:
    assert size(count) == shown


@pytest.mark.parametrize(("count", "shown"), [(999_999, "1.0 MB"), (999_999_999, "1.0 GB")])
def test_a_size_just_below_a_unit_is_shown_in_that_unit(count: int, shown: str) -> None:
    assert size(count) == shown


def captured(**changes: object) -> Captured:
    made = recording(
        exchange(0),
        exchange(1, result=Result.TRUNCATED),
        unanswered(2),
        unanswered(3, result=Result.REFUSED),
        **changes,
    )
    artifact = {"role": "warc", "bytes": 1_400_000, "sha256": "ab" * 32}
    statement = {"artifacts": [artifact], "started_at": "2026-11-23T08:14:07.123456Z"}
    snapshot = Snapshot("20261123t081407z-aaaaaaaaaaaaaaaa", statement, 1, LocalStore(Path("/archive")))
    return Captured(snapshot, made, 2)


def test_the_summary_counts_every_exchange_and_names_the_next_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: "/usr/bin/archiver")
    text = summary(captured(), " --archive /x")
    assert text.startswith("Complete  https://a.test/0\n")
    assert "recorded   2 exchanges; 1 of them cut short, 1 without an answer, 1 refused by the guard" in text
    assert "in 2.5 s" in text
    assert "(1.4 MB)" in text
    assert "archiver --archive /x get 20261123t081407z-aaa" in text


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ({"ad": 7, "comments": 1}, "\n  regions    7 ad, 1 comments\n"),
        ({}, "\n  regions    none\n"),
        ({"ad": 7, "partial": True}, "\n  regions    7 ad; some of the page was not looked at\n"),
        (None, ""),
    ],
)
def test_the_summary_counts_the_regions_where_there_is_an_inventory(said: dict[str, object] | None, line: str) -> None:
    made = captured()
    snapshot = replace(made.snapshot, statement=made.snapshot.statement | ({} if said is None else {"regions": said}))
    text = summary(replace(made, snapshot=snapshot), "")
    assert line in text
    assert ("  regions" in text) == (said is not None)


def test_a_page_cannot_write_to_the_terminal_through_the_summary() -> None:
    changes = {
        "title": "\x1b]0;owned\x07\nFake line",
        "url": "https://a.test/\u202e",
        "final_url": "https://b.test/\x1b[2J",
        "warnings": (CaptureWarning("x", "page said \x1b[31m"),),
        "outcome": Outcome.PARTIAL,
    }
    text = summary(captured(**changes), "")
    assert text.startswith("Partial ")
    assert "?]0;owned??Fake line" in text
    assert not [character for character in text if character != "\n" and printable(character) == "?" != character]


def test_the_json_of_a_snapshot_has_every_field_of_the_contract() -> None:
    made = snapshot_object(captured())
    assert set(made) == {
        "type", "id", "url", "final_url", "captured_at", "outcome", "http_status", "exchanges", "not_recorded",
        "warc", "warc_sha256", "log_index", "checkpoint", "checkpoint_error", "sealed", "unstamped", "warnings",
    }  # fmt: skip
    assert (made["type"], made["outcome"], made["http_status"]) == ("snapshot", "complete", 200)
    assert (made["exchanges"], made["not_recorded"], made["warc_sha256"]) == (4, 2, "ab" * 32)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "enabled"), [(io.StringIO(), True), (Terminal(), False)])
def test_no_live_line_where_nobody_watches(stream: io.StringIO, enabled: bool) -> None:
    line = LiveLine(stream, enabled=enabled)
    line.show(Progress("load", 1, 2, 3.0))
    line.clear()
    assert stream.getvalue() == ""


def test_the_live_line_is_one_line_and_wiped_at_the_end() -> None:
    stream = Terminal()
    line = LiveLine(stream, enabled=True)
    line.show(Progress("load", 12, 3_400_000, 5.0))
    line.clear()
    text = stream.getvalue()
    assert "load" in text
    assert "12 exchanges" in text
    assert "3.4 MB" in text
    assert "\n" not in text
    assert text.endswith("\r\x1b[K")

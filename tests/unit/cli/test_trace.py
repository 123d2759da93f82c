"""`archiver trace`, and what `capture --trace`, `show` and `verify` say of it."""

from __future__ import annotations

import json

import pytest

from archiver.archive import Archive
from archiver.storage import layout
from archiver.withdrawing import withdraw
from tests.support.paper_web import PaperWeb
from tests.unit.cli.conftest import Run
from tests.unit.test_tracing import _ORIGIN, _REPOST, article, said


@pytest.fixture(autouse=True)
def web(monkeypatch: pytest.MonkeyPatch) -> PaperWeb:
    """A repost and its original."""
    made = PaperWeb()
    made.add(_ORIGIN, article(published="2026-03-03T18:00:00Z", byline="<p class='byline'>By Ida Quay</p>"))
    made.add(_REPOST, article(tail=said(_ORIGIN), published="2026-03-05T09:00:00Z"))
    monkeypatch.setattr("archiver.capture.capture.record", made.record)
    return made


def test_the_tree_says_what_each_hop_is(archiver: Run) -> None:
    archiver("capture", _REPOST)
    code, out, err = archiver("trace", "latest", "--capture-missing", "--pause", "1ms")
    assert (code, err) == (0, "")
    assert _REPOST in out
    assert _ORIGIN in out
    assert "this is the origin" in out


def test_without_capture_missing_nothing_is_visited(archiver: Run, web: PaperWeb) -> None:
    archiver("capture", _REPOST)
    code, out, _ = archiver("trace", "latest")
    assert code == 0
    assert web.visited == [_REPOST]
    assert "--capture-missing" in out


@pytest.mark.parametrize("form", ["json", "mermaid", "prov", "json-ld"])
def test_each_format_names_both_pages(form: str, archiver: Run) -> None:
    archiver("capture", _REPOST)
    code, out, _ = archiver("trace", "latest", "--capture-missing", "--pause", "1ms", "--format", form)
    assert code == 0
    if form != "mermaid":
        json.loads(out)
        assert _ORIGIN in out
    assert "canal-lock" in out or "Canal lock" in out


def test_a_capture_with_trace_is_traced_at_once(archiver: Run, web: PaperWeb) -> None:
    code, out, _ = archiver("capture", "--trace", _REPOST)
    assert code == 0
    assert web.visited == [_REPOST, _ORIGIN]
    assert "this is the origin" in out
    web.add("https://harbour-daily.example/other/an-article-of-its-own", article())
    code, out, _ = archiver("--json", "capture", "--trace", "https://harbour-daily.example/other/an-article-of-its-own")
    assert json.loads(out)["chain"]["format"] == "archiver-chain/1"


def test_show_names_what_was_stated_and_verify_checks_that_it_is_signed(archiver: Run) -> None:
    archiver("capture", "--trace", _REPOST)
    with Archive("archive") as archive:
        id_ = archive.find(_REPOST).id
    code, out, _ = archiver("show", id_)
    assert code == 0
    assert f"republication of {_ORIGIN}: verified" in out
    (derivation,) = json.loads(archiver("--json", "show", id_)[1])["derivations"]
    assert derivation["object"]["url"] == _ORIGIN
    code, out, _ = archiver("verify", id_)
    assert code == 0
    assert any(line.split()[1:3] == ["derivations", "PASS"] for line in out.splitlines())
    assert archiver("verify", "--all")[0] == 0


def test_a_derivation_that_was_altered_fails_where_it_says_so(archiver: Run) -> None:
    archiver("capture", "--trace", _REPOST)
    with Archive("archive") as archive:
        id_ = archive.find(_REPOST).id
        (entry,) = archive.entries_of("derivation", id_)
        key = layout.note(entry.commitment)
        data = b"".join(archive.store.get(key))
        archive.store.delete(key)
        archive.store.put_new(key, data.replace(b"republication", b"adaptation"))
    code, out, _ = archiver("verify", id_)
    assert code == 4
    assert any(line.split()[1:3] == ["derivations", "FAIL"] for line in out.splitlines())


def test_a_withdrawal_takes_away_what_was_stated_of_its_source(archiver: Run) -> None:
    archiver("capture", "--trace", _REPOST)
    with Archive("archive") as archive:
        id_ = archive.find(_REPOST).id
        (entry,) = archive.entries_of("derivation", id_)
        withdraw(archive, id_, "a court order")
        assert not list(archive.store.list(layout.note(entry.commitment)))
    assert archiver("verify", "--all")[0] == 0
    assert archiver("index", "check")[0] == 0


def test_what_is_told_while_it_runs_is_safe_to_print(
    archiver: Run, web: PaperWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    said_live: list[str] = []
    monkeypatch.setattr("archiver.cli.render.LiveLine.say", lambda _, text: said_live.append(text))
    web.add("https://harbour-daily.example/a/\x9b31m-canal-lock-closes", article())
    archiver("capture", "https://harbour-daily.example/a/\x9b31m-canal-lock-closes")
    assert archiver("trace", "latest")[0] == 0
    assert said_live
    assert not any("\x9b" in text for text in said_live)

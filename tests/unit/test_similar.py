"""A capture has a sketch of its text, and by it others are found that have the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from archiver.archive import Archive
from archiver.cli import main as cli
from archiver.model import Rendition
from archiver.provenance.match import Verdict
from archiver.similar import similar
from archiver.storage import layout
from tests.support import recorded
from tests.unit.provenance import pages
from tests.unit.provenance.texts import sentences
from tests.unit.recordings import body

ORIGINAL = sentences(1)


def document(found: list[str], credit: str = "") -> str:
    return pages.html(credit, paragraphs=[" ".join(found[at : at + 3]) for at in range(0, len(found), 3)])


def capture(archive: Archive, url: str, html: str | bytes, **changes: Any) -> str:
    """Capture a made-up page with this DOM; the id."""
    dom = html if isinstance(html, bytes) else orjson.dumps({"frames": [{"url": url, "html": html}]})
    usual = {"renditions": (Rendition("dom", f"urn:dom:{url}", "application/json", body(dom)),)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("archiver.capture.capture.record", lambda url, *_: recorded.page(url, **(usual | changes)))
        return archive.capture(url).snapshot.id


@pytest.fixture
def archive() -> Iterator[Archive]:
    with Archive("archive") as opened:
        yield opened


@pytest.fixture
def original(archive: Archive) -> str:
    return capture(archive, "https://a.test/story", document(ORIGINAL))


def test_the_statement_has_the_sketch_of_the_main_text(archive: Archive, original: str) -> None:
    said = archive.find(original).statement["text_sketch"]
    assert (said["method"], said["scale"]) == ("archiver-shingles/1", 12)
    assert said["words"] == sum(len(each.split()) for each in ORIGINAL)
    assert len(said["hashes"]) > 20


def test_a_copy_is_found_that_says_nothing_and_a_text_of_its_own_is_not(archive: Archive, original: str) -> None:
    copy = capture(archive, "https://b.test/1", document(ORIGINAL[4:] + sentences(2, 4)))
    part = capture(archive, "https://c.test/2", document(ORIGINAL[:14] + sentences(3, 16)))
    capture(archive, "https://d.test/3", document(sentences(4)))
    found = similar(archive, archive.find(original))
    assert [(one.capture.id, one.match and one.match.verdict) for one in found] == [
        (copy, Verdict.COPY),
        (part, Verdict.PARTIAL),
    ]
    assert [one.capture.id for one in similar(archive, archive.find(copy), limit=1)] == [original]


def test_the_sentence_that_credits_the_original_is_no_part_of_the_text(archive: Archive, original: str) -> None:
    credit = "<p>This article was originally published by <a href='https://a.test/story'>A Test</a>.</p>"
    capture(archive, "https://b.test/1", document(ORIGINAL, credit))
    (one,) = similar(archive, archive.find(original), aligned=True)
    assert one.match is not None
    assert one.match.second.contained == 1.0
    assert one.match.passages == ()


def test_other_captures_of_the_same_url_are_left_out(archive: Archive, original: str) -> None:
    capture(archive, "https://a.test/story", document(ORIGINAL))
    assert similar(archive, archive.find(original)) == []


def test_one_that_cannot_be_read_is_told_last(archive: Archive, original: str) -> None:
    broken = capture(archive, "https://b.test/1", document(ORIGINAL))
    copy = capture(archive, "https://c.test/1", document(ORIGINAL[3:]))
    warc = Path(archive.location) / layout.warc(broken)
    warc.chmod(0o600)
    warc.write_bytes(b"damaged")
    found = similar(archive, archive.find(original))
    assert [(one.capture.id, one.match is None) for one in found] == [(copy, False), (broken, True)]
    assert "damaged" in found[1].problem


@pytest.mark.parametrize("dom", [b"no JSON", b'{"frames":7}', b'{"frames":[7]}', b"{}"])
def test_a_dom_that_cannot_be_read_costs_the_sketch_and_not_the_capture(dom: bytes, archive: Archive) -> None:
    statement = archive.find(capture(archive, "https://a.test/", dom)).statement
    assert "text_sketch" not in statement
    assert [each["code"] for each in statement["warnings"]] == ["text_unread"]
    assert statement["outcome"] == "complete"


def test_what_goes_wrong_in_reading_the_text_costs_the_sketch_only(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RecursionError("deep")

    monkeypatch.setattr("archiver.texts.of_frames", fail)
    statement = archive.find(capture(archive, "https://a.test/", document(ORIGINAL))).statement
    assert [each["code"] for each in statement["warnings"]] == ["text_unread"]


def test_what_has_no_dom_has_no_sketch_and_no_warning_of_it(archive: Archive) -> None:
    statement = archive.find(capture(archive, "https://a.test/a.pdf", "", renditions=())).statement
    assert "text_sketch" not in statement
    assert statement["warnings"] == []


def test_a_capture_without_a_sketch_can_be_asked_for(
    archive: Archive, original: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archiver.texts.sketched", lambda recording: (recording, None))
    copy = capture(archive, "https://b.test/1", document(ORIGINAL))
    assert [one.capture.id for one in similar(archive, archive.find(copy))] == [original]


def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str:
    monkeypatch.setattr("sys.argv", ["archiver", "--archive", "archive", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0
    return "".join(capsys.readouterr())


def test_find_prints_a_line_a_capture_and_the_passages_with_json(
    archive: Archive, original: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = capture(archive, "https://b.test/1", document(ORIGINAL[:-4]))
    line = run(capsys, monkeypatch, "find", "--similar-to", original)
    assert line.startswith(copy)
    assert line.rstrip().endswith("https://b.test/1")
    assert "copy" in line
    assert "100% of it" in line
    said = json.loads(run(capsys, monkeypatch, "--json", "find", "--similar-to", original))
    assert (said["type"], said["to"], said["id"]) == ("similar", original, copy)
    assert {passage["change"] for passage in said["match"]["passages"]} == {"removed"}


def test_find_says_that_there_is_nothing(
    archive: Archive, original: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "has a text like that" in run(capsys, monkeypatch, "find", "--similar-to", original)

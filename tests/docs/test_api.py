"""The Python code of docs/api.md does what the page says, with a made-up page in place of a browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from archiver.archive import Archive
from tests.support import recorded

_PAGE = Path(__file__).parents[2] / "docs" / "api.md"
_CODE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_code_of_the_page_runs_from_top_to_bottom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("archiver.capture.capture.record", recorded.record)
    names: dict[str, object] = {}
    blocks = _CODE.findall(_PAGE.read_text("utf-8"))
    said = []
    for block in blocks:
        exec(compile(block, str(_PAGE), "exec"), names)  # noqa: S102 — our own page
        said.append(capsys.readouterr().out)
    made, about, listed, taken, alike, carried, changed, copied, verified, gone = said
    first, outcome = made.splitlines()[0].split()
    assert (outcome, about) == ("complete", "")
    assert f"evidence/snapshots/{first}/capture.warc.gz" in made
    with Archive("evidence") as archive:
        newest, oldest = archive.snapshots()
    assert oldest.id == first
    (line,) = listed.splitlines()
    assert line.startswith(newest.id)
    assert line.endswith("complete https://example.com/ case 7")
    assert "hello" in taken.splitlines()
    assert "there are some of https://example.com/" in taken
    assert Path("page.png").read_bytes() == recorded.SCREENSHOT
    assert alike == "", "its text has one word"
    assert carried == "0 0 ()\n", "it has no inventory"
    assert changed.startswith(
        "unchanged TextChange(compared='page', added=0, removed=0, before=1, after=1, exact=True) "
    )
    assert ": same text, picture not compared\n" in changed
    assert copied == "4 ()\n"
    assert verified == "PASS PASS\n"
    assert gone == "a court order 4 []\n"
    assert oldest.state == "withdrawn"

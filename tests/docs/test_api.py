"""The examples of docs/api.md run, one after the other, as one program."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest

from tests.support import captureless

_PAGE = Path(__file__).resolve().parents[2] / "docs" / "api.md"


def test_the_examples_run_and_say_what_they_should(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    examples = re.findall(r"^```python\n(.*?)^```", _PAGE.read_text(), re.MULTILINE | re.DOTALL)
    names: dict[str, object] = {}
    with captureless.without_browser():
        for example in examples:
            exec(compile(example, str(_PAGE), "exec"), names)  # noqa: S102  # our own page
    lines = capsys.readouterr().out.splitlines()
    assert len(examples) == 5
    assert lines[0] == "complete 0"
    assert lines[1].endswith("capture.warc.gz")
    assert " complete" in lines[2]
    assert "there are some of https://a.test/0" in lines[3]
    assert lines[4].endswith(" complete https://a.test/0")
    assert lines[5] == "0 problems; 2 entries"
    with zipfile.ZipFile("page.wacz") as package:
        assert package.testzip() is None

"""Checkers of others accept our WARC files, and reject them once they are tampered with."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from tests.support.captures import NAMES, Captures
from tests.support.iipc import members
from tests.support.oracles import for_warcat, run
from tests.support.snapshots import warc_of

pytestmark = [pytest.mark.browser, pytest.mark.oracle]


def _records(warc: Path) -> list[bytes]:
    return [data for _, data, _ in members(warc.read_bytes())]


@pytest.fixture(scope="session")
def tampered(captures: Captures, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's WARC with the headline changed."""
    records = _records(warc_of(captures["demo"]))
    (page,) = (
        n for n, data in enumerate(records) if b"WARC-Type: response" in data and b"<h1>Harbor Ministers Agree" in data
    )
    records[page] = records[page].replace(b"<h1>Harbor Ministers Agree", b"<h1>Harbor Ministers Argue")
    path = tmp_path_factory.mktemp("tampered") / "tampered.warc.gz"
    path.write_bytes(b"".join(map(gzip.compress, records)))
    return path


@pytest.mark.parametrize("name", NAMES)
def test_warcio_check(captures: Captures, name: str) -> None:
    warc = warc_of(captures[name])
    result = run("warcio", "check", "--verbose", warc)
    assert result.returncode == 0, _after(result.stdout, "failed")
    # Only of an empty block warcio may say that it had nothing to check.
    passed = result.stdout.count("digest pass")
    empty = sum(b"\r\nContent-Length: 0\r\n" in data.partition(b"\r\n\r\n")[0] + b"\r\n" for data in _records(warc))
    assert len(_records(warc)) - empty <= passed <= len(_records(warc))
    assert result.stderr == ""


def test_warcio_check_sees_tampering(tampered: Path) -> None:
    result = run("warcio", "check", "--verbose", tampered)
    assert result.returncode == 1
    assert result.stdout.count("block digest failed") == result.stdout.count("payload digest failed") == 1


@pytest.mark.parametrize("name", NAMES)
def test_fastwarc_check(captures: Captures, name: str, tmp_path: Path) -> None:
    warc = warc_of(captures[name])
    result = run("fastwarc", "check", "-p", "-q", "-o", tmp_path / "details", warc)
    details = (tmp_path / "details").read_text().splitlines()
    assert [line for line in details if "FAIL" in line] == []
    assert result.returncode == 0
    assert len(details) == len(_records(warc))
    assert all(": OK, PAYLOAD_" in line for line in details)
    # Every HTTP message, not only a few: each has a payload digest.
    messages = [data for data in _records(warc) if _is_message(data)]
    assert sum("PAYLOAD_OK" in line for line in details) >= len(messages) > 10


def test_fastwarc_check_sees_tampering(tampered: Path, tmp_path: Path) -> None:
    result = run("fastwarc", "check", "-p", "-q", "-o", tmp_path / "details", tampered)
    assert result.returncode == 1
    assert ": FAIL, PAYLOAD_FAIL" in (tmp_path / "details").read_text()


# A server's header lines without a colon are stored as they came; warcat ends with a ValueError on them.
@pytest.mark.parametrize("name", [name for name in NAMES if name != "http/1.1 /headers"])
def test_warcat_verify(captures: Captures, name: str, tmp_path: Path) -> None:
    """With the digests in another spelling: see `for_warcat`."""
    raw, count = for_warcat(warc_of(captures[name]).read_bytes())
    assert count >= len(_records(warc_of(captures[name]))) - 4
    path = tmp_path / "spelt.warc.gz"
    path.write_bytes(raw)
    result = run("python", "-m", "warcat", "--verbose", "--verbose", "verify", path)
    assert result.returncode == 0, result.stderr[-1500:]
    assert result.stderr.count("Block digest ok") == count
    assert result.stderr.count("Payload digest ok") >= sum(_is_message(data) for data in _records(path)) > 10


def test_warcat_verify_sees_tampering(tampered: Path, tmp_path: Path) -> None:
    path = tmp_path / "spelt.warc.gz"
    path.write_bytes(for_warcat(tampered.read_bytes())[0])
    result = run("python", "-m", "warcat", "--verbose", "verify", path)
    assert result.returncode == 1
    assert result.stderr.count("VerifyProblem: ('Bad block digest.'") == 1
    assert result.stderr.count("VerifyProblem: ('Bad payload digest.'") == 1


def _is_message(data: bytes) -> bool:
    """Whether it is a request or response to an HTTP URL."""
    head = data.partition(b"\r\n\r\n")[0]
    return re.search(rb"\r\nWARC-Target-URI: https?:", head) is not None


def _after(text: str, word: str) -> str:
    """The lines with the word, each with the one before it."""
    lines = text.splitlines()
    return "\n".join(f"{lines[n - 1]}: {line}" for n, line in enumerate(lines) if word in line)

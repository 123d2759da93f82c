"""Several URLs of one command, one after the other or at a time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from tests.sites.kinds import kinds_sites
from tests.sites.server import LocalWeb

pytestmark = pytest.mark.browser


def run(web: LocalWeb, archive: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    rules = [part for rule in web.resolve for part in ("--resolve", rule)]
    return subprocess.run(
        [sys.executable, "-m", "archiver", "--archive", archive, "--json", "capture", *rules, *arguments],
        capture_output=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("concurrency", ["1", "2"])
def test_every_url_has_its_result_and_one_that_fails_costs_no_other(concurrency: str, tmp_path: Path) -> None:
    urls = [f"http://kinds.test{page}" for page in ("/headers", "/charset", "/redirects")]
    urls.insert(1, "http://kinds.test:9/")
    with LocalWeb(kinds_sites(), protocols=("http/1.1",)) as web:
        web_rules = ["--resolve", "kinds.test:9=127.0.0.1:9"]
        done = run(web, tmp_path / "archive", *web_rules, "--concurrency", concurrency, *urls)
    results = {line["url"]: line for line in map(orjson.loads, done.stdout.splitlines())}
    assert results.keys() == set(urls)
    assert done.returncode == 7
    failed = results.pop(urls[1])
    assert failed["type"] == "failure"
    assert failed["exit_code"] == 7
    assert failed["error"] in done.stderr.decode()
    assert {line["outcome"] for line in results.values()} == {"complete"}
    ids = {line["id"] for line in results.values()}
    assert {path.name for path in (tmp_path / "archive" / "snapshots").iterdir()} == ids
    assert b"Traceback" not in done.stderr


def test_nothing_is_captured_when_one_url_cannot_be(tmp_path: Path) -> None:
    with LocalWeb(kinds_sites(), protocols=("http/1.1",)) as web:
        done = run(web, tmp_path / "archive", "--concurrency", "2", "http://kinds.test/", "ftp://kinds.test/")
        assert web.log == []
    assert done.returncode == 2
    assert not (tmp_path / "archive").exists()

"""A worker watches a feed with the real browser: each article is captured once, numbered, told, and accounted for."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from archiver.archive import Archive
from archiver.config import Settings, load
from archiver.jobs.job import Job
from archiver.jobs.opening import opened
from archiver.jobs.schema import JobState
from archiver.verify.verdict import Verdict
from archiver.verifying import Wanted, schedule_rows, verify_all
from tests.sites.model import Request, Response
from tests.sites.server import LocalWeb
from tests.unit.watching.conftest import rss
from tests.unit.watching.hook import Hook

_WAIT_S = 90

pytestmark = pytest.mark.timeout(240)


class _News:
    """A site with a feed; `articles` stand in it, the newest first."""

    def __init__(self) -> None:
        self.articles = ["c", "b", "a"]

    async def __call__(self, request: Request) -> Response:
        if request.path == "/feed":
            return Response(fields=[(b"Content-Type", b"application/rss+xml")], body=rss(*self.articles))
        page = f"<!DOCTYPE html><title>{request.path}</title><p>The news of {request.path}"
        return Response(fields=[(b"Content-Type", b"text/html")], body=page.encode())


def _configure(path: Path, web: LocalWeb, hook: Hook, archive: Path) -> Settings:
    path.write_text(
        f"archive = {json.dumps(str(archive))}\n"
        f"[capture]\nresolve = {json.dumps(web.resolve)}\ntrust_ca = {json.dumps(str(web.ca_path))}\n"
        f"[jobs]\ndelay_s = 0\nwebhook = {json.dumps(hook.url('/s3cr3t'))}\nwebhook_secret = 's3cr3t'\n"
        "[schedules.news]\nfeed = 'http://news.test/feed'\nevery = '2s'\ntag = ['news']\n"
    )
    return load(config_file=path).settings


def _articles(settings: Settings) -> dict[str, Job]:
    """The jobs of articles by their paths."""
    with Archive(settings) as archive:
        if archive.describe() is None:
            return {}
        with opened(archive, settings) as found:
            captures = [job for job in found.queue.listing() if job.kind == "capture"]
    assert len({job.url for job in captures}) == len(captures)
    return {job.url.removeprefix("http://news.test/"): job for job in captures}


def _until(condition: Callable[[], bool], worker: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _WAIT_S
    while not condition():
        assert worker.poll() is None, "the worker ended"
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.5)


def test_each_article_of_a_feed_is_captured_once_and_accounted_for(tmp_path: Path) -> None:
    news = _News()
    with LocalWeb(news, protocols=("http/1.1",)) as web, Hook() as hook:
        settings = _configure(tmp_path / "archiver.toml", web, hook, tmp_path / "archive")
        command = [sys.executable, "-m", "archiver", "--config", str(tmp_path / "archiver.toml"), "worker"]
        with (tmp_path / "log").open("wb") as log, subprocess.Popen(command, stderr=log, stdout=log) as worker:
            try:

                def are_done(*paths: str) -> bool:
                    jobs = _articles(settings)
                    return set(jobs) == set(paths) and all(job.state is JobState.DONE for job in jobs.values())

                _until(lambda: are_done("a", "b", "c"), worker)
                news.articles = ["d", "c", "b"]
                _until(lambda: are_done("a", "b", "c", "d"), worker)
                _until(lambda: len(hook.asked) >= 4, worker)
                worker.send_signal(signal.SIGTERM)
                assert worker.wait(60) == 0
            finally:
                worker.kill()
        assert web.errors == []
        jobs = _articles(settings)
        assert {path: job.due.seq for path, job in jobs.items() if job.due is not None} == {
            "a": 1,
            "b": 2,
            "c": 3,
            "d": 4,
        }
        asked = [served.target for served in web.log if served.target.removeprefix("/") in jobs]
        assert sorted(asked) == ["/a", "/b", "/c", "/d"]
        told = [json.loads(each.body) for each in hook.asked]
        assert {(each["event"], each["job"]["snapshot"]) for each in told} == {
            ("captured", job.snapshot) for job in jobs.values()
        }
        with Archive(settings) as archive:
            rows = list(schedule_rows(archive, Wanted(), "news"))
            found = verify_all(archive, Wanted())
        assert [(row.seq, str(row.state), row.url) for row in rows] == [
            (number, "captured", f"http://news.test/{path}") for number, path in enumerate("abcd", 1)
        ]
        assert {check.name: check.verdict for check in found.log}["schedules"] is Verdict.PASS
        assert {report.verdict for report in found.reports} == {Verdict.PASS}
    said = (tmp_path / "log").read_text()
    assert "s3cr3t" not in said
    assert "Traceback" not in said

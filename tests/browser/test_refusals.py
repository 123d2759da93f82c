"""What cannot be captured: refused or unreachable pages give one clear line, the right exit code, nothing stored."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sites.model import Request, Response
from tests.sites.server import LocalWeb

pytestmark = pytest.mark.browser


async def pages(request: Request) -> Response:
    if request.path == "/inward":
        location = f"http://127.0.0.1:{request.argument('port')}/secret".encode()
        return Response(302, b"Found", [(b"Location", location)])
    if request.path == "/missing":
        return Response(404, b"Not Found", [(b"Content-Type", b"text/html")], b"<title>gone</title>gone")
    picture = f"http://127.0.0.1:{request.argument('port')}/secret".encode()
    body = b"<!doctype html><title>outer</title>text<img src='" + picture + b"'>"
    return Response(200, b"OK", [(b"Content-Type", b"text/html")], body)


@pytest.fixture
def web() -> Iterator[LocalWeb]:
    with LocalWeb(pages) as running:
        yield running


def run(web: LocalWeb | None, archive: Path, url: str, *more: str) -> subprocess.CompletedProcess[str]:
    # Only the made-up hosts are sent to the local web: the loopback literal is what the guard must refuse.
    rules = [f"--resolve=*.test:80=127.0.0.1:{web.http_port}"] if web else []
    command = [sys.executable, "-m", "archiver", "--archive", str(archive), "--json", "capture", *rules, *more, url]
    return subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)


def test_a_loopback_address_is_refused_with_exit_7_and_nothing_is_sent(web: LocalWeb, tmp_path: Path) -> None:
    done = run(None, tmp_path / "a", f"http://127.0.0.1:{web.http_port}/secret")
    assert done.returncode == 7
    assert "not a public address" in done.stderr
    assert done.stderr.count("\n") == 1
    assert web.log == []
    assert not list((tmp_path / "a").glob("snapshots/*"))


def test_a_redirect_to_a_loopback_address_is_refused_too(web: LocalWeb, tmp_path: Path) -> None:
    done = run(web, tmp_path / "a", f"http://outlet.test/inward?port={web.http_port}")
    assert done.returncode == 7
    assert [served.target.partition("?")[0] for served in web.log] == ["/inward"]
    assert not list((tmp_path / "a").glob("snapshots/*"))


def test_a_subresource_at_a_loopback_address_is_listed_as_refused_and_the_capture_goes_on(
    web: LocalWeb, tmp_path: Path
) -> None:
    done = run(web, tmp_path / "a", f"http://outlet.test/?port={web.http_port}")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["outcome"] == "complete"
    assert told["not_recorded"] == 1
    assert all("/secret" not in served.target for served in web.log)


def test_allow_private_lifts_the_guard(web: LocalWeb, tmp_path: Path) -> None:
    done = run(None, tmp_path / "a", f"http://127.0.0.1:{web.http_port}/?port={web.http_port}", "--allow-private")
    assert done.returncode == 0, done.stderr
    assert any(served.target == "/secret" for served in web.log)


def test_a_host_that_refuses_connections_is_exit_7_with_the_browsers_reason(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        done = run(None, tmp_path / "a", "http://outlet.test/", f"--resolve=outlet.test:80=127.0.0.1:{port}")
    assert done.returncode == 7
    assert "http://outlet.test/" in done.stderr
    assert "nothing was stored" in done.stderr


def test_a_page_that_answers_404_is_stored_with_a_warning(web: LocalWeb, tmp_path: Path) -> None:
    done = run(web, tmp_path / "a", "http://outlet.test/missing")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["http_status"] == 404
    assert "http_error" in [warning["code"] for warning in told["warnings"]]

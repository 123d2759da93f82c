"""Whole captures through an upstream proxy, and what a proxy that fails does to one."""

from __future__ import annotations

import gzip
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sites.model import Request, Response
from tests.sites.server import LocalWeb
from tests.support.compare import compare, manifest_of, read_warc
from tests.support.proxies import HttpProxy, LocalProxy, SocksProxy
from tests.support.snapshots import statements_in

pytestmark = pytest.mark.browser
_KINDS = pytest.mark.parametrize("kind", [SocksProxy, HttpProxy])
_USER, _PASSWORD = "annika", "s3cr:t/"


async def pages(request: Request) -> Response:
    if request.path == "/picture":
        return Response(200, b"OK", [(b"Content-Type", b"image/gif")], b"GIF89a" + bytes(20_000))
    body = b"<!doctype html><title>far</title><img src=/picture><img src='http://127.0.0.1:8099/inner'>"
    return Response(200, b"OK", [(b"Content-Type", b"text/html")], body)


@pytest.fixture
def web() -> Iterator[LocalWeb]:
    with LocalWeb(pages) as running:
        yield running


def run(web: LocalWeb, archive: Path, proxy: str, *more: str) -> subprocess.CompletedProcess[str]:
    rules = [f"--resolve=*.test:443=127.0.0.1:{web.https_port}", f"--trust-ca={web.ca_path}"]
    command = [sys.executable, "-m", "archiver", "--archive", str(archive), "--json", "capture", *rules, *more]
    environment = {**os.environ, "ARCHIVER_CAPTURE__PROXY": proxy}
    return subprocess.run(
        [*command, "https://far.test/"], capture_output=True, text=True, timeout=90, check=False, env=environment
    )


def statement_of(archive: Path) -> dict[str, Any]:
    (statement,) = statements_in(archive).values()
    return statement


@_KINDS
@pytest.mark.parametrize("credentials", [None, (_USER, _PASSWORD)], ids=["open", "with a password"])
def test_a_capture_through_a_proxy_is_whole_and_shows_no_password(
    web: LocalWeb, kind: type[LocalProxy], credentials: tuple[str, str] | None, tmp_path: Path
) -> None:
    user_info = f"{_USER}:s3cr:t%2F@" if credentials else ""
    with kind(credentials) as proxy:
        done = run(web, tmp_path / "a", proxy.url(user_info))
    assert done.returncode == 0, done.stderr
    assert web.settle()
    (warc,) = (tmp_path / "a").glob("snapshots/*/capture.warc.gz")
    records = read_warc(warc)
    report = compare(records, [served for served in web.log if served.host == "far.test"])
    assert report.problems == []
    assert report.whole_bodies == report.recorded == report.answered >= 2
    assert {(asked.host, asked.port) for asked in proxy.asked} == {("127.0.0.1", web.https_port)}
    assert {asked.user for asked in proxy.asked} == {_USER if credentials else None}
    refused = [x["url"] for x in manifest_of(records)["exchanges"] if x["result"] == "refused"]
    assert refused == ["http://127.0.0.1:8099/inner"]
    assert statement_of(tmp_path / "a")["conditions"]["proxied"] is True
    if credentials:
        kept = [gzip.decompress(warc.read_bytes())]
        kept += [path.read_bytes() for path in (tmp_path / "a").rglob("*") if path.is_file() and path != warc]
        shown = b"".join([*kept, done.stdout.encode(), done.stderr.encode()])
        assert _USER.encode() not in shown
        assert b"s3cr" not in shown


def test_a_capture_without_a_proxy_says_so(web: LocalWeb, tmp_path: Path) -> None:
    done = run(web, tmp_path / "a", "")
    assert done.returncode == 0, done.stderr
    assert statement_of(tmp_path / "a")["conditions"]["proxied"] is False


def test_a_dead_proxy_is_exit_7_with_that_reason_and_nothing_is_stored(web: LocalWeb, tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"socks5://{_USER}:{_PASSWORD.replace('/', '%2F')}@127.0.0.1:{unused.getsockname()[1]}"
        done = run(web, tmp_path / "a", url)
    assert done.returncode == 7
    assert "https://far.test/: the upstream proxy cannot be reached: Connection refused" in done.stderr
    assert done.stderr.count("\n") == 1
    assert _USER not in done.stdout + done.stderr
    assert web.log == []
    assert not list((tmp_path / "a").glob("snapshots/*"))


@_KINDS
def test_a_wrong_password_is_exit_7_with_that_reason(web: LocalWeb, kind: type[LocalProxy], tmp_path: Path) -> None:
    with kind((_USER, _PASSWORD)) as proxy:
        done = run(web, tmp_path / "a", proxy.url(f"{_USER}:wr0ng@"))
    assert done.returncode == 7
    assert "does not accept the user name and password" in done.stderr
    assert "wr0ng" not in done.stdout + done.stderr
    assert web.log == []

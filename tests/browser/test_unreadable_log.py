"""What of the network log cannot be read costs what hangs on it, not the snapshot, and is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from h2.settings import SettingCodes

from archiver.capture.netlog import Event
from archiver.capture.recorder import Recorder
from archiver.model import Outcome, Result
from tests.sites.http2 import Http2Connection
from tests.sites.model import Request, Response
from tests.sites.server import LocalWeb
from tests.support.capturing import capture
from tests.support.compare import compare, read_warc
from tests.support.snapshots import warc_of

pytestmark = pytest.mark.browser


async def page(request: Request) -> Response:
    body = b"<!doctype html><title>page</title>text<script>fetch('/second').then(() => fetch('/third'))</script>"
    return Response(200, b"OK", [(b"Content-Type", b"text/html")], body)


def test_an_event_of_an_unknown_shape_costs_its_exchange_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begin = Recorder._start_job

    def faulty(self: Recorder, event: Event) -> None:
        if str(event.params.get("url", "")).endswith("/second"):
            raise ValueError("an event of an unknown shape")
        begin(self, event)

    monkeypatch.setattr(Recorder, "_start_job", faulty)
    with LocalWeb(page) as web:
        captured = capture(web, "https://outlet.test/", tmp_path / "archive")
    assert captured.recording.outcome is Outcome.PARTIAL
    (warning,) = [warning for warning in captured.recording.warnings if warning.code == "log_unreadable"]
    assert "URL_REQUEST_START_JOB: ValueError in faulty" in warning.message
    results = {x.url.rpartition("/")[2]: x.result for x in captured.recording.exchanges}
    assert results[""] is results["third"] is Result.RECORDED
    assert "second" not in results


@pytest.mark.parametrize("table_bytes", [1 << 20, (1 << 32) - 1])
def test_a_server_that_offers_a_large_header_table_loses_no_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table_bytes: int
) -> None:
    begin = Http2Connection.serve

    async def serve(self: Http2Connection) -> None:
        self._h2.update_settings({SettingCodes.HEADER_TABLE_SIZE: table_bytes})
        await begin(self)

    monkeypatch.setattr(Http2Connection, "serve", serve)
    with LocalWeb(page) as web:
        captured = capture(web, "https://outlet.test/", tmp_path / "archive")
        log = [served for served in web.log if served.host == "outlet.test"]
    report = compare(read_warc(warc_of(captured.snapshot)), log)
    assert {served.alpn for served in log} == {"h2"}
    assert report.problems == []
    assert report.request_heads == report.requests >= 3

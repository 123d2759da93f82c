"""A fault in reading the network log costs the event it lies in, not the snapshot, and is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from archiver.capture.netlog import Event
from archiver.capture.recorder import Recorder
from archiver.model import Outcome
from tests.sites.model import Request, Response
from tests.sites.server import LocalWeb
from tests.support.capturing import capture

pytestmark = pytest.mark.browser


async def page(request: Request) -> Response:
    body = b"<!doctype html><title>page</title>text<script>setTimeout(() => fetch('/later'), 500)</script>"
    return Response(200, b"OK", [(b"Content-Type", b"text/html")], body)


def test_all_but_the_fault_is_stored_as_partial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begin = Recorder._start_job

    def faulty(self: Recorder, event: Event) -> None:
        if str(event.params.get("url", "")).endswith("/later"):
            raise ValueError("an event of an unknown shape")
        begin(self, event)

    monkeypatch.setattr(Recorder, "_start_job", faulty)
    with LocalWeb(page) as web:
        captured = capture(web, "https://outlet.test/", tmp_path / "archive")
    assert captured.recording.outcome is Outcome.PARTIAL
    assert "log_unreadable" in [warning.code for warning in captured.recording.warnings]
    assert captured.recording.main is not None
    assert captured.recording.main.status == 200

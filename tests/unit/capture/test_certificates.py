"""What the browser's verifier said of a certificate, as the recorder takes it from the network log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from archiver.capture.netlog import BEGIN, END, Event
from archiver.capture.recorder import Recorder
from archiver.capture.spool import Room

_CHAIN = ("LEAF", "AUTHORITY")


def feed(recorder: Recorder, source: int, host: str, ended: dict[str, Any] | None) -> None:
    handler = recorder.handlers["CERT_VERIFIER_JOB"]
    begun = {"host": host, "certificates": list(_CHAIN)}
    handler(Event("CERT_VERIFIER_JOB", source, BEGIN, 1, begun))
    if ended is not None:
        handler(Event("CERT_VERIFIER_JOB", source, END, 2, ended))


def test_a_verdict_is_that_of_host_and_chain(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, Room(1 << 30, 1 << 30))
    feed(recorder, 1, "good.test", {"cert_status": 0})
    feed(recorder, 2, "bad.test", {"cert_status": 2, "net_error": -201})
    assert recorder.verdict("good.test", _CHAIN) == 0
    assert recorder.verdict("bad.test", _CHAIN) == -201
    assert recorder.verdict("bad.test", ("OTHER",)) is None
    assert recorder.verdict("other.test", _CHAIN) is None


def test_a_verification_broken_off_or_still_going_on_is_no_verdict(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, Room(1 << 30, 1 << 30))
    feed(recorder, 1, "left.test", {})
    feed(recorder, 2, "left.test", None)
    assert recorder.verdict("left.test", _CHAIN) is None
    feed(recorder, 3, "left.test", {"cert_status": 4, "net_error": -202})
    feed(recorder, 4, "left.test", {})
    assert recorder.verdict("left.test", _CHAIN) == -202

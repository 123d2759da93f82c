"""What goes on failing is told when it begins and when it is over."""

from __future__ import annotations

import logging

import pytest

from archiver.errors import StorageError
from archiver.jobs.troubles import Troubles


def test_trouble_is_told_once_and_its_end(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "archiver.jobs")
    troubles = Troubles()
    for _ in range(50):
        troubles.came("the queue cannot be reached", StorageError("it is away"))
        troubles.came("nothing can be planned", ZeroDivisionError("oops"))
    troubles.went("the queue cannot be reached")
    troubles.went("the queue cannot be reached")
    assert [record.getMessage() for record in caplog.records] == [
        "the queue cannot be reached",
        "nothing can be planned",
        "it can be done again",
    ]


def test_trouble_that_lasts_is_told_again_now_and_then(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    troubles = Troubles()
    for _ in range(3600):
        troubles.came("nothing can be planned", StorageError("it is away"))
        now[0] += 1
    assert len(caplog.records) == 12

"""A worker's own time stamps: it has done what waits, goes on whatever fails, and tells of it in its figures."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from archiver import sealing
from archiver.archive import Archive, Captured
from archiver.config import Settings
from archiver.jobs import sealer as sealers
from archiver.jobs.metrics import Metrics
from archiver.jobs.sealer import Sealer
from archiver.storage import layout
from tests.support import recorded
from tests.support.stamping import SECRET, Around

URL = "https://a.test/page"


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("archiver.capture.capture.record", recorded.record)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    # Rounds follow each other at once, so that tests need not wait for them.
    monkeypatch.setattr(sealers, "_EVERY_S", 0.0)
    monkeypatch.setattr(sealers, "_AGAIN_S", 0.0)


@pytest.fixture
def settings(around: Around, tmp_path: Path) -> Settings:
    return around.settings(archive=tmp_path / "archive", timeout_s=20.0)


def capture(settings: Settings) -> Captured:
    with Archive(settings) as archive:
        return archive.capture(URL)


@contextmanager
def at_work(settings: Settings, metrics: Metrics) -> Iterator[threading.Thread]:
    over = threading.Event()
    thread = threading.Thread(target=Sealer(settings, metrics).run, args=(over,))
    thread.start()
    try:
        yield thread
    finally:
        over.set()
        thread.join(30)
        assert not thread.is_alive()


def wait(reached: Callable[[], bool], timeout_s: float = 40.0) -> None:
    began = time.monotonic()
    while not reached():
        assert time.monotonic() - began < timeout_s
        time.sleep(0.05)


def figure(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels or None)


def test_what_waits_is_completed_when_the_authorities_are_back(
    settings: Settings, around: Around, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "archiver.jobs")
    capture(settings)
    around.behave(one="busy", two="garbage")
    made = capture(settings)
    assert made.sealed is not None
    assert made.sealed.before is None
    metrics = Metrics("w")
    with at_work(settings, metrics):
        wait(lambda: (figure(metrics, "archiver_timestamp_failures_total", authority="two") or 0) >= 2)
        assert figure(metrics, "archiver_timestamps_waiting") == 1.0
        assert (figure(metrics, "archiver_timestamp_failures_total", authority="one") or 0) >= 1
        stamped = figure(metrics, "archiver_log_stamped_timestamp_seconds")
        assert stamped is not None
        assert abs(time.time() - stamped) < 120
        around.behave(one="good", two="good")
        wait(lambda: figure(metrics, "archiver_timestamps_waiting") == 0.0)
    with Archive(settings) as archive:
        found, _ = archive.locate(made.snapshot.id)
        times = sealing.sealed(archive, found, archive.statement(found))
    assert times is not None
    assert times.interval.is_full
    records = [record for record in caplog.records if record.message == "time stamps"]
    assert {record.levelname for record in records} == {"WARNING", "INFO"}
    told = [vars(record) for record in records]
    assert any("time-stamp authority one: the server answered with status 503" in each["failures"] for each in told)
    assert told[-1]["stamped"] == 1
    assert SECRET not in str(told)


def test_a_log_that_grew_is_stamped_when_that_is_due(settings: Settings) -> None:
    often = settings.model_copy(update={"seal": settings.seal.model_copy(update={"checkpoint_every_s": 1.0})})
    capture(often)
    with Archive(often) as archive:
        store = archive.store
    with at_work(often, Metrics("w")):
        folder = layout.checkpoint_timestamps(2)
        wait(lambda: len(list(store.list(folder))) == 2)


def test_it_goes_on_whatever_the_store_does(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "archiver.jobs")
    capture(settings)
    calls: list[int] = []
    real = sealing.retry

    def failing(archive: Archive, *rest: object) -> sealing.Retried:
        calls.append(1)
        if len(calls) < 3:
            raise ZeroDivisionError("odd")
        return real(archive, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(sealing, "retry", failing)
    metrics = Metrics("w")
    with at_work(settings, metrics):
        wait(lambda: figure(metrics, "archiver_log_stamped_timestamp_seconds") != 0.0)
    told = [record.message for record in caplog.records]
    assert told.count("time stamps cannot be had") == 1
    assert "it can be done again" in told


def test_where_there_is_no_archive_yet_it_waits_for_one(settings: Settings) -> None:
    metrics = Metrics("w")
    with at_work(settings, metrics):
        time.sleep(1.5)  # a round at least
        assert not Path("archive").exists()
        capture(settings)
        wait(lambda: figure(metrics, "archiver_log_stamped_timestamp_seconds") != 0.0)


def test_without_authorities_it_ends_at_once(settings: Settings) -> None:
    nobody = settings.model_copy(update={"authorities": {}})
    over = threading.Event()
    Sealer(nobody, Metrics("w")).run(over)
    assert not over.is_set()


def test_roots_that_cannot_be_used_are_told_and_end_nothing(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    capture(settings)
    table = settings.authorities["one"].model_copy(update={"roots": tmp_path / "missing.pem"})
    odd = settings.model_copy(update={"authorities": {"one": table}})
    with at_work(odd, Metrics("w")) as thread:
        wait(lambda: any(record.message == "time stamps cannot be had" for record in caplog.records))
        assert thread.is_alive()


def test_it_waits_longer_after_a_failure(settings: Settings, around: Around, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealers, "_AGAIN_S", 1000.0)
    capture(settings)
    around.behave(one="busy", two="busy")
    capture(settings)
    before = around.asked()
    metrics = Metrics("w")
    with at_work(settings, metrics):
        wait(lambda: figure(metrics, "archiver_timestamps_waiting") == 1.0)
        time.sleep(2.5)  # two rounds, if they came
    assert around.asked()["one"] == before["one"] + 1

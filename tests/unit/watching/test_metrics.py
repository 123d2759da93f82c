"""What a worker tells Prometheus."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from http.client import HTTPConnection

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from archiver.errors import ConfigurationError
from archiver.jobs.metrics import Metrics
from archiver.jobs.schema import JobState
from archiver.version import __version__


@pytest.fixture
def port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as unused:
        found: int = unused.getsockname()[1]
    return found


@pytest.fixture
def metrics(port: int) -> Iterator[Metrics]:
    made = Metrics("worker-1")
    with made.served(f"127.0.0.1:{port}"):
        yield made


def scraped(port: int) -> dict[str, Metric]:
    with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("GET", "/metrics")
        answer = connection.getresponse()
        assert answer.status == 200
        text = answer.read().decode()
    return {family.name: family for family in text_string_to_metric_families(text)}


def values(family: Metric, *labels: str) -> dict[tuple[str, ...], float]:
    return {
        tuple(sample.labels[label] for label in labels): sample.value
        for sample in family.samples
        if not sample.name.endswith("_created") and set(sample.labels) == set(labels)
    }


def test_the_figures_have_the_names_and_kinds_that_prometheus_wants(metrics: Metrics, port: int) -> None:
    metrics.ended("capture", "done", 3.0)
    metrics.message("delivered")
    with metrics.planning():
        pass
    metrics.counted({})
    found = {name: family.type for name, family in scraped(port).items() if not name.endswith("_created")}
    assert found == {
        "archiver_worker_info": "gauge",
        "archiver_attempts": "counter",
        "archiver_attempt_seconds": "histogram",
        "archiver_planning_seconds": "histogram",
        "archiver_jobs": "gauge",
        "archiver_messages": "counter",
        "archiver_timestamps_waiting": "gauge",
        "archiver_log_stamped_timestamp_seconds": "gauge",
        "archiver_timestamp_failures": "counter",
    }
    assert all(family.documentation.endswith(".") for family in scraped(port).values())


def test_the_figures_move_with_what_happens(metrics: Metrics, port: int) -> None:
    metrics.counted({"queued": 3, "done": 2})
    metrics.ended("capture", "done", 3.0)
    metrics.ended("capture", "done", 400.0)
    metrics.ended("feed", "failed", 0.1)
    metrics.message("delivered")
    found = scraped(port)
    assert values(found["archiver_attempts"], "kind", "state") == {("capture", "done"): 2, ("feed", "failed"): 1}
    assert values(found["archiver_jobs"], "state") == {
        **{(str(state),): 0 for state in JobState},
        ("queued",): 3,
        ("done",): 2,
    }
    buckets = values(found["archiver_attempt_seconds"], "kind", "le")
    assert (buckets["capture", "5.0"], buckets["capture", "300.0"], buckets["capture", "+Inf"]) == (1, 1, 2)
    assert values(found["archiver_messages"], "result") == {("delivered",): 1}
    assert values(found["archiver_worker_info"], "worker", "version") == {("worker-1", __version__): 1}
    metrics.counted({"queued": 1})
    assert values(scraped(port)["archiver_jobs"], "state")["done",] == 0


def test_the_port_is_free_again_afterwards(port: int) -> None:
    for _ in range(2):
        with Metrics("w").served(f"127.0.0.1:{port}"):
            scraped(port)


def test_without_an_address_nothing_is_served() -> None:
    with Metrics("w").served(None):
        pass


@pytest.mark.parametrize(
    "place", ["9188", "127.0.0.1", ":9188", "127.0.0.1:0", "127.0.0.1:70000", "a:\u0663", "::1:9188"]
)
def test_a_place_that_is_none_is_told_in_one_line(place: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^jobs\.metrics: expected ADDRESS:PORT") as caught, _served(place):
        pass
    assert "\n" not in str(caught.value)


def test_a_port_in_use_is_told_in_one_line(port: int) -> None:
    with closing(socket.create_server(("127.0.0.1", port))):
        place = f"127.0.0.1:{port}"
        expected = f"^jobs.metrics: {place} cannot be listened at: Address already in use$"
        with pytest.raises(ConfigurationError, match=expected), _served(place):
            pass


def _served(place: str) -> AbstractContextManager[None]:
    return Metrics("w").served(place)

"""What a worker tells Prometheus of itself and of the queue."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from archiver.errors import ConfigurationError
from archiver.jobs.schema import JobState
from archiver.sealing import Retried
from archiver.urls import parse_listening
from archiver.version import __version__

_SECONDS = (1, 2, 5, 10, 20, 30, 45, 60, 90, 120, 300)
_PLANNING_SECONDS = (0.01, 0.05, 0.1, 0.5, 1, 5, 30)


class Metrics:
    """The figures of one worker, in a registry of their own."""

    def __init__(self, worker: str) -> None:
        self.registry = CollectorRegistry()
        about = Gauge("archiver_worker_info", "The worker.", ["worker", "version"], registry=self.registry)
        about.labels(worker, __version__).set(1)
        self._attempts = Counter(
            "archiver_attempts",
            "Attempts at jobs that ended, by kind of job and the state they left it in.",
            ["kind", "state"],
            registry=self.registry,
        )
        self._took = Histogram(
            "archiver_attempt_seconds", "How long attempts took.", ["kind"], buckets=_SECONDS, registry=self.registry
        )
        self._planning = Histogram(
            "archiver_planning_seconds",
            "How long rounds of planning took.",
            buckets=_PLANNING_SECONDS,
            registry=self.registry,
        )
        self._jobs = Gauge("archiver_jobs", "Jobs in the queue, by state.", ["state"], registry=self.registry)
        self._messages = Counter(
            "archiver_messages", "Messages about jobs, by how they fared.", ["result"], registry=self.registry
        )

        self._waiting = Gauge(
            "archiver_timestamps_waiting", "Notes that lack time stamps of two authorities.", registry=self.registry
        )
        self._stamped = Gauge(
            "archiver_log_stamped_timestamp_seconds",
            "When the log was last time-stamped, by the authorities' clocks.",
            registry=self.registry,
        )
        self._unstamped = Counter(
            "archiver_timestamp_failures",
            "Rounds in which an authority gave no good time stamp.",
            ["authority"],
            registry=self.registry,
        )

    def sealed(self, found: Retried) -> None:
        """Take over what a round of asking for time stamps came to."""
        self._waiting.set(found.waits)
        if found.newest is not None:
            self._stamped.set(found.newest.time.timestamp())
        for name in found.failures:
            self._unstamped.labels(name).inc()

    def ended(self, kind: str, state: str, took_s: float) -> None:
        self._attempts.labels(kind, state).inc()
        self._took.labels(kind).observe(took_s)

    @contextlib.contextmanager
    def planning(self) -> Iterator[None]:
        with self._planning.time():
            yield

    def counted(self, counts: Mapping[str, int]) -> None:
        """Take over how many jobs there are in each state."""
        for state in JobState:
            self._jobs.labels(str(state)).set(counts.get(state, 0))

    def message(self, result: str) -> None:
        """A message was delivered, failed, or was given up."""
        self._messages.labels(result).inc()

    @contextlib.contextmanager
    def served(self, place: str | None) -> Iterator[None]:
        """While inside, the figures are at `http://ADDRESS:PORT/metrics`. Raises `ConfigurationError`."""
        if place is None:
            yield
            return
        try:
            address, port = parse_listening(place)
        except ValueError as error:
            raise ConfigurationError(f"jobs.metrics: {error}") from None
        try:
            server, thread = start_http_server(port, address, self.registry)
        except OSError as error:
            raise ConfigurationError(
                f"jobs.metrics: {place} cannot be listened at: {error.strerror or error}"
            ) from None
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

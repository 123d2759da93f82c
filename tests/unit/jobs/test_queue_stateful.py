"""Whatever is done to a queue in whatever order, lanes, attempts and jobs stay what they have to be."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from archiver.errors import UsageError
from archiver.jobs.job import Due, Ended
from archiver.jobs.queue import EVENT, STATEMENT
from archiver.jobs.schema import ENDED, JobState, jobs, lanes
from tests.support.queues import LEASE_S, START, Desk

_HOSTS = ("one.test", "two.test", "three.test")
_LANES = {"one.test": 1, "two.test": 2, "three.test": 3}
_WORKERS = ("w1", "w2", "w3")
_ENDS = (
    Ended(snapshot="s", outcome="complete", logged=True),
    Ended(snapshot="s", outcome="complete", strain=True, logged=True),
    Ended(error="refused", logged=True),
    Ended(error="it broke", again_s=30.0, logged=True),
    Ended(error="no answer", again_s=1.0, strain=True),
    Ended(error="429", again_s=1.0, pause_s=40.0, logged=True),
    Ended(error="the store is away", again_s=15.0, counts=False),
    Ended(error="given back", again_s=0.0, counts=False, logged=True),
)
_PAGES = st.tuples(st.sampled_from(_HOSTS), st.integers(0, 3))


class Machine(RuleBasedStateMachine):
    """Workers that begin, end, die and come back, beside people who put in, cancel and retry."""

    make: Callable[..., Desk]

    def __init__(self) -> None:
        super().__init__()
        self.desk = type(self).make(host=("two.test=2s/2", "three.test=0/3"), attempts=2)
        self.put_in = set[str]()
        self.endings = Counter[str]()
        self.retried = Counter[str]()
        # What each worker believes it is at: workflow -> worker. Those of a worker that has died are nobody's.
        self.at_work = dict[str, str]()
        self.dead = set[str]()

    # people

    @rule(page=_PAGES, priority=st.integers(-2, 2), later=st.sampled_from([0, 0, 0, 50]), due=st.booleans())
    def put(self, page: tuple[str, int], priority: int, later: int, due: bool) -> None:
        host, number = page
        at = int(self.desk.clock.now.timestamp() * 1000) + 1000 * later
        for_whom = Due("schedule", "front", 1 + len(self.put_in), START) if due else None
        id_ = self.desk.submit(f"https://{host}/{number}", priority=priority, not_before_ms=at, due=for_whom)
        if id_ is not None:
            self.put_in.add(id_)

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        if self.put_in:
            id_ = data.draw(st.sampled_from(sorted(self.put_in)))
            with contextlib.suppress(UsageError):
                self.desk.queue.cancel(id_)

    @rule(data=st.data())
    def retry(self, data: st.DataObject) -> None:
        if self.put_in:
            id_ = data.draw(st.sampled_from(sorted(self.put_in)))
            with contextlib.suppress(UsageError):
                self.desk.queue.retry(id_)
                self.retried[id_] += 1

    # workers

    @rule(data=st.data(), worker=st.sampled_from(_WORKERS))
    def begin(self, data: st.DataObject, worker: str) -> None:
        """Of all that was ever handed over, since an engine may run it twice."""
        if worker in self.dead or not self.desk.notes.all:
            return
        handed = data.draw(st.sampled_from(self.desk.notes.all[-12:]))
        self.desk.alive(worker)
        begun = self.desk.queue.begin(handed.workflow, worker)
        if begun is not None:
            assert begun.attempt == self.desk.job(begun.job.id).attempts
            self.at_work[handed.workflow] = worker

    @rule(data=st.data(), ended=st.sampled_from(_ENDS))
    def end(self, data: st.DataObject, ended: Ended) -> None:
        if self.at_work:
            workflow = data.draw(st.sampled_from(sorted(self.at_work)))
            self.desk.queue.end(workflow, self.at_work.pop(workflow), ended)

    @rule(worker=st.sampled_from(_WORKERS))
    def die(self, worker: str) -> None:
        self.at_work = {workflow: by for workflow, by in self.at_work.items() if by != worker}
        self.dead.add(worker)

    @rule(worker=st.sampled_from(_WORKERS))
    def come_back(self, worker: str) -> None:
        self.dead.discard(worker)
        self.desk.alive(worker, anew=worker not in self.at_work.values())

    @rule()
    def lose_what_the_engine_has(self) -> None:
        for workflow in self.desk.queue.handed_over()[:2]:
            self.desk.queue.release(workflow)

    # time

    @rule(seconds=st.sampled_from([0.5, 3.0, 20.0, LEASE_S + 1, 4000.0]), heard=st.booleans())
    def pass_time(self, seconds: float, heard: bool) -> None:
        self.desk.clock.on(seconds)
        for worker in _WORKERS:
            if heard and worker not in self.dead:
                self.desk.alive(worker)

    @rule()
    def pump(self) -> None:
        self.desk.queue.pump_ready()

    # what holds

    @invariant()
    def lanes_and_jobs_agree(self) -> None:
        self.desk.check()

    @invariant()
    def no_host_has_more_visits_than_lanes(self) -> None:
        held = Counter(row.host for row in self.desk.rows(lanes) if row.workflow is not None)
        assert all(count <= _LANES[host] for host, count in held.items())

    @invariant()
    def nothing_is_lost_and_each_ends_once(self) -> None:
        found = {row.id: row for row in self.desk.rows(jobs)}
        assert set(found) == self.put_in
        ends = Counter(each["job"]["id"] for each in self.desk.outbox(EVENT))
        for id_, row in found.items():
            assert ends[id_] == self.retried[id_] + (row.state in ENDED), id_
        told = Counter(each["missed"]["first_seq"] for each in self.desk.outbox(STATEMENT))
        assert all(count <= 1 + sum(self.retried.values()) for count in told.values())

    def teardown(self) -> None:
        """From every state a living worker comes to the end of all that waits."""
        for _ in range(20 * len(self.put_in) + 20):
            open_jobs = [row for row in self.desk.rows(jobs) if row.state not in ENDED]
            if not open_jobs:
                return
            self.desk.clock.on(4000)
            self.desk.queue.pump_ready()
            for row in open_jobs:
                now = self.desk.job(row.id)
                if now.state not in ENDED and self.desk.notes.of(row.id):
                    workflow = self.desk.workflow(row.id)
                    if self.desk.queue.begin(workflow, self.desk.alive("last")) is not None:
                        assert self.desk.queue.end(workflow, "last", _ENDS[0]) is JobState.DONE
        raise AssertionError([(row.id, row.state) for row in open_jobs])


@pytest.mark.parametrize(("any_desk", "examples"), [("sqlite", 20), ("postgresql", 6)], indirect=["any_desk"])
def test_no_order_of_events_breaks_the_queue(any_desk: Callable[..., Desk], examples: int) -> None:
    machine = type("Machine", (Machine,), {"make": staticmethod(any_desk)})
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )

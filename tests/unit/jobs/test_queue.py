"""The queue: who waits, whose turn it is, how a host is treated, and what becomes of jobs whose workers die."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from archiver.errors import NotFoundError, UsageError
from archiver.jobs.job import Due, Ended, Options
from archiver.jobs.queue import EVENT, STATEMENT
from archiver.jobs.schema import JobState, hosts, lanes
from tests.support.queues import LEASE_S, PAGE, START, Desk

Desks = Callable[..., Desk]
AGAIN = Ended(error="it broke", again_s=60.0, logged=True)
STRAIN = Ended(error="no answer", again_s=1.0, strain=True, logged=True)
AWAY = Ended(error="the store is away", again_s=15.0, counts=False)
GIVEN_BACK = Ended(error="stopped", again_s=0.0, counts=False, logged=True)
DUE = Due("schedule-id", "front", 7, START)


@pytest.fixture
def desk(any_desk: Desks) -> Desk:
    return any_desk()


# putting in


def test_a_second_job_of_the_same_page_and_options_does_not_wait_beside_the_first(desk: Desk) -> None:
    first = desk.put()
    assert desk.submit() is None
    assert desk.submit(options=Options(trace=True)) is not None
    assert desk.submit(f"{PAGE}/other") is not None
    desk.run(first)
    assert desk.submit() is not None
    desk.check()


@pytest.mark.parametrize("ended", [AGAIN, AWAY])
def test_a_job_that_comes_back_waits_beside_one_that_was_put_in_while_it_ran(desk: Desk, ended: Ended) -> None:
    first = desk.put()
    desk.begin(first)
    second = desk.put()
    assert desk.end(first, ended) is JobState.RETRYING
    assert desk.submit() is None
    desk.clock.on(100)
    desk.queue.pump_ready()
    desk.check()
    assert desk.run(second) is JobState.DONE
    assert desk.run(first) is JobState.DONE
    assert desk.submit() is not None


def test_a_job_of_a_dead_worker_waits_beside_one_that_was_put_in_meanwhile(desk: Desk) -> None:
    first = desk.put()
    desk.begin(first)
    second = desk.put()
    desk.clock.on(LEASE_S + 1)
    desk.queue.release(desk.workflow(first))
    assert {desk.state(first), desk.state(second)} == {"queued"}
    desk.check()


def test_a_job_with_a_key_is_there_once_whatever_became_of_it(desk: Desk) -> None:
    assert desk.submit(key="front.1") == "front.1"
    assert desk.submit(key="front.1") is None
    desk.run("front.1")
    assert desk.submit(key="front.1") is None
    assert desk.submit(key="front.2") == "front.2"


def test_what_is_put_in_and_then_taken_back_with_its_transaction_was_never_there(desk: Desk) -> None:
    from archiver.jobs.queue import New

    class StoppedError(Exception):
        pass

    def change() -> None:
        with desk.database.transaction() as connection:
            assert desk.queue.submit(connection, New(PAGE), "gone")
            raise StoppedError

    with pytest.raises(StoppedError):
        change()
    with pytest.raises(NotFoundError):
        desk.job("gone")
    assert desk.held() == []
    assert desk.submit() is not None


def test_a_page_without_a_host_cannot_be_put_in(desk: Desk) -> None:
    for url in ("mailto:a@b.test", "https:///x", "https://[::1", ""):
        with pytest.raises(UsageError, match="has no host"):
            desk.submit(url)


def test_without_an_engine_jobs_wait_for_whoever_has_one(desk: Desk) -> None:
    from archiver.config import JobsSettings
    from archiver.jobs.politeness import Politeness
    from archiver.jobs.queue import New, Queue

    bare = Queue(desk.database, None, Politeness(JobsSettings()), 3, 30_000)
    with desk.database.transaction() as connection:
        assert bare.submit(connection, New(PAGE), "x")
    assert desk.held() == []
    desk.queue.pump_ready()
    assert desk.held() == ["x"]


# whose turn it is


def test_a_host_has_one_visit_at_a_time_and_the_more_urgent_ones_go_first(desk: Desk) -> None:
    low = desk.put(f"{PAGE}/1")
    middle, first_high, second_high = (desk.put(f"{PAGE}/{n}", priority=p) for n, p in ((2, 0), (3, 5), (4, 5)))
    order = []
    for _ in range(4):
        (job,) = desk.held()
        order.append(job)
        desk.check()
        desk.run(job)
        desk.clock.on(10)
    assert order == [low, first_high, second_high, middle]  # the first was alone when it was put in


def test_hosts_do_not_wait_for_each_other(desk: Desk) -> None:
    jobs = [desk.put(f"https://h{n}.test/") for n in range(3)]
    assert [desk.held(f"h{n}.test") for n in range(3)] == [[job] for job in jobs]


@pytest.mark.parametrize(
    ("settings", "host", "lanes_there"),
    [
        ({"host_concurrency": 2}, "a.test", 2),
        ({"host": ("a.test=5s/3",)}, "a.test", 3),
        ({"host": ("*.test=5s/4",)}, "a.test", 4),
        ({"host": ("*.a.test=5s/2", "*.test=5s/4", "b.a.test=1s")}, "b.a.test", 1),
        ({"host": ("*.a.test=5s/2", "*.test=5s/4")}, "b.a.test", 2),
        ({"host": ("*.other=5s/4",)}, "a.test", 1),
    ],
)
def test_a_host_has_as_many_lanes_as_the_nearest_rule_gives_it(
    any_desk: Desks, settings: dict[str, Any], host: str, lanes_there: int
) -> None:
    desk = any_desk(**settings)
    for n in range(6):
        desk.put(f"https://{host}/{n}")
    assert len(desk.held(host)) == lanes_there
    desk.check()


def test_a_host_that_lost_lanes_has_no_more_visits_than_are_left_to_it(any_desk: Desks) -> None:
    wide = any_desk(host_concurrency=3)
    jobs = [wide.put(f"{PAGE}/{n}") for n in range(6)]
    for job in jobs[:3]:
        wide.begin(job)
    narrow = Desk(wide.database, wide.clock)
    narrow.notes = wide.notes
    narrow.queue.end(wide.workflow(jobs[0]), "w1", Ended())
    assert len(narrow.held()) == 2
    narrow.queue.pump_ready()
    assert len(narrow.held()) == 2
    narrow.queue.end(wide.workflow(jobs[1]), "w1", Ended())
    narrow.queue.end(wide.workflow(jobs[2]), "w1", Ended())
    assert len(narrow.held()) == 1


def test_a_lane_rests_between_two_visits(desk: Desk) -> None:
    first, second = desk.put(f"{PAGE}/1"), desk.put(f"{PAGE}/2")
    desk.begin(first)
    desk.clock.on(7)
    ended_at = desk.clock.now
    desk.end(first)
    assert desk.notes.all[-1].job == second
    assert (
        desk.notes.all[-1].at_ms
        == (ended_at + timedelta(seconds=5) - START) / timedelta(milliseconds=1) + START.timestamp() * 1000
    )
    desk.clock.on(1000)
    third = desk.put("https://b.test/")
    assert desk.notes.all[-1].job == third
    assert desk.notes.all[-1].at_ms == desk.clock.now.timestamp() * 1000


def test_what_is_for_later_waits_and_holds_no_lane_meanwhile(desk: Desk) -> None:
    later = desk.put(not_before_ms=int((START.timestamp() + 60) * 1000))
    assert desk.held() == []
    now = desk.put(f"{PAGE}/now")
    desk.run(now)
    desk.clock.on(59.9)
    desk.queue.pump_ready()
    assert desk.held() == []
    desk.clock.on(0.1)
    desk.queue.pump_ready()
    assert desk.held() == [later]


# how attempts end


def test_a_job_is_done_once(desk: Desk) -> None:
    job = desk.put()
    begun = desk.begin(job)
    assert (begun.attempt, begun.job.url) == (1, PAGE)
    assert desk.end(job, Ended(snapshot="s1", outcome="complete", change={"kind": "changed"})) is JobState.DONE
    found = desk.job(job)
    assert (found.snapshot, found.outcome, found.change) == ("s1", "complete", {"kind": "changed"})
    assert desk.end(job) is None
    assert desk.try_begin(job) is None
    assert [each["event"] for each in desk.outbox(EVENT)] == ["changed"]


def test_a_job_is_tried_again_later_until_its_attempts_are_used_up(desk: Desk) -> None:
    job = desk.put()
    for attempt in (1, 2):
        assert desk.begin(job).attempt == attempt
        assert desk.end(job, AGAIN) is JobState.RETRYING
        assert desk.held() == []
        desk.clock.on(59.9)
        desk.queue.pump_ready()
        assert desk.held() == []
        desk.clock.on(0.1)
        desk.queue.pump_ready()
    assert desk.run(job, AGAIN) is JobState.FAILED
    assert desk.job(job).error == "it broke"
    assert desk.job(job).attempts == 3
    desk.check()


def test_an_error_that_no_attempt_can_mend_ends_a_job_at_once(desk: Desk) -> None:
    job = desk.put()
    assert desk.run(job, Ended(error="refused", logged=True)) is JobState.FAILED


@pytest.mark.parametrize("attempts", [1, 3])
def test_attempts_that_say_nothing_of_the_page_never_use_any_up(any_desk: Desks, attempts: int) -> None:
    desk = any_desk(attempts=attempts)
    job = desk.put()
    for _ in range(10):
        assert desk.run(job, AWAY) is JobState.RETRYING
        desk.clock.on(20)
        desk.queue.pump_ready()
    assert desk.job(job).attempts == 0
    for left in range(attempts, 0, -1):
        assert desk.run(job, AGAIN) is (JobState.RETRYING if left > 1 else JobState.FAILED)
        desk.clock.on(100)
        desk.queue.pump_ready()


def test_a_job_that_was_given_back_is_not_lost_though_workers_died_of_it_before(any_desk: Desks) -> None:
    desk = any_desk(attempts=1)
    job = desk.put()
    desk.begin(job, "w1")
    desk.clock.on(LEASE_S + 1)
    assert desk.begin(job, "w2").attempt == 2
    assert desk.end(job, GIVEN_BACK, "w2") is JobState.RETRYING


def test_what_is_given_back_goes_on_when_its_lane_has_rested(desk: Desk) -> None:
    job = desk.put()
    assert desk.run(job, GIVEN_BACK) is JobState.RETRYING
    desk.queue.pump_ready()
    assert desk.held() == [job]
    assert desk.notes.all[-1].at_ms == (desk.clock.now.timestamp() + 5) * 1000


# how hosts fare


def test_a_host_is_left_alone_for_as_long_as_it_asks(desk: Desk) -> None:
    first, second = desk.put(f"{PAGE}/1"), desk.put(f"{PAGE}/2")
    desk.run(first, Ended(error="429", again_s=1.0, pause_s=120.0, logged=True))
    assert desk.until() == desk.clock.now + timedelta(seconds=120)
    assert desk.notes.all[-1].job == second
    assert desk.notes.all[-1].at_ms == (desk.clock.now.timestamp() + 120) * 1000
    assert desk.job(first).not_before == desk.clock.now + timedelta(seconds=120)
    assert desk.try_begin(second) is None
    desk.clock.on(120)
    assert desk.try_begin(second) is not None


def test_nobody_is_left_alone_for_longer_than_a_day(desk: Desk) -> None:
    desk.run(desk.put(), Ended(error="429", pause_s=1e12, again_s=1e6))
    assert desk.until() == desk.clock.now + timedelta(days=1)


def test_a_host_that_ails_is_left_alone_longer_and_longer_until_it_answers(any_desk: Desks) -> None:
    desk = any_desk(attempts=20)
    job = desk.put()
    waits = []
    for _ in range(12):
        desk.run(job, STRAIN)
        waits.append((desk.until() - desk.clock.now).total_seconds())
        desk.clock.on(waits[-1])
        desk.queue.pump_ready()
    assert waits == [10.0 * 2**n for n in range(9)] + [3600.0] * 3
    desk.run(job)
    again = desk.put()
    desk.clock.on(5)
    desk.run(again, STRAIN)
    assert (desk.until() - desk.clock.now).total_seconds() == 10.0


@pytest.mark.parametrize("ended", [AWAY, GIVEN_BACK])
def test_what_says_nothing_of_a_host_does_not_end_its_troubles(desk: Desk, ended: Ended) -> None:
    job = desk.put()
    for _ in range(2):
        desk.run(job, STRAIN)
        desk.clock.on(100)
        desk.queue.pump_ready()
    desk.run(job, ended)
    (host,) = desk.rows(hosts)
    assert host.failures == 2
    assert desk.until() <= desk.clock.now


def test_a_job_that_was_handed_over_before_its_host_asked_for_peace_waits_all_the_same(any_desk: Desks) -> None:
    desk = any_desk(host_concurrency=2)
    first, second = desk.put(f"{PAGE}/1"), desk.put(f"{PAGE}/2")
    handed = desk.workflow(second)
    desk.run(first, Ended(error="429", again_s=500.0, pause_s=300.0, logged=True))
    assert desk.queue.begin(handed, desk.alive()) is None
    assert desk.state(second) == "queued"
    assert desk.workflow(second) != handed
    assert desk.notes.all[-1].at_ms == (desk.clock.now.timestamp() + 300) * 1000
    desk.check()


def test_a_job_whose_worker_died_waits_too_when_its_host_asked_for_peace(any_desk: Desks) -> None:
    desk = any_desk(host_concurrency=2)
    first, second = desk.put(f"{PAGE}/1"), desk.put(f"{PAGE}/2")
    desk.begin(first, "w1")
    desk.begin(second, "w2")
    desk.end(second, Ended(error="429", pause_s=300.0, logged=True), "w2")
    desk.clock.on(LEASE_S + 1)
    assert desk.try_begin(first, "w3") is None
    assert desk.state(first) == "queued"
    desk.clock.on(300)
    assert desk.begin(first, "w3").attempt == 2
    desk.check()


# cancelling and retrying


def test_a_job_that_waits_is_cancelled_at_once_and_its_lane_goes_on(desk: Desk) -> None:
    first, second = desk.put(f"{PAGE}/1"), desk.put(f"{PAGE}/2")
    handed = desk.workflow(first)
    assert desk.queue.cancel(first) is JobState.CANCELLED
    assert desk.held() == [second]
    assert desk.queue.begin(handed, desk.alive()) is None
    assert desk.job(first).error == "it was cancelled before it was captured"
    with pytest.raises(UsageError, match="has ended already: cancelled"):
        desk.queue.cancel(first)
    desk.check()


def test_a_job_that_waits_for_its_next_attempt_can_be_cancelled(desk: Desk) -> None:
    job = desk.put()
    desk.run(job, AGAIN)
    assert desk.queue.cancel(job) is JobState.CANCELLED
    desk.clock.on(1000)
    desk.queue.pump_ready()
    assert desk.held() == []


def test_a_job_that_runs_is_asked_to_end(desk: Desk) -> None:
    job = desk.put()
    desk.begin(job)
    assert not desk.queue.is_cancelled(job)
    assert desk.queue.cancel(job) is JobState.RUNNING
    assert desk.queue.is_cancelled(job)
    assert desk.end(job, AGAIN) is JobState.CANCELLED
    with pytest.raises(UsageError, match="has ended already"):
        desk.queue.cancel(job)


def test_a_job_that_was_done_before_it_heard_of_being_cancelled_is_done(desk: Desk) -> None:
    job = desk.put()
    desk.begin(job)
    desk.queue.cancel(job)
    assert desk.end(job) is JobState.DONE


def test_a_job_that_was_to_end_when_its_worker_died_is_not_begun_again(desk: Desk) -> None:
    job, released = desk.put(f"{PAGE}/1"), desk.put("https://b.test/")
    for each in (job, released):
        desk.begin(each)
        desk.queue.cancel(each)
    desk.clock.on(LEASE_S + 1)
    assert desk.try_begin(job, "w2") is None
    desk.queue.release(desk.workflow(released))
    assert desk.try_begin(released, "w2") is None
    assert [desk.state(each) for each in (job, released)] == ["cancelled", "cancelled"]
    desk.check()


def test_a_failed_job_can_be_tried_anew_and_one_that_is_not_cannot(desk: Desk) -> None:
    job = desk.put()
    with pytest.raises(UsageError, match="is queued; only failed"):
        desk.queue.retry(job)
    desk.begin(job)
    with pytest.raises(UsageError, match="is running; only failed"):
        desk.queue.retry(job)
    desk.end(job, Ended(error="refused"))
    desk.queue.retry(job)
    desk.clock.on(5)
    assert desk.begin(job).attempt == 1
    desk.queue.cancel(job)
    desk.end(job, AGAIN)
    desk.queue.retry(job)
    desk.clock.on(5)
    assert desk.run(job) is JobState.DONE
    with pytest.raises(UsageError, match="is done; only failed"):
        desk.queue.retry(job)


def test_a_failed_job_is_not_tried_anew_beside_another_for_the_same(desk: Desk) -> None:
    job = desk.put()
    desk.run(job, Ended(error="refused"))
    desk.put()
    with pytest.raises(UsageError, match="waits already"):
        desk.queue.retry(job)


def test_dropping_leaves_alone_what_is_no_longer_waiting(desk: Desk) -> None:
    running, done = desk.put(f"{PAGE}/1"), desk.put("https://b.test/")
    desk.begin(running)
    desk.run(done)
    with desk.database.transaction() as connection:
        desk.queue.drop(connection, running, "overtaken")
        desk.queue.drop(connection, done, "overtaken")
    assert (desk.state(running), desk.state(done)) == ("running", "done")
    desk.check()


def test_dropping_a_job_that_was_not_handed_over_touches_no_lane(desk: Desk) -> None:
    first, second = desk.put(f"{PAGE}/1"), desk.put(f"{PAGE}/2")
    desk.begin(first)
    before = desk.rows(lanes)
    with desk.database.transaction() as connection:
        desk.queue.drop(connection, second, "overtaken")
    assert desk.rows(lanes) == before


# workers that die


def test_a_job_of_a_living_worker_is_not_begun_again(desk: Desk) -> None:
    job = desk.put()
    desk.begin(job, "w1")
    desk.clock.on(LEASE_S - 1)
    assert desk.try_begin(job, "w2") is None
    assert desk.state(job) == "running"


def test_a_job_of_a_silent_worker_is_begun_again_and_the_old_one_cannot_end_it(desk: Desk) -> None:
    job = desk.put()
    desk.begin(job, "w1")
    desk.clock.on(LEASE_S + 1)
    assert desk.begin(job, "w2").attempt == 2
    assert desk.end(job, worker="w1") is None
    assert desk.end(job, worker="w2") is JobState.DONE


def test_a_job_of_a_worker_that_was_started_again_under_its_name_is_begun_again(desk: Desk) -> None:
    job = desk.put()
    desk.begin(job, "w1")
    desk.clock.on(LEASE_S + 1)
    desk.alive("w1", anew=True)
    assert desk.begin(job, "w1").attempt == 2


def test_a_job_that_kills_its_workers_fails_in_the_end(desk: Desk) -> None:
    job = desk.put(due=DUE)
    for attempt in (1, 2, 3):
        assert desk.begin(job, f"w{attempt}").attempt == attempt
        desk.clock.on(LEASE_S + 1)
    assert desk.try_begin(job, "w4") is None
    assert desk.state(job) == "failed"
    assert desk.held() == []
    assert [each["missed"]["reason"] for each in desk.outbox(STATEMENT)] == ["the worker that captured it died"]
    desk.check()


def test_one_death_does_not_cost_a_job_its_only_attempt(any_desk: Desks) -> None:
    desk = any_desk(attempts=1)
    job = desk.put()
    desk.begin(job, "w1")
    desk.clock.on(LEASE_S + 1)
    assert desk.run(job, worker="w2") is JobState.DONE


def test_what_the_engine_has_lost_is_handed_over_again_after_a_rest(desk: Desk) -> None:
    job = desk.put()
    desk.begin(job)
    lost = desk.workflow(job)
    desk.clock.on(LEASE_S + 1)
    desk.queue.release(lost)
    assert desk.workflow(job) != lost
    assert desk.notes.all[-1].at_ms == (desk.clock.now.timestamp() + 5) * 1000
    assert desk.queue.begin(lost, desk.alive()) is None
    desk.queue.release(lost)
    desk.check()
    desk.clock.on(5)
    assert desk.run(job) is JobState.DONE


def test_a_job_that_a_living_worker_is_at_is_not_handed_to_another(desk: Desk) -> None:
    job = desk.put()
    desk.begin(job, "w1")
    desk.clock.on(LEASE_S + 1)
    desk.begin(job, "w2")
    # The first was only asleep: when it ends, its engine takes the workflow for done.
    assert desk.end(job, worker="w1") is None
    desk.queue.release(desk.workflow(job))
    assert desk.state(job) == "running"
    assert len(desk.notes.of(job)) == 2
    assert desk.end(job, worker="w2") is JobState.DONE


def test_a_lane_that_holds_what_nobody_knows_is_freed(desk: Desk) -> None:
    job = desk.put()
    with desk.database.transaction() as connection:
        connection.execute(lanes.update().values(workflow="gone/1"))
    assert desk.queue.handed_over() == ["gone/1"]
    desk.queue.release("gone/1")
    assert desk.queue.handed_over() == []
    assert desk.state(job) == "queued"


# what is said outside


@pytest.mark.parametrize(
    ("ended", "logged"),
    [
        (Ended(snapshot="s", outcome="complete", logged=True), True),
        (Ended(snapshot="s", outcome="complete"), True),
        (Ended(error="404", logged=True), True),
        (Ended(error="the process ended early"), False),
    ],
)
def test_the_log_is_told_of_what_was_due_and_left_no_trace_in_it(desk: Desk, ended: Ended, logged: bool) -> None:
    desk.run(desk.put(due=DUE), ended)
    said = desk.outbox(STATEMENT)
    assert len(said) == (0 if logged else 1)
    if said:
        missed = {"first_seq": 7, "last_seq": 7, "reason": ended.error, "url": PAGE}
        assert said == [{"schedule": "schedule-id", "name": "front", "missed": missed}]
    assert len(desk.outbox(EVENT)) == 1


def test_the_log_is_told_of_what_was_due_and_cancelled_and_of_nothing_that_was_for_no_schedule(desk: Desk) -> None:
    desk.queue.cancel(desk.put(due=DUE))
    desk.queue.cancel(desk.put(f"{PAGE}/2"))
    (said,) = desk.outbox(STATEMENT)
    assert said["missed"]["reason"] == "it was cancelled before it was captured"
    assert [each["event"] for each in desk.outbox(EVENT)] == ["cancelled", "cancelled"]


def test_an_attempt_that_others_follow_says_nothing(desk: Desk) -> None:
    desk.run(desk.put(due=DUE), Ended(error="away", again_s=5.0))
    assert desk.outbox(STATEMENT) == []
    assert desk.outbox(EVENT) == []


# finding


def test_a_job_is_found_by_the_beginning_of_its_id(desk: Desk) -> None:
    for key in ("front.1", "front.10", "front.11", "b_ck.1", "back.1"):
        desk.put(key=key, url=f"{PAGE}/{key}")
    assert desk.queue.find("front.1").id == "front.1"
    assert desk.queue.find("back").id == "back.1"
    assert desk.queue.find("b_").id == "b_ck.1"
    with pytest.raises(UsageError, match=r"begins several jobs: front\.1, front\.10"):
        desk.queue.find("front")
    for nothing in ("%", "zz", "front.1 "):
        with pytest.raises(NotFoundError, match="there is no job"):
            desk.queue.find(nothing)


def test_jobs_are_listed_newest_first_by_state_and_schedule(desk: Desk) -> None:
    made = []
    for n in range(4):
        made.append(desk.put(f"https://h{n}.test/", due=DUE if n == 2 else None))
        desk.clock.on(1)
    desk.run(made[1])
    assert [job.id for job in desk.queue.listing()] == made[::-1]
    assert [job.id for job in desk.queue.listing(limit=2)] == [made[3], made[2]]
    assert [job.id for job in desk.queue.listing([JobState.DONE])] == [made[1]]
    assert [job.id for job in desk.queue.listing(schedule="front")] == [made[2]]
    assert desk.queue.counts() == {"queued": 3, "done": 1}

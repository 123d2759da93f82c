"""What is to be said of jobs is said once, in order, by whichever worker lives; secrets are in no line."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from archiver.archive import Archive
from archiver.errors import RefusedError
from archiver.jobs import messages, outbox, runner
from archiver.jobs.database import QueueError
from archiver.jobs.job import Ended, Options
from archiver.jobs.metrics import Metrics
from archiver.jobs.outbox import Outbox
from archiver.jobs.queue import EVENT, STATEMENT, New
from archiver.jobs.runner import Task
from archiver.jobs.schema import outbox as table
from archiver.model import Rendition
from archiver.seal.statement import Job as Stated
from tests.support import changing, recorded
from tests.support.snapshots import statements_in
from tests.unit.recordings import body
from tests.unit.watching.conftest import FEED, WORKER, Desk, Open, on_both
from tests.unit.watching.hook import Hook

_PAGE = "http://news.test/a"


@pytest.fixture
def hook() -> Iterator[Hook]:
    with Hook() as running:
        yield running


@pytest.fixture
def desk(open_desk: Open) -> Desk:
    return open_desk()


def speaker(desk: Desk, webhook: str | None = None, command: tuple[str, ...] = (), **more: Any) -> Outbox:
    given = {"webhook": None if webhook is None else SecretStr(webhook), "command": command, **more}
    settings = desk.settings.model_copy(update={"jobs": desk.settings.jobs.model_copy(update=given)})
    return Outbox(settings, desk.found.database, desk.found.scheduling, Metrics(WORKER))


def put(desk: Desk, *ids: str, event: str = "captured") -> None:
    with desk.found.database.transaction() as connection:
        for id_ in ids:
            job = {"id": id_, "ended_at": "2026-03-01T00:00:00Z", "url": _PAGE}
            desk.found.queue.put_out(connection, EVENT, {"event": event, "job": job})


def waiting(desk: Desk) -> list[tuple[int, int]]:
    """The attempts, and the seconds to the next, of each that was not said."""
    with desk.found.database.transaction() as connection:
        now = desk.found.database.now_ms(connection)
        rows = connection.execute(table.select().order_by(table.c.number)).all()
    return [(row.attempts, round((row.next_ms - now) / 1000)) for row in rows]


def due_now(desk: Desk) -> None:
    with desk.found.database.transaction() as connection:
        connection.execute(table.update().values(next_ms=0))


def all_of(speaking: Outbox) -> None:
    while speaking.once():
        pass


def ids(hook: Hook) -> list[str]:
    return [json.loads(asked.body)["job"]["id"] for asked in hook.asked]


# webhook


@on_both
def test_messages_are_sent_in_order_and_then_forgotten(desk: Desk, hook: Hook) -> None:
    put(desk, *(f"j{number}" for number in range(60)))
    all_of(speaker(desk, hook.url()))
    assert ids(hook) == [f"j{number}" for number in range(60)]
    assert waiting(desk) == []


def test_a_message_that_failed_is_sent_again_with_the_same_id(desk: Desk, hook: Hook) -> None:
    put(desk, "a", "b")
    hook.answers = [(500, {})]
    speaking = speaker(desk, hook.url())
    all_of(speaking)
    assert ids(hook) == ["a", "b"]
    assert waiting(desk) == [(1, 15)]
    due_now(desk)
    all_of(speaking)
    assert ids(hook) == ["a", "b", "a"]
    first, other, again = (json.loads(asked.body) for asked in hook.asked)
    assert first["id"] == again["id"] != other["id"]
    assert (first["attempt"], again["attempt"]) == (1, 2)
    assert waiting(desk) == []


def test_a_message_is_given_up_after_its_last_attempt_and_that_is_said(
    desk: Desk, hook: Hook, caplog: pytest.LogCaptureFixture
) -> None:
    put(desk, "a")
    hook.answers = [(500, {})] * 20
    speaking = speaker(desk, hook.url("/s3cr3t?s3cr3t"), webhook_secret=SecretStr("s3cr3t"))
    waits = []
    with caplog.at_level(logging.WARNING, "archiver.jobs"):
        for _ in range(20):
            due_now(desk)
            all_of(speaking)
            waits += [wait for _, wait in waiting(desk)]
    assert len(hook.asked) == 20
    assert waits == [15, 30, 60, 120, 240, 480, 960, 1920, *[3600] * 11]
    assert [record.getMessage() for record in caplog.records][-1] == "a message was given up"
    assert {record.__dict__["error"] for record in caplog.records} == {
        "the webhook at 127.0.0.1 answered with status 500"
    }
    assert "s3cr3t" not in str([record.__dict__ for record in caplog.records])
    all_of(speaking)
    assert len(hook.asked) == 20


@on_both
def test_two_workers_send_each_message_once(open_desk: Open, hook: Hook) -> None:
    desks = [open_desk(), open_desk()]
    put(desks[0], *(f"j{number}" for number in range(40)))
    threads = [threading.Thread(target=all_of, args=(speaker(desk, hook.url()),)) for desk in desks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ids(hook)) == sorted(f"j{number}" for number in range(40))


@on_both
def test_what_a_killed_worker_was_saying_is_said_by_another_after_its_claim(
    open_desk: Open, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed, other = open_desk(), open_desk()
    put(killed, "a", "b")

    def die(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(messages, "post", die)
        with pytest.raises(SystemExit):
            speaker(killed, hook.url()).once()
    all_of(speaker(other, hook.url()))
    assert ids(hook) == ["b"]
    assert waiting(other) == [(1, 180)]
    due_now(other)
    all_of(speaker(other, hook.url()))
    assert ids(hook) == ["b", "a"]


def test_where_nobody_wants_to_know_messages_are_forgotten(desk: Desk) -> None:
    put(desk, "a")
    all_of(speaker(desk))
    assert waiting(desk) == []


def test_statements_go_before_messages(desk: Desk, hook: Hook) -> None:
    desk.watch()
    (listed,) = desk.found.scheduling.listing()
    put(desk, "a")
    missed = {"first_seq": 1, "last_seq": 1, "reason": "x"}
    with desk.found.database.transaction() as connection:
        body = {"schedule": listed.id, "name": "news", "missed": missed}
        desk.found.queue.put_out(connection, STATEMENT, body)
    speaking = speaker(desk, hook.url())
    speaking.once()
    assert hook.asked == []
    said = statements_in(Path(desk.settings.archive), "schedule")
    assert [each["missed"] for each in said.values() if each["action"] == "missed"] == [missed]
    speaking.once()
    assert ids(hook) == ["a"]


def test_a_worker_that_ends_does_not_wait_long_for_a_webhook_that_hangs(
    desk: Desk, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "_LAST_S", 0.5)
    put(desk, *(f"j{number}" for number in range(9)))
    over = threading.Event()
    over.set()
    post = messages.post

    def hang(url: str, body: bytes, secret: str | None) -> None:
        time.sleep(0.6)
        post(url, body, secret)

    monkeypatch.setattr(messages, "post", hang)
    speaker(desk, hook.url()).run(over)
    assert ids(hook) == ["j0"]


def test_a_database_that_is_away_is_no_end(
    desk: Desk, hook: Hook, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    put(desk, "a")
    speaking = speaker(desk, hook.url())

    def away(*_: object) -> None:
        raise QueueError("away")

    over = threading.Event()
    over.set()
    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING, "archiver.jobs"):
        patch.setattr(speaking, "_claim", away)
        speaking.run(over)
    assert [record.getMessage() for record in caplog.records] == ["the outbox cannot be read"]
    speaking.run(over)
    assert ids(hook) == ["a"]


def test_a_fault_of_ours_with_one_message_does_not_hold_up_the_others(
    desk: Desk, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(desk, "a", "b")
    post = messages.post

    def once(url: str, body: bytes, secret: str | None) -> None:
        if b'"a"' in body:
            raise KeyError("x")
        post(url, body, secret)

    monkeypatch.setattr(messages, "post", once)
    all_of(speaker(desk, hook.url()))
    assert ids(hook) == ["b"]
    assert waiting(desk) == [(1, 15)]


# command


def program(tmp_path: Path, text: str) -> str:
    path = tmp_path / "program"
    path.write_text(f"#!{sys.executable}\nimport json, os, sys\nfolder = {str(tmp_path)!r}\n{text}\n")
    path.chmod(0o700)
    return str(path)


def test_a_program_gets_the_message_and_none_of_our_secrets(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ARCHIVER_SIGNING_KEY", "AWS_SECRET_ACCESS_KEY", "ARCHIVER_JOBS__WEBHOOK_SECRET", "PGPASSWORD"):
        monkeypatch.setenv(name, "s3cr3t")
    monkeypatch.setenv("THEIR_OWN", "x")
    text = "json.dump([sys.stdin.read(), dict(os.environ)], open(folder + '/out', 'w'))"
    put(desk, "a", event="changed")
    all_of(speaker(desk, command=(program(tmp_path, text),)))
    said, environment = json.loads((tmp_path / "out").read_text())
    assert json.loads(said)["job"]["id"] == "a"
    assert environment["ARCHIVER_EVENT"] == "changed"
    assert environment["THEIR_OWN"] == "x"
    assert "s3cr3t" not in str(environment) + said
    assert set(os.environ) >= {"ARCHIVER_SIGNING_KEY"}


def test_when_only_the_program_fails_the_webhook_is_not_told_again(desk: Desk, hook: Hook, tmp_path: Path) -> None:
    text = "path = folder + '/once'\nif not os.path.exists(path):\n    open(path, 'w')\n    sys.exit(4)"
    put(desk, "a")
    speaking = speaker(desk, hook.url(), (program(tmp_path, text),))
    all_of(speaking)
    assert waiting(desk) == [(1, 15)]
    due_now(desk)
    all_of(speaking)
    assert waiting(desk) == []
    assert ids(hook) == ["a"]


# what really happens


def captured(desk: Desk, url: str = _PAGE, *, last: bool = True) -> str:
    """Queue a capture, make it as a worker does, and settle it; the id of the job."""
    queue = desk.found.queue
    number = len(desk.hands.given)
    with desk.found.database.transaction() as connection:
        assert queue.submit(connection, New(url, Options(tag=("x",))), f"job-{number}")
    workflow, id_ = desk.hands.given[-1]
    begun = queue.begin(workflow, WORKER)
    assert begun is not None
    task = Task(url, begun.job.options, Stated(id_, begun.attempt), last=last)
    queue.end(workflow, WORKER, runner.capture(desk.settings, task))
    desk.rested()
    return id_


def events(hook: Hook) -> list[str]:
    return [json.loads(asked.body)["event"] for asked in hook.asked]


def test_each_end_of_a_capture_is_told_as_what_it_is(desk: Desk, hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = [changing.story(), changing.story(), changing.story(changing.STORY[2:])]

    def seen(url: str, *_: object) -> Any:
        if not pages:
            raise RefusedError(f"{url}: refused")
        dom = json.dumps({"frames": [{"url": url, "html": pages.pop(0)}]}).encode()
        return recorded.page(url, renditions=(Rendition("dom", f"urn:dom:{url}", "application/json", body(dom)),))

    monkeypatch.setattr("archiver.capture.capture.record", seen)
    made = [captured(desk) for _ in range(4)]
    queue = desk.found.queue
    with desk.found.database.transaction() as connection:
        queue.submit(connection, New("http://other.test/"), "job-9")
    queue.cancel("job-9")
    all_of(speaker(desk, hook.url()))
    assert events(hook) == ["captured", "captured", "changed", "failed", "cancelled"]
    said = [json.loads(asked.body) for asked in hook.asked]
    for each, id_ in zip(said, [*made, "job-9"], strict=True):
        job = desk.job(id_)
        assert list(each) == ["id", "event", "at", "archive", "attempt", "job"]
        assert each["archive"] == desk.settings.archive
        assert each["job"] == json.loads(json.dumps(job.document()))
    with Archive(desk.settings) as archive:
        assert said[2]["job"]["snapshot"] == archive.find(_PAGE).id
    assert said[2]["job"]["change"]["kind"] == "changed"
    assert said[3]["job"]["error"] == f"{_PAGE}: refused"
    assert len({each["id"] for each in said}) == 5


def test_the_reading_of_a_feed_is_no_message(desk: Desk, hook: Hook) -> None:
    desk.watch(FEED)
    desk.read()
    all_of(speaker(desk, hook.url()))
    assert hook.asked == []
    assert Ended().error is None

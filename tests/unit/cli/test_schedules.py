"""`archiver schedule` and `archiver jobs`: what people and programs read, with good input and bad."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from archiver import clock
from archiver.archive import Archive
from archiver.config import Settings, load
from archiver.jobs.job import Ended
from archiver.jobs.opening import Opened, opened
from archiver.jobs.queue import New
from archiver.jobs.schema import jobs as table
from archiver.jobs.schema import schedules as rows
from tests.support import recorded
from tests.support.snapshots import statements_in
from tests.unit.cli.conftest import Run

_URL = "https://a.test/page"
_EVIL = "https://a.test/\u202egpj.exe"


class Hands:
    def __init__(self) -> None:
        self.given: list[tuple[str, str]] = []

    def hand_over(self, _: object, workflow: str, job: str, *__: object) -> None:
        self.given.append((workflow, job))


@pytest.fixture
def made(archiver: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive."""
    monkeypatch.setattr("archiver.capture.capture.record", recorded.record)
    assert archiver("-q", "init")[0] == 0


@pytest.fixture
def queue(made: None) -> Iterator[Opened]:
    with Archive(Settings()) as archive, opened(archive, Settings(), Hands()) as found:
        yield found


def put(queue: Opened, id_: str, url: str = _URL) -> str:
    with queue.database.transaction() as connection:
        assert queue.queue.submit(connection, New(url), id_)
    return id_


def objects(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def refused(archiver: Run, *arguments: str) -> tuple[int, str]:
    code, out, err = archiver(*arguments)
    assert out == ""
    assert err.startswith("archiver: ")
    assert err.count("\n") == 1
    assert err.removesuffix("\n").isprintable()
    return code, err.removeprefix("archiver: ").rstrip()


# schedule


def test_a_schedule_is_added_listed_paused_resumed_changed_by_nobody_and_removed(archiver: Run, made: None) -> None:
    code, out, err = archiver("schedule", "add", _URL, "--every", "6h", "--tag", "x")
    assert (code, out.splitlines()[0]) == (0, "Scheduled  a.test")
    assert err.endswith("carried out by: archiver worker\n")
    code, out, _ = archiver("schedule", "list")
    assert code == 0
    first, second, *_ = out.splitlines()
    assert re.fullmatch(r"a\.test  active  every 6h  next \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", first)
    assert second == f"    {_URL}"
    assert archiver("schedule", "pause", "a.test")[:2] == (0, "a.test is paused\n")
    assert "a.test  paused  every 6h" in archiver("schedule", "list")[1]
    assert refused(archiver, "schedule", "pause", "a.test") == (2, "the schedule 'a.test' is paused already")
    assert archiver("schedule", "resume", "a.test")[:2] == (0, "a.test is resumed\n")
    assert refused(archiver, "schedule", "resume", "a.test") == (2, "the schedule 'a.test' is not paused")
    assert archiver("schedule", "remove", "a.test", "--operator", "me")[:2] == (0, "a.test is removed\n")
    code, out, err = archiver("schedule", "list")
    assert (code, out) == (0, "")
    assert "no schedules" in err
    assert [each["action"] for each in statements_in(Path("archive"), "schedule").values()][:4] == [
        "add",
        "pause",
        "resume",
        "remove",
    ]


def test_json_is_an_object_a_line(archiver: Run, made: None) -> None:
    (added,) = objects(archiver("--json", "schedule", "add", _URL, "--every", "1h", "--name", "front")[1])
    assert (added["type"], added["name"], added["state"]) == ("schedule", "front", "active")
    (listed,) = objects(archiver("--json", "schedule", "list")[1])
    assert listed["id"] == added["id"]
    assert listed["definition"]["urls"] == [_URL]
    (triggered,) = objects(archiver("--json", "schedule", "trigger", "front")[1])
    assert (triggered["type"], len(triggered["jobs"])) == ("triggered", 1)
    (filled,) = objects(archiver("--json", "schedule", "backfill", "front", "--since", "1 day ago")[1])
    assert filled == {"type": "backfilled", "name": "front", "queued": filled["queued"], "there": filled["there"]}
    found = objects(archiver("--json", "jobs")[1])
    assert triggered["jobs"][0] in [each["id"] for each in found]
    assert {each["type"] for each in found} == {"job"}
    assert objects(archiver("--json", "schedule", "pause", "front")[1]) == [
        {"type": "schedule", "name": "front", "did": "paused"}
    ]
    (cancelled,) = objects(archiver("--json", "jobs", "cancel", triggered["jobs"][0])[1])
    assert cancelled == {"type": "job", "id": triggered["jobs"][0], "state": "cancelled"}
    (again,) = objects(archiver("--json", "jobs", "retry", triggered["jobs"][0])[1])
    assert again["state"] == "queued"


def test_quiet_says_nothing_but_what_was_asked_for(archiver: Run, made: None) -> None:
    for arguments in (
        ("schedule", "add", _URL, "--every", "1h", "--name", "front"),
        ("schedule", "trigger", "front"),
        ("schedule", "pause", "front"),
        ("schedule", "resume", "front"),
        ("schedule", "report", "front"),
        ("schedule", "remove", "front"),
        ("schedule", "list"),
    ):
        code, out, err = archiver("-q", *arguments)
        assert (code, out, err) == (0, "", ""), arguments


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "no URL was given"),
        ((_URL,), "give either an interval (every) or a cron expression"),
        ((_URL, "--every", "1h", "--cron", "* * * * *"), "give either an interval"),
        ((_URL, "--every", "soon"), "'soon' is no duration; write a whole number and a unit"),
        ((_URL, "--every", "0s"), "every_s"),
        ((_URL, "--cron", "* * *"), "it has five fields"),
        ((_URL, "--cron", "61 * * * *"), "is no cron expression"),
        ((_URL, "--cron", "0 7 * * *", "--tz", "Mars/Base"), "there is no time zone 'Mars/Base'"),
        ((_URL, "--every", "1h", "--tz", "UTC"), "intervals have none"),
        ((_URL, "--every", "1h", "--name", "A b"), "'A b' cannot name a schedule"),
        ((_URL, "--every", "1h", "--name", "\x1b[2J"), "cannot name a schedule"),
        ((_URL, _URL, "--every", "1h"), "a URL is given twice"),
        ((_URL, "--feed", _URL, "--every", "1h"), "give either URLs or a feed"),
        (("ftp://a.test/", "--every", "1h"), "is not an http or https URL"),
        (("https://u:s3cr3t@a.test/", "--every", "1h"), "carries a user name or password"),
        (("--feed", "https://u:s3cr3t@a.test/", "--every", "1h"), "carries a user name or password"),
        ((_URL, "--every", "1h", "--stop-after", "never"), "never"),
        ((_URL, "--every", "1h", "--priority", "101"), "priority"),
        ((_URL, "--every", "1h", "--jitter", "9w"), "jitter"),
    ],
)
def test_what_is_no_schedule_is_exit_code_2_and_makes_nothing(
    arguments: tuple[str, ...], told: str, archiver: Run
) -> None:
    code, out, err = archiver("schedule", "add", *arguments)
    assert (code, out) == (2, "")
    assert told in err
    assert "s3cr3t" not in err
    assert err.removesuffix("\n").replace("\n", "").isprintable()
    assert not Path("archive").exists()


def test_a_name_is_taken_once(archiver: Run, made: None) -> None:
    archiver("schedule", "add", _URL, "--every", "1h")
    code, told = refused(archiver, "schedule", "add", _URL, "--every", "1h")
    assert (code, told) == (
        2,
        "there is a schedule 'a.test' already; choose another name, or `archiver schedule change` that one",
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("schedule", "pause", "nope"),
        ("schedule", "resume", "nope"),
        ("schedule", "remove", "nope"),
        ("schedule", "trigger", "nope"),
        ("schedule", "backfill", "nope", "--since", "1 day ago"),
        ("schedule", "report", "nope"),
        ("jobs", "cancel", "nope"),
        ("jobs", "retry", "nope"),
        ("jobs", "--schedule", "nope"),
    ],
)
def test_an_unknown_name_is_exit_code_6_with_a_hint(arguments: tuple[str, ...], archiver: Run, made: None) -> None:
    code, told = refused(archiver, *arguments)
    assert code == 6
    assert re.search(r"there is no (schedule|job) 'nope'; `archiver (schedule list|jobs)` ", told)


@pytest.mark.parametrize(
    "arguments",
    [
        ("schedule", "list"),
        ("schedule", "pause", "a"),
        ("schedule", "trigger", "a"),
        ("schedule", "report"),
        ("jobs",),
        ("jobs", "cancel", "a"),
        ("jobs", "retry", "a"),
    ],
)
def test_whoever_only_looks_makes_no_archive(arguments: tuple[str, ...], archiver: Run) -> None:
    code, told = refused(archiver, *arguments)
    assert code == 6
    assert told.startswith("there is no archive in ")
    assert not Path("archive").exists()


def test_an_archive_with_nothing_in_it_says_what_to_do(archiver: Run, made: None) -> None:
    assert archiver("jobs")[::2] == (0, "no jobs; `archiver capture --queue URL` and schedules make some\n")
    assert archiver("schedule", "list")[2].endswith("`archiver schedule add URL --every 6h` makes one\n")
    assert archiver("schedule", "report")[::2] == (0, "nothing was due\n")


def test_without_a_key_nothing_is_scheduled_and_nothing_is_held(
    archiver: Run, made: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    archiver("-q", "schedule", "add", _URL, "--every", "1h", "--name", "front")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for arguments in (("add", _URL, "--every", "1h"), ("pause", "front"), ("remove", "front")):
        assert refused(archiver, "schedule", *arguments)[0] == 9
    assert "front  active" in archiver("schedule", "list")[1]


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_an_archive_that_cannot_be_written_is_exit_code_8(archiver: Run, made: None) -> None:
    Path("archive").chmod(0o500)
    assert refused(archiver, "jobs")[0] == 8


def test_a_queue_that_cannot_be_made_is_exit_code_8_and_one_line(archiver: Run, made: None) -> None:
    Path("archive/jobs.sqlite").mkdir()
    code, told = refused(archiver, "jobs")
    assert code == 8
    assert told.startswith(f"the queue {Path('archive/jobs.sqlite').absolute()}")


def test_a_damaged_queue_is_exit_code_8_and_one_line(archiver: Run, made: None) -> None:
    Path("archive/jobs.sqlite").write_bytes(b"not a database" * 1000)
    code, told = refused(archiver, "jobs")
    assert code == 8
    assert "move it away" in told


def test_nothing_of_a_page_can_write_to_the_terminal(archiver: Run, queue: Opened) -> None:
    hands: Any = queue.queue._handing
    put(queue, "j1", _EVIL)
    workflow, _ = hands.given[-1]
    assert queue.queue.begin(workflow, "w") is not None
    queue.queue.end(workflow, "w", Ended(error="\x1b]0;owned\x07 \u202e"))
    code, out, err = archiver("schedule", "add", _EVIL, "--every", "1h", "--name", "evil")
    assert code == 0
    _, jobs, _ = archiver("jobs")
    _, listed, _ = archiver("schedule", "list")
    _, report, _ = archiver("schedule", "report")
    for text in (out, err, jobs, listed, report):
        assert text.replace("\n", "").isprintable()
    assert "owned" in jobs


def test_what_is_wrong_with_a_feed_is_listed(archiver: Run, queue: Opened) -> None:
    archiver("-q", "schedule", "add", "--feed", "https://a.test/feed", "--every", "1h", "--name", "news")
    list(queue.scheduling.listing())
    said: dict[str, Any] = {
        "error": "https://a.test/feed: is a web page\x1b[2J",
        "read_at": "2026-03-01T00:00:00Z",
        "failed_at": "t",
    }
    with queue.database.transaction() as connection:
        connection.execute(rows.update().values(feed=json.dumps(said)))
    out = archiver("schedule", "list")[1]
    assert "    feed: https://a.test/feed: is a web page?[2J (at t)\n" in out
    said = {"error": None, "new": 3, "read_at": "2026-03-01T00:00:00Z", "notes": ["x: half of it"]}
    with queue.database.transaction() as connection:
        connection.execute(rows.update().values(feed=json.dumps(said)))
    out = archiver("schedule", "list")[1]
    assert "    feed: 3 new at 2026-03-01T00:00:00Z\n    note: x: half of it\n" in out


def test_a_feed_can_be_read_now_and_not_filled_in(archiver: Run, made: None) -> None:
    archiver("-q", "schedule", "add", "--feed", "https://a.test/feed", "--every", "1h", "--name", "news")
    code, out, _ = archiver("schedule", "trigger", "news")
    assert code == 0
    assert out.startswith("news.feed.")
    assert out.strip() in archiver("jobs", "--schedule", "news")[1]
    code, told = refused(archiver, "schedule", "backfill", "news", "--since", "1 day ago")
    assert (code, told) == (2, "the schedule 'news' watches a feed; what it had at some other time is not known")


def test_times_of_a_backfill_are_read(archiver: Run, made: None) -> None:
    archiver("-q", "schedule", "add", _URL, "--every", "1h", "--name", "front")
    code, told = refused(archiver, "schedule", "backfill", "front", "--since", "whenever")
    assert code == 2
    assert "'whenever'" in told


# jobs


def test_jobs_are_listed_the_newest_first_with_how_many_there_are(archiver: Run, queue: Opened) -> None:
    for number in range(3):
        put(queue, f"j{number}", f"{_URL}/{number}")
    code, out, err = archiver("jobs", "--limit", "2")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == ["j2", "j1"]
    assert err == "3 queued\n"
    queue.queue.cancel("j1")
    assert archiver("-q", "jobs", "--state", "cancelled")[1].startswith("j1 ")
    assert archiver("jobs")[2] == "2 queued, 1 cancelled\n"


@pytest.mark.parametrize("arguments", [("--limit", "0"), ("--limit", "x"), ("--state", "gone")])
def test_wrong_options_are_exit_code_2(arguments: tuple[str, ...], archiver: Run, made: None) -> None:
    assert archiver("jobs", *arguments)[0] == 2


def test_a_job_is_meant_by_the_beginning_of_its_id(archiver: Run, queue: Opened) -> None:
    for id_ in ("abc1", "abc2", "abd", "ab%"):
        put(queue, id_, f"{_URL}/{id_.replace('%', '')}")
    code, told = refused(archiver, "jobs", "cancel", "ab")
    assert (code, told.startswith("'ab' begins several jobs: ")) == (2, True)
    assert archiver("jobs", "cancel", "ab%")[:2] == (0, "ab% is cancelled\n")
    assert archiver("jobs", "cancel", "abd")[:2] == (0, "abd is cancelled\n")
    assert refused(archiver, "jobs", "cancel", "abd") == (2, "the job abd has ended already: cancelled")
    assert archiver("jobs", "retry", "abd")[:2] == (0, "abd is queued again\n")
    assert refused(archiver, "jobs", "retry", "abd") == (
        2,
        "the job abd is queued; only failed and cancelled ones can be retried",
    )
    assert refused(archiver, "jobs", "cancel", "")[0] == 2


def test_a_job_that_runs_is_told_to_end(archiver: Run, queue: Opened) -> None:
    put(queue, "j1")
    hands: Any = queue.queue._handing
    assert queue.queue.begin(hands.given[-1][0], "w") is not None
    assert archiver("jobs", "cancel", "j1")[:2] == (0, "j1 runs; its worker was told to end it\n")


def _multiply(connection: Connection, rows: sa.Table, count: int, **changes: str) -> None:
    """Copy the one row of a table, with other values, counted by n."""
    values = ", ".join(changes.get(column.name, f'"{column.name}"') for column in rows.columns)
    numbers = f"WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {count})"  # noqa: S608  # nobody's input
    one = f"(SELECT * FROM {rows.name} LIMIT 1)"  # noqa: S608
    connection.exec_driver_sql(f"INSERT INTO {rows.name} {numbers} SELECT {values} FROM {one}, numbers")  # noqa: S608


def test_a_hundred_thousand_jobs_and_a_thousand_schedules_are_listed_fast(archiver: Run, queue: Opened) -> None:
    put(queue, "j0")
    archiver("-q", "schedule", "add", _URL, "--every", "1h", "--name", "front")
    list(queue.scheduling.listing())
    with queue.database.transaction() as connection:
        _multiply(connection, table, 100_000, id="'k' || n", dedup="NULL", schedule="'n' || (n % 1000)", queued_ms="n")
        _multiply(connection, rows, 1000, id="'n' || (n % 1000)", name="'n' || n")
    began = time.monotonic()
    code, out, err = archiver("jobs")
    assert (code, len(out.splitlines()), err) == (0, 50, "100001 queued\n")
    listed = time.monotonic()
    code, out, _ = archiver("--json", "schedule", "list")
    assert (code, len(out.splitlines())) == (0, 1001)
    assert [each["last_job"]["id"] for each in objects(out) if each["name"] == "n7"] == ["k99007"]
    ended = time.monotonic()
    assert listed - began < 5, "listing 50 of 100,000 jobs"
    assert ended - listed < 10, "listing 1,000 schedules"


# doctor, and the worker's own settings


def test_doctor_shows_the_settings_of_jobs_and_no_secret(archiver: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVER_JOBS__WEBHOOK", "https://hooks.test/s3cr3t")
    monkeypatch.setenv("ARCHIVER_JOBS__WEBHOOK_SECRET", "s3cr3t")
    monkeypatch.setenv("ARCHIVER_JOBS__HOST", "a.org=10s")
    Path("archiver.toml").write_text("[schedules.front]\nurls = ['https://a.test/']\nevery = '6h'\n")
    _, out, _ = archiver("doctor")
    assert re.search(r"jobs\.host +\['a\.org=10s'\]  \(environment\)", out)
    assert re.search(r"jobs\.webhook +\*+  \(environment\)", out)
    assert "schedules.front  (file archiver.toml)" in out
    assert "s3cr3t" not in out
    (said,) = objects(archiver("--json", "doctor")[1])
    assert said["settings"]["jobs.delay_s"] == {"value": 5.0, "origin": "default"}
    assert said["schedules"] == {"schedules.front": "file archiver.toml"}
    assert "s3cr3t" not in json.dumps(said)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[schedules.front]\nevery = '6h'\n", "schedule front: give either URLs or a feed"),
        ("[schedules.front]\nurls = 'https://a.test/'\nevery = '6h'\n", "schedule front: urls: "),
        ("[schedules.front]\nurls = ['https://a.test/']\nevery = 6\n", "'6' is no duration"),
        ("[schedules.front]\nurls = ['https://a.test/']\nevery = '6h'\nstart = 5\n", "schedule front: start: "),
        ("[schedules.front]\nurls = ['https://a.test/']\nevery = '6h'\nuntil = 5\n", "until: there is no such key"),
        ("[schedules.a.b]\nurls = ['https://a.test/']\nevery = '6h'\n", "schedule a: b: there is no such key"),
        ("[schedules.'A b']\nevery = '6h'\n", "'A b' cannot name a schedule"),
        ('[schedules."\\u001b[2J"]\nevery = "6h"\n', "cannot name a schedule"),
    ],
)
def test_a_worker_takes_no_schedule_that_is_none(text: str, told: str, archiver: Run) -> None:
    Path("named.toml").write_text(text)
    code, message = refused(archiver, "--config", "named.toml", "worker", "--once")
    assert code == 2
    assert told in message
    assert message.endswith("(from file named.toml)")
    assert not Path("archive").exists()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("mysql://u:s3cr3t@a.test/x", "begins with neither postgresql:// nor sqlite:///"),
        (
            "postgresql://u:s3cr3t@a.test:port/x",
            "is not a postgresql:// URL; percent-encode the password",
        ),
    ],
)
def test_a_bad_database_is_told_by_what_it_is_for(
    url: str, told: str, archiver: Run, made: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARCHIVER_DATABASE_URL", url)
    for arguments in (("jobs",), ("schedule", "list"), ("snapshots",)):
        code, message = refused(archiver, *arguments)
        assert code == 2
        assert message.startswith(f"database_url, for the index and the queue, {told}")
        assert "s3cr3t" not in message


def test_an_index_in_a_named_file_has_the_queue_beside_it(
    archiver: Run, made: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ARCHIVER_DATABASE_URL", f"sqlite:///{tmp_path}/news.sqlite")
    archiver("-q", "schedule", "add", _URL, "--every", "1h", "--name", "front")
    assert archiver("-q", "index", "rebuild")[0] == 0
    assert "front" in archiver("schedule", "list")[1]
    assert {path.name for path in tmp_path.iterdir()} >= {"news.sqlite", "news-jobs.sqlite"}
    assert not Path("archive/jobs.sqlite").exists()
    assert load().settings.database_url is not None
    assert clock.now().tzinfo is not None


# changing


@pytest.mark.usefixtures("made")
def test_a_change_keeps_what_is_not_given(archiver: Run) -> None:
    assert archiver("schedule", "add", _URL, "--name", "front", "--every", "6h", "--jitter", "5m", "--tag", "x")[0] == 0
    assert archiver("schedule", "change", "front", "--cron", "0 7 * * *", "--tz", "Europe/Berlin")[0] == 0
    (told,) = objects(archiver("--json", "schedule", "list")[1])
    assert told["definition"] | {"start": None} == {
        "start": None,
        "urls": [_URL],
        "cron": "0 7 * * *",
        "tz": "Europe/Berlin",
        "jitter_s": 300,
        "tag": ["x"],
    }
    code, out, _ = archiver("--json", "schedule", "change", "front", "https://a.test/other", "--every", "1d", "--trace")
    assert code == 0
    changed = json.loads(out)["definition"]
    assert (changed["urls"], changed["every_s"], changed["trace"]) == (["https://a.test/other"], 86_400, True)
    assert "cron" not in changed
    assert "tz" not in changed
    assert archiver("schedule", "change", "front", "--no-trace")[0] == 0
    (told,) = objects(archiver("--json", "schedule", "list")[1])
    assert "trace" not in told["definition"]
    said = [each["action"] for each in statements_in(Path("archive"), "schedule").values()]
    assert said == ["add", "change", "change", "change"]


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        (("front",), 2, "nothing was given that could change"),
        (("front", "--every", "0s"), 2, "every_s"),
        (("front", "--feed", "https://a.test/feed"), 2, "either URLs or a feed"),
        (("front", "--tz", "Europe/Berlin"), 2, "is for a cron expression"),
        (("nope", "--every", "1h"), 6, "there is no schedule 'nope'"),
    ],
)
def test_a_change_that_cannot_be_leaves_the_schedule_as_it_was(
    archiver: Run, given: tuple[str, ...], code: int, said: str
) -> None:
    assert archiver("schedule", "add", _URL, "--name", "front", "--every", "6h")[0] == 0
    before = archiver("--json", "schedule", "list")[1]
    answer, message = refused(archiver, "schedule", "change", *given)
    assert answer == code
    assert said in message
    assert archiver("--json", "schedule", "list")[1] == before


@pytest.mark.usefixtures("made")
def test_a_schedule_that_would_never_be_due_is_refused(archiver: Run) -> None:
    code, message = refused(archiver, "schedule", "add", _URL, "--every", "6h", "--stop-after", "2020-01-01")
    assert code == 2
    assert "would never be due" in message

"""The tables of the queue. Moments are milliseconds since 1970 by the clock of the database.

`VERSION` is raised when the tables change so that an older program could not go on with them; a newer program brings
older tables up to date and leaves what waits in them where it is.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Index, Integer, MetaData, Table, Text, text

VERSION = 1
#: SQLite's `application_id`
APPLICATION_ID = 0x4152434A  # "ARCJ"
POSTGRES_SCHEMA = "archiver_jobs"
#: how far a new queue has read the log: not even whether it has schedules
NEVER = -2


class JobState(StrEnum):
    """What has become of a job."""

    QUEUED = "queued"
    RUNNING = "running"
    RETRYING = "retrying"  # it failed, or was asked to come back, and waits for its next attempt
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


#: those that wait
WAITING = (JobState.QUEUED, JobState.RETRYING)
#: those of which nothing more will come
ENDED = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)

metadata = MetaData()

head = Table(
    "head",
    metadata,
    Column("one", Integer, CheckConstraint("one = 1"), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("archive", Text, nullable=False),  # which archive the captures are for
    Column("followed", BigInteger, nullable=False),  # the last entry of its log that schedules were read to
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # capture, or feed: read it, and queue its new articles
    Column("url", Text, nullable=False),
    Column("host", Text, CheckConstraint("host <> ''"), nullable=False),
    Column("dedup", Text),  # at most one job with it waits
    Column("priority", Integer, nullable=False),  # higher ones go first
    Column("schedule", Text),  # its id
    Column("name", Text),
    Column("seq", BigInteger),
    Column("due_ms", BigInteger),
    Column("options", Text, nullable=False),  # JSON: how it is to be captured
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),  # begun
    Column("runs", Integer, nullable=False),  # handed to the engine
    Column("workflow", Text),  # of the engine, that it is handed to
    Column("worker", Text),  # that began the last attempt
    Column("not_before_ms", BigInteger, nullable=False),
    Column("queued_ms", BigInteger, nullable=False),
    Column("started_ms", BigInteger),
    Column("ended_ms", BigInteger),
    Column("cancel", Boolean, nullable=False),  # asked for while it runs
    Column("snapshot", Text),  # id of the capture that came of it
    Column("outcome", Text),
    Column("error", Text),  # of the last attempt
    Column("change", Text),  # JSON: what changed since the capture before
    Index("jobs_turn", "host", "state", "priority", "queued_ms"),
    Index("jobs_waiting", "state", "not_before_ms"),
    Index("jobs_by_schedule", "schedule", "seq"),
    Index("jobs_by_time", "queued_ms", "id"),
    Index(
        "jobs_dedup",
        "dedup",
        unique=True,
        sqlite_where=text("state IN ('queued', 'retrying')"),
        postgresql_where=text("state IN ('queued', 'retrying')"),
    ),
)

hosts = Table(
    "hosts",
    metadata,
    Column("host", Text, primary_key=True),
    Column("until_ms", BigInteger, nullable=False),  # it asked, or has to be, left alone until then
    Column("failures", Integer, nullable=False),  # in a row: how far to back off
)

# A lane is one visit of a host at a time. A host has one, or as many as settings give it.
lanes = Table(
    "lanes",
    metadata,
    Column("host", Text, primary_key=True),
    Column("lane", Integer, primary_key=True, autoincrement=False),
    Column("workflow", Text),  # that holds it
    Column("next_ms", BigInteger, nullable=False),  # when its next visit may begin
)

schedules = Table(
    "schedules",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("definition", Text, nullable=False),  # JSON, as the log has it
    Column("paused", Boolean, nullable=False),
    Column("changed_at", Text, nullable=False),  # when the last statement that counted was made, as the log has it
    Column("high_ms", BigInteger, nullable=False),  # what was due up to here is planned
    Column("next_ms", BigInteger),  # when it is due next; none when that is not known or never
    Column("next_seq", BigInteger, nullable=False),
    Column("feed", Text),  # JSON: what its server said of the feed last time
    Index("schedules_due", "next_ms"),
)

# The articles of a feed that were queued already, by the SHA-256 of their URLs.
articles = Table(
    "articles",
    metadata,
    Column("schedule", Text, primary_key=True),
    Column("url_sha256", Text, primary_key=True),
)

workers = Table(
    "workers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("beat_ms", BigInteger, nullable=False),
    Column("started_ms", BigInteger, nullable=False),
    Column("machine", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("concurrency", Integer, nullable=False),
    Column("software", Text, nullable=False),
)

# What is to be done outside of the database once what it tells of is certain: statements for the log, and messages.
outbox = Table(
    "outbox",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("kind", Text, nullable=False),  # statement, or event
    Column("body", Text, nullable=False),  # JSON
    Column("attempts", Integer, nullable=False),
    Column("next_ms", BigInteger, nullable=False),
    Index("outbox_next", "next_ms"),
)

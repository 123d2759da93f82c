"""Watching a feed: it is read when it is due, and every article that is new in it is captured once."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from archiver import clock
from archiver.config import Settings
from archiver.errors import ArchiverError, RefusedError, UnreachableError, UsageError
from archiver.feeds.fetch import Fetched, fetch
from archiver.feeds.parse import Feed, parse
from archiver.jobs.database import Database
from archiver.jobs.job import Due, Ended, Job
from archiver.jobs.planner import job_key, options_of
from archiver.jobs.politeness import Politeness, host_of, retry_s
from archiver.jobs.queue import New, Queue
from archiver.jobs.schema import articles, schedules
from archiver.schedules.definition import from_document
from archiver.version import __version__

MAX_NEW = 1000  # articles that one reading queues; what is over waits for the next
_MAX_SITEMAPS = 10  # of an index, the last ones, where the newest stand
_BUSY = (429, 503)


@dataclass
class _Found:
    """What a feed and the sitemaps below it named, in order."""

    urls: dict[str, None] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    state: dict[str, Any] = field(default_factory=dict)


class _BusyError(UnreachableError):
    """The feed's server asks to be left alone for a while."""

    def __init__(self, message: str, pause_s: float | None) -> None:
        super().__init__(message)
        self.pause_s = pause_s


class Watcher:
    """Reads feeds for a worker."""

    def __init__(self, settings: Settings, database: Database, queue: Queue) -> None:
        self._settings = settings
        self._database = database
        self._queue = queue
        self._politeness = Politeness(settings.jobs)

    def read(self, job: Job, attempt: int) -> Ended:
        """Read the feed of a job and queue what is new in it. Never raises but for the database."""
        assert job.due is not None
        base_s = self._settings.jobs.retry_s
        with self._database.transaction() as connection:
            row = self._row(connection, job.due.schedule)
        if row is None:
            return Ended(error="its schedule was removed")
        known = {} if row.feed is None else orjson.loads(row.feed)
        try:
            found = self._gather(job.url, known)
        except _BusyError as error:
            self._note(job.due.schedule, {**known, "error": str(error)})
            return Ended(error=str(error), again_s=retry_s(base_s, attempt), pause_s=error.pause_s or 0.0)
        except (RefusedError, UsageError) as error:
            self._note(job.due.schedule, {**known, "error": str(error)})
            return Ended(error=str(error))
        except ArchiverError as error:
            self._note(job.due.schedule, {**known, "error": str(error)})
            strain = isinstance(error, UnreachableError)
            return Ended(error=str(error), again_s=retry_s(base_s, attempt), strain=strain)
        self._put_in(job, found)
        return Ended()

    def _gather(self, url: str, known: dict[str, Any]) -> _Found:
        fetched = self._fetch(url, known.get("etag"), known.get("last_modified"))
        read_at = clock.rfc3339(clock.now())
        if fetched.body is None:
            return _Found(state={**known, "read_at": read_at, "error": None, "new": 0})
        feed = parse(fetched.body, fetched.content_type, fetched.final_url)
        found = _Found()
        self._take(found, feed, url)
        for sitemap in feed.more[-_MAX_SITEMAPS:]:
            time.sleep(min(self._politeness.of(host_of(sitemap)).delay_s, 60.0))
            again = self._fetch(sitemap, None, None)
            if again.body is not None:
                self._take(found, parse(again.body, again.content_type, again.final_url), sitemap)
        if len(feed.more) > _MAX_SITEMAPS:
            found.notes.append(f"of {len(feed.more)} sitemaps the last {_MAX_SITEMAPS} were read")
        found.state = {"read_at": read_at, "kind": feed.kind, "entries": len(found.urls), "error": None}
        if not feed.more:  # an index that did not change says nothing of what it names
            found.state |= {"etag": fetched.etag, "last_modified": fetched.last_modified}
        return found

    def _fetch(self, url: str, etag: str | None, last_modified: str | None) -> Fetched:
        agent = self._settings.capture.user_agent or f"archiver/{__version__}"
        fetched = fetch(url, self._settings.capture, etag=etag, last_modified=last_modified, user_agent=agent)
        if fetched.status in _BUSY:
            raise _BusyError(f"{url}: the feed's server answered with status {fetched.status}", fetched.retry_after_s)
        return fetched

    def _take(self, found: _Found, feed: Feed, url: str) -> None:
        found.urls.update(dict.fromkeys(entry.url for entry in feed.entries))
        found.notes += [f"{url}: {problem}" for problem in feed.problems]
        if feed.left_out:
            found.notes.append(f"{url}: {feed.left_out} entries stand beyond the limit and were not read")

    def _put_in(self, job: Job, found: _Found) -> None:
        """Queue what is new, oldest first as feeds have the newest first; each is numbered as it comes."""
        assert job.due is not None
        with self._database.transaction() as connection:
            row = self._row(connection, job.due.schedule)
            if row is None:
                return
            definition = from_document(orjson.loads(row.definition))
            new = self._unseen(connection, row.id, list(found.urls))
            later = max(len(new) - MAX_NEW, 0)
            taken = new[-MAX_NEW:][::-1]
            numbers = {url: row.next_seq + number for number, url in enumerate(taken)}
            for url in sorted(taken, key=lambda url: (host_of(url), numbers[url])):
                due = Due(row.id, row.name, numbers[url], job.due.at)
                key = job_key(row.id, row.name, numbers[url], url)
                self._queue.submit(
                    connection, New(url, options_of(definition), key, priority=definition.priority, due=due), key
                )
            if taken:
                connection.execute(
                    articles.insert(), [{"schedule": row.id, "url_sha256": _digest(url)} for url in taken]
                )
            if later:
                found.notes.append(f"{later} more articles are new and wait for the next reading")
                found.state |= {"etag": None, "last_modified": None}
            state = {**found.state, "new": len(taken), "notes": found.notes[:20]}
            connection.execute(
                schedules.update()
                .where(schedules.c.id == row.id)
                .values(next_seq=row.next_seq + len(taken), feed=orjson.dumps(state).decode())
            )

    def _unseen(self, connection: Connection, schedule: str, urls: list[str]) -> list[str]:
        seen = set[str]()
        digests = [_digest(url) for url in urls]
        for at in range(0, len(digests), 500):
            seen.update(
                connection.scalars(
                    sa.select(articles.c.url_sha256).where(
                        articles.c.schedule == schedule, articles.c.url_sha256.in_(digests[at : at + 500])
                    )
                )
            )
        return [url for url, digest in zip(urls, digests, strict=True) if digest not in seen]

    def _note(self, schedule: str, state: dict[str, Any]) -> None:
        with self._database.transaction() as connection:
            connection.execute(
                schedules.update().where(schedules.c.id == schedule).values(feed=orjson.dumps(state).decode())
            )

    def _row(self, connection: Connection, schedule: str) -> Row[Any] | None:
        return connection.execute(
            self._database.locked(sa.select(schedules).where(schedules.c.id == schedule))
        ).one_or_none()


def _digest(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()

"""Watching a feed: it is read when it is due, and every article that is new in it is captured once."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from archiver import clock
from archiver.config import Settings
from archiver.errors import ArchiverError, FeedError, HttpStatusError, RefusedError, UnreachableError, UsageError
from archiver.feeds.fetch import USER_AGENT, Fetched, fetch
from archiver.feeds.parse import Entry, Feed, parse
from archiver.jobs.database import Database
from archiver.jobs.job import Due, Ended, Job
from archiver.jobs.planner import article_key, definition_of, job_key, options_of
from archiver.jobs.politeness import Politeness, host_of, retry_s
from archiver.jobs.queue import New, Queue
from archiver.jobs.schema import articles, schedules

MAX_NEW = 1000  # articles that one reading queues; what is over waits for the next
_MAX_SITEMAPS = 10  # of an index: the newest where it has dates, else half from each end
_BUSY = (429, 503)
_QUEUE_AGAIN_S = 15.0
_MAX_PAUSE_S = 60.0  # between two sitemaps of one index
_MAX_NOTES, _NOTE_CHARACTERS = 20, 500


@dataclass
class _Found:
    """What a feed and the sitemaps below it named, in order, each with its date; `pause_s` is what its server asks for.

    `whole` is whether all that it names now was read, so that nothing is missed when the server says "not modified".
    """

    urls: dict[str, datetime | None] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    state: dict[str, Any] = field(default_factory=dict)
    pause_s: float = 0.0
    whole: bool = True


class _BusyError(UnreachableError):
    """The feed's server asks to be left alone for a while."""

    def __init__(self, message: str, pause_s: float | None) -> None:
        super().__init__(message)
        self.pause_s = pause_s


class Watcher:
    """Reads feeds for a worker, until it is `over`: then no further sitemap is begun."""

    def __init__(
        self, settings: Settings, database: Database, queue: Queue, over: threading.Event | None = None
    ) -> None:
        self._settings = settings
        self._database = database
        self._queue = queue
        self._over = over or threading.Event()
        self._politeness = Politeness(settings.jobs)

    def read(self, job: Job, attempt: int) -> Ended:
        """Read the feed of a job and queue what is new in it. Never raises."""
        try:
            return self._read(job, attempt)
        except ArchiverError as error:  # of the database: it says nothing of the feed
            return Ended(error=str(error), again_s=_QUEUE_AGAIN_S, counts=False)

    def _read(self, job: Job, attempt: int) -> Ended:
        assert job.due is not None
        with self._database.transaction() as connection:
            row = self._row(connection, job.due.schedule)
        if row is None:
            return Ended(error="its schedule was removed")
        if definition_of(row).feed != job.url:
            return Ended(error="its schedule watches something else by now")
        known = {} if row.feed is None else orjson.loads(row.feed)
        if known.get("url") != job.url:
            known = {}  # the schedule watched another feed before; what that one said is nothing to this one
        try:
            found = self._gather(job.url, known)
        except ArchiverError as error:
            self._note(job, known, str(error))
            return _failed(error, self._settings.jobs.retry_s, attempt)
        except Exception as error:  # noqa: BLE001  # a fault of ours with one feed must not cost the others
            said = f"{job.url}: {type(error).__name__}: {error}"
            self._note(job, known, said)
            return Ended(error=said, again_s=retry_s(self._settings.jobs.retry_s, attempt))
        self._put_in(job, found)
        return Ended(pause_s=found.pause_s)

    def _gather(self, url: str, known: dict[str, Any]) -> _Found:
        fetched = self._fetch(url, known.get("etag"), known.get("last_modified"))
        read_at = clock.rfc3339(clock.now())
        if fetched.body is None:
            return _Found(notes=known.get("notes", []), state={**known, "read_at": read_at, "error": None})
        feed = parse(fetched.body, fetched.content_type, fetched.final_url)
        found = _Found()
        self._take(found, feed, url)
        self._read_sitemaps(found, feed)
        found.state = {"url": url, "read_at": read_at, "kind": feed.kind, "entries": len(found.urls), "error": None}
        if found.whole and not feed.more:  # an index that did not change says nothing of what it names
            found.state |= {"etag": fetched.etag, "last_modified": fetched.last_modified}
        return found

    def _fetch(self, url: str, etag: str | None, last_modified: str | None) -> Fetched:
        agent = self._settings.capture.user_agent
        if agent is None or "{" in agent:  # that stands for the version of a browser
            agent = USER_AGENT
        fetched = fetch(url, self._settings.capture, etag=etag, last_modified=last_modified, user_agent=agent)
        if fetched.status in _BUSY:
            raise _BusyError(f"{url}: the feed's server answered with status {fetched.status}", fetched.retry_after_s)
        return fetched

    def _read_sitemaps(self, found: _Found, feed: Feed) -> None:
        """Read the sitemaps that an index names. One that cannot be read does not cost the others.

        Raises the error of the first when none can be read.
        """
        chosen = _newest(feed.more)
        if len(feed.more) > len(chosen):
            found.notes.append(f"of {len(feed.more)} sitemaps {len(chosen)} were read")
        first: ArchiverError | None = None
        read = 0
        for url in chosen:
            if self._over.wait(min(self._politeness.of(host_of(url)).delay_s, _MAX_PAUSE_S)):
                found.notes.append("its worker was told to stop; further sitemaps wait for the next reading")
                return
            try:
                fetched = self._fetch(url, None, None)
                assert fetched.body is not None
                below = parse(fetched.body, fetched.content_type, fetched.final_url)
            except ArchiverError as error:
                first = first or error
                found.notes.append(f"not read: {error}")
                if isinstance(error, _BusyError):
                    found.pause_s = error.pause_s or 0.0
                    break
                continue
            read += 1
            self._take(found, below, url)
            if below.more:
                found.notes.append(f"{url}: is itself an index of sitemaps, which are not read; watch it by itself")
        if first is not None and not read:
            raise first

    def _take(self, found: _Found, feed: Feed, url: str) -> None:
        for entry in feed.entries:
            try:
                host_of(entry.url)
            except UsageError as error:
                found.notes.append(f"not captured: {error}")
            else:
                found.urls.setdefault(entry.url, entry.published)
        found.notes += [f"{url}: {problem}" for problem in feed.problems]
        if feed.problems:
            found.whole = False  # the rest of it may come the next time

    def _put_in(self, job: Job, found: _Found) -> None:
        """Queue what is new, oldest first; each is numbered as it comes."""
        assert job.due is not None
        with self._database.transaction() as connection:
            row = self._row(connection, job.due.schedule)
            if row is None:
                return
            definition = definition_of(row)
            if definition.feed != job.url:
                return  # it watches something else since this was begun
            new = _oldest_first(self._unseen(connection, row.id, list(found.urls)), found.urls)
            later = max(len(new) - MAX_NEW, 0)
            taken = new[:MAX_NEW]
            numbers = {url: row.next_seq + number for number, url in enumerate(taken)}
            self._queue.hold(connection, map(host_of, taken))
            by_host = groupby(sorted(taken, key=lambda url: (host_of(url), numbers[url])), host_of)
            for host, urls in by_host:
                for url in urls:
                    due = Due(row.id, row.name, numbers[url], job.due.at)
                    key = job_key(row.id, row.name, numbers[url], url)
                    new_job = New(url, options_of(definition), key, priority=definition.priority, due=due)
                    self._queue.submit(connection, new_job, key, pump=False)
                self._queue.pump(connection, host)
            if taken:
                connection.execute(
                    articles.insert(), [{"schedule": row.id, "url_sha256": article_key(url)} for url in taken]
                )
            notes = list(found.notes)
            if later:
                notes.insert(0, f"{later} more articles are new and wait for the next reading")
                found.state |= {"etag": None, "last_modified": None}
            shown = [note[:_NOTE_CHARACTERS] for note in notes[:_MAX_NOTES]]
            state = {**found.state, "new": len(taken), "notes": shown}
            connection.execute(
                schedules.update()
                .where(schedules.c.id == row.id)
                .values(next_seq=row.next_seq + len(taken), feed=orjson.dumps(state).decode())
            )

    def _unseen(self, connection: Connection, schedule: str, urls: list[str]) -> list[str]:
        seen = set[str]()
        digests = [article_key(url) for url in urls]
        for at in range(0, len(digests), 500):
            seen.update(
                connection.scalars(
                    sa.select(articles.c.url_sha256).where(
                        articles.c.schedule == schedule, articles.c.url_sha256.in_(digests[at : at + 500])
                    )
                )
            )
        return [url for url, digest in zip(urls, digests, strict=True) if digest not in seen]

    def _note(self, job: Job, known: dict[str, Any], error: str) -> None:
        """Say at its schedule that the feed could not be read; what is known of it stays."""
        assert job.due is not None
        state = {
            **known,
            "url": job.url,
            "error": error[: 2 * _NOTE_CHARACTERS],
            "failed_at": clock.rfc3339(clock.now()),
        }
        with self._database.transaction() as connection:
            connection.execute(
                schedules.update().where(schedules.c.id == job.due.schedule).values(feed=orjson.dumps(state).decode())
            )

    def _row(self, connection: Connection, schedule: str) -> Row[Any] | None:
        return connection.execute(
            self._database.locked(sa.select(schedules).where(schedules.c.id == schedule))
        ).one_or_none()


def _failed(error: ArchiverError, base_s: float, attempt: int) -> Ended:
    """What an error says of the feed, of its host, and of trying again."""
    said, again_s = str(error), retry_s(base_s, attempt)
    if isinstance(error, _BusyError):
        return Ended(error=said, again_s=again_s, pause_s=error.pause_s or 0.0, strain=not error.pause_s)
    if isinstance(error, RefusedError | UsageError):
        return Ended(error=said)  # it would be so the next time
    if isinstance(error, HttpStatusError):
        return Ended(error=said, again_s=again_s, strain=error.status >= 500)
    strain = isinstance(error, UnreachableError) and not isinstance(error, FeedError)
    return Ended(error=said, again_s=again_s, strain=strain)


def _newest(sitemaps: Sequence[Entry]) -> list[str]:
    """Of the sitemaps of an index those that are read, in its order."""
    if len(sitemaps) <= _MAX_SITEMAPS:
        return [each.url for each in sitemaps]
    if any(each.published for each in sitemaps):
        long_ago = datetime.min.replace(tzinfo=UTC)
        chosen = set(sorted(sitemaps, key=lambda each: each.published or long_ago)[-_MAX_SITEMAPS:])
        return [each.url for each in sitemaps if each in chosen]
    half = _MAX_SITEMAPS // 2
    return [each.url for each in (*sitemaps[:half], *sitemaps[-half:])]


def _oldest_first(urls: list[str], dates: Mapping[str, datetime | None]) -> list[str]:
    """By their dates where all have one; else turned round, as feeds have the newest first."""
    long_ago = datetime.min.replace(tzinfo=UTC)
    turned = urls[::-1]
    if any(dates[url] is None for url in urls):
        return turned
    return sorted(turned, key=lambda url: dates[url] or long_ago)

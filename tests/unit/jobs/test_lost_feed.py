"""A queue that was lost knows again what a feed had brought: from the log."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from archiver import clock
from archiver.archive import Archive
from archiver.config import Settings
from archiver.jobs.opening import opened
from archiver.jobs.planner import article_key
from archiver.jobs.schema import articles, schedules
from archiver.schedules.definition import define
from archiver.seal.statement import About, Job, Planned
from tests.support import recorded

_FEED = "https://a.test/feed"


def test_a_lost_queue_goes_on_with_the_numbers_of_a_feed_and_queues_no_article_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archiver.capture.capture.record", recorded.record)
    settings = Settings(archive=str(tmp_path / "archive"))
    with Archive(settings) as archive:
        with opened(archive, settings) as found:
            definition = define("news", {"feed": _FEED, "every": "1h"}, clock.now())
            id_ = found.scheduling.add("news", definition)
            found.scheduling.missed(id_, "news", {"first_seq": 3, "last_seq": 3, "reason": "it was cancelled"})
        for seq in (1, 2):
            planned = Planned(id_, "news", seq, clock.now())
            archive.capture(f"https://a.test/{seq}", about=About(job=Job(f"news.{seq}", 1, planned)))
        archive.capture("https://a.test/by-hand")
        for file in tmp_path.glob("archive/jobs.sqlite*"):
            file.unlink()
        with opened(archive, settings) as found:
            found.scheduling.follow()
            with found.database.transaction() as connection:
                row = connection.execute(sa.select(schedules)).one()
                known = set(connection.scalars(sa.select(articles.c.url_sha256)))
    assert (row.id, row.next_seq) == (id_, 4)
    assert known == {article_key("https://a.test/1"), article_key("https://a.test/2")}

"""The dates of an article: what each of them says, how much that is worth, and which article was there first.

A date says no more than it says. A day, or a time without its zone, may begin up to 14 hours before it does in UTC, and
end as much after: no zone on Earth is further off. So `order` never claims what another zone would turn round.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from archiver.provenance.claim import Place

_FURTHEST = timedelta(hours=14)
_TICK = timedelta(microseconds=1)
_EARLIEST = datetime.min.replace(tzinfo=UTC)
_LATEST = datetime.max.replace(tzinfo=UTC)


class Kind(StrEnum):
    """What happened to the article on its date."""

    CREATED = "created"  # it was begun; published then or later
    PUBLISHED = "published"
    MODIFIED = "modified"  # it was there by then; published then or before


class Method(StrEnum):
    """Where a date was found, the most worth first."""

    JSON_LD = "json-ld"
    META = "meta"
    TIME_ELEMENT = "time-element"
    FEED = "feed"
    SITEMAP = "sitemap"
    VISIBLE = "visible"
    URL = "url"
    LAST_MODIFIED = "last-modified"
    FIRST_CAPTURE = "first-capture"


class Precision(StrEnum):
    """How long the time is that a date means."""

    SECOND = "second"
    MINUTE = "minute"
    DAY = "day"
    MONTH = "month"


class Order(StrEnum):
    """Which of two was first."""

    BEFORE = "before"
    AFTER = "after"
    UNKNOWN = "unknown"


_WORTH = {method: number for number, method in enumerate(Method)}
_KINDS = {Kind.PUBLISHED: 0, Kind.CREATED: 1, Kind.MODIFIED: 2}
_LENGTH = {
    Precision.SECOND: timedelta(seconds=1),
    Precision.MINUTE: timedelta(minutes=1),
    Precision.DAY: timedelta(days=1),
}


@dataclass(frozen=True)
class DateFound:
    """A date as it was found.

    `said` is the date and time as written, without zone. `zone` is the zone as written, None where there is none.
    `offset_min` is that zone in minutes east of UTC, None where there is no zone or its name means several. `place` is
    None where the date is not from the page itself.
    """

    kind: Kind
    method: Method
    said: datetime
    precision: Precision
    zone: str | None
    offset_min: int | None
    passage: str
    place: Place | None = None

    def __post_init__(self) -> None:
        if self.said.tzinfo is not None:
            raise ValueError("the time as written has no zone; that is in `zone` and `offset_min`")
        if self.offset_min is not None and not -24 * 60 < self.offset_min < 24 * 60:
            raise ValueError(f"no zone is {self.offset_min} minutes off UTC")

    @property
    def moment(self) -> datetime | None:
        """The moment in UTC; None of a day or a month, and where no zone says which moment it is."""
        if self.offset_min is None or self.precision in (Precision.DAY, Precision.MONTH):
            return None
        return _moved(self.said.replace(tzinfo=UTC), timedelta(minutes=-self.offset_min))

    @property
    def first(self) -> datetime:
        """The earliest moment that can be meant."""
        begin = self.said.replace(tzinfo=UTC)
        return _moved(begin, -_FURTHEST if self.offset_min is None else timedelta(minutes=-self.offset_min))

    @property
    def last(self) -> datetime:
        """The latest moment that can be meant; it belongs to it."""
        begin = self.said.replace(tzinfo=UTC)
        end = _next_month(begin) if self.precision is Precision.MONTH else _moved(begin, _LENGTH[self.precision])
        return _moved(end, (_FURTHEST if self.offset_min is None else timedelta(minutes=-self.offset_min)) - _TICK)

    def __str__(self) -> str:
        shape = {
            Precision.SECOND: "%Y-%m-%d %H:%M:%S",
            Precision.MINUTE: "%Y-%m-%d %H:%M",
            Precision.DAY: "%Y-%m-%d",
            Precision.MONTH: "%Y-%m",
        }[self.precision]
        written = self.said.strftime(shape)
        if self.precision in (Precision.DAY, Precision.MONTH):
            return written
        return f"{written} {self.zone}" if self.zone else f"{written} (no zone said)"


def order(a: DateFound, b: DateFound) -> Order:
    """Whether the article of `a` was published before that of `b`, whatever the zones that were not said."""
    a_first, a_last = _published(a)
    b_first, b_last = _published(b)
    if a_last < b_first:
        return Order.BEFORE
    return Order.AFTER if b_last < a_first else Order.UNKNOWN


def _published(date: DateFound) -> tuple[datetime, datetime]:
    """The first and the last moment at which the article can have been published, as far as a date tells."""
    # What was changed or captured on a day may have been there for years.
    first = _EARLIEST if date.kind is Kind.MODIFIED or date.method is Method.FIRST_CAPTURE else date.first
    return first, _LATEST if date.kind is Kind.CREATED else date.last


@dataclass(frozen=True)
class Best:
    """The dates of one article by worth, and what contradicts the best of them."""

    published: DateFound | None
    modified: DateFound | None
    ordered: tuple[DateFound, ...]
    conflicts: tuple[DateFound, ...]  # of `ordered`: those that cannot be true together with `published`


def best(dates: Iterable[DateFound]) -> Best:
    """Order dates by the worth of their methods, dates of publication first; none is dropped.

    Of one method the more precise leads, then the one with a zone, then the one found first.
    """
    ordered = tuple(sorted(dates, key=_rank))
    published = next((date for date in ordered if date.kind is Kind.PUBLISHED), None)
    modified = next((date for date in ordered if date.kind is Kind.MODIFIED), None)
    conflicts = tuple(date for date in ordered if published is not None and order(published, date) is not Order.UNKNOWN)
    return Best(published, modified, ordered, conflicts)


def _rank(date: DateFound) -> tuple[int, int, int, bool]:
    return _KINDS[date.kind], _WORTH[date.method], list(Precision).index(date.precision), date.offset_min is None


def _moved(moment: datetime, by: timedelta) -> datetime:
    try:
        return moment + by
    except OverflowError:
        return _LATEST if by > timedelta(0) else _EARLIEST


def _next_month(moment: datetime) -> datetime:
    if moment.month < 12:
        return moment.replace(month=moment.month + 1)
    return moment.replace(year=moment.year + 1, month=1) if moment.year < 9999 else _LATEST

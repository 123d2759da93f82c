"""Between which moments something was sealed, as far as independent time-stamp authorities attest it.

An authority that lies, or whose clock is wrong, must not decide alone: each end is the one that two of them agree on.
So it holds as long as one of the two is honest. Where only one has attested an end it is that one's word, and said so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

#: how many authorities have to attest an end
WANTED = 2


@dataclass(frozen=True)
class Attested:
    """A moment that an authority attests; its accuracy has been taken off or added, whichever claims less."""

    authority: str
    time: datetime


@dataclass(frozen=True)
class Interval:
    """Sealed after the one moment and before the other, by these authorities; None and nobody where none attests it."""

    after: datetime | None = None
    after_by: tuple[str, ...] = ()
    before: datetime | None = None
    before_by: tuple[str, ...] = ()

    @property
    def is_full(self) -> bool:
        """Whether both ends are attested by as many authorities as there should be."""
        return len(self.after_by) >= WANTED and len(self.before_by) >= WANTED

    @property
    def is_possible(self) -> bool:
        return self.after is None or self.before is None or self.after <= self.before


def interval(after: Iterable[Attested], before: Iterable[Attested]) -> Interval:
    """The interval that is attested: what existed `after` moments whose proofs it names, and `before` others.

    Of each authority its narrowest word counts, and of these the second narrowest.
    """
    latest: dict[str, datetime] = {}
    for each in after:
        latest[each.authority] = max(each.time, latest.get(each.authority, each.time))
    earliest: dict[str, datetime] = {}
    for each in before:
        earliest[each.authority] = min(each.time, earliest.get(each.authority, each.time))
    lower = sorted(latest.items(), key=lambda item: item[1], reverse=True)[:WANTED]
    upper = sorted(earliest.items(), key=lambda item: item[1])[:WANTED]
    return Interval(
        lower[-1][1] if lower else None,
        tuple(sorted(name for name, _ in lower)),
        upper[-1][1] if upper else None,
        tuple(sorted(name for name, _ in upper)),
    )


def shifted(moment: datetime, by: timedelta) -> datetime:
    """The moment so much later or earlier, or the last or first there is: a time stamp may say the year 9999."""
    try:
        return moment + by
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC) if by > timedelta() else datetime.min.replace(tzinfo=UTC)


def worded(found: Interval) -> str:
    """The interval for people, in one line."""
    ends = []
    if found.after is not None:
        ends.append(f"after {_moment(found.after)}{_by(found.after_by)}")
    if found.before is not None:
        ends.append(f"before {_moment(found.before, up=True)}{_by(found.before_by)}")
    if not ends:
        return "no time stamp says when it was sealed"
    missing = "" if len(ends) == 2 else ", and no time stamp says since when" if found.after is None else ""
    missing = missing or ("" if found.before is not None else ", and no time stamp says until when")
    return f"sealed {' and '.join(ends)}{missing}"


def _moment(moment: datetime, *, up: bool = False) -> str:
    """To the second, rounded so that no more is claimed than is attested."""
    if up and moment.microsecond:
        moment = shifted(moment, timedelta(seconds=1))
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _by(names: tuple[str, ...]) -> str:
    alone = "" if len(names) >= WANTED else " alone"
    return f" ({' and '.join(names)}{alone})"

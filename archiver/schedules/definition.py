"""What a schedule is: its pages or its feed, when they are due, and how each is captured.

The same document stands in the `schedule` statements of the log, so what was to be captured can be worked out by
whoever verifies it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from archiver import clock
from archiver.errors import UsageError
from archiver.moments import parse_duration, parse_rfc3339
from archiver.urls import parse_capturable

MAX_URLS = 1000
_MAX_URLS_BYTES = 200_000  # a statement has them all
_FIRST_YEAR, _LAST_YEAR = 1970, 9000
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_TOML_DURATIONS = {"every": "every_s", "jitter": "jitter_s"}
_NOT_GIVEN = {"start", *_TOML_DURATIONS.values()}  # a statement has them
_SHORTHANDS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
}


class Missed(StrEnum):
    """What becomes of times that came and went while no worker ran."""

    LATEST = "latest"  # the newest is captured, the others are stated as missed
    ALL = "all"  # every one is captured, however late


def _capturable(url: str) -> str:
    parse_capturable(url)
    return url


class Definition(BaseModel):
    """One schedule. Times are whole seconds apart; `start` is the moment from which on it counts.

    Either `urls` or a `feed` whose new articles are captured once each; either `every_s` or `cron` in the zone `tz`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: datetime
    urls: tuple[Annotated[str, AfterValidator(_capturable)], ...] = ()
    feed: Annotated[str, AfterValidator(_capturable)] | None = None
    every_s: int | None = Field(None, ge=1, le=366 * 86400)
    cron: str | None = Field(None, max_length=200)
    tz: str = "UTC"
    missed: Missed = Missed.LATEST
    jitter_s: int = Field(0, ge=0, le=86400)
    stop_after: datetime | None = None
    trace: bool = False
    profile: str | None = Field(None, max_length=500)
    tag: tuple[Annotated[str, Field(min_length=1, max_length=100)], ...] = Field((), max_length=100)
    case: str | None = Field(None, max_length=1000)
    operator: str | None = Field(None, max_length=1000)
    reason: str | None = Field(None, max_length=1000)
    priority: int = Field(0, ge=-100, le=100)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if bool(self.urls) == (self.feed is not None):
            raise ValueError("give either URLs or a feed")
        if len(self.urls) > MAX_URLS or sum(len(url.encode()) for url in self.urls) > _MAX_URLS_BYTES:
            raise ValueError(f"a schedule takes {MAX_URLS} URLs of {_MAX_URLS_BYTES} bytes in all; make several of it")
        if len(set(self.urls)) != len(self.urls):
            raise ValueError("a URL is given twice")
        if (self.every_s is None) == (self.cron is None):
            raise ValueError("give either an interval (every) or a cron expression")
        if self.tz != "UTC" and self.tz not in available_timezones():
            raise ValueError(f"there is no time zone {self.tz!r}; write it like UTC or Europe/Berlin")
        if self.cron is not None:
            _check_cron(self.cron)
        if self.start.tzinfo is None or (self.stop_after is not None and self.stop_after.tzinfo is None):
            raise ValueError("a time has no zone")
        if not _FIRST_YEAR <= self.start.year <= _LAST_YEAR:
            raise ValueError(f"it starts in the year {self.start.year}, which cannot be")
        if self.start.microsecond % 1000:
            raise ValueError("it starts within a millisecond; whoever plans counts in whole ones")
        return self

    def document(self) -> dict[str, Any]:
        """As it stands in a statement: what is not the default, in JSON's types. `from_document` reads it."""
        values = self.model_dump(mode="json", exclude_defaults=True, exclude={"start", "stop_after"})
        values["start"] = clock.rfc3339(self.start)
        if self.stop_after is not None:
            values["stop_after"] = clock.rfc3339(self.stop_after)
        return values

    def same_as(self, other: Definition) -> bool:
        """Whether both say the same, from whenever each counts."""
        return self.model_copy(update={"start": other.start}) == other


def from_document(document: object) -> Definition:
    """The inverse of `Definition.document`. Raises `ValueError` for what is none."""
    if not isinstance(document, dict):
        raise ValueError("the definition is no object")
    values = dict(document)
    for name in ("start", "stop_after"):
        if isinstance(values.get(name), str):
            values[name] = parse_rfc3339(values[name])
    try:
        return Definition.model_validate(values)
    except (ValidationError, UsageError) as error:
        raise ValueError(_reason(error)) from None


def define(name: str, given: Mapping[str, Any], start: datetime) -> Definition:
    """A schedule as people give it: `every`, `jitter` as durations, `cron` with its shorthands. Raises `UsageError`.

    `name` is only for the message.
    """
    check_name(name)
    values = {key: value for key, value in given.items() if value is not None and value != ()}
    for key in _NOT_GIVEN & values.keys():
        raise UsageError(f"schedule {name}: {key}: there is no such key")
    for key, target in _TOML_DURATIONS.items():
        if key in values:
            values[target] = int(parse_duration(str(values.pop(key))).total_seconds())
    if isinstance(values.get("cron"), str):
        values["cron"] = _SHORTHANDS.get(values["cron"].strip(), " ".join(values["cron"].split()))
    elif "tz" in values:
        raise UsageError(f"schedule {name}: a time zone (tz) is for a cron expression; intervals have none")
    if "start" in values:
        raise UsageError(f"schedule {name}: start: there is no such key; it counts from when it is added")
    try:
        made = Definition(start=start.astimezone(UTC).replace(microsecond=0), **values)
    except (ValidationError, UsageError) as error:
        raise UsageError(f"schedule {name}: {_reason(error)}") from None
    if made.every_s is not None and made.jitter_s > made.every_s:
        raise UsageError(f"schedule {name}: jitter: it must not be longer than the interval (every)")
    return made


def check_name(name: str) -> None:
    """Raises `UsageError` for what cannot name a schedule."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot name a schedule; take up to 64 of a-z, 0-9, dot, dash and underscore, and begin with "
            "a letter or digit"
        )


def cron_of(definition: Definition, after: datetime) -> CronSim:
    """The times of a cron expression after a moment, in its zone. On the days of daylight-saving change as Debian's
    cron: a fixed time that is skipped comes right after the gap, one that comes twice is due once.
    """
    assert definition.cron is not None
    return CronSim(definition.cron, after.astimezone(ZoneInfo(definition.tz)))


def _check_cron(expression: str) -> None:
    if len(expression.split()) != 5:
        raise ValueError(f"{expression!r} is no cron expression: it has five fields, as '0 7 * * *' for every day at 7")
    try:
        next(CronSim(expression, datetime(2024, 1, 1, tzinfo=UTC)))
    except CronSimError as error:
        raise ValueError(
            f"{expression!r} is no cron expression: {str(error)[:1].lower()}{str(error)[1:]}; '0 7 * * *' is every "
            "day at 7"
        ) from None
    except StopIteration:
        raise ValueError(f"the cron expression {expression!r} is never due") from None


def _reason(error: ValidationError | UsageError) -> str:
    if isinstance(error, UsageError):
        return str(error)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    what = "there is no such key" if first["type"] == "extra_forbidden" else first["msg"].removeprefix("Value error, ")
    return f"{where}: {what}" if where else what

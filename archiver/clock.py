"""The only place where "now" is read."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """The current moment, aware, in UTC."""
    return datetime.now(UTC)


def now_ms() -> int:
    """The current moment in milliseconds since the epoch, the scale of the browser's network log."""
    return time.time_ns() // 1_000_000


def rfc3339(moment: datetime) -> str:
    """RFC 3339 in UTC with six fractional digits and `Z`, as WARC/1.1 allows for WARC-Date (section 5.4)."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

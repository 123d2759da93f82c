"""The only place where "now" is read."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """The current moment, aware, in UTC."""
    return datetime.now(UTC)


class Steady:
    """Moments counted from when this was made, which setting the machine's clock does not move: for one capture."""

    def __init__(self) -> None:
        self._offset_ns = time.time_ns() - time.monotonic_ns()

    def now(self) -> datetime:
        return datetime.fromtimestamp((time.monotonic_ns() + self._offset_ns) / 1e9, UTC)

    def now_ms(self) -> int:
        """The current moment in milliseconds since the epoch, the scale of the browser's network log."""
        return (time.monotonic_ns() + self._offset_ns) // 1_000_000

    def changed_s(self) -> float:
        """By how many seconds the machine's clock has been set forward (or back, below 0) meanwhile."""
        return (time.time_ns() - time.monotonic_ns() - self._offset_ns) / 1e9


def rfc3339(moment: datetime) -> str:
    """RFC 3339 in UTC with six fractional digits and `Z`, as WARC/1.1 allows for WARC-Date (section 5.4)."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

"""How often and after which pauses a request is made again."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Policy:
    """At most `attempts` requests. Before the second comes `first_pause_s`, then twice as much each time.

    Half of each pause is random, so that writers that failed at once do not come back at once.
    """

    attempts: int = 6
    first_pause_s: float = 0.2
    longest_pause_s: float = 10.0

    def longest_s(self, attempt: int) -> float:
        """The longest pause before this attempt; the first one has number 0 and no pause."""
        return min(self.first_pause_s * 2.0 ** (attempt - 1), self.longest_pause_s) if attempt else 0.0

    def pause(self, attempt: int) -> None:
        """Wait before this attempt."""
        longest_s = self.longest_s(attempt)
        time.sleep(longest_s / 2 + random.uniform(0, longest_s / 2))  # noqa: S311 — spreads writers, keeps no secret

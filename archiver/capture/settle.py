"""Waiting until a page is quiet, as the network log sees it.

Chromium hands its log on only when 15 events have gathered, so the last ones before a silence would not be seen.
Cookies set in a context of their own, which no page ever sees, make events and so push out what is waiting, without
traffic (decision 0002).
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence

from playwright.async_api import BrowserContext

from archiver.capture.exchanges import OpenExchange
from archiver.capture.recorder import Recorder
from archiver.clock import Steady

_QUIET_MS = 800  # no request in flight and no byte for this long
_FLOOR_MS = 500  # a page gets this long even if nothing happens at all
_PATIENCE_MS = 10_000  # a request that has shown no sign of life for this long (a long poll) is not waited for
_POLL_S = 0.2
_NUDGE_COOKIES = 16


class Settler:
    """Waits for quiet. `nudged` is a browser context of which nothing else is asked."""

    def __init__(self, recorder: Recorder, nudged: BrowserContext, clock: Steady) -> None:
        self._recorder = recorder
        self._clock = clock
        self._nudged = nudged
        self._rounds = itertools.count()

    async def settle(self, budget_s: float) -> Sequence[OpenExchange]:
        """Wait until the page is quiet or the budget is spent; returns the exchanges that were still going on then."""
        began = self._clock.now_ms()
        while True:
            await asyncio.sleep(_POLL_S)
            await self._nudge()
            now = self._clock.now_ms()
            waiting = self._recorder.in_flight(now, _PATIENCE_MS)
            calm_ms = now - max(self._recorder.last_activity_ms, began - _QUIET_MS + _FLOOR_MS)
            if not waiting and calm_ms >= _QUIET_MS:
                return ()
            if now - began > budget_s * 1000:
                return waiting

    async def _nudge(self) -> None:
        value = str(next(self._rounds))
        await self._nudged.add_cookies(
            [{"name": f"nudge{n}", "value": value, "url": "https://nudge.invalid/"} for n in range(_NUDGE_COOKIES)]
        )

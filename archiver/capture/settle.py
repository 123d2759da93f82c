"""Waiting until a page is quiet, as the network log sees it."""

from __future__ import annotations

import asyncio
import time

from archiver.capture.exchanges import OpenExchange
from archiver.capture.recorder import Recorder

_QUIET_MS = 800  # no request in flight and no byte for this long
_FLOOR_MS = 500  # a page gets this long even if nothing happens at all
_PATIENCE_MS = 10_000  # a request that has shown no sign of life for this long (a long poll) is not waited for
_POLL_S = 0.05


async def settle(recorder: Recorder, budget_s: float) -> list[OpenExchange]:
    """Wait until the page is quiet or the budget is spent; returns the exchanges that were still going on then."""
    began = _now_ms()
    while True:
        await asyncio.sleep(_POLL_S)
        now = _now_ms()
        waiting = recorder.in_flight(now, _PATIENCE_MS)
        calm_ms = now - max(recorder.last_activity_ms, began - _QUIET_MS + _FLOOR_MS)
        if not waiting and calm_ms >= _QUIET_MS:
            return []
        if now - began > budget_s * 1000:
            return waiting


def _now_ms() -> int:
    return time.time_ns() // 1_000_000  # compared with the log's times, which are of this clock

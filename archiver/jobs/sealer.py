"""A worker's own time stamps: the log is stamped when that is due, and what lacks time stamps is asked for again."""

from __future__ import annotations

import logging
import threading
import time

from archiver import sealing
from archiver.archive import Archive
from archiver.config import Settings
from archiver.jobs.metrics import Metrics
from archiver.jobs.troubles import Troubles

_EVERY_S = 60.0
_AGAIN_S = 300.0  # after an authority did not answer
_TROUBLE = "time stamps cannot be had"

logger = logging.getLogger("archiver.jobs")


class Sealer:
    """Asks for time stamps, for a worker. It waits for others' servers, so it has a thread of its own."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self._settings = settings
        self._metrics = metrics
        self._troubles = Troubles()

    def run(self, over: threading.Event) -> None:
        """Go on until it is over. Never raises."""
        if not self._settings.authorities:
            return
        next_at = 0.0
        while not over.wait(1.0):
            if time.monotonic() < next_at:
                continue
            next_at = time.monotonic() + (_EVERY_S if self._round() else _AGAIN_S)

    def _round(self) -> bool:
        """Whether everybody who was asked has answered."""
        try:
            with Archive(self._settings) as archive:
                stamper = archive.stamper()
                if stamper is None:
                    return True
                found = sealing.retry(archive, stamper, self._settings)
        except Exception as error:  # noqa: BLE001  # the edge of a thread
            self._troubles.came(_TROUBLE, error)
            return False
        self._troubles.went(_TROUBLE)
        self._metrics.sealed(found)
        if found.failures or found.stamped or found.renewed or found.checkpoint:
            logger.log(
                logging.WARNING if found.failures else logging.INFO,
                "time stamps",
                extra={
                    "stamped": found.stamped,
                    "renewed": found.renewed,
                    "checkpoint": None if found.checkpoint is None else found.checkpoint.checkpoint.size,
                    "waits": found.waits,
                    "failures": list(found.failures.values()),
                },
            )
        return not found.failures

"""Telling of what goes on failing without telling it again and again."""

from __future__ import annotations

import logging
import time

from archiver.errors import ArchiverError

_REMIND_S = 300.0

logger = logging.getLogger("archiver.jobs")


class Troubles:
    """What goes on failing: told when it begins, now and then, and when it is over."""

    def __init__(self) -> None:
        self._told: dict[str, float] = {}

    def came(self, what: str, error: Exception) -> None:
        now = time.monotonic()
        if now - self._told.get(what, -_REMIND_S) < _REMIND_S:
            return
        self._told[what] = now
        said = str(error) if isinstance(error, ArchiverError) else f"{type(error).__name__}: {error}"
        logger.warning(what, extra={"error": said})

    def went(self, what: str) -> None:
        if self._told.pop(what, None) is not None:
            logger.info("it can be done again", extra={"trouble": what})

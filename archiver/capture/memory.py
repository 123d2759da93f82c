"""The cap on the memory of a browser's whole process tree.

A limit of the kernel's on each process (see `launcher`) stops what grows faster than this can look.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from archiver.capture import processes

_EVERY_S = 0.4


class MemoryCap:
    """Looks at the browser's processes again and again and ends the largest renderer when they hold too much.

    That costs the page or frame that grew, and nothing else; without a renderer to end, the browser is ended.
    """

    def __init__(self, directory: Path, limit_bytes: int) -> None:
        self._directory = directory
        self._limit_bytes = limit_bytes
        self.peak_bytes = 0
        self.ended = 0  # processes

    async def watch(self) -> None:
        """Run until cancelled."""
        while True:
            await asyncio.sleep(_EVERY_S)
            await asyncio.to_thread(self._look)

    def _look(self) -> None:
        held = {p: processes.held_bytes(p) for p in processes.session_processes(self._directory)}
        total = sum(held.values())
        self.peak_bytes = max(self.peak_bytes, total)
        if total <= self._limit_bytes:
            return
        renderers = [p for p in held if processes.is_renderer(p)]
        processes.end(max(renderers or held, key=lambda process: held[process]))
        self.ended += 1

"""Chromium's network log, read through a FIFO while the browser writes it.

The file is JSON of a fixed shape: one line of constants, then one event a line. Chromium queues events without limit
when its reader is slow, so lines that nobody wants are dropped by their type before any JSON is parsed.
"""

from __future__ import annotations

import fcntl
import os
import select
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from archiver.errors import BrowserError

_READ_BYTES = 1 << 20
_POLL_MS = 100
_F_SETPIPE_SZ = getattr(fcntl, "F_SETPIPE_SZ", 1031)

#: phase of an event, as in the log's constants
BEGIN, END = "PHASE_BEGIN", "PHASE_END"


@dataclass(frozen=True)
class Event:
    """One event: its type's name, the source it belongs to, its phase, its time in ms since the epoch, its data."""

    name: str
    source: int
    phase: str
    time_ms: int
    params: dict[str, Any]


class NetLog:
    """The FIFO and the thread that reads it.

    `handlers` maps event type names to callables; `wants_bytes(name, source)` decides for the four kinds of
    socket-byte events whether one is worth parsing. An exception in a handler stops the reading and is kept in
    `error`; the FIFO is drained all the same, so that the browser never blocks on it.
    """

    def __init__(
        self,
        path: Path,
        handlers: Mapping[str, Callable[[Event], None]],
        wants_bytes: Callable[[str, int], bool],
        required: frozenset[str],
    ) -> None:
        self._handlers = handlers
        self._wants_bytes = wants_bytes
        self._required = required
        self._head = bytearray()
        self._partial = b""
        self._types: dict[int, tuple[str, Callable[[Event], None], bool]] | None = None
        self._phases: dict[int, str] = {}
        self._offset_ms = 0
        self.net_errors: dict[int, str] = {}  # number -> name, as ERR_CONNECTION_RESET
        self.command_line = ""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="netlog", daemon=True)
        self.error: Exception | None = None
        self.ready = threading.Event()  # the constants have been read
        os.mkfifo(path, 0o600)
        # Opened for both directions: an open for reading alone would block until Chromium opens its end.
        self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            fcntl.fcntl(self._fd, _F_SETPIPE_SZ, _READ_BYTES)
        except OSError:
            pass  # a smaller pipe only costs speed

    def start(self) -> None:
        self._thread.start()

    def finish(self) -> None:
        """Read what is left after the browser has ended, then stop."""
        self._stop.set()
        self._thread.join()
        os.close(self._fd)

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        while True:
            if not poll.poll(_POLL_MS):
                if self._stop.is_set():
                    return
                continue
            data = os.read(self._fd, _READ_BYTES)
            if self.error is None:
                try:
                    self._feed(data)
                except Exception as error:  # noqa: BLE001  # kept for the capture, which reports it; see the class
                    self.error = error
                    self.ready.set()

    def _feed(self, data: bytes) -> None:
        lines = (self._partial + data).split(b"\n")
        self._partial = lines.pop()
        for line in lines:
            if self._types is None:
                self._take_head(line)
            else:
                self._take_line(line)

    def _take_head(self, line: bytes) -> None:
        self._head += line
        if not line.startswith(b'"events"'):
            return
        text = bytes(self._head[: self._head.rindex(b'"events"')]).rstrip().rstrip(b",")
        constants = orjson.loads(text + b"}")["constants"]
        types: dict[str, int] = constants["logEventTypes"]
        missing = sorted(self._required - types.keys())
        if missing:
            version = constants.get("clientInfo", {}).get("version", "of unknown version")
            raise BrowserError(
                f"the network log of this browser ({version}) has no {', '.join(missing)}; use another browser: "
                "set ARCHIVER_CAPTURE__BROWSER to a Chromium of version 150 or later"
            )
        self._types = {
            types[name]: (name, handler, "SOCKET_BYTES" in name)
            for name, handler in self._handlers.items()
            if name in types
        }
        self._phases = {number: name for name, number in constants["logEventPhase"].items()}
        self._offset_ms = int(constants["timeTickOffset"])
        self.net_errors = {number: name for name, number in constants["netError"].items()}
        self.command_line = constants.get("clientInfo", {}).get("command_line", "")
        self._head.clear()
        self.ready.set()

    def _take_line(self, line: bytes) -> None:
        # A line ends in "source":{"id":12,"start_time":"1","type":1},"time":"1","type":2},
        if not line.startswith((b'{"params"', b'{"phase"')) or self._types is None:
            return  # the log ends with other data after the events
        kind_at = line.rfind(b'"type":')
        end = line.find(b"}", kind_at)
        known = self._types.get(int(line[kind_at + 7 : end])) if end > 0 else None
        if known is None:
            return
        name, handler, carries_bytes = known
        if carries_bytes:
            source_at = line.rfind(b'"source":{"id":') + 15
            if not self._wants_bytes(name, int(line[source_at : line.index(b",", source_at)])):
                return
        event = orjson.loads(line[: end + 1])
        handler(
            Event(
                name=name,
                source=event["source"]["id"],
                phase=self._phases.get(event["phase"], ""),
                time_ms=int(event["time"]) + self._offset_ms,
                params=event.get("params") or {},
            )
        )

"""Chromium's network log, read through a FIFO while the browser writes it.

The file is JSON of a fixed shape: one line of constants, then one event a line. Chromium queues events without limit
when its reader is slow, so lines that nobody wants are dropped by their type before any JSON is parsed.
"""

from __future__ import annotations

import fcntl
import os
import select
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from archiver.errors import ArchiverError, BrowserError, StorageError

_READ_BYTES = 1 << 20
_POLL_MS = 100
_F_SETPIPE_SZ = getattr(fcntl, "F_SETPIPE_SZ", 1031)
_MAX_HEAD_BYTES = 1 << 24  # Chromium's constants take about 50 kB
_MAX_LINE_BYTES = 1 << 24  # Chromium's largest events, those with socket bytes, take about 100 kB
_TAIL_BYTES = 512  # of a longer line: enough to see its type and source
_MAX_TIME_MS = 253_402_300_799_999  # the end of the year 9999: later moments cannot be written
_MAX_ID_DIGITS = 18
_EXAMPLES = 3

#: phase of an event, as in the log's constants
BEGIN, END = "PHASE_BEGIN", "PHASE_END"


class UnreadableEventError(Exception):
    """An event of the log is not as it should be. The text names what is wrong and quotes nothing of the event."""


@dataclass(frozen=True)
class Event:
    """One event: its type's name, the source it belongs to, its phase, its time in ms since the epoch, its data.

    `text`, `number` and `texts` give a part of the data, or `otherwise` when it is not there; they raise
    `UnreadableEventError` when it is of another type, or not there and nothing is given `otherwise`.
    """

    name: str
    source: int
    phase: str
    time_ms: int
    params: dict[str, Any]

    def text(self, key: str, otherwise: str | None = None) -> str:
        value = self.params.get(key, otherwise)
        if not isinstance(value, str):
            raise UnreadableEventError(f"{key} is no text")
        return value

    def number(self, key: str, otherwise: int | None = None) -> int:
        return _number(self.params.get(key, otherwise), key)

    def texts(self, key: str, otherwise: Sequence[str] | None = None) -> Sequence[str]:
        value = self.params.get(key, otherwise)
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            raise UnreadableEventError(f"{key} is no list of texts")
        return value

    @property
    def dependency(self) -> int:
        """The other source this event names. Raises `UnreadableEventError` when it names none."""
        value = self.params.get("source_dependency")
        return _number(value.get("id") if isinstance(value, dict) else None, "source_dependency")


def _number(value: object, what: str) -> int:
    if type(value) is not int:
        raise UnreadableEventError(f"{what} is no whole number")
    return value


class NetLog:
    """The FIFO and the thread that reads it.

    `handlers` maps event type names to callables; `wants_bytes(name, source)` decides for the four kinds of
    socket-byte events whether one is worth parsing. A log whose constants cannot be used leaves a `BrowserError` in
    `error`, and nothing is read from it; a body that cannot be written down leaves a `StorageError`. A single event
    that cannot be read, or whose handler raises, is counted in `unreadable`, described in `examples` and told to
    `on_unreadable(name, source)` as far as these can be seen; the reading goes on. The FIFO is drained in any case, so
    that the browser never blocks on it.
    """

    def __init__(
        self,
        path: Path,
        handlers: Mapping[str, Callable[[Event], None]],
        wants_bytes: Callable[[str, int], bool],
        required: frozenset[str],
        on_unreadable: Callable[[str, int], None],
    ) -> None:
        self._handlers = handlers
        self._wants_bytes = wants_bytes
        self._required = required
        self._on_unreadable = on_unreadable
        self._head = bytearray()
        self._partial = bytearray()  # the line that has not ended yet
        self._overlong = False  # that line is longer than is kept: only its tail is
        self._events_ended = False
        self._types: dict[int, tuple[str, Callable[[Event], None], bool]] | None = None
        self._phases: dict[int, str] = {}
        self._offset_ms = 0
        self.net_errors: dict[int, str] = {}  # number -> name, as ERR_CONNECTION_RESET
        self.command_line = ""
        self._folder = path.parent.parent  # where the capture's working directory is
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="netlog", daemon=True)
        self.error: ArchiverError | None = None
        self.restarted = False  # the network process died, and nothing has been read since
        self._began: dict[int, str] = {}  # source -> when it began
        self.unreadable = 0
        self.examples: list[str] = []  # of the first unreadable events: their type, and what is wrong
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
            # Asked before the wait: what was written before finish() must still be seen by it.
            stopping = self._stop.is_set()
            if not poll.poll(_POLL_MS):
                if stopping:
                    return
                continue
            data = os.read(self._fd, _READ_BYTES)
            if self.error is None:
                self.feed(data)

    def feed(self, data: bytes) -> None:
        """Read the next bytes of the log. A last line without its end, as a killed browser leaves it, is not read."""
        begin = 0
        while self.error is None and (end := data.find(b"\n", begin)) >= 0:
            if self._partial or end - begin > _MAX_LINE_BYTES:
                self._add(data[begin:end])
                line, overlong = bytes(self._partial), self._overlong
                self._partial.clear()
                self._overlong = False
                self._end_line(line, overlong=overlong)
            else:
                self._end_line(data[begin:end], overlong=False)
            begin = end + 1
        self._add(data[begin:])

    def _add(self, data: bytes) -> None:
        self._partial += data
        if len(self._partial) > _MAX_LINE_BYTES:
            self._overlong = True
            del self._partial[:-_TAIL_BYTES]

    def _end_line(self, line: bytes, *, overlong: bool) -> None:
        if self._types is not None:
            self._take_line(line, overlong=overlong)
            return
        self._head += line
        if len(self._head) > _MAX_HEAD_BYTES or overlong:
            self._refuse("its constants do not end")
        elif line.startswith(b'"events"'):
            self._take_head()

    def _refuse(self, why: str) -> None:
        self.error = BrowserError(
            f"the network log of this browser cannot be read: {why}; use another browser: "
            "set ARCHIVER_CAPTURE__BROWSER to a Chromium of version 150 or later"
        )
        self._head.clear()
        self.ready.set()

    def _take_head(self) -> None:
        text = bytes(self._head[: self._head.rindex(b'"events"')]).rstrip().rstrip(b",")
        try:
            constants = orjson.loads(text + b"}")["constants"]
            client: dict[str, Any] = constants.get("clientInfo", {})
            types: dict[str, int] = constants["logEventTypes"]
            missing = sorted(self._required - types.keys())
            if missing:
                version = client.get("version", "of unknown version")
                self._refuse(f"version {version} has no {', '.join(missing)}")
                return
            wanted = {
                types[name]: (name, handler, "SOCKET_BYTES" in name)
                for name, handler in self._handlers.items()
                if name in types
            }
            self._phases = {number: name for name, number in constants["logEventPhase"].items()}
            self._offset_ms = int(constants["timeTickOffset"])
            self.net_errors = {number: name for name, number in constants["netError"].items()}
            self.command_line = client.get("command_line", "")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self._refuse(f"its constants are of an unknown shape ({type(error).__name__})")
            return
        self._types = wanted
        self._head.clear()
        self.ready.set()

    def _take_line(self, line: bytes, *, overlong: bool) -> None:
        name = ""
        try:
            if not overlong and not line.startswith((b'{"params"', b'{"phase"')):
                self._pass_over(line)
                return
            # A line ends in "source":{"id":12,"start_time":"1","type":1},"time":"1","type":2},
            kind_at = line.rfind(b'"type":')
            end = line.find(b"}", kind_at)
            # A source has a type as well: only the one after the event's time is the event's.
            whole = line[end:].rstrip(b",]") == b"}" and line.rfind(b'"time":', 0, kind_at) > line.rfind(b'"source":')
            known = self._known(line[kind_at + 7 : end] if whole else b"")
            if known is None:
                return
            name, handler, carries_bytes = known
            source = _source_in(line)
            if carries_bytes and source >= 0 and not self._wants_bytes(name, source):
                return
            if overlong:
                raise UnreadableEventError(f"a line of more than {_MAX_LINE_BYTES} bytes")
            event = self._event(name, line[: end + 1])
            if event is not None:
                handler(event)
        except OSError as error:  # a body could not be written down, and no other will be
            self.error = StorageError(
                f"what the page sends could not be kept in {self._folder}: {error.strerror or error}; "
                "set TMPDIR to a folder with more room"
            )
        except Exception as error:  # noqa: BLE001  # whatever is wrong with one event, the others must be recorded
            self.unreadable += 1
            if len(self.examples) < _EXAMPLES:
                self.examples.append(f"{name or 'an event of unknown type'}: {_described(error)}")
            self._on_unreadable(name, _source_in(line))

    def _known(self, digits: bytes) -> tuple[str, Callable[[Event], None], bool] | None:
        """The name and handler of the event type of this number, and whether it holds socket bytes."""
        assert self._types is not None
        try:
            return self._types.get(int(digits))
        except ValueError:
            raise UnreadableEventError("its end is missing") from None

    def _pass_over(self, line: bytes) -> None:
        """Take a line that is no event: those after the events are other data."""
        # Exactly: what is left of a damaged event may begin with a bracket too.
        if line in (b"]", b"],", b"]}") or line.startswith(b'"polledData"'):
            self._events_ended = True
        elif line and not self._events_ended:
            raise UnreadableEventError("its beginning is missing")

    def _event(self, name: str, line: bytes) -> Event | None:
        """The event of a line; None once another network process has taken the place of the first."""
        try:
            event = orjson.loads(line)
            if self._is_restarted(event["source"]):
                return None
            source, phase, time, params = event["source"]["id"], event["phase"], int(event["time"]), event.get("params")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UnreadableEventError(f"no event of the known shape ({type(error).__name__})") from None
        if not isinstance(params, dict | None):
            raise UnreadableEventError("params is no object")
        time_ms = time + self._offset_ms
        if not 0 <= time_ms <= _MAX_TIME_MS:
            raise UnreadableEventError("time is not of this age")
        phase_name = self._phases.get(_number(phase, "phase"), "")
        return Event(name, _number(source, "source"), phase_name, time_ms, params or {})

    def _is_restarted(self, source: dict[str, Any]) -> bool:
        """Whether the browser's network process has died: the next one numbers its sources from the beginning again.

        What it logs would be taken for more of what the first had logged under the same numbers.
        """
        number, began = source["id"], source.get("start_time")
        if not self.restarted and isinstance(began, str) and began.isdigit() and len(began) <= _MAX_ID_DIGITS:
            self.restarted = int(began) > int(self._began.setdefault(number, began))
        return self.restarted


def _source_in(line: bytes) -> int:
    """The number of the source a line belongs to, seen without parsing it; -1 when it is not to be seen."""
    at = line.rfind(b'"source":{"id":')
    digits = line[at + 15 : line.find(b",", at)] if at >= 0 else b""
    return int(digits) if digits.isdigit() and len(digits) <= _MAX_ID_DIGITS else -1


def _described(error: Exception) -> str:
    """What went wrong, without a word of what was read: an exception's own text may quote it."""
    if isinstance(error, UnreadableEventError):
        return str(error)
    *_, (frame, line) = traceback.walk_tb(error.__traceback__)
    place = f"{frame.f_code.co_name}, {Path(frame.f_code.co_filename).name} line {line}"
    why = f" ({error.strerror})" if isinstance(error, OSError) else ""
    return f"{type(error).__name__}{why} in {place}"

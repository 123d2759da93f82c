"""One exchange while it happens: the heads and bodies of one request and its response, as the wire gave them."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from archiver.capture.http1 import (
    Framing,
    HeadReader,
    ResponseParser,
    field_values,
    length_of,
    mark_dechunked,
    status_of,
)
from archiver.capture.spool import Room, Spool
from archiver.model import Exchange, Result

_MAX_INTERIM_BYTES = 1 << 18  # of all 1xx header blocks of one exchange


def moment(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, UTC)


@dataclass
class OpenExchange:
    """One request on its way. `on_wire` once the browser has sent it; `ended` once nothing more is expected.

    `fault` says what of it could not be read, and is empty when all could.
    """

    number: int
    url: str
    method: str
    directory: Path
    room: Room
    started_ms: int
    initiator: str = ""
    request_type: str = ""
    site: str = ""
    redirect_of: int | None = None
    retry_of: int | None = None

    protocol: str | None = None
    socket: int | None = None
    on_wire: bool = False
    ended_ms: int | None = None
    active_ms: int = 0
    net_error: int = 0
    cancelled: bool = False
    from_cache: bool = False
    internal: bool = False
    logged_status: int | None = None  # what the log's own header event says, to check what the wire gave
    closed: bool = False  # nothing more can come: the capture is over
    fault: str = ""

    request_head: bytes = b""
    response_head: bytes = b""
    request_spool: Spool | None = None
    response_spool: Spool | None = None
    frames_spool: Spool | None = None
    parser: ResponseParser | None = None
    stream_ended: bool = False  # HTTP/2 END_STREAM
    request_ended: bool = False  # the same of the request
    media_type: str = ""
    interim: list[bytes] = field(default_factory=list)
    trailers: bytes = b""
    _dechunked: bool = False
    _interim_bytes: int = 0
    _sent: HeadReader = field(default_factory=HeadReader)
    _request_left: int = 0  # bytes of the HTTP/1.1 request's body that are still to be sent

    @property
    def ended(self) -> bool:
        return self.ended_ms is not None

    @property
    def streaming(self) -> bool:
        """An answer meant to go on for ever, which no page waits for."""
        return self.frames_spool is not None or self.media_type == "text/event-stream"

    @property
    def unreconciled(self) -> bool:
        """Whether the browser logged another answer than the one found on the wire, or one that was not found."""
        return self.logged_status is not None and self.logged_status != (status_of(self.response_head) or 0)

    def spoil(self, fault: str) -> None:
        """Something of this exchange could not be read; the first such thing is the one that is said."""
        self.fault = self.fault or fault

    def add_interim(self, head: bytes) -> None:
        """A header block of status 1xx came; beyond a limit they are left out, which is a fault."""
        self._interim_bytes += len(head)
        if self._interim_bytes <= _MAX_INTERIM_BYTES:
            self.interim.append(head)
        else:
            self.spoil(f"interim answers beyond {_MAX_INTERIM_BYTES} bytes, left out")

    @property
    def limit(self) -> str:
        """Which limit of size cut something of this exchange, if one did."""
        spools = (self.request_spool, self.response_spool, self.frames_spool)
        return next((spool.limit for spool in spools if spool is not None and spool.limit), "")

    # HTTP/1.1: the bytes of the socket between this request and the next one on it

    def begin_http1(self, socket: int) -> None:
        self.protocol, self.socket, self.on_wire = "http/1.1", socket, True
        self.parser = ResponseParser(self.method, self.add_interim, self._head_came, self._body_came)

    def feed_sent(self, data: bytes, time_ms: int) -> bool:
        """Take sent bytes. False when they are not of this request: it ended before."""
        self.active_ms = time_ms
        if self.frames_spool is not None:
            self._add_frames("sent", data, time_ms)
            return True
        if self.request_spool is not None:
            return self._add_request_body(data)
        self._sent.feed(data)
        head = self._sent.take()
        if head is not None:
            self.set_request_head(head)
            # Chromium knows the length of every body it sends over HTTP/1.1, or else sends it in chunks.
            chunked = bool(field_values(head, b"transfer-encoding"))
            self._request_left = sys.maxsize if chunked else length_of(head) or 0
            return self._add_request_body(self._sent.rest())
        if self._sent.overlong:
            self.spoil("the header block of the request is too long")
        return True

    def _add_request_body(self, data: bytes) -> bool:
        assert self.request_spool is not None
        mine = data[: self._request_left]
        self._request_left -= len(mine)
        if mine:
            self.request_spool.write(mine)
        return len(mine) == len(data)

    def feed_received(self, data: bytes, time_ms: int) -> None:
        self.active_ms = time_ms
        if self.frames_spool is not None:
            self._add_frames("received", data, time_ms)
        elif self.parser is not None:
            self.parser.feed(data)
            self.spoil(self.parser.fault)

    def _head_came(self, head: bytes, framing: Framing) -> None:
        self._dechunked = framing is Framing.CHUNKED
        self.set_response_head(mark_dechunked(head) if self._dechunked else head)
        if framing is Framing.UPGRADED:
            self.frames_spool = Spool(self.directory, room=self.room)

    def _body_came(self, data: bytes) -> None:
        if self.frames_spool is not None:
            self._add_frames("received", data, self.active_ms)
        elif self.response_spool is not None:
            self.response_spool.write(data)

    def _add_frames(self, direction: str, data: bytes, time_ms: int) -> None:
        assert self.frames_spool is not None
        line = f'{{"time":"{moment(time_ms).isoformat()}","direction":"{direction}","bytes":"{data.hex()}"}}\n'
        self.frames_spool.write(line.encode())

    # HTTP/2: what the connection's frame readers say about this stream

    def begin_http2(self, socket: int) -> None:
        self.protocol, self.socket, self.on_wire = "h2", socket, True

    def set_request_head(self, head: bytes) -> None:
        self.request_head = head
        self.request_spool = Spool(self.directory, head, self.room)

    def set_response_head(self, head: bytes) -> None:
        self.response_head = head
        self.response_spool = Spool(self.directory, head, self.room)
        values = field_values(head, b"content-type")
        self.media_type = values[-1].partition(b";")[0].strip().lower().decode("latin-1") if values else ""

    # the end

    def finish(self, net_error_name: str | None, refusal: str | None, cached_from: int | None) -> Exchange:
        """The frozen record of this exchange."""
        if self.response_head and not self.request_head:
            self.spoil("the request it answers was not found")
        result, reason = self._judge(net_error_name, refusal)
        if self.parser is not None:
            self.trailers = self.parser.trailers
        return Exchange(
            number=self.number,
            url=self.url,
            method=self.method,
            started_at=moment(self.started_ms),
            ended_at=moment(self.ended_ms) if self.ended_ms is not None else None,
            result=result,
            reason=reason,
            net_error=net_error_name,
            protocol=self.protocol,
            status=status_of(self.response_head),
            request_head=self.request_head or self._sent.rest(),
            request_body=self.request_spool.close() if self.request_spool else None,
            response_head=self.response_head,
            response_body=self.response_spool.close() if self.response_spool else None,
            response_chunked=self._dechunked,
            head_exact=self.protocol == "http/1.1",
            cached_from=cached_from if result is Result.CACHED else None,
            redirect_of=self.redirect_of,
            retry_of=self.retry_of,
            initiator=self.initiator,
            request_type=self.request_type,
            site=self.site,
            media_type=self.media_type,
            interim=tuple(self.interim),
            trailers=self.trailers,
            frames=self.frames_spool.close() if self.frames_spool else None,
        )

    def _judge(self, net_error_name: str | None, refusal: str | None) -> tuple[Result, str]:
        if refusal:
            return Result.REFUSED, refusal
        if self.fault and not self.response_head:
            return Result.FAILED, f"unreadable: {self.fault}"
        if not self.on_wire:
            if self.internal:
                return Result.INTERNAL, "answered by the browser itself (an upgrade to https)"
            if self.from_cache and not self.net_error:
                return Result.CACHED, ""
            if net_error_name == "ERR_CACHE_MISS":
                return Result.INTERNAL, "looked for in the browser's cache only, and not there"
            if self.net_error and not self.closed:
                return Result.FAILED, net_error_name or ""
            if self.closed:
                return Result.FAILED, "not sent before the capture ended"
            return Result.FAILED, "cancelled by the page before it was sent"
        if not self.response_head:
            if self.closed:
                return Result.FAILED, "no answer before the capture ended"
            if self.net_error:
                return Result.FAILED, net_error_name or ""
            if self.cancelled:
                return Result.FAILED, "cancelled by the page before an answer came"
            return Result.FAILED, "connection lost"
        if self.limit:
            return Result.TRUNCATED, f"length: {self.limit}"
        if not self.fault and (self.frames_spool is not None or self.whole):
            return Result.RECORDED, ""
        return Result.TRUNCATED, self._why_cut(net_error_name)

    @property
    def whole(self) -> bool:
        """Whether the answer has come to its end."""
        if self.protocol == "h2":
            return self.stream_ended
        complete = self.parser.complete if self.parser else False
        if complete is None:  # only the end of the connection tells, and the browser saw it
            return self.ended and not self.closed and not self.net_error and not self.cancelled
        return complete

    def _why_cut(self, net_error_name: str | None) -> str:
        if self.fault:
            return f"unspecified: unreadable: {self.fault}"
        if self.closed:
            return "time: still coming when the capture ended"
        if self.net_error:
            return f"disconnect: {net_error_name}"
        if self.cancelled:
            return "unspecified: given up by the page"
        return "unspecified: not read to its end by the browser"

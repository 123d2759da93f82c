"""Exchanges and connections out of the network log's events.

A URL request of the log is one or more exchanges: a redirect, a retry after a lost connection and a second range begin
a new one. Everything stored comes from the plaintext bytes of the sockets; the other events say which request a socket
or HTTP/2 stream was serving, and how the request ended.

How a request finds its bytes, HTTP/1.1: request -> stream job (HTTP_STREAM_REQUEST_BOUND_TO_JOB) -> socket
(SOCKET_POOL_BOUND_TO_SOCKET); between two HTTP_TRANSACTION_SEND_REQUEST_HEADERS a socket serves one exchange. HTTP/2:
HTTP2_SESSION_SEND_HEADERS names the stream and the request or its job.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from archiver.capture import http2
from archiver.capture.exchanges import OpenExchange
from archiver.capture.http1 import status_of
from archiver.capture.netlog import BEGIN, END, Event
from archiver.capture.tls import TlsFacts, tls_facts

_PLAIN = ("SOCKET_BYTES_SENT", "SOCKET_BYTES_RECEIVED")
_TLS = ("SSL_SOCKET_BYTES_SENT", "SSL_SOCKET_BYTES_RECEIVED")
_WEB_SCHEMES = ("http://", "https://", "ws://", "wss://")


@dataclass
class _Socket:
    """What is known of one socket of the browser."""

    local_port: int = 0
    tls: TlsFacts | None = None
    pem_chain: tuple[str, ...] = ()
    taken: bool = False
    byte_events: tuple[str, ...] = ()  # which events hold its plaintext, once it serves something we record
    exchange: OpenExchange | None = None
    session: _Session | None = None


@dataclass
class _Verification:
    """What the browser's certificate verifier said of a chain that a host presented."""

    host: str
    chain: tuple[str, ...]
    net_error: int | None = None  # 0: accepted; None: no answer yet


class _Direction:
    """Hands one direction of an HTTP/2 connection to the exchanges of its streams."""

    def __init__(self, session: _Session, *, sent: bool) -> None:
        self._session = session
        self._sent = sent
        self.time_ms = 0

    def _find(self, stream: int) -> OpenExchange | None:
        exchange = self._session.streams.get(stream)
        if exchange is not None:
            exchange.active_ms = self.time_ms
        return exchange

    def on_fields(self, stream: int, fields: http2.Fields) -> None:
        exchange = self._find(stream)
        if exchange is None:
            return
        status = http2.status_of(fields)
        if self._sent:
            exchange.set_request_head(http2.request_head(fields))
        elif 100 <= status < 200:
            exchange.interim.append(http2.response_head(fields))
        elif status:
            exchange.set_response_head(http2.response_head(fields))
        else:
            exchange.trailers = http2.field_lines(fields)

    def on_data(self, stream: int, data: bytes) -> None:
        exchange = self._find(stream)
        if exchange is None:
            return
        spool = exchange.request_spool if self._sent else exchange.response_spool
        if spool is not None:
            spool.write(data)

    def on_end(self, stream: int) -> None:
        exchange = self._find(stream)
        if exchange is not None and not self._sent:
            exchange.stream_ended = True

    def on_reset(self, stream: int) -> None:
        exchange = self._find(stream)
        if exchange is not None:
            exchange.stream_reset = True


class _Session:
    """One HTTP/2 connection."""

    def __init__(self) -> None:
        self.streams: dict[int, OpenExchange] = {}
        self._directions = {sent: _Direction(self, sent=sent) for sent in (True, False)}
        self._readers = {sent: http2.FrameReader(d, sent=sent) for sent, d in self._directions.items()}

    def feed(self, data: bytes, time_ms: int, *, sent: bool) -> None:
        self._directions[sent].time_ms = time_ms
        self._readers[sent].feed(data)


@dataclass
class _Request:
    """One URL request of the log and its exchanges so far."""

    exchanges: list[OpenExchange] = field(default_factory=list)
    job: int | None = None


class Recorder:
    """Feed it events through `handlers`; read `exchanges` when the log has ended.

    `in_flight(now_ms, patience_ms)` and `last_activity_ms` may be asked from another thread meanwhile.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._requests: dict[int, _Request] = {}
        self._sockets: dict[int, _Socket] = {}
        self._sessions: dict[int, int] = {}  # HTTP/2 session source -> socket source
        self._job_sockets: dict[int, int] = {}
        self._job_requests: dict[int, int] = {}
        self._verifications: dict[int, _Verification] = {}
        self.exchanges: list[OpenExchange] = []
        self.last_activity_ms = 0
        self.handlers: dict[str, Callable[[Event], None]] = {
            "URL_REQUEST_START_JOB": self._start_job,
            "HTTP_STREAM_REQUEST_BOUND_TO_JOB": self._bound_to_job,
            "HTTP_STREAM_JOB_BOUND_TO_REQUEST": self._job_bound,
            "SOCKET_POOL_BOUND_TO_SOCKET": self._socket_bound,
            "HTTP_TRANSACTION_SEND_REQUEST_HEADERS": self._send_http1,
            "HTTP2_SESSION_INITIALIZED": self._session_begins,
            "HTTP2_SESSION_SEND_HEADERS": self._send_http2,
            "HTTP_TRANSACTION_READ_RESPONSE_HEADERS": self._answered,
            "HTTP_CACHE_READ_INFO": self._from_cache,
            "URL_REQUEST_FAKE_RESPONSE_HEADERS_CREATED": self._internal,
            "CANCELLED": self._cancelled,
            "FAILED": self._failed,
            "REQUEST_ALIVE": self._request_ended,
            "HTTP_TRANSACTION_RESTART_AFTER_ERROR": self._restarted,
            "TCP_CONNECT": self._tcp_connected,
            "SSL_CONNECT": self._tls_connected,
            "SSL_CERTIFICATES_RECEIVED": self._certificates,
            "CERT_VERIFIER_JOB": self._verified,
            **dict.fromkeys((*_PLAIN, *_TLS), self._bytes),
        }

    #: events without which nothing could be recorded; the browser is refused when its log does not know them
    required = frozenset(
        {
            "URL_REQUEST_START_JOB",
            "HTTP_STREAM_REQUEST_BOUND_TO_JOB",
            "SOCKET_POOL_BOUND_TO_SOCKET",
            "HTTP_TRANSACTION_SEND_REQUEST_HEADERS",
            "HTTP_TRANSACTION_READ_RESPONSE_HEADERS",
            "HTTP2_SESSION_INITIALIZED",
            "HTTP2_SESSION_SEND_HEADERS",
            "REQUEST_ALIVE",
            *_PLAIN,
            *_TLS,
        }
    )

    def wants_bytes(self, name: str, source: int) -> bool:
        socket = self._sockets.get(source)
        return socket is not None and name in socket.byte_events

    def take_socket(self, local_port: int) -> tuple[int, _Socket] | None:
        """The first socket that connected from this local port and was not yet taken."""
        for number, socket in self._sockets.items():
            if socket.local_port == local_port and not socket.taken:
                socket.taken = True
                return number, socket
        return None

    def verdict(self, host: str, chain: tuple[str, ...]) -> int | None:
        """The net error the verifier gave for this chain from this host, 0 when it accepted it, None if not known.

        By host and chain, not by socket: what was verified once is not verified again for a second socket.
        """
        found = [v.net_error for v in self._verifications.values() if (v.host, v.chain) == (host, chain)]
        return next((error for error in reversed(found) if error is not None), None)

    def in_flight(self, now_ms: int, patience_ms: int) -> list[OpenExchange]:
        """Exchanges a page may still be waiting for: begun, not ended, not streams, active not too long ago."""
        return [
            e
            for e in tuple(self.exchanges)
            if not e.ended and not e.streaming and not self.is_own(e) and now_ms - e.active_ms < patience_ms
        ]

    @staticmethod
    def is_own(exchange: OpenExchange) -> bool:
        """Whether the browser itself asked, not a page: no origin initiated it and no frame navigates by it."""
        return exchange.initiator == "not an origin" and exchange.request_type == "other"

    def _note_activity(self, exchange: OpenExchange, time_ms: int) -> None:
        """Something happened that a page may be waiting for; streams go on for ever, and no page waits for them."""
        if not exchange.streaming and not self.is_own(exchange):
            self.last_activity_ms = time_ms

    # requests

    def _start_job(self, event: Event) -> None:
        if event.phase != BEGIN or "url" not in event.params:
            return
        params = event.params
        if not params["url"].startswith(_WEB_SCHEMES):
            return
        request = self._requests.setdefault(event.source, _Request())
        previous = request.exchanges[-1] if request.exchanges else None
        if previous is not None:
            previous.ended_ms = event.time_ms
        self._open(request, event, params, redirect_of=previous.number if previous else None)

    def _open(
        self,
        request: _Request,
        event: Event,
        params: dict[str, Any],
        *,
        redirect_of: int | None = None,
        retry_of: int | None = None,
    ) -> OpenExchange:
        exchange = OpenExchange(
            number=len(self.exchanges),
            url=params["url"],
            method=params.get("method", "GET"),
            directory=self._directory,
            started_ms=event.time_ms,
            active_ms=event.time_ms,
            initiator=params.get("initiator", ""),
            request_type=params.get("request_type", ""),
            site=params.get("network_isolation_key", ""),
            redirect_of=redirect_of,
            retry_of=retry_of,
        )
        request.exchanges.append(exchange)
        self.exchanges.append(exchange)
        self._note_activity(exchange, event.time_ms)
        return exchange

    def _current(self, source: int) -> OpenExchange | None:
        request = self._requests.get(source)
        return request.exchanges[-1] if request else None

    def _sending(self, source: int, event: Event) -> OpenExchange | None:
        """The exchange that a request which is being sent belongs to: a new one if the current was sent before."""
        exchange = self._current(source)
        if exchange is None or not exchange.on_wire:
            return exchange
        exchange.ended_ms = exchange.ended_ms or event.time_ms
        params = {
            "url": exchange.url,
            "method": exchange.method,
            "initiator": exchange.initiator,
            "request_type": exchange.request_type,
            "network_isolation_key": exchange.site,
        }
        retry_of = None if exchange.response_head else exchange.number
        return self._open(self._requests[source], event, params, retry_of=retry_of)

    def _answered(self, event: Event) -> None:
        exchange = self._current(event.source)
        headers = event.params.get("headers") or [""]
        if exchange is not None:
            # A status line that is not ASCII is shown with a mark of the log's own before it.
            line = headers[0][max(0, headers[0].find("HTTP/")) :]
            exchange.logged_status = status_of(line.encode("utf-8", "replace")) or 0

    def _from_cache(self, event: Event) -> None:
        exchange = self._current(event.source)
        if exchange is not None:
            exchange.from_cache = True

    def _internal(self, event: Event) -> None:
        exchange = self._current(event.source)
        if exchange is not None:
            exchange.internal = True

    def _cancelled(self, event: Event) -> None:
        exchange = self._current(event.source)
        if exchange is not None:
            exchange.cancelled = True

    def _failed(self, event: Event) -> None:
        exchange = self._current(event.source)
        if exchange is not None:
            exchange.net_error = event.params.get("net_error", 0)

    def _restarted(self, event: Event) -> None:
        exchange = self._current(event.source)
        if exchange is not None and not exchange.response_head:
            exchange.net_error = event.params.get("net_error", 0)
            exchange.ended_ms = event.time_ms

    def _request_ended(self, event: Event) -> None:
        if event.phase != END:
            return
        exchange = self._current(event.source)
        if exchange is not None:
            exchange.ended_ms = event.time_ms
            exchange.net_error = exchange.net_error or event.params.get("net_error", 0)
            self._note_activity(exchange, event.time_ms)

    # which socket or stream serves a request

    def _bound_to_job(self, event: Event) -> None:
        request = self._requests.get(event.source)
        job = event.params["source_dependency"]["id"]
        self._job_requests[job] = event.source
        if request is not None:
            request.job = job

    def _job_bound(self, event: Event) -> None:
        self._job_requests[event.source] = event.params["source_dependency"]["id"]

    def _socket_bound(self, event: Event) -> None:
        self._job_sockets[event.source] = event.params["source_dependency"]["id"]

    def _send_http1(self, event: Event) -> None:
        exchange = self._sending(event.source, event)
        if exchange is None:
            return
        job = self._requests[event.source].job
        number = self._job_sockets.get(job) if job is not None else None
        if number is None:
            return
        socket = self._sockets.setdefault(number, _Socket())
        socket.byte_events = _TLS if exchange.url.startswith(("https://", "wss://")) else _PLAIN
        socket.exchange = exchange
        exchange.begin_http1(number)

    def _session_begins(self, event: Event) -> None:
        number = event.params["source_dependency"]["id"]
        self._sessions[event.source] = number
        socket = self._sockets.setdefault(number, _Socket())
        socket.session = _Session()
        socket.byte_events = _TLS

    def _send_http2(self, event: Event) -> None:
        number = self._sessions.get(event.source)
        dependency = event.params.get("source_dependency", {}).get("id")
        if dependency not in self._requests:
            dependency = self._job_requests.get(dependency)
        if number is None or dependency not in self._requests:
            return
        exchange = self._sending(dependency, event)
        session = self._sockets[number].session
        if exchange is not None and session is not None:
            exchange.begin_http2(number)
            session.streams[event.params["stream_id"]] = exchange

    # sockets

    def _bytes(self, event: Event) -> None:
        text = event.params.get("bytes")
        if not text:
            return
        socket = self._sockets[event.source]
        data = base64.b64decode(text)
        sent = event.name.endswith("SENT")
        if socket.exchange is not None:
            self._note_activity(socket.exchange, event.time_ms)
        if socket.session is not None:
            socket.session.feed(data, event.time_ms, sent=sent)
        elif socket.exchange is not None and sent:
            socket.exchange.feed_sent(data, event.time_ms)
        elif socket.exchange is not None:
            socket.exchange.feed_received(data, event.time_ms)

    def _tcp_connected(self, event: Event) -> None:
        local = event.params.get("local_address", "")
        if event.phase == END and local:
            self._sockets.setdefault(event.source, _Socket()).local_port = int(local.rpartition(":")[2])

    def _tls_connected(self, event: Event) -> None:
        if event.phase == END and "version" in event.params:
            self._sockets.setdefault(event.source, _Socket()).tls = tls_facts(event.params)

    def _certificates(self, event: Event) -> None:
        chain = tuple(event.params.get("certificates", ()))
        self._sockets.setdefault(event.source, _Socket()).pem_chain = chain

    def _verified(self, event: Event) -> None:
        if event.phase == BEGIN:
            chain = tuple(event.params.get("certificates", ()))
            self._verifications[event.source] = _Verification(event.params.get("host", ""), chain)
        elif "cert_status" in event.params and event.source in self._verifications:  # one that was broken off has none
            self._verifications[event.source].net_error = event.params.get("net_error", 0)

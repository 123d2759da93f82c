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
import binascii
import re
import ssl
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from archiver.capture import http2
from archiver.capture.exchanges import OpenExchange
from archiver.capture.http1 import status_of
from archiver.capture.netlog import BEGIN, END, Event, UnreadableEventError
from archiver.capture.spool import Room
from archiver.capture.tls import TlsFacts, tls_facts

_PLAIN = ("SOCKET_BYTES_SENT", "SOCKET_BYTES_RECEIVED")
_TLS = ("SSL_SOCKET_BYTES_SENT", "SSL_SOCKET_BYTES_RECEIVED")
_WEB_SCHEMES = ("http://", "https://", "ws://", "wss://")


@dataclass
class _Socket:
    """What is known of one socket of the browser."""

    tls: TlsFacts | None = None
    pem_chain: tuple[str, ...] = ()
    byte_events: tuple[str, ...] = ()  # which events hold its plaintext, once it serves something we record
    exchange: OpenExchange | None = None
    session: _Session | None = None
    local_port: int = 0


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
        if self._sent:
            if exchange.request_head:
                exchange.spoil("a second header block of the request")
            else:
                exchange.set_request_head(http2.request_head(fields))
        elif not exchange.stream_ended:
            self._take_answer(exchange, fields)

    @staticmethod
    def _take_answer(exchange: OpenExchange, fields: http2.Fields) -> None:
        status = http2.status_of(fields)
        if exchange.response_head:
            if status or exchange.trailers:
                exchange.spoil("a second header block after the answer's")
            else:
                exchange.trailers = http2.field_lines(fields)
        elif 100 <= status < 200:
            exchange.add_interim(http2.response_head(fields))
        elif status:
            exchange.set_response_head(http2.response_head(fields))
        else:
            exchange.spoil("an answer without a status")

    def on_data(self, stream: int, data: bytes) -> None:
        exchange = self._find(stream)
        if exchange is None or (exchange.stream_ended and not self._sent):
            return
        spool = exchange.request_spool if self._sent else exchange.response_spool
        if spool is None:
            exchange.spoil("a body without a header block")
        else:
            spool.write(data)

    def on_end(self, stream: int) -> None:
        exchange = self._find(stream)
        if exchange is None:
            return
        if self._sent:
            exchange.request_ended = True
        else:
            exchange.stream_ended = True

    def on_reset(self, stream: int) -> None:
        self._find(stream)

    def on_fault(self, stream: int, fault: str) -> None:
        exchange = self._find(stream)
        if exchange is not None:
            exchange.spoil(fault)


class _Session:
    """One HTTP/2 connection. What breaks one direction of it spoils the exchanges that were not through it yet."""

    def __init__(self) -> None:
        self.streams: dict[int, OpenExchange] = {}
        self._directions = {sent: _Direction(self, sent=sent) for sent in (True, False)}
        self._readers = {sent: http2.FrameReader(d, sent=sent) for sent, d in self._directions.items()}

    def begin(self, stream: int, exchange: OpenExchange) -> None:
        self.streams[stream] = exchange
        for reader in self._readers.values():
            exchange.spoil(reader.fault)

    def feed(self, data: bytes, time_ms: int, *, sent: bool) -> None:
        reader = self._readers[sent]
        was_fit = not reader.fault
        self._directions[sent].time_ms = time_ms
        reader.feed(data)
        if was_fit and reader.fault:
            self._spoil_all(reader.fault, sent=sent)

    def break_off(self, fault: str, *, sent: bool) -> None:
        """Bytes of this direction are missing: the ones after them cannot be understood."""
        if not self._readers[sent].fault:
            self._readers[sent].break_off(fault)
            self._spoil_all(fault, sent=sent)

    def _spoil_all(self, fault: str, *, sent: bool) -> None:
        for exchange in self.streams.values():
            if not (exchange.request_ended if sent else exchange.stream_ended):
                exchange.spoil(fault)


@dataclass
class _Request:
    """One URL request of the log and its exchanges so far."""

    exchanges: list[OpenExchange] = field(default_factory=list)
    job: int | None = None
    fault: str = ""  # an event of it that could not be read: what it does from then on may be told wrongly


@dataclass(frozen=True)
class _Asked:
    """What a page asked for, as the beginning of a request's job tells it."""

    url: str
    method: str
    initiator: str
    request_type: str
    site: str

    @classmethod
    def of(cls, event: Event) -> _Asked:
        return cls(
            url=event.text("url"),
            method=event.text("method", "GET"),
            initiator=event.text("initiator", ""),
            request_type=event.text("request_type", ""),
            site=event.text("network_isolation_key", ""),
        )


class Recorder:
    """Feed it events through `handlers`; read `exchanges` when the log has ended.

    Handlers raise `UnreadableEventError` for events that are not as they should be, before they change anything;
    tell `lose` of these and of those that could not be read at all.

    `in_flight(now_ms, patience_ms)`, `streaming_ports()` and `last_activity_ms` may be asked from another thread
    meanwhile.
    """

    def __init__(self, directory: Path, room: Room) -> None:
        self._directory = directory
        self._room = room
        self._requests: dict[int, _Request] = {}
        self._sockets: dict[int, _Socket] = {}
        self._sessions: dict[int, int] = {}  # HTTP/2 session source -> socket source
        self._job_sockets: dict[int, int] = {}
        self._job_requests: dict[int, int] = {}
        self._ports: defaultdict[int, deque[int]] = defaultdict(deque)  # local port -> sockets, in order, not yet taken
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
        waiting = self._ports.get(local_port)
        if not waiting:
            return None
        number = waiting.popleft()
        return number, self._sockets[number]

    def lose(self, name: str, source: int) -> None:
        """An event of this type and source could not be read: what hangs on it is spoiled. Raises nothing.

        `name` is empty and `source` -1 when they are not known.
        """
        fault = f"an event {name or 'of unknown type'} of the network log"
        socket = self._sockets.get(source)
        request = self._requests.get(source)
        if socket is not None and (name in socket.byte_events or not name):
            # An event of unknown type may have held bytes of either direction.
            if socket.session is not None:
                for sent in (True, False):
                    if not name or name.endswith("SENT") is sent:
                        socket.session.break_off(fault, sent=sent)
            elif socket.exchange is not None:
                if not socket.exchange.whole:
                    socket.exchange.spoil(fault)
                socket.exchange = None
        elif request is not None:
            request.fault = request.fault or fault
            if not request.exchanges[-1].whole:
                request.exchanges[-1].spoil(fault)

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

    def streaming_ports(self) -> set[int]:
        """The local ports of the sockets that carry an answer meant to go on for ever, and still do."""
        streams = [e for e in tuple(self.exchanges) if e.streaming and not e.ended]
        sockets = (self._sockets.get(e.socket) for e in streams if e.socket is not None)
        return {socket.local_port for socket in sockets if socket is not None and socket.local_port}

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
        if event.phase != BEGIN:
            return
        asked = _Asked.of(event)
        if not asked.url.startswith(_WEB_SCHEMES):
            return
        request = self._requests.setdefault(event.source, _Request())
        previous = request.exchanges[-1] if request.exchanges else None
        if previous is not None:
            previous.ended_ms = event.time_ms
        self._open(request, event, asked, redirect_of=previous.number if previous else None)

    def _open(
        self,
        request: _Request,
        event: Event,
        asked: _Asked,
        *,
        redirect_of: int | None = None,
        retry_of: int | None = None,
    ) -> OpenExchange:
        exchange = OpenExchange(
            number=len(self.exchanges),
            url=asked.url,
            method=asked.method,
            directory=self._directory,
            room=self._room,
            started_ms=event.time_ms,
            active_ms=event.time_ms,
            initiator=asked.initiator,
            request_type=asked.request_type,
            site=asked.site,
            redirect_of=redirect_of,
            retry_of=retry_of,
        )
        exchange.spoil(request.fault)
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
        asked = _Asked(exchange.url, exchange.method, exchange.initiator, exchange.request_type, exchange.site)
        retry_of = None if exchange.response_head else exchange.number
        return self._open(self._requests[source], event, asked, retry_of=retry_of)

    def _answered(self, event: Event) -> None:
        exchange = self._current(event.source)
        headers = event.texts("headers", ()) or ("",)
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
            exchange.net_error = event.number("net_error", 0)

    def _restarted(self, event: Event) -> None:
        exchange = self._current(event.source)
        if exchange is not None and not exchange.response_head:
            exchange.net_error = event.number("net_error", 0)
            exchange.ended_ms = event.time_ms

    def _request_ended(self, event: Event) -> None:
        if event.phase != END:
            return
        exchange = self._current(event.source)
        if exchange is not None:
            exchange.net_error = exchange.net_error or event.number("net_error", 0)
            exchange.ended_ms = event.time_ms
            self._note_activity(exchange, event.time_ms)

    # which socket or stream serves a request

    def _bound_to_job(self, event: Event) -> None:
        job = event.dependency
        self._job_requests[job] = event.source
        request = self._requests.get(event.source)
        if request is not None:
            request.job = job

    def _job_bound(self, event: Event) -> None:
        self._job_requests[event.source] = event.dependency

    def _socket_bound(self, event: Event) -> None:
        self._job_sockets[event.source] = event.dependency

    def _send_http1(self, event: Event) -> None:
        exchange = self._sending(event.source, event)
        if exchange is None:
            return
        job = self._requests[event.source].job
        number = self._job_sockets.get(job) if job is not None else None
        if number is None:
            raise UnreadableEventError("it names no connection that was seen")
        socket = self._sockets.setdefault(number, _Socket())
        socket.byte_events = _TLS if exchange.url.startswith(("https://", "wss://")) else _PLAIN
        socket.exchange = exchange
        exchange.begin_http1(number)

    def _session_begins(self, event: Event) -> None:
        number = event.dependency
        self._sessions[event.source] = number
        socket = self._sockets.setdefault(number, _Socket())
        if socket.session is None:
            socket.session = _Session()
        socket.byte_events = _TLS

    def _send_http2(self, event: Event) -> None:
        dependency, stream = event.dependency, event.number("stream_id")
        if dependency not in self._requests:
            dependency = self._job_requests.get(dependency, -1)
        if dependency not in self._requests:
            return
        number = self._sessions.get(event.source)
        session = self._sockets[number].session if number is not None else None
        if number is None or session is None:
            self.lose(event.name, dependency)
            raise UnreadableEventError("it names no connection that was seen")
        if stream in session.streams:
            raise UnreadableEventError("stream_id was there before")
        exchange = self._sending(dependency, event)
        if exchange is not None:
            exchange.begin_http2(number)
            session.begin(stream, exchange)

    # sockets

    def _bytes(self, event: Event) -> None:
        text = event.text("bytes", "")
        socket = self._sockets.get(event.source)
        if not text or socket is None:
            return
        try:
            data = base64.b64decode(text, validate=True)
        except binascii.Error:
            raise UnreadableEventError("bytes is not in Base64") from None
        if len(data) != event.number("byte_count", len(data)):
            raise UnreadableEventError("bytes is not as long as byte_count says")
        sent = event.name.endswith("SENT")
        if socket.exchange is not None:
            self._note_activity(socket.exchange, event.time_ms)
        if socket.session is not None:
            socket.session.feed(data, event.time_ms, sent=sent)
        elif socket.exchange is not None and sent:
            if not socket.exchange.feed_sent(data, event.time_ms):
                raise UnreadableEventError("bytes were sent that are of no known request")
        elif socket.exchange is not None:
            socket.exchange.feed_received(data, event.time_ms)

    def _tcp_connected(self, event: Event) -> None:
        local = event.text("local_address", "")
        if event.phase != END or not local:
            return
        port = local.rpartition(":")[2]
        if not re.fullmatch("[0-9]{1,5}", port):
            raise UnreadableEventError("local_address has no port")
        self._sockets.setdefault(event.source, _Socket()).local_port = int(port)
        self._ports[int(port)].append(event.source)

    def _tls_connected(self, event: Event) -> None:
        if event.phase != END or "version" not in event.params:
            return
        event.text("version")
        event.text("next_proto", "")
        event.number("cipher_suite", 0)
        self._sockets.setdefault(event.source, _Socket()).tls = tls_facts(event.params)

    def _certificates(self, event: Event) -> None:
        chain = tuple(event.texts("certificates", ()))
        try:
            for pem in chain:
                ssl.PEM_cert_to_DER_cert(pem)
        except ValueError:
            raise UnreadableEventError("certificates holds something else") from None
        self._sockets.setdefault(event.source, _Socket()).pem_chain = chain

    def _verified(self, event: Event) -> None:
        if event.phase == BEGIN:
            chain = tuple(event.texts("certificates", ()))
            self._verifications[event.source] = _Verification(event.text("host", ""), chain)
        elif "cert_status" in event.params and event.source in self._verifications:  # one that was broken off has none
            self._verifications[event.source].net_error = event.number("net_error", 0)

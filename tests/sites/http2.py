"""HTTP/2 through hyper-h2: streams answered at once, bodies sent as far as flow control allows."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RequestReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)
from h2.exceptions import ProtocolError

from tests.sites.model import (
    Fields,
    Handler,
    Ledger,
    Peer,
    Request,
    Response,
    Served,
    first,
    host_name,
    pieces,
)

# Fields of HTTP/1.1's connections; sending them on HTTP/2 is a protocol error.
_OF_CONNECTIONS = (b"connection", b"keep-alive", b"transfer-encoding", b"upgrade")

# Nothing is normalised in either direction: the log must tell what really went over the wire
# (otherwise h2 would, for one, join the Cookie fields that browsers send apart).
_CONFIG = H2Configuration(
    client_side=False,
    header_encoding=None,
    normalize_inbound_headers=False,
    normalize_outbound_headers=False,
    validate_outbound_headers=False,
)


@dataclass
class _Stream:
    served: Served
    body: list[bytes] = field(default_factory=list)
    task: asyncio.Task[None] | None = None


def _as_bytes(fields: object) -> Fields:
    assert isinstance(fields, list)
    return [(bytes(name), bytes(value)) for name, value in fields]


def response_fields(response: Response) -> Fields:
    """The fields as HTTP/2 has them: :status first, names in lower case, none of the connection's."""
    fields = [(b":status", b"%d" % response.status)]
    for name, value in response.fields:
        if name.lower() not in _OF_CONNECTIONS:
            fields.append((name.lower(), value))
    length = response.content_length
    if length == "auto" and isinstance(response.body, bytes) and response.status not in (204, 304):
        length = len(response.body)
    if isinstance(length, int):
        fields.append((b"content-length", b"%d" % length))
    return fields


class Http2Connection:
    """One connection and its streams."""

    def __init__(
        self,
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        peer: Peer,
        ledger: Ledger,
        handler: Handler,
    ) -> None:
        self._reader, self._writer = streams
        self._peer, self._ledger, self._handler = peer, ledger, handler
        self._h2 = H2Connection(config=_CONFIG)
        self._streams: dict[int, _Stream] = {}
        self._room = asyncio.Event()  # set and replaced whenever a window may have grown

    async def serve(self) -> None:
        self._h2.initiate_connection()
        await self._flush()
        try:
            while data := await self._reader.read(1 << 16):
                for event in self._h2.receive_data(data):
                    self._take(event)
                self._room.set()
                self._room = asyncio.Event()
                await self._flush()
        except ProtocolError:
            await self._flush()
        finally:
            for number in list(self._streams):
                self._give_up(number)

    async def _flush(self) -> None:
        if data := self._h2.data_to_send():
            self._writer.write(data)
            await self._writer.drain()
            # drain() alone does not let the loop run while the socket takes everything, and then
            # neither other streams nor what the client sends would get their turn.
            await asyncio.sleep(0)

    def _take(self, event: Event) -> None:
        match event:
            case RequestReceived():
                self._open(event.stream_id, _as_bytes(event.headers))
            case DataReceived():
                self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                stream = self._streams[event.stream_id]
                stream.body.append(event.data)
                stream.served.request_body.feed(event.data)
            case TrailersReceived():
                self._streams[event.stream_id].served.request_trailers = _as_bytes(event.headers)
            case StreamEnded():
                stream = self._streams[event.stream_id]
                stream.task = asyncio.create_task(self._answer(event.stream_id, stream))
            case StreamReset():
                self._give_up(event.stream_id)
            case ConnectionTerminated():
                self._writer.close()

    def _give_up(self, number: int) -> None:
        stream = self._streams.pop(number, None)
        if stream is None:
            return
        stream.served.end()  # a task that has not begun to run ends without a word of its own
        if stream.task is not None:
            stream.task.cancel()

    def _open(self, number: int, fields: Fields) -> None:
        pseudo = dict(field for field in fields if field[0].startswith(b":"))
        host = host_name(pseudo.get(b":authority") or first(fields, b"host") or b"")
        method, target = pseudo[b":method"].decode("latin-1"), pseudo.get(b":path", b"").decode("latin-1")
        served = self._ledger.open(self._peer, "h2", (host, method, target), b"", fields)
        served.stream = number
        self._streams[number] = _Stream(served)

    async def _answer(self, number: int, stream: _Stream) -> None:
        served = stream.served
        plain = [pair for pair in served.request_fields if not pair[0].startswith(b":")]
        body = b"".join(stream.body)
        request = Request(self._peer.scheme, served.host, served.method, served.target, plain, body)
        try:
            answer = await self._handler(request)
            if not isinstance(answer, Response):
                answer = Response(501, b"", body=b"WebSockets need HTTP/1.1 here.\n")
            await self._send(number, served, answer)
        except (ProtocolError, ConnectionError):
            pass  # the client is gone, or has reset the stream while it was being answered
        finally:
            served.end()
            self._streams.pop(number, None)

    async def _send(self, number: int, served: Served, response: Response) -> None:
        if response.abort in ("reset", "empty"):
            self._h2.reset_stream(number, ErrorCodes.INTERNAL_ERROR)
            await self._flush()
            return
        empty = served.method == "HEAD" or response.status in (204, 304) or response.body == b""
        last = empty and not response.trailers and response.abort is None
        await self._send_heads(number, served, response, last)
        if not empty:
            async for piece in pieces(response.body):
                await self._send_data(number, served, piece)
        if response.abort == "close":
            self._h2.reset_stream(number, ErrorCodes.INTERNAL_ERROR)
        elif response.trailers:
            served.response_trailers = [(name.lower(), value) for name, value in response.trailers]
            self._h2.send_headers(number, served.response_trailers, end_stream=True)
        elif not last:
            self._h2.end_stream(number)
        served.finished = response.abort is None
        await self._flush()

    async def _send_heads(self, number: int, served: Served, response: Response, last: bool) -> None:
        for status, _, fields in response.interim:
            interim = [(b":status", b"%d" % status), *((name.lower(), value) for name, value in fields)]
            served.interim_fields.append(interim)
            self._h2.send_headers(number, interim)
            await self._flush()
        served.response_fields = response_fields(response)
        self._h2.send_headers(number, served.response_fields, end_stream=last)
        served.response_status, served.answered = response.status, True
        await self._flush()

    async def _send_data(self, number: int, served: Served, data: bytes) -> None:
        start = 0
        while start < len(data):
            room = min(self._h2.local_flow_control_window(number), self._h2.max_outbound_frame_size)
            if room <= 0:
                await self._room.wait()
                continue
            part = data[start : start + room]
            self._h2.send_data(number, part)
            served.response_body.feed(part)
            served.response_wire.feed(part)
            start += len(part)
            await self._flush()

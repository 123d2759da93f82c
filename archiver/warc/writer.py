"""A Recording as a WARC/1.1 file, one gzip member a record, digests in lower-case hexadecimal SHA-256.

Order: `warcinfo`; a `response` and its `request` for each exchange (a lone `request` where no answer came); WebSocket
frames; renditions; page information, certificates, and last the exchange manifest, which names the others.
"""

from __future__ import annotations

import hashlib
import io
import platform
import uuid
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archiver import clock
from archiver.model import Body, Connection, Exchange, Recording
from archiver.version import __version__
from archiver.warc import cdxj, manifest

_CONFORMS_TO = "https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"
Field = tuple[str, str]


class _Writer(WARCWriter):  # type: ignore[misc]  # warcio has no types
    # Payload digests are ours to write: where they are wanted they are there already.
    NO_PAYLOAD_DIGEST_TYPES = ("warcinfo", "revisit", "metadata", "resource", "request", "response")


class _Block:
    """A header block followed by a body, as one stream to read."""

    def __init__(self, head: bytes, body: Body | None) -> None:
        self._streams: list[BinaryIO] = [io.BytesIO(head)]
        if body is not None:
            self._streams.append(body.path.open("rb") if body.path else io.BytesIO(body.data))

    def read(self, size: int) -> bytes:
        while self._streams:
            data = self._streams[0].read(size)
            if data:
                return data
            self._streams.pop(0).close()
        return b""


def write(recording: Recording, path: Path) -> list[cdxj.Entry]:
    """Write the WARC to a new file and return what to index. Raises `OSError` when the disk says no."""
    with path.open("xb") as stream:
        return _Session(recording, stream).run()


class _Session:
    def __init__(self, recording: Recording, stream: BinaryIO) -> None:
        self._recording = recording
        self._stream = stream
        self._writer = _Writer(stream, gzip=True, warc_version="WARC/1.1")
        self._entries: list[cdxj.Entry] = []
        self._connections = {c.number: c for c in recording.connections}
        self._info_id = _new_id()
        self._record_ids: dict[int, str] = {}

    def run(self) -> list[cdxj.Entry]:
        self._warcinfo()
        for exchange in self._recording.exchanges:
            self._exchange(exchange)
        subject = (self._recording.final_url or self._recording.url).partition("#")[0]
        ended = self._recording.ended_at
        for rendition in self._recording.renditions:
            self._resource(rendition.urn, rendition.media_type, rendition.body, ended)
        self._resource(
            f"urn:pageinfo:{subject}",
            "application/json",
            _body(manifest.page_information(self._recording)),
            ended,
        )
        if self._recording.certificates:
            body = _body(manifest.certificates(self._recording))
            self._metadata(f"urn:tls:{subject}", "application/json", body, ended)
        body = _body(manifest.exchanges(self._recording, self._record_ids))
        self._metadata(f"urn:exchanges:{subject}", "application/json", body, ended)
        return self._entries

    def _put(
        self, kind: str, fields: Sequence[Field], content_type: str, head: bytes, body: Body | None
    ) -> tuple[int, int]:
        """Write one record; returns offset and length of its gzip member."""
        length = len(head) + (body.size_bytes if body else 0)
        digest = body.block_sha256 if body else hashlib.sha256(head).hexdigest()
        headers = StatusAndHeaders("", [*fields, ("WARC-Block-Digest", f"sha256:{digest}")], protocol="WARC/1.1")
        record = ArcWarcRecord("warc", kind, headers, _Block(head, body), None, content_type, length)
        offset = self._stream.tell()
        self._writer.write_record(record)
        return offset, self._stream.tell() - offset

    def _fields(self, kind: str, record_id: str, moment: datetime, url: str | None = None) -> list[Field]:
        fields = [("WARC-Type", kind), ("WARC-Record-ID", record_id), ("WARC-Date", clock.rfc3339(moment))]
        if url is not None:
            fields.append(("WARC-Target-URI", url))
        if kind != "warcinfo":
            fields += [("WARC-Warcinfo-ID", self._info_id), ("WARC-Page-ID", self._recording.page_id)]
        return fields

    def _warcinfo(self) -> None:
        browser = self._recording.browser
        info = {
            "software": f"archiver/{__version__} warcio",
            "format": "WARC File Format 1.1",
            "conformsTo": _CONFORMS_TO,
            "hostname": platform.node(),
            "http-header-user-agent": browser.user_agent,
            "browser": browser.product,
            "browser-sha256": browser.sha256,
            "profile": browser.profile,
            "viewport": f"{browser.viewport[0]}x{browser.viewport[1]}",
            "locale": browser.locale,
            "timezone": browser.timezone,
            "resolution-altered": str(self._recording.resolution_altered).lower(),
        }
        data = "".join(f"{name}: {_one_line(value)}\r\n" for name, value in info.items()).encode()
        fields = self._fields("warcinfo", self._info_id, self._recording.started_at)
        self._put("warcinfo", fields, "application/warc-fields", b"", _body(data))

    def _exchange(self, x: Exchange) -> None:
        if not x.request_head and not x.response_head:
            return
        connection = self._connections.get(x.connection) if x.connection is not None else None
        common = _connection_fields(x, connection)
        response_id = _new_id()
        if x.response_head:
            assert x.response_body is not None
            fields = self._fields("response", response_id, x.started_at, x.url) + common
            if x.result == "truncated":
                fields.append(("WARC-Truncated", x.reason.partition(":")[0]))
            fields += _payload_digest(x, x.response_body)
            place = self._put(
                "response", fields, "application/http; msgtype=response", x.response_head, x.response_body
            )
            self._record_ids[x.number] = response_id
            self._entries.append(
                cdxj.Entry(
                    x.url,
                    x.started_at,
                    x.media_type,
                    x.status,
                    x.response_body.sha256,
                    *place,
                    "response",
                    x.method,
                )
            )
        if x.request_head:
            self._request(x, common, response_id if x.response_head else None)
        if x.frames is not None and x.frames.size_bytes:
            self._resource(f"urn:websocket:{x.url}", "application/jsonl", x.frames, x.started_at)

    def _request(self, x: Exchange, common: list[Field], response_id: str | None) -> None:
        fields = self._fields("request", _new_id(), x.started_at, x.url) + common
        if response_id:
            fields.append(("WARC-Concurrent-To", response_id))
        body = x.request_body or _body(b"")
        fields += _payload_digest(x, body)
        self._put("request", fields, "application/http; msgtype=request", x.request_head, x.request_body)

    def _resource(self, urn: str, media_type: str, body: Body, moment: datetime) -> None:
        # No payload digest: the payload is the block, and fastwarc and warcat stumble over it on such records.
        place = self._put("resource", self._fields("resource", _new_id(), moment, urn), media_type, b"", body)
        bare = media_type.partition(";")[0]
        self._entries.append(cdxj.Entry(urn, moment, bare, None, body.sha256, *place, "resource"))

    def _metadata(self, urn: str, media_type: str, body: Body, moment: datetime) -> None:
        place = self._put("metadata", self._fields("metadata", _new_id(), moment, urn), media_type, b"", body)
        self._entries.append(cdxj.Entry(urn, moment, media_type, None, body.sha256, *place, "metadata"))


def _connection_fields(x: Exchange, connection: Connection | None) -> list[Field]:
    fields: list[Field] = []
    if connection is not None and connection.address:
        fields.append(("WARC-IP-Address", connection.address))
    if x.protocol:
        fields.append(("WARC-Protocol", x.protocol))
    if connection is not None and connection.tls_version:
        fields.append(("WARC-Protocol", connection.tls_version))
        fields.append(("WARC-Cipher-Suite", connection.tls_cipher or ""))
    return fields


def _payload_digest(x: Exchange, body: Body) -> list[Field]:
    """The digest of an HTTP body. Left out for WebSockets: readers take HTTP messages only where the URL says http."""
    return [("WARC-Payload-Digest", f"sha256:{body.sha256}")] if x.url.startswith(("http:", "https:")) else []


def _body(data: bytes) -> Body:
    digest = hashlib.sha256(data).hexdigest()
    return Body(len(data), digest, digest, data)


def _new_id() -> str:
    return f"<{uuid.uuid4().urn}>"


def _one_line(value: str) -> str:
    return " ".join(value.split())

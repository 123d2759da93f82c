"""A stored capture held against what the local web really received and sent."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from warcio.archiveiterator import ArchiveIterator

from tests.sites.model import Served


@dataclass(frozen=True)
class Record:
    """One WARC record: its fields in order and its whole block."""

    kind: str
    fields: tuple[tuple[str, str], ...]
    block: bytes

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.fields if key == name]

    def one(self, name: str) -> str:
        (value,) = self.all(name)
        return value

    @property
    def head(self) -> bytes:
        return self.block[: self.block.index(b"\r\n\r\n") + 4] if b"\r\n\r\n" in self.block else self.block

    @property
    def body(self) -> bytes:
        return self.block[len(self.head) :]


@dataclass
class Report:
    """Counts, and one line for each thing that is not as it should be."""

    requests: int = 0
    answered: int = 0
    recorded: int = 0
    whole_bodies: int = 0
    request_bodies: int = 0
    request_heads: int = 0
    response_heads: int = 0
    problems: list[str] = field(default_factory=list)


def read_warc(path: Path) -> list[Record]:
    """Every record, its block untouched."""
    records = []
    with path.open("rb") as stream:
        for record in ArchiveIterator(stream, no_record_parse=True):
            fields = tuple(record.rec_headers.headers)
            records.append(Record(record.rec_type, fields, record.raw_stream.read()))
    return records


def manifest_of(records: Sequence[Record]) -> dict[str, Any]:
    """The exchange manifest."""
    found = [r for r in records if r.kind == "metadata" and r.one("WARC-Target-URI").startswith("urn:exchanges:")]
    manifest: dict[str, Any] = json.loads(found[0].block)
    return manifest


def compare(records: Sequence[Record], log: Sequence[Served]) -> Report:
    """Each request the server saw: is it in the manifest, is its answer stored, are the bytes the same?"""
    report = Report()
    by_id = {r.one("WARC-Record-ID"): r for r in records}
    requests = {r.one("WARC-Concurrent-To"): r for r in records if r.kind == "request" and r.all("WARC-Concurrent-To")}
    unanswered = [r for r in records if r.kind == "request" and not r.all("WARC-Concurrent-To")]
    manifest = manifest_of(records)
    waiting: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for exchange in manifest["exchanges"]:
        if exchange["result"] in ("recorded", "truncated", "failed"):
            waiting[exchange["method"], _plain(exchange["url"])].append(exchange)
    for served in log:
        report.requests += 1
        candidates = waiting[served.method, _plain(served.url)]
        if not candidates:
            report.problems.append(f"not in the manifest: {served.protocol} {served.method} {served.url}")
            continue
        trials = [(_check(x, served, by_id, requests, unanswered, manifest), x) for x in candidates]
        best, exchange = min(trials, key=lambda trial: len(trial[0].problems))
        candidates.remove(exchange)
        for name in vars(report):
            if name != "requests":
                setattr(report, name, getattr(report, name) + getattr(best, name))
    return report


def _plain(url: str) -> str:
    return url.partition("#")[0].replace("wss://", "https://", 1).replace("ws://", "http://", 1)


def _check(
    exchange: dict[str, Any],
    served: Served,
    by_id: dict[str, Record],
    requests: dict[str, Record],
    unanswered: Sequence[Record],
    manifest: dict[str, Any],
) -> Report:
    report = Report()
    name = f"{served.protocol} {served.method} {served.url}"
    response = by_id.get(exchange.get("record_id", ""))
    if response is not None:
        request = requests[response.one("WARC-Record-ID")]
    else:
        same = [r for r in unanswered if _plain(r.one("WARC-Target-URI")) == _plain(served.url)]
        if not same:
            report.problems.append(f"no request record: {name}")
            return report
        request = same[0]
    _check_request(report, request, served, name)
    # The server may go on answering into a connection the browser has just dropped: no answer came.
    given_up = exchange.get("reason", "").startswith("cancelled by the page before an answer")
    if served.answered and served.response_status is not None and not given_up:
        report.answered += 1
        if response is None:
            report.problems.append(f"answered, not recorded: {name} ({exchange.get('reason')})")
        else:
            report.recorded += 1
            _check_response(report, response, exchange, served, name)
    _check_connection(report, exchange, served, manifest, name)
    return report


def _check_request(report: Report, request: Record, served: Served, name: str) -> None:
    if served.messages:
        pass  # a WebSocket: what follows the handshake is no body
    elif hashlib.sha256(request.body).hexdigest() == served.request_body_sha256:
        report.request_bodies += 1
    else:
        report.problems.append(f"request body differs: {name}: {len(request.body)} of {served.request_body_size} bytes")
    expected = served.request_head or _head_of_fields(served.request_fields, is_request=True)
    if request.head == expected:
        report.request_heads += 1
    else:
        report.problems.append(f"request head differs: {name}: {request.head!r} for {expected!r}")


def _check_response(report: Report, response: Record, exchange: dict[str, Any], served: Served, name: str) -> None:
    head = served.response_head
    if head is None:
        expected = _head_of_fields(served.response_fields, is_request=False)
    else:
        expected = _renamed(head) if exchange.get("dechunked") else head
    stored = response.block[: len(expected)]
    if served.protocol == "h2":  # the reason phrase is ours
        stored = b"HTTP/1.1 %d" % (served.response_status or 0) + b"\r\n" + response.head.partition(b"\r\n")[2]
    if stored == expected:
        report.response_heads += 1
    else:
        report.problems.append(f"response head differs: {name}: {response.head!r} for {expected!r}")
    body = response.block[len(expected) :] if served.protocol != "h2" else response.body
    if exchange["result"] == "truncated":
        if not response.all("WARC-Truncated"):
            report.problems.append(f"truncated without saying so: {name}")
        return
    if hashlib.sha256(body).hexdigest() == served.response_body_sha256:
        report.whole_bodies += 1
    elif served.finished:
        report.problems.append(f"response body differs: {name}: {len(body)} of {served.response_body_size} bytes")
    if exchange["url"].startswith("ws"):
        return  # a WebSocket's handshake carries no payload digest
    if response.one("WARC-Payload-Digest") != f"sha256:{hashlib.sha256(body).hexdigest()}":
        report.problems.append(f"payload digest wrong: {name}")


def _renamed(head: bytes) -> bytes:
    lines = head.split(b"\r\n")
    fixed = [
        b"x-orig-transfer-encoding" + line[len(b"transfer-encoding") :]
        if line.lower().startswith(b"transfer-encoding")
        else line
        for line in lines
    ]
    return b"\r\n".join(fixed)


def _head_of_fields(fields: Sequence[tuple[bytes, bytes]], *, is_request: bool) -> bytes:
    pseudo = {key: value for key, value in fields if key.startswith(b":")}
    if is_request:
        lines = [
            pseudo[b":method"] + b" " + pseudo[b":path"] + b" HTTP/1.1",
            b"Host: " + pseudo[b":authority"],
        ]
    else:
        lines = [b"HTTP/1.1 " + pseudo[b":status"]]
    lines += [key + b": " + value for key, value in fields if not key.startswith(b":")]
    return b"\r\n".join([*lines, b"", b""])


_CIPHERS = {  # OpenSSL's names for those of TLS 1.2; those of 1.3 are the standard's
    "ECDHE-ECDSA-AES128-GCM-SHA256": "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384": "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
}


def _check_connection(
    report: Report, exchange: dict[str, Any], served: Served, manifest: dict[str, Any], name: str
) -> None:
    if exchange.get("connection") is None:
        report.problems.append(f"no connection: {name}")
        return
    connection = manifest["connections"][exchange["connection"]]
    told = (
        connection["address"],
        connection["remote_port"],
        exchange["protocol"],
        connection["tls_version"],
        connection["tls_cipher"],
        connection["alpn"],
        (connection["certificates_sha256"] or [None])[0],
    )
    cipher = _CIPHERS.get(served.tls_cipher or "", served.tls_cipher)
    version = served.tls_version.lower().replace("tlsv", "tls/") if served.tls_version else None
    known = (
        "127.0.0.1",
        served.server_port,
        served.protocol,
        version,
        cipher,
        served.alpn,
        served.certificate_sha256,
    )
    if told != known:
        report.problems.append(f"connection differs: {name}: {told} for {known}")

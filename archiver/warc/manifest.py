"""The capture's own records: exchange manifest, certificates, page information, as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import orjson

from archiver import clock
from archiver.model import Connection, Exchange, Recording


def exchanges(recording: Recording, record_ids: Mapping[int, str]) -> bytes:
    """`urn:exchanges:`: every request the browser made and how it ended, and every connection it was made over."""
    document = {
        "format": "archiver-exchanges/1",
        "page": recording.url,
        "counts": dict(sorted(Counter(str(x.result) for x in recording.exchanges).items())),
        "exchanges": [_exchange(x, record_ids.get(x.number)) for x in recording.exchanges],
        "connections": [_connection(c) for c in recording.connections],
        "browser_own_traffic": [
            {"url": x.url, "method": x.method, "result": str(x.result), "reason": x.reason}
            for x in recording.own_traffic
        ],
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2)


def _exchange(x: Exchange, record_id: str | None) -> dict[str, Any]:
    values: dict[str, Any] = {
        "number": x.number,
        "url": x.url,
        "method": x.method,
        "result": str(x.result),
        "reason": x.reason or None,
        "net_error": x.net_error,
        "status": x.status,
        "media_type": x.media_type or None,
        "protocol": x.protocol,
        "started_at": clock.rfc3339(x.started_at),
        "ended_at": clock.rfc3339(x.ended_at) if x.ended_at else None,
        "request_body_bytes": x.request_body.size_bytes if x.request_body and x.request_body.size_bytes else None,
        "response_body_bytes": x.response_body.size_bytes if x.response_body else None,
        "response_body_sha256": x.response_body.sha256 if x.response_body else None,
        "dechunked": x.response_chunked or None,
        "interim_responses": [head.decode("latin-1") for head in x.interim] or None,
        "trailers": x.trailers.decode("latin-1") or None,
        "connection": x.connection,
        "cached_from": x.cached_from,
        "redirect_of": x.redirect_of,
        "retry_of": x.retry_of,
        "initiator": x.initiator,
        "request_type": x.request_type,
        "site": x.site,
        "record_id": record_id,
    }
    return {key: value for key, value in values.items() if value is not None}


def _connection(c: Connection) -> dict[str, Any]:
    return {
        "number": c.number,
        "host": c.host,
        "port": c.port,
        "outcome": c.outcome,
        "reason": c.reason or None,
        "resolver": c.resolver or None,
        "answers": [{"address": address, "ttl_s": ttl} for address, ttl in c.answers],
        "address": c.address,
        "remote_port": c.remote_port,
        "opened_at": clock.rfc3339(c.opened_at),
        "connected_at": clock.rfc3339(c.connected_at) if c.connected_at else None,
        "closed_at": clock.rfc3339(c.closed_at) if c.closed_at else None,
        "alpn": c.alpn,
        "tls_version": c.tls_version,
        "tls_cipher": c.tls_cipher,
        "certificates_sha256": list(c.certificates),
        "certificate_verified": c.certificate_verified,
        "certificate_error": c.certificate_error,
    }


def certificates(recording: Recording) -> bytes:
    """`urn:tls:`: every certificate a server presented, by the SHA-256 of its DER."""
    document = {
        "format": "archiver-tls/1",
        "certificates": {c.sha256: c.pem for c in recording.certificates},
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)


def page_information(recording: Recording) -> bytes:
    """`urn:pageinfo:`: the page, its frames and its resources, in the shape the Webrecorder tools write."""
    urls = {
        x.url: {"status": x.status, "mime": x.media_type, "type": x.request_type}
        for x in recording.exchanges
        if x.status
    }
    document = {
        "pageid": recording.page_id,
        "url": recording.final_url,
        "ts": clock.rfc3339(recording.started_at),
        "title": recording.title.encode("utf-8", "replace").decode(),
        "loadState": 4 if recording.outcome == "complete" else 2,
        "urls": urls,
        "steps": [{"name": s.name, "elapsed_s": s.elapsed_s, "error": s.error} for s in recording.steps],
        "frames": list(recording.frames),
        "dialogs": list(recording.dialogs),
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2)

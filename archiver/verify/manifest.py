"""The exchange manifest of a WARC, read as a stranger's: what is well formed in it, and what is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from archiver.verify.shape import (
    COUNT,
    FLAG,
    MOMENT,
    RESULT,
    SHA256,
    STATUS,
    TEXT,
    Form,
    fits,
    list_of,
    one_of,
    optional,
)

_MANIFEST: dict[str, Form] = {
    "format": one_of("archiver-exchanges/1"),
    "page": TEXT,
    "counts": Form("an object", lambda value: isinstance(value, dict)),
    "exchanges": Form("a list", lambda value: isinstance(value, list)),
    "connections": Form("a list", lambda value: isinstance(value, list)),
    "browser_own_traffic": Form("a list", lambda value: isinstance(value, list)),
}
_EXCHANGE: dict[str, Form] = {"number": COUNT, "url": TEXT, "method": TEXT, "result": RESULT, "started_at": MOMENT}
_OF_EXCHANGE: dict[str, Form] = {
    "reason": TEXT,
    "status": STATUS,
    "media_type": TEXT,
    "protocol": TEXT,
    "request_body_bytes": COUNT,
    "response_body_bytes": COUNT,
    "response_body_sha256": SHA256,
    "connection": COUNT,
    "redirect_of": COUNT,
    "record_id": TEXT,
}
_CONNECTION: dict[str, Form] = {
    "number": COUNT,
    "address": optional(TEXT),
    "tls_version": optional(TEXT),
    "tls_cipher": optional(TEXT),
    "certificates_sha256": list_of(SHA256),
    "certificate_verified": optional(FLAG),
    "certificate_error": optional(TEXT),
}


@dataclass(frozen=True, slots=True)
class Listed:
    """One exchange as the manifest lists it; what it does not say is None."""

    number: int
    url: str
    method: str
    result: str
    started_at: str
    reason: str | None = None
    status: int | None = None
    media_type: str | None = None
    protocol: str | None = None
    request_body_bytes: int | None = None
    response_body_bytes: int | None = None
    response_body_sha256: str | None = None
    connection: int | None = None
    redirect_of: int | None = None
    record_id: str | None = None


@dataclass(frozen=True, slots=True)
class ListedConnection:
    """One connection as the manifest lists it."""

    number: int
    address: str | None
    tls_version: str | None
    tls_cipher: str | None
    certificates_sha256: list[str]
    certificate_verified: bool | None
    certificate_error: str | None


@dataclass(frozen=True)
class Manifest:
    """What is well formed of a manifest: exchanges and connections by their numbers."""

    page: str
    counts: dict[str, Any]
    exchanges: dict[int, Listed]
    connections: dict[int, ListedConnection]


def read(document: dict[str, Any] | None, report: Callable[[str], None]) -> Manifest | None:
    """The manifest, None when it is none; what is malformed in it is reported and left out."""
    if document is None:
        report("the WARC has no exchange manifest that can be read, so nothing can be held against it")
        return None
    if not fits(document, "the exchange manifest", _MANIFEST, report):
        return None
    exchanges: dict[int, Listed] = {}
    for place, value in enumerate(document["exchanges"]):
        if not fits(value, f"exchange {place} of the manifest's list", _EXCHANGE, report, _OF_EXCHANGE):
            continue
        listed = Listed(**{name: value[name] for name in (*_EXCHANGE, *_OF_EXCHANGE) if name in value})
        if exchanges.setdefault(listed.number, listed) is not listed:
            report(f"the manifest lists two exchanges with the number {listed.number}")
    connections: dict[int, ListedConnection] = {}
    for place, value in enumerate(document["connections"]):
        if not fits(value, f"connection {place} of the manifest's list", _CONNECTION, report):
            continue
        connection = ListedConnection(**{name: value[name] for name in _CONNECTION})
        if connections.setdefault(connection.number, connection) is not connection:
            report(f"the manifest lists two connections with the number {connection.number}")
    return Manifest(document["page"], document["counts"], exchanges, connections)


def by_record(document: dict[str, Any] | None) -> dict[str, Listed]:
    """The exchanges that name a record, by its id; nothing is reported."""
    manifest = read(document, lambda _: None)
    return {x.record_id: x for x in manifest.exchanges.values() if x.record_id} if manifest else {}

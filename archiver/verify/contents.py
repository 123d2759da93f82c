"""What the parts of a snapshot say of each other: its statement, the exchange manifest, and the records of the WARC."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from archiver.model import Result
from archiver.verify.index import check_index
from archiver.verify.manifest import Listed, ListedConnection, Manifest
from archiver.verify.manifest import read as read_manifest
from archiver.verify.problems import Collected, sentences, shown
from archiver.verify.shape import COUNT, MAX_TEXT_CHARACTERS, SHA256, TEXT
from archiver.verify.statement import MAIN_DOCUMENT, check_artifact, check_statement
from archiver.verify.warc import Record, WarcReading, is_document

__all__ = ["check_artifact", "check_counts", "check_index", "check_statement"]

_MAX_TITLE_CHARACTERS = 1000
_MAX_REDIRECTS = 100  # Chromium follows 20
_FRAMES = "urn:websocket:"
_KEPT = (Result.RECORDED, Result.TRUNCATED)  # what has a response in the WARC
_PEM_BEGIN, _PEM_END = "-----BEGIN CERTIFICATE-----\n", "-----END CERTIFICATE-----"
Report = Callable[[str], None]


def check_counts(statement: dict[str, Any], reading: WarcReading) -> list[str]:
    """Everything in which statement, manifest and records do not agree.

    Each exchange with an answer has its response record, each response its exchange, both with the same URL, time,
    status, digest, size, address and protocol; requests and frames belong to an exchange; the statement's counts, main
    document, page and renditions are those of the WARC; each certificate that is named is there. The record ids of a
    WARC must have been found unique. Never raises.
    """
    found: Collected[str] = Collected()

    def report(text: str) -> None:
        found.add(f"{text[0].upper()}{text[1:]}.")

    manifest = read_manifest(reading.manifest, report)
    if manifest is not None:
        _check_totals(statement, manifest, report)
        _check_responses(manifest, reading.records, report)
        _check_requests(manifest, reading.records, report)
        _check_certificates(manifest, reading.certificates, report)
        _check_main(statement, manifest, report)
    _check_renditions(statement, reading.records, report)
    _check_page(statement, manifest, reading, report)
    return sentences(found)


def _check_totals(statement: dict[str, Any], manifest: Manifest, report: Report) -> None:
    counts = dict(sorted(Counter(x.result for x in manifest.exchanges.values()).items()))
    if manifest.counts != counts:
        report(f"the manifest counts {_counts(manifest.counts)}, expected what it lists, {_counts(counts)}")
    total = {"total": len(manifest.exchanges), **counts}
    if statement.get("exchanges") != total:
        text = f"the statement counts {_counts(statement.get('exchanges'))} exchanges"
        report(f"{text}, expected what the manifest lists, {_counts(total)}")


def _counts(value: object) -> str:
    if not isinstance(value, dict) or len(value) > len(Result) + 1:
        return shown(value)
    return ", ".join(f"{shown(count)} {name[:20]!r}" for name, count in sorted(value.items())) or "none"


# exchanges and their records


def _check_responses(manifest: Manifest, records: Iterable[Record], report: Report) -> None:
    responses = {record.id: record for record in records if record.type == "response"}
    named: Counter[str] = Counter()
    for x in manifest.exchanges.values():
        if x.record_id is None:
            if x.result in _KEPT or x.response_body_sha256 is not None or x.response_body_bytes is not None:
                report(f"exchange {x.number} is {x.result!r} with an answer, but names no record")
            continue
        named[x.record_id] += 1
        record = responses.get(x.record_id)
        if record is None:
            report(f"exchange {x.number} names the record {shown(x.record_id)}, which is no response in the WARC")
            continue
        connection = _connection_of(x, manifest, report)
        for name, listed, has in _pairs(x, connection, record):
            if listed != has:
                text = f"exchange {x.number} has the {name} {shown(listed)} in the manifest"
                report(f"{text}, expected that of record {record.number}, {shown(has)}")
    for id_, record in responses.items():
        if named[id_] != 1:
            report(
                f"record {record.number}, a response, is named by {named[id_]} exchanges of the manifest, expected 1"
            )


def _connection_of(x: Listed, manifest: Manifest, report: Report) -> ListedConnection | None:
    if x.connection is None:
        return None
    connection = manifest.connections.get(x.connection)
    if connection is None:
        report(f"exchange {x.number} names connection {x.connection}, which the manifest does not list")
    return connection


def _pairs(x: Listed, connection: ListedConnection | None, record: Record) -> tuple[tuple[str, object, object], ...]:
    """What the manifest says of an exchange, and its record."""
    why_cut = (x.reason or "").partition(":")[0] if x.result == Result.TRUNCATED else ""
    tls = connection.tls_version if connection else None
    return (
        ("URL", x.url, record.url),
        ("time", x.started_at, record.date),
        ("status", x.status, record.status),
        ("SHA-256 of the body", x.response_body_sha256, record.payload_sha256),
        ("size of the body", x.response_body_bytes, record.payload_bytes),
        ("reason for being cut", why_cut, record.truncated),
        ("address", (connection.address if connection else None) or "", record.address),
        ("protocols", " ".join(filter(None, (x.protocol, tls))), " ".join(record.protocols)),
        ("cipher", (connection.tls_cipher if connection and tls else None) or "", record.cipher),
    )


def _check_requests(manifest: Manifest, records: tuple[Record, ...], report: Report) -> None:
    """Requests and frames of WebSockets have an exchange, and what was recorded whole has its request."""
    answered = {x.record_id: x for x in manifest.exchanges.values() if x.record_id is not None}
    unanswered = Counter((x.url, x.started_at) for x in manifest.exchanges.values() if x.record_id is None)
    begun = {(x.url, x.started_at) for x in manifest.exchanges.values()}
    asked = set()
    for record in records:
        if record.type == "resource" and record.url.startswith(_FRAMES):
            if (record.url.removeprefix(_FRAMES), record.date) not in begun:
                report(f"record {record.number}, frames of a WebSocket, belongs to no exchange of the manifest")
        elif record.type == "request" and record.concurrent_to:
            asked.add(record.concurrent_to)
            x = answered.get(record.concurrent_to)
            if x is None:
                report(f"record {record.number}, a request, belongs to no exchange of the manifest")
            elif (x.method, x.request_body_bytes or 0) != (record.method, record.payload_bytes):
                text = (
                    f"exchange {x.number} has the method {shown(x.method)} and {x.request_body_bytes or 0} bytes sent"
                )
                report(f"{text}, expected those of record {record.number}, {record.method} and {record.payload_bytes}")
        elif record.type == "request":
            unanswered[(record.url, record.date)] -= 1
            if unanswered[(record.url, record.date)] < 0:
                report(f"record {record.number}, a request without a response, belongs to no exchange of the manifest")
    for x in manifest.exchanges.values():
        if x.result == Result.RECORDED and x.record_id is not None and x.record_id not in asked:
            report(f"exchange {x.number} was recorded whole, but there is no request to its response")


def _check_certificates(manifest: Manifest, document: dict[str, Any] | None, report: Report) -> None:
    held = document.get("certificates") if document is not None else {}
    if not isinstance(held, dict):
        report(f"the certificates of the WARC are {shown(held)}, expected an object")
        held = {}
    for sha256, pem in held.items():
        if not SHA256.fits(sha256) or _sha256_of(pem) != sha256:
            report(f"the certificate that is listed as {shown(sha256)} has another SHA-256")
    for connection in manifest.connections.values():
        for sha256 in connection.certificates_sha256:
            if sha256 not in held:
                report(f"connection {connection.number} names the certificate {sha256}, which is not in the WARC")


def _sha256_of(pem: object) -> str | None:
    """Of the DER that a PEM text holds (RFC 7468)."""
    if not isinstance(pem, str) or not pem.startswith(_PEM_BEGIN) or not pem.rstrip("\n").endswith(_PEM_END):
        return None
    text = pem.removeprefix(_PEM_BEGIN).rstrip("\n").removesuffix(_PEM_END).replace("\n", "")
    try:
        return hashlib.sha256(base64.b64decode(text, validate=True)).hexdigest()
    except (binascii.Error, ValueError):
        return None


# the statement


def _check_main(statement: dict[str, Any], manifest: Manifest, report: Report) -> None:
    """There is an exchange, with a record, of which all is so that the statement says of the main document."""
    main = statement.get("main_document")
    if not isinstance(main, dict):
        report(f"the statement has the main document {shown(main)}, expected an object")
        return
    nearest: list[str] | None = None
    redirects: set[int] = set()
    for x in manifest.exchanges.values():
        if x.url[:MAX_TEXT_CHARACTERS] != main.get("url"):
            continue
        differences = _main_differences(main, x, manifest)
        if not differences:
            redirects.add(_redirects(x, manifest))
        if nearest is None or len(differences) < len(nearest):
            nearest = differences
    if nearest is None:
        report(f"the statement has the main document {shown(main.get('url'))}, which the manifest does not list")
        return
    for text in nearest:
        report(f"the statement has the main document with {text}")
    if redirects and statement.get("redirects") not in list(redirects):  # it may be what cannot be in a set
        text = f"the statement counts {shown(statement.get('redirects'))} redirects to the main document"
        report(f"{text}, expected what the manifest lists, {min(redirects)}")


def _main_differences(main: dict[str, Any], x: Listed, manifest: Manifest) -> list[str]:
    connection = manifest.connections.get(x.connection) if x.connection is not None else None
    listed: dict[str, object] = dict.fromkeys(MAIN_DOCUMENT)
    if connection is not None:
        chain = connection.certificates_sha256
        listed |= {
            "address": connection.address,
            "tls_version": connection.tls_version,
            "tls_cipher": connection.tls_cipher,
            "certificate_sha256": chain[0] if chain else None,
            "certificate_verified": connection.certificate_verified,
            "certificate_error": connection.certificate_error,
        }
    listed |= {"url": x.url[:MAX_TEXT_CHARACTERS], "status": x.status, "sha256": x.response_body_sha256}
    differing = [
        f"the {name} {shown(main.get(name))}, expected that of exchange {x.number}, {shown(expected)}"
        for name, expected in listed.items()
        if type(main.get(name)) is not type(expected) or main.get(name) != expected
    ]
    return differing if x.record_id else [*differing, f"no record in the WARC, as exchange {x.number} names none"]


def _redirects(x: Listed, manifest: Manifest) -> int:
    seen: set[int] = set()
    current: Listed | None = x
    while current is not None and current.redirect_of is not None and len(seen) < _MAX_REDIRECTS:
        if current.number in seen:
            break
        seen.add(current.number)
        current = manifest.exchanges.get(current.redirect_of)
    return len(seen)


def _check_renditions(statement: dict[str, Any], records: Iterable[Record], report: Report) -> None:
    """Each artifact that is a record is there as often as it is listed, and no other `resource` of that kind."""
    artifacts = statement.get("artifacts")
    listed: Counter[tuple[str, str, str, int]] = Counter()
    for artifact in artifacts if isinstance(artifacts, list) else ():
        if not isinstance(artifact, dict):
            continue
        values: list[Any] = [artifact.get(name) for name in ("key", "media_type", "sha256", "bytes")]
        key, media_type, sha256, size = values
        if not (TEXT.fits(key) and TEXT.fits(media_type) and TEXT.fits(sha256) and COUNT.fits(size)):
            report(f"the statement lists the artifact {shown(key)} without media type, SHA-256 or size")
        elif key.startswith("urn:"):
            listed[(key, media_type, sha256, size)] += 1
    stored = Counter(
        (record.url, record.media_type, record.block_sha256, record.size_bytes)
        for record in records
        if record.type == "resource" and not record.url.startswith((_FRAMES, "urn:pageinfo:"))
    )
    for key, media_type, sha256, size in listed - stored:
        what = f"{shown(key)} ({shown(media_type)}, {size} bytes, SHA-256 {shown(sha256)})"
        report(f"the statement lists the artifact {what}, which is no record of the WARC")
    for key, media_type, sha256, size in stored - listed:
        what = f"{shown(key)} ({shown(media_type)}, {size} bytes, SHA-256 {sha256})"
        report(f"the WARC has the record {what}, which the statement does not list")


def _check_page(statement: dict[str, Any], manifest: Manifest | None, reading: WarcReading, report: Report) -> None:
    """The page that manifest and page information are of is that of the statement."""
    pairs: list[tuple[str, object, object]] = []
    if manifest is not None:
        pairs.append(("requested_url", manifest.page[:MAX_TEXT_CHARACTERS], "manifest"))
    information = reading.page_information
    if information is None:
        report("the WARC has no page information that can be read, so nothing can be held against it")
    else:
        url, title = information.get("url"), information.get("title")
        pairs += [
            ("final_url", url[:MAX_TEXT_CHARACTERS] if isinstance(url, str) else url, "page information"),
            ("title", title[:_MAX_TITLE_CHARACTERS] if isinstance(title, str) else title, "page information"),
            ("started_at", information.get("ts"), "page information"),
        ]
    for name, found, source in pairs:
        if statement.get(name) != found:
            text = f"the statement has the {name} {shown(statement.get(name))}"
            report(f"{text}, expected that of the {source}, {shown(found)}")
    for prefix in ("urn:pageinfo:", "urn:exchanges:", "urn:tls:"):
        subject = statement.get("final_url")
        for record in reading.records:
            if is_document(record, prefix) and isinstance(subject, str):
                _check_subject(record, prefix, subject.partition("#")[0], report)


def _check_subject(record: Record, prefix: str, subject: str, report: Report) -> None:
    found = record.url.removeprefix(prefix)
    if found[:MAX_TEXT_CHARACTERS] != subject:
        report(f"record {record.number}, {prefix}, is about {shown(found)}, expected {shown(subject)}")

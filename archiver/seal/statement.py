"""The statement: what was captured, when and how, with the SHA-256 of every artifact, as canonical JSON (RFC 8785)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import rfc8785

from archiver import clock
from archiver.config import CaptureSettings
from archiver.model import Recording, Result
from archiver.version import __version__

_MAX_URL_CHARACTERS = 8192


@dataclass(frozen=True)
class Artifact:
    """One stored object of a snapshot. `crc32` is wanted where it will be put into a ZIP."""

    role: str
    key: str
    media_type: str
    size_bytes: int
    sha256: str
    crc32: int | None = None


def build(snapshot: str, recording: Recording, artifacts: list[Artifact], settings: CaptureSettings) -> dict[str, Any]:
    """Everything the statement says, unsigned."""
    counts = Counter(str(x.result) for x in recording.exchanges)
    main = recording.main
    return {
        "type": "snapshot",
        "format": "archiver-statement/1",
        "id": snapshot,
        "requested_url": _cut(recording.url),
        "final_url": _cut(recording.final_url or recording.url),
        "redirects": _redirects(recording),
        "outcome": str(recording.outcome),
        "warnings": [{"code": w.code, "message": _cut(w.message)} for w in recording.warnings[:100]],
        "started_at": clock.rfc3339(recording.started_at),
        "ended_at": clock.rfc3339(recording.ended_at),
        "clock": "system",
        "exchanges": {"total": len(recording.exchanges), **dict(sorted(counts.items()))},
        "main_document": None if main is None else _main_document(recording),
        "artifacts": [_artifact(a) for a in artifacts],
        "conditions": _conditions(recording, settings),
        "resolution_altered": recording.resolution_altered,
        "trust_altered": settings.trust_ca is not None,
        "certificates_unchecked": settings.accept_bad_certificates,
        "guard_lifted": settings.allow_private,
        "credentialed": settings.storage_state is not None,
        "software": f"archiver/{__version__}",
    }


def canonical(document: dict[str, Any]) -> bytes:
    """One line of canonical JSON (RFC 8785)."""
    return rfc8785.dumps(document)


def not_recorded(recording: Recording) -> int:
    """How many exchanges have no response in the WARC though the page asked the network for one."""
    kept = (Result.RECORDED, Result.TRUNCATED, Result.CACHED, Result.INTERNAL)
    return sum(x.result not in kept for x in recording.exchanges)


def _redirects(recording: Recording) -> int:
    by_number = {x.number: x for x in recording.exchanges}
    count, current = 0, recording.main
    while current is not None and current.redirect_of is not None:
        count += 1
        current = by_number.get(current.redirect_of)
    return count


def _main_document(recording: Recording) -> dict[str, Any]:
    main = recording.main
    assert main is not None
    connection = next((c for c in recording.connections if c.number == main.connection), None)
    return {
        "url": _cut(main.url),
        "status": main.status,
        "sha256": main.response_body.sha256 if main.response_body else None,
        "address": connection.address if connection else None,
        "tls_version": connection.tls_version if connection else None,
        "tls_cipher": connection.tls_cipher if connection else None,
        "certificate_sha256": connection.certificates[0] if connection and connection.certificates else None,
        "certificate_verified": connection.certificate_verified if connection else None,
        "certificate_error": connection.certificate_error if connection else None,
    }


def _conditions(recording: Recording, settings: CaptureSettings) -> dict[str, Any]:
    browser = recording.browser
    return {
        "browser": browser.product,
        "browser_sha256": browser.sha256,
        "browser_command_line": _cut(browser.command_line),
        "user_agent": browser.user_agent,
        "accept_encoding": browser.accept_encoding,
        "sandboxed": browser.sandboxed,
        "own_user": browser.own_user,
        "profile": _cut(browser.profile),
        "viewport": list(browser.viewport),
        "device_pixel_ratio": str(browser.device_pixel_ratio),
        "is_mobile": browser.is_mobile,
        "has_touch": browser.has_touch,
        "locale": browser.locale,
        "timezone": browser.timezone,
        "timeout_ms": int(settings.timeout_s * 1000),
        "proxied": settings.proxy is not None,
    }


def _artifact(artifact: Artifact) -> dict[str, Any]:
    return {
        "role": artifact.role,
        "key": artifact.key,
        "media_type": artifact.media_type,
        "bytes": artifact.size_bytes,
        "sha256": artifact.sha256,
        "crc32": artifact.crc32,
    }


def _cut(text: str) -> str:
    """Page-controlled text without lone surrogates and not longer than a statement can bear."""
    return text[:_MAX_URL_CHARACTERS].encode("utf-8", "replace").decode("utf-8")

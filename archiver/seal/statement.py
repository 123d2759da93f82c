"""Statements: what was to be captured, what came of it, that it was handed out, that it was withdrawn.

The log puts them into canonical JSON (RFC 8785).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from archiver import clock, moments
from archiver.config import CaptureSettings
from archiver.model import Recording, Result
from archiver.seal.keyring import Action
from archiver.seal.note import VerifierKey
from archiver.version import __version__

_FORMAT = "archiver-statement/1"
_MAX_URL_CHARACTERS = 8192
_MAX_TITLE_CHARACTERS = 1000
_MAX_TAGS = 100


@dataclass(frozen=True)
class Artifact:
    """One stored object of a snapshot. `crc32` is wanted where it will be put into a ZIP."""

    role: str
    key: str
    media_type: str
    size_bytes: int
    sha256: str
    crc32: int | None = None


@dataclass(frozen=True)
class Planned:
    """Which time of which schedule a capture is for: its number there, and the moment it was due."""

    schedule: str  # its id
    name: str
    seq: int
    due: datetime


@dataclass(frozen=True)
class Job:
    """Which job of a queue a capture is for, and which attempt at it, from 1 on."""

    id: str
    attempt: int
    planned: Planned | None = None


@dataclass(frozen=True)
class About:
    """What the operator says of a capture: for people and look-ups, and in its statements; and which job it is for."""

    tags: tuple[str, ...] = ()
    case: str | None = None
    operator: str | None = None
    reason: str | None = None
    job: Job | None = None


def intent(snapshot: str, url: str, began: datetime, deadline: datetime, about: About) -> dict[str, Any]:
    """Said before the visit. One whose deadline passed without a result is an unfinished capture."""
    return {
        "type": "intent",
        "format": _FORMAT,
        "id": snapshot,
        "requested_url": _cut(url),
        "started_at": clock.rfc3339(began),
        "deadline": clock.rfc3339(deadline),
        **_said(about),
        "software": f"archiver/{__version__}",
    }


def failure(
    snapshot: str, intent_index: int, url: str, began: datetime, ended: datetime, kind: str, message: str, about: About
) -> dict[str, Any]:
    """Said when nothing of a capture was stored: `kind` is the error's class, `message` its one line."""
    return {
        "type": "failure",
        "format": _FORMAT,
        "id": snapshot,
        "intent": intent_index,
        "requested_url": _cut(url),
        "started_at": clock.rfc3339(began),
        "ended_at": clock.rfc3339(ended),
        "error": {"kind": kind, "message": _cut(message)},
        **_said(about),
        "software": f"archiver/{__version__}",
    }


def key(
    id_: str,
    action: Action,
    named: VerifierKey,
    made: datetime,
    *,
    from_index: int | None = None,
    reason: str | None = None,
    operator: str | None = None,
) -> dict[str, Any]:
    """Said of a key: that it is added, retired, or compromised from the entry `from_index` on (`seal.keyring`)."""
    given = {"reason": reason, "operator": operator}
    return {
        "type": "key",
        "format": _FORMAT,
        "id": id_,
        "action": str(action),
        "key": named.text,
        **({} if from_index is None else {"from_index": from_index}),
        **{name: _cut(text) for name, text in given.items() if text is not None},
        "made_at": clock.rfc3339(made),
        "software": f"archiver/{__version__}",
    }


def schedule(
    id_: str,
    action: str,
    of: str,
    name: str,
    made: datetime,
    *,
    definition: dict[str, Any] | None = None,
    missed: dict[str, Any] | None = None,
    operator: str | None = None,
) -> dict[str, Any]:
    """Said of a schedule: that it is added, changed, paused, resumed or removed, or that it missed something.

    `of` is the id of the schedule, which is that of the statement that adds it. `schedules.history` reads them.
    """
    return {
        "type": "schedule",
        "format": _FORMAT,
        "id": id_,
        "action": action,
        "schedule": of,
        "name": name,
        **({} if definition is None else {"definition": definition}),
        **({} if missed is None else {"missed": missed}),
        **({} if operator is None else {"operator": _cut(operator)}),
        "made_at": clock.rfc3339(made),
        "software": f"archiver/{__version__}",
    }


def withdrawn(
    snapshot: str,
    result: int | None,
    moment: datetime,
    reason: str,
    operator: str | None,
    planned: Planned | None = None,
) -> dict[str, Any]:
    """Said before the content of a capture is taken away, and kept: so it has nothing of the page, not even its URL.

    `result` is the slot of the capture's result, None where it has none. What it was `planned` for stays known, as
    otherwise the schedule would show a gap that nothing explains.
    """
    return {
        "type": "withdrawn",
        "format": _FORMAT,
        "id": snapshot,
        "result": result,
        "withdrawn_at": clock.rfc3339(moment),
        "reason": _cut(reason),
        **({} if operator is None else {"operator": _cut(operator)}),
        **({} if planned is None else {"schedule": _planned(planned)}),
        "software": f"archiver/{__version__}",
    }


def custody(
    snapshot: str, result: int, moment: datetime, sha256: str, size_bytes: int, reason: str, operator: str | None
) -> dict[str, Any]:
    """Said when the evidence of a capture was handed out, in a bundle of that size and SHA-256.

    `result` is the slot of its snapshot. It has nothing of the page: it stays when the capture is withdrawn.
    """
    return {
        "type": "custody",
        "format": _FORMAT,
        "id": snapshot,
        "result": result,
        "handed_out_at": clock.rfc3339(moment),
        "sha256": sha256,
        "bytes": size_bytes,
        "reason": _cut(reason),
        **({} if operator is None else {"operator": _cut(operator)}),
        "software": f"archiver/{__version__}",
    }


def planned_of(statement: Mapping[str, Any]) -> Planned | None:
    """Which time of which schedule a statement of a capture, or of its withdrawal, says it was for; None for none.

    Raises `ValueError` where what it says cannot be understood.
    """
    job = statement.get("job")
    holder = statement if statement.get("type") == "withdrawn" else job if isinstance(job, dict) else {}
    said = holder.get("schedule")
    if said is None:
        return None
    if not isinstance(said, dict):
        raise ValueError("its schedule is no object")
    id_, name, seq, due = (said.get(key) for key in ("id", "name", "seq", "due"))
    if not (isinstance(id_, str) and isinstance(name, str) and isinstance(due, str) and type(seq) is int):
        raise ValueError("the id, name, number or time of its schedule is none")
    return Planned(id_, name, seq, moments.parse_rfc3339(due))


def build(
    snapshot: str,
    intent_index: int,
    recording: Recording,
    artifacts: list[Artifact],
    settings: CaptureSettings,
    about: About,
    text_sketch: dict[str, Any] | None = None,
    sealed_after: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Everything that is said of a stored snapshot, unsigned.

    `sealed_after` names the newest time-stamped checkpoint known before the visit, and the responses over it.
    """
    counts = Counter(str(x.result) for x in recording.exchanges)
    main = recording.main
    return {
        "type": "snapshot",
        "format": _FORMAT,
        "id": snapshot,
        "intent": intent_index,
        "requested_url": _cut(recording.url),
        "final_url": _cut(recording.final_url or recording.url),
        "redirects": _redirects(recording),
        "title": _cut(recording.title)[:_MAX_TITLE_CHARACTERS],
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
        **({} if text_sketch is None else {"text_sketch": text_sketch}),
        **_regions(recording),
        **({} if sealed_after is None else {"sealed_after": sealed_after}),
        **_said(about),
        "software": f"archiver/{__version__}",
    }


def _regions(recording: Recording) -> dict[str, Any]:
    """How many regions of each kind were found around the article, where they were looked for."""
    for rendition in recording.renditions:
        if rendition.role == "regions":
            partial = {"partial": True} if rendition.facts["partial"] else {}
            lists = rendition.facts["filter_lists"]
            return {
                "regions": {**rendition.facts["counts"], **partial},
                **({"filter_lists": lists} if lists else {}),
            }
    return {}


def _said(about: About) -> dict[str, Any]:
    given = {"case": about.case, "operator": about.operator, "reason": about.reason}
    return {
        "tags": [_cut(tag) for tag in about.tags[:_MAX_TAGS]],
        **{name: _cut(text) for name, text in given.items() if text is not None},
        **({} if about.job is None else {"job": _job(about.job)}),
    }


def _job(job: Job) -> dict[str, Any]:
    planned = job.planned
    return {
        "id": job.id,
        "attempt": job.attempt,
        **({} if planned is None else {"schedule": _planned(planned)}),
    }


def _planned(planned: Planned) -> dict[str, Any]:
    return {
        "id": planned.schedule,
        "name": planned.name,
        "seq": planned.seq,
        "due": clock.rfc3339(planned.due),
    }


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

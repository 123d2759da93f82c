"""A statement as a document: canonical, of a known format, and with everything that one of its type must say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import rfc8785

from archiver.storage import layout
from archiver.verify.problems import Collected, sentences, shown
from archiver.verify.shape import (
    COUNT,
    CRC32,
    FLAG,
    HASH,
    ID,
    MOMENT,
    OBJECT,
    RESULT,
    SHA256,
    SHORT_TEXT,
    STATUS,
    TEXT,
    Form,
    fits,
    list_of,
    one_of,
    optional,
)

_FORMAT = "archiver-statement/1"
_MAX_LINE_BYTES = 1 << 19
_MAX_DEPTH = 16
_URN = "urn:"

_SAID: dict[str, Form] = {"case": SHORT_TEXT, "operator": SHORT_TEXT, "reason": SHORT_TEXT, "job": OBJECT}
_COMMON: dict[str, Form] = {
    "id": ID,
    "software": TEXT,
}
_OF_CAPTURE: dict[str, Form] = {"requested_url": SHORT_TEXT, "started_at": MOMENT, "tags": list_of(SHORT_TEXT)}
_INTENT: dict[str, Form] = _OF_CAPTURE | {"deadline": MOMENT}
_FAILURE: dict[str, Form] = _OF_CAPTURE | {"intent": COUNT, "ended_at": MOMENT, "error": OBJECT}
_SNAPSHOT: dict[str, Form] = _OF_CAPTURE | {
    "intent": COUNT,
    "final_url": SHORT_TEXT,
    "redirects": COUNT,
    "title": SHORT_TEXT,
    "outcome": one_of("complete", "partial"),
    "warnings": list_of(OBJECT),
    "ended_at": MOMENT,
    "clock": TEXT,
    "exchanges": OBJECT,
    "main_document": OBJECT,
    "artifacts": list_of(OBJECT),
    "conditions": OBJECT,
    "resolution_altered": FLAG,
    "trust_altered": FLAG,
    "certificates_unchecked": FLAG,
    "guard_lifted": FLAG,
    "credentialed": FLAG,
}
_WITHDRAWN: dict[str, Form] = {"result": optional(COUNT), "withdrawn_at": MOMENT, "reason": SHORT_TEXT}
_CUSTODY: dict[str, Form] = {
    "result": COUNT,
    "handed_out_at": MOMENT,
    "sha256": SHA256,
    "bytes": COUNT,
    "reason": SHORT_TEXT,
}
# What it does with the key, and to which, is for `seal.keyring`, which refuses more.
_KEY: dict[str, Form] = {"action": TEXT, "key": TEXT, "made_at": MOMENT}
# What it says of times is for `schedules.history`, which refuses more.
_SCHEDULE: dict[str, Form] = {"action": TEXT, "schedule": ID, "name": TEXT, "made_at": MOMENT}
# What it may say of the graph is for `provenance.derivation`, which refuses more.
_DERIVATION: dict[str, Form] = {
    "subject": ID,
    "object": OBJECT,
    "relation": TEXT,
    "status": TEXT,
    "claims": list_of(OBJECT),
    "dates": OBJECT,
    "made_at": MOMENT,
}
_TYPES = {
    "intent": _INTENT,
    "failure": _FAILURE,
    "snapshot": _SNAPSHOT,
    "withdrawn": _WITHDRAWN,
    "key": _KEY,
    "schedule": _SCHEDULE,
    "derivation": _DERIVATION,
    "custody": _CUSTODY,
}
#: the types that this version knows; of another one it can say that it is canonical, and no more
KNOWN = frozenset(_TYPES)
_SAYING: dict[str, Form] = {"code": TEXT, "message": SHORT_TEXT}
_MAY_SAY = {
    "snapshot": _SAID
    | {"text_sketch": OBJECT, "sealed_after": OBJECT, "regions": OBJECT, "filter_lists": list_of(OBJECT)},
    "withdrawn": _SAID | {"schedule": OBJECT},
    "custody": {"operator": SHORT_TEXT},
}
_SKETCH: dict[str, Form] = {"method": TEXT, "words": COUNT, "scale": COUNT, "hashes": list_of(HASH)}
_SEALED_AFTER: dict[str, Form] = {"checkpoint": OBJECT, "stamps": list_of(OBJECT)}
_CHECKPOINT: dict[str, Form] = {"size": COUNT, "root": SHA256}
_STAMP: dict[str, Form] = {"authority": TEXT, "sha256": SHA256, "time": MOMENT}
_FILTER_LIST: dict[str, Form] = {"title": TEXT, "version": TEXT, "sha256": SHA256}
_JOB: dict[str, Form] = {"id": SHORT_TEXT, "attempt": COUNT}
_PLANNED: dict[str, Form] = {"id": ID, "name": TEXT, "seq": COUNT, "due": MOMENT}
_ERROR: dict[str, Form] = {"kind": TEXT, "message": SHORT_TEXT}
MAIN_DOCUMENT: dict[str, Form] = {
    "url": SHORT_TEXT,
    "status": optional(STATUS),
    "sha256": optional(SHA256),
    "address": optional(TEXT),
    "tls_version": optional(TEXT),
    "tls_cipher": optional(TEXT),
    "certificate_sha256": optional(SHA256),
    "certificate_verified": optional(FLAG),
    "certificate_error": optional(TEXT),
}
_ARTIFACT: dict[str, Form] = {
    "role": TEXT,
    "key": TEXT,
    "media_type": TEXT,
    "bytes": COUNT,
    "sha256": SHA256,
    "crc32": optional(CRC32),
}
_CONDITIONS: dict[str, Form] = {
    "browser": TEXT,
    "browser_sha256": SHA256,
    "browser_command_line": SHORT_TEXT,
    "user_agent": TEXT,
    "accept_encoding": TEXT,
    "sandboxed": FLAG,
    "own_user": FLAG,
    "profile": SHORT_TEXT,
    "viewport": list_of(COUNT),
    "device_pixel_ratio": TEXT,
    "is_mobile": FLAG,
    "has_touch": FLAG,
    "locale": TEXT,
    "timezone": TEXT,
    "timeout_ms": COUNT,
    "proxied": FLAG,
}


def check_statement(document: object, line: bytes) -> list[str]:
    """What is wrong with a statement: `document` is what the bytes of `line`, without its line end, were read as.

    `line` must be the one way to write it (RFC 8785): so nothing is said twice, nothing in floats, and no two readers
    can read it differently. Never raises.
    """
    found: Collected[str] = Collected()

    def report(text: str) -> None:
        found.add(f"{text[0].upper()}{text[1:]}.")

    if len(line) > _MAX_LINE_BYTES:
        report(f"the statement has {len(line)} bytes, expected {_MAX_LINE_BYTES} at most")
        return sentences(found)
    _check_canonical(document, line, report)
    if not isinstance(document, dict):
        report(f"the statement is {shown(document)}, expected an object")
        return sentences(found)
    kind = document.get("type")
    if document.get("format") != _FORMAT:
        report(f"the statement has the format {shown(document.get('format'))}, expected {_FORMAT!r}")
    elif not isinstance(kind, str):
        report(f"the statement has the type {shown(kind)}, expected a text")
    elif kind not in KNOWN:
        fits(document, "the statement", _COMMON, report)
    else:
        fits(document, f"the {kind}", _COMMON | _TYPES[kind], report, _MAY_SAY.get(kind, _SAID))
        _check_parts(kind, document, report)
    return sentences(found)


def check_artifact(listed: dict[str, Any], sha256: str, size_bytes: int, crc32: int | None) -> list[str]:
    """What differs between an artifact as its statement lists it and what was found of it.

    `crc32` is held against the list where there is one of both. Never raises.
    """
    pairs: list[tuple[str, object, object]] = [("bytes", listed.get("bytes"), size_bytes)]
    pairs.append(("sha256", listed.get("sha256"), sha256))
    if crc32 is not None and listed.get("crc32") is not None:
        pairs.append(("crc32", listed["crc32"], crc32))
    return [
        f"The artifact {shown(listed.get('key'))} has the {name} {shown(found)}, expected {shown(expected)}."
        for name, expected, found in pairs
        if type(expected) is not type(found) or expected != found
    ]


def _check_canonical(document: object, line: bytes, report: Callable[[str], None]) -> None:
    if not _is_plain(document, report):
        return
    try:
        canonical = rfc8785.dumps(document)  # type: ignore[arg-type]  # `_is_plain` has seen to its types
    except (rfc8785.CanonicalizationError, ValueError) as error:
        report(f"the statement has no canonical form of RFC 8785: {error}")
        return
    if canonical != line:
        at = next((n for n, (a, b) in enumerate(zip(canonical, line, strict=False)) if a != b), None)
        place = min(len(canonical), len(line)) if at is None else at
        report(f"the statement is not canonical (RFC 8785): it differs from what its values give at byte {place}")


def _is_plain(document: object, report: Callable[[str], None]) -> bool:
    """Whether it is made of texts, whole numbers, true, false and null, and not deeper than any statement is."""
    left: list[tuple[object, int]] = [(document, 0)]
    while left:
        value, depth = left.pop()
        if isinstance(value, float):
            report(f"the statement has the number {shown(value)}, expected none but whole ones")
            return False
        if isinstance(value, (dict, list)):
            if depth == _MAX_DEPTH:
                report(f"the statement is nested deeper than {_MAX_DEPTH}")
                return False
            left += ((each, depth + 1) for each in (value.values() if isinstance(value, dict) else value))
        elif value is not None and not isinstance(value, (str, int)):
            report(f"the statement has {shown(value)} in it, which JSON has not")
            return False
    return True


def _check_parts(kind: str, document: dict[str, Any], report: Callable[[str], None]) -> None:
    began: Any = document.get("started_at")
    ended: Any = document.get("deadline" if kind == "intent" else "ended_at")
    # Of one form and one length, so that they sort as the moments do.
    if MOMENT.fits(began) and MOMENT.fits(ended) and ended < began:
        report(f"the {kind} ends at {ended}, before it began at {began}")
    if OBJECT.fits(document.get("job")):
        fits(document["job"], f"the job of the {kind}", _JOB, report, {"schedule": OBJECT})
        if OBJECT.fits(document["job"].get("schedule")):
            fits(document["job"]["schedule"], f"the schedule of the {kind}", _PLANNED, report)
    if kind == "withdrawn" and OBJECT.fits(document.get("schedule")):
        fits(document["schedule"], "the schedule of the withdrawn", _PLANNED, report)
    if kind == "failure" and OBJECT.fits(document.get("error")):
        fits(document["error"], "the error of the failure", _ERROR, report)
    if kind != "snapshot":
        return
    for warning in _objects(document.get("warnings")):
        fits(warning, "a warning of the snapshot", _SAYING, report)
    if OBJECT.fits(document.get("exchanges")):
        _check_exchanges(document["exchanges"], report)
    if OBJECT.fits(document.get("main_document")):
        fits(document["main_document"], "the main document of the snapshot", MAIN_DOCUMENT, report)
    if OBJECT.fits(document.get("conditions")):
        fits(document["conditions"], "the conditions of the snapshot", _CONDITIONS, report)
    if OBJECT.fits(document.get("text_sketch")):
        fits(document["text_sketch"], "the text sketch of the snapshot", _SKETCH, report)
    for listed in _objects(document.get("filter_lists")):
        fits(listed, "a filter list of the snapshot", _FILTER_LIST, report)
    if OBJECT.fits(document.get("regions")):
        _check_regions(document["regions"], report)
    if OBJECT.fits(document.get("sealed_after")):
        _check_sealed_after(document["sealed_after"], report)
    _check_artifacts(document, report)


def _check_regions(counts: dict[str, Any], report: Callable[[str], None]) -> None:
    for name, count in counts.items():
        if not (count is True if name == "partial" else COUNT.fits(count)):
            report(f"the snapshot counts {shown(count)} regions as {shown(name)}, which cannot be")
            return


def _check_sealed_after(said: dict[str, Any], report: Callable[[str], None]) -> None:
    where = "the stamped checkpoint of the snapshot"
    if not fits(said, where, _SEALED_AFTER, report):
        return
    fits(said["checkpoint"], where, _CHECKPOINT, report)
    for stamp in said["stamps"]:
        fits(stamp, "a time stamp of the snapshot", _STAMP, report)


def _check_exchanges(counts: dict[str, Any], report: Callable[[str], None]) -> None:
    fits(counts, "the count of exchanges of the snapshot", {"total": COUNT}, report)
    counted = 0
    for name, count in counts.items():
        if name == "total":
            continue
        if not RESULT.fits(name) or not COUNT.fits(count):
            report(f"the snapshot counts {shown(count)} exchanges as {shown(name)}, which cannot be")
            return
        counted += count
    if COUNT.fits(counts.get("total")) and counted != counts["total"]:
        report(f"the snapshot counts {counted} exchanges by their results, expected its total, {counts['total']}")


def _check_artifacts(document: dict[str, Any], report: Callable[[str], None]) -> None:
    """One WARC and one index, under the keys of this capture; all else are records of the WARC, under their URN."""
    id_ = document.get("id")
    keys = {"warc": layout.warc(id_), "cdxj": layout.cdxj(id_)} if isinstance(id_, str) and layout.is_id(id_) else {}
    roles: list[str] = []
    for number, artifact in enumerate(_objects(document.get("artifacts"))):
        if not fits(artifact, f"artifact {number} of the snapshot", _ARTIFACT, report):
            continue
        role, key = artifact["role"], artifact["key"]
        roles.append(role)
        if role in ("warc", "cdxj"):
            if key != keys.get(role, key):
                report(f"the {role} of the snapshot has the key {shown(key)}, expected {keys[role]!r}")
            if artifact["crc32"] is None:
                report(f"the {role} of the snapshot has no crc32, expected one")
        elif not key.startswith(_URN):
            report(f"the artifact {shown(role)} of the snapshot has the key {shown(key)}, expected the URN of a record")
    for role in ("warc", "cdxj"):
        if roles.count(role) != 1:
            report(f"the snapshot lists {roles.count(role)} artifacts as {role}, expected one")


def _objects(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []

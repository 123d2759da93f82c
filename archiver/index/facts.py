"""What the index keeps of a statement."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from archiver import moments
from archiver.index.schema import MAX_TAG_CHARACTERS, State
from archiver.model import TEXT_SKETCH, Outcome, Sketch

FORMAT = "archiver-statement/1"
_MAX_BIGINT = (1 << 63) - 1
_MAX_WORDS = (1 << 31) - 1
_MAX_HASHES = 4096
_HASH = re.compile(r"[0-9a-f]{16}")


class MalformedError(ValueError):
    """The statement is what the log commits to, but does not say what one of its type must say."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """An object that a statement lists."""

    key: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Facts:
    """One statement, as far as the index is concerned. Times are milliseconds since 1970 in UTC."""

    url: str
    captured_at_ms: int
    state: State
    deadline_ms: int | None = None
    final_url: str | None = None
    http_status: int | None = None
    title: str | None = None
    tags: tuple[str, ...] = ()
    case_name: str | None = None
    warc_bytes: int | None = None
    artifacts: tuple[Artifact, ...] = ()
    sketch: Sketch | None = None


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What a statement of type `withdrawn` says: when, why, and by whom if that was given."""

    at_ms: int
    reason: str
    operator: str | None = None


def read(statement: dict[str, Any]) -> Facts:
    """The facts of an intent, a snapshot or a failure. Fields that are not known are passed over.

    Raises `MalformedError`, which names the field.
    """
    _check_format(statement)
    kind = statement["type"]
    url = plain(_text(statement, "requested_url"))
    began = _moment(statement, "started_at")
    if kind == "failure":
        return Facts(url, began, State.FAILED)
    tags, case_name = _tags(statement), _optional_text(statement, "case")
    if kind == "intent":
        deadline = _moment(statement, "deadline")
        return Facts(url, began, State.PENDING, deadline, tags=tags, case_name=case_name)
    artifacts, warc_bytes = _artifacts(statement)
    return Facts(
        url=url,
        captured_at_ms=began,
        state=_outcome(statement),
        final_url=plain(_text(statement, "final_url")),
        http_status=_status(statement),
        title=_optional_text(statement, "title"),
        tags=tags,
        case_name=case_name,
        warc_bytes=warc_bytes,
        artifacts=artifacts,
        sketch=read_sketch(statement.get("text_sketch")),
    )


def read_sketch(value: object) -> Sketch | None:
    """The sketch that a statement has; None for one of another method, and for what is none.

    It only helps to find a capture: a capture is not to be lost for it.
    """
    if not isinstance(value, dict) or value.get("method") != TEXT_SKETCH:
        return None
    words, scale, found = value.get("words"), value.get("scale"), value.get("hashes")
    if type(words) is not int or type(scale) is not int or not isinstance(found, list):
        return None
    if not (0 <= words <= _MAX_WORDS and 1 < scale <= _MAX_BIGINT and len(found) <= _MAX_HASHES):
        return None
    if not all(isinstance(each, str) and _HASH.fullmatch(each) for each in found):
        return None
    hashes = sorted({int(each, 16) for each in found})
    return Sketch(words, scale, tuple(hashes)) if not hashes or hashes[-1] < (1 << 64) // scale else None


def read_withdrawal(statement: dict[str, Any]) -> Withdrawal:
    """The facts of a withdrawal. Raises as `read`."""
    _check_format(statement)
    return Withdrawal(
        _moment(statement, "withdrawn_at"), plain(_text(statement, "reason")), _optional_text(statement, "operator")
    )


def _check_format(statement: dict[str, Any]) -> None:
    if statement.get("format") != FORMAT:
        raise MalformedError(f"its format is {str(statement.get('format'))[:40]!r}, not {FORMAT}")


def plain(text: str) -> str:
    """Text that every database takes: PostgreSQL stores no NUL, and neither takes half of a surrogate pair."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def tag(text: str) -> str:
    """A tag as it is stored and searched for."""
    return plain(text[:MAX_TAG_CHARACTERS])


def _text(statement: dict[str, Any], name: str) -> str:
    value = statement.get(name)
    if not isinstance(value, str):
        raise MalformedError(f"{name} is no text")
    return value


def _optional_text(statement: dict[str, Any], name: str) -> str | None:
    return None if statement.get(name) is None else plain(_text(statement, name))


def _moment(statement: dict[str, Any], name: str) -> int:
    try:
        return moments.to_ms(moments.parse_rfc3339(_text(statement, name)))
    except ValueError as error:
        raise MalformedError(f"{name}: {error}") from None


def _outcome(statement: dict[str, Any]) -> State:
    try:
        return State(Outcome(_text(statement, "outcome")))
    except ValueError:
        raise MalformedError("its outcome is not known") from None


def _tags(statement: dict[str, Any]) -> tuple[str, ...]:
    value = statement.get("tags", [])
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise MalformedError("tags are no list of texts")
    return tuple(sorted({tag(each) for each in value}))


def _status(statement: dict[str, Any]) -> int | None:
    main = statement.get("main_document")
    if main is None:
        return None
    if not isinstance(main, dict):
        raise MalformedError("main_document is no object")
    status = main.get("status")
    if status is None:
        return None
    if type(status) is not int or not 0 <= status <= 999:
        raise MalformedError("the status of main_document is no HTTP status")
    return status


def _artifacts(statement: dict[str, Any]) -> tuple[tuple[Artifact, ...], int | None]:
    """What the statement lists as objects of their own (renditions are records of the WARC), and the WARC's size."""
    value = statement.get("artifacts")
    if not isinstance(value, list):
        raise MalformedError("artifacts are no list")
    found, warc_bytes = [], None
    for each in value:
        key, size = (each.get("key"), each.get("bytes")) if isinstance(each, dict) else (None, None)
        if not isinstance(key, str) or type(size) is not int or not 0 <= size <= _MAX_BIGINT:
            raise MalformedError("an artifact has no key or no size")
        if each.get("role") == "warc" and warc_bytes is None:
            warc_bytes = size
        if not key.startswith("urn:"):
            found.append(Artifact(key, size))
    return tuple(found), warc_bytes

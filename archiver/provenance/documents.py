"""Claims, dates, nodes and ends as JSON values that canonical JSON can hold (RFC 8785), and read back.

No fractions: a confidence is in per cent. No lone surrogates. Every text has a length at most. Reading is strict, since
a document may come from anybody: what does not fit raises `ValueError`, which says where.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar

from archiver.provenance.claim import Claim, Direction, Place, Relation, Target
from archiver.provenance.dates import DateFound, Kind, Method, Precision
from archiver.provenance.graph import Candidate, Node, NodeKind

MAX_PASSAGE_CHARS = 2_000
MAX_URL_CHARS = 2_000
MAX_NAME_CHARS = 500
_MAX_WHOLE = 2**53 - 1  # RFC 8785 section 3.2.2.3: what every JSON reader has exactly
_MAX_LISTED = 2_000
_MAX_DEPTH = 8

_Choice = TypeVar("_Choice", bound=Enum)


def clean(text: str, longest: int) -> str:
    """A text without lone surrogates, cut to a length."""
    return text[:longest].encode("utf-8", "replace").decode("utf-8")


def size_bytes(value: object) -> int:
    """At least the bytes that a value takes in canonical JSON."""
    return len(json.dumps(value, ensure_ascii=False).encode("utf-8"))


def plain(value: object, depth: int = 0) -> Any:
    """Any value as canonical JSON can hold it: fractions in per mille, their key saying so; texts and lists cut.

    What has no such form becomes text; what is nested too deeply becomes None.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return max(-_MAX_WHOLE, min(value, _MAX_WHOLE))
    if isinstance(value, str):
        return clean(value, MAX_PASSAGE_CHARS)
    if isinstance(value, float):
        return _per_mille(value)
    if depth >= _MAX_DEPTH:
        return None
    if isinstance(value, Mapping):
        items = sorted((clean(str(key), MAX_NAME_CHARS), item) for key, item in value.items())[:_MAX_LISTED]
        return {f"{key}_per_mille" if isinstance(item, float) else key: plain(item, depth + 1) for key, item in items}
    if isinstance(value, Sequence):
        return [plain(str(item) if isinstance(item, float) else item, depth + 1) for item in value[:_MAX_LISTED]]
    return clean(str(value), MAX_PASSAGE_CHARS)


def leaves(value: object) -> int:
    """How many values that hold no others are in a value: fewer after cutting."""
    if isinstance(value, Mapping):
        return sum(leaves(item) for item in value.values())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return sum(leaves(item) for item in value)
    return 1


def _per_mille(value: float) -> int | None:
    # Downwards, so that a share just below a threshold does not appear to reach it.
    return None if math.isnan(value) else math.floor(1000 * max(-1e12, min(value, 1e12)))


def claim_document(claim: Claim) -> dict[str, Any]:
    """A claim with its exact passage and place."""
    place = claim.place
    return {
        "kind": clean(claim.kind, MAX_NAME_CHARS),
        "relation": str(claim.relation),
        "direction": str(claim.direction),
        "outlet": clean(claim.outlet, MAX_NAME_CHARS),
        "site": clean(claim.site, MAX_NAME_CHARS),
        "author": clean(claim.author, MAX_NAME_CHARS),
        "target_url": clean(claim.target_url, MAX_URL_CHARS),
        "target_kind": str(claim.target_kind),
        "passage": clean(claim.passage, MAX_PASSAGE_CHARS),
        "place": _place_document(place),
        "language": clean(claim.language, MAX_NAME_CHARS),
        "confidence_per_cent": round(100 * max(0.0, min(claim.confidence, 1.0))),
        "trap": None if claim.trap is None else clean(claim.trap, MAX_NAME_CHARS),
        "same_group": claim.same_group,
    }


def read_claim(document: object) -> Claim:
    """The inverse of `claim_document`."""
    fields = Fields(document, "claim")
    return Claim(
        kind=fields.text("kind"),
        relation=fields.choice("relation", Relation),
        direction=fields.choice("direction", Direction),
        outlet=fields.text("outlet"),
        author=fields.text("author"),
        target_url=fields.text("target_url"),
        target_kind=fields.choice("target_kind", Target),
        passage=fields.text("passage"),
        place=_read_place(fields.given("place")),
        language=fields.text("language"),
        confidence=fields.whole("confidence_per_cent", 0, 100) / 100,
        trap=fields.text_or_none("trap"),
        same_group=fields.flag("same_group"),
        site=fields.text("site"),
    )


def _place_document(place: Place) -> dict[str, Any]:
    return {
        "frame": place.frame,
        "xpath": clean(place.xpath, MAX_URL_CHARS),
        "start": place.start,
        "end": place.end,
        "region": clean(place.region, MAX_NAME_CHARS),
    }


def _read_place(document: object) -> Place:
    fields = Fields(document, "place")
    frame, start, end = (fields.whole(name, 0, _MAX_WHOLE) for name in ("frame", "start", "end"))
    return Place(frame, fields.text("xpath"), start, end, fields.text("region"))


def date_document(date: DateFound) -> dict[str, Any]:
    """A date as it was found. `said` has no zone; `moment` is in UTC, None where no moment is known."""
    moment = date.moment
    return {
        "kind": str(date.kind),
        "method": str(date.method),
        "said": date.said.isoformat(),
        "precision": str(date.precision),
        "zone": None if date.zone is None else clean(date.zone, MAX_NAME_CHARS),
        "offset_min": date.offset_min,
        "moment": None if moment is None else moment.isoformat().replace("+00:00", "Z"),
        "passage": clean(date.passage, MAX_PASSAGE_CHARS),
        "place": None if date.place is None else _place_document(date.place),
    }


def read_date(document: object) -> DateFound:
    """The inverse of `date_document`; `moment` follows from the rest and is not read."""
    fields = Fields(document, "date")
    place = fields.given("place")
    try:
        said = datetime.fromisoformat(fields.text("said"))
    except ValueError:
        raise ValueError("date: 'said' is no date") from None
    return DateFound(
        kind=fields.choice("kind", Kind),
        method=fields.choice("method", Method),
        said=said,
        precision=fields.choice("precision", Precision),
        zone=fields.text_or_none("zone"),
        offset_min=None if fields.given("offset_min") is None else fields.whole("offset_min", -24 * 60, 24 * 60),
        passage=fields.text("passage"),
        place=None if place is None else _read_place(place),
    )


_NODE_TEXTS = {
    "url": MAX_URL_CHARS,
    "outlet": MAX_NAME_CHARS,
    "site": MAX_NAME_CHARS,
    "title": MAX_NAME_CHARS,
    "author": MAX_NAME_CHARS,
    "poster": MAX_NAME_CHARS,
}


def node_document(node: Node) -> dict[str, Any]:
    """A node without its date; what is not known is left out."""
    texts = {name: clean(getattr(node, name), longest) for name, longest in _NODE_TEXTS.items()}
    return {
        "id": node.id,
        "kind": str(node.kind),
        **({} if node.snapshot is None else {"snapshot": clean(node.snapshot, MAX_NAME_CHARS)}),
        **{name: text for name, text in texts.items() if text},
        **({} if node.text_sha256 is None else {"text_sha256": node.text_sha256}),
    }


def read_node(document: object, published: DateFound | None) -> Node:
    """The inverse of `node_document`, with its date."""
    fields = Fields(document, "object")
    texts = {name: fields.text(name, "") for name in _NODE_TEXTS}
    return Node(
        id=fields.text("id"),
        kind=fields.choice("kind", NodeKind),
        snapshot=fields.text_or_none("snapshot"),
        published=published,
        text_sha256=fields.text_or_none("text_sha256"),
        **texts,
    )


def candidate_document(candidate: Candidate) -> dict[str, Any]:
    """A candidate; what is not known is left out."""
    texts = {
        "url": clean(candidate.url, MAX_URL_CHARS),
        "outlet": clean(candidate.outlet, MAX_NAME_CHARS),
        "title": clean(candidate.title, MAX_NAME_CHARS),
        "reason": clean(candidate.reason, MAX_NAME_CHARS),
    }
    return {name: text for name, text in texts.items() if text}


def read_candidate(document: object) -> Candidate:
    """The inverse of `candidate_document`."""
    fields = Fields(document, "candidate")
    return Candidate(*(fields.text(name, "") for name in ("url", "outlet", "title", "reason")))


class Fields:
    """The fields of a JSON object of unknown origin. Every method raises `ValueError` where a field does not fit."""

    def __init__(self, document: object, name: str) -> None:
        if not isinstance(document, Mapping):
            raise ValueError(f"{name}: not an object")
        self._document, self._name = document, name

    def given(self, key: str) -> object:
        """The field as it is, None where it is missing."""
        return self._document.get(key)

    def text(self, key: str, missing: str | None = None) -> str:
        value = self._document.get(key, missing)
        if not isinstance(value, str):
            raise self._wrong(key, "text")
        return value

    def text_or_none(self, key: str) -> str | None:
        return None if self._document.get(key) is None else self.text(key)

    def whole(self, key: str, least: int, most: int) -> int:
        value = self._document.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise self._wrong(key, f"a whole number from {least} to {most}")
        return value

    def flag(self, key: str) -> bool:
        value = self._document.get(key)
        if not isinstance(value, bool):
            raise self._wrong(key, "true or false")
        return value

    def choice(self, key: str, choices: type[_Choice]) -> _Choice:
        value = self._document.get(key)
        for choice in choices:
            if choice.value == value and isinstance(value, str):
                return choice
        raise self._wrong(key, f"one of {', '.join(str(choice.value) for choice in choices)}")

    def listed(self, key: str) -> list[object]:
        value = self._document.get(key, [])
        if not isinstance(value, list):
            raise self._wrong(key, "a list")
        return value

    def _wrong(self, key: str, wanted: str) -> ValueError:
        return ValueError(f"{self._name}: {key!r} is not {wanted}")

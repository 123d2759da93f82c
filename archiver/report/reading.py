"""Values taken from JSON of which nothing is taken for granted: what does not fit is as if it were not there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from archiver.moments import parse_rfc3339

Json = Mapping[str, object]
_LARGEST = 2**63


def text(document: Json, key: str) -> str:
    """A text; empty where there is none."""
    value = document.get(key)
    return value if isinstance(value, str) else ""


def whole(document: Json, key: str) -> int | None:
    """A whole number."""
    value = document.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST else None


def flag(document: Json, key: str) -> bool | None:
    """True or false."""
    value = document.get(key)
    return value if isinstance(value, bool) else None


def part(document: Json, key: str) -> Json:
    """An object; empty where there is none."""
    value = document.get(key)
    return value if isinstance(value, Mapping) else {}


def objects(document: Json, key: str) -> list[Json]:
    """The objects of a list."""
    value = document.get(key)
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def texts(document: Json, key: str) -> list[str]:
    """The texts of a list."""
    value = document.get(key)
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def moment(document: Json, key: str) -> datetime | None:
    """A moment in UTC."""
    try:
        return parse_rfc3339(text(document, key))
    except ValueError:
        return None

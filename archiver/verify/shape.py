"""What a value of a JSON document must be: a form that it has or has not, and the words for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from archiver import clock, moments
from archiver.model import Result
from archiver.storage import layout
from archiver.verify.problems import shown

_SHA256 = re.compile(r"[0-9a-f]{64}")
_HASH = re.compile(r"[0-9a-f]{16}")
_MAX_COUNT = (1 << 53) - 1  # RFC 8785 section 3.2.2.3: what every reader of JSON has exactly
MAX_TEXT_CHARACTERS = 8192  # a text of a statement's is cut to this


@dataclass(frozen=True)
class Form:
    """What a value must be, in words, and whether it is."""

    words: str
    fits: Callable[[Any], bool]


def optional(form: Form) -> Form:
    """The form, or null."""
    return Form(f"{form.words} or null", lambda value: value is None or form.fits(value))


def list_of(form: Form) -> Form:
    return Form(f"a list, each {form.words}", lambda value: isinstance(value, list) and all(map(form.fits, value)))


def _is_moment(value: object) -> bool:
    try:
        return isinstance(value, str) and clock.rfc3339(moments.parse_rfc3339(value)) == value
    except ValueError:
        return False


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value <= _MAX_COUNT  # no bool


TEXT = Form("a text", lambda value: isinstance(value, str))
SHORT_TEXT = Form(
    f"a text of {MAX_TEXT_CHARACTERS} characters at most",
    lambda value: isinstance(value, str) and len(value) <= MAX_TEXT_CHARACTERS,
)
FLAG = Form("true or false", lambda value: isinstance(value, bool))
COUNT = Form("a number from 0 on", _is_count)
STATUS = Form("an HTTP status", lambda value: _is_count(value) and value <= 999)
CRC32 = Form("a CRC-32", lambda value: _is_count(value) and value < 1 << 32)
SHA256 = Form("a SHA-256 in lower-case hexadecimal", lambda v: isinstance(v, str) and bool(_SHA256.fullmatch(v)))
HASH = Form("16 lower-case hexadecimal digits", lambda v: isinstance(v, str) and bool(_HASH.fullmatch(v)))
MOMENT = Form("a time of RFC 3339 in UTC with microseconds", _is_moment)
ID = Form("an id of a capture", lambda value: isinstance(value, str) and layout.is_id(value))
RESULT = Form("a result of an exchange", lambda value: isinstance(value, str) and value in list(Result))
OBJECT = Form("an object", lambda value: isinstance(value, dict))


def one_of(*values: str) -> Form:
    return Form(" or ".join(map(repr, values)), lambda value: isinstance(value, str) and value in values)


def fits(
    value: object,
    where: str,
    forms: Mapping[str, Form],
    report: Callable[[str], None],
    may_have: Mapping[str, Form] | None = None,
) -> bool:
    """Whether a value is an object with a fitting value under each of these names; what is wrong is reported.

    What is in `may_have` may be missing. Names in neither are passed over: later versions may say more.
    """
    if not isinstance(value, dict):
        report(f"{where} is {shown(value)}, expected an object")
        return False
    is_good = True
    for name, form in {**forms, **(may_have or {})}.items():
        if name not in value and may_have is not None and name in may_have:
            continue
        if name not in value:
            report(f"{where} has no {name}")
            is_good = False
        elif not form.fits(value[name]):
            report(f"{where} has the {name} {shown(value[name])}, expected {form.words}")
            is_good = False
    return is_good

"""The header of a WARC record (WARC/1.1 section 4), as strictly as the archiver writes it."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum

from archiver import clock, moments
from archiver.verify.problems import shown

_VERSION = b"WARC/1.1"
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # a token, section 4
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
_RECORD_ID = re.compile(r"<urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}>")
_LENGTH = re.compile(r"0|[1-9][0-9]{0,14}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_REPEATABLE = {"warc-protocol"}  # one for HTTP, one for TLS
_TYPES = ("warcinfo", "request", "response", "resource", "metadata")
_EXCHANGE_TYPES = ("request", "response")
_MOST = 20  # problems of one header
_MAX_LINES = 100


class HeaderKind(StrEnum):
    """What can be wrong in a header."""

    VERSION = "version"
    HEADER_SYNTAX = "header_syntax"
    FIELD_MISSING = "field_missing"
    FIELD_REPEATED = "field_repeated"
    FIELD_MALFORMED = "field_malformed"
    RECORD_TYPE = "record_type"


#: takes what is wrong and the sentence's end that says so
Report = Callable[[HeaderKind, str], None]


class Header:
    """The named fields of one record: names in lower case, of a repeated one the first value."""

    def __init__(self, data: bytes, report: Report) -> None:
        self.fields: dict[str, str] = {}
        self.protocols: tuple[str, ...] = ()
        self._reported = 0
        self._report_to = report
        first, *lines = data.split(b"\r\n", _MAX_LINES)
        if len(lines) == _MAX_LINES:
            lines.pop()  # which is all that was not split
            found = data.count(b"\r\n")
            self._report(HeaderKind.HEADER_SYNTAX, f"its header has {found} lines, expected fewer than {_MAX_LINES}")
        if first != _VERSION:
            self._report(HeaderKind.VERSION, f"it begins with {shown(first)}, expected 'WARC/1.1'")
        for line in lines:
            self._line(line)
        self._check()

    def get(self, name: str) -> str:
        """The value of a field, empty when there is none."""
        return self.fields.get(name, "")

    @property
    def type(self) -> str:
        return self.get("warc-type")

    @property
    def is_exchange(self) -> bool:
        """Whether the block is an HTTP message."""
        return self.type in _EXCHANGE_TYPES

    @property
    def length(self) -> int | None:
        """The size of the block; None when the header does not say it."""
        value = self.get("content-length")
        return int(value) if _LENGTH.fullmatch(value) else None

    def digest(self, name: str) -> str | None:
        """The hexadecimal SHA-256 of a digest field; None when there is none of that form."""
        value = self.get(name)
        return value.removeprefix("sha256:") if _DIGEST.fullmatch(value) else None

    def _report(self, kind: HeaderKind, text: str) -> None:
        self._reported += 1
        if self._reported <= _MOST:
            self._report_to(kind, text)

    def _line(self, line: bytes) -> None:
        name, colon, rest = line.partition(b": ")
        if not colon or not _NAME.fullmatch(name) or _CONTROL.search(rest) or rest != rest.strip(b" "):
            self._report(HeaderKind.HEADER_SYNTAX, f"its header has the line {shown(line)}, expected 'Name: value'")
            return
        try:
            value = rest.decode("utf-8")
        except UnicodeDecodeError:
            self._report(HeaderKind.HEADER_SYNTAX, f"its header has the line {shown(line)}, which is not UTF-8")
            return
        known = name.decode("ascii").lower()
        if known in _REPEATABLE:
            self.protocols += (value,)
        elif known in self.fields:
            self._report(HeaderKind.FIELD_REPEATED, f"its header has {shown(name)} twice")
        else:
            self.fields[known] = value

    def _check(self) -> None:
        self._require("WARC-Type")
        self._require("WARC-Record-ID", "an id as <urn:uuid:…>", lambda text: bool(_RECORD_ID.fullmatch(text)))
        self._require("WARC-Date", "a time of RFC 3339 in UTC with microseconds", _is_date)
        self._require("Content-Length", "a number of bytes", lambda text: bool(_LENGTH.fullmatch(text)))
        self._require("WARC-Block-Digest", "sha256: and 64 digits", lambda text: bool(_DIGEST.fullmatch(text)))
        if self.type and self.type not in _TYPES:
            self._report(HeaderKind.RECORD_TYPE, f"its type is {shown(self.type)}, expected one of {', '.join(_TYPES)}")
        if self.type != "warcinfo":
            self._require("WARC-Target-URI")
        if self.is_exchange:
            expected = f"application/http; msgtype={self.type}"
            self._require("Content-Type", f"'{expected}'", lambda text: text == expected)
        else:
            self._require("Content-Type")
        # Readers take HTTP messages only where the URL says http, so the handshakes of WebSockets have no such digest.
        if self.is_exchange and self.get("warc-target-uri").startswith(("http:", "https:")):
            self._require("WARC-Payload-Digest")
        if "warc-payload-digest" in self.fields:
            self._require("WARC-Payload-Digest", "sha256: and 64 digits", lambda text: bool(_DIGEST.fullmatch(text)))

    def _require(self, name: str, form: str = "", has_form: Callable[[str], bool] = bool) -> None:
        value = self.fields.get(name.lower())
        if value is None:
            self._report(HeaderKind.FIELD_MISSING, f"its header has no {name}")
        elif not has_form(value):
            self._report(HeaderKind.FIELD_MALFORMED, f"its {name} is {shown(value)}, expected {form or 'a value'}")


def _is_date(text: str) -> bool:
    try:
        return clock.rfc3339(moments.parse_rfc3339(text)) == text
    except ValueError:
        return False

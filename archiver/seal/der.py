"""DER, read strictly: one encoding for each value, bounded in size, depth and number of elements.

X.690 section 10 and 11. What BER allows besides (indefinite lengths, longer forms, strings in pieces) is refused: two
programs could read such bytes differently. Sets need not be sorted here; who needs that asks `is_sorted`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

MAX_BYTES = 1 << 16
MAX_DEPTH = 24
MAX_ELEMENTS = 8192

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, OID, UTF8 = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0C
GENERALIZED_TIME, SEQUENCE, SET = 0x18, 0x30, 0x31

_CLASS, _CONSTRUCTED, _NUMBER = 0xC0, 0x20, 0x1F
_LONG = 0x80
_ALWAYS_CONSTRUCTED = frozenset({8, 11, 16, 17, 29})  # X.680 section 8.4: EXTERNAL, EMBEDDED PDV, …
_MAX_ARC_BYTES = 18  # 126 bits: OIDs of UUIDs (X.667) have 128, and nobody signs time with one
_TIME = re.compile(rb"([0-9]{14})(?:\.([0-9]{0,17}[1-9]))?Z")


class DerError(ValueError):
    """The bytes are not DER, or not of the form that was expected; the message says what is wrong with them."""


@dataclass(frozen=True, slots=True)
class Element:
    """One value: bytes `start` to `end` of `data`, its content from `body` on."""

    data: bytes
    tag: int
    start: int
    body: int
    end: int
    children: tuple[Element, ...]

    @property
    def raw(self) -> bytes:
        """All of it, tag and length included."""
        return self.data[self.start : self.end]

    @property
    def content(self) -> bytes:
        return self.data[self.body : self.end]

    def integer(self) -> int:
        return int.from_bytes(self._content_of(INTEGER), "big", signed=True)

    def implicit_integer(self) -> int:
        """Where a tag of its own hides that it is one."""
        _refuse_wrong_value(INTEGER, self.content)
        return int.from_bytes(self.content, "big", signed=True)

    def boolean(self) -> bool:
        return self._content_of(BOOLEAN) == b"\xff"

    def octets(self) -> bytes:
        return self._content_of(OCTET_STRING)

    def oid(self) -> str:
        """In dotted form."""
        arcs: list[int] = []
        value, length = 0, 0
        for byte in self._content_of(OID):
            value, length = value << 7 | byte & 0x7F, length + 1
            if (value == 0 and byte & _LONG) or length > _MAX_ARC_BYTES:
                raise DerError("an object identifier is not as DER has them")
            if not byte & _LONG:
                arcs.append(value)
                value, length = 0, 0
        if length or not arcs:
            raise DerError("an object identifier is cut off")
        first = min(arcs[0] // 40, 2)
        return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))

    def text(self) -> str:
        try:
            return self._content_of(UTF8).decode()
        except UnicodeDecodeError:
            raise DerError("a text is not UTF-8") from None

    def time(self) -> datetime:
        """In UTC; digits beyond microseconds are cut off (X.690 section 11.7)."""
        match = _TIME.fullmatch(self._content_of(GENERALIZED_TIME))
        if match is None:
            raise DerError("a time is not as DER has them")
        seconds, fraction = match[1].decode(), (match[2] or b"").decode()
        try:
            moment = datetime.strptime(seconds, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        except ValueError:
            raise DerError(f"there is no time {seconds}") from None
        return moment.replace(microsecond=int(fraction[:6].ljust(6, "0")))

    def _content_of(self, tag: int) -> bytes:
        if self.tag != tag:
            raise DerError(f"there is a value of type {self.tag:#04x} where {tag:#04x} is expected")
        return self.content


class Fields:
    """The values within a constructed one, taken in their order. Raises `DerError` where another one comes."""

    def __init__(self, element: Element, tag: int = SEQUENCE) -> None:
        if element.tag != tag:
            raise DerError(f"there is a value of type {element.tag:#04x} where {tag:#04x} is expected")
        self._left = list(reversed(element.children))

    def take(self, tag: int | None = None) -> Element:
        if not self._left:
            raise DerError("a structure ends too early")
        if tag is not None and self._left[-1].tag != tag:
            raise DerError(f"there is a value of type {self._left[-1].tag:#04x} where {tag:#04x} is expected")
        return self._left.pop()

    def maybe(self, tag: int) -> Element | None:
        return self._left.pop() if self._left and self._left[-1].tag == tag else None

    def end(self) -> None:
        if self._left:
            raise DerError(f"there is a value of type {self._left[-1].tag:#04x} that is not expected")


def parse(data: bytes) -> Element:
    """The one value that is all of `data`. Raises `DerError`."""
    if len(data) > MAX_BYTES:
        raise DerError(f"there are {len(data)} bytes, more than the {MAX_BYTES} that are read")
    element = _Parser(data).element(0, len(data), 0)
    if element.end != len(data):
        raise DerError(f"there are {len(data) - element.end} bytes after its end")
    return element


def is_sorted(elements: Sequence[Element]) -> bool:
    """Whether these are in the order of a SET OF (X.690 section 11.6), each of them once."""
    encoded = [element.raw for element in elements]
    return all(first < second for first, second in pairwise(encoded))


def with_sorted(data: bytes, element: Element) -> bytes:
    """`data` with the values within one of its elements in the order of a SET OF; nothing else changes its place."""
    encoded = sorted(child.raw for child in element.children)
    return data[: element.body] + b"".join(encoded) + data[element.end :]


class _Parser:
    def __init__(self, data: bytes) -> None:
        self._data, self._count = data, 0

    def element(self, start: int, limit: int, depth: int) -> Element:
        self._count += 1
        if depth > MAX_DEPTH or self._count > MAX_ELEMENTS:
            raise DerError(f"it has more than {MAX_DEPTH} levels or {MAX_ELEMENTS} values")
        if start >= limit:
            raise DerError("it ends where a value should begin")
        tag = self._data[start]
        body, end = self._content(start + 1, limit)
        children: tuple[Element, ...] = ()
        _refuse_wrong_form(tag)
        if tag & _CONSTRUCTED:
            children = self._children(body, end, depth + 1)
        else:
            _refuse_wrong_value(tag, self._data[body:end])
        return Element(self._data, tag, start, body, end, children)

    def _children(self, body: int, end: int, depth: int) -> tuple[Element, ...]:
        children = []
        while body < end:
            children.append(self.element(body, end, depth))
            body = children[-1].end
        return tuple(children)

    def _content(self, at: int, limit: int) -> tuple[int, int]:
        """Where a value begins and ends whose length stands at `at`."""
        if at >= limit:
            raise DerError("it ends within a value")
        length, body = self._data[at], at + 1
        if length == _LONG:
            raise DerError("a length is indefinite, which is BER and not DER")
        if length > _LONG:
            body += length - _LONG
            digits = self._data[at + 1 : min(body, limit)]
            length = int.from_bytes(digits, "big")
            if length < _LONG or digits[0] == 0:
                raise DerError("a length is not in its shortest form, which is BER and not DER")
        if body + length > limit:
            raise DerError("a value is longer than what it is in")
        return body, body + length


def _refuse_wrong_form(tag: int) -> None:
    number = tag & _NUMBER
    if number == _NUMBER:
        raise DerError("a tag is of more than one byte")
    if tag & _CLASS:
        return
    if number == 0:
        raise DerError("a value has the tag 0, which ends indefinite lengths")
    if bool(tag & _CONSTRUCTED) != (number in _ALWAYS_CONSTRUCTED):
        raise DerError(f"a value of type {tag:#04x} is in pieces, which is BER and not DER, or has none")


def _refuse_wrong_value(tag: int, content: bytes) -> None:
    is_wrong = {
        BOOLEAN: content not in (b"\0", b"\xff"),
        INTEGER: not content or (len(content) > 1 and content[0] in (0, 0xFF) and content[0] >> 7 == content[1] >> 7),
        BIT_STRING: not content or content[0] > 7 or (len(content) == 1 and content[0] > 0),
        NULL: content != b"",
        OID: not content,
    }
    if is_wrong.get(tag, False):
        raise DerError(f"a value of type {tag:#04x} is not as DER has them")

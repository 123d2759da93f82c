"""Dates as machines write them and as people do, read without guessing: what means two days is not read.

The names of months are those of the Unicode CLDR, as the library Babel carries them. Only the Gregorian calendar is
read. (htmldate, which the text extractor brings along, answers with one day, without saying where and in which zone.)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from babel.dates import get_month_names

from archiver.provenance.dates import Precision

MAX_DATE_CHARS = 100  # of a date that machines write
_MIN_YEAR, _MAX_YEAR = 1600, 2199  # the first newspapers; and no article is from a later century
_SPACE = r"[\s,.]{1,3}"

# ISO 8601 as JSON-LD, meta tags, sitemaps (W3C-DTF) and Atom (RFC 3339) have it, with the habits of content systems.
_ISO = re.compile(
    r"(\d{4})-?(\d{2})(?:-?(\d{2})(?:(?:[Tt]|\s{1,2})(\d{2}):?(\d{2})(?::?(\d{2})(?:[.,]\d{1,9})?)?"
    r"\s?(Z|z|[+\-−]\d{2}(?::?\d{2})?|[A-Z]{1,4})?)?)?",
    re.ASCII,
)
# RFC 5322 section 3.3, RFC 9110 section 5.6.7 and RSS.
_RFC5322 = re.compile(
    r"(?:[A-Za-z]{3,9},\s{0,2})?(\d{1,2})[ -]([A-Za-z]{3})[a-z]{0,6}[ -](\d{4})\s{1,2}(\d{1,2}):(\d{2})(?::(\d{2}))?"
    r"\s?([+-]\d{4}|[A-Z]{1,4})?",
    re.ASCII,
)
_ENGLISH_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# Names that mean one offset wherever they are written. "EST", "CST", "BST" and "IST" are several zones' names.
_ZONES = {
    **dict.fromkeys(("Z", "z", "UTC", "GMT"), 0),
    **dict.fromkeys(("CET", "MEZ"), 60),
    **dict.fromkeys(("CEST", "MESZ"), 120),
    "EET": 120,
    "EEST": 180,
    "MSK": 180,
    "JST": 540,
    "KST": 540,
    "EDT": -240,
    "CDT": -300,
    "MDT": -360,
    "PDT": -420,
}
_OTHER_ZONES = "EST|ET|CST|CT|MST|MT|PST|PT|BST|IST|WET|WEST|AEST|AEDT|NZST|NZDT|SGT|HKT|WIB|BRT|ART"


@dataclass(frozen=True)
class Written:
    """A date in a text: what it says (`dates.DateFound`), and where it stands."""

    said: datetime
    precision: Precision
    zone: str | None
    offset_min: int | None
    start: int = 0
    end: int = 0


def read_machine(text: str) -> Written | None:
    """A date as ISO 8601 or RFC 5322 writes it, and nothing else in the text; None where it is not one.

    Midnight to the second is what a system writes that knows only the day; so it is read as the day, of no zone.
    """
    text = text.strip()
    if len(text) > MAX_DATE_CHARS:
        return None
    match = _ISO.fullmatch(text)
    if match:
        year, month, day, *clock, zone = match.groups()
        if day is None and "-" not in text:
            return None  # six digits are a number
        return _written(year, month, day, clock, zone)
    match = _RFC5322.fullmatch(text)
    if match and match[2].lower() in _ENGLISH_MONTHS:
        day, name, year, *clock, zone = match.groups()
        return _written(year, _ENGLISH_MONTHS.index(name.lower()) + 1, day, clock, zone)
    return None


def _written(
    year: str | int,
    month: str | int,
    day: str | int | None,
    clock: list[str | None],
    zone: str | None,
    span: tuple[int, int] = (0, 0),
) -> Written | None:
    hour, minute, second = (int(part) if part else 0 for part in clock)
    if second == 60:
        second = 59  # a leap second; it lies within the minute
    try:
        said = datetime(int(year), int(month), int(day or 1), hour, minute, second)  # noqa: DTZ001 its zone is beside it
    except ValueError:
        return None
    if not _MIN_YEAR <= said.year <= _MAX_YEAR:
        return None
    offset = _offset(zone) if zone else None
    if day is None or clock[0] is None:
        return Written(said, Precision.MONTH if day is None else Precision.DAY, zone, None, *span)
    if clock[2] is None:
        return Written(said, Precision.MINUTE, zone, offset, *span)
    if (hour, minute, second) == (0, 0, 0):
        return Written(said, Precision.DAY, zone, None, *span)
    return Written(said, Precision.SECOND, zone, offset, *span)


def _offset(zone: str) -> int | None:
    if zone[0] in "+-−":
        hours, minutes = int(zone[1:3]), int(zone[3:].lstrip(":") or 0)
        offset = hours * 60 + minutes
        # RFC 3339 section 4.3: -00:00 says that the zone is not known. Beyond 14 hours there is none.
        if offset > 14 * 60 or minutes > 59 or (offset == 0 and zone[0] != "+"):
            return None
        return offset if zone[0] == "+" else -offset
    return _ZONES.get(zone)


_CLOCK = (
    r"(?:[\sT,|·•–—-]{1,4}(?:at|um|à|às|a las|a les|alle|om|kl\.?|o|ore|klo|в|о|saat|pukul|lúc|الساعة)?\s{0,2}"
    r"(\d{1,2})\s?[:.hH時时시]\s?(\d{2})(?::(\d{2}))?(?!\d)\s{0,2}((?i:[ap]\.?m\b\.?))?(?:Uhr|uur|h|Uhr\.|WIB)?"
    rf"\s{{0,2}}\(?((?:{'|'.join(sorted(_ZONES, key=len, reverse=True))}|{_OTHER_ZONES})\b|[+-]\d{{2}}:\d{{2}})?)?"
)
_NOT_WITHIN = r"(?<![\w./-])"
_ISO_DAY = rf"{_NOT_WITHIN}(?P<y1>\d{{4}})([-/.])(?P<m1>\d{{1,2}})\2(?P<d1>\d{{1,2}})(?![\d/-])"
_NUMBERS = rf"{_NOT_WITHIN}(?P<d2>\d{{1,2}})([./-])\s?(?P<m2>\d{{1,2}})\2\s?(?P<y2>\d{{4}})(?![\d/-])"
_EAST_ASIAN = re.compile(r"(?<!\d)(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일]" + _CLOCK)
_ISO_IN_TEXT = re.compile(_ISO_DAY + _CLOCK)
_NUMBERS_IN_TEXT = re.compile(_NUMBERS + _CLOCK)
_MONTH_FIRST = frozenset({"en"})  # where 3/4 may be April or March; every other language has the day first


def find_visible(text: str, language: str) -> Iterator[Written]:
    """The dates in a text for people, in its language and in English, by place. Bounded by the length of the text.

    Numbers alone are read where only one day can be meant: `3/4/2025` is not read in English.
    """
    found: list[Written | None] = []
    for match in _EAST_ASIAN.finditer(text):
        found.append(_with_clock(match[1], match[2], match[3], match, 4))
    for match in _ISO_IN_TEXT.finditer(text):
        found.append(_with_clock(match["y1"], match["m1"], match["d1"], match, 5))
    for match in _NUMBERS_IN_TEXT.finditer(text):
        day, month = int(match["d2"]), int(match["m2"])
        if language in _MONTH_FIRST and match[2] != ".":
            if month > 12 >= day:
                day, month = month, day
            elif day <= 12 and day != month:
                continue
        found.append(_with_clock(match["y2"], month, day, match, 5))
    for code in dict.fromkeys((language, "en")):
        if code in _LOCALES:
            found += _in_words(text, code)
    taken: list[tuple[int, int]] = []
    for written in sorted((one for one in found if one), key=lambda one: (one.start, -one.end)):
        if all(written.start >= end or written.end <= start for start, end in taken):
            taken.append((written.start, written.end))
            yield written


def _in_words(text: str, language: str) -> Iterator[Written | None]:
    numbers, patterns = _months(language)
    for pattern in patterns:
        for match in pattern.finditer(text):
            month = numbers[_folded(match["month"])]
            yield _with_clock(match["year"], month, match["day"], match, pattern.groups - 4)


def _with_clock(year: str, month: str | int, day: str | int, match: re.Match[str], group: int) -> Written | None:
    """A date with the time after it, whose five groups begin at `group`; without it where that is none."""
    hour, minute, second, half, zone = (match[group + number] for number in range(5))
    if hour is not None:
        if half and 1 <= int(hour) <= 12:
            hour = str(int(hour) % 12 + (12 if half[0] in "pP" else 0))
        written = _written(year, month, day, [hour, minute, second], zone, match.span())
        if written is not None:
            return written
    end = match.start(group) if hour is not None else match.end()
    start = match.start()
    end = start + len(match.string[start:end].rstrip(" ,|·•–—-"))
    return _written(year, month, day, [None, None, None], None, (start, end))


# The languages of the claims, as CLDR names them; where a language has several sets of names, all of them.
_LOCALES: dict[str, tuple[str, ...]] = {
    **{
        code: (code,)
        for code in "en de fr es pt it nl pl cs sk ru uk bg sv da fi hu ro ca el tr fa he id vi hi".split()
    },
    "sr": ("sr", "sr_Latn"),
    "no": ("nb", "nn"),
    "nb": ("nb", "nn"),
    "nn": ("nb", "nn"),
    "ar": ("ar", "ar_SY", "ar_DZ", "ar_MA"),
}


@lru_cache(maxsize=len(_LOCALES))
def _months(language: str) -> tuple[dict[str, int], tuple[re.Pattern[str], ...]]:
    """The months' names of a language with their numbers, and the patterns of dates that have them."""
    numbers: dict[str, int] = {}
    for locale in _LOCALES[language]:
        for width in ("wide", "abbreviated"):
            for context in ("format", "stand-alone"):
                for number, name in get_month_names(width, context, locale).items():
                    plain = re.sub(r"^(?:de\s|d[’'])", "", _folded(name))  # Catalan names bring their preposition
                    numbers.setdefault(plain, number)
    if language == "en":
        numbers["sept"] = 9
    names = "|".join(re.escape(name) for name in sorted(numbers, key=len, reverse=True))
    month = rf"(?P<month>{names})\b\.?"
    day = r"(?P<day>\d{1,2})(?:st|nd|rd|th|er|\.|º|ª|-го|-е)?"
    year = r"(?P<year>\d{4})(?!\d)(?:\s?г\.)?"
    small = r"(?:of\s|de\s|d[’']|del\s|den\s|ב)?"
    before_year = r"(?:de\s|del\s|năm\s|का\s)?"
    shapes = (
        rf"(?<!\d){day}\s{{0,2}}{small}{month}{_SPACE}{before_year}{year}",
        rf"\b{month}\s{{1,2}}{day}{_SPACE}{year}",
        rf"(?<!\d)(?P<year>\d{{4}})[\s.,]{{1,3}}{month}\s{{1,2}}(?P<day>\d{{1,2}})\b\.?",
    )
    return numbers, tuple(re.compile(shape + _CLOCK, re.IGNORECASE) for shape in shapes)


def _folded(name: str) -> str:
    return name.lower().rstrip(".")

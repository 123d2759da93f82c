"""Words that are not ours: of pages, of authorities, of operators. Each is bounded, isolated, and shows what it hides.

Characters that cannot be seen, or that turn round what stands beside them, are shown by their numbers. Which those are
stands here and is not asked of `unicodedata`: another version of it would make another report of the same facts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from archiver.report.markup import Markup, el, join

WORDS = 600
ADDRESS = 2_000

_BLANKS = re.compile(r"[\t\n\v\f\r ]+")
# Zero-width joiners are letters' own where Persian, Hindi or emoji are written, and hide where ASCII is.
_JOINER = r"(?<![\x00-\x7f])(?<!^)[\u200c\u200d](?![\x00-\x7f])(?!$)"
_SOFT_HYPHEN = "\u00ad"
_HIDDEN = (
    r"\x00-\x1f\x7f-\x9f"  # controls
    r"\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\ufffb"  # directions, breaks, no width
    r"\u115f\u1160\u17b4\u17b5\u180e\u2800\u3164\uffa0"  # blanks that count as letters
    r"\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufffe\uffff"  # halves, what each font draws as it likes, none at all
    r"\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
    r"\U000f0000-\U0010ffff"
)
# Marks that stack on a letter; a fifth one is no language's, and grows into the lines above.
_STACKING = (
    r"\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u064b-\u065f\u0670\u06d6-\u06ed\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"
    r"\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
)
_PROSE = re.compile(
    rf"(?P<kept>{_JOINER})"
    rf"|(?P<run>(?P<hidden>[{_HIDDEN}\u200c\u200d])(?P=hidden)*)"
    rf"|(?<=[{_STACKING}]{{4}})(?P<stacked>[{_STACKING}]+)"
)
_EXACT = re.compile(
    rf"(?P<kept>(?!))"
    rf"|(?P<run>(?P<hidden>[{_HIDDEN}\u200c\u200d{_SOFT_HYPHEN}])(?P=hidden)*)"
    rf"|(?<=[{_STACKING}]{{4}})(?P<stacked>[{_STACKING}]+)"
)


def words(text: str, longest: int = WORDS) -> Markup:
    """A text in some language: a title, a name, a passage."""
    return _isolated("bdi", text, longest, _PROSE, "words")


def address(text: str, longest: int = ADDRESS) -> Markup:
    """An address, never to be clicked; nothing in it is hidden."""
    return _isolated("bdi", text, longest, _EXACT, "address")


def exact(text: str, longest: int = WORDS) -> Markup:
    """A name, a number or a line that a program wrote, in letters of one width; nothing in it is hidden."""
    return _isolated("code", text, longest, _EXACT, "exact")


def digest(text: str) -> Markup:
    """A digest, which may be broken after each eight digits."""
    if not re.fullmatch(r"[0-9a-f]{8,128}", text):
        return exact(text)
    parts = [text[at : at + 8] for at in range(0, len(text), 8)]
    return el("code", join(parts, el("wbr")), class_="digest", translate="no")


def shown(text: str) -> Markup:
    """The text with what it hides made visible, neither isolated nor bounded: for parts of a passage."""
    return join(_shown(text, _PROSE))


def cut(text: str, longest: int) -> tuple[str, int]:
    """The beginning of a text, and how many characters were left off."""
    return text[:longest], max(len(text) - longest, 0)


def more(count: int) -> Markup:
    """That characters were left off."""
    return el("span", f" … ({count:,} more {'character' if count == 1 else 'characters'})", class_="more")


def isolated(*children: Markup, class_: str = "words", tag: str = "bdi") -> Markup:
    """Words of others, which turn round nothing of ours and are not to be translated."""
    return el(tag, *children, class_=class_, translate="no", dir="auto")


def _isolated(tag: str, text: str, longest: int, pattern: re.Pattern[str], class_: str) -> Markup:
    kept, left_off = cut(text, longest)
    said = isolated(join(_shown(kept, pattern)), class_=class_, tag=tag)
    return join([said, more(left_off)]) if left_off else said


def _shown(text: str, pattern: re.Pattern[str]) -> Iterator[Markup | str]:
    text = _BLANKS.sub(" ", text)
    at = 0
    for match in pattern.finditer(text):
        if match["kept"]:
            continue
        yield text[at : match.start()]
        if match["stacked"]:
            yield _mark(f"{len(match['stacked'])} marks")
        else:
            times = f" × {len(match['run'])}" if len(match["run"]) > 1 else ""
            yield _mark(f"U+{ord(match['hidden']):04X}{times}")
        at = match.end()
    yield text[at:]


def _mark(text: str) -> Markup:
    return el("span", text, class_="mark", dir="ltr")

"""The text of a feed, whatever its bytes are said to be in."""

from __future__ import annotations

import codecs
import re

# Longest first: the mark of UTF-32 begins like that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# XML 1.0 appendix F.1: how `<` and one more ASCII character begin without a mark.
_UNMARKED = (
    (re.compile(rb"<\0\0\0"), "utf-32-le"),
    (re.compile(rb"\0\0\0<"), "utf-32-be"),
    (re.compile(rb"(?s)[<{]\0[^\0]\0"), "utf-16-le"),
    (re.compile(rb"(?s)\0[<{]\0[^\0]"), "utf-16-be"),
)
_DECLARED = re.compile(rb"""\A\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z][\w.:-]{0,40})["']""")
_PARAMETER = re.compile(r"""charset\s*=\s*["']?([\w.:-]{1,40})""", re.IGNORECASE)

# Codecs for text of feeds; others of Python's are slow, or none of text.
_TRUSTED = re.compile(
    r"utf-8|ascii|iso8859-\d+|cp(?:125\d|874|866|932|949|950)|koi8-[ru]|mac-(?:roman|cyrillic)|tis-620|"
    r"shift_jis(?:_2004|x0213)?|euc_(?:jp|kr|jis_2004|jisx0213)|iso2022_(?:jp|kr)(?:_\w+)?|gb2312|gbk|gb18030|big5"
)
# Written in bytes below 128 only, so that anything of them is valid UTF-8, too.
_SEVEN_BIT = ("iso2022_jp", "iso2022_kr")

# XML 1.0 section 2.2: what is no character of a document, not even escaped.
_NO_CHARACTER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]+")


def decode(data: bytes, content_type: str | None) -> tuple[str, str | None]:
    """The text, without what XML forbids, and a problem in words where bytes did not fit.

    A byte-order mark decides, then what is valid UTF-8 is UTF-8; then count the header's charset and that of the XML
    declaration, in this order (RFC 7303 section 3.2), then Windows-1252.
    """
    text, problem = _decode(data, content_type)
    return _NO_CHARACTER.sub("", text.replace("\ufeff", "", 1) if text[:1] == "\ufeff" else text), problem


def _decode(data: bytes, content_type: str | None) -> tuple[str, str | None]:
    for mark, name in _MARKS:
        if data.startswith(mark):
            return _strictly_or_not(data[len(mark) :], name)
    for pattern, name in _UNMARKED:
        if pattern.match(data):
            return _strictly_or_not(data, name)
    declared = _DECLARED.match(data)
    said = [match[1] for match in [_PARAMETER.search(content_type or "")] if match]
    said += [declared[1].decode("ascii")] if declared else []
    names = [name for name in map(_codec, said) if name]
    first = [name for name in names if name.startswith(_SEVEN_BIT)]
    for name in (*first, "utf-8", *names):
        try:
            return data.decode(name), None
        except UnicodeDecodeError:
            continue
    shown = ", ".join(dict.fromkeys(said)) or "UTF-8"
    return data.decode("cp1252", "replace"), f"its bytes are not {shown}, as it should be; read as Windows-1252"


def _strictly_or_not(data: bytes, name: str) -> tuple[str, str | None]:
    try:
        return data.decode(name), None
    except UnicodeDecodeError:
        return data.decode(name, "replace"), f"some of its bytes are not {name.upper()}; they were replaced"


def _codec(label: str) -> str | None:
    """Python's name for a charset of feeds; None for what is unknown, or none of them."""
    try:
        name = codecs.lookup(label).name
    except (LookupError, ValueError):
        return None
    if name in ("iso8859-1", "ascii"):
        return "cp1252"  # as browsers do, https://encoding.spec.whatwg.org/#names-and-labels
    return name if _TRUSTED.fullmatch(name) else None

"""Phrases that say where an item comes from, by language."""

from __future__ import annotations

from archiver.provenance.languages.english import ENGLISH
from archiver.provenance.languages.germanic import DANISH, DUTCH, GERMAN, NORWEGIAN, SWEDISH
from archiver.provenance.languages.others import (
    ARABIC,
    CHINESE,
    FINNISH,
    GREEK,
    HEBREW,
    HINDI,
    HUNGARIAN,
    INDONESIAN,
    JAPANESE,
    KOREAN,
    PERSIAN,
    TURKISH,
    VIETNAMESE,
)
from archiver.provenance.languages.romance import CATALAN, FRENCH, ITALIAN, PORTUGUESE, ROMANIAN, SPANISH
from archiver.provenance.languages.rules import Language, Rule
from archiver.provenance.languages.slavic import BULGARIAN, CZECH, POLISH, RUSSIAN, SERBIAN, SLOVAK, UKRAINIAN

LANGUAGES: dict[str, Language] = {
    language.code: language
    for language in (
        ENGLISH,
        GERMAN,
        FRENCH,
        SPANISH,
        PORTUGUESE,
        ITALIAN,
        DUTCH,
        POLISH,
        CZECH,
        SLOVAK,
        RUSSIAN,
        UKRAINIAN,
        BULGARIAN,
        SERBIAN,
        SWEDISH,
        DANISH,
        NORWEGIAN,
        FINNISH,
        HUNGARIAN,
        ROMANIAN,
        CATALAN,
        GREEK,
        TURKISH,
        ARABIC,
        PERSIAN,
        HEBREW,
        CHINESE,
        JAPANESE,
        KOREAN,
        INDONESIAN,
        VIETNAMESE,
        HINDI,
    )
}

__all__ = ["LANGUAGES", "Language", "Rule"]

"""What a rule of a language is. Patterns look at one sentence, and every repetition in them is bounded."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from archiver.provenance.claim import Direction, Relation


@dataclass(frozen=True)
class Rule:
    """A phrase that says where an item comes from. The outlet is the group `outlet`, or what follows the phrase.

    One of `hints` is in every sentence the pattern can match, in lower case; it saves trying. With `by_link` the phrase
    names nobody ("Read the original article"), and the link in it tells.
    """

    language: str
    hints: tuple[str, ...]
    pattern: re.Pattern[str]
    relation: Relation
    confidence: float
    direction: Direction = Direction.FROM
    by_link: bool = False
    any_subject: bool = False  # the phrase itself says that it is about this item
    known: bool = False  # the phrase is so common that only a name which is surely an outlet's counts, or a link
    material: bool = False  # names a helper, not where the text comes from; implies `known`


@dataclass(frozen=True)
class Language:
    """The phrases of one language, and its words for the item that a phrase is about."""

    code: str
    this_item: re.Pattern[str]  # "this article"
    item: re.Pattern[str]  # "article"
    ends: re.Pattern[str]  # what ends an outlet's name in a phrase
    rules: tuple[Rule, ...]


_LETTERS = {
    "R": Relation.REPUBLICATION,
    "W": Relation.WIRE,
    "T": Relation.TRANSLATION,
    "P": Relation.PARTIAL,
    "A": Relation.ADAPTATION,
    "V": Relation.VIA,
    "C": Relation.CITES,
}


def language(code: str, this_item: str, item: str, ends: str, table: Iterable[tuple[str, str, float, str]]) -> Language:
    """Compile a language from its table: (letters, hints between bars, confidence, expression).

    The first letter is the relation; `<` turns the direction round, `@` means the link alone tells, `!` that no other
    subject is possible, `+` that a helper is named, `?` that the
    name must be known as an outlet's.
    """
    rules = tuple(
        Rule(
            language=code,
            hints=tuple(hint.split("|")),
            pattern=re.compile(expression, re.IGNORECASE),
            relation=_LETTERS[letters[0]],
            confidence=confidence,
            direction=Direction.TO if "<" in letters else Direction.FROM,
            by_link="@" in letters,
            any_subject="!" in letters,
            known="?" in letters or "+" in letters,
            material="+" in letters,
        )
        for letters, hint, confidence, expression in table
    )
    flags = re.IGNORECASE
    return Language(code, re.compile(this_item, flags), re.compile(item, flags), re.compile(ends, flags), rules)

"""Made-up articles to be compared: sentences of made-up words, the same ones for the same seed."""

from __future__ import annotations

import random

_SYLLABLES = [
    "ba",
    "ce",
    "di",
    "fo",
    "gu",
    "ha",
    "je",
    "ki",
    "lo",
    "mu",
    "na",
    "pe",
    "ri",
    "so",
    "tu",
    "va",
    "we",
    "xi",
    "yo",
    "zu",
    "bre",
    "cla",
    "dro",
    "fle",
    "gri",
]


def sentence(seed: int, count: int = 16) -> str:
    """A sentence of so many words; of another seed, another one."""
    chance = random.Random(seed)
    found = ["".join(chance.choices(_SYLLABLES, k=chance.randint(1, 3))) for _ in range(count)]
    return f"{' '.join(found).capitalize()}."


def sentences(seed: int, count: int = 30) -> list[str]:
    return [sentence(1000 * seed + number, 8 + (number * 7) % 17) for number in range(count)]


def text(found: list[str], in_paragraph: int = 3) -> str:
    """Sentences as an article, a paragraph a line."""
    return "\n".join(" ".join(found[at : at + in_paragraph]) for at in range(0, len(found), in_paragraph))


def quotation(seed: int, count: int = 60) -> str:
    return f"“{sentence(seed, count)}” he wrote."

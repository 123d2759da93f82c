"""What is found wrong: all of it, in sentences, and never more of them than a reader can bear."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

MOST = 1000  # what is hostile can be wrong in a million places
_MAX_SHOWN = 80
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: a stable `kind`, and one sentence that says where, what was expected and what found."""

    kind: StrEnum
    text: str


class Collected(Generic[Found]):
    """Keeps the first `MOST` of what is added, and counts the others."""

    def __init__(self) -> None:
        self.kept: list[Found] = []
        self.left_off = 0

    def __bool__(self) -> bool:
        return bool(self.kept)

    def add(self, found: Found) -> None:
        if len(self.kept) < MOST:
            self.kept.append(found)
        else:
            self.left_off += 1


def sentences(found: Collected[str]) -> list[str]:
    """The sentences, and a last one where there are more than are kept."""
    return found.kept + ([f"There are {found.left_off} more."] if found.left_off else [])


def shown(value: object) -> str:
    """A value of a stranger's for a message: in quotes, short, without anything a terminal would act on."""
    if isinstance(value, (str, bytes)):
        text = value if isinstance(value, str) else value[: 4 * _MAX_SHOWN].decode("utf-8", "replace")
        return repr(text[:_MAX_SHOWN]) + ("…" if len(text) > _MAX_SHOWN else "")
    if value is None or isinstance(value, (bool, float)):
        return str(value)
    if isinstance(value, int):
        return str(value) if abs(value) < 1 << 64 else "a huge number"
    return f"a {type(value).__name__}"

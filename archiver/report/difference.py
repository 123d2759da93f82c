"""Two short texts held against each other, word by word.

Written out here: a library, or another version of Python, could find other differences that are as good, and a report
must be the same wherever it is made again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

# Blanks, words of letters that have blanks between them, and single characters of all other writing.
_WORD = re.compile(r"[ \t\n\v\f\r]+|[0-9A-Za-z\u00c0-\u1fff\u2c00-\u2dff]+|.", re.DOTALL)
_BLANKS = " \t\n\v\f\r"
_MAX_CELLS = 60_000  # of the table; what is larger counts as different as a whole

#: whether a run is the same in both texts, and how it reads in each
Run = tuple[bool, str, str]


def runs(first: str, second: str) -> Iterator[Run]:
    """Both texts in runs that are the same or not. Blanks alone are nothing that is the same."""
    before = after = ""
    found = list(_steps(_WORD.findall(first), _WORD.findall(second)))
    for number, (same, ours, others) in enumerate(found):
        is_between = bool(before or after) and number + 1 < len(found)
        if not same or (is_between and not ours.strip(_BLANKS)):
            before, after = before + ours, after + others
            continue
        if before or after:
            yield False, before, after
        before = after = ""
        yield True, ours, others
    if before or after:
        yield False, before, after


def _steps(first: Sequence[str], second: Sequence[str]) -> Iterator[Run]:
    begin = 0
    while begin < min(len(first), len(second)) and first[begin] == second[begin]:
        begin += 1
    end = 0
    while end < min(len(first), len(second)) - begin and first[-1 - end] == second[-1 - end]:
        end += 1
    if begin:
        yield True, "".join(first[:begin]), "".join(second[:begin])
    yield from _common(first[begin : len(first) - end], second[begin : len(second) - end])
    if end:
        yield True, "".join(first[-end:]), "".join(second[-end:])


def _common(first: Sequence[str], second: Sequence[str]) -> Iterator[Run]:
    """Along a longest common subsequence."""
    if len(first) * len(second) > _MAX_CELLS or not (first and second):
        if first or second:
            yield False, "".join(first), "".join(second)
        return
    longest = [[0] * (len(second) + 1) for _ in range(len(first) + 1)]
    for i in reversed(range(len(first))):
        for j in reversed(range(len(second))):
            same = first[i] == second[j]
            longest[i][j] = longest[i + 1][j + 1] + 1 if same else max(longest[i + 1][j], longest[i][j + 1])
    i = j = 0
    while i < len(first) or j < len(second):
        if i < len(first) and j < len(second) and first[i] == second[j]:
            i, j = i + 1, j + 1
            yield True, first[i - 1], second[j - 1]
        elif j == len(second) or (i < len(first) and longest[i + 1][j] >= longest[i][j + 1]):
            i += 1
            yield False, first[i - 1], ""
        else:
            j += 1
            yield False, "", second[j - 1]

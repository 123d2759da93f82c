"""The words become expressions that find them where they stand alone, and nowhere else."""

from __future__ import annotations

import re

import pytest

from archiver.regions import words

# What `\p{…}` of JavaScript says, for letters, digits and marks, said for Python.
_ALONE = r"[\w\u0300-\u036f\u0900-\u097f]"


def _finds(listed: str, text: str) -> bool:
    return re.search(words.spoken(listed).replace(r"[\p{L}\p{N}\p{M}]", _ALONE), text) is not None


@pytest.mark.parametrize(
    ("listed", "text", "found"),
    [
        ("most read", "the most read today", True),
        ("most read", "almost readable", False),
        ("read", "already", False),
        ("sponsor*", "sponsored", True),
        ("sponsor*", "cosponsored", False),
        ("+ vistas", "las + vistas", True),
        ("広告", "企画広告です", True),
        ("c++ | a.b", "a.b", True),
        ("c++ | a.b", "axb", False),
        ("ad | ads | advert", "ads", True),
        ("ad | ads | advert", "adve", False),
    ],
)
def test_words_are_found_where_they_stand_alone(listed: str, text: str, found: bool) -> None:
    assert _finds(listed, text) is found


def test_every_word_of_every_list_is_found_by_its_own_expression() -> None:
    for table in ("spoken", "concepts"):
        for name, listed in words.vocabulary()[table].items():
            expression = re.compile(words.spoken(listed).replace(r"[\p{L}\p{N}\p{M}]", _ALONE))
            missing = [word for word in words.listed(listed) if not expression.search(f" {word.rstrip('*')} ")]
            assert not missing, (table, name)


def test_words_of_markup_are_found_between_blanks_only() -> None:
    expression = re.compile(words.marked("ad | most read"))
    assert expression.search(" top ad . box ")
    assert expression.search(" most read ")
    assert not expression.search(" header . readmost ")


def test_every_word_is_in_lower_case() -> None:
    for table in ("labels", "spoken", "concepts", "markup", "hosts"):
        for name, listed in words.vocabulary()[table].items():
            wrong = [word for word in words.listed(listed) if word != word.lower().replace("’", "'")]
            assert not wrong, (table, name)


def test_no_list_has_a_word_twice() -> None:
    for table, lists in words.vocabulary().items():
        for name, listed in lists.items():
            one_by_one = [word.strip() for line in listed.splitlines() for word in line.split("|") if word.strip()]
            assert sorted(one_by_one) == sorted(set(one_by_one)), (table, name)


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://securepubads.g.doubleclick.net/tag/js/gpt.js", True),
        ("//doubleclick.net/", True),
        ("https://notdoubleclick.net/", False),
        ("https://gazette.test/?u=https://doubleclick.net/", False),
        ("https://doubleclick.net.test/", False),
    ],
)
def test_hosts_are_known_by_the_end_of_their_names(url: str, found: bool) -> None:
    assert bool(re.match(words.hosts("doubleclick.net | adnxs.com"), url)) is found


def test_notices_name_concepts_that_there_are() -> None:
    concepts = words.vocabulary()["concepts"]
    assert {name for first, second, _ in words.NOTICES for name in (first, second)} <= concepts.keys()
    assert set(words.ENOUGH_ALONE) <= concepts.keys()

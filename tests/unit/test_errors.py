"""The exception tree is drawn in its module's docstring, with the exit codes of the one table."""

from __future__ import annotations

import inspect
import re

from archiver import errors
from archiver.cli.exit_codes import code_of
from archiver.errors import ArchiverError


def classes() -> list[type[ArchiverError]]:
    found = [value for _, value in inspect.getmembers(errors, inspect.isclass) if value.__module__ == errors.__name__]
    ours = [value for value in found if issubclass(value, ArchiverError)]
    assert ours == found, "an error outside the tree"
    return ours


def drawn() -> list[tuple[int, str, int]]:
    """Each line of the tree: depth, class, exit code."""
    assert errors.__doc__ is not None
    tree = re.findall(r"^    ((?:│   |    )*(?:├── |└── )?)(\w+) +(\d+)   \S", errors.__doc__, re.MULTILINE)
    return [(len(branch) // 4, name, int(code)) for branch, name, code in tree]


def test_the_docstring_draws_every_class_once() -> None:
    names = [name for _, name, _ in drawn()]
    assert sorted(names) == sorted(kind.__name__ for kind in classes())


def test_the_tree_is_drawn_as_the_classes_inherit() -> None:
    line: list[str] = []
    for depth, name, _ in drawn():
        line[depth:] = [name]
        parents = [kind.__name__ for kind in getattr(errors, name).__mro__ if issubclass(kind, ArchiverError)]
        assert parents == list(reversed(line))


def test_the_codes_drawn_are_the_codes_given() -> None:
    assert {name: code for _, name, code in drawn()} == {kind.__name__: code_of(kind("x")) for kind in classes()}


def test_every_class_says_what_it_means() -> None:
    assert all(kind.__doc__ for kind in classes())

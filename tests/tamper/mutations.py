"""Named mutations: each a function whose name is a sentence, with the checks that must fail after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

Thing = TypeVar("Thing")
#: by what is verified ("log", or the name of a capture), the names of the checks that fail
Failing = Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Mutation(Generic[Thing]):
    """What is done, and what a verifier who has the key and the newest checkpoint must find wrong.

    `alone` is the same for one who has the key and nothing else. `may` are checks of that capture that fail or not,
    as what is altered is looked at by several. Where doubts are told as well, "timestamps?" is a check that has some.
    """

    name: str
    apply: Callable[[Thing], Any]
    failing: Failing
    alone: Failing
    may: frozenset[str] = frozenset()


@dataclass
class Group(Generic[Thing]):
    """Mutations that alter the same kind of thing."""

    all: list[Mutation[Thing]] = field(default_factory=list)

    def named(self, name: str) -> Mutation[Thing]:
        return next(each for each in self.all if each.name == name)

    def fails(
        self, *failing: str, alone: tuple[str, ...] | None = None
    ) -> Callable[[Callable[[Thing], Any]], Callable[[Thing], Any]]:
        """Enter a function with what fails after it: "last: artifacts warc", "log: slots"."""

        def enter(function: Callable[[Thing], Any]) -> Callable[[Thing], Any]:
            self.add(function.__name__.replace("_", " "), function, *failing, alone=alone)
            return function

        return enter

    def add(
        self,
        name: str,
        function: Callable[[Thing], Any],
        *failing: str,
        alone: tuple[str, ...] | None = None,
        may: str = "",
    ) -> None:
        """Without `alone` it is that consistency is not known then, and all else is found as well."""
        assert all(each.name != name for each in self.all), f"two mutations are called {name}"
        found = _parsed(failing)
        without = {each: checks - {"consistency"} for each, checks in found.items() if checks - {"consistency"}}
        unsure = without if alone is None else _parsed(alone)
        self.all.append(Mutation(name, function, found, unsure, frozenset(may.split())))


def _parsed(said: tuple[str, ...]) -> Failing:
    found: dict[str, frozenset[str]] = {}
    for each in said:
        names, _, checks = each.partition(":")
        for name in names.split():
            found[name] = frozenset(checks.split())
    return found

"""The one table of exit codes is complete."""

from __future__ import annotations

import inspect
import itertools

import pytest

from archiver import errors
from archiver.cli.exit_codes import _BY_ERROR, MEANING, SEVERITY, ExitCode, code_of, worst
from archiver.errors import ArchiverError

_CLASSES = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, ArchiverError)]


@pytest.mark.parametrize("kind", _CLASSES)
def test_every_error_has_a_code_which_is_no_success(kind: type[ArchiverError]) -> None:
    assert code_of(kind("x")) not in (ExitCode.DONE, ExitCode.PARTIAL, ExitCode.INTERRUPTED)


def test_only_the_root_and_what_nobody_named_is_another_error() -> None:
    class Unnamed(ArchiverError):
        pass

    assert code_of(Unnamed("x")) is ExitCode.ERROR
    assert [kind for kind in _CLASSES if code_of(kind("x")) is ExitCode.ERROR] == [ArchiverError]


def test_no_line_of_the_table_is_hidden_by_one_before_it() -> None:
    kinds = [kind for kind, _ in _BY_ERROR]
    assert not [pair for pair in itertools.combinations(kinds, 2) if issubclass(pair[1], pair[0])]


def test_the_codes_are_those_of_the_design() -> None:
    assert {code.name: code.value for code in ExitCode} == {
        "DONE": 0,
        "ERROR": 1,
        "USAGE": 2,
        "PARTIAL": 3,
        "ALTERED": 4,
        "UNDETERMINED": 5,
        "NOT_FOUND": 6,
        "UNREACHABLE": 7,
        "STORAGE": 8,
        "SIGNING": 9,
        "BROWSER": 10,
        "INTERRUPTED": 130,
    }
    assert len(ExitCode.__members__) == len(set(ExitCode)), "two names for one code"


def test_every_code_has_a_meaning_and_a_severity() -> None:
    assert set(MEANING) == set(ExitCode)
    assert all(MEANING.values())
    assert sorted(SEVERITY) == sorted(ExitCode)


def test_the_worst_of_several_codes_wins() -> None:
    assert worst([]) is ExitCode.DONE
    for better, worse in itertools.combinations(SEVERITY, 2):
        assert worst([better, worse, better]) is worse
        assert worst([worse, better]) is worse
    assert worst([ExitCode.DONE, ExitCode.DONE]) is ExitCode.DONE
    assert worst([ExitCode.PARTIAL, ExitCode.UNREACHABLE]) is ExitCode.UNREACHABLE

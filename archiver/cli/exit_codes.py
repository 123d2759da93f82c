"""The exit codes: one table."""

from __future__ import annotations

from enum import IntEnum

from archiver import errors


class ExitCode(IntEnum):
    """What a command's exit code says. With several inputs the worst wins: the one latest in `SEVERITY`."""

    DONE = 0
    ERROR = 1
    USAGE = 2
    PARTIAL = 3
    ALTERED = 4
    UNDETERMINED = 5
    NOT_FOUND = 6
    UNREACHABLE = 7
    STORAGE = 8
    SIGNING = 9
    BROWSER = 10
    INTERRUPTED = 130


MEANING = {
    ExitCode.DONE: "done",
    ExitCode.ERROR: "another error; the message says which",
    ExitCode.USAGE: "wrong usage or configuration",
    ExitCode.PARTIAL: "a partial capture was stored; its warnings say what is missing",
    ExitCode.ALTERED: "something was altered or is missing, or was withdrawn: a check failed",
    ExitCode.UNDETERMINED: "no check failed, but something could not be determined",
    ExitCode.NOT_FOUND: "not found in the archive",
    ExitCode.UNREACHABLE: "the page could not be reached, the guard refused it, or --fail-on-http-error did",
    ExitCode.STORAGE: "the archive could not be read or written",
    ExitCode.SIGNING: "the key of the archive is missing, or cannot be used",
    ExitCode.BROWSER: "the browser is missing, unfit, or crashed",
    ExitCode.INTERRUPTED: "interrupted",
}

# Most specific first: an error takes the code of the first class it is an instance of.
_BY_ERROR: tuple[tuple[type[errors.ArchiverError], ExitCode], ...] = (
    (errors.UsageError, ExitCode.USAGE),
    (errors.AlteredError, ExitCode.ALTERED),
    (errors.NotFoundError, ExitCode.NOT_FOUND),
    (errors.UnreachableError, ExitCode.UNREACHABLE),
    (errors.StorageError, ExitCode.STORAGE),
    (errors.SigningError, ExitCode.SIGNING),
    (errors.BrowserError, ExitCode.BROWSER),
    (errors.ArchiverError, ExitCode.ERROR),
)

#: from best to worst
SEVERITY = (
    ExitCode.DONE,
    ExitCode.PARTIAL,
    ExitCode.UNDETERMINED,
    ExitCode.NOT_FOUND,
    ExitCode.UNREACHABLE,
    ExitCode.USAGE,
    ExitCode.BROWSER,
    ExitCode.SIGNING,
    ExitCode.STORAGE,
    ExitCode.ALTERED,
    ExitCode.ERROR,
    ExitCode.INTERRUPTED,
)


def code_of(error: errors.ArchiverError) -> ExitCode:
    """The exit code of an error."""
    return next(code for kind, code in _BY_ERROR if isinstance(error, kind))


def worst(codes: list[ExitCode]) -> ExitCode:
    """The one code for several inputs."""
    return max(codes, key=SEVERITY.index, default=ExitCode.DONE)

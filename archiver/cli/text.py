"""Text that is safe to print."""

from __future__ import annotations

import contextlib
import sys
import traceback
import unicodedata

import click


def printable(text: str) -> str:
    """Page-controlled text made safe for a terminal: control, bidi and other invisible characters become `?`."""
    return "".join("?" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") else c for c in text)


def complain(text: str) -> None:
    """One line on stderr. That nobody can see it, as when the terminal is gone, changes nothing."""
    with contextlib.suppress(OSError):
        click.echo(f"archiver: {text}", err=True)


def unexpected(error: Exception) -> str:
    """One line for people about an error that is a fault of ours; its whole trace goes to stderr with -v."""
    if "-v" in sys.argv or "--verbose" in sys.argv:
        traceback.print_exception(error)
    return f"unexpected error, please report it: {printable(f'{type(error).__name__}: {error}')} (-v shows the trace)"

"""The console script: global options, commands, and every error as one line and an exit code."""

from __future__ import annotations

import contextlib
import errno
import importlib
import os
import sys
from pathlib import Path
from typing import Any, ClassVar

import click

from archiver.cli.exit_codes import ExitCode, code_of
from archiver.cli.options import Globals
from archiver.cli.text import complain, printable, unexpected
from archiver.errors import ArchiverError, UsageError
from archiver.interrupts import ignore_from_now_on, stop_as_interrupted
from archiver.version import __version__


class Commands(click.Group):
    """The commands, each loaded when it is called: the browser's driver takes long to import, and help should not wait.

    Their first lines stand here for that reason; a test holds them against the commands' own.
    """

    table: ClassVar = {
        "capture": (
            "archiver.cli.capture",
            "Archive each URL: visit it in a real browser and store everything received, byte for byte.",
        ),
        "copy": (
            "archiver.cli.copy",
            "Copy an archive to another store, verified as it goes; broken off, it goes on where it was.",
        ),
        "demo": (
            "archiver.cli.capture",
            "Archive a made-up news page that comes with archiver, served on this machine: no internet needed.",
        ),
        "diff": (
            "archiver.cli.diff",
            "Show what changed between two snapshots, or since the complete one of its URL before.",
        ),
        "doctor": ("archiver.cli.doctor", "Say which browser and settings are in force, and where each comes from."),
        "find": (
            "archiver.cli.find",
            "Find captures by their text: copies of an article, or an ad, a disclaimer or another region beside one.",
        ),
        "get": ("archiver.cli.snapshots", "Take a part out of a snapshot."),
        "index": (
            "archiver.cli.index",
            "Make the index again from the store, or hold log, index and store against each other.",
        ),
        "init": ("archiver.cli.init", "Make an archive, and try out what its store really does."),
        "log": (
            "archiver.cli.log",
            "Sign the log, prove that a capture is in it, or watch a log that others write.",
        ),
        "jobs": (
            "archiver.cli.jobs",
            "List the captures that wait, run and have ended, newest first; cancel or retry one.",
        ),
        "key": (
            "archiver.cli.key",
            "Show, make, add, rotate and retire the keys that sign for an archive, or say that one is compromised.",
        ),
        "regions": (
            "archiver.cli.regions",
            "Show what stood around the article of a snapshot, or what of it differs: ads, popular items, disclaimers.",
        ),
        "schedule": (
            "archiver.cli.schedule",
            "Capture pages, or what is new in a feed, at set times; list, pause, resume and remove schedules.",
        ),
        "seal": (
            "archiver.cli.seal",
            "Have what was captured time-stamped by independent authorities, and show what still waits for it.",
        ),
        "show": ("archiver.cli.snapshots", "Show what the statement of a capture says."),
        "snapshots": (
            "archiver.cli.snapshots",
            "List captures, newest first: of a URL, of a domain and all below it, or all.",
        ),
        "trace": (
            "archiver.cli.trace",
            "Trace a snapshot back to its original source: what it says of it, and what comparing the texts shows.",
        ),
        "verify": (
            "archiver.cli.verify",
            "Check a snapshot, an exported file, or a whole archive: was anything altered, dropped, or moved?",
        ),
        "worker": (
            "archiver.cli.worker",
            "Make the captures that are queued and due, until told to stop.",
        ),
        "withdraw": (
            "archiver.cli.withdraw",
            "Take the content of a capture away for good; the log keeps that there was one, and why it went.",
        ),
    }

    def invoke(self, ctx: click.Context) -> Any:
        # Left to click, an interrupt would bring an empty line on stderr, and fail where that is gone.
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise click.exceptions.Abort(ctx.invoked_subcommand) from None

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.table:
            return None
        command: click.Command = getattr(importlib.import_module(self.table[cmd_name][0]), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in sorted(self.table.items())])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="archiver")
@click.option(
    "--archive",
    metavar="LOCATION",
    help="A directory, file:// URL or s3://bucket/prefix. Default: ./archive",
)
@click.option("--config", "config_file", type=click.Path(path_type=Path), metavar="FILE", help="Read settings from it.")
@click.option("--json", is_flag=True, help="Print JSON Lines.")
@click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
@click.option("-v", "--verbose", is_flag=True, help="Show the full trace of an unexpected error.")
@click.option("--no-progress", is_flag=True, help="No live line.")
@click.pass_context
def cli(
    context: click.Context,
    archive: str | None,
    config_file: Path | None,
    json: bool,
    quiet: bool,
    verbose: bool,  # read at the process edge, where there may be no context any more
    no_progress: bool,
) -> None:
    """Archive web articles as evidence: everything the browser received, byte for byte, nothing removed."""
    context.obj = Globals(archive, config_file, json, quiet, not (no_progress or quiet or json))


# What writing to a full disk, a lost terminal, or a closed descriptor brings.
_OUTPUT_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)


def main() -> None:
    """Run the command line and exit."""
    _have_streams()
    stop_as_interrupted()
    code = _run()
    ignore_from_now_on()
    # Whoever read our output may be gone, and Python would complain of it once more at exit.
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            if stream is not None:
                stream.flush()
    sys.exit(code)


def _have_streams() -> None:
    """Standard streams that were closed lead nowhere, so that no file takes their numbers."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # for as long as we run


def _run() -> int:
    try:
        if sys.stdout is None:
            raise UsageError("standard output is closed; send it to /dev/null if it is not wanted")
        result = cli.main(standalone_mode=False)
    except click.exceptions.Abort as error:
        return _interrupted(*error.args)
    except KeyboardInterrupt:
        return _interrupted()
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return ExitCode.USAGE
    except click.ClickException as error:
        complain(printable(_usage(error)))
        return ExitCode.USAGE
    except ArchiverError as error:
        complain(printable(str(error)))
        return code_of(error)
    except BrokenPipeError:
        _let_go_of_stdout()  # whoever read our output has had enough
        return ExitCode.ERROR
    except Exception as error:  # noqa: BLE001  # the process edge: one line for people, the trace with -v
        if isinstance(error, OSError) and error.errno in _OUTPUT_ERRORS and error.filename is None:
            _let_go_of_stdout()
            complain(f"standard output could not be written: {error.strerror}; what was stored before is there")
            return ExitCode.STORAGE
        complain(unexpected(error))
        return ExitCode.ERROR
    return result if isinstance(result, int) else ExitCode.DONE


def _usage(error: click.ClickException) -> str:
    """What click has to say of a wrong option or argument, in one line, and how to find out what is right."""
    said = " ".join(error.format_message().split()).rstrip(".")
    context = error.ctx if isinstance(error, click.UsageError) else None
    return said if context is None else f"{said}; `{context.command_path} --help` says more"


def _let_go_of_stdout() -> None:
    """What could not be written may not be flushed once more at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _interrupted(command: str | None = None) -> int:
    captures = command in ("capture", "demo", "trace")
    complain("interrupted; nothing of the unfinished capture was stored" if captures else "interrupted")
    # Python notes an interrupt that ended code made from text, as dataclasses are, and `python -m` dies of it at exit.
    # Such code that ends well takes the note back.
    exec("")  # noqa: S102
    return ExitCode.INTERRUPTED

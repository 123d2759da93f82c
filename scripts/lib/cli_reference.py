"""Writes docs/cli.md from the click commands, the settings and the exit codes; with --check, only compares."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from archiver import config
from archiver.cli.exit_codes import MEANING
from archiver.cli.main import cli

TARGET = Path(__file__).resolve().parents[2] / "docs" / "cli.md"

_HEAD = """\
<!-- Written by scripts/docs. Do not edit: change the command, then run scripts/docs. -->

# Commands

Options of `archiver` itself stand before the name of the command: `archiver --json capture URL`.
An option with a setting can also be given by a file or by the environment: see [configuration](configuration.md).
"""


def reference() -> str:
    """The whole page."""
    context = click.Context(cli, info_name="archiver", **cli.context_settings)
    parts = [_HEAD, _section(cli, context, 2)]
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        if command is not None and not command.hidden:
            parts += _sections(command, click.Context(command, info_name=name, parent=context))
    rows = [f"| {int(code)} | {meaning} |" for code, meaning in MEANING.items()]
    table = ["## Exit codes", "", "| code | meaning |", "|---|---|", *rows, ""]
    parts.append("\n".join([*table, "What to do about each: [messages](messages.md)."]))
    return "\n".join(part.rstrip("\n") + "\n" for part in parts)


def _sections(command: click.Command, context: click.Context) -> Iterator[str]:
    """A command and, below it, the commands of a group."""
    yield _section(command, context, 2)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None and not inner.hidden:
                yield _section(inner, click.Context(inner, info_name=name, parent=context), 3)


def _section(command: click.Command, context: click.Context, level: int) -> str:
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    lines = [f"{'#' * level} {context.command_path}", "", "```text", usage, "```", ""]
    lines += [inspect.cleandoc(command.help or ""), ""]
    rows = [_row(option, context) for option in command.get_params(context) if isinstance(option, click.Option)]
    lines += ["| option | what it does | setting |", "|---|---|---|", *rows]
    return "\n".join(lines)


def _row(option: click.Option, context: click.Context) -> str:
    # As --help shows it: "-o, --output FILE|-" and its text.
    shown, text = option.get_help_record(context) or ("", "")
    words = " ".join(text.split())
    return f"| `{_cell(shown)}` | {_cell(words)} | {_setting(option, context)} |"


def _setting(option: click.Option, context: click.Context) -> str:
    """The dotted name of the setting with the option's name, if there is one; units stand in the setting's name."""
    for name in (option.name, f"{context.info_name}.{option.name}", f"{context.info_name}.{option.name}_s"):
        if name in config.names():
            return f"`{name}`"
    return ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main(arguments: list[str]) -> int:
    """Write the page, or say whether it is current."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write("Usage: scripts/docs [--check]\n")
        return 2
    text = reference()
    current = TARGET.read_text("utf-8") if TARGET.is_file() else ""
    if text == current:
        return 0
    if arguments:
        sys.stderr.write(f"{TARGET} is out of date: run scripts/docs\n")
        return 1
    TARGET.write_text(text, "utf-8")
    sys.stderr.write(f"{TARGET} written\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The options every command shares."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archiver.regions.model import KINDS, Kind

if TYPE_CHECKING:
    from archiver import config

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}


@dataclass(frozen=True)
class Globals:
    """What was given before the command's name."""

    archive: str | None
    config_file: Path | None
    json: bool
    quiet: bool
    progress: bool

    def load(self, flags: Mapping[str, object] | None = None) -> config.Loaded:
        """The settings in force, with the command's own flags. Raises `ConfigurationError`."""
        from archiver import config  # see `main.Commands`

        return config.load({"archive": self.archive, **(flags or {})}, self.config_file)

    @property
    def archive_option(self) -> str:
        """What to repeat on the command line so that the next command finds the same archive."""
        return f" --archive {shlex.quote(self.archive)}" if self.archive else ""


class Duration(click.ParamType[float]):
    """`90`, `90s`, `1.5m`, `5d`: seconds as a float."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        text = str(value)
        digits = text.rstrip("smhdw")
        try:
            seconds = float(digits) * _SECONDS[text[len(digits) :] or "s"]
        except (ValueError, KeyError):
            self.fail(f"{text!r} is not a duration; write 90s, 2m, 6h, 5d or 2w", param, ctx)
        if not 0 < seconds < float("inf"):
            self.fail(f"{text!r} is not a positive duration", param, ctx)
        return seconds


class Kinds(click.ParamType[tuple[Kind, ...]]):
    """`ad` or `ad,trending`: kinds of regions."""

    name = "kinds"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[Kind, ...]:
        if isinstance(value, tuple):
            return value
        named = {name.strip() for name in str(value).split(",")}
        if unknown := sorted(named - set(KINDS)):
            self.fail(f"there is no kind {unknown[0]!r}; there are {', '.join(KINDS)}", param, ctx)
        return tuple(kind for kind in KINDS if kind in named)


def kinds_option(begin: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """`--kind`, repeatable; the command gets one tuple of all of them."""
    return click.option(
        "--kind",
        "kinds",
        type=Kinds(),
        multiple=True,
        metavar="KIND[,KIND]",
        callback=lambda _context, _option, given: tuple(dict.fromkeys(chain.from_iterable(given))),
        help=f"{begin} of these kinds, {', '.join(KINDS)}; repeatable.",
    )


class Authority(click.ParamType[tuple[str, Path]]):
    """`NAME=FILE`: a time-stamp authority, and the file with its roots."""

    name = "authority"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, Path]:
        if isinstance(value, tuple):
            return value
        name, separator, path = str(value).partition("=")
        if not (name and separator and path):
            self.fail(f"{value!r} is not NAME=FILE", param, ctx)
        return name, Path(path)

"""The options every command shares."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archiver import config


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

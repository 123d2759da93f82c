"""Where the parts of a snapshot lie, in an archive in a directory."""

from __future__ import annotations

from pathlib import Path

from archiver.archive import Snapshot


def warc_of(snapshot: Snapshot) -> Path:
    """The snapshot's WARC as a file."""
    return Path(snapshot.where)

"""What lies in an archive in a directory, read without the program's own reader."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from archiver.snapshot import Snapshot


def warc_of(snapshot: Snapshot) -> Path:
    """The snapshot's WARC as a file."""
    return Path(snapshot.where)


def statements_in(archive: Path, kind: str = "snapshot") -> dict[str, dict[str, Any]]:
    """The statements of one type that the log commits to, by their ids, in log order."""
    found = {}
    for number, slot in enumerate(sorted(archive.glob("log/slot/*"))):
        assert slot.name == f"{number:012d}", "the log has a hole"
        entry = json.loads(slot.read_bytes())
        salt, note = (archive / "notes" / entry["commitment"]).read_bytes().split(b"\n", 1)
        assert hashlib.sha256(bytes.fromhex(salt.decode()) + note).hexdigest() == entry["commitment"]
        statement: dict[str, Any] = json.loads(note.partition(b"\n")[0])
        assert (statement["type"], statement["id"]) == (entry["type"], entry["id"])
        if entry["type"] == kind:
            found[entry["id"]] = statement
    return found

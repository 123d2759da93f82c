"""Every key of an archive. Keys never contain a URL or anything else a page controls."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from datetime import datetime

ARCHIVE = "archive.json"
SNAPSHOTS = "snapshots/"
SLOTS = "log/slot/"
TILES = "log/tile/"  # tiles and entry bundles
CHECKPOINT = "log/checkpoint"  # the newest one, signed
CHECKPOINTS = "log/checkpoints/"
SIGNATURES = "log/signatures/"
NOTES = "notes/"
TIMESTAMPS = "timestamps/"
NOTE_TIMESTAMPS = f"{TIMESTAMPS}notes/"
CHECKPOINT_TIMESTAMPS = f"{TIMESTAMPS}checkpoints/"
OTHER_TIMESTAMPS = f"{TIMESTAMPS}others/"
TIMESTAMP_ROOTS = f"{TIMESTAMPS}roots/"  # the root certificates that were pinned when a time stamp was taken
PROBES = "probe/"  # what `archiver.storage.probe` puts there and takes away again
_SLOT = re.compile(r"[0-9]{12}")
_ID = re.compile(r"[0-9]{8}t[0-9]{6}z-[a-z2-7]{16}")


def new_id(moment: datetime) -> str:
    """UTC time and 80 random bits, all lower case so that it can be a host name: `20261123t081407z-` + 16 base32."""
    random = base64.b32encode(secrets.token_bytes(10)).decode().lower()
    return f"{moment:%Y%m%dt%H%M%Sz}-{random}"


def is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


def prefix(snapshot: str) -> str:
    return f"{SNAPSHOTS}{snapshot}/"


def warc(snapshot: str) -> str:
    return f"{SNAPSHOTS}{snapshot}/capture.warc.gz"


def cdxj(snapshot: str) -> str:
    return f"{SNAPSHOTS}{snapshot}/capture.cdxj"


def slot(index: int) -> str:
    """Entry number `index` of the log."""
    return f"{SLOTS}{index:012d}"


def slot_index(key: str) -> int | None:
    """The number of a log entry's key; None for another key."""
    digits = key.removeprefix(SLOTS)
    return int(digits) if key.startswith(SLOTS) and _SLOT.fullmatch(digits) else None


def published(path: str) -> str:
    """A tile or an entry bundle by the path that C2SP's tlog-tiles gives it, `tile/0/000`."""
    return f"log/{path}"


def checkpoint(size: int) -> str:
    """The text of the checkpoint of the log's first `size` entries, unsigned."""
    return f"{CHECKPOINTS}{size:012d}"


def checkpoint_size(key: str) -> int | None:
    """The size in a checkpoint's key; None for another key."""
    digits = key.removeprefix(CHECKPOINTS)
    return int(digits) if key.startswith(CHECKPOINTS) and _SLOT.fullmatch(digits) else None


def signatures(size: int) -> str:
    """What the keys of the signatures of a checkpoint begin with."""
    return f"{SIGNATURES}{size:012d}/"


def signature(size: int, key_id: bytes) -> str:
    """The signature line of one key under the checkpoint of that size."""
    return f"{signatures(size)}{key_id.hex()}"


def note(commitment: str) -> str:
    """The note that the log entry with this commitment (lower-case hex) commits to."""
    return f"{NOTES}{commitment}"


def note_timestamps(commitment: str) -> str:
    """What the keys of the time stamps of a note begin with: it goes with the note, whichever log that is in."""
    return f"{NOTE_TIMESTAMPS}{commitment}/"


def checkpoint_timestamps(size: int) -> str:
    """What the keys of the time stamps of the checkpoint of that size begin with."""
    return f"{CHECKPOINT_TIMESTAMPS}{size:012d}/"


def other_timestamps(origin: str, size: int) -> str:
    """What the keys of the time stamps of another log's checkpoint begin with: copied statements name it."""
    return f"{OTHER_TIMESTAMPS}{hashlib.sha256(origin.encode()).hexdigest()[:32]}-{size:012d}/"

"""Everything that a report says, gathered: the same facts give the same report, byte for byte."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from archiver.seal.interval import Interval


@dataclass(frozen=True)
class Stamp:
    """A time stamp: the response in `file` attests that the bytes of the file `over` existed at `time`.

    `authority` is what the archive calls who gave it, `signer` the name in the certificate. What was not verified
    against pinned roots is told as what the response itself says.
    """

    file: str
    over: str
    authority: str
    time: datetime
    accuracy: timedelta | None
    serial: int
    policy: str
    signer: str
    signer_expires: datetime
    root_sha256: str | None  # of the root that is in the bundle for it
    root_file: str | None = None  # where in the bundle that root is


@dataclass(frozen=True)
class File:
    """A file of the bundle."""

    path: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class Facts:
    """What a report is made of.

    `statement` and `intent` are signed statements, `derivations` those that lead from the snapshot to its source, each
    with its entry in the log, nearest first. `exchanges` is the snapshot's `urn:exchanges:` document, `regions` its
    `urn:regions:` one.
    """

    statement: dict[str, Any]
    log_index: int
    intent: dict[str, Any] | None
    intent_index: int | None
    origin: str
    log_size: int
    root: bytes
    keys: tuple[str, ...]
    stamps: tuple[Stamp, ...]
    interval: Interval
    derivations: tuple[tuple[int, dict[str, Any]], ...]
    exchanges: dict[str, Any] | None = field(repr=False)
    screenshot: bytes | None = field(repr=False)
    files: tuple[File, ...] = ()
    regions: dict[str, Any] | None = field(default=None, repr=False)

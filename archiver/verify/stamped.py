"""The time stamps of a capture, gathered from an archive, and those of its log's checkpoints, verified."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from archiver.errors import NotFoundError, StorageError
from archiver.seal import stamps
from archiver.seal.interval import WANTED
from archiver.seal.stamps import Stored
from archiver.seal.timestamp_read import MAX_RESPONSE_BYTES
from archiver.storage import layout
from archiver.verify.ledger import Ledger
from archiver.verify.timestamps import (
    BY_ITSELF,
    Folder,
    Material,
    Pin,
    Times,
    check_folder,
    check_timestamps,
    checkpoint_text,
    log_of,
    named_checkpoint,
)
from archiver.verify.verdict import Check, judged, skipped

#: gives the bytes of an object by its key; raises `NotFoundError` or `StorageError` with the first piece or later
Source = Callable[[str], Iterator[bytes]]

_MAX_FILE_BYTES = max(MAX_RESPONSE_BYTES, 1 << 16)
_MAX_FILES = 1000
_ABOVE = layout.note_timestamps("").count("/")  # folders above a file; of checkpoints as many


@dataclass(frozen=True)
class Stamped:
    """What a verifier knows of the time stamps of a log: whom to believe, and which checkpoints were stamped.

    `checkpoints` has the keys of the responses by the size they are over, `roots` the roots of the log at such sizes,
    as its entries make them, `others` the keys of responses over checkpoints of other logs, by their folders. It can
    be sent to another process.
    """

    origin: str
    pins: tuple[Pin, ...]
    at: datetime
    checkpoints: Mapping[int, tuple[str, ...]]
    roots: Mapping[int, bytes]
    others: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, ledger: Ledger, at: datetime) -> Stamped:
        """Of a log that was read."""
        keys = {size: tuple(each.key for each in found) for size, found in ledger.stamped.items()}
        roots = {size: ledger.roots[size] for size in keys if size in ledger.roots}
        others = {folder: tuple(each.key for each in found) for folder, found in ledger.others.items()}
        return cls(ledger.origin, ledger.trust.authorities, at, keys, roots, others)

    def later_than(self, index: int) -> int | None:
        """The size of the first stamped checkpoint that has this entry: by enough authorities, or else by any."""
        sizes = sorted(size for size in self.checkpoints if size > index and size in self.roots)
        full = (size for size in sizes if len(_names(self.checkpoints[size])) >= WANTED)
        return next(full, sizes[0] if sizes else None)


def material(
    source: Source, known: Stamped, index: int, note: bytes, keys: Iterable[str], statement: Mapping[str, Any]
) -> Material:
    """What there is of a capture whose result is entry `index`, with this note; `keys` are those of its time stamps.

    What cannot be read is as if it were not there. A response over the checkpoint that the statement names counts only
    if it is named itself.
    """
    before = None
    said = statement.get("sealed_after")
    if said:
        size, named = said["checkpoint"]["size"], {each["sha256"] for each in said["stamps"]}
        origin = log_of(note, known.origin) or known.origin
        is_own = origin == known.origin
        there = known.checkpoints.get(size) if is_own else known.others.get(layout.other_timestamps(origin, size))
        files = _files(source, there or (), listed=False)
        files = {name: data for name, data in files.items() if hashlib.sha256(data).hexdigest() in named}
        before = Folder(checkpoint_text(origin, size, bytes.fromhex(said["checkpoint"]["root"])), files)
    later, size = None, known.later_than(index)
    if size is not None:
        files = _files(source, known.checkpoints[size], listed=False)
        later = Folder(checkpoint_text(known.origin, size, known.roots[size]), files)
    files = _files(source, keys)
    return Material(Folder(note, files) if files else None, before, later)


def check(
    source: Source, known: Stamped, index: int, note: bytes, keys: Iterable[str], statement: Mapping[str, Any]
) -> Times:
    """The checks of the time stamps of a capture. That the log was another one at a stamped size fails them."""
    times = check_timestamps(statement, material(source, known, index, note, keys, statement), known.pins, known.at)
    named = named_checkpoint(statement, note, known.origin)
    if named is None:
        return times
    size, root = named
    if size > index:
        times = times.failed(BY_ITSELF)
    if known.roots.get(size, root) != root:
        times = times.failed(f"the log had another root at the size {size} when it was captured: it was altered since")
    return times


def check_log(known: Stamped, source: Source) -> Check:
    """That the log is, at each size at which it was time-stamped, what was stamped."""
    problems, doubts, count = list[str](), list[str](), 0
    for size, keys in sorted(known.checkpoints.items()):
        root = known.roots.get(size)
        if root is None:
            problems.append(
                f"there are time stamps for a log of {size} entries, and it has fewer: it was rolled back, or somebody "
                "has put them there"
            )
            continue
        files = _files(source, keys, listed=False)
        count += len(files)
        wrong, unsure = check_folder(
            f"checkpoint {size}", Folder(checkpoint_text(known.origin, size, root), files), known
        )
        problems += wrong
        doubts += unsure
    if not known.checkpoints:
        return skipped("timestamps", "no checkpoint of the log was time-stamped")
    if not known.pins:
        doubts.append("no root of a time-stamp authority is trusted here; name the ones you have with --authority")
    sizes = len(known.checkpoints)
    return judged(
        "timestamps", f"{count} over {sizes} {'checkpoint' if sizes == 1 else 'checkpoints'}", problems, doubts
    )


def _files(source: Source, keys: Iterable[str], *, listed: bool = True) -> dict[str, bytes]:
    """The files of a folder by their names; with `listed` its renewals, too."""
    found: dict[str, bytes] = {}
    for key in keys:
        name = "/".join(key.split("/")[_ABOVE:])  # what lies below another folder in it keeps its path
        parsed = stamps.parse(name) if "/" not in name else None
        if not listed and (parsed is None or parsed.renewal):
            continue
        data = bytearray()
        try:
            for piece in source(key):
                data += piece
                if len(data) > _MAX_FILE_BYTES:
                    break
        except (NotFoundError, StorageError):
            continue
        found[name] = bytes(data)
        if len(found) > _MAX_FILES:
            break
    return found


def _names(keys: Iterable[str]) -> set[str]:
    return {each.authority for each in map(stamps.parse, keys) if isinstance(each, Stored)}

"""The time stamps of an archive as they are stored: each response an object of its own, never changed.

One folder for each note, one for each checkpoint. In it are the responses of authorities over the very bytes of the
note, or over the text of the checkpoint. A renewal is a list of what was in the folder before, in the form that
`sha256sum` checks, with responses over that list.

The names say which authority an archive asked, what time its answer has, and on which day the certificate of who
signed it expires. Nothing vouches for a name: it is for listing, and whoever has to know reads the response.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from archiver.config import AUTHORITY_NAME
from archiver.storage import layout
from archiver.storage.base import ObjectStore

MAX_RENEWALS = 999
_TIME, _DAY = "%Y%m%dt%H%M%Sz", "%Y%m%d"
_FILE = re.compile(rf"(?:renewal-([0-9]{{3}})\.)?([0-9]{{8}}t[0-9]{{6}}z)-([0-9]{{8}})\.({AUTHORITY_NAME})\.tsr")
_LIST = re.compile(r"renewal-([0-9]{3})\.sums")


@dataclass(frozen=True)
class Stored:
    """A stored response: over the list of the renewal of that number, or for 0 over the note or checkpoint itself."""

    key: str
    authority: str
    said: datetime
    expires: datetime
    renewal: int = 0

    @property
    def file(self) -> str:
        """The last part of its key."""
        return self.key.rpartition("/")[2]


def file_name(authority: str, time: datetime, expires: datetime, renewal: int = 0) -> str:
    """The file of a response. What is not whole seconds of its time is left off, and all but the day it expires on."""
    begin = f"renewal-{renewal:03d}." if renewal else ""
    return f"{begin}{time.astimezone(UTC):{_TIME}}-{expires.astimezone(UTC):{_DAY}}.{authority}.tsr"


def parse(key: str) -> Stored | None:
    """What a key says of a response; None for the key of something else."""
    found = _FILE.fullmatch(key.rpartition("/")[2])
    if not found:
        return None
    try:
        said = datetime.strptime(found[2], _TIME).replace(tzinfo=UTC)
        expires = datetime.strptime(found[3], _DAY).replace(tzinfo=UTC)
    except ValueError:
        return None
    return Stored(key, found[4], said, expires, int(found[1] or 0))


def list_file(renewal: int) -> str:
    """The file of the list that a renewal is over."""
    return f"renewal-{renewal:03d}.sums"


def list_number(key: str) -> int | None:
    """The number of the renewal whose list this is; None for the key of something else."""
    found = _LIST.fullmatch(key.rpartition("/")[2])
    return int(found[1]) if found else None


def sums(files: Mapping[str, bytes]) -> bytes:
    """The list of a renewal: SHA-256 and name of each file, by name, as `sha256sum` writes it."""
    return "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)).encode()


def root_file(authority: str, certificate: bytes) -> str:
    """The file of a root certificate (DER) that an archive has pinned for an authority."""
    return f"{authority}.{hashlib.sha256(certificate).hexdigest()[:16]}.pem"


def of_note(store: ObjectStore, commitment: str) -> list[Stored]:
    """The stored responses over a note, and over its renewals. Raises `StorageError`."""
    return _in_folder(store, layout.note_timestamps(commitment))


def of_checkpoint(store: ObjectStore, size: int) -> list[Stored]:
    """The stored responses over the checkpoint of that size. Raises `StorageError`."""
    return _in_folder(store, layout.checkpoint_timestamps(size))


def of_checkpoints(store: ObjectStore, above: int = -1) -> Iterator[tuple[int, list[Stored]]]:
    """The sizes whose checkpoints have responses, ascending, those above `above`. Raises `StorageError`."""
    # "~" comes after all that can stand in a key.
    after = f"{layout.checkpoint_timestamps(above)}~" if above >= 0 else ""
    size, found = -1, list[Stored]()
    for stored in filter(None, map(parse, store.list(layout.CHECKPOINT_TIMESTAMPS, after))):
        digits = stored.key.split("/")[-2]
        # What lies elsewhere must not count as something that lies there.
        if not digits.isdigit() or stored.key != layout.checkpoint_timestamps(int(digits)) + stored.file:
            continue
        if int(digits) != size and found:
            yield size, found
            found = []
        size = int(digits)
        found.append(stored)
    if found:
        yield size, found


def of_others(store: ObjectStore) -> dict[str, list[Stored]]:
    """The stored responses over checkpoints of other logs, by their folder. Raises `StorageError`."""
    found: dict[str, list[Stored]] = {}
    for stored in filter(None, map(parse, store.list(layout.OTHER_TIMESTAMPS))):
        folder = stored.key.removesuffix(stored.file)
        if folder.count("/") == layout.OTHER_TIMESTAMPS.count("/") + 1:
            found.setdefault(folder, []).append(stored)
    return found


def of_other(store: ObjectStore, origin: str, size: int) -> list[Stored]:
    """The stored responses over a checkpoint of the log `origin`, which is another one's. Raises `StorageError`."""
    return _in_folder(store, layout.other_timestamps(origin, size))


def _in_folder(store: ObjectStore, folder: str) -> list[Stored]:
    """The responses that lie in a folder, and not below another one in it."""
    found = filter(None, map(parse, store.list(folder)))
    return [stored for stored in found if stored.key == folder + stored.file]

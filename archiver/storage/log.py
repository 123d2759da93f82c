"""The log: the order of all statements of an archive, made by nothing but conditional creation.

Entry n is the object `log/slot/n`, one line of canonical JSON (RFC 8785): `{"commitment":…,"id":…,"type":…}`. It says
nothing of the page: `commitment` is SHA-256 over a random salt and the note, in lower-case hex, and the note lies
under that name until it is withdrawn. A note object is the salt in hex, a line end, and the note: the statement as one
line of canonical JSON with its line end, and, where the archive has a key, an empty line and signature lines: a signed
note of C2SP's.

A slot is taken by whoever creates it, so any number of writers may append at once, and one that dies leaves the log
valid. Slots are never skipped: slot n is created only by who has seen that n - 1 is there and nothing after n.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson
import rfc8785

from archiver.errors import ExistsError, NotFoundError, StorageError
from archiver.storage import layout
from archiver.storage.base import ObjectStore, read

#: what is said of a capture by whoever makes it
CAPTURE_TYPES = ("intent", "snapshot", "failure")
#: whose notes name a capture's page, and go when it is withdrawn
PAGE_TYPES = (*CAPTURE_TYPES, "derivation")
WITHDRAWN = "withdrawn"
#: every type that this version knows
TYPES = (*CAPTURE_TYPES, WITHDRAWN, "key", "schedule", "derivation", "custody")
_MAX_ENTRY_BYTES = 1000
MAX_NOTE_BYTES = 1 << 20
MAX_LEAF_BYTES = 0xFFFF  # C2SP tlog-tiles: the length of an entry is two bytes
_SALT_BYTES = 32
_FEW, _STRETCH = 8, 256
_SIZE = re.compile(rb"[1-9][0-9]{0,11}")
_COMMITMENT = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Entry:
    """One record of the log. `id` is that of the capture, also where it is withdrawn; all else has an id of its own."""

    index: int
    type: str
    id: str
    commitment: str


@dataclass(frozen=True)
class Junk:
    """A slot that holds no entry: it has its place in the order all the same."""

    index: int
    reason: str


Sign = Callable[[str], str]


def append(store: ObjectStore, statement: dict[str, Any], after: int, sign: Sign | None = None) -> Entry:
    """Put a statement into the archive: its note, then its entry in the first free slot.

    `after` is the highest slot the caller has seen, -1 for none; the search begins behind it. `sign` gives the
    signature lines for a text. Raises `StorageError`, also when later slots show that the log has a hole.
    """
    line = rfc8785.dumps(statement) + b"\n"
    if len(line) > MAX_NOTE_BYTES // 2:
        raise StorageError(f"the statement of {statement['id']} has {len(line)} bytes, more than a note may have")
    salt = secrets.token_bytes(_SALT_BYTES)
    note = line if sign is None else line + b"\n" + sign(line.decode()).encode()
    commitment = hashlib.sha256(salt + note).hexdigest()
    store.put_new(layout.note(commitment), salt.hex().encode() + b"\n" + note)
    return enter(store, statement["type"], statement["id"], commitment, after)


def enter(store: ObjectStore, type_: str, id_: str, commitment: str, after: int) -> Entry:
    """Put an entry for a note that is there into the first free slot. As `append`."""
    body = rfc8785.dumps({"commitment": commitment, "id": id_, "type": type_})
    index, signed = after + 1, _signed_size(store)
    if index < signed:
        for needed in (index, signed - 1):
            if not _is_there(store, needed):
                raise _hole(store, needed, f"{signed} entries were signed")
        index = signed
    while True:
        try:
            _refuse_hole(store, index, signed)
            store.put_new(layout.slot(index), body)
        except ExistsError:
            index += 1
            continue
        return Entry(index, type_, id_, commitment)


def _signed_size(store: ObjectStore) -> int:
    """How many entries the newest checkpoint says there are, 0 where it says nothing; its signature is not asked for.

    It serves to find out cheaply where the log must have no hole. Whoever exchanges it makes writing fail, at most.
    """
    try:
        lines = b"".join(store.get(layout.CHECKPOINT, 0, _MAX_ENTRY_BYTES)).split(b"\n", 2)
    except NotFoundError:
        return 0
    return int(lines[1]) if len(lines) == 3 and _SIZE.fullmatch(lines[1]) else 0


def _refuse_hole(store: ObjectStore, index: int, signed: int) -> None:
    """Raises `ExistsError` when this slot is taken, `StorageError` when a later one is though this is free.

    A folder cannot be asked for what comes after a name without being read whole. So where the log is signed up to
    here, which a hole would contradict, only the next slot is looked at.
    """
    key = layout.slot(index)
    if signed:
        if not _is_there(store, index + 1):
            return
        if _is_there(store, index):
            raise ExistsError(f"{store.where(key)} exists already")
        raise _hole(store, index, f"{layout.slot(index + 1)} is there")
    later = next(store.list(layout.SLOTS, after=layout.slot(index - 1) if index else ""), None)
    if later == key:
        raise ExistsError(f"{store.where(key)} exists already")
    if later is not None:
        raise _hole(store, index, f"{later} is there")


def _hole(store: ObjectStore, index: int, but: str) -> StorageError:
    return StorageError(
        f"the log has a hole: {store.where(layout.slot(index))} is missing but {but}; nothing was added to it"
    )


def _is_there(store: ObjectStore, index: int) -> bool:
    try:
        store.stat(layout.slot(index))
    except NotFoundError:
        return False
    return True


def leaves(store: ObjectStore, start: int, threads: int = 8) -> Iterator[bytes]:
    """The bytes of the slots from `start` on, up to the first that is free, as they are leaves of the log's tree.

    Of a slot with more than `MAX_LEAF_BYTES`, which is none of ours, they are the first so many: an entry bundle takes
    no more. Raises `StorageError`.
    """
    for index in range(start, start + _FEW):  # the usual case: the entries of one capture
        leaf = _leaf(store, index)
        if leaf is None:
            return
        yield leaf
    with ThreadPoolExecutor(threads, thread_name_prefix="leaves") as pool:
        at = start + _FEW
        while True:
            # A later slot is there only when those before it are, so what lies behind the first free one came since.
            for leaf in pool.map(partial(_leaf, store), range(at, at + _STRETCH)):
                if leaf is None:
                    return
                yield leaf
            at += _STRETCH


def _leaf(store: ObjectStore, index: int) -> bytes | None:
    try:
        return b"".join(store.get(layout.slot(index), 0, MAX_LEAF_BYTES))
    except NotFoundError:
        return None


def entries(store: ObjectStore, start: int = 0) -> Iterator[Entry | Junk]:
    """The entries from slot `start` on, up to the first slot that is free. Raises `StorageError`."""
    index = start
    while True:
        try:
            data = b"".join(store.get(layout.slot(index), 0, _MAX_ENTRY_BYTES + 1))
        except NotFoundError:
            return
        yield parse(index, data)
        index += 1


def parse(index: int, data: bytes) -> Entry | Junk:
    """What the bytes of a slot say, of which the first `MAX_LEAF_BYTES` suffice."""
    if len(data) > _MAX_ENTRY_BYTES:
        return Junk(index, f"it is larger than the {_MAX_ENTRY_BYTES} bytes an entry may have")
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError:
        return Junk(index, "it is not JSON")
    if not isinstance(document, dict) or set(document) != {"commitment", "id", "type"}:
        return Junk(index, "it has not the fields of an entry")
    if not all(isinstance(value, str) for value in document.values()):
        return Junk(index, "a field is no text")
    if not _COMMITMENT.fullmatch(document["commitment"]) or not layout.is_id(document["id"]):
        return Junk(index, "its commitment or id is malformed")
    return Entry(index, document["type"], document["id"], document["commitment"])


def note(store: ObjectStore, entry: Entry) -> bytes:
    """The note an entry commits to, without its salt.

    Raises `NotFoundError` when there is none any more, `StorageError` when it is not what was committed to.
    """
    key = layout.note(entry.commitment)
    data = read(store, key, MAX_NOTE_BYTES)
    salt, _, content = data.partition(b"\n")
    try:
        committed = hashlib.sha256(bytes.fromhex(salt.decode("ascii")) + content).hexdigest()
    except ValueError:
        committed = ""
    if committed != entry.commitment:
        raise StorageError(f"{store.where(key)} is damaged: it is not what entry {entry.index} of the log commits to")
    return content


def statement(store: ObjectStore, entry: Entry) -> dict[str, Any]:
    """The statement an entry commits to. Raises as `note` does, and `StorageError` when it is another entry's."""
    key = layout.note(entry.commitment)
    try:
        document = orjson.loads(note(store, entry).partition(b"\n")[0])
    except orjson.JSONDecodeError as error:
        raise StorageError(f"{store.where(key)} is damaged: {error}") from None
    if not isinstance(document, dict) or (document.get("id"), document.get("type")) != (entry.id, entry.type):
        raise StorageError(f"{store.where(key)} is damaged: its statement is not the one of entry {entry.index}")
    return document

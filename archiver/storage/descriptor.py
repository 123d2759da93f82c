"""`archive.json`: what an archive is, written once when it is made, and never changed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import orjson

from archiver.errors import ExistsError, NotFoundError, StorageError
from archiver.storage import layout
from archiver.storage.base import ObjectStore, read

FORMAT = "archiver/1"
_MAX_BYTES = 1 << 16
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Descriptor:
    """What `archive.json` says.

    `id` is 32 hexadecimal digits that a copy of the archive has as well. `evidence` is the location of the store that
    has the snapshots where that is another one, and `retention_days` how long each object there is kept from being
    deleted. `abilities` is what the store was found to do when it was probed. `origin` is the name of its log, and
    `key` the key that signs there, as C2SP's signed-note writes a verifier key; both are None in an archive that was
    made before archives had keys.
    """

    id: str
    created_at: str
    evidence: str | None = None
    retention_days: int = 0
    abilities: dict[str, Any] = field(default_factory=dict)
    origin: str | None = None
    key: str | None = None


def load(store: ObjectStore) -> Descriptor | None:
    """The descriptor of the archive in a store; None where there is no archive. Raises `StorageError`."""
    where = store.where(layout.ARCHIVE)
    try:
        document = orjson.loads(read(store, layout.ARCHIVE, _MAX_BYTES))
    except NotFoundError:
        return None
    except orjson.JSONDecodeError as error:
        raise StorageError(f"{where} is damaged: {error}") from None
    if not isinstance(document, dict):
        raise StorageError(f"{where} is damaged: it holds no JSON object")
    if document.get("format") != FORMAT:
        raise StorageError(
            f"{store.location} is an archive of format {document.get('format')!r}; this version reads {FORMAT}"
        )
    name = document.get("id")
    created_at, evidence = document.get("created_at"), document.get("evidence")
    days, abilities = document.get("retention_days", 0), document.get("abilities", {})
    if not isinstance(name, str) or not _ID.fullmatch(name):
        raise StorageError(f"{where} is damaged: its id is not 32 hexadecimal digits")
    if not isinstance(created_at, str) or not isinstance(evidence, str | None):
        raise StorageError(f"{where} is damaged: created_at or evidence is no text")
    if not isinstance(days, int) or isinstance(days, bool) or days < 0 or not isinstance(abilities, dict):
        raise StorageError(f"{where} is damaged: retention_days or abilities is of the wrong kind")
    origin, key = document.get("origin"), document.get("key")
    if not isinstance(origin, str | None) or not isinstance(key, str | None) or (origin is None) != (key is None):
        raise StorageError(f"{where} is damaged: origin and key are no texts, or one of them is missing")
    return Descriptor(name, created_at, evidence, days, abilities, origin, key)


def found(store: ObjectStore, descriptor: Descriptor) -> bool:
    """Make the archive; False when somebody else has just made it. Raises `StorageError`."""
    document: dict[str, Any] = {"format": FORMAT, "id": descriptor.id, "created_at": descriptor.created_at}
    if descriptor.evidence is not None:
        document |= {"evidence": descriptor.evidence, "retention_days": descriptor.retention_days}
    if descriptor.origin is not None:
        document |= {"origin": descriptor.origin, "key": descriptor.key}
    if descriptor.abilities:
        document["abilities"] = descriptor.abilities
    try:
        store.put_new(layout.ARCHIVE, orjson.dumps(document, option=orjson.OPT_SORT_KEYS) + b"\n")
    except ExistsError:
        return False
    return True

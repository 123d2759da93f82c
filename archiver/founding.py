"""Making an archive: what its store can do is tried, its key made, and then `archive.json` says that it is there."""

from __future__ import annotations

import secrets
from dataclasses import asdict
from typing import Any

from archiver import clock
from archiver.config import Settings
from archiver.errors import StorageError, UsageError
from archiver.seal import keys
from archiver.seal.keys import Signer
from archiver.storage import descriptor, layout
from archiver.storage.base import ObjectStore, Retention
from archiver.storage.descriptor import Descriptor
from archiver.storage.local import LocalStore
from archiver.storage.location import absolute, open_store
from archiver.storage.probe import probe


def found(
    store: ObjectStore,
    settings: Settings,
    evidence: str | None = None,
    retention_days: int = 0,
    copy_of: Descriptor | None = None,
) -> None:
    """Make an archive in an empty store, or leave the one that somebody else has made there meanwhile.

    `evidence` is another store for the snapshots, which keeps them for `retention_days`; with `copy_of` it is the same
    archive as that one. Raises `StorageError` when the store cannot hold one, `SigningError` when its key cannot be
    saved, and `UsageError`.
    """
    abilities: dict[str, Any] = {}
    kept = None
    if evidence is not None:
        evidence = absolute(evidence)
        if evidence == absolute(store.location):
            raise UsageError(f"--evidence names the archive itself, {evidence}; name another place or leave it out")
        kept = open_store(evidence, None, Retention(retention_days) if retention_days else None)
    if isinstance(store, LocalStore):
        if store.has_foreign_files():
            raise StorageError(f"{store.location} holds other files and no archive.json; give an empty place")
        store.make_root()
    else:
        # A making that was killed may have left objects of its probe: they are no reason to refuse.
        if any(not key.startswith(layout.PROBES) for key in store.list("")):
            raise StorageError(f"{store.location} holds other objects and no archive.json; give an empty place")
        abilities = asdict(probe(store))
    if kept is not None:
        seen = probe(kept, for_log=False)
        if retention_days and not seen.object_lock:
            raise StorageError(f"{kept.location} has no Object Lock and keeps nothing; leave --retention-days out")
        abilities["evidence"] = asdict(seen)
    if copy_of is not None:
        name, origin, key = copy_of.id, copy_of.origin, copy_of.key
    else:
        name = secrets.token_hex(16)
        signer = _new_signer(name, settings)
        origin, key = signer.name, signer.key.text
    moment = clock.rfc3339(clock.now())
    made = descriptor.found(store, Descriptor(name, moment, evidence, retention_days, abilities, origin, key))
    if not made and copy_of is None:
        keys.path_of(name).unlink(missing_ok=True)  # of an archive that somebody else has made meanwhile


def _new_signer(archive: str, settings: Settings) -> Signer:
    """The key for a new archive: the one in the settings, or a new one, which is saved. Raises `SigningError`."""
    origin = f"archiver/{archive}"
    given, secret = settings.signing_key, settings.signing_key_passphrase
    passphrase = None if secret is None else secret.get_secret_value()
    if given is not None:
        return keys.given(given.get_secret_value(), origin, passphrase)
    signer = keys.make(origin)
    keys.save(signer, keys.path_of(archive), passphrase)
    return signer

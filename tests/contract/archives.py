"""What the tests of whole archives share: places to make them in, and what must be true of each."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta

from archiver import clock
from archiver.archive import Archive
from archiver.errors import NotFoundError
from archiver.index.check import Kind, Problem
from archiver.index.queries import Capture, Filter
from archiver.index.schema import State
from archiver.storage import layout
from archiver.storage.base import ObjectStore

NOTES = (Kind.ORPHAN, Kind.UNFINISHED)


@dataclass
class Seen:
    """The captures of a URL by how they ended."""

    whole: list[str] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)


def wrong(archive: Archive) -> list[Problem]:
    """What `index check` finds that is no mere note."""
    return [problem for problem in archive.check_index() if problem.kind not in NOTES]


def assert_nothing_is_half(archive: Archive, url: str) -> Seen:
    """Each capture of a URL is there whole and can be found, or is pending and known as unfinished later."""
    assert wrong(archive) == []
    seen = Seen()
    for capture in archive.snapshots(Filter(url=url)):
        if capture.state is State.PENDING:
            assert_is_unfinished_later(capture)
            seen.pending.append(capture.id)
        else:
            assert capture.state is State.COMPLETE
            assert_is_whole(archive, capture.id)
            seen.whole.append(capture.id)
    newest = archive.newest(url)
    assert (newest.id if newest else None) == (seen.whole[0] if seen.whole else None)
    return seen


def assert_is_unfinished_later(capture: Capture) -> None:
    assert capture.deadline is not None
    assert not capture.is_unfinished(clock.now())
    assert capture.is_unfinished(capture.deadline + timedelta(seconds=1))


def assert_is_whole(archive: Archive, ref: str) -> None:
    """Every artifact of a snapshot holds what its statement says."""
    snapshot = archive.find(ref)
    roles = set()
    for artifact in snapshot.statement["artifacts"]:
        key, role = artifact["key"], artifact["role"]
        pieces = snapshot.part(role) if key.startswith("urn:") else snapshot.store.get(key)
        data = b"".join(pieces)
        assert (len(data), hashlib.sha256(data).hexdigest()) == (artifact["bytes"], artifact["sha256"])
        roles.add(role)
    assert roles == {"warc", "cdxj", "screenshot", "dom", "text"}


def unknown_to_the_log(archive: Archive) -> set[str]:
    """The names below `snapshots/` that are no whole snapshot of the log."""
    whole = {capture.id for capture in archive.snapshots() if capture.state is State.COMPLETE}
    names = {key.split("/")[1] for key in archive.store.list(layout.SNAPSHOTS)}
    return names - whole


def contents(store: ObjectStore) -> dict[str, str]:
    """Key and SHA-256 of every object but `archive.json`, which each copy has its own of."""
    keys = [key for prefix in ("log/", layout.NOTES, layout.SNAPSHOTS) for key in store.list(prefix)]
    return {key: hashlib.sha256(b"".join(store.get(key))).hexdigest() for key in keys}


def is_there(store: ObjectStore, key: str) -> bool:
    try:
        store.stat(key)
    except NotFoundError:
        return False
    return True

"""What is still there of a capture that was withdrawn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from archiver.errors import NotFoundError
from archiver.index.queries import Capture
from archiver.storage import layout
from archiver.storage.base import ObjectStore


def notes_of(capture: Capture) -> list[str]:
    """The keys of the notes that are taken away with it, whether they are there or not: all that name its page."""
    said = [entry for entry in (capture.intent, capture.result, *capture.duplicates) if entry is not None]
    return [layout.note(entry.commitment) for entry in said]


def remains(store: ObjectStore, capture: Capture, derivations: Iterable[str] = ()) -> Iterator[str]:
    """The keys of its notes and artifacts that are there. Raises `StorageError`.

    `derivations` are the commitments of the statements of where it comes from, which name its page as well.
    """
    for key in (*notes_of(capture), *map(layout.note, derivations)):
        try:
            store.stat(key)
        except NotFoundError:
            continue
        yield key
    yield from store.list(layout.prefix(capture.id))

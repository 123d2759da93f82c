"""Which captures have a text like that of another: candidates by their sketches, then their stored texts compared.

So a repost is recognised that says nothing of where it comes from. Who copied whom, this does not say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from archiver.archive import Archive
from archiver.errors import NotFoundError, StorageError
from archiver.index.queries import Capture
from archiver.provenance import sketch
from archiver.provenance.article import Article, attributions, of_page
from archiver.provenance.claims import find_claims
from archiver.provenance.match import Match, Verdict, compare
from archiver.provenance.page import read_page
from archiver.snapshot import Snapshot

_MAX_DOM_BYTES = 64 << 20
_COMPARED = 3  # candidates that are compared, for each that is wanted
_ORDER = (Verdict.COPY, Verdict.PARTIAL, Verdict.UNKNOWN, Verdict.TOO_SHORT, Verdict.NONE)


@dataclass(frozen=True)
class Similar:
    """A capture that shares `hashes` of its sketch with the one asked for, and how their texts compare.

    `match` leads from the text asked for to this one. It is None where this one could not be read: `problem` says why.
    """

    capture: Capture
    hashes: int
    match: Match | None
    problem: str = ""


def article_of(snapshot: Snapshot) -> Article:
    """The article of a stored page, without the sentences that attribute it; empty where the page has none.

    Raises `NotFoundError` where it has no DOM, and `StorageError`.
    """
    frames, url = frames_of(snapshot), str(snapshot.statement["final_url"])
    page = read_page(frames, url)
    return of_page(page, attributions(find_claims(page).claims))


def frames_of(snapshot: Snapshot) -> list[dict[str, Any]]:
    """The stored DOM, frame by frame. Raises `NotFoundError` where there is none, and `StorageError`."""
    data = bytearray()
    for piece in snapshot.part("dom"):
        data += piece
        if len(data) > _MAX_DOM_BYTES:
            raise StorageError(f"the DOM of {snapshot.id} has more than {_MAX_DOM_BYTES} bytes; its text is not read")
    try:
        frames = orjson.loads(data)["frames"]
    except (orjson.JSONDecodeError, LookupError, TypeError):
        frames = None
    if not isinstance(frames, list) or not all(isinstance(frame, dict) for frame in frames):
        raise NotFoundError(f"{snapshot.id} has no text: its DOM was not read")
    return frames


def similar(archive: Archive, snapshot: Snapshot, limit: int = 10, *, aligned: bool = False) -> list[Similar]:
    """The captures of other URLs whose text is most like this one's, best first, one a URL.

    Those whose texts turn out to have nothing in common are left out; one that cannot be read is told last. Captures
    without a sketch are not found. Raises as `article_of`.
    """
    article = article_of(snapshot)
    ours = archive.sketch_of(snapshot.id) or sketch.of_article(article)
    found, wanted = [], limit * _COMPARED
    for each in archive.alike(ours, snapshot.statement["requested_url"])[:wanted]:
        capture, _ = archive.locate(each.id)
        try:
            match = compare(article, article_of(archive.find(each.id)), aligned=aligned)
        except (NotFoundError, StorageError) as error:
            found.append(Similar(capture, each.shared, None, str(error)))
            continue
        if match.shared and match.verdict is not Verdict.NONE:
            found.append(Similar(capture, each.shared, match))
    return sorted(found, key=_rank)[:limit]


def _rank(one: Similar) -> tuple[int, float, str]:
    if one.match is None:
        return len(_ORDER), 0.0, one.capture.id
    return _ORDER.index(one.match.verdict), -one.match.containment, one.capture.id


def objects(found: list[Similar]) -> Iterator[dict[str, Any]]:
    """What is found as JSON objects."""
    for one in found:
        yield {
            "id": one.capture.id,
            "url": one.capture.url,
            "final_url": one.capture.final_url,
            "title": one.capture.title,
            "shared_hashes": one.hashes,
            "match": None if one.match is None else one.match.to_json(),
            "problem": one.problem or None,
        }

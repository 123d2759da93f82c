"""One capture, verified: what its note says, what is stored, and that the two are of each other."""

from __future__ import annotations

import contextlib
import hashlib
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from archiver.errors import NotFoundError, StorageError
from archiver.seal import note as notes
from archiver.seal.keyring import Keyring
from archiver.seal.note import NoteError
from archiver.storage import layout
from archiver.storage.log import Entry
from archiver.verify.contents import check_counts
from archiver.verify.index import check_index
from archiver.verify.ledger import ONLY_THE_ARCHIVE, note_of
from archiver.verify.statement import KNOWN, check_artifact
from archiver.verify.statement import check_statement as statement_check
from archiver.verify.verdict import Check, judged, skipped
from archiver.verify.warc import WarcReading, read_warc

#: gives the bytes of an object by its key; raises `NotFoundError` or `StorageError` with the first piece or later
Source = Callable[[str], Iterator[bytes]]
OnBytes = Callable[[int], None]

_MAX_INDEX_BYTES = 1 << 30
_OF_CONTENT = ("artifacts", "warc", "index", "counts")


@dataclass(frozen=True)
class Subject:
    """A statement of the log that is to be verified, and what is known of the log it is in.

    `origin` is that of the log; statements copied from another archive bear the signature of that one.
    """

    entry: Entry
    origin: str
    keyring: Keyring
    vouched: bool


def check_statement(subject: Subject, source: Source) -> tuple[list[Check], dict[str, Any] | None]:
    """The checks "note", "statement" and "signature", and the statement where it can be read."""
    entry = subject.entry
    key = layout.note(entry.commitment)
    try:
        text = note_of(source(key), entry)
    except (NotFoundError, StorageError) as error:
        why = "there is no note to check"
        found = judged("note", f"the note of entry {entry.index}", [str(error)])
        return [found, skipped("statement", why), skipped("signature", why)], None
    checks = [judged("note", f"entry {entry.index} commits to {entry.commitment[:16]}…", ())]
    line = text.partition(b"\n")[0]
    document = _parsed(line)
    problems = statement_check(document, line)
    if isinstance(document, dict) and (document.get("id"), document.get("type")) != (entry.id, entry.type):
        problems.append(f"it is not the {entry.type} of {entry.id} that entry {entry.index} is of")
    doubts = () if entry.type in KNOWN else (f"this version does not know what a {entry.type} says",)
    checks.append(judged("statement", f"{entry.type} in canonical JSON, {len(line)} bytes", problems, doubts))
    checks.append(_signature(subject, text))
    return checks, document if isinstance(document, dict) and not problems else None


def _parsed(line: bytes) -> object:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return None


def _signature(subject: Subject, text: bytes) -> Check:
    index, ring = subject.entry.index, subject.keyring
    if not ring.all():
        return judged(
            "signature", "none", (), ["the archive was made before archives had keys: nothing in it is signed"]
        )
    try:
        signed = notes.parse(text)
        by = signed.verified_by(ring.valid_at(index))
    except NoteError as error:
        return judged("signature", f"the note of entry {index}", [f"it is not signed as it should be: {error}"])
    if by:
        doubts = () if subject.vouched else (ONLY_THE_ARCHIVE,)
        return judged("signature", f"by {', '.join(key.text for key in by)}", (), doubts)
    known = [status.key for status in ring.all()]
    reasons = []
    with contextlib.suppress(NoteError):
        reasons = [
            f"the key {key.text} signed it, which {ring.why_not(key, index)}" for key in signed.verified_by(known)
        ]
    if not reasons:
        names = ", ".join(f"{each.name} {each.key_id.hex()}" for each in signed.signatures)
        reasons = [f"no key of the archive signed it; it names {names}"]
    return judged("signature", f"the note of entry {index}", reasons)


def check_content(
    entry: Entry, statement: dict[str, Any] | None, source: Source, on_bytes: OnBytes | None
) -> list[Check]:
    """The checks "artifacts", "warc", "index" and "counts" of a snapshot. `statement` is None where it is not known."""
    if statement is None:
        return [skipped(name, "the statement that says what there should be cannot be read") for name in _OF_CONTENT]
    reading, index, problems, told = None, None, list[str](), list[str]()
    for artifact in _objects(statement):
        key, role = artifact["key"], artifact["role"]
        if not key.startswith(layout.prefix(entry.id)):
            problems.append(f"{role}: {key[:100]!r} is no object of this snapshot")
            continue
        try:
            if role == "warc" and reading is None:
                reading = read_warc(source(key), on_bytes=on_bytes)
                found = (reading.sha256, reading.size_bytes, reading.crc32)
            elif role == "cdxj" and index is None:
                index = b"".join(_bounded(source(key), min(artifact["bytes"], _MAX_INDEX_BYTES)))
                found = (hashlib.sha256(index).hexdigest(), len(index), zlib.crc32(index))
            else:
                found = _digests(source(key))
        except (NotFoundError, StorageError) as error:
            problems.append(f"{role}: {error}")
            continue
        problems += [f"{role}: {each}" for each in check_artifact(artifact, *found)]
        told.append(f"{role} {found[1]} bytes")
    checks = [judged("artifacts", ", ".join(told) or "none could be read", problems)]
    return checks + _against_each_other(statement, reading, index)


def _against_each_other(statement: dict[str, Any], reading: WarcReading | None, index: bytes | None) -> list[Check]:
    if reading is None:
        return [skipped(name, "there is no WARC to look at") for name in _OF_CONTENT[1:]]
    checks = [judged("warc", f"{len(reading.records)} records", [each.text for each in reading.problems])]
    if not reading.complete:
        return checks + [skipped(name, "the WARC could not be read to its end") for name in _OF_CONTENT[2:]]
    if index is None:
        checks.append(skipped("index", "there is no index to look at"))
    else:
        checks.append(judged("index", f"{index.count(10)} lines", check_index(index, reading)))
    counted = statement.get("exchanges")
    total = counted.get("total") if isinstance(counted, dict) else None
    checks.append(judged("counts", f"{total} exchanges", check_counts(statement, reading)))
    return checks


def _objects(statement: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The artifacts that are objects of their own, the WARC first: it takes longest."""
    found = [each for each in statement["artifacts"] if not each["key"].startswith("urn:")]
    return iter(sorted(found, key=lambda each: each["role"] != "warc"))


def _digests(pieces: Iterator[bytes]) -> tuple[str, int, int]:
    digest, size, crc32 = hashlib.sha256(), 0, 0
    for piece in pieces:
        digest.update(piece)
        size += len(piece)
        crc32 = zlib.crc32(piece, crc32)
    return digest.hexdigest(), size, crc32


def _bounded(pieces: Iterator[bytes], limit: int) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limit:
            raise StorageError(f"it is larger than the {limit} bytes it may have")
        yield piece

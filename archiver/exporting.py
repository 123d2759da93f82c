"""The evidence bundle of a snapshot: everything that is needed to verify it without its archive, as one WACZ.

For one checkpoint and one set of time stamps it is the same, byte for byte; the printed report excepted.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import orjson
import rfc8785

from archiver.archive import Archive
from archiver.errors import NotFoundError, StorageError
from archiver.index.queries import Capture, LogRef
from archiver.proving import newest, prove_entry
from archiver.report import gathering, html, made, places
from archiver.report.facts import Facts
from archiver.seal import published, stamps
from archiver.seal.checkpoint import Checkpoint
from archiver.seal.interval import WANTED
from archiver.seal.keyring import Keyring
from archiver.seal.published import Signed
from archiver.seal.timestamp_read import MAX_RESPONSE_BYTES
from archiver.snapshot import Snapshot
from archiver.storage import layout, log
from archiver.storage.base import read
from archiver.verify.timestamps import checkpoint_text, log_of
from archiver.warc import wacz
from archiver.warc.stored_zip import StoredZip
from archiver.warc.wacz import Listed

#: how a report is made of facts, and printed
Render = Callable[[Facts], bytes]
Print = Callable[[bytes], bytes]

_PARTS = {"screenshot": "screenshot", "full_screenshot": "full-screenshot"}
_MAX_STAMPS = 200  # of one note or checkpoint
_MAX_DOCUMENT_BYTES = 64 << 20
_MAX_CHECKPOINT_BYTES = 4096


def evidence(
    archive: Archive, snapshot: Snapshot, render: Render | None = html.render, to_pdf: Print | None = None
) -> Iterator[bytes]:
    """The evidence bundle of a snapshot, in pieces. `render` makes the report, `to_pdf` prints it; None leaves it out.

    Raises as `proving.prove_entry`, `StorageError`, and what `to_pdf` raises.
    """
    return _Export(archive, snapshot).plan(render, to_pdf).read(archive.store)


class _Export:
    def __init__(self, archive: Archive, snapshot: Snapshot) -> None:
        self._archive, self._store, self._snapshot = archive, archive.store, snapshot
        self._signed, self._ring = newest(archive), archive.keyring()
        self._index = snapshot.index()

    def plan(self, render: Render | None, to_pdf: Print | None) -> StoredZip:
        capture, _ = self._archive.locate(self._snapshot.id)
        assert capture.result is not None
        given = self._given(capture)
        leaf = rfc8785.dumps({"commitment": capture.result.commitment, "id": capture.id, "type": capture.result.type})

        def more(plain: tuple[Listed, ...]) -> Sequence[tuple[str, bytes]]:
            reports = [places.REPORT] if render else []
            reports += [places.PRINTED] if render and to_pdf else []
            files = given | made.files(given, self._snapshot.statement, self._signed.checkpoint.origin, reports)
            if render is not None:
                listed = [*plain, *(made.listed(path, data) for path, data in sorted(files.items()))]
                exchanges, regions = self._documents()
                files[places.REPORT] = render(gathering.gather(files, leaf, exchanges, regions, listed))
                if to_pdf is not None:
                    files[places.PRINTED] = to_pdf(files[places.REPORT])
            listed = [*plain, *(made.listed(path, data) for path, data in files.items())]
            return sorted([*files.items(), (places.SUMS, made.sums(listed))])

        return wacz.load(self._store, self._snapshot.statement, self._index, more)

    def _given(self, capture: Capture) -> dict[str, bytes]:
        """The files that are stored, or proofs: nothing of them follows from others."""
        roots = [status.key.text for status in self._ring.all() if status.added is None]
        files = {places.KEYS: "".join(f"{root}\n" for root in roots).encode(), places.INDEX: self._index}
        assert capture.result is not None
        self._seal(files, places.SNAPSHOT, capture.result.index, capture.result.commitment)
        if capture.intent is not None:
            self._seal(files, places.INTENT, capture.intent.index, capture.intent.commitment)
        for entry in self._archive.entries_of("key"):
            if entry.index < self._signed.checkpoint.size:
                self._seal(files, places.key_name(entry.index), entry.index, entry.commitment)
        for entry in self._derivations():
            self._seal(files, places.derivation_name(entry.index), entry.index, entry.commitment)
        picture = made.picture_of(self._snapshot.statement)
        if picture is not None:
            pieces = self._snapshot.part(_PARTS[picture["role"]])
            files[places.SCREENSHOT] = _bounded(pieces, places.limit_bytes(places.SCREENSHOT), "the screenshot")
        files |= self._stamps(capture.result, files[places.member(places.SNAPSHOT, "note")])
        return files

    def _seal(self, files: dict[str, bytes], name: str, index: int, commitment: str) -> None:
        salt, _, note = read(self._store, layout.note(commitment), log.MAX_NOTE_BYTES).partition(b"\n")
        files[places.member(name, "note")] = note
        files[places.member(name, "salt")] = salt + b"\n"
        files[places.member(name, "tlog-proof")] = prove_entry(self._archive, self._signed, index).render()

    def _documents(self) -> Iterator[dict[str, Any] | None]:
        """What the WARC has of the visit for a report: the exchange manifest, and the inventory of regions."""
        for name in ("exchanges", "regions"):
            document = None
            with contextlib.suppress(NotFoundError, orjson.JSONDecodeError):
                document = orjson.loads(_bounded(self._snapshot.part(name), _MAX_DOCUMENT_BYTES, name))
            yield document if isinstance(document, dict) else None

    # where it comes from

    def _derivations(self) -> list[log.Entry]:
        """The derivations on the way to the source, that a key of the archive signed; the nearest, if there are many.

        What anybody may have put there is left out: `archiver verify` of the archive says so.
        """
        entries: dict[int, log.Entry] = {}
        found: made.Statements = []
        waiting, seen = [self._snapshot.id], {self._snapshot.id}
        while waiting and len(found) < made.MAX_DERIVATIONS:
            for entry in self._archive.entries_of("derivation", waiting.pop(0)):
                try:
                    said = self._archive.signed_statement(entry, self._ring)
                except (NotFoundError, StorageError):
                    continue
                is_late = entry.index >= self._signed.checkpoint.size
                if is_late or said.get("subject") != entry.id or not made.is_derivation(said):
                    continue
                entries[entry.index] = entry
                found.append((entry.index, said))
                source = made.source_of(said)
                if source is not None and source not in seen:
                    seen.add(source)
                    waiting.append(source)
        return [entries[index] for index, _ in made.trail(self._snapshot.id, sorted(found))]

    # time stamps

    def _stamps(self, result: LogRef, note: bytes) -> dict[str, bytes]:
        files = {
            f"{places.OF_SNAPSHOT}{name}": data
            for name, data in self._folder(layout.note_timestamps(result.commitment)).items()
        }
        files |= self._before(note)
        files |= self._later(result.index)
        authorities = {path.split(".")[-2] for path in files if path.endswith(".tsr")}
        for key in self._store.list(layout.TIMESTAMP_ROOTS):
            name = key.rpartition("/")[2]
            if name.partition(".")[0] in authorities and places.GIVEN.fullmatch(f"{places.ROOTS}{name}"):
                files[f"{places.ROOTS}{name}"] = read(self._store, key, MAX_RESPONSE_BYTES)
        return files

    def _folder(self, prefix: str) -> dict[str, bytes]:
        """The responses and lists of a note or of a checkpoint, by file name."""
        found: dict[str, bytes] = {}
        for key in self._store.list(prefix):
            name = key.removeprefix(prefix)
            if stamps.parse(name) is None and stamps.list_number(name) is None:
                continue
            if len(found) == _MAX_STAMPS:
                raise StorageError(f"{self._store.where(prefix)} has more than {_MAX_STAMPS} time stamps")
            found[name] = read(self._store, key, MAX_RESPONSE_BYTES)
        return found

    def _before(self, note: bytes) -> dict[str, bytes]:
        """The checkpoint that was the newest stamped one before the visit, and its responses, as far as they are here.

        A snapshot that was copied names one of its first archive's log.
        """
        own = self._signed.checkpoint.origin
        origin = log_of(note, own) or own
        try:
            named = self._snapshot.statement["sealed_after"]
            size, root = named["checkpoint"]["size"], named["checkpoint"]["root"]
            hashes = {each["sha256"] for each in named["stamps"]}
            if origin == own:
                place = layout.checkpoint_timestamps(size)
                text = read(self._store, layout.checkpoint(size), _MAX_CHECKPOINT_BYTES)
            else:
                place = layout.other_timestamps(origin, size)
                text = checkpoint_text(origin, size, bytes.fromhex(root))
            if Checkpoint.parse(text.decode()).root.hex() != root:
                return {}
        except (KeyError, TypeError, ValueError, NotFoundError):
            return {}
        folder = self._folder(place)
        found = {
            f"{places.OF_BEFORE}{name}": data
            for name, data in folder.items()
            if hashlib.sha256(data).hexdigest() in hashes
        }
        return {places.BEFORE: text, **found} if found else {}

    def _later(self, index: int) -> dict[str, bytes]:
        """The smallest stamped checkpoint that has the entry, by two authorities if there is one, with the proof."""
        best: Signed | None = None
        origin, ring = self._signed.checkpoint.origin, self._ring
        for size, responses in stamps.of_checkpoints(self._store, index):
            if size > self._signed.checkpoint.size:
                break
            authorities = {each.authority for each in responses if not each.renewal}
            if not authorities or (best is not None and len(authorities) < WANTED):
                continue
            signed = published.at(self._store, origin, size, _keys_for(ring), ring.own())
            if signed is None:
                continue
            best = signed
            if len(authorities) >= WANTED:
                break
        if best is None:
            return {}
        proof = prove_entry(self._archive, best, index)
        return {
            places.LATER: best.checkpoint.text.encode(),
            places.LATER_PROOF: proof.render(),
            **{
                f"{places.OF_LATER}{name}": data
                for name, data in self._folder(layout.checkpoint_timestamps(best.checkpoint.size)).items()
            },
        }


def _keys_for(ring: Keyring) -> published.KeysFor:
    return lambda size: ring.valid_at(max(size - 1, 0))


def _bounded(pieces: Iterable[bytes], limit_bytes: int, what: str) -> bytes:
    found = bytearray()
    for piece in pieces:
        found += piece
        if len(found) > limit_bytes:
            raise StorageError(f"{what} has more than the {limit_bytes} bytes that a bundle takes")
    return bytes(found)

"""An exported file verified by itself: an evidence bundle, a plain WACZ, or a WARC. Nothing of it is unpacked.

A bundle is a WACZ with a folder `evidence/`: the signed notes of snapshot and intent with their salts and proofs, the
key statements of the log, and the snapshot's own index. The entries of the log are not in it, for they follow from the
notes: what cannot differ need not be compared.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

import orjson
import rfc8785

from archiver.errors import NotFoundError, StorageError
from archiver.seal import keyring as keyrings
from archiver.seal import note as notes
from archiver.seal.checkpoint import Checkpoint, Proof
from archiver.seal.keyring import Keyring
from archiver.seal.merkle import ProofError, leaf_hash, verify_inclusion
from archiver.seal.note import Note, NoteError, VerifierKey
from archiver.storage import layout, log
from archiver.storage.log import Entry
from archiver.verify import capture
from archiver.verify.capture import Report, Task
from archiver.verify.ledger import ONLY_THE_ARCHIVE, why_not_signed
from archiver.verify.package import Package, open_package
from archiver.verify.problems import shown
from archiver.verify.snapshot import OnBytes, Subject
from archiver.verify.trust import PROOF, Trust
from archiver.verify.trust import keyring as trusted_keyring
from archiver.verify.verdict import Check, entries_named, judged
from archiver.verify.wacz import check_wacz
from archiver.verify.warc import read_warc
from archiver.warc import wacz

FOLDER = "evidence/"
KEYS = f"{FOLDER}keys.txt"
INDEX = f"{FOLDER}capture.cdxj"
WARC = "archive/data.warc.gz"
SNAPSHOT, INTENT = "snapshot", "intent"
_KEY = re.compile(rf"{FOLDER}(key-[0-9]{{12}})\.note")
_EVIDENCE = re.compile(rf"{KEYS}|{INDEX}|{FOLDER}({SNAPSHOT}|{INTENT}|key-[0-9]{{12}})\.(note|salt|tlog-proof)")
_SALT = re.compile(rb"[0-9a-f]{64}\n")
_MAX_INDEX_BYTES = 1 << 30
_MAX_SMALL_BYTES = 1 << 20
_NO_SIGNATURE = (
    "a {} bears no signature: nothing says who made it and when; verify the snapshot in its archive, or export it with "
    "`archiver get REF --as evidence`"
)


def member(name: str, kind: str) -> str:
    """The path of a `note`, `salt` or `tlog-proof` in a bundle."""
    return f"{FOLDER}{name}.{kind}"


def key_name(index: int) -> str:
    """The name in a bundle of the key statement of an entry."""
    return f"key-{index:012d}"


def verify_warc(name: str, pieces: Iterator[bytes], on_bytes: OnBytes | None) -> Report:
    """A WARC by itself: that it is whole, and what it says of itself is right."""
    reading = read_warc(pieces, on_bytes=on_bytes)
    detail = f"{len(reading.records)} records, SHA-256 {reading.sha256}"
    return Report(
        name,
        "WARC",
        (
            judged("signature", "none", (), [_NO_SIGNATURE.format("WARC")]),
            judged("warc", detail, [each.text for each in reading.problems]),
        ),
    )


def origin_of(stream: BinaryIO) -> str | None:
    """The log that a bundle says to be of; None for a file that says nothing of the kind. Nothing is verified."""
    try:
        package = open_package(stream)
        data = package.read(PROOF, _MAX_SMALL_BYTES)
        return Checkpoint.parse(notes.parse(Proof.parse(data).checkpoint).text).origin
    except (NotFoundError, StorageError, NoteError):
        return None


def declared_keys(stream: BinaryIO) -> tuple[VerifierKey, ...]:
    """The keys that a bundle itself names as its log's first; none where it names none that can be read."""
    try:
        return _read_keys(open_package(stream))
    except (NotFoundError, StorageError, ValueError):
        return ()


def _read_keys(package: Package) -> tuple[VerifierKey, ...]:
    """Raises `StorageError` and `ValueError`."""
    lines = package.read(KEYS, _MAX_SMALL_BYTES).decode().splitlines()
    return tuple(VerifierKey.parse(line) for line in lines if line and not line.startswith("#"))


def verify_bundle(name: str, stream: BinaryIO, trust: Trust, on_bytes: OnBytes | None) -> Report:
    """Everything about an exported WACZ that can be verified without its archive."""
    package = open_package(stream)
    problems = [each.text for each in package.problems]
    problems += [each.text for each in check_wacz(package)]
    detail = f"{len(package.names())} files"
    if not any(each.startswith(FOLDER) for each in package.names()):
        return _plain(name, package, judged("package", detail, problems), on_bytes)
    bundle = _Bundle(package, trust)
    todo = bundle.task(lambda more: judged("package", detail, [*problems, *more]))
    if isinstance(todo, Report):
        return todo
    return capture.run(todo, bundle.source, None, None, on_bytes)


def _plain(name: str, package: Package, checked: Check, on_bytes: OnBytes | None) -> Report:
    checks = [checked, judged("signature", "none", (), [_NO_SIGNATURE.format("WACZ")])]
    if WARC in package.names():
        try:
            reading = read_warc(package.pieces(WARC), on_bytes=on_bytes)
            checks.append(judged("warc", f"{len(reading.records)} records", [each.text for each in reading.problems]))
        except StorageError as error:
            checks.append(judged("warc", WARC, [str(error)]))
    return Report(name, "WACZ", tuple(checks))


@dataclass(frozen=True)
class _Sealed:
    """A note of a bundle with its proof, and the entry that follows from it."""

    entry: Entry
    leaf: bytes
    salted: bytes  # as it lies in an archive
    proof: Proof


class _Bundle:
    def __init__(self, package: Package, trust: Trust) -> None:
        self._package = package
        self._trust = trust
        self._objects: dict[str, bytes] = {}
        self._members: dict[str, str] = {}
        self._problems: list[str] = []
        self._vouched = False

    def source(self, key: str) -> Iterator[bytes]:
        """An object of the archive, as the bundle has it."""
        if key in self._objects:
            return iter([self._objects[key]])
        if key in self._members:
            return self._package.pieces(self._members[key])
        raise NotFoundError(f"{key} is not in the file")

    def where(self, key: str) -> str:
        return self._members.get(key, key)

    def get(self, key: str, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """A range of one of the snapshot's objects."""
        name = self._members[key]
        return self._package.range(name, offset, self._package.size_bytes(name) if length is None else length)

    def task(self, checked: Callable[[list[str]], Check]) -> Task | Report:
        """`checked` makes the check of the package of what else is wrong with it."""
        sealed = self._sealed(SNAPSHOT)
        if sealed is None:
            return Report("unknown", "WACZ", (checked([]), judged("entry", FOLDER, self._problems)))
        checkpoint = Checkpoint.parse(notes.parse(sealed.proof.checkpoint).text)
        intent = self._sealed(INTENT)
        id_ = sealed.entry.id
        self._members = {layout.warc(id_): WARC, layout.cdxj(id_): INDEX}
        ring = self._keyring(notes.parse(sealed.proof.checkpoint), checkpoint)
        vouched = self._vouched
        proofs = [each for each in (sealed, intent) if each is not None]
        # What is said to be of a snapshot and is of none would be verified as what it is, with nothing to look at.
        for name, each in ((SNAPSHOT, sealed), (INTENT, intent)):
            if each is not None and (each.entry.type, each.entry.id) != (name, id_):
                self._problems.append(f"{member(name, 'note')} is the {each.entry.type} of {each.entry.id}, not {name}")
        of_files = [] if self._declared() else [f"{KEYS} is missing, or names no keys"]
        of_files += self._not_made_of(sealed)
        found = judged("entry", f"entry {sealed.entry.index} is its {sealed.entry.type}", self._problems)
        if sealed.entry.type != SNAPSHOT:
            return Report(id_, "WACZ", (checked(of_files), found))
        is_intent = intent is not None and intent.entry.type == INTENT
        return Task(
            id_,
            (checked(of_files), found),
            (
                self._checkpoint(proofs, ring, checkpoint.origin, vouched),
                _inclusion(proofs),
                self._consistency(checkpoint, ring),
            ),
            Subject(sealed.entry, checkpoint.origin, ring, vouched),
            Subject(intent.entry, checkpoint.origin, ring, vouched) if intent is not None and is_intent else None,
        )

    def _not_made_of(self, sealed: _Sealed) -> Iterator[str]:
        """All that replay shows follows from what is signed: whoever describes other files makes another WACZ."""
        more = [name for name in self._package.names() if name.startswith(FOLDER)]
        for name in more:
            if not _EVIDENCE.fullmatch(name):
                yield f"{shown(name)} is no file of an evidence bundle"
        try:
            statement = orjson.loads(sealed.salted.split(b"\n")[1])
            files = [(name, self._package.read(name, _MAX_INDEX_BYTES)) for name in more if _EVIDENCE.fullmatch(name)]
            planned = wacz.load(self, statement, self._package.read(INDEX, _MAX_INDEX_BYTES), files)
            made = {each.path: each.source for each in planned.members}
            for path, source in made.items():
                if isinstance(source, bytes) and self._package.read(path, max(_MAX_SMALL_BYTES, len(source))) != source:
                    yield f"{path} is not what the signed statement and index make it"
        except (NotFoundError, StorageError) as error:
            yield f"what it should be made of cannot be read: {error}"
            return
        if not set(self._package.names()) - made.keys() and self._package.names() != tuple(made):
            yield "its files are in another order than they are exported in"

    def _sealed(self, name: str) -> _Sealed | None:
        """A note with its salt and its proof; what is missing or no such thing is a problem."""
        try:
            note, salt, proof = (
                self._package.read(member(name, k), _MAX_SMALL_BYTES) for k in ("note", "salt", "tlog-proof")
            )
            parsed = Proof.parse(proof)
            if not _SALT.fullmatch(salt):
                raise ValueError(f"the salt is {shown(salt)}, expected 64 digits and a line end")
            commitment = hashlib.sha256(bytes.fromhex(salt.decode("ascii").strip()) + note).hexdigest()
            said = orjson.loads(note.partition(b"\n")[0])
            fields = {"commitment": commitment, "id": said["id"], "type": said["type"]}
            leaf = rfc8785.dumps(fields)
            entry = log.parse(parsed.index, leaf)
        except (NotFoundError, StorageError) as error:
            self._problems.append(str(error))
            return None
        except (ValueError, KeyError, TypeError) as error:
            self._problems.append(f"{member(name, 'note')}, its salt or its proof cannot be read: {error}")
            return None
        if not isinstance(entry, Entry):
            self._problems.append(f"{member(name, 'note')} is of no entry: {entry.reason}")
            return None
        salted = salt.strip() + b"\n" + note
        self._objects[layout.note(commitment)] = salted
        return _Sealed(entry, leaf, salted, parsed)

    def _keyring(self, signed: Note, checkpoint: Checkpoint) -> Keyring:
        """The keys of the log, as far as the bundle says: that no later statement takes them back it cannot say."""
        events = []
        for path in self._package.names():
            found = _KEY.fullmatch(path)
            sealed = self._sealed(found[1]) if found else None
            if sealed is None:
                continue
            problem = _not_included(sealed)
            if problem or Checkpoint.parse(notes.parse(sealed.proof.checkpoint).text) != checkpoint:
                self._problems.append(f"{path} is not in the log of the checkpoint: {problem or 'it has another one'}")
                continue
            events.append(keyrings.parse(sealed.entry.index, sealed.salted.partition(b"\n")[2]))
        declared = self._declared()
        ring, self._vouched = trusted_keyring(
            checkpoint.origin, declared, self._trust, events, [(signed, checkpoint.size)]
        )
        own = ring.own()
        self._problems += [
            f"{KEYS} names {key.text}, for which no trusted key vouches" for key in declared if key not in own
        ]
        return ring

    def _declared(self) -> tuple[VerifierKey, ...]:
        """The keys that the bundle itself names."""
        try:
            return _read_keys(self._package)
        except (NotFoundError, StorageError, ValueError):
            return ()

    def _checkpoint(self, proofs: list[_Sealed], ring: Keyring, origin: str, vouched: bool) -> Check:
        problems = []
        for sealed in proofs:
            signed = notes.parse(sealed.proof.checkpoint)
            checkpoint = Checkpoint.parse(signed.text)
            wrong = why_not_signed(signed, checkpoint, origin, ring.valid_at(max(checkpoint.size - 1, 0)))
            if wrong:
                problems.append(f"the checkpoint of the proof for entry {sealed.entry.index} {wrong}")
        doubts = () if vouched else (ONLY_THE_ARCHIVE,)
        return judged("checkpoint", f"of {origin}", problems, doubts)

    def _consistency(self, checkpoint: Checkpoint, ring: Keyring) -> Check:
        problems, told = [], []
        for known in self._trust.known:
            size = known.checkpoint.size
            wrong = None
            if known.signed is not None:
                wrong = why_not_signed(
                    known.signed, known.checkpoint, known.checkpoint.origin, ring.valid_at(max(size - 1, 0))
                )
            if wrong and known.checkpoint.origin == checkpoint.origin:
                problems.append(f"the checkpoint from {known.source} {wrong}")
            elif known.checkpoint.origin != checkpoint.origin:
                problems.append(f"{known.source} knows the log {known.checkpoint.origin!r}, which is another one")
            elif known.checkpoint.size == checkpoint.size:
                if known.checkpoint.root != checkpoint.root:
                    problems.append(
                        f"{known.source} knows another root at the size {checkpoint.size}: the log was forked"
                    )
                else:
                    told.append(f"the same as known by {known.source}")
        if problems or told:
            return judged("consistency", "; ".join(told) or "compared with what others know", problems)
        doubt = "whether the log goes on from other checkpoints shows in its archive: `archiver log monitor`"
        return judged("consistency", f"a checkpoint of {checkpoint.size} entries", (), (doubt,))


def _inclusion(proofs: list[_Sealed]) -> Check:
    problems = [problem for problem in map(_not_included, proofs) if problem]
    return judged("inclusion", f"proofs for {entries_named(sealed.entry.index for sealed in proofs)}", problems)


def _not_included(sealed: _Sealed) -> str | None:
    checkpoint = Checkpoint.parse(notes.parse(sealed.proof.checkpoint).text)
    try:
        verify_inclusion(
            sealed.proof.index, checkpoint.size, leaf_hash(sealed.leaf), sealed.proof.hashes, checkpoint.root
        )
    except ProofError as error:
        return f"entry {sealed.entry.index}: {error}"
    return None


def files(
    sealed: Mapping[str, tuple[bytes, bytes, bytes]], keys: tuple[VerifierKey, ...], index: bytes
) -> list[tuple[str, bytes]]:
    """The files of `evidence/`: by name the salt in hex, the note and the proof; the keys; the snapshot's index."""
    found = [(KEYS, "".join(f"{key.text}\n" for key in keys).encode()), (INDEX, index)]
    for name, (salt, note, proof) in sealed.items():
        found += [
            (member(name, "note"), note),
            (member(name, "salt"), salt + b"\n"),
            (member(name, "tlog-proof"), proof),
        ]
    return sorted(found)

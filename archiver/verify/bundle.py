"""An exported file verified by itself: an evidence bundle, a plain WACZ, or a WARC. Nothing of it is unpacked.

A bundle is a WACZ with a folder `evidence/`: the signed notes of snapshot and intent with their salts and proofs, the
statements about the keys of the log and about where the snapshot comes from, its own index, and its time stamps. The
entries of the log are not in it, for they follow from the notes. What is in it and follows from others is made again,
and compared (`verify.remade`).
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

import orjson
import rfc8785

from archiver import clock
from archiver.errors import NotFoundError, StorageError
from archiver.report import html, places
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
from archiver.verify.remade import Read, Render, check_made
from archiver.verify.snapshot import OnBytes, Subject
from archiver.verify.statement import check_statement
from archiver.verify.timestamps import (
    BY_ITSELF,
    Folder,
    Material,
    Times,
    check_roots,
    check_timestamps,
    checkpoint_text,
    log_of,
    named_checkpoint,
)
from archiver.verify.trust import PROOF, Trust
from archiver.verify.trust import keyring as trusted_keyring
from archiver.verify.verdict import Check, entries_named, judged
from archiver.verify.wacz import check_wacz
from archiver.verify.warc import read_warc

WARC = places.WARC
_SALT = re.compile(rb"[0-9a-f]{64}\n")
_MAX_SMALL_BYTES = 1 << 20
_NO_SIGNATURE = (
    "a {} bears no signature: nothing says who made it and when; verify the snapshot in its archive, or export it with "
    "`archiver get REF --as evidence`"
)


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
    lines = package.read(places.KEYS, _MAX_SMALL_BYTES).decode().splitlines()
    return tuple(VerifierKey.parse(line) for line in lines if line and not line.startswith("#"))


def verify_bundle(
    name: str, stream: BinaryIO, trust: Trust, on_bytes: OnBytes | None, render: Render | None = html.render
) -> Report:
    """Everything about an exported WACZ that can be verified without its archive.

    `render` makes the report that the bundle should have, where it has one; without it that is a doubt.
    """
    package = open_package(stream)
    problems = [each.text for each in package.problems]
    problems += [each.text for each in check_wacz(package)]
    detail = f"{len(package.names())} files"
    if not any(each.startswith(places.FOLDER) for each in package.names()):
        return _plain(name, package, judged("package", detail, problems), on_bytes)
    bundle = _Bundle(package, trust, render)
    todo = bundle.task(lambda more, doubts: judged("package", detail, [*problems, *more], doubts))
    if isinstance(todo, Report):
        return todo
    done = capture.run(todo, bundle.source, bundle.of_time, None, on_bytes)
    return replace(done, checks=tuple(sorted((*done.checks, *bundle.last), key=lambda check: check.number)))


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
    def __init__(self, package: Package, trust: Trust, render: Render | None) -> None:
        self._package = package
        self._trust = trust
        self._render = render
        self._objects: dict[str, bytes] = {}
        self._members: dict[str, str] = {}
        self._problems: list[str] = []
        self._vouched = False
        self._origin = ""
        self._covers = False  # whether the state of the log that was stamped later has the snapshot
        #: the checks that come after those of every capture
        self.last: tuple[Check, ...] = ()

    def source(self, key: str) -> Iterator[bytes]:
        """An object of the archive, as the bundle has it."""
        if key in self._objects:
            return iter([self._objects[key]])
        if key in self._members:
            return self._package.pieces(self._members[key])
        raise NotFoundError(f"{key} is not in the file")

    def of_time(self, index: int, note: bytes, _: object, statement: dict[str, Any]) -> Times:
        """The checks of the time stamps that the bundle has."""
        before = later = text = None
        said = statement.get("sealed_after")
        if said:
            size, root = said["checkpoint"]["size"], bytes.fromhex(said["checkpoint"]["root"])
            text = checkpoint_text(log_of(note, self._origin) or self._origin, size, root)
            before = self._folder(places.OF_BEFORE, text)
        if self._covers:
            later = self._folder(places.OF_LATER, self._package.read(places.LATER, _MAX_SMALL_BYTES))
        of_note = self._folder(places.OF_SNAPSHOT, note)
        times = check_timestamps(statement, Material(of_note, before, later), self._trust.authorities, clock.now())
        problems, doubts = check_roots(self._files(places.ROOTS), self._trust.authorities)
        named = named_checkpoint(statement, note, self._origin)
        if named is not None and named[0] > index:
            problems.append(BY_ITSELF)
        for problem in [*self._misplaced(text), *problems]:
            times = times.failed(problem)
        for doubt in doubts:
            times = times.doubted(doubt)
        return times

    def _misplaced(self, named: bytes | None) -> Iterator[str]:
        """What is wrong with what lies beside time stamps, for others to verify with; `named` is in the statement."""
        names = self._package.names()
        before = self._files(places.BEFORE).get("")
        if before is not None and before != named:
            yield f"{places.BEFORE} is not the checkpoint that the statement names"
        responses = [each for each in names if each.endswith(".tsr")]
        if before is None and any(each.startswith(places.OF_BEFORE) for each in responses):
            yield f"{places.BEFORE}, which was time-stamped, is missing"
        if not {places.LATER, places.LATER_PROOF} & set(names) and any(
            each.startswith(places.OF_LATER) for each in responses
        ):
            yield f"{places.LATER}, which was time-stamped, and the proof that the snapshot is in it are missing"

    def _folder(self, prefix: str, message: bytes) -> Folder | None:
        files = self._files(prefix)
        for name in (places.BEFORE, places.LATER, places.LATER_PROOF):
            files.pop(name.removeprefix(prefix), None)
        return Folder(message, files) if files else None

    def _files(self, prefix: str) -> dict[str, bytes]:
        files = {}
        for name in self._package.names():
            if name.startswith(prefix):
                with contextlib.suppress(StorageError):  # the package says what is wrong with it
                    files[name.removeprefix(prefix)] = self._package.read(name, _MAX_SMALL_BYTES)
        return files

    def where(self, key: str) -> str:
        return self._members.get(key, key)

    def get(self, key: str, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """A range of one of the snapshot's objects."""
        name = self._members[key]
        return self._package.range(name, offset, self._package.size_bytes(name) if length is None else length)

    def task(self, checked: Callable[[list[str], list[str]], Check]) -> Task | Report:
        """`checked` makes the check of the package of what else is wrong with it, or not known."""
        sealed = self._sealed(places.SNAPSHOT)
        if sealed is None:
            return Report("unknown", "WACZ", (checked([], []), judged("entry", places.FOLDER, self._problems)))
        signed = notes.parse(sealed.proof.checkpoint)
        checkpoint = Checkpoint.parse(signed.text)
        intent = self._sealed(places.INTENT)
        id_ = sealed.entry.id
        self._members = {layout.warc(id_): WARC, layout.cdxj(id_): places.INDEX}
        derivations = self._numbered("derivation")
        ring = self._keyring(signed, checkpoint)
        vouched = self._vouched
        later, of_files = self._later(sealed)
        self._origin, self._covers = checkpoint.origin, later is not None and not _not_included(later)
        proofs = [each for each in (sealed, intent, *derivations, later) if each is not None]
        # What is said to be of a snapshot and is of none would be verified as what it is, with nothing to look at.
        for name, each in ((places.SNAPSHOT, sealed), (places.INTENT, intent)):
            if each is not None and (each.entry.type, each.entry.id) != (name, id_):
                path = places.member(name, "note")
                self._problems.append(f"{path} is the {each.entry.type} of {each.entry.id}, not {name}")
        of_files += [] if self._declared() else [f"{places.KEYS} is missing, or names no keys"]
        read = Read(self._package, self, sealed.salted.partition(b"\n")[2], sealed.leaf, checkpoint.origin)
        made = check_made(read, self._render)
        package = checked([*of_files, *made.problems], made.doubts)
        found = judged("entry", f"entry {sealed.entry.index} is its {sealed.entry.type}", self._problems)
        if sealed.entry.type != places.SNAPSHOT:
            return Report(id_, "WACZ", (package, found))

        def subject(each: _Sealed) -> Subject:
            return Subject(each.entry, checkpoint.origin, ring, vouched)

        of_chain = [*_of_another_time(derivations, checkpoint), *made.of_chain]
        if derivations or of_chain:
            wrong, unsure = capture.check_derivations(map(subject, derivations), self.source, made.trail)
            detail = capture.derivations_named(each.entry.index for each in derivations)
            self.last = (judged("derivations", detail, [*wrong, *of_chain], [*unsure, *made.of_chain_doubts]),)
        self.last += made.report
        is_intent = intent is not None and intent.entry.type == places.INTENT
        return Task(
            id_,
            (package, found),
            (
                self._checkpoint(proofs, ring, checkpoint.origin, vouched),
                _inclusion(proofs),
                self._consistency(checkpoint, ring, list(_others(sealed, checkpoint, later, ring))),
            ),
            subject(sealed),
            subject(intent) if intent is not None and is_intent else None,
        )

    def _later(self, sealed: _Sealed) -> tuple[_Sealed | None, list[str]]:
        """The snapshot in a later state of the log, which was time-stamped; and what is wrong with the files of it."""
        if not any(name in self._package.names() for name in (places.LATER, places.LATER_PROOF)):
            return None, []
        try:
            proof = Proof.parse(self._package.read(places.LATER_PROOF, _MAX_SMALL_BYTES))
            text = self._package.read(places.LATER, _MAX_SMALL_BYTES)
        except (StorageError, NoteError) as error:
            return None, [f"the proof that the snapshot is in the log that was time-stamped later: {error}"]
        if text != notes.parse(proof.checkpoint).text.encode():
            return None, [f"{places.LATER} is not the checkpoint of {places.LATER_PROOF}"]
        return replace(sealed, entry=replace(sealed.entry, index=proof.index), proof=proof), (
            [] if proof.index == sealed.entry.index else [f"{places.LATER_PROOF} is of another entry"]
        )

    def _numbered(self, kind: str) -> list[_Sealed]:
        """The notes whose names say their entries, in log order."""
        found = []
        stems = {match[1] for match in map(places.SEALED.fullmatch, self._package.names()) if match}
        for name in sorted(stem for stem in stems if stem.startswith(f"{kind}-")):
            sealed = self._sealed(name)
            if sealed is None:
                continue
            if (sealed.entry.type, sealed.entry.index) != (kind, int(name.rpartition("-")[2])):
                path = places.member(name, "note")
                self._problems.append(f"{path} is the {sealed.entry.type} of entry {sealed.entry.index}")
            found.append(sealed)
        return found

    def _sealed(self, name: str) -> _Sealed | None:
        """A note with its salt and its proof; what is missing or no such thing is a problem."""
        try:
            note, salt, proof = (self._package.read(places.member(name, k), _MAX_SMALL_BYTES) for k in places.KINDS)
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
            self._problems.append(f"{places.member(name, 'note')}, its salt or its proof cannot be read: {error}")
            return None
        if not isinstance(entry, Entry):
            self._problems.append(f"{places.member(name, 'note')} is of no entry: {entry.reason}")
            return None
        salted = salt.strip() + b"\n" + note
        self._objects[layout.note(commitment)] = salted
        return _Sealed(entry, leaf, salted, parsed)

    def _keyring(self, signed: Note, checkpoint: Checkpoint) -> Keyring:
        """The keys of the log, as far as the bundle says: that no later statement takes them back it cannot say."""
        events = []
        for sealed in self._numbered("key"):
            problem = _not_included(sealed)
            if problem or Checkpoint.parse(notes.parse(sealed.proof.checkpoint).text) != checkpoint:
                path = places.member(places.key_name(sealed.entry.index), "note")
                self._problems.append(f"{path} is not in the log of the checkpoint: {problem or 'it has another one'}")
                continue
            events.append(keyrings.parse(sealed.entry.index, sealed.salted.partition(b"\n")[2]))
        declared = self._declared()
        ring, self._vouched = trusted_keyring(
            checkpoint.origin, declared, self._trust, events, [(signed, checkpoint.size)]
        )
        own = ring.own()
        self._problems += [
            f"{places.KEYS} names {key.text}, for which no trusted key vouches" for key in declared if key not in own
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

    def _consistency(self, checkpoint: Checkpoint, ring: Keyring, others: list[tuple[str, int, bytes]]) -> Check:
        problems, told = [], []
        roots = {checkpoint.size: checkpoint.root}
        for where, size, root in others:
            if roots.setdefault(size, root) != root:
                problems.append(f"{where} has another root at the size {size}: the log was forked")
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
            elif roots.get(size, known.checkpoint.root) != known.checkpoint.root:
                problems.append(f"{known.source} knows another root at the size {size}: the log was forked")
            elif size == checkpoint.size:
                told.append(f"the same as known by {known.source}")
        if problems or told:
            return judged("consistency", "; ".join(told) or "compared with what others know", problems)
        doubt = "whether the log goes on from other checkpoints shows in its archive: `archiver log monitor`"
        return judged("consistency", f"a checkpoint of {checkpoint.size} entries", (), (doubt,))


def _others(
    sealed: _Sealed, checkpoint: Checkpoint, later: _Sealed | None, ring: Keyring
) -> Iterator[tuple[str, int, bytes]]:
    """Other states of the same log that are in the bundle and signed: what they are, their sizes and roots."""
    note = sealed.salted.partition(b"\n")[2]
    line = note.partition(b"\n")[0]
    statement = orjson.loads(line)
    named = None if check_statement(statement, line) else named_checkpoint(statement, note, checkpoint.origin)
    if named is not None:
        yield "the checkpoint that the statement names", *named
    if later is not None:
        signed = notes.parse(later.proof.checkpoint)
        after = Checkpoint.parse(signed.text)
        if not why_not_signed(signed, after, checkpoint.origin, ring.valid_at(max(after.size - 1, 0))):
            yield f"the checkpoint of {places.LATER_PROOF}", after.size, after.root


def _of_another_time(sealed: list[_Sealed], checkpoint: Checkpoint) -> Iterator[str]:
    for each in sealed:
        if Checkpoint.parse(notes.parse(each.proof.checkpoint).text) != checkpoint:
            yield f"the proof for entry {each.entry.index} has another checkpoint than that of the snapshot"


def _inclusion(proofs: list[_Sealed]) -> Check:
    problems = [problem for problem in map(_not_included, proofs) if problem]
    return judged("inclusion", f"proofs for {entries_named({sealed.entry.index for sealed in proofs})}", problems)


def _not_included(sealed: _Sealed) -> str | None:
    checkpoint = Checkpoint.parse(notes.parse(sealed.proof.checkpoint).text)
    try:
        verify_inclusion(
            sealed.proof.index, checkpoint.size, leaf_hash(sealed.leaf), sealed.proof.hashes, checkpoint.root
        )
    except ProofError as error:
        return f"entry {sealed.entry.index}: {error}"
    return None

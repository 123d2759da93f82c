"""The whole log, read once: as it is published, held against what was signed and what others remember.

Its entries come from the published bundles, 256 at a time, and are hashed into the tree again. So the root says of all
of them at once that they are what was signed, and the root at an earlier size whether the log still begins as it did.
Where a bundle is missing or damaged the slots take its place, so that the rest can be verified all the same.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from archiver.errors import NotFoundError, StorageError
from archiver.seal import keyring as keyrings
from archiver.seal import note, published, stamps
from archiver.seal.checkpoint import Checkpoint
from archiver.seal.keyring import KeyEvent, Keyring
from archiver.seal.merkle import Edge, leaf_hash
from archiver.seal.note import Note, NoteError, VerifierKey
from archiver.seal.stamps import Stored
from archiver.seal.tiles import WIDTH
from archiver.storage import layout, log
from archiver.storage.base import ObjectStore, read
from archiver.storage.log import Entry, Junk
from archiver.verify.trust import Trust
from archiver.verify.trust import keyring as trusted_keyring
from archiver.verify.verdict import Check, Verdict, judged, skipped

#: told of how many entries have been read
OnEntries = Callable[[int], None]
_SALT = re.compile(rb"[0-9a-f]{64}")
#: the doubt about keys that came with what they are to vouch for
ONLY_THE_ARCHIVE = "only the archive itself names its key; give the one you have from elsewhere with --trust"
_OF_CAPTURES = ("intent", "snapshot", "failure")
_MAX_LATER = 1000  # checkpoints that are larger than the newest one in its place
_OLDER = 10  # how many are looked at where that is none


@dataclass(frozen=True)
class Candidate:
    """A published checkpoint, its signatures unchecked."""

    where: str
    checkpoint: Checkpoint
    signed: Note


@dataclass
class Ledger:
    """A log that was read. `size` is how many entries it has, `covered` how many of them are signed.

    `entries` has those that were wanted: all, or those of some captures and all that are about no capture.
    `vouched` is whether the keys come from elsewhere than the archive, which itself names the key `declared`.
    """

    store: ObjectStore
    origin: str
    keyring: Keyring
    vouched: bool
    trust: Trust
    declared: VerifierKey | None = None
    size: int = 0
    covered: int = 0
    signed: Candidate | None = None
    entries: dict[str, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    leaves: dict[int, bytes] = field(default_factory=dict)
    every_leaf: list[bytes] | None = None  # where all were wanted
    stamped: dict[int, list[Stored]] = field(default_factory=dict)  # time stamps of checkpoints, by their sizes
    others: dict[str, list[Stored]] = field(default_factory=dict)  # those of other logs' checkpoints, by their folders
    roots: dict[int, bytes] = field(default_factory=dict)  # of the tree at these sizes, and at others that were wanted
    junk: list[Junk] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)  # bundles that could not be used
    _timestamps: dict[str, list[str]] | None = None
    checkpoint: Check = field(default_factory=lambda: skipped("checkpoint", "it was not looked for"))
    tree: Check = field(default_factory=lambda: skipped("inclusion", "there is no checkpoint"))
    consistency: Check = field(default_factory=lambda: skipped("consistency", "there is no checkpoint"))

    def timestamps_of(self, commitment: str) -> list[str]:
        """The keys below which the time stamps of a note are stored. Raises `StorageError`.

        Where all entries were wanted, all keys are listed once.
        """
        if self.every_leaf is None:
            return list(self.store.list(layout.note_timestamps(commitment)))
        if self._timestamps is None:
            self._timestamps = defaultdict(list)
            for key in self.store.list(layout.NOTE_TIMESTAMPS):
                self._timestamps[key.removeprefix(layout.NOTE_TIMESTAMPS).partition("/")[0]].append(key)
        return self._timestamps.get(commitment, [])

    def leaf(self, index: int) -> bytes:
        """The bytes of an entry that was wanted, as the tree has them."""
        return self.leaves[index] if self.every_leaf is None else self.every_leaf[index]


def read_ledger(
    store: ObjectStore,
    origin: str,
    declared: VerifierKey | None,
    trust: Trust,
    wanted: set[str] | None = None,
    on_entries: OnEntries | None = None,
) -> Ledger:
    """Read the log of a store, keeping the entries of the ids that are `wanted`, or all.

    `declared` is the key that the archive itself names, if it does. Raises `StorageError` when the store cannot be read
    at all. What is wrong with the log is in the checks.
    """
    candidates, problems = _candidates(store)
    ledger = _examined(store, origin, declared, trust, candidates, problems, wanted, on_entries)
    if candidates and ledger.signed is None:
        # What is in the place of the newest one is none, and hid those before it.
        more, _ = _candidates(store, _OLDER)
        return _examined(store, origin, declared, trust, candidates + more, problems, wanted, on_entries)
    return ledger


def _examined(
    store: ObjectStore,
    origin: str,
    declared: VerifierKey | None,
    trust: Trust,
    candidates: list[Candidate],
    problems: list[str],
    wanted: set[str] | None,
    on_entries: OnEntries | None,
) -> Ledger:
    sizes = {candidate.checkpoint.size for candidate in candidates}
    # None of it can be verified before the keys are known, and those are in the log.
    limit = max(sizes, default=0)
    sizes |= {known.checkpoint.size for known in trust.known}
    stamped, others = dict(stamps.of_checkpoints(store)), stamps.of_others(store)
    sizes |= stamped.keys()
    ledger = Ledger(store, origin, Keyring(()), bool(trust.keys), trust, declared, stamped=stamped, others=others)
    roots = _read(ledger, sizes, limit, wanted, on_entries)
    _judge(ledger, candidates, problems, roots)
    if limit and not ledger.lost and ledger.tree.verdict is not Verdict.PASS:
        # The bundles may be what is wrong: the slots decide.
        again = Ledger(store, origin, ledger.keyring, ledger.vouched, trust, declared, stamped=stamped, others=others)
        roots = _read(again, sizes, 0, wanted, on_entries)
        _judge(again, candidates, problems, roots)
        if again.tree.verdict is Verdict.PASS:
            again.lost.append("the published entry bundles are not what the slots are")
            return again
    return ledger


def _read(
    ledger: Ledger, sizes: set[int], limit: int, wanted: set[str] | None, on_entries: OnEntries | None
) -> dict[int, bytes]:
    """Read the entries, from bundles up to `limit`; the roots at `sizes`."""
    edge = Edge()
    roots = {0: edge.root()}
    ledger.every_leaf = [] if wanted is None else None
    for index, leaf in enumerate(_leaves(ledger, limit)):
        if ledger.every_leaf is not None:
            ledger.every_leaf.append(leaf)
        edge.append(leaf_hash(leaf))
        if edge.size in sizes:
            roots[edge.size] = edge.root()
        entry = log.parse(index, leaf)
        if isinstance(entry, Junk):
            ledger.junk.append(entry)
        elif wanted is None or entry.id in wanted or entry.type not in _OF_CAPTURES:
            ledger.entries[entry.id].append(entry)
            if wanted is not None:
                ledger.leaves[index] = leaf
        if on_entries and not index % WIDTH:
            on_entries(index)
    ledger.size = edge.size
    ledger.roots = roots
    return roots


def _candidates(store: ObjectStore, count: int = 0) -> tuple[list[Candidate], list[str]]:
    """The published checkpoints that may be the newest, largest first, and what is wrong with others.

    With `count` the largest so many, whatever is in the place of the newest one.
    """
    found, problems = list[Candidate](), list[str]()
    newest = _candidate(store, layout.CHECKPOINT, problems, lambda: read(store, layout.CHECKPOINT, note.MAX_NOTE_BYTES))
    if count:
        newest = None
    if newest is not None:
        found.append(newest)
    after = layout.checkpoint(newest.checkpoint.size) if newest else ""
    later = [key for key in store.list(layout.CHECKPOINTS, after) if layout.checkpoint_size(key) is not None]
    for key in later[-(count or _MAX_LATER) :]:
        size = layout.checkpoint_size(key)
        assert size is not None

        def data(key: str = key, size: int = size) -> bytes:
            lines = [read(store, name, 4096) for name in store.list(layout.signatures(size))]
            return read(store, key, 4096) + b"\n" + b"".join(lines[: note.MAX_SIGNATURES])

        if next(store.list(layout.signatures(size)), None) is None:
            continue  # its writer has not signed it yet, or died
        candidate = _candidate(store, key, problems, data)
        if candidate is not None:
            if candidate.checkpoint.size != size:
                problems.append(f"{store.where(key)} is the checkpoint of {candidate.checkpoint.size} entries")
            else:
                found.append(candidate)
    return sorted(found, key=lambda each: each.checkpoint.size, reverse=True), problems


def _candidate(store: ObjectStore, key: str, problems: list[str], data: Callable[[], bytes]) -> Candidate | None:
    try:
        signed = note.parse(data())
        return Candidate(store.where(key), Checkpoint.parse(signed.text), signed)
    except NotFoundError:
        return None
    except (NoteError, StorageError) as error:
        problems.append(f"{store.where(key)} is no signed checkpoint: {error}")
        return None


def _leaves(ledger: Ledger, limit: int) -> Iterator[bytes]:
    """The entries: of bundles up to `limit`, then of the slots, up to the first that is free."""
    store, done = ledger.store, 0
    while done < limit:
        count = min(WIDTH, limit - done)
        try:
            bundle = published.read_bundle(store, done // WIDTH, count)
        except NotFoundError:
            ledger.lost.append(f"entries {done} to {done + count - 1} are in no published bundle")
            break
        except StorageError as error:
            ledger.lost.append(str(error))
            break
        yield from bundle
        done += count
    yield from log.leaves(store, done)


def _events(store: ObjectStore, entries: list[Entry]) -> Iterator[KeyEvent | keyrings.Problem]:
    """What the `key` statements say. A store that fails makes them unreadable, which is told."""
    for entry in entries:
        try:
            yield keyrings.parse(entry.index, note_of(store.get(layout.note(entry.commitment)), entry))
        except (NotFoundError, StorageError) as error:
            yield keyrings.Problem(entry.index, keyrings.Kind.UNREADABLE, str(error))


def note_of(pieces: Iterator[bytes], entry: Entry) -> bytes:
    """The note that an entry commits to, without its salt. Raises `StorageError`, and what `pieces` raise."""
    data = bytearray()
    for piece in pieces:
        data += piece
        if len(data) > log.MAX_NOTE_BYTES:
            raise StorageError(f"its note is larger than the {log.MAX_NOTE_BYTES} bytes it may have")
    salt, _, text = bytes(data).partition(b"\n")
    try:
        committed = hashlib.sha256(bytes.fromhex(salt.decode("ascii")) + text).hexdigest()
    except ValueError:
        committed = ""
    # `fromhex` reads more than what is written: spaces, capitals.
    if committed != entry.commitment or not _SALT.fullmatch(salt):
        raise StorageError(f"its note is not what entry {entry.index} of the log commits to")
    return text


def _judge(
    ledger: Ledger,
    candidates: list[Candidate],
    problems: list[str],
    roots: dict[int, bytes],
) -> None:
    problems = list(problems)
    keys = [entry for entries in ledger.entries.values() for entry in entries if entry.type == "key"]
    ledger.keyring, ledger.vouched = trusted_keyring(
        ledger.origin,
        (ledger.declared,) if ledger.declared else (),
        ledger.trust,
        list(_events(ledger.store, keys)),
        # Of the entries that are here: one that was left lying beside others would vouch for those.
        [
            (each.signed, each.checkpoint.size)
            for each in candidates
            if roots.get(each.checkpoint.size) == each.checkpoint.root
        ],
    )
    keys_for = ledger.keyring.valid_at
    for candidate in candidates:
        checkpoint = candidate.checkpoint
        wrong = why_not_signed(candidate.signed, checkpoint, ledger.origin, keys_for(max(checkpoint.size - 1, 0)))
        if wrong:
            problems.append(f"{candidate.where} {wrong}")
        elif ledger.signed is None:
            ledger.signed = candidate
    if ledger.signed is None:
        doubts = () if problems else ("no checkpoint is published; `archiver log checkpoint` signs one",)
        ledger.checkpoint = judged("checkpoint", "no signed checkpoint", problems, doubts)
        _compare_known(ledger, roots)
        return
    checkpoint = ledger.signed.checkpoint
    doubts = () if ledger.vouched else (ONLY_THE_ARCHIVE,)
    detail = f"{ledger.signed.where}: {checkpoint.size} entries of {checkpoint.origin}"
    ledger.checkpoint = judged("checkpoint", detail, problems, doubts)
    computed = roots.get(checkpoint.size)
    broken = list[str]()
    if computed is None:
        broken = [f"the log has {ledger.size} entries, and {checkpoint.size} were signed: it was rolled back"]
    elif computed != checkpoint.root:
        broken = [f"the first {checkpoint.size} entries do not lead to the root that was signed"]
    else:
        ledger.covered = checkpoint.size
    ledger.tree = judged("inclusion", f"{checkpoint.size} entries, hashed to the root that was signed", broken)
    _compare_known(ledger, roots)


def why_not_signed(signed: Note, checkpoint: Checkpoint, origin: str, keys: tuple[VerifierKey, ...]) -> str | None:
    """What is wrong with a checkpoint as one of this log, signed by one of these keys; None when nothing is."""
    if checkpoint.origin != origin:
        return f"is a checkpoint of the log {checkpoint.origin!r}, not of {origin!r}"
    try:
        by = signed.verified_by(keys)
    except NoteError as error:
        return f"has a wrong signature: {error}"
    if not any(key.name == origin for key in by):
        return "is signed by no key of this log that counts at its size"
    return None


def _compare_known(ledger: Ledger, roots: dict[int, bytes]) -> None:
    problems, told = [], []
    shown = ledger.signed.checkpoint.size if ledger.signed else 0
    for known in ledger.trust.known:
        checkpoint = known.checkpoint
        if known.signed is not None:
            keys = ledger.keyring.valid_at(max(checkpoint.size - 1, 0))
            wrong = why_not_signed(known.signed, checkpoint, ledger.origin, keys)
            if wrong:
                problems.append(f"the checkpoint from {known.source} {wrong}")
                continue
        root = roots.get(checkpoint.size)
        if root is None:
            problems.append(
                f"{known.source} knows a log of {checkpoint.size} entries, and it has {ledger.size}: it was rolled back"
            )
        elif root != checkpoint.root:
            problems.append(
                f"{known.source} knows other entries at the size {checkpoint.size}: the log was forked, or altered and "
                "signed again; keep that checkpoint, it proves it"
            )
        elif known.signed is not None and checkpoint.size > shown:
            problems.append(
                f"{known.source} has the checkpoint of {checkpoint.size} entries, and the archive shows "
                f"{f'one of {shown} at most' if shown else 'no signed one'}: it was taken away"
            )
        else:
            told.append(f"{checkpoint.size} entries known by {known.source}")
    if problems or told:
        ledger.consistency = judged("consistency", "; ".join(told) or "compared with what others know", problems)
    else:
        doubt = "nobody here has seen this log before: that nothing was dropped is not known, nor that all see the same"
        ledger.consistency = judged("consistency", "no earlier checkpoint at hand", (), (doubt,))

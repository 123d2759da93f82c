"""Checkpoints, which say how large a log is and what is its root, and proofs that an entry is in it.

C2SP tlog-checkpoint and tlog-proof v1. Both are text; a checkpoint is signed as a note.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from archiver.seal import note
from archiver.seal.merkle import HASH_BYTES, leaf_hash, verify_inclusion
from archiver.seal.note import NoteError, VerifierKey, decode_base64, encode_base64

_MAGIC = "c2sp.org/tlog-proof@v1"
_EXTRA = "extra "
_INDEX = "index "
_MAX_SIZE = 2**63 - 1  # what Go's logs count up to; int() refuses very long numbers with an error of its own
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True)
class Checkpoint:
    """A log's name, size and root at some time. Raises `NoteError` when there can be no such checkpoint."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        if not self.origin or any(character < " " for character in self.origin):
            raise NoteError("the origin of a checkpoint is empty or has a control character in it")
        if not 0 <= self.size <= _MAX_SIZE:
            raise NoteError(f"a checkpoint cannot have the size {self.size}")
        _refuse_other_than_hash(self.root)

    @property
    def text(self) -> str:
        """The text to sign ("Note text")."""
        return f"{self.origin}\n{self.size}\n{encode_base64(self.root)}\n"

    @classmethod
    def parse(cls, text: str, *, extensions: bool = False) -> Checkpoint:
        """The checkpoint in the text of a note. Raises `NoteError`.

        Extension lines are refused, or with `extensions` passed over: `.text` is without them then.
        """
        *lines, rest = text.split("\n")
        if rest or len(lines) < 3:
            raise NoteError("a checkpoint is not three lines: origin, size and root")
        origin, size, root, *others = lines
        if others and not extensions:
            raise NoteError("a checkpoint has extension lines, and ours have none")
        if not all(others):
            raise NoteError("a checkpoint has an empty line")
        return cls(origin, _number(size, "size"), decode_base64(root))


@dataclass(frozen=True)
class Proof:
    """That an entry is number `index` of the log which signed `checkpoint`, a note.

    `hashes` lead from the entry's sibling to the root (RFC 6962 section 2.1.1). Nothing vouches for `extra`, which is
    for the application; ours has none. Raises `NoteError` when there can be no such proof, the checkpoint included.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes = b""

    def __post_init__(self) -> None:
        if not 0 <= self.index <= _MAX_SIZE:
            raise NoteError(f"no entry has the index {self.index}")
        for value in self.hashes:
            _refuse_other_than_hash(value)
        Checkpoint.parse(note.parse(self.checkpoint).text)

    def render(self) -> bytes:
        """The bytes of a `.tlog-proof` file ("Format")."""
        lines = [_MAGIC]
        if self.extra:
            lines.append(_EXTRA + encode_base64(self.extra))
        lines += [f"{_INDEX}{self.index}", *map(encode_base64, self.hashes)]
        return "\n".join(lines).encode() + b"\n\n" + self.checkpoint

    @classmethod
    def parse(cls, data: bytes) -> Proof:
        """The proof that a `.tlog-proof` file holds; nothing is verified. Raises `NoteError`."""
        head, separator, checkpoint = data.partition(b"\n\n")
        if not separator:
            raise NoteError("a proof has no empty line before its checkpoint")
        try:
            magic, *lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError:
            raise NoteError("a proof has other characters than ASCII before its checkpoint") from None
        if magic != _MAGIC:
            raise NoteError(f"a proof does not begin with {_MAGIC}")
        extra = b""
        if lines and lines[0].startswith(_EXTRA):
            extra = decode_base64(lines.pop(0).removeprefix(_EXTRA))
            if not extra:
                raise NoteError("a proof has an extra line with nothing in it")
        if not lines or not lines[0].startswith(_INDEX):
            raise NoteError("a proof does not say the index of its entry")
        index = _number(lines[0].removeprefix(_INDEX), "index")
        return cls(index, tuple(map(decode_base64, lines[1:])), checkpoint, extra)

    def verify(self, entry: bytes, origin: str, keys: Iterable[VerifierKey]) -> Checkpoint:
        """The checkpoint of the log `origin`, signed by one of its own `keys`, that has this entry at `index`.

        Raises `NoteError` when it is of another log or not signed, `ProofError` when the entry is not in it.
        """
        signed = note.parse(self.checkpoint)
        if not signed.verified_by(keys):
            raise NoteError("no known key of the log signed the checkpoint of this proof")
        checkpoint = Checkpoint.parse(signed.text)
        if checkpoint.origin != origin:
            raise NoteError(f"the proof is of the log {checkpoint.origin!r}, not of {origin!r}")
        verify_inclusion(self.index, checkpoint.size, leaf_hash(entry), self.hashes, checkpoint.root)
        return checkpoint


def _number(text: str, what: str) -> int:
    if not _DECIMAL.fullmatch(text):
        raise NoteError(f"the {what} is no decimal number below 2**63 without leading zeros: {text[:40]!a}")
    return int(text)


def _refuse_other_than_hash(value: bytes) -> None:
    if len(value) != HASH_BYTES:
        raise NoteError(f"a hash has {len(value)} bytes instead of {HASH_BYTES}")

"""Signed notes: a text with Ed25519 signatures, in lines that a person can read and openssl can check.

C2SP signed-note v1; parsing is as strict as golang.org/x/mod/sumdb/note, and stricter where a comment says so. A note
is its text, an empty line, and lines `— name base64(key id || signature)`.
"""

from __future__ import annotations

import base64
import builtins
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = 0x01  # "Signature types"
MAX_NOTE_BYTES = 1_000_000
MAX_SIGNATURES = 100
_KEY_ID_BYTES = 4
_PUBLIC_KEY_BYTES = 32
_DASH = "— "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class NoteError(ValueError):
    """What should be a note, a key, or a text of a known form is none, or a signature is wrong."""


@dataclass(frozen=True)
class VerifierKey:
    """A public key and the name it signs under. Raises `NoteError` when there can be no such key."""

    name: str
    algorithm: int
    public_key: bytes

    def __post_init__(self) -> None:
        _refuse_bad_name(self.name)
        if self.algorithm != ED25519:
            raise NoteError(f"the key of {self.name!r} is of an unknown type, {self.algorithm}; 1 is Ed25519")
        if len(self.public_key) != _PUBLIC_KEY_BYTES:
            raise NoteError(f"the Ed25519 key of {self.name!r} has {len(self.public_key)} bytes instead of 32")

    @property
    def key_id(self) -> bytes:
        """The first 4 bytes of SHA-256 over name, line end, type and key ("Signatures")."""
        return hashlib.sha256(self.name.encode() + b"\n" + self._encoded).digest()[:_KEY_ID_BYTES]

    @property
    def short(self) -> str:
        return self.key_id.hex()

    @property
    def text(self) -> str:
        """`name+key id+base64(type || key)`, as golang.org/x/mod/sumdb/note writes it."""
        return f"{self.name}+{self.short}+{encode_base64(self._encoded)}"

    @property
    def _encoded(self) -> bytes:
        return bytes([self.algorithm]) + self.public_key

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """The key of such a text. Raises `NoteError`."""
        fields = text.split("+", 2)  # base64 may have more of them
        if len(fields) != 3:
            raise NoteError(f"{text!r} is no key: it should be name+key id+base64")
        name, key_id, encoded = fields
        decoded = decode_base64(encoded)
        if not decoded:
            raise NoteError(f"{text!r} is no key: there is nothing after its id")
        key = cls(name, decoded[0], decoded[1:])
        if key.short != key_id:
            raise NoteError(f"the key {text!r} says that its id is {key_id!r}, and it is {key.short}")
        return key


@dataclass(frozen=True)
class Signature:
    """What somebody signed, unchecked. Raises `NoteError` when a signature line cannot say that."""

    name: str
    key_id: bytes
    data: bytes

    def __post_init__(self) -> None:
        _refuse_bad_name(self.name)
        if len(self.key_id) != _KEY_ID_BYTES or not self.data:
            raise NoteError(f"a signature of {self.name!r} is not a key id of 4 bytes and something after it")

    @property
    def line(self) -> str:
        return f"{_DASH}{self.name} {encode_base64(self.key_id + self.data)}\n"


@dataclass(frozen=True)
class Note:
    """A text and who says to have signed it. The text means nothing until `verified_by` names a key one trusts.

    Raises `NoteError` when a note cannot have this text or these signatures.
    """

    text: str
    signatures: tuple[Signature, ...]

    def __post_init__(self) -> None:
        _refuse_bad_text(self.text)
        if not 0 < len(self.signatures) <= MAX_SIGNATURES:
            raise NoteError(f"a note has 1 to {MAX_SIGNATURES} signatures, not {len(self.signatures)}")
        # Stricter than the specification: nobody has a reason to sign twice, and which of the two would count?
        if len({(s.name, s.key_id) for s in self.signatures}) < len(self.signatures):
            raise NoteError("a note has two signatures of the same name and key id")
        if len(self.bytes()) > MAX_NOTE_BYTES:
            raise NoteError(f"a note has more than {MAX_NOTE_BYTES} bytes")

    def bytes(self) -> builtins.bytes:
        return (self.text + "\n" + "".join(signature.line for signature in self.signatures)).encode()

    def verified_by(self, keys: Iterable[VerifierKey]) -> tuple[VerifierKey, ...]:
        """The keys among `keys` that signed this text, in the order of the signatures; a caller must refuse none.

        Raises `NoteError` when a signature that claims to be by one of them is not.
        """
        known = _by_identity(keys)
        found = []
        for signature in self.signatures:
            key = known.get((signature.name, signature.key_id))
            if key is not None:
                _verify(self.text, signature, key)
                found.append(key)
        return tuple(found)

    def unknown(self, keys: Iterable[VerifierKey]) -> tuple[Signature, ...]:
        """The signatures that do not claim to be by one of these keys; nothing is known of them."""
        known = _by_identity(keys)
        return tuple(s for s in self.signatures if (s.name, s.key_id) not in known)


def sign(text: str, key_name: str, private: Ed25519PrivateKey) -> Signature:
    """The signature of a note's text, which ends in a line end. Raises `NoteError` when it cannot be one."""
    _refuse_bad_text(text)
    key = VerifierKey(key_name, ED25519, private.public_key().public_bytes_raw())
    return Signature(key_name, key.key_id, private.sign(text.encode()))


def render(text: str, signatures: Iterable[Signature]) -> bytes:
    """The bytes of a note. Raises `NoteError` when they would not be one."""
    return Note(text, tuple(signatures)).bytes()


def parse(note: bytes) -> Note:
    """The note in these bytes, its signatures unchecked. Raises `NoteError` when there is none ("Format")."""
    if len(note) > MAX_NOTE_BYTES:
        raise NoteError(f"a note has more than {MAX_NOTE_BYTES} bytes")
    try:
        decoded = note.decode()
    except UnicodeDecodeError as error:
        raise NoteError(f"a note is not UTF-8: {error}") from None
    text, separator, lines = decoded.rpartition("\n\n")
    if not separator:
        raise NoteError("a note has no empty line between text and signatures")
    if not lines.endswith("\n"):
        raise NoteError("a note does not end with a signature line and its line end")
    # Not splitlines(): to Python some other characters end a line, too.
    return Note(text + "\n", tuple(_parse_signature(line) for line in lines[:-1].split("\n")))


def encode_base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def decode_base64(text: str) -> bytes:
    """RFC 4648 section 4, in the one form that an encoder writes (3.5). Raises `NoteError` on any other."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        data = b""
    if encode_base64(data) != text:
        raise NoteError(f"{_cut(text)} is not base64 as it is written")
    return data


def _parse_signature(line: str) -> Signature:
    if not line.startswith(_DASH):
        raise NoteError(f"{_cut(line)} is no signature line: it does not begin with a dash and a space")
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    decoded = decode_base64(encoded)
    return Signature(name, decoded[:_KEY_ID_BYTES], decoded[_KEY_ID_BYTES:])


def _verify(text: str, signature: Signature, key: VerifierKey) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(key.public_key).verify(signature.data, text.encode())
    except InvalidSignature:
        raise NoteError(f"the signature by {key.name}+{key.short} is wrong: that key did not sign this text") from None


def _by_identity(keys: Iterable[VerifierKey]) -> Mapping[tuple[str, bytes], VerifierKey]:
    """Raises `NoteError` when two keys answer to one name and id, which somebody must have made on purpose."""
    known: dict[tuple[str, bytes], VerifierKey] = {}
    for key in keys:
        if known.setdefault((key.name, key.key_id), key) != key:
            raise NoteError(f"two different keys are called {key.name}+{key.short}")
    return known


def _refuse_bad_name(name: str) -> None:
    if not name or "+" in name or any(character.isspace() for character in name):
        raise NoteError(f"{_cut(name)} is no name of a key: it is empty, or has a space or a plus in it")
    _refuse_bad_characters(name)


def _refuse_bad_text(text: str) -> None:
    if not text.endswith("\n"):
        raise NoteError("the text of a note does not end with a line end")
    _refuse_bad_characters(text)


def _refuse_bad_characters(text: str) -> None:
    if _CONTROL.search(text):
        raise NoteError(f"there is a control character in {_cut(text)}")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise NoteError(f"{_cut(text)} cannot be written in UTF-8") from None


def _cut(text: str) -> str:
    """For messages, since a stranger may have written it."""
    return ascii(text if len(text) <= 80 else text[:80] + "…")

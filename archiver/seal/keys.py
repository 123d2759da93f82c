"""The key that signs for an archive: an Ed25519 key in a file of its owner's, or in the environment.

A file is PKCS #8 in PEM (RFC 5208, RFC 7468, RFC 8410), which `openssl pkey` reads. It lies in the user's configuration
under the id of its archive, readable for its owner alone. With a passphrase it is encrypted as OpenSSL encrypts such
files (PBES2, RFC 8018).
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

import platformdirs
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from archiver.errors import SigningError
from archiver.seal import note

_MAX_BYTES = 1 << 14
_IN_ENVIRONMENT = "ARCHIVER_SIGNING_KEY"


@dataclass(frozen=True)
class Signer:
    """A private key with the name it signs under, which is the origin of the archive's log."""

    name: str
    private: Ed25519PrivateKey

    @property
    def key(self) -> note.VerifierKey:
        """What others need to check its signatures."""
        return note.VerifierKey(self.name, note.ED25519, self.private.public_key().public_bytes_raw())

    def sign(self, text: str) -> note.Signature:
        """As `note.sign`."""
        return note.sign(text, self.name, self.private)


def make(name: str) -> Signer:
    """A new key."""
    return Signer(name, Ed25519PrivateKey.generate())


def path_of(archive: str) -> Path:
    """Where the key of the archive with this id is kept, whether or not there is one."""
    return platformdirs.user_config_path("archiver", appauthor=False) / "keys" / f"{archive}.pem"


def save(signer: Signer, path: Path, passphrase: str | None = None) -> None:
    """Write a key to a new file that only its owner can read; when this returns it is on disk.

    Raises `SigningError`, also when there is a file already.
    """
    encryption = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    data = signer.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            try:
                os.link(temporary, path)  # fails where there is a file already, and is whole where there is none
            except FileExistsError:
                raise SigningError(f"{path} is a key already; it was left as it is") from None
        finally:
            temporary.unlink()
    except OSError as error:
        raise SigningError(
            f"the key {path} could not be written: {error.strerror or error}; make the folder writable, or give a key "
            f"in the environment variable {_IN_ENVIRONMENT}"
        ) from None


def find(archive: str, name: str, given: str | None = None, passphrase: str | None = None) -> Signer | None:
    """The key of an archive: the PEM text that is `given`, else the user's file; None where there is neither.

    Raises `SigningError` for what is no Ed25519 key, and where the passphrase is missing or wrong. No message holds
    anything of the key.
    """
    if given is not None:
        return Signer(name, _read(given.encode(), passphrase, f"the key in {_IN_ENVIRONMENT}"))
    path = path_of(archive)
    try:
        with path.open("rb") as stream:
            data = stream.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SigningError(f"the key {path} cannot be read: {error.strerror or error}") from None
    return Signer(name, _read(data, passphrase, f"the key {path}"))


def _read(data: bytes, passphrase: str | None, where: str) -> Ed25519PrivateKey:
    if len(data) > _MAX_BYTES:
        raise SigningError(f"{where} is larger than a key can be")
    try:
        try:
            private = load_pem_private_key(data, passphrase.encode() if passphrase else None)
        except TypeError:
            # Raised as well where a passphrase is given and none is needed.
            if not passphrase:
                raise SigningError(
                    f"{where} has a passphrase; give it in the environment variable ARCHIVER_SIGNING_KEY_PASSPHRASE"
                ) from None
            private = load_pem_private_key(data, None)
    except (ValueError, UnsupportedAlgorithm):
        hint = "or the passphrase is wrong" if passphrase else "in PEM"
        raise SigningError(f"{where} cannot be used: it is no private key {hint}") from None
    if not isinstance(private, Ed25519PrivateKey):
        raise SigningError(f"{where} cannot be used: it is no Ed25519 key")
    return private

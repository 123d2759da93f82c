"""The keys that sign for an archive: Ed25519 keys in files of their owner's, or in the environment.

A file is PKCS #8 in PEM (RFC 5208, RFC 7468, RFC 8410), which `openssl pkey` reads. It lies in the user's configuration
under the id of its archive, readable for its owner alone. With a passphrase it is encrypted as OpenSSL encrypts such
files (PBES2, RFC 8018).

The key that was made with the archive is `<id>.pem`, every later one `<id>-<short key id>.pem`. While a rotation is
under way its new key is `<id>-<short key id>.next.pem`.
"""

from __future__ import annotations

import os
import re
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
_ID = re.compile(r"[0-9a-f]{32}")
_FILE = re.compile(r"([0-9a-f]{32})(?:-([0-9a-f]{8})(\.next)?)?\.pem")


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


def path_of(archive: str, key: note.VerifierKey | None = None, *, is_next: bool = False) -> Path:
    """Where a key of the archive with this id is kept, whether or not there is one; without `key` the first one.

    `is_next` is for the new key of a rotation that is under way.
    """
    name = archive if key is None else f"{archive}-{key.short}{'.next' if is_next else ''}"
    return platformdirs.user_config_path("archiver", appauthor=False) / "keys" / f"{name}.pem"


def paths_of(archive: str) -> list[Path]:
    """The keys of the archive with this id that are there, the first one before the others.

    What is no id has none: a stranger's file may call its archive anything, and its name must lead to no other folder.
    """
    if not _ID.fullmatch(archive):
        return []
    folder = path_of(archive).parent
    try:
        found = [path for path in folder.iterdir() if (match := _FILE.fullmatch(path.name)) and match[1] == archive]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise SigningError(f"the keys in {folder} cannot be read: {error.strerror or error}") from None
    return sorted(found, key=lambda path: (short_of(path) or "", path.name))


def short_of(path: Path) -> str | None:
    """The short key id that a file's name says; None for the first key of an archive, whose file says none."""
    match = _FILE.fullmatch(path.name)
    return match[2] if match else None


def is_next(path: Path) -> bool:
    """Whether it is the new key of a rotation that is under way."""
    match = _FILE.fullmatch(path.name)
    return bool(match and match[3])


def save(signer: Signer, path: Path, passphrase: str | None = None) -> None:
    """Write a key to a new file that only its owner can read; when this returns it is on disk.

    Raises `SigningError`, also when there is a file already.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = _write_beside(path, signer, passphrase)
        try:
            os.link(temporary, path)  # fails where there is a file already, and is whole where there is none
        except FileExistsError:
            raise SigningError(f"{path} is a key already; it was left as it is") from None
        finally:
            temporary.unlink()
        _sync(path.parent)
    except OSError as error:
        raise _unwritable(path, error) from None


def replace(signer: Signer, path: Path, passphrase: str | None = None) -> None:
    """Write a key anew, with this passphrase or none: the file has the old one or the new one, never half of either.

    Raises `SigningError`.
    """
    try:
        temporary = _write_beside(path, signer, passphrase)
        try:
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        _sync(path.parent)
    except OSError as error:
        raise _unwritable(path, error) from None


def rename(path: Path, to: Path) -> None:
    """Give a key's file another name. Raises `SigningError`."""
    try:
        path.rename(to)
        _sync(to.parent)
    except OSError as error:
        raise _unwritable(to, error) from None


def _write_beside(path: Path, signer: Signer, passphrase: str | None) -> Path:
    """A file in the same folder, on disk when this returns. Raises `OSError`."""
    encryption = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    data = signer.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    temporary = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException:
        temporary.unlink()
        raise
    return temporary


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unwritable(path: Path, error: OSError) -> SigningError:
    return SigningError(
        f"the key {path} could not be written: {error.strerror or error}; make the folder writable, or give a key "
        f"in the environment variable {_IN_ENVIRONMENT}"
    )


def given(text: str, name: str, passphrase: str | None = None) -> Signer:
    """The key in a PEM text from the environment. Raises `SigningError` as `load` does."""
    return Signer(name, _read(text.encode(), passphrase, f"the key in {_IN_ENVIRONMENT}"))


def load(path: Path, name: str, passphrase: str | None = None) -> Signer:
    """The key in a file, which signs under this name.

    Raises `SigningError` for what is no Ed25519 key, and where the passphrase is missing or wrong. No message holds
    anything of the key.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(_MAX_BYTES + 1)
    except OSError as error:
        raise SigningError(f"the key {path} cannot be read: {error.strerror or error}") from None
    return Signer(name, _read(data, passphrase, f"the key {path}"))


def has_passphrase(path: Path) -> bool:
    """Whether a file is encrypted (RFC 7468 section 11). Raises `SigningError`."""
    try:
        with path.open("rb") as stream:
            return b"-----BEGIN ENCRYPTED PRIVATE KEY-----" in stream.read(_MAX_BYTES)
    except OSError as error:
        raise SigningError(f"the key {path} cannot be read: {error.strerror or error}") from None


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

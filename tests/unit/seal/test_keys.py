"""Keys: made once, kept for their owner alone, refused when they are not what they should be, and never shown."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from archiver.errors import SigningError
from archiver.seal import keys, note

_ID = "0123456789abcdef0123456789abcdef"
_NAME = f"archiver/{_ID}"


@pytest.fixture
def saved() -> keys.Signer:
    signer = keys.make(_NAME)
    keys.save(signer, keys.path_of(_ID))
    return signer


def test_a_saved_key_is_found_again_and_signs(saved: keys.Signer) -> None:
    found = keys.load(keys.path_of(_ID), _NAME)
    assert found.key == saved.key
    signed = note.parse(note.render("text\n", [found.sign("text\n")]))
    assert signed.verified_by([saved.key]) == (saved.key,)


def test_where_there_is_no_folder_there_are_no_keys() -> None:
    assert keys.paths_of(_ID) == []
    with pytest.raises(SigningError, match="cannot be read: No such file"):
        keys.load(keys.path_of(_ID), _NAME)


def test_the_keys_of_an_archive_are_found_and_those_of_others_are_not(saved: keys.Signer) -> None:
    later, next_one, others = (keys.make(_NAME) for _ in range(3))
    keys.save(later, keys.path_of(_ID, later.key))
    keys.save(next_one, keys.path_of(_ID, next_one.key, is_next=True))
    keys.save(others, keys.path_of("f" * 32))
    (keys.path_of(_ID).parent / f"{_ID}.pem.bak").touch()
    first, *rest = keys.paths_of(_ID)
    assert first == keys.path_of(_ID)
    assert keys.short_of(first) is None
    assert {keys.short_of(path): keys.is_next(path) for path in rest} == {
        later.key.short: False,
        next_one.key.short: True,
    }


def test_only_its_owner_can_read_the_file_and_nothing_else_is_left(saved: keys.Signer) -> None:
    path = keys.path_of(_ID)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_key_is_never_overwritten(saved: keys.Signer) -> None:
    before = keys.path_of(_ID).read_bytes()
    with pytest.raises(SigningError, match="is a key already"):
        keys.save(keys.make(_NAME), keys.path_of(_ID))
    assert keys.path_of(_ID).read_bytes() == before
    assert len(list(keys.path_of(_ID).parent.iterdir())) == 1


def test_openssl_reads_the_file_and_writes_one_that_is_read(saved: keys.Signer, tmp_path: Path) -> None:
    stronger = tmp_path / "stronger.pem"
    command = ["openssl", "pkcs8", "-topk8", "-scrypt", "-in", str(keys.path_of(_ID)), "-out", str(stronger)]
    subprocess.run([*command, "-passout", "pass:open sesame"], check=True, capture_output=True, timeout=60)
    found = keys.given(stronger.read_text(), _NAME, "open sesame")
    assert found.key == saved.key


def test_a_passphrase_encrypts_and_is_needed() -> None:
    keys.save(keys.make(_NAME), keys.path_of(_ID), "open sesame")
    assert b"ENCRYPTED" in keys.path_of(_ID).read_bytes()
    assert keys.has_passphrase(keys.path_of(_ID))
    keys.load(keys.path_of(_ID), _NAME, "open sesame")
    with pytest.raises(SigningError, match=r"has a passphrase; give it in .*ARCHIVER_SIGNING_KEY_PASSPHRASE"):
        keys.load(keys.path_of(_ID), _NAME)
    with pytest.raises(SigningError, match="or the passphrase is wrong") as raised:
        keys.load(keys.path_of(_ID), _NAME, "open barley")
    assert "barley" not in str(raised.value)


def test_a_passphrase_that_is_not_needed_does_no_harm(saved: keys.Signer) -> None:
    assert keys.load(keys.path_of(_ID), _NAME, "open sesame").key == saved.key
    assert not keys.has_passphrase(keys.path_of(_ID))


def test_a_file_gets_another_passphrase_or_none_and_nothing_else_is_left(saved: keys.Signer) -> None:
    path = keys.path_of(_ID)
    keys.replace(saved, path, "open sesame")
    assert keys.load(path, _NAME, "open sesame").key == saved.key
    keys.replace(saved, path)
    assert keys.load(path, _NAME).key == saved.key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_key_that_cannot_be_written_anew_stays(saved: keys.Signer, monkeypatch: pytest.MonkeyPatch) -> None:
    path = keys.path_of(_ID)
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SigningError, match="could not be written: No space left"):
        keys.replace(saved, path, "open sesame")
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_given_key_is_read(saved: keys.Signer) -> None:
    pem = saved.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    assert keys.given(pem, _NAME).key == saved.key


@pytest.mark.parametrize("text", ["", "s3cr3t", "-----BEGIN PRIVATE KEY-----\ns3cr3t\n-----END PRIVATE KEY-----\n"])
def test_what_is_no_key_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(SigningError, match="ARCHIVER_SIGNING_KEY cannot be used") as raised:
        keys.given(text, _NAME)
    assert "s3cr3t" not in str(raised.value)


def test_a_key_of_another_kind_is_refused() -> None:
    pem = generate_ec_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with pytest.raises(SigningError, match="no Ed25519 key"):
        keys.given(pem, _NAME)


def test_a_huge_file_is_not_read_to_its_end() -> None:
    path = keys.path_of(_ID)
    path.parent.mkdir(parents=True)
    with path.open("wb") as stream:
        os.truncate(stream.fileno(), 1 << 40)
    with pytest.raises(SigningError, match="larger than a key can be"):
        keys.load(path, _NAME)


def test_a_folder_that_cannot_be_made_is_named() -> None:
    path = keys.path_of(_ID)
    path.parent.parent.mkdir(parents=True)
    path.parent.write_text("in the way")
    with pytest.raises(SigningError, match=r"could not be written: .*ARCHIVER_SIGNING_KEY"):
        keys.save(keys.make(_NAME), path)


@pytest.mark.parametrize("name", ["../../etc", "*", "a" * 5000, "x/" * 3000, "", "A" * 32])
def test_a_name_that_is_no_id_has_no_keys_and_leads_to_no_folder(name: str) -> None:
    assert keys.paths_of(name) == []

"""What an archive stores is signed with its key, and nothing is stored unsigned in its place."""

from __future__ import annotations

import base64
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from archiver import founding
from archiver.archive import Archive
from archiver.copying import copy
from archiver.errors import SigningError
from archiver.seal import keys, note, published, seen
from archiver.seal.checkpoint import Checkpoint
from archiver.seal.note import VerifierKey
from archiver.storage import descriptor, layout, log
from archiver.storage.descriptor import Descriptor
from archiver.storage.local import LocalStore
from tests.support import recorded

_URL = "https://a.test/page"


@pytest.fixture
def archive(monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    monkeypatch.setattr("archiver.capture.capture.record", recorded.record)
    with Archive("archive") as opened:
        yield opened


def key_of(archive: Archive) -> VerifierKey:
    described = archive.describe()
    assert described is not None
    assert described.key is not None
    return VerifierKey.parse(described.key)


def descriptor_of(archive: Archive) -> Descriptor:
    described = archive.describe()
    assert described is not None
    return described


def notes(archive: Archive) -> list[bytes]:
    """The signed notes in log order, without their salts."""
    found = []
    for entry in log.entries(archive.store):
        assert isinstance(entry, log.Entry)
        found.append(b"".join(archive.store.get(layout.note(entry.commitment))).partition(b"\n")[2])
    return found


def entries(archive: Archive) -> int:
    return len(list(log.entries(archive.store)))


def test_intent_and_snapshot_are_signed_with_the_key_that_the_archive_names(archive: Archive) -> None:
    archive.capture(_URL)
    signed = [note.parse(each) for each in notes(archive)]
    assert len(signed) == 2
    for each in signed:
        assert each.verified_by([key_of(archive)]) == (key_of(archive),)
        assert each.text.count("\n") == 1


def test_a_failure_is_signed(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise SigningError("made up")

    monkeypatch.setattr("archiver.capture.capture.record", fail)
    with pytest.raises(SigningError, match="made up"):
        archive.capture(_URL)
    assert note.parse(notes(archive)[1]).verified_by([key_of(archive)])


def test_openssl_alone_confirms_a_signature_and_rejects_another_text(archive: Archive, tmp_path: Path) -> None:
    archive.capture(_URL)
    text, _, line = notes(archive)[1].rpartition(b"\n\n")
    signature = base64.b64decode(line.split(b" ")[2])[4:]
    # RFC 8410: an Ed25519 public key in DER is this prefix and its 32 bytes.
    (tmp_path / "key").write_bytes(bytes.fromhex("302a300506032b6570032100") + key_of(archive).public_key)
    (tmp_path / "signature").write_bytes(signature)
    for content, is_good in ((text + b"\n", True), (text.replace(b"a.test", b"b.test") + b"\n", False)):
        (tmp_path / "text").write_bytes(content)
        names = ["-inkey", "key", "-sigfile", "signature", "-in", "text"]
        command = ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER", *names]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60, check=False)
        assert (done.returncode == 0) is is_good


def test_the_log_commits_to_the_signature_as_well(archive: Archive) -> None:
    archive.capture(_URL)
    entry = next(iter(log.entries(archive.store)))
    assert isinstance(entry, log.Entry)
    path = Path(archive.location) / layout.note(entry.commitment)
    data = path.read_bytes()
    path.write_bytes(data[:-3] + (b"A" if data[-3:-2] != b"A" else b"B") + data[-2:])
    with pytest.raises(Exception, match="it is not what entry 0 of the log commits to"):
        log.statement(archive.store, entry)


def test_without_the_key_nothing_is_captured_and_all_can_be_read(archive: Archive) -> None:
    first = archive.capture(_URL).snapshot.id
    described = archive.describe()
    assert described is not None
    keys.path_of(described.id).unlink()
    with pytest.raises(SigningError, match="is on this machine; put it where"):
        archive.capture(_URL)
    assert entries(archive) == 2
    assert archive.find("latest").id == first


def test_another_key_is_refused(archive: Archive) -> None:
    archive.found()
    described = archive.describe()
    assert described is not None
    path = keys.path_of(described.id)
    path.unlink()
    keys.save(keys.make(str(described.origin)), path)
    with pytest.raises(SigningError, match="is not that of"):
        archive.capture(_URL)
    assert entries(archive) == 0


def test_a_key_from_the_environment_makes_and_signs_without_a_file(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys.save(keys.make("any"), Path("key.pem"))
    monkeypatch.setenv("ARCHIVER_SIGNING_KEY", Path("key.pem").read_text())
    with Archive("other") as other:
        other.capture(_URL)
        assert note.parse(notes(other)[0]).verified_by([key_of(other)])
        described = other.describe()
    assert described is not None
    assert not keys.path_of(described.id).exists()


def test_an_archive_whose_key_cannot_be_kept_is_not_made(archive: Archive) -> None:
    path = keys.path_of("0" * 32)
    path.parent.parent.mkdir(parents=True)
    path.parent.write_text("in the way")
    with pytest.raises(SigningError, match="could not be written"):
        archive.found()
    assert archive.describe() is None


def test_a_key_made_for_an_archive_that_somebody_else_made_meanwhile_is_not_kept(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(descriptor, "found", lambda *_: False)
    founding.found(LocalStore(Path("archive")), archive.settings)
    assert list(keys.path_of("0" * 32).parent.iterdir()) == []


def test_a_copy_is_written_to_with_the_same_key(archive: Archive) -> None:
    archive.capture(_URL)
    with Archive("copied") as target:
        copy(archive, target, lambda *_: None)
        assert key_of(target) == key_of(archive)
        target.capture(_URL)
        assert note.parse(notes(target)[-1]).verified_by([key_of(archive)])


def test_an_archive_from_before_there_were_keys_stays_unsigned(archive: Archive) -> None:
    made = Descriptor("0" * 32, "2026-01-01T00:00:00Z")
    descriptor.found(LocalStore(Path("archive")), made)
    archive.capture(_URL)
    assert [data.count(b"\n") for data in notes(archive)] == [1, 1]


def test_an_archive_that_names_no_key_any_more_is_not_written_to(archive: Archive) -> None:
    made = Descriptor("0" * 32, "2026-01-01T00:00:00Z")
    descriptor.found(LocalStore(Path("archive")), made)
    keys.save(keys.make("archiver/0"), keys.path_of("0" * 32))
    with pytest.raises(SigningError, match=r"its archive\.json was exchanged"):
        archive.capture(_URL)
    assert entries(archive) == 0


def test_each_capture_ends_with_a_signed_checkpoint_that_has_it(archive: Archive) -> None:
    for size in (2, 4):
        captured = archive.capture(_URL)
        assert (captured.checkpoint, captured.checkpoint_error) == (size, None)
    signed = note.parse(b"".join(archive.store.get(layout.CHECKPOINT)))
    assert signed.verified_by([key_of(archive)])
    assert Checkpoint.parse(signed.text) == seen.load(str(descriptor_of(archive).origin))
    assert Checkpoint.parse(signed.text).root == published.tree(archive.store, 4).root()


def test_a_failure_is_in_the_signed_checkpoint_as_well(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise SigningError("made up")

    monkeypatch.setattr("archiver.capture.capture.record", fail)
    with pytest.raises(SigningError, match="made up"):
        archive.capture(_URL)
    newest = archive.newest_checkpoint()
    assert newest is not None
    assert newest.checkpoint.size == 2


def test_a_capture_whose_checkpoint_cannot_be_signed_is_stored_and_says_so(archive: Archive) -> None:
    archive.capture(_URL)
    (Path(archive.location) / layout.CHECKPOINT).write_text("junk")
    captured = archive.capture(_URL)
    assert captured.checkpoint is None
    assert "is no signed checkpoint" in str(captured.checkpoint_error)
    assert archive.find("latest").id == captured.snapshot.id


def test_an_archive_put_back_from_a_backup_is_not_signed_on_the_machine_that_signed_more(archive: Archive) -> None:
    archive.capture(_URL)
    shutil.copytree(archive.location, "backup")
    archive.capture(_URL)
    with Archive("backup") as older:
        captured = older.capture("https://a.test/another")
        assert "does not begin with the entries that were signed at a size of 4" in str(captured.checkpoint_error)


def test_a_copy_has_the_checkpoints_and_goes_on_from_them(archive: Archive) -> None:
    archive.capture(_URL)
    newest = archive.newest_checkpoint()
    with Archive("copied") as target:
        assert copy(archive, target, lambda *_: None).problems == ()
        assert target.newest_checkpoint() == newest
        assert target.capture(_URL).checkpoint == 4


def test_captures_copied_into_another_archive_are_in_its_checkpoint(archive: Archive) -> None:
    archive.capture(_URL)
    with Archive("other") as target:
        copy(archive, target, lambda *_: None, _URL)
        newest = target.newest_checkpoint()
        assert newest is not None
        assert newest.checkpoint.size == target.log_length()

"""The keys of an archive over the years: second ones, rotation, theft, loss, and copies into other archives."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from archiver import clock, keychanges
from archiver.archive import Archive
from archiver.copying import Copied, copy
from archiver.errors import SigningError, StorageError, UsageError
from archiver.model import Recording
from archiver.seal import keys, note
from archiver.seal.keyring import Kind
from archiver.seal.keys import Signer
from archiver.seal.note import VerifierKey
from archiver.seal.statement import About
from archiver.storage import descriptor, layout, log
from archiver.storage.descriptor import Descriptor
from archiver.storage.local import LocalStore
from tests.support import recorded

_URL = "https://a.test/page"
_WHY = About(operator="me", reason="made up")
_KEYS = Path("home-keys")


@pytest.fixture(autouse=True)
def without_a_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archiver.capture.capture.record", recorded.record)


@pytest.fixture
def archive() -> Iterator[Archive]:
    with Archive("archive") as opened:
        opened.found()
        yield opened


def id_of(archive: Archive) -> str:
    described = archive.describe()
    assert described is not None
    return described.id


def root_of(archive: Archive) -> VerifierKey:
    described = archive.describe()
    assert described is not None
    assert described.key is not None
    return VerifierKey.parse(described.key)


def add_here(archive: Archive) -> tuple[VerifierKey, Path]:
    """A second key of this machine, added."""
    made, path = keychanges.new(archive)
    keychanges.add(archive, made.text, _WHY)
    return made, path


def signers(archive: Archive) -> list[VerifierKey | None]:
    """By which key that counts there each entry of the log is signed."""
    ring = archive.keyring()
    found = []
    for entry in log.entries(archive.store):
        assert isinstance(entry, log.Entry)
        by = note.parse(log.note(archive.store, entry)).verified_by(ring.valid_at(entry.index))
        found.append(by[0] if by else None)
    return found


def statements(archive: Archive) -> list[dict[str, object]]:
    return [
        log.statement(archive.store, entry)
        for entry in log.entries(archive.store)
        if isinstance(entry, log.Entry) and entry.type == "key"
    ]


def lose(*paths: Path) -> None:
    """Keys that only another machine has."""
    _KEYS.mkdir(exist_ok=True)
    for path in paths:
        path.rename(_KEYS / path.name)


def find(path: Path) -> None:
    (_KEYS / path.name).rename(path)


def signer(archive: Archive) -> Signer:
    found = archive.signer()
    assert found is not None
    return found


# second keys


def test_a_new_key_signs_nothing_before_it_is_added(archive: Archive) -> None:
    made, path = keychanges.new(archive)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert made not in archive.keyring().current()
    lose(keys.path_of(id_of(archive)))
    with pytest.raises(
        SigningError, match=r"is not that of archive; give a valid key, or have one added: `archiver key"
    ):
        archive.capture(_URL)
    find(keys.path_of(id_of(archive)))
    entry = keychanges.add(archive, made.text, _WHY)
    assert entry is not None
    assert entry.index == 0
    lose(keys.path_of(id_of(archive)))
    archive.capture(_URL)
    assert signers(archive) == [root_of(archive), made, made]


def test_a_machine_with_two_valid_keys_goes_on_with_the_first(archive: Archive) -> None:
    add_here(archive)
    archive.capture(_URL)
    assert set(signers(archive)) == {root_of(archive)}


def test_a_key_is_added_once(archive: Archive) -> None:
    made, _ = add_here(archive)
    assert keychanges.add(archive, made.text, _WHY) is None
    assert len(statements(archive)) == 1


def test_what_is_no_key_of_this_archive_is_not_added(archive: Archive) -> None:
    with pytest.raises(UsageError, match=r"is no key.*`archiver key new` prints one"):
        keychanges.add(archive, "nonsense", _WHY)
    with pytest.raises(UsageError, match="is a key of another archive"):
        keychanges.add(archive, keys.make("archiver/other").key.text, _WHY)
    assert statements(archive) == []


def test_a_statement_says_what_who_and_why(archive: Archive) -> None:
    made, _ = add_here(archive)
    (said,) = statements(archive)
    assert (said["action"], said["key"], said["operator"], said["reason"]) == ("add", made.text, "me", "made up")


def test_every_writer_has_a_key_of_its_own(archive: Archive) -> None:
    made, path = add_here(archive)
    archive.capture(_URL)
    lose(keys.path_of(id_of(archive)))
    with Archive("archive") as elsewhere:
        elsewhere.capture(_URL)
    root = root_of(archive)
    assert signers(archive) == [root, root, root, made, made]
    assert path.exists()


# rotation


def test_after_a_rotation_the_new_key_signs_and_what_the_old_one_signed_stays_good(archive: Archive) -> None:
    archive.capture(_URL)
    done = keychanges.rotate(archive, _WHY)
    archive.capture(_URL)
    root = root_of(archive)
    assert done.retired == root
    assert signers(archive) == [root, root, root, root, done.new, done.new]
    assert done.path == keys.path_of(id_of(archive), done.new)
    assert set(keys.paths_of(id_of(archive))) == {keys.path_of(id_of(archive)), done.path}
    assert archive.keyring().problems == ()


def test_a_retired_key_alone_is_refused_with_the_entry_that_retired_it(archive: Archive) -> None:
    done = keychanges.rotate(archive, _WHY)
    lose(done.path)
    with pytest.raises(SigningError, match=r"was retired by entry 1; give a valid key, or have one added"):
        archive.capture(_URL)
    assert len(statements(archive)) == 2


def test_a_retired_key_from_the_environment_is_refused(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    pem = keys.path_of(id_of(archive)).read_text()
    keychanges.rotate(archive, _WHY)
    monkeypatch.setenv("ARCHIVER_SIGNING_KEY", pem)
    with Archive("archive") as other, pytest.raises(SigningError, match="ARCHIVER_SIGNING_KEY was retired by entry 1"):
        other.capture(_URL)


@pytest.mark.parametrize("crash", ["save", "add", "retire"])
def test_a_rotation_that_was_broken_off_is_finished_by_the_next(
    crash: str, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_here(archive)
    entered, enter, save = [], Archive.enter, keys.save

    def enter_and_die(self: Archive, statement: dict[str, object], by: Signer | None = None) -> log.Entry:
        entry = enter(self, statement, by)
        entered.append(statement["action"])
        if entered[-1] == crash:
            raise StorageError("killed")
        return entry

    def save_and_die(made: Signer, path: Path, passphrase: str | None = None) -> None:
        save(made, path, passphrase)
        raise SigningError("killed")

    with monkeypatch.context() as patch:
        if crash == "save":
            patch.setattr(keys, "save", save_and_die)
        patch.setattr(Archive, "enter", enter_and_die)
        with pytest.raises((StorageError, SigningError), match="killed"):
            keychanges.rotate(archive, _WHY)
    archive.capture(_URL)
    done = keychanges.rotate(archive, _WHY)
    root = root_of(archive)
    assert done.retired == root
    assert [said["action"] for said in statements(archive)] == ["add", "add", "retire"]
    assert root not in archive.keyring().current()
    assert len(keys.paths_of(id_of(archive))) == 3
    assert not any(map(keys.is_next, keys.paths_of(id_of(archive))))
    assert None not in signers(archive)


def test_a_rotation_does_not_go_on_with_a_key_that_was_retired_meanwhile(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(keys, "rename", lambda *_: None)
        first = keychanges.rotate(archive, _WHY)
    second, _ = add_here(archive)
    keychanges.retire(archive, first.new.short, _WHY)
    done = keychanges.rotate(archive, _WHY)
    assert done.new not in (first.new, second)
    assert done.retired == second
    assert archive.keyring().current() == (done.new,)


def test_without_a_key_there_is_no_rotation_and_no_file(archive: Archive) -> None:
    path = keys.path_of(id_of(archive))
    lose(path)
    with pytest.raises(SigningError, match="no key of"):
        keychanges.rotate(archive, _WHY)
    assert list(path.parent.iterdir()) == []


def test_rotated_keys_have_the_passphrase_that_is_in_force(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVER_SIGNING_KEY_PASSPHRASE", "open sesame")
    with Archive("archive") as opened:
        done = keychanges.rotate(opened, _WHY)
        assert keys.has_passphrase(done.path)
        opened.capture(_URL)
    monkeypatch.delenv("ARCHIVER_SIGNING_KEY_PASSPHRASE")
    with Archive("archive") as opened, pytest.raises(SigningError, match="has a passphrase; give it in"):
        opened.capture(_URL)


def test_a_key_that_a_capture_under_way_needs_is_neither_rotated_nor_retired(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    second, _ = add_here(archive)
    root = root_of(archive)

    def change_and_record(*arguments: Any) -> Recording:
        for change in (
            lambda: keychanges.rotate(archive, _WHY),
            lambda: keychanges.retire(archive, root.short, _WHY),
        ):
            with pytest.raises(UsageError, match=r"which is under way; wait for its end, or say --yes"):
                change()
        keychanges.retire(archive, second.short, _WHY)  # nothing waits for this one
        return recorded.record(*arguments)

    monkeypatch.setattr("archiver.capture.capture.record", change_and_record)
    archive.capture(_URL)
    assert [said["action"] for said in statements(archive)] == ["add", "retire"]
    assert len(keys.paths_of(id_of(archive))) == 2
    assert signers(archive)[-1] == root
    keychanges.rotate(archive, _WHY)


# retirement and theft


def test_a_retired_key_is_named_by_its_short_id(archive: Archive) -> None:
    made, _ = add_here(archive)
    keychanges.retire(archive, made.short, _WHY)
    assert archive.keyring().current() == (root_of(archive),)
    with pytest.raises(UsageError, match="was retired by entry 1"):
        keychanges.retire(archive, made.text, _WHY)
    with pytest.raises(UsageError, match="'nonsense' is no key of this archive"):
        keychanges.retire(archive, "nonsense", _WHY)


def test_the_last_key_is_retired_only_if_that_is_meant(archive: Archive) -> None:
    root = root_of(archive)
    for change in (
        lambda: keychanges.retire(archive, root.short, _WHY),
        lambda: keychanges.accuse(archive, root.short, 0, _WHY),
    ):
        with pytest.raises(UsageError, match=r"would have no valid key left.*--yes"):
            change()
    assert statements(archive) == []
    keychanges.retire(archive, root.short, _WHY, anyway=True)
    with pytest.raises(SigningError, match=r"was retired by entry 0; no key of .* is valid any more"):
        archive.capture(_URL)


def test_after_a_theft_another_key_says_so_and_only_the_thiefs_captures_do_not_count(archive: Archive) -> None:
    made, path = add_here(archive)
    archive.capture(_URL)
    lose(path)
    # The thief has the first key, and makes one of their own.
    thiefs, thiefs_path = add_here(archive)
    archive.capture("https://a.test/forged")
    lose(thiefs_path)
    find(path)
    done = keychanges.accuse(archive, root_of(archive).short, 3, _WHY)
    root = root_of(archive)
    assert (done.entry.index, done.void) == (6, (3,))
    assert signers(archive) == [root, root, root, None, None, None, made]
    assert [(problem.index, problem.kind) for problem in archive.keyring().problems] == [(3, Kind.VOID)]
    assert thiefs not in archive.keyring().current()
    archive.capture(_URL)
    assert signers(archive)[7:] == [made, made]


def test_a_compromised_key_alone_is_refused_with_the_entry_that_says_so(archive: Archive) -> None:
    add_here(archive)
    keychanges.accuse(archive, root_of(archive).short, 1, _WHY)
    _, path = keys.paths_of(id_of(archive))
    lose(path)
    with pytest.raises(SigningError, match="is said to be compromised from entry 1 on, by entry 1; give a valid key"):
        archive.capture(_URL)


def test_a_key_that_a_thief_retired_can_still_say_who_is_the_thief(archive: Archive) -> None:
    made, path = add_here(archive)
    keychanges.retire(archive, made.short, _WHY)  # the thief, with the first key
    archive.capture("https://a.test/forged")
    lose(keys.path_of(id_of(archive)))
    assert path.exists()
    keychanges.accuse(archive, root_of(archive).short, 1, _WHY, anyway=True)
    assert signers(archive)[2:] == [None, None, None]
    assert archive.keyring().current() == ()


def test_a_compromise_cannot_begin_after_the_next_entry(archive: Archive) -> None:
    with pytest.raises(UsageError, match="there is no entry 1: the log has 0 entries"):
        keychanges.accuse(archive, root_of(archive).short, 1, _WHY)


def test_the_first_entry_since_a_time_is_found(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock.now()
    for days in (3, 2, 1):
        monkeypatch.setattr(clock, "now", lambda days=days: now - timedelta(days=days))
        archive.capture(_URL)
    assert keychanges.first_since(archive, now - timedelta(days=4)) == 0
    assert keychanges.first_since(archive, now - timedelta(days=2)) == 2
    assert keychanges.first_since(archive, now - timedelta(days=1.5)) == 4
    assert keychanges.first_since(archive, now) == 6


# what is in the log otherwise


def entry_of(archive: Archive, index: int) -> log.Entry:
    entry = list(log.entries(archive.store))[index]
    assert isinstance(entry, log.Entry)
    return entry


def test_a_missing_key_statement_is_told(archive: Archive) -> None:
    add_here(archive)
    (Path(archive.location) / layout.note(entry_of(archive, 0).commitment)).unlink()
    (problem,) = archive.keyring().problems
    assert (problem.index, problem.kind, problem.reason) == (0, Kind.UNREADABLE, "there is no such note")


def test_a_damaged_key_statement_is_told(archive: Archive) -> None:
    add_here(archive)
    path = Path(archive.location) / layout.note(entry_of(archive, 0).commitment)
    path.write_bytes(path.read_bytes().replace(b'"add"', b'"aad"'))
    (problem,) = archive.keyring().problems
    assert "is not what entry 0 of the log commits to" in problem.reason


def test_a_statement_entered_again_by_somebody_without_a_key_does_not_bring_a_key_back(archive: Archive) -> None:
    made, _ = add_here(archive)
    keychanges.retire(archive, made.short, _WHY)
    first = entry_of(archive, 0)
    log.enter(archive.store, "key", first.id, first.commitment, 1)
    assert archive.keyring().current() == (root_of(archive),)
    log.enter(archive.store, "key", layout.new_id(clock.now()), first.commitment, 1)
    assert archive.keyring().current() == (root_of(archive),)
    assert [problem.index for problem in archive.keyring().problems] == [2, 3]


def test_a_store_that_gives_nothing_is_no_missing_statement(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    add_here(archive)

    def fail(*_: object) -> None:
        raise StorageError("no connection")

    monkeypatch.setattr(log, "note", fail)
    monkeypatch.setattr(LocalStore, "stat", fail)
    with pytest.raises(StorageError, match="no connection"):
        archive.keyring()


def test_an_archive_from_before_there_were_keys_has_none() -> None:
    descriptor.found(LocalStore(Path("old")), Descriptor("0" * 32, "2026-01-01T00:00:00Z"))
    with Archive("old") as old:
        assert old.keyring().all() == ()
        for change in (lambda: keychanges.new(old), lambda: keychanges.rotate(old, _WHY)):
            with pytest.raises(SigningError, match="was made before archives had keys"):
                change()


# passphrases


def test_all_files_of_the_archive_get_the_new_passphrase(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    add_here(archive)
    changed, refused = keychanges.change_passphrase(archive, "open sesame")
    assert (changed, refused) == (keys.paths_of(id_of(archive)), [])
    assert all(map(keys.has_passphrase, changed))
    monkeypatch.setenv("ARCHIVER_SIGNING_KEY_PASSPHRASE", "open sesame")
    with Archive("archive") as opened:
        opened.capture(_URL)
        keychanges.change_passphrase(opened, None)
    assert not any(map(keys.has_passphrase, changed))


def test_files_with_another_passphrase_are_told_and_left(archive: Archive) -> None:
    other = keys.make(f"archiver/{id_of(archive)}")
    path = keys.path_of(id_of(archive), other.key)
    keys.save(other, path, "another")
    before = path.read_bytes()
    changed, (why,) = keychanges.change_passphrase(archive, "open sesame")
    assert changed == [keys.path_of(id_of(archive))]
    assert "has a passphrase" in why
    assert path.read_bytes() == before


def test_where_no_file_can_be_opened_or_none_is_there_it_is_an_error(archive: Archive) -> None:
    keychanges.change_passphrase(archive, "open sesame")
    with pytest.raises(SigningError, match="has a passphrase"):
        keychanges.change_passphrase(archive, None)
    lose(keys.path_of(id_of(archive)))
    with pytest.raises(SigningError, match="no file on this machine"):
        keychanges.change_passphrase(archive, None)


# copies


def copied(source: Archive, target: Archive) -> Copied:
    return copy(source, target, lambda *_: None, _URL)


@pytest.fixture
def target() -> Iterator[Archive]:
    with Archive("target") as opened:
        opened.found()
        yield opened


def test_captures_copied_into_another_archive_keep_signatures_that_count(archive: Archive, target: Archive) -> None:
    archive.capture(_URL)
    target.capture(_URL)
    assert copied(archive, target).problems == ()
    theirs, ours = root_of(archive), root_of(target)
    assert signers(target) == [ours, ours, ours, theirs, theirs]
    assert target.keyring().current() == (ours, theirs)
    (said,) = statements(target)
    assert said["reason"] == f"captures of archiver/{id_of(archive)} are copied"
    archive.capture(_URL)
    copied(archive, target)
    assert len(statements(target)) == 1


def test_each_key_that_signed_is_added_and_no_other(archive: Archive, target: Archive) -> None:
    archive.capture(_URL)
    add_here(archive)
    done = keychanges.rotate(archive, _WHY)
    keychanges.retire(archive, archive.keyring().current()[0].short, _WHY)
    assert archive.keyring().current() == (done.new,)
    archive.capture(_URL)
    assert copied(archive, target).problems == ()
    assert None not in signers(target)
    # The retired one counts for what was copied, and not for what comes.
    assert target.keyring().current() == (root_of(target), done.new)
    assert [said["action"] for said in statements(target)] == ["add", "add", "retire"]


def test_what_a_thief_signed_is_copied_and_told_and_their_key_is_not_added(archive: Archive, target: Archive) -> None:
    add_here(archive)
    archive.capture(_URL)
    keychanges.accuse(archive, root_of(archive).short, 1, _WHY)
    done = copied(archive, target)
    assert done.problems == tuple(
        f"entry {n} of {archive.location} is signed by no key that counts there" for n in (1, 2)
    )
    assert statements(target) == []


def test_a_copy_of_a_copy_adds_the_first_archives_key(archive: Archive, target: Archive) -> None:
    archive.capture(_URL)
    copied(archive, target)
    with Archive("third") as third:
        third.found()
        assert copied(target, third).problems == ()
        assert third.keyring().current() == (root_of(third), root_of(archive))


def test_without_the_targets_key_nothing_is_copied_into_it(archive: Archive, target: Archive) -> None:
    archive.capture(_URL)
    lose(keys.path_of(id_of(target)))
    with pytest.raises(SigningError, match="no key of"):
        copied(archive, target)
    assert list(log.entries(target.store)) == []
    assert not list(target.store.list("snapshots/"))


def test_a_whole_copy_has_the_same_keys(archive: Archive) -> None:
    made, _ = add_here(archive)
    with Archive("whole") as whole:
        copy(archive, whole, lambda *_: None)
        assert whole.keyring().current() == archive.keyring().current() == (root_of(archive), made)


def test_an_archive_without_keys_is_copied_as_it_is(target: Archive) -> None:
    descriptor.found(LocalStore(Path("old")), Descriptor("0" * 32, "2026-01-01T00:00:00Z"))
    with Archive("old") as old:
        old.capture(_URL)
        assert copied(old, target).problems == ()
        target.capture(_URL)
        assert copied(target, old).problems == ()
    assert statements(target) == []

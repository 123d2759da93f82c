"""What verifying says where the keys of an archive changed: rotated, lost, stolen, several writers, copies."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from archiver import exporting, keychanges, verifying
from archiver.archive import Archive
from archiver.config import CaptureSettings
from archiver.copying import copy
from archiver.model import Recording
from archiver.seal import keys, seen
from archiver.seal.note import VerifierKey
from archiver.seal.statement import About
from archiver.storage import layout
from archiver.verify.verdict import Verdict
from archiver.verifying import Wanted
from archiver.withdrawing import withdraw
from tests.tamper import verifier
from tests.tamper.conftest import Run
from tests.tamper.forge import Forge
from tests.tamper.material import Made, rich

_WHY = About(operator="me", reason="made up")
_URL = "http://a.test/"


@pytest.fixture(autouse=True)
def without_a_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    def record(url: str, settings: CaptureSettings, directory: Path, on_progress: object) -> Recording:
        return rich(url)

    monkeypatch.setattr("archiver.capture.capture.record", record)


@pytest.fixture
def archive() -> Iterator[Archive]:
    with Archive("archive") as opened:
        opened.found()
        yield opened


def root_of(archive: Archive) -> VerifierKey:
    described = archive.describe()
    assert described is not None
    assert described.key is not None
    return VerifierKey.parse(described.key)


def capture(archive: Archive) -> str:
    return archive.capture(_URL).snapshot.id


def trusting(*trusted: VerifierKey) -> Wanted:
    """Somebody on another machine, who has these keys and remembers nothing."""
    path = Path("trust")
    path.write_text("".join(f"{key.text}\n" for key in trusted))
    return Wanted(path)


def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on it is another machine, without keys or memory."""
    for name in ("CONFIG", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(Path("elsewhere", name).absolute()))


def failing(archive: Archive, wanted: Wanted) -> dict[str, frozenset[str]]:
    """What fails, by the ids of statements and captures, and "log"."""
    found = verifying.verify_all(archive, wanted)
    checked = {"log": tuple(found.log), **{report.id: report.checks for report in found.reports}}
    return verifier.all_failing(checked)


def verdict_of(archive: Archive, id_: str, wanted: Wanted) -> Verdict:
    return verifier.one(Path(archive.location), id_, wanted).verdict


def exported(archive: Archive, id_: str) -> Path:
    path = Path(f"{id_}.wacz")
    path.write_bytes(b"".join(exporting.evidence(archive, archive.find(id_))))
    return path


# rotation


def test_what_was_captured_before_and_after_a_rotation_passes_on_the_operator_s_machine(archive: Archive) -> None:
    before = capture(archive)
    keychanges.rotate(archive, _WHY)
    after = capture(archive)
    assert failing(archive, Wanted()) == {}
    for id_ in (before, after):
        assert verdict_of(archive, id_, Wanted()) is Verdict.PASS
        assert verifier.exported(exported(archive, id_), Wanted()).verdict is Verdict.PASS


def test_who_trusts_the_first_key_follows_a_rotation(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [capture(archive)]
    keychanges.rotate(archive, _WHY)
    ids.append(capture(archive))
    bundles = [exported(archive, id_) for id_ in ids]
    wanted = trusting(root_of(archive))
    elsewhere(monkeypatch)
    assert failing(archive, wanted) == {}
    for id_, bundle in zip(ids, bundles, strict=True):
        assert verdict_of(archive, id_, wanted) is Verdict.UNDETERMINED  # nobody saw the log before
        assert verifier.failing(verifier.exported(bundle, wanted).checks) == frozenset()


def test_a_later_key_vouches_for_the_first_one_in_a_log_that_it_signed(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = capture(archive)
    made = keychanges.rotate(archive, _WHY).new
    capture(archive)
    bundle = exported(archive, before)
    elsewhere(monkeypatch)
    wanted = trusting(made)
    assert failing(archive, wanted) == {}
    for report in (verifier.one(Path("archive"), before, wanted), verifier.exported(bundle, wanted)):
        (doubtful,) = [check.name for check in report.checks if check.verdict is Verdict.UNDETERMINED]
        assert doubtful == "consistency"


def test_a_later_key_that_signed_no_checkpoint_vouches_for_nothing(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = capture(archive)
    made = keys.make(root_of(archive).name)
    keychanges.add(archive, made.key.text, _WHY)
    elsewhere(monkeypatch)
    report = verifier.one(Path("archive"), before, trusting(made.key))
    assert {"signature", "checkpoint"} <= verifier.failing(report.checks)
    assert "no key of the archive signed it" in verifier.words(report.checks)


def test_a_genuine_checkpoint_of_a_later_key_vouches_for_no_other_log(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The forger makes up a first key and all entries, "adds" the later key, and leaves its last checkpoint there."""
    id_ = capture(archive)
    signer = archive.signer()
    assert signer is not None
    later = keychanges.rotate(archive, _WHY).new
    capture(archive)
    forge, other = Forge(Made(Path(), {}, {}, signer), Path("forged")), keys.make(signer.name)
    genuine = forge.path(layout.CHECKPOINT).read_bytes()
    for index in range(forge.length()):
        forge.restate(index, lambda statement: statement.update(software="forged/1"), other)
    for index in (6, 7):
        shutil.copy(forge.slot(index - 2), forge.slot(index))
    forge.publish(other)
    described = forge.path(layout.ARCHIVE)
    described.write_text(described.read_text().replace(signer.key.text, other.key.text))
    forge.path(layout.CHECKPOINT).write_bytes(genuine)
    elsewhere(monkeypatch)
    with Archive("forged") as opened:
        assert {"checkpoint", "keys"} <= failing(opened, trusting(later))["log"]
    assert "signature" in verifier.failing(verifier.one(Path("forged"), id_, trusting(later)).checks)


def test_a_statement_that_a_retired_key_signs_fails_and_what_it_signed_before_passes(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = capture(archive)
    old = archive.signer()
    assert old is not None
    keychanges.rotate(archive, _WHY)
    with monkeypatch.context() as patch:  # whoever kept the old key goes on with it
        patch.setattr(Archive, "signer", lambda _: old)
        patch.setattr(Archive, "publish", lambda _: None)
        after = capture(archive)
    archive.publish()
    found = failing(archive, trusting(root_of(archive)))
    assert found == {after: {"signature", "intent"}}
    report = verifier.one(Path("archive"), after, trusting(root_of(archive)))
    assert "signed it, which was retired by entry 3" in verifier.words(report.checks)
    assert verifier.failing(verifier.one(Path("archive"), before, trusting(root_of(archive))).checks) == frozenset()


# stolen


def test_what_a_thief_signed_fails_and_what_came_before_the_theft_passes(archive: Archive) -> None:
    made, _ = keychanges.new(archive)
    keychanges.add(archive, made.text, _WHY)
    before, stolen = capture(archive), archive.log_length()
    forged = capture(archive)
    first = root_of(archive)
    keychanges.accuse(archive, first.short, stolen, _WHY)
    after = capture(archive)
    assert failing(archive, trusting(first)) == {forged: {"signature", "intent"}}
    for id_ in (before, after):
        assert verdict_of(archive, id_, trusting(first)) is Verdict.PASS
    report = verifier.one(Path("archive"), forged, trusting(first))
    assert f"compromised from entry {stolen} on" in verifier.words(report.checks)


def test_a_bundle_from_before_an_accusation_passes_and_one_exported_later_says_so(archive: Archive) -> None:
    """A bundle cannot know what came later: its archive does."""
    made, _ = keychanges.new(archive)
    keychanges.add(archive, made.text, _WHY)
    stolen = archive.log_length()
    forged = capture(archive)
    early = exported(archive, forged).rename("early.wacz")
    keychanges.accuse(archive, root_of(archive).short, stolen, _WHY)
    late = exported(archive, forged)
    wanted = trusting(root_of(archive))
    assert verifier.failing(verifier.exported(early, wanted).checks) == frozenset()
    assert {"signature", "intent"} <= verifier.failing(verifier.exported(late, wanted).checks)


# several writers


def test_what_two_writers_captured_with_keys_of_their_own_passes(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = capture(archive)
    wanted = trusting(root_of(archive))
    made = keys.make(root_of(archive).name)
    keychanges.add(archive, made.key.text, _WHY)
    elsewhere(monkeypatch)
    described = archive.describe()
    assert described is not None
    keys.save(made, keys.path_of(described.id, made.key))
    with Archive("archive") as other:
        second = capture(other)
        assert failing(other, wanted) == {}
        for id_ in (first, second):
            assert verifier.failing(verifier.one(Path("archive"), id_, wanted).checks) == frozenset()


def test_a_second_writer_s_machine_cannot_vouch_for_the_first_key(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own key says nothing of the archive's first one: it is told to get that. Nothing fails."""
    first = capture(archive)
    made = keys.make(root_of(archive).name)
    keychanges.add(archive, made.key.text, _WHY)
    bundle = exported(archive, first)
    elsewhere(monkeypatch)
    described = archive.describe()
    assert described is not None
    keys.save(made, keys.path_of(described.id, made.key))
    for report in (verifier.one(Path("archive"), first, Wanted()), verifier.exported(bundle, Wanted())):
        assert report.verdict is Verdict.UNDETERMINED
        assert verifier.failing(report.checks) == frozenset()
        assert "give the one you have from elsewhere with --trust" in verifier.words(report.checks)


def test_the_machine_that_made_an_archive_fails_one_whose_first_key_was_exchanged(archive: Archive) -> None:
    id_ = capture(archive)
    other = keys.make(root_of(archive).name)
    path = Path("archive/archive.json")
    path.write_text(path.read_text().replace(root_of(archive).text, other.key.text))
    Path("archive/index.sqlite").unlink()
    seen.path_of(other.name).unlink()
    with Archive("archive") as opened:
        assert failing(opened, Wanted()) == {"log": {"keys"}}
    assert verifier.failing(verifier.one(Path("archive"), id_, Wanted()).checks) == frozenset()  # it is what it was


# lost


def test_without_any_key_everything_can_be_verified_with_one_from_elsewhere(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = capture(archive)
    wanted = trusting(root_of(archive))
    elsewhere(monkeypatch)
    report = verifier.one(Path("archive"), id_, Wanted())
    assert report.verdict is Verdict.UNDETERMINED
    assert "only the archive itself names its key" in verifier.words(report.checks)
    assert [check.name for check in verifier.one(Path("archive"), id_, wanted).checks if check.problems] == [
        "consistency"
    ]


# copies and withdrawals


def test_captures_copied_from_another_archive_pass_under_its_key_that_was_added(archive: Archive) -> None:
    id_ = capture(archive)
    with Archive("target") as target:
        target.found()
        capture(target)
        copy(archive, target, lambda *_: None, _URL)
        wanted = trusting(root_of(target))
        assert failing(target, wanted) == {}
        report = verifier.one(Path("target"), id_, wanted)
        assert root_of(archive).text in next(each.detail for each in report.checks if each.name == "signature")
        assert verifier.failing(verifier.exported(exported(target, id_), wanted).checks) == frozenset()


def test_a_withdrawn_capture_is_told_as_such_and_the_others_pass(archive: Archive, archiver: Run) -> None:
    gone, stays = capture(archive), capture(archive)
    withdraw(archive, gone, "a court order", "A. Person")
    report = verifier.one(Path("archive"), gone, Wanted())
    assert report.verdict is Verdict.WITHDRAWN
    assert "by A. Person" in report.checks[-1].detail
    assert report.checks[-1].detail.endswith(": a court order")
    assert verdict_of(archive, stays, Wanted()) is Verdict.PASS
    assert failing(archive, Wanted()) == {}
    assert archiver("verify", gone)[0] == 4
    assert archiver("verify", "--all")[0] == 0


def test_a_change_of_keys_passes_as_a_statement_of_its_own(archive: Archive) -> None:
    capture(archive)
    keychanges.rotate(archive, _WHY)
    found = {report.kind: report.verdict for report in verifying.verify_all(archive, Wanted()).reports}
    assert found == {"snapshot": Verdict.PASS, "key": Verdict.PASS}

"""The time stamps of an archive, verified with it: those of captures, and those of its log, whoever has its key."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from archiver import verifying
from archiver.archive import Archive, Captured
from archiver.config import Settings
from archiver.seal import stamps
from archiver.seal.keys import Signer
from archiver.storage import layout
from archiver.storage.local import LocalStore
from archiver.verify.capture import Report
from archiver.verify.verdict import Check, Verdict
from archiver.verifying import Wanted
from tests.support import recorded
from tests.support.authority import openssl_says
from tests.support.stamping import Around, Makers, in_folder, named, put
from tests.tamper.forge import Forge
from tests.tamper.material import Made

URLS = ("https://a.test/first", "https://a.test/second", "https://a.test/third")


class Sealed:
    """An archive of three captures, each with a checkpoint stamped before it."""

    def __init__(self, folder: Path, around: Around) -> None:
        self.folder, self.around = folder, around
        self.settings = around.settings(archive=folder / "archive", timeout_s=20.0, seal__checkpoint_every_s=1.0)
        self.made: list[Captured] = []
        with pytest.MonkeyPatch.context() as patch, Archive(self.settings) as archive:
            patch.setattr("archiver.capture.capture.record", recorded.record)
            # The second and third have one of their own before them, whatever the time of the first.
            patch.setattr(Archive, "is_stamp_due", lambda *_: True)
            self.made = [archive.capture(url) for url in URLS]
            signer = archive.signer()
            assert signer is not None
            self.signer: Signer = signer

    @property
    def ids(self) -> list[str]:
        return [each.snapshot.id for each in self.made]


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory, makers: Makers) -> Iterator[Sealed]:
    with Around(makers) as around:
        yield Sealed(tmp_path_factory.mktemp("sealed"), around)


class Copy:
    """A copy of the archive, to be tampered with, and verified by who trusts its authorities."""

    def __init__(self, sealed: Sealed, folder: Path) -> None:
        self.sealed, self.folder = sealed, folder
        ids = dict(zip(("first", "second", "last"), sealed.ids, strict=True))
        self.forge = Forge(Made(sealed.folder, ids, {}, sealed.signer), folder)
        self.store = LocalStore(folder)
        self.settings = sealed.settings.model_copy(update={"archive": str(folder)})

    def verify(self, number: int, settings: Settings | None = None) -> Report:
        with Archive(settings or self.settings) as archive:
            return verifying.verify(archive, self.sealed.ids[number], Wanted())

    def log(self, settings: Settings | None = None) -> Check:
        """The check "timestamps" of `verify --all`."""
        with Archive(settings or self.settings) as archive:
            found = verifying.verify_all(archive, Wanted()).log
        return next(check for check in found if check.name == "timestamps")

    def commitment(self, number: int) -> str:
        commitment = self.forge.entry(2 * number + 1)["commitment"]
        assert isinstance(commitment, str)
        return commitment

    def of_note(self, number: int) -> Path:
        return self.folder / layout.note_timestamps(self.commitment(number))

    def sizes(self) -> list[int]:
        return [size for size, _ in stamps.of_checkpoints(self.store)]


@pytest.fixture
def copy(sealed: Sealed, tmp_path: Path) -> Copy:
    return Copy(sealed, tmp_path / "copy")


def checks(report: Report) -> dict[str, str]:
    return {check.name: str(check.verdict) for check in report.checks if check.name in ("timestamps", "interval")}


def problems(report: Report) -> list[str]:
    found = (check for check in report.checks if check.name in ("timestamps", "interval"))
    return [problem for check in found for problem in check.problems]


GOOD = {"timestamps": "PASS", "interval": "PASS"}


def test_all_of_a_sealed_archive_is_good_by_us_and_by_openssl(copy: Copy, tmp_path: Path) -> None:
    for number in range(3):
        report = copy.verify(number)
        assert checks(report) == GOOD, problems(report)
        assert report.sealed is not None
        assert report.sealed.is_full
        note = (copy.folder / layout.note(copy.commitment(number))).read_bytes().partition(b"\n")[2]
        for path in copy.of_note(number).iterdir():
            root = copy.sealed.around.authority(path.name.split(".")[-2]).root_pem
            assert openssl_says(tmp_path, path.read_bytes(), note, root) is None
    check = copy.log()
    assert (check.verdict, check.detail) == (Verdict.PASS, "6 over 3 checkpoints")
    assert copy.sizes() == [1, 3, 5]
    for size in copy.sizes():
        for name, data in in_folder(copy.store, layout.checkpoint_timestamps(size)).items():
            text = (copy.folder / layout.checkpoint(size)).read_bytes()
            root = copy.sealed.around.authority(name.split(".")[-2]).root_pem
            assert openssl_says(tmp_path, data, text, root) is None


def test_each_capture_names_the_checkpoint_that_was_stamped_before_it(copy: Copy) -> None:
    for number, size in enumerate(copy.sizes()):
        said = copy.forge.statement(2 * number + 1)["sealed_after"]
        assert said["checkpoint"]["size"] == size
        assert [each["authority"] for each in said["stamps"]] == ["one", "two"]


def test_without_authorities_it_is_undetermined_and_said_why(copy: Copy) -> None:
    nobody = copy.settings.model_copy(update={"authorities": {}})
    report = copy.verify(0, nobody)
    assert checks(report) == {"timestamps": "UNDETERMINED", "interval": "UNDETERMINED"}
    assert copy.log(nobody).verdict is Verdict.UNDETERMINED
    for told in (problems(report)[0], copy.log(nobody).problems[0]):
        assert "no root of a time-stamp authority is trusted here" in told


def test_other_authorities_do_not_vouch_for_it(copy: Copy) -> None:
    table = copy.sealed.around.settings("three").authorities
    others = copy.settings.model_copy(update={"authorities": table})
    assert checks(copy.verify(0, others)) == {"timestamps": "UNDETERMINED", "interval": "SKIPPED"}
    assert copy.log(others).verdict is Verdict.UNDETERMINED


def test_the_time_stamps_of_another_snapshot_fail(copy: Copy) -> None:
    shutil.rmtree(copy.of_note(0))
    shutil.copytree(copy.of_note(1), copy.of_note(0))
    report = copy.verify(0)
    assert checks(report)["timestamps"] == "FAIL"
    assert "it is a time stamp of something else: its imprint differs" in problems(report)[0]
    assert report.sealed is not None
    assert report.sealed.before_by == ("one", "two"), "by the checkpoint of the next capture"


def test_stripped_ones_are_made_up_for_by_the_next_checkpoint_or_told(copy: Copy) -> None:
    shutil.rmtree(copy.of_note(0))
    assert checks(copy.verify(0)) == GOOD
    shutil.rmtree(copy.of_note(2))
    report = copy.verify(2)
    assert checks(report) == {"timestamps": "UNDETERMINED", "interval": "PASS"}
    assert "nobody that is trusted attests until when it was sealed" in problems(report)[0]
    shutil.rmtree(copy.folder / layout.TIMESTAMPS)
    for number in range(3):
        report = copy.verify(number)
        assert checks(report) == {"timestamps": "UNDETERMINED", "interval": "SKIPPED"}
        assert any("that its statement names, of one, is not here" in problem for problem in problems(report))
    assert copy.log().verdict is Verdict.SKIPPED


def test_renamed_and_junk_files_fail(copy: Copy) -> None:
    first, second = sorted(copy.of_note(0).iterdir())
    first.rename(first.with_name(f"20200101{first.name[8:]}"))
    second.write_bytes(b"junk")
    (copy.of_note(1) / "odd").write_bytes(b"")
    told = problems(copy.verify(0))
    assert any("its name is not what its content makes it" in each for each in told)
    assert any("the response cannot be read" in each for each in told)
    assert problems(copy.verify(1)) == ["note: 'odd' is no file of a time stamp"]
    assert checks(copy.verify(2)) == GOOD


def test_what_is_put_below_the_folder_hides_nothing_and_is_told(copy: Copy) -> None:
    name = sorted(each.name for each in copy.of_note(0).iterdir())[0]
    put(copy.store, f"{layout.note_timestamps(copy.commitment(0))}zzz/", {name: b"junk"})
    told = problems(copy.verify(0))
    assert len(told) == 1
    assert "is no file of a time stamp" in told[0]


def test_what_is_put_beside_the_folders_of_checkpoints_changes_nothing(copy: Copy) -> None:
    for stray in ("zzz/000000000003/", "000000000003/000000000003/", "x/"):
        put(copy.store, layout.CHECKPOINT_TIMESTAMPS + stray, {"20261123t080000z-20300102.one.tsr": b"junk"})
    assert copy.log().verdict is Verdict.PASS
    assert checks(copy.verify(0)) == GOOD


Lie = Callable[[Copy], None]


def a_page_has_another_title(copy: Copy) -> None:
    def change(said: dict[str, Any]) -> None:
        if "title" in said:
            said["title"] = "Another"

    copy.forge.rewrite(range(6), copy.sealed.signer, change)


def the_first_capture_is_dropped(copy: Copy) -> None:
    copy.forge.rewrite(range(2, 6), copy.sealed.signer)


def two_captures_change_their_order(copy: Copy) -> None:
    copy.forge.rewrite([2, 3, 0, 1, 4, 5], copy.sealed.signer)


def the_last_two_are_dropped(copy: Copy) -> None:
    copy.forge.rewrite(range(2), copy.sealed.signer)


@pytest.mark.parametrize(
    ("lie", "said"),
    [
        (a_page_has_another_title, "checkpoint 3: .*its imprint differs"),
        (the_first_capture_is_dropped, "checkpoint 1: .*its imprint differs"),
        (two_captures_change_their_order, "checkpoint 1: .*its imprint differs"),
        (the_last_two_are_dropped, "there are time stamps for a log of 3 entries, and it has fewer"),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_a_log_altered_and_signed_again_with_the_key_is_found_by_its_stamped_checkpoints(
    lie: Lie, said: str, copy: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By somebody who has never seen the log before, that is by the time stamps alone."""
    lie(copy)
    monkeypatch.setenv("XDG_STATE_HOME", str(copy.folder.parent / "nothing-seen"))
    monkeypatch.setattr("archiver.verifying._known", lambda *_: ())
    check = copy.log()
    assert check.verdict is Verdict.FAIL
    assert any(re.match(said, problem) for problem in check.problems), check.problems


def test_a_capture_whose_log_was_altered_since_says_so(copy: Copy, monkeypatch: pytest.MonkeyPatch) -> None:
    a_page_has_another_title(copy)
    monkeypatch.setattr("archiver.verifying._known", lambda *_: ())
    report = copy.verify(2)
    assert checks(report)["timestamps"] == "FAIL"
    assert "the log had another root at the size 5 when it was captured: it was altered since" in problems(report)


def test_a_renewal_in_the_archive_is_verified_and_an_altered_one_fails(copy: Copy) -> None:
    folder = layout.note_timestamps(copy.commitment(0))
    with Archive(copy.settings) as archive:
        stamper = archive.stamper()
        assert stamper is not None
        found = stamper.renew(folder)
    assert found is not None
    assert found.is_full
    assert checks(copy.verify(0)) == GOOD
    path = copy.folder / folder / "renewal-001.sums"
    path.write_bytes(path.read_bytes().replace(b"one", b"two", 1))
    assert checks(copy.verify(0))["timestamps"] == "FAIL"


def test_an_authority_that_lies_by_an_hour_is_told_by_what_the_capture_says(copy: Copy) -> None:
    (old,) = copy.of_note(0).glob("*.one.tsr")
    lying = copy.sealed.around.authority("one").dated(old.read_bytes(), timedelta(hours=-1))
    old.unlink()
    (copy.of_note(0) / named("one", lying)).write_bytes(lying)
    report = copy.verify(0)
    assert checks(report) == {"timestamps": "PASS", "interval": "FAIL"}
    assert "after one had stamped it" in problems(report)[0]

"""Custody entries: what is altered, left out or made up of them is found, by the check that is called so."""

from __future__ import annotations

from pathlib import Path

import pytest

from archiver import custody, exporting
from archiver.archive import Archive
from archiver.config import CaptureSettings
from archiver.custody import Handing
from archiver.errors import UnreachableError
from archiver.model import Recording
from archiver.storage import layout
from archiver.verify.verdict import Verdict
from tests.tamper import verifier
from tests.tamper.forge import Forge
from tests.tamper.material import Made, rich
from tests.tamper.mutations import Mutation
from tests.tamper.of_custody import CUSTODY, LIES

_NAMES = ("first", "second", "failed")
_SECONDS = 20  # of any verification, whatever was done


@pytest.fixture(scope="module")
def handed(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """An archive in which the evidence of two captures was handed out."""
    folder = tmp_path_factory.mktemp("handed")

    def record(url: str, settings: CaptureSettings, directory: Path, on_progress: object) -> Recording:
        if "failed" in url:
            raise UnreachableError(f"{url}: ERR_NAME_NOT_RESOLVED; nothing was stored")
        return rich(url)

    with pytest.MonkeyPatch.context() as patch, Archive(str(folder / "archive")) as archive:
        for name in ("CONFIG", "STATE", "CACHE"):
            patch.setenv(f"XDG_{name}_HOME", str(folder / "operator" / name.lower()))
        patch.setattr("archiver.capture.capture.record", record)
        for name in _NAMES:
            if name == "failed":
                with pytest.raises(UnreachableError):
                    archive.capture(f"http://{name}.test/")
            else:
                archive.capture(f"http://{name}.test/")
        found = archive.snapshots()
        ids = {name: capture.id for name, capture in zip(reversed(_NAMES), found, strict=True)}
        for name in ("first", "second"):
            snapshot = archive.find(ids[name])
            handing = Handing(archive, snapshot, f"the court, for {name}", "A. Person")
            for _ in handing.hashed(exporting.evidence(archive, snapshot)):
                pass
            handing.enter()
        signer = archive.signer()
        assert signer is not None
        (folder / "trust").write_text(f"{signer.key.text}\n")
        (folder / "checkpoint").write_bytes((folder / "archive" / layout.CHECKPOINT).read_bytes())
    return Made(folder, ids, {}, signer)


def test_the_archive_as_it_was_made_passes_whole(handed: Made) -> None:
    checked = verifier.everything(handed, handed.archive, verifier.wanted(handed))
    assert set(checked) == {"log", *_NAMES}
    assert (verifier.all_wrong(checked), verifier.verdict(checked)) == ({}, Verdict.PASS)
    with_check = {name for name, checks in checked.items() if any(each.name == "custody" for each in checks)}
    assert with_check == {"first", "second"}


@pytest.mark.timeout(_SECONDS)
@pytest.mark.parametrize("mutation", CUSTODY.all, ids=lambda each: each.name)
def test_an_archive_with_custody_entries_fails_when(mutation: Mutation[Forge], handed: Made, tmp_path: Path) -> None:
    forge = Forge(handed, tmp_path / "archive")
    mutation.apply(forge)
    for alone, expected in ((False, mutation.failing), (True, mutation.alone)):
        checked = verifier.everything(handed, forge.folder, verifier.wanted(handed, alone=alone))
        assert verifier.all_failing(checked) == expected


@pytest.mark.timeout(_SECONDS)
@pytest.mark.parametrize("lie", LIES.all, ids=lambda each: each.name)
def test_who_has_the_key_is_found_out_when(lie: Mutation[Forge], handed: Made, tmp_path: Path) -> None:
    """Nobody has seen the log before: what is wrong shows by itself, for the whole archive and for the capture."""
    forge = Forge(handed, tmp_path / "archive")
    lie.apply(forge)
    wanted = verifier.wanted(handed, alone=True)
    checked = verifier.everything(handed, forge.folder, wanted)
    found = verifier.all_failing(checked)
    assert found == lie.failing
    for name in found:
        assert verifier.failing(verifier.one(forge.folder, handed.ids[name], wanted).checks) == {"custody"}
    assert all(len(problem) < 400 for checks in checked.values() for check in checks for problem in check.problems)


def test_an_entry_that_is_repeated_counts_once_and_any_number_of_them_is_told_in_a_line(
    handed: Made, tmp_path: Path
) -> None:
    """It takes no key to enter a note once more."""
    forge = Forge(handed, tmp_path / "archive")
    for index in range(8, 208):
        forge.slot(index).write_bytes(forge.slot(6).read_bytes())
    forge.publish(handed.signer)
    report = verifier.one(forge.folder, handed.ids["first"], verifier.wanted(handed, alone=True))
    check = report.checks[-1]
    assert (check.name, check.verdict) == ("custody", Verdict.PASS)
    assert check.detail == (
        "entry 6: that its evidence was handed out, as its operator states it; 200 that only repeat one of them did "
        "not count"
    )
    with Archive(str(forge.folder)) as archive:
        assert [each.index for each in custody.stated(archive, handed.ids["first"])] == [6]

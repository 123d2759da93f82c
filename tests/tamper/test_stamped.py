"""Archives with time stamps, and bundles with report and chain besides: every alteration is found, by its check."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from archiver import sealing
from archiver.archive import Archive
from archiver.copying import copy
from archiver.report import places
from archiver.storage import layout
from archiver.storage.base import read
from archiver.verify.verdict import Verdict
from archiver.verifying import Wanted
from tests.tamper import stamped, verifier
from tests.tamper.material import url_of
from tests.tamper.mutations import Mutation
from tests.tamper.of_stamped import KEYED, STAMPED
from tests.tamper.of_stamped import LEFT as LEFT_OF_BUNDLES
from tests.tamper.of_stamped_archives import LEFT, LIES, STORES
from tests.tamper.stamped import Stamped
from tests.tamper.stamped_bundle import StampedBundle
from tests.tamper.stamped_forge import StampedForge

_SECONDS = 20  # of any verification, whatever was done


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Stamped:
    with pytest.MonkeyPatch.context() as patch:
        return stamped.make(tmp_path_factory.mktemp("stamped"), patch)


# a bundle


@pytest.mark.parametrize("name", stamped.NAMES)
def test_a_bundle_as_it_was_exported_passes_and_is_what_the_tests_make_anew(
    name: str, made: Stamped, tmp_path: Path
) -> None:
    report = verifier.exported(made.exported(f"{name}.bundle.wacz"), made.wanted())
    assert (verifier.wrong(report.checks), report.verdict) == (frozenset(), Verdict.PASS)
    bundle = StampedBundle(made, name)
    original = dict(bundle.files)
    bundle.anew()
    assert list(bundle.files.items()) == list(original.items())
    assert verifier.exported(bundle.path(tmp_path), made.wanted()).verdict is Verdict.PASS


def test_without_roots_a_bundle_does_not_pass(made: Stamped) -> None:
    report = verifier.exported(made.exported("second.bundle.wacz"), made.wanted(pins=False))
    assert verifier.wrong(report.checks) == {"timestamps?", "interval?"}


@pytest.mark.timeout(_SECONDS)
@pytest.mark.parametrize("mutation", STAMPED.all, ids=lambda each: each.name)
def test_a_stamped_bundle_is_found_wrong_when(mutation: Mutation[StampedBundle], made: Stamped, tmp_path: Path) -> None:
    bundle = StampedBundle(made)
    mutation.apply(bundle)
    assert bundle.data != bundle.original
    path = bundle.path(tmp_path)
    found = verifier.wrong(verifier.exported(path, made.wanted()).checks)
    assert sorted(found - mutation.may) == sorted(mutation.failing["all"] - mutation.may)
    # Who trusts no authority must not believe more.
    unpinned = verifier.exported(path, made.wanted(pins=False))
    assert unpinned.verdict in (Verdict.FAIL, Verdict.UNDETERMINED)
    assert {each.name for each in tmp_path.iterdir()} == {path.name}  # nothing was unpacked


def test_a_checkpoint_before_of_a_statement_that_names_none_is_found(made: Stamped, tmp_path: Path) -> None:
    bundle = StampedBundle(made, "first")
    bundle.files |= {name: data for name, data in bundle.other().items() if name.startswith(places.OF_BEFORE)}
    bundle.anew()
    report = verifier.exported(bundle.path(tmp_path), made.wanted())
    assert verifier.wrong(report.checks) == {"timestamps"}
    assert report.sealed is not None
    assert report.sealed.after is None


# an archive


def test_the_archive_as_it_was_made_passes_whole(made: Stamped) -> None:
    checked = verifier.everything(made, made.archive, made.wanted())
    assert set(checked) == {"log", *stamped.NAMES}
    assert (verifier.all_wrong(checked), verifier.verdict(checked)) == ({}, Verdict.PASS)


def test_without_roots_an_archive_does_not_pass(made: Stamped) -> None:
    checked = verifier.everything(made, made.archive, made.wanted(pins=False))
    of_capture = frozenset({"timestamps?", "interval?"})
    assert verifier.all_wrong(checked) == {"log": {"timestamps?"}, **dict.fromkeys(stamped.NAMES, of_capture)}


@pytest.mark.timeout(_SECONDS)
@pytest.mark.parametrize("mutation", STORES.all, ids=lambda each: each.name)
def test_an_archive_with_time_stamps_is_found_wrong_when(
    mutation: Mutation[StampedForge], made: Stamped, tmp_path: Path
) -> None:
    forge = StampedForge(made, tmp_path / "archive")
    mutation.apply(forge)
    checked = verifier.everything(made, forge.folder, made.wanted())
    assert verifier.all_wrong(checked) == mutation.failing
    for name in mutation.failing.keys() & checked.keys() - {"log"}:
        assert (
            verifier.wrong(verifier.one(forge.folder, made.ids[name], made.wanted()).checks) == mutation.failing[name]
        )


# an operator who has the key, and whom nobody has watched but the authorities


@pytest.mark.timeout(_SECONDS)
@pytest.mark.parametrize("lie", LIES.all, ids=lambda each: each.name)
def test_who_has_the_key_is_found_out_by_the_authorities_when(
    lie: Mutation[StampedForge], made: Stamped, tmp_path: Path
) -> None:
    forge = StampedForge(made, tmp_path / "archive")
    lie.apply(forge)
    lone = made.wanted(known=False)
    checked = verifier.all_wrong(verifier.everything(made, forge.folder, lone))
    checked["log"] -= {"consistency?"}  # nobody here has seen the log before
    assert {name: wrong for name, wrong in checked.items() if wrong} == lie.failing
    if "second" in lie.alone:
        (tmp_path / "exported.wacz").write_bytes(forge.export("second"))
        found = verifier.wrong(verifier.exported(tmp_path / "exported.wacz", lone).checks)
        assert found - {"consistency?"} == lie.alone["second"]


@pytest.mark.timeout(_SECONDS)
@pytest.mark.parametrize("lie", KEYED.all, ids=lambda each: each.name)
@pytest.mark.parametrize("known", [False, True], ids=["alone", "known"])
def test_a_bundle_that_is_made_by_hand_with_the_key_does_not_pass_when(
    lie: Mutation[StampedBundle], known: bool, made: Stamped, tmp_path: Path
) -> None:
    bundle = StampedBundle(made)
    lie.apply(bundle)
    report = verifier.exported(bundle.path(tmp_path), made.wanted(known=known))
    assert report.verdict in (Verdict.FAIL, Verdict.UNDETERMINED)
    found = verifier.wrong(report.checks) - {"consistency?"}
    assert found - {"consistency"} == lie.failing["all"] - {"consistency"}
    assert lie.failing["all"] <= found
    assert known or found == lie.failing["all"]


# what nobody can tell


@pytest.mark.parametrize("mutation", LEFT_OF_BUNDLES.all, ids=lambda each: each.name)
def test_a_bundle_passes_all_the_same_when(mutation: Mutation[StampedBundle], made: Stamped, tmp_path: Path) -> None:
    bundle = StampedBundle(made)
    mutation.apply(bundle)
    report = verifier.exported(bundle.path(tmp_path), made.wanted())
    assert (verifier.wrong(report.checks), report.verdict) == (frozenset(), Verdict.PASS)


@pytest.mark.parametrize("mutation", LEFT.all, ids=lambda each: each.name)
def test_the_authorities_do_not_find_out_when(mutation: Mutation[StampedForge], made: Stamped, tmp_path: Path) -> None:
    forge = StampedForge(made, tmp_path / "archive")
    mutation.apply(forge)
    found = verifier.all_wrong(verifier.everything(made, forge.folder, made.wanted(known=False)))
    assert found == {"log": {"consistency?"}}
    assert set(verifier.all_wrong(verifier.everything(made, forge.folder, made.wanted()))["log"]) == {"consistency"}


def test_roots_that_were_exchanged_in_the_store_show_in_what_is_exported(made: Stamped, tmp_path: Path) -> None:
    """Nothing in the archive itself is verified with them."""
    forge = StampedForge(made, tmp_path / "archive")
    for path in forge.path(layout.TIMESTAMP_ROOTS).iterdir():
        path.write_bytes(made.authorities["three"].root_pem)
    assert verifier.all_wrong(verifier.everything(made, forge.folder, made.wanted())) == {}
    (tmp_path / "exported.wacz").write_bytes(forge.export("second"))
    assert verifier.wrong(verifier.exported(tmp_path / "exported.wacz", made.wanted()).checks) == {"timestamps"}


@pytest.fixture
def copied(made: Stamped, tmp_path: Path) -> Path:
    """An archive with a copy of `second`, and a copy of that one."""
    with Archive(str(made.archive)) as archive, Archive(str(tmp_path / "other")) as other:
        copy(archive, other, lambda *_: None, url_of("second"))
        with Archive(str(tmp_path / "third")) as third:
            copy(other, third, lambda *_: None, url_of("second"))
    return tmp_path


def _where_copied_to(made: Stamped, place: Path) -> Wanted:
    with Archive(str(place)) as archive:
        described = archive.describe()
        assert described is not None
        trust = place.with_suffix(".trust")
        trust.write_text(f"{described.key}\n")
    return replace(made.wanted(known=False), trust=trust)


@pytest.mark.parametrize("place", ["other", "third"])
def test_a_copied_snapshot_was_sealed_when_it_was_sealed_where_it_comes_from(
    place: str, made: Stamped, copied: Path
) -> None:
    wanted = _where_copied_to(made, copied / place)
    report = verifier.one(copied / place, made.ids["second"], wanted)
    assert (verifier.wrong(report.checks), report.verdict) == (frozenset(), Verdict.PASS)
    original = verifier.one(made.archive, made.ids["second"], made.wanted())
    assert report.sealed == original.sealed
    assert report.sealed is not None
    assert report.sealed.after is not None
    assert verifier.verdict(verifier.everything(made, copied / place, wanted)) is Verdict.PASS
    (copied / "exported.wacz").write_bytes(stamped.export(copied / place, made.ids["second"]))
    exported = verifier.exported(copied / "exported.wacz", wanted)
    assert (verifier.wrong(exported.checks), exported.verdict) == (frozenset(), Verdict.PASS)
    assert exported.sealed == original.sealed
    with Archive(str(copied / place)) as archive:
        capture, _ = archive.locate(made.ids["second"])
        shown = sealing.sealed(archive, capture, archive.find(capture.id).statement)
    assert shown is not None
    assert shown.interval == original.sealed


def test_what_a_copied_statement_names_is_not_held_against_the_log_that_it_is_in(made: Stamped, copied: Path) -> None:
    """It names the log of three entries of its first archive. The other one was stamped at as many, too."""
    with Archive(str(copied / "other")) as other:
        newest = other.newest_checkpoint()
        assert newest is not None
        assert newest.checkpoint.size == stamped.BEFORE
        for name in ("one", "two"):
            response = made.reply(name, newest.checkpoint.text.encode())
            key = layout.checkpoint_timestamps(stamped.BEFORE) + stamped.name_of(name, response)
            other.store.put_new(key, response)
    wanted = _where_copied_to(made, copied / "other")
    assert verifier.wrong(verifier.one(copied / "other", made.ids["second"], wanted).checks) == frozenset()
    (copied / "exported.wacz").write_bytes(stamped.export(copied / "other", made.ids["second"]))
    assert verifier.wrong(verifier.exported(copied / "exported.wacz", wanted).checks) <= {"consistency?"}


@pytest.mark.parametrize(
    ("alter", "found"),
    [
        (lambda path: path.unlink(), {"timestamps?"}),
        (lambda path: path.write_bytes(path.read_bytes()[:-1] + b"x"), {"timestamps?"}),
        (lambda path: path.rename(path.with_name(path.name.replace("one.", "two."))), {"timestamps"}),
    ],
    ids=["is missing", "is altered", "is called another authority's"],
)
def test_a_time_stamp_that_was_copied_and_then(
    alter: Callable[[Path], object], found: set[str], made: Stamped, copied: Path
) -> None:
    folder = copied / "other" / layout.other_timestamps(made.signer.name, stamped.BEFORE)
    alter(next(folder.glob("*.one.tsr")))
    wanted = _where_copied_to(made, copied / "other")
    report = verifier.one(copied / "other", made.ids["second"], wanted)
    assert verifier.wrong(report.checks) == found


@pytest.mark.parametrize("of", ["note", "checkpoint"])
def test_a_time_stamp_that_cannot_be_copied_is_told_and_the_rest_is_copied(
    of: str, made: Stamped, tmp_path: Path
) -> None:
    shutil.copytree(made.archive, tmp_path / "from", ignore=shutil.ignore_patterns("index.sqlite*"))
    with Archive(str(tmp_path / "from")) as archive, Archive(str(tmp_path / "other")) as other:
        capture, _ = archive.locate(made.ids["second"])
        assert capture.result is not None
        folder = layout.note_timestamps(capture.result.commitment)
        folder = folder if of == "note" else layout.checkpoint_timestamps(stamped.BEFORE)
        large = tmp_path / "from" / folder / "20260101t000000z-20360101.large.tsr"
        large.write_bytes(bytes((32 << 20) + 1))
        done = copy(archive, other, lambda *_: None, url_of("second"))
    (problem,) = done.problems
    assert large.name in problem
    report = verifier.one(tmp_path / "other", made.ids["second"], _where_copied_to(made, tmp_path / "other"))
    assert report.verdict is Verdict.PASS


def test_a_time_stamp_that_no_copied_statement_names_says_nothing(made: Stamped, copied: Path) -> None:
    folder = layout.other_timestamps(made.signer.name, stamped.BEFORE)
    with Archive(str(made.archive)) as archive, Archive(str(copied / "other")) as other:
        text = read(archive.store, layout.checkpoint(stamped.BEFORE), 4096)
        response = made.reply("one", text, timedelta(hours=-1))
        other.store.put_new(folder + stamped.name_of("one", response), response)
    wanted = _where_copied_to(made, copied / "other")
    original = verifier.one(made.archive, made.ids["second"], made.wanted())
    report = verifier.one(copied / "other", made.ids["second"], wanted)
    assert (report.verdict, report.sealed) == (Verdict.PASS, original.sealed)

"""A bundle with derivations and time stamps: what follows from what is signed is made again, and all else is known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from archiver import exporting
from archiver.archive import Archive
from archiver.report import places
from archiver.report.facts import Facts
from archiver.storage import layout
from archiver.verify import bundle as bundles_verified
from archiver.verify.trust import Trust, read_checkpoint, read_keys
from archiver.verify.verdict import Check, Verdict
from archiver.verifying import Wanted
from tests.support import bundles
from tests.support.bundles import MadeBundle
from tests.tamper import test_minimal as minimal
from tests.tamper import verifier
from tests.tamper.mutations import Mutation
from tests.tamper.of_whole_bundles import WHOLE
from tests.tamper.package import Whole


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> MadeBundle:
    with pytest.MonkeyPatch.context() as patch:
        return bundles.make(tmp_path_factory.mktemp("whole"), patch)


def wanted(whole: MadeBundle) -> Wanted:
    return Wanted(whole.keys, (whole.archive / layout.CHECKPOINT,))


def test_the_bundle_as_it_was_exported_fails_no_check(whole: MadeBundle) -> None:
    report = verifier.exported(whole.file, wanted(whole))
    assert verifier.failing(report.checks) == frozenset()
    (derivations,) = [check for check in report.checks if check.name == "derivations"]
    assert (derivations.verdict, derivations.detail[:18]) == (Verdict.PASS, "entries 4 and 5: w")


def test_the_small_verifier_passes_it(whole: MadeBundle) -> None:
    assert minimal.run(whole.file, whole.keys)[0] == 0


@pytest.mark.parametrize("mutation", WHOLE.all, ids=lambda each: each.name)
def test_a_bundle_fails_when(mutation: Mutation[Whole], whole: MadeBundle, tmp_path: Path) -> None:
    bundle = Whole(whole)
    mutation.apply(bundle)
    assert bundle.data != bundle.original
    found = verifier.failing(verifier.exported(bundle.path(tmp_path), wanted(whole)).checks)
    # The report names every file with its hash, so it is another one after most of them.
    assert mutation.failing["all"] <= found <= mutation.failing["all"] | mutation.may | {"report"}


def test_files_of_another_version_are_not_compared_and_that_is_a_doubt(whole: MadeBundle, tmp_path: Path) -> None:
    bundle = Whole(whole)
    bundle.change(places.README, lambda data: data.replace(b"archiver/0.", b"archiver/9."))
    bundle.change(places.SCRIPT, lambda _: b"#!/bin/sh\n")
    bundle.change(places.CHAIN, lambda data: data.replace(b"archiver-chain/1", b"archiver-chain/9"))
    report = verifier.exported(bundle.path(tmp_path), wanted(whole))
    assert verifier.failing(report.checks) == frozenset()
    unsure = {check.name for check in report.checks if check.verdict is Verdict.UNDETERMINED}
    assert {"package", "derivations"} <= unsure
    assert "was made by version 9.1.0" in verifier.words(report.checks)


# the report


def render(facts: Facts) -> bytes:
    """A report that says all of its facts."""
    return repr(facts).encode()


Verified = Callable[..., dict[str, Check]]


@pytest.fixture
def verified(whole: MadeBundle, tmp_path: Path) -> Verified:
    """Export with a report, change the bundle, verify."""

    def verified(
        change: Callable[[Whole], object] = lambda _: None, with_: Callable[[Facts], bytes] | None = render
    ) -> dict[str, Check]:
        bundle = Whole(whole)
        with Archive(whole.settings) as archive:
            pieces = exporting.evidence(archive, archive.find(whole.id), render, lambda _: b"%PDF-1.7")
            bundle.open(b"".join(pieces))
        change(bundle)
        trust = Trust(read_keys(whole.keys), (read_checkpoint(whole.archive / layout.CHECKPOINT),))
        with bundle.path(tmp_path).open("rb") as stream:
            report = bundles_verified.verify_bundle("bundle", stream, trust, None, with_)
        return {check.name: check for check in report.checks}

    return verified


def test_the_report_is_what_is_made_of_what_is_signed(verified: Verified) -> None:
    checks = verified()
    assert [name for name, check in checks.items() if check.verdict is Verdict.FAIL] == []
    assert checks["report"].verdict is Verdict.PASS
    assert "nothing that is signed is about report.pdf" in checks["report"].detail
    assert list(checks)[-1] == "report"


def test_an_altered_report_fails(verified: Verified) -> None:
    checks = verified(lambda bundle: bundle.change(places.REPORT, lambda data: data.replace(b"source", b"origin")))
    assert [name for name, check in checks.items() if check.verdict is Verdict.FAIL] == ["report"]


def test_a_printed_report_alone_fails(verified: Verified) -> None:
    def without(bundle: Whole) -> None:
        del bundle.files[places.REPORT]
        bundle.describe()

    assert verified(without)["report"].verdict is Verdict.FAIL


def test_a_report_that_cannot_be_made_again_is_a_doubt(verified: Verified) -> None:
    assert verified(with_=None)["report"].verdict is Verdict.UNDETERMINED


def test_a_report_of_another_version_is_a_doubt(verified: Verified) -> None:
    def other(bundle: Whole) -> None:
        bundle.change(places.README, lambda data: data.replace(b"archiver/0.", b"archiver/9."))
        bundle.change(places.REPORT, lambda _: b"made otherwise")

    assert verified(other)["report"].verdict is Verdict.UNDETERMINED


def test_the_report_has_the_facts_of_the_bundle(verified: Verified, whole: MadeBundle) -> None:
    seen: list[Facts] = []

    def keep(facts: Facts) -> bytes:
        seen.append(facts)
        return render(facts)

    verified(with_=keep)
    (facts,) = seen
    assert facts.statement["id"] == whole.id
    assert (facts.log_index, facts.intent_index, facts.log_size) == (3, 2, 7)
    assert facts.interval.is_full
    assert facts.interval.after_by == facts.interval.before_by == ("one", "two")
    assert [index for index, _ in facts.derivations] == [4, 5]
    assert len(facts.stamps) == 8
    assert all(stamp.root_sha256 for stamp in facts.stamps)
    assert {stamp.over for stamp in facts.stamps} == {
        "evidence/snapshot.note",
        "evidence/timestamp-before.checkpoint.txt",
        "evidence/timestamp-later.checkpoint.txt",
        "evidence/timestamp-snapshot.renewal-001.sums",
    }
    assert facts.exchanges
    assert facts.screenshot == b"\x89PNG the whole page"
    named = {file.path for file in facts.files}
    assert {places.WARC, places.README, places.SCRIPT, "pages/pages.jsonl"} <= named
    assert not named & {places.REPORT, places.PRINTED, places.SUMS, places.DESCRIPTION, places.DIGEST}

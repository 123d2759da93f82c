"""The small verifier that needs nothing of ours agrees with ours, as far as it looks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from archiver.seal import keys
from archiver.verifying import Wanted
from tests.tamper import verifier
from tests.tamper.material import Made
from tests.tamper.mutations import Mutation
from tests.tamper.of_bundles import BUNDLES
from tests.tamper.package import Bundle

_SCRIPT = Path(__file__).parents[2] / "scripts" / "verify_minimal.py"
_REPLAY = "what only replay reads is signed by nobody, and follows from what is"
_KEYS = "the keys are those that its user has from elsewhere"
_ZIP = "what is signed is the same for every reader of that ZIP: it was read, and its hash compared"
#: what it passes though ours fails it, and why that is no loss
_NOT_LOOKED_AT = {
    "a byte of datapackage.json is changed": _REPLAY,
    "a byte of datapackage-digest.json is changed": _REPLAY,
    "a byte of indexes/index.cdxj is changed": _REPLAY,
    "a byte of pages/pages.jsonl is changed": _REPLAY,
    "indexes/index.cdxj is missing": _REPLAY,
    "pages/pages.jsonl is missing": _REPLAY,
    "the page has another title and is described anew": _REPLAY,
    "the page has another address and is described anew": _REPLAY,
    "the description has another date": _REPLAY,
    "the replay index shows another record for the page": _REPLAY,
    "the description is nested very deep": _REPLAY,
    "the description has ten megabytes": _REPLAY,
    "files are in another order": _ZIP,
    "a byte of keys.txt is changed": _KEYS,
    "evidence/keys.txt is missing": _KEYS,
    "keys txt names another key": _KEYS,
    "keys txt is empty": _KEYS,
    "a key statement is added that nobody of the log signed": "it does not follow the keys through the log",
    "a file has another crc in its own header": _ZIP,
    "a file has another size in its own header": _ZIP,
    "the end refers to zip64 that is not there": _ZIP,
    "an end of zip64 says something else": _ZIP,
    "the directory has a file less than it says": _ZIP,
}


def run(path: Path, trust: Path) -> tuple[int, str]:
    """Exit code and output. Python is told to know nothing but its standard library."""
    command = [sys.executable, "-I", "-S", str(_SCRIPT), str(path), str(trust)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_it_has_no_more_lines_than_a_person_reads() -> None:
    assert len(_SCRIPT.read_text().splitlines()) <= 150


def test_it_passes_the_bundle_as_it_was_exported(made: Made) -> None:
    code, out = run(made.exported("last.bundle.wacz"), made.trust)
    assert (code, out[:5]) == (0, "PASS ")
    assert f"{made.signer.name}\n8\n" in out


@pytest.mark.parametrize("mutation", BUNDLES.all, ids=lambda each: each.name)
def test_it_agrees_with_ours_when(mutation: Mutation[Bundle], made: Made, tmp_path: Path) -> None:
    bundle = Bundle(made, "last.bundle.wacz")
    mutation.apply(bundle)
    code, out = run(bundle.path(tmp_path), made.trust)
    expected = (0, "PASS ") if mutation.name in _NOT_LOOKED_AT else (4, "FAIL ")
    assert (code, out[:5]) == expected


def test_all_that_it_does_not_look_at_is_a_mutation_that_there_is() -> None:
    assert set(_NOT_LOOKED_AT) <= {each.name for each in BUNDLES.all}


@pytest.mark.parametrize("name", ["last.wacz", "last.warc.gz", "last.tlog-proof"])
def test_it_fails_what_is_no_bundle(name: str, made: Made) -> None:
    assert run(made.exported(name), made.trust)[0] == 4


def test_it_fails_under_another_key_as_ours_does(made: Made, tmp_path: Path) -> None:
    other = tmp_path / "trust"
    other.write_text(f"# another\n{keys.make(made.signer.name).key.text}\n")
    assert run(made.exported("last.bundle.wacz"), other) == (
        4,
        "FAIL ValueError: no signature of a key that is trusted\n",
    )
    report = verifier.exported(made.exported("last.bundle.wacz"), Wanted(other))
    assert {"signature", "checkpoint"} <= verifier.failing(report.checks)

"""Whoever may write to an archive, or to what was exported of it, but has not its key: every alteration is found."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from archiver import monitoring, verifying
from archiver.archive import Archive
from archiver.errors import AlteredError
from archiver.storage import layout
from archiver.verify.verdict import Verdict
from archiver.verifying import Wanted
from tests.tamper import verifier
from tests.tamper.conftest import Run
from tests.tamper.forge import Forge
from tests.tamper.material import NAMES, Made
from tests.tamper.mutations import Mutation
from tests.tamper.of_archives import ARCHIVES
from tests.tamper.of_bundles import BUNDLES
from tests.tamper.of_files import WARCS, Data
from tests.tamper.package import WARC, Bundle

_ROOT = Path(__file__).parents[2]
_SECONDS = 20  # of any verification, whatever was done


def contents(folder: Path) -> dict[str, bytes]:
    """All files of an archive but its index, which is no object of it."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name[:12] != "index.sqlite"
    }


# an archive


def test_the_archive_as_it_was_made_passes_whole(made: Made) -> None:
    checked = verifier.everything(made, made.archive, verifier.wanted(made))
    assert set(checked) == {"log", *NAMES}
    assert verifier.verdict(checked) is Verdict.PASS
    for name in NAMES:
        assert verifier.one(made.archive, made.ids[name], verifier.wanted(made)).verdict is Verdict.PASS


@pytest.mark.timeout(_SECONDS)
@pytest.mark.parametrize("mutation", ARCHIVES.all, ids=lambda each: each.name)
def test_an_archive_fails_when(mutation: Mutation[Forge], made: Made, tmp_path: Path) -> None:
    forge = Forge(made, tmp_path / "archive")
    mutation.apply(forge)
    assert contents(forge.folder) != contents(made.archive)
    checked = verifier.everything(made, forge.folder, verifier.wanted(made))
    assert without(verifier.all_failing(checked), mutation.may) == mutation.failing


@pytest.mark.timeout(_SECONDS)
@pytest.mark.parametrize("mutation", [each for each in ARCHIVES.all if not each.may], ids=lambda each: each.name)
def test_without_a_memory_the_same_is_found_but_a_rollback_and_that_is_not_known_when(
    mutation: Mutation[Forge], made: Made, tmp_path: Path
) -> None:
    forge = Forge(made, tmp_path / "archive")
    mutation.apply(forge)
    checked = verifier.everything(made, forge.folder, verifier.wanted(made, alone=True))
    assert verifier.all_failing(checked) == mutation.alone
    assert verifier.verdict(checked) is (Verdict.FAIL if mutation.alone else Verdict.UNDETERMINED)


def without(found: dict[str, frozenset[str]], may: frozenset[str]) -> dict[str, frozenset[str]]:
    return {name: checks if name == "log" else checks - may for name, checks in found.items()}


def test_an_older_checkpoint_beside_the_newer_ones_is_what_a_writer_that_died_leaves(
    made: Made, tmp_path: Path
) -> None:
    forge = Forge(made, tmp_path / "archive")
    forge.put_back(1, layout.CHECKPOINT)
    assert verifier.verdict(verifier.everything(made, forge.folder, verifier.wanted(made))) is Verdict.PASS


_OF_THE_LOG = frozenset({"slots", "tiles", "entries", "keys"})  # looked at when all is verified
_IN_THE_LOG = [each for each in ARCHIVES.all if "log" in each.failing]


@pytest.mark.timeout(_SECONDS)
@pytest.mark.parametrize("mutation", _IN_THE_LOG, ids=lambda each: each.name)
def test_a_single_capture_fails_where_it_is_concerned_and_passes_where_not_when(
    mutation: Mutation[Forge], made: Made, tmp_path: Path
) -> None:
    forge = Forge(made, tmp_path / "archive")
    mutation.apply(forge)
    wanted = verifier.wanted(made)
    with Archive(str(forge.folder)) as archive:
        there = verifying.open_ledger(archive, wanted, None).entries.keys()
    for name in ("failed", *sorted(mutation.failing.keys() & {"first", "second"})):
        if made.ids[name] in there:
            of_log = mutation.failing["log"] - _OF_THE_LOG
            found = verifier.failing(verifier.one(forge.folder, made.ids[name], wanted).checks)
            assert found == of_log | mutation.failing.get(name, frozenset())
        else:
            with pytest.raises(AlteredError, match=r"its log was altered: .* knows (a log|other entries)"):
                verifier.one(forge.folder, made.ids[name], wanted)


@pytest.mark.parametrize("mutation", _IN_THE_LOG, ids=lambda each: each.name)
def test_a_monitor_gives_an_alarm_and_keeps_its_state_where_the_log_is_not_what_it_was_when(
    mutation: Mutation[Forge], made: Made, tmp_path: Path
) -> None:
    forge = Forge(made, tmp_path / "archive")
    mutation.apply(forge)
    state = tmp_path / "state"
    shutil.copy(made.checkpoint, state)
    with Archive(str(forge.folder)) as archive:
        look = monitoring.look(archive, state, Wanted(made.trust))
    if {"checkpoint", "inclusion", "consistency"} & mutation.failing.get("log", frozenset()):
        assert look.alarms
    assert state.read_bytes() == made.checkpoint.read_bytes()


# an evidence bundle


def test_the_bundle_as_it_was_exported_passes(made: Made) -> None:
    assert verifier.exported(made.exported("last.bundle.wacz"), verifier.wanted(made)).verdict is Verdict.PASS
    alone = verifier.exported(made.exported("last.bundle.wacz"), verifier.wanted(made, alone=True))
    assert (verifier.failing(alone.checks), alone.verdict) == (frozenset(), Verdict.UNDETERMINED)


@pytest.mark.timeout(_SECONDS)
@pytest.mark.parametrize("mutation", BUNDLES.all, ids=lambda each: each.name)
def test_a_bundle_fails_when(mutation: Mutation[Bundle], made: Made, tmp_path: Path) -> None:
    bundle = Bundle(made, "last.bundle.wacz")
    mutation.apply(bundle)
    assert bundle.data != bundle.original
    path = bundle.path(tmp_path)
    for alone, expected in ((False, mutation.failing["all"]), (True, mutation.alone["all"])):
        found = verifier.failing(verifier.exported(path, verifier.wanted(made, alone=alone)).checks)
        assert expected <= found <= expected | mutation.may
    assert {each.name for each in tmp_path.iterdir()} == {path.name}  # nothing was unpacked


# what bears no signature


@pytest.mark.parametrize("name", ["last.wacz", "last.warc.gz"])
def test_what_bears_no_signature_never_passes(name: str, made: Made) -> None:
    report = verifier.exported(made.exported(name), verifier.wanted(made))
    assert report.verdict is Verdict.UNDETERMINED
    assert "nothing says who made it" in verifier.words(report.checks)


@pytest.mark.timeout(_SECONDS)
@pytest.mark.parametrize("mutation", WARCS.all, ids=lambda each: each.name)
def test_a_warc_fails_when(mutation: Mutation[Data], made: Made, tmp_path: Path) -> None:
    original = made.exported("last.warc.gz").read_bytes()
    file = Data(original)
    mutation.apply(file)
    assert file.data != original
    path = tmp_path / "exported.warc.gz"
    path.write_bytes(file.data)
    assert verifier.failing(verifier.exported(path, verifier.wanted(made)).checks) == mutation.failing["all"]


_IN_PLAIN_FILES = [
    each
    for each in BUNDLES.all
    if each.name.startswith(("bytes", "a byte of page", "a byte of data", "a file is said", "a file has", "two files"))
]


@pytest.mark.parametrize("mutation", _IN_PLAIN_FILES, ids=lambda each: each.name)
def test_a_plain_wacz_fails_when(mutation: Mutation[Bundle], made: Made, tmp_path: Path) -> None:
    bundle = Bundle(made, "last.wacz")
    mutation.apply(bundle)
    assert bundle.data != bundle.original
    found = verifier.failing(verifier.exported(bundle.path(tmp_path), verifier.wanted(made)).checks)
    assert "package" in found


# bombs, in a process that may not take more than that


@pytest.mark.parametrize(
    "mutation",
    [
        each
        for each in BUNDLES.all
        if any(word in each.name for word in ("bomb", "thousands", "nested", "ten megabytes"))
    ],
    ids=lambda each: each.name,
)
def test_a_bomb_takes_little_time_and_memory_when(mutation: Mutation[Bundle], made: Made, tmp_path: Path) -> None:
    bundle = Bundle(made, "last.bundle.wacz")
    mutation.apply(bundle)
    code, used_bytes = in_child(bundle.path(tmp_path), made.trust)
    assert code == 4
    assert used_bytes < _MEMORY_BYTES


_MEMORY_BYTES = 400 << 20
_CHILD = """
import resource, sys
resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
from archiver.cli.main import main
sys.argv[0] = "archiver"
try:
    main()
finally:
    # Not ru_maxrss, which begins with that of the parent.
    (most,) = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")]
    sys.stderr.write(f"\\n{int(most) * 1024}")
"""


def in_child(path: Path, trust: Path) -> tuple[int, int]:
    """Exit code of `archiver verify`, and the most memory that it had, in bytes."""
    command = [sys.executable, "-c", _CHILD, "-q", "verify", str(path), "--trust", str(trust)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, cwd=_ROOT)
    return done.returncode, int(done.stderr.rpartition("\n")[2])


# the command line


@pytest.mark.parametrize(
    "mutation", [ARCHIVES.named("two slots change places"), ARCHIVES.named("a byte of a note is changed")],
    ids=lambda each: each.name,
)  # fmt: skip
def test_the_command_says_fail_and_exits_with_4_when(
    mutation: Mutation[Forge], made: Made, tmp_path: Path, archiver: Run
) -> None:
    forge = Forge(made, tmp_path / "archive")
    mutation.apply(forge)
    known = ("--trust", str(made.trust), "--checkpoint", str(made.checkpoint))
    code, out, err = archiver("--archive", str(forge.folder), "verify", "--all", *known)
    assert (code, err) == (4, "")
    assert out.splitlines()[-1].startswith("FAIL")
    code, out, _ = archiver("--archive", str(forge.folder), "verify", made.ids["first"], *known)
    assert (code, out.splitlines()[-1]) == (4, "FAIL")


@pytest.mark.parametrize("name", ["a file lies among the slots", "the log is empty"])
def test_the_command_exits_with_4_where_only_the_log_is_altered(
    name: str, made: Made, tmp_path: Path, archiver: Run
) -> None:
    forge = Forge(made, tmp_path / "archive")
    ARCHIVES.named(name).apply(forge)
    known = ("--trust", str(made.trust), "--checkpoint", str(made.checkpoint))
    assert archiver("--archive", str(forge.folder), "verify", "--all", *known)[0] == 4


def test_the_command_passes_what_was_not_altered(made: Made, archiver: Run, tmp_path: Path) -> None:
    forge = Forge(made, tmp_path / "archive")
    known = ("--trust", str(made.trust), "--checkpoint", str(made.checkpoint))
    assert archiver("--archive", str(forge.folder), "verify", "--all", *known)[0] == 0
    assert archiver("verify", str(made.exported("last.bundle.wacz")), *known)[0] == 0


@pytest.mark.parametrize(
    "name", ["the statement is changed", "bytes follow the file", "a file is added and described", "the WARC is cut"]
)
def test_the_command_exits_with_4_for_a_bundle_when(name: str, made: Made, tmp_path: Path, archiver: Run) -> None:
    bundle = Bundle(made, "last.bundle.wacz")
    if name == "the WARC is cut":
        bundle.change(WARC, lambda data: data[:-1])
    else:
        BUNDLES.named(name).apply(bundle)
    code, out, _ = archiver("verify", str(bundle.path(tmp_path)), "--trust", str(made.trust))
    assert (code, out.splitlines()[-1]) == (4, "FAIL")


def test_an_archive_whose_description_is_gone_is_none(made: Made, tmp_path: Path, archiver: Run) -> None:
    forge = Forge(made, tmp_path / "archive")
    forge.path(layout.ARCHIVE).unlink()
    code, _, err = archiver("--archive", str(forge.folder), "verify", "--all", "--trust", str(made.trust))
    assert code == 6
    assert "there is no archive in" in err


@pytest.mark.parametrize("data", [b"", b"junk", b"[]", b'{"format":"archiver/1"}', b"[" * 60_000, b" " * (10 << 20)])
def test_an_archive_whose_description_is_junk_says_so(data: bytes, made: Made, tmp_path: Path, archiver: Run) -> None:
    forge = Forge(made, tmp_path / "archive")
    forge.path(layout.ARCHIVE).write_bytes(data)
    code, _, err = archiver("--archive", str(forge.folder), "verify", "--all", "--trust", str(made.trust))
    assert code == 8
    assert "archive.json is damaged" in err or "of format" in err

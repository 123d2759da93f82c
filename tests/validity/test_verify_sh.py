"""`verify.sh`, with nothing but a shell, coreutils and openssl: it passes a good bundle, and rejects every other."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from queue import SimpleQueue

import pytest

from archiver import exporting, sealing
from archiver.archive import Archive
from archiver.clock import rfc3339
from archiver.model import Recording
from archiver.report import made as files_made
from archiver.report import places
from archiver.seal import keys, stamps
from archiver.seal.timestamp import make_request
from archiver.seal.timestamp_read import read_response
from archiver.storage import layout
from tests.support import bundles
from tests.support.authority import Authority, Kind, lie
from tests.support.bundles import MadeBundle

#: all that it may run; each is of coreutils but the last
_PROGRAMS = ["basenc", "base64", "cat", "comm", "cp", "csplit", "cut", "date", "head", "mkdir", "mktemp", "od", "rm"]
_PROGRAMS += ["sha256sum", "sort", "tail", "tr", "openssl"]
_SCRIPT = Path(files_made.__file__).with_name("verify.sh")
_SHELLS = ["dash", "bash"]
_HOSTILE = "$(touch pwned) `touch pwned` ;touch pwned; ' \" \\ %s \x1b[2J *"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> MadeBundle:
    with pytest.MonkeyPatch.context() as patch:
        return bundles.make(tmp_path_factory.mktemp("made"), patch)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder to be the whole PATH, with a blank in its name."""
    folder = tmp_path_factory.mktemp("the programs") / "of coreutils"
    folder.mkdir()
    for name in _PROGRAMS:
        found = shutil.which(name)
        assert found
        (folder / name).symlink_to(found)
    return folder


@pytest.fixture(scope="module")
def unstamped(made: MadeBundle, tmp_path_factory: pytest.TempPathFactory) -> MadeBundle:
    """The same without time stamps, which take most of the time that it takes to verify one."""
    folder = tmp_path_factory.mktemp("unstamped")
    with Archive(made.settings) as archive:
        store = archive.store
        kept = {key: b"".join(store.get(key)) for key in list(store.list(layout.TIMESTAMPS))}
        for key in kept:
            store.delete(key)
        try:
            made_anew = b"".join(exporting.evidence(archive, archive.find(made.source_id)))
        finally:
            for key, data in kept.items():
                store.put_new(key, data)
    (folder / "bundle.wacz").write_bytes(made_anew)
    return replace(made, folder=folder)


@pytest.fixture
def folder(made: MadeBundle, tmp_path: Path) -> Path:
    """The bundle, unpacked anew."""
    return made.unpacked(tmp_path / "the bundle")


@pytest.fixture
def small(unstamped: MadeBundle, tmp_path: Path) -> Path:
    """The bundle without time stamps, unpacked anew: for what is no matter of them."""
    return unstamped.unpacked(tmp_path / "the small bundle")


Run = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def run(path: Path, made: MadeBundle) -> Run:
    """Exit code and lines. `given` are the options; those of whoever has keys and roots unless told otherwise."""

    def run(
        folder: Path, *given: str | Path, script: Path = _SCRIPT, shell: str = "dash", **more: str
    ) -> tuple[int, list[str]]:
        known = given or ("--keys", made.keys, "--roots", made.roots)
        command = [shutil.which(shell) or shell, script, *known]
        environment = {"PATH": str(path), **more}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False, timeout=60)
        if done.returncode == 0:  # bash itself says that it does not have a locale
            assert [line for line in done.stderr.splitlines() if b"setlocale" not in line] == []
        assert re.fullmatch(rb"[ -~\t\n]*", done.stdout)
        return done.returncode, done.stdout.decode("ascii").splitlines()

    return run


def failed(lines: list[str]) -> list[str]:
    return [line.removeprefix("FAIL").strip() for line in lines if line.startswith("FAIL")]


def remake(folder: Path) -> None:
    """The list of hashes made anew, as anybody can."""
    found = {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}
    (folder / places.SUMS).write_bytes(files_made.sums(files_made.listed(name, data) for name, data in found.items()))


def those(folder: Path, prefix: str, pattern: str = "*") -> list[Path]:
    """The files that belong together, which begin alike."""
    return sorted(folder.glob(prefix + pattern))


def drop(folder: Path, prefix: str) -> None:
    for file in those(folder, prefix):
        file.unlink()


def flip(file: Path, at: int) -> None:
    data = bytearray(file.read_bytes())
    data[at] ^= 1
    file.write_bytes(data)


# good bundles


@pytest.mark.parametrize("shell", _SHELLS)
@pytest.mark.parametrize("locale", ["C", "C.UTF-8", "tr_TR.UTF-8"])
def test_a_good_bundle_passes(folder: Path, run: Run, made: MadeBundle, shell: str, locale: str) -> None:
    inside = folder / places.SCRIPT
    code, lines = run(folder, script=inside, shell=shell, LC_ALL=locale, LANG=locale, TZ="Pacific/Kiritimati")
    assert (code, failed(lines)) == (0, [])
    assert lines[-1] == "Nothing is wrong, as far as this looks."
    with Archive(made.settings) as archive:
        capture, _ = archive.locate(made.id)
        assert capture.result is not None
        sealed = sealing.times_of(archive, capture.result, archive.statement(capture)).interval
    said = [line for line in lines if line.startswith("PASS       sealed ")]
    assert sealed.after is not None
    assert sealed.before is not None
    for line, moment in zip(said, (sealed.after, sealed.before), strict=True):
        assert rfc3339(moment).replace(".000000", "") in line
        assert "one" in line
        assert "two" in line


@pytest.mark.parametrize("shell", _SHELLS)
def test_without_keys_and_roots_it_says_what_only_the_bundle_vouches_for(folder: Path, run: Run, shell: str) -> None:
    done = subprocess.run([shell, _SCRIPT], cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0
    unknown = [line for line in done.stdout.splitlines() if line.startswith("NOT KNOWN")]
    assert [line.split()[2:4] for line in unknown] == [["whose", "keys"], ["whose", "roots"], ["what", "nothing"]]


def test_the_roots_are_named_to_be_compared(folder: Path, run: Run, made: MadeBundle) -> None:
    lines = "\n".join(run(folder)[1])
    for name in bundles.AUTHORITIES:
        shown = subprocess.run(
            ["openssl", "x509", "-in", made.folder / name / "root.pem", "-noout", "-fingerprint", "-sha256"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert f"{name} {shown.strip().partition('=')[2]}" in lines


def test_a_bundle_without_time_stamps_passes_and_says_so(small: Path, run: Run, made: MadeBundle) -> None:
    code, lines = run(small, "--keys", made.keys, "--roots", made.roots)
    assert (code, failed(lines)) == (0, [])
    assert "NOT KNOWN  sealed before which moment: no time stamp says it" in lines


def test_keys_and_roots_may_have_been_edited_on_another_system(folder: Path, run: Run, made: MadeBundle) -> None:
    for name in ("keys", "roots"):
        data = (made.folder / name).read_bytes().replace(b"\n", b"\r\n").rstrip()
        (folder.parent / name).write_bytes(b"# a comment\r\n\r\n" * (name == "keys") + data)
    code, lines = run(folder, "--keys", folder.parent / "keys", "--roots", folder.parent / "roots")
    assert (code, failed(lines)) == (0, [])


def test_hostile_words_are_never_run_nor_printed(tmp_path: Path, path: Path) -> None:
    def hostile(recording: Recording) -> Recording:
        return replace(recording, title=_HOSTILE)

    with pytest.MonkeyPatch.context() as patch:
        made = bundles.make(tmp_path / "made", patch, hostile)
    folder = made.unpacked(tmp_path / "unpacked")
    before = sorted(tmp_path.rglob("*"))
    for shell in _SHELLS:
        done = subprocess.run([shell, _SCRIPT, "--keys", made.keys], cwd=folder, capture_output=True, check=False)
        assert done.returncode == 0
        assert b"touch" not in done.stdout + done.stderr
    assert sorted(tmp_path.rglob("*")) == before


def test_it_takes_seconds(folder: Path, run: Run) -> None:
    """And it leaves nothing behind."""
    (folder.parent / "tmp").mkdir()
    assert run(folder, TMPDIR=str(folder.parent / "tmp"))[0] == 0
    assert list((folder.parent / "tmp").iterdir()) == []


# every byte counts


Done = tuple[str, int, list[str]]


def each_altered(folder: Path, run: Run, names: Iterable[str], alter: Callable[[Path, str], None]) -> list[Done]:
    """What is said of the bundle when only that file was altered, for each of the names.

    In two copies at a time: it is many small programs, most of which wait for another.
    """
    copy = folder.with_name(f"{folder.name} once more")
    shutil.copytree(folder, copy)
    free: SimpleQueue[Path] = SimpleQueue()
    for each in (folder, copy):
        free.put(each)

    def of(name: str) -> Done:
        here = free.get()
        kept = {each: (here / each).read_bytes() for each in (name, places.SUMS)}
        alter(here, name)
        code, lines = run(here)
        for each, data in kept.items():
            (here / each).write_bytes(data)
        free.put(here)
        return name, code, lines

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(of, names))
    assert [run(each)[0] for each in (folder, copy)] == [0, 0], "one was left altered"
    return done


def names_in(folder: Path) -> list[str]:
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file())


def flip_the_middle(folder: Path, name: str) -> None:
    flip(folder / name, (folder / name).stat().st_size // 2)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_file_is_rejected_with_one_byte_changed(folder: Path, run: Run) -> None:
    """By an untouched copy of the script, 100 % of them."""
    names = names_in(folder)
    assert len(names) > 40
    done = each_altered(folder, run, names, flip_the_middle)
    assert [name for name, _, _ in done] == names
    assert [(name, code, lines) for name, code, lines in done if code != 4 or not failed(lines)] == []


#: nothing signed is about these; those of keys and roots are from elsewhere
_FREE = re.compile(
    r"evidence/(README\.txt|verify\.sh|chain\.json|report\..*|keys\.txt|key\..*|root\..*|SHA256SUMS)"
    r"|pages/.*|indexes/.*|datapackage.*"
)


def flip_what_is_signed(folder: Path, name: str) -> None:
    data = (folder / name).read_bytes()
    flip(folder / name, data.index(read_response(data).imprint) if name.endswith(".tsr") else len(data) // 2)
    remake(folder)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_what_is_signed_is_rejected_though_the_list_of_hashes_is_made_anew(folder: Path, run: Run) -> None:
    names = [name for name in names_in(folder) if not _FREE.fullmatch(name)]
    assert len(names) > 20
    passed = [
        (name, code, lines)
        for name, code, lines in each_altered(folder, run, names, flip_what_is_signed)
        if code != 4 or any("SHA256SUMS" in line for line in failed(lines))
    ]
    assert passed == []


# forged ones


@pytest.mark.parametrize(
    "name", [places.README, places.SCRIPT, places.WARC, places.SUMS, "evidence/intent.note", places.DIGEST]
)
def test_a_file_that_is_missing_is_noticed(name: str, small: Path, run: Run) -> None:
    (small / name).unlink()
    assert run(small)[0] == 4


def test_a_later_checkpoint_that_is_missing_is_noticed(folder: Path, run: Run) -> None:
    (folder / places.LATER).unlink()
    assert run(folder)[0] == 4


@pytest.mark.parametrize("salt", ["", "00", "g" * 64, "0" * 63 + "\n", "`id`", "0" * 100_000], ids=range(6))
@pytest.mark.parametrize("name", ["snapshot", "intent"])
def test_a_salt_that_is_none_is_noticed_and_ends_nothing(name: str, salt: str, folder: Path, run: Run) -> None:
    """The rest is looked at all the same."""
    (folder / f"evidence/{name}.salt").write_text(salt)
    remake(folder)
    code, lines = run(folder)
    assert code == 4
    assert f"evidence/{name}.note, salt and proof do not lead to the root of the log" in failed(lines)
    assert lines[-1] == "ALTERED"


@pytest.mark.parametrize(
    "name", ["evidence/more", ".hidden", "..hidden", "evidence/more/a b/c", "-n", "evidence/line\nend", "x\\y"]
)
def test_a_file_that_is_not_listed_is_noticed(name: str, small: Path, run: Run) -> None:
    (small / name).parent.mkdir(exist_ok=True, parents=True)
    (small / name).write_bytes(b"")
    code, lines = run(small)
    assert (code, len(failed(lines))) == (4, 1)


def test_a_link_is_noticed(small: Path, run: Run) -> None:
    elsewhere = small.parent / "README.txt"
    shutil.move(small / places.README, elsewhere)
    (small / places.README).symlink_to(elsewhere)
    assert failed(run(small)[1]) == [
        "evidence/SHA256SUMS lists other files or hashes than there are (left: listed, right: there):"
    ]


def test_a_note_that_was_exchanged_is_noticed(folder: Path, run: Run, made: MadeBundle) -> None:
    """The note of the other snapshot, which is signed as well."""
    with Archive(made.settings) as archive:
        capture, _ = archive.locate(made.source_id)
        assert capture.result is not None
        salt, _, other = b"".join(archive.store.get(layout.note(capture.result.commitment))).partition(b"\n")
    (folder / "evidence/snapshot.note").write_bytes(other)
    (folder / "evidence/snapshot.salt").write_bytes(salt + b"\n")
    remake(folder)
    code, lines = run(folder)
    assert code == 4
    assert "evidence/snapshot.note, salt and proof do not lead to the root of the log" in failed(lines)


def test_a_bundle_of_another_archive_is_noticed_by_who_has_keys(folder: Path, run: Run) -> None:
    """Of the same name: without the right key all of it can be made anew."""
    other = keys.make((folder / places.KEYS).read_text().partition("+")[0])
    (folder.parent / "keys").write_text(other.key.text + "\n")
    code, lines = run(folder, "--keys", folder.parent / "keys")
    assert code == 4
    assert "evidence/snapshot.note is signed by none of the keys" in failed(lines)
    assert "the checkpoint of the log is signed by no key of its log" in failed(lines)


def test_a_time_stamp_of_another_snapshot_is_noticed(folder: Path, run: Run, made: MadeBundle) -> None:
    with Archive(made.settings) as archive:
        capture, _ = archive.locate(made.source_id)
        assert capture.result is not None
        other = next(each for each in stamps.of_note(archive.store, capture.result.commitment) if not each.renewal)
        data = b"".join(archive.store.get(other.key))
    (folder / f"{places.OF_SNAPSHOT}{other.file}").write_bytes(data)
    remake(folder)
    code, lines = run(folder)
    assert code == 4
    assert f"{places.OF_SNAPSHOT}{other.file} is no time stamp over evidence/snapshot.note" in "\n".join(failed(lines))


def test_roots_of_others_are_not_enough(folder: Path, run: Run, made: MadeBundle, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other", "one")
    assert run(folder, "--keys", made.keys, "--roots", other.folder / "root.pem")[0] == 4
    (root,) = those(folder, places.ROOTS, "one.*")
    root.write_bytes(other.root_pem)
    remake(folder)
    assert run(folder, "--keys", made.keys)[0] == 4


def test_one_authority_under_two_names_counts_once(folder: Path, run: Run, made: MadeBundle) -> None:
    for file in folder.rglob("*.two.tsr"):
        file.unlink()
    drop(folder, places.OF_LATER)
    drop(folder, f"{places.OF_SNAPSHOT}renewal")
    (one,) = those(folder, places.OF_SNAPSHOT)
    shutil.copy(one, one.with_name(one.name.replace(".one.", ".two.")))
    remake(folder)
    code, lines = run(folder)
    assert (code, failed(lines)) == (0, [])
    (line,) = [line for line in lines if line.startswith("PASS       sealed before")]
    assert line.endswith(" alone")


@pytest.mark.parametrize(
    "name", ["20261126t000000z-20361126.x one", "$(touch pwned).one", "a\nPASS.one", "\x1b[2J.one"]
)
def test_a_time_stamp_with_an_odd_name_counts_for_nothing(name: str, folder: Path, run: Run) -> None:
    """A blank in it would make two authorities of one."""
    one = those(folder, places.OF_SNAPSHOT, "2*.one.tsr")[0]
    shutil.copy(one, folder / f"{places.OF_SNAPSHOT}{name}.tsr")
    remake(folder)
    code, lines = run(folder)
    assert code == 4
    assert any("has a name that no time stamp has" in line for line in failed(lines))
    assert all(line.startswith(("PASS  ", "FAIL  ", "NOT KNOWN  ", "  ", "ALT", "one ", "two ")) for line in lines)


def _exchanged(folder: Path, authority: Authority, change: Callable[[bytes], bytes]) -> str:
    """The time stamps of the note by another authority, known by its root in the bundle; the name of the file."""
    drop(folder, places.OF_SNAPSHOT)
    drop(folder, places.OF_LATER)
    message = (folder / "evidence/snapshot.note").read_bytes()
    name = f"{places.OF_SNAPSHOT}20261120t000000z-20261121.{authority.name}.tsr"
    (folder / name).write_bytes(change(authority.reply(make_request(message).data)))
    (folder / f"{places.ROOTS}{authority.name}.0123456789abcdef.pem").write_bytes(authority.root_pem)
    remake(folder)
    return name


def test_a_certificate_that_has_expired_since_is_good_at_its_own_time(folder: Path, run: Run, tmp_path: Path) -> None:
    """As `openssl ts -verify` says with the command that is printed."""
    old = Authority(tmp_path / "old", "old", Kind(days=-1))
    drop(folder, places.OF_BEFORE)  # which came later than that
    name = _exchanged(folder, old, lambda response: old.forge(response, lie(timedelta(days=-3))))
    code, lines = run(folder, "--keys", folder / places.KEYS)
    assert (code, failed(lines)) == (0, [])
    (command,) = [line.strip() for line in lines if "-attime" in line]
    words = command.replace("ROOT", str(old.folder / "root.pem")).split()
    assert name in words
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert "Verification: OK" in done.stdout + done.stderr


def test_a_certificate_that_had_expired_by_then_is_noticed(folder: Path, run: Run, tmp_path: Path) -> None:
    old = Authority(tmp_path / "old", "old", Kind(days=-1))
    drop(folder, places.OF_BEFORE)
    _exchanged(folder, old, lambda response: old.forge(response, lie(timedelta(hours=-1))))
    assert run(folder, "--keys", folder / places.KEYS)[0] == 4


def test_what_was_sealed_before_it_can_have_been_is_noticed(folder: Path, run: Run, tmp_path: Path) -> None:
    liar = Authority(tmp_path / "liar", "liar")
    _exchanged(folder, liar, lambda response: liar.forge(response, lie(timedelta(hours=-1))))
    code, lines = run(folder, "--keys", folder / places.KEYS)
    assert code == 4
    assert "it cannot have been sealed after the one and before the other" in failed(lines)


def test_a_time_stamp_that_the_statement_does_not_name_says_nothing(folder: Path, run: Run, made: MadeBundle) -> None:
    file, later = (those(folder, prefix, "*.tsr")[0] for prefix in (places.OF_BEFORE, places.OF_LATER))
    shutil.copy(later, file)
    remake(folder)
    assert f"{file.relative_to(folder)} is not named in the statement" in failed(run(folder)[1])


def test_a_later_checkpoint_of_another_log_is_noticed(folder: Path, run: Run) -> None:
    (folder / places.LATER).write_bytes((folder / places.BEFORE).read_bytes())
    remake(folder)
    assert f"the snapshot is not in the log of {places.LATER}" in failed(run(folder)[1])


def test_the_intent_must_come_first(folder: Path, run: Run) -> None:
    for kind in places.KINDS:
        shutil.copy(folder / f"evidence/snapshot.{kind}", folder / f"evidence/intent.{kind}")
    remake(folder)
    assert run(folder)[0] == 4


def test_a_digest_is_that_of_the_list(folder: Path, run: Run) -> None:
    digest = hashlib.sha256((folder / places.DESCRIPTION).read_bytes()).hexdigest()
    (folder / places.DIGEST).write_text(f'{{"path":"datapackage.json","hash":"sha256:{digest}"}}')
    assert failed(run(folder)[1]) == ["datapackage-digest.json has not the hash of datapackage.json"]


# misuse


@pytest.mark.parametrize(
    "given", [["--key", "x"], ["x"], ["--keys"], ["--keys", "missing"], ["--roots", "."], ["--help"]]
)
def test_misuse_is_told_with_2(given: list[str], folder: Path, run: Run) -> None:
    assert run(folder, *given)[0] == 2


@pytest.mark.parametrize("text", ["no key", "a+00000000+AAAA", "-----BEGIN PUBLIC KEY-----"])
def test_what_are_no_keys_is_misuse(text: str, folder: Path, run: Run) -> None:
    (folder.parent / "keys").write_text(f"{text}\n")
    assert run(folder, "--keys", folder.parent / "keys")[0] == 2


def test_another_folder_is_misuse(run: Run, tmp_path: Path) -> None:
    assert run(tmp_path)[0] == 2

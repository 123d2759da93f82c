"""The command line without a browser: errors are one line and an exit code."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest

from archiver import __version__, clock
from archiver.cli.main import Commands, cli
from archiver.config import CaptureSettings
from archiver.index.database import Database, UnwritableError
from archiver.index.opening import open_index
from archiver.seal import statement as statements
from archiver.storage import descriptor, layout, log
from archiver.storage.base import ObjectStore
from archiver.storage.descriptor import Descriptor
from archiver.storage.local import LocalStore
from archiver.warc import cdxj, writer
from tests.unit.recordings import exchange, recording

Run = Callable[..., tuple[int, str, str]]
_TITLE = "\x1b[31m\u202e"
_IDS = ("20260101t000000z-aaaaaaaaaaaaaaaa", "20260101t000000z-bbbbbbbbbbbbbbbb", "20260301t000000z-cccccccccccccccc")


def assert_one_line(err: str) -> None:
    assert err.endswith("\n")
    assert err.count("\n") == 1
    assert err.startswith("archiver: ")


def store_snapshots(folder: Path) -> None:
    """Three snapshots with a WARC each, and an orphan that the log does not know."""
    store = LocalStore(folder)
    store.make_root()
    descriptor.found(store, Descriptor("0" * 32, "2026-01-01T00:00:00Z"))
    for snapshot in _IDS:
        path = Path(f"{snapshot}.warc.gz")
        entries = writer.write(made := recording(exchange(0), title=_TITLE), path)
        artifacts = []
        for role, key, data in (
            ("warc", layout.warc(snapshot), path.read_bytes()),
            ("cdxj", layout.cdxj(snapshot), cdxj.lines(entries, "capture.warc.gz")),
        ):
            store.put_new(key, data)
            artifacts.append(statements.Artifact(role, key, "", len(data), hashlib.sha256(data).hexdigest()))
        said = statements.build(snapshot, 0, made, artifacts, CaptureSettings(), statements.About())
        log.append(store, said, after=-1)
    store.put_new(layout.warc("20260401t000000z-dddddddddddddddd"), b"orphan")


def test_the_version_is_printed(archiver: Run) -> None:
    assert archiver("--version") == (0, f"archiver, version {__version__}\n", "")


def test_help_names_every_command(archiver: Run) -> None:
    code, out, _ = archiver("-h")
    assert code == 0
    assert all(f"  {name} " in out for name in Commands.table)


@pytest.mark.parametrize(
    "arguments",
    [
        *(["nonsense"], ["--nonsense"], ["capture"], ["get", "latest"], ["get", "latest", "--as", "x"], ["show"]),
        *(["index", "nonsense"], ["copy", "a"], ["snapshots", "--limit", "0"], ["snapshots", "--outcome", "x"]),
        *(["init", "--retention-days", "-1"], ["capture", "https://a.test/", "--if-older-than", "5y"]),
    ],
)
def test_wrong_usage_is_exit_code_2(arguments: list[str], archiver: Run) -> None:
    code, out, err = archiver(*arguments)
    assert (code, out) == (2, "")
    assert_one_line(err)
    assert re.search(r"; `[^`]+ --help` says more\n", err)


@pytest.mark.parametrize("url", ["a.test", "ftp://a.test/", "https://", "https://a.test/a b", "https://a.test:x/", ""])
def test_a_bad_url_is_exit_code_2_and_one_line(url: str, archiver: Run) -> None:
    code, out, err = archiver("capture", url)
    assert (code, out) == (2, "")
    assert_one_line(err)


def test_an_error_cannot_write_to_the_terminal(archiver: Run) -> None:
    code, _, err = archiver("--archive", "odd\x1b[31m\u202ename", "show", "latest")
    assert code == 6
    assert_one_line(err)
    assert "odd?[31m?name" in err


def test_one_bad_url_among_good_ones_captures_nothing(archiver: Run) -> None:
    code, _, err = archiver("capture", "https://a.test/", "bad")
    assert code == 2
    assert_one_line(err)
    assert not Path("archive").exists()


@pytest.mark.parametrize("json_option", [[], ["--json"]])
@pytest.mark.parametrize(
    "url", ["https://user:secret@a.test/", "https://user:secret@a.test:99999/", "ftp://user:secret@a.test/"]
)
def test_a_url_with_a_password_is_refused_without_printing_it(url: str, json_option: list[str], archiver: Run) -> None:
    code, out, err = archiver(*json_option, "capture", url)
    assert code == 2
    assert "secret" not in out + err
    assert_one_line(err)


def test_a_bad_url_cannot_write_to_the_terminal(archiver: Run) -> None:
    _, _, err = archiver("capture", "https://a.test/\x1b[31m\u202e")
    assert_one_line(err)
    assert "\x1b" not in err
    assert "\u202e" not in err


@pytest.mark.parametrize("timeout", ["soon", "", "0", "-5s", "nan", "inf", "1e999", "5y", "5 sm", "s", "90ss"])
def test_a_bad_timeout_is_exit_code_2(timeout: str, archiver: Run) -> None:
    code, out, err = archiver("capture", "https://a.test/", f"--timeout={timeout}")
    assert (code, out) == (2, "")
    assert "--timeout" in err
    assert repr(timeout) in err
    assert not Path("archive").exists()


@pytest.mark.parametrize(
    ("timeout", "seconds"),
    [
        ("90", 90.0),
        ("90s", 90.0),
        ("1.5m", 90.0),
        ("500ms", 0.5),
        ("2h", 7200.0),
        ("5d", 432_000.0),
        ("2w", 1_209_600.0),
    ],
)
def test_a_timeout_is_read_in_its_unit(timeout: str, seconds: float) -> None:
    from archiver.cli.options import Duration

    assert Duration().convert(timeout, None, None) == pytest.approx(seconds)


@pytest.mark.parametrize("rule", ["a.test", "a.test=b.test", "a.test:0=127.0.0.1"])
def test_a_bad_rule_is_exit_code_2_and_names_it(rule: str, archiver: Run) -> None:
    code, out, err = archiver("capture", "https://a.test/", "--resolve", rule)
    assert (code, out) == (2, "")
    assert_one_line(err)
    assert f"--resolve {rule!r}" in err


def test_a_bad_configuration_is_exit_code_2_and_names_setting_and_origin(
    archiver: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARCHIVER_CAPTURE__TIMEOUT_S", "soon")
    code, out, err = archiver("show", "latest")
    assert (code, out) == (2, "")
    assert_one_line(err)
    assert "capture.timeout_s (from environment)" in err


def test_a_missing_configuration_file_is_exit_code_2(archiver: Run) -> None:
    code, _, err = archiver("--config", "nowhere.toml", "show", "latest")
    assert code == 2
    assert_one_line(err)


@pytest.mark.parametrize("command", [["show", "latest"], ["show", "2026"], ["get", "latest", "--as", "pdf"]])
def test_an_unknown_reference_is_exit_code_6(command: list[str], archiver: Run) -> None:
    code, out, err = archiver(*command)
    assert (code, out) == (6, "")
    assert_one_line(err)
    assert not Path("archive").exists(), "looking for something makes no archive"


@pytest.mark.parametrize(
    "command", [["show", "latest"], ["get", "latest", "--as", "warc"], ["capture", "https://a.test/"]]
)
def test_an_archive_that_is_a_file_is_exit_code_8(command: list[str], archiver: Run) -> None:
    Path("file").write_bytes(b"precious")
    code, out, err = archiver("--archive", "file", *command)
    assert (code, out) == (8, "")
    assert_one_line(err)
    assert "file" in err
    assert Path("file").read_bytes() == b"precious"


def test_a_folder_that_is_something_else_is_not_captured_into(archiver: Run) -> None:
    Path("folder").mkdir()
    Path("folder/letter.txt").write_bytes(b"dear")
    code, _, err = archiver("--archive", "folder", "capture", "https://a.test/")
    assert code == 8
    assert_one_line(err)
    assert "no archive.json" in err
    assert [path.name for path in Path("folder").iterdir()] == ["letter.txt"]


def test_an_archive_of_another_format_is_not_captured_into(archiver: Run) -> None:
    Path("folder").mkdir()
    Path("folder/archive.json").write_text('{"format":"archiver/99"}')
    code, _, err = archiver("--archive", "folder", "capture", "https://a.test/")
    assert code == 8
    assert_one_line(err)
    assert "archiver/99" in err


@pytest.mark.parametrize("text", ["", "{", "[]", "\xff"])
def test_a_damaged_archive_file_is_exit_code_8_and_one_line(text: str, archiver: Run) -> None:
    Path("folder").mkdir()
    Path("folder/archive.json").write_bytes(text.encode("latin-1"))
    code, _, err = archiver("--archive", "folder", "capture", "https://a.test/")
    assert code == 8
    assert_one_line(err)


@pytest.mark.parametrize("command", [["show", "latest"], ["capture", "https://a.test/"]])
def test_object_storage_without_credentials_is_one_line_that_says_what_to_do(
    command: list[str], archiver: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "nowhere")
    code, out, err = archiver("--archive", "s3://bucket/prefix", *command)
    assert (code, out) == (8, "")
    assert_one_line(err)
    assert "s3://bucket/prefix" in err
    assert "AWS_ACCESS_KEY_ID" in err


@pytest.mark.parametrize(
    ("reference", "found"),
    [("latest", _IDS[2]), ("202603", _IDS[2]), (_IDS[0], _IDS[0]), ("20260101t000000z-b", _IDS[1])],
)
def test_a_reference_is_latest_an_id_or_the_beginning_of_one(reference: str, found: str, archiver: Run) -> None:
    store_snapshots(Path("archive"))
    code, out, err = archiver("show", reference)
    assert (code, err) == (0, "")
    assert out.startswith(f"{found}  complete  entry {_IDS.index(found)} of the log\n")
    assert json.loads(out.partition("\n")[2])["id"] == found
    assert "\x1b" not in out
    assert "\u202e" not in out


def test_an_ambiguous_reference_is_exit_code_2_and_lists_the_first(archiver: Run) -> None:
    store_snapshots(Path("archive"))
    code, out, err = archiver("show", "2026")
    assert (code, out) == (2, "")
    assert_one_line(err)
    assert all(snapshot in err for snapshot in _IDS)


def test_a_snapshot_without_a_statement_is_not_found(archiver: Run) -> None:
    store_snapshots(Path("archive"))
    assert archiver("show", "202604")[0] == 6


def test_json_is_one_line(archiver: Run) -> None:
    store_snapshots(Path("archive"))
    code, out, _ = archiver("--json", "show", "latest")
    assert code == 0
    assert out.count("\n") == 1
    assert (json.loads(out)["id"], json.loads(out)["title"]) == (_IDS[2], _TITLE)


def test_a_warc_is_taken_out_as_it_is(archiver: Run) -> None:
    store_snapshots(Path("archive"))
    code, out, err = archiver("get", "latest", "--as", "warc", "-o", "out.warc.gz")
    assert (code, out) == (0, "")
    assert "out.warc.gz" in err
    stored = Path("archive") / layout.warc(_IDS[2])
    assert hashlib.sha256(Path("out.warc.gz").read_bytes()).digest() == hashlib.sha256(stored.read_bytes()).digest()


@pytest.mark.parametrize("output", [[], ["-o", "-"]])
def test_a_part_is_written_to_standard_output(output: list[str], archiver: Run) -> None:
    store_snapshots(Path("archive"))
    assert archiver("get", "latest", "--as", "text", *output) == (0, "hello", "")


def test_a_part_that_was_not_made_is_exit_code_6(archiver: Run) -> None:
    store_snapshots(Path("archive"))
    code, _, err = archiver("get", "latest", "--as", "pdf", "-o", "page.pdf")
    assert code == 6
    assert_one_line(err)
    assert not Path("page.pdf").exists()


def test_an_existing_output_is_exit_code_8_and_stays(archiver: Run) -> None:
    store_snapshots(Path("archive"))
    Path("out").write_bytes(b"precious")
    code, _, err = archiver("get", "latest", "--as", "text", "-o", "out")
    assert code == 8
    assert_one_line(err)
    assert Path("out").read_bytes() == b"precious"


@pytest.mark.parametrize("part", ["warc", "text"])
@pytest.mark.parametrize("output", [[], ["-o", "out"]])
def test_a_missing_warc_is_one_line_and_an_exit_code_and_leaves_no_output(
    part: str, output: list[str], archiver: Run
) -> None:
    store_snapshots(Path("archive"))
    (Path("archive") / layout.warc(_IDS[2])).unlink()
    code, out, err = archiver("get", "latest", "--as", part, *output)
    assert code in (6, 8)
    assert out == ""
    assert_one_line(err)
    assert "capture.warc.gz" in err
    assert not Path("out").exists()


@pytest.mark.parametrize("data", [b"", b"junk", b"\x1f\x8b\x08\x00junk"])
def test_a_damaged_warc_is_exit_code_8_and_one_line(data: bytes, archiver: Run) -> None:
    store_snapshots(Path("archive"))
    (Path("archive") / layout.warc(_IDS[2])).write_bytes(data)
    code, out, err = archiver("get", "latest", "--as", "text")
    assert (code, out) == (8, "")
    assert_one_line(err)


def test_a_damaged_statement_is_exit_code_8_and_one_line(archiver: Run) -> None:
    store_snapshots(Path("archive"))
    for note in Path("archive/notes").iterdir():
        if _IDS[2].encode() in note.read_bytes():
            note.write_bytes(b"{")
    code, out, err = archiver("show", _IDS[2])
    assert (code, out) == (8, "")
    assert_one_line(err)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("show", "latest"), "interrupted"),
        (("capture", "http://a.test/"), "interrupted; nothing of the unfinished capture was stored"),
    ],
)
def test_an_interruption_is_exit_code_130(
    archiver: Run, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], said: str
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("archiver.cli.snapshots.Archive", interrupt)
    monkeypatch.setattr("archiver.cli.capturing.Archive", interrupt)
    code, _, err = archiver(*command)
    assert (code, err) == (130, f"archiver: {said}\n")


def test_an_interruption_of_code_made_from_text_is_exit_code_130_too(tmp_path: Path) -> None:
    interrupted = "exec('import signal; signal.raise_signal(signal.SIGINT)')"
    script = f"import archiver.cli.main as m; m.cli.main = lambda **_: {interrupted}; m.main()"
    (tmp_path / "as_module.py").write_text(script)
    done = subprocess.run(
        [sys.executable, "-m", "as_module"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (130, "")
    assert_one_line(done.stderr)


def test_the_module_is_the_console_script() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "archiver", "capture", "bad"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={"PYTHONPATH": str(Path(__file__).parents[3])},
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert_one_line(done.stderr)


def test_the_list_of_commands_says_what_each_says_of_itself() -> None:
    context = click.Context(cli)
    for name, (_, text) in Commands.table.items():
        command = cli.get_command(context, name)
        assert command is not None
        assert command.name == name
        assert command.get_short_help_str(200) == text


def test_help_loads_no_browser_driver() -> None:
    program = "import sys; from archiver.cli.main import cli; cli.main(['--help'], standalone_mode=False); "
    program += "print([m for m in sys.modules if m.split('.')[0] in ('playwright', 'pydantic', 'warcio', 'dns')])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n")


# the proxy


@pytest.mark.parametrize("url", ["socks5://annika:s3cr@127.0.0.1:1080", "http://annika@127.0.0.1:3128"])
def test_a_proxys_password_on_the_command_line_is_exit_code_2_and_not_repeated(url: str, archiver: Run) -> None:
    code, out, err = archiver("capture", "https://a.test/", "--proxy", url)
    assert (code, out) == (2, "")
    assert_one_line(err)
    assert "ARCHIVER_CAPTURE__PROXY" in err
    assert "annika" not in err
    assert not Path("archive").exists()


def test_a_proxy_that_resolves_names_is_exit_code_2_unless_the_guard_is_lifted(archiver: Run) -> None:
    code, out, err = archiver("capture", "https://a.test/", "--proxy", "socks5h://127.0.0.1:1080")
    assert (code, out) == (2, "")
    assert_one_line(err)
    assert "--allow-private" in err
    assert not Path("archive").exists()


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_doctor_shows_the_proxy_without_its_password(
    options: list[str], archiver: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARCHIVER_CAPTURE__PROXY", "socks5://annika:s3cr@127.0.0.1:1080")
    _, out, err = archiver(*options, "doctor")
    assert "socks5://***@127.0.0.1:1080" in out
    assert "annika" not in out + err
    assert "s3cr" not in out + err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--profile", "phone"], "capture.profile: there is no profile and no file 'phone'"),
        (["--storage-state", "nowhere.json"], "capture.storage_state: nowhere.json cannot be read"),
        (["--from-file", "nowhere.txt"], "--from-file: nowhere.txt cannot be read"),
        (["--resolve", "nonsense"], "--resolve 'nonsense'"),
    ],
)
def test_what_a_capture_cannot_use_is_one_line_before_anything_is_made(
    arguments: list[str], told: str, archiver: Run
) -> None:
    code, out, err = archiver("capture", *arguments, "https://outlet.test/")
    assert (code, out) == (2, "")
    assert_one_line(err)
    assert told in err
    assert not Path("archive").exists()


# listing and showing captures, also those that left nothing


_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def store_failures(folder: Path) -> None:
    """A capture that failed, one that was never finished, and one that is under way."""
    store = LocalStore(folder)
    store.make_root()
    descriptor.found(store, Descriptor("0" * 32, "2026-01-01T00:00:00Z"))
    about = statements.About(tags=("harbour",))
    far = clock.now() + timedelta(days=1)
    url = "https://outlet.test/" + "long/" * 30 + "end"
    for snapshot, deadline in zip(_IDS, (_BEGAN, _BEGAN, far), strict=True):
        log.append(store, statements.intent(snapshot, url, _BEGAN, deadline, about), after=-1)
    failed = statements.failure(_IDS[0], 0, url, _BEGAN, _BEGAN, "UnreachableError", "nobody answers", about)
    log.append(store, failed, after=-1)


def test_captures_without_a_snapshot_are_listed_with_what_became_of_them(archiver: Run) -> None:
    store_failures(Path("archive"))
    code, out, err = archiver("snapshots")
    assert (code, err) == (0, "")
    found = {line.split()[0]: line.split()[3] for line in out.splitlines()}
    assert found == dict(zip(_IDS, ("failed", "unfinished", "pending"), strict=True))
    assert out.count("/end  #harbour\n") == 3


@pytest.mark.parametrize("columns", [80, 100, 200])
def test_a_listing_fits_the_terminal(columns: int, archiver: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    store_failures(Path("archive"))
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr("archiver.cli.snapshots.sys.stdout.isatty", lambda: True)
    _, out, _ = archiver("snapshots")
    lines = out.splitlines()
    assert [len(line) <= max(columns, 92) for line in lines] == [True] * 3
    assert all("  https://" in line and line.endswith("end  #harbour") for line in lines)
    for line in lines:
        assert archiver("show", line.split()[0])[0] == 0


@pytest.mark.parametrize(
    ("index", "begins", "kind"),
    [(0, "failed  entry 3", "failure"), (1, "unfinished  entry 1", "intent"), (2, "pending  entry 2", "intent")],
)
def test_a_capture_without_a_snapshot_is_shown_as_the_log_has_it(
    index: int, begins: str, kind: str, archiver: Run
) -> None:
    store_failures(Path("archive"))
    code, out, err = archiver("show", _IDS[index])
    assert (code, err) == (0, "")
    assert out.startswith(f"{_IDS[index]}  {begins} of the log\n")
    assert json.loads(out.partition("\n")[2])["type"] == kind


@pytest.mark.parametrize(("index", "told"), [(0, "its capture failed: nobody answers"), (1, "was never finished")])
def test_nothing_can_be_taken_out_of_a_capture_without_a_snapshot(index: int, told: str, archiver: Run) -> None:
    store_failures(Path("archive"))
    code, out, err = archiver("get", _IDS[index], "--as", "pdf")
    assert (code, out) == (6, "")
    assert_one_line(err)
    assert told in err


# making and copying archives


def test_what_init_cannot_do_is_one_line_and_makes_nothing(archiver: Run) -> None:
    for arguments, expected in (
        (["ftp://a.test/"], 8),
        (["a", "--retention-days", "3"], 2),
        (["a", "--evidence", "./a"], 2),
        (["a", "--evidence", "b", "--retention-days", "3"], 8),
    ):
        code, out, err = archiver("init", *arguments)
        assert (code, out) == (expected, "")
        assert_one_line(err)
        assert not Path("a").exists()
    assert archiver("init", "a")[0] == 0
    assert archiver("init", "a")[0] == 8


def test_a_folder_for_evidence_is_the_same_from_everywhere(archiver: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert archiver("init", "a", "--evidence", "b")[0] == 0
    assert json.loads(Path("a/archive.json").read_bytes())["evidence"] == str(Path("b").resolve())


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["nowhere", "b"], 6),
        (["archive", "archive"], 2),
        (["archive", "./archive"], 2),
        (["archive", "b", "--url", "outlet"], 2),
        (["archive", "b", "--url", "https://other.test/"], 6),
    ],
)
def test_what_cannot_be_copied_is_one_line_and_makes_nothing(
    arguments: list[str], expected: int, archiver: Run
) -> None:
    store_snapshots(Path("archive"))
    code, out, err = archiver("copy", *arguments)
    assert (code, out) == (expected, "")
    assert_one_line(err)
    assert not Path("b").exists()


def test_a_whole_copy_opens_no_index_so_a_shared_database_is_no_hindrance(
    archiver: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_snapshots(Path("archive"))
    monkeypatch.setenv("ARCHIVER_DATABASE_URL", "sqlite:///shared.sqlite")
    assert archiver("snapshots")[0] == 0
    code, out, err = archiver("copy", "archive", "b")
    assert (code, err) == (0, "")
    assert out.startswith("3 entries, ")
    monkeypatch.setenv("ARCHIVER_DATABASE_URL", "")
    assert archiver("--archive", "b", "snapshots")[1].count("\n") == 3


def test_an_archive_made_anew_in_the_same_place_has_an_index_of_its_own(
    archiver: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusing(place: str | Path, store: ObjectStore) -> Database:
        if Path(place).name == "index.sqlite":
            raise UnwritableError("read-only")
        return open_index(place, store)

    # As for object storage, the index is in the user's cache then.
    monkeypatch.setattr("archiver.archive.open_index", refusing)
    store_snapshots(Path("archive"))
    assert archiver("snapshots")[1].count("\n") == 3
    shutil.rmtree("archive")
    assert archiver("init")[0] == 0
    assert archiver("snapshots") == (0, "", "nothing of that in archive\n")

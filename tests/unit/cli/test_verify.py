"""`archiver verify` and `archiver log` as they are called: what they print, and with which exit code."""

from __future__ import annotations

import json
import os
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from archiver.archive import Archive
from archiver.errors import StorageError
from archiver.seal import keys, seen
from archiver.storage import layout
from archiver.verify.verdict import CHECKS
from archiver.verifying import Wanted, verify_all
from tests.support import recorded
from tests.support.scheduled import World
from tests.unit.cli.conftest import Run

_URL = "https://a.test/page"
_RARE = ("package", "withdrawal", "derivations", "report", "custody")  # checks that a plain snapshot has not
_NOT_HERE = ("retention", "timestamps", "interval")  # no lock, and no authority


@pytest.fixture(autouse=True)
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of three captures in ./archive."""
    monkeypatch.setattr("archiver.capture.capture.record", recorded.record)
    with Archive("archive") as archive:
        return [archive.capture(f"{_URL}{number}").snapshot.id for number in range(3)]


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def forget_keys_and_log() -> None:
    """As somebody else, on another machine."""
    with Archive("archive") as archive:
        described = archive.describe()
    assert described is not None
    keys.path_of(described.id).unlink()
    seen.path_of(str(described.origin)).unlink()


def origin() -> str:
    with Archive("archive") as archive:
        described = archive.describe()
    assert described is not None
    return str(described.origin)


def test_each_check_has_its_number_and_says_what_it_looked_at(archiver: Run, made: list[str]) -> None:
    code, out, err = archiver("verify", made[1])
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == f"{made[1]}  snapshot  {_URL}1"
    assert lines[-1] == "PASS"
    numbers = [line.split()[:2] for line in lines[1:-1]]
    assert numbers == [[str(number), name] for number, name in enumerate(CHECKS, 1) if name not in _RARE]
    assert "entries 2 and 3 of the 6 that were signed" in out


def test_the_json_of_a_verification_has_every_check(archiver: Run, made: list[str]) -> None:
    code, out, _ = archiver("--json", "verify", "latest")
    (found,) = objects(out)
    assert code == 0
    assert (found["type"], found["id"], found["kind"], found["verdict"]) == (
        "verification",
        made[2],
        "snapshot",
        "PASS",
    )
    assert {check["name"]: check["verdict"] for check in found["checks"]} == {
        name: "SKIPPED" if name in _NOT_HERE else "PASS" for name in CHECKS if name not in _RARE
    }
    assert all(check["detail"] for check in found["checks"])


def test_what_was_altered_is_told_with_exit_code_4(archiver: Run, made: list[str]) -> None:
    path = Path("archive") / layout.warc(made[0])
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(data)
    code, out, _ = archiver("verify", made[0])
    assert code == 4
    assert out.splitlines()[-1] == "FAIL"
    assert any(line.split()[1:3] == ["artifacts", "FAIL"] for line in out.splitlines())
    assert archiver("verify", made[1])[0] == 0
    code, out, _ = archiver("verify", "--all")
    assert code == 4
    assert out.splitlines()[-1] == "FAIL  1 FAIL, 2 PASS"
    assert made[0] in out
    assert made[1] not in out


def test_a_stranger_is_told_what_is_missing_with_exit_code_5(archiver: Run) -> None:
    trusted = archiver("key", "show")[1]
    Path("trusted.txt").write_text(trusted)
    Path("before.txt").write_bytes((Path("archive") / layout.CHECKPOINT).read_bytes())
    forget_keys_and_log()
    code, out, _ = archiver("verify", "latest")
    assert code == 5
    assert "only the archive itself names its key" in out
    assert "that nothing was dropped is not known" in out
    code, out, _ = archiver("verify", "latest", "--trust", "trusted.txt")
    assert code == 5
    assert "only the archive itself" not in out
    assert archiver("verify", "latest", "--trust", "trusted.txt", "--checkpoint", "before.txt")[0] == 0
    code, out, _ = archiver("verify", "--all")
    assert code == 5
    assert "UNDETERMINED, 3 times  signature: only the archive itself" in out
    assert out.splitlines()[-1] == "UNDETERMINED  3 UNDETERMINED"


def test_all_of_an_archive_is_counted(archiver: Run) -> None:
    code, out, _ = archiver("--json", "verify", "--all")
    found = objects(out)
    assert code == 0
    assert [each["type"] for each in found] == ["log", *["verification"] * 3, "summary"]
    assert found[-1] == {"type": "summary", "verdict": "PASS", "reports": {"PASS": 3}, "snapshots": 3, "read": 3}
    names = {check["name"] for check in found[0]["checks"]}
    assert names == {
        *("checkpoint", "inclusion", "consistency", "slots", "tiles", "timestamps", "entries", "keys", "schedules")
    }


def test_a_sample_reads_a_part_and_says_so(archiver: Run) -> None:
    code, out, _ = archiver("verify", "--all", "--sample", "34%")
    assert code == 0
    assert out.splitlines()[-1] == "PASS  3 PASS; the contents of 1 of 3 snapshots were read"


@pytest.mark.parametrize("sample", ["0%", "101", "five", "-5%", "nan"])
def test_a_sample_that_is_none_is_refused(sample: str, archiver: Run) -> None:
    code, _, err = archiver("verify", "--all", "--sample", sample)
    assert code == 2
    assert "is no percentage" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "give either a REF or FILE, or --all"),
        (("latest", "--all"), "give either a REF or FILE, or --all"),
        (("latest", "--sample", "5%"), "--sample is for --all"),
        (("missing.wacz",), "there is no file missing.wacz"),
        (("./missing",), "there is no file ./missing"),
        (("latest", "--trust", "missing"), "missing cannot be read"),
        (("latest", "--trust", "empty"), "empty names no key"),
        (("latest", "--trust", "junk"), "junk, line 1: "),
        (("latest", "--checkpoint", "junk"), "junk is neither a checkpoint nor a proof"),
        (("junk",), "junk is neither a WACZ nor a compressed WARC"),
        (("archive",), "`archiver --archive archive verify --all`"),
    ],
)
def test_wrong_usage_is_told_in_a_line(arguments: tuple[str, ...], message: str, archiver: Run) -> None:
    Path("empty").touch()
    Path("junk").write_text("junk\n")
    code, out, err = archiver("verify", *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


def test_what_is_not_there_is_not_found(archiver: Run) -> None:
    assert archiver("verify", "https://a.test/another")[0] == 6
    assert archiver("--archive", "nowhere", "verify", "--all")[0] == 6


def test_a_bundle_a_wacz_and_a_warc_are_verified_by_themselves(archiver: Run, made: list[str]) -> None:
    for part, code, options in (("evidence", 0, ["--no-pdf"]), ("wacz", 5, []), ("warc", 5, [])):
        name = f"{part}.file"
        assert archiver("get", made[1], "--as", part, *options, "-o", name)[0] == 0
        found, out, _ = archiver("verify", name)
        assert found == code
        assert ("bears no signature" in out) is (code == 5)


def test_a_bundle_of_one_checkpoint_has_the_same_bytes_each_time(archiver: Run, made: list[str]) -> None:
    for name in ("one", "other"):
        archiver("get", made[1], "--as", "evidence", "--no-pdf", "-o", name)
    assert Path("one").read_bytes() == Path("other").read_bytes()


def test_verifying_alters_nothing(archiver: Run) -> None:
    def everything() -> dict[str, bytes]:
        return {
            str(path): path.read_bytes()
            for path in sorted(Path("archive").rglob("*"))
            if path.is_file() and not path.name.startswith("index.sqlite")
        }

    before, known = everything(), seen.load(origin())
    archiver("verify", "latest")
    archiver("verify", "--all")
    assert everything() == before
    assert seen.load(origin()) == known


def test_the_log_is_signed_proved_and_watched(archiver: Run, made: list[str]) -> None:
    code, note, _ = archiver("log", "checkpoint")
    assert code == 0
    assert note.splitlines()[:2] == [origin(), "6"]
    code, proof, _ = archiver("log", "prove", made[0], "-o", "proof")
    assert (code, proof) == (0, "")
    assert Path("proof").read_text().startswith("c2sp.org/tlog-proof@v1\nindex 1\n")
    assert archiver("verify", "latest", "--checkpoint", "proof")[0] == 0
    assert "6 entries of" in archiver("log", "monitor")[1]
    assert "0 more than before" in archiver("log", "monitor")[1]
    (found,) = objects(archiver("--json", "log", "monitor")[1])
    assert (found["type"], found["size"], found["before"], found["alarms"]) == ("look", 6, 6, [])


def test_a_monitor_sounds_the_alarm_and_keeps_what_it_saw(archiver: Run, made: list[str]) -> None:
    archiver("log", "monitor", "--state", "state")
    before = Path("state").read_bytes()
    (Path("archive") / layout.slot(3)).unlink()
    code, out, err = archiver("log", "monitor", "--state", "state")
    assert code == 4
    assert "ALARM  slots: the log has a hole: entry 3, which was signed, is missing" in out
    assert "keep state" in err
    assert Path("state").read_bytes() == before


def test_a_monitor_remembers_by_place_not_by_how_it_is_written(
    archiver: Run, made: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "seen for the first time; remembered in " in archiver("log", "monitor")[1]
    place = Path("archive").absolute()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert "0 more than before" in archiver("--archive", str(place), "log", "monitor")[1]
    archiver("init")
    archiver("log", "checkpoint")
    code, out, _ = archiver("log", "monitor")
    assert (code, "nothing to remember yet" in out or "seen for the first time" in out) == (0, True)


def test_an_archive_without_a_key_is_neither_signed_nor_believed(archiver: Run) -> None:
    Path("old").mkdir()
    (Path("old") / "archive.json").write_text(
        json.dumps({"format": "archiver/1", "id": "0" * 32, "created_at": "2026-01-01T00:00:00Z"})
    )
    with Archive("old") as old:
        old.capture(_URL)
    code, _, err = archiver("--archive", "old", "log", "checkpoint")
    assert code == 6
    assert "made before archives had keys" in err
    code, out, _ = archiver("--archive", "old", "verify", "latest")
    assert code == 5
    assert "nothing in it is signed" in out


def test_a_process_that_dies_while_it_verifies_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with Archive("archive") as archive:
        monkeypatch.setattr(Archive, "opening", partial(os._exit, 1))
        with pytest.raises(StorageError, match="ended early"):
            list(verify_all(archive, Wanted()).reports)


def scheduled(monkeypatch: pytest.MonkeyPatch) -> World:
    """An archive in ./archive whose schedule was due three times: captured, failed, and nothing came of the last."""
    shutil.rmtree("archive")
    world = World(monkeypatch)
    world.add("front")
    world.at(0.1).capture(1, 0)
    world.at(1.1).capture(2, 1, fails="https://a.test/news: HTTP 503")
    world.at(3)
    return world


def test_what_a_schedule_missed_is_told_with_all_of_an_archive(archiver: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    world = scheduled(monkeypatch)
    code, out, _ = archiver("verify", "--all")
    assert code == 5
    lines = out.splitlines()
    at = next(number for number, line in enumerate(lines) if line.split()[:1] == ["schedules"])
    assert lines[at].split(maxsplit=2) == [
        "schedules",
        "UNDETERMINED",
        "1 schedule: 1 captured, 1 failed, 1 waiting, 1 unexplained",
    ]
    unexplained, failed = (line.strip() for line in lines[at + 1 : at + 3])
    url = "https://a.test/news"
    assert unexplained == (
        f"front 3, due 2026-03-01T02:00:00Z, {url}: unexplained: nothing says why there is no capture"
    )
    assert failed == f"front 2, due 2026-03-01T01:00:00Z, {url}: failed ({world.newest()}): {url}: HTTP 503"
    assert lines[-1] == "UNDETERMINED  3 PASS"


def test_what_a_schedule_missed_is_in_the_json_and_what_is_explained_passes(
    archiver: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = scheduled(monkeypatch)
    world.missed(3, 3, "no worker ran")
    code, out, _ = archiver("--json", "verify", "--all")
    assert code == 0
    (found,) = [check for check in objects(out)[0]["checks"] if check["name"] == "schedules"]
    assert (found["number"], found["verdict"]) == (None, "PASS")
    assert found["detail"] == "1 schedule: 1 captured, 1 failed, 1 missed, 1 waiting"
    assert [line.split(": ")[1].split()[0] for line in found["problems"]] == ["failed", "missed"]
    assert objects(out)[-1]["verdict"] == "PASS"

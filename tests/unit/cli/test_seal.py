"""`archiver seal`, and what `capture`, `show`, `doctor` and `verify` say of time stamps."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from archiver.cli.exit_codes import ExitCode
from tests.support import recorded
from tests.support.stamping import SECRET, Around
from tests.unit.cli.conftest import Run

URL = "https://a.test/page"


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("archiver.capture.capture.record", recorded.record)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


Configure = Callable[..., None]


@pytest.fixture
def configure(around: Around, monkeypatch: pytest.MonkeyPatch) -> Configure:
    """Name these authorities in the user's own file."""

    def write(*names: str, text: str | None = None) -> None:
        path = Path.home() / "config" / "archiver" / "archiver.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(around.toml(*names, timeout_s=20.0) if text is None else text)

    write()
    return write


@pytest.fixture
def told(archiver: Run, configure: Configure) -> Callable[..., tuple[int, str]]:
    """Run a command; its exit code and all that it told, in which no URL of an authority ever is."""

    def run(*arguments: str) -> tuple[int, str]:
        code, out, err = archiver(*arguments)
        assert SECRET not in out + err
        assert "127.0.0.1" not in out + err
        return code, out + err

    return run


def capture(archiver: Run, url: str = URL) -> dict[str, Any]:
    code, out, err = archiver("--json", "capture", url)
    assert code == 0, err
    found: dict[str, Any] = json.loads(out.splitlines()[-1])
    return found


Told = Callable[..., tuple[int, str]]


def of_json(told: Told, *arguments: str) -> tuple[int, dict[str, Any]]:
    code, out = told("--json", *arguments)
    return code, json.loads(out)


def test_a_sealed_capture_is_told_with_its_interval(told: Told, archiver: Run) -> None:
    code, out = told("capture", URL)
    assert code == 0
    assert "  time       sealed after " in out
    assert " UTC (one and two) and before " in out
    assert "warning" not in out
    made = capture(archiver)
    assert made["sealed"]["after_by"] == made["sealed"]["before_by"] == ["one", "two"]
    assert made["sealed"]["after"] <= made["captured_at"]
    assert made["unstamped"] == {}


def test_a_capture_that_could_not_be_stamped_is_stored_and_says_why(told: Told, around: Around, archiver: Run) -> None:
    capture(archiver)
    around.behave(one="garbage", two="redirecting")
    code, out = told("capture", URL)
    assert code == 0
    assert "warning    time-stamp authority one: its answer is refused: the response cannot be read" in out
    assert "warning    time-stamp authority two: it redirects (status 307), which is not followed" in out
    assert "the snapshot is stored, but time-stamped by 0 of 2 authorities: `" in out
    assert "seal retry` asks again, and so do workers" in out
    made = capture(archiver)
    assert made["sealed"]["before"] is None
    assert sorted(made["unstamped"]) == ["one", "two"]


def test_status_tells_whom_it_asks_what_waits_and_when_the_log_was_stamped(
    told: Told, around: Around, archiver: Run
) -> None:
    capture(archiver)
    code, out = told("seal", "status")
    assert code == 0
    lines = out.splitlines()
    assert lines[0].startswith("time stamps from one, whose root is CN=One Root (SHA-256 ")
    assert lines[1].startswith("time stamps from two, whose root is CN=Two Root (SHA-256 ")
    assert lines[2].startswith("the log was time-stamped last at 1 entries, ")
    assert lines[2].endswith(" UTC, by one and two")
    assert lines[3:] == ["nothing waits for time stamps"]

    around.behave(one="busy")
    made = capture(archiver)
    asked = around.asked()
    code, found = of_json(told, "seal", "status")
    assert code == 0
    assert around.asked() == asked, "nobody is asked"
    assert (found["type"], found["waits"], found["since"]) == ("seal", 1, made["log_index"])
    assert found["stamped"]["size"] == 1
    assert found["stamped"]["authorities"] == ["one", "two"]
    assert [each["name"] for each in found["authorities"]] == ["one", "two"]
    assert all(len(root) == 64 for each in found["authorities"] for root in each["roots"])
    assert "1 note waits for time stamps, since entry 3; `archiver seal retry` asks again" in told("seal", "status")[1]


def test_retry_completes_what_waits_and_its_code_says_whether_something_still_does(
    told: Told, around: Around, archiver: Run
) -> None:
    capture(archiver)
    around.behave(one="busy", two="hanging-up")
    for _ in range(2):
        capture(archiver)
    code, out = told("seal", "retry")
    assert code == ExitCode.UNREACHABLE
    assert "0 notes completed, 2 still waiting; 0 renewed" in out
    assert "  time-stamp authority one: the server answered with status 503" in out
    assert "  time-stamp authority two: the server closed the connection without an answer" in out
    code, found = of_json(told, "seal", "retry")
    assert code == ExitCode.UNREACHABLE
    assert {name: found[name] for name in ("type", "stamped", "renewed", "checkpoint", "waits")} == {
        "type": "retry",
        "stamped": 0,
        "renewed": 0,
        "checkpoint": None,
        "waits": 2,
    }
    assert sorted(found["failures"]) == ["one", "two"]
    around.behave(one="good", two="good")
    assert told("seal", "retry") == (0, "2 notes completed, 0 still waiting; 0 renewed\n")
    assert told("seal", "retry") == (0, "0 notes completed, 0 still waiting; 0 renewed\n")
    assert told("--quiet", "seal", "retry") == (0, "")


def test_retry_stamps_a_log_that_never_was(told: Told, around: Around, archiver: Run) -> None:
    around.behave(one="busy", two="busy")
    capture(archiver)
    assert "the log was not time-stamped yet" in told("seal", "status")[1]
    around.behave(one="good", two="good")
    code, out = told("seal", "retry")
    assert (code, out.splitlines()[0]) == (0, "the log of 2 entries was time-stamped by one and two")


def test_show_tells_the_interval_and_what_is_missing(told: Told, around: Around, archiver: Run) -> None:
    made = capture(archiver)
    code, out = told("show", made["id"])
    assert code == 0
    assert out.splitlines()[1].startswith("sealed after ")
    _, found = of_json(told, "show", made["id"])
    assert found["sealed"] == made["sealed"] | {"vouched": True}
    around.behave(one="busy", two="busy")
    bare = capture(archiver)
    lines = told("show", bare["id"])[1].splitlines()
    assert lines[1].endswith("and no time stamp says until when")
    assert lines[2].startswith("  note: nobody that is trusted attests until when it was sealed")
    _, found = of_json(told, "show", bare["id"])
    assert (found["sealed"]["before"], found["sealed"]["before_by"]) == (None, [])


def test_show_without_authorities_says_that_nobody_vouches(told: Told, configure: Configure, archiver: Run) -> None:
    made = capture(archiver)
    configure(text="")
    _, found = of_json(told, "show", made["id"])
    assert found["sealed"]["vouched"] is False
    assert "no root of a time-stamp authority is trusted here" in told("show", made["id"])[1]


def test_verify_believes_the_roots_it_is_given_and_no_others(
    told: Told, configure: Configure, around: Around, archiver: Run
) -> None:
    made = capture(archiver)
    configure(text="")
    roots = {name: around.authority(name).folder / "root.pem" for name in ("one", "two", "three")}
    given = [f"--authority={name}={roots[name]}" for name in ("one", "two")]
    verdicts: dict[tuple[str, ...], str] = {}
    for options in ((), tuple(given), (f"--authority=three={roots['three']}",)):
        _, found = of_json(told, "verify", made["id"], *options)
        verdicts[options] = next(each["verdict"] for each in found["checks"] if each["name"] == "timestamps")
    assert list(verdicts.values()) == ["UNDETERMINED", "PASS", "UNDETERMINED"]


def test_doctor_tells_what_waits_and_that_one_authority_is_few(
    told: Told, configure: Configure, around: Around, archiver: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archiver.cli.doctor.isolated", lambda _: contextlib.nullcontext())  # it starts a browser
    capture(archiver)
    around.behave(two="busy")
    capture(archiver)
    _, found = of_json(told, "doctor")
    assert [each["name"] for each in found["authorities"]] == ["one", "two"]
    assert found["timestamps_waiting"] == 1
    out = told("doctor")[1]
    assert "  time stamps from one, whose root is CN=One Root" in out
    assert "  1 note waits for time stamps, since entry 3; `archiver seal retry` asks again" in out
    configure("one")
    assert "one authority alone: name another as [authorities.NAME]" in told("doctor")[1]
    configure(text="")
    assert (
        "no time stamps: no authority is configured, so nobody else says when something was captured"
        in (told("doctor")[1])
    )
    _, found = of_json(told, "doctor")
    assert (found["authorities"], found["timestamps_waiting"]) == ([], None)


@pytest.mark.parametrize("command", ["status", "retry"])
def test_without_an_authority_it_is_said_how_to_name_one(
    command: str, told: Told, configure: Configure, archiver: Run
) -> None:
    capture(archiver)
    configure(text="")
    code, out = told("seal", command)
    assert code == ExitCode.USAGE
    assert "no time-stamp authority is configured; name two as [authorities.NAME] in a configuration file" in out


@pytest.mark.parametrize("command", ["status", "retry"])
def test_without_an_archive_it_is_said_that_there_is_none(command: str, told: Told) -> None:
    code, out = told("seal", command)
    assert code == ExitCode.NOT_FOUND
    assert "there is no archive in archive" in out
    assert not Path("archive").exists()


@pytest.mark.parametrize("content", [None, "", "no certificate"])
@pytest.mark.parametrize("command", [("seal", "status"), ("seal", "retry"), ("capture", URL)])
def test_roots_that_cannot_be_used_are_told_before_anything_is_done(
    content: str | None, command: tuple[str, ...], told: Told, configure: Configure, around: Around
) -> None:
    roots = Path.home() / "roots.pem"
    if content is not None:
        roots.write_text(content)
    text = f'[authorities.one]\nurl = "{around.urls()["one"]}"\nroots = "{roots}"\n'
    told("init")
    configure(text=text)
    code, out = told(*command)
    assert code == ExitCode.USAGE
    assert "time-stamp authority one: its roots " in out
    assert around.asked()["one"] == 0
    assert list(Path("archive/log/slot").iterdir() if Path("archive/log/slot").exists() else []) == []


def test_a_certificate_that_is_no_root_is_refused(told: Told, configure: Configure, around: Around) -> None:
    signer = around.authority("one").folder / "signer.pem"
    configure(text=f'[authorities.one]\nurl = "{around.urls()["one"]}"\nroots = "{signer}"\n')
    code, out = told("capture", URL)
    assert code == ExitCode.USAGE
    assert "is not self-signed" in out


@pytest.mark.parametrize("name", ["One", "a b", "a.b", "-a", "a" * 33, "", "ä"])
def test_names_that_could_be_no_part_of_a_file_are_refused(
    name: str, told: Told, configure: Configure, around: Around
) -> None:
    table = around.tables("one")["one"]
    configure(text=f'[authorities."{name}"]\nurl = "{table["url"]}"\nroots = "{table["roots"]}"\n')
    code, out = told("seal", "status")
    assert code == ExitCode.USAGE
    assert "the name of an authority is made of a-z, 0-9 and -, at most 32 of them" in out


def test_authorities_of_the_current_folder_are_refused(told: Told, around: Around, configure: Configure) -> None:
    """Whoever can put a file there would else be told what is captured, and attest it."""
    Path("archiver.toml").write_text(around.toml("one"))
    configure(text="")
    for command in (("seal", "status"), ("capture", URL), ("doctor",)):
        code, out = told(*command)
        assert code == ExitCode.USAGE
        assert "may not be set in archiver.toml of the current folder" in out
    assert around.asked()["one"] == 0
    assert not Path("archive").exists()


def test_authorities_of_the_environment_are_refused(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVER_AUTHORITIES__ONE__URL", "http://a.test/")
    code, out = told("seal", "status")
    assert code == ExitCode.USAGE
    assert "time-stamp authorities stand in a file, as [authorities.NAME]" in out


def test_what_is_never_due_is_not_asked_for(told: Told, configure: Configure, around: Around, archiver: Run) -> None:
    capture(archiver)
    configure(
        text=around.toml().replace("[seal]\n", "[seal]\ncheckpoint_every_s = 31622400\nrenew_before_s = 316224000\n")
    )
    asked = around.asked()
    assert told("seal", "retry") == (0, "0 notes completed, 0 still waiting; 0 renewed\n")
    assert around.asked() == asked

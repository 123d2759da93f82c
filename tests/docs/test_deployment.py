"""The unit, the compose file and the Dockerfile name only what there is, and let a worker end in its own time."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from archiver import config
from archiver.cli import worker as worker_command
from archiver.cli.exit_codes import ExitCode
from archiver.cli.main import cli

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "deployment"
UNIT = FOLDER / "archiver-worker.service"
#: what a worker may take after `jobs.grace_s` to end captures and give them back, and a minute more
_AFTER_GRACE_S = 105


def unit() -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(strict=False, delimiters=("=",))  # keys may stand more than once
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(UNIT.read_text("utf-8"))
    return parser


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text("utf-8"))
    return found


def setting_of(variable: str) -> str:
    return variable.removeprefix(config.ENVIRONMENT_PREFIX).lower().replace("__", ".")


def grace_s() -> float:
    return config.Settings().jobs.grace_s


def is_understood(words: list[str], monkeypatch: pytest.MonkeyPatch) -> bool:
    called = []
    monkeypatch.setattr(worker_command.worker, "callback", lambda **_: called.append(True))
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output
    return bool(called)


# systemd


def test_the_unit_has_what_lets_a_worker_end_its_own_captures() -> None:
    service = unit()["Service"]
    assert service["Type"] == "exec"
    assert service["KillMode"] == "mixed"
    assert service["KillSignal"] == "SIGTERM"
    assert float(service["TimeoutStopSec"]) >= grace_s() + _AFTER_GRACE_S
    assert service["EnvironmentFile"].startswith("-/etc/")


def test_the_unit_leaves_chromium_what_its_sandbox_needs() -> None:
    service = unit()["Service"]
    forbidden = {"RestrictNamespaces", "MemoryDenyWriteExecute", "SystemCallFilter", "PrivateUsers", "PrivateNetwork"}
    assert not forbidden & set(service)
    assert {"AF_UNIX", "AF_INET", "AF_INET6", "AF_NETLINK"} == set(service["RestrictAddressFamilies"].split())
    assert service["NoNewPrivileges"] == "yes"
    assert service["User"] != "root"


def test_the_unit_does_not_come_back_where_somebody_is_needed() -> None:
    codes = {int(code) for code in unit()["Service"]["RestartPreventExitStatus"].split()}
    assert codes == {ExitCode.USAGE, ExitCode.SIGNING, ExitCode.BROWSER}


def test_the_unit_runs_a_command_that_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    program, *words = shlex.split(unit()["Service"]["ExecStart"])
    assert program.endswith("/.venv/bin/archiver")
    assert is_understood(words, monkeypatch)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    there = UNIT.read_text("utf-8").replace("/opt/archiver/.venv/bin/archiver", sys.executable)
    copied = tmp_path / UNIT.name
    copied.write_text(there, "utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", copied], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


# containers


def test_every_worker_may_end_in_its_own_time() -> None:
    worker = compose()["services"]["worker"]
    minutes = re.fullmatch(r"(\d+)m", worker["stop_grace_period"])
    assert minutes is not None
    assert worker["environment"]["ARCHIVER_JOBS__GRACE_S"] == f"{grace_s():g}"
    assert int(minutes[1]) * 60 >= grace_s() + _AFTER_GRACE_S
    assert worker["deploy"]["replicas"] >= 2
    assert worker["init"] is True


def test_workers_run_a_command_that_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_understood(compose()["services"]["worker"]["command"], monkeypatch)


def test_services_wait_for_services_that_there_are() -> None:
    found = compose()
    for service in found["services"].values():
        assert set(service.get("depends_on", ())) <= set(found["services"])
        for volume in service.get("volumes", ()):
            assert volume.split(":")[0] in found["volumes"]
        assert set(service.get("secrets", ())) <= set(found["secrets"])


def test_the_database_of_the_workers_is_the_one_beside_them() -> None:
    services = compose()["services"]
    url = services["worker"]["environment"]["ARCHIVER_DATABASE_URL"]
    given = services["database"]["environment"]
    assert url == f"postgresql://{given['POSTGRES_USER']}:{given['POSTGRES_PASSWORD']}@database/{given['POSTGRES_DB']}"


def test_the_code_that_makes_the_bucket_is_python() -> None:
    (script,) = compose()["services"]["setup"]["command"]
    code = re.search(r"python -c '([^']+)'", script)
    assert code is not None
    compile(code[1], "compose.yaml", "exec")


def test_the_image_is_made_of_files_that_there_are() -> None:
    build = compose()["services"]["worker"]["build"]
    context = (FOLDER / build["context"]).resolve()
    assert context == ROOT
    dockerfile = context / build["dockerfile"]
    assert dockerfile == FOLDER / "Dockerfile"
    lines = dockerfile.read_text("utf-8").splitlines()
    copied = [line.split()[1] for line in lines if line.startswith("COPY ")]
    assert copied
    assert all((context / path).exists() for path in copied)
    assert 'ENTRYPOINT ["archiver"]' in lines
    assert "USER archiver" in lines


# both


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_every_setting_that_is_named_exists(path: Path) -> None:
    text = path.read_text("utf-8")
    variables = set(re.findall(r"\bARCHIVER_[A-Z_]+\b", text))
    assert {setting_of(variable) for variable in variables} <= set(config.names())
    assert set(re.findall(r"\b(?:jobs|capture)\.[a-z_]+\b", text)) <= set(config.names())


@pytest.mark.parametrize("path", [FOLDER / "compose.yaml", UNIT], ids=lambda path: path.name)
def test_no_secret_stands_in_it(path: Path) -> None:
    for line in path.read_text("utf-8").splitlines():
        secret = re.search(r"(?:PASSWORD|SECRET_KEY|ACCESS_KEY\w*)\s*[:=]\s*(\S+)", line)
        assert secret is None or secret[1].startswith("${")

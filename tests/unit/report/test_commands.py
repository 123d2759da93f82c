"""The commands that a report gives to check it by hand do what it says, with the files of its bundle."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest
from lxml import html as lxml_html

from tests.support import bundles
from tests.support.bundles import MadeBundle


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> MadeBundle:
    with pytest.MonkeyPatch.context() as patch:
        return bundles.make(tmp_path_factory.mktemp("made"), patch)


@pytest.fixture
def folder(made: MadeBundle, tmp_path: Path) -> Path:
    """The bundle, unpacked anew."""
    return made.unpacked(tmp_path / "bundle")


def commands(folder: Path, program: str) -> list[str]:
    """The commands of a report that call a program."""
    tree = lxml_html.document_fromstring((folder / "evidence" / "report.html").read_text("utf-8"))
    told = [line.text_content() for line in tree.xpath("//ul[@class='commands']/li")]
    return [line for line in told if line.split()[0] == program]


def run(command: str, folder: Path) -> str:
    """What a shell prints of it on its standard output."""
    done = subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def test_openssl_accepts_each_time_stamp(folder: Path) -> None:
    told = commands(folder, "openssl")
    assert len(told) == len(list((folder / "evidence").glob("*.tsr"))) > 4
    assert {run(command, folder) for command in told} == {"Verification: OK"}


def test_openssl_refuses_them_for_another_statement(folder: Path) -> None:
    note = folder / "evidence" / "snapshot.note"
    about_it = [command for command in commands(folder, "openssl") if "-data evidence/snapshot.note" in command]
    note.write_bytes(note.read_bytes().replace(b"repost", b"reqost", 1))
    assert about_it
    assert "Verification: OK" not in {run(command, folder) for command in about_it}


def test_the_digest_of_the_record_is_the_one_in_the_report(folder: Path) -> None:
    (command,) = commands(folder, "sha256sum")
    digest = hashlib.sha256((folder / "archive" / "data.warc.gz").read_bytes()).hexdigest()
    assert run(command, folder).split()[0] == digest
    tree = lxml_html.document_fromstring((folder / "evidence" / "report.html").read_text("utf-8"))
    assert tree.text_content().count(digest) == 2


def test_the_script_is_where_it_says(folder: Path) -> None:
    (command,) = commands(folder, "sh")
    assert "FAIL" not in run(command, folder)
    assert (folder / command.split()[1]).is_file()

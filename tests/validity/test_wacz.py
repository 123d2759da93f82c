"""Other people's tools take the WACZ of a capture: Python's zipfile, py-wacz and pywb."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from archiver.demo.site import REPOST_URL
from archiver.snapshot import Snapshot
from archiver.storage import layout
from archiver.warc import wacz
from archiver.warc.stored_zip import StoredZip
from tests.support import bundles
from tests.support.captures import NAMES, Captures
from tests.support.compare import read_warc
from tests.support.memory_store import MemoryStore
from tests.support.oracles import Line, cdxj_lines, fetch, run, wayback
from tests.support.snapshots import warc_of

pytestmark = [pytest.mark.browser, pytest.mark.oracle]


def _planned(snapshot: Snapshot) -> tuple[StoredZip, MemoryStore]:
    store = MemoryStore({layout.warc(snapshot.id): warc_of(snapshot).read_bytes()})
    index = warc_of(snapshot).with_name("capture.cdxj").read_bytes()
    return wacz.load(store, snapshot.statement, index), store


def _file(snapshot: Snapshot, folder: Path) -> Path:
    planned, store = _planned(snapshot)
    path = folder / "snapshot.wacz"
    with path.open("wb") as stream:
        stream.writelines(planned.read(store))
    assert path.stat().st_size == planned.size_bytes
    return path


@pytest.fixture(scope="module")
def package(demo: Snapshot, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _file(demo, tmp_path_factory.mktemp("wacz"))


def _altered(package: Path, path: Path, name: str, old: bytes, new: bytes) -> Path:
    """A copy with one file of it changed, and every CRC right again."""
    with zipfile.ZipFile(package) as before, zipfile.ZipFile(path, "w") as after:
        for info in before.infolist():
            data = before.read(info)
            assert info.filename != name or old in data
            after.writestr(info, data.replace(old, new) if info.filename == name else data)
    return path


@pytest.mark.parametrize("name", NAMES)
def test_every_file_is_whole(captures: Captures, name: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(_file(captures[name], tmp_path)) as found:
        assert found.testzip() is None
        assert found.read("archive/data.warc.gz") == warc_of(captures[name]).read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_py_wacz_accepts_it(captures: Captures, name: str, tmp_path: Path) -> None:
    result = run("wacz", "validate", "-f", _file(captures[name], tmp_path))
    assert "Validation succeeded, the passed WACZ is valid" in result.stdout
    assert "Version detected as 1.1.1" in result.stdout
    assert result.returncode == 0, result.stdout + result.stderr[-1500:]


def test_py_wacz_accepts_an_evidence_bundle(tmp_path: Path) -> None:
    """With derivations and time stamps in it."""
    with pytest.MonkeyPatch.context() as patch:
        made = bundles.make(tmp_path / "made", patch)
    result = run("wacz", "validate", "-f", made.file)
    assert "Validation succeeded, the passed WACZ is valid" in result.stdout
    assert result.returncode == 0, result.stdout + result.stderr[-1500:]


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("datapackage.json", b'"title"', b'"Title"'),
        ("pages/pages.jsonl", b"All Pages", b"No  Pages"),
        ("indexes/index.cdxj", b"data.warc.gz", b"DATA.warc.gz"),
        ("archive/data.warc.gz", b"\x1f\x8b", b"\x1f\x8c"),
    ],
)
def test_py_wacz_sees_tampering(package: Path, name: str, old: bytes, new: bytes, tmp_path: Path) -> None:
    result = run("wacz", "validate", "-f", _altered(package, tmp_path / "altered.wacz", name, old, new))
    assert "Validation failed" in result.stdout


# --- pywb, with the index of the package and not one of its own making


@pytest.fixture(scope="module")
def port(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("pywb")
    collection = folder / "collections" / "coll"
    with zipfile.ZipFile(package) as found:
        found.extractall(folder / "wacz")
    with wayback(folder, folder / "wacz" / "archive" / "data.warc.gz") as port:
        shutil.copy(folder / "wacz" / "indexes" / "index.cdxj", collection / "indexes" / "index.cdxj")
        yield port


def _responses(package: Path) -> list[Line]:
    with zipfile.ZipFile(package) as found:
        lines = cdxj_lines(found.read("indexes/index.cdxj").decode())
    return [line for line in lines if line.values["type"] == "response" and "method" not in line.values]


def test_pywb_serves_every_answer_byte_for_byte(demo: Snapshot, package: Path, port: int) -> None:
    bodies = {
        (record.one("WARC-Target-URI"), "".join(c for c in record.one("WARC-Date")[:23] if c.isdigit())): record.body
        for record in read_warc(warc_of(demo))
        if record.kind == "response"
    }
    lines = _responses(package)
    assert len(lines) > 25
    differences = []
    for line in lines:
        url = line.values["url"]
        status, body = fetch(port, f"/coll/{line.time[:14]}id_/{url}")
        if (str(status), body) != (line.values["status"], bodies[url, line.time]):
            differences.append((url, status, len(body)))
    assert differences == []


def test_pywb_finds_the_page_where_the_package_says_it_is(package: Path, port: int) -> None:
    with zipfile.ZipFile(package) as found:
        page = json.loads(found.read("pages/pages.jsonl").splitlines()[1])
    assert page["url"] == REPOST_URL
    time = "".join(c for c in page["ts"][:19] if c.isdigit())
    status, body = fetch(port, f"/coll/{time}id_/{page['url']}")
    assert status == 200
    assert page["title"].encode() in body


def test_pywb_uses_the_index_of_the_package(port: int) -> None:
    """Else the tests above would say nothing of it: the times in an index of pywb's own have 14 digits."""
    status, body = fetch(port, f"/coll/cdx?url={REPOST_URL}&output=json")
    assert status == 200
    (line,) = map(json.loads, body.splitlines())
    assert (line["filename"], len(line["timestamp"])) == ("data.warc.gz", 17)

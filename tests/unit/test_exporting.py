"""What an evidence bundle is made of, and that it is the same whoever makes it."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from archiver import clock, exporting
from archiver.archive import Archive
from archiver.errors import StorageError
from archiver.provenance.claim import Relation
from archiver.provenance.derivation import derivation_of, to_statement
from archiver.provenance.graph import Chain, DirectionBy, Edge, Node, NodeKind, Status
from archiver.report import made as files_made
from archiver.report import places
from archiver.seal import stamps
from archiver.storage import layout, log
from archiver.storage.local import LocalStore
from tests.support import bundles
from tests.support.bundles import MadeBundle

_CHILD = """
import sys, zlib
def refused(*_, **__):
    raise AssertionError("something is compressed, which another zlib may do otherwise")
zlib.compress = zlib.compressobj = refused
from archiver import exporting
from archiver.archive import Archive
with Archive(sys.argv[1]) as archive:
    for piece in exporting.evidence(archive, archive.find(sys.argv[2]), lambda facts: repr(facts).encode()):
        sys.stdout.buffer.write(piece)
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> MadeBundle:
    with pytest.MonkeyPatch.context() as patch:
        return bundles.make(tmp_path_factory.mktemp("whole"), patch)


@pytest.fixture(autouse=True)
def operator(whole: MadeBundle, clean_surroundings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose machine has the key; it has seen no log yet."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(whole.folder / "operator" / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(clean_surroundings / "state"))


def exported(whole: MadeBundle, id_: str | None = None) -> zipfile.ZipFile:
    with Archive(whole.settings) as archive:
        data = b"".join(exporting.evidence(archive, archive.find(id_ or whole.id)))
    return zipfile.ZipFile(io.BytesIO(data))


def test_two_machines_make_the_same_bytes(whole: MadeBundle) -> None:
    """As far as they can differ here: locale, time zone, order of hashing, and no compression that a zlib does."""
    results = []
    for number, (locale, zone) in enumerate((("C", "UTC"), ("tr_TR.UTF-8", "Pacific/Kiritimati"))):
        environment = os.environ | {
            "LC_ALL": locale,
            "LANG": locale,
            "TZ": zone,
            "PYTHONHASHSEED": str(number + 1),
            "XDG_CONFIG_HOME": str(whole.folder / "operator" / "config"),
            "XDG_STATE_HOME": str(whole.folder / f"other-{number}"),
            "PYTHONPATH": str(Path(__file__).parents[2]),
        }
        done = subprocess.run(
            [sys.executable, "-c", _CHILD, str(whole.archive), whole.id],
            env=environment,
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert done.stderr == b""
        results.append(done.stdout)
    assert results[0] == results[1]
    assert zipfile.ZipFile(io.BytesIO(results[0])).testzip() is None


def test_everything_is_stored_dated_alike_and_in_order(whole: MadeBundle) -> None:
    found = exported(whole).infolist()
    assert {info.compress_type for info in found} == {zipfile.ZIP_STORED}
    assert len({info.date_time for info in found}) == 1
    names = [info.filename for info in found if info.filename.startswith(places.FOLDER)]
    assert names == sorted(names)
    assert all(places.GIVEN.fullmatch(name) or places.MADE.fullmatch(name) or name == places.SUMS for name in names)


def test_the_list_of_hashes_is_what_sha256sum_takes(whole: MadeBundle, tmp_path: Path) -> None:
    folder = whole.unpacked(tmp_path)
    done = subprocess.run(
        ["sha256sum", "-c", "--strict", "evidence/SHA256SUMS"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    there = {str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file()}
    listed = {line.rpartition(": ")[0] for line in done.stdout.splitlines()}
    assert there - listed == {places.DESCRIPTION, places.DIGEST, places.SUMS}


def test_openssl_reads_the_keys(whole: MadeBundle, tmp_path: Path) -> None:
    for file in whole.unpacked(tmp_path).glob(f"{places.PUBLIC_KEYS}*"):
        done = subprocess.run(
            ["openssl", "pkey", "-pubin", "-in", file, "-noout", "-text"], capture_output=True, text=True, check=True
        )
        assert "ED25519 Public-Key" in done.stdout


def test_the_chain_is_that_of_a_trace(whole: MadeBundle) -> None:
    document = json.loads(exported(whole).read(places.CHAIN))
    assert (document["format"], document["start"]) == ("archiver-chain/1", whole.id)
    assert [node["kind"] for node in document["nodes"]].count("article") == 2
    assert [(edge["relation"], edge["status"]) for edge in document["edges"] if edge["later"] == whole.id] == [
        ("republication", "verified")
    ]
    assert [end["kind"] for end in document["ends"]] == ["wire-agency"]


def test_a_source_has_its_own_part_of_the_chain(whole: MadeBundle) -> None:
    with exported(whole, whole.source_id) as found:
        assert json.loads(found.read(places.CHAIN))["start"] == whole.source_id
        (note,) = [name for name in found.namelist() if "derivation" in name and name.endswith(".note")]
    assert note == "evidence/derivation-000000000005.note"


def test_what_nobody_signed_is_left_out(whole: MadeBundle, tmp_path: Path) -> None:
    """Whoever may write to the store can put derivations there, and junk among the time stamps."""
    other = _copy(whole, tmp_path)
    with Archive(str(other.archive)) as archive:
        statement = archive.derivations(whole.id)[0]
        log.append(archive.store, statement | {"software": "forged/1"}, archive.log_length() - 1)
        capture, _ = archive.locate(whole.id)
        assert capture.result is not None
        archive.store.put_new(f"{layout.note_timestamps(capture.result.commitment)}junk", b"junk")
        archive.publish()
        found = zipfile.ZipFile(io.BytesIO(b"".join(exporting.evidence(archive, archive.find(whole.id)))))
    assert set(found.namelist()) == set(exported(whole).namelist())


def test_derivations_that_lead_in_a_circle_end(whole: MadeBundle, tmp_path: Path) -> None:
    other = _copy(whole, tmp_path)
    nodes = tuple(Node(id_, NodeKind.ARTICLE, id_) for id_ in (whole.source_id, whole.id))
    edge = Edge(
        whole.source_id, whole.id, Relation.REPUBLICATION, Status.UNKNOWN, False, (), {"a": 1}, DirectionBy.UNKNOWN
    )
    with Archive(str(other.archive)) as archive:
        chain = Chain(whole.source_id, nodes, (edge,))
        archive.enter(to_statement(derivation_of(chain, edge, whole.source_id, clock.now())))
        found = zipfile.ZipFile(io.BytesIO(b"".join(exporting.evidence(archive, archive.find(whole.id)))))
    assert len(json.loads(found.read(places.CHAIN))["edges"]) == 3


def test_only_so_many_derivations_are_taken_the_nearest_first(
    monkeypatch: pytest.MonkeyPatch, whole: MadeBundle
) -> None:
    monkeypatch.setattr(files_made, "MAX_DERIVATIONS", 1)
    names = exported(whole).namelist()
    assert [name for name in names if "derivation" in name] == [
        f"evidence/derivation-000000000004.{kind}" for kind in places.KINDS
    ]


def test_a_later_checkpoint_of_two_authorities_comes_before_one_of_one(whole: MadeBundle, tmp_path: Path) -> None:
    other = _copy(whole, tmp_path)
    store = LocalStore(other.archive)
    sizes = dict(stamps.of_checkpoints(store, 3))
    (largest,) = sizes
    with Archive(str(other.archive)) as archive:
        one = sizes[largest][0]
        store.put_new(layout.checkpoint_timestamps(4) + one.file, b"".join(store.get(one.key)))
        names = zipfile.ZipFile(io.BytesIO(b"".join(exporting.evidence(archive, archive.find(whole.id))))).namelist()
        assert sum(name.startswith(places.OF_LATER) for name in names) == 4
        for stored in sizes[largest][1:]:
            store.delete(stored.key)
        found = zipfile.ZipFile(io.BytesIO(b"".join(exporting.evidence(archive, archive.find(whole.id)))))
    assert found.read(places.LATER).split(b"\n")[1] == b"4"


def test_too_many_time_stamps_are_told(monkeypatch: pytest.MonkeyPatch, whole: MadeBundle) -> None:
    monkeypatch.setattr(exporting, "_MAX_STAMPS", 2)
    with pytest.raises(StorageError, match="more than 2 time stamps"):
        exported(whole)


def _copy(whole: MadeBundle, folder: Path) -> MadeBundle:
    """The archive in another folder, to be written to; its key is that of the operator."""
    shutil.copytree(whole.archive, folder / "archive", ignore=shutil.ignore_patterns("index.sqlite*"))
    return replace(whole, folder=folder)

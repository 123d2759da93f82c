"""Packages of strangers: every file described, whole, and nothing beside them."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from archiver.storage import layout
from archiver.verify.package import open_package
from archiver.verify.wacz import WaczKind, check_wacz
from archiver.warc import wacz
from tests.support.memory_store import MemoryStore
from tests.unit.verify.made import ID, made
from tests.unit.verify.zips import File, changed, zipped

_STORE = MemoryStore({layout.warc(ID): made().warc})
_PACKAGE, _DIGEST = "datapackage.json", "datapackage-digest.json"


def ours() -> bytes:
    return b"".join(wacz.load(_STORE, made().statement, made().index).read(_STORE))


def files() -> dict[str, bytes]:
    package = open_package(io.BytesIO(ours()))
    return {name: package.read(name, 1 << 20) for name in package.names()}


def packed(contents: dict[str, bytes]) -> bytes:
    return zipped([File(name.encode(), data) for name, data in contents.items()])


def problems(data: bytes) -> list[str]:
    package = open_package(io.BytesIO(data))
    assert package.problems == ()
    return [f"{problem.kind}: {problem.text}" for problem in check_wacz(package)]


def described(contents: dict[str, bytes], change: Callable[[dict[str, Any]], Any]) -> dict[str, bytes]:
    """The files with another description, and the digest of that."""
    document = orjson.loads(contents[_PACKAGE])
    change(document)
    data = orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n"
    digest = {"path": _PACKAGE, "hash": f"sha256:{hashlib.sha256(data).hexdigest()}"}
    return contents | {_PACKAGE: data, _DIGEST: orjson.dumps(digest, option=orjson.OPT_INDENT_2) + b"\n"}


def test_a_wacz_of_ours_has_no_problem() -> None:
    assert problems(ours()) == []
    assert problems(packed(files())) == []


def test_evidence_that_is_described_may_be_in_it() -> None:
    data = b"a note"

    def describe(document: dict[str, Any]) -> None:
        entry = {"name": "note.txt", "path": "evidence/note.txt", "bytes": len(data)}
        document["resources"].append(entry | {"hash": f"sha256:{hashlib.sha256(data).hexdigest()}"})

    contents = files() | {"evidence/note.txt": data}
    assert problems(packed(described(contents, describe))) == []
    assert problems(packed(contents)) == [
        "file_unlisted: 'evidence/note.txt' is in the package, but not in datapackage.json."
    ]


@pytest.mark.parametrize("name", sorted(files()))
def test_each_file_is_missed(name: str) -> None:
    found = problems(packed({key: data for key, data in files().items() if key != name}))
    assert f"file_missing: {name[0].upper()}{name[1:]} is missing." in found


@pytest.mark.parametrize("name", sorted(files()))
def test_each_file_that_was_altered_is_named(name: str) -> None:
    contents = files()
    contents[name] = contents[name].replace(contents[name][20:21], b"~")
    assert problems(packed(contents))


def test_a_warc_beside_the_warc_is_named() -> None:
    contents = files() | {"archive/other.warc.gz": b""}
    assert any("is beside the WARC" in problem for problem in problems(packed(contents)))


def test_a_wrong_crc_is_named_though_the_hash_is_right() -> None:
    members = [File(name.encode(), data) for name, data in files().items()]
    (problem,) = problems(zipped([*members[:-1], changed(members[-1], crc32=7)]))
    assert problem.startswith("file_damaged: 'archive/data.warc.gz' has the CRC-32 ")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d["resources"].pop(), "file_unlisted: 'archive/data.warc.gz' is in the package, but not in"),
        (lambda d: d["resources"].append(d["resources"][0]), "is another 'pages/pages.jsonl'"),
        (lambda d: d["resources"].append(d["resources"][0] | {"path": "x", "name": "x"}), "file_missing: 'x' is in"),
        (lambda d: d["resources"][0].update(bytes=1), "bytes, expected 1."),
        (lambda d: d["resources"][0].update(bytes=True), "has the bytes True"),
        (lambda d: d["resources"][0].update(hash="sha256:" + "0" * 64), "has the SHA-256"),
        (lambda d: d["resources"][0].update(hash="md5:" + "0" * 64), "has the hash 'md5:"),
        (lambda d: d["resources"][0].update(name="other"), "has the name 'other'"),
        (lambda d: d["resources"][0].pop("path"), "has no path"),
        (lambda d: d["resources"].append(3), "resource 3 of datapackage.json is 3"),
        (lambda d: d["resources"].append(d["resources"][0] | {"path": _DIGEST, "name": _DIGEST}), "describe itself"),
        (lambda d: d.update(resources={}), "has the resources a dict"),
        (lambda d: d.update(profile="x"), "has the profile 'x'"),
        (lambda d: d.update(wacz_version="2.0"), "has the wacz_version '2.0'"),
    ],
)
def test_a_description_that_differs_is_named(change: Callable[[dict[str, Any]], Any], message: str) -> None:
    found = problems(packed(described(files(), change)))
    assert any(message.lower() in problem.lower() for problem in found), found


@pytest.mark.parametrize(
    "data",
    [b"", b"[]\n", b"{", b"[" * 100_000, b"\xff", b'{"a": 1, "a": 1}\n', b" " * (9 << 20)],
)
@pytest.mark.parametrize("name", [_PACKAGE, _DIGEST])
def test_a_description_that_cannot_be_read_is_named(name: str, data: bytes) -> None:
    found = problems(packed(files() | {name: data}))
    assert {problem.partition(":")[0] for problem in found} & {WaczKind.DESCRIPTION, WaczKind.FILE_DAMAGED}


def test_a_digest_of_another_package_is_named() -> None:
    contents = files()
    other = described(contents, lambda document: document.update(title="Another"))
    (problem,) = problems(packed(contents | {_DIGEST: other[_DIGEST]}))
    assert problem.startswith("digest: Datapackage-digest.json has the hash 'sha256:")

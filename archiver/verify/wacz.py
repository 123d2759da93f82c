"""A WACZ held against its own description: every file described, whole, and nothing else in it (WACZ 1.1.1).

This says that the package is in one piece, not that it is genuine: whoever changes a file can describe it anew.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Any

import orjson

from archiver.verify.package import Package, PackageError
from archiver.verify.problems import Collected, Problem, shown
from archiver.verify.shape import COUNT, TEXT, Form, fits, one_of

WARC = "archive/data.warc.gz"
INDEX = "indexes/index.cdxj"
_PAGES = "pages/pages.jsonl"
_PACKAGE, _DIGEST = "datapackage.json", "datapackage-digest.json"
_REQUIRED = (_PACKAGE, _DIGEST, _PAGES, INDEX, WARC)
_MAX_DESCRIPTION_BYTES = 8 << 20
_HASH = Form(
    "sha256: and 64 digits",
    lambda v: isinstance(v, str) and len(v) == 71 and v.startswith("sha256:") and set(v[7:]) <= set("0123456789abcdef"),
)
_RESOURCE = {"name": TEXT, "path": TEXT, "hash": _HASH, "bytes": COUNT}
_DESCRIPTION = {
    "profile": one_of("data-package"),
    "wacz_version": one_of("1.1.1"),
    "resources": Form("a list", lambda value: isinstance(value, list)),
}


class WaczKind(StrEnum):
    """What can be wrong with a WACZ that is a good ZIP."""

    FILE_MISSING = "file_missing"
    FILE_DAMAGED = "file_damaged"
    FILE_UNLISTED = "file_unlisted"
    FILE_DIFFERS = "file_differs"
    DESCRIPTION = "description"
    DIGEST = "digest"
    MORE = "more"


def check_wacz(package: Package) -> list[Problem]:
    """Everything that differs between the files of a package and what they say of each other; each is read once.

    What `package.problems` has is not said again. Raises only what the file of the package raises.
    """
    check = _Check(package)
    check.run()
    problems = check.problems.kept
    if check.problems.left_off:
        problems.append(Problem(WaczKind.MORE, f"There are {check.problems.left_off} more problems."))
    return problems


class _Check:
    def __init__(self, package: Package) -> None:
        self.problems: Collected[Problem] = Collected()
        self._package = package

    def run(self) -> None:
        names = set(self._package.names())
        for name in _REQUIRED:
            if name not in names:
                self._report(WaczKind.FILE_MISSING, f"{name} is missing")
        for name in sorted(names):
            if name.startswith("archive/") and name != WARC:
                self._report(WaczKind.FILE_UNLISTED, f"{shown(name)} is beside the WARC, expected {WARC} alone")
        data = self._read(_PACKAGE)
        resources = self._resources(data)
        if data is not None:
            self._check_digest(data)
        if resources is None:
            return
        for name in sorted(names - resources.keys() - {_PACKAGE, _DIGEST}):
            self._report(WaczKind.FILE_UNLISTED, f"{shown(name)} is in the package, but not in {_PACKAGE}")
            self._hash(name)
        for path, resource in resources.items():
            if path not in names:
                self._report(WaczKind.FILE_MISSING, f"{shown(path)} is in {_PACKAGE}, but not in the package")
            else:
                self._check_file(path, resource)

    def _report(self, kind: WaczKind, text: str) -> None:
        self.problems.add(Problem(kind, f"{text[0].upper()}{text[1:]}."))

    def _read(self, name: str) -> bytes | None:
        if name not in self._package.names():
            return None
        try:
            return self._package.read(name, _MAX_DESCRIPTION_BYTES)
        except PackageError as error:
            self._report(WaczKind.FILE_DAMAGED, f"{name} cannot be used: {error}")
            return None

    def _document(self, name: str, data: bytes) -> dict[str, Any] | None:
        try:
            document = orjson.loads(data)
            # Of a repeated name other readers may make something else.
            plain = orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n" == data
        except (orjson.JSONDecodeError, orjson.JSONEncodeError) as error:
            self._report(WaczKind.DESCRIPTION, f"{name} is no JSON: {error}")
            return None
        if not isinstance(document, dict):
            self._report(WaczKind.DESCRIPTION, f"{name} is {shown(document)}, expected an object")
            return None
        if not plain:
            self._report(WaczKind.DESCRIPTION, f"{name} is not the JSON that its values are written as")
        return document

    def _resources(self, data: bytes | None) -> dict[str, dict[str, Any]] | None:
        """What is described, by path; None where that cannot be known."""
        document = None if data is None else self._document(_PACKAGE, data)
        if document is None or not fits(document, _PACKAGE, _DESCRIPTION, self._report_description):
            return None
        found: dict[str, dict[str, Any]] = {}
        for place, resource in enumerate(document["resources"]):
            where = f"resource {place} of {_PACKAGE}"
            if not fits(resource, where, _RESOURCE, self._report_description):
                continue
            path = resource["path"]
            if found.setdefault(path, resource) is not resource:
                self._report_description(f"{where} is another {shown(path)}")
            if resource["name"] != path.rpartition("/")[2].lower():
                self._report_description(
                    f"{where} has the name {shown(resource['name'])}, expected that of {shown(path)}"
                )
            if path in (_PACKAGE, _DIGEST):
                self._report_description(f"{where} is {path}, which cannot describe itself")
        return found

    def _report_description(self, text: str) -> None:
        self._report(WaczKind.DESCRIPTION, text)

    def _check_digest(self, package: bytes) -> None:
        data = self._read(_DIGEST)
        document = None if data is None else self._document(_DIGEST, data)
        if document is None:
            return
        expected = {"path": _PACKAGE, "hash": f"sha256:{hashlib.sha256(package).hexdigest()}"}
        for name, value in expected.items():
            if document.get(name) != value:
                text = f"{_DIGEST} has the {name} {shown(document.get(name))}, expected {value!r}"
                self._report(WaczKind.DIGEST, text)

    def _check_file(self, path: str, resource: dict[str, Any]) -> None:
        size = self._package.size_bytes(path)
        if size != resource["bytes"]:
            self._report(WaczKind.FILE_DIFFERS, f"{shown(path)} has {size} bytes, expected {resource['bytes']}")
        sha256 = self._hash(path)
        if sha256 is not None and f"sha256:{sha256}" != resource["hash"]:
            self._report(WaczKind.FILE_DIFFERS, f"{shown(path)} has the SHA-256 {sha256}, expected {resource['hash']}")

    def _hash(self, name: str) -> str | None:
        digest = hashlib.sha256()
        try:
            for piece in self._package.pieces(name):
                digest.update(piece)
        except PackageError as error:
            self._report(WaczKind.FILE_DAMAGED, f"{error}")
            return None
        return digest.hexdigest()

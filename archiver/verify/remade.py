"""The files of an evidence bundle that follow from signed ones, made again and compared.

Whoever can describe a file anew can put another in its place. So what nothing signed is about must be what this program
makes of what is signed, or it is said that nothing is known of it.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from archiver.errors import NotFoundError, StorageError
from archiver.report import gathering, made, places
from archiver.report.facts import Facts
from archiver.report.readme import version_of
from archiver.storage import layout
from archiver.storage.base import Readable
from archiver.verify.package import Package
from archiver.verify.problems import shown
from archiver.verify.statement import check_statement
from archiver.verify.verdict import Check, judged
from archiver.version import __version__
from archiver.warc import cdxj, reader, wacz
from archiver.warc.wacz import Listed

#: makes a report
Render = Callable[[Facts], bytes]

_DOCUMENTS = ("urn:exchanges:", "urn:regions:")
_MAX_DOCUMENT_BYTES = 64 << 20


@dataclass(frozen=True)
class Read:
    """A bundle of which is known what it is of: the `note` and the entry (`leaf`) of its snapshot, and its log."""

    package: Package
    store: Readable  # the snapshot's objects by their keys
    note: bytes
    leaf: bytes
    origin: str


@dataclass
class Made:
    """What is wrong with the files that follow from others, or not known of them.

    `of_chain` are the same of the chain; `trail` are the snapshots that derivations lead to. `report` is the check of
    the report, where there is one.
    """

    problems: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    of_chain: list[str] = field(default_factory=list)
    of_chain_doubts: list[str] = field(default_factory=list)
    trail: set[str] = field(default_factory=set)
    report: tuple[Check, ...] = ()


def check_made(read: Read, render: Render | None) -> Made:
    """Make again what can be made again. Nothing is believed of what is read."""
    found = Made()
    try:
        statement = orjson.loads(read.note.partition(b"\n")[0])
        files = _files(read.package, found)
        _check_texts(read, statement, files, found)
        _check_screenshot(statement, files, found)
        plain = _check_package(read, statement, files, found)
        _check_report(read, statement, files, plain, render, found)
    except (NotFoundError, StorageError) as error:
        found.problems.append(f"what it should be made of cannot be read: {error}")
    return found


def _files(package: Package, found: Made) -> dict[str, bytes]:
    """The files of `evidence/` but the list of hashes."""
    files = {}
    for name in package.names():
        if not name.startswith(places.FOLDER) or name == places.SUMS:
            continue
        if not places.GIVEN.fullmatch(name) and not places.MADE.fullmatch(name):
            found.problems.append(f"{shown(name)} is no file of an evidence bundle")
            continue
        try:
            files[name] = package.read(name, places.limit_bytes(name))
        except StorageError as error:  # of what can be read, all is looked at
            found.problems.append(str(error))
    return files


def _check_texts(read: Read, statement: dict[str, Any], files: dict[str, bytes], found: Made) -> None:
    given = {path: data for path, data in files.items() if places.GIVEN.fullmatch(path)}
    derivations = made.statements(given)
    trail = made.trail(str(statement.get("id")), derivations)
    found.trail = {str(document.get("subject")) for _, document in trail}
    if left := len(derivations) - len(trail):
        found.of_chain.append(f"{left} of the derivations do not lead on from the snapshot")
    reports = [path for path in (places.REPORT, places.PRINTED) if path in files]
    expected = made.files(given, statement, read.origin, reports)
    version = _version(files)
    for path in sorted(expected.keys() | {path for path in files if places.MADE.fullmatch(path)}):
        data = files.get(path)
        if path == places.REPORT or data == expected.get(path):
            continue
        of_chain = path == places.CHAIN
        if data is None:
            (found.of_chain if of_chain else found.problems).append(f"{path} is missing")
        elif version in (None, __version__) or path.startswith(places.PUBLIC_KEYS):
            (found.of_chain if of_chain else found.problems).append(f"{path} is not what the signed files make it")
        else:
            (found.of_chain_doubts if of_chain else found.doubts).append(_cannot_compare(path, version))


def _version(files: dict[str, bytes]) -> str | None:
    return version_of(files.get(places.README, b""))


def _cannot_compare(path: str, version: str | None) -> str:
    return (
        f"{path} was made by version {version}, and this is {__version__}, which makes another: nothing says that it "
        "was not altered"
    )


def _check_screenshot(statement: dict[str, Any], files: dict[str, bytes], found: Made) -> None:
    """It is the picture of the page that the statement lists."""
    picture, data = made.picture_of(statement), files.get(places.SCREENSHOT)
    if data is None and picture is not None:
        found.problems.append(f"{places.SCREENSHOT} is missing")
    if data is not None and (picture is None or hashlib.sha256(data).hexdigest() != picture.get("sha256")):
        found.problems.append(f"{places.SCREENSHOT} is not the screenshot that the statement names")


def _check_package(read: Read, statement: dict[str, Any], files: dict[str, bytes], found: Made) -> list[Listed]:
    """All that replay shows follows from what is signed: whoever describes other files makes another WACZ."""
    package, known = read.package, list[Listed]()

    def more(plain: tuple[Listed, ...]) -> list[tuple[str, bytes]]:
        known.extend(plain)
        listed = [*plain, *(made.listed(path, data) for path, data in files.items())]
        return sorted([*files.items(), (places.SUMS, made.sums(listed))])

    planned = wacz.load(read.store, statement, files.get(places.INDEX, b""), more)
    expected = {each.path: each.source for each in planned.members}
    for path, source in expected.items():
        if path in files or not isinstance(source, bytes):
            continue
        if path not in package.names():
            found.problems.append(f"{path} is missing")
        elif package.read(path, max(places.limit_bytes(path), len(source))) != source:
            found.problems.append(f"{path} is not what the signed statement and index make it")
    if not set(package.names()) - expected.keys() and package.names() != tuple(expected):
        found.problems.append("its files are in another order than they are exported in")
    return known


def _check_report(
    read: Read,
    statement: dict[str, Any],
    files: dict[str, bytes],
    plain: list[Listed],
    render: Render | None,
    found: Made,
) -> None:
    if places.REPORT not in files and places.PRINTED not in files:
        return
    version, problems, doubts = _version(files), list[str](), list[str]()
    details = []
    if places.REPORT not in files:
        problems.append(f"{places.REPORT} is missing")
    elif version not in (None, __version__):
        doubts.append(_cannot_compare(places.REPORT, version))
    elif render is None:
        doubts.append(f"{places.REPORT} cannot be made again here: nothing says that it was not altered")
    elif check_statement(statement, read.note.partition(b"\n")[0]):
        problems.append(f"{places.REPORT} is not compared: the statement that it is made of is not as it should be")
    else:
        others = {path: data for path, data in files.items() if path not in (places.REPORT, places.PRINTED)}
        listed = [*plain, *(made.listed(path, data) for path, data in sorted(others.items()))]
        try:
            exchanges, regions = _documents(read, statement, files)
            expected = render(gathering.gather(others, read.leaf, exchanges, regions, listed))
            if expected != files[places.REPORT]:
                problems.append(f"{places.REPORT} is not the report that the signed files make")
        except (ValueError, LookupError, TypeError, AttributeError) as error:  # whatever hostile documents lead to
            problems.append(f"what the report is made of cannot be read: {type(error).__name__}: {error}")
        details.append("report.html is made of the signed files")
    if places.PRINTED in files:
        details.append("nothing that is signed is about report.pdf: compare it with report.html")
    found.report = (judged("report", "; ".join(details) or "report.html", problems, doubts),)


def _documents(read: Read, statement: dict[str, Any], files: dict[str, bytes]) -> Iterator[dict[str, Any] | None]:
    """The exchange manifest and the inventory of regions in the WARC, as the export takes them."""
    key = layout.warc(str(statement.get("id")))
    for prefix in _DOCUMENTS:
        document = None
        for entry in cdxj.parse(files.get(places.INDEX, b""), places.INDEX):
            if entry.url.startswith(prefix):
                with contextlib.suppress(orjson.JSONDecodeError):
                    document = orjson.loads(b"".join(reader.content(read.store, key, entry, _MAX_DOCUMENT_BYTES)))
                break
        yield document if isinstance(document, dict) else None

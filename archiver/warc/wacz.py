"""A snapshot as a WACZ 1.1.1, the package that replay tools open. It is planned, never stored: see `stored_zip`.

Every file is made of the statement, the index and the page information of the snapshot, none of the moment or the
version that makes it. Section names are those of the WACZ specification 1.1.1.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from archiver.errors import StorageError
from archiver.storage.base import Readable
from archiver.warc import cdxj, reader
from archiver.warc.stored_zip import Member, StoredObject, StoredZip
from archiver.warc.stored_zip import plan as plan_zip

_VERSION = "1.1.1"
_WARC = "data.warc.gz"
_PAGE_INFORMATION = "urn:pageinfo:"
_MAX_PAGE_INFORMATION_BYTES = 64 << 20
_MAX_TITLE_CHARACTERS = 1000  # a page may call itself what it likes
_SHA256 = re.compile(r"[0-9a-f]{64}")
_ZIP_YEARS = range(1980, 2108)  # APPNOTE 4.4.6


@dataclass(frozen=True)
class Listed:
    """A file of the package: its path, its size, and its SHA-256 in hexadecimal."""

    path: str
    size_bytes: int
    sha256: str


#: the files to put in besides, with their paths, where those are known that are in the package anyhow
More = Callable[[tuple[Listed, ...]], Sequence[tuple[str, bytes]]]


def _nothing(_: tuple[Listed, ...]) -> Sequence[tuple[str, bytes]]:
    return ()


def load(store: Readable, statement: dict[str, Any], index: bytes, more: More = _nothing) -> StoredZip:
    """The WACZ of a stored snapshot. `index` is its CDXJ, whole; `more` gives files to put in besides.

    One record of the WARC is read, the page information. Raises `StorageError` when that, the index or the statement
    is damaged.
    """
    warc, _ = _warc(statement)
    for entry in cdxj.parse(index, f"the index of the snapshot {statement.get('id')}"):
        if entry.record_type == "resource" and entry.url.startswith(_PAGE_INFORMATION):
            information = b"".join(reader.content(store, warc.key, entry, _MAX_PAGE_INFORMATION_BYTES))
            return plan(statement, index, information, more)
    raise StorageError(f"the index of the snapshot {statement.get('id')} is damaged: it names no page information")


def plan(statement: dict[str, Any], index: bytes, page_information: bytes, more: More = _nothing) -> StoredZip:
    """The WACZ of a statement, its CDXJ, and the content of its `urn:pageinfo:` record, with `more` files.

    The same arguments give the same bytes. Raises `StorageError` when one of them is damaged.
    """
    where = f"the snapshot {statement.get('id')}"
    page = _page(statement, page_information, where)
    warc, sha256 = _warc(statement)
    entries = cdxj.parse(index, f"the index of {where}")
    files = [
        _made("pages/pages.jsonl", _pages(page)),
        _made("indexes/index.cdxj", cdxj.lines(_replayable(entries), _WARC, by_method=True)),
        _File(Member(f"archive/{_WARC}", warc), sha256),
    ]
    files[-1:-1] = [_made(path, content) for path, content in more(tuple(file.listed for file in files))]
    package = _package(statement, page, files)
    digest = {"path": "datapackage.json", "hash": f"sha256:{hashlib.sha256(package).hexdigest()}"}
    # The WARC comes last: only what follows it can need ZIP64 for its offset.
    members = [
        Member("datapackage.json", package),
        Member("datapackage-digest.json", _json(digest)),
        *(file.member for file in files),
    ]
    return plan_zip(members, _time(page, where))


@dataclass(frozen=True)
class _File:
    """A file of the package and its SHA-256 in hexadecimal."""

    member: Member
    sha256: str

    @property
    def listed(self) -> Listed:
        return Listed(self.member.path, self.member.size_bytes, self.sha256)


@dataclass(frozen=True)
class _Page:
    id: str
    url: str
    began: str
    title: str


def _made(path: str, data: bytes) -> _File:
    return _File(Member(path, data), hashlib.sha256(data).hexdigest())


def _package(statement: dict[str, Any], page: _Page, files: Iterable[_File]) -> bytes:
    """Section "datapackage.json". It was created when the page was: the WACZ holds nothing later."""
    return _json(
        {
            "profile": "data-package",
            "wacz_version": _VERSION,
            "title": page.title,
            "created": page.began,
            "software": str(statement.get("software")),
            "mainPageUrl": page.url,
            "mainPageDate": page.began,
            "resources": [
                {
                    "name": _name(file.member.path),
                    "path": file.member.path,
                    "hash": f"sha256:{file.sha256}",
                    "bytes": file.member.size_bytes,
                }
                for file in files
            ],
        }
    )


def _name(path: str) -> str:
    """A data package takes no capitals there (Data Resource, "name")."""
    return path.rpartition("/")[2].lower()


def _pages(page: _Page) -> bytes:
    """Section "pages.jsonl". The first line is a header to those who read it: a page there would not be seen."""
    header = {"format": "json-pages-1.0", "id": "pages", "title": "All Pages"}
    line = {"id": page.id, "url": page.url, "ts": page.began, "title": page.title}
    return orjson.dumps(header) + b"\n" + orjson.dumps(line) + b"\n"


def _replayable(entries: Iterable[cdxj.Entry]) -> Iterable[cdxj.Entry]:
    """All but the handshakes of WebSockets, which pywb would show for the page of the same address."""
    return (entry for entry in entries if not entry.url.startswith(("ws:", "wss:")))


def _page(statement: dict[str, Any], information: bytes, where: str) -> _Page:
    """The page under the URL that its main document came from: a script may have changed the one of the page."""
    try:
        document = orjson.loads(information)
        page_id, title = document["pageid"], document["title"]
        url = (statement.get("main_document") or {}).get("url") or statement["final_url"]
        began = statement["started_at"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StorageError(f"{where} is damaged: it does not say which page it is of ({error!r})") from None
    if not all(isinstance(value, str) for value in (page_id, title, url, began)):
        raise StorageError(f"{where} is damaged: it does not say which page it is of")
    return _Page(page_id, url, began, " ".join(title.split())[:_MAX_TITLE_CHARACTERS] or url)


def _time(page: _Page, where: str) -> datetime:
    try:
        moment = datetime.fromisoformat(page.began)
    except ValueError as error:
        raise StorageError(f"{where} is damaged: {error}") from None
    if moment.utcoffset() != timedelta(0) or moment.year not in _ZIP_YEARS:
        raise StorageError(f"{where} is damaged: it cannot have been captured at {page.began:.40}")
    return moment


def _warc(statement: dict[str, Any]) -> tuple[StoredObject, str]:
    """The WARC and its SHA-256."""
    try:
        (found,) = (artifact for artifact in statement["artifacts"] if artifact["role"] == "warc")
        key, size, crc32, sha256 = (found[name] for name in ("key", "bytes", "crc32", "sha256"))
    except (KeyError, TypeError, ValueError):
        raise StorageError(f"the statement of {statement.get('id')} is damaged: it does not name one WARC") from None
    if not (
        isinstance(key, str)
        and isinstance(size, int)
        and 0 < size < 1 << 63
        and isinstance(crc32, int)
        and 0 <= crc32 < 1 << 32
        and isinstance(sha256, str)
        and _SHA256.fullmatch(sha256)
    ):
        raise StorageError(f"the statement of {statement.get('id')} is damaged: what it says of its WARC cannot be")
    return StoredObject(key, size, crc32), sha256


def _json(document: dict[str, Any]) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n"

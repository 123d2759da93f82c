"""A WACZ taken apart and put together again, and its ZIP altered byte by byte."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from archiver.report import made, places
from archiver.warc.stored_zip import Member, plan
from tests.support.bundles import MadeBundle
from tests.support.memory_store import MemoryStore
from tests.tamper.material import Made

DESCRIPTION, DIGEST = "datapackage.json", "datapackage-digest.json"
WARC, INDEX, PAGES = "archive/data.warc.gz", "indexes/index.cdxj", "pages/pages.jsonl"
_CENTRAL, _END = b"PK\1\2", b"PK\5\6"


class Bundle:
    """The files of an exported WACZ, in their order. `data` is the ZIP once it was written."""

    def __init__(self, of: Made, name: str) -> None:
        self.made = of
        self.open(of.exported(name).read_bytes())

    def open(self, data: bytes) -> None:
        self.original = self.data = data
        with zipfile.ZipFile(io.BytesIO(self.original)) as opened:
            self.files = {each: opened.read(each) for each in opened.namelist()}

    def path(self, folder: Path) -> Path:
        path = folder / "exported.wacz"
        path.write_bytes(self.data)
        return path

    def write(self) -> None:
        """The files as they are, whatever their description says."""
        members = [Member(name, data) for name, data in self.files.items()]
        self.data = b"".join(plan(members, datetime(2026, 11, 26, tzinfo=UTC)).read(MemoryStore()))

    def describe(self, *, anew: bool = True) -> None:
        """As `write`, with a list of hashes (`anew`) and a description that fit: anybody can make them."""
        if anew and places.SUMS in self.files:
            self.files[places.SUMS] = made.sums(made.listed(name, data) for name, data in self.files.items())
        document = json.loads(self.files[DESCRIPTION])
        document["resources"] = [
            {
                "name": name.rpartition("/")[2].lower(),
                "path": name,
                "hash": f"sha256:{hashlib.sha256(data).hexdigest()}",
                "bytes": len(data),
            }
            for name, data in self.files.items()
            if name not in (DESCRIPTION, DIGEST)
        ]
        self.files[DESCRIPTION] = _json(document)
        digest = f"sha256:{hashlib.sha256(self.files[DESCRIPTION]).hexdigest()}"
        self.files[DIGEST] = _json({"path": DESCRIPTION, "hash": digest})
        self.write()

    def change(self, name: str, change: Callable[[bytes], bytes]) -> None:
        """One file, described anew."""
        made = change(self.files[name])
        assert made != self.files[name]
        self.files[name] = made
        self.describe()

    def evidence(self, kind: str, change: Callable[[bytes], bytes]) -> None:
        """As `change`, of a file in `evidence/`."""
        self.change(f"evidence/{kind}", change)

    def patch(self, at: int, data: bytes) -> None:
        self.data = self.data[:at] + data + self.data[at + len(data) :]

    def central(self, name: str) -> int:
        """Where the header of a file in the directory is."""
        return self._header(_CENTRAL, 46, name)

    def local(self, name: str) -> int:
        """Where a file's own header is."""
        return self._header(b"PK\3\4", 30, name)

    def end(self) -> int:
        return self.data.rindex(_END)

    def put_between(self, name: str, hidden: bytes) -> None:
        """Bytes before a member, with all offsets set right."""
        at, end = self.local(name), self.end()
        directory = struct.unpack_from("<L", self.data, end + 16)[0]
        data = bytearray(self.data)
        place = directory
        while place < end:
            lengths = struct.unpack_from("<3H", data, place + 28)
            offset = struct.unpack_from("<L", data, place + 42)[0]
            if offset >= at:
                struct.pack_into("<L", data, place + 42, offset + len(hidden))
            place += 46 + sum(lengths)
        struct.pack_into("<L", data, end + 16, directory + len(hidden))
        self.data = bytes(data[:at]) + hidden + bytes(data[at:])

    def _header(self, signature: bytes, length: int, name: str) -> int:
        at = -1
        while True:
            at = self.data.index(signature, at + 1)
            if self.data[at + length : at + length + len(name)] == name.encode():
                return at


class Whole(Bundle):
    """One with derivations and time stamps in it."""

    def __init__(self, of: MadeBundle) -> None:
        self.whole = of
        self.open(of.file.read_bytes())


def _json(document: dict[str, Any]) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n"


def zipped(files: list[tuple[zipfile.ZipInfo, bytes]]) -> bytes:
    """A ZIP by Python's own writer, which takes any name and twice the same."""
    with io.BytesIO() as stream:
        with zipfile.ZipFile(stream, "w") as made:
            for info, data in files:
                made.writestr(info, data)
        return stream.getvalue()


def bomb(size: int) -> bytes:
    """DEFLATE's most: zeros, a thousand to one."""
    zipper = zlib.compressobj(9, wbits=31)
    piece = bytes(1 << 20)
    return b"".join(zipper.compress(piece) for _ in range(size >> 20)) + zipper.flush()

"""An evidence bundle with time stamps, taken apart; what follows from its files is made anew, as anybody can."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import rfc8785

from archiver.report import gathering, made, places
from archiver.report.html import render
from archiver.seal import note, stamps
from archiver.seal.checkpoint import Checkpoint, Proof
from archiver.warc import cdxj
from tests.tamper import records
from tests.tamper.package import DESCRIPTION, DIGEST, Bundle
from tests.tamper.stamped import Stamped, name_of

NOTE, PROOF = places.member(places.SNAPSHOT, "note"), places.member(places.SNAPSHOT, "tlog-proof")
_SALT = places.member(places.SNAPSHOT, "salt")
_KNOWN = re.compile(f"{places.GIVEN.pattern}|{places.MADE.pattern}")
_LIST = f"{places.OF_SNAPSHOT}{stamps.list_file(1)}"


class StampedBundle(Bundle):
    """The files of a bundle of `second`, or of another snapshot."""

    def __init__(self, of: Stamped, name: str = "second") -> None:
        super().__init__(of, f"{name}.bundle.wacz")
        self.of = of

    def other(self, name: str = "last") -> dict[str, bytes]:
        """The files of the bundle of another snapshot."""
        return StampedBundle(self.of, name).files

    @property
    def statement(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.files[NOTE].partition(b"\n")[0])
        return found

    @property
    def origin(self) -> str:
        return Checkpoint.parse(note.parse(Proof.parse(self.files[PROOF]).checkpoint).text).origin

    # time stamps

    def responses(self, folder: str, authority: str = "", *, renewals: bool = False) -> list[str]:
        """The paths of the responses in a folder, those over lists only with `renewals`."""
        found = [
            (path, stamps.parse(path.removeprefix(folder))) for path in sorted(self.files) if path.startswith(folder)
        ]
        return [
            path
            for path, each in found
            if each is not None and authority in ("", each.authority) and (renewals or not each.renewal)
        ]

    def take(self, folder: str, authority: str = "", *, renewals: bool = False) -> list[bytes]:
        """Take responses away."""
        return [self.files.pop(path) for path in self.responses(folder, authority, renewals=renewals)]

    def put(self, folder: str, authority: str, response: bytes, renewal: int = 0) -> None:
        """A response under the name that it is to have as one of that authority."""
        self.files[folder + name_of(authority, response, renewal)] = response

    def exchange(self, folder: str, authority: str, response: bytes) -> None:
        """Another response in the place of an authority's."""
        self.take(folder, authority)
        self.put(folder, authority, response)

    def message(self, folder: str) -> bytes:
        """What the responses in a folder are over."""
        names = {places.OF_SNAPSHOT: NOTE, places.OF_BEFORE: places.BEFORE, places.OF_LATER: places.LATER}
        return self.files[names[folder]]

    def without_renewal(self) -> None:
        """As it was before what was stamped was stamped again: nothing is wrong with that."""
        for path in [each for each in self.files if f"{places.OF_SNAPSHOT}renewal" in each]:
            del self.files[path]

    def without_later(self) -> None:
        """As it was before the log was stamped again: nothing is wrong with that either."""
        for path in [each for each in self.files if each.startswith(places.OF_LATER)]:
            del self.files[path]

    def relist(self, listed: bytes, later: timedelta = timedelta()) -> None:
        """Another list of the renewal, which both authorities have stamped."""
        self.files[_LIST] = listed
        for authority in ("one", "two"):
            for path in self.responses(places.OF_SNAPSHOT, authority, renewals=True):
                if "renewal" in path:
                    del self.files[path]
            self.put(places.OF_SNAPSHOT, authority, self.of.reply(authority, listed, later), 1)

    @property
    def listed(self) -> bytes:
        """The list that the renewal is over."""
        return self.files[_LIST]

    # what follows

    def report_anew(self) -> None:
        """The report that the files make, however they came about; and all is described."""
        self._order()
        if places.REPORT in self.files:
            plain = [each for each in self.files.items() if not each[0].startswith(places.FOLDER)]
            plain = [each for each in plain if each[0] not in (DESCRIPTION, DIGEST)]
            others = {name: data for name, data in self.files.items() if _KNOWN.fullmatch(name)}
            for name in (places.REPORT, places.PRINTED):
                others.pop(name, None)
            listed = [made.listed(*each) for each in [*plain, *sorted(others.items())]]
            self.files[places.REPORT] = render(gathering.gather(others, self._leaf(), self._exchanges(), None, listed))
        self.describe()

    def anew(self) -> None:
        """All that follows from what is signed: chain, keys, texts, report; and all is described."""
        given = {name: data for name, data in self.files.items() if places.GIVEN.fullmatch(name)}
        for name in [each for each in self.files if places.MADE.fullmatch(each) and each != places.REPORT]:
            del self.files[name]
        reports = [name for name in (places.REPORT, places.PRINTED) if name in self.files]
        self.files |= made.files(given, self.statement, self.origin, reports)
        self.report_anew()

    def _order(self) -> None:
        """The files of `evidence/` in the place that they have."""
        place = next(at for at, name in enumerate(self.files) if name.startswith(places.FOLDER))
        inside = sorted(each for each in self.files.items() if each[0].startswith(places.FOLDER))
        outside = [each for each in self.files.items() if not each[0].startswith(places.FOLDER)]
        self.files = dict([*outside[:place], *inside, *outside[place:]])

    def _leaf(self) -> bytes:
        salted = bytes.fromhex(self.files[_SALT].decode().strip()) + self.files[NOTE]
        statement = self.statement
        fields = {"commitment": hashlib.sha256(salted).hexdigest(), "id": statement["id"], "type": statement["type"]}
        return rfc8785.dumps(fields)

    def _exchanges(self) -> dict[str, Any]:
        entries = cdxj.parse(self.files[places.INDEX], places.INDEX)
        entry = next(each for each in entries if each.url.startswith("urn:exchanges:"))
        member = self.files[places.WARC][entry.offset : entry.offset + entry.length]
        document: dict[str, Any] = json.loads(records.unpacked(member).partition(b"\r\n\r\n")[2])
        return document

    def alter(self, name: str, change: Callable[[bytes], bytes]) -> None:
        """A file, and the report made to fit, but nothing else that follows."""
        altered = change(self.files[name])
        assert altered != self.files[name]
        self.files[name] = altered
        self.report_anew()

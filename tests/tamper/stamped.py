"""A sealed archive with time stamps and a chain, and evidence bundles with reports that were exported of it.

Its log: entries 0 and 1 are of `first`, which no authority stamped, 2 and 3 of `second`, 4 says that `first` comes from
an agency, 5 that `second` comes from `first`, 6 and 7 are of `last`, 8 says that this comes from `first`, too. The log
was stamped at 3 and at 9 entries; the statements of `second` and `last` name the former. The time stamps over the note
of `second` were renewed.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from archiver import exporting, tracing
from archiver.archive import Archive
from archiver.config import AuthoritySettings, CaptureSettings, SealSettings, Settings
from archiver.model import Recording
from archiver.provenance.claim import Relation
from archiver.provenance.graph import Chain, End, EndKind, Node, NodeKind, Status
from archiver.report.html import render
from archiver.seal import stamps
from archiver.seal.timestamp import make_request
from archiver.seal.timestamp_read import read_response
from archiver.storage import layout
from archiver.verifying import Wanted
from tests.support.authority import Authority, Server, lie
from tests.tamper.material import ABOUT, Made, rich, url_of
from tests.unit.provenance.chains import claim, edge

NAMES = ("first", "second", "last")
BEFORE, LATER = 3, 9  # the sizes at which the log was stamped


@dataclass(frozen=True)
class Stamped(Made):
    """`one` and `two` stamped the archive and are trusted. Nobody knows `three`, nor the `double` of `one`."""

    authorities: dict[str, Authority]

    def wanted(self, *, pins: bool = True, known: bool = True) -> Wanted:
        """What somebody knows who has the key, and may have the newest checkpoint and the roots."""
        roots = [(name, self.authorities[name].folder / "root.pem") for name in ("one", "two")]
        return Wanted(self.trust, (self.checkpoint,) if known else (), roots if pins else ())

    def reply(self, authority: str, message: bytes, later: timedelta = timedelta()) -> bytes:
        """What an authority says to whoever asks it now, or by its clock so much later."""
        asked = self.authorities[authority]
        answer = asked.reply(make_request(message).data)
        return asked.forge(answer, lie(later)) if later else answer


def name_of(authority: str, response: bytes, renewal: int = 0) -> str:
    """The file that a response is to have as one of that authority."""
    token = read_response(response)
    assert token.signer is not None
    return stamps.file_name(authority, token.gen_time, token.signer.not_after, renewal)


def make(folder: Path, patch: pytest.MonkeyPatch) -> Stamped:
    """Build everything, in a home of its own that is left behind."""
    for name in [name for name in os.environ if name.startswith("ARCHIVER_")]:
        patch.delenv(name)
    for name in ("CONFIG", "STATE", "CACHE"):
        patch.setenv(f"XDG_{name}_HOME", str(folder / "operator" / name.lower()))
    recordings: dict[str, Recording] = {}

    def record(url: str, settings: CaptureSettings, directory: Path, on_progress: object) -> Recording:
        recordings[url] = rich(url)
        return recordings[url]

    patch.setattr("archiver.capture.capture.record", record)
    authorities = {
        name: Authority(folder / "authorities" / name, called)
        for name, called in {"one": "One", "two": "Two", "three": "Three", "double": "One"}.items()
    }
    place, ids = folder / "archive", dict[str, str]()
    with Archive(str(place)) as archive:
        ids["first"] = archive.capture(url_of("first"), about=ABOUT).snapshot.id
    with Server(authorities["one"]) as one, Server(authorities["two"]) as two:
        asked = {
            name: AuthoritySettings.model_validate({"url": server.url, "roots": server.authority.folder / "root.pem"})
            for name, server in {"one": one, "two": two}.items()
        }
        with Archive(Settings(archive=str(place), authorities=asked, seal=SealSettings(timeout_s=60))) as archive:
            ids["second"] = archive.capture(url_of("second"), about=ABOUT).snapshot.id
            tracing.state(archive, _from_an_agency(ids["first"]))
            tracing.state(archive, _from(ids["second"], ids["first"]))
            ids["last"] = archive.capture(url_of("last"), about=ABOUT).snapshot.id
            tracing.state(archive, _from(ids["last"], ids["first"]))
            stamper = archive.stamper()
            assert stamper is not None
            archive.stamp_checkpoint(stamper)
            capture, _ = archive.locate(ids["second"])
            assert capture.result is not None
            stamper.renew(layout.note_timestamps(capture.result.commitment))
            signer = archive.signer()
            assert signer is not None
    for name in NAMES:
        (folder / f"{name}.bundle.wacz").write_bytes(export(place, ids[name]))
    (folder / "trust").write_text(f"{signer.key.text}\n")
    shutil.copy(place / layout.CHECKPOINT, folder / "checkpoint")
    return Stamped(folder, ids, {name: recordings[url_of(name)] for name in NAMES}, signer, authorities)


def export(place: Path, id_: str) -> bytes:
    """The bundle of a snapshot as the command line makes it, but for the PDF."""
    with Archive(str(place)) as archive:
        return b"".join(exporting.evidence(archive, archive.find(id_), render))


def _from_an_agency(id_: str) -> Chain:
    """That a snapshot comes from an agency."""
    agency = Node("agency:bay-wire", NodeKind.AGENCY, outlet="Bay Wire")
    said = (claim(Relation.WIRE, outlet="Bay Wire"),)
    return Chain(
        start=id_,
        nodes=(Node(id_, NodeKind.ARTICLE, id_, "https://first.test/", "Lantern Weekly", title="A page"), agency),
        edges=(edge(id_, agency.id, Relation.WIRE, Status.CLAIMED, claims=said),),
        ends=(End(agency.id, EndKind.WIRE_AGENCY, "no address of its report"),),
    )


def _from(later: str, earlier: str) -> Chain:
    """That a snapshot comes from another."""
    return Chain(
        start=later,
        nodes=(
            Node(later, NodeKind.ARTICLE, later, "https://second.test/", "Harbour Daily", title="A page"),
            Node(earlier, NodeKind.ARTICLE, earlier, "https://first.test/", "Lantern Weekly", title="A page"),
        ),
        edges=(edge(later, earlier),),
        ends=(),
    )

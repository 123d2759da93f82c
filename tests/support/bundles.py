"""An archive of a repost and its source, time-stamped by two authorities, and the evidence bundle of the repost."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from archiver import clock, exporting, keychanges, sealing, stamping
from archiver.archive import Archive
from archiver.config import AuthoritySettings, CaptureSettings, Settings
from archiver.model import Recording
from archiver.provenance.claim import Relation
from archiver.provenance.derivation import derivation_of, to_statement
from archiver.provenance.graph import Chain, DirectionBy, Edge, End, EndKind, Node, NodeKind, Status
from archiver.report.html import render
from archiver.seal import keys
from archiver.seal.statement import About
from archiver.storage import layout
from tests.support.authority import Authority, Kind, Server
from tests.tamper.material import rich

REPOST, SOURCE = "http://repost.test/", "http://source.test/"
AUTHORITIES = ("one", "two")
_KINDS = (Kind(), Kind(rsa=True, between=1))


@dataclass(frozen=True)
class MadeBundle:
    """In `folder`: the archive, the bundle, and what a verifier has from elsewhere, the files `keys` and `roots`."""

    folder: Path
    id: str
    source_id: str
    settings: Settings

    @property
    def archive(self) -> Path:
        return self.folder / "archive"

    @property
    def file(self) -> Path:
        return self.folder / "bundle.wacz"

    @property
    def keys(self) -> Path:
        return self.folder / "keys"

    @property
    def roots(self) -> Path:
        return self.folder / "roots"

    def unpacked(self, folder: Path) -> Path:
        """The bundle unpacked there, as its reader does it."""
        with zipfile.ZipFile(self.file) as opened:
            opened.extractall(folder)
        return folder


def make(
    folder: Path,
    patch: pytest.MonkeyPatch,
    change: Callable[[Recording], Recording] = lambda recording: recording,
) -> MadeBundle:
    """Capture the source, then its repost; state where that comes from; add a key; stamp, and renew; export.

    `change` is what is done to each recording before it is stored.
    """
    for name in [name for name in os.environ if name.startswith("ARCHIVER_")]:
        patch.delenv(name)
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("CONFIG", "STATE", "CACHE"):
        patch.setenv(f"XDG_{name}_HOME", str(folder / "operator" / name.lower()))

    def record(url: str, settings: CaptureSettings, directory: Path, on_progress: object) -> Recording:
        return change(rich(url))

    patch.setattr("archiver.capture.capture.record", record)
    authorities = [Authority(folder / name, name, kind) for name, kind in zip(AUTHORITIES, _KINDS, strict=True)]
    with Server(authorities[0]) as one, Server(authorities[1]) as two:
        settings = Settings(
            archive=str(folder / "archive"),
            authorities={
                name: AuthoritySettings(url=SecretStr(server.url), roots=folder / name / "root.pem")
                for name, server in zip(AUTHORITIES, (one, two), strict=True)
            },
        )
        with Archive(settings) as archive:
            source = archive.capture(SOURCE).snapshot.id
            repost = archive.capture(REPOST, about=About(case="Case 7")).snapshot.id
            chain = _chain(repost, source)
            for edge in (*chain.edges_from(repost), *chain.edges_from(source)):
                archive.enter(to_statement(derivation_of(chain, edge, edge.later, clock.now())))
            keychanges.add(archive, keys.make(archive.holder().origin).key.text, About())
            stamper = stamping.Stamper(archive.store, settings, stamping.configured(settings))
            archive.stamp_checkpoint(stamper)
            sealing.retry(archive, stamper, settings)
            capture, _ = archive.locate(repost)
            assert capture.result is not None
            stamper.renew(layout.note_timestamps(capture.result.commitment))
            (folder / "keys").write_text("".join(f"{status.key.text}\n" for status in archive.keyring().all()))
            pieces = exporting.evidence(archive, archive.find(repost), render, lambda _: b"%PDF-1.7 of the report")
            (folder / "bundle.wacz").write_bytes(b"".join(pieces))
    (folder / "roots").write_bytes(b"".join(authority.root_pem for authority in authorities))
    return MadeBundle(folder, repost, source, settings)


def _chain(repost: str, source: str) -> Chain:
    """The repost comes from the source, and that from a report of an agency."""
    match = json.loads('{"verdict":"copy","first":{"contained_per_mille":990},"second":{"contained_per_mille":970}}')
    agency = Node("agency", NodeKind.AGENCY, outlet="An Agency")
    nodes = (
        Node(repost, NodeKind.ARTICLE, repost, REPOST, title="A repost"),
        Node(source, NodeKind.ARTICLE, source, SOURCE, title="The source", site="source.test"),
        agency,
    )
    edges = (
        Edge(repost, source, Relation.REPUBLICATION, Status.VERIFIED, False, (), match, DirectionBy.UNKNOWN),
        Edge(source, agency.id, Relation.WIRE, Status.UNKNOWN, False, (), match, DirectionBy.UNKNOWN),
    )
    return Chain(repost, nodes, edges, (End(agency.id, EndKind.WIRE_AGENCY, "it is an agency"),))

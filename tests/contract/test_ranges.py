"""A part is taken out of a large snapshot in S3: only the bytes that it needs are fetched, as a proxy counts them."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from archiver.archive import Archive
from archiver.snapshot import Snapshot
from archiver.storage import layout
from archiver.storage.s3 import Limits, make_client
from archiver.warc import cdxj
from tests.contract.conftest import Places
from tests.support import recorded, seaweed
from tests.support.faulty_s3 import FaultyS3
from tests.unit.recordings import RESPONSE_HEAD, exchange

_URL = "https://a.test/film"
_FILM_BYTES = 200 << 20
_SPARE_BYTES = 64 << 10


@dataclass
class Counted:
    """A snapshot that is read through a proxy."""

    archive: Archive
    snapshot: Snapshot
    proxy: FaultyS3

    def fetched(self, name: str) -> tuple[bytes, int]:
        """A part, and how many bytes came for it."""
        self.proxy.clear()
        return b"".join(self.snapshot.part(name)), self.proxy.sent_bytes


@pytest.fixture
def counted(
    places_of: Callable[[str], Places], s3: seaweed.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Counted]:
    location = places_of("s3").new()
    film = tmp_path / "film"
    with film.open("xb") as stream:
        stream.truncate(_FILM_BYTES)
    long = exchange(1, response_body=recorded.body_in_file(film, RESPONSE_HEAD))
    main = exchange(0, url=_URL)
    page = recorded.page(_URL, exchanges=(main, long), main=main)
    with monkeypatch.context() as patch, Archive(location) as archive:
        patch.setattr("archiver.capture.capture.record", lambda *_: page)
        patch.setattr("zlib.compressobj", stored_only)
        archive.capture(_URL)
    with FaultyS3(s3.endpoint) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", proxy.endpoint)
        client = make_client(location, Limits())
        monkeypatch.setattr("archiver.storage.s3.make_client", lambda *_: client)
        with Archive(location) as archive:
            yield Counted(archive, archive.find(_URL), proxy)
        client.close()


def stored_only(_: int, *more: Any, _real: Callable[..., Any] = zlib.compressobj) -> Any:
    """gzip that packs nothing: a film does not get smaller, and this one is of zeros."""
    return _real(0, *more)


def test_a_part_of_a_large_snapshot_takes_the_bytes_of_its_record_and_of_the_index(counted: Counted) -> None:
    assert counted.snapshot.artifact("warc")["bytes"] > _FILM_BYTES
    index_bytes = counted.snapshot.artifact("cdxj")["bytes"]
    wanted = {"screenshot": recorded.SCREENSHOT, "text": b"hello", "dom": recorded.DOM, "html": b"<p>hello</p>"}
    for name, content in wanted.items():
        data, fetched_bytes = counted.fetched(name)
        assert data == content
        assert [method for method, _ in counted.proxy.asked] == ["GET", "GET"]
        assert index_bytes < fetched_bytes < index_bytes + record_bytes(counted, name) + _SPARE_BYTES
    data, fetched_bytes = counted.fetched("warc")
    assert fetched_bytes >= len(data) > _FILM_BYTES, "the proxy counts what comes"


def record_bytes(counted: Counted, name: str) -> int:
    """How long the record of a part is in the WARC."""
    prefix = {"screenshot": "urn:view:", "text": "urn:text:"}.get(name, "urn:dom:")
    key = layout.cdxj(counted.snapshot.id)
    (entry,) = (
        entry for entry in cdxj.parse(b"".join(counted.snapshot.store.get(key)), key) if entry.url.startswith(prefix)
    )
    return entry.length

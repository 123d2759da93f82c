"""Verifying an archive wherever it lies: in a folder, in a bucket, and in one that locks what it holds."""

from __future__ import annotations

from collections.abc import Callable

from archiver.archive import Archive
from archiver.copying import copy
from archiver.seal import note, published
from archiver.storage import layout, log
from archiver.verify.verdict import Verdict, worst
from archiver.verifying import Wanted, verify, verify_all
from tests.contract.conftest import LOCKED, Places
from tests.support.recorded import SCREENSHOT

_URL, _OTHER = "https://a.test/page", "https://a.test/other"
GetPlaces = Callable[[str], Places]


def checks_of(archive: Archive, ref: str, wanted: Wanted | None = None) -> dict[str, Verdict]:
    return {check.name: check.verdict for check in verify(archive, ref, wanted or Wanted()).checks}


def test_what_is_stored_is_verified_where_it_lies(places: Places) -> None:
    with Archive(places.new()) as archive:
        ids = [archive.capture(url).snapshot.id for url in (_URL, _OTHER, _URL)]
        found = verify_all(archive, Wanted())
        assert worst(check.verdict for check in found.log) is Verdict.PASS
        assert [(report.id, report.verdict) for report in found.reports] == [(id_, Verdict.PASS) for id_ in ids]
        key = layout.warc(ids[1])
        data = b"".join(archive.store.get(key))
        archive.store.delete(key)
        archive.store.put_new(key, data.replace(data[-20:], bytes(20)))
        found = verify_all(archive, Wanted())
        assert worst(check.verdict for check in found.log) is Verdict.PASS
        assert [report.verdict for report in found.reports] == [Verdict.PASS, Verdict.FAIL, Verdict.PASS]
        assert checks_of(archive, ids[1])["artifacts"] is Verdict.FAIL


def test_object_lock_is_asked_for_where_the_archive_was_made_to_have_it(places_of: GetPlaces) -> None:
    location = places_of("s3").free()
    with Archive(location) as archive:
        archive.found(f"s3://{LOCKED}/{location.rpartition('/')[2]}", retention_days=1)
        archive.capture(_URL)
        (check,) = [check for check in verify(archive, "latest", Wanted()).checks if check.name == "retention"]
        assert check.verdict is Verdict.PASS
        assert "warc until 2" in check.detail
        assert checks_of(archive, "latest", Wanted(online=False))["retention"] is Verdict.SKIPPED


def test_a_copy_elsewhere_verifies_as_its_source_does(places_of: GetPlaces) -> None:
    places_of("s3")
    source, target = places_of("local").new(), places_of("s3").free()
    with Archive(source) as one, Archive(target) as other:
        one.capture(_URL)
        copy(one, other, lambda *_: None)
        assert set(checks_of(other, "latest").values()) == {Verdict.PASS, Verdict.SKIPPED}
        newest = one.newest_checkpoint()
        assert newest is not None
        assert newest == other.newest_checkpoint()
        assert note.parse(newest.note).text == newest.checkpoint.text


def test_captures_copied_into_another_archive_verify_there(places_of: GetPlaces) -> None:
    with Archive(places_of("local").new()) as one, Archive(places_of("local").new()) as other:
        other.capture(_OTHER)
        one.capture(_URL)
        copy(one, other, lambda *_: None, _URL)
        found = verify_all(other, Wanted())
        assert worst(check.verdict for check in found.log) is Verdict.PASS
        assert {report.verdict for report in found.reports} == {Verdict.PASS}
        assert b"".join(other.find(_URL).part("screenshot")) == SCREENSHOT


def test_what_is_published_of_a_log_is_the_same_in_every_store(places: Places) -> None:
    with Archive(places.new()) as archive:
        for _ in range(2):
            archive.capture(_URL)
        store = archive.store
        assert published.read_bundle(store, 0, 4) == list(log.leaves(store, 0))
        newest = archive.newest_checkpoint()
        assert newest is not None
        assert published.tree(store, 4).root() == newest.checkpoint.root

"""Copying archives between stores: all of it, verified, resumed after any kill, and what is wrong with it told."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import pytest

from archiver.archive import Archive
from archiver.copying import Copied, copy
from archiver.errors import NotFoundError, StorageError
from archiver.index.check import Kind
from archiver.index.queries import Capture, Filter
from archiver.storage import layout
from archiver.storage.location import open_store
from tests.contract.archives import assert_is_whole, contents, is_there, wrong
from tests.contract.conftest import Places
from tests.support.children import Kill

_URL, _OTHER = "https://a.test/copied", "https://a.test/left"
GetPlaces = Callable[[str], Places]


@pytest.fixture(params=["local to s3", "s3 to local"])
def ways(request: pytest.FixtureRequest, places_of: GetPlaces) -> tuple[Places, Places]:
    """Where from and where to."""
    places_of("s3")  # what a process needs for S3 is there before the first is made
    source, _, target = request.param.partition(" to ")
    return places_of(source), places_of(target)


@pytest.fixture
def local(places_of: GetPlaces) -> Places:
    return places_of("local")


def filled(places: Places) -> str:
    """An archive with two captures of one URL, one of another, and a failure."""
    location = places.new()
    with Archive(location) as archive:
        archive.capture(_URL)
        archive.capture(_OTHER)
        fail(archive, _URL)
        archive.capture(_URL)
    return location


def fail(archive: Archive, url: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "archiver.capture.capture.record", lambda *_: (_ for _ in ()).throw(NotFoundError("made to fail"))
        )
        with pytest.raises(NotFoundError):
            archive.capture(url)


def copied(source: str, target: str, url: str | None = None) -> Copied:
    with Archive(source) as one, Archive(target) as other:
        return copy(one, other, lambda *_: None, url)


def assert_same(source: str, target: str) -> None:
    """The same objects in both, and nothing wrong with the copy."""
    assert contents(open_store(source)) == contents(open_store(target))
    with Archive(target) as archive:
        assert list(archive.check_index()) == []
        for capture in archive.snapshots():
            if capture.state == "complete":
                assert_is_whole(archive, capture.id)


def test_a_whole_archive_is_copied_to_another_kind_of_store(ways: tuple[Places, Places]) -> None:
    source, target = filled(ways[0]), ways[1].free()
    done = copied(source, target)
    published = 4 * 4  # of each of the captures: bundle, tile, checkpoint, signature
    assert (done.problems, done.entries, done.objects) == ((), 8, 8 + 8 + 3 * 2 + published)
    assert_same(source, target)
    with Archive(source) as one, Archive(target) as other:
        assert list(one.snapshots()) == list(other.snapshots())
    assert copied(source, target) == Copied()


def test_a_copy_killed_at_any_write_goes_on_where_it_was(ways: tuple[Places, Places]) -> None:
    source = ways[0].new()
    with Archive(source) as archive:
        archive.capture(_URL)
        fail(archive, _OTHER)
    for number in range(1, 100):
        target = ways[1].new()
        there, ours = (open_store(place) for place in (target, source))
        there.delete(layout.ARCHIVE)
        there.put_new(
            layout.ARCHIVE, b"".join(ours.get(layout.ARCHIVE))
        )  # what making one asks of S3 is not meant here
        whens = ("before", "after")
        survived = child_of(ways).run("copy", source, target, kill=Kill("write", number, whens[number % 2]))
        with Archive(target) as archive:
            assert wrong(archive) == []
        assert copied(source, target).problems == ()
        assert_same(source, target)
        if survived:
            assert number > 2 * 2 + 4  # notes and slots, and two artifacts
            return


def child_of(ways: tuple[Places, Places]) -> Places:
    """Whose processes know both stores."""
    return next(places for places in ways if places.kind == "s3")


def test_what_is_captured_later_is_copied_later(local: Places) -> None:
    source, target = filled(local), local.free()
    copied(source, target)
    with Archive(source) as archive:
        archive.capture(_OTHER)
    assert copied(source, target).entries == 2
    assert_same(source, target)


# one URL


def captures(location: str, url: str) -> list[Capture]:
    with Archive(location) as archive:
        return list(archive.snapshots(Filter(url=url)))


def test_the_captures_of_one_url_are_copied_into_another_archive(ways: tuple[Places, Places]) -> None:
    source, target = filled(ways[0]), filled(ways[1])
    before = {capture.id for capture in captures(target, _URL)}
    done = copied(source, target, _URL)
    assert (done.problems, done.entries) == ((), 6)
    wanted = {capture.id: capture.state for capture in captures(source, _URL)}
    there = {capture.id: capture.state for capture in captures(target, _URL)}
    assert {id_: state for id_, state in there.items() if id_ not in before} == wanted
    assert len(captures(target, _OTHER)) == 1
    with Archive(target) as archive:
        assert list(archive.check_index()) == []
        for id_ in (id_ for id_, state in there.items() if state == "complete"):
            assert_is_whole(archive, id_)
    assert copied(source, target, _URL) == Copied()


def test_a_copy_of_one_url_killed_at_any_write_goes_on_where_it_was(local: Places) -> None:
    source = local.new()
    with Archive(source) as archive:
        archive.capture(_URL)
    for number in range(1, 100):
        target = local.new()
        survived = local.run("copy", source, target, _URL, kill=Kill("write", number))
        assert copied(source, target, _URL).problems == ()
        (capture,) = captures(target, _URL)
        assert capture.state == "complete"
        with Archive(target) as archive:
            assert list(archive.check_index()) == []
        if survived:
            return


def test_a_url_that_was_never_captured_is_said_to_be_so(local: Places) -> None:
    source = filled(local)
    with pytest.raises(NotFoundError, match=r"no capture of exactly https://a\.test/nowhere"):
        copied(source, local.new(), "https://a.test/nowhere")


# what is refused


def test_a_whole_archive_is_not_copied_into_another_one(local: Places) -> None:
    source, target = filled(local), filled(local)
    before = contents(open_store(target))
    with pytest.raises(StorageError, match="is another archive"):
        copied(source, target)
    assert contents(open_store(target)) == before


def test_one_url_is_not_copied_into_a_copy_whose_log_would_go_its_own_way(local: Places) -> None:
    source, target = filled(local), local.free()
    copied(source, target)
    with pytest.raises(StorageError, match="without a --url"):
        copied(source, target, _URL)


@pytest.mark.parametrize("captured_into", ["the copy", "both"])
def test_a_copy_whose_log_went_its_own_way_is_left_as_it_is(captured_into: str, local: Places) -> None:
    source, target = filled(local), local.free()
    copied(source, target)
    for place in (target, source) if captured_into == "both" else (target,):
        with Archive(place) as archive:
            archive.capture(_OTHER)
    before = contents(open_store(target))
    with pytest.raises(StorageError, match="nothing was copied") as caught:
        copied(source, target)
    assert target in str(caught.value)
    assert contents(open_store(target)) == before


def test_without_an_archive_there_is_nothing_to_copy(local: Places) -> None:
    target = local.free()
    with pytest.raises(NotFoundError, match="there is no archive"):
        copied(local.free(), target)
    assert not Path(target).exists()


# what is wrong with the source


def test_a_damaged_artifact_is_told_each_time_and_the_rest_is_copied(local: Places) -> None:
    source, target = filled(local), local.free()
    (capture,) = captures(source, _OTHER)
    damaged = Path(source) / layout.warc(capture.id)
    good = damaged.read_bytes()
    damaged.write_bytes(b"x" + good[1:])
    for _ in range(2):
        (problem,) = copied(source, target).problems
        assert str(damaged) in problem
        assert "is damaged" in problem
    with Archive(target) as archive:
        assert {problem.kind for problem in archive.check_index()} == {Kind.MISSING_ARTIFACT}
        assert {problem.name for problem in archive.check_index()} == {str(Path(target) / layout.warc(capture.id))}
    damaged.write_bytes(good)
    assert copied(source, target).problems == ()
    assert_same(source, target)


def test_a_missing_note_is_told_and_the_rest_is_copied(local: Places) -> None:
    source, target = filled(local), local.free()
    (capture,) = captures(source, _OTHER)
    assert capture.result is not None
    missing = layout.note(capture.result.commitment)
    open_store(source).delete(missing)
    done = copied(source, target)
    (problem,) = done.problems
    assert missing in problem
    assert done.entries == 8
    assert not is_there(open_store(target), missing)
    with Archive(target) as archive:
        problems = list(archive.check_index())
        assert [problem.kind for problem in problems] == [Kind.MISSING_NOTE]
        assert len([capture for capture in archive.snapshots(Filter(url=_URL)) if capture.state == "complete"]) == 2


def test_an_object_that_is_there_already_and_is_another_is_told(local: Places) -> None:
    source, target = filled(local), local.free()
    with Archive(source) as archive:
        described = archive.describe()
        assert described is not None
    with Archive(target) as archive:
        archive.found(copy_of=described)
    (capture,) = captures(source, _OTHER)
    open_store(target).put_new(layout.cdxj(capture.id), b"another")
    (problem,) = copied(source, target).problems
    assert f"{layout.cdxj(capture.id)} is there already and is not the same" in problem


@pytest.mark.parametrize("slot", [0, 3])
def test_a_hole_in_the_log_is_told_and_what_is_before_it_is_copied(slot: int, local: Places) -> None:
    source, target = filled(local), local.free()
    open_store(source).delete(layout.slot(slot))
    done = copied(source, target)
    assert done.entries == slot
    (problem,) = done.problems
    assert f"has a hole before {layout.slot(slot + 1)}" in problem


def test_statements_that_say_nonsense_are_copied_as_they_are(local: Places) -> None:
    from tests.support.logs import Log, snapshot

    source = local.new()
    store = open_store(source)
    store.delete(layout.ARCHIVE)
    log = Log(store)
    for artifacts in (None, 7, {"warc": 1}, [1], [{"key": "../../etc/passwd"}]):
        log.add(snapshot(log.new_id(), artifacts=artifacts))
    odd = log.new_id()
    log.add(snapshot(odd, artifacts=[{"key": f"snapshots/{odd}/../../notes"}]))
    log.add_junk(b"no entry")
    store.put_new("log/slot/other", b"no slot")
    replace_descriptor(source, local)
    target = local.free()
    (problem,) = copied(source, target).problems
    assert "is no key of an archive" in problem
    assert len(list(open_store(target).list(layout.SLOTS))) == 7
    assert copied(source, target).entries == 0


@pytest.mark.parametrize(
    "named",
    [
        7,
        {"checkpoint": {"size": 3}},
        {"checkpoint": {"size": "3"}, "stamps": []},
        {"checkpoint": {"size": -1}, "stamps": []},
        {"checkpoint": {"size": 3}, "stamps": [{"sha256": []}]},
    ],
)
def test_nonsense_that_a_signed_statement_names_as_time_stamps_is_passed_over(named: object, local: Places) -> None:
    from archiver.storage import log
    from tests.support.logs import Log, snapshot

    source = local.new()
    store = open_store(source)
    store.delete(layout.ARCHIVE)
    id_ = Log(store).new_id()
    statement = snapshot(id_, _URL, artifacts=[], sealed_after=named)
    log.append(store, statement, -1, lambda _: f"\u2014 elsewhere {base64.b64encode(bytes(68)).decode()}\n")
    replace_descriptor(source, local)
    done = copied(source, local.free(), _URL)
    assert (done.entries, len(done.problems)) == (1, 1)
    assert "signed by no key that counts there" in done.problems[0]


def replace_descriptor(location: str, places: Places) -> None:
    store, other = open_store(location), open_store(places.new())
    store.delete(layout.ARCHIVE)
    store.put_new(layout.ARCHIVE, b"".join(other.get(layout.ARCHIVE)))

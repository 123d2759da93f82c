"""What lacks time stamps is known, had later, and dated honestly; the log is stamped when that is due."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from archiver import sealing, verifying
from archiver.archive import Archive, Captured
from archiver.errors import NotFoundError, StorageError
from archiver.seal import stamps
from archiver.sealing import Retried, Waiting
from archiver.storage import layout
from archiver.storage.base import ObjectStore
from archiver.verify.verdict import Verdict
from archiver.verifying import Wanted
from archiver.withdrawing import withdraw
from tests.support import recorded
from tests.support.authority import Kind
from tests.support.stamping import SECRET, Around, Makers, ago, in_folder, now, put

URL = "https://a.test/page"


class Place:
    """An archive in the current folder, captured into without a browser, and those who stamp it."""

    def __init__(self, around: Around, *names: str, **more: Any) -> None:
        self.around = around
        self.settings = around.settings(*names, **({"timeout_s": 20.0} | more))

    def capture(self, url: str = URL) -> Captured:
        with Archive(self.settings) as archive:
            return archive.capture(url)

    def retry(self) -> Retried:
        with Archive(self.settings) as archive:
            stamper = archive.stamper()
            assert stamper is not None
            return sealing.retry(archive, stamper, self.settings)

    def waiting(self) -> Waiting:
        with Archive(self.settings) as archive:
            stamper = archive.stamper()
            assert stamper is not None
            return sealing.waiting(archive, stamper)

    @property
    def store(self) -> ObjectStore:
        return Archive(self.settings).place

    def sizes(self) -> list[int]:
        return [size for size, _ in stamps.of_checkpoints(self.store)]

    def note(self, captured: Captured) -> str:
        """The folder of the time stamps of its note."""
        with Archive(self.settings) as archive:
            capture, _ = archive.locate(captured.snapshot.id)
        assert capture.result is not None
        return layout.note_timestamps(capture.result.commitment)

    def verdict(self, captured: Captured) -> dict[str, Verdict]:
        with Archive(self.settings) as archive:
            report = verifying.verify(archive, captured.snapshot.id, Wanted())
        return {check.name: check.verdict for check in report.checks if check.name in ("timestamps", "interval")}


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("archiver.capture.capture.record", recorded.record)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def place(around: Around) -> Place:
    return Place(around)


def down(around: Around, *names: str) -> None:
    around.behave(**dict.fromkeys(names or ("one", "two"), "busy"))


def up(around: Around) -> None:
    around.behave(**dict.fromkeys(("one", "two", "three"), "good"))


def test_a_capture_is_sealed_between_two_stamped_ends(place: Place) -> None:
    captured = place.capture()
    assert captured.sealed is not None
    assert captured.sealed.is_full
    assert captured.sealed.is_possible
    assert dict(captured.unstamped) == {}
    assert captured.snapshot.statement["sealed_after"]["checkpoint"]["size"] == 1
    found = place.waiting()
    assert (found.entries, found.since) == ((), None)
    assert found.newest is not None
    assert found.newest.checkpoint.size == 1
    assert place.verdict(captured) == {"timestamps": Verdict.PASS, "interval": Verdict.PASS}


def test_what_an_outage_left_is_completed_and_dated_when_that_was(place: Place) -> None:
    place.capture()
    down(place.around)
    made = [place.capture(f"{URL}?{number}") for number in range(3)]
    for captured in made:
        assert captured.sealed is not None
        assert captured.sealed.before_by == ()
        assert captured.sealed.after_by == ("one", "two")
        assert sorted(captured.unstamped) == ["one", "two"]
        assert SECRET not in str(captured.unstamped)
        assert place.verdict(captured)["timestamps"] is Verdict.UNDETERMINED
    found = place.waiting()
    assert [entry.id for entry in found.entries] == [captured.snapshot.id for captured in made]
    assert found.since == made[0].snapshot.log_index

    still = place.retry()
    assert (still.stamped, still.waits, sorted(still.failures)) == (0, 3, ["one", "two"])
    up(place.around)
    time.sleep(1.1)  # the authorities' clocks have whole seconds
    again = now()
    done = place.retry()
    assert (done.stamped, done.waits, dict(done.failures)) == (3, 0, {})
    for captured in made:
        assert place.verdict(captured) == {"timestamps": Verdict.PASS, "interval": Verdict.PASS}
        for name in in_folder(place.store, place.note(captured)):
            parsed = stamps.parse(name)
            assert parsed is not None
            assert parsed.said >= again.replace(microsecond=0), "no time is made up"
    assert place.waiting().entries == ()
    asked = place.around.asked()
    assert place.retry().stamped == 0
    assert place.around.asked() == asked, "nobody is asked for what is there"


def test_what_one_has_stamped_lacks_only_the_other(place: Place) -> None:
    place.capture()
    down(place.around, "two")
    captured = place.capture()
    assert captured.sealed is not None
    assert captured.sealed.before_by == ("one",)
    assert list(captured.unstamped) == ["two"]
    up(place.around)
    before = place.around.asked()
    done = place.retry()
    assert (done.stamped, done.waits) == (1, 0)
    assert place.around.asked()["one"] == before["one"]
    assert len(in_folder(place.store, place.note(captured))) == 2


def test_one_that_stays_down_is_asked_once_a_retry_and_the_other_for_each(place: Place) -> None:
    place.capture()
    down(place.around)
    for number in range(3):
        place.capture(f"{URL}?{number}")
    place.around.behave(two="good")
    before = place.around.asked()
    done = place.retry()
    assert (done.stamped, done.waits, list(done.failures)) == (0, 3, ["one"])
    after = place.around.asked()
    assert (after["one"] - before["one"], after["two"] - before["two"]) == (1, 3)


def test_a_third_takes_the_place_of_one_that_is_gone_for_good(around: Around) -> None:
    place = Place(around, "one", "two", "three")
    place.capture()
    down(around, "one", "three")
    captured = place.capture()
    assert captured.sealed is not None
    assert captured.sealed.before_by == ("two",)
    around.behave(three="good")
    done = place.retry()
    assert (done.stamped, done.waits) == (1, 0)
    assert list(done.failures) == ["one"]


def test_entries_before_the_first_stamped_checkpoint_are_not_waited_for(place: Place) -> None:
    old = Place(place.around)
    old.settings = place.settings.model_copy(update={"authorities": {}})
    first = [old.capture(f"{URL}?{number}") for number in range(2)]
    assert place.waiting() == Waiting((), None, place.waiting().origin, 4)
    done = place.retry()
    assert (done.stamped, done.waits) == (0, 0)
    assert done.checkpoint is not None
    assert done.checkpoint.checkpoint.size == 4
    assert place.waiting().entries == ()
    # What the checkpoint says of them suffices for an end, and nothing says since when.
    for captured in first:
        assert place.verdict(captured) == {"timestamps": Verdict.PASS, "interval": Verdict.PASS}
    # What comes after it without being stamped is waited for.
    late = old.capture()
    assert [entry.id for entry in place.waiting().entries] == [late.snapshot.id]


def test_failures_are_waited_for_too_and_what_was_withdrawn_is_not(place: Place) -> None:
    place.capture()
    down(place.around)
    captured = place.capture()
    with pytest.MonkeyPatch.context() as patch:

        def fail(*_: object) -> object:
            raise StorageError("no room")

        patch.setattr("archiver.capture.capture.record", fail)
        with pytest.raises(StorageError):
            place.capture()
    assert len(place.waiting().entries) == 2
    with Archive(place.settings) as archive:
        withdraw(archive, captured.snapshot.id, "a court order")
    waits = [entry.type for entry in place.waiting().entries]
    assert waits == ["failure", "withdrawn"]
    up(place.around)
    done = place.retry()
    assert (done.stamped, done.waits, dict(done.failures)) == (2, 0, {})


def test_one_note_that_cannot_be_read_keeps_no_other_from_being_stamped(place: Place) -> None:
    place.capture()
    down(place.around)
    made = [place.capture(f"{URL}?{number}") for number in range(2)]
    up(place.around)
    folder = place.note(made[0])
    path = Path("archive") / layout.NOTES / folder.split("/")[-2]
    path.write_bytes(path.read_bytes()[:-1])
    done = place.retry()
    assert (done.stamped, done.waits, list(done.failures)) == (1, 1, ["the store"])
    assert len(in_folder(place.store, place.note(made[1]))) == 2


# the mark


def mark(tmp_path: Path) -> Path:
    (found,) = (tmp_path / "state").rglob("*-complete")
    return found


def test_the_place_up_to_which_all_is_complete_is_remembered_and_can_be_lost(place: Place, tmp_path: Path) -> None:
    place.capture()
    down(place.around)
    place.capture()
    first = place.waiting().since
    assert mark(tmp_path).read_text() == f"{first}\n"
    up(place.around)
    place.retry()
    assert mark(tmp_path).read_text() == "4\n"
    down(place.around)
    last = place.capture()
    for lost in (b"", b"-1\n", b"0\n", b"nonsense", b"99999\n", None):
        if lost is None:
            mark(tmp_path).unlink()
        else:
            mark(tmp_path).write_bytes(lost)
        assert [entry.id for entry in place.waiting().entries] == [last.snapshot.id]


def test_what_is_remembered_is_never_beyond_what_waits(place: Place, tmp_path: Path) -> None:
    place.capture()
    down(place.around)
    waiting = place.capture()
    up(place.around)
    place.capture(f"{URL}?good")
    assert place.waiting().since == waiting.snapshot.log_index
    assert mark(tmp_path).read_text() == f"{waiting.snapshot.log_index}\n"
    assert place.retry().stamped == 1
    assert mark(tmp_path).read_text() == "6\n"


# the log


def test_the_log_is_stamped_again_when_it_has_grown_and_that_is_due(around: Around) -> None:
    place = Place(around, seal__checkpoint_every_s=3600.0)
    place.capture()
    place.capture()
    assert place.sizes() == [1], "it is not due"
    assert place.retry().checkpoint is None
    often = Place(around, seal__checkpoint_every_s=1.0)
    time.sleep(1.1)
    done = often.retry()
    assert done.checkpoint is not None
    assert done.newest == done.checkpoint
    assert often.sizes() == [1, 4]
    time.sleep(1.1)
    asked = around.asked()
    assert often.retry().checkpoint is None, "it has not grown"
    assert around.asked() == asked
    often.capture()
    assert often.sizes() == [1, 4, 5], "before the visit, with its intent"


def test_a_checkpoint_that_one_has_stamped_is_completed_by_the_other(place: Place) -> None:
    down(place.around, "two")
    captured = place.capture()
    assert captured.sealed is not None
    assert captured.sealed.after_by == ("one",)
    up(place.around)
    done = place.retry()
    assert done.newest is not None
    assert done.newest.stamped.is_full
    assert (done.stamped, done.waits) == (1, 0)


def test_a_capture_with_all_of_them_down_has_no_first_end_and_is_stored(place: Place) -> None:
    down(place.around)
    captured = place.capture()
    assert captured.sealed is not None
    assert (captured.sealed.after, captured.sealed.before) == (None, None)
    assert "sealed_after" not in captured.snapshot.statement
    assert place.waiting().newest is None
    up(place.around)
    done = place.retry()
    assert done.checkpoint is not None
    # The checkpoint has it: nothing else is asked for.
    assert place.verdict(captured) == {"timestamps": Verdict.PASS, "interval": Verdict.PASS}


def test_one_authority_alone_stamps_each_thing_once(around: Around) -> None:
    place = Place(around, "one")
    captured = place.capture()
    assert captured.sealed is not None
    assert captured.sealed.before_by == ("one",)
    asked = around.asked()["one"]
    for _ in range(3):
        done = place.retry()
        assert done.waits == 1
    assert around.asked()["one"] <= asked + 1, "the log, which has grown"


# renewals


@pytest.fixture
def dying(makers: Makers) -> Iterator[Around]:
    with Around(makers, one=Kind(days=20), two=Kind(days=30)) as made:
        yield made


def aged(place: Place, captured: Captured, around: Around) -> str:
    """Its folder, with time stamps of 25 days ago in it that expire soon."""
    folder = place.note(captured)
    note = (Path("archive") / layout.NOTES / folder.split("/")[-2]).read_bytes().partition(b"\n")[2]
    shutil.rmtree(Path("archive") / folder)
    put(place.store, folder, around.files(note, ago("one", days=25), ago("two", days=25)))
    return folder


def test_what_expires_soon_is_renewed_once(makers: Makers, dying: Around) -> None:
    with Around(makers) as around:
        place = Place(around)
        folder = aged(place, place.capture(), dying)
        assert place.retry().renewed == 1
        assert place.retry().renewed == 0
        never = Place(around, seal__renew_before_s=0.0)
        assert never.retry().renewed == 0
    assert sum(name.endswith(".sums") for name in in_folder(place.store, folder)) == 1


def test_one_folder_that_cannot_be_renewed_keeps_no_other_from_it(makers: Makers, dying: Around) -> None:
    with Around(makers) as around:
        place = Place(around)
        folders = [aged(place, place.capture(f"{URL}?{number}"), dying) for number in range(2)]
        worst = min(folders)
        put(place.store, worst, {f"renewal-{stamps.MAX_RENEWALS}.sums": b"", "20260101t000000z-20260102.x.tsr": b""})
        done = place.retry()
    assert done.renewed == 1
    assert "has been renewed 999 times" in done.failures["the store"]


def test_hostile_files_among_the_time_stamps_never_end_a_retry(place: Place) -> None:
    captured = place.capture()
    good = place.note(captured)
    for folder in (good, layout.note_timestamps("00" * 32), layout.checkpoint_timestamps(1)):
        put(
            place.store,
            folder,
            {
                "00010101t000000z-00010101.one.tsr": b"",
                "99991231t235959z-99991231.two.tsr": b"",
                "20260101t000000z-20260102.x.tsr": bytes(200_000),
                "renewal-001.sums": b"",
                "renewal-007.sums": bytes(200_000),
                "renewal-003.20260101t000000z-20260102.one.tsr": b"junk",
                "odd_one": b"",
                "deeper/20260101t000000z-20260102.x.tsr": b"",
            },
        )
    put(place.store, layout.checkpoint_timestamps(10**11), {"20260101t000000z-20260102.x.tsr": b""})
    done = place.retry()
    assert done.waits == 0
    place.capture(f"{URL}?next")
    assert place.waiting().newest is not None


def test_there_must_be_an_archive(place: Place) -> None:
    with Archive(place.settings) as archive, pytest.raises(NotFoundError):
        archive.stamper()
    assert not Path("archive").exists()


# what is shown


def test_what_is_shown_of_a_capture_is_what_verification_says(place: Place) -> None:
    captured = place.capture()
    down(place.around)
    bare = place.capture(f"{URL}?bare")
    with Archive(place.settings) as archive:
        for each, verdict in ((captured, Verdict.PASS), (bare, Verdict.UNDETERMINED)):
            capture, _ = archive.locate(each.snapshot.id)
            times = sealing.sealed(archive, capture, archive.statement(capture))
            assert times is not None
            assert times.timestamps.verdict is verdict
            assert verifying.verify(archive, each.snapshot.id, Wanted()).sealed == times.interval


@pytest.mark.parametrize(
    "said",
    [
        {"checkpoint": {"size": 10**15, "root": "00" * 32}, "stamps": []},
        {"checkpoint": {"size": 1, "root": "00"}, "stamps": []},
        {"checkpoint": {"size": -1, "root": "zz"}, "stamps": []},
        {"checkpoint": {"size": "1", "root": 7}, "stamps": [None]},
        {"checkpoint": [], "stamps": {}},
        {"stamps": []},
        "nonsense",
        [1],
        7,
    ],
)
def test_an_odd_statement_is_shown_without_its_times_or_attests_no_beginning(said: Any, place: Place) -> None:
    captured = place.capture()
    with Archive(place.settings) as archive:
        capture, _ = archive.locate(captured.snapshot.id)
        odd = archive.statement(capture) | {"sealed_after": said}
        times = sealing.sealed(archive, capture, odd)
    assert times is None or times.interval.after is None


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z", "no time", 7, None])
def test_odd_times_of_a_statement_never_end_what_shows_it(moment: Any, place: Place) -> None:
    captured = place.capture()
    with Archive(place.settings) as archive:
        capture, _ = archive.locate(captured.snapshot.id)
        odd = archive.statement(capture) | {"started_at": moment, "ended_at": moment}
        times = sealing.sealed(archive, capture, odd)
    assert times is None or times.timestamps.verdict is Verdict.PASS

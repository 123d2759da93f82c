"""Time stamps are asked of real authorities: what is good is stored, what is not is told, and both in bounded time."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archiver.errors import ConfigurationError, StorageError
from archiver.seal import stamps
from archiver.seal.checkpoint import Checkpoint
from archiver.stamping import Stamped, Stamper, expiring, names_of, remember, remembered
from archiver.storage import layout
from archiver.storage.base import Stat
from archiver.verify.timestamps import Folder, check_folder
from tests.support.authority import Kind, openssl_says
from tests.support.memory_store import MemoryStore
from tests.support.stamping import SECRET, Around, Makers, ago, in_folder, now, put, unchecked

NOTE = b"a signed note\n"
OTHER = b"another signed note\n"
COMMITMENT = "ab" * 32
FOLDER = layout.note_timestamps(COMMITMENT)
ORIGIN = "archiver/test"
ROOT = bytes(range(32))


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture(autouse=True)
def _own_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def text(size: int, root: bytes = ROOT) -> bytes:
    return Checkpoint(ORIGIN, size, root).text.encode()


class Believing:
    """A verifier who trusts these authorities, at a moment."""

    def __init__(self, around: Around, *names: str, at: datetime | None = None) -> None:
        self.pins, self.at = around.pins(*names), at or now()


# asking


def of_note(stamper: Stamper, store: MemoryStore) -> Stamped:
    """What is good of the time stamps that are stored over the note."""
    return Stamped(tuple(stamper._held(stamps.of_note(store, COMMITMENT), NOTE)))


def of_checkpoint(stamper: Stamper, store: MemoryStore, checkpoint: Checkpoint) -> Stamped:
    """The same of a checkpoint."""
    return Stamped(tuple(stamper._held(stamps.of_checkpoint(store, checkpoint.size), checkpoint.text.encode())))


def test_two_are_asked_and_what_they_answer_is_stored(around: Around, store: MemoryStore, tmp_path: Path) -> None:
    began = now()
    found = around.stamper(store, "one", "two", "three").note(COMMITMENT, NOTE)
    assert found.is_full
    assert (found.names, dict(found.failures)) == (("one", "two"), {})
    assert around.asked() == {"one": 1, "two": 1, "three": 0}
    files = in_folder(store, FOLDER)
    assert sorted(each.stored.file for each in found.held) == sorted(files)
    for each in found.held:
        assert files[each.stored.file] == each.token.data
        assert each.sha256 == hashlib.sha256(each.token.data).hexdigest()
        assert openssl_says(tmp_path, each.token.data, NOTE, around.authority(each.authority).root_pem) is None
    assert all(began - timedelta(seconds=2) <= each.time <= now() + timedelta(seconds=2) for each in found.before)


def test_the_roots_that_are_trusted_are_stored_beside(around: Around, store: MemoryStore) -> None:
    stamper = around.stamper(store)
    for _ in range(2):
        stamper.note(COMMITMENT, NOTE)
        stamper.note("cd" * 32, OTHER)
    roots = in_folder(store, layout.TIMESTAMP_ROOTS)
    assert set(roots.values()) == {around.authority(name).root_pem for name in ("one", "two")}
    assert sorted(name.partition(".")[0] for name in roots) == ["one", "two"]


REFUSED = {
    "lying": "its answer is refused: its time is .*, before .*, when it can first have been made",
    "ahead": "its answer is refused: its time is .*, after .*, when it was there already",
    "other-nonce": "its answer is refused: its nonce is not that of the request",
    "other-message": "its answer is refused: it is a time stamp of something else",
    "weak": "its answer is refused: its imprint is made with sha1, which is too weak",
    "refusing": "its answer is refused: the authority gave no time stamp: rejection",
    "garbage": "its answer is refused: the response cannot be read",
    "empty": "the answer is empty",
    "redirecting": "it redirects .status 307., which is not followed; correct its URL",
    "endless": "the answer has more than 65536 bytes, so it is no time stamp",
    "large": "the answer has more than 65536 bytes, so it is no time stamp",
    "slow": "the answer was not complete within 0.7 s",
    "silent": "the answer was not complete within 0.7 s",
    "hanging-up": "the server closed the connection without an answer",
    "busy": "the server answered with status 503",
    "missing": "the server answered with status 404",
}


@pytest.mark.parametrize("mode", REFUSED)
def test_what_one_does_wrong_is_told_and_the_other_is_kept(mode: str, around: Around, store: MemoryStore) -> None:
    around.behave(one=mode)
    # openssl may take a while here, so that only those who never answer are not waited for.
    timeout_s = 0.7 if mode in ("slow", "silent") else 15.0
    began = time.monotonic()
    found = around.stamper(store, timeout_s=timeout_s).note(COMMITMENT, NOTE)
    assert time.monotonic() - began < 10
    assert (found.names, found.is_full) == (("two",), False)
    assert list(found.failures) == ["one"]
    assert re.fullmatch(f"time-stamp authority one: {REFUSED[mode]}.*", found.failures["one"])
    assert found.failures["one"].isprintable()
    assert SECRET not in str(found)
    assert [key.split(".")[-2] for key in store.list(FOLDER)] == ["two"]
    assert around.asked()["one"] == 1


@pytest.mark.parametrize("mode", ["garbage", "ahead", "hanging-up"])
def test_a_third_is_asked_in_the_place_of_one_that_fails(mode: str, around: Around, store: MemoryStore) -> None:
    around.behave(two=mode)
    found = around.stamper(store, "one", "two", "three").note(COMMITMENT, NOTE)
    assert (found.names, list(found.failures)) == (("one", "three"), ["two"])
    assert found.is_full


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (Kind(days=-1, began_days=60), "had expired at .*, before its time"),
        (Kind(rsa=True, certificate_digest="sha1"), "is signed with sha1, which is too weak"),
        (Kind(digest="sha1"), "sha1, which is too weak"),
        (Kind(accuracy="secs:3600"), "right within 3600 s, which is too vague"),
        (Kind(critical=False), "is not critical"),
    ],
    ids=["expired", "weak certificate", "weak digest", "vague", "not critical"],
)
def test_an_authority_that_is_not_as_it_must_be_is_refused(
    kind: Kind, reason: str, makers: Makers, store: MemoryStore
) -> None:
    with Around(makers, one=kind) as around:
        found = around.stamper(store, "one", "two", "three").note(COMMITMENT, NOTE)
    assert found.names == ("three", "two")
    assert re.search(f"time-stamp authority one: its answer is refused: .*{reason}", found.failures["one"])


def test_a_token_that_leads_to_the_root_of_another_is_refused(around: Around, store: MemoryStore) -> None:
    table = {**around.tables("one")["one"], "roots": str(around.authority("three").folder / "root.pem")}
    asked = around.configured_with(one=table)
    found = Stamper(store, around.settings(), asked).note(COMMITMENT, NOTE)
    assert found.names == ("two",)
    assert "no chain of certificates leads from its signer to a root" in found.failures["one"]


def test_certificates_out_of_order_are_no_fault(around: Around, store: MemoryStore) -> None:
    around.behave(one="unsorted")
    assert around.stamper(store).note(COMMITMENT, NOTE).is_full


def test_whoever_is_not_there_is_told_without_the_url(around: Around, store: MemoryStore) -> None:
    around.servers["one"].__exit__(None, None, None)
    around.servers["one"].__exit__ = lambda *_: None  # type: ignore[method-assign]
    found = around.stamper(store).note(COMMITMENT, NOTE)
    assert found.names == ("two",)
    assert SECRET not in found.failures["one"]
    assert found.failures["one"].startswith("time-stamp authority one: ")


def test_when_none_answers_nothing_is_stored_and_the_time_is_bounded(around: Around, store: MemoryStore) -> None:
    around.behave(one="silent", two="slow", three="silent")
    began = time.monotonic()
    found = around.stamper(store, "one", "two", "three", timeout_s=0.5).note(COMMITMENT, NOTE)
    # Two at a time, so that three take two rounds.
    assert time.monotonic() - began < 2 * 0.5 + 2
    assert (found.names, sorted(found.failures)) == ((), ["one", "three", "two"])
    assert store.objects == {}


def test_nobody_is_asked_twice_by_who_is_in_a_hurry_and_everybody_is_by_who_is_patient(
    around: Around, store: MemoryStore
) -> None:
    around.behave(one="busy")
    stamper = around.stamper(store)
    for number in range(3):
        found = stamper.note(f"{number:064x}", NOTE, patient=False)
        assert (found.names, list(found.failures)) == (("two",), ["one"])
    assert around.asked() == {"one": 1, "two": 3, "three": 0}
    assert [each.name for each in stamper.answering] == ["two"]
    around.behave(one="good")
    assert not stamper.note(f"{0:064x}", NOTE, patient=False).is_full
    assert stamper.note(f"{0:064x}", NOTE).is_full
    assert around.asked() == {"one": 2, "two": 3, "three": 0}


def test_who_has_stamped_already_is_not_asked_again(around: Around, store: MemoryStore) -> None:
    around.behave(two="busy")
    stamper = around.stamper(store)
    assert stamper.note(COMMITMENT, NOTE).names == ("one",)
    around.behave(two="good")
    assert stamper.note(COMMITMENT, NOTE).is_full
    assert stamper.note(COMMITMENT, NOTE).is_full
    assert around.asked() == {"one": 1, "two": 2, "three": 0}
    assert len(in_folder(store, FOLDER)) == 2


def test_checkpoints_are_stamped_over_their_text(around: Around, store: MemoryStore, tmp_path: Path) -> None:
    checkpoint = Checkpoint(ORIGIN, 7, ROOT)
    stamper = around.stamper(store)
    found = stamper.checkpoint(checkpoint)
    assert found.is_full
    folder = layout.checkpoint_timestamps(7)
    assert len(in_folder(store, folder)) == 2
    for each in found.held:
        assert openssl_says(tmp_path, each.token.data, text(7), around.authority(each.authority).root_pem) is None
    assert of_checkpoint(stamper, store, checkpoint).is_full
    assert of_checkpoint(stamper, store, Checkpoint(ORIGIN, 7, bytes(32))).names == ()


class Racing(MemoryStore):
    """A store in which nobody sees what others put there before they put something there themselves."""

    def list(self, prefix: str, after: str = "") -> Iterator[str]:
        return iter(())


def test_of_racing_writers_each_holds_what_is_stored(around: Around) -> None:
    """What a statement names must be there: of two answers in one second only the first is stored."""
    store = Racing()

    def stamp(_: int) -> list[tuple[str, bytes]]:
        found = around.stamper(store, timeout_s=30.0).note(COMMITMENT, NOTE)
        assert found.is_full, found.failures
        return [(each.stored.key, each.token.data) for each in found.held]

    with ThreadPoolExecutor(6) as pool:
        made = [each for held in pool.map(stamp, range(6)) for each in held]
    assert len({key for key, _ in made}) < len(made), "some came in the same second"
    for key, data in made:
        assert store.objects[key] == data


def test_what_takes_the_place_of_an_answer_is_not_held_for_one(around: Around) -> None:
    class Taken(Racing):
        def put_new(self, key: str, source: bytes | Path) -> Stat:
            self.objects.setdefault(key, b"taken" if key.startswith(FOLDER) else b"")
            return super().put_new(key, source)

    found = around.stamper(Taken()).note(COMMITMENT, NOTE)
    assert found.names == ()
    assert sorted(found.failures) == ["one", "two"]


# what is stored already


def test_what_is_stored_and_not_good_counts_for_nothing(around: Around, store: MemoryStore) -> None:
    put(store, FOLDER, around.files(OTHER, ago("one", minutes=1)))
    (name,) = in_folder(store, FOLDER)
    names = [f"2026112{number}t000000z-20300101.one.tsr" for number in range(1, 6)]
    junk: list[bytes] = [b"", b"junk", bytes(70_000), b"\x30\x80" * 100, around.files(NOTE, "one").popitem()[1][:-1]]
    put(store, FOLDER, dict(zip(names, junk, strict=True)))
    stamper = around.stamper(store)
    assert of_note(stamper, store).names == ()
    assert stamper.note(COMMITMENT, NOTE).is_full
    assert in_folder(store, FOLDER)[name] is not None
    assert of_note(stamper, store).names == ("one", "two")


def test_who_gave_a_stored_one_is_known_by_its_root_and_not_by_its_name(around: Around, store: MemoryStore) -> None:
    files = around.files(NOTE, "one")
    put(store, FOLDER, {name.replace(".one.", ".two."): data for name, data in files.items()})
    assert of_note(around.stamper(store), store).names == ("one",)


def test_of_thousands_that_lie_there_not_all_are_read(around: Around, store: MemoryStore) -> None:
    first = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(3000):
        said = first + timedelta(seconds=number)
        store.put_new(FOLDER + stamps.file_name("one", said, first + timedelta(days=4000)), b"junk")
    stamper = around.stamper(store)
    assert stamper.note(COMMITMENT, NOTE).is_full
    assert len(store.asked) < 500


def test_a_good_one_is_read_once_whatever_lies_beside_it(around: Around, store: MemoryStore) -> None:
    put(store, FOLDER, around.files(NOTE, *[ago("one", minutes=minutes) for minutes in range(5)]))
    found = of_note(around.stamper(store), store)
    assert found.names == ("one",)
    assert found.before[0].time < now() - timedelta(minutes=3), "the earliest counts"


def test_a_store_that_fails_is_told_as_such(around: Around, store: MemoryStore) -> None:
    class Full(MemoryStore):
        def put_new(self, key: str, source: bytes | Path) -> Stat:
            raise StorageError("no room")

    with pytest.raises(StorageError, match="no room"):
        around.stamper(Full()).note(COMMITMENT, NOTE)


@pytest.mark.parametrize("count", [3, 150])
def test_names_of_notes_are_those_listed_however_many_there_are(count: int, store: MemoryStore) -> None:
    wanted = [f"{number:064x}" for number in range(count)]
    file = "20261123t080000z-20300102.{}.tsr"
    put(store, layout.note_timestamps(wanted[0]), {file.format("one"): b"", file.format("two"): b""})
    put(store, layout.note_timestamps(wanted[1]), {f"renewal-001.{file.format('one')}": b"", "odd": b""})
    put(store, f"{layout.NOTE_TIMESTAMPS}x/{wanted[2]}/", {file.format("one"): b""})
    put(store, f"{layout.note_timestamps(wanted[2])}deeper/", {file.format("one"): b""})
    names = names_of(store, wanted)
    assert [names(each) for each in wanted[:3]] == [{"one", "two"}, set(), set()]


# the newest stamped checkpoint


def stamped(store: MemoryStore, around: Around, size: int, *names: str, root: bytes = ROOT) -> None:
    store.replace(layout.checkpoint(size), text(size, root))
    put(store, layout.checkpoint_timestamps(size), around.files(text(size, root), *names))


def newest(around: Around, store: MemoryStore, *names: str) -> tuple[int, tuple[str, ...]] | None:
    found = around.stamper(store, *names).newest(ORIGIN)
    return None if found is None else (found.checkpoint.size, found.stamped.names)


def test_the_newest_is_the_last_that_two_have_stamped_or_else_any(around: Around, store: MemoryStore) -> None:
    assert newest(around, store) is None
    stamped(store, around, 3, "one")
    assert newest(around, store) == (3, ("one",))
    stamped(store, around, 5, "one", "two")
    stamped(store, around, 7, "two")
    assert newest(around, store) == (5, ("one", "two"))
    stamped(store, around, 12, "one", "two")
    assert newest(around, store) == (12, ("one", "two"))
    assert around.asked() == {"one": 0, "two": 0, "three": 0}


def test_one_that_two_stamped_by_its_names_only_is_not_preferred(around: Around, store: MemoryStore) -> None:
    stamped(store, around, 5, "one", "two")
    stamped(store, around, 9, "one")
    put(store, layout.checkpoint_timestamps(9), {"20261123t080000z-20300102.two.tsr": b"junk"})
    assert newest(around, store) == (5, ("one", "two"))


def test_of_those_that_one_stamped_the_newest_is_taken_whatever_their_names(around: Around, store: MemoryStore) -> None:
    stamped(store, around, 5, "one")
    put(store, layout.checkpoint_timestamps(5), {"20261123t080000z-20300102.two.tsr": b"junk"})
    stamped(store, around, 9, "two")
    assert newest(around, store) == (9, ("two",))


def test_those_that_are_not_good_are_passed_over(around: Around, store: MemoryStore) -> None:
    stamped(store, around, 5, "one", "two")
    stamped(store, around, 6, "one", "two")
    store.replace(layout.checkpoint(6), text(6, bytes(32)))  # the log was another one
    for size, other in ((7, text(8)), (8, text(8).replace(b"test", b"rest"))):  # of another size, of another log
        store.replace(layout.checkpoint(size), other)
        put(store, layout.checkpoint_timestamps(size), around.files(other, "one", "two"))
    stamped(store, around, 9, "one", "two")
    store.delete(layout.checkpoint(9))
    stamped(store, around, 10, "one", "two")
    store.replace(layout.checkpoint(10), b"\xff" * 50)
    stamped(store, around, 11, "one", "two")
    store.replace(layout.checkpoint(11), text(11) + bytes(5000))
    assert newest(around, store) == (5, ("one", "two"))


def test_its_authorities_are_those_that_are_asked_now(around: Around, store: MemoryStore) -> None:
    stamped(store, around, 5, "one", "two")
    assert newest(around, store, "one", "three") == (5, ("one",))
    assert newest(around, store, "three") is None


def test_what_a_statement_says_of_it_is_the_first_of_each_authority(around: Around, store: MemoryStore) -> None:
    store.replace(layout.checkpoint(5), text(5))
    files = around.files(text(5), ago("one", minutes=5), "one", ago("two", minutes=3))
    put(store, layout.checkpoint_timestamps(5), files)
    found = around.stamper(store).newest(ORIGIN)
    assert found is not None
    said = found.said()
    assert said["checkpoint"] == {"size": 5, "root": ROOT.hex()}
    earliest = min(name for name in files if ".one." in name)
    assert [each["authority"] for each in said["stamps"]] == ["one", "two"]
    assert said["stamps"][0]["sha256"] == hashlib.sha256(files[earliest]).hexdigest()


@pytest.mark.parametrize("lie", [b"99", b"-7", b"5\n", b"nonsense", b"9" * 5000, b"", b"\xff"])
def test_what_is_remembered_saves_looking_and_decides_nothing(
    lie: bytes, around: Around, store: MemoryStore, tmp_path: Path
) -> None:
    for size in (3, 5, 8):
        stamped(store, around, size, "one", "two")
    assert newest(around, store) == (8, ("one", "two"))
    (memory,) = (tmp_path / "state").rglob("*-newest")
    assert memory.read_bytes() == b"8\n"
    memory.write_bytes(lie)
    assert newest(around, store) == (8, ("one", "two"))
    for key in list(store.list(layout.checkpoint_timestamps(8))):
        store.delete(key)
    assert newest(around, store) == (5, ("one", "two"))


def test_what_is_remembered_is_of_one_log_and_one_matter() -> None:
    remember(ORIGIN, "newest", 5)
    assert (remembered(ORIGIN, "newest"), remembered(ORIGIN, "other"), remembered("another", "newest")) == (5, 0, 0)
    remember(ORIGIN, "newest", 3)
    assert remembered(ORIGIN, "newest") == 3


# renewal


@pytest.fixture
def dying(makers: Makers) -> Iterator[Around]:
    """`one` and `two` have certificates that expire in days."""
    with Around(makers, one=Kind(days=20), two=Kind(days=30)) as made:
        yield made


def due(store: MemoryStore, at: datetime, days: float = 90) -> list[str]:
    return [each.folder for each in expiring(store, at, timedelta(days=days))]


def test_what_expires_soon_is_renewed_over_a_list_that_sha256sum_and_openssl_verify(
    dying: Around, makers: Makers, store: MemoryStore, tmp_path: Path
) -> None:
    put(store, FOLDER, dying.files(NOTE, ago("one", days=25), ago("two", days=25)))
    assert due(store, now()) == [FOLDER]
    with Around(makers) as around:
        found = around.stamper(store).renew(FOLDER)
    assert found is not None
    assert found.is_full
    files = in_folder(store, FOLDER)
    assert len(files) == 5
    assert unchecked(files, tmp_path / "files") is None
    for each in found.held:
        assert each.stored.renewal == 1
        root = makers.authority(each.authority).root_pem
        assert openssl_says(tmp_path, each.token.data, files["renewal-001.sums"], root) is None
    assert due(store, now()) == []


def test_a_renewal_counts_as_long_as_its_own_certificates(dying: Around, makers: Makers, store: MemoryStore) -> None:
    put(store, FOLDER, dying.files(NOTE, ago("one", days=25), ago("two", days=25)))
    with Around(makers) as around:
        around.stamper(store).renew(FOLDER)
    assert due(store, now() + timedelta(days=100)) == []
    assert due(store, now() + timedelta(days=3600)) == [FOLDER]


def test_an_authority_that_still_has_its_old_certificate_is_not_asked_round_after_round(
    dying: Around, store: MemoryStore
) -> None:
    put(store, FOLDER, dying.files(NOTE, ago("one", days=25), ago("two", days=25)))
    stamper = dying.stamper(store)
    began, rounds = now(), 0
    for hour in range(20 * 24):  # as the worker would until the first certificate expires
        at = began + timedelta(hours=hour)
        if due(store, at):
            rounds += 1
            last = f"renewal-{rounds:03d}."
            assert stamper.renew(FOLDER) is not None
            # As if it had been done at that moment.
            for key in [key for key in store.list(FOLDER + last) if key.endswith(".tsr")]:
                parsed = stamps.parse(key)
                assert parsed is not None
                name = stamps.file_name(parsed.authority, at, parsed.expires, parsed.renewal)
                store.objects[FOLDER + name] = store.objects.pop(key)
    assert 1 <= rounds <= 8


def test_a_half_done_renewal_goes_on_over_the_same_list(dying: Around, store: MemoryStore, tmp_path: Path) -> None:
    put(store, FOLDER, dying.files(NOTE, ago("one", days=25), ago("two", days=25)))
    dying.behave(one="busy", two="busy")
    found = dying.stamper(store).renew(FOLDER)
    assert found is not None
    assert found.names == ()
    before = in_folder(store, FOLDER)
    assert "renewal-001.sums" in before
    dying.behave(one="good")
    assert dying.stamper(store).renew(FOLDER) is not None
    dying.behave(two="good")
    found = dying.stamper(store).renew(FOLDER)
    assert found is not None
    assert found.names == ("one", "two")
    after = in_folder(store, FOLDER)
    assert after.items() > before.items()
    assert [name for name in after if name.endswith(".sums")] == ["renewal-001.sums"]
    assert unchecked(after, tmp_path / "files") is None
    assert check_folder("a", Folder(NOTE, after), Believing(dying)) == ([], [])


def test_one_that_only_one_has_renewed_is_still_due(makers: Makers, dying: Around, store: MemoryStore) -> None:
    put(store, FOLDER, dying.files(NOTE, ago("one", days=25), ago("two", days=25)))
    with Around(makers) as around:
        around.behave(two="busy")
        around.stamper(store).renew(FOLDER)
        assert due(store, now()) == [FOLDER]
        around.behave(two="good")
        around.stamper(store).renew(FOLDER)
    assert due(store, now()) == []
    assert [name for name in in_folder(store, FOLDER) if name.endswith(".sums")] == ["renewal-001.sums"]


def test_a_list_that_lacks_what_came_meanwhile_is_followed_by_another(dying: Around, store: MemoryStore) -> None:
    """Nobody answered at first, then the note got its second time stamp, and only then they answered again."""
    put(store, FOLDER, dying.files(NOTE, ago("one", days=25)))
    dying.behave(one="busy", two="busy")
    dying.stamper(store).renew(FOLDER)
    dying.behave(one="good", two="good")
    assert dying.stamper(store).note(COMMITMENT, NOTE).is_full
    time.sleep(1.1)  # so that the renewal is later by the authorities' clocks, which have whole seconds
    found = dying.stamper(store).renew(FOLDER)
    assert found is not None
    assert found.is_full
    files = in_folder(store, FOLDER)
    assert sorted(name for name in files if name.endswith(".sums")) == ["renewal-001.sums", "renewal-002.sums"]
    assert check_folder("a", Folder(NOTE, files), Believing(dying)) == ([], [])


@pytest.mark.parametrize("planted", [b"", b"junk", b"00" * 32 + b"  a\n", bytes(70_000)])
def test_a_list_that_somebody_else_planted_is_not_stamped(planted: bytes, dying: Around, store: MemoryStore) -> None:
    put(store, FOLDER, dying.files(NOTE, ago("one", days=25), ago("two", days=25)))
    put(store, FOLDER, {"renewal-001.sums": planted})
    found = dying.stamper(store).renew(FOLDER)
    assert found is not None
    assert found.is_full
    assert {each.stored.renewal for each in found.held} == {2}


def test_a_renewal_is_renewed_with_all_that_came_before(dying: Around, store: MemoryStore, tmp_path: Path) -> None:
    put(store, FOLDER, dying.files(NOTE, ago("one", days=25), ago("two", days=25)))
    for _ in range(3):
        assert dying.stamper(store).renew(FOLDER) is not None
    files = in_folder(store, FOLDER)
    assert files["renewal-003.sums"].count(b"\n") == 8
    assert unchecked(files, tmp_path / "files") is None
    assert check_folder("a", Folder(NOTE, files), Believing(dying)) == ([], [])


def test_where_there_is_nothing_to_renew_nobody_is_asked(dying: Around, store: MemoryStore) -> None:
    put(store, FOLDER, {"odd": b"", "renewal-001.sums": b"x\n"})
    put(store, f"{FOLDER}deeper/", dying.files(NOTE, "one"))
    assert dying.stamper(store).renew(FOLDER) is None
    assert due(store, now()) == []
    assert dying.asked()["two"] == 0


def test_what_lies_there_and_is_no_time_stamp_is_in_no_list(dying: Around, store: MemoryStore) -> None:
    put(store, FOLDER, dying.files(NOTE, ago("one", days=25), ago("two", days=25)))
    put(store, FOLDER, {"odd_one": b"", "deeper/odd": b"", "x" * 300: b""})
    assert dying.stamper(store).renew(FOLDER) is not None
    assert in_folder(store, FOLDER)["renewal-001.sums"].count(b"\n") == 2


def test_it_has_been_renewed_often_enough(dying: Around, store: MemoryStore) -> None:
    put(store, FOLDER, dying.files(NOTE, "one"))
    put(store, FOLDER, dying.files(NOTE, "one", renewal=stamps.MAX_RENEWALS))
    with pytest.raises(StorageError, match="has been renewed 999 times, and no more"):
        dying.stamper(store).renew(FOLDER)


def test_names_with_odd_dates_are_only_names(store: MemoryStore) -> None:
    at = now()
    for number, expires in enumerate(("00010101", "99991231", "20261332", "10000101")):
        folder = layout.note_timestamps(f"{number:064x}")
        put(store, folder, {f"99991231t235959z-{expires}.one.tsr": b"", f"00010101t000000z-{expires}.one.tsr": b""})
    assert due(store, at) == [layout.note_timestamps(f"{number:064x}") for number in (0, 3)]


# settings


def test_authorities_with_a_root_in_common_are_not_independent(around: Around) -> None:
    table = around.tables("one")["one"]
    with pytest.raises(ConfigurationError, match="one and other have a root in common") as caught:
        around.configured_with(other=table)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("content", [None, b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END"])
def test_roots_that_cannot_be_used_are_told_by_name(content: bytes | None, around: Around, tmp_path: Path) -> None:
    path = tmp_path / "roots.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match="time-stamp authority odd: its roots") as caught:
        around.configured_with(odd={"url": around.urls()["one"], "roots": str(path)})
    assert SECRET not in str(caught.value)

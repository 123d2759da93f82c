"""What time stamps say of a capture: each thing that can be wrong with them is named, and what they attest is told."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver import clock
from archiver.seal import stamps
from archiver.seal.interval import worded
from archiver.verify.timestamps import Folder, Material, Times, check_timestamps
from archiver.verify.verdict import Verdict
from tests.support.authority import Kind, openssl_says, unsorted
from tests.support.stamping import Around, Makers, Said, ago, ahead, named, now

NOTE = b"a signed note\n"
OTHER = b"the note of another snapshot\n"
BEFORE, LATER = b"the checkpoint before\n", b"a later checkpoint\n"
PINNED = ("one", "two")


def statement(before: Mapping[str, bytes] | None = None, **more: Any) -> dict[str, Any]:
    """Of a capture a minute ago; it names these responses over the checkpoint before it."""
    began = now() - timedelta(minutes=1)
    said: dict[str, Any] = {
        "started_at": clock.rfc3339(began),
        "ended_at": clock.rfc3339(began + timedelta(seconds=9)),
    }
    if before is not None:
        said["sealed_after"] = {"checkpoint": {"size": 7, "root": "00" * 32}, "stamps": [*map(_stamp, before.items())]}
    return said | more


def _stamp(file: tuple[str, bytes]) -> dict[str, str]:
    parsed = stamps.parse(file[0])
    assert parsed is not None
    return {
        "authority": parsed.authority,
        "sha256": hashlib.sha256(file[1]).hexdigest(),
        "time": clock.rfc3339(parsed.said),
    }


@dataclass
class Case:
    """What there is of a capture; all of it is as it should be until a test changes it."""

    around: Around
    note: dict[str, bytes] = field(default_factory=dict)
    before: dict[str, bytes] = field(default_factory=dict)
    later: dict[str, bytes] = field(default_factory=dict)
    statement: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, around: Around, *names: str | Said) -> Case:
        who = names or PINNED
        before = around.files(BEFORE, *[ago(each, minutes=5) for each in PINNED])
        return cls(around, around.files(NOTE, *who), before, {}, statement(before))

    def check(self, *pinned: str, at: datetime | None = None, pins: Any = None) -> Times:
        material = Material(
            Folder(NOTE, self.note) if self.note else None,
            Folder(BEFORE, self.before) if "sealed_after" in self.statement else None,
            Folder(LATER, self.later) if self.later else None,
        )
        trusted = self.around.pins(*(pinned or PINNED)) if pins is None else pins
        return check_timestamps(self.statement, material, trusted, at or now())


@pytest.fixture
def good(around: Around) -> Case:
    return Case.of(around)


def verdicts(times: Times) -> tuple[str, str]:
    return str(times.timestamps.verdict), str(times.interval_check.verdict)


def file_of(files: Mapping[str, bytes], authority: str) -> str:
    (name,) = (name for name in files if f".{authority}." in name)
    return name


# what is as it should be


def test_good_ones_of_two_authorities_attest_both_ends(good: Case) -> None:
    times = good.check()
    assert verdicts(times) == ("PASS", "PASS")
    assert (times.timestamps.problems, times.interval_check.problems) == ((), ())
    assert times.timestamps.detail == "2 over its note, 2 over the checkpoint before it"
    assert times.interval.is_full
    assert times.is_vouched
    assert times.interval_check.detail == worded(times.interval)
    assert times.interval.after is not None
    assert times.interval.before is not None
    assert timedelta(minutes=4) < times.interval.before - times.interval.after < timedelta(minutes=6)


def test_a_later_checkpoint_attests_where_the_note_was_not_stamped(good: Case) -> None:
    good.note.clear()
    good.later = good.around.files(LATER, *PINNED)
    times = good.check()
    assert verdicts(times) == ("PASS", "PASS")
    assert times.timestamps.detail == "2 over the checkpoint before it, 2 over a later checkpoint"


def test_the_earlier_of_note_and_later_checkpoint_counts_for_each_authority(good: Case) -> None:
    good.later = good.around.files(LATER, *[ahead(each, seconds=30) for each in PINNED])
    with_later, without = good.check().interval.before, Case.check(Case(**{**vars(good), "later": {}})).interval.before
    assert with_later == without


def test_one_that_has_expired_since_is_good_and_openssl_needs_attime(makers: Makers, tmp_path: Path) -> None:
    with Around(makers, one=Kind(days=-1, began_days=60)) as around:
        then = timedelta(days=-20)
        good = Case.of(around, Said("one", then), Said("two", then))
        began = now() + then - timedelta(minutes=1)
        good.statement = statement(started_at=clock.rfc3339(began), ended_at=clock.rfc3339(began))
        times = good.check()
        data = good.note[file_of(good.note, "one")]
        root = around.authority("one").root_pem
    assert verdicts(times) == ("PASS", "PASS")
    (said,) = times.timestamps.problems
    moment = re.search("`-attime ([0-9]+)`", said)
    assert moment is not None
    assert "expired" in (openssl_says(tmp_path, data, NOTE, root) or "")
    assert openssl_says(tmp_path, data, NOTE, root, at=datetime.fromtimestamp(int(moment[1]), UTC)) is None
    assert good.check(at=now() - timedelta(days=10)).timestamps.problems == ()


def test_certificates_out_of_order_are_good_for_openssl_and_us(good: Case, tmp_path: Path) -> None:
    name = file_of(good.note, "one")
    good.note[name] = unsorted(good.note[name])
    assert verdicts(good.check()) == ("PASS", "PASS")
    root = good.around.authority("one").root_pem
    assert openssl_says(tmp_path, good.note[name], NOTE, root) is None


# what is wrong with one


@pytest.mark.parametrize("message", [OTHER, BEFORE, b""])
def test_a_time_stamp_of_another_snapshot_fails_here_and_with_openssl(
    message: bytes, good: Case, tmp_path: Path
) -> None:
    name = file_of(good.note, "one")
    good.note[name] = good.around.response("one", message or b"x")
    good.note = {named(name.split(".")[-2], data): data for name, data in good.note.items()}
    times = good.check()
    assert verdicts(times) == ("FAIL", "PASS")
    (problem,) = (each for each in times.timestamps.problems if "something else" in each)
    assert problem.startswith("note: ")
    assert times.interval.before_by == ("two",)
    wrong = good.note[file_of(good.note, "one")]
    assert openssl_says(tmp_path, wrong, NOTE, good.around.authority("one").root_pem) is not None


BAD_KINDS: dict[str, tuple[Kind, str, bool]] = {
    # its kind, what is said, and whether openssl refuses it, too
    "expired": (Kind(days=-1, began_days=60), "had expired", True),
    "not valid yet": (Kind(began_days=-5, days=100), "was valid from", True),
    "weak digest": (Kind(digest="sha1"), "sha1, which is too weak", False),
    "weak certificate": (Kind(rsa=True, certificate_digest="sha1"), "sha1, which is too weak", False),
    "for other things": (Kind(usage=("digital_signature", "key_agreement")), "for other things", True),
    "vague": (Kind(accuracy="secs:3600"), "too vague", False),
}


@pytest.mark.parametrize("case", BAD_KINDS)
def test_an_authority_that_is_not_as_it_must_be_fails(case: str, makers: Makers, tmp_path: Path) -> None:
    kind, said, is_refused = BAD_KINDS[case]
    with Around(makers, one=kind) as around:
        bad = Case.of(around)
        times = bad.check()
        data = bad.note[file_of(bad.note, "one")]
        root = around.authority("one").root_pem
    assert times.timestamps.verdict is Verdict.FAIL
    assert any(said in problem for problem in times.timestamps.problems)
    assert (times.interval.after_by, times.interval.before_by) == (("two",), ("two",))
    if is_refused:
        assert openssl_says(tmp_path, data, NOTE, root, at=now()) is not None


def test_one_that_leads_to_another_root_than_is_pinned_for_it_fails(good: Case, tmp_path: Path) -> None:
    one, two = good.around.pins("one", "two")
    (three,) = good.around.pins("three")
    times = good.check(pins=(type(one)("one", three.roots), two))
    assert times.timestamps.verdict is Verdict.FAIL
    assert sum("no chain of certificates" in each for each in times.timestamps.problems) == 2
    root = good.around.authority("three").root_pem
    assert "verify" in (openssl_says(tmp_path, good.note[file_of(good.note, "one")], NOTE, root) or "").lower()


def test_one_of_an_authority_that_is_not_pinned_is_a_doubt_and_counts_for_nothing(good: Case) -> None:
    times = good.check("two", "three")
    assert verdicts(times) == ("UNDETERMINED", "PASS")
    assert any("is of an authority that is not trusted here: CN=One Signer" in e for e in times.timestamps.problems)
    assert times.interval.before_by == ("two",)


def test_without_pins_it_is_told_what_they_say_and_that_nobody_vouches_for_it(good: Case) -> None:
    times = good.check(pins=())
    assert verdicts(times) == ("UNDETERMINED", "UNDETERMINED")
    assert not times.is_vouched
    assert times.interval.is_full
    assert times.timestamps.problems == (
        "no root of a time-stamp authority is trusted here; name the ones you have from elsewhere with --authority",
    )


def test_without_pins_a_broken_one_fails_all_the_same(good: Case) -> None:
    name = file_of(good.note, "one")
    good.note[name] = good.around.response("one", OTHER)
    assert good.check(pins=()).timestamps.verdict is Verdict.FAIL


@pytest.mark.parametrize("pins", [PINNED, ()])
@pytest.mark.parametrize("junk", [b"", b"junk", b"\x30\x80" * 1000, bytes(70_000)])
def test_junk_under_a_good_name_fails(junk: bytes, pins: tuple[str, ...], good: Case) -> None:
    good.note[file_of(good.note, "one")] = junk
    times = good.check(pins=good.around.pins(*pins) if pins else ())
    assert times.timestamps.verdict is Verdict.FAIL
    assert "the response cannot be read" in times.timestamps.problems[0]


def test_any_flipped_byte_of_one_is_found_or_changes_nothing(good: Case) -> None:
    name = file_of(good.note, "one")
    data = good.note[name]
    for place in range(0, len(data), 97):
        changed = bytearray(data)
        changed[place] ^= 1
        good.note[name] = bytes(changed)
        times = good.check()
        before = times.interval.before_by
        assert times.timestamps.verdict is Verdict.FAIL or before == PINNED


# times


def test_an_authority_that_lies_by_an_hour_on_the_note_contradicts_the_statement(good: Case) -> None:
    lying = Case.of(good.around, ago("one", hours=1), "two")
    times = lying.check()
    assert verdicts(times) == ("PASS", "FAIL")
    assert "after one had stamped it" in times.interval_check.problems[0]
    # The other was honest, and so is the interval.
    assert times.interval.before is not None
    assert abs(times.interval.before - now()) < timedelta(minutes=1)
    assert times.interval.is_possible


def test_an_authority_that_lies_by_an_hour_ahead_says_what_is_still_to_come(good: Case) -> None:
    lying = Case.of(good.around, ahead("one", hours=1), "two")
    times = lying.check()
    assert verdicts(times) == ("UNDETERMINED", "PASS")
    assert "note: " in times.timestamps.problems[0]
    assert "is still to come by this machine's clock" in times.timestamps.problems[0]
    assert times.interval.before is not None
    assert times.interval.before > now() + timedelta(minutes=50), "it never claims more than the honest one does"
    # Two hours later nobody can tell; it is only wider.
    assert verdicts(lying.check(at=now() + timedelta(hours=2))) == ("PASS", "PASS")


@pytest.mark.parametrize(("off", "is_wrong"), [(-3600.0, False), (3600.0, True), (0.0, False), (90.0, True)])
def test_what_a_capture_names_must_have_been_given_before_it_began(off: float, is_wrong: bool, good: Case) -> None:
    began = datetime.fromisoformat(good.statement["started_at"])
    wanted = began + timedelta(seconds=off) - now()
    good.before = good.around.files(BEFORE, Said("one", wanted), ago("two", minutes=5))
    good.statement["sealed_after"]["stamps"] = [*map(_stamp, good.before.items())]
    times = good.check(at=now() + timedelta(hours=2))
    assert times.timestamps.verdict is Verdict.PASS
    assert (times.interval_check.verdict is Verdict.FAIL) == is_wrong
    if is_wrong:
        assert "before the time stamp that it names was given by one" in times.interval_check.problems[0]
    assert times.interval.after is not None
    assert times.interval.after <= began, "one liar does not move it beyond the truth"


def test_two_that_lie_together_make_an_interval_that_cannot_be(good: Case) -> None:
    good.note = good.around.files(NOTE, *[ago(each, hours=1) for each in PINNED])
    times = good.check()
    assert not times.interval.is_possible
    assert "it was sealed before it can have been: one of the authorities says a wrong time" in (
        times.interval_check.problems
    )


def test_the_accuracy_of_a_time_is_added_where_it_claims_less(makers: Makers) -> None:
    with Around(makers, one=Kind(accuracy="secs:50")) as around:
        good = Case.of(around)
        times = good.check()
        first, second = (stamps.parse(file_of(files, "one")) for files in (good.before, good.note))
    assert first is not None
    assert second is not None
    assert times.interval.after == first.said - timedelta(seconds=50)
    assert times.interval.before == second.said + timedelta(seconds=50)


# what is missing


@pytest.mark.parametrize("kept", PINNED)
def test_one_authority_alone_is_told_to_be_alone(kept: str, good: Case) -> None:
    good.note = {name: data for name, data in good.note.items() if f".{kept}." in name}
    times = good.check()
    assert verdicts(times) == ("UNDETERMINED", "PASS")
    assert times.timestamps.problems == (
        f"only {kept} attests until when it was sealed, and 2 should: `archiver seal retry` asks others",
    )
    assert f"({kept} alone)" in times.interval_check.detail


def test_where_nobody_has_stamped_the_note_that_is_told(good: Case) -> None:
    good.note.clear()
    times = good.check()
    assert verdicts(times) == ("UNDETERMINED", "PASS")
    assert "nobody that is trusted attests until when it was sealed" in times.timestamps.problems[0]
    assert "no time stamp says until when" in times.interval_check.detail


def test_what_the_statement_names_and_is_not_there_is_told(good: Case) -> None:
    del good.before[file_of(good.before, "one")]
    times = good.check()
    assert verdicts(times) == ("UNDETERMINED", "PASS")
    assert "the time stamp that its statement names, of one, is not here" in times.timestamps.problems
    good.before.clear()
    good.note.clear()
    assert verdicts(good.check()) == ("UNDETERMINED", "SKIPPED")


def test_where_there_is_none_at_all_it_is_skipped_or_with_pins_a_doubt(around: Around) -> None:
    none = Case(around, statement=statement())
    assert verdicts(none.check(pins=())) == ("SKIPPED", "SKIPPED")
    times = none.check()
    assert verdicts(times) == ("UNDETERMINED", "SKIPPED")
    assert times.timestamps.problems == (
        "no time stamp, though authorities are known: `archiver seal retry` asks for some",
    )


def test_what_the_statement_does_not_name_proves_nothing_before_it(good: Case) -> None:
    good.before |= good.around.files(BEFORE, "three")
    times = good.check("one", "two", "three")
    assert times.timestamps.verdict is Verdict.FAIL
    assert "is not named in the statement, and so says nothing of it" in times.timestamps.problems[0]


@pytest.mark.parametrize("change", [{"authority": "two"}, {"time": "2026-01-01T00:00:00.000000Z"}])
def test_what_the_statement_says_of_one_must_be_so(change: dict[str, str], good: Case) -> None:
    said = next(each for each in good.statement["sealed_after"]["stamps"] if each["authority"] == "one")
    said |= change
    times = good.check()
    assert times.timestamps.verdict is Verdict.FAIL
    assert "is not of the time and authority that the statement says" in times.timestamps.problems[0]


# names


Renaming = Callable[[str], str]
RENAMED: dict[str, tuple[Renaming, str]] = {
    "another time": (lambda name: "20200101" + name[8:], "its name is not what its content makes it"),
    "another expiry": (lambda name: re.sub("-[0-9]{8}", "-20990101", name), "its name is not what its content makes"),
    "another authority": (lambda name: name.replace(".one.", ".two."), "it is of one, and called one of two"),
    "a renewal": (lambda name: f"renewal-001.{name}", "is over a list that is missing"),
    "renewal 0": (lambda name: f"renewal-000.{name}", "its name is not what its content makes it"),
    "no name": (lambda _: "odd", "is no file of a time stamp"),
    "a list": (lambda _: "renewal-001.sums", "has a line that it cannot have"),
    "an odd date": (lambda name: f"20269999{name[8:]}", "is no file of a time stamp"),
    "below a folder": (lambda name: f"deeper/{name}", "is no file of a time stamp"),
}


@pytest.mark.parametrize("case", RENAMED)
def test_a_renamed_file_fails(case: str, good: Case) -> None:
    rename, said = RENAMED[case]
    good.note = good.around.files(NOTE, ago("one", seconds=30), "two")
    good.note = {rename(name) if ".one." in name else name: data for name, data in good.note.items()}
    times = good.check()
    assert times.timestamps.verdict is Verdict.FAIL
    assert any(said in problem for problem in times.timestamps.problems), times.timestamps.problems


def test_one_that_lies_there_under_a_name_of_nobody_here_counts_for_who_gave_it(good: Case) -> None:
    good.note = {name.replace(".one.", ".former."): data for name, data in good.note.items()}
    times = good.check()
    assert verdicts(times) == ("PASS", "PASS")
    assert times.interval.before_by == PINNED


def test_one_that_lies_there_twice_is_no_second_authority(good: Case) -> None:
    name = file_of(good.note, "one")
    good.note = {name: good.note[name], name.replace(".one.", ".former."): good.note[name]}
    times = good.check()
    assert times.interval.before_by == ("one",)
    assert times.timestamps.verdict is Verdict.UNDETERMINED


# renewals


@pytest.fixture
def renewed(good: Case) -> Case:
    good.note = good.around.files(NOTE, *[ago(each, seconds=40) for each in PINNED])
    good.note["renewal-001.sums"] = stamps.sums(good.note)
    good.note |= good.around.files(good.note["renewal-001.sums"], *PINNED, renewal=1)
    return good


def test_a_renewal_is_verified_and_moves_no_end(renewed: Case) -> None:
    times = renewed.check()
    assert verdicts(times) == ("PASS", "PASS")
    assert times.timestamps.detail == "2 over its note, 2 over the checkpoint before it, 2 over what was stamped before"
    assert times.interval.before is not None
    assert times.interval.before < now() - timedelta(seconds=30)


Alteration = Callable[[dict[str, bytes]], None]


def _with_list(change: Callable[[bytes], bytes]) -> Alteration:
    def alter(files: dict[str, bytes]) -> None:
        files["renewal-001.sums"] = change(files["renewal-001.sums"])

    return alter


def _drop(pattern: str) -> Alteration:
    def alter(files: dict[str, bytes]) -> None:
        for name in [name for name in files if re.match(pattern, name)]:
            del files[name]

    return alter


ALTERED: dict[str, tuple[Alteration, str]] = {
    "a digest": (_with_list(lambda data: b"0" * 64 + data[64:]), "names another"),
    "a line more": (_with_list(lambda data: data + b"0" * 64 + b"  more\n"), "names more, which is missing"),
    "a line less": (_with_list(lambda data: data.split(b"\n", 1)[1]), "something else"),
    "a line twice": (_with_list(lambda data: data + data), "has a line that it cannot have"),
    "another ending": (_with_list(lambda data: data.replace(b"\n", b"\r\n")), "something else"),
    "nothing": (_with_list(lambda _: b""), "does not name"),
    "binary": (_with_list(lambda _: bytes(range(256))), "has a line that it cannot have"),
    "a path": (_with_list(lambda data: data + b"0" * 64 + b"  ../../etc/passwd\n"), "has a line that it cannot have"),
    "its list is gone": (_drop(r"renewal-001\.sums"), "is over a list that is missing"),
    "what it renewed is gone": (_drop(r"2.*one"), "which is missing"),
}


@pytest.mark.parametrize("case", ALTERED)
def test_an_altered_renewal_fails(case: str, renewed: Case) -> None:
    alter, said = ALTERED[case]
    alter(renewed.note)
    times = renewed.check()
    assert times.timestamps.verdict is Verdict.FAIL
    assert any(said in problem for problem in times.timestamps.problems), times.timestamps.problems


def test_an_altered_list_that_nobody_has_stamped_yet_fails_too(renewed: Case) -> None:
    _drop(r"renewal-001\.2")(renewed.note)
    assert verdicts(renewed.check()) == ("PASS", "PASS")
    _with_list(lambda data: b"0" * 64 + data[64:])(renewed.note)
    assert "names another" in renewed.check().timestamps.problems[0]


def test_what_came_after_a_list_need_not_be_named_in_it_and_what_was_there_must(renewed: Case) -> None:
    """A second authority may have answered in the very second that the list was made."""
    renewed.note |= renewed.around.files(NOTE, ago("three", seconds=20))
    assert renewed.check("one", "two", "three").timestamps.verdict is Verdict.PASS
    renewed.note |= renewed.around.files(NOTE, ago("three", minutes=30))
    times = renewed.check("one", "two", "three")
    assert times.timestamps.verdict is Verdict.FAIL
    assert "renewal-001.sums does not name" in times.timestamps.problems[0]


# what is hostile


def test_thousands_in_one_folder_are_refused_at_once(good: Case) -> None:
    first = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(3000):
        said = first + timedelta(seconds=number)
        good.note[stamps.file_name("one", said, said)] = b"junk"
    times = good.check()
    assert times.timestamps.verdict is Verdict.FAIL
    assert "there are 3002 time stamps of one thing, more than can be" in times.timestamps.problems


@pytest.fixture(scope="module")
def eternal(makers: Makers) -> Kind:
    """A certificate that ends just before the last second there is, as it takes a moment to make one."""
    days = (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC) - datetime.now(UTC)).total_seconds() / 86400
    return Kind(days=days - 20 / 86400, accuracy="secs:59")


@pytest.mark.parametrize("pinned", [True, False])
def test_a_time_in_the_year_9999_is_told_and_never_raised(pinned: bool, eternal: Kind, makers: Makers) -> None:
    with Around(makers, one=eternal) as around:
        off = datetime(9999, 12, 31, 23, 59, 10, tzinfo=UTC) - now()
        data = around.response("one", NOTE, off)
        odd = Case(around, {named("one", data): data}, statement=statement())
        times = odd.check(pins=around.pins() if pinned else ())
    assert times.timestamps.verdict is (Verdict.FAIL if pinned else Verdict.UNDETERMINED)
    assert times.timestamps.detail


moments = st.datetimes(datetime.fromisoformat("1000-01-01"), timezones=st.just(UTC)).map(clock.rfc3339)
ends = st.sampled_from(["1000-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z"]) | moments


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(began=ends, ended=ends, time=ends, size=st.integers(0, (1 << 53) - 1), count=st.integers(0, 3))
def test_whatever_a_statement_says_of_times_is_told_and_never_raised(
    began: str, ended: str, time: str, size: int, count: int, good: Case
) -> None:
    said = [{"authority": "\x1b[31mone", "sha256": f"{number:064x}", "time": time} for number in range(count)]
    kept = good.statement["sealed_after"]["stamps"]
    odd = Case(**vars(good))
    odd.statement = {
        "started_at": began,
        "ended_at": ended,
        "sealed_after": {"checkpoint": {"size": size, "root": "ff" * 32}, "stamps": [*kept, *said]},
    }
    times = odd.check()
    assert times.interval.is_full
    assert times.timestamps.verdict is (Verdict.UNDETERMINED if count else Verdict.PASS)

"""The interval in which something was sealed: what two of several authorities agree on, whatever one of them says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from archiver.seal.interval import WANTED, Attested, Interval, interval, worded

SEALED = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
NAMES = ("one", "three", "two")
any_time = st.datetimes(timezones=st.just(UTC))
names = st.sampled_from(NAMES)
attested = st.builds(Attested, names, any_time)
later = st.timedeltas(timedelta(), timedelta(days=400))


def moment(seconds: float) -> datetime:
    return SEALED + timedelta(seconds=seconds)


@st.composite
def with_one_liar(draw: st.DrawFn) -> tuple[list[Attested], list[Attested]]:
    """What two or three authorities say of something that was sealed at `SEALED`, one of which says anything."""
    who = NAMES[: draw(st.integers(WANTED, len(NAMES)))]
    liar = draw(st.sampled_from(who))
    after, before = list[Attested](), list[Attested]()
    for name in who:
        for _ in range(draw(st.integers(1, 3))):
            shift = draw(later)
            after.append(Attested(name, draw(any_time) if name == liar else SEALED - shift))
            before.append(Attested(name, draw(any_time) if name == liar else SEALED + shift))
    return draw(st.permutations(after)), draw(st.permutations(before))


@given(with_one_liar())
def test_one_liar_among_two_or_three_never_makes_it_wrong(said: tuple[list[Attested], list[Attested]]) -> None:
    found = interval(*said)
    assert found.is_full
    assert found.is_possible
    assert found.after is not None
    assert found.before is not None
    assert found.after <= SEALED <= found.before


@given(later, later)
def test_two_honest_ones_of_three_make_it_as_narrow_as_the_wider_of_theirs(first: timedelta, second: timedelta) -> None:
    """The third lies so that its own interval would be empty."""
    honest = {"one": first, "two": second}
    after = [Attested(name, SEALED - shift) for name, shift in honest.items()]
    before = [Attested(name, SEALED + shift) for name, shift in honest.items()]
    liar = [Attested("three", SEALED + timedelta(days=9000)), Attested("three", SEALED - timedelta(days=9000))]
    found = interval([*after, liar[0]], [*before, liar[1]])
    assert found.after is not None
    assert found.before is not None
    assert SEALED - max(honest.values()) <= found.after <= SEALED
    assert SEALED <= found.before <= SEALED + max(honest.values())


@given(st.lists(attested), st.lists(attested), st.randoms())
def test_neither_the_order_nor_being_told_twice_matters(
    after: list[Attested], before: list[Attested], random: object
) -> None:
    shuffled = [*after, *after], [*before, *before]
    for each in shuffled:
        random.shuffle(each)  # type: ignore[attr-defined]
    found, again = interval(after, before), interval(*shuffled)
    assert (found.after, found.before) == (again.after, again.before)
    assert len(found.after_by) == len(again.after_by)


@given(st.lists(attested), st.lists(attested))
def test_who_is_named_attests_the_end_and_is_named_once(after: list[Attested], before: list[Attested]) -> None:
    found = interval(after, before)
    for end, by, said in ((found.after, found.after_by, after), (found.before, found.before_by, before)):
        assert len(by) == len(set(by)) == min(len({each.authority for each in said}), WANTED)
        assert (end is None) == (not by)
        assert not by or end in [each.time for each in said if each.authority in by]


@given(st.lists(attested, min_size=1))
def test_what_one_attests_alone_is_its_narrowest_word(said: list[Attested]) -> None:
    alone = [Attested("one", each.time) for each in said]
    times = [each.time for each in said]
    assert interval(alone, alone) == Interval(max(times), ("one",), min(times), ("one",))
    assert not interval(alone, alone).is_full


def test_the_second_word_of_one_authority_is_no_second_authority() -> None:
    twice = [Attested("one", moment(1)), Attested("one", moment(2))]
    assert interval([], twice).before_by == ("one",)
    assert interval([], [*twice, Attested("two", moment(9))]).before == moment(9)


def test_an_end_that_two_say_too_early_is_told_to_be_impossible() -> None:
    found = interval([Attested("one", moment(9)), Attested("two", moment(8))], [Attested("one", moment(1))])
    assert not found.is_possible
    assert interval([Attested("one", moment(9))], []).is_possible


def both(seconds: float) -> Sequence[Attested]:
    return [Attested("one", moment(seconds)), Attested("two", moment(seconds))]


def test_it_is_worded_with_who_attests_it_and_what_nobody_does() -> None:
    said = {
        worded(interval(both(0), both(9.25))): "sealed after 2026-11-23 08:00:00 UTC (one and two) and before "
        "2026-11-23 08:00:10 UTC (one and two)",
        worded(interval(both(0.75)[:1], [])): "sealed after 2026-11-23 08:00:00 UTC (one alone), and no time stamp "
        "says until when",
        worded(interval([], both(1)[1:])): "sealed before 2026-11-23 08:00:01 UTC (two alone), and no time stamp says "
        "since when",
        worded(Interval()): "no time stamp says when it was sealed",
    }
    for found, expected in said.items():
        assert found == expected


@given(attested, attested)
def test_any_times_can_be_worded_and_none_is_made_narrower(first: Attested, second: Attested) -> None:
    text = worded(interval([first], [second]))
    assert f"after {first.time:%Y-%m-%d %H:%M:%S} UTC" in text
    assert text.isprintable()


def test_the_last_moment_there_is_can_be_worded() -> None:
    """A self-made time stamp may have it, and whoever shows it must not stumble."""
    last = datetime.max.replace(tzinfo=UTC)
    assert "before 9999-12-31 23:59:59 UTC" in worded(interval([], [Attested("one", last)]))

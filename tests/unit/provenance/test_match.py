"""Copies are told from texts of their own, and what was done to them is shown."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.provenance.align import MAX_PASSAGES, Change, align
from archiver.provenance.article import of_text
from archiver.provenance.match import Match, Verdict, compare
from tests.unit.provenance.texts import quotation, sentence, sentences, text


def compared(first: str, second: str) -> Match:
    return compare(of_text(first), of_text(second))


def told(match: Match, change: Change) -> list[str]:
    """The passages of a kind, in the text that has them; of changed ones, in the second."""
    places = [
        each.first if change is Change.REMOVED else each.second for each in match.passages if each.change is change
    ]
    return [place.text for place in places if place is not None]


def test_a_verbatim_copy_is_one_in_whatever_way_it_is_set() -> None:
    ours = sentences(1)
    match = compared(text(ours), text(ours, in_paragraph=7).upper().replace("\n", " \n\n "))
    assert match.verdict is Verdict.COPY
    assert match.first.contained == match.second.contained == 1.0
    assert match.passages == ()


def test_a_copy_that_was_cut_is_one_and_shows_what_was_removed() -> None:
    ours = sentences(1)
    match = compared(text(ours), text(ours[:10] + ours[14:]))
    assert match.verdict is Verdict.COPY
    assert match.second.contained > 0.95 > match.first.contained
    removed = " ".join(told(match, Change.REMOVED))
    assert all(each.rstrip(".") in removed for each in ours[10:14])
    assert {passage.change for passage in match.passages} == {Change.REMOVED}


def test_a_copy_within_a_longer_text_is_one_and_shows_what_was_added() -> None:
    ours, more = sentences(1), sentences(2, 60)
    match = compared(text(ours), text(more[:30] + ours + more[30:]))
    assert match.verdict is Verdict.COPY
    assert match.first.contained > 0.95
    assert match.second.contained < 0.5
    added = " ".join(told(match, Change.ADDED))
    assert all(each.rstrip(".") in added for each in more)
    assert {passage.change for passage in match.passages} == {Change.ADDED}


def test_a_copy_that_was_edited_lightly_shows_each_changed_sentence() -> None:
    ours = sentences(1)
    edited = list(ours)
    for at in (3, 11, 20):
        found = edited[at].split()
        found[len(found) // 2] = "edited"
        edited[at] = " ".join(found)
    match = compared(text(ours), text(edited))
    assert match.verdict is Verdict.COPY
    assert told(match, Change.CHANGED) == [edited[at].rstrip(".") for at in (3, 11, 20)]
    assert {passage.change for passage in match.passages} == {Change.CHANGED}


def test_a_changed_number_in_a_short_sentence_is_a_change() -> None:
    ours = sentences(1)
    first, second = [*ours[:9], "He was 45.", *ours[9:]], [*ours[:9], "He was 46.", *ours[9:]]
    (passage,) = compared(text(first), text(second)).passages
    assert passage.change is Change.CHANGED
    assert passage.first is not None
    assert passage.second is not None
    assert (passage.first.text, passage.second.text) == ("He was 45", "He was 46")


def test_sentences_that_moved_or_were_joined_are_no_changes() -> None:
    ours = sentences(1)
    moved = ours[20:] + ours[:20]
    assert compared(text(ours), text(moved)).passages == ()
    joined = [*ours[:5], ours[5].rstrip(".") + " " + ours[6].lower(), *ours[7:]]
    assert compared(text(ours), text(joined)).passages == ()


def test_a_quotation_that_was_left_out_shows_although_it_is_not_compared() -> None:
    ours = [*sentences(1)[:10], quotation(5), *sentences(1)[10:]]
    match = compared(text(ours, 1), text(sentences(1), 1))
    assert match.first.contained > 0.95
    assert sentence(5, 60)[:40] in " ".join(told(match, Change.REMOVED))


def test_texts_of_their_own_that_quote_the_same_at_length_are_no_copies() -> None:
    quoted = [quotation(seed, 70) for seed in range(8)]
    ours, others = sentences(1, 24), sentences(2, 24)
    for at, each in enumerate(quoted):
        ours.insert(3 * at, each)
        others.insert(2 * at, each)
    match = compared(text(ours, 1), text(others, 1))
    assert match.verdict is Verdict.NONE
    assert match.containment < 0.05


def test_half_a_text_is_a_part() -> None:
    ours, others = sentences(1), sentences(2)
    assert compared(text(ours), text(ours[:15] + others[:15])).verdict is Verdict.PARTIAL


def test_a_short_text_is_said_to_be_too_short_even_where_all_of_it_is_there() -> None:
    ours = sentences(1)
    match = compared(text(ours), text(ours[:3]))
    assert match.verdict is Verdict.TOO_SHORT
    assert match.second.contained == 1.0
    assert match.passages == ()


def test_many_of_few_shingles_are_not_enough_to_be_sure() -> None:
    ours = " ".join(sentence(1, 80).split()[:75])
    other = f"{' '.join(ours.split()[:60])} {sentence(2, 15)}"
    assert compared(ours, other).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("empty", ["", "   ", "…!", "“"])
def test_an_empty_text_is_too_short(empty: str) -> None:
    match = compared(empty, text(sentences(1)))
    assert match.verdict is Verdict.TOO_SHORT
    assert (match.first.words, match.first.contained, match.second.contained) == (0, 0.0, 0.0)


def test_chinese_is_compared_without_spaces() -> None:
    chance = random.Random(4)
    ours = ["".join(chr(chance.randint(0x4E00, 0x5E00)) for _ in range(24)) + "。" for _ in range(12)]
    edited = [*ours[:4], ours[4][:10] + "改" + ours[4][11:], *ours[5:]]
    match = compared("".join(ours), "".join(edited))
    assert (match.verdict, match.shingle_words) == (Verdict.COPY, 6)
    assert told(match, Change.CHANGED) == [edited[4].rstrip("。")]


def test_the_json_has_whole_numbers_only() -> None:
    ours = sentences(1)
    found = compared(text(ours), text(ours[:25])).to_json()
    assert found["verdict"] == "copy"
    assert found["second"]["contained_per_mille"] == 1000
    assert found["passages"][0]["change"] == "removed"
    assert all(isinstance(each, int) for each in (*found["first"].values(), *found["second"].values()))


_texts = st.lists(st.integers(0, 40), max_size=40).map(lambda seeds: text([sentence(seed, 6) for seed in seeds]))


@given(_texts, _texts)
@settings(max_examples=60)
def test_both_ways_of_comparing_agree(first: str, second: str) -> None:
    one, other = compared(first, second), compared(second, first)
    assert (one.verdict, one.shared, one.first, one.second) == (other.verdict, other.shared, other.second, other.first)
    assert compared(first, first).passages == ()


@given(_texts, _texts)
@settings(max_examples=60)
def test_passages_stand_where_they_say(first: str, second: str) -> None:
    for passage in align(of_text(first), of_text(second)):
        for place, whole in ((passage.first, first), (passage.second, second)):
            assert place is None or whole[place.start : place.end].startswith(place.text)


def _hostile(kind: str) -> tuple[str, str]:
    chance = random.Random(9)
    if kind == "few words":
        return " ".join(chance.choices("abcd", k=50_000)), " ".join(chance.choices("abcd", k=50_000))
    if kind == "short sentences":
        return ". ".join(chance.choices("abcd", k=50_000)), ". ".join(chance.choices("abcdef", k=50_000))
    if kind == "quotation marks":
        return '" “ « „ ' * 20_000 + "a b", "“a b c " * 20_000
    ours = [sentence(number) for number in range(3000)]
    edited = [" ".join(w if chance.random() > 0.06 else "edited" for w in each.split()) for each in ours]
    return text(ours), text(edited)


@pytest.mark.parametrize("kind", ["few words", "short sentences", "quotation marks", "edited everywhere"])
def test_long_texts_take_seconds_at_most_whatever_they_hold(kind: str) -> None:
    first, second = map(of_text, _hostile(kind))
    began_s = time.process_time()
    compare(first, second)
    assert len(align(first, second)) <= MAX_PASSAGES
    assert time.process_time() - began_s < 20

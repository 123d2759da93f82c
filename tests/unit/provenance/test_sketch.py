"""A sketch has few hashes, the same ones of every copy, and those of a part are part of those of the whole."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from archiver.index.facts import read_sketch
from archiver.model import Sketch
from archiver.provenance.article import of_text
from archiver.provenance.sketch import MAX_HASHES, SCALE, hash_of, of_article, of_frames, of_hashes, to_json
from tests.unit.provenance.pages import URL, html
from tests.unit.provenance.texts import quotation, sentences, text

hashes = st.lists(st.integers(0, (1 << 64) - 1), max_size=60)


def of(found: list[str]) -> Sketch:
    return of_article(of_text(text(found)))


# printf 'the ferry between the two' | b2sum -l 64
def test_the_hash_of_a_shingle_is_the_same_for_ever() -> None:
    assert hash_of("the ferry between the two") == 0x4ACD940336C31833


def test_an_article_of_four_hundred_words_keeps_some_thirty() -> None:
    counts = [len(of(sentences(seed, 25)).hashes) for seed in range(40)]
    words = [of(sentences(seed, 25)).words for seed in range(40)]
    assert 380 <= sum(words) / 40 <= 420
    assert 28 <= sum(counts) / 40 <= 38


@given(hashes, hashes)
def test_the_sketch_of_a_part_is_in_that_of_the_whole(part: list[int], rest: list[int]) -> None:
    assert set(of_hashes(0, part).hashes) <= set(of_hashes(0, part + rest).hashes)


def test_of_a_very_long_text_fewer_are_kept_and_the_sketch_says_so() -> None:
    step = (1 << 64) // (40 * MAX_HASHES)
    every = [number * step for number in range(40 * MAX_HASHES)]
    found = of_hashes(5, every)
    assert MAX_HASHES / 2 < len(found.hashes) <= MAX_HASHES
    assert found.scale == 4 * SCALE
    assert set(found.hashes) == {each for each in every if each < (1 << 64) // found.scale}


@given(st.integers(0, 1 << 31), hashes)
def test_the_index_reads_what_the_statement_says(words: int, some: list[int]) -> None:
    found = of_hashes(min(words, (1 << 31) - 1), some)
    assert read_sketch(to_json(found)) == found


def test_long_quotations_are_in_no_sketch() -> None:
    assert of([quotation(3)]).hashes == ()


def test_a_page_and_its_repost_elsewhere_share_the_sketch_of_the_main_text() -> None:
    paragraphs = [" ".join(sentences(1)[at : at + 3]) for at in range(0, 30, 3)]
    ours = of_frames([{"url": URL, "html": html(paragraphs=paragraphs)}], URL)
    other = of_frames(
        [
            {
                "url": "https://b.test/x",
                "html": f"<html><body>{''.join(f'<p>{p}</p>' for p in paragraphs)}</body></html>",
            }
        ],
        "https://b.test/x",
    )
    assert len(ours.hashes) > 20
    assert set(ours.hashes) == set(other.hashes)


def test_a_page_without_text_has_an_empty_sketch() -> None:
    assert of_frames([{"url": URL, "html": "<html><body></body></html>"}], URL) == Sketch(0, SCALE, ())

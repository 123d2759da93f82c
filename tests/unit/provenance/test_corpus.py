"""Real pages beside the project: the seed story, and the figures that scripts/bench/reposts.py prints."""

from __future__ import annotations

import html
from pathlib import Path

import pytest

from archiver.provenance.claim import Relation
from scripts.bench import reposts
from tests.unit.provenance.pages import claims, judged

_SHARED = Path(__file__).resolve().parents[3].parent / "shared"
_SEED = _SHARED / "seed" / "headlineusa-repost.txt"
_CORPUS = _SHARED / "corpus" / "reposts"
_OUTLET = "https://www.antiwar.com/"


def seed_page() -> str:
    """The seed's text as a page: it is kept as text, so that paragraphs, menus and the outlet's link are put back."""
    if not _SEED.is_file():
        pytest.skip(f"the seed story is not beside the project ({_SEED})")
    lines = [line.strip() for line in _SEED.read_text(encoding="utf-8").splitlines() if line.strip()]
    start = next(number for number, line in enumerate(lines) if line.startswith("Posted by"))
    end = next(number for number, line in enumerate(lines) if line.startswith("This article originally"))
    made = [f"<p>{html.escape(line)}</p>" for line in lines]
    made[end] = made[end].replace("Antiwar.com", f"<a href='{_OUTLET}'>Antiwar.com</a>")
    return (
        "<html lang='en'><head><title>Seed</title></head><body><article><h1>"
        f"{html.escape(lines[start - 1])}</h1>{''.join(made[start : end + 1])}</article>"
        f"{''.join(made[end + 1 :])}</body></html>"
    )


def test_the_seed_storys_source_is_told_from_its_poster_its_picture_and_its_quoted_posts() -> None:
    url = "https://headlineusa.com/trump-speaks-with-putin-budapest/"
    judgement = judged(seed_page(), url)
    source = judgement.source
    assert source is not None
    assert judgement.first_poster == "Headline USA Editor"
    assert (source.author, source.outlet, source.site) == ("Dave DeCamp", "Antiwar.com", "antiwar.com")
    assert (source.relation, source.claimed_url, source.agency) == (Relation.REPUBLICATION, "", "")
    assert {claim.kind for claim in source.claims} == {"byline", "attribution"}
    assert judgement.contradictions
    found = claims(seed_page(), url)
    [credit] = [claim for claim in found if claim.kind == "picture-credit"]
    assert credit.passage == "Ramil Sitdikov, Sputnik, Kremlin Pool Photo via AP"
    assert "Truth Social" in [claim.outlet for claim in found if claim.kind == "quoted-post"]


@pytest.mark.slow
def test_the_corpus_is_read_as_well_as_was_reached() -> None:
    if not (_CORPUS / "reposts.tsv").is_file():
        pytest.skip(f"the corpus of real pages is not beside the project ({_CORPUS})")
    scored = [reposts.score(_CORPUS, row) for row in reposts.rows(_CORPUS / "reposts.tsv")]
    traps = [reposts.score(_CORPUS, row) for row in reposts.rows(_CORPUS / "not-reposts.tsv")]
    labelled = [one for one in scored if one.row["relation"] not in reposts.NOT_REPOSTS]
    assert sum(one.right for one in labelled) >= 49
    assert [one.row["page"] for one in labelled if one.url_present and not one.url_right] == []
    assert sum(one.judged.source is not None for one in traps) <= 1
    others = [one for one in scored if one.row["relation"] in reposts.NOT_REPOSTS]
    assert [one.row["page"] for one in others if one.judged.source] == []

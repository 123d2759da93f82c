"""A sample of the corpus of real pages, served under their own names; scripts/bench/corpus.py captures all of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from archiver.model import Outcome
from tests.sites.corpus import corpus_handler, corpus_urls
from tests.sites.server import LocalWeb
from tests.support.capturing import capture

pytestmark = pytest.mark.browser

_CORPUS = Path(__file__).resolve().parents[2].parent / "shared" / "corpus" / "reposts"
_EVERY = 12  # one page in so many


@pytest.fixture(scope="module")
def web() -> Iterator[LocalWeb]:
    if not _CORPUS.is_dir():
        pytest.skip(f"the corpus of real pages is not beside the project ({_CORPUS})")
    with LocalWeb(corpus_handler(_CORPUS)) as running:
        yield running


def test_real_pages_are_captured_completely_with_all_their_missing_parts_listed(web: LocalWeb, tmp_path: Path) -> None:
    outcomes = {}
    for url in corpus_urls(_CORPUS)[::_EVERY]:
        captured = capture(web, url, tmp_path / "archive")
        outcomes[url] = (captured.recording.outcome, captured.recording.warnings)
        assert captured.recording.main is not None
        assert captured.recording.main.status == 200
    assert [url for url, (outcome, _) in outcomes.items() if outcome is not Outcome.COMPLETE] == [], outcomes

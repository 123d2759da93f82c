"""The regions of a page are found whatever language it speaks."""

from __future__ import annotations

import pytest

from archiver.regions.model import Inventory
from tests.unit.regions.languages import LANGUAGES, page
from tests.unit.regions.taking import take_each

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def inventories() -> dict[str, Inventory]:
    """By language; one browser for all."""
    return dict(zip(LANGUAGES, take_each([page(language) for language in LANGUAGES]), strict=True))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_pages_regions_are_found_by_its_own_words(inventories: dict[str, Inventory], language: str) -> None:
    spoken = LANGUAGES[language]
    found = [(region.kind, region.heading or region.text) for region in inventories[language].regions]
    assert found == [
        ("ad", spoken.label),
        ("trending", spoken.trending),
        ("related", spoken.related),
        ("disclaimer", spoken.notice),
        ("copyright", spoken.rights),
    ]

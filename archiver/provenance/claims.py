"""All claims of a page: every signal asked, nothing dropped but what says the same twice."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, islice

from archiver.provenance.attribution import attributions
from archiver.provenance.byline import bylines
from archiver.provenance.claim import Claim, unique
from archiver.provenance.context import context
from archiver.provenance.head import head_claims
from archiver.provenance.house_marks import house_marks
from archiver.provenance.limits import MAX_CLAIMS
from archiver.provenance.page import Page
from archiver.provenance.pictures import picture_credits, quoted_posts
from archiver.provenance.pixels import pixel_claims
from archiver.provenance.source_label import source_labels
from archiver.provenance.wire import wire_claims


@dataclass(frozen=True)
class Claims:
    """What a page says about its sources, and what could not be read of it."""

    claims: tuple[Claim, ...]
    problems: tuple[str, ...]


def find_claims(page: Page) -> Claims:
    """The claims of a page, trapped ones with their reason. Never raises on what a page holds.

    Each signal gives at most `MAX_CLAIMS`; more is told in `problems`, beside those of the page itself.
    """
    here = context(page)
    problems = list(page.problems)
    found: list[list[Claim]] = []
    for signal in (
        attributions,
        head_claims,
        pixel_claims,
        wire_claims,
        house_marks,
        bylines,
        source_labels,
        picture_credits,
        quoted_posts,
    ):
        claims = unique(islice(signal(here), MAX_CLAIMS + 1))
        if len(claims) > MAX_CLAIMS:
            problems.append(f"more than {MAX_CLAIMS} claims of {signal.__name__}; the further ones were not read")
        found.append(claims[:MAX_CLAIMS])
    return Claims(tuple(chain.from_iterable(found)), tuple(problems))

"""Made-up pages of made-up outlets, with the parts that say where a page comes from put in."""

from __future__ import annotations

from collections.abc import Sequence

from archiver.provenance.claim import Claim
from archiver.provenance.claims import find_claims
from archiver.provenance.judge import Judgement, judge
from archiver.provenance.page import Page, read_page

URL = "https://harbour-daily.example/news/2025/10/ferry-line-reopens-after-long-repair"
PARAGRAPHS = (
    "The ferry between the two harbours runs again from Monday, the port authority said, after eleven weeks in which "
    "passengers had to take a bus around the whole bay and were late more often than not.",
    "Engineers found a crack in the landing stage during a routine check in July and closed it the same evening, which "
    "nobody had expected in the middle of the season when the boats are full.",
    "Fishermen who use the same quay say they were told nothing for days and had to move their boats to a place "
    "without "
    "electricity and without any light, where two of them were damaged in the storm.",
    "The repair cost four times what was planned, because the timber had to come from far away and was held up at a "
    "border, as a member of the council explained when she was asked about the bill.",
    "Next year the stage on the other side is to be renewed as well, and the authority promises that there will be a "
    "second landing place before anything is closed this time.",
)


def html(
    tail: str = "",
    *,
    head: str = "",
    before: str = "",
    lead: str = "",
    after: str = "",
    language: str = "en",
    paragraphs: Sequence[str] = PARAGRAPHS,
) -> str:
    """An article: `before` stands between headline and text, `lead` begins that, `tail` ends it, `after` follows."""
    first, *rest = paragraphs
    body = "".join(f"<p>{paragraph}</p>" for paragraph in (lead + first, *rest))
    return (
        f"<!DOCTYPE html><html lang='{language}'><head><title>Ferry line reopens</title>{head}</head><body>"
        f"<header><a href='/'>Harbour Daily</a></header><nav><a href='/news'>News</a><a href='/sport'>Sport</a></nav>"
        f"<main><article><h1>Ferry line reopens after long repair</h1>{before}<div "
        f"class='text'>{body}{tail}</div></article></main>"
        f"{after}<footer><p>Harbour Daily, Quay 1</p></footer></body></html>"
    )


def page(document: str, url: str = URL, exchanges: Sequence[str] = ()) -> Page:
    return read_page([{"page": 0, "index": 0, "url": url, "html": document}], url, exchanges)


def claims(document: str, url: str = URL, exchanges: Sequence[str] = ()) -> tuple[Claim, ...]:
    return find_claims(page(document, url, exchanges)).claims


def judged(document: str, url: str = URL, exchanges: Sequence[str] = ()) -> Judgement:
    return judge(claims(document, url, exchanges))


def only(found: Sequence[Claim], kind: str) -> Claim:
    """The one claim of a kind."""
    of_kind = [claim for claim in found if claim.kind == kind]
    assert len(of_kind) == 1, [(claim.kind, claim.outlet, claim.passage) for claim in found]
    return of_kind[0]

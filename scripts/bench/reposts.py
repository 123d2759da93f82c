#!/usr/bin/env python3
"""Score what is found of the sources of real pages against the corpus' labels.

    .venv/bin/python scripts/bench/reposts.py [../shared/corpus/reposts] [--claims]

Prints a table of figures, one by relation and by language, and each miss; `--claims` adds what each missed page claims.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import re
import statistics
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from archiver.provenance.agencies import agency
from archiver.provenance.claims import Claims, find_claims
from archiver.provenance.judge import Judgement, judge
from archiver.provenance.outlets import domain_named, label_of, plain, site_of
from archiver.provenance.page import read_page

_DEFAULT = Path(__file__).resolve().parents[2].parent / "shared" / "corpus" / "reposts"
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
NOT_REPOSTS = ("via", "not-a-repost", "unknown")


@dataclass(frozen=True)
class Scored:
    """One page of the corpus: its label, what was found, and whether that is right."""

    row: dict[str, str]
    found: Claims
    judged: Judgement
    html: str
    language: str
    elapsed_s: float

    @property
    def right(self) -> bool:
        return self.judged.source is not None and is_same(self.row["expected_source"], self.judged)

    @property
    def url_right(self) -> bool:
        source = self.judged.source
        return source is not None and _bare(source.claimed_url) == _bare(self.row["expected_url"])

    @property
    def url_present(self) -> bool:
        return bool(self.row["expected_url"]) and _bare(self.row["expected_url"]) in self.html.replace("&amp;", "&")


def _bare(url: str) -> str:
    parts = urlsplit(url)
    return f"{(parts.hostname or '').removeprefix('www.')}{parts.path.rstrip('/')}"


def is_same(expected: str, judged: Judgement) -> bool:
    """Whether the stated source is the labelled one, by domain, agency or name."""
    source = judged.source
    assert source is not None
    plainly = re.sub(r"\([^)]*\)", "", expected.removeprefix("book:")).strip()
    wanted = {plain(plainly), plain(plainly.split("/")[0])}
    wanted |= {plain(name) for name in re.findall(r"\(([\w.-]+\.[a-z]{2,})\)", expected)}
    if expected.startswith("book:"):
        wanted |= {plain(name) for name in re.findall(r"\(([^()]+)\)", expected)}
    for found in (agency(plainly),):
        wanted |= {plain(found.name)} if found else set()
    got = {plain(source.outlet), plain(label_of(source.site))} if source.site else {plain(source.outlet)}
    named = agency(source.outlet)
    got |= {plain(named.name)} if named else set()
    if domain_named(plainly) and source.site:
        return site_of("http://" + plainly.split("/")[0]) == source.site or bool(wanted & got)
    wanted, got = {w for w in wanted if w}, {g for g in got if g}
    return any(w == g or (min(len(w), len(g)) >= 4 and (w in g or g in w)) for w in wanted for g in got)


def decoded(page: bytes) -> str:
    """The page as a browser without a header's charset reads it."""
    match = _CHARSET.search(page[:4096])
    for charset in ([match[1].decode("ascii")] if match else []) + ["utf-8", "cp1252"]:
        try:
            return page.decode("gb18030" if charset.lower().startswith("gb") else charset)
        except (UnicodeDecodeError, LookupError):
            continue
    return page.decode("utf-8", "replace")


def score(corpus: Path, row: dict[str, str]) -> Scored:
    html = decoded(gzip.decompress((corpus / row["page"]).read_bytes()))
    url = row["page_url"] or "http://unknown.invalid/page"
    began = time.monotonic()
    page = read_page([{"html": html, "url": url, "page": 0}], url)
    found = find_claims(page)
    judged = judge(found.claims)
    return Scored(row, found, judged, html, page.language[:2].lower() or "?", time.monotonic() - began)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def show(text: str = "") -> None:
    sys.stdout.write(text + "\n")


def report(scored: list[Scored], traps: list[Scored], *, with_claims: bool) -> None:
    reposts = [one for one in scored if one.row["relation"] not in NOT_REPOSTS]
    pointing = [one for one in scored if one.row["relation"] == "via"]
    none = [one for one in scored if one.row["relation"] in ("not-a-repost", "unknown")]
    addressed = [one for one in reposts if one.url_present]
    fired = [one for one in traps if one.judged.source]
    right = [one for one in reposts if one.right]
    precise = (
        len([one for one in reposts if one.judged.source])
        + len([one for one in pointing + none if one.judged.source])
        + len(fired)
    )
    table = [
        ("source outlet right", len(right), len(reposts), ">= 49"),
        ("claimed URL right, where the page has it", sum(one.url_right for one in addressed), len(addressed), "all"),
        ("traps fired", len(fired), len(traps), "<= 1"),
        (
            "pages that only point, taken for reposts",
            sum(one.judged.source is not None for one in pointing),
            len(pointing),
            "0",
        ),
        ("pages that are none, taken for reposts", sum(one.judged.source is not None for one in none), len(none), "0"),
        ("right among all pages with a source", len(right), precise, ""),
    ]
    for name, count, total, aim in table:
        show(f"{name:<45}{count:>4} of {total:<4}{aim}")
    grouped = [one for one in reposts if one.row["relation"] == "republication-same-group" and one.judged.source]
    show(
        f"{'same group told':<45}{sum(one.judged.source.same_group for one in grouped if one.judged.source):>4} "
        f"of {len(grouped)}"
    )
    show(
        f"{'seconds a page, mean and longest':<45}{statistics.mean(one.elapsed_s for one in scored + traps):>7.3f} "
        f"{max(one.elapsed_s for one in scored + traps):.2f}"
    )
    for title in ("relation", "language"):
        counts: dict[str, list[bool]] = defaultdict(list)
        for one in reposts:
            counts[one.row["relation"] if title == "relation" else one.language].append(one.right)
        show(f"\nby {title}: " + ", ".join(f"{name} {sum(hits)}/{len(hits)}" for name, hits in sorted(counts.items())))
    misses = [one for one in reposts if not one.right]
    show(f"\n{len(misses)} outlets missed")
    for one in misses:
        _show_one(one, with_claims)
    show(f"\n{len(addressed) - sum(one.url_right for one in addressed)} addresses missed")
    for one in addressed:
        if not one.url_right:
            show(f"  {one.row['page'][6:14]} wanted {one.row['expected_url']}")
            show(f"           got {one.judged.source.claimed_url if one.judged.source else None}")
    show("\nfalse sources")
    for one in [*fired, *(one for one in pointing + none if one.judged.source)]:
        _show_one(one, with_claims)


def _show_one(one: Scored, with_claims: bool) -> None:
    label = one.row.get("expected_source") or one.row.get("why_it_is_not_a_repost") or one.row.get("attribution_text")
    source = one.judged.source
    said = (
        f"{source.outlet} ({source.site}) {source.relation} {source.confidence}"
        if source
        else f"none: {one.judged.reason}"
    )
    show(
        f"  {one.row['page'][6:14]} {one.language} {one.row['page_url'][:60]}\n      label {label}\n      found {said}"
    )
    if with_claims:
        for claim in one.found.claims:
            if claim.kind not in ("picture-credit", "quoted-post"):
                show(
                    f"        {claim.kind} {claim.relation} {claim.outlet!r} {claim.confidence} "
                    f"{claim.target_url[:60]} "
                    f"trap={claim.trap} :: {claim.passage[:110]!r}"
                )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, nargs="?", default=_DEFAULT)
    parser.add_argument("--claims", action="store_true")
    arguments = parser.parse_args()
    if not (arguments.corpus / "reposts.tsv").is_file():
        show(f"skipped: there is no corpus of real pages in {arguments.corpus}")
        return 0
    scored = [score(arguments.corpus, row) for row in rows(arguments.corpus / "reposts.tsv")]
    traps = [score(arguments.corpus, row) for row in rows(arguments.corpus / "not-reposts.tsv")]
    report(scored, traps, with_claims=arguments.claims)
    return 0


if __name__ == "__main__":
    sys.exit(main())

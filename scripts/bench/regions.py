#!/usr/bin/env python3
"""Score what is found on the hand-labelled pages of the corpus of regions.

    .venv/bin/python scripts/bench/regions.py [LABELS.jsonl] [--errors] [--half 0|1] [--list FILE] [-o PREDICTIONS]

Each page is opened in Chromium from its file, its scripts off and every other request refused. No filter list is used,
but with `--list`: then frames whose address it matches are ads, and its element rules count, as in a capture.
Prints a table by kind, the two figures that matter, and how long the slowest inventory took. `--half` leaves out the
sites of the other half, so that what is tuned on one can be scored on the other.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import json
import re
import sys
import tempfile
import zlib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from playwright.sync_api import Browser, Page, Route, sync_playwright

from archiver.regions import lists
from archiver.regions.lists import Asked, Filters
from archiver.regions.merge import rule_points
from archiver.regions.program import inventory, names
from archiver.regions.report import read_names, read_report

_CORPUS = Path(__file__).resolve().parents[2].parent / "shared" / "corpus" / "regions" / "dev.jsonl"
_CHROMIUM = "/usr/bin/chromium"
_LINKS_AND_ADS = ("ad", "trending", "related")
_NOTICES = ("disclaimer", "copyright")
_CHARSET = re.compile(rb"charset=[\"']?([\w-]+)")

# A step like `fb:comments`, whose prefix no parser of HTML knows.
_PREFIXED = re.compile(r"/([^/\[:]+:[^/\[]+)")

_SOURCES = """(paths) => paths.map((path) => {
  const e = document.evaluate(path, document, null, 9, null).singleNodeValue;
  return e && e.src ? String(e.src) : null;
})"""

# Attributes by which an element of the browser's tree is found again in that of another parser.
_SIGNATURES = """(paths) => {
  const names = ['id', 'class', 'href', 'src'];
  const sign = (e) => [e.localName, ...names.map((name) => e.getAttribute(name) || '')];
  const all = [...document.querySelectorAll('*')].filter((e) => !e.closest('noscript'));
  const counts = new Map(), at = new Map();
  for (const e of all) {
    const key = JSON.stringify(sign(e));
    counts.set(key, (counts.get(key) || 0) + 1);
    at.set(e, [key, counts.get(key)]);
  }
  return paths.map((path) => {
    const e = document.evaluate(path, document, null, 9, null).singleNodeValue;
    return e && at.has(e) ? [...at.get(e), counts.get(at.get(e)[0])] : null;
  });
}"""


def read(path: Path) -> tuple[bytes, str]:
    """A page's bytes and how they are encoded, as the corpus' scorer reads them."""
    page = path.read_bytes()
    page = gzip.decompress(page) if page[:2] == b"\x1f\x8b" else page
    try:
        page.decode()
        return page, "utf-8"
    except UnicodeDecodeError:
        match = _CHARSET.search(page[:4000])
        name = match[1].decode().lower() if match else "windows-1252"
        return page, {"utf8": "utf-8", "iso-8859-1": "windows-1252"}.get(name, name)


def inventory_of(browser: Browser, path: Path, url: str, filters: Filters) -> tuple[dict[str, Any], list[Any]]:
    """The report of a page, and where each region's element is among those that look like it."""
    body, charset = read(path)
    context = browser.new_context(viewport={"width": 1280, "height": 800}, service_workers="block")
    page = context.new_page()

    def answer(route: Route) -> None:
        if route.request.is_navigation_request() and route.request.frame == page.main_frame:
            headers = {"content-type": f"text/html; charset={charset}", "content-security-policy": "script-src 'none'"}
            route.fulfill(body=body, headers=headers)
        else:
            route.abort()

    page.route("**/*", answer)
    try:
        page.goto(url, wait_until="domcontentloaded")
        report = isolated(page, inventory(selectors=selectors_for(page, filters, url)))
        add_frames(page, report, filters, url)
        placed = isolated(page, f"() => ({_SIGNATURES})({json.dumps([r['path'] for r in report['regions']])})")
        return report, placed
    finally:
        context.close()


def selectors_for(page: Page, filters: Filters, url: str) -> tuple[str, ...]:
    return filters.selectors(url, read_names(isolated(page, names()))) if filters.lists else ()


def add_frames(page: Page, report: dict[str, Any], filters: Filters, url: str) -> None:
    """The frames that a filter list knows as ads, but for those that are within one already."""
    paths = [owner["path"] for owner in report["frames"]]
    sources = isolated(page, f"() => ({_SOURCES})({json.dumps(paths)})") if filters.lists else []
    within = [(each["start"], each["end"]) for each in report["regions"] if each["kind"] == "ad"]
    for owner, source in zip(read_report(report).owners, sources, strict=False):
        matched = filters.network(url, {"frame": [Asked(source or "", "sub frame")]})
        is_ad = matched and rule_points(owner) >= 1
        if is_ad and not any(start <= owner.start < end for start, end in within):
            rules = [*owner.rules, *matched["frame"]]
            report["regions"].append({"kind": "ad", "path": owner.xpath, "rules": rules, "score": 1.0, "text": ""})


def isolated(page: Page, function: str) -> Any:
    session = page.context.new_cdp_session(page)
    frame = session.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
    world = session.send("Page.createIsolatedWorld", {"frameId": frame, "worldName": "bench"})
    answer = session.send(
        "Runtime.evaluate",
        {"expression": f"({function})()", "contextId": world["executionContextId"], "returnByValue": True},
    )
    if "exceptionDetails" in answer:
        raise RuntimeError(answer["exceptionDetails"]["exception"]["description"])
    return answer["result"]["value"]


def predictions(doc: Any, report: dict[str, Any], placed: list[Any]) -> list[dict[str, str]]:
    """The regions as the scorer reads them: the element in its own tree, or its text where that has no such element."""
    alike: dict[str, list[Any]] = defaultdict(list)
    for element in doc.iter():
        if isinstance(element.tag, str) and not any(above.tag == "noscript" for above in element.iterancestors()):
            sign = [element.tag, *(element.get(name) or "" for name in ("id", "class", "href", "src"))]
            alike[json.dumps(sign, ensure_ascii=False, separators=(",", ":"))].append(element)
    tree = doc.getroottree()
    found = []
    for region, place in zip(report["regions"], placed, strict=True):
        elements = alike.get(place[0], []) if place else []
        one = {"kind": region["kind"], "rules": ", ".join(region["rules"]), "score": str(region["score"])}
        if place and len(elements) == place[2]:
            path = _PREFIXED.sub(r"/*[name()='\1']", tree.getpath(elements[place[1] - 1]))
            found.append(one | {"xpath": path})
        else:
            found.append(one | ({"text": region["text"]} if region["text"] else {"xpath": region["path"]}))
    return found


def half_of(url: str) -> int:
    """Which half of the corpus a site is in: always the same, whatever else is there."""
    return zlib.crc32((urlsplit(url).hostname or "").encode()) % 2


def load_scorer(gold: Path) -> Any:
    """The corpus' own scorer, which lies beside the labels."""
    beside = gold.with_name("score.py")
    spec = importlib.util.spec_from_file_location("score", beside if beside.exists() else _CORPUS.with_name("score.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows(gold: Path, half: int | None) -> Iterator[dict[str, Any]]:
    """The labelled pages; of one half of the sites, where it is given."""
    for line in gold.read_text("utf-8").splitlines():
        row = json.loads(line)
        if half is None or half_of(row["page_url"]) == half:
            yield row


def f1(counts: list[list[int]]) -> float:
    right, false, missed = (sum(one) for one in zip(*counts, strict=True)) if counts else (0, 0, 0)
    return 2 * right / (2 * right + false + missed) if right else 0.0


def show(line: str = "") -> None:
    sys.stdout.write(line + "\n")


def table(scorer: Any, total: dict[str, list[int]]) -> None:
    show(f"{'kind':12}{'right':>6}{'false':>6}{'missed':>7}{'F1':>8}")
    for kind in scorer.KINDS:
        right, false, missed = total[kind]
        show(f"{kind:12}{right:6}{false:6}{missed:7}{f1([total[kind]]):8.3f}")
    for kinds in (_LINKS_AND_ADS, _NOTICES, tuple(scorer.KINDS)):
        name = ", ".join(kinds) if len(kinds) < 5 else "all"
        show(f"micro F1 {f1([total[kind] for kind in kinds]):.3f}  {name}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", nargs="?", type=Path, default=_CORPUS, help="the labels; the pages lie beside them")
    parser.add_argument("--errors", action="store_true", help="print what was missed and what was false")
    parser.add_argument("--half", type=int, choices=(0, 1), help="only the sites of one half")
    parser.add_argument("-o", "--output", type=Path, help="where the predictions go")
    parser.add_argument("--list", type=Path, action="append", default=[], help="a filter list; repeatable")
    given = parser.parse_args()
    if not given.gold.exists():
        show(f"No labels at {given.gold}: nothing to score")
        return
    output = given.output or Path(tempfile.gettempdir()) / "regions.jsonl"
    filters = lists.load(given.list) if given.list else Filters([])
    run(given.gold, given.half, output, filters, errors=given.errors)


def run(gold: Path, half: int | None, output: Path, filters: Filters, *, errors: bool) -> None:
    scorer = load_scorer(gold)
    total: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    times, lines = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=_CHROMIUM, args=["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND"]
        )
        for row in rows(gold, half):
            path = gold.parent / row["page"]
            report, placed = inventory_of(browser, path, row["page_url"], filters)
            doc = scorer.load(str(path))
            found = predictions(doc, report, placed)
            lines.append(json.dumps({"page": row["page"], "regions": found}, ensure_ascii=False))
            times.append((report["ms"], report["elements"], row["page_url"]))
            counts, wrong = scorer.score_page(doc, row["regions"], found)
            for kind, of_kind in counts.items():
                total[kind] = [a + b for a, b in zip(total[kind], of_kind, strict=True)]
            if errors:
                report_errors(row, found, wrong)
        browser.close()
    output.write_text("\n".join(lines) + "\n", "utf-8")
    table(scorer, total)
    slowest = max(times)
    show(f"slowest inventory {slowest[0]} ms, {slowest[1]} elements; predictions in {output}")


def report_errors(row: dict[str, Any], found: list[dict[str, str]], wrong: list[tuple[str, ...]]) -> None:
    show(f"== {row['page']} {row['lang']} {row['page_url'][:90]}")
    rules = {(one["kind"], one.get("xpath", "text")): f"{one['score']} {one['rules']}" for one in found}
    for sort, kind, path, text in wrong:
        show(f"  {sort:5} {kind:10} {path or ''}  [{rules.get((kind, path or ''), '')}]  {text}")


if __name__ == "__main__":
    main()

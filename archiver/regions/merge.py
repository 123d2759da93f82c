"""One inventory of the reports of all frames.

An ad is the element of the outermost frame that holds it: what is in the frames below it is the ad's own text, links
and pictures. Whether a frame is an ad is known only here, where its address and those of the frames in it are known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import urlsplit

from publicsuffixlist import PublicSuffixList

from archiver.regions import words
from archiver.regions.model import Box, FramePath, FrameState, Inventory, Kind, Region
from archiver.regions.report import Found, Owner, Report

_SUFFIXES = PublicSuffixList()
_AD_HOST = re.compile(words.hosts(words.vocabulary()["hosts"]["ad"]), re.IGNORECASE)
_ENOUGH = 0.7
_LEAST_PX = 10
_MAX_TEXT = 20_000
_MAX_DEPTH = 100


@dataclass(frozen=True)
class FrameReport:
    """A frame as the browser knows it, with its report.

    `owner` is the path that `program.owner_path` gives its element in the frame above; empty for the page itself.
    `report` is none where the frame could not be read, and `error` says why.
    """

    id: str
    parent_id: str | None
    url: str
    owner: str
    report: Report | None
    error: str = ""


@dataclass(frozen=True)
class _Placed:
    """A frame and where its viewport lies on the page."""

    frame: FrameReport
    path: FramePath
    x: float
    y: float
    hidden: str
    owner: Owner | None


def merge(frames: Sequence[FrameReport], network: Mapping[str, Sequence[str]] | None = None) -> Inventory:
    """The inventory of a page.

    `frames` has parents before children. `network` gives, by a frame's name, the rules of filter lists that its
    requests matched: a frame named there is an ad if it can be seen.
    """
    merger = _Merger(frames, network or {})
    return Inventory(tuple(merger.regions()), tuple(merger.states()))


class _Merger:
    def __init__(self, frames: Sequence[FrameReport], network: Mapping[str, Sequence[str]]) -> None:
        self._network = network
        self._placed: dict[str, _Placed] = {}
        self._below: dict[str, list[_Placed]] = {}
        for frame in frames:
            self._place(frame)

    def _place(self, frame: FrameReport) -> None:
        above = self._placed.get(frame.parent_id or "")
        if above is None:
            # The page itself: its report's boxes are in the viewport, which may have been scrolled.
            x, y = frame.report.scroll if frame.report and frame.parent_id is None else (0.0, 0.0)
            self._placed[frame.id] = _Placed(frame, (), x, y, "", None)
            return
        if len(above.path) >= _MAX_DEPTH:
            return
        owner = _owner_in(above.frame, frame.owner)
        box = owner.box if owner else Box(0, 0, 0, 0)
        hidden = "in a hidden frame" if above.hidden or (owner and owner.hidden) else ""
        path = (*above.path, frame.owner)
        placed = _Placed(frame, path, above.x + box.x, above.y + box.y, hidden, owner)
        self._placed[frame.id] = placed
        self._below.setdefault(above.frame.id, []).append(placed)

    def states(self) -> Iterator[FrameState]:
        for placed in self._placed.values():
            report, error = placed.frame.report, placed.frame.error
            elements, partial = (report.elements, report.partial) if report else (0, error or "not read")
            yield FrameState(placed.path, placed.frame.url, elements, partial)

    def regions(self) -> Iterator[Region]:
        for placed in self._placed.values():
            if not placed.path:
                yield from self._of_frame(placed, frozenset())

    def _of_frame(self, placed: _Placed, around: frozenset[Kind]) -> Iterator[Region]:
        """The regions of a frame and of those below it; `around` are the kinds of the regions that it stands in."""
        report = placed.frame.report
        if report is None:
            return
        below = self._below.get(placed.frame.id, [])
        promoted = [self._as_ad(one, report) for one in below if one.owner and self._is_ad(one, placed, report)]
        for found in sorted((*report.regions, *promoted), key=lambda one: one.start):
            if found.kind in around:
                continue
            inside = [one for one in below if one.owner and found.start <= one.owner.start < found.end]
            yield self._region(found, placed, inside)
        for one in below:
            kinds = around | _kinds_around(one.owner, (*report.regions, *promoted))
            if "ad" not in kinds:  # an ad has taken in all that is in it
                yield from self._of_frame(one, kinds)

    def _is_ad(self, one: _Placed, above: _Placed, report: Report) -> bool:
        assert one.owner is not None
        if "ad" in _kinds_around(one.owner, report.regions):
            return False  # it is part of one
        return sum(points for _, points in self._evidence(one, above)) >= _ENOUGH

    def _evidence(self, one: _Placed, above: _Placed) -> Iterator[tuple[str, float]]:
        assert one.owner is not None
        yield from ((rule, one.owner.score / len(one.owner.rules)) for rule in one.owner.rules)
        for frame in self._tree(one):
            if _AD_HOST.match(frame.url):
                yield "ad host", 1.0
            yield from ((rule, rule_points(one.owner)) for rule in self._network.get(frame.id, ()))
        if one.owner.sized and _is_foreign(one.frame.url, above.frame.url) and one.owner.score < _ENOUGH:
            yield "foreign frame of an ad size", 0.75

    def _as_ad(self, one: _Placed, report: Report) -> Found:
        assert one.owner is not None
        above = self._placed[one.frame.parent_id or ""]
        evidence = list(self._evidence(one, above))
        return Found(
            kind="ad",
            xpath=one.owner.xpath,
            start=one.owner.start,
            end=one.owner.start + 1,
            box=one.owner.box,
            hidden=one.owner.hidden,
            heading="",
            text="",
            links=(),
            pictures=(),
            filled=False,
            rules=tuple(dict.fromkeys(rule for rule, _ in evidence)),
            score=sum(points for _, points in evidence),
        )

    def _region(self, found: Found, placed: _Placed, inside: Sequence[_Placed]) -> Region:
        trees = [frame for one in inside for frame in self._tree(one)]
        box = replace(found.box, x=round(found.box.x + placed.x, 2), y=round(found.box.y + placed.y, 2))
        region = Region(
            kind=found.kind,
            frame=placed.path,
            frame_url=placed.frame.url,
            xpath=found.xpath,
            box=box,
            hidden=found.hidden or placed.hidden,
            heading=found.heading,
            text=found.text,
            links=found.links,
            pictures=found.pictures,
            frames=tuple(frame.id for frame in trees),
            filled=found.filled or (found.kind == "ad" and any(map(_shows_something, trees))),
            rules=found.rules,
            confidence=round(min(1.0, found.score / 2 + 0.25), 2),
        )
        return _with_frames(region, trees) if found.kind == "ad" else region

    def _tree(self, one: _Placed) -> Iterator[FrameReport]:
        waiting = [one]
        while waiting:
            placed = waiting.pop()
            yield placed.frame
            waiting.extend(reversed(self._below.get(placed.frame.id, [])))


def rule_points(owner: Owner) -> float:
    """What a rule about requests says of a frame: less of one that nobody sees, which counts or synchronises."""
    seen = not owner.hidden and min(owner.box.width, owner.box.height) >= _LEAST_PX
    return 1.0 if seen or owner.sized else 0.4


def _with_frames(region: Region, frames: Sequence[FrameReport]) -> Region:
    """The ad with what its frames show: an ad's text is seldom in the element that the page gave it."""
    reports = [frame.report for frame in frames if frame.report]
    texts = [region.text, *(report.text for report in reports)]
    links = [*region.links, *(link for report in reports for link in report.links)]
    pictures = [*region.pictures, *(one for report in reports for found in report.regions for one in found.pictures)]
    return replace(
        region,
        text="\n".join(filter(None, texts))[:_MAX_TEXT],
        links=tuple(dict.fromkeys(links)),
        pictures=tuple(dict.fromkeys(pictures)),
    )


def _shows_something(frame: FrameReport) -> bool:
    """Whether a frame has anything to show; of one that could not be read, nobody can say that it is empty."""
    report = frame.report
    return report is None or bool(report.text or report.pictures or report.links)


def _owner_in(above: FrameReport, path: str) -> Owner | None:
    owners = above.report.owners if above.report else ()
    return next((owner for owner in owners if owner.xpath == path), None)


def _kinds_around(owner: Owner | None, regions: Sequence[Found]) -> frozenset[Kind]:
    if owner is None:
        return frozenset()
    return frozenset(found.kind for found in regions if found.start <= owner.start < found.end)


def _is_foreign(url: str, other: str) -> bool:
    site, beside = _site(url), _site(other)
    return bool(site and beside) and site != beside


@lru_cache(maxsize=4096)
def _site(url: str) -> str:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return _SUFFIXES.privatesuffix(host) or host

"""What an inventory says: the regions of a page in all its frames, as they stand in one JSON document."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

VERSION = 1

Kind = Literal[
    "ad",
    "trending",
    "related",
    "disclaimer",
    "copyright",
    "newsletter",
    "comments",
    "social",
    "paywall",
    "cookie",
]
KINDS: tuple[Kind, ...] = get_args(Kind)

#: XPaths of the owner elements that lead from the page to a frame, each in the frozen DOM of the frame above it
FramePath = tuple[str, ...]


@dataclass(frozen=True)
class Box:
    """A rectangle in CSS pixels of the whole page, from its upper left corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Link:
    """Where a link leads, and its text."""

    url: str
    text: str


@dataclass(frozen=True)
class Picture:
    """A picture of a region: its address, its size on the page in CSS pixels, and its alternative text."""

    url: str
    width: int
    height: int
    alt: str


@dataclass(frozen=True)
class Crop:
    """A part of a full-page screenshot, by the name of its record, in pixels of the picture."""

    record: str
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Region:
    """One thing that stands beside the article, or in it: the smallest element that holds all of it."""

    kind: Kind
    frame: FramePath
    frame_url: str
    xpath: str  # in the frozen DOM of its frame; a shadow root is its host's `template[1]`
    box: Box
    hidden: str  # why it cannot be seen; empty where it can
    heading: str
    text: str
    links: tuple[Link, ...]
    pictures: tuple[Picture, ...]
    frames: tuple[str, ...]  # the browser's names of the frames in it: their exchanges are the region's
    filled: bool  # whether an ad slot holds anything
    rules: tuple[str, ...]
    confidence: float  # 0 to 1
    exchanges: tuple[int, ...] = ()  # numbers of the exchange manifest
    crop: Crop | None = None  # where it is in the screenshot, if it can be seen there

    @property
    def text_sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def visible(self) -> bool:
        return not self.hidden


@dataclass(frozen=True)
class FrameState:
    """How much of one frame was looked at."""

    frame: FramePath
    url: str
    elements: int
    partial: str  # which limit cut it short, or why it could not be read; empty where all was


@dataclass(frozen=True)
class Inventory:
    """All regions of a page, in the order of its document, frames where they stand."""

    regions: tuple[Region, ...]
    frames: tuple[FrameState, ...] = field(default=())

    @property
    def partial(self) -> bool:
        return any(frame.partial for frame in self.frames)

    @property
    def counts(self) -> dict[str, int]:
        """How many regions there are of each kind that there are any of."""
        found = Counter(region.kind for region in self.regions)
        return {kind: found[kind] for kind in KINDS if found[kind]}

    def to_document(self) -> dict[str, Any]:
        """As it is stored, in JSON's types. `from_document` reads it."""
        regions = [asdict(region) | {"text_sha256": region.text_sha256} for region in self.regions]
        return {
            "version": VERSION,
            "partial": self.partial,
            "frames": [_listed(asdict(frame)) for frame in self.frames],
            "regions": [_listed(region) for region in regions],
        }


def from_document(document: object) -> Inventory:
    """The inverse of `Inventory.to_document`. Raises `ValueError` for what is none, or has hashes of other texts."""
    match document:
        case {"version": int(version), "frames": list(frames), "regions": list(regions)}:
            if version != VERSION:
                raise ValueError(f"an inventory of version {version}; this program reads version {VERSION}")
        case _:
            raise ValueError("this is no inventory of regions")
    try:
        return Inventory(tuple(map(_region, regions)), tuple(map(_frame, frames)))
    except (KeyError, TypeError, AttributeError) as problem:
        raise ValueError(f"an inventory of regions lacks something: {problem}") from None


def _region(row: dict[str, Any]) -> Region:
    values = dict(row)
    digest = values.pop("text_sha256")
    if values["kind"] not in KINDS:
        raise ValueError(f"there is no kind of region {values['kind']!r}")
    region = Region(
        **values
        | {name: tuple(values[name]) for name in ("frame", "frames", "rules", "exchanges")}
        | {
            "box": Box(**values["box"]),
            "links": tuple(Link(**link) for link in values["links"]),
            "pictures": tuple(Picture(**picture) for picture in values["pictures"]),
            "crop": None if values["crop"] is None else Crop(**values["crop"]),
        }
    )
    if region.text_sha256 != digest:
        raise ValueError(f"the text of the {region.kind} region {region.xpath} has not the hash that is stored with it")
    return region


def _frame(row: dict[str, Any]) -> FrameState:
    return FrameState(**row | {"frame": tuple(row["frame"])})


def _listed(row: dict[str, Any]) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in row.items()}

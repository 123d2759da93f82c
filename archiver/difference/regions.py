"""Two inventories of a page held against each other: which regions came, went and changed, kind by kind.

1. Regions with the same words, links and pictures are the same, wherever they stand.
2. Of those with the same words the ones in the same place belong together, then the others in their order.
3. The rest is paired best first, by what speaks for it: similar words, the same element, the same part of the page, the
   same heading, common links. Pairs with too little in common are none: the one region went, the other came.

Of addresses neither query nor fragment counts, except for an address within a query that a click leads on to: what else
is there are mostly random numbers, of advertisements most of all. Pictures that nobody sees (`_SEEN_PX`) are left out.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

from archiver.difference.lists import Item, compare_lists, items_of
from archiver.difference.text import Hunk, compare_texts, hunks, lines_of, plain
from archiver.provenance.words import words
from archiver.regions.model import KINDS, Box, Inventory, Kind, Region

What = Literal[
    "replaced",  # something else is in its place, as where a slot was sold to another
    "reworded",
    "items",  # items of a list came, went, or have other words
    "reordered",  # the items of a list are in another order
    "relinked",  # the same words lead elsewhere, or stand with other pictures
    "filled",  # a slot that was empty is not
    "emptied",
    "shown",  # it could not be seen, and now can
    "hidden",
]

_LISTS = ("trending", "related")
_SEEN_PX = 3
_COMPARED_WORDS = 400  # of a region, to find what it belongs to
_ALL_PAIRS = 10_000  # beyond it only regions with something in common are looked at
_ENOUGH = 0.4
_SIMILAR = 0.3
_LIKE_BEFORE = 0.5  # an advertisement with less of its words is another one
_AD_WORDS = 4  # fewer say only that it is an advertisement
_ADDRESS = re.compile(r"(https?://[^\s?#;]+)[?#;]\S*", re.IGNORECASE)
#: names of what a link of an advertisement server leads on to
_ONWARD = frozenset(("adurl", "clickurl", "dest", "destination", "goto", "landing", "redir", "redirect", "u", "url"))
_NUMBER = re.compile(r"(?<![\[\d])\d{4,}")


@dataclass(frozen=True)
class RegionChange:
    """A region that both inventories have, with their numbers, counted from 1, and what is different of it.

    `added` and `removed` count words. Of a list, `items_gone` and `items_new` are texts of links, and
    `items_reworded` the old and the new text of those that lead to the same page.
    """

    kind: Kind
    what: What
    before: int
    after: int
    added: int = 0
    removed: int = 0
    hunks: tuple[Hunk, ...] = ()
    items_gone: tuple[str, ...] = ()
    items_new: tuple[str, ...] = ()
    items_reworded: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class KindChange:
    """What is different of one kind: numbers of the regions that went and that came, changes, how many are the same."""

    kind: Kind
    went: tuple[int, ...]
    came: tuple[int, ...]
    changed: tuple[RegionChange, ...]
    unchanged: int

    @property
    def same(self) -> bool:
        return not (self.went or self.came or self.changed)


@dataclass(frozen=True)
class InventoryChange:
    """What is different, by kind; kinds that neither inventory has are left out.

    `partial` says of each inventory whether it is: what it lacks may have been there.
    """

    kinds: tuple[KindChange, ...]
    partial: tuple[bool, bool]

    @property
    def same(self) -> bool:
        return all(each.same for each in self.kinds)


def compare_inventories(before: Inventory, after: Inventory) -> InventoryChange:
    """Hold two inventories of a page against each other."""
    found = []
    for kind in KINDS:
        old, new = (_seen(each, kind) for each in (before, after))
        if old or new:
            found.append(_of_kind(kind, old, new))
    return InventoryChange(tuple(found), (before.partial, after.partial))


def document(change: InventoryChange) -> dict[str, Any]:
    """A comparison as a JSON object."""
    return {"same": change.same, "partial": list(change.partial), "kinds": [asdict(each) for each in change.kinds]}


# what is compared


@dataclass(frozen=True)
class _Seen:
    """A region with what is compared of it, each worked out once."""

    number: int
    region: Region

    @cached_property
    def text(self) -> str:
        text = "\n".join(filter(None, (" ".join(line.split()) for line in plain(self.region.text).splitlines())))
        return _ADDRESS.sub(r"\1", text) if self.region.kind == "ad" else text

    @cached_property
    def links(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_leads_to(link.url) for link in self.region.links))

    @cached_property
    def hosts(self) -> frozenset[str]:
        """Of the sites that the links lead to."""
        return frozenset(each.rpartition("://")[2].partition("/")[0] for each in self.links)

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """What a list lists; nothing where it is no list."""
        return items_of(self.region, _bare) if self.region.kind in _LISTS else ()

    @cached_property
    def pictures(self) -> tuple[str, ...]:
        """Those of an advertisement; of others they come from anywhere, and the words say what they show."""
        seen = [each for each in self.region.pictures if min(each.width, each.height) > _SEEN_PX]
        return tuple(sorted({_bare(each.url) for each in seen})) if self.region.kind == "ad" else ()

    @property
    def content(self) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
        """All that it says, leads to and shows; of a list what it lists, and not how old or how much read that is."""
        if self.items:
            return self.heading, tuple(each.target for each in self.items), tuple(i.numberless for i in self.items)
        return self.text, self.links, self.pictures

    @cached_property
    def words(self) -> Counter[str]:
        return Counter(each for _, each in zip(range(_COMPARED_WORDS), self._words(), strict=False))

    def _words(self) -> Iterator[str]:
        return (word.text for word in words(self.text, 0, 20 * _COMPARED_WORDS))

    @cached_property
    def heading(self) -> str:
        """What it is called; what an advertisement has above it says only that it is one."""
        return "" if self.region.kind == "ad" else " ".join(plain(self.region.heading).split()).casefold()

    @cached_property
    def place(self) -> Hashable:
        """The element, without the numbers that ids of slots end with."""
        return tuple(_NUMBER.sub("#", step) for step in (*self.region.frame, self.region.xpath))

    @property
    def is_empty(self) -> bool:
        return self.content == ("", (), ())


def _seen(inventory: Inventory, kind: Kind) -> list[_Seen]:
    return [_Seen(number, region) for number, region in enumerate(inventory.regions, 1) if region.kind == kind]


def _bare(url: str) -> str:
    """An address without what follows `?`, `#` and the `;` of its last part."""
    begin = re.split(r"[?#]", url, maxsplit=1)[0]
    path, slash, last = begin.rpartition("/")
    return path + slash + last.partition(";")[0]


def _leads_to(url: str) -> str:
    bare = _bare(url)
    try:
        fields = parse_qsl(urlsplit(url).query, max_num_fields=200)
    except ValueError:
        return bare
    for name, value in fields:
        if name.lower() in _ONWARD and value.startswith(("http://", "https://")):
            return f"{bare} {_bare(value)}"
    return bare


# what belongs together


def _of_kind(kind: Kind, old: list[_Seen], new: list[_Seen]) -> KindChange:
    pairs = [*_equal(old, new), *_alike(old, new)]
    changes = [change for one, other in pairs if (change := _change(kind, one, other)) is not None]
    return KindChange(
        kind,
        went=tuple(each.number for each in old),
        came=tuple(each.number for each in new),
        changed=tuple(sorted(changes, key=lambda change: change.after)),
        unchanged=len(pairs) - len(changes),
    )


def _equal(old: list[_Seen], new: list[_Seen]) -> Iterator[tuple[_Seen, _Seen]]:
    """Take those out of both lists that say the same."""
    yield from _taken(old, new, lambda each: None if each.is_empty else (each.content, each.place))
    yield from _taken(old, new, lambda each: None if each.is_empty else each.content)
    yield from _taken(old, new, lambda each: (each.text, each.place) if each.text else None)
    if all(each.region.kind != "ad" for each in (*old, *new)):  # many advertisements say only that they are one
        yield from _taken(old, new, lambda each: each.text or None)


def _taken(old: list[_Seen], new: list[_Seen], key: Callable[[_Seen], Hashable]) -> Iterator[tuple[_Seen, _Seen]]:
    """Take those out of both lists that have the same key, in their order; those without one stay."""
    waiting: dict[Hashable, list[_Seen]] = defaultdict(list)
    for each in reversed(old):
        if (of_it := key(each)) is not None:
            waiting[of_it].append(each)
    pairs = []
    for each in new:
        if (of_it := key(each)) is not None and waiting.get(of_it):
            pairs.append((waiting[of_it].pop(), each))
    _remove(old, (one for one, _ in pairs))
    _remove(new, (other for _, other in pairs))
    yield from pairs


def _remove(seen: list[_Seen], gone: Iterable[_Seen]) -> None:
    numbers = {each.number for each in gone}
    seen[:] = [each for each in seen if each.number not in numbers]


def _alike(old: list[_Seen], new: list[_Seen]) -> Iterator[tuple[_Seen, _Seen]]:
    """Take pairs out of both lists, those first that have most in common."""
    scored = [(_score(one, other), one, other) for one, other in _candidates(old, new)]
    best = sorted((each for each in scored if each[0] >= _ENOUGH), key=lambda e: (-e[0], e[1].number, e[2].number))
    before: set[int] = set()
    after: set[int] = set()
    pairs = []
    for _, one, other in best:
        if one.number not in before and other.number not in after:
            before.add(one.number)
            after.add(other.number)
            pairs.append((one, other))
    _remove(old, (one for one, _ in pairs))
    _remove(new, (other for _, other in pairs))
    yield from pairs


def _candidates(old: Sequence[_Seen], new: Sequence[_Seen]) -> Iterator[tuple[_Seen, _Seen]]:
    if len(old) * len(new) <= _ALL_PAIRS:
        yield from ((one, other) for one in old for other in new)
        return
    by_place: dict[Hashable, list[_Seen]] = defaultdict(list)
    for each in new:
        by_place[each.place].append(each)
    for one in old:
        yield from ((one, other) for other in by_place.get(one.place, ())[:8])


def _score(one: _Seen, other: _Seen) -> float:
    similar = _similarity(one, other)
    score = similar if similar >= _SIMILAR else 0.0
    if one.place == other.place:
        score += 0.5
    if one.heading and one.heading == other.heading:
        score += 0.3
    if set(one.links) & set(other.links):
        score += 0.2
    return score + _near(one.region.box, other.region.box)


def _similarity(one: _Seen, other: _Seen) -> float:
    """Which share of the words of both are in the other, too (Dice).

    Of advertisements that have few words, or lead to other sites, none: many are made to one pattern.
    """
    sizes = one.words.total(), other.words.total()
    is_ad = one.region.kind == "ad"
    if min(sizes) < (_AD_WORDS if is_ad else 1) or (is_ad and _leads_elsewhere(one, other)):
        return 0.0
    return 2 * (one.words & other.words).total() / sum(sizes)


def _leads_elsewhere(one: _Seen, other: _Seen) -> bool:
    return bool(one.hosts and other.hosts) and not one.hosts & other.hosts


def _near(one: Box, other: Box) -> float:
    """What speaks for one place on the page. A banner moves what is below it down, and leaves its column and size."""
    if min(one.width, one.height, other.width, other.height) <= 0:
        return 0.0
    width = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    height = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    common = max(width, 0.0) * max(height, 0.0)
    if common / (one.width * one.height + other.width * other.height - common) >= 0.5:
        return 0.4
    same = abs(one.x - other.x) <= 2 and abs(one.width - other.width) <= 2 and abs(one.height - other.height) <= 2
    return 0.15 if same else 0.0


# what is different


def _change(kind: Kind, one: _Seen, other: _Seen) -> RegionChange | None:
    """What is different between two that belong together; None where nothing is."""
    before, after = one.region, other.region
    items = compare_lists(one.items, other.items)
    what: What
    if kind == "ad" and before.filled != after.filled:
        what = "filled" if after.filled else "emptied"
    elif one.content == other.content or _is_same_ad(one, other):
        if before.visible == after.visible:
            return None
        return RegionChange(kind, "shown" if after.visible else "hidden", one.number, other.number)
    elif items.gone or items.new or items.reworded:
        kept = len(one.items) - len(items.gone)
        what = "items" if kept or (one.heading and one.heading == other.heading) else "replaced"
    elif items.reordered:
        what = "reordered"
    elif one.text == other.text or (one.items and other.items and one.heading == other.heading):
        return RegionChange(kind, "replaced" if _is_another_ad(one, other) else "relinked", one.number, other.number)
    else:
        least = _LIKE_BEFORE if kind == "ad" else _SIMILAR
        what = "reworded" if _similarity(one, other) >= least else "replaced"
    old_lines, new_lines = one.text.splitlines(), other.text.splitlines()
    counted = compare_texts(old_lines, new_lines, "page")
    return RegionChange(
        kind,
        what,
        one.number,
        other.number,
        added=counted.added,
        removed=counted.removed,
        hunks=tuple(hunks(lines_of(old_lines), lines_of(new_lines))),
        items_gone=items.gone,
        items_new=items.new,
        items_reworded=items.reworded,
    )


def _is_same_ad(one: _Seen, other: _Seen) -> bool:
    """Of two whose addresses differ: they have random parts outside of their queries, too."""
    has_words = one.region.kind == "ad" and one.words.total() >= _AD_WORDS
    return has_words and (one.text, one.hosts, one.pictures) == (other.text, other.hosts, other.pictures)


def _is_another_ad(one: _Seen, other: _Seen) -> bool:
    """Of two with the same words: these may say no more than that it is an advertisement."""
    if one.region.kind != "ad":
        return False
    return _leads_elsewhere(one, other) or (one.words.total() < _AD_WORDS and one.pictures != other.pictures)

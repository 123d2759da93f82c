"""The items of two lists of links held against each other: which came, which went, which have other words.

An item is a page that the list leads to, by the longest of its texts: a picture, a headline and a number of comments
often lead to one page. Links that lead to no page of their own are items by their texts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from archiver.difference.text import plain
from archiver.regions.model import Region

_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True)
class Item:
    """Where it leads, empty for nowhere else, and what it says."""

    target: str
    text: str

    @property
    def key(self) -> str:
        return self.target or self.text

    @property
    def numberless(self) -> str:
        """What it says, without its numbers: of comments, readers and minutes."""
        return _NUMBER.sub("#", self.text)


@dataclass(frozen=True)
class ListChange:
    """Texts of the items that went and that came, and of those that have other words the old and the new one."""

    gone: tuple[str, ...]
    new: tuple[str, ...]
    reworded: tuple[tuple[str, str], ...]
    reordered: bool

    @property
    def same(self) -> bool:
        return not (self.gone or self.new or self.reworded or self.reordered)


def items_of(region: Region, bare: Callable[[str], str]) -> tuple[Item, ...]:
    """The items of a list; `bare` gives what of an address counts."""
    here = {bare(region.frame_url), ""}
    found: dict[str, Item] = {}
    for link in region.links:
        text, target = " ".join(plain(link.text).split()), bare(link.url)
        item = Item("" if target in here or not target.startswith("http") else target, text)
        before = found.get(item.key)
        if text and (before is None or len(text) > len(before.text)):
            found[item.key] = item  # stays where it was first
    return tuple(found.values())


def compare_lists(before: Sequence[Item], after: Sequence[Item]) -> ListChange:
    """What is different; an item with the same text is the same wherever it leads."""
    texts, texts_2 = ({each.text for each in items} for items in (before, after))
    keys, keys_2 = ({each.key: each for each in items} for items in (before, after))
    reworded = [
        (each.text, other.text)
        for each in before
        if (other := keys_2.get(each.key)) is not None
        and each.numberless != other.numberless
        and each.text not in texts_2
    ]
    order, order_2 = ([each.key for each in items] for items in (before, after))
    return ListChange(
        tuple(each.text for each in before if each.key not in keys_2 and each.text not in texts_2),
        tuple(each.text for each in after if each.key not in keys and each.text not in texts),
        tuple(reworded),
        order != order_2 and sorted(order) == sorted(order_2),
    )

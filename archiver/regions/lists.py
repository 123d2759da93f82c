"""Filter lists, such as EasyList, as evidence for advertisements: rules for requests, and rules for elements.

The lists are others' work under their own licences (GPL, CC BY-SA): they come from a path that settings name, or from a
package of the system, and never with this program. Without any, detection does with the other evidence.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

import adblock

from archiver.errors import ConfigurationError
from archiver.regions.report import Names

#: where Debian's webext-ublock-origin-chromium puts EasyList
SYSTEM = (Path("/usr/share/chromium/extensions/ublock-origin/assets/thirdparties/easylist/easylist.txt"),)
_MAX_BYTES = 64 << 20
_HEADER = re.compile(r"^! *(Title|Version|Last modified): *(.{1,200})$", re.MULTILINE)
_MAX_RULES = 5  # of one frame
_MAX_SELECTORS = 2_000
_MAX_SELECTOR = 300
_STRING = re.compile(r"""\\.|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'""")
_BRACKETS = re.compile(r"\([^()\[\]]*\)|\[[^()\[\]]*\]")
_OPEN = re.compile(r"[\"'()\[\]{}\\]|/\*")
#: the browser's kinds of requests as filter lists call them
_KINDS = {
    "sub frame": "sub_frame",
    "script": "script",
    "image": "image",
    "stylesheet": "stylesheet",
    "font": "font",
    "media": "media",
    "xhr": "xmlhttprequest",
    "ping": "ping",
}


@dataclass(frozen=True)
class FilterList:
    """A list as it was read. `version` is what its head says, empty where that says nothing."""

    title: str
    version: str
    sha256: str
    text: str

    def said(self) -> dict[str, str]:
        """What a statement says of it."""
        return {"title": self.title, "version": self.version, "sha256": self.sha256}


@dataclass(frozen=True)
class Asked:
    """A request of a frame: its address, and the browser's word for what it was for."""

    url: str
    kind: str


class Filters:
    """Some lists, ready to be asked. The engine is made of them when it is first asked."""

    def __init__(self, lists: Sequence[FilterList]) -> None:
        self.lists = tuple(lists)

    def prepare(self) -> None:
        """Make the engine, which takes a quarter of a second for EasyList."""
        if self.lists:
            _ = self._engine

    @cached_property
    def _engine(self) -> adblock.Engine:
        rules = adblock.FilterSet(debug=True)  # keeps the rules as they are written
        for each in self.lists:
            rules.add_filter_list(each.text)
        return adblock.Engine(rules)

    def network(self, page: str, asked: Mapping[str, Iterable[Asked]]) -> dict[str, tuple[str, ...]]:
        """The rules that requests of frames match, by the frames' names; those that match none are left out."""
        if not self.lists:
            return {}
        found = {}
        for frame, requests in asked.items():
            rules = dict.fromkeys(rule for each in requests if (rule := self._rule(each, page)))
            if rules:
                found[frame] = tuple(rules)[:_MAX_RULES]
        return found

    def has_elements(self, page: str) -> bool:
        """Whether there may be element rules for a frame with this address."""
        return bool(self.lists) and page.startswith(("http://", "https://"))

    def selectors(self, page: str, names: Names) -> tuple[str, ...]:
        """The element rules that may match in a frame with this address and these names, but for exceptions.

        What no browser knows as a selector may be among them, but nothing that is open at its end.
        """
        if not self.has_elements(page):
            return ()
        of_page = self._engine.url_cosmetic_resources(page)
        named: list[str] = []
        if not of_page.generichide:  # type: ignore[attr-defined] # adblock's stubs lack it
            named = self._engine.hidden_class_id_selectors(list(names.classes), list(names.ids), of_page.exceptions)
        may_match = dict.fromkeys([*named, *sorted(of_page.hide_selectors)])
        return tuple(islice(filter(_is_closed, may_match), _MAX_SELECTORS))

    def _rule(self, asked: Asked, page: str) -> str | None:
        if not asked.url.startswith(("http://", "https://")):
            return None
        result = self._engine.check_network_urls(asked.url, page, _KINDS.get(asked.kind, "other"))
        return f"filter {result.filter or ''}"[:100] if result.matched and not result.exception else None


def _is_closed(selector: str) -> bool:
    """Whether another selector may follow it: its strings and brackets end in it, and it is not too long."""
    if len(selector) > _MAX_SELECTOR:
        return False
    left, before = _STRING.sub("", selector), ""
    while left != before:
        left, before = _BRACKETS.sub("", left), left
    return not _OPEN.search(left)


def load(paths: Sequence[Path]) -> Filters:
    """The lists at these paths, or those of the system where none are given. Raises `ConfigurationError`."""
    if paths:
        return Filters([_read(path) for path in paths])
    return Filters([_read(path) for path in SYSTEM if path.is_file()])


def _read(path: Path) -> FilterList:
    try:
        with path.open("rb") as stream:
            data = stream.read(_MAX_BYTES + 1)
        text = data.decode()
    except OSError as error:
        raise ConfigurationError(f"capture.filter_lists: {path} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"capture.filter_lists: {path} is no text in UTF-8") from None
    if len(data) > _MAX_BYTES:
        raise ConfigurationError(f"capture.filter_lists: {path} is larger than {_MAX_BYTES >> 20} MiB")
    said = dict(reversed(_HEADER.findall(text[:4096])))
    version = said.get("Version") or said.get("Last modified", "")
    return FilterList(
        said.get("Title", path.name)[:200],
        "" if "%" in version else version,  # not filled in where a list is packed by others
        hashlib.sha256(data).hexdigest(),
        text,
    )

"""Names of files in a package: such as mean the same file, and one inside the package, on every system."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from archiver.verify.problems import shown

_MAX_BYTES = 255
_MAX_PARTS = 16
_DRIVE = re.compile(r"[A-Za-z]:")
_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # Unicode categories: controls, formats, lone surrogates, separators


class Paths:
    """Give each name of a package to `check`, once. A problem is its kind, `name` or `name_repeated`, and why."""

    def __init__(self) -> None:
        self._files: dict[str, str] = {}
        self._folders: dict[str, str] = {}

    def check(self, name: str) -> Iterator[tuple[str, str]]:
        problems = list(_problems(name))
        yield from (("name", text) for text in problems)
        if problems:
            return
        folded = _folded(name)
        parts = folded.split("/")
        folders = ["/".join(parts[:length]) for length in range(1, len(parts))]
        if folded in self._files:
            yield "name_repeated", f"has the name of another, {shown(self._files[folded])}, but for case and accents"
        if folded in self._folders:
            yield "name_repeated", f"has the name of a folder that {shown(self._folders[folded])} is in"
        for folder in folders:
            if folder in self._files:
                yield "name_repeated", f"is in a folder that has the name of the file {shown(self._files[folder])}"
            self._folders.setdefault(folder, name)
        self._files.setdefault(folded, name)


def _folded(name: str) -> str:
    """The same for names that a file system may take for one."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _problems(name: str) -> Iterator[str]:
    if len(name.encode("utf-8", "replace")) > _MAX_BYTES:
        yield f"has a name of more than {_MAX_BYTES} bytes"
        return
    if name.startswith("/"):
        yield "has a name that begins at the root"
    if "\\" in name:
        yield "has a backslash in its name"
    if _DRIVE.match(name):
        yield "has a name that begins with a drive"
    if any(unicodedata.category(character) in _UNSEEN for character in name):
        yield "has control characters in its name"
    parts = name.removeprefix("/").split("/")
    if len(parts) > _MAX_PARTS:
        yield f"lies deeper than {_MAX_PARTS - 1} folders"
    if ".." in parts:
        yield "has a name that leads out of its folder"
    if any(part in ("", ".") or part[-1] in " ." for part in parts if part != ".."):
        yield "has a name with a part that is empty, or ends with a dot or a blank"

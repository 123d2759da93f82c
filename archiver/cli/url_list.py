"""The URLs to capture: from the command line and from a file, each checked before anything is captured."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from archiver.errors import UsageError
from archiver.urls import parse_capturable

_MAX_LINE_BYTES = 8192
_BOM = b"\xef\xbb\xbf"


def gather(arguments: Sequence[str], source: str | None) -> tuple[list[str], list[str]]:
    """The URLs in order, each once, and those that were given again; `source` is a file, or `-` for standard input.

    Raises `UsageError` naming the first that cannot be captured, with file and line where it comes from one.
    """
    for url in arguments:
        parse_capturable(url)
    urls = [*arguments, *(_from_file(source) if source is not None else ())]
    counts = Counter(urls)
    return list(counts), [url for url, count in counts.items() if count > 1]


def _from_file(source: str) -> list[str]:
    name = "standard input" if source == "-" else source
    try:
        if source == "-":
            found = list(_lines(sys.stdin.buffer, name))
        else:
            with open(source, "rb") as stream:
                found = list(_lines(stream, name))
    except OSError as error:
        raise UsageError(f"--from-file: {name} cannot be read: {error.strerror}") from None
    if not found:
        raise UsageError(f"--from-file: there is no URL in {name}; write one a line")
    return found


def _lines(stream: BinaryIO, name: str) -> Iterator[str]:
    number = 0
    while line := stream.readline(_MAX_LINE_BYTES + 1):
        number += 1
        if len(line) > _MAX_LINE_BYTES:
            raise UsageError(f"{name}:{number}: the line is longer than {_MAX_LINE_BYTES} bytes; write one URL a line")
        if number == 1:
            line = line.removeprefix(_BOM)
        try:
            text = line.decode("utf-8").strip(" \t\r\n")
            if not text or text.startswith("#"):
                continue
            parse_capturable(text)
        except UnicodeDecodeError:
            raise UsageError(f"{name}:{number}: the line is not UTF-8; save the file as UTF-8") from None
        except UsageError as error:
            raise UsageError(f"{name}:{number}: {error}") from None
        yield text

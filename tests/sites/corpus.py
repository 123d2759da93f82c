"""Serves a folder of saved web pages, each at the address that it once had."""

from __future__ import annotations

import csv
import gzip
import re
from pathlib import Path
from urllib.parse import urlsplit

from tests.sites.model import Handler, Request, Response

_TABLES = ("reposts.tsv", "not-reposts.tsv")
# Like a browser's prescan on bytes, this looks at the beginning only.
_META = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)


def _pages(folder: Path) -> dict[str, Path]:
    """Address to file, of every table that is there and has both columns."""
    pages: dict[str, Path] = {}
    for table in _TABLES:
        if not (folder / table).is_file():
            continue
        with (folder / table).open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
                if row.get("page") and row.get("page_url"):
                    pages.setdefault(row["page_url"], folder / row["page"])
    return pages


def corpus_urls(folder: Path) -> list[str]:
    """The addresses of the corpus in the tables' order."""
    return list(_pages(folder))


def content_type(page: bytes) -> bytes:
    """UTF-8 is told in the header; another charset is left to the page's own <meta>."""
    match = _META.search(page[:4096])
    if match and match[1].lower() not in (b"utf-8", b"utf8"):
        return b"text/html"
    return b"text/html; charset=utf-8"


def _key(host: str, target: str) -> tuple[str, str]:
    return host.lower(), target or "/"


def corpus_handler(folder: Path) -> Handler:
    """A handler for every host: the corpus's pages by host, path and query, and else 404."""
    files: dict[tuple[str, str], Path] = {}
    for url, path in _pages(folder).items():
        parts = urlsplit(url)
        target = parts.path + ("?" + parts.query if parts.query else "")
        files[_key(parts.hostname or "", target or "/")] = path

    async def handle(request: Request) -> Response:
        path = files.get(_key(request.host, request.target))
        if path is None:
            return Response(404, b"Not Found", [(b"Content-Type", b"text/plain")], b"Not in the corpus.\n")
        page = gzip.decompress(path.read_bytes())
        return Response(fields=[(b"Content-Type", content_type(page))], body=page)

    return handle

"""A web of made-up articles for captures without a browser."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from archiver.errors import UnreachableError
from archiver.model import Recording, Rendition
from tests.support import recorded
from tests.unit.recordings import body, exchange


@dataclass
class PaperWeb:
    """Pages by address. `visited` has every address that was captured, in order."""

    pages: dict[str, tuple[str, int, str]] = field(default_factory=dict)
    visited: list[str] = field(default_factory=list)

    def add(self, url: str, html: str, status: int = 200, final_url: str = "") -> str:
        """A page, and where a request for it ends; its address."""
        self.pages[url] = (html, status, final_url or url)
        return url

    def record(self, url: str, *_: Any) -> Recording:
        """In the place of `archiver.capture.capture.record`."""
        self.visited.append(url)
        if url not in self.pages:
            raise UnreachableError(f"{url}: there is no such host in this web")
        html, status, final = self.pages[url]
        dom = orjson.dumps({"frames": [{"page": 0, "index": 0, "url": final, "html": html}]})
        made = recorded.page(final)
        main = exchange(0, url=final, started_at=made.started_at, ended_at=made.started_at, status=status)
        renditions = tuple(
            Rendition("dom", f"urn:dom:{final}", "application/json", body(dom)) if each.role == "dom" else each
            for each in made.renditions
        )
        return replace(made, url=url, main=main, exchanges=(main,), renditions=renditions)

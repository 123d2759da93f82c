"""JSON Feed, version 1.1 and the one before: https://www.jsonfeed.org/version/1.1/."""

from __future__ import annotations

from typing import Any

import orjson

from archiver.feeds.collecting import MAX_TEXT_CHARACTERS, Collector
from archiver.feeds.model import MAX_TITLE_CHARACTERS

# Each costs a few hundred bytes once read; and braces within texts count, too.
_MAX_CONTAINERS = 500_000


def read_json_feed(text: str, base: str, collector: Collector) -> str | None:
    """Take the items of a JSON Feed; or say in words why it is none."""
    if text.count("{") + text.count("[") > _MAX_CONTAINERS:
        return f"is JSON of more than {_MAX_CONTAINERS:,} lists and objects; no feed is like that"
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return f"is no valid JSON ({str(error)[:200]})"
    if not isinstance(document, dict) or "jsonfeed.org/version/" not in _text(document, "version"):
        return "is JSON, but no JSON Feed: it does not name a version of jsonfeed.org"
    items = document.get("items")
    if not isinstance(items, list):
        return "is a JSON Feed without a list of items"
    for item in items:
        if not isinstance(item, dict) or collector.is_full:
            collector.take(())
            continue
        addresses = [(base, _text(item, name)) for name in ("url", "external_url")]
        dates = [_text(item, name) for name in ("date_published", "date_modified")]
        collector.take(addresses, _text(item, "title")[: 4 * MAX_TITLE_CHARACTERS], dates)
    return None


def _text(values: dict[str, Any], name: str) -> str:
    value = values.get(name)
    return value[:MAX_TEXT_CHARACTERS] if isinstance(value, str) else ""

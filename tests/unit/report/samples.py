"""Facts of a made-up capture, and the same with other words in every place where somebody else wrote them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

from PIL import Image

from archiver.provenance.derivation import derivation_of, to_statement
from archiver.report.facts import Facts, File, Stamp
from archiver.seal.interval import Interval
from tests.unit.provenance.chains import chain

ID = "20251101t101500z-aaaaaaaaaaaaaaaa"
URL = "https://harbour-daily.test/ferry"
T0 = datetime(2025, 11, 1, 10, 0, 0, tzinfo=UTC)
T1 = datetime(2025, 11, 1, 10, 20, 30, 250000, tzinfo=UTC)
_MADE = datetime(2025, 11, 2, 9, 30, tzinfo=UTC)


def statement(**other: Any) -> dict[str, Any]:
    return {
        "type": "snapshot",
        "id": ID,
        "intent": 6,
        "requested_url": "http://harbour-daily.test/ferry",
        "final_url": URL,
        "redirects": 1,
        "title": "Ferry line reopens",
        "outcome": "partial",
        "warnings": [{"code": "timeout", "message": "the time ran out"}],
        "started_at": "2025-11-01T10:15:00.123456Z",
        "ended_at": "2025-11-01T10:15:21.000000Z",
        "exchanges": {"total": 7, "recorded": 3, "failed": 2, "refused": 1, "truncated": 1},
        "main_document": {
            "url": URL,
            "status": 200,
            "sha256": "12" * 32,
            "address": "203.0.113.7",
            "tls_version": "TLS 1.3",
            "tls_cipher": "AES_128_GCM",
            "certificate_sha256": "34" * 32,
            "certificate_verified": True,
            "certificate_error": None,
        },
        "artifacts": [
            {"role": "warc", "key": "w", "media_type": "application/warc", "bytes": 1_566_453, "sha256": "56" * 32},
            {"role": "cdxj", "key": "c", "media_type": "text/x-cdxj", "bytes": 800, "sha256": "78" * 32},
        ],
        "conditions": {
            "browser": "Chromium 156.0.1.2",
            "browser_sha256": "9a" * 32,
            "user_agent": "Mozilla/5.0 (X11; Linux x86_64)",
            "accept_encoding": "gzip, deflate, br",
            "sandboxed": True,
            "own_user": True,
            "profile": "desktop",
            "viewport": [1366, 768],
            "device_pixel_ratio": "1.0",
            "is_mobile": False,
            "has_touch": False,
            "locale": "en-US",
            "timezone": "UTC",
            "timeout_ms": 90_000,
            "proxied": False,
        },
        "resolution_altered": False,
        "trust_altered": False,
        "certificates_unchecked": False,
        "guard_lifted": False,
        "credentialed": False,
        "tags": ["ferry"],
        "case": "Case 12",
        "operator": "A. Reporter",
        "reason": "a complaint",
        "job": {
            "id": "j",
            "attempt": 1,
            "schedule": {"id": "s", "name": "daily", "seq": 4, "due": "2025-11-01T10:00:00Z"},
        },
        "software": "archiver/0.1.0",
        **other,
    }  # fmt: skip


def exchanges(missing: int = 4) -> dict[str, Any]:
    lacking = [
        {
            "number": number,
            "url": f"https://ads.test/{number}",
            "method": "GET",
            "result": ("failed", "refused", "truncated")[number % 3],
            "reason": "nothing answers there",
            "net_error": "ERR_ABORTED",
        }
        for number in range(missing)
    ]
    main = {
        "number": 99,
        "url": URL,
        "result": "recorded",
        "status": 200,
        "connection": 3,
        "response_body_sha256": "12" * 32,
    }
    return {
        "format": "archiver-exchanges/1",
        "exchanges": [main, *lacking],
        "connections": [
            _connection(3, "harbour-daily.test", "203.0.113.7", "TLS 1.3"),
            _connection(4, "ads.test", "203.0.113.9", "TLS 1.2"),
            _connection(5, "updates.browser.test", None, None),
        ],
        "browser_own_traffic": [{"url": "https://updates.browser.test/", "method": "GET", "result": "failed"}],
    }


def _connection(number: int, host: str, address: str | None, tls: str | None) -> dict[str, Any]:
    return {
        "number": number,
        "host": host,
        "port": 443,
        "outcome": "connected" if address else "unresolved",
        "resolver": "192.0.2.53",
        "answers": [{"address": address, "ttl_s": 300}] if address else [],
        "address": address,
        "remote_port": 443,
        "opened_at": "2025-11-01T10:15:01.000000Z",
        "tls_version": tls,
    }


def derivations() -> tuple[tuple[int, dict[str, Any]], ...]:
    """A repost of an original that names an agency; another source that was looked for; a picture and a post."""
    found = chain()
    edges = [edge for id_ in ("repost", "original") for edge in found.edges_from(id_)]
    return tuple((10 + n, to_statement(derivation_of(found, edge, f"d{n}", _MADE))) for n, edge in enumerate(edges))


def stamps() -> tuple[Stamp, ...]:
    return tuple(
        Stamp(
            file=f"evidence/{over}.{name}.tsr",
            over=f"evidence/{over}",
            authority=name,
            time=time,
            accuracy=timedelta(seconds=1) if name == "alpha" else None,
            serial=0xABC,
            policy="1.2.3.4",
            signer=f"{name.title()} Time Stamping",
            signer_expires=datetime(2035, 1, 2, tzinfo=UTC),
            root_sha256="bc" * 32,
            root_file=f"evidence/{name}.pem",
        )
        for over, time in (("checkpoint", T0), ("snapshot.note", T1))
        for name in ("alpha", "beta")
    )


def png(width: int = 40, height: int = 30) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (width, height), "white").save(made, "PNG")
    return made.getvalue()


def facts(**other: Any) -> Facts:
    both = ("alpha", "beta")
    made = Facts(
        statement=statement(),
        log_index=7,
        intent={"started_at": "2025-11-01T10:14:59.000000Z"},
        intent_index=6,
        origin="archiver/made-up",
        log_size=20,
        root=bytes(range(32)),
        keys=("archiver/made-up+01020304+AQID",),
        stamps=stamps(),
        interval=Interval(T0, both, T1, both),
        derivations=derivations(),
        exchanges=exchanges(),
        screenshot=png(),
        files=(File("archive/data.warc.gz", 1_566_453, "56" * 32), File("evidence/snapshot.note", 812, "de" * 32)),
    )
    return replace(made, **other)


# What steers which elements there are; the rest is words.
_STEERING = frozenset(
    {
        *("type", "format", "id", "intent", "outcome", "result", "role", "code", "host", "resolver"),
        *("started_at", "ended_at", "made_at", "due", "opened_at", "said", "moment", "precision"),
        *("relation", "status", "kind", "target_kind", "direction", "direction_by", "method"),
        *("verdict", "change", "subject", "snapshot"),
    }
)


def with_words(made: Facts, texts: Sequence[str]) -> Facts:
    """The same facts, where each word that is not ours is one of these texts and a number, one for each word."""
    seen: dict[str, str] = {}

    def other(text: str) -> str:
        return seen.setdefault(text, f"{texts[len(seen) % len(texts)]} {len(seen)}")

    def swap(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: swap(each, name) for name, each in value.items()}
        if isinstance(value, list):
            return [swap(each, key) for each in value]
        if not isinstance(value, str) or not value or key in _STEERING:
            return value
        if "url" in key and value.startswith("http"):
            return "/".join(value.split("/")[:3]) + "/" + other(value)
        return other(value)

    return replace(
        made,
        statement=swap(made.statement),
        origin=other(made.origin),
        keys=tuple(other(key) for key in made.keys),
        stamps=tuple(
            replace(
                stamp, authority=other(stamp.authority), policy=other(stamp.policy), signer=other(stamp.signer),
                file=other(stamp.file), over=other(stamp.over), root_file=other(stamp.root_file or ""),
                root_sha256=other(stamp.root_sha256 or ""),
            )
            for stamp in made.stamps
        ),
        interval=replace(
            made.interval,
            after_by=tuple(other(name) for name in made.interval.after_by),
            before_by=tuple(other(name) for name in made.interval.before_by),
        ),
        derivations=tuple((index, _still_read(swap(said), said)) for index, said in made.derivations),
        exchanges=swap(made.exchanges),
        files=tuple(File(other(each.path), each.size_bytes, other(each.sha256)) for each in made.files),
    )  # fmt: skip


def _still_read(swapped: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    """A derivation without what it may lack, and of which other words would make it none."""
    swapped.pop("subject_text_sha256", None)
    swapped["object"].pop("text_sha256", None)
    return swapped | {"cut": said["cut"]}


class Outline(HTMLParser):
    """Reads HTML strictly: every element is closed in its turn. Collects what there is."""

    _VOID = frozenset({"br", "meta", "wbr"})
    _BLOCKS = frozenset(
        {"title", "h1", "h2", "h3", "h4", "h5", "p", "li", "th", "td", "small", "figcaption", "blockquote"}
    )

    def __init__(self, data: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.skeleton: list[str] = []
        self.feed(data.decode("utf-8"))
        self.close()
        assert self.open == [], f"not closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        assert len(given) == len(attrs), "an attribute twice"
        self.elements.append((tag, given))
        # What marks parts of words comes and goes with them.
        ours = tag not in ("del", "ins", "wbr") and given.get("class") not in ("mark", "more")
        if tag not in self._VOID:
            self.open.append(tag if ours else f"{tag}*")
        if ours:
            self.skeleton.append(tag)

    def handle_endtag(self, tag: str) -> None:
        last = self.open.pop()
        assert last.rstrip("*") == tag, f"</{tag}> closes <{last}>"
        if not last.endswith("*"):
            self.skeleton.append(f"/{tag}")
        if tag in self._BLOCKS:
            self.texts.append(" ")

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.texts.append(data)

    @property
    def text(self) -> str:
        """All words, blanks between them as one."""
        return " ".join("".join(self.texts).split())

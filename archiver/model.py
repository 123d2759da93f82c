"""Frozen records shared by all layers. No I/O here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any


class Outcome(StrEnum):
    """How a capture ended."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    FAILED = "failed"


class Result(StrEnum):
    """How one exchange ended: every request the browser made ends in exactly one of these."""

    RECORDED = "recorded"
    TRUNCATED = "truncated"
    CACHED = "cached"
    INTERNAL = "internal"  # answered by the browser itself, as when it upgrades http to https
    FAILED = "failed"
    REFUSED = "refused"


#: how the sketch of a text is made that a statement has, and the index knows
TEXT_SKETCH = "archiver-shingles/1"

#: every warning there is, and whether it says that something is missing which belongs into a complete capture
WARNINGS = {
    "bad_certificate": False,
    "browser_died": True,
    "clock_changed": False,
    "credentialed": False,
    "dialogs_limited": False,
    "downloaded": False,
    "downloads_limited": False,
    "frame_not_frozen": False,
    "frame_silent": False,
    "frame_unread": False,
    "http_error": False,
    "log_unreadable": True,
    "main_cut": True,
    "memory_limit": True,
    "navigated_away": False,
    "network_died": True,
    "no_sandbox": False,
    "not_reconciled": True,
    "page_closed": True,
    "page_crashed": True,
    "popups_limited": False,
    "regions_partial": False,
    "size_limit": True,
    "step_failed": True,
    "text_unread": False,
    "timeout": True,
}


@dataclass(frozen=True)
class CaptureWarning:
    """Something a reader of the snapshot must know: a stable code, one of `WARNINGS`, and one sentence."""

    code: str
    message: str

    @property
    def makes_partial(self) -> bool:
        return WARNINGS[self.code]


@dataclass(frozen=True)
class Certificate:
    """One certificate of a chain as the server sent it: PEM text and the SHA-256 of its DER (lower-case hex)."""

    pem: str
    sha256: str


@dataclass(frozen=True)
class Connection:
    """One connection the relay was asked for, and what the browser negotiated over it.

    `answers` are the DNS answers (`address`, `ttl_s`); `resolver` is who gave them: a name server's address,
    `override` for --resolve, `literal` for an address in the URL, `proxy` where an upstream proxy looked the name up.
    """

    number: int
    host: str
    port: int
    opened_at: datetime
    outcome: str  # connected | refused | unresolved | unreachable
    reason: str = ""
    answers: tuple[tuple[str, int | None], ...] = ()
    resolver: str = ""
    address: str | None = None
    remote_port: int | None = None
    client_port: int = 0
    connected_at: datetime | None = None
    closed_at: datetime | None = None
    alpn: str | None = None
    tls_version: str | None = None
    tls_cipher: str | None = None
    certificates: tuple[str, ...] = ()  # SHA-256 of each certificate of the chain, leaf first
    certificate_verified: bool | None = None  # by the browser; None: no TLS, or the log says nothing of it
    certificate_error: str | None = None  # the browser's name for what is wrong with it, as ERR_CERT_DATE_INVALID


@dataclass(frozen=True)
class Body:
    """Bytes of a capture, in memory or in its working directory, with their SHA-256 (lower-case hex).

    `block_sha256` is the digest of the header block that goes before them followed by the bytes themselves.
    """

    size_bytes: int
    sha256: str
    block_sha256: str
    data: bytes = b""
    path: Path | None = None


@dataclass(frozen=True)
class Exchange:
    """One HTTP request and what came of it.

    `request_head` and `response_head` are header blocks with their final blank line: for HTTP/1.1 the very bytes
    of the wire (`*_exact` true), for HTTP/2 written from the decoded field list. Bodies are as on the wire, content
    encoding kept, transfer coding of HTTP/1.1 removed.
    """

    number: int
    url: str
    method: str
    started_at: datetime
    ended_at: datetime | None
    result: Result
    reason: str = ""
    net_error: str | None = None
    protocol: str | None = None
    status: int | None = None
    request_head: bytes = b""
    request_body: Body | None = None
    response_head: bytes = b""
    response_body: Body | None = None
    response_chunked: bool = False
    head_exact: bool = False
    connection: int | None = None
    cached_from: int | None = None
    redirect_of: int | None = None
    retry_of: int | None = None
    initiator: str = ""
    request_type: str = ""
    site: str = ""
    media_type: str = ""
    interim: tuple[bytes, ...] = ()  # 1xx header blocks that came first
    trailers: bytes = b""
    frames: Body | None = None  # WebSocket: both directions after the handshake, JSON Lines


@dataclass(frozen=True, slots=True)
class Sketch:
    """The sketch of a text of so many words: the hashes of its shingles below 2^64 divided by `scale`, ascending."""

    words: int
    scale: int
    hashes: tuple[int, ...]


@dataclass(frozen=True)
class Rendition:
    """Something made of the frozen page, to be stored as a WARC `resource` record."""

    role: str  # screenshot | full_screenshot | pdf | dom | text | regions
    urn: str
    media_type: str
    body: Body
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """One page step as it went: its seconds, and why it did not succeed if it did not."""

    name: str
    elapsed_s: float
    error: str | None = None


@dataclass(frozen=True)
class BrowserFacts:
    """Which browser, and the conditions the page was seen under."""

    product: str
    version: str
    path: str
    sha256: str
    user_agent: str
    command_line: str
    sandboxed: bool
    profile: str
    own_user: bool  # run as a user of its own, which owns nothing but its profile
    viewport: tuple[int, int]
    device_pixel_ratio: float
    is_mobile: bool
    has_touch: bool
    locale: str
    timezone: str
    accept_encoding: str


@dataclass(frozen=True)
class Recording:
    """Everything one capture brought home, before it is written down."""

    url: str
    final_url: str | None
    page_id: str
    title: str
    started_at: datetime
    ended_at: datetime
    outcome: Outcome
    warnings: tuple[CaptureWarning, ...]
    steps: tuple[Step, ...]
    exchanges: tuple[Exchange, ...]
    own_traffic: tuple[Exchange, ...]
    connections: tuple[Connection, ...]
    certificates: tuple[Certificate, ...]
    renditions: tuple[Rendition, ...]
    browser: BrowserFacts
    main: Exchange | None
    resolution_altered: bool
    frames: tuple[dict[str, Any], ...] = ()
    dialogs: tuple[dict[str, Any], ...] = ()

"""A small capture, made by hand."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from archiver.model import (
    Body,
    BrowserFacts,
    Certificate,
    Connection,
    Exchange,
    Outcome,
    Recording,
    Rendition,
    Result,
    Step,
)

BEGAN = datetime(2026, 11, 23, 8, 14, 7, 123456, tzinfo=UTC)
_DER = b"to whoever only hashes it, a certificate"
CERTIFICATE = Certificate(
    f"-----BEGIN CERTIFICATE-----\n{base64.b64encode(_DER).decode()}\n-----END CERTIFICATE-----\n",
    hashlib.sha256(_DER).hexdigest(),
)
REQUEST_HEAD = b"GET / HTTP/1.1\r\nhost:a.test\r\n\r\n"
RESPONSE_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type:text/html\r\nset-cookie: a \r\nSet-Cookie: b\r\n\r\n"


def body(data: bytes, head: bytes = b"") -> Body:
    return Body(len(data), hashlib.sha256(data).hexdigest(), hashlib.sha256(head + data).hexdigest(), data)


def exchange(number: int, **changes: Any) -> Exchange:
    """A recorded page over HTTP/1.1 and TLS, unless told otherwise."""
    head = changes.get("response_head", RESPONSE_HEAD)
    request_head = changes.get("request_head", REQUEST_HEAD)
    usual: dict[str, Any] = {
        "number": number,
        "url": f"https://a.test/{number}",
        "method": "GET",
        "started_at": BEGAN + timedelta(milliseconds=number),
        "ended_at": BEGAN + timedelta(seconds=1),
        "result": Result.RECORDED,
        "protocol": "http/1.1",
        "status": 200,
        "request_head": request_head,
        "request_body": body(b"", request_head) if request_head else None,
        "response_head": head,
        "response_body": body(b"<p>hello", head) if head else None,
        "head_exact": True,
        "connection": 0,
        "media_type": "text/html",
    }
    return Exchange(**(usual | changes))


def unanswered(number: int, **changes: Any) -> Exchange:
    nothing = {"result": Result.FAILED, "status": None, "response_head": b"", "response_body": None, "media_type": ""}
    return exchange(number, **(nothing | changes))


def certificate() -> Certificate:
    """A server's certificate, the same every time: it signs itself with a key that everybody knows."""
    key, name = Ed25519PrivateKey.from_private_bytes(bytes(32)), x509.Name([])
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, BEGAN, BEGAN + timedelta(days=90))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("a.test")]), critical=True)
        .sign(key, None)
    )
    sha256 = hashlib.sha256(built.public_bytes(Encoding.DER)).hexdigest()
    return Certificate(built.public_bytes(Encoding.PEM).decode(), sha256)


CERTIFICATE = certificate()
CONNECTION = Connection(
    number=0,
    host="a.test",
    port=443,
    opened_at=BEGAN,
    outcome="connected",
    answers=(("203.0.113.7", 60),),
    resolver="192.0.2.53",
    address="203.0.113.7",
    remote_port=443,
    connected_at=BEGAN,
    alpn="http/1.1",
    tls_version="tls/1.3",
    tls_cipher="TLS_AES_128_GCM_SHA256",
    certificates=(CERTIFICATE.sha256,),
    certificate_verified=True,
)
PLAIN_CONNECTION = Connection(1, "a.test", 80, BEGAN, "connected", address="203.0.113.7", remote_port=80)


def recording(*exchanges: Exchange, **changes: Any) -> Recording:
    usual: dict[str, Any] = {
        "url": "https://a.test/0",
        "final_url": "https://a.test/0#part",
        "page_id": "00000000-0000-4000-8000-000000000000",
        "title": "A page",
        "started_at": BEGAN,
        "ended_at": BEGAN + timedelta(seconds=2.5),
        "outcome": Outcome.COMPLETE,
        "warnings": (),
        "steps": (Step("load", 1.0),),
        "exchanges": exchanges,
        "own_traffic": (),
        "connections": (CONNECTION, PLAIN_CONNECTION),
        "certificates": (CERTIFICATE,),
        "renditions": (Rendition("text", "urn:text:https://a.test/0", "text/plain; charset=utf-8", body(b"hello")),),
        "browser": BrowserFacts(
            product="Chromium",
            version="156",
            path="/bin/c",
            sha256="cd" * 32,
            user_agent="UA/1",
            command_line="c\n--x",
            sandboxed=True,
            own_user=False,
            profile="desktop",
            viewport=(1366, 768),
            device_pixel_ratio=1.0,
            is_mobile=False,
            has_touch=False,
            locale="en-US",
            timezone="UTC",
            accept_encoding="gzip",
        ),
        "main": exchanges[0] if exchanges else None,
        "resolution_altered": False,
    }
    return Recording(**(usual | changes))

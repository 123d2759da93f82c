"""What the browser and a site agreed on for TLS, in the standards' own names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# The IANA names of the cipher suites Chromium offers (its network log gives their numbers).
_SUITES = {
    0x1301: "TLS_AES_128_GCM_SHA256",
    0x1302: "TLS_AES_256_GCM_SHA384",
    0x1303: "TLS_CHACHA20_POLY1305_SHA256",
    0xC02B: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    0xC02C: "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    0xC02F: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    0xC030: "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    0xCCA8: "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    0xCCA9: "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    0xC009: "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    0xC00A: "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    0xC013: "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    0xC014: "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    0x009C: "TLS_RSA_WITH_AES_128_GCM_SHA256",
    0x009D: "TLS_RSA_WITH_AES_256_GCM_SHA384",
    0x002F: "TLS_RSA_WITH_AES_128_CBC_SHA",
    0x0035: "TLS_RSA_WITH_AES_256_CBC_SHA",
}


@dataclass(frozen=True)
class TlsFacts:
    """Version as in WARC-Protocol (`tls/1.3`), the cipher suite's IANA name, the protocol chosen by ALPN."""

    version: str
    cipher: str
    alpn: str | None


def tls_facts(params: dict[str, Any]) -> TlsFacts:
    """From the end of an SSL_CONNECT event."""
    number = params.get("cipher_suite", 0)
    version = str(params["version"]).lower().replace(" ", "/").replace("tls/1/", "tls/1.")
    return TlsFacts(version, _SUITES.get(number, f"0x{number:04X}"), params.get("next_proto") or None)

"""Certificates for any host name, made when a client asks for it, and a browser's trust in them."""

from __future__ import annotations

import hashlib
import ssl
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import idna
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

Fault = Literal["expired", "not yet valid", "wrong name", "self-signed", "unknown authority"]


class HostContext(ssl.SSLContext):
    """A server's context that knows the leaf it shows."""

    leaf_sha256: str | None = None


class Certificates:
    """One TLS context per host name, chosen by SNI."""

    def __init__(self, ca: trustme.CA, protocols: Sequence[str], faults: Mapping[str, Fault]) -> None:
        self._ca = ca
        self._protocols = list(protocols)
        self._faults = faults
        self._contexts: dict[str, HostContext] = {}

    def listening_context(self) -> ssl.SSLContext:
        """The context to listen with; a client without SNI gets a leaf for localhost."""
        context = self._make("localhost", "127.0.0.1")
        context.sni_callback = self._choose
        return context

    def _choose(self, connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        if name is None:
            return
        if name not in self._contexts:
            self._contexts[name] = self._make(name)
        connection.context = self._contexts[name]

    def _make(self, *names: str) -> HostContext:
        leaf = self._issue(*names)
        context = HostContext(ssl.PROTOCOL_TLS_SERVER)
        # The context chosen by SNI answers ALPN too, so each one must know the protocols.
        context.set_alpn_protocols(self._protocols)
        leaf.configure_cert(context)
        der = ssl.PEM_cert_to_DER_cert(leaf.cert_chain_pems[0].bytes().decode())
        context.leaf_sha256 = hashlib.sha256(der).hexdigest()
        return context

    def _issue(self, *names: str) -> trustme.LeafCert:
        fault = self._faults.get(names[0])
        if fault is not None:
            return self._issue_bad(names[0], fault)
        try:
            return self._ca.issue_cert(*names)
        except idna.IDNAError:
            # Names that IDNA refuses (an underscore, say) are covered by their parent's wildcard.
            return self._ca.issue_cert("*." + names[0].partition(".")[2])

    def _issue_bad(self, name: str, fault: Fault) -> trustme.LeafCert:
        now = datetime.now(UTC)
        match fault:
            case "expired":
                return self._ca.issue_cert(name, not_before=now - timedelta(60), not_after=now - timedelta(2))
            case "not yet valid":
                return self._ca.issue_cert(name, not_before=now + timedelta(2), not_after=now + timedelta(60))
            case "wrong name":
                return self._ca.issue_cert("elsewhere.test")
            case "unknown authority":
                return trustme.CA().issue_cert(name)
            case "self-signed":
                return _self_signed(name)


def _self_signed(name: str) -> trustme.LeafCert:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(2))
        .not_valid_after(now + timedelta(60))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    return trustme.LeafCert(private, made.public_bytes(serialization.Encoding.PEM), [])


def make_ca_database(ca_path: Path, home: Path) -> Path:
    """Make the NSS database of a browser whose HOME is `home`, trusting the CA; give its folder."""
    folder = home / ".pki" / "nssdb"
    folder.mkdir(parents=True, exist_ok=True)
    database = f"sql:{folder}"
    for arguments in (
        ["-N", "--empty-password"],
        ["-A", "-t", "C,,", "-n", "local web for tests", "-i", str(ca_path)],
    ):
        subprocess.run(["certutil", "-d", database, *arguments], check=True, capture_output=True)
    return folder

"""Certificates for any host name, made when a client asks for it, and a browser's trust in them."""

from __future__ import annotations

import hashlib
import ssl
import subprocess
from collections.abc import Sequence
from pathlib import Path

import idna
import trustme


class HostContext(ssl.SSLContext):
    """A server's context that knows the leaf it shows."""

    leaf_sha256: str | None = None


class Certificates:
    """One TLS context per host name, chosen by SNI."""

    def __init__(self, ca: trustme.CA, protocols: Sequence[str]) -> None:
        self._ca = ca
        self._protocols = list(protocols)
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
        try:
            return self._ca.issue_cert(*names)
        except idna.IDNAError:
            # Names that IDNA refuses (an underscore, say) are covered by their parent's wildcard.
            return self._ca.issue_cert("*." + names[0].partition(".")[2])


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

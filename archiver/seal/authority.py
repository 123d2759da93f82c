"""The time-stamp authorities that are trusted, each with its own roots."""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding

from archiver.errors import ConfigurationError, UsageError
from archiver.seal import der
from archiver.seal.timestamp_read import read_certificate
from archiver.urls import parse_capturable

_MAX_NAME_CHARACTERS = 100


@dataclass(frozen=True)
class Authority:
    """Who is asked for time stamps, and the root certificates that these must lead to.

    Raises `ConfigurationError`, which never shows the URL: there may be a key in it.
    """

    name: str
    url: str = field(repr=False)
    roots: tuple[x509.Certificate, ...]

    def __post_init__(self) -> None:
        if not self.name.isprintable() or not 0 < len(self.name) <= _MAX_NAME_CHARACTERS:
            raise ConfigurationError(
                f"a time-stamp authority has no printable name of at most {_MAX_NAME_CHARACTERS} characters"
            )
        try:
            parse_capturable(self.url)
        except UsageError:
            raise ConfigurationError(
                f"time-stamp authority {self.name}: its URL is no http or https URL without user name and password"
            ) from None
        if not self.roots:
            raise ConfigurationError(f"time-stamp authority {self.name}: no root certificate is given")
        for root in self.roots:
            _refuse_other_than_root(self.name, root)

    @classmethod
    def of_pem(cls, name: str, url: str, pem: bytes) -> Authority:
        """With the roots of a PEM file. Raises `ConfigurationError`."""
        try:
            roots = x509.load_pem_x509_certificates(pem)
        except ValueError:
            raise ConfigurationError(f"time-stamp authority {name}: its roots are no PEM certificates") from None
        return cls(name, url, tuple(dict.fromkeys(roots)))


def _refuse_other_than_root(name: str, root: x509.Certificate) -> None:
    """`openssl` trusts a certificate of -CAfile as the end of a chain only when it is self-signed."""
    shown = f"time-stamp authority {name}: the certificate of {root.subject.rfc4514_string()[:200]!r}"
    try:
        root.verify_directly_issued_by(root)
        is_authority = root.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        read_certificate(der.parse(root.public_bytes(Encoding.DER)))
    except (ValueError, TypeError, InvalidSignature):
        raise ConfigurationError(f"{shown} is not self-signed, or not as RFC 5280 wants it, so it is no root") from None
    except x509.ExtensionNotFound:
        is_authority = False
    if not is_authority:
        raise ConfigurationError(f"{shown} is not one of a certificate authority")

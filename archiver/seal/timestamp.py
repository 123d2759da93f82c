"""Time stamps of RFC 3161: what is asked of an authority, what its response says, and what can be wrong with one.

`timestamp_read` reads a response, `timestamp_check` tells whether it can be believed. What is stored of a time stamp is
the whole response.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from cryptography import x509
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

from archiver.seal.der import Element

TST_INFO = "1.2.840.113549.1.9.16.1.4"
#: names of digests, those included that are refused
DIGESTS = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
    "1.3.14.3.2.26": "sha1",
    "1.2.840.113549.2.5": "md5",
}


class Name(StrEnum):
    """What can be wrong with a time stamp."""

    MALFORMED = "malformed"  # no response, or one that two programs could read differently
    NOT_GRANTED = "not-granted"
    IMPRINT = "imprint"  # it is of something else
    NONCE = "nonce"  # it answers another request, or none
    WEAK = "weak"  # a digest or a key that can be forged
    SIGNERS = "signers"  # not one signer, or none whose certificate is there
    ATTRIBUTES = "attributes"  # what is signed does not say what it must
    SIGNATURE = "signature"
    SIGNING_CERTIFICATE = "signing-certificate"  # RFC 5816: who signed is not who says to have signed
    AUTHORITY_NAME = "authority-name"  # the name in the token is not in the certificate
    USAGE = "usage"  # the certificate is not for time stamps, and for them alone
    UNTRUSTED = "untrusted"  # no way to a root that is pinned
    EXPIRED = "expired"  # a certificate was not valid at the time that the token says
    EXPIRED_SINCE = "expired-since"  # it was then, and is not now: harmless
    TIME = "time"  # outside the interval in which it must have been made
    ACCURACY = "accuracy"  # so vague that it says little
    SECOND_OPINION = "second-opinion"  # rfc3161-client refuses it, or reads it differently


#: found in a good time stamp, too
HARMLESS = frozenset({Name.EXPIRED_SINCE})


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, by name, and in words for a person."""

    name: Name
    detail: str

    @property
    def is_harmless(self) -> bool:
        return self.name in HARMLESS

    def __str__(self) -> str:
        return self.detail


class TimestampError(ValueError):
    """What should be a response cannot be read, or has no token in it; `name` says which."""

    def __init__(self, message: str, name: Name = Name.MALFORMED) -> None:
        super().__init__(message)
        self.name = name


@dataclass(frozen=True)
class Request:
    """What is sent to an authority, and the nonce that its answer must repeat."""

    data: bytes
    nonce: int
    imprint: bytes


def make_request(message: bytes) -> Request:
    """Ask for a time stamp of SHA-256 of a message, with a random nonce and the certificates (section 2.4.1).

    The message has one byte at least.
    """
    made = TimestampRequestBuilder().data(message).hash_algorithm(HashAlgorithm.SHA256).build()
    nonce = made.nonce
    assert nonce is not None  # the builder puts one in unless told otherwise
    return Request(made.as_bytes(), nonce, hashlib.sha256(message).digest())


@dataclass(frozen=True)
class Certificate:
    """A certificate as a token carries it, and what a report says of it."""

    data: bytes
    subject: str
    issuer: str
    serial: int
    not_before: datetime
    not_after: datetime
    issuer_data: bytes = field(repr=False)
    loaded: x509.Certificate = field(repr=False, compare=False)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True)
class Signed:
    """How a token is signed (RFC 5652 section 5.3). `attributes` are the values by type."""

    issuer: bytes
    serial: int
    digest_algorithm: str
    signature_algorithm: str
    signature: bytes
    attributes_data: bytes
    attributes: dict[str, tuple[Element, ...]] = field(repr=False, compare=False)
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Token:
    """What a response says; `data` is all of it, and `sorted_data` the same with its certificates in order.

    Algorithms have their names, or a dotted OID where they have none here. `accuracy` is None where it is not said.
    `certificates` are as sent, in that order; that a certificate is there is not signed. `signer` is the one of them
    that the signature is said to be of.
    """

    data: bytes = field(repr=False)
    sorted_data: bytes = field(repr=False, compare=False)
    status: int
    status_text: str
    imprint_algorithm: str
    imprint: bytes
    nonce: int | None
    policy: str
    serial: int
    gen_time: datetime
    accuracy: timedelta | None
    ordering: bool
    authority_name: bytes | None
    certificates: tuple[Certificate, ...]
    signed: tuple[Signed, ...]

    @property
    def signer(self) -> Certificate | None:
        if len(self.signed) != 1:
            return None
        who = (self.signed[0].issuer, self.signed[0].serial)
        found = [c for c in self.certificates if (c.issuer_data, c.serial) == who]
        return found[0] if len(found) == 1 else None

    @property
    def is_sorted(self) -> bool:
        """Whether the certificates came in the order of DER; DigiCert's do not, and nothing signed is about it."""
        return self.data == self.sorted_data

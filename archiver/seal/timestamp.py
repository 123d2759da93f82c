"""Time stamps of RFC 3161: what is asked of an authority, and what its response says. Nothing here is verified.

`timestamp_check` tells whether a response can be believed. What is stored of a time stamp is the whole response.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

from archiver.errors import ConfigurationError, UsageError
from archiver.seal import der
from archiver.seal.der import DerError, Element, Fields
from archiver.urls import parse_capturable

MAX_RESPONSE_BYTES = der.MAX_BYTES
MAX_CERTIFICATES = 20
_MAX_NAME_CHARACTERS = 100
_MAX_TEXT_CHARACTERS = 200
_MAX_INTEGER_BYTES = 64  # RFC 3161 section 2.4.2 asks for 20 at least

SIGNED_DATA = "1.2.840.113549.1.7.2"
TST_INFO = "1.2.840.113549.1.9.16.1.4"
#: names of digests, those included that are refused
DIGESTS = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
    "1.3.14.3.2.26": "sha1",
    "1.2.840.113549.2.5": "md5",
}
_STATUSES = (
    "granted",
    "grantedWithMods",
    "rejection",
    "waiting",
    "revocationWarning",
    "revocationNotification",
)
# RFC 3161 section 2.4.2, by the number of the bit
_FAILURES = {
    0: "badAlg",
    2: "badRequest",
    5: "badDataFormat",
    14: "timeNotAvailable",
    15: "unacceptedPolicy",
    16: "unacceptedExtension",
    17: "addInfoNotAvailable",
    25: "systemFailure",
}
_IN_SET = {0: 0xA0, 1: 0xA1}  # [0] and [1] IMPLICIT, constructed


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


def read_response(data: bytes) -> Token:
    """The token of a response (section 2.4.2). Raises `TimestampError`, and nothing else whatever the bytes are."""
    try:
        return _read_response(data)
    except DerError as error:
        raise TimestampError(f"the response cannot be read: {error}") from None


def _read_response(data: bytes) -> Token:
    response = Fields(der.parse(data))
    status, text = _read_status(response.take(der.SEQUENCE))
    token = response.maybe(der.SEQUENCE)
    response.end()
    if token is None:
        said = _STATUSES[status] if 0 <= status < len(_STATUSES) else str(status)
        raise TimestampError(f"the authority gave no time stamp: {said}{text and f' ({text})'}", Name.NOT_GRANTED)
    info = Fields(token)
    if info.take(der.OID).oid() != SIGNED_DATA:
        raise DerError("the token is not signed data")
    explicit = Fields(info.take(0xA0), 0xA0)
    info.end()
    signed_data = explicit.take(der.SEQUENCE)
    explicit.end()
    return _read_signed_data(data, status, text, signed_data)


def _read_status(element: Element) -> tuple[int, str]:
    fields = Fields(element)
    status = fields.take(der.INTEGER).integer()
    words = fields.maybe(der.SEQUENCE)
    said = [child.text() for child in words.children] if words is not None else []
    failure = fields.maybe(der.BIT_STRING)
    fields.end()
    if failure is not None:
        bits = "".join(f"{byte:08b}" for byte in failure.content[1:])
        said += [name for bit, name in _FAILURES.items() if bits[bit : bit + 1] == "1"]
    text = "".join(c if c.isprintable() else " " for c in ", ".join(said)[:_MAX_TEXT_CHARACTERS])
    return status, text


def _read_signed_data(data: bytes, status: int, text: str, element: Element) -> Token:
    fields = Fields(element)
    _version(fields, 3)
    digests = fields.take(der.SET)
    capsule = Fields(fields.take(der.SEQUENCE))
    certificates = fields.maybe(_IN_SET[0])
    fields.maybe(_IN_SET[1])  # lists of revoked certificates, which nobody asked for
    signers = fields.take(der.SET)
    fields.end()
    if capsule.take(der.OID).oid() != TST_INFO:
        raise DerError("what is signed is no time stamp")
    explicit = Fields(capsule.take(0xA0), 0xA0)
    capsule.end()
    content = explicit.take(der.OCTET_STRING).octets()
    explicit.end()
    if not der.is_sorted(digests.children) or not der.is_sorted(signers.children):
        raise DerError("a set is not sorted")
    if certificates is not None and len(certificates.children) > MAX_CERTIFICATES:
        raise DerError(f"there are more than {MAX_CERTIFICATES} certificates")
    signed = tuple(_read_signer(signer, content) for signer in signers.children)
    if {one.digest_algorithm for one in signed} - set(map(_algorithm, digests.children)):
        raise DerError("a signer's digest is not among those that are named")  # openssl computes no others
    return Token(
        data,
        data if certificates is None else der.with_sorted(data, certificates),
        status,
        text,
        *_read_info(content),
        certificates=tuple(map(read_certificate, certificates.children if certificates is not None else ())),
        signed=signed,
    )


def _read_info(
    content: bytes,
) -> tuple[str, bytes, int | None, str, int, datetime, timedelta | None, bool, bytes | None]:
    """TSTInfo, section 2.4.2: what a `Token` says from `imprint_algorithm` to `authority_name`."""
    fields = Fields(der.parse(content))
    _version(fields, 1)
    policy = fields.take(der.OID).oid()
    imprint = Fields(fields.take(der.SEQUENCE))
    algorithm = _algorithm(imprint.take(der.SEQUENCE))
    digest = imprint.take(der.OCTET_STRING).octets()
    imprint.end()
    serial = _natural(fields.take(der.INTEGER), "the serial number of the time stamp")
    moment = fields.take(der.GENERALIZED_TIME).time()
    accuracy = fields.maybe(der.SEQUENCE)
    ordering = fields.maybe(der.BOOLEAN)
    nonce = fields.maybe(der.INTEGER)
    name = fields.maybe(0xA0)
    extensions = fields.maybe(0xA1)
    fields.end()
    if extensions is not None:
        _refuse_critical(extensions)
    return (
        algorithm,
        digest,
        None if nonce is None else _natural(nonce, "the nonce"),
        policy,
        serial,
        moment,
        None if accuracy is None else _read_accuracy(accuracy),
        ordering is not None and ordering.boolean(),
        None if name is None else name.content,
    )


def _refuse_critical(extensions: Element) -> None:
    """RFC 5280 section 4.2: what is critical and not known ends it. Qualified authorities send one that is not."""
    for extension in extensions.children:
        fields = Fields(extension)
        name = fields.take(der.OID).oid()
        critical = fields.maybe(der.BOOLEAN)
        fields.take(der.OCTET_STRING)
        fields.end()
        if critical is not None and critical.boolean():
            raise DerError(f"the time stamp has a critical extension, {name}")


def _read_accuracy(element: Element) -> timedelta:
    fields = Fields(element)
    whole = fields.maybe(der.INTEGER)
    parts = [fields.maybe(tag) for tag in (0x80, 0x81)]
    fields.end()
    seconds = 0 if whole is None else whole.integer()
    millis, micros = (0 if part is None else part.implicit_integer() for part in parts)
    if not 0 <= seconds < 1 << 31 or not 0 <= millis < 1000 or not 0 <= micros < 1000:
        raise DerError("the accuracy is none that can be")
    return timedelta(seconds=seconds, milliseconds=millis, microseconds=micros)


def _read_signer(element: Element, content: bytes) -> Signed:
    fields = Fields(element)
    _version(fields, 1)
    who = Fields(fields.take(der.SEQUENCE))  # by issuer and serial number, as all clients understand
    issuer, serial = who.take(der.SEQUENCE).raw, who.take(der.INTEGER).integer()
    who.end()
    digest = _algorithm(fields.take(der.SEQUENCE))
    attributes = fields.maybe(_IN_SET[0])
    algorithm = _algorithm(fields.take(der.SEQUENCE))
    signature = fields.take(der.OCTET_STRING).octets()
    fields.maybe(_IN_SET[1])  # not signed
    fields.end()
    if attributes is None:
        raise DerError("the signer signed no attributes")
    if not der.is_sorted(attributes.children):
        raise DerError("the signed attributes are not sorted")
    return Signed(
        issuer,
        serial,
        digest,
        algorithm,
        signature,
        bytes([der.SET]) + attributes.raw[1:],  # RFC 5652 section 5.4: with the tag of a SET
        _read_attributes(attributes),
        content,
    )


def _read_attributes(element: Element) -> dict[str, tuple[Element, ...]]:
    found: dict[str, tuple[Element, ...]] = {}
    for attribute in element.children:
        fields = Fields(attribute)
        kind = fields.take(der.OID).oid()
        values = fields.take(der.SET).children
        fields.end()
        if kind in found:
            raise DerError(f"the attribute {kind} is signed twice")
        found[kind] = values
    return found


def _algorithm(element: Element) -> str:
    """The digest's name or the algorithm's OID; its parameters must be absent or NULL, as with all that are taken."""
    fields = Fields(element)
    name = fields.take(der.OID).oid()
    if fields.maybe(der.NULL) is None:
        fields.end()
    fields.end()
    return DIGESTS.get(name, name)


def _version(fields: Fields, expected: int) -> None:
    found = fields.take(der.INTEGER).integer()
    if found != expected:
        raise DerError(f"a structure has version {found} where {expected} is expected")


def _natural(element: Element, what: str) -> int:
    if len(element.content) > _MAX_INTEGER_BYTES:
        raise DerError(f"{what} has more than {_MAX_INTEGER_BYTES} bytes")
    value = element.integer()
    if value < 0:
        raise DerError(f"{what} is negative")
    return value


def read_certificate(element: Element) -> Certificate:
    """One certificate of version 3. Raises `DerError`."""
    outer = Fields(element)
    fields = Fields(outer.take(der.SEQUENCE))
    _version(Fields(fields.take(0xA0), 0xA0), 2)  # which is called 3
    serial = _natural(fields.take(der.INTEGER), "the serial number of a certificate")
    if serial == 0:  # RFC 5280 section 4.1.2.2
        raise DerError("the serial number of a certificate is 0")
    _refuse_odd_parameters([fields.take(der.SEQUENCE), outer.take(der.SEQUENCE)])
    issuer_data = fields.take(der.SEQUENCE).raw
    try:
        loaded = x509.load_der_x509_certificate(element.raw)
        loaded.public_key()
        _ = loaded.extensions
        subject, issuer = loaded.subject.rfc4514_string(), loaded.issuer.rfc4514_string()
        validity = loaded.not_valid_before_utc, loaded.not_valid_after_utc
        return Certificate(element.raw, subject, issuer, serial, *validity, issuer_data, loaded)
    except Exception as error:  # noqa: BLE001  # the library has no list of what it raises, and the bytes are hostile
        raise DerError(f"a certificate cannot be read ({type(error).__name__})") from None


def _refuse_odd_parameters(algorithms: Sequence[Element]) -> None:
    """Of ECDSA there are none (RFC 5758 section 3.2). The two places have the same (RFC 5280 section 4.1.1.2)."""
    if algorithms[0].raw != algorithms[1].raw:
        raise DerError("a certificate names two algorithms of its signature")
    fields = Fields(algorithms[0])
    if fields.take(der.OID).oid().startswith("1.2.840.10045.4."):
        fields.end()

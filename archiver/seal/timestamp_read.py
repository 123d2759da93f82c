"""Reads what a time-stamp authority answered. Nothing here is verified; `timestamp_check` does that.

RFC 3161 section 2.4.2, RFC 5652 section 5. What could be read in two ways is refused, and so is everything that
authorities have no use for.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from cryptography import x509

from archiver.seal import der
from archiver.seal.der import DerError, Element, Fields
from archiver.seal.timestamp import DIGESTS, TST_INFO, Certificate, Name, Signed, TimestampError, Token

MAX_RESPONSE_BYTES = der.MAX_BYTES
MAX_CERTIFICATES = 20
_MAX_TEXT_CHARACTERS = 200
_MAX_INTEGER_BYTES = 64  # RFC 3161 section 2.4.2 asks for 20 at least

_SIGNED_DATA = "1.2.840.113549.1.7.2"
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
    if info.take(der.OID).oid() != _SIGNED_DATA:
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

"""Whether a time stamp can be believed: by `openssl ts -verify`, by rfc3161-client, and by what is stricter than both.

1. The response is DER and has one token in it (`timestamp_read.read_response`).
2. The authority granted it as it was asked for.
3. It is of the message, and answers the request whose nonce is known.
4. One signer, whose certificate is there, is for time stamps alone, and is the one that the signed attributes name.
5. The signature is over the content, with a digest and a key that nobody can forge.
6. The certificate leads to a pinned root; all of the chain was valid at the time that the token says.
7. That time lies in the interval in which the token must have been made.
8. rfc3161-client, which verifies with an OpenSSL of its own, agrees.

Offline, so it is not known whether a certificate was revoked. `openssl` is not called: tests compare with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

from archiver.clock import rfc3339
from archiver.seal import der
from archiver.seal.der import DerError, Element, Fields
from archiver.seal.timestamp import (
    DIGESTS,
    TST_INFO,
    Certificate,
    Name,
    Problem,
    Signed,
    TimestampError,
    Token,
)
from archiver.seal.timestamp_chain import MIN_EC_BITS, MIN_RSA_BITS, check_chain
from archiver.seal.timestamp_read import read_response

MAX_ACCURACY = timedelta(seconds=60)  # ETSI EN 319 421 asks for 1 s

_HASHES: dict[str, type[hashes.SHA256 | hashes.SHA384 | hashes.SHA512]] = {
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
_CONTENT_TYPE = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
_SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.12"
_SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"
_DIRECTORY_NAME = 0xA4
# The kind of key, and the digest where the algorithm's name has one in it
_SIGNATURES: dict[str, tuple[type, str | None]] = {
    "1.2.840.113549.1.1.1": (rsa.RSAPublicKey, None),
    "1.2.840.113549.1.1.4": (rsa.RSAPublicKey, "md5"),
    "1.2.840.113549.1.1.5": (rsa.RSAPublicKey, "sha1"),
    "1.2.840.113549.1.1.11": (rsa.RSAPublicKey, "sha256"),
    "1.2.840.113549.1.1.12": (rsa.RSAPublicKey, "sha384"),
    "1.2.840.113549.1.1.13": (rsa.RSAPublicKey, "sha512"),
    "1.2.840.10045.4.1": (ec.EllipticCurvePublicKey, "sha1"),
    "1.2.840.10045.4.3.2": (ec.EllipticCurvePublicKey, "sha256"),
    "1.2.840.10045.4.3.3": (ec.EllipticCurvePublicKey, "sha384"),
    "1.2.840.10045.4.3.4": (ec.EllipticCurvePublicKey, "sha512"),
}
_KEY_USAGES = (
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
)


def check_response(
    data: bytes,
    message: bytes,
    roots: Sequence[x509.Certificate],
    *,
    nonce: int | None = None,
    at: datetime | None = None,
    earliest: datetime | None = None,
    latest: datetime | None = None,
) -> tuple[Token | None, list[Problem]]:
    """Read a response and `check` its token; there is none where the response cannot be read. Raises nothing."""
    try:
        token = read_response(data)
    except TimestampError as error:
        return None, [Problem(error.name, str(error))]
    return token, check(token, message, roots, nonce=nonce, at=at, earliest=earliest, latest=latest)


def check(
    token: Token,
    message: bytes,
    roots: Sequence[x509.Certificate],
    *,
    nonce: int | None = None,
    at: datetime | None = None,
    earliest: datetime | None = None,
    latest: datetime | None = None,
) -> list[Problem]:
    """Everything that is wrong with a token as a time stamp of `message` by the authority with these `roots`.

    `nonce` is that of the request, None where it is not known. With `at`, it is also told that a certificate has
    expired until then, which is harmless (`Problem.is_harmless`). The token's time, as far as its accuracy goes, must
    lie between `earliest` and `latest`, where they are given.
    """
    problems = [*_granted(token), *_content(token, message, nonce)]
    problems += _signer(token, roots, at)
    problems += _moment(token, earliest, latest)
    if not any(not problem.is_harmless for problem in problems):
        problems += _second_opinion(token, message, roots, nonce)
    return problems


def _granted(token: Token) -> Iterator[Problem]:
    """2. Stricter than openssl, which takes 1 (grantedWithMods) as well: what is asked for leaves nothing to modify."""
    if token.status != 0:
        said = f" ({token.status_text})" if token.status_text else ""
        yield Problem(
            Name.NOT_GRANTED, f"the authority answered with status {token.status}{said} instead of 0, granted"
        )


def _content(token: Token, message: bytes, nonce: int | None) -> Iterator[Problem]:
    """3."""
    if token.imprint_algorithm not in _HASHES:
        yield Problem(Name.WEAK, f"its imprint is made with {token.imprint_algorithm}, which is too weak or not known")
    elif hashlib.new(token.imprint_algorithm, message).digest() != token.imprint:
        yield Problem(Name.IMPRINT, "it is a time stamp of something else: its imprint differs")
    if nonce is not None and token.nonce is None:
        yield Problem(Name.NONCE, "it has no nonce, and the request had one")
    elif nonce is not None and token.nonce != nonce:
        yield Problem(Name.NONCE, "its nonce is not that of the request")


def _signer(token: Token, roots: Sequence[x509.Certificate], at: datetime | None) -> Iterator[Problem]:
    """4 to 6."""
    if len(token.signed) != 1:
        yield Problem(Name.SIGNERS, f"it has {len(token.signed)} signers instead of one")
        return
    signer, signed = token.signer, token.signed[0]
    if signer is None:
        yield Problem(Name.SIGNERS, "its signer's certificate is not in it, or more than one could be")
        return
    if len({c.data for c in token.certificates}) < len(token.certificates):
        yield Problem(Name.SIGNERS, "a certificate is in it twice")
    yield from _attributes(signed)
    yield from _usage(signer.loaded)
    yield from _authority_name(token, signer)
    yield from _signature(signed, signer.loaded)
    chain, problems = check_chain(signer, token.certificates, roots, token.gen_time, at)
    yield from problems
    yield from _named_certificates(signed, [signer.loaded, *chain])


def _attributes(signed: Signed) -> Iterator[Problem]:
    """RFC 5652 section 5.4, and 11.1 and 11.2 for how many values there are."""
    kinds = signed.attributes.get(_CONTENT_TYPE, ())
    if [_read_oid(kind) for kind in kinds] != [TST_INFO]:
        yield Problem(Name.ATTRIBUTES, "the signed attributes do not say that the content is a time stamp")
    digests = signed.attributes.get(_MESSAGE_DIGEST, ())
    if signed.digest_algorithm not in _HASHES:
        yield Problem(Name.WEAK, f"it is signed with {signed.digest_algorithm}, which is too weak or not known")
    elif [(d.tag, d.content) for d in digests] != [
        (der.OCTET_STRING, hashlib.new(signed.digest_algorithm, signed.content).digest())
    ]:
        yield Problem(Name.SIGNATURE, "the digest that is signed is not that of the content")


def _read_oid(element: Element) -> str | None:
    try:
        return element.oid()
    except DerError:
        return None


def _usage(certificate: x509.Certificate) -> Iterator[Problem]:
    """RFC 3161 section 2.3. The key usage as openssl's purpose `timestampsign` has it."""
    extensions = certificate.extensions
    try:
        purposes = extensions.get_extension_for_class(x509.ExtendedKeyUsage)
        if list(purposes.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
            yield Problem(Name.USAGE, "the signer's certificate is for other things than time stamps, too, or instead")
        if not purposes.critical:
            yield Problem(Name.USAGE, "the extended key usage of the signer's certificate is not critical")
    except x509.ExtensionNotFound:
        yield Problem(Name.USAGE, "the signer's certificate does not say that it is for time stamps")
    try:
        usage = extensions.get_extension_for_class(x509.KeyUsage).value
        signs = usage.digital_signature or usage.content_commitment
        if not signs or any(getattr(usage, other) for other in _KEY_USAGES):
            yield Problem(Name.USAGE, "the key of the signer's certificate is for other things than signatures")
    except x509.ExtensionNotFound:
        pass
    try:
        if extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            yield Problem(Name.USAGE, "the signer's certificate is that of a certificate authority")
    except x509.ExtensionNotFound:
        pass


def _authority_name(token: Token, signer: Certificate) -> Iterator[Problem]:
    """RFC 3161 section 2.4.2: the name, where there is one, is among those of the certificate. openssl checks it."""
    if token.authority_name is None:
        return
    names = [_directory_name(signer.loaded.subject.public_bytes())]
    try:
        alternative = signer.loaded.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        names += [element.raw for element in der.parse(alternative.value.public_bytes()).children]
    except (x509.ExtensionNotFound, DerError):
        pass
    if token.authority_name not in names:
        yield Problem(Name.AUTHORITY_NAME, "the name of the authority in it is not that of the signer's certificate")


def _directory_name(name: bytes) -> bytes:
    """A GeneralName that is a distinguished name (RFC 5280 section 4.2.1.6)."""
    length = len(name)
    digits = b"" if length < 0x80 else length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([_DIRECTORY_NAME, length if not digits else 0x80 | len(digits)]) + digits + name


def _signature(signed: Signed, certificate: x509.Certificate) -> Iterator[Problem]:
    """5."""
    if signed.digest_algorithm not in _HASHES:
        return  # which has been said
    key = certificate.public_key()
    kind, digest = _SIGNATURES.get(signed.signature_algorithm, (None, None))
    if kind is None or not isinstance(key, kind):
        yield Problem(
            Name.SIGNATURE, f"it is signed with {signed.signature_algorithm}, which is not known for such a key"
        )
    elif digest is not None and digest not in _HASHES:
        yield Problem(Name.WEAK, f"it is signed with {digest}, which is too weak")
    elif digest is not None and digest != signed.digest_algorithm:
        yield Problem(Name.SIGNATURE, "its signature is said to be made with two digests")
    else:
        bits = key.key_size if isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey) else 0
        if bits < (MIN_RSA_BITS if isinstance(key, rsa.RSAPublicKey) else MIN_EC_BITS):
            yield Problem(Name.WEAK, f"the key of its signer has {bits} bits, which are too few")
        if not _verifies(key, signed, _HASHES[signed.digest_algorithm]()):
            yield Problem(Name.SIGNATURE, "its signature is wrong")


def _verifies(key: object, signed: Signed, algorithm: hashes.SHA256 | hashes.SHA384 | hashes.SHA512) -> bool:
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signed.signature, signed.attributes_data, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signed.signature, signed.attributes_data, ec.ECDSA(algorithm))
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _named_certificates(signed: Signed, chain: Sequence[x509.Certificate]) -> Iterator[Problem]:
    """RFC 5816 section 2.2.1: the signer's certificate is the first that is named, others are of its chain."""
    kinds = [kind for kind in (_SIGNING_CERTIFICATE, _SIGNING_CERTIFICATE_V2) if kind in signed.attributes]
    if not kinds:
        yield Problem(Name.SIGNING_CERTIFICATE, "the signed attributes do not name the signer's certificate")
        return
    try:
        for kind in kinds:
            yield from _named(signed.attributes[kind], chain, is_second=kind == _SIGNING_CERTIFICATE_V2)
    except DerError as error:
        yield Problem(Name.SIGNING_CERTIFICATE, f"what names the signer's certificate cannot be read: {error}")


def _named(values: Sequence[Element], chain: Sequence[x509.Certificate], *, is_second: bool) -> Iterator[Problem]:
    if len(values) != 1:
        raise DerError("it has not one value")
    fields = Fields(values[0])
    for number, element in enumerate(fields.take(der.SEQUENCE).children):
        places = [place for place, certificate in enumerate(chain) if _is_named(element, certificate, is_second)]
        if number == 0 and places != [0]:
            yield Problem(
                Name.SIGNING_CERTIFICATE, "the certificate that the signer signed for is not that of the signer"
            )
        elif number > 0 and (not places or places[0] == 0):
            yield Problem(Name.SIGNING_CERTIFICATE, "the signer names certificates that are not in the chain")
    fields.maybe(der.SEQUENCE)
    fields.end()
    if not values[0].children[0].children:
        raise DerError("it names none")


def _is_named(element: Element, certificate: x509.Certificate, is_second: bool) -> bool:
    """ESSCertID (RFC 2634 section 5.4.1) with SHA-1, or ESSCertIDv2 (RFC 5035 section 4) with what it says."""
    fields = Fields(element)
    digest = "sha1"
    if is_second:
        algorithm = fields.maybe(der.SEQUENCE)
        digest = "sha256" if algorithm is None else _digest_name(algorithm)
    expected = fields.take(der.OCTET_STRING).octets()
    issuer = fields.maybe(der.SEQUENCE)
    fields.end()
    data = certificate.public_bytes(Encoding.DER)
    if hashlib.new(digest, data, usedforsecurity=False).digest() != expected:
        return False
    if issuer is None:
        return True
    both = Fields(issuer)
    names, serial = both.take(der.SEQUENCE), both.take(der.INTEGER).integer()
    both.end()
    named = [name.raw for name in names.children]
    return named == [_directory_name(certificate.issuer.public_bytes())] and serial == certificate.serial_number


def _digest_name(element: Element) -> str:
    fields = Fields(element)
    name = DIGESTS.get(fields.take(der.OID).oid(), "")
    fields.maybe(der.NULL)
    fields.end()
    if name not in _HASHES:
        raise DerError("its digest is too weak or not known")
    return name


def _moment(token: Token, earliest: datetime | None, latest: datetime | None) -> Iterator[Problem]:
    """7."""
    accuracy = token.accuracy or timedelta()
    if accuracy > MAX_ACCURACY:
        yield Problem(
            Name.ACCURACY, f"its time is said to be right within {accuracy.total_seconds():g} s, which is too vague"
        )
        accuracy = MAX_ACCURACY
    shown = rfc3339(token.gen_time)
    if earliest is not None and token.gen_time < earliest - accuracy:
        yield Problem(Name.TIME, f"its time is {shown}, before {rfc3339(earliest)}, when it can first have been made")
    if latest is not None and token.gen_time > latest + accuracy:
        yield Problem(Name.TIME, f"its time is {shown}, after {rfc3339(latest)}, when it was there already")


def _second_opinion(
    token: Token, message: bytes, roots: Sequence[x509.Certificate], nonce: int | None
) -> Iterator[Problem]:
    """8. Asked only of what is good so far: given odd bytes it can panic, which writes to the standard error."""
    try:
        response = decode_timestamp_response(token.sorted_data)
        VerifierBuilder(roots=list(roots), nonce=nonce).build().verify_message(response, message)
        info = response.tst_info
        read = (info.message_imprint.message, info.nonce, info.serial_number, info.policy.dotted_string)
        second = info.gen_time.replace(microsecond=0)
    except (ValueError, TypeError, OverflowError, VerificationError) as error:
        yield Problem(Name.SECOND_OPINION, f"rfc3161-client refuses it: {' '.join(str(error).split())[:200]}")
        return
    except BaseException as error:
        if type(error).__module__ != "pyo3_runtime":  # what a panic of Rust becomes is no Exception
            raise
        yield Problem(Name.SECOND_OPINION, "rfc3161-client cannot read it")
        return
    if read != (token.imprint, token.nonce, token.serial, token.policy) or second != token.gen_time.replace(
        microsecond=0
    ):
        yield Problem(Name.SECOND_OPINION, "rfc3161-client reads something else in it")

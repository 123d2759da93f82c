"""The way from a time stamp's signer to a pinned root: RFC 5280 section 6.1, as far as such chains need it.

Names are compared byte for byte, and extensions that are critical and not known end the way. Constraints of names and
policies are left to rfc3161-client, which verifies every token that is good here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from archiver.clock import rfc3339
from archiver.seal.timestamp import Certificate, Name, Problem

_MAX_LENGTH = 8
_MAX_SIGNATURES = 100  # certificates that were all issued under one name could be tried in very many orders
MIN_RSA_BITS, MIN_EC_BITS = 2048, 256
_STRONG = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
_KNOWN = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
        ExtensionOID.CERTIFICATE_POLICIES,
        ExtensionOID.NAME_CONSTRAINTS,
        ExtensionOID.POLICY_CONSTRAINTS,
        ExtensionOID.INHIBIT_ANY_POLICY,
        ExtensionOID.POLICY_MAPPINGS,
    }
)
_FOR_STAMPS = frozenset({ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE})


def check_chain(
    signer: Certificate,
    sent: Sequence[Certificate],
    roots: Sequence[x509.Certificate],
    moment: datetime,
    at: datetime | None,
) -> tuple[tuple[x509.Certificate, ...], list[Problem]]:
    """The certificates above the signer up to a root, and what is wrong with them all.

    Of several chains the first without a problem counts, or the first. `moment` is when they must have been valid; what
    has expired `at` a later one is told as harmless.
    """
    first: tuple[tuple[x509.Certificate, ...], list[Problem]] | None = None
    for chain in _Ways(sent, roots).from_(signer.loaded):
        problems = [*_problems(signer.loaded, chain, moment), *_expired_since([signer.loaded, *chain], moment, at)]
        if all(problem.is_harmless for problem in problems):
            return chain, problems
        first = first or (chain, problems)
    if first is not None:
        return first
    return (), [
        *_weakly_signed([c.loaded for c in sent if c.loaded.issuer != c.loaded.subject]),
        Problem(Name.UNTRUSTED, "no chain of certificates leads from its signer to a root of this authority"),
        *_invalid([signer.loaded], moment),
    ]


class _Ways:
    def __init__(self, sent: Sequence[Certificate], roots: Sequence[x509.Certificate]) -> None:
        self._roots = tuple(roots)
        self._between = tuple(c.loaded for c in sent if c.loaded not in self._roots)
        self._tried = 0

    def from_(
        self, below: x509.Certificate, chain: tuple[x509.Certificate, ...] = ()
    ) -> Iterator[tuple[x509.Certificate, ...]]:
        for root in self._roots:
            if self._issued(root, below):
                yield (*chain, root)
        if len(chain) + 2 >= _MAX_LENGTH:
            return
        for above in self._between:
            if above not in chain and above != below and self._issued(above, below):
                yield from self.from_(above, (*chain, above))

    def _issued(self, above: x509.Certificate, below: x509.Certificate) -> bool:
        if above.subject.public_bytes() != below.issuer.public_bytes() or self._tried >= _MAX_SIGNATURES:
            return False
        self._tried += 1
        try:
            below.verify_directly_issued_by(above)
        except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
            return False
        return True


def _problems(signer: x509.Certificate, chain: Sequence[x509.Certificate], moment: datetime) -> Iterator[Problem]:
    yield from _invalid([signer, *chain], moment)
    yield from _weakly_signed([signer, *chain[:-1]])  # of a root nobody needs the signature
    for depth, certificate in enumerate(chain):
        yield from _as_issuer(certificate, depth)
    for certificate in (signer, *chain):
        for extension in certificate.extensions:
            if extension.critical and extension.oid not in _KNOWN:
                yield Problem(
                    Name.UNTRUSTED, f"{_shown(certificate)} has a critical extension {extension.oid.dotted_string}"
                )


def _weakly_signed(certificates: Sequence[x509.Certificate]) -> Iterator[Problem]:
    for certificate in certificates:
        try:
            algorithm = certificate.signature_hash_algorithm
        except UnsupportedAlgorithm:
            algorithm = None
        if not isinstance(algorithm, _STRONG):
            name = algorithm.name if algorithm is not None else certificate.signature_algorithm_oid.dotted_string
            yield Problem(Name.WEAK, f"{_shown(certificate)} is signed with {name}, which is too weak or not known")


def _as_issuer(certificate: x509.Certificate, depth: int) -> Iterator[Problem]:
    """`depth` is the number of certificates between it and the signer (RFC 5280 section 4.2.1.9)."""
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        constraints = None
    if constraints is None or not constraints.ca:
        yield Problem(Name.UNTRUSTED, f"{_shown(certificate)} is not that of a certificate authority")
    elif constraints.path_length is not None and constraints.path_length < depth:
        yield Problem(Name.UNTRUSTED, f"{_shown(certificate)} may not have {depth} certificates below it")
    try:
        if not certificate.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign:
            yield Problem(Name.UNTRUSTED, f"{_shown(certificate)} may not issue certificates")
    except x509.ExtensionNotFound:
        pass
    try:
        purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        if not _FOR_STAMPS & set(purposes):
            yield Problem(Name.USAGE, f"{_shown(certificate)} is not for time stamps")
    except x509.ExtensionNotFound:
        pass
    key = certificate.public_key()
    if (isinstance(key, rsa.RSAPublicKey) and key.key_size < MIN_RSA_BITS) or (
        isinstance(key, ec.EllipticCurvePublicKey) and key.key_size < MIN_EC_BITS
    ):
        yield Problem(Name.WEAK, f"{_shown(certificate)} has a key of {key.key_size} bits, which are too few")


def _invalid(certificates: Sequence[x509.Certificate], moment: datetime) -> Iterator[Problem]:
    for certificate in certificates:
        if moment > certificate.not_valid_after_utc:
            yield Problem(
                Name.EXPIRED,
                f"{_shown(certificate)} had expired at {rfc3339(certificate.not_valid_after_utc)}, before its time",
            )
        elif moment < certificate.not_valid_before_utc:
            yield Problem(
                Name.EXPIRED,
                f"{_shown(certificate)} was valid from {rfc3339(certificate.not_valid_before_utc)} on, after its time",
            )


def _expired_since(
    certificates: Sequence[x509.Certificate], moment: datetime, at: datetime | None
) -> Iterator[Problem]:
    if at is None:
        return
    for certificate in certificates:
        if moment <= certificate.not_valid_after_utc < at:
            yield Problem(
                Name.EXPIRED_SINCE,
                f"{_shown(certificate)} has expired at {rfc3339(certificate.not_valid_after_utc)}; it was valid at the "
                "time of the time stamp, so openssl needs -attime",
            )


def _shown(certificate: x509.Certificate) -> str:
    return f"the certificate of {certificate.subject.rfc4514_string()[:200]!r}"

"""Time stamps, one for each thing that can be wrong with one, and what should be said of it by whom."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from asn1crypto import cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from archiver.seal.timestamp import TST_INFO, Name, Request, make_request
from tests.support.authority import STAMPS, Authority, Change, Kind, Parts, lie, replaced, tlv, unsorted

PLAIN = Kind()
_SIGNED_DATA = "1.2.840.113549.1.7.2"
MESSAGE = b"a signed note\n"
OTHER = b"another signed note\n"


@dataclass(frozen=True)
class Stamp:
    """A response with what it is checked against."""

    authority: Authority
    request: Request
    response: bytes
    message: bytes = MESSAGE
    roots: tuple[x509.Certificate, ...] = ()
    knows_nonce: bool = True
    at: datetime | None = None
    earliest: datetime | None = None
    latest: datetime | None = None

    @property
    def pinned(self) -> tuple[x509.Certificate, ...]:
        return self.roots or self.authority.roots

    @property
    def pem(self) -> bytes:
        return b"".join(root.public_bytes(Encoding.PEM) for root in self.pinned)


@dataclass(frozen=True)
class Case:
    """`ours` is the first name that we give it, None for good; `openssl` and `client` whether they take it.

    `openssl ts -verify` is asked for the time of the token, unless the case says when; rfc3161-client is given the
    certificates in order. None where it depends on an order that comes of random keys.
    """

    name: str
    make: Callable[[Path], Stamp]
    ours: Name | None
    openssl: bool | None
    client: bool | None


@cache
def authority(folder: Path, kind: Kind, name: str) -> Authority:
    """Each is made once a run."""
    return Authority(folder / f"{name}-{abs(hash(kind))}", name, kind)


def stamp(folder: Path, kind: Kind = PLAIN, change: Change | None = None) -> Stamp:
    who = authority(folder, kind, "One")
    request = make_request(MESSAGE)
    response = who.reply(request.data)
    return Stamp(who, request, who.forge(response, change) if change else response)


def _kind(**how: Any) -> Callable[[Path], Stamp]:
    return lambda folder: stamp(folder, Kind(**how))


def _forged(change: Change, **how: Any) -> Callable[[Path], Stamp]:
    return lambda folder: stamp(folder, Kind(**how), change)


def _bytes(change: Callable[[bytes], bytes], **how: Any) -> Callable[[Path], Stamp]:
    def make(folder: Path) -> Stamp:
        made = stamp(folder, Kind(**how))
        return replace(made, response=change(made.response))

    return make


def _against(**what: Any) -> Callable[[Path], Stamp]:
    return lambda folder: replace(stamp(folder), **what)


def _query(change: Callable[[tsp.TimeStampReq], None]) -> Callable[[Path], Stamp]:
    """A token that answers another query than the one it is checked against."""

    def make(folder: Path) -> Stamp:
        made = stamp(folder)
        asked = tsp.TimeStampReq.load(made.request.data)
        change(asked)
        return replace(made, response=made.authority.reply(asked.dump(force=True)))

    return make


def _digest(name: str) -> Callable[[Path], Stamp]:
    def change(asked: tsp.TimeStampReq) -> None:
        asked["message_imprint"]["hash_algorithm"]["algorithm"] = name
        asked["message_imprint"]["hashed_message"] = hashlib.new(name, MESSAGE).digest()

    def make(folder: Path) -> Stamp:
        made = _query(change)(folder)
        asked = tsp.TimeStampReq.load(made.request.data)
        change(asked)
        return replace(made, request=replace(made.request, data=asked.dump(force=True)))

    return make


def _other_nonce(asked: tsp.TimeStampReq) -> None:
    asked["nonce"] = asked["nonce"].native ^ 1


def _no_nonce(asked: tsp.TimeStampReq) -> None:
    asked["nonce"] = None


def _other_message(asked: tsp.TimeStampReq) -> None:
    asked["message_imprint"]["hashed_message"] = hashlib.sha256(OTHER).digest()


def _no_certificates(asked: tsp.TimeStampReq) -> None:
    asked["cert_req"] = False


def _others_root(folder: Path) -> Stamp:
    return replace(stamp(folder), roots=authority(folder, PLAIN, "Two").roots)


def _both_roots(folder: Path) -> Stamp:
    made = stamp(folder)
    return replace(made, roots=(*authority(folder, PLAIN, "Two").roots, *made.authority.roots))


def _same_name(folder: Path) -> Stamp:
    """A root that has the name of the right one, and another key."""
    return replace(stamp(folder), roots=Authority(folder / "impostor").roots)


def _days_ago(days: float) -> Change:
    return lie(timedelta(days=-days))


def _expired_since(folder: Path) -> Stamp:
    made = stamp(folder, Kind(days=-1, began_days=60), _days_ago(20))
    return replace(made, at=datetime.now(UTC))


def _lying(hours: int) -> Callable[[Path], Stamp]:
    def make(folder: Path) -> Stamp:
        now = datetime.now(UTC)
        made = stamp(folder, change=lie(timedelta(hours=hours)))
        return replace(made, earliest=now - timedelta(seconds=5), latest=now + timedelta(seconds=60))

    return make


def _in_time(folder: Path) -> Stamp:
    now = datetime.now(UTC)
    return replace(stamp(folder), earliest=now - timedelta(seconds=5), latest=now + timedelta(seconds=60))


def _status(value: int) -> Change:
    def change(parts: Parts) -> None:
        parts.status["status"] = value
        parts.resign = False

    return change


def _refused(folder: Path) -> Stamp:
    who = authority(folder, PLAIN, "One")
    return Stamp(who, make_request(MESSAGE), who.reply(b"this is no query"))


def _two_signers(parts: Parts) -> None:
    second = parts.signer.copy()
    second["sid"].chosen["serial_number"] = 7
    parts.signed["signer_infos"].append(second)


def _same_signer_twice(parts: Parts) -> None:
    parts.signed["signer_infos"].append(parts.signer.copy())


def _no_signer(parts: Parts) -> None:
    parts.signed["signer_infos"] = cms.SignerInfos([])


def _attribute(parts: Parts, kind: str) -> Any:
    return next(a for a in parts.signer["signed_attrs"] if a["type"].native == kind)


def _without(kind: str) -> Change:
    def change(parts: Parts) -> None:
        kept = [a for a in parts.signer["signed_attrs"] if a["type"].native != kind]
        parts.signer["signed_attrs"] = cms.CMSAttributes(kept)

    return change


def _twice(kind: str) -> Change:
    def change(parts: Parts) -> None:
        again = _attribute(parts, kind).copy()
        parts.signer["signed_attrs"].append(again)

    return change


def _signed_for_another(parts: Parts) -> None:
    named = _attribute(parts, "signing_certificate_v2")["values"][0]["certs"][0]
    named["cert_hash"] = bytes(32)


def _names_another_issuer(parts: Parts) -> None:
    named = _attribute(parts, "signing_certificate_v2")["values"][0]["certs"][0]
    issuer = asn1_x509.GeneralNames(
        [asn1_x509.GeneralName("directory_name", asn1_x509.Name.build({"common_name": "Somebody"}))]
    )
    named["issuer_serial"] = tsp.IssuerSerial({"issuer": issuer, "serial_number": 7})


def _names_a_stranger(parts: Parts) -> None:
    named = _attribute(parts, "signing_certificate_v2")["values"][0]["certs"]
    named.append(tsp.ESSCertIDv2({"cert_hash": b"s" * 32}))


def _names_weakly(parts: Parts) -> None:
    """Both attributes of it, as DigiCert sends them, the second with SHA-1."""
    named = _attribute(parts, "signing_certificate_v2")["values"][0]["certs"][0]
    certificate = parts.signed["certificates"][0].dump()
    signers = [c.dump() for c in parts.signed["certificates"]]
    certificate = next(d for d in signers if hashlib.sha256(d).digest() == named["cert_hash"].native)
    named["hash_algorithm"] = {"algorithm": "sha1"}
    named["cert_hash"] = hashlib.sha1(certificate).digest()  # noqa: S324  # that is what is to be refused


def _names_twice(parts: Parts) -> None:
    """Two values of one attribute."""
    attribute = _attribute(parts, "signing_certificate_v2")
    second = attribute["values"][0].copy()
    second["certs"][0]["cert_hash"] = b"s" * 32
    attribute["values"].append(second)


def _names_none(parts: Parts) -> None:
    _attribute(parts, "signing_certificate_v2")["values"][0]["certs"] = []


def _twice_differing(parts: Parts) -> None:
    again = _attribute(parts, "signing_certificate_v2").copy()
    again["values"][0]["certs"][0]["cert_hash"] = b"s" * 32
    parts.signer["signed_attrs"].append(again)


def _unsorted_attributes(folder: Path) -> Stamp:
    """In another order, and signed in that order."""
    made = stamp(folder)
    signer = tsp.TimeStampResp.load(made.response)["time_stamp_token"]["content"]["signer_infos"][0]
    before = b"".join(a.dump() for a in signer["signed_attrs"])
    content = b"".join(reversed([a.dump() for a in signer["signed_attrs"]]))
    key = made.authority.key
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    signature = key.sign(tlv(0x31, content), ec.ECDSA(hashes.SHA256()))
    response = made.response.replace(before, content)
    return replace(made, response=replaced(response, tlv(0x04, signer["signature"].native), tlv(0x04, signature)))


def _two_digests(parts: Parts) -> None:
    parts.signed["digest_algorithms"] = [{"algorithm": "sha512"}, {"algorithm": "sha256"}]


def _unsorted_set_of_digests(folder: Path) -> Stamp:
    made = stamp(folder, change=_two_digests)
    digests = tsp.TimeStampResp.load(made.response)["time_stamp_token"]["content"]["digest_algorithms"]
    encoded = sorted(digest.dump() for digest in digests)
    for order in (encoded, encoded[::-1]):
        made = replace(made, response=made.response.replace(b"".join(order), b"".join(encoded[::-1])))
    return made


def _oid(old: str, new: str) -> Callable[[bytes], bytes]:
    """The first OID of that kind replaced by another."""
    return lambda response: response.replace(core.ObjectIdentifier(old).dump(), core.ObjectIdentifier(new).dump(), 1)


def _stranger(change: Callable[[Any], None]) -> Callable[[Path], Stamp]:
    """With a certificate that nobody needs, and that is odd."""

    def make(folder: Path) -> Stamp:
        other = asn1_x509.Certificate.load(authority(folder, PLAIN, "Two").root.public_bytes(Encoding.DER))
        change(other)
        data = other.dump(force=True)
        return stamp(folder, change=_certificates(lambda certificates, _: [*certificates, data]))

    return make


def _two_algorithms(certificate: Any) -> None:
    certificate["signature_algorithm"]["algorithm"] = "sha512_ecdsa"


def _no_point(certificate: Any) -> None:
    """Its key is no point of its curve."""
    certificate["tbs_certificate"]["subject_public_key_info"]["public_key"] = b"\x04" + b"\x01" * 64


def _odd_version(certificate: Any) -> None:
    certificate["tbs_certificate"]["version"] = "v1"
    certificate["tbs_certificate"]["extensions"] = None


def _stranger_twice(folder: Path) -> Stamp:
    other = authority(folder, PLAIN, "Two").root.public_bytes(Encoding.DER)
    return stamp(folder, change=_certificates(lambda certificates, _: [*certificates, other, other]))


def _many_certificates(folder: Path) -> Stamp:
    def change(certificates: list[bytes], _: Parts) -> list[bytes]:
        found = list(certificates)
        for number in range(20):
            twin = asn1_x509.Certificate.load(authority(folder, PLAIN, "Two").root.public_bytes(Encoding.DER))
            twin["tbs_certificate"]["serial_number"] = number + 1
            found.append(twin.dump(force=True))
        return found

    return stamp(folder, change=_certificates(change))


def _content_type(parts: Parts) -> None:
    _attribute(parts, "content_type")["values"] = ["data"]


def _other_name(parts: Parts) -> None:
    parts.info["tsa"] = asn1_x509.GeneralName("directory_name", asn1_x509.Name.build({"common_name": "Somebody"}))


def _no_name(parts: Parts) -> None:
    del parts.info["tsa"]


def _version(parts: Parts) -> None:
    parts.info["version"] = 2


def _signed_version(parts: Parts) -> None:
    parts.signed["version"] = "v1"


def _signer_version(parts: Parts) -> None:
    parts.signer["version"] = "v3"


def _no_digests(parts: Parts) -> None:
    parts.signed["digest_algorithms"] = [{"algorithm": "sha512"}]


def _serial(value: int) -> Change:
    def change(parts: Parts) -> None:
        parts.info["serial_number"] = value

    return change


def _extension(*, critical: bool) -> Change:
    def change(parts: Parts) -> None:
        parts.info["extensions"] = tsp.Extensions(
            [tsp.Extension({"extn_id": "1.2.3.4", "critical": critical, "extn_value": b"\x05\x00"})]
        )

    return change


def _accuracy(seconds: int) -> Change:
    def change(parts: Parts) -> None:
        parts.info["accuracy"] = tsp.Accuracy({"seconds": seconds})

    return change


def _no_accuracy(parts: Parts) -> None:
    parts.info["accuracy"] = None


def _fraction(parts: Parts) -> None:
    parts.info["gen_time"] = parts.info["gen_time"].native.replace(microsecond=123000)


def _time(text: Callable[[str], str]) -> Change:
    """The time as text, in a form that DER does not have."""

    def change(parts: Parts) -> None:
        before = parts.info["gen_time"].dump()
        written = text(parts.info["gen_time"].native.strftime("%Y%m%d%H%M%S"))
        parts.rewrite = lambda content: replaced(content, before, tlv(0x18, written.encode()))

    return change


def _longer_content(parts: Parts) -> None:
    parts.rewrite = lambda content: content + b"\x05\x00"


def _signature_algorithm(name: str) -> Change:
    def change(parts: Parts) -> None:
        parts.signer["signature_algorithm"] = {"algorithm": name}

    return change


def _sha512(parts: Parts) -> None:
    parts.digest = "sha512"
    parts.signer["digest_algorithm"] = {"algorithm": "sha512"}
    parts.signer["signature_algorithm"] = {"algorithm": "sha512_ecdsa"}
    parts.signed["digest_algorithms"] = [{"algorithm": "sha512"}]


def _wrong_signature(parts: Parts) -> None:
    parts.resign = False
    parts.signer["signature"] = parts.signer["signature"].native[:-1] + b"\0"


def _changed_content(parts: Parts) -> None:
    parts.resign = False
    parts.info["gen_time"] = parts.info["gen_time"].native + timedelta(hours=1)
    parts.signed["encap_content_info"]["content"] = cms.ParsableOctetString(parts.info.dump(force=True))


def _unsigned_attribute(parts: Parts) -> None:
    parts.signer["unsigned_attrs"] = cms.CMSAttributes([_attribute(parts, "signing_certificate_v2").copy()])


def _no_signed_attributes(parts: Parts) -> None:
    parts.resign = False
    parts.signer["signed_attrs"] = None


def _certificates(change: Callable[[list[bytes], Parts], list[bytes]]) -> Change:
    def forge(parts: Parts) -> None:
        kept = change([c.dump() for c in parts.signed["certificates"]], parts)
        choices = [cms.CertificateChoices("certificate", asn1_x509.Certificate.load(data)) for data in kept]
        parts.signed["certificates"] = cms.CertificateSet(choices)
        parts.resign = False

    return forge


def _odd_serial(value: int) -> Change:
    """The signer's certificate with another serial number, and an invalid signature in consequence."""

    def change(certificates: list[bytes], parts: Parts) -> list[bytes]:
        loaded = asn1_x509.Certificate.load(certificates[0])
        loaded["tbs_certificate"]["serial_number"] = value
        return [loaded.dump(force=True), *certificates[1:]]

    return _certificates(change)


def _with_stranger(folder: Path) -> Stamp:
    other = authority(folder, PLAIN, "Two").root.public_bytes(Encoding.DER)
    return stamp(folder, change=_certificates(lambda certificates, _: [*certificates, other]))


def _same_certificate_twice(folder: Path) -> Stamp:
    return stamp(folder, change=_certificates(lambda certificates, _: [*certificates, certificates[0]]))


def _twins(folder: Path) -> Stamp:
    """Two certificates that the signer's name and number could mean."""

    def change(certificates: list[bytes], parts: Parts) -> list[bytes]:
        who = parts.signer["sid"].native["serial_number"]
        own = next(d for d in certificates if asn1_x509.Certificate.load(d).serial_number == who)
        twin = asn1_x509.Certificate.load(own)
        twin["signature_value"] = bytes(70)
        return [*certificates, twin.dump(force=True)]

    return stamp(folder, change=_certificates(change))


def _indefinite(response: bytes) -> bytes:
    assert response[:2] == b"\x30\x82"
    return b"\x30\x80" + response[4:] + b"\0\0"


def _long_length(response: bytes) -> bytes:
    assert response[:2] == b"\x30\x82"
    return b"\x30\x83\0" + response[2:]


def _in_pieces(response: bytes) -> bytes:
    """The content as an octet string in two pieces, all lengths around it set right."""
    loaded = tsp.TimeStampResp.load(response)
    signed = loaded["time_stamp_token"]["content"]
    content = bytes(signed["encap_content_info"]["content"])
    whole = core.OctetString(content).dump()
    pieces = core.OctetString(content[:50]).dump() + core.OctetString(content[50:]).dump()
    return replaced(response, whole, tlv(0x24, pieces))


def nested(depth: int) -> bytes:
    data = b""
    for _ in range(depth):
        data = tlv(0x30, data)
    return data


CASES = (
    Case("good", _kind(), None, True, True),
    Case("good, RSA", _kind(rsa=True), None, True, True),
    Case("good, two certificates between", _kind(rsa=True, between=2), None, True, True),
    Case("good, SHA-512 signature", _forged(_sha512), None, True, True),
    Case("good, made by openssl with SHA-512", _kind(digest="sha512"), None, True, True),
    Case("good, SHA-384 imprint", _digest("sha384"), None, True, True),
    Case("good, SHA-512 imprint", _digest("sha512"), None, True, True),
    Case("good, signing certificate by SHA-1 alone", _kind(ess="sha1"), None, True, True),
    Case("good, accuracy of all three parts", _kind(accuracy="secs:1,millisecs:500,microsecs:100"), None, True, True),
    Case("good, accuracy of milliseconds alone", _kind(accuracy="millisecs:500"), None, True, True),
    Case("good, no accuracy", _forged(_no_accuracy), None, True, True),
    Case("good, no name", _forged(_no_name), None, True, True),
    Case("good, fractions of seconds", _forged(_fraction), None, True, True),
    Case("good, within the interval", _in_time, None, True, True),
    Case("good, one more root", _both_roots, None, True, True),
    Case("good, certificates unsorted", _bytes(unsorted, between=1), None, True, True),
    Case("good, a certificate too many", _with_stranger, None, True, True),
    Case("good, an unsigned attribute", _forged(_unsigned_attribute), None, True, True),
    Case(
        "good, extended key usage of a certificate that signs only",
        _kind(usage=("content_commitment",)),
        None,
        True,
        True,
    ),
    Case("another message", _against(message=OTHER), Name.IMPRINT, False, False),
    Case("token of another snapshot", _query(_other_message), Name.IMPRINT, False, False),
    Case("another nonce", _query(_other_nonce), Name.NONCE, False, False),
    Case("no nonce", _query(_no_nonce), Name.NONCE, False, False),
    Case("untrusted root", _others_root, Name.UNTRUSTED, False, False),
    Case("root of the same name", _same_name, Name.UNTRUSTED, False, False),
    Case("certificate expired when stamped", _kind(days=-1, began_days=60), Name.EXPIRED, False, False),
    Case("certificate not yet valid", _forged(_days_ago(40)), Name.EXPIRED, False, False),
    Case("certificate between expired", _kind(between=1, between_days=-2), Name.EXPIRED, False, False),
    Case("certificate expired since", _expired_since, Name.EXPIRED_SINCE, False, True),
    Case("the same, at its time", lambda f: replace(_expired_since(f), at=None), None, True, True),
    Case("SHA-1 imprint", _digest("sha1"), Name.WEAK, True, False),
    Case("MD5 imprint", _digest("md5"), Name.WEAK, True, False),
    Case("SHA-1 signature", _kind(digest="sha1"), Name.WEAK, True, True),
    Case("SHA-1 signature by RSA", _kind(digest="sha1", rsa=True), Name.WEAK, True, True),
    Case("certificate signed with SHA-1", _kind(certificate_digest="sha1", rsa=True), Name.WEAK, True, True),
    Case("signing certificate by SHA-1 in version 2", _forged(_names_weakly), Name.SIGNING_CERTIFICATE, True, True),
    Case("no extended key usage", _kind(purposes=()), Name.USAGE, False, False),
    Case("extended key usage not critical", _kind(critical=False), Name.USAGE, False, False),
    Case(
        "extended key usage for code, too",
        _kind(purposes=(*STAMPS, ExtendedKeyUsageOID.CODE_SIGNING)),
        Name.USAGE,
        False,
        False,
    ),
    Case("extended key usage for code", _kind(purposes=(ExtendedKeyUsageOID.CODE_SIGNING,)), Name.USAGE, False, False),
    Case("key usage not for signatures", _kind(usage=("key_agreement",)), Name.USAGE, False, False),
    Case("key usage for more", _kind(usage=("digital_signature", "key_cert_sign")), Name.USAGE, False, False),
    Case("signer is a certificate authority", _kind(is_ca=True), Name.USAGE, True, True),
    Case("issuer is no certificate authority", _kind(between=1, between_is_ca=False), Name.UNTRUSTED, False, False),
    Case("granted with modifications", _forged(_status(1)), Name.NOT_GRANTED, True, False),
    Case("rejection that has a token", _forged(_status(2)), Name.NOT_GRANTED, False, False),
    Case("status that there is none of", _forged(_status(9)), Name.NOT_GRANTED, False, False),
    Case("refused", _refused, Name.NOT_GRANTED, False, False),
    Case("two signers", _forged(_two_signers), Name.SIGNERS, False, False),
    Case("the same signer twice", _forged(_same_signer_twice), Name.SIGNERS, False, False),
    Case("no signer", _forged(_no_signer), Name.SIGNERS, False, False),
    Case("no certificates", _query(_no_certificates), Name.SIGNERS, False, False),
    Case("the same certificate twice", _same_certificate_twice, Name.SIGNERS, True, True),
    Case("two certificates of one number", _twins, Name.SIGNERS, None, None),
    Case("signing certificate differs", _forged(_signed_for_another), Name.SIGNING_CERTIFICATE, False, True),
    Case(
        "signing certificate of another issuer", _forged(_names_another_issuer), Name.SIGNING_CERTIFICATE, False, True
    ),
    Case("signing certificate and a stranger", _forged(_names_a_stranger), Name.SIGNING_CERTIFICATE, False, True),
    Case("no signing certificate", _forged(_without("signing_certificate_v2")), Name.SIGNING_CERTIFICATE, False, True),
    Case("signing certificate twice", _forged(_twice("signing_certificate_v2")), Name.MALFORMED, True, True),
    Case("no content type", _forged(_without("content_type")), Name.ATTRIBUTES, True, True),
    Case("another content type", _forged(_content_type), Name.ATTRIBUTES, True, True),
    Case("no message digest", _forged(_without("message_digest")), Name.SIGNATURE, False, False),
    Case("no signed attributes", _forged(_no_signed_attributes), Name.MALFORMED, False, False),
    Case("wrong signature", _forged(_wrong_signature), Name.SIGNATURE, False, False),
    Case("changed content", _forged(_changed_content), Name.SIGNATURE, False, False),
    Case("signature of another kind of key", _forged(_signature_algorithm("sha256_rsa")), Name.SIGNATURE, True, True),
    Case("signature of another digest", _forged(_signature_algorithm("sha512_ecdsa")), Name.SIGNATURE, True, True),
    Case("another authority's name", _forged(_other_name), Name.AUTHORITY_NAME, False, True),
    Case("an hour early", _lying(-1), Name.TIME, True, True),
    Case("an hour late", _lying(1), Name.TIME, True, True),
    Case("vague to a day", _forged(_accuracy(86400)), Name.ACCURACY, True, True),
    Case("negative accuracy", _forged(_accuracy(-1)), Name.MALFORMED, True, False),
    Case("version 2", _forged(_version), Name.MALFORMED, False, True),
    Case("signed data of version 1", _forged(_signed_version), Name.MALFORMED, True, True),
    Case("signer of version 3", _forged(_signer_version), Name.MALFORMED, True, True),
    Case("digests without the signer's", _forged(_no_digests), Name.MALFORMED, False, False),
    Case("good, an extension", _forged(_extension(critical=False)), None, True, True),
    Case("a critical extension", _forged(_extension(critical=True)), Name.MALFORMED, True, True),
    Case("negative serial number", _forged(_serial(-5)), Name.MALFORMED, True, True),
    Case("certificate with a negative serial number", _forged(_odd_serial(-5)), Name.MALFORMED, False, False),
    Case("certificate with the serial number 0", _forged(_odd_serial(0)), Name.MALFORMED, False, False),
    Case("time with an offset", _forged(_time(lambda t: f"{t}+0100")), Name.MALFORMED, True, False),
    Case("time with zeros at its end", _forged(_time(lambda t: f"{t}.10Z")), Name.MALFORMED, True, False),
    Case("time without seconds", _forged(_time(lambda t: f"{t[:12]}Z")), Name.MALFORMED, True, False),
    Case("time that there is none of", _forged(_time(lambda t: f"{t[:4]}0230000000Z")), Name.MALFORMED, True, False),
    Case("bytes after the end of its content", _forged(_longer_content), Name.MALFORMED, True, False),
    Case("bytes after its end", _bytes(lambda r: r + b"\0"), Name.MALFORMED, True, False),
    Case("cut off", _bytes(lambda r: r[:-1]), Name.MALFORMED, False, False),
    Case("indefinite length", _bytes(_indefinite), Name.MALFORMED, True, False),
    Case("length in a longer form", _bytes(_long_length), Name.MALFORMED, True, False),
    Case("content in pieces", _bytes(_in_pieces), Name.MALFORMED, True, False),
    Case("signing certificate of two values", _forged(_names_twice), Name.SIGNING_CERTIFICATE, None, True),
    Case("signing certificate of none", _forged(_names_none), Name.SIGNING_CERTIFICATE, False, True),
    Case("signing certificate twice, differing", _forged(_twice_differing), Name.MALFORMED, None, True),
    Case("signed attributes unsorted", _unsorted_attributes, Name.MALFORMED, True, False),
    Case("digests unsorted", _unsorted_set_of_digests, Name.MALFORMED, True, False),
    Case("no signed data", _bytes(_oid(_SIGNED_DATA, "1.2.840.113549.1.7.1")), Name.MALFORMED, False, False),
    Case(
        "signed data of something else",
        _bytes(_oid(TST_INFO, "1.2.840.113549.1.9.16.1.5")),
        Name.MALFORMED,
        False,
        False,
    ),
    Case("serial number of 600 bits", _forged(_serial(1 << 600)), Name.MALFORMED, True, True),
    Case("a certificate of two algorithms", _stranger(_two_algorithms), Name.MALFORMED, True, True),
    Case("a certificate whose key is none", _stranger(_no_point), Name.MALFORMED, True, True),
    Case("a certificate of version 1", _stranger(_odd_version), Name.MALFORMED, True, True),
    Case("another certificate twice", _stranger_twice, Name.SIGNERS, True, True),
    Case("too many certificates", _many_certificates, Name.MALFORMED, True, True),
    Case("signature said to be by SHA-1", _forged(_signature_algorithm("sha1_ecdsa")), Name.WEAK, True, True),
    Case("root key of 1024 bits", _kind(rsa=True, root_bits=1024), Name.WEAK, True, True),
    Case("signer's key of 1024 bits", _kind(rsa=True, key_bits=1024), Name.WEAK, True, True),
    Case("certificate with a critical extension", _kind(unknown_extension=True), Name.UNTRUSTED, False, False),
    Case("issuer that may not have others below it", _kind(between=2, between_length=0), Name.UNTRUSTED, False, False),
    Case("issuer that may not issue", _kind(between=1, between_usage=("crl_sign",)), Name.UNTRUSTED, False, False),
    Case(
        "issuer for code",
        _kind(between=1, between_purposes=(ExtendedKeyUsageOID.CODE_SIGNING,)),
        Name.USAGE,
        True,
        True,
    ),
    Case("good, issuer for time stamps", _kind(between=1, between_purposes=STAMPS), None, True, True),
    Case("nothing", _bytes(lambda _: b""), Name.MALFORMED, False, False),
    Case("nested deeply", _bytes(lambda _: nested(2000)), Name.MALFORMED, False, False),
    Case("huge", _bytes(lambda r: r + bytes(1 << 20)), Name.MALFORMED, True, False),
)

"""Time-stamp authorities of the tests' own: `openssl ts -reply` behind HTTP on loopback, and tokens forged with care.

An authority has a root of its own. What `openssl` would not make is made of what it did: `Authority.forge` changes a
response and signs it anew with the authority's key, so that nothing but the change is wrong.
"""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import new as new_hash
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from asn1crypto import cms, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from archiver.seal.timestamp_read import read_response

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
Change = Callable[["Parts"], None]
STAMPS = (ExtendedKeyUsageOID.TIME_STAMPING,)

_CONFIGURATION = """
[tsa]
default_tsa = t
[t]
serial = {folder}/serial
signer_cert = {folder}/signer.pem
certs = {folder}/between.pem
signer_key = {folder}/signer.key
signer_digest = {digest}
default_policy = 1.2.3.4.1
digests = md5, sha1, sha256, sha384, sha512
accuracy = {accuracy}
ordering = yes
tsa_name = yes
ess_cert_id_alg = {ess}
"""


@dataclass(frozen=True)
class Kind:
    """What an authority's certificates are like."""

    rsa: bool = False
    between: int = 0  # certificates between root and signer
    days: float = 3650  # that the signer's certificate is still valid
    began_days: float = 30  # since it is
    purposes: tuple[x509.ObjectIdentifier, ...] = STAMPS
    critical: bool = True
    digest: str = "sha256"  # of the token's signature
    ess: str = "sha256"
    accuracy: str = "secs:1"
    certificate_digest: str = "sha256"
    is_ca: bool = False
    usage: tuple[str, ...] = ("digital_signature",)
    between_is_ca: bool = True
    between_days: float = 3650
    between_usage: tuple[str, ...] = ("key_cert_sign", "crl_sign")
    between_length: int | None = None  # of the path below each
    between_purposes: tuple[x509.ObjectIdentifier, ...] = ()
    unknown_extension: bool = False  # a critical one in the signer's certificate
    key_bits: int = 2048
    root_bits: int = 2048


@dataclass
class Parts:
    """A response taken apart, for a test to change; `resign` is whether it is signed again."""

    info: tsp.TSTInfo
    signed: cms.SignedData
    status: Any
    resign: bool = True
    digest: str = "sha256"
    rewrite: Callable[[bytes], bytes] = bytes  # of the content, before it is signed

    @property
    def signer(self) -> Any:
        return self.signed["signer_infos"][0]


class Authority:
    """An authority in a folder of its own."""

    def __init__(self, folder: Path, name: str = "One", kind: Kind = Kind()) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.name, self.kind = folder, name, kind
        self._lock = threading.Lock()
        now = datetime.now(UTC)
        self.root_key = self._key(kind.root_bits)
        self.root = self._certificate(
            f"{name} Root", f"{name} Root", self.root_key, self.root_key, now - timedelta(days=4000), 8000, is_ca=True
        )
        issuer, issuer_key, self.between = f"{name} Root", self.root_key, []
        for number in range(kind.between):
            key, subject = self._key(), f"{name} Between {number}"
            self.between.append(
                self._certificate(
                    subject,
                    issuer,
                    key,
                    issuer_key,
                    now - timedelta(days=3000),
                    3000 + kind.between_days,
                    is_ca=kind.between_is_ca,
                    between=True,
                )
            )
            issuer, issuer_key = subject, key
        self.key = self._key()
        self.certificate, self._plain = (
            self._certificate(
                f"{name} Signer",
                issuer,
                self.key,
                issuer_key,
                now - timedelta(days=kind.began_days),
                kind.began_days + kind.days,
                is_ca=kind.is_ca,
                leaf=leaf,
            )
            for leaf in (kind, Kind())
        )
        self._write()

    @property
    def roots(self) -> tuple[x509.Certificate, ...]:
        return (self.root,)

    @property
    def root_pem(self) -> bytes:
        return self.root.public_bytes(Encoding.PEM)

    def reply(self, query: bytes) -> bytes:
        """What `openssl ts -reply` answers. One at a time: it counts its serial numbers in a file."""
        with self._lock:
            return self._reply(query)

    def dated(self, response: bytes, off: timedelta) -> bytes:
        """The response with its time so far off, signed again: `forge` could do it, and takes much longer."""
        token = read_response(response)
        (signed,) = token.signed
        digest = signed.digest_algorithm
        old, new = (tlv(0x18, f"{at:%Y%m%d%H%M%SZ}".encode()) for at in (token.gen_time, token.gen_time + off))
        assert signed.content.count(old) == 1
        content = signed.content.replace(old, new)
        before, after = (new_hash(digest, each).digest() for each in (signed.content, content))
        changed = response.replace(signed.content, content).replace(before, after)
        signature = self._signature(read_response(changed).signed[0].attributes_data, digest)
        return replaced(changed, tlv(0x04, signed.signature), tlv(0x04, signature))

    def _reply(self, query: bytes) -> bytes:
        number = f"{threading.get_ident()}-{time.monotonic_ns()}"
        asked, answer = self.folder / f"{number}.tsq", self.folder / f"{number}.tsr"
        asked.write_bytes(query)
        _openssl("ts", "-reply", "-config", self._configuration, "-section", "t", "-queryfile", asked, "-out", answer)
        made = answer.read_bytes()
        return self.forge(made, self._put_certificate) if self._is_odd else made

    @property
    def _is_odd(self) -> bool:
        """Whether `openssl ts -reply` would not sign with such a certificate."""
        kind = self.kind
        odd = kind.unknown_extension or not kind.critical
        return odd or (kind.purposes, kind.usage) != (STAMPS, Kind().usage)

    def _put_certificate(self, parts: Parts) -> None:
        """In the place of one that the key has besides."""
        data = self.certificate.public_bytes(Encoding.DER)
        loaded = asn1_x509.Certificate.load(data)
        others = [c for c in parts.signed["certificates"] if c.chosen.dump() != self._plain.public_bytes(Encoding.DER)]
        parts.signed["certificates"] = cms.CertificateSet([cms.CertificateChoices("certificate", loaded), *others])
        parts.signer["sid"] = cms.SignerIdentifier(
            "issuer_and_serial_number",
            cms.IssuerAndSerialNumber({"issuer": loaded.issuer, "serial_number": loaded.serial_number}),
        )
        for attribute in parts.signer["signed_attrs"]:
            if attribute["type"].native == "signing_certificate_v2":
                attribute["values"][0]["certs"][0]["cert_hash"] = new_hash("sha256", data).digest()

    def forge(self, response: bytes, change: Change) -> bytes:
        """The response with a change, signed again with the authority's key."""
        loaded = tsp.TimeStampResp.load(response)
        signed = loaded["time_stamp_token"]["content"]
        info = tsp.TSTInfo.load(bytes(signed["encap_content_info"]["content"]))
        parts = Parts(info, signed, loaded["status"])
        change(parts)
        if parts.resign:
            written = parts.info.dump(force=True)
            content = parts.rewrite(written)
            signed["encap_content_info"]["content"] = cms.ParsableOctetString(written)
            for signer in signed["signer_infos"]:
                self._sign(signer, content, parts.digest)
        result = loaded.dump(force=True)
        assert isinstance(result, bytes)
        if parts.resign and content != written:
            return replaced(result, tlv(0x04, written), tlv(0x04, content))
        return result

    def _sign(self, signer: Any, content: bytes, digest: str) -> None:
        for attribute in signer["signed_attrs"]:
            if attribute["type"].native == "message_digest":
                attribute["values"] = [new_hash(digest, content).digest()]
        signed = signer["signed_attrs"].untag().dump(force=True)
        signer["signature"] = self._signature(signed, digest)

    def _signature(self, signed: bytes, digest: str) -> bytes:
        known: dict[str, hashes.HashAlgorithm] = {"sha1": hashes.SHA1(), "sha512": hashes.SHA512()}  # noqa: S303
        algorithm = known.get(digest, hashes.SHA256())
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(signed, padding.PKCS1v15(), algorithm)
        return self.key.sign(signed, ec.ECDSA(algorithm))

    def _key(self, bits: int | None = None) -> Key:
        if self.kind.rsa:
            return rsa.generate_private_key(65537, bits or self.kind.key_bits)
        return ec.generate_private_key(ec.SECP256R1())

    def _certificate(
        self,
        subject: str,
        issuer: str,
        key: Key,
        issuer_key: Key,
        since: datetime,
        days: float,
        *,
        is_ca: bool,
        leaf: Kind | None = None,
        between: bool = False,
    ) -> x509.Certificate:
        kind = self.kind
        usages = leaf.usage if leaf else kind.between_usage if between else ("key_cert_sign", "crl_sign")
        purposes = leaf.purposes if leaf else kind.between_purposes if between else ()
        length = kind.between_length if between else None
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(since)
            .not_valid_after(since + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=is_ca, path_length=length), critical=True)
            .add_extension(_usage(usages), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        )
        if purposes:
            builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=not leaf or leaf.critical)
        if leaf and leaf.unknown_extension:
            unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
            builder = builder.add_extension(unknown, critical=True)
        made = builder.sign(issuer_key, hashes.SHA256())
        return _with_sha1(made, issuer_key) if leaf and leaf.certificate_digest == "sha1" else made

    def _write(self) -> None:
        pem = (self._plain if self._is_odd else self.certificate).public_bytes(Encoding.PEM)
        (self.folder / "signer.pem").write_bytes(pem)
        (self.folder / "between.pem").write_bytes(
            b"".join(c.public_bytes(Encoding.PEM) for c in (*self.between, self.root))
        )
        (self.folder / "root.pem").write_bytes(self.root_pem)
        (self.folder / "signer.key").write_bytes(
            self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
        (self.folder / "serial").write_text("01\n")
        self._configuration = self.folder / "tsa.cnf"
        self._configuration.write_text(
            _CONFIGURATION.format(
                folder=self.folder, digest=self.kind.digest, accuracy=self.kind.accuracy, ess=self.kind.ess
            )
        )


def _with_sha1(certificate: x509.Certificate, key: Key) -> x509.Certificate:
    """The certificate signed with SHA-1, which the library that made it refuses to do."""
    assert isinstance(key, rsa.RSAPrivateKey)
    loaded = asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))
    loaded["tbs_certificate"]["signature"]["algorithm"] = "sha1_rsa"
    loaded["signature_algorithm"]["algorithm"] = "sha1_rsa"
    loaded["signature_value"] = key.sign(loaded["tbs_certificate"].dump(force=True), padding.PKCS1v15(), hashes.SHA1())  # noqa: S303
    return x509.load_der_x509_certificate(loaded.dump(force=True))


def _usage(names: Sequence[str]) -> x509.KeyUsage:
    known = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign crl_sign "
        "encipher_only decipher_only"
    )
    return x509.KeyUsage(**{name: name in names for name in known.split()})


def replaced(data: bytes, old: bytes, new: bytes) -> bytes:
    """DER with a part of it replaced, and the lengths of all that it is in set right."""
    if data == old:
        return new
    tag, body = data[0], _body(data)
    if not tag & 0x20 or old not in body:
        return data
    parts, at = [], 0
    while at < len(body):
        end = at + _size(body[at:])
        parts.append(replaced(body[at:end], old, new))
        at = end
    return tlv(tag, b"".join(parts))


def _size(data: bytes) -> int:
    return len(data) - len(_after(data))


def _header(data: bytes) -> tuple[int, int]:
    if data[1] < 0x80:
        return 2, data[1]
    count = data[1] & 0x7F
    return 2 + count, int.from_bytes(data[2 : 2 + count], "big")


def _after(data: bytes) -> bytes:
    head, length = _header(data)
    return data[head + length :]


def _body(data: bytes) -> bytes:
    head, length = _header(data)
    return data[head : head + length]


def tlv(tag: int, body: bytes) -> bytes:
    length = len(body)
    if length < 0x80:
        return bytes([tag, length]) + body
    digits = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(digits)]) + digits + body


def _openssl(*arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["openssl", *arguments], capture_output=True, check=True, timeout=30)


def openssl_says(
    folder: Path,
    response: bytes,
    message: bytes,
    roots: bytes,
    *,
    at: datetime | None = None,
    query: bytes | None = None,
) -> str | None:
    """What `openssl ts -verify` has against a response, None where it has nothing.

    It compares the imprint with the message, and with the query, where there is one, also the nonce.
    """
    names = {"response.tsr": response, "message": message, "roots.pem": roots, "query.tsq": query or b""}
    for name, data in names.items():
        (folder / name).write_bytes(data)
    time_of: list[str | Path] = [] if at is None else ["-attime", str(int(at.timestamp()))]
    command: list[str | Path] = ["openssl", "ts", "-verify", "-in", folder / "response.tsr"]
    command += ["-CAfile", folder / "roots.pem"]
    ways: list[list[str | Path]] = [["-data", folder / "message"]]
    ways += [["-queryfile", folder / "query.tsq"]] if query else []
    for against in ways:
        done = subprocess.run(
            command + against + time_of,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        if done.returncode != 0 or "Verification: OK" not in done.stdout + done.stderr:
            return " ".join(done.stderr.split()) or "refused"
    return None


def unsorted(response: bytes) -> bytes:
    """The response with its certificates in the order that DER does not have."""
    loaded = tsp.TimeStampResp.load(response)
    signed = loaded["time_stamp_token"]["content"]
    certificates = sorted((c.dump() for c in signed["certificates"]), reverse=True)
    assert len(certificates) > 1
    return response.replace(b"".join(c.dump() for c in signed["certificates"]), b"".join(certificates))


class Server:
    """An authority behind HTTP on loopback. `mode` is how it behaves, and may change at any time.

    good, lying (an hour behind), ahead (as much before), other-nonce, other-message, weak (SHA-1 for the imprint),
    unsorted (certificates, which is no fault), refusing, garbage, empty, redirecting, endless, large, slow (one byte in
    a while), silent, hanging-up, busy (503), missing (404).
    """

    def __init__(self, authority: Authority, mode: str = "good") -> None:
        self.authority, self.mode = authority, mode
        self.asked: list[tuple[str, dict[str, str], bytes]] = []
        self._over = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                server._answer(self)

            do_GET = do_POST

            def log_message(self, format: str, *args: object) -> None:
                """Nothing: tests look at `asked`."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/tsa"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        query = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        self.asked.append((handler.path, dict(handler.headers.items()), query))
        try:
            self._send(handler, query)
        except OSError:
            pass  # whoever asked has gone

    def _send(self, handler: BaseHTTPRequestHandler, query: bytes) -> None:
        mode = self.mode
        if mode in ("busy", "missing"):
            _respond(handler, 503 if mode == "busy" else 404, b"no")
        elif mode == "redirecting":
            handler.send_response(307)
            handler.send_header("Location", self.url + "/elsewhere")
            handler.end_headers()
        elif mode == "silent":
            self._over.wait(30)
        elif mode == "hanging-up":
            handler.close_connection = True
        elif mode == "slow":
            handler.send_response(200)
            handler.end_headers()
            while not self._over.wait(0.05):
                handler.wfile.write(b"0")
                handler.wfile.flush()
        elif mode == "endless":
            handler.send_response(200)
            handler.end_headers()
            while not self._over.is_set():
                handler.wfile.write(b"0" * 4096)
        else:
            _respond(handler, 200, self.body(mode, query))

    def body(self, mode: str, query: bytes) -> bytes:
        if mode == "garbage":
            return b"<html>" + b"\xff\x00" * 50
        if mode == "empty":
            return b""
        if mode == "large":
            return b"0" * 70_000
        if mode == "refusing":
            return self.authority.reply(b"no query")
        asked = tsp.TimeStampReq.load(query)
        if mode == "other-nonce":
            asked["nonce"] = asked["nonce"].native + 1
        elif mode == "other-message":
            asked["message_imprint"]["hashed_message"] = bytes(32)
        elif mode == "weak":
            asked["message_imprint"]["hash_algorithm"]["algorithm"] = "sha1"
            asked["message_imprint"]["hashed_message"] = bytes(20)
        answer = self.authority.reply(asked.dump(force=True))
        if mode in ("lying", "ahead"):
            return self.authority.dated(answer, timedelta(hours=-1 if mode == "lying" else 1))
        return unsorted(answer) if mode == "unsorted" else answer


def _respond(handler: BaseHTTPRequestHandler, status: int, body: bytes) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", "application/timestamp-reply")
    handler.send_header("Content-Length", str(len(body)))
    handler.send_header("Set-Cookie", "a=b")
    handler.end_headers()
    handler.wfile.write(body)


def lie(by: timedelta) -> Change:
    """Put the time of a token that far off."""

    def change(parts: Parts) -> None:
        parts.info["gen_time"] = parts.info["gen_time"].native + by

    return change

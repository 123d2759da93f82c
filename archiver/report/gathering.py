"""The facts of a report, read out of the files of an evidence bundle: whoever has those has the same facts."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import orjson
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from archiver.report import made, places
from archiver.report.facts import Facts, File, Stamp
from archiver.seal import note as notes
from archiver.seal.checkpoint import Checkpoint, Proof
from archiver.seal.interval import Attested, interval
from archiver.seal.merkle import ProofError, leaf_hash, verify_inclusion
from archiver.seal.note import NoteError
from archiver.seal.timestamp import TimestampError, Token
from archiver.seal.timestamp_check import check
from archiver.seal.timestamp_read import read_response
from archiver.warc.wacz import Listed

_STAMP = re.compile(rf"({places.STAMPS}(?:snapshot|before|later)\.)(renewal-[0-9]{{3}}\.)?[^/]*\.([a-z0-9-]+)\.tsr")
_MESSAGES = {
    places.OF_SNAPSHOT: places.member(places.SNAPSHOT, "note"),
    places.OF_BEFORE: places.BEFORE,
    places.OF_LATER: places.LATER,
}


def gather(
    files: Mapping[str, bytes],
    leaf: bytes,
    exchanges: dict[str, Any] | None,
    regions: dict[str, Any] | None,
    listed: Iterable[Listed],
) -> Facts:
    """What a report of these files of `evidence/` says. `leaf` is the snapshot's entry of the log.

    `listed` are all files of the bundle that the report is to name. Raises `ValueError` where they make no bundle.
    """
    statement, proof = _said(files, places.SNAPSHOT)
    assert statement is not None
    assert proof is not None
    intent, announced = _said(files, places.INTENT)
    checkpoint = Checkpoint.parse(notes.parse(proof.checkpoint).text)
    stamps = tuple(_stamps(files))
    before = _named_before(files, statement)
    later = _is_later(files, leaf, checkpoint.origin)
    good = [stamp for stamp in stamps if stamp.root_sha256 is not None and ".renewal-" not in stamp.file]
    return Facts(
        statement=statement,
        log_index=proof.index,
        intent=intent,
        intent_index=None if announced is None else announced.index,
        origin=checkpoint.origin,
        log_size=checkpoint.size,
        root=checkpoint.root,
        keys=tuple(key.text for key in made.keyring(files, checkpoint.origin)),
        stamps=stamps,
        interval=interval(
            [_attested(stamp, -1) for stamp in good if stamp.over == places.BEFORE and stamp.file in before],
            [
                _attested(stamp, 1)
                for stamp in good
                if stamp.over == _MESSAGES[places.OF_SNAPSHOT] or (later and stamp.over == places.LATER)
            ],
        ),
        derivations=tuple(made.trail(str(statement.get("id")), made.statements(files))),
        exchanges=exchanges,
        regions=regions,
        screenshot=files.get(places.SCREENSHOT),
        files=tuple(File(each.path, each.size_bytes, each.sha256) for each in listed),
    )


def _said(files: Mapping[str, bytes], name: str) -> tuple[dict[str, Any] | None, Proof | None]:
    if places.member(name, "note") not in files or places.member(name, "tlog-proof") not in files:
        if name == places.SNAPSHOT:
            raise ValueError("there is no note of the snapshot, or no proof")
        return None, None
    document = orjson.loads(files[places.member(name, "note")].partition(b"\n")[0])
    if not isinstance(document, dict):
        raise ValueError(f"the note of the {name} is no statement")
    return document, Proof.parse(files[places.member(name, "tlog-proof")])


def _attested(stamp: Stamp, sign: int) -> Attested:
    return Attested(stamp.authority, stamp.time + sign * (stamp.accuracy or timedelta()))


# time stamps


def _stamps(files: Mapping[str, bytes]) -> Iterator[Stamp]:
    """Every response that can be read, with the root that it leads to where it is good."""
    for path in sorted(files):
        found = _STAMP.fullmatch(path)
        if not found:
            continue
        folder, renewal, authority = found.groups()
        over = f"{folder}{renewal}sums" if renewal else _MESSAGES[folder]
        with contextlib.suppress(TimestampError):
            token = read_response(files[path])
            signer = token.signer
            if signer is None:
                continue
            root_file, root_sha256 = _root(token, files.get(over), _roots(files, authority))
            yield Stamp(
                file=path,
                over=over,
                authority=authority,
                time=token.gen_time,
                accuracy=token.accuracy,
                serial=token.serial,
                policy=token.policy,
                signer=signer.subject,
                signer_expires=signer.not_after,
                root_sha256=root_sha256,
                root_file=root_file,
            )


def _roots(files: Mapping[str, bytes], authority: str) -> dict[str, x509.Certificate]:
    found = {}
    for path in sorted(files):
        if path.startswith(f"{places.ROOTS}{authority}."):
            with contextlib.suppress(ValueError):
                found[path] = x509.load_pem_x509_certificate(files[path])
    return found


def _root(
    token: Token, message: bytes | None, roots: Mapping[str, x509.Certificate]
) -> tuple[str, str] | tuple[None, None]:
    """The file and the SHA-256 of the root that makes the token good; None where none does."""
    if message is not None:
        for path, root in roots.items():
            if all(problem.is_harmless for problem in check(token, message, [root])):
                return path, hashlib.sha256(root.public_bytes(Encoding.DER)).hexdigest()
    return None, None


def _named_before(files: Mapping[str, bytes], statement: Mapping[str, Any]) -> set[str]:
    """The responses that the statement names by their hashes, over the checkpoint that it names."""
    try:
        named = statement["sealed_after"]
        hashes = {each["sha256"] for each in named["stamps"]}
        checkpoint = Checkpoint.parse(files[places.BEFORE].decode())
        if (named["checkpoint"]["size"], named["checkpoint"]["root"]) != (checkpoint.size, checkpoint.root.hex()):
            return set()
    except (KeyError, TypeError, ValueError):
        return set()
    return {
        path
        for path in files
        if path.startswith(places.OF_BEFORE) and hashlib.sha256(files[path]).hexdigest() in hashes
    }


def _is_later(files: Mapping[str, bytes], leaf: bytes, origin: str) -> bool:
    """Whether the snapshot's entry is in the state of the log that was time-stamped later."""
    try:
        proof = Proof.parse(files[places.LATER_PROOF])
        text = notes.parse(proof.checkpoint).text
        checkpoint = Checkpoint.parse(text)
        if text.encode() != files[places.LATER] or checkpoint.origin != origin:
            return False
        verify_inclusion(proof.index, checkpoint.size, leaf_hash(leaf), proof.hashes, checkpoint.root)
    except (KeyError, NoteError, ProofError):
        return False
    return True

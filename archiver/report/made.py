"""The files of an evidence bundle that follow from the signed ones: whoever has those can make them again.

They are the same for the same files and the same version of this program, which the README names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from typing import Any

import orjson

from archiver.provenance.derivation import Derivation, from_statement
from archiver.provenance.documents import MAX_NAME_CHARS, MAX_URL_CHARS
from archiver.provenance.graph import Chain, Edge, End, Node, NodeKind
from archiver.provenance.render import chain_document
from archiver.report import places
from archiver.report.readme import readme
from archiver.seal import keyring as keyrings
from archiver.seal.keyring import Keyring
from archiver.seal.note import VerifierKey, encode_base64
from archiver.storage import layout
from archiver.warc.wacz import Listed

MAX_DERIVATIONS = 100
MAX_WHOLE_PAGE_BYTES = 16 << 20
_SPKI = bytes.fromhex("302a300506032b6570032100")  # what RFC 8410 section 4 puts before an Ed25519 key
_UNLISTED = (places.DESCRIPTION, places.DIGEST, places.SUMS)

Statements = list[tuple[int, dict[str, Any]]]


def files(
    given: Mapping[str, bytes], statement: Mapping[str, Any], origin: str, reports: Iterable[str] = ()
) -> dict[str, bytes]:
    """What follows from the `given` files, by path: all but the report and the list of hashes.

    `reports` are the paths of the reports that will be there, too.
    """
    found = {
        f"{places.PUBLIC_KEYS}{key.short}.pem": pem(key)
        for key in sorted(keyring(given, origin), key=lambda key: key.text, reverse=True)
    }
    derivations = trail(str(statement.get("id")), statements(given))
    document = chain(statement, derivations) if derivations else None
    if document is not None:
        found[places.CHAIN] = document
    script = resources.files("archiver.report").joinpath("verify.sh").read_bytes()
    text = readme({*given, *found, places.SCRIPT, places.SUMS, *reports}, statement, origin)
    return {**found, places.README: text, places.SCRIPT: script}


def picture_of(statement: Mapping[str, Any]) -> dict[str, Any] | None:
    """Which picture is `screenshot.png`, as the statement lists it: the whole page, or what was seen first of it.

    The whole page where it is one picture, and of a size that a report can bear.
    """
    listed = statement.get("artifacts")
    pictures = [each for each in (listed if isinstance(listed, list) else []) if isinstance(each, dict)]
    whole = [each for each in pictures if each.get("role") == "full_screenshot"]
    if len(whole) == 1 and isinstance(whole[0].get("bytes"), int) and whole[0]["bytes"] <= MAX_WHOLE_PAGE_BYTES:
        return whole[0]
    return next((each for each in pictures if each.get("role") == "screenshot"), None)


# keys


def declared(given: Mapping[str, bytes]) -> tuple[VerifierKey, ...]:
    """The keys that the bundle says its log began with. Raises `NoteError`, or `UnicodeDecodeError`."""
    lines = given[places.KEYS].decode().splitlines() if places.KEYS in given else []
    return tuple(VerifierKey.parse(line) for line in lines if line and not line.startswith("#"))


def keyring(given: Mapping[str, bytes], origin: str) -> tuple[VerifierKey, ...]:
    """All keys whose signatures count somewhere in the log, as far as the bundle says; none where it says nonsense."""
    try:
        events = [keyrings.parse(index, given[path]) for index, path in _numbered(given, "key")]
        ring = Keyring(declared(given), events, origin=origin)
    except ValueError:  # also NoteError
        return ()
    return tuple(status.key for status in ring.all() if status.counts)


def pem(key: VerifierKey) -> bytes:
    """A key as SubjectPublicKeyInfo, in the form that openssl reads (RFC 7468 section 13)."""
    encoded = encode_base64(_SPKI + key.public_key)
    return f"-----BEGIN PUBLIC KEY-----\n{encoded}\n-----END PUBLIC KEY-----\n".encode()


# where it comes from


def statements(given: Mapping[str, bytes]) -> Statements:
    """The statements of derivations that are among the files and can be read, with their entries, in log order."""
    found = []
    for index, path in _numbered(given, "derivation"):
        try:
            document = orjson.loads(given[path].partition(b"\n")[0])
        except orjson.JSONDecodeError:
            continue
        if is_derivation(document):
            found.append((index, document))
    return found


def is_derivation(document: object) -> bool:
    """Whether it says where an article comes from, in the form that `provenance.derivation` gives it."""
    try:
        from_statement(document)
    except ValueError:
        return False
    return True


def trail(start: str, found: Statements) -> Statements:
    """Those that lead on from a snapshot, the nearest first, and of one snapshot in log order; others are left out."""
    kept: Statements = []
    waiting, seen = [start], {start}
    while waiting:
        subject = waiting.pop(0)
        for index, document in found:
            if document.get("subject") == subject:
                kept.append((index, document))
                source = source_of(document)
                if source is not None and source not in seen:
                    seen.add(source)
                    waiting.append(source)
    return kept[:MAX_DERIVATIONS]


def source_of(document: Mapping[str, Any]) -> str | None:
    """The snapshot of the source that a derivation names, where there is one."""
    named = document.get("object")
    snapshot = named.get("snapshot") if isinstance(named, dict) else None
    return snapshot if isinstance(snapshot, str) and layout.is_id(snapshot) else None


def chain(statement: Mapping[str, Any], derivations: Statements) -> bytes | None:
    """`chain.json`, as `archiver trace --format json` prints it; None where the statements make no chain."""
    try:
        made = _chain(statement, [from_statement(document) for _, document in derivations])
    except ValueError:
        return None
    document = {"type": "trace", "stated": 0, "captured": 0, **chain_document(made)}
    return orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n"


def _chain(statement: Mapping[str, Any], derivations: Iterable[Derivation]) -> Chain:
    """Raises `ValueError` where the statements contradict each other."""
    start = str(statement.get("id"))
    url, title = (str(statement.get(name, ""))[:most] for name, most in _TEXTS)
    nodes = {start: Node(start, NodeKind.ARTICLE, start, url, title=title)}
    edges: dict[str, Edge] = {}
    ends: dict[str, End] = {}
    for each in derivations:
        later, earlier = each.edge.later, each.object.id
        published = each.edge.later_date
        nodes.setdefault(later, Node(later, NodeKind.ARTICLE, later, published=published))
        if later == start and nodes[start].published is None:
            nodes[start] = Node(start, NodeKind.ARTICLE, start, url, title=title, published=published)
        if nodes.setdefault(earlier, each.object).title == "" and each.object.title:
            nodes[earlier] = each.object
        edges.setdefault(repr(each.edge), each.edge)
        if each.end is not None:
            ends.setdefault(repr((each.end.node, each.end.kind)), each.end)
    return Chain(start, tuple(nodes.values()), tuple(edges.values()), tuple(ends.values()))


_TEXTS = (("final_url", MAX_URL_CHARS), ("title", MAX_NAME_CHARS))


def _numbered(given: Iterable[str], kind: str) -> Iterator[tuple[int, str]]:
    """The entries and paths of the notes of that kind, in log order."""
    for path in sorted(given):
        found = places.NUMBERED.fullmatch(path)
        if found and found[2] == kind:
            yield int(found[3]), path


# texts


def sums(listed: Iterable[Listed]) -> bytes:
    """`SHA256SUMS`, as `sha256sum -c` takes it in the folder above `evidence/`."""
    found = {each.path: each.sha256 for each in listed if each.path not in _UNLISTED}
    return "".join(f"{found[path]}  {path}\n" for path in sorted(found)).encode()


def listed(path: str, data: bytes) -> Listed:
    return Listed(path, len(data), hashlib.sha256(data).hexdigest())

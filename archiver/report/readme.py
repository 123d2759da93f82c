"""The README of an evidence bundle: what each file is, how to verify it, and what it does not prove, in plain words."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Collection, Mapping
from typing import Any

from archiver.report import places
from archiver.version import __version__

_MADE_BY = "Made by archiver/"
_WIDTH = 100
_LINE = re.compile(rf"^{_MADE_BY}([!-~]+)\.$", re.MULTILINE)

#: pattern of the paths, what to call them, and what they are
_FILES = (
    ("archive/data.warc.gz", "archive/data.warc.gz", "what the browser received, byte for byte (WARC 1.1)"),
    ("indexes/.*|pages/.*|datapackage.*", "indexes/, pages/, datapackage*.json", "what replay tools need to show it"),
    ("evidence/snapshot[.].*", "evidence/snapshot.note", "the signed statement of what was captured, when and how"),
    ("evidence/intent[.].*", "evidence/intent.note", "the signed statement, made before, that it was to be captured"),
    ("evidence/key-.*", "evidence/key-*.note", "the signed statements about the archive's keys"),
    (
        "evidence/derivation-.*",
        "evidence/derivation-*.note",
        "the signed statements of which article it comes from: what the operator found, with the evidence for it",
    ),
    (
        "evidence/snapshot[.]salt",
        "evidence/*.salt, *.tlog-proof",
        "what leads from each note to the log: a random number, and the hashes up to the log's signed root",
    ),
    ("evidence/chain.json", "evidence/chain.json", "the same trail to the source as one document, for programs"),
    ("evidence/capture.cdxj.txt", "evidence/capture.cdxj.txt", "the index of the WARC, which the statement names"),
    ("evidence/screenshot.png", "evidence/screenshot.png", "a picture of the page; it is in the WARC, too"),
    ("evidence/report.html", "evidence/report.html", "the report, for people; open it in a browser"),
    ("evidence/report.pdf", "evidence/report.pdf", "the same to print; nothing that is signed is about this file"),
    (
        "evidence/keys.txt",
        "evidence/keys.txt, key.*.pem",
        "the archive's public keys; in key.*.pem as openssl reads them",
    ),
    (
        "evidence/timestamp-snapshot[.].*",
        "evidence/timestamp-snapshot.*",
        "time stamps (RFC 3161) over snapshot.note: it was sealed before these moments",
    ),
    (
        "evidence/timestamp-before[.].*",
        "evidence/timestamp-before.*",
        "time stamps that the statement names by their hashes: it was sealed after these moments",
    ),
    (
        "evidence/timestamp-later[.].*",
        "evidence/timestamp-later.*",
        "time stamps over a state of the log, its checkpoint, and the proof that the snapshot was in it",
    ),
    ("evidence/root[.].*", "evidence/root.*.pem", "the root certificates of these authorities"),
    ("evidence/verify.sh", "evidence/verify.sh", "verifies all this with openssl and coreutils; read it first"),
    ("evidence/SHA256SUMS", "evidence/SHA256SUMS", "the SHA-256 of every file"),
)

_TEXT = """\
EVIDENCE BUNDLE

Snapshot {id},
captured {began} by the clock of the machine that captured it.
It is in the log {origin}.
{made_by}

This file is a ZIP and a WACZ: tools for web archives, such as replayweb.page, show the page as it was
recorded. The folder evidence/ has what is needed to verify it without the archive and without
whoever gave it to you.


WHAT EACH FILE IS

{files}


HOW TO VERIFY IT

What comes with a thing cannot vouch for it. Get, on another way than this file:

- the archive's public keys, one a line, from the archive's operator;
- the root certificates of the time-stamp authorities, from the authorities.

Unpack the file into an empty folder, and run there, with a shell, openssl and GNU coreutils:

    sh evidence/verify.sh --keys KEYS --roots ROOTS

It ends with 0 where everything is as it should be, and with 4 where something was altered. Without
--keys and --roots it takes the keys and roots that lie here, and says what only the bundle vouches
for. Whoever altered the bundle may have altered the script: read it, or use a copy from elsewhere.

With the archiver, which looks into the WARC as well, and does not unpack:

    archiver verify --trust KEYS FILE


WHAT IT DOES NOT PROVE

- When the visit was. Time stamps say when the statement was sealed. That the visit was within that
  time, and at the time that it says, is the word of whoever operates the archive.
- That others saw the same. It is one visit, from one place, with one browser.
- That the machine which captured was honest. Whoever controls it could show its browser a forged page
  before anything was sealed.
- That what the page says is true, or who wrote it. Where it comes from is what the operator found.
- That nothing was left out of the log, or that others are shown the same log. That takes an earlier
  checkpoint from somebody else.
- That a certificate or a key was not revoked since.

It supports a claim about what was published. Whether it is enough, those decide who have to judge.
"""


_ALWAYS = (places.WARC, places.PAGES, *(places.member(name, "note") for name in (places.SNAPSHOT, places.INTENT)))


def readme(names: Collection[str], statement: Mapping[str, Any], origin: str) -> bytes:
    """The text for a bundle with files of these paths."""
    lines = []
    for pattern, name, what in _FILES:
        if any(re.fullmatch(pattern, each) for each in (*names, *_ALWAYS)):
            lines += [f"{name}", *textwrap.wrap(what, _WIDTH, initial_indent="    ", subsequent_indent="    ")]
    said = {
        "id": _ascii(statement.get("id")),
        "began": _ascii(statement.get("started_at")),
        "origin": _ascii(origin),
        "made_by": f"{_MADE_BY}{__version__}.",
        "files": "\n".join(lines),
    }
    return _TEXT.format_map(said).encode()


def version_of(text: bytes) -> str | None:
    """The version that a README says to have been made by; None where it says none."""
    found = _LINE.search(text[:4096].decode("ascii", "replace"))
    return found[1] if found else None


def _ascii(value: object) -> str:
    return "".join(character if " " <= character <= "~" else "?" for character in str(value)[:200])

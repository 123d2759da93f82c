"""Where each file of an evidence bundle lies: all but those of the plain WACZ are in one folder.

There are no folders in it: py-wacz 0.6.0 finds no file that lies deeper. What belongs together begins alike.
"""

from __future__ import annotations

import re

FOLDER = "evidence/"
KEYS = f"{FOLDER}keys.txt"
INDEX = f"{FOLDER}capture.cdxj.txt"  # players take every file named .cdxj for an index to replay by
SCREENSHOT = f"{FOLDER}screenshot.png"
CHAIN = f"{FOLDER}chain.json"
REPORT = f"{FOLDER}report.html"
PRINTED = f"{FOLDER}report.pdf"
README = f"{FOLDER}README.txt"
SCRIPT = f"{FOLDER}verify.sh"
SUMS = f"{FOLDER}SHA256SUMS"
PUBLIC_KEYS = f"{FOLDER}key."
STAMPS = f"{FOLDER}timestamp-"
OF_SNAPSHOT = f"{STAMPS}snapshot."  # over the note of the snapshot
OF_BEFORE = f"{STAMPS}before."  # over the checkpoint that the statement names
OF_LATER = f"{STAMPS}later."  # over a checkpoint of a log that has the snapshot
ROOTS = f"{FOLDER}root."
BEFORE, LATER = f"{OF_BEFORE}checkpoint.txt", f"{OF_LATER}checkpoint.txt"
LATER_PROOF = f"{OF_LATER}snapshot.tlog-proof"
WARC, REPLAY_INDEX, PAGES = "archive/data.warc.gz", "indexes/index.cdxj", "pages/pages.jsonl"
DESCRIPTION, DIGEST = "datapackage.json", "datapackage-digest.json"
#: the names of notes
SNAPSHOT, INTENT = "snapshot", "intent"
KINDS = ("note", "salt", "tlog-proof")

_AUTHORITY = "[a-z0-9-]{1,32}"
_SEALED = r"snapshot|intent|key-[0-9]{12}|derivation-[0-9]{12}"
_RESPONSE = rf"(?:renewal-[0-9]{{3}}\.)?[0-9tz-]{{8,32}}\.{_AUTHORITY}\.tsr"
#: what has a name of its own and what of it is signed, or follows from that
_GIVEN = (
    KEYS,
    INDEX,
    SCREENSHOT,
    rf"{FOLDER}(?:{_SEALED})\.(?:{'|'.join(KINDS)})",
    rf"{STAMPS}(?:snapshot|before|later)\.(?:{_RESPONSE}|renewal-[0-9]{{3}}\.sums)",
    BEFORE,
    LATER,
    LATER_PROOF,
    rf"{ROOTS}{_AUTHORITY}\.[0-9a-f]{{16}}\.pem",
    PRINTED,
)
_MADE = (rf"{PUBLIC_KEYS}[0-9a-f]{{8}}\.pem", CHAIN, README, SCRIPT, REPORT)
GIVEN = re.compile("|".join(_GIVEN))
MADE = re.compile("|".join(_MADE))
#: a file of a note: its name, what it is about and its entry where it has a number, and its kind
SEALED = re.compile(rf"{FOLDER}({_SEALED})\.({'|'.join(KINDS)})")
NUMBERED = re.compile(rf"{FOLDER}((key|derivation)-([0-9]{{12}}))\.note")
_LIMITS = {INDEX: 1 << 30, SCREENSHOT: 64 << 20, CHAIN: 64 << 20, REPORT: 256 << 20, PRINTED: 256 << 20}
_SMALL_BYTES = 1 << 20


def member(name: str, kind: str) -> str:
    """The path of a `note`, `salt` or `tlog-proof`."""
    return f"{FOLDER}{name}.{kind}"


def key_name(index: int) -> str:
    """The name of the key statement of an entry."""
    return f"key-{index:012d}"


def derivation_name(index: int) -> str:
    """The name of the derivation of an entry."""
    return f"derivation-{index:012d}"


def limit_bytes(path: str) -> int:
    """How large a file may be."""
    return _LIMITS.get(path, _SMALL_BYTES)

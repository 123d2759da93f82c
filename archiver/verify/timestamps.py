"""The time stamps of a capture, verified, and the interval that they attest.

Three kinds: over its note, which says that it was sealed before; over the checkpoint whose responses its statement
names by their SHA-256, which says that it was sealed after; and over a later checkpoint that has its entry, which
serves where the note was not stamped in time.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from archiver.clock import rfc3339
from archiver.moments import parse_rfc3339
from archiver.seal import interval as intervals
from archiver.seal import note as notes
from archiver.seal import stamps
from archiver.seal.checkpoint import Checkpoint
from archiver.seal.interval import WANTED, Attested, Interval, shifted
from archiver.seal.timestamp import Name, Token
from archiver.seal.timestamp_check import check_response
from archiver.verify.problems import shown
from archiver.verify.verdict import Check, judged, skipped, told

#: how far the capturing machine's clock may be from those of the authorities
TOLERANCE = timedelta(seconds=60)
_LINE = re.compile(r"([0-9a-f]{64})  ([a-z0-9.-]{1,200})")
_MAX_FILES = 1000
_PLACES = {
    "note": "its note",
    "before": "the checkpoint before it",
    "later": "a later checkpoint",
    "renewal": "what was stamped before",
}
BY_ITSELF = "its statement names a checkpoint of its log that has itself, and so was there before: the log was altered"
_NONE = "none: no authority says when it was sealed"


@dataclass(frozen=True)
class Pin:
    """An authority that the verifier trusts, and its root certificates in DER."""

    name: str
    roots: tuple[bytes, ...]


@dataclass(frozen=True)
class Folder:
    """The bytes that were time-stamped, and what lies in the folder of their time stamps, by file name."""

    message: bytes
    files: Mapping[str, bytes] = field(repr=False)


@dataclass(frozen=True)
class Material:
    """The time stamps of a capture: over its note, over the checkpoint that its statement names, over a later one."""

    note: Folder | None = None
    before: Folder | None = None
    later: Folder | None = None


@dataclass(frozen=True)
class Read:
    """A response that could be read. `authority` is who gave it by a pinned root, None where none is pinned for it."""

    place: str  # "note", "before" or "later"
    file: str
    token: Token
    authority: str | None
    renewal: int

    @property
    def claimed(self) -> str:
        """What the archive calls who gave it."""
        parsed = stamps.parse(self.file)
        return parsed.authority if parsed else "?"


@dataclass(frozen=True)
class Times:
    """What the time stamps say. `is_vouched` is whether the interval rests on pinned roots."""

    timestamps: Check
    interval_check: Check
    interval: Interval
    is_vouched: bool
    read: tuple[Read, ...]

    def failed(self, problem: str) -> Times:
        """The same, with one more problem."""
        check = self.timestamps
        return replace(self, timestamps=judged(check.name, check.detail, [*check.problems, problem]))

    def doubted(self, doubt: str) -> Times:
        """The same, with one more thing that is not known."""
        check = self.timestamps
        wrong, others = (check.problems, ()) if check.verdict == "FAIL" else ((), check.problems)
        return replace(self, timestamps=judged(check.name, check.detail, wrong, [*others, doubt]))


class Known(Protocol):
    """Whom a verifier believes, and its clock."""

    @property
    def pins(self) -> Sequence[Pin]: ...

    @property
    def at(self) -> datetime: ...


def check_folder(where: str, folder: Folder, known: Known) -> tuple[list[str], list[str]]:
    """What is wrong with the time stamps of one thing, and what is not known of them."""
    work = _Work(known.pins, known.at)
    work.folder(where, folder)
    return work.problems, work.doubts


def named_checkpoint(statement: Mapping[str, Any], note: bytes, origin: str) -> tuple[int, bytes] | None:
    """Size and root of the stamped checkpoint of the log `origin` that a statement, whose form is right, names.

    None where it names none. One that was copied from another archive names a checkpoint of that one's log.
    """
    said = statement.get("sealed_after")
    is_own = log_of(note, origin) == origin
    return (said["checkpoint"]["size"], bytes.fromhex(said["checkpoint"]["root"])) if said and is_own else None


def log_of(note: bytes, origin: str) -> str | None:
    """The log that a note was signed for: `origin` if it can be, or else the one that its first signature names."""
    try:
        names = [signature.name for signature in notes.parse(note).signatures]
    except notes.NoteError:
        return None
    return origin if origin in names else names[0]


def checkpoint_text(origin: str, size: int, root: bytes) -> bytes:
    """What is time-stamped of a checkpoint."""
    try:
        return Checkpoint(origin, size, root).text.encode()
    except notes.NoteError:
        return b"no checkpoint"  # whatever was stamped, it was not that


def check_roots(files: Mapping[str, bytes], pins: Iterable[Pin]) -> tuple[list[str], list[str]]:
    """What is wrong with the root certificates that come with time stamps, by file name, and what is not known of them.

    None of them is believed. But a reader may verify with them, and must have those that are believed here.
    """
    pinned = {pin.name: pin.roots for pin in pins}
    problems, doubts = list[str](), list[str]()
    for name, data in files.items():
        authority = name.partition(".")[0]
        try:
            root = x509.load_pem_x509_certificate(data)
        except ValueError:
            root = None
        encoded = root.public_bytes(Encoding.DER) if root else b""
        if root is None or root.public_bytes(Encoding.PEM) != data or stamps.root_file(authority, encoded) != name:
            problems.append(f"the root {shown(name)} is not the one certificate that its name says")
        elif authority in pinned and encoded not in pinned[authority]:
            doubts.append(f"the root {name} is none by which {authority} is trusted here: do not verify with it")
    return problems, doubts


def check_timestamps(statement: Mapping[str, Any], material: Material, pins: Sequence[Pin], at: datetime) -> Times:
    """The checks "timestamps" and "interval" of a capture, at a moment `at`, as the verifier's clock has it.

    `statement` is one whose form is right. Never raises.
    """
    work = _Work(pins, at)
    for place, folder in (("note", material.note), ("before", material.before), ("later", material.later)):
        if folder is not None:
            work.folder(place, folder)
    work.named(statement, material.before)
    direct = [each for each in work.read if not each.renewal and (each.place, each.file) not in work.unnamed]
    used = [each for each in direct if each.authority is not None] if pins else direct
    found = _interval(used)
    if not work.read and not work.problems and "sealed_after" not in statement:
        doubt = ("no time stamp, though authorities are known: `archiver seal retry` asks for some",) if pins else ()
        check = judged("timestamps", _NONE, (), doubt) if doubt else skipped("timestamps", _NONE)
        return Times(check, skipped("interval", _NONE), Interval(), is_vouched=False, read=())
    doubts = list(work.doubts)
    if not pins and work.read:
        doubts.append(
            "no root of a time-stamp authority is trusted here; name the ones you have from elsewhere with --authority"
        )
    elif len(found.before_by) < WANTED:
        who = f"only {found.before_by[0]} attests" if found.before_by else "nobody that is trusted attests"
        doubts.append(f"{who} until when it was sealed, and {WANTED} should: `archiver seal retry` asks others")
    detail = _counted(work.read)
    check = judged("timestamps", detail, work.problems, doubts)
    if check.verdict == "PASS" and work.notes:
        check = told("timestamps", detail, work.notes)
    return Times(
        check, _check_interval(statement, used, found, vouched=bool(pins)), found, bool(pins), tuple(work.read)
    )


class _Work:
    def __init__(self, pins: Sequence[Pin], at: datetime) -> None:
        self._pins = [(pin.name, [x509.load_der_x509_certificate(root) for root in pin.roots]) for pin in pins]
        self._at = at
        self.read: list[Read] = []
        self.problems: list[str] = []
        self.doubts: list[str] = []
        self.notes: list[str] = []
        self.unnamed: set[tuple[str, str]] = set()  # places and files of those that its statement would have to name

    def folder(self, place: str, folder: Folder) -> None:
        names = sorted(folder.files)
        if len(names) > _MAX_FILES:
            self.problems.append(f"there are {len(names)} time stamps of one thing, more than can be")
            return
        lists = {n: name for name in names if "/" not in name and (n := stamps.list_number(name)) is not None}
        for name in names:
            parsed = stamps.parse(name) if "/" not in name else None
            if parsed is None:
                if name not in lists.values():
                    self.problems.append(f"{place}: {shown(name)} is no file of a time stamp")
                continue
            if not parsed.renewal:
                self._response(place, name, folder.files[name], folder.message, 0)
            elif parsed.renewal in lists:
                message = folder.files[lists[parsed.renewal]]
                self._response(place, name, folder.files[name], message, parsed.renewal)
            else:
                self.problems.append(f"{place}: {name} is over a list that is missing")
        for number, name in lists.items():
            self.problems += self._list(place, number, folder.files[name], folder.files)

    def _response(self, place: str, name: str, data: bytes, message: bytes, renewal: int) -> None:
        where = f"{place}: {name}"
        claimed = stamps.parse(name)
        assert claimed is not None
        roots = dict(self._pins).get(claimed.authority)
        found = None
        for authority, pinned in self._pins:
            token, problems = check_response(data, message, pinned, at=self._at)
            if token is not None and all(problem.is_harmless for problem in problems):
                found = authority
                break
        else:
            # Nobody vouches for it; with the roots of who is said to have given it, all that is wrong is told.
            token, problems = check_response(data, message, roots or (), at=self._at)
        wrong = [p for p in problems if not p.is_harmless]
        if found is None and token is not None and roots is None and all(p.name is Name.UNTRUSTED for p in wrong):
            if self._pins:
                self.doubts.append(f"{where} is of an authority that is not trusted here: {_signer(token)}")
        elif wrong:
            self.problems += [f"{where}: {problem}" for problem in wrong]
            return
        assert token is not None
        if stamps.file_name(claimed.authority, token.gen_time, _expiry(token), renewal) != name:
            self.problems.append(f"{where}: its name is not what its content makes it")
        if found is not None and found != claimed.authority and roots is not None:
            self.problems.append(f"{where}: it is of {found}, and called one of {claimed.authority}")
        if found is not None and token.gen_time > shifted(self._at, TOLERANCE):
            self.doubts.append(
                f"{where}: its time, {rfc3339(token.gen_time)}, is still to come by this machine's clock: one is wrong"
            )
        self.read.append(Read(place, name, token, found, renewal))
        for problem in problems:
            if problem.name is Name.EXPIRED_SINCE:
                self.notes.append(
                    f"{where}: {problem}; openssl needs `-attime {int(token.gen_time.timestamp())}` to verify it"
                )

    def _list(self, place: str, number: int, data: bytes, files: Mapping[str, bytes]) -> Iterator[str]:
        """The list of a renewal must name all that came before it, as it is."""
        where = f"{place}: {stamps.list_file(number)}"
        earlier = {name: content for name, content in files.items() if _renewal_of(name) < number}
        named: dict[str, str] = {}
        for line in data.decode("ascii", "replace").splitlines():
            found = _LINE.fullmatch(line)
            if found is None or found[2] in named:
                yield f"{where} has a line that it cannot have: {shown(line)}"
                return
            named[found[2]] = found[1]
        for name in sorted(named.keys() | earlier.keys()):
            if name not in earlier:
                yield f"{where} names {name}, which is missing"
            elif name not in named:
                if self._came_later(place, name, named):
                    continue
                yield f"{where} does not name {name}"
            elif hashlib.sha256(earlier[name]).hexdigest() != named[name]:
                yield f"{where} names another {name}"

    def _came_later(self, place: str, name: str, named: Collection[str]) -> bool:
        """Whether a response can have come when the list was there already: what a list names was there before it."""
        times = {each.file: each.token.gen_time for each in self.read if each.place == place}
        last = max((times[each] for each in named if each in times), default=None)
        return name in times and last is not None and shifted(times[name], TOLERANCE) >= last

    def named(self, statement: Mapping[str, Any], before: Folder | None) -> None:
        """Responses that the statement names must be there, and say what it says of them; others prove nothing."""
        said = statement.get("sealed_after")
        listed = said["stamps"] if said else []
        wanted = {each["sha256"]: each for each in listed}
        there = {hashlib.sha256(each.token.data).hexdigest(): each for each in self.read if each.place == "before"}
        for sha256, each in wanted.items():
            read = there.get(sha256)
            if read is None:
                self.doubts.append(f"the time stamp that its statement names, of {each['authority']}, is not here")
            elif (rfc3339(read.token.gen_time), read.claimed) != (each["time"], each["authority"]):
                self.problems.append(f"before: {read.file} is not of the time and authority that the statement says")
        for sha256, read in there.items():
            if sha256 not in wanted and not read.renewal:
                self.unnamed.add((read.place, read.file))
                self.problems.append(f"before: {read.file} is not named in the statement, and so says nothing of it")


def _interval(read: Iterable[Read]) -> Interval:
    after, before = list[Attested](), list[Attested]()
    for each in read:
        who, vague = each.authority or each.claimed, each.token.accuracy or timedelta()
        if each.place == "before":
            after.append(Attested(who, shifted(each.token.gen_time, -vague)))
        else:
            before.append(Attested(who, shifted(each.token.gen_time, vague)))
    return intervals.interval(after, before)


def _check_interval(statement: Mapping[str, Any], used: Collection[Read], found: Interval, *, vouched: bool) -> Check:
    """What the statement says of its own times must agree with what the authorities say."""
    problems = []
    began, ended = parse_rfc3339(statement["started_at"]), parse_rfc3339(statement["ended_at"])
    for each in used:
        time, who = each.token.gen_time, each.authority or each.claimed
        if each.place == "before" and time > shifted(began, TOLERANCE):
            problems.append(
                f"it says to have begun at {statement['started_at']}, before the time stamp that it names was given by "
                f"{who}, {rfc3339(time)}"
            )
        if each.place != "before" and time < shifted(ended, -TOLERANCE):
            problems.append(
                f"it says to have ended at {statement['ended_at']}, after {who} had stamped it, {rfc3339(time)}"
            )
    if not found.is_possible:
        problems.append("it was sealed before it can have been: one of the authorities says a wrong time")
    if found == Interval():
        return skipped("interval", _NONE)
    doubts = () if vouched else ("this is what time stamps say that nobody trusted here has given",)
    return judged("interval", intervals.worded(found), problems, doubts)


def _counted(read: Sequence[Read]) -> str:
    counts = Counter("renewal" if each.renewal else each.place for each in read)
    said = [f"{counts[place]} over {what}" for place, what in _PLACES.items() if counts[place]]
    return ", ".join(said) or "none that can be read"


def _renewal_of(name: str) -> int:
    """The renewal that a file is part of."""
    number = stamps.list_number(name)
    if number is not None:
        return number
    parsed = stamps.parse(name)
    return parsed.renewal if parsed else stamps.MAX_RENEWALS + 1


def _expiry(token: Token) -> datetime:
    return token.signer.not_after if token.signer else token.gen_time


def _signer(token: Token) -> str:
    return token.signer.subject if token.signer else "nobody"

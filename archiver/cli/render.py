"""What people and programs read: the live line, the summary, JSON Lines."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click
import orjson
from cryptography.hazmat.primitives.hashes import SHA256

from archiver import clock
from archiver.archive import Archive, Captured
from archiver.cli.text import printable
from archiver.custody import Stated
from archiver.errors import StorageError
from archiver.index.queries import Withdrawal
from archiver.model import Outcome, Result
from archiver.moments import parse_rfc3339
from archiver.regions.model import KINDS
from archiver.seal import keys
from archiver.seal.authority import Authority
from archiver.seal.interval import WANTED, Interval, worded
from archiver.storage.descriptor import Descriptor
from archiver.verify.timestamps import Times
from archiver.verify.verdict import Verdict

if TYPE_CHECKING:
    from archiver.capture.capture import Progress


def size(count: int) -> str:
    """A number of bytes for people: `1.4 MB`."""
    value = float(count)
    for unit in ("B", "kB", "MB"):
        if round(value, 0 if unit == "B" else 1) < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


_ABILITIES = {
    "create_only": "creates an object only once",
    "versions": "keeps older versions",
    "object_lock": "can lock objects",
    "checks_sha256": "refuses what does not match its SHA-256",
    "checks_md5": "refuses what does not match its MD5",
    "ranges": "gives parts of objects",
}


def abilities(made: Descriptor) -> list[str]:
    """What the stores of an archive were found to do, a line each."""
    seen = made.abilities
    lines = [f"the store {text}: {_yes(seen[name])}" for name, text in _ABILITIES.items() if name in seen]
    of_evidence = made.abilities.get("evidence")
    if made.evidence is not None and isinstance(of_evidence, dict):
        days = made.retention_days
        kept = f", each object kept for {days} {'day' if days == 1 else 'days'}" if days else ""
        lines.append(f"the snapshots are in {made.evidence}{kept}")
        lines += [f"that store {text}: {_yes(of_evidence.get(name))}" for name, text in _ABILITIES.items()]
    return lines


def key(made: Descriptor) -> list[str]:
    """Who signs for an archive, and where the key to do so lies; nothing where there is none."""
    if made.key is None:
        return []
    path = keys.path_of(made.id)
    kept = f"its private part is {path}: back it up" if path.exists() else "its private part was given"
    return [f"signed with the key {made.key}", kept]


def _yes(value: object) -> str:
    return "yes" if value is True else "no" if value is False else "not known"


def distance(seconds: float) -> str:
    """How far two moments are apart, for people: `3 days 2 h`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "day" if days == 1 else "days"), (hours, "h"), (minutes, "min"), (rest, "s")]
    shown = [f"{count} {unit}" for count, unit in parts if count]
    return " ".join(shown[:2]) or "0 s"


def withdrawal(said: Withdrawal) -> str:
    """When a capture was withdrawn, by whom and why, for people."""
    at = "at an unknown moment" if said.at is None else f"{said.at:%Y-%m-%d %H:%M:%S} UTC"
    by = f" by {said.operator}" if said.operator else ""
    return f"withdrawn {at}{by}: {said.reason or 'the statement that says why cannot be read'}"


def custody(said: Stated) -> str:
    """When the evidence of a capture was handed out, by whom and why, and which bundle that was, for people."""
    if said.statement is None:
        return f"entry {said.index}, which is to say that the evidence was handed out, does not count: {said.problem}"
    at, operator = parse_rfc3339(said.statement["handed_out_at"]), said.statement.get("operator")
    by = f" by {operator}" if operator else ""
    bundle = f"SHA-256 {said.statement['sha256'][:16]}…, {size(said.statement['bytes'])}"
    return f"handed out {at:%Y-%m-%d %H:%M:%S} UTC{by}: {said.statement['reason']} ({bundle}; entry {said.index})"


def custody_object(said: Stated) -> dict[str, Any]:
    """A custody entry, as `--json` prints it: what it says, or why it does not count."""
    return {"log_index": said.index, **({"problem": said.problem} if said.statement is None else said.statement)}


def program() -> str:
    """How to call this program again: by its name where it is on the path, else as it was called."""
    if shutil.which("archiver"):
        return "archiver"
    with contextlib.suppress(OSError):  # the current folder was deleted
        return shlex.quote(os.path.relpath(sys.argv[0]))
    return shlex.quote(sys.argv[0])


def note(text: str) -> None:
    """One line on stderr that is no error."""
    click.echo(f"archiver: note: {printable(text)}", err=True)


def derivation(statement: dict[str, Any]) -> str:
    """Where a snapshot comes from, as a statement of the log has it, in one line."""
    said = statement.get("object")
    named = said if isinstance(said, dict) else {}
    place = named.get("url") or named.get("outlet") or named.get("author") or "something without a name"
    return f"{statement.get('relation')} of {place}: {statement.get('status')}, as stated {statement.get('made_at')}"


def regions(statement: dict[str, Any]) -> list[str]:
    """How many regions a statement says there are of each kind, in a line; nothing where it says nothing of them."""
    said = statement.get("regions")
    if not isinstance(said, dict):
        return []
    counts = [f"{said[kind]} {kind}" for kind in KINDS if isinstance(said.get(kind), int)]
    more = "; some of the page was not looked at" if said.get("partial") is True else ""
    return [f"{', '.join(counts) or 'none'}{more}"]


def sealed_object(found: Interval) -> dict[str, Any]:
    """An interval that time stamps attest, as `--json` prints it."""
    return {
        "after": None if found.after is None else clock.rfc3339(found.after),
        "after_by": list(found.after_by),
        "before": None if found.before is None else clock.rfc3339(found.before),
        "before_by": list(found.before_by),
    }


def times(found: Times) -> list[str]:
    """What time stamps say of a snapshot, for people: the interval, and what is wrong or not known."""
    if found.timestamps.verdict is Verdict.SKIPPED:
        return ["no time stamp says when it was sealed"]
    problems = [*found.timestamps.problems, *found.interval_check.problems]
    bad = found.timestamps.verdict is Verdict.FAIL or found.interval_check.verdict is Verdict.FAIL
    lines = [worded(found.interval)]
    return lines + [f"  {'wrong' if bad else 'note'}: {problem}" for problem in problems]


def authorities(configured: Iterable[Authority]) -> list[str]:
    """Who is asked for time stamps, and the roots that they must lead to."""
    return [
        f"time stamps from {each.name}, whose root is {root.subject.rfc4514_string()} "
        f"(SHA-256 {root.fingerprint(SHA256()).hex()}, until {root.not_valid_after_utc:%Y-%m-%d})"
        for each in configured
        for root in each.roots
    ]


def authorities_object(configured: Iterable[Authority]) -> dict[str, Any]:
    """The same, as `--json` prints it. The URLs are left out: there may be keys in them."""
    return {
        "authorities": [
            {"name": each.name, "roots": [root.fingerprint(SHA256()).hex() for root in each.roots]}
            for each in configured
        ]
    }


def note_unsigned(archive: Archive) -> None:
    """Tell that what was just entered is in no signed checkpoint, if so."""
    if archive.unsigned is not None:
        note(f"it is in the log, but the log was not signed: {archive.unsigned}")


class LiveLine:
    """One line on stderr, rewritten while a capture runs; nothing where stderr is not a terminal."""

    def __init__(self, stream: TextIO, *, enabled: bool) -> None:
        self._stream = stream
        self._enabled = enabled and stream.isatty()

    def show(self, progress: Progress) -> None:
        if not self._enabled:
            return
        text = (
            f"{progress.step:<13} {progress.exchanges:>4} exchanges  "
            f"{size(progress.size_bytes):>9}  {progress.elapsed_s:5.1f} s"
        )
        self._write(text)

    def say(self, text: str) -> None:
        if self._enabled:
            self._write(text)

    def count(self, done: int, total: int, under_way: int) -> None:
        if self._enabled:
            self._write(f"{done} of {total} URLs done, {under_way} under way")

    def clear(self) -> None:
        if self._enabled:
            self._write("")

    def _write(self, text: str) -> None:
        try:
            self._stream.write("\r\x1b[K" + text[: shutil.get_terminal_size().columns - 1])
            self._stream.flush()
        except OSError:
            self._enabled = False  # the terminal is gone; the capture is not


def _short(text: str, characters: int = 300) -> str:
    """Text of a page that fits a terminal; all of it is in the statement and the WARC."""
    return printable(text if len(text) <= characters else text[:characters] + " …")


def summary(captured: Captured, archive_option: str, change: str | None = None, change_error: str | None = None) -> str:
    """What was captured, in words, with what to look at next.

    `change` says what changed since the capture before, `change_error` why that is not known.
    """
    recording, snapshot = captured.recording, captured.snapshot
    counts = Counter(x.result for x in recording.exchanges)
    elapsed = (recording.ended_at - recording.started_at).total_seconds()
    lines = [
        f"{_OUTCOMES[recording.outcome]}  {_short(recording.url)}",
        f"  title      {_short(recording.title) or '(none)'}",
    ]
    if recording.final_url and recording.final_url != recording.url:
        lines.append(f"  led to     {_short(recording.final_url)}")
    answered = counts[Result.RECORDED] + counts[Result.TRUNCATED]
    if change is not None:
        lines.append(f"  change     {change}")
    lines += [
        f"  captured   {recording.started_at:%Y-%m-%d %H:%M:%S} UTC, in {elapsed:.1f} s",
        f"  recorded   {answered} exchanges{_others(counts)}",
        *(f"  regions    {said}" for said in regions(snapshot.statement)),
        f"  WARC       {snapshot.where}  ({size(snapshot.warc_artifact['bytes'])})",
        f"  SHA-256    {snapshot.warc_artifact['sha256']}",
        f"  snapshot   {snapshot.id}",
        f"  log        entry {snapshot.log_index}{_signed(captured)}",
    ]
    if captured.sealed is not None:
        lines.append(f"  time       {worded(captured.sealed)}")
    lines += [f"  warning    {_short(w.message, 1000)}" for w in recording.warnings]
    if captured.index_error:
        lines.append(f"  warning    the snapshot is stored, but {captured.index_error}")
    if captured.checkpoint_error:
        lines.append(f"  warning    the snapshot is stored, but the log was not signed: {captured.checkpoint_error}")
    if captured.sealed is not None and len(captured.sealed.before_by) < WANTED:
        lines += [f"  warning    {_short(failure, 1000)}" for failure in captured.unstamped.values()]
        lines.append(
            f"  warning    the snapshot is stored, but time-stamped by {len(captured.sealed.before_by)} of {WANTED} "
            f"authorities: `{program()}{archive_option} seal retry` asks again, and so do workers"
        )
    if change_error:
        lines.append(
            f"  warning    the snapshot is stored, but not compared with the one before: {_short(change_error, 1000)}"
        )
    look = f"  look       {program()}{archive_option} get {snapshot.id[:20]}"
    lines.append(f"  verify     {program()}{archive_option} verify {snapshot.id[:20]}")
    if not recording.renditions:
        return "\n".join([*lines, f"{look} --as exchanges (what was and was not recorded), or warc"])
    lines += [
        f"{look} --as full-screenshot -o page.png",
        "             --as pdf, html, text, dom, exchanges (what was and was not recorded), wacz, warc give the rest;",
        "             --as evidence gives one file for somebody else to verify",
    ]
    return "\n".join(lines)


def _signed(captured: Captured) -> str:
    return "" if captured.checkpoint is None else f", in the checkpoint signed at {captured.checkpoint} entries"


_OUTCOMES = {Outcome.COMPLETE: "Complete", Outcome.PARTIAL: "Partial ", Outcome.FAILED: "Failed  "}
_WORDS = {
    Result.TRUNCATED: "of them cut short",
    Result.FAILED: "without an answer",
    Result.REFUSED: "refused by the guard",
}


def _others(counts: Counter[Result]) -> str:
    parts = [f"{counts[result]} {words}" for result, words in _WORDS.items() if counts[result]]
    return f"; {', '.join(parts)}" if parts else ", all that were asked for"


def snapshot_object(captured: Captured) -> dict[str, Any]:
    """The object `capture --json` prints."""
    recording, snapshot = captured.recording, captured.snapshot
    return {
        "type": "snapshot",
        "id": snapshot.id,
        "url": recording.url,
        "final_url": recording.final_url,
        "captured_at": snapshot.statement["started_at"],
        "outcome": str(recording.outcome),
        "http_status": recording.main.status if recording.main else None,
        "exchanges": len(recording.exchanges),
        "not_recorded": captured.not_recorded,
        "warc": snapshot.where,
        "warc_sha256": snapshot.warc_artifact["sha256"],
        "log_index": snapshot.log_index,
        "checkpoint": captured.checkpoint,
        "checkpoint_error": captured.checkpoint_error,
        "sealed": None if captured.sealed is None else sealed_object(captured.sealed),
        "unstamped": dict(captured.unstamped),
        "warnings": [{"code": w.code, "message": w.message} for w in recording.warnings],
    }


def print_json(value: dict[str, Any]) -> None:
    """One JSON object on a line of its own, on stdout."""
    sys.stdout.buffer.write(orjson.dumps(value) + b"\n")
    sys.stdout.buffer.flush()


def write_new(path: Path, pieces: Iterator[bytes]) -> None:
    """Write a file: all of it or nothing; an existing one stays as it is. Raises `StorageError`."""
    try:
        with path.open("xb") as stream:
            try:
                stream.writelines(pieces)
            except BaseException:
                path.unlink()
                raise
    except FileExistsError:
        raise StorageError(f"{path} exists already; give another name with -o") from None
    except OSError as error:
        raise StorageError(f"{path} could not be written: {error.strerror}") from None

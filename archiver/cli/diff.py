"""`archiver diff`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from archiver import changes, sealing
from archiver.archive import Archive
from archiver.changes import Change
from archiver.cli import render
from archiver.cli.options import Globals
from archiver.cli.text import printable
from archiver.difference.picture import PictureChange
from archiver.difference.text import Hunk, Line
from archiver.errors import UsageError
from archiver.seal.interval import worded
from archiver.snapshot import Snapshot
from archiver.verify.verdict import Verdict

_MAX_CHARACTERS = 300
_COLOURS = {"-": "red", "+": "green"}
_SHOWN = {"full_page": "full page", "viewport": "viewport"}


@click.command()
@click.argument("references", metavar="REF [REF]", nargs=-1, required=True)
@click.option("--text", "as_text", is_flag=True, help="The text that differs, sentence by sentence, as a unified diff.")
@click.option("--visual", is_flag=True, help="A PNG: the page before, after, and what differs in red, side by side.")
@click.option("-o", "--output", metavar="FILE|-", help="Write --text or --visual there; - is standard output.")
@click.pass_obj
def diff(globals_: Globals, references: tuple[str, ...], as_text: bool, visual: bool, output: str | None) -> None:
    """Show what changed between two snapshots, or since the complete one of its URL before.

    REF is an id or the beginning of one, a URL, URL@TIME, or `latest`; the first is the older one. The exit code is 0
    whether they differ or not: `"kind"` in --json says which.
    """
    if len(references) > 2:
        raise UsageError(f"{len(references)} snapshots were named; name one or two")
    if as_text and visual:
        raise UsageError("--text and --visual are two forms; give one of them")
    if output is not None and not (as_text or visual):
        raise UsageError("-o is for --text or --visual; give one of them, or leave it out")
    to_stdout = output in (None, "-")
    if visual and to_stdout and (globals_.json or sys.stdout.isatty()):
        raise UsageError("a picture cannot be shown here; write it to a file: --visual -o FILE.png")
    with Archive(globals_.load().settings) as archive:
        before, after = changes.pair(archive, references)
        if visual:
            data, _ = changes.visual(before, after)
            _write([data], output, globals_)
            if globals_.json:
                render.print_json(_object(changes.compare(before, after)))
        elif as_text:
            _text(before, after, output, globals_)
        elif globals_.json:
            render.print_json(_object(changes.compare(before, after)))
        else:
            _say(changes.compare(before, after), [_sealed(archive, each) for each in (before, after)])


def _write(pieces: Iterable[bytes], output: str | None, globals_: Globals) -> None:
    if output is None or output == "-":
        sys.stdout.buffer.writelines(pieces)
        sys.stdout.buffer.flush()
        return
    render.write_new(Path(output), iter(pieces))
    if not globals_.quiet:
        click.echo(f"what differs was written to {output}", err=True)


def _object(change: Change) -> dict[str, Any]:
    return {"type": "change", **changes.document(change)}


# as text


def _text(before: Snapshot, after: Snapshot, output: str | None, globals_: Globals) -> None:
    compared, hunks = changes.text_hunks(before, after)
    if globals_.json:
        told = _object(changes.compare(before, after)) | {"hunks": [_hunk_object(hunk) for hunk in hunks]}
        render.print_json(told)
        if output in (None, "-"):
            return
    if output in (None, "-"):
        coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        for line in _unified(before, after, hunks, coloured=coloured):
            click.echo(line, color=coloured)
    else:
        lines = _unified(before, after, hunks, coloured=False)
        _write((f"{line}\n".encode() for line in lines), output, globals_)
    if not hunks and not globals_.quiet:
        click.echo(f"the text of the {compared} is the same", err=True)


def _hunk_object(hunk: Hunk) -> dict[str, Any]:
    return {
        "head": hunk.head,
        "lines": [{"sign": line.sign, "text": line.text, "marked": line.marked} for line in hunk.lines],
    }


def _unified(before: Snapshot, after: Snapshot, hunks: Iterable[Hunk], *, coloured: bool) -> Iterator[str]:
    """A unified diff; on a terminal in colours, with the words that differ marked."""
    for number, hunk in enumerate(hunks):
        if not number:
            yield from (f"{sign} {_title(snapshot)}" for sign, snapshot in (("---", before), ("+++", after)))
        yield click.style(hunk.head, fg="cyan") if coloured else hunk.head
        for line in hunk.lines:
            yield _coloured(line) if coloured else printable(line.sign + line.text)


def _coloured(line: Line) -> str:
    colour = _COLOURS.get(line.sign)
    if colour is None:
        return printable(line.sign + line.text)
    parts, at = [click.style(line.sign, fg=colour)], 0
    for start, end in line.marked:
        parts.append(click.style(printable(line.text[at:start]), fg=colour))
        parts.append(click.style(printable(line.text[start:end]), fg=colour, reverse=True))
        at = end
    parts.append(click.style(printable(line.text[at:]), fg=colour))
    return "".join(parts)


def _title(snapshot: Snapshot) -> str:
    return f"{printable(snapshot.id)}\t{printable(snapshot.statement['started_at'])}"


# for people


def _sealed(archive: Archive, snapshot: Snapshot) -> str | None:
    """In which interval a snapshot was sealed, as time stamps say; None where none says anything."""
    capture, _ = archive.locate(snapshot.id)
    times = sealing.sealed(archive, capture, snapshot.statement)
    return None if times is None or times.timestamps.verdict is Verdict.SKIPPED else worded(times.interval)


def _say(change: Change, sealed: list[str | None]) -> None:
    lines = [changes.sentence(change), *(f"  {name:<13}{value}" for name, value in _rows(change, *sealed))]
    for line in lines:
        click.echo(printable(line))


def _rows(change: Change, before: str | None, after: str | None) -> Iterator[tuple[str, str]]:
    assert change.before_at is not None
    since = change.since_s or 0.0
    yield "before", f"{change.before}  {change.before_at:%Y-%m-%d %H:%M:%S} UTC"
    if before is not None:
        yield "", before
    apart = f"{render.distance(abs(since))} {'later' if since >= 0 else 'earlier'}"
    yield "after", f"{change.after}  {change.after_at:%Y-%m-%d %H:%M:%S} UTC, {apart}"
    if after is not None:
        yield "", after
    yield "status", _pair(*(str(status or "none") for status in change.status))
    yield "final URL", _pair(change.final_url[0] or "", change.final_url[1])
    yield "title", _pair(change.title[0] or "(none)", change.title[1] or "(none)")
    old, new = (None if count is None else render.size(count) for count in change.document_bytes)
    if old and new:
        yield "document", _pair(old, new)
    if change.text is not None:
        text = change.text
        most = "" if text.exact else "at most "
        differs = "the same" if text.same else f"{most}+{text.added} \u2212{text.removed} words"
        yield "text", f"{differs}, {text.after} words, of the {'article' if text.compared == 'article' else 'page'}"
    if change.page_text_same is not None:
        yield "all text", "the same, byte for byte" if change.page_text_same else "differs"
    if change.picture is not None:
        yield "picture", _picture(change.picture)
    for why in change.not_compared:
        yield "not compared", why


def _picture(seen: PictureChange) -> str:
    sizes = _pair(*(f"{width} × {height} px" for width, height in (seen.before, seen.after)))
    if seen.box is None:
        return f"the same, {_SHOWN[seen.shown]}, {sizes}"
    left, top, right, bottom = seen.box
    where = f"between {left}, {top} and {right}, {bottom}"
    return f"{changes.percent(seen.share)} different, {_SHOWN[seen.shown]}, {sizes}, {where}"


def _pair(old: str, new: str) -> str:
    short = [text if len(text) <= _MAX_CHARACTERS else f"{text[:_MAX_CHARACTERS]} …" for text in (old, new)]
    return short[0] if old == new else f"{short[0]} → {short[1]}"

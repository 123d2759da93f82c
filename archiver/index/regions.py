"""Texts of regions in the index: put in, taken away, and searched for a stretch of text.

Statements do not have them: they lie in the WARCs, one record a snapshot. So these tables are no part of following the
log. Whoever searches puts in what is not there yet; `unread` says what that is. A text that many captures carry is
there once. Of a withdrawn capture nothing stays.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from archiver import marks
from archiver.index.database import Database
from archiver.index.facts import plain
from archiver.index.schema import STORED, captures, region_reads, region_texts, regions

#: SQLite takes patterns of 50,000 bytes
MAX_SOUGHT_CHARACTERS = 6_000
_DIGEST_BYTES = 16  # of SHA-256: two texts with one hash are not to be found
_IN = 500  # values of one IN: SQLite takes 999 in old versions
_STORED = sorted(state.value for state in STORED)
T = TypeVar("T")
_UNSEEN = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")


@dataclass(frozen=True)
class RegionText:
    """What of a region is searched: its number in its inventory, counted from 1, its kind, and all its text."""

    number: int
    kind: str
    text: str


@dataclass(frozen=True)
class Sought:
    """What is looked for: regions whose text has this stretch, as `fold` gives it; of these kinds, or of any."""

    folded: str
    kinds: tuple[str, ...] = ()


def fold(text: str) -> str:
    """A text as it is searched: NFKC, without case, with one space for white space, without what nobody sees."""
    # Twice: to fold a character can leave what has a shorter form again.
    folded = unicodedata.normalize("NFKC", _UNSEEN.sub("", marks.bounded(plain(text)))).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).split())


def unread(database: Database) -> list[str]:
    """The captures that have a snapshot whose regions are not in the index, by id."""
    query = (
        sa.select(captures.c.id)
        .outerjoin(region_reads, captures.c.id == region_reads.c.id)
        .where(captures.c.state.in_(_STORED), region_reads.c.id.is_(None))
        .order_by(captures.c.id)
    )
    with database.reading() as connection:
        return list(connection.scalars(query))


def put(database: Database, found: Mapping[str, Sequence[RegionText]]) -> None:
    """Put in the regions of captures; one that has none is remembered, too.

    What another process has put in meanwhile stays as it is, and what was withdrawn meanwhile is left out.
    """
    if not found:
        return
    with database.writing() as connection:
        new = _wanted(connection, list(found))
        texts: dict[bytes, str] = {}
        rows = []
        for id_ in new:
            for each in found[id_]:
                text = plain(each.text)
                digest = hashlib.sha256(text.encode()).digest()[:_DIGEST_BYTES]
                texts[digest] = text
                rows.append({"id": id_, "number": each.number, "kind": each.kind, "hash": digest})
        insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        each_once = insert(region_texts).on_conflict_do_nothing()
        values = [{"hash": digest, "text": text, "folded": fold(text)} for digest, text in sorted(texts.items())]
        if values:
            connection.execute(each_once, values)
        if rows:
            connection.execute(sa.insert(regions), rows)
        if new:
            connection.execute(sa.insert(region_reads), [{"id": id_} for id_ in new])


def _wanted(connection: Connection, ids: Sequence[str]) -> list[str]:
    """Those that have a snapshot still, and are not in the index yet."""
    wanted: list[str] = []
    for chunk in _chunks(ids):
        query = (
            sa.select(captures.c.id)
            .outerjoin(region_reads, captures.c.id == region_reads.c.id)
            .where(captures.c.id.in_(chunk), captures.c.state.in_(_STORED), region_reads.c.id.is_(None))
        )
        wanted += connection.scalars(query)
    return wanted


def forget(connection: Connection, ids: Iterable[str]) -> None:
    """Take away the regions of captures, and the texts that no other capture has."""
    for id_ in ids:
        hashes = list(connection.scalars(sa.select(regions.c.hash).where(regions.c.id == id_).distinct()))
        connection.execute(sa.delete(regions).where(regions.c.id == id_))
        connection.execute(sa.delete(region_reads).where(region_reads.c.id == id_))
        for chunk in _chunks(hashes):
            kept = sa.select(regions.c.hash).where(regions.c.hash == region_texts.c.hash).exists()
            connection.execute(sa.delete(region_texts).where(region_texts.c.hash.in_(chunk), ~kept))


def carrying(sought: Sought) -> sa.Select[tuple[str]]:
    """The ids of the captures with such a region."""
    query = sa.select(regions.c.id).join(region_texts, regions.c.hash == region_texts.c.hash)
    return query.where(*_conditions(sought))


def matching(database: Database, ids: Collection[str], sought: Sought) -> dict[str, list[RegionText]]:
    """The regions of some captures that are what is looked for, in the order of their inventory."""
    found: dict[str, list[RegionText]] = {}
    with database.reading() as connection:
        for chunk in _chunks(ids):
            query = (
                sa.select(regions.c.id, regions.c.number, regions.c.kind, region_texts.c.text)
                .join(region_texts, regions.c.hash == region_texts.c.hash)
                .where(regions.c.id.in_(chunk), *_conditions(sought))
                .order_by(regions.c.id, regions.c.number)
            )
            for id_, number, kind, text in connection.execute(query):
                found.setdefault(id_, []).append(RegionText(number, kind, text))
    return found


def _chunks(values: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(values)
    while chunk := list(islice(rest, _IN)):
        yield chunk


def _conditions(sought: Sought) -> Iterator[sa.ColumnElement[bool]]:
    yield region_texts.c.folded.contains(sought.folded, autoescape=True)
    if sought.kinds:
        yield regions.c.kind.in_(sought.kinds)

"""The tables of the index, for SQLite and PostgreSQL alike.

One row a capture. Of one that was withdrawn the row has nothing that its notes say, since a new index could not know
it. URLs can be longer than a database takes into its search trees (PostgreSQL: 2,704 bytes), so they are
searched by a hash of 64 bits, and the text is compared afterwards.
"""

from __future__ import annotations

import hashlib
import ipaddress
from enum import StrEnum
from urllib.parse import urlsplit

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)
from sqlalchemy.sql.type_api import TypeEngine

#: raised whenever the tables, or what goes into them, change; an index of a lower version is made again
VERSION = 5
#: SQLite's `application_id`: only a file that bears it is ever replaced
APPLICATION_ID = 0x41524358  # "ARCX"
MAX_TAG_CHARACTERS = 500
_MAX_HOST_CHARACTERS = 255


class State(StrEnum):
    """What the log says of a capture: its outcome, or why there is none."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    FAILED = "failed"
    PENDING = "pending"  # an intent without a result: under way, or unfinished once its deadline has passed
    LOST = "lost"  # a result whose statement is missing, damaged, or not to be understood
    WITHDRAWN = "withdrawn"  # its content was taken away on purpose, whatever it was before


#: those that have a snapshot
STORED = frozenset({State.COMPLETE, State.PARTIAL})


def _ordered() -> TypeEngine[str]:
    """Text that sorts by code point: PostgreSQL would follow the language of the machine."""
    return Text().with_variant(Text(collation="C"), "postgresql")


metadata = MetaData()

head = Table(
    "head",
    metadata,
    Column("one", Integer, CheckConstraint("one = 1"), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("archive", Text, nullable=False),  # which archive this is the index of
    Column("next_index", BigInteger, nullable=False),  # the slot to go on with
)

captures = Table(
    "captures",
    metadata,
    Column("id", _ordered(), primary_key=True),
    Column("state", Text, nullable=False),
    Column("intent_index", BigInteger),
    Column("intent_commitment", Text),
    Column("result_index", BigInteger),
    Column("result_type", Text),
    Column("result_commitment", Text),
    Column("url", Text),
    Column("url_hash", BigInteger),
    Column("final_url", Text),
    Column("surt", Text),
    Column("surt_hash", BigInteger),
    Column("host", _ordered()),
    Column("captured_at_ms", BigInteger, nullable=False),
    Column("deadline_ms", BigInteger),
    Column("http_status", Integer),
    Column("title", Text),
    Column("case_name", Text),
    Column("warc_bytes", BigInteger),
    Column("withdrawn_index", BigInteger),
    Column("withdrawn_commitment", Text),
    Column("withdrawn_at_ms", BigInteger),
    Column("withdrawn_reason", Text),
    Column("withdrawn_operator", Text),
    Index("captures_by_url", "url_hash", "state", "captured_at_ms"),
    Index("captures_by_surt", "surt_hash"),
    Index("captures_by_host", "host", "captured_at_ms"),
    Index("captures_by_time", "captured_at_ms", "id"),
    Index("captures_by_result", "result_index"),
    Index(
        "captures_pending",
        "deadline_ms",
        sqlite_where=text("state = 'pending'"),
        postgresql_where=text("state = 'pending'"),
    ),
)

tags = Table(
    "tags",
    metadata,
    Column("id", _ordered(), ForeignKey("captures.id"), primary_key=True),
    Column("tag", _ordered(), primary_key=True),
    Index("tags_by_tag", "tag", "id"),
)

duplicates = Table(
    "duplicates",
    metadata,
    Column("log_index", BigInteger, primary_key=True, autoincrement=False),
    Column("id", _ordered(), ForeignKey("captures.id"), nullable=False),
    Column("type", Text, nullable=False),
    Column("commitment", Text, nullable=False),
    Index("duplicates_by_id", "id"),
)

# The sketches of texts, each hash eight bytes, in ascending order.
sketches = Table(
    "sketches",
    metadata,
    Column("id", _ordered(), ForeignKey("captures.id"), primary_key=True),
    Column("url_hash", BigInteger, nullable=False),
    Column("words", Integer, nullable=False),
    Column("scale", BigInteger, nullable=False),
    Column("hashes", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

# By each hash of a sketch the URLs that have it. One captured a thousand times is there once, as one page.
shingles = Table(
    "shingles",
    metadata,
    Column("hash", BigInteger, primary_key=True, autoincrement=False),
    Column("url_hash", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

# What the regions of snapshots say, for `regions`. Not of the log: filled when somebody searches it.
region_texts = Table(
    "region_texts",
    metadata,
    Column("hash", LargeBinary, primary_key=True),
    Column("text", Text, nullable=False),
    Column("folded", Text, nullable=False),
)

regions = Table(
    "regions",
    metadata,
    Column("id", _ordered(), ForeignKey("captures.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("hash", LargeBinary, ForeignKey("region_texts.hash"), nullable=False),
    Index("regions_by_hash", "hash", "id"),
    sqlite_with_rowid=False,
)

# The captures whose regions are in the index, also those that have none.
region_reads = Table(
    "region_reads",
    metadata,
    Column("id", _ordered(), ForeignKey("captures.id"), primary_key=True),
    sqlite_with_rowid=False,
)

# Entries that are of no capture's making, withdrawals among them.
statements = Table(
    "statements",
    metadata,
    Column("log_index", BigInteger, primary_key=True, autoincrement=False),
    Column("type", Text, nullable=False),
    Column("id", _ordered(), nullable=False),
    Column("commitment", Text, nullable=False),
    Index("statements_by_type", "type", "log_index"),
    Index("statements_by_id", "id", "log_index"),
)

unknown_types = Table(
    "unknown_types",
    metadata,
    Column("type", Text, primary_key=True),
    Column("first_index", BigInteger, nullable=False),
    Column("entries", BigInteger, nullable=False),
)

problems = Table(
    "problems",
    metadata,
    Column("log_index", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("id", Text),
    Column("type", Text),
    Column("commitment", Text),
    Column("detail", Text, nullable=False),
)

#: in the order in which everybody locks them, so that nobody waits for each other
TABLES = (
    *(head, captures, tags, duplicates, sketches, shingles, region_texts, regions, region_reads),
    *(statements, unknown_types, problems),
)


def hash_of(value: str) -> int:
    """The 64 bits a URL or SURT is searched by, as a signed number."""
    return int.from_bytes(hashlib.sha256(value.encode("utf-8", "replace")).digest()[:8], "big", signed=True)


def host_key(host: str) -> str:
    """A host turned round, each label with a comma after it: `www.example.com` is `com,example,www,`.

    So a host and everything below it is one stretch of the sorted keys. Addresses stay as they are, with a comma.
    """
    name = host.strip("[]").rstrip(".").lower()
    try:
        return f"{ipaddress.ip_address(name)},"
    except ValueError:
        pass
    try:
        name = name.encode("idna").decode("ascii")
    except UnicodeError:
        pass  # no name DNS knows; it is found as it was written
    return "".join(f"{label}," for label in reversed(name.split(".")))[:_MAX_HOST_CHARACTERS]


def host_of(url: str) -> str | None:
    """The key of a URL's host; None for what has none."""
    try:
        name = urlsplit(url).hostname
    except ValueError:
        return None
    return host_key(name) if name else None

"""A CDXJ held against the records of its WARC: every line, no line too many, none missing."""

from __future__ import annotations

from archiver.errors import StorageError
from archiver.moments import parse_rfc3339, to_ms
from archiver.verify.manifest import Listed, by_record
from archiver.verify.problems import Collected, sentences, shown
from archiver.verify.warc import Record, WarcReading
from archiver.warc import cdxj

_INDEXED = ("response", "resource", "metadata")
_WEBSOCKETS = ("ws:", "wss:")


def check_index(data: bytes, reading: WarcReading, packaged: bool = False) -> list[str]:
    """What is wrong with the index of a WARC.

    `packaged` is for that of a WACZ, which names the WARC differently, says the method in its keys and leaves
    handshakes of WebSockets out. Never raises.
    """
    found: Collected[str] = Collected()
    exchanges = by_record(reading.manifest)
    expected = {
        record.offset: record
        for record in reading.records
        if record.type in _INDEXED and not (packaged and record.url.startswith(_WEBSOCKETS))
    }
    entries: list[cdxj.Entry] = []
    seen: set[int] = set()
    lines = data.split(b"\n")
    if lines.pop():
        found.add("The index does not end with a line end.")
    for number, line in enumerate(lines, 1):
        entry = _parsed(line)
        if isinstance(entry, str):
            found.add(f"Line {number} of the index {entry}.")
            continue
        entries.append(entry)
        record = expected.get(entry.offset)
        if record is None:
            found.add(f"Line {number} of the index names byte {entry.offset}, where no record to be indexed begins.")
        elif entry.offset in seen:
            found.add(f"Line {number} of the index names record {record.number} at byte {entry.offset} again.")
        else:
            for difference in _differences(entry, record, exchanges.get(record.id)):
                found.add(f"Line {number} of the index, of record {record.number}, {difference}.")
        seen.add(entry.offset)
    for offset, record in expected.items():
        if offset not in seen:
            found.add(f"Record {record.number} at byte {offset}, a {record.type}, is missing from the index.")
    filename = "data.warc.gz" if packaged else "capture.warc.gz"
    if not found and cdxj.lines(entries, filename, by_method=packaged) != data:
        found.add("The index is not sorted, or its keys or names of files are not what its lines give.")
    return sentences(found)


def _parsed(line: bytes) -> cdxj.Entry | str:
    if b"\r" in line or not line:
        return "is no index line"
    try:
        (entry,) = cdxj.parse(line, "it")
    except StorageError as error:
        return f"is no index line: {shown(str(error))}"
    return entry


def _differences(entry: cdxj.Entry, record: Record, listed: Listed | None) -> list[str]:
    is_response = record.type == "response"
    pairs: list[tuple[str, object, object]] = [
        ("length", entry.length, record.length),
        ("type", entry.record_type, record.type),
        ("url", entry.url, record.url),
        ("digest", entry.sha256, record.payload_sha256),
        ("status", entry.status, record.status or None),
        ("time", to_ms(entry.moment), _ms(record.date)),
    ]
    if not is_response:
        pairs.append(("mime", entry.media_type, record.media_type.partition(";")[0]))
        pairs.append(("method", entry.method, None))
    elif listed is not None:
        pairs.append(("mime", entry.media_type, listed.media_type or ""))
        pairs.append(("method", entry.method, None if listed.method == "GET" else listed.method))
    return [f"has the {name} {shown(has)}, expected {shown(should)}" for name, has, should in pairs if has != should]


def _ms(date: str) -> int | None:
    try:
        return to_ms(parse_rfc3339(date))
    except ValueError:
        return None

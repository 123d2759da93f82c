"""What the WARC writer writes, read back with nothing but zlib."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from archiver.model import Exchange, Recording, Result
from archiver.warc import cdxj, writer
from tests.unit.recordings import CONNECTION, REQUEST_HEAD, RESPONSE_HEAD, body, exchange, recording, unanswered


@dataclass(frozen=True)
class Member:
    """One gzip member: where it lies, its record's fields in order, its block."""

    offset: int
    length: int
    fields: tuple[tuple[str, str], ...]
    block: bytes

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.fields if key == name]

    def one(self, name: str) -> str:
        (value,) = self.all(name)
        return value

    @property
    def kind(self) -> str:
        return self.one("WARC-Type")


def members(data: bytes) -> list[Member]:
    found = []
    offset = 0
    while offset < len(data):
        unzip = zlib.decompressobj(wbits=31)
        record = unzip.decompress(data[offset:])
        assert unzip.eof, "the last member is cut"
        length = len(data) - offset - len(unzip.unused_data)
        head, _, rest = record.partition(b"\r\n\r\n")
        version, *lines = head.decode("utf-8").split("\r\n")
        assert version == "WARC/1.1"
        fields = tuple((name, value) for name, _, value in (line.partition(": ") for line in lines))
        size = int(dict(fields)["Content-Length"])
        assert rest[size:] == b"\r\n\r\n"
        found.append(Member(offset, length, fields, rest[:size]))
        offset += length
    return found


def written(made: Recording, folder: Path) -> tuple[list[Member], list[cdxj.Entry]]:
    path = folder / "capture.warc.gz"
    entries = writer.write(made, path)
    return members(path.read_bytes()), entries


def write_these(folder: Path, *exchanges: Exchange) -> list[Member]:
    return written(recording(*exchanges), folder)[0]


def kinds(records: Sequence[Member]) -> list[str]:
    return [record.kind for record in records]


def of_kind(records: Sequence[Member], kind: str) -> Member:
    (record,) = [record for record in records if record.kind == kind]
    return record


_TAIL = ["resource", "resource", "metadata", "metadata"]  # text, page information, certificates, manifest


def test_records_come_in_their_order(tmp_path: Path) -> None:
    records = write_these(tmp_path, exchange(0), unanswered(1), exchange(2))
    assert kinds(records) == ["warcinfo", "response", "request", "request", "response", "request", *_TAIL]
    assert [record.one("WARC-Target-URI") for record in records[1:]] == [
        "https://a.test/0",
        "https://a.test/0",
        "https://a.test/1",
        "https://a.test/2",
        "https://a.test/2",
        "urn:text:https://a.test/0",
        "urn:pageinfo:https://a.test/0",
        "urn:tls:https://a.test/0",
        "urn:exchanges:https://a.test/0",
    ]


def test_without_certificates_there_is_no_record_of_them(tmp_path: Path) -> None:
    records, _ = written(recording(certificates=()), tmp_path)
    assert kinds(records) == ["warcinfo", "resource", "resource", "metadata"]


def test_blocks_are_the_very_bytes(tmp_path: Path) -> None:
    data = bytes(range(256)) * 3
    request_head = b"POST / HTTP/1.1\nodd :  header \r\n folded\r\n\r\n"
    records = write_these(
        tmp_path,
        exchange(
            0,
            request_head=request_head,
            request_body=body(data, request_head),
            response_body=body(data[::-1], RESPONSE_HEAD),
        ),
    )
    assert of_kind(records, "request").block == request_head + data
    assert of_kind(records, "response").block == RESPONSE_HEAD + data[::-1]


def test_a_body_on_disk_is_written_whole(tmp_path: Path) -> None:
    data = b"0123456789abcdef" * 50_000
    spooled = tmp_path / "body"
    spooled.write_bytes(data)
    whole = body(data, RESPONSE_HEAD)
    on_disk = type(whole)(whole.size_bytes, whole.sha256, whole.block_sha256, b"", spooled)
    assert of_kind(write_these(tmp_path, exchange(0, response_body=on_disk)), "response").block == RESPONSE_HEAD + data


def test_every_digest_is_right_and_in_lower_case_hexadecimal(tmp_path: Path) -> None:
    request_body = body(b"a=1", REQUEST_HEAD)
    records = write_these(
        tmp_path,
        exchange(0, request_body=request_body),
        unanswered(1, request_body=None),
        unanswered(2, request_body=request_body),
    )
    for record in records:
        assert record.one("WARC-Block-Digest") == "sha256:" + hashlib.sha256(record.block).hexdigest()
        if record.kind in ("request", "response"):
            payload = record.block.partition(b"\r\n\r\n")[2]
            assert record.one("WARC-Payload-Digest") == "sha256:" + hashlib.sha256(payload).hexdigest()
        else:
            assert record.all("WARC-Payload-Digest") == []


def test_a_request_names_its_response_and_shares_its_date(tmp_path: Path) -> None:
    records = write_these(tmp_path, exchange(0), exchange(1))
    for response, request in (records[1:3], records[3:5]):
        assert request.one("WARC-Concurrent-To") == response.one("WARC-Record-ID")
        assert response.all("WARC-Concurrent-To") == []
        assert request.one("WARC-Date") == response.one("WARC-Date")
    assert records[3].one("WARC-Date") == "2026-11-23T08:14:07.124456Z"


def test_two_protocol_lines_say_what_was_spoken_over_what(tmp_path: Path) -> None:
    records = write_these(tmp_path, exchange(0, protocol="h2"))
    for record in records[1:3]:
        assert record.all("WARC-Protocol") == ["h2", "tls/1.3"]
        assert record.one("WARC-Cipher-Suite") == "TLS_AES_128_GCM_SHA256"
        assert record.one("WARC-IP-Address") == "203.0.113.7"


def test_plain_http_has_one_protocol_line_and_no_cipher(tmp_path: Path) -> None:
    records = write_these(tmp_path, exchange(0, connection=1))
    for record in records[1:3]:
        assert record.all("WARC-Protocol") == ["http/1.1"]
        assert record.all("WARC-Cipher-Suite") == []
        assert record.one("WARC-IP-Address") == "203.0.113.7"


def test_without_a_known_connection_nothing_is_said_of_one(tmp_path: Path) -> None:
    records = write_these(tmp_path, exchange(0, connection=None, protocol=None))
    for record in records[1:3]:
        for name in ("WARC-Protocol", "WARC-Cipher-Suite", "WARC-IP-Address"):
            assert record.all(name) == []


def test_an_unanswered_exchange_is_a_lone_request(tmp_path: Path) -> None:
    records, entries = written(recording(unanswered(0, reason="ERR_CONNECTION_RESET")), tmp_path)
    assert kinds(records) == ["warcinfo", "request", *_TAIL]
    assert records[1].all("WARC-Concurrent-To") == []
    assert records[1].block == REQUEST_HEAD
    assert [entry.record_type for entry in entries] == ["resource", "resource", "metadata", "metadata"]


def test_an_exchange_that_was_never_sent_is_only_in_the_manifest(tmp_path: Path) -> None:
    cached = unanswered(0, result=Result.CACHED, request_head=b"", cached_from=9)
    records = write_these(tmp_path, cached)
    assert kinds(records) == ["warcinfo", *_TAIL]
    (listed,) = json.loads(records[-1].block)["exchanges"]
    assert (listed["result"], listed["cached_from"]) == ("cached", 9)


@pytest.mark.parametrize("why", ["length", "time", "disconnect", "unspecified"])
def test_a_cut_body_is_marked_with_the_reason_of_the_standard(why: str, tmp_path: Path) -> None:
    records = write_these(tmp_path, exchange(0, result=Result.TRUNCATED, reason=f"{why}: still coming"), exchange(1))
    assert [record.all("WARC-Truncated") for record in records[1:5]] == [[why], [], [], []]


def test_websocket_frames_are_a_record_after_their_handshake(tmp_path: Path) -> None:
    frames = body(b'{"direction":"sent"}\n')
    handshake = exchange(0, url="wss://a.test/s", frames=frames, response_head=b"HTTP/1.1 101 X\r\n\r\n", status=101)
    records = write_these(tmp_path, handshake, exchange(1, frames=body(b"")))
    assert kinds(records)[:6] == ["warcinfo", "response", "request", "resource", "response", "request"]
    assert records[3].one("WARC-Target-URI") == "urn:websocket:wss://a.test/s"
    assert records[3].block == frames.data
    assert len(records) == 6 + len(_TAIL)


def test_every_record_has_what_the_standard_asks_for(tmp_path: Path) -> None:
    records = write_these(tmp_path, exchange(0), unanswered(1))
    ids = [record.one("WARC-Record-ID") for record in records]
    assert len(set(ids)) == len(ids)
    for record in records:
        assert record.one("WARC-Record-ID").startswith("<urn:uuid:")
        assert record.one("WARC-Date").endswith("Z")
        assert record.one("Content-Type")
    for record in records[1:]:
        assert record.one("WARC-Warcinfo-ID") == ids[0]
        assert record.one("WARC-Page-ID") == "00000000-0000-4000-8000-000000000000"
    types = {record.kind: record.one("Content-Type") for record in records}
    assert types["response"] == "application/http; msgtype=response"
    assert types["request"] == "application/http; msgtype=request"
    assert types["warcinfo"] == "application/warc-fields"


def test_the_warcinfo_says_what_made_it_one_field_a_line(tmp_path: Path) -> None:
    browser = recording().browser
    odd = type(browser)(**(vars(browser) | {"user_agent": "UA\r\nevil: 1"}))
    records, _ = written(recording(browser=odd, resolution_altered=True), tmp_path)
    lines = records[0].block.decode().split("\r\n")
    assert lines.pop() == ""
    fields = dict(line.split(": ", 1) for line in lines)
    assert fields["http-header-user-agent"] == "UA evil: 1"
    assert fields["format"] == "WARC File Format 1.1"
    assert fields["resolution-altered"] == "true"
    assert "evil" not in fields


def test_the_manifest_counts_and_names_every_exchange(tmp_path: Path) -> None:
    records = write_these(
        tmp_path, exchange(0), unanswered(1), exchange(2, trailers=b"x: 1\r\n", interim=(b"HTTP/1.1 103 X\r\n\r\n",))
    )
    manifest = json.loads(records[-1].block)
    assert manifest["counts"] == {"failed": 1, "recorded": 2}
    assert [x["number"] for x in manifest["exchanges"]] == [0, 1, 2]
    assert [x.get("record_id") for x in manifest["exchanges"]] == [
        records[1].one("WARC-Record-ID"),
        None,
        records[4].one("WARC-Record-ID"),
    ]
    assert manifest["exchanges"][2]["trailers"] == "x: 1\r\n"
    assert manifest["exchanges"][2]["interim_responses"] == ["HTTP/1.1 103 X\r\n\r\n"]
    assert [c["address"] for c in manifest["connections"]] == ["203.0.113.7"] * 2
    assert manifest["connections"][0]["answers"] == [{"address": "203.0.113.7", "ttl_s": 60}]


def test_entries_say_where_their_members_lie(tmp_path: Path) -> None:
    records, entries = written(recording(exchange(0), unanswered(1), exchange(2, method="POST", status=404)), tmp_path)
    by_place = {(record.offset, record.length): record for record in records}
    assert [entry.record_type for entry in entries] == ["response", "response", *_TAIL]
    for entry in entries:
        record = by_place[entry.offset, entry.length]
        assert (record.kind, record.one("WARC-Target-URI")) == (entry.record_type, entry.url)
        digest = "WARC-Payload-Digest" if record.kind == "response" else "WARC-Block-Digest"
        assert record.one(digest) == f"sha256:{entry.sha256}"
    assert [(entry.method, entry.status) for entry in entries[:2]] == [("GET", 200), ("POST", 404)]


def test_an_existing_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "capture.warc.gz"
    path.write_bytes(b"precious")
    with pytest.raises(FileExistsError):
        writer.write(recording(exchange(0)), path)
    assert path.read_bytes() == b"precious"


def test_connection_facts_come_from_the_exchanges_own_connection(tmp_path: Path) -> None:
    other = type(CONNECTION)(**(vars(CONNECTION) | {"number": 7, "address": "2001:db8::7", "tls_version": "tls/1.2"}))
    records, _ = written(recording(exchange(0, connection=7), connections=(CONNECTION, other)), tmp_path)
    assert records[1].one("WARC-IP-Address") == "2001:db8::7"
    assert records[1].all("WARC-Protocol") == ["http/1.1", "tls/1.2"]


def test_an_answer_whose_request_could_not_be_read_is_written_all_the_same(tmp_path: Path) -> None:
    answered = exchange(1, request_head=b"", result=Result.TRUNCATED, reason="unspecified: unreadable: the request")
    records = write_these(tmp_path, answered)
    (response,) = [record for record in records if record.kind == "response"]
    assert response.block.startswith(RESPONSE_HEAD)
    assert response.one("WARC-Truncated") == "unspecified"
    assert "request" not in kinds(records)

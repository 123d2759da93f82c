"""Statement, manifest and records held against each other: whatever is dropped, added or altered in one is named."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.verify.contents import check_counts
from archiver.verify.warc import WarcReading, read_warc
from tests.unit.verify.made import made, packed, records

_SNAPSHOT = made(100_000)
_READING = _SNAPSHOT.reading()
# Places in the WARC: info, then response and request of 0, 1, 2; request of 3; of 4 both and its frames; …
_MAIN_RESPONSE, _LONE_REQUEST, _FRAMES = 3, 7, 10


def changed(part: str, change: Callable[[dict[str, Any]], Any]) -> list[str]:
    """The problems when one document is not the one that was written."""
    statement, reading = copy.deepcopy(_SNAPSHOT.statement), _READING
    if part == "statement":
        change(statement)
    else:
        document = copy.deepcopy(getattr(reading, part))
        change(document)
        changes: dict[str, Any] = {part: document}
        reading = replace(reading, **changes)
    return check_counts(statement, reading)


def without(place: int) -> WarcReading:
    plain = records(_SNAPSHOT.warc)
    return read_warc([packed([*plain[:place], *plain[place + 1 :]])])


def test_a_snapshot_of_ours_agrees_with_itself() -> None:
    assert not _READING.problems
    assert check_counts(_SNAPSHOT.statement, _READING) == []


@pytest.mark.parametrize("place", range(1, len(_READING.records)))
def test_no_record_can_be_dropped_unseen(place: int) -> None:
    reading = without(place)
    record = _READING.records[place]
    if record.type == "request" and record.url.endswith("/3"):
        return  # one that got no answer may not have been sent at all
    if record.url.startswith("urn:websocket:"):
        return  # nor need there have been frames
    if record.url.endswith("/5") and record.type == "request":
        return  # the request to an answer that is cut may be lost
    assert check_counts(_SNAPSHOT.statement, reading), record


def _other(record: bytes) -> bytes:
    return record.replace(b"WARC-Record-ID: <urn:uuid:", b"WARC-Record-ID: <urn:uuid:ffffffff-", 1)


@pytest.mark.parametrize("place", [1, 2, _LONE_REQUEST, _FRAMES, 17, 18])
def test_no_record_can_be_added_unseen(place: int) -> None:
    plain = records(_SNAPSHOT.warc)
    more = plain[place].replace(b"https://a.test", b"https://b.test").replace(b"wss://a.test", b"wss://b.test")
    more = more.replace(b"WARC-Concurrent-To: <", b"WARC-Concurrent-To: <x")
    reading = read_warc([packed([*plain[:-1], _other(more), plain[-1]])])
    assert check_counts(_SNAPSHOT.statement, reading), plain[place][:200]


def exchange(number: int) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def find(manifest: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = manifest["exchanges"][number]
        assert found["number"] == number
        return found

    return find


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m["exchanges"].pop(1), "record 4, a response, is named by 0 exchanges"),
        (lambda m: m["exchanges"].pop(3), "a request without a response, belongs to no exchange"),
        (lambda m: m["exchanges"].pop(7), "9 'total', 1 'truncated' exchanges"),
        (lambda m: m["exchanges"].append(exchange(1)(m) | {"number": 9}), "is named by 2 exchanges"),
        (lambda m: m["exchanges"].append(exchange(1)(m)), "two exchanges with the number 1"),
        (lambda m: m["exchanges"].append([]), "exchange 9 of the manifest's list is a list"),
        (lambda m: exchange(1)(m).pop("record_id"), "exchange 1 is 'recorded' with an answer, but names no record"),
        (lambda m: exchange(7)(m).update(response_body_bytes=1), "exchange 7 is 'cached' with an answer"),
        (lambda m: exchange(1)(m).update(record_id="<x>"), "names the record '<x>', which is no response"),
        (lambda m: exchange(1)(m).update(url="https://b.test/"), "exchange 1 has the URL 'https://b.test/'"),
        (lambda m: exchange(1)(m).update(status=404), "exchange 1 has the status 404"),
        (lambda m: exchange(1)(m).update(response_body_sha256="00" * 32), "exchange 1 has the SHA-256 of the body"),
        (lambda m: exchange(1)(m).update(response_body_bytes=9), "exchange 1 has the size of the body 9"),
        (lambda m: exchange(1)(m).update(started_at="2026-11-23T08:14:07.000000Z"), "exchange 1 has the time"),
        (lambda m: exchange(1)(m).update(protocol="h2"), "exchange 1 has the protocols 'h2 tls/1.3'"),
        (lambda m: exchange(1)(m).update(connection=7), "names connection 7, which the manifest does not list"),
        (lambda m: exchange(8)(m).update(connection=0), "exchange 8 has the cipher"),
        (lambda m: exchange(2)(m).update(method="PUT"), "exchange 2 has the method 'PUT' and 3 bytes sent"),
        (lambda m: exchange(2)(m).update(request_body_bytes=4), "has the method 'POST' and 4 bytes sent"),
        (lambda m: exchange(5)(m).update(result="recorded"), "exchange 5 has the reason for being cut ''"),
        (lambda m: exchange(5)(m).update(reason="time: x"), "exchange 5 has the reason for being cut 'time'"),
        (lambda m: exchange(4)(m).update(url="wss://b.test/"), "frames of a WebSocket, belongs to no exchange"),
        (lambda m: exchange(1)(m).update(result="fine"), "has the result 'fine'"),
        (lambda m: exchange(1)(m).update(status=True), "has the status True"),
        (lambda m: exchange(1)(m).update(redirect_of=None), "has the redirect_of None"),
        (lambda m: exchange(1)(m).pop("redirect_of"), "counts 1 redirects"),
        (lambda m: m["counts"].update(cached=2), "the manifest counts 2 'cached'"),
        (lambda m: m["connections"][0].update(address="203.0.113.8"), "exchange 1 has the address '203.0.113.8'"),
        (lambda m: m["connections"][0].update(tls_version="tls/1.2"), "with the tls_version 'tls/1.3'"),
        (lambda m: m["connections"][0].update(certificates_sha256=["00" * 32]), "names the certificate 0000"),
        (lambda m: m["connections"].append(m["connections"][0]), "two connections with the number 0"),
        (lambda m: m.update(page="https://b.test/"), "has the requested_url 'https://a.test/0'"),
        (lambda m: m.update(format="archiver-exchanges/2"), "has the format 'archiver-exchanges/2'"),
        (lambda m: m.update(exchanges={}), "has the exchanges a dict"),
    ],
)
def test_a_manifest_that_differs_is_named(change: Callable[[dict[str, Any]], Any], message: str) -> None:
    problems = changed("manifest", change)
    assert any(message.lower() in problem.lower() for problem in problems), problems


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s["exchanges"].update(total=8), "The statement counts"),
        (lambda s: s["exchanges"].update(cached=0), "The statement counts"),
        (lambda s: s.update(exchanges=None), "The statement counts None"),
        (lambda s: s["main_document"].update(url="https://b.test/"), "which the manifest does not list"),
        (lambda s: s["main_document"].update(status=404), "with the status 404, expected that of exchange 1, 200"),
        (lambda s: s["main_document"].update(sha256="00" * 32), "main document with the sha256"),
        (lambda s: s["main_document"].update(address="203.0.113.8"), "main document with the address"),
        (lambda s: s["main_document"].update(tls_cipher=None), "main document with the tls_cipher"),
        (lambda s: s["main_document"].update(certificate_sha256="00" * 32), "with the certificate_sha256"),
        (lambda s: s["main_document"].update(certificate_verified=1), "with the certificate_verified"),
        (lambda s: s.update(main_document=None), "has the main document None"),
        (lambda s: s.update(redirects=0), "counts 0 redirects to the main document"),
        (lambda s: s["artifacts"].pop(2), "which the statement does not list"),
        (lambda s: s["artifacts"].append(s["artifacts"][2]), "which is no record of the WARC"),
        (lambda s: s["artifacts"][2].update(sha256="00" * 32), "which is no record of the WARC"),
        (lambda s: s["artifacts"][2].update(bytes=6), "which is no record of the WARC"),
        (lambda s: s["artifacts"][2].update(media_type="text/html"), "which is no record of the WARC"),
        (lambda s: s["artifacts"][2].update(sha256=[]), "without media type, SHA-256 or size"),
        (lambda s: s.update(artifacts=None), "which the statement does not list"),
        (lambda s: s.update(requested_url="https://b.test/"), "has the requested_url"),
        (lambda s: s.update(final_url="https://b.test/"), "has the final_url"),
        (lambda s: s.update(title="Another"), "has the title 'Another'"),
        (lambda s: s.update(started_at="2026-11-23T08:14:07.000000Z"), "has the started_at"),
    ],
)
def test_a_statement_that_differs_is_named(change: Callable[[dict[str, Any]], Any], message: str) -> None:
    problems = changed("statement", change)
    assert any(message in problem for problem in problems), problems


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c["certificates"].clear(), "which is not in the WARC"),
        (lambda c: c["certificates"].update({"00" * 32: "x"}), "has another SHA-256"),
        (lambda c: c["certificates"].update(dict.fromkeys(c["certificates"], "")), "has another SHA-256"),
        (lambda c: c["certificates"].update({key: [] for key in c["certificates"]}), "has another SHA-256"),
        (lambda c: c.update(certificates=[]), "the certificates of the warc are a list"),
    ],
)
def test_certificates_that_differ_are_named(change: Callable[[dict[str, Any]], Any], message: str) -> None:
    problems = changed("certificates", change)
    assert any(message.lower() in problem.lower() for problem in problems), problems


def test_nothing_to_compare_with_is_a_problem() -> None:
    problems = check_counts(_SNAPSHOT.statement, replace(_READING, manifest=None, page_information=None))
    assert any("no exchange manifest that can be read" in problem for problem in problems)
    assert any("no page information that can be read" in problem for problem in problems)


def test_documents_are_of_the_page_of_the_statement() -> None:
    plain = records(_SNAPSHOT.warc)
    plain[-1] = plain[-1].replace(b"urn:exchanges:https://a.test/1", b"urn:exchanges:https://a.test/2")
    problems = check_counts(_SNAPSHOT.statement, read_warc([packed(plain)]))
    assert any("urn:exchanges:, is about 'https://a.test/2'" in problem for problem in problems)


def test_redirects_that_go_in_circles_end() -> None:
    def circle(manifest: dict[str, Any]) -> None:
        exchange(0)(manifest)["redirect_of"] = 1
        exchange(1)(manifest)["redirect_of"] = 0

    assert any("expected what the manifest lists, 2" in problem for problem in changed("manifest", circle))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(["manifest", "page_information", "certificates", "statement"]), st.data())
def test_nothing_in_a_document_raises(part: str, data: st.DataObject) -> None:
    def change(document: dict[str, Any]) -> None:
        place: Any = document
        for _ in range(data.draw(st.integers(0, 3))):
            keys = sorted(place) if isinstance(place, dict) else range(len(place))
            inner = [key for key in keys if isinstance(place[key], (dict, list)) and place[key]]
            if not inner:
                break
            place = place[data.draw(st.sampled_from(inner))]
        keys = sorted(place) if isinstance(place, dict) else range(len(place))
        place[data.draw(st.sampled_from(keys))] = data.draw(_JSON)

    changed(part, change)

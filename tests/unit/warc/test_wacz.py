"""What a WACZ holds, and what it makes of statements, indexes and pages that are not as they should be."""

from __future__ import annotations

import copy
import hashlib
import json
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.config import CaptureSettings
from archiver.errors import StorageError
from archiver.model import Recording
from archiver.seal import statement as statements
from archiver.storage import layout
from archiver.warc import cdxj, wacz, writer
from tests.support.memory_store import MemoryStore, ZeroStore
from tests.support.zips import opened
from tests.unit.recordings import BEGAN, body, exchange, recording

_ID = "20261123t081407z-aaaaaaaaaaaaaaaa"
_WARC = layout.warc(_ID)


@dataclass(frozen=True)
class Stored:
    store: MemoryStore
    statement: dict[str, Any]
    index: bytes


def stored(folder: Path, made: Recording | None = None) -> Stored:
    """A small capture as an archive keeps it."""
    made = made or recording(
        exchange(0),
        exchange(1, method="POST", url="https://a.test/api?z=1"),
        exchange(2, url="wss://a.test/0", status=101, frames=body(b"{}")),
    )
    path = folder / "capture.warc.gz"
    index = cdxj.lines(writer.write(made, path), "capture.warc.gz")
    data = path.read_bytes()
    artifact = statements.Artifact(
        "warc", _WARC, "application/warc", len(data), hashlib.sha256(data).hexdigest(), zlib.crc32(data)
    )
    statement = statements.build(_ID, 0, made, [artifact], CaptureSettings(), statements.About())
    return Stored(MemoryStore({_WARC: data}), statement, index)


@pytest.fixture
def small(tmp_path: Path) -> Stored:
    return stored(tmp_path)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Stored:
    return stored(tmp_path_factory.mktemp("shared"))


def files(at: Stored) -> dict[str, bytes]:
    with opened(wacz.load(at.store, at.statement, at.index), at.store) as found:
        assert found.testzip() is None
        return {name: found.read(name) for name in found.namelist()}


def test_it_holds_these_files(small: Stored) -> None:
    found = files(small)
    assert list(found) == [
        "datapackage.json",
        "datapackage-digest.json",
        "pages/pages.jsonl",
        "indexes/index.cdxj",
        "archive/data.warc.gz",
    ]
    assert found["archive/data.warc.gz"] == small.store.objects[_WARC]


def test_the_package_describes_every_other_file(small: Stored) -> None:
    found = files(small)
    package = json.loads(found["datapackage.json"])
    resources = package.pop("resources")
    assert package == {
        "profile": "data-package",
        "wacz_version": "1.1.1",
        "title": "A page",
        "created": "2026-11-23T08:14:07.123456Z",
        "software": small.statement["software"],
        "mainPageUrl": "https://a.test/0",
        "mainPageDate": "2026-11-23T08:14:07.123456Z",
    }
    described = {"datapackage.json", "datapackage-digest.json"} ^ set(found)
    assert {resource["path"] for resource in resources} == described
    for resource in resources:
        data = found[resource["path"]]
        assert resource["bytes"] == len(data)
        assert resource["hash"] == f"sha256:{hashlib.sha256(data).hexdigest()}"
        assert resource["name"] == Path(resource["path"]).name


def test_the_digest_is_of_the_package(small: Stored) -> None:
    found = files(small)
    assert json.loads(found["datapackage-digest.json"]) == {
        "path": "datapackage.json",
        "hash": f"sha256:{hashlib.sha256(found['datapackage.json']).hexdigest()}",
    }


def test_the_first_line_of_the_pages_is_the_header(small: Stored) -> None:
    header, page = map(json.loads, files(small)["pages/pages.jsonl"].splitlines())
    assert header["format"] == "json-pages-1.0"
    assert page == {
        "id": "00000000-0000-4000-8000-000000000000",
        "url": "https://a.test/0",
        "ts": "2026-11-23T08:14:07.123456Z",
        "title": "A page",
    }


def test_the_page_has_the_url_that_was_fetched_whatever_a_script_made_of_it(tmp_path: Path) -> None:
    found = files(stored(tmp_path, recording(exchange(0), final_url="https://a.test/pushed#x")))
    assert json.loads(found["pages/pages.jsonl"].splitlines()[1])["url"] == "https://a.test/0"


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("", "https://a.test/0"),
        (" \n ", "https://a.test/0"),
        ('a\r\nb\u2028c "d"', 'a b c "d"'),
        ("t" * 5000, "t" * 1000),
    ],
)
def test_a_title_is_one_line_of_its_own(tmp_path: Path, title: str, shown: str) -> None:
    found = files(stored(tmp_path, recording(exchange(0), title=title)))
    assert json.loads(found["datapackage.json"])["title"] == shown
    assert [json.loads(line)["title"] for line in found["pages/pages.jsonl"].splitlines()] == ["All Pages", shown]


def test_the_index_names_the_warc_of_the_package_and_nothing_else_is_new(small: Stored) -> None:
    lines = files(small)["indexes/index.cdxj"].splitlines()
    assert lines == sorted(lines)
    values = [orjson.loads(line.split(b" ", 2)[2]) for line in lines]
    assert {value.pop("filename") for value in values} == {"data.warc.gz"}
    before = [orjson.loads(line.split(b" ", 2)[2]) for line in small.index.splitlines()]
    assert all(value.pop("filename") == "capture.warc.gz" for value in before)
    expected = [value for value in before if not value["url"].startswith("wss:")]
    assert len(expected) == len(before) - 1
    assert sorted(values, key=str) == sorted(expected, key=str)


def test_the_index_keys_a_post_apart_from_the_page(small: Stored) -> None:
    found = files(small)["indexes/index.cdxj"]
    assert re.findall(rb"^(test,a\)\S*) ", found, re.MULTILINE) == [b"test,a)/0", b"test,a)/api?__wb_method=post&z=1"]


def test_it_is_the_same_bytes_every_time(small: Stored) -> None:
    first, second = (wacz.load(small.store, copy.deepcopy(small.statement), small.index) for _ in range(2))
    assert first == second
    assert b"".join(first.read(small.store)) == b"".join(second.read(small.store))


def test_these_are_the_bytes(small: Stored) -> None:
    """Also in the next version of the program: a change here is seen by all who keep a digest of a WACZ."""
    index = cdxj.lines([cdxj.Entry("https://a.test/0", BEGAN, "text/html", 200, "cd" * 32, 7, 8, "response")], "x")
    statement = small.statement | {"software": "archiver/1"}
    statement["artifacts"][0] |= {"bytes": 3, "sha256": "ab" * 32, "crc32": zlib.crc32(b"abc")}
    planned = wacz.plan(statement, index, b'{"pageid":"p","title":"A page"}')
    data = b"".join(planned.read(MemoryStore({_WARC: b"abc"})))
    assert (len(data), hashlib.sha256(data).hexdigest()) == (
        1918,
        "cdb6139e13a4f74501d677933d1d0a45b81d8092298ee59c2d66545d812d7867",
    )


def test_only_the_page_information_is_read_to_plan_it(small: Stored) -> None:
    (line,) = (entry for entry in cdxj.parse(small.index, "") if entry.url.startswith("urn:pageinfo:"))
    wacz.load(small.store, small.statement, small.index)
    assert small.store.asked == [(_WARC, line.offset, line.length)]


@given(first=st.integers(0, 1 << 16), length=st.integers(1, 1 << 16))
def test_a_range_within_the_warc_asks_for_exactly_that_range(shared: Stored, first: int, length: int) -> None:
    data = shared.store.objects[_WARC]
    planned = wacz.load(shared.store, shared.statement, shared.index)
    begin = b"".join(planned.read(shared.store)).index(data)
    first %= len(data)
    length = min(length, len(data) - first)
    shared.store.asked.clear()
    assert b"".join(planned.read(shared.store, begin + first, length)) == data[first : first + length]
    assert shared.store.asked == [(_WARC, first, length)]


@given(offset=st.integers(0, 1 << 14), length=st.none() | st.integers(0, 1 << 14))
def test_any_range_is_that_slice_of_the_whole(shared: Stored, offset: int, length: int | None) -> None:
    planned = wacz.load(shared.store, shared.statement, shared.index)
    whole = b"".join(planned.read(shared.store))
    expected = whole[offset:] if length is None else whole[offset : offset + length]
    assert len(whole) == planned.size_bytes
    assert b"".join(planned.read(shared.store, offset, length)) == expected


def test_a_warc_of_more_than_4_gib_needs_no_copy(small: Stored) -> None:
    size = 5 << 30
    small.statement["artifacts"][0] |= {"bytes": size, "crc32": 0}
    planned = wacz.plan(small.statement, small.index, b'{"pageid":"p","title":"t"}')
    store = ZeroStore({_WARC: size})
    with opened(planned, store) as found:
        assert found.getinfo("archive/data.warc.gz").file_size == size
        assert json.loads(found.read("datapackage.json"))["resources"][2]["bytes"] == size
    store.asked.clear()
    assert b"".join(planned.read(store, size, 100)) == bytes(100)
    ((_, offset, length),) = store.asked
    assert (offset > size - 10_000, length) == (True, 100)
    assert store.given_bytes < 1 << 20


def test_a_wrong_crc_is_noticed_while_it_is_read(small: Stored) -> None:
    small.statement["artifacts"][0]["crc32"] ^= 1
    planned = wacz.load(small.store, small.statement, small.index)
    with pytest.raises(StorageError, match="its CRC-32 is not the one that was committed to"):
        b"".join(planned.read(small.store))


# --- What is not as it should be


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("key", None),
        ("bytes", "12"),
        ("bytes", 0),
        ("bytes", -1),
        ("bytes", 1 << 63),
        ("bytes", 1.5),
        ("crc32", None),
        ("crc32", 1 << 32),
        ("crc32", -1),
        ("sha256", "AB" * 32),
        ("sha256", "ab" * 31),
        ("sha256", 5),
        ("role", "cdxj"),
    ],
)
def test_a_statement_that_does_not_describe_its_warc_is_damaged(small: Stored, name: str, value: object) -> None:
    small.statement["artifacts"][0][name] = value
    with pytest.raises(StorageError, match=f"^the statement of {_ID} is damaged"):
        wacz.load(small.store, small.statement, small.index)


@pytest.mark.parametrize("artifacts", [None, [], {}, "text", [5], [{"role": "warc"}]])
def test_a_statement_without_its_warc_is_damaged(small: Stored, artifacts: object) -> None:
    small.statement["artifacts"] = artifacts
    with pytest.raises(StorageError, match=f"^the statement of {_ID} is damaged"):
        wacz.load(small.store, small.statement, small.index)


def test_a_statement_of_two_warcs_is_damaged(small: Stored) -> None:
    small.statement["artifacts"] *= 2
    with pytest.raises(StorageError, match="does not name one WARC"):
        wacz.load(small.store, small.statement, small.index)


@pytest.mark.parametrize(
    "began",
    [
        "yesterday",
        "2026-11-23T08:14:07",
        "2026-11-23T08:14:07+01:00",
        "1979-12-31T23:59:59Z",
        "2108-01-01T00:00:00Z",
        5,
        None,
    ],
)
def test_a_moment_that_no_capture_has_is_damage(small: Stored, began: object) -> None:
    small.statement["started_at"] = began
    with pytest.raises(StorageError, match=f"^the snapshot {_ID} is damaged"):
        wacz.load(small.store, small.statement, small.index)


@pytest.mark.parametrize(
    "information",
    [b"", b"[]", b"null", b'{"pageid":"p"}', b'{"pageid":5,"title":"t"}', b'{"pageid":"p","title":["t"]}', b"\xff"],
)
def test_page_information_that_names_no_page_is_damage(small: Stored, information: bytes) -> None:
    with pytest.raises(StorageError, match=f"^the snapshot {_ID} is damaged: it does not say which page it is of"):
        wacz.plan(small.statement, small.index, information)


def test_without_a_main_document_the_page_has_the_final_url(small: Stored) -> None:
    small.statement["main_document"] = None
    with opened(wacz.load(small.store, small.statement, small.index), small.store) as found:
        assert json.loads(found.read("datapackage.json"))["mainPageUrl"] == "https://a.test/0#part"
    small.statement["main_document"] = "text"
    with pytest.raises(StorageError, match="does not say which page it is of"):
        wacz.load(small.store, small.statement, small.index)


def test_an_index_without_page_information_is_damaged(small: Stored) -> None:
    lines = [line for line in small.index.splitlines(keepends=True) if b"urn:pageinfo:" not in line]
    with pytest.raises(StorageError, match=f"the index of the snapshot {_ID} is damaged: it names no page information"):
        wacz.load(small.store, small.statement, b"".join(lines))


def test_an_answer_that_calls_itself_page_information_is_passed_over(small: Stored) -> None:
    answer = cdxj.Entry("urn:pageinfo:", BEGAN, "text/html", 200, "cd" * 32, 0, 9, "response")
    assert wacz.load(small.store, small.statement, cdxj.lines([answer], "x") + small.index).size_bytes


def test_an_index_that_cannot_be_read_is_damaged(small: Stored) -> None:
    with pytest.raises(StorageError, match=f"the index of the snapshot {_ID} is damaged: line 1"):
        wacz.load(small.store, small.statement, b"no index\n")


def test_page_information_that_is_another_record_is_damage(small: Stored) -> None:
    (page,) = (entry for entry in cdxj.parse(small.index, "") if entry.url.startswith("urn:pageinfo:"))
    wrong = small.index.replace(f'"offset":"{page.offset}"'.encode(), b'"offset":"0"')
    with pytest.raises(StorageError, match="the record at byte 0"):
        wacz.load(small.store, small.statement, wrong)


def test_a_capture_is_dated_by_its_beginning(small: Stored) -> None:
    with opened(wacz.load(small.store, small.statement, small.index), small.store) as found:
        moments = {info.date_time for info in found.infolist()}
    assert moments == {(*BEGAN.timetuple()[:5], BEGAN.second // 2 * 2)}

"""Bodies stay in memory while small, go to disk when large, and their digests are right either way."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.capture.spool import Spool, body_of
from archiver.model import Body
from tests.unit.support import cuts, pieces

_LIMIT_BYTES = 256 * 1024


def content(body: Body) -> bytes:
    return body.path.read_bytes() if body.path else body.data


def assert_describes(body: Body, data: bytes, head: bytes = b"") -> None:
    assert content(body) == data
    assert body.size_bytes == len(data)
    assert body.sha256 == hashlib.sha256(data).hexdigest()
    assert body.block_sha256 == hashlib.sha256(head + data).hexdigest()


@pytest.mark.parametrize("size_bytes", [0, 1, _LIMIT_BYTES])
def test_a_small_body_stays_in_memory(size_bytes: int, tmp_path: Path) -> None:
    data = b"x" * size_bytes
    body = body_of(data, tmp_path)
    assert body.path is None
    assert_describes(body, data)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("piece_bytes", [1000, _LIMIT_BYTES, 3 * _LIMIT_BYTES])
def test_a_large_body_goes_to_disk(piece_bytes: int, tmp_path: Path) -> None:
    data = bytes(range(256)) * (3 * _LIMIT_BYTES // 256)
    spool = Spool(tmp_path)
    for begin in range(0, len(data), piece_bytes):
        spool.write(data[begin : begin + piece_bytes])
    body = spool.close()
    assert body.data == b""
    assert body.path is not None
    assert body.path.parent == tmp_path
    assert_describes(body, data)


def test_large_bodies_have_files_of_their_own(tmp_path: Path) -> None:
    bodies = [body_of(bytes([number]) * (_LIMIT_BYTES + 1), tmp_path) for number in range(3)]
    assert len({body.path for body in bodies}) == 3
    for number, body in enumerate(bodies):
        assert_describes(body, bytes([number]) * (_LIMIT_BYTES + 1))


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=2000), head=st.binary(max_size=50), at=cuts)
def test_any_cuts_and_any_head_give_the_right_digests(data: bytes, head: bytes, at: list[int], tmp_path: Path) -> None:
    spool = Spool(tmp_path, head)
    for piece in pieces(data, at):
        spool.write(piece)
    assert_describes(spool.close(), data, head)

"""HTTP/1.1 messages come out of socket bytes unchanged, wherever the bytes were cut."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from archiver.capture.http1 import (
    Dechunker,
    Framing,
    HeadReader,
    ResponseParser,
    field_values,
    framing_of,
    mark_dechunked,
    status_of,
)
from tests.unit.support import cuts, pieces, seconds

# Split heads


@pytest.mark.parametrize(
    ("data", "end"),
    [
        (b"HTTP/1.1 200 OK\r\nA: 1\r\n\r\nbody", 25),
        (b"HTTP/1.1 200 OK\nA: 1\n\nbody", 22),
        (b"HTTP/1.1 200 OK\r\nA: 1\n\r\nbody", 24),
        (b"HTTP/1.1 200 OK\r\n\r\n", 19),
        (b"HTTP/1.1 200 OK\r\nA: 1\r\n\r", None),
        (b"HTTP/1.1 200 OK\r\nA: 1\r\n", None),
        (b"", None),
    ],
)
def test_a_head_ends_after_its_first_blank_line(data: bytes, end: int | None) -> None:
    heads = HeadReader()
    heads.feed(data)
    head = heads.take()
    assert head == (data[:end] if end is not None else None)
    assert heads.rest() == data[end or 0 :]


@given(
    data=st.lists(st.sampled_from([b"\n", b"\r", b"\r\n", b"a", b"A: b"]), max_size=30).map(b"".join),
    at=cuts,
)
def test_heads_are_the_same_wherever_the_bytes_were_cut(data: bytes, at: list[int]) -> None:
    whole, cut = HeadReader(), HeadReader()
    whole.feed(data)
    expected = list(iter(whole.take, None))
    found: list[bytes] = []
    for piece in pieces(data, at):
        cut.feed(piece)
        found += iter(cut.take, None)
    assert found == expected
    assert cut.rest() == whole.rest()
    assert b"".join(found) + cut.rest() == data


@pytest.mark.parametrize("step", [1 << 14, 1 << 22])
def test_a_header_block_without_end_is_not_kept(step: int) -> None:
    heads = HeadReader()
    for _ in range((1 << 22) // step):
        heads.feed(b"x" * step)
        assert heads.take() is None
    assert heads.overlong
    assert heads.rest() == b""
    heads.feed(b"\r\n\r\n")
    assert heads.take() is None


@pytest.mark.parametrize("size", [1 << 20, (1 << 20) + 1])
@pytest.mark.parametrize("cut", [0, 1, 2, 3, 4])
def test_a_header_block_may_be_a_megabyte_long_however_it_comes(size: int, cut: int) -> None:
    head = b"x" * (size - 4) + b"\r\n\r\n"
    heads = HeadReader()
    heads.feed(head[: size - cut])
    taken = heads.take()
    if cut and taken is None:
        heads.feed(head[size - cut :])
        taken = heads.take()
    assert taken == (head if size <= 1 << 20 else None)
    assert heads.overlong is (size > 1 << 20)


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", 200),
        (b"HTTP/1.0 404\r\n\r\n", 404),
        (b"HTTP/2 503 \r\n\r\n", 503),
        (b"HTTP/1.1  301 Two blanks\r\n\r\n", 301),
        (b"HTTP/1.1 20 OK\r\n\r\n", None),
        (b"HTTP/1.1 OK\r\n\r\n", None),
        (b"ICY 200 OK\r\n\r\n", None),
        (b"X: 1\r\nHTTP/1.1 200 OK\r\n\r\n", None),
        (b"", None),
    ],
)
def test_the_status_comes_from_the_first_line_only(head: bytes, status: int | None) -> None:
    assert status_of(head) == status


def test_field_values_keep_their_order_and_are_found_in_any_case() -> None:
    head = (
        b"HTTP/1.1 200 OK\r\nset-cookie: a\r\nOther: x\r\nSet-Cookie:\tb \r\nSET-COOKIE : c\r\nSet-Cookie2: no\r\n\r\n"
    )
    assert field_values(head, b"set-cookie") == [b"a", b"b", b"c"]


def test_folded_lines_are_joined_with_one_blank() -> None:
    head = b"HTTP/1.1 200 OK\r\nA: one,\r\n\t  two\r\n three\r\nB: x\n y\r\n\r\n"
    assert field_values(head, b"a") == [b"one, two three"]
    assert field_values(head, b"b") == [b"x y"]


def test_the_first_line_and_lines_without_a_colon_are_no_fields() -> None:
    head = b"http: 200\r\ncolonless\r\nA: b:c\r\n\r\n"
    assert field_values(head, b"http") == []
    assert field_values(head, b"colonless") == []
    assert field_values(head, b"a") == [b"b:c"]


# Framing


def head_of(*fields: str, status: int = 200) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status} X", *fields, "", ""]).encode("latin-1")


@pytest.mark.parametrize(
    ("fields", "status", "method", "framing"),
    [
        (["Content-Length: 5"], 200, "GET", (Framing.LENGTH, 5)),
        (["Content-Length: 0"], 200, "GET", (Framing.NONE, 0)),
        (["content-length:  12 "], 200, "POST", (Framing.LENGTH, 12)),
        (["Content-Length: 5"], 200, "HEAD", (Framing.NONE, 0)),
        (["Content-Length: 5"], 204, "GET", (Framing.NONE, 0)),
        (["Transfer-Encoding: chunked"], 304, "GET", (Framing.NONE, 0)),
        (["Transfer-Encoding: chunked"], 200, "HEAD", (Framing.NONE, 0)),
        (["Transfer-Encoding: chunked"], 200, "GET", (Framing.CHUNKED, 0)),
        (["Transfer-Encoding: gzip, Chunked"], 200, "GET", (Framing.CHUNKED, 0)),
        (["Transfer-Encoding: gzip", "Transfer-Encoding: chunked"], 200, "GET", (Framing.CHUNKED, 0)),
        (["Transfer-Encoding: chunked", "Content-Length: 3"], 200, "GET", (Framing.CHUNKED, 0)),
        (["Transfer-Encoding: identity"], 200, "GET", (Framing.CLOSE, 0)),
        (["Transfer-Encoding: identity", "Content-Length: 7"], 200, "GET", (Framing.LENGTH, 7)),
        (["Transfer-Encoding: chunked, gzip"], 200, "GET", (Framing.CLOSE, 0)),
        (["Transfer-Encoding: chunked, gzip", "Content-Length: 7"], 200, "GET", (Framing.CLOSE, 0)),
        (["Transfer-Encoding: gzip", "Content-Length: 7"], 200, "GET", (Framing.CLOSE, 0)),
        (["Transfer-Encoding: chunked,"], 200, "GET", (Framing.CHUNKED, 0)),
        (["\x0bTransfer-Encoding: chunked", "Content-Length: 7"], 200, "GET", (Framing.LENGTH, 7)),
        (["Content-Length: 5, 5", "Content-Length: 5"], 200, "GET", (Framing.LENGTH, 5)),
        (["Content-Length: 5 5"], 200, "GET", (Framing.CLOSE, 0)),
        (["Content-Length: 5, 6"], 200, "GET", (Framing.CLOSE, 0)),
        (["Content-Length: 5", "Content-Length: x"], 200, "GET", (Framing.CLOSE, 0)),
        (["Content-Length: " + "0" * 5000 + "5"], 200, "GET", (Framing.LENGTH, 5)),
        (["Content-Length: 9223372036854775807"], 200, "GET", (Framing.LENGTH, (1 << 63) - 1)),
        (["Content-Length: 9223372036854775808"], 200, "GET", (Framing.CLOSE, 0)),
        (["Content-Length: \xb2"], 200, "GET", (Framing.CLOSE, 0)),
        (["Transfer-Encoding:", " chunked"], 200, "GET", (Framing.CHUNKED, 0)),
        (["Content-Length: -5"], 200, "GET", (Framing.CLOSE, 0)),
        (["Content-Length: +5"], 200, "GET", (Framing.CLOSE, 0)),
        ([], 200, "GET", (Framing.CLOSE, 0)),
        (["Upgrade: websocket", "Content-Length: 9"], 101, "GET", (Framing.UPGRADED, 0)),
    ],
)
def test_the_framing_follows_rfc_9112(
    fields: list[str], status: int, method: str, framing: tuple[Framing, int]
) -> None:
    assert framing_of(head_of(*fields, status=status), method) == framing


def test_a_content_length_of_thousands_of_digits_is_no_length_and_no_error() -> None:
    # Chromium reads no number there either; a page must not end its own capture with one header.
    assert framing_of(head_of("Content-Length: " + "9" * 5000), "GET") == (Framing.CLOSE, 0)


def test_chunked_means_nothing_in_an_http_1_0_response() -> None:
    # RFC 9112 section 6.1: HTTP/1.0 has no transfer codings; Chromium takes such a body as it is.
    for version in (b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2", b"HTTP/1"):
        head = version + b" 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        assert framing_of(head, "GET") == (Framing.CLOSE, 0), version


# Chunks

_extension = st.one_of(
    st.just(b""),
    st.builds(lambda text: b";" + text.replace(b"\n", b" "), st.binary(max_size=20)),
    st.sampled_from([b" ", b"\t", b';name="value"', b" ; a=b;c"]),
)
_field_line = st.builds(
    lambda name, value: name + b": " + value + b"\r\n",
    st.from_regex(rb"[A-Za-z-]{1,12}", fullmatch=True),
    st.from_regex(rb"[ -~]{0,20}", fullmatch=True),
)
_chunks = st.lists(
    st.tuples(st.binary(min_size=1, max_size=300), _extension, st.sampled_from(["x", "X", "04x", "040x"])),
    max_size=6,
)


def chunked(chunks: list[tuple[bytes, bytes, str]], last: bytes, trailers: bytes, end: bytes = b"\r\n") -> bytes:
    """The chunked transfer coding of these pieces, each with its extension and the way its size is written."""
    coded = b"".join(format(len(data), form).encode() + more + end + data + end for data, more, form in chunks)
    return coded + b"0" + last + end + trailers + end


@given(
    chunks=_chunks,
    last=_extension,
    trailers=st.lists(_field_line, max_size=3),
    end=st.sampled_from([b"\r\n", b"\n"]),
    at=cuts,
    after=st.binary(max_size=10),
)
@example(chunks=[], last=b"", trailers=[], end=b"\r\n", at=[], after=b"")
def test_any_body_in_any_chunks_with_any_cuts_comes_back_with_its_trailers(
    chunks: list[tuple[bytes, bytes, str]], last: bytes, trailers: list[bytes], end: bytes, at: list[int], after: bytes
) -> None:
    coded = chunked(chunks, last, b"".join(trailers), end)
    dechunker = Dechunker()
    body = b"".join([dechunker.feed(piece) for piece in pieces(coded + after, at)])
    assert body == b"".join(data for data, _, _ in chunks)
    assert bytes(dechunker.trailers) == b"".join(trailers)
    assert dechunker.finished
    assert not dechunker.broken


@given(chunks=_chunks, keep=st.integers(min_value=0, max_value=1 << 20))
def test_a_cut_chunked_body_is_neither_finished_nor_broken(chunks: list[tuple[bytes, bytes, str]], keep: int) -> None:
    coded = chunked(chunks, b"", b"")
    dechunker = Dechunker()
    body = dechunker.feed(coded[: keep % len(coded)])
    assert b"".join(data for data, _, _ in chunks).startswith(body)
    assert not dechunker.finished
    assert not dechunker.broken


@pytest.mark.parametrize(
    ("junk", "body"),
    [
        (b"hello\r\n", b""),
        (b"\r\n", b""),
        (b"-1\r\n", b""),
        (b"+1\r\nx", b""),
        (b"0x5\r\nhello", b""),
        (b"5 5\r\nhello", b""),
        (b"1" * 16 + b"\r\n", b""),
        (b"%x\r\n" % (1 << 70), b""),
        (b"0" * 60_000 + b"g\r\n", b""),
        (b"3\r\nabcd\r\n0\r\n\r\n", b"abc"),
        (b"3\r\nabc\r\nzz\r\n", b"abc"),
    ],
)
@pytest.mark.parametrize("size", [1, 5000, 1 << 20])
def test_junk_breaks_it_and_nothing_more_comes_out(junk: bytes, body: bytes, size: int) -> None:
    dechunker = Dechunker()
    feeds = [junk[at : at + size] for at in range(0, len(junk), size)]
    assert b"".join([dechunker.feed(data) for data in feeds]) == body
    assert dechunker.broken
    assert dechunker.fault
    assert not dechunker.finished
    assert dechunker.feed(b"5\r\nhello\r\n0\r\n\r\n") == b""


def test_a_size_line_without_end_breaks_it() -> None:
    dechunker = Dechunker()
    for _ in range(3):
        dechunker.feed(b"5;" + b"x" * (1 << 15))
    assert dechunker.broken
    assert len(dechunker._line) == 0


def test_trailers_without_end_are_left_out_from_some_place_on_and_that_is_said() -> None:
    dechunker = Dechunker()
    line = b"X-A: " + b"a" * 1000 + b"\r\n"
    body = dechunker.feed(b"5\r\nhello\r\n0\r\n")
    for _ in range(500):
        dechunker.feed(line)
    dechunker.feed(b"B: b\r\n\r\n")
    assert body == b"hello"
    assert bytes(dechunker.trailers) == line * (len(dechunker.trailers) // len(line))
    assert 1 << 17 < len(dechunker.trailers) <= 1 << 18
    assert dechunker.finished
    assert "trailers" in dechunker.fault


def test_a_long_size_line_is_judged_alike_in_one_piece_and_in_two() -> None:
    coded = b"5;" + b"x" * 70_000 + b"\r\nhello\r\n0\r\n\r\n"
    whole, halved = Dechunker(), Dechunker()
    whole.feed(coded)
    for piece in pieces(coded, [70_000]):
        halved.feed(piece)
    assert (whole.broken, whole.finished) == (halved.broken, halved.finished)


# Responses


class Heard:
    """A parser and all that it said."""

    def __init__(self, method: str = "GET") -> None:
        self.interim: list[bytes] = []
        self.heads: list[tuple[bytes, Framing]] = []
        self.body = b""
        self.parser = ResponseParser(method, self.interim.append, self._head, self._more)

    def _head(self, head: bytes, framing: Framing) -> None:
        assert self.body == b""
        self.heads.append((head, framing))

    def _more(self, data: bytes) -> None:
        assert data
        assert self.heads
        self.body += data

    def feed(self, *data: bytes) -> Heard:
        for piece in data:
            self.parser.feed(piece)
        return self


@given(
    body=st.binary(max_size=600),
    interim=st.lists(st.sampled_from([100, 102, 103]), max_size=3),
    way=st.sampled_from(["length", "chunked", "close"]),
    trailers=st.lists(_field_line, max_size=2),
    at=cuts,
)
def test_any_cuts_give_the_same_heads_and_body(
    body: bytes, interim: list[int], way: str, trailers: list[bytes], at: list[int]
) -> None:
    first = [head_of("Link: </a>", status=status) for status in interim]
    if way == "length":
        head, coded = head_of(f"Content-Length: {len(body)}"), body
    elif way == "chunked":
        head = head_of("Transfer-Encoding: chunked")
        coded = chunked([(body, b"", "x")] if body else [], b"", b"".join(trailers))
    else:
        head, coded = head_of("X: y"), body
    framing = framing_of(head, "GET")[0]
    heard = Heard().feed(*pieces(b"".join(first) + head + coded, at))
    assert heard.interim == first
    assert heard.heads == [(head, framing)]
    assert heard.body == body
    assert heard.parser.trailers == (b"".join(trailers) if way == "chunked" else b"")
    assert heard.parser.complete is (None if way == "close" else True)
    assert heard.parser.fault == ""


@pytest.mark.parametrize(("status", "method"), [(200, "HEAD"), (204, "GET"), (304, "GET")])
def test_responses_without_a_body_are_complete_with_their_head(status: int, method: str) -> None:
    head = head_of("Content-Length: 5", status=status)
    heard = Heard(method).feed(head, b"next!")
    assert heard.heads == [(head, Framing.NONE)]
    assert heard.body == b""
    assert heard.parser.complete is True


def test_bytes_beyond_the_length_are_not_of_this_response() -> None:
    heard = Heard().feed(head_of("Content-Length: 3") + b"ab", b"cHTTP/1.1 200 OK\r\n\r\n")
    assert heard.body == b"abc"
    assert heard.parser.complete is True


def test_a_short_body_is_not_complete() -> None:
    assert Heard().feed(head_of("Content-Length: 3") + b"ab").parser.complete is False
    assert Heard().feed(head_of("Transfer-Encoding: chunked") + b"3\r\nabc\r\n").parser.complete is False
    assert Heard().feed(head_of()[:-1]).parser.complete is False
    assert Heard().parser.complete is False


def test_only_the_end_of_the_connection_tells_whether_a_close_delimited_body_is_whole() -> None:
    heard = Heard().feed(head_of("Server: x"), b"one ", b"two")
    assert heard.heads == [(head_of("Server: x"), Framing.CLOSE)]
    assert heard.body == b"one two"
    assert heard.parser.complete is None


def test_after_101_every_byte_is_passed_on() -> None:
    head = head_of("Upgrade: websocket", "Content-Length: 2", status=101)
    heard = Heard().feed(head + b"\x81\x05he", b"llo")
    assert heard.heads == [(head, Framing.UPGRADED)]
    assert heard.body == b"\x81\x05hello"
    assert heard.interim == []


def test_bytes_without_end_that_are_no_head_are_not_kept_and_that_is_said() -> None:
    heard = Heard()
    for _ in range(40):
        heard.feed(b"x" * (1 << 16))
    assert heard.heads == []
    assert heard.parser.complete is False
    assert "header block" in heard.parser.fault


def test_an_answer_without_a_status_line_is_kept_and_that_is_said() -> None:
    heard = Heard().feed(b"ICY 200 OK\r\nA: b\r\n\r\nbody")
    assert heard.heads == [(b"ICY 200 OK\r\nA: b\r\n\r\n", Framing.CLOSE)]
    assert heard.body == b"body"
    assert "status" in heard.parser.fault


def test_conflicting_lengths_are_said_and_all_that_comes_is_kept() -> None:
    heard = Heard().feed(head_of("Content-Length: 3", "Content-Length: 4") + b"more than that")
    assert heard.body == b"more than that"
    assert "Content-Length" in heard.parser.fault


def test_lengths_that_do_not_matter_are_no_conflict() -> None:
    lengths = ("Content-Length: 3", "Content-Length: 4")
    assert Heard().feed(head_of(*lengths, status=304)).parser.fault == ""
    assert Heard().feed(head_of("Transfer-Encoding: chunked", *lengths)).parser.fault == ""


def test_what_is_wrong_between_chunks_is_said() -> None:
    heard = Heard().feed(head_of("Transfer-Encoding: chunked") + b"3\r\nabcdef\r\n0\r\n\r\n")
    assert heard.body == b"abc"
    assert heard.parser.complete is False
    assert "chunk" in heard.parser.fault


def test_a_coding_after_chunked_leaves_the_bytes_as_they_came() -> None:
    coded = b"3\r\nabc\r\n0\r\n\r\n"
    head = head_of("Transfer-Encoding: chunked, gzip")
    heard = Heard().feed(head + coded)
    assert heard.heads == [(head, Framing.CLOSE)]
    assert heard.body == coded


def test_a_coding_before_chunked_stays_on_the_body() -> None:
    heard = Heard().feed(head_of("Transfer-Encoding: gzip, chunked") + b"3\r\n\x1f\x8b\x08\r\n0\r\n\r\n")
    assert heard.body == b"\x1f\x8b\x08"
    assert heard.parser.complete is True


_lumps = st.sampled_from(
    [
        *(head_of(status=status) for status in (100, 101, 103, 200, 204, 304)),
        head_of("Transfer-Encoding: chunked"),
        head_of("Content-Length: 9", "Content-Length: 5"),
        head_of("Content-Length: 5"),
        *(b"\r\n", b"\n", b"5\r\nhello\r\n", b"0\r\n", b"0\r\n\r\n", b"A: b\r\n", b"\0", b"HTTP/1.1 200"),
        *(b"f" * 15, b"f" * 18 + b"\r\n", b"5;" + b"x" * 70_000, b"a" * 1_100_000, b"Transfer-Encoding: chunked\r\n"),
    ]
)


@settings(max_examples=150)
@given(
    lumps=st.lists(st.one_of(_lumps, st.binary(max_size=40)), max_size=12),
    at=cuts,
    method=st.sampled_from(["GET", "HEAD"]),
)
def test_any_bytes_give_the_same_with_any_cuts_and_no_exception(lumps: list[bytes], at: list[int], method: str) -> None:
    data = b"".join(lumps)
    whole = Heard(method).feed(data)
    cut = Heard(method).feed(*pieces(data, at))
    for heard in (whole, cut):
        said = b"".join(heard.interim) + b"".join(head for head, _ in heard.heads) + heard.body
        assert len(said) + len(heard.parser.trailers) <= len(data)
    assert (whole.interim, whole.heads, whole.body) == (cut.interim, cut.heads, cut.body)
    assert (whole.parser.complete, whole.parser.fault) == (cut.parser.complete, cut.parser.fault)


# Time: what a hostile server may send for as long as it likes must cost time in proportion


_DRIPS: dict[str, tuple[bytes, bytes, int]] = {
    "a header block byte by byte": (b"HTTP/1.1 200 OK\r\n", b"a", 1),
    "interim answers in one piece": (b"", head_of(status=103), 1 << 24),
    "chunks of one byte": (head_of("Transfer-Encoding: chunked"), b"1\r\na\r\n", 1 << 24),
    "a chunk extension byte by byte": (head_of("Transfer-Encoding: chunked") + b"5;", b"a", 1),
    "trailers": (head_of("Transfer-Encoding: chunked") + b"0\r\n", b"A: b\r\n", 1 << 24),
    "line ends in one piece": (b"HTTP/1.1 200 OK", b"\r\r\n", 1 << 24),
}


@pytest.mark.parametrize("name", _DRIPS)
def test_time_grows_no_faster_than_what_comes(name: str) -> None:
    start, more, size = _DRIPS[name]

    def read(count: int) -> None:
        data = start + more * count
        Heard().feed(*(data[at : at + size] for at in range(0, len(data), size)))

    small, large = seconds(lambda: read(8_000)), seconds(lambda: read(64_000))
    assert large < 24 * small + 0.05, (small, large)  # 8 times as much; quadratic would be 64 times


# The one header that is renamed


def test_only_the_name_of_the_transfer_encoding_header_changes() -> None:
    head = (
        b"HTTP/1.1 200 Transfer-Encoding: yes\r\nX-Transfer-Encoding: a\r\nTRANSFER-encoding :  gzip,\r\n"
        b" Transfer-Encoding: folded\r\nTransfer-Encoding: chunked\r\nTransfer-Encodings: b\r\n"
        b"Trailer: Transfer-Encoding\r\n\xff\xfe: \x80\r\n\r\n"
    )
    assert mark_dechunked(head) == (
        b"HTTP/1.1 200 Transfer-Encoding: yes\r\nX-Transfer-Encoding: a\r\nx-orig-transfer-encoding :  gzip,\r\n"
        b" Transfer-Encoding: folded\r\nx-orig-transfer-encoding: chunked\r\nTransfer-Encodings: b\r\n"
        b"Trailer: Transfer-Encoding\r\n\xff\xfe: \x80\r\n\r\n"
    )


@given(
    lines=st.lists(st.binary(max_size=30).filter(lambda line: b"\n" not in line), max_size=5), position=st.integers()
)
def test_renaming_can_be_undone_to_the_very_same_bytes(lines: list[bytes], position: int) -> None:
    lines = [line for line in lines if b"transfer-encoding" not in line.lower()]
    lines.insert(position % (len(lines) + 1), b"Transfer-Encoding: chunked")
    head = b"HTTP/1.1 200 OK\r\n" + b"\r\n".join(lines) + b"\r\n\r\n"
    marked = mark_dechunked(head)
    assert marked != head
    assert marked.replace(b"x-orig-transfer-encoding", b"Transfer-Encoding") == head

"""URLs out of a file: comments, line ends, and one line naming file and line for what cannot be captured."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.cli.url_list import gather
from archiver.errors import UsageError

_A, _B, _C = "https://a.test/", "http://b.test/page?x=1#top", "https://c.test/ä"


def write(data: bytes | str) -> str:
    Path("urls.txt").write_bytes(data if isinstance(data, bytes) else data.encode())
    return "urls.txt"


@pytest.mark.parametrize(
    "data",
    [
        f"{_A}\n{_B}\n{_C}\n",
        f"{_A}\n{_B}\n{_C}",
        f"\ufeff{_A}\r\n{_B}\r\n{_C}\r\n",
        f"# mine\n\n  {_A}\t\n   # not this: https://d.test/\n{_B}\n \t \n{_C}\n",
        f"\ufeff# mine\r\n{_A}\n{_B}\n{_C}\n",
    ],
)
def test_one_url_a_line_comments_and_blank_lines_skipped(data: str) -> None:
    assert gather((), write(data)) == ([_A, _B, _C], [])


def test_arguments_come_first_and_what_is_given_again_is_captured_once_and_named() -> None:
    assert gather((_B, _A), write(f"{_C}\n{_A}\n{_C}\n")) == ([_B, _A, _C], [_A, _C])
    assert gather((_A, _A), None) == ([_A], [_A])


def test_urls_that_differ_only_a_little_are_all_captured() -> None:
    urls = ("https://a.test/", "https://a.test/#x", "http://a.test/", "https://A.test/")
    assert gather(urls, None) == (list(urls), [])


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(f"\n{_A}\nftp://x.test/\n".encode())))
    with pytest.raises(UsageError, match=r"^standard input:3: 'ftp://x\.test/' is not an http or https URL"):
        gather((), "-")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"example.com", "is not an http or https URL"),
        (b"https://a.test/a b", "holds blanks or control characters"),
        (b"https://a.test/\0", "holds blanks or control characters"),
        (b"https://user:s3cret@a.test/", "carries a user name or password"),
        (b"https://a.test/\xff", "is not UTF-8"),
        (b"https://a.test/" + b"a" * 9000, "is longer than 8192 bytes"),
        (b"# " + b"a" * 100_000, "is longer than 8192 bytes"),
        (b"\x1f\x8b\x08\x00", "is not UTF-8"),
    ],
)
def test_a_line_that_cannot_be_captured_is_one_line_with_file_and_number(line: bytes, reason: str) -> None:
    name = write(_A.encode() + b"\n#\n" + line + b"\n")
    with pytest.raises(UsageError) as caught:
        gather((), name)
    message = str(caught.value)
    assert message.startswith(f"{name}:3: ")
    assert reason in message
    assert "\n" not in message
    assert "s3cret" not in message
    assert len(message) < 500


def test_an_argument_that_cannot_be_captured_is_refused_before_the_file_is_read() -> None:
    with pytest.raises(UsageError, match=r"^'ftp://x\.test/'"):
        gather(("ftp://x.test/",), "nowhere.txt")


@pytest.mark.parametrize("data", ["", "\n\n", "# nothing\n", "\ufeff"])
def test_a_file_without_urls_is_refused(data: str) -> None:
    with pytest.raises(UsageError, match=r"there is no URL in urls\.txt"):
        gather((_A,), write(data))


def test_a_missing_file_and_a_folder_are_named() -> None:
    with pytest.raises(UsageError, match=r"nowhere\.txt cannot be read: No such file"):
        gather((), "nowhere.txt")
    with pytest.raises(UsageError, match=r"cannot be read: Is a directory"):
        gather((), ".")


@given(data=st.binary(max_size=300))
def test_any_bytes_are_urls_or_our_own_error(data: bytes) -> None:
    try:
        urls, _ = gather((), write(data))
    except UsageError as error:
        message = str(error)
    else:
        message = ""
        assert all(url.startswith(("http://", "https://")) for url in urls)
    assert message.startswith(("urls.txt:", "--from-file: ")) or not message

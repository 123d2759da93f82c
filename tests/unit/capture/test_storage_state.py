"""A saved session: what is taken, and that a message never repeats what is in the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.capture.storage_state import load_storage_state, readable_by_others
from archiver.errors import ConfigurationError

_SECRET = "s3cr3t-value"
_COOKIE = {
    "name": "session",
    "value": _SECRET,
    "domain": ".outlet.test",
    "path": "/",
    "expires": 1900000000.5,
    "httpOnly": True,
    "secure": True,
    "sameSite": "None",
}
_ORIGIN = {"origin": "https://outlet.test", "localStorage": [{"name": "token", "value": _SECRET}]}


def write(document: Any) -> Path:
    path = Path("state.json")
    path.write_bytes(document if isinstance(document, bytes) else json.dumps(document).encode())
    return path


def test_what_playwright_saves_is_taken_as_it_is() -> None:
    state = {"cookies": [_COOKIE], "origins": [_ORIGIN]}
    assert load_storage_state(write(state)) == state


def test_keys_that_others_add_are_left_out_and_missing_ones_have_their_usual_values() -> None:
    cookie = {"name": "a", "value": "", "domain": "outlet.test", "path": "/", "hostOnly": True}
    loaded = load_storage_state(write({"cookies": [cookie], "origins": [_ORIGIN | {"indexedDB": []}], "version": 1}))
    usual = {"expires": -1, "httpOnly": False, "secure": False, "sameSite": "Lax"}
    assert loaded["cookies"] == [{"name": "a", "value": "", "domain": "outlet.test", "path": "/"} | usual]
    assert loaded["origins"] == [_ORIGIN]


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ([], "the whole"),
        ("text", "the whole"),
        (None, "the whole"),
        ({}, "cookies"),
        ({"cookies": []}, "origins"),
        ({"cookies": {}, "origins": []}, "cookies"),
        ({"cookies": [_SECRET], "origins": []}, "cookies.0"),
        ({"cookies": [_COOKIE, _COOKIE | {"value": [_SECRET]}], "origins": []}, "cookies.1.value"),
        ({"cookies": [_COOKIE | {"sameSite": _SECRET}], "origins": []}, "cookies.0.sameSite"),
        ({"cookies": [_COOKIE | {"expires": _SECRET}], "origins": []}, "cookies.0.expires"),
        ({"cookies": [{"name": "a", "value": _SECRET}], "origins": []}, "cookies.0.domain"),
        ({"cookies": [], "origins": [_ORIGIN | {"origin": f"https://{_SECRET}.test/path"}]}, "origins.0.origin"),
        ({"cookies": [], "origins": [_ORIGIN | {"origin": "file:///etc"}]}, "origins.0.origin"),
        ({"cookies": [], "origins": [_ORIGIN | {"localStorage": {_SECRET: "x"}}]}, "origins.0.localStorage"),
    ],
)
def test_a_wrong_shape_is_one_line_with_the_place_and_no_content(document: Any, place: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_storage_state(write(document))
    message = str(caught.value)
    assert message.startswith(f"capture.storage_state: state.json is no storage state of Playwright's: {place}: ")
    assert _SECRET not in message
    assert "\n" not in message


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", f'{{"cookies": [{{"value": "{_SECRET}'.encode()])
def test_what_is_not_json_is_one_line_without_its_content(data: bytes) -> None:
    with pytest.raises(ConfigurationError, match=r"^capture\.storage_state: state\.json is not JSON") as caught:
        load_storage_state(write(data))
    assert _SECRET not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_named() -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.json cannot be read: No such file"):
        load_storage_state(Path("nowhere.json"))
    with pytest.raises(ConfigurationError, match=r"cannot be read: Is a directory"):
        load_storage_state(Path())


@given(data=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: json.dumps(text).encode()))
def test_no_bytes_end_in_anything_but_our_own_error(data: bytes) -> None:
    with pytest.raises(ConfigurationError):
        load_storage_state(write(data))


@pytest.mark.parametrize(("mode", "open_"), [(0o600, False), (0o400, False), (0o640, True), (0o604, True)])
def test_a_file_that_others_may_read_is_told_from_one_they_may_not(mode: int, open_: bool) -> None:
    path = write({})
    path.chmod(mode)
    assert readable_by_others(path) is open_

"""Profiles: the built-in ones, files, and one clear line for each value that cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from archiver.capture.profile import BUILT_IN, MAX_TEXTURE_PX, Profile, load_profile, name_of
from archiver.errors import ConfigurationError


def write(text: str | bytes, name: str = "tablet.toml") -> str:
    Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return name


def test_the_desktop_is_what_was_always_in_force() -> None:
    desktop = load_profile("desktop")
    assert desktop == Profile()
    assert (desktop.viewport, desktop.device_pixel_ratio) == ((1366, 768), 1.0)
    assert (desktop.is_mobile, desktop.has_touch, desktop.locale, desktop.timezone) == (False, False, "en-US", "UTC")
    assert desktop.agent("156") == (
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
    )


def test_the_mobile_is_an_android_phone_in_all_it_says() -> None:
    mobile = load_profile("mobile")
    assert (mobile.is_mobile, mobile.has_touch) == (True, True)
    assert mobile.viewport_width < mobile.viewport_height
    assert mobile.device_pixel_ratio > 1
    agent = mobile.agent("156")
    assert "Android" in agent
    assert "Chrome/156.0.0.0 Mobile " in agent


def test_a_file_has_the_same_keys_and_the_desktops_values_for_those_it_leaves_out() -> None:
    profile = load_profile(write('viewport_width = 800\nlocale = "de-DE"\nuser_agent = "Reader/{major} ({major})"\n'))
    assert (profile.viewport, profile.locale, profile.timezone) == ((800, 768), "de-DE", "UTC")
    assert profile.agent("156") == "Reader/156 (156)"
    every = "".join(f"{key} = {_toml(value)}\n" for key, value in BUILT_IN["mobile"].model_dump().items())
    assert load_profile(write(every)) == BUILT_IN["mobile"]


def _toml(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


def test_a_mobile_file_without_a_user_agent_has_that_of_a_phone() -> None:
    profile = load_profile(write("is_mobile = true\n"))
    assert profile.agent("156") == BUILT_IN["mobile"].agent("156")
    assert profile.context_options("156")["user_agent"] == profile.agent("156")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("viewport_width", "0"),
        ("viewport_width", "-1"),
        ("viewport_height", "10001"),
        ("viewport_height", "1.5"),
        ("viewport_width", '"412"'),
        ("viewport_width", "true"),
        ("device_pixel_ratio", "0"),
        ("device_pixel_ratio", "100"),
        ("device_pixel_ratio", "nan"),
        ("device_pixel_ratio", "inf"),
        ("is_mobile", "1"),
        ("has_touch", '"yes"'),
        ("locale", '"en_US"'),
        ("locale", '""'),
        ("locale", '"english"'),
        ("locale", '"en-US\\n"'),
        ("timezone", '"Mars/Olympus"'),
        ("timezone", '"../UTC"'),
        ("timezone", '""'),
        ("user_agent", '"a\\r\\nX-Evil: 1"'),
        ("user_agent", '"a\\nb"'),
        ("user_agent", '"a\\u0000b"'),
        ("user_agent", '"caf\\u00e9"'),
        ("user_agent", '" a"'),
        ("user_agent", '"' + "a" * 513 + '"'),
        ("user_agents", '"a"'),
        ("name", '"a"'),
    ],
)
def test_a_bad_value_is_one_line_with_file_and_key(key: str, value: str) -> None:
    name = write(f"{key} = {value}\n")
    with pytest.raises(ConfigurationError) as caught:
        load_profile(name)
    message = str(caught.value)
    assert message.startswith(f"capture.profile: {name}: {key}: ")
    assert "\n" not in message
    assert "\r" not in message


def test_a_screen_that_chromium_could_not_paint_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"20000 pixels"):
        load_profile(write("viewport_width = 5000\ndevice_pixel_ratio = 4\n"))


def test_a_file_that_is_missing_names_the_profiles_there_are() -> None:
    with pytest.raises(ConfigurationError, match=r"no profile and no file 'phone'; built in: desktop, mobile"):
        load_profile("phone")


@pytest.mark.parametrize("data", [b"viewport_width", b"\xff\xfe", b"a = 1\na = 2\n"])
def test_a_file_that_is_no_toml_is_named(data: bytes) -> None:
    with pytest.raises(ConfigurationError, match=r"capture\.profile: tablet\.toml is not TOML"):
        load_profile(write(data))


def test_a_folder_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"cannot be read: Is a directory"):
        load_profile(".")


def test_the_statement_names_a_file_without_its_folder() -> None:
    assert [name_of(name) for name in ("desktop", "mobile", "/some/where/tablet.toml", "./mobile")] == [
        "desktop",
        "mobile",
        "file:tablet.toml",
        "file:mobile",
    ]


@given(
    width=st.integers(-5, 12_000),
    height=st.integers(-5, 12_000),
    ratio=st.floats(allow_nan=True, allow_infinity=True),
    agent=st.text(max_size=20),
)
def test_what_is_accepted_can_be_painted_and_sent_in_a_header(
    width: int, height: int, ratio: float, agent: str
) -> None:
    try:
        profile = Profile(viewport_width=width, viewport_height=height, device_pixel_ratio=ratio, user_agent=agent)
    except ValidationError:
        return
    assert 1 <= max(profile.viewport) * ratio <= MAX_TEXTURE_PX
    sent = profile.agent("156")
    assert sent
    assert all(0x20 <= ord(character) < 0x7F for character in sent)
    assert not any("\n" in argument for argument in profile.arguments("156"))

"""Profiles: as what kind of device a page is visited. Two are built in, others are TOML files with the same keys."""

from __future__ import annotations

import re
import tomllib
import zoneinfo
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from archiver.config import CaptureSettings, check_user_agent
from archiver.errors import ConfigurationError

# What a reader's browser of this version says; headless ones get other pages (decision 0003).
_DESKTOP_AGENT = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{major}.0.0.0 Safari/537.36"
)
_MOBILE_AGENT = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/{major}.0.0.0 Mobile Safari/537.36"
)
_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?")
#: pixels of the screen itself that Chromium paints in one picture, either way
MAX_TEXTURE_PX = 16_384


class Profile(BaseModel):
    """The device a page is shown on. Of a key that is not given, the desktop's value holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    viewport_width: int = Field(1366, ge=1, le=10_000)
    viewport_height: int = Field(768, ge=1, le=10_000)
    device_pixel_ratio: float = Field(1.0, ge=0.25, le=8, allow_inf_nan=False)
    is_mobile: bool = False
    has_touch: bool = False
    locale: str = "en-US"
    timezone: str = "UTC"
    user_agent: str = Field("", max_length=512)  # empty: the built-in one for is_mobile

    @field_validator("locale")
    @classmethod
    def _well_formed(cls, value: str) -> str:
        if not _LOCALE.fullmatch(value):
            raise ValueError("not a locale; write it like en-US, de or sr-Latn-RS")
        return value

    @field_validator("timezone")
    @classmethod
    def _known(cls, value: str) -> str:
        if value != "UTC" and value not in zoneinfo.available_timezones():
            raise ValueError("no such time zone; write it like UTC or Europe/Berlin")
        return value

    @field_validator("user_agent")
    @classmethod
    def _one_line(cls, value: str) -> str:
        return check_user_agent(value)

    @model_validator(mode="after")
    def _paintable(self) -> Profile:
        longest = max(self.viewport_width, self.viewport_height) * self.device_pixel_ratio
        if longest > MAX_TEXTURE_PX:
            raise ValueError(
                f"viewport times device_pixel_ratio is {longest:.0f} pixels, but Chromium paints up to {MAX_TEXTURE_PX}"
            )
        return self

    @property
    def viewport(self) -> tuple[int, int]:
        return self.viewport_width, self.viewport_height

    def agent(self, major: str) -> str:
        """The user agent, for a browser of this major version."""
        return (self.user_agent or _built_in_agent(self)).replace("{major}", major)

    def context_options(self, major: str) -> dict[str, Any]:
        """How the driver's contexts are told of it."""
        options: dict[str, Any] = {
            "viewport": {"width": self.viewport_width, "height": self.viewport_height},
            "device_scale_factor": self.device_pixel_ratio,
            "is_mobile": self.is_mobile,
            "has_touch": self.has_touch,
            "locale": self.locale,
            "timezone_id": self.timezone,
        }
        if self.agent(major) != _DESKTOP_AGENT.replace("{major}", major):
            # Makes the client hints fit the user agent. The desktop's own fit already, and overridden ones lack
            # their brands in workers.
            options["user_agent"] = self.agent(major)
        return options

    def arguments(self, major: str) -> list[str]:
        """What the browser's command line says of it: workers and frames of other sites see no context's options."""
        ratio = self.device_pixel_ratio
        width, height = (int(side * ratio) for side in self.viewport)
        return [
            f"--user-agent={self.agent(major)}",
            f"--accept-lang={self.locale}",
            f"--screen-info={{{width}x{height} devicePixelRatio={ratio:g}}}",
        ]


def _built_in_agent(profile: Profile) -> str:
    return _MOBILE_AGENT if profile.is_mobile else _DESKTOP_AGENT


BUILT_IN = {
    "desktop": Profile(),
    "mobile": Profile(
        viewport_width=412, viewport_height=915, device_pixel_ratio=2.625, is_mobile=True, has_touch=True
    ),
}


def profile_of(settings: CaptureSettings) -> Profile:
    """The profile of a capture, under the user agent that its settings name. Raises as `load_profile`."""
    profile = load_profile(settings.profile)
    return profile.model_copy(update={"user_agent": settings.user_agent}) if settings.user_agent else profile


def load_profile(name: str) -> Profile:
    """A built-in profile by its name, or the one in a file. Raises `ConfigurationError`."""
    if name in BUILT_IN:
        return BUILT_IN[name]
    path = Path(name)
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        known = ", ".join(BUILT_IN)
        raise ConfigurationError(
            f"capture.profile: there is no profile and no file {name!r}; built in: {known}"
        ) from None
    except OSError as error:
        raise ConfigurationError(f"capture.profile: {name} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValueError) as error:
        raise ConfigurationError(f"capture.profile: {name} is not TOML: {error}") from None
    try:
        return Profile.model_validate(values, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        key = str(first["loc"][0]) if first["loc"] else "the whole"
        reason = "there is no such key" if first["type"] == "extra_forbidden" else first["msg"]
        raise ConfigurationError(f"capture.profile: {name}: {key}: {reason.removeprefix('Value error, ')}") from None


def name_of(setting: str) -> str:
    """What the statement calls it: a file's name without its folder, which is nobody's business."""
    return setting if setting in BUILT_IN else f"file:{Path(setting).name}"

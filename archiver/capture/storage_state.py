"""A saved session to start with: cookies and localStorage, as Playwright's `storage_state()` writes them.

No message and no record of ours holds anything of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import orjson
from playwright.async_api import BrowserContext
from playwright.async_api import Error as PlaywrightError
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from archiver.errors import ConfigurationError

_MODE_OF_OTHERS = 0o077


def _origin(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query or parts.fragment:
        raise ValueError("not an origin like https://example.com")
    return value


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")


class _Cookie(_Part):
    name: str
    value: str
    domain: str
    path: str
    expires: float = -1
    httpOnly: bool = False  # the file's own names
    secure: bool = False
    sameSite: Literal["Strict", "Lax", "None"] = "Lax"


class _Item(_Part):
    name: str
    value: str


class _Origin(_Part):
    origin: Annotated[str, AfterValidator(_origin)]
    localStorage: list[_Item] = []


class _State(_Part):
    cookies: list[_Cookie]
    origins: list[_Origin]


def load_storage_state(path: Path) -> dict[str, Any]:
    """Read and check the file. Raises `ConfigurationError`, which names places of the file, never its content."""
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ConfigurationError(f"capture.storage_state: {path} cannot be read: {reason}") from None
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise ConfigurationError(f"capture.storage_state: {path} is not JSON ({place})") from None
    try:
        return _State.model_validate(document).model_dump()
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole"
        reason = "must be a JSON object" if first["type"] == "model_type" else first["msg"]
        raise ConfigurationError(
            f"capture.storage_state: {path} is no storage state of Playwright's: {place}: "
            + reason.removeprefix("Value error, ")
        ) from None


def readable_by_others(path: Path) -> bool:
    """Whether somebody else on this machine may read the file."""
    return bool(path.stat().st_mode & _MODE_OF_OTHERS)


async def give_state(context: BrowserContext, state: dict[str, Any]) -> None:
    """Put cookies and localStorage into a context; nothing is sent. Raises `ConfigurationError`."""
    try:
        await context.set_storage_state(state)  # type: ignore[arg-type]  # checked when it was read
    except PlaywrightError as error:
        # Not the driver's own text: it may repeat what is in the file.
        what = "a cookie of it" if "ookie" in error.message else "localStorage of it"
        raise ConfigurationError(f"capture.storage_state: the browser does not take {what}; save it again") from None

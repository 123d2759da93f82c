"""Settings from flags, environment, and TOML files, frozen, each with where it came from.

Precedence: flag, environment (`ARCHIVER_CAPTURE__TIMEOUT_S`), the file named with --config, `./archiver.toml`, the
user's own file. A setting that executes something or lifts the guard is never taken from an `archiver.toml` that merely
lies in the current folder.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import platformdirs
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError
from pydantic_core import PydanticCustomError

from archiver.errors import ConfigurationError, UsageError
from archiver.manners import parse_rule
from archiver.urls import Proxy, check_webhook, parse_listening, parse_proxy

ENVIRONMENT_PREFIX = "ARCHIVER_"
LOCAL_FILE = Path("archiver.toml")

#: never taken from ./archiver.toml: they execute something, lift the guard, log in, alter what the browser trusts or
#: reaches, tell others what is captured, or are keys
PROTECTED = frozenset(
    {
        "capture.browser",
        "capture.allow_private",
        "capture.resolve",
        "capture.trust_ca",
        "capture.proxy",
        "capture.accept_bad_certificates",
        "capture.storage_state",
        "jobs.metrics",
        "jobs.webhook",
        "jobs.webhook_secret",
        "jobs.command",
        "database_url",
        "signing_key",
        "signing_key_passphrase",
    }
)
_ARCHIVE = "./archive"
_SCHEDULES, _AUTHORITIES = "schedules.", "authorities."
_TABLES = (_SCHEDULES, _AUTHORITIES)  # below these each name has a whole table
#: what a time-stamp authority may be called, since it is part of keys and file names
AUTHORITY_NAME = r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?"
#: settings that are lists; the environment gives them with commas between, or as JSON
LISTS = frozenset({"capture.filter_lists", "capture.resolve", "capture.tag", "jobs.host", "jobs.command"})


def _read_proxy(value: object) -> Proxy | None:
    """No text means no proxy: so the environment can take back what a file says."""
    if value is None or isinstance(value, Proxy):
        return value
    try:
        if not isinstance(value, str):
            raise ValueError("expected a URL")
        return parse_proxy(value) if value else None
    except ValueError as error:
        raise PydanticCustomError("proxy", "{reason}", {"reason": str(error)}) from None


def _read_database_url(value: object) -> object:
    """No text means a SQLite file of its own: so the environment can take back what a file says."""
    return value or None


def _read_nothing(value: object) -> object:
    """No text means none: so the environment can take back what a file says."""
    return value or None


def check_user_agent(value: str) -> str:
    """The value, if it can be a User-Agent field. Raises `ValueError`."""
    if not (value.isascii() and value.isprintable() and value == value.strip()):
        raise ValueError("only printable ASCII may stand in it, no line break and no blank at either end")
    return value


def _checked(check: Callable[[str], object]) -> Callable[[str], str]:
    """A validator of texts: whatever `check` raises is the reason, and the text stays as it is."""

    def read(value: str) -> str:
        try:
            check(value)
        except (ValueError, UsageError) as error:
            raise PydanticCustomError("text", "{reason}", {"reason": str(error)}) from None
        return value

    return read


def _check_authority_name(value: str) -> None:
    if not re.fullmatch(AUTHORITY_NAME, value):
        raise ValueError("the name of an authority is made of a-z, 0-9 and -, at most 32 of them")


def _check_secret_webhook(value: SecretStr) -> SecretStr:
    _checked(check_webhook)(value.get_secret_value())
    return value


def _read_archive(value: object) -> object:
    """No text means the usual place, and not the current folder."""
    return value or _ARCHIVE


class CaptureSettings(BaseModel):
    """The `[capture]` section: one key an option of `archiver capture`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    browser: Path | None = Field(None, description="the browser's executable; searched for when not given")
    timeout_s: float = Field(
        90.0, gt=0, allow_inf_nan=False, description="seconds after which a capture is ended and what came is stored"
    )
    settle_s: float = Field(
        15.0,
        gt=0,
        allow_inf_nan=False,
        description="seconds a page may take to become quiet, each time it is waited for",
    )
    concurrency: int = Field(1, ge=1, le=64, description="how many URLs of one command are captured at a time")
    max_body_bytes: int = Field(
        2_000_000_000, gt=0, description="bytes kept of one body; what comes after them is cut off, and marked"
    )
    max_total_bytes: int = Field(
        8_000_000_000, gt=0, description="bytes kept of all bodies of a capture; then the page is stored as it is"
    )
    memory_bytes: int = Field(
        4_000_000_000, ge=500_000_000, description="memory the browser may hold; then its largest renderer is ended"
    )
    allow_private: bool = Field(False, description="lift the guard for private and loopback addresses")
    resolve: tuple[str, ...] = Field((), description="HOST[:PORT]=ADDRESS[:PORT]: connect there instead")
    trust_ca: Path | None = Field(None, description="PEM file of a certificate authority to trust besides the usual")
    proxy: Annotated[Proxy | None, BeforeValidator(_read_proxy)] = Field(
        None, description="socks5://, socks5h:// or http:// URL of a proxy that every connection goes through"
    )
    accept_bad_certificates: bool = Field(False, description="capture pages whose certificates are not valid, too")
    profile: str = Field("desktop", description="the device to be: desktop, mobile, or a TOML file")
    user_agent: Annotated[Annotated[str, AfterValidator(check_user_agent)] | None, BeforeValidator(_read_nothing)] = (
        Field(None, max_length=512, description="what the browser calls itself instead of what its profile says")
    )
    storage_state: Path | None = Field(None, description="cookies and localStorage to start with, as Playwright saves")
    filter_lists: tuple[Path, ...] = Field(
        (),
        max_length=100,
        description="files of filter lists such as EasyList, which help to tell advertisements; else the system's",
    )
    fail_on_http_error: bool = Field(False, description="store nothing of a page that answers with status 400 or above")
    fail_on_rate_limit: bool = Field(
        False,
        description="store nothing of a page that answers with status 429, or with 503 and a time to come back after",
    )
    trace: bool = Field(
        False, description="trace each page to its source afterwards; pages on the way are captured too"
    )
    if_older_than_s: float | None = Field(
        None,
        gt=0,
        allow_inf_nan=False,
        description="skip a URL that has a complete capture not older than this",
    )
    tag: tuple[Annotated[str, Field(min_length=1, max_length=100)], ...] = Field(
        (), max_length=100, description="words to find captures by"
    )
    case: str | None = Field(None, max_length=1000, description="the case a capture is for, put into its statement")
    operator: str | None = Field(None, max_length=1000, description="who captures, put into the statement")
    reason: str | None = Field(None, max_length=1000, description="why a capture is made, put into its statement")


class JobsSettings(BaseModel):
    """The `[jobs]` section: how workers go about the captures that wait."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    concurrency: int = Field(1, ge=1, le=64, description="how many captures a worker makes at a time")
    delay_s: float = Field(
        5.0,
        ge=0,
        le=86400,
        allow_inf_nan=False,
        description="seconds from the end of one visit of a host to the next",
    )
    host_concurrency: int = Field(1, ge=1, le=64, description="how many visits of one host there may be at a time")
    host: tuple[Annotated[str, AfterValidator(_checked(parse_rule))], ...] = Field(
        (), max_length=10_000, description="HOST=DELAY[/VISITS] for a host or *.domain: other manners there"
    )
    attempts: int = Field(3, ge=1, le=20, description="how often a page is tried before its job has failed")
    retry_s: float = Field(
        60.0,
        gt=0,
        le=86400,
        allow_inf_nan=False,
        description="seconds to the second attempt; four times that to each next",
    )
    lease_s: float = Field(
        30.0,
        ge=2,
        le=3600,
        allow_inf_nan=False,
        description="seconds of silence after which a worker counts as dead, and its jobs go to others",
    )
    grace_s: float = Field(
        60.0,
        ge=0,
        le=3600,
        allow_inf_nan=False,
        description="seconds that captures may take to end when a worker is told to stop; then they are given back",
    )
    keep_s: float = Field(
        30 * 86400.0, gt=0, allow_inf_nan=False, description="seconds that ended jobs are kept in the queue"
    )
    metrics: Annotated[
        Annotated[str, AfterValidator(_checked(parse_listening))] | None, BeforeValidator(_read_nothing)
    ] = Field(None, description="ADDRESS:PORT where a worker tells Prometheus its figures")
    webhook: Annotated[
        Annotated[SecretStr, AfterValidator(_check_secret_webhook)] | None, BeforeValidator(_read_nothing)
    ] = Field(None, description="http(s) URL that is told of each capture, change and failure")
    webhook_secret: Annotated[SecretStr | None, BeforeValidator(_read_nothing)] = Field(
        None, description="what messages to the webhook are signed with (HMAC-SHA256)"
    )
    command: tuple[Annotated[str, Field(min_length=1, pattern=r"^[^\x00]*$")], ...] = Field(
        (), max_length=100, description="a program and its arguments, run with each message on its standard input"
    )


class SealSettings(BaseModel):
    """The `[seal]` section: how time stamps are asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    timeout_s: float = Field(
        10.0, gt=0, le=300, allow_inf_nan=False, description="seconds a time-stamp authority may take to answer"
    )
    checkpoint_every_s: float = Field(
        3600.0,
        ge=1,
        le=366 * 86400,
        allow_inf_nan=False,
        description="seconds after which the log is time-stamped again when it grows: before a capture, and by workers",
    )
    renew_before_s: float = Field(
        90 * 86400.0,
        ge=0,
        le=3660 * 86400,
        allow_inf_nan=False,
        description="seconds before an authority's certificate expires at which its time stamps are renewed",
    )


class AuthoritySettings(BaseModel):
    """A table `[authorities.NAME]`: a time-stamp authority (RFC 3161) and the roots it is trusted by."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: SecretStr = Field(description="where it answers; http or https")
    roots: Path = Field(description="PEM file of the root certificates that its time stamps must lead to")


class Settings(BaseModel):
    """Every setting in force."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    archive: Annotated[str, BeforeValidator(_read_archive)] = Field(
        _ARCHIVE, description="where the archive is: a directory, file:// or s3://bucket/prefix"
    )
    database_url: Annotated[SecretStr | None, BeforeValidator(_read_database_url)] = Field(
        None, description="postgresql:// URL of the index and the queue that several machines share; else SQLite files"
    )
    signing_key: Annotated[SecretStr | None, BeforeValidator(_read_nothing)] = Field(
        None, description="the archive's private key, PEM text; else it is looked for in the user's configuration"
    )
    signing_key_passphrase: Annotated[SecretStr | None, BeforeValidator(_read_nothing)] = Field(
        None, description="the passphrase of the private key, where it has one"
    )
    capture: CaptureSettings = CaptureSettings()
    jobs: JobsSettings = JobsSettings()
    seal: SealSettings = SealSettings()
    authorities: dict[Annotated[str, AfterValidator(_checked(_check_authority_name))], AuthoritySettings] = Field(
        default_factory=dict,
        description="[authorities.NAME]: who is asked for time stamps, in this order; two of them for each",
    )
    schedules: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="[schedules.NAME]: schedules that a worker adds, or changes, when it starts"
    )


@dataclass(frozen=True)
class Loaded:
    """The settings and, for each dotted name that was set anywhere, its origin in words."""

    settings: Settings
    origins: Mapping[str, str]


def user_file() -> Path:
    """The user's own configuration file, whether or not it exists."""
    return platformdirs.user_config_path("archiver", appauthor=False) / "archiver.toml"


def load(flags: Mapping[str, Any] | None = None, config_file: Path | None = None) -> Loaded:
    """Gather the settings. `flags` are dotted names; None values count as not given. Raises `ConfigurationError`,
    and `UsageError` for a flag that holds a password.
    """
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    layers = [(f"file {user_file()}", _read(user_file(), must_exist=False), False)]
    layers.append((f"file {LOCAL_FILE}", _read(LOCAL_FILE, must_exist=False), True))
    if config_file is not None:
        layers.append((f"file {config_file}", _read(config_file, must_exist=True), False))
    layers.append(("environment", _environment(), False))
    layers.append(("flag", {k: v for k, v in (flags or {}).items() if v is not None and v != ()}, False))
    for origin, layer, is_local in layers:
        for name, value in layer.items():
            if is_local and (name in PROTECTED or name.startswith(_AUTHORITIES)):
                raise ConfigurationError(
                    f"{name} may not be set in {LOCAL_FILE} of the current folder; use the flag, the environment, "
                    f"a file named with --config, or {user_file()}"
                )
            values[name] = value
            origins[name] = origin
    try:
        settings = Settings.model_validate(_nest(values))
    except ValidationError as error:
        first = error.errors()[0]
        reason = "there is no such setting" if first["type"] == "extra_forbidden" else first["msg"]
        name = ".".join(str(part) for part in first["loc"] if isinstance(part, str) and part != "[key]")
        where = origins.get(name) or origins.get(name.rpartition(".")[0], "the settings")
        raise ConfigurationError(f"{name} (from {where}): {reason}") from None
    proxy = settings.capture.proxy
    if proxy is not None and proxy.has_credentials and origins["capture.proxy"] == "flag":
        raise UsageError(
            "--proxy holds a user name or password, and command lines can be read by others; "
            "put the URL into the environment variable ARCHIVER_CAPTURE__PROXY"
        )
    return Loaded(settings, origins)


def names() -> tuple[str, ...]:
    """The dotted names of all settings."""
    return (
        "archive",
        "database_url",
        "signing_key",
        "signing_key_passphrase",
        *(f"capture.{name}" for name in CaptureSettings.model_fields),
        *(f"jobs.{name}" for name in JobsSettings.model_fields),
        *(f"seal.{name}" for name in SealSettings.model_fields),
    )


def value_of(settings: Settings, name: str) -> Any:
    """A setting by its dotted name."""
    value: Any = settings
    for part in name.split("."):
        value = getattr(value, part)
    return value


def _read(path: Path, *, must_exist: bool) -> dict[str, Any]:
    try:
        with path.open("rb") as stream:
            return _flatten(tomllib.load(stream))
    except FileNotFoundError:
        if must_exist:
            raise ConfigurationError(f"there is no configuration file {path}") from None
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is not TOML: {error}") from None
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None


def _flatten(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, dict) and prefix not in _TABLES:
            flat.update(_flatten(value, f"{prefix}{key}."))
        else:
            flat[prefix + key] = value
    return flat


def _nest(flat: Mapping[str, Any]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name, value in flat.items():
        *sections, key = name.split(".", 1) if name.startswith(_TABLES) else name.split(".")
        place = tree
        for section in sections:
            place = place.setdefault(section, {})
            if not isinstance(place, dict):
                raise ConfigurationError(f"{section} is a section; {name} cannot stand beside a value of that name")
        if isinstance(place.get(key), dict):
            raise ConfigurationError(f"{key} is a section and has no value of its own")
        place[key] = value
    return tree


def _environment() -> dict[str, Any]:
    known = set(names())
    found: dict[str, Any] = {}
    for variable, text in os.environ.items():
        name = variable.removeprefix(ENVIRONMENT_PREFIX).lower().replace("__", ".")
        if variable.startswith(ENVIRONMENT_PREFIX) and name in known:
            found[name] = _from_text(name, text)
        elif variable.startswith(f"{ENVIRONMENT_PREFIX}SCHEDULES"):
            raise ConfigurationError(
                f"{variable} (from environment): schedules stand in a file, as [schedules.NAME], or are added with "
                "`archiver schedule add`"
            )
        elif variable.startswith(f"{ENVIRONMENT_PREFIX}AUTHORITIES"):
            raise ConfigurationError(
                f"{variable} (from environment): time-stamp authorities stand in a file, as [authorities.NAME]"
            )
        elif variable.startswith(tuple(f"{ENVIRONMENT_PREFIX}{section}__" for section in ("CAPTURE", "JOBS", "SEAL"))):
            raise ConfigurationError(f"{variable} (from environment): there is no such setting")
    return found


def _from_text(name: str, text: str) -> Any:
    if name not in LISTS:
        return text
    if not text.startswith("["):
        return tuple(part.strip() for part in text.split(",") if part.strip())
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        raise ConfigurationError(f"{name} (from environment): not a JSON list") from None

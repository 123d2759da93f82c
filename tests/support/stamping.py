"""Time-stamp authorities around an archive: at work on loopback, in its settings, and with what they say in its store.

`Server` in `tests.support.authority` says how one can fail.
"""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from archiver import stamping
from archiver.config import Settings, load
from archiver.seal import stamps
from archiver.seal.authority import Authority as Configured
from archiver.seal.timestamp import make_request
from archiver.seal.timestamp_read import read_response
from archiver.stamping import Stamper
from archiver.storage.base import ObjectStore
from archiver.verify.timestamps import Pin
from archiver.verifying import pins_of
from tests.support.authority import Authority, Change, Kind, Server

#: stands in the URL of each authority, as a key may, and must never be shown
SECRET = "s3cret-key"
PLAIN = Kind()
NAMES = ("one", "two", "three")


class Makers:
    """Authorities by name and kind: each is made once a run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[tuple[str, Kind], Authority] = {}

    def authority(self, name: str, kind: Kind = PLAIN) -> Authority:
        if (name, kind) not in self._made:
            folder = self._folder / f"{name}-{len(self._made)}"
            self._made[name, kind] = Authority(folder, name.title(), kind)
        return self._made[name, kind]


class Around:
    """Authorities `one`, `two` and `three`, each behind a server. `kinds` says which are not as usual."""

    def __init__(self, makers: Makers, **kinds: Kind) -> None:
        self.makers = makers
        self.servers = {name: Server(makers.authority(name, kinds.get(name, PLAIN))) for name in NAMES}

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            for server in self.servers.values():
                stack.enter_context(server)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def authority(self, name: str) -> Authority:
        return self.servers[name].authority

    def behave(self, **modes: str) -> None:
        """Have servers behave so from now on, by the names of their authorities."""
        for name, mode in modes.items():
            self.servers[name].mode = mode

    def asked(self) -> dict[str, int]:
        """How often each was asked."""
        return {name: len(server.asked) for name, server in self.servers.items()}

    def urls(self) -> dict[str, str]:
        return {name: f"{server.url}/{SECRET}?key={SECRET}" for name, server in self.servers.items()}

    def tables(self, *names: str) -> dict[str, dict[str, Any]]:
        """`[authorities.NAME]` of the settings."""
        urls = self.urls()
        return {
            name: {"url": urls[name], "roots": str(self.authority(name).folder / "root.pem")}
            for name in names or NAMES[:2]
        }

    def settings(self, *names: str, archive: str | Path = "archive", timeout_s: float = 5.0, **more: Any) -> Settings:
        """Settings of an archive that asks these, or `one` and `two`; in `more` a `_` stands for a dot."""
        flags = {f"authorities.{name}": table for name, table in self.tables(*names).items()}
        told = {name.replace("__", "."): value for name, value in more.items()}
        return load({"archive": str(archive), "seal.timeout_s": timeout_s, **flags, **told}).settings

    def toml(self, *names: str, timeout_s: float = 5.0) -> str:
        """A configuration file with these authorities."""
        lines = ["[seal]", f"timeout_s = {timeout_s}"]
        for name, table in self.tables(*names).items():
            lines += [f"[authorities.{name}]", *(f'{key} = "{value}"' for key, value in table.items())]
        return "\n".join(lines) + "\n"

    def configured(self, *names: str) -> tuple[Configured, ...]:
        return stamping.configured(self.settings(*names))

    def configured_with(self, **tables: Any) -> tuple[Configured, ...]:
        """The authorities of settings with `one`, `two` and these tables."""
        return stamping.configured(self.settings(**{f"authorities__{name}": each for name, each in tables.items()}))

    def pins(self, *names: str) -> tuple[Pin, ...]:
        return pins_of(self.configured(*names))

    def stamper(self, store: ObjectStore, *names: str, timeout_s: float = 5.0) -> Stamper:
        settings = self.settings(*names, timeout_s=timeout_s)
        return Stamper(store, settings, stamping.configured(settings))

    def response(self, name: str, message: bytes, off: timedelta = timedelta(), *changes: Change) -> bytes:
        """What an authority answers, its time so far off, and changed in other ways, nothing but that being wrong."""
        who = self.authority(name)
        answer = who.reply(make_request(message).data)
        for change in changes:
            answer = who.forge(answer, change)
        return who.dated(answer, off) if off else answer

    def files(self, message: bytes, *wanted: str | Said, renewal: int = 0) -> dict[str, bytes]:
        """A folder of time stamps of a message: responses of authorities, under the names they should have."""
        found = {}
        for each in wanted:
            said = Said(each) if isinstance(each, str) else each
            data = self.response(said.name, message, said.off)
            found[named(said.name, data, renewal)] = data
        return found


@dataclass(frozen=True)
class Said:
    """An authority and how far off the time is that it says."""

    name: str
    off: timedelta = timedelta()


def ago(name: str, **time: float) -> Said:
    return Said(name, -timedelta(**time))


def ahead(name: str, **time: float) -> Said:
    return Said(name, timedelta(**time))


def named(authority: str, response: bytes, renewal: int = 0) -> str:
    """The file that a response is to have."""
    token = read_response(response)
    assert token.signer is not None
    return stamps.file_name(authority, token.gen_time, token.signer.not_after, renewal)


def put(store: ObjectStore, folder: str, files: Mapping[str, bytes]) -> None:
    for name, data in files.items():
        store.put_new(folder + name, data)


def in_folder(store: ObjectStore, folder: str) -> dict[str, bytes]:
    """What is stored below a folder of time stamps."""
    return {key.removeprefix(folder): b"".join(store.get(key)) for key in store.list(folder)}


def unchecked(files: Mapping[str, bytes], folder: Path) -> str | None:
    """What `sha256sum -c` has against the lists among some files, None where it has nothing."""
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    for name in (name for name in files if name.endswith(".sums")):
        command = ["sha256sum", "--strict", "-c", name]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=30)
        if done.returncode:
            return done.stdout + done.stderr
    return None


def now() -> datetime:
    return datetime.now(UTC)

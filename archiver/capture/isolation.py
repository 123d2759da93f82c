"""What the browser, the part that will be attacked, is kept from: our environment, our files, our rights.

As an ordinary user Chromium's own sandbox is on. As root the browser runs as a user of its own that owns nothing but
its profile, with the sandbox on as well. What could not be had is in `Isolation.lacking`.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import pwd
import shlex
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from playwright._impl import _driver, transport

from archiver.capture import launcher
from archiver.capture.processes import PID_FILE

# User ids that no account has: systemd lends from the same range, and asks like we do whether one is in use.
_FIRST_UID, _LAST_UID = 61184, 65519
_TRIES = 64
# What every process may have beyond the capture's memory: V8 and the GPU code reserve several GB and leave them empty.
_RESERVED_BYTES = 8 << 30

#: the environment of the browser, and nothing else but HOME and TMPDIR
_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "TZ", "FONTCONFIG_PATH", "FONTCONFIG_FILE")
_PLAYWRIGHTS_OWN = ("PW_LANG_NAME", "PW_LANG_NAME_VERSION", "PW_CLI_DISPLAY_VERSION")
#: what the browser's driver needs besides
_DRIVER_ENVIRONMENT = (*_ENVIRONMENT, "HOME", "XDG_CACHE_HOME", "PLAYWRIGHT_BROWSERS_PATH", "PLAYWRIGHT_NODEJS_PATH")


@dataclass(frozen=True)
class Isolation:
    """How the browser is shut in: its own user id if it has one, whether its sandbox is on, what is lacking and why."""

    uid: int | None
    sandboxed: bool
    lacking: str = ""


@contextlib.contextmanager
def isolated(browser: Path, directory: Path | None = None) -> Iterator[Isolation]:
    """The best isolation this machine gives; as root, with a user id that no other capture has meanwhile.

    `directory` is where the browser will find its profile, if it is to run.
    """
    if os.geteuid() != 0:
        yield Isolation(None, sandboxed=True)
        return
    with _lent_uid() as uid:
        reason = "no free user id" if uid is None else _why_not_in(directory) or _why_not_as(uid, browser)
        if reason:
            yield Isolation(None, sandboxed=False, lacking=f"the browser ran as root without its sandbox: {reason}")
        else:
            yield Isolation(uid, sandboxed=True)


def environment(home: Path) -> dict[str, str]:
    """The browser's whole environment."""
    return {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ} | {"HOME": str(home)}


@contextlib.contextmanager
def driver_environment(temporary: Path) -> Iterator[None]:
    """While inside, the browser's driver is started with a short environment of its own.

    Playwright hands on all of ours and has no option for it. What ours is stays as it is: other captures may run in
    other threads, and whoever uses this as a library has threads of their own.
    """
    kept = {name: os.environ[name] for name in _DRIVER_ENVIRONMENT if name in os.environ}
    token = _wanted.set(kept | {"TMPDIR": str(temporary)})
    try:
        yield
    finally:
        _wanted.reset(token)


def _driver_env() -> dict[str, str]:
    usual, wanted = _usual_driver_env(), _wanted.get()
    if wanted is None:
        return usual
    return wanted | {name: usual[name] for name in _PLAYWRIGHTS_OWN if name in usual}


_wanted: ContextVar[dict[str, str] | None] = ContextVar("driver_environment", default=None)
_usual_driver_env = _driver.get_driver_env
# It has no option for this; that it works is seen by the test that looks for secrets in the driver's environment.
transport.get_driver_env = _driver_env  # type: ignore[attr-defined]  # imported there, not exported


def write_launcher(
    directory: Path,
    browser: Path,
    home: Path,
    isolation: Isolation,
    memory_bytes: int,
) -> Path:
    """An executable in `directory` that becomes the browser with the rights of `isolation`."""
    temporary = home / "tmp"
    temporary.mkdir(exist_ok=True)
    give(temporary, isolation)
    spec = {
        "executable": str(browser),
        # The browser starts in this folder: by its full path, one deep below would be too long for the socket in it.
        "environment": environment(home) | {"TMPDIR": "/proc/self/cwd"},
        "folder": str(temporary),
        "uid": isolation.uid,
        "pid_file": str(directory / PID_FILE),
        "memory_bytes": memory_bytes + _RESERVED_BYTES,
    }
    spec_path = directory / "launch.json"
    spec_path.write_text(json.dumps(spec))
    command = shlex.join([sys.executable, "-I", "-S", str(Path(launcher.__file__)), str(spec_path)])
    script = directory / "launch"
    script.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    script.chmod(0o700)
    return script


def give(path: Path, isolation: Isolation) -> None:
    """Make the browser's user the owner of a file or folder."""
    if isolation.uid is not None:
        os.chown(path, isolation.uid, isolation.uid)


@contextlib.contextmanager
def _lent_uid() -> Iterator[int | None]:
    """A user id without an account that no other capture on this machine has; its lock ends with this process."""
    start = os.getpid() % (_LAST_UID - _FIRST_UID)
    for step in range(_TRIES):
        uid = _FIRST_UID + (start + step) % (_LAST_UID - _FIRST_UID)
        with contextlib.suppress(KeyError):
            pwd.getpwuid(uid)
            continue
        with socket.socket(socket.AF_UNIX) as lock:
            try:
                lock.bind(f"\0archiver-uid-{uid}")  # an abstract name: no file that could be left behind
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    continue
                raise
            yield uid
            return
    yield None


def _why_not_in(directory: Path | None) -> str:
    """Why a user who owns nothing cannot reach this directory, or nothing when it can."""
    for folder in (directory, *directory.parents) if directory else ():
        if not folder.stat().st_mode & stat.S_IXOTH:
            return f"other users may not enter {folder}; set TMPDIR to a folder they may enter, such as /tmp"
    return ""


def _why_not_as(uid: int, browser: Path) -> str:
    """Why the browser cannot run as this user, or nothing when it can."""
    try:
        done = subprocess.run(  # noqa: S603  # fixed arguments
            ["/usr/bin/test", "-x", browser], user=uid, group=uid, extra_groups=[], cwd="/", timeout=20, check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        return f"this system lets root become no other user ({error})"
    return f"other users may not execute {browser}; install the browser where they may" if done.returncode else ""

"""Telling others of a capture: a webhook, and a program of the user's own.

A message is a JSON object: `id`, `event` (captured, changed, failed or cancelled), `at` when it was sent, `archive`,
`attempt`, and the `job`. Whoever gets one with an `id` that they had already has it for the second time.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import http.client
import os
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import SplitResult, unquote, urlsplit

from archiver.errors import ArchiverError
from archiver.version import __version__

#: the header that holds `sha256=` and the HMAC of the body, where there is a secret
SIGNATURE = "Archiver-Signature"
_TIMEOUT_S = 10.0
_COMMAND_S = 60.0
_SHOWN = 200


class MessageError(ArchiverError):
    """A message could not be delivered."""


def post(url: str, body: bytes, secret: str | None) -> None:
    """Send a message to a webhook, once; redirects are not followed. Raises `MessageError`.

    The URL, one that settings have taken, may itself be a secret: no error repeats more of it than its host.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    headers = {"Content-Type": "application/json", "User-Agent": f"archiver/{__version__}"}
    if parts.username is not None:
        login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = f"Basic {base64.b64encode(login.encode()).decode()}"
    if secret is not None:
        headers[SIGNATURE] = f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection = _connection(parts)
    late = threading.Event()
    try:
        connection.connect()
        with _within(connection.sock, late):
            connection.request("POST", target, body, headers)
            status = connection.getresponse().status
        if late.is_set():  # a head that was broken off looks like a whole one
            raise TimeoutError
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        if late.is_set() or isinstance(error, TimeoutError):
            reason = f"no answer within {_TIMEOUT_S:g} s"
        raise MessageError(f"the webhook at {host} could not be reached: {reason}") from None
    finally:
        connection.close()
    if not 200 <= status < 300:
        raise MessageError(f"the webhook at {host} answered with status {status}")


def _connection(parts: SplitResult) -> http.client.HTTPConnection:
    if parts.scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=_TIMEOUT_S, context=context)
    return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_TIMEOUT_S)


@contextlib.contextmanager
def _within(connection: socket.socket, late: threading.Event) -> Iterator[None]:
    """Break a connection off that is not done in time, however steadily something comes."""

    def end() -> None:
        late.set()
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(_TIMEOUT_S, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


def run(command: Sequence[str], body: bytes, environment: Mapping[str, str]) -> None:
    """Run the user's program with a message on its standard input. Raises `MessageError`.

    What it leaves running behind goes on; when it takes too long, all that it started is ended with it.
    """
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said:
        given.write(body)
        given.seek(0)
        try:
            process = subprocess.Popen(  # noqa: S603  # the user's own configuration names it; nothing of a page
                list(command),
                stdin=given,
                stdout=subprocess.DEVNULL,
                stderr=said,
                env=dict(environment),
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise MessageError(f"{command[0]} could not be run: {getattr(error, 'strerror', None) or error}") from None
        try:
            code = process.wait(_COMMAND_S)
        except subprocess.TimeoutExpired:
            raise MessageError(f"{command[0]} did not end within {_COMMAND_S:g} s") from None
        finally:
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        said.seek(0)
        told = " ".join(said.read(10 * _SHOWN).decode("utf-8", "replace").split())[:_SHOWN]
    if code:
        ended = f"ended with code {code}" if code > 0 else f"was ended by signal {-code}"
        raise MessageError(f"{command[0]} {ended}{f': {told}' if told else ''}")

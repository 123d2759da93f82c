"""Telling others of a capture: a webhook, and a program of the user's own.

A message is a JSON object: `event` (captured, changed, failed or cancelled), `at`, `archive`, and the `job`.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ssl
import subprocess
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from archiver.errors import ArchiverError, ConfigurationError
from archiver.version import __version__

#: the header that holds `sha256=` and the HMAC of the body, where there is a secret
SIGNATURE = "Archiver-Signature"
_TIMEOUT_S = 10.0
_COMMAND_S = 60.0
_SHOWN = 200


class MessageError(ArchiverError):
    """A message could not be delivered."""


def check_webhook(url: str) -> None:
    """Raises `ConfigurationError` for what messages cannot be sent to; its message does not repeat it."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError("jobs.webhook is no http or https URL; correct ARCHIVER_JOBS__WEBHOOK")


def post(url: str, body: bytes, secret: str | None) -> None:
    """Send a message to a webhook, once; redirects are not followed. Raises `MessageError`.

    The URL may itself be a secret: no error repeats more of it than its host.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    headers = {"Content-Type": "application/json", "User-Agent": f"archiver/{__version__}"}
    if secret is not None:
        headers[SIGNATURE] = f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(host, parts.port, timeout=_TIMEOUT_S, context=context)
    else:
        connection = http.client.HTTPConnection(host, parts.port, timeout=_TIMEOUT_S)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", target, body, headers)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise MessageError(f"the webhook at {host} could not be reached: {reason}") from None
    finally:
        connection.close()
    if not 200 <= status < 300:
        raise MessageError(f"the webhook at {host} answered with status {status}")


def run(command: Sequence[str], body: bytes, environment: Mapping[str, str]) -> None:
    """Run the user's program with a message on its standard input. Raises `MessageError`."""
    try:
        done = subprocess.run(  # noqa: S603  # the user's own configuration names it; no shell, nothing of a page
            list(command), input=body, env=dict(environment), capture_output=True, timeout=_COMMAND_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise MessageError(f"{command[0]} did not end within {_COMMAND_S:.0f} s") from None
    except OSError as error:
        raise MessageError(f"{command[0]} could not be run: {error.strerror or error}") from None
    if done.returncode:
        said = " ".join(done.stderr.decode("utf-8", "replace").split())[:_SHOWN]
        raise MessageError(f"{command[0]} ended with code {done.returncode}{f': {said}' if said else ''}")

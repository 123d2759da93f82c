"""URLs: what may be captured, the SURT key an index sorts by, and proxies."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, unquote_to_bytes, urlsplit

from archiver.errors import UsageError

_CONTROL = re.compile(r"[\x00-\x20\x7f]")
_UNQUOTE_ROUNDS = 10  # escapes within escapes; a page could nest them without end
_DEFAULT_PORTS = {"http": 80, "https": 443}
_PROXY_SCHEMES = ("socks5", "socks5h", "http")
_MAX_CREDENTIAL_BYTES = 255  # RFC 1929 section 2


def parse_capturable(url: str) -> SplitResult:
    """Split a URL that may be captured.

    Raises `UsageError` for anything but an absolute http or https URL with a host, and for user-info: a password in a
    URL would end up in the WARC.
    """
    shown = repr(_without_user_info(url))
    if _CONTROL.search(url):
        raise UsageError(f"{shown} holds blanks or control characters; percent-encode them")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UsageError(f"{shown} is not a URL: its host or port cannot be read") from None
    if parts.scheme not in _DEFAULT_PORTS:
        hint = f"; did you mean https://{url}?" if "://" not in url and "." in url and "@" not in url else ""
        raise UsageError(f"{shown} is not an http or https URL{hint}")
    if parts.username is not None or parts.password is not None:
        raise UsageError(f"{shown} carries a user name or password; remove it")
    if not parts.hostname:
        raise UsageError(f"{shown} has no host")
    if port == 0:
        raise UsageError(f"{shown} names port 0")
    return parts


def _without_user_info(url: str) -> str:
    """The URL with all before an `@` of its authority taken out, for messages: it may be a password."""
    return re.sub(r"^([a-zA-Z][a-zA-Z0-9+.-]*://)?[^/?#]*@", r"\1***@", url)


def _plain(text: str) -> str:
    """Percent-escapes taken away, then only what cannot stand in a key escaped again; lower case."""
    data = text.encode("utf-8", "replace")
    for _ in range(_UNQUOTE_ROUNDS):
        shorter = unquote_to_bytes(data)
        if shorter == data:
            break
        data = shorter
    return "".join(f"%{c:02x}" if c <= 0x20 or c >= 0x7F or c in b"#%" else chr(c) for c in data).lower()


def surt(url: str) -> str:
    """The sort-friendly key of a URL: host reversed, lower case, `www` and default port dropped, query sorted.

    It follows what cdxj-indexer and pywb write for ordinary http URLs, so that their look-ups find our lines. The key
    is lossy on purpose (case, `www`, query order, scheme): it finds candidates, the exact URL decides.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return url.lower()
    if parts.scheme not in ("http", "https", "ws", "wss") or not parts.hostname:
        return url.lower()
    host = re.sub(r"^www\d*\.", "", parts.hostname.rstrip("."))
    if ":" not in host:
        host = ",".join(reversed(host.split(".")))
    if port and port != _DEFAULT_PORTS.get(parts.scheme.replace("ws", "http")):
        host = f"{host}:{port}"
    path = re.sub("//+", "/", _plain(parts.path)) or "/"
    if len(path) > 1:
        path = path.rstrip("/") or "/"
    query = "&".join(sorted(_plain(parts.query).split("&"))) if parts.query else ""
    return f"{host}){path}" + (f"?{query}" if query else "")


@dataclass(frozen=True)
class Proxy:
    """An upstream proxy. `str()` and `repr()` of it show no credentials."""

    scheme: str  # socks5 | socks5h | http
    host: str
    port: int
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @property
    def has_credentials(self) -> bool:
        return bool(self.username or self.password)

    @property
    def resolves_names(self) -> bool:
        """Whether names go to the proxy, so that nobody here sees their addresses."""
        return self.scheme == "socks5h"

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{'***@' if self.has_credentials else ''}{host}:{self.port}"


def parse_proxy(url: str) -> Proxy:
    """Read the URL of a proxy. Raises `ValueError`, whose message repeats nothing of it: it may hold a password."""
    if _CONTROL.search(url):
        raise ValueError("it holds blanks or control characters; percent-encode them")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("its host or port cannot be read; percent-encode the password") from None
    if parts.scheme not in _PROXY_SCHEMES:
        raise ValueError("expected socks5://HOST:PORT, socks5h://HOST:PORT or http://HOST:PORT")
    if not parts.hostname or not port or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError("expected a host, a port and nothing after them; percent-encode the password")
    username, password = (unquote(text or "") for text in (parts.username, parts.password))
    if max(len(username.encode()), len(password.encode())) > _MAX_CREDENTIAL_BYTES or ":" in username:
        raise ValueError("its user name or password cannot be sent: over 255 bytes, or a colon in the name")
    return Proxy(parts.scheme, parts.hostname, port, username, password)


def check_webhook(url: str) -> str:
    """A URL that messages can be sent to. Raises `ValueError`, which repeats nothing of it: it may be a secret."""
    if _CONTROL.search(url) or not url.isascii():
        raise ValueError("it holds blanks, control characters or others beyond ASCII; percent-encode them")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("its host or port cannot be read; percent-encode the password") from None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or port == 0:
        raise ValueError("expected an http or https URL")
    return url


def parse_listening(place: str) -> tuple[str, int]:
    """`ADDRESS:PORT` that can be listened at; IPv6 in brackets. Raises `ValueError`."""
    address, _, port = place.rpartition(":")
    is_bare = ":" in address and not (address.startswith("[") and address.endswith("]"))
    if not address or is_bare or not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536):
        raise ValueError("expected ADDRESS:PORT, such as 127.0.0.1:9188")
    return address.strip("[]"), int(port)

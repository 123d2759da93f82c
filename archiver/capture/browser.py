"""Finding a Chromium, starting one for a single capture, and leaving none behind."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import re
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, Playwright
from playwright.async_api import Error as PlaywrightError

from archiver.capture.profile import Profile
from archiver.errors import BrowserError, ConfigurationError

_PATH_NAMES = ("chromium", "chromium-headless-shell", "google-chrome")
_LAUNCH_TIMEOUT_MS = 30_000
_CLOSE_TIMEOUT_S = 10.0
INSTALL_HINT = "install one with 'python -m playwright install chromium' or 'apt-get install chromium'"

#: the environment of the browser, and nothing else: it is the part that will be attacked
_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "TZ", "FONTCONFIG_PATH", "FONTCONFIG_FILE")

_ARGUMENTS = (
    "--disable-quic",  # UDP cannot pass the relay
    "--proxy-bypass-list=<-loopback>",  # loopback addresses go through the relay, too
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-domain-reliability",
    "--disable-client-side-phishing-detection",
    "--net-log-capture-mode=Everything",
)


@dataclass(frozen=True)
class FoundBrowser:
    """A browser's executable, its product line, and where it was found."""

    path: Path
    product: str  # as `--version` prints it, "Chromium 156.0.8078.79 …"
    origin: str

    @property
    def version(self) -> str:
        match = re.search(r"\d+(?:\.\d+)+", self.product)
        return match.group(0) if match else ""

    @property
    def major(self) -> str:
        return self.version.partition(".")[0]


def find_browser(configured: Path | None, playwright_path: str | None) -> FoundBrowser:
    """The browser to use: the configured one, else Playwright's own, else one on the path.

    Raises `ConfigurationError` when the configured one does not run, `BrowserError` when there is none.
    """
    if configured is not None:
        product = _product(configured)
        if product is None:
            raise ConfigurationError(f"capture.browser: {configured} does not run as a Chromium (--version fails)")
        return FoundBrowser(configured, product, "configuration")
    candidates = [(playwright_path, "installed by Playwright")]
    candidates += [(shutil.which(name), "on the path") for name in _PATH_NAMES]
    for candidate, origin in candidates:
        if candidate and Path(candidate).is_file():
            product = _product(Path(candidate))
            if product:
                return FoundBrowser(Path(candidate), product, origin)
    raise BrowserError(f"no Chromium found; {INSTALL_HINT}")


def _product(path: Path) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603  # the browser the user configured or installed
            [path, "--version"],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
            env=_environment(Path("/")),
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None


def _environment(home: Path) -> dict[str, str]:
    chosen = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    return chosen | {"HOME": str(home)}


def executable_sha256(path: Path) -> str:
    """SHA-256 of the browser's executable file, through symbolic links; of a launcher script, that of the script."""
    with path.resolve().open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def may_sandbox() -> bool:
    """Whether Chromium's sandbox can be on: it refuses to start with it as root."""
    return os.geteuid() != 0


def trust_authority(pem: Path, home: Path) -> None:
    """Make the browser started with this home trust a certificate authority besides the usual ones.

    Raises `ConfigurationError` when the file or `certutil` is missing.
    """
    certutil = shutil.which("certutil")
    if certutil is None:
        raise ConfigurationError("capture.trust_ca needs certutil; install it with 'apt-get install libnss3-tools'")
    if not pem.is_file():
        raise ConfigurationError(f"capture.trust_ca: there is no file {pem}")
    database = home / ".pki" / "nssdb"
    database.mkdir(parents=True)
    steps = (["-N", "--empty-password"], ["-A", "-n", "archiver", "-t", "C,,", "-i", str(pem)])
    for step in steps:
        done = subprocess.run(  # noqa: S603  # fixed arguments
            [certutil, "-d", f"sql:{database}", *step],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        if done.returncode:
            raise ConfigurationError(f"capture.trust_ca: certutil does not take {pem}: {done.stderr.strip()}")


@contextlib.asynccontextmanager
async def launched(
    playwright: Playwright,
    found: FoundBrowser,
    *,
    netlog: Path,
    relay_port: int,
    home: Path,
    profile: Profile,
    check_certificates: bool,
) -> AsyncIterator[Browser]:
    """A fresh browser process for one capture, its whole process tree ended on leaving. Raises `BrowserError`."""
    # Not by a context's ignore_https_errors: service workers know nothing of it and would not start.
    unchecked = [] if check_certificates else ["--ignore-certificate-errors"]
    try:
        browser = await playwright.chromium.launch(
            executable_path=found.path,
            headless=True,
            chromium_sandbox=may_sandbox(),
            env=dict(_environment(home)),
            downloads_path=home / "downloads",
            timeout=_LAUNCH_TIMEOUT_MS,
            args=[
                *_ARGUMENTS,
                *unchecked,
                *profile.arguments(found.major),
                f"--proxy-server=socks5://127.0.0.1:{relay_port}",
                f"--log-net-log={netlog}",
            ],
        )
    except PlaywrightError as error:
        first = error.message.strip().splitlines()[0]
        raise BrowserError(f"{found.path} did not start: {first}; see 'archiver doctor'") from None
    try:
        yield browser
    finally:
        with contextlib.suppress(PlaywrightError, TimeoutError):
            await asyncio.wait_for(browser.close(), _CLOSE_TIMEOUT_S)
        end_processes(str(netlog))


def end_processes(marker: str) -> None:
    """Kill every process whose command line names the marker, a path that only one capture has."""
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if int(entry.name) != os.getpid() and marker.encode() in (entry / "cmdline").read_bytes():
                os.kill(int(entry.name), signal.SIGKILL)

"""Finding a Chromium, starting one for a single capture, and leaving none behind."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import hashlib
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

from playwright.async_api import Browser, Playwright, async_playwright
from playwright.async_api import Error as PlaywrightError

from archiver.capture.isolation import Isolation, driver_environment, environment, give, write_launcher
from archiver.capture.processes import end_browser
from archiver.capture.profile import Profile
from archiver.errors import BrowserError, ConfigurationError

_PATH_NAMES = ("chromium", "chromium-headless-shell", "google-chrome")
_LAUNCH_TIMEOUT_MS = 30_000
_CLOSE_TIMEOUT_S = 5.0
_STOP_TIMEOUT_S = 5.0
INSTALL_HINT = "install one with 'python -m playwright install chromium' or 'apt-get install chromium'"

_ARGUMENTS = (
    "--disable-quic",  # UDP cannot pass the relay
    "--proxy-bypass-list=<-loopback>",  # loopback addresses go through the relay, too
    # WebRTC sends datagrams past the relay unless told so, by a switch whose name differs from version to version.
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    # The relay looks names up; what the browser would look up itself (for WebRTC) would pass the guard by.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--disable-domain-reliability",
    "--disable-client-side-phishing-detection",
    "--net-log-capture-mode=Everything",
)


# What Chromium prints when the system lets it make no sandbox.
_NO_SANDBOX = re.compile(r"No usable sandbox|setuid sandbox|sandbox_linux|Failed to move to new namespace")


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
            env=environment(Path("/")),
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None


def executable_sha256(path: Path) -> str:
    """SHA-256 of the browser's executable file, through symbolic links; of a launcher script, that of the script."""
    found = path.resolve()
    said = found.stat()
    return _sha256(found, (said.st_dev, said.st_ino, said.st_size, said.st_mtime_ns, said.st_ctime_ns))


@functools.lru_cache(maxsize=4)
def _sha256(path: Path, _: tuple[int, ...]) -> str:
    """Of a file as it is: hundreds of megabytes, which one process reads once for all its captures."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


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
async def driver(directory: Path) -> AsyncIterator[Playwright]:
    """Playwright, its temporary files in the working directory. Raises `BrowserError`."""
    temporary = directory / "tmp"
    temporary.mkdir()
    temporary.chmod(0o711)
    with driver_environment(temporary):
        try:
            playwright = await async_playwright().start()
        except OSError:
            raise
        except Exception as error:  # noqa: BLE001  # it has no class of its own for this
            raise BrowserError(f"the browser's driver did not start: {first_line(error)}") from None
    try:
        yield playwright
    finally:
        with contextlib.suppress(PlaywrightError, TimeoutError):
            await asyncio.wait_for(playwright.stop(), _STOP_TIMEOUT_S)


@contextlib.asynccontextmanager
async def launched(
    playwright: Playwright,
    found: FoundBrowser,
    isolation: Isolation,
    *,
    directory: Path,
    netlog: Path,
    relay_port: int,
    memory_bytes: int,
    profile: Profile,
    check_certificates: bool,
) -> AsyncIterator[tuple[Browser, Isolation]]:
    """A fresh browser process for one capture, as `started` gives it. Raises `BrowserError`."""
    give(netlog, isolation)
    arguments = [
        *_ARGUMENTS,
        *profile.arguments(found.major),
        # Not by a context's ignore_https_errors: service workers know nothing of it and would not start.
        *([] if check_certificates else ["--ignore-certificate-errors"]),
        f"--proxy-server=socks5://127.0.0.1:{relay_port}",
        f"--log-net-log={netlog}",
    ]
    async with started(
        playwright, found, isolation, arguments, directory=directory, memory_bytes=memory_bytes
    ) as running:
        yield running


@contextlib.asynccontextmanager
async def started(
    playwright: Playwright,
    found: FoundBrowser,
    isolation: Isolation,
    arguments: list[str],
    *,
    directory: Path,
    memory_bytes: int,
) -> AsyncIterator[tuple[Browser, Isolation]]:
    """A fresh browser process with its home in `directory`, its whole process tree ended on leaving.

    The isolation comes back as it really is: a system that forbids Chromium's sandbox gets a browser without one.
    Raises `BrowserError`.
    """
    home = directory / "home"
    (home / "downloads").mkdir()
    for path in (home, *home.rglob("*")):
        give(path, isolation)
    launcher = write_launcher(directory, found.path, home, isolation, memory_bytes)
    try:
        try:
            browser = await _launch(playwright, launcher, home, arguments, sandbox=isolation.sandboxed)
        except PlaywrightError as error:
            if not isolation.sandboxed or not _NO_SANDBOX.search(error.message):
                raise
            reason = "the browser ran without its sandbox: this system lets users make no namespaces"
            isolation = replace(isolation, sandboxed=False, lacking=reason)
            browser = await _launch(playwright, launcher, home, arguments, sandbox=False)
    except PlaywrightError as error:
        raise BrowserError(f"{found.path} did not start: {first_line(error)}; see 'archiver doctor'") from None
    try:
        yield browser, isolation
    finally:
        with contextlib.suppress(PlaywrightError, TimeoutError):
            await asyncio.wait_for(browser.close(), _CLOSE_TIMEOUT_S)
        await asyncio.to_thread(end_browser, directory)


async def _launch(
    playwright: Playwright, launcher: Path, home: Path, arguments: list[str], *, sandbox: bool
) -> Browser:
    return await playwright.chromium.launch(
        executable_path=launcher,
        headless=True,
        chromium_sandbox=sandbox,
        downloads_path=home / "downloads",
        timeout=_LAUNCH_TIMEOUT_MS,
        # Interrupts are ours to handle: what has been recorded may still be wanted.
        handle_sigint=False,
        handle_sigterm=False,
        handle_sighup=False,
        args=arguments,
    )


def first_line(error: Exception) -> str:
    """The first line of an error's message, or its kind where it says nothing."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__

"""Runs of the program in a place of their own, ways to kill them, and a look at what they leave behind."""

from __future__ import annotations

import contextlib
import hashlib
import os
import pty
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.sites.model import Request, Response
from tests.sites.server import LocalWeb
from tests.support.snapshots import statements_in

REPOSITORY = Path(__file__).resolve().parents[2]
URL = "http://page.test/"
HEAVY_URL = "http://page.test/heavy"  # its WARC takes a while to write and to store

#: what is killed, and with which exit codes the program may end then
KILLS: Mapping[str, frozenset[int]] = {
    "program, SIGKILL": frozenset({-signal.SIGKILL}),
    "program, SIGTERM": frozenset({130}),
    "browser's leader": frozenset({3, 10}),
    "renderers": frozenset({3, 10}),
    "driver": frozenset({3, 10}),
}
_HEAVY_BYTES = 16 << 20
_LIVE = re.compile(r"^(?P<step>[a-z ]+?) +\d+ exchanges +\S+ \S+ +[\d.]+ s$|^\d+ of \d+ URLs done, \d+ under way$")
_POLL_S = 0.005
_RUN_S = 100.0

_PAGE = b"""<!doctype html><title>page</title><link rel=stylesheet href=/style.css><h1>Heading</h1>
<img src=/picture.svg><iframe src=//frame.test/inner></iframe><div style=height:3000px></div>
<img loading=lazy src=/late.svg><script>%s</script>"""
_SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="80" height="40"><circle cx="20" cy="20" r="15"/></svg>'


async def site(request: Request) -> Response:
    """Every host: a small page with a frame, a lazy picture and a late request; /heavy has a large one."""
    if request.path.endswith(".svg"):
        return Response(200, b"OK", [(b"Content-Type", b"image/svg+xml")], _SVG)
    if request.path == "/data":
        return Response(200, b"OK", [(b"Content-Type", b"application/octet-stream")], os.urandom(_HEAVY_BYTES))
    asked = b"fetch('/data').then((r) => r.arrayBuffer())" if request.path == "/heavy" else b"0"
    return Response(200, b"OK", [(b"Content-Type", b"text/html")], _PAGE % asked if request.path != "/inner" else b"in")


class Run:
    """One run of the program, its stderr a terminal of its own."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], cwd: Path, *, nohup: bool = False
    ) -> None:
        self._master, slave = pty.openpty()
        self._text = bytearray()
        self.told = ""  # what was sent to it, and what it did with signals then
        self._reader = threading.Thread(target=self._read, daemon=True)
        self.process = subprocess.Popen(
            command,
            env=dict(environment),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=slave,
            preexec_fn=_signals_of_nohup if nohup else _usual_signals,  # noqa: PLW1509  # it only sets handlers
            start_new_session=True,
        )
        os.close(slave)
        self._reader.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while data := os.read(self._master, 1 << 16):
                self._text += data

    @property
    def _pieces(self) -> list[str]:
        text = bytes(self._text).decode(errors="replace").replace("\r\n", "\n")
        return text.split("\r\x1b[K")

    @property
    def step(self) -> str:
        """The step that the live line showed last."""
        found = [match["step"] or "" for piece in self._pieces if (match := _LIVE.match(piece))]
        return found[-1] if found else ""

    @property
    def lines(self) -> list[str]:
        """What stderr showed besides the live line."""
        return [line for piece in self._pieces if not _LIVE.match(piece) for line in piece.splitlines()]

    def wait_until(self, reached: Callable[[], object], timeout_s: float = _RUN_S) -> bool:
        """Whether this came true before the run ended or the time was up."""
        deadline = time.monotonic() + timeout_s
        while self.process.poll() is None and time.monotonic() < deadline:
            if reached():
                return True
            time.sleep(_POLL_S)
        return False

    def tell(self, number: signal.Signals) -> None:
        """Send a signal."""
        status = _read(self.process.pid, "status").decode().splitlines()
        self.told += f"{number.name} at {self.step or 'start'}: {[line for line in status if line.startswith('Sig')]} "
        self.process.send_signal(number)

    def end(self) -> int:
        """Wait for the end; the exit code."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.communicate(timeout=_RUN_S)
        if self.process.poll() is None:
            self.process.kill()
            raise AssertionError(f"still running after {_RUN_S:.0f} s: {self.step!r} {self.lines}")
        self._reader.join(1.0)
        return self.process.returncode

    def close(self) -> None:
        with contextlib.suppress(OSError):
            os.close(self._master)

    def hang_up(self) -> None:
        """Take the terminal away: what is written to it fails from now on."""
        self.close()


class Place:
    """A TMPDIR and an archive for runs, and a local web for them to visit."""

    def __init__(self, web: LocalWeb) -> None:
        # Not below a folder of pytest's: those are closed to the browser's own user.
        self.root = Path(tempfile.mkdtemp(prefix="residue-"))
        self.root.chmod(0o711)
        self.temporary = self.root / "tmp"
        self.temporary.mkdir(mode=0o711)
        self.archive = self.root / "archive"
        self.web = web
        self.runs: list[Run] = []
        self._sessions: set[int] = set()
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._watcher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for run in self.runs:
            run.close()
            if run.process.poll() is None:
                run.process.kill()
                run.process.communicate()
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._over.set()
        self._watcher.join()
        subprocess.run(["rm", "-rf", self.root], check=False)

    def _watch(self) -> None:
        """Note the session of every browser: its helpers can be told by nothing else once its leader is gone."""
        while not self._over.wait(0.02):
            for folder in self.working_directories():
                with contextlib.suppress(OSError, ValueError, IndexError):
                    self._sessions.add(int((folder / "browser.pid").read_text().split()[0]))

    def environment(self, **changes: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ARCHIVER_")}
        return {**kept, "TMPDIR": str(self.temporary), "PYTHONPATH": str(REPOSITORY), **changes}

    def command(self, *urls: str, archive: str | None = None, options: Sequence[str] = ()) -> list[str]:
        rules = [part for rule in self.web.resolve for part in ("--resolve", rule)]
        to = ["--archive", archive or str(self.archive)]
        return [sys.executable, "-m", "archiver", *to, "capture", *rules, *options, *(urls or (URL,))]

    def start(self, *urls: str, options: Sequence[str] = (), nohup: bool = False, **environment: str) -> Run:
        command = self.command(*urls, options=options)
        run = Run(command, self.environment(**environment), self.root, nohup=nohup)
        self.runs.append(run)
        return run

    def further_run(self) -> None:
        """One more run, as short as one can be: it ends as soon as it finds no browser."""
        environment = self.environment(ARCHIVER_CAPTURE__BROWSER=str(self.root / "none"))
        done = subprocess.run(
            self.command(), env=environment, cwd=self.root, capture_output=True, text=True, check=False
        )
        assert done.returncode == 2, done.stderr

    # what a run is made of

    def working_directories(self) -> list[Path]:
        names = os.listdir(self.temporary)
        return [self.temporary / name for name in sorted(names) if name.startswith("archiver-capture-")]

    def browsers(self) -> int:
        """How many browsers have been started by runs that are still there."""
        return sum((folder / "browser.pid").exists() for folder in self.working_directories())

    def targets(self, kill: str, run: Run) -> list[int]:
        """The processes that this kind of kill is for, as far as they are there."""
        if kill.startswith("program"):
            return [run.process.pid] if run.process.poll() is None else []
        commands = {pid: _read(pid, "cmdline") for pid in descendants_of(run.process.pid)}
        if kill == "driver":
            return [pid for pid, command in commands.items() if b"/driver/" in command]
        if kill == "renderers":
            return [pid for pid, command in commands.items() if b"--type=renderer" in command]
        leads = {pid for pid in commands if _fields(pid)[3] == str(pid)}
        return [pid for pid in leads if b"--user-data-dir=" in commands[pid] and b"--type=" not in commands[pid]]

    def kill(self, kill: str, run: Run) -> bool:
        """Kill the processes of this kind; whether there were any."""
        targets = self.targets(kill, run)
        for pid in targets:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM if kill.endswith("SIGTERM") else signal.SIGKILL)
        return bool(targets)

    # what is left

    def processes(self) -> dict[int, str]:
        """Living processes that any run started, by their number."""
        mark = os.fsencode(self.root)
        found = {}
        for pid in _all():
            fields = _fields(pid)
            if pid == os.getpid() or fields[0] in "ZX":
                continue
            ours = int(fields[3]) in self._sessions
            if ours or any(mark in _read(pid, name) for name in ("cmdline", "environ")) or mark in _cwd(pid):
                found[pid] = _read(pid, "cmdline").replace(b"\0", b" ").decode(errors="replace")[:150]
        return found

    def left(self, patience_s: float = 3.0) -> list[str]:
        """Processes, temporary files and half-written objects that are still there; waits for dying processes."""
        deadline = time.monotonic() + patience_s
        while self.processes() and time.monotonic() < deadline:
            time.sleep(0.05)
        found = [f"process {pid}: {text}" for pid, text in self.processes().items()]
        if not found:
            self._sessions.clear()  # their numbers are free for others now
        found += [f"file {path.relative_to(self.root)}" for path in self.temporary.iterdir()]
        found += [f"file {path.relative_to(self.root)}" for path in self.archive.glob(".unfinished/*")]
        known = self.snapshots()
        for folder in self.archive.glob("snapshots/*"):
            names = sorted(path.name for path in folder.iterdir())
            if names != ["capture.cdxj", "capture.warc.gz"] or folder.name not in known:
                found.append(f"half a snapshot: {folder.name} has {names}")
        return found

    def snapshots(self) -> list[str]:
        return sorted(statements_in(self.archive))

    def damaged(self) -> list[str]:
        """The snapshots whose WARC is not the one of their statement, or which cannot be shown."""
        return [name for name in self.snapshots() if not self._is_whole(name)]

    def _is_whole(self, name: str) -> bool:
        folder = self.archive / "snapshots" / name
        artifacts = statements_in(self.archive)[name]["artifacts"]
        (stated,) = [a["sha256"] for a in artifacts if a["role"] == "warc"]
        if hashlib.sha256((folder / "capture.warc.gz").read_bytes()).hexdigest() != stated:
            return False
        show = [sys.executable, "-m", "archiver", "--archive", str(self.archive), "show", name]
        done = subprocess.run(show, env=self.environment(), cwd=self.root, capture_output=True, check=False)
        return done.returncode == 0


def _usual_signals() -> None:
    """What a terminal's foreground job has: the background jobs of a shell ignore SIGINT."""
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def _signals_of_nohup() -> None:
    _usual_signals()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def _all() -> Iterator[int]:
    return (int(name) for name in os.listdir("/proc") if name.isdigit())


def _fields(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on: state, parent, group, session."""
    fields = _read(pid, "stat").rpartition(b")")[2].decode().split()
    return fields or ["X", "0", "0", "0"]


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def _cwd(pid: int) -> bytes:
    try:
        return os.fsencode(os.readlink(f"/proc/{pid}/cwd"))
    except OSError:
        return b""


def descendants_of(pid: int) -> list[int]:
    parents = {one: int(_fields(one)[1]) for one in _all()}
    found, queue = [], [pid]
    while queue:
        parent = queue.pop()
        children = [one for one, its in parents.items() if its == parent]
        found += children
        queue += children
    return found

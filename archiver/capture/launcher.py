"""The process that becomes the browser: gives up every right it does not need, then executes Chromium.

Run by Playwright in the browser's place as `python -I -S launcher.py SPEC ARGUMENT…`, through a script in the working
directory; SPEC is the JSON file that `isolation.write_launcher` made. Standard library only: it runs without our
environment.
"""

import ctypes
import json
import os
import resource
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PROFILE = "--user-data-dir="


def main() -> None:
    spec = json.loads(Path(sys.argv[1]).read_bytes())
    arguments = sys.argv[2:]
    start_time = Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    Path(spec["pid_file"]).write_text(f"{os.getpid()} {start_time} {boot}\n")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core holds what the page had typed or was sent
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = spec["memory_bytes"]
    if hard == resource.RLIM_INFINITY or hard > limit:
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    uid = spec["uid"]
    if uid is not None:
        for argument in arguments:
            if argument.startswith(_PROFILE):
                os.chown(argument.removeprefix(_PROFILE), uid, uid)
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    os.chdir(spec["folder"])
    # Whoever started us may be killed at any moment; the browser must not outlive it.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.execve(spec["executable"], [spec["executable"], *arguments], spec["environment"])  # noqa: S606  # in place of this process, no shell wanted


if __name__ == "__main__":
    main()

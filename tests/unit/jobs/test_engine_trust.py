"""The engine runs nothing that stands in a queue: whoever made the database may be hostile."""

from __future__ import annotations

import base64
import os
import pickle
import sqlite3
import subprocess
import sys
from pathlib import Path

_WORKER = """
import sys, time
from pathlib import Path
from archiver.jobs.database import connect, ensure
from archiver.jobs.engine import Engine

database = connect(Path(sys.argv[1]))
ensure(database, "0" * 32)
engine = Engine(database)
if sys.argv[2] == "put":
    with database.transaction() as connection:
        engine.hand_over(connection, "good/1", "good", 0, 0.0)
        engine.hand_over(connection, "bad/1", "bad", 0, 0.0)
    sys.exit()
ran = []
engine.launch("one", 2, ran.append)
until = time.monotonic() + 20
while time.monotonic() < until and not ran:
    time.sleep(0.1)
time.sleep(1)
engine.stop(1)
print(ran)
"""


class Bomb:
    """Makes a file when its pickle is read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self._path}",)


def run(path: Path, what: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", _WORKER, str(path), what], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_pickle_in_the_queue_is_not_read_and_all_else_goes_on(tmp_path: Path) -> None:
    queue, made = tmp_path / "jobs.sqlite", tmp_path / "made"
    run(queue, "put")
    bomb = base64.b64encode(pickle.dumps({"args": (Bomb(made), "x"), "kwargs": {}})).decode()
    with sqlite3.connect(queue) as raw:
        kinds = {kind for (kind,) in raw.execute("SELECT serialization FROM workflow_status")}
        assert kinds == {"archiver_json"}
        raw.execute("UPDATE workflow_status SET serialization = 'py_pickle' WHERE workflow_uuid = 'bad/1'")
        changed = raw.execute("UPDATE workflow_input SET inputs = ? WHERE workflow_uuid = 'bad/1'", (bomb,))
        assert changed.rowcount == 1
    assert run(queue, "run").strip() == "['good/1']"
    assert not made.exists()

"""What can be done to an archive with time stamps by who may write to its store, and by who has its key as well."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

from archiver.seal import stamps
from archiver.seal.checkpoint import Checkpoint
from archiver.seal.keys import Signer
from archiver.storage import layout
from tests.tamper.forge import Forge
from tests.tamper.stamped import BEFORE, Stamped, export, name_of

#: the entries of the results
RESULTS = {"first": 1, "second": 3, "last": 7}


class StampedForge(Forge):
    """A copy of the stamped archive that is to be tampered with."""

    def __init__(self, made: Stamped, folder: Path) -> None:
        super().__init__(made, folder)
        self.of = made

    # time stamps

    def over_note(self, name: str) -> Path:
        """The folder of the time stamps over the note of a snapshot, as it is now."""
        return self.path(layout.note_timestamps(self.entry(RESULTS[name])["commitment"]))

    def over_log(self, size: int) -> Path:
        return self.path(layout.checkpoint_timestamps(size))

    def response(self, folder: Path, authority: str = "one") -> Path:
        """The one that an authority gave in a folder, renewals apart."""
        (found,) = (each for each in folder.iterdir() if _is_response(each.name, authority))
        return found

    def put(self, folder: Path, authority: str, response: bytes, renewal: int = 0) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name_of(authority, response, renewal)).write_bytes(response)

    def exchange(self, folder: Path, authority: str, response: bytes) -> None:
        self.response(folder, authority).unlink()
        self.put(folder, authority, response)

    def message(self, name: str) -> bytes:
        """The note of a snapshot."""
        return self.note(RESULTS[name]).read_bytes().partition(b"\n")[2]

    def text(self, size: int) -> bytes:
        """The checkpoint of a size as it is published."""
        return self.path(layout.checkpoint(size)).read_bytes()

    def without_renewal(self) -> None:
        for each in list(self.over_note("second").glob("renewal*")):
            each.unlink()

    def roll_back(self, size: int) -> None:
        """The log as it was when it had so many entries: all signatures of then are still there."""
        self.cut(size)
        lines = [each.read_bytes() for each in self.path(layout.signatures(size)).iterdir()]
        self.path(layout.CHECKPOINT).write_bytes(self.text(size) + b"\n" + b"".join(lines))
        for folder in (layout.CHECKPOINTS, layout.SIGNATURES):
            for each in list(self.path(folder).iterdir()):
                if int(each.name) > size:
                    shutil.rmtree(each) if each.is_dir() else each.unlink()

    # with the key

    def publish(self, signer: Signer | None = None) -> None:
        """As any forger does, who leaves the earlier stamped checkpoint where it is."""
        keep = [layout.checkpoint(BEFORE), layout.signatures(BEFORE).rstrip("/")]
        for number, key in enumerate(keep):
            self.path(key).rename(self.folder.parent / f"kept-{number}")
        super().publish(signer)
        for number, key in enumerate(keep):
            (self.folder.parent / f"kept-{number}").rename(self.path(key))

    def stamp(self, name: str | None = "second", later: timedelta = timedelta()) -> None:
        """Have the log as it is now stamped by the authorities, and the note of a snapshot; what was over the log goes.

        Who does it has waited so long.
        """
        checkpoint = Checkpoint.parse(self.path(layout.CHECKPOINT).read_bytes().decode().partition("\n\n")[0] + "\n")
        for size in range(4, 20):
            shutil.rmtree(self.over_log(size), ignore_errors=True)
        for authority in ("one", "two"):
            answer = self.of.reply(authority, checkpoint.text.encode(), later)
            self.put(self.over_log(checkpoint.size), authority, answer)
            if name is not None:
                self.put(self.over_note(name), authority, self.of.reply(authority, self.message(name), later))

    def export(self, name: str) -> bytes:
        """The bundle of a snapshot, as anybody exports it who finds the archive like that."""
        return export(self.folder, self.made.ids[name])


def _is_response(name: str, authority: str) -> bool:
    stored = stamps.parse(name)
    return stored is not None and not stored.renewal and stored.authority == authority

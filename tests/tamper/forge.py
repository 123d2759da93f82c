"""What a forger can do who may write to an archive's store and has this program; with a signer, one with the key."""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import rfc8785

from archiver.config import CaptureSettings
from archiver.model import Recording
from archiver.seal import keys, publish
from archiver.seal import statement as statements
from archiver.seal.keys import Signer
from archiver.seal.statement import Artifact
from archiver.storage import layout
from archiver.storage.local import LocalStore
from archiver.warc import cdxj, writer
from tests.tamper.material import ABOUT, NAMES, Made

Change = Callable[[dict[str, Any]], None]


class Forge:
    """A copy of the archive that is to be tampered with. `index_of` gives the slots of captures and their results."""

    def __init__(self, made: Made, folder: Path) -> None:
        self.made = made
        self.folder = folder
        shutil.copytree(made.archive, folder, ignore=shutil.ignore_patterns("index.sqlite*"))

    def path(self, key: str) -> Path:
        return self.folder / key

    def warc(self, name: str) -> Path:
        return self.path(layout.warc(self.made.ids[name]))

    def cdxj(self, name: str) -> Path:
        return self.path(layout.cdxj(self.made.ids[name]))

    def slot(self, index: int) -> Path:
        return self.path(layout.slot(index))

    def entry(self, index: int) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.slot(index).read_bytes())
        return found

    def note(self, index: int) -> Path:
        return self.path(layout.note(self.entry(index)["commitment"]))

    def statement(self, index: int) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.note(index).read_bytes().split(b"\n")[1])
        return found

    def length(self) -> int:
        return sum(1 for _ in self.path(layout.SLOTS).iterdir())

    # the log

    def cut(self, size: int) -> None:
        """Take away the slots from there on, and nothing else."""
        for index in range(size, self.length()):
            self.slot(index).unlink()

    def older(self, number: int) -> Path:
        """The archive as it was after that capture, from 0."""
        return self.made.folder / f"state-{number}"

    def put_back(self, number: int, *keys: str) -> None:
        """Objects, or all that lies in a folder, as they were after that capture."""
        for key in keys:
            old, here = self.older(number) / key, self.path(key)
            if here.is_dir():
                shutil.rmtree(here)
            if old.is_dir():
                shutil.copytree(old, here)
            else:
                shutil.copy(old, here)

    def publish(self, signer: Signer | None = None) -> None:
        """Make tiles, bundles and checkpoint anew of the slots that are there.

        Without a key the old signature has to do, which is of another text.
        """
        old = self.path(layout.CHECKPOINT).read_bytes().rpartition(b"\n\n")[2]
        for key in (layout.TILES, layout.CHECKPOINTS, layout.SIGNATURES):
            shutil.rmtree(self.path(key))
        self.path(layout.CHECKPOINT).unlink()
        by = signer or keys.make(self.made.signer.name)
        publish.publish(LocalStore(self.folder), by, lambda _: [by.key])
        if signer is not None:
            return
        size = self.length()
        for signature in self.path(layout.signatures(size)).iterdir():
            signature.unlink()
        self.path(layout.signature(size, self.made.signer.key.key_id)).write_bytes(old)
        path = self.path(layout.CHECKPOINT)
        path.write_bytes(path.read_bytes().rpartition(b"\n\n")[0] + b"\n\n" + old)

    def rewrite(self, kept: Sequence[int], signer: Signer, change: Change | None = None) -> None:
        """A new log of some of the entries, each statement that has to fit its new place signed again: with the key."""
        found = [(self.entry(index), self.statement(index)) for index in kept]
        intents = {entry["id"]: place for place, (entry, _) in enumerate(found) if entry["type"] == "intent"}
        self.cut(0)
        for index, (entry, statement) in enumerate(found):
            before = dict(statement)
            if "intent" in statement:
                statement["intent"] = intents.get(entry["id"], statement["intent"])
            if change is not None:
                change(statement)
            if statement == before:
                self.slot(index).write_bytes(rfc8785.dumps(entry))
                continue
            text = rfc8785.dumps(statement).decode() + "\n"
            note, salt = f"{text}\n{signer.sign(text).line}".encode(), secrets.token_bytes(32)
            commitment = hashlib.sha256(salt + note).hexdigest()
            self.path(layout.note(commitment)).write_bytes(salt.hex().encode() + b"\n" + note)
            self.slot(index).write_bytes(rfc8785.dumps(entry | {"commitment": commitment}))
        self.publish(signer)

    # statements

    def put_note(self, index: int, note: bytes, **changes: Any) -> None:
        """Another note for an entry, which commits to it from now on. The slot is written anew."""
        entry = self.entry(index)
        salt = self.note(index).read_bytes().partition(b"\n")[0]
        commitment = hashlib.sha256(bytes.fromhex(salt.decode()) + note).hexdigest()
        self.path(layout.note(commitment)).write_bytes(salt + b"\n" + note)
        self.slot(index).write_bytes(rfc8785.dumps(entry | changes | {"commitment": commitment}))

    def signature_line(self, index: int) -> bytes:
        return self.note(index).read_bytes().rpartition(b"\n\n")[2]

    def restate(self, index: int, change: Change, signer: Signer | None = None) -> None:
        """Change what a statement says, with the old signature or a new one; the log is not made anew."""
        statement = self.statement(index)
        change(statement)
        line = rfc8785.dumps(statement) + b"\n"
        signed = self.signature_line(index) if signer is None else signer.sign(line.decode()).line.encode()
        self.put_note(index, line + b"\n" + signed)

    def alter_note(self, index: int, change: Callable[[bytes], bytes]) -> None:
        """Change a note where it lies, under the commitment of the old one."""
        path = self.note(index)
        path.write_bytes(change(path.read_bytes()))

    # snapshots

    def recapture(self, name: str, change: Callable[[Recording], Recording], signer: Signer | None = None) -> None:
        """WARC, index and statement as they would be of another recording, all of them fitting together."""
        index = 2 * NAMES.index(name) + 1
        recording = change(self.made.recordings[name])
        warc = self.warc(name)
        warc.unlink()
        entries = writer.write(recording, warc)
        self.cdxj(name).write_bytes(cdxj.lines(entries, "capture.warc.gz"))
        id_ = self.made.ids[name]
        artifacts = [
            _artifact("warc", layout.warc(id_), "application/warc", warc.read_bytes()),
            _artifact("cdxj", layout.cdxj(id_), "text/x-cdxj", self.cdxj(name).read_bytes()),
            *(
                Artifact(each.role, each.urn, each.media_type, each.body.size_bytes, each.body.sha256)
                for each in recording.renditions
            ),
        ]
        said = statements.build(id_, index - 1, recording, artifacts, CaptureSettings(), ABOUT)
        self.restate(index, lambda statement: statement.update(said), signer)


def _artifact(role: str, key: str, media_type: str, data: bytes) -> Artifact:
    return Artifact(role, key, media_type, len(data), hashlib.sha256(data).hexdigest(), zlib.crc32(data))


def without(number: int) -> Callable[[Recording], Recording]:
    """The recording with one exchange less."""
    return lambda recording: replace(
        recording, exchanges=tuple(each for each in recording.exchanges if each.number != number)
    )

"""Time stamps asked for, checked, and stored: over notes and checkpoints, and again before they expire.

What cannot be had now is had later: nothing here keeps a capture from being stored. A response is stored only when it
is good by `seal.timestamp_check`, leads to a root that settings pin, and says a time in which it was asked for.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import platformdirs
from cryptography.hazmat.primitives.serialization import Encoding

from archiver import authorities, clock
from archiver.config import Settings
from archiver.errors import ArchiverError, ConfigurationError, ExistsError, NotFoundError, StorageError
from archiver.seal import seen, stamps
from archiver.seal.authority import Authority
from archiver.seal.checkpoint import Checkpoint
from archiver.seal.interval import WANTED, Attested, shifted
from archiver.seal.note import NoteError
from archiver.seal.stamps import Stored
from archiver.seal.timestamp import Token, make_request
from archiver.seal.timestamp_check import check_response
from archiver.seal.timestamp_read import MAX_RESPONSE_BYTES
from archiver.storage import layout
from archiver.storage.base import ObjectStore, read

#: how far this machine's clock may be from that of an authority
TOLERANCE = timedelta(seconds=60)
_MAX_LIST_BYTES = 1 << 16
_MAX_FILE_BYTES = max(MAX_RESPONSE_BYTES, _MAX_LIST_BYTES)
_MAX_TEXT_BYTES = 4096
_MAX_PROBLEMS = 3
_TRIES = 8  # checkpoints of which the time stamps are read to find good ones
_NEWEST = "newest"  # the largest size whose checkpoint is stamped
_MAX_READ = 100  # responses over one thing
_FEW = 100  # folders that are listed one by one


def configured(settings: Settings) -> tuple[Authority, ...]:
    """The authorities of the settings, in their order. Raises `ConfigurationError` where one cannot be used."""
    found: list[Authority] = []
    for name, given in settings.authorities.items():
        try:
            pem = given.roots.read_bytes()
        except OSError as error:
            raise ConfigurationError(
                f"time-stamp authority {name}: its roots {given.roots} cannot be read: {error.strerror or error}"
            ) from None
        authority = Authority.of_pem(name, given.url.get_secret_value(), pem)
        for other in found:
            if set(other.roots) & set(authority.roots):
                raise ConfigurationError(
                    f"time-stamp authorities {other.name} and {name} have a root in common, so they are not "
                    "independent; give each its own"
                )
        found.append(authority)
    return tuple(found)


@dataclass(frozen=True)
class Held:
    """A time stamp that is stored and good: of which authority, and where."""

    authority: str
    stored: Stored
    token: Token

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.token.data).hexdigest()


@dataclass(frozen=True)
class Stamped:
    """What there is over one note or checkpoint after asking; `failures` says of authorities why there is none."""

    held: tuple[Held, ...] = ()
    failures: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted({each.authority for each in self.held}))

    @property
    def is_full(self) -> bool:
        return len(self.names) >= WANTED

    @property
    def before(self) -> list[Attested]:
        """By when what was stamped existed."""
        return [Attested(each.authority, shifted(each.token.gen_time, accuracy(each.token))) for each in self.held]


@dataclass(frozen=True)
class StampedCheckpoint:
    """The newest checkpoint that was stamped. `time` is when the last of its responses was given."""

    checkpoint: Checkpoint
    stamped: Stamped

    @property
    def time(self) -> datetime:
        return max(each.token.gen_time for each in self.stamped.held)

    def said(self) -> dict[str, Any]:
        """What a statement says of it, and so shows to be made later: nobody can know a response before it is given."""
        first = {each.authority: each for each in reversed(self.stamped.held)}
        return {
            "checkpoint": {"size": self.checkpoint.size, "root": self.checkpoint.root.hex()},
            "stamps": [
                {
                    "authority": name,
                    "sha256": first[name].sha256,
                    "time": clock.rfc3339(first[name].token.gen_time),
                }
                for name in sorted(first)
            ],
        }

    @property
    def after(self) -> list[Attested]:
        """What names its responses was made after these moments."""
        held = self.stamped.held
        return [Attested(each.authority, shifted(each.token.gen_time, -accuracy(each.token))) for each in held]


def accuracy(token: Token) -> timedelta:
    """How far its time may be off, as it says itself."""
    return token.accuracy or timedelta()


class Stamper:
    """Asks authorities for time stamps, and keeps them in a store."""

    def __init__(self, store: ObjectStore, settings: Settings, asked: Sequence[Authority]) -> None:
        self._store = store
        # Who is asked is the operator's choice and no page's: an authority within the house can be reached.
        self._capture = settings.capture.model_copy(update={"allow_private": True})
        self._timeout_s = settings.seal.timeout_s
        self.authorities = tuple(asked)
        #: those that did not answer, and why; they are asked again by who is patient
        self.silent: dict[str, str] = {}

    @property
    def answering(self) -> list[Authority]:
        """Those that have answered so far, or were not asked."""
        return [each for each in self.authorities if each.name not in self.silent]

    def note(self, commitment: str, note: bytes, *, patient: bool = True) -> Stamped:
        """Have a note time-stamped by as many authorities as are wanted, those counted that have done so already.

        Unless `patient`, an authority that did not answer once is not asked again. Raises `StorageError`.
        """
        return self._stamp(layout.note_timestamps(commitment), note, patient=patient)

    def checkpoint(self, checkpoint: Checkpoint, *, patient: bool = True) -> Stamped:
        """The same for the text of a checkpoint."""
        folder = layout.checkpoint_timestamps(checkpoint.size)
        return self._stamp(folder, checkpoint.text.encode(), patient=patient)

    def newest(self, origin: str) -> StampedCheckpoint | None:
        """The newest checkpoint with good time stamps of as many authorities as are wanted, or else of any.

        Those that cannot be read or are not good are passed over. Raises `StorageError` when the store gives nothing.
        """
        known = remembered(origin, _NEWEST)
        listed = list(stamps.of_checkpoints(self._store, known - 1)) or list(stamps.of_checkpoints(self._store))
        found = self._newest(origin, listed)
        if found is None and known > 0:
            found = self._newest(origin, list(stamps.of_checkpoints(self._store)))
        if found is not None:
            remember(origin, _NEWEST, found.checkpoint.size)
        return found

    def _newest(self, origin: str, listed: list[tuple[int, list[Stored]]]) -> StampedCheckpoint | None:
        full = [each for each in listed if len({stored.authority for stored in each[1]}) >= WANTED]
        best: StampedCheckpoint | None = None
        for size, of_size in full[: -_TRIES - 1 : -1]:
            found = self._stamped(origin, size, of_size)
            if found is not None and found.stamped.is_full:
                return found
            best = best or found
        # Names vouch for nothing: of those, one may have been stamped by fewer than it seems.
        for size, of_size in listed[: -_TRIES - 1 : -1]:
            if best is not None and best.checkpoint.size >= size:
                break
            found = self._stamped(origin, size, of_size)
            if found is not None:
                return found
        return best

    def _stamped(self, origin: str, size: int, listed: list[Stored]) -> StampedCheckpoint | None:
        """The checkpoint of a size with what is good of its time stamps; None where nothing is."""
        try:
            text = read(self._store, layout.checkpoint(size), _MAX_TEXT_BYTES)
            checkpoint = Checkpoint.parse(text.decode())
        except (NotFoundError, StorageError, NoteError, UnicodeDecodeError):
            return None
        if (checkpoint.origin, checkpoint.size) != (origin, size):
            return None
        held = tuple(self._held(listed, text))
        return StampedCheckpoint(checkpoint, Stamped(held)) if held else None

    def renew(self, folder: str) -> Stamped | None:
        """Have what is in a folder of time stamps stamped anew; None where there is nothing. Raises `StorageError`.

        The list of the renewal is stored first: should nobody answer, or too few, the next attempt is over the same
        list, unless something came since that it does not name.
        """
        keys = list(self._store.list(folder))
        names = [key.removeprefix(folder) for key in keys if self._is_possible(key)]
        answers = {each.file: each for each in map(stamps.parse, names) if each is not None and each.key == each.file}
        if not answers:
            return None
        lists = {name: number for name in names if (number := stamps.list_number(name)) and "/" not in name}
        renewals = {name: each.renewal for name, each in answers.items()} | lists
        # One that is too large to be a list takes a number, and no more.
        newest = max(*renewals.values(), *(stamps.list_number(key) or 0 for key in keys))
        now = clock.now()
        if newest in lists.values():
            last = [each for each in answers.values() if each.renewal == newest]
            list_, message = stamps.list_file(newest), self._sums(folder, [n for n in renewals if renewals[n] < newest])
            is_half = len({each.authority for each in last}) < min(WANTED, len(self.authorities))
            if is_half and not any(_is_old(each, now) for each in last) and self._is(folder + list_, message):
                return self._stamp(folder, message, renewal=newest, patient=False)
        if newest >= stamps.MAX_RENEWALS:
            raise StorageError(f"{self._store.where(folder)} has been renewed {stamps.MAX_RENEWALS} times, and no more")
        place = folder + stamps.list_file(newest + 1)
        with contextlib.suppress(ExistsError):
            self._store.put_new(place, self._sums(folder, renewals))
        return self._stamp(folder, read(self._store, place, _MAX_LIST_BYTES), renewal=newest + 1, patient=False)

    def _sums(self, folder: str, names: Iterable[str]) -> bytes:
        """The list of these files. Raises `StorageError`, also where it would be larger than it may be."""
        found = stamps.sums({name: read(self._store, folder + name, _MAX_FILE_BYTES) for name in names})
        if len(found) > _MAX_LIST_BYTES:
            raise StorageError(f"{self._store.where(folder)} holds more files than can be renewed")
        return found

    def _is_possible(self, key: str) -> bool:
        """Whether an object is no larger than what belongs into a folder of time stamps."""
        with contextlib.suppress(NotFoundError):
            return self._store.stat(key).size_bytes <= _MAX_FILE_BYTES
        return False

    def _is(self, key: str, data: bytes) -> bool:
        """Whether an object holds these very bytes."""
        with contextlib.suppress(NotFoundError, StorageError):  # as when it is larger than it may be
            return read(self._store, key, _MAX_LIST_BYTES) == data
        return False

    def _stamp(self, folder: str, message: bytes, *, patient: bool, renewal: int = 0) -> Stamped:
        there = [each for each in map(stamps.parse, self._store.list(folder)) if each]
        held = list(self._held(there, message, renewal))
        failures: dict[str, str] = {} if patient else dict(self.silent)
        while True:
            names = {each.authority for each in held}
            left = [a for a in self.authorities if a.name not in names and a.name not in failures]
            asked = left[: max(WANTED - len(names), 0)]
            if not asked:
                self.silent |= failures
                return Stamped(tuple(held), failures)
            with ThreadPoolExecutor(len(asked)) as pool:
                for authority, answer in zip(asked, pool.map(lambda a: self._ask(a, message), asked), strict=True):
                    if isinstance(answer, str):
                        failures[authority.name] = answer
                        continue
                    kept = self._keep(folder, authority, answer, message, renewal)
                    if kept is None:
                        failures[authority.name] = (
                            f"time-stamp authority {authority.name}: its answer has a place where something else lies"
                        )
                    else:
                        held.append(kept)

    def _ask(self, authority: Authority, message: bytes) -> Token | str:
        """A good token, or why there is none."""
        request = make_request(message)
        began = clock.now()
        try:
            data = authorities.ask(authority, request, self._capture, self._timeout_s)
        except ArchiverError as error:
            return str(error)
        token, problems = check_response(
            data,
            message,
            authority.roots,
            nonce=request.nonce,
            at=clock.now(),
            earliest=began - TOLERANCE,
            latest=clock.now() + TOLERANCE,
        )
        wrong = [str(problem) for problem in problems if not problem.is_harmless]
        if token is None or wrong:
            more = f", and {len(wrong) - _MAX_PROBLEMS} more" if len(wrong) > _MAX_PROBLEMS else ""
            return f"time-stamp authority {authority.name}: its answer is refused: {'; '.join(wrong[:3])}{more}"
        return token

    def _keep(self, folder: str, authority: Authority, token: Token, message: bytes, renewal: int) -> Held | None:
        """What is stored of the authority now: this answer, or another process's of the same second."""
        for root in authority.roots:
            der = root.public_bytes(Encoding.DER)
            with contextlib.suppress(ExistsError):
                self._store.put_new(
                    layout.TIMESTAMP_ROOTS + stamps.root_file(authority.name, der), root.public_bytes(Encoding.PEM)
                )
        assert token.signer is not None  # it is good
        key = folder + stamps.file_name(authority.name, token.gen_time, token.signer.not_after, renewal)
        stored = stamps.parse(key)
        assert stored is not None
        try:
            self._store.put_new(key, token.data)
        except ExistsError:
            there = self._held([stored], message, renewal)
            return next((each for each in there if each.authority == authority.name), None)
        return Held(authority.name, stored, token)

    def _held(self, listed: Iterable[Stored], message: bytes, renewal: int = 0) -> Iterator[Held]:
        """Those of the stored responses that are good: of each authority the first, by the name that it lies under.

        Of very many, not all are read: nobody has put them there who wants to be believed.
        """
        named, count = set[str](), 0
        for stored in listed:
            if stored.renewal != renewal or stored.authority in named:
                continue
            count += 1
            if count > _MAX_READ:
                return
            with contextlib.suppress(NotFoundError, StorageError):
                data = read(self._store, stored.key, MAX_RESPONSE_BYTES)
                for authority in self.authorities:
                    token, problems = check_response(data, message, authority.roots)
                    if token is not None and not problems:
                        named.add(stored.authority)
                        yield Held(authority.name, stored, token)
                        break


def remembered(origin: str, what: str) -> int:
    """A place in the log that this user remembers, so that not all before it need be looked at again; 0 for none."""
    try:
        return int(_memory(origin, what).read_text()[:20])
    except (OSError, ValueError):
        return 0


def remember(origin: str, what: str, place: int) -> None:
    if remembered(origin, what) == place:
        return
    with contextlib.suppress(OSError):  # then the next time takes longer
        seen.put(_memory(origin, what), f"{place}\n".encode())


def _memory(origin: str, what: str) -> Path:
    name = hashlib.sha256(origin.encode()).hexdigest()[:32]
    return platformdirs.user_state_path("archiver", appauthor=False) / "stamped" / f"{name}-{what}"


@dataclass(frozen=True)
class Expiring:
    """A folder of time stamps of which the newest expire soon."""

    folder: str
    expires: datetime


def expiring(store: ObjectStore, now: datetime, within: timedelta, wanted: int = WANTED) -> Iterator[Expiring]:
    """The folders whose newest time stamps expire `within` some time, by their names alone. Raises `StorageError`.

    Renewed ones count by their renewal; one that fewer than `wanted` have answered is to be gone on with. What is
    younger than the time it has left is left alone: its authority has no later certificate yet, or few would be
    renewed again and again. It takes a listing of all time stamps.
    """
    for prefix in (layout.NOTE_TIMESTAMPS, layout.CHECKPOINT_TIMESTAMPS):
        keys = (key for key in store.list(prefix) if key.removeprefix(prefix).count("/") == 1)
        for folder, of_folder in itertools.groupby(keys, key=lambda key: key.rpartition("/")[0] + "/"):
            listed = [each for each in map(stamps.parse, of_folder) if each is not None]
            newest = max((each.renewal for each in listed), default=0)
            last = [each for each in listed if each.renewal == newest]
            # Two are wanted for as long as possible, so the first to expire counts.
            soon = any(each.expires - now < within and _is_old(each, now) for each in last)
            if soon or (newest and len({each.authority for each in last}) < wanted):
                yield Expiring(folder, min(each.expires for each in last))


def _is_old(stored: Stored, now: datetime) -> bool:
    """Whether its authority's certificate has less time left than has passed since it was given, a day at least."""
    return now - stored.said >= max(stored.expires - now, timedelta(days=1))


def names_of(store: ObjectStore, commitments: Collection[str]) -> Callable[[str], set[str]]:
    """Gives the names of who has stamped a note, by what is listed alone. Raises `StorageError`.

    Of few notes each folder is listed, of many all folders at once.
    """
    if len(commitments) < _FEW:
        return lambda commitment: {each.authority for each in stamps.of_note(store, commitment) if not each.renewal}
    found: dict[str, set[str]] = {}
    for key in store.list(layout.NOTE_TIMESTAMPS):
        commitment, _, file = key.removeprefix(layout.NOTE_TIMESTAMPS).partition("/")
        stored = stamps.parse(file)
        if stored is not None and not stored.renewal and stored.key == stored.file:
            found.setdefault(commitment, set()).add(stored.authority)
    return lambda commitment: found.get(commitment, set())

"""Whose signatures count at which entry of a log: what its `key` statements add, retire and say to be compromised.

A root counts from the first entry on. What a statement does counts only when a key signed it that counts at its place
and is one of the archive's own: its name is the origin. A key under another name only vouches for copied captures.
A statement counts at its first entry only: whoever can write to the store could enter its note once more, and so add
what was retired since.

A compromise works backwards, so the order of evaluation matters (decision 0025):

1. In log order, with no compromise in mind: which keys were ever admitted, and which were retired when.
2. Every key that was ever admitted may accuse, whether it was retired or is itself accused; of one key the lowest
   `from_index` counts. Were it otherwise, a thief would retire or accuse the other keys first, and go on.
3. In log order, with the accusations by keys that were not retired in 1: which retirements count. So a thief's do not,
   and a retired key cannot take its own retirement back by accusing whoever retired it.
4. In log order, with all accusations and the retirements of 3: which additions count, and so what is valid where.

So who has a stolen key can make an archive unusable. They cannot make it lie once somebody with another key speaks.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import rfc8785

from archiver.seal import note
from archiver.seal.note import Note, NoteError, VerifierKey

_FORMAT = "archiver-statement/1"
#: behind every entry
END = 1 << 63


class Action(StrEnum):
    """What a `key` statement does with its key."""

    ADD = "add"
    RETIRE = "retire"
    COMPROMISED = "compromised"


class Kind(StrEnum):
    """What is wrong with a `key` statement."""

    UNREADABLE = "unreadable"  # nobody can say what it did: what a keyring says without it may be too much
    VOID = "void"  # it has no effect


@dataclass(frozen=True)
class KeyEvent:
    """A `key` statement of entry `index`, with the note that bears its signatures. `from_index` is a compromise's."""

    index: int
    id: str
    action: Action
    key: VerifierKey
    note: Note
    from_index: int | None = None


@dataclass(frozen=True)
class Problem:
    """A `key` statement that cannot be read or has no effect, and why, in one clause."""

    index: int
    kind: Kind
    reason: str


@dataclass(frozen=True)
class Status:
    """What the statements say of a key, each by the number of its entry.

    `added` is None for a root. `counts` is whether its signatures count at any entry, `is_valid` whether they do on the
    next one. `compromised_from` is the first entry whose signature does not count, as entry `compromised_by` says.
    """

    key: VerifierKey
    counts: bool
    is_valid: bool
    added: int | None = None
    retired: int | None = None
    compromised_from: int | None = None
    compromised_by: int | None = None


def parse(index: int, data: bytes) -> KeyEvent | Problem:
    """The `key` statement in the signed note of an entry; a `Problem` where there is none. No signature is checked."""
    try:
        return _read(index, note.parse(data))
    except NoteError as error:
        return Problem(index, Kind.UNREADABLE, str(error))


def _read(index: int, signed: Note) -> KeyEvent:
    try:
        said = json.loads(signed.text)
        is_canonical = rfc8785.dumps(said) + b"\n" == signed.text.encode()
    except (ValueError, RecursionError):
        is_canonical = False
    # Two readers must not make two things of it, as of a field that stands in it twice.
    if not is_canonical or not isinstance(said, dict):
        raise NoteError("it is no object in canonical JSON")
    if (said.get("type"), said.get("format")) != ("key", _FORMAT):
        raise NoteError(f"it is no key statement of {_FORMAT}")
    if said.get("action") not in list(Action):
        raise NoteError("its action is not known")
    if not isinstance(said.get("key"), str) or not isinstance(said.get("id"), str):
        raise NoteError("its key or id is no text")
    action = Action(said["action"])
    return KeyEvent(index, said["id"], action, VerifierKey.parse(said["key"]), signed, _from_index(said, action))


def _from_index(said: dict[str, Any], action: Action) -> int | None:
    value = said.get("from_index")
    if action is not Action.COMPROMISED:
        if value is not None:
            raise NoteError(f"it has a from_index and is no compromise but {action}")
        return None
    if type(value) is not int or value < 0:
        raise NoteError("its from_index is no number of an entry")
    return value


@dataclass
class _Span:
    """The entries on which a key's signatures count, as far as additions and retirements go: both ends are outside."""

    after: int  # the entry that added it, -1 for a root
    until: int = END  # the last entry that still counts, which is the one that retired it

    def has(self, index: int) -> bool:
        return self.after < index <= self.until


@dataclass(frozen=True)
class _Limit:
    from_index: int
    said_by: int


_Limits = Mapping[VerifierKey, _Limit]
_Signers = Mapping[int, tuple[VerifierKey, ...]]


@dataclass
class _Pass:
    """What one evaluation in log order found: where keys count, and which statements had an effect, or why none."""

    spans: dict[VerifierKey, list[_Span]]
    effective: set[int] = field(default_factory=set)
    void: dict[int, str] = field(default_factory=dict)

    def covers(self, key: VerifierKey, index: int) -> bool:
        return any(span.has(index) for span in self.spans.get(key, ()))


class Keyring:
    """The keys of an archive by its roots and its `key` statements, in any order; those not readable are `Problem`s.

    Without an `origin` every root's name is one of the archive's own. Give it where the roots are a list of keys that
    somebody trusts: that may hold keys of other archives, which shall not change this one's.
    """

    def __init__(
        self,
        roots: Iterable[VerifierKey],
        events: Iterable[KeyEvent | Problem] = (),
        *,
        origin: str | None = None,
    ) -> None:
        told = sorted(events, key=lambda event: event.index)
        self._roots = tuple(dict.fromkeys(roots))
        self._origin = origin
        self._own_names = frozenset(root.name for root in self._roots) if origin is None else frozenset({origin})
        self._events, self._repeated = _first_of_each(event for event in told if isinstance(event, KeyEvent))
        self._unread = tuple(event for event in told if isinstance(event, Problem))
        self._named = tuple(dict.fromkeys([*self._roots, *(event.key for event in self._events)]))
        self._signers = _signers(self._named, self._events)
        # The steps of the module's docstring.
        naive = self._pass({})
        self._ever = {key: spans[0].after for key, spans in naive.spans.items()}
        firm = self._pass(self._accusations(naive, retired_too=False))
        self._limits = self._accusations(naive, retired_too=True)
        self._final = self._pass(self._limits, firm.effective)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The statements that cannot be read or have no effect, in log order."""
        reasons = self._final.void | {
            event.index: self._unsigned(event, self._final, self._limits)
            for event in self._events
            if event.action is Action.COMPROMISED and not self._accusers(event)
        }
        void = [Problem(index, Kind.VOID, reason) for index, reason in reasons.items()]
        return tuple(sorted([*self._unread, *self._repeated, *void], key=lambda problem: problem.index))

    def valid_at(self, index: int) -> tuple[VerifierKey, ...]:
        """The keys whose signatures on entry `index` count. For a checkpoint of size n ask for n - 1, or 0."""
        return tuple(key for key in self._final.spans if self._counts(self._final, self._limits, key, index))

    def current(self) -> tuple[VerifierKey, ...]:
        """The keys whose signatures count on whatever is added next, the one that was added first before the others."""
        return self.valid_at(END)

    def own(self) -> tuple[VerifierKey, ...]:
        """The archive's own keys that were ever admitted: they may say of a key that it is compromised."""
        return tuple(key for key in self._ever if self._is_own(key))

    def adders(self, key: VerifierKey) -> tuple[VerifierKey, ...]:
        """Who signed the statement that added a key; nobody for a root, and for one that never counted."""
        spans = self._final.spans.get(key, [])
        return self._signers.get(spans[-1].after, ()) if spans else ()

    def all(self) -> tuple[Status, ...]:
        """Every key that is a root or that a statement names, in the order in which they come."""
        return tuple(self._status(key) for key in self._named)

    def why_not(self, key: VerifierKey, index: int = END) -> str:
        """Why a signature on entry `index`, or on the next one, does not count, as a clause; empty where it does."""
        return self._why_not(self._final, self._limits, key, index)

    def with_event(self, event: KeyEvent) -> Keyring:
        """What it would be with one statement more."""
        told: list[KeyEvent | Problem] = [*self._events, *self._unread, *self._repeated, event]
        return Keyring(self._roots, told, origin=self._origin)

    def _is_own(self, key: VerifierKey) -> bool:
        return key.name in self._own_names

    def _accusers(self, event: KeyEvent) -> list[VerifierKey]:
        """Who signed a statement and was ever admitted before it."""
        return [
            key for key in self._signers[event.index] if self._is_own(key) and self._ever.get(key, END) < event.index
        ]

    def _accusations(self, naive: _Pass, *, retired_too: bool) -> _Limits:
        """Of each accused key the lowest entry from which it is said to be compromised."""
        limits: dict[VerifierKey, _Limit] = {}
        for event in self._events:
            if event.action is not Action.COMPROMISED:
                continue
            assert event.from_index is not None
            if any(retired_too or naive.covers(key, event.index) for key in self._accusers(event)):
                before = limits.get(event.key)
                if before is None or event.from_index < before.from_index:
                    limits[event.key] = _Limit(event.from_index, event.index)
        return limits

    def _pass(self, limits: _Limits, retirements: Set[int] = frozenset()) -> _Pass:
        """One evaluation in log order. `retirements` are entries that retire their key whoever signed them."""
        found = _Pass({root: [_Span(-1)] for root in self._roots})
        for event in self._events:
            if event.action is Action.COMPROMISED:
                continue
            is_signed = event.index in retirements and event.action is Action.RETIRE
            is_signed = is_signed or any(
                self._is_own(key) and self._counts(found, limits, key, event.index)
                for key in self._signers[event.index]
            )
            why = _apply(found, event) if is_signed else self._unsigned(event, found, limits)
            if why:
                found.void[event.index] = why
            else:
                found.effective.add(event.index)
        return found

    def _unsigned(self, event: KeyEvent, found: _Pass, limits: _Limits) -> str:
        """Why no signature of a statement gives it an effect."""
        for key in self._signers[event.index]:
            if not self._is_own(key):
                return f"{_called(key)}, which signed it, is a key of another archive"
            return f"{_called(key)}, which signed it, {self._why_not(found, limits, key, event.index)}"
        return "none of the keys that the log names signed it"

    def _counts(self, found: _Pass, limits: _Limits, key: VerifierKey, index: int) -> bool:
        return found.covers(key, index) and (key not in limits or index < limits[key].from_index)

    def _why_not(self, found: _Pass, limits: _Limits, key: VerifierKey, index: int) -> str:
        if self._counts(found, limits, key, index):
            return ""
        limit = limits.get(key)
        if limit is not None and index >= limit.from_index:
            return f"is said to be compromised from entry {limit.from_index} on, by entry {limit.said_by}"
        past = [span for span in found.spans.get(key, ()) if span.after < index]
        if past:
            return f"was retired by entry {past[-1].until}"
        for span in found.spans.get(key, ()):
            return f"was added later, by entry {span.after}"
        for event in self._events:
            if event.key == key and event.action is Action.ADD:
                return f"was added by entry {event.index} only, which does not count"
        return "was never added"

    def _status(self, key: VerifierKey) -> Status:
        spans, limit = self._final.spans.get(key, []), self._limits.get(key)
        last = spans[-1] if spans else None
        return Status(
            key,
            # From the entry after its addition on, unless it is compromised before that.
            counts=any(self._counts(self._final, self._limits, key, span.after + 1) for span in spans),
            is_valid=self._counts(self._final, self._limits, key, END),
            added=None if last is None or last.after < 0 else last.after,
            retired=None if last is None or last.until == END else last.until,
            compromised_from=None if limit is None else limit.from_index,
            compromised_by=None if limit is None else limit.said_by,
        )


def _first_of_each(events: Iterable[KeyEvent]) -> tuple[tuple[KeyEvent, ...], tuple[Problem, ...]]:
    """The first entry of each statement, and the others."""
    first: dict[str, KeyEvent] = {}
    repeated = []
    for event in events:
        if first.setdefault(event.id, event) is not event:
            reason = f"it is the statement of entry {first[event.id].index} once more"
            repeated.append(Problem(event.index, Kind.VOID, reason))
    return tuple(first.values()), tuple(repeated)


def _signers(keys: Iterable[VerifierKey], events: Iterable[KeyEvent]) -> _Signers:
    """Of each statement, by its entry, those of these keys that signed it."""
    known = defaultdict(list)
    for key in keys:
        known[key.name, key.key_id].append(key)
    return {
        event.index: tuple(
            key
            for signature in event.note.signatures
            for key in known[signature.name, signature.key_id]
            if _has_signed(event.note, key)
        )
        for event in events
    }


def _has_signed(signed: Note, key: VerifierKey) -> bool:
    try:
        return bool(signed.verified_by([key]))
    except NoteError:
        return False  # of another key with this name and id, or of nobody


def _apply(found: _Pass, event: KeyEvent) -> str:
    """Add or retire a key; why that has no effect, where it has none. To add a key twice does no harm."""
    spans = found.spans.get(event.key, [])
    is_open = bool(spans) and spans[-1].until == END
    if event.action is Action.RETIRE:
        if not is_open:
            return f"it retires {_called(event.key)}, which was not there to be retired"
        spans[-1].until = event.index
    elif any(_called(key) == _called(event.key) and key != event.key for key in found.spans):
        # Whoever checks a note with both would not know whose signature it is.
        return f"there is another key {_called(event.key)}"
    elif not is_open:
        found.spans[event.key] = [*spans, _Span(event.index)]
    return ""


def _called(key: VerifierKey) -> str:
    return f"{key.name}+{key.short}"

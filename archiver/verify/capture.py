"""What a log says of one capture, verified: its entries, its intent before its result, and what is stored of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from archiver import moments
from archiver.errors import NotFoundError, StorageError
from archiver.seal import note as notes
from archiver.seal.interval import Interval
from archiver.storage import layout, log
from archiver.storage.base import ObjectStore
from archiver.storage.log import Entry
from archiver.verify.ledger import Ledger, note_of
from archiver.verify.snapshot import OnBytes, Source, Subject, check_content, check_statement
from archiver.verify.timestamps import Times
from archiver.verify.verdict import Check, Verdict, entries_named, judged, skipped, worst

_RESULTS = ("snapshot", "failure")
_OF_TIME = ("timestamps", "interval")
_MAX_NAMED = 20  # custody entries: whoever may write to the log can add any number

#: verifies the time stamps of a result: given its entry's number, its note, their keys, and its statement
OfTime = Callable[[int, bytes, tuple[str, ...], dict[str, Any]], Times]


@dataclass(frozen=True)
class Report:
    """The verification of one capture, or of one other statement; `kind` is the type of its entry.

    `sealed` is the interval that time stamps attest of a snapshot.
    """

    id: str
    kind: str
    checks: tuple[Check, ...]
    url: str | None = None
    sealed: Interval | None = None

    @property
    def verdict(self) -> Verdict:
        return worst(check.verdict for check in self.checks)


@dataclass(frozen=True)
class Task:
    """What is to be verified of a capture, and what the log says of it. It can be sent to another process."""

    id: str
    log_checks: tuple[Check, ...]
    after: tuple[Check, ...]
    result: Subject
    intent: Subject | None
    withdrawal: Subject | None = None
    derivations: tuple[Subject, ...] = ()
    custody: tuple[Subject, ...] = ()
    timestamps: tuple[str, ...] = ()  # the keys of those of its result's note


def task(ledger: Ledger, id_: str, *, alone: bool = True) -> Task | Report:
    """Look a capture up in the log; a report where there is nothing more to look at.

    With `alone` the checks of the log as a whole are among those of the capture.
    """
    found = ledger.entries.get(id_, [])
    if not found:
        return Report(id_, "unknown", (judged("entry", "the log", [f"the log has no entry of {id_}"]),))
    intents = [each for each in found if each.type == "intent"]
    results = [each for each in found if each.type in _RESULTS]
    withdrawals = [each for each in found if each.type == "withdrawn"]
    result = (results or intents or found)[0]
    problems = list(_slots(ledger, found))
    if len(results) > 1:
        later = ", ".join(str(each.index) for each in results[1:])
        detail = f"entry {result.index} is its {result.type}; later ones do not count: {later}"
    else:
        detail = f"entry {result.index} is its {result.type}"
    subject, inclusion = _subject(ledger), _inclusion(ledger, found, alone=alone)
    return Task(
        id_,
        (judged("entry", detail, problems),),
        (ledger.checkpoint, inclusion, ledger.consistency) if alone else (inclusion,),
        subject(result),
        subject(intents[0]) if intents and result.type in _RESULTS else None,
        subject(withdrawals[0]) if withdrawals else None,
        tuple(subject(each) for each in found if each.type == "derivation"),
        tuple(subject(each) for each in found if each.type == "custody"),
        tuple(ledger.timestamps_of(result.commitment)),
    )


def _subject(ledger: Ledger) -> Any:
    return lambda entry: Subject(entry, ledger.origin, ledger.keyring, ledger.vouched)


def _slots(ledger: Ledger, found: list[Entry]) -> Iterable[str]:
    """What is in the slots of entries must be what is in the tree."""
    for entry in found:
        key = layout.slot(entry.index)
        try:
            data = b"".join(ledger.store.get(key, 0, log.MAX_LEAF_BYTES))
        except (NotFoundError, StorageError) as error:
            yield f"entry {entry.index}: {error}"
            continue
        if data != ledger.leaf(entry.index):
            yield f"{ledger.store.where(key)} is not the entry that is published"


def _inclusion(ledger: Ledger, found: list[Entry], *, alone: bool) -> Check:
    tree = ledger.tree
    if tree.verdict is not Verdict.PASS:
        if tree.verdict is Verdict.SKIPPED:
            return judged("inclusion", tree.detail, (), ["no signed checkpoint has its entries"])
        return tree if alone else skipped("inclusion", "the log as a whole fails")
    numbers = [entry.index for entry in found]
    late = [index for index in numbers if index >= ledger.covered]
    said = f"{entries_named(numbers)} of the {ledger.covered} that were signed"
    doubts = [f"entry {index} came after the checkpoint of {ledger.covered} entries" for index in late]
    return judged("inclusion", said, (), doubts)


def run(
    todo: Task,
    source: Source,
    of_time: OfTime | None,
    kept: ObjectStore | None = None,
    on_bytes: OnBytes | None = None,
    deep: bool = True,
) -> Report:
    """Verify what is stored of a capture. `kept` is the store to ask for Object Lock; with `deep` contents are read.

    `of_time` verifies its time stamps; without it they are not looked at.
    """
    if todo.withdrawal is not None:
        report = _withdrawn(todo, source, kept)
        if report is not None:
            return report
    checks, statement = check_statement(todo.result, source)
    kind = todo.result.entry.type
    url = statement.get("requested_url") if statement else None
    if kind == "snapshot" and deep:
        checks += check_content(todo.result.entry, statement, source, on_bytes)
    if kind in _RESULTS:
        checks.append(_intent(todo, statement, source))
        after = [*todo.after, _retention(todo.result.entry, statement, kept)]
    else:
        after = list(todo.after)
    if todo.derivations:
        after.append(_derivations(todo, source))
    sealed = None
    if kind in _RESULTS and of_time is not None:
        if statement is None:
            after += [skipped(name, "the statement that says what there should be cannot be read") for name in _OF_TIME]
        else:
            entry = todo.result.entry
            note = note_of(source(layout.note(entry.commitment)), entry)
            times = of_time(entry.index, note, todo.timestamps, statement)
            after += [times.timestamps, times.interval_check]
            sealed = times.interval
    after += _custody(todo, source)
    return Report(todo.id, kind, (*todo.log_checks, *checks, *after), url if isinstance(url, str) else None, sealed)


def _derivations(todo: Task, source: Source) -> Check:
    problems, doubts = check_derivations(todo.derivations, source, {todo.id})
    return judged("derivations", derivations_named(each.entry.index for each in todo.derivations), problems, doubts)


def derivations_named(indexes: Iterable[int]) -> str:
    return f"{entries_named(indexes)}: what its source is, as its operator states it"


def check_derivations(
    derivations: Iterable[Subject], source: Source, of: Collection[str]
) -> tuple[list[str], list[str]]:
    """What is stated of where captures come from: that it is signed, and `of` these captures. Not that it is so.

    Gives problems and doubts.
    """
    problems, doubts = list[str](), list[str]()
    for subject in derivations:
        statement = _said(subject, source, problems, doubts)
        if statement is not None and statement.get("subject") not in of:
            problems.append(f"entry {subject.entry.index} is of another capture")
    return problems, doubts


def _said(subject: Subject, source: Source, problems: list[str], doubts: list[str]) -> dict[str, Any] | None:
    """What a statement says, where it is as it should be; what is wrong with it is added to problems and doubts."""
    checks, statement = check_statement(subject, source)
    for check in checks:
        told = [f"entry {subject.entry.index}, {check.name}: {problem}" for problem in check.problems]
        (problems if check.verdict is Verdict.FAIL else doubts).extend(told)
    return statement


def _custody(todo: Task, source: Source) -> list[Check]:
    """The check of what is stated of its evidence being handed out: signed, and of this snapshot, which was there.

    Not that it is so: to whom, and that there was nobody else, is the operator's word. Nothing where nothing is stated.
    """
    if not todo.custody:
        return []
    problems, doubts = list[str](), list[str]()
    result = todo.result.entry
    # Whoever may write to the log can enter a note once more: the first entry of each counts.
    counting = list({subject.entry.commitment: subject for subject in reversed(todo.custody)}.values())[::-1]
    for subject in counting:
        statement, index = _said(subject, source, problems, doubts), subject.entry.index
        if statement is None:
            continue
        if result.type != "snapshot":
            problems.append(f"entry {index}: the log has no snapshot of it whose evidence could be handed out")
        elif statement["result"] != result.index:
            problems.append(f"entry {index} names entry {statement['result']} as its snapshot, which is {result.index}")
        elif index < result.index:
            problems.append(f"entry {index} comes before the snapshot, entry {result.index}")
    count, again = len(counting), len(todo.custody) - len(counting)
    where = entries_named(each.entry.index for each in counting) if count <= _MAX_NAMED else f"{count} entries"
    detail = f"{where}: that its evidence was handed out, as its operator states it"
    if again:
        detail += f"; {again} that only {'repeats' if again == 1 else 'repeat'} one of them did not count"
    return [judged("custody", detail, problems, doubts)]


def _intent(todo: Task, statement: dict[str, Any] | None, source: Source) -> Check:
    result, intent = todo.result.entry, todo.intent
    if intent is None:
        return judged("intent", "none", ["the log has no intent of it: nothing says that it was to be captured"])
    problems = []
    if intent.entry.index > result.index:
        problems.append(f"its intent, entry {intent.entry.index}, comes after its result, entry {result.index}")
    checks, said = check_statement(intent, source)
    problems += [
        f"its intent: {problem}" for check in checks if check.verdict is Verdict.FAIL for problem in check.problems
    ]
    doubts = []
    if said is not None and statement is not None and intent.entry.type == "intent":
        # A statement copied from another archive names the entry of that one.
        if statement.get("intent") != intent.entry.index and not _is_copied(todo, source):
            problems.append(
                f"it names entry {statement.get('intent')} as its intent, which is entry {intent.entry.index}"
            )
        if said.get("requested_url") != statement.get("requested_url"):
            problems.append("its intent was to capture another URL")
        began, ended, deadline = said["started_at"], statement["ended_at"], said["deadline"]
        if _ms(statement["started_at"]) < _ms(began):
            doubts.append(f"it began at {statement['started_at']}, before its intent at {began}: a clock was set back")
        elif _ms(ended) > _ms(deadline):
            doubts.append(f"it ended at {ended}, after its deadline {deadline}: it was very slow, or a clock was set")
    return judged("intent", f"entry {intent.entry.index}, before its result, entry {result.index}", problems, doubts)


def _is_copied(todo: Task, source: Source) -> bool:
    """Whether the statement was made in another archive: a key of that one signed it, which this one admitted."""
    names = signed_by(todo.result, source)
    return bool(names) and todo.result.origin not in names


def signed_by(subject: Subject, source: Source) -> set[str]:
    """The names under which valid keys signed a note."""
    try:
        text = note_of(source(layout.note(subject.entry.commitment)), subject.entry)
        by = notes.parse(text).verified_by(subject.keyring.valid_at(subject.entry.index))
    except (NotFoundError, StorageError, notes.NoteError):
        return set()
    return {key.name for key in by}


def _ms(text: str) -> int:
    return moments.to_ms(moments.parse_rfc3339(text))


def _retention(entry: Entry, statement: dict[str, Any] | None, kept: ObjectStore | None) -> Check:
    if kept is None:
        return skipped("retention", "the store was not asked: the archive sets none, or --offline was given")
    if statement is None or entry.type != "snapshot":
        return skipped("retention", "there is nothing that could be kept")
    until, doubts = [], []
    for artifact in statement["artifacts"]:
        key = artifact["key"]
        if key.startswith("urn:"):
            continue
        try:
            stat = kept.stat(key)
        except (NotFoundError, StorageError) as error:
            doubts.append(str(error))
            continue
        if stat.legal_hold or stat.kept_until is not None:
            date = f" until {stat.kept_until:%Y-%m-%d %H:%M:%SZ}" if stat.kept_until else ""
            until.append(f"{artifact['role']}{date}{' under a legal hold' if stat.legal_hold else ''}")
        else:
            doubts.append(f"nothing keeps {kept.where(key)} from being deleted")
    return judged("retention", "; ".join(until) or "no object is locked", (), doubts)


def _withdrawn(todo: Task, source: Source, kept: ObjectStore | None) -> Report | None:
    """The report of a capture that the log says was withdrawn; None when nobody with a key says so."""
    assert todo.withdrawal is not None
    checks, statement = check_statement(todo.withdrawal, source)
    if any(check.verdict is Verdict.FAIL for check in checks) or statement is None:
        return None
    by = f", by {statement['operator']}" if statement.get("operator") else ""
    detail = f"entry {todo.withdrawal.entry.index}{by}, {statement.get('withdrawn_at')}: {statement.get('reason')}"
    checks += [*todo.after, Check("withdrawal", Verdict.WITHDRAWN, detail), *_custody(todo, source)]
    return Report(todo.id, "withdrawn", (*todo.log_checks, *checks))

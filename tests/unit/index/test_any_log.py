"""Any log, followed in any steps by any number of indexes, gives what a plain reading of it gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from archiver.index import follow, queries
from archiver.index.opening import open_index, rebuild_index
from archiver.index.queries import Capture, Filter, LogRef, Withdrawal
from archiver.index.schema import State
from archiver.storage import layout
from archiver.storage.log import Entry
from archiver.urls import surt
from tests.support.logs import Log, at, capture_id, failure, intent, snapshot, withdrawn
from tests.support.postgres import Postgres

URLS = [
    "https://example.com/a",
    "http://example.com/a",
    "https://www.example.com/A",
    "https://example.com/b",
    "https://news.example.com/",
]
_TAGS = ["a", "b", "c"]


@dataclass(frozen=True)
class Step:
    """Something that is added to a log."""

    kind: str
    number: int  # which capture it is about
    url: str
    seconds: int
    tags: list[str]
    case: str | None
    fate: str  # of the note: kept | missing | damaged | malformed
    outcome: str


steps = st.builds(
    Step,
    kind=st.sampled_from(
        ["intent", "intent", "snapshot", "snapshot", "snapshot", "failure", "junk", "later", "key", "withdrawn"]
    ),
    number=st.integers(0, 7),
    url=st.sampled_from(URLS),
    seconds=st.integers(0, 12),
    tags=st.lists(st.sampled_from(_TAGS), max_size=2),
    case=st.sampled_from([None, "C-1", "C-2"]),
    fate=st.sampled_from(["kept"] * 8 + ["missing", "damaged", "malformed"]),
    outcome=st.sampled_from(["complete", "complete", "partial"]),
)


@dataclass
class Plain:
    """What a log says, found out without any of the index's code. `readable` are the statements that can be used."""

    entries: list[Entry] = field(default_factory=list)
    readable: dict[int, dict[str, Any]] = field(default_factory=dict)
    troubles: list[tuple[int, str]] = field(default_factory=list)

    def add(self, log: Log, step: Step) -> None:
        id_ = capture_id(step.number)
        if step.kind == "junk":
            self.troubles.append((log.add_junk(b"junk"), "junk_slot"))
            return
        if step.kind in ("later", "key"):
            self.entries.append(log.add({"type": step.kind, "id": id_}))
            return
        statement = self._statement(id_, step)
        if step.fate == "malformed":
            statement["withdrawn_at" if step.kind == "withdrawn" else "started_at"] = "yesterday"
        entry = log.add(statement)
        self.entries.append(entry)
        if step.fate == "kept":
            self.readable[entry.index] = statement
            return
        self.troubles.append((entry.index, "malformed_statement" if step.fate == "malformed" else f"{step.fate}_note"))
        if step.fate == "missing":
            log.store.delete(layout.note(entry.commitment))
        if step.fate == "damaged":
            log.store.replace(layout.note(entry.commitment), b"damaged")

    def _statement(self, id_: str, step: Step) -> dict[str, Any]:
        if step.kind == "withdrawn":
            return withdrawn(id_, at(step.seconds), operator=step.case)
        make: Callable[..., dict[str, Any]] = {"intent": intent, "snapshot": snapshot, "failure": failure}[step.kind]
        more: dict[str, Any] = {} if step.kind == "failure" else {"tags": step.tags}
        if step.case and step.kind != "failure":
            more["case"] = step.case
        if step.kind == "snapshot":
            more["outcome"] = step.outcome
        return make(id_, step.url, at(step.seconds), **more)

    def known_troubles(self) -> list[tuple[int, str]]:
        """Those that no withdrawal accounts for."""
        gone = {entry.id for entry in self.entries if entry.type == "withdrawn"}
        accounted = {entry.index for entry in self.entries if entry.id in gone and entry.type != "withdrawn"}
        return [trouble for trouble in self.troubles if trouble[0] not in accounted]

    def others(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.type in ("key", "withdrawn")]

    def captures(self) -> list[Capture]:
        known = [entry for entry in self.entries if entry.type not in ("later", "key")]
        return [self._capture(id_, known) for id_ in sorted({entry.id for entry in known})]

    def _capture(self, id_: str, known: list[Entry]) -> Capture:
        mine = [entry for entry in known if entry.id == id_]
        intents = [entry for entry in mine if entry.type == "intent"]
        results = [entry for entry in mine if entry.type in ("snapshot", "failure")]
        gone = [entry for entry in mine if entry.type == "withdrawn"]
        if gone:
            return self._withdrawn(id_, mine, intents, results, gone)
        begun = self.readable.get(intents[0].index) if intents else None
        done = self.readable.get(results[0].index) if results else None
        said = done or begun or {}
        if not results:
            state = State.PENDING
        elif done is None:
            state = State.LOST
        else:
            state = State(done.get("outcome", "failed"))
        stored = done if done is not None and done["type"] == "snapshot" else {}
        began = datetime.fromisoformat(said["started_at"]) if said else datetime(2026, 11, 23, 8, tzinfo=UTC)
        main = stored.get("main_document") or {}
        return Capture(
            id=id_,
            state=state,
            intent=_ref(intents[0]) if intents else None,
            result=_ref(results[0]) if results else None,
            url=said.get("requested_url"),
            final_url=stored.get("final_url"),
            captured_at=began,
            deadline=datetime.fromisoformat(begun["deadline"]) if begun else None,
            http_status=main.get("status"),
            title=stored.get("title"),
            tags=tuple(sorted({*(stored.get("tags") or (begun or {}).get("tags") or [])})),
            case=stored.get("case") or (begun or {}).get("case"),
            warc_bytes=4 if stored else None,
            duplicates=tuple(_ref(entry) for entry in mine if entry not in (*intents[:1], *results[:1])),
        )

    def _withdrawn(
        self, id_: str, mine: list[Entry], intents: list[Entry], results: list[Entry], gone: list[Entry]
    ) -> Capture:
        counted = next((entry for entry in gone if entry.index in self.readable), gone[0])
        said = self.readable.get(counted.index)
        moment = datetime.fromisoformat(said["withdrawn_at"]) if said else None
        return Capture(
            **dict.fromkeys(
                ("url", "final_url", "deadline", "http_status", "title", "case", "warc_bytes"),
            ),
            id=id_,
            state=State.WITHDRAWN,
            intent=_ref(intents[0]) if intents else None,
            result=_ref(results[0]) if results else None,
            captured_at=datetime(2026, 11, 23, 8, tzinfo=UTC),
            tags=(),
            duplicates=tuple(_ref(entry) for entry in mine if entry not in (*intents[:1], *results[:1], *gone)),
            withdrawal=Withdrawal(
                _ref(counted), moment, said["reason"] if said else None, said["operator"] if said else None
            ),
        )


def _ref(entry: Entry) -> LogRef:
    return LogRef(entry.index, entry.type, entry.commitment)


@pytest.fixture(scope="module")
def one_database(server: Postgres) -> Iterator[str]:
    with server.database() as url:
        yield url


@contextmanager
def _locations(kind: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """Where there is no index yet. A database is emptied for each example: to make one takes longer than to use it."""
    if kind == "sqlite":
        with TemporaryDirectory() as folder:
            yield str(Path(folder) / "index.sqlite")
        return
    url: str = request.getfixturevalue("one_database")
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%'").fetchall()
        for (schema,) in found:
            if schema not in ("public", "information_schema"):
                connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))
        assert connection.execute("SELECT 1 FROM pg_tables WHERE schemaname = 'public'").fetchall() == []
    yield url


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data(), todo=st.lists(steps, max_size=40))
def test_every_index_equals_a_plain_reading_of_the_log(
    request: pytest.FixtureRequest, kind: str, data: st.DataObject, todo: list[Step]
) -> None:
    log, plain = Log(), Plain()
    with _locations(kind, request) as location:
        databases = [open_index(location, log.store) for _ in range(2)]
        try:
            for step in todo:
                plain.add(log, step)
                follows = data.draw(st.sampled_from([None, None, 0, 1]))
                if follows is not None:
                    follow.catch_up(databases[follows], log.store)
            follow.catch_up(databases[0], log.store)
            expected = plain.captures()
            for database in databases:
                assert list(queries.every(database)) == expected
            assert [(each.index, each.kind) for each in queries.troubles(databases[0])] == plain.known_troubles()
            assert list(queries.every_statement(databases[0])) == plain.others()
            later = [entry.index for entry in plain.entries if entry.type == "later"]
            seen = [(each.type, each.first_index, each.entries) for each in queries.unknown(databases[0])]
            assert seen == ([("later", later[0], len(later))] if later else [])
            assert rebuild_index(location, log.store) == len(todo)
            assert list(queries.every(databases[1])) == expected
        finally:
            for database in databases:
                database.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    todo=st.lists(steps, max_size=40),
    moments=st.lists(st.integers(-2000, 14000), min_size=1, max_size=8),
    states=st.sets(st.sampled_from(list(State))),
)
def test_every_answer_equals_that_of_a_plain_search(
    request: pytest.FixtureRequest, kind: str, todo: list[Step], moments: list[int], states: set[State]
) -> None:
    log, plain = Log(), Plain()
    for step in todo:
        plain.add(log, step)
    captures = plain.captures()
    with _locations(kind, request) as location:
        database = open_index(location, log.store)
        try:
            follow.catch_up(database, log.store)
            for url in URLS:
                for milliseconds in moments:
                    moment = at(milliseconds / 1000)
                    answer = queries.nearest(database, url, moment, states)
                    assert answer == _answer(captures, url, states, _nearest(moment))
                assert queries.newest_of(database, url, states) == _answer(captures, url, states, _newest)
            newest_first = sorted(captures, key=lambda c: (c.captured_at, c.id), reverse=True)
            wanted = Filter(states=frozenset(states), tags=("a",), since=at(3), until=at(9), domain="example.com")
            assert list(queries.listing(database, wanted)) == [
                c
                for c in newest_first
                if c.state in states and "a" in c.tags and at(3) <= c.captured_at <= at(9) and c.url
            ]
            stored = [c for c in newest_first if c.state in (State.COMPLETE, State.PARTIAL)]
            assert queries.latest(database) == (stored[0] if stored else None)
            late = at(306)
            assert {c.id for c in queries.unfinished(database, late)} == {
                c.id for c in captures if c.state is State.PENDING and (c.deadline is None or c.deadline < late)
            }
        finally:
            database.close()


Pick = Callable[[list[Capture]], Capture]


def _nearest(moment: datetime) -> Pick:
    def pick(captures: list[Capture]) -> Capture:
        best = captures[0]
        for each in captures[1:]:
            far, least = abs(each.captured_at - moment), abs(best.captured_at - moment)
            if far < least or (far == least and (each.captured_at, each.id) < (best.captured_at, best.id)):
                best = each
        return best

    return pick


def _newest(captures: list[Capture]) -> Capture:
    return max(captures, key=lambda capture: (capture.captured_at, capture.id))


def _answer(captures: list[Capture], url: str, states: set[State], pick: Pick) -> queries.Answer:
    asked = [capture for capture in captures if capture.state in states]
    exact = [capture for capture in asked if capture.url == url]
    if exact:
        return queries.Answer(url, pick(exact))
    of_url = [capture.state for capture in captures if capture.url == url]
    others = sorted({c.url for c in asked if c.url and c.url != url and surt(c.url) == surt(url)})
    return queries.Answer(
        url,
        None,
        tuple(sorted((state, of_url.count(state)) for state in set(of_url))),
        tuple(pick([capture for capture in asked if capture.url == other]) for other in others),
    )

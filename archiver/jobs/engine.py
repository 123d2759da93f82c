"""The engine underneath: DBOS, which keeps what was handed over until some worker has run it.

It is told of a job in the same transaction as our tables, runs it on one worker, and gives it to another when that one
has died and `resume` says so. All else, who waits for whom and how long, is `queue`'s. No other module knows of it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from dbos import DBOS, DBOSClient, DBOSConfig, EnqueueOptions, Serializer, WorkflowStatus, _serialization
from sqlalchemy.engine import Connection

from archiver import clock
from archiver.jobs.database import Database

_APPLICATION = "archiver"
_QUEUE = "captures"
_WORKFLOW = "run_job"
# Never raised: what was handed over by an older program is run by a newer one, which reads it in our tables.
_APPLICATION_VERSION = "1"
_SCHEMA = "archiver_engine"  # on PostgreSQL
_POLL_S = 0.2
_PRIORITY_MIDDLE = 1000  # lower ones go first, and none goes before all
_DELETED_AT_ONCE = 500
_ASKED_AT_ONCE = 500  # databases take so many values in a question, and no more


class _Json(Serializer):
    """How the engine keeps what it is given: two ids, and what a fault says."""

    def name(self) -> str:
        return "archiver_json"

    def serialize(self, data: Any) -> str:
        return orjson.dumps(data, default=str).decode()

    def deserialize(cls, serialized_data: str) -> Any:
        return orjson.loads(serialized_data)


class _NoPickle:
    """In place of `pickle` within the engine, which reads a row as its own column says: to read a pickle is to run it.

    So whoever may write to the queue, or hands somebody an archive with one, could run programs on the workers.
    """

    @staticmethod
    def loads(_: bytes) -> Any:
        raise ValueError("a pickle stands in the queue; it is not read")

    @staticmethod
    def dumps(_: object) -> bytes:
        raise ValueError("nothing is put into the queue as a pickle")


_serialization.pickle = _NoPickle  # type: ignore[assignment, attr-defined]  # no public way; a test holds that it works


@dataclass(frozen=True)
class Handed:
    """A workflow that is not done, and the worker that runs it, if one does."""

    workflow: str
    worker: str | None


class Engine:
    """The engine's side of the queue of one archive."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._url = database.engine.url.render_as_string(hide_password=False)
        logging.getLogger("dbos").setLevel(logging.CRITICAL)
        DBOS.migrate(self._url, schema=_SCHEMA)
        # Lazy: whoever asks within a transaction on SQLite must not be made to wait for itself.
        self._client = DBOSClient(
            system_database_engine=database.engine,
            dbos_system_schema=_SCHEMA,
            serializer=_Json(),
            application_name=_APPLICATION,
            lazy=True,
            retry_connection_errors=False,
        )

    def hand_over(self, connection: Connection, workflow: str, job: str, priority: int, delay_s: float) -> None:
        """As `queue.Handing`."""
        options = EnqueueOptions(
            workflow_name=_WORKFLOW,
            queue_name=_QUEUE,
            workflow_id=workflow,
            priority=_PRIORITY_MIDDLE - priority,
            app_version=_APPLICATION_VERSION,
        )
        if delay_s > 0:
            options["delay_seconds"] = delay_s
        self._client.enqueue_in_transaction(connection, options, job, workflow)

    def launch(self, worker: str, concurrency: int, run: Callable[[str], None]) -> None:
        """Begin to run what was handed over, `concurrency` at a time: `run(workflow)`, each in a thread of its own.

        `worker` must be no other's. Once in a process; `stop` ends it.
        """

        @DBOS.workflow(name=_WORKFLOW)
        def run_job(_: str, workflow: str) -> None:
            run(workflow)

        DBOS(
            config=DBOSConfig(
                name=_APPLICATION,
                system_database_url=self._url,
                system_database_engine=self._database.engine,
                dbos_system_schema=_SCHEMA,
                serializer=_Json(),
                run_migrations=False,
                executor_id=worker,
                application_version=_APPLICATION_VERSION,
                use_listen_notify=False,
                enable_otlp=False,
                log_level="CRITICAL",
                scheduler_polling_interval_sec=3600,
            )
        )
        DBOS.listen_queues([_QUEUE])
        DBOS.launch()
        DBOS.register_queue(
            _QUEUE, worker_concurrency=concurrency, polling_interval_sec=_POLL_S, on_conflict="always_update"
        )

    def stop(self, grace_s: float) -> None:
        """Take up nothing more, and wait so long for what runs."""
        DBOS.destroy(workflow_completion_timeout_sec=int(grace_s) + 1)

    def running(self) -> list[Handed]:
        """What workers have taken up and not ended, those of dead workers included."""
        return [Handed(each.workflow_id, each.executor_id) for each in self._list(status="PENDING")]

    def resume(self, workflows: Iterable[str]) -> None:
        """Have workflows run again, whoever had taken them up. Whether that one lives is not asked here."""
        wanted = list(workflows)
        if not wanted:
            return
        with self._database.errors():
            self._client.resume_workflows(wanted, queue_name=_QUEUE)

    def ended(self, workflows: Iterable[str]) -> set[str]:
        """Those of these workflows that the engine will not run, or run on: ended, or not known."""
        asked = sorted(set(workflows))
        left = set(asked)
        for at in range(0, len(asked), _ASKED_AT_ONCE):
            some = asked[at : at + _ASKED_AT_ONCE]
            alive = self._list(workflow_ids=some, status=["ENQUEUED", "DELAYED", "PENDING"])
            left.difference_update(each.workflow_id for each in alive)
        return left

    def forget(self, before: datetime) -> int:
        """Delete what had ended before a moment, a part at a time; how many were deleted."""
        old = self._list(completed_before=clock.rfc3339(before), limit=_DELETED_AT_ONCE)
        if not old:
            return 0
        with self._database.errors():
            self._client.delete_workflows([each.workflow_id for each in old])
        return len(old)

    def _list(self, **wanted: Any) -> list[WorkflowStatus]:
        with self._database.errors():
            return self._client.list_workflows(**wanted, queue_name=_QUEUE, load_input=False, load_output=False)

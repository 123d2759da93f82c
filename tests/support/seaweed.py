"""A real S3 server on loopback: SeaweedFS, with credentials, in a directory of its own.

`python -m tests.support.seaweed` runs one to play with until it is interrupted (`scripts/seaweedfs`).
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_START_S = 60
_TRIES = 3  # a port that was free may be taken a moment later


@dataclass(frozen=True)
class Server:
    """A running server and the credentials it asks for."""

    endpoint: str
    access_key: str
    secret_key: str = field(repr=False)
    reader: Server | None = None  # the same server, with the credentials of one who may only read and list

    @property
    def environment(self) -> dict[str, str]:
        """What boto3 reads; nothing else of the machine's own configuration may count."""
        return {
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def client(self) -> S3Client:
        """A plain client, for what the code under test must not do itself."""
        return boto3.session.Session().client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            region_name="us-east-1",
            config=Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=10),
        )


@contextlib.contextmanager
def running(directory: Path) -> Iterator[Server]:
    """A server that keeps its data below `directory`, ready for use; it is gone when this is left."""
    for attempt in range(_TRIES):
        process, server = _start(directory)
        try:
            if _becomes_ready(process, server):
                yield server
                return
        finally:
            _stop(process)
        print(f"SeaweedFS did not start (attempt {attempt + 1}), see {directory / 'weed.log'}", file=sys.stderr)  # noqa: T201 — no one else says it
    raise RuntimeError((directory / "weed.log").read_text("utf-8", "replace")[-2000:])


def _start(directory: Path) -> tuple[subprocess.Popen[bytes], Server]:
    names = ["master", "volume", "filer", "s3"]
    ports = _free_ports(10)
    chosen = dict(zip([*names, *(f"{name}.grpc" for name in names), "iceberg", "lance"], ports, strict=True))
    endpoint = f"http://127.0.0.1:{chosen['s3']}"
    reader = Server(endpoint, secrets.token_hex(10), secrets.token_hex(20))
    server = Server(endpoint, secrets.token_hex(10), secrets.token_hex(20), reader)
    identities = [
        {
            "name": name,
            "credentials": [{"accessKey": each.access_key, "secretKey": each.secret_key}],
            "actions": actions,
        }
        for name, each, actions in (
            ("admin", server, ["Admin", "Read", "Write", "List", "Tagging"]),
            ("reader", reader, ["Read", "List"]),
        )
    ]
    data = directory / "data"
    data.mkdir(parents=True, exist_ok=True)
    (directory / "s3.json").write_text(json.dumps({"identities": identities}), "utf-8")
    command = [
        str(Path(sys.executable).parent / "weed"),
        "server",
        f"-dir={data}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-s3",
        "-s3.autoCreateBucket=false",
        f"-s3.config={directory / 's3.json'}",
        *(f"-{name}.port={chosen[name]}" for name in names),
        *(f"-{name}.port.grpc={chosen[f'{name}.grpc']}" for name in names),
        f"-s3.port.iceberg={chosen['iceberg']}",
        f"-s3.port.lance={chosen['lance']}",
        "-filer.disableHttp",  # it asks for no credentials and can delete locked objects
        "-master.volumeSizeLimitMB=64",
        "-volume.max=1000",
        "-volume.preStopSeconds=0",
        "-master.electionTimeout=1s",
        "-master.heartbeatInterval=200ms",
    ]
    with (directory / "weed.log").open("ab") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=directory)
    return process, server


def _becomes_ready(process: subprocess.Popen[bytes], server: Server) -> bool:
    """Whether it stores and gives back an object before long; that it answers HTTP says little."""
    client = server.client()
    until = time.monotonic() + _START_S
    try:
        while process.poll() is None and time.monotonic() < until:
            try:
                with contextlib.suppress(
                    client.exceptions.BucketAlreadyOwnedByYou, client.exceptions.BucketAlreadyExists
                ):
                    client.create_bucket(Bucket="ready")
                client.put_object(Bucket="ready", Key="ready", Body=b"ready")
                if client.get_object(Bucket="ready", Key="ready")["Body"].read() == b"ready":
                    return True
            except (BotoCoreError, ClientError):
                time.sleep(0.05)
        return False
    finally:
        client.close()


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Its own way to stop takes 15 seconds, and what it keeps is thrown away."""
    process.kill()
    process.wait()


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


def _play(directory: Path) -> None:
    """Run a server until it is interrupted, and say how to use it."""
    with running(directory) as server:
        client = server.client()
        client.create_bucket(Bucket="log")
        client.create_bucket(Bucket="evidence", ObjectLockEnabledForBucket=True)
        client.close()
        shown = ("AWS_ENDPOINT_URL_S3", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION")
        lines = [
            "# In another terminal:",
            *(f"export {name}={server.environment[name]}" for name in shown),
            "archiver --archive s3://log/archive capture URL",
            "# There is also s3://evidence, a bucket with Object Lock. Ctrl-C ends the server and removes all of it.",
        ]
        print("\n".join(lines), flush=True)  # noqa: T201 — what the script is for
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="archiver-seaweedfs-") as made:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        _play(Path(made))

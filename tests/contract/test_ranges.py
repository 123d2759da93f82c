"""What is taken out of a large WARC in S3 is read by its own range only."""

from __future__ import annotations

import http.client
import http.server
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from archiver.archive import Archive
from archiver.model import Rendition
from archiver.storage import layout
from tests.contract.conftest import PLAIN
from tests.support import captureless, seaweed
from tests.unit.recordings import REQUEST_HEAD, RESPONSE_HEAD, body, exchange, recording

_LARGE_BYTES = 200_000_000
_PICTURE = os.urandom(300_000)


@contextmanager
def _counted(endpoint: str) -> Iterator[tuple[str, list[int]]]:
    """A way to the server that counts the bytes of bodies it hands back."""
    given: list[int] = []
    host = endpoint.removeprefix("http://")

    class Way(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass(self) -> None:
            there = http.client.HTTPConnection(host, timeout=30)
            there.request(self.command, self.path, headers=dict(self.headers))
            answer = there.getresponse()
            data = answer.read()
            given.append(len(data))
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                    self.send_header(name, value)
            is_head = self.command == "HEAD"
            self.send_header("Content-Length", answer.getheader("Content-Length") or "0" if is_head else str(len(data)))
            self.end_headers()
            if not is_head:
                self.wfile.write(data)
            there.close()

        do_GET = do_HEAD = _pass

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Way) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", given
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.timeout(180)
def test_a_screenshot_out_of_200_mb_reads_its_own_range(
    s3: seaweed.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    place = f"s3://{PLAIN}/ranges/{secrets.token_hex(6)}"
    large = body(os.urandom(_LARGE_BYTES), RESPONSE_HEAD)
    picture = Rendition("screenshot", "urn:view:https://a.test/0", "image/png", body(_PICTURE))
    made = recording(
        exchange(0, response_body=large, request_head=REQUEST_HEAD), url="https://a.test/0", renditions=(picture,)
    )
    monkeypatch.setattr("archiver.capture.capture.record", lambda *_: made)
    with Archive(place) as archive:
        stored = archive.capture(captureless.URL)
        assert stored.snapshot.warc_artifact["bytes"] > _LARGE_BYTES
        index_bytes = archive.store.stat(layout.cdxj(stored.snapshot.id)).size_bytes
    with _counted(os.environ["AWS_ENDPOINT_URL_S3"]) as (endpoint, given):
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", endpoint)
        with Archive(place) as archive:
            snapshot = archive.find(stored.snapshot.id)
            assert b"".join(archive.part(snapshot, "screenshot")) == _PICTURE
    assert len(_PICTURE) < sum(given) < len(_PICTURE) + index_bytes + 65536

"""A short network log of a real browser, for tests that read one; and the program that makes it.

    .venv/bin/python -m tests.support.netlogs

writes `netlog.json.gz` beside this file again: one page with every way an answer comes over HTTP/1.1 and HTTP/2. Of
what Chromium wrote, only what the recorder wants is kept, and nothing of the browser's own traffic.
"""

from __future__ import annotations

import gzip
import json
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from archiver.capture.netlog import NetLog
from archiver.capture.recorder import Recorder
from tests.sites.kinds import HOME, kinds_handler
from tests.sites.model import Request, Response, Upgrade
from tests.sites.server import LocalWeb
from tests.support.capturing import capture

PATH = Path(__file__).parent / "netlog.json.gz"
URL = f"http://{HOME}/all"
_PAGE = b"""<!doctype html><title>All</title><script>
const get = (path, options) => fetch(path, options).then((answer) => answer.text()).catch(() => 0);
const secure = (path, options) => get("https://other.test" + path, {mode: "no-cors", ...options});
const broken = (path) => Promise.all(["", "https://third.test"].map((at) => get(at + path, {mode: "no-cors"})));
async function all() {
  for (const path of ["/text?1", "/chunked", "/hinted", "/redirect", "/unmeasured", "/fresh", "/fresh"]) {
    await get(path);
    await secure(path);
  }
  await Promise.all([get("/post", {method: "POST", body: "a body"}), secure("/text?2", {method: "POST", body: "b"})]);
  for (const path of ["/short", "/cut-chunks", "/reset", "/nothing"]) await broken(path);
  const socket = new WebSocket("wss://other.test/socket?close-after=1");
  socket.onopen = () => socket.send("hello");
  await new Promise((go) => { socket.onclose = go; });
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 200);
  await get("/slow", {signal: stop.signal});
}
all();
</script>"""


async def _site(request: Request) -> Response | Upgrade:
    if request.path == "/all":
        return Response(fields=[(b"Content-Type", b"text/html")], body=_PAGE)
    return await kinds_handler(request)


def _record(folder: Path) -> bytes:
    """The whole log of a capture of the page."""
    whole = bytearray()
    read = NetLog.feed

    def keep(self: NetLog, data: bytes) -> None:
        whole.extend(data)
        read(self, data)

    NetLog.feed = keep  # type: ignore[method-assign]  # the log passes nowhere else
    try:
        with LocalWeb(_site) as web:
            capture(web, URL, folder / "archive", settle_s=4.0)
    finally:
        NetLog.feed = read  # type: ignore[method-assign]  # as above
    return bytes(whole)


def shorten(whole: bytes) -> bytes:
    """What the recorder wants of a log, in the shape of one."""
    head, *lines = whole.split(b"\n")
    constants: dict[str, Any] = json.loads(head.rstrip(b",") + b"}")["constants"]
    wanted = Recorder(Path()).handlers
    names = {number: name for name, number in constants["logEventTypes"].items() if name in wanted}
    events = [
        (json.loads(line.rstrip(b",")), line.rstrip(b","))
        for line in lines
        if line.startswith((b'{"params"', b'{"phase"'))
    ]
    events = [(event, line) for event, line in events if event["type"] in names]
    encrypted = {event["source"]["id"] for event, _ in events if names[event["type"]].startswith("SSL_")}
    own = _own_sources([event for event, _ in events])
    kept = [
        line
        for event, line in events
        if not (event["source"]["id"] in encrypted and names[event["type"]].startswith("SOCKET_BYTES"))
        and event["source"]["id"] not in own
    ]
    short = {
        "clientInfo": {"command_line": "chromium", "version": constants["clientInfo"]["version"]},
        "logEventPhase": constants["logEventPhase"],
        "logEventTypes": {name: number for number, name in names.items()},
        "netError": {n: v for n, v in constants["netError"].items() if -400 < v < 0 and str(v).encode() in whole},
        "timeTickOffset": constants["timeTickOffset"],
    }
    text = json.dumps({"constants": short}, separators=(",", ":"))[:-1].encode()
    return text + b',\n"events": [\n' + b",\n".join(kept) + b'\n],\n"polledData": [{}]\n}\n'


def _own_sources(events: list[dict[str, Any]]) -> set[int]:
    """The requests that no page made, and all that served them."""
    own = {
        event["source"]["id"]
        for event in events
        if urlsplit(event.get("params", {}).get("url", "//.test")).netloc.rpartition(".")[2] != "test"
    }
    pairs = [
        {event["source"]["id"], event["params"]["source_dependency"]["id"]}
        for event in events
        if "source_dependency" in event.get("params", {})
    ]
    size = 0
    while len(own) > size:
        size = len(own)
        own = own.union(*(pair for pair in pairs if pair & own))
    return own


def stored() -> bytes:
    """The log that was made."""
    return gzip.decompress(PATH.read_bytes())


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        PATH.write_bytes(gzip.compress(shorten(_record(Path(folder))), mtime=0))


if __name__ == "__main__":
    main()

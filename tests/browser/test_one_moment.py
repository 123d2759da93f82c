"""Text, DOM and PDF are of one moment: a page that never stops changing is stopped before they are made."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.sites.model import Request, Response
from tests.sites.server import LocalWeb
from tests.support.capturing import capture

pytestmark = pytest.mark.browser

_COUNTER = b"""<!doctype html><title>counting</title>
<p>COUNT <span id=n>0</span> END</p><noscript><b>ONLY WITHOUT SCRIPTS</b></noscript>
<script>let n = 0; setInterval(() => { document.getElementById('n').textContent = ++n }, 10)</script>"""


async def counting(request: Request) -> Response:
    frame = b"<iframe src='//ads.counting.test/'></iframe>" if request.host == "counting.test" else b""
    return Response(200, b"OK", [(b"Content-Type", b"text/html")], _COUNTER + frame)


def test_text_dom_and_pdf_show_the_same_count(tmp_path: Path) -> None:
    with LocalWeb(counting) as web:
        captured = capture(web, "https://counting.test/", tmp_path / "a")
    parts = {name: b"".join(captured.snapshot.part(name)) for name in ("text", "dom", "pdf")}
    (tmp_path / "page.pdf").write_bytes(parts["pdf"])
    printed = subprocess.run(["pdftotext", tmp_path / "page.pdf", "-"], capture_output=True, text=True, check=True)
    in_text = re.findall(r"COUNT (\d+) END", parts["text"].decode())
    in_dom = [re.findall(r'id="n">(\d+)<', frame["html"])[0] for frame in json.loads(parts["dom"])["frames"]]
    in_pdf = re.findall(r"COUNT (\d+) END", printed.stdout)
    assert len(in_text) == 2
    assert int(in_text[0]) > 10, "the scripts ran before they were stopped"
    assert sorted(in_text) == sorted(in_dom) == sorted(in_pdf)
    assert "ONLY WITHOUT SCRIPTS" not in parts["text"].decode() + printed.stdout

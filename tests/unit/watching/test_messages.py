"""Telling a webhook and a program, once each: what they get, and what is said when they cannot be told."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from archiver.jobs import messages
from archiver.jobs.messages import SIGNATURE, MessageError, post, run
from tests.support import processes
from tests.unit.watching.hook import Hook

BODY = b'{"event":"captured"}'


@pytest.fixture
def hook() -> Iterator[Hook]:
    with Hook() as running:
        yield running


def refused(work: Callable[[], None]) -> str:
    with pytest.raises(MessageError) as caught:
        work()
    message = str(caught.value)
    assert "\n" not in message
    return message


# webhook


def test_a_webhook_gets_the_body_as_it_is(hook: Hook) -> None:
    post(hook.url("/a/b?token=x#part"), BODY, None)
    (asked,) = hook.asked
    assert (asked.method, asked.target, asked.body) == ("POST", "/a/b?token=x", BODY)
    assert asked.headers["Content-Type"] == "application/json"
    assert asked.headers["User-Agent"].startswith("archiver/")
    assert SIGNATURE not in asked.headers
    assert "Authorization" not in asked.headers


def test_with_a_secret_the_body_is_signed(hook: Hook) -> None:
    post(hook.url(), BODY, "s3cret")
    (asked,) = hook.asked
    assert asked.headers[SIGNATURE] == "sha256=" + hmac.new(b"s3cret", BODY, hashlib.sha256).hexdigest()


def test_a_name_and_password_in_the_url_are_sent_as_such(hook: Hook) -> None:
    post(hook.url().replace("//", "//me:p%40ss@"), BODY, None)
    (asked,) = hook.asked
    assert asked.headers["Authorization"] == "Basic " + base64.b64encode(b"me:p@ss").decode()
    assert asked.headers["Host"] == f"127.0.0.1:{hook.port}"


def test_redirects_are_not_followed(hook: Hook) -> None:
    hook.answers = [(307, {"Location": hook.url("/elsewhere")})]
    assert refused(lambda: post(hook.url(), BODY, None)) == "the webhook at 127.0.0.1 answered with status 307"
    assert len(hook.asked) == 1


@pytest.mark.parametrize("status", [302, 304, 404, 429, 500])
def test_only_status_2xx_has_taken_it(hook: Hook, status: int) -> None:
    hook.answers = [(status, {})]
    assert "answered with status" in refused(lambda: post(hook.url(), BODY, None))
    hook.answers = [(204, {})]
    post(hook.url(), BODY, None)


def test_no_error_repeats_the_url(hook: Hook) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as unused:
        port = unused.getsockname()[1]
    urls = [f"http://u:s3cr3t@127.0.0.1:{port}/s3cr3t?s3cr3t", f"https://127.0.0.1:{hook.port}/s3cr3t"]
    for url in urls:
        message = refused(lambda url=url: post(url, BODY, "s3cr3t"))  # type: ignore[misc]
        assert message.startswith("the webhook at 127.0.0.1 could not be reached: ")
        assert "s3cr3t" not in message


@pytest.mark.parametrize("trickle", [b"", b"HTTP/1.1 200 OK\r\nX: ", b"x"])
def test_a_server_that_is_slow_is_given_up(trickle: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "_TIMEOUT_S", 0.5)
    over = threading.Event()

    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            while not over.wait(0.1):
                try:
                    connection.sendall(trickle or b"")
                except OSError:
                    return

    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        began = time.monotonic()
        message = refused(lambda: post(f"http://127.0.0.1:{server.getsockname()[1]}/", BODY, None))
        assert time.monotonic() - began < 5
        over.set()
        thread.join()
    assert message == "the webhook at 127.0.0.1 could not be reached: no answer within 0.5 s" or trickle == b"x"


def test_an_answer_that_is_no_http_is_told() -> None:
    with Hook(raw=b"SSH-2.0-x\r\n") as hook:
        assert "could not be reached: BadStatusLine" in refused(lambda: post(hook.url(), BODY, None))


# command


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!{sys.executable}\nimport os, sys, time\n{text}\n")
    path.chmod(0o700)
    return path


def test_a_program_gets_the_message_on_its_input_and_no_shell_reads_its_arguments(tmp_path: Path) -> None:
    program = script(tmp_path / "x", "open(sys.argv[1], 'w').write(sys.stdin.read() + sys.argv[2] + os.environ['A'])")
    run([str(program), str(tmp_path / "out"), "$(id) `id`; *"], BODY, {"A": "b"})
    assert (tmp_path / "out").read_text() == BODY.decode() + "$(id) `id`; *b"


def test_a_program_that_reads_nothing_and_says_much_is_no_trouble(tmp_path: Path) -> None:
    program = script(tmp_path / "x", "sys.stdout.write('x' * 3_000_000); sys.stderr.write('y' * 3_000_000)")
    run([str(program)], b"z" * 3_000_000, {})


def test_how_a_program_failed_is_told(tmp_path: Path) -> None:
    program = script(tmp_path / "x", "sys.stderr.write('no\\nroute ' + 'x' * 1000); sys.exit(3)")
    message = refused(lambda: run([str(program)], BODY, {}))
    assert message.startswith(f"{program} ended with code 3: no route xxx")
    assert len(message) < 400
    program = script(tmp_path / "y", "os.kill(os.getpid(), 9)")
    assert refused(lambda: run([str(program)], BODY, {})) == f"{program} was ended by signal 9"


def test_a_program_that_is_missing_is_told(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    assert refused(lambda: run([str(missing)], BODY, {})) == f"{missing} could not be run: No such file or directory"
    assert "could not be run" in refused(lambda: run([str(tmp_path)], BODY, {}))


def test_a_program_that_takes_too_long_is_ended_with_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "_COMMAND_S", 1.0)
    text = f"pid = os.fork()\nopen({str(tmp_path / 'pid')!r}, 'a').write(f'{{os.getpid()}}\\n')\ntime.sleep(60)"
    program = script(tmp_path / "x", text)
    began = time.monotonic()
    assert refused(lambda: run([str(program)], BODY, {})) == f"{program} did not end within 1 s"
    assert time.monotonic() - began < 10
    pids = [int(line) for line in (tmp_path / "pid").read_text().split()]
    assert len(pids) == 2
    assert processes.wait_until_gone(pids, 5) == []


def test_a_program_that_leaves_another_running_is_not_waited_for(tmp_path: Path) -> None:
    text = f"if (pid := os.fork()) == 0: time.sleep(60)\nopen({str(tmp_path / 'pid')!r}, 'w').write(str(pid))"
    program = script(tmp_path / "x", text)
    began = time.monotonic()
    run([str(program)], BODY, {})
    assert time.monotonic() - began < 10
    os.kill(int((tmp_path / "pid").read_text()), 9)

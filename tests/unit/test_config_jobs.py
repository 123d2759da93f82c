"""The settings of jobs and schedules: where they may stand, and what is said of one that is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from archiver import config
from archiver.config import load
from archiver.errors import ConfigurationError, UsageError
from archiver.jobs.politeness import Politeness
from archiver.manners import Manners


def refusal(text: str | None = None) -> str:
    """What is said of a named file, or of the environment."""
    named = None
    if text is not None:
        named = Path("named.toml")
        named.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load(config_file=named)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_all_settings_of_jobs_are_read_from_a_file() -> None:
    Path("named.toml").write_text(
        "[jobs]\nconcurrency = 3\ndelay_s = 0.5\nhost_concurrency = 2\nhost = ['a.test=10s', '*.b.test=1s/2']\n"
        "attempts = 5\nretry_s = 7\nlease_s = 9\ngrace_s = 0\nkeep_s = 86400\nmetrics = '[::1]:9188'\n"
        "webhook = 'https://hooks.test/x'\nwebhook_secret = 's3cr3t'\ncommand = ['notify', '--x']\n"
    )
    jobs = load(config_file=Path("named.toml")).settings.jobs
    assert (jobs.concurrency, jobs.delay_s, jobs.host_concurrency, jobs.attempts) == (3, 0.5, 2, 5)
    assert jobs.host == ("a.test=10s", "*.b.test=1s/2")
    assert jobs.command == ("notify", "--x")
    assert jobs.webhook is not None
    assert jobs.webhook.get_secret_value() == "https://hooks.test/x"


def test_all_settings_of_jobs_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "HOST": "a.org=10s, *.b.org=1s/2",
        "DELAY_S": "0",
        "COMMAND": '["notify", "a,b"]',
        "METRICS": "127.0.0.1:9188",
        "WEBHOOK": "http://me:pass@127.0.0.1:8080/x?y",
        "WEBHOOK_SECRET": "s3cr3t",
    }
    for name, value in given.items():
        monkeypatch.setenv(f"ARCHIVER_JOBS__{name}", value)
    jobs = load().settings.jobs
    assert (jobs.host, jobs.command, jobs.metrics) == (
        ("a.org=10s", "*.b.org=1s/2"),
        ("notify", "a,b"),
        "127.0.0.1:9188",
    )
    manners = Politeness(jobs)
    assert manners.of("a.org") == Manners(1, 10)
    assert manners.of("www.b.org") == Manners(2, 1)
    assert manners.of("b.org") == Manners(2, 1)
    assert manners.of("c.org") == Manners(1, 0)


def test_an_empty_variable_takes_back_what_a_file_says(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("named.toml").write_text("[jobs]\nwebhook = 'http://a.test/'\nmetrics = '127.0.0.1:1'\ncommand = ['x']\n")
    for name in ("WEBHOOK", "METRICS", "COMMAND"):
        monkeypatch.setenv(f"ARCHIVER_JOBS__{name}", "")
    jobs = load(config_file=Path("named.toml")).settings.jobs
    assert (jobs.webhook, jobs.metrics, jobs.command) == (None, None, ())


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("concurrency", "0", "greater than or equal to 1"),
        ("concurrency", "'many'", "valid integer"),
        ("concurrency", "1.5", "valid integer"),
        ("delay_s", "-1", "greater than or equal to 0"),
        ("delay_s", "nan", "finite"),
        ("lease_s", "1", "greater than or equal to 2"),
        ("keep_s", "0", "greater than 0"),
        ("attempts", "21", "less than or equal to 20"),
        ("host", "'a.test=1s'", "valid tuple"),
        ("host", "[5]", "valid string"),
        ("host", "['a.test']", "'a.test' is no rule for a host; write example.org=10s"),
        ("host", "['=1s']", "is no rule for a host"),
        ("host", "['*.=1s']", "is no rule for a host"),
        ("host", "['a*b=1s']", "is no rule for a host"),
        ("host", "['https://a.test=1s']", "is no rule for a host"),
        ("host", "['a.test=soon']", "'a.test=soon': 'soon' is no duration"),
        ("host", "['a.test=1s/0']", "from 1 to 64"),
        ("host", "['a.test=1s/\u0663']", "from 1 to 64"),
        ("host", "['a.test=9w']", "a day at most"),
        ("metrics", "'9188'", "expected ADDRESS:PORT, such as 127.0.0.1:9188"),
        ("webhook", "'hooks.test/x'", "expected an http or https URL"),
        ("webhook", "'ftp://hooks.test/x'", "expected an http or https URL"),
        ("webhook", "5", "valid string"),
        ("command", "'notify'", "valid tuple"),
        ("command", "['']", "at least 1 character"),
        ("command", '["a\\u0000b"]', "match pattern"),
        ("delay", "5", "there is no such setting"),
    ],
)
def test_a_bad_value_is_told_with_its_name_and_where_it_stands(key: str, value: str, reason: str) -> None:
    message = refusal(f"[jobs]\n{key} = {value}\n")
    assert message.startswith(f"jobs.{key} (from file named.toml): ")
    assert reason in message


@pytest.mark.parametrize(
    "url",
    [
        "http://s3cr3t:99999/",
        "http://[s3cr3t/",
        "s3cr3t://x",
        "http:// s3cr3t/",
        "http://a/s3cr3t\u00e4",
        "http:///s3cr3t",
    ],
)
def test_a_webhook_that_is_none_is_told_without_repeating_it(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVER_JOBS__WEBHOOK", url)
    message = refusal()
    assert message.startswith("jobs.webhook (from environment): ")
    assert "s3cr3t" not in message


def test_a_mistyped_variable_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVER_JOBS__DELAY", "5")
    assert refusal() == "ARCHIVER_JOBS__DELAY (from environment): there is no such setting"


def test_schedules_are_not_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVER_SCHEDULES__A__EVERY", "5h")
    assert refusal().startswith("ARCHIVER_SCHEDULES__A__EVERY (from environment): schedules stand in a file")


@pytest.mark.parametrize("key", ["webhook", "webhook_secret", "command", "metrics"])
def test_what_tells_others_is_not_taken_from_the_current_folder(key: str) -> None:
    value = "['x']" if key == "command" else "'127.0.0.1:1'"
    for text in (f"[jobs]\n{key} = {value}\n", f"jobs.{key} = {value}\n", f"jobs = {{ {key} = {value} }}\n"):
        Path("archiver.toml").write_text(text)
        with pytest.raises(ConfigurationError, match=rf"^jobs\.{key} may not be set in archiver\.toml"):
            load()


def test_how_hosts_are_visited_is_taken_from_the_current_folder() -> None:
    Path("archiver.toml").write_text("[jobs]\ndelay_s = 9\n")
    assert load().settings.jobs.delay_s == 9


def test_secrets_are_shown_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVER_JOBS__WEBHOOK", "http://s3cr1.test/s3cr2")
    monkeypatch.setenv("ARCHIVER_JOBS__WEBHOOK_SECRET", "s3cr3")
    shown = [str(config.value_of(load().settings, name)) for name in config.names()]
    assert "s3cr" not in repr(load()) + str(load().settings) + "".join(shown)


# schedules


def schedules(text: str) -> dict[str, dict[str, Any]]:
    Path("named.toml").write_text(text)
    return load(config_file=Path("named.toml")).settings.schedules


def test_schedules_are_tables_whose_names_may_have_dots() -> None:
    found = schedules("[schedules.front]\nurls = ['https://a.test/']\nevery = '6h'\n[schedules.'a.b']\nfeed = 'x'\n")
    assert found == {"front": {"urls": ["https://a.test/"], "every": "6h"}, "a.b": {"feed": "x"}}


def test_schedules_of_several_files_are_gathered_and_the_nearer_file_counts() -> None:
    Path("archiver.toml").write_text("[schedules.a]\nevery = '1h'\nx = 1\n[schedules.b]\nevery = '2h'\n")
    found = schedules("[schedules.a]\nevery = '3h'\n")
    assert found == {"a": {"every": "3h"}, "b": {"every": "2h"}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("schedules = 5\n", "schedules (from file named.toml): Input should be a valid dictionary"),
        ("[schedules]\na = 5\n", "schedules.a (from file named.toml): Input should be a valid dictionary"),
        ("[[schedules]]\na = 5\n", "schedules (from file named.toml): Input should be a valid dictionary"),
    ],
)
def test_what_is_no_table_is_told(text: str, message: str) -> None:
    assert refusal(text) == message


def test_the_definition_of_a_setting_says_what_it_is_for() -> None:
    described = config.JobsSettings.model_fields
    assert all(field.description for field in described.values())
    assert "queue" in str(config.Settings.model_fields["database_url"].description)
    with pytest.raises(UsageError):
        load({"jobs.concurrency": 0})

"""Settings: who wins, what is refused, and that an error names the setting and where it came from."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from archiver import config
from archiver.config import PROTECTED, Loaded, load
from archiver.errors import ConfigurationError, UsageError

_TRUE = {
    "capture.browser": '"/bin/x"',
    "capture.allow_private": "true",
    "capture.resolve": '["a=::1"]',
    "capture.trust_ca": '"ca.pem"',
    "capture.proxy": '"socks5://127.0.0.1:1080"',
    "capture.accept_bad_certificates": "true",
    "capture.storage_state": '"state.json"',
    "jobs.metrics": '"127.0.0.1:9188"',
    "jobs.webhook": '"https://hooks.test/x"',
    "jobs.webhook_secret": '"open sesame"',
    "jobs.command": '["notify"]',
    "database_url": '"postgresql://index.test/archive"',
    "signing_key": '"-----BEGIN PRIVATE KEY-----"',
    "signing_key_passphrase": '"open sesame"',
}


def section(**values: str) -> str:
    return "[capture]\n" + "".join(f"{key} = {value}\n" for key, value in values.items())


def setting(name: str) -> str:
    """A file that sets one protected setting."""
    prefix, _, key = name.rpartition(".")
    return f"[{prefix}]\n{key} = {_TRUE[name]}\n" if prefix else f"{key} = {_TRUE[name]}\n"


def write_user_file(text: str) -> Path:
    path = config.user_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def timeout_of(loaded: Loaded) -> tuple[float, str | None]:
    return loaded.settings.capture.timeout_s, loaded.origins.get("capture.timeout_s")


def test_without_anything_the_defaults_hold() -> None:
    loaded = load()
    assert loaded.settings == config.Settings()
    assert loaded.origins == {}
    assert timeout_of(loaded) == (90.0, None)
    assert loaded.settings.capture.allow_private is False


def test_flag_beats_environment_beats_named_file_beats_local_file_beats_user_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    user = write_user_file(section(timeout_s="1"))
    assert timeout_of(load()) == (1.0, f"file {user}")
    Path("archiver.toml").write_text(section(timeout_s="2"))
    assert timeout_of(load()) == (2.0, "file archiver.toml")
    named = Path("named.toml")
    named.write_text(section(timeout_s="3"))
    assert timeout_of(load(config_file=named)) == (3.0, "file named.toml")
    monkeypatch.setenv("ARCHIVER_CAPTURE__TIMEOUT_S", "4")
    assert timeout_of(load(config_file=named)) == (4.0, "environment")
    assert timeout_of(load({"capture.timeout_s": 5.0}, named)) == (5.0, "flag")


def test_settings_of_one_section_are_gathered_from_several_places(monkeypatch: pytest.MonkeyPatch) -> None:
    write_user_file('archive = "user"\n' + section(settle_s="7"))
    monkeypatch.setenv("ARCHIVER_CAPTURE__TIMEOUT_S", "4")
    settings = load({"capture.allow_private": True}).settings
    assert settings.archive == "user"
    assert (settings.capture.settle_s, settings.capture.timeout_s, settings.capture.allow_private) == (7, 4, True)


@pytest.mark.parametrize("nothing", [None, ()])
def test_a_flag_not_given_hides_nothing(nothing: object) -> None:
    write_user_file(section(resolve='["a.test=127.0.0.1"]'))
    assert load({"capture.resolve": nothing}).settings.capture.resolve == ("a.test=127.0.0.1",)


def test_a_flag_that_says_no_is_given() -> None:
    write_user_file(section(allow_private="true"))
    assert load({"capture.allow_private": False}).settings.capture.allow_private is False


def test_a_key_and_its_passphrase_are_shown_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVER_SIGNING_KEY", "s3cr1")
    monkeypatch.setenv("ARCHIVER_SIGNING_KEY_PASSPHRASE", "s3cr2")
    shown = [config.value_of(load().settings, name) for name in config.names()]
    assert "s3cr" not in repr(load()) + str(load().settings) + str(shown)


@pytest.mark.parametrize("name", sorted(PROTECTED))
def test_protected_settings_are_refused_from_the_current_folder(name: str) -> None:
    prefix, _, key = name.rpartition(".")
    inline = (f"{prefix} = {{ {key} = {_TRUE[name]} }}\n",) if prefix else ()
    for text in (setting(name), f"{name} = {_TRUE[name]}\n", f'"{name}" = {_TRUE[name]}\n', *inline):
        Path("archiver.toml").write_text(text)
        with pytest.raises(ConfigurationError) as caught:
            load()
        assert str(caught.value).startswith(f"{name} may not be set in archiver.toml")


@pytest.mark.parametrize("name", sorted(PROTECTED))
def test_protected_settings_are_refused_there_though_a_flag_overrides_them(name: str) -> None:
    Path("archiver.toml").write_text(setting(name))
    with pytest.raises(ConfigurationError, match="may not be set"):
        load(
            {
                "capture.allow_private": False,
                "capture.resolve": ("a=::1",),
                "capture.browser": Path("x"),
                "capture.trust_ca": Path("y"),
                "capture.proxy": "http://127.0.0.1:3128",
                "capture.accept_bad_certificates": False,
                "capture.storage_state": Path("z"),
                "database_url": "sqlite:///index.sqlite",
            }
        )


@pytest.mark.parametrize("name", sorted(PROTECTED))
def test_protected_settings_are_taken_from_a_named_file_and_the_users_own(name: str) -> None:
    text = setting(name)
    named = Path("named.toml")
    named.write_text(text)
    assert load(config_file=named).origins == {name: "file named.toml"}
    user = write_user_file(text)
    assert load().origins == {name: f"file {user}"}
    assert config.value_of(load().settings, name) not in (None, False, ())


def test_everything_that_executes_lifts_the_guard_alters_trust_or_logs_in_is_protected() -> None:
    assert (
        {
            "capture.browser",
            "capture.allow_private",
            "capture.resolve",
            "capture.trust_ca",
            "capture.proxy",
            "capture.accept_bad_certificates",
            "capture.storage_state",
            "jobs.metrics",
            "jobs.webhook",
            "jobs.webhook_secret",
            "jobs.command",
            "database_url",
            "signing_key",
            "signing_key_passphrase",
        }
        <= PROTECTED
        <= set(config.names())
    )


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("timeout_s", '"soon"'),
        ("timeout_s", "0"),
        ("timeout_s", "-1"),
        ("timeout_s", "nan"),
        ("timeout_s", "inf"),
        ("timeout_s", "[1]"),
        ("settle_s", "0"),
        ("allow_private", '"perhaps"'),
        ("browser", "5"),
        ("resolve", '"a"'),
        ("resolve", "[1]"),
        ("proxy", '"socks4://a.test:1080"'),
        ("proxy", "1080"),
        ("profile", "5"),
        ("storage_state", "5"),
        ("accept_bad_certificates", '"perhaps"'),
        ("fail_on_http_error", '"perhaps"'),
    ],
)
def test_a_bad_value_is_refused_with_its_name_and_file(key: str, value: str) -> None:
    named = Path("named.toml")
    named.write_text(section(**{key: value}))
    with pytest.raises(ConfigurationError) as caught:
        load(config_file=named)
    assert str(caught.value).startswith(f"capture.{key}")
    assert "(from file named.toml)" in str(caught.value)


@pytest.mark.parametrize("value", ["soon", "", "0", "inf", "nan"])
def test_a_bad_value_of_the_environment_is_refused_with_its_name(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVER_CAPTURE__TIMEOUT_S", value)
    with pytest.raises(ConfigurationError, match=r"^capture\.timeout_s \(from environment\): "):
        load()


def test_a_bad_flag_is_refused_with_its_name() -> None:
    with pytest.raises(ConfigurationError, match=r"^capture\.timeout_s \(from flag\): "):
        load({"capture.timeout_s": -1.0})


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("[capture]\ntimeout = 5\n", "capture.timeout"),
        ("[capture]\nTimeout_s = 5\n", "capture.Timeout_s"),
        ("colour = 1\n", "colour"),
        ("[captuer]\ntimeout_s = 5\n", "captuer"),
    ],
)
@pytest.mark.parametrize("place", ["named", "local", "user"])
def test_unknown_keys_are_refused(text: str, name: str, place: str) -> None:
    path = {"named": Path("named.toml"), "local": Path("archiver.toml"), "user": config.user_file()}[place]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load(config_file=path if place == "named" else None)
    assert name in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["capture = 5\n", "capture = []\n", "[[capture]]\ntimeout_s = 5\n", "archive = { a = 1 }\n", "archive.a = 1\n"],
)
@pytest.mark.parametrize("flags", [{}, {"capture.timeout_s": 5.0}, {"archive": "x"}])
def test_a_section_where_a_value_belongs_and_the_reverse_are_refused(text: str, flags: dict[str, object]) -> None:
    named = Path("named.toml")
    named.write_text(text)
    with pytest.raises(ConfigurationError):
        load(flags, named)


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("a.test=127.0.0.1", ("a.test=127.0.0.1",)),
        ("a.test=127.0.0.1,b.test=::1", ("a.test=127.0.0.1", "b.test=::1")),
        (" a.test=127.0.0.1 , , b.test=[::1]:80 ", ("a.test=127.0.0.1", "b.test=[::1]:80")),
        ('["a.test=127.0.0.1", "b.test=::1"]', ("a.test=127.0.0.1", "b.test=::1")),
        ("[]", ()),
        ("", ()),
    ],
)
def test_a_list_in_the_environment_is_comma_separated_or_json(
    text: str, rules: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARCHIVER_CAPTURE__RESOLVE", text)
    assert load().settings.capture.resolve == rules


@pytest.mark.parametrize("text", ["[", "[1]", '["a"', "[a]"])
def test_a_list_in_the_environment_that_is_none_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVER_CAPTURE__RESOLVE", text)
    with pytest.raises(ConfigurationError, match=r"^capture\.resolve \(?from environment"):
        load()


@pytest.mark.parametrize(("text", "value"), [("true", True), ("1", True), ("false", False), ("0", False)])
def test_a_boolean_in_the_environment_is_read(text: str, value: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVER_CAPTURE__ALLOW_PRIVATE", text)
    assert load().settings.capture.allow_private is value


def test_a_mistyped_variable_of_ours_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVER_CAPTURE__TIMEOT_S", "5")
    with pytest.raises(ConfigurationError, match=r"^ARCHIVER_CAPTURE__TIMEOT_S \(from environment\): "):
        load()


def test_variables_of_others_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTARCHIVER_ARCHIVE", "x")
    monkeypatch.setenv("ARCHIVE", "x")
    assert load().origins == {}


def test_a_named_file_that_is_not_there_is_an_error_naming_it() -> None:
    with pytest.raises(ConfigurationError, match=r"there is no configuration file nowhere\.toml"):
        load(config_file=Path("nowhere.toml"))


@pytest.mark.parametrize("data", [b"[capture", b"\xff\xfe", b"a = 1\na = 2\n"])
def test_a_file_that_is_no_toml_is_an_error_naming_it(data: bytes) -> None:
    Path("archiver.toml").write_bytes(data)
    with pytest.raises(ConfigurationError, match=r"archiver\.toml is not TOML"):
        load()


def test_a_folder_where_a_file_should_be_is_an_error_naming_it() -> None:
    os.mkdir("archiver.toml")
    with pytest.raises(ConfigurationError, match=r"archiver\.toml cannot be read"):
        load()


# the proxy


def test_a_proxy_in_parts_is_refused_also_from_the_current_folder() -> None:
    Path("archiver.toml").write_text('[capture.proxy]\nscheme = "socks5"\nhost = "a.test"\nport = 1080\n')
    with pytest.raises(ConfigurationError, match=r"^capture\.proxy .*expected a URL"):
        load()


_SECRET = "socks5://annika:s3cr%2Ft@proxy.test:1080"


def test_the_password_of_a_proxy_is_read_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVER_CAPTURE__PROXY", _SECRET)
    proxy = load().settings.capture.proxy
    assert proxy is not None
    assert (proxy.scheme, proxy.host, proxy.port) == ("socks5", "proxy.test", 1080)
    assert (proxy.username, proxy.password) == ("annika", "s3cr/t")
    assert str(proxy) == "socks5://***@proxy.test:1080"
    assert not any(secret in repr(load()) + str(load().settings) for secret in ("annika", "s3cr"))


def test_the_password_of_a_proxy_is_taken_from_a_file() -> None:
    write_user_file(section(proxy=f'"{_SECRET}"'))
    proxy = load().settings.capture.proxy
    assert proxy is not None
    assert proxy.password == "s3cr/t"


@pytest.mark.parametrize("url", [_SECRET, "http://annika@proxy.test:3128", "socks5h://:s3cr@proxy.test:1"])
def test_a_proxy_with_a_password_is_refused_as_a_flag(url: str) -> None:
    with pytest.raises(UsageError, match=r"environment variable ARCHIVER_CAPTURE__PROXY$") as caught:
        load({"capture.proxy": url})
    assert "annika" not in str(caught.value)
    assert "s3cr" not in str(caught.value)


def test_a_proxy_without_a_password_may_be_a_flag_and_hides_the_one_of_a_file() -> None:
    write_user_file(section(proxy=f'"{_SECRET}"'))
    assert str(load({"capture.proxy": "http://[::1]:3128/"}).settings.capture.proxy) == "http://[::1]:3128"


def test_an_empty_variable_takes_back_the_proxy_of_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    write_user_file(section(proxy=f'"{_SECRET}"'))
    monkeypatch.setenv("ARCHIVER_CAPTURE__PROXY", "")
    assert load().settings.capture.proxy is None


@pytest.mark.parametrize(
    "url",
    [
        "proxy.test:1080",
        "socks5://s3cr",
        "socks5://",
        "socks5://proxy.test",
        "socks5://proxy.test:0",
        "socks5://proxy.test:99999",
        "socks5://:1080",
        "socks4://annika:s3cr@proxy.test:1080",
        "https://annika:s3cr@proxy.test:1080",
        "socks5://annika:s3/cr@proxy.test:1080",
        "socks5://annika:s3#cr@proxy.test:1080",
        "http://annika:s3cr@proxy.test:3128/path",
        "http://annika:s3cr@proxy.test:3128?s3cr",
        "http://annika:s3 cr@proxy.test:3128",
        "http://annika%3Abob:s3cr@proxy.test:3128",
        "socks5://annika:" + "s3cr" * 64 + "@proxy.test:1080",
        "socks5://annika:s3cr@[proxy.test:1080",
    ],
)
def test_a_proxy_that_cannot_be_used_is_refused_without_repeating_it(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVER_CAPTURE__PROXY", url)
    with pytest.raises(ConfigurationError, match=r"^capture\.proxy \(from environment\): ") as caught:
        load()
    assert "annika" not in str(caught.value)
    assert "s3" not in str(caught.value)


def test_every_setting_has_a_name_a_value_and_a_description() -> None:
    loaded = load()
    of_its_own = set(config.Settings.model_fields) - {"capture", "jobs", "seal", "schedules", "authorities"}
    assert len(config.names()) == len(set(config.names()))
    sections = {
        "capture": config.CaptureSettings.model_fields,
        "jobs": config.JobsSettings.model_fields,
        "seal": config.SealSettings.model_fields,
    }
    assert set(config.names()) == of_its_own | {f"{one}.{name}" for one, fields in sections.items() for name in fields}
    for name in config.names():
        config.value_of(loaded.settings, name)
    of_sections = [field for fields in sections.values() for field in fields.values()]
    for field in (*of_sections, *map(config.Settings.model_fields.get, of_its_own)):
        assert field is not None
        assert field.description


# the database of the index


def test_the_password_of_the_index_is_read_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVER_DATABASE_URL", "postgresql://annika:s3cr@index.test/archive")
    url = load().settings.database_url
    assert url is not None
    assert url.get_secret_value() == "postgresql://annika:s3cr@index.test/archive"
    assert "s3cr" not in repr(load()) + str(load().settings) + str(config.value_of(load().settings, "database_url"))


def test_an_empty_variable_takes_back_the_database_of_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    write_user_file('database_url = "postgresql://index.test/archive"\n')
    assert load().settings.database_url is not None
    monkeypatch.setenv("ARCHIVER_DATABASE_URL", "")
    assert load().settings.database_url is None


def test_tags_are_a_list_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVER_CAPTURE__TAG", "harbour, strait")
    assert load().settings.capture.tag == ("harbour", "strait")


def test_an_empty_variable_does_not_make_the_current_folder_the_archive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVER_ARCHIVE", "")
    assert load().settings.archive == "./archive"

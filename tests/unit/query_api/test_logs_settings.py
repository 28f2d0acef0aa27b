"""Settings of Loki and Grafana: what is refused at start, and that no message tells a secret."""

import pytest

from hepscope_common.runtime import StartupError
from hepscope_common.settings import Settings, load
from hepscope_query_api.logs.loki_settings import loki_address
from hepscope_query_api.settings import ApiSettings

SECRET = "never-tell"


class OnlyApi(Settings):
    """The section alone."""

    api: ApiSettings = ApiSettings()


def api(**values: str) -> ApiSettings:
    """Return settings as the environment gives them."""
    environ = {f"HEPSCOPE_API__{name.upper()}": value for name, value in values.items()}
    return load(OnlyApi, environ=environ).api


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("http://loki:3100", "http://loki:3100"),
        ("http://loki:3100/", "http://loki:3100"),
        ("http://loki:3100/loki/api/v1/push", "http://loki:3100"),
        ("http://loki:3100/api/prom/push", "http://loki:3100"),
        ("https://gw.example.net/logs/loki/api/v1", "https://gw.example.net/logs"),
        ("http://[2001:db8::1]:3100", "http://[2001:db8::1]:3100"),
    ],
)
def test_takes_addresses_of_loki(given: str, url: str) -> None:
    """Its own, and what senders write, whose path is cut off."""
    assert api(loki_url=given).loki_url == given
    assert loki_address(given).url == url


def test_takes_the_login_out_of_the_address() -> None:
    """It is never part of what is shown."""
    assert loki_address(f"https://me:{SECRET}%40@gw/x") == ("https://gw/x", "me", f"{SECRET}@")


def test_takes_empty_variables_for_left_out() -> None:
    """As files of variables give them."""
    names = ("loki_url", "loki_username", "loki_password", "loki_token", "loki_tls_ca_file")
    found = api(
        **dict.fromkeys(
            (*names, "loki_tenant", "loki_selector", "grafana_url", "grafana_loki_uid"), ""
        )
    )
    assert (found.loki_selector, found.grafana_loki_uid) == ('{job=~".+"}', "loki")
    assert (found.loki_password, found.loki_token, found.loki_tls_ca_file) == (None, None, None)


@pytest.mark.parametrize(
    "values",
    [
        {"loki_url": f"ftp://{SECRET}"},
        {"loki_url": f"http://me:{SECRET}@loki:99999"},
        {"loki_url": f"http://me:{SECRET}@loki?x"},
        {"loki_url": f"http://me:{SECRET}@loki/\nx"},
        {"loki_url": f"http://me:{SECRET}@loki", "loki_token": SECRET},
        {"loki_url": f"http://me:{SECRET}@loki", "loki_username": "me"},
        {"loki_username": "me", "loki_token": SECRET},
        {"loki_password": SECRET},
        {"loki_username": "me", "loki_password": f"{SECRET}\r\nX: y"},
        {"loki_token": f"{SECRET}\n\n"},
        {"loki_url": f"http://me:{SECRET}@[::1]x:3100"},
        {"loki_url": f"http://me:{SECRET}@xn--a:3100"},
        {"loki_url": f"http://me:{SECRET}@[::1"},
        {"loki_tenant": "a\nb"},
        {"loki_selector": '{job="a"} | json'},
        {"loki_jobs": "a,b|c"},
        {"loki_limit": "5001"},
        {"loki_timeout_seconds": "0"},
        {"grafana_url": f"http://me:{SECRET}@grafana"},
        {"grafana_url": "javascript:alert(1)"},
        {"grafana_loki_uid": "a b"},
    ],
)
def test_refuses_what_cannot_work(values: dict[str, str]) -> None:
    """At start, by the name of the setting, without its value where that is secret."""
    with pytest.raises(StartupError, match=r"setting api") as refused:
        api(**values)
    assert SECRET not in str(refused.value)


def test_settings_do_not_show_secrets() -> None:
    """Wherever they are printed; the address may hold a password."""
    settings = api(loki_url=f"http://me:{SECRET}@loki")
    assert SECRET not in f"{settings!r} {settings}"

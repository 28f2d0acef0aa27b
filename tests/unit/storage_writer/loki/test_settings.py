"""Settings of the sink."""

import pytest
from pydantic import ValidationError

from hepscope_storage_writer.loki.address import push_address
from hepscope_storage_writer.loki.settings import LokiSettings


def test_types_come_as_heplify_server_has_them() -> None:
    """SIP, RTCP and logs."""
    assert LokiSettings().types == (1, 5, 100)
    assert LokiSettings.model_validate({"types": "1,100"}).types == (1, 100)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"url": "loki:3100"}, "expected an address"),
        ({"types": ""}, "types is empty"),
        ({"types": "256"}, "less than or equal to 255"),
        ({"labels": "site"}, "expected name=value"),
        ({"labels": "si-te=x"}, "expected name=value"),
        ({"labels": "__site=x"}, "expected name=value"),
        ({"labels": "site="}, "needs a value"),
        ({"labels": "node=x"}, "label node is there already"),
        ({"labels": "site=x,site=y"}, "label site is there already"),
        ({"labels": "method=x", "traffic_labels": "method"}, "label method is there already"),
        ({"labels": ",".join(f"l{n}=x" for n in range(12))}, "16 labels"),
        ({"traffic_labels": "call_id"}, "Input should be"),
        ({"token": "t", "username": "u"}, "either token or username"),
        ({"retry_min_ms": 20_000}, "retry_max_ms"),
        ({"max_line_bytes": 2 << 20}, "max_line_bytes"),
        ({"tenant": "a b"}, "tenant|pattern"),
        ({"token": "two\nlines"}, "printable ASCII"),
        ({"token": "s\xe9cret"}, "printable ASCII"),
        ({"url": "http://lo\x01ki:3100"}, "without blanks"),
        ({"url": "http://loki:3100/a b"}, "without blanks"),
        ({"url": "http://[::1]x:3100"}, "expected an address"),
        ({"url": "http://xn--a:3100"}, "expected an address"),
        ({"url": "http://[::1"}, "expected an address"),
    ],
)
def test_mistakes_are_told(values: dict[str, object], reason: str) -> None:
    """At start, not by Loki later."""
    with pytest.raises(ValidationError, match=reason):
        LokiSettings.model_validate(values)


def test_settings_do_not_show_secrets() -> None:
    """Wherever they are printed; the address may hold a password."""
    settings = LokiSettings.model_validate({"url": "http://user:hunter2@loki", "token": "hunter2"})
    assert "hunter2" not in f"{settings!r} {settings}"


def test_an_address_that_is_none_is_told_without_its_password() -> None:
    """Not even the part that makes it none."""
    with pytest.raises(ValueError, match="expected an address") as caught:
        push_address("http://user:hunter2\u2100@loki")
    assert "hunter2" not in str(caught.value)

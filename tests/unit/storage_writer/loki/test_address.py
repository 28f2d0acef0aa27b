"""What users write as the address of Loki."""

import pytest

from hepscope_storage_writer.loki.address import push_address


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://loki:3100", "http://loki:3100/loki/api/v1/push"),
        ("http://loki:3100/", "http://loki:3100/loki/api/v1/push"),
        ("http://loki:3100/loki/api/v1/push", "http://loki:3100/loki/api/v1/push"),
        ("http://loki:3100/loki/api/v1/push/", "http://loki:3100/loki/api/v1/push"),
        ("http://loki:3100/api/prom/push", "http://loki:3100/loki/api/v1/push"),
        ("https://gw/tenant/api/prom/push", "https://gw/tenant/loki/api/v1/push"),
        ("https://gw/logs", "https://gw/logs/loki/api/v1/push"),
        ("http://loki/loki/api/v1", "http://loki/loki/api/v1/push"),
        ("http://vl:9428/insert/loki/api/v1/push", "http://vl:9428/insert/loki/api/v1/push"),
        ("http://[2001:db8::1]:3100", "http://[2001:db8::1]:3100/loki/api/v1/push"),
        ("https://gw/?project=1", "https://gw/loki/api/v1/push?project=1"),
        (" http://loki:3100 ", "http://loki:3100/loki/api/v1/push"),
    ],
)
def test_it_becomes_the_address_of_the_push_api(text: str, url: str) -> None:
    """Base address, full address, and heplify-server's old one; prefixes of proxies stay."""
    assert push_address(text).url == url


def test_credentials_leave_the_address() -> None:
    """So that it can be logged."""
    found = push_address("https://us%40er:p%3Aw@loki/")
    assert found.url == "https://loki/loki/api/v1/push"
    assert (found.username, found.password) == ("us@er", "p:w")


@pytest.mark.parametrize(
    "text",
    ["loki:3100", "ftp://loki", "http://", "http://loki:99999", "http://loki:x", "http://l/#a"],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    """With a reason."""
    with pytest.raises(ValueError, match=r"address|port"):
        push_address(text)

"""Addresses of HEP servers."""

import pytest

from hepscope_capture.senders.target import Scheme, Target, parse_target


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("udp://127.0.0.1:9060", Target(Scheme.UDP, "127.0.0.1", 9060)),
        ("tcp://hep.example.com:1", Target(Scheme.TCP, "hep.example.com", 1)),
        ("tcp://[2001:db8::1]:9060", Target(Scheme.TCP, "2001:db8::1", 9060)),
        ("udp://localhost", Target(Scheme.UDP, "localhost", 9060)),
        ("TCP://localhost:9060/", Target(Scheme.TCP, "localhost", 9060)),
    ],
)
def test_addresses(text: str, target: Target) -> None:
    """Scheme, host and port; IPv6 in brackets; 9060 unless told."""
    assert parse_target(text) == target


def test_tls_is_an_address_where_certificates_can_be_told() -> None:
    """With a port of its own; elsewhere it is refused."""
    schemes = list(Scheme)
    assert parse_target("tls://hep.example.com", schemes) == Target(
        Scheme.TLS, "hep.example.com", 9061
    )
    assert str(parse_target("tls://[::1]", schemes)) == "tls://[::1]:9061"
    with pytest.raises(ValueError, match="must start with udp://, tcp:// or tls://"):
        parse_target("http://localhost", schemes)
    with pytest.raises(ValueError, match="must start with udp:// or tcp://"):
        parse_target("tls://localhost")


def test_a_target_reads_as_it_is_written() -> None:
    """Messages name the server in a form that can be copied."""
    for text in ("udp://127.0.0.1:9060", "tcp://[::1]:9060"):
        assert str(parse_target(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "localhost:9060",
        "127.0.0.1:9060",
        "tls://localhost:9061",
        "http://localhost",
        "udp://:9060",
        "udp://localhost:0",
        "udp://localhost:65536",
        "udp://localhost:x",
        "tcp://[::1:9060",
        "tcp://localhost:9060/path",
        "tcp://user@localhost:9060",
        "tcp://localhost:9060?x=1",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    """The error quotes what was written."""
    with pytest.raises(ValueError, match=r"is no address|must|port 0"):
        parse_target(text)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("10.0.0.5:9060", "like tcp://10.0.0.5:9060"),
        ("hep.example.com", "like tcp://hep.example.com"),
        ("tcp://2001:db8::1:9060", "IPv6 addresses stand in brackets"),
        ("tcp://2001:db8::1", "IPv6 addresses stand in brackets"),
        ("tcp://[2001:db8::1:9060", "a bracket is missing"),
        ("tcp://host:99999", "a port is 1 to 65535"),
        ("tcp://host:port", "a port is 1 to 65535"),
    ],
)
def test_a_usual_mistake_is_told_with_its_cure(text: str, hint: str) -> None:
    """Not with the words of a library."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - its words are looked at below
        parse_target(text)
    assert hint in str(caught.value)

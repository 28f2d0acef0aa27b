"""Protocol types and transports."""

import pytest

from hep.protocols import (
    PROTOCOL_TYPES,
    Topic,
    Transport,
    is_log,
    is_media,
    transport_of,
    type_name,
)


def test_media_and_log_types_are_the_agreed_ones() -> None:
    """A type that changed its topic would leave its call's partition."""
    assert {n for n in range(256) if is_media(n)} == {4, 5, 20, 32, 34, 35, 38, 58, 99}
    assert {n for n in range(256) if is_log(n)} == {86, 87, 88, 89, 96, 100, 101}


def test_the_topic_of_a_row_is_what_the_predicates_say() -> None:
    """Table and predicates cannot disagree."""
    for number, row in PROTOCOL_TYPES.items():
        assert (row.topic is Topic.MEDIA) == is_media(number)
        assert (row.topic is Topic.LOG) == is_log(number)


@pytest.mark.parametrize(
    ("number", "transport"),
    [
        (17, Transport.UDP),
        (1, Transport.UDP),
        (6, Transport.TCP),
        (22, Transport.TLS),
        (50, Transport.WS),
        (132, Transport.SCTP),
        (99, Transport.UNKNOWN),
    ],
)
def test_ip_protocols_mean_what_agents_mean_by_them(number: int, transport: Transport) -> None:
    """22 and 50 are no transports by IANA, but TLS and WebSocket in the field."""
    assert transport_of(number) is transport


def test_an_unknown_type_is_named_by_its_number() -> None:
    """No type is refused for being unknown."""
    assert type_name(1) == "sip"
    assert type_name(200) == "200"

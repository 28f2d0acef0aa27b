"""The top Via and the count of hops."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hep.sip import Fault
from hep.sip.via import Via, count_hops, read_top_via, read_via

HOPS = {
    "SIP/2.0/UDP h:5060;branch=z9hG4bK1;rport": ("udp", "h", "z9hG4bK1", 1, ()),
    "SIP/2.0/TLS-SCTP h;rport;branch=b": ("tls-sctp", "h", "b", 1, ()),
    "SIP / 2.0 / UDP h:5060 ; branch = b": ("udp", "h", "b", 1, ()),
    "SIP/2.0/UDP h;BRANCH=b": ("udp", "h", "b", 1, ()),
    "SIP/2.0/UDP [2001:db8::9:1];received=2001:db8::9:255;branch=b": (
        "udp",
        "2001:db8::9:1",
        "b",
        1,
        (),
    ),
    "SIP/2.0/UDP a;branch=1, SIP/2.0/TCP b;branch=2": ("udp", "a", "1", 2, ()),
    "SIP/2.0/UDP h": ("udp", "h", "", 1, ()),
    "SIP/2.0/UDP h;;,;,,": ("udp", "h", "", 1, (Fault.BAD_VIA,)),
    "SIP/2.0/UDP": ("", "", "", 1, (Fault.BAD_VIA,)),
    "nonsense;branch=b": ("", "", "b", 1, (Fault.BAD_VIA,)),
    "SIP/2.0/UDP 255.255.255.255;branch=b": (
        "udp",
        "255.255.255.255",
        "b",
        1,
        (Fault.BROADCAST_VIA,),
    ),
}


@pytest.mark.parametrize("value", HOPS)
def test_top_hop_gives_its_parts(value: str) -> None:
    """Blanks, case and order of parameters do not matter; what cannot be read is told."""
    assert read_top_via(value) == HOPS[value]


def test_port_and_parameters_of_a_hop() -> None:
    """The careful reader also gives the port and the parameters."""
    assert read_via("SIP/2.0/UDP h:5070;branch=b;rport=1") == Via(
        "udp", "h", 5070, "b", ";branch=b;rport=1"
    )


def test_hops_are_counted_in_lists() -> None:
    """Each element of a list is a hop; stray commas are none."""
    assert count_hops("SIP/2.0/UDP a, SIP/2.0/UDP b") == 2
    assert count_hops("SIP/2.0/UDP a,,") == 1


PIECES = st.sampled_from(
    [
        "SIP/2.0/UDP",
        " ",
        "host",
        ":5060",
        ";",
        "branch=",
        "Branch=",
        "z9",
        "rport",
        ",",
        "[::1]",
        '"',
        "\r",
    ]
)


@given(
    st.sampled_from(["", " ", "\t "]),
    st.lists(PIECES, max_size=10).map(lambda pieces: "SIP/2.0/UDP h;" + "".join(pieces)),
    st.sampled_from(["", "\r", " \r"]),
)
def test_the_fast_way_agrees(before: str, value: str, behind: str) -> None:
    """The pattern of the usual form gives what the careful reader gives, blanks or not."""
    value = value.strip(" \t\r")
    read = read_top_via(before + value + behind)
    via = read_via(value)

    assert read is not None
    transport, host, branch, hops, faults = read
    assert (transport, host, branch) == (via.transport, via.host, via.branch)
    assert hops == count_hops(value)
    assert (Fault.BAD_VIA in faults) is not via.is_sound


def test_a_blank_via_is_none() -> None:
    """A header without value says nothing, which is another fault than a bad one."""
    assert read_top_via(" \t\r") is None
